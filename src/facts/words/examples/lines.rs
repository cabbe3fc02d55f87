//! Worked examples whose input and answer stand on one line, or on two that follow each other: arrows, pairs in a list,
//! rows of a table, objects with a key for each.

use memchr::memmem;
use std::collections::BTreeMap;

use super::super::Role;
use super::super::sentences::{self, Parsed};
use super::labels::{answers, inputs};

/// How many a request holds in these layouts.
pub(super) fn count(messages: &[(Role, &str, &Parsed)]) -> usize {
    let texts = || messages.iter().map(|(_, text, _)| *text);
    arrows(messages)
        .max(texts().map(listed).sum())
        .max(texts().map(repeated).max().unwrap_or(0))
        .max(texts().map(objects).sum())
        .max(texts().map(told).sum())
}

const ARROWS: [&str; 5] = ["->", "→", "=>", "⇒", "➜"];

fn points(line: &str) -> bool {
    ARROWS.iter().any(|mark| line.starts_with(mark))
}

/// Lines "input // answer", "input -> answer", and plain lines that end in a bare mark.
pub(in super::super) fn arrows(messages: &[(Role, &str, &Parsed)]) -> usize {
    let mut best = 0;
    for (_, text, _) in messages {
        for mark in [" // ", " -> ", " => ", " → ", " ## ", " ||| "] {
            let mut full = 0;
            let mut open = false;
            if memmem::find(text.as_bytes(), mark.trim().as_bytes()).is_none() {
                continue;
            }
            for line in text.lines() {
                let line = line.trim();
                if let Some((left, right)) = line.split_once(mark) {
                    let worked = !left.is_empty()
                        && !right.is_empty()
                        && right.len() < 200
                        && !left.starts_with('-')
                        // A line of a scale.
                        && left.parse::<f32>().is_err()
                        && !line.contains('{')
                        && !left.ends_with(')');
                    full += usize::from(worked);
                    open |= line.contains('{');
                } else if line.ends_with(mark.trim()) && line.len() > mark.len() {
                    open = true;
                }
            }
            if open {
                best = best.max(full);
            }
        }
    }
    best
}

/// Pairs in the lines under "Examples", and pairs that say themselves what they are.
fn listed(text: &str) -> usize {
    let mut count = 0;
    let mut named = 0;
    let mut under = false;
    let mut table = Table::None;
    let mut before = "";
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let body = item(line);
        if line.starts_with('|') {
            table = table.next(line, under);
            count += usize::from(table == Table::Worked);
        } else if points(body) {
            count += usize::from((under || input(before).is_some()) && !points(before));
        } else if let Some(announced) = announces(line) {
            under = announced;
        } else if let Some(pair) = input(body).and_then(|rest| answered(rest)) {
            named += usize::from(!pair.contains(['{', '<', '[']) || under);
        } else if under {
            count += usize::from(worked(body) || line != body && mapped(body));
            // `1. Query: "…"` and its answer in a tag, an object or a fence.
            let shown = line.starts_with(['<', '{', '[']) && !line.starts_with("</") || line.starts_with("```");
            count += usize::from(shown && input(before).is_some_and(|said| said.starts_with(QUOTES)));
        }
        if !line.starts_with('|') {
            table = Table::None;
        }
        before = body;
    }
    count + if named > 1 || under { named } else { 0 }
}

const QUOTES: [char; 4] = ['"', '“', '\'', '「'];

/// A line that opens a section: whether examples stand in it.
fn announces(line: &str) -> Option<bool> {
    const LONGEST: usize = 80;
    if !(line.ends_with([':', '：']) || line.starts_with(['#', '<']) || line.starts_with("**") && line.ends_with("**"))
    {
        return None;
    }
    let example = line.split(|c: char| !c.is_alphanumeric()).any(sentences::is_example);
    let tag = line.starts_with('<');
    let part = line.trim_end_matches([':', '：', '*']).to_lowercase();
    if tag && !example
        || !line.starts_with('#') && (inputs(&part) || answers(&part))
        || input(line).is_some_and(|said| !said.is_empty())
    {
        return None;
    }
    let lower = line.to_ascii_lowercase();
    let other = [
        "bad ",
        "output example",
        "example output",
        "sample output",
        "template",
        "</",
    ];
    let other = other.iter().any(|word| lower.contains(word));
    Some(example && line.len() < LONGEST && !other)
}

/// A line without the mark of its list.
fn item(line: &str) -> &str {
    let body =
        line.trim_start_matches(|c: char| !c.is_alphanumeric() && c.len_utf8() > 2 || matches!(c, '-' | '*' | ' '));
    let body = if points(body) || points(line) { line } else { body };
    match body.split_once(['.', ')']) {
        Some((number, rest)) if number.len() < 3 && number.bytes().all(|b| b.is_ascii_digit()) => rest.trim_start(),
        _ => body,
    }
}

/// What stands behind the label of an input.
fn input(body: &str) -> Option<&str> {
    const LONGEST: usize = 24;
    let (label, rest) = body.split_once(": ")?;
    let label = label.trim_matches(|c: char| !c.is_alphanumeric());
    (label.len() < LONGEST && !label.is_empty() && inputs(&label.to_ascii_lowercase()))
        .then(|| rest.trim_start_matches('*').trim())
}

