//! SentencePiece's table of what characters become (`precompiled_charsmap`): a trie in a double array, and the texts that
//! it leads to, each up to a zero byte.

use unicode_segmentation::UnicodeSegmentation as _;

use super::base64;
use super::effort::{Effort, Uncounted};

/// Clusters of characters of fewer bytes are looked up whole.
const WHOLE: usize = 6;

/// The table.
pub struct Charsmap {
    units: Vec<u32>,
    texts: String,
}

impl Charsmap {
    /// Reads the table as it stands in a file.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn read(text: &str) -> Result<Self, String> {
        let malformed = || "its `precompiled_charsmap` is malformed".to_owned();
        let bytes = base64::decode(text).ok_or_else(malformed)?;
        let (size, rest) = bytes.split_first_chunk().ok_or_else(malformed)?;
        let (units, texts) = rest
            .split_at_checked(u32::from_le_bytes(*size) as usize)
            .ok_or_else(malformed)?;
        Ok(Self {
            units: units
                .as_chunks()
                .0
                .iter()
                .map(|unit| u32::from_le_bytes(*unit))
                .collect(),
            texts: String::from_utf8(texts.to_vec()).map_err(|_| malformed())?,
        })
    }

    /// What a text becomes.
    pub fn apply(&self, text: &str, effort: &mut Effort) -> Result<String, Uncounted> {
        let mut out = String::with_capacity(text.len());
        let mut add = |key: &str, other: &str| {
            let becomes = self.becomes(key).unwrap_or(other);
            effort.spend(key.len() + becomes.len())?;
            out.push_str(becomes);
            Ok(())
        };
        for cluster in text.graphemes(true) {
            if cluster.len() < WHOLE && self.becomes(cluster).is_some() {
                add(cluster, "")?;
                continue;
            }
            for char in cluster.chars() {
                let mut buffer = [0; 4];
                let char: &str = char.encode_utf8(&mut buffer);
                add(char, char)?;
            }
        }
        Ok(out)
    }

    /// What the shortest start of `key` becomes that the table has.
    fn becomes(&self, key: &str) -> Option<&str> {
        let offset = |unit: u32| ((unit >> 10) << ((unit & 1 << 9) >> 6)) as usize;
        let mut at = offset(*self.units.first()?);
        for byte in key.bytes().take_while(|&byte| byte != 0) {
            at ^= usize::from(byte);
            let unit = *self.units.get(at)?;
            if unit & (1 << 31 | 0xff) != u32::from(byte) {
                return None;
            }
            at ^= offset(unit);
            if unit & 1 << 8 != 0 {
                let start = (self.units.get(at)? & !(1 << 31)) as usize;
                let rest = self.texts.get(start..)?;
                return Some(rest.split_once('\0').map_or(rest, |(text, _)| text));
            }
        }
        None
    }
}
