//! Whether there is a place for material from which the answer is to come.

use super::lexicon::Set;
use super::sentences::{Kind, Parsed};
use super::{Role, Task};

/// How sure a name is to mean material to consult.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    #[default]
    No,
    /// Also what a text to be worked on is called.
    Weak,
    Strong,
}

/// What speaks for such a place.
#[derive(Default)]
pub(super) struct Signs {
    best: Strength,
    said: bool,
    handed: bool,
    /// "report_data", "page_content": material by both halves of its name.
    compound: bool,
    /// A place for the question beside one for a text: the text is what is asked about.
    asked: bool,
    named: bool,
    /// Turns of the conversation, sent one by one.
    turns: bool,
    /// Material that stands in the prompt itself, under its label.
    filled: bool,
    variables: usize,
}

impl Signs {
    /// The signs by their names.
    pub(super) fn named(&self) -> [(&'static str, bool); 11] {
        [
            ("strong", self.best == Strength::Strong),
            ("weak", self.best == Strength::Weak),
            ("strong and asked", self.best == Strength::Strong && self.asked),
            ("said", self.said),
            ("handed", self.handed),
            ("handed whole", self.handed && self.variables == 0),
            ("compound", self.compound),
            ("asked", self.asked),
            ("named", self.named),
            ("filled", self.filled),
            ("several variables", self.variables > 1),
        ]
    }
}

/// What the messages say of such a place, given what is to be done.
pub(super) fn signs(messages: &[(Role, &str, &Parsed)], task: Option<Task>) -> Signs {
    let mut signs = Signs::default();
    for (_, text, parsed) in messages {
        let mut field = 0;
        for t in 0..parsed.tokens.len() {
            if parsed.kind(t) == Some(Kind::Variable) {
                let name = parsed.word(t);
                let at = parsed.place(t..t + 1).start;
                while field + 1 < parsed.fields.len() && parsed.fields[field + 1].content.start <= at {
                    field += 1;
                }
                // Turns of the conversation itself, sent as messages: not material inside one.
                let conversation = ["message", "conversation", "history", "chat", "turn", "item"];
                let looped = name.starts_with("{%") && name.contains(" in ");
                let found = ["search", "result", "document", "retriev"]
                    .iter()
                    .any(|c| name.contains(c));
                let turns = name.starts_with("{%") && !looped
                    || looped && !found && conversation.iter().any(|c| name.contains(c))
                    || name.contains(".role")
                    || name.contains(".content")
                    || name.contains("outputs.")
                    || name.contains("inputs.");
                if turns {
                    signs.turns |= looped;
                    continue;
                }
                let label = parsed
                    .fields
                    .get(field)
                    .filter(|f| {
                        f.content.start <= at
                            && at < f.content.start + 200
                            && text[f.content.start..at].trim().len() < 40
                    })
                    .map_or("", |f| f.label.as_str());
                let material = strength(label) == Strength::Strong || matches!(label, "information" | "background");
                // "Question: {content}" is the question, whatever its variable is called.
                let directly = parsed
                    .fields
                    .get(field)
                    .is_some_and(|f| f.content.start <= at && text[f.content.start..at].trim().is_empty());
                let worked_on = task == Some(Task::Write)
                    && matches!(
                        label,
                        "conversation" | "text" | "passage" | "email" | "message" | "tweet"
                    );
                if directly && (worked_on || matches!(label, "question" | "query" | "input")) || asks(name) {
                    signs.asked |= !matches!(label, "input");
                    continue;
                }
                signs.named |= strength(name).max(strength(label)) >= Strength::Weak && !label.contains("example");
                signs.variables += 1;
                signs.compound |= weak_parts(name) > 1;
                signs.best = signs
                    .best
                    .max(strength(name))
                    .max(if material { Strength::Strong } else { Strength::No });
            }
        }
        signs.filled |= parsed.fields.iter().any(|f| {
            matches!(
                f.label.as_str(),
                "context" | "passage" | "document" | "documents" | "article" | "movie plot" | "story"
            ) && !f.example
                && !f.variable
                && text.get(f.content.clone()).is_some_and(|c| c.trim().len() > 200)
        });
        signs.said |= consults(parsed);
        signs.handed |= hands(parsed);
    }
    signs
}

/// Whether there is such a place.
pub(super) fn find(signs: &Signs, task: Option<Task>) -> bool {
    // Without a variable the material comes with the request ("use the information provided"); what tools give back is
    // not there yet.
    let comes_with = signs.variables == 0 && signs.handed && !matches!(task, Some(Task::Plan | Task::Code));
    let best = if comes_with { Strength::Strong } else { signs.best };
    match task {
        // Unless a question is put to them.
        Some(Task::Extract | Task::Summarize) if signs.asked && best == Strength::Strong => true,
        // What these work on is their input, whatever it is called.
        Some(Task::Summarize | Task::Translate | Task::Extract | Task::Classify | Task::Judge) => false,
        // A question that is made whole by what was said before.
        Some(Task::Rewrite) => best == Strength::Strong && signs.variables > 1 || signs.turns && signs.asked,
        Some(Task::Answer | Task::Converse | Task::Plan) => {
            best == Strength::Strong
                || best == Strength::Weak && (signs.said || signs.compound)
                || task == Some(Task::Answer) && (signs.asked && signs.named || signs.filled)
        }
        // "a title for a conversation that starts with: {conversation_context}": the text that is worked on.
        _ => best == Strength::Strong && (signs.said || signs.handed || signs.variables > 1),
    }
}

/// A variable that holds the question itself.
fn asks(name: &str) -> bool {
    name.split(|c: char| !c.is_alphanumeric()).any(|part| {
        matches!(
            part,
            "question"
                | "q"
                | "query"
                | "userquery"
                | "userquestion"
                | "prompt"
                | "input"
                | "language"
                | "date"
                | "today"
        )
    }) && strength(name) == Strength::No
}

fn weak_parts(name: &str) -> usize {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|p| strength(p) == Strength::Weak)
        .count()
}

