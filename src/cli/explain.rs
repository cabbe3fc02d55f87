//! `llmlint explain` and `llmlint rules`.

use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::load::{ConfigArguments, Run};
use super::output::{self, Color};
use crate::catalog::Catalog;
use crate::facts::Value;
use crate::rules::{self, Rule, Selection};
use crate::syntax::de::nearest;

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The rule's id.
    rule: String,
    /// When to colour.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

impl Explain {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let rules = rules::embedded().map_err(|error| Failure(format!("rules/{}.md: {error}", error.id)))?;
        let Some(rule) = rules.iter().find(|rule| rule.id == self.rule) else {
            let near = nearest(&self.rule, rules.iter().map(|rule| rule.id.as_str()))
                .map_or(String::new(), |id| format!(": did you mean `{id}`?"));
            return Err(Failure(format!(
                "no rule `{}`{near} (`llmlint rules` lists them)",
                self.rule
            )));
        };
        output::print(&page(rule, self.color.on()))
    }
}

/// A rule's page for a terminal: its settings, its prose, its studies.
fn page(rule: &Rule, color: bool) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for line in rule.body.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            let words = line.trim_start_matches('`');
            if in_code && !words.is_empty() {
                out.push_str(&paint(&format!("  [{words}]"), "2", color));
                out.push('\n');
            }
        } else if in_code {
            out.push_str(&format!("    {line}\n"));
        } else if line.starts_with('#') {
            out.push_str(&paint(line.trim_start_matches('#').trim(), "1", color));
            out.push('\n');
            if line.starts_with("# ") {
                out.push_str(&format!(
                    "{} · {} · judges a {}{}\n",
                    rule.severity.name(),
                    rule.category,
                    rule.unit.name(),
                    if rule.preview {
                        " · preview: off unless llmlint.yaml or --select names it"
                    } else {
                        ""
                    }
                ));
            }
        } else {
            out.push_str(line);
            out.push('\n');
        }
    }
    if !rule.options.is_empty() {
        out.push_str(&format!("\n{}\n", paint("Options", "1", color)));
        for (name, option) in &rule.options {
            out.push_str(&format!("  {name} = {}: {}\n", shown(&option.default), option.about));
        }
    }
    let studies: Vec<_> = rule
        .evidence
        .iter()
        .filter_map(|id| Catalog::embedded().evidence(id))
        .collect();
    if !studies.is_empty() {
        out.push_str(&format!("\n{}\n", paint("Evidence", "1", color)));
        for study in studies {
            out.push_str(&format!(
                "  {} ({}, {})\n    {}\n",
                study.claim, study.title, study.year, study.url
            ));
            if let Some(downside) = &study.downside {
                out.push_str(&format!("    but: {downside}\n"));
            }
        }
    }
    out
}

fn paint(text: &str, code: &str, color: bool) -> String {
    if color {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Str(value) => value.to_string(),
        Value::Strs(values) => format!("[{}]", values.join(", ")),
    }
}

#[derive(Debug, Args)]
pub(super) struct Rules {
    #[command(flatten)]
    config: ConfigArguments,
}

impl Rules {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let run = Run::load(&self.config, std::path::Path::new("."), &Selection::default())?;
        let all = rules::embedded().map_err(|error| Failure(format!("rules/{}.md: {error}", error.id)))?;
        let mut lines: Vec<(String, String)> = Vec::new();
        for rule in &all {
            let active = run.rules.active.iter().find(|active| active.rule.id == rule.id);
            let (severity, on) = match active {
                Some(active) => (active.severity, "on"),
                None if rule.preview => (rule.severity, "preview"),
                None => (rule.severity, "off"),
            };
            lines.push((rule.id.clone(), line(rule, severity.name(), on)));
        }
        for own in &run.rules.active {
            if !all.iter().any(|rule| rule.id == own.rule.id) {
                lines.push((own.rule.id.clone(), line(&own.rule, own.severity.name(), "on")));
            }
        }
        lines.sort();
        let text: String = lines.into_iter().map(|(_, line)| line).collect();
        output::print(&text)
    }
}

fn line(rule: &Rule, severity: &str, on: &str) -> String {
    format!(
        "{:<30} {severity:<8} {:<12} {on:<7} {}\n",
        rule.id,
        rule.category,
        rule.summary()
    )
}
