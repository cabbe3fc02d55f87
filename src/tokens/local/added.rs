//! `added_tokens` of a `tokenizer.json`: what is found in a text before anything else. Tokens of a tokenizer's control are
//! ordinary text here, as everywhere in counting.

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Deserialize;

use super::effort::{Effort, Uncounted};

/// A token that stands apart, as the file has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
    #[serde(default)]
    special: bool,
}

/// Some of these tokens, ready to be found.
pub struct Added {
    entries: Vec<Entry>,
    finder: Option<AhoCorasick>,
}

/// A part of a text.
pub enum Part<'t> {
    Text(&'t str),
    Token(u32),
}

/// Those that are found in a text as it stands, and those that are found in what the normalizer leaves of it.
///
/// # Errors
/// Too many, or a text that cannot be brought to a normal form.
pub fn split(entries: Vec<Entry>, normal: impl Fn(&str) -> Result<String, String>) -> Result<(Added, Added), String> {
    // Tokens of control come first, as in the reference: of two with the same text the first is found.
    let (mut all, others): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .filter(|entry| !entry.content.is_empty())
        .partition(|entry| entry.special);
    all.extend(others);
    let (mut normalized, plain): (Vec<Entry>, Vec<Entry>) = all.into_iter().partition(|entry| entry.normalized);
    for entry in &mut normalized {
        entry.content = normal(&entry.content)?;
    }
    normalized.retain(|entry| !entry.content.is_empty());
    Ok((Added::new(plain)?, Added::new(normalized)?))
}

impl Added {
    fn new(entries: Vec<Entry>) -> Result<Self, String> {
        // Nothing but control: nothing to find.
        let finder = match entries.iter().all(|entry| entry.special) {
            true => None,
            false => Some(
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostLongest)
                    .build(entries.iter().map(|entry| &entry.content))
                    .map_err(|error| format!("its added tokens: {error}"))?,
            ),
        };
        Ok(Self { entries, finder })
    }

    /// The parts of a text, without gaps.
    pub fn parts<'t>(&self, text: &'t str, effort: &mut Effort) -> Result<Vec<Part<'t>>, Uncounted> {
        let Some(finder) = &self.finder else {
            return Ok(vec![Part::Text(text)]);
        };
        effort.spend(text.len())?;
        let mut parts = Vec::new();
        let mut done = 0;
        for found in finder.find_iter(text) {
            let (mut start, mut end) = (found.start(), found.end());
            let entry = &self.entries[found.pattern().as_usize()];
            if entry.special || start < done {
                continue;
            }
            let (before, after) = (&text[..start], &text[end..]);
            let joins = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
            if entry.single_word && (joins(before.chars().next_back()) || joins(after.chars().next())) {
                continue;
            }
            if entry.lstrip {
                start = before.trim_end().len().max(done);
            }
            if entry.rstrip {
                end += after.len() - after.trim_start().len();
            }
            if done < start {
                parts.push(Part::Text(&text[done..start]));
            }
            parts.push(Part::Token(entry.id));
            done = end;
        }
        if done < text.len() {
            parts.push(Part::Text(&text[done..]));
        }
        Ok(parts)
    }
}
