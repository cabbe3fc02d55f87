//! Tokens of images, by the formulas that providers publish.
//!
//! Sources: OpenAI, "Images and vision", calculating costs; Anthropic, "Vision", image costs; Google, "Understand and
//! count tokens". Where the size of an image is not known, the least and the most that any image takes are told.

/// Tokens of an image at least and at most; `None` where no formula is published for the model.
pub fn image_tokens(model: &str, detail: Option<&str>, pixels: Option<(u32, u32)>) -> Option<(u64, u64)> {
    let name = model.to_ascii_lowercase();
    if let Some(estimate) = super::estimate(&name) {
        let large = name.contains("opus-4-7") || name.contains("opus-4.7");
        // What later models take at most is not published.
        let known = large || Some(estimate) == super::estimate("claude-3");
        return known.then(|| claude(pixels, large));
    }
    let name = name.rsplit(['/', ':']).next().unwrap_or(&name);
    if let Some((_, thousandths)) = PATCHES.iter().find(|(family, _)| is_of(name, family)) {
        return Some(patches(pixels, *thousandths));
    }
    let family = TILES.iter().filter(|(family, ..)| is_of(name, family));
    if let Some((_, base, tile)) = family.max_by_key(|(family, ..)| family.len()) {
        return Some(tiles(*base, *tile, detail, pixels));
    }
    let gemini = ["gemini-2.0-flash", "gemini-2.5-pro", "gemini-2.5-flash"];
    // Google cuts larger images into tiles of a size that follows the image's: only small ones are certain.
    match pixels {
        Some((width, height)) if gemini.iter().any(|family| is_of(name, family)) && width <= 384 && height <= 384 => {
            Some((258, 258))
        }
        _ => None,
    }
}

/// Models that take a base and a number for each tile of 512 pixels: family, base, tile.
const TILES: &[(&str, u64, u64)] = &[
    ("gpt-4o", 85, 170),
    ("gpt-4.1", 85, 170),
    ("gpt-4-turbo", 85, 170),
    ("gpt-4o-mini", 2833, 5667),
    ("gpt-5", 70, 140),
    ("gpt-5-chat-latest", 70, 140),
    ("o1", 75, 150),
    ("o1-pro", 75, 150),
    ("o3", 75, 150),
];

/// Models that take a number for each patch of 32 pixels: family, tokens for 1,000 patches.
const PATCHES: &[(&str, u64)] = &[
    ("gpt-4.1-mini", 1620),
    ("gpt-4.1-nano", 2460),
    ("gpt-5-mini", 1620),
    ("gpt-5-nano", 2460),
    ("o4-mini", 1720),
];

/// The most patches of an image.
const MOST_PATCHES: u64 = 1536;

/// A family's own name or a dated release of it.
fn is_of(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.starts_with("-20") || rest == "-latest" || rest.starts_with("-preview")
    })
}

/// Scaled into 2048 × 2048, then its shorter side to 768, then cut into tiles of 512; an image of low detail is the base
/// alone. Smaller images are not enlarged.
fn tiles(base: u64, tile: u64, detail: Option<&str>, pixels: Option<(u32, u32)>) -> (u64, u64) {
    let of = |tiles: u64| base + tile * tiles;
    let low = detail == Some("low");
    // 768 × 2048 is two by four tiles.
    let (least, most) = match pixels {
        _ if low => (0, 0),
        None => (1, 8),
        Some((width, height)) => {
            let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
            let into = (2048.0 / width.max(height)).min(1.0);
            let (width, height) = (width * into, height * into);
            let side = (768.0 / width.min(height)).min(1.0);
            let across = |side: f64| (side / 512.0).ceil().max(1.0) as u64;
            let count = across((width * side).floor()) * across((height * side).floor());
            (count, count)
        }
    };
    // Where no detail is said the provider chooses.
    let automatic = detail.is_none_or(|detail| detail == "auto");
    (if automatic { base } else { of(least) }, of(most))
}

/// Patches of 32 × 32, at most 1,536: a larger image is scaled down to that many, a few fewer where the edges need it.
fn patches(pixels: Option<(u32, u32)>, thousandths: u64) -> (u64, u64) {
    let tokens = |patches: u64| (patches * thousandths).div_ceil(1000);
    let Some((width, height)) = pixels else {
        return (tokens(1), tokens(MOST_PATCHES));
    };
    let across = |side: u32| u64::from(side.max(1).div_ceil(32));
    match across(width) * across(height) {
        fits if fits <= MOST_PATCHES => (tokens(fits), tokens(fits)),
        // A row and a column of patches may be cut off.
        _ => (tokens(MOST_PATCHES * 9 / 10), tokens(MOST_PATCHES)),
    }
}

/// Width × height ÷ 750 once the image is scaled down to 1568 pixels and about 1,600 tokens; Opus 4.7 takes 2576 pixels
/// and about 4,784 tokens.
fn claude(pixels: Option<(u32, u32)>, large: bool) -> (u64, u64) {
    let (side, most) = if large { (2576.0, 4784) } else { (1568.0, 1600) };
    let Some((width, height)) = pixels else {
        return (1, most);
    };
    let (width, height) = (f64::from(width), f64::from(height));
    let scale = (side / width.max(height).max(1.0)).min(1.0);
    let tokens = (width * scale * height * scale / 750.0).ceil() as u64;
    // Measured images came out up to 3 in 100 below the cap.
    if tokens >= most {
        (most * 97 / 100, most)
    } else {
        (tokens.max(1), tokens.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenAI's examples: 1024 × 1024 is 765 tokens, 2048 × 4096 is 1,105, low detail is 85 whatever the size; with patches
    /// 1024 × 1024 is 1,024 of them. Anthropic's: 200 × 200 is about 54, 1000 × 1000 about 1,334, 1092 × 1092 about 1,590.
    #[test]
    fn published_examples() {
        let high = |size| image_tokens("gpt-4o", Some("high"), Some(size));
        assert_eq!(high((1024, 1024)), Some((765, 765)));
        assert_eq!(high((2048, 4096)), Some((1105, 1105)));
        assert_eq!(
            image_tokens("openai/gpt-4o", Some("low"), Some((4096, 8192))),
            Some((85, 85))
        );
        assert_eq!(image_tokens("gpt-4o-2024-11-20", Some("high"), None), Some((255, 1445)));
        let mini = image_tokens("gpt-4.1-mini", None, Some((1024, 1024)));
        assert_eq!(mini, Some((1659, 1659)));
        let claude = |size| image_tokens("claude-sonnet-4-5", None, Some(size));
        assert_eq!(claude((200, 200)), Some((54, 54)));
        assert_eq!(claude((1000, 1000)), Some((1334, 1334)));
        assert_eq!(claude((1092, 1092)), Some((1590, 1590)));
        assert_eq!(claude((4000, 4000)), Some((1552, 1600)));
        assert_eq!(
            image_tokens("gemini-2.5-flash", None, Some((300, 200))),
            Some((258, 258))
        );
        assert_eq!(image_tokens("gemini-2.5-flash", None, Some((3000, 2000))), None);
        assert_eq!(image_tokens("gpt-6-astra", None, None), None);
    }
}
