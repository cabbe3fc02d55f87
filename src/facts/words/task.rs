//! What the request wants done with its input: what its verbs say, weighed with the rest of its words (`model`).

pub(super) mod model;
mod shape;
mod verbs;

use model::Weighed;
pub(super) use shape::verdict;
use shape::{cue, shape};
use verbs::{adverb, commands, verb, vote};

use super::lexicon::Set;
use super::sentences::{Kind, Parsed, Sentence};
use super::{Role, Task};
use std::ops::Range;

pub(super) const TASKS: [Task; 12] = [
    Task::Classify,
    Task::Extract,
    Task::Summarize,
    Task::Answer,
    Task::Translate,
    Task::Rewrite,
    Task::Write,
    Task::Code,
    Task::Plan,
    Task::Judge,
    Task::Converse,
    Task::Other,
];

/// Evidence for each task; the heaviest wins, the first said on a tie.
#[derive(Default)]
pub(super) struct Votes {
    weight: [f32; 12],
}

impl Votes {
    fn add(&mut self, task: Task, weight: f32) {
        self.weight[task as usize] += weight;
    }

    fn best(&self) -> Option<(Task, f32)> {
        let mut best: Option<(Task, f32)> = None;
        for task in TASKS {
            let weight = self.weight[task as usize];
            if weight > 0.0 && best.is_none_or(|b| weight > b.1) {
                best = Some((task, weight));
            }
        }
        best
    }
}

/// The task and what it was weighed by, or none where nothing is said but variables.
pub(super) fn find(
    messages: &[(Role, &str, &Parsed)],
    asking: &[Vec<Sentence>],
    language: Option<&str>,
) -> Option<(Task, Option<Weighed>)> {
    let (votes, assistant) = votes(messages, asking, language)?;
    // The model knows English words only.
    if matches!(language, Some("en") | None) {
        let weighed = Weighed::new(messages, asking, &votes);
        return Some((weighed.task(), Some(weighed)));
    }
    let task = votes
        .best()
        .map_or(if assistant { Task::Converse } else { Task::Other }, |b| b.0);
    Some((task, None))
}

/// What each sentence and the shape of the request say for each task, and whether an assistant is
/// spoken to. None where nothing is said but variables.
pub(super) fn votes(
    messages: &[(Role, &str, &Parsed)],
    asking: &[Vec<Sentence>],
    language: Option<&str>,
) -> Option<(Votes, bool)> {
    let mut votes = Votes::default();
    let mut words = false;
    let mut imperatives = 0;
    let mut assistant = false;
    for ((role, text, parsed), sentences) in messages.iter().zip(asking) {
        words |= parsed.tokens.iter().any(|t| t.kind == Kind::Word);
        if *role == Role::Assistant || *role == Role::Tool {
            continue;
        }
        for sentence in sentences {
            sentence_votes(parsed, sentence, &mut votes, &mut imperatives, &mut assistant);
        }
        cue(text, &mut votes);
    }
    if !words {
        return None;
    }
    shape(messages, asking, &mut votes, assistant);
    if votes.best().is_none_or(|b| b.1 < 3.0) {
        fallback(messages, asking, language, &mut votes);
    }
    Some((votes, assistant))
}

/// Where no English verb tells: words of other languages, then what the prompt is about.
fn fallback(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], language: Option<&str>, votes: &mut Votes) {
    if !matches!(language, Some("en") | None) {
        if let Some(task) = messages.iter().find_map(|(_, text, _)| super::foreign::task(text)) {
            votes.add(task, 4.0);
        }
        return;
    }
    // "Respond with 'positive' or 'negative'": classes without a verb of classifying.
    if asking
        .iter()
        .zip(messages)
        .any(|(s, m)| s.iter().any(|s| super::format::alternatives(m.2, &s.tokens())))
    {
        votes.add(Task::Classify, 4.0);
        return;
    }
    // A talk about code, files and functions in which nothing else is asked.
    let about = messages
        .iter()
        .flat_map(|m| (0..m.2.tokens.len()).map(move |t| m.2.word(t)))
        .filter(|w| {
            matches!(
                *w,
                "code"
                    | "function"
                    | "functions"
                    | "file"
                    | "files"
                    | "class"
                    | "classes"
                    | "method"
                    | "methods"
                    | "imports"
                    | "codebase"
                    | "compile"
                    | "compiles"
                    | "test"
                    | "tests"
                    | "npm"
                    | "package"
            )
        })
        .take(6)
        .count();
    if about > 5 {
        votes.add(Task::Code, 3.0);
    }
}

