//! Command lines: shell scripts split into words, Kubernetes' `$(VAR)`, and flags told from what is not one.
//!
//! Nothing is run: a word that only a shell could work out is an `Err` that says why.

use std::collections::HashMap;
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
/// written. POSIX quoting, comments, separators, redirections and here-documents are understood; `if`, `for`, `case`,
/// functions and subshells are opened up, so that a command under a condition is listed like any other.
///
/// A word such as `--model=$X` whose variable can't be told becomes two words, `--model` and the unknown value, so
/// that the flag is still seen. An unquoted variable may become several words or none, as in the shell.
///
/// # Errors
///
/// A quote, `$(`, `${` or backtick that is never closed.
pub fn split_shell(text: &Text, source: SourceId, look: Lookup) -> Result<Vec<Command>, SyntaxError> {
    let mut shell = Shell {
        text: text.as_str(),
        at: 0,
        look,
        variables: HashMap::new(),
        expanded: 0,
        commands: Vec::new(),
        command: Command::default(),
        state: State::default(),
        depth: 0,
        guarded: false,
        cases: 0,
        pattern: false,
        documents: Vec::new(),
        place: &|range| Place {
            source,
            span: text.span_of(range),
        },
    };
    match shell.run() {
        Ok(()) => Ok(shell.commands),
        Err(Unclosed { start, mark }) => Err(SyntaxError {
            span: text.span_of(start..start + mark.len()),
            message: format!("`{mark}` opened here is never closed"),
        }),
    }
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
    /// Its words are not a command's: `for x in a b`.
    dropped: bool,
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
    /// Bytes that replacing variables has added so far.
    expanded: usize,
    commands: Vec<Command>,
    command: Command,
    state: State,
    /// How many compound commands are open: what is set inside is set on a condition.
    depth: usize,
    /// Whether a test or `||` decides if this command runs.
    guarded: bool,
    /// How many `case` are open.
    cases: usize,
    /// Whether a pattern of a `case` is being read.
    pattern: bool,
    /// Here-documents whose bodies begin after the line: end mark, and whether leading tabs go.
    documents: Vec<(String, bool)>,
    place: &'a dyn Fn(Range<usize>) -> Place,
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
            .is_some_and(|word| matches!(word.value.as_deref(), Ok("[" | "[[" | "test")));
        self.end_command();
        let (length, guarded) = if rest.starts_with("||") {
            (2, true)
        } else if rest.starts_with("&&") {
            (2, self.guarded || tests)
        } else {
            if rest.starts_with(";;") || rest.starts_with(";&") {
                self.pattern = self.cases > 0;
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
                return;
            }
        }
        self.end_command();
        if byte == b'(' {
            self.depth += 1;
        } else {
            self.depth = self.depth.saturating_sub(1);
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
        let command = std::mem::take(&mut self.command);
        if state.dropped || self.pattern {
            return;
        }
        if command.words.is_empty() {
            let conditional = self.depth > 0 || self.guarded;
            for (name, word) in &command.env {
                let value = if conditional {
                    Err(format!("`{name}` is set on a condition"))
                } else {
                    word.value.clone()
                };
                self.variables.insert(name.clone(), value);
            }
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
        self.state.started = true;
        if self.state.exports || self.state.dropped {
            return Ok(());
        }
        let place = self.place;
        if let Some(why) = raw.unknown {
            let mut value_start = start;
            if let Some(flag) = flag_of_unknown(&text[start..end]) {
                value_start = start + flag.len() + 1;
                self.command.words.push(Word {
                    value: Ok(flag.to_owned()),
                    place: place(start..start + flag.len()),
                });
            }
            self.command.words.push(Word {
                value: Err(why),
                place: place(value_start..end),
            });
            return Ok(());
        }
        let last = raw.present.then_some(raw.current);
        for field in raw.fields.into_iter().chain(last) {
            self.command.words.push(Word {
                value: Ok(field),
                place: place(start..end),
            });
        }
        Ok(())
    }

    fn assignment(&mut self, start: usize, name: usize) -> Result<(), Unclosed> {
        let text = self.text;
        let appends = text[start + name..].starts_with('+');
        self.at = start + name + 1 + usize::from(appends);
        let value_start = self.at;
        let raw = self.read(false)?;
        let name = &text[start..start + name];
        let value = match raw.unknown {
            Some(why) => Err(why),
            None if appends => Err(format!("`{name}` is appended to")),
            None => Ok(raw.current),
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
            let why = format!("`{word}` is set by a loop");
            self.variables.insert(word.to_owned(), Err(why));
            return true;
        }
        if self.state.heads_case && word == "in" {
            self.end_command();
            self.pattern = true;
            return true;
        }
        if self.state.started || self.state.dropped {
            return false;
        }
        match word {
            "if" | "while" | "until" | "{" => self.depth += 1,
            "fi" | "done" | "}" => self.depth = self.depth.saturating_sub(1),
            "then" | "elif" | "else" | "do" | "!" | "time" => {}
            "exec" | "command" | "nohup" => {}
            "for" | "select" => {
                self.state.dropped = true;
                self.state.names_variable = true;
            }
            "function" => self.state.dropped = true,
            "case" => {
                self.depth += 1;
                self.cases += 1;
                self.state.dropped = true;
                self.state.heads_case = true;
            }
            "esac" => self.close_case(),
            "export" | "readonly" | "declare" | "local" => self.state.exports = true,
            _ => return false,
        }
        true
    }

    fn close_case(&mut self) {
        self.pattern = false;
        self.cases = self.cases.saturating_sub(1);
        self.depth = self.depth.saturating_sub(1);
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
                self.parameter(&self.text[start + 2..self.at - 1], quoted)
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
            None => (self.look)(name),
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
                    vec!["M=1"],
                    vec!["N=2"],
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
