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
mod state;
mod tokenizers;
mod totals;
mod trainings;
mod unpriced;
mod volumes;

use std::collections::HashSet;

pub use self::attribute::{Export, attribute};
use self::judge::UnitResult;
pub use self::requests::join;
use self::state::{State, TwoStates};
pub use self::tokenizers::tokenizer_faults;
pub use self::unpriced::unpriced;
pub use self::volumes::idle_volumes;
use crate::catalog::{Catalog, Date, MOST_AGE_DAYS};
use crate::facts::{DeploymentFacts, PromptFacts, Settings, Subject, TrainingFacts, UnitFacts, World};
use crate::report::{Currency, Finding, PriceListAbout, Report, SCHEMA_VERSION};
use crate::rules::RuleSet;
use crate::source::Source;
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
    let both = TwoStates::new(sources, before);
    let (now, older) = both.read(unread, linter);
    let world = now.world(Some(&older), linter);
    let judged = judge::judge_all(&now.units, &world, linter, |_| None);
    report(now, judged, linter)
}

/// Judges both states of a tree that was changed, each for itself: the report on the older, and on the newer. What a
/// change leaves as it was is read and judged once: a source of `before` that shares its text with the one of `sources`
/// at the same path is the same file.
pub fn lint_change(sources: &[Source], before: &[Source], unread: &[Unread], linter: &Linter<'_>) -> (Report, Report) {
    let both = TwoStates::new(sources, before);
    let (now, older) = both.read(unread, linter);
    let world = now.world(Some(&older), linter);
    let judged = judge::judge_all(&now.units, &world, linter, |_| None);
    let world_before = older.world(None, linter);
    let same = both.same(&now, &world, &world_before);
    let judged_before = judge::judge_all(&older.units, &world_before, linter, |unit| {
        same.find(unit).map(|at| judged[at].clone())
    });
    rayon::join(|| report(older, judged_before, linter), || report(now, judged, linter))
}

/// Puts a report together.
fn report(state: State<'_>, judged: Vec<UnitResult>, linter: &Linter<'_>) -> Report {
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
        findings: state.findings,
        units: Vec::with_capacity(judged.len()),
        totals: totals::totals(&state.files, &judged),
        not_judged: Vec::new(),
        files: state.files,
        rules: Vec::new(),
        suppressed: Vec::new(),
        comparison: None,
        gate: None,
    };
    report
        .findings
        .reserve(judged.iter().map(|unit| unit.findings.len()).sum());
    report
        .not_judged
        .reserve(judged.iter().map(|unit| unit.not_judged.len()).sum());
    for unit in judged {
        report.findings.extend(unit.findings);
        report.suppressed.extend(unit.suppressed);
        report.not_judged.extend(unit.not_judged);
        report.units.push(unit.report);
    }
    sort_findings(&mut report.findings, &state.units);
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
        Unit::Embedding(request) => UnitFacts::Embedding(Box::new(PromptFacts::new(request, world))),
        Unit::Deployment(deployment) => UnitFacts::Deployment(Box::new(DeploymentFacts::new(deployment, world))),
        Unit::Training(training) => UnitFacts::Training(Box::new(TrainingFacts::new(training, world))),
    })
}
