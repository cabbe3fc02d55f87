//! JSON (RFC 8259) with places.
//!
//! An escape for half of a surrogate pair stands for U+FFFD, as it cannot be text by itself.

use std::sync::Arc;

use super::node::{MAX_DEPTH, too_deep};
use super::{Kind, Node, SyntaxError};
use crate::source::{Encoder, Insert, Slot, Span, Text, TextBuilder};

/// Reads one JSON value; `offset` is added to every span.
///
/// # Errors
/// Where the text is no JSON value, holds anything behind it, or nests deeper than 200 levels.
pub fn parse(text: &str, offset: usize) -> Result<Node, SyntaxError> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        offset,
        at: 0,
    };
    let node = reader.value(None, 0)?;
    reader.skip_blank();
    if reader.at < text.len() {
        return Err(reader.unexpected("the end"));
    }
    Ok(node)
}

/// Reads JSON lines one by one as they are asked for: each line's span and its value. Blank lines are skipped;
/// `offset` is added to every span.
pub fn parse_lines(text: &str, offset: usize) -> impl Iterator<Item = (Span, Result<Node, SyntaxError>)> {
    let mut at = offset;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let value = line.trim_matches([' ', '\t', '\r', '\n']);
        if value.is_empty() {
            return None;
        }
        let indent = line.len() - line.trim_start_matches([' ', '\t', '\r']).len();
        let start = start + indent;
        let span = Span::new(start, start + value.len());
        Some((span, parse(value, start)))
    })
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    offset: usize,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, parent_key: Option<Span>, depth: usize) -> Result<Node, SyntaxError> {
        self.skip_blank();
        match self.peek() {
            Some(b'{') => self.object(parent_key, depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn object(&mut self, parent_key: Option<Span>, depth: usize) -> Result<Node, SyntaxError> {
        let start = self.open(depth)?;
        let mut entries: Vec<(Arc<Node>, Arc<Node>)> = Vec::new();
        let mut last_end = self.at;
        self.skip_blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.skip_blank();
                match self.peek() {
                    Some(b'"') => {}
                    Some(b'}') => return Err(self.trailing_comma()),
                    _ => return Err(self.unexpected("a key in double quotes")),
                }
                let key = self.string()?;
                self.skip_blank();
                if self.peek() != Some(b':') {
                    return Err(self.unexpected("`:` after the key"));
                }
                self.at += 1;
                let value = self.value(Some(key.span), depth)?;
                last_end = self.at;
                entries.push((Arc::new(key), Arc::new(value)));
                if self.end_of_items(b'}', "`,` or `}`")? {
                    break;
                }
            }
        }
        let span = self.span(start, self.at);
        let first_key = entries.first().map(|(key, _)| key.span);
        let slot = Slot {
            span: parent_key.or(first_key).unwrap_or(span),
            insert: Some(Insert {
                at: self.offset + last_end,
                before: if entries.is_empty() { "" } else { ", " }.to_owned(),
                after: String::new(),
            }),
        };
        Ok(Node {
            span,
            kind: Kind::Map { entries, slot },
        })
    }

    fn array(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        let start = self.open(depth)?;
        let mut items = Vec::new();
        self.skip_blank();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                self.skip_blank();
                if self.peek() == Some(b']') {
                    return Err(self.trailing_comma());
                }
                items.push(Arc::new(self.value(None, depth)?));
                if self.end_of_items(b']', "`,` or `]`")? {
                    break;
                }
            }
        }
        Ok(Node {
            span: self.span(start, self.at),
            kind: Kind::Seq { items },
        })
    }

    /// Passes the opening bracket; gives its place.
    fn open(&mut self, depth: usize) -> Result<usize, SyntaxError> {
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(too_deep(self.here()));
        }
        self.at += 1;
        Ok(start)
    }

    /// Passes what follows an item: a comma, or the `closing` bracket, for which it gives `true`.
    fn end_of_items(&mut self, closing: u8, expected: &str) -> Result<bool, SyntaxError> {
        self.skip_blank();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if byte == closing => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    fn string(&mut self) -> Result<Node, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut builder = TextBuilder::default();
        loop {
            let run = self.at;
            let Some(len) = self.bytes[run..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))
            else {
                return Err(self.error(start..start + 1, "this string has no closing quote"));
            };
            self.at = run + len;
            if run == start + 1 && self.bytes[self.at] == b'"' {
                self.at += 1;
                let text = Text::verbatim(&self.text[run..run + len], self.offset + run);
                return Ok(self.quoted(start, text));
            }
            builder.verbatim(&self.text[run..self.at], self.offset + run);
            match self.bytes[self.at] {
                b'"' => break,
                b'\\' => self.escape(&mut builder)?,
                b'\n' | b'\r' => {
                    return Err(self.error(
                        start..self.at,
                        "this string has no closing quote on its line; a line end in a string is written `\\n`",
                    ));
                }
                _ => {
                    return Err(self.error(
                        self.at..self.at + 1,
                        "a control character in a string must be written as an escape",
                    ));
                }
            }
        }
        let text = builder.finish(self.span(start + 1, self.at));
        self.at += 1;
        Ok(self.quoted(start, text))
    }

    fn quoted(&self, start: usize, mut text: Text) -> Node {
        text.encoder = Encoder::Json;
        Node {
            span: self.span(start, self.at),
            kind: Kind::Quoted(text),
        }
    }

    /// One escape, from its `\`.
    fn escape(&mut self, builder: &mut TextBuilder) -> Result<(), SyntaxError> {
        let start = self.at;
        let (decoded, len) = match self.bytes.get(start + 1) {
            Some(b'"') => ('"', 2),
            Some(b'\\') => ('\\', 2),
            Some(b'/') => ('/', 2),
            Some(b'b') => ('\x08', 2),
            Some(b'f') => ('\x0c', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => {
                let Some(unit) = self.code_unit(start) else {
                    return Err(self.error(start..start + 2, "expected four hexadecimal digits after `\\u`"));
                };
                match (unit, self.code_unit(start + 6)) {
                    (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                        let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        (char::from_u32(code).unwrap_or('\u{fffd}'), 12)
                    }
                    _ => (char::from_u32(unit).unwrap_or('\u{fffd}'), 6),
                }
            }
            _ => {
                return Err(self.error(
                    start..start + 1,
                    "unknown escape; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four digits",
                ));
            }
        };
        self.at = start + len;
        builder.replaced(decoded.encode_utf8(&mut [0; 4]), self.span(start, self.at));
        Ok(())
    }

    /// The UTF-16 code unit that the `\uXXXX` at `at` stands for; `None` where there is none.
    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits
            .iter()
            .try_fold(0, |unit, byte| Some(unit * 16 + char::from(*byte).to_digit(16)?))
    }

    fn number(&mut self) -> Result<Node, SyntaxError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        self.digits()?;
        if self.bytes[whole] == b'0' && self.at > whole + 1 {
            return Err(self.error(start..self.at, "a JSON number starts with no extra zero"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(self.plain(start))
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected("a digit"));
        }
        Ok(())
    }

    /// `true`, `false` or `null`; anything else is an error.
    fn word(&mut self) -> Result<Node, SyntaxError> {
        let start = self.at;
        let rest = &self.bytes[start..];
        let len = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        match &rest[..len] {
            b"true" | b"false" | b"null" => {
                self.at += len;
                Ok(self.plain(start))
            }
            b"" => Err(self.unexpected("a value")),
            _ => Err(self.error(start..start + len, "expected a value; a text needs double quotes")),
        }
    }

    fn plain(&self, start: usize) -> Node {
        let mut text = Text::verbatim(&self.text[start..self.at], self.offset + start);
        text.encoder = Encoder::None;
        Node {
            span: text.span(),
            kind: Kind::Plain(text),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    fn here(&self) -> Span {
        let width = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.span(self.at, self.at + width)
    }

    fn error(&self, place: std::ops::Range<usize>, message: &str) -> SyntaxError {
        SyntaxError {
            span: self.span(place.start, place.end),
            message: message.to_owned(),
        }
    }

    fn trailing_comma(&self) -> SyntaxError {
        SyntaxError {
            span: self.here(),
            message: "JSON has no comma behind the last item".to_owned(),
        }
    }

    fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.text[self.at..].chars().next() {
            None => "the text ends here".to_owned(),
            Some('/' | '#') => "JSON has no comments".to_owned(),
            Some('\'') => "JSON has no single quotes".to_owned(),
            Some(found) => format!("unexpected {found:?}"),
        };
        SyntaxError {
            span: self.here(),
            message: format!("{found}; expected {expected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (Span, String) {
        let error = parse(text, 0).expect_err("no JSON");
        (error.span, error.message)
    }

    #[test]
    fn strings_map_back_through_escapes() {
        let source = r#"{"k": "a\n\ud83d\ude00é\u00e9\ud800x"}"#;
        let node = parse(source, 10).expect("JSON");
        let text = node.get("k").and_then(Node::text).expect("a string");
        assert_eq!(text.as_str(), "a\n😀éé\u{fffd}x");
        let bytes = |part: &str| {
            let at = text.as_str().find(part).expect("in the text");
            let span = text.span_of(at..at + part.len());
            &source[span.start - 10..span.end - 10]
        };
        assert_eq!(bytes("\n"), r"\n");
        assert_eq!(bytes("😀"), r"\ud83d\ude00");
        assert_eq!(bytes("é"), "é");
        assert_eq!(bytes("\u{fffd}x"), r"\ud800x");
        assert_eq!(text.span(), Span::new(17, 10 + source.len() - 2));
        assert_eq!(text.encoder, Encoder::Json);
    }

    #[test]
    fn a_slot_stands_behind_the_last_entry() {
        let source = r#"{"a": {"b": [1]}, "c": {} }"#;
        let node = parse(source, 0).expect("JSON");
        let written = |path: &[&str]| {
            let slot = node.at(path).and_then(Node::slot).expect("a slot");
            let insert = slot.insert.as_ref().expect("a way to write");
            let mut edited = source.to_owned();
            edited.insert_str(insert.at, &format!("{}\"n\": 0", insert.before));
            assert_eq!(
                parse(&edited, 0)
                    .expect("still JSON")
                    .at(path)
                    .and_then(|map| map.get("n"))
                    .and_then(Node::as_u64),
                Some(0)
            );
            &source[slot.span.start..slot.span.end]
        };
        assert_eq!(written(&[]), "\"a\"");
        assert_eq!(written(&["a"]), "\"a\"");
        assert_eq!(written(&["c"]), "\"c\"");
    }

    #[test]
    fn errors_say_where_and_what() {
        assert_eq!(
            error("[1,]"),
            (Span::new(3, 4), "JSON has no comma behind the last item".into())
        );
        assert_eq!(error("{\"a\" 1}").0, Span::new(5, 6));
        assert!(error("[1 // x\n]").1.starts_with("JSON has no comments"));
        assert_eq!(error("\"a\nb\"").0, Span::new(0, 2));
        assert_eq!(
            error("[é]"),
            (Span::new(1, 3), "unexpected 'é'; expected a value".into())
        );
        for text in [
            "",
            "01",
            "1.",
            "-",
            "nul",
            "1 2",
            "\"\\x\"",
            "\"\\u12",
            "\"\\u12é\"",
            "{\"a\":1",
            "\u{feff}1",
        ] {
            error(text);
        }
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(200), 0).is_ok());
        assert_eq!(
            error(&nested(201)),
            (Span::new(200, 201), "nested deeper than 200 levels".into())
        );
        error(&"[{\"a\":".repeat(1_000_000));
    }

    #[test]
    fn a_bad_line_leaves_the_others() {
        let lines: Vec<_> = parse_lines("{\"a\":1}\r\n\n  oops\n[2]", 5).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].0, Span::new(5, 12));
        assert!(lines[0].1.is_ok());
        assert_eq!(lines[1].0, Span::new(17, 21));
        assert_eq!(lines[1].1.as_ref().expect_err("no JSON").span, Span::new(17, 21));
        assert_eq!(lines[2].1.as_ref().expect("JSON").span, Span::new(22, 25));
    }
}
