//! Tokenizers by their own files: what they count, and what a broken or hostile file does. Expected ids were made by
//! `tokenizers` 0.23.3 from the same files; `tools/check_tokenizer_files.py` compares real ones.

mod program;

use std::time::{Duration, Instant};

use llmlint::tokens::local::{Tokenizer, Uncounted};
use program::Tree;
use serde_json::{Value, json};

fn read(file: &Value) -> Result<Tokenizer, String> {
    Tokenizer::read(&file.to_string(), None)
}

fn ids(file: &Value, text: &str) -> Vec<u32> {
    read(file).expect("a tokenizer").encode(text).expect("it counts")
}

/// Words of a list, as a `tokenizer.json`.
fn words(normalizer: &Value, pre_tokenizer: &Value) -> Value {
    json!({
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "answer": 1, "in": 2, "one": 3, "line": 4, ".": 5, "12": 6, "1": 7, "2": 8}, "unk_token": "[UNK]"},
    })
}

#[test]
fn words_of_a_list() {
    let file = words(&json!({"type": "Lowercase"}), &json!({"type": "Whitespace"}));
    assert_eq!(ids(&file, "Answer in ONE line. 12"), [1, 2, 3, 4, 5, 6]);
    let digits = json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": true}]});
    assert_eq!(ids(&words(&Value::Null, &digits), "one 12 line."), [3, 7, 8, 0]);
}

#[test]
fn merges_with_bytes_and_added_tokens() {
    let file = json!({
        "added_tokens": [
            {"id": 14, "content": "<tool>", "special": false, "normalized": false},
            {"id": 15, "content": "<end>", "special": true, "normalized": false},
        ],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": null,
        "model": {
            "type": "BPE", "byte_fallback": true, "fuse_unk": true, "unk_token": "<unk>",
            "vocab": {"<unk>": 0, "▁": 1, "a": 2, "b": 3, "▁a": 4, "ab": 5, "▁ab": 6, "<0xC3>": 7, "<0xA9>": 8, "<": 9, "e": 10, "n": 11, "d": 12, ">": 13},
            "merges": ["▁ a", ["a", "b"], "▁a b"],
        },
    });
    assert_eq!(ids(&file, "ab ab"), [6, 6]);
    assert_eq!(ids(&file, "é"), [1, 7, 8]);
    // Unknown characters in a row are one token; a token of control is ordinary text.
    assert_eq!(ids(&file, "xyz<tool>a"), [1, 0, 14, 4]);
    assert_eq!(ids(&file, "<end>"), [1, 9, 10, 11, 12, 13]);
}

#[test]
fn the_best_score_and_the_longest_word_piece() {
    let file = json!({
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["▁", -3.0], ["▁a", -2.0], ["b", -2.5], ["▁ab", -5.0], ["a", -2.0], ["ab", -1.5]]},
    });
    // `▁` and `ab` score -4.5, `▁a` and `b` as much: the way with the earlier start of its last token counts. `▁ab` scores -5.
    assert_eq!(ids(&file, "ab"), [1, 6]);
    assert_eq!(ids(&file, "xy a"), [1, 0, 2]);
    let file = json!({
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "token": 1, "##s": 2, "##ize": 3, "r": 4, "##r": 5, ".": 6, "中": 7}},
    });
    assert_eq!(ids(&file, "Tökens tokenizer. 中中"), [1, 2, 1, 3, 5, 6, 7, 7]);
    assert_eq!(ids(&file, "tokenx"), [0]);
}

