//! Whom an amount binds, so far as the words around it tell.

use super::super::sentences::{Kind, Parsed, Sentence};
use std::ops::Range;

/// What an amount bounds, so far as the words around it tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Binds {
    Whole,
    Part,
    Unsaid,
}

/// Whom the amount binds, given the first comma of its sentence; `None` where it only describes ("if the question is longer than 3 sentences").
pub(super) fn binds(
    parsed: &Parsed,
    sentence: &Range<usize>,
    amount: &Range<usize>,
    unit: usize,
    comma: usize,
) -> Option<Binds> {
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
pub(super) fn product(word: &str) -> bool {
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
pub(super) fn described(lower: &str) -> Vec<Range<usize>> {
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
pub(super) fn of_key(parsed: &Parsed, sentence: &Sentence) -> bool {
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
