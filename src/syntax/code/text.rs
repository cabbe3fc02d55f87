//! Strings that hold variables: put together, stripped, filled in, with the way back to bytes kept.

use std::ops::Range;

use crate::source::{Span, Text, TextBuilder};
use crate::syntax::template::Piece;

/// Longest string that is put together, bytes.
pub(super) const MAX_TEXT: usize = 1_000_000;

/// A string with its parts.
pub(super) type Filled = (Text, Vec<Piece>);

/// A string in the making.
#[derive(Default)]
pub(super) struct Filling {
    built: TextBuilder,
    pieces: Vec<Piece>,
}

impl Filling {
    pub(super) fn len(&self) -> usize {
        self.built.as_str().len()
    }

    /// Adds text that is sent as it stands.
    pub(super) fn fixed(&mut self, text: &Text) {
        let start = self.len();
        self.built.append(text);
        self.push_fixed(start..self.len());
    }

    fn push_fixed(&mut self, range: Range<usize>) {
        match self.pieces.last_mut() {
            _ if range.is_empty() => {}
            Some(Piece::Fixed(last)) if last.end == range.start => last.end = range.end,
            _ => self.pieces.push(Piece::Fixed(range)),
        }
    }

    /// Adds a variable that stands at `span`.
    pub(super) fn variable(&mut self, name: &str, span: Span) {
        self.variable_written(name, &Text::opaque(&format!("{{{name}}}"), span));
    }

    fn variable_written(&mut self, name: &str, written: &Text) {
        let start = self.len();
        self.built.append(written);
        if self.len() > start {
            self.pieces.push(Piece::Variable {
                name: name.to_owned(),
                range: start..self.len(),
            });
        }
    }

    /// Adds a string with its parts. One that stands elsewhere is named here, at `named`; `foreign` says that it stands
    /// in another file, whose bytes this text can't point at.
    pub(super) fn add(&mut self, (text, pieces): &Filled, named: Span, foreign: bool) {
        let base = self.len();
        if foreign {
            self.built.replaced(text.as_str(), named);
        } else {
            let here = text.span();
            let inside = named.start <= here.start && here.end <= named.end;
            if !inside {
                self.built.elsewhere();
            }
            self.built.append(text);
            if !inside {
                self.built.elsewhere();
            }
        }
        for piece in pieces {
            match moved(piece, base) {
                Piece::Fixed(range) => self.push_fixed(range),
                other => self.pieces.push(other),
            }
        }
    }

    /// Adds what one of several ways adds.
    pub(super) fn choice(&mut self, count: usize, mut branch: impl FnMut(&mut Self, usize)) {
        let start = self.len();
        let before = std::mem::take(&mut self.pieces);
        let mut branches = Vec::new();
        for index in 0..count {
            branch(self, index);
            branches.push(std::mem::take(&mut self.pieces));
        }
        self.pieces = before;
        if self.len() > start {
            let range = start..self.len();
            self.pieces.push(Piece::Choice { branches, range });
        }
    }

    /// Adds what each turn of a loop adds.
    pub(super) fn repeated(&mut self, body: impl FnOnce(&mut Self)) {
        let start = self.len();
        let before = std::mem::take(&mut self.pieces);
        body(self);
        let body = std::mem::replace(&mut self.pieces, before);
        if self.len() > start {
            let range = start..self.len();
            self.pieces.push(Piece::Loop { body, range });
        }
    }

    pub(super) fn finish(self, span: Span) -> Filled {
        (self.built.finish(span), self.pieces)
    }
}

/// A string that is all fixed.
pub(super) fn fixed(text: Text) -> Filled {
    let pieces = if text.as_str().is_empty() {
        Vec::new()
    } else {
        vec![Piece::Fixed(0..text.as_str().len())]
    };
    (text, pieces)
}

/// A piece of a string that now begins `base` bytes further on.
fn moved(piece: &Piece, base: usize) -> Piece {
    mapped(piece, &|at| at + base)
}

