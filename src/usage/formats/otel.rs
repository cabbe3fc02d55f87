//! OpenTelemetry: spans with the attributes of the GenAI conventions, as OTLP writes them in JSON (the collector's file
//! exporter: a document a line). Spans of agents and tools repeat what the calls inside them count, and are left out.
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::book::{Record, Row};
use super::super::json::plain;
use super::super::{cell, time};
use super::{Format, no_row};

pub(super) const FORMAT: Format = Format {
    name: "otel",
    about: "OpenTelemetry's GenAI spans, as OTLP in JSON",
    served_by: None,
    is: |head| head.is_json && head.has(&["resourcespans"]),
    columns: &[],
    row: no_row,
    document: Some(document),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    #[serde(borrow, default)]
    resource: Option<Resource<'a>>,
    #[serde(borrow, default, alias = "instrumentationLibrarySpans")]
    scope_spans: Vec<ScopeSpans<'a>>,
}

#[derive(Deserialize)]
struct Resource<'a> {
    #[serde(borrow, default)]
    attributes: Vec<Attribute<'a>>,
}

#[derive(Deserialize)]
struct ScopeSpans<'a> {
    #[serde(borrow, default)]
    spans: Vec<Span<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span<'a> {
    #[serde(borrow, default)]
    start_time_unix_nano: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attributes: Vec<Attribute<'a>>,
}

#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, default)]
    key: Cow<'a, str>,
    #[serde(borrow, default)]
    value: Value<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value<'a> {
    #[serde(borrow, default)]
    string_value: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    int_value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    double_value: Option<&'a RawValue>,
}

impl<'a> Value<'a> {
    fn text(&self) -> Option<Cow<'a, str>> {
        let number = self.int_value.or(self.double_value);
        self.string_value
            .clone()
            .or_else(|| Some(Cow::Borrowed(number?.get().trim_matches('"'))))
    }
}

fn find<'a>(attributes: &[Attribute<'a>], names: &[&str]) -> Option<Cow<'a, str>> {
    let named = |name: &&str| attributes.iter().find(|attribute| attribute.key == **name);
    let found = names.iter().find_map(named)?;
    found.value.text().filter(|text| !text.is_empty())
}

fn document<'a>(text: &'a [u8], take: &mut dyn FnMut(Result<Row<'a>, String>)) -> Result<(), String> {
    let document: Document<'a> = serde_json::from_slice(text).map_err(|error| plain(&error))?;
    for resource in document.resource_spans {
        let of = resource
            .resource
            .map(|resource| resource.attributes)
            .unwrap_or_default();
        let service = find(&of, &["service.name"]);
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            take(row(span, service.clone()));
        }
    }
    Ok(())
}

/// Operations whose spans are calls of a model.
const CALLS: &[&str] = &["chat", "text_completion", "generate_content", "embeddings"];

fn row<'a>(span: &Span<'a>, service: Option<Cow<'a, str>>) -> Result<Row<'a>, String> {
    let of = |names: &[&str]| find(&span.attributes, names);
    let count = |names: &[&str]| match of(names) {
        Some(text) => cell::count(&text)
            .map(Some)
            .map_err(|why| format!("`{}` is {why}", names[0])),
        None => Ok(None),
    };
    if of(&["gen_ai.operation.name"]).is_some_and(|operation| !CALLS.contains(&operation.as_ref())) {
        return Ok(Row::LeftOut("a span of an agent, a tool or a task"));
    }
    let input = count(&["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"])?;
    let output = count(&["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"])?;
    if input.is_none() && output.is_none() {
        return Ok(Row::LeftOut("a span without tokens"));
    }
    let day = match span.start_time_unix_nano {
        Some(raw) => {
            Some(time::day(raw.get().trim_matches('"')).map_err(|why| format!("`startTimeUnixNano` is {why}"))?)
        }
        None => None,
    };
    let cached = count(&[
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
    ])?
    .unwrap_or(0);
    let cache_write = count(&[
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
    ])?;
    Ok(Row::Usage(Record {
        model: of(&["gen_ai.request.model", "gen_ai.response.model"]).unwrap_or_default(),
        prompt: of(&["gen_ai.prompt.name", "langfuse.observation.prompt.name"]).unwrap_or_default(),
        tags: service.into_iter().collect(),
        calls: Some(1),
        input,
        cached,
        cache_write: cache_write.unwrap_or(0),
        output: output.unwrap_or(0),
        day,
        ..Record::default()
    }))
}
