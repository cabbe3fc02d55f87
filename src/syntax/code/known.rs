//! Functions of the languages' own libraries whose result can be told: strings, settings, and in `known/` paths and
//! files.

mod data;
mod loads;

use std::sync::Arc;

pub(super) use self::data::imported_data;
pub(super) use self::loads::imported_text;
use self::loads::{all_joined, read_file, template_of};
use super::follow::{Here, Reader, option_name};
use super::text::{self, Filled};
use super::{Call, ExprId, Kind, Value, paths};
use crate::source::{Span, Text};
use crate::syntax::template::Syntax;

/// Calls that hold a default, by the last part of their name.
pub(super) const HOLDS_DEFAULT: &[&str] = &[
    "Field", "field", "Option", "Query", "Body", "Form", "Argument", "Required",
];

/// Whether a class of a package that others derive from may hold what they call on themselves.
pub(super) fn holds_methods(base: &str) -> bool {
    let plain = [
        "abc.",
        "enum.",
        "typing.",
        "pydantic.",
        "pydantic_settings.",
        "unittest.",
    ];
    base.contains('.') && !plain.iter().any(|package| base.starts_with(package))
}

fn argument<'c>(call: &'c Call, index: usize, name: &str) -> Option<&'c Arc<Value>> {
    let found = call.positional.get(index).or_else(|| call.keyword(name));
    found.map(|argument| &argument.value)
}

fn filled(value: &Value) -> Option<Filled> {
    match &value.kind {
        Kind::Text(text, pieces) => Some((text.clone(), pieces.clone())),
        _ => None,
    }
}

/// What a method gives, where it is one of those that are known.
pub(super) fn method(
    reader: &Reader<'_>,
    here: Here<'_>,
    expr: ExprId,
    object: &Arc<Value>,
    method: &str,
) -> Option<Arc<Value>> {
    let span = reader.span(here, expr);
    let call = || reader.call(here, expr);
    match &object.kind {
        Kind::Text(text, pieces) => {
            let own = (text.clone(), pieces.clone());
            let made = match method {
                "strip" | "trim" => text::strip(&own, true, true),
                "lstrip" | "trimStart" => text::strip(&own, true, false),
                "rstrip" | "trimEnd" => text::strip(&own, false, true),
                "lower" | "toLowerCase" => {
                    // Folded letters are others than those in the file.
                    text::fixed(Text::opaque(&object.fixed()?.to_lowercase(), text.span()))
                }
                "encode" | "toString" | "expanduser" | "resolve" | "absolute" => own,
                "format" | "format_map" => format(reader, stands_in(here, object), &own, &*call()?),
                "replace" | "replaceAll" => {
                    let call = call()?;
                    let needle = argument(&call, 0, "old")?.fixed()?.to_owned();
                    let value = argument(&call, 1, "new")?.clone();
                    text::replace(&own, &needle, &mut |span, into| {
                        reader.put(
                            stands_in(here, object),
                            into,
                            Some(&value),
                            needle.trim_matches(['{', '}', '[', ']', '<', '>', ' ']),
                            span,
                        );
                    })
                }
                "join" => return joined(reader, here, span, Some(object), &call()?.positional.first()?.value),
                "joinpath" => {
                    let call = call()?;
                    return all_joined(
                        reader,
                        here,
                        span,
                        object.clone(),
                        call.positional.iter().map(|part| &part.value),
                    );
                }
                "read_text" | "open" => return read_file(reader, here, span, object),
                _ => return None,
            };
            Some(reader.text(stands_in(here, object), object.place.span, made))
        }
        Kind::List { .. } if method == "join" => {
            let call = call()?;
            joined(
                reader,
                here,
                span,
                call.positional.first().map(|separator| &separator.value),
                object,
            )
        }
        Kind::List { .. } | Kind::Map { .. } if matches!(method, "copy" | "model_copy" | "slice") => {
            Some(object.clone())
        }
        Kind::Map { open, .. } if method == "get" => {
            let call = call()?;
            let found = argument(&call, 0, "key")?.fixed().and_then(|key| object.get(key));
            match (found, argument(&call, 1, "default")) {
                (Some(found), _) => Some(found.clone()),
                (None, Some(default)) if open.is_none() && argument(&call, 0, "key")?.fixed().is_some() => {
                    Some(default.clone())
                }
                _ => {
                    // Any of its values.
                    let Kind::Map { entries, .. } = &object.kind else {
                        return None;
                    };
                    let mut values: Vec<Arc<Value>> = entries.iter().map(|(_, value)| value.clone()).collect();
                    values.extend(argument(&call, 1, "default").cloned());
                    Some(reader.one_of(here, span, values, "the key is chosen while the program runs"))
                }
            }
        }
        Kind::File(path) => match method {
            "resolve" | "absolute" | "expanduser" | "as_posix" | "open" => Some(object.clone()),
            "joinpath" => {
                let call = call()?;
                all_joined(
                    reader,
                    here,
                    span,
                    object.clone(),
                    call.positional.iter().map(|part| &part.value),
                )
            }
            "with_name" => {
                let name = call()?.positional.first()?.value.clone();
                let folder = reader.made(here, span, paths::parent(path));
                all_joined(reader, here, span, folder, std::iter::once(&name))
            }
            "read_text" | "read" => read_file(reader, here, span, object),
            _ => None,
        },
        Kind::Call(template) if matches!(method, "render" | "render_async" | "substitute" | "safe_substitute") => {
            let text = filled(argument(template, 0, "source")?)?;
            let value = argument(template, 0, "source")?;
            let made = match (method, template.callee.as_str()) {
                ("substitute" | "safe_substitute", _) => template_of(&text, Syntax::Dollar),
                (_, callee) if callee.ends_with("Template") || callee.ends_with(".from_string") => {
                    template_of(&text, Syntax::Jinja)
                }
                _ => return None,
            };
            Some(reader.text(stands_in(here, value), value.place.span, made))
        }
        _ => None,
    }
}

