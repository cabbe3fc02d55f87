//! The facts of a prompt.

mod asked;
mod embedding;
mod layout;
mod model;
mod parts;
mod price;
mod repeats;
mod request;
mod secrets;
mod sent;
mod variables;
mod waste;

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive;

use self::model::Model;
use super::count::{self, By, Counted, Counter, Size, fixed_text};
use super::words::PromptWords;
use super::{Fact, Known, PromptAt, Row, Type, Value, World};
use crate::catalog::Priced;
use crate::config::{Measured, PromptSetting, VariableSize};
use crate::fingerprint::fingerprint;
use crate::report::TokenCount;
use crate::source::{Place, Span};
use crate::syntax::template;
use crate::tokens::{self, Encoding};
use crate::units::{Field, Message, Prompt, Role};

pub(super) use self::embedding::FACTS as EMBEDDING_FACTS;

/// A prompt with what its facts are made of, each part computed when it is first needed.
pub struct PromptFacts<'a> {
    /// The unit.
    pub prompt: &'a Prompt,
    name_in_tree: String,
    world: &'a World<'a>,
    model: OnceCell<Model<'a>>,
    priced: OnceCell<Result<Priced, String>>,
    counted: Counted<'a>,
    own: OnceCell<(Option<Counter<'a>>, Option<String>)>,
    count: OnceCell<TokenCount>,
    words: OnceCell<PromptWords>,
    layout: OnceCell<layout::Layout>,
    repeats: OnceCell<repeats::Repeats>,
}

impl<'a> PromptFacts<'a> {
    /// The facts of `prompt`.
    pub fn new(prompt: &'a Prompt, world: &'a World<'a>) -> Self {
        Self {
            name_in_tree: World::name_in_tree(&prompt.name, world.files.source(prompt.place.source)),
            prompt,
            world,
            model: OnceCell::new(),
            priced: OnceCell::new(),
            counted: Counted::default(),
            own: OnceCell::new(),
            count: OnceCell::new(),
            words: OnceCell::new(),
            layout: OnceCell::new(),
            repeats: OnceCell::new(),
        }
    }

    /// What llmlint.yaml states of it.
    fn stated<T>(&self, pick: impl Fn(&PromptSetting) -> Option<T>) -> Option<T> {
        self.world.settings.prompt(self.at(), pick)
    }

    /// What exports of usage count of it.
    fn measured(&self) -> Option<&Measured> {
        let content = || self.prompt.content();
        self.world
            .settings
            .measured(&self.name_in_tree, || fingerprint(&[&content()]))
    }

