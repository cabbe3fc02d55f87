//! The way from sources to a report, in one screen. What each step does stands in `lint/`.

mod attribute;
mod beside;
mod files;
mod includes;
mod judge;
mod loaded;
mod requests;
mod routes;
mod settings;
mod totals;
mod trainings;
mod unpriced;
mod volumes;

use std::collections::HashSet;

use rayon::prelude::*;

pub use self::attribute::{Export, attribute};
pub use self::requests::join;
pub use self::unpriced::unpriced;
pub use self::volumes::idle_volumes;
use crate::catalog::{Catalog, Date, MOST_AGE_DAYS};
use crate::facts::{DeploymentFacts, PromptFacts, Settings, Subject, TrainingFacts, UnitFacts, World};
use crate::formats::{self, Outcome, Route};
use crate::report::{Currency, FileNote, Finding, PriceListAbout, Report, SCHEMA_VERSION};
use crate::rules::RuleSet;
use crate::source::{Source, SourceId};
use crate::syntax::code::Files;
use crate::units::Unit;

/// A file that could not be read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The file.
    pub path: String,
    /// Why, and how to mend it.
    pub why: String,
    /// Whether to report it as a finding (it was named, or should have been readable) and not only with `--verbose`.
    pub finding: bool,
}

/// What a run judges by, besides the sources.
pub struct Linter<'a> {
    /// The config.
    pub settings: &'a Settings,
    /// Models, prices, GPUs.
    pub catalog: &'a Catalog,
    /// The rules that are on.
    pub rules: &'a RuleSet,
    /// The prices and rules of each folder with a config of its own, in the order of the settings' nested ones.
    pub nested: &'a [Scope],
    /// Decides retirement.
    pub today: Date,
    /// The files, by their paths from the root, whose units are judged, with those that take text from them; all where
    /// it is absent.
    pub only: Option<HashSet<String>>,
}

impl<'a> Linter<'a> {
    /// Judges all units, by one config.
    pub fn new(settings: &'a Settings, catalog: &'a Catalog, rules: &'a RuleSet, today: Date) -> Self {
        Self {
            settings,
            catalog,
            rules,
            nested: &[],
            today,
            only: None,
        }
    }
}

/// What a folder with a config of its own is judged by, besides its settings.
pub struct Scope {
    /// Models, prices, GPUs.
    pub catalog: Catalog,
    /// The rules that are on.
    pub rules: RuleSet,
}

/// Judges `sources`, which are sorted by path. Reads no file, no clock and no environment.
pub fn lint(sources: &[Source], unread: &[Unread], linter: &Linter<'_>) -> Report {
    lint_against(sources, &[], unread, linter)
}

/// Judges `sources` with an older state of the same tree beside them: what a change does to a deployment is a fact of
/// it. Nothing is found in `before` itself.
pub fn lint_against(sources: &[Source], before: &[Source], unread: &[Unread], linter: &Linter<'_>) -> Report {
    let both: Vec<Source>;
    let all = if before.is_empty() {
        sources
    } else {
        both = sources.iter().chain(before).cloned().collect();
        &both
    };
    let older = beside::older_deployments(all, sources.len(), linter.settings);

    let mut read = read(sources, unread, linter.settings);
    let units = join(read.units, sources, &mut read.findings);
    let mut units = requests::without_fragments(units, sources, &mut read.files);
    includes::put_in(&mut units, sources, &mut read.findings);
    loaded::mark(&mut units, sources);
    let units = trainings::join_trainings(units, sources, &mut read.files);
    let mut units = settings::join_settings(units, sources, &mut read.files);
    routes::follow_routes(&mut units, read.routes, linter.catalog);
    if let Some(only) = &linter.only {
        keep_only(only, sources, &mut units, &mut read.findings);
    }

    let world = World {
        before: older.iter().map(|(name, unit)| (name.clone(), unit.as_ref())).collect(),
        same_base: beside::same_base(&units, sources, linter.settings),
        same_text: beside::same_text(&units),
        ..World::new(all, linter.settings, linter.catalog, linter.today)
    };
    let judged = judge::judge_all(&units, &world, linter);

    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        llmlint: env!("CARGO_PKG_VERSION").to_owned(),
        today: linter.today.to_string(),
        prices_as_of: judged
            .iter()
            .filter_map(|unit| unit.price_as_of)
            .min()
            .map(|day| day.to_string()),
        price_list: Some(price_list(linter)),
        currency: linter.settings.config.currency.as_ref().map(|currency| Currency {
            code: currency.code.clone(),
            per_usd: currency.per_usd,
            as_of: currency.as_of.clone(),
            source: currency.source.clone(),
        }),
        commitments: totals::commitments(&judged, &linter.settings.config.discounts, linter.catalog),
        findings: read.findings,
        units: Vec::new(),
        totals: totals::totals(&read.files, &judged),
        not_judged: Vec::new(),
        files: read.files,
        rules: Vec::new(),
        suppressed: Vec::new(),
        comparison: None,
        gate: None,
    };
    for unit in judged {
        report.findings.extend(unit.findings);
        report.suppressed.extend(unit.suppressed);
        report.not_judged.extend(unit.not_judged);
        report.units.push(unit.report);
    }
    sort_findings(&mut report.findings, &units);
    report.suppressed.sort();
    report.rules = judge::rules_about(&report.findings, linter);
    report
}

