//! Units with their tokens and costs as CSV (RFC 4180), a row a cost: for spreadsheets.

use super::Style;
use super::words::clean;
use crate::report::Report;

const HEAD: &str =
    "unit,kind,path,line,model,tokens_least,tokens_most,tokens_exact,cost,per,unit_of_cost,low,high,not_known";

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    let mut out = format!("{HEAD}\r\n");
    for unit in &report.units {
        let tokens = unit.tokens.as_ref();
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let start = [
            cell(&unit.name),
            cell(&unit.kind),
            cell(&unit.path),
            unit.span.line.to_string(),
            cell(unit.model.as_deref().unwrap_or_default()),
            number(tokens.map(|count| count.least)),
            number(tokens.map(|count| count.most)),
            tokens.map(|count| count.exact.to_string()).unwrap_or_default(),
        ]
        .join(",");
        for cost in &unit.costs {
            let end = match &cost.amount {
                Some(figure) => format!(
                    "{},{},{},{},{},",
                    cell(&cost.fact),
                    cell(&figure.per),
                    cell(&figure.unit),
                    figure.low.normalize(),
                    figure.high.normalize()
                ),
                None => format!(
                    "{},,,,,{}",
                    cell(&cost.fact),
                    cell(cost.unknown.as_deref().unwrap_or_default())
                ),
            };
            out.push_str(&format!("{start},{end}\r\n"));
        }
        if unit.costs.is_empty() {
            out.push_str(&format!("{start},,,,,,\r\n"));
        }
    }
    out
}

/// A cell: quoted where it must be, and no formula for a spreadsheet to run.
pub(super) fn cell(text: &str) -> String {
    let text = clean(text);
    let text = match text.trim_start().chars().next() {
        // Some spreadsheets read the wide forms alike.
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
        _ => text,
    };
    if text.contains([',', '"', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
