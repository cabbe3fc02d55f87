//! Amounts of text that a prompt asks for: "in at most 50 words", "a 3-sentence summary".

use super::fitted::{Model, Of, Take};
use super::lexicon::Set;
use super::sentences::{Kind, Parsed, Sentence, number};
use super::{Bound, LengthLimit, LengthUnit, Task};
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

/// What an amount bounds, so far as the words around it tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binds {
    Whole,
    Part,
    Unsaid,
}

/// Whom the amount binds, given the first comma of its sentence; `None` where it only describes ("if the question is longer than 3 sentences").
fn binds(parsed: &Parsed, sentence: &Range<usize>, amount: &Range<usize>, unit: usize, comma: usize) -> Option<Binds> {
    let word = |t: usize| if sentence.contains(&t) { parsed.word(t) } else { "" };
    let first = word(sentence.start);
    if first == "for" && word(sentence.start + 1) == "example" {
        return None;
    }
    let condition = matches!(
        first,
        "if" | "when" | "once" | "unless" | "whenever" | "where" | "should" | "after" | "upon" | "before"
    ) && !(first == "when" && word(sentence.start + 1).ends_with("ing"))
        && !(first == "if"
            && (matches!(word(sentence.start + 1), "possible" | "needed" | "necessary")
                || word(sentence.start + 1) == "you" && word(sentence.start + 2) == "can"));
    if condition {
        return (comma < amount.start).then_some(Binds::Part);
    }
    // "a report of 500-700 words, organized into the following sections", "a summary of about 50 words".
    let of = (1..=2)
        .filter_map(|k| amount.start.checked_sub(k))
        .take_while(|t| *t >= sentence.start)
        .find(|t| parsed.word(*t) == "of");
    if of.is_some_and(|of| (1..=2).any(|k| of > sentence.start + k && product(parsed.word(of - k)))) {
        return Some(Binds::Whole);
    }
    // "Each chapter …", "conclude with a single sentence".
    if matches!(first, "each" | "every")
        && !matches!(word(sentence.start + 1), "response" | "answer" | "reply" | "message")
        || (1..=5).any(|k| {
            amount.start >= sentence.start + k
                && matches!(
                    parsed.word(amount.start - k),
                    "conclude" | "concludes" | "end" | "begin" | "start" | "open" | "close" | "finish"
                )
        })
    {
        return Some(Binds::Part);
    }
    // "3-sentence summaries", "5-word titles": one of several.
    let after = word(unit + 1);
    if after.len() > 3
        && after.ends_with('s')
        && !after.ends_with("ss")
        && !matches!(after, "words" | "this" | "is" | "as" | "was" | "has")
    {
        return Some(Binds::Part);
    }
    // "Keep suggestions short (1-2 sentences)", "Questions must be concise (max 10 words)": each of them.
    let mut subject = sentence.start;
    while subject < sentence.start + 8
        && matches!(
            word(subject),
            "keep"
                | "make"
                | "limit"
                | "ensure"
                | "that"
                | "the"
                | "your"
                | "all"
                | "please"
                | "sure"
                | "write"
                | "these"
                | "use"
        )
    {
        subject += 1;
    }
    let noun = word(subject);
    if subject < amount.start
        && noun.len() > 4
        && noun.ends_with('s')
        && !noun.ends_with("ss")
        && !matches!(
            noun,
            "answers"
                | "responses"
                | "replies"
                | "outputs"
                | "always"
                | "results"
                | "things"
                | "words"
                | "characters"
                | "sentences"
                | "constraints"
                | "requirements"
                | "rules"
                | "guidelines"
                | "instructions"
                | "perhaps"
        )
        && parsed.kind(subject) == Some(Kind::Word)
        && !matches!(word(subject + 1), ":")
    {
        return Some(Binds::Part);
    }
    // "Give an explanation (2-3 sentences) and the verdict."
    Some(Binds::Unsaid)
}

/// What an answer is called as a whole.
fn product(word: &str) -> bool {
    matches!(
        word,
        "report"
            | "summary"
            | "article"
            | "essay"
            | "memo"
            | "analysis"
            | "answer"
            | "response"
            | "reply"
            | "text"
            | "post"
            | "story"
            | "description"
            | "overview"
            | "update"
            | "review"
            | "letter"
            | "email"
            | "tweet"
            | "poem"
            | "abstract"
            | "\""
            | "message"
            | "content"
            | "paragraph"
            | "script"
            | "speech"
            | "caption"
            | "bio"
            | "biography"
            | "review\""
    )
}

/// Stretches that describe parts of the answer: the values of an object that shows its form, and what stands between the
/// marks of a place to fill in (`<summary>[2-3 sentences]</summary>`).
fn described(lower: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut depth = 0usize;
    let mut start = 0;
    for line in lower.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let body = line.trim();
        if body.is_empty() {
            depth = 0;
            continue;
        }
        let opens = depth == 0 && (body.starts_with(['{', '[']) && (body.len() <= 2 || body.contains("\":")));
        let key = body.starts_with('"') && body.get(1..).is_some_and(|rest| rest.contains("\":"));
        let filled = body.starts_with('<') && (body.ends_with("]") || body.contains("</"))
            || (body.starts_with("{{") || body.starts_with('[')) && body.len() > 20 && body.ends_with(['}', ']']);
        if depth > 0 || opens {
            let change = |open: char, close: char| (body.matches(open).count(), body.matches(close).count());
            let (o, c) = change('{', '}');
            let (lo, lc) = change('[', ']');
            depth = (depth + o + lo).saturating_sub(c + lc);
        }
        if depth > 0 || opens || key || filled {
            match out.last_mut() {
                Some(last) if last.end == at => last.end = start,
                _ => out.push(at..start),
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
    // "1. Core Answer (2-3 paragraphs)".
    let reach = if sentence.bullet { 8 } else { 4 };
    let colon = (range.start + 1..range.start + reach).find(|t| matches!(word(*t), ":" | "("));
    let Some(colon) = colon.filter(|t| word(*t) == ":" || *t <= range.start + 4 && !commands(word(range.start))) else {
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

/// A verb with which a line asks, and names no part.
fn commands(word: &str) -> bool {
    matches!(
        word,
        "keep"
            | "limit"
            | "be"
            | "use"
            | "write"
            | "answer"
            | "respond"
            | "reply"
            | "make"
            | "aim"
            | "stay"
            | "provide"
            | "give"
            | "maximum"
            | "max"
            | "at"
            | "up"
            | "under"
            | "no"
            | "not"
            | "do"
            | "don't"
            | "never"
            | "always"
            | "ensure"
            | "concise"
            | "short"
            | "brief"
            | "summarize"
            | "create"
            | "generate"
            | "produce"
    )
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
    if (sentence.start..amount.core.start).any(|t| told(word(t))) {
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
    if (sentence.start..amount.core.start).any(|t| noun(&t)) {
        take.alone("plural", 1.0);
    }
    if (sentence.start..amount.core.start).any(|t| product(word(t))) {
        take.alone("product", 1.0);
    }
    let tokens = parsed.tokens.len().max(1);
    take.alone("place", amount.core.start as f32 / tokens as f32);
    take.alone("length", (tokens as f32).ln() / 8.0);
    take.alone("bias", 1.0);
}

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
