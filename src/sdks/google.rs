//! Google: google-genai (<https://googleapis.github.io/python-genai/>, <https://googleapis.github.io/js-genai/>) and the
//! older google-generativeai and vertexai.

use super::{NONE, Shape, What};

const CONFIG: &[(&str, &str)] = &[
    ("config.temperature", "temperature"),
    ("config.top_p", "top_p"),
    ("config.topP", "top_p"),
    ("config.top_k", "top_k"),
    ("config.topK", "top_k"),
];

const OLD: &[(&str, &str)] = &[
    ("generation_config.temperature", "temperature"),
    ("^generation_config.temperature", "temperature"),
    ("generationConfig.temperature", "temperature"),
    ("^generationConfig.temperature", "temperature"),
    ("generation_config.top_p", "top_p"),
    ("^generation_config.top_p", "top_p"),
];

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        provider: "google",
        packages: &["google.genai", "@google/genai"],
        calls: &[
            "models.generate_content",
            "models.generate_content_stream",
            "models.generateContent",
            "models.generateContentStream",
        ],
        alone: &[
            ("models.generate_content", &["model", "contents"]),
            ("models.generate_content_stream", &["model", "contents"]),
            ("models.generateContent", &["model", "contents"]),
            ("models.generateContentStream", &["model", "contents"]),
        ],
        messages: &["contents"],
        system: &["config.system_instruction", "config.systemInstruction"],
        max_output_tokens: &["config.max_output_tokens", "config.maxOutputTokens"],
        choices: &["config.candidate_count", "config.candidateCount"],
        tools: &["config.tools"],
        response_format: &[
            "config.response_schema",
            "config.responseSchema",
            "config.response_mime_type",
        ],
        effort: &[
            "config.thinking_config.thinking_level",
            "config.thinking_config.thinking_budget",
            "config.thinkingConfig.thinkingBudget",
        ],
        sampling: CONFIG,
        ..NONE
    },
    Shape {
        provider: "google",
        packages: &["google.genai", "@google/genai"],
        calls: &[
            "send_message",
            "send_message_stream",
            "sendMessage",
            "sendMessageStream",
        ],
        model: &["^model"],
        messages: &["message", "0"],
        system: &["^config.system_instruction", "^config.systemInstruction"],
        max_output_tokens: &[
            "config.max_output_tokens",
            "^config.max_output_tokens",
            "^config.maxOutputTokens",
        ],
        tools: &["^config.tools"],
        response_format: &["^config.response_schema", "^config.response_mime_type"],
        ..NONE
    },
    Shape {
        provider: "google",
        packages: &[
            "google.generativeai",
            "vertexai.generative_models",
            "vertexai.preview.generative_models",
            "vertexai",
            "@google/generative-ai",
            "@google-cloud/vertexai",
        ],
        calls: &[
            "generate_content",
            "generate_content_async",
            "generateContent",
            "generateContentStream",
            "send_message",
            "send_message_async",
            "sendMessage",
            "sendMessageStream",
        ],
        alone: &[
            (
                "generate_content",
                &["generation_config", "contents", "stream", "safety_settings", "0"],
            ),
            (
                "generate_content_async",
                &["generation_config", "contents", "stream", "safety_settings", "0"],
            ),
        ],
        model: &["^model_name", "^model", "^0"],
        messages: &["contents", "content", "0"],
        system: &["^system_instruction", "^systemInstruction"],
        max_output_tokens: &[
            "generation_config.max_output_tokens",
            "^generation_config.max_output_tokens",
            "generationConfig.maxOutputTokens",
            "^generationConfig.maxOutputTokens",
        ],
        tools: &["tools", "^tools"],
        response_format: &[
            "generation_config.response_schema",
            "generation_config.response_mime_type",
            "^generation_config.response_mime_type",
        ],
        sampling: OLD,
        ..NONE
    },
    Shape {
        provider: "google",
        what: What::Embedding,
        packages: &["google.genai", "@google/genai", "google.generativeai"],
        calls: &[
            "models.embed_content",
            "models.embedContent",
            "=embed_content",
            "=embed_content_async",
        ],
        alone: &[("models.embed_content", &["contents"])],
        messages: &["contents", "content"],
        dimensions: &[
            "config.output_dimensionality",
            "config.outputDimensionality",
            "output_dimensionality",
        ],
        ..NONE
    },
];
