//! `llmlint check`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Failure;
use super::load::{ConfigArguments, Run};
use super::output::{self, Color};
use crate::host::{self, Root, Scan};
use crate::lint::{self, Unread};
use crate::report::Severity;
use crate::reporters::{self, REPORTERS, Style};
use crate::rules::Selection;
use crate::source::Source;

/// How long a run may take before it says that it is at work.
const SILENCE: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and folders; `-` reads one file from standard input.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// The name of what comes on standard input; its extension decides how it is read.
    #[arg(long, value_name = "NAME")]
    stdin_filename: Option<String>,
    /// How to show the report.
    #[arg(long, default_value = "human", value_parser = format_names())]
    format: String,
    /// Judge by these rules or categories alone.
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    select: Vec<String>,
    /// Leave out these rules or categories.
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    ignore: Vec<String>,
    /// Judge by rules of this severity and above.
    #[arg(long)]
    severity: Option<Level>,
    /// Exit with 1 where a finding has this severity or a higher one (default: warning).
    #[arg(long)]
    fail_on: Option<Level>,
    /// An older checkout of the same repository: deployments are compared with what they were in it.
    #[arg(long, value_name = "FOLDER")]
    before: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
    /// When to colour.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print findings only.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Also list every file, how it was read or why not, and all that could not be judged.
    #[arg(long, short)]
    verbose: bool,
    /// Write the report to this file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Look at files that git ignores too.
    #[arg(long)]
    no_gitignore: bool,
    /// Exit with 2 where a file could not be read.
    #[arg(long)]
    strict: bool,
    /// Threads to use, 1 to 256 (default: one a core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Info => Severity::Info,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        }
    }
}

fn format_names() -> clap::builder::PossibleValuesParser {
    REPORTERS
        .iter()
        .map(|reporter| clap::builder::PossibleValue::new(reporter.name).help(reporter.about))
        .collect::<Vec<_>>()
        .into()
}

impl Check {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(threads) = self.threads {
            // Fails only where the pool was made before, which nothing has done yet.
            let _ = rayon::ThreadPoolBuilder::new()
                .num_threads(usize::from(threads))
                .build_global();
        }
        let selection = Selection {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            severity: self.severity.map(Severity::from),
        };
        let from_stdin = self.paths.iter().any(|path| path.as_os_str() == "-");
        let start = if from_stdin { Path::new(".") } else { &self.paths[0] };
        let run = Run::load(&self.config, start, &selection)?;
        let progress = Progress::start(!self.quiet && self.output.is_none());
        let scan = if from_stdin {
            self.stdin(&run)?
        } else {
            host::scan(&self.paths, &run.root, &run.settings, !self.no_gitignore)
                .map_err(|error| Failure(format!("{} (check the spelling, or leave the path out)", error.message)))?
        };
        let before = self.older(&run)?;
        let report = lint::lint_against(&scan.sources, &before, &scan.unread, &run.linter());
        drop(progress);

        let reporter =
            reporters::reporter(&self.format).ok_or_else(|| Failure(format!("no format `{}`", self.format)))?;
        let style = Style {
            color: self.output.is_none() && self.color.on(),
            width: output::width(),
            verbose: self.verbose,
            quiet: self.quiet,
        };
        let text = (reporter.write)(&report, &style);
        match &self.output {
            Some(path) => output::write(path, &text)?,
            None => output::print(&text)?,
        };
        let fail_on = self
            .fail_on
            .map(Severity::from)
            .or(run.settings.config.fail_on)
            .unwrap_or(Severity::Warning);
        let unread = report.findings.iter().any(|finding| finding.category == "input");
        Ok(if self.strict && unread {
            ExitCode::from(2)
        } else if report.findings.iter().any(|finding| finding.severity >= fail_on) {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        })
    }

    /// The files of the older checkout, seen from its own root.
    fn older(&self, run: &Run) -> Result<Vec<Source>, Failure> {
        let Some(folder) = &self.before else {
            return Ok(Vec::new());
        };
        let failure = |message: String| Failure(format!("--before {}: {message}", folder.display()));
        let root = Root {
            folder: folder.canonicalize().map_err(|error| failure(error.to_string()))?,
            current: run.root.current.clone(),
        };
        host::scan(std::slice::from_ref(folder), &root, &run.settings, !self.no_gitignore)
            .map(|scan| scan.sources)
            .map_err(|error| failure(error.message))
    }

    fn stdin(&self, run: &Run) -> Result<Scan, Failure> {
        if self.paths.len() > 1 {
            return Err(Failure("`-` can't be combined with other paths".to_owned()));
        }
        let name = self.stdin_filename.clone().unwrap_or_else(|| "stdin.md".to_owned());
        let limit = run
            .settings
            .config
            .max_file_bytes
            .unwrap_or(crate::config::DEFAULT_MAX_FILE_BYTES);
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| Failure(format!("standard input can't be read: {error}")))?;
        Ok(match host::text(bytes, limit) {
            Ok(text) => Scan {
                sources: vec![Source::new(name, text, true)],
                unread: Vec::new(),
            },
            Err(why) => Scan {
                sources: Vec::new(),
                unread: vec![Unread {
                    path: name,
                    why,
                    finding: true,
                }],
            },
        })
    }
}

/// A line on the terminal while a run takes long; it is wiped when the run is done.
struct Progress {
    done: Option<mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    fn start(wanted: bool) -> Self {
        if !wanted || !std::io::stderr().is_terminal() {
            return Self {
                done: None,
                thread: None,
            };
        }
        let (done, wait) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            if wait.recv_timeout(SILENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let mut terminal = std::io::stderr();
                let _ = write!(terminal, "llmlint: reading and judging …");
                let _ = terminal.flush();
                let _ = wait.recv();
                let _ = write!(terminal, "\r\u{1b}[2K");
            }
        });
        Self {
            done: Some(done),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
