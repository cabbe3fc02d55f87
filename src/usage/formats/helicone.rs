//! Helicone: requests, as its export tool writes them (JSON, JSON lines, CSV).
//! <https://docs.helicone.ai/rest/request/post-v1requestquery-clickhouse>

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::book::{Record, Row};
use super::Format;
use super::bedrock::is_one_calls;

pub(super) const FORMAT: Format = Format {
    name: "helicone",
    about: "Helicone's requests",
    served_by: None,
    is: |head| {
        head.has(&["request_created_at", "prompt_tokens"]) || head.has(&["response_created_at", "prompt_tokens"])
    },
    columns: &[
        &["request_created_at", "response_created_at"],
        &["model_override", "response_model", "request_model", "model"],
        &["prompt_id", "helicone_prompt_id"],
        &["prompt_tokens"],
        &["prompt_cache_read_tokens"],
        &["prompt_cache_write_tokens"],
        &["completion_tokens"],
        // `cost` is in parts of a cent in some of its answers: only what says USD is taken.
        &["costusd", "cost_usd"],
        &["request_properties", "properties"],
        &["response_status"],
    ],
    row: |cells| {
        if cells.text(9).is_some_and(|status| !status.starts_with('2')) {
            return Ok(Row::LeftOut("a call that failed"));
        }
        let properties: BTreeMap<String, String> = cells.json(8).unwrap_or_default();
        let named = properties
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("Helicone-Prompt-Id"));
        let prompt = match (cells.text(2), named) {
            (Some(prompt), _) => prompt,
            (None, Some((_, name))) => Cow::Owned(name.clone()),
            (None, None) => Cow::Borrowed(""),
        };
        let (cached, cache_write) = (cells.count(4)?.unwrap_or(0), cells.count(5)?.unwrap_or(0));
        let input = cells.count(3)?.unwrap_or(0);
        Ok(Row::Usage(Record {
            model: cells.text(1).unwrap_or_default(),
            prompt,
            tags: properties
                .into_iter()
                .filter(|(key, _)| !is_one_calls(key))
                .map(|(_, value)| Cow::Owned(value))
                .collect(),
            calls: Some(1),
            // Anthropic's counts leave out what met the cache, OpenAI's do not.
            input: Some(
                input.max(
                    cached
                        .checked_add(cache_write)
                        .ok_or("the sum is larger than a number holds")?,
                ),
            ),
            cached,
            cache_write,
            output: cells.count(6)?.unwrap_or(0),
            usd: cells.usd(7)?,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};
