//! Today's date.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::catalog::Date;

/// Today in UTC; a clock before 1970 gives 1970-01-01.
pub fn today() -> Date {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let days = i64::try_from(seconds / 86_400).unwrap_or(0);
    Date::of_unix_days(days).unwrap_or(Date::FIRST)
}
