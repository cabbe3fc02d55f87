//! BAML: functions with their prompts, and the clients that they name.
//! Language: <https://docs.boundaryml.com/ref/baml/function>. Only what a prompt needs is read: blocks, strings, keys.

use std::collections::HashMap;

use super::maker::{Maker, unbroken};
use super::{Read, Reading};
use crate::source::{Span, Text};
use crate::syntax::template::Syntax;
use crate::syntax::{Kind, Node};
use crate::units::{Declared, Field, Parameter, Prompt, Role};

pub(super) const NAME: &str = "baml function";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "baml" {
        return None;
    }
    let text: &str = &reading.source.text;
    let blocks = blocks(text);
    let mut made = Maker::new(reading, NAME);
    let clients = blocks.iter().filter(|block| block.word == "client");
    let clients: HashMap<&str, &Block<'_>> = clients.map(|block| (block.name, block)).collect();
    for block in blocks.iter().filter(|block| block.word == "function") {
        let whole = Node {
            span: block.span,
            kind: Kind::Seq { items: Vec::new() },
        };
        let mut prompt = made.prompt(block.name, &whole);
        let body = &text[block.body.start..block.body.end];
        let Some(content) = raw_string(body, "prompt") else {
            continue;
        };
        let (from, to) = (block.body.start + content.start, block.body.start + content.end);
        for (role, span) in unbroken(turns(text, from, to), text, 0, Syntax::Jinja) {
            let message = made.text(
                role,
                &Text::verbatim(&text[span.start..span.end], span.start),
                Syntax::Jinja,
            );
            prompt.messages.push(message);
        }
        prompt.declared = arguments(reading, text, block);
        if let Some(client) = value(body, "client") {
            take_client(reading, &mut prompt, &clients, text, block.body.start, client);
        }
        made.push(prompt);
    }
    Some(made.finish_certain())
}

/// A block of the top level: `function Name(…) -> T { … }`, `client<llm> Name { … }`.
struct Block<'t> {
    word: &'t str,
    name: &'t str,
    span: Span,
    /// Between its braces.
    body: Span,
    /// Between its word and its braces.
    head: Span,
}

/// The blocks of the top level. A block whose brace is never closed ends the list.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut skip_to = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        if at < skip_to {
            continue;
        }
        let word_end = line
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(line.len());
        let word = &line[..word_end];
        if !matches!(word, "function" | "client") {
            continue;
        }
        let Some(open) = text[at..].find('{').map(|length| at + length) else {
            break;
        };
        let Some(close) = block_end(text, open) else {
            break;
        };
        let head = Span::new(at + word_end, open);
        let rest = text[head.start..head.end].trim_start();
        let rest = rest.strip_prefix("<llm>").unwrap_or(rest).trim_start();
        let name_end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        found.push(Block {
            word,
            name: &rest[..name_end],
            span: Span::new(at, close + 1),
            body: Span::new(open + 1, close),
            head,
        });
        skip_to = close + 1;
    }
    found
}

/// The brace that closes the one at `open`; strings (`"…"`, `#"…"#`) and comments hold none.
fn block_end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'#' if bytes[at..].starts_with(b"#\"") => at += 2 + text[at + 2..].find("\"#")? + 1,
            b'"' => at += 1 + text[at + 1..].find('"')?,
            b'/' if bytes[at..].starts_with(b"//") => at += text[at..].find('\n')?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The content of the `#"…"#` (or `"…"`) behind a key of a block.
fn raw_string(body: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let (at, value) = behind(body, key)?;
    let hashes = value.bytes().take_while(|byte| *byte == b'#').count();
    let from = at + hashes + 1;
    if !value[hashes..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    body[from..].find(&close).map(|length| from..from + length)
}

/// The value behind a key of a block, up to its line's end or a comment: its place in the block.
fn value(body: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let (at, value) = behind(body, key)?;
    let quoted = value.strip_prefix('"').and_then(|inner| inner.split_once('"'));
    Some(match quoted {
        Some((inner, _)) => at + 1..at + 1 + inner.len(),
        None => {
            let end = value.find([' ', '\t', ',', '\n', '\r']).unwrap_or(value.len());
            at..at + end
        }
    })
}

/// What stands behind a key of a block, to its line's end, and where it begins.
fn behind<'b>(body: &'b str, key: &str) -> Option<(usize, &'b str)> {
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        if let Some(rest) = line.trim_start().strip_prefix(key)
            && rest.starts_with([' ', '\t'])
        {
            let value = rest.trim_start();
            return Some((start + line.len() - value.len(), value));
        }
        start += line.len();
    }
    None
}

