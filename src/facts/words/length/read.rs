//! Reading an amount: its number, over adjectives, the words of its bound on both sides, and what speaks against it.

use super::super::sentences::{Kind, Parsed, number};
use super::super::{Bound, LengthUnit};
use super::Amount;
use std::ops::Range;

/// The amount whose unit stands at `at`.
pub(super) fn amount(parsed: &Parsed, sentence: &Range<usize>, at: usize, unit: LengthUnit) -> Option<Amount> {
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
            if matches!(before, "in" | "just" | "only" | "within" | "than")
                && unit != LengthUnit::Lines
                && !(before == "than" && t.checked_sub(2).map_or("", |b| parsed.word(b)) == "rather")
            {
                number_at = Some(t);
            }
            break;
        }
    }
    let number_at = number_at?;
    let word = parsed.word(number_at);
    // "A single paragraph may …" says nothing of the answer; "in one sentence" does.
    let most = parsed.says(at + 1, &["at", "most"]) || matches!(parsed.word(at + 1), "max" | "maximum");
    if matches!(word, "single" | "one" | "a" | "an")
        && !most
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
    let mut doubts: Vec<&'static str> = Vec::new();
    let before = |n: usize| {
        first
            .checked_sub(n)
            .filter(|t| *t >= sentence.start)
            .map_or("", |t| parsed.word(t))
    };
    // Not the answer's length but the input's, or a count of steps through it.
    if (1..=3).any(|k| before(k) == "containing")
        || matches!(before(1), "the" | "both") && !matches!(before(2), "within" | "under" | "exceed" | "exceeding")
    {
        doubts.push("the");
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
            doubts.push("pointed at");
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
            "maximum" | "max" | "under" | "below" | "within" | "limit" | "limited" | "limiting" | "<" | "≤" => {
                Some((Bound::Max, k))
            }
            "to" if matches!(before(k + 1), "up" | "limited")
                || (1..6).any(|j| matches!(before(k + j), "limit" | "limiting" | "restrict" | "keep" | "cap")) =>
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
        doubts.push("told of");
    }
    // "projects like a 10,000-word blog", "a short user prompt (1-4 sentences)", "act 4 characters": no bound of the answer.
    if (1..=5).any(|k| before(k) == "like" || before(k) == "such")
        || before(1) == "(" && matches!(before(2), "prompt" | "input" | "query" | "question" | "message")
        || unit == LengthUnit::Characters && bound == Bound::Exact && !bounds_text(parsed, sentence, first, at)
    {
        doubts.push("like");
    }
    // "List 10 words that …", "give me 5 words": pieces, not a length.
    if unit == LengthUnit::Words
        && bound == Bound::Exact
        && n.is_some_and(|n| n > 1)
        && (matches!(
            before(1),
            "list" | "give" | "pick" | "choose" | "select" | "find" | "name" | "suggest"
        ) || before(1) == "me" && matches!(before(2), "give" | "tell" | "find" | "name"))
    {
        doubts.push("pieces");
    }
    // "an editor that shows you {{window}} lines": a number filled in bounds only where it is bounded.
    if n.is_none()
        && parsed.kind(number_at) == Some(Kind::Variable)
        && bound == Bound::Exact
        && !asked(parsed, sentence, number_at, at)
    {
        doubts.push("variable");
    }
    // 'a single word "DONE"' is a text to be said; "a single line" is a form.
    let literal = at + 1 < sentence.end && parsed.tokens[at + 1].quoted;
    if n == Some(1) && bound == Bound::Exact && unit == LengthUnit::Words && literal
        || n == Some(1)
            && bound == Bound::Exact
            && unit == LengthUnit::Lines
            && before(1) != "in"
            && !matches!(
                after(1),
                "summary" | "description" | "answer" | "explanation" | "response" | "reason"
            )
    {
        doubts.push("literal");
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
    let aside = !doubts.is_empty();
    Some(Amount {
        n,
        unit,
        bound,
        part: is_part(parsed, sentence, start, at),
        tokens: start..end,
        signs: doubts,
        aside,
        whole: false,
        sentence: sentence.clone(),
        core: first..at + 1,
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
                "in" | "exactly" | "to" | "of" | "within" | "be" | "only" | "is" | "length" | "with"
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
                | "recommendations"
        )
    };
    // "Generate a title (2-5 words)": the title is the whole answer.
    let product = |t: usize| {
        matches!(parsed.word(t), "title" | "headline" | "name" | "label" | "topic")
            && (t.saturating_sub(12).max(sentence.start)..t).any(|v| {
                matches!(
                    parsed.word(v),
                    "generate" | "create" | "write" | "produce" | "suggest" | "craft" | "propose"
                ) && (v <= sentence.start + 3 || parsed.word(v - 1) == ",")
                    && (v + 1..t).any(|a| matches!(parsed.word(a), "a" | "an" | "one" | "single"))
            })
    };
    let from = start.saturating_sub(16).max(sentence.start);
    let to = (at + 6).min(sentence.end);
    // "8 words to summarize the topic": what the words are for.
    let to = (at + 1..to)
        .find(|t| matches!(parsed.word(*t), "to" | "." | "," | ")"))
        .unwrap_or(to);
    let far = (at + 40).min(sentence.end);
    (from..to)
        .filter(|t| !product(*t))
        .any(|t| part(parsed.word(t)) || parsed.word(t) == "including" && t < at)
        || (from..far).any(|t| matches!(parsed.word(t), "called" | "section" | "sections"))
}
