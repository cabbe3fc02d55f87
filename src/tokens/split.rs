//! Cutting a text into the pieces that are encoded one by one, as the encodings' published patterns do. Each function
//! here takes the alternatives of its pattern in their order; a piece is always at least one character.

use super::layout::class::{CASELESS, LOWER, MARK, NUMBER, OTHER, SIGN, SPACE, UPPER};
use super::tables::{ascii_class, class};

const LETTER: u8 = UPPER | LOWER | CASELESS;
/// `[^\s\p{L}\p{N}]`
const PUNCTUATION: u8 = SIGN | OTHER | MARK;
/// `[^\r\n\p{L}\p{N}]`, where line breaks are told apart by their characters.
const BEFORE_WORD: u8 = SIGN | OTHER | MARK | SPACE;
/// The most line breaks that one token holds where they are matched before anything else.
const LINE_BREAKS: usize = 31;

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
    /// As `O200k`, without the contractions and with each number character alone.
    Tekken,
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}`
    /// `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    Llama3,
    /// As `Llama3`, with each number character alone.
    Qwen,
    /// First `\p{N}{1,3}`, then `[一-龥぀-ゟ゠-ヿ]+`, and in what these leave
    /// `[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+`
    /// `| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`; what nothing matches is a piece too.
    DeepSeek,
    /// No pattern: merges go over the whole text. No token of these vocabularies holds a space after anything but a
    /// space, but for `> </` in Gemma 3's, nor a line break beside anything else. So no merge crosses these places, and
    /// cutting there changes nothing but the time.
    Words,
}

