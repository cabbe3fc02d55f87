//! Packages that speak to many providers: LiteLLM (<https://docs.litellm.ai/docs/completion/input>), aisuite.

use super::{NONE, SAMPLING, Shape, What};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        packages: &["litellm", "aisuite"],
        calls: &[
            "completion",
            "acompletion",
            "batch_completion",
            "completion_with_retries",
            "chat.completions.create",
        ],
        alone: &[
            ("litellm.completion", &[]),
            ("litellm.acompletion", &[]),
            ("router.acompletion", &["messages"]),
        ],
        model: &["model", "0"],
        messages: &["messages", "1"],
        max_output_tokens: &["max_tokens", "max_completion_tokens"],
        choices: &["n"],
        tools: &["tools", "functions"],
        response_format: &["response_format"],
        effort: &["reasoning_effort", "thinking.budget_tokens"],
        tier: &["service_tier"],
        endpoint: &["api_base", "base_url"],
        sampling: SAMPLING,
        ..NONE
    },
    Shape {
        packages: &["litellm"],
        calls: &["text_completion", "atext_completion"],
        model: &["model", "0"],
        messages: &["prompt", "1"],
        max_output_tokens: &["max_tokens"],
        endpoint: &["api_base", "base_url"],
        sampling: SAMPLING,
        ..NONE
    },
    Shape {
        what: What::Embedding,
        packages: &["litellm"],
        calls: &["embedding", "aembedding"],
        model: &["model", "0"],
        messages: &["input", "1"],
        endpoint: &["api_base"],
        dimensions: &["dimensions"],
        ..NONE
    },
];
