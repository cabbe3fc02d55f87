//! The layout of the embedded tables: what `examples/make_token_tables.rs` writes and [`tables`](super::tables) reads.
//!
//! A vocabulary is a perfect hash table from a token's bytes to its id. Its file is, in little-endian order:
//! the number of buckets (`u32`), a pilot (`u16`) for each bucket, an entry (`u64`) for each slot. A key's hash picks
//! a bucket, and the bucket's pilot, chosen when the tables are made so that no two tokens meet, picks the slot. So a
//! look-up reads one pilot and one entry, and nothing has to be built at start.
//!
//! An entry holds, from its highest bit: the rank, the token's length less one, where its bytes start in `strings.bin`
//! (shared by all vocabularies), and the low bits of its hash, which turn away most keys that are no token. A slot
//! without a token has all bits set: its bytes would start beyond the shared bytes, so no key matches it.

/// Width of an entry's hash bits.
pub const FINGERPRINT_BITS: u32 = 16;
/// Width of an entry's offset into the shared bytes.
pub const START_BITS: u32 = 23;
/// Width of an entry's length less one: a token has 1 to 128 bytes.
pub const LENGTH_BITS: u32 = 7;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTOR: u64 = 0xd6e8_feb8_6659_fd93;

/// The hash of a token's bytes.
pub fn hash(key: &[u8]) -> u64 {
    let start = SEED.wrapping_mul(key.len() as u64 + 1);
    match (key.first_chunk::<4>(), key.last_chunk::<4>(), key.last_chunk::<8>()) {
        (_, _, Some(last)) => {
            let mut hash = start;
            // The last word overlaps the one before it; where the length is a multiple of 8 it is that one.
            for word in key.as_chunks::<8>().0 {
                hash = mix(hash ^ u64::from_le_bytes(*word));
            }
            mix(hash ^ u64::from_le_bytes(*last))
        }
        (Some(first), Some(last), None) => {
            mix(start ^ (u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32))
        }
        _ => mix(key.iter().fold(start, |hash, &byte| hash << 8 ^ u64::from(byte))),
    }
}

/// The bucket of a hash.
pub fn bucket(hash: u64, buckets: usize) -> usize {
    scale(hash, buckets)
}

/// The slot of a hash whose bucket has this pilot.
pub fn slot(hash: u64, pilot: u16, slots: usize) -> usize {
    scale(mix(hash.wrapping_add(u64::from(pilot).wrapping_mul(SEED))), slots)
}

/// A 64-bit product's halves folded together: every bit of the input reaches every bit of the result.
fn mix(word: u64) -> u64 {
    let product = u128::from(word) * u128::from(FACTOR);
    product as u64 ^ (product >> 64) as u64
}

/// Maps the upper half of a hash to `0..size`.
fn scale(hash: u64, size: usize) -> usize {
    (((hash >> 32) * size as u64) >> 32) as usize
}

/// The classes of a character that the patterns know, one bit each, so that a set of classes is a mask.
pub mod class {
    /// Upper and title case letters: `\p{Lu}\p{Lt}`.
    pub const UPPER: u8 = 1;
    /// Lower case letters: `\p{Ll}`.
    pub const LOWER: u8 = 2;
    /// Letters without case: `\p{Lm}\p{Lo}`.
    pub const CASELESS: u8 = 4;
    /// Combining marks: `\p{M}`.
    pub const MARK: u8 = 8;
    /// Numbers: `\p{N}`.
    pub const NUMBER: u8 = 16;
    /// White space: `\s`.
    pub const SPACE: u8 = 32;
    /// Punctuation and symbols: `\p{P}\p{S}`.
    pub const SIGN: u8 = 64;
    /// Everything else: controls, formats, private and unassigned code points.
    pub const OTHER: u8 = 128;
}

/// Where a vocabulary's order of merges is not that of its ids. A table holds ranks, the order of merges; each module
/// here turns a rank into its id, and back.
pub mod ranks {
    /// In Gemma 3's list of merges the runs of line breaks, of spaces and of tabs come from the longest to the shortest,
    /// while their ids rise with their length. Nothing else differs, so this is its own inverse.
    pub fn gemma3(rank: u32) -> u32 {
        match rank {
            108..=137 => 108 + 137 - rank,
            138..=167 => 138 + 167 - rank,
            255_969..=255_998 => 255_969 + 255_998 - rank,
            _ => rank,
        }
    }

    /// The runs of 2 to 16 spaces in the vocabulary of Mistral's first models, by length; 0 for 15, of which there is
    /// none. Their score is the lowest, so they are merged last, and then the leftmost grows as long as it can: as if
    /// the longest came first.
    pub const MISTRAL_SPACES: [u32; 15] = [
        259, 2287, 260, 355, 428, 5390, 273, 2600, 756, 17_422, 558, 569, 1417, 0, 359,
    ];

    /// The same of Llama 2.
    pub const LLAMA2_SPACES: [u32; 15] = [
        259, 1678, 268, 418, 539, 4706, 308, 3986, 965, 9651, 632, 795, 1669, 18_884, 462,
    ];

    /// The rank from which on these runs stand, the run of 16 first.
    pub const SPACES: u32 = 32_000;
}
