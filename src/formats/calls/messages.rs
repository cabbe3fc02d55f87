//! The messages of a call: lists and maps, objects that packages make, templates, texts of files.

use std::sync::Arc;

use super::{Found, Sending, shown_at};
use crate::formats::Reading;
use crate::formats::maker::file_message;
use crate::source::{Place, Span, Text, resolve};
use crate::syntax::code::{Argument, Call, Kind, Language, Open, Value};
use crate::syntax::template::{self, Piece, Syntax};
use crate::units::{Attachment, FURTHER_MESSAGES, Field, Message, Prompt, Role};

/// Most messages that are read of one call.
const MAX_MESSAGES: usize = 200;

/// What makes messages, by the last part of its name, and whose they are.
const MESSAGES: &[(&str, Role)] = &[
    ("SystemMessage", Role::System),
    ("SystemMessagePromptTemplate", Role::System),
    ("HumanMessage", Role::User),
    ("HumanMessagePromptTemplate", Role::User),
    ("UserMessage", Role::User),
    ("AIMessage", Role::Assistant),
    ("AIMessagePromptTemplate", Role::Assistant),
    ("AssistantMessage", Role::Assistant),
    ("ToolMessage", Role::Tool),
    ("FunctionMessage", Role::Tool),
    ("UserContent", Role::User),
    ("ModelContent", Role::Assistant),
];

/// What makes templates, by the last parts of its name.
const TEMPLATES: &[&str] = &[
    "from_template",
    "PromptTemplate",
    "ChatPromptTemplate",
    "from_messages",
    "fromTemplate",
    "fromMessages",
];

/// Messages as they are read.
pub(super) struct Messages<'r, 'a> {
    reading: &'r Reading<'a>,
    call: Place,
    pub(super) made: Vec<Message>,
    grows: Option<Span>,
    /// The language of templates: LangChain's own unless a call names another.
    syntax: Syntax,
    /// Which message is one of several files, with those.
    files: Option<(usize, Vec<Message>)>,
}

impl<'r, 'a> Messages<'r, 'a> {
    pub(super) fn new(reading: &'r Reading<'a>, call: Place) -> Self {
        Self {
            reading,
            call,
            made: Vec::new(),
            grows: None,
            syntax: Syntax::Braces,
            files: None,
        }
    }

    /// The messages put into a prompt.
    pub(super) fn finish(self, mut prompt: Prompt) -> Sending {
        prompt.messages = self.made;
        let (instead_of, files) = self.files.unwrap_or_default();
        Sending {
            prompt,
            embeds: false,
            files,
            instead_of,
        }
    }

    /// Whether a loop around the call adds to what is sent.
    pub(super) fn resends(&self) -> Field<bool> {
        match self.grows {
            Some(span) => Field::Known(
                true,
                Place {
                    source: self.call.source,
                    span,
                },
            ),
            None => Field::default(),
        }
    }

    /// Adds what a value sends: a list of messages, a message, a text. `role` is that of what names none.
    pub(super) fn add(&mut self, found: &Found, role: Role, depth: usize) {
        let Some(depth) = depth.checked_sub(1).filter(|_| self.made.len() < MAX_MESSAGES) else {
            return;
        };
        let value = &found.value;
        match &value.kind {
            Kind::Plain(_) => {}
            Kind::Text(text, pieces) => self.text(role, value, text.clone(), pieces.clone()),
            Kind::List { items, open } => self.list(items, open.as_ref(), found, role, depth),
            Kind::Map { .. } => self.message(found, role, depth),
            Kind::Call(call) => self.made_message(call, found, role, depth),
            Kind::Scope(file, scope) => {
                // A signature, or a function whose docstring is its prompt.
                let doc = self
                    .reading
                    .files
                    .module(*file)
                    .and_then(|module| module.scope(*scope).doc.clone());
                match doc {
                    Some(text) => {
                        let pieces = vec![Piece::Fixed(0..text.as_str().len())];
                        self.text(role, value, text, pieces);
                    }
                    None => self.variable_of(found, role),
                }
            }
            Kind::OneOf { of, .. } => {
                let files = self.files_of(of, role);
                let texts = of.iter().filter(|one| matches!(one.kind, Kind::Text(..))).count();
                if self.files.is_none() && files.len() > 1 && files.len() == texts {
                    self.files = Some((self.made.len(), files));
                }
                // Of several lists or texts the first stands for all of them.
                let first = of
                    .iter()
                    .find(|one| matches!(one.kind, Kind::List { .. } | Kind::Text(..) | Kind::Map { .. }));
                match first {
                    Some(first) => self.add(
                        &Found {
                            value: first.clone(),
                            place: found.place,
                        },
                        role,
                        depth,
                    ),
                    None => self.variable_of(found, role),
                }
            }
            Kind::Path(..) | Kind::File(_) | Kind::Unknown(_) => self.variable_of(found, role),
        }
    }

