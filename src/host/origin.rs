//! Where settings are read from: the disk, or the commit that a change is compared with, so that a change can't edit the
//! rules that it is judged by.

use std::io;
use std::path::{Path, PathBuf};

use super::commit::Commit;
use super::git::Blob;
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
    Commit(Commit),
}

impl Origin {
    /// A file's text.
    ///
    /// # Errors
    /// Why it can't be had, in one line.
    pub fn read(&self, path: &Path, root: &Root, limit: u64) -> Result<String, String> {
        let Some((commit, inside)) = self.in_commit(path, root) else {
            return read_text(path, limit).map_err(|(why, _)| why);
        };
        let blob = commit
            .file(&inside)
            .ok_or_else(|| format!("is not in the base ({})", short(commit.id())))?;
        let mut texts = commit.git().texts(&[blob], limit)?;
        texts
            .remove(blob)
            .unwrap_or_else(|| Err("git gave no content".to_owned()))
    }

    /// The texts of some files, with as few calls of git for many as for one; `None` where there is no such file.
    ///
    /// # Errors
    /// Git's own words.
    pub fn texts(&self, paths: &[PathBuf], root: &Root, limit: u64) -> Result<Vec<Option<Text>>, String> {
        let Origin::Commit(commit) = self else {
            let read = |path: &PathBuf| path.is_file().then(|| read_text(path, limit).map_err(|(why, _)| why));
            return Ok(paths.iter().map(read).collect());
        };
        let blobs: Vec<Option<&Blob>> = paths.iter().map(|path| commit.file(&root.path(path))).collect();
        let texts = commit
            .git()
            .texts(&blobs.iter().copied().flatten().collect::<Vec<_>>(), limit)?;
        Ok(blobs.iter().map(|blob| texts.get((*blob)?).cloned()).collect())
    }

    /// Whether there is a file at a path.
    pub fn has(&self, path: &Path, root: &Root) -> bool {
        match self {
            Origin::Disk => path.is_file(),
            Origin::Commit(commit) => commit.file(&root.path(path)).is_some(),
        }
    }

    /// The files of a folder, not of those below it, sorted.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn folder(&self, folder: &Path, root: &Root) -> Result<Vec<PathBuf>, String> {
        let mut found: Vec<PathBuf> = match self.in_commit(folder, root) {
            Some((commit, inside)) => {
                let names = commit.folder(&inside);
                names.into_iter().map(|name| folder.join(name)).collect()
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
    fn in_commit(&self, path: &Path, root: &Root) -> Option<(&Commit, String)> {
        let Origin::Commit(commit) = self else {
            return None;
        };
        let inside = root.path(path);
        (!inside.starts_with('/')).then_some((commit, inside))
    }
}

/// A commit's name as people are shown it.
pub fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
