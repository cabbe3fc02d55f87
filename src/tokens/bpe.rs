//! Byte pair encoding of one piece of text: from single bytes (or characters, where the vocabulary starts with them),
//! the adjacent pair whose joined bytes have the lowest rank is merged, the leftmost of equals first, until no pair
//! joins to a token. Any byte is a token, so any piece has an encoding.

use super::tables::NO_TOKEN;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
            merge_long(vocabulary, piece, &mut token);
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
    use super::*;

    /// Both ways to merge agree, on every length around the threshold between them.
    #[test]
    fn short_and_long_merges_agree() {
        let text =
            "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen 日本語 aaaaaaaaaaaaaaaaaaaa \u{301}\u{301}";
        for encoding in super::super::Encoding::ALL {
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
