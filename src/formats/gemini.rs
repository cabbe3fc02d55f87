//! Requests to Gemini as JSON and JSON Lines (`contents`, `systemInstruction`, `generationConfig`), alone, as lines of
//! a batch file, or as Vertex AI keeps prompts (`promptMessage`).
//! Shapes: <https://ai.google.dev/api/generate-content>, <https://ai.google.dev/gemini-api/docs/batch-api>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/prompt-classes>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, json};
use crate::units::{Field, Role, Tool};

pub(super) const NAME: &str = "gemini request";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    if !matches!(extension, "json" | "jsonl") || !reading.contains("\"parts\"") || !reading.contains("\"contents\"") {
        return None;
    }
    let mut made = Maker::new(reading, NAME);
    if extension == "jsonl" {
        let (body, start) = reading.source.body();
        for (span, line) in json::parse_lines(body, start) {
            match line {
                Ok(value) => {
                    let number = reading.source.position(span.start).line;
                    read_request(&mut made, &value, &number.to_string());
                }
                Err(error) if made.errors() == 0 => made.error(error),
                Err(_) => {}
            }
        }
        return (made.found() > 0).then(|| made.finish_certain());
    }
    read_request(&mut made, reading.json().as_ref().ok()?, "");
    made.finish()
}

/// Where the request stands in what is kept.
const INSIDE: &[&[&str]] = &[
    &["request"],
    &["promptMessage"],
    &["multimodalPrompt", "promptMessage"],
    &["structuredPrompt", "promptMessage"],
];

fn read_request(made: &mut Maker<'_, '_>, value: &Node, suffix: &str) {
    let reading = made.reading;
    let request = INSIDE.iter().find_map(|path| value.at(path)).unwrap_or(value);
    let Some(contents) = request.get("contents").filter(|list| list.is_seq()) else {
        return;
    };
    // A reply and a chat's log have contents too; a request says how, or by whom, it is to be answered.
    let keys = [
        "systemInstruction",
        "system_instruction",
        "generationConfig",
        "generation_config",
        "model",
        "tools",
    ];
    let batch = value.get("request").is_some();
    // What is cached is not asked.
    if request.get("ttl").is_some() {
        return;
    }
    if !batch && !keys.iter().any(|key| request.get(key).is_some()) {
        return;
    }
    let mut prompt = made.prompt(suffix, request);
    prompt.batch = batch;
    let system = request
        .get("systemInstruction")
        .or_else(|| request.get("system_instruction"));
    if let Some(parts) = system.and_then(|system| system.get("parts")) {
        let texts = if parts.is_seq() {
            made.content_parts(Role::System, parts, Syntax::Detect)
        } else {
            Vec::new()
        };
        prompt.messages.extend(texts);
        made.say(&mut prompt, Role::System, parts.get("text"), Syntax::Detect);
    }
    for content in contents.items() {
        let role = match content.get("role").and_then(Node::as_str) {
            None => Role::User,
            Some(name) => match Role::from_name(name) {
                Some(role) => role,
                None => return,
            },
        };
        if let Some(parts) = content.get("parts").filter(|parts| parts.is_seq()) {
            let texts = made.content_parts(role, parts, Syntax::Detect);
            prompt.messages.extend(texts);
        }
    }
    prompt.model = settings::string(reading, request, &["model"]);
    if let Field::Known(name, _) = &mut prompt.model
        && let Some((_, short)) = name.rsplit_once('/')
    {
        *name = short.to_owned();
    }
    let config = request
        .get("generationConfig")
        .or_else(|| request.get("generation_config"));
    settings::take_parameters(reading, config.unwrap_or(request), &mut prompt);
    if let Some(config) = config {
        let schema = ["responseSchema", "response_schema", "responseJsonSchema"];
        let kind = config
            .get("responseMimeType")
            .or_else(|| config.get("response_mime_type"));
        if let Some(schema) = schema.iter().find_map(|key| config.get(key)) {
            prompt.response_format = Field::Known("json_schema".to_owned(), reading.place(schema.span));
        } else if let Some(kind) = kind.filter(|kind| kind.as_str() == Some("application/json")) {
            prompt.response_format = Field::Known("json_object".to_owned(), reading.place(kind.span));
        }
    }
    for tool in request.get("tools").into_iter().flat_map(Node::items) {
        let list = tool
            .get("functionDeclarations")
            .or_else(|| tool.get("function_declarations"));
        let made: Vec<Tool> = match list {
            Some(list) => list.items().map(|one| settings::tool(reading, one)).collect(),
            None => vec![settings::tool(reading, tool)],
        };
        prompt.tools.extend(made);
    }
    made.push(prompt);
}
