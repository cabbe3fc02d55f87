//! Which built-in encoding an open model uses, by the names that files write: Hugging Face's (`meta-llama/Llama-3.3-70B`),
//! Ollama's (`llama3.3:70b`), Bedrock's (`us.meta.llama3-3-70b-instruct-v1:0`), Groq's, Together's, Fireworks'.
//!
//! Only where it is certain: a name that a provider moves from model to model (`qwen-plus`), a fine-tuned model of
//! another owner, and what only starts like a family (`qwen3.5`, whose vocabulary is another) have no row.

use super::Encoding;
use Encoding::{
    Cl100kBase, DeepSeekV3, Gemma2, Gemma3, Llama2, Llama3, Llama4, MistralV1, MistralV3, O200kBase, Qwen3,
    Tekken240911,
};

/// Families: a name starts so, and goes on with nothing or with one of `-:@_` (a point only where a row has it).
/// Sources: the models' own tokenizer files; for Mistral's also `MODEL_NAME_TO_TOKENIZER_CLS` of mistral-common 1.13.1;
/// for Phi 3 the vocabulary in llama.cpp, for Phi 4 its technical reports (arXiv 2412.08905, 2503.01743); for Gemma 4
/// the vocabulary in llama.cpp, whose ordinary tokens and merges are Gemma 3's; for Gemini the tokenizer that Google's
/// own client (google-genai 3.6.1) counts with.
const FAMILIES: &[(&str, Encoding)] = &[
    ("llama-2", Llama2),
    ("llama2", Llama2),
    ("codellama", Llama2),
    ("phi-3-mini", Llama2),
    ("phi-3-medium", Llama2),
    ("phi-3.5-mini", Llama2),
    ("phi-4", Cl100kBase),
    ("phi-4-mini", O200kBase),
    ("phi-4-multimodal", O200kBase),
    ("llama-3", Llama3),
    ("llama-3.1", Llama3),
    ("llama-3.2", Llama3),
    ("llama-3.3", Llama3),
    ("llama3", Llama3),
    ("llama3.1", Llama3),
    ("llama3.2", Llama3),
    ("llama3.3", Llama3),
    ("meta-llama-3", Llama3),
    ("meta-llama-3.1", Llama3),
    ("llama-v3", Llama3),
    ("llama-v3p1", Llama3),
    ("llama-v3p2", Llama3),
    ("llama-v3p3", Llama3),
    ("deepseek-r1-distill-llama", Llama3),
    ("llama-4", Llama4),
    ("llama4", Llama4),
    ("qwen2", Qwen3),
    ("qwen2.5", Qwen3),
    ("qwen-2.5", Qwen3),
    ("qwen2p5", Qwen3),
    ("qwen3", Qwen3),
    ("qwq-32b", Qwen3),
    ("qwq", Qwen3),
    ("deepseek-r1-distill-qwen", Qwen3),
    ("deepseek-chat", DeepSeekV3),
    ("deepseek-reasoner", DeepSeekV3),
    ("deepseek-v3", DeepSeekV3),
    ("deepseek-v3.1", DeepSeekV3),
    ("deepseek-v3.2", DeepSeekV3),
    ("deepseek-v4", DeepSeekV3),
    ("gemma-2b", Gemma2),
    ("gemma-7b", Gemma2),
    ("gemma-2", Gemma2),
    ("gemma2", Gemma2),
    ("gemma-3", Gemma3),
    ("gemma3", Gemma3),
    ("gemma-4", Gemma3),
    ("gemma4", Gemma3),
    ("gemini-2.0-flash", Gemma3),
    ("gemini-2.0-flash-lite", Gemma3),
    ("gemini-2.5-pro", Gemma3),
    ("gemini-2.5-flash", Gemma3),
    ("gemini-2.5-flash-lite", Gemma3),
    ("gemini-3-pro", Gemma3),
    ("gemini-3-flash", Gemma3),
    ("gemini-3.1-pro", Gemma3),
    ("gemini-3.1-flash-lite", Gemma3),
    ("gemini-3.5-flash", Gemma3),
    ("mistral-7b-v0.1", MistralV1),
    ("mistral-7b-instruct-v0.1", MistralV1),
    ("mistral-7b-instruct-v0.2", MistralV1),
    ("mixtral-8x7b", MistralV1),
    ("open-mixtral-8x7b", MistralV1),
    ("mistral-7b-v0.3", MistralV3),
    ("mistral-7b-instruct-v0.3", MistralV3),
    ("mixtral-8x22b", MistralV3),
    ("open-mixtral-8x22b", MistralV3),
    ("mathstral-7b", MistralV3),
    ("codestral-22b", MistralV3),
    ("codestral-2405", MistralV3),
    ("mistral-large-2402", MistralV3),
    ("mistral-large-2407", MistralV3),
    ("mistral-large-instruct-2407", MistralV3),
    ("mistral-large-2411", MistralV3),
    ("mistral-large-instruct-2411", MistralV3),
    ("open-mistral-nemo", Tekken240911),
    ("mistral-nemo", Tekken240911),
    ("pixtral-12b", Tekken240911),
    ("ministral-8b-2410", Tekken240911),
    ("ministral-3b-2410", Tekken240911),
    ("ministral-8b-instruct-2410", Tekken240911),
    ("mistral-small-2501", Tekken240911),
    ("mistral-small-2503", Tekken240911),
    ("mistral-small-2506", Tekken240911),
    ("mistral-small-24b", Tekken240911),
    ("mistral-small-3.1", Tekken240911),
    ("mistral-small-3.2", Tekken240911),
    ("magistral-small", Tekken240911),
    ("devstral-small", Tekken240911),
];

