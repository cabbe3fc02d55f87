//! The encodings: what each is made of.

use super::layout::ranks;
use super::split::Pattern;
use super::tables::{Vocabulary, table};

/// A way to turn text into tokens, by its name: tiktoken's for OpenAI's, the model family's for open models.
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
    /// `llama2`: Llama 2, Code Llama, Phi-3 mini and medium.
    Llama2,
    /// `llama3`: Llama 3 to 3.3.
    Llama3,
    /// `llama4`: Llama 4.
    Llama4,
    /// `qwen3`: Qwen 2, 2.5 and 3. Text that is not in Unicode's form C is brought to it first.
    Qwen3,
    /// `deepseek_v3`: DeepSeek V3 and R1, and what followed them.
    DeepSeekV3,
    /// `gemma2`: Gemma 1 and 2.
    Gemma2,
    /// `gemma3`: Gemma 3 and 4.
    Gemma3,
    /// `mistral_v1`: Mistral 7B v0.1 and v0.2, Mixtral 8x7B.
    MistralV1,
    /// `mistral_v3`: Mistral 7B v0.3, Mixtral 8x22B. The tokens of `mistral_v1` after 768 more control tokens.
    MistralV3,
    /// `tekken_240911`: Mistral's models since Mistral Nemo.
    Tekken240911,
}

/// What an encoding does to a text before it is cut into pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Normal {
    /// Nothing.
    AsIs,
    /// Brings it to Unicode's normal form C.
    FormC,
    /// Takes U+2581, with which SentencePiece writes a space, for one.
    Spaces,
    /// The same, and puts a space before the text.
    SpaceBefore,
}

/// What an encoding is made of.
pub(super) struct Parts {
    pub vocabulary: Vocabulary,
    pub pattern: Pattern,
    pub normal: Normal,
    /// Tokens that are found in a text before anything else.
    pub added: Option<Vocabulary>,
    /// The id of a rank.
    pub id: fn(u32) -> u32,
}

/// The rank of the first token that `r50k_base` does not have: runs of spaces, in the other encodings of its table.
const R50K_END: u32 = 50_256;
/// Llama 3's tokenizer adds its own tokens to those of `cl100k_base`.
const CL100K_END: u32 = 100_256;
/// Mistral's tekken and its third SentencePiece model have their control tokens before the others.
const TEKKEN_CONTROLS: u32 = 1000;
const MISTRAL_V3_CONTROLS: u32 = 768;
/// `▁YYYY`, `▁yyyy`, `▁diffformul` and `▁::::::::` of Gemma 3, `▁ссср` of Gemma 2: no order of merges leads to them
/// from their characters.
const GEMMA3_UNREACHED: &[u32] = &[146_179, 160_098, 189_366, 220_206];
const GEMMA2_UNREACHED: &[u32] = &[158_576];

impl Encoding {
    /// Every encoding.
    pub const ALL: [Self; 16] = [
        Self::O200kBase,
        Self::O200kHarmony,
        Self::Cl100kBase,
        Self::P50kBase,
        Self::P50kEdit,
        Self::R50kBase,
        Self::Llama2,
        Self::Llama3,
        Self::Llama4,
        Self::Qwen3,
        Self::DeepSeekV3,
        Self::Gemma2,
        Self::Gemma3,
        Self::MistralV1,
        Self::MistralV3,
        Self::Tekken240911,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::O200kBase => "o200k_base",
            Self::O200kHarmony => "o200k_harmony",
            Self::Cl100kBase => "cl100k_base",
            Self::P50kBase => "p50k_base",
            Self::P50kEdit => "p50k_edit",
            Self::R50kBase => "r50k_base",
            Self::Llama2 => "llama2",
            Self::Llama3 => "llama3",
            Self::Llama4 => "llama4",
            Self::Qwen3 => "qwen3",
            Self::DeepSeekV3 => "deepseek_v3",
            Self::Gemma2 => "gemma2",
            Self::Gemma3 => "gemma3",
            Self::MistralV1 => "mistral_v1",
            Self::MistralV3 => "mistral_v3",
            Self::Tekken240911 => "tekken_240911",
        }
    }

    /// The encoding with this name; `gpt2` is another name of `r50k_base`, `qwen2` of `qwen3`, `tekken` of
    /// `tekken_240911`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = match name {
            "gpt2" => "r50k_base",
            "qwen2" => "qwen3",
            "tekken" => "tekken_240911",
            name => name,
        };
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    pub(super) fn parts(self) -> Parts {
        let plain = |vocabulary, pattern| Parts {
            vocabulary,
            pattern,
            normal: Normal::AsIs,
            added: None,
            id: |rank| rank,
        };
        let sentence_piece = |vocabulary: Vocabulary, id| Parts {
            normal: Normal::SpaceBefore,
            id,
            ..plain(vocabulary.of_characters(&[]), Pattern::Words)
        };
        match self {
            Self::O200kBase | Self::O200kHarmony => plain(table!("o200k"), Pattern::O200k),
            Self::Cl100kBase => plain(table!("llama3").below(CL100K_END), Pattern::Cl100k),
            Self::P50kBase | Self::P50kEdit => plain(table!("p50k"), Pattern::Gpt2),
            Self::R50kBase => plain(table!("p50k").below(R50K_END), Pattern::Gpt2),
            Self::Llama2 => sentence_piece(table!("llama2"), |rank| spaces_last(rank, &ranks::LLAMA2_SPACES)),
            Self::Llama3 => plain(table!("llama3"), Pattern::Llama3),
            Self::Llama4 => plain(table!("llama4"), Pattern::O200k),
            Self::Qwen3 => Parts {
                normal: Normal::FormC,
                added: Some(table!("qwen_added")),
                ..plain(table!("qwen"), Pattern::Qwen)
            },
            Self::DeepSeekV3 => Parts {
                added: Some(table!("deepseek_added")),
                ..plain(table!("deepseek"), Pattern::DeepSeek)
            },
            Self::Gemma2 => Parts {
                normal: Normal::Spaces,
                added: Some(table!("gemma2_added")),
                ..plain(table!("gemma2").of_characters(GEMMA2_UNREACHED), Pattern::Words)
            },
            Self::Gemma3 => Parts {
                normal: Normal::Spaces,
                added: Some(table!("gemma3_added")),
                id: ranks::gemma3,
                ..plain(table!("gemma3").of_characters(GEMMA3_UNREACHED), Pattern::Words)
            },
            Self::MistralV1 => sentence_piece(table!("mistral"), |rank| spaces_last(rank, &ranks::MISTRAL_SPACES)),
            Self::MistralV3 => sentence_piece(table!("mistral"), |rank| {
                spaces_last(rank, &ranks::MISTRAL_SPACES) + MISTRAL_V3_CONTROLS
            }),
            Self::Tekken240911 => Parts {
                id: |rank| rank + TEKKEN_CONTROLS,
                ..plain(table!("tekken"), Pattern::Tekken)
            },
        }
    }
}

/// The id of a rank where runs of spaces are merged last.
fn spaces_last(rank: u32, spaces: &[u32; 15]) -> u32 {
    match rank.checked_sub(ranks::SPACES) {
        Some(shorter) => spaces[14 - shorter as usize],
        None => rank,
    }
}
