//! SARIF 2.1.0, for code scanning: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use serde_json::{Value, json};

use super::Style;
use super::words::{clean, escaped, saving_line};
use crate::report::{Finding, FindingStatus, Report, Severity};

/// Results of one run that GitHub shows; it refuses more than 25,000.
const MOST_RESULTS: usize = 5000;

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    let rules: Vec<Value> = report
        .rules
        .iter()
        .map(|rule| {
            json!({
                "id": clean(&rule.id),
                "shortDescription": {"text": clean(&rule.summary)},
                "fullDescription": {"text": clean(&rule.summary)},
                "help": {"text": clean(&rule.summary), "markdown": rule.page},
                "defaultConfiguration": {"level": level(rule.severity)},
                "properties": {"tags": [clean(&rule.category)]},
            })
        })
        .collect();
    let results: Vec<Value> = report.findings.iter().take(MOST_RESULTS).map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "llmlint",
                "semanticVersion": report.llmlint,
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut out = escaped(&serde_json::to_string_pretty(&log).unwrap_or_default());
    out.push('\n');
    out
}

fn result(finding: &Finding) -> Value {
    let mut text = clean(&finding.message);
    if let Some(saving) = &finding.saving {
        text.push_str(&format!(" ({})", saving_line(saving)));
    }
    if !finding.help.is_empty() {
        text.push_str(&format!("\n{}", clean(&finding.help)));
    }
    let span = &finding.span;
    let mut made = json!({
        "ruleId": clean(&finding.rule),
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.path)},
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        }}],
        "partialFingerprints": {"llmlint/v1": finding.fingerprint},
    });
    if let Some(state) = finding.status {
        match state {
            FindingStatus::New => made["baselineState"] = json!("new"),
            FindingStatus::Unchanged => made["baselineState"] = json!("unchanged"),
            FindingStatus::Accepted => made["suppressions"] = json!([{"kind": "external"}]),
        }
    }
    made
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A path as a relative reference: everything but what a path may hold is percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
