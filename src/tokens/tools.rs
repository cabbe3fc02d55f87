//! What tools add to a request of OpenAI's chat API. The form in which it shows them to the model is not documented;
//! OpenAI's cookbook gives figures that come to the API's own counts.

use super::Encoding;
use serde_json::Value;

/// What tools add. Source: OpenAI Cookbook, "How to count tokens with tiktoken", counting for tool calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolOverhead {
    /// Tokens for each tool.
    per_tool: u64,
}

/// Tokens where a tool takes parameters.
const PARAMETERS: u64 = 3;
/// Tokens for each parameter.
const PARAMETER: u64 = 3;
/// Tokens for each value of a list of values, of which the list itself takes as many away.
const VALUE: u64 = 3;
/// Tokens after the last tool.
const END: u64 = 12;

impl ToolOverhead {
    /// What tools add to the requests of a model for which figures are published.
    pub fn of(model: &str) -> Option<Self> {
        let overhead = super::chat_overhead(model)?;
        let o200k = super::encoding_for_model(model) == Some(Encoding::O200kBase);
        // The first release of gpt-3.5-turbo knew no tools.
        (overhead.per_message == 3).then_some(Self {
            per_tool: if o200k { 7 } else { 10 },
        })
    }

    /// The tokens of each tool by its definition (JSON), and what they take together; `None` where one is not of the
    /// form that the figures are for: a function whose parameters have a type and a description each.
    pub fn tokens<'d>(
        &self,
        definitions: impl Iterator<Item = &'d str>,
        encoding: Encoding,
    ) -> Option<(Vec<u64>, u64)> {
        let each: Option<Vec<u64>> = definitions.map(|definition| self.tool(definition, encoding)).collect();
        Some((each?, END))
    }

    fn tool(&self, definition: &str, encoding: Encoding) -> Option<u64> {
        let count = |text: &str| encoding.count(text) as u64;
        let definition: Value = serde_json::from_str(definition).ok()?;
        let function = definition.get("function").unwrap_or(&definition);
        let name = function.get("name")?.as_str()?;
        let mut tokens = self.per_tool + count(&format!("{name}:{}", described(function)?));
        let properties = match function
            .get("parameters")
            .and_then(|parameters| parameters.get("properties"))
        {
            Some(properties) => properties.as_object()?,
            None => return Some(tokens),
        };
        if !properties.is_empty() {
            tokens += PARAMETERS;
        }
        for (name, property) in properties {
            let kind = property.get("type")?.as_str()?;
            if kind == "object" || kind == "array" {
                return None;
            }
            tokens += PARAMETER + count(&format!("{name}:{kind}:{}", described(property)?));
            if let Some(values) = property.get("enum") {
                let values: Option<Vec<&str>> = values.as_array()?.iter().map(Value::as_str).collect();
                let values: u64 = values?.into_iter().map(|value| VALUE + count(value)).sum();
                tokens = (tokens + values).saturating_sub(VALUE);
            }
        }
        Some(tokens)
    }
}

fn described(value: &Value) -> Option<&str> {
    let text = value.get("description")?.as_str()?;
    Some(text.strip_suffix('.').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cookbook's example and the API's counts for it: 105 with GPT-4 and GPT-3.5 Turbo, 101 with GPT-4o.
    #[test]
    fn the_cookbooks_example() {
        let tool = r#"{"type":"function","function":{"name":"get_current_weather","description":"Get the current weather in a given location","parameters":{"type":"object","properties":{"location":{"type":"string","description":"The city and state, e.g. San Francisco, CA"},"unit":{"type":"string","description":"The unit of temperature to return","enum":["celsius","fahrenheit"]}},"required":["location"]}}}"#;
        let messages = [
            (
                "system",
                "You are a helpful assistant that can answer to questions about the weather.",
            ),
            ("user", "What's the weather like in San Francisco?"),
        ];
        for (model, expected) in [
            ("gpt-4", 105),
            ("gpt-3.5-turbo", 105),
            ("gpt-4o", 101),
            ("gpt-4o-mini", 101),
        ] {
            let encoding = super::super::encoding_for_model(model).expect("a known model");
            let chat = super::super::chat_overhead(model).expect("published figures");
            let tools = ToolOverhead::of(model).expect("published figures");
            let (each, once) = tools.tokens([tool].into_iter(), encoding).expect("a plain function");
            let texts: u64 = messages
                .iter()
                .map(|(role, text)| u64::from(chat.per_message) + (encoding.count(role) + encoding.count(text)) as u64)
                .sum();
            let total = texts + u64::from(chat.reply) + each.iter().sum::<u64>() + once;
            assert_eq!(total, expected, "{model}");
        }
    }
}
