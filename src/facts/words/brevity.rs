//! Whether some instruction makes the answer shorter than it would be.

mod only;
mod short;

use super::Task;
use super::length::Amount;
use super::lexicon::Set;
use super::sentences::{Kind, Parsed, Sentence};
use only::only;
use short::{describes_input, shortens};
use std::ops::Range;

/// The words that ask for a shorter answer: a sentence's own tokens, or none.
pub(super) fn find(
    parsed: &Parsed,
    sentences: &[Sentence],
    amounts: &[Amount],
    task: Option<Task>,
) -> Option<Range<usize>> {
    if let Some(amount) = amounts.iter().find(|a| a.is_brief()) {
        return Some(amount.tokens.clone());
    }
    sentences.iter().find_map(|s| {
        let range = s.tokens();
        // A rubric's lines describe the answers that are judged: "sentences are short and may be incomplete".
        if task == Some(Task::Judge) && describes(parsed, &range) {
            return None;
        }
        range
            .clone()
            .filter(|t| parsed.is(*t, Set::Brevity))
            .filter(|t| !parsed.tokens[*t].quoted)
            .find_map(|t| at(parsed, &range, t))
    })
}

/// A sentence that asks nothing of the model: no word to it, no command, no word for what it writes out.
fn describes(parsed: &Parsed, sentence: &Range<usize>) -> bool {
    !sentence.clone().any(|t| {
        matches!(
            parsed.word(t),
            "you"
                | "your"
                | "output"
                | "respond"
                | "return"
                | "reply"
                | "provide"
                | "give"
                | "print"
                | "write"
                | "explain"
                | "keep"
                | "summarize"
                | "do"
                | "don't"
                | "say"
                | "state"
                | "select"
                | "choose"
                | "describe"
                | "justify"
                | "include"
                | "no"
                | "nothing"
                | "please"
                | "scores"
                | "json"
        ) || t == sentence.start
            && matches!(
                parsed.word(t),
                "only" | "just" | "answer" | "brief" | "briefly" | "concise" | "short" | "one" | "a" | "be"
            )
            || matches!(
                parsed.word(t),
                "explanation" | "justification" | "reason" | "reasoning" | "rationale" | "summary"
            )
    })
}

