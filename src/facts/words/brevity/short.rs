//! "Short" and "brief": whether they are said of the answer.

use super::super::sentences::Parsed;
use std::ops::Range;

/// The adjective stands with the input: "the following concise text", "if the question is short".
pub(super) fn describes_input(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
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
pub(super) fn shortens(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
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
