//! `check --base`: the sources of the change and of what it started from.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::Failure;
use super::load::Run;
use crate::config::DEFAULT_MAX_FILE_BYTES;
use crate::gate::guard::{self, Guard, Standing};
use crate::host::git::{Blob, Changed, Git, Kind, WorkFiles};
use crate::host::{self, Commit, Origin, Root, Scan};
use crate::lint::Unread;
use crate::report::{ANOTHER_REPOSITORY, Finding, FindingStatus, Report};
use crate::source::Source;

/// A change: the work tree beside the commit from which it went apart from a base.
pub(super) struct ChangeSet {
    commit: Commit,
    /// The files of the work tree.
    files: WorkFiles,
    /// How people are told what it is compared with: `main (0123456789)`.
    pub(super) base: String,
    changed: Vec<Changed>,
    texts: HashMap<Blob, Result<String, String>>,
}

impl ChangeSet {
    /// Opens the repository and finds what differs.
    pub(super) fn open(base: &str, root: &Root) -> Result<Self, Failure> {
        let git = Git::open(root.repository()).map_err(|why| Failure(format!("--base {base}: {why}")))?;
        let found = git.changed(|| git.merge_base(base).map_err(|why| format!("--base: {why}")));
        let (commit, files, changed) = found?;
        // A commit's whole name says no more than its beginning.
        let named = if commit.id().starts_with(base) {
            String::new()
        } else {
            format!("{base} ")
        };
        Ok(Self {
            base: format!("{named}({})", host::short(commit.id())),
            commit,
            files,
            changed,
            texts: HashMap::new(),
        })
    }

    /// Where the settings of the base are read.
    pub(super) fn origin(&self) -> Origin {
        Origin::Commit(self.commit.clone())
    }

    /// The files, from the root, that are named like configs, now or in the base.
    pub(super) fn configs(&self) -> Vec<String> {
        let named = |path: &&str| {
            let name = path.rsplit('/').next();
            name.is_some_and(|name| host::CONFIG_NAMES.contains(&name))
        };
        let tracked = self.files.tracked.iter().map(String::as_str);
        let changed = self.changed.iter().map(|file| file.path.as_str());
        tracked.chain(changed).filter(named).map(str::to_owned).collect()
    }

    /// The sources now and before, in the order of their paths. A changed file that can't be read any more is said, so
    /// that a change can't hide a prompt by making its file too large, binary or a link.
    pub(super) fn scan(&mut self, paths: &[PathBuf], run: &Run) -> Result<(Scan, Vec<Source>), Failure> {
        let failure = |error: host::WalkError| Failure(error.message);
        let mut now = host::scan_files(&self.files.all(), paths, &run.root, &run.settings).map_err(failure)?;
        let limit = run.settings.config.max_file_bytes.unwrap_or(DEFAULT_MAX_FILE_BYTES);
        let own = |path: &str| host::may_be_ours(path, &run.settings);
        let touched: Vec<&Changed> = self
            .changed
            .iter()
            .filter(|file| own(&file.path) && !run.settings.is_left_out(&file.path))
            .collect();
        let blobs: Vec<&Blob> = touched.iter().filter_map(|file| file.before.as_ref()).collect();
        self.texts = self.commit.git().texts(&blobs, limit)?;

        let shown = Shown::new(paths, &run.root);
        host::look_up(&mut now, &run.root, &run.settings, |_| true, |_| None);
        let differs = self.paths();
        let (other, same): (Vec<&Source>, Vec<&Source>) = now
            .sources
            .iter()
            .partition(|source| differs.contains(source.from_root.as_str()));
        // A text that code loads and that no walk opens was another, or is gone.
        let other_text = other.iter().any(|source| source.looked_up)
            || self
                .changed
                .iter()
                .any(|file| file.now == Kind::Nothing && !own(&file.path));
        let mut before: Vec<Source> = same.into_iter().cloned().collect();
        for file in &touched {
            let Some(path) = shown.path(&file.path) else { continue };
            let text = file.before.as_ref().and_then(|blob| self.texts.get(blob));
            if let Some(Ok(text)) = text {
                before.push(Source::new(path.clone(), text.as_str(), false).seen_from_root(file.path.clone()));
            }
            let was_read = matches!(text, Some(Ok(_)));
            for unread in now.unread.iter_mut().filter(|unread| unread.path == path) {
                unread.finding |= was_read;
            }
            let stated = run.settings.is_prompt_place(&file.path);
            let why = match self.what_stands_at(file) {
                Kind::Link if was_read => {
                    "was a file that is checked, and is now a symbolic link, which is not followed"
                }
                Kind::Submodule if was_read => "was a file that is checked, and is now a submodule, which is not read",
                Kind::Link if stated && !self.leads_to_one(file, &now.sources) => {
                    "is a symbolic link to what is not checked, at a place of prompts: links are not followed"
                }
                Kind::File if (stated || was_read) && is_no_text(file, &now.sources) => {
                    "its name is no UTF-8, so git's lists can't be followed to it: rename it"
                }
                _ => continue,
            };
            now.unread.push(Unread {
                path,
                why: why.to_owned(),
                finding: true,
            });
        }
        let submodules = if self.files.tracked.iter().any(|file| file == ".gitmodules") {
            self.commit.git().submodules()?
        } else {
            Vec::new()
        };
        for path in submodules.iter().filter(|path| !run.settings.is_left_out(path)) {
            let Some(path) = shown.path(path) else { continue };
            if now.unread.iter().all(|unread| unread.path != path) {
                now.unread.push(Unread {
                    path,
                    why: ANOTHER_REPOSITORY.to_owned(),
                    finding: false,
                });
            }
        }
        let looked_up = RefCell::new(HashMap::new());
        let was = |path: &str| {
            let at = self
                .changed
                .binary_search_by(|file| file.path.as_str().cmp(path))
                .ok()?;
            let text = self.changed[at].before.as_ref().and_then(|blob| {
                let text = self.commit.git().texts(&[blob], limit).ok()?.remove(blob)?;
                looked_up.borrow_mut().insert(blob.clone(), text.clone());
                text.ok()
            });
            Some(text)
        };
        let mut old = Scan {
            sources: before,
            unread: Vec::new(),
        };
        // What files that stayed the same lead to is there already, unless it is what changed.
        let asked = |source: &Source| other_text || differs.contains(source.from_root.as_str());
        host::look_up(&mut old, &run.root, &run.settings, asked, was);
        self.texts.extend(looked_up.into_inner());
        Ok((now, old.sources))
    }

