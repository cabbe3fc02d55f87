//! `llmlint cost`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};

use super::Failure;
use super::load::{ConfigArguments, Run};
use super::output::{self, Color};
use crate::catalog::ModelMatch;
use crate::config::{PromptSetting, TokenRange};
use crate::lint;
use crate::report::Report;
use crate::report::costs::{Costs, GroupBy};
use crate::reporters::Style;
use crate::reporters::costs::{COST_REPORTERS, cost_reporter};
use crate::rules::Selection;

#[derive(Debug, Args)]
pub(super) struct Cost {
    /// Files and folders.
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// How to show the costs.
    #[arg(long, default_value = "text", value_parser = formats())]
    format: String,
    /// What to sum by.
    #[arg(long, value_enum, default_value_t = By::Folder)]
    by: By,
    /// Suppose something of every prompt: `model=NAME`, `output=TOKENS` or `output=LOW-HIGH`, `calls=A_MONTH`,
    /// `cached=SHARE`; shows before and after.
    #[arg(long, value_name = "WHAT=VALUE,…", value_delimiter = ',')]
    what_if: Vec<String>,
    #[command(flatten)]
    config: ConfigArguments,
    /// When to colour.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
    /// Write to this file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Look at files that git ignores too.
    #[arg(long)]
    no_gitignore: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    /// The folders of files.
    Folder,
    /// The owners in CODEOWNERS.
    Owner,
    /// The tags in llmlint.yaml.
    Tag,
}

impl From<By> for GroupBy {
    fn from(by: By) -> Self {
        match by {
            By::Folder => GroupBy::Folder,
            By::Owner => GroupBy::Owner,
            By::Tag => GroupBy::Tag,
        }
    }
}

fn formats() -> PossibleValuesParser {
    let names = COST_REPORTERS
        .iter()
        .map(|reporter| PossibleValue::new(reporter.name).help(reporter.about));
    names.collect::<Vec<_>>().into()
}

impl Cost {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let reporter = cost_reporter(&self.format).ok_or_else(|| Failure(format!("no format `{}`", self.format)))?;
        // No rule is judged: costs are facts.
        let mut run = Run::load(&self.config, &self.paths[0], &Selection::default())?;
        run.rules.active.clear();
        let mut costs = Costs::of(&self.report(&run)?, self.by.into());
        if !self.what_if.is_empty() {
            let supposed = supposed(&self.what_if, &run)?;
            run.settings = run.settings.suppose(supposed);
            let then = Costs::of(&self.report(&run)?, self.by.into());
            costs = then.beside(costs, self.what_if.join(", "));
        }
        let style = Style {
            color: self.output.is_none() && self.color.on(),
            width: output::width(),
            verbose: false,
            quiet: false,
            link: None,
        };
        let text = (reporter.write)(&costs, &style);
        match &self.output {
            Some(path) => output::write(path, &text),
            None => output::print(&text),
        }
    }

    fn report(&self, run: &Run) -> Result<Report, Failure> {
        let scan = run.scan(&self.paths, !self.no_gitignore)?;
        Ok(lint::lint(&scan.sources, &scan.unread, &run.linter()))
    }
}

/// What `--what-if` says, as an entry of llmlint.yaml.
fn supposed(words: &[String], run: &Run) -> Result<PromptSetting, Failure> {
    let mut made = PromptSetting::default();
    for word in words {
        let fail = |why: &str| Failure(format!("--what-if {word}: {why}"));
        let (key, value) = word.split_once('=').ok_or_else(|| fail("expected `what=value`"))?;
        let number = |text: &str| {
            let digits = text.trim().replace('_', "");
            digits
                .parse::<u64>()
                .map_err(|_| fail("expected a whole number of at most 20 digits"))
        };
        match key.trim() {
            "model" => {
                if run.catalog.priced(value, None).is_err()
                    && let ModelMatch::Unknown { nearest } = run.catalog.api_model(value)
                {
                    let near = match nearest.first() {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`models:` in llmlint.yaml can add its price".to_owned(),
                    };
                    return Err(fail(&format!("not in the catalog: {near}")));
                }
                made.model = Some(value.to_owned());
            }
            "output" => {
                made.output_tokens = Some(match value.split_once('-') {
                    Some((low, high)) => TokenRange::Range {
                        low: number(low)?,
                        high: number(high)?,
                    },
                    None => TokenRange::Exactly(number(value)?),
                });
                if made.output_tokens.is_some_and(|range| range.ends().0 > range.ends().1) {
                    return Err(fail("the low end is above the high end"));
                }
            }
            "calls" => made.calls_per_month = Some(number(value)?),
            "cached" => {
                let share = value
                    .parse()
                    .ok()
                    .filter(|share| (rust_decimal::Decimal::ZERO..=rust_decimal::Decimal::ONE).contains(share));
                made.cached_share = Some(share.ok_or_else(|| fail("expected a share from 0 to 1"))?);
            }
            _ => return Err(fail("expected `model`, `output`, `calls` or `cached`")),
        }
    }
    Ok(made)
}
