//! Files by which a change could lift its own limits: a change to one of them is shown.

use globset::{GlobSet, GlobSetBuilder};

use crate::excerpt;
use crate::fingerprint::fingerprint;
use crate::report::{Finding, Severity};
use crate::source::{Source, Span};
use crate::syntax::{Node, yaml};

/// The rule's name in reports.
pub const RULE: &str = "gate-settings-changed";

/// The same for submodules that are not looked into.
pub const SUBMODULE: &str = "submodule-not-read";

/// Names of files that decide how a check judges, wherever they lie.
const NAMES: &[&str] = &[
    "llmlint.yaml",
    "llmlint.yml",
    ".llmlint.yaml",
    "llmlint-baseline.json",
    "llmlint.usage.json",
    "llmlint.prices.jsonl",
];

/// Files with more bytes are not looked into for keys.
const MOST_BYTES_WITH_KEYS: usize = 100_000;
/// Top-level keys of a config that are named.
const MOST_KEYS: usize = 12;

/// Tells which files are guarded: the names above, and `own` paths from the repository's root (the config's baseline,
/// its rules, the owners' file).
pub struct Guard {
    own: GlobSet,
}

impl Guard {
    /// A guard of further paths; what stands below such a path is guarded too.
    pub fn new(own: &[String]) -> Self {
        let mut builder = GlobSetBuilder::new();
        for path in own.iter().map(|path| globset::escape(path.trim_end_matches('/'))) {
            for glob in [path.clone(), format!("{path}/**")] {
                if let Ok(glob) = globset::Glob::new(&glob) {
                    builder.add(glob);
                }
            }
        }
        Self {
            own: builder.build().unwrap_or_default(),
        }
    }

    /// Whether a change of the file at `path` (from the root) could change a verdict.
    pub fn holds(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        NAMES.contains(&name) || self.own.is_match(path)
    }

    /// Whether some of a base's files (paths from the root) are settings, which a change could lift. A workflow that has
    /// our name runs the check and limits nothing.
    pub fn has_settings<'a>(&self, mut files: impl Iterator<Item = &'a str>) -> bool {
        files.any(|path| !is_workflow(path) && self.holds(path))
    }
}

fn is_workflow(path: &str) -> bool {
    path.starts_with(".github/workflows/")
}

/// What a change of settings is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// By its own settings: somebody outside of it allowed them.
    Approved,
    /// By the defaults: the base has no settings that it could lift.
    First,
    /// By the base's.
    Base,
}

/// The finding for a guarded file that a change touches. `before` and `now` are its texts, absent where it is not there.
pub fn finding(path: &str, before: Option<&str>, now: Option<&str>, base: &str, standing: Standing) -> Finding {
    let what = match (before, now) {
        (None, Some(_)) => "adds",
        (Some(_), None) => "removes",
        _ => "edits",
    };
    let keys = changed_keys(before.unwrap_or_default(), now.unwrap_or_default());
    let keys = if keys.is_empty() {
        String::new()
    } else {
        format!(" ({})", keys.join(", "))
    };
    let (severity, message, help) = match standing {
        Standing::Approved => (
            Severity::Info,
            format!("this change {what} {path}{keys}, which was allowed: the check was made with it"),
            "nothing to do: the allowance is recorded outside the change",
        ),
        // An edit of a workflow is no first setting.
        Standing::First if before.is_none() && is_workflow(path) => (
            Severity::Info,
            format!("this change {what} {path}, and {base} has no settings of llmlint that it could lift"),
            "nothing to do: once merged, a change of it is shown and wants somebody's leave",
        ),
        Standing::First if before.is_none() => (
            Severity::Info,
            format!(
                "this change {what} the first settings, {path}{keys}: the check was made with the defaults, for {base} has none"
            ),
            "nothing to do: they count once merged (to see now what they give, run `llmlint check` without `--base`)",
        ),
        Standing::First | Standing::Base => (
            Severity::Error,
            format!(
                "this change {what} {path}{keys}, which decides how it is judged: the check was made with the settings of {base}"
            ),
            "have somebody who may lift the limits allow it (`--allow-config-change`; in the GitHub Action the label that \
             `allow-label` names), or change the settings apart from what they judge",
        ),
    };
    let source = Source::new(path, now.unwrap_or_default(), true);
    let span = Span::at(first_difference(before.unwrap_or_default(), now.unwrap_or_default()));
    Finding {
        rule: RULE.to_owned(),
        severity,
        category: "gate".to_owned(),
        message: excerpt::safe(&message),
        help: help.to_owned(),
        path: path.to_owned(),
        span: excerpt::locate(&source, span),
        unit: None,
        saving: None,
        fix: None,
        evidence: Vec::new(),
        excerpt: now.map(|_| excerpt::excerpt(&source, span)),
        fingerprint: fingerprint(&[RULE, path]),
        status: None,
    }
}

