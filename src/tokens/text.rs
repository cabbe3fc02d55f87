//! Lengths of a text as people count them, by Unicode Standard Annex 29.

use unicode_segmentation::UnicodeSegmentation;

/// The number of words: segments between word boundaries that hold a letter or a digit. "can't" is one word; each
/// Chinese character is one.
pub fn words(text: &str) -> usize {
    text.unicode_words().count()
}

/// The number of characters as a reader sees them (extended grapheme clusters): a letter with its accents, an emoji
/// with its modifiers and a CRLF are one each.
pub fn characters(text: &str) -> usize {
    if text.is_ascii() {
        text.len() - text.matches("\r\n").count()
    } else {
        text.graphemes(true).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_scripts() {
        assert_eq!(words(""), 0);
        assert_eq!(words("I can't pay $3.50 - ever."), 5);
        assert_eq!(words("東京"), 2);
    }

    #[test]
    fn characters_as_seen() {
        assert_eq!(characters("a\r\nb\n"), 4);
        assert_eq!(characters("e\u{301}👩‍👩‍👧🇫🇷\r\n"), 4);
    }
}
