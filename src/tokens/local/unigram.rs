//! The model `Unigram` of a `tokenizer.json`: of all ways to cut a piece into tokens, the one with the highest score.

use super::effort::{Effort, Uncounted};
use super::merges::ByteTokens;

/// The model.
pub struct Unigram {
    /// The tokens, sorted by their bytes, with their ids.
    sorted: Vec<(String, u32)>,
    scores: Vec<f64>,
    unknown: Option<u32>,
    unknown_score: f64,
    bytes: Option<ByteTokens>,
}

/// By how much a character without a token scores below the worst token.
const PENALTY: f64 = 10.0;

/// The best way to a place.
#[derive(Clone, Copy)]
struct Best {
    score: f64,
    /// Where its last token starts, and which it is.
    last: Option<(usize, u32)>,
}

impl Unigram {
    /// The model of tokens with their scores.
    pub fn new(tokens: Vec<(String, f64)>, unknown: Option<u32>, bytes: Option<ByteTokens>) -> Self {
        let scores: Vec<f64> = tokens.iter().map(|(_, score)| *score).collect();
        let unknown_score = scores.iter().copied().fold(f64::INFINITY, f64::min) - PENALTY;
        let mut sorted: Vec<(String, u32)> = (0..).zip(tokens).map(|(id, (token, _))| (token, id)).collect();
        // Of a token that is there twice the last counts.
        sorted.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        sorted.reverse();
        sorted.dedup_by(|next, kept| next.0 == kept.0);
        sorted.reverse();
        Self {
            sorted,
            scores,
            unknown,
            unknown_score,
            bytes,
        }
    }

    /// Adds the tokens of a piece.
    pub fn encode(&self, piece: &str, out: &mut Vec<u32>, effort: &mut Effort) -> Result<(), Uncounted> {
        let nowhere = Best { score: 0.0, last: None };
        let mut best = vec![nowhere; piece.len() + 1];
        for (start, char) in piece.char_indices() {
            let here = best[start].score;
            let mut single = false;
            let mut reach = |end: usize, id: u32, score: f64| {
                let there = &mut best[end];
                if there.last.is_none() || score > there.score {
                    *there = Best {
                        score,
                        last: Some((start, id)),
                    };
                }
            };
            self.each_start(&piece.as_bytes()[start..], effort, |length, id| {
                single |= length == char.len_utf8();
                reach(start + length, id, here + self.scores[id as usize]);
            })?;
            if !single {
                let unknown = self.unknown.unwrap_or(u32::MAX);
                reach(start + char.len_utf8(), unknown, here + self.unknown_score);
            }
        }
        // From the end back.
        let mut tokens: Vec<(usize, usize, u32)> = Vec::new();
        let mut end = piece.len();
        while end > 0 {
            let (start, id) = best[end]
                .last
                .ok_or(Uncounted("its file is not made as tokenizers are"))?;
            match tokens.last_mut() {
                // Several without a token are one.
                Some((open, _, last)) if self.unknown == Some(id) && *last == id => *open = start,
                _ => tokens.push((start, end, id)),
            }
            end = start;
        }
        for (start, end, id) in tokens.into_iter().rev() {
            if self.unknown != Some(id) && id != u32::MAX {
                out.push(id);
                continue;
            }
            let text = &piece[start..end];
            match (self.id(text), self.bytes.as_ref().and_then(|bytes| bytes.of(text))) {
                (Some(id), _) => out.push(id),
                (None, Some(bytes)) => out.extend(bytes),
                (None, None) => out.push(self.unknown.ok_or(super::UNKNOWN)?),
            }
        }
        Ok(())
    }

    fn id(&self, token: &str) -> Option<u32> {
        let at = self
            .sorted
            .binary_search_by(|(other, _)| other.as_str().cmp(token))
            .ok()?;
        Some(self.sorted[at].1)
    }

    /// Calls `found` with the length and id of each token that bytes start with, the shortest first.
    fn each_start(
        &self,
        bytes: &[u8],
        effort: &mut Effort,
        mut found: impl FnMut(usize, u32),
    ) -> Result<(), Uncounted> {
        let mut left = self.sorted.as_slice();
        for (at, byte) in bytes.iter().enumerate() {
            let next = |(token, _): &(String, u32)| token.as_bytes().get(at).copied();
            // Those that end here come first; they were found a byte before.
            let from = left.partition_point(|token| next(token) < Some(*byte));
            let to = from + left[from..].partition_point(|token| next(token) == Some(*byte));
            left = &left[from..to];
            let Some((token, id)) = left.first() else { break };
            if token.len() == at + 1 {
                found(at + 1, *id);
            }
            effort.spend(1)?;
        }
        Ok(())
    }
}
