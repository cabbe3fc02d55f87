//! Names, releases, numbers and variables, as engines and their installers read them.

use rust_decimal::Decimal;

use super::Version;
use super::flags::Build;
use crate::syntax::args::Word;
use crate::units::{EnvValue, Field, Launch};

/// What stands behind the last slash.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// An image's owner (with its registry), name and tag; a digest is left out.
pub(crate) fn repository(image: &str) -> (&str, &str, Option<&str>) {
    let image = image.split('@').next().unwrap_or(image);
    let (owner, rest) = image.rsplit_once('/').unwrap_or(("", image));
    match rest.split_once(':') {
        Some((name, tag)) => (owner, name, Some(tag)),
        None => (owner, rest, None),
    }
}

/// Whose build a release's name or an image's tag of the engine's makers tells: `v0.8.5.post1` and
/// `v0.11.0-x86_64` are releases; `0.10.1.dev101+g1`, `v0.9.0rc2` and `v0.5.2-rocm630` may differ from the release.
pub(crate) fn release_of(tag: &str) -> Build {
    const SAME: &[&str] = &[
        "x86_64",
        "amd64",
        "aarch64",
        "arm64",
        "ubuntu2204",
        "ubuntu2404",
        "runtime",
    ];
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let (release, variant) = tag.split_once('-').unwrap_or((tag, ""));
    let number = |part: &str| part.strip_prefix("post").unwrap_or(part).parse::<u32>().is_ok();
    let is_cuda = |part: &str| part.strip_prefix("cu").is_some_and(|rest| rest.parse::<u32>().is_ok());
    let same = |part: &str| part.is_empty() || SAME.contains(&part) || is_cuda(part);
    if release.split('.').all(number) && variant.split('-').all(same) {
        Build::Release
    } else {
        Build::Other
    }
}

/// An environment variable's value.
pub(crate) fn variable(launch: &Launch, name: &str) -> Field<String> {
    let found = launch.env.iter().rev().find(|(key, _)| key == name);
    match found {
        Some((_, EnvValue::Known(text, place))) => Field::Known(text.as_str().to_owned(), *place),
        Some((_, EnvValue::Unknown(why, place))) => Field::Unknown(why.clone(), Some(*place)),
        None => Field::Absent(None),
    }
}

/// The release of a package that the line itself or an install before it pins, `vllm==0.8.5` or `sglang[all]==0.4.6`,
/// and whose build it is. The last one counts.
pub(crate) fn pinned(launch: &Launch, package: &str) -> Option<(Field<Version>, Build)> {
    let words = launch.installed.iter().chain(&launch.words);
    words.rev().find_map(|word| {
        let (name, pin) = resolved(word).ok()?.split_once("==")?;
        let name = name.split('[').next()?.trim();
        if !name.replace('_', "-").eq_ignore_ascii_case(package) || pin.contains('*') {
            return None;
        }
        let pin = pin.split([',', ';', ' ']).next()?;
        Some((Field::Known(Version::parse(pin)?, word.place), release_of(pin)))
    })
}

/// The words of a command that pin a package, where it installs any: `pip install vllm==0.8.5`.
pub fn installs(words: &[Word]) -> impl Iterator<Item = &Word> {
    const INSTALLERS: &[&str] = &[
        "pip", "pip3", "uv", "python", "python3", "poetry", "pdm", "pipx", "conda", "mamba",
    ];
    let told = |word: &Word| word.value.as_deref().ok().map(base_name).map(str::to_owned);
    let mut first = words.iter().take(8).filter_map(told);
    let program = first.next().unwrap_or_default();
    let installs =
        INSTALLERS.contains(&program.as_str()) && first.any(|word| matches!(word.as_str(), "install" | "add"));
    let pins = |word: &&Word| word.value.as_deref().is_ok_and(|text| text.contains("=="));
    words.iter().filter(move |word| installs && pins(word))
}

/// Reads a switch's value as Python programs do.
pub(crate) fn truth(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" | "" => Ok(false),
        other => Err(format!("`{other}` is neither true nor false")),
    }
}

/// Reads a whole number: digits, or digits with a suffix as in vLLM's `human_readable_int` (`32k` is 32,000, `32K`
/// is 32,768; likewise m, g, t; a fraction only with the decimal suffixes).
///
/// # Errors
/// Says what is wrong with a text that is not such a number, is negative, or doesn't fit into 64 bits.
pub fn whole_number(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let wrong = || format!("`{text}` is not a whole number that the engine reads");
    let plain: String = text.replace('_', "");
    if let Ok(number) = plain.parse::<u64>() {
        return Ok(number);
    }
    let suffix = plain.chars().last().ok_or_else(wrong)?;
    let power = match suffix.to_ascii_lowercase() {
        'k' => 1,
        'm' => 2,
        'g' => 3,
        't' => 4,
        _ => return Err(wrong()),
    };
    let digits = &plain[..plain.len() - 1];
    if suffix.is_ascii_uppercase() {
        let number: u64 = digits.parse().map_err(|_| wrong())?;
        return number.checked_mul(1024_u64.pow(power)).ok_or_else(wrong);
    }
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: Decimal = digits.parse().map_err(|_| wrong())?;
    number
        .checked_mul(Decimal::from(1000_u64.pow(power)))
        .and_then(|product| u64::try_from(product.trunc()).ok())
        .ok_or_else(wrong)
}

/// A word's text, or why it can't be told: a shell variable or a template's placeholder that nobody replaced.
pub(crate) fn resolved(word: &Word) -> Result<&str, String> {
    let text = word.value.as_deref().map_err(Clone::clone)?;
    match placeholder(text) {
        Some(why) => Err(why),
        None => Ok(text),
    }
}

fn placeholder(text: &str) -> Option<String> {
    let variable = text.find('$').is_some_and(|at| {
        text[at + 1..]
            .starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '(' | '@' | '*'))
    });
    if variable {
        Some(format!("`{text}` holds a variable that the files don't set"))
    } else if text.contains("{{") && text.contains("}}") {
        Some(format!("`{text}` holds a template's placeholder"))
    } else {
        None
    }
}
