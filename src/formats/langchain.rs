//! Prompts that LangChain serialized: `prompt.json` and `prompt.yaml` with a `template`, and the manifests of the hub
//! (`"lc": 1`) with prompts, and the model that they are bound to.
//! Format: <https://python.langchain.com/docs/how_to/serialization/>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::source::Text;
use crate::syntax::Node;
use crate::syntax::template::{Piece, Syntax};
use crate::units::{Prompt, Role};

pub(super) const NAME: &str = "langchain prompt";

/// How deep a manifest is searched for its parts: a chain inside a chain is rare, and readers stop at 200.
const DEPTH: usize = 12;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let manifest = extension == "json" && reading.contains("\"lc\"") && reading.contains("constructor");
    let plain =
        reading.contains("input_variables") && (reading.contains("template") || reading.contains("example_prompt"));
    if !matches!(extension, "json" | "yaml" | "yml") || !(manifest || plain) {
        return None;
    }
    let document = match extension {
        "json" => reading.json().as_ref().ok()?,
        _ => reading.yaml().documents.first()?,
    };
    let mut made = Maker::new(reading, NAME);
    if document.get("lc").is_some() {
        let mut prompt = made.prompt("", document);
        let mut left = 1000;
        walk(&mut made, &mut prompt, document, 0, &mut left);
        made.push(prompt);
    } else if is_names(document.get("input_variables")) {
        let mut prompt = made.prompt("", document);
        serialized(&mut made, &mut prompt, document);
        made.push(prompt);
    }
    made.finish()
}

/// Whether a list holds names alone: others list their variables with types.
fn is_names(list: Option<&Node>) -> bool {
    list.is_some_and(|list| list.is_seq() && list.items().all(|name| name.as_str().is_some()))
}

/// The last name of a manifest's class: `["langchain", "prompts", "chat", "ChatPromptTemplate"]`.
fn class(node: &Node) -> Option<&str> {
    node.get("id")?.items().last()?.as_str()
}

fn walk(made: &mut Maker<'_, '_>, prompt: &mut Prompt, node: &Node, depth: usize, left: &mut usize) {
    if depth > DEPTH || *left == 0 {
        return;
    }
    *left -= 1;
    let kwargs = node.get("kwargs");
    let role = match class(node) {
        Some("SystemMessagePromptTemplate" | "SystemMessage") => Some(Role::System),
        Some("HumanMessagePromptTemplate" | "HumanMessage" | "ChatMessagePromptTemplate") => Some(Role::User),
        Some("AIMessagePromptTemplate" | "AIMessage") => Some(Role::Assistant),
        Some("PromptTemplate") => Some(Role::User),
        _ => None,
    };
    if let (Some(role), Some(kwargs)) = (role, kwargs) {
        templates(made, prompt, role, kwargs.get("prompt").unwrap_or(node));
        return;
    }
    if let (Some(name), Some(kwargs)) = (class(node), kwargs)
        && (name.starts_with("Chat") || name.ends_with("LLM"))
        && !name.contains("Prompt")
    {
        prompt.model = settings::string(made.reading, kwargs, &["model", "model_name", "modelName", "model_id"]);
        settings::take_parameters(made.reading, kwargs, prompt);
        return;
    }
    match kwargs {
        Some(kwargs) => {
            for (_, value) in kwargs.entries() {
                walk(made, prompt, value, depth + 1, left);
                for item in value.items() {
                    walk(made, prompt, item, depth + 1, left);
                }
            }
        }
        None => {
            for (_, value) in node.entries() {
                walk(made, prompt, value, depth + 1, left);
            }
        }
    }
}

/// The template of a message: one, or a list of parts.
fn templates(made: &mut Maker<'_, '_>, prompt: &mut Prompt, role: Role, node: &Node) {
    let kwargs = node.get("kwargs").unwrap_or(node);
    if let Some(text) = kwargs.get("template").or_else(|| kwargs.get("content")) {
        made.say(prompt, role, Some(text), syntax(kwargs));
    }
    for part in node.items() {
        let kwargs = part.get("kwargs").unwrap_or(part);
        made.say(prompt, role, kwargs.get("template"), syntax(kwargs));
    }
}

fn syntax(map: &Node) -> Syntax {
    match map.get("template_format").and_then(Node::as_str) {
        Some("jinja2") => Syntax::Jinja,
        Some("mustache") => Syntax::Mustache,
        _ => Syntax::Braces,
    }
}

/// A prompt of the older form: one template, or one around examples.
fn serialized(made: &mut Maker<'_, '_>, prompt: &mut Prompt, document: &Node) {
    let syntax = syntax(document);
    if let Some(path) = document.get("template_path")
        && let Some(name) = path.as_str()
    {
        let whole = |text: &Text| vec![(Role::User, text.clone())];
        made.say_file(prompt, Role::User, (name, path.span), whole, Some(syntax));
    }
    made.say(prompt, Role::User, document.get("template"), syntax);
    if let Some(messages) = document.get("messages") {
        for message in messages.items() {
            let role = message.get("role").and_then(Node::as_str).and_then(Role::from_name);
            let text = message.at(&["prompt", "template"]).or_else(|| message.get("content"));
            made.say(prompt, role.unwrap_or(Role::User), text, syntax);
        }
    }
    made.say(prompt, Role::User, document.get("prefix"), syntax);
    // Examples are written through a template of their own: how long they come out is not known here.
    if document.get("example_prompt").is_some()
        && let Some(message) = prompt.messages.last_mut()
    {
        let end = message.text.as_str().len();
        message.pieces.push(Piece::Include {
            name: "examples".to_owned(),
            range: end..end,
        });
    }
    made.say(prompt, Role::User, document.get("suffix"), syntax);
    let names = document.get("input_variables").into_iter().flat_map(Node::items);
    let reading = made.reading;
    prompt.declared = names.map(|name| settings::declared(reading, name, None)).collect();
}
