//! Byte pair encoding of one piece of text: from single bytes (or characters, where the vocabulary starts with them),
//! the adjacent pair whose joined bytes have the lowest rank is merged, the leftmost of equals first, until no pair
//! joins to a token. Any byte is a token, so any piece has an encoding.

use super::tables::NO_TOKEN;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::rc::Rc;

/// Tokens with their ranks: a lower rank is merged first.
pub trait Ranked {
    /// The rank of the token with exactly these bytes, or [`NO_TOKEN`].
    fn rank(&self, token: &[u8]) -> u32;

    /// Whether a piece of text is one token, without merging.
    fn is_token(&self, piece: &[u8]) -> bool {
        self.rank(piece) != NO_TOKEN
    }

    /// Where the part ends that merging starts with at a byte.
    fn first_part(&self, _piece: &[u8], start: usize) -> usize {
        start + 1
    }
}

/// Up to this many bytes, looking through all pairs for the next merge is faster than keeping them in order.
const SHORT: usize = 64;

/// Calls `token` with the bytes of each token of `piece`, in order.
pub fn each_token<'t>(vocabulary: &impl Ranked, piece: &'t [u8], mut token: impl FnMut(&'t [u8])) {
    if piece.len() == 1 || vocabulary.is_token(piece) {
        token(piece);
    } else if piece.len() <= SHORT {
        merge_short(vocabulary, piece, token);
    } else {
        // Positions in a long piece have 32 bits; no piece of 4 GiB is expected, only survived.
        for piece in piece.chunks(u32::MAX as usize) {
            match Blocks::of(vocabulary, piece) {
                Some(ends) => {
                    let starts = std::iter::once(0).chain(ends.iter().copied());
                    starts.zip(&ends).for_each(|(start, &end)| token(&piece[start..end]));
                }
                None => merge_long(vocabulary, piece, &mut token),
            }
        }
    }
}

/// Quadratic in the length of the piece, without allocation.
fn merge_short<'t>(vocabulary: &impl Ranked, piece: &'t [u8], mut token: impl FnMut(&'t [u8])) {
    // Part i is piece[starts[i]..starts[i + 1]]; ranks[i] is the rank of parts i and i + 1 joined.
    let mut starts = [0; SHORT + 1];
    let mut count = 0;
    while starts[count] < piece.len() {
        starts[count + 1] = vocabulary.first_part(piece, starts[count]);
        count += 1;
    }
    let mut ranks = [NO_TOKEN; SHORT];
    for (rank, pair) in ranks.iter_mut().zip(starts[..=count].windows(3)) {
        *rank = vocabulary.rank(&piece[pair[0]..pair[2]]);
    }
    loop {
        let mut lowest = NO_TOKEN;
        let mut at = 0;
        for (i, &rank) in ranks[..count].iter().enumerate() {
            if rank < lowest {
                (lowest, at) = (rank, i);
            }
        }
        if lowest == NO_TOKEN {
            break;
        }
        starts.copy_within(at + 2..=count, at + 1);
        ranks.copy_within(at + 1..count, at);
        count -= 1;
        for i in at.saturating_sub(1)..=at {
            ranks[i] = if i + 1 < count {
                vocabulary.rank(&piece[starts[i]..starts[i + 2]])
            } else {
                NO_TOKEN
            };
        }
    }
    for part in starts[..=count].windows(2) {
        token(&piece[part[0]..part[1]]);
    }
}

/// A part of a long piece. Parts are kept at the position of their first byte; other positions hold nothing.
#[derive(Clone, Copy)]
struct Part {
    /// Where the part before it starts; of no meaning for the first.
    before: u32,
    /// Where the part ends and the next one starts.
    end: u32,
    /// The rank of this part and the next one joined.
    rank: u32,
}

/// From this many bytes on a piece is merged in blocks.
const MANY: usize = 4 * SHORT;
/// Encoded parts that are kept, for texts that repeat themselves.
const MOST_KEPT: usize = 1000;
/// How often a byte may be encoded, on average.
const MOST_TIMES: usize = 12;

