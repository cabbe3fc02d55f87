//! From paths to sources: which files a run looks at.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};
use rayon::prelude::*;

use super::read::read_text;
use super::root::{Root, slashed};
use crate::config::DEFAULT_MAX_FILE_BYTES;
use crate::facts::Settings;
use crate::formats;
use crate::lint::Unread;
use crate::source::Source;

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scan {
    /// The files that were read, sorted by path.
    pub sources: Vec<Source>,
    /// The files that could not be.
    pub unread: Vec<Unread>,
}

/// A path that the command line names and that can't be scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkError {
    /// What is wrong, with the path.
    pub message: String,
}

struct Found {
    path: PathBuf,
    from_root: String,
    named: bool,
}

/// Reads every file below `paths` that a format may take; a file that is named is read whatever it is called.
///
/// # Errors
/// A path that does not exist.
pub fn scan(paths: &[PathBuf], root: &Root, settings: &Settings, gitignore: bool) -> Result<Scan, WalkError> {
    let mut found = Vec::new();
    for path in paths {
        let meta = std::fs::metadata(path).map_err(|error| WalkError {
            message: format!("{}: {error}", path.display()),
        })?;
        if meta.is_dir() {
            walk(path, root, settings, gitignore, &mut found);
        } else {
            found.push(Found {
                path: path.clone(),
                from_root: root.path(path),
                named: true,
            });
        }
    }
    // A file that is named and lies below another path is read once, as named.
    found.sort_by(|a, b| (&a.from_root, !a.named).cmp(&(&b.from_root, !b.named)));
    found.dedup_by(|a, b| a.from_root == b.from_root);
    let limit = settings.config.max_file_bytes.unwrap_or(DEFAULT_MAX_FILE_BYTES);
    let read: Vec<Result<Source, Unread>> = found
        .into_par_iter()
        .map(|file| {
            let shown = slashed(&file.path);
            match read_text(&file.path, limit) {
                Ok(text) => Ok(Source::new(shown, text, file.named).seen_from_root(file.from_root)),
                Err((why, broken)) => Err(Unread {
                    path: shown,
                    why,
                    finding: broken || file.named,
                }),
            }
        })
        .collect();
    let mut scan = Scan::default();
    for file in read {
        match file {
            Ok(source) => scan.sources.push(source),
            Err(unread) => scan.unread.push(unread),
        }
    }
    scan.sources.sort_by(|a, b| a.path.cmp(&b.path));
    scan.unread.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(scan)
}

fn walk(folder: &Path, root: &Root, settings: &Settings, gitignore: bool, found: &mut Vec<Found>) {
    let exclude = settings.config.exclude_globs();
    let collected = Mutex::new(Vec::new());
    let walker = WalkBuilder::new(folder)
        .hidden(false)
        .follow_links(false)
        .require_git(false)
        .git_ignore(gitignore)
        .git_exclude(gitignore)
        .git_global(gitignore)
        .ignore(gitignore)
        .parents(gitignore)
        .filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.depth() == 0 || !name.starts_with('.') || name == ".github"
        })
        .build_parallel();
    walker.run(|| {
        Box::new(|entry| {
            let Ok(entry) = entry else {
                return WalkState::Continue;
            };
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let from_root = root.path(entry.path());
            let relative = settings.relative(&from_root);
            if entry.depth() > 0 && exclude.is_match(relative) {
                return if is_folder {
                    WalkState::Skip
                } else {
                    WalkState::Continue
                };
            }
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file && (formats::may_be_ours(&from_root) || settings.is_prompt_place(&from_root)) {
                let file = Found {
                    path: entry.into_path(),
                    from_root,
                    named: false,
                };
                if let Ok(mut collected) = collected.lock() {
                    collected.push(file);
                }
            }
            WalkState::Continue
        })
    });
    found.extend(collected.into_inner().unwrap_or_default());
}
