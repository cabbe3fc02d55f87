//! `llmlint catalog price`: what requests cost.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Read, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::catalog::{Bill, Catalog, Moment, Usage};
use crate::cli::load::{self, ConfigArguments};
use crate::cli::{Failure, output};

/// The longest line that is read: a request's counts take a few hundred bytes.
const MOST_LINE_BYTES: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct Price {
    /// Files of JSON Lines; `-` or nothing reads standard input.
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    model: String,
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, String>,
    usage: Usage,
}

/// What it cost, or why that is not known.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer {
    Priced {
        model: String,
        provider: String,
        #[serde(flatten)]
        bill: Bill,
        source: String,
        as_of: String,
    },
    Unpriced {
        unpriced: String,
    },
}

impl Price {
    pub(in crate::cli) fn run(self) -> Result<ExitCode, Failure> {
        let (catalog, today) = load::catalog_of(&self.config)?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        let files = if self.files.is_empty() {
            vec![PathBuf::from("-")]
        } else {
            self.files
        };
        for path in &files {
            let name = path.display().to_string();
            let reader: Box<dyn Read> = if name == "-" {
                Box::new(std::io::stdin())
            } else {
                let file = std::fs::File::open(path);
                Box::new(file.map_err(|error| Failure(format!("{name}: {}", crate::host::refused(&error))))?)
            };
            let mut reader = BufReader::new(reader);
            for number in 1.. {
                let failed = |why: String| Failure(format!("{name}:{number}: {why}"));
                let mut line = Vec::new();
                let limited = reader.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line);
                let read = limited.map_err(|error| failed(error.to_string()))?;
                if read == 0 {
                    break;
                }
                if read as u64 == MOST_LINE_BYTES {
                    return Err(failed(format!("longer than {MOST_LINE_BYTES} bytes: no request")));
                }
                if line.trim_ascii().is_empty() {
                    continue;
                }
                let request: Request = serde_json::from_slice(&line).map_err(|error| failed(error.to_string()))?;
                let at = match &request.at {
                    Some(text) => text.parse().map_err(failed)?,
                    None => today.into(),
                };
                let answer = answer(&catalog, &request, at);
                let text = serde_json::to_string(&answer).map_err(|error| failed(error.to_string()))?;
                if let Err(error) = writeln!(out, "{text}") {
                    return output::written(error);
                }
            }
        }
        match out.flush() {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => output::written(error),
        }
    }
}

fn answer(catalog: &Catalog, request: &Request, at: Moment) -> Answer {
    let priced = catalog.priced(&request.model, request.provider.as_deref());
    let billed = priced.and_then(|priced| {
        let bill = priced.bill(&request.usage, at, &request.context)?;
        Ok((priced, bill))
    });
    match billed {
        Ok((priced, bill)) => Answer::Priced {
            model: priced.row.id.clone(),
            provider: priced.row.provider.clone(),
            bill,
            source: priced.source.clone(),
            as_of: priced.as_of.to_string(),
        },
        Err(unpriced) => Answer::Unpriced { unpriced },
    }
}
