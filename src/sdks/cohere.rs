//! Cohere: <https://github.com/cohere-ai/cohere-python>, <https://github.com/cohere-ai/cohere-typescript>.

use super::{NONE, SAMPLING, Shape, What};

const PACKAGES: &[&str] = &["cohere", "cohere-ai"];

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        provider: "cohere",
        packages: PACKAGES,
        calls: &["chat", "chat_stream", "generate", "v2.chat", "chatStream"],
        messages: &["chat_history", "messages", "message", "prompt"],
        system: &["preamble"],
        max_output_tokens: &["max_tokens", "maxTokens"],
        choices: &["num_generations"],
        tools: &["tools"],
        response_format: &["response_format", "responseFormat"],
        endpoint: &["^base_url"],
        sampling: SAMPLING,
        ..NONE
    },
    Shape {
        provider: "cohere",
        what: What::Embedding,
        packages: PACKAGES,
        calls: &["embed", "v2.embed"],
        messages: &["texts"],
        dimensions: &["output_dimension"],
        ..NONE
    },
];
