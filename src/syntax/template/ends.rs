//! Templates whose blocks all end with `end`: Go's `text/template` and Ruby's ERB.
//! <https://pkg.go.dev/text/template>, <https://docs.ruby-lang.org/en/master/ERB.html>

use std::ops::Range;

use super::tree::{Shape, Tree};
use super::{Piece, TemplateError};

/// What a tag does.
enum Step {
    Open(Shape),
    Branch { last: bool },
    End,
    Variable,
    Include(String),
    Silent,
}

/// How a language writes its tags.
struct Marks {
    open: &'static str,
    close: &'static str,
    /// What a tag's content means.
    step: fn(&str) -> Step,
    /// Whether `-` inside a mark takes all white space, line ends included; else the rest of its line.
    greedy: bool,
}

const GO: Marks = Marks {
    open: "{{",
    close: "}}",
    step: go_step,
    greedy: true,
};

const ERB: Marks = Marks {
    open: "<%",
    close: "%>",
    step: erb_step,
    greedy: false,
};

pub(super) fn parse_go(text: &str) -> Result<Vec<Piece>, TemplateError> {
    parse(text, &GO)
}

pub(super) fn parse_erb(text: &str) -> Result<Vec<Piece>, TemplateError> {
    parse(text, &ERB)
}

fn go_step(inner: &str) -> Step {
    let (word, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    match word {
        "if" | "with" => Step::Open(Shape::Choice),
        "range" => Step::Open(Shape::Loop),
        "define" => Step::Open(Shape::Discard),
        "block" => Step::Open(Shape::Inline),
        "else" => Step::Branch {
            last: rest.trim().is_empty(),
        },
        "end" => Step::End,
        "break" | "continue" => Step::Silent,
        "template" => match rest.trim().strip_prefix('"').and_then(|rest| rest.split_once('"')) {
            Some((name, _)) => Step::Include(name.to_owned()),
            None => Step::Variable,
        },
        _ if inner.starts_with("/*") => Step::Silent,
        _ if word.starts_with('$') && (rest.starts_with(":=") || rest.starts_with("= ")) => Step::Silent,
        _ => Step::Variable,
    }
}

fn erb_step(inner: &str) -> Step {
    if inner.starts_with('=') {
        // A helper with a block puts in what the block says.
        return if takes_block(inner) {
            Step::Open(Shape::Inline)
        } else {
            Step::Variable
        };
    }
    if inner.starts_with('#') {
        return Step::Silent;
    }
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    match word {
        Some("if" | "unless" | "case") => Step::Open(Shape::Choice),
        Some("for" | "while" | "until") => Step::Open(Shape::Loop),
        Some("else") => Step::Branch { last: true },
        Some("elsif" | "when" | "in") => Step::Branch { last: false },
        Some("end") => Step::End,
        _ if takes_block(inner) => Step::Open(Shape::Loop),
        _ => Step::Silent,
    }
}

/// Whether Ruby code ends with the start of a block: `each do |item|`.
fn takes_block(code: &str) -> bool {
    let code = code.trim_end();
    let code = match code.strip_suffix('|') {
        Some(rest) => rest.rsplit_once('|').map_or(rest, |(before, _)| before).trim_end(),
        None => code,
    };
    code.ends_with(" do")
}

fn parse(text: &str, marks: &Marks) -> Result<Vec<Piece>, TemplateError> {
    let mut tree = Tree::new();
    let mut at = 0;
    let mut search = 0;
    while let Some(found) = text[search..].find(marks.open) {
        let start = search + found;
        let mut content = start + marks.open.len();
        if text[content..].starts_with('%') && !marks.greedy {
            // `<%%` is sent as `<%`.
            tree.push(Piece::Fixed(at..content));
            tree.push(Piece::Silent(content..content + 1));
            at = content + 1;
            search = at;
            continue;
        }
        let Some(close) = tag_end(text, content, marks.close) else {
            return Err(TemplateError {
                range: start..content,
                message: format!(
                    "`{}` opened here is never closed: expected `{}`",
                    marks.open, marks.close
                ),
            });
        };
        let mut end = close + marks.close.len();
        let mut inner_end = close;
        let before = &text[at..start];
        let mut kept = start;
        if text[content..].starts_with('-') {
            content += 1;
            let trimmed = if marks.greedy {
                before.trim_end()
            } else {
                before.trim_end_matches([' ', '\t'])
            };
            kept = at + trimmed.len();
        }
        let tag = start..end;
        if inner_end > content && text[..inner_end].ends_with('-') {
            inner_end -= 1;
            let rest = &text[end..];
            end += if marks.greedy {
                rest.len() - rest.trim_start().len()
            } else {
                line_end(rest)
            };
        }
        tree.push(Piece::Fixed(at..kept));
        tree.push(Piece::Silent(kept..start));
        let inner = text[content..inner_end.max(content)].trim();
        step(&mut tree, marks, inner, &tag)?;
        tree.push(Piece::Silent(tag.end..end));
        at = end;
        search = end;
    }
    tree.push(Piece::Fixed(at..text.len()));
    match tree.innermost() {
        None => Ok(tree.finish()),
        Some(block) => Err(TemplateError {
            range: block.tag.clone(),
            message: format!(
                "this block is never closed: expected `{} end {}`",
                marks.open, marks.close
            ),
        }),
    }
}

fn step<'t>(tree: &mut Tree<'t>, marks: &Marks, inner: &'t str, tag: &Range<usize>) -> Result<(), TemplateError> {
    let outside = |what: &str| TemplateError {
        range: tag.clone(),
        message: format!("`{what}` stands outside of any block"),
    };
    match (marks.step)(inner) {
        Step::Open(shape) => tree.open("end", tag.clone(), shape)?,
        Step::Branch { last } => {
            if tree.innermost().is_none() {
                return Err(outside(inner));
            }
            tree.next_branch(tag, last);
        }
        Step::End => {
            if tree.innermost().is_none() {
                return Err(outside(inner));
            }
            tree.close(tag.clone());
        }
        Step::Variable => tree.push(Piece::Variable {
            name: inner.trim_start_matches('=').trim().to_owned(),
            range: tag.clone(),
        }),
        Step::Include(name) => tree.push(Piece::Include {
            name,
            range: tag.clone(),
        }),
        Step::Silent => tree.push(Piece::Silent(tag.clone())),
    }
    Ok(())
}