/// What one sentence says of the task.
fn sentence_votes(
    parsed: &Parsed,
    sentence: &Sentence,
    votes: &mut Votes,
    imperatives: &mut usize,
    assistant: &mut bool,
) {
    let range = sentence.tokens();
    if sentence.heading && range.len() <= 3 {
        return;
    }
    let w = |t: usize| if t < range.end { parsed.word(t) } else { "" };
    let quoted = |t: usize| parsed.tokens.get(t).is_some_and(|t| t.quoted);
    let start = range
        .clone()
        .find(|t| parsed.kind(*t) != Some(Kind::Mark))
        .unwrap_or(range.start);
    // Lines of a procedure weigh little beside the statement of the task.
    let scale = if sentence.step {
        0.3
    } else if sentence.bullet {
        0.5
    } else {
        1.0
    };
    let mut spoken = false;
    for t in range.clone() {
        if !parsed.is(t, Set::Request) || quoted(t) {
            continue;
        }
        match w(t) {
            // "Your task is to …"
            "task" | "job" | "goal" | "goals" | "purpose" | "objective" | "mission" | "role" | "responsibility"
                if (1..=4).any(|k| matches!(w(t + k), "is" | "are" | "will" | "involves"))
                    || w(t + 1) == "of" && w(t + 2).ends_with("ing") =>
            {
                let to = (1..=14).find(|k| {
                    w(t + k) == "to"
                        || (w(t + k) == "are" && verb(w(t + k + 1)).is_some())
                        || (matches!(w(t + k), "is" | "of" | "involves" | "about") && w(t + k + 1).ends_with("ing"))
                });
                if let Some(k) = to {
                    let first = t + k + 1;
                    let next = |t: &usize| matches!(w(*t), "and" | "," | "then") && commands(w(t + 1));
                    // "to understand the goals and construct a plan": the first verb that says something.
                    let at = if verb(w(first)).is_some() || adverb(w(first)) {
                        first
                    } else {
                        (first..first + 24).find(next).map_or(first, |t| t + 1)
                    };
                    let named = !sentence.step
                        && (t == start
                            || matches!(
                                w(t.wrapping_sub(1)),
                                "your" | "the" | "primary" | "main" | "my" | "you" | "only" | "sole" | "core"
                            ));
                    vote(parsed, &range, at, if named { 10.0 } else { 3.0 }, votes);
                    spoken = true;
                }
            }
            "you"
                if t > start && matches!(w(t - 1), "can" | "could" | "would" | "will") && verb(w(t + 1)).is_some() =>
            {
                spoken |= vote(parsed, &range, t + 1, 6.0, votes);
            }
            "asks" if w(t + 1) == "questions" => {
                votes.add(Task::Write, 6.0 * scale);
                spoken = true;
            }
            "help" if matches!(w(t.wrapping_sub(1)), "need") => spoken |= vote(parsed, &range, t + 1, 5.0, votes),
            "like"
                if w(t + 1) == "to"
                    && matches!(w(t.wrapping_sub(1)), "would" | "i'd")
                    && matches!(w(start), "i" | "as") =>
            {
                spoken |= vote(parsed, &range, t + 2, 6.0, votes)
            }
            // "You are an expert at …ing", "who …s", "that specializes in …".
            // "if you produce a file", "the code that you write": no request.
            "you"
                if t > start
                    && matches!(
                        w(t - 1),
                        "if" | "when" | "unless" | "once" | "that" | "which" | "what" | "before" | "after" | "because"
                    ) => {}
            "you"
                if matches!(
                    w(t + 1),
                    "have"
                        | "specialize"
                        | "excel"
                        | "are"
                        | "re"
                        | "will"
                        | "act"
                        | "must"
                        | "should"
                        | "extract"
                        | "take"
                        | "can"
                ) || w(t + 1).ends_with('e')
                    || verb(w(t + 1)).is_some() =>
            {
                if matches!(w(t + 1), "are" | "act" | "re")
                    || w(t + 1) == "will" && w(t + 2) == "be"
                    || w(t + 1) == "have" && w(t + 2) == "been"
                    || matches!(w(t + 1), "specialize" | "excel")
                {
                    if assistant_noun(parsed, &range, t) {
                        *assistant = true;
                    }
                    let mut given = 0;
                    for k in 1..30 {
                        let lead = matches!(w(t + k), "at" | "in" | "for" | "on") && w(t + k + 1).ends_with("ing")
                            || matches!(w(t + k), "to" | "that" | "who" | "with") && k > 2;
                        let at = match w(t + k) {
                            "specializes" | "specialize" | "specializing" | "specialised" | "specialized"
                                if w(t + k + 1) == "in" =>
                            {
                                (2..14).map(|j| t + k + j).find(|t| verb(w(*t)).is_some())
                            }
                            "tasked" | "responsible" | "charged" if matches!(w(t + k + 1), "with" | "for" | "to") => {
                                Some(t + k + 2)
                            }
                            "excel" if w(t + k + 1) == "at" => Some(t + k + 2),
                            _ if lead => Some(t + k + 1),
                            _ => None,
                        };
                        let charged = matches!(w(t + k), "tasked" | "charged");
                        // "at looking at an input and extracting …": the second verb tells.
                        let at = at.map(|a| {
                            if verb(w(a)).is_some() || adverb(w(a)) {
                                a
                            } else {
                                (a..a + 14)
                                    .find(|t| w(*t) == "and" && verb(w(t + 1)).is_some())
                                    .map_or(a, |t| t + 1)
                            }
                        });
                        if let Some(at) = at
                            && vote(
                                parsed,
                                &range,
                                at,
                                if charged {
                                    8.0
                                } else if given == 0 {
                                    4.0
                                } else {
                                    1.0
                                } * scale,
                                votes,
                            )
                        {
                            given += 1;
                        }
                        if w(t + k).is_empty() || given > 1 {
                            break;
                        }
                    }
                    role_noun(parsed, &range, t, if given == 0 { 2.5 } else { 1.5 }, votes);
                } else if matches!(w(t + 1), "will" | "must" | "should" | "can" | "need" | "may" | "have") {
                    let weight = if w(t + 1) == "will" { 4.0 } else { 1.0 };
                    let at = (2..=6)
                        .find(|k| verb(w(t + k)).is_some() && w(t + k - 1) != "be")
                        .unwrap_or(2);
                    vote(parsed, &range, t + at, weight * scale, votes);
                } else {
                    // "You take a passage as input and classify it": the second verb is the task.
                    let at = if matches!(w(t + 1), "take" | "receive" | "accept") {
                        (t + 2..t + 24)
                            .find(|k| w(*k) == "and" && verb(w(k + 1)).is_some())
                            .unwrap_or(t)
                    } else {
                        t
                    };
                    vote(
                        parsed,
                        &range,
                        at + 1,
                        if t == start { 6.0 } else { 3.0 } * scale,
                        votes,
                    );
                }
                spoken = true;
            }
            // "I want you to …"
            "you" if w(t + 1) == "to" => {
                if matches!(w(t + 2), "act" | "pretend" | "roleplay" | "play") {
                    *assistant = true;
                    role_noun(parsed, &range, t, 4.5, votes);
                } else {
                    vote(parsed, &range, t + 2, 7.0, votes);
                }
                spoken = true;
            }
            "you" | "me" if matches!(w(t.wrapping_sub(1)), "can" | "could" | "would" | "help" | "let") => {
                // "asks questions to help me decide": what the user is after, not the answer.
                let purpose = w(t.wrapping_sub(2)) == "to" && !matches!(w(t.wrapping_sub(3)), "you" | "is" | "");
                spoken |= vote(parsed, &range, t + 1, if purpose { 1.5 } else { 6.0 }, votes);
            }
            "please" => {
                let and = (2..20)
                    .find(|k| w(t + k) == "and" && verb(w(t + k + 1)).is_some())
                    .filter(|_| matches!(w(t + 1), "read" | "look" | "consider" | "use"));
                spoken |= vote(parsed, &range, t + and.unwrap_or(0) + 1, 7.0 * scale, votes);
            }
            _ => {}
        }
    }
    if !spoken {
        imperative(parsed, sentence, start, scale, votes, imperatives);
    }
}

