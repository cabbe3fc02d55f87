//! One unit judged by the rules that are on: its findings, what was asked not to be reported, what could not be judged.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use rust_decimal::Decimal;

use super::{Linter, subject};
use crate::catalog::{Catalog, Date};
use crate::excerpt;
use crate::facts::{Subject, UnitFacts, UnitKind, World};
use crate::fingerprint;
use crate::report::change::Suppressed;
use crate::report::{Citation, Cost, Figure, Finding, NotJudged, RuleAbout, Saving, TokenCount, UnitReport};
use crate::rules::{ActiveRule, Judged, Rule, RuleSet, Suppression, judge, suppressions};
use crate::source::{Place, Source, SourceId, Span, floor_char_boundary};
use crate::units::Unit;

/// What came of one unit.
#[derive(Clone)]
pub(super) struct UnitResult {
    pub(super) report: UnitReport,
    pub(super) findings: Vec<Finding>,
    pub(super) suppressed: Vec<Suppressed>,
    pub(super) not_judged: Vec<NotJudged>,
    pub(super) price_as_of: Option<Date>,
    pub(super) kind: UnitKind,
}

/// What files ask not to report, by file.
type Asked = HashMap<SourceId, Vec<Suppression>>;

/// Judges every unit, in order, each by what governs its file; but those whose result is `known`.
pub(super) fn judge_all(
    units: &[Unit],
    world: &World<'_>,
    linter: &Linter<'_>,
    known: impl Fn(&Unit) -> Option<UnitResult> + Sync,
) -> Vec<UnitResult> {
    let nested: Vec<(World<'_>, &RuleSet)> = linter
        .nested
        .iter()
        .map(|scope| {
            let catalog = &scope.catalog;
            (
                World {
                    catalog,
                    ..world.clone()
                },
                &scope.rules,
            )
        })
        .collect();
    let asked: Asked = units
        .iter()
        .map(|unit| unit.place().source)
        .collect::<HashSet<SourceId>>()
        .into_par_iter()
        .map(|source| (source, suppressions(world.files.source(source))))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    units
        .par_iter()
        .map(|unit| {
            if let Some(known) = known(unit) {
                return known;
            }
            let file = &world.files.source(unit.place().source).from_root;
            let scope = world.settings.nested_at(file).and_then(|at| nested.get(at));
            match scope {
                Some((world, rules)) => judge_unit(unit, world, rules, &asked),
                None => judge_unit(unit, world, linter.rules, &asked),
            }
        })
        .collect()
}

fn judge_unit(unit: &Unit, world: &World<'_>, rules: &RuleSet, asked: &Asked) -> UnitResult {
    let subject = subject(unit, world);
    let mut findings = Vec::new();
    let mut suppressed = Vec::new();
    let mut not_judged = Vec::new();
    // What a test sends is no waste.
    let in_test = matches!(unit, Unit::Prompt(request) | Unit::Embedding(request) if request.in_test);
    let judges = |rule: &Rule| {
        let also = rule.embeddings && subject.kind() == UnitKind::Embedding;
        rule.unit == subject.kind() || also
    };
    let active = rules.active.iter().filter(|active| !in_test && judges(&active.rule));
    for active in active {
        match judge(&active.rule, &active.options, &subject) {
            Judged::Silent => {}
            Judged::NotJudged(reasons) => not_judged.push(NotJudged {
                rule: active.rule.id.clone(),
                unit: subject.name().to_owned(),
                reasons: reasons.iter().map(|reason| excerpt::safe(reason)).collect(),
            }),
            Judged::Fires(draft) => {
                let source = world.files.source(draft.place.source);
                if let Some(silenced) = silenced(&active.rule.id, draft.place, unit, world, asked) {
                    suppressed.push(silenced);
                    continue;
                }
                findings.push(Finding {
                    rule: active.rule.id.clone(),
                    severity: active.severity,
                    category: active.rule.category.clone(),
                    message: excerpt::safe(&draft.message),
                    help: excerpt::safe(&draft.help),
                    path: source.path.clone(),
                    span: excerpt::locate(source, draft.place.span),
                    unit: Some(subject.name().to_owned()),
                    saving: draft.saving.map(shown_saving),
                    fix: draft.fix,
                    evidence: citations(active, world.catalog),
                    excerpt: Some(excerpt::excerpt(source, draft.place.span)),
                    fingerprint: finding_fingerprint(&active.rule.id, source, draft.place.span),
                    status: None,
                });
            }
        }
    }
    let source = world.files.source(subject.place().source);
    let content = content(unit, source, subject.place().span);
    let cost_facts: &[&str] = match subject.kind() {
        UnitKind::Prompt => &["prompt.cost.input", "prompt.cost.output"],
        UnitKind::Embedding => &["embedding.cost.input"],
        UnitKind::Deployment => &["deployment.cost.hour"],
        UnitKind::Training => &["training.cost.run"],
    };
    let (model, tokens, price_as_of) = match &subject.facts {
        UnitFacts::Prompt(facts) | UnitFacts::Embedding(facts) => (
            facts.model_name(),
            Some(shown_count(facts.count().clone())),
            facts.price_as_of(),
        ),
        UnitFacts::Deployment(facts) => (facts.model_name(), None, facts.price_as_of()),
        UnitFacts::Training(facts) => (facts.model_name(), None, None),
    };
    let request = subject.request();
    UnitResult {
        kind: subject.kind(),
        report: UnitReport {
            billed_by: request.and_then(|facts| facts.billed_by()).map(str::to_owned),
            name: subject.name().to_owned(),
            kind: subject.kind().name().to_owned(),
            format: subject.format().to_owned(),
            path: source.path.clone(),
            from_root: source.from_root.clone(),
            span: excerpt::locate(source, subject.place().span),
            fingerprint: fingerprint::fingerprint(&[&content]),
            sketch: fingerprint::sketch(&content),
            owners: world.settings.owners(&source.from_root).to_vec(),
            tags: request.map_or_else(Vec::new, |facts| world.settings.tags(facts.at()).to_vec()),
            growth_per_month: request.and_then(|facts| facts.growth()),
            concurrency: match subject.kind() {
                UnitKind::Deployment => concurrency(&subject),
                _ => None,
            },
            gpus: match subject.kind() {
                UnitKind::Deployment => gpus(&subject),
                _ => None,
            },
            model: model.known().map(|name| excerpt::safe(name)),
            tokens,
            costs: cost_facts.iter().map(|name| cost(&subject, name)).collect(),
        },
        findings,
        suppressed,
        not_judged,
        price_as_of,
    }
}

/// The request not to report a finding of `rule` at `place`, where the file or the config makes one.
fn silenced(rule: &str, place: Place, unit: &Unit, world: &World<'_>, asked: &Asked) -> Option<Suppressed> {
    let source = world.files.source(place.source);
    let sent: Vec<Span> = match unit {
        Unit::Prompt(prompt) => {
            let here = prompt.messages.iter().filter(|message| message.source == place.source);
            here.map(|message| message.text.span()).collect()
        }
        _ => Vec::new(),
    };
    let found = asked.get(&place.source).into_iter().flatten();
    if let Some(one) = found
        .into_iter()
        .find(|one| one.covers(rule, source, place.span, &sent))
    {
        return Some(Suppressed {
            rule: rule.to_owned(),
            path: source.path.clone(),
            line: source.position(one.at).line,
            reason: excerpt::safe(&one.reason),
        });
    }
    let setting = world.settings.ignored(rule, &source.from_root)?;
    Some(Suppressed {
        rule: rule.to_owned(),
        path: source.path.clone(),
        line: source.position(place.span.start).line,
        reason: excerpt::safe(setting.reason.as_deref().unwrap_or("ignore: in llmlint.yaml")),
    })
}

/// Bytes of the lines of a unit by which it is known: many units can stand in the same lines.
const MOST_CONTENT: usize = 8_000;

/// What a unit says: a prompt's messages, else the lines that it stands in.
fn content(unit: &Unit, source: &Source, span: Span) -> String {
    match unit {
        Unit::Prompt(prompt) => prompt.content(),
        _ => {
            let end = floor_char_boundary(&source.text, span.end.min(span.start.saturating_add(MOST_CONTENT)));
            source.text.get(span.start..end).unwrap_or_default().to_owned()
        }
    }
}

fn concurrency(subject: &Subject<'_>) -> Option<Decimal> {
    match &subject.fact("deployment.memory.concurrency")?.value {
        crate::facts::Known::Yes(crate::facts::Value::Number(number)) => Some(number.normalize()),
        _ => None,
    }
}

/// The GPUs that a deployment asks for; nothing where they are not known.
fn gpus(subject: &Subject<'_>) -> Option<String> {
    use crate::facts::{Known, Value};
    let number = |name: &str| match subject.fact(name)?.value {
        Known::Yes(Value::Int(number)) => Some(number),
        _ => None,
    };
    let Known::Yes(Value::Strs(names)) = &subject.fact("deployment.gpus")?.value else {
        return None;
    };
    let one = format!("{} × {}", number("deployment.gpu_count")?, names.join(" or "));
    Some(match number("deployment.replicas") {
        Some(copies) if copies != 1 => excerpt::safe(&format!("{copies} copies of {one}")),
        _ => excerpt::safe(&one),
    })
}

/// A finding is known by its rule and the first line that it is about: what stands further down may change.
pub(super) fn finding_fingerprint(rule: &str, source: &Source, span: Span) -> String {
    let words = source.text.get(span.start..span.end).unwrap_or_default();
    fingerprint::fingerprint(&[rule, words.trim_start().lines().next().unwrap_or_default()])
}

fn cost(subject: &Subject<'_>, name: &str) -> Cost {
    let fact = subject.fact(name);
    let unknown = fact.and_then(|fact| match &fact.value {
        crate::facts::Known::Unknown(why) => Some(excerpt::safe(why)),
        _ => None,
    });
    Cost {
        fact: name.to_owned(),
        amount: fact.and_then(|fact| fact.figure.clone()).map(shown_figure),
        unknown,
    }
}

/// A saving whose words from files may be shown.
fn shown_saving(mut saving: Saving) -> Saving {
    saving.amount = saving.amount.map(shown_figure);
    saving.unknown = saving.unknown.map(|why| excerpt::safe(&why));
    saving
}

/// A count whose words from files may be shown.
fn shown_count(mut count: TokenCount) -> TokenCount {
    count.how = excerpt::safe(&count.how);
    for name in &mut count.variables {
        *name = excerpt::safe(name);
    }
    count
}

/// A figure whose words from files may be shown.
fn shown_figure(mut figure: Figure) -> Figure {
    for text in figure
        .without
        .iter_mut()
        .chain(figure.inputs.iter_mut().map(|input| &mut input.from))
    {
        *text = excerpt::safe(text);
    }
    figure
}

fn citations(active: &ActiveRule, catalog: &Catalog) -> Vec<Citation> {
    let rows = active.rule.evidence.iter().filter_map(|id| catalog.evidence(id));
    rows.map(|row| Citation {
        id: row.id.clone(),
        claim: row.claim.clone(),
        url: row.url.clone(),
    })
    .collect()
}

/// The pages of the rules that fired.
pub(super) fn rules_about(findings: &[Finding], linter: &Linter<'_>) -> Vec<RuleAbout> {
    let fired: HashSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let nested = linter.nested.iter().flat_map(|scope| &scope.rules.active);
    let mut seen = HashSet::new();
    let active = linter
        .rules
        .active
        .iter()
        .chain(nested)
        .filter(|active| seen.insert(active.rule.id.as_str()))
        .filter(|active| fired.contains(active.rule.id.as_str()));
    active
        .map(|active| RuleAbout {
            id: active.rule.id.clone(),
            severity: active.severity,
            category: active.rule.category.clone(),
            summary: active.rule.summary(),
            page: active.rule.body.trim().to_owned(),
        })
        .collect()
}
