//! Training runs: the names that frameworks give to the same settings. One file a framework beside this one.

pub(super) mod axolotl;
pub(super) mod hugging_face;
pub(super) mod line;
pub(super) mod llama_factory;
pub(super) mod nemo;
pub(super) mod parts;
pub(super) mod pods;
pub(super) mod python;
pub(super) mod torchtune;

use rust_decimal::Decimal;

use super::{Reading, settings};
use crate::syntax::{Kind, Node};
use crate::units::{Field, Method, Sharding, Training};

/// Gives the text of the first of some settings that is stated.
type Get<'a> = &'a dyn Fn(&[&str]) -> Field<String>;

/// Settings of a mapping; a list is given with commas between its items.
fn of_map<'a>(reading: &'a Reading<'_>, map: &'a Node) -> impl Fn(&[&str]) -> Field<String> + 'a {
    |names| {
        let list = names.iter().find_map(|name| map.get(name)).filter(|node| node.is_seq());
        match list {
            Some(list) => {
                let items: Vec<&str> = list.items().filter_map(Node::as_str).collect();
                Field::Known(items.join(","), reading.place(list.span))
            }
            None => settings::string(reading, map, names),
        }
    }
}

fn whole(get: Get<'_>, names: &[&str]) -> Field<u64> {
    get(names).and_then(|text| {
        let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a whole number"))?;
        if number.fract() == 0.0 && (0.0..1e15).contains(&number) {
            Ok(number as u64)
        } else {
            Err(format!("`{text}` is not a whole number"))
        }
    })
}

/// A whole number; 0, -1 and the like stand for "not set".
fn positive(get: Get<'_>, names: &[&str]) -> Field<u64> {
    match get(names) {
        Field::Known(text, _) if text.starts_with('-') || text == "0" => Field::default(),
        _ => whole(get, names),
    }
}

fn decimal(get: Get<'_>, names: &[&str]) -> Field<Decimal> {
    get(names).and_then(|text| {
        text.parse()
            .or_else(|_| Decimal::from_scientific(&text))
            .map_err(|_| format!("`{text}` is not a number"))
    })
}

fn switch(get: Get<'_>, names: &[&str]) -> Field<bool> {
    get(names).and_then(|text| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "full" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("`{text}` is neither true nor false")),
    })
}

fn is_on(field: &Field<bool>) -> bool {
    field.known() == Some(&true)
}

/// The arithmetic by the pair of switches that most frameworks have.
fn precision(get: Get<'_>) -> Field<String> {
    let (bf16, fp16, fp8) = (get(&["bf16"]), switch(get, &["fp16"]), switch(get, &["fp8"]));
    if let Field::Known(_, place) = fp8.and_then(|on| if on { Ok(()) } else { Err(String::new()) }) {
        return Field::Known("fp8".to_owned(), place);
    }
    // `auto` takes what the GPU can do: some format of 16 bits.
    if let Field::Known(text, place) = &bf16
        && matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "full" | "auto" | "yes" | "1"
        )
    {
        return Field::Known("bf16".to_owned(), *place);
    }
    match (switch(get, &["bf16"]), fp16) {
        (_, Field::Known(true, place)) => Field::Known("fp16".to_owned(), place),
        (Field::Known(false, place), Field::Known(false, _)) => {
            let tf32 = is_on(&switch(get, &["tf32"]));
            Field::Known(if tf32 { "tf32" } else { "fp32" }.to_owned(), place)
        }
        (Field::Unknown(why, place), _) | (_, Field::Unknown(why, place)) => Field::Unknown(why, place),
        _ => Field::default(),
    }
}

/// A number format as people write it: `torch.bfloat16`, `bfloat16`, `bf16`.
fn number_format(text: &str) -> Result<String, String> {
    Ok(match text.trim_start_matches("torch.").to_ascii_lowercase().as_str() {
        "bf16" | "bfloat16" | "bf16-mixed" | "bf16-true" => "bf16",
        "fp16" | "float16" | "half" | "16" | "16-mixed" => "fp16",
        "fp32" | "float32" | "float" | "32" | "32-true" | "no" => "fp32",
        "fp8" => "fp8",
        other => return Err(format!("`{other}` is no number format that is known")),
    }
    .to_owned())
}

