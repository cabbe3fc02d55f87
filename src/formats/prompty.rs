//! Prompty files: YAML front matter, then messages under lines such as `system:`. Versions 1 and 2.
//! Format: <https://prompty.ai/docs/prompty-file-format>.

use std::collections::HashMap;

use super::maker::unbroken;
use super::{Read, Reading, prompt_file, settings};
use crate::source::{Span, Text};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, SyntaxError, front_matter, yaml};
use crate::units::{Declared, Prompt, Role, Unit};

pub(super) const NAME: &str = "prompty";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "prompty" {
        return None;
    }
    let (body, start) = reading.source.body();
    let mut read = Read::default();
    let mut prompt = settings::empty_prompt(reading, reading.source.path.clone(), NAME);
    let mut syntax = Syntax::Jinja;
    let mut content = Span::new(start, start + body.len());
    if let Some(front) = front_matter::split(body, start) {
        let text = &reading.source.text[front.yaml.start..front.yaml.end];
        let parsed = yaml::parse(text, front.yaml.start);
        read.errors.extend(parsed.error);
        content = front.body;
        if let Some(settings) = parsed.documents.first() {
            if let Some(kind) = other_api(settings) {
                read.note = format!("a request for {kind}: not judged");
                return Some(read);
            }
            take_settings(reading, &mut prompt, settings);
            syntax = template_syntax(settings);
        }
    } else if body.starts_with("---") {
        read.errors.push(SyntaxError {
            span: Span::new(start, start + 3),
            message: "the front matter opened here is never closed: expected a line `---`".to_owned(),
        });
    }
    let text = &reading.source.text[content.start..content.end];
    for (role, span) in unbroken(turns(text, content.start), text, content.start, syntax) {
        let text = Text::verbatim(&reading.source.text[span.start..span.end], span.start);
        let message = prompt_file::message(reading, role, text, syntax, &mut read.errors);
        prompt.messages.push(message);
    }
    read.units.push(Unit::Prompt(Box::new(prompt)));
    Some(read)
}

/// What is asked for, where it is no chat: images, embeddings.
fn other_api(front: &Node) -> Option<&str> {
    let api = [&["model", "apiType"][..], &["model", "api"]]
        .iter()
        .find_map(|path| front.at(path))?
        .as_str()?;
    matches!(api, "image" | "embedding" | "embeddings" | "audio" | "speech").then_some(api)
}

fn template_syntax(front: &Node) -> Syntax {
    let template = front.get("template");
    let format = template.and_then(|template| {
        template
            .at(&["format", "kind"])
            .or_else(|| template.get("format"))
            .or_else(|| template.get("type"))
            .unwrap_or(template)
            .as_str()
    });
    match format {
        Some("mustache" | "handlebars") => Syntax::Mustache,
        Some("none" | "nop") => Syntax::None,
        _ => Syntax::Jinja,
    }
}

fn take_settings(reading: &Reading<'_>, prompt: &mut Prompt, front: &Node) {
    let Some(model) = front.get("model") else {
        return;
    };
    if !model.is_map() {
        prompt.model = settings::string(reading, front, &["model"]);
    } else if model.get("id").is_some() {
        prompt.model = settings::string(reading, model, &["id"]);
    } else if let Some(configuration) = model.get("configuration") {
        // An Azure deployment is a name of the team's own: it tells the model only where it is one.
        prompt.model = settings::string(reading, configuration, &["name", "model", "azure_deployment"]);
    }
    let provider = model.get("provider").or_else(|| model.at(&["configuration", "type"]));
    prompt.provider = provider.and_then(Node::as_str).map(str::to_owned);
    let connection = model.get("connection").or_else(|| model.get("configuration"));
    prompt.endpoint = connection.and_then(settings::endpoint);
    let options = model.get("options").or_else(|| model.get("parameters"));
    if let Some(options) = options {
        settings::take_parameters(reading, options, prompt);
        if prompt.max_output_tokens.is_absent()
            && let Some(more) = options.get("additionalProperties")
            && let limit @ crate::units::Field::Known(..) = settings::output_limit(reading, more)
        {
            prompt.max_output_tokens = limit;
        }
    } else if let Some(slot) = model.slot() {
        prompt.max_output_tokens = crate::units::Field::absent_at(reading.id, slot.clone());
    }
    // Version 2 states the answer's form under `outputs`, version 1 tools under `parameters`.
    if let Some(outputs) = front.get("outputs").or_else(|| front.get("outputSchema"))
        && (outputs.is_map() || outputs.is_seq())
    {
        prompt.response_format = crate::units::Field::Known("json_schema".to_owned(), reading.place(outputs.span));
    }
    let tools = front
        .get("tools")
        .or_else(|| options.and_then(|options| options.get("tools")));
    let tools = tools.into_iter().flat_map(Node::items);
    prompt.tools = tools.map(|tool| settings::tool(reading, tool)).collect();
    prompt.declared = declared(reading, front);
}

/// Version 1 lists samples of its inputs (`sample`), or their types with a `default` or `sample` each; version 2 calls
/// them `inputs` or `inputSchema`, a mapping or a list of properties.
fn declared(reading: &Reading<'_>, front: &Node) -> Vec<Declared> {
    let samples = front.get("sample");
    let schema = front.get("inputs").or_else(|| front.get("inputSchema"));
    let mut found: Vec<Declared> = Vec::new();
    let properties = schema.map(|schema| schema.get("properties").unwrap_or(schema));
    if let Some(list) = properties.filter(|list| list.is_seq()) {
        for item in list.items() {
            if let Some(name) = item.get("name").filter(|name| name.as_str().is_some()) {
                found.push(settings::declared(reading, name, Some(item)));
            }
        }
    }
    for (name, input) in properties.into_iter().flat_map(Node::entries) {
        found.push(settings::declared(reading, name, Some(input)));
    }
    let known: HashMap<String, usize> = found
        .iter()
        .enumerate()
        .map(|(index, input)| (input.name.clone(), index))
        .collect();
    for (name, value) in samples.into_iter().flat_map(Node::entries) {
        let sample = value.as_str().map(str::to_owned);
        match known.get(name.as_str().unwrap_or_default()) {
            Some(index) => found[*index].sample = found[*index].sample.take().or(sample),
            None => {
                let mut made = settings::declared(reading, name, None);
                made.sample = sample;
                found.push(made);
            }
        }
    }
    found
}

/// The messages: each starts behind a line with a role's name and a colon (`system:`, `# user:`,
/// `user[name="Alice"]:`). Text before the first is the system's.
pub(super) fn turns(text: &str, start: usize) -> Vec<(Role, Span)> {
    let mut turns = Vec::new();
    let mut role = Role::System;
    let mut from = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(next) = role_line(line) {
            turns.push((role, from, at));
            role = next;
            from = at + line.len();
        }
        at += line.len();
    }
    turns.push((role, from, at));
    turns
        .into_iter()
        .filter_map(|(role, from, to)| {
            let part = &text[from..to];
            let content = part.trim();
            if content.is_empty() {
                return None;
            }
            let lead = part.len() - part.trim_start().len();
            let begin = start + from + lead;
            Some((role, Span::new(begin, begin + content.len())))
        })
        .collect()
}

fn role_line(line: &str) -> Option<Role> {
    let line = line.trim().trim_start_matches('#').trim_start();
    let name = line.strip_suffix(':')?;
    let name = name.split_once('[').map_or(name, |(name, _)| name);
    Role::from_name(name.trim())
}
