//! What providers publish about tokens of audio, video and documents. Their lengths do not stand in a request's text, so
//! that no count comes of it: the rate is told.

/// A rate: the model's names, the kind of what is attached, and the rate with who says so.
type Rate = (&'static [&'static str], &'static str, &'static str);

const GEMINI: &[&str] = &["gemini-2.0-", "gemini-2.5-"];

/// Sources: Google, "Understand and count tokens" and "Document understanding"; Anthropic, "PDF support", estimating
/// costs; OpenAI, "Managing costs" of the Realtime API.
const RATES: &[Rate] = &[
    (GEMINI, "audio", "32 tokens a second by Google's documentation"),
    (GEMINI, "video", "263 tokens a second by Google's documentation"),
    (GEMINI, "document", "258 tokens a page by Google's documentation"),
    (
        &["claude-"],
        "document",
        "1,500 to 3,000 tokens a page for its text by Anthropic's documentation, and an image of each page",
    ),
    (
        &["gpt-realtime", "gpt-4o-realtime", "gpt-4o-mini-realtime"],
        "audio",
        "10 tokens a second by OpenAI's documentation",
    ),
];

/// What is published for a model about tokens of a kind (`audio`, `video`, `document`).
pub fn media_rate(model: &str, kind: &str) -> Option<&'static str> {
    let name = model.to_ascii_lowercase();
    // Who serves it may stand before it, in Bedrock's names with a point; what follows a colon is its release there.
    let name = name.rsplit('/').next().unwrap_or(&name);
    let own = name.rsplit_once("anthropic.").map_or(name, |(_, own)| own);
    let is_of = |family: &str| own.starts_with(family);
    let known = RATES
        .iter()
        .find(|(families, of, _)| *of == kind && families.iter().any(|family| is_of(family)));
    known.map(|(.., rate)| *rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_models() {
        for (model, kind, rate) in [
            ("google/gemini-2.5-flash", "audio", Some("32 tokens a second")),
            ("gemini-2.0-flash-001", "document", Some("258 tokens a page")),
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                "document",
                Some("1,500 to 3,000"),
            ),
            ("anthropic/claude-sonnet-4-5", "document", Some("1,500 to 3,000")),
            ("claude-sonnet-4-5", "audio", None),
            ("gpt-realtime", "audio", Some("10 tokens a second")),
            ("gpt-4o", "audio", None),
            ("gemini-3-pro", "document", None),
        ] {
            let told = media_rate(model, kind);
            assert_eq!(told.is_some(), rate.is_some(), "{model}");
            assert!(
                rate.is_none_or(|rate| told.unwrap_or_default().starts_with(rate)),
                "{told:?}"
            );
        }
    }
}
