//! What is told of a call and of its arguments.

use std::collections::HashMap;
use std::sync::Arc;

use super::ScopeId;
use crate::source::{Place, Slot, SourceId, Span, Text};
use crate::syntax::node::{self, Node};
use crate::syntax::template::Piece;

/// A value, as far as the code tells it.
#[derive(Debug, Clone)]
pub struct Value {
    /// Where it is written: where a name leads, in the file that sets it.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A number, or `true`, `false`, `null`.
    Plain(Text),
    /// A string with its parts: what stands in it as it is, and what is filled in while the program runs. The text
    /// stands in the file of the value's place.
    Text(Text, Vec<Piece>),
    /// A list.
    List {
        /// The items that are known, in order.
        items: Vec<Arc<Value>>,
        /// What else may stand in it.
        open: Option<Open>,
    },
    /// A dictionary or object.
    Map {
        /// The entries that are known; the first of a key counts.
        entries: Vec<(String, Arc<Value>)>,
        /// What else may stand in it.
        open: Option<Open>,
        /// Where a further entry would be written.
        slot: Slot,
    },
    /// What a call gives: an object, by the call that makes it.
    Call(Arc<Call>),
    /// One of these, chosen while the program runs.
    OneOf {
        /// Those that the code lists, none of them [`Kind::OneOf`].
        of: Vec<Arc<Value>>,
        /// Whether it may be another than those.
        open: bool,
        /// What chooses: "the environment variable `MODEL` may set another".
        why: String,
    },
    /// Something of a package, by its path: `torch.bfloat16`; with the call that made the object that it is a part of.
    Path(String, Option<Arc<Call>>),
    /// A file or folder of the tree, by its path from the root.
    File(String),
    /// A function or class of the tree.
    Scope(SourceId, ScopeId),
    /// It can't be told: why.
    Unknown(String),
}

/// Why a list or map may hold more than is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Why.
    pub why: String,
    /// The statement that adds to it in the loop of the call: a history that is sent again with each turn.
    pub grows: Option<Span>,
}

/// A call that stands in the file.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called, with imports and the objects that methods are called on followed to the calls that make them:
    /// `openai.OpenAI.chat.completions.create`. An object that can't be followed has the name that it has in the code.
    pub callee: String,
    /// The call that made the object, where it is known.
    pub maker: Option<Arc<Call>>,
    /// The function or class of the tree that is called.
    pub own: Option<(SourceId, ScopeId)>,
    /// Whether what is called is known: not an object whose maker can't be told.
    pub followed: bool,
    /// Where the whole call stands.
    pub place: Place,
    /// Arguments by position.
    pub positional: Vec<Argument>,
    /// Arguments by name. In TypeScript, where the last argument is an object, its entries.
    pub keywords: Vec<(String, Argument)>,
    /// Whether further arguments may be handed over, which the code does not name.
    pub open: bool,
    /// The variable that takes the result.
    pub assigned_to: Option<String>,
    /// Where a further argument would be written.
    pub slot: Slot,
    /// The function that it stands in; empty at the top of the file.
    pub function: String,
    /// Whether it is made again and again where it stands.
    pub repeat: Option<Repeat>,
}

/// What makes a call again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// The items of something.
    Each,
    /// A condition.
    While,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Where it is written in the call.
    pub span: Span,
    /// Its value.
    pub value: Arc<Value>,
}

