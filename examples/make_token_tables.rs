//! Makes the tables in `src/tokens/tables` from the crates `tiktoken-rs` and `regex-syntax` and from a folder of
//! published vocabularies: `tools/token_tables.sh` brings them and runs this. See `src/tokens/README.md`.

// The layout is shared with the library by its file, so that tables in a new layout can be made before any can be read.
#[path = "../src/tokens/layout.rs"]
mod layout;

use layout::{FINGERPRINT_BITS, LENGTH_BITS, START_BITS, class, ranks};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use tiktoken_rs::CoreBPE;

/// The entry of a slot without a token.
const EMPTY: u64 = u64::MAX;

/// Tokens by their bytes, with their ranks.
type Tokens = BTreeMap<Vec<u8>, u32>;

fn main() {
    let folder = std::env::args()
        .nth(1)
        .expect("the folder of vocabularies that tools/token_tables.sh fills");
    let read = |name: &str| {
        let path = Path::new(&folder).join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let json = |name: &str| -> Value { serde_json::from_slice(&read(name)).expect("a JSON file") };

    let o200k = tokens(tiktoken_rs::o200k_base_singleton(), 200_000);
    let cl100k = tokens(tiktoken_rs::cl100k_base_singleton(), 100_300);
    let p50k = tokens(tiktoken_rs::p50k_base_singleton(), 50_300);
    let r50k = tokens(tiktoken_rs::r50k_base_singleton(), 50_300);
    assert!(r50k == below(&p50k, 50_256), "r50k_base is p50k_base up to rank 50256");
    let llama3 = rank_lines(&read("llama3.model"));
    assert!(
        cl100k == below(&llama3, 100_256),
        "cl100k_base is llama3 up to rank 100256"
    );

    let (qwen, qwen_added) = byte_level(&json("qwen3.json"));
    let (deepseek, deepseek_added) = byte_level(&json("deepseek_v3.json"));
    let (gemma2, gemma2_added) = characters(&json("gemma2.json"));
    let (gemma3, gemma3_added) = characters(&json("gemma3.json"));
    let gemma3 = gemma3
        .into_iter()
        .map(|(token, id)| (token, ranks::gemma3(id)))
        .collect();
    let mistral = sentence_piece(&read("mistral_v1.model"), &ranks::MISTRAL_SPACES);
    let mistral_v3 = sentence_piece(&read("mistral_v3.model"), &ranks::MISTRAL_SPACES.map(|id| id + 768));
    let after_controls = |(token, rank): (&Vec<u8>, &u32)| {
        let rank = if *rank < ranks::SPACES { rank + 768 } else { *rank };
        mistral_v3.get(token) == Some(&rank)
    };
    assert!(
        mistral.iter().all(after_controls),
        "the third model is the first after 768 control tokens"
    );

    let vocabularies = [
        ("o200k", o200k),
        ("p50k", p50k),
        ("llama2", llama2(&json("llama2.json"))),
        ("llama3", llama3),
        ("llama4", rank_lines(&read("llama4.model"))),
        ("qwen", qwen),
        ("qwen_added", qwen_added),
        ("deepseek", deepseek),
        ("deepseek_added", deepseek_added),
        ("gemma2", gemma2),
        ("gemma2_added", gemma2_added),
        ("gemma3", gemma3),
        ("gemma3_added", gemma3_added),
        ("mistral", mistral),
        ("tekken", tekken(&json("tekken.json"))),
    ];
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tokens/tables");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(tables.join(name).with_extension("bin"), bytes).expect("the tables' folder");
    };
    let (strings, starts) = strings(vocabularies.iter().map(|(_, tokens)| tokens));
    for (name, tokens) in &vocabularies {
        println!("{name}: {} tokens", tokens.len());
        write(name, &vocabulary(tokens, &starts));
    }
    println!("strings: {} bytes", strings.len());
    write("strings", &strings);
    write("classes", &classes());
}

fn below(tokens: &Tokens, end: u32) -> Tokens {
    tokens
        .iter()
        .filter(|(_, rank)| **rank < end)
        .map(|(token, rank)| (token.clone(), *rank))
        .collect()
}

