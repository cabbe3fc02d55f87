//! torchtune's recipe configs. Keys: <https://docs.pytorch.org/torchtune/stable/deep_dives/configs.html>.

use super::super::{Read, Reading};
use super::{decimal, method, names, number_format, of_map, only_map, positive, switch, whole, whole_file};
use crate::syntax::Node;
use crate::units::{Field, Unit};

pub(in crate::formats) const NAME: &str = "torchtune";

/// The repository of the weights that a builder of torchtune stands for, by the builder's name without the way it is
/// trained: the models that its own configs download.
const MODELS: &[(&str, &str)] = &[
    ("gemma2_27b", "google/gemma-2-27b"),
    ("gemma2_2b", "google/gemma-2-2b"),
    ("gemma2_9b", "google/gemma-2-9b"),
    ("gemma_2b", "google/gemma-2b"),
    ("gemma_7b", "google/gemma-7b"),
    ("llama2_13b", "meta-llama/Llama-2-13b-hf"),
    ("llama2_70b", "meta-llama/Llama-2-70b-hf"),
    ("llama2_7b", "meta-llama/Llama-2-7b-hf"),
    ("llama3_1_405b", "meta-llama/Llama-3.1-405B"),
    ("llama3_1_70b", "meta-llama/Llama-3.1-70B"),
    ("llama3_1_8b", "meta-llama/Llama-3.1-8B"),
    ("llama3_2_1b", "meta-llama/Llama-3.2-1B"),
    ("llama3_2_3b", "meta-llama/Llama-3.2-3B"),
    ("llama3_3_70b", "meta-llama/Llama-3.3-70B-Instruct"),
    ("llama3_70b", "meta-llama/Meta-Llama-3-70B"),
    ("llama3_8b", "meta-llama/Meta-Llama-3-8B"),
    ("mistral_7b", "mistralai/Mistral-7B-v0.1"),
    ("phi3_mini", "microsoft/Phi-3-mini-4k-instruct"),
    ("phi4_14b", "microsoft/phi-4"),
    ("qwen2_0_5b", "Qwen/Qwen2-0.5B"),
    ("qwen2_1_5b", "Qwen/Qwen2-1.5B"),
    ("qwen2_5_0_5b", "Qwen/Qwen2.5-0.5B"),
    ("qwen2_5_14b_instruct", "Qwen/Qwen2.5-14B-Instruct"),
    ("qwen2_5_1_5b_base", "Qwen/Qwen2.5-1.5B"),
    ("qwen2_5_32b_instruct", "Qwen/Qwen2.5-32B-Instruct"),
    ("qwen2_5_3b", "Qwen/Qwen2.5-3B"),
    ("qwen2_5_72b_instruct", "Qwen/Qwen2.5-72B-Instruct"),
    ("qwen2_5_7b_instruct", "Qwen/Qwen2.5-7B-Instruct"),
    ("qwen2_7b", "Qwen/Qwen2-7B"),
];

pub(in crate::formats) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.contains("_component_: torchtune.models.") || !reading.contains("optimizer") {
        return None;
    }
    let map = only_map(reading)?;
    let builder = map.at(&["model", "_component_"])?;
    // Evaluation, generation and quantization have no optimizer.
    map.get("optimizer").filter(|node| node.is_map())?;
    let name = builder.as_str()?.rsplit('.').next()?;
    let place = reading.place(builder.span);
    let (base, lora, quantized) = match (name.strip_prefix("qlora_"), name.strip_prefix("lora_")) {
        (Some(base), _) => (base, true, true),
        (None, Some(base)) => (base, true, false),
        (None, None) => (name, false, false),
    };
    let get = of_map(reading, map);
    let mut run = whole_file(reading, NAME, "torchtune", map);
    run.model = match MODELS.iter().find(|(known, _)| *known == base) {
        Some((_, model)) => Field::Known((*model).to_owned(), place),
        None => Field::Unknown(format!("which weights `{name}` takes is not known"), Some(place)),
    };
    let model = map.get("model").map(|node| of_map(reading, node));
    let quantize = model
        .as_ref()
        .map_or(Field::default(), |get| switch(get, &["quantize_base"]));
    let quantized = quantized || quantize.known() == Some(&true);
    run.method = method(Field::Known(lora, place), quantized);
    if quantized {
        run.quantization = Field::Known("4bit".to_owned(), place);
    }
    if let Some(get) = &model {
        run.lora_rank = whole(get, &["lora_rank"]);
        run.lora_targets = get(&["lora_attn_modules"]).and_then(|text| {
            let mut modules = names(&text);
            if switch(get, &["apply_lora_to_mlp"]).known() == Some(&true) {
                modules.extend(["gate_proj", "up_proj", "down_proj"].map(str::to_owned));
            }
            Ok(modules)
        });
    }
    run.precision = get(&["dtype"]).and_then(|text| number_format(&text));
    run.weights = run.precision.clone();
    run.sequence_len = map.get("tokenizer").map_or(Field::default(), |node| {
        positive(&of_map(reading, node), &["max_seq_len"])
    });
    run.micro_batch = whole(&get, &["batch_size"]);
    run.accumulation = whole(&get, &["gradient_accumulation_steps"]);
    run.epochs = decimal(&get, &["epochs"]);
    run.gradient_checkpointing = switch(&get, &["enable_activation_checkpointing"]);
    run.optimizer = component(reading, map, "optimizer");
    run.fused_attention = Field::Known(true, run.place);
    run.fused_loss =
        component(reading, map, "loss").and_then(|name| Ok(name.contains("Chunked") || name.contains("Linear")));
    Some(Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    })
}

fn component(reading: &Reading<'_>, map: &Node, key: &str) -> Field<String> {
    match map
        .at(&[key, "_component_"])
        .and_then(|node| Some((node, node.as_str()?)))
    {
        Some((node, text)) => Field::Known(
            text.rsplit('.').next().unwrap_or(text).to_owned(),
            reading.place(node.span),
        ),
        None => Field::default(),
    }
}
