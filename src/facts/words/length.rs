//! Amounts of text that a prompt asks for: "in at most 50 words", "a 3-sentence summary".

mod binds;
mod read;

use super::fitted::{Model, Of, Take};
use super::lexicon::Set;
use super::sentences::{Parsed, Sentence};
use super::{Bound, LengthLimit, LengthUnit, Task};
use binds::{Binds, binds, described, of_key, product};
use read::amount;
use std::ops::Range;
use std::sync::LazyLock;

/// An amount of text, as asked for.
#[derive(Debug, Clone)]
pub(super) struct Amount {
    /// `None`: the number is a template variable, or only "a few".
    pub(super) n: Option<u32>,
    pub(super) unit: LengthUnit,
    pub(super) bound: Bound,
    /// It bounds a part of the answer (a bullet, a section), not the whole.
    pub(super) part: bool,
    /// Tokens, the words of the bound included.
    pub(super) tokens: Range<usize>,
    /// What speaks for and against its bounding the answer: the features of [`limit`]'s decision.
    signs: Vec<&'static str>,
    /// It does not bound the answer, nor a part of it.
    pub(super) aside: bool,
    /// It bounds the whole answer: weighed from the signs of `part` and `aside` and the words around.
    whole: bool,
    /// Tokens of its sentence, and of its number and unit.
    sentence: Range<usize>,
    core: Range<usize>,
}

impl Amount {
    /// Whether the amount makes an answer shorter than it would be.
    pub(super) fn is_brief(&self) -> bool {
        if self.aside {
            return false;
        }
        let most = match self.unit {
            LengthUnit::Words => 300,
            LengthUnit::Sentences | LengthUnit::Lines => 10,
            LengthUnit::Paragraphs => 2,
            LengthUnit::Characters => 2000,
            LengthUnit::Tokens => 400,
            LengthUnit::Items => 0,
        };
        match self.bound {
            Bound::Max => true,
            Bound::Min => false,
            Bound::Exact | Bound::About => self.n.is_none_or(|n| n <= most),
        }
    }

    fn limit(&self) -> Option<LengthLimit> {
        Some(LengthLimit {
            n: self.n?,
            unit: self.unit,
            bound: self.bound,
        })
    }
}

/// Tenths of a word that a limit comes to, roughly: only to find the tightest of several. A minimum
/// is the loosest.
pub(super) fn weight(limit: &LengthLimit) -> u64 {
    let n = u64::from(limit.n);
    let words = match limit.unit {
        LengthUnit::Words | LengthUnit::Items => n * 10,
        LengthUnit::Sentences => n * 200,
        LengthUnit::Paragraphs => n * 900,
        LengthUnit::Lines => n * 120,
        LengthUnit::Characters => n * 2,
        LengthUnit::Tokens => n * 7,
    };
    if limit.bound == Bound::Min {
        u64::MAX - words
    } else {
        words
    }
}

/// The unit a word names.
pub(super) fn unit(word: &str) -> Option<LengthUnit> {
    Some(match word {
        "word" | "words" => LengthUnit::Words,
        "sentence" | "sentences" => LengthUnit::Sentences,
        "paragraph" | "paragraphs" => LengthUnit::Paragraphs,
        "character" | "characters" | "chars" | "letters" => LengthUnit::Characters,
        "line" | "lines" | "liner" | "liners" => LengthUnit::Lines,
        "token" | "tokens" => LengthUnit::Tokens,
        _ => return None,
    })
}

