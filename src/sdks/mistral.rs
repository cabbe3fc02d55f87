//! Mistral: <https://github.com/mistralai/client-python>, <https://github.com/mistralai/client-ts>.

use super::{NONE, SAMPLING, Shape, What};

const PACKAGES: &[&str] = &["mistralai", "@mistralai/mistralai"];

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        provider: "mistral",
        packages: PACKAGES,
        calls: &[
            "chat.complete",
            "chat.complete_async",
            "chat.stream",
            "chat.stream_async",
            "chat.parse",
            "chat.parse_async",
            "MistralClient.chat",
            "MistralAsyncClient.chat",
            "MistralClient.chat_stream",
            "chatStream",
        ],
        alone: &[
            ("chat.complete", &["messages"]),
            ("chat.complete_async", &["messages"]),
            ("chat.stream_async", &["messages"]),
        ],
        messages: &["messages"],
        max_output_tokens: &["max_tokens", "maxTokens"],
        choices: &["n"],
        tools: &["tools"],
        response_format: &["response_format", "responseFormat"],
        endpoint: &["^server_url", "^serverURL", "^endpoint"],
        sampling: SAMPLING,
        ..NONE
    },
    Shape {
        provider: "mistral",
        what: What::Embedding,
        packages: PACKAGES,
        calls: &[
            "embeddings.create",
            "embeddings.create_async",
            "MistralClient.embeddings",
        ],
        messages: &["inputs", "input"],
        dimensions: &["output_dimension"],
        ..NONE
    },
];
