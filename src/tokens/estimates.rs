//! Estimates where only the provider knows: a count by another model's tokenizer, with how far the provider's was from
//! it on measured texts. `docs/tokens.md` has the measurement.

use super::Encoding;

/// How to estimate a model's count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The encoding that is counted with.
    pub encoding: Encoding,
    /// The real count for each 1,000 tokens of it, at least and at most, in text of Latin letters.
    latin: (u64, u64),
    /// The same in text of other letters.
    other: (u64, u64),
    /// Where the figures come from.
    pub source: &'static str,
}

const SOURCE: &str = "the range of 9 in 10 texts, measured against ctok 1.3.0, a reconstruction of Claude's counts";

/// Claude 3 to Opus 4.6.
const CLAUDE_3: Estimate = Estimate {
    encoding: Encoding::Gemma3,
    latin: (980, 1150),
    other: (1230, 2090),
    source: SOURCE,
};

/// Opus 4.7 and later, and the models of the fifth generation.
const CLAUDE_4_7: Estimate = Estimate {
    encoding: Encoding::Gemma3,
    latin: (1130, 1720),
    other: (1380, 2240),
    source: SOURCE,
};

/// In 100 letters, up to this many that are not Latin are a text of Latin letters.
const FEW: u64 = 5;
/// From this many on it is a text of other letters; between the two both ranges hold.
const MANY: u64 = 30;

/// How to estimate a model's count where its error was measured.
pub fn estimate(model: &str) -> Option<Estimate> {
    let name = model.to_ascii_lowercase();
    let claude = &name[name.find("claude-")?..];
    // `claude-3-5-sonnet-20241022`, `claude-opus-4-6`, `claude-sonnet-4.5`: the first numbers that are no date.
    let mut numbers = claude
        .split(['-', '.', '@', ':'])
        .skip_while(|word| !is_version(word))
        .take_while(|word| is_version(word))
        .filter_map(|word| word.parse::<u32>().ok());
    let version = (numbers.next()?, numbers.next().unwrap_or(0));
    match version {
        (3, _) | (4, 0..=6) => Some(CLAUDE_3),
        (4, _) | (5, _) => Some(CLAUDE_4_7),
        _ => None,
    }
}

fn is_version(word: &str) -> bool {
    (1..=2).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

impl Estimate {
    /// The real count, at least and at most, of texts that its encoding counts as `count` tokens.
    pub fn ends(&self, texts: &[&str], count: u64) -> (u64, u64) {
        let (mut letters, mut others) = (0, 0);
        for char in texts.iter().flat_map(|text| text.chars()) {
            if char.is_alphabetic() {
                letters += 1;
                // Latin letters end at U+024F; those of phonetics and the like are few.
                others += u64::from(char > '\u{24f}');
            }
        }
        let (low, high) = match others * 100 {
            share if share <= FEW * letters => self.latin,
            share if share >= MANY * letters => self.other,
            _ => (self.latin.0, self.other.1),
        };
        (count * low / 1000, (count * high).div_ceil(1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_of_claude() {
        for (model, expected) in [
            ("claude-3-5-sonnet-20241022", Some(CLAUDE_3)),
            ("claude-3-haiku-20240307", Some(CLAUDE_3)),
            ("anthropic/claude-sonnet-4.5", Some(CLAUDE_3)),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Some(CLAUDE_3)),
            ("claude-sonnet-4-20250514", Some(CLAUDE_3)),
            ("claude-opus-4-6", Some(CLAUDE_3)),
            ("claude-opus-4-7", Some(CLAUDE_4_7)),
            ("claude-sonnet-5", Some(CLAUDE_4_7)),
            ("claude-opus-6", None),
            ("claude-2.1", None),
            ("claude-instant-v1", None),
            ("claude-latest", None),
            ("nova-pro", None),
        ] {
            assert_eq!(estimate(model), expected, "{model}");
        }
    }

    #[test]
    fn letters_decide_the_range() {
        assert_eq!(CLAUDE_3.ends(&["Answer the question."], 1000), (980, 1150));
        assert_eq!(CLAUDE_3.ends(&["请用一句话回答问题。"], 1000), (1230, 2090));
        assert_eq!(CLAUDE_3.ends(&["Answer in one sentence: 请用一句"], 1000), (980, 2090));
        assert_eq!(CLAUDE_3.ends(&[], 0), (0, 0));
    }
}
