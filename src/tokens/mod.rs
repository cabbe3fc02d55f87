//! Counting tokens, exactly where a model's tokenizer is public and built in, and as a labelled estimate elsewhere.
//!
//! The encodings are those of OpenAI's tiktoken and of open models. Special tokens such as `<|endoftext|>` are counted
//! as the ordinary text that they are in a prompt. Counting takes time almost linear in the text for any text, and starts at once: the
//! tables lie ready in the binary.

mod added;
mod bpe;
mod encodings;
mod estimates;
mod images;
mod layout;
pub mod local;
mod media;
mod models;
mod open_models;
mod split;
mod tables;
mod templates;
mod text;
mod tools;

pub use encodings::Encoding;
pub use estimates::{Estimate, estimate};
pub use images::image_tokens;
pub use media::media_rate;
pub use models::{ChatOverhead, chat_overhead, encoding_for_model};
pub use open_models::is_open_repository;
pub use templates::{Template, Turn, template};
pub use text::{characters, words};
pub use tools::ToolOverhead;

use added::{Part, SPACE_MARK};
use bpe::Ranked as _;
use encodings::{Normal, Parts};
use std::borrow::Cow;
use unicode_normalization_alignments::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

impl Encoding {
    /// The ids of the tokens of a text, without any that a chat's format or a start of text would add. Control tokens
    /// in the text are ordinary text: for OpenAI's encodings this is tiktoken's `encode_ordinary`.
    pub fn encode(self, text: &str) -> Vec<u32> {
        let parts = self.parts();
        let mut ids = Vec::new();
        parts.each_token(text, |token| {
            ids.push(match token {
                Token::Merged(bytes) => (parts.id)(parts.vocabulary.rank(bytes)),
                Token::Added(bytes) => parts.added.map_or(0, |added| added.rank(bytes)),
            });
        });
        ids
    }

    /// Calls `token` with the bytes of each token of a text, in order. They are the text's own, but for the spaces and
    /// the normal form that some tokenizers bring it to.
    pub fn each(self, text: &str, mut token: impl FnMut(&[u8])) {
        self.parts().each_token(text, |found| match found {
            Token::Merged(bytes) | Token::Added(bytes) => token(bytes),
        });
    }

    /// The number of tokens of a text: the length of what [`encode`](Self::encode) returns, without making it.
    pub fn count(self, text: &str) -> usize {
        let mut count = 0;
        self.parts().each_token(text, |_| count += 1);
        count
    }
}

/// A token's bytes.
enum Token<'t> {
    /// One of the vocabulary that merging leads to.
    Merged(&'t [u8]),
    /// One that was found before.
    Added(&'t [u8]),
}

impl Parts {
    fn each_token(&self, text: &str, mut token: impl FnMut(Token<'_>)) {
        match &self.added {
            None => self.merged(text, |bytes| token(Token::Merged(bytes))),
            Some(added) => added::each_part(text, added, |part| match part {
                Part::Text(text) => self.merged(text, |bytes| token(Token::Merged(bytes))),
                Part::Token(text) => token(Token::Added(text.as_bytes())),
            }),
        }
    }

    fn merged(&self, text: &str, mut token: impl FnMut(&[u8])) {
        for piece in self.pattern.pieces(&self.normal.of(text)) {
            bpe::each_token(&self.vocabulary, piece.as_bytes(), &mut token);
        }
    }
}

impl Normal {
    /// The text as this leaves it.
    fn of(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::AsIs => Cow::Borrowed(text),
            Self::FormC if is_nfc_quick(text.chars()) == IsNormalized::Yes => Cow::Borrowed(text),
            Self::FormC => Cow::Owned(text.nfc().map(|(char, _)| char).collect()),
            Self::Spaces if !text.contains(SPACE_MARK) => Cow::Borrowed(text),
            Self::Spaces => Cow::Owned(text.replace(SPACE_MARK, " ")),
            Self::SpaceBefore if text.is_empty() => Cow::Borrowed(text),
            Self::SpaceBefore => Cow::Owned(format!(" {}", Self::Spaces.of(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids are those that OpenAI's cookbook prints ("How to count tokens with tiktoken").
    #[test]
    fn published_examples() {
        assert_eq!(
            Encoding::Cl100kBase.encode("tiktoken is great!"),
            [83, 1609, 5963, 374, 2294, 0]
        );
        assert_eq!(
            Encoding::R50kBase.encode("antidisestablishmentarianism"),
            [415, 29207, 44390, 3699, 1042]
        );
        assert_eq!(Encoding::P50kBase.encode("2 + 2 = 4"), [17, 1343, 362, 796, 604]);
        assert_eq!(
            Encoding::Cl100kBase.encode("お誕生日おめでとう"),
            [33334, 45918, 243, 21990, 9080, 33334, 62004, 16556, 78699]
        );
    }

    #[test]
    fn names() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::from_name(encoding.name()), Some(encoding));
        }
        assert_eq!(Encoding::from_name("gpt2"), Some(Encoding::R50kBase));
        assert_eq!(Encoding::from_name("o200k"), None);
    }

    /// Google's documentation prints 10 for this sentence ("Understand and count tokens").
    #[test]
    fn geminis_example() {
        assert_eq!(
            Encoding::Gemma3.count("The quick brown fox jumps over the lazy dog."),
            10
        );
    }

    /// Gemma's published examples of a turn: `user` and `model` after `<start_of_turn>`, and a line break.
    #[test]
    fn gemma_words_of_turns() {
        assert_eq!(Encoding::Gemma2.encode("user\n"), [1645, 108]);
        assert_eq!(Encoding::Gemma2.encode("model\n"), [2516, 108]);
    }

    /// In r50k_base a run of spaces has a token for each space. In p50k_base it has one: four spaces are `ICAgIA==` in
    /// `p50k_base.tiktoken`, with rank 50259.
    #[test]
    fn runs_of_spaces_tell_p50k_from_r50k() {
        assert_eq!(Encoding::P50kBase.encode("     x"), [50259, 2124]);
        assert_eq!(Encoding::R50kBase.encode("     x"), [220, 220, 220, 220, 2124]);
    }
}
