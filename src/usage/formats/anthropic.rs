//! Anthropic: usage and cost as the Console exports them (CSV), and as the Admin API's `usage_report/messages` answers
//! (JSON). Neither counts calls. Input is split by how it met the cache, and is added up here.
//! <https://docs.claude.com/en/api/usage-cost-api>

use serde::Deserialize;

use super::super::book::{Record, Row};
use super::super::cell::{Cell, Cells};
use super::super::json;
use super::Format;
use super::openai_usage::{before, each_result, owned};

const USAGE_COLUMNS: &[&[&str]] = &[
    &["usage_date_utc", "starting_at"],
    &["ending_at"],
    &["model_version", "model"],
    &["usage_input_tokens_no_cache", "uncached_input_tokens"],
    &["usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write"],
    &["usage_input_tokens_cache_write_1h"],
    &["usage_input_tokens_cache_read", "cache_read_input_tokens"],
    &["usage_output_tokens", "output_tokens"],
    &["workspace", "workspace_id"],
    &["cache_creation"],
    &["api_key"],
];

pub(super) const USAGE: Format = Format {
    name: "anthropic-usage",
    about: "Anthropic's usage: the Console's CSV, the Admin API's usage report (no calls are counted)",
    served_by: Some("anthropic"),
    is: |head| {
        head.has(&["usage_date_utc", "usage_output_tokens"])
            || head.says("uncached_input_tokens") && head.says("\"results\"")
    },
    columns: USAGE_COLUMNS,
    row: usage_row,
    document: Some(document),
};

fn usage_row<'a>(cells: &'a Cells<'a, '_>) -> Result<Row<'a>, String> {
    #[derive(Default, Deserialize)]
    struct Written {
        #[serde(default)]
        ephemeral_5m_input_tokens: u64,
        #[serde(default)]
        ephemeral_1h_input_tokens: u64,
    }
    let written: Written = cells.json(9).unwrap_or_default();
    let count = |at| cells.count(at).map(Option::unwrap_or_default);
    let parts = [
        count(4)?,
        count(5)?,
        written.ephemeral_5m_input_tokens,
        written.ephemeral_1h_input_tokens,
    ];
    let sum = |parts: &[u64]| parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part));
    let cache_write = sum(&parts).ok_or("the sum is larger than a number holds")?;
    let cached = count(6)?;
    let input = sum(&[count(3)?, cache_write, cached]).ok_or("the sum is larger than a number holds")?;
    let first = cells.day(0)?;
    Ok(Row::Usage(Record {
        model: cells.text(2).unwrap_or_default(),
        tags: [8, 10].into_iter().filter_map(|at| cells.text(at)).collect(),
        input: Some(input),
        cached,
        cache_write,
        output: count(7)?,
        day: first,
        last_day: before(cells.day(1)?, first),
        ..Record::default()
    }))
}

fn document<'a>(text: &'a [u8], take: &mut dyn FnMut(Result<Row<'a>, String>)) -> Result<(), String> {
    each_result(text, |result, start, end| {
        let mut cells: [Option<Cell<'_>>; 11] = [const { None }; 11];
        let read = json::pick(result.get(), USAGE_COLUMNS, &mut json::Keys::default(), &mut cells);
        cells[0] = start.map(Cell::Json);
        cells[1] = end.map(Cell::Json);
        let cells = Cells {
            cells: &cells,
            names: USAGE_COLUMNS,
        };
        take(read.and_then(|()| usage_row(&cells).map(owned)));
    })
}

pub(super) const COST: Format = Format {
    name: "anthropic-cost",
    about: "Anthropic's cost: the Console's CSV",
    served_by: Some("anthropic"),
    is: |head| head.has(&["usage_date_utc", "cost_usd"]),
    columns: &[
        &["usage_date_utc"],
        &["model", "model_version"],
        &["cost_usd"],
        &["workspace"],
        &["api_key"],
    ],
    row: |cells| {
        Ok(Row::Usage(Record {
            model: cells.text(1).unwrap_or_default(),
            tags: [3, 4].into_iter().filter_map(|at| cells.text(at)).collect(),
            usd: cells.usd(2)?,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};
