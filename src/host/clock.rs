//! Today's date.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::catalog::Date;

/// Today in UTC; a clock before 1970 gives 1970-01-01.
pub fn today() -> Date {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let days = i64::try_from(seconds / 86_400).unwrap_or(0);
    civil(days)
}

/// The Gregorian date a number of days after 1970-01-01, by the algorithm of Howard Hinnant
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
fn civil(days: i64) -> Date {
    let shifted = days + 719_468;
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
    Date::new(
        u16::try_from(year).unwrap_or(u16::MAX),
        u8::try_from(month).unwrap_or(1),
        u8::try_from(day).unwrap_or(1),
    )
    .expect("the algorithm gives real dates")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0).to_string(), "1970-01-01");
        // `date -d @951782400 -u` is 2000-02-29; `date -d @1795478400 -u` is 2026-11-24.
        assert_eq!(civil(951_782_400 / 86_400).to_string(), "2000-02-29");
        assert_eq!(civil(1_795_478_400 / 86_400).to_string(), "2026-11-24");
    }
}