/// The names of a comma-separated list, or the items of one.
fn names(text: &str) -> Vec<String> {
    let items = text
        .split([',', ' '])
        .map(|item| item.trim_matches(['[', ']', '\'', '"']));
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Quantized base weights by the switches of bitsandbytes.
fn quantization(get: Get<'_>) -> Field<String> {
    for (name, bits) in [("load_in_4bit", "4bit"), ("load_in_8bit", "8bit")] {
        if let Field::Known(true, place) = switch(get, &[name]) {
            return Field::Known(bits.to_owned(), place);
        }
    }
    Field::default()
}

/// How FSDP shares states, as its options are written: `full_shard auto_wrap`, a list of them, or the number of the
/// enumeration.
fn fsdp(text: &str) -> Result<Sharding, String> {
    let text = text.to_ascii_lowercase();
    let has = |word: &str| {
        text.split([' ', ','])
            .any(|part| part.trim_matches(['[', ']', '"', '\'']) == word)
    };
    if has("full_shard") || has("hybrid_shard") || has("1") || has("true") {
        Ok(Sharding::Parameters)
    } else if has("shard_grad_op") || has("hybrid_shard_zero2") || has("2") {
        Ok(Sharding::Gradients)
    } else if has("no_shard") || has("3") || has("false") || text.is_empty() {
        Ok(Sharding::None)
    } else {
        Err(format!("`{text}` is no way of sharing that is known"))
    }
}

/// The stages of ZeRO.
fn zero_stage(stage: u64) -> Result<Sharding, String> {
    match stage {
        0 => Ok(Sharding::None),
        1 => Ok(Sharding::Optimizer),
        2 => Ok(Sharding::Gradients),
        3 => Ok(Sharding::Parameters),
        other => Err(format!("ZeRO has no stage {other}")),
    }
}

/// What is trained, from what is known of adapters and of the base weights.
fn method(lora: Field<bool>, quantized: bool) -> Field<Method> {
    lora.and_then(|lora| {
        Ok(match (lora, quantized) {
            (true, true) => Method::Qlora,
            (true, false) => Method::Lora,
            (false, _) => Method::Full,
        })
    })
}

/// Whether checkpoints are saved, by the strategy's name.
fn saves(strategy: Field<String>) -> Field<bool> {
    strategy.and_then(|text| Ok(!matches!(text.to_ascii_lowercase().as_str(), "no" | "false")))
}

/// Whether attention is a fused kernel, by its name.
fn fused(name: Field<String>) -> Field<bool> {
    name.and_then(|text| match text.to_ascii_lowercase().as_str() {
        "eager" | "disabled" => Ok(false),
        "sdpa" | "auto" | "xformers" | "flex_attention" | "unsloth" => Ok(true),
        name if name.contains("flash") || name.starts_with("fa") => Ok(true),
        name => Err(format!("`{name}` is no attention that is known")),
    })
}

/// Whether a path of a file that settings name is one that can be looked for.
fn names_file(field: &Field<String>) -> Option<(String, crate::source::Place)> {
    match field {
        Field::Known(path, place) if path.ends_with(".json") || path.ends_with(".yaml") || path.ends_with(".yml") => {
            Some((path.clone(), *place))
        }
        _ => None,
    }
}

/// The unit of a file that is one run.
fn whole_file(reading: &Reading<'_>, format: &'static str, framework: &'static str, document: &Node) -> Training {
    Training::new(
        reading.source.path.clone(),
        format,
        framework,
        reading.place(document.span),
    )
}

/// The single mapping that a YAML or JSON file holds.
fn only_map<'a>(reading: &'a Reading<'_>) -> Option<&'a Node> {
    match reading.source.extension() {
        "yaml" | "yml" => match reading.yaml().documents.as_slice() {
            [document] if document.is_map() => Some(document),
            _ => None,
        },
        "json" => reading
            .json()
            .as_ref()
            .ok()
            .filter(|node| matches!(node.kind, Kind::Map { .. })),
        _ => None,
    }
}
