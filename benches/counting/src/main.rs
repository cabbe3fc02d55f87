//! Counting tokens beside tiktoken-rs and bpe-openai, on the same texts in one run; each must give the same number.
//!
//! ```text
//! cargo run --release --manifest-path benches/counting/Cargo.toml
//! ```
//!
//! One thread; `panics` where a library does. Times are the least of several runs, in milliseconds for the whole text; what takes longer than half a
//! second for a text is not run on a longer one of its kind.

use std::time::{Duration, Instant};

use llmlint::tokens::Encoding;

const PAGE: &str = include_str!("../../../README.md");
const CODE: &str = include_str!("../../../src/lint.rs");

type Count<'a> = &'a dyn Fn(&str) -> usize;

fn main() {
    let tiktoken = tiktoken_rs::o200k_base().expect("its own file");
    let bpe = bpe_openai::o200k_base();
    let counters: [(&str, Count<'_>); 3] = [
        ("llmlint", &|text| Encoding::O200kBase.count(text)),
        ("tiktoken-rs", &|text| tiktoken.encode_ordinary(text).len()),
        ("bpe-openai", &|text| bpe.count(text)),
    ];
    let mixed = "机器学习模型 расскажите о погоде, s'il vous plaît — 12,345.67 € 🙂\n";
    let kinds: [(&str, Box<dyn Fn(usize) -> String>); 8] = [
        ("prose and tables", Box::new(|bytes| repeated(PAGE, bytes))),
        ("Rust", Box::new(|bytes| repeated(CODE, bytes))),
        ("many scripts", Box::new(|bytes| repeated(mixed, bytes))),
        ("`a`, again and again", Box::new(|bytes| "a".repeat(bytes))),
        ("spaces", Box::new(|bytes| " ".repeat(bytes))),
        ("line ends", Box::new(|bytes| "\n".repeat(bytes))),
        ("one word of random letters", Box::new(letters)),
        ("digits", Box::new(|bytes| repeated("3141592653589793", bytes))),
    ];
    println!("| text | bytes | {} |", counters.map(|(name, _)| name).join(" | "));
    println!("| --- | --- | --- | --- | --- |");
    for (kind, text) in &kinds {
        let mut slow = [false; 3];
        for bytes in [1_000, 100_000, 1_000_000] {
            let text = text(bytes);
            let mut cells = Vec::new();
            let mut counted = Vec::new();
            for ((_, count), slow) in counters.iter().zip(&mut slow) {
                if *slow {
                    cells.push("not run".to_owned());
                    continue;
                }
                let run = std::panic::AssertUnwindSafe(|| best(*count, &text));
                let Ok((tokens, time)) = std::panic::catch_unwind(run) else {
                    cells.push("panics".to_owned());
                    continue;
                };
                *slow = time > Duration::from_millis(500) && bytes < 1_000_000;
                counted.push(tokens);
                cells.push(format!("{:.3}", time.as_secs_f64() * 1000.0));
            }
            assert_ne!(cells[0], "panics", "{kind}");
            assert!(counted.windows(2).all(|pair| pair[0] == pair[1]), "{kind}: {counted:?}");
            println!("| {kind} | {bytes} | {} |", cells.join(" | "));
        }
    }
}

/// The count and the least time of up to five runs.
fn best(count: Count<'_>, text: &str) -> (usize, Duration) {
    let mut least = Duration::MAX;
    let mut tokens = 0;
    let begin = Instant::now();
    for _ in 0..5 {
        let start = Instant::now();
        tokens = count(text);
        least = least.min(start.elapsed());
        if begin.elapsed() > Duration::from_secs(10) {
            break;
        }
    }
    (tokens, least)
}

fn repeated(text: &str, bytes: usize) -> String {
    let mut all = text.repeat(bytes / text.len() + 1);
    let end = (0..=bytes).rev().find(|at| all.is_char_boundary(*at)).unwrap_or(0);
    all.truncate(end);
    all
}

fn letters(bytes: usize) -> String {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (state >> 24) as u8 % 26)
    };
    std::iter::repeat_with(next).take(bytes).collect()
}
