//! The memory model against what vLLM printed on real machines (`fixtures/memory/cases.jsonl`).

use llmlint::catalog::{Catalog, GpuMatch};
use llmlint::facts::memory::{judge_case, kv_bytes_agree};
use serde_json::{Value, json};

/// Every measured run: those of the project, and further ones where they are there.
fn cases() -> Vec<Value> {
    let own = include_str!("../fixtures/memory/cases.jsonl");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/memory/cases.jsonl");
    let more = std::fs::read_to_string(path).unwrap_or_else(|_| {
        eprintln!("{path} is not there: the project's own cases alone");
        String::new()
    });
    let lines = own.lines().chain(more.lines());
    lines
        .map(|line| serde_json::from_str(line).expect("a JSON row"))
        .collect()
}

fn judged(row: &Value) -> Value {
    let catalog = Catalog::embedded();
    judge_case(
        row,
        |name| catalog.open_model_by_name(name),
        |name| match catalog.gpu(name) {
            GpuMatch::Exact(gpu) => Some(gpu),
            _ => None,
        },
    )
}

fn number(row: &Value, key: &str) -> Option<f64> {
    row.get(key).and_then(Value::as_f64)
}

fn name(row: &Value) -> String {
    format!("{} on {} ({})", row["model"], row["gpu"], row["source"])
}

/// Runs of vLLM that state GPU and utilization: only these decide a verdict.
fn scored(row: &Value) -> bool {
    let on = |key: &str| row.get(key).and_then(Value::as_bool) == Some(true);
    row["engine"] == "vllm"
        && row.get("gpu").is_some()
        && (row.get("gpu_memory_utilization").is_some() || on("flags_complete"))
        && !on("unscored")
        && !on("shared_gpu")
}

#[test]
fn no_failure_is_said_to_start_and_no_start_to_fail() {
    for row in cases().iter().filter(|row| scored(row)) {
        let predicted = judged(row);
        let outcome = predicted["outcome"].as_str().unwrap_or_default();
        if row["outcome"] == "starts" {
            assert!(
                ["starts", "too_close", "unknown"].contains(&outcome),
                "{}: {predicted}",
                name(row)
            );
        } else {
            assert_ne!(outcome, "starts", "{}: {predicted}", name(row));
        }
    }
}

/// The share of values at most `most`.
fn share(errors: &[f64], most: f64) -> f64 {
    errors.iter().filter(|error| **error <= most).count() as f64 / errors.len() as f64
}

/// Relative errors of a figure of vLLM's runs.
fn errors(key: &str, counts: impl Fn(&Value) -> bool) -> Vec<f64> {
    let all = cases();
    let rows = all.iter().filter(|row| row["engine"] == "vllm" && counts(row));
    rows.filter_map(|row| {
        let measured = number(row, key).filter(|measured| *measured > 0.0)?;
        Some((number(&judged(row), key)? / measured - 1.0).abs())
    })
    .collect()
}

#[test]
fn weights_are_within_one_percent_at_the_median_and_five_at_the_90th() {
    let errors = errors("weights_gib", |_| true);
    assert!(errors.len() > 50);
    assert!(share(&errors, 0.01) >= 0.5 && share(&errors, 0.05) >= 0.9, "{errors:?}");
}

#[test]
fn kv_tokens_are_within_five_percent_at_the_median() {
    let errors = errors("kv_tokens", |row| scored(row) && row["outcome"] == "starts");
    assert!(errors.len() > 20);
    assert!(share(&errors, 0.05) >= 0.5, "{errors:?}");
}

#[test]
fn kv_bytes_a_token_are_those_of_the_log() {
    let mut found = [0, 0];
    for row in cases().iter().filter(|row| row["engine"] == "vllm") {
        let predicted = judged(row);
        if let Some(agrees) = kv_bytes_agree(row, &predicted) {
            found[usize::from(agrees)] += 1;
            if !agrees {
                eprintln!("{}: {predicted}", name(row));
            }
        }
    }
    assert!(found[1] > 40 && found[0] * 20 <= found[1], "{found:?}");
}

#[test]
fn absurd_settings_give_an_answer() {
    let row = |settings: Value| {
        let mut row = json!({"engine": "vllm", "model": "Qwen/Qwen3-0.6B", "gpu": "L4"});
        for (key, value) in settings.as_object().into_iter().flatten() {
            row[key] = value.clone();
        }
        row
    };
    for row in [
        row(json!({"max_model_len": 9_000_000_000_000_000_000_u64})),
        row(json!({"tensor_parallel": 0})),
        row(json!({"tensor_parallel": u64::MAX, "data_parallel": u64::MAX})),
        row(json!({"gpu_memory_utilization": 1e300})),
        row(json!({"gpu_total_gib": -1e300, "max_num_seqs": 0, "block_size": 0, "max_model_len": 0})),
        row(json!({"max_num_batched_tokens": u64::MAX, "max_num_seqs": u64::MAX})),
        row(json!({"max_lora_rank": u64::MAX, "cpu_offload_gb": -1})),
        json!({"model": 3}),
        json!([]),
    ] {
        let outcome = judged(&row)["outcome"].as_str().map(str::to_owned);
        assert!(outcome.is_some_and(|outcome| outcome != "starts"), "{row}");
    }
}