impl Value {
    /// The text of a string of which all is known, or of a number.
    pub fn fixed(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text, pieces) => pieces
                .iter()
                .all(|piece| matches!(piece, Piece::Fixed(_)))
                .then_some(text.as_str()),
            Kind::Plain(text) if !self.is_null() => Some(text.as_str()),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Plain(text) if text.as_str() == "null")
    }

    /// A map's entry.
    pub fn get(&self, key: &str) -> Option<&Arc<Value>> {
        match &self.kind {
            Kind::Map { entries, .. } => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether both say the same.
    pub fn is_same(&self, other: &Value) -> bool {
        let same_place = self.place == other.place;
        same_place
            || self.fixed().is_some_and(|text| other.fixed() == Some(text))
            || (self.is_null() && other.is_null())
    }

    /// It as a tree of values that are all known.
    ///
    /// # Errors
    /// Why it, or a part of it that is no map's entry, can't be told.
    pub fn node(&self) -> Result<Arc<Node>, String> {
        let span = self.place.span;
        let made = |kind| Ok(Arc::new(Node { span, kind }));
        match &self.kind {
            Kind::Plain(text) => made(node::Kind::Plain(text.clone())),
            Kind::Text(text, _) if self.fixed().is_some() => made(node::Kind::Quoted(text.clone())),
            Kind::Text(text, _) => Err(format!("`{}` is filled in while the program runs", text.as_str())),
            Kind::Path(path, None) => made(node::Kind::Quoted(Text::opaque(path, span))),
            Kind::List { items, open: None } => {
                let items: Result<Vec<_>, String> = items.iter().map(|item| item.node()).collect();
                made(node::Kind::Seq { items: items? })
            }
            Kind::Map {
                entries,
                open: None,
                slot,
            } => {
                let entries = entries.iter().map(|(key, value)| {
                    let quoted = |text: &str, span| {
                        let kind = node::Kind::Quoted(Text::opaque(text, span));
                        Arc::new(Node { span, kind })
                    };
                    let place = value.place.span;
                    // An entry that can't be told doesn't hide the others.
                    (
                        quoted(key, place),
                        value.node().unwrap_or_else(|_| quoted("${}", place)),
                    )
                });
                let entries = entries.collect();
                let slot = slot.clone();
                made(node::Kind::Map { entries, slot })
            }
            Kind::List { open: Some(open), .. } | Kind::Map { open: Some(open), .. } => Err(open.why.clone()),
            Kind::OneOf { why, .. } | Kind::Unknown(why) => Err(why.clone()),
            Kind::Call(call) => Err(format!(
                "what `{}` gives is worked out while the program runs",
                call.callee
            )),
            Kind::Path(path, Some(_)) => Err(format!("`{path}` is worked out while the program runs")),
            Kind::File(_) | Kind::Scope(..) => Err("it is no value that is written down".to_owned()),
        }
    }
}

impl Call {
    /// A call of which only the name and the place are known.
    pub(super) fn new(callee: String, place: Place) -> Self {
        Self {
            callee,
            maker: None,
            own: None,
            followed: false,
            place,
            positional: Vec::new(),
            keywords: Vec::new(),
            open: false,
            assigned_to: None,
            slot: Slot {
                span: Span::at(place.span.end),
                insert: None,
            },
            function: String::new(),
            repeat: None,
        }
    }

    /// Takes the entries of arguments that are objects as arguments by name; `written` says where those stand that the
    /// call itself writes down.
    pub(super) fn spread_options(&mut self, written: &HashMap<String, Span>) {
        for options in std::mem::take(&mut self.positional) {
            if let Kind::Map { entries, open, slot } = &options.value.kind {
                // Of `create({…}, {signal})` the first object is the request.
                if self.keywords.is_empty() {
                    self.slot = slot.clone();
                }
                for (name, value) in entries {
                    if self.keyword(name).is_none() {
                        let own = value.place.source == self.place.source;
                        let led = if own { value.place.span } else { options.span };
                        let span = written.get(name).copied().unwrap_or(led);
                        let value = value.clone();
                        self.keywords.push((name.clone(), Argument { span, value }));
                    }
                }
                self.open |= open.is_some();
            }
            self.positional.push(options);
        }
    }

    /// An argument by name.
    pub fn keyword(&self, name: &str) -> Option<&Argument> {
        self.keywords
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, argument)| argument)
    }

    /// The last part of what is called: `create`.
    pub fn name(&self) -> &str {
        self.callee.rsplit('.').next().unwrap_or(&self.callee)
    }
}