/// The answer whose label stands on the same line.
fn answered(rest: &str) -> Option<&str> {
    let lower = rest.to_ascii_lowercase();
    ["output:", "answer:", "response:", "label:", "result:"]
        .iter()
        .find_map(|label| {
            let at = lower.find(label)?;
            let parted = rest[..at]
                .trim_end()
                .ends_with([',', ';', '|', '.', '"', '”', '>', '-', '?', '!']);
            let answer = rest[at + label.len()..].trim();
            (parted && !answer.is_empty()).then_some(answer)
        })
}

/// An input, an arrow and its answer. The input is quoted, labelled or plain words without a place to fill in.
fn worked(body: &str) -> bool {
    let body = input(body).unwrap_or(body);
    ARROWS
        .iter()
        .find_map(|mark| body.split_once(mark))
        .is_some_and(|(left, right)| {
            let (left, right) = (left.trim_end_matches(['-', '=', ' ']), right.trim());
            let quoted = left.starts_with(QUOTES) && left.ends_with(['"', '”', '\'', '」']);
            left.len() > 2
                && !right.is_empty()
                && (quoted || !left.starts_with(QUOTES) && !left.contains(['{', '<', '`', '(', '[']))
        })
}

/// `"where is my parcel": shipping`, as an item of a list: a key of an object has no spaces.
fn mapped(body: &str) -> bool {
    body.strip_prefix('"')
        .and_then(|rest| rest.split_once('"'))
        .is_some_and(|(said, rest)| {
            let answer = rest.trim_start().trim_start_matches([':', '-', '–', '—']);
            said.contains(' ') && answer.len() < rest.trim_start().len() && !answer.trim().is_empty()
        })
}

/// Where in a table a line stands.
#[derive(Clone, Copy, PartialEq)]
enum Table {
    None,
    /// Below a heading with an input first and an answer last.
    Headed,
    /// A row of an input and its answer.
    Worked,
    /// Another table's line.
    Other,
}

impl Table {
    fn next(self, line: &str, under: bool) -> Self {
        let cells = || {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().trim_matches('*').to_ascii_lowercase())
        };
        match self {
            Table::None => {
                let (first, last) = (
                    cells().next().unwrap_or_default(),
                    cells().next_back().unwrap_or_default(),
                );
                let surely = under
                    || matches!(
                        first.as_str(),
                        "input" | "user" | "question" | "query" | "original" | "before"
                    );
                if surely && inputs(&first) && answers(&last) {
                    Table::Headed
                } else {
                    Table::Other
                }
            }
            Table::Other => Table::Other,
            _ if cells().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':'))) => Table::Headed,
            _ if line.contains(['{', '<']) || cells().any(|cell| cell.is_empty() || cell == "...") => Table::Headed,
            _ => Table::Worked,
        }
    }
}

/// One question with its short answer, again and again.
fn repeated(text: &str) -> usize {
    let mut questions: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        if let Some((question, answer)) = item(line.trim()).split_once("? ")
            && question.len() < 60
            && (1..=24).contains(&answer.trim().len())
            && !answer.contains('{')
        {
            *questions.entry(question).or_default() += 1;
        }
    }
    questions.into_values().max().filter(|asked| *asked > 2).unwrap_or(0)
}

/// `{"input": "…", "output": "…"}`, twice and more.
fn objects(text: &str) -> usize {
    let mut pairs = 0;
    let mut open = false;
    for at in memmem::find_iter(text.as_bytes(), b"\":") {
        let key = text[..at].rsplit('"').next().unwrap_or("");
        let value = text[at + 2..].trim_start();
        let opens = value.chars().nth(1);
        let filled = !value.starts_with("\"\"") && !matches!(opens, Some('<' | '{' | '.' | '[' | '$'));
        match key {
            "input" | "user" | "prompt" => open = filled,
            "output" | "assistant" | "completion" | "expected" | "expected_output" => {
                pairs += usize::from(open && filled);
                open = false;
            }
            _ => {}
        }
    }
    if pairs > 1 { pairs } else { 0 }
}

/// "For example, if the text says "…", the output should be: …".
fn told(text: &str) -> usize {
    const REACH: usize = 240;
    let lower = text.to_ascii_lowercase();
    let mut count = 0;
    for at in memmem::find_iter(lower.as_bytes(), b"or example, ") {
        let rest = &lower[at + 12..lower.floor_char_boundary(at + 12 + REACH)];
        let Some((said, then)) = ["if ", "given ", "for "]
            .iter()
            .find_map(|opens| rest.strip_prefix(opens))
            .and_then(|rest| {
                let opened = rest.find(['"', '“', '`'])?;
                let said = opened + rest[opened..].chars().next().map_or(0, char::len_utf8);
                let closed = said + rest[said..].find(['"', '”', '`'])?;
                (opened < 60).then(|| (&rest[..opened], &rest[closed..]))
            })
        else {
            continue;
        };
        let then = then.lines().next().unwrap_or("");
        let answer = [
            "output should be",
            "answer should be",
            "response should be",
            "should return",
            "should respond with",
            "should output",
            "output would be",
            "output is",
            "answer is",
            "return:",
            "the output:",
        ];
        let named = said
            .split_whitespace()
            .any(|word| inputs(word) || word == "says" || word == "asks");
        count += usize::from((named || said.is_empty()) && answer.iter().any(|words| then.contains(words)));
    }
    count
}
