//! Chat requests written down: OpenAI-style JSON, YAML and JSON Lines with `model`, `messages`, parameters and tools.
//! Shapes: <https://platform.openai.com/docs/api-reference/chat>, GitHub Models' `.prompt.yml`, batch lines (`body`).

use std::collections::HashSet;

use super::{Read, Reading, prompt_file, settings};
use crate::source::{Span, Text};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, SyntaxError, json};
use crate::units::{Field, Message, Prompt, Role, Unit};

pub(super) const NAME: &str = "chat request";

/// Bad lines of one file that are shown; the rest are counted.
const MAX_BAD_LINES: usize = 20;

/// Keys under which requests nest their parameters.
const PARAMETER_MAPS: &[&str] = &["parameters", "modelParameters", "model_parameters"];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let kind = extension.as_str();
    if !matches!(kind, "json" | "jsonl" | "yaml" | "yml") || !has_signature(reading) {
        return None;
    }
    let mut read = Read::default();
    match kind {
        "jsonl" => read_lines(reading, &mut read),
        "json" => match reading.json() {
            Ok(value) => read_value(reading, value, "", &mut read),
            Err(error) => read.errors.push(error.clone()),
        },
        _ => {
            let parsed = reading.yaml();
            for (index, document) in parsed.documents.iter().enumerate() {
                let suffix = numbered(index, parsed.documents.len());
                read_value(reading, document, &suffix, &mut read);
            }
            if !read.units.is_empty() || reading.source.named {
                read.errors.extend(reading.yaml_error());
            }
        }
    }
    let recognized = !read.units.is_empty() || (!read.errors.is_empty() && kind != "yaml" && kind != "yml");
    recognized.then_some(read)
}

/// A request names its messages, and a model or roles: told by a byte search, before anything is parsed.
fn has_signature(reading: &Reading<'_>) -> bool {
    (reading.contains("messages") && reading.contains("role") && reading.contains("content"))
        || (reading.contains("instructions") && reading.contains("input") && reading.contains("model"))
}

fn numbered(index: usize, count: usize) -> String {
    if count > 1 {
        format!("#{}", index + 1)
    } else {
        String::new()
    }
}

fn read_lines(reading: &Reading<'_>, read: &mut Read) {
    let (body, start) = reading.source.body();
    let mut bad = 0;
    for (span, value) in json::parse_lines(body, start) {
        match value {
            Ok(value) => {
                let line = reading.source.position(span.start).line;
                read_value(reading, &value, &format!("#{line}"), read);
            }
            Err(error) => {
                bad += 1;
                if bad <= MAX_BAD_LINES {
                    read.errors.push(error);
                }
            }
        }
    }
    if bad > MAX_BAD_LINES
        && let Some(last) = read.errors.last_mut()
    {
        let more = bad - MAX_BAD_LINES;
        last.message
            .push_str(&format!("; {more} more lines of this file are no JSON either"));
    }
}

/// A request, or a list of them.
fn read_value(reading: &Reading<'_>, value: &Node, suffix: &str, read: &mut Read) {
    let requests: Vec<(&Node, String)> = if value.is_seq() {
        let items: Vec<&Node> = value.items().collect();
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
    for (request, suffix) in requests {
        // A line of a batch file wraps the request.
        let request = request.get("body").unwrap_or(request);
        let name = format!("{}{suffix}", reading.source.path);
        if let Some(prompt) = request_prompt(reading, request, name, &mut read.errors) {
            read.units.push(Unit::Prompt(Box::new(prompt)));
        }
    }
}

fn request_prompt(
    reading: &Reading<'_>,
    request: &Node,
    name: String,
    errors: &mut Vec<SyntaxError>,
) -> Option<Prompt> {
    let names_model = request.get("model").is_some();
    // Messages without a model are fine-tuning rows or a chat's log, unless they stand where prompts are kept.
    if !names_model && !reading.prompt_place && !reading.source.named {
        return None;
    }
    let mut messages = Vec::new();
    let list = request.get("messages").filter(|list| list.is_seq());
    if let Some(list) = list {
        for item in list.items() {
            messages.extend(message(reading, item, errors)?);
        }
    } else {
        messages = responses_input(reading, request, errors)?;
    }
    if messages.is_empty() {
        return None;
    }
    let mut prompt = settings::empty_prompt(reading, name, NAME);
    prompt.place = reading.place(request.span);
    prompt.messages = messages;
    prompt.model = settings::string(reading, request, &["model"]);
    let maps = std::iter::once(request).chain(PARAMETER_MAPS.iter().filter_map(|key| request.get(key)));
    for map in maps {
        settings::take_parameters(reading, map, &mut prompt);
    }
    if let Some(format) = request.get("responseFormat")
        && let Some(text) = format.as_str().filter(|text| *text != "text")
    {
        prompt.response_format = Field::Known(text.to_owned(), reading.place(format.span));
    }
    prompt.endpoint = settings::endpoint(request);
    prompt.tools = settings::tools(reading, request);
    Some(prompt)
}

/// The Responses API's `instructions` and `input`.
fn responses_input(reading: &Reading<'_>, request: &Node, errors: &mut Vec<SyntaxError>) -> Option<Vec<Message>> {
    let instructions = request.get("instructions")?.as_string()?;
    let input = request.get("input")?;
    request.get("model")?;
    let mut messages = vec![text_message(reading, Role::System, instructions, errors)];
    if let Some(text) = input.as_string() {
        messages.push(text_message(reading, Role::User, text, errors));
    } else {
        for item in input.items() {
            messages.extend(message(reading, item, errors).unwrap_or_default());
        }
    }
    Some(messages)
}

/// A message of the list; `None` where it is none, so that the whole is no request.
fn message(reading: &Reading<'_>, item: &Node, errors: &mut Vec<SyntaxError>) -> Option<Vec<Message>> {
    let role = Role::from_name(item.get("role")?.as_str()?)?;
    if let Some(file) = item.get("content_file").or_else(|| item.get("file"))
        && let Some(path) = file.as_str()
    {
        return Some(vec![file_message(reading, role, path, file.span)]);
    }
    let Some(content) = item.get("content") else {
        // An assistant's turn may hold tool calls alone.
        return Some(Vec::new());
    };
    if let Some(path) = content.as_str().and_then(|text| text.strip_prefix("file://")) {
        return Some(vec![file_message(reading, role, path, content.span)]);
    }
    if content.is_seq() {
        let mut made = Vec::new();
        let mut attachments = 0;
        for part in content.items() {
            match part.get("text").and_then(Node::as_string) {
                Some(text) => made.push(text_message(reading, role, text, errors)),
                None => attachments += 1,
            }
        }
        if let Some(first) = made.first_mut() {
            first.attachments = attachments;
        }
        return Some(made);
    }
    match content.text() {
        Some(text) if !content.is_null() => Some(vec![text_message(reading, role, text, errors)]),
        _ => Some(Vec::new()),
    }
}

fn text_message(reading: &Reading<'_>, role: Role, text: &Text, errors: &mut Vec<SyntaxError>) -> Message {
    prompt_file::message(reading, role, text.clone(), Syntax::Detect, errors)
}

fn file_message(reading: &Reading<'_>, role: Role, path: &str, span: Span) -> Message {
    Message {
        role,
        source: reading.id,
        text: Text::opaque("", span),
        pieces: Vec::new(),
        attachments: 0,
        file: Some((path.to_owned(), reading.place(span))),
    }
}
