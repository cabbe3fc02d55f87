//! Where settings are read from: the disk, or the commit that a change is compared with, so that a change can't edit the
//! rules that it is judged by.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::git::{Blob, Git};
use super::read::read_text;
use super::root::Root;

/// A file's text, or why it can't be had.
pub type Text = Result<String, String>;

/// Where settings are read from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// The files as they are.
    Disk,
    /// The files as they were in a commit; what lies outside the repository is read from the disk.
    Commit(Git, String),
}

impl Origin {
    /// A file's text.
    ///
    /// # Errors
    /// Why it can't be had, in one line.
    pub fn read(&self, path: &Path, root: &Root, limit: u64) -> Result<String, String> {
        let Some((git, commit, inside)) = self.in_commit(path, root) else {
            return read_text(path, limit).map_err(|(why, _)| why);
        };
        let listed = git.tree(commit, &[&inside])?;
        let blob = listed.iter().find(|(path, _)| *path == inside).map(|(_, blob)| blob);
        let blob = blob.ok_or_else(|| format!("is not in the base ({})", short(commit)))?;
        let mut texts = git.texts(&[blob], limit)?;
        texts
            .remove(blob)
            .unwrap_or_else(|| Err("git gave no content".to_owned()))
    }

    /// The texts of some files, with as few calls of git for many as for one; `None` where there is no such file.
    ///
    /// # Errors
    /// Git's own words.
    pub fn texts(&self, paths: &[PathBuf], root: &Root, limit: u64) -> Result<Vec<Option<Text>>, String> {
        let Origin::Commit(git, commit) = self else {
            let read = |path: &PathBuf| path.is_file().then(|| read_text(path, limit).map_err(|(why, _)| why));
            return Ok(paths.iter().map(read).collect());
        };
        let names: Vec<String> = paths.iter().map(|path| root.path(path)).collect();
        let inside: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| !name.starts_with('/'))
            .collect();
        let blobs: HashMap<String, Blob> = git.tree(commit, &inside)?.into_iter().collect();
        let texts = git.texts(&blobs.values().collect::<Vec<_>>(), limit)?;
        let of = |name: &String| texts.get(blobs.get(name)?).cloned();
        Ok(names.iter().map(of).collect())
    }

    /// The first of some files that is there.
    ///
    /// # Errors
    /// Git's own words.
    pub fn first(&self, paths: &[PathBuf], root: &Root) -> Result<Option<PathBuf>, String> {
        let Origin::Commit(git, commit) = self else {
            return Ok(paths.iter().find(|path| path.is_file()).cloned());
        };
        let names: Vec<String> = paths.iter().map(|path| root.path(path)).collect();
        let listed = git.tree(commit, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let found = names
            .iter()
            .position(|name| listed.iter().any(|(path, _)| path == name));
        Ok(found.map(|at| paths[at].clone()))
    }

    /// The files of a folder, not of those below it, sorted.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn folder(&self, folder: &Path, root: &Root) -> Result<Vec<PathBuf>, String> {
        let mut found: Vec<PathBuf> = match self.in_commit(folder, root) {
            Some((git, commit, inside)) => {
                let prefix = format!("{inside}/");
                let listed = git.tree(commit, &[&prefix])?;
                let names = listed.iter().filter_map(|(path, _)| path.strip_prefix(&prefix));
                names
                    .filter(|name| !name.contains('/'))
                    .map(|name| folder.join(name))
                    .collect()
            }
            None => {
                let entries = std::fs::read_dir(folder).map_err(|error: io::Error| error.to_string())?;
                entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
            }
        };
        found.sort();
        Ok(found)
    }

    /// A path as the commit has it, where it lies in the repository.
    fn in_commit(&self, path: &Path, root: &Root) -> Option<(&Git, &str, String)> {
        let Origin::Commit(git, commit) = self else {
            return None;
        };
        let inside = root.path(path);
        (!inside.starts_with('/')).then_some((git, commit.as_str(), inside))
    }
}

/// A commit's name as people are shown it.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
