//! `llmlint diff`: two reports side by side.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::output::{self, Color};
use crate::gate;
use crate::host;
use crate::report::{Report, SCHEMA_VERSION};
use crate::reporters::{self, Style};

/// Reports are larger than files that are checked: bytes.
const MOST_BYTES: u64 = 1_000_000_000;

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The older report, made with `--format json`.
    old: PathBuf,
    /// The newer report.
    new: PathBuf,
    /// How to show it.
    #[arg(long, default_value = "human", value_parser = output::formats())]
    format: String,
    /// Tell of new findings alone.
    #[arg(long)]
    new_only: bool,
    /// When to colour.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

impl Diff {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let (old, mut new) = (read(&self.old)?, read(&self.new)?);
        // Costs of two days can't be told apart from a change of prices.
        if old.prices_as_of != new.prices_as_of {
            let day = |report: &Report| report.prices_as_of.clone().unwrap_or_else(|| "none".to_owned());
            output::complain(&format!(
                "the reports were made with prices of different days ({} and {}): a part of the difference may be theirs",
                day(&old),
                day(&new)
            ));
        }
        gate::compare(&old, &mut new, &self.old.display().to_string());
        let reporter =
            reporters::reporter(&self.format).ok_or_else(|| Failure(format!("no format `{}`", self.format)))?;
        if self.new_only && !reporter.compares {
            super::change::keep_new(&mut new);
        }
        let style = Style {
            color: self.color.on(),
            width: output::width(),
            verbose: false,
            quiet: false,
            link: None,
        };
        output::print(&(reporter.write)(&new, &style))
    }
}

fn read(path: &Path) -> Result<Report, Failure> {
    let text = host::read_text(path, MOST_BYTES).map_err(|(why, _)| Failure(format!("{}: {why}", path.display())))?;
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        Failure(format!(
            "{}: no report ({error}): `llmlint check --format json` makes one",
            path.display()
        ))
    })?;
    if report.schema_version != SCHEMA_VERSION {
        return Err(Failure(format!(
            "{}: a report of schema {}, this llmlint reads {SCHEMA_VERSION}: make both with one version",
            path.display(),
            report.schema_version
        )));
    }
    Ok(report)
}
