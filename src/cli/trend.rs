//! `llmlint snapshot` and `llmlint trend`: what a tree comes to, kept day by day.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::load::{ConfigArguments, Run};
use super::output;
use crate::excerpt;
use crate::gate::trend::{Damaged, put, trend};
use crate::host::git::Git;
use crate::host::{self, slashed};
use crate::lint;
use crate::report::trend::Snapshot;
use crate::reporters::trend::{row, svg, tables};
use crate::rules::Selection;

/// The file of rows, unless another is named.
const TREND: &str = "llmlint.trend.jsonl";
/// Bytes of a file of rows: more than a million of them.
const MOST_BYTES: u64 = 1_000_000_000;
/// Damaged lines that are named one by one, and characters of what is said of each.
const DAMAGED_SHOWN: usize = 20;
const WORDS_SHOWN: usize = 200;

#[derive(Debug, Args)]
pub(super) struct Keep {
    /// Files and folders.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The file of rows (default: llmlint.trend.jsonl beside the config). A row of the same commit and day is replaced.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
    /// Look at files that git ignores too.
    #[arg(long)]
    no_gitignore: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The file of rows (default: llmlint.trend.jsonl beside the config).
    file: Option<PathBuf>,
    /// Draw the costs of a month as lines into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Keep {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let run = Run::load(&self.config, &self.paths[0], &Selection::default())?;
        let scan = run.scan(&self.paths, !self.no_gitignore)?;
        let mut report = lint::lint(&scan.sources, &scan.unread, &run.linter());
        if run.is_covered(&self.paths) {
            report.findings.splice(0..0, run.idle_volumes(&report));
        }
        let path = self.to.unwrap_or_else(|| run.beside_config(TREND));
        let new = Snapshot::of(&report, commit(&run, &path));
        let text = if path.exists() { read(&path)? } else { String::new() };
        let (_, damaged) = trend(&text);
        complain(&path, &damaged);
        let (text, replaced) = put(&text, &new).map_err(|error| Failure(error.to_string()))?;
        output::write(&path, &text)?;
        let done = if replaced { "replaced in" } else { "added to" };
        output::print(&format!("{}: {done} {}\n", row(&new), shown(&path)))
    }
}

impl Show {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let path = match self.file {
            Some(path) => path,
            None => Run::load(&ConfigArguments::default(), Path::new("."), &Selection::default())?.beside_config(TREND),
        };
        if !path.exists() {
            return Err(Failure(format!(
                "{}: there is no such file: `llmlint snapshot` makes it, or name another",
                path.display()
            )));
        }
        let (trend, damaged) = trend(&read(&path)?);
        complain(&path, &damaged);
        if trend.rows.is_empty() {
            return Err(Failure(format!(
                "{}: holds no row: `llmlint snapshot` adds one",
                path.display()
            )));
        }
        if let Some(target) = &self.svg {
            output::write(target, &svg(&trend))?;
        }
        output::print(&tables(&trend))
    }
}

/// The commit that is checked out, and whether other files than `rows` differ from it.
fn commit(run: &Run, rows: &Path) -> Option<(String, bool)> {
    let git = Git::open(&run.root.folder).ok()?;
    let (commit, _, changed) = git.changed(|| git.head()).ok()?;
    let rows = rows.canonicalize().ok();
    let is_rows = |path: &str| rows.is_some() && git.folder().join(path).canonicalize().ok() == rows;
    let differs = changed.iter().any(|file| !is_rows(&file.path));
    Some((commit.id().to_owned(), differs))
}

fn read(path: &Path) -> Result<String, Failure> {
    host::read_text(path, MOST_BYTES).map_err(|(why, _)| Failure(format!("{}: {why}", path.display())))
}

fn shown(path: &Path) -> String {
    crate::report::clean(&slashed(path))
}

/// Names the lines that hold no row.
fn complain(path: &Path, damaged: &[Damaged]) {
    for (line, why) in damaged.iter().take(DAMAGED_SHOWN) {
        let why: String = excerpt::safe(why).chars().take(WORDS_SHOWN).collect();
        output::complain(&format!(
            "{}:{line}: no row of a trend, left out: {why} (mend the line, or delete it)",
            shown(path)
        ));
    }
    if damaged.len() > DAMAGED_SHOWN {
        let more = damaged.len() - DAMAGED_SHOWN;
        output::complain(&format!("{}: {more} more lines hold no row", shown(path)));
    }
}