    /// Adds the prompt that a file of the run holds, which a call loads by its path.
    fn file(&mut self, call: &Call, role: Role) -> bool {
        let Some((argument, name)) = call
            .positional
            .first()
            .and_then(|path| Some((path, path.value.fixed()?)))
        else {
            return false;
        };
        let files = self.reading.files;
        let from = &self.reading.source.from_root;
        let found = resolve(from, name, |path| files.find(path).is_some());
        if found.is_some() {
            let mut message = file_message(self.reading, role, name, argument.span);
            message.source = call.place.source;
            self.made.push(message);
        }
        found.is_some()
    }

    /// The messages of values that are texts of files of their own.
    fn files_of(&self, values: &[Arc<Value>], role: Role) -> Vec<Message> {
        let texts = values.iter().filter_map(|value| match &value.kind {
            Kind::Text(text, pieces) => {
                let source = self.reading.files.source(value.place.source);
                let is_code = Language::of_extension(source.extension()).is_some();
                (!is_code).then(|| message(role, value, text.clone(), pieces.clone()))
            }
            _ => None,
        });
        texts.collect()
    }

    fn inner(&self, value: &Arc<Value>, outer: &Found) -> Found {
        Found {
            value: value.clone(),
            place: shown_at(value, outer.place),
        }
    }

    fn list(&mut self, items: &[Arc<Value>], open: Option<&Open>, outer: &Found, role: Role, depth: usize) {
        // `("system", "…")`, as LangChain writes a message.
        if let [first, second] = items
            && let Some(named) = first.fixed().and_then(Role::from_name)
        {
            let content = self.inner(second, outer);
            self.template(&content, named, depth);
            return;
        }
        let is_parts =
            items.iter().any(|item| is_part(item)) && items.iter().all(|item| is_part(item) || is_text(item));
        if is_parts {
            self.parts(items, outer, role, depth);
        } else {
            for item in items {
                let item = self.inner(item, outer);
                self.add(&item, role, depth);
            }
        }
        if let Some(open) = open {
            self.grows = self.grows.or(open.grows);
            let name = if open.grows.is_some() {
                "what the loop adds"
            } else {
                FURTHER_MESSAGES
            };
            self.variable(name, outer.place.span, role);
        }
    }

    /// Parts of one message: texts, and what is attached.
    fn parts(&mut self, items: &[Arc<Value>], outer: &Found, role: Role, depth: usize) {
        let before = self.made.len();
        let mut attachments = Vec::new();
        for item in items {
            match item.get("text") {
                Some(text) => {
                    let text = self.inner(text, outer);
                    self.add(&text, role, depth);
                }
                None if is_text(item) => {
                    let text = self.inner(item, outer);
                    self.add(&text, role, depth);
                }
                None => attachments.push(Attachment::default()),
            }
        }
        if self.made.len() == before && !attachments.is_empty() {
            self.variable("attachment", outer.place.span, role);
        }
        if let Some(message) = self.made.get_mut(before) {
            message.attachments.append(&mut attachments);
        }
    }

    /// A message as a map: `{"role": …, "content": …}`.
    fn message(&mut self, found: &Found, role: Role, depth: usize) {
        let value = &found.value;
        let role = value
            .get("role")
            .and_then(|role| Role::from_name(role.fixed()?))
            .unwrap_or(role);
        let content = ["content", "parts", "text", "message"]
            .iter()
            .find_map(|key| value.get(key));
        match content {
            Some(content) => {
                let content = self.inner(content, found);
                self.add(&content, role, depth);
            }
            // What a chain or a tool is given by name.
            None => self.variable_of(found, role),
        }
    }

