//! Chat requests written down: JSON, YAML and JSON Lines with `model`, `messages`, parameters and tools, as OpenAI,
//! Anthropic and Bedrock take them, and the lines of their batch files.
//! Shapes: <https://platform.openai.com/docs/api-reference/chat>, <https://platform.openai.com/docs/guides/batch>,
//! <https://docs.anthropic.com/en/api/messages>, <https://docs.anthropic.com/en/api/creating-message-batches>,
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>, GitHub Models' `.prompt.yml`.

use std::collections::HashSet;

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, json};
use crate::units::{Field, Prompt, Role};

pub(super) const NAME: &str = "chat request";

/// Where the requests of `.prompt.yml` files go, unless one says otherwise.
const GITHUB_MODELS: &str = "https://models.github.ai";

/// Bad lines of one file that are shown; the rest are counted.
const MAX_BAD_LINES: usize = 20;

/// Keys under which requests nest their parameters.
const PARAMETER_MAPS: &[&str] = &["parameters", "modelParameters", "model_parameters", "inferenceConfig"];

/// Keys by which requests name their model.
const MODEL: &[&str] = &["model", "modelId"];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let kind = extension;
    if !matches!(kind, "json" | "jsonl" | "yaml" | "yml") || !has_signature(reading) {
        return None;
    }
    let mut made = Maker::new(reading, NAME);
    match kind {
        "jsonl" => read_lines(&mut made),
        "json" => match reading.json() {
            Ok(value) => read_value(&mut made, value, ""),
            Err(error) if reading.source.named || has_keys(reading) => made.error(error.clone()),
            Err(_) => return None,
        },
        _ => {
            let parsed = reading.yaml();
            for (index, document) in parsed.documents.iter().enumerate() {
                let suffix = numbered(index, parsed.documents.len());
                read_value(&mut made, document, &suffix);
            }
            if (made.found() > 0 || reading.source.named)
                && let Some(error) = reading.yaml_error()
            {
                made.error(error);
            }
        }
    }
    let recognized = made.found() > 0 || (made.errors() > 0 && kind != "yaml" && kind != "yml");
    recognized.then(|| made.finish_certain())
}

/// A request names its messages, and a model or roles: told by a byte search, before anything is parsed.
fn has_signature(reading: &Reading<'_>) -> bool {
    (reading.contains("messages") && reading.contains("role") && reading.contains("content"))
        || (reading.contains("instructions")
            && reading.contains("model")
            && (reading.contains("input") || reading.contains("\"assistant\"")))
}

/// Whether what a file that does not parse is told by stands in it as keys, and not in comments or in somebody's words.
fn has_keys(reading: &Reading<'_>) -> bool {
    let has = |keys: &[&str]| keys.iter().all(|key| reading.contains(key));
    has(&["\"messages\"", "\"role\"", "\"content\""])
        || has(&["\"instructions\"", "\"model\"", "\"input\""])
        || has(&["\"instructions\"", "\"model\"", "\"assistant\""])
}

fn numbered(index: usize, count: usize) -> String {
    if count > 1 {
        (index + 1).to_string()
    } else {
        String::new()
    }
}

fn read_lines(made: &mut Maker<'_, '_>) {
    let reading = made.reading;
    let (body, start) = reading.source.body();
    // One value over many lines is JSON under another name, and what holds no value a line is not ours.
    let mut lines = json::parse_lines(body, start);
    let spread =
        lines.next().is_some_and(|(_, first)| first.is_err()) && lines.next().is_some_and(|(_, next)| next.is_err());
    if spread {
        match json::parse(body, start) {
            Ok(value) => read_value(made, &value, ""),
            Err(error) if reading.source.named => made.error(error),
            Err(_) => {}
        }
        return;
    }
    let mut bad = 0;
    for (span, value) in json::parse_lines(body, start) {
        match value {
            Ok(value) => {
                let line = reading.source.position(span.start).line;
                read_value(made, &value, &line.to_string());
            }
            Err(error) => {
                bad += 1;
                if bad <= MAX_BAD_LINES {
                    made.error(error);
                }
            }
        }
    }
    if bad > MAX_BAD_LINES
        && let Some(last) = made.last_error()
    {
        let more = bad - MAX_BAD_LINES;
        last.message
            .push_str(&format!("; {more} more lines of this file are no JSON either"));
    }
}

