//! Published runs beside what is predicted, and a `config.json` as a model.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::catalog::{Catalog, OpenModel, config_json};
use crate::cli::numbers::Format;
use crate::cli::{Failure, output};
use crate::facts::memory;
use crate::host;
use crate::report::clean;

/// A `config.json` as a model.
pub(super) fn read_config(path: &Path, name: Option<&str>) -> Result<OpenModel, Failure> {
    let text = host::read_text(path, crate::config::DEFAULT_MAX_FILE_BYTES)
        .map_err(|(why, _)| Failure(format!("{}: {why}", path.display())))?;
    let shown = path.display().to_string();
    config_json::open_model(&text, name.unwrap_or(&shown), host::today())
        .map_err(|error| Failure(format!("{shown}: {}", clean(&error.to_string()))))
}

/// Predicts published runs, a JSON object a line.
pub(super) fn cases(path: &Path, format: Format) -> Result<ExitCode, Failure> {
    let catalog = Catalog::embedded();
    let reader: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(
            std::fs::File::open(path)
                .map_err(|error| Failure(format!("{}: {}", path.display(), crate::host::refused(&error))))?,
        )
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut pairs = Vec::new();
    for (index, line) in BufReader::new(reader).lines().enumerate() {
        let at = |error: &dyn std::fmt::Display| Failure(format!("{}:{}: {error}", path.display(), index + 1));
        let line = line.map_err(|error| at(&error))?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Value = serde_json::from_str(&line).map_err(|error| at(&error))?;
        let model = |name: &str| catalog.open_model_by_name(name);
        let judged = memory::judge_case(&row, model, |label| catalog.gpu(label).gpu());
        match format {
            Format::Human => pairs.push((row, judged)),
            Format::Json => {
                if let Err(error) = writeln!(out, "{judged}") {
                    return output::written(error);
                }
            }
        }
    }
    if format == Format::Human
        && let Err(error) = out.write_all(memory::table(&pairs).as_bytes())
    {
        return output::written(error);
    }
    match out.flush() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => output::written(error),
    }
}