/// Where the content of a tag ends: strings inside it may hold its closing mark.
fn tag_end(text: &str, from: usize, close: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if text[from..].trim_start_matches(['-', ' ']).starts_with("/*") {
        let comment = from + text[from..].find("*/")?;
        return text[comment..].find(close).map(|length| comment + length);
    }
    let mut at = from;
    while at < bytes.len() {
        if bytes[at..].starts_with(close.as_bytes()) {
            return Some(at);
        }
        // An apostrophe in a comment opens nothing; only double quotes and Go's raw strings are passed over.
        if matches!(bytes[at], b'"' | b'`')
            && let Some(length) = text[at + 1..].find(char::from(bytes[at]))
            && !text[at + 1..at + 1 + length].contains('\n')
        {
            at += length + 1;
        }
        at += 1;
    }
    None
}

/// The bytes up to and with the first line end, where nothing but blanks come before it.
fn line_end(rest: &str) -> usize {
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    if rest[blank..].starts_with('\n') { blank + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::{Extent, fixed_ranges, includes, variables};
    use super::*;

    fn sent(text: &str, pieces: &[Piece], which: Extent) -> String {
        let fixed = fixed_ranges(pieces, which);
        fixed.ranges.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn go_templates() {
        let text = "Hi {{ .Name }}{{/* no }} */}}{{ if .Long }}long{{ else if .Mid }}mid{{ else }}s{{ end }}\n{{- range $i, $x := .List }} {{ $x }};{{ end }}{{ template \"foot.tmpl\" . }}{{ define \"t\" }}gone{{ end }}{{ $v := 1 }}.";
        let pieces = parse_go(text).unwrap();
        assert_eq!(sent(text, &pieces, Extent::Least), "Hi s.");
        assert_eq!(sent(text, &pieces, Extent::Most), "Hi long ;.");
        let names: Vec<&str> = variables(&pieces).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [".Name", "$x"]);
        assert_eq!(includes(&pieces), ["foot.tmpl"]);
    }

    #[test]
    fn erb_templates() {
        let text = "<%# note %>Dear <%= user.name %>,\n<% if vip? -%>\nThanks!\n<% else -%>\nOk\n<% end -%>\n<% items.each do |item| %><%= item %> <% end %>100<%%";
        let pieces = parse_erb(text).unwrap();
        assert_eq!(sent(text, &pieces, Extent::Least), "Dear ,\nOk\n100<%");
        assert_eq!(sent(text, &pieces, Extent::Most), "Dear ,\nThanks!\n 100<%");
        let names: Vec<&str> = variables(&pieces).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["user.name", "item"]);
    }

    #[test]
    fn what_is_not_closed_is_said() {
        assert!(parse_go("a {{ if .X }}b").unwrap_err().message.contains("never closed"));
        assert!(parse_go("a {{ end }}").unwrap_err().message.contains("outside"));
        assert!(parse_erb("a <% if x").unwrap_err().message.contains("never closed"));
    }
}
