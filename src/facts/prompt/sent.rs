//! What one request sends and how long its answer may be.

use super::asked::items_requested;
use super::{Fact, Get, Known, Row, Type, Value, field, fixed_text, int, text};
use crate::tokens;

/// The facts of a request's size.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.max_output_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "the request's limit on generated tokens",
        get: |facts| field(&facts.prompt.max_output_tokens, |n| int(*n)),
    },
    Row {
        name: "prompt.choices",
        ty: Type::Int,
        unit: "answers",
        about: "how many answers one request asks for (`n`)",
        get: |facts| field(&facts.prompt.choices, |n| int(*n)),
    },
    Row {
        name: "prompt.choices_requested",
        ty: Type::Bool,
        unit: "",
        about: "whether the request itself asks for several answers (`n` above 1)",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.several_choices().is_some()))),
    },
    Row {
        name: "prompt.alternatives",
        ty: Type::Int,
        unit: "alternatives",
        about: "how many alternatives one request asks for: its `n`, else the names, titles, options … that its words ask for",
        get: |facts| match facts.several_choices() {
            Some(n) => Fact::of(Known::Yes(int(n))).at(facts.prompt.choices.place()),
            None if facts.items_are_alternatives() => items_requested(facts),
            None => Fact::of(Known::Absent),
        },
    },
    Row {
        name: "prompt.context_need",
        ty: Type::Int,
        unit: "tokens",
        about: "fixed text at its shortest and the limit on output together",
        get: |facts| {
            let limit = facts.prompt.max_output_tokens.known().copied().unwrap_or(0);
            let place = facts.prompt.max_output_tokens.place().filter(|_| limit > 0);
            Fact::of(Known::Yes(int(facts.count().least.saturating_add(limit)))).at(place.or(Some(facts.prompt.place)))
        },
    },
    Row {
        name: "prompt.response_format",
        ty: Type::Str,
        unit: "",
        about: "the form of the answer that the request enforces: json_object, json_schema",
        get: |facts| field(&facts.prompt.response_format, |name| text(name.as_str())),
    },
    Row {
        name: "prompt.tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens that are sent; unknown where a variable's size is",
        get: |facts| {
            let count = facts.count();
            let value = if count.variables.is_empty() && count.least == count.most {
                Known::Yes(int(count.most))
            } else if count.variables.is_empty() {
                Known::Unknown(format!("{} to {}, by the template's branches", count.least, count.most).into())
            } else {
                Known::Unknown(format!("the size of {} is not known", count.variables.join(", ")).into())
            };
            Fact::of(value).at(Some(facts.prompt.place))
        },
    },
    Row {
        name: "prompt.fixed_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of the fixed text, every branch of a template at its shortest",
        get: |facts| Fact::of(Known::Yes(int(facts.count().least))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.tokens_at_most",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of the fixed text, every branch of a template at its longest",
        get: |facts| Fact::of(Known::Yes(int(facts.count().most))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.tokens_exact",
        ty: Type::Bool,
        unit: "",
        about: "whether the count is what the model's own tokenizer gives",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.count().exact))),
    },
    Row {
        name: "prompt.variables",
        ty: Type::Strs,
        unit: "",
        about: "what a template fills in",
        get: |facts| {
            let names = facts.count().variables.iter().map(|name| name.as_str().into());
            Fact::of(Known::Yes(Value::Strs(names.collect())))
        },
    },
    Row {
        name: "prompt.words",
        ty: Type::Int,
        unit: "words",
        about: "words of the fixed text (Unicode segmentation)",
        get: |facts| Fact::of(Known::Yes(int(tokens::words(&fixed_text(facts.prompt)) as u64))),
    },
    Row {
        name: "prompt.characters",
        ty: Type::Int,
        unit: "characters",
        about: "characters of the fixed text as people count them (grapheme clusters)",
        get: |facts| Fact::of(Known::Yes(int(tokens::characters(&fixed_text(facts.prompt)) as u64))),
    },
];
