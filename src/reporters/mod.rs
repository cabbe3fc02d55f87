//! Reports as people and programs read them: one file an output, and the table of them. A reporter sees a report and
//! nothing else.

mod change;
mod compact;
mod human;
mod json;
mod jsonl;
mod words;

use crate::report::Report;

/// How a report is to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to colour it.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to list every file and everything that was not judged.
    pub verbose: bool,
    /// Whether to leave out the summary.
    pub quiet: bool,
}

/// An output.
pub struct Reporter {
    /// Its name behind `--format`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Writes the report.
    pub write: fn(&Report, &Style) -> String,
}

/// Every output.
pub const REPORTERS: &[Reporter] = &[
    Reporter {
        name: "human",
        about: "findings with their source lines, then a summary",
        write: human::write,
    },
    Reporter {
        name: "compact",
        about: "a line for each finding: path:line:column: severity[rule] message",
        write: compact::write,
    },
    Reporter {
        name: "json",
        about: "the whole report (`llmlint schema report`)",
        write: json::write,
    },
    Reporter {
        name: "jsonl",
        about: "a finding a line, as JSON",
        write: jsonl::write,
    },
];

/// The output of that name.
pub fn reporter(name: &str) -> Option<&'static Reporter> {
    REPORTERS.iter().find(|reporter| reporter.name == name)
}