/// The messages: each starts behind a `{{ _.role("…") }}`, or `{{ _.chat("…") }}` in older files.
fn turns(text: &str, from: usize, to: usize) -> Vec<(Role, Span)> {
    let mut turns = Vec::new();
    let mut role = Role::System;
    let mut start = from;
    let mut marks = Vec::new();
    for (at, _) in text[from..to].match_indices("{{") {
        let at = from + at;
        let Some(length) = text[at..to].find("}}") else {
            break;
        };
        let inner = text[at + 2..at + length].trim_matches(['-', ' ']);
        let name = inner.strip_prefix("_.role(").or_else(|| inner.strip_prefix("_.chat("));
        let name = name.map(|name| {
            name.trim_end_matches(')')
                .trim_start_matches("role=")
                .trim_matches(['"', '\'', ' '])
        });
        if let Some(next) = name.and_then(Role::from_name) {
            marks.push((next, at, at + length + 2));
        }
    }
    for (next, end, after) in marks.into_iter().chain([(Role::User, to, to)]) {
        let part = &text[start..end];
        let content = part.trim();
        if !content.is_empty() {
            let lead = start + part.len() - part.trim_start().len();
            turns.push((role, Span::new(lead, lead + content.len())));
        }
        role = next;
        start = after;
    }
    turns
}

/// The arguments of a function, which its prompt may use.
fn arguments(reading: &Reading<'_>, text: &str, block: &Block<'_>) -> Vec<Declared> {
    let head = &text[block.head.start..block.head.end];
    let (Some(open), Some(close)) = (head.find('('), head.find(')')) else {
        return Vec::new();
    };
    let mut at = block.head.start + open + 1;
    let mut found = Vec::new();
    for argument in head.get(open + 1..close).unwrap_or_default().split(',') {
        let name = argument.split(':').next().unwrap_or_default();
        let trimmed = name.trim();
        if !trimmed.is_empty() {
            let start = at + name.len() - name.trim_start().len();
            found.push(Declared {
                name: trimmed.to_owned(),
                sample: None,
                place: reading.place(Span::new(start, start + trimmed.len())),
            });
        }
        at += argument.len() + 1;
    }
    found
}

/// The model of the client that a function names: `"openai/gpt-4o"` says it itself, a name stands for a block.
fn take_client(
    reading: &Reading<'_>,
    prompt: &mut Prompt,
    clients: &HashMap<&str, &Block<'_>>,
    text: &str,
    offset: usize,
    client: std::ops::Range<usize>,
) {
    let place = reading.place(Span::new(offset + client.start, offset + client.end));
    let name = &text[offset + client.start..offset + client.end];
    if let Some((provider, model)) = name.split_once('/') {
        prompt.provider = Some(provider.to_owned());
        prompt.model = Field::Known(model.to_owned(), place);
        return;
    }
    let Some(block) = clients.get(name) else {
        let why = format!("the client `{name}` stands in another file");
        prompt.model = Field::Unknown(why, Some(place));
        return;
    };
    let body = &text[block.body.start..block.body.end];
    let stated = |key: &str| {
        let range = value(body, key)?;
        let written = body[range.clone()].to_owned();
        let place = reading.place(Span::new(block.body.start + range.start, block.body.start + range.end));
        Some((written, place))
    };
    prompt.provider = stated("provider").map(|(name, _)| name);
    prompt.model = match stated("model") {
        Some((model, place)) if model.starts_with("env.") => {
            Field::Unknown(format!("`{model}` is filled in at run time"), Some(place))
        }
        Some((model, place)) => Field::Known(model, place),
        None => Field::Unknown(format!("the client `{name}` names no model of its own"), Some(place)),
    };
    if let Some((limit, place)) = ["max_tokens", "max_completion_tokens"].into_iter().find_map(stated) {
        prompt.max_output_tokens = match limit.parse() {
            Ok(limit) => Field::Known(limit, place),
            Err(_) => Field::Unknown(format!("`{limit}` is not a whole number"), Some(place)),
        };
    }
    if let Some((value, place)) = stated("temperature") {
        prompt.sampling.push(Parameter {
            name: "temperature".to_owned(),
            value,
            place,
        });
    }
}
