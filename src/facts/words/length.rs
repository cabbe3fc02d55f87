//! Amounts of text that a prompt asks for: "in at most 50 words", "a 3-sentence summary".

use super::sentences::{Kind, Parsed, Sentence, number};
use super::{Bound, LengthLimit, LengthUnit};
use std::ops::Range;

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
}

impl Amount {
    /// Whether the amount makes an answer shorter than it would be.
    pub(super) fn is_brief(&self) -> bool {
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
    for sentence in sentences {
        let range = sentence.tokens();
        of_each = of_each && sentence.bullet || speaks(sentence, |w| w == "each") && parsed.word(range.end - 1) == ":";
        let whole = !of_each && !sections
            || speaks(sentence, |w| {
                matches!(
                    w,
                    "answer" | "response" | "reply" | "overall" | "total" | "entire" | "whole"
                )
            });
        for t in range.clone() {
            if let Some(unit) = unit(parsed.word(t))
                && let Some(mut amount) = amount(parsed, &range, t, unit)
            {
                amount.part |= !whole || of_key(parsed, sentence);
                out.push(amount);
            }
        }
    }
    out
}

/// "- summary: one sentence", `"reason": "a short sentence"`: a line that says what goes into one part of the answer.
fn of_key(parsed: &Parsed, sentence: &Sentence) -> bool {
    let range = sentence.tokens();
    let word = |t: usize| if t < range.end { parsed.word(t) } else { "" };
    if matches!(word(range.start), "{" | "}") {
        return true;
    }
    let Some(colon) = (range.start + 1..range.start + 4).find(|t| word(*t) == ":") else {
        return false;
    };
    sentence.bullet
        && !(range.start..colon).any(|t| {
            matches!(
                word(t),
                "output"
                    | "response"
                    | "answer"
                    | "length"
                    | "format"
                    | "limit"
                    | "count"
                    | "constraints"
                    | "constraint"
                    | "rule"
                    | "rules"
                    | "structure"
                    | "style"
                    | "concise"
                    | "brevity"
                    | "important"
                    | "note"
            )
        })
}

/// The amount whose unit stands at `at`.
fn amount(parsed: &Parsed, sentence: &Range<usize>, at: usize, unit: LengthUnit) -> Option<Amount> {
    let back = |n: usize| at.checked_sub(n).filter(|t| *t >= sentence.start);
    // The number, over at most two adjectives: "3 short sentences".
    let mut number_at = None;
    for n in 1..=3 {
        let t = back(n)?;
        let word = parsed.word(t);
        let counts = parsed.kind(t) == Some(Kind::Number)
            || parsed.kind(t) == Some(Kind::Variable)
            || number(word).is_some()
            || matches!(word, "few" | "couple" | "single" | "several");
        if counts {
            number_at = Some(t);
            break;
        }
        if parsed.kind(t) != Some(Kind::Word)
            || matches!(
                word,
                "given"
                    | "provided"
                    | "input"
                    | "the"
                    | "of"
                    | "per"
                    | "each"
                    | "every"
                    | "this"
                    | "these"
                    | "and"
                    | "or"
            )
        {
            break;
        }
        if matches!(word, "a" | "an") {
            let before = t.checked_sub(1).map_or("", |b| parsed.word(b));
            if matches!(before, "in" | "just" | "only" | "within" | "than") {
                number_at = Some(t);
            }
            break;
        }
    }
    let number_at = number_at?;
    let word = parsed.word(number_at);
    // "A single paragraph may …" says nothing of the answer; "in one sentence" does.
    if matches!(word, "single" | "one" | "a" | "an")
        && (parsed.word(at).ends_with('s') || !asked(parsed, sentence, number_at, at))
    {
        return None;
    }
    let mut n = if parsed.kind(number_at) == Some(Kind::Variable) || matches!(word, "few" | "couple" | "several") {
        None
    } else {
        Some(number(word).unwrap_or(1))
    };
    let mut first = number_at;
    let mut range = false;
    let is_number = |t: usize| parsed.kind(t) == Some(Kind::Number) || number(parsed.word(t)).is_some();
    // "3-5", "3 to 5", "between 3 and 5", "one or two".
    if let (Some(dash), Some(low)) = (number_at.checked_sub(1), number_at.checked_sub(2))
        && low >= sentence.start
        && is_number(low)
        && matches!(parsed.word(dash), "-" | "–" | "to" | "or" | "and" | "—")
    {
        n = n.max(number(parsed.word(low)));
        first = low;
        range = true;
    }
    if n == Some(0) {
        return None;
    }
    let before = |n: usize| {
        first
            .checked_sub(n)
            .filter(|t| *t >= sentence.start)
            .map_or("", |t| parsed.word(t))
    };
    // Not the answer's length but the input's, or a count of steps through it.
    if (1..=3).any(|k| before(k) == "containing") {
        return None;
    }
    for k in 1..=3 {
        if matches!(before(k), "in" | "into" | "within" | "to" | "than") {
            break;
        }
        if matches!(
            before(k),
            "following"
                | "given"
                | "provided"
                | "this"
                | "these"
                | "those"
                | "above"
                | "first"
                | "last"
                | "next"
                | "every"
                | "previous"
        ) {
            return None;
        }
    }
    let mut bound = if range { Bound::Max } else { Bound::Exact };
    let mut start = first;
    let negated = |from: usize| {
        (from..from + 5).any(|k| {
            matches!(
                before(k),
                "no" | "not" | "never" | "don't" | "don’t" | "cannot" | "mustn't" | "shouldn't"
            )
        })
    };
    for k in 1..=4 {
        let word = before(k);
        let found = match word {
            "most" if before(k + 1) == "at" => Some((Bound::Max, k + 1)),
            "least" if before(k + 1) == "at" => Some((Bound::Min, k + 1)),
            "than" => match before(k + 1) {
                "more" | "longer" | "greater" => Some((if negated(k + 2) { Bound::Max } else { Bound::Min }, k + 2)),
                "less" | "fewer" | "shorter" => Some((
                    if negated(k + 2) && matches!(before(k + 2), "no" | "not") {
                        Bound::Min
                    } else {
                        Bound::Max
                    },
                    k + 1,
                )),
                _ => None,
            },
            "maximum" | "max" | "under" | "below" | "within" | "limit" | "limited" | "<" | "≤" => {
                Some((Bound::Max, k))
            }
            "to" if matches!(before(k + 1), "up" | "limited")
                || (1..6).any(|j| matches!(before(k + j), "limit" | "restrict" | "keep" | "cap")) =>
            {
                Some((Bound::Max, k + 1))
            }
            "exceed" | "exceeding" | "surpass" | "exceeds" => {
                Some((if negated(k + 1) { Bound::Max } else { Bound::Min }, k))
            }
            "over" | "beyond" => Some((if negated(k + 1) { Bound::Max } else { Bound::Min }, k)),
            "minimum" | "min" => Some((Bound::Min, k)),
            "about" | "around" if k > 1 => None,
            "about" | "around" | "approximately" | "approx" | "roughly" | "~" | "nearly" | "circa" => {
                Some((Bound::About, k))
            }
            _ => None,
        };
        if let Some((b, reach)) = found {
            bound = if b == Bound::About && range { Bound::Max } else { b };
            start = first.saturating_sub(reach).max(sentence.start);
            break;
        }
        if matches!(word, "." | "," | "(" | ":") && !(word == "(" && k == 1) {
            break;
        }
    }
    let after = |n: usize| {
        Some(at + n)
            .filter(|t| *t < sentence.end)
            .map_or("", |t| parsed.word(t))
    };
    if matches!(
        after(1),
        "given"
            | "provided"
            | "below"
            | "above"
            | "following"
            | "are"
            | "is"
            | "breaks"
            | "break"
            | "arguments"
            | "numbers"
    ) || parsed.word(at.saturating_sub(1)) == "command"
    {
        return None;
    }
    // "projects like a 10,000-word blog", "a short user prompt (1-4 sentences)", "act 4 characters": no bound of the answer.
    if (1..=5).any(|k| before(k) == "like" || before(k) == "such")
        || before(1) == "(" && matches!(before(2), "prompt" | "input" | "query" | "question" | "message")
        || unit == LengthUnit::Characters && bound == Bound::Exact && !bounds_text(parsed, sentence, first, at)
    {
        return None;
    }
    let mut end = at + 1;
    for k in 1..=3 {
        let found = match after(k) {
            "or" if matches!(after(k + 1), "less" | "fewer" | "under" | "shorter") => Some((Bound::Max, k + 2)),
            "or" if matches!(after(k + 1), "more" | "longer") => Some((Bound::Min, k + 2)),
            "max" | "maximum" | "tops" => Some((Bound::Max, k + 1)),
            "minimum" | "min" => Some((Bound::Min, k + 1)),
            "at" if after(k + 1) == "most" => Some((Bound::Max, k + 2)),
            "at" if after(k + 1) == "least" => Some((Bound::Min, k + 2)),
            _ => None,
        };
        if let Some((b, reach)) = found {
            bound = b;
            end = (at + reach).min(sentence.end);
            break;
        }
    }
    if parsed.word(number_at + 1) == "+" {
        bound = Bound::Min;
    }
    Some(Amount {
        n,
        unit,
        bound,
        part: is_part(parsed, sentence, start, at),
        tokens: start..end,
    })
}

/// "in exactly 20 characters", "a 6-character code", "only the single character": not "play 4 characters".
fn bounds_text(parsed: &Parsed, sentence: &Range<usize>, first: usize, at: usize) -> bool {
    let hyphened = parsed.place(first..at + 1).len() < parsed.word(first).len() + parsed.word(at).len() + 2
        && parsed.word(at) == "character";
    hyphened
        || (first.saturating_sub(3).max(sentence.start)..first).any(|t| {
            matches!(
                parsed.word(t),
                "in" | "exactly" | "to" | "of" | "within" | "be" | "only" | "is" | "length" | "with" | ":"
            )
        })
        || matches!(parsed.word(at + 1), "long" | "total" | "in" | "each")
}

/// Whether one sentence, line or paragraph is asked for, and not spoken of.
fn asked(parsed: &Parsed, sentence: &Range<usize>, from: usize, at: usize) -> bool {
    let verb = |w: &str| {
        matches!(
            w,
            "in" | "write"
                | "output"
                | "provide"
                | "give"
                | "answer"
                | "respond"
                | "reply"
                | "return"
                | "produce"
                | "create"
                | "generate"
                | "summarize"
                | "into"
                | "just"
                | "only"
                | "exactly"
                | "with"
                | "be"
                | "than"
                | "most"
                | "limit"
                | "using"
                | "state"
                | "describe"
                | "explain"
                | "add"
                | "include"
                | "compose"
                | "to"
                | "maximum"
                | "within"
        )
    };
    // "Pick one word from the text" chooses, and bounds nothing.
    if (1..=3).any(|k| {
        from >= sentence.start + k && matches!(parsed.word(from - k), "pick" | "select" | "choose" | "find" | "quote")
    }) {
        return false;
    }
    let before = (from.saturating_sub(8).max(sentence.start)..from).any(|t| verb(parsed.word(t)));
    let bare = from <= sentence.start + 1;
    let noun = matches!(
        parsed.word(at + 1),
        "summary"
            | "answer"
            | "explanation"
            | "description"
            | "response"
            | "reason"
            | "justification"
            | "max"
            | "maximum"
            | "rationale"
            | "definition"
    );
    let word_class = parsed.word(at) == "word" && parsed.word(from) == "a";
    (before || bare || noun) && !word_class && !matches!(parsed.word(from.saturating_sub(1)), "every" | "at" | "each")
}

/// Whether the sentence speaks of a part: each bullet, a section, a title.
fn is_part(parsed: &Parsed, sentence: &Range<usize>, start: usize, at: usize) -> bool {
    let part = |w: &str| {
        matches!(
            w,
            "each"
                | "per"
                | "every"
                | "bullet"
                | "bullets"
                | "section"
                | "sections"
                | "subsection"
                | "title"
                | "titles"
                | "headline"
                | "column"
                | "item"
                | "items"
                | "topic"
                | "topics"
                | "points"
                | "point"
                | "field"
                | "key"
                | "label"
                | "labels"
                | "chunk"
                | "chunks"
                | "entity"
                | "entities"
                | "keyword"
                | "keywords"
                | "name"
                | "names"
                | "domains"
                | "tags"
                | "hashtags"
                | "introduction"
                | "intro"
                | "conclusion"
                | "long"
                | "recommendations"
        )
    };
    // "Generate a title (2-5 words)": the title is the whole answer.
    let product = |t: usize| {
        matches!(parsed.word(t), "title" | "headline" | "name" | "label" | "topic")
            && (t.saturating_sub(7).max(sentence.start)..t).any(|v| {
                matches!(
                    parsed.word(v),
                    "generate" | "create" | "write" | "produce" | "suggest" | "craft" | "propose"
                ) && v <= sentence.start + 3
                    && (v + 1..t).any(|a| matches!(parsed.word(a), "a" | "an" | "one" | "single"))
            })
    };
    let from = start.saturating_sub(16).max(sentence.start);
    let to = (at + 6).min(sentence.end);
    // "8 words to summarize the topic": what the words are for.
    let to = (at + 1..to)
        .find(|t| matches!(parsed.word(*t), "to" | "." | ","))
        .unwrap_or(to);
    let far = (at + 40).min(sentence.end);
    (from..to)
        .filter(|t| !product(*t))
        .any(|t| part(parsed.word(t)) || parsed.word(t) == "including" && t < at)
        || (from..far).any(|t| matches!(parsed.word(t), "called" | "section" | "sections"))
}

/// The tightest bound on the whole answer, a maximum before a minimum.
pub(super) fn limit(amounts: &[Amount]) -> Option<(LengthLimit, Range<usize>)> {
    // "A single line of text" is a form beside "at most 6 sentences".
    let whole = || amounts.iter().filter(|a| !a.part && a.n.is_some());
    let several = whole().nth(1).is_some();
    whole()
        .filter(|a| !(several && a.unit == LengthUnit::Lines && a.n == Some(1) && a.bound == Bound::Exact))
        .filter_map(|a| Some((a.limit()?, a.tokens.clone())))
        .min_by_key(|(limit, _)| weight(limit))
}

/// The longest minimum of the whole answer.
pub(super) fn least(amounts: &[Amount]) -> Option<LengthLimit> {
    amounts
        .iter()
        .filter(|a| !a.part && a.bound == Bound::Min)
        .filter_map(Amount::limit)
        .min_by_key(weight)
}

/// Whether a minimum is a page of text and more, which brevity excludes.
pub(super) fn is_long(least: &LengthLimit) -> bool {
    const PAGE: u64 = 3000;
    u64::MAX - weight(least) >= PAGE
}