/// Every amount of text in the sentences that ask.
pub(super) fn amounts(parsed: &Parsed, sentences: &[Sentence]) -> Vec<Amount> {
    let mut out = Vec::new();
    // Where the answer has several sections, an amount bounds one of them, unless it names the whole.
    let speaks = |s: &Sentence, f: fn(&str) -> bool| s.tokens().any(|t| f(parsed.word(t)));
    let sections = sentences
        .iter()
        .filter(|s| speaks(s, |w| matches!(w, "section" | "sections")))
        .take(2)
        .count()
        > 1;
    // "For each claim, give:" and its list: the lines bound what is said of each.
    let mut of_each = false;
    let described = described(&parsed.lower);
    let mut stretch = 0;
    // "- summary: …" also holds for the sentences that follow on its line, and a list of nouns ("a title", "a summary of
    // 2 sentences") names parts.
    let mut line_key = false;
    let mut numeral = false;
    let mut end = 0;
    let nouns = |s: &Sentence| s.bullet && matches!(parsed.word(s.tokens().start), "a" | "an" | "the" | "<");
    let listed = sentences.iter().filter(|s| nouns(s)).take(2).count() > 1;
    for sentence in sentences {
        let range = sentence.tokens();
        of_each = of_each && sentence.bullet || speaks(sentence, |w| w == "each") && parsed.word(range.end - 1) == ":";
        let named = range.clone().any(|t| parsed.is(t, Set::Whole));
        let whole = !of_each && !sections || named;
        let place = parsed.place(range.clone());
        if parsed.lower.get(end..place.start).is_none_or(|gap| gap.contains('\n')) || end == 0 {
            line_key = of_key(parsed, sentence) || listed && nouns(sentence);
            numeral = range.len() <= 2 && matches!(parsed.word(range.start), "i" | "ii" | "iii" | "iv" | "v" | "vi");
        } else if numeral {
            line_key = (range.start + 1..(range.start + 8).min(range.end)).any(|t| parsed.word(t) == ":");
            numeral = false;
        }
        end = place.end;
        let comma = range.clone().find(|t| parsed.word(*t) == ",").unwrap_or(range.end);
        for t in range.clone() {
            if parsed.is(t, Set::Unit)
                && let Some(unit) = unit(parsed.word(t))
                && let Some(mut amount) = amount(parsed, &range, t, unit)
            {
                let at = parsed.place(amount.tokens.clone()).start;
                while described.get(stretch).is_some_and(|d| d.end <= at) {
                    stretch += 1;
                }
                let told_of = described.get(stretch).is_some_and(|d| d.contains(&at));
                let bound_to = binds(parsed, &range, &amount.tokens, t, comma);
                let signs = &mut amount.signs;
                let mut note = |holds: bool, sign| {
                    if holds {
                        signs.push(sign);
                    }
                };
                note(told_of, "described");
                note(bound_to.is_none(), "binds nothing");
                note(bound_to == Some(Binds::Part), "binds part");
                note(bound_to == Some(Binds::Whole), "binds whole");
                note(named, "named");
                note(of_each, "of each");
                note(sections, "sections");
                note(line_key, "key");
                note(amount.part, "part near");
                note(sentence.bullet, "bullet");
                note(sentence.step, "step");
                note(sentence.heading, "heading");
                note(sentence.shown, "shown");
                note(comma < amount.tokens.start, "behind comma");
                note(range.len() <= 8, "short sentence");
                note(range.len() > 30, "long sentence");
                amount.aside |= bound_to.is_none();
                amount.part = told_of
                    || bound_to == Some(Binds::Part)
                    || bound_to == Some(Binds::Unsaid) && (amount.part || !whole || line_key);
                if !amount.part && !amount.aside {
                    amount.signs.push("whole");
                }
                out.push(amount);
            }
        }
    }
    out
}

