//! A commit's files, listed once however often one of them is asked for.

use std::sync::{Arc, OnceLock};

use super::git::{Blob, Git, Kind};

/// A commit of a repository.
#[derive(Debug, Clone)]
pub struct Commit {
    git: Git,
    id: String,
    listed: Arc<OnceLock<Result<Vec<Entry>, String>>>,
}

/// A path from the root, what stands there, and the name of its content.
type Entry = (String, Kind, Blob);

impl Commit {
    /// The commit of this name. Reads nothing yet.
    pub fn new(git: Git, id: String) -> Self {
        Self {
            git,
            id,
            listed: Arc::default(),
        }
    }

    /// Its whole name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The repository.
    pub fn git(&self) -> &Git {
        &self.git
    }

    fn listed(&self) -> Result<&[Entry], String> {
        let listed = self.listed.get_or_init(|| self.git.tree(&self.id));
        listed.as_deref().map_err(Clone::clone)
    }

    /// The paths of all that it holds: files, links and submodules.
    ///
    /// # Errors
    /// Git's own words.
    pub fn names(&self) -> Result<impl Iterator<Item = &str>, String> {
        Ok(self.listed()?.iter().map(|(path, ..)| path.as_str()))
    }

    /// The content of the file at a path; `None` where there is none.
    ///
    /// # Errors
    /// Git's own words.
    pub fn file(&self, path: &str) -> Result<Option<&Blob>, String> {
        let listed = self.listed()?;
        let at = listed.binary_search_by(|(known, ..)| known.as_str().cmp(path)).ok();
        let entry = at.map(|at| &listed[at]).filter(|(_, kind, _)| *kind == Kind::File);
        Ok(entry.map(|(_, _, blob)| blob))
    }

    /// The names of the files in a folder, not of those in folders below it, sorted.
    ///
    /// # Errors
    /// Git's own words.
    pub fn folder(&self, folder: &str) -> Result<Vec<&str>, String> {
        let inside = format!("{folder}/");
        let files = self.listed()?.iter().filter(|(_, kind, _)| *kind == Kind::File);
        let names = files.filter_map(|(path, ..)| path.strip_prefix(inside.as_str()));
        Ok(names.filter(|name| !name.contains('/')).collect())
    }
}
