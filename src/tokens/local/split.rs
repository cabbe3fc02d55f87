//! `pre_tokenizer` of a `tokenizer.json`: how a text is cut into the pieces that become tokens one by one.

use std::ops::Range;
use std::sync::LazyLock;

use serde_json::Value;

use super::effort::{Effort, Uncounted};
use super::read::{Flat, flag, kind, steps, text};
use super::search::{Search, Set};

/// GPT-2's pattern, which `ByteLevel` cuts by unless it is told not to.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

/// Punctuation of Unicode 8, which the reference knows, and of ASCII; two of its characters are none any more.
const PUNCTUATION: &str = r"[[[[:punct:]\p{P}]&&\p{Age=8.0}]\u{111C9}\u{166D}]";

/// A step.
pub enum Splitter {
    Split {
        at: Where,
        keep: Keep,
        invert: bool,
    },
    Bytes {
        space_before: bool,
        pattern: Option<Search>,
    },
    Metaspace {
        mark: String,
        before: Before,
        split: bool,
    },
}

/// Where to cut.
pub enum Where {
    Found(Search),
    /// At each character of a kind.
    Chars(Chars),
}

/// A kind of characters.
pub enum Chars {
    Space,
    Number,
    One(char),
    Of(Set),
}

/// What becomes of what was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Removed,
    Isolated,
    WithPrevious,
    WithNext,
    Contiguous,
}

/// Before which pieces SentencePiece's mark of a space is put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Always,
    First,
    Never,
}

/// A text and the pieces of it that are left.
pub struct Cut {
    text: String,
    pieces: Vec<Range<usize>>,
    /// Whether the text starts where the whole one does.
    first: bool,
}

/// The steps of a `pre_tokenizer`.
///
/// # Errors
/// What is malformed or not known here.
pub fn read(value: &Value) -> Result<Vec<Splitter>, String> {
    let mut all = Vec::new();
    let split = |at, keep| Splitter::Split {
        at,
        keep,
        invert: false,
    };
    let punctuation = || Set::new(PUNCTUATION).map(|set| Where::Chars(Chars::Of(set)));
    for Flat { value, kind: name } in steps(value, "pretokenizers")? {
        match name {
            "Split" => all.push(Splitter::Split {
                at: Where::Found(Search::read(value.get("pattern"))?),
                keep: Keep::read(value)?.ok_or("a `Split` names no `behavior`")?,
                invert: flag(value, "invert", false),
            }),
            "ByteLevel" => all.push(Splitter::Bytes {
                space_before: flag(value, "add_prefix_space", true),
                pattern: match flag(value, "use_regex", true) {
                    true => Some(Search::expression(GPT2)?),
                    false => None,
                },
            }),
            "Metaspace" => all.push(Splitter::Metaspace {
                mark: one_char(value, "replacement")?.to_string(),
                before: match (
                    value.get("prepend_scheme").and_then(Value::as_str),
                    flag(value, "add_prefix_space", true),
                ) {
                    (Some("never"), _) | (None, false) => Before::Never,
                    (Some("first"), _) => Before::First,
                    (Some("always") | None, _) => Before::Always,
                    (Some(other), _) => return Err(kind("prepend_scheme", other)),
                },
                split: flag(value, "split", true),
            }),
            "Whitespace" => all.push(Splitter::Split {
                at: Where::Found(Search::expression(r"\w+|[^\w\s]+")?),
                keep: Keep::Removed,
                invert: true,
            }),
            "WhitespaceSplit" => all.push(split(Where::Chars(Chars::Space), Keep::Removed)),
            "CharDelimiterSplit" => {
                let delimiter = one_char(value, "delimiter")?;
                all.push(split(Where::Chars(Chars::One(delimiter)), Keep::Removed));
            }
            "Punctuation" => all.push(split(punctuation()?, Keep::read(value)?.unwrap_or(Keep::Isolated))),
            "Digits" => all.push(split(
                Where::Chars(Chars::Number),
                match flag(value, "individual_digits", false) {
                    true => Keep::Isolated,
                    false => Keep::Contiguous,
                },
            )),
            "BertPreTokenizer" => {
                all.push(split(Where::Chars(Chars::Space), Keep::Removed));
                all.push(split(punctuation()?, Keep::Isolated));
            }
            _ => return Err(kind("pre_tokenizer", name)),
        }
    }
    Ok(all)
}

