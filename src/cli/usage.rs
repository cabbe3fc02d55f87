//! `llmlint usage`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Subcommand};

use super::load::{ConfigArguments, Run};
use super::{Failure, output};
use crate::config::{UnmatchedUsage, UsageFile};
use crate::excerpt;
use crate::host;
use crate::lint::{self, Export};
use crate::report::{clean, grouped, money};
use crate::rules::Selection;
use crate::usage::{self, FORMATS, Imported};

/// Groups without a prompt that are listed; the file has all.
const LISTED: usize = 15;

#[derive(Debug, Args)]
pub(super) struct Usage {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read exports of usage, match them to the tree's prompts, and write llmlint.usage.json.
    Import(Import),
    /// List the exports that are read.
    Formats,
}

#[derive(Debug, Args)]
struct Import {
    /// Exports; `-` reads one from standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The folder whose prompts are matched.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    tree: PathBuf,
    /// Read all files as this export, instead of telling it by their columns and keys.
    #[arg(long, value_parser = formats())]
    format: Option<String>,
    /// Days that the exports are about, where their times do not tell.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_600))]
    days: Option<u32>,
    /// Where to write (default: llmlint.usage.json beside llmlint.yaml, or where that names it; `-` is standard output).
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
}

fn formats() -> PossibleValuesParser {
    let names = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name).help(format.about));
    names.collect::<Vec<_>>().into()
}

impl Usage {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            What::Import(import) => import.run(),
            What::Formats => {
                let lines = FORMATS
                    .iter()
                    .map(|format| format!("{:<16} {}\n", format.name, format.about));
                output::print(&lines.collect::<String>())
            }
        }
    }
}

impl Import {
    fn run(self) -> Result<ExitCode, Failure> {
        // What was imported before is not to count in what is imported now.
        let run = Run::load_without_usage(&self.config, &self.tree, &Selection::default())?;
        let mut exports: Vec<Export> = Vec::new();
        let mut seen = HashSet::new();
        let mut notes = String::new();
        for path in &self.files {
            if let Ok(real) = path.canonicalize()
                && !seen.insert(real)
            {
                return Err(Failure(format!(
                    "{}: named twice, its calls would count twice",
                    path.display()
                )));
            }
            let read = self
                .read(path)
                .map_err(|why| Failure(format!("{}: {why}", path.display())))?;
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            notes.push_str(&told(&name, &read));
            match exports.iter_mut().find(|export| export.format == read.format.name) {
                Some(export) => {
                    export.files.push(name);
                    export.book.take(read.book, 0);
                }
                None => exports.push(Export {
                    format: read.format.name,
                    served_by: read.format.served_by,
                    files: vec![name],
                    book: read.book,
                    days: self.days,
                }),
            }
        }
        for export in &mut exports {
            export.files.sort();
        }
        let scan = run
            .scan(std::slice::from_ref(&self.tree), true)
            .map_err(|Failure(why)| Failure(format!("--tree {why}")))?;
        let report = lint::lint(&scan.sources, &scan.unread, &run.linter());
        let file = lint::attribute(&exports, &report, &run.catalog, run.today, run.settings.folder());
        let text = serde_json::to_string_pretty(&file).map_err(|error| Failure(error.to_string()))?;
        let text = format!("{text}\n");
        if self.output.as_deref() == Some(Path::new("-")) {
            output::complain(&format!("{notes}{}", summary(&file)));
            return output::print(&text);
        }
        let target = self.output.clone().unwrap_or_else(|| run.usage_path());
        output::write(&target, &text)?;
        let shown = target.strip_prefix(&run.root.current).unwrap_or(&target);
        output::print(&format!(
            "{notes}{}{} written.\n",
            summary(&file),
            clean(&host::slashed(shown))
        ))
    }

    fn read(&self, path: &Path) -> Result<Imported, String> {
        let wanted = self.format.as_deref().and_then(usage::format);
        let input: Box<dyn Read + Send> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            let file = File::open(path).map_err(|error| host::refused(&error))?;
            if file.metadata().is_ok_and(|meta| meta.is_dir()) {
                return Err("a folder: name its files".to_owned());
            }
            Box::new(file)
        };
        usage::read(input, wanted)
    }
}

