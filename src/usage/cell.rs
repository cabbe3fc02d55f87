//! One value of a row, be it a column of CSV or a key of JSON: text, a count, an amount, a day.

use std::borrow::Cow;
use std::cell::OnceCell;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{csv, time};
use crate::catalog::Date;

/// More tokens or calls than this in one row are a fault of the file, not usage.
const MOST: u64 = 1_000_000_000_000_000;
/// More USD than this in one row are, too.
const MOST_USD: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// A value as the file has it.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    /// A field of CSV, and what it says where that has to be kept: a quote is written twice in it.
    Text(csv::Text<'a>, OnceCell<String>),
    /// A value of JSON.
    Json(&'a RawValue),
}

/// A text of JSON, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct JsonText<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Cell<'a> {
    /// The value as text; `None` for an empty one, `null`, and JSON's objects and lists.
    fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Cell::Text(text, _) => {
                let text = match text.plain() {
                    Cow::Borrowed(text) => Cow::Borrowed(trimmed(text)),
                    Cow::Owned(text) => Cow::Owned(trimmed(&text).to_owned()),
                };
                (!text.is_empty()).then_some(text)
            }
            Cell::Json(raw) => match raw.get().as_bytes().first()? {
                b'"' => serde_json::from_str::<JsonText<'a>>(raw.get())
                    .ok()
                    .map(|text| text.0)
                    .filter(|text| !text.trim().is_empty()),
                b'n' | b'{' | b'[' => None,
                _ => Some(Cow::Borrowed(raw.get())),
            },
        }
    }
}

/// The values of one row, in the order of the format's columns.
pub struct Cells<'a, 'r> {
    pub(super) cells: &'r [Option<Cell<'a>>],
    /// What the columns are called, for messages.
    pub(super) names: &'static [&'static [&'static str]],
}

impl<'a> Cells<'a, '_> {
    fn name(&self, at: usize) -> &'static str {
        self.names
            .get(at)
            .and_then(|names| names.first())
            .copied()
            .unwrap_or_default()
    }

    /// The text of a column; `None` where it is empty or not there.
    pub fn text(&self, at: usize) -> Option<Cow<'a, str>> {
        self.cells.get(at)?.as_ref()?.text()
    }

    /// A whole number that is not below zero; `None` where it is empty or not there.
    ///
    /// # Errors
    /// What it is in place of such a number.
    pub fn count(&self, at: usize) -> Result<Option<u64>, String> {
        match self.text(at) {
            Some(text) => count(&text)
                .map(Some)
                .map_err(|why| format!("`{}` is {why}", self.name(at))),
            None => Ok(None),
        }
    }

    /// An amount of USD that is not below zero; `None` where it is empty or not there.
    ///
    /// # Errors
    /// What it is in place of an amount.
    pub fn usd(&self, at: usize) -> Result<Option<Decimal>, String> {
        match self.text(at) {
            Some(text) => usd(&text)
                .map(Some)
                .map_err(|why| format!("`{}` is {why}", self.name(at))),
            None => Ok(None),
        }
    }

    /// The day in UTC of a date, a time or a number of seconds, milliseconds, … since 1970.
    ///
    /// # Errors
    /// What it is in place of a time.
    pub fn day(&self, at: usize) -> Result<Option<Date>, String> {
        match self.text(at) {
            Some(text) => time::day(&text)
                .map(Some)
                .map_err(|why| format!("`{}` is {why}", self.name(at))),
            None => Ok(None),
        }
    }

    /// The texts of a list of JSON; none where it is no such list.
    pub fn texts(&'a self, at: usize) -> Vec<Cow<'a, str>> {
        let texts: Vec<JsonText<'a>> = self.json(at).unwrap_or_default();
        texts.into_iter().map(|text| text.0).collect()
    }

    /// Whether a value says a word, which has no quotes, anywhere: a cheap question before it is read.
    pub fn says(&self, at: usize, word: &str) -> bool {
        let text = match self.cells.get(at) {
            Some(Some(Cell::Text(text, _))) => text.raw(),
            Some(Some(Cell::Json(raw))) => raw.get(),
            _ => return false,
        };
        memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
    }

    /// A value of JSON, also where it stands as text in a column of CSV; `None` where it is none of the wanted form.
    pub fn json<T: Deserialize<'a>>(&'a self, at: usize) -> Option<T> {
        match self.cells.get(at)?.as_ref()? {
            Cell::Text(text, kept) => match text.plain() {
                Cow::Borrowed(text) => serde_json::from_str(text).ok(),
                Cow::Owned(text) => serde_json::from_str(kept.get_or_init(|| text)).ok(),
            },
            Cell::Json(raw) => serde_json::from_str(raw.get()).ok(),
        }
    }
}

/// A text without the spaces around it, of which most have none: that is seen by two bytes.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// What a value is, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// A whole number that is not below zero.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let text = trimmed(text);
    let whole = || -> Option<u64> {
        if let Ok(number) = text.parse::<u64>() {
            return Some(number);
        }
        let number = decimal(text)?;
        number.fract().is_zero().then(|| u64::try_from(number).ok())?
    };
    match whole() {
        Some(number) if number <= MOST => Ok(number),
        Some(_) => Err(format!("{}: more than any usage", shown(text))),
        None if decimal(text).is_some_and(|number| number.is_sign_negative()) => {
            Err(format!("{}: below zero", shown(text)))
        }
        None => Err(format!("{}: no whole number", shown(text))),
    }
}

/// An amount of USD.
pub(super) fn usd(text: &str) -> Result<Decimal, String> {
    let text = text.trim();
    match decimal(text.trim_start_matches('$')) {
        Some(amount) if amount.is_sign_negative() && !amount.is_zero() => Err(format!("{}: below zero", shown(text))),
        Some(amount) if amount > MOST_USD => Err(format!("{}: more than any usage", shown(text))),
        Some(amount) => Ok(amount),
        None => Err(format!("{}: no amount", shown(text))),
    }
}

/// A decimal as it is written, with or without an exponent.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    if text.len() > 60 {
        return None;
    }
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_not_below_zero() {
        assert_eq!(count("12"), Ok(12));
        assert_eq!(count("12.0"), Ok(12));
        assert_eq!(count("1e3"), Ok(1000));
        for wrong in [
            "-5",
            "-1e3",
            "1.5",
            "twelve",
            "99999999999999999999",
            "1e27",
            "NaN",
            "1e999",
            "0x10",
        ] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
        assert!(count("-5").unwrap_err().contains("below zero"));
        assert_eq!(usd("0.8958740000000000"), Ok(Decimal::new(895_874, 6)));
        assert_eq!(usd("1.2e-05"), Ok(Decimal::new(12, 6)));
        assert!(usd("-1").is_err() && usd("1e30").is_err() && usd("free").is_err());
    }
}
