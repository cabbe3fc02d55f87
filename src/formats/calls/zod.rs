//! Schemas that code writes with zod, as the JSON Schema that is sent. <https://zod.dev/json-schema>

use serde_json::{Map, Value as Json, json};

use crate::syntax::code::{Call, Kind, Value};

/// Deepest nesting of a schema that is written out.
const MAX_DEPTH: usize = 30;

/// A schema, and whether an object may leave it out.
struct Schema {
    json: Json,
    optional: bool,
}

/// The JSON Schema of a value that zod makes; `None` where zod does not.
pub(super) fn schema(value: &Value) -> Option<Json> {
    read(value, MAX_DEPTH).map(|schema| schema.json)
}

fn read(value: &Value, depth: usize) -> Option<Schema> {
    let depth = depth.checked_sub(1)?;
    let Kind::Call(call) = &value.kind else {
        return None;
    };
    if !call.callee.starts_with("zod") {
        return None;
    }
    let is_first = call.maker.is_none();
    if is_first {
        let json = first(call, depth)?;
        return Some(Schema { json, optional: false });
    }
    let mut schema = match &call.maker {
        Some(maker) => {
            let kind = Kind::Call(maker.clone());
            let place = maker.place;
            read(&Value { place, kind }, depth)?
        }
        None => return None,
    };
    let argument = call.positional.first().map(|argument| argument.value.as_ref());
    match call.name() {
        "optional" | "default" | "nullish" | "prefault" => schema.optional = true,
        "describe" => {
            if let (Some(text), Some(object)) = (argument.and_then(said), schema.json.as_object_mut()) {
                object.insert("description".to_owned(), text.into());
            }
        }
        "meta" => {
            let description = argument
                .and_then(|options| options.get("description"))
                .and_then(|text| said(text));
            if let (Some(text), Some(object)) = (description, schema.json.as_object_mut()) {
                object.insert("description".to_owned(), text.into());
            }
        }
        "int" => set_type(&mut schema.json, "integer"),
        "array" => schema.json = json!({"type": "array", "items": schema.json}),
        "or" => {
            let other = argument
                .and_then(|other| read(other, depth))
                .map_or(json!({}), |other| other.json);
            schema.json = json!({"anyOf": [schema.json, other]});
        }
        "extend" | "merge" | "safeExtend" => {
            let more = argument.map(|more| read(more, depth).map_or_else(|| object(more, depth), |more| more.json));
            if let Some(more) = more {
                merge(&mut schema.json, &more);
            }
        }
        _ => {}
    }
    if matches!(call.name(), "nullable" | "nullish") {
        schema.json = json!({"anyOf": [schema.json, {"type": "null"}]});
    }
    Some(schema)
}

/// `z.string()`, `z.object({…})` and their like.
fn first(call: &Call, depth: usize) -> Option<Json> {
    let argument = call.positional.first().map(|argument| argument.value.as_ref());
    let inner = |value: Option<&Value>| {
        value
            .and_then(|value| read(value, depth))
            .map_or(json!({}), |schema| schema.json)
    };
    Some(match call.name() {
        "string" | "email" | "url" | "uuid" | "iso" => json!({"type": "string"}),
        "number" => json!({"type": "number"}),
        "int" | "bigint" => json!({"type": "integer"}),
        "boolean" => json!({"type": "boolean"}),
        "date" => json!({"type": "string", "format": "date-time"}),
        "null" => json!({"type": "null"}),
        "any" | "unknown" => json!({}),
        "object" | "strictObject" | "looseObject" => object(argument?, depth),
        "array" => json!({"type": "array", "items": inner(argument)}),
        "record" => {
            let value = call.positional.last().map(|argument| argument.value.as_ref());
            json!({"type": "object", "additionalProperties": inner(value)})
        }
        "optional" | "nullable" | "lazy" => inner(argument),
        "literal" => json!({"type": "string", "const": argument.and_then(said)?}),
        "enum" | "nativeEnum" => {
            let values: Vec<Json> = match &argument?.kind {
                Kind::List { items, .. } => items.iter().filter_map(|item| said(item)).map(Json::from).collect(),
                Kind::Map { entries, .. } => {
                    let values = entries.iter().filter_map(|(_, value)| said(value));
                    values.map(Json::from).collect()
                }
                _ => return Some(json!({"type": "string"})),
            };
            json!({"type": "string", "enum": values})
        }
        "union" | "discriminatedUnion" => {
            let list = call.positional.last().map(|argument| &argument.value.kind);
            let Some(Kind::List { items, .. }) = list else {
                return Some(json!({}));
            };
            let any: Vec<Json> = items.iter().map(|item| inner(Some(item))).collect();
            json!({"anyOf": any})
        }
        _ => return None,
    })
}

fn object(fields: &Value, depth: usize) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if let Kind::Map { entries, .. } = &fields.kind {
        for (name, field) in entries {
            let schema = read(field, depth);
            if !schema.as_ref().is_some_and(|schema| schema.optional) {
                required.push(Json::from(name.as_str()));
            }
            properties.insert(name.clone(), schema.map_or(json!({}), |schema| schema.json));
        }
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// Adds the fields of another object.
fn merge(schema: &mut Json, more: &Json) {
    if let (Some(own), Some(other)) = (
        schema.get_mut("properties").and_then(Json::as_object_mut),
        more.get("properties").and_then(Json::as_object),
    ) {
        own.extend(other.clone());
    }
    if let (Some(own), Some(other)) = (
        schema.get_mut("required").and_then(Json::as_array_mut),
        more.get("required").and_then(Json::as_array),
    ) {
        own.extend(other.iter().cloned());
    }
}

fn set_type(schema: &mut Json, name: &str) {
    if let Some(object) = schema.as_object_mut() {
        object.insert("type".to_owned(), name.into());
    }
}

fn said(value: &Value) -> Option<&str> {
    match &value.kind {
        Kind::Text(text, _) => Some(text.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, SourceId};
    use crate::syntax::code::{Files, Reader};

    #[test]
    fn schemas_are_written_out() {
        let text = r#"
import { z } from "zod";
const Base = z.object({ id: z.string().uuid().describe("Which") });
const kinds = ["a", "b"] as const;
ask(Base.extend({
  kind: z.enum(kinds).optional(),
  many: z.array(z.object({ n: z.number().int().min(1).nullable() })).default([]),
  either: z.union([z.literal("x"), z.boolean()]),
}));
"#;
        let sources = [Source::new("a.ts", text, false)];
        let files = Files::new(&sources);
        let reader = Reader::new(&files, SourceId(0)).expect("it is read");
        let calls = reader.calls(|callee, _| callee == "ask");
        let found = schema(&calls[0].positional[0].value).expect("a schema");
        let expected = json!({
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "Which"},
                "kind": {"type": "string", "enum": ["a", "b"]},
                "many": {"type": "array", "items": {
                    "type": "object",
                    "properties": {"n": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
                    "required": ["n"],
                    "additionalProperties": false
                }},
                "either": {"anyOf": [{"type": "string", "const": "x"}, {"type": "boolean"}]}
            },
            "required": ["id", "either"],
            "additionalProperties": false
        });
        assert_eq!(found, expected);
    }
}
