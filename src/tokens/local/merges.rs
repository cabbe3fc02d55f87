//! The model `BPE` of a `tokenizer.json`: from characters on, the pair of neighbours that stands first in the list of
//! merges is joined, the leftmost of equals first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::effort::{Effort, Uncounted};

/// The model.
pub struct Merges {
    pub vocabulary: HashMap<String, u32>,
    /// For two neighbours: their place in the list, and the token that they become.
    pub merges: HashMap<(u32, u32), (u32, u32)>,
    /// What is put before a character that does not start a piece, and after one that ends it.
    pub prefix: String,
    pub suffix: String,
    /// The token for what has none.
    pub unknown: Option<u32>,
    /// Whether several unknown characters in a row are one token.
    pub fuse_unknown: bool,
    /// Tokens for the bytes of a character that is none.
    pub bytes: Option<ByteTokens>,
    /// Whether a piece that is a token is left as it is.
    pub whole_first: bool,
}

/// The tokens of single bytes, `<0x00>` to `<0xFF>`.
pub struct ByteTokens(Vec<Option<u32>>);

impl ByteTokens {
    /// Those of a vocabulary.
    pub fn new(id: impl Fn(&str) -> Option<u32>) -> Self {
        Self((0..=255).map(|byte: u8| id(&format!("<0x{byte:02X}>"))).collect())
    }

    /// The tokens of a text's bytes, where each has one.
    pub fn of(&self, text: &str) -> Option<Vec<u32>> {
        text.bytes().map(|byte| self.0[usize::from(byte)]).collect()
    }
}

#[derive(Clone, Copy)]
struct Symbol {
    id: u32,
    before: usize,
    after: usize,
    gone: bool,
}

const NONE: usize = usize::MAX;

impl Merges {
    /// Adds the tokens of a piece.
    pub fn encode(&self, piece: &str, out: &mut Vec<u32>, effort: &mut Effort) -> Result<(), Uncounted> {
        if self.whole_first
            && let Some(&id) = self.vocabulary.get(piece)
        {
            out.push(id);
            return Ok(());
        }
        let mut symbols: Vec<Symbol> = Vec::new();
        self.characters(piece, |id| {
            let at = symbols.len();
            symbols.push(Symbol {
                id,
                before: at.wrapping_sub(1),
                after: at + 1,
                gone: false,
            });
        });
        effort.spend(symbols.len())?;
        if let Some(last) = symbols.last_mut() {
            last.after = NONE;
        }
        let mut queue = BinaryHeap::new();
        let pair = |symbols: &[Symbol], left: usize| {
            let right = symbols.get(symbols.get(left)?.after)?;
            let &(rank, id) = self.merges.get(&(symbols[left].id, right.id))?;
            Some(Reverse((rank, left, id)))
        };
        queue.extend((0..symbols.len()).filter_map(|at| pair(&symbols, at)));
        while let Some(Reverse((_, left, id))) = queue.pop() {
            // What a neighbour's merge has changed since is known by what it would become.
            if symbols[left].gone || pair(&symbols, left).is_none_or(|Reverse((.., now))| now != id) {
                continue;
            }
            let right = symbols[left].after;
            symbols[right].gone = true;
            symbols[left].id = id;
            let next = symbols[right].after;
            symbols[left].after = next;
            if let Some(next) = symbols.get_mut(next) {
                next.before = left;
            }
            queue.extend(pair(&symbols, symbols[left].before));
            queue.extend(pair(&symbols, left));
        }
        out.extend(symbols.iter().filter(|symbol| !symbol.gone).map(|symbol| symbol.id));
        Ok(())
    }

    /// Calls `add` with the tokens that merging starts with.
    fn characters(&self, piece: &str, mut add: impl FnMut(u32)) {
        let mut written = String::new();
        let mut pending = None;
        for (start, char) in piece.char_indices() {
            let end = start + char.len_utf8();
            let (first, last) = (start == 0, end == piece.len());
            written.clear();
            if !first {
                written.push_str(&self.prefix);
            }
            written.push(char);
            if last {
                written.push_str(&self.suffix);
            }
            if let Some(&id) = self.vocabulary.get(&written) {
                pending.take().into_iter().for_each(&mut add);
                add(id);
                continue;
            }
            if let Some(bytes) = self.bytes.as_ref().and_then(|bytes| bytes.of(&written)) {
                pending.take().into_iter().for_each(&mut add);
                bytes.into_iter().for_each(&mut add);
            } else if let Some(unknown) = self.unknown {
                if !self.fuse_unknown {
                    pending.take().into_iter().for_each(&mut add);
                }
                pending = Some(unknown);
            }
        }
        pending.take().into_iter().for_each(&mut add);
    }
}
