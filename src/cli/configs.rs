//! Which `llmlint.yaml` governs what: those of the folders above a run's paths, and those of folders below.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::load::{self, BASELINE};
use crate::catalog::PriceList;
use crate::config::{Budget, Config, DEFAULT_MAX_FILE_BYTES};
use crate::facts::Settings;
use crate::host::{self, Origin, Root, Walked};
use crate::lint::Scope;
use crate::rules::{Rule, RuleSet, Selection};

/// A config as it was read.
pub(super) struct Own {
    pub(super) path: PathBuf,
    pub(super) config: Config,
}

/// The configs of a run.
#[derive(Default)]
pub(super) struct Configs {
    /// The outermost that governs all paths; it decides what is of the whole run.
    pub(super) first: Option<Own>,
    /// Those of folders below it, or beside it, the outermost first.
    pub(super) nested: Vec<Own>,
    /// What lies below the run's paths, where these were looked for there.
    pub(super) walked: Option<Walked>,
}

/// What is kept of a nested config besides what its files are judged by.
pub(super) struct Nested {
    /// Its file.
    pub(super) path: PathBuf,
    /// Its folder from the repository's root, with a `/` behind it.
    pub(super) folder: String,
    /// Where its baseline is, or would be.
    pub(super) baseline: PathBuf,
    /// Its own budgets.
    pub(super) budgets: Vec<Budget>,
    /// Folders with rules of its own, from the repository's root.
    pub(super) rule_folders: Vec<String>,
    /// How many entries for prompts come from the configs above it.
    pub(super) inherited: usize,
    /// All rule pages that its rules are chosen from.
    pages: Vec<Arc<Rule>>,
}

impl Own {
    pub(super) fn read(origin: &Origin, path: &Path, root: &Root) -> Result<Self, Failure> {
        let text = origin
            .read(path, root, DEFAULT_MAX_FILE_BYTES)
            .map_err(|why| Failure(format!("{}: {why}", path.display())))?;
        Self::parse(path, text)
    }

