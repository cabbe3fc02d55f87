//! Ollama's Modelfiles: a model with the parameters it is loaded with, and the system prompt that goes before every
//! chat. Format: <https://docs.ollama.com/modelfile>, `parser/parser.go` of release 0.32.

use super::{Read, Reading, settings};
use crate::source::{Span, Text, TextBuilder};
use crate::syntax::SyntaxError;
use crate::units::{Deployment, Field, GpuRequest, Host, Launch, Message, Parameter, Piece, Prompt, Role, Unit, Word};

pub(super) const NAME: &str = "modelfile";

/// Parameters that a request may set as well.
const SAMPLING: &[&str] = &["temperature", "top_p", "top_k", "min_p", "seed", "repeat_penalty"];

pub(super) fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let begins = lower
        .strip_prefix("modelfile")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']));
    begins || lower.ends_with(".modelfile")
}

/// One instruction: its name in lower case, and what stands behind it.
struct Instruction {
    name: String,
    /// The instruction as a whole.
    span: Span,
    value: Text,
}

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !is_name(reading.source.file_name()) {
        return None;
    }
    let (body, start) = reading.source.body();
    let (instructions, open) = instructions(body, start);
    let from = instructions.iter().find(|instruction| instruction.name == "from")?;
    let mut read = Read::default();
    if let Some(at) = open {
        read.errors.push(SyntaxError {
            span: at,
            message: "the text that `\"\"\"` opens here is never closed".to_owned(),
        });
    }
    read.units
        .push(Unit::Deployment(Box::new(deployment(reading, from, &instructions))));
    read.units.extend(prompt(reading, from, &instructions));
    Some(read)
}

/// The instructions of a file, and where a text is opened that nothing closes.
fn instructions(body: &str, start: usize) -> (Vec<Instruction>, Option<Span>) {
    let mut made = Vec::new();
    let mut at = 0;
    while let Some(line) = body[at..].split_inclusive('\n').next() {
        let end = at + line.len();
        let trimmed = line.trim_start();
        let from = at + (line.len() - trimmed.len());
        let name = trimmed.split_whitespace().next().unwrap_or_default();
        at = end;
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let rest = from + name.len();
        let value = rest + (body[rest..end].len() - body[rest..end].trim_start_matches([' ', '\t']).len());
        // A role or a parameter's name may stand in front of the quotes.
        let opened = body[value..end].find("\"\"\"").filter(|quote| {
            let before = body[value..value + quote].trim();
            before.split_whitespace().count() <= 1 && !before.contains('"')
        });
        let (text, stop) = match opened {
            Some(quote) => {
                let inner = value + quote + 3;
                let Some(length) = body[inner..].find("\"\"\"") else {
                    return (made, Some(Span::new(start + inner - 3, start + inner)));
                };
                let stop = inner + length + 3;
                at = body[stop..].find('\n').map_or(body.len(), |line| stop + line + 1);
                (quoted(body, start, value, quote, inner..inner + length), stop)
            }
            None => {
                let text = body[value..end].trim_end();
                (Text::verbatim(text, start + value), value + text.len())
            }
        };
        made.push(Instruction {
            name: name.to_ascii_lowercase(),
            span: Span::new(start + from, start + stop),
            value: text,
        });
    }
    (made, None)
}

/// A text in three quotes with what stands in front of it, its quotes left out.
fn quoted(body: &str, start: usize, value: usize, quote: usize, inner: std::ops::Range<usize>) -> Text {
    let lead = &body[value..value + quote];
    if lead.trim().is_empty() {
        return Text::verbatim(&body[inner.clone()], start + inner.start);
    }
    let mut builder = TextBuilder::default();
    builder.verbatim(lead, start + value);
    builder.verbatim(&body[inner.clone()], start + inner.start);
    builder.finish(Span::new(start + value, start + inner.end))
}

/// The text without the quotes around it.
fn unquoted(text: &Text) -> Text {
    let written = text.as_str();
    match written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => text.slice(1..1 + inner.len()),
        None => text.clone(),
    }
}

