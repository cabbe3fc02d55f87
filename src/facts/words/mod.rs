//! What a prompt's words ask for, told from the structure of its text.
//!
//! No model and no word list alone: each message is taken apart into sentences, labelled fields,
//! quotations and variables (`sentences`), worked examples are set aside, and each fact is read
//! from the sentences that ask. Deterministic, and linear in the length of the text. What each fact
//! means and how well it is told is in `docs/prompt-facts.md`.

mod brevity;
mod context;
mod examples;
mod fitted;
mod foreign;
mod format;
mod items;
mod language;
mod length;
mod lexicon;
mod reasoning;
mod sentences;
mod task;

use sentences::{Parsed, Sentence};
use serde::Serialize;
use std::ops::Range;

/// Who speaks in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions that hold for the conversation.
    System,
    /// Instructions of the application, under the system.
    Developer,
    /// The user, or a template that speaks for one.
    User,
    /// The model's own earlier turn, or the start of its next.
    Assistant,
    /// What a tool gave back.
    Tool,
}

/// One message of a request, template syntax still in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who speaks.
    pub role: Role,
    /// The words, as the author wrote them.
    pub text: &'a str,
}

/// What the request wants done with its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Put the input in a category for what it is.
    Classify,
    /// Copy or structure what the input holds.
    Extract,
    /// The same content, shorter.
    Summarize,
    /// Answer a question, from material or knowledge.
    Answer,
    /// From one human language to another.
    Translate,
    /// The same content, changed in style or corrected.
    Rewrite,
    /// New text: articles, mail, stories, ideas, names.
    Write,
    /// Make, change or explain program code, queries, configuration.
    Code,
    /// Decide steps or tool calls.
    Plan,
    /// Score, verify, compare, review.
    Judge,
    /// An open assistant or a character.
    Converse,
    /// None of these.
    Other,
}

impl Task {
    /// Its name in lower case.
    fn name(self) -> &'static str {
        match self {
            Task::Classify => "classify",
            Task::Extract => "extract",
            Task::Summarize => "summarize",
            Task::Answer => "answer",
            Task::Translate => "translate",
            Task::Rewrite => "rewrite",
            Task::Write => "write",
            Task::Code => "code",
            Task::Plan => "plan",
            Task::Judge => "judge",
            Task::Converse => "converse",
            Task::Other => "other",
        }
    }
}

/// The form in which the answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// Running text, or nothing is said about form.
    Prose,
    /// Headings, sections or tables.
    Markdown,
    /// JSON, YAML, XML or another schema.
    Json,
    /// Bare items.
    List,
    /// One word, number, yes/no or class name.
    Label,
    /// Program code, a query, a command.
    Code,
    /// Any other form: CSV, a diagram, a custom layout.
    Other,
}

/// What a length is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    /// Words.
    Words,
    /// Sentences.
    Sentences,
    /// Paragraphs.
    Paragraphs,
    /// Characters.
    Characters,
    /// Lines.
    Lines,
    /// Tokens.
    Tokens,
    /// Pieces of one kind.
    Items,
}

/// How a number bounds a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// At most.
    Max,
    /// At least.
    Min,
    /// Exactly.
    Exact,
    /// About.
    About,
}

/// An explicit number for the length of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LengthLimit {
    /// In `unit`s; the larger end of a range.
    pub n: u32,
    /// What is counted.
    pub unit: LengthUnit,
    /// How the number binds.
    pub bound: Bound,
}

/// The facts that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// `asks_brevity`.
    AsksBrevity,
    /// `length_limit`.
    LengthLimit,
    /// `items_requested`.
    ItemsRequested,
    /// `asks_reasoning`.
    AsksReasoning,
}

/// The words that decided a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Which fact.
    pub fact: Fact,
    /// Which of the messages.
    pub message: usize,
    /// Bytes of the message's text.
    pub range: Range<usize>,
}

