//! What a script's variables hold: what is set in a block, a loop or on a condition, what a program sets, and
//! `${NAME:-default}`.

use std::collections::HashSet;

use super::super::{Word, name_length};
use super::Shell;
use super::word::skip_nested;
use crate::source::Place;

/// How deep defaults may stand inside defaults (`${A:-${B:-x}}`).
const DEFAULT_LIMIT: usize = 16;

/// A compound command that is open.
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// Variables set in it.
    pub(super) set: Vec<String>,
    /// Lists that it sets, with their length before it (0 for one that it makes anew) and where.
    pub(super) lists: Vec<(String, usize, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// `if`, `( )`.
    Branch,
    /// `for`, `while`, `until`, `select`.
    Loop,
    /// `{ }`, which may be a function's body.
    Group,
    Case,
}

impl Shell<'_> {
    pub(super) fn open(&mut self, kind: BlockKind) {
        self.loops += usize::from(kind == BlockKind::Loop);
        self.blocks.push(Block {
            kind,
            set: Vec::new(),
            lists: Vec::new(),
        });
    }

    pub(super) fn close(&mut self) {
        self.end_branch();
        if self.blocks.pop().is_some_and(|block| block.kind == BlockKind::Loop) {
            self.loops -= 1;
        }
    }

    /// What the innermost block has set so far is set on a condition from here on.
    pub(super) fn end_branch(&mut self) {
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let (set, lists) = (std::mem::take(&mut block.set), std::mem::take(&mut block.lists));
        for name in &set {
            self.variables.insert(name.clone(), Err(set_on_condition(name)));
        }
        for (name, length, place) in &lists {
            if let Some(words) = self.lists.get_mut(name) {
                words.truncate(*length);
                words.push(Word {
                    value: Err(set_on_condition(name)),
                    place: *place,
                });
            }
        }
    }

    /// Notes that a name is set here, to a value that may count.
    pub(super) fn set(&mut self, name: &str, value: Result<String, String>) {
        let value = match value {
            _ if self.guarded => Err(set_on_condition(name)),
            _ if self.doubtful.contains(name) => Err(format!("`{name}` is set in more than one way")),
            value => value,
        };
        self.note_set(name);
        if let Some(block) = self.blocks.last_mut() {
            block.set.push(name.to_owned());
        }
        self.variables.insert(name.to_owned(), value);
    }

    pub(super) fn note_set(&mut self, name: &str) {
        *self.times_set.entry(name.to_owned()).or_default() += 1;
        if self.loops > 0 {
            self.set_in_loops.insert(name.to_owned());
        }
    }

    /// Names that are set more than once where the order of the text is not the order in which it runs.
    pub(super) fn doubtful_names(&self) -> HashSet<String> {
        let several = self.times_set.iter().filter(|(_, times)| **times > 1);
        several
            .filter(|(name, _)| self.functions || self.set_in_loops.contains(*name))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// What a command does to variables.
    pub(super) fn run_builtin(&mut self, words: &[Word], start: usize) {
        let Some(Ok(program)) = words.first().map(|word| word.value.as_deref()) else {
            return;
        };
        let written = |word: &Word| word.value.clone().unwrap_or_default();
        match program {
            "read" | "mapfile" | "readarray" | "getopts" | "let" | "unset" | "printf" => {
                let names = words[1..].iter().map(written).filter(|name| {
                    let length = name_length(name);
                    length > 0 && matches!(name.as_bytes().get(length), None | Some(b'=' | b'+' | b'-'))
                });
                for name in names.collect::<Vec<_>>() {
                    let name = &name[..name_length(&name)];
                    if program == "printf" && !words.iter().any(|word| written(word) == "-v") {
                        break;
                    }
                    self.lists.remove(name);
                    self.set(name, Err(format!("`{name}` is set by `{program}`")));
                }
            }
            "source" | "." | "eval" => {
                let Some(argument) = words.get(1) else {
                    return;
                };
                let written = argument.value.as_deref().unwrap_or(&self.text[start..self.at]);
                let name = written.trim_end_matches('"').rsplit('/').next().unwrap_or(written);
                let harmless = if program == "eval" {
                    argument.value.is_ok() || PREPARES_THE_SHELL.iter().any(|tool| written.contains(tool))
                } else {
                    SETS_NO_SETTINGS.contains(&name)
                };
                if harmless {
                    return;
                }
                let why = format!("`{program}` in front of it may set it");
                for value in self.variables.values_mut() {
                    *value = Err(why.clone());
                }
                self.lists.clear();
                self.others_set = Some(why);
            }
            _ => {}
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<Result<String, String>> {
        match self.variables.get(name) {
            Some(value) => Some(value.clone()),
            None => match (self.look)(name) {
                None => self.others_set.clone().map(Err),
                found => found,
            },
        }
    }

    /// The value of `${…}`, given what stands between the braces and whether it stands in double quotes.
    pub(super) fn parameter(&self, inner: &str, quoted: bool) -> Result<String, String> {
        let mut inner = inner;
        for _ in 0..DEFAULT_LIMIT {
            let length = name_length(inner);
            let (name, rest) = inner.split_at(length);
            let (colon, operation) = match rest.strip_prefix(':') {
                Some(operation) => (true, operation),
                None => (false, rest),
            };
            let known = self.variable(name);
            let operator = operation.chars().next();
            if name.is_empty() || (!rest.is_empty() && !matches!(operator, Some('-' | '=' | '+' | '?'))) {
                break;
            }
            if let Some(Err(why)) = known {
                return Err(why);
            }
            let set = known.and_then(Result::ok).filter(|value| !(colon && value.is_empty()));
            let word = match (operator, set) {
                (Some('+'), None) => return Ok(String::new()),
                (Some('+'), Some(_)) => &operation[1..],
                (_, Some(value)) => return Ok(value),
                (Some('-' | '='), None) => &operation[1..],
                (_, None) => return Err(not_set(name)),
            };
            // What stands in for the variable: text, or one more variable.
            let word = match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
                Some(word) if !word.contains('"') => word,
                _ => word,
            };
            if !word.contains(['$', '`', '"', '\\']) && (quoted || !word.contains('\'')) {
                return Ok(word.to_owned());
            }
            let Some(variable) = word.strip_prefix('$') else {
                break;
            };
            inner = match variable.strip_prefix('{') {
                Some(braced) if skip_nested(word, 0, false).is_ok_and(|end| end == word.len()) => {
                    &braced[..braced.len() - 1]
                }
                None if name_length(variable) == variable.len() => variable,
                _ => break,
            };
        }
        Err("it holds a `${…}` that only a shell can work out".into())
    }
}

/// Programs whose output is evaluated to prepare the shell and not to set what a script uses.
const PREPARES_THE_SHELL: &[&str] = &[
    "conda",
    "mamba",
    "ssh-agent",
    "pyenv",
    "brew shellenv",
    "direnv",
    "pixi ",
];

/// Files that are sourced to prepare the shell and not to set what a script uses.
const SETS_NO_SETTINGS: &[&str] = &[
    "activate",
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".zshrc",
    "profile",
    "conda.sh",
    "modules.sh",
];

/// Whether a program is run for its answer: what stands behind `&&` runs on a condition.
pub(super) fn is_test(program: &str) -> bool {
    program.starts_with('-')
        || matches!(
            program,
            "[" | "[[" | "test" | "grep" | "which" | "type" | "hash" | "false"
        )
}

pub(super) fn set_on_condition(name: &str) -> String {
    format!("`{name}` is set on a condition")
}

pub(super) fn not_set(name: &str) -> String {
    format!("`${name}` is not set here")
}
