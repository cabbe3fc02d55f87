//! A baseline: findings that a team has accepted for now, kept by what they say so that lines may move.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalog::Date;
use crate::report::{FindingStatus, Report};

/// The accepted findings of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// What made it.
    #[serde(default)]
    pub llmlint: String,
    /// The findings, by path and rule.
    pub findings: Vec<Accepted>,
}

/// A finding that is accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The file.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// What it fired on: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The day from which it is no longer accepted (YYYY-MM-DD); absent: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Why it is accepted, in the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Baseline {
    /// The findings of a report. What `older` says of one that is still there (its reason, its last day) is kept.
    pub fn of(report: &Report, older: Option<&Baseline>) -> Self {
        let mut kept: HashMap<(&str, &str, &str), Vec<&Accepted>> = HashMap::new();
        for entry in older.map_or(&[][..], |older| &older.findings).iter().rev() {
            kept.entry((&entry.path, &entry.rule, &entry.fingerprint))
                .or_default()
                .push(entry);
        }
        let mut findings: Vec<Accepted> = report
            .findings
            .iter()
            .map(|finding| {
                let key = (
                    finding.path.as_str(),
                    finding.rule.as_str(),
                    finding.fingerprint.as_str(),
                );
                let known = kept.get_mut(&key).and_then(Vec::pop);
                Accepted {
                    path: finding.path.clone(),
                    rule: finding.rule.clone(),
                    fingerprint: finding.fingerprint.clone(),
                    expires: known.and_then(|known| known.expires.clone()),
                    reason: known.and_then(|known| known.reason.clone()),
                }
            })
            .collect();
        findings.sort();
        Self {
            llmlint: report.llmlint.clone(),
            findings,
        }
    }

    /// Reads the text of a baseline file.
    ///
    /// # Errors
    /// Where it is malformed, or a day is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for entry in &baseline.findings {
            if let Some(day) = &entry.expires {
                day.parse::<Date>()
                    .map_err(|_| format!("`expires: {day}` of {} is no day: expected YYYY-MM-DD", entry.path))?;
            }
        }
        Ok(baseline)
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Marks the findings that are accepted on `today`; returns the entries that no longer occur and those that have
    /// expired.
    pub fn apply(&self, report: &mut Report, today: Date) -> (Vec<&Accepted>, Vec<&Accepted>) {
        let mut by_path: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_words: HashMap<String, Vec<usize>> = HashMap::new();
        let keys = |path: &str, rule: &str, fingerprint: &str| {
            (
                format!("{rule}\n{fingerprint}\n{path}"),
                format!("{rule}\n{fingerprint}"),
            )
        };
        for (at, entry) in self.findings.iter().enumerate().rev() {
            let (here, anywhere) = keys(&entry.path, &entry.rule, &entry.fingerprint);
            by_path.entry(here).or_default().push(at);
            by_words.entry(anywhere).or_default().push(at);
        }
        let mut used = vec![false; self.findings.len()];
        let mut met = vec![false; report.findings.len()];
        // A file that was moved keeps its findings: by path first, then wherever the same words stand.
        for by_the_path in [true, false] {
            for (finding, met) in report.findings.iter_mut().zip(&mut met).filter(|(_, met)| !**met) {
                let (here, anywhere) = keys(&finding.path, &finding.rule, &finding.fingerprint);
                let list = if by_the_path {
                    by_path.get_mut(&here)
                } else {
                    by_words.get_mut(&anywhere)
                };
                let Some(list) = list else { continue };
                while let Some(at) = list.pop() {
                    if !used[at] {
                        (used[at], *met) = (true, true);
                        if !self.findings[at].has_expired(today) {
                            finding.status = Some(FindingStatus::Accepted);
                        }
                        break;
                    }
                }
            }
        }
        let gone = self
            .findings
            .iter()
            .zip(&used)
            .filter(|(_, used)| !**used)
            .map(|(entry, _)| entry);
        let expired = self
            .findings
            .iter()
            .zip(&used)
            .filter(|(entry, used)| **used && entry.has_expired(today));
        (gone.collect(), expired.map(|(entry, _)| entry).collect())
    }
}

impl Accepted {
    fn has_expired(&self, today: Date) -> bool {
        self.expires
            .as_ref()
            .and_then(|day| day.parse::<Date>().ok())
            .is_some_and(|day| day <= today)
    }
}
