//! Tokens that stand apart from the merges: they are found in a text before anything else is done with it. Those of a
//! tokenizer's control (`<bos>`, `<|im_end|>`) are not among them: in a prompt's text they are ordinary text.

use super::bpe::Ranked as _;
use super::tables::{NO_TOKEN, Vocabulary};

/// The longest tag among the added tokens of the built-in vocabularies, bytes, rounded up.
const LONGEST_TAG: usize = 64;
/// The longest run of U+2581 that is one token in Gemma's vocabularies, characters.
const LONGEST_RUN: usize = 31;
/// U+2581, which SentencePiece writes for a space.
pub const SPACE_MARK: &str = "\u{2581}";

/// A part of a text.
pub enum Part<'t> {
    /// Ordinary text.
    Text(&'t str),
    /// An added token.
    Token(&'t str),
}

/// Calls `part` with the parts of a text in order, without gaps. Added tokens are tags, `<table>` or `[multimodal]`,
/// and runs of U+2581.
pub fn each_part<'t>(text: &'t str, added: &Vocabulary, mut part: impl FnMut(Part<'t>)) {
    let bytes = text.as_bytes();
    let (mut done, mut at) = (0, 0);
    while let Some(next) = memchr::memchr3(b'<', b'[', SPACE_MARK.as_bytes()[0], &bytes[at..]) {
        at += next;
        match token_at(text, at, added) {
            Some(end) => {
                if done < at {
                    part(Part::Text(&text[done..at]));
                }
                part(Part::Token(&text[at..end]));
                (done, at) = (end, end);
            }
            None => at += 1,
        }
    }
    if done < text.len() {
        part(Part::Text(&text[done..]));
    }
}

/// Where the added token ends that starts at a byte.
fn token_at(text: &str, start: usize, added: &Vocabulary) -> Option<usize> {
    let bytes = text.as_bytes();
    let close = match bytes[start] {
        b'<' => b'>',
        b'[' => b']',
        _ => {
            let run = text.get(start..)?;
            let marks = run.as_bytes().chunks(SPACE_MARK.len()).take(LONGEST_RUN);
            let count = marks.take_while(|chunk| *chunk == SPACE_MARK.as_bytes()).count();
            let end = start + count * SPACE_MARK.len();
            return (added.rank(&bytes[start..end]) != NO_TOKEN).then_some(end);
        }
    };
    let near = &bytes[start..bytes.len().min(start + LONGEST_TAG)];
    let end = start + memchr::memchr(close, near)? + 1;
    (added.rank(&bytes[start..end]) != NO_TOKEN).then_some(end)
}
