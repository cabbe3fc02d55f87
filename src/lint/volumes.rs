//! Volumes that llmlint.yaml states for prompts that are not there: they count nowhere, and a budget may be kept only
//! because of that.

use crate::excerpt;
use crate::facts::{PromptAt, Settings};
use crate::fingerprint::fingerprint;
use crate::report::{Finding, Report, Severity};
use crate::source::Source;
use crate::syntax::yaml;

/// The rule's name in reports.
const RULE: &str = "volume-without-prompt";

/// A finding for each entry of `config` (llmlint.yaml) that states a volume and chooses no prompt of a report on all
/// files that the config governs. The first `inherited` entries of `settings` come from other configs.
pub fn idle_volumes(report: &Report, settings: &Settings, inherited: usize, config: &Source) -> Vec<Finding> {
    let names: Vec<(&str, String)> = report
        .units
        .iter()
        .filter(|unit| unit.is_request())
        .map(|unit| {
            let inside = unit.name.strip_prefix(&unit.path).unwrap_or(&unit.name);
            (unit.from_root.as_str(), format!("{}{inside}", unit.from_root))
        })
        .collect();
    let prompts: Vec<PromptAt<'_>> = names.iter().map(|(path, name)| PromptAt { path, name }).collect();
    let idle = settings.idle_volumes(&prompts);
    if idle.is_empty() {
        return Vec::new();
    }
    let parsed = yaml::parse(&config.text, 0);
    let entries = parsed.documents.first().and_then(|document| document.get("prompts"));
    let finding = |at: usize| {
        let entry = entries?.items().nth(at.checked_sub(inherited)?)?;
        let setting = settings.config.prompts.get(at)?;
        let chosen: Vec<String> = [
            ("files", Some(&setting.files).filter(|files| !files.is_empty())),
            ("unit", setting.unit.as_ref()),
            ("tag", setting.tag.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key}: {}", value?)))
        .collect();
        let chosen = chosen.join(", ");
        Some(Finding {
            rule: RULE.to_owned(),
            severity: Severity::Warning,
            category: "config".to_owned(),
            message: excerpt::safe(&format!(
                "a volume is stated for `{chosen}`, and no prompt is that: it enters no cost and no budget"
            )),
            help: "mend the entry (`llmlint cost` lists the prompts by name), or take it out".to_owned(),
            path: config.path.clone(),
            span: excerpt::locate(config, entry.span),
            unit: None,
            saving: None,
            fix: None,
            evidence: Vec::new(),
            excerpt: Some(excerpt::excerpt(config, entry.span)),
            fingerprint: fingerprint(&[RULE, &chosen]),
            status: None,
        })
    };
    idle.into_iter().filter_map(finding).collect()
}
