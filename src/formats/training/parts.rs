//! Files that state a part of a run, and that another file or command names: DeepSpeed's settings
//! (<https://www.deepspeed.ai/docs/config-json/>) and Accelerate's
//! (<https://huggingface.co/docs/accelerate/package_reference/cli>).

use super::super::{Read, Reading};
use super::{fsdp, number_format, of_map, only_map, switch, whole, whole_file, zero_stage};
use crate::syntax::Node;
use crate::units::{Field, Training, Unit};

pub(in crate::formats) const DEEPSPEED: &str = "deepspeed";
pub(in crate::formats) const ACCELERATE: &str = "accelerate";

pub(in crate::formats) fn read_deepspeed(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "json" || !reading.contains("\"zero_optimization\"") {
        return None;
    }
    let map = only_map(reading)?;
    map.get("zero_optimization").filter(|node| node.is_map())?;
    let mut run = whole_file(reading, DEEPSPEED, "DeepSpeed", map);
    deepspeed(reading, map, &mut run);
    Some(part(run))
}

fn deepspeed(reading: &Reading<'_>, map: &Node, run: &mut Training) {
    if let Some(zero) = map.get("zero_optimization") {
        let get = of_map(reading, zero);
        run.sharding = whole(&get, &["stage"]).and_then(zero_stage);
        run.offload_optimizer = offload(reading, zero, "offload_optimizer");
        run.offload_parameters = offload(reading, zero, "offload_param");
    }
    for name in ["bf16", "bfloat16", "fp16"] {
        let Some(node) = map.get(name).filter(|node| node.is_map()) else {
            continue;
        };
        if let Field::Known(true, place) = switch(&of_map(reading, node), &["enabled"]) {
            run.precision = number_format(name).map_or(Field::default(), |name| Field::Known(name, place));
        }
    }
    // `auto` leaves it to the Trainer.
    let get = of_map(reading, map);
    for (field, name) in [
        (&mut run.micro_batch, "train_micro_batch_size_per_gpu"),
        (&mut run.accumulation, "gradient_accumulation_steps"),
    ] {
        if let Field::Known(number, place) = whole(&get, &[name]) {
            *field = Field::Known(number, place);
        }
    }
}

/// Whether states are kept outside of the GPU.
fn offload(reading: &Reading<'_>, zero: &Node, name: &str) -> Field<bool> {
    match zero.at(&[name, "device"]) {
        Some(node) => Field::Known(
            node.as_str().is_some_and(|device| device != "none"),
            reading.place(node.span),
        ),
        None => Field::default(),
    }
}

pub(in crate::formats) fn read_accelerate(reading: &Reading<'_>) -> Option<Read> {
    if !reading.contains("distributed_type") || !reading.contains("compute_environment") {
        return None;
    }
    let map = only_map(reading)?;
    map.get("distributed_type")?;
    let get = of_map(reading, map);
    let mut run = whole_file(reading, ACCELERATE, "Accelerate", map);
    run.gpu.count = whole(&get, &["num_processes"]);
    run.nodes = whole(&get, &["num_machines"]);
    // Processes are those of all machines.
    if let (Field::Known(all, place), Some(machines)) = (&run.gpu.count, run.nodes.known())
        && *machines > 1
    {
        run.gpu.count = Field::Known(all / machines, *place);
    }
    run.precision = get(&["mixed_precision"]).and_then(|text| number_format(&text));
    if let Some(settings) = map.get("deepspeed_config").filter(|node| node.is_map()) {
        let get = of_map(reading, settings);
        run.sharding = whole(&get, &["zero_stage"]).and_then(zero_stage);
        run.accumulation = whole(&get, &["gradient_accumulation_steps"]);
        for (field, name) in [
            (&mut run.offload_optimizer, "offload_optimizer_device"),
            (&mut run.offload_parameters, "offload_param_device"),
        ] {
            *field = get(&[name]).and_then(|device| Ok(device != "none"));
        }
        run.configs.extend(super::names_file(&get(&["deepspeed_config_file"])));
    }
    if let Some(settings) = map.get("fsdp_config").filter(|node| node.is_map()) {
        let get = of_map(reading, settings);
        run.sharding = get(&["fsdp_sharding_strategy", "fsdp_reshard_after_forward"]).and_then(|text| fsdp(&text));
        run.offload_parameters = switch(&get, &["fsdp_offload_params"]);
    }
    Some(part(run))
}

fn part(mut run: Training) -> Read {
    run.is_part = true;
    Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    }
}
