//! The tree that the YAML and JSON readers give: values with their places.

use std::sync::Arc;

use crate::source::{Slot, Span, Text};

/// A value of a YAML or JSON document.
#[derive(Debug, Clone)]
pub struct Node {
    /// The bytes it takes up. A value reached through an alias has the span of the place where it is written.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A scalar without quotes: a YAML plain scalar, or a JSON number, `true`, `false` or `null`.
    Plain(Text),
    /// A scalar that is text whatever it says: quoted, or a YAML block scalar.
    Quoted(Text),
    /// A sequence.
    Seq {
        /// Its items; shared where an alias names them.
        items: Vec<Arc<Node>>,
    },
    /// A mapping.
    Map {
        /// Keys with their values in the order written; merge keys (`<<`) are already resolved behind the own keys.
        entries: Vec<(Arc<Node>, Arc<Node>)>,
        /// Where a key that is absent would be written.
        slot: Slot,
    },
}

/// Deepest nesting of collections that the readers take: what walks a tree may recurse.
pub(super) const MAX_DEPTH: usize = 200;

/// The error for a collection at `span` that is nested deeper than [`MAX_DEPTH`].
pub(super) fn too_deep(span: Span) -> SyntaxError {
    SyntaxError {
        span,
        message: format!("nested deeper than {MAX_DEPTH} levels"),
    }
}

/// What a parser could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What was found and what was expected.
    pub message: String,
}

impl Node {
    /// The value of a mapping's key; `None` where this is no mapping or has no such key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A mapping's key node and value.
    pub fn entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.entries().find(|(name, _)| name.as_str() == Some(key))
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// A mapping's keys and values in order; nothing where this is no mapping.
    pub fn entries(&self) -> impl Iterator<Item = (&Node, &Node)> {
        let entries = match &self.kind {
            Kind::Map { entries, .. } => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// A sequence's items; nothing where this is no sequence.
    pub fn items(&self) -> impl Iterator<Item = &Node> {
        let items = match &self.kind {
            Kind::Seq { items } => items.as_slice(),
            _ => &[],
        };
        items.iter().map(AsRef::as_ref)
    }

    /// Whether this is a mapping.
    pub fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map { .. })
    }

    /// Whether this is a sequence.
    pub fn is_seq(&self) -> bool {
        matches!(self.kind, Kind::Seq { .. })
    }

    /// A scalar's text with its way back to bytes.
    pub fn text(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Plain(text) | Kind::Quoted(text) => Some(text),
            Kind::Seq { .. } | Kind::Map { .. } => None,
        }
    }

    /// A scalar's text, whatever its type (`8000` and `"8000"` alike).
    pub fn as_str(&self) -> Option<&str> {
        self.text().map(Text::as_str)
    }

    /// Whether this is `null`, `~` or an empty plain scalar.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Plain(text) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a value that is a string: quoted, or plain and neither null, number nor boolean.
    pub fn as_string(&self) -> Option<&Text> {
        match &self.kind {
            Kind::Quoted(text) => Some(text),
            Kind::Plain(text) if !self.is_null() && self.as_bool().is_none() && self.as_f64().is_none() => Some(text),
            _ => None,
        }
    }

    /// A plain boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            Kind::Plain(text) => match text.as_str() {
                "true" | "True" | "TRUE" => Some(true),
                "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A plain whole number that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.kind {
            Kind::Plain(text) => text.as_str().parse().ok(),
            _ => None,
        }
    }

    /// A plain number.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.kind {
            Kind::Plain(text)
                if text
                    .as_str()
                    .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) =>
            {
                text.as_str().parse().ok()
            }
            _ => None,
        }
    }

    /// Where an absent key of this mapping would be written.
    pub fn slot(&self) -> Option<&Slot> {
        match &self.kind {
            Kind::Map { slot, .. } => Some(slot),
            _ => None,
        }
    }
}
