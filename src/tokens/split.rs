//! Cutting a text into the pieces that are encoded one by one, as the encodings' published patterns do. Each function
//! here takes the alternatives of its pattern in their order; a piece is always at least one character.

use super::layout::class::{CASELESS, LOWER, MARK, NUMBER, OTHER, SPACE, UPPER};
use super::tables::{ascii_class, class};

const LETTER: u8 = UPPER | LOWER | CASELESS;
/// `[^\s\p{L}\p{N}]`
const PUNCTUATION: u8 = OTHER | MARK;
/// `[^\r\n\p{L}\p{N}]`, where line breaks are told apart by their characters.
const BEFORE_WORD: u8 = OTHER | MARK | SPACE;

/// A pre-tokenizer.
#[derive(Clone, Copy, Debug)]
pub enum Pattern {
    /// `'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s`
    Gpt2,
    /// `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+`
    /// `| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`
    Cl100k,
    /// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
    /// `|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
    /// `|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    O200k,
}

impl Pattern {
    /// The pieces of a text, in order and without gaps.
    pub fn pieces(self, text: &str) -> impl Iterator<Item = &str> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let at = At { text, start };
            at.class(start)?;
            let end = match self {
                Self::Gpt2 => at.gpt2(),
                Self::Cl100k => at.cl100k(),
                Self::O200k => at.o200k(),
            };
            let piece = &text[start..end];
            start = end;
            Some(piece)
        })
    }
}

/// A place in a text where a piece starts. Methods that look for a part of a pattern take the byte where it should
/// start and return the byte where it ends.
struct At<'t> {
    text: &'t str,
    start: usize,
}

impl At<'_> {
    fn gpt2(&self) -> usize {
        if let Some(end) = self.contraction(self.start, str::eq) {
            return end;
        }
        let word = self.after_space();
        match self.class(word) {
            Some((class, _)) if class & LETTER != 0 => self.run(word, LETTER),
            Some((NUMBER, _)) => self.run(word, NUMBER),
            Some((class, _)) if class & PUNCTUATION != 0 => self.run(word, PUNCTUATION),
            _ => self.spaces(self.run(self.start, SPACE)),
        }
    }

    fn cl100k(&self) -> usize {
        if let Some(end) = self.contraction(self.start, same_letters) {
            return end;
        }
        let word = self.before_word();
        let end = self.run(word, LETTER);
        if end > word {
            return end;
        }
        if let Some(end) = self.number().or_else(|| self.punctuation(b"\r\n")) {
            return end;
        }
        let end = self.run(self.start, SPACE);
        if end == self.text.len() {
            return end;
        }
        self.line_break(end).unwrap_or_else(|| self.spaces(end))
    }

    fn o200k(&self) -> usize {
        let word = self.before_word();
        // The character before a word may be left out again, which matters where it is a mark: it can start a word too.
        let end = self
            .ends_lower(word)
            .or_else(|| self.ends_lower(self.start))
            .or_else(|| self.ends_upper(word))
            .or_else(|| self.ends_upper(self.start));
        if let Some(end) = end {
            return self.contraction(end, same_letters).unwrap_or(end);
        }
        if let Some(end) = self.number().or_else(|| self.punctuation(b"\r\n/")) {
            return end;
        }
        let end = self.run(self.start, SPACE);
        self.line_break(end).unwrap_or_else(|| self.spaces(end))
    }

    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
    fn ends_lower(&self, start: usize) -> Option<usize> {
        let mut end = start;
        // Where the last character that both sets hold ends: as far as the match goes if no lower case letter follows.
        let mut last_shared = None;
        while let Some((class, next)) = self.class(end) {
            match class {
                LOWER => return Some(self.run(end, LOWER | CASELESS | MARK)),
                CASELESS | MARK => last_shared = Some(next),
                UPPER => {}
                _ => break,
            }
            end = next;
        }
        last_shared
    }

    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
    fn ends_upper(&self, start: usize) -> Option<usize> {
        let upper = self.run(start, UPPER | CASELESS | MARK);
        (upper > start).then(|| self.run(upper, LOWER | CASELESS | MARK))
    }

    /// ` ?`
    fn after_space(&self) -> usize {
        self.start + usize::from(self.byte(self.start) == Some(b' '))
    }

    /// `[^\r\n\p{L}\p{N}]?`
    fn before_word(&self) -> usize {
        match self.class(self.start) {
            Some((class, next))
                if class & BEFORE_WORD != 0 && !matches!(self.byte(self.start), Some(b'\r' | b'\n')) =>
            {
                next
            }
            _ => self.start,
        }
    }

    /// `'(?:[sdmt]|ll|ve|re)`
    fn contraction(&self, start: usize, same: fn(&str, &str) -> bool) -> Option<usize> {
        if self.byte(start) != Some(b'\'') {
            return None;
        }
        // Each is two or three bytes long; the long s, which is an s where case does not matter, has two bytes too.
        [2, 3].into_iter().map(|length| start + length).find(|&end| {
            let word = self.text.get(start + 1..end);
            word.is_some_and(|word| {
                ["s", "d", "m", "t", "ll", "ve", "re"]
                    .iter()
                    .any(|known| same(word, known))
            })
        })
    }

    /// `\p{N}{1,3}`
    fn number(&self) -> Option<usize> {
        let mut end = self.start;
        for _ in 0..3 {
            match self.class(end) {
                Some((NUMBER, next)) => end = next,
                _ => break,
            }
        }
        (end > self.start).then_some(end)
    }

    /// ` ?[^\s\p{L}\p{N}]+`, then as many of the given bytes as follow.
    fn punctuation(&self, also: &[u8]) -> Option<usize> {
        let start = self.after_space();
        let end = self.run(start, PUNCTUATION);
        let more = self.text.as_bytes()[end..]
            .iter()
            .take_while(|byte| also.contains(byte))
            .count();
        (end > start).then_some(end + more)
    }

    /// `\s*[\r\n]`: up to the last line break of the white space that ends at `end`.
    fn line_break(&self, end: usize) -> Option<usize> {
        self.text[self.start..end]
            .rfind(['\r', '\n'])
            .map(|last| self.start + last + 1)
    }

    /// `\s+$|\s+(?!\S)|\s`: white space that ends at `end`, without its last character if more than space follows.
    fn spaces(&self, end: usize) -> usize {
        let last = self.text[..end]
            .char_indices()
            .next_back()
            .map_or(end, |(last, _)| last);
        if end < self.text.len() && last > self.start {
            last
        } else {
            end
        }
    }

    /// Where the characters from `start` on that are in one of the classes end.
    fn run(&self, start: usize, classes: u8) -> usize {
        let mut end = start;
        while let Some((class, next)) = self.class(end)
            && class & classes != 0
        {
            end = next;
        }
        end
    }

    /// The class of the character that starts at a byte, and where it ends.
    fn class(&self, start: usize) -> Option<(u8, usize)> {
        match self.byte(start)? {
            byte if byte.is_ascii() => Some((ascii_class(byte), start + 1)),
            _ => self.text[start..]
                .chars()
                .next()
                .map(|char| (class(char), start + char.len_utf8())),
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }
}

