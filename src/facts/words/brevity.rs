//! Whether some instruction makes the answer shorter than it would be.

use super::Task;
use super::length::Amount;
use super::lexicon::Set;
use super::sentences::{Kind, Parsed, Sentence};
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

/// The adjective stands with the input: "the following concise text", "if the question is short".
fn describes_input(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    let start = t.saturating_sub(6).max(sentence.start);
    // "When you are done, briefly say …": the condition ends at the comma.
    let start = (start..t)
        .rfind(|i| parsed.word(*i) == ",")
        .map_or(start, |comma| comma + 1);
    if (start..t).any(|i| matches!(parsed.word(i), "user" | "users")) && !(start..t).any(|i| answer(parsed.word(i))) {
        return true;
    }
    (start..t).any(|i| {
        matches!(
            parsed.word(i),
            "if" | "when" | "whether" | "given" | "following" | "provided"
        ) && !parsed.says(i + 1, &["possible"])
    }) && !(t + 1..(t + 3).min(sentence.end)).any(|i| answer(parsed.word(i)))
        && (start..t).any(|i| matches!(parsed.word(i), "is" | "are" | "the" | "a" | "an" | "was"))
        && !(start..t).any(|i| {
            matches!(
                parsed.word(i),
                "write"
                    | "provide"
                    | "create"
                    | "generate"
                    | "be"
                    | "keep"
                    | "answer"
                    | "respond"
                    | "give"
                    | "produce"
                    | "explain"
                    | "summarize"
            )
        })
}

/// What an answer is, or a piece of it.
fn answer(word: &str) -> bool {
    matches!(
        word,
        "answer"
            | "answers"
            | "response"
            | "responses"
            | "reply"
            | "replies"
            | "summary"
            | "summaries"
            | "sentence"
            | "sentences"
            | "explanation"
            | "explanations"
            | "description"
            | "descriptions"
            | "paragraph"
            | "paragraphs"
            | "list"
            | "output"
            | "outputs"
            | "text"
            | "poem"
            | "message"
            | "messages"
            | "review"
            | "statement"
            | "statements"
            | "bullet"
            | "bullets"
            | "point"
            | "points"
            | "phrase"
            | "phrases"
            | "version"
            | "overview"
            | "rationale"
            | "reason"
            | "reasons"
            | "reasoning"
            | "justification"
            | "comment"
            | "comments"
            | "feedback"
            | "definition"
            | "definitions"
            | "note"
            | "notes"
            | "email"
            | "piece"
            | "intro"
            | "introduction"
            | "introductions"
            | "intros"
            | "title"
            | "titles"
            | "caption"
            | "captions"
            | "report"
            | "analysis"
            | "context"
            | "background"
            | "quote"
            | "quotes"
            | "label"
            | "labels"
            | "headline"
            | "recap"
            | "synopsis"
            | "abstract"
            | "excerpt"
            | "narrative"
            | "bio"
            | "name"
            | "names"
            | "tweet"
            | "post"
            | "article"
            | "essay"
            | "history"
            | "paraphrase"
            | "snippet"
            | "outline"
            | "limerick"
            | "joke"
            | "content"
            | "clear"
            | "simple"
            | "lines"
            | "verdict"
            | "advice"
            | "verse"
            | "speech"
            | "dialogue"
            | "insight"
            | "insights"
            | "recommendation"
            | "recommendations"
            | "question"
            | "questions"
            | "query"
            | "updates"
            | "discussion"
            | "assessment"
            | "critique"
            | "interpretation"
    )
}

/// Whether "short" or "brief" is said of the answer: "keep it short", "a brief summary".
fn shortens(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
    let b = |k: usize| {
        t.checked_sub(k)
            .filter(|i| *i >= sentence.start)
            .map_or("", |i| parsed.word(i))
    };
    if matches!(
        w(1),
        "term"
            | "story"
            | "stories"
            | "sale"
            | "sighted"
            | "film"
            | "of"
            | "url"
            | "hand"
            | "history"
            | "selling"
            | "circuit"
            | "supply"
    ) && !(word_of_asking(parsed, sentence, t) && w(1) == "history")
    {
        return false;
    }
    if describes_input(parsed, sentence, t) {
        return false;
    }
    // "the brief", "each brief you approach": a noun.
    if parsed.word(t) == "brief"
        && matches!(b(1), "the" | "each" | "this" | "your" | "design" | "creative")
        && !answer(w(1))
        && !answer(w(2))
    {
        return false;
    }
    // "short <noun>", over up to two adjectives; a short input is not a short answer.
    let mut noun = 0;
    for k in 1..=4 {
        if answer(w(k)) {
            noun = k;
            break;
        }
        if matches!(w(k), "" | "." | ",") {
            break;
        }
    }
    let determined = matches!(b(1), "following" | "given" | "this" | "these" | "provided" | "input")
        || (matches!(b(1), "the" | "user's" | "these" | "following")
            && matches!(
                w(1),
                "text"
                    | "article"
                    | "question"
                    | "message"
                    | "query"
                    | "story"
                    | "review"
                    | "passage"
                    | "tweet"
                    | "post"
                    | "email"
            ));
    if noun > 0 {
        let subject_of_input = matches!(b(1), "a" | "an" | "some")
            && matches!(
                b(2),
                "given" | "read" | "is" | "are" | "with" | "of" | "contains" | "provided" | "be"
            )
            && matches!(
                w(noun),
                "text"
                    | "article"
                    | "question"
                    | "message"
                    | "query"
                    | "review"
                    | "passage"
                    | "tweet"
                    | "post"
                    | "context"
                    | "history"
                    | "dialogue"
                    | "sentence"
            )
            && !word_of_asking(parsed, sentence, t);
        return !determined && !subject_of_input;
    }
    // "be brief", "keep it short", "answers should be short", "as short as possible", "short and to the point".
    let predicate = (1..=4).any(|k| {
        matches!(
            b(k),
            "be" | "keep" | "stay" | "make" | "remain" | "keeping" | "is" | "kept"
        )
    });
    let bare = b(1).is_empty() && (w(1).is_empty() || matches!(w(1), "." | "," | "and"));
    let as_possible = b(1) == "as" && w(1) == "as";
    let of_program = (1..=12).any(|k| matches!(b(k), "url" | "api" | "code" | "input" | "query"));
    !of_program
        && (predicate
            || bare
            || as_possible
            || word_of_asking(parsed, sentence, t)
            || matches!(w(1), "and" | "but" | ","))
}

/// A verb of producing within a few words before.
fn word_of_asking(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    (1..=6)
        .filter_map(|k| t.checked_sub(k))
        .take_while(|i| *i >= sentence.start)
        .any(|i| {
            matches!(
                parsed.word(i),
                "write"
                    | "provide"
                    | "create"
                    | "generate"
                    | "give"
                    | "produce"
                    | "include"
                    | "add"
                    | "compose"
                    | "draft"
                    | "tell"
                    | "output"
                    | "return"
                    | "make"
                    | "use"
                    | "with"
                    | "in"
                    | "craft"
                    | "answer"
                    | "respond"
                    | "reply"
                    | "prefer"
            )
        })
}

/// "Only output the label", "respond with just the name": what is left out is what a model would
/// add. "Only use the context", "only output Markdown" restrict something else.
fn only(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> Option<Range<usize>> {
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