fn one_char(value: &Value, key: &str) -> Result<char, String> {
    let text = text(value, key)?;
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => Ok(char),
        _ => Err(format!("its `{key}` is not one character")),
    }
}

impl Keep {
    fn read(value: &Value) -> Result<Option<Self>, String> {
        Ok(Some(match value.get("behavior").and_then(Value::as_str) {
            None => return Ok(None),
            Some("Removed") => Self::Removed,
            Some("Isolated") => Self::Isolated,
            Some("MergedWithPrevious") => Self::WithPrevious,
            Some("MergedWithNext") => Self::WithNext,
            Some("Contiguous") => Self::Contiguous,
            Some(other) => return Err(kind("behavior", other)),
        }))
    }
}

impl Chars {
    fn has(&self, char: char) -> bool {
        match self {
            Self::Space => char.is_whitespace(),
            Self::Number => char.is_numeric(),
            Self::One(one) => char == *one,
            Self::Of(set) => set.has(char),
        }
    }
}

impl Cut {
    /// A text that is one piece yet; `first` where it starts the whole text.
    pub fn new(text: String, first: bool) -> Self {
        let pieces = std::iter::once(0..text.len())
            .filter(|piece| !piece.is_empty())
            .collect();
        Self { text, pieces, first }
    }

    /// The pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|piece| &self.text[piece.clone()])
    }

    /// Does a step.
    pub fn step(&mut self, step: &Splitter, effort: &mut Effort) -> Result<(), Uncounted> {
        effort.spend(self.text.len() + self.pieces.len())?;
        match step {
            Splitter::Split { at, keep, invert } => self.split(at, *keep, *invert, effort),
            Splitter::Bytes { space_before, pattern } => {
                if *space_before {
                    self.put_before(" ", |piece, _| !piece.starts_with(' '));
                }
                if let Some(pattern) = pattern {
                    self.split_at(
                        |text, effort| pattern.matches(text, effort),
                        Keep::Isolated,
                        false,
                        effort,
                    )?;
                }
                self.map(push_bytes);
                Ok(())
            }
            Splitter::Metaspace { mark, before, split } => {
                self.map(|piece, out| push_replaced(piece, mark, out));
                match before {
                    Before::Never => {}
                    Before::Always => self.put_before(mark, |piece, _| !piece.starts_with(mark.as_str())),
                    Before::First => self.put_before(mark, |piece, first| first && !piece.starts_with(mark.as_str())),
                }
                match split {
                    true => {
                        let marks = Search::Text(mark.clone());
                        self.split_at(
                            |text, effort| marks.matches(text, effort),
                            Keep::WithNext,
                            false,
                            effort,
                        )
                    }
                    false => Ok(()),
                }
            }
        }
    }

    fn split(&mut self, at: &Where, keep: Keep, invert: bool, effort: &mut Effort) -> Result<(), Uncounted> {
        match at {
            Where::Found(search) => self.split_at(|text, effort| search.matches(text, effort), keep, invert, effort),
            Where::Chars(chars) => {
                let found = |text: &str, _: &mut Effort| {
                    let found = text.char_indices().filter(|(_, char)| chars.has(*char));
                    Ok(found.map(|(start, char)| (start, start + char.len_utf8())).collect())
                };
                self.split_at(found, keep, invert, effort)
            }
        }
    }

    /// Cuts each piece at what is found in it.
    fn split_at(
        &mut self,
        matches: impl Fn(&str, &mut Effort) -> Result<Vec<(usize, usize)>, Uncounted>,
        keep: Keep,
        invert: bool,
        effort: &mut Effort,
    ) -> Result<(), Uncounted> {
        let mut all = Vec::with_capacity(self.pieces.len());
        for piece in std::mem::take(&mut self.pieces) {
            // The parts of the piece, found or not.
            let mut parts: Vec<(Range<usize>, bool)> = Vec::new();
            let mut done = piece.start;
            for (start, end) in matches(&self.text[piece.clone()], effort)? {
                let found = piece.start + start..piece.start + end;
                if done < found.start {
                    parts.push((done..found.start, invert));
                }
                done = found.end;
                parts.push((found, !invert));
            }
            if done < piece.end {
                parts.push((done..piece.end, invert));
            }
            keep.of(parts, &mut all);
        }
        all.retain(|piece| !piece.is_empty());
        self.pieces = all;
        Ok(())
    }

    /// Puts a text before the pieces that ask for it.
    fn put_before(&mut self, before: &str, asks: impl Fn(&str, bool) -> bool) {
        let first = self.first;
        let mut at_start = self.pieces.first().is_some_and(|piece| first && piece.start == 0);
        self.map(|piece, out| {
            if asks(piece, at_start) {
                out.push_str(before);
            }
            at_start = false;
            out.push_str(piece);
        });
    }

    /// Writes each piece anew.
    fn map(&mut self, mut write: impl FnMut(&str, &mut String)) {
        let mut out = String::with_capacity(self.text.len() * 2);
        self.first &= self.pieces.first().is_some_and(|piece| piece.start == 0);
        for piece in &mut self.pieces {
            let start = out.len();
            write(&self.text[piece.clone()], &mut out);
            *piece = start..out.len();
        }
        self.text = out;
    }
}