    /// What stands now where a file stood or stands; where nothing does, what stands at the path of a folder that it lay in.
    fn what_stands_at(&self, file: &Changed) -> Kind {
        if file.now != Kind::Nothing {
            return file.now;
        }
        let folders = Path::new(&file.path).ancestors().skip(1).filter_map(Path::to_str);
        let mut there = folders.filter_map(|folder| {
            let at = self.changed.binary_search_by(|other| other.path.as_str().cmp(folder));
            at.ok().map(|at| self.changed[at].now)
        });
        there.next().unwrap_or(Kind::Nothing)
    }

    /// Whether a link leads to a file that is checked itself.
    fn leads_to_one(&self, link: &Changed, sources: &[Source]) -> bool {
        let inside = || {
            let folder = self.commit.git().folder().canonicalize().ok()?;
            let target = folder.join(&link.path).canonicalize().ok()?;
            target.strip_prefix(&folder).ok().map(host::slashed)
        };
        // The sources' own paths hold no link.
        inside().is_some_and(|inside| sources.iter().any(|source| source.from_root == inside))
    }

    /// The paths from the root of all that differs.
    fn paths(&self) -> HashSet<&str> {
        self.changed.iter().map(|file| file.path.as_str()).collect()
    }

    /// Findings for the settings that the change touches, to stand at the top.
    pub(super) fn guarded(&self, run: &Run, approved: bool) -> Result<Vec<Finding>, Failure> {
        let guard = Guard::new(&run.guarded());
        let touched: Vec<&Changed> = self.changed.iter().filter(|file| guard.holds(&file.path)).collect();
        let blobs: Vec<&Blob> = touched.iter().filter_map(|file| file.before.as_ref()).collect();
        let texts = self.commit.git().texts(&blobs, DEFAULT_MAX_FILE_BYTES)?;
        let standing = if approved {
            Standing::Approved
        } else if touched.is_empty() || guard.has_settings(self.commit.names()) {
            Standing::Base
        } else {
            Standing::First
        };
        let finding = |file: &&Changed| {
            let before = file.before.as_ref().and_then(|blob| texts.get(blob)?.as_deref().ok());
            let path = self.commit.git().folder().join(&file.path);
            let now = host::read_text(&path, DEFAULT_MAX_FILE_BYTES).ok();
            guard::finding(&file.path, before, now.as_deref(), &self.base, standing)
        };
        let submodules = self.changed.iter().filter(|file| file.now == Kind::Submodule);
        let left_out = submodules.map(|file| guard::submodule(&file.path));
        Ok(touched.iter().map(finding).chain(left_out).collect())
    }

    /// Leaves only the findings on lines that the change touched, and those about no line.
    pub(super) fn keep_changed_lines(&self, report: &mut Report, now: &[Source]) {
        let by_path: HashMap<&str, &Changed> = self.changed.iter().map(|file| (file.path.as_str(), file)).collect();
        let mut lines: HashMap<&str, Option<Vec<bool>>> = HashMap::new();
        for source in now {
            let Some(file) = by_path.get(source.from_root.as_str()) else {
                continue;
            };
            let before = file
                .before
                .as_ref()
                .and_then(|blob| self.texts.get(blob)?.as_deref().ok());
            lines.insert(&source.path, before.map(|before| changed_lines(before, &source.text)));
        }
        report
            .findings
            .retain(|finding| match lines.get(finding.path.as_str()) {
                _ if finding.category == "gate" || finding.category == "input" => true,
                None => false,
                Some(None) => true,
                Some(Some(changed)) => {
                    let (from, to) = (finding.span.line.saturating_sub(1), finding.span.end_line);
                    changed.iter().take(to).skip(from).any(|changed| *changed)
                }
            });
    }
}

