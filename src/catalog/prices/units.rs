//! What providers bill: tokens by kind, seconds, pages, searches, requests.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

const MILLION: u32 = 1_000_000;
const THOUSAND: u32 = 1_000;
const HOUR: u32 = 3_600;

/// Name, how many a price is for, and the words that tell it from others: a unit holds every other that has all of its
/// words and more. `input_tokens` are all tokens of the input, also those that `cache_read_tokens` counts.
///
/// Names and kinds are those of genai-prices, whose data the price list is made from.
const UNITS: &[(&str, u32, &[&str])] = &[
    ("input_tokens", MILLION, &["tokens", "input"]),
    ("output_tokens", MILLION, &["tokens", "output"]),
    ("cache_read_tokens", MILLION, &["tokens", "input", "cache_read"]),
    ("cache_write_tokens", MILLION, &["tokens", "input", "cache_write"]),
    (
        "cache_write_5m_tokens",
        MILLION,
        &["tokens", "input", "cache_write", "5m"],
    ),
    (
        "cache_write_1h_tokens",
        MILLION,
        &["tokens", "input", "cache_write", "1h"],
    ),
    ("input_text_tokens", MILLION, &["tokens", "input", "text"]),
    ("output_text_tokens", MILLION, &["tokens", "output", "text"]),
    (
        "cache_text_read_tokens",
        MILLION,
        &["tokens", "input", "text", "cache_read"],
    ),
    (
        "cache_text_write_tokens",
        MILLION,
        &["tokens", "input", "text", "cache_write"],
    ),
    (
        "cache_text_write_5m_tokens",
        MILLION,
        &["tokens", "input", "text", "cache_write", "5m"],
    ),
    (
        "cache_text_write_1h_tokens",
        MILLION,
        &["tokens", "input", "text", "cache_write", "1h"],
    ),
    ("input_audio_tokens", MILLION, &["tokens", "input", "audio"]),
    ("output_audio_tokens", MILLION, &["tokens", "output", "audio"]),
    (
        "cache_audio_read_tokens",
        MILLION,
        &["tokens", "input", "audio", "cache_read"],
    ),
    (
        "cache_audio_write_tokens",
        MILLION,
        &["tokens", "input", "audio", "cache_write"],
    ),
    (
        "cache_audio_write_5m_tokens",
        MILLION,
        &["tokens", "input", "audio", "cache_write", "5m"],
    ),
    (
        "cache_audio_write_1h_tokens",
        MILLION,
        &["tokens", "input", "audio", "cache_write", "1h"],
    ),
    ("input_image_tokens", MILLION, &["tokens", "input", "image"]),
    ("output_image_tokens", MILLION, &["tokens", "output", "image"]),
    (
        "cache_image_read_tokens",
        MILLION,
        &["tokens", "input", "image", "cache_read"],
    ),
    (
        "cache_image_write_tokens",
        MILLION,
        &["tokens", "input", "image", "cache_write"],
    ),
    (
        "cache_image_write_5m_tokens",
        MILLION,
        &["tokens", "input", "image", "cache_write", "5m"],
    ),
    (
        "cache_image_write_1h_tokens",
        MILLION,
        &["tokens", "input", "image", "cache_write", "1h"],
    ),
    ("input_video_tokens", MILLION, &["tokens", "input", "video"]),
    ("output_video_tokens", MILLION, &["tokens", "output", "video"]),
    (
        "cache_video_read_tokens",
        MILLION,
        &["tokens", "input", "video", "cache_read"],
    ),
    (
        "cache_video_write_tokens",
        MILLION,
        &["tokens", "input", "video", "cache_write"],
    ),
    (
        "cache_video_write_5m_tokens",
        MILLION,
        &["tokens", "input", "video", "cache_write", "5m"],
    ),
    (
        "cache_video_write_1h_tokens",
        MILLION,
        &["tokens", "input", "video", "cache_write", "1h"],
    ),
    ("input_tool_tokens", MILLION, &["tokens", "input", "tool"]),
    ("input_text_tool_tokens", MILLION, &["tokens", "input", "text", "tool"]),
    (
        "input_audio_tool_tokens",
        MILLION,
        &["tokens", "input", "audio", "tool"],
    ),
    (
        "input_image_tool_tokens",
        MILLION,
        &["tokens", "input", "image", "tool"],
    ),
    (
        "input_video_tool_tokens",
        MILLION,
        &["tokens", "input", "video", "tool"],
    ),
    ("output_reasoning_tokens", MILLION, &["tokens", "output", "reasoning"]),
    (
        "output_text_reasoning_tokens",
        MILLION,
        &["tokens", "output", "text", "reasoning"],
    ),
    (
        "output_audio_reasoning_tokens",
        MILLION,
        &["tokens", "output", "audio", "reasoning"],
    ),
    (
        "output_image_reasoning_tokens",
        MILLION,
        &["tokens", "output", "image", "reasoning"],
    ),
    (
        "output_video_reasoning_tokens",
        MILLION,
        &["tokens", "output", "video", "reasoning"],
    ),
    ("output_citation_tokens", MILLION, &["tokens", "output", "citation"]),
    (
        "output_text_citation_tokens",
        MILLION,
        &["tokens", "output", "text", "citation"],
    ),
    (
        "output_audio_citation_tokens",
        MILLION,
        &["tokens", "output", "audio", "citation"],
    ),
    (
        "output_image_citation_tokens",
        MILLION,
        &["tokens", "output", "image", "citation"],
    ),
    (
        "output_video_citation_tokens",
        MILLION,
        &["tokens", "output", "video", "citation"],
    ),
    ("input_characters", MILLION, &["characters", "input"]),
    ("input_text_messages", THOUSAND, &["messages", "input", "text"]),
    ("audio_seconds", HOUR, &["durations", "audio"]),
    ("input_audio_seconds", HOUR, &["durations", "audio", "input"]),
    ("output_audio_seconds", HOUR, &["durations", "audio", "output"]),
    ("input_pixels", 1_000_000_000, &["pixels", "input"]),
    ("input_document_pages", THOUSAND, &["document_pages", "input"]),
    (
        "input_annotated_document_pages",
        THOUSAND,
        &["document_pages", "input", "annotated"],
    ),
    ("rerank_searches", THOUSAND, &["rerank"]),
    ("web_searches", THOUSAND, &["tool_calls", "web_search"]),
    ("social_searches", THOUSAND, &["tool_calls", "social_search"]),
    ("storage_searches", THOUSAND, &["tool_calls", "storage_search"]),
    ("code_executions", THOUSAND, &["tool_calls", "code_execution"]),
    ("requests", THOUSAND, &["requests"]),
];

