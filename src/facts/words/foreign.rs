//! What prompts in other languages than English say. Their grammar is not read: a clause is taken by how its words begin.

mod stems;

use super::sentences::{Parsed, Sentence};
use super::{Bound, LengthLimit, LengthUnit, OutputFormat, Role, Task};

/// What the clauses of a prompt say.
#[derive(Default)]
pub(super) struct Said {
    pub(super) brief: bool,
    pub(super) reasons: bool,
    pub(super) form: Option<OutputFormat>,
    pub(super) length: Option<LengthLimit>,
    pub(super) items: Option<u32>,
    /// Material is handed over, on which the answer is to rest.
    pub(super) material: bool,
}

/// Reads the sentences that ask.
pub(super) fn read(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>]) -> Said {
    let mut said = Said::default();
    for ((_, text, parsed), sentences) in messages.iter().zip(asking) {
        for sentence in sentences {
            let sentence = text[parsed.place(sentence.tokens())].to_lowercase();
            for clause in sentence.split([';', '。', '；', '!', '！', '\n']) {
                clause_says(clause, &mut said);
            }
        }
    }
    said
}

fn clause_says(clause: &str, said: &mut Said) {
    let refuses = has(clause, stems::REFUSES);
    let answers = has(clause, stems::ANSWER);
    let leaves_out = refuses && has(clause, stems::REST) || has(clause, stems::NOTHING_ELSE);
    let only =
        has(clause, stems::ONLY) && (answers || clause.split_whitespace().count() < 5) && !has(clause, stems::SCOPE);
    said.brief |= leaves_out || only || has(clause, stems::SHORT);
    said.reasons |= has(clause, stems::REASONS) && !refuses && !has(clause, stems::GUIDES);
    said.material |= has(clause, stems::MATERIAL) && has(clause, stems::RESTS);
    let named = has(clause, stems::FORM) || answers;
    let form = if clause.contains("json") && named {
        Some(OutputFormat::Json)
    } else if refuses {
        None
    } else if has(clause, stems::TABLE) && named || clause.contains("markdown") && named {
        Some(OutputFormat::Markdown)
    } else {
        None
    };
    if said.form != Some(OutputFormat::Json) {
        said.form = form.or(said.form);
    }
    let words = pieces(clause);
    for (at, word) in words.iter().enumerate() {
        let Some(mut n) = number(word) else { continue };
        let mut next = at + 1;
        let mut range = false;
        let joins = words.get(next).is_some_and(|w| {
            matches!(
                *w,
                "-" | "–"
                    | "~"
                    | "～"
                    | "a"
                    | "à"
                    | "bis"
                    | "до"
                    | "至"
                    | "到"
                    | "e"
                    | "et"
                    | "und"
                    | "oder"
                    | "ou"
                    | "o"
            )
        });
        if joins && let Some(end) = words.get(next + 1).and_then(|w| number(w)) {
            (n, range, next) = (n.max(end), true, next + 2);
        }
        let before = words[at.saturating_sub(5)..at].join(" ");
        let after = words[next..(next + 4).min(words.len())].join(" ");
        if let Some(unit) = words[next..(next + 2).min(words.len())].iter().find_map(|w| unit(w)) {
            let told = |list| has(&before, list) || has(&after, list);
            let bound = if told(stems::LEAST) {
                Bound::Min
            } else if range || told(stems::MOST) {
                Bound::Max
            } else if told(stems::ABOUT) {
                Bound::About
            } else {
                Bound::Exact
            };
            if bound == Bound::Exact && !answers {
                continue;
            }
            said.brief |= matches!(bound, Bound::Max) || bound != Bound::Min && n <= 10;
            let limit = LengthLimit { n, unit, bound };
            let tighter = said
                .length
                .is_none_or(|known| super::length::weight(&limit) < super::length::weight(&known));
            if tighter && !has(clause, stems::EACH) {
                said.length = Some(limit);
            }
        } else if (2..=100).contains(&n)
            && words
                .get(next)
                .is_some_and(|w| stems::COUNTERS.iter().any(|counter| w.starts_with(counter)))
            && has(clause, stems::MAKES)
        {
            said.items = said.items.max(Some(n));
        } else if (2..=100).contains(&n)
            && words[next..]
                .first()
                .is_some_and(|w| w.chars().count() > 3 && w.chars().all(char::is_alphabetic))
            && words[at.saturating_sub(4)..at].iter().any(|w| has(w, stems::MAKES))
        {
            said.items = said.items.max(Some(n));
        }
    }
}

/// What is to be done: what stands behind a word for the task, else what is said first.
pub(super) fn task(text: &str) -> Option<Task> {
    const REACH: usize = 160;
    let lower = text.to_lowercase();
    let first = |text: &str| {
        let found = stems::TASKS
            .iter()
            .flat_map(|(task, list)| list.split_ascii_whitespace().map(move |stem| (*task, stem)));
        found
            .filter_map(|(task, stem)| Some((place(text, stem)?, task)))
            .min_by_key(|found| found.0)
            .map(|found| found.1)
    };
    let named = stems::YOUR_TASK
        .split_ascii_whitespace()
        .filter_map(|stem| place(&lower, stem))
        .min();
    named
        .and_then(|at| first(&lower[at..lower.floor_char_boundary((at + REACH).min(lower.len()))]))
        .or_else(|| first(&lower))
}

/// Whether one of the stems begins a word of the text.
fn has(text: &str, stems: &str) -> bool {
    stems.split_ascii_whitespace().any(|stem| place(text, stem).is_some())
}

/// Where a stem stands. Short ones are whole words.
fn place(text: &str, stem: &str) -> Option<usize> {
    const WHOLE: usize = 4;
    // A stem of several words holds spaces that part no list.
    let stem = &*stem.replace('\u{a0}', " ");
    let spaced = stem.starts_with(|c: char| c < '\u{2e80}');
    let whole = stem.chars().count() < WHOLE;
    text.match_indices(stem).map(|found| found.0).find(|at| {
        let letter = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
        !spaced || !text[..*at].ends_with(letter) && !(whole && text[at + stem.len()..].starts_with(letter))
    })
}

fn number(word: &str) -> Option<u32> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return word.parse().ok();
    }
    stems::NUMBERS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|found| found.1)
}

fn unit(word: &str) -> Option<LengthUnit> {
    let of = |list: &str| {
        list.split_ascii_whitespace().any(|stem| {
            let whole = stem.chars().count() < 4 && stem.starts_with(|c: char| c < '\u{2e80}');
            if whole { word == stem } else { word.starts_with(stem) }
        })
    };
    stems::UNITS.iter().find(|(_, list)| of(list)).map(|found| found.0)
}

/// Words, runs of figures and marks.
fn pieces(clause: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_ascii_digit() => 0,
        c if c.is_alphanumeric() || c == '_' => 1,
        c if c.is_whitespace() => 2,
        _ => 3,
    };
    let mut out = Vec::new();
    let mut from = 0;
    let mut last = 2;
    for (at, c) in clause.char_indices() {
        let now = kind(c);
        if now != last {
            if last != 2 {
                out.push(&clause[from..at]);
            }
            (from, last) = (at, now);
        }
    }
    if last != 2 {
        out.push(&clause[from..]);
    }
    out
}