/// What the parts of a variable's or a field's name say.
fn strength(name: &str) -> Strength {
    let mut found = Strength::No;
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let s = match part {
            "retrieval" | "retrievaltext" | "searchresult" | "observation" | "knowledgebase" | "contextstring"
            | "context" | "contexts" | "documents" | "docs" | "passages" | "chunks" | "results" | "retrieved"
            | "sources" | "knowledge" | "history" | "memory" | "memories" | "references" | "excerpts" | "snippets"
            | "facts" | "records" | "summaries" | "chathistory" | "contextstr" | "searchresults" | "recall" | "faq"
            | "citations" | "evidence" | "documentation" | "wiki" | "observations" | "paragraphs" | "fullbody"
            | "papers" | "abstracts" | "articles" | "learnings" | "evidences" | "tickets" | "reports" => {
                Strength::Strong
            }
            "document" | "doc" | "story" | "source" | "article" | "report" | "transcript" | "data" | "content"
            | "text" | "conversation" | "notes" | "passage" | "background" | "information" | "schema" | "paper"
            | "page" | "previouschapter" | "memo" => Strength::Weak,
            _ => Strength::No,
        };
        // "contextMsg", "retrievedDocs", "conversationHistory": names that were written together.
        let together = part.len() > 7
            && (["context", "retrieved", "searchresult", "knowledge"]
                .iter()
                .any(|w| part.starts_with(w))
                || [
                    "context",
                    "docs",
                    "documents",
                    "history",
                    "results",
                    "chunks",
                    "sources",
                    "passages",
                ]
                .iter()
                .any(|w| part.ends_with(w)));
        found = found.max(s).max(if together { Strength::Strong } else { Strength::No });
    }
    // "knowledge_base_id", "max_context_tokens", "document_name": about material, not the material.
    let about = |part: &str| {
        matches!(
            part,
            "id" | "ids"
                | "idx"
                | "index"
                | "url"
                | "name"
                | "count"
                | "type"
                | "path"
                | "limit"
                | "size"
                | "max"
                | "num"
                | "tokens"
                | "length"
        )
    };
    if name.split(|c: char| !c.is_alphanumeric()).any(about) {
        return Strength::No;
    }
    // Examples are shown, not consulted.
    if name.contains("example") || name.contains("in_context") || name.contains("fewshot") || name.contains("few_shot")
    {
        return Strength::No;
    }
    if ["search_result", "searchresult", "retriev"]
        .iter()
        .any(|n| name.contains(n))
    {
        return Strength::Strong;
    }
    // The context of a conversation may be the conversation.
    let talk = ["conversation", "message", "task", "user_context", "system"]
        .iter()
        .any(|n| name.contains(n));
    if talk && name.contains("context") && found == Strength::Strong {
        return Strength::Weak;
    }
    found
}

