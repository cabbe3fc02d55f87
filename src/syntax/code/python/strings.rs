//! String literals: f-strings, literals side by side, escapes.

use tree_sitter::Node as Tree;

use super::Lowering;
use crate::source::{Span, Text, TextBuilder};
use crate::syntax::code::ExprKind;

impl Lowering<'_> {
    /// A string literal, or several side by side: text where all of it is fixed, else its parts.
    pub(super) fn strings(&mut self, node: Tree<'_>, depth: usize) -> ExprKind {
        if let Some(text) = self.string(node) {
            return ExprKind::Text(text);
        }
        let literals = match node.kind() {
            "string" => vec![node],
            _ => Self::children(node),
        };
        let mut parts = Vec::new();
        for literal in literals.into_iter().filter(|literal| literal.kind() == "string") {
            if self.is_bytes(literal) {
                return ExprKind::Other;
            }
            for part in Self::children(literal) {
                match part.kind() {
                    "string_content" => {
                        let mut built = TextBuilder::default();
                        if self.string_content(part, &mut built).is_none() {
                            return ExprKind::Other;
                        }
                        let span = self.span(part);
                        let text = built.finish(span);
                        parts.push(self.build.expr(span, ExprKind::Text(text)));
                    }
                    "interpolation" => {
                        if let Some(inner) = part.child_by_field_name("expression") {
                            parts.push(self.expr(inner, depth));
                        }
                    }
                    _ => {}
                }
            }
        }
        ExprKind::Join(parts)
    }

    fn is_bytes(&self, literal: Tree<'_>) -> bool {
        let start = literal.child(0).map_or("", |start| self.written(start));
        start.trim_end_matches(['"', '\'']).contains(['b', 'B'])
    }

    /// A string literal's text; `None` for one that is filled in or whose bytes aren't text.
    pub(super) fn string(&self, node: Tree<'_>) -> Option<Text> {
        let mut built = TextBuilder::default();
        self.string_parts(node, &mut built)?;
        let span = self.span(node);
        let inner = match (node.child(0), node.child(node.child_count().saturating_sub(1))) {
            (Some(first), Some(last)) if first.kind() == "string_start" && last.kind() == "string_end" => {
                Span::new(self.end(first), self.start + last.start_byte())
            }
            _ => span,
        };
        Some(built.finish(inner))
    }

    fn string_parts(&self, node: Tree<'_>, built: &mut TextBuilder) -> Option<()> {
        for part in Self::children(node) {
            match part.kind() {
                "string" => self.string_parts(part, built)?,
                // Bytes are no text; a raw string has no escapes, which tree-sitter knows.
                "string_start" if self.is_bytes(node) => return None,
                "string_start" | "string_end" | "comment" => {}
                "string_content" => self.string_content(part, built)?,
                // An interpolation of an f-string.
                _ => return None,
            }
        }
        Some(())
    }

    fn string_content(&self, node: Tree<'_>, built: &mut TextBuilder) -> Option<()> {
        let mut at = node.start_byte();
        for part in Self::children(node) {
            let (start, end) = (part.start_byte(), part.end_byte());
            built.verbatim(self.text.get(at..start)?, self.start + at);
            let plain = escape(self.written(part))?;
            built.replaced(&plain, self.span(part));
            at = end;
        }
        built.verbatim(self.text.get(at..node.end_byte())?, self.start + at);
        Some(())
    }
}

/// What an escape sequence or a doubled brace stands for.
fn escape(written: &str) -> Option<String> {
    let code = |digits: &str, radix| {
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
    };
    Some(match written.strip_prefix('\\') {
        None => match written {
            "{{" => "{".to_owned(),
            "}}" => "}".to_owned(),
            _ => return None,
        },
        Some("\n" | "\r\n") => String::new(),
        Some("n") => "\n".to_owned(),
        Some("t") => "\t".to_owned(),
        Some("r") => "\r".to_owned(),
        Some("a") => "\u{7}".to_owned(),
        Some("b") => "\u{8}".to_owned(),
        Some("f") => "\u{c}".to_owned(),
        Some("v") => "\u{b}".to_owned(),
        Some(plain @ ("\\" | "'" | "\"")) => plain.to_owned(),
        Some(rest) if rest.starts_with(['x', 'u', 'U']) => code(&rest[1..], 16)?,
        Some(rest) if rest.starts_with(|c: char| c.is_digit(8)) => code(rest, 8)?,
        // `\N{…}` and escapes that Python doesn't know.
        Some(_) => return None,
    })
}
