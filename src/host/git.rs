//! The git command: what a change touched, and files as they were before it.
//!
//! The repository may hold a stranger's pull request: no hook, filter, external diff or pager of it is run, and no name
//! of it is given to a shell.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::commit::{Commit, Entry};
use super::read::text;

/// A git repository's work tree.
#[derive(Debug, Clone)]
pub struct Git {
    folder: PathBuf,
}

/// A file that differs between a commit and the work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its path from the repository's root.
    pub path: String,
    /// Its content in the commit; `None` where it was not a regular file there.
    pub before: Option<Blob>,
    /// What it is now.
    pub now: Kind,
}

/// The files of a work tree, by path.
#[derive(Debug, Clone, Default)]
pub struct WorkFiles {
    /// Those that git knows.
    pub tracked: Vec<String>,
    /// Those that it does not know, and does not ignore.
    pub untracked: Vec<String>,
}

impl WorkFiles {
    /// All of them, sorted.
    pub fn all(&self) -> Vec<String> {
        let mut all = [self.tracked.as_slice(), &self.untracked].concat();
        all.sort();
        all
    }
}

/// A path, its content before and after, and what stands there now.
type Difference = (String, Option<Blob>, Option<Blob>, Kind);

/// The name of a file's content in git's store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Blob(String);

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A symbolic link, which is not followed.
    Link,
    /// Another repository.
    Submodule,
    /// Nothing.
    Nothing,
}

impl Git {
    /// The repository whose work tree is `root`.
    ///
    /// # Errors
    /// There is none, or no git command, with how to mend it.
    pub fn open(root: &Path) -> Result<Self, String> {
        let git = Self {
            folder: root.to_path_buf(),
        };
        let top = git.text(&["rev-parse", "--show-toplevel"]).map_err(|why| {
            // In a bare repository git can answer, but for this question.
            if git.text(&["rev-parse", "--is-bare-repository"]).as_deref() == Ok("true") {
                return "this is a bare repository, which has no files to check: clone it, or check a commit out with \
                        `git worktree add`"
                    .to_owned();
            }
            why
        })?;
        Ok(Self { folder: top.into() })
    }

    /// The root of its work tree.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    /// There is none yet.
    pub fn head(&self) -> Result<String, String> {
        self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"])
    }

