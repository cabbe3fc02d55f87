//! Shell scripts split into simple commands, in the order written.

#[cfg(test)]
mod tests;
mod variables;
mod word;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use self::variables::{Block, BlockKind, is_test, set_on_condition};
use super::{Command, EXPANSION_LIMIT, Lookup, Word, name_length};
use crate::source::{Place, SourceId, Text};
use crate::syntax::SyntaxError;

/// Splits a shell script (what follows `sh -c`, a compose `command:` string) into its simple commands, in the order
/// written. POSIX quoting, comments, separators, redirections, here-documents and bash's lists (`A=(x y)`) are
/// understood; `if`, `for`, `case`, functions and subshells are opened up, so that a command under a condition is
/// listed like any other.
///
/// A variable has a value where the script alone decides it: what is set under a condition counts up to the end of
/// the block that it stands in, and one that is set more than once where loops or functions change the order, that
/// is read, or that another file may set has none.
///
/// A word such as `--model=$X` whose variable can't be told becomes two words, `--model` and the unknown value, so
/// that the flag is still seen. An unquoted variable may become several words or none, as in the shell.
///
/// # Errors
///
/// A quote, `$(`, `${` or backtick that is never closed.
pub fn split_shell(text: &Text, source: SourceId, look: Lookup) -> Result<Vec<Command>, SyntaxError> {
    let place = |range| Place {
        source,
        span: text.span_of(range),
    };
    let read = |doubtful: HashSet<String>| {
        let mut shell = Shell {
            text: text.as_str(),
            at: 0,
            look,
            variables: HashMap::new(),
            lists: HashMap::new(),
            times_set: HashMap::new(),
            set_in_loops: HashSet::new(),
            doubtful,
            others_set: None,
            expanded: 0,
            commands: Vec::new(),
            command: Command::default(),
            state: State::default(),
            blocks: Vec::new(),
            loops: 0,
            functions: false,
            guarded: false,
            pattern: false,
            documents: Vec::new(),
            place: &place,
        };
        match shell.run() {
            Ok(()) => Ok(shell),
            Err(Unclosed { start, mark }) => Err(SyntaxError {
                span: text.span_of(start..start + mark.len()),
                message: format!("`{mark}` opened here is never closed"),
            }),
        }
    };
    let first = read(HashSet::new())?;
    let doubtful = first.doubtful_names();
    if doubtful.is_empty() {
        return Ok(first.commands);
    }
    read(doubtful).map(|second| second.commands)
}

/// Something that is opened and never closed.
struct Unclosed {
    start: usize,
    mark: &'static str,
}

/// What is known of the command that is being read.
#[derive(Default)]
struct State {
    /// A word that is a program or a reserved word has been met.
    started: bool,
    /// Where that word begins.
    start: usize,
    /// Its words are not a command's: `for x in a b`.
    dropped: bool,
    /// It is `function name`.
    names_function: bool,
    /// Its words are assignments: `export A=1`.
    exports: bool,
    /// The next word names what it is redirected to.
    redirect: Option<Redirect>,
    /// The next word is the variable of a loop.
    names_variable: bool,
    /// It is `case word in`.
    heads_case: bool,
}

enum Redirect {
    File,
    Document { strip_tabs: bool },
}

struct Shell<'a> {
    text: &'a str,
    at: usize,
    look: Lookup<'a>,
    /// Variables that the script itself sets.
    variables: HashMap<String, Result<String, String>>,
    /// Lists that it sets; a word that can't be told stands for any number of them.
    lists: HashMap<String, Vec<Word>>,
    /// How often each name is set.
    times_set: HashMap<String, usize>,
    /// Names that are set in a loop.
    set_in_loops: HashSet<String>,
    /// Names whose value depends on the order in which the script's parts run.
    doubtful: HashSet<String>,
    /// Why any variable may have another value from here on: another file has set some.
    others_set: Option<String>,
    /// Bytes that replacing variables has added so far.
    expanded: usize,
    commands: Vec<Command>,
    command: Command,
    state: State,
    /// The compound commands that are open: what is set inside is set on a condition.
    blocks: Vec<Block>,
    /// How many of them are loops.
    loops: usize,
    /// Whether the script has functions.
    functions: bool,
    /// Whether a test or `||` decides if this command runs.
    guarded: bool,
    /// Whether a pattern of a `case` is being read.
    pattern: bool,
    /// Here-documents whose bodies begin after the line: end mark, and whether leading tabs go.
    documents: Vec<(String, bool)>,
    place: &'a dyn Fn(Range<usize>) -> Place,
}

