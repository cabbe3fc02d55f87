//! `llmlint catalog`.

mod lists;
mod prices;
mod show;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Failure, output};
use crate::catalog::{self, Files, Sources};
use crate::host;

/// The largest file of a catalog that is read.
const MOST_BYTES: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(super) struct Catalog {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the catalog: bounds, names, references, dates, order, and whether parameters fit their shape. Prints a line
    /// for each problem, else how many rows each file has and how they were read.
    Check {
        /// A folder with the catalog's files, in place of those of the program.
        folder: Option<PathBuf>,
    },
    /// Work out what requests cost. Reads a request a line: `{"model", "usage": {"input_tokens": …, …}}`, also with
    /// `provider`, `at` (a day, or a time in UTC) and `context` (`{"processing": "batch"}`); writes a line for each.
    Price(prices::Price),
    /// Print all that is known of a model: prices with tiers and kinds of requests, their source and day, context,
    /// retirement, tokenizer, shape.
    Show(show::Show),
    /// What differs between two price lists.
    Diff(lists::Diff),
    /// Take a newer price list, after checking it; nothing is fetched.
    Update(lists::Update),
}

impl Catalog {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let folder = match self.command {
            Command::Check { folder: None } => return check(&Files::embedded()),
            Command::Check { folder: Some(folder) } => folder,
            Command::Price(command) => return command.run(),
            Command::Show(command) => return command.run(),
            Command::Diff(command) => return command.run(),
            Command::Update(command) => return command.run(),
        };
        let read = |name: &str| {
            let path = folder.join(Path::new(name).with_extension("jsonl"));
            host::read_text(&path, MOST_BYTES).map_err(|(why, _)| Failure(format!("{}: {why}", path.display())))
        };
        check(&Files {
            models: &read("models")?,
            prices: &read("prices")?,
            open_models: &read("open_models")?,
            other_models: &read("other_models")?,
            gpus: &read("gpus")?,
            instances: &read("instances")?,
            evidence: &read("evidence")?,
            numbers: &read("numbers")?,
        })
    }
}

fn check(files: &Files<'_>) -> Result<ExitCode, Failure> {
    let report = catalog::check(files, host::today());
    let mut text: String = report.problems.iter().map(|problem| format!("{problem}\n")).collect();
    let wrong = report.problems.iter().filter(|problem| !problem.warning).count();
    if wrong == 0 {
        report.sources.iter().for_each(|sources| line(&mut text, sources));
    } else {
        let _ = writeln!(text, "{wrong} errors");
    }
    output::print(&text)?;
    Ok(if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn line(text: &mut String, sources: &Sources) {
    let rows = sources.rows();
    let share = |count: usize| 100 * count / rows.max(1);
    let _ = write!(
        text,
        "{:<18}{rows:>5} rows, {}% read at their source",
        sources.file,
        share(sources.read)
    );
    for (count, how) in [
        (sources.inferred, "with a figure inferred"),
        (sources.recalled, "with a figure recalled"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {how}");
        }
    }
    text.push('\n');
}
