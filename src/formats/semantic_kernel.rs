//! Semantic Kernel's prompts: `config.json` with the `skprompt.txt` beside it, and functions as YAML.
//! Format: <https://learn.microsoft.com/en-us/semantic-kernel/concepts/prompts/yaml-schema>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::source::Text;
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Prompt, Role};

pub(super) const NAME: &str = "semantic kernel function";

/// The file that holds a function's text, beside its `config.json`.
pub(super) const TEXT_FILE: &str = "skprompt.txt";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    match reading.source.extension() {
        "json" if reading.source.file_name() == "config.json" => read_config(reading),
        "yaml" | "yml" | "json" => read_function(reading),
        _ => None,
    }
}

fn read_config(reading: &Reading<'_>) -> Option<Read> {
    const MARKS: &[&str] = &["\"execution_settings\"", "\"completion\"", "\"input_variables\""];
    if !reading.contains("\"schema\"") || !MARKS.iter().any(|mark| reading.contains(mark)) {
        return None;
    }
    let document = reading.json().as_ref().ok()?;
    document.get("schema")?.as_u64()?;
    let mut made = Maker::new(reading, NAME);
    let mut prompt = made.prompt("", document);
    let named = (TEXT_FILE, document.span);
    made.say_file(&mut prompt, Role::User, named, turns, Some(Syntax::Expressions));
    take_settings(reading, &mut prompt, document);
    made.push(prompt);
    made.finish()
}

fn read_function(reading: &Reading<'_>) -> Option<Read> {
    if !reading.contains("template_format") || !reading.contains("template") {
        return None;
    }
    let document = match reading.source.extension() {
        "json" => reading.json().as_ref().ok()?,
        _ => reading.yaml().documents.first()?,
    };
    let text = document.get("template")?.as_string()?;
    let format = document.get("template_format")?.as_str()?;
    // LangChain's prompts have the same two keys, and list the names of their variables.
    if matches!(format, "f-string" | "mustache") {
        return None;
    }
    let syntax = match format {
        "handlebars" => Syntax::Mustache,
        "liquid" => Syntax::Liquid,
        "jinja2" => Syntax::Jinja,
        _ => Syntax::Expressions,
    };
    let mut made = Maker::new(reading, NAME);
    let mut prompt = made.prompt("", document);
    for (role, part) in turns(text) {
        let message = made.text(role, &part, syntax);
        prompt.messages.push(message);
    }
    take_settings(reading, &mut prompt, document);
    made.push(prompt);
    made.finish()
}

fn take_settings(reading: &Reading<'_>, prompt: &mut Prompt, document: &Node) {
    let older = document.get("completion");
    let services = document.get("execution_settings").filter(|map| map.is_map());
    let named = |map: &Node| map.get("model_id").is_some();
    let chosen = services.and_then(|map| {
        let first = map.entries().next().map(|(_, value)| value);
        map.get("default").or(first).or_else(|| named(map).then_some(map))
    });
    if let Some(map) = chosen.or(older) {
        prompt.model = settings::string(reading, map, &["model_id"]);
        settings::take_parameters(reading, map, prompt);
    }
    let inputs = document
        .at(&["input", "parameters"])
        .or_else(|| document.get("input_variables"));
    for input in inputs.into_iter().flat_map(Node::items) {
        if let Some(name) = input.get("name") {
            let mut declared = settings::declared(reading, name, None);
            let sample = input
                .get("default")
                .or_else(|| input.get("defaultValue"))
                .and_then(Node::as_str);
            declared.sample = sample.filter(|text| !text.is_empty()).map(str::to_owned);
            prompt.declared.push(declared);
        }
    }
}

/// The messages between tags such as `<message role="user">`; a text without them is one of the user's.
pub(super) fn turns(text: &Text) -> Vec<(Role, Text)> {
    let written = text.as_str();
    let mut turns = Vec::new();
    let mut at = 0;
    while let Some(found) = written[at..].find("<message role=\"") {
        let name = at + found + "<message role=\"".len();
        let Some(name_end) = written[name..].find('"').map(|length| name + length) else {
            break;
        };
        let Some(open_end) = written[name_end..].find('>').map(|length| name_end + length + 1) else {
            break;
        };
        let Some(close) = written[open_end..].find("</message>").map(|length| open_end + length) else {
            break;
        };
        let content = written[open_end..close].trim();
        let lead = written[open_end..close].len() - written[open_end..close].trim_start().len();
        if let Some(role) = Role::from_name(&written[name..name_end])
            && !content.is_empty()
        {
            let from = open_end + lead;
            turns.push((role, text.slice(from..from + content.len())));
        }
        at = close;
    }
    if turns.is_empty() && !written.trim().is_empty() {
        turns.push((Role::User, text.clone()));
    }
    turns
}
