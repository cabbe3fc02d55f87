//! What a verb says of the task, its object considered.

use super::super::Task;
use super::super::sentences::Parsed;
use super::Votes;
use std::ops::Range;

/// A verb in the form of a command.
pub(super) fn commands(word: &str) -> bool {
    verb(word).is_some() && !word.ends_with("ing") && !word.ends_with('s')
}

/// What a verb means by itself.
pub(super) fn verb(word: &str) -> Option<Task> {
    let stem = word;
    Some(match stem {
        "classify" | "classifies" | "classifying" | "categorize" | "categorise" | "categorizing" | "label"
        | "labeling" | "labelling" | "tag" | "tagging" | "triage" | "route" | "categorizes" | "labels" | "group"
        | "cluster" | "sort" | "infer" => Task::Classify,
        "extract" | "extracts" | "extracting" | "identify" | "identifies" | "identifying" | "parse" | "parsing"
        | "find" | "finds" | "finding" | "locate" | "detect" | "detects" | "detecting" | "pull" | "capture"
        | "recognize" | "mention" | "collect" | "retrieve" | "transcribe" => Task::Extract,
        "summarize" | "summarise" | "summarizes" | "summarizing" | "summarising" | "summarization" | "condense"
        | "condensing" | "shorten" | "recap" => Task::Summarize,
        "translate" | "translates" | "translating" => Task::Translate,
        "rewrite" | "rewrites" | "rewriting" | "rephrase" | "rephrasing" | "paraphrase" | "paraphrasing"
        | "improve" | "improves" | "improving" | "correct" | "correcting" | "proofread" | "edit" | "editing"
        | "refine" | "refines" | "refining" | "polish" | "convert" | "converts" | "converting" | "transform"
        | "transforming" | "reformat" | "format" | "humanize" | "enhance" | "simplify" | "expand" | "turn" | "fix"
        | "clean" | "optimize" | "restructure" | "split" | "reword" | "revise" | "revising" | "modify" | "adjust"
        | "adapt" | "update" | "normalize" | "remove" | "combine" | "merge" | "replace" | "deduplicate" | "break"
        | "inject" | "refactoring" => Task::Rewrite,
        "evaluate" | "evaluates" | "evaluating" | "judge" | "judges" | "judging" | "rate" | "rates" | "rating"
        | "score" | "scores" | "scoring" | "grade" | "grading" | "assess" | "assesses" | "assessing" | "review"
        | "reviews" | "reviewing" | "critique" | "verify" | "verifying" | "validate" | "validating" | "compare"
        | "compares" | "comparing" | "rank" | "ranking" | "check" | "checking" | "determine" | "determines"
        | "determining" | "decide" | "analyze" | "analyse" | "analyzes" | "analyzing" | "analysing" => Task::Judge,
        "code" | "debug" | "refactor" | "implement" | "implements" | "implementing" | "coding" => Task::Code,
        "plan" | "planning" | "schedule" => Task::Plan,
        "answer" | "answers" | "answering" | "explain" | "explains" | "explaining" | "solve" | "solves" | "solving"
        | "compute" | "calculate" | "calculating" | "describe" | "describes" | "describing" | "tell" | "recommend"
        | "recommends" | "recommending" | "advise" | "define" | "discuss" | "teach" | "interpret" | "interpreting"
        | "guide" | "elaborate" | "investigate" => Task::Answer,
        "write" | "writes" | "writing" | "generate" | "generates" | "generating" | "create" | "creates"
        | "creating" | "compose" | "composing" | "draft" | "drafting" | "brainstorm" | "brainstorming" | "produce"
        | "produces" | "producing" | "suggest" | "suggesting" | "propose" | "design" | "designing" | "invent"
        | "craft" | "crafting" | "formulate" | "come" | "make" | "develop" | "devise" | "imagine" | "prepare"
        | "build" | "asks" | "construct" | "outline" => Task::Write,
        "provide" | "provides" | "providing" | "give" | "giving" | "return" | "output" | "respond" | "list"
        | "show" | "assign" | "choose" | "select" | "pick" | "name" | "perform" | "conduct" | "offer" | "present"
        | "predict" | "reply" => Task::Other,
        "chat" | "converse" | "roleplay" => Task::Converse,
        "help" | "assist" | "helps" | "assists" | "helping" | "assisting" => Task::Converse,
        _ => return None,
    })
}

