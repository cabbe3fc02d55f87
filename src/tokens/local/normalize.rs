//! `normalizer` of a `tokenizer.json`: what is done to a text before it is cut.

use serde_json::Value;
use unicode_normalization_alignments::UnicodeNormalization as _;
use unicode_normalization_alignments::char::is_combining_mark;

use super::charsmap::Charsmap;
use super::effort::{Effort, Uncounted};
use super::read::{Flat, flag, kind, steps, text};
use super::search::{Search, Set};

/// A step.
pub enum Normalizer {
    FormC,
    FormD,
    FormKc,
    FormKd,
    Replace {
        what: Search,
        by: String,
    },
    Prepend(String),
    Lowercase,
    Strip {
        left: bool,
        right: bool,
    },
    StripAccents,
    /// What SentencePiece's "nmt" does to controls and spaces.
    Nmt,
    Bert(Box<Bert>),
    Bytes,
    Charsmap(Box<Charsmap>),
}

/// What BERT does to a text.
pub struct Bert {
    clean: bool,
    chinese: bool,
    accents: bool,
    lowercase: bool,
    controls: Set,
    marks: Set,
}

/// How many times longer than it was a text may get.
const MOST_GROWTH: usize = 40;

/// The steps of a `normalizer`.
///
/// # Errors
/// What is malformed or not known here.
pub fn read(value: &Value) -> Result<Vec<Normalizer>, String> {
    let mut all = Vec::new();
    for step in steps(value, "normalizers")? {
        let Flat { value, kind: name } = step;
        all.push(match name {
            "NFC" => Normalizer::FormC,
            "NFD" => Normalizer::FormD,
            "NFKC" => Normalizer::FormKc,
            "NFKD" => Normalizer::FormKd,
            "Replace" => Normalizer::Replace {
                what: Search::read(value.get("pattern"))?,
                by: text(value, "content")?,
            },
            "Prepend" => Normalizer::Prepend(text(value, "prepend")?),
            "Lowercase" => Normalizer::Lowercase,
            "Strip" => Normalizer::Strip {
                left: flag(value, "strip_left", true),
                right: flag(value, "strip_right", true),
            },
            "StripAccents" => Normalizer::StripAccents,
            "Nmt" => Normalizer::Nmt,
            "ByteLevel" => Normalizer::Bytes,
            "Precompiled" => Normalizer::Charsmap(Box::new(Charsmap::read(&text(value, "precompiled_charsmap")?)?)),
            "BertNormalizer" => {
                let lowercase = flag(value, "lowercase", true);
                Normalizer::Bert(Box::new(Bert {
                    clean: flag(value, "clean_text", true),
                    chinese: flag(value, "handle_chinese_chars", true),
                    accents: flag(value, "strip_accents", lowercase),
                    lowercase,
                    // The reference knows Unicode 8.
                    controls: Set::new(r"[[\p{Cc}\p{Cf}\p{Co}]&&\p{Age=8.0}]")?,
                    marks: Set::new(r"[[\p{Mn}&&\p{Age=8.0}&&[^\u{111C9}]]\u{1734}]")?,
                }))
            }
            _ => return Err(kind("normalizer", name)),
        });
    }
    Ok(all)
}

/// What the steps make of a text.
pub fn apply(steps: &[Normalizer], text: &str, effort: &mut Effort) -> Result<String, Uncounted> {
    let most = text.len().saturating_mul(MOST_GROWTH).saturating_add(1000);
    let grown = Uncounted("its file makes a text too long");
    let mut now = text.to_owned();
    for step in steps {
        effort.spend(now.len())?;
        now = match step {
            Normalizer::FormC => now.nfc().map(|(char, _)| char).collect(),
            Normalizer::FormD => now.nfd().map(|(char, _)| char).collect(),
            Normalizer::FormKc => now.nfkc().map(|(char, _)| char).collect(),
            Normalizer::FormKd => now.nfkd().map(|(char, _)| char).collect(),
            Normalizer::Replace { what, by } => {
                let found = what.matches(&now, effort)?;
                if found.len().saturating_mul(by.len()) > most {
                    return Err(grown);
                }
                let mut out = String::with_capacity(now.len());
                let mut done = 0;
                for (start, end) in found {
                    out.push_str(&now[done..start]);
                    out.push_str(by);
                    done = end;
                }
                out.push_str(&now[done..]);
                out
            }
            Normalizer::Prepend(_) if now.is_empty() => now,
            Normalizer::Prepend(before) => format!("{before}{now}"),
            // Each character for itself: a sigma at a word's end is one like others.
            Normalizer::Lowercase => now.chars().flat_map(char::to_lowercase).collect(),
            Normalizer::Strip { left, right } => {
                let kept = if *left { now.trim_start() } else { &now };
                (if *right { kept.trim_end() } else { kept }).to_owned()
            }
            Normalizer::StripAccents => now.chars().filter(|&char| !is_combining_mark(char)).collect(),
            Normalizer::Nmt => nmt(&now),
            Normalizer::Bert(bert) => bert.apply(&now),
            Normalizer::Bytes => super::split::as_bytes(&now),
            Normalizer::Charsmap(charsmap) => charsmap.apply(&now, effort)?,
        };
        if now.len() > most {
            return Err(grown);
        }
    }
    Ok(now)
}

fn nmt(text: &str) -> String {
    let kept = text
        .chars()
        .filter(|&char| !matches!(char as u32, 0x1..=0x8 | 0xb | 0xe..=0x1f | 0x7f | 0x8f | 0x9f));
    kept.map(|char| match char as u32 {
        0x9 | 0xa | 0xc | 0xd | 0x1680 | 0x200b..=0x200f | 0x2028 | 0x2029 | 0x2581 | 0xfeff | 0xfffd => ' ',
        _ => char,
    })
    .collect()
}

impl Bert {
    fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for char in text.chars() {
            let blank = matches!(char, '\t' | '\n' | '\r');
            match char {
                '\0' | '\u{fffd}' if self.clean => {}
                _ if self.clean && !blank && self.controls.has(char) => {}
                _ if self.clean && char.is_whitespace() => out.push(' '),
                _ if self.chinese && is_chinese(char) => out.extend([' ', char, ' ']),
                _ => out.push(char),
            }
        }
        if self.accents {
            out = out
                .nfd()
                .map(|(char, _)| char)
                .filter(|&char| !self.marks.has(char))
                .collect();
        }
        if self.lowercase {
            out = out.chars().flat_map(char::to_lowercase).collect();
        }
        out
    }
}

fn is_chinese(char: char) -> bool {
    matches!(
        char as u32,
        0x4e00..=0x9fff
            | 0x3400..=0x4dbf
            | 0x20000..=0x2a6df
            | 0x2a700..=0x2b73f
            | 0x2b740..=0x2b81f
            | 0x2b920..=0x2ceaf
            | 0xf900..=0xfaff
            | 0x2f800..=0x2fa1f
    )
}