    fn parse(path: &Path, text: String) -> Result<Self, Failure> {
        let config = Config::parse(&text).map_err(|error| load::placed(path, text, &error))?;
        Ok(Self {
            path: path.to_path_buf(),
            config,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Its folder from the repository's root; empty where it lies at the root or above it.
    pub(super) fn inside(&self, root: &Root) -> String {
        let folder = self.folder();
        let inside = if folder.is_absolute() {
            root.path(folder)
        } else {
            String::new()
        };
        if Path::new(&inside).is_absolute() {
            String::new()
        } else {
            inside
        }
    }

    /// The pages above it with the team's own.
    pub(super) fn pages(&self, origin: &Origin, root: &Root, above: &[Arc<Rule>]) -> Result<Vec<Arc<Rule>>, Failure> {
        let mut pages = above.to_vec();
        for own in &self.config.rule_folders {
            let read = load::own_rules(origin, &self.folder().join(own), root)?;
            pages.extend(read.into_iter().map(Arc::new));
        }
        pages.sort_by(|a, b| a.id.cmp(&b.id));
        match pages.windows(2).find(|pair| pair[0].id == pair[1].id) {
            Some(pair) => Err(Failure(format!(
                "two rules are called `{}`: rename one page",
                pair[0].id
            ))),
            None => Ok(pages),
        }
    }
}

/// The rules of `pages` as `config` sets them, which `own` states at least a part of.
pub(super) fn rule_set(
    own: Option<&Own>,
    pages: &[Arc<Rule>],
    config: &Config,
    selection: &Selection,
    (origin, root): (&Origin, &Root),
) -> Result<RuleSet, Failure> {
    RuleSet::new(pages.to_vec(), config, selection).map_err(|message| match own {
        Some(own) if message.starts_with("rules: ") => load::rules_failure(origin, &own.path, root, &message),
        _ => Failure(message),
    })
}

impl Configs {
    /// The configs above `paths`, no further than one with `root: true`, and those below. `listed` are the files from
    /// the root that may be such; they are looked for where it is absent.
    pub(super) fn find(
        origin: &Origin,
        root: &Root,
        paths: &[PathBuf],
        listed: Option<&[String]>,
    ) -> Result<Self, Failure> {
        let mut places: Vec<PathBuf> = paths.iter().flat_map(|path| host::config_places(path, root)).collect();
        let walked = listed.is_none().then(|| Walked::through(paths, true));
        places.extend(listed.into_iter().flatten().map(|name| root.folder.join(name)));
        places.extend(walked.iter().flat_map(Walked::configs));
        // `.github/workflows/llmlint.yml` is a workflow that has our name.
        places.retain(|path| root.path(path).split('/').all(|part| part != ".github"));
        // In a folder, the first of the names counts.
        let rank = |path: &Path| host::CONFIG_NAMES.iter().position(|name| path.ends_with(name));
        places.sort_by_key(|path| {
            (
                path.components().count(),
                path.parent().map(Path::to_path_buf),
                rank(path),
            )
        });
        places.dedup();
        let texts = origin.texts(&places, root, DEFAULT_MAX_FILE_BYTES)?;
        let mut all: Vec<Own> = Vec::new();
        for (path, text) in places.iter().zip(texts) {
            let Some(text) = text else { continue };
            if all.last().is_some_and(|last| Some(last.folder()) == path.parent()) {
                continue;
            }
            let text = text.map_err(|why| Failure(format!("{}: {why}", path.display())))?;
            all.push(Own::parse(path, text)?);
        }
        let real: Vec<PathBuf> = paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let governs_all = |own: &Own| real.iter().all(|path| path.starts_with(own.folder()));
        // What lies above a `root: true` that governs all paths is none of this run's.
        let last_root = all.iter().rposition(|own| own.config.root && governs_all(own));
        let mut all = all.split_off(last_root.unwrap_or(0));
        let first = all.first().is_some_and(&governs_all).then(|| all.remove(0));
        Ok(Self {
            first,
            nested: all,
            walked,
        })
    }

    /// What governs each nested config's folder: its own settings in front of those of the folders above it; the deepest
    /// first. `above` and `pages` are those of the outermost.
    pub(super) fn nest(
        self,
        above: &Settings,
        pages: &[Arc<Rule>],
        embedded: &[Arc<Rule>],
        prices: Option<&PriceList>,
        selection: &Selection,
        (origin, root): (&Origin, &Root),
    ) -> Result<Vec<(Nested, Settings, Scope)>, Failure> {
        let mut made: Vec<(Nested, Settings, Scope)> = Vec::new();
        for own in self.nested {
            let inside = own.inside(root);
            let ends = inside.match_indices('/').map(|(at, _)| at).chain([inside.len()]);
            if ends.map(|end| &inside[..end]).any(|folder| above.is_left_out(folder)) {
                continue;
            }
            let folder = format!("{inside}/");
            let nearest = made.iter().rev().find(|(one, ..)| folder.starts_with(&one.folder));
            let (config, pages) = match nearest {
                _ if own.config.root => (Config::default(), embedded),
                Some((one, settings, _)) => (settings.config.clone(), one.pages.as_slice()),
                None => (above.config.clone(), pages),
            };
            let inherited = config.prompts.len();
            let config = own.config.clone().seen_from_root(&folder).below(&config);
            let pages = own.pages(origin, root, pages)?;
            let scope = Scope {
                catalog: load::catalog(&config, prices.cloned())?,
                rules: rule_set(Some(&own), &pages, &config, selection, (origin, root))?,
            };
            let baseline = own.config.baseline.as_deref().unwrap_or(BASELINE);
            let rule_folders = own.config.rule_folders.iter();
            let nested = Nested {
                baseline: own.folder().join(baseline),
                budgets: own.config.budgets.clone(),
                rule_folders: rule_folders.map(|name| format!("{folder}{name}")).collect(),
                folder: folder.clone(),
                path: own.path,
                inherited,
                pages,
            };
            made.push((nested, Settings::of(config, folder), scope));
        }
        made.reverse();
        Ok(made)
    }
}
