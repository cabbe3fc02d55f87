//! The way from sources to a report, in one screen.

mod includes;

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;
use rust_decimal::Decimal;

use crate::catalog::{Catalog, Date};
use crate::engines;
use crate::excerpt;
use crate::facts::{DeploymentFacts, PromptFacts, Settings, Subject, TrainingFacts, UnitKind, World};
use crate::fingerprint;
use crate::formats::{self, Outcome, Route};
use crate::report::change::Suppressed;
use crate::report::{
    Citation, Cost, Figure, FileNote, Finding, NotJudged, Report, RuleAbout, SCHEMA_VERSION, Saving, Severity, Sum,
    TokenCount, Totals, UnitReport,
};
use crate::rules::{ActiveRule, Judged, RuleSet, Suppression, judge, suppressions};
use crate::source::{Place, Source, SourceId, Span, floor_char_boundary, normal, resolve};
use crate::syntax::code::Files;
use crate::syntax::template;
use crate::units::{Deployment, Field, Message, Prompt, Training, Unit};

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
    /// Decides retirement.
    pub today: Date,
    /// The files, by their paths from the root, whose units are judged, with those that take text from them; all where
    /// it is absent.
    pub only: Option<HashSet<String>>,
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
    let older = older_deployments(all, sources.len(), linter.settings);
    let known = Files::new(sources);
    let outcomes: Vec<Outcome> = sources
        .par_iter()
        .enumerate()
        .map(|(index, source)| formats::read(&known, id(index), linter.settings.is_prompt_place(&source.from_root)))
        .collect();

    let mut findings: Vec<Finding> = unread.iter().filter(|file| file.finding).map(unreadable).collect();
    let mut files: Vec<FileNote> = unread.iter().map(unread_note).collect();
    let mut units = Vec::new();
    let mut routes = Vec::new();
    for (source, outcome) in sources.iter().zip(outcomes) {
        let (format, note) = match outcome {
            Outcome::LeftAlone(why) => (None, why),
            Outcome::Read(format, read) => {
                findings.extend(read.errors.iter().map(|error| syntax_error(source, format, error)));
                units.extend(read.units);
                routes.extend(read.routes);
                (Some(format.to_owned()), read.note)
            }
        };
        files.push(FileNote {
            path: source.path.clone(),
            format,
            note,
        });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let units = join(units, sources, &mut findings);
    let mut units = without_fragments(units, sources, &mut files);
    includes::put_in(&mut units, sources, &mut findings);
    let units = join_trainings(units, sources, &mut files);
    let mut units = join_settings(units, sources, &mut files);
    follow_routes(&mut units, routes, linter.catalog);
    if let Some(only) = &linter.only {
        let judged = |source: SourceId| only.contains(&sources[source.0 as usize].from_root);
        units.retain(|unit| match unit {
            Unit::Prompt(prompt) => {
                judged(prompt.place.source) || prompt.messages.iter().any(|part| judged(part.source))
            }
            _ => judged(unit.place().source),
        });
        let paths: HashSet<&str> = sources
            .iter()
            .filter(|source| only.contains(&source.from_root))
            .map(|source| source.path.as_str())
            .collect();
        findings.retain(|finding| finding.rule == "unreadable-file" || paths.contains(finding.path.as_str()));
    }

    let world = World {
        before: older.iter().map(|(name, unit)| (name.clone(), unit.as_ref())).collect(),
        same_base: same_base(&units, sources, linter.settings),
        ..World::new(all, linter.settings, linter.catalog, linter.today)
    };
    let asked: Asked = units
        .iter()
        .map(|unit| unit.place().source)
        .collect::<HashSet<SourceId>>()
        .into_par_iter()
        .map(|source| (source, suppressions(&all[source.0 as usize])))
        .filter(|(_, found)| !found.is_empty())
        .collect();
    let code: HashSet<&str> = units
        .iter()
        .filter(|unit| matches!(unit, Unit::Prompt(prompt) if prompt.format == crate::facts::CALL_IN_CODE))
        .map(Unit::name)
        .collect();
    let judged: Vec<UnitResult> = units
        .par_iter()
        .map(|unit| judge_unit(unit, &world, linter.rules, &asked))
        .collect();

    let totals = totals(&files, &judged);
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        llmlint: env!("CARGO_PKG_VERSION").to_owned(),
        today: linter.today.to_string(),
        prices_as_of: judged
            .iter()
            .filter_map(|unit| unit.price_as_of)
            .min()
            .map(|day| day.to_string()),
        findings,
        units: Vec::new(),
        totals,
        not_judged: Vec::new(),
        files,
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
    report
        .findings
        .sort_by(|a, b| (&a.path, a.span, &a.rule, &a.unit).cmp(&(&b.path, b.span, &b.rule, &b.unit)));
    // A text that several calls send is told once.
    let of_code = |finding: &Finding| {
        let unit = finding.unit.as_deref().unwrap_or_default();
        code.contains(unit)
    };
    report.findings.dedup_by(|next, last| {
        of_code(next)
            && (&next.path, next.span, &next.rule, &next.message) == (&last.path, last.span, &last.rule, &last.message)
    });
    report.suppressed.sort();
    report.rules = rules_about(&report.findings, linter.rules);
    report
}

