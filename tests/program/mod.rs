//! Runs the built program in a folder of its own, with a limit on its time. Each test binary uses a part of it.
#![allow(dead_code)]

pub mod markdown;
pub mod repository;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A run that takes longer hangs. Debug builds on a busy machine are slow: it is generous.
const LIMIT: Duration = Duration::from_secs(40);

/// What a run gave.
pub struct Ran {
    /// The exit code; `None` where a signal (a crash) ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// Most memory that it held, MiB; 0 where the system doesn't tell.
    pub mib: u64,
}

/// A folder with files to check.
pub struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// Adds a file.
    pub fn with(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    /// `llmlint check ARGUMENTS` in the folder; fails where it crashes, panics or hangs.
    pub fn check(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["check"], arguments].concat())
    }

    /// The same with any command.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        let ran = finish(command.spawn().expect("the program starts"));
        assert!(ran.code.is_some(), "ended by a signal: {}", ran.err);
        ran
    }

    /// The same with something on standard input.
    pub fn check_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command();
        command.arg("check").args(arguments).stdin(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("its standard input");
        let input = input.to_vec();
        thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        finish(child)
    }

    /// The program, to be run in the folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_llmlint"));
        command
            .current_dir(self.folder.path())
            .env_remove("NO_COLOR")
            .env("COLUMNS", "100")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Waits for a program and takes what it prints.
pub fn finish(mut child: Child) -> Ran {
    let out = child.stdout.take().map(all);
    let err = child.stderr.take().map(all);
    let start = Instant::now();
    let mut mib = 0;
    let status = loop {
        mib = mib.max(memory(child.id()));
        if let Some(status) = child.try_wait().expect("its state") {
            break status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("still running after {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = |reader: Option<thread::JoinHandle<Vec<u8>>>| {
        let bytes = reader.map(|reader| reader.join().expect("what it printed"));
        String::from_utf8(bytes.unwrap_or_default()).expect("it prints UTF-8")
    };
    let ran = Ran {
        code: status.code(),
        out: text(out),
        err: text(err),
        mib,
    };
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran
}

fn all(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// The most memory that a process has held so far, MiB (Linux).
fn memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
