//! The models `WordPiece` and `WordLevel` of a `tokenizer.json`.

use std::collections::HashMap;

use super::UNKNOWN;
use super::effort::{Effort, Uncounted};

/// From left to right the longest token that fits; a piece in which none fits is unknown as a whole.
pub struct WordPiece {
    vocabulary: HashMap<String, u32>,
    /// What stands before a token that does not start a piece.
    prefix: String,
    unknown: Option<u32>,
    /// Pieces of more characters are unknown.
    most_chars: usize,
    /// Bytes of the longest token.
    longest: usize,
}

impl WordPiece {
    /// The model.
    pub fn new(vocabulary: HashMap<String, u32>, prefix: String, unknown: Option<u32>, most_chars: usize) -> Self {
        let longest = vocabulary.keys().map(String::len).max().unwrap_or(0);
        Self {
            vocabulary,
            prefix,
            unknown,
            most_chars,
            longest,
        }
    }

    /// Adds the tokens of a piece.
    pub fn encode(&self, piece: &str, out: &mut Vec<u32>, effort: &mut Effort) -> Result<(), Uncounted> {
        let begin = out.len();
        let mut start = 0;
        let mut written = String::new();
        let fits = piece.chars().count() <= self.most_chars;
        while fits && start < piece.len() {
            written.clear();
            if start > 0 {
                written.push_str(&self.prefix);
            }
            let before = written.len();
            let most = piece.floor_char_boundary(start + self.longest);
            written.push_str(&piece[start..most.max(start)]);
            let id = loop {
                effort.spend(1 + written.len() / 16)?;
                if written.len() <= before {
                    break None;
                }
                if let Some(&id) = self.vocabulary.get(&written) {
                    break Some(id);
                }
                written.pop();
            };
            let Some(id) = id else { break };
            out.push(id);
            start += written.len() - before;
        }
        if !fits || start < piece.len() {
            out.truncate(begin);
            out.push(self.unknown.ok_or(UNKNOWN)?);
        }
        Ok(())
    }
}

/// A piece is a token or unknown.
pub struct WordLevel {
    pub vocabulary: HashMap<String, u32>,
    pub unknown: Option<u32>,
}

impl WordLevel {
    /// Adds the token of a piece.
    pub fn encode(&self, piece: &str, out: &mut Vec<u32>) -> Result<(), Uncounted> {
        let id = self.vocabulary.get(piece).copied().or(self.unknown);
        out.push(id.ok_or(UNKNOWN)?);
        Ok(())
    }
}
