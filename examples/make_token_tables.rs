//! Makes the tables in `src/tokens/tables` from the `tiktoken-rs` and `regex-syntax` crates:
//! `cargo run --release --example make_token_tables`. See `src/tokens/README.md`.

// The layout is shared with the library by its file, so that tables in a new layout can be made before any can be read.
#[path = "../src/tokens/layout.rs"]
mod layout;

use layout::{FINGERPRINT_BITS, LENGTH_BITS, START_BITS, class};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use tiktoken_rs::CoreBPE;

/// The entry of a slot without a token.
const EMPTY: u64 = u64::MAX;

/// Tokens by their bytes, with their ranks.
type Tokens = BTreeMap<Vec<u8>, u32>;

fn main() -> std::io::Result<()> {
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tokens/tables");
    let o200k = tokens(tiktoken_rs::o200k_base_singleton(), 200_000);
    let cl100k = tokens(tiktoken_rs::cl100k_base_singleton(), 100_300);
    let p50k = tokens(tiktoken_rs::p50k_base_singleton(), 50_300);
    let r50k = tokens(tiktoken_rs::r50k_base_singleton(), 50_300);
    let r50k_in_p50k: Tokens = p50k
        .iter()
        .filter(|(_, rank)| **rank < 50_256)
        .map(|(k, v)| (k.clone(), *v))
        .collect();
    assert!(r50k == r50k_in_p50k, "r50k_base is p50k_base up to rank 50256");

    let (strings, starts) = strings([&o200k, &cl100k, &p50k]);
    for (name, tokens) in [("o200k", &o200k), ("cl100k", &cl100k), ("p50k", &p50k)] {
        std::fs::write(tables.join(name).with_extension("bin"), vocabulary(tokens, &starts))?;
    }
    std::fs::write(tables.join("strings.bin"), strings)?;
    std::fs::write(tables.join("classes.bin"), classes())
}

/// The ordinary tokens of an encoding, whose ranks are below `end`.
fn tokens(encoding: &CoreBPE, end: u32) -> Tokens {
    let special: HashSet<&[u8]> = encoding.special_tokens().into_iter().map(str::as_bytes).collect();
    let bytes = |rank| encoding.decode_bytes(&[rank]).ok();
    (0..end)
        .filter_map(|rank| Some((bytes(rank)?, rank)))
        .filter(|(token, _)| !special.contains(&token[..]))
        .collect()
}

/// The bytes of all tokens, and where each starts: a token that is part of a longer one has no bytes of its own.
fn strings<const N: usize>(vocabularies: [&Tokens; N]) -> (Vec<u8>, HashMap<Vec<u8>, usize>) {
    let all: HashSet<&Vec<u8>> = vocabularies.iter().flat_map(|tokens| tokens.keys()).collect();
    let mut longest_first: Vec<&Vec<u8>> = all.iter().copied().collect();
    longest_first.sort_by_key(|token| (std::cmp::Reverse(token.len()), *token));
    let mut strings = Vec::new();
    let mut starts = HashMap::new();
    for token in longest_first {
        if starts.contains_key(token) {
            continue;
        }
        for start in 0..token.len() {
            for end in start + 1..=token.len() {
                let part = token[start..end].to_vec();
                if all.contains(&part) {
                    starts.entry(part).or_insert(strings.len() + start);
                }
            }
        }
        strings.extend_from_slice(token);
    }
    assert!(strings.len() < 1 << START_BITS);
    (strings, starts)
}

/// A vocabulary as `layout` describes it. The fullest buckets choose their pilots first, while most slots are free.
fn vocabulary(tokens: &Tokens, starts: &HashMap<Vec<u8>, usize>) -> Vec<u8> {
    let mut pilots = vec![0_u16; tokens.len() / 4];
    let mut slots = vec![EMPTY; tokens.len() + tokens.len() / 50];
    let mut buckets = vec![Vec::new(); pilots.len()];
    for (token, rank) in tokens {
        let hash = layout::hash(token);
        let length = token.len() as u64 - 1;
        assert!(length < 1 << LENGTH_BITS && *rank < 1 << (64 - LENGTH_BITS - START_BITS - FINGERPRINT_BITS));
        let entry = ((u64::from(*rank) << LENGTH_BITS | length) << START_BITS | starts[token] as u64)
            << FINGERPRINT_BITS
            | hash & ((1 << FINGERPRINT_BITS) - 1);
        buckets[layout::bucket(hash, pilots.len())].push((hash, entry));
    }
    let mut fullest_first: Vec<usize> = (0..buckets.len()).collect();
    fullest_first.sort_by_key(|&bucket| (std::cmp::Reverse(buckets[bucket].len()), bucket));
    for bucket in fullest_first {
        let places = |pilot| {
            buckets[bucket]
                .iter()
                .map(move |(hash, _)| *hash)
                .map(move |hash| (hash, pilot))
        };
        let mut taken = HashSet::new();
        let pilot = (0..=u16::MAX)
            .find(|&pilot| {
                taken.clear();
                places(pilot).all(|(hash, pilot)| {
                    let slot = layout::slot(hash, pilot, slots.len());
                    slots[slot] == EMPTY && taken.insert(slot)
                })
            })
            .expect("a pilot that sends the bucket's tokens to free slots: else change the hash's seed");
        pilots[bucket] = pilot;
        for (hash, entry) in &buckets[bucket] {
            let slot = layout::slot(*hash, pilot, slots.len());
            slots[slot] = *entry;
        }
    }
    let head = (pilots.len() as u32).to_le_bytes().into_iter();
    let pilots = pilots.into_iter().flat_map(u16::to_le_bytes);
    head.chain(pilots)
        .chain(slots.into_iter().flat_map(u64::to_le_bytes))
        .collect()
}

/// The class of each code point: the number of a block for each 256 code points, then the different blocks.
fn classes() -> Vec<u8> {
    let mut classes = vec![class::OTHER; 0x11_0000];
    for (pattern, bit) in [
        (r"[\p{Lu}\p{Lt}]", class::UPPER),
        (r"\p{Ll}", class::LOWER),
        (r"[\p{Lm}\p{Lo}]", class::CASELESS),
        (r"\p{M}", class::MARK),
        (r"\p{N}", class::NUMBER),
        (r"\s", class::SPACE),
    ] {
        let parsed = regex_syntax::parse(pattern).expect("a class that the regex crate knows");
        let regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(ranges)) = parsed.into_kind() else {
            panic!("{pattern} is a class of characters");
        };
        for range in ranges.ranges() {
            for class in &mut classes[range.start() as usize..=range.end() as usize] {
                assert_eq!(*class, class::OTHER, "the classes exclude each other");
                *class = bit;
            }
        }
    }
    let mut blocks: Vec<&[u8]> = Vec::new();
    let mut table = Vec::new();
    for block in classes.chunks(256) {
        let number = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        table.push(u8::try_from(number).expect("at most 256 different blocks"));
    }
    table.extend(blocks.concat());
    table
}