/// The list that prices were looked up in.
fn price_list(linter: &Linter<'_>) -> PriceListAbout {
    let head = linter.catalog.prices().head();
    let age_days = linter.today.days_since(head.as_of);
    PriceListAbout {
        name: head.prices.clone(),
        as_of: head.as_of.to_string(),
        age_days,
        old: age_days > MOST_AGE_DAYS,
    }
}

/// What the files of a run hold.
struct ReadFiles {
    units: Vec<Unit>,
    routes: Vec<Route>,
    findings: Vec<Finding>,
    /// What became of each file, sorted by path.
    files: Vec<FileNote>,
}

fn read(sources: &[Source], unread: &[Unread], settings: &Settings) -> ReadFiles {
    let known = Files::new(sources);
    let outcomes: Vec<Outcome> = sources
        .par_iter()
        .enumerate()
        .map(|(index, source)| formats::read(&known, id(index), settings.is_prompt_place(&source.from_root)))
        .collect();
    let mut all = ReadFiles {
        units: Vec::new(),
        routes: Vec::new(),
        findings: unread
            .iter()
            .filter(|file| file.finding)
            .map(files::unreadable)
            .collect(),
        files: unread.iter().map(files::unread_note).collect(),
    };
    for (source, outcome) in sources.iter().zip(outcomes) {
        let (format, note) = match outcome {
            Outcome::LeftAlone(why) => (None, why),
            Outcome::Read(format, read) => {
                let errors = read.errors.iter();
                all.findings
                    .extend(errors.map(|error| files::syntax_error(source, format, error)));
                all.units.extend(read.units);
                all.routes.extend(read.routes);
                (Some(format.to_owned()), read.note)
            }
        };
        all.files.push(FileNote {
            path: source.path.clone(),
            format,
            note,
        });
    }
    all.files.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Leaves out the units and findings of files that are not asked for.
fn keep_only(only: &HashSet<String>, sources: &[Source], units: &mut Vec<Unit>, findings: &mut Vec<Finding>) {
    let judged = |source: SourceId| only.contains(&sources[source.0 as usize].from_root);
    units.retain(|unit| match unit {
        Unit::Prompt(prompt) => judged(prompt.place.source) || prompt.messages.iter().any(|part| judged(part.source)),
        _ => judged(unit.place().source),
    });
    let paths: HashSet<&str> = sources
        .iter()
        .filter(|source| only.contains(&source.from_root))
        .map(|source| source.path.as_str())
        .collect();
    findings.retain(|finding| finding.rule == "unreadable-file" || paths.contains(finding.path.as_str()));
}

/// Sorts findings by place; a text that several calls send is told once.
fn sort_findings(findings: &mut Vec<Finding>, units: &[Unit]) {
    let code: HashSet<&str> = units
        .iter()
        .filter(|unit| matches!(unit, Unit::Prompt(prompt) if prompt.format == crate::facts::CALL_IN_CODE))
        .map(Unit::name)
        .collect();
    findings.sort_by(|a, b| (&a.path, a.span, &a.rule, &a.unit).cmp(&(&b.path, b.span, &b.rule, &b.unit)));
    findings.dedup_by(|next, last| {
        code.contains(next.unit.as_deref().unwrap_or_default())
            && (&next.path, next.span, &next.rule, &next.message) == (&last.path, last.span, &last.rule, &last.message)
    });
}

/// The facts of a unit, ready to be asked for.
pub fn subject<'a>(unit: &'a Unit, world: &'a World<'a>) -> Subject<'a> {
    Subject::new(match unit {
        Unit::Prompt(prompt) => UnitFacts::Prompt(Box::new(PromptFacts::new(prompt, world))),
        Unit::Deployment(deployment) => UnitFacts::Deployment(Box::new(DeploymentFacts::new(deployment, world))),
        Unit::Training(training) => UnitFacts::Training(Box::new(TrainingFacts::new(training, world))),
    })
}

fn id(index: usize) -> SourceId {
    SourceId(u32::try_from(index).unwrap_or(u32::MAX))
}