fn mapped(piece: &Piece, to: &impl Fn(usize) -> usize) -> Piece {
    let moved = |range: &Range<usize>| to(range.start)..to(range.end);
    let all = |pieces: &[Piece]| -> Vec<Piece> {
        let pieces = pieces.iter().map(|piece| mapped(piece, to));
        pieces.filter(|piece| !piece.range().is_empty()).collect()
    };
    match piece {
        Piece::Fixed(range) => Piece::Fixed(moved(range)),
        Piece::Silent(range) => Piece::Silent(moved(range)),
        Piece::Variable { name, range } => Piece::Variable {
            name: name.clone(),
            range: moved(range),
        },
        Piece::Include { name, range } => Piece::Include {
            name: name.clone(),
            range: moved(range),
        },
        Piece::Choice { branches, range } => Piece::Choice {
            branches: branches.iter().map(|branch| all(branch)).collect(),
            range: moved(range),
        },
        Piece::Loop { body, range } => Piece::Loop {
            body: all(body),
            range: moved(range),
        },
    }
}

/// The string of which only these ranges are left, which are in order.
fn keep((text, pieces): &Filled, ranges: &[Range<usize>]) -> Filled {
    let mut built = TextBuilder::default();
    let mut before = Vec::with_capacity(ranges.len());
    for range in ranges {
        before.push(built.as_str().len());
        built.append(&text.slice(range.clone()));
    }
    let to = |at: usize| {
        let next = ranges.partition_point(|range| range.start <= at);
        match next.checked_sub(1) {
            Some(last) => before[last] + at.min(ranges[last].end) - ranges[last].start,
            None => 0,
        }
    };
    let pieces = pieces.iter().map(|piece| mapped(piece, &to));
    let pieces = pieces.filter(|piece| !piece.range().is_empty()).collect();
    (built.finish(text.span()), pieces)
}

/// Without blanks at its start or its end.
pub(super) fn strip(filled: &Filled, start: bool, end: bool) -> Filled {
    let text = filled.0.as_str();
    let from = if start { text.len() - text.trim_start().len() } else { 0 };
    let to = if end { text.trim_end().len() } else { text.len() };
    keep(filled, std::slice::from_ref(&(from..to.max(from))))
}

/// Without the blanks that all lines begin with, as `textwrap.dedent` takes them off; `clean` as `inspect.cleandoc`
/// does it, the first line apart.
pub(super) fn dedent(filled: &Filled, clean: bool) -> Filled {
    let text = filled.0.as_str();
    let skip = usize::from(clean);
    let lines = text.split_inclusive('\n');
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let margin = lines
        .clone()
        .skip(skip)
        .filter(|line| !line.trim().is_empty())
        .map(blanks)
        .min()
        .unwrap_or(0);
    let mut at = 0;
    let mut ranges = Vec::new();
    for (index, line) in lines.enumerate() {
        let cut = if index < skip {
            blanks(line)
        } else if line.trim().is_empty() {
            line.len() - usize::from(line.ends_with('\n'))
        } else {
            margin.min(blanks(line))
        };
        ranges.push(at + cut..at + line.len());
        at += line.len();
    }
    let made = keep(filled, &ranges);
    if clean { strip(&made, true, true) } else { made }
}

/// The string with its fixed parts written anew by `write`, everything else as it is.
pub(super) fn rewrite(filled: &Filled, write: &mut dyn FnMut(&Text, &mut Filling)) -> Filled {
    fn all(text: &Text, pieces: &[Piece], into: &mut Filling, write: &mut dyn FnMut(&Text, &mut Filling)) {
        for piece in pieces {
            match piece {
                Piece::Fixed(range) => write(&text.slice(range.clone()), into),
                Piece::Variable { name, range } => into.variable_written(name, &text.slice(range.clone())),
                Piece::Choice { branches, .. } => {
                    into.choice(branches.len(), |into, index| all(text, &branches[index], into, write));
                }
                Piece::Loop { body, .. } => into.repeated(|into| all(text, body, into, write)),
                Piece::Include { range, .. } | Piece::Silent(range) => {
                    let part = text.slice(range.clone());
                    let base = into.len() as isize - range.start as isize;
                    into.built.append(&part);
                    let to = |at: usize| at.saturating_add_signed(base);
                    into.pieces.push(mapped(piece, &to));
                }
            }
        }
    }
    let mut into = Filling::default();
    all(&filled.0, &filled.1, &mut into, write);
    into.finish(filled.0.span())
}

