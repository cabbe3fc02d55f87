//! Which encoding a model uses, and what its chat format adds.

use super::{Encoding, open_models};
use Encoding::{Cl100kBase, O200kBase, O200kHarmony, P50kBase, P50kEdit, R50kBase};

/// Models whose dated versions and variants share their encoding: the name alone, or followed by `-`.
/// Source: tiktoken 0.14.0, `tiktoken/model.py`; codex-mini is a version of o4-mini by OpenAI's model page, and Ollama
/// calls gpt-oss by its name alone.
const FAMILIES: &[(&str, Encoding)] = &[
    ("o1", O200kBase),
    ("o3", O200kBase),
    ("o4-mini", O200kBase),
    ("codex-mini", O200kBase),
    ("gpt-5", O200kBase),
    ("gpt-4.5", O200kBase),
    ("gpt-4.1", O200kBase),
    ("gpt-4o", O200kBase),
    ("chatgpt-4o", O200kBase),
    ("gpt-4", Cl100kBase),
    ("gpt-3.5-turbo", Cl100kBase),
    ("gpt-35-turbo", Cl100kBase),
    ("gpt-oss", O200kHarmony),
];

/// Models known by their whole name only. Source: as above.
const MODELS: &[(&str, Encoding)] = &[
    ("gpt-3.5", Cl100kBase),
    ("davinci-002", Cl100kBase),
    ("babbage-002", Cl100kBase),
    ("text-embedding-ada-002", Cl100kBase),
    ("text-embedding-3-small", Cl100kBase),
    ("text-embedding-3-large", Cl100kBase),
    ("text-davinci-003", P50kBase),
    ("text-davinci-002", P50kBase),
    ("text-davinci-001", R50kBase),
    ("text-curie-001", R50kBase),
    ("text-babbage-001", R50kBase),
    ("text-ada-001", R50kBase),
    ("davinci", R50kBase),
    ("curie", R50kBase),
    ("babbage", R50kBase),
    ("ada", R50kBase),
    ("code-davinci-002", P50kBase),
    ("code-davinci-001", P50kBase),
    ("code-cushman-002", P50kBase),
    ("code-cushman-001", P50kBase),
    ("davinci-codex", P50kBase),
    ("cushman-codex", P50kBase),
    ("text-davinci-edit-001", P50kEdit),
    ("code-davinci-edit-001", P50kEdit),
    ("text-similarity-davinci-001", R50kBase),
    ("text-similarity-curie-001", R50kBase),
    ("text-similarity-babbage-001", R50kBase),
    ("text-similarity-ada-001", R50kBase),
    ("text-search-davinci-doc-001", R50kBase),
    ("text-search-curie-doc-001", R50kBase),
    ("text-search-babbage-doc-001", R50kBase),
    ("text-search-ada-doc-001", R50kBase),
    ("code-search-babbage-code-001", R50kBase),
    ("code-search-ada-code-001", R50kBase),
    ("gpt2", R50kBase),
    ("gpt-2", R50kBase),
];

/// What stands before a model's own name in the notations of LiteLLM, OpenRouter, Hugging Face, promptfoo,
/// Pydantic AI and Amazon Bedrock: who serves it, which API, which region. Another
/// owner's model (`acme/gpt2`) may have another tokenizer.
const QUALIFIERS: &[&str] = &[
    "openai",
    "openai-community",
    "openrouter",
    "litellm_proxy",
    "text-completion-openai",
    "azure",
    "azure_ai",
    "azure_text",
    "azureopenai",
    "bedrock",
    "github",
    "vercel_ai_gateway",
    "groq",
    "cerebras",
    "together_ai",
    "deepinfra",
    "hosted_vllm",
    "vllm",
    "ollama",
    "ollama_chat",
    "chat",
    "responses",
    "completion",
    "embedding",
    "embeddings",
    "us",
    "eu",
    "global",
    "global-standard",
];

/// The encoding of a model, where it is built in and the name says it for certain: `None` for a name that only starts
/// like one that is known.
///
/// Takes, for OpenAI's, the names that the API takes, Azure's spelling (`gpt-35-turbo`), fine-tuned models (`ft:gpt-4o-mini:…`), and
/// names with a provider before them (`openai/gpt-4o`, `openai:gpt-4o`) or a variant behind (`openai/gpt-oss-20b:free`).
pub fn encoding_for_model(model: &str) -> Option<Encoding> {
    let name = base_model(model);
    let exact = MODELS.iter().find(|(known, _)| *known == name);
    exact
        .or_else(|| FAMILIES.iter().find(|(family, _)| is_of_family(name, family)))
        .map(|&(_, encoding)| encoding)
        .or_else(|| open_models::encoding(model))
}

/// Whether a word may stand before a model's own name.
pub(super) fn is_qualifier(word: &str) -> bool {
    QUALIFIERS.contains(&word)
}

/// The tokens that a chat format adds to those of the texts. A conversation takes, for each message, `per_message` and
/// the tokens of its role and of its content; for each name given with a message, `per_name` and the tokens of the
/// name; and once `reply`, which opens the answer. Tools and images come on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChatOverhead {
    /// Tokens for each message.
    pub per_message: u32,
    /// Tokens for each name; below zero where a name takes the place of the role.
    pub per_name: i32,
    /// Tokens for the start of the answer.
    pub reply: u32,
    /// Where the figures come from.
    pub source: &'static str,
}