/// What is known of an amount, for the decision whether it bounds the whole answer: `several` amounts are in the prompt.
pub(super) fn features(parsed: &Parsed, amount: &Amount, several: bool, task: Option<Task>, take: &mut impl Take) {
    for sign in &amount.signs {
        take.most("sign", Of::new(sign), 1.0);
    }
    let unit = match amount.unit {
        LengthUnit::Words => "words",
        LengthUnit::Sentences => "sentences",
        LengthUnit::Paragraphs => "paragraphs",
        LengthUnit::Characters => "characters",
        LengthUnit::Lines => "lines",
        LengthUnit::Tokens => "tokens",
        LengthUnit::Items => "items",
    };
    let bound = match amount.bound {
        Bound::Max => "max",
        Bound::Min => "min",
        Bound::Exact => "exact",
        Bound::About => "about",
    };
    take.most("unit", Of::new(unit), 1.0);
    take.most("bound", Of::new(bound), 1.0);
    take.most(
        "number",
        Of::new(match amount.n {
            None => "open",
            Some(1) => "one",
            Some(2..=5) => "few",
            Some(6..=20) => "some",
            Some(21..=120) => "many",
            Some(_) => "most",
        }),
        1.0,
    );
    take.most(
        "one of",
        Of::new(match (amount.n, amount.unit) {
            (Some(1), LengthUnit::Words) => "words",
            (Some(1), LengthUnit::Sentences) => "sentences",
            (Some(1), LengthUnit::Paragraphs) => "paragraphs",
            (Some(1), LengthUnit::Lines) => "lines",
            _ => "more",
        }),
        1.0,
    );
    take.most("task", Of::new(task.map_or("none", Task::name)), 1.0);
    if several {
        take.alone("several", 1.0);
    }
    let sentence = &amount.sentence;
    let word = |t: usize| if sentence.contains(&t) { parsed.word(t) } else { "" };
    let told = |w: &str| matches!(w, "here" | "below" | "there" | "these" | "given");
    // No further back than a clause reaches: a text of numbers alone is one sentence.
    let back = amount.core.start.saturating_sub(MOST_WORDS_BACK).max(sentence.start);
    if (back..amount.core.start).any(|t| told(word(t))) {
        take.alone("told of", 1.0);
    }
    for t in amount.core.start.saturating_sub(3).max(sentence.start)..amount.core.start {
        take.most("close", Of::new(word(t)), 1.0);
    }
    for t in amount.core.end..(amount.core.end + 4).min(sentence.end) {
        take.most("behind", Of::new(word(t)), 1.0);
    }
    for t in amount.core.clone() {
        take.most("core", Of::new(word(t)), 1.0);
    }
    take.most("last", Of::new(word(amount.core.start.wrapping_sub(1))), 1.0);
    take.most("next", Of::new(word(amount.core.end)), 1.0);
    take.most("first", Of::new(word(sentence.start)), 1.0);
    take.most("second", Of::new(word(sentence.start + 1)), 1.0);
    let noun = |t: &usize| plural(word(*t));
    if (back..amount.core.start).any(|t| noun(&t)) {
        take.alone("plural", 1.0);
    }
    if (back..amount.core.start).any(|t| product(word(t))) {
        take.alone("product", 1.0);
    }
    let tokens = parsed.tokens.len().max(1);
    take.alone("place", amount.core.start as f32 / tokens as f32);
    take.alone("length", (tokens as f32).ln() / 8.0);
    take.alone("bias", 1.0);
}

/// Words before a number among which it is looked for what it bounds.
const MOST_WORDS_BACK: usize = 60;

/// A noun for several things, by its ending.
fn plural(word: &str) -> bool {
    word.len() > 4 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is")
}

/// Decides of each amount whether it bounds the whole answer, by fitted weights; `several` are in the request.
pub(super) fn weigh(parsed: &Parsed, amounts: &mut [Amount], several: bool, task: Option<Task>) {
    static MODEL: LazyLock<Model<1>> = LazyLock::new(|| Model::read(include_str!("weights/length.tsv")));
    for amount in amounts {
        let mut account = MODEL.account();
        features(parsed, amount, several, task, &mut account);
        amount.whole = account.scores()[0] > 0.0;
    }
}

/// The tightest bound on the whole answer, a maximum before a minimum.
pub(super) fn limit(amounts: &[Amount]) -> Option<(LengthLimit, Range<usize>)> {
    amounts
        .iter()
        .filter(|a| a.whole)
        .filter_map(|a| Some((a.limit()?, a.tokens.clone())))
        .min_by_key(|(limit, _)| weight(limit))
}

/// The longest minimum of the whole answer.
pub(super) fn least(amounts: &[Amount]) -> Option<LengthLimit> {
    amounts
        .iter()
        .filter(|a| a.whole && a.bound == Bound::Min)
        .filter_map(Amount::limit)
        .min_by_key(weight)
}

/// Whether a minimum is a page of text and more, which brevity excludes.
pub(super) fn is_long(least: &LengthLimit) -> bool {
    const PAGE: u64 = 3000;
    u64::MAX - weight(least) >= PAGE
}
