//! Command lines that an operator or a chart makes of settings: each word has the place of the setting that gives it.

use super::Reading;
use crate::source::Text;
use crate::syntax::{Kind, Node, args};
use crate::units::{EnvValue, Field, Launch, Word};

/// Longest value that is written out from a mapping: real ones have a few keys.
const LONGEST: usize = 64 << 10;

/// A command line in the making.
pub(super) struct Line<'a> {
    reading: &'a Reading<'a>,
    /// Its words so far.
    pub words: Vec<Word>,
}

impl<'a> Line<'a> {
    /// One without a word.
    pub(super) fn empty(reading: &'a Reading<'a>) -> Self {
        Self {
            reading,
            words: Vec::new(),
        }
    }

    /// The start of `vllm serve`, as `node` says it.
    pub(super) fn vllm(reading: &'a Reading<'a>, node: &Node) -> Self {
        let mut line = Self::empty(reading);
        line.fixed("vllm", node);
        line.fixed("serve", node);
        line
    }

    /// A word that `node` stands for.
    pub(super) fn fixed(&mut self, word: &str, node: &Node) {
        self.push(Ok(word.to_owned()), node);
    }

    /// A word that `node` gives, or why it can't be told.
    pub(super) fn push(&mut self, value: Result<String, String>, node: &Node) {
        let span = node.text().map_or(node.span, Text::span);
        let place = self.reading.place(span);
        self.words.push(Word { value, place });
    }

    /// The scalars of a list, a word each.
    pub(super) fn list(&mut self, node: Option<&Node>) {
        for item in node.into_iter().flat_map(Node::items) {
            if let Some(text) = item.as_str() {
                self.fixed(text, item);
            }
        }
    }

    /// A flag whose value is that of the key `key` of `settings`; nothing where it has none.
    pub(super) fn flag(&mut self, flag: &str, settings: Option<&Node>, key: &str) {
        if let Some((name, value)) = settings.and_then(|settings| settings.entry(key))
            && !value.is_null()
        {
            self.fixed(flag, name);
            self.push(written(value), value);
        }
    }

    /// A switch that the key `key` of `settings` turns on or off; nothing where it is not there.
    pub(super) fn switch(&mut self, on: &str, off: Option<&str>, settings: Option<&Node>, key: &str) {
        let Some((name, value)) = settings.and_then(|settings| settings.entry(key)) else {
            return;
        };
        match (value.as_bool(), off) {
            (Some(true), _) => self.fixed(on, value),
            (Some(false), Some(off)) => self.fixed(off, value),
            (Some(false), None) => {}
            (None, _) => self.push(Err(format!("`{key}` is neither true nor false")), name),
        }
    }

    /// Every key of a mapping of Python arguments as the flag of that name.
    pub(super) fn keywords(&mut self, settings: &Node) {
        for (key, value) in settings.entries() {
            let Some(name) = key.as_str() else {
                continue;
            };
            let flag = name.replace('_', "-");
            match value.as_bool() {
                Some(true) => self.fixed(&format!("--{flag}"), key),
                Some(false) => self.fixed(&format!("--no-{flag}"), key),
                None if value.is_null() => {}
                None => {
                    self.fixed(&format!("--{flag}"), key);
                    self.push(written(value), value);
                }
            }
        }
    }

    /// Words written as a shell would split them.
    pub(super) fn shell(&mut self, text: &Text) {
        let look = |name: &str| Some(Err(format!("`${name}` is filled in when it starts")));
        match args::split_shell(text, self.reading.id, &look) {
            Ok(commands) => self
                .words
                .extend(commands.into_iter().flat_map(|command| command.words)),
            Err(error) => self.words.push(Word {
                value: Err(error.message),
                place: self.reading.place(text.span()),
            }),
        }
    }

    /// The finished launch; an absent flag would be written at `slot`.
    pub(super) fn launch(self, env: Vec<(String, EnvValue)>, slot: &Node) -> Launch {
        Launch {
            words: self.words,
            env,
            slot: Field::Absent(Some((self.reading.place(slot.span), None))),
            ..Launch::default()
        }
    }
}

/// The model that an address names: a repository of Hugging Face, or why it can't be told.
pub(super) fn model(address: &str) -> Result<String, String> {
    match address.split_once("://") {
        Some(("hf" | "huggingface", model)) => {
            let end = model.find([':', '?', '@']).unwrap_or(model.len());
            Ok(model[..end].to_owned())
        }
        Some(_) => Err(format!("`{address}` is no repository of Hugging Face")),
        None => Ok(address.to_owned()),
    }
}

/// A value as it stands on a command line: a scalar's text, and JSON for the rest.
fn written(node: &Node) -> Result<String, String> {
    if let Some(text) = node.as_str() {
        return Ok(text.to_owned());
    }
    let mut json = String::new();
    write(node, &mut json);
    if json.len() > LONGEST {
        return Err("too long a value to be read".to_owned());
    }
    Ok(json)
}

fn write(node: &Node, json: &mut String) {
    if json.len() > LONGEST {
        return;
    }
    match &node.kind {
        Kind::Plain(text) if node.is_null() || node.as_bool().is_some() || node.as_f64().is_some() => {
            json.push_str(&if node.is_null() {
                "null".to_owned()
            } else {
                text.as_str().to_ascii_lowercase()
            });
        }
        Kind::Plain(text) | Kind::Quoted(text) => json.push_str(&serde_json::Value::from(text.as_str()).to_string()),
        Kind::Seq { items } => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                json.push_str(if index > 0 { ", " } else { "" });
                write(item, json);
            }
            json.push(']');
        }
        Kind::Map { entries, .. } => {
            json.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                json.push_str(if index > 0 { ", " } else { "" });
                json.push_str(&serde_json::Value::from(key.as_str().unwrap_or_default()).to_string());
                json.push_str(": ");
                write(value, json);
            }
            json.push('}');
        }
    }
}
