//! Conditions in CEL: parsed by the `cel` crate, checked and evaluated here.
//!
//! The crate's parser gives the syntax tree ([`places`] reads it). Three things that rules need are
//! ours: every name and type is checked before anything runs ([`check`]), logic has a third value
//! for what is not known, and an evaluation can't run for ever ([`eval`]).
//!
//! # The language
//!
//! Types are those of [`Type`]. Supported are `&& || ! == != < <= > >= + - * / %`, `in`,
//! `… ? … : …`, `has(name)`, `size(…)`, `double(…)`, `.contains(…)`, `.startsWith(…)`,
//! `.endsWith(…)`, `.exists(x, …)` and `.all(x, …)` over lists of texts, and list literals.
//! It is a part of CEL, with two differences:
//!
//! - decimals are exact (`0.1 + 0.2 == 0.3`), and whole numbers mix with them freely;
//! - a fact can be absent or unknown, which makes what is computed from it unknown.
//!   `false && unknown` is false and `true || unknown` is true, in either order.
//!
//! As in CEL, an error in one operand of `&&` or `||` does not matter when another operand decides.

mod check;
mod eval;
mod places;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::facts::{Known, Type, Value};

/// The longest expression that is read, in bytes.
pub const MAX_LENGTH: usize = 4096;
/// The deepest nesting of an expression that is read.
pub const MAX_DEPTH: u16 = 64;
/// The most steps that one evaluation may take. A step is one operation, or 4 KiB of text looked at.
pub const MAX_STEPS: u64 = 100_000;

/// The names that an expression may read.
pub trait Names {
    /// The type of the value with this dotted name, such as `prompt.tokens` or `options.skip_tasks`.
    fn type_of(&self, name: &str) -> Option<Type>;
    /// The existing name that looks most like this one, if any is close.
    fn nearest(&self, name: &str) -> Option<String>;
}

/// Why an expression or a message template can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    /// The bytes of the expression that are wrong.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that can be told.
    pub help: Option<String>,
}

impl ExprError {
    /// The message with the help behind it.
    pub fn with_help(&self) -> String {
        match &self.help {
            Some(help) => format!("{}: {help}", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for ExprError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExprError {}

/// The error for a name that does not exist; also used for templates.
pub(super) fn unknown_name(name: &str, names: &dyn Names, span: Range<usize>) -> ExprError {
    ExprError {
        span,
        message: format!("there is no `{name}`"),
        help: names.nearest(name).map(|near| format!("did you mean `{near}`?")),
    }
}

/// An expression whose names and types are right.
#[derive(Debug, Clone)]
pub struct Condition {
    root: check::Node,
    /// The names that it reads, and their types.
    facts: Vec<(String, Type)>,
}

impl Condition {
    /// Parses and checks `source`, which must have the type `expected`.
    ///
    /// # Errors
    /// The first mistake, with its place in `source`.
    pub fn compile(source: &str, names: &dyn Names, expected: Type) -> Result<Condition, ExprError> {
        let tree = places::parse(source)?;
        let (root, facts) =
            check::check(&tree, names, expected).map_err(|complaint| complaint.locate(source, names))?;
        Ok(Condition { root, facts })
    }

    /// The names that it reads, each once, in order of appearance.
    pub fn facts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.facts.iter().map(|(name, _)| name.as_str())
    }

    /// Its value. `facts` is asked for a name when its value is first needed, and once at most, so
    /// what is costly to know is best written last.
    pub fn evaluate(&self, facts: &mut dyn FnMut(&str) -> Known<Value>) -> Outcome {
        eval::evaluate(&self.root, &self.facts, facts)
    }
}

/// What an evaluation came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A value of the expected type.
    Known(Value),
    /// It depends on what is not known: on each of these.
    Unknown(Vec<Reason>),
    /// It can't be computed. To be reported: it says nothing about whether a rule fires.
    Failed(Fault),
}

/// A fact that left a condition open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its name.
    pub fact: String,
    /// Why its value is not there.
    pub why: Why,
}

/// Why a fact has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The file does not say it.
    Absent,
    /// It can't be told: why.
    Unknown(Arc<str>),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Absent => f.write_str("absent: the file does not say it"),
            Why::Unknown(why) => f.write_str(why),
        }
    }
}

/// An error while an expression is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The result of this operator does not fit.
    Overflow(&'static str),
    /// The right side of this operator is zero.
    DivisionByZero(&'static str),
    /// It needs more than [`MAX_STEPS`].
    TooManySteps,
    /// This value, a fact most likely, does not have its declared type: an error in llmlint.
    WrongType(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Overflow(operator) => write!(f, "the result of `{operator}` is too large"),
            Fault::DivisionByZero(operator) => write!(f, "`{operator}` by zero"),
            Fault::TooManySteps => write!(f, "it needs more than {MAX_STEPS} steps"),
            Fault::WrongType(what) => {
                write!(f, "{what} does not have its declared type (a bug in llmlint)")
            }
        }
    }
}

#[cfg(test)]
mod tests;
