//! Answers of APIs kept a line each, with their `usage`: OpenAI's chat completions and responses, the output of its
//! batches, Anthropic's messages, or the `usage` objects alone.
//! <https://platform.openai.com/docs/api-reference/chat/object>, <https://docs.claude.com/en/api/messages>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::book::{Record, Row};
use super::super::cell::Cells;
use super::super::{cell, time};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "responses",
    about: "answers of OpenAI's or Anthropic's APIs with their `usage`, a line each; batch output; bare `usage` objects",
    served_by: None,
    is: |head| {
        head.is_json
            && (head.has(&["usage"])
                || head.has(&["custom_id", "response"])
                || head.has(&["prompt_tokens", "completion_tokens"])
                || head.has(&["input_tokens", "output_tokens"]))
    },
    columns: &[
        &["model"],
        &["created", "created_at", "timestamp"],
        &["usage"],
        &["prompt"],
        &["metadata"],
        &["response"],
        &["prompt_tokens", "input_tokens"],
        &["completion_tokens", "output_tokens"],
        &["prompt_tokens_details", "input_tokens_details"],
        &["cache_read_input_tokens"],
        &["cache_creation_input_tokens"],
    ],
    row,
    document: None,
};

/// What a `usage` object counts.
#[derive(Default, Deserialize)]
struct Usage<'a> {
    #[serde(borrow, default, alias = "input_tokens")]
    prompt_tokens: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "output_tokens")]
    completion_tokens: Option<&'a RawValue>,
    #[serde(default, alias = "input_tokens_details")]
    prompt_tokens_details: Option<Details>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

/// The answer inside a line of a batch's output.
#[derive(Deserialize)]
struct Batched<'a> {
    #[serde(borrow, default)]
    body: Option<Answer<'a>>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    model: Cow<'a, str>,
    #[serde(borrow, default, alias = "created_at")]
    created: Option<&'a RawValue>,
    #[serde(borrow, default)]
    usage: Option<Usage<'a>>,
}

fn row<'a>(cells: &'a Cells<'a, '_>) -> Result<Row<'a>, String> {
    if let Some(batched) = cells.json::<Batched<'_>>(5) {
        let Some(answer) = batched.body else {
            return Ok(Row::LeftOut("a call that failed"));
        };
        let Some(usage) = answer.usage else {
            return Ok(Row::LeftOut("an answer without usage"));
        };
        let day = match answer.created {
            Some(raw) => Some(time::day(raw.get().trim_matches('"')).map_err(|why| format!("`created` is {why}"))?),
            None => None,
        };
        return Ok(Row::Usage(Record {
            model: answer.model,
            day,
            ..counted(&usage)?
        }));
    }
    #[derive(Default, Deserialize)]
    struct Named<'a> {
        #[serde(borrow, default, alias = "prompt_name", alias = "prompt")]
        id: Option<Cow<'a, str>>,
    }
    let counts = match cells.json::<Usage<'_>>(2) {
        Some(usage) => counted(&usage)?,
        None if cells.text(6).is_none() && cells.text(7).is_none() => {
            return Ok(Row::LeftOut("an answer without usage"));
        }
        None => {
            let details: Details = cells.json(8).unwrap_or_default();
            sums(
                cells.count(6)?,
                cells.count(7)?,
                details.cached_tokens,
                cells.count(9)?,
                cells.count(10)?,
            )?
        }
    };
    let prompt = cells.text(3).or_else(|| cells.json::<Named<'_>>(3)?.id);
    let prompt = prompt.or_else(|| cells.json::<Named<'_>>(4)?.id);
    Ok(Row::Usage(Record {
        model: cells.text(0).unwrap_or_default(),
        // A name is short: a prompt's text is none.
        prompt: prompt
            .filter(|name| name.len() <= 200 && !name.contains('\n'))
            .unwrap_or_default(),
        day: cells.day(1)?,
        ..counts
    }))
}

fn counted<'o>(usage: &Usage<'_>) -> Result<Record<'o>, String> {
    let count = |raw: Option<&RawValue>, name: &str| match raw {
        Some(raw) if raw.get() != "null" => cell::count(raw.get())
            .map(Some)
            .map_err(|why| format!("`{name}` is {why}")),
        _ => Ok(None),
    };
    sums(
        count(usage.prompt_tokens, "prompt_tokens")?,
        count(usage.completion_tokens, "completion_tokens")?,
        usage
            .prompt_tokens_details
            .as_ref()
            .and_then(|details| details.cached_tokens),
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
    )
}

/// OpenAI counts cached tokens within the input, Anthropic beside it.
fn sums<'o>(
    input: Option<u64>,
    output: Option<u64>,
    within: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
) -> Result<Record<'o>, String> {
    let beside = read.unwrap_or(0).checked_add(written.unwrap_or(0));
    let whole = beside.and_then(|beside| input.unwrap_or(0).checked_add(beside));
    Ok(Record {
        calls: Some(1),
        input: Some(whole.ok_or("the sum is larger than a number holds")?),
        cached: within.or(read).unwrap_or(0),
        cache_write: written.unwrap_or(0),
        output: output.unwrap_or(0),
        ..Record::default()
    })
}
