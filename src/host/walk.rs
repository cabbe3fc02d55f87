//! From paths to sources: which files a run looks at.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ignore::{WalkBuilder, WalkState};
use rayon::prelude::*;

use super::read::read_text;
use super::root::{CONFIG_NAMES, Root, slashed};
use crate::config::DEFAULT_MAX_FILE_BYTES;
use crate::facts::Settings;
use crate::formats;
use crate::lint::Unread;
use crate::report::ANOTHER_REPOSITORY;
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
    /// What is wrong, with the path, and what to do.
    pub message: String,
}

impl WalkError {
    fn of(path: &Path, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            _ => error.to_string(),
        };
        Self {
            message: format!("{}: {why} (check the spelling, or leave the path out)", path.display()),
        }
    }
}

struct Found {
    /// As it is shown.
    path: PathBuf,
    /// Without links, `.` and `..` in its folders: two ways to one file are one.
    real: PathBuf,
    from_root: String,
    named: bool,
}

/// What lies below some folders, as a walk found it. What is kept of it is decided when the settings are known, which
/// may lie among it.
#[derive(Debug, Default)]
pub struct Walked(Vec<(PathBuf, Below)>);

/// What lies below one folder.
#[derive(Debug, Default)]
struct Below {
    files: Vec<PathBuf>,
    unread: Vec<Unread>,
}

impl Walked {
    /// Walks through those of `paths` that are folders.
    pub fn through(paths: &[PathBuf], gitignore: bool) -> Self {
        let folders = paths.iter().filter(|path| path.is_dir());
        Self(folders.map(|path| (path.clone(), walk(path, gitignore))).collect())
    }

    /// The configs among the files, their whole paths.
    pub fn configs(&self) -> impl Iterator<Item = PathBuf> {
        let files = self.0.iter().flat_map(|(_, below)| &below.files);
        let named = files.filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| CONFIG_NAMES.contains(&name))
        });
        named.filter_map(|path| path.canonicalize().ok())
    }

    fn below(&self, folder: &Path) -> Option<&Below> {
        let known = self.0.iter().find(|(path, _)| path == folder);
        known.map(|(_, below)| below)
    }
}

/// Reads every file below `paths` that a format may take; a file that is named is read whatever it is called, and once
/// however often it is named. `walked` is what a walk through the same folders found, where there was one.
///
/// # Errors
/// A path that does not exist.
pub fn scan(
    paths: &[PathBuf],
    root: &Root,
    settings: &Settings,
    gitignore: bool,
    walked: Option<&Walked>,
) -> Result<Scan, WalkError> {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    for path in paths {
        let meta = std::fs::metadata(path).map_err(|error| WalkError::of(path, &error))?;
        if meta.is_dir() {
            let own;
            let below = match walked.and_then(|walked| walked.below(path)) {
                Some(below) => below,
                None => {
                    own = walk(path, gitignore);
                    &own
                }
            };
            below.keep(path, root, settings, &mut found, &mut scan.unread);
        } else {
            let real = real(path);
            found.push(Found {
                path: path.clone(),
                from_root: root.path(&real),
                real,
                named: true,
            });
        }
    }
    Ok(read(found, scan.unread, settings))
}

/// Reads those of `files` (paths from the root) that lie below `paths` and that a format may take.
///
/// # Errors
/// A path that does not exist.
pub fn scan_files(files: &[String], paths: &[PathBuf], root: &Root, settings: &Settings) -> Result<Scan, WalkError> {
    let mut places = Vec::new();
    for path in paths {
        let meta = std::fs::metadata(path).map_err(|error| WalkError::of(path, &error))?;
        places.push((root.path(&real(path)), path.clone(), meta.is_dir()));
    }
    let found = files.par_iter().filter_map(|file| {
        let below = places.iter().find_map(|(from_root, path, is_folder)| {
            if from_root.is_empty() {
                return Some((path.join(file), false));
            }
            let rest = file.strip_prefix(from_root.as_str())?;
            match rest.strip_prefix('/') {
                Some(inside) if *is_folder => Some((path.join(inside), false)),
                None if rest.is_empty() => Some((path.clone(), true)),
                _ => None,
            }
        });
        let (path, named) = below?;
        let ours = may_be_ours(file, settings);
        let hidden = file.split('/').any(|part| !is_walked(part));
        let left_out = hidden || !ours || settings.is_left_out(file);
        // A link is not followed, and what git lists may be gone from the work tree.
        let is_file = || std::fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file());
        ((named || !left_out) && is_file()).then(|| Found {
            real: root.folder.join(file),
            path,
            from_root: file.clone(),
            named,
        })
    });
    Ok(read(found.collect(), Vec::new(), settings))
}

/// Whether a walk enters a folder or looks at a file of this name.
pub(super) fn is_walked(name: &str) -> bool {
    // Remix keeps what only the server runs in folders of this name.
    !name.starts_with('.') || name == ".server" || formats::is_hidden_place(name)
}

