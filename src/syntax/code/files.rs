//! The files of one state of a tree, to be looked up by path, and what the code among them says, read when it is first
//! asked for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

use super::{Language, Module, Wrappers, paths, python, typescript};
use crate::source::{Source, SourceId};

/// The files of a run, or of one state of its tree, read-only.
pub struct Files<'a> {
    tree: Arc<Tree<'a>>,
    /// The paths that were asked for, where that is to be known.
    asked: Option<Mutex<HashSet<String>>>,
}

struct Tree<'a> {
    sources: &'a [Source],
    ids: Vec<SourceId>,
    by_path: HashMap<&'a str, SourceId>,
    projects: OnceLock<typescript::Projects>,
    wrappers: OnceLock<Wrappers>,
}

impl<'a> Files<'a> {
    /// All of these sources. Reads nothing yet.
    pub fn new(sources: &'a [Source]) -> Self {
        let ids = 0..u32::try_from(sources.len()).unwrap_or(u32::MAX);
        Self::some(sources, ids.map(SourceId).collect())
    }

    /// Those of the sources that are the files of one state of the tree.
    pub fn some(sources: &'a [Source], ids: Vec<SourceId>) -> Self {
        let by_path = ids.iter().map(|id| (sources[id.0 as usize].from_root.as_str(), *id));
        Self {
            tree: Arc::new(Tree {
                by_path: by_path.collect(),
                projects: OnceLock::new(),
                wrappers: OnceLock::new(),
                sources,
                ids,
            }),
            asked: None,
        }
    }

    /// The same files, with a note of what is asked for through this.
    pub fn noting(&self) -> Self {
        Self {
            tree: self.tree.clone(),
            asked: Some(Mutex::default()),
        }
    }

    /// The paths from the root, and ends of paths, that were asked for, whether or not there are such files.
    pub fn asked(&self) -> HashSet<String> {
        let asked = self.asked.as_ref().and_then(|asked| asked.lock().ok());
        asked.map_or_else(HashSet::new, |asked| asked.clone())
    }

    fn note(&self, path: &str) {
        // The same few modules are asked for again and again.
        if let Some(mut asked) = self.asked.as_ref().and_then(|asked| asked.lock().ok())
            && !asked.contains(path)
        {
            asked.insert(path.to_owned());
        }
    }

    /// Their ids, in their order.
    pub fn ids(&self) -> &[SourceId] {
        &self.tree.ids
    }

    /// The files with their ids, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &'a Source)> {
        self.ids().iter().map(|id| (*id, self.source(*id)))
    }

    /// All sources of the run, by their ids: these files and those of another state of the tree.
    pub fn sources(&self) -> &'a [Source] {
        self.tree.sources
    }

    /// A source by its id.
    pub fn source(&self, id: SourceId) -> &'a Source {
        &self.tree.sources[id.0 as usize]
    }

    /// Whether one of them has this path from the root.
    pub fn has(&self, path: &str) -> bool {
        self.tree.by_path.contains_key(path)
    }

    /// The source with this path from the root.
    pub fn find(&self, path: &str) -> Option<SourceId> {
        self.note(path);
        self.tree.by_path.get(path).copied()
    }

    /// The one source whose path from the root ends with these names; `None` where several do.
    pub fn only_one_ending(&self, names: &str) -> Option<SourceId> {
        self.note(names);
        let ends = |path: &str| {
            let before = path.strip_suffix(names);
            before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let mut found = self.iter().filter(|(_, source)| ends(&source.from_root));
        let (id, _) = found.next()?;
        found.next().is_none().then_some(id)
    }

    /// Says which functions of the tree hand on what they are handed. Worked out before the files are read side by side:
    /// a thread that waits for it may be the one that works it out.
    pub fn set_wrappers(&self, wrappers: Wrappers) {
        self.tree.wrappers.get_or_init(|| wrappers);
    }

    /// The functions of the tree that hand on what they are handed, where that was worked out.
    pub fn wrappers(&self) -> Option<&Wrappers> {
        self.tree.wrappers.get()
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
        let projects = self.tree.projects.get_or_init(|| {
            let sources = self.iter().map(|(_, source)| source);
            typescript::Projects::new(sources)
        });
        let path = &self.source(from).from_root;
        if self.asked.is_some() && !module.starts_with('.') {
            for settings in paths::settings_above(path) {
                self.note(&settings);
            }
            projects.config_names.iter().for_each(|name| self.note(name));
        }
        projects.resolve(self, path, module)
    }
}