/// Something that is billed: a place in the table, whose order is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BilledUnit(u8);

impl BilledUnit {
    /// Tokens of input, those from a cache included.
    pub const INPUT: Self = Self(0);
    /// Tokens of output, reasoning included.
    pub const OUTPUT: Self = Self(1);
    /// Tokens of input that are read from the provider's cache.
    pub const CACHE_READ: Self = Self(2);
    /// Requests, whatever they hold.
    pub const REQUESTS: Self = Self(58);

    /// The unit of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let at = UNITS.iter().position(|(known, ..)| *known == name)?;
        u8::try_from(at).ok().map(Self)
    }

    fn row(self) -> &'static (&'static str, u32, &'static [&'static str]) {
        &UNITS[usize::from(self.0) % UNITS.len()]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// How many of it a price is for.
    #[must_use]
    pub fn per(self) -> u32 {
        self.row().1
    }

    /// What tells it from others.
    pub(super) fn words(self) -> &'static [&'static str] {
        self.row().2
    }

    /// Whether what `other` counts is counted here too.
    pub(super) fn holds(self, other: Self) -> bool {
        self.words().iter().all(|word| other.words().contains(word))
    }

    /// Whether it counts exactly what is both of the one kind and of the other.
    pub(super) fn joins(self, one: Self, other: Self) -> bool {
        let mut words: Vec<&str> = one.words().iter().chain(other.words()).copied().collect();
        words.sort_unstable();
        words.dedup();
        let mut own = self.words().to_vec();
        own.sort_unstable();
        own == words
    }
}

impl fmt::Display for BilledUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for BilledUnit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for BilledUnit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| D::Error::custom(format!("`{name}` is nothing that is billed")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_hold_what_is_more_special() {
        let unit = |name| BilledUnit::named(name).expect(name);
        assert_eq!(
            [
                BilledUnit::INPUT,
                BilledUnit::OUTPUT,
                BilledUnit::CACHE_READ,
                BilledUnit::REQUESTS
            ]
            .map(BilledUnit::name),
            ["input_tokens", "output_tokens", "cache_read_tokens", "requests"]
        );
        assert!(unit("input_tokens").holds(unit("cache_audio_read_tokens")));
        assert!(!unit("output_tokens").holds(unit("cache_read_tokens")));
        assert!(unit("cache_audio_read_tokens").joins(unit("input_audio_tokens"), unit("cache_read_tokens")));
        assert!(!unit("cache_audio_read_tokens").joins(unit("input_audio_tokens"), unit("input_image_tokens")));
        assert_eq!(BilledUnit::named("tokens"), None);
    }
}
