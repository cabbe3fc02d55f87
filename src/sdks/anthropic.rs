//! Anthropic: <https://github.com/anthropics/anthropic-sdk-python/blob/main/api.md>,
//! <https://github.com/anthropics/anthropic-sdk-typescript/blob/main/api.md>.

use super::{NONE, SAMPLING, Shape};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        provider: "anthropic",
        packages: &[
            "anthropic",
            "@anthropic-ai/sdk",
            "@anthropic-ai/bedrock-sdk",
            "@anthropic-ai/vertex-sdk",
            "instructor",
        ],
        calls: &[
            "messages.create",
            "messages.stream",
            "messages.parse",
            "messages.with_raw_response.create",
        ],
        alone: &[
            ("messages.create", &["max_tokens"]),
            ("messages.stream", &["max_tokens"]),
            ("messages.parse", &["max_tokens"]),
        ],
        messages: &["messages"],
        system: &["system"],
        max_output_tokens: &["max_tokens"],
        tools: &["tools"],
        response_format: &["response_model", "output_format", "output_config.format"],
        effort: &["output_config.effort", "thinking.budget_tokens"],
        tier: &["service_tier"],
        endpoint: &["^base_url", "^baseURL"],
        sampling: SAMPLING,
        ..NONE
    },
    Shape {
        provider: "anthropic",
        packages: &["anthropic", "@anthropic-ai/sdk"],
        calls: &["completions.create"],
        alone: &[("completions.create", &["max_tokens_to_sample"])],
        messages: &["prompt"],
        max_output_tokens: &["max_tokens_to_sample"],
        endpoint: &["^base_url", "^baseURL"],
        sampling: SAMPLING,
        ..NONE
    },
];
