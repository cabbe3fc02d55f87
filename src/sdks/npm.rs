//! Packages of npm under the names that their twins have in Python, so that one row serves both.

use std::borrow::Cow;

/// A package, what its twin is called, and the class that the package itself stands for: its default export, or what
/// `require` gives.
const PACKAGES: &[(&str, &str, &str)] = &[
    ("openai", "openai", "OpenAI"),
    ("@anthropic-ai/sdk", "anthropic", "Anthropic"),
    ("@anthropic-ai/bedrock-sdk", "anthropic", "AnthropicBedrock"),
    ("@anthropic-ai/vertex-sdk", "anthropic", "AnthropicVertex"),
    ("groq-sdk", "groq", "Groq"),
    ("together-ai", "together", "Together"),
    ("@mistralai/mistralai", "mistralai", "Mistral"),
    ("@google/genai", "google.genai", ""),
    ("@google/generative-ai", "google.generativeai", ""),
    ("@langchain/openai", "langchain_openai", ""),
    ("@langchain/anthropic", "langchain_anthropic", ""),
    ("@langchain/google-genai", "langchain_google_genai", ""),
    ("@langchain/google-vertexai", "langchain_google_vertexai", ""),
    ("@langchain/mistralai", "langchain_mistralai", ""),
    ("@langchain/groq", "langchain_groq", ""),
    ("@langchain/cohere", "langchain_cohere", ""),
    ("@langchain/ollama", "langchain_ollama", ""),
    ("@langchain/aws", "langchain_aws", ""),
    ("@langchain/xai", "langchain_xai", ""),
    ("@langchain/deepseek", "langchain_deepseek", ""),
    ("@langchain/core/prompts", "langchain_core.prompts", ""),
    ("@openai/agents", "agents", ""),
];

/// What is called, by the name that the table of shapes has for it.
pub fn canonical(callee: &str) -> Cow<'_, str> {
    let found = PACKAGES.iter().find_map(|(package, twin, class)| {
        let rest = callee.strip_prefix(package)?;
        let rest = ["/index.mjs", "/index.js", "/index"]
            .iter()
            .find_map(|index| rest.strip_prefix(index))
            .unwrap_or(rest);
        let rest = rest.strip_prefix('.')?;
        let (first, inner) = rest.split_once('.').unwrap_or((rest, ""));
        // `default`, or a method of what `new` makes of the module itself.
        let of_class = !class.is_empty() && first.starts_with(|c: char| c.is_ascii_lowercase());
        Some(match (of_class, first, inner) {
            (true, "default", "") => format!("{twin}.{class}"),
            (true, "default", inner) => format!("{twin}.{class}.{inner}"),
            (true, ..) => format!("{twin}.{class}.{rest}"),
            (false, ..) => format!("{twin}.{rest}"),
        })
    });
    found.map_or(Cow::Borrowed(callee), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn packages_are_known_by_their_twins() {
        for (callee, expected) in [
            (
                "openai.default.chat.completions.create",
                "openai.OpenAI.chat.completions.create",
            ),
            ("openai/index.OpenAI.responses.create", "openai.OpenAI.responses.create"),
            (
                "@anthropic-ai/sdk.default.messages.create",
                "anthropic.Anthropic.messages.create",
            ),
            (
                "@anthropic-ai/sdk.Anthropic.messages.create",
                "anthropic.Anthropic.messages.create",
            ),
            ("@langchain/openai.ChatOpenAI", "langchain_openai.ChatOpenAI"),
            (
                "@anthropic-ai/sdk.messages.stream",
                "anthropic.Anthropic.messages.stream",
            ),
            ("groq-sdk.default", "groq.Groq"),
            ("openai-edge.Configuration", "openai-edge.Configuration"),
            ("ai.generateText", "ai.generateText"),
        ] {
            assert_eq!(canonical(callee), expected, "{callee}");
        }
    }
}
