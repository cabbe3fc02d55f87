//! Command lines: shell scripts split into words, Kubernetes' `$(VAR)`, and flags told from what is not one.
//!
//! Nothing is run: a word that only a shell could work out is an `Err` that says why.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::SyntaxError;
use crate::source::{Place, SourceId, Text};

/// How many bytes one command line may gain by replacing variables. Linux refuses to start longer ones (`ARG_MAX` is
/// 2 MiB by default), and without a limit a few lines could ask for any amount of memory.
pub const EXPANSION_LIMIT: usize = 2 << 20;

/// How deep defaults may stand inside defaults (`${A:-${B:-x}}`).
const DEFAULT_LIMIT: usize = 16;

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

/// A compound command that is open.
struct Block {
    kind: BlockKind,
    /// Variables set in it.
    set: Vec<String>,
    /// Lists that it sets, with their length before it (0 for one that it makes anew) and where.
    lists: Vec<(String, usize, Place)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    /// `if`, `( )`.
    Branch,
    /// `for`, `while`, `until`, `select`.
    Loop,
    /// `{ }`, which may be a function's body.
    Group,
    Case,
}

/// A word that is being read.
#[derive(Default)]
struct Raw {
    /// Fields that an unquoted variable has already split off.
    fields: Vec<String>,
    current: String,
    /// Whether `current` is a word even when empty: it holds a quote or a character.
    present: bool,
    /// Whether every character stands for itself: reserved words are recognized only then.
    bare: bool,
    /// Why the word can't be told.
    unknown: Option<String>,
    /// Whether a `[` stands outside of quotes.
    square: bool,
    /// Whether a `{` does, and a `,` or `..` behind it.
    brace: bool,
    listed: bool,
}

impl Raw {
    fn unknown(&mut self, why: String) {
        self.present = true;
        self.unknown.get_or_insert(why);
    }

    /// Notes characters outside of quotes that make a shell look for files or write out a list.
    fn note_patterns(&mut self, text: &str) {
        let ranges = text.contains("..");
        for byte in text.bytes() {
            match byte {
                b'*' | b'?' => self.unknown("the shell replaces its `*` or `?` by file names".into()),
                b'[' => self.square = true,
                b'{' => self.brace = true,
                b',' => self.listed |= self.brace,
                b']' if self.square => {
                    self.unknown("the shell may take its `[…]` for a pattern of file names".into());
                }
                b'}' if self.listed || (self.brace && ranges) => {
                    self.unknown("some shells write out its `{…,…}` as several words".into());
                }
                _ => {}
            }
        }
    }
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

    fn open(&mut self, kind: BlockKind) {
        self.loops += usize::from(kind == BlockKind::Loop);
        self.blocks.push(Block {
            kind,
            set: Vec::new(),
            lists: Vec::new(),
        });
    }

    fn close(&mut self) {
        self.end_branch();
        if self.blocks.pop().is_some_and(|block| block.kind == BlockKind::Loop) {
            self.loops -= 1;
        }
    }

