//! Counting tokens, exactly where a model's tokenizer is public and built in, and as a labelled estimate elsewhere.
//!
//! The encodings are those of OpenAI's tiktoken. Special tokens such as `<|endoftext|>` are counted as the ordinary
//! text that they are in a prompt. Counting takes time almost linear in the text for any text, and starts at once: the
//! tables lie ready in the binary.

mod bpe;
mod layout;
mod models;
mod split;
mod tables;
mod text;

pub use models::{ChatOverhead, chat_overhead, encoding_for_model};
pub use text::{characters, words};

use split::Pattern;
use tables::Vocabulary;

/// A way to turn text into tokens, by its name in tiktoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encoding {
    /// `o200k_base`: GPT-4o, GPT-4.1, GPT-5, o1, o3, o4-mini.
    O200kBase,
    /// `o200k_harmony`: gpt-oss. Ordinary text has the same tokens as in `o200k_base`.
    O200kHarmony,
    /// `cl100k_base`: GPT-4, GPT-3.5 Turbo, the current embedding models.
    Cl100kBase,
    /// `p50k_base`: Codex, text-davinci-002 and -003.
    P50kBase,
    /// `p50k_edit`: the edit models. Ordinary text has the same tokens as in `p50k_base`.
    P50kEdit,
    /// `r50k_base`, also called `gpt2`: GPT-2, GPT-3.
    R50kBase,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 6] = [
        Self::O200kBase,
        Self::O200kHarmony,
        Self::Cl100kBase,
        Self::P50kBase,
        Self::P50kEdit,
        Self::R50kBase,
    ];

    /// The name that tiktoken uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::O200kBase => "o200k_base",
            Self::O200kHarmony => "o200k_harmony",
            Self::Cl100kBase => "cl100k_base",
            Self::P50kBase => "p50k_base",
            Self::P50kEdit => "p50k_edit",
            Self::R50kBase => "r50k_base",
        }
    }

    /// The encoding with this name; `gpt2` is another name of `r50k_base`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if name == "gpt2" { "r50k_base" } else { name };
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The ids of the tokens of a text: tiktoken's `encode_ordinary`.
    pub fn encode(self, text: &str) -> Vec<u32> {
        let vocabulary = self.vocabulary();
        let mut ids = Vec::new();
        self.each_token(text, |token| ids.push(vocabulary.rank(token)));
        ids
    }

    /// The number of tokens of a text: the length of what [`encode`](Self::encode) returns, without making it.
    pub fn count(self, text: &str) -> usize {
        let mut count = 0;
        self.each_token(text, |_| count += 1);
        count
    }

    fn each_token<'t>(self, text: &'t str, mut token: impl FnMut(&'t [u8])) {
        let vocabulary = self.vocabulary();
        for piece in self.pattern().pieces(text) {
            bpe::each_token(&vocabulary, piece.as_bytes(), &mut token);
        }
    }

    fn vocabulary(self) -> Vocabulary {
        match self {
            Self::O200kBase | Self::O200kHarmony => Vocabulary::o200k(),
            Self::Cl100kBase => Vocabulary::cl100k(),
            Self::P50kBase | Self::P50kEdit => Vocabulary::p50k(),
            Self::R50kBase => Vocabulary::r50k(),
        }
    }

    fn pattern(self) -> Pattern {
        match self {
            Self::O200kBase | Self::O200kHarmony => Pattern::O200k,
            Self::Cl100kBase => Pattern::Cl100k,
            Self::P50kBase | Self::P50kEdit | Self::R50kBase => Pattern::Gpt2,
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

    /// In r50k_base a run of spaces has a token for each space. In p50k_base it has one: four spaces are `ICAgIA==` in
    /// `p50k_base.tiktoken`, with rank 50259.
    #[test]
    fn runs_of_spaces_tell_p50k_from_r50k() {
        assert_eq!(Encoding::P50kBase.encode("     x"), [50259, 2124]);
        assert_eq!(Encoding::R50kBase.encode("     x"), [220, 220, 220, 220, 2124]);
    }
}