impl Keep {
    fn of(self, parts: Vec<(Range<usize>, bool)>, out: &mut Vec<Range<usize>>) {
        let begin = out.len();
        match self {
            Self::Removed => out.extend(parts.into_iter().filter(|(_, found)| !found).map(|(part, _)| part)),
            Self::Isolated => out.extend(parts.into_iter().map(|(part, _)| part)),
            Self::Contiguous => {
                let mut last = None;
                for (part, found) in parts {
                    match out.last_mut() {
                        Some(open) if last == Some(found) => open.end = part.end,
                        _ => out.push(part),
                    }
                    last = Some(found);
                }
            }
            Self::WithPrevious => {
                let mut last = false;
                for (part, found) in parts {
                    match out[begin..].last_mut() {
                        Some(open) if found && !last => open.end = part.end,
                        _ => out.push(part),
                    }
                    last = found;
                }
            }
            Self::WithNext => {
                let mut last = false;
                for (part, found) in parts.into_iter().rev() {
                    match out[begin..].last_mut() {
                        Some(open) if found && !last => open.start = part.start,
                        _ => out.push(part),
                    }
                    last = found;
                }
                out[begin..].reverse();
            }
        }
    }
}

/// The character that GPT-2 writes for each byte: printable ones themselves, the others from U+0100 on.
pub static BYTES: LazyLock<[char; 256]> = LazyLock::new(|| {
    let mut next = 0x100;
    std::array::from_fn(|byte| {
        let byte = byte as u8;
        if matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..) {
            return char::from(byte);
        }
        next += 1;
        char::from_u32(next - 1).unwrap_or_default()
    })
});

fn push_bytes(piece: &str, out: &mut String) {
    let bytes = &*BYTES;
    out.extend(piece.bytes().map(|byte| bytes[usize::from(byte)]));
}

/// A text with each byte as the character that GPT-2 writes for it.
pub fn as_bytes(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    push_bytes(text, &mut out);
    out
}

fn push_replaced(piece: &str, mark: &str, out: &mut String) {
    for (index, part) in piece.split(' ').enumerate() {
        if index > 0 {
            out.push_str(mark);
        }
        out.push_str(part);
    }
}
