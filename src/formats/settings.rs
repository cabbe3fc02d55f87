//! Request settings under the names that prompt formats give them.

use super::Reading;
use crate::syntax::{Kind, Node};
use crate::units::{Declared, Field, Parameter, Prompt, Tool};

/// The names of the limit on generated tokens, by API.
const OUTPUT_LIMITS: &[&str] = &[
    "max_output_tokens",
    "max_completion_tokens",
    "max_tokens",
    "maxOutputTokens",
    "maxTokens",
];

/// A prompt without messages or settings, at `place`.
pub(super) fn empty_prompt(reading: &Reading<'_>, name: String, format: &'static str) -> Prompt {
    Prompt {
        name,
        format,
        place: reading.place(reading.whole()),
        messages: Vec::new(),
        model: Field::default(),
        provider: None,
        endpoint: None,
        max_output_tokens: Field::default(),
        choices: Field::default(),
        response_format: Field::default(),
        tools: Vec::new(),
        more_tools: None,
        tool_choice: Field::default(),
        reasoning_effort: Field::default(),
        service_tier: Field::default(),
        sampling: Vec::new(),
        candidates: Vec::new(),
        in_loop: Field::default(),
        batch: false,
        resends: Field::default(),
        dimensions: Field::default(),
        through: None,
        in_test: false,
        always_loaded: false,
        declared: Vec::new(),
    }
}

/// Text under one of several names in a mapping. What a template or the environment fills in is unknown.
pub(super) fn string(reading: &Reading<'_>, map: &Node, names: &[&str]) -> Field<String> {
    match names.iter().find_map(|name| map.get(name)) {
        Some(value) if !value.is_null() => stated(reading, value),
        _ => absent(reading, map),
    }
}

/// Text that a file states; what a template or the environment fills in is unknown.
pub(super) fn stated(reading: &Reading<'_>, value: &Node) -> Field<String> {
    let place = reading.place(value.span);
    match value.as_str() {
        Some(text) if filled_in(text) => {
            Field::Unknown(format!("`{}` is filled in at run time", text.trim()), Some(place))
        }
        Some(text) => Field::Known(text.trim().to_owned(), place),
        None => Field::Unknown("not written as text".to_owned(), Some(place)),
    }
}

/// A whole number under one of several names in a mapping; one that a form left empty is not set.
pub(super) fn number(reading: &Reading<'_>, map: &Node, names: &[&str]) -> Field<u64> {
    let value = names.iter().find_map(|name| map.get(name));
    if value.and_then(Node::as_str).is_some_and(|text| text.trim().is_empty()) {
        return absent(reading, map);
    }
    string(reading, map, names).and_then(|text| text.parse().map_err(|_| format!("`{text}` is not a whole number")))
}

/// The limit on generated tokens, whatever the API calls it.
pub(super) fn output_limit(reading: &Reading<'_>, map: &Node) -> Field<u64> {
    number(reading, map, OUTPUT_LIMITS)
}

/// Sampling parameters, by the name that requests to OpenAI give them, with the names of other APIs behind it.
const SAMPLING: &[(&str, &[&str])] = &[
    ("temperature", &["temperature"]),
    ("top_p", &["top_p", "topP"]),
    ("top_k", &["top_k", "topK"]),
    ("seed", &["seed"]),
    ("logprobs", &["logprobs", "responseLogprobs"]),
    ("top_logprobs", &["top_logprobs"]),
    ("presence_penalty", &["presence_penalty", "presencePenalty"]),
    ("frequency_penalty", &["frequency_penalty", "frequencyPenalty"]),
];

/// Where requests say how long the model is to think.
const EFFORT: &[&[&str]] = &[
    &["reasoning_effort"],
    &["reasoningEffort"],
    &["reasoning", "effort"],
    &["thinking", "budget_tokens"],
    &["output_config", "effort"],
    &["thinkingConfig", "thinkingBudget"],
    &["thinkingConfig", "thinkingLevel"],
    &["thinking_config", "thinking_budget"],
];

/// Takes the parameters of a request that stand in `map`; what another mapping has already stated stays.
pub(super) fn take_parameters(reading: &Reading<'_>, map: &Node, prompt: &mut Prompt) {
    let limit = output_limit(reading, map);
    if prompt.max_output_tokens.is_absent() && (map.slot().is_some() || !limit.is_absent()) {
        prompt.max_output_tokens = limit;
    }
    if prompt.choices.is_absent() {
        prompt.choices = number(reading, map, &["n", "candidateCount", "candidate_count"]);
    }
    if prompt.response_format.is_absent() {
        prompt.response_format = response_format(reading, map);
    }
    if prompt.reasoning_effort.is_absent()
        && let Some(value) = EFFORT.iter().find_map(|path| map.at(path))
    {
        prompt.reasoning_effort = stated(reading, value);
    }
    if prompt.service_tier.is_absent()
        && let Some(value) = map.get("service_tier").or_else(|| map.get("serviceTier"))
    {
        prompt.service_tier = stated(reading, value);
    }
    let choice = map.get("tool_choice").or_else(|| map.get("toolChoice"));
    if let Some(choice) = choice.filter(|_| prompt.tool_choice.is_absent()) {
        let named = choice.at(&["function", "name"]).or_else(|| choice.get("name"));
        let value = named.or_else(|| choice.get("type")).unwrap_or(choice);
        prompt.tool_choice = stated(reading, value);
    }
    for (name, names) in SAMPLING {
        let value = names.iter().find_map(|name| map.get(name));
        if let Some(value) = value.filter(|value| !value.is_null())
            && let Some(written) = value.as_str().filter(|written| !written.is_empty())
            && !prompt.sampling.iter().any(|known| known.name == *name)
        {
            prompt.sampling.push(Parameter {
                name: (*name).to_owned(),
                value: written.to_owned(),
                place: reading.place(value.span),
            });
        }
    }
}