    /// A message, or a template of some, that a call makes.
    fn made_message(&mut self, call: &Call, found: &Found, role: Role, depth: usize) {
        let inner = |argument: &Argument| Found {
            value: argument.value.clone(),
            place: shown_at(&argument.value, found.place),
        };
        let name = call.name();
        let names: Vec<&str> = call.callee.rsplit('.').take(2).collect();
        let by_name = names
            .iter()
            .find_map(|name| MESSAGES.iter().find(|(known, _)| known == name));
        let content = [
            "content",
            "template",
            "messages",
            "text",
            "parts",
            "prompt",
            "content_parts",
        ];
        let content = content
            .iter()
            .find_map(|key| call.keyword(key))
            .or_else(|| call.positional.first());
        if name == "load_prompt" && call.callee.starts_with("langchain") && self.file(call, role) {
            return;
        }
        if name == "MessagesPlaceholder" {
            self.variable("history", found.place.span, role);
            return;
        }
        let rendered = matches!(
            name,
            "format"
                | "format_prompt"
                | "format_messages"
                | "to_messages"
                | "to_string"
                | "invoke"
                | "partial"
                | "pipe"
                | "format_template"
        );
        if rendered && let Some(maker) = &call.maker {
            self.made_message(maker, found, role, depth.saturating_sub(1));
            return;
        }
        let Some(content) = content.map(inner) else {
            self.variable_of(found, role);
            return;
        };
        let is_template = TEMPLATES.contains(&name);
        self.syntax = match call.keyword("template_format").and_then(|format| format.value.fixed()) {
            Some("jinja2") => Syntax::Jinja,
            Some("mustache") => Syntax::Mustache,
            _ => self.syntax,
        };
        if let Some((_, role)) = by_name {
            if is_template || name.ends_with("Template") {
                self.template(&content, *role, depth);
            } else {
                self.add(&content, *role, depth);
            }
        } else if is_template {
            self.template(&content, role, depth);
        } else if matches!(
            name,
            "Content" | "Part" | "from_text" | "ChatMessage" | "TextContent" | "TextPart" | "Message"
        ) {
            let named = call.keyword("role").and_then(|role| match &role.value.kind {
                // `MessageRole.SYSTEM`.
                Kind::Path(path, _) => Role::from_name(path.rsplit('.').next()?),
                _ => Role::from_name(role.value.fixed()?),
            });
            self.add(&content, named.unwrap_or(role), depth);
        } else {
            self.variable_of(found, role);
        }
    }

    /// A text with places in braces that are filled in later.
    fn template(&mut self, found: &Found, role: Role, depth: usize) {
        match &found.value.kind {
            Kind::Text(text, pieces) if pieces.iter().all(|piece| matches!(piece, Piece::Fixed(_))) => {
                let parsed = template::parse(text.as_str(), self.syntax);
                let pieces = parsed.unwrap_or_else(|_| pieces.clone());
                self.text(role, &found.value, text.clone(), pieces);
            }
            _ => self.add(found, role, depth),
        }
    }

    fn text(&mut self, role: Role, value: &Value, text: Text, pieces: Vec<Piece>) {
        self.made.push(message(role, value, text, pieces));
    }

    fn variable_of(&mut self, found: &Found, role: Role) {
        let source = self.reading.files.source(found.place.source);
        let written = source
            .text
            .get(found.place.span.start..found.place.span.end)
            .unwrap_or_default();
        let name: String = written
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(40)
            .collect();
        self.variable(&name, found.place.span, role);
    }

    /// A message of which nothing is known but that something is sent.
    pub(super) fn variable(&mut self, name: &str, span: Span, role: Role) {
        let text = Text::opaque(&format!("{{{name}}}"), span);
        let range = 0..text.as_str().len();
        self.made.push(Message {
            role,
            source: self.call.source,
            text,
            pieces: vec![Piece::Variable {
                name: name.to_owned(),
                range,
            }],
            attachments: Vec::new(),
            file: None,
        });
    }
}

/// A message of a text that is known.
fn message(role: Role, value: &Value, text: Text, pieces: Vec<Piece>) -> Message {
    Message {
        role,
        source: value.place.source,
        text,
        pieces,
        attachments: Vec::new(),
        file: None,
    }
}

/// Whether a value is a part of a message: `{"type": "image_url", …}`, `{"text": …}`.
fn is_part(value: &Value) -> bool {
    match &value.kind {
        Kind::Map { .. } => value.get("role").is_none() && (value.get("type").is_some() || value.get("text").is_some()),
        _ => false,
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value.kind, Kind::Text(..))
}
