//! Message templates: text with the names of facts in braces.
//!
//! `"{prompt.tokens} tokens, of {options.max_tokens}"`. A brace itself is written twice: `{{`, `}}`. What stands between
//! `[[` and `]]` is left out where a fact in it isn't known.

use std::fmt::Write as _;
use std::ops::Range;

use super::cel::{ExprError, MAX_LENGTH, Names, unknown_name};
use crate::facts::{Known, Value};

/// A message template whose names exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
    /// Said only where all the names in it are known.
    Perhaps(Vec<Piece>),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// A brace without its other, or a name that does not exist, with its place in `source`.
    pub fn compile(source: &str, names: &dyn Names) -> Result<Template, ExprError> {
        if source.len() > MAX_LENGTH {
            return Err(ExprError {
                span: 0..source.len(),
                message: format!("the text is longer than {MAX_LENGTH} bytes"),
                help: None,
            });
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut at = 0;
        // The pieces before an open `[[`, and where that stands.
        let mut outer: Option<(Vec<Piece>, usize)> = None;
        while let Some(found) = source[at..].find(['{', '}', '[', ']']) {
            let brace = at + found;
            text.push_str(&source[at..brace]);
            let rest = &source[brace..];
            if rest.starts_with("[[") && outer.is_none() {
                push_text(&mut pieces, &mut text);
                outer = Some((std::mem::take(&mut pieces), brace));
                at = brace + 2;
                continue;
            }
            if rest.starts_with("]]")
                && let Some((before, _)) = outer.take()
            {
                push_text(&mut pieces, &mut text);
                let inside = std::mem::replace(&mut pieces, before);
                pieces.push(Piece::Perhaps(inside));
                at = brace + 2;
                continue;
            }
            if rest.starts_with(['[', ']']) {
                text.push_str(&rest[..1]);
                at = brace + 1;
                continue;
            }
            if rest.starts_with("{{") || rest.starts_with("}}") {
                text.push_str(&rest[..1]);
                at = brace + 2;
                continue;
            }
            if rest.starts_with('}') {
                let message = "this `}` closes nothing".to_owned();
                return Err(wrong(brace..brace + 1, message));
            }
            let Some(length) = rest[1..].find(['{', '}']).filter(|n| rest[1 + n..].starts_with('}')) else {
                return Err(wrong(brace..brace + 1, "this `{` is never closed".to_owned()));
            };
            let inside = &rest[1..1 + length];
            let name = inside.trim();
            let start = brace + 1 + (inside.len() - inside.trim_start().len());
            if name.is_empty() {
                let message = "the name of a fact is missing".to_owned();
                return Err(wrong(brace..brace + length + 2, message));
            }
            if names.type_of(name).is_none() {
                return Err(unknown_name(name, names, start..start + name.len()));
            }
            push_text(&mut pieces, &mut text);
            pieces.push(Piece::Name(name.to_owned()));
            at = brace + length + 2;
        }
        if let Some((_, open)) = outer {
            return Err(wrong(open..open + 2, "this `[[` is never closed".to_owned()));
        }
        text.push_str(&source[at..]);
        push_text(&mut pieces, &mut text);
        Ok(Template { pieces })
    }

    /// The names that it shows, as often as it shows them.
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        let pieces = self.pieces.iter().flat_map(|piece| match piece {
            Piece::Perhaps(inside) => inside.as_slice(),
            plain => std::slice::from_ref(plain),
        });
        pieces.filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Text(_) | Piece::Perhaps(_) => None,
        })
    }

    /// The message. `format` writes a value in the unit of the fact with this name.
    pub fn render(
        &self,
        facts: &mut dyn FnMut(&str) -> Known<Value>,
        format: &dyn Fn(&str, &Value) -> String,
    ) -> String {
        let mut message = String::new();
        say(&self.pieces, facts, format, &mut message);
        message
    }
}