fn s(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// What became of a file's rows.
fn told(name: &str, read: &Imported) -> String {
    let book = &read.book;
    let count = |count: u64| grouped(&count.to_string());
    let span = match (book.first, book.last) {
        (Some(first), Some(last)) => format!(", {first} to {last} (UTC)"),
        _ => ", no times".to_owned(),
    };
    let mut out = format!(
        "{}: {}, {} row{}{span}\n",
        clean(name),
        read.format.name,
        count(book.rows),
        s(book.rows)
    );
    for (why, rows) in &book.left_out {
        out.push_str(&format!("  left out: {} × {why}\n", count(*rows)));
    }
    if book.folded > 0 {
        out.push_str(&format!(
            "  {} rows have so many different prompts and tags that they are told apart by model alone\n",
            count(book.folded)
        ));
    }
    for (line, why) in &book.errors {
        out.push_str(&format!("  line {line} can't be used: {}\n", excerpt::safe(why)));
    }
    if book.bad > book.errors.len() as u64 {
        out.push_str(&format!("  {} rows in all can't be used\n", count(book.bad)));
    }
    out
}

fn summary(file: &UsageFile) -> String {
    let mut out = String::new();
    for source in file.sources.iter().filter(|source| source.days.is_none()) {
        out.push_str(&format!(
            "{}: nothing says which days it is about: `--days N` would make calls a month of it\n",
            source.format
        ));
    }
    let usd = |usd: Option<rust_decimal::Decimal>| {
        usd.map_or_else(|| "$ not known".to_owned(), |usd| format!("${}", money(usd)))
    };
    out.push_str(&format!("{} matched:\n", file.units.len()));
    for unit in &file.units {
        let calls = match unit.counted.calls {
            Some(calls) => format!("{} calls", grouped(&calls.to_string())),
            None => "calls not counted".to_owned(),
        };
        out.push_str(&format!(
            "  {}: {calls}, {} ({}, by {})\n",
            excerpt::safe(&unit.unit),
            usd(unit.counted.usd),
            unit.source,
            unit.matched_by
        ));
    }
    let twice: Vec<&str> = file
        .units
        .windows(2)
        .filter(|pair| pair[0].unit == pair[1].unit)
        .map(|pair| pair[0].unit.as_str())
        .collect();
    if let Some(first) = twice.first() {
        out.push_str(&format!(
            "{} of them in several exports, the first is {}: exports may count the same calls, so of each the one with the \
             most calls a day counts\n",
            twice.len(),
            excerpt::safe(first)
        ));
    }
    if file.unmatched.is_empty() {
        return out;
    }
    let known = file.unmatched.iter().filter_map(|group| group.counted.usd);
    let sum = known
        .clone()
        .try_fold(rust_decimal::Decimal::ZERO, |sum, usd| sum.checked_add(usd));
    let unknown = file.unmatched.len() - known.count();
    let unknown = if unknown > 0 {
        format!(", {unknown} of them not priced")
    } else {
        String::new()
    };
    out.push_str(&format!(
        "{} not matched, {}{unknown}:\n",
        file.unmatched.len(),
        usd(sum)
    ));
    for group in file.unmatched.iter().take(LISTED) {
        out.push_str(&format!(
            "  {}: {}: {}\n",
            group_name(group),
            usd(group.counted.usd),
            group.why
        ));
    }
    if file.unmatched.len() > LISTED {
        out.push_str(&format!(
            "  … and {} more, which the file lists\n",
            file.unmatched.len() - LISTED
        ));
    }
    out
}

fn group_name(group: &UnmatchedUsage) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !group.prompt.is_empty() {
        parts.push(format!("prompt {}", group.prompt));
    }
    if !group.tags.is_empty() {
        parts.push(format!("tags {}", group.tags.join(", ")));
    }
    if !group.model.is_empty() {
        parts.push(group.model.clone());
    }
    if parts.is_empty() {
        parts.push("no model".to_owned());
    }
    parts.join(", ")
}
