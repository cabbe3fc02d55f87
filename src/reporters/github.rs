//! Annotations of GitHub Actions: workflow commands that the runner turns into notes beside the lines.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use super::Style;
use super::words::{bracketed_saving, clean};
use crate::report::{FindingStatus, Report, Severity};

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    let mut out = String::new();
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.status != Some(FindingStatus::Accepted))
    {
        let command = match finding.severity {
            Severity::Info => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let saving = bracketed_saving(finding);
        let span = &finding.span;
        // Columns may only be given for a place on one line.
        let columns = if span.line == span.end_line {
            format!(",col={},endColumn={}", span.column, span.end_column)
        } else {
            String::new()
        };
        out.push_str(&format!(
            "::{command} file={},line={},endLine={}{columns},title={}::{}\n",
            property(&finding.path),
            span.line,
            span.end_line,
            property(&format!("llmlint {}", finding.rule)),
            data(&format!("{}{saving}", finding.message), &finding.help),
        ));
    }
    out
}

/// A property's value: what would end it, or start another command, is escaped.
fn property(text: &str) -> String {
    clean(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace(':', "%3A")
        .replace(',', "%2C")
}

fn data(message: &str, help: &str) -> String {
    let escape = |text: &str| {
        clean(text)
            .replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    match help.is_empty() {
        true => escape(message),
        false => format!("{}%0A{}", escape(message), escape(help)),
    }
}