/// The tools of a request: `tools` or `functions`.
pub(super) fn tools(reading: &Reading<'_>, request: &Node) -> Vec<Tool> {
    let lists = ["tools", "functions"];
    let list = lists.iter().find_map(|key| request.get(key));
    list.into_iter()
        .flat_map(Node::items)
        .map(|definition| tool(reading, definition))
        .collect()
}

/// A tool by its definition.
pub(super) fn tool(reading: &Reading<'_>, definition: &Node) -> Tool {
    let name = definition
        .at(&["function", "name"])
        .or_else(|| definition.get("name"))
        .or_else(|| definition.at(&["toolSpec", "name"]))
        .or_else(|| definition.get("type"));
    Tool {
        name: name.and_then(Node::as_str).unwrap_or("tool").to_owned(),
        definition: compact_json(definition),
        place: reading.place(definition.span),
    }
}

/// A variable that a prompt declares, with the value for trying it out that its `schema` gives.
pub(super) fn declared(reading: &Reading<'_>, name: &Node, schema: Option<&Node>) -> Declared {
    const SAMPLES: &[&str] = &["sample", "default", "example"];
    let value = schema.filter(|schema| schema.is_map());
    let sample = value.and_then(|schema| SAMPLES.iter().find_map(|key| schema.get(key)));
    Declared {
        name: name.as_str().unwrap_or_default().to_owned(),
        sample: sample.and_then(Node::as_str).map(str::to_owned),
        place: reading.place(name.span),
    }
}

/// The address that requests go to, as written.
pub(super) fn endpoint(map: &Node) -> Option<String> {
    let names = ["endpoint", "azure_endpoint", "base_url", "baseURL", "api_base"];
    let value = names.iter().find_map(|name| map.get(name))?;
    value.as_str().map(str::to_owned)
}

/// Whether the form of the answer is fixed, and how: `json_object`, `json_schema`, ….
pub(super) fn response_format(reading: &Reading<'_>, map: &Node) -> Field<String> {
    let format = map.get("response_format").or_else(|| map.at(&["text", "format"]));
    let Some(format) = format else {
        return Field::default();
    };
    let place = reading.place(format.span);
    match format.get("type").unwrap_or(format).as_str() {
        Some(name) if name != "text" => Field::Known(name.to_owned(), place),
        _ => Field::default(),
    }
}

/// Whether a value is a placeholder of a template or of the environment.
pub(super) fn filled_in(text: &str) -> bool {
    text.contains("{{") || text.contains("${") || text.contains("$(") || text.starts_with('$')
}

fn absent<T>(reading: &Reading<'_>, map: &Node) -> Field<T> {
    match map.slot() {
        Some(slot) => Field::absent_at(reading.id, slot.clone()),
        None => Field::default(),
    }
}

/// A node as compact JSON, as it travels in a request.
pub(super) fn compact_json(node: &Node) -> String {
    let mut out = String::new();
    write_json(node, &mut out);
    out
}

// Depth is bounded by the readers (200 levels); width by the file's size, except that a YAML alias repeats its node:
// `LIMIT` keeps an alias bomb from being written out.
fn write_json(node: &Node, out: &mut String) {
    const LIMIT: usize = 4_000_000;
    if out.len() > LIMIT {
        return;
    }
    match &node.kind {
        Kind::Map { .. } => {
            out.push('{');
            for (index, (key, value)) in node.entries().enumerate() {
                if out.len() > LIMIT {
                    return;
                }
                if index > 0 {
                    out.push(',');
                }
                push_string(key.as_str().unwrap_or_default(), out);
                out.push(':');
                write_json(value, out);
            }
            out.push('}');
        }
        Kind::Seq { .. } => {
            out.push('[');
            for (index, item) in node.items().enumerate() {
                if out.len() > LIMIT {
                    return;
                }
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out);
            }
            out.push(']');
        }
        Kind::Plain(_) if node.is_null() => out.push_str("null"),
        Kind::Plain(text) if node.as_bool().is_some() => {
            out.push_str(&text.as_str().to_ascii_lowercase());
        }
        Kind::Plain(text) if node.as_f64().is_some() => out.push_str(text.as_str()),
        Kind::Plain(text) | Kind::Quoted(text) => push_string(text.as_str(), out),
    }
}

fn push_string(text: &str, out: &mut String) {
    if let Ok(quoted) = serde_json::to_string(text) {
        out.push_str(&quoted);
    }
}
