//! A finding a line, as JSON.

use super::Style;
use super::words::escaped;
use crate::report::Report;

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    let lines = report
        .findings
        .iter()
        .filter_map(|finding| serde_json::to_string(finding).ok());
    lines.map(|line| escaped(&line) + "\n").collect()
}
