//! The forms in which files write the name of a model behind an API.
//!
//! Strict on purpose: a name that is merely similar is another model with another price.

use super::Date;

/// A word before `/` or `:`, the providers whose rows it can stand before, those whose prices hold then, and the
/// platform it names where that is not the provider itself.
struct Prefix {
    word: &'static str,
    /// As `models.jsonl` calls them.
    providers: &'static [&'static str],
    /// As the price list calls them, the first one first.
    sellers: &'static [&'static str],
    platform: Option<&'static str>,
}

const fn own(word: &'static str, providers: &'static [&'static str], sellers: &'static [&'static str]) -> Prefix {
    Prefix {
        word,
        providers,
        sellers,
        platform: None,
    }
}

/// A host of other people's models, which the price list calls `seller`.
const fn host(word: &'static str, seller: &'static [&'static str]) -> Prefix {
    own(word, seller, seller)
}

const fn hosted(
    word: &'static str,
    providers: &'static [&'static str],
    sellers: &'static [&'static str],
    platform: &'static str,
) -> Prefix {
    Prefix {
        word,
        providers,
        sellers,
        platform: Some(platform),
    }
}

/// As LiteLLM, LangChain, Pydantic AI, the Vercel AI SDK and the providers themselves write them.
const PREFIXES: &[Prefix] = &[
    own("openai", &["openai"], &["openai"]),
    own("anthropic", &["anthropic"], &["anthropic"]),
    own("google", &["google"], &["google"]),
    own("google_genai", &["google"], &["google"]),
    own("google-gla", &["google"], &["google"]),
    own("gemini", &["google"], &["google"]),
    own("models", &["google"], &["google"]),
    own("mistral", &["mistral"], &["mistral"]),
    own("mistralai", &["mistral"], &["mistral"]),
    own("deepseek", &["deepseek"], &["deepseek"]),
    own("xai", &["xai"], &["x-ai"]),
    own("x-ai", &["xai"], &["x-ai"]),
    own("cohere", &["cohere"], &["cohere"]),
    own("cohere_chat", &["cohere"], &["cohere"]),
    own("voyage", &["voyage"], &["voyageai"]),
    own("voyageai", &["voyage"], &["voyageai"]),
    own("bedrock", &["bedrock", "amazon"], &["aws"]),
    own("bedrock_converse", &["bedrock", "amazon"], &["aws"]),
    own("bedrock/converse", &["bedrock", "amazon"], &["aws"]),
    host("groq", &["groq"]),
    host("together", &["together"]),
    host("together_ai", &["together"]),
    host("fireworks", &["fireworks"]),
    host("fireworks_ai", &["fireworks"]),
    host("openrouter", &["openrouter"]),
    host("perplexity", &["perplexity"]),
    host("cerebras", &["cerebras"]),
    host("moonshot", &["moonshotai"]),
    host("zai", &["zai"]),
    host("minimax", &["minimax"]),
    host("novita", &["novita"]),
    host("databricks", &["databricks"]),
    host("github_copilot", &["github-copilot"]),
    hosted("azure", &["openai"], &["azure", "openai"], "azure"),
    hosted("azure_openai", &["openai"], &["azure", "openai"], "azure"),
    hosted(
        "azure_ai",
        &["openai", "anthropic"],
        &["azure", "openai", "anthropic"],
        "azure",
    ),
    hosted("vertex", &["google", "anthropic"], &["google", "anthropic"], "vertex"),
    hosted(
        "vertex_ai",
        &["google", "anthropic"],
        &["google", "anthropic"],
        "vertex",
    ),
    hosted(
        "google_vertexai",
        &["google", "anthropic"],
        &["google", "anthropic"],
        "vertex",
    ),
    hosted(
        "google-vertex",
        &["google", "anthropic"],
        &["google", "anthropic"],
        "vertex",
    ),
];

/// Whose names stand for their models without a prefix, in the price list's words.
const MAKERS: &[&str] = &[
    "openai",
    "anthropic",
    "google",
    "x-ai",
    "cohere",
    "voyageai",
    "aws",
    "perplexity",
];

/// How names of models begin that anybody may serve: such a name alone tells no price.
const OPEN_WEIGHTS: &[&str] = &["gpt-oss", "gemma", "c4ai-", "r1-", "llama"];

/// Whose prices hold for a name without a prefix: those of makers, where it is not one of published weights.
pub(super) fn makers(name: &str) -> &'static [&'static str] {
    let lower = name.to_ascii_lowercase();
    if OPEN_WEIGHTS.iter().any(|start| lower.starts_with(start)) {
        return &[];
    }
    MAKERS
}

/// Whose prices hold where a file states `provider` in whatever spelling; `None` where the word is not known.
pub(super) fn sellers(provider: &str) -> Option<&'static [&'static str]> {
    let word = provider.to_ascii_lowercase();
    let prefix = PREFIXES.iter().find(|prefix| prefix.word == word)?;
    Some(prefix.sellers)
}

/// What the price list calls a provider of `models.jsonl`.
pub(super) fn seller(provider: &str) -> &str {
    match provider {
        "amazon" | "bedrock" => "aws",
        "voyage" => "voyageai",
        "xai" => "x-ai",
        other => other,
    }
}

/// How a form of a name stands for what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It is its name.
    Name,
    /// It is that of a model fine-tuned from it.
    FineTuned,
    /// It has a date that is passed over.
    Dated,
}

/// The forms under which `name` may be listed, the strictest first.
pub(super) fn forms(name: &str) -> impl Iterator<Item = (Bare<'_>, How)> {
    let whole = Bare {
        name,
        providers: None,
        sellers: None,
        platform: None,
    };
    let bare = without_prefix(name);
    let tuned = fine_tuned_base(bare.name);
    // A name with two dates is no name.
    let undated = without_date(bare.name).filter(|base| without_date(base).is_none());
    let other = |name| Bare { name, ..bare };
    [
        Some((whole, How::Name)),
        (bare.name != name).then_some((bare, How::Name)),
        tuned.map(|base| (other(base), How::FineTuned)),
        undated.map(|base| (other(base), How::Dated)),
    ]
    .into_iter()
    .flatten()
}

/// A name without the prefix that tells who serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bare<'a> {
    /// The rest of the name.
    pub name: &'a str,
    /// The providers that it can be of; `None` where it had no prefix.
    pub providers: Option<&'static [&'static str]>,
    /// Whose prices hold, in the price list's words; `None` where it had no prefix.
    pub sellers: Option<&'static [&'static str]>,
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
                sellers: None,
                platform: None,
            },
            |(rest, prefix)| Bare {
                name: rest,
                providers: Some(prefix.providers),
                sellers: Some(prefix.sellers),
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
        assert_eq!(bare("openrouter/openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(bare("gateway/openai/gpt-4o"), "gateway/openai/gpt-4o");
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
