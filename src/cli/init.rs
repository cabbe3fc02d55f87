//! `llmlint init`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::load::{ConfigArguments, Run};
use super::{Failure, output};
use crate::config::DEFAULT_PROMPT_FILES;
use crate::host;
use crate::lint;
use crate::rules::Selection;

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

impl Init {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let path = self.folder.join("llmlint.yaml");
        let run = Run::load(&ConfigArguments::none(), &self.folder, &Selection::default())?;
        let scan = host::scan(std::slice::from_ref(&self.folder), &run.root, &run.settings, true, None)
            .map_err(|error| Failure(error.message))?;
        let report = lint::lint(&scan.sources, &scan.unread, &run.linter());
        let text = config_text(&report);
        create(&path, &text)?;
        output::print(&format!(
            "{} written (prompts found: {}, deployments: {}). Its comments say what can be stated; `llmlint check` reads it.\n",
            path.display(),
            report.totals.prompts,
            report.totals.deployments
        ))
    }
}

/// Writes a new file; one that is there is left as it is.
fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure(format!(
            "{}: is there already and is left as it is: move it away to have a new one written",
            path.display()
        ))),
        Err(error) => Err(Failure(format!("{}: can't be written: {error}", path.display()))),
    }
}

fn config_text(report: &crate::report::Report) -> String {
    let mut out = String::from(
        "# llmlint: what the files do not say. Every line is optional; `llmlint schema config` has all of them.\n\n",
    );
    out.push_str(
        "# Where prompts are kept as plain text and Markdown (these are the built-in globs).\n# prompt_files:\n",
    );
    for glob in DEFAULT_PROMPT_FILES {
        out.push_str(&format!("#   - {glob:?}\n"));
    }
    out.push_str("\n# What to leave alone.\n# exclude: [\"vendor/**\", \"**/testdata/**\"]\n\n# Findings of this severity and above fail the run: info, warning or error.\nfail_on: warning\n\n# rules:\n#   missing-be-concise: off\n#   oversized-model: {severity: error}\n\n");
    out.push_str(
        "# Volumes turn $ per 1,000 calls into $ a month. State only what you know: nothing is assumed.\n# prompts:\n",
    );
    let mut folders: Vec<&str> = report
        .units
        .iter()
        .filter(|unit| unit.kind == "prompt")
        .map(|unit| unit.path.rsplit_once('/').map_or(".", |(folder, _)| folder))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    if folders.is_empty() {
        folders.push("prompts");
    }
    for folder in folders.iter().take(5) {
        let glob = serde_json::to_string(&format!("{}/**", crate::report::clean(folder))).unwrap_or_default();
        out.push_str(&format!(
            "#   - files: {glob}\n#     model: gpt-6-luna         # for prompts that name none\n#     calls_per_month: 100000\n#     output_tokens: {{low: 100, high: 400}}\n"
        ));
    }
    if report.totals.deployments > 0 {
        out.push_str("\n# The GPU that deployments run on, where the manifests do not say, and its price.\n# deployments:\n#   - files: \"**\"\n#     gpu: L4\n#     gpu_hour_usd: 0.80\n");
    }
    out.push_str("\n# Models that the catalog does not have.\n# models:\n#   - {id: our-model, input: 0.50, output: 1.50, context_window: 32768, as_of: 2026-01-31}\n");
    out
}
