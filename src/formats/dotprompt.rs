//! Dotprompt files: front matter with model, config and Picoschema, then a Handlebars template whose `{{role}}` helpers
//! part the messages. Humanloop's `.prompt` files, which part theirs by tags, are read too.
//! Formats: <https://google.github.io/dotprompt/reference/frontmatter/>, <https://humanloop.com/docs/reference/prompt-file-format>.

use std::collections::HashMap;

use super::maker::{Maker, model_of, unbroken};
use super::{Read, Reading, settings};
use crate::source::{Span, Text};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, front_matter, yaml};
use crate::units::{Attachment, Declared, Field, Prompt, Role};

pub(super) const NAME: &str = "dotprompt";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "prompt" {
        return None;
    }
    let (body, start) = reading.source.body();
    let front = front_matter::split(body, start);
    let documents = front.map(|front| {
        let text = &reading.source.text[front.yaml.start..front.yaml.end];
        yaml::parse(text, front.yaml.start)
    });
    let keys = documents
        .as_ref()
        .and_then(|parsed| parsed.documents.first())
        .filter(|node| node.is_map());
    const KEYS: &[&str] = &[
        "model",
        "config",
        "input",
        "output",
        "tools",
        "modelName",
        "variant",
        "provider",
    ];
    let ours = keys.is_some_and(|map| KEYS.iter().any(|key| map.get(key).is_some()))
        || body.contains("{{role ")
        || body.contains("{{ role ");
    if !ours {
        return None;
    }
    let mut made = Maker::new(reading, NAME);
    let whole = Node {
        span: reading.whole(),
        kind: crate::syntax::Kind::Seq { items: Vec::new() },
    };
    let mut prompt = made.prompt("", &whole);
    if let Some(map) = keys {
        take_settings(reading, &mut prompt, map);
    }
    if let Some(error) = documents.as_ref().and_then(|parsed| parsed.error.clone()) {
        made.error(error);
    }
    // Pictures and films are made from a prompt too, and no answer is written.
    const OTHER: &[&str] = &["imagen", "veo", "image", "tts", "lyria"];
    if prompt
        .model
        .known()
        .is_some_and(|name| OTHER.iter().any(|kind| name.contains(kind)))
    {
        made.note("a request for another kind of model: not judged");
        return Some(made.finish_certain());
    }
    let content = front.map_or(reading.whole(), |front| front.body);
    let text = &reading.source.text;
    for (role, span) in unbroken(turns(text, content), text, 0, Syntax::Mustache) {
        let text = Text::verbatim(&reading.source.text[span.start..span.end], span.start);
        let mut message = made.text(role, &text, Syntax::Mustache);
        let media = text.as_str().matches("{{media ");
        message.attachments = media.map(|_| Attachment::default()).collect();
        prompt.messages.push(message);
    }
    made.push(prompt);
    Some(made.finish_certain())
}

fn take_settings(reading: &Reading<'_>, prompt: &mut Prompt, front: &Node) {
    if let Some(model) = front.get("model").or_else(|| front.get("modelName")) {
        model_of(reading, prompt, model, '/');
    }
    if let Some(provider) = front.get("provider").and_then(Node::as_str) {
        prompt.provider = Some(provider.to_owned());
    }
    settings::take_parameters(reading, front.get("config").unwrap_or(front), prompt);
    if let Some(output) = front.get("output") {
        let named = output.get("format").and_then(Node::as_str) == Some("json");
        if let Some(schema) = output.get("schema").filter(|schema| !schema.is_null()) {
            prompt.response_format = Field::Known("json_schema".to_owned(), reading.place(schema.span));
        } else if named {
            prompt.response_format = Field::Known("json_object".to_owned(), reading.place(output.span));
        }
    }
    // A tool that is named only is defined in code; Humanloop writes it out.
    let tools = front
        .get("tools")
        .into_iter()
        .flat_map(Node::items)
        .filter(|tool| tool.is_map());
    prompt.tools = tools.map(|tool| settings::tool(reading, tool)).collect();
    prompt.declared = declared(reading, front);
}

/// The inputs that the schema lists: JSON Schema's properties, or Picoschema's keys, whose names end before `?` (which
/// makes them optional) and `(` (which gives their type).
fn declared(reading: &Reading<'_>, front: &Node) -> Vec<Declared> {
    let schema = front.at(&["input", "schema"]);
    let properties = schema.map(|schema| schema.get("properties").unwrap_or(schema));
    let samples = front.at(&["input", "default"]).into_iter().flat_map(Node::entries);
    let samples: HashMap<&str, &Node> = samples
        .filter_map(|(name, value)| Some((name.as_str()?, value)))
        .collect();
    let names = properties.into_iter().flat_map(Node::entries).map(|(name, _)| name);
    names
        .map(|key| {
            let mut input = settings::declared(reading, key, None);
            let end = input.name.find(['?', '(']).unwrap_or(input.name.len());
            input.name.truncate(end);
            let sample = samples.get(input.name.as_str());
            input.sample = sample.and_then(|value| value.as_str()).map(str::to_owned);
            input
        })
        .collect()
}

/// The messages: each starts behind a `{{role "…"}}`, or stands between tags of its role. Text before the first is the
/// user's.
fn turns(text: &str, content: Span) -> Vec<(Role, Span)> {
    let mut marks = Vec::new();
    for (at, _) in text[content.start..content.end].match_indices("{{") {
        let start = content.start + at;
        if let Some((role, length)) = role_mark(&text[start..content.end]) {
            marks.push((role, start, start + length));
        }
    }
    for role in ["system", "user", "assistant"] {
        let (open, close) = (format!("\n<{role}>"), format!("</{role}>"));
        for (at, _) in format!("\n{}", &text[content.start..content.end]).match_indices(&open) {
            let start = content.start + at;
            let from = start + role.len() + 2;
            // Where one is never closed, none behind it is.
            let Some(length) = text[from..content.end].find(&close) else {
                break;
            };
            if let Some(role) = Role::from_name(role) {
                marks.push((Some(role), start, from));
                marks.push((None, from + length, from + length + close.len()));
            }
        }
    }
    marks.sort_by_key(|(_, start, _)| *start);
    let mut turns = Vec::new();
    let mut role = Some(Role::User);
    let mut from = content.start;
    for (next, start, end) in marks.into_iter().chain([(None, content.end, content.end)]) {
        if start < from {
            continue;
        }
        let part = &text[from..start];
        let trimmed = part.trim();
        if let Some(role) = role
            && !trimmed.is_empty()
        {
            let lead = part.len() - part.trim_start().len();
            turns.push((role, Span::new(from + lead, from + lead + trimmed.len())));
        }
        role = next;
        from = end;
    }
    turns
}

/// The role of a `{{role "…"}}` that `text` starts with, and the mark's length; `{{history}}` ends a message too, and
/// what follows it is the user's.
fn role_mark(text: &str) -> Option<(Option<Role>, usize)> {
    // No mark is longer; the limit keeps a long text from being read again and again.
    const LONGEST: usize = 80;
    let end = text.as_bytes()[..text.len().min(LONGEST)]
        .windows(2)
        .position(|two| two == b"}}")?;
    let inner = text[2..end].trim_matches(['~', ' ']);
    if inner == "history" {
        return Some((Some(Role::User), end + 2));
    }
    let name = inner.strip_prefix("role")?.trim().trim_matches(['"', '\'']);
    Some((Some(Role::from_name(name)?), end + 2))
}
