//! Predictions beside what was measured.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Figures that are set beside each other: key, heading, how many decimals.
const FIGURES: [(&str, &str); 4] = [
    ("weights_gib", "weights"),
    ("activation_gib", "activation"),
    ("kv_available_gib", "KV available"),
    ("kv_tokens", "KV tokens"),
];
/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// Whether a row belongs to half A, on which the model may be fitted: the first byte of the SHA-256 of its source is
/// even. All rows of one source fall together.
fn in_first_half(row: &Value) -> bool {
    let source = row.get("source").and_then(Value::as_str).unwrap_or_default();
    Sha256::digest(source.as_bytes())[0].is_multiple_of(2)
}

/// Whether a row decides on the verdict: it states the GPU and the share of it that may be used, the layers put there, or
/// all flags.
fn is_scored(row: &Value) -> bool {
    let on = |key: &str| row.get(key).and_then(Value::as_bool) == Some(true);
    let states = |key: &str| row.get(key).is_some();
    let settles = ["gpu_memory_utilization", "mem_fraction_static", "n_gpu_layers"];
    (states("gpu") || states("gpu_total_gib"))
        && (settles.iter().any(|key| states(key)) || on("flags_complete"))
        && !on("unscored")
        && !on("shared_gpu")
}

/// Whether every part of a prediction is counted, so that its figures are meant to agree.
fn is_whole(predicted: &Value) -> bool {
    let parts = predicted.get("assumed").and_then(Value::as_array);
    !parts
        .into_iter()
        .flatten()
        .any(|part| part.as_str().is_some_and(|part| part.starts_with(super::NOT_COUNTED)))
}

fn number(row: &Value, key: &str) -> Option<f64> {
    row.get(key).and_then(Value::as_f64)
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or("-")
}

/// Columns of the summary: the halves that the model was shaped on, and each set of runs that was judged blind first.
const COLUMNS: [&str; 7] = [
    "A",
    "B",
    "first set",
    "second set",
    "third set",
    "fourth set",
    "other engines",
];

/// The column a row of vLLM falls into.
fn column(row: &Value) -> usize {
    match row.get("added").and_then(Value::as_str) {
        None => usize::from(!in_first_half(row)),
        Some(added) => {
            let later = ["second", "third", "fourth"].iter();
            2 + later
                .zip(1..)
                .find(|(set, _)| added.contains(**set))
                .map_or(0, |(_, at)| at)
        }
    }
}

/// What one half or set comes to.
#[derive(Debug, Default)]
struct Half {
    errors: [Vec<f64>; 4],
    kv_bytes: (usize, usize),
    right: usize,
    close: usize,
    unknown: usize,
    wrong: usize,
    false_starts: usize,
}

