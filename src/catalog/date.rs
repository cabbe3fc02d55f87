//! A calendar day, which is all the time that the catalog knows.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _};

/// A day of the Gregorian calendar, ordered, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is not a day written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADate;

impl fmt::Display for NotADate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a day written YYYY-MM-DD")
    }
}

impl std::error::Error for NotADate {}

impl Date {
    /// The first day of the calendar.
    pub const FIRST: Self = Self {
        year: 1,
        month: 1,
        day: 1,
    };

    /// The day, or `None` where the calendar has no such day. Years go from 1 to 9999.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day so many days after 1970-01-01, `None` outside the calendar; by the algorithm of Howard Hinnant
    /// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
    #[must_use]
    pub fn of_unix_days(days: i64) -> Option<Self> {
        let shifted = days.checked_add(719_468)?;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self::new(
            u16::try_from(year).ok()?,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }

    /// The day so many days later, `None` outside the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Option<Self> {
        const UNIX: Date = Date {
            year: 1970,
            month: 1,
            day: 1,
        };
        Self::of_unix_days(self.days_since(UNIX).checked_add(days)?)
    }

    /// Days from `earlier` to this day; negative where `earlier` is the later one.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.number() - earlier.number()
    }

    /// Days since the 1st of March of the year 0. Counting years from March puts the leap day last.
    fn number(self) -> i64 {
        let (mut year, mut month) = (i64::from(self.year), i64::from(self.month) - 3);
        if month < 0 {
            (year, month) = (year - 1, month + 12);
        }
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + i64::from(self.day) - 1
    }
}

impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(NotADate);
        };
        let number = |digits: &[u8]| {
            digits.iter().try_fold(0u16, |value, digit| {
                digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0'))
            })
        };
        let part = |digits: &[u8]| number(digits).and_then(|value| u8::try_from(value).ok());
        let day = || Self::new(number(&[*y1, *y2, *y3, *y4])?, part(&[*m1, *m2])?, part(&[*d1, *d2])?);
        day().ok_or(NotADate)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect(text)
    }

    #[test]
    fn only_days_of_the_calendar_are_read() {
        assert_eq!(date("2024-02-29").to_string(), "2024-02-29");
        for wrong in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-04-31",
            "2026-00-10",
            "2026-1-1",
            "0000-01-01",
        ] {
            assert_eq!(wrong.parse::<Date>(), Err(NotADate), "{wrong}");
        }
        for wrong in ["", "2026-11-24 ", "+026-11-24", "２026-11-2", "2026/11/24"] {
            assert_eq!(wrong.parse::<Date>(), Err(NotADate), "{wrong}");
        }
    }

    #[test]
    fn days_since_1970_become_dates() {
        let of = |days| Date::of_unix_days(days).expect("in the calendar").to_string();
        assert_eq!(of(0), "1970-01-01");
        // `date -d @951782400 -u` is 2000-02-29; `date -d @1795478400 -u` is 2026-11-24.
        assert_eq!(of(951_782_400 / 86_400), "2000-02-29");
        assert_eq!(of(1_795_478_400 / 86_400), "2026-11-24");
        assert_eq!(date("2026-12-31").plus_days(1), Some(date("2027-01-01")));
        assert_eq!(date("2024-03-01").plus_days(-1), Some(date("2024-02-29")));
        assert_eq!(Date::of_unix_days(i64::MAX), None);
        assert_eq!(date("9999-12-31").plus_days(1), None);
    }

    #[test]
    fn days_are_ordered_and_counted() {
        assert!(date("2026-09-30") < date("2026-10-01"));
        assert_eq!(date("2026-11-24").days_since(date("2023-05-17")), 1287);
        assert_eq!(date("2024-03-01").days_since(date("2024-02-28")), 2);
        assert_eq!(date("2025-12-31").days_since(date("2026-01-01")), -1);
    }
}
