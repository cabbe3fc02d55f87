//! Command lines: shell scripts split into words, Kubernetes' `$(VAR)`, and flags told from what is not one.
//!
//! Nothing is run: a word that only a shell could work out is an `Err` that says why.

mod flags;
mod kube;
mod shell;

#[cfg(test)]
mod testing;

pub use flags::{Arguments, Flag, flag_of_unknown, flags};
pub use kube::expand_kube;
pub use shell::split_shell;

use crate::source::Place;

/// How many bytes one command line may gain by replacing variables. Linux refuses to start longer ones (`ARG_MAX` is
/// 2 MiB by default), and without a limit a few lines could ask for any amount of memory.
pub const EXPANSION_LIMIT: usize = 2 << 20;

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its text; `Err` with the reason where it can't be told from the file (`valueFrom`, a shell variable).
    pub value: Result<String, String>,
    /// Where it is written.
    pub place: Place,
}

/// A simple command of a shell script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Variables set in front of its words (`A=1 program`), or for the rest of the script where there are no words
    /// (`A=1`, `export A=1`).
    pub env: Vec<(String, Word)>,
    /// Its words, the program first. `exec`, `command` and `nohup` in front of it are left out.
    pub words: Vec<Word>,
}

/// Gives a variable's value: `None` where it is not set, `Err` with the reason where its value can't be told.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<Result<String, String>>;

fn too_long() -> String {
    format!("replacing variables makes more than {EXPANSION_LIMIT} bytes")
}

/// The length of the variable name that `text` starts with.
fn name_length(text: &str) -> usize {
    match text.bytes().next() {
        Some(first) if first.is_ascii_alphabetic() || first == b'_' => text
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count(),
        _ => 0,
    }
}
