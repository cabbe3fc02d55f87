//! The list of prices as text: a head, then a line a name, sorted.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use memchr::{memchr, memrchr};
use serde::Deserialize;

use super::PriceRow;
use super::check::inside;
use crate::catalog::Date;

/// What the first line of a list says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// What the list was made from, such as `genai-prices 0.2.3`.
    pub prices: String,
    /// The day of that.
    pub as_of: Date,
    /// How many lines follow.
    pub rows: usize,
}

/// A list that cannot be used, or a line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListError(pub String);

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A further name of a row.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alias {
    pub id: String,
    pub provider: String,
    pub of: String,
    #[serde(default, rename = "source")]
    _source: Option<String>,
    #[serde(default, rename = "as_of")]
    _as_of: Option<Date>,
}

/// What a line behind the head is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Line {
    Row(Box<PriceRow>),
    Alias(Alias),
}

impl Line {
    pub(super) fn read(line: &str) -> Result<Self, serde_json::Error> {
        // The keys of a further name come in this order, those of a row never.
        match serde_json::from_str(line) {
            Ok(alias) => Ok(Self::Alias(alias)),
            Err(_) => serde_json::from_str(line).map(Self::Row),
        }
    }

    /// Name and provider, by which lines are sorted.
    pub(super) fn key(&self) -> (String, &str) {
        let (id, provider) = match self {
            Self::Row(row) => (&row.id, &row.provider),
            Self::Alias(alias) => (&alias.id, &alias.provider),
        };
        (id.to_ascii_lowercase(), provider)
    }
}

/// A list of prices.
#[derive(Debug, Clone)]
pub struct PriceList {
    text: Cow<'static, str>,
    /// Where the lines behind the head begin.
    lines: usize,
    head: Head,
    /// What the list is called where it is spoken of.
    name: String,
    /// What was found before, by the byte at which its line begins: the units of a tree ask for few models, and often.
    found: Arc<Mutex<HashMap<usize, (PriceRow, bool)>>>,
}

impl PriceList {
    /// A list whose head fits its length; that its lines are right, [`check_list`](super::check_list) tells.
    ///
    /// # Errors
    /// There is no head, or not as many lines as it says.
    pub fn new(text: impl Into<Cow<'static, str>>, name: &str) -> Result<Self, ListError> {
        let text = text.into();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let head: Head = serde_json::from_str(first).map_err(|error| {
            ListError(format!(
                "line 1 is no head of a price list ({error}): expected {{\"prices\": …, \"as_of\": …, \"rows\": …}}"
            ))
        })?;
        let lines = memchr::memchr_iter(b'\n', rest.as_bytes()).count();
        if lines != head.rows || !text.ends_with('\n') {
            let part = if rest.ends_with('\n') || rest.is_empty() {
                ""
            } else {
                " and a part of one"
            };
            return Err(ListError(format!(
                "holds {lines} lines{part} where its head says {}: it was cut off or changed by hand",
                head.rows
            )));
        }
        let lines = first.len() + 1;
        Ok(Self {
            lines,
            head,
            text,
            name: name.to_owned(),
            found: Arc::default(),
        })
    }

    /// What its first line says.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What the list is called where it is spoken of.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its lines behind the head.
    pub(super) fn lines(&self) -> &str {
        &self.text[self.lines..]
    }

    /// All of its rows, with the further names of each; lines that are no rows are left out.
    pub fn rows(&self) -> impl Iterator<Item = PriceRow> {
        self.lines().lines().filter_map(|line| match Line::read(line) {
            Ok(Line::Row(row)) => Some(*row),
            _ => None,
        })
    }

    /// Further names of a row.
    #[must_use]
    pub fn further_names(&self, row: &PriceRow) -> Vec<String> {
        let aliases = self.lines().lines().filter_map(|line| match Line::read(line) {
            Ok(Line::Alias(alias)) => Some(alias),
            _ => None,
        });
        let of_row = aliases.filter(|alias| alias.provider == row.provider && alias.of == row.id);
        of_row.map(|alias| alias.id).collect()
    }

    /// Whether a model of that provider is listed.
    #[must_use]
    pub fn has_provider(&self, provider: &str) -> bool {
        self.lines()
            .lines()
            .filter_map(key)
            .any(|(_, seller)| seller == provider)
    }

    /// Who sells a model of exactly that name (but for case).
    #[must_use]
    pub fn sellers(&self, name: &str) -> Vec<&str> {
        let from = &self.lines()[self.first(name, "")..];
        let named = from
            .lines()
            .map_while(|line| key(line).filter(|(id, _)| id.eq_ignore_ascii_case(name)));
        named.map(|(_, provider)| provider).collect()
    }

    /// The row of exactly that name (but for case) of that provider, and whether the name is the row's own.
    ///
    /// # Errors
    /// The line is damaged.
    pub fn find(&self, name: &str, provider: &str) -> Result<Option<(PriceRow, bool)>, ListError> {
        let at = self.first(name, provider);
        let Some(line) = self.line(at, name, provider) else {
            return Ok(None);
        };
        if let Some(found) = self.found.lock().ok().and_then(|found| found.get(&at).cloned()) {
            return Ok(Some(found));
        }
        let damaged = |name: &str, why: &dyn fmt::Display| {
            ListError(format!(
                "{}: the line of `{name}` ({provider}) is damaged: {why}",
                self.name
            ))
        };
        let row = match Line::read(line).map_err(|error| damaged(name, &inside(&error)))? {
            Line::Row(row) => (*row, true),
            Line::Alias(alias) => {
                let at = self.first(&alias.of, provider);
                match self.line(at, &alias.of, provider).map(Line::read) {
                    Some(Ok(Line::Row(row))) => (*row, false),
                    Some(Err(error)) => return Err(damaged(&alias.of, &inside(&error))),
                    _ => return Err(damaged(name, &format_args!("`{}` is no row", alias.of))),
                }
            }
        };
        if let Ok(mut found) = self.found.lock() {
            found.insert(at, row.clone());
        }
        Ok(Some(row))
    }

    /// The line at this byte, where it is that name's.
    fn line(&self, at: usize, name: &str, provider: &str) -> Option<&str> {
        let line = self.lines()[at..].lines().next()?;
        let (id, seller) = key(line)?;
        (id.eq_ignore_ascii_case(name) && seller == provider).then_some(line)
    }

    /// Where the first line begins that does not stand before that name and provider.
    fn first(&self, name: &str, provider: &str) -> usize {
        let text = self.lines().as_bytes();
        let (mut low, mut high) = (0, text.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = memrchr(b'\n', &text[low..middle]).map_or(low, |at| low + at + 1);
            let end = memchr(b'\n', &text[middle..]).map_or(text.len(), |at| middle + at);
            let line = self.lines().get(start..end).unwrap_or_default();
            let before = key(line)
                .is_some_and(|(id, seller)| order(id, name).then_with(|| seller.cmp(provider)) == Ordering::Less);
            if before {
                low = (end + 1).min(text.len());
            } else {
                high = start;
            }
        }
        low
    }
}

fn order(a: &str, b: &str) -> Ordering {
    let [a, b] = [a, b].map(|text| text.bytes().map(|byte| byte.to_ascii_lowercase()));
    a.cmp(b)
}

/// Name and provider of a line, without reading all of it: they come first, and hold nothing that JSON escapes.
fn key(line: &str) -> Option<(&str, &str)> {
    let (id, rest) = line.strip_prefix("{\"id\":\"")?.split_once('"')?;
    let (provider, _) = rest.strip_prefix(",\"provider\":\"")?.split_once('"')?;
    Some((id, provider))
}
