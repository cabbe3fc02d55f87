//! From a tree with places to a typed value: serde's derives, with errors that name the place.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, IntoDeserializer, Unexpected};

use super::{Kind, Node, SyntaxError};
use crate::source::Span;

/// Reads a typed value out of a node.
///
/// # Errors
/// The innermost place that does not fit the type, what was expected there, and for an unknown key the nearest known.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, SyntaxError> {
    T::deserialize(Reader { node }).map_err(|error| SyntaxError {
        span: error.span.unwrap_or(node.span),
        message: error.message,
    })
}

#[derive(Debug)]
struct Error {
    message: String,
    span: Option<Span>,
}

impl Error {
    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            span: None,
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("expected {}, found {}", wanted(expected), described(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(unknown("key", field, expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(unknown("value", variant, expected))
    }
}

/// What serde says that it expects, in the words of people who write settings.
fn wanted(expected: &dyn de::Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not below zero".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" | "a Decimal type representing a fixed-point number" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        "a boolean" => "true or false".to_owned(),
        _ if words.starts_with("struct ") => "a mapping of keys".to_owned(),
        _ => words,
    }
}

fn described(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Str(text) => format!("`{text}`"),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        other => other.to_string(),
    }
}

/// Of some names the one that `found` may be a misspelling of.
pub fn nearest<'a>(found: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let names = names.into_iter();
    let near = names.map(|name| (strsim::damerau_levenshtein(found, name), name));
    let near = near.filter(|(distance, name)| *distance <= 1 + name.len() / 3);
    near.min().map(|(_, name)| name)
}

fn unknown(what: &str, found: &str, expected: &[&str]) -> String {
    match nearest(found, expected.iter().copied()) {
        Some(name) => format!("unknown {what} `{found}`: did you mean `{name}`?"),
        None => format!("unknown {what} `{found}`: expected one of {}", expected.join(", ")),
    }
}

struct Reader<'a> {
    node: &'a Node,
}

impl Reader<'_> {
    fn describe(&self) -> String {
        match &self.node.kind {
            Kind::Seq { .. } => "a list".to_owned(),
            Kind::Map { .. } => "a mapping".to_owned(),
            Kind::Plain(_) if self.node.is_null() => "nothing".to_owned(),
            Kind::Plain(text) => format!("`{}`", text.as_str()),
            Kind::Quoted(text) => format!("the text `{}`", text.as_str()),
        }
    }
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Error;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let node = self.node;
        let made = match &node.kind {
            Kind::Map { .. } => visitor.visit_map(Pairs {
                entries: node.entries().collect::<Vec<_>>().into_iter(),
                value: None,
            }),
            Kind::Seq { .. } => visitor.visit_seq(de::value::SeqDeserializer::new(
                node.items().map(|item| Reader { node: item }),
            )),
            Kind::Quoted(text) => visitor.visit_str(text.as_str()),
            Kind::Plain(text) => {
                if node.is_null() {
                    visitor.visit_unit()
                } else if let Some(value) = node.as_bool() {
                    visitor.visit_bool(value)
                } else if let Some(value) = node.as_u64() {
                    visitor.visit_u64(value)
                } else if let Ok(value) = text.as_str().parse::<i64>() {
                    visitor.visit_i64(value)
                } else if let Some(value) = node.as_f64() {
                    visitor.visit_f64(value)
                } else {
                    visitor.visit_str(text.as_str())
                }
            }
        };
        made.map_err(|error| error.at(node.span))
    }

    // A list is no struct whose keys were left out.
    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Seq { .. } => Err(<Error as de::Error>::invalid_type(Unexpected::Seq, &visitor).at(self.node.span)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    // Text is what was written: `model: 4` and `price: 0.10` keep their digits.
    fn deserialize_str<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node.text() {
            Some(text) if !self.node.is_null() => visitor
                .visit_str(text.as_str())
                .map_err(|error: Error| error.at(self.node.span)),
            _ => Err(
                <Error as de::Error>::custom(format!("expected text, found {}", self.describe())).at(self.node.span),
            ),
        }
    }

    fn deserialize_string<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let span = self.node.span;
        match self.node.as_str() {
            Some(text) => {
                let text: StrDeserializer<'_, Error> = text.into_deserializer();
                visitor.visit_enum(text).map_err(|error| error.at(span))
            }
            None => Err(<Error as de::Error>::custom(format!("expected a word, found {}", self.describe())).at(span)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char
        bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Reader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

struct Pairs<'a> {
    entries: std::vec::IntoIter<(&'a Node, &'a Node)>,
    value: Option<&'a Node>,
}

impl<'de> de::MapAccess<'de> for Pairs<'_> {
    type Error = Error;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let name = key.as_str().unwrap_or_default();
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some).map_err(|error| error.at(key.span))
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.value.take() {
            Some(node) => seed.deserialize(Reader { node }).map_err(|error| error.at(node.span)),
            None => Err(<Error as de::Error>::custom("a key without a value")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::syntax::yaml;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        name: String,
        #[serde(default)]
        count: Option<u64>,
    }

    fn read(text: &str) -> Result<Sample, SyntaxError> {
        from_node(&yaml::parse(text, 0).documents[0])
    }

    #[test]
    fn reads_types_and_names_places() {
        let expected = Sample {
            name: "4.10".to_owned(),
            count: Some(3),
        };
        assert_eq!(read("name: 4.10\ncount: 3"), Ok(expected));
        let error = read("name: a\ncuont: 3").unwrap_err();
        assert_eq!(error.message, "unknown key `cuont`: did you mean `count`?");
        assert_eq!(error.span, Span::new(8, 13));
        let error = read("name: a\ncount: many").unwrap_err();
        assert_eq!(error.span, Span::new(15, 19));
        assert_eq!(
            error.message,
            "expected a whole number that is not below zero, found `many`"
        );
        for (text, message) in [
            ("- a\n- b", "expected a mapping of keys, found a list"),
            ("5", "expected a mapping of keys, found `5`"),
            (
                "name: a\ncount: -1",
                "expected a whole number that is not below zero, found `-1`",
            ),
            (
                "name: a\ncount: [1]",
                "expected a whole number that is not below zero, found a list",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().message, message, "{text}");
        }
    }
}
