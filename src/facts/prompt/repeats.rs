//! Passages that a prompt says twice, told by runs of the same words.

use std::collections::HashMap;
use std::ops::Range;

use super::{Fact, Get, Known, PromptFacts, Row, Type, int};
use crate::fingerprint::mix;
use crate::source::Place;
use crate::syntax::template::{self, Extent};
use crate::units::Role;

/// Words in a row that are no chance: a shingle.
const SHINGLE: usize = 12;

/// What a shingle's number is a polynomial of; odd, so that no word's bits are lost.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The least length of a passage, words.
const PASSAGE: usize = 20;

/// Passages that were said before: their tokens, how many, and the longest's place.
#[derive(Default)]
pub(super) struct Repeats {
    tokens: u64,
    passages: u64,
    longest: Option<(usize, Place)>,
}

/// A word: what it says, and where.
struct Word {
    says: u64,
    message: usize,
    range: Range<usize>,
}

impl Repeats {
    pub(super) fn of(facts: &PromptFacts<'_>) -> Self {
        let mut words = Vec::new();
        // Where a run of words is broken: a variable, a message's end, a worked example left out.
        let mut breaks = Vec::new();
        let shown = facts.shown();
        for (index, message) in facts.prompt.messages.iter().enumerate() {
            if matches!(message.role, Role::Assistant | Role::Tool) {
                continue;
            }
            for range in template::fixed_ranges(&message.pieces, Extent::Most).ranges {
                breaks.push(words.len());
                for word in split(&message.text.as_str()[range.clone()]) {
                    let at = range.start + word.start..range.start + word.end;
                    if shown.iter().any(|(m, r)| *m == index && r.contains(&at.start)) {
                        if breaks.last() != Some(&words.len()) {
                            breaks.push(words.len());
                        }
                        continue;
                    }
                    words.push(Word {
                        says: said(&message.text.as_str()[at.clone()]),
                        message: index,
                        range: at,
                    });
                }
            }
        }
        breaks.push(words.len());
        let again = said_again(&words.iter().map(|word| word.says).collect::<Vec<_>>(), &breaks);
        let mut repeats = Repeats::default();
        for run in again {
            let (first, last) = (&words[run.start], &words[run.end - 1]);
            let message = &facts.prompt.messages[first.message];
            let range = first.range.start..last.range.end;
            repeats.tokens += facts.tokens_of(&message.text.as_str()[range.clone()]);
            repeats.passages += 1;
            if repeats.longest.is_none_or(|(length, _)| run.len() > length) {
                repeats.longest = Some((run.len(), facts.place(message, range)));
            }
        }
        repeats
    }

    fn place(&self) -> Option<Place> {
        self.longest.map(|(_, place)| place)
    }
}

fn split(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(inside)?;
        let end = text[start..].find(|c| !inside(c)).map_or(text.len(), |n| start + n);
        rest = end;
        Some(start..end)
    })
}

/// A number for a word, whatever the case of its letters.
fn said(word: &str) -> u64 {
    let letters = word.chars().flat_map(char::to_lowercase);
    letters.fold(0, |sum, letter| mix(sum ^ u64::from(letter)))
}

/// Runs of words, [`PASSAGE`] long and more, each of whose shingles was said earlier; no run crosses a break.
fn said_again(words: &[u64], breaks: &[usize]) -> Vec<Range<usize>> {
    // By a number for the shingle: that of the last, one word taken out and one put in.
    let mut seen: HashMap<u64, usize> = HashMap::with_capacity(words.len());
    let mut runs: Vec<Range<usize>> = Vec::new();
    let most = (1..SHINGLE).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    for stretch in breaks.windows(2) {
        let mut run: Option<Range<usize>> = None;
        let mut number = 0_u64;
        let add = |number: u64, word: u64| number.wrapping_mul(BASE).wrapping_add(word);
        for (index, at) in (stretch[0]..stretch[1].saturating_sub(SHINGLE - 1)).enumerate() {
            let shingle = &words[at..at + SHINGLE];
            number = match index {
                0 => shingle.iter().fold(0, |number, word| add(number, *word)),
                _ => add(
                    number.wrapping_sub(words[at - 1].wrapping_mul(most)),
                    shingle[SHINGLE - 1],
                ),
            };
            // A row of one word ("-- -- --", filler) is no passage.
            let varied = shingle.iter().any(|word| *word != shingle[0]);
            let first = if varied { *seen.entry(number).or_insert(at) } else { at };
            let before = first + SHINGLE <= at && words[first..first + SHINGLE] == *shingle;
            if before {
                match &mut run {
                    Some(open) if open.end >= at => open.end = at + SHINGLE,
                    open => {
                        runs.extend(open.take());
                        *open = Some(at..at + SHINGLE);
                    }
                }
            }
        }
        runs.extend(run);
    }
    runs.retain(|run| run.len() >= PASSAGE);
    runs
}

/// Where the same instructions were written before this prompt: `path:line`.
fn written_before(facts: &PromptFacts<'_>) -> Option<(String, Place)> {
    let message = facts.instructions()?;
    let first = *facts.world.same_text.get(message.text.as_str())?;
    let here = facts.place(message, 0..message.text.as_str().len());
    let own = Place {
        source: message.source,
        span: message.text.span(),
    };
    (first != own).then(|| (facts.line(first), here))
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.written_before",
        ty: Type::Str,
        unit: "",
        about: "where the same instructions stand a first time, word for word, in another place of the run",
        get: |facts| {
            let found = written_before(facts);
            let place = found.as_ref().map(|(_, place)| *place);
            Fact::of(match found {
                Some((first, _)) => Known::Yes(super::text(first)),
                None => Known::Absent,
            })
            .at(place)
        },
    },
    Row {
        name: "prompt.repeated_passages",
        ty: Type::Int,
        unit: "passages",
        about: "passages of 20 words and more that stand in the prompt a second time, worked examples aside",
        get: |facts| Fact::of(Known::Yes(int(facts.repeats().passages))).at(facts.repeats().place()),
    },
    Row {
        name: "prompt.repeated_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "what the second and later sayings of such passages cost",
        get: |facts| Fact::of(Known::Yes(int(facts.repeats().tokens))).at(facts.repeats().place()),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_said_twice_is_one_run() {
        let passage: Vec<u64> = (0..25).collect();
        let mut words = passage.clone();
        words.extend(100..110);
        words.extend(&passage);
        assert_eq!(said_again(&words, &[0, words.len()]), std::slice::from_ref(&(35..60)));
        // Shorter than a passage, broken by a variable, or one word over and over.
        assert!(said_again(&words, &[0, 48, words.len()]).is_empty());
        assert!(said_again(&[1; 80], &[0, 80]).is_empty());
    }
}
