//! Regular expressions as an automaton that is made whole when a tokenizer is read: each character of a text is one look
//! into a table, so no expression can make a text slow but by starting again and again, which the caller's [`Effort`]
//! bounds. Of all matches that start at a place the one is taken that a backtracking engine would find first.

use std::collections::HashMap;

use regex_syntax::hir::ClassUnicode;

use super::effort::{Effort, Uncounted};
use super::pattern::Node;

/// Steps of an expression once its repetitions are written out.
const MOST_STEPS: usize = 4000;
/// States of the automaton.
const MOST_STATES: usize = 2000;
/// States looked at while it is made.
const MOST_WORK: usize = 50_000_000;

/// A regular expression, ready to match.
pub struct Automaton {
    kinds: Kinds,
    /// For each state and kind of character: the next state, and whether a match ends before that character. The last
    /// kind stands for the end of the text.
    next: Vec<u32>,
    /// The state to start in, by the kind of the character before.
    starts: Vec<u32>,
}

const DEAD: u32 = u32::MAX >> 1;
const MATCHED: u32 = 1 << 31;

impl Automaton {
    /// Makes the automaton.
    ///
    /// # Errors
    /// An expression that is too large for it.
    pub fn new(node: &Node) -> Result<Self, String> {
        let mut program = Program::default();
        program.add(node)?;
        program.push(Step::Match)?;
        let kinds = Kinds::of(&program.sets);
        let holds: Vec<Vec<bool>> = program
            .sets
            .iter()
            .map(|set| kinds.samples.iter().map(|&sample| contains(set, sample)).collect())
            .collect();
        Maker {
            program: &program,
            holds,
            looks_behind: program
                .steps
                .iter()
                .any(|step| matches!(step, Step::Look { ahead: false, .. })),
            known: HashMap::new(),
            states: Vec::new(),
        }
        .make(kinds)
    }

    /// The first match at or after a byte.
    pub fn find(&self, text: &str, from: usize, effort: &mut Effort) -> Result<Option<(usize, usize)>, Uncounted> {
        let mut start = from;
        let mut before = text[..from]
            .chars()
            .next_back()
            .map_or(self.kinds.end(), |char| self.kinds.of_char(char));
        loop {
            if let Some(end) = self.match_at(text, start, before, effort)? {
                return Ok(Some((start, end)));
            }
            let Some(char) = text[start..].chars().next() else {
                return Ok(None);
            };
            before = self.kinds.of_char(char);
            start += char.len_utf8();
        }
    }

    fn match_at(
        &self,
        text: &str,
        start: usize,
        before: usize,
        effort: &mut Effort,
    ) -> Result<Option<usize>, Uncounted> {
        let width = self.kinds.end() + 1;
        let mut state = self.starts[before];
        let mut found = None;
        let mut at = start;
        let mut chars = text[start..].chars();
        loop {
            let char = chars.next();
            let kind = char.map_or(self.kinds.end(), |char| self.kinds.of_char(char));
            let entry = self.next[state as usize * width + kind];
            if entry & MATCHED != 0 {
                found = Some(at);
            }
            state = entry & !MATCHED;
            match char {
                Some(char) if state != DEAD => at += char.len_utf8(),
                _ => break,
            }
        }
        effort.spend(at - start + 1)?;
        Ok(found)
    }

    /// The matches of a text from left to right that do not overlap.
    pub fn matches(&self, text: &str, effort: &mut Effort) -> Result<Vec<(usize, usize)>, Uncounted> {
        let mut all = Vec::new();
        let (mut from, mut last) = (0, None);
        while let Some((start, end)) = self.find(text, from, effort)? {
            if start < end || last != Some(end) {
                all.push((start, end));
                last = Some(end);
            }
            // After an empty match the next may start a character on.
            from = match text[end..].chars().next() {
                Some(char) if start == end => end + char.len_utf8(),
                None if start == end => break,
                _ => end,
            };
        }
        Ok(all)
    }
}

/// Characters that no set of the expression tells apart are of one kind.
struct Kinds {
    ascii: [u16; 128],
    /// Where a range of characters starts, and its kind; sorted.
    ranges: Vec<(u32, u16)>,
    /// A character of each kind.
    samples: Vec<char>,
}

