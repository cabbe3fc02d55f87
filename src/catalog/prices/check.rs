//! Whether a list of prices can be true.

use rust_decimal::Decimal;

use super::list::{Line, PriceList};
use super::{PriceRow, Rate};
use crate::catalog::Date;

/// Prices older than this many days are said to be old.
pub const MOST_AGE_DAYS: i64 = 60;
/// No source has a dearer price: a million tokens of the dearest model cost less than a tenth of it.
const MOST_USD: u32 = 10_000;
/// Problems that are told.
const MOST_PROBLEMS: usize = 20;

/// What is wrong with the lines of a list, each with its place; nothing where it can be used. Days are held against `today`
/// where it is given: a list that is in force may be newer than the day that a run judges by.
#[must_use]
pub fn check_list(list: &PriceList, today: Option<Date>) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    if is_future(list.head().as_of, today) {
        problems.push((
            "line 1".to_owned(),
            format!("as_of {} is in the future", list.head().as_of),
        ));
    }
    let mut last: Option<(String, String)> = None;
    for (index, text) in list.lines().lines().enumerate() {
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
        let at = format!("line {}", index + 2);
        let line = match Line::read(text) {
            Ok(line) => line,
            Err(error) => {
                problems.push((at, inside(&error)));
                continue;
            }
        };
        let (name, provider) = line.key();
        let key = (name, provider.to_owned());
        if last.as_ref().is_some_and(|last| *last == key) {
            problems.push((at.clone(), format!("`{}` of {} stands there twice", key.0, key.1)));
        } else if last.as_ref().is_some_and(|last| *last > key) {
            problems.push((
                at.clone(),
                format!("`{}` is out of order: lines are sorted by name and provider", key.0),
            ));
        }
        match &line {
            Line::Row(row) => problems.extend(check_row(row, today).map(|what| (format!("{at}, `{}`", row.id), what))),
            Line::Alias(alias) => match list.find(&alias.id, &alias.provider) {
                Ok(Some(_)) => {}
                Ok(None) => problems.push((at, format!("`{}` cannot be found by its name", alias.id))),
                Err(error) => problems.push((at, error.to_string())),
            },
        }
        last = Some(key);
    }
    problems
}

fn is_future(day: Date, today: Option<Date>) -> bool {
    today.is_some_and(|today| day > today)
}

/// What is wrong inside a line, with the column alone: which line it is, is said already.
pub(super) fn inside(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what} (column {})", error.column()),
        None => text,
    }
}

fn check_row(row: &PriceRow, today: Option<Date>) -> impl Iterator<Item = String> {
    let mut problems = Vec::new();
    if row.prices.is_empty() {
        problems.push("has no price".to_owned());
    }
    if row.as_of.is_some_and(|day| is_future(day, today)) {
        problems.push("its as_of is in the future".to_owned());
    }
    if row.source.is_some() != row.as_of.is_some() {
        problems.push("has a source without a day, or a day without a source".to_owned());
    }
    let all = row
        .prices
        .iter()
        .map(|price| &price.usd)
        .chain(row.variants.iter().map(|variant| &variant.usd));
    for (unit, rate) in all.flatten() {
        let dearest = match rate {
            Rate::Flat(usd) => *usd,
            Rate::Tiered { base, above } => above.iter().map(|(_, usd)| *usd).fold(*base, Decimal::max),
        };
        if dearest > Decimal::from(MOST_USD) {
            problems.push(format!("a price of {dearest} for {} `{unit}` cannot be", unit.per()));
        }
    }
    problems.into_iter()
}