/// Casts the vote of the verb at `at`, its object considered. False when there is no verb.
pub(super) fn vote(parsed: &Parsed, sentence: &Range<usize>, at: usize, weight: f32, votes: &mut Votes) -> bool {
    let w = |t: usize| if t < sentence.end { parsed.word(t) } else { "" };
    let at = (0..4)
        .map(|k| at + k)
        .find(|t| verb(w(*t)).is_some() || !adverb(w(*t)))
        .unwrap_or(at);
    let Some(base) = verb(w(at)) else { return false };
    let from = match (w(at), w(at + 1), w(at + 2)) {
        ("come", "up", "with") => at + 3,
        ("respond" | "reply" | "return" | "output", "with" | "only", "only" | "just" | "with") => at + 3,
        ("respond" | "reply", "with", _) => at + 2,
        _ => at + 1,
    };
    let object = |reach: usize, f: fn(&str) -> bool| {
        (from..(from + reach).min(sentence.end))
            .take_while(|t| {
                (w(*t) == "to" && w(t + 1) == "do")
                    || !matches!(
                        w(*t),
                        "." | ";"
                            | "based"
                            | "to"
                            | "from"
                            | "using"
                            | "for"
                            | "by"
                            | "given"
                            | "that"
                            | "which"
                            | "whether"
                            | "if"
                            | "according"
                            | "so"
                            | "in"
                            | "between"
                            | "with"
                            | "on"
                            | "containing"
                            | "describing"
                            | "explaining"
                    )
            })
            .any(|t| f(w(t)))
    };
    let near = |reach: usize, f: fn(&str) -> bool| (at + 1..(at + 1 + reach).min(sentence.end)).any(|t| f(w(t)));
    let task = match base {
        Task::Write => {
            // A section of the answer is not the task.
            if object(6, |w| matches!(w, "section" | "sections" | "subsection")) {
                return true;
            }
            if object(7, is_code)
                || object(22, |w| w == "code")
                || object(9, is_software)
                || speaks_of_code(parsed, sentence, from)
            {
                Task::Code
            } else if object(6, is_summary) || near(14, |w| w == "summarizes") {
                Task::Summarize
            } else if object(5, is_score) && !object(3, |w| matches!(w, "questions" | "question")) {
                Task::Judge
            } else if object(5, |w| matches!(w, "translation" | "translations")) {
                Task::Translate
            } else if (object(6, |w| matches!(w, "answer" | "answers" | "reply"))
                || object(6, |w| matches!(w, "response" | "report"))
                    && near(24, |w| matches!(w, "question" | "questions" | "query")))
                && !object(4, |w| matches!(w, "questions" | "question"))
            {
                Task::Answer
            } else if object(5, |w| matches!(w, "plan" | "itinerary" | "roadmap" | "schedule"))
                || near(5, |w| matches!(w, "actions" | "subtasks"))
            {
                Task::Plan
            } else {
                Task::Write
            }
        }
        Task::Extract => {
            let model = (at..(at + 8).min(sentence.end)).any(|t| w(t) == "language" && w(t + 1).starts_with("model"));
            if object(2, |w| matches!(w, "answer" | "answers")) {
                Task::Answer
            } else if !model
                && near(6, |w| {
                    matches!(
                        w,
                        "sentiment" | "language" | "category" | "intent" | "tone" | "emotion" | "topic" | "spam"
                    )
                })
                && !near(6, |w| matches!(w, "topics" | "key"))
                && !matches!(w(at), "extract" | "extracts" | "extracting")
            {
                Task::Classify
            } else if near(4, |w| {
                matches!(
                    w,
                    "bugs" | "errors" | "issues" | "weaknesses" | "flaws" | "mistakes" | "fallacies"
                )
            }) {
                Task::Judge
            } else if matches!(w(at), "find" | "finding") && near(5, |w| matches!(w, "answer" | "answers")) {
                Task::Answer
            } else {
                Task::Extract
            }
        }
        Task::Judge => {
            let whether = matches!(
                w(at),
                "determine" | "determines" | "determining" | "decide" | "check" | "checking"
            ) && near(2, |w| matches!(w, "if" | "whether" | "which" | "how"));
            let quality = near(30, |w| {
                matches!(
                    w,
                    "correct"
                        | "accurate"
                        | "supported"
                        | "true"
                        | "valid"
                        | "contradict"
                        | "contradicts"
                        | "relevant"
                        | "grounded"
                        | "faithful"
                        | "quality"
                        | "correctly"
                        | "hallucinated"
                        | "equivalent"
                        | "answered"
                        | "factual"
                        | "better"
                        | "entailed"
                        | "helpful"
                        | "useful"
                        | "consistent"
                )
            });
            let weak = matches!(
                w(at),
                "determine"
                    | "determines"
                    | "determining"
                    | "decide"
                    | "analyze"
                    | "analyse"
                    | "analyzes"
                    | "analyzing"
                    | "analysing"
                    | "check"
                    | "checking"
            );
            if near(8, |w| {
                matches!(
                    w,
                    "sentiment"
                        | "language"
                        | "category"
                        | "categories"
                        | "intent"
                        | "tone"
                        | "emotion"
                        | "spam"
                        | "categorize"
                        | "type"
                        | "types"
                        | "level"
                        | "importance"
                )
            }) && weak
            {
                Task::Classify
            } else if near(5, |w| matches!(w, "function" | "tool" | "action" | "step")) && near(3, |w| w == "next") {
                Task::Plan
            } else if matches!(w(at), "analyze" | "analyse" | "analyzes" | "analyzing") && near(28, is_summary) {
                Task::Summarize
            } else if whether && !quality {
                Task::Classify
            } else if near(24, |w| matches!(w, "extract" | "extracting")) && weak {
                Task::Extract
            } else if near(14, |w| matches!(w, "classify" | "classifying")) && weak {
                Task::Classify
            } else if near(4, |w| matches!(w, "summarize" | "summarizing")) {
                Task::Summarize
            } else {
                Task::Judge
            }
        }
        Task::Answer => {
            if matches!(w(at), "tell") && near(5, |w| matches!(w, "story" | "joke" | "poem" | "jokes")) {
                Task::Write
            } else if matches!(w(at), "calculate" | "calculating" | "compute") && near(5, is_score) {
                Task::Judge
            } else if matches!(w(at), "explain" | "explains" | "explaining" | "describe") && object(6, is_code) {
                Task::Code
            } else {
                Task::Answer
            }
        }
        Task::Rewrite => {
            if object(5, |w| w == "answer") {
                Task::Answer
            } else if object(8, is_code) && !object(9, |w| w == "quality")
                || near(10, |w| matches!(w, "sql" | "python" | "javascript"))
                    && matches!(
                        w(at),
                        "convert" | "converting" | "transform" | "turn" | "fix" | "optimize"
                    )
            {
                Task::Code
            } else if near(14, |w| matches!(w, "json" | "structured"))
                && matches!(w(at), "convert" | "converts" | "converting" | "transform" | "turn")
            {
                Task::Extract
            } else if near(14, |w| matches!(w, "summary" | "minutes" | "notes"))
                && matches!(w(at), "convert" | "turn" | "transform")
            {
                Task::Summarize
            } else {
                Task::Rewrite
            }
        }
        Task::Other => {
            if near(9, |w| matches!(w, "verbatim" | "unchanged")) {
                return cast(votes, Task::Extract, weight);
            }
            if near(8, |w| matches!(w, "tag" | "tags")) && !near(8, |w| matches!(w, "xml" | "html" | "inside")) {
                return cast(votes, Task::Classify, weight * 0.7);
            }
            let choosing = matches!(w(at), "choose" | "select" | "pick" | "assign" | "predict");
            if choosing && object(5, |w| w == "answer") {
                return cast(votes, Task::Answer, weight);
            }
            if object(8, is_summary) {
                Task::Summarize
            } else if object(7, is_score) || near(3, |w| w == "verdict") {
                Task::Judge
            } else if object(6, is_code) {
                Task::Code
            } else if near(6, |w| {
                matches!(
                    w,
                    "sentiment" | "label" | "category" | "categories" | "class" | "intent" | "choice" | "choices"
                )
            }) || (choosing
                && near(8, |w| {
                    matches!(
                        w,
                        "categories" | "category" | "labels" | "options" | "following" | "choices"
                    )
                }))
            {
                Task::Classify
            } else if object(6, |w| {
                matches!(
                    w,
                    "answer"
                        | "answers"
                        | "solution"
                        | "explanation"
                        | "response"
                        | "responses"
                        | "advice"
                        | "information"
                        | "description"
                )
            }) {
                return cast(votes, Task::Answer, weight * 0.6);
            } else if object(4, |w| matches!(w, "translation" | "translations")) {
                Task::Translate
            } else if object(6, |w| {
                matches!(
                    w,
                    "ideas"
                        | "suggestions"
                        | "titles"
                        | "names"
                        | "story"
                        | "essay"
                        | "email"
                        | "examples"
                        | "alternatives"
                        | "list"
                        | "questions"
                )
            }) {
                return cast(votes, Task::Write, weight * 0.5);
            } else if matches!(w(at), "name" | "list") {
                return cast(votes, Task::Answer, weight * 0.5);
            } else {
                return true;
            }
        }
        Task::Converse => {
            // "helps people find information", "help me write": what follows says more.
            if let Some(t) = (at + 1..(at + 7).min(sentence.end))
                .find(|t| verb(w(*t)).is_some_and(|v| v != Task::Converse && v != Task::Other))
            {
                return vote(parsed, sentence, t, weight * 0.7, votes);
            }
            if near(6, |w| matches!(w, "question" | "questions" | "answers")) {
                return cast(votes, Task::Answer, weight * 0.4);
            }
            return cast(votes, Task::Converse, weight * 0.5);
        }
        Task::Summarize if near(12, |w| w == "answer") => Task::Answer,
        other => other,
    };
    cast(votes, task, weight)
}