    /// By what the config's entries choose it.
    pub fn at(&self) -> PromptAt<'_> {
        let source = self.world.files.source(self.prompt.place.source);
        PromptAt {
            path: &source.from_root,
            name: &self.name_in_tree,
        }
    }

    /// The model whose tokenizer counts: an alias or a name with a provider's prefix stands for the listed one.
    fn counted_as(&self) -> Option<String> {
        let name = self.model_name();
        match self.model() {
            Model::Listed(model) if tokens::encoding_for_model(name.known().map_or("", String::as_str)).is_none() => {
                Some(model.id.clone())
            }
            _ => name.known().cloned(),
        }
    }

    /// Tokens of the fixed text.
    pub fn count(&self) -> &TokenCount {
        self.count.get_or_init(|| {
            count::count(self.prompt, &self.by(), self.counted_as().as_deref(), |name| {
                self.size(name)
            })
        })
    }

    /// What the count is made of.
    pub fn shares(&self) -> Vec<count::Share> {
        count::shares(self.prompt, &self.by(), self.counted_as().as_deref(), |name| {
            self.size(name)
        })
        .1
    }

    /// How large the config says that a variable is: by its whole expression, or by the name that this starts with.
    fn size(&self, variable: &str) -> Option<Size<'a>> {
        let end = variable.find(|char: char| !char.is_alphanumeric() && char != '_');
        let start = &variable[..end.unwrap_or(variable.len())];
        let stated = self.stated(|setting| {
            let sizes = setting.variables.as_ref()?;
            sizes.get(variable).or_else(|| sizes.get(start)).cloned()
        })?;
        match stated {
            VariableSize::Tokens(range) => {
                let (low, high) = range.ends();
                Some(Size::Tokens(low, high))
            }
            VariableSize::Sample { file } => {
                let sample = self.world.files.find(&file)?;
                Some(Size::Like(self.world.files.source(sample).body().0))
            }
        }
    }

    /// The model's own tokenizer, and why a file that is there for it is none.
    fn own(&self) -> &(Option<Counter<'a>>, Option<String>) {
        self.own.get_or_init(|| {
            let settings = self.world.settings;
            let path = self.at().path;
            let counted_as = self.counted_as();
            let name = self.model_name();
            let names = name.known().into_iter().chain(&counted_as);
            let file = names.into_iter().find_map(|name| settings.tokenizer(path, name));
            Counter::of(counted_as.as_deref(), file, self.prompt)
        })
    }

    fn by(&self) -> By<'a, '_> {
        let (own, fault) = self.own();
        By {
            counted: &self.counted,
            own: *own,
            fault: fault.as_deref(),
        }
    }

    /// What its tokens are counted with, `o200k_base` where the model's own tokenizer is not there.
    fn counter(&self) -> Counter<'a> {
        self.own().0.unwrap_or(Counter::BuiltIn(Encoding::O200kBase))
    }

    /// Tokens of a part of the prompt.
    fn tokens_of(&self, text: &'a str) -> u64 {
        self.counted.count(self.counter(), text)
    }

    fn layout(&self) -> &layout::Layout {
        self.layout.get_or_init(|| layout::Layout::of(self))
    }

    fn repeats(&self) -> &repeats::Repeats {
        self.repeats.get_or_init(|| repeats::Repeats::of(self))
    }

    /// The stretches that show worked examples: the message's number and bytes of its text.
    fn shown(&self) -> &[(usize, Range<usize>)] {
        &self.words().shown
    }

    /// Where a stretch of a message's text stands.
    fn place(&self, message: &Message, range: Range<usize>) -> Place {
        Place {
            source: message.source,
            span: message.text.span_of(range),
        }
    }

    /// The message that holds the instructions.
    pub fn instructions(&self) -> Option<&'a Message> {
        instructions(self.prompt)
    }

    /// The request's `n`, where it is above 1.
    fn several_choices(&self) -> Option<u64> {
        self.prompt.choices.known().copied().filter(|n| *n > 1)
    }

    fn line(&self, place: Place) -> String {
        let source = self.world.files.source(place.source);
        format!("{}:{}", source.path, source.position(place.span.start).line)
    }
}

/// The message that holds a prompt's instructions: the last of the system's, else the first of the user's.
pub fn instructions(prompt: &Prompt) -> Option<&Message> {
    let messages = &prompt.messages;
    messages
        .iter()
        .rfind(|message| message.role == Role::System)
        .or_else(|| messages.iter().find(|message| message.role == Role::User))
        .or_else(|| messages.first())
}

/// The format of calls in source code.
pub const CALL_IN_CODE: &str = "call in code";

/// Whether a format holds parts of an agent's conversation, or tasks of a harness, whose answers no one reads as such.
fn is_for_agent(format: &str) -> bool {
    const HARNESSES: &[&str] = &["evaluation task", "nemo guardrails config"];
    format.starts_with("agent ") || HARNESSES.contains(&format)
}

pub(super) fn field<T>(field: &Field<T>, value: impl FnOnce(&T) -> Value) -> Fact {
    let known = match field {
        Field::Known(inner, _) => Known::Yes(value(inner)),
        Field::Absent(_) => Known::Absent,
        Field::Unknown(why, _) => Known::Unknown(why.as_str().into()),
    };
    Fact::of(known).at(field.place())
}

pub(super) fn known<T>(found: Result<Option<T>, String>, value: impl FnOnce(T) -> Value) -> Fact {
    Fact::of(match found {
        Ok(Some(inner)) => Known::Yes(value(inner)),
        Ok(None) => Known::Absent,
        Err(why) => Known::Unknown(why.into()),
    })
}

fn text(value: impl Into<Arc<str>>) -> Value {
    Value::Str(value.into())
}

/// Whole numbers beyond what CEL's integers hold are as good as the largest.
pub(super) fn int(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Serde's name of one of the words' enums, which is the codebook's.
fn label<T: serde::Serialize>(value: T) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => text(name),
        _ => text(""),
    }
}

