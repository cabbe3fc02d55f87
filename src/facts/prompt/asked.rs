//! What a prompt's words ask for, as facts: told, not clear, or in a language that is not judged.

use super::{CALL_IN_CODE, Fact, Get, Known, PromptFacts, Row, Type, Value, int, known, label, text};
use crate::facts::words::{self, PromptWords};
use crate::source::Place;
use crate::syntax::template;
use crate::units::{FURTHER_MESSAGES, Field, Message, Role};

impl<'a> PromptFacts<'a> {
    pub(super) fn words(&self) -> &PromptWords {
        self.words.get_or_init(|| {
            let messages: Vec<words::Message<'_>> = self
                .prompt
                .messages
                .iter()
                .map(|message| words::Message {
                    role: match message.role {
                        Role::System => words::Role::System,
                        Role::User => words::Role::User,
                        Role::Assistant => words::Role::Assistant,
                        Role::Tool => words::Role::Tool,
                    },
                    text: message.text.as_str(),
                })
                .collect();
            words::analyze(&messages)
        })
    }

    /// Where the words that decided a fact stand.
    pub(super) fn words_place(&self, fact: words::Fact) -> Option<Place> {
        let evidence = self.words().evidence.iter().find(|evidence| evidence.fact == fact)?;
        let message = self.prompt.messages.get(evidence.message)?;
        Some(Place {
            source: message.source,
            span: message.text.span_of(evidence.range.clone()),
        })
    }

    /// Why the instructions of a call in code are not known: they, or a part of them, are filled in while the program
    /// runs. What says little but its variables is most likely told by them.
    pub(super) fn hidden_instructions(&self) -> Option<String> {
        const FEW_WORDS: usize = 6;
        let messages = &self.prompt.messages;
        let fixed_words = |message: &Message| -> usize {
            let fixed = template::fixed_ranges(&message.pieces, template::Extent::Most);
            let texts = fixed.ranges.into_iter().map(|range| &message.text.as_str()[range]);
            texts.map(|text| text.split_whitespace().count()).sum()
        };
        let variables = |message: &'a Message| template::variables(&message.pieces);
        let is_hidden = |message: &&'a Message| {
            let variables = variables(message);
            let holds_instructions = |(name, _): &(&str, _)| {
                let name = name.to_ascii_lowercase();
                INSTRUCTING.iter().any(|word| name.contains(word))
            };
            !variables.is_empty() && (fixed_words(message) < FEW_WORDS || variables.iter().any(holds_instructions))
        };
        let instructions = self.instructions()?;
        let systems = messages.iter().filter(|message| message.role == Role::System);
        // What goes in front of the messages that are told may be the instructions.
        let more = messages
            .iter()
            .find(|message| variables(message).iter().any(|(name, _)| *name == FURTHER_MESSAGES));
        if systems.clone().next().is_none() && more.is_some() {
            return Some(
                "there are further messages, which are not followed: they may hold the instructions".to_owned(),
            );
        }
        let hidden = systems.chain(std::iter::once(instructions)).find(is_hidden)?;
        let (name, _) = *variables(hidden).first()?;
        Some(format!("instructions are filled in while the program runs: {name}"))
    }

    /// Whether some word of it begins like one of these.
    pub(super) fn speaks_of(&self, stems: &[&str]) -> bool {
        self.prompt.messages.iter().any(|message| {
            message.text.as_str().split(|c: char| !c.is_alphabetic()).any(|word| {
                stems.iter().any(|stem| {
                    word.len() >= stem.len()
                        && word.is_char_boundary(stem.len())
                        && word[..stem.len()].eq_ignore_ascii_case(stem)
                })
            })
        })
    }

    /// Whether the pieces that the words ask for stand for each other ("10 names"), so that one of them is used; the
    /// points of a list ("10 insights") are all read.
    pub(super) fn items_are_alternatives(&self) -> bool {
        let Some(place) = self.words_place(words::Fact::ItemsRequested) else {
            return false;
        };
        let source = self.world.files.source(place.source);
        let asked = source.text.get(place.span.start..place.span.end).unwrap_or_default();
        asked
            .split(|c: char| !c.is_alphabetic())
            .any(|word| ALTERNATIVES.contains(&word.to_lowercase().as_str()))
    }
}

/// Forms of answers that are no words of the model's choice.
const NO_WORDS: &[&str] = &["an image", "fields"];

/// Words in the names of variables that hold instructions.
const INSTRUCTING: &[&str] = &[
    "prompt",
    "instruction",
    "system",
    "template",
    "preamble",
    "guideline",
    "persona",
    "rules",
    "task",
];

/// How words about mathematics begin.
const CALCULATION: &[&str] = &[
    "math",
    "arithmetic",
    "calculat",
    "algebra",
    "equation",
    "geometr",
    "theorem",
];

/// How words begin that ask for all there is to say.
const DETAIL: &[&str] = &[
    "comprehensive",
    "detail",
    "elaborat",
    "exhaustive",
    "extensive",
    "thorough",
    "talkative",
    "verbose",
];

/// What is asked for in several pieces so that one can be chosen.
const ALTERNATIVES: &[&str] = &[
    "alternative",
    "alternatives",
    "caption",
    "captions",
    "candidates",
    "domains",
    "drafts",
    "headline",
    "headlines",
    "hooks",
    "logos",
    "mottos",
    "name",
    "names",
    "nicknames",
    "openers",
    "openings",
    "options",
    "paraphrases",
    "proposals",
    "rephrasings",
    "rewrites",
    "slogan",
    "slogans",
    "suggestions",
    "tagline",
    "taglines",
    "title",
    "titles",
    "variants",
    "variations",
    "versions",
];