/// What a prompt's words ask for. A field is `None` where nothing is asked (a limit, a number), or
/// where the prompt has no words of its own to judge by, only variables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PromptWords {
    /// What is to be done with the input.
    pub task: Option<Task>,
    /// The form of the answer.
    pub output_format: Option<OutputFormat>,
    /// Some instruction makes the answer shorter than it would be.
    pub asks_brevity: Option<bool>,
    /// An explicit number for the length of the whole answer or its main part.
    pub length_limit: Option<LengthLimit>,
    /// How many pieces of one kind the answer is to hold; the largest where there are several.
    pub items_requested: Option<u32>,
    /// Worked examples of an input with its answer.
    pub examples: u32,
    /// Reasoning is asked for, before or in the answer.
    pub asks_reasoning: bool,
    /// There is a place for material from which the answer is to come.
    pub retrieved_context: bool,
    /// A correct answer is short and comes from a small set or straight out of the input.
    pub closed_answer: Option<bool>,
    /// Language of the instructions, ISO 639-1.
    pub language: Option<&'static str>,
    /// Where the facts come from. Not written out: findings point with it.
    #[serde(skip)]
    pub evidence: Vec<Evidence>,
    /// The longest length that the whole answer must have at least, where one is asked for.
    #[serde(skip)]
    pub least_length: Option<LengthLimit>,
    /// Stretches that show worked examples: the message and the bytes of its text, in order.
    #[serde(skip)]
    pub shown: Vec<(usize, Range<usize>)>,
}

impl PromptWords {
    /// Demands on the answer's length that exclude each other, in words: a minimum above a maximum of the same unit,
    /// or brevity and a minimum of a page.
    #[must_use]
    pub fn length_conflict(&self) -> Option<String> {
        let least = self.least_length?;
        let say = |limit: &LengthLimit| {
            let unit = format!("{:?}", limit.unit).to_lowercase();
            format!("at least {} {unit}", limit.n)
        };
        if let Some(most) = self.length_limit
            && most.bound != Bound::Min
            && most.unit == least.unit
            && most.n < least.n
        {
            return Some(format!("{}, and at most {}", say(&least), most.n));
        }
        (self.asks_brevity == Some(true) && length::is_long(&least)).then(|| format!("brevity, and {}", say(&least)))
    }
}