/// Whether two words are the same but for case, by Unicode's simple case folding, where the second is one of the
/// contractions: apart from ASCII that concerns only the long s.
fn same_letters(word: &str, contraction: &str) -> bool {
    word.eq_ignore_ascii_case(contraction) || (word, contraction) == ("\u{17f}", "s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: Pattern, text: &str, pieces: &[&str]) {
        assert_eq!(pattern.pieces(text).collect::<Vec<_>>(), pieces, "{pattern:?}");
    }

    // The expected pieces follow from the patterns by hand.

    #[test]
    fn words_and_contractions() {
        check(
            Pattern::Gpt2,
            "I'm I'M 's's",
            &["I", "'m", " I", "'", "M", " '", "s", "'s"],
        );
        check(
            Pattern::Cl100k,
            "I'm I'M 'sound",
            &["I", "'m", " I", "'M", " '", "sound"],
        );
        check(Pattern::Cl100k, "a'\u{17f}'lload", &["a", "'\u{17f}", "'ll", "oad"]);
        check(Pattern::O200k, "I'm I'LL 'sound", &["I'm", " I'LL", " '", "sound"]);
        check(Pattern::O200k, "camelCaseXMLHttp", &["camel", "Case", "XMLHttp"]);
    }

    #[test]
    fn marks_may_open_and_close_a_word() {
        check(Pattern::O200k, "\u{301}AB", &["\u{301}", "AB"]);
        check(Pattern::O200k, "\u{301}ab", &["\u{301}ab"]);
        check(Pattern::O200k, "A中BC d", &["A中", "BC", " d"]);
        check(Pattern::Cl100k, "e\u{301}e", &["e", "\u{301}e"]);
    }

    #[test]
    fn white_space() {
        check(Pattern::Gpt2, "a  \n b", &["a", "  \n", " b"]);
        check(Pattern::Cl100k, " \n  \n  ", &[" \n  \n  "]);
        check(Pattern::O200k, " \n  \n  ", &[" \n  \n", "  "]);
        check(
            Pattern::Cl100k,
            "a\u{3000}\u{3000}\u{3000}1",
            &["a", "\u{3000}\u{3000}", "\u{3000}", "1"],
        );
        check(Pattern::O200k, "\t\tx\r\n\r\ny", &["\t", "\tx", "\r\n\r\n", "y"]);
    }

    #[test]
    fn numbers_and_punctuation() {
        check(Pattern::Gpt2, " 12345 ...!\n", &[" 12345", " ...!", "\n"]);
        check(
            Pattern::Cl100k,
            " 12345 ...!\n\n/",
            &[" ", "123", "45", " ...!\n\n", "/"],
        );
        check(Pattern::O200k, "//\n/\n!", &["//\n/\n", "!"]);
    }
}