    /// What the innermost block has set so far is set on a condition from here on.
    fn end_branch(&mut self) {
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
    fn set(&mut self, name: &str, value: Result<String, String>) {
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

    fn note_set(&mut self, name: &str) {
        *self.times_set.entry(name.to_owned()).or_default() += 1;
        if self.loops > 0 {
            self.set_in_loops.insert(name.to_owned());
        }
    }

    /// Names that are set more than once where the order of the text is not the order in which it runs.
    fn doubtful_names(&self) -> HashSet<String> {
        let several = self.times_set.iter().filter(|(_, times)| **times > 1);
        several
            .filter(|(name, _)| self.functions || self.set_in_loops.contains(*name))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// What a command does to variables.
    fn run_builtin(&mut self, words: &[Word], start: usize) {
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

    /// The words that what was read from `start` up to here becomes.
    fn words_of(&self, raw: Raw, start: usize) -> Vec<Word> {
        let (text, end, place) = (self.text, self.at, self.place);
        let mut words = Vec::new();
        if let Some(why) = raw.unknown {
            let mut value_start = start;
            if let Some(flag) = flag_of_unknown(&text[start..end]) {
                value_start = start + flag.len() + 1;
                words.push(Word {
                    value: Ok(flag.to_owned()),
                    place: place(start..start + flag.len()),
                });
            }
            words.push(Word {
                value: Err(why),
                place: place(value_start..end),
            });
            return words;
        }
        let last = raw.present.then_some(raw.current);
        words.extend(raw.fields.into_iter().chain(last).map(|field| Word {
            value: Ok(field),
            place: place(start..end),
        }));
        words
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

    /// Reads a word up to the blank or operator behind it; where it is `split`, unquoted variables may end fields.
    fn read(&mut self, split: bool) -> Result<Raw, Unclosed> {
        let bytes = self.text.as_bytes();
        let mut raw = Raw {
            bare: true,
            ..Raw::default()
        };
        if self.text[self.at..].starts_with('~') {
            raw.unknown("the shell replaces its `~` by a home directory".into());
        }
        let mut quote: Option<usize> = None;
        loop {
            let Some(&byte) = bytes.get(self.at) else {
                return match quote {
                    Some(start) => Err(Unclosed { start, mark: "\"" }),
                    None => Ok(raw),
                };
            };
            let quoted = quote.is_some();
            match byte {
                b'"' => {
                    quote = if quoted { None } else { Some(self.at) };
                    raw.present = true;
                    raw.bare = false;
                    self.at += 1;
                }
                b'\\' => self.escape(&mut raw, quoted),
                b'$' => {
                    raw.bare = false;
                    self.dollar(&mut raw, quoted, split)?;
                }
                b'`' => {
                    raw.unknown("it holds the output of a command".into());
                    self.at = skip_nested(self.text, self.at, quoted)?;
                }
                b'\'' if !quoted => {
                    let start = self.at;
                    let Some(length) = self.text[start + 1..].find('\'') else {
                        return Err(Unclosed { start, mark: "'" });
                    };
                    self.at = start + 1 + length + 1;
                    raw.present = true;
                    raw.bare = false;
                    raw.current.push_str(&self.text[start + 1..self.at - 1]);
                }
                b'<' | b'>' if !quoted && !raw.present && bytes.get(self.at + 1) == Some(&b'(') => {
                    raw.unknown("it names the output of a command".into());
                    self.at = skip_nested(self.text, self.at, quoted)?;
                }
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' if !quoted => {
                    return Ok(raw);
                }
                _ => {
                    let rest = &bytes[self.at..];
                    let stops: &[u8] = if quoted { b"\"\\$`" } else { b"\"\\$`' \t\r\n;&|<>()" };
                    let length = rest.iter().position(|byte| stops.contains(byte)).unwrap_or(rest.len());
                    let literal = &self.text[self.at..self.at + length];
                    if !quoted && split {
                        raw.note_patterns(literal);
                    }
                    raw.present = true;
                    raw.current.push_str(literal);
                    self.at += length;
                }
            }
        }
    }

    /// A backslash, in or out of double quotes.
    fn escape(&mut self, raw: &mut Raw, quoted: bool) {
        let rest = &self.text[self.at + 1..];
        for line_end in ["\n", "\r\n"] {
            if rest.starts_with(line_end) {
                self.at += 1 + line_end.len();
                return;
            }
        }
        raw.bare = false;
        raw.present = true;
        let escaped = rest.chars().next();
        self.at += 1;
        match escaped {
            Some(c) if !quoted || matches!(c, '$' | '`' | '"' | '\\') => {
                raw.current.push(c);
                self.at += c.len_utf8();
            }
            _ => raw.current.push('\\'),
        }
    }

    /// What a `$` begins.
    fn dollar(&mut self, raw: &mut Raw, quoted: bool, split: bool) -> Result<(), Unclosed> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let value = match rest.bytes().next() {
            Some(b'(') => {
                self.at = skip_nested(self.text, start, quoted)?;
                Err("it holds the output of a command".into())
            }
            Some(b'{') => {
                self.at = skip_nested(self.text, start, quoted)?;
                let inner = &self.text[start + 2..self.at - 1];
                let value = self.parameter(inner, quoted);
                let name = &inner[..name_length(inner)];
                let sets = inner[name.len()..].trim_start_matches(':').starts_with('=');
                if let (true, Ok(value)) = (sets && self.variable(name).is_none(), &value) {
                    // `: ${NAME:=value}` sets it.
                    self.set(name, Ok(value.clone()));
                }
                value
            }
            Some(b'\'') if !quoted => {
                let bytes = rest.as_bytes();
                let mut at = 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'\'') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                if at >= bytes.len() {
                    return Err(Unclosed { start, mark: "$'" });
                }
                self.at = start + 1 + at + 1;
                Err("it holds a `$'…'` string, which only some shells know".into())
            }
            Some(b'"') if !quoted => {
                // The string itself is read next.
                self.at += 1;
                Err("it holds a `$\"…\"` string, which only some shells know".into())
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?$!-".contains(&byte) => {
                self.at += 2;
                Err(format!(
                    "it holds `${}`, which only the running shell knows",
                    char::from(byte)
                ))
            }
            _ => {
                let length = name_length(rest);
                self.at += 1 + length;
                if length == 0 {
                    raw.present = true;
                    raw.current.push('$');
                    return Ok(());
                }
                let name = &rest[..length];
                self.variable(name).unwrap_or_else(|| Err(not_set(name)))
            }
        };
        match value {
            Err(why) => raw.unknown(why),
            Ok(value) => self.insert(raw, &value, quoted || !split),
        }
        Ok(())
    }

    /// Puts a variable's value into a word.
    fn insert(&mut self, raw: &mut Raw, value: &str, whole: bool) {
        self.expanded = self.expanded.saturating_add(value.len());
        if self.expanded > EXPANSION_LIMIT {
            raw.unknown(too_long());
            return;
        }
        if whole {
            raw.present |= !value.is_empty();
            raw.current.push_str(value);
            return;
        }
        raw.note_patterns(value);
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n');
        for (index, field) in value.split(blank).enumerate() {
            if index > 0 && raw.present {
                raw.fields.push(std::mem::take(&mut raw.current));
                raw.present = false;
            }
            raw.present |= !field.is_empty();
            raw.current.push_str(field);
        }
    }

    fn variable(&self, name: &str) -> Option<Result<String, String>> {
        match self.variables.get(name) {
            Some(value) => Some(value.clone()),
            None => match (self.look)(name) {
                None => self.others_set.clone().map(Err),
                found => found,
            },
        }
    }

    /// The value of `${…}`, given what stands between the braces and whether it stands in double quotes.
    fn parameter(&self, inner: &str, quoted: bool) -> Result<String, String> {
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
fn is_test(program: &str) -> bool {
    program.starts_with('-')
        || matches!(
            program,
            "[" | "[[" | "test" | "grep" | "which" | "type" | "hash" | "false"
        )
}

fn set_on_condition(name: &str) -> String {
    format!("`{name}` is set on a condition")
}

fn not_set(name: &str) -> String {
    format!("`${name}` is not set here")
}

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

/// The byte after the `$(…)`, `${…}`, `<(…)` or backticks that open at `start`, whatever they hold. Where they stand in
/// double quotes, a `'` inside `${…}` is a character like any other.
fn skip_nested(text: &str, start: usize, quoted: bool) -> Result<usize, Unclosed> {
    #[derive(Clone, Copy, PartialEq)]
    enum Open {
        Parenthesis,
        Brace { quoted: bool },
        Backtick,
        Quote,
    }
    let bytes = text.as_bytes();
    let mark = match (bytes[start], bytes.get(start + 1)) {
        (b'`', _) => "`",
        (b'$', Some(b'{')) => "${",
        (b'$', _) => "$(",
        (b'<', _) => "<(",
        _ => ">(",
    };
    let mut open: Vec<Open> = Vec::new();
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let top = open.last().copied();
        let quoted = match top {
            Some(Open::Quote) => true,
            Some(Open::Brace { quoted }) => quoted,
            Some(Open::Parenthesis | Open::Backtick) => false,
            None => quoted,
        };
        let width = match (byte, bytes.get(at + 1)) {
            (b'\\', _) => 2,
            (b'$', Some(b'(')) => {
                open.push(Open::Parenthesis);
                2
            }
            (b'$', Some(b'{')) => {
                open.push(Open::Brace { quoted });
                2
            }
            (b'<' | b'>', Some(b'(')) if !quoted => {
                open.push(Open::Parenthesis);
                2
            }
            (b'(', _) if top == Some(Open::Parenthesis) => {
                open.push(Open::Parenthesis);
                1
            }
            (b'\'', _) if !quoted => {
                let Some(length) = text[at + 1..].find('\'') else {
                    return Err(Unclosed { start, mark });
                };
                length + 2
            }
            (b'#', _)
                if matches!(top, Some(Open::Parenthesis)) && matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b';') =>
            {
                text[at..].find('\n').unwrap_or(bytes.len() - at)
            }
            (b'`', _) if top != Some(Open::Backtick) => {
                open.push(Open::Backtick);
                1
            }
            (b'"', _) if top != Some(Open::Quote) => {
                open.push(Open::Quote);
                1
            }
            _ => {
                let closes = match top {
                    Some(Open::Parenthesis) => byte == b')',
                    Some(Open::Brace { .. }) => byte == b'}',
                    Some(Open::Backtick) => byte == b'`',
                    Some(Open::Quote) => byte == b'"',
                    None => false,
                };
                if closes {
                    open.pop();
                    if open.is_empty() {
                        return Ok(at + 1);
                    }
                }
                1
            }
        };
        at += width;
    }
    Err(Unclosed { start, mark })
}

/// The flag of a word such as `--model=$X` whose value can't be told: `--model`. `None` where the word is none such.
pub fn flag_of_unknown(word: &str) -> Option<&str> {
    let (flag, _) = word.split_once('=')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (flag.starts_with('-') && flag.bytes().all(plain)).then_some(flag)
}

/// Replaces Kubernetes' `$(VAR)` in a container's `command`, `args` or `env`. As Kubernetes does, `$$` gives `$`, so
/// that `$$(VAR)` stays as `$(VAR)`, and a variable that is not set stays as written.
/// <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>
///
/// # Errors
///
/// Why the text can't be told: a variable's value is unknown, or the whole would pass [`EXPANSION_LIMIT`].
pub fn expand_kube(text: &str, look: Lookup) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut expanded = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        expanded.push_str(&text[at..dollar]);
        at = dollar + 1;
        match bytes.get(at) {
            Some(b'$') => {
                expanded.push('$');
                at += 1;
            }
            Some(b'(') => {
                let Some(length) = text[at + 1..].find(')') else {
                    // Nothing can close here or later; `$$` still counts.
                    expanded.push_str(&text[dollar..].replace("$$", "$"));
                    return Ok(expanded);
                };
                let end = at + 1 + length;
                match look(&text[at + 1..end]) {
                    Some(value) => expanded.push_str(&value?),
                    None => expanded.push_str(&text[dollar..=end]),
                }
                if expanded.len() > EXPANSION_LIMIT.saturating_add(text.len()) {
                    return Err(too_long());
                }
                at = end + 1;
            }
            _ => expanded.push('$'),
        }
    }
    expanded.push_str(&text[at..]);
    Ok(expanded)
}

