//! The embedded tables, read in place: nothing is parsed, copied or allocated. [`layout`] describes
//! them, `examples/make_token_tables.rs` makes them.

use super::bpe::Ranked;
use super::layout::{self, FINGERPRINT_BITS, LENGTH_BITS, START_BITS};

/// The bytes of all tokens of all vocabularies; a token inside another shares its bytes.
static STRINGS: &[u8] = include_bytes!("tables/strings.bin");
/// The class of each code point: the number of a block for each 256 code points, then the blocks.
static CLASSES: &[u8] = include_bytes!("tables/classes.bin");

const BLOCKS: usize = 0x11_0000 / 256;

/// What [`Vocabulary::rank`] answers for bytes that are no token; greater than every rank.
pub const NO_TOKEN: u32 = u32::MAX;

/// A vocabulary's file.
macro_rules! table {
    ($name:literal) => {
        Vocabulary::open(include_bytes!(concat!("tables/", $name, ".bin")))
    };
}
pub(super) use table;

/// The tokens of an encoding with their ranks: a lower rank is merged first.
#[derive(Clone, Copy)]
pub struct Vocabulary {
    pilots: &'static [[u8; 2]],
    slots: &'static [[u8; 8]],
    /// Ranks from here on belong to another encoding that shares the table.
    end: u32,
    /// Whether merging starts from the characters that are tokens, and from bytes only where a character is none.
    characters: bool,
    /// Ranks of tokens that merging does not come to from their own bytes alone.
    unreached: &'static [u32],
}

impl Vocabulary {
    /// The vocabulary of a table.
    pub fn open(table: &'static [u8]) -> Self {
        let (buckets, rest) = table
            .split_first_chunk()
            .expect("a table starts with its number of buckets");
        let (pilots, slots) = rest.split_at(2 * u32::from_le_bytes(*buckets) as usize);
        Self {
            pilots: pilots.as_chunks().0,
            slots: slots.as_chunks().0,
            end: NO_TOKEN,
            characters: false,
            unreached: &[],
        }
    }

    /// The tokens whose rank is below `end`.
    pub fn below(self, end: u32) -> Self {
        Self { end, ..self }
    }

    /// The same tokens, merged from characters as SentencePiece does.
    pub fn of_characters(self, unreached: &'static [u32]) -> Self {
        Self {
            characters: true,
            unreached,
            ..self
        }
    }
}

impl Ranked for Vocabulary {
    fn rank(&self, token: &[u8]) -> u32 {
        let hash = layout::hash(token);
        let pilot = u16::from_le_bytes(self.pilots[layout::bucket(hash, self.pilots.len())]);
        let entry = u64::from_le_bytes(self.slots[layout::slot(hash, pilot, self.slots.len())]);
        if (entry ^ hash) & low(FINGERPRINT_BITS) != 0 {
            return NO_TOKEN;
        }
        let start = (entry >> FINGERPRINT_BITS & low(START_BITS)) as usize;
        let length = (entry >> (FINGERPRINT_BITS + START_BITS) & low(LENGTH_BITS)) as usize + 1;
        let rank = (entry >> (FINGERPRINT_BITS + START_BITS + LENGTH_BITS)) as u32;
        if STRINGS.get(start..start + length) == Some(token) && rank < self.end {
            rank
        } else {
            NO_TOKEN
        }
    }

    fn is_token(&self, piece: &[u8]) -> bool {
        let rank = self.rank(piece);
        rank != NO_TOKEN && !self.unreached.contains(&rank)
    }

    fn first_part(&self, piece: &[u8], start: usize) -> usize {
        let width = match piece[start] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0.. => 4,
            _ => 1,
        };
        match piece.get(start..start + width) {
            Some(character) if self.characters && self.rank(character) != NO_TOKEN => start + width,
            _ => start + 1,
        }
    }
}

fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

/// The class of a character, one of the bits of [`layout::class`].
pub fn class(character: char) -> u8 {
    let code = character as usize;
    CLASSES[BLOCKS + 256 * usize::from(CLASSES[code / 256]) + code % 256]
}

/// The class of an ASCII character: block 0 is the first.
pub fn ascii_class(byte: u8) -> u8 {
    CLASSES[BLOCKS + usize::from(byte)]
}
