//! NVIDIA's trainers: NeMo RL (`policy`, `cluster`), NeMo (`trainer`, `model`) and what overrides a recipe of
//! Megatron-Bridge (`train`, `model`). Keys: <https://github.com/NVIDIA-NeMo/RL/tree/main/examples/configs>,
//! <https://docs.nvidia.com/nemo-framework/user-guide/24.07/nemotoolkit/core/exp_manager.html>,
//! <https://github.com/NVIDIA-NeMo/Megatron-Bridge/tree/main/examples>.

use super::super::{Read, Reading, extends};
use super::{method, number_format, of_map, only_map, positive, switch, whole, whole_file};
use crate::syntax::Node;
use crate::units::{Field, Method, Sharding, Training, Unit};

pub(in crate::formats) const NAME: &str = "nemo";

pub(in crate::formats) fn read(reading: &Reading<'_>) -> Option<Read> {
    let rl = reading.contains("policy:") && (reading.contains("dtensor_cfg") || reading.contains("megatron_cfg"));
    let nemo = reading.contains("micro_batch_size") && reading.contains("model:");
    if !rl && !nemo {
        return None;
    }
    let own = only_map(reading)?;
    let (map, complete) = extends::inherited(reading, own, "defaults");
    let mut run = match map.get("policy") {
        Some(policy)
            if policy
                .get("dtensor_cfg")
                .or_else(|| policy.get("megatron_cfg"))
                .is_some() =>
        {
            reinforced(reading, own, &map, policy)
        }
        _ => trainer(reading, own, &map).or_else(|| recipe(reading, own, &map))?,
    };
    if !complete {
        let why = || "the file that `defaults` names is not among those that were read".to_owned();
        let place = Some(run.place);
        run.method = Field::Unknown(why(), place);
        for field in [&mut run.gradient_checkpointing, &mut run.saves_checkpoints] {
            if field.is_absent() {
                *field = Field::Unknown(why(), place);
            }
        }
    }
    Some(Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    })
}

/// A mapping's part that is switched on.
fn enabled<'a>(map: &'a Node, key: &str) -> Option<&'a Node> {
    let part = map.get(key)?;
    let is_on = part.get("enabled").and_then(Node::as_bool) == Some(true);
    is_on.then_some(part)
}

/// NeMo RL: the model that is trained is `policy`.
fn reinforced(reading: &Reading<'_>, own: &Node, map: &Node, policy: &Node) -> Training {
    let mut run = whole_file(reading, NAME, "NeMo RL", own);
    let get = of_map(reading, policy);
    run.model = model(get(&["model_name"]));
    run.micro_batch = whole(&get, &["train_micro_batch_size"]);
    run.sequence_len = whole(&get, &["max_total_sequence_length"]);
    run.precision = get(&["precision"]).and_then(|text| number_format(&text));
    if let Some(megatron) = enabled(policy, "megatron_cfg") {
        parallel(reading, megatron, &mut run);
        let get = of_map(reading, megatron);
        run.gradient_checkpointing = switch(&get, &["activation_checkpointing"]);
        let optimizer = megatron.get("optimizer");
        run.sharding = distributed(reading, optimizer);
        run.offload_optimizer = optimizer.map_or(Field::default(), |node| {
            switch(&of_map(reading, node), &["optimizer_cpu_offload"])
        });
        adapters(reading, enabled(megatron, "peft"), &mut run);
    } else if let Some(tensor) = enabled(policy, "dtensor_cfg") {
        let get = of_map(reading, tensor);
        run.tensor_parallel = whole(&get, &["tensor_parallel_size"]);
        run.context_parallel = whole(&get, &["context_parallel_size"]);
        run.gradient_checkpointing = switch(&get, &["activation_checkpointing"]);
        // FSDP2 shares all that it holds.
        run.sharding = Field::Known(Sharding::Parameters, reading.place(tensor.span));
        run.offload_parameters = switch(&get, &["cpu_offload"]);
        run.offload_optimizer = run.offload_parameters.clone();
        adapters(reading, enabled(tensor, "lora_cfg"), &mut run);
        run.optimizer = policy
            .get("optimizer")
            .map_or(Field::default(), |node| of_map(reading, node)(&["name"]))
            .and_then(|name| Ok(name.rsplit('.').next().unwrap_or(&name).to_owned()));
    }
    if let Some(cluster) = map.get("cluster") {
        let get = of_map(reading, cluster);
        run.gpu.count = whole(&get, &["gpus_per_node"]);
        run.nodes = whole(&get, &["num_nodes"]);
    }
    for algorithm in ["sft", "dpo", "grpo", "rm", "ppo", "distillation"] {
        if let Some(settings) = map.get(algorithm) {
            run.steps = positive(&of_map(reading, settings), &["max_num_steps"]);
        }
    }
    if let Some(algorithm) = ["grpo", "ppo", "distillation"]
        .iter()
        .find(|name| map.get(name).is_some())
    {
        let why = format!("`{algorithm}` holds answers or a teacher beside what it trains, which is not modelled");
        run.method = Field::Unknown(why, Some(run.place));
    }
    run.saves_checkpoints = map
        .get("checkpointing")
        .map_or(Field::default(), |node| switch(&of_map(reading, node), &["enabled"]));
    run
}

