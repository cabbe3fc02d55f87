//! What prompts in other languages than English say. Their grammar is not read: a clause is taken by how its words begin.

mod stems;

use super::sentences::{Parsed, Sentence};
use super::{Bound, LengthLimit, LengthUnit, OutputFormat, Role, Task};
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;
use stems::Group;

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
pub(super) fn read(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], language: &str) -> Said {
    let mut said = Said::default();
    for ((_, text, parsed), sentences) in messages.iter().zip(asking) {
        if shows_object(text) {
            said.form = Some(OutputFormat::Json);
        }
        for sentence in sentences {
            let sentence = text[parsed.place(sentence.tokens())].to_lowercase();
            for clause in sentence.split([';', '。', '；', '!', '！', '\n']) {
                clause_says(clause, language, &mut said);
            }
        }
    }
    said
}

fn clause_says(clause: &str, language: &str, said: &mut Said) {
    let says = Groups::of(clause);
    // "No" is "in the" in Portuguese.
    let refuses = says.has(Group::Refuses) || says.has(Group::No) && language != "pt";
    let answers = says.has(Group::Answer);
    let leaves_out = refuses && says.has(Group::Rest) || says.has(Group::NothingElse);
    let bare = || clause.split_whitespace().take(5).count() < 5;
    let only = says.has(Group::Only) && !says.has(Group::Scope) && (answers || bare());
    said.brief |= leaves_out || only || says.has(Group::Short);
    said.reasons |= says.has(Group::Reasons) && !refuses && !says.has(Group::Guides);
    said.material |= says.has(Group::Material) && says.has(Group::Rests);
    let named = says.has(Group::Form) || answers;
    let form = if clause.contains("json") && named {
        Some(OutputFormat::Json)
    } else if !refuses && named && (says.has(Group::Table) || clause.contains("markdown")) {
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
        let around = Groups::of(&words[at.saturating_sub(5)..(next + 4).min(words.len())].join(" "));
        if let Some(unit) = words[next..(next + 2).min(words.len())].iter().find_map(|w| unit(w)) {
            let bound = if around.has(Group::Least) {
                Bound::Min
            } else if range || around.has(Group::Most) {
                Bound::Max
            } else if around.has(Group::About) {
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
            if tighter && !says.has(Group::Each) {
                said.length = Some(limit);
            }
        } else if (2..=100).contains(&n) && says.has(Group::Makes) {
            let counted = |w: &&str| stems::COUNTERS.iter().any(|counter| w.starts_with(counter));
            let noun = |w: &&str| w.chars().count() > 3 && w.chars().all(char::is_alphabetic);
            let made = || Groups::of(&words[at.saturating_sub(4)..at].join(" ")).has(Group::Makes);
            let next = words.get(next);
            if next.is_some_and(counted) || next.is_some_and(noun) && made() {
                said.items = said.items.max(Some(n));
            }
        }
    }
}

/// An object right behind a line that speaks of the form or of the answer.
fn shows_object(text: &str) -> bool {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines().zip(lines().skip(1)).any(|(line, next)| {
        let opens = next == "{" || next.starts_with("{\"") || next == "```json";
        let leads = || line.ends_with([':', '：']) || line.starts_with('#');
        let says = || Groups::of(&line.to_lowercase());
        opens && leads() && (says().has(Group::Form) || says().has(Group::Answer))
    })
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

/// The groups whose stems a text in lower case holds, a bit each.
#[derive(Clone, Copy)]
struct Groups(u32);

impl Groups {
    /// In one pass over the text.
    fn of(text: &str) -> Self {
        type Stems = (AhoCorasick, Vec<(Group, String)>);
        static STEMS: LazyLock<Option<Stems>> = LazyLock::new(|| {
            let stems: Vec<(Group, String)> = stems::GROUPS
                .iter()
                .flat_map(|(group, list)| list.split_ascii_whitespace().map(|stem| (*group, spaced(stem))))
                .collect();
            Some((AhoCorasick::new(stems.iter().map(|stem| &stem.1)).ok()?, stems))
        });
        let mut groups = 0;
        if let Some((patterns, stems)) = STEMS.as_ref() {
            for found in patterns.find_overlapping_iter(text) {
                let (group, stem) = &stems[found.pattern().as_usize()];
                if stands(text, found.start(), stem) {
                    groups |= 1 << *group as u32;
                }
            }
        }
        Self(groups)
    }

    fn has(self, group: Group) -> bool {
        self.0 & 1 << group as u32 != 0
    }
}

/// A stem of several words holds spaces that part no list.
fn spaced(stem: &str) -> String {
    stem.replace('\u{a0}', " ")
}

/// Whether a stem that is met at `at` begins a word, or is one where it is short. Chinese, Japanese and Korean write no
/// spaces.
fn stands(text: &str, at: usize, stem: &str) -> bool {
    const WHOLE: usize = 4;
    let letter = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    let whole = stem.chars().take(WHOLE).count() < WHOLE;
    let inside = text[..at].ends_with(letter) || whole && text[at + stem.len()..].starts_with(letter);
    !inside || !stem.starts_with(|c: char| c < '\u{2e80}')
}

/// Where a stem stands.
fn place(text: &str, stem: &str) -> Option<usize> {
    let stem = spaced(stem);
    text.match_indices(&stem)
        .map(|found| found.0)
        .find(|at| stands(text, *at, &stem))
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