/// How many models that were fine-tuned from each base that the config states are deployed, and the first deployment.
/// Several deployments of one model (roles, copies) are no versions.
fn same_base(units: &[Unit], sources: &[Source], settings: &Settings) -> HashMap<String, (u64, String)> {
    let mut count: HashMap<String, (u64, String)> = HashMap::new();
    let mut seen = HashSet::new();
    for unit in units {
        if let Unit::Deployment(deployment) = unit {
            let path = &sources[deployment.place.source.0 as usize].from_root;
            let Some(base) = settings.deployment(path, |s| s.base_model.clone()) else {
                continue;
            };
            let serving = engines::recognise(&deployment.launch, &deployment.image);
            let model = serving.and_then(|serving| serving.model.known().cloned());
            if model.is_none_or(|model| seen.insert((base.clone(), model))) {
                count.entry(base).or_insert((0, deployment.name.clone())).0 += 1;
            }
        }
    }
    count
}

/// The deployments of the sources from `first` on, by their names as seen from the root.
fn older_deployments(all: &[Source], first: usize, settings: &Settings) -> Vec<(String, Box<Deployment>)> {
    if first == all.len() {
        return Vec::new();
    }
    let known = Files::new(all);
    let read = |(index, source): (usize, &Source)| {
        let units = match formats::read(&known, id(index), settings.is_prompt_place(&source.from_root)) {
            Outcome::Read(_, read) => read.units,
            Outcome::LeftAlone(_) => Vec::new(),
        };
        let deployments = units.into_iter().filter_map(|unit| match unit {
            Unit::Deployment(deployment) => Some((World::name_in_tree(&deployment.name, source), deployment)),
            _ => None,
        });
        deployments.collect::<Vec<_>>()
    };
    all.par_iter().enumerate().skip(first).flat_map_iter(read).collect()
}

/// The facts of a unit, ready to be asked for.
pub fn subject<'a>(unit: &'a Unit, world: &'a World<'a>) -> Subject<'a> {
    match unit {
        Unit::Prompt(prompt) => Subject::Prompt(Box::new(PromptFacts::new(prompt, world))),
        Unit::Deployment(deployment) => Subject::Deployment(Box::new(DeploymentFacts::new(deployment, world))),
        Unit::Training(training) => Subject::Training(Box::new(TrainingFacts::new(training, world))),
    }
}