/// A fact of the words: told, not clear, or in a language whose verbs are not told apart yet.
fn told<T>(facts: &PromptFacts<'_>, found: Option<T>, value: impl FnOnce(T) -> Value) -> Fact {
    if let Some(language) = facts.words().language.filter(|language| *language != "en") {
        return Fact::of(Known::Unknown(
            format!("the instructions are in `{language}`; only English ones are judged").into(),
        ));
    }
    if let Some(kind) = facts
        .prompt
        .response_format
        .known()
        .filter(|kind| NO_WORDS.contains(&kind.as_str()))
    {
        return Fact::of(Known::Unknown(format!("the answer is {kind}, not words").into()));
    }
    if facts.prompt.format == CALL_IN_CODE
        && let Some(why) = facts.hidden_instructions()
    {
        return Fact::of(Known::Unknown(why.into()));
    }
    let known = match found {
        Some(inner) => Known::Yes(value(inner)),
        None => Known::Unknown("the words do not show it clearly".into()),
    };
    Fact::of(known)
}

pub(super) fn items_requested(facts: &PromptFacts<'_>) -> Fact {
    let value = match facts.words().items_requested {
        Some(n) => Known::Yes(int(u64::from(n))),
        None => Known::Absent,
    };
    Fact::of(value).at(facts.words_place(words::Fact::ItemsRequested))
}

/// The facts of the words.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.task",
        ty: Type::Str,
        unit: "",
        about: "what it wants done: classify, extract, summarize, answer, translate, rewrite, write, code, plan, judge, converse, other",
        get: |facts| told(facts, facts.words().task, label),
    },
    Row {
        name: "prompt.output_format",
        ty: Type::Str,
        unit: "",
        about: "the form in which the answer is asked for: prose, markdown, json, list, label, code, other",
        get: |facts| match &facts.prompt.response_format {
            Field::Known(format, place) if format.starts_with("json") => {
                Fact::of(Known::Yes(text("json"))).at(Some(*place))
            }
            Field::Unknown(why, place) => {
                let why = format!("the request may fix the form of the answer: {why}");
                Fact::of(Known::Unknown(why.into())).at(*place)
            }
            _ => told(facts, facts.words().output_format, label),
        },
    },
    Row {
        name: "prompt.asks_brevity",
        ty: Type::Bool,
        unit: "",
        about: "whether some instruction makes the answer shorter than it would be",
        get: |facts| {
            told(facts, facts.words().asks_brevity, Value::Bool).at(facts.words_place(words::Fact::AsksBrevity))
        },
    },
    Row {
        name: "prompt.length_limit",
        ty: Type::Str,
        unit: "",
        about: "a number that the words give for the length of the answer: `max 100 words`",
        get: |facts| {
            let value = match &facts.words().length_limit {
                Some(limit) => {
                    let name = |value: Value| match value {
                        Value::Str(name) => name.to_string(),
                        _ => String::new(),
                    };
                    Known::Yes(text(format!(
                        "{} {} {}",
                        name(label(limit.bound)),
                        limit.n,
                        name(label(limit.unit))
                    )))
                }
                None => Known::Absent,
            };
            Fact::of(value).at(facts.words_place(words::Fact::LengthLimit))
        },
    },
    Row {
        name: "prompt.items_requested",
        ty: Type::Int,
        unit: "items",
        about: "how many pieces of the same kind the answer is to hold",
        get: items_requested,
    },
    Row {
        name: "prompt.examples",
        ty: Type::Int,
        unit: "examples",
        about: "how many worked examples of input and answer it holds",
        get: |facts| Fact::of(Known::Yes(int(u64::from(facts.words().examples)))),
    },
    Row {
        name: "prompt.asks_reasoning",
        ty: Type::Bool,
        unit: "",
        about: "whether it asks for reasoning before or in the answer",
        get: |facts| {
            Fact::of(Known::Yes(Value::Bool(facts.words().asks_reasoning)))
                .at(facts.words_place(words::Fact::AsksReasoning))
        },
    },
    Row {
        name: "prompt.calculation",
        ty: Type::Bool,
        unit: "",
        about: "whether its words speak of mathematics or calculating, where short answers have been measured to be worse",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.speaks_of(CALCULATION)))),
    },
    Row {
        name: "prompt.wants_detail",
        ty: Type::Bool,
        unit: "",
        about: "whether its words speak of detail or thoroughness, so that long answers may be meant",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.speaks_of(DETAIL)))),
    },
    Row {
        name: "prompt.retrieved_context",
        ty: Type::Bool,
        unit: "",
        about: "whether it has a place for documents or history from which the answer is to come",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.words().retrieved_context))),
    },
    Row {
        name: "prompt.closed_answer",
        ty: Type::Bool,
        unit: "",
        about: "whether a correct answer is short and comes from a small set or straight out of the input",
        get: |facts| told(facts, facts.words().closed_answer, Value::Bool),
    },
    Row {
        name: "prompt.language",
        ty: Type::Str,
        unit: "",
        about: "the language of the instructions (ISO 639-1)",
        get: |facts| known(Ok(facts.words().language), text),
    },
];