/// A long piece, merged block by block. Where any two neighbours of a list of tokens come out as themselves when they are
/// merged alone, the list is what merging the whole leads to: the first merge that crosses from one to the next would be
/// the first to cross between these two alone. So blocks are merged for themselves, and the tokens around each seam are
/// merged again until all neighbours agree.
struct Blocks<'v, 'p, V> {
    vocabulary: &'v V,
    piece: &'p [u8],
    /// Where the tokens of parts that were encoded end, counted from their start.
    known: HashMap<&'p [u8], Rc<[usize]>>,
    /// Bytes that may yet be encoded.
    left: usize,
}

impl<'p, V: Ranked> Blocks<'_, 'p, V> {
    /// Where the tokens of a piece end; `None` for a piece that is short, or whose seams take too long.
    fn of(vocabulary: &V, piece: &'p [u8]) -> Option<Vec<usize>> {
        if piece.len() < MANY {
            return None;
        }
        let mut blocks = Blocks {
            vocabulary,
            piece,
            known: HashMap::new(),
            left: piece.len().saturating_mul(MOST_TIMES),
        };
        let mut ends = Vec::with_capacity(piece.len() / 4);
        let mut start = 0;
        while start < piece.len() {
            let mut end = piece.len().min(start + SHORT);
            // Not inside a character, with which merging may start.
            while piece.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) && end > start + SHORT / 2 {
                end -= 1;
            }
            let block = blocks.encode(start, end)?;
            blocks.join(&mut ends, start, &block)?;
            start = end;
        }
        Some(ends)
    }

    /// Adds the tokens of a block, which starts where the last of `ends` is, and mends those around the seam.
    fn join(&mut self, ends: &mut Vec<usize>, seam: usize, block: &[usize]) -> Option<()> {
        let start_of = |ends: &[usize], taken: usize| ends.len().checked_sub(taken + 1).map_or(0, |at| ends[at]);
        // Tokens before and after the seam that are merged again.
        let (mut before, mut after) = (0_usize, 0_usize);
        let mut mended: Vec<usize> = Vec::new();
        loop {
            let start = start_of(ends, before);
            let end = seam + after.checked_sub(1).map_or(0, |last| block[last]);
            let first_end = mended.first().copied().unwrap_or(seam + block[0]);
            let fits_before = before == ends.len() || self.stays(start_of(ends, before + 1), start, first_end)?;
            if !fits_before {
                before = (before * 2).clamp(1, ends.len());
            }
            let last_start = match mended.len() {
                0 => None,
                1 => Some(start),
                many => Some(mended[many - 2]),
            };
            let fits_after = match last_start {
                Some(last) if after < block.len() => self.stays(last, end, seam + block[after])?,
                _ => true,
            };
            if !fits_after || !fits_before && after == 0 {
                after = (after * 2).clamp(1, block.len());
            }
            if fits_before && fits_after {
                ends.truncate(ends.len() - before);
                ends.append(&mut mended);
                ends.extend(block[after..].iter().map(|end| seam + end));
                return Some(());
            }
            let start = start_of(ends, before);
            let again = self.encode(start, seam + block[after - 1])?;
            mended = again.iter().map(|end| start + end).collect();
        }
    }

    /// Whether two neighbours come out as themselves.
    fn stays(&mut self, start: usize, middle: usize, end: usize) -> Option<bool> {
        let both = self.encode(start, end)?;
        Some(*both == [middle - start, end - start])
    }

    /// Where the tokens of a part of the piece end, counted from its start.
    fn encode(&mut self, start: usize, end: usize) -> Option<Rc<[usize]>> {
        let part = &self.piece[start..end];
        if let Some(known) = self.known.get(part) {
            return Some(Rc::clone(known));
        }
        self.left = self.left.checked_sub(part.len())?;
        let mut ends = Vec::new();
        let mut at = 0;
        let add = |token: &[u8]| {
            at += token.len();
            ends.push(at);
        };
        if part.len() <= SHORT {
            merge_short(self.vocabulary, part, add);
        } else {
            merge_long(self.vocabulary, part, add);
        }
        let ends: Rc<[usize]> = ends.into();
        if self.known.len() < MOST_KEPT {
            self.known.insert(part, Rc::clone(&ends));
        }
        Some(ends)
    }
}