fn id(index: usize) -> SourceId {
    SourceId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Most bytes of prompt files that the requests of a run may stand for, each file counted for each request: a short
/// file can name a long one ten thousand times.
const MAX_JOINED_BYTES: usize = 100_000_000;

/// Joins a request with the prompt file that it names: one unit, counted once.
pub fn join(units: Vec<Unit>, sources: &[Source], findings: &mut Vec<Finding>) -> Vec<Unit> {
    let path = |place: Place| sources[place.source.0 as usize].from_root.as_str();
    let texts: HashMap<&str, Vec<Message>> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Prompt(prompt) if prompt.messages.iter().all(|message| message.file.is_none()) => {
                Some((path(prompt.place), prompt.messages.clone()))
            }
            _ => None,
        })
        .collect();
    let mut used: HashSet<String> = HashSet::new();
    let mut joined = Vec::new();
    let mut bytes = 0_usize;
    let mut full = false;
    for unit in units {
        let Unit::Prompt(mut prompt) = unit else {
            joined.push(unit);
            continue;
        };
        // A text that code loads is part of what the call sends.
        let elsewhere = prompt
            .messages
            .iter()
            .filter(|message| message.source != prompt.place.source);
        used.extend(elsewhere.map(|message| sources[message.source.0 as usize].from_root.clone()));
        let mut messages = Vec::new();
        for message in std::mem::take(&mut prompt.messages) {
            let Some((name, place)) = message.file.clone() else {
                messages.push(message);
                continue;
            };
            let Some(found) = resolve(path(place), &name, |path| texts.contains_key(path)) else {
                let source = &sources[place.source.0 as usize];
                findings.push(missing_file(source, place.span, &name));
                messages.push(message);
                continue;
            };
            bytes = texts[found.as_str()]
                .iter()
                .fold(bytes, |sum, text| sum.saturating_add(text.text.as_str().len()));
            if bytes > MAX_JOINED_BYTES {
                if !full {
                    findings.push(too_much_joined(&sources[place.source.0 as usize], place.span));
                }
                full = true;
                messages.push(message);
                continue;
            }
            let role = message.role;
            messages.extend(texts[found.as_str()].iter().cloned().map(|mut text| {
                if texts[found.as_str()].len() == 1 {
                    text.role = role;
                }
                text
            }));
            used.insert(found);
        }
        prompt.messages = messages;
        joined.push(Unit::Prompt(prompt));
    }
    // A text that a unit of another file sends is part of that unit.
    for unit in &joined {
        if let Unit::Prompt(prompt) = unit {
            let others = prompt.messages.iter().map(|message| message.source);
            let others = others.filter(|source| *source != prompt.place.source);
            used.extend(others.map(|source| sources[source.0 as usize].from_root.clone()));
        }
    }
    joined.retain(|unit| match unit {
        Unit::Prompt(prompt) => !is_only_text(prompt) || !used.contains(path(prompt.place)),
        Unit::Deployment(_) | Unit::Training(_) => true,
    });
    joined
}

/// Leaves out prompt files that other prompts include: a part of a prompt is no prompt.
fn without_fragments(mut units: Vec<Unit>, sources: &[Source], files: &mut [FileNote]) -> Vec<Unit> {
    let mut included: HashSet<String> = HashSet::new();
    for unit in &units {
        let Unit::Prompt(prompt) = unit else {
            continue;
        };
        let pieces = prompt.messages.iter().map(|message| &message.pieces);
        // What includes itself is no part of another prompt; that it can't be put in is found.
        let own = sources[prompt.place.source.0 as usize].from_root.as_str();
        let others = |name: &String| !own.ends_with(name.as_str());
        let names = pieces.flat_map(|pieces| template::includes(pieces)).filter_map(normal);
        included.extend(names.filter(others));
        let texts = prompt.messages.iter().map(|message| message.text.as_str());
        included.extend(texts.flat_map(template::imports).filter_map(|name| normal(&name)));
    }
    // Names are seen from a folder of templates that only the application knows: every ending of the path counts.
    let is_fragment = |path: &str| {
        let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
        starts.map(|at| &path[at..]).any(|ending| {
            included.contains(ending) || ending.rsplit_once('.').is_some_and(|(stem, _)| included.contains(stem))
        })
    };
    units.retain(|unit| match unit {
        Unit::Prompt(prompt) if is_only_text(prompt) => {
            let source = &sources[prompt.place.source.0 as usize];
            let fragment = !source.named && is_fragment(&source.from_root);
            if fragment && let Ok(at) = files.binary_search_by(|file| file.path.cmp(&source.path)) {
                files[at].note = "a part of other prompts, counted where it is put in".to_owned();
            }
            !fragment
        }
        _ => true,
    });
    units
}

/// Most files that one training run takes settings from.
const MAX_CONFIGS: usize = 8;