#[test]
fn ranks_need_a_pattern() {
    let base64 = |byte: u8| {
        const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digit = |at: u8| char::from(DIGITS[usize::from(at)]);
        format!("{}{}==", digit(byte >> 2), digit(byte << 6 >> 2 & 0x30))
    };
    let mut file: String = (0..=255).map(|byte| format!("{} {byte}\n", base64(byte))).collect();
    file.push_str("YWI= 256\nIGFi 257\n");
    let error = Tokenizer::read(&file, None).expect_err("it holds no pattern");
    assert!(error.contains("`pattern`"), "{error}");
    let tokenizer = Tokenizer::read(&file, Some(r" ?\p{L}+|\s+")).expect("a tokenizer");
    assert_eq!(tokenizer.encode("ab ab  a"), Ok(vec![256, 257, 32, 32, 97]));
    let error = Tokenizer::read("YQ== x\n", Some("a")).expect_err("a rank is no number");
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn broken_files_say_what_is_wrong() {
    for (file, why) in [
        (json!({}), "no `tokenizer.json`"),
        (
            json!({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}}),
            "are no tokens",
        ),
        (
            json!({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["ab"]}}),
            "no pair",
        ),
        (
            json!({"model": {"type": "BPE", "vocab": {"a": 0}, "dropout": 0.1}}),
            "at random",
        ),
        (json!({"model": {"type": "BPE", "vocab": [1]}}), "its `model`"),
        (
            json!({"model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 5}}),
            "`unk_id`",
        ),
        (json!({"model": {"type": "Neural", "vocab": {}}}), "`Neural`"),
        (
            words(
                &json!({"type": "Precompiled", "precompiled_charsmap": "////"}),
                &Value::Null,
            ),
            "malformed",
        ),
        (words(&json!({"type": "Rot13"}), &Value::Null), "`Rot13`"),
        (
            words(
                &json!({"type": "Sequence", "normalizers": vec![json!({"type": "NFC"}); 100]}),
                &Value::Null,
            ),
            "steps",
        ),
        (
            words(
                &Value::Null,
                &json!({"type": "Split", "pattern": {"Regex": "(?=ab)"}, "behavior": "Isolated"}),
            ),
            "around",
        ),
        (
            words(
                &Value::Null,
                &json!({"type": "Split", "pattern": {"Regex": "(("}, "behavior": "Isolated"}),
            ),
            "nothing closes",
        ),
    ] {
        let error = read(&file).expect_err("it is broken");
        assert!(error.contains(why), "{error}");
    }
    assert!(Tokenizer::read(&"[".repeat(1_000_000), None).is_err());
    assert!(Tokenizer::read(&format!("{{\"model\":{}", "{\"a\":".repeat(100_000)), None).is_err());
    assert!(Tokenizer::read("version https://git-lfs.github.com/spec/v1\n", None).is_err());
}

/// A file may be made to take long: each text has an end of the work for it.
#[test]
fn hostile_files_end() {
    let text = "a".repeat(30_000);
    let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "a".repeat(1000)});
    let longer = json!({"type": "Sequence", "normalizers": vec![replace; 30]});
    let again = json!({"type": "Split", "pattern": {"Regex": "a*b|a"}, "behavior": "Isolated"});
    let tokens: Vec<Value> = (1..2000).map(|length| json!(["a".repeat(length), -1.0])).collect();
    let unigram = json!({"model": {"type": "Unigram", "vocab": tokens}});
    let begin = Instant::now();
    for file in [words(&longer, &Value::Null), words(&Value::Null, &again), unigram] {
        let counted = read(&file).expect("it is well formed").encode(&text);
        assert!(matches!(counted, Err(Uncounted(_))), "{counted:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

const PROMPT: &str = r#"{"model": "acme/echo-1", "messages": [{"role": "user", "content": "answer in one line."}]}"#;
const CONFIG: &str = "tokenizers:\n  - models: acme/*\n    file: models/tokenizer.json\n";

#[test]
fn a_config_names_a_file() {
    let file = words(&Value::Null, &json!({"type": "Whitespace"})).to_string();
    let tree = Tree::new()
        .with("call.json", PROMPT)
        .with("llmlint.yaml", CONFIG)
        .with("models/tokenizer.json", file);
    let ran = tree.run(&["tokens", "--explain", "call.json"]);
    assert!(ran.out.contains("models/tokenizer.json`"), "{}", ran.out);
    assert!(!ran.out.contains("o200k_base"), "{}", ran.out);
    let ran = tree.check(&["."]);
    assert!(!ran.out.contains("tokenizer-not-read"), "{}", ran.out);
    let ran = tree.run(&["tokens", "--tokenizer", "models/tokenizer.json", "call.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn a_broken_file_is_told_and_estimated() {
    let tree = Tree::new()
        .with("call.json", PROMPT)
        .with("llmlint.yaml", CONFIG)
        .with("models/tokenizer.json", "{\"model\": 1}");
    let ran = tree.run(&["tokens", "--explain", "call.json"]);
    assert!(ran.out.contains("estimated with o200k_base"), "{}", ran.out);
    let ran = tree.check(&["."]);
    assert!(ran.out.contains("tokenizer-not-read"), "{}", ran.out);
    let outside = Tree::new()
        .with("call.json", PROMPT)
        .with("llmlint.yaml", "tokenizers: [{models: '*', file: ../tokenizer.json}]\n");
    let ran = outside.check(&["."]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains("inside the repository"), "{}", ran.err);
}