/// NeMo with Lightning's trainer.
fn trainer(reading: &Reading<'_>, own: &Node, map: &Node) -> Option<Training> {
    let (trainer, settings) = (map.get("trainer")?, map.get("model")?);
    trainer.get("devices")?;
    settings.get("micro_batch_size")?;
    let mut run = whole_file(reading, NAME, "NeMo", own);
    let of_trainer = of_map(reading, trainer);
    run.gpu.count = whole(&of_trainer, &["devices"]);
    run.nodes = whole(&of_trainer, &["num_nodes"]);
    run.steps = positive(&of_trainer, &["max_steps"]);
    run.precision = of_trainer(&["precision"]).and_then(|text| number_format(&text));
    let get = of_map(reading, settings);
    run.model = model(get(&["restore_from_path"]));
    run.micro_batch = whole(&get, &["micro_batch_size"]);
    run.sequence_len = match settings.at(&["data", "train_ds"]) {
        Some(data) => whole(&of_map(reading, data), &["max_seq_length"]),
        None => whole(&get, &["encoder_seq_length"]),
    };
    parallel(reading, settings, &mut run);
    // Of a layer only attention is computed anew where it is `selective`.
    run.gradient_checkpointing = get(&["activations_checkpoint_granularity"]).and_then(|text| Ok(text == "full"));
    if let Some(optimizer) = settings.get("optim") {
        run.optimizer = of_map(reading, optimizer)(&["name"]);
        if let Field::Known(name, place) = &run.optimizer
            && name == "distributed_fused_adam"
        {
            run.sharding = Field::Known(Sharding::Optimizer, *place);
        }
    }
    run.method = match settings.get("peft").map(|peft| of_map(reading, peft)(&["peft_scheme"])) {
        Some(Field::Known(name, place)) if name == "lora" => Field::Known(Method::Lora, place),
        Some(Field::Known(name, place)) if !matches!(name.as_str(), "null" | "none" | "None") => {
            Field::Unknown(format!("how `{name}` trains is not known"), Some(place))
        }
        // Without weights to start from it starts from none.
        _ if settings.get("restore_from_path").is_none() && settings.get("num_layers").is_some() => {
            Field::Known(Method::Pretraining, run.place)
        }
        _ => Field::Known(Method::Full, run.place),
    };
    run.lora_rank = settings
        .at(&["peft", "lora_tuning"])
        .map_or(Field::default(), |node| whole(&of_map(reading, node), &["adapter_dim"]));
    Some(run)
}

/// What overrides a recipe of Megatron-Bridge, which names the model.
fn recipe(reading: &Reading<'_>, own: &Node, map: &Node) -> Option<Training> {
    let (train, settings) = (map.get("train")?, map.get("model")?);
    train.get("micro_batch_size")?;
    settings
        .get("tensor_model_parallel_size")
        .or_else(|| settings.get("seq_length"))?;
    let mut run = whole_file(reading, NAME, "Megatron-Bridge", own);
    let get = of_map(reading, train);
    let why = "the recipe that it overrides says so";
    run.model = Field::Unknown(why.to_owned(), Some(run.place));
    run.method = Field::Unknown(why.to_owned(), Some(run.place));
    run.micro_batch = whole(&get, &["micro_batch_size"]);
    run.steps = positive(&get, &["train_iters"]);
    let get = of_map(reading, settings);
    run.sequence_len = whole(&get, &["seq_length"]);
    parallel(reading, settings, &mut run);
    run.gradient_checkpointing = get(&["recompute_granularity"]).and_then(|text| Ok(text == "full"));
    run.sharding = distributed(reading, map.get("optimizer"));
    if let Some(checkpoint) = map.get("checkpoint") {
        run.saves_checkpoints = of_map(reading, checkpoint)(&["save"]).and_then(|_| Ok(true));
    }
    Some(run)
}

/// Megatron's sizes of parallelism.
fn parallel(reading: &Reading<'_>, settings: &Node, run: &mut Training) {
    let get = of_map(reading, settings);
    run.tensor_parallel = whole(&get, &["tensor_model_parallel_size"]);
    run.pipeline_parallel = whole(&get, &["pipeline_model_parallel_size"]);
    run.context_parallel = whole(&get, &["context_parallel_size"]);
}

/// Megatron's distributed optimizer shares its states.
fn distributed(reading: &Reading<'_>, optimizer: Option<&Node>) -> Field<Sharding> {
    optimizer.map_or(Field::default(), |node| {
        switch(&of_map(reading, node), &["use_distributed_optimizer"])
            .and_then(|on| Ok(if on { Sharding::Optimizer } else { Sharding::None }))
    })
}

/// Adapters where they are switched on, else all is trained.
fn adapters(reading: &Reading<'_>, settings: Option<&Node>, run: &mut Training) {
    let place = settings.map_or(run.place, |node| reading.place(node.span));
    run.method = method(Field::Known(settings.is_some(), place), false);
    if let Some(settings) = settings {
        run.lora_rank = whole(&of_map(reading, settings), &["dim"]);
    }
}

/// A model's name; one that is put together of others can't be told.
fn model(name: Field<String>) -> Field<String> {
    name.and_then(|text| match text.contains("${") {
        true => Err(format!("`{text}` is filled in when it starts")),
        false => Ok(text),
    })
}