/// Whether git names a file that can't be found by that name: it is no UTF-8, and what is none of it was replaced.
fn is_no_text(file: &Changed, sources: &[Source]) -> bool {
    file.path.contains(char::REPLACEMENT_CHARACTER) && !sources.iter().any(|source| source.from_root == file.path)
}

/// The sources of a run on what is staged, and the paths from the root that it judges: a staged file counts as it is
/// staged, not as it stands in the work tree.
pub(super) fn staged(paths: &[PathBuf], run: &Run) -> Result<(Scan, HashSet<String>), Failure> {
    let git = Git::open(run.root.repository()).map_err(|why| Failure(format!("--staged: {why}")))?;
    let failure = |error: host::WalkError| Failure(error.message);
    let mut scan = host::scan_files(&git.files()?.all(), paths, &run.root, &run.settings).map_err(failure)?;
    let limit = run.settings.config.max_file_bytes.unwrap_or(DEFAULT_MAX_FILE_BYTES);
    let shown = Shown::new(paths, &run.root);
    let mut files: Vec<(String, String, Blob)> = Vec::new();
    let staged: HashMap<String, Blob> = git.staged()?.into_iter().collect();
    for (from_root, blob) in staged.clone() {
        if host::may_be_ours(&from_root, &run.settings)
            && !run.settings.is_left_out(&from_root)
            && let Some(path) = shown.path(&from_root)
        {
            files.push((from_root, path, blob));
        }
    }
    let texts = git.texts(&files.iter().map(|(_, _, blob)| blob).collect::<Vec<_>>(), limit)?;
    let mut names: HashSet<String> = files.iter().map(|(from_root, ..)| from_root.clone()).collect();
    scan.sources.retain(|source| !names.contains(&source.from_root));
    scan.unread.clear();
    for (from_root, path, blob) in files {
        match texts.get(&blob) {
            Some(Ok(text)) => {
                let source = Source::new(path, text.as_str(), false).seen_from_root(from_root);
                scan.sources.push(source);
            }
            Some(Err(why)) => scan.unread.push(Unread {
                path,
                why: why.clone(),
                finding: run.settings.is_prompt_place(&from_root),
            }),
            None => {}
        }
    }
    host::look_up(
        &mut scan,
        &run.root,
        &run.settings,
        |_| true,
        |path| {
            let blob = staged.get(path)?;
            let text = git.texts(&[blob], limit).ok().and_then(|mut texts| texts.remove(blob));
            Some(text.and_then(Result::ok))
        },
    );
    // A text that no walk opens is judged by what loads it.
    names.extend(staged.into_keys());
    Ok((scan, names))
}

/// Leaves only findings that the base does not have.
pub(super) fn keep_new(report: &mut Report) {
    report
        .findings
        .retain(|finding| matches!(finding.status, Some(FindingStatus::New) | None));
}

/// For each line of `now`, whether `before` does not have it (counted as often as it stands there), the lines that both
/// begin and end with apart.
fn changed_lines(before: &str, now: &str) -> Vec<bool> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), now.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - head;
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(most)
        .take_while(|(a, b)| a == b)
        .count();
    let mut left: HashMap<&str, usize> = HashMap::new();
    for line in &old[head..old.len() - tail] {
        *left.entry(line).or_default() += 1;
    }
    let mut changed = vec![false; new.len()];
    for (at, line) in new.iter().enumerate().take(new.len() - tail).skip(head) {
        match left.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => changed[at] = true,
        }
    }
    changed
}

/// How paths below the scanned ones are shown.
struct Shown {
    places: Vec<(String, PathBuf)>,
}

impl Shown {
    fn new(paths: &[PathBuf], root: &Root) -> Self {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        Self {
            places: paths
                .iter()
                .map(|path| (root.path(&real(path)), path.clone()))
                .collect(),
        }
    }

    /// A path from the root as the walk shows it; `None` where it lies below none of the scanned ones.
    fn path(&self, from_root: &str) -> Option<String> {
        self.places.iter().find_map(|(place, path)| {
            let inside = if place.is_empty() {
                from_root
            } else if from_root == place {
                return Some(host::slashed(path));
            } else {
                from_root.strip_prefix(place.as_str())?.strip_prefix('/')?
            };
            Some(host::slashed(&path.join(inside)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::changed_lines;

    #[test]
    fn lines_that_were_there_are_not_changed() {
        assert_eq!(changed_lines("a\nb\nc\n", "a\nx\nc\n"), [false, true, false]);
        assert_eq!(changed_lines("a\nb\n", "a\nb\nb\n"), [false, false, true]);
        assert_eq!(changed_lines("", "a\n"), [true]);
        assert_eq!(changed_lines("a\nb\n", "b\na\n"), [false, false], "moved, not changed");
        assert_eq!(changed_lines("a\n", ""), Vec::<bool>::new());
    }
}
