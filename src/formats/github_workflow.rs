//! GitHub workflows: steps whose script starts an engine.
//! Format: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>.

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::source::Text;
use crate::syntax::Node;
use crate::units::EnvValue;

pub(super) const NAME: &str = "github workflow";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours =
        reading.source.from_root.contains(".github/workflows/") && reading.is_yaml() && commands::may_start(reading);
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        for (job_name, job) in document.get("jobs").into_iter().flat_map(Node::entries) {
            let name = format!("{}#{}", reading.source.path, job_name.as_str().unwrap_or("job"));
            for step in job.get("steps").into_iter().flat_map(Node::items) {
                let shell = step.get("shell").and_then(Node::as_str).unwrap_or("bash");
                let Some(script) = step.get("run").and_then(Node::text) else {
                    continue;
                };
                if !shell.contains("sh") || shell.contains("pwsh") || shell.contains("powershell") {
                    continue;
                }
                let mut around = Around::default();
                for scope in [document, job, step] {
                    around.env.extend(environment(reading, scope.get("env")));
                }
                let env = around.env.clone();
                let look = commands::env_lookup(&env);
                let (units, _) = commands::script_units(reading, script, &look, &around, &name, NAME);
                read.units.extend(units);
            }
        }
    }
    (!read.units.is_empty()).then_some(read)
}

/// Variables of a mapping, or of a list of `NAME=value`; what another program fills in is unknown.
pub(super) fn environment(reading: &Reading<'_>, node: Option<&Node>) -> Vec<(String, EnvValue)> {
    let value = |name: &str, text: Option<&Text>, node: &Node| {
        let place = reading.place(node.span);
        let value = match text {
            Some(text) if !node.is_null() && !text.as_str().contains("${") => EnvValue::Known(text.clone(), place),
            _ => EnvValue::Unknown(format!("`{name}` is filled in from elsewhere"), place),
        };
        (name.to_owned(), value)
    };
    let Some(node) = node else {
        return Vec::new();
    };
    let pairs = node
        .entries()
        .filter_map(|(key, entry)| Some(value(key.as_str()?, entry.text(), entry)));
    let lines = node.items().filter_map(|item| {
        let text = item.text()?;
        Some(match text.as_str().split_once('=') {
            Some((name, _)) => value(name, Some(&text.slice(name.len() + 1..text.as_str().len())), item),
            None => value(text.as_str(), None, item),
        })
    });
    pairs.chain(lines).collect()
}