/// The place from which a text that is made of `value` is seen: its own file.
fn stands_in<'f>(here: Here<'f>, value: &Value) -> Here<'f> {
    here.in_file(value.place.source)
}

/// `"…".format(…)`.
fn format(reader: &Reader<'_>, here: Here<'_>, own: &Filled, call: &Call) -> Filled {
    text::braces(own, &mut |name, span, into| {
        let first = name.split(['.', '[']).next().unwrap_or(name);
        let by_place = || first.parse().ok().and_then(|at: usize| call.positional.get(at));
        let found = call.keyword(first).or_else(by_place).filter(|_| first == name);
        reader.put(here, into, found.map(|argument| &argument.value), name, span);
    })
}

/// The items of a list, joined by a separator.
fn joined(
    reader: &Reader<'_>,
    here: Here<'_>,
    span: Span,
    separator: Option<&Arc<Value>>,
    list: &Arc<Value>,
) -> Option<Arc<Value>> {
    let Kind::List { items, open } = &list.kind else {
        return None;
    };
    if items.is_empty() {
        return None;
    }
    let between = separator.and_then(|separator| separator.fixed()).unwrap_or(",");
    let mut into = text::Filling::default();
    let mut end = None;
    for item in items {
        let place = item_span(here, item, span);
        if let Some(end) = end {
            // It stands for what is between two items.
            let gap = if place.start >= end {
                Span::new(end, place.start)
            } else {
                span
            };
            into.fixed(&Text::opaque(between, gap));
        }
        reader.put(here, &mut into, Some(item), "item", place);
        end = Some(place.end);
    }
    if open.is_some() {
        into.variable("…", span);
    }
    Some(reader.text(here, span, into.finish(span)))
}

fn item_span(here: Here<'_>, item: &Value, list: Span) -> Span {
    if item.place.source == here.file() {
        item.place.span
    } else {
        list
    }
}