/// The table of predicted beside measured figures, in Markdown, and its summary by half and set.
pub fn table(pairs: &[(Value, Value)]) -> String {
    let mut halves: [Half; COLUMNS.len()] = std::array::from_fn(|_| Half::default());
    let mut rows = String::new();
    for (row, predicted) in pairs {
        let own = column(row);
        let vllm = text(row, "engine").eq_ignore_ascii_case("vllm");
        halves[if vllm { own } else { COLUMNS.len() - 1 }].add(row, predicted);
        let cells: Vec<String> = FIGURES.iter().map(|(key, _)| cell(row, predicted, key)).collect();
        let ranks = number(row, "tensor_parallel").unwrap_or(1.0) * number(row, "pipeline_parallel").unwrap_or(1.0);
        let _ = writeln!(
            rows,
            "| {} | {} {} | {} | {ranks} × {} | {} | {} / {} |",
            COLUMNS[own],
            text(row, "engine"),
            escaped(text(row, "version")),
            escaped(text(row, "model")),
            escaped(text(row, "gpu")),
            cells.join(" | "),
            text(predicted, "outcome"),
            text(row, "outcome"),
        );
    }
    let mut page = format!(
        "| figure | {} |\n| --- |{}\n",
        COLUMNS.join(" | "),
        " --- |".repeat(COLUMNS.len())
    );
    for (index, (_, heading)) in FIGURES.iter().enumerate() {
        let columns = halves.each_mut().map(|half| spread(&mut half.errors[index]));
        let columns = columns.join(" | ");
        let _ = writeln!(page, "| {heading}, error: median / p90 / largest (rows) | {columns} |");
    }
    let exact = halves.each_ref().map(|half| {
        let (exact, all) = half.kv_bytes;
        format!("{exact} of {all}")
    });
    let _ = writeln!(page, "| KV bytes a token, exact | {} |", exact.join(" | "));
    let outcomes = halves.each_ref().map(|half| {
        format!(
            "{} / {} / {} / {}, of which {}",
            half.right, half.close, half.unknown, half.wrong, half.false_starts
        )
    });
    let _ = writeln!(
        page,
        "| outcome: right / too close / unknown / wrong, of which said to start and failed | {} |\n",
        outcomes.join(" | ")
    );
    page.push_str("| set | engine | model | GPUs | ");
    for (_, heading) in FIGURES {
        let _ = write!(page, "{heading} | ");
    }
    page.push_str("outcome |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    page.push_str(&rows);
    page
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// `predicted / measured (error)`, where there is something to show.
fn cell(row: &Value, predicted: &Value, key: &str) -> String {
    let show = |value: f64| {
        if key == "kv_tokens" {
            format!("{value:.0}")
        } else {
            format!("{value:.2}")
        }
    };
    match (number(predicted, key), number(row, key)) {
        (Some(predicted), Some(measured)) if measured != 0.0 => {
            let error = 100.0 * (predicted / measured - 1.0);
            format!("{} / {} ({error:+.1}%)", show(predicted), show(measured))
        }
        (None, Some(measured)) => format!("- / {}", show(measured)),
        _ => "-".to_owned(),
    }
}

/// Median, 90th percentile and largest of errors.
fn spread(errors: &mut [f64]) -> String {
    errors.sort_by(f64::total_cmp);
    let Some(largest) = errors.last() else {
        return "-".to_owned();
    };
    let at = |share: f64| errors[((errors.len() as f64 * share) as usize).min(errors.len() - 1)] * 100.0;
    format!(
        "{:.2}% / {:.1}% / {:.1}% ({})",
        at(0.5),
        at(0.9),
        largest * 100.0,
        errors.len()
    )
}

impl Half {
    fn add(&mut self, row: &Value, predicted: &Value) {
        let starts = row["outcome"] == "starts";
        for (index, (key, _)) in FIGURES.iter().enumerate() {
            let (Some(of), Some(measured)) = (number(predicted, key), number(row, key)) else {
                continue;
            };
            // What is left for KV follows from the GPU and the budget, so that a row must state them.
            if measured > 0.0 && is_whole(predicted) && (index < 2 || starts && is_scored(row)) {
                self.errors[index].push((of / measured - 1.0).abs());
            }
        }
        if let Some(exact) = kv_bytes_agree(row, predicted) {
            self.kv_bytes.0 += usize::from(exact);
            self.kv_bytes.1 += 1;
        }
        if !is_scored(row) {
            return;
        }
        let told = text(predicted, "outcome");
        match told {
            "too_close" => self.close += 1,
            "unknown" => self.unknown += 1,
            _ if (told == "starts") == starts => self.right += 1,
            _ => {
                self.wrong += 1;
                self.false_starts += usize::from(told == "starts");
            }
        }
    }
}

/// Whether the KV bytes a token are what the log comes to, within what it rounds away; `None` where it doesn't tell, or
/// a part isn't counted.
pub fn kv_bytes_agree(row: &Value, predicted: &Value) -> Option<bool> {
    let told = number(predicted, "kv_bytes_per_token")?;
    // A drafter that isn't counted has layers of its own.
    if !is_whole(predicted) {
        return None;
    }
    // On a shared GPU ranks differ: the log's memory is that of one, its tokens those of another.
    if row.get("shared_gpu").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    if let Some(measured) = number(row, "kv_bytes_per_token") {
        return Some((told - measured).abs() < 1.0);
    }
    let available = number(row, "kv_available_gib")? * GIB;
    let tokens = number(row, "kv_tokens").or_else(|| Some(number(row, "kv_blocks")? * 16.0))?;
    // Printed to 0.01 GiB; what doesn't fill a block is left.
    let block = number(predicted, "kv_block_tokens").unwrap_or(16.0);
    let most = (available + 0.0051 * GIB) / tokens;
    let least = (available - 0.0051 * GIB) / (tokens + block);
    Some((least - 1.0..=most + 1.0).contains(&told))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_said_to_start_is_counted() {
        let row = json!({"source": "a", "gpu": "L4", "gpu_memory_utilization": 0.9, "outcome": "no_kv_room", "weights_gib": 10.0});
        let predicted = json!({"outcome": "starts", "weights_gib": 11.0});
        let page = table(&[(row, predicted)]);
        assert!(page.contains("0 / 0 / 0 / 1, of which 1"), "{page}");
        assert!(page.contains("11.00 / 10.00 (+10.0%)"), "{page}");
    }

    #[test]
    fn figures_that_leave_a_part_out_are_no_claim() {
        let row = json!({"source": "a", "gpu": "L4", "flags_complete": true, "outcome": "starts", "weights_gib": 10.0});
        let predicted = json!({"outcome": "too_close", "weights_gib": 12.0, "assumed": ["not counted: a drafter"]});
        let page = table(&[(row, predicted)]);
        assert!(!page.contains("20.0% ("), "{page}");
        assert!(page.contains("0 / 1 / 0 / 0, of which 0"), "{page}");
    }

    #[test]
    fn kv_bytes_agree_within_the_logs_rounding() {
        // vLLM on Llama 3.1 8B: 51.38 GiB are 420,912 tokens of 131,072 bytes, in blocks of 16
        let row = json!({"kv_available_gib": 51.38, "kv_tokens": 420_912});
        assert_eq!(
            kv_bytes_agree(&row, &json!({"kv_bytes_per_token": 131_072})),
            Some(true)
        );
        assert_eq!(
            kv_bytes_agree(&row, &json!({"kv_bytes_per_token": 131_200})),
            Some(false)
        );
    }
}
