//! Tokenizers as lists of ranks: tiktoken's lines of a token in base64 and its rank, and Mistral's `tekken.json`.

use std::collections::HashMap;

use serde::Deserialize;

use super::search::Search;
use super::split::{Keep, Splitter, Where};
use super::{Model, Tokenizer, added, base64};
use crate::tokens::bpe::{self, Ranked};
use crate::tokens::tables::NO_TOKEN;

/// Tokens by their bytes; a lower rank is merged first.
pub struct Ranks {
    ranks: HashMap<Vec<u8>, u32>,
    /// How far ids are from ranks: control tokens stand before the others.
    controls: u32,
}

#[derive(Deserialize)]
struct Tekken {
    config: TekkenConfig,
    vocab: Vec<TekkenToken>,
}

#[derive(Deserialize)]
struct TekkenConfig {
    pattern: String,
    default_vocab_size: u32,
    default_num_special_tokens: u32,
}

#[derive(Deserialize)]
struct TekkenToken {
    rank: u32,
    token_bytes: String,
}

/// Reads tiktoken's list.
///
/// # Errors
/// A line that is malformed, or an expression that is not known here.
pub fn tiktoken(text: &str, pattern: &str) -> Result<Tokenizer, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let ranks = lines.map(|(number, line)| {
        let pair = line.split_once(' ').and_then(|(token, rank)| {
            let rank = rank.trim().parse::<u32>().ok().filter(|&rank| rank != NO_TOKEN)?;
            Some((base64::decode(token)?, rank))
        });
        pair.ok_or_else(|| format!("is no list of tokens and ranks (line {})", number + 1))
    });
    tokenizer(ranks.collect::<Result<_, _>>()?, 0, pattern)
}

/// Reads a `tekken.json`; `None` where the file is another.
pub fn tekken(text: &str) -> Option<Result<Tokenizer, String>> {
    let Tekken { config, vocab } = serde_json::from_str(text).ok()?;
    let controls = config.default_num_special_tokens;
    let end = config.default_vocab_size.saturating_sub(controls);
    let tokens = vocab.into_iter().filter(|token| token.rank < end);
    let ranks = tokens.map(|token| Some((base64::decode(&token.token_bytes)?, token.rank)));
    let ranks = ranks
        .collect::<Option<_>>()
        .ok_or("has a token that is not in base64".to_owned());
    Some(ranks.and_then(|ranks| tokenizer(ranks, controls, &config.pattern)))
}

fn tokenizer(ranks: HashMap<Vec<u8>, u32>, controls: u32, pattern: &str) -> Result<Tokenizer, String> {
    if let Some(byte) = (0..=255).find(|byte: &u8| !ranks.contains_key(&vec![*byte])) {
        return Err(format!("has no token for the byte {byte:#04x}"));
    }
    let (added, added_normalized) = added::split(Vec::new(), |text| Ok(text.to_owned()))?;
    Ok(Tokenizer {
        added,
        normalizers: Vec::new(),
        added_normalized,
        splitters: vec![Splitter::Split {
            at: Where::Found(Search::expression(pattern)?),
            keep: Keep::Removed,
            invert: true,
        }],
        model: Model::Ranks(Ranks { ranks, controls }),
    })
}

impl Ranks {
    /// Adds the tokens of a piece.
    pub fn encode(&self, piece: &str, out: &mut Vec<u32>) {
        bpe::each_token(self, piece.as_bytes(), |token| {
            out.push(self.rank(token).saturating_add(self.controls))
        });
    }
}

impl Ranked for Ranks {
    fn rank(&self, token: &[u8]) -> u32 {
        self.ranks.get(token).copied().unwrap_or(NO_TOKEN)
    }
}
