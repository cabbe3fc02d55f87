//! What the shape of a request says of the task: the label left open at its end, a question put to an answer, an
//! agent's loop, a chat.

use super::super::lexicon::Phrase;
use super::super::sentences::{Kind, Parsed, Sentence};
use super::super::{Role, Task};
use super::Votes;
use std::ops::Range;

/// The label on which the answer is to go on, at the very end.
pub(super) fn cue(text: &str, votes: &mut Votes) {
    let tail = text.trim_end();
    let from = tail.floor_char_boundary(tail.len().saturating_sub(48));
    let Some(line) = tail[from..]
        .lines()
        .next_back()
        .map(|l| l.trim_matches(|c: char| matches!(c, '"' | '*' | '#' | ' ' | '`' | '[' | ']')))
    else {
        return;
    };
    let Some(label) = line.strip_suffix(':').or_else(|| line.strip_suffix(":*")) else {
        return;
    };
    let lower = label.to_ascii_lowercase();
    let last = lower.rsplit([' ', ';', '.']).next().unwrap_or("");
    let (task, weight) = match last {
        "summary" | "tldr" => (Task::Summarize, 4.0),
        "translation" => (Task::Translate, 5.0),
        "sentiment" | "category" | "label" | "classification" | "intent" | "class" | "language" | "emotion" => {
            (Task::Classify, 4.0)
        }
        "sql" | "code" | "sqlquery" | "python" | "query" if last != "query" || lower.contains("sql") => {
            (Task::Code, 4.0)
        }
        "answer" | "a" => (Task::Answer, 1.5),
        "score" | "stars" | "rating" | "verdict" => (Task::Judge, 3.0),
        "question" | "questions" => (Task::Write, 2.5),
        "ai" | "assistant" | "bot" | "agent" | "chatbot" => (Task::Converse, 3.0),
        "thought" => (Task::Plan, 4.0),
        _ => return,
    };
    votes.add(task, weight);
}

/// A question of yes or no, or of one or the other: about an answer, its verdict; about a text, its
/// class.
pub(in super::super) fn verdict(parsed: &Parsed, sentence: &Range<usize>, first: &str) -> Option<Task> {
    let closed = matches!(
        first,
        "is" | "are" | "was" | "were" | "does" | "do" | "did" | "has" | "have"
    );
    if !closed || matches!(parsed.word(sentence.start + 1), "you" | "i" | "we" | "there") {
        return None;
    }
    let any = |f: fn(&str) -> bool| sentence.clone().any(|t| f(parsed.word(t)));
    if any(|w| {
        matches!(
            w,
            "response"
                | "responses"
                | "answer"
                | "answers"
                | "output"
                | "submission"
                | "submitted"
                | "completion"
                | "summary"
                | "statement"
                | "claim"
                | "translation"
                | "selection"
                | "following"
                | "text"
                | "correct"
                | "relevant"
                | "hypothesis"
        )
    }) {
        return Some(Task::Judge);
    }
    any(|w| w == "or").then_some(Task::Classify)
}

/// What the shape of the request says: an agent's loop, a bare question, a chat.
pub(super) fn shape(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], votes: &mut Votes, assistant: bool) {
    let has = |label: &str| messages.iter().any(|m| m.2.fields.iter().any(|f| f.label == label));
    let mentions = |phrase: Phrase| messages.iter().any(|m| m.2.holds(phrase));
    if (has("thought") || mentions(Phrase::Thought))
        && (has("action") || has("observation") || has("tool") || mentions(Phrase::Action))
    {
        votes.add(Task::Plan, 20.0);
    }
    if mentions(Phrase::TalkBetween) {
        let speakers = has("ai") || has("assistant") || has("bot") || has("human");
        votes.add(Task::Converse, if speakers { 5.0 } else { 2.5 });
    }
    let history = messages.iter().any(|m| {
        m.2.tokens
            .iter()
            .enumerate()
            .any(|(i, t)| t.kind == Kind::Variable && m.2.word(i).contains("history"))
    });
    if history && mentions(Phrase::Talk) {
        votes.add(Task::Converse, 3.0);
    }
    // A question in the prompt's own words, once.
    let mut asked = false;
    let mut open = false;
    for ((role, _, parsed), sentences) in messages.iter().zip(asking) {
        if *role == Role::Assistant || *role == Role::System || *role == Role::Developer {
            continue;
        }
        for sentence in sentences {
            let range = sentence.tokens();
            let w = |k: usize| parsed.word(range.start + k);
            let labels = range.clone().any(|t| {
                matches!(
                    parsed.word(t),
                    "category" | "intent" | "sentiment" | "class" | "label" | "language"
                )
            });
            let first = if matches!(w(1), ":") { w(2) } else { w(0) };
            let unmarked = labels && matches!(first, "what" | "which");
            if range.is_empty() || !unmarked && parsed.word(range.end - 1) != "?" || sentence.bullet {
                continue;
            }
            let last = sentences.last().is_some_and(|l| l.tokens() == range);
            if asked {
                continue;
            }
            let asks = matches!(
                first,
                "what"
                    | "which"
                    | "who"
                    | "how"
                    | "why"
                    | "when"
                    | "where"
                    | "is"
                    | "are"
                    | "does"
                    | "do"
                    | "did"
                    | "was"
                    | "were"
            );
            if let Some(task) = verdict(parsed, &range, first) {
                asked = true;
                votes.add(task, 6.0);
            } else if last || asks || labels {
                asked = true;
                open |= !labels && matches!(first, "where" | "who" | "how" | "why" | "when");
                votes.add(
                    if labels { Task::Classify } else { Task::Answer },
                    if labels { 5.0 } else { 3.0 },
                );
            }
        }
    }
    // "Where …? Choose from the following": the choices are answers, not classes.
    if open && votes.weight[Task::Classify as usize] > 0.0 && mentions(Phrase::ChooseFrom) {
        let chosen = std::mem::take(&mut votes.weight[Task::Classify as usize]);
        votes.add(Task::Answer, chosen);
    }
    // The arguments of a tool call as the answer.
    if mentions(Phrase::Arguments) && mentions(Phrase::Tool) {
        votes.add(Task::Plan, 6.0);
    }
    // A scale or a score as the answer makes a decision a verdict.
    if votes.weight[Task::Classify as usize] > 0.0 && mentions(Phrase::Scored) {
        let decided = std::mem::take(&mut votes.weight[Task::Classify as usize]);
        votes.add(Task::Judge, decided);
    }
    // Material, a question, an answer: nothing else need be said.
    if has("context") && has("question") && has("answer") {
        votes.add(Task::Answer, 4.0);
    }
    let any = votes.best().is_some_and(|b| b.1 >= 2.0);
    let code = mentions(Phrase::CodeLine)
        || ["def ", "function ", "#include", "import "]
            .iter()
            .any(|c| messages.iter().any(|m| m.2.lower.starts_with(c)));
    if !any && code {
        votes.add(Task::Code, 3.0);
    } else if !any && super::super::examples::arrows(messages) > 1 {
        votes.add(Task::Classify, 3.0);
    } else if !any {
        let questions = messages.iter().any(|m| {
            m.2.fields
                .iter()
                .any(|f| matches!(f.label.as_str(), "q" | "question" | "a" | "answer"))
        });
        if questions {
            votes.add(Task::Answer, 3.0);
        } else if assistant || messages.len() > 1 {
            votes.add(Task::Converse, 2.0);
        }
    }
}