fn cast(votes: &mut Votes, task: Task, weight: f32) -> bool {
    votes.add(task, weight);
    true
}

pub(super) fn adverb(word: &str) -> bool {
    word.ends_with("ly")
        || matches!(
            word,
            "to" | "be"
                | "a"
                | "an"
                | "the"
                | "not"
                | "also"
                | "only"
                | "then"
                | "now"
                | "first"
                | "always"
                | "help"
                | "just"
                | "try"
                | "and"
                | "deep"
                | "is"
                | "are"
                | "extremely"
                | "clearly"
        )
}

fn is_code(word: &str) -> bool {
    matches!(
        word,
        "code"
            | "sql"
            | "function"
            | "functions"
            | "script"
            | "scripts"
            | "python"
            | "javascript"
            | "typescript"
            | "java"
            | "regex"
            | "html"
            | "css"
            | "bash"
            | "command"
            | "commands"
            | "cli"
            | "program"
            | "query"
            | "queries"
            | "kql"
            | "cypher"
            | "dockerfile"
            | "graphviz"
            | "mermaid"
            | "latex"
            | "component"
            | "snippet"
            | "class"
            | "rule"
            | "jsonpath"
            | "api"
            | "rust"
            | "golang"
            | "graphql"
            | "sparql"
            | "tests"
            | "unittest"
            | "commit"
            | "tikz"
    )
}