/// The finding for a submodule that a change adds or sets to another commit.
pub fn submodule(path: &str) -> Finding {
    let source = Source::new(path, "", true);
    Finding {
        rule: SUBMODULE.to_owned(),
        severity: Severity::Info,
        category: "gate".to_owned(),
        message: excerpt::safe(&format!(
            "this change sets the submodule {path} to another commit, whose files are not read here"
        )),
        help: "where it holds prompts or deployments, check them in their own repository".to_owned(),
        path: path.to_owned(),
        span: excerpt::locate(&source, Span::at(0)),
        unit: None,
        saving: None,
        fix: None,
        evidence: Vec::new(),
        excerpt: None,
        fingerprint: fingerprint(&[SUBMODULE, path]),
        status: None,
    }
}

/// The first byte of the first line that differs.
fn first_difference(before: &str, now: &str) -> usize {
    let mut at = 0;
    for (old, new) in before.split_inclusive('\n').zip(now.split_inclusive('\n')) {
        if old != new {
            break;
        }
        at += new.len();
    }
    at.min(now.len())
}

/// The top-level keys of two YAML or JSON texts whose values differ.
fn changed_keys(before: &str, now: &str) -> Vec<String> {
    // Long files are lists: a price list has no keys.
    if before.len().max(now.len()) > MOST_BYTES_WITH_KEYS {
        return Vec::new();
    }
    let parts = |text: &str| -> Vec<(String, String)> {
        let parsed = yaml::parse(text, 0);
        let document = parsed.documents.into_iter().next();
        let entries = document.iter().flat_map(Node::entries);
        entries
            .filter_map(|(key, value)| {
                let written = text.get(value.span.start..value.span.end)?;
                Some((
                    key.as_str()?.to_owned(),
                    written.split_whitespace().collect::<Vec<_>>().join(" "),
                ))
            })
            .collect()
    };
    let (before, now) = (parts(before), parts(now));
    let mut keys: Vec<String> = Vec::new();
    for (key, value) in before.iter().chain(&now) {
        let same = |side: &[(String, String)]| side.iter().any(|(other, written)| other == key && written == value);
        let is_same = same(&before) && same(&now);
        if !is_same && !keys.contains(key) && keys.len() < MOST_KEYS {
            keys.push(key.clone());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_differ_are_named() {
        let before = "budgets:\n  - max_usd_per_month: 100\nprompts: []\n";
        let now = "budgets:\n  - max_usd_per_month: 900\nprompts: []\nexclude: [a]\n";
        assert_eq!(changed_keys(before, now), ["budgets", "exclude"]);
        let found = finding("llmlint.yaml", Some(before), Some(now), "main", Standing::Base);
        assert_eq!((found.span.line, found.severity), (2, Severity::Error));
        assert!(found.message.contains("(budgets, exclude)"), "{}", found.message);
        assert_eq!(
            finding("llmlint.yaml", Some(before), Some(now), "main", Standing::Approved).severity,
            Severity::Info
        );
    }

    #[test]
    fn a_workflow_of_our_name_is_no_setting_that_a_base_has() {
        let guard = Guard::new(&[]);
        let has = |files: &[&str]| guard.has_settings(files.iter().copied());
        assert!(!has(&[".github/workflows/llmlint.yml", "prompts/a.md"]));
        assert!(has(&["prompts/a.md", "team/.llmlint.yaml"]));
        assert!(has(&["llmlint-baseline.json"]));
        let edits = |standing| finding(".github/workflows/llmlint.yml", Some("a"), Some("b"), "main", standing);
        assert_eq!(edits(Standing::First).severity, Severity::Error);
    }

    #[test]
    fn settings_are_guarded_wherever_they_lie() {
        let guard = Guard::new(&["own rules".to_owned(), "accepted.json".to_owned()]);
        for path in [
            "llmlint.yaml",
            "team/llmlint.yml",
            "own rules/a.md",
            "own rules/x/b.md",
            "accepted.json",
        ] {
            assert!(guard.holds(path), "{path}");
        }
        for path in ["prompts/a.md", "other/accepted.json.bak", "x/own rules.md"] {
            assert!(!guard.holds(path), "{path}");
        }
    }
}
