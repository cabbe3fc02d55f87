//! Rows of llmlint.trend.jsonl: reading them, and putting a new one in.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::catalog::Date;
use crate::report::trend::{SCHEMA_VERSION, Snapshot, Trend};

/// A line that holds no row: its number, from 1, and why.
pub type Damaged = (usize, String);

/// The rows of a file by day, those of one day as they stand, and the lines that hold none. Of two rows of one day and
/// commit the later one counts.
pub fn trend(text: &str) -> (Trend, Vec<Damaged>) {
    let mut rows: Vec<(Date, Snapshot)> = Vec::new();
    let mut places: HashMap<(Date, Option<String>), usize> = HashMap::new();
    let mut damaged = Vec::new();
    for (number, line) in numbered(text) {
        match row(line) {
            Ok((day, row)) => {
                let at = *places.entry((day, row.commit.clone())).or_insert(rows.len());
                match rows.get_mut(at) {
                    Some(older) => *older = (day, row),
                    None => rows.push((day, row)),
                }
            }
            Err(why) => damaged.push((number, why)),
        }
    }
    rows.sort_by_key(|(day, _)| *day);
    let first = rows.first().map_or(Date::FIRST, |(day, _)| *day);
    let rows = rows.into_iter().map(|(day, row)| (day.days_since(first), row));
    (Trend { rows: rows.collect() }, damaged)
}

/// The file's text with a row put in the place of the one of the same day and commit, else at the end; and whether it
/// took a place. Lines that hold no row stay as they are.
pub fn put(text: &str, new: &Snapshot) -> Result<(String, bool), serde_json::Error> {
    let line = serde_json::to_string(new)?;
    let mut out = String::with_capacity(text.len() + line.len() + 1);
    let mut replaced = false;
    for (_, old) in numbered(text) {
        let same = row(old).is_ok_and(|(_, old)| (&old.day, &old.commit) == (&new.day, &new.commit));
        if same && replaced {
            continue;
        }
        out.push_str(if same { &line } else { old });
        out.push('\n');
        replaced |= same;
    }
    if !replaced {
        out.push_str(&line);
        out.push('\n');
    }
    Ok((out, replaced))
}

/// The lines that say anything, with their numbers.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines.filter(|(_, line)| !line.trim().is_empty())
}

fn row(line: &str) -> Result<(Date, Snapshot), String> {
    let row: Snapshot = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if row.schema_version != SCHEMA_VERSION {
        return Err(format!(
            "a row of schema {}, this llmlint reads {SCHEMA_VERSION}",
            row.schema_version
        ));
    }
    let day = row.day.parse().map_err(|_| "`day` is no day: expected YYYY-MM-DD")?;
    let is_name = |commit: &String| (7..=64).contains(&commit.len()) && commit.bytes().all(|b| b.is_ascii_hexdigit());
    if row.commit.as_ref().is_some_and(|commit| !is_name(commit)) {
        return Err("`commit` is no commit: expected 7 to 64 hexadecimal digits".to_owned());
    }
    let parts = row.usd_per_month;
    for part in [parts.input, parts.output, parts.gpus].into_iter().flatten() {
        if part.low < Decimal::ZERO || part.low > part.high {
            return Err("`usd_per_month` holds a range below zero or upside down".to_owned());
        }
    }
    Ok((day, row))
}
