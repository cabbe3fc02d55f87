//! The forms in which files write the name of a model behind an API.
//!
//! Strict on purpose: a name that is merely similar is another model with another price.

use super::Date;

/// A word before `/` or `:`, the providers whose rows it can stand before, and the platform it names where that is not
/// the provider itself.
struct Prefix {
    word: &'static str,
    providers: &'static [&'static str],
    platform: Option<&'static str>,
}

const fn own(word: &'static str, providers: &'static [&'static str]) -> Prefix {
    Prefix {
        word,
        providers,
        platform: None,
    }
}

const fn hosted(word: &'static str, providers: &'static [&'static str], platform: &'static str) -> Prefix {
    Prefix {
        word,
        providers,
        platform: Some(platform),
    }
}

/// As LiteLLM, LangChain, Pydantic AI, the Vercel AI SDK and the providers themselves write them.
const PREFIXES: &[Prefix] = &[
    own("openai", &["openai"]),
    own("anthropic", &["anthropic"]),
    own("google", &["google"]),
    own("google_genai", &["google"]),
    own("google-gla", &["google"]),
    own("gemini", &["google"]),
    own("models", &["google"]),
    own("mistral", &["mistral"]),
    own("mistralai", &["mistral"]),
    own("deepseek", &["deepseek"]),
    own("xai", &["xai"]),
    own("x-ai", &["xai"]),
    own("cohere", &["cohere"]),
    own("cohere_chat", &["cohere"]),
    own("voyage", &["voyage"]),
    own("voyageai", &["voyage"]),
    own("bedrock", &["bedrock", "amazon"]),
    own("bedrock_converse", &["bedrock", "amazon"]),
    own("bedrock/converse", &["bedrock", "amazon"]),
    hosted("azure", &["openai"], "azure"),
    hosted("azure_openai", &["openai"], "azure"),
    hosted("azure_ai", &["openai", "anthropic"], "azure"),
    hosted("vertex_ai", &["google", "anthropic"], "vertex"),
    hosted("google_vertexai", &["google", "anthropic"], "vertex"),
    hosted("google-vertex", &["google", "anthropic"], "vertex"),
];

/// A name without the prefix that tells who serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bare<'a> {
    /// The rest of the name.
    pub name: &'a str,
    /// The providers that it can be of; `None` where it had no prefix.
    pub providers: Option<&'static [&'static str]>,
    /// The platform that serves other providers' models, where the prefix named one.
    pub platform: Option<&'static str>,
}

/// Takes a known prefix off `name`; the longest one that fits.
pub(super) fn without_prefix(name: &str) -> Bare<'_> {
    let rest = |prefix: &Prefix| name.strip_prefix(prefix.word)?.strip_prefix(['/', ':']);
    PREFIXES
        .iter()
        .filter_map(|prefix| Some((rest(prefix)?, prefix)))
        .min_by_key(|(rest, _)| rest.len())
        .map_or(
            Bare {
                name,
                providers: None,
                platform: None,
            },
            |(rest, prefix)| Bare {
                name: rest,
                providers: Some(prefix.providers),
                platform: prefix.platform,
            },
        )
}

/// The base model of a fine-tuned one that OpenAI names `ft:<base>:<organization>:<name>:<id>`, as `ft:<base>`.
pub(super) fn fine_tuned_base(name: &str) -> Option<&str> {
    let base = name.strip_prefix("ft:")?.split_once(':')?.0;
    Some(&name[.."ft:".len() + base.len()])
}

/// `name` without the date of a snapshot: `-YYYY-MM-DD`, `-YYYYMMDD`, `@YYYYMMDD` or `-MMDD`.
pub(super) fn without_date(name: &str) -> Option<&str> {
    [("-", "YYYY-MM-DD"), ("-", "YYYYMMDD"), ("@", "YYYYMMDD"), ("-", "MMDD")]
        .iter()
        .find_map(|(separator, form)| {
            let (base, date) = name.split_at_checked(name.len().checked_sub(form.len())?)?;
            let base = base.strip_suffix(separator)?;
            let date = match form.len() {
                10 => date.to_owned(),
                8 => format!("{}-{}-{}", date.get(..4)?, date.get(4..6)?, date.get(6..)?),
                // A day without a year: every day that some year has.
                _ => format!("2000-{}-{}", date.get(..2)?, date.get(2..)?),
            };
            (!base.is_empty() && date.parse::<Date>().is_ok()).then_some(base)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_prefix_is_taken_off() {
        let bare = |name| without_prefix(name).name;
        assert_eq!(bare("openai/gpt-4o"), "gpt-4o");
        assert_eq!(bare("openai:gpt-4o"), "gpt-4o");
        assert_eq!(bare("bedrock/converse/anthropic.claude-v2:1"), "anthropic.claude-v2:1");
        assert_eq!(
            bare("anthropic.claude-3-haiku-20240307-v1:0"),
            "anthropic.claude-3-haiku-20240307-v1:0"
        );
        assert_eq!(bare("openrouter/openai/gpt-4o"), "openrouter/openai/gpt-4o");
        assert_eq!(bare("openai"), "openai");
    }

    #[test]
    fn only_whole_dates_come_off() {
        for name in ["m-2024-08-06", "m-20240806", "m@20240806", "m-0613", "m-0229"] {
            assert_eq!(without_date(name), Some("m"), "{name}");
        }
        for name in [
            "m-2411",
            "m-2024-13-06",
            "m-20241306",
            "m@0613",
            "m-13",
            "m0613",
            "-0613",
            "0613",
            "",
            "é-０６１３",
        ] {
            assert_eq!(without_date(name), None, "{name}");
        }
    }

    #[test]
    fn a_fine_tuned_name_has_its_base() {
        assert_eq!(
            fine_tuned_base("ft:gpt-4o-mini-2024-07-18:acme::9abc"),
            Some("ft:gpt-4o-mini-2024-07-18")
        );
        assert_eq!(fine_tuned_base("ft:gpt-4o"), None);
        assert_eq!(fine_tuned_base("gpt-4o:x"), None);
    }
}
