//! The memory of training runs, against peaks that were measured and published.

use std::fs;

use llmlint::catalog::Catalog;
use llmlint::facts::training::memory;
use serde_json::Value;

/// The published runs whose model the catalog knows, each with its predicted GiB from least to most.
fn cases() -> Vec<(Value, f64, f64)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/memory/cases.jsonl"))
        .expect("the cases are part of the project");
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a row is JSON"));
    rows.filter(|row| row["engine"] == "training")
        .filter_map(|row| {
            let model = Catalog::embedded().open_model(row["model"].as_str()?)?;
            let (low, high) = memory::of_case(&row, model).ok()?.memory().total_gib();
            Some((row, low, high))
        })
        .collect()
}

#[test]
fn measured_peaks_lie_within_the_range() {
    let mut judged = 0;
    for (row, low, high) in cases() {
        // Two readings where the source doesn't say GB or GiB; a sum of all GPUs where it only says how many.
        let all_gpus = row["measured_as"] == "not told" && row["framework"] == "transformers";
        let gpus = if all_gpus {
            row["gpus"].as_f64().unwrap_or(1.0)
        } else {
            1.0
        };
        let reading = |key: &str| row["peak_gib"].as_f64().or(row[key].as_f64()).map(|gib| gib / gpus);
        let (Some(least), Some(most)) = (reading("peak_gib_low"), reading("peak_gib_high")) else {
            continue;
        };
        judged += 1;
        assert!(
            low <= most && least <= high,
            "{low:.1}..{high:.1} GiB, measured {least:.1}..{most:.1}: {row}"
        );
    }
    assert!(judged >= 80, "{judged} runs");
}

#[test]
fn no_failure_is_said_to_fit_and_no_start_to_fail() {
    let (mut failed, mut clear) = (0, 0);
    for (row, low, high) in cases() {
        let gpu = row["gpu"].as_str().and_then(|name| Catalog::embedded().gpu(name).gpu());
        let Some(gpu) = gpu else { continue };
        match row["outcome"].as_str() {
            Some("fits") => assert!(low <= gpu.memory_gib, "said to fail at {low:.1} GiB: {row}"),
            _ => {
                failed += 1;
                clear += usize::from(low > gpu.memory_gib);
                assert!(high >= gpu.memory_gib, "said to fit at {high:.1} GiB: {row}");
            }
        }
    }
    println!("{failed} failures, {clear} of them foreseen");
    assert!(failed >= 5);
}