/// Completes training runs with the files that they name, and leaves out the parts that were taken or that nothing
/// names: settings of DeepSpeed alone are no run.
fn join_trainings(mut units: Vec<Unit>, sources: &[Source], files: &mut [FileNote]) -> Vec<Unit> {
    let path = |place: Place| sources[place.source.0 as usize].from_root.as_str();
    let parts: HashMap<String, Training> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Training(run) => Some((path(run.place).to_owned(), (**run).clone())),
            _ => None,
        })
        .collect();
    let mut used: HashSet<String> = HashSet::new();
    for unit in &mut units {
        let Unit::Training(run) = unit else {
            continue;
        };
        let own = path(run.place).to_owned();
        let mut next = 0;
        while let Some((name, place)) = run.configs.get(next).filter(|_| next < MAX_CONFIGS).cloned() {
            next += 1;
            let Some(found) = resolve(path(place), &name, |path| parts.contains_key(path)) else {
                continue;
            };
            if found != own
                && let Some(part) = parts.get(&found)
            {
                run.complete(part);
                used.insert(found);
            }
        }
    }
    units.retain(|unit| match unit {
        Unit::Training(run) => {
            let from = path(run.place);
            if run.is_part
                && !used.contains(from)
                && let Ok(at) = files.binary_search_by(|file| file.path.cmp(&sources[run.place.source.0 as usize].path))
            {
                files[at].note = "a part of a training run, which no other file names".to_owned();
            }
            !run.is_part && !used.contains(from)
        }
        _ => true,
    });
    units
}

/// Gives prompts that ask a gateway for a name of its own the model that the name stands for. A name that several models
/// share is left as it is, and so is one that the catalog knows.
fn follow_routes(units: &mut [Unit], routes: Vec<Route>, catalog: &Catalog) {
    let mut models: HashMap<String, Option<(String, Place)>> = HashMap::new();
    for route in routes {
        let found = route.model.map(|model| (model, route.place));
        let known = models.entry(route.alias).or_insert_with(|| found.clone());
        let same = |(model, _): &(String, Place)| found.as_ref().is_some_and(|(other, _)| model == other);
        if !known.as_ref().is_some_and(same) {
            *known = None;
        }
    }
    for unit in units {
        if let Unit::Prompt(prompt) = unit
            && let Field::Known(name, _) = &prompt.model
            && catalog.api_model(name).model().is_none()
            && let Some(Some((model, place))) = models.get(name)
        {
            prompt.model = Field::Known(model.clone(), *place);
        }
    }
}

/// Completes deployments with the files of settings that their command lines name, and leaves out the files that were
/// taken, or that name no model and that nothing names.
fn join_settings(mut units: Vec<Unit>, sources: &[Source], files: &mut [FileNote]) -> Vec<Unit> {
    let path = |place: Place| sources[place.source.0 as usize].from_root.as_str();
    let parts: BTreeMap<String, Deployment> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Deployment(part) if part.settings.is_some() => Some((path(part.place).to_owned(), (**part).clone())),
            _ => None,
        })
        .collect();
    if parts.is_empty() {
        return units;
    }
    let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
    for path in parts.keys() {
        by_name
            .entry(path.rsplit('/').next().unwrap_or(path))
            .or_default()
            .push(path);
    }
    let mut used: HashSet<String> = HashSet::new();
    for unit in &mut units {
        let Unit::Deployment(deployment) = unit else {
            continue;
        };
        let Some(file) = engines::settings_file(&deployment.launch, &deployment.image) else {
            continue;
        };
        let own = path(file.place);
        let found =
            resolve(own, &file.path, |path| parts.contains_key(path)).or_else(|| mounted(own, &file.path, &by_name));
        let part = found.and_then(|found| parts.get_key_value(&found));
        if let Some((found, part)) = part
            && let Some(settings) = part.launch.words.get(part.settings.unwrap_or(0)..)
        {
            engines::take_settings(&mut deployment.launch, &file, settings);
            used.insert(found.clone());
        }
    }
    units.retain(|unit| match unit {
        Unit::Deployment(part) if part.settings.is_some() => {
            let from = path(part.place);
            let names_model = engines::recognise(&part.launch, &part.image).is_some_and(|is| !is.model.is_absent());
            if !names_model
                && !used.contains(from)
                && let Ok(at) =
                    files.binary_search_by(|file| file.path.cmp(&sources[part.place.source.0 as usize].path))
            {
                files[at].note = "settings of an engine, which no command line of this run names".to_owned();
            }
            names_model && !used.contains(from)
        }
        _ => true,
    });
    units
}

