//! What is told of a call and of its arguments.

use std::sync::Arc;

use super::ScopeId;
use crate::source::{Place, Slot, SourceId, Span, Text};
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
    /// Something of a package, by its path: `torch.bfloat16`.
    Path(String),
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

impl Call {
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