/// Reads what the messages of one request ask for.
#[must_use]
pub fn analyze(messages: &[Message<'_>]) -> PromptWords {
    let parsed: Vec<Parsed> = messages.iter().map(|m| sentences::parse(m.text)).collect();
    let all: Vec<(Role, &str, &Parsed)> = messages.iter().zip(&parsed).map(|(m, p)| (m.role, m.text, p)).collect();
    // The sentences that ask: not what is shown as an example, not an assistant's turn.
    let fields = examples::fields(&all);
    let shown = examples::shown(&fields, all.len());
    let asking: Vec<Vec<Sentence>> = all
        .iter()
        .zip(&shown)
        .map(|((role, _, p), shown)| asking(*role, p, shown))
        .collect();

    let language = language::find(&parsed.iter().collect::<Vec<_>>());
    let (task, weighed) = task::find(&all, &asking, language).unzip();
    let mut found: Vec<Vec<length::Amount>> = parsed.iter().zip(&asking).map(|(p, s)| length::amounts(p, s)).collect();
    let counted: Vec<Vec<items::Candidate>> = parsed
        .iter()
        .zip(&asking)
        .map(|(p, s)| items::candidates(p, s, task))
        .collect();
    let several_amounts = found.iter().map(Vec::len).sum::<usize>() > 1;
    let several_counts = counted.iter().map(Vec::len).sum::<usize>() > 1;
    let mut evidence = Vec::new();
    let mut amounts = Vec::new();
    let mut brief = false;
    let mut items = None;
    let mut reasons = false;
    let mut limits = Vec::new();
    let mut least = Vec::new();
    for (m, (p, sentences)) in parsed.iter().zip(&asking).enumerate() {
        let mut note = |fact, tokens: Range<usize>| {
            evidence.push(Evidence {
                fact,
                message: m,
                range: p.place(tokens),
            })
        };
        let found = &mut found[m];
        length::weigh(p, found, several_amounts, task);
        if let Some(tokens) = brevity::find(p, sentences, found, task) {
            brief = true;
            note(Fact::AsksBrevity, tokens);
        }
        least.extend(length::least(found));
        if let Some((limit, tokens)) = length::limit(found) {
            limits.push(limit);
            note(Fact::LengthLimit, tokens);
        }
        if let Some((n, tokens)) = items::largest(p, &counted[m], several_counts, task) {
            items = items.max(Some(n));
            note(Fact::ItemsRequested, tokens);
        }
        if let Some(tokens) = reasoning::find(p, sentences) {
            reasons = true;
            note(Fact::AsksReasoning, tokens);
        } else if reasoning::has_field(p, task) && messages[m].role != Role::Assistant {
            reasons = true;
        }
        amounts.append(found);
    }
    let foreign = language
        .filter(|language| *language != "en")
        .map(|language| foreign::read(&all, &asking, language))
        .unwrap_or_default();
    brief |= foreign.brief;
    reasons |= foreign.reasons;
    items = items.max(foreign.items);
    limits.extend(foreign.length);
    let judged = task.is_some();
    let examples = examples::count(&all, &fields);
    let form_signs = format::signs(&all, &asking, task);
    let context_signs = context::signs(&all, task);
    let retrieved_context = context::find(&context_signs, task) || foreign.material && consults(task);
    let format = format::find(&form_signs, task, &amounts, items, reasons);
    let format = foreign.form.filter(|_| format == OutputFormat::Prose).unwrap_or(format);
    let mut closed = format::is_closed(&all, task, format, &amounts);
    // A few words of an answer come from a small set, in any language.
    const FEW_WORDS: u32 = 5;
    let few =
        |limit: &LengthLimit| limit.unit == LengthUnit::Words && limit.n <= FEW_WORDS && limit.bound != Bound::Min;
    closed |= task == Some(Task::Answer) && foreign.length.as_ref().is_some_and(few);
    if let (Some(task), Some(Some(weighed))) = (task, weighed) {
        let more = [
            ("rule closed", closed),
            ("rule context", retrieved_context),
            ("brief", brief),
            ("reasons", reasons),
            ("items", items.is_some()),
            ("lengths", !amounts.is_empty()),
            ("examples", examples > 0),
            (format::rule_name(format), true),
        ];
        let signs = signs(
            &form_signs,
            &format::closed_signs(&all, &amounts),
            &context_signs,
            &more,
        );
        closed = weighed.closed(task, signs.into_iter());
    }
    PromptWords {
        task,
        output_format: judged.then_some(format),
        asks_brevity: judged.then_some(brief),
        length_limit: limits.into_iter().min_by_key(length::weight),
        items_requested: items,
        examples,
        asks_reasoning: reasons,
        retrieved_context,
        closed_answer: judged.then_some(closed),
        language,
        evidence,
        least_length: least.into_iter().min_by_key(length::weight),
        shown: shown
            .into_iter()
            .enumerate()
            .flat_map(|(m, ranges)| ranges.into_iter().map(move |range| (m, range)))
            .collect(),
    }
}

/// Tasks that consult what they are handed and do not work on it.
fn consults(task: Option<Task>) -> bool {
    matches!(task, Some(Task::Answer | Task::Converse | Task::Plan | Task::Write))
}

/// The names of the signs that hold.
fn signs(
    form: &format::Signs,
    closed: &[(&'static str, bool)],
    context: &context::Signs,
    more: &[(&'static str, bool)],
) -> Vec<&'static str> {
    form.named()
        .iter()
        .chain(closed)
        .chain(&context.named())
        .chain(more)
        .filter_map(|(name, holds)| holds.then_some(*name))
        .collect()
}

/// The sentences of a message that ask something. `shown` is in order.
fn asking(role: Role, parsed: &Parsed, shown: &[Range<usize>]) -> Vec<Sentence> {
    if matches!(role, Role::Assistant | Role::Tool) {
        return Vec::new();
    }
    let mut stretch = 0;
    let asks = |s: &Sentence| {
        let at = parsed.place(s.tokens()).start;
        while shown.get(stretch).is_some_and(|r| r.end <= at) {
            stretch += 1;
        }
        !s.shown && !shown.get(stretch).is_some_and(|r| r.contains(&at))
    };
    parsed.sentences.iter().copied().filter(asks).collect()
}

/// Splits text at lines `<<role>>`; without one, the whole is one user message.
#[must_use]
pub fn parse_roles(text: &str) -> Vec<Message<'_>> {
    let mut messages = Vec::new();
    let mut role = None;
    let mut from = 0;
    let mut at = 0;
    let mut keep = |role: Option<Role>, part: std::ops::Range<usize>| {
        let part = text[part].trim();
        if !part.is_empty() {
            messages.push(Message {
                role: role.unwrap_or(Role::User),
                text: part,
            });
        }
    };
    for line in text.split_inclusive('\n') {
        let named = match line.trim() {
            "<<system>>" => Some(Role::System),
            "<<developer>>" => Some(Role::Developer),
            "<<user>>" => Some(Role::User),
            "<<assistant>>" => Some(Role::Assistant),
            "<<tool>>" => Some(Role::Tool),
            _ => None,
        };
        if named.is_some() {
            keep(role, from..at);
            role = named;
            from = at + line.len();
        }
        at += line.len();
    }
    keep(role, from..text.len());
    messages
}

#[cfg(test)]
mod tests;
