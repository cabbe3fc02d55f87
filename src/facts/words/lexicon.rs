//! The words and phrases that facts ask for, looked up once: each token knows the sets that its word belongs to, and each
//! message the groups of phrases that it holds. What a sentence says is then read from bits, not from spellings.

use super::language;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// Words of one kind.
#[derive(Clone, Copy)]
pub(super) enum Set {
    /// Words at which a demand for brevity may stand (`brevity`).
    Brevity,
    /// Words at which a demand for reasoning may stand (`reasoning`).
    Reasoning,
    /// Words at which the form of the answer may be told (`format`).
    Form,
    /// Words behind which stands what is wanted (`task`).
    Request,
    /// Words behind which the task or the role is named (`task::model`).
    Names,
    /// Words that lead to material (`context`).
    Leads,
    /// What a length is counted in (`length`).
    Unit,
    /// Numbers in words (`sentences::number`).
    Number,
    /// The answer as a whole (`length`).
    Whole,
}

const SETS: [(Set, &str); 9] = [
    (
        Set::Brevity,
        "concise concisely conciseness succinct succinctly succinctness terse tersely brevity laconic pithy briefly \
         brief short shorter shortest shorten condense condensed tldr nutshell to waste make elaborate ramble verbose wordy \
         longwinded verbosity unnecessary superfluous redundant preamble preambles filler chit yapping fluff \
         boilerplate single skip supplementary explain explanation explanations explaining commentary commentaries disclaimer disclaimers \
         prose pleasantries justification justifications introductory greetings warnings notes comments caveats \
         additional extra other further any surrounding accompanying anything nothing strictly only just solely \
         exclusively limited fewer few most than",
    ),
    (
        Set::Reasoning,
        "step think thinking reason reasoning chain cot scratchpad thought thoughts deep break breaking explanation rationale \
         justification justify justifying add lay walk put record begin start present by your explain show describe provide \
         include give state write share articulate outline document detail showing explaining providing including \
         output insert take",
    ),
    (
        Set::Form,
        "or / answer respond reply output return say one json yaml xml jsonl dict dictionary markdown headings headers \
         heading subsections section sections table bulleted bullet bullets numbered list line separated csv mermaid \
         markmap plantuml latex svg ascii excalidraw python sql javascript bash regex html graphviz code yes true \
         positive negative neutral number digit integer float category label word letter name id score option rating \
         date structured choice verdict judgement judgment classification scores plain scale between choose select pick explain \
         explanation essay story poem email article",
    ),
    (
        Set::Request,
        "task job goal goals purpose objective mission role responsibility you asks help like me please",
    ),
    (
        Set::Names,
        "task job goal role purpose objective responsible mission want need asked tasked designed specialized are as",
    ),
    (
        Set::Leads,
        "use using based grounded from leveraging given provided available retrieved collected supplied rely relying \
         consult in according",
    ),
    (
        Set::Unit,
        "word words sentence sentences paragraph paragraphs character characters chars letters line lines liner liners \
         token tokens",
    ),
    (
        Set::Number,
        "one two three four five six seven eight nine ten eleven twelve dozen fifteen twenty thirty forty fifty hundred",
    ),
    (
        Set::Whole,
        "answer answers response responses reply replies overall total entire whole",
    ),
];

/// Phrases of one kind.
#[derive(Clone, Copy)]
pub(super) enum Phrase {
    /// An agent's thought.
    Thought,
    /// An agent's action.
    Action,
    /// A talk that is told of.
    TalkBetween,
    /// Words for a talk.
    Talk,
    ChooseFrom,
    /// The arguments of a tool's call.
    Arguments,
    Tool,
    /// A scale or a score as the answer.
    Scored,
    /// A line of program code.
    CodeLine,
    FewWords,
    /// A key or a tag that holds reasoning.
    ReasoningKey,
    /// A key that holds a reason.
    ReasonKey,
    /// A form of the answer begins.
    FormFollows,
    /// A label in double brackets, as judges are asked for.
    Bracketed,
    /// The answer stands in the material.
    LooksUp,
    /// The verdict is told in words of its own.
    Comments,
    /// Keys of a review.
    ReviewKey,
}