/// Whether the word at `t`, one of [`Set::Brevity`], asks for it.
fn at(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> Option<Range<usize>> {
    let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
    let b = |k: usize| {
        t.checked_sub(k)
            .filter(|i| *i >= sentence.start)
            .map_or("", |i| parsed.word(i))
    };
    let span = |n: usize| Some(t..(t + n).min(sentence.end));
    let word = w(0);
    // "unless the user asks for a concise answer": only then.
    if (1..=8).any(|k| b(k) == "unless") && (1..=8).any(|k| matches!(b(k), "user" | "asked" | "requested" | "asks")) {
        return None;
    }
    match word {
        "concise" | "concisely" | "conciseness" | "succinct" | "succinctly" | "succinctness" | "terse" | "tersely"
        | "brevity" | "laconic" | "pithy" | "briefly" => {
            (!negated(parsed, sentence, t) && !describes_input(parsed, sentence, t) && b(1) != "i").then_some(t..t + 1)
        }
        "brief" | "short" | "shorter" | "shortest" | "short-form" => (!negated(parsed, sentence, t)
            && w(1) != "format"
            && !(w(1) == "and" && matches!(w(2), "may" | "might"))
            && shortens(parsed, sentence, t))
        .then_some(t..t + 1),
        "shorten" | "condense" | "condensed" | "tldr" => {
            (!negated(parsed, sentence, t) && !matches!(b(1), "the" | "a" | "this")).then_some(t..t + 1)
        }
        "nutshell" => span(1),
        "to" if w(1) == "the"
            && w(2) == "point"
            && !matches!(w(3), "where" | "of" | "that")
            && !negated(parsed, sentence, t) =>
        {
            span(3)
        }
        "waste" if w(1) == "words" => span(2),
        "make" if w(1) == "every" && w(2) == "word" => span(4),
        "elaborate" | "ramble" | "verbose" | "wordy" | "longwinded" | "verbosity" => {
            negated(parsed, sentence, t).then_some(t..t + 1)
        }
        "unnecessary" | "superfluous" | "redundant"
            if matches!(
                w(1),
                "words"
                    | "wording"
                    | "detail"
                    | "details"
                    | "text"
                    | "explanation"
                    | "explanations"
                    | "elaboration"
                    | "information"
            ) && asks_to_omit(parsed, sentence, t) =>
        {
            span(2)
        }
        "preamble" | "preambles" | "filler" | "chit" | "yapping" | "fluff" | "boilerplate" => {
            asks_to_omit(parsed, sentence, t).then_some(t..t + 1)
        }
        "explain" | "explanation" | "explanations" | "explaining" | "commentary" | "commentaries" | "disclaimer"
        | "disclaimers" | "prose" | "pleasantries" | "justification" | "justifications" | "introductory"
        | "greetings" => omits(parsed, sentence, t).then_some(t..t + 1),
        "warnings" | "notes" | "comments" | "caveats"
            if omits(parsed, sentence, t)
                && !matches!(w(1), "in" | "section")
                && !matches!(b(1), "clear" | "organized" | "line" | "inline" | "code") =>
        {
            span(1)
        }
        "additional" | "supplementary" | "extra" | "other" | "further" | "any" | "surrounding" | "accompanying"
        | "anything"
            if omits(parsed, sentence, t) =>
        {
            let text = (1..=3).any(|k| {
                matches!(
                    w(k),
                    "text"
                        | "texts"
                        | "context"
                        | "explanation"
                        | "explanations"
                        | "commentary"
                        | "comment"
                        | "comments"
                        | "words"
                        | "content"
                        | "output"
                        | "information"
                        | "info"
                        | "prose"
                        | "prefix"
                        | "characters"
                        | "details"
                        | "else"
                        | "remarks"
                        | "message"
                        | "messages"
                        | "narration"
                )
            });
            (text && (word != "any" || w(1) != "information")).then(|| t..(t + 3).min(sentence.end))
        }
        "nothing" if matches!(w(1), "else" | "more" | "but" | "other") && !matches!(w(2), "matters" | "is") => span(2),
        "extra" if w(1) == "prefix" && b(1) == "without" => span(2),
        // "strictly in the following format" leaves nothing out; "can only help with" is a scope.
        "strictly" if matches!(w(1), "in" | "following" | "follow" | "adhere" | "by" | "according") => None,
        "only" if matches!(w(1), "help" | "assist" | "talk" | "discuss") => None,
        "only" | "just" | "solely" | "strictly" | "exclusively" => only(parsed, sentence, t),
        // "Respond with a single integer".
        "single"
            if matches!(b(1), "a" | "one")
                && b(2) == "with"
                && matches!(b(3), "respond" | "answer" | "reply" | "only")
                && matches!(
                    w(1),
                    "integer" | "number" | "digit" | "word" | "letter" | "character" | "label" | "name"
                ) =>
        {
            span(2)
        }
        "skip"
            if matches!(w(1), "introduction" | "introductions" | "preamble" | "intro")
                || w(1) == "the" && matches!(w(2), "introduction" | "preamble" | "intro") =>
        {
            span(2)
        }
        "limited"
            if w(1) == "to"
                && matches!(b(1), "are" | "is" | "be")
                && (1..5).any(|k| {
                    matches!(
                        b(k),
                        "output" | "outputs" | "answer" | "answers" | "response" | "responses"
                    )
                }) =>
        {
            span(2)
        }
        "fewer" | "few"
            if matches!(w(1), "words" | "sentences" | "lines")
                && matches!(b(1), "as" | "a" | "in" | "using" | "the") =>
        {
            span(2)
        }
        "most" if b(1) == "at" && bounds_items(parsed, sentence, t + 1) => Some(t - 1..(t + 2).min(sentence.end)),
        "than" if b(1) == "more" && matches!(b(2), "no" | "not") && bounds_items(parsed, sentence, t + 1) => {
            Some(t - 2..(t + 2).min(sentence.end))
        }
        _ => None,
    }
}

/// "at most 4 questions": a number and something that is said, not time or money.
fn bounds_items(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    let t = if parsed.word(t) == "," { t + 1 } else { t };
    let counts = parsed.kind(t) == Some(Kind::Number) || super::sentences::number(parsed.word(t)).is_some();
    counts
        && t + 1 < sentence.end
        && (t + 1..(t + 4).min(sentence.end)).any(|k| {
            matches!(
                parsed.word(k),
                "items"
                    | "bullets"
                    | "bullet"
                    | "questions"
                    | "points"
                    | "ideas"
                    | "examples"
                    | "suggestions"
                    | "results"
                    | "options"
                    | "keywords"
                    | "tags"
                    | "recommendations"
                    | "topics"
                    | "entries"
                    | "pages"
            )
        })
}

/// A refusal of what follows: "do not", "never", "avoid", within a few words before.
fn negated(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    (1..=5)
        .filter_map(|k| t.checked_sub(k))
        .take_while(|i| *i >= sentence.start && !matches!(parsed.word(*i), "," | ";" | "." | "but" | ":" | "("))
        .any(|i| refuses(parsed.word(i)))
}

fn refuses(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "don't"
            | "don’t"
            | "dont"
            | "avoid"
            | "without"
            | "cannot"
            | "shouldn't"
            | "shouldn’t"
            | "mustn't"
            | "neither"
            | "nor"
            | "too"
            | "isn't"
            | "omit"
            | "skip"
            | "exclude"
            | "refrain"
            | "rather"
            | "overly"
            | "excluding"
            | "zero"
            | "free"
            | "instead"
            | "minus"
    )
}

