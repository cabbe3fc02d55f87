//! The day in UTC of what exports write as a time.

use super::cell::shown;
use crate::catalog::Date;

/// A day without a time keeps its name; a time with an offset is taken to UTC; a time without one is taken for UTC, as the
/// exports that leave it out say of theirs.
///
/// # Errors
/// What it is in place of a time, in words that follow "is".
pub(super) fn day(text: &str) -> Result<Date, String> {
    let text = text.trim();
    let found = if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        of_number(text)
    } else {
        of_words(text)
    };
    let day = found.ok_or_else(|| format!("{}: no time that is known here", shown(text)))?;
    let (first, last) = (Date::new(2015, 1, 1), Date::new(2100, 12, 31));
    if Some(day) < first || Some(day) > last {
        return Err(format!("{}: the year is out of range", shown(text)));
    }
    Ok(day)
}

/// Seconds since 1970, or thousandths, millionths, billionths of them, told apart by their digits; or `YYYYMMDD`.
fn of_number(text: &str) -> Option<Date> {
    let whole = text.split('.').next()?;
    let number: i64 = whole.parse().ok()?;
    let seconds = match whole.len() {
        8 => {
            return Date::new(
                (number / 10_000) as u16,
                (number / 100 % 100) as u8,
                (number % 100) as u8,
            );
        }
        9 | 10 => number,
        12 | 13 => number / 1_000,
        15 | 16 => number / 1_000_000,
        18 | 19 => number / 1_000_000_000,
        _ => return None,
    };
    Date::of_unix_days(seconds.div_euclid(86_400))
}

/// `YYYY-MM-DD`, `YYYY-MM-DD HH:MM…` with `T`, fractions, `Z`, `UTC` or an offset; `M/D/YYYY, h:mm:ss AM`, as Azure's
/// portal writes it.
fn of_words(text: &str) -> Option<Date> {
    if let Some((month, rest)) = text.split_once('/') {
        let (day, rest) = rest.split_once('/')?;
        let year = rest.get(..4)?;
        let behind = rest.get(4..)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(behind.is_empty() || behind.starts_with([',', ' '])) || !digits(year) || !digits(month) || !digits(day) {
            return None;
        }
        return Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    }
    let date: Date = text.get(..10)?.parse().ok()?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(date);
    }
    let time = rest.strip_prefix(['T', 't', ' '])?.trim_start();
    let pair = |at: usize| -> Option<i64> {
        let digits = time.get(at..at + 2)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let (hour, minute) = (pair(0)?, pair(3)?);
    if hour > 24 || minute > 59 || time.as_bytes().get(2) != Some(&b':') {
        return None;
    }
    let behind = time
        .get(5..)?
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == '.')
        .trim();
    let offset = match behind {
        "" | "Z" | "z" | "UTC" | "GMT" => 0,
        _ => {
            let sign = match behind.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let digits: String = behind[1..].chars().filter(|c| *c != ':').collect();
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
                return None;
            }
            let hours: i64 = digits.get(..2)?.parse().ok()?;
            let minutes: i64 = digits
                .get(2..)
                .filter(|rest| !rest.is_empty())
                .map_or(Ok(0), str::parse)
                .ok()?;
            (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes))?
        }
    };
    match (hour * 60 + minute - offset).div_euclid(1440) {
        0 => Some(date),
        days => date.plus_days(days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_days_of_utc() {
        for (text, expected) in [
            ("2026-10-05", "2026-10-05"),
            ("20261005", "2026-10-05"),
            ("1759622400", "2025-10-05"),
            ("1759622400.25", "2025-10-05"),
            ("1759622399999", "2025-10-04"),
            ("1759622400000000000", "2025-10-05"),
            ("2026-10-05T23:30:00-02:00", "2026-10-06"),
            ("2026-10-05 00:30:00+09", "2026-10-04"),
            ("2026-10-05T00:30:00.123456+0530", "2026-10-04"),
            ("2026-10-05 12:00:00 UTC", "2026-10-05"),
            ("2026-10-05T24:00:00Z", "2026-10-06"),
            ("2026-12-31T23:59:59.999Z", "2026-12-31"),
            ("11/24/2026, 9:15:02.123 AM", "2026-11-24"),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), Ok(expected), "{text}");
        }
        for wrong in [
            "",
            "yesterday",
            "2026-02-30",
            "0001-01-01",
            "9999-12-31",
            "1",
            "99999999999999999999",
            "2026-10-05T25:00:00Z",
            "2026-10-05T10:00:00+99:00",
            "2026-10-05T10:00:00 PST",
            "2026-10-05x",
            "13/45/2026",
            "1969-12-31T00:00:00Z",
            "é026-10-05",
            "2026-10-05Té0:00",
        ] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
