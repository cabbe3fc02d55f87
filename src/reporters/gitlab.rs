//! GitLab's Code Quality report: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use std::collections::HashMap;

use serde_json::json;

use super::Style;
use super::words::{bracketed_saving, clean, escaped};
use crate::fingerprint::fingerprint;
use crate::report::{FindingStatus, Report, Severity};

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    // Fingerprints must differ: the same words twice in one file are counted.
    let mut seen: HashMap<String, usize> = HashMap::new();
    let issues: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.status != Some(FindingStatus::Accepted))
        .map(|finding| {
            let key = format!("{}\n{}\n{}", finding.path, finding.rule, finding.fingerprint);
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            let saving = bracketed_saving(finding);
            json!({
                "description": format!("{}{saving}", clean(&finding.message)),
                "check_name": clean(&finding.rule),
                "fingerprint": fingerprint(&[&key, &count.to_string()]),
                "severity": match finding.severity {
                    Severity::Info => "info",
                    Severity::Warning => "minor",
                    Severity::Error => "major",
                },
                "location": {"path": clean(&finding.path), "lines": {"begin": finding.span.line, "end": finding.span.end_line}},
            })
        })
        .collect();
    let mut out = escaped(&serde_json::to_string_pretty(&issues).unwrap_or_default());
    out.push('\n');
    out
}
