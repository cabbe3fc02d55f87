//! The memory model against what vLLM printed on real machines (`../shared/memory/cases.jsonl`, where it is there).

use llmlint::catalog::{Catalog, GpuMatch};
use llmlint::facts::memory::judge_case;
use serde_json::{Value, json};

fn cases() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/memory/cases.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: {path} is not there");
        return Vec::new();
    };
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a JSON row"))
        .collect()
}

fn judged(row: &Value) -> Value {
    let catalog = Catalog::embedded();
    judge_case(
        row,
        |name| catalog.open_model(name),
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
    row["engine"] == "vllm" && row.get("gpu").is_some() && row.get("gpu_memory_utilization").is_some()
}

/// KV bytes a token, worked out from what the engine printed, and how far its rounding leaves them open.
fn measured_kv_bytes(row: &Value) -> Option<(f64, f64)> {
    const GIB: f64 = 1_073_741_824.0;
    if let Some(bytes) = number(row, "kv_bytes_per_token") {
        return Some((bytes, 0.0));
    }
    let available = number(row, "kv_available_gib")? * GIB;
    let tokens = number(row, "kv_tokens").or_else(|| Some(number(row, "kv_blocks")? * 16.0))?;
    // Printed to 0.01 GiB, and in whole blocks.
    Some((available / tokens, (0.005 * GIB + available / tokens * 16.0) / tokens))
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

#[test]
fn weights_are_within_five_percent() {
    for row in &cases() {
        // What a flag leaves out of a multimodal model is not told by the catalog.
        let (Some(measured), Some(predicted), None) = (
            number(row, "weights_gib"),
            number(&judged(row), "weights_gib"),
            row.get("language_model_only"),
        ) else {
            continue;
        };
        let error = predicted / measured - 1.0;
        assert!(error.abs() < 0.05, "{}: {predicted} for {measured}", name(row));
    }
}

/// Models whose layers have heads of two sizes, which a catalog row can't say: their KV comes out too small.
const TWO_HEAD_SIZES: &str = "google/gemma-4-";

#[test]
fn kv_bytes_a_token_are_exact() {
    for row in &cases() {
        if row["model"]
            .as_str()
            .is_some_and(|model| model.starts_with(TWO_HEAD_SIZES))
        {
            continue;
        }
        let (Some((measured, error)), Some(predicted)) =
            (measured_kv_bytes(row), number(&judged(row), "kv_bytes_per_token"))
        else {
            continue;
        };
        assert!(
            (predicted - measured).abs() <= error + 0.5,
            "{}: {predicted} for {measured}",
            name(row)
        );
    }
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

#[test]
#[ignore = "prints the table of docs/memory.md"]
fn table() {
    for row in &cases() {
        let predicted = judged(row);
        let pair = |key: &str| {
            let show = |value: Option<f64>| value.map_or("?".to_owned(), |value| value.to_string());
            format!("{} / {}", show(number(&predicted, key)), show(number(row, key)))
        };
        println!(
            "| {} | {} × {} | {} | {} | {} | {} | {} | {} / {} |",
            row["model"].as_str().unwrap_or("?"),
            number(row, "tensor_parallel").unwrap_or(1.0),
            row["gpu"].as_str().unwrap_or("?"),
            row["version"].as_str().unwrap_or("-"),
            pair("weights_gib"),
            pair("activation_gib"),
            pair("kv_available_gib"),
            pair("kv_tokens"),
            predicted["outcome"].as_str().unwrap_or("?"),
            row["outcome"].as_str().unwrap_or("?"),
        );
    }
}
