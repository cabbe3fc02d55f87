//! The whole report as JSON.

use super::Style;
use super::words::escaped;
use crate::report::Report;

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    let mut out = escaped(&serde_json::to_string_pretty(report).unwrap_or_default());
    out.push('\n');
    out
}
