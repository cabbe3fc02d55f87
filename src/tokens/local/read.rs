//! Reading a `tokenizer.json`.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::added::{self, Entry};
use super::effort::Effort;
use super::merges::{ByteTokens, Merges};
use super::unigram::Unigram;
use super::words::{WordLevel, WordPiece};
use super::{Model, Tokenizer, normalize, split};

/// Steps of a normalizer or of cutting.
const MOST_STEPS: usize = 40;
/// Bytes of a token.
const MOST_TOKEN_BYTES: usize = 4096;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(default)]
    added_tokens: Option<Vec<Entry>>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(borrow)]
    model: &'a RawValue,
}

#[derive(Deserialize)]
struct ModelFile<'a> {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    vocab: &'a RawValue,
    #[serde(default, borrow)]
    merges: Option<Vec<Merge<'a>>>,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    unk_id: Option<u32>,
    #[serde(default)]
    fuse_unk: bool,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    ignore_merges: bool,
    #[serde(default)]
    dropout: Option<f64>,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    #[serde(default)]
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    max_input_chars_per_word: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Pair(String, String),
}

/// Reads a `tokenizer.json`.
///
/// # Errors
/// What is malformed or not known here.
pub fn tokenizer(text: &str) -> Result<Tokenizer, String> {
    let file: File<'_> = serde_json::from_str(text).map_err(|error| format!("is no `tokenizer.json`: {error}"))?;
    let normalizers = normalize::read(&file.normalizer)?;
    let (added, added_normalized) = added::split(file.added_tokens.unwrap_or_default(), |text| {
        let normal = normalize::apply(&normalizers, text, &mut Effort::for_text(text));
        normal.map_err(|why| why.0.to_owned())
    })?;
    Ok(Tokenizer {
        added,
        normalizers,
        added_normalized,
        splitters: split::read(&file.pre_tokenizer)?,
        model: model(file.model)?,
    })
}

fn model(raw: &RawValue) -> Result<Model, String> {
    let malformed = |error: serde_json::Error| format!("its `model`: {error}");
    let model: ModelFile<'_> = serde_json::from_str(raw.get()).map_err(malformed)?;
    let vocabulary = || -> Result<HashMap<String, u32>, String> {
        let all: HashMap<String, u32> = serde_json::from_str(model.vocab.get()).map_err(malformed)?;
        match all.keys().all(|token| token.len() <= MOST_TOKEN_BYTES) {
            true => Ok(all),
            false => Err(format!("has a token of more than {MOST_TOKEN_BYTES} bytes")),
        }
    };
    // Files of old releases name no kind.
    let kind = model
        .kind
        .as_deref()
        .unwrap_or(match model.vocab.get().starts_with('[') {
            true => "Unigram",
            false if model.merges.is_some() => "BPE",
            false if model.max_input_chars_per_word.is_some() => "WordPiece",
            false => "WordLevel",
        });
    match kind {
        "BPE" => merges(model, vocabulary).map(Model::Merges),
        "Unigram" => {
            let tokens: Vec<(String, f64)> = serde_json::from_str(model.vocab.get()).map_err(malformed)?;
            if tokens
                .iter()
                .any(|(token, score)| token.len() > MOST_TOKEN_BYTES || !score.is_finite())
            {
                return Err("has a token that is too long or has no score".to_owned());
            }
            if model.unk_id.is_some_and(|id| id as usize >= tokens.len()) {
                return Err("has an `unk_id` that no token has".to_owned());
            }
            let bytes = model.byte_fallback.then(|| {
                let ids: HashMap<&str, u32> = tokens.iter().map(|(token, _)| token.as_str()).zip(0..).collect();
                ByteTokens::new(|token| ids.get(token).copied())
            });
            Ok(Model::Unigram(Unigram::new(tokens, model.unk_id, bytes)))
        }
        "WordPiece" => {
            let vocabulary = vocabulary()?;
            let unknown = vocabulary.get(model.unk_token.as_deref().unwrap_or("[UNK]")).copied();
            Ok(Model::WordPiece(WordPiece::new(
                vocabulary,
                model.continuing_subword_prefix.unwrap_or_else(|| "##".to_owned()),
                unknown,
                model.max_input_chars_per_word.unwrap_or(100),
            )))
        }
        "WordLevel" => {
            let vocabulary = vocabulary()?;
            let unknown = vocabulary.get(model.unk_token.as_deref().unwrap_or("<unk>")).copied();
            Ok(Model::WordLevel(WordLevel { vocabulary, unknown }))
        }
        other => Err(self::kind("model", other)),
    }
}

