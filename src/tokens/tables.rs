//! The embedded tables, read in place: nothing is parsed, copied or allocated. [`layout`] describes
//! them, `examples/make_token_tables.rs` makes them.

use super::layout::{self, FINGERPRINT_BITS, LENGTH_BITS, START_BITS};

/// The bytes of all tokens of all vocabularies; a token inside another shares its bytes.
static STRINGS: &[u8] = include_bytes!("tables/strings.bin");
static O200K: &[u8] = include_bytes!("tables/o200k.bin");
static CL100K: &[u8] = include_bytes!("tables/cl100k.bin");
static P50K: &[u8] = include_bytes!("tables/p50k.bin");
/// The class of each code point: the number of a block for each 256 code points, then the blocks.
static CLASSES: &[u8] = include_bytes!("tables/classes.bin");

const BLOCKS: usize = 0x11_0000 / 256;

/// What [`Vocabulary::rank`] answers for bytes that are no token; greater than every rank.
pub const NO_TOKEN: u32 = u32::MAX;

/// The tokens of an encoding with their ranks. A token's rank is its id, and a lower rank is merged first.
#[derive(Clone, Copy)]
pub struct Vocabulary {
    pilots: &'static [[u8; 2]],
    slots: &'static [[u8; 8]],
    /// Ranks from here on belong to another encoding that shares the table.
    end: u32,
}

impl Vocabulary {
    /// The tokens of `o200k_base` and `o200k_harmony`.
    pub fn o200k() -> Self {
        Self::open(O200K, NO_TOKEN)
    }

    /// The tokens of `cl100k_base`.
    pub fn cl100k() -> Self {
        Self::open(CL100K, NO_TOKEN)
    }

    /// The tokens of `p50k_base` and `p50k_edit`.
    pub fn p50k() -> Self {
        Self::open(P50K, NO_TOKEN)
    }

    /// The tokens of `r50k_base`: `p50k_base` less its runs of spaces, which come after the last token of `r50k_base`.
    pub fn r50k() -> Self {
        Self::open(P50K, 50_256)
    }

    fn open(table: &'static [u8], end: u32) -> Self {
        let (buckets, rest) = table
            .split_first_chunk()
            .expect("a table starts with its number of buckets");
        let (pilots, slots) = rest.split_at(2 * u32::from_le_bytes(*buckets) as usize);
        Self {
            pilots: pilots.as_chunks().0,
            slots: slots.as_chunks().0,
            end,
        }
    }

    /// The rank of the token with exactly these bytes, or [`NO_TOKEN`].
    pub fn rank(&self, token: &[u8]) -> u32 {
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
