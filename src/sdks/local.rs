//! Models that the team serves or runs itself: Ollama (<https://github.com/ollama/ollama-python>), Hugging Face's
//! `InferenceClient` and transformers pipelines, vLLM without a server (<https://docs.vllm.ai/>).

use super::{NONE, SAMPLING, Shape, What};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        provider: "ollama",
        packages: &["ollama"],
        calls: &["chat", "generate"],
        alone: &[
            ("ollama.chat", &[]),
            ("ollama.generate", &[]),
            ("ollama_client.chat", &[]),
            ("ollama_client.generate", &[]),
        ],
        model: &["model", "0"],
        messages: &["messages", "prompt", "1"],
        system: &["system"],
        max_output_tokens: &["options.num_predict"],
        tools: &["tools"],
        response_format: &["format"],
        sampling: &[("options.temperature", "temperature"), ("options.top_p", "top_p")],
        ..NONE
    },
    Shape {
        provider: "ollama",
        what: What::Embedding,
        packages: &["ollama"],
        calls: &["embeddings", "embed"],
        model: &["model", "0"],
        messages: &["input", "prompt", "1"],
        ..NONE
    },
    Shape {
        provider: "huggingface",
        packages: &["huggingface_hub", "@huggingface/inference"],
        calls: &["chat_completion", "text_generation", "chatCompletion", "textGeneration"],
        alone: &[
            ("chat_completion", &["messages"]),
            ("text_generation", &["prompt", "max_new_tokens"]),
        ],
        model: &["model", "^model", "^0"],
        messages: &["messages", "prompt", "0", "inputs"],
        max_output_tokens: &["max_tokens", "max_new_tokens"],
        tools: &["tools"],
        response_format: &["response_format"],
        endpoint: &["^base_url"],
        sampling: SAMPLING,
        ..NONE
    },
    Shape {
        provider: "huggingface",
        what: What::Embedding,
        packages: &["huggingface_hub", "sentence_transformers"],
        calls: &["feature_extraction", "SentenceTransformer.encode"],
        model: &["model", "^model", "^model_name_or_path", "^0"],
        messages: &["text", "0", "sentences"],
        ..NONE
    },
    Shape {
        provider: "local",
        packages: &["transformers"],
        calls: &["=pipeline.__call__"],
        model: &["^model"],
        messages: &["0"],
        max_output_tokens: &["max_new_tokens", "^max_new_tokens"],
        sampling: &[("temperature", "temperature"), ("^temperature", "temperature")],
        ..NONE
    },
    Shape {
        provider: "local",
        packages: &["vllm"],
        calls: &["LLM.generate", "LLM.chat"],
        model: &["^model", "^0"],
        messages: &["prompts", "messages", "0"],
        max_output_tokens: &["sampling_params.max_tokens", "1.max_tokens"],
        choices: &["sampling_params.n", "1.n"],
        sampling: &[
            ("sampling_params.temperature", "temperature"),
            ("1.temperature", "temperature"),
        ],
        ..NONE
    },
];
