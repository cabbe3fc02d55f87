//! `llmlint catalog diff` and `llmlint catalog update`: one price list beside another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::catalog::{BilledUnit, Catalog, Date, PriceList, PriceRow, Rate};
use crate::cli::load::{self, ConfigArguments, MOST_PRICE_BYTES};
use crate::cli::{Failure, output};
use crate::host;

#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The older list; the one in force where only one file is given.
    #[arg(value_name = "OLD", num_args = 1..=2, required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
}

impl Diff {
    pub(in crate::cli) fn run(self) -> Result<ExitCode, Failure> {
        let (catalog, today) = load::catalog_of(&self.config)?;
        let (old, new) = match self.files.as_slice() {
            [old, new] => (read(old, today)?, read(new, today)?),
            [new] => (catalog.prices().clone(), read(new, today)?),
            _ => return Err(Failure("expected one file or two".to_owned())),
        };
        let mut out = format!("{} → {}\n", head(&old), head(&new));
        let changes = changes(&old, &new, today);
        changes.iter().for_each(|change| out.push_str(&format!("{change}\n")));
        if changes.is_empty() {
            out.push_str("Nothing differs.\n");
        }
        output::print(&out)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Update {
    /// The newer list: `catalog/prices.jsonl` of a newer llmlint, or one made by `tools/prices.py`.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Take a list that is not newer than the one in force.
    #[arg(long)]
    even_if_older: bool,
    #[command(flatten)]
    config: ConfigArguments,
}

impl Update {
    pub(in crate::cli) fn run(self) -> Result<ExitCode, Failure> {
        let target = load::prices_path(&self.config)?;
        // A list in force that is damaged is what an update mends.
        let (catalog, today) = load::catalog_of(&self.config).or_else(|failure| {
            let built_in = (Catalog::default(), host::today());
            if target.is_file() { Ok(built_in) } else { Err(failure) }
        })?;
        let (old, new) = (catalog.prices(), read(&self.from, today)?);
        if new.head().as_of <= old.head().as_of && !self.even_if_older {
            return Err(Failure(format!(
                "{}: {} is not newer than the list in force ({}): nothing was changed (`--even-if-older` takes it)",
                self.from.display(),
                head(&new),
                head(old)
            )));
        }
        let text = host::read_text(&self.from, MOST_PRICE_BYTES);
        let text = text.map_err(|(why, _)| Failure(format!("{}: {why}", self.from.display())))?;
        output::write(&target, &text)?;
        let count = changes(old, &new, today).len();
        output::print(&format!(
            "{} → {}: {count} rows differ. Kept in {}: commit it, so that every run has the same prices.\n",
            head(old),
            head(&new),
            target.display()
        ))
    }
}

/// A list that was checked line by line.
fn read(path: &Path, today: Date) -> Result<PriceList, Failure> {
    let failed = |why: String| Failure(format!("{}: {why}", path.display()));
    let text = host::read_text(path, MOST_PRICE_BYTES).map_err(|(why, _)| failed(why))?;
    load::price_list(text, &path.display().to_string(), Some(today)).map_err(failed)
}

fn head(list: &PriceList) -> String {
    let head = list.head();
    format!("{} of {}", crate::report::clean(&head.prices), head.as_of)
}

/// A line for each row that is new, gone or changed, by provider and name.
fn changes(old: &PriceList, new: &PriceList, today: Date) -> Vec<String> {
    let by_name = |list: &PriceList| -> BTreeMap<(String, String), PriceRow> {
        list.rows()
            .map(|row| ((row.provider.clone(), row.id.clone()), row))
            .collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&(String, String)> = old.keys().chain(new.keys()).collect();
    let line = |name: &&(String, String)| {
        let label = format!("{} {}", name.0, name.1);
        match (old.get(*name), new.get(*name)) {
            (None, Some(row)) => Some(format!("+ {label}{}", told(&shown(row, today)))),
            (Some(_), None) => Some(format!("- {label}")),
            (Some(before), Some(after)) if before != after => {
                Some(format!("~ {label}{}", differing(before, after, today)))
            }
            _ => None,
        }
    };
    names.iter().filter_map(line).collect()
}

fn told(parts: &[String]) -> String {
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {}", parts.join(", "))
    }
}

/// What a row costs on a day.
fn shown(row: &PriceRow, today: Date) -> Vec<String> {
    let rates = row.rates(today.into(), &BTreeMap::new());
    rates
        .iter()
        .map(|(unit, rate)| format!("{unit} {}", amount(rate)))
        .collect()
}

/// A price with its tiers.
pub(super) fn amount(rate: &Rate) -> String {
    match rate {
        Rate::Flat(usd) => format!("${}", usd.normalize()),
        Rate::Tiered { base, above } => {
            let tiers = above
                .iter()
                .map(|(bound, usd)| format!(", ${} above {bound}", usd.normalize()));
            format!("${}{}", base.normalize(), tiers.collect::<String>())
        }
    }
}

fn differing(before: &PriceRow, after: &PriceRow, today: Date) -> String {
    let none = BTreeMap::new();
    let (old, new) = (before.rates(today.into(), &none), after.rates(today.into(), &none));
    let units: BTreeSet<&BilledUnit> = old.keys().chain(new.keys()).collect();
    let price = |rate: Option<&&Rate>| rate.map_or("no price".to_owned(), |rate| amount(rate));
    let mut parts: Vec<String> = units
        .into_iter()
        .filter(|unit| old.get(unit) != new.get(unit))
        .map(|unit| format!("{unit} {} → {}", price(old.get(unit)), price(new.get(unit))))
        .collect();
    if parts.is_empty() {
        for (differs, what) in [
            (before.prices != after.prices, "prices of other days"),
            (before.variants != after.variants, "kinds of requests"),
            (before.context_window != after.context_window, "context window"),
            (before.deprecated != after.deprecated, "on its way out"),
            (before.source != after.source || before.as_of != after.as_of, "source"),
        ] {
            parts.extend(differs.then(|| what.to_owned()));
        }
    }
    told(&parts)
}
