//! One state of a tree: what its files hold, joined into units. Of two states, what both share is read once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::{Linter, Unread, beside, files, includes, loaded, requests, routes, settings, trainings};
use crate::facts::{World, instructions};
use crate::formats::{self, AT_ONCE, Outcome, Route};
use crate::report::{FileNote, Finding};
use crate::source::{Place, Source, SourceId};
use crate::syntax::code::Files;
use crate::units::{Deployment, Unit};

/// The sources of two states of a tree, each source once.
pub(super) struct TwoStates<'a> {
    /// Those of the newer, then those that only the older has.
    sources: Cow<'a, [Source]>,
    now: usize,
    before: Vec<SourceId>,
}

/// What the files of a state hold.
pub(super) struct State<'a> {
    tree: Files<'a>,
    pub(super) units: Vec<Unit>,
    pub(super) findings: Vec<Finding>,
    /// What became of each file, sorted by path.
    pub(super) files: Vec<FileNote>,
}

/// What came of a file, and the paths that its reader asked for.
type Noted = (Outcome, HashSet<String>);

impl<'a> TwoStates<'a> {
    /// A source that stands at the same path with the very text of another, not a copy of it, is the same.
    pub(super) fn new(now: &'a [Source], before: &[Source]) -> Self {
        let mut sources = Cow::Borrowed(now);
        let by_path = now.iter().enumerate().filter(|_| !before.is_empty());
        let by_path: HashMap<&str, usize> = by_path.map(|(at, source)| (source.path.as_str(), at)).collect();
        let of_both = |source: &Source| {
            let at = *by_path.get(source.path.as_str())?;
            (Arc::ptr_eq(&now[at].text, &source.text) && now[at].looked_up == source.looked_up).then_some(at)
        };
        let before = before.iter().map(|source| {
            id(of_both(source).unwrap_or_else(|| {
                sources.to_mut().push(source.clone());
                sources.len() - 1
            }))
        });
        let before = before.collect();
        Self {
            sources,
            now: now.len(),
            before,
        }
    }

    /// The newer state, then the older.
    pub(super) fn read(&self, unread: &[Unread], linter: &Linter<'_>) -> (State<'_>, State<'_>) {
        let now = Files::some(&self.sources, (0..self.now).map(id).collect());
        let before = Files::some(&self.sources, self.before.clone());
        formats::prepare(&now);
        formats::prepare(&before);
        let prompt_place = |id: SourceId| linter.settings.is_prompt_place(&self.sources[id.0 as usize].from_root);
        let read: Vec<Noted> = now
            .ids()
            .par_iter()
            .with_max_len(AT_ONCE)
            .map(|id| {
                if self.before.is_empty() {
                    return (formats::read(&now, *id, prompt_place(*id)), HashSet::new());
                }
                let noting = now.noting();
                let outcome = formats::read(&noting, *id, prompt_place(*id));
                (outcome, noting.asked())
            })
            .collect();
        let changed = self.changed();
        let older: Vec<Outcome> = before
            .ids()
            .par_iter()
            .with_max_len(AT_ONCE)
            .map(|id| match read.get(id.0 as usize) {
                Some((outcome, asked)) if !changed.any_of(asked) => outcome.clone(),
                _ => formats::read(&before, *id, prompt_place(*id)),
            })
            .collect();
        let read = read.into_iter().map(|(outcome, _)| outcome).collect();
        rayon::join(
            || State::of(now, read, unread, linter),
            || State::of(before, older, &[], linter),
        )
    }

    /// The paths at which the states differ.
    fn changed(&self) -> Changed<'_> {
        let older: HashSet<SourceId> = self.before.iter().copied().collect();
        let newer = (0..self.now).map(id).filter(|id| !older.contains(id));
        let older = self.before.iter().copied().filter(|id| id.0 as usize >= self.now);
        let paths = newer
            .chain(older)
            .map(|id| self.sources[id.0 as usize].from_root.as_str());
        let ends = |path: &'_ str| -> Vec<usize> {
            let behind = path.match_indices('/').map(|(at, _)| at + 1);
            std::iter::once(0).chain(behind).collect()
        };
        Changed(
            paths
                .flat_map(|path| ends(path).into_iter().map(move |at| &path[at..]))
                .collect(),
        )
    }

    /// The units of the newer state that the judgement of the older can be taken from.
    pub(super) fn same<'s>(&self, now: &'s State<'_>, world: &'s World<'_>, before: &'s World<'_>) -> Same<'s> {
        let alike = world.same_base == before.same_base
            && world.evaluation == before.evaluation
            && !self.changed().any_of(&now.tree.asked());
        let units = now.units.iter().enumerate().filter(|_| alike);
        Same {
            by_name: units
                .map(|(at, unit)| ((unit.place().source, unit.name()), at))
                .collect(),
            units: &now.units,
            texts: [&world.same_text, &before.same_text],
        }
    }
}

