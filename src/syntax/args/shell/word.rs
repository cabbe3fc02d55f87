//! One word of a script: quotes, escapes, and what a `$` puts into it.

use super::super::{EXPANSION_LIMIT, Word, flag_of_unknown, name_length, too_long};
use super::variables::not_set;
use super::{Shell, Unclosed};

/// A word that is being read.
#[derive(Default)]
pub(super) struct Raw {
    /// Fields that an unquoted variable has already split off.
    pub(super) fields: Vec<String>,
    pub(super) current: String,
    /// Whether `current` is a word even when empty: it holds a quote or a character.
    pub(super) present: bool,
    /// Whether every character stands for itself: reserved words are recognized only then.
    pub(super) bare: bool,
    /// Why the word can't be told.
    pub(super) unknown: Option<String>,
    /// Whether a `[` stands outside of quotes.
    pub(super) square: bool,
    /// Whether a `{` does, and a `,` or `..` behind it.
    pub(super) brace: bool,
    pub(super) listed: bool,
}

impl Raw {
    pub(super) fn unknown(&mut self, why: String) {
        self.present = true;
        self.unknown.get_or_insert(why);
    }

    /// Notes characters outside of quotes that make a shell look for files or write out a list.
    pub(super) fn note_patterns(&mut self, text: &str) {
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

impl Shell<'_> {
    /// The words that what was read from `start` up to here becomes.
    pub(super) fn words_of(&self, raw: Raw, start: usize) -> Vec<Word> {
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

    /// Reads a word up to the blank or operator behind it; where it is `split`, unquoted variables may end fields.
    pub(super) fn read(&mut self, split: bool) -> Result<Raw, Unclosed> {
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
    pub(super) fn escape(&mut self, raw: &mut Raw, quoted: bool) {
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
    pub(super) fn dollar(&mut self, raw: &mut Raw, quoted: bool, split: bool) -> Result<(), Unclosed> {
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
    pub(super) fn insert(&mut self, raw: &mut Raw, value: &str, whole: bool) {
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
}

/// The byte after the `$(…)`, `${…}`, `<(…)` or backticks that open at `start`, whatever they hold. Where they stand in
/// double quotes, a `'` inside `${…}` is a character like any other.
pub(super) fn skip_nested(text: &str, start: usize, quoted: bool) -> Result<usize, Unclosed> {
    #[derive(Clone, Copy, PartialEq)]
    pub(super) enum Open {
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