/// Who a model's name may stand after: its own makers, and those who publish the same weights in other forms.
const OWNERS: &[&str] = &[
    "meta-llama",
    "meta",
    "codellama",
    "qwen",
    "alibaba",
    "deepseek-ai",
    "deepseek",
    "google",
    "gemma",
    "mistralai",
    "mistral",
    "microsoft",
    "unsloth",
    "neuralmagic",
    "redhatai",
    "hugging-quants",
    "thebloke",
    "bartowski",
    "lmstudio-community",
    "casperhansen",
];

/// Servers and notations that may stand before owner and name, beside those of OpenAI's models.
const SERVERS: &[&str] = &[
    "fireworks_ai",
    "accounts",
    "fireworks",
    "models",
    "together",
    "replicate",
    "vertex_ai",
    "gemini",
    "sambanova",
    "nvidia_nim",
    "huggingface",
    "workers-ai",
    "@cf",
    "cf",
    "openai-compatible",
    "converse",
    "converse_like",
    "ap",
    "apac",
    "us-gov",
];

/// The encoding of an open model, where its name says it for certain.
pub fn encoding(model: &str) -> Option<Encoding> {
    let model = model.to_ascii_lowercase();
    let (before, name) = model.rsplit_once('/').unwrap_or(("", &model));
    let known = |word: &str| OWNERS.contains(&word) || SERVERS.contains(&word) || super::models::is_qualifier(word);
    if !before.split(['/', ':']).all(|word| word.is_empty() || known(word)) {
        return None;
    }
    // Bedrock's names have region and owner before a point.
    let mut name = name;
    while let Some((word, rest)) = name.split_once('.')
        && known(word)
    {
        name = rest;
    }
    // A reasoning model that its maker tuned on another's base is named after both.
    if name.starts_with("deepseek-r1") && !name.contains("distill") {
        // Ollama's `deepseek-r1` are distilled models but for the largest.
        let whole = name == "deepseek-r1:671b" || before.ends_with("deepseek-ai") && !name.contains("qwen");
        return whole.then_some(DeepSeekV3);
    }
    // Of Gemini only the models that Google's client lists, in all their releases: not those of images and speech.
    let follows = |rest: &str| match name.starts_with("gemini") {
        true => {
            rest.is_empty()
                || ["-preview", "-exp", "-0", "@0"]
                    .iter()
                    .any(|start| rest.starts_with(start))
        }
        false => rest.is_empty() || rest.starts_with(['-', ':', '@', '_']),
    };
    FAMILIES
        .iter()
        .filter(|(family, _)| name.strip_prefix(family).is_some_and(follows))
        .max_by_key(|(family, _)| family.len())
        .map(|&(_, encoding)| encoding)
}

