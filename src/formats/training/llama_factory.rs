//! LLaMA-Factory's training files.
//! Keys: <https://github.com/hiyouga/LLaMA-Factory/tree/main/src/llamafactory/hparams>.

use super::super::{Read, Reading};
use super::hugging_face;
use super::{Get, fused, is_on, method, names, of_map, only_map, switch, whole, whole_file};
use crate::units::{Field, Method, Training, Unit};

pub(in crate::formats) const NAME: &str = "llama-factory";

pub(in crate::formats) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours = reading.contains("model_name_or_path")
        && (reading.contains("finetuning_type") || reading.contains("cutoff_len"));
    let map = ours.then(|| only_map(reading)).flatten()?;
    map.get("model_name_or_path")?;
    let get = of_map(reading, map);
    // The same files state inference and evaluation.
    if !is_on(&switch(&get, &["do_train"])) {
        return None;
    }
    let mut run = whole_file(reading, NAME, "LLaMA-Factory", map);
    fill(&mut run, &get);
    Some(Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    })
}

/// What LLaMA-Factory's own settings say, over those that it shares with the Trainer.
pub(super) fn fill(run: &mut Training, get: Get<'_>) {
    hugging_face::fill(run, get);
    run.quantization = get(&["quantization_bit"]).and_then(|bits| Ok(format!("{bits}bit")));
    let quantized = run.quantization.known().is_some();
    let kind = get(&["finetuning_type"]);
    run.method = match &kind {
        _ if is_on(&switch(get, &["train_from_scratch"])) => Field::Known(Method::Pretraining, run.place),
        Field::Known(name, place) => match name.as_str() {
            "lora" => method(Field::Known(true, *place), quantized),
            "full" => Field::Known(Method::Full, *place),
            other => Field::Unknown(format!("finetuning_type `{other}` is not worked out"), Some(*place)),
        },
        // Its default is LoRA.
        Field::Absent(_) => method(Field::Known(true, run.place), quantized),
        Field::Unknown(why, place) => Field::Unknown(why.clone(), *place),
    };
    // Trained weights are kept in 32 bits unless it is told otherwise.
    run.weights = match switch(get, &["pure_bf16"]) {
        Field::Known(true, place) => Field::Known("bf16".to_owned(), place),
        _ => Field::default(),
    };
    if is_on(&switch(get, &["pure_bf16"])) {
        run.precision = run.weights.clone();
    }
    run.lora_rank = whole(get, &["lora_rank"]);
    run.lora_targets = get(&["lora_target"]).and_then(|text| {
        Ok(match text.as_str() {
            "all" => vec!["all-linear".to_owned()],
            list => names(list),
        })
    });
    run.sequence_len = whole(get, &["cutoff_len"]);
    // It is on unless it is turned off.
    run.gradient_checkpointing = match switch(get, &["disable_gradient_checkpointing"]) {
        Field::Known(off, place) => Field::Known(!off, place),
        _ => Field::Known(true, run.place),
    };
    run.fused_attention = fused(get(&["flash_attn"]));
}
