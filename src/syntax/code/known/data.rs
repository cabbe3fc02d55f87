//! Data that code loads: YAML and JSON files of the tree, as the maps and lists that they become.

use std::sync::Arc;

use super::{argument, text};
use crate::source::{Place, SourceId, resolve};
use crate::syntax::code::follow::{Here, Reader};
use crate::syntax::code::{Call, Kind, Value, paths};
use crate::syntax::node::{self, Node};
use crate::syntax::{json, yaml};

/// Longest file of data that is looked into, bytes: prompts and settings are short, tables of data are not.
const MAX_FILE: usize = 300_000;

/// Most values of one file, those that aliases repeat among them.
const MAX_VALUES: usize = 10_000;

/// What a function gives that parses a file of data.
pub(super) fn function(reader: &Reader<'_>, here: Here<'_>, call: &Call) -> Option<Arc<Value>> {
    let callee = call.callee.as_str();
    let parses = matches!(
        callee,
        "yaml.safe_load"
            | "yaml.load"
            | "yaml.full_load"
            | "yaml.parse"
            | "yaml.default.parse"
            | "js-yaml.load"
            | "js-yaml.default.load"
            | "json.load"
            | "json.loads"
            | "JSON.parse"
    ) || callee.ends_with("YAML.load");
    let opens = matches!(callee, "omegaconf.OmegaConf.load" | "OmegaConf.load");
    let from = argument(call, 0, "stream").filter(|_| parses || opens)?;
    let file = match &from.kind {
        Kind::Text(..) if opens => paths::file(reader.files, here.file(), from)?,
        Kind::File(path) => reader.files.find(path)?,
        // The text of a file.
        Kind::Text(..) => from.place.source,
        _ => return None,
    };
    data(reader, file)
}

/// What a script imports of a file of data (`import prompts from "./prompts.json"`).
pub(in crate::syntax::code) fn imported_data(reader: &Reader<'_>, here: Here<'_>, module: &str) -> Option<Arc<Value>> {
    if !module.starts_with('.') {
        return None;
    }
    let from = &reader.files.source(here.file()).from_root;
    let path = resolve(from, module, |path| reader.files.find(path).is_some())?;
    data(reader, reader.files.find(&path)?)
}

fn data(reader: &Reader<'_>, file: SourceId) -> Option<Arc<Value>> {
    let source = reader.files.source(file);
    let (body, start) = source.body();
    if body.len() > MAX_FILE {
        return None;
    }
    let parse = || match source.extension() {
        "yaml" | "yml" => {
            let parsed = yaml::parse(body, start);
            parsed.documents.into_iter().next().filter(|_| parsed.error.is_none())
        }
        "json" => json::parse(body, start).ok(),
        _ => None,
    };
    let root = source.memo.get_or_make(parse)?.as_ref()?;
    let mut left = MAX_VALUES;
    value(file, root, &mut left)
}

/// A node as a value; `None` where there are too many.
fn value(file: SourceId, node: &Node, left: &mut usize) -> Option<Arc<Value>> {
    *left = left.checked_sub(1)?;
    let kind = match &node.kind {
        node::Kind::Plain(_) | node::Kind::Quoted(_) => match node.as_string() {
            Some(string) => {
                let (text, pieces) = text::fixed(string.clone());
                Kind::Text(text, pieces)
            }
            None => Kind::Plain(node.text()?.clone()),
        },
        node::Kind::Seq { items } => {
            let items: Option<Vec<_>> = items.iter().map(|item| value(file, item, left)).collect();
            Kind::List {
                items: items?,
                open: None,
            }
        }
        node::Kind::Map { entries, slot } => {
            let entries = entries
                .iter()
                .filter_map(|(key, inner)| Some((key.as_str()?.to_owned(), inner)));
            let entries: Option<Vec<_>> = entries
                .map(|(key, inner)| Some((key, value(file, inner, left)?)))
                .collect();
            Kind::Map {
                entries: entries?,
                open: None,
                slot: slot.clone(),
            }
        }
    };
    let place = Place {
        source: file,
        span: node.span,
    };
    Some(Arc::new(Value { place, kind }))
}
