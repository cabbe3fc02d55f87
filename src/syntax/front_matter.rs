//! Front matter: YAML between two lines of `---` at the top of a text file.

use crate::source::Span;

/// A text file's front matter and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrontMatter {
    /// The YAML, with the end of its last line. It need not be a mapping: two horizontal rules look the same.
    pub yaml: Span,
    /// The rest, from the line after the closing one.
    pub body: Span,
}

/// Finds the front matter: the first line is `---`, and a later one is `---` or `...`. A byte-order mark may come
/// first; `offset` is added to the spans.
pub fn split(text: &str, offset: usize) -> Option<FrontMatter> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let marker = |line: &str| line.trim_end_matches([' ', '\t', '\r', '\n']).to_owned();
    if marker(first.strip_prefix('\u{feff}').unwrap_or(first)) != "---" {
        return None;
    }
    let mut at = first.len();
    for line in lines {
        let end = at + line.len();
        if matches!(marker(line).as_str(), "---" | "...") {
            return Some(FrontMatter {
                yaml: Span::new(offset + first.len(), offset + at),
                body: Span::new(offset + end, offset + text.len()),
            });
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_yaml_and_the_body() {
        let parts = |text: &str| {
            split(text, 7).map(|found| {
                (
                    text[found.yaml.start - 7..found.yaml.end - 7].to_owned(),
                    text[found.body.start - 7..found.body.end - 7].to_owned(),
                )
            })
        };
        let given = |yaml: &str, body: &str| Some((yaml.to_owned(), body.to_owned()));
        assert_eq!(parts("---\na: 1\n---\nHi\n"), given("a: 1\n", "Hi\n"));
        assert_eq!(parts("\u{feff}---\r\na: 1\r\n... \r\nHi"), given("a: 1\r\n", "Hi"));
        assert_eq!(parts("---\n---"), given("", ""));
        assert_eq!(parts("---\na: 1\n ---\n"), None);
        assert_eq!(parts("----\na\n---\n"), None);
        assert_eq!(parts("\n---\na: 1\n---\n"), None);
        assert_eq!(parts(""), None);
    }
}