/// Reads what was found; `unread` are the folders that could not be entered.
fn read(mut found: Vec<Found>, unread: Vec<Unread>, settings: &Settings) -> Scan {
    let mut scan = Scan {
        sources: Vec::new(),
        unread,
    };
    // A file that is named and lies below another path is read once, as named.
    found.sort_by(|a, b| (&a.real, !a.named, &a.path).cmp(&(&b.real, !b.named, &b.path)));
    found.dedup_by(|a, b| a.real == b.real);
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
                    finding: broken
                        || file.named
                        || settings.is_prompt_place(&file.from_root)
                        || formats::is_ours_by_name(&file.from_root),
                }),
            }
        })
        .collect();
    for file in read {
        match file {
            Ok(source) => scan.sources.push(source),
            Err(unread) => scan.unread.push(unread),
        }
    }
    scan.sources.sort_by(|a, b| a.path.cmp(&b.path));
    scan.unread.sort_by(|a, b| a.path.cmp(&b.path));
    scan
}

/// The path with its folders' links, `.` and `..` resolved; its own name is kept.
fn real(path: &Path) -> PathBuf {
    let resolved = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => {
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            folder.canonicalize().map(|folder| folder.join(name))
        }
        _ => path.canonicalize(),
    };
    resolved.unwrap_or_else(|_| path.to_path_buf())
}

/// Whether a file with this path from the root may be ours: by its name, or because it stands where prompts are kept.
pub fn may_be_ours(from_root: &str, settings: &Settings) -> bool {
    formats::may_be_ours(from_root) || settings.is_prompt_place(from_root)
}

/// A walk through the folders that are looked at.
fn walker(folder: &Path, gitignore: bool) -> WalkBuilder {
    let mut walker = WalkBuilder::new(folder);
    walker
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
            entry.depth() == 0 || is_walked(&name)
        });
    walker
}

/// What lies below a folder. In a repository another one, a submodule say, is not entered unless it is named itself: git
/// does not look into it either, so that a run on a change and one on the whole tree see the same files.
fn walk(folder: &Path, gitignore: bool) -> Below {
    let below = Mutex::new(Below::default());
    let real = folder.canonicalize();
    let in_repository = real.is_ok_and(|real| real.ancestors().any(is_repository));
    walker(folder, gitignore).build_parallel().run(|| {
        Box::new(|entry| {
            if let Ok(entry) = &entry
                && in_repository
                && entry.depth() > 0
                && entry.file_type().is_some_and(|kind| kind.is_dir())
                && is_repository(entry.path())
            {
                if let Ok(mut below) = below.lock() {
                    below.unread.push(Unread {
                        path: slashed(entry.path()),
                        why: ANOTHER_REPOSITORY.to_owned(),
                        finding: false,
                    });
                }
                return WalkState::Skip;
            }
            let Ok(mut below) = below.lock() else {
                return WalkState::Quit;
            };
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                    below.files.push(entry.into_path());
                }
                Ok(_) => {}
                Err(error) => below.unread.push(unreadable(folder, &error)),
            }
            WalkState::Continue
        })
    });
    below.into_inner().unwrap_or_default()
}

/// Whether a repository is checked out in a folder.
fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists()
}

impl Below {
    /// What of it the settings do not leave out.
    fn keep(&self, folder: &Path, root: &Root, settings: &Settings, found: &mut Vec<Found>, unread: &mut Vec<Unread>) {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        let mut left_out = LeftOut {
            folder: root.path(&real),
            settings,
            known: HashMap::new(),
        };
        for path in &self.files {
            let inside = path.strip_prefix(folder).unwrap_or(path);
            let real = real.join(inside);
            let from_root = root.path(&real);
            if may_be_ours(&from_root, settings) && !left_out.is(&from_root) {
                found.push(Found {
                    path: path.clone(),
                    real,
                    from_root,
                    named: false,
                });
            }
        }
        let kept = self.unread.iter().filter(|folder| {
            let real = Path::new(&folder.path).canonicalize();
            real.map_or(true, |real| !left_out.is(&root.path(&real)))
        });
        unread.extend(kept.cloned());
    }
}

/// What the settings leave out below a folder, with all that lies in a folder that they leave out.
struct LeftOut<'s> {
    folder: String,
    settings: &'s Settings,
    /// Folders that were asked about.
    known: HashMap<String, bool>,
}

impl LeftOut<'_> {
    /// Whether a path from the root is left out. The folder that was named itself is not.
    fn is(&mut self, path: &str) -> bool {
        if path.len() <= self.folder.len() {
            return false;
        }
        if self.settings.is_left_out(path) {
            return true;
        }
        let Some((above, _)) = path.rsplit_once('/') else {
            return false;
        };
        if let Some(known) = self.known.get(above) {
            return *known;
        }
        let left_out = self.is(above);
        self.known.insert(above.to_owned(), left_out);
        left_out
    }
}

/// A folder that the walk could not enter.
fn unreadable(folder: &Path, error: &ignore::Error) -> Unread {
    let mut inner = error;
    let mut path = folder;
    loop {
        match inner {
            ignore::Error::WithPath { path: at, err } => (path, inner) = (at, err),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => inner = err,
            _ => break,
        }
    }
    Unread {
        path: slashed(path),
        why: format!("can't be read: {inner}"),
        finding: true,
    }
}