/// A flag of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its name with its dashes; behind two dashes `_` is written as `-`, which engines read alike
    /// (`--max_model_len`).
    pub name: String,
    /// Its value, where it has one. The place of a value behind `=` is that of the whole word.
    pub value: Option<Word>,
    /// Where the flag itself is written.
    pub place: Place,
    /// Which of the words it is.
    pub index: usize,
}

/// A command line's words by what they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// The flags in order.
    pub flags: Vec<Flag>,
    /// Which words are neither a flag nor a flag's value.
    pub positional: Vec<usize>,
    /// Which words stand where a flag could and can't be told: each may hide any flag.
    pub unknown: Vec<usize>,
}

/// Tells flags from other words. Which flags take a value is the program's affair: `takes_value` is asked with the
/// [`Flag::name`]; for a flag that it does not know (`None`), the next word counts as its value unless that looks
/// like a flag. Of a flag that takes several values, the first is its value and the others are positional.
pub fn flags(words: &[Word], takes_value: &dyn Fn(&str) -> Option<bool>) -> Arguments {
    let mut arguments = Arguments::default();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        match word.value.as_deref() {
            Err(_) => arguments.unknown.push(index),
            Ok("--") => {
                arguments.positional.extend(index + 1..words.len());
                break;
            }
            Ok(text) if looks_like_flag(text) => {
                let (name, own_value) = match text.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (text, None),
                };
                let name = normalized(name);
                let value = match own_value {
                    Some(value) => Some(Word {
                        value: Ok(value.to_owned()),
                        place: word.place,
                    }),
                    None if takes_value(&name) == Some(false) => None,
                    None => words
                        .get(index + 1)
                        .filter(|next| !next.value.as_deref().is_ok_and(looks_like_flag))
                        .cloned(),
                };
                let took_next = own_value.is_none() && value.is_some();
                arguments.flags.push(Flag {
                    name,
                    value,
                    place: word.place,
                    index,
                });
                index += usize::from(took_next);
            }
            Ok(_) => arguments.positional.push(index),
        }
        index += 1;
    }
    arguments
}