/// "the background information provided", "grounded on the available information", "you will be provided with
/// search results", "use the provided sayings to answer".
fn hands(parsed: &Parsed) -> bool {
    (0..parsed.tokens.len()).filter(|t| parsed.is(*t, Set::Leads)).any(|t| {
        let w = |k: usize| parsed.word(t + k);
        let leads = matches!(
            w(0),
            "use" | "using" | "based" | "grounded" | "from" | "leveraging" | "given"
        );
        let material = |w: &str| {
            matches!(
                w,
                "information"
                    | "documents"
                    | "context"
                    | "notes"
                    | "sources"
                    | "memories"
                    | "results"
                    | "passages"
                    | "excerpts"
                    | "summaries"
                    | "documentation"
                    | "snippets"
                    | "articles"
                    | "chunks"
                    | "facts"
            )
        };
        let given = |w: &str| {
            matches!(
                w,
                "provided" | "available" | "given" | "retrieved" | "collected" | "supplied"
            )
        };
        let used = leads && (1..=7).any(|k| material(w(k))) && (1..=10).any(|k| given(w(k)));
        // "Given the following conversation, relevant context, and a follow up question".
        let listed = w(0) == "given"
            && w(1) == "the"
            && w(2) == "following"
            && (3..=9).any(|k| matches!(w(k), "context" | "documents" | "passages" | "sources" | "results"));
        let shared = given(w(0))
            && matches!(w(1), "with" | "the" | "a" | "relevant" | "some" | "several")
            && (0..4).any(|k| t > k && matches!(parsed.word(t - 1 - k), "be" | "are" | "been" | "have"))
            && (1..=14)
                .take_while(|k| !matches!(w(*k), "." | "" | "your" | "your task"))
                .any(|k| material(w(k)));
        let answers = matches!(w(0), "use" | "using")
            && (1..=2).any(|k| given(w(k)))
            && !(1..=4).any(|k| matches!(w(k), "tools" | "tool" | "functions" | "function" | "apis" | "commands"))
            && (2..=6).any(|k| matches!(w(k), "to" | "for") && matches!(w(k + 1), "answer" | "answering" | "respond"));
        used || shared || answers || listed
    })
}

/// Words that send the reader to the material: "based on the context", "using the documents".
fn consults(parsed: &Parsed) -> bool {
    let material = |w: &str| {
        matches!(
            w,
            "context"
                | "contexts"
                | "documents"
                | "document"
                | "passages"
                | "passage"
                | "sources"
                | "source"
                | "articles"
                | "article"
                | "information"
                | "excerpts"
                | "results"
                | "history"
                | "paragraphs"
                | "text"
                | "report"
                | "data"
                | "transcript"
                | "documentation"
                | "notes"
                | "records"
                | "knowledge"
                | "pieces"
                | "chunks"
                | "content"
                | "reference"
                | "quotes"
        )
    };
    (0..parsed.tokens.len()).filter(|t| parsed.is(*t, Set::Leads)).any(|t| {
        let w = |k: usize| parsed.word(t + k);
        let leads = (matches!(w(0), "based" | "rely" | "relying")
            && matches!(w(1), "on" | "only" | "solely" | "strictly"))
            || matches!(w(0), "using" | "use" | "consult")
            || (w(0) == "from" && matches!(w(1), "the" | "given" | "provided" | "documents"))
            || (w(0) == "given" && matches!(w(1), "the" | "a" | "an"))
            || (w(0) == "in" && w(1) == "the" && matches!(w(2), "provided" | "given" | "above" | "context"))
            || (w(0) == "according" && w(1) == "to");
        leads && (1..=9).any(|k| material(w(k)))
    })
}
