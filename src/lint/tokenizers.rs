//! Files of tokenizers that are none: what was to be counted with them is an estimate.

use crate::excerpt;
use crate::facts::Settings;
use crate::fingerprint::fingerprint;
use crate::report::{Finding, Severity};
use crate::source::{Source, Span};

/// The rule's name in reports.
const RULE: &str = "tokenizer-not-read";

/// A finding for each such file that something was counted with; `config` is the path of llmlint.yaml.
pub fn tokenizer_faults(settings: &Settings, config: &str) -> Vec<Finding> {
    let faults = settings.tokenizer_faults().into_iter();
    faults
        .map(|why| Finding {
            rule: RULE.to_owned(),
            severity: Severity::Warning,
            category: "config".to_owned(),
            message: excerpt::safe(&format!("{why}: what it should count is an estimate")),
            help: "mend the file or the entry under `tokenizers`; docs/tokens.md has what is read".to_owned(),
            path: config.to_owned(),
            span: excerpt::locate(&Source::new(config, "", true), Span::at(0)),
            unit: None,
            saving: None,
            fix: None,
            evidence: Vec::new(),
            excerpt: None,
            fingerprint: fingerprint(&[RULE, why]),
            status: None,
        })
        .collect()
}
