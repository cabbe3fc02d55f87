//! Placeholders that start with a dollar sign: Python's `string.Template`, and what coding agents fill into the
//! prompts that a person calls by name.
//! <https://docs.python.org/3/library/string.html#template-strings-strings>

use std::ops::Range;

use super::Piece;

/// `$name` and `${name}`; `$$` sends one dollar sign. Anything else that starts with one is sent as it stands.
pub(super) fn parse(text: &str) -> Vec<Piece> {
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
            let length = name(inner);
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
            if let Some(length) = inner.find('}')
                && FILLED.iter().any(|name| inner[..length].starts_with(name))
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
        let pieces = parse(text);
        assert_eq!(names(&pieces), ["name", "who"]);
        let sent: String = super::super::fixed_ranges(&pieces, super::super::Extent::Least)
            .ranges
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(sent, " owes  $5 or $5, ${not closed ${a-b}");
    }

    #[test]
    fn an_agents_prompt_takes_arguments_inputs_and_files() {
        let text = "@docs/rules.md\nFix $ARGUMENTS in ${file}: ${input:why:the reason}\n```\n@a.md ${HOME}\n```\nmail @me.md x\n$HOME\n";
        let pieces = parse_agent(text);
        assert_eq!(names(&pieces), ["ARGUMENTS", "file", "input:why:the reason"]);
        assert_eq!(includes(&pieces), ["docs/rules.md"]);
    }
}