impl<'a> Shell<'a> {
    fn run(&mut self) -> Result<(), Unclosed> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if bytes[self.at + 1..].starts_with(b"\n") => self.at += 2,
                b'\\' if bytes[self.at + 1..].starts_with(b"\r\n") => self.at += 3,
                b'#' => self.at = self.line_end(self.at),
                b'\n' => {
                    // A line may end behind `||`.
                    let goes_on = !self.state.started && self.command.env.is_empty();
                    self.end_command();
                    self.guarded &= goes_on;
                    self.at += 1;
                    self.skip_documents();
                }
                b';' | b'&' | b'|' => self.separator(),
                b'<' | b'>' => self.redirection()?,
                b'(' | b')' => self.parenthesis(byte),
                _ => self.word()?,
            }
        }
        self.end_command();
        Ok(())
    }

    fn line_end(&self, from: usize) -> usize {
        self.text[from..]
            .find('\n')
            .map_or(self.text.len(), |length| from + length)
    }

    fn separator(&mut self) {
        let rest = &self.text[self.at..];
        if rest.starts_with("&>") {
            self.state.redirect = Some(Redirect::File);
            self.at += if rest.starts_with("&>>") { 3 } else { 2 };
            return;
        }
        let tests = self
            .command
            .words
            .first()
            .is_some_and(|word| word.value.as_deref().is_ok_and(is_test));
        self.end_command();
        let (length, guarded) = if rest.starts_with("||") {
            (2, true)
        } else if rest.starts_with("&&") {
            (2, self.guarded || tests)
        } else {
            if rest.starts_with(";;") || rest.starts_with(";&") {
                self.pattern = self.blocks.last().is_some_and(|block| block.kind == BlockKind::Case);
                self.end_branch();
            }
            let doubled = [";;", ";&", "|&"].iter().any(|mark| rest.starts_with(mark));
            (if doubled { 2 } else { 1 }, false)
        };
        self.guarded = guarded;
        self.at += length;
    }

    fn parenthesis(&mut self, byte: u8) {
        let bytes = self.text.as_bytes();
        self.at += 1;
        if self.pattern {
            if byte == b')' {
                self.end_command();
                self.pattern = false;
            }
            return;
        }
        if byte == b'(' && self.command.words.len() == 1 {
            // `name ()` begins a function.
            let closing = self.at + bytes[self.at..].iter().take_while(|byte| **byte == b' ').count();
            if bytes.get(closing) == Some(&b')') {
                self.command.words.clear();
                self.at = closing + 1;
                self.end_command();
                self.functions = true;
                return;
            }
        }
        let names_function = self.state.names_function;
        self.end_command();
        if names_function {
            // `function name ()`: the body follows.
            return;
        }
        if byte == b'(' {
            self.open(BlockKind::Branch);
        } else {
            self.close();
        }
    }

    fn redirection(&mut self) -> Result<(), Unclosed> {
        let rest = &self.text[self.at..];
        if rest.starts_with("<(") || rest.starts_with(">(") {
            return self.word();
        }
        const OPERATORS: [&str; 8] = ["<<<", "<<-", "<<", "<&", "<>", ">>", ">&", ">|"];
        let operator = OPERATORS
            .into_iter()
            .find(|operator| rest.starts_with(operator))
            .unwrap_or(&rest[..1]);
        self.state.redirect = Some(match operator {
            "<<" => Redirect::Document { strip_tabs: false },
            "<<-" => Redirect::Document { strip_tabs: true },
            _ => Redirect::File,
        });
        self.at += operator.len();
        Ok(())
    }

    /// Drops the bodies of the here-documents that the line before has announced.
    fn skip_documents(&mut self) {
        for (mark, strip_tabs) in std::mem::take(&mut self.documents) {
            while self.at < self.text.len() {
                let end = self.line_end(self.at);
                let line = self.text[self.at..end].trim_end_matches('\r');
                let line = if strip_tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                self.at = (end + 1).min(self.text.len());
                if line == mark {
                    break;
                }
            }
        }
    }

    fn end_command(&mut self) {
        let state = std::mem::take(&mut self.state);
        let mut command = std::mem::take(&mut self.command);
        if state.dropped || self.pattern {
            return;
        }
        if command.words.is_empty() {
            for (name, word) in &mut command.env {
                self.set(name, word.value.clone());
                if let Some(Err(why)) = self.variables.get(name) {
                    word.value = Err(why.clone());
                } else if !self.blocks.is_empty() {
                    word.value = Err(set_on_condition(name));
                }
            }
        } else {
            self.run_builtin(&command.words, state.start);
        }
        if !command.words.is_empty() || !command.env.is_empty() {
            self.commands.push(command);
        }
    }

    /// Reads the word that starts here and puts it where it belongs.
    fn word(&mut self) -> Result<(), Unclosed> {
        let start = self.at;
        let text = self.text;
        if let Some(redirect) = self.state.redirect.take() {
            self.read(false)?;
            if let Redirect::Document { strip_tabs } = redirect {
                let mark = text[start..self.at].replace(['\'', '"', '\\'], "");
                self.documents.push((mark, strip_tabs));
            }
            return Ok(());
        }
        if !self.state.started || self.state.exports {
            let name = name_length(&text[start..]);
            let rest = &text[start + name..];
            if name > 0 && (rest.starts_with('=') || rest.starts_with("+=")) {
                return self.assignment(start, name);
            }
        }
        if let Some(length) = self.list_reference(start) {
            self.at += length;
            self.state.started = true;
            return Ok(());
        }
        let raw = self.read(true)?;
        let end = self.at;
        let next = text.as_bytes().get(end);
        if matches!(next, Some(b'<' | b'>')) && text[start..end].bytes().all(|b| b.is_ascii_digit()) {
            // The number of what is redirected: `2>`.
            return Ok(());
        }
        if self.pattern {
            if raw.bare && raw.current == "esac" {
                self.close_case();
            }
            return Ok(());
        }
        if raw.bare && self.reserved(&raw.current) {
            return Ok(());
        }
        if !self.state.started {
            self.state.start = start;
        }
        self.state.started = true;
        if self.state.exports || self.state.dropped {
            return Ok(());
        }
        let words = self.words_of(raw, start);
        self.command.words.extend(words);
        Ok(())
    }

    /// Puts the words of a list that the script has set in place of a word `"${NAME[@]}"` at `start`; gives the
    /// word's length, or `None` where it is no such word.
    fn list_reference(&mut self, start: usize) -> Option<usize> {
        if self.pattern || self.state.exports || self.state.dropped {
            return None;
        }
        let (words, length) = self.list_words(start)?;
        self.command.words.extend(words);
        Some(length)
    }

    fn list_words(&mut self, start: usize) -> Option<(Vec<Word>, usize)> {
        let rest = &self.text[start..];
        let (open, close) = if rest.starts_with('"') {
            ("\"${", "[@]}\"")
        } else {
            ("${", "[@]}")
        };
        let inner = rest.strip_prefix(open)?;
        let name = &inner[..name_length(inner)];
        let behind = inner[name.len()..].strip_prefix(close)?;
        let ends = behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n', ';', '&', '|', '<', '>', '(', ')']);
        let words = self.lists.get(name).filter(|_| ends)?;
        let bytes = |word: &Word| word.value.as_ref().map_or(1, |text| text.len() + 1);
        self.expanded = words.iter().map(bytes).fold(self.expanded, usize::saturating_add);
        if self.expanded > EXPANSION_LIMIT {
            return None;
        }
        Some((words.clone(), open.len() + name.len() + close.len()))
    }

    /// Reads a list `(x y)` behind `NAME=`.
    fn list(&mut self, name: &str, appends: bool) -> Result<(), Unclosed> {
        let open = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        let mut words = Vec::new();
        loop {
            match bytes.get(self.at) {
                None => {
                    return Err(Unclosed { start: open, mark: "(" });
                }
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'\\') if self.text[self.at + 1..].starts_with('\n') => self.at += 2,
                Some(b'\\') if self.text[self.at + 1..].starts_with("\r\n") => self.at += 3,
                Some(b'#') => self.at = self.line_end(self.at),
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                Some(b';' | b'&' | b'|') => self.at += 1,
                Some(b'<' | b'>' | b'(') if !self.text[self.at + 1..].starts_with('(') => self.at += 1,
                Some(_) => {
                    let start = self.at;
                    if let Some((more, length)) = self.list_words(start) {
                        words.extend(more);
                        self.at += length;
                        continue;
                    }
                    let mut raw = self.read(true)?;
                    if self.text[start..].starts_with('[') {
                        raw.unknown("it is an entry of a list with keys".into());
                    }
                    // What can't start a word here is passed over.
                    self.at = self.at.max(start + 1);
                    words.extend(self.words_of(raw, start));
                }
            }
        }
        let place = (self.place)(open..self.at);
        if self.guarded || (self.doubtful.contains(name) && !appends) {
            words = vec![Word {
                value: Err(set_on_condition(name)),
                place,
            }];
        }
        let before = if appends {
            self.lists.get(name).map_or(0, Vec::len)
        } else {
            self.note_set(name);
            0
        };
        if let Some(block) = self.blocks.last_mut() {
            block.lists.push((name.to_owned(), before, place));
        }
        let list = self.lists.entry(name.to_owned()).or_default();
        list.truncate(before);
        list.extend(words);
        self.variables
            .insert(name.to_owned(), Err(format!("`{name}` is a list")));
        Ok(())
    }

    fn assignment(&mut self, start: usize, name: usize) -> Result<(), Unclosed> {
        let text = self.text;
        let appends = text[start + name..].starts_with('+');
        self.at = start + name + 1 + usize::from(appends);
        let value_start = self.at;
        let name = &text[start..start + name];
        if text[value_start..].starts_with('(') && !self.pattern {
            return self.list(name, appends);
        }
        let raw = self.read(false)?;
        let before = if appends { self.variables.get(name) } else { None };
        let value = match (raw.unknown, before) {
            (Some(why), _) => Err(why),
            (None, Some(Ok(before))) => Ok(format!("{before}{}", raw.current)),
            (None, _) if appends => Err(format!("`{name}` is appended to")),
            (None, _) => Ok(raw.current),
        };
        let word = Word {
            value,
            place: (self.place)(value_start..self.at),
        };
        if !self.pattern {
            self.command.env.push((name.to_owned(), word));
        }
        Ok(())
    }

    /// Whether a bare word belongs to the shell's grammar and not to a command.
    fn reserved(&mut self, word: &str) -> bool {
        if self.state.names_variable {
            self.state.names_variable = false;
            self.set(word, Err(format!("`{word}` is set by a loop")));
            return true;
        }
        if self.state.heads_case && word == "in" {
            self.end_command();
            self.pattern = true;
            return true;
        }
        if self.state.names_function && word == "{" {
            self.end_command();
        }
        if self.state.started || self.state.dropped {
            return false;
        }
        match word {
            "if" => self.open(BlockKind::Branch),
            "while" | "until" => self.open(BlockKind::Loop),
            "{" => self.open(BlockKind::Group),
            "fi" | "done" | "}" => self.close(),
            "elif" | "else" => self.end_branch(),
            "then" | "do" | "!" | "time" => {}
            "exec" | "command" | "nohup" => {}
            "for" | "select" => {
                self.open(BlockKind::Loop);
                self.state.dropped = true;
                self.state.names_variable = true;
            }
            "function" => {
                self.functions = true;
                self.state.dropped = true;
                self.state.names_function = true;
            }
            "case" => {
                self.open(BlockKind::Case);
                self.state.dropped = true;
                self.state.heads_case = true;
            }
            "esac" => self.close_case(),
            "export" | "readonly" | "declare" | "local" | "typeset" => self.state.exports = true,
            _ => return false,
        }
        true
    }

    fn close_case(&mut self) {
        self.pattern = false;
        self.close();
    }
}
