//! `llmlint schema`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Failure, output};
use crate::config::{Config, UsageFile};
use crate::report::Report;
use crate::report::costs::Costs;
use crate::report::trend::Snapshot;
use crate::rules::FrontMatter;

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Of what.
    of: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    /// llmlint.yaml.
    Config,
    /// What `check --format json` prints.
    Report,
    /// What `cost --format json` prints.
    Cost,
    /// The front matter of a rule's page.
    Rule,
    /// llmlint.usage.json.
    Usage,
    /// A row of llmlint.trend.jsonl.
    Trend,
}

impl Schema {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let schema = match self.of {
            Of::Config => schemars::schema_for!(Config),
            Of::Report => schemars::schema_for!(Report),
            Of::Cost => schemars::schema_for!(Costs),
            Of::Rule => schemars::schema_for!(FrontMatter),
            Of::Usage => schemars::schema_for!(UsageFile),
            Of::Trend => schemars::schema_for!(Snapshot),
        };
        let text = serde_json::to_string_pretty(&schema).map_err(|error| Failure(error.to_string()))?;
        output::print(&format!("{text}\n"))
    }
}
