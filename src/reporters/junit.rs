//! JUnit XML: a test case a finding, as Jenkins, GitLab, Azure Pipelines and CircleCI read it.

use super::Style;
use super::words::{bracketed_saving, xml};
use crate::report::{FindingStatus, Report, Severity};

pub(super) fn write(report: &Report, _style: &Style<'_>) -> String {
    let findings: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.status != Some(FindingStatus::Accepted))
        .collect();
    let failures = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Info)
        .count();
    // A suite without a case reads as a suite that did not run.
    let mut cases = String::new();
    if findings.is_empty() {
        cases.push_str("    <testcase classname=\"llmlint\" name=\"check\"/>\n");
    }
    for finding in &findings {
        let name = format!("{}:{}:{}", finding.path, finding.span.line, finding.rule);
        let saving = bracketed_saving(finding);
        let text = format!("{}{saving}\n{}", finding.message, finding.help);
        let (file, line) = (xml(&finding.path), finding.span.line);
        let head = format!(
            "    <testcase classname=\"{}\" name=\"{}\" file=\"{file}\" line=\"{line}\">\n",
            xml(&finding.rule),
            xml(&name)
        );
        cases.push_str(&head);
        match finding.severity {
            Severity::Info => cases.push_str(&format!("      <system-out>{}</system-out>\n", xml(&text))),
            severity => cases.push_str(&format!(
                "      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                severity.name(),
                xml(&finding.message),
                xml(&text)
            )),
        }
        cases.push_str("    </testcase>\n");
    }
    let count = findings.len().max(1);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{count}\" failures=\"{failures}\">\n  \
         <testsuite name=\"llmlint\" tests=\"{count}\" failures=\"{failures}\" errors=\"0\">\n{cases}  \
         </testsuite>\n</testsuites>\n"
    )
}