fn merges(
    model: ModelFile<'_>,
    vocabulary: impl Fn() -> Result<HashMap<String, u32>, String>,
) -> Result<Merges, String> {
    if model.dropout.is_some_and(|dropout| dropout > 0.0) {
        return Err("merges at random (`dropout`)".to_owned());
    }
    let vocabulary = vocabulary()?;
    let prefix = model.continuing_subword_prefix.unwrap_or_default();
    let list = model.merges.unwrap_or_default();
    let mut merges = HashMap::with_capacity(list.len());
    let mut joined = String::new();
    for (rank, merge) in (0..).zip(&list) {
        let (left, right) = match merge {
            Merge::Pair(left, right) => (left.as_str(), right.as_str()),
            Merge::Text(text) => text.split_once(' ').ok_or("has a merge that is no pair")?,
        };
        joined.clear();
        joined.push_str(left);
        joined.push_str(right.get(prefix.len()..).unwrap_or_default());
        let id = |token: &str| {
            let id = vocabulary.get(token).copied();
            id.ok_or_else(|| format!("merges `{left}` and `{right}`, which are no tokens or become none"))
        };
        merges.insert((id(left)?, id(right)?), (rank, id(&joined)?));
    }
    let bytes = model
        .byte_fallback
        .then(|| ByteTokens::new(|token| vocabulary.get(token).copied()));
    let unknown = match &model.unk_token {
        None => None,
        Some(token) => Some(*vocabulary.get(token).ok_or("has an `unk_token` that is no token")?),
    };
    Ok(Merges {
        merges,
        prefix,
        suffix: model.end_of_word_suffix.unwrap_or_default(),
        unknown,
        fuse_unknown: model.fuse_unk,
        bytes,
        whole_first: model.ignore_merges,
        vocabulary,
    })
}

/// A step of a normalizer or of cutting, and its kind.
pub struct Flat<'v> {
    pub value: &'v Value,
    pub kind: &'v str,
}

/// The steps of a part of the file, sequences in sequences written out.
///
/// # Errors
/// Too many of them, or one without a kind.
pub fn steps<'v>(value: &'v Value, list: &str) -> Result<Vec<Flat<'v>>, String> {
    let mut all = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if value.is_null() {
            continue;
        }
        let kind = value
            .get("type")
            .and_then(Value::as_str)
            .ok_or("has a step without a `type`")?;
        if kind == "Sequence" {
            let inside = value.get(list).and_then(Value::as_array);
            open.extend(
                inside
                    .ok_or_else(|| format!("has a `Sequence` without `{list}`"))?
                    .iter()
                    .rev(),
            );
        } else {
            all.push(Flat { value, kind });
        }
        if all.len() + open.len() > MOST_STEPS {
            return Err(format!("has more than {MOST_STEPS} steps"));
        }
    }
    Ok(all)
}

/// A text of a step.
///
/// # Errors
/// Where it has none.
pub fn text(value: &Value, key: &str) -> Result<String, String> {
    let text = value.get(key).and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| format!("has a step without `{key}`"))
}

/// A switch of a step.
pub fn flag(value: &Value, key: &str, otherwise: bool) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(otherwise)
}

/// What is said of a kind that is not known here.
pub fn kind(what: &str, name: &str) -> String {
    format!("has a `{what}` of the kind `{name}`, which is not known here")
}