impl Pattern {
    /// The pieces of a text, in order and without gaps.
    pub fn pieces(self, text: &str) -> impl Iterator<Item = &str> {
        let mut start = 0;
        // Where the part of the text ends that the last step of a sequence of patterns sees.
        let mut limit = 0;
        std::iter::from_fn(move || {
            let at = At { text, start };
            at.class(start)?;
            let end = match self {
                Self::Gpt2 => at.gpt2(),
                Self::Cl100k => at.cl100k(),
                Self::O200k => at.o200k(),
                Self::Tekken => at.tekken(),
                Self::Llama3 => at.llama3(3),
                Self::Qwen => at.llama3(1),
                Self::DeepSeek => at.deepseek(&mut limit),
                Self::Words => at.words(),
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
        if let Some(end) = self.number(3).or_else(|| self.punctuation(b"\r\n")) {
            return end;
        }
        let end = self.run(self.start, SPACE);
        if end == self.text.len() {
            return end;
        }
        self.line_break(end).unwrap_or_else(|| self.spaces(end))
    }

    fn llama3(&self, digits: usize) -> usize {
        if let Some(end) = self.contraction(self.start, same_letters) {
            return end;
        }
        let word = self.before_word();
        let end = self.run(word, LETTER);
        if end > word {
            return end;
        }
        self.number(digits)
            .or_else(|| self.punctuation(b"\r\n"))
            .unwrap_or_else(|| self.white_space())
    }

    fn o200k(&self) -> usize {
        if let Some(end) = self.cased_word() {
            return self.contraction(end, same_letters).unwrap_or(end);
        }
        self.number(3)
            .or_else(|| self.punctuation(b"\r\n/"))
            .unwrap_or_else(|| self.white_space())
    }

    fn tekken(&self) -> usize {
        self.cased_word()
            .or_else(|| self.number(1))
            .or_else(|| self.punctuation(b"\r\n/"))
            .unwrap_or_else(|| self.white_space())
    }

    fn deepseek(&self, limit: &mut usize) -> usize {
        let cjk = self.run_of(self.start, is_cjk);
        if let Some(end) = self.number(3).or((cjk > self.start).then_some(cjk)) {
            return end;
        }
        if *limit <= self.start {
            *limit = self.run_of(self.start, |char| class(char) != NUMBER && !is_cjk(char));
        }
        let seen = At {
            text: &self.text[..*limit],
            start: self.start,
        };
        seen.deepseek_rest()
    }

    /// The last pattern of DeepSeek's sequence.
    fn deepseek_rest(&self) -> usize {
        let bytes = &self.text.as_bytes()[self.start..];
        if bytes[0].is_ascii_punctuation() {
            let letters = bytes[1..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            if letters > 0 {
                return self.start + 1 + letters;
            }
        }
        let word = match self.class(self.start) {
            Some((SPACE | OTHER, next)) if !matches!(bytes[0], b'\r' | b'\n') => next,
            _ => self.start,
        };
        let end = self.run(word, LETTER | MARK);
        if end > word {
            return end;
        }
        let sign = self.after_space();
        let end = self.run(sign, SIGN);
        if end > sign {
            return end + count(&self.text.as_bytes()[end..], b"\r\n");
        }
        let unmatched = self.run(self.start, OTHER);
        if unmatched == self.start {
            return self.white_space();
        }
        match self.class(unmatched) {
            // The last of them stands before a word.
            Some((class, _)) if class & (LETTER | MARK) != 0 => self.last_before(unmatched),
            _ => unmatched,
        }
    }

    fn words(&self) -> usize {
        let bytes = self.text.as_bytes();
        let run = &bytes[self.start..bytes.len().min(self.start + LINE_BREAKS)];
        let breaks = count(run, b"\n");
        if breaks > 0 {
            return self.start + breaks;
        }
        let mut end = self.start + count(&bytes[self.start..], b" ");
        loop {
            let Some(next) = memchr::memchr2(b' ', b'\n', &bytes[end..]) else {
                return bytes.len();
            };
            end += next;
            let crossed = bytes[end] == b' ' && bytes[..end].ends_with(b">") && bytes[end + 1..].starts_with(b"</");
            if !crossed {
                return end;
            }
            end += 1;
        }
    }

    /// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
    /// `|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
    fn cased_word(&self) -> Option<usize> {
        let word = self.before_word();
        // The character before a word may be left out again, which matters where it is a mark: it can start a word too.
        self.ends_lower(word)
            .or_else(|| self.ends_lower(self.start))
            .or_else(|| self.ends_upper(word))
            .or_else(|| self.ends_upper(self.start))
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`
    fn white_space(&self) -> usize {
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

    /// `\p{N}{1,most}`
    fn number(&self, most: usize) -> Option<usize> {
        let mut end = self.start;
        for _ in 0..most {
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
        (end > start).then(|| end + count(&self.text.as_bytes()[end..], also))
    }

    /// `\s*[\r\n]`: up to the last line break of the white space that ends at `end`.
    fn line_break(&self, end: usize) -> Option<usize> {
        self.text[self.start..end]
            .rfind(['\r', '\n'])
            .map(|last| self.start + last + 1)
    }

    /// `\s+$|\s+(?!\S)|\s`: white space that ends at `end`, without its last character if more than space follows.
    fn spaces(&self, end: usize) -> usize {
        let last = self.last_before(end);
        if end < self.text.len() && last > self.start {
            last
        } else {
            end
        }
    }

    /// Where the last character before `end` starts.
    fn last_before(&self, end: usize) -> usize {
        let last = self.text[..end].char_indices().next_back();
        last.map_or(end, |(last, _)| last)
    }

    /// Where the characters from `start` on end for which something holds.
    fn run_of(&self, start: usize, holds: impl Fn(char) -> bool) -> usize {
        let rest = &self.text[start..];
        start + rest.find(|char| !holds(char)).unwrap_or(rest.len())
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

/// How many of the first bytes are among the given ones.
fn count(bytes: &[u8], among: &[u8]) -> usize {
    bytes.iter().take_while(|byte| among.contains(byte)).count()
}

/// `[一-龥぀-ゟ゠-ヿ]`
fn is_cjk(char: char) -> bool {
    matches!(char, '一'..='龥' | '\u{3040}'..='\u{30ff}')
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
