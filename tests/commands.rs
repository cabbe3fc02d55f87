//! `llmlint numbers` and `llmlint memory`, the built program end to end. What is expected was worked out by hand.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Exit code, standard output and standard error.
fn run(arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_llmlint"))
        .args(arguments)
        .env("COLUMNS", "100")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A run that reads no input may be gone by now.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let done = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (done.status.code().unwrap_or(-1), text(done.stdout), text(done.stderr))
}

fn succeeds(arguments: &[&str]) -> String {
    let (code, out, error) = run(arguments, "");
    assert_eq!((code, error.as_str()), (0, ""), "{arguments:?}");
    out
}

/// Text without the line breaks and indents of wrapping.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn contains(text: &str, expected: &[&str]) {
    let text = flat(text);
    for expected in expected {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

#[test]
fn numbers_shows_every_figure_of_the_note_beside_todays() {
    let out = succeeds(&["numbers"]);
    for line in out.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    // A figure's line starts at the margin: its first words, what the note said, the start of today's.
    let rows = [
        ["Saved by adding", "40-90%", "48.7% of output tokens"],
        ["Tokens per English word", "1.3:1", "1.33 tokens per"],
        ["GPT-4 to GPT-3.5 Turbo", "~50:1", "input 100:1; output 100:1"],
        ["Generating with GPT-3.5", "5:1", "25:1"],
        ["Generating with GPT-4", "250:1", "2500:1"],
        ["OpenAI embedding", "10:1", "0.538:1"],
        ["Fine-tuned to base", "6:1", "input 2:1; output 2:1"],
        ["Fine-tuned to base model queries,", "1:1", "1:1"],
        ["Training a 13B", "~$1 million", "about $528,000"],
        ["Fine-tuning to training", "<0.001", "0.000000952"],
        ["GPU memory", "V100 16 GB, A10G 24", "A10G 22.06 GiB; L4 22.03 GiB"],
        ["GPU memory to serve", "2x the number", "Llama-3.1-8B-Instruct 2.00"],
        ["GPU memory of an embed", "~1 GB", "bge-m3 2.27 GB"],
        ["Throughput gained", ">10x", "8-23 times"],
        ["GPU memory for a token", "~1 MB", "Llama-2-13b-hf 819,200 bytes"],
    ];
    let mut lines = out
        .lines()
        .skip(2)
        .filter(|line| !line.starts_with(' ') && !line.is_empty());
    for [name, then, today] in rows {
        // Later lines of a wrapped name start at the margin, too.
        let found = lines.any(|line| {
            line.starts_with(name)
                && line.get(38..).is_some_and(|rest| rest.starts_with(then))
                && line.get(60..).is_some_and(|rest| rest.starts_with(today))
        });
        assert!(found, "{name} {then} {today}, in the note's order, in:\n{out}");
    }
    contains(
        &out,
        &[
            // 6 × 13e9 × 1.4e12 operations; 989e12 × 40% a second; $55.04 for 8 GPUs.
            "6 * 13,000,000,000 * 1,400,000,000,000 / (989 * 1000000000000 * 0.40) / 3600 * 55.04 / 8",
            "output: 50 / 0.5 = 100:1",
            "0.02 / (1.204 / (3600 * 9,000) * 1000000)",
            "meta-llama/Llama-2-13b-hf: 2 * 40 * 40 * 128 * 2 = 819,200 bytes",
            "https://arxiv.org/abs/2401.05618",
            "but: GPT-3.5's accuracy on maths problems fell",
        ],
    );
}

#[test]
fn numbers_as_json_keep_money_exact_and_name_each_source() {
    let out = succeeds(&["numbers", "--format", "json"]);
    let value: Value = serde_json::from_str(&out).expect("JSON");
    let numbers = value["numbers"].as_array().expect("a list");
    assert_eq!(numbers.len(), 15);
    for number in numbers {
        let today = &number["today"];
        let figures = today["figures"].as_array().expect("a list");
        let found = today["found"].as_array().expect("a list");
        assert!(figures.is_empty() != found.is_empty(), "{number}");
        for input in figures
            .iter()
            .flat_map(|figure| figure["figure"]["inputs"].as_array().expect("inputs"))
        {
            assert!(input["low"].is_string(), "{input}");
            let from = input["from"].as_str().unwrap_or_default();
            assert!(from.contains(", 2026-"), "a source and its day: {input}");
        }
        for study in found {
            assert!(
                study["url"].as_str().is_some_and(|url| url.starts_with("https://")),
                "{study}"
            );
        }
    }
}

const LLAMA: &str = "meta-llama/Llama-3.1-8B-Instruct";

#[test]
fn memory_says_why_a_model_does_not_start_and_what_would_help() {
    let out = succeeds(&[
        "memory",
        "--model",
        LLAMA,
        "--gpu",
        "L4",
        "--engine-version",
        "0.11.0",
        "--explain",
    ]);
    contains(
        &out,
        &[
            // 8,030,261,248 parameters × 2 bytes / 2^30 = 14.957 GiB
            "weights 14.99",
            // 2 × 32 layers × 8 heads × 128 × 2 bytes
            "131,072 bytes a token",
            // 131,072 tokens × 131,072 bytes = 2^34 bytes = 16 GiB
            "verdict: does not start, max-model-len exceeds the KV cache: one sequence of 131072 tokens needs 16.00 GiB",
            "stated engine-version 0.11.0",
            "gpu-memory-utilization 0.9 GiB of one GPU",
            "longest context that surely starts here: ",
            "surely starts on: A100-40GB,",
            // The step by step: 22.03 GiB × 0.9 less the parts.
            "GPU memory, GiB 22.0300; utilization 0.9000; weights, GiB 14.98",
        ],
    );
    let bar = out
        .lines()
        .find(|line| line.contains('█') && line.contains('['))
        .expect("a bar");
    assert!(bar.ends_with("] 22.03 GiB"), "{bar}");
    // 14.99 of 22.03 GiB are 68.0% of 80 cells.
    assert_eq!(bar.matches('█').count(), 54, "{bar}");
}

#[test]
fn memory_reads_lengths_as_the_engine_does() {
    for (text, tokens) in [("32k", 32_000), ("32K", 32_768), ("4096", 4096)] {
        let out = succeeds(&[
            "memory",
            "--model",
            LLAMA,
            "--gpu",
            "L40S",
            "--max-model-len",
            text,
            "--format",
            "json",
        ]);
        let value: Value = serde_json::from_str(&out).expect("JSON");
        let answer = &value["gpus"][0];
        assert_eq!(answer["figures"]["max_model_len"], tokens);
        assert_eq!(answer["outcome"], "starts");
        assert_eq!(answer["figures"]["kv_bytes_per_token"], 131_072);
    }
    let fp8 = succeeds(&["memory", "--model", LLAMA, "--gpu", "L40S", "--kv-cache-dtype", "fp8"]);
    contains(&fp8, &["65,536 bytes a token", "stated kv-cache-dtype fp8"]);
    assert_eq!(run(&["memory", "--model", LLAMA, "--max-model-len", "12x"], "").0, 2);
}

#[test]
fn memory_judges_each_gpu_that_a_label_may_mean() {
    let out = succeeds(&[
        "memory",
        "--model",
        "Qwen/Qwen3-32B",
        "--gpu",
        "A100",
        "--max-model-len",
        "8k",
    ]);
    contains(
        &out,
        &[
            "`A100` is one of A100-40GB, A100-80GB",
            "on 1 × A100-40GB (39.50 GiB)",
            // 32.8 billion parameters in 16 bits are 61 GiB: too many for 40 GB, not for 80.
            "verdict: does not start, out of memory while loading",
            "on 1 × A100-80GB (79.15 GiB)",
            "verdict: starts:",
        ],
    );
}

#[test]
fn memory_without_a_gpu_tells_which_would_do() {
    let out = succeeds(&[
        "memory",
        "--model",
        "meta-llama/Llama-3.1-70B-Instruct",
        "--max-model-len",
        "8k",
    ]);
    // 70,553,706,496 × 2 bytes are 131.4 GiB, over 92% of the memory at least 142.8; an H200 has 139.8.
    contains(&out, &["needs a GPU of at least 1", "starts on B200", "not on "]);
    let starts = out
        .split("starts on ")
        .nth(1)
        .and_then(|rest| rest.split("not on").next())
        .expect("a list");
    assert!(!starts.contains("H100") && !starts.contains("H200"), "{out}");
    let out = succeeds(&["memory", "--model", LLAMA, "--tensor-parallel", "3"]);
    contains(
        &out,
        &[
            "starts on no GPU: vLLM refuses it: \"Total number of attention heads (32) must be divisible by tensor parallel size (3).\"",
        ],
    );
}

#[test]
fn memory_names_what_is_near_to_an_unknown_name() {
    for (arguments, expected) in [
        (
            ["--model", "Llama-3.1-8B-Instruct", "--gpu", "L4"],
            "did you mean `meta-llama/Llama-3.1-8B-Instruct`",
        ),
        (["--model", LLAMA, "--gpu", "H1000"], "did you mean `H100`"),
        (["--model", LLAMA, "--gpu", "TPU-v5e"], "TPU-v5e can't be judged"),
        (
            ["--model", "x\u{1b}[31m", "--gpu", "L4"],
            "no open model `x<U+001B>[31m`",
        ),
    ] {
        let (code, out, error) = run(&[&["memory"], &arguments[..]].concat(), "");
        assert_eq!((code, out.as_str()), (2, ""));
        contains(&error, &[expected]);
    }
    let (code, _, error) = run(&["memory"], "");
    assert_eq!(code, 2);
    contains(&error, &["--model"]);
}

#[test]
fn memory_predicts_cases_a_line_each_in_order() {
    let rows = format!(
        "{}\n\n{}\n{}\n",
        r#"{"engine": "vllm", "model": "meta-llama/Llama-3.1-8B-Instruct", "gpu": "L4", "max_model_len": 8000}"#,
        r#"{"engine": "vllm", "model": "nobody/nothing", "gpu": "L4"}"#,
        r#"{"engine": "vllm", "model": "meta-llama/Llama-2-13b-hf", "gpu": "T4"}"#,
    );
    let (code, out, error) = run(&["memory", "--cases", "-", "--format", "json"], &rows);
    assert_eq!((code, error.as_str()), (0, ""));
    let answers: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let outcomes: Vec<&str> = answers.iter().filter_map(|answer| answer["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["starts", "unknown", "oom_loading"]);
    // 2 × 40 layers × 40 heads × 128 × 2 bytes
    assert_eq!(answers[2]["kv_bytes_per_token"], 819_200);

    let (code, _, error) = run(&["memory", "--cases", "-", "--format", "json"], "{}\n{\"model\":\n");
    assert_eq!(code, 2);
    contains(&error, &["-:2: "]);
}