/// Whether a name is that of a repository of weights, as an engine takes it: its owner and its name.
pub fn is_open_repository(model: &str) -> bool {
    let owner = model.split_once('/').filter(|(_, name)| !name.contains('/'));
    owner.is_some_and(|(owner, _)| OWNERS.contains(&owner.to_ascii_lowercase().as_str()) || owner == "openai")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_open_models() {
        for (model, expected) in [
            ("meta-llama/Llama-3.1-8B-Instruct", Some(Llama3)),
            ("meta-llama/Meta-Llama-3-70B", Some(Llama3)),
            ("together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", Some(Llama3)),
            ("groq/llama-3.3-70b-versatile", Some(Llama3)),
            ("llama3-70b-8192", Some(Llama3)),
            ("us.meta.llama3-3-70b-instruct-v1:0", Some(Llama3)),
            ("bedrock/us.meta.llama4-scout-17b-instruct-v1:0", Some(Llama4)),
            ("meta-llama/llama-4-maverick-17b-128e-instruct", Some(Llama4)),
            ("accounts/fireworks/models/llama-v3p1-8b-instruct", Some(Llama3)),
            ("ollama/llama3.1:8b", Some(Llama3)),
            ("unsloth/Llama-3.2-1B-Instruct", Some(Llama3)),
            ("acme/Llama-3.1-8B-acme", None),
            ("llama-30b", None),
            ("Qwen/Qwen2.5-7B-Instruct-AWQ", Some(Qwen3)),
            ("Qwen/Qwen3-235B-A22B", Some(Qwen3)),
            ("Qwen/Qwen3.5-4B", None),
            ("qwen-plus", None),
            ("deepseek-ai/DeepSeek-V3.1", Some(DeepSeekV3)),
            ("deepseek/deepseek-chat", Some(DeepSeekV3)),
            ("deepseek-ai/DeepSeek-R1", Some(DeepSeekV3)),
            ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", None),
            ("deepseek-r1:7b", None),
            ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", Some(Llama3)),
            ("deepseek-ai/DeepSeek-V2-Lite", None),
            ("google/gemma-2-9b-it", Some(Gemma2)),
            ("google/gemma-3-27b-it", Some(Gemma3)),
            ("google/gemma-3n-E4B-it", None),
            ("gemma3:4b", Some(Gemma3)),
            ("gemini-2.5-flash", Some(Gemma3)),
            ("vertex_ai/gemini-2.0-flash-001", Some(Gemma3)),
            ("google/gemini-2.5-pro-preview-06-05", Some(Gemma3)),
            ("gemini-2.5-flash-image", None),
            ("gemini-1.5-pro", None),
            ("mistralai/Mistral-7B-Instruct-v0.2", Some(MistralV1)),
            ("mistralai/Mistral-7B-Instruct-v0.3", Some(MistralV3)),
            ("mistralai/Mistral-Nemo-Instruct-2407", Some(Tekken240911)),
            ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", Some(Tekken240911)),
            ("mistral.mistral-large-2407-v1:0", Some(MistralV3)),
            ("microsoft/phi-4", Some(Cl100kBase)),
            ("microsoft/Phi-4-mini-instruct", Some(O200kBase)),
            ("microsoft/Phi-3.5-mini-instruct", Some(Llama2)),
            ("claude-sonnet-4-5", None),
            ("", None),
        ] {
            assert_eq!(encoding(model), expected, "{model}");
        }
    }
}