const PHRASES: [(Phrase, &[&str]); 17] = [
    (Phrase::Bracketed, &["[[a]]", "[[b]]"]),
    (Phrase::Thought, &["thought:"]),
    (Phrase::Action, &["action:", "tool input:"]),
    (
        Phrase::TalkBetween,
        &["conversation between", "conversation with an ai"],
    ),
    (Phrase::Talk, &["conversation", "chat", "persona"]),
    (Phrase::ChooseFrom, &["choose from"]),
    (Phrase::Arguments, &["\"args\""]),
    (Phrase::Tool, &["tool"]),
    (
        Phrase::Scored,
        &[
            "scale of 1",
            "scale of 0",
            "scale from 1",
            "scale from 0",
            "score between",
            "score from",
            "final score",
            "rating between",
            "between 1 and 5",
            "between 1 and 10",
            "between 0 and 1",
            "out of 10",
            "one to five stars",
        ],
    ),
    (Phrase::CodeLine, &["\ndef ", "\nfunction ", "\n#include", "\nimport "]),
    (Phrase::FewWords, &["a few words at most"]),
    (
        Phrase::ReasoningKey,
        &[
            "\"reasoning\"",
            "\"chain_of_thought\"",
            "\"thoughts\"",
            "\"thought\"",
            "\"thinking\"",
            "\"scratchpad\"",
            "\"step_by_step\"",
            "<thinking>",
            "<scratchpad>",
            "<reasoning>",
            "`reasoning`",
            "\nreasoning:",
            "\nthinking:",
            "\nthought:",
            "\nthoughts:",
        ],
    ),
    (
        Phrase::ReasonKey,
        &[
            "\"reason\"",
            "\"reasons\"",
            "\"rationale\"",
            "\"justification\"",
            "\"explanation\"",
            "\"why\"",
            "`explanation`",
            "`rationale`",
            "`justification`",
        ],
    ),
    (
        Phrase::FormFollows,
        &[
            "in the following format: '",
            "following format: \"",
            "the following format:\nquestion:",
            "in this format:\nquestion:",
        ],
    ),
    (
        Phrase::LooksUp,
        &[
            "single phrase",
            "only give me the answer",
            "give me the answer and do not",
            "extract the answer",
            "unanswerable",
            "a word or phrase",
            "short span",
            "choose the correct",
            "correct option",
            "correct choice",
            "multiple choice",
            "multiple-choice",
        ],
    ),
    (
        Phrase::Comments,
        &[
            "suggest",
            "feedback",
            "criticism",
            "critique",
            "comments",
            "recommendation",
            "how to improve",
        ],
    ),
    (
        Phrase::ReviewKey,
        &[
            "\"comment",
            "\"suggest",
            "\"improve",
            "\"feedback",
            "\"recommend",
            "\"description\": \"",
            "_prompt\"",
        ],
    ),
];

/// What is known of a word: a bit for each set, and one for each language that it is common in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    sets: u64,
    pub(super) languages: u32,
}

impl Known {
    pub(super) fn is(self, set: Set) -> bool {
        self.sets & 1 << set as u64 != 0
    }
}

/// The groups of phrases that a text holds, a bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held(u64);

impl Held {
    pub(super) fn has(self, phrase: Phrase) -> bool {
        self.0 & 1 << phrase as u64 != 0
    }
}

/// What is known of a word in lower case.
pub(super) fn known(word: &str) -> Known {
    static KNOWN: LazyLock<Table<Known>> = LazyLock::new(|| {
        let mut known = Table::<Known>::with_capacity_and_hasher(2048, BuildHasherDefault::default());
        for (set, words) in SETS {
            for word in words.split_ascii_whitespace() {
                known.entry(word).or_default().sets |= 1 << set as u64;
            }
        }
        for (place, words) in language::common() {
            for word in words {
                known.entry(word).or_default().languages |= 1 << place;
            }
        }
        known
    });
    KNOWN.get(word).copied().unwrap_or_default()
}

/// The groups of phrases in a text in lower case, in one pass.
pub(super) fn held(lower: &str) -> Held {
    static PATTERNS: LazyLock<Option<(AhoCorasick, Vec<u64>)>> = LazyLock::new(|| {
        let pairs = || {
            PHRASES
                .iter()
                .flat_map(|(group, list)| list.iter().map(move |phrase| (*group, *phrase)))
        };
        let patterns = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(pairs().map(|(_, phrase)| phrase));
        Some((patterns.ok()?, pairs().map(|(group, _)| 1 << group as u64).collect()))
    });
    let mut held = 0;
    if let Some((patterns, groups)) = PATTERNS.as_ref() {
        for found in patterns.find_overlapping_iter(lower) {
            held |= groups[found.pattern().as_usize()];
        }
    }
    Held(held)
}

/// A table of words that the program brings along. Its hash is quick and not proof against chosen words, so no table
/// whose words come from a prompt is of this kind.
pub(super) type Table<V> = HashMap<&'static str, V, BuildHasherDefault<Quick>>;

/// Folds eight bytes at a time.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Quick {
    fn fold(&mut self, piece: u64) {
        self.0 = (self.0.rotate_left(5) ^ piece).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let (pieces, rest) = bytes.as_chunks::<8>();
        for piece in pieces {
            self.fold(u64::from_le_bytes(*piece));
        }
        if !rest.is_empty() {
            let mut piece = [0; 8];
            piece[..rest.len()].copy_from_slice(rest);
            self.fold(u64::from_le_bytes(piece));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.fold(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        // The table takes its places from the high bits and the low ones.
        self.0 ^ self.0 >> 32
    }
}