/// Paths that changed, and all ends of them.
struct Changed<'a>(HashSet<&'a str>);

impl Changed<'_> {
    fn any_of(&self, asked: &HashSet<String>) -> bool {
        asked.iter().any(|path| self.0.contains(path.as_str()))
    }
}

/// The units of one state, to find in it what another has too.
pub(super) struct Same<'s> {
    units: &'s [Unit],
    by_name: HashMap<(SourceId, &'s str), usize>,
    texts: [&'s HashMap<String, Place>; 2],
}

impl Same<'_> {
    /// Where the same unit of the same files stands, of which all the same is known.
    pub(super) fn find(&self, unit: &Unit) -> Option<usize> {
        let at = *self.by_name.get(&(unit.place().source, unit.name()))?;
        if self.units[at] != *unit {
            return None;
        }
        if let Unit::Prompt(prompt) = unit
            && let Some(message) = instructions(prompt)
        {
            let [one, other] = self.texts.map(|texts| texts.get(message.text.as_str()));
            return (one == other).then_some(at);
        }
        Some(at)
    }
}

impl<'a> State<'a> {
    fn of(tree: Files<'a>, outcomes: Vec<Outcome>, unread: &[Unread], linter: &Linter<'_>) -> Self {
        let sources = tree.sources();
        let mut held = Held::of(&tree, outcomes, unread);
        let units = requests::join(held.units, sources, &mut held.findings);
        let mut units = requests::without_fragments(units, sources, &mut held.files);
        includes::put_in(&mut units, &tree, &mut held.findings);
        loaded::mark(&mut units, &tree);
        let units = trainings::join_trainings(units, sources, &mut held.files);
        let mut units = settings::join_settings(units, sources, &mut held.files);
        routes::follow_routes(&mut units, held.routes, linter.catalog);
        if let Some(only) = &linter.only {
            keep_only(only, &tree, &mut units, &mut held.findings);
        }
        Self {
            tree: tree.noting(),
            units,
            findings: held.findings,
            files: held.files,
        }
    }

    /// What its units are judged beside, `older` being the state before it.
    pub(super) fn world<'s>(&'s self, older: Option<&'s State<'_>>, linter: &Linter<'s>) -> World<'s> {
        World {
            before: older.map_or_else(HashMap::new, |older| older.deployments_not_in(&self.tree)),
            same_base: beside::same_base(&self.units, self.tree.sources(), linter.settings),
            same_text: beside::same_text(&self.units),
            ..World::new(&self.tree, linter.settings, linter.catalog, linter.today)
        }
    }

    /// Its deployments in files that another state does not have, by their names as seen from the root.
    fn deployments_not_in(&self, other: &Files<'_>) -> HashMap<String, &Deployment> {
        let others: HashSet<SourceId> = other.ids().iter().copied().collect();
        let own = self.units.iter().filter_map(|unit| match unit {
            Unit::Deployment(deployment) if !others.contains(&deployment.place.source) => Some(&**deployment),
            _ => None,
        });
        let named = |deployment: &'_ Deployment| {
            World::name_in_tree(&deployment.name, self.tree.source(deployment.place.source))
        };
        own.map(|deployment| (named(deployment), deployment)).collect()
    }
}

/// What the files of a state hold, before any of it is joined.
struct Held {
    units: Vec<Unit>,
    routes: Vec<Route>,
    findings: Vec<Finding>,
    files: Vec<FileNote>,
}

impl Held {
    fn of(tree: &Files<'_>, outcomes: Vec<Outcome>, unread: &[Unread]) -> Self {
        let mut all = Self {
            units: Vec::new(),
            routes: Vec::new(),
            findings: unread
                .iter()
                .filter(|file| file.finding)
                .map(files::unreadable)
                .collect(),
            files: unread.iter().map(files::unread_note).collect(),
        };
        for ((_, source), outcome) in tree.iter().zip(outcomes) {
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
}

/// Leaves out the units and findings of files that are not asked for.
fn keep_only(only: &HashSet<String>, tree: &Files<'_>, units: &mut Vec<Unit>, findings: &mut Vec<Finding>) {
    let judged = |source: SourceId| only.contains(&tree.source(source).from_root);
    units.retain(|unit| match unit {
        Unit::Prompt(prompt) => judged(prompt.place.source) || prompt.messages.iter().any(|part| judged(part.source)),
        _ => judged(unit.place().source),
    });
    let paths: HashSet<&str> = tree
        .iter()
        .filter(|(_, source)| only.contains(&source.from_root))
        .map(|(_, source)| source.path.as_str())
        .collect();
    findings.retain(|finding| finding.rule == "unreadable-file" || paths.contains(finding.path.as_str()));
}

fn id(index: usize) -> SourceId {
    SourceId(u32::try_from(index).unwrap_or(u32::MAX))
}
