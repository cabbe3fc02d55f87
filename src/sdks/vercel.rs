//! The AI SDK of Vercel: `generateText({model: openai("gpt-4o"), …})` and its agents
//! (<https://ai-sdk.dev/docs/reference/ai-sdk-core>), and frameworks that take its models: Mastra
//! (<https://mastra.ai/reference/agents/agent>), Genkit (<https://genkit.dev/docs/models/>).

use super::{NONE, Shape, What};

const SAMPLING: &[(&str, &str)] = &[
    ("temperature", "temperature"),
    ("topP", "top_p"),
    ("topK", "top_k"),
    ("presencePenalty", "presence_penalty"),
    ("frequencyPenalty", "frequency_penalty"),
    ("seed", "seed"),
    ("stopSequences", "stop"),
];

const CHAT: Shape = Shape {
    packages: &["ai"],
    messages: &["messages", "prompt"],
    system: &["system", "instructions"],
    // Older releases have `maxTokens`.
    max_output_tokens: &["maxOutputTokens", "maxTokens"],
    tools: &["tools"],
    response_format: &["schema", "output", "experimental_output"],
    effort: &[
        "reasoning",
        "providerOptions.openai.reasoningEffort",
        "providerOptions.anthropic.thinking.budgetTokens",
        "providerOptions.google.thinkingConfig.thinkingBudget",
        "providerOptions.google.thinkingConfig.thinkingLevel",
    ],
    tier: &["providerOptions.openai.serviceTier"],
    sampling: SAMPLING,
    ..NONE
};

/// Packages whose functions make models: `openai("gpt-4o")`, `createOpenAI({…})("gpt-4o")`, `google.textEmbedding("…")`;
/// with who serves them.
pub(super) const MODELS: &[(&str, &str)] = &[
    ("@ai-sdk/openai-compatible", ""),
    ("@ai-sdk/openai", "openai"),
    ("@ai-sdk/azure", "azure"),
    ("@ai-sdk/anthropic", "anthropic"),
    ("@ai-sdk/google-vertex", "vertex"),
    ("@ai-sdk/google", "google"),
    ("@ai-sdk/mistral", "mistral"),
    ("@ai-sdk/cohere", "cohere"),
    ("@ai-sdk/groq", "groq"),
    ("@ai-sdk/xai", "xai"),
    ("@ai-sdk/deepseek", "deepseek"),
    ("@ai-sdk/togetherai", "together"),
    ("@ai-sdk/fireworks", "fireworks"),
    ("@ai-sdk/perplexity", "perplexity"),
    ("@ai-sdk/amazon-bedrock", "bedrock"),
    ("@ai-sdk/cerebras", "cerebras"),
    ("@ai-sdk/deepinfra", "deepinfra"),
    ("@ai-sdk/gateway", ""),
    ("ai.gateway", ""),
    ("ai.createGateway", ""),
    ("ai.createProviderRegistry", ""),
    ("ai.experimental_createProviderRegistry", ""),
    ("@openrouter/ai-sdk-provider", "openrouter"),
    ("ollama-ai-provider", "ollama"),
    ("ollama-ai-provider-v2", "ollama"),
    ("@genkit-ai/googleai", "google"),
    ("@genkit-ai/google-genai", "google"),
    ("@genkit-ai/vertexai", "vertex"),
];

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        packages: &["ai", "ai/rsc", "@ai-sdk/rsc"],
        calls: &[
            "=generateText",
            "=streamText",
            "=generateObject",
            "=streamObject",
            "=experimental_streamObject",
            "=streamUI",
        ],
        ..CHAT
    },
    Shape {
        what: What::Agent,
        calls: &["=ToolLoopAgent", "=Experimental_Agent", "=Agent"],
        ..CHAT
    },
    Shape {
        what: What::Embedding,
        packages: &["ai"],
        calls: &["=embed", "=embedMany"],
        messages: &["value", "values"],
        dimensions: &[
            "providerOptions.openai.dimensions",
            "providerOptions.google.outputDimensionality",
        ],
        ..NONE
    },
    Shape {
        what: What::Image,
        packages: &["ai"],
        calls: &["=generateImage", "=experimental_generateImage"],
        messages: &["prompt"],
        choices: &["n"],
        ..NONE
    },
    Shape {
        what: What::Agent,
        packages: &["@mastra/core/agent", "@mastra/core"],
        calls: &["=Agent"],
        system: &["instructions"],
        tools: &["tools"],
        ..NONE
    },
    Shape {
        packages: &["genkit"],
        calls: &["genkit.generate", "genkit.generateStream", "genkit.definePrompt"],
        model: &["model", "^model"],
        messages: &["messages", "prompt", "1"],
        system: &["system"],
        max_output_tokens: &["config.maxOutputTokens"],
        tools: &["tools"],
        response_format: &["output.format", "output.schema"],
        sampling: &[
            ("config.temperature", "temperature"),
            ("config.topP", "top_p"),
            ("config.topK", "top_k"),
        ],
        ..NONE
    },
];