impl Kinds {
    fn of(sets: &[ClassUnicode]) -> Self {
        let edges = sets.iter().flat_map(|set| set.iter());
        let mut starts: Vec<u32> = edges
            .flat_map(|range| [range.start() as u32, range.end() as u32 + 1])
            .chain([0])
            .filter(|&code| code <= char::MAX as u32)
            .collect();
        starts.sort_unstable();
        starts.dedup();
        let mut known: HashMap<Vec<bool>, u16> = HashMap::new();
        let mut samples = Vec::new();
        let mut ranges = Vec::new();
        for start in starts {
            // Surrogates are no characters: a set ends before them and goes on after them.
            let Some(sample) = char::from_u32(start).or_else(|| char::from_u32(0xe000)) else {
                continue;
            };
            let key: Vec<bool> = sets.iter().map(|set| contains(set, sample)).collect();
            let next = samples.len() as u16;
            let kind = *known.entry(key).or_insert(next);
            if kind == next {
                samples.push(sample);
            }
            ranges.push((start, kind));
        }
        let mut kinds = Self {
            ascii: [0; 128],
            ranges,
            samples,
        };
        for code in 0..128_u32 {
            kinds.ascii[code as usize] = kinds.in_ranges(code);
        }
        kinds
    }

    fn in_ranges(&self, code: u32) -> u16 {
        let after = self.ranges.partition_point(|&(start, _)| start <= code);
        self.ranges[after - 1].1
    }

    fn of_char(&self, char: char) -> usize {
        let code = char as u32;
        usize::from(match self.ascii.get(code as usize) {
            Some(kind) => *kind,
            None => self.in_ranges(code),
        })
    }

    /// The kind that stands for the end of a text.
    fn end(&self) -> usize {
        self.samples.len()
    }
}

/// Whether a set has a character.
pub(super) fn contains(set: &ClassUnicode, char: char) -> bool {
    let ranges = set.ranges();
    let after = ranges.partition_point(|range| range.start() <= char);
    after > 0 && char <= ranges[after - 1].end()
}

#[derive(Clone, Copy)]
enum Step {
    /// Takes a character of the set with this number.
    Set(usize),
    /// Goes on at both, the first first.
    Split(usize, usize),
    Go(usize),
    Look {
        ahead: bool,
        set: usize,
        inside: bool,
    },
    Match,
}

#[derive(Default)]
struct Program {
    steps: Vec<Step>,
    sets: Vec<ClassUnicode>,
}

