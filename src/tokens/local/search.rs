//! What a tokenizer's file looks for in a text, and sets of characters.

use regex_syntax::hir::ClassUnicode;
use serde_json::Value;

use super::automaton::Automaton;
use super::effort::{Effort, Uncounted};
use super::pattern;

/// A text or a regular expression.
pub enum Search {
    Text(String),
    Expression(Box<Automaton>),
}

impl Search {
    /// `{"String": …}` or `{"Regex": …}`.
    ///
    /// # Errors
    /// Where it is neither, or an expression that is not known here.
    pub fn read(value: Option<&Value>) -> Result<Self, String> {
        let part = |name| value.and_then(|value| value.get(name)).and_then(Value::as_str);
        match (value.and_then(Value::as_str).or(part("String")), part("Regex")) {
            (Some(text), _) => Ok(Self::Text(text.to_owned())),
            (None, Some(expression)) => Self::expression(expression),
            _ => Err("a `pattern` is neither a text nor a regular expression".to_owned()),
        }
    }

    /// A regular expression.
    ///
    /// # Errors
    /// One that is not known here.
    pub fn expression(text: &str) -> Result<Self, String> {
        let automaton = pattern::parse(text).and_then(|node| Automaton::new(&node));
        let automaton = automaton.map_err(|why| format!("a regular expression {why}"))?;
        Ok(Self::Expression(Box::new(automaton)))
    }

    /// Where it is found, from left to right.
    pub fn matches(&self, text: &str, effort: &mut Effort) -> Result<Vec<(usize, usize)>, Uncounted> {
        match self {
            Self::Text(what) if what.is_empty() => Ok(Vec::new()),
            Self::Text(what) => {
                effort.spend(text.len())?;
                Ok(text
                    .match_indices(what.as_str())
                    .map(|(start, found)| (start, start + found.len()))
                    .collect())
            }
            Self::Expression(automaton) => automaton.matches(text, effort),
        }
    }
}

/// A set of characters.
pub struct Set(ClassUnicode);

impl Set {
    /// The set that is written as in a regular expression.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn new(text: &str) -> Result<Self, String> {
        pattern::set(text).map(Self)
    }

    /// Whether it has a character.
    pub fn has(&self, char: char) -> bool {
        super::automaton::contains(&self.0, char)
    }
}
