//! Writing to the terminal, a pipe or a file.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;

use super::Failure;
use crate::reporters::REPORTERS;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to colour what goes to standard output.
    pub(super) fn on(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// The outputs by name, for an argument that names one.
pub(super) fn formats() -> clap::builder::PossibleValuesParser {
    let names = REPORTERS
        .iter()
        .map(|reporter| clap::builder::PossibleValue::new(reporter.name).help(reporter.about));
    names.collect::<Vec<_>>().into()
}

/// Columns of the terminal: COLUMNS where it is set, else 100.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    columns.unwrap_or(100).clamp(40, 160)
}

/// Whether the terminal shows more than ASCII, as the first locale variable that is set says.
pub(super) fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok()?;
        (!value.is_empty()).then_some(value)
    });
    match locale {
        Some(locale) => ["utf-8", "utf8"]
            .iter()
            .any(|name| locale.to_lowercase().contains(name)),
        None => cfg!(windows),
    }
}

/// Text in lines of at most `width` columns, the first behind `first`, the others behind `rest`. Lines break at spaces
/// alone, so that addresses and dates stay whole.
pub(super) fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    let lines = textwrap::wrap(text, options);
    lines.into_iter().map(|line| line.into_owned()).collect()
}

/// Prints text. A reader that has gone away (`| head`) is no error.
pub(super) fn print(text: &str) -> Result<ExitCode, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => written(error),
    }
}

/// What an error on standard output means: a reader that has gone away is none.
pub(super) fn written(error: io::Error) -> Result<ExitCode, Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure(format!("standard output can't be written: {error}")))
    }
}

/// Writes text to a file.
pub(super) fn write(path: &Path, text: &str) -> Result<ExitCode, Failure> {
    std::fs::write(path, text).map(|()| ExitCode::SUCCESS).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "its folder is not there, make it first".to_owned(),
            _ => error.to_string(),
        };
        Failure(format!("{}: can't be written: {why}", path.display()))
    })
}

/// Says on standard error what went wrong.
pub(super) fn complain(message: &str) {
    let lines: Vec<String> = message.lines().map(crate::report::clean).collect();
    // Nowhere is left to complain to if this fails.
    let _ = writeln!(io::stderr(), "llmlint: {}", lines.join("\n"));
}
