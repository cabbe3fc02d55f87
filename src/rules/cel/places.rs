//! From text to the `cel` crate's syntax tree, and from its nodes back to places in the text.
//!
//! Of the crate's two parsers this is the hand-written one: the other, generated one overflows a
//! 2 MiB stack on 4 kB of open brackets, and needs a millisecond to start.

use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use cel::parser::PrattParser;

use super::{ExprError, MAX_DEPTH, MAX_LENGTH};

/// The tree of `source`.
pub(super) fn parse(source: &str) -> Result<IdedExpr, ExprError> {
    if source.len() > MAX_LENGTH {
        return Err(ExprError {
            span: 0..source.len(),
            message: format!("the expression is longer than {MAX_LENGTH} bytes"),
            help: None,
        });
    }
    let errors = match parser().parse(source) {
        Ok(tree) => return Ok(tree),
        Err(errors) => errors.errors,
    };
    let first = errors.into_iter().next();
    let span = first
        .as_ref()
        .and_then(|error| match &error.source_info {
            Some(info) if error.expr_id != 0 => token(info, error.expr_id),
            _ => line_start(source, error.pos.0)
                .and_then(|start| Some(start + usize::try_from(error.pos.1).ok()?.checked_sub(1)?))
                .map(|at| at..at),
        })
        // A token that is an error can be one byte of a character.
        .map(|span| source.floor_char_boundary(span.start)..source.ceil_char_boundary(span.end))
        .unwrap_or(0..source.len());
    let (message, help) = explain(&source[span.clone()], first.map(|error| error.msg));
    Err(ExprError {
        span,
        message,
        help: help.map(str::to_owned),
    })
}

/// A message of the parser about the text that it found, in words for those who write rules.
fn explain(found: &str, message: Option<String>) -> (String, Option<&'static str>) {
    let message = message.unwrap_or_default();
    let help = match found {
        "=" => Some("write `==`"),
        "and" | "&" => Some("write `&&`"),
        "or" | "|" => Some("write `||`"),
        _ => None,
    };
    let message = match message.trim_start_matches("Syntax error: ") {
        "" => "it can't be read".to_owned(),
        text if text.starts_with("mismatched input") || text == "unexpected token" => {
            if found.is_empty() {
                "the expression ends too early".to_owned()
            } else {
                format!("`{found}` is not expected here")
            }
        }
        text if text.starts_with("invalid argument to has()") => {
            "`has` takes the name of a fact: `has(prompt.model)`".to_owned()
        }
        text => text.to_owned(),
    };
    (message, help)
}

fn parser() -> PrattParser {
    PrattParser::new().max_recursion_depth(MAX_DEPTH)
}

/// Where a line starts, counted from 1.
fn line_start(source: &str, line: isize) -> Option<usize> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    Some(source.split_inclusive('\n').take(before).map(str::len).sum())
}

fn token(info: &SourceInfo, id: u64) -> Option<Range<usize>> {
    let (start, end) = info.offset_for(id)?;
    (start <= end).then_some(start as usize..end as usize)
}

/// Where the nodes of a tree are in its text.
pub(super) struct Places<'s> {
    source: &'s str,
    info: Option<Arc<SourceInfo>>,
}

impl<'s> Places<'s> {
    /// The places of the tree of `source`.
    ///
    /// The parser hands out its table of places with an error only. So the text is parsed again
    /// with a bracket too many at its end: the nodes before it get the same numbers as without.
    /// That is done for a wrong expression only; a right one needs no places.
    pub(super) fn of(source: &'s str) -> Self {
        let info = parser()
            .parse(&format!("{source}\n)"))
            .err()
            .and_then(|errors| errors.errors.into_iter().find_map(|e| e.source_info));
        Self { source, info }
    }

    /// The text that a node was read from.
    pub(super) fn expr(&self, expr: &IdedExpr) -> Range<usize> {
        let mut span = None;
        self.cover(expr, &mut span);
        span.unwrap_or(0..self.source.len())
    }

    /// The name of the function that a node calls: at the node's token, or (`x.name(`) before it.
    pub(super) fn function(&self, expr: &IdedExpr, name: &str) -> Range<usize> {
        self.token(expr.id)
            .and_then(|at| {
                if self.source[at.clone()] == *name {
                    return Some(at);
                }
                let before = self.source[..at.start].trim_end();
                before.ends_with(name).then(|| before.len() - name.len()..before.len())
            })
            .unwrap_or_else(|| self.expr(expr))
    }

    fn token(&self, id: u64) -> Option<Range<usize>> {
        token(self.info.as_ref()?, id).filter(|at| self.source.get(at.clone()).is_some())
    }

    /// Widens `span` to hold the node and all below it.
    fn cover(&self, expr: &IdedExpr, span: &mut Option<Range<usize>>) {
        // A `has` is at that word; what is wrong with one is the name in it.
        let is_test = matches!(&expr.expr, Expr::Select(select) if select.test);
        if let Some(at) = self.token(expr.id).filter(|_| !is_test) {
            widen(span, at);
        }
        match &expr.expr {
            Expr::Select(select) => {
                self.cover(&select.operand, span);
                self.swallow(&select.field, span);
            }
            Expr::Call(call) => {
                for part in call.target.as_deref().into_iter().chain(&call.args) {
                    self.cover(part, span);
                }
                // Operators have names such as `_+_`, `!_` and `@in`.
                if call.func_name.starts_with(char::is_alphabetic) {
                    self.swallow(")", span);
                }
            }
            Expr::List(list) => {
                for element in &list.elements {
                    self.cover(element, span);
                }
                self.swallow("]", span);
            }
            Expr::Comprehension(macro_call) => {
                self.cover(&macro_call.iter_range, span);
                self.cover(&macro_call.loop_step, span);
                self.swallow(")", span);
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.cover(&entry.key, span);
                        self.cover(&entry.value, span);
                    }
                }
                self.swallow("}", span);
            }
            Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => {}
        }
    }

    /// Widens `span` over `text` where that follows, perhaps after spaces and the dot of a field.
    fn swallow(&self, text: &str, span: &mut Option<Range<usize>>) {
        if let Some(span) = span {
            let rest = &self.source[span.end..];
            let found = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '.');
            if found.starts_with(text) {
                span.end += rest.len() - found.len() + text.len();
            }
        }
    }
}

fn widen(span: &mut Option<Range<usize>>, by: Range<usize>) {
    *span = Some(match span.take() {
        Some(span) => span.start.min(by.start)..span.end.max(by.end),
        None => by,
    });
}
