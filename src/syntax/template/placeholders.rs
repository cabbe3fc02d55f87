//! Languages that have placeholders and nothing else: Python's `string.Template` and `str.format`, double braces with
//! an expression between them, and what coding agents fill into their files.
//! <https://docs.python.org/3/library/string.html>

use std::ops::Range;

use super::Piece;

/// `$name` and `${name}`; `$$` sends one dollar sign. Anything else that starts with one is sent as it stands.
pub(super) fn parse_dollar(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut pieces = Pieces::new(text);
    let mut search = 0;
    while let Some(found) = text[search..].find('$') {
        let start = search + found;
        let rest = &bytes[start + 1..];
        search = start + 1;
        if rest.first() == Some(&b'$') {
            // The first is sent, the second is the escape.
            pieces.add(Piece::Silent(start + 1..start + 2));
            search = start + 2;
        } else if let Some(inner) = rest.strip_prefix(b"{") {
            let length = dotted(inner);
            if length > 0 && inner.get(length) == Some(&b'}') {
                search = pieces.variable(start..start + length + 3, start + 2..start + 2 + length);
            }
        } else {
            let length = name(rest);
            if length > 0 {
                search = pieces.variable(start..start + 1 + length, start + 1..start + 1 + length);
            }
        }
    }
    pieces.finish()
}

/// `str.format`: `{name}`, `{name!r:>10}`, `{0}`; `{{` and `}}` send one brace each. What it would refuse is sent as it
/// stands.
pub(super) fn parse_braces(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut pieces = Pieces::new(text);
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'{' | b'}')) {
        let start = at + found;
        at = start + 1;
        if bytes.get(at) == Some(&bytes[start]) {
            pieces.add(Piece::Silent(at..at + 1));
            at += 1;
        } else if bytes[start] == b'{'
            && let Some(length) = bytes[at..].iter().position(|byte| matches!(byte, b'{' | b'}' | b'\n'))
            && bytes[at + length] == b'}'
        {
            let inner = &bytes[at..at + length];
            let name = inner
                .iter()
                .position(|byte| matches!(byte, b'!' | b':'))
                .unwrap_or(length);
            let is_name = inner[..name]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.[]".contains(byte));
            if is_name && (name > 0 || length == 0) {
                at = pieces.variable(start..start + length + 2, start + 1..start + 1 + name);
            }
        }
    }
    pieces.finish()
}

/// `{{ anything }}`: the expression is another language's, and ends with the next two closing braces.
pub(super) fn parse_expressions(text: &str) -> Vec<Piece> {
    let mut pieces = Pieces::new(text);
    let mut search = 0;
    while let Some(found) = text[search..].find("{{") {
        let start = search + found;
        let Some(length) = text[start..].find("}}") else {
            break;
        };
        let inner = &text[start + 2..start + length];
        let from = start + 2 + inner.len() - inner.trim_start().len();
        search = start + length + 2;
        if !inner.trim().is_empty() {
            pieces.variable(start..search, from..from + inner.trim().len());
        }
    }
    pieces.finish()
}

/// What coding agents fill in: `$ARGUMENTS`, and `${input:name}` and its like of VS Code; `@path` alone on a line puts a file
/// in. Everything else is text, code with dollar signs first of all.
pub(super) fn parse_agent(text: &str) -> Vec<Piece> {
    let mut pieces = Pieces::new(text);
    let mut fence = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        fence ^= trimmed.starts_with("```");
        if !fence && let Some(path) = trimmed.strip_prefix('@').filter(|path| is_path(path)) {
            let at = start + line.find('@').unwrap_or(0);
            let range = at..at + 1 + path.len();
            pieces.add(Piece::Include {
                name: path.to_owned(),
                range,
            });
        } else {
            placeholders(line, start, &mut pieces);
        }
        start += line.len();
    }
    pieces.finish()
}

