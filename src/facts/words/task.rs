//! What the request wants done with its input: what its verbs say, weighed with the rest of its words (`model`).

pub(super) mod model;

use model::Weighed;

use super::lexicon::{Phrase, Set};
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
    // Stems of a request's verb. The one that stands first is the request.
    const STEMS: [(&str, Task); 65] = [
        ("扮演", Task::Converse),
        ("聊天", Task::Converse),
        ("翻译", Task::Translate),
        ("翻譯", Task::Translate),
        ("翻訳", Task::Translate),
        ("总结", Task::Summarize),
        ("總結", Task::Summarize),
        ("概括", Task::Summarize),
        ("摘要", Task::Summarize),
        ("要約", Task::Summarize),
        ("润色", Task::Rewrite),
        ("改写", Task::Rewrite),
        ("纠正", Task::Rewrite),
        ("書き換え", Task::Rewrite),
        ("校正", Task::Rewrite),
        ("提取", Task::Extract),
        ("抽取", Task::Extract),
        ("抽出", Task::Extract),
        ("分类", Task::Classify),
        ("分類", Task::Classify),
        ("评分", Task::Judge),
        ("评估", Task::Judge),
        ("評価", Task::Judge),
        ("採点", Task::Judge),
        ("代码", Task::Code),
        ("コード", Task::Code),
        ("回答", Task::Answer),
        ("答えて", Task::Answer),
        ("解释", Task::Answer),
        ("説明", Task::Answer),
        ("撰写", Task::Write),
        ("生成", Task::Write),
        ("编写", Task::Write),
        ("作成", Task::Write),
        ("書いて", Task::Write),
        ("übersetz", Task::Translate),
        ("zusammenfass", Task::Summarize),
        ("fasse ", Task::Summarize),
        ("extrahier", Task::Extract),
        ("klassifizier", Task::Classify),
        ("bewerte", Task::Judge),
        ("beantworte", Task::Answer),
        ("schreibe", Task::Write),
        ("tradui", Task::Translate),
        ("traduc", Task::Translate),
        ("traduz", Task::Translate),
        ("résume", Task::Summarize),
        ("resum", Task::Summarize),
        ("riassum", Task::Summarize),
        ("extrai", Task::Extract),
        ("extrae", Task::Extract),
        ("estrai", Task::Extract),
        ("estrarre", Task::Extract),
        ("переведи", Task::Translate),
        ("извлеки", Task::Extract),
        ("классифицир", Task::Classify),
        ("оцени", Task::Judge),
        ("напиши", Task::Write),
        ("clasific", Task::Classify),
        ("classifi", Task::Classify),
        ("évalue", Task::Judge),
        ("evalúa", Task::Judge),
        ("écri", Task::Write),
        ("escrib", Task::Write),
        ("escrev", Task::Write),
    ];
    if !matches!(language, Some("en") | None) {
        for (_, _, parsed) in messages {
            let first = STEMS
                .iter()
                .filter_map(|(stem, task)| parsed.lower.find(stem).map(|at| (at, *task)))
                .min_by_key(|f| f.0);
            if let Some((_, task)) = first {
                votes.add(task, 4.0);
                return;
            }
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

/// A verb in the form of a command.
fn commands(word: &str) -> bool {
    verb(word).is_some() && !word.ends_with("ing") && !word.ends_with('s')
}

/// What a verb means by itself.
fn verb(word: &str) -> Option<Task> {
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
fn vote(parsed: &Parsed, sentence: &Range<usize>, at: usize, weight: f32, votes: &mut Votes) -> bool {
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

fn adverb(word: &str) -> bool {
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

/// The label on which the answer is to go on, at the very end.
fn cue(text: &str, votes: &mut Votes) {
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
pub(super) fn verdict(parsed: &Parsed, sentence: &Range<usize>, first: &str) -> Option<Task> {
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
fn shape(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], votes: &mut Votes, assistant: bool) {
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
    } else if !any && super::examples::arrows(messages) > 1 {
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
