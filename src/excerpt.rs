//! Lines of a file as they may be shown: what looks like a secret is left out, and nothing in them can move the
//! cursor, colour the terminal or pass for a line of ours.

use std::cell::LazyCell;

use crate::report::{Excerpt, Location, clean, push_clean};
use crate::source::{Source, Span, floor_char_boundary};

/// Lines shown before and after the place.
const CONTEXT: usize = 1;
/// Lines shown of a long place.
const MAX_LINES: usize = 4;
/// Characters shown of a long line.
const MAX_COLUMNS: usize = 160;
/// Bytes looked at on both sides of what is shown of a long line.
const AROUND: usize = 1_000;

/// Line and column of a span's ends.
pub fn locate(source: &Source, span: Span) -> Location {
    let start = source.position(span.start);
    let end = source.position(span.end);
    Location {
        start: span.start,
        end: span.end,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

/// The lines around a span.
pub fn excerpt(source: &Source, span: Span) -> Excerpt {
    let first = source.position(span.start).line;
    let last = source.position(span.end).line.min(first + MAX_LINES - 1);
    let from = first.saturating_sub(CONTEXT).max(1);
    let mut out = Excerpt {
        first_line: from,
        text: String::new(),
        start: 0,
        end: 0,
    };
    let mut started = false;
    for number in from..=last + CONTEXT {
        let Some(line) = source.line(number) else {
            break;
        };
        let begin = if number == first { span.start } else { line.start };
        let text = &source.text[line.start..line.end];
        let cut = clip(text, begin.saturating_sub(line.start));
        let shown = Span::new(line.start + cut.start, line.start + cut.end);
        let hidden = hidden(source, number, shown);
        if cut.start > 0 {
            out.text.push('…');
        }
        let mut at = shown.start;
        for character in source.text[shown.start..shown.end].chars() {
            if !started && at >= span.start && number >= first {
                out.start = out.text.len();
                started = true;
            }
            let inside = hidden.iter().any(|range| range.contains(&(at - shown.start)));
            if inside {
                out.text.push('*');
            } else {
                push_clean(character, &mut out.text);
            }
            at += character.len_utf8();
            if at <= span.end && started && number <= last {
                out.end = out.text.len();
            }
        }
        if !started && number >= first {
            out.start = out.text.len();
            started = true;
        }
        if cut.end < text.len() {
            out.text.push('…');
        }
        out.text.push('\n');
    }
    out.end = out.end.max(out.start);
    out
}

/// What looks like a secret in a part of a line, seen with what stands around it: a key may be cut by the window, or
/// named to its left or, as Kubernetes writes it, on the line above.
fn hidden(source: &Source, number: usize, shown: Span) -> Vec<std::ops::Range<usize>> {
    let line = source.line(number).unwrap_or(shown);
    let begin = floor_char_boundary(&source.text, shown.start.saturating_sub(AROUND)).max(line.start);
    let end = floor_char_boundary(&source.text, shown.end.saturating_add(AROUND)).min(line.end);
    let text = &source.text[begin..end];
    let above = number.checked_sub(1).and_then(|number| source.line(number));
    let named_above = text.trim_start().trim_start_matches(['"', '\'']).starts_with("value")
        && above.is_some_and(|above| {
            let end = floor_char_boundary(&source.text, above.end.min(above.start + AROUND));
            names_secret(&source.text[above.start..end]).is_some()
        });
    let ranges = if named_above {
        long_words(text)
    } else {
        redactions(text)
    };
    ranges
        .into_iter()
        .map(|range| (begin + range.start).saturating_sub(shown.start)..(begin + range.end).saturating_sub(shown.start))
        .filter(|range| !range.is_empty())
        .collect()
}

/// A window of at most [`MAX_COLUMNS`] characters that holds `at`.
fn clip(line: &str, at: usize) -> std::ops::Range<usize> {
    if line.len() <= MAX_COLUMNS {
        return 0..line.len();
    }
    let start = if at > MAX_COLUMNS / 2 {
        floor_char_boundary(line, at.saturating_sub(MAX_COLUMNS / 4))
    } else {
        0
    };
    let end = line[start..]
        .char_indices()
        .nth(MAX_COLUMNS)
        .map_or(line.len(), |(offset, _)| start + offset);
    start..end
}

/// Text of a file that goes into a message: clean, and without what looks like a secret.
pub fn safe(text: &str) -> String {
    let secret = redactions(text);
    if secret.is_empty() {
        return clean(text);
    }
    let mut out = text.to_owned();
    for range in secret.into_iter().rev() {
        out.replace_range(range, "***");
    }
    clean(&out)
}

/// How keys and tokens of well-known services begin.
const SECRET_PREFIXES: &[&str] = &[
    "sk-",
    "sk_live_",
    "rk_live_",
    "pk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "hf_",
    "AIza",
    "AKIA",
    "ASIA",
    "gsk_",
    "r8_",
    "nvapi-",
    "pplx-",
    "xai-",
    "ya29.",
    "eyJ",
    "npm_",
    "pypi-",
    "dop_v1_",
    "lsv2_",
    "SG.",
];

/// Words in a key's name that say its value is a secret.
const SECRET_NAMES: &[&str] = &[
    "api_key",
    "apikey",
    "api-key",
    "secret",
    "token",
    "password",
    "passwd",
    "authorization",
    "bearer",
    "credential",
    "private_key",
    "access_key",
];

/// The shortest word that can be a key.
const SECRET_LENGTH: usize = 16;
/// The same where the line above says that it is one.
const SHORT_SECRET_LENGTH: usize = 8;

/// Byte ranges of a line that look like secrets.
fn redactions(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = url_passwords(line);
    // Few lines have a word that is long enough to ask.
    let named = LazyCell::new(|| names_secret(line));
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'=');
    let mut at = 0;
    for word in line.as_bytes().split(|byte| !is_part(byte)) {
        let start = at;
        // One byte separates words; a character of several bytes, empty ones.
        at += word.len() + 1;
        if word.len() < SECRET_LENGTH {
            continue;
        }
        let word = &line[start..start + word.len()];
        let value = word.rsplit_once('=').filter(|(_, value)| value.len() >= SECRET_LENGTH);
        let (offset, word) = match value {
            Some((name, value)) => (name.len() + 1, value),
            None => (0, word),
        };
        if word.len() < SECRET_LENGTH {
            continue;
        }
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let upper = word.bytes().any(|b| b.is_ascii_uppercase());
        let lowercase = word.bytes().any(|b| b.is_ascii_lowercase());
        let known = SECRET_PREFIXES.iter().any(|prefix| word.starts_with(prefix));
        let after_name = digits > 1 && !word.contains('/') && named.is_some_and(|name| name < start + offset);
        let random = word.len() >= 32 && digits >= 4 && upper && lowercase && !word.contains(['/', '.']);
        if known || after_name || random {
            found.push(start + offset..start + offset + word.len());
        }
    }
    found.sort_by_key(|range| range.start);
    // A word inside a password is hidden with it.
    found.dedup_by(|next, last| {
        let inside = next.start < last.end;
        if inside {
            last.end = last.end.max(next.end);
        }
        inside
    });
    found
}

/// Where a line first names a secret.
fn names_secret(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    SECRET_NAMES.iter().filter_map(|name| lower.find(name)).min()
}

/// The words of a line behind its key that are long enough to be a secret.
fn long_words(line: &str) -> Vec<std::ops::Range<usize>> {
    let from = line.find(':').map_or(0, |at| at + 1);
    let mut found = Vec::new();
    let mut at = from;
    for word in line[from..].split([' ', '\t', '"', '\'']) {
        if word.len() >= SHORT_SECRET_LENGTH && !word.contains(['{', '$', '<']) {
            found.push(at..at + word.len());
        }
        // What splits words is one byte long.
        at += word.len() + 1;
    }
    found
}

/// Passwords in addresses: `scheme://name:password@host`.
fn url_passwords(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (at, mark) in line.match_indices("://") {
        let start = at + mark.len();
        let length = line[start..].find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>'));
        let authority = &line[start..length.map_or(line.len(), |length| start + length)];
        let Some((user, _)) = authority.rsplit_once('@') else {
            continue;
        };
        if let Some((name, password)) = user.split_once(':')
            && !password.is_empty()
            && !password.starts_with(['$', '{'])
        {
            found.push(start + name.len() + 1..start + user.len());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place_with_a_line_around_it() {
        let source = Source::new("p", "one\ntwo three\nfour\nfive", false);
        let shown = excerpt(&source, Span::new(8, 13));
        assert_eq!(shown.text, "one\ntwo three\nfour\n");
        assert_eq!(&shown.text[shown.start..shown.end], "three");
        assert_eq!(shown.first_line, 1);
    }

    #[test]
    fn shows_no_secret_and_no_control() {
        let line = "key: sk-abcdefghijklmnopqrstuvwx \u{1b}[31mred\u{202e}";
        let source = Source::new("p", line, false);
        let shown = excerpt(&source, Span::new(0, 3));
        assert!(!shown.text.contains("sk-abc"), "{}", shown.text);
        assert!(shown.text.contains("<U+001B>[31m") && shown.text.contains("<U+202E>"));
        assert_eq!(safe("password = hunter2hunter2hunter2"), "password = ***");
        assert_eq!(
            safe("meta-llama/Llama-3.1-70B-Instruct"),
            "meta-llama/Llama-3.1-70B-Instruct"
        );
        assert_eq!(safe("API_KEY=AKIAIOSFODNN7EXAMPLE"), "API_KEY=***");
        assert_eq!(safe("postgres://app:hunter2@db/x"), "postgres://app:***@db/x");
        let source = Source::new("p", "- name: VLLM_API_KEY\n  value: \"correct-horse\"\nargs: []", false);
        let shown = excerpt(&source, Span::new(44, 48));
        assert!(!shown.text.contains("correct"), "{}", shown.text);
    }

    #[test]
    fn a_secret_is_hidden_where_the_window_cuts_it() {
        let line = format!("{} sk-{} HERE {}", "x".repeat(500), "a1b2".repeat(12), "y".repeat(500));
        let at = line.find("HERE").expect("it is there");
        let source = Source::new("p", line, false);
        let shown = excerpt(&source, Span::new(at, at + 4));
        assert_eq!(&shown.text[shown.start..shown.end], "HERE");
        assert!(!shown.text.contains("a1b2"), "{}", shown.text);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}HERE{}", "é".repeat(5_000), "x".repeat(5_000));
        let source = Source::new("p", line, false);
        let shown = excerpt(&source, Span::new(10_000, 10_004));
        assert_eq!(&shown.text[shown.start..shown.end], "HERE");
        assert!(shown.text.chars().count() < 200);
    }
}