/// What a function gives, where it is one of those that are known.
pub(super) fn function(reader: &Reader<'_>, here: Here<'_>, call: &Arc<Call>) -> Option<Arc<Value>> {
    let span = call.place.span;
    let first = || call.positional.first().map(|argument| &argument.value);
    let callee = call.callee.as_str();
    let read = loads::function(reader, here, call).or_else(|| data::function(reader, here, call));
    if read.is_some() {
        return read;
    }
    match callee {
        "os.getenv" | "os.environ.get" | "environ.get" | "os.environ.setdefault" | "decouple.config" => {
            let name = first()?.fixed().unwrap_or("…").to_owned();
            let why = format!("the environment variable `{name}` decides");
            match argument(call, 1, "default") {
                Some(default) => Some(reader.unless(here, default.clone(), why)),
                None => Some(reader.made(here, span, Kind::Unknown(why))),
            }
        }
        "textwrap.dedent"
        | "inspect.cleandoc"
        | "dedent.default"
        | "ts-dedent.default"
        | "ts-dedent.dedent"
        | "outdent.default"
        | "outdent.outdent"
        | "endent.default"
        | "common-tags.stripIndent" => {
            let value = first()?;
            let made = text::dedent(&filled(value)?, callee != "textwrap.dedent");
            Some(reader.text(stands_in(here, value), value.place.span, made))
        }
        "str" | "list" | "tuple" | "copy.copy" | "copy.deepcopy" | "json.dumps" | "JSON.stringify" | "orjson.dumps"
        | "os.path.abspath" | "os.path.realpath" | "os.path.expanduser" | "os.path.normpath" | "structuredClone"
        | "String" | "Number" | "parseInt" | "parseFloat" | "Object.freeze" | "String.raw" => first().cloned(),
        // The defaults are what the file says; who builds or deploys it may set others.
        "bentoml.use_arguments" => match first()?.kind {
            Kind::Scope(file, class) => {
                let made = Call {
                    own: Some((file, class)),
                    followed: true,
                    ..Call::new(call.callee.clone(), call.place)
                };
                Some(reader.made(here, span, Kind::Call(Arc::new(made))))
            }
            _ => None,
        },
        "dict" => {
            let entries = call
                .keywords
                .iter()
                .map(|(name, argument)| (name.clone(), argument.value.clone()));
            let mut entries: Vec<_> = entries.collect();
            if let Some(Kind::Map { entries: given, .. }) = first().map(|value| &value.kind) {
                let more = given.iter().filter(|(name, _)| call.keyword(name).is_none()).cloned();
                entries.extend(more);
            }
            let open = call.open.then(|| super::Open {
                why: "further entries are handed over".to_owned(),
                grows: None,
            });
            let slot = call.slot.clone();
            Some(reader.made(here, span, Kind::Map { entries, open, slot }))
        }
        "getattr" => {
            let name = argument(call, 1, "name")?.fixed()?;
            let value = reader.member(here, first()?, name, span);
            match (&value.kind, argument(call, 2, "default")) {
                (Kind::Unknown(why), Some(default)) => Some(reader.unless(here, default.clone(), why.clone())),
                _ => Some(value),
            }
        }
        // `settings.get("model", "gpt-4o")` of something that can't be followed.
        _ if callee.ends_with(".get") && !call.followed && call.positional.len() == 2 => {
            let name = first()?.fixed()?.to_owned();
            let why = format!("`{name}` may be set elsewhere");
            Some(reader.unless(here, call.positional[1].value.clone(), why))
        }
        _ => None,
    }
}

/// What `parser.parse_args().name` is: the default and the choices of the option of that name.
pub(super) fn parsed_argument(reader: &Reader<'_>, here: Here<'_>, call: &Call, name: &str) -> Option<Arc<Value>> {
    if call.name() != "parse_args" {
        return None;
    }
    let module = reader.module(here);
    let options = module.calling("add_argument").filter_map(|site| {
        let option = reader.call(here, site.call)?;
        let dest = option
            .keyword("dest")
            .and_then(|dest| dest.value.fixed())
            .map(str::to_owned);
        let names = option
            .positional
            .iter()
            .filter_map(|argument| argument.value.fixed().map(option_name));
        names.chain(dest).any(|known| known == name).then_some(option)
    });
    options
        .into_iter()
        .find_map(|option_call| option(reader, here, &option_call))
}

/// What an option of the command line may be.
pub(super) fn option(reader: &Reader<'_>, here: Here<'_>, call: &Call) -> Option<Arc<Value>> {
    let span = call.place.span;
    let why = "the command line may set another";
    let default = call.keyword("default").map(|argument| argument.value.clone());
    let choices = call.keyword("choices").or_else(|| call.keyword("type"));
    let choices = choices.and_then(|choices| match &choices.value.kind {
        Kind::List { items, .. } => Some(items.clone()),
        Kind::Call(choice) if choice.name() == "Choice" => match &choice.positional.first()?.value.kind {
            Kind::List { items, .. } => Some(items.clone()),
            _ => None,
        },
        _ => None,
    });
    match (choices, default) {
        (Some(choices), _) => Some(reader.one_of(here, span, choices, "the command line chooses")),
        (None, Some(default)) => Some(reader.unless(here, default, why.to_owned())),
        (None, None) => None,
    }
}