fn placeholders(line: &str, offset: usize, pieces: &mut Pieces<'_>) {
    // None is longer; the limit keeps a long line from being read again and again.
    const LONGEST: usize = 300;
    const FILLED: &[&str] = &[
        "input:",
        "file",
        "selection",
        "selectedText",
        "workspaceFolder",
        "prompt:",
    ];
    for (at, _) in line.match_indices('$') {
        let rest = &line[at + 1..];
        let start = offset + at;
        if let Some(inner) = rest.strip_prefix('{') {
            if FILLED.iter().any(|name| inner.starts_with(name))
                && let Some(length) = inner.bytes().take(LONGEST).position(|byte| byte == b'}')
            {
                pieces.variable(start..start + length + 3, start + 2..start + 2 + length);
            }
        } else if rest.starts_with("ARGUMENTS") {
            pieces.variable(start..start + 10, start + 1..start + 10);
        }
    }
}

/// Whether what follows an `@` names a file of text.
fn is_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    !path.contains([' ', '\t', ':', '@', '(', '"', '\'', '`'])
        && !path.starts_with('~')
        && [".md", ".mdc", ".txt"]
            .iter()
            .any(|extension| name.ends_with(extension))
}

/// How many bytes of an identifier start `bytes`.
fn name(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => bytes
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count(),
        _ => 0,
    }
}

/// How many bytes of identifiers with dots between them start `bytes`.
fn dotted(bytes: &[u8]) -> usize {
    let mut length = name(bytes);
    while length > 0
        && bytes.get(length) == Some(&b'.')
        && let next @ 1.. = name(&bytes[length + 1..])
    {
        length += 1 + next;
    }
    length
}

/// Pieces in order, with the fixed text between them.
pub(super) struct Pieces<'t> {
    text: &'t str,
    at: usize,
    pieces: Vec<Piece>,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            pieces: Vec::new(),
        }
    }

    /// Adds a piece behind the fixed text that comes before it.
    pub(super) fn add(&mut self, piece: Piece) {
        let range = piece.range();
        if self.at < range.start {
            self.pieces.push(Piece::Fixed(self.at..range.start));
        }
        self.at = range.end;
        self.pieces.push(piece);
    }

    /// Adds a variable; gives the byte behind it.
    pub(super) fn variable(&mut self, range: Range<usize>, name: Range<usize>) -> usize {
        let end = range.end;
        self.add(Piece::Variable {
            name: self.text[name].to_owned(),
            range,
        });
        end
    }

    pub(super) fn finish(mut self) -> Vec<Piece> {
        if self.at < self.text.len() {
            self.pieces.push(Piece::Fixed(self.at..self.text.len()));
        }
        self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::super::{includes, variables};
    use super::*;

    fn names(pieces: &[Piece]) -> Vec<&str> {
        variables(pieces).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn string_template_has_names_and_one_escape() {
        let text = "$name owes ${who} $$5 or $5, ${not closed ${a-b}";
        let pieces = parse_dollar(text);
        assert_eq!(names(&pieces), ["name", "who"]);
        let sent: String = super::super::fixed_ranges(&pieces, super::super::Extent::Least)
            .ranges
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(sent, " owes  $5 or $5, ${not closed ${a-b}");
    }

    #[test]
    fn str_format_has_fields_and_two_escapes() {
        let text = "{a} {b!r:>10} {0} {{\"k\": {c[0].d}}} {not closed {1 2} }x";
        let pieces = parse_braces(text);
        assert_eq!(names(&pieces), ["a", "b", "0", "c[0].d"]);
        let sent: String = super::super::fixed_ranges(&pieces, super::super::Extent::Least)
            .ranges
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(sent, "   {\"k\": } {not closed {1 2} }x");
    }

    #[test]
    fn expressions_are_of_another_language() {
        let text = "a {{ $json['x'] + 1 }} {{#n.text#}} {{ }} {{ open";
        assert_eq!(names(&parse_expressions(text)), ["$json['x'] + 1", "#n.text#"]);
    }

    #[test]
    fn an_agents_prompt_takes_arguments_inputs_and_files() {
        let text = "@docs/rules.md\nFix $ARGUMENTS in ${file}: ${input:why:the reason}\n```\n@a.md ${HOME}\n```\nmail @me.md x\n$HOME\n";
        let pieces = parse_agent(text);
        assert_eq!(names(&pieces), ["ARGUMENTS", "file", "input:why:the reason"]);
        assert_eq!(includes(&pieces), ["docs/rules.md"]);
    }
}