/// The first word of a value, and what stands behind it.
fn split(value: &Text) -> (Text, Text) {
    let written = value.as_str();
    let end = written.find(char::is_whitespace).unwrap_or(written.len());
    let rest = end + (written[end..].len() - written[end..].trim_start().len());
    (value.slice(0..end), value.slice(rest..written.len()))
}

fn deployment(reading: &Reading<'_>, from: &Instruction, instructions: &[Instruction]) -> Deployment {
    let place = reading.place(from.span);
    let word = |text: &Text| Word {
        value: Ok(text.as_str().to_owned()),
        place: reading.place(text.span()),
    };
    let fixed = |text: &str| Word {
        value: Ok(text.to_owned()),
        place,
    };
    let mut words = vec![
        fixed("ollama"),
        fixed("create"),
        fixed("FROM"),
        word(&unquoted(&from.value)),
    ];
    for instruction in instructions
        .iter()
        .filter(|instruction| instruction.name == "parameter")
    {
        let (name, value) = split(&instruction.value);
        words.extend([fixed("PARAMETER"), word(&name), word(&unquoted(&value))]);
    }
    Deployment {
        name: reading.source.path.clone(),
        format: NAME,
        place,
        image: Field::Unknown("the installed Ollama decides".to_owned(), None),
        launch: Launch {
            words,
            slot: Field::Absent(Some((place, None))),
            ..Launch::default()
        },
        gpu: GpuRequest::default(),
        replicas: Field::default(),
        nodes: Field::default(),
        host: Host::default(),
        settings: None,
    }
}

/// What is sent before the user's own words: the system prompt, and the messages of an example.
fn prompt(reading: &Reading<'_>, from: &Instruction, instructions: &[Instruction]) -> Option<Unit> {
    let mut messages = Vec::new();
    for instruction in instructions {
        let (role, text) = match instruction.name.as_str() {
            "system" => (Role::System, unquoted(&instruction.value)),
            "message" => {
                let (role, text) = split(&instruction.value);
                match Role::from_name(role.as_str()) {
                    Some(role) => (role, unquoted(&text)),
                    None => continue,
                }
            }
            _ => continue,
        };
        // On a line of its own a text can't take a second line.
        let text = match reading.source.text[..text.span().start].ends_with("\"\"\"") {
            true => text,
            false => Text::opaque(text.as_str(), text.span()),
        };
        messages.push(Message {
            role,
            source: reading.id,
            pieces: vec![Piece::Fixed(0..text.as_str().len())],
            text,
            attachments: Vec::new(),
            file: None,
        });
    }
    messages.retain(|message| !message.text.as_str().trim().is_empty());
    let first = messages.first()?;
    let name = format!("{}#prompt", reading.source.path);
    let model = unquoted(&from.value);
    let mut prompt = Prompt {
        place: reading.place(first.text.span()),
        model: Field::Known(model.as_str().to_owned(), reading.place(model.span())),
        provider: Some("ollama".to_owned()),
        ..settings::empty_prompt(reading, name, NAME)
    };
    prompt.messages = messages;
    for instruction in instructions
        .iter()
        .filter(|instruction| instruction.name == "parameter")
    {
        let (name, value) = split(&instruction.value);
        let place = reading.place(instruction.span);
        match name.as_str() {
            // Below zero it is without a limit.
            "num_predict" if value.as_str().starts_with('-') => {}
            "num_predict" => {
                let written = value.as_str();
                prompt.max_output_tokens = match written.parse() {
                    Ok(limit) => Field::Known(limit, reading.place(value.span())),
                    Err(_) => Field::Unknown(format!("`{written}` is not a whole number"), Some(place)),
                };
            }
            name if SAMPLING.contains(&name) => prompt.sampling.push(Parameter {
                name: name.to_owned(),
                value: value.as_str().to_owned(),
                place,
            }),
            _ => {}
        }
    }
    Some(Unit::Prompt(Box::new(prompt)))
}
