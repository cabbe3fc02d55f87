//! The table that anything else can be brought into: the SQL in docs/usage.md makes it out of a warehouse. A row is any
//! number of calls.

use std::borrow::Cow;

use super::super::book::{Record, Row};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "table",
    about: "a table of one's own: model, prompt, tag, day, calls, input_tokens, cached_input_tokens, \
            cache_write_tokens, output_tokens, usd",
    served_by: None,
    is: |head| head.has(&["calls"]) && (head.has(&["model"]) || head.has(&["prompt"])),
    columns: &[
        &["model"],
        &["prompt"],
        &["tag", "tags"],
        &["day", "date"],
        &["calls"],
        &["input_tokens"],
        &["cached_input_tokens"],
        &["cache_write_tokens"],
        &["output_tokens"],
        &["usd"],
        &["last_day"],
    ],
    row: |cells| {
        let tags = match cells.json::<Vec<String>>(2) {
            Some(tags) => tags.into_iter().map(Cow::Owned).collect(),
            None => cells.text(2).into_iter().collect(),
        };
        Ok(Row::Usage(Record {
            model: cells.text(0).unwrap_or_default(),
            prompt: cells.text(1).unwrap_or_default(),
            tags,
            calls: cells.count(4)?,
            input: cells.count(5)?,
            cached: cells.count(6)?.unwrap_or(0),
            cache_write: cells.count(7)?.unwrap_or(0),
            output: cells.count(8)?.unwrap_or(0),
            usd: cells.usd(9)?,
            day: cells.day(3)?,
            last_day: cells.day(10)?,
        }))
    },
    document: None,
};
