//! Settings of the transformers Trainer and of TRL, as YAML or JSON files that a script reads into its arguments.
//! Keys: <https://huggingface.co/docs/transformers/main_classes/trainer>, <https://huggingface.co/docs/trl/sft_trainer>.

use super::super::{Read, Reading};
use super::{
    Get, decimal, fsdp, fused, is_on, method, names, names_file, number_format, of_map, only_map, positive, precision,
    quantization, saves, switch, whole, whole_file,
};
use crate::units::{Field, Training, Unit};

pub(in crate::formats) const NAME: &str = "trainer-arguments";

/// Settings that only the Trainer has; two of them tell its files.
pub(super) const SIGNS: &[&str] = &[
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "num_train_epochs",
    "gradient_checkpointing",
    "lr_scheduler_type",
    "logging_steps",
    "save_strategy",
    "warmup_ratio",
];

pub(in crate::formats) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.contains("model_name_or_path") || !reading.contains("per_device_train_batch_size") {
        return None;
    }
    let map = only_map(reading)?;
    map.get("model_name_or_path")?;
    if SIGNS.iter().filter(|key| map.get(key).is_some()).count() < 2 {
        return None;
    }
    let get = of_map(reading, map);
    let mut run = whole_file(reading, NAME, "transformers", map);
    fill(&mut run, &get);
    Some(Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    })
}

/// What the Trainer's arguments say, with those of TRL's scripts for the model and its adapters.
pub(super) fn fill(run: &mut Training, get: Get<'_>) {
    run.model = get(&["model_name_or_path"]);
    run.quantization = quantization(get);
    let quantized = run.quantization.known().is_some();
    run.method = method(switch(get, &["use_peft", "use_lora"]), quantized);
    run.precision = precision(get);
    run.weights = get(&["torch_dtype", "dtype"]).and_then(|text| number_format(&text));
    run.lora_rank = whole(get, &["lora_r", "lora_rank"]);
    run.lora_targets = get(&["lora_target_modules"]).and_then(|text| Ok(names(&text)));
    run.sequence_len = positive(
        get,
        &[
            "max_length",
            "max_seq_length",
            "max_seq_len",
            "model_max_length",
            "block_size",
        ],
    );
    run.micro_batch = whole(get, &["per_device_train_batch_size"]);
    run.accumulation = whole(get, &["gradient_accumulation_steps"]);
    run.epochs = decimal(get, &["num_train_epochs"]);
    run.steps = positive(get, &["max_steps"]);
    run.gradient_checkpointing = switch(get, &["gradient_checkpointing"]);
    run.optimizer = get(&["optim"]);
    run.fused_attention = match switch(get, &["use_flash_attention_2", "use_flash_attn"]) {
        Field::Known(true, place) => Field::Known(true, place),
        _ => fused(get(&["attn_implementation"])),
    };
    let fused_loss = switch(get, &["use_liger_kernel", "use_liger", "enable_liger_kernel"]);
    run.fused_loss = fused_loss;
    run.saves_checkpoints = saves(get(&["save_strategy"]));
    let sharding = get(&["fsdp"]);
    run.sharding = match &sharding {
        Field::Known(text, _) if text.is_empty() => Field::default(),
        _ => sharding.and_then(|text| fsdp(&text)),
    };
    run.configs.extend(names_file(&get(&["deepspeed"])));
    if is_on(&switch(get, &["use_unsloth"])) {
        run.fused_loss = Field::Known(true, run.place);
    }
}