/// tiktoken's files: a token in base64 and its rank, a line each.
fn rank_lines(file: &[u8]) -> Tokens {
    let text = std::str::from_utf8(file).expect("a file of ranks is text");
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(token, rank)| (base64(token), rank.parse().expect("a rank is a number")))
        .collect()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.trim_end_matches('=').chars() {
        bits = bits << 6 | DIGITS.find(digit).expect("a digit of base64") as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// Mistral's file: the ordinary tokens that its models have, which are the first of those listed.
fn tekken(file: &Value) -> Tokens {
    let config = &file["config"];
    let size = |key: &str| config[key].as_u64().expect("a size");
    let ordinary = size("default_vocab_size") - size("default_num_special_tokens");
    let listed = file["vocab"].as_array().expect("a list of tokens");
    listed
        .iter()
        .map(|token| {
            let bytes = token["token_bytes"].as_str().expect("a token's bytes");
            (base64(bytes), token["rank"].as_u64().expect("a rank") as u32)
        })
        .filter(|(_, rank)| u64::from(*rank) < ordinary)
        .collect()
}

/// The added tokens of a `tokenizer.json` that are no control tokens, and the ids of all added tokens.
fn added(file: &Value) -> (Tokens, HashSet<u32>) {
    let (mut ordinary, mut ids) = (Tokens::new(), HashSet::new());
    for token in file["added_tokens"].as_array().expect("added tokens") {
        let id = token["id"].as_u64().expect("an id") as u32;
        let text = token["content"].as_str().expect("a text");
        ids.insert(id);
        // Tags and runs of U+2581 are what src/tokens/added.rs looks for. Runs of line breaks and tabs are tokens of
        // the vocabulary.
        if token["special"] == false && !text.contains(['\n', '\t']) {
            ordinary.insert(text.as_bytes().to_vec(), id);
        }
    }
    (ordinary, ids)
}

/// A `tokenizer.json` whose tokens are written with a character for each byte: its tokens and its added ones.
fn byte_level(file: &Value) -> (Tokens, Tokens) {
    let (added, ids) = added(file);
    // Bytes that are no printable characters of Latin-1 are written with the characters from U+0100 on.
    let printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..);
    let mut bytes: HashMap<char, u8> = (0..=255).filter(printable).map(|byte| (byte as char, byte)).collect();
    let others = (0..=255_u8).filter(|byte| !printable(byte));
    bytes.extend((0x100_u32..).filter_map(char::from_u32).zip(others));
    let tokens = file["model"]["vocab"]
        .as_object()
        .expect("a vocabulary")
        .iter()
        .map(|(token, id)| (token, id.as_u64().expect("an id") as u32))
        .filter(|(_, id)| !ids.contains(id))
        .map(|(token, id)| (token.chars().map(|char| bytes[&char]).collect(), id))
        .collect();
    (tokens, added)
}

/// A `tokenizer.json` converted from SentencePiece: its tokens and its added ones. A token is one that merging leads
/// to, a character, or a byte that is no character of the vocabulary.
fn characters(file: &Value) -> (Tokens, Tokens) {
    let (added, _) = added(file);
    let vocabulary: HashMap<&str, u32> = file["model"]["vocab"]
        .as_object()
        .expect("a vocabulary")
        .iter()
        .map(|(token, id)| (token.as_str(), id.as_u64().expect("an id") as u32))
        .collect();
    let mut merged: HashSet<String> = HashSet::new();
    for merge in file["model"]["merges"].as_array().expect("a list of merges") {
        let pair = match merge {
            Value::String(pair) => pair.replacen(' ', "", 1),
            pair => pair
                .as_array()
                .expect("a pair")
                .iter()
                .filter_map(Value::as_str)
                .collect(),
        };
        merged.insert(pair);
    }
    let mut tokens = Tokens::new();
    for (token, id) in &vocabulary {
        if merged.contains(*token) || token.chars().count() == 1 {
            insert(&mut tokens, token, *id);
        }
    }
    add_bytes(&mut tokens, |name| vocabulary.get(name).copied());
    (tokens, added)
}

/// A SentencePiece model: ranks are ids, which stand in the order of their scores, but for runs of spaces.
fn sentence_piece(model: &[u8], spaces: &[u32; 15]) -> Tokens {
    let mut pieces: Vec<(String, f32)> = Vec::new();
    let mut fields = Fields(model);
    while let Some((number, value)) = fields.next_field() {
        if number == 1 {
            let (mut piece, mut score) = (String::new(), 0.0);
            let mut fields = Fields(value);
            while let Some((number, value)) = fields.next_field() {
                match number {
                    1 => piece = String::from_utf8(value.to_vec()).expect("a piece is text"),
                    2 => score = f32::from_le_bytes(value.try_into().expect("a score")),
                    _ => {}
                }
            }
            pieces.push((piece, score));
        }
    }
    scored(&pieces, spaces)
}

