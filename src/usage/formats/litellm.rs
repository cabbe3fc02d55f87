//! LiteLLM's proxy: rows of `LiteLLM_SpendLogs`, as `/spend/logs` answers them or a dump of the table has them (JSON, CSV).
//! <https://docs.litellm.ai/docs/proxy/cost_tracking>

use serde::Deserialize;

use super::super::book::{Record, Row};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "litellm",
    about: "LiteLLM's spend logs",
    served_by: None,
    is: |head| head.has(&["spend", "prompt_tokens", "completion_tokens"]),
    columns: &[
        &["starttime", "start_time"],
        &["model"],
        &["spend"],
        &["prompt_tokens"],
        &["completion_tokens"],
        &["request_tags"],
        &["metadata"],
        &["status"],
        &["cache_hit"],
        &["model_group"],
    ],
    row: |cells| {
        #[derive(Default, Deserialize)]
        struct Metadata {
            #[serde(default)]
            additional_usage_values: Option<Additional>,
        }
        #[derive(Deserialize)]
        struct Additional {
            #[serde(default)]
            cache_read_input_tokens: Option<u64>,
            #[serde(default)]
            cache_creation_input_tokens: Option<u64>,
            #[serde(default)]
            prompt_tokens_details: Option<Details>,
        }
        #[derive(Deserialize)]
        struct Details {
            #[serde(default)]
            cached_tokens: Option<u64>,
        }
        if cells.text(7).as_deref() == Some("failure") {
            return Ok(Row::LeftOut("a call that failed"));
        }
        if cells.text(8).is_some_and(|hit| hit.eq_ignore_ascii_case("true")) {
            return Ok(Row::LeftOut("a call that LiteLLM answered from its cache"));
        }
        let metadata: Metadata = match cells.says(6, "additional_usage_values") {
            true => cells.json(6).unwrap_or_default(),
            false => Metadata::default(),
        };
        let more = metadata.additional_usage_values;
        let more = more.as_ref();
        let cached = more.and_then(|more| {
            more.cache_read_input_tokens
                .or_else(|| more.prompt_tokens_details.as_ref()?.cached_tokens)
        });
        Ok(Row::Usage(Record {
            model: cells.text(1).or_else(|| cells.text(9)).unwrap_or_default(),
            tags: cells.texts(5),
            calls: Some(1),
            input: Some(cells.count(3)?.unwrap_or(0)),
            cached: cached.unwrap_or(0),
            cache_write: more.and_then(|more| more.cache_creation_input_tokens).unwrap_or(0),
            output: cells.count(4)?.unwrap_or(0),
            usd: cells.usd(2)?,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};