/// An imperative at the start of a sentence, or after "Given …,", "Use … to".
fn imperative(
    parsed: &Parsed,
    sentence: &Sentence,
    start: usize,
    scale: f32,
    votes: &mut Votes,
    imperatives: &mut usize,
) {
    let range = sentence.tokens();
    let w = |t: usize| if t < range.end { parsed.word(t) } else { "" };
    let decay = match *imperatives {
        0 => 5.0,
        1 => 2.5,
        2 => 1.5,
        _ => 0.7,
    } * scale;
    let mut at = start;
    while matches!(
        w(at),
        "now"
            | "then"
            | "first"
            | "next"
            | "finally"
            | "also"
            | "always"
            | "only"
            | "must"
            | "should"
            | "carefully"
            | "briefly"
            | "concisely"
            | "let's"
            | "just"
            | "task"
            | "instruction"
            | "instructions"
            | ":"
            | "-"
            | "simply"
            | "clearly"
            | ","
    ) && at < range.end
    {
        at += 1;
    }
    if matches!(
        w(at),
        "do" | "don't" | "never" | "avoid" | "not" | "don’t" | "make" | "ensure" | "be"
    ) && !(w(at) == "make" && matches!(w(at + 1), "a"))
    {
        return;
    }
    if matches!(
        w(at),
        "given"
            | "based"
            | "using"
            | "use"
            | "from"
            | "for"
            | "with"
            | "if"
            | "in"
            | "considering"
            | "when"
            | "after"
            | "according"
            | "by"
            | "as"
            | "consider"
            | "take"
            | "read"
            | "here"
            | "below"
            | "answer"
            | "looking"
            | "the"
            | "i"
    ) {
        // The main clause: after a comma, or after "to", "please", "and".
        for t in at + 1..range.end.min(at + 60) {
            let opens = matches!(w(t), "," | "to" | "please" | "and" | ":" | "then")
                || (w(t) == "will" && w(t + 1) != "be")
                || (parsed.kind(t) == Some(Kind::Variable) && w(at) == "given")
                || (w(at) == "given" && matches!(w(t.wrapping_sub(1)), "context" | "text" | "answer" | "information"));
            let plain = w(at) == "given"
                && t > at + 1
                && matches!(
                    w(t + 1),
                    "refine"
                        | "rewrite"
                        | "generate"
                        | "write"
                        | "create"
                        | "determine"
                        | "extract"
                        | "summarize"
                        | "classify"
                        | "identify"
                        | "evaluate"
                        | "produce"
                        | "develop"
                )
                && !matches!(w(t), "the" | "a" | "an" | "to" | "and" | "or");
            if (opens || plain)
                && verb(w(t + 1)).is_some()
                && (w(t) != "to" || matches!(w(at), "use" | "using" | "read" | "the" | "i"))
                && vote(parsed, &range, t + 1, decay, votes)
            {
                *imperatives += 1;
                return;
            }
        }
    }
    // "Review: {review}": a label, though it could be a verb.
    if w(at + 1) == ":"
        && matches!(
            w(at),
            "review"
                | "answer"
                | "score"
                | "code"
                | "plan"
                | "label"
                | "rating"
                | "design"
                | "tag"
                | "list"
                | "name"
                | "grade"
                | "draft"
                | "schedule"
                | "chat"
                | "edit"
                | "format"
                | "output"
                | "rate"
                | "reply"
        )
    {
        return;
    }
    if vote(parsed, &range, at, decay, votes) {
        *imperatives += 1;
        return;
    }
    // "Assuming the role of a translator, translate …": an opening clause, then the request.
    let opens = w(at).ends_with("ing") || matches!(w(at), "as" | "your" | "to" | "imagine" | "suppose");
    if opens
        && let Some(t) = (at + 1..range.end.min(at + 40)).find(|t| w(*t) == "," && commands(w(t + 1)))
        && vote(parsed, &range, t + 1, decay, votes)
    {
        *imperatives += 1;
    }
}