impl Program {
    fn push(&mut self, step: Step) -> Result<usize, String> {
        if self.steps.len() >= MOST_STEPS {
            return Err("is too long once its repetitions are written out".to_owned());
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn set(&mut self, set: &ClassUnicode) -> usize {
        let known = self.sets.iter().position(|other| other == set);
        known.unwrap_or_else(|| {
            self.sets.push(set.clone());
            self.sets.len() - 1
        })
    }

    // As deep as the parser's groups, which it bounds.
    fn add(&mut self, node: &Node) -> Result<(), String> {
        match node {
            Node::Set(set) => {
                let set = self.set(set);
                self.push(Step::Set(set))?;
            }
            Node::Look { ahead, set, inside } => {
                let set = self.set(set);
                self.push(Step::Look {
                    ahead: *ahead,
                    set,
                    inside: *inside,
                })?;
            }
            Node::Concat(nodes) => nodes.iter().try_for_each(|node| self.add(node))?,
            Node::Alternatives(nodes) => {
                let mut ends = Vec::new();
                for (index, node) in nodes.iter().enumerate() {
                    if index + 1 == nodes.len() {
                        self.add(node)?;
                        break;
                    }
                    let split = self.push(Step::Go(0))?;
                    self.add(node)?;
                    ends.push(self.push(Step::Go(0))?);
                    self.steps[split] = Step::Split(split + 1, self.steps.len());
                }
                for end in ends {
                    self.steps[end] = Step::Go(self.steps.len());
                }
            }
            Node::Repeat {
                node,
                least,
                most,
                lazy,
            } => {
                let split = |inside, outside| match lazy {
                    true => Step::Split(outside, inside),
                    false => Step::Split(inside, outside),
                };
                for _ in 0..*least {
                    self.add(node)?;
                }
                match most {
                    None => {
                        let at = self.push(Step::Go(0))?;
                        self.add(node)?;
                        self.push(Step::Go(at))?;
                        self.steps[at] = split(at + 1, self.steps.len());
                    }
                    Some(most) => {
                        let mut splits = Vec::new();
                        for _ in *least..*most {
                            splits.push(self.push(Step::Go(0))?);
                            self.add(node)?;
                        }
                        for at in splits {
                            self.steps[at] = split(at + 1, self.steps.len());
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

struct Maker<'p> {
    program: &'p Program,
    /// For each set, the kinds that it holds.
    holds: Vec<Vec<bool>>,
    looks_behind: bool,
    /// States by where they go on, the first first, and the kind of the character before, where that matters.
    known: HashMap<(Vec<usize>, usize), u32>,
    states: Vec<(Vec<usize>, usize)>,
}

impl Maker<'_> {
    fn make(mut self, kinds: Kinds) -> Result<Automaton, String> {
        let end = kinds.end();
        let starts = (0..=end)
            .map(|before| self.state(vec![0], before))
            .collect::<Result<Vec<_>, _>>()?;
        let mut next = Vec::new();
        let mut work = 0;
        let mut at = 0;
        while at < self.states.len() {
            let (goes_on, before) = self.states[at].clone();
            for kind in 0..=end {
                let (goes_on, matched) = self.after(&goes_on, before, kind, end, &mut work);
                if work > MOST_WORK {
                    return Err("is too complex".to_owned());
                }
                let state = match goes_on.is_empty() {
                    true => DEAD,
                    false => self.state(goes_on, kind)?,
                };
                next.push(state | if matched { MATCHED } else { 0 });
            }
            at += 1;
        }
        Ok(Automaton { kinds, next, starts })
    }

    fn state(&mut self, goes_on: Vec<usize>, before: usize) -> Result<u32, String> {
        let key = (goes_on, if self.looks_behind { before } else { 0 });
        if let Some(&state) = self.known.get(&key) {
            return Ok(state);
        }
        if self.states.len() >= MOST_STATES {
            return Err("is too complex".to_owned());
        }
        let state = self.states.len() as u32;
        self.known.insert(key.clone(), state);
        self.states.push(key);
        Ok(state)
    }

    /// Where to go on after a character of a kind, and whether a match ends before it.
    fn after(&self, from: &[usize], before: usize, kind: usize, end: usize, work: &mut usize) -> (Vec<usize>, bool) {
        let mut seen = vec![false; self.program.steps.len()];
        let mut goes_on = Vec::new();
        let mut open: Vec<usize> = from.iter().rev().copied().collect();
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            *work += 1;
            let holds = |set: usize, kind: usize| kind != end && self.holds[set][kind];
            match self.program.steps[at] {
                // What is less preferred than a match does not count.
                Step::Match => return (goes_on, true),
                Step::Set(set) if holds(set, kind) => goes_on.push(at + 1),
                Step::Set(_) => {}
                Step::Go(to) => open.push(to),
                Step::Split(first, second) => open.extend([second, first]),
                Step::Look { ahead, set, inside } => {
                    if holds(set, if ahead { kind } else { before }) == inside {
                        open.push(at + 1);
                    }
                }
            }
        }
        (goes_on, false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern;
    use super::*;

    fn matches(expression: &str, text: &str) -> Vec<String> {
        let automaton = Automaton::new(&pattern::parse(expression).expect("it is read")).expect("it is small");
        let found = automaton
            .matches(text, &mut Effort::for_text(text))
            .expect("it is quick");
        found
            .into_iter()
            .map(|(start, end)| text[start..end].to_owned())
            .collect()
    }

    // The expected matches follow from the expressions by hand.
    #[test]
    fn takes_what_a_backtracking_engine_takes() {
        for (expression, text, expected) in [
            ("a|ab", "ab", &["a"][..]),
            ("ab|a", "ab a", &["ab", "a"]),
            ("a+?b?", "aab", &["a", "ab"]),
            (r"\s+(?!\S)|\s+", "a   b  ", &["  ", " ", "  "]),
            (r"(?i:'s|'ll)", "I'LL it's 'S", &["'LL", "'s", "'S"]),
            (r"(?<!a)b", "abb", &["b"]),
            (r"\bto\b", "to tomorrow to", &["to", "to"]),
            (r"x{2,3}", "xxxxx", &["xxx", "xx"]),
            (r"\p{N}{1,3}", "12345", &["123", "45"]),
            ("^a|b$", "ab\nab", &["a", "b", "a", "b"]),
            ("[a-z&&[^b]]++[b]", "aab cb", &["aab", "cb"]),
            (r"[^(\s|[.,])]+", "a.b c", &["a", "b", "c"]),
            ("", "ab", &["", "", ""]),
        ] {
            assert_eq!(matches(expression, text), expected, "{expression}");
        }
    }

    #[test]
    fn refuses_what_would_be_large() {
        for expression in ["(a{1000}){1000}", "(a|b)*a(a|b){30}", "(((a{9}){9}){9}){9}"] {
            assert!(
                Automaton::new(&pattern::parse(expression).expect("it is read")).is_err(),
                "{expression}"
            );
        }
    }

    #[test]
    fn starting_again_and_again_is_bounded() {
        let automaton = Automaton::new(&pattern::parse("a*b").expect("it is read")).expect("it is small");
        let text = "a".repeat(20_000);
        assert!(automaton.matches(&text, &mut Effort::for_text(&text)).is_err());
    }
}
