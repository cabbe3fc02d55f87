//! `llmlint check`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Failure;
use super::change::{ChangeSet, keep_new, staged};
use super::load::{self, ConfigArguments, Run};
use super::output::{self, Color};
use crate::gate::{self, Baseline};
use crate::host::{self, Origin, Root, Scan};
use crate::lint::{self, Unread};
use crate::report::{Finding, FindingStatus, Report, Severity};
use crate::reporters::{self, Reporter, Style};
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
    #[arg(long, default_value = "human", value_parser = output::formats())]
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
    /// A branch or commit to compare with: what this change adds, mends and costs. Settings, rules, prices, volumes,
    /// budgets and baseline are the base's own.
    #[arg(long, value_name = "REF", conflicts_with_all = ["before", "no_gitignore"])]
    base: Option<String>,
    /// Judge what is staged for the next commit, as it is staged, and what takes text from it.
    #[arg(long, conflicts_with_all = ["base", "before"])]
    staged: bool,
    /// Judge by the settings that the change itself brings: for a change that somebody outside of it has allowed to.
    #[arg(long, requires = "base")]
    allow_config_change: bool,
    /// Tell of new findings alone and fail by them alone. SARIF and GitLab's report, whose readers compare for themselves,
    /// still hold the old ones.
    #[arg(long, requires = "base")]
    new_only: bool,
    /// Tell of findings on changed lines alone.
    #[arg(long, requires = "base")]
    changed_lines: bool,
    /// Findings that are accepted for now (default: llmlint-baseline.json beside the config, where it is there).
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the findings of this run to a baseline, so that only further ones fail.
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with = "base")]
    write_baseline: Option<Option<PathBuf>>,
    /// Fail where a prompt names a model whose price is not known.
    #[arg(long)]
    fail_on_unpriced: bool,
    #[command(flatten)]
    config: ConfigArguments,
    /// The address below which the files can be looked at, for outputs that link to lines:
    /// `https://github.com/OWNER/NAME/blob/COMMIT`.
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// When to colour.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Print findings only.
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,
    /// Also list every file, how it was read or why not, and all that could not be judged.
    #[arg(long, short)]
    verbose: bool,
    /// Write the report to this file; `FORMAT=FILE`, several times, writes it in several formats at once (`-` is standard
    /// output).
    #[arg(long, short, value_name = "[FORMAT=]FILE")]
    output: Vec<String>,
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

/// One of the ways in which a report is written.
struct Output {
    reporter: &'static Reporter,
    /// The file; absent for standard output.
    path: Option<PathBuf>,
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
        let outputs = self.outputs()?;
        let start = if from_stdin { Path::new(".") } else { &self.paths[0] };
        let root = load::root(start)?;
        let mut change = match &self.base {
            Some(_) if from_stdin => {
                return Err(Failure("`-` can't be compared with a base: name its file".to_owned()));
            }
            Some(base) => Some(ChangeSet::open(base, &root)?),
            None => None,
        };
        let origin = match &change {
            Some(change) if !self.allow_config_change => change.origin(),
            _ => Origin::Disk,
        };
        let listed = change.as_ref().map(ChangeSet::configs);
        let here = [PathBuf::from(".")];
        let paths = if from_stdin { &here[..] } else { &self.paths };
        let run = Run::load_from(&origin, root, &self.config, paths, listed.as_deref(), &selection)?;
        let progress = Progress::start(!self.quiet && outputs.iter().any(|output| output.path.is_none()));
        let mut report = match &mut change {
            Some(change) => self.judge_change(change, &run)?,
            None => {
                let mut linter = run.linter();
                let scan = if from_stdin {
                    self.stdin(&run)?
                } else if self.staged {
                    let (scan, names) = staged(&self.paths, &run)?;
                    linter.only = Some(names);
                    scan
                } else {
                    run.scan(&self.paths, !self.no_gitignore)?
                };
                let before = self.older(&run)?;
                lint::lint_against(&scan.sources, &before, &scan.unread, &linter)
            }
        };
        report.findings.splice(0..0, run.tokenizer_faults());
        if self.is_whole(&run) {
            report.findings.splice(0..0, run.idle_volumes(&report));
        }
        if self.fail_on_unpriced {
            report.findings.splice(0..0, lint::unpriced(&report));
        }
        let notes = self.accept(&origin, &run, &mut report)?;
        let budgets = run.budgets();
        if !budgets.is_empty() {
            report.gate = Some(gate::weigh(&report, &budgets));
        }
        let whole = self.new_only.then(|| report.clone());
        if self.new_only {
            keep_new(&mut report);
        }
        drop(progress);

