//! Tools that code makes by a function: `tool({description, inputSchema: z.object({…}), execute})`.

use serde_json::{Map, Value as Json};

use super::super::settings;
use super::zod;
use crate::source::Place;
use crate::syntax::code::{Kind, Value};
use crate::units::Tool;

/// Names under which a tool's parameters stand.
const PARAMETERS: &[&str] = &["inputSchema", "parameters", "schema", "input_schema", "jsonSchema"];

/// A tool by what makes it; `key` is the name that it stands under.
pub(super) fn made(key: Option<&str>, value: &Value, place: Place) -> Option<Tool> {
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
