//! AWS: the Cost and Usage Report (CSV, the older `lineItem/…` and the newer `line_item_…` columns): USD of Bedrock by
//! usage type. Calls are not in it; tokens are, where the unit is thousands of them.
//! <https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html>

use std::borrow::Cow;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::super::book::{Record, Row};
use super::super::cell::{decimal, shown};
use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "aws-cost",
    about: "AWS's Cost and Usage Report: what of it is Bedrock's (no calls are counted)",
    served_by: Some("bedrock"),
    is: |head| head.has(&["lineitem/usagetype"]) || head.has(&["line_item_usage_type"]),
    columns: &[
        &["lineitem/usagestartdate", "line_item_usage_start_date"],
        &["lineitem/productcode", "line_item_product_code"],
        &["lineitem/usagetype", "line_item_usage_type"],
        &["lineitem/usageamount", "line_item_usage_amount"],
        &["lineitem/unblendedcost", "line_item_unblended_cost"],
        &["lineitem/lineitemtype", "line_item_line_item_type"],
        &["pricing/unit", "pricing_unit"],
        &["lineitem/currencycode", "line_item_currency_code"],
        &["product/productname", "product_product_name"],
    ],
    row: |cells| {
        let is_bedrock = |at| {
            cells
                .text(at)
                .is_some_and(|name| name.to_ascii_lowercase().contains("bedrock"))
        };
        if !is_bedrock(1) && !is_bedrock(8) {
            return Ok(Row::LeftOut("another product"));
        }
        if cells.text(5).is_some_and(|kind| !kind.ends_with("Usage")) {
            return Ok(Row::LeftOut("a credit, a tax or a fee"));
        }
        if let Some(currency) = cells.text(7)
            && currency != "USD"
        {
            return Err(format!("the currency is {}: only USD is added up", shown(&currency)));
        }
        let kind = cells.text(2).unwrap_or_default();
        let tokens = match (cells.text(6), cells.text(3)) {
            (Some(unit), Some(amount)) if unit.eq_ignore_ascii_case("1k tokens") => decimal(&amount)
                .and_then(|amount| amount.checked_mul(Decimal::ONE_THOUSAND))
                .map(|amount| {
                    amount.round().to_u64().ok_or_else(|| {
                        format!(
                            "the usage amount {} is no count",
                            shown(&cells.text(3).unwrap_or_default())
                        )
                    })
                })
                .transpose()?,
            _ => None,
        };
        let is = |word: &str| kind.to_ascii_lowercase().contains(word);
        let output = tokens.filter(|_| is("output"));
        let input = tokens.filter(|_| is("input") || is("cache"));
        Ok(Row::Usage(Record {
            model: Cow::Owned(model(&kind).to_owned()),
            cached: input.filter(|_| is("cache-read") || is("cacheread")).unwrap_or(0),
            input: input.or_else(|| output.map(|_| 0)),
            output: output.unwrap_or(0),
            usd: cells.usd(4)?,
            day: cells.day(0)?,
            ..Record::default()
        }))
    },
    document: None,
};

/// The model's name in a usage type such as `USE1-Claude3Sonnet-input-tokens`.
fn model(kind: &str) -> &str {
    let inner = kind.split_once('-').map_or(kind, |(_, rest)| rest);
    let lower = inner.to_ascii_lowercase();
    let end = ["-input", "-output", "-cache"]
        .iter()
        .filter_map(|word| lower.find(word))
        .min();
    end.map_or(inner, |end| &inner[..end])
}
