//! Where the repository starts, and where its config is.

use std::path::{Path, PathBuf};

/// Names of the config file, in the order in which they are looked for.
pub const CONFIG_NAMES: &[&str] = &["llmlint.yaml", "llmlint.yml", ".llmlint.yaml"];

/// The folder that paths are seen from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The repository's folder; outside a repository, the folder above the scanned one, so that the scanned folder's
    /// own name counts.
    pub folder: PathBuf,
    /// Where the command was started.
    pub current: PathBuf,
}

impl Root {
    /// The root of the repository that holds `start`, which exists.
    pub fn of(start: &Path, current: &Path) -> Self {
        let start = start.canonicalize().unwrap_or_else(|_| start.to_path_buf());
        let folder = if start.is_dir() {
            start.as_path()
        } else {
            start.parent().unwrap_or(&start)
        };
        let repository = folder.ancestors().find(|folder| folder.join(".git").exists());
        let root = repository.or_else(|| folder.parent()).unwrap_or(folder);
        Self {
            folder: root.to_path_buf(),
            current: current.canonicalize().unwrap_or_else(|_| current.to_path_buf()),
        }
    }

    /// The repository's folder; where there is none, the one in which the command was started.
    pub fn repository(&self) -> &Path {
        if self.folder.join(".git").exists() {
            &self.folder
        } else {
            &self.current
        }
    }

    /// A file's path from the root, `/` between its parts; the whole path where it lies outside.
    pub fn path(&self, file: &Path) -> String {
        let absolute = if file.is_absolute() {
            file.to_path_buf()
        } else {
            self.current.join(file)
        };
        let inside = absolute.strip_prefix(&self.folder).unwrap_or(&absolute);
        slashed(inside)
    }
}

/// A path with `/` between its parts; bytes that are not UTF-8 are replaced.
pub fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.strip_prefix("./").unwrap_or(&text);
    if std::path::MAIN_SEPARATOR == '/' {
        text.to_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

/// Where the config that governs `start` may be, nearest first: up the tree, no further than the repository's root.
pub fn config_places(start: &Path, root: &Root) -> Vec<PathBuf> {
    let Ok(start) = start.canonicalize() else {
        return Vec::new();
    };
    let folder = if start.is_dir() {
        start.as_path()
    } else {
        start.parent().unwrap_or(&start)
    };
    let in_repository = root.folder.join(".git").exists();
    let mut places = Vec::new();
    for folder in folder.ancestors() {
        places.extend(CONFIG_NAMES.iter().map(|name| folder.join(name)));
        if in_repository && folder == root.folder {
            break;
        }
    }
    places
}