/// Things made of code.
fn is_software(word: &str) -> bool {
    matches!(
        word,
        "app"
            | "apps"
            | "application"
            | "website"
            | "webpage"
            | "webapp"
            | "backend"
            | "frontend"
            | "endpoint"
            | "microservice"
            | "plugin"
            | "crud"
            | "dataframe"
            | "docstring"
            | "docstrings"
            | "codebase"
            | "xunit"
            | "jest"
            | "pytest"
            | "react"
            | "nodejs"
            | "django"
            | "terraform"
            | "makefile"
            | "algorithm"
    )
}

/// "a comment for the following code", "documentation of this function": text about code.
fn speaks_of_code(parsed: &Parsed, sentence: &Range<usize>, from: usize) -> bool {
    let end = (from + 14).min(sentence.end);
    let about = |t: usize| {
        matches!(
            parsed.word(t),
            "description"
                | "documentation"
                | "docs"
                | "comment"
                | "comments"
                | "explanation"
                | "tests"
                | "test"
                | "fix"
                | "patch"
                | "example"
                | "examples"
        )
    };
    let Some(noun) = (from..end.min(from + 6)).find(|t| about(*t)) else {
        return false;
    };
    matches!(parsed.word(noun + 1), "of" | "for" | "to" | "about" | "on" | "in")
        && (noun + 2..(noun + 8).min(end)).any(|t| {
            matches!(
                parsed.word(t),
                "code"
                    | "function"
                    | "functions"
                    | "script"
                    | "class"
                    | "method"
                    | "snippet"
                    | "program"
                    | "codebase"
                    | "module"
            )
        })
}

fn is_summary(word: &str) -> bool {
    matches!(
        word,
        "summary" | "summaries" | "synopsis" | "tldr" | "digest" | "recap" | "minutes" | "condensed" | "summarization"
    )
}

fn is_score(word: &str) -> bool {
    matches!(
        word,
        "score"
            | "scores"
            | "rating"
            | "ratings"
            | "grade"
            | "evaluation"
            | "assessment"
            | "critique"
            | "review"
            | "verdict"
            | "feedback"
    )
}