    /// The commit from which the work tree and `base` went apart.
    ///
    /// # Errors
    /// There is no such commit here, or the histories share none, with what to fetch.
    pub fn merge_base(&self, base: &str) -> Result<String, String> {
        if base.starts_with('-') || base.is_empty() {
            return Err(format!("`{base}` is no name of a commit"));
        }
        let is_shallow = || self.text(&["rev-parse", "--is-shallow-repository"]).as_deref() == Ok("true");
        let fetch = |shallow: bool| match shallow {
            true => {
                "this clone is shallow: fetch the base first (`fetch-depth: 0` for actions/checkout, or `git fetch --unshallow origin`)"
            }
            false => "fetch it first (`git fetch origin NAME`), or check the spelling",
        };
        let name = format!("{base}^{{commit}}");
        let commit = self
            .text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name])
            .map_err(|_| format!("the base `{base}` is not in this repository: {}", fetch(is_shallow())))?;
        match self.text(&["merge-base", "HEAD", &commit]) {
            Ok(found) if !found.is_empty() => Ok(found),
            // A repository without a commit of its own yet can still be compared with another's.
            _ if self.text(&["rev-parse", "--verify", "--quiet", "HEAD"]).is_err() => Ok(commit),
            _ if is_shallow() => Err(format!("HEAD and `{base}` share no commit here: {}", fetch(true))),
            _ => Err(format!(
                "HEAD and `{base}` share no commit: their histories are unrelated, so there is nothing to compare"
            )),
        }
    }

    /// What a commit holds, the files of the work tree, and those that differ between the two, untracked ones included,
    /// by path. `commit` is looked up while git walks the tree, and listed while git compares.
    ///
    /// # Errors
    /// What `commit` says, or git's own words.
    pub fn changed(
        &self,
        commit: impl FnOnce() -> Result<String, String>,
    ) -> Result<(Commit, WorkFiles, Vec<Changed>), String> {
        let lost = |_| "git's answer was lost".to_owned();
        let (files, found) = std::thread::scope(|scope| {
            let files = scope.spawn(|| self.files());
            let found = commit().and_then(|id| {
                let listed = scope.spawn({
                    let id = id.clone();
                    move || self.tree(&id)
                });
                let differences = self.differences(&[&id, "--"])?;
                let listed = listed.join().map_err(lost)??;
                Ok((Commit::new(self.clone(), id, listed), differences))
            });
            (files.join(), found)
        });
        let (commit, differences) = found?;
        let files = files.map_err(lost)??;
        let differing = differences
            .into_iter()
            .map(|(path, before, _, now)| Changed { path, before, now });
        let untracked = files.untracked.iter().map(|path| Changed {
            path: path.clone(),
            before: None,
            now: Kind::File,
        });
        let mut changed: Vec<Changed> = differing.chain(untracked).collect();
        changed.sort_by(|a, b| a.path.cmp(&b.path));
        Ok((commit, files, changed))
    }

    /// The files that are staged for the next commit, with their staged content, by path.
    ///
    /// # Errors
    /// Git's own words.
    pub fn staged(&self) -> Result<Vec<(String, Blob)>, String> {
        let staged = self.differences(&["--cached", "--"])?;
        let files = staged
            .into_iter()
            .filter_map(|(path, _, after, _)| Some((path, after?)));
        Ok(files.collect())
    }

    /// Path, content before and after, and what stands there now, of each difference. Content that is only in the work
    /// tree has no name yet.
    fn differences(&self, of: &[&str]) -> Result<Vec<Difference>, String> {
        let mut arguments = vec![
            "diff",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--no-ext-diff",
            "--ignore-submodules=dirty",
        ];
        arguments.extend(of);
        let raw = self.bytes(&arguments)?;
        let mut parts = raw.split(|byte| *byte == 0).filter(|part| !part.is_empty());
        let mut found = Vec::new();
        while let (Some(head), Some(path)) = (parts.next(), parts.next()) {
            let head = String::from_utf8_lossy(head);
            let fields: Vec<&str> = head.trim_start_matches(':').split(' ').collect();
            let [old_mode, new_mode, old, new, ..] = fields.as_slice() else {
                return Err(format!("git diff gave a line that is not understood: {head}"));
            };
            let blob = |mode: &str, id: &str| {
                let named = kind(mode) == Kind::File && id.bytes().any(|byte| byte != b'0');
                named.then(|| Blob(id.to_owned()))
            };
            found.push((
                String::from_utf8_lossy(path).into_owned(),
                blob(old_mode, old),
                blob(new_mode, new),
                kind(new_mode),
            ));
        }
        Ok(found)
    }

    /// The files of the work tree that git does not ignore, tracked ones whatever `.gitignore` says.
    ///
    /// # Errors
    /// Git's own words.
    pub fn files(&self) -> Result<WorkFiles, String> {
        let listed = self.bytes(&["ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"])?;
        let mut files = WorkFiles::default();
        for line in paths(&listed) {
            match line.split_once(' ') {
                Some(("?", path)) => files.untracked.push(path.to_owned()),
                Some((_, path)) => files.tracked.push(path.to_owned()),
                None => {}
            }
        }
        // A file that a merge left open is listed once for each side.
        files.tracked.sort();
        files.tracked.dedup();
        Ok(files)
    }

    /// The folders of the work tree that are other repositories.
    ///
    /// # Errors
    /// Git's own words.
    pub fn submodules(&self) -> Result<Vec<String>, String> {
        let listed = self.bytes(&["ls-files", "-z", "--cached", "--stage"])?;
        let path = |row: String| {
            let (head, path) = row.split_once('\t')?;
            let mode = head.split(' ').next()?;
            (kind(mode) == Kind::Submodule).then(|| path.to_owned())
        };
        Ok(paths(&listed).filter_map(path).collect())
    }

    /// All that a commit holds, by path: what it is, and the name of its content.
    ///
    /// # Errors
    /// Git's own words.
    fn tree(&self, commit: &str) -> Result<Vec<Entry>, String> {
        let listed = self.bytes(&["ls-tree", "-r", "-z", "--full-tree", commit])?;
        let rows = listed.split(|byte| *byte == 0).filter_map(|row| {
            let tab = memchr::memchr(b'\t', row)?;
            let head = str::from_utf8(&row[..tab]).ok()?;
            let mut fields = head.split(' ');
            let (mode, _, id) = (fields.next()?, fields.next()?, fields.next()?);
            let path = String::from_utf8_lossy(&row[tab + 1..]).into_owned();
            Some((path, kind(mode), Blob(id.to_owned())))
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(rows)
    }

    /// The texts of several contents, in one run of git: what is no text of at most `limit` bytes is an error with why.
    ///
    /// # Errors
    /// Git's own words.
    pub fn texts(&self, blobs: &[&Blob], limit: u64) -> Result<HashMap<Blob, Result<String, String>>, String> {
        let mut found = HashMap::new();
        if blobs.is_empty() {
            return Ok(found);
        }
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("git can't be run: {error}"))?;
        let mut stdin = child.stdin.take().ok_or("git takes no input")?;
        let mut out = BufReader::new(child.stdout.take().ok_or("git gives no output")?);
        let wanted: Vec<String> = blobs.iter().map(|blob| blob.0.clone()).collect();
        // Written beside the reading: a pipe holds less than many contents.
        let writer = std::thread::spawn(move || {
            for id in wanted {
                if writeln!(stdin, "{id}").is_err() {
                    break;
                }
            }
        });
        let broken = |error: std::io::Error| format!("git cat-file: {error}");
        for blob in blobs {
            let mut line = String::new();
            out.read_line(&mut line).map_err(broken)?;
            let Some(size) = line
                .trim_end()
                .rsplit(' ')
                .next()
                .and_then(|size| size.parse::<u64>().ok())
            else {
                found.insert((*blob).clone(), Err("is not in this clone's store".to_owned()));
                continue;
            };
            if size > limit {
                std::io::copy(&mut (&mut out).take(size.saturating_add(1)), &mut std::io::sink()).map_err(broken)?;
                found.insert(
                    (*blob).clone(),
                    Err(format!("{size} bytes are more than the limit of {limit}")),
                );
                continue;
            }
            let mut bytes = Vec::new();
            (&mut out).take(size).read_to_end(&mut bytes).map_err(broken)?;
            let mut end = [0; 1];
            out.read_exact(&mut end).map_err(broken)?;
            found.insert((*blob).clone(), text(bytes, limit));
        }
        drop(out);
        let _ = writer.join();
        let _ = child.wait();
        Ok(found)
    }

    /// Git with nothing of the repository's own run: no hooks, no file-system monitor, no external diff.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("--no-optional-locks")
            .args([
                "-c",
                "core.fsmonitor=false",
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.quotePath=false",
            ])
            .args(arguments)
            .current_dir(&self.folder)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_PAGER", "cat")
            .env("LC_ALL", "C");
        command
    }

    fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.command(arguments).stdin(Stdio::null()).output().map_err(|error| {
            format!("git can't be run: {error} (install git, or compare two reports with `llmlint diff`)")
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let words = words.lines().next().unwrap_or_default().trim_start_matches("fatal: ");
        if words.starts_with("not a git repository") {
            return Err(
                "this is not in a git repository: run it inside of a clone (`git clone`), or compare two reports with \
                 `llmlint diff`"
                    .to_owned(),
            );
        }
        Err(format!("git {}: {words}", arguments[0]))
    }

    fn text(&self, arguments: &[&str]) -> Result<String, String> {
        self.bytes(arguments)
            .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
    }
}

fn kind(mode: &str) -> Kind {
    match mode {
        "100644" | "100755" | "100664" => Kind::File,
        "120000" => Kind::Link,
        "160000" => Kind::Submodule,
        _ => Kind::Nothing,
    }
}

fn paths(listed: &[u8]) -> impl Iterator<Item = String> {
    listed
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
}
