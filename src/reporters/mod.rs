//! Reports as people and programs read them: one file an output, and the table of them. A reporter sees a report and
//! nothing else.

mod change;
mod compact;
pub mod costs;
mod csv;
mod github;
mod gitlab;
mod human;
mod json;
mod jsonl;
mod junit;
mod markdown;
mod sarif;
pub mod trend;
mod words;

use crate::report::Report;

/// How a report is to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Style<'a> {
    /// Whether to colour it.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether to list every file and everything that was not judged.
    pub verbose: bool,
    /// Whether to leave out the summary.
    pub quiet: bool,
    /// The address below which the files can be looked at, for outputs that link to lines.
    pub link: Option<&'a str>,
}

/// An output.
pub struct Reporter {
    /// Its name behind `--format`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether its reader compares runs by itself: it is given old findings also where new ones alone are asked for, or it
    /// would take them for mended.
    pub compares: bool,
    /// Writes the report.
    pub write: fn(&Report, &Style<'_>) -> String,
}

/// Every output.
pub const REPORTERS: &[Reporter] = &[
    Reporter {
        name: "human",
        about: "findings with their source lines, then a summary",
        compares: false,
        write: human::write,
    },
    Reporter {
        name: "compact",
        about: "a line for each finding: path:line:column: severity[rule] message",
        compares: false,
        write: compact::write,
    },
    Reporter {
        name: "json",
        about: "the whole report (`llmlint schema report`)",
        compares: false,
        write: json::write,
    },
    Reporter {
        name: "jsonl",
        about: "a finding a line, as JSON",
        compares: false,
        write: jsonl::write,
    },
    Reporter {
        name: "sarif",
        about: "SARIF 2.1.0, for code scanning",
        compares: true,
        write: sarif::write,
    },
    Reporter {
        name: "markdown",
        about: "a screen of Markdown, for a comment on a pull request or a job's summary",
        compares: false,
        write: markdown::write,
    },
    Reporter {
        name: "github",
        about: "annotations of GitHub Actions",
        compares: false,
        write: github::write,
    },
    Reporter {
        name: "gitlab",
        about: "GitLab's Code Quality report",
        compares: true,
        write: gitlab::write,
    },
    Reporter {
        name: "junit",
        about: "JUnit XML: a test case a finding",
        compares: false,
        write: junit::write,
    },
    Reporter {
        name: "csv",
        about: "units with their tokens and costs, a row a cost",
        compares: false,
        write: csv::write,
    },
];

/// The output of that name.
pub fn reporter(name: &str) -> Option<&'static Reporter> {
    REPORTERS.iter().find(|reporter| reporter.name == name)
}