/// Fills in the places of Python's format strings (`{name}`, `{0}`, `{}`, `{{` for a brace). `value` writes what a name
/// stands for.
pub(super) fn braces(filled: &Filled, value: &mut dyn FnMut(&str, Span, &mut Filling)) -> Filled {
    let mut number = 0;
    rewrite(filled, &mut |text, into| {
        let written = text.as_str();
        let mut at = 0;
        while let Some(found) = written[at..].find(['{', '}']).map(|found| at + found) {
            into.fixed(&text.slice(at..found));
            let rest = &written[found..];
            let doubled = rest.starts_with("{{") || rest.starts_with("}}");
            let close = rest.find('}').filter(|_| !doubled && rest.starts_with('{'));
            let Some(close) = close else {
                // A doubled brace is one; one without its other stands for itself.
                into.fixed(&text.slice(found..found + 1));
                at = found + 1 + usize::from(doubled);
                continue;
            };
            let inside = &rest[1..close];
            let name = inside.split(['!', ':']).next().unwrap_or_default().trim();
            let span = text.span_of(found..found + close + 1);
            if name.is_empty() {
                value(&number.to_string(), span, into);
                number += 1;
            } else {
                value(name, span, into);
            }
            at = found + close + 1;
        }
        into.fixed(&text.slice(at..written.len()));
    })
}

/// Fills in the places of `%`: `%s`, `%(name)d`, `%%` for a percent sign.
pub(super) fn percents(filled: &Filled, value: &mut dyn FnMut(&str, Span, &mut Filling)) -> Filled {
    let mut number = 0;
    rewrite(filled, &mut |text, into| {
        let written = text.as_str();
        let mut at = 0;
        while let Some(found) = written[at..].find('%').map(|found| at + found) {
            into.fixed(&text.slice(at..found));
            let rest = &written[found + 1..];
            if rest.starts_with('%') {
                into.fixed(&text.slice(found..found + 1));
                at = found + 2;
                continue;
            }
            let named = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
            let (name, format) = named.unwrap_or(("", rest));
            let flags = format.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | ' ' | '#' | '*'));
            let kind = flags.filter(|at| format[*at..].starts_with(['s', 'd', 'i', 'f', 'r', 'g', 'e', 'x', 'c']));
            let Some(kind) = kind else {
                into.fixed(&text.slice(found..found + 1));
                at = found + 1;
                continue;
            };
            let end = written.len() - format.len() + kind + 1;
            let span = text.span_of(found..end);
            if named.is_some() {
                value(name, span, into);
            } else {
                value(&number.to_string(), span, into);
                number += 1;
            }
            at = end;
        }
        into.fixed(&text.slice(at..written.len()));
    })
}

/// Replaces each `needle` of the fixed text.
pub(super) fn replace(filled: &Filled, needle: &str, value: &mut dyn FnMut(Span, &mut Filling)) -> Filled {
    if needle.is_empty() {
        return filled.clone();
    }
    rewrite(filled, &mut |text, into| {
        let written = text.as_str();
        let mut at = 0;
        for (found, _) in written.match_indices(needle) {
            into.fixed(&text.slice(at..found));
            at = found + needle.len();
            value(text.span_of(found..at), into);
        }
        into.fixed(&text.slice(at..written.len()));
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::template::variables;

    fn of(text: &str) -> Filled {
        fixed(Text::verbatim(text, 10))
    }

    #[test]
    fn format_strings_are_filled_in() {
        let filled = braces(&of("a {x} {{b}} {} {y:>3}"), &mut |name, span, into| {
            if name == "y" {
                into.fixed(&Text::opaque("why", span));
            } else {
                into.variable(name, span);
            }
        });
        assert_eq!(filled.0.as_str(), "a {x} {b} {0} why");
        let names: Vec<_> = variables(&filled.1).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["x", "0"]);
        // `{x}` stands at 12, `b` behind its doubled brace at 18.
        assert_eq!(filled.0.span_of(2..5), Span::new(12, 15));
        assert_eq!(filled.0.span_of(7..8), Span::new(18, 19));
    }

    #[test]
    fn percents_are_filled_in() {
        let filled = percents(&of("100%% of %s, %(n)d %z"), &mut |name, span, into| {
            into.variable(name, span)
        });
        assert_eq!(filled.0.as_str(), "100% of {0}, {n} %z");
    }

    #[test]
    fn dedent_takes_the_common_margin_off() {
        let made = dedent(&of("\n    a\n      b\n\n    c\n  "), false);
        assert_eq!(made.0.as_str(), "\na\n  b\n\nc\n");
        assert_eq!(made.0.span_of(1..2), Span::new(15, 16));
        assert_eq!(dedent(&of("a\n    b\n    "), true).0.as_str(), "a\nb");
    }
}
