//! A commit and all that it holds.

use std::sync::Arc;

use super::git::{Blob, Git, Kind};

/// A commit of a repository, listed.
#[derive(Debug, Clone)]
pub struct Commit {
    git: Git,
    id: String,
    listed: Arc<[Entry]>,
}

/// A path from the root, what stands there, and the name of its content.
pub(super) type Entry = (String, Kind, Blob);

impl Commit {
    /// The commit of this name, and what it holds, sorted by path.
    pub(super) fn new(git: Git, id: String, listed: Vec<Entry>) -> Self {
        let listed = listed.into();
        Self { git, id, listed }
    }

    /// Its whole name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The repository.
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// The paths of all that it holds: files, links and submodules.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|(path, ..)| path.as_str())
    }

    /// The content of the file at a path; `None` where there is none.
    pub fn file(&self, path: &str) -> Option<&Blob> {
        let at = self
            .listed
            .binary_search_by(|(known, ..)| known.as_str().cmp(path))
            .ok()?;
        let (_, kind, blob) = &self.listed[at];
        (*kind == Kind::File).then_some(blob)
    }

    /// The names of the files in a folder, not of those in folders below it, sorted.
    pub fn folder(&self, folder: &str) -> Vec<&str> {
        let inside = format!("{folder}/");
        let files = self.listed.iter().filter(|(_, kind, _)| *kind == Kind::File);
        let names = files.filter_map(|(path, ..)| path.strip_prefix(inside.as_str()));
        names.filter(|name| !name.contains('/')).collect()
    }
}