/// A request, or a list of them.
fn read_value(made: &mut Maker<'_, '_>, value: &Node, suffix: &str) {
    // Anthropic's batches are one object.
    let list = value.get("requests").unwrap_or(value);
    let requests: Vec<(&Node, String)> = if list.is_seq() {
        let items: Vec<&Node> = list.items().collect();
        // A request that aliases repeat is written once: it is one.
        let mut seen = HashSet::new();
        items
            .iter()
            .enumerate()
            .filter(|(_, item)| seen.insert(item.span))
            .map(|(index, item)| (*item, numbered(index, items.len())))
            .collect()
    } else {
        vec![(value, suffix.to_owned())]
    };
    for (line, suffix) in requests {
        let (request, batch) = unwrapped(line);
        if let Some(mut prompt) = request_prompt(made, request, &suffix, batch) {
            prompt.batch = batch;
            made.push(prompt);
        }
    }
}

/// The request inside a line of a batch file, and whether it is one: OpenAI's has a `body`, Anthropic's `params`,
/// Bedrock's a `modelInput`.
fn unwrapped(line: &Node) -> (&Node, bool) {
    let ids = ["custom_id", "recordId"];
    let named = ids.iter().any(|key| line.get(key).is_some());
    if let Some(body) = line.get("body").filter(|body| body.is_map()) {
        return (body, named || line.get("url").is_some());
    }
    let inner = line.get("params").or_else(|| line.get("modelInput"));
    match inner.filter(|inner| named && inner.is_map()) {
        Some(inner) => (inner, true),
        None => (line, false),
    }
}

fn request_prompt(made: &mut Maker<'_, '_>, request: &Node, suffix: &str, batch: bool) -> Option<Prompt> {
    let reading = made.reading;
    let names_model = MODEL.iter().any(|key| request.get(key).is_some()) || request.get("anthropic_version").is_some();
    // Messages without a model are fine-tuning rows or a chat's log, unless they stand where prompts are kept.
    if !names_model && !batch && !reading.prompt_place && !reading.source.named {
        return None;
    }
    let mut prompt = made.prompt(suffix, request);
    let list = request.get("messages").filter(|list| list.is_seq());
    if let Some(list) = list {
        system(made, &mut prompt, request);
        if !made.say_all(&mut prompt, list, Syntax::Detect) {
            return None;
        }
    } else {
        responses_input(made, &mut prompt, request)?;
    }
    if prompt.messages.is_empty() {
        return None;
    }
    prompt.model = settings::string(reading, request, MODEL);
    let maps = std::iter::once(request).chain(PARAMETER_MAPS.iter().filter_map(|key| request.get(key)));
    for map in maps {
        settings::take_parameters(reading, map, &mut prompt);
    }
    if let Some(format) = request.get("responseFormat")
        && let Some(text) = format.as_str().filter(|text| *text != "text")
    {
        prompt.response_format = Field::Known(text.to_owned(), reading.place(format.span));
    }
    let name = reading.source.file_name();
    let of_github = name.ends_with(".prompt.yml") || name.ends_with(".prompt.yaml");
    prompt.endpoint = settings::endpoint(request).or_else(|| of_github.then(|| GITHUB_MODELS.to_owned()));
    prompt.tools = settings::tools(reading, request.get("toolConfig").unwrap_or(request));
    // GitHub Models' evaluations give a value to each variable.
    if let Some(row) = request.get("testData").and_then(|rows| rows.items().next()) {
        for (name, value) in row.entries().filter(|(name, _)| name.as_str() != Some("expected")) {
            let mut input = settings::declared(reading, name, None);
            input.sample = value.as_str().map(str::to_owned);
            prompt.declared.push(input);
        }
    }
    Some(prompt)
}

/// Anthropic and Bedrock keep the system's text beside the messages: a text, or a list of parts.
fn system(made: &mut Maker<'_, '_>, prompt: &mut Prompt, request: &Node) {
    let Some(system) = request.get("system") else {
        return;
    };
    if system.is_seq() {
        let parts = made.content_parts(Role::System, system, Syntax::Detect);
        prompt.messages.extend(parts);
    } else {
        made.say(prompt, Role::System, Some(system), Syntax::Detect);
    }
}

/// The Responses API's `instructions` and `input`, and the instructions of an assistant.
fn responses_input(made: &mut Maker<'_, '_>, prompt: &mut Prompt, request: &Node) -> Option<()> {
    let instructions = request.get("instructions")?;
    instructions.as_string()?;
    request.get("model")?;
    let is_assistant = request.get("object").and_then(Node::as_str) == Some("assistant");
    let input = request.get("input");
    if input.is_none() && !is_assistant {
        return None;
    }
    made.say(prompt, Role::System, Some(instructions), Syntax::Detect);
    if let Some(input) = input {
        if input.as_string().is_some() {
            made.say(prompt, Role::User, Some(input), Syntax::Detect);
        } else {
            for item in input.items() {
                let messages = made.message(item, Syntax::Detect);
                prompt.messages.extend(messages.unwrap_or_default());
            }
        }
    }
    Some(())
}
