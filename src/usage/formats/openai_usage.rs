//! OpenAI: completions usage, as the dashboard exports it (CSV) and as `/v1/organization/usage/completions` answers it
//! (JSON). A row is a bucket of time; input tokens include cached ones.
//! <https://platform.openai.com/docs/api-reference/usage/completions>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::book::{Record, Row};
use super::super::cell::{Cell, Cells};
use super::super::json;
use super::super::json::plain;
use super::Format;
use crate::catalog::Date;

const COLUMNS: &[&[&str]] = &[
    &["start_time_iso", "start_time"],
    &["end_time_iso", "end_time"],
    &["model"],
    &["num_model_requests"],
    &["input_tokens"],
    &["input_cached_tokens"],
    &["output_tokens"],
    &["project_name", "project_id"],
];

pub(super) const FORMAT: Format = Format {
    name: "openai-usage",
    about: "OpenAI's completions usage: the dashboard's CSV, the usage API's JSON",
    served_by: Some("openai"),
    is: |head| {
        head.has(&["num_model_requests", "input_tokens"]) && !head.is_json
            || head.says("organization.usage.completions")
            // Where there was no call in all of its time, the dashboard writes these four alone.
            || head.keys == ["start_time", "end_time", "start_time_iso", "end_time_iso"]
    },
    columns: COLUMNS,
    row,
    document: Some(document),
};

fn row<'a>(cells: &'a Cells<'a, '_>) -> Result<Row<'a>, String> {
    let Some(calls) = cells.count(3)? else {
        return Ok(Row::LeftOut("a time without calls"));
    };
    let first = cells.day(0)?;
    Ok(Row::Usage(Record {
        model: cells.text(2).unwrap_or_default(),
        tags: cells.text(7).into_iter().collect(),
        calls: Some(calls),
        input: Some(cells.count(4)?.unwrap_or(0)),
        cached: cells.count(5)?.unwrap_or(0),
        output: cells.count(6)?.unwrap_or(0),
        day: first,
        last_day: before(cells.day(1)?, first),
        ..Record::default()
    }))
}

/// The last day of a time that ends with the start of `end`.
pub(super) fn before(end: Option<Date>, first: Option<Date>) -> Option<Date> {
    let last = end?.plus_days(-1)?;
    Some(first.map_or(last, |first| first.max(last)))
}

/// A time and what was used in it.
#[derive(Deserialize)]
struct Bucket<'a> {
    #[serde(borrow, default, alias = "starting_at")]
    start_time: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "ending_at")]
    end_time: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "result")]
    results: Vec<&'a RawValue>,
}

/// Hands on each result of a page or a bucket with the times of its bucket.
pub(super) fn each_result<'a>(
    text: &'a [u8],
    mut take: impl FnMut(&'a RawValue, Option<&'a RawValue>, Option<&'a RawValue>),
) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Pages<'a> {
        #[serde(borrow, default)]
        data: Vec<Bucket<'a>>,
    }
    let pages: Pages<'_> = serde_json::from_slice(text).map_err(|error| plain(&error))?;
    let alone: Option<Bucket<'_>> = match pages.data.is_empty() {
        true => serde_json::from_slice(text).ok(),
        false => None,
    };
    for bucket in pages.data.into_iter().chain(alone) {
        for result in bucket.results {
            take(result, bucket.start_time, bucket.end_time);
        }
    }
    Ok(())
}

fn document<'a>(text: &'a [u8], take: &mut dyn FnMut(Result<Row<'a>, String>)) -> Result<(), String> {
    each_result(text, |result, start, end| {
        let mut cells: [Option<Cell<'_>>; 8] = [const { None }; 8];
        let read = json::pick(result.get(), COLUMNS, &mut json::Keys::default(), &mut cells);
        cells[0] = start.map(Cell::Json);
        cells[1] = end.map(Cell::Json);
        let cells = Cells {
            cells: &cells,
            names: COLUMNS,
        };
        take(read.and_then(|()| row(&cells).map(owned)));
    })
}

/// A row that borrows nothing of its cells.
pub(super) fn owned<'o>(row: Row<'_>) -> Row<'o> {
    match row {
        Row::LeftOut(why) => Row::LeftOut(why),
        Row::Usage(record) => Row::Usage(Record {
            model: Cow::Owned(record.model.into_owned()),
            prompt: Cow::Owned(record.prompt.into_owned()),
            tags: record
                .tags
                .into_iter()
                .map(|tag| Cow::Owned(tag.into_owned()))
                .collect(),
            calls: record.calls,
            input: record.input,
            cached: record.cached,
            cache_write: record.cache_write,
            output: record.output,
            usd: record.usd,
            day: record.day,
            last_day: record.last_day,
        }),
    }
}
