//! Suppressions: comments and keys by which a file asks not to report some findings.
//!
//! `llmlint: ignore[rule, rule] why` in a comment covers its own line, or the next line that is no comment;
//! `llmlint: ignore-file[rule] why` covers the file, as does `llmlint-ignore: [rule]` in front matter. A comment inside a
//! prompt is sent to the model, so there only the template's own comments (`{# … #}`, `{{! … }}`) count.

use memchr::memmem;

use crate::source::{Source, Span};

/// What a file asks for at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The rules.
    pub rules: Vec<String>,
    /// Where the request stands.
    pub at: usize,
    /// Why, in the author's words.
    pub reason: String,
    /// The lines that it covers, from and to (from 1); `None` for the whole file.
    lines: Option<(usize, usize)>,
    /// Whether a template's comment holds it, which is not sent.
    silent: bool,
}

/// Requests of one file that are read: a team with more has turned the rule off.
const MOST: usize = 1000;
/// Lines of comment between a request and what it is for.
const MOST_LINES: usize = 50;
const MARK: &str = "llmlint:";
const KEY: &str = "llmlint-ignore:";
/// How comments begin that are sent where they stand in a prompt.
const COMMENTS: &[&str] = &["#", "//", "--", "<!--", "/*", ";"];
/// How a template's comments begin.
const SILENT: &[&str] = &["{#", "{{!", "<%#"];

/// What `source` asks for; nothing for most files, told by a byte search.
pub fn suppressions(source: &Source) -> Vec<Suppression> {
    let text: &str = &source.text;
    let mut found: Vec<Suppression> = memmem::find_iter(text.as_bytes(), MARK)
        .filter_map(|at| comment(source, at))
        .take(MOST)
        .collect();
    found.extend(front_matter(source));
    found
}

impl Suppression {
    /// Whether it covers a finding of `rule` at `span`; `sent` are the parts of the file that go to a model.
    pub fn covers(&self, rule: &str, source: &Source, span: Span, sent: &[Span]) -> bool {
        if !self.rules.iter().any(|named| named == rule) {
            return false;
        }
        if !self.silent && sent.iter().any(|part| part.start <= self.at && self.at < part.end) {
            return false;
        }
        let Some((from, to)) = self.lines else {
            return true;
        };
        let line = source.position(span.start).line;
        (from..=to).contains(&line)
    }
}

fn comment(source: &Source, at: usize) -> Option<Suppression> {
    let line = source.line_at(at);
    let before = &source.text[line.start..at];
    let rest = source.text[at + MARK.len()..line.end].trim_start();
    let (whole_file, rest) = match (rest.strip_prefix("ignore-file["), rest.strip_prefix("ignore[")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return None,
    };
    let (rules, reason) = rest.split_once(']')?;
    let begins = |marks: &[&str]| marks.iter().any(|mark| before.trim_end().ends_with(mark));
    let silent = begins(SILENT);
    if !silent && !begins(COMMENTS) {
        return None;
    }
    let number = source.position(at).line;
    let alone = SILENT.iter().chain(COMMENTS).any(|mark| before.trim() == *mark);
    let lines = if alone {
        (number, next_line(source, number))
    } else {
        (number, number)
    };
    Some(Suppression {
        rules: names(rules),
        at,
        reason: reason
            .trim()
            .trim_end_matches(['#', '}', '>', '-', '%', '*', '/'])
            .trim()
            .to_owned(),
        lines: (!whole_file).then_some(lines),
        silent,
    })
}

/// The next line that holds more than a comment.
fn next_line(source: &Source, number: usize) -> usize {
    let mut next = number + 1;
    while let Some(line) = source.line(next).filter(|_| next < number + MOST_LINES) {
        let text = source.text[line.start..line.end].trim_start();
        if !text.is_empty() && !text.starts_with('#') && !text.starts_with("//") {
            break;
        }
        next += 1;
    }
    next
}

/// The key of a file's front matter.
fn front_matter(source: &Source) -> Option<Suppression> {
    let (body, start) = source.body();
    let inside = body.strip_prefix("---")?;
    let end = inside.find("\n---").unwrap_or(0);
    let front = &inside[..end];
    let at = front.find(KEY)?;
    let begins_line = front[..at].ends_with('\n');
    let line = front[at + KEY.len()..].lines().next().unwrap_or_default();
    let list = line.trim().strip_prefix('[')?.split(']').next()?;
    begins_line.then(|| Suppression {
        rules: names(list),
        at: start + 3 + at,
        reason: line.split_once('#').map_or("", |(_, reason)| reason).trim().to_owned(),
        lines: None,
        silent: true,
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(',')
        .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(text: &str, rule: &str, at: &str, sent: bool) -> bool {
        let source = Source::new("a.yaml", text, true);
        let start = text.find(at).expect("it stands there");
        let sent = if sent {
            vec![Span::new(0, text.len())]
        } else {
            Vec::new()
        };
        suppressions(&source)
            .iter()
            .any(|one| one.covers(rule, &source, Span::new(start, start + 1), &sent))
    }

    #[test]
    fn a_comment_covers_its_line_or_the_next() {
        assert!(covered(
            "image: x # llmlint: ignore[a] why\nb: 1\n",
            "a",
            "image",
            false
        ));
        assert!(!covered(
            "image: x # llmlint: ignore[a] why\nb: 1\n",
            "a",
            "b: 1",
            false
        ));
        assert!(covered(
            "# llmlint: ignore[a, b]\n# more\nimage: x\n",
            "b",
            "image",
            false
        ));
        assert!(!covered("# llmlint: ignore[a]\nc: 1\nimage: x\n", "a", "image", false));
        assert!(!covered("# llmlint: ignore[a]\nimage: x\n", "c", "image", false));
        assert!(covered(
            "# llmlint: ignore-file[a]\nc: 1\nimage: x\n",
            "a",
            "image",
            false
        ));
        assert!(
            !covered("text: 'llmlint: ignore[a]'\nimage: x\n", "a", "text", false),
            "no comment"
        );
    }

    #[test]
    fn what_is_sent_asks_for_nothing() {
        assert!(!covered("# llmlint: ignore-file[a]\nAnswer.", "a", "Answer", true));
        assert!(covered(
            "{# llmlint: ignore-file[a] known #}\nAnswer.",
            "a",
            "Answer",
            true
        ));
        assert!(covered(
            "---\nllmlint-ignore: [a]  # known\n---\nAnswer.",
            "a",
            "Answer",
            false
        ));
        assert!(!covered("Answer.\nllmlint-ignore: [a]\n", "a", "Answer", false));
    }

    #[test]
    fn the_reason_is_kept() {
        let source = Source::new("a.j2", "{# llmlint: ignore[a] measured in March #}\nX", true);
        assert_eq!(suppressions(&source)[0].reason, "measured in March");
    }
}