/// The file that a path inside a container means: the only one of that name in the folder of the file that names it, or
/// below.
fn mounted(from: &str, name: &str, by_name: &HashMap<&str, Vec<&str>>) -> Option<String> {
    /// More files of one name than this are no longer told apart.
    const MOST: usize = 100;
    let file = name.strip_prefix('/')?.rsplit('/').next()?;
    let folder = from
        .rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let named = by_name.get(file).filter(|named| named.len() <= MOST)?;
    let mut found = named.iter().filter(|path| path.starts_with(&folder));
    found
        .next()
        .filter(|_| found.next().is_none())
        .map(|path| (*path).to_owned())
}

fn is_only_text(prompt: &Prompt) -> bool {
    prompt.format.starts_with("prompt ")
}

struct UnitResult {
    report: UnitReport,
    findings: Vec<Finding>,
    suppressed: Vec<Suppressed>,
    not_judged: Vec<NotJudged>,
    price_as_of: Option<Date>,
    kind: UnitKind,
}

/// What files ask not to report, by file.
type Asked = HashMap<SourceId, Vec<Suppression>>;

fn judge_unit(unit: &Unit, world: &World<'_>, rules: &RuleSet, asked: &Asked) -> UnitResult {
    let subject = subject(unit, world);
    let mut findings = Vec::new();
    let mut suppressed = Vec::new();
    let mut not_judged = Vec::new();
    // What a test sends is no waste.
    let in_test = matches!(unit, Unit::Prompt(prompt) if prompt.in_test);
    let active = rules
        .active
        .iter()
        .filter(|active| !in_test && active.rule.unit == subject.kind());
    for active in active {
        match judge(&active.rule, &active.options, &subject) {
            Judged::Silent => {}
            Judged::NotJudged(reasons) => not_judged.push(NotJudged {
                rule: active.rule.id.clone(),
                unit: subject.name().to_owned(),
                reasons: reasons.iter().map(|reason| excerpt::safe(reason)).collect(),
            }),
            Judged::Fires(draft) => {
                let source = &world.sources[draft.place.source.0 as usize];
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
    let source = &world.sources[subject.place().source.0 as usize];
    let content = content(unit, source, subject.place().span);
    let cost_facts: &[&str] = match subject.kind() {
        UnitKind::Prompt => &["prompt.cost.input", "prompt.cost.output"],
        UnitKind::Deployment => &["deployment.cost.hour"],
        UnitKind::Training => &["training.cost.run"],
    };
    let (model, tokens, price_as_of) = match &subject {
        Subject::Prompt(facts) => (
            facts.model_name(),
            Some(shown_count(facts.count().clone())),
            facts.price_as_of(),
        ),
        Subject::Deployment(facts) => (facts.model_name(), None, facts.price_as_of()),
        Subject::Training(facts) => (facts.model_name(), None, None),
    };
    UnitResult {
        kind: subject.kind(),
        report: UnitReport {
            name: subject.name().to_owned(),
            kind: subject.kind().name().to_owned(),
            format: subject.format().to_owned(),
            path: source.path.clone(),
            from_root: source.from_root.clone(),
            span: excerpt::locate(source, subject.place().span),
            fingerprint: fingerprint::fingerprint(&[&content]),
            sketch: fingerprint::sketch(&content),
            owners: world.settings.owners(&source.from_root).to_vec(),
            tags: match subject.kind() {
                UnitKind::Prompt => world
                    .settings
                    .prompt(&source.from_root, |s| s.tags.clone())
                    .unwrap_or_default(),
                _ => Vec::new(),
            },
            concurrency: match subject.kind() {
                UnitKind::Deployment => concurrency(&subject),
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

/// The pages of the rules that fired.
fn rules_about(findings: &[Finding], rules: &RuleSet) -> Vec<RuleAbout> {
    let fired: HashSet<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
    let active = rules
        .active
        .iter()
        .filter(|active| fired.contains(active.rule.id.as_str()));
    active
        .map(|active| RuleAbout {
            id: active.rule.id.clone(),
            severity: active.severity,
            category: active.rule.category.clone(),
            summary: active.rule.summary.clone(),
            page: active.rule.body.trim().to_owned(),
        })
        .collect()
}

/// The request not to report a finding of `rule` at `place`, where the file or the config makes one.
fn silenced(rule: &str, place: Place, unit: &Unit, world: &World<'_>, asked: &Asked) -> Option<Suppressed> {
    let source = &world.sources[place.source.0 as usize];
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
        Unit::Prompt(prompt) => {
            let texts: Vec<&str> = prompt.messages.iter().map(|message| message.text.as_str()).collect();
            texts.join("\n")
        }
        _ => {
            let end = floor_char_boundary(&source.text, span.end.min(span.start.saturating_add(MOST_CONTENT)));
            source.text.get(span.start..end).unwrap_or_default().to_owned()
        }
    }
}

fn concurrency(subject: &Subject<'_>) -> Option<Decimal> {
    match subject.fact("deployment.memory.concurrency")?.value {
        crate::facts::Known::Yes(crate::facts::Value::Number(number)) => Some(number.normalize()),
        _ => None,
    }
}

/// A finding is known by its rule and the first line that it is about: what stands further down may change.
fn finding_fingerprint(rule: &str, source: &Source, span: Span) -> String {
    let words = source.text.get(span.start..span.end).unwrap_or_default();
    fingerprint::fingerprint(&[rule, words.trim_start().lines().next().unwrap_or_default()])
}

fn cost(subject: &Subject<'_>, name: &str) -> Cost {
    let fact = subject.fact(name);
    let unknown = fact.as_ref().and_then(|fact| match &fact.value {
        crate::facts::Known::Unknown(why) => Some(excerpt::safe(why)),
        _ => None,
    });
    Cost {
        fact: name.to_owned(),
        amount: fact.and_then(|fact| fact.figure).map(shown_figure),
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

fn totals(files: &[FileNote], units: &[UnitResult]) -> Totals {
    let count = |kind: UnitKind| units.iter().filter(|unit| unit.kind == kind).count() as u64;
    let tokens = units.iter().filter_map(|unit| unit.report.tokens.as_ref());
    Totals {
        files: files.iter().filter(|file| file.format.is_some()).count() as u64,
        prompts: count(UnitKind::Prompt),
        deployments: count(UnitKind::Deployment),
        trainings: count(UnitKind::Training),
        prompt_tokens: tokens.clone().map(|count| count.least).sum(),
        prompt_tokens_exact: tokens.clone().all(|count| count.exact),
        costs: cost_sums(units),
        savings: saving_sums(units),
    }
}

/// Known costs by part and by what they are per, in a fixed order.
fn cost_sums(units: &[UnitResult]) -> Vec<Sum> {
    let mut sums: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    let mut unknown: BTreeMap<&str, u64> = BTreeMap::new();
    for cost in units.iter().flat_map(|unit| &unit.report.costs) {
        match &cost.amount {
            Some(figure) => add(&mut sums, &cost.fact, &figure.per, figure.low, figure.high),
            None => *unknown.entry(&cost.fact).or_default() += 1,
        }
    }
    sums.into_values()
        .map(|mut sum| {
            sum.unknown = unknown.get(sum.of.as_str()).copied().unwrap_or(0);
            sum
        })
        .collect()
}

fn add<'a>(sums: &mut BTreeMap<(&'a str, &'a str), Sum>, of: &'a str, per: &'a str, low: Decimal, high: Decimal) {
    let sum = sums.entry((of, per)).or_insert_with(|| Sum {
        of: of.to_owned(),
        unit: "USD".to_owned(),
        per: per.to_owned(),
        low: Decimal::ZERO,
        high: Decimal::ZERO,
        units: 0,
        unknown: 0,
    });
    sum.low = sum.low.saturating_add(low);
    sum.high = sum.high.saturating_add(high);
    sum.units += 1;
}

/// Savings by what they are per. On one unit they compose: what a second finding takes off is a share of what the
/// first has left.
fn saving_sums(units: &[UnitResult]) -> Vec<Sum> {
    let mut sums = BTreeMap::new();
    for unit in units {
        for cost in &unit.report.costs {
            let Some(figure) = &cost.amount else {
                continue;
            };
            let (mut left_low, mut left_high) = (Decimal::ONE, Decimal::ONE);
            let mut any = false;
            for saving in unit.findings.iter().filter_map(|finding| finding.saving.as_ref()) {
                if saving.of == cost.fact || (saving.of == "prompt.cost.total" && cost.fact.starts_with("prompt.cost."))
                {
                    left_low *= Decimal::ONE - saving.share_low;
                    left_high *= Decimal::ONE - saving.share_high;
                    any = true;
                }
            }
            if any {
                let low = figure.low.saturating_mul(Decimal::ONE - left_low).normalize();
                let high = figure.high.saturating_mul(Decimal::ONE - left_high).normalize();
                add(&mut sums, "savings", &figure.per, low, high);
            }
        }
    }
    sums.into_values().collect()
}

fn unread_note(file: &Unread) -> FileNote {
    FileNote {
        path: file.path.clone(),
        format: None,
        note: file.why.clone(),
    }
}

fn unreadable(file: &Unread) -> Finding {
    let empty = Source::new(file.path.clone(), "", true);
    Finding {
        rule: "unreadable-file".to_owned(),
        severity: Severity::Error,
        category: "input".to_owned(),
        message: file.why.clone(),
        help: "mend the file, or leave it out with `exclude:` in llmlint.yaml".to_owned(),
        path: file.path.clone(),
        span: excerpt::locate(&empty, Span::at(0)),
        unit: None,
        saving: None,
        fix: None,
        evidence: Vec::new(),
        excerpt: None,
        fingerprint: fingerprint::fingerprint(&["unreadable-file", &file.path]),
        status: None,
    }
}

fn syntax_error(source: &Source, format: &str, error: &crate::syntax::SyntaxError) -> Finding {
    Finding {
        rule: "syntax-error".to_owned(),
        severity: Severity::Error,
        category: "input".to_owned(),
        message: excerpt::safe(&error.message),
        help: format!("mend the file so that it can be read as {format}; the rest of the run is not affected"),
        path: source.path.clone(),
        span: excerpt::locate(source, error.span),
        unit: None,
        saving: None,
        fix: None,
        evidence: Vec::new(),
        excerpt: Some(excerpt::excerpt(source, error.span)),
        fingerprint: finding_fingerprint("syntax-error", source, error.span),
        status: None,
    }
}

fn too_much_joined(source: &Source, span: Span) -> Finding {
    Finding {
        message: format!(
            "from here on the requests' prompt files are not counted: together they are more than {MAX_JOINED_BYTES} bytes"
        ),
        help: "check fewer requests at once".to_owned(),
        ..missing_file(source, span, "")
    }
}

fn missing_file(source: &Source, span: Span, name: &str) -> Finding {
    Finding {
        rule: "missing-prompt-file".to_owned(),
        severity: Severity::Error,
        category: "input".to_owned(),
        message: format!("the prompt file `{}` is not among the files of this run", excerpt::safe(name)),
        help: "correct the path (it is seen from this file, then from the repository's root), or add its folder to the paths that are checked".to_owned(),
        path: source.path.clone(),
        span: excerpt::locate(source, span),
        unit: None,
        saving: None,
        fix: None,
        evidence: Vec::new(),
        excerpt: Some(excerpt::excerpt(source, span)),
        fingerprint: finding_fingerprint("missing-prompt-file", source, span),
        status: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::rules::Selection;

    #[test]
    fn a_prompt_that_names_an_alias_is_sent_to_the_model_behind_it() {
        let proxy = "model_list:\n\
            - {model_name: cheap, litellm_params: {model: openai/gpt-4o-mini}}\n\
            - {model_name: mixed, litellm_params: {model: gpt-4o}}\n\
            - {model_name: mixed, litellm_params: {model: azure/eu, api_base: https://eu.example}}\n\
            - {model_name: gpt-4o, litellm_params: {model: openai/gpt-4o-mini}}\n\
            - {model_name: own, litellm_params: {model: openai/gpt-4o, api_base: http://vllm:8000}}\n";
        let request = |model: &str| {
            format!("{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hi\"}}]}}")
        };
        let asked = |model: &str| {
            let sources = [
                Source::new("a/request.json", request(model), false),
                Source::new("proxy.yaml", proxy, false),
            ];
            let (mut units, mut routes) = (Vec::new(), Vec::new());
            let known = Files::new(&sources);
            for index in 0..sources.len() {
                if let Outcome::Read(_, read) = formats::read(&known, id(index), false) {
                    units.extend(read.units);
                    routes.extend(read.routes);
                }
            }
            follow_routes(&mut units, routes, Catalog::embedded());
            match units.as_slice() {
                [Unit::Prompt(prompt)] => prompt.model.known().cloned().unwrap_or_default(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(asked("cheap"), "openai/gpt-4o-mini");
        for own in ["mixed", "gpt-4o", "own", "else"] {
            assert_eq!(asked(own), own);
        }
    }

    #[test]
    fn a_file_of_settings_is_one_unit_with_the_line_that_names_it() {
        let settings = "tensor_parallel_size: 4\nmax_batch_size: 32\nkv_cache_config:\n  dtype: fp8\n";
        let sources = [
            Source::new("a/serve.sh", "vllm serve org/m --config ../conf/vllm.yaml", false),
            Source::new(
                "b/run.sh",
                "trtllm-serve org/m --extra_llm_api_options /mnt/trt.yaml\n",
                false,
            ),
            Source::new("b/x/trt.yaml", settings, false),
            Source::new("conf/alone.yaml", "max-model-len: 8192\nmax-num-seqs: 8\n", false),
            Source::new("conf/vllm.yaml", "max-model-len: 8192\nmax-num-seqs: 8\n", false),
        ];
        let known = Files::new(&sources);
        let read = |index| match formats::read(&known, id(index), false) {
            Outcome::Read(_, read) => read.units,
            Outcome::LeftAlone(why) => panic!("{why}"),
        };
        let units = (0..sources.len()).flat_map(read).collect();
        let units = join_settings(units, &sources, &mut []);
        let serving: Vec<_> = units
            .iter()
            .map(|unit| match unit {
                Unit::Deployment(made) => (
                    made.name.as_str(),
                    engines::recognise(&made.launch, &made.image).expect("an engine"),
                ),
                other => panic!("{other:?}"),
            })
            .collect();
        let [(first, vllm), (second, trt)] = serving.as_slice() else {
            panic!("two units: {serving:?}");
        };
        assert_eq!((*first, vllm.max_model_len.known()), ("a/serve.sh", Some(&8192)));
        assert_eq!((*second, trt.tensor_parallel.known()), ("b/run.sh", Some(&4)));
        assert_eq!(trt.max_num_seqs.known(), Some(&32));
        assert_eq!(trt.kv_cache_dtype.known().map(String::as_str), Some("fp8"));
    }

    #[test]
    fn a_part_of_a_prompt_is_no_prompt() {
        let sources = [
            Source::new("prompts/partials/rules.j2", "Answer the question.", false),
            Source::new(
                "prompts/whole.j2",
                "{% include 'partials/rules.j2' %}\nQ: {{ q }}",
                false,
            ),
        ];
        let settings = Settings::new(Config::default(), "");
        let rules = crate::rules::embedded().expect("the pages load");
        let rules = RuleSet::new(rules, &settings.config, &Selection::default()).expect("no selection");
        let linter = Linter {
            settings: &settings,
            catalog: Catalog::embedded(),
            rules: &rules,
            today: "2026-11-24".parse().expect("a day"),
            only: None,
        };
        let report = lint(&sources, &[], &linter);
        let names: Vec<&str> = report.units.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names, ["prompts/whole.j2"]);
        let count = report.units[0].tokens.as_ref().expect("a prompt has a count");
        assert_eq!(count.variables, ["q"]);
        // "Answer the question.\nQ: "
        assert_eq!((count.least, count.most), (7, 7));
    }
}