/// The vocabulary of Llama 2 as lists of tokens and scores.
fn llama2(file: &Value) -> Tokens {
    let tokens = file["tokens"].as_array().expect("tokens").iter();
    let scores = file["scores"].as_array().expect("scores").iter();
    let pieces: Vec<(String, f32)> = tokens
        .zip(scores)
        .map(|(token, score)| {
            let token = token.as_str().expect("a token").to_owned();
            (token, score.as_f64().expect("a score") as f32)
        })
        .collect();
    scored(&pieces, &ranks::LLAMA2_SPACES)
}

fn scored(pieces: &[(String, f32)], spaces: &[u32; 15]) -> Tokens {
    let first = pieces
        .iter()
        .position(|(piece, _)| piece == "<0xFF>")
        .expect("tokens for bytes")
        + 1;
    let mut tokens = Tokens::new();
    let mut least = f32::INFINITY;
    for (id, (piece, score)) in (0..).zip(pieces).skip(first) {
        let rank = spaces_last(id, spaces);
        if piece.chars().count() == 1 {
            // Merging starts with it: its score says nothing.
        } else if rank == id {
            assert!(*score <= least, "{piece}: ids stand in the order of scores");
            least = *score;
        } else {
            assert!(
                *score <= -1e9 && piece.chars().all(|char| char == SPACE_MARK),
                "{piece}"
            );
        }
        insert(&mut tokens, piece, rank);
    }
    let by_name: HashMap<&str, u32> = (0..).zip(pieces).map(|(id, (piece, _))| (piece.as_str(), id)).collect();
    add_bytes(&mut tokens, |name| by_name.get(name).copied());
    tokens
}

/// The rank of an id where runs of spaces are merged last.
fn spaces_last(id: u32, spaces: &[u32; 15]) -> u32 {
    match (0..).zip(spaces).find(|(_, run)| **run == id) {
        Some((longer, _)) => ranks::SPACES + 14 - longer,
        None => id,
    }
}

/// U+2581, which SentencePiece writes for a space.
const SPACE_MARK: char = '\u{2581}';

fn insert(tokens: &mut Tokens, piece: &str, rank: u32) {
    let (before, after) = piece.split_at(piece.len() - piece.trim_start_matches(SPACE_MARK).len());
    assert!(
        !after.contains(SPACE_MARK) || piece == ">\u{2581}</",
        "{piece}: a space inside a token, where src/tokens/split.rs cuts"
    );
    assert!(
        before.is_empty() && after.chars().all(|char| char == '\n') || !piece.contains('\n'),
        "{piece:?}: a line break beside something else, where src/tokens/split.rs cuts"
    );
    tokens.insert(piece.replace(SPACE_MARK, " ").into_bytes(), rank);
}

/// The tokens of bytes that are no token as characters.
fn add_bytes(tokens: &mut Tokens, id: impl Fn(&str) -> Option<u32>) {
    for byte in 0..=255_u8 {
        // A byte's own token is left out where the character has it.
        if let Some(id) = id(&format!("<0x{byte:02X}>")) {
            tokens.entry(vec![byte]).or_insert(id);
        }
        assert!(tokens.contains_key(&[byte][..]), "a token for the byte {byte}");
    }
}

/// The fields of a message of Protocol Buffers: their numbers and bytes.
struct Fields<'m>(&'m [u8]);

impl<'m> Fields<'m> {
    fn next_field(&mut self) -> Option<(u64, &'m [u8])> {
        if self.0.is_empty() {
            return None;
        }
        let tag = self.varint();
        let length = match tag & 7 {
            0 => {
                self.varint();
                0
            }
            1 => 8,
            2 => self.varint() as usize,
            5 => 4,
            kind => panic!("a field of kind {kind}"),
        };
        let (value, rest) = self.0.split_at(length);
        self.0 = rest;
        Some((tag >> 3, value))
    }

    fn varint(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.0[0];
            self.0 = &self.0[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }
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
fn strings<'v>(vocabularies: impl Iterator<Item = &'v Tokens>) -> (Vec<u8>, HashMap<Vec<u8>, usize>) {
    let all: HashSet<&Vec<u8>> = vocabularies.flat_map(BTreeMap::keys).collect();
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
    let mut pilots = vec![0_u16; tokens.len() / 4 + 1];
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
        (r"[\p{P}\p{S}]", class::SIGN),
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