/// A refusal anywhere before in the clause, over commas ("no introduction, notes or explanation").
fn omits(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    let before = |k: usize| {
        t.checked_sub(k)
            .filter(|i| *i >= sentence.start)
            .map_or("", |i| parsed.word(i))
    };
    // "If it is not coherent, explain why": a clause of its own. "nothing besides an explanation".
    if parsed.word(t) == "explain" && before(1) == ","
        || (1..=3).any(|k| matches!(before(k), "besides" | "except" | "than"))
    {
        return false;
    }
    (1..=14)
        .filter_map(|k| t.checked_sub(k))
        .take_while(|i| {
            *i >= sentence.start && !matches!(parsed.word(*i), ";" | "." | "but" | ":" | "unless" | "if" | "when")
        })
        .any(|i| refuses(parsed.word(i)) && !matches!(parsed.word(i), "too" | "rather" | "overly" | "instead" | "free"))
        && !(1..=3)
            .filter_map(|k| t.checked_sub(k))
            .filter(|i| *i >= sentence.start)
            .any(|i| matches!(parsed.word(i), "forget" | "hesitate"))
        && !(1..=10)
            .filter_map(|k| t.checked_sub(k))
            .take_while(|i| *i >= sentence.start && !matches!(parsed.word(*i), "." | ";"))
            .any(|i| {
                matches!(
                    parsed.word(i),
                    "ask" | "asking" | "request" | "requesting" | "need" | "require" | "search"
                )
            })
}

fn asks_to_omit(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    omits(parsed, sentence, t)
        || (1..=8)
            .filter_map(|k| t.checked_sub(k))
            .filter(|i| *i >= sentence.start)
            .any(|i| {
                matches!(
                    parsed.word(i),
                    "remove" | "reduce" | "minimize" | "cut" | "eliminate" | "drop"
                )
            })
}
