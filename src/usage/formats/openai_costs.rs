//! OpenAI: costs, as the dashboard exports them (CSV) and as `/v1/organization/costs` answers them (JSON): USD by day, by
//! line item such as `gpt-4o-2024-08-06, input`. They hold no calls and no tokens.
//! <https://platform.openai.com/docs/api-reference/usage/costs>

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::book::{Record, Row};
use super::super::cell::{Cell, Cells};
use super::super::json;
use super::Format;
use super::openai_usage::{before, each_result, owned};

const COLUMNS: &[&[&str]] = &[
    &["start_time_iso", "start_time"],
    &["end_time_iso", "end_time"],
    &["amount_value"],
    &["amount_currency"],
    &["line_item"],
    &["project_name", "project_id"],
    &["amount"],
];

pub(super) const FORMAT: Format = Format {
    name: "openai-costs",
    about: "OpenAI's costs: the dashboard's CSV, the costs API's JSON",
    served_by: Some("openai"),
    is: |head| head.has(&["amount_value", "amount_currency"]) || head.says("organization.costs.result"),
    columns: COLUMNS,
    row,
    document: Some(document),
};

fn row<'a>(cells: &'a Cells<'a, '_>) -> Result<Row<'a>, String> {
    let Some(usd) = cells.usd(2)? else {
        return Ok(Row::LeftOut("a time without costs"));
    };
    if let Some(currency) = cells.text(3)
        && !currency.eq_ignore_ascii_case("usd")
    {
        return Err(format!("`amount_currency` is `{currency}`: only USD is added up"));
    }
    let item = cells.text(4).unwrap_or_default();
    let model = match item.split_once(',') {
        Some((model, _)) => Cow::Owned(model.to_owned()),
        None => item,
    };
    let first = cells.day(0)?;
    Ok(Row::Usage(Record {
        model,
        tags: cells.text(5).into_iter().collect(),
        usd: Some(usd),
        day: first,
        last_day: before(cells.day(1)?, first),
        ..Record::default()
    }))
}

fn document<'a>(text: &'a [u8], take: &mut dyn FnMut(Result<Row<'a>, String>)) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Amount<'a> {
        #[serde(borrow, default)]
        value: Option<&'a RawValue>,
        #[serde(borrow, default)]
        currency: Option<&'a RawValue>,
    }
    each_result(text, |result, start, end| {
        let mut cells: [Option<Cell<'_>>; 7] = [const { None }; 7];
        let mut read = json::pick(result.get(), COLUMNS, &mut json::Keys::default(), &mut cells);
        if let Some(Cell::Json(amount)) = cells[6] {
            match serde_json::from_str::<Amount<'_>>(amount.get()) {
                Ok(amount) => {
                    cells[2] = amount.value.map(Cell::Json);
                    cells[3] = amount.currency.map(Cell::Json);
                }
                Err(_) => read = Err("`amount` is no amount".to_owned()),
            }
        }
        cells[0] = start.map(Cell::Json);
        cells[1] = end.map(Cell::Json);
        let cells = Cells {
            cells: &cells,
            names: COLUMNS,
        };
        take(read.and_then(|()| row(&cells).map(owned)));
    })
}