/// What the chat format of a model adds, for models for which OpenAI has published it. `None` for all others, among
/// them the reasoning models, GPT-4.1 and GPT-5.
pub fn chat_overhead(model: &str) -> Option<ChatOverhead> {
    const SOURCE: &str = "OpenAI Cookbook, \"How to count tokens with tiktoken\"";
    let model = base_model(model);
    // A completion model, in spite of its name.
    if is_of_family(model, "gpt-3.5-turbo-instruct") || is_of_family(model, "gpt-35-turbo-instruct") {
        return None;
    }
    if matches!(model, "gpt-3.5-turbo-0301" | "gpt-35-turbo-0301") {
        return Some(ChatOverhead {
            per_message: 4,
            per_name: -1,
            reply: 3,
            source: SOURCE,
        });
    }
    ["gpt-3.5-turbo", "gpt-35-turbo", "gpt-4", "gpt-4o", "chatgpt-4o"]
        .iter()
        .any(|family| is_of_family(model, family))
        .then_some(ChatOverhead {
            per_message: 3,
            per_name: 1,
            reply: 3,
            source: SOURCE,
        })
}

/// A model's own name, without provider, fine-tuning and variant: `ft:gpt-4o:acme::1`, `openai/gpt-4o` and
/// `openrouter/openai/gpt-4o:online` are all `gpt-4o`.
fn base_model(model: &str) -> &str {
    let mut name = model;
    while let Some((qualifier, rest)) = name.split_once(['/', ':', '.'])
        && (QUALIFIERS.contains(&qualifier) || qualifier == "ft")
    {
        name = rest;
    }
    name.split_once(':').map_or(name, |(base, _)| base)
}

/// Whether a name is a family's own or one of its versions: `gpt-4o-2024-08-06` is a gpt-4o, `gpt-40` and `gpt-4.1` are
/// no gpt-4. Of gpt-5 there are also versions with a point, `gpt-5.1`, which have its encoding in tiktoken.
fn is_of_family(model: &str, family: &str) -> bool {
    model
        .strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-') || family == "gpt-5" && rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_of_models() {
        for (model, encoding) in [
            ("gpt-4o", Some(O200kBase)),
            ("gpt-4o-mini-2024-07-18", Some(O200kBase)),
            ("chatgpt-4o-latest", Some(O200kBase)),
            ("gpt-4.1-nano", Some(O200kBase)),
            ("gpt-5.1-mini", Some(O200kBase)),
            ("gpt-5-nano-super", Some(O200kBase)),
            ("o3-pro", Some(O200kBase)),
            ("o4-mini", Some(O200kBase)),
            ("gpt-4", Some(Cl100kBase)),
            ("gpt-4-turbo-2024-04-09", Some(Cl100kBase)),
            ("gpt-35-turbo-16k", Some(Cl100kBase)),
            ("text-embedding-3-large", Some(Cl100kBase)),
            ("davinci-002", Some(Cl100kBase)),
            ("text-davinci-003", Some(P50kBase)),
            ("code-davinci-edit-001", Some(P50kEdit)),
            ("gpt2", Some(R50kBase)),
            ("openai/gpt-4o", Some(O200kBase)),
            ("azure/eu/gpt-4o-2024-08-06", Some(O200kBase)),
            ("openrouter/openai/gpt-oss-20b:free", Some(O200kHarmony)),
            ("bedrock/openai.gpt-oss-120b-1:0", Some(O200kHarmony)),
            ("gpt-oss:120b", Some(O200kHarmony)),
            ("openai:chat:gpt-4o", Some(O200kBase)),
            // By the prefix "ft:gpt-4" in tiktoken's table this would be cl100k_base, but its base model is not.
            ("ft:gpt-4.1-mini-2025-04-14:acme::abc", Some(O200kBase)),
            ("ft:gpt-3.5-turbo-0125:acme:name:abc", Some(Cl100kBase)),
            ("gpt-40", None),
            ("gpt-50", None),
            ("gpt-4x", None),
            ("o4", None),
            ("o10", None),
            ("text-embedding-3-small-x", None),
            ("acme/gpt2", None),
            ("claude-sonnet-4-5", None),
            ("anthropic/claude-sonnet-4-5", None),
            ("ft:", None),
            ("", None),
        ] {
            assert_eq!(encoding_for_model(model), encoding, "{model}");
        }
    }

    #[test]
    fn chat_overheads() {
        let of = |model| chat_overhead(model).map(|chat| (chat.per_message, chat.per_name, chat.reply));
        for model in [
            "gpt-4o",
            "gpt-4-0613",
            "gpt-3.5-turbo-0125",
            "azure/gpt-35-turbo",
            "ft:gpt-4o-mini:acme::1",
        ] {
            assert_eq!(of(model), Some((3, 1, 3)), "{model}");
        }
        assert_eq!(of("gpt-3.5-turbo-0301"), Some((4, -1, 3)));
        for model in [
            "gpt-5",
            "o3",
            "gpt-4.1",
            "gpt-3.5-turbo-instruct",
            "gpt-oss-20b",
            "claude-sonnet-4-5",
        ] {
            assert_eq!(of(model), None, "{model}");
        }
    }
}
