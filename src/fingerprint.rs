//! Names for content that stay when lines move: which unit or finding of one report is which of another.

use sha2::{Digest, Sha256};

/// Values of a sketch.
const VALUES: usize = 16;
/// Words of a shingle.
const SHINGLE: usize = 3;
/// Words of a text that a sketch is made of: what two texts share shows long before.
const MOST_WORDS: usize = 4000;

/// 16 hexadecimal digits of what `parts` say, white space apart.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut words = String::new();
    for part in parts {
        for word in part.split_whitespace() {
            words.push_str(word);
            words.push(' ');
        }
        words.push('\0');
    }
    let digest = Sha256::digest(words.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The smallest hash of a text's runs of three words in each of 16 ranges of hashes, four hexadecimal digits each: the
/// share of equal places in two sketches estimates how much of their texts is the same (one permutation hashing,
/// Li, Owen and Zhang 2012).
pub fn sketch(text: &str) -> String {
    let words: Vec<u64> = text.split_whitespace().take(MOST_WORDS).map(word_hash).collect();
    if words.is_empty() {
        return String::new();
    }
    let mut least = [u64::MAX; VALUES];
    for shingle in words.windows(SHINGLE.min(words.len())) {
        let hash = shingle.iter().fold(0_u64, |hash, word| mix(hash ^ word));
        let range = &mut least[(hash >> 60) as usize];
        *range = (*range).min(hash);
    }
    least
        .iter()
        .map(|value| format!("{:04x}", (value >> 8) & 0xffff))
        .collect()
}

/// How much of two texts is the same by their sketches, 0 to 1; 0 where either is empty.
pub fn likeness(a: &str, b: &str) -> f64 {
    if a.len() != VALUES * 4 || b.len() != a.len() {
        return 0.0;
    }
    let equal = a
        .as_bytes()
        .chunks(4)
        .zip(b.as_bytes().chunks(4))
        .filter(|(a, b)| a == b);
    equal.count() as f64 / VALUES as f64
}

/// A quick number for a word (FNV-1a).
pub(crate) fn word_hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A number whose bits all depend on those of another: the finalizer of SplitMix64.
pub(crate) fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_may_move_and_words_may_not() {
        assert_eq!(fingerprint(&["a  b\n c"]), fingerprint(&["a b c"]));
        assert_ne!(fingerprint(&["a", "b"]), fingerprint(&["a b"]));
        assert_ne!(fingerprint(&["a b c"]), fingerprint(&["a b d"]));
    }

    #[test]
    fn a_sketch_tells_an_edit_from_another_text() {
        let before = "You are the help desk of a library. Answer the reader's question from the passages below. Be \
                      polite, name the shelf, and say when a book is lent out.";
        let after = format!("{before} Answer in at most three sentences.");
        let other = "Translate the following product description into French and keep the brand names as they are.";
        assert!(likeness(&sketch(before), &sketch(&after)) > 0.5);
        assert!(likeness(&sketch(before), &sketch(other)) < 0.2);
        assert!(likeness(&sketch(before), &sketch(before)) > 0.99);
        assert!(likeness("", "") < 0.01);
    }
}
