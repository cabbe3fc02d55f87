//! A line for each finding.

use super::Style;
use super::words::{bracketed_saving, clean};
use crate::report::Report;

pub(super) fn write(report: &Report, style: &Style<'_>) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let saving = bracketed_saving(finding);
        out.push_str(&format!(
            "{}:{}:{}: {}[{}] {}{saving}\n",
            clean(&finding.path),
            finding.span.line,
            finding.span.column,
            finding.severity.name(),
            clean(&finding.rule),
            clean(&finding.message),
        ));
    }
    if style.verbose {
        for file in &report.files {
            let what = file.format.as_deref().unwrap_or("left alone");
            let note = if file.note.is_empty() {
                String::new()
            } else {
                format!(" ({})", file.note)
            };
            out.push_str(&format!("{}: {what}{}\n", clean(&file.path), clean(&note)));
        }
    }
    out
}
