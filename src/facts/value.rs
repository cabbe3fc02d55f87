//! Values that rules read, and the three states in which a rule can find them.

use std::sync::Arc;

use rust_decimal::Decimal;

/// The type of a fact or of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A decimal number (money, GiB, shares).
    Number,
    /// Text.
    Str,
    /// A list of texts.
    Strs,
}

/// A value of one of the [`Type`]s.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number.
    Number(Decimal),
    /// Text.
    Str(Arc<str>),
    /// A list of texts.
    Strs(Arc<[Arc<str>]>),
}

impl Value {
    /// Its type.
    pub fn ty(&self) -> Type {
        match self {
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Number(_) => Type::Number,
            Value::Str(_) => Type::Str,
            Value::Strs(_) => Type::Strs,
        }
    }
}

/// What is known of a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Known<T> {
    /// Its value.
    Yes(T),
    /// The files do not say it.
    Absent,
    /// It can't be told: why.
    Unknown(Arc<str>),
}