/// "assistant", "chatbot": someone to talk with.
fn assistant_noun(parsed: &Parsed, sentence: &Range<usize>, from: usize) -> bool {
    (from..(from + 14).min(sentence.end)).any(|t| {
        matches!(
            parsed.word(t),
            "assistant"
                | "chatbot"
                | "bot"
                | "companion"
                | "agent"
                | "character"
                | "persona"
                | "ai"
                | "tutor"
                | "copilot"
                | "helper"
                | "therapist"
                | "friend"
                | "coach"
        )
    })
}

/// "a translator", "an essay writer", "a named-entity recognition system": the role's own noun names
/// the task.
fn role_noun(parsed: &Parsed, sentence: &Range<usize>, from: usize, weight: f32, votes: &mut Votes) {
    let mut systematic = None;
    for t in from..(from + 18).min(sentence.end) {
        let task = match parsed.word(t) {
            "that" | "who" | "which" | "whose" | "." => return,
            "translator" => Task::Translate,
            "summarizer" => Task::Summarize,
            "writer" | "novelist" | "poet" | "storyteller" | "copywriter" | "composer" | "screenwriter"
            | "generator" | "creator" | "comedian" => Task::Write,
            // Whoever evaluates gives a verdict, whatever it is called further on.
            "evaluator" | "judge" | "grader" => {
                votes.add(Task::Judge, weight + 5.0);
                return;
            }
            "reviewer" | "critic" | "checker" | "auditor" | "examiner" | "verifier" | "validator" | "scorer" => {
                Task::Judge
            }
            "classifier" | "categorizer" | "labeler" => Task::Classify,
            "extractor" | "parser" => Task::Extract,
            "editor" | "improver" | "proofreader" | "enhancer" | "corrector" | "rewriter" => Task::Rewrite,
            "programmer" | "developer" | "coder" | "terminal" | "console" => Task::Code,
            "planner" => Task::Plan,
            // What the system is for stands before it.
            "system" | "model" | "engine" | "service" | "tool" | "specialist" | "expert" | "machine" => {
                match systematic {
                    Some(task) => task,
                    None => continue,
                }
            }
            word => {
                systematic = match word {
                    "classification" | "categorization" | "moderation" => Some(Task::Classify),
                    "extraction" | "recognition" | "extracting" => Some(Task::Extract),
                    "summarization" => Some(Task::Summarize),
                    "translation" => Some(Task::Translate),
                    "normalization" | "paraphrasing" | "proofreading" => Some(Task::Rewrite),
                    "generation" => Some(Task::Write),
                    "answering" => Some(Task::Answer),
                    "evaluation" | "grading" | "scoring" | "verification" => Some(Task::Judge),
                    "planning" => Some(Task::Plan),
                    _ => systematic,
                };
                continue;
            }
        };
        votes.add(task, weight);
        return;
    }
}
