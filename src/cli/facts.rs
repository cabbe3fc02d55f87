//! `llmlint facts`.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::load::{ConfigArguments, Run};
use super::{Failure, output};
use crate::excerpt;
use crate::facts::words::{self, PromptWords};
use crate::facts::{Known, Subject, Value, World};
use crate::host;
use crate::lint;
use crate::rules::Selection;
use crate::syntax::code::Files;

/// Characters of a value that are shown.
const SHOWN: usize = 100;

#[derive(Debug, Args)]
pub(super) struct Facts {
    /// The file.
    file: PathBuf,
    /// Read `{"id", "text"}` a line and write `{"id", …}` with the facts of the text's words a line.
    #[arg(long)]
    jsonl: bool,
    #[command(flatten)]
    config: ConfigArguments,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: serde_json::Value,
    text: String,
}

#[derive(Debug, Serialize)]
struct Told {
    id: serde_json::Value,
    #[serde(flatten)]
    words: PromptWords,
}

impl Facts {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if self.jsonl {
            return self.rows();
        }
        let run = Run::load(&self.config, &self.file, &Selection::default())?;
        let scan = run.scan(std::slice::from_ref(&self.file), true)?;
        let named = host::slashed(&self.file);
        if let Some(unread) = scan.unread.iter().find(|unread| unread.path == named) {
            return Err(Failure(format!("{}: {}", unread.path, unread.why)));
        }
        let files = Files::new(&scan.sources);
        let (units, mut out) = run.units(&files);
        let world = World::new(&files, &run.settings, &run.catalog, run.today);
        for unit in &units {
            show(&lint::subject(unit, &world), &world, &mut out);
        }
        output::print(&out)
    }

    fn rows(&self) -> Result<ExitCode, Failure> {
        let file = std::fs::File::open(&self.file)
            .map_err(|error| Failure(format!("{}: {}", self.file.display(), host::refused(&error))))?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        for (number, line) in BufReader::new(file).lines().enumerate() {
            let fail =
                |error: &dyn std::fmt::Display| Failure(format!("{}:{}: {error}", self.file.display(), number + 1));
            let line = line.map_err(|error| fail(&error))?;
            if line.trim().is_empty() {
                continue;
            }
            let row: Row = serde_json::from_str(&line).map_err(|error| fail(&error))?;
            let told = Told {
                words: words::analyze(&words::parse_roles(&row.text)),
                id: row.id,
            };
            let text = serde_json::to_string(&told).map_err(|error| fail(&error))?;
            if writeln!(out, "{text}").is_err() {
                return Ok(ExitCode::SUCCESS);
            }
        }
        // A reader that has gone away is no error.
        let _ = out.flush();
        Ok(ExitCode::SUCCESS)
    }
}

fn show(subject: &Subject<'_>, world: &World<'_>, out: &mut String) {
    out.push_str(&format!(
        "{} ({}, {})\n",
        crate::report::clean(subject.name()),
        subject.kind().name(),
        subject.format()
    ));
    for (name, ty, unit, _) in subject.kind().facts() {
        let Some(fact) = subject.fact(name) else {
            continue;
        };
        let value = match &fact.value {
            Known::Yes(value) => shown(value),
            Known::Absent => "absent".to_owned(),
            Known::Unknown(why) => format!("unknown: {why}"),
        };
        let place = fact.place.map_or(String::new(), |place| {
            let source = world.files.source(place.source);
            let at = source.position(place.span.start);
            format!("  at {}:{}", at.line, at.column)
        });
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!(" {unit}")
        };
        let ty = format!("{ty:?}").to_lowercase();
        out.push_str(&format!(
            "  {name:<34} {ty:<7} {}{unit}{place}\n",
            excerpt::safe(&value)
        ));
        if let Some(figure) = &fact.figure {
            out.push_str(&format!("  {:<34} = {}\n", "", figure.formula));
        }
    }
    out.push('\n');
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Number(value) => value.normalize().to_string(),
        Value::Str(value) => value.replace('\n', " "),
        Value::Strs(values) => format!("[{}]", values.join(", ")),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
