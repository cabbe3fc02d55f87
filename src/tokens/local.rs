//! Tokenizers that are not built in, by their own files: a Hugging Face `tokenizer.json`, a list of ranks as tiktoken has
//! it, or Mistral's `tekken.json`. A file may come from anybody: it is read without trust, and the work for a text is
//! bounded.

mod added;
mod automaton;
mod base64;
mod charsmap;
mod effort;
mod merges;
mod normalize;
mod pattern;
mod ranks;
mod read;
mod search;
mod split;
mod unigram;
mod words;

use std::collections::HashMap;
use std::sync::OnceLock;

pub use effort::Uncounted;

use added::{Added, Part};
use effort::Effort;
use normalize::Normalizer;
use split::{Cut, Splitter};

/// What is said where a file names no token for what it does not know.
const UNKNOWN: Uncounted = Uncounted("its file has no token for a part of the text");

/// Pieces that are kept, so that a word is encoded once a text.
const MOST_KEPT: usize = 50_000;

/// A tokenizer by its file.
pub struct Tokenizer {
    added: Added,
    normalizers: Vec<Normalizer>,
    added_normalized: Added,
    splitters: Vec<Splitter>,
    model: Model,
}

/// Reads the text of a file.
pub type ReadText = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// A tokenizer's file, read when something is first counted with it.
pub struct TokenizerFile {
    /// How people are shown it.
    pub shown: String,
    pattern: Option<String>,
    text: ReadText,
    made: OnceLock<Result<Tokenizer, String>>,
}

impl TokenizerFile {
    /// The file that `text` reads; `pattern` as for [`Tokenizer::read`].
    pub fn new(shown: String, pattern: Option<String>, text: ReadText) -> Self {
        Self {
            shown,
            pattern,
            text,
            made: OnceLock::new(),
        }
    }

    /// The tokenizer.
    ///
    /// # Errors
    /// Why there is none, in a sentence.
    pub fn tokenizer(&self) -> Result<&Tokenizer, &str> {
        let made = self.made.get_or_init(|| {
            let made = (self.text)().and_then(|text| Tokenizer::read(&text, self.pattern.as_deref()));
            made.map_err(|why| format!("`{}` {why}", self.shown))
        });
        made.as_ref().map_err(String::as_str)
    }

    /// Why it is no tokenizer, where something was counted with it.
    pub fn fault(&self) -> Option<&str> {
        self.made.get()?.as_ref().err().map(String::as_str)
    }
}

impl std::fmt::Debug for TokenizerFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("TokenizerFile")
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

enum Model {
    Merges(merges::Merges),
    Unigram(unigram::Unigram),
    WordPiece(words::WordPiece),
    WordLevel(words::WordLevel),
    Ranks(ranks::Ranks),
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tokenizer").finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads a tokenizer's file. `pattern` is the regular expression that cuts texts, which a list of ranks (`*.tiktoken`,
    /// `tiktoken.model`) does not hold.
    ///
    /// # Errors
    /// What is malformed in the file or not known here, as what a sentence about the file goes on with.
    pub fn read(text: &str, pattern: Option<&str>) -> Result<Self, String> {
        if text.starts_with("version https://git-lfs") {
            return Err("is a pointer of Git LFS and not the file: `git lfs pull` fetches it".to_owned());
        }
        match (text.trim_start().starts_with('{'), pattern) {
            (false, None) => Err("is a list of ranks, which needs the `pattern` that cuts texts".to_owned()),
            (false, Some(pattern)) => ranks::tiktoken(text, pattern),
            (true, Some(_)) => Err("has its own pattern: leave out `pattern`".to_owned()),
            (true, None) => ranks::tekken(text).unwrap_or_else(|| read::tokenizer(text)),
        }
    }

    /// The ids of the tokens of a text, without any that start or end it; control tokens in it are ordinary text.
    ///
    /// # Errors
    /// A text that takes more work than any tokenizer that people use, or for a part of which there is no token.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, Uncounted> {
        let mut effort = Effort::for_text(text);
        let effort = &mut effort;
        let mut ids = Vec::new();
        let mut known: HashMap<String, Vec<u32>> = HashMap::new();
        let mut first = true;
        for part in self.added.parts(text, effort)? {
            let text = match part {
                Part::Token(id) => {
                    ids.push(id);
                    first = false;
                    continue;
                }
                Part::Text(text) => normalize::apply(&self.normalizers, text, effort)?,
            };
            for part in self.added_normalized.parts(&text, effort)? {
                match part {
                    Part::Token(id) => ids.push(id),
                    Part::Text(text) => self.merged(text, first, &mut ids, &mut known, effort)?,
                }
                first = false;
            }
        }
        Ok(ids)
    }

    fn merged(
        &self,
        text: &str,
        first: bool,
        ids: &mut Vec<u32>,
        known: &mut HashMap<String, Vec<u32>>,
        effort: &mut Effort,
    ) -> Result<(), Uncounted> {
        let mut cut = Cut::new(text.to_owned(), first);
        for step in &self.splitters {
            cut.step(step, effort)?;
        }
        for piece in cut.pieces() {
            effort.spend(1)?;
            if let Some(of_piece) = known.get(piece) {
                ids.extend(of_piece);
                continue;
            }
            let begin = ids.len();
            match &self.model {
                Model::Merges(model) => model.encode(piece, ids, effort)?,
                Model::Unigram(model) => model.encode(piece, ids, effort)?,
                Model::WordPiece(model) => model.encode(piece, ids, effort)?,
                Model::WordLevel(model) => model.encode(piece, ids)?,
                Model::Ranks(model) => model.encode(piece, ids),
            }
            if known.len() < MOST_KEPT {
                known.insert(piece.to_owned(), ids[begin..].to_vec());
            }
        }
        Ok(())
    }
}
