//! What the walk's files name and the walk did not open: modules that they import, texts that they load. It is read
//! only, inside the root, and not judged itself.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::read::read_text;
use super::root::{Root, slashed};
use super::walk::{Scan, is_walked};
use crate::config::DEFAULT_MAX_FILE_BYTES;
use crate::facts::Settings;
use crate::formats;
use crate::lint::Unread;
use crate::source::Source;

/// Most files that are looked up in a run.
const MAX_FILES: usize = 300;

/// How often what was looked up may name further files.
const MAX_ROUNDS: usize = 3;

/// Adds to a scan what the code of its `asked` files names. `instead` gives the text of a path from the root where
/// another than the work tree's counts: `Some(None)` where there is no such file.
pub fn look_up(
    scan: &mut Scan,
    root: &Root,
    settings: &Settings,
    asked: impl Fn(&Source) -> bool + Sync,
    instead: impl Fn(&str) -> Option<Option<String>>,
) {
    let limit = settings.config.max_file_bytes.unwrap_or(DEFAULT_MAX_FILE_BYTES);
    // A walk passes over a folder that is left out, with all that is in it.
    let left_out = |name: &str| {
        let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        ends.map(|end| &name[..end]).any(|path| settings.is_left_out(path))
    };
    let repository = root.folder.join(".git").exists();
    // Most names are of packages of others, whose folders are not there.
    let mut folders: HashMap<String, bool> = HashMap::new();
    let mut has_folder = |name: &str| {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let known = folders.get(folder).copied();
        known.unwrap_or_else(|| {
            let is_there = root.folder.join(folder).is_dir();
            folders.insert(folder.to_owned(), is_there);
            is_there
        })
    };
    let mut left = MAX_FILES;
    for _ in 0..MAX_ROUNDS {
        let before = scan.sources.len();
        for name in formats::leads_to(&scan.sources, &asked) {
            if !is_inside(&name, repository, &scan.sources) || left_out(&name) {
                continue;
            }
            let told = instead(&name);
            if told.is_none() && !has_folder(&name) {
                continue;
            }
            let path = root.folder.join(&name);
            let shown = slashed(path.strip_prefix(&root.current).unwrap_or(&path));
            let read = match told {
                Some(text) => text.map(Ok),
                None => read(&path, limit),
            };
            let note = |why: String| Unread {
                path: shown.clone(),
                why,
                finding: false,
            };
            match read {
                None => {}
                Some(_) if left == 0 => {
                    let why =
                        format!("code names it, and more than {MAX_FILES} files that code names are not looked up");
                    scan.unread.push(note(why));
                    break;
                }
                Some(Err(why)) => scan.unread.push(note(why)),
                Some(Ok(text)) => {
                    left -= 1;
                    let mut source = Source::new(shown, text, false).seen_from_root(name);
                    source.looked_up = true;
                    scan.sources.push(source);
                }
            }
        }
        if scan.sources.len() == before || left == 0 {
            break;
        }
    }
    scan.sources.sort_by(|a, b| a.path.cmp(&b.path));
    scan.unread.sort_by(|a, b| a.path.cmp(&b.path));
    scan.unread.dedup();
}

/// Whether a path from the root stays in the tree, and out of hidden folders and other people's packages. Where no
/// repository bounds the tree, the folders do that hold the scanned files.
fn is_inside(name: &str, repository: bool, sources: &[Source]) -> bool {
    let plain = |part: Component<'_>| match part {
        Component::Normal(part) => part
            .to_str()
            .is_some_and(|part| is_walked(part) && part != "node_modules"),
        _ => false,
    };
    let below = if repository {
        Some(name)
    } else {
        name.split_once('/').and_then(|(first, rest)| {
            let holds = |source: &Source| source.from_root.split('/').next() == Some(first);
            sources.iter().any(holds).then_some(rest)
        })
    };
    below.is_some_and(|below| !below.is_empty() && Path::new(below).components().all(plain))
}

/// The text of a regular file that no link leads to; `None` where there is none.
fn read(path: &Path, limit: u64) -> Option<Result<String, String>> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    if meta.is_dir() {
        return None;
    }
    if path.canonicalize().ok().as_deref() != Some(path) {
        return Some(Err("code names it by a symbolic link, which is not followed".to_owned()));
    }
    Some(read_text(path, limit).map_err(|(why, _)| why))
}
