//! Protocol Buffers' text format, as Triton's `config.pbtxt` is written: fields with places, no schema.
//! <https://protobuf.dev/reference/protobuf/textformat-spec/>.

use super::SyntaxError;
use super::node::{MAX_DEPTH, too_deep};
use crate::source::{Span, Text};

/// A field of a message.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The name with the value.
    pub span: Span,
    /// Its value.
    pub value: Value,
}

/// A field's value.
#[derive(Debug, Clone)]
pub enum Value {
    /// A number, a name, or a text without its quotes.
    Scalar(Text),
    /// A message's fields in order; a list gives each of its items under the list's name.
    Message(Vec<Entry>),
}

/// The fields of that name.
pub fn all<'a>(fields: &'a [Entry], name: &'a str) -> impl Iterator<Item = &'a Value> {
    fields
        .iter()
        .filter(move |field| field.name == name)
        .map(|field| &field.value)
}

/// The text of the first field of that name.
pub fn text<'a>(fields: &'a [Entry], name: &str) -> Option<&'a Text> {
    fields
        .iter()
        .find(|field| field.name == name)
        .and_then(|field| match &field.value {
            Value::Scalar(text) => Some(text),
            Value::Message(_) => None,
        })
}

/// What stands open while the file is read.
struct Open {
    name: String,
    start: usize,
    fields: Vec<Entry>,
    list: bool,
}

/// Reads a file; `start` is the first byte of `body` in it.
///
/// # Errors
/// Says what is wrong with a text that isn't in this format.
pub fn parse(body: &str, start: usize) -> Result<Vec<Entry>, SyntaxError> {
    let bytes = body.as_bytes();
    let wrong = |at: usize, message: &str| SyntaxError {
        span: Span::at(start + at.min(body.len())),
        message: message.to_owned(),
    };
    let mut open: Vec<Open> = Vec::new();
    let mut fields: Vec<Entry> = Vec::new();
    // The name of a field whose value is still to come.
    let mut name: Option<(String, usize)> = None;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | b';' | b':' => at += 1,
            b'#' => at += body[at..].find('\n').unwrap_or(body.len() - at),
            b'{' | b'<' | b'[' => {
                let inside = open.last().filter(|open| open.list).map(|open| (open.name.clone(), at));
                let Some((name, begins)) = name.take().or(inside) else {
                    return Err(wrong(at, "a value without a name"));
                };
                if open.len() >= MAX_DEPTH {
                    return Err(too_deep(Span::at(start + at)));
                }
                open.push(Open {
                    name,
                    start: begins,
                    fields: std::mem::take(&mut fields),
                    list: bytes[at] == b'[',
                });
                at += 1;
            }
            b'}' | b'>' | b']' => {
                let Some(closed) = open.pop() else {
                    return Err(wrong(at, "this closes nothing"));
                };
                at += 1;
                let inner = std::mem::replace(&mut fields, closed.fields);
                if closed.list {
                    fields.extend(inner);
                } else {
                    fields.push(Entry {
                        name: closed.name,
                        span: Span::new(start + closed.start, start + at),
                        value: Value::Message(inner),
                    });
                }
            }
            byte => {
                let (length, inner) = scalar(&body[at..]).ok_or_else(|| wrong(at, "can't be read as text format"))?;
                let text = Text::verbatim(&body[at + inner.start..at + inner.end], start + at + inner.start);
                let begins = at;
                at += length;
                let list = open
                    .last()
                    .filter(|open| open.list)
                    .map(|open| (open.name.clone(), begins));
                match name.take().or(list) {
                    Some((name, begins)) => fields.push(Entry {
                        name,
                        span: Span::new(start + begins, start + at),
                        value: Value::Scalar(text),
                    }),
                    None if byte == b'"' || byte == b'\'' => return Err(wrong(begins, "a value without a name")),
                    None => name = Some((text.as_str().to_owned(), begins)),
                }
            }
        }
    }
    match open.last() {
        Some(open) => Err(wrong(open.start, "what opens here is never closed")),
        None => Ok(fields),
    }
}

/// A name, number or quoted text at the start: its length, and where its text lies in it.
fn scalar(text: &str) -> Option<(usize, std::ops::Range<usize>)> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    let Some(quote) = quote else {
        // `${name}` is what Triton's own templates leave to be filled in.
        if text.starts_with("${") {
            let length = text.find(['}', '\n']).filter(|end| text[*end..].starts_with('}'))? + 1;
            return Some((length, 0..length));
        }
        let ends = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '+' | '.' | '/');
        let length = text.find(ends).unwrap_or(text.len());
        return (length > 0).then_some((length, 0..length));
    };
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return Some((at + 1, 1..at)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lists_and_texts_are_read() {
        let body = "name: \"m\" # c\nmax_batch_size: 8\ninput [\n {name: 'a', dims: [-1, 2]}, {name: 'b'}\n]\n\
                    parameters: { key: \"k\" value: { string_value: \"v\" } }\ndynamic_batching { }\n";
        let fields = parse(body, 0).expect("it can be read");
        assert_eq!(text(&fields, "name").map(Text::as_str), Some("m"));
        assert_eq!(text(&fields, "max_batch_size").map(Text::as_str), Some("8"));
        assert_eq!(all(&fields, "input").count(), 2);
        let Some(Value::Message(parameter)) = all(&fields, "parameters").next() else {
            panic!("{fields:?}");
        };
        assert_eq!(text(parameter, "key").map(Text::as_str), Some("k"));
        assert_eq!(all(&fields, "dynamic_batching").count(), 1);
    }

    #[test]
    fn what_is_no_text_format_is_an_error() {
        for body in ["a {", "}", "\"a\"", "a: \"b", "{", "a: \u{0}", "=", "é = 1", "a: ${b"] {
            assert!(parse(body, 0).is_err(), "{body}");
        }
        assert!(parse(&"a {".repeat(100_000), 0).is_err());
        assert!(parse(&"a: [".repeat(100_000), 0).is_err());
        assert!(parse("", 0).is_ok_and(|fields| fields.is_empty()));
    }
}