/// A dash and more, but no negative number.
fn looks_like_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| !rest.is_empty() && rest.parse::<f64>().is_err())
}

/// `--max_model_len` as `--max-model-len`; behind a dot stand keys of the program's own (`--hf-overrides.rope_theta`).
fn normalized(name: &str) -> String {
    if !name.starts_with("--") {
        return name.to_owned();
    }
    match name.split_once('.') {
        Some((flag, key)) => format!("{}.{key}", flag.replace('_', "-")),
        None => name.replace('_', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn look(name: &str) -> Option<Result<String, String>> {
        match name {
            "MODEL" => Some(Ok("org/model".into())),
            "ARGS" => Some(Ok(" --a 1  --b ".into())),
            "EMPTY" => Some(Ok(String::new())),
            "SECRET" => Some(Err("comes from a Secret".into())),
            _ => None,
        }
    }

    fn split(script: &str) -> Vec<Command> {
        split_shell(&Text::verbatim(script, 0), SourceId(0), &look).unwrap()
    }

    /// Commands as lists of words, `?` for one that can't be told, assignments in front.
    fn shown(script: &str) -> Vec<Vec<String>> {
        let value = |word: &Word| word.value.clone().unwrap_or_else(|_| "?".into());
        split(script)
            .iter()
            .map(|command| {
                let env = command.env.iter().map(|(name, word)| format!("{name}={}", value(word)));
                env.chain(command.words.iter().map(value)).collect()
            })
            .collect()
    }

    #[test]
    fn scripts_split_as_a_posix_shell_does() {
        for (script, expected) in [
            (
                "a 'b c' \"d $MODEL\" e\\ f",
                vec![vec!["a", "b c", "d org/model", "e f"]],
            ),
            ("a \\\n  -b # c 'd\ne", vec![vec!["a", "-b"], vec!["e"]]),
            (
                "a&&b||c;d|e&\nf",
                vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]],
            ),
            (
                "A=1 B='x y' exec c >/dev/null 2>&1 <in &>out d",
                vec![vec!["A=1", "B=x y", "c", "d"]],
            ),
            (
                "a x$ARGS\"$ARGS\" $EMPTY ''",
                vec![vec!["a", "x", "--a", "1", "--b", " --a 1  --b ", ""]],
            ),
            ("a '' \"$EMPTY\" b\"\"", vec![vec!["a", "", "", "b"]]),
            (
                "set -e\nexport M=$MODEL; a $M ${M}",
                vec![
                    vec!["set", "-e"],
                    vec!["M=org/model"],
                    vec!["a", "org/model", "org/model"],
                ],
            ),
            (
                "a ${X:-b} ${X:-${Y:-$MODEL}} ${EMPTY:-c} ${EMPTY-d}${MODEL:+e}",
                vec![vec!["a", "b", "org/model", "c", "e"]],
            ),
            (
                "a $X --m=$X *.txt $(b 'c)' \"$(d)\") `e f` ~/g $1 ${X#y} $SECRET",
                vec![vec!["a", "?", "--m", "?", "?", "?", "?", "?", "?", "?", "?"]],
            ),
            (
                "a '*' \"[x]\" '{\"k\":1,\"l\":2}' {x} {x,y} $",
                vec![vec!["a", "*", "[x]", "{\"k\":1,\"l\":2}", "{x}", "?", "$"]],
            ),
            (
                "cat <<-'E' <<F; a\n b 'c\n\tE\n\td \"\nF\ne",
                vec![vec!["cat"], vec!["a"], vec!["e"]],
            ),
            (
                "if [ -n x ]; then a; else b; fi; ( c ) ; { d; }",
                vec![vec!["[", "-n", "x", "]"], vec!["a"], vec!["b"], vec!["c"], vec!["d"]],
            ),
            (
                "for i in 1 2; do a $i; done\ncase $x in y|z) b;; *) c ;; esac; d",
                vec![vec!["a", "?"], vec!["b"], vec!["c"], vec!["d"]],
            ),
            (
                "f() { a; }; [ x ] && M=1 || N=2; b $M $N",
                vec![
                    vec!["a"],
                    vec!["[", "x", "]"],
                    vec!["M=?"],
                    vec!["N=?"],
                    vec!["b", "?", "?"],
                ],
            ),
            (
                "echo \"${X:-it's}\" \"a`b`\" a#b",
                vec![vec!["echo", "it's", "?", "a#b"]],
            ),
        ] {
            assert_eq!(shown(script), expected, "{script}");
        }
    }

    #[test]
    fn a_variable_counts_where_the_script_alone_decides_it() {
        // The words of the last command.
        for (script, expected) in [
            ("M=a; M=b; c $M", "c b"),
            ("M=a; if x; then M=b; fi; c $M", "c ?"),
            ("if x; then M=b; c $M; fi", "c b"),
            ("if x; then M=b; else c $M; fi", "c ?"),
            ("M=a; for i in 1 2; do if x; then M=b; fi; c $M; done", "c ?"),
            ("M=a; f() { c $M; }; f", "f"),
            ("f() { local M=a; c $M; }", "c a"),
            ("f() { M=b; }; M=a; f; c $M", "c ?"),
            ("function f { M=b; }\nc $M", "c ?"),
            ("M=a; read -r M; c $M", "c ?"),
            ("M=a; source env.sh; c $M ${N:-x}", "c ? ?"),
            (
                "M=a; . /venv/bin/activate; eval \"$(conda shell.bash hook)\"; c $M",
                "c a",
            ),
            ("M=a; eval \"$(cat env)\"; c $M", "c ?"),
            (": ${M:=a}; c $M", "c a"),
            ("M=a; M+=' b'; c $M", "c a b"),
            ("grep -q x f && M=1; c $M", "c ?"),
            ("cd d && M=1 && c $M", "c 1"),
            ("A=(-a 1 # one\n \"b c\")\nc \"${A[@]}\" ${A[@]}; d $A", "d ?"),
            ("A=(-a 1 # one\n \"b c\")\nc \"${A[@]}\"", "c -a 1 b c"),
            ("A=(a); A+=(b); if x; then A+=(c); fi; d \"${A[@]}\"", "d a b ?"),
            ("A=(a); if x; then A=(c); fi; d \"${A[@]}\"", "d ?"),
            ("A=(a $(b)); d \"${A[@]}\" \"${A[0]}\"", "d a ? ?"),
        ] {
            assert_eq!(
                shown(script).last().map(|words| words.join(" ")).as_deref(),
                Some(expected),
                "{script}"
            );
        }
    }

    #[test]
    fn words_keep_their_places() {
        let script = "a --m=$X \"b\"";
        let places: Vec<_> = split(script)[0]
            .words
            .iter()
            .map(|word| &script[word.place.span.start..word.place.span.end])
            .collect();
        assert_eq!(places, ["a", "--m", "$X", "\"b\""]);
        let error = |script: &str| {
            split_shell(&Text::verbatim(script, 10), SourceId(0), &look)
                .unwrap_err()
                .span
        };
        assert_eq!(error("a 'b"), Span::new(12, 13));
        assert_eq!(error("a \"b 'c'"), Span::new(12, 13));
        assert_eq!(error("a $(b"), Span::new(12, 14));
    }

    #[test]
    fn hostile_scripts_end_soon_in_bounded_memory() {
        let started = std::time::Instant::now();
        let big = |name: &str| (name == "A").then(|| Ok("x ".repeat(10_000)));
        for script in [
            "$A".repeat(100_000),
            "\"$(".repeat(200_000),
            "${A:-".repeat(200_000),
            "${B:-".repeat(100_000) + &"}".repeat(100_000),
            "<<a ".repeat(100_000) + &"\nb".repeat(100_000),
            "B=$B$B$B$A;".repeat(10_000),
            "(".repeat(500_000),
            "{,}".repeat(300_000),
            "{}".repeat(300_000),
            "case a in ".repeat(100_000),
            "if ".repeat(100_000),
            "'".repeat(500_001),
            "A=(".repeat(100_000),
            format!("A=(x){}", ";A=(\"${A[@]}\" \"${A[@]}\")".repeat(10_000)),
            "if x; then M=1; A+=(b); ".repeat(20_000) + &"fi;".repeat(20_000),
        ] {
            let text = Text::verbatim(&script, 0);
            if let Ok(commands) = split_shell(&text, SourceId(0), &big) {
                let bytes: usize = commands
                    .iter()
                    .flat_map(|command| &command.words)
                    .map(|word| word.value.as_ref().map_or(0, String::len))
                    .sum();
                assert!(bytes <= script.len() + EXPANSION_LIMIT);
            }
        }
        let _ = expand_kube(&"$(".repeat(500_000), &big);
        assert!(expand_kube(&"$(A)".repeat(500_000), &big).is_err());
        assert!(started.elapsed().as_secs() < 60);
    }

    proptest::proptest! {
        #[test]
        fn any_script_gives_words_with_places_inside_it(picks in proptest::collection::vec(0..40usize, 0..40)) {
            const PARTS: [&str; 40] = [
                "a", "é", " ", "\n", "\r\n", "\\", "'", "\"", "`", "$", "$(", "${", "}", ")", "(", "A", ":-", "=", "<", ">",
                "<<", "|", "&", ";", ";;", "#", "~", "*", "[", "]", "{", ",", "case ", " in ", "esac", "for ", "export ",
                "$'", "-", "2",
            ];
            let script: String = picks.into_iter().map(|pick| PARTS[pick]).collect();
            match split_shell(&Text::verbatim(&script, 0), SourceId(0), &look) {
                Ok(commands) => for command in commands {
                    for word in command.words.iter().chain(command.env.iter().map(|(_, word)| word)) {
                        let span = word.place.span;
                        assert!(script.get(span.start..span.end).is_some());
                    }
                },
                Err(error) => assert!(script.get(error.span.start..error.span.end).is_some()),
            }
        }
    }

    #[test]
    fn kubernetes_variables_are_replaced_as_kubernetes_does() {
        for (text, expected) in [
            ("--model=$(MODEL)", "--model=org/model"),
            (
                "$$(MODEL) $(NOPE) $MODEL $ $$$(MODEL) $$",
                "$(MODEL) $(NOPE) $MODEL $ $org/model $",
            ),
            ("$(EMPTY)$(", "$("),
            ("a$(b$$", "a$(b$"),
        ] {
            assert_eq!(expand_kube(text, &look).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(expand_kube("x$(SECRET)", &look), Err("comes from a Secret".to_owned()));
        assert_eq!(flag_of_unknown("--a_b=$(X)"), Some("--a_b"));
        assert_eq!(flag_of_unknown("$(X)=1"), None);
    }

    #[test]
    fn flags_are_told_from_values() {
        let script = "vllm serve m --max_model_len 8192 -tp=4 --eager pos --kv-cache-dtype --x-y -1 \
                      --hf.rope_theta=5 $SECRET --seed $SECRET -- --z";
        let words = &split(script)[0].words;
        let found = flags(words, &|name| (name == "--eager").then_some(false));
        let shown: Vec<_> = found
            .flags
            .iter()
            .map(|flag| {
                assert_eq!(flag.place, words[flag.index].place);
                let value = flag.value.as_ref().map(|word| word.value.as_deref());
                (flag.name.as_str(), value.map(|value| value.unwrap_or("?")))
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("--max-model-len", Some("8192")),
                ("-tp", Some("4")),
                ("--eager", None),
                ("--kv-cache-dtype", None),
                ("--x-y", Some("-1")),
                ("--hf.rope_theta", Some("5")),
                ("--seed", Some("?")),
            ]
        );
        let text = |indices: &[usize]| -> Vec<_> {
            indices
                .iter()
                .map(|index| words[*index].value.clone().unwrap_or("?".into()))
                .collect()
        };
        assert_eq!(text(&found.positional), ["vllm", "serve", "m", "pos", "--z"]);
        assert_eq!(text(&found.unknown), ["?"]);
    }
}
