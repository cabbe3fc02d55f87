//! Google Cloud: the billing export of BigQuery (JSON lines, or CSV with `service.description` or `service_description`
//! columns): USD and tokens of Vertex AI and the Gemini API by SKU. Calls are not in it.
//! <https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage>

use std::borrow::Cow;

use rust_decimal::prelude::ToPrimitive as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::book::{Record, Row};
use super::super::cell::{Cells, decimal, shown};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "vertex",
    about: "Google Cloud's billing export from BigQuery: what of it is Vertex AI's or the Gemini API's (no calls)",
    served_by: Some("vertex"),
    is: |head| {
        head.has(&["service", "sku", "usage_start_time"])
            || head.has(&["sku.description", "usage_start_time"])
            || head.has(&["sku_description", "usage_start_time"])
    },
    columns: &[
        &["usage_start_time"],
        &["service.description", "service_description"],
        &["sku.description", "sku_description"],
        &["usage.amount", "usage_amount"],
        &["usage.unit", "usage_unit"],
        &["cost"],
        &["currency"],
        &["service"],
        &["sku"],
        &["usage"],
        &["cost_type"],
        &["labels"],
    ],
    row,
    document: None,
};

#[derive(Deserialize)]
struct Described<'a> {
    #[serde(borrow, default)]
    description: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Used<'a> {
    #[serde(borrow, default)]
    amount: Option<&'a RawValue>,
    #[serde(borrow, default)]
    unit: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    value: String,
}

fn row<'a>(cells: &'a Cells<'a, '_>) -> Result<Row<'a>, String> {
    let described = |column, inside| {
        let nested = || cells.json::<Described<'_>>(inside).map(|of| of.description);
        cells.text(column).or_else(nested).unwrap_or_default()
    };
    let service = described(1, 7);
    if !["Vertex AI", "Gemini API", "Generative Language API"]
        .iter()
        .any(|name| service.contains(name))
    {
        return Ok(Row::LeftOut("another service"));
    }
    if cells.text(10).is_some_and(|kind| kind != "regular") {
        return Ok(Row::LeftOut("a tax, an adjustment or a rounding"));
    }
    if let Some(currency) = cells.text(6)
        && currency != "USD"
    {
        return Err(format!("`currency` is {}: only USD is added up", shown(&currency)));
    }
    let sku = described(2, 8);
    let used = cells.json::<Used<'_>>(9);
    let (amount, unit) = match &used {
        Some(used) => (
            used.amount.map(|raw| raw.get().trim_matches('"').to_owned()),
            used.unit.to_string(),
        ),
        None => (
            cells.text(3).map(Cow::into_owned),
            cells.text(4).unwrap_or_default().into_owned(),
        ),
    };
    let words: Vec<String> = sku.split_whitespace().map(str::to_ascii_lowercase).collect();
    let says = |word: &str| words.iter().any(|known| known.starts_with(word));
    // Tokens are counted; characters, images and hours are not tokens.
    let is_tokens = unit == "count" && (says("input") || says("output")) && !says("character") && !says("image");
    let tokens = match amount {
        Some(amount) if is_tokens => {
            let count = decimal(&amount).and_then(|amount| amount.round().to_u64());
            Some(count.ok_or_else(|| format!("`usage.amount` is {}: no count", shown(&amount)))?)
        }
        _ => None,
    };
    let is_output = says("output");
    let labels: Vec<Label> = cells.json(11).unwrap_or_default();
    Ok(Row::Usage(Record {
        model: Cow::Owned(model(&words)),
        tags: labels.into_iter().map(|label| Cow::Owned(label.value)).collect(),
        input: tokens.map(|tokens| if is_output { 0 } else { tokens }),
        cached: tokens
            .filter(|_| !is_output && (says("cached") || says("caching")))
            .unwrap_or(0),
        output: tokens.filter(|_| is_output).unwrap_or(0),
        usd: cells.usd(5)?,
        day: cells.day(0)?,
        ..Record::default()
    }))
}

/// The model's name in a SKU such as `Gemini 2.5 Flash Text Input - Predictions`: `gemini-2.5-flash`.
fn model(words: &[String]) -> String {
    const ENDS: &[&str] = &[
        "text",
        "image",
        "video",
        "audio",
        "input",
        "output",
        "cached",
        "caching",
        "batch",
        "thinking",
        "long",
        "ga",
        "-",
        "global",
        "(text)",
        "prediction",
        "predictions",
        "token",
        "tokens",
    ];
    let name = words.iter().take_while(|word| !ENDS.contains(&word.as_str()));
    name.map(String::as_str).collect::<Vec<_>>().join("-")
}
