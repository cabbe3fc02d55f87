//! Git repositories made for a test, the same commits on every machine.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Tree;

/// A repository whose branch `topic` holds a pull request for `main`.
pub struct Repository {
    pub tree: Tree,
}

/// Runs git in `folder` with nothing of the machine's own settings.
pub fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.invalid"])
        .args(["-c", "init.defaultBranch=main", "-c", "core.autocrlf=false"])
        .args(["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_AUTHOR_DATE", "2026-11-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-11-01T00:00:00Z")
        .stdin(Stdio::null())
        .output()
        .expect("git runs");
    let words = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "git {arguments:?}: {words}");
}

/// `before` of a case's folder on `main`, `after` on `topic`, which is checked out.
pub fn pull_request(case: &Path) -> Repository {
    let tree = Tree::new();
    let root = tree.path("");
    copy(&case.join("before"), &root);
    git(&root, &["init", "-q"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "base"]);
    git(&root, &["checkout", "-qb", "topic"]);
    git(&root, &["rm", "-rq", "."]);
    copy(&case.join("after"), &root);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "change"]);
    Repository { tree }
}

impl Repository {
    pub fn checkout(&self, branch: &str) {
        git(&self.tree.path(""), &["checkout", "-q", branch]);
    }
}

/// Copies what lies in a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
