//! The tools that a call offers: definitions written down, functions of the program, and what code makes by a function:
//! `tool({description, inputSchema: z.object({…}), execute})`.

use serde_json::{Map, Value as Json};

use super::super::{Reading, settings};
use super::{Found, argument, is_open, shown_at, zod};
use crate::sdks::{Shape, What};
use crate::source::Place;
use crate::syntax::code::{Call, Kind, Open, Value};
use crate::units::{Field, Tool};

/// Most tools that are read of one call.
const MAX_TOOLS: usize = 200;

/// What hands tools to a model before it is called.
const BINDERS: &[&str] = &["bind_tools", "bindTools"];

/// Names under which a tool's parameters stand.
const PARAMETERS: &[&str] = &["inputSchema", "parameters", "schema", "input_schema", "jsonSchema"];

/// What a call offers, as far as it is told.
#[derive(Default)]
pub(super) struct Offered {
    /// The tools that are told.
    pub tools: Vec<Tool>,
    /// Why there may be others.
    pub more: Option<String>,
}

/// The tools that a call offers.
pub(super) fn offered(reading: &Reading<'_>, shape: &Shape, call: &Call) -> Offered {
    let mut offered = Offered::default();
    let stated = shape.tools.iter().filter_map(|path| argument(call, path));
    let makers = std::iter::successors(call.maker.as_deref(), |maker| maker.maker.as_deref());
    let bound = makers
        .filter(|maker| BINDERS.contains(&maker.name()))
        .filter_map(|maker| argument(maker, "0"));
    for found in stated.chain(bound).filter(|found| !found.value.is_null()) {
        offered.add(reading, &found);
    }
    if shape.what == What::Agent && is_given_later(reading, call) {
        offered.unless("functions of the program become tools of it further down".to_owned());
    }
    // The object of `llm_with_tools.invoke(…)` is not followed, but named.
    let object = call.callee.rsplit_once('.').map_or("", |(object, _)| object);
    if offered.tools.is_empty() && object.ends_with("_with_tools") {
        offered.unless(format!("`{object}` was given tools elsewhere"));
    }
    if let Some(why) = is_open(call, shape.tools).filter(|_| !shape.tools.is_empty()) {
        offered.unless(why);
    }
    offered
}

/// Which tool the model is to call.
pub(super) fn choice(call: &Call) -> Field<String> {
    const INSIDE: &[&str] = &[".function.name", ".name", ".toolName", ".type", ""];
    let stated = ["tool_choice", "toolChoice", "^tool_choice", "^function_call"];
    let paths = stated
        .iter()
        .flat_map(|name| INSIDE.iter().map(move |inside| format!("{name}{inside}")));
    let found = paths.filter_map(|path| argument(call, &path)).next();
    match found.filter(|found| !found.value.is_null()) {
        Some(found) => match found.value.fixed() {
            Some(text) => Field::Known(text.to_owned(), found.place),
            None => Field::Unknown("which tool is called is not followed".to_owned(), Some(found.place)),
        },
        None => Field::default(),
    }
}

/// Whether an agent's object makes functions its tools: `@agent.tool`.
fn is_given_later(reading: &Reading<'_>, call: &Call) -> bool {
    let own = call.assigned_to.as_deref();
    own.is_some_and(|name| reading.contains(&format!("@{name}.tool")))
}

impl Offered {
    fn unless(&mut self, why: String) {
        self.more.get_or_insert(why);
    }

    fn open(&mut self, open: Option<&Open>) {
        if let Some(open) = open {
            self.unless(format!("tools: {}", open.why));
        }
    }

    fn add(&mut self, reading: &Reading<'_>, found: &Found) {
        match &found.value.kind {
            Kind::List { items, open } => {
                for item in items.iter().take(MAX_TOOLS) {
                    match listed(reading, item, shown_at(item, found.place)) {
                        Some(tool) => self.tools.push(tool),
                        None => self.unless("a tool of the list is not followed".to_owned()),
                    }
                }
                self.open(open.as_ref());
            }
            Kind::Map { entries, open, .. } => {
                for (name, tool) in entries.iter().take(MAX_TOOLS) {
                    let made = made(Some(name), tool, shown_at(tool, found.place));
                    self.tools.extend(made);
                }
                self.open(open.as_ref());
            }
            _ => self.unless(match found.value.node() {
                Err(why) => format!("tools: {why}"),
                Ok(_) => "tools are not followed".to_owned(),
            }),
        }
    }
}

/// A tool by its definition, by a function of the program with its name and docstring, or by what makes it.
fn listed(reading: &Reading<'_>, item: &Value, place: Place) -> Option<Tool> {
    match &item.kind {
        Kind::Map { .. } => {
            let node = item.node().ok()?;
            let name = node
                .at(&["function", "name"])
                .or_else(|| node.get("name"))
                .or_else(|| node.get("type"));
            let name = name.and_then(|name| name.as_str()).unwrap_or("tool").to_owned();
            Some(Tool {
                name,
                definition: settings::compact_json(&node),
                place,
            })
        }
        Kind::Scope(file, scope) => {
            let scope = reading.files.module(*file)?.scope(*scope);
            let parameters = scope.parameters.iter().map(|parameter| parameter.name.clone());
            let definition = serde_json::json!({
                "name": scope.name,
                "description": scope.doc.as_ref().map(|doc| doc.as_str().trim().to_owned()),
                "parameters": parameters.collect::<Vec<_>>(),
            });
            Some(Tool {
                name: scope.name.clone(),
                definition: definition.to_string(),
                place,
            })
        }
        Kind::Call(_) => made(None, item, place),
        _ => None,
    }
}

/// A tool by what makes it; `key` is the name that it stands under.
fn made(key: Option<&str>, value: &Value, place: Place) -> Option<Tool> {
    let part = |name: &str| match &value.kind {
        Kind::Call(call) => call.keyword(name).map(|argument| &argument.value),
        _ => value.get(name),
    };
    let own = match &value.kind {
        Kind::Call(call) => Some(call.name()),
        _ => None,
    };
    let name = key
        .or_else(|| part("name")?.fixed())
        .or_else(|| part("id")?.fixed())
        .or(own)?;
    let mut function = Map::new();
    function.insert("name".to_owned(), name.into());
    if let Some(Kind::Text(text, _)) = part("description").map(|text| &text.kind) {
        function.insert("description".to_owned(), text.as_str().into());
    }
    let parameters = PARAMETERS.iter().find_map(|name| part(name));
    if let Some(parameters) = parameters.and_then(|parameters| schema(parameters)) {
        function.insert("parameters".to_owned(), parameters);
    }
    let mut tool = Map::new();
    tool.insert("type".to_owned(), "function".into());
    tool.insert("function".to_owned(), function.into());
    Some(Tool {
        name: name.to_owned(),
        definition: Json::from(tool).to_string(),
        place,
    })
}

/// A schema made by zod, or written as JSON Schema (in `jsonSchema(…)` too).
fn schema(value: &Value) -> Option<Json> {
    if let Some(schema) = zod::schema(value) {
        return Some(schema);
    }
    match &value.kind {
        Kind::Call(call) if call.name() == "jsonSchema" => schema(&call.positional.first()?.value),
        Kind::Map { .. } => serde_json::from_str(&settings::compact_json(&*value.node().ok()?)).ok(),
        _ => None,
    }
}
