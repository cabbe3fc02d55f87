//! "Only": what it leaves out.

use super::super::sentences::Parsed;
use super::negated;
use std::ops::Range;

/// "Only output the label", "respond with just the name": what is left out is what a model would
/// add. "Only use the context", "only output Markdown" restrict something else.
pub(super) fn only(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> Option<Range<usize>> {
    let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
    let b = |k: usize| {
        t.checked_sub(k)
            .filter(|i| *i >= sentence.start)
            .map_or("", |i| parsed.word(i))
    };
    let verb = |w: &str| {
        matches!(
            w,
            "output"
                | "offer"
                | "return"
                | "respond"
                | "reply"
                | "provide"
                | "give"
                | "answer"
                | "print"
                | "write"
                | "produce"
                | "returns"
                | "outputs"
                | "generate"
                | "emit"
                | "show"
                | "display"
                | "send"
                | "list"
                | "say"
                | "state"
                | "accepts"
                | "responds"
                | "replies"
                | "responding"
                | "returning"
                | "include"
                | "contain"
                | "contains"
                | "includes"
                | "present"
                | "be"
                | "consist"
                | "outputting"
        )
    };
    if w(0) != "just" && w(1) == "if"
        || (1..=3).any(|k| matches!(b(k), "user" | "users"))
        // "strictly following this format", "used exclusively to …": not what is left out.
        || matches!(w(1), "following" | "adhering" | "follow" | "adhere" | "ask" | "to" | "talk")
        // "Only answer if you are confident": a condition.
        || w(1) == "answer" && (2..=6).any(|k| matches!(w(k), "if" | "when"))
        // "Only one action can be issued at a time", "with only minor discrepancies".
        || w(1) == "one" && (2..=5).any(|k| matches!(w(k), "can" | "may" | "at"))
        || w(1) == "minor"
        // "Respond strictly with this format:".
        || w(1) == "with" && matches!(w(2), "this" | "the") && (w(3) == "format" || w(4) == "format")
        || w(1) == "output" && w(2) == "format"
        || (w(0) == "just"
            && matches!(
                w(1),
                "say" | "because" | "in" | "like" | "return" | "as" | "right" | "start" | "do" | "make"
            ))
    {
        return None;
    }
    // Form words alone take nothing away; JSON does.
    let form = |k: usize| {
        let mut k = k;
        while matches!(
            w(k),
            "in" | "a"
                | "an"
                | "the"
                | "valid"
                | "with"
                | "using"
                | "simple"
                | "human"
                | "readable"
                | "raw"
                | "format"
                | "well"
                | "formatted"
                | "as"
                | "basic"
                | "of"
                | "plain"
        ) {
            k += 1;
        }
        matches!(
            w(k),
            "markdown"
                | "english"
                | "french"
                | "german"
                | "spanish"
                | "bulleted"
                | "bullets"
                | "above"
                | "below"
                | "language"
                | "when"
                | "if"
                | "based"
                | "from"
                | "once"
                | "about"
                | "on"
                | "questions"
                | "information"
                | "where"
                | "facts"
                | "for"
                | "chinese"
                | "japanese"
                | "context"
                | "truthful"
        ) || (w(k) == "provided" && w(k + 1) == "context")
            || ((1..8).any(|j| matches!(w(j), "once" | "mentioned" | "relevant")) && !matches!(w(k), "json"))
    };
    let mut verb_at = None;
    for k in 1..=3 {
        if verb(w(k)) {
            verb_at = Some(k + 1);
            break;
        }
        if !matches!(w(k), "ever" | "need" | "to" | "should" | "have" | "please") {
            break;
        }
    }
    // "respond only with", "respond with only", "your answer should contain only", "is only".
    let after_verb =
        verb_at.is_none() && (1..=6).any(|k| verb(b(k)) || matches!(b(k), "answer" | "response" | "output" | "reply"));
    let content = match verb_at {
        Some(k) => k,
        None if after_verb => 1,
        None if b(1).is_empty() && matches!(w(1), "the" | "a" | "one" | "json") => 1,
        None if w(1) == ")" && matches!(b(1), "scores" | "score" | "answer" | "json" | "number") => {
            return Some(t - 1..t + 1);
        }
        None => return None,
    };
    // "Return JSON only.", "the ISO code only": behind what is left.
    if matches!(w(1), "" | "." | "!" | "," | ")")
        && (1..=10).any(|k| verb(b(k)))
        && !(1..=4).any(|k| {
            matches!(
                b(k),
                "english" | "context" | "markdown" | "documents" | "sources" | "text" | "language" | "and" | "if"
            )
        })
        && !negated(parsed, sentence, t)
    {
        return Some(t - 1..t + 1);
    }
    if negated(parsed, sentence, t)
        || form(content)
        || matches!(w(content), "" | "." | "valid" if w(content) != "valid")
    {
        return None;
    }
    // "be only …" and "include only …" say what counts, unless they are about the answer itself.
    let weak = verb_at.is_some_and(|k| {
        matches!(
            w(k - 1),
            "be" | "include" | "list" | "state" | "show" | "present" | "generate" | "write" | "say"
        )
    }) && !(1..=8).any(|k| matches!(b(k), "answer" | "response" | "output" | "reply" | "outputs"));
    if weak
        && !(content..content + 8).any(|k| {
            matches!(
                w(k),
                "code"
                    | "json"
                    | "number"
                    | "name"
                    | "score"
                    | "label"
                    | "word"
                    | "answer"
                    | "sql"
                    | "query"
                    | "final"
                    | "title"
                    | "list"
                    | "result"
            )
        })
    {
        return None;
    }
    Some(t..(t + content + 2).min(sentence.end))
}