fn say(
    pieces: &[Piece],
    facts: &mut dyn FnMut(&str) -> Known<Value>,
    format: &dyn Fn(&str, &Value) -> String,
    message: &mut String,
) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => message.push_str(text),
            Piece::Name(name) => match facts(name) {
                Known::Yes(value) => message.push_str(&format(name, &value)),
                Known::Absent => message.push_str("not stated"),
                Known::Unknown(why) => {
                    // Writing to a String does not fail.
                    let _ = write!(message, "unknown ({why})");
                }
            },
            // One level deep: `[[` inside `[[` is text.
            Piece::Perhaps(inside) => {
                let known = inside.iter().all(|piece| match piece {
                    Piece::Name(name) => matches!(facts(name), Known::Yes(_)),
                    Piece::Text(_) | Piece::Perhaps(_) => true,
                });
                if known {
                    say(inside, facts, format, message);
                }
            }
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &mut String) {
    if !text.is_empty() {
        pieces.push(Piece::Text(std::mem::take(text)));
    }
}

fn wrong(span: Range<usize>, message: String) -> ExprError {
    ExprError {
        span,
        message,
        help: Some("a name stands in braces, `{prompt.tokens}`; a brace itself is written twice".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Type;

    struct Table;

    impl Names for Table {
        fn type_of(&self, name: &str) -> Option<Type> {
            matches!(name, "prompt.tokens" | "prompt.model" | "prompt.cost").then_some(Type::Int)
        }
        fn nearest(&self, name: &str) -> Option<String> {
            name.starts_with("prompt.tok").then(|| "prompt.tokens".to_owned())
        }
    }

    #[test]
    fn names_become_values_and_double_braces_braces() {
        let source = "é {{{prompt.tokens}}} of { prompt.model }, {prompt.cost}{prompt.tokens}";
        let template = Template::compile(source, &Table).unwrap();
        let mut facts = |name: &str| match name {
            "prompt.tokens" => Known::Yes(Value::Int(1200)),
            "prompt.model" => Known::Absent,
            _ => Known::Unknown("no price".into()),
        };
        let format = |name: &str, value: &Value| match value {
            Value::Int(n) => format!("<{name}:{n}>"),
            other => format!("{other:?}"),
        };
        assert_eq!(
            template.render(&mut facts, &format),
            "é {<prompt.tokens:1200>} of not stated, unknown (no price)<prompt.tokens:1200>"
        );
        assert_eq!(
            template.facts().collect::<Vec<_>>(),
            ["prompt.tokens", "prompt.model", "prompt.cost", "prompt.tokens"]
        );
    }

    #[test]
    fn what_stands_in_double_brackets_is_left_out_where_it_is_not_known() {
        let source = "a [0][[, b {prompt.tokens}]][[, c {prompt.tokens} {prompt.model}]][[, d {prompt.cost}]].";
        let template = Template::compile(source, &Table).unwrap();
        let mut facts = |name: &str| match name {
            "prompt.tokens" => Known::Yes(Value::Int(7)),
            "prompt.model" => Known::Absent,
            _ => Known::Unknown("no price".into()),
        };
        assert_eq!(template.render(&mut facts, &|_, _| "7".to_owned()), "a [0], b 7.");
        assert_eq!(template.facts().count(), 4);
    }

    #[test]
    fn mistakes_have_a_place() {
        let cases = [
            ("a } b", "}", "closes nothing"),
            ("é {prompt.tokens", "{", "never closed"),
            ("{prompt.{tokens}}", "{", "never closed"),
            ("a { } b", "{ }", "missing"),
            ("a [[b", "[[", "never closed"),
            ("é { prompt.toks }", "prompt.toks", "there is no `prompt.toks`"),
        ];
        for (source, place, message) in cases {
            let error = Template::compile(source, &Table).unwrap_err();
            assert_eq!(&source[error.span.clone()], place, "{source}: {error}");
            assert!(error.message.contains(message), "{source}: {error}");
        }
        let error = Template::compile("{prompt.toks}", &Table).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `prompt.tokens`?"));
    }
}