        for output in &outputs {
            let style = Style {
                color: output.path.is_none() && self.color.on(),
                width: output::width(),
                verbose: self.verbose,
                quiet: self.quiet,
                link: self.link.as_deref(),
            };
            let told = whole.as_ref().filter(|_| output.reporter.compares).unwrap_or(&report);
            let text = (output.reporter.write)(told, &style);
            match &output.path {
                Some(path) => output::write(path, &text)?,
                None => output::print(&text)?,
            };
        }
        for note in notes {
            output::complain(&note);
        }
        Ok(self.exit_code(&report, &run))
    }

    fn exit_code(&self, report: &Report, run: &Run) -> ExitCode {
        let fail_on = self
            .fail_on
            .map(Severity::from)
            .or(run.settings.config.fail_on)
            .unwrap_or(Severity::Warning);
        let unread = report.findings.iter().any(|finding| finding.category == "input");
        let fails = |finding: &Finding| finding.severity >= fail_on && finding.status != Some(FindingStatus::Accepted);
        let broken = report.gate.as_ref().is_some_and(|gate| !gate.passed);
        let failing: Vec<&Finding> = report.findings.iter().filter(|finding| fails(finding)).collect();
        if self.strict && unread {
            return ExitCode::from(2);
        }
        if !broken && failing.is_empty() {
            return ExitCode::SUCCESS;
        }
        let is_old = |finding: &&Finding| finding.status == Some(FindingStatus::Unchanged);
        if !broken && failing.iter().all(is_old) {
            output::complain(&format!(
                "fails by {} findings that were there before: `llmlint check` shows them, `--new-only` fails by new ones \
                 alone",
                failing.len()
            ));
        }
        ExitCode::from(1)
    }

    /// The report on a change, its settings' findings first.
    fn judge_change(&self, change: &mut ChangeSet, run: &Run) -> Result<Report, Failure> {
        let (now, before) = change.scan(&self.paths, run)?;
        let linter = run.linter();
        let (old, mut report) = lint::lint_change(&now.sources, &before, &now.unread, &linter);
        gate::compare(&old, &mut report, &change.base);
        if self.changed_lines {
            change.keep_changed_lines(&mut report, &now.sources);
        }
        let guarded = change.guarded(run, self.allow_config_change)?;
        report.findings.splice(0..0, guarded);
        Ok(report)
    }

    /// Whether all that the config governs is looked at, and by all rules.
    fn is_whole(&self, run: &Run) -> bool {
        let partial = self.base.is_some() || self.staged || !self.select.is_empty() || !self.ignore.is_empty();
        !partial && self.severity.is_none() && run.is_covered(&self.paths)
    }

    /// Marks what the baseline accepts, or writes one; returns what is to be said about it.
    fn accept(&self, origin: &Origin, run: &Run, report: &mut Report) -> Result<Vec<String>, Failure> {
        let path = self.baseline.clone().unwrap_or_else(|| run.baseline.clone());
        let limit = crate::config::DEFAULT_MAX_FILE_BYTES;
        let is_named = self.baseline.is_some() || run.settings.config.baseline.is_some();
        let is_there = origin.has(&path, &run.root);
        let known = match is_there {
            true => {
                let text = origin.read(&path, &run.root, limit)?;
                let parsed = Baseline::parse(&text);
                Some(parsed.map_err(|why| Failure(format!("{}: {why}", path.display())))?)
            }
            false if is_named && self.write_baseline.is_none() => {
                return Err(Failure(format!(
                    "{}: no such baseline (`--write-baseline` makes one)",
                    path.display()
                )));
            }
            false => None,
        };
        if let Some(target) = &self.write_baseline {
            let target = target.as_ref().unwrap_or(&path);
            let made = Baseline::of(report, known.as_ref());
            output::write(target, &made.text())?;
            let count = made.findings.len();
            made.apply(report, run.today);
            return Ok(vec![format!(
                "{count} findings are now accepted in {}",
                target.display()
            )]);
        }
        let mut known = known.unwrap_or_default();
        if self.baseline.is_none() {
            for nested in &run.nested {
                let there = origin.texts(std::slice::from_ref(&nested.baseline), &run.root, limit)?;
                if let Some(text) = there.into_iter().flatten().next() {
                    let parsed = Baseline::parse(&text?);
                    let parsed = parsed.map_err(|why| Failure(format!("{}: {why}", nested.baseline.display())))?;
                    known.findings.extend(parsed.findings);
                }
            }
        }
        let (gone, expired) = known.apply(report, run.today);
        let mut notes = Vec::new();
        // On a part of the tree, or of the findings, an entry that did not occur says nothing.
        let partial =
            self.base.is_some() || self.paths.len() != 1 || !self.select.is_empty() || !self.ignore.is_empty();
        if !gone.is_empty() && !partial {
            let first = gone[0];
            notes.push(format!(
                "{} of the baseline's entries no longer occur, the first is {} in {}: `--write-baseline` leaves them out",
                gone.len(),
                first.rule,
                first.path
            ));
        }
        if let Some(first) = expired.first() {
            notes.push(format!(
                "{} of the baseline's entries have expired, the first is {} in {}: mend them, or give them another day",
                expired.len(),
                first.rule,
                first.path
            ));
        }
        Ok(notes)
    }

    /// Where to write, and how.
    fn outputs(&self) -> Result<Vec<Output>, Failure> {
        let of = |format: &str, path: Option<PathBuf>| {
            let reporter = reporters::reporter(format).ok_or_else(|| Failure(format!("no format `{format}`")))?;
            Ok(Output { reporter, path })
        };
        if self.output.is_empty() {
            return Ok(vec![of(&self.format, None)?]);
        }
        let parse = |text: &String| match text.split_once('=') {
            Some((format, path)) if reporters::reporter(format).is_some() => {
                of(format, (path != "-").then(|| PathBuf::from(path)))
            }
            Some((word, path)) if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
                let formats: Vec<&str> = reporters::REPORTERS.iter().map(|reporter| reporter.name).collect();
                Err(Failure(format!(
                    "--output {text}: no format `{word}`: one of {} (a file of that name is `{}={text}`, and a format goes \
                     before its file: `json={path}`)",
                    formats.join(", "),
                    self.format
                )))
            }
            _ => of(&self.format, (text != "-").then(|| PathBuf::from(text))),
        };
        self.output.iter().map(parse).collect()
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
        host::scan(
            std::slice::from_ref(folder),
            &root,
            &run.settings,
            !self.no_gitignore,
            None,
        )
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
