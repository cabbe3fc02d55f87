//! Token counts against the reference: recorded ids, random texts, and texts made to be slow.

use llmlint::tokens::{Encoding, characters, words};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tiktoken_rs::CoreBPE;

fn rows(path: &str) -> Option<Vec<Value>> {
    let file = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()?;
    Some(
        file.lines()
            .map(|line| serde_json::from_str(line).expect("a row is JSON"))
            .collect(),
    )
}

fn encoding(row: &Value) -> Encoding {
    row["encoding"]
        .as_str()
        .and_then(Encoding::from_name)
        .expect("a known encoding")
}

fn text(row: &Value) -> &str {
    row["text"].as_str().expect("a text")
}

#[test]
fn recorded_ids() {
    let rows = rows("fixtures/tokens/oracle.jsonl").expect("the repository's oracle");
    assert!(rows.len() > 60);
    for row in rows {
        let ids = encoding(&row).encode(text(&row));
        assert_eq!(serde_json::json!(ids), row["ids"], "{row}");
        assert_eq!(encoding(&row).count(text(&row)), ids.len());
    }
}

/// OpenAI's encodings by tiktoken, those of open models by `tokenizers` and `mistral-common`.
#[test]
fn shared_oracles() {
    shared_oracle("../shared/tokens/oracle.jsonl", 2500);
    shared_oracle("../shared/tokens/open.jsonl", 800);
}

fn shared_oracle(path: &str, size: usize) {
    let Some(rows) = rows(path) else {
        eprintln!("skipped: {path} is not here");
        return;
    };
    assert_eq!(rows.len(), size);
    for row in rows {
        let ids = encoding(&row).encode(text(&row));
        let decimal: Vec<String> = ids.iter().map(u32::to_string).collect();
        let digest = Sha256::digest(decimal.join(" "));
        let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (ids.len(), hex.as_str()),
            (
                row["count"].as_u64().unwrap() as usize,
                row["ids_sha256"].as_str().unwrap()
            ),
            "{row}"
        );
        assert_eq!(encoding(&row).count(text(&row)), ids.len());
    }
}

/// The reference for OpenAI's encodings; `tools/check_tokens.py` has those of the others.
fn reference(encoding: Encoding) -> Option<&'static CoreBPE> {
    Some(match encoding {
        Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
        Encoding::O200kHarmony => tiktoken_rs::o200k_harmony_singleton(),
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
        Encoding::P50kBase => tiktoken_rs::p50k_base_singleton(),
        Encoding::P50kEdit => tiktoken_rs::p50k_edit_singleton(),
        Encoding::R50kBase => tiktoken_rs::r50k_base_singleton(),
        _ => return None,
    })
}

/// Texts in which the parts of the patterns meet: white space of all kinds, contractions in odd cases, marks, letters
/// with and without case, numbers of several scripts, unassigned code points, long runs.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[ \t\r\n]{1,5}",
        2 => "[\\u{b}\\u{85}\\u{a0}\\u{1680}\\u{2003}\\u{2028}\\u{3000}\\u{200b}]{1,3}",
        4 => "'(s|S|\u{17f}|t|T|d|D|m|M|ll|LL|lL|ve|Ve|re|RE|\u{212a}|l|v)?",
        4 => "[a-zA-Z]{1,12}",
        4 => "[!-/:-@\\[-`{-~]{1,4}",
        3 => "[0-9]{1,7}",
        3 => "\\p{Lu}{1,3}",
        3 => "\\p{Ll}{1,3}",
        2 => "\\p{Lt}{1,2}",
        2 => "\\p{Lm}{1,2}",
        3 => "\\p{Lo}{1,8}",
        3 => "\\p{M}{1,3}",
        2 => "\\p{N}{1,5}",
        2 => "\\p{So}{1,3}",
        1 => "\\p{Cn}{1,2}",
        1 => "\\p{Co}",
        2 => "[\\u{0}-\\u{10ffff}]{1,4}",
        1 => ("[a-z= \n中é0]", 1..150_usize).prop_map(|(part, times)| part.repeat(times)),
        1 => "[a-e]{60,200}",
        1 => "\\p{Lo}{20,80}",
        1 => "<\\|(endoftext|endofprompt|im_start|start|fim_prefix)\\|>",
        2 => "( the| and|ing|tion| return| import|\\(\\)|;\n|    |\": \")",
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    // Random texts are short: what fails is small as it is, and shrinking with the slow reference would take minutes.
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn same_ids_as_the_reference(text in texts()) {
        for encoding in Encoding::ALL {
            let ids = encoding.encode(&text);
            prop_assert_eq!(encoding.count(&text), ids.len());
            if let Some(reference) = reference(encoding) {
                prop_assert_eq!(ids, reference.encode_ordinary(&text), "{}", encoding.name());
            }
        }
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(500)
}

/// Nothing panics, and nothing takes more than almost linear time: were it quadratic, a text of this size would take
/// minutes.
#[test]
fn hostile_sizes() {
    let size = if cfg!(debug_assertions) { 30_000 } else { 1_000_000 };
    for unit in [
        " ",
        "\n",
        "\r\n",
        "\t",
        "\u{a0}",
        " \n",
        "\n ",
        "a",
        "A",
        "aA",
        "0",
        "'",
        "'s",
        "/",
        "\u{301}",
        "A\u{301}",
        "\u{301}A",
        "中",
        "中A",
        "日本語のテキスト和汉字한국어",
        "👩‍👩‍👧",
        "🇫🇷",
        "\u{378}",
        "the ",
        "\0",
    ] {
        let text = format!("\u{301}A{}x", unit.repeat(size / unit.len()));
        let start = Instant::now();
        for encoding in Encoding::ALL {
            assert!(
                (1..=text.len() + 1).contains(&encoding.count(&text)),
                "{}",
                encoding.name()
            );
        }
        assert!(words(&text) <= text.len() && characters(&text) <= text.len());
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{unit:?} took {:?}",
            start.elapsed()
        );
    }
    // "aaaaaaaa" is a token of both, and no longer run of a is.
    assert_eq!(Encoding::O200kBase.count(&"a".repeat(100_000)), 100_000 / 8);
    assert_eq!(Encoding::Cl100kBase.count(&"a".repeat(100_000)), 100_000 / 8);
}

/// The built program on a file of its own.
fn program(file: &str, text: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(folder.path().join(file), text).expect("a scratch file");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_llmlint"))
        .arg("tokens")
        .args(arguments)
        .arg(file)
        .current_dir(folder.path())
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A text that holds a control character.
#[test]
fn each_token_is_shown() {
    let shown = program("a.txt", "wörld\n\u{1b}[0m", &["--pieces"]);
    assert_eq!(shown, "w|ör|ld|\\n\n|<U+001B>|[|0|m\n");
    let colored = program("a.txt", "a b", &["--pieces", "--color", "always"]);
    assert_eq!(colored, "\u{1b}[48;5;24;97ma\u{1b}[0m\u{1b}[48;5;58;97m b\u{1b}[0m\n");
}

/// Two messages of gpt-4o: 2 tokens of text and 4 (`Who`, ` is`, ` `, `?`), each with its role (1) and 3 more, and 3
/// for the reply.
#[test]
fn a_request_is_explained() {
    let request = r#"{"model": "gpt-4o", "messages": [{"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Who is {{name}}?"}]}"#;
    let shown = program("request.json", request, &["--explain"]);
    assert!(shown.starts_with("request.json (chat request): 17 tokens\n"), "{shown}");
    for line in ["11   64%  framing     messages and reply", "?        variable    name"] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
}
