//! The files of a run, to be looked up by path, and what the code among them says, read when it is first asked for.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, OnceLock};

use super::{Language, Module, paths, python, typescript};
use crate::source::{Source, SourceId};

/// Most paths that are noted as missing.
const MAX_MISSING: usize = 10_000;

/// The files of a run, read-only.
pub struct Files<'a> {
    sources: &'a [Source],
    by_path: HashMap<&'a str, usize>,
    projects: OnceLock<typescript::Projects>,
    /// Paths that were asked for and are none of the files, where that is to be known.
    missing: Option<Mutex<BTreeSet<String>>>,
}

impl<'a> Files<'a> {
    /// The files of these sources. Reads nothing yet.
    pub fn new(sources: &'a [Source]) -> Self {
        let by_path = sources.iter().enumerate();
        Self {
            by_path: by_path
                .map(|(index, source)| (source.from_root.as_str(), index))
                .collect(),
            projects: OnceLock::new(),
            missing: None,
            sources,
        }
    }

    /// The same, noting what is asked for in vain.
    pub fn noting(sources: &'a [Source]) -> Self {
        Self {
            missing: Some(Mutex::default()),
            ..Self::new(sources)
        }
    }

    /// The paths that were asked for in vain, sorted; of too many the first.
    pub fn missing(self) -> BTreeSet<String> {
        let noted = self.missing.and_then(|missing| missing.into_inner().ok());
        noted.unwrap_or_default()
    }

    /// A source by its id.
    pub fn source(&self, id: SourceId) -> &'a Source {
        &self.sources[id.0 as usize]
    }

    /// The source with this path from the root.
    pub fn find(&self, path: &str) -> Option<SourceId> {
        let Some(index) = self.by_path.get(path) else {
            self.note(path);
            return None;
        };
        u32::try_from(*index).ok().map(SourceId)
    }

    fn note(&self, path: &str) {
        let Some(mut missing) = self.missing.as_ref().and_then(|missing| missing.lock().ok()) else {
            return;
        };
        missing.insert(path.to_owned());
        // Whichever file asks first, the same ones are kept.
        if missing.len() > MAX_MISSING {
            missing.pop_last();
        }
    }

    /// The one source whose path from the root ends with these names; `None` where several do.
    pub fn only_one_ending(&self, names: &str) -> Option<SourceId> {
        let ends = |path: &str| {
            let before = path.strip_suffix(names);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let mut found = (0..).zip(self.sources).filter(|(_, source)| ends(&source.from_root));
        let (index, _) = found.next()?;
        found.next().is_none().then_some(SourceId(index))
    }

    /// What a file of source code says; `None` where it is none, too long, or not worth the time to read.
    pub fn module(&self, id: SourceId) -> Option<&Module> {
        let source = self.source(id);
        let language = Language::of_extension(source.extension())?;
        let read = || match language {
            Language::Python => python::read(source),
            Language::TypeScript => typescript::read_source(source),
        };
        source.memo.get_or_make(read)?.as_ref()
    }

    /// The file that an import of a TypeScript or JavaScript file means; `None` for a package of others.
    pub fn script(&self, from: SourceId, module: &str) -> Option<SourceId> {
        let projects = self.projects.get_or_init(|| typescript::Projects::new(self.sources));
        let path = &self.source(from).from_root;
        if self.missing.is_some() {
            for settings in paths::settings_above(path) {
                let _ = self.find(&settings);
            }
        }
        projects.resolve(self, path, module)
    }
}
