//! Axolotl configs. Keys: <https://docs.axolotl.ai/docs/config-reference.html>.

use super::super::{Read, Reading};
use super::{
    decimal, fsdp, is_on, method, names, names_file, of_map, only_map, positive, precision, quantization, saves,
    switch, whole, whole_file,
};
use crate::units::{Field, Method, Unit};

pub(in crate::formats) const NAME: &str = "axolotl";

pub(in crate::formats) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours = reading.contains("base_model")
        && (reading.contains("micro_batch_size") || reading.contains("sequence_len") || reading.contains("adapter"));
    let map = ours.then(|| only_map(reading)).flatten()?;
    map.get("base_model")?;
    let signs = [
        "micro_batch_size",
        "sequence_len",
        "adapter",
        "datasets",
        "sample_packing",
        "lora_r",
    ];
    if signs.iter().filter(|key| map.get(key).is_some()).count() < 2 {
        return None;
    }
    let get = of_map(reading, map);
    let mut run = whole_file(reading, NAME, "Axolotl", map);
    run.model = get(&["base_model"]);
    run.quantization = quantization(&get);
    let adapter = get(&["adapter"]);
    run.method = match &adapter {
        Field::Known(name, place) if name.contains("lora") => {
            let quantized = name == "qlora" || run.quantization.known().is_some();
            method(Field::Known(true, *place), quantized)
        }
        Field::Known(name, place) => Field::Unknown(format!("adapter `{name}` is not known"), Some(*place)),
        Field::Absent(_) if is_on(&switch(&get, &["reinit_weights"])) => Field::Known(Method::Pretraining, run.place),
        Field::Absent(_) => Field::Known(Method::Full, run.model.place().unwrap_or(run.place)),
        Field::Unknown(why, place) => Field::Unknown(why.clone(), *place),
    };
    // `bfloat16` and `float16` load and compute in that format, without 32-bit arithmetic beside it.
    let alone = ["bfloat16", "float16"]
        .iter()
        .find_map(|name| match switch(&get, &[name]) {
            Field::Known(true, place) => Some(Field::Known(name.replace("loat", "p").replace("bfp", "bf"), place)),
            _ => None,
        });
    run.precision = alone.unwrap_or_else(|| precision(&get));
    // The weights are loaded in the format of the arithmetic.
    run.weights = run.precision.clone();
    run.lora_rank = whole(&get, &["lora_r", "peft_r"]);
    run.lora_targets = match switch(&get, &["lora_target_linear"]) {
        Field::Known(true, place) => Field::Known(vec!["all-linear".to_owned()], place),
        _ => get(&["lora_target_modules"]).and_then(|text| Ok(names(&text))),
    };
    run.sequence_len = whole(&get, &["sequence_len"]);
    run.micro_batch = whole(&get, &["micro_batch_size"]);
    run.accumulation = whole(&get, &["gradient_accumulation_steps"]);
    run.epochs = decimal(&get, &["num_epochs"]);
    run.steps = positive(&get, &["max_steps"]);
    run.gradient_checkpointing = switch(&get, &["gradient_checkpointing"]);
    run.optimizer = get(&["optimizer"]);
    run.fused_attention = switch(
        &get,
        &[
            "flash_attention",
            "sdp_attention",
            "xformers_attention",
            "flex_attention",
        ],
    );
    run.fused_loss = switch(&get, &["liger_fused_linear_cross_entropy", "cut_cross_entropy"]);
    run.tensor_parallel = whole(&get, &["tensor_parallel_size"]);
    run.context_parallel = whole(&get, &["context_parallel_size", "sequence_parallel_degree"]);
    let saving = get(&["save_strategy"]);
    run.saves_checkpoints = saves(saving);
    run.sharding = match map.get("fsdp").filter(|node| !node.is_null()) {
        Some(_) => get(&["fsdp"]).and_then(|text| fsdp(&text)),
        None => match map.get("fsdp_config") {
            // The second version shares parameters unless it is told not to.
            Some(node) if node.is_map() => Field::Known(crate::units::Sharding::Parameters, reading.place(node.span)),
            _ => Field::default(),
        },
    };
    run.configs.extend(names_file(&get(&["deepspeed"])));
    Some(Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    })
}