type Get = fn(&PromptFacts<'_>) -> Fact;

/// The facts of a prompt, table by table.
pub(super) const FACTS: &[&[Row<Get>]] = &[
    OWN,
    model::FACTS,
    sent::FACTS,
    asked::FACTS,
    price::FACTS,
    request::FACTS,
    layout::FACTS,
    variables::FACTS,
    repeats::FACTS,
    waste::FACTS,
    parts::FACTS,
    secrets::FACTS,
];

/// The facts of a prompt that are computed here, in the order in which they are listed.
const OWN: &[Row<Get>] = &[
    Row {
        name: "prompt.format",
        ty: Type::Str,
        unit: "",
        about: "the format it was read as",
        get: |facts| Fact::of(Known::Yes(text(facts.prompt.format))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.in_test",
        ty: Type::Bool,
        unit: "",
        about: "whether it stands in a test of the program: its calls are read, and no rule judges them",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.prompt.in_test))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.in_loop",
        ty: Type::Bool,
        unit: "",
        about: "whether the call is made once for each item of some data",
        get: |facts| field(&facts.prompt.in_loop, |n| Value::Bool(*n)),
    },
    Row {
        name: "prompt.resends",
        ty: Type::Bool,
        unit: "",
        about: "whether a loop sends it again with what each turn added: a chat's history, an agent's steps",
        get: |facts| field(&facts.prompt.resends, |n| Value::Bool(*n)),
    },
    Row {
        name: "prompt.turns",
        ty: Type::Int,
        unit: "turns",
        about: "turns of a task at most, where a loop sends it again and llmlint.yaml says how many they are",
        get: |facts| {
            known(facts.turns(), |turns| {
                int(turns.count.high.to_u64().unwrap_or(u64::MAX))
            })
        },
    },
    Row {
        name: "prompt.model_candidates",
        ty: Type::Strs,
        unit: "",
        about: "the models that the code lists where it chooses one while it runs",
        get: |facts| {
            let names = facts.prompt.candidates.iter().map(|(name, _)| name.as_str().into());
            Fact::of(Known::Yes(Value::Strs(names.collect())))
        },
    },
    Row {
        name: "prompt.always_loaded",
        ty: Type::Bool,
        unit: "",
        about: "whether a coding agent sends it with every request (AGENTS.md at the root, rules that always apply)",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.prompt.always_loaded))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.for_agent",
        ty: Type::Bool,
        unit: "",
        about: "whether it is what an agent is told for its work, or the task of a harness: none whose answer someone reads",
        get: |facts| Fact::of(Known::Yes(Value::Bool(is_for_agent(facts.prompt.format)))),
    },
    Row {
        name: "prompt.instructions",
        ty: Type::Str,
        unit: "",
        about: "the text of the message that instructs: the system's, else the user's",
        get: |facts| match facts.instructions() {
            Some(message) => Fact::of(Known::Yes(text(message.text.as_str()))).at(Some(first_line(facts, message))),
            None => Fact::of(Known::Absent).at(Some(facts.prompt.place)),
        },
    },
    Row {
        name: "prompt.messages",
        ty: Type::Int,
        unit: "messages",
        about: "how many messages are sent",
        get: |facts| Fact::of(Known::Yes(int(facts.prompt.messages.len() as u64))),
    },
    Row {
        name: "prompt.tools",
        ty: Type::Int,
        unit: "tools",
        about: "how many tools are offered to the model; unknown where the code may offer others than it names",
        get: |facts| {
            let tools = &facts.prompt.tools;
            let value = match &facts.prompt.more_tools {
                Some(why) => Known::Unknown(why.as_str().into()),
                None => Known::Yes(int(tools.len() as u64)),
            };
            Fact::of(value).at(tools.first().map(|tool| tool.place))
        },
    },
];

/// What a finding about a message shows: the first line of what is sent as it stands.
fn first_line(facts: &PromptFacts<'_>, message: &Message) -> Place {
    let sent = template::fixed_ranges(&message.pieces, template::Extent::Most);
    let from = sent
        .ranges
        .iter()
        .find(|range| !message.text.as_str()[(*range).clone()].trim().is_empty());
    let whole = message.text.span();
    let span = from.map_or(whole, |range| {
        Span::new(message.text.span_of(range.clone()).start, whole.end)
    });
    let source = facts.world.files.source(message.source);
    let text = source.text.get(span.start..span.end).unwrap_or_default();
    let lead = text.len() - text.trim_start().len();
    let line = text[lead..].lines().next().unwrap_or_default().trim_end();
    let start = span.start + lead;
    Place {
        source: message.source,
        span: Span::new(start, start + line.len()),
    }
}