/// O(n log n) in the length of the piece.
fn merge_long<'t>(vocabulary: &impl Ranked, piece: &'t [u8], mut token: impl FnMut(&'t [u8])) {
    let nothing = Part {
        before: 0,
        end: 0,
        rank: NO_TOKEN,
    };
    let mut parts = vec![nothing; piece.len()];
    let (mut before, mut start) = (0, 0);
    while start < piece.len() {
        let end = vocabulary.first_part(piece, start);
        let rank = match piece.get(end) {
            Some(_) => vocabulary.rank(&piece[start..vocabulary.first_part(piece, end)]),
            None => NO_TOKEN,
        };
        parts[start] = Part {
            before,
            end: end as u32,
            rank,
        };
        (before, start) = (start as u32, end);
    }
    // The merges by rank, then from left to right. One that a neighbour's merge has changed since stays in the queue
    // and is known by its rank, for at one place a rank means the same bytes.
    let merge = |start: u32, rank: u32| Reverse(u64::from(rank) << 32 | u64::from(start));
    let mut queue: BinaryHeap<_> = (0..)
        .zip(&parts)
        .filter(|(_, part)| part.rank != NO_TOKEN)
        .map(|(start, part)| merge(start, part.rank))
        .collect();
    while let Some(Reverse(next)) = queue.pop() {
        let (rank, start) = ((next >> 32) as u32, next as u32);
        let left = parts[start as usize];
        if left.rank != rank {
            continue;
        }
        let right = parts[left.end as usize];
        parts[left.end as usize].rank = NO_TOKEN;
        parts[start as usize].end = right.end;
        if let Some(after) = parts.get_mut(right.end as usize) {
            after.before = start;
        }
        for changed in [start, left.before] {
            let part = parts[changed as usize];
            let Some(&Part { end, .. }) = parts.get(part.end as usize) else {
                parts[changed as usize].rank = NO_TOKEN;
                continue;
            };
            let rank = vocabulary.rank(&piece[changed as usize..end as usize]);
            parts[changed as usize].rank = rank;
            if rank != NO_TOKEN && rank != part.rank {
                queue.push(merge(changed, rank));
            }
        }
    }
    let mut start = 0;
    while let Some(part) = parts.get(start) {
        token(&piece[start..part.end as usize]);
        start = part.end as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Encoding;
    use super::*;

    /// Merging in blocks leads to what merging the whole does: runs of one character and of few, words, scripts, and
    /// letters at random.
    #[test]
    fn blocks_and_wholes_agree() {
        let mut state = 7_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let words = [
            "the",
            "antidis",
            "establish",
            "日本語",
            "ある",
            "ё",
            " ",
            "\u{301}",
            "🙂",
            "0",
            "ﷺ",
            "aaa",
            "-",
        ];
        let mut texts: Vec<String> = ["a", " ", "\n", "=", "ab", "aab", "日", "é", "\u{2003}", "0"]
            .iter()
            .flat_map(|unit| [300, 1111].map(|times| unit.repeat(times)))
            .collect();
        for kinds in [2, 3, 5, 26] {
            texts.push((0..2000).map(|_| char::from(b'a' + random(kinds) as u8)).collect());
        }
        for _ in 0..6 {
            texts.push((0..400).map(|_| words[random(words.len() as u32) as usize]).collect());
        }
        for encoding in Encoding::ALL {
            let vocabulary = encoding.parts().vocabulary;
            for text in &texts {
                let mut whole = Vec::new();
                merge_long(&vocabulary, text.as_bytes(), |token| whole.push(token.len()));
                let ends = Blocks::of(&vocabulary, text.as_bytes()).expect("seams that agree soon");
                let lengths: Vec<usize> = std::iter::once(0)
                    .chain(ends.iter().copied())
                    .zip(&ends)
                    .map(|(a, b)| b - a)
                    .collect();
                assert!(lengths == whole, "{encoding:?} {:.40}", text);
            }
        }
    }

    /// Both ways to merge agree, on every length around the threshold between them.
    #[test]
    fn short_and_long_merges_agree() {
        let text =
            "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen 日本語 aaaaaaaaaaaaaaaaaaaa \u{301}\u{301}";
        for encoding in Encoding::ALL {
            let vocabulary = encoding.parts().vocabulary;
            for start in 0..text.len() {
                for end in start + 1..=text.len().min(start + SHORT) {
                    let piece = &text.as_bytes()[start..end];
                    let (mut short, mut long) = (Vec::new(), Vec::new());
                    merge_short(&vocabulary, piece, |token| short.push(token));
                    merge_long(&vocabulary, piece, |token| long.push(token));
                    assert_eq!(short, long);
                }
            }
        }
    }
}
