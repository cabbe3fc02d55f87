//! Which rules a run judges by, how much each matters and with which options.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Rule, option_value};
use crate::config::{Config, RuleSetting};
use crate::facts::{Type, Value};
use crate::report::Severity;
use crate::syntax::de::nearest;

/// The rules that are on.
pub struct RuleSet {
    /// By id.
    pub active: Vec<ActiveRule>,
}

/// A rule as this run judges by it.
pub struct ActiveRule {
    /// The page, which the sets of several configs share.
    pub rule: Arc<Rule>,
    /// How much it matters here.
    pub severity: Severity,
    /// Its options' values.
    pub options: BTreeMap<String, Value>,
}

/// What the command line says of rules.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these rules or categories; all where it is empty.
    pub select: Vec<String>,
    /// Not these rules or categories.
    pub ignore: Vec<String>,
    /// Only rules of this severity and above.
    pub severity: Option<Severity>,
}

impl RuleSet {
    /// Sets `rules` as the config and the command line say.
    ///
    /// # Errors
    /// A rule, category or option that does not exist, with the nearest that does, or an option of the wrong type.
    pub fn new(
        rules: impl IntoIterator<Item: Into<Arc<Rule>>>,
        config: &Config,
        selection: &Selection,
    ) -> Result<Self, String> {
        let rules: Vec<Arc<Rule>> = rules.into_iter().map(Into::into).collect();
        for id in config.rules.keys() {
            if !rules.iter().any(|rule| rule.id == *id) {
                return Err(format!(
                    "rules: {}",
                    unknown(id, rules.iter().map(|rule| rule.id.as_str()))
                ));
            }
        }
        let names = || rules.iter().flat_map(|rule| [rule.id.as_str(), rule.category.as_str()]);
        for name in selection.select.iter().chain(&selection.ignore) {
            if !names().any(|known| known == name) {
                return Err(unknown(name, names()));
            }
        }
        let named = |list: &[String], rule: &Rule| list.iter().any(|name| *name == rule.id || *name == rule.category);
        let mut active = Vec::new();
        for rule in rules {
            let setting = config.rules.get(&rule.id);
            let (level, values) = match setting {
                Some(RuleSetting::Level(level)) => (Some(*level), None),
                Some(RuleSetting::Detailed(detail)) => (detail.severity, Some(&detail.options)),
                None => (None, None),
            };
            let severity = match level {
                Some(level) => level.severity(),
                None => Some(rule.severity).filter(|_| !rule.preview),
            };
            // Naming a rule on the command line turns it on, whatever the config says.
            let chosen = selection.select.contains(&rule.id);
            let Some(severity) = severity.or(chosen.then_some(rule.severity)) else {
                continue;
            };
            if (!selection.select.is_empty() && !named(&selection.select, &rule))
                || named(&selection.ignore, &rule)
                || selection.severity.is_some_and(|least| severity < least)
            {
                continue;
            }
            let mut options: BTreeMap<String, Value> = rule
                .options
                .iter()
                .map(|(name, option)| (name.clone(), option.default.clone()))
                .collect();
            for (name, value) in values.into_iter().flatten() {
                let Some(default) = options.get(name) else {
                    let known = options.keys().map(String::as_str);
                    return Err(format!("rules: {}: option {}", rule.id, unknown(name, known)));
                };
                let value = match (option_value(value)?, default.ty()) {
                    (Value::Int(n), Type::Number) => Value::Number(n.into()),
                    (value, ty) if value.ty() == ty => value,
                    (_, ty) => return Err(format!("rules: {}: option `{name}` is to be of type {ty:?}", rule.id)),
                };
                options.insert(name.clone(), value);
            }
            active.push(ActiveRule {
                rule,
                severity,
                options,
            });
        }
        Ok(Self { active })
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(nearest) => format!("unknown name `{name}`: did you mean `{nearest}`?"),
        None => format!("unknown name `{name}` (`llmlint rules` lists those of rules and their categories)"),
    }
}
