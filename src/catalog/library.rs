//! Names of Ollama's library: family and size, `llama3.1:8b`, and behind them what a file's kind is
//! (`llama3.1:8b-instruct-q8_0`).
//!
//! Only families are here whose size alone tells the shape. A bare name (`llama3.1`) stands for a size that its publisher
//! may change, and `mistral:7b` has stood for several releases: they tell nothing. The library's pages themselves were not
//! read; the names and the repositories that they stand for are those of programs that know both. For `llama3.1:8b` and
//! `qwen2.5:7b` some ten public tables were compared, which differ in no shape; for the other rows one or two, or the
//! family and size that the name tells.

/// A family of the library, and for each of its sizes the repository.
const FAMILIES: &[(&str, &[(&str, &str)])] = &[
    (
        "llama3.1",
        &[
            ("8b", "meta-llama/Llama-3.1-8B-Instruct"),
            ("70b", "meta-llama/Llama-3.1-70B-Instruct"),
            ("405b", "meta-llama/Llama-3.1-405B-Instruct"),
        ],
    ),
    (
        "llama3.2",
        &[
            ("1b", "meta-llama/Llama-3.2-1B-Instruct"),
            ("3b", "meta-llama/Llama-3.2-3B-Instruct"),
        ],
    ),
    ("llama3.3", &[("70b", "meta-llama/Llama-3.3-70B-Instruct")]),
    (
        "llama3",
        &[
            ("8b", "meta-llama/Meta-Llama-3-8B"),
            ("70b", "meta-llama/Meta-Llama-3-70B"),
        ],
    ),
    (
        "qwen2.5",
        &[
            ("0.5b", "Qwen/Qwen2.5-0.5B-Instruct"),
            ("1.5b", "Qwen/Qwen2.5-1.5B-Instruct"),
            ("3b", "Qwen/Qwen2.5-3B-Instruct"),
            ("7b", "Qwen/Qwen2.5-7B-Instruct"),
            ("14b", "Qwen/Qwen2.5-14B-Instruct"),
            ("32b", "Qwen/Qwen2.5-32B-Instruct"),
            ("72b", "Qwen/Qwen2.5-72B-Instruct"),
        ],
    ),
    (
        "qwen3",
        &[
            ("0.6b", "Qwen/Qwen3-0.6B"),
            ("1.7b", "Qwen/Qwen3-1.7B"),
            ("4b", "Qwen/Qwen3-4B"),
            ("8b", "Qwen/Qwen3-8B"),
            ("14b", "Qwen/Qwen3-14B"),
            ("30b", "Qwen/Qwen3-30B-A3B"),
            ("32b", "Qwen/Qwen3-32B"),
            ("235b", "Qwen/Qwen3-235B-A22B"),
        ],
    ),
    (
        "gemma2",
        &[
            ("2b", "google/gemma-2-2b-it"),
            ("9b", "google/gemma-2-9b-it"),
            ("27b", "google/gemma-2-27b-it"),
        ],
    ),
    (
        "gemma3",
        &[
            ("1b", "google/gemma-3-1b-it"),
            ("4b", "google/gemma-3-4b-it"),
            ("12b", "google/gemma-3-12b-it"),
            ("27b", "google/gemma-3-27b-it"),
        ],
    ),
    (
        "llama2",
        &[
            ("7b", "meta-llama/Llama-2-7b-chat-hf"),
            ("13b", "meta-llama/Llama-2-13b-chat-hf"),
            ("70b", "meta-llama/Llama-2-70b-chat-hf"),
        ],
    ),
    (
        "codellama",
        &[
            ("7b", "codellama/CodeLlama-7b-Instruct-hf"),
            ("13b", "codellama/CodeLlama-13b-hf"),
            ("34b", "codellama/CodeLlama-34b-Instruct-hf"),
            ("70b", "codellama/CodeLlama-70b-Instruct-hf"),
        ],
    ),
    (
        "qwen",
        &[
            ("0.5b", "Qwen/Qwen1.5-0.5B-Chat"),
            ("4b", "Qwen/Qwen1.5-4B-Chat"),
            ("32b", "Qwen/Qwen1.5-32B-Chat"),
            ("110b", "Qwen/Qwen1.5-110B-Chat"),
        ],
    ),
    (
        "qwen2",
        &[
            ("0.5b", "Qwen/Qwen2-0.5B-Instruct"),
            ("1.5b", "Qwen/Qwen2-1.5B-Instruct"),
            ("7b", "Qwen/Qwen2-7B-Instruct"),
            ("72b", "Qwen/Qwen2-72B-Instruct"),
        ],
    ),
    (
        "qwen2.5-coder",
        &[
            ("0.5b", "Qwen/Qwen2.5-Coder-0.5B-Instruct"),
            ("1.5b", "Qwen/Qwen2.5-Coder-1.5B-Instruct"),
            ("3b", "Qwen/Qwen2.5-Coder-3B-Instruct"),
            ("7b", "Qwen/Qwen2.5-Coder-7B-Instruct"),
            ("14b", "Qwen/Qwen2.5-Coder-14B-Instruct"),
            ("32b", "Qwen/Qwen2.5-Coder-32B-Instruct"),
        ],
    ),
    (
        "qwen2.5vl",
        &[
            ("3b", "Qwen/Qwen2.5-VL-3B-Instruct"),
            ("7b", "Qwen/Qwen2.5-VL-7B-Instruct"),
            ("32b", "Qwen/Qwen2.5-VL-32B-Instruct"),
            ("72b", "Qwen/Qwen2.5-VL-72B-Instruct"),
        ],
    ),
    (
        "qwen3-coder",
        &[
            ("30b", "Qwen/Qwen3-Coder-30B-A3B-Instruct"),
            ("480b", "Qwen/Qwen3-Coder-480B-A35B-Instruct"),
        ],
    ),
    ("qwq", &[("32b", "Qwen/QwQ-32B")]),
    (
        "deepseek-r1",
        &[
            ("1.5b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"),
            ("7b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"),
            ("14b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B"),
            ("32b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B"),
            ("70b", "deepseek-ai/DeepSeek-R1-Distill-Llama-70B"),
            ("671b", "deepseek-ai/DeepSeek-R1"),
        ],
    ),
    ("deepseek-v3", &[("671b", "deepseek-ai/DeepSeek-V3")]),
    ("gemma", &[("2b", "google/gemma-2b-it"), ("7b", "google/gemma-7b-it")]),
    ("mistral-nemo", &[("12b", "mistralai/Mistral-Nemo-Instruct-2407")]),
    (
        "mistral-small",
        &[
            ("22b", "mistralai/Mistral-Small-Instruct-2409"),
            ("24b", "mistralai/Mistral-Small-24B-Instruct-2501"),
        ],
    ),
    (
        "mixtral",
        &[
            ("8x7b", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
            ("8x22b", "mistralai/Mixtral-8x22B-Instruct-v0.1"),
        ],
    ),
    ("codestral", &[("22b", "mistralai/Codestral-22B-v0.1")]),
    ("tinyllama", &[("1.1b", "TinyLlama/TinyLlama-1.1B-Chat-v1.0")]),
    (
        "smollm2",
        &[
            ("135m", "HuggingFaceTB/SmolLM2-135M-Instruct"),
            ("360m", "HuggingFaceTB/SmolLM2-360M-Instruct"),
            ("1.7b", "HuggingFaceTB/SmolLM2-1.7B-Instruct"),
        ],
    ),
    (
        "olmo2",
        &[
            ("7b", "allenai/OLMo-2-1124-7B-Instruct"),
            ("13b", "allenai/OLMo-2-1124-13B-Instruct"),
        ],
    ),
    (
        "falcon3",
        &[
            ("3b", "tiiuae/Falcon3-3B-Instruct"),
            ("7b", "tiiuae/Falcon3-7B-Instruct"),
            ("10b", "tiiuae/Falcon3-10B-Instruct"),
        ],
    ),
    (
        "granite3.3",
        &[
            ("2b", "ibm-granite/granite-3.3-2b-instruct"),
            ("8b", "ibm-granite/granite-3.3-8b-instruct"),
        ],
    ),
    (
        "granite3.1-dense",
        &[
            ("2b", "ibm-granite/granite-3.1-2b-instruct"),
            ("8b", "ibm-granite/granite-3.1-8b-instruct"),
        ],
    ),
    (
        "starcoder2",
        &[
            ("3b", "bigcode/starcoder2-3b"),
            ("7b", "bigcode/starcoder2-7b"),
            ("15b", "bigcode/starcoder2-15b"),
        ],
    ),
    ("all-minilm", &[("22m", "sentence-transformers/all-MiniLM-L6-v2")]),
    ("bge-m3", &[("567m", "BAAI/bge-m3")]),
    ("mxbai-embed-large", &[("335m", "mixedbread-ai/mxbai-embed-large-v1")]),
    ("phi4", &[("14b", "microsoft/phi-4")]),
    (
        "gpt-oss",
        &[("20b", "openai/gpt-oss-20b"), ("120b", "openai/gpt-oss-120b")],
    ),
];

/// The repository whose shape the model of that name has.
pub(super) fn repository(name: &str) -> Option<&'static str> {
    let (family, tag) = name.strip_prefix("library/").unwrap_or(name).split_once(':')?;
    let (_, sizes) = FAMILIES.iter().find(|(known, _)| *known == family)?;
    // What stands behind the size is the kind of the file: a base model has the same shape as one that follows
    // instructions.
    let size = tag.split('-').next()?;
    let (_, repository) = sizes.iter().find(|(known, _)| known.eq_ignore_ascii_case(size))?;
    Some(repository)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn sizes_tell_the_shape_and_bare_names_nothing() {
        assert_eq!(repository("llama3.1:8b"), Some("meta-llama/Llama-3.1-8B-Instruct"));
        assert_eq!(repository("qwen2.5:7b-instruct-q8_0"), Some("Qwen/Qwen2.5-7B-Instruct"));
        for unknown in [
            "llama3.1",
            "llama3.1:latest",
            "mistral:7b",
            "llama3.1:9b",
            "acme/llama3.1:8b",
            "llama3.2-vision:11b",
        ] {
            assert_eq!(repository(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_repository_has_a_row_of_its_size() {
        let catalog = Catalog::embedded();
        for (family, sizes) in FAMILIES {
            for (size, repository) in *sizes {
                let name = format!("{family}:{size}");
                let model = catalog
                    .open_model_by_name(&name)
                    .unwrap_or_else(|| panic!("{repository}"));
                let number = |text: &str| text.parse::<f64>().expect("a number");
                let billions = match size.strip_suffix('m') {
                    Some(millions) => number(millions) / 1000.0,
                    None => size.trim_end_matches('b').split('x').map(number).product(),
                };
                let found = model.parameters as f64 / 1e9;
                assert!((found / billions - 1.0).abs() < 0.32, "{name}: {found}");
            }
        }
    }
}
