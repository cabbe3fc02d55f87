//! Rows for fine-tuning and samples for evaluation as JSON Lines: they are data, and no prompts of anyone's
//! application, however much they look like requests.
//! Shapes: <https://platform.openai.com/docs/guides/supervised-fine-tuning>,
//! <https://huggingface.co/docs/trl/dataset_formats>, <https://github.com/openai/evals>.

use super::{Read, Reading};
use crate::syntax::{Node, json};
use crate::units::Role;

pub(super) const NAME: &str = "fine-tuning data";

/// Rows that are looked at: they are all alike.
const LOOKED_AT: usize = 3;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "jsonl" {
        return None;
    }
    let (body, start) = reading.source.body();
    let mut looked = 0;
    for (_, row) in json::parse_lines(body, start).take(LOOKED_AT) {
        if !is_row(&row.ok()?) {
            return None;
        }
        looked += 1;
    }
    let rows = body.lines().filter(|line| !line.trim().is_empty()).count();
    (looked > 0).then(|| Read {
        note: format!("{rows} rows, {} bytes: data, not prompts", body.len()),
        ..Read::default()
    })
}

fn is_row(row: &Node) -> bool {
    let has = |keys: &[&str]| keys.iter().all(|key| row.get(key).is_some());
    if has(&["model"]) || has(&["body"]) || has(&["params"]) || has(&["modelInput"]) || has(&["request"]) {
        return false;
    }
    const PAIRS: &[&[&str]] = &[
        &["prompt", "completion"],
        &["instruction", "output"],
        &["chosen", "rejected"],
        &["input", "ideal"],
        &["input_text", "output_text"],
        &["conversations"],
    ];
    PAIRS.iter().any(|keys| has(keys)) || ends_with_the_model(row, "messages") || ends_with_the_model(row, "contents")
}

/// Whether the last of a row's messages is the model's: it is what the model is to learn.
fn ends_with_the_model(row: &Node, key: &str) -> bool {
    let last = row.get(key).and_then(|list| list.items().last());
    let role = last.and_then(|message| message.get("role")).and_then(Node::as_str);
    role.and_then(Role::from_name) == Some(Role::Assistant)
}
