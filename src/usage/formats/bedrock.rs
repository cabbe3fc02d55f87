//! AWS Bedrock: the log of model invocations (JSON lines in S3 or CloudWatch). What was read from or written to the cache
//! is not in `inputTokenCount`, and is added to it here.
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html>

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::book::{Record, Row};
use super::Format;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Side {
    input_token_count: u64,
    output_token_count: u64,
    cache_read_input_token_count: u64,
    cache_write_input_token_count: u64,
}

pub(super) const FORMAT: Format = Format {
    name: "bedrock",
    about: "AWS Bedrock's model invocation log",
    served_by: Some("bedrock"),
    is: |head| head.has(&["modelid", "input"]) && (head.has(&["schematype"]) || head.has(&["operation", "output"])),
    columns: &[
        &["timestamp"],
        &["modelid"],
        &["input"],
        &["output"],
        &["errorcode"],
        &["requestmetadata"],
    ],
    row: |cells| {
        if cells.text(4).is_some() {
            return Ok(Row::LeftOut("a call that failed"));
        }
        let model = cells.text(1).ok_or("`modelId` is missing")?;
        // An inference profile is named by its ARN, which ends with the model.
        let model = match model.rsplit_once('/') {
            Some((_, name)) => Cow::Owned(name.to_owned()),
            None => model,
        };
        let input: Side = cells.json(2).ok_or("`input` has no counts of tokens")?;
        let output: Side = cells.json(3).unwrap_or_default();
        let tags: BTreeMap<String, String> = cells.json(5).unwrap_or_default();
        let prompt = tags.iter().find(|(key, _)| {
            matches!(
                key.to_ascii_lowercase().as_str(),
                "prompt" | "promptname" | "prompt_name"
            )
        });
        let prompt = prompt.map_or_else(String::new, |(_, name)| name.clone());
        let (cached, cache_write) = (input.cache_read_input_token_count, input.cache_write_input_token_count);
        let sum = input
            .input_token_count
            .checked_add(cached)
            .and_then(|sum| sum.checked_add(cache_write));
        Ok(Row::Usage(Record {
            model,
            prompt: prompt.into(),
            tags: tags
                .into_iter()
                .filter(|(key, _)| !is_one_calls(key))
                .map(|(_, value)| Cow::Owned(value))
                .collect(),
            calls: Some(1),
            input: Some(sum.ok_or("the sum is larger than a number holds")?),
            cached,
            cache_write,
            output: output.output_token_count,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};

/// Whether a key of metadata names one call or one person, by which nothing is to be grouped.
pub(super) fn is_one_calls(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "trace",
        "session",
        "request",
        "user",
        "span",
        "conversation",
        "thread",
        "time",
        "prompt",
    ]
    .iter()
    .any(|word| key.contains(word))
}
