//! What mixes the tokens of a sequence, layer by layer.

use std::collections::HashSet;

use serde_json::Value;

use super::super::ConfigError;
use super::super::families::Family;
use super::super::keys::{Keys, MOST};
use super::widths::context;
use super::{LAYER_TYPES, Mixer, STATE_SIZE};

/// What mixes tokens, layer by layer.
pub(super) fn mixers(keys: &Keys<'_>, family: &Family, name: &str, layers: u64) -> Result<Vec<Mixer>, ConfigError> {
    let count = layers as usize;
    if let Some(pattern) = keys.text(&["hybrid_override_pattern"]) {
        let mixers: Vec<Mixer> = pattern
            .chars()
            .take(MOST as usize + 1)
            .map(|sign| match sign {
                'M' => Ok(Mixer::Mamba2),
                '*' => Ok(Mixer::Full),
                '-' | 'E' => Ok(Mixer::None),
                _ => Err(ConfigError(format!("`hybrid_override_pattern` has a `{sign}`"))),
            })
            .collect::<Result<_, _>>()?;
        return same_count(mixers, count, "hybrid_override_pattern");
    }
    if let Some(list) = keys.list(&["block_configs"]) {
        let mixers = list.iter().map(|block| {
            let no_op = |key: &str| block.pointer(&format!("/attention/{key}")).and_then(Value::as_bool) == Some(true);
            if no_op("no_op") || no_op("replace_with_linear") {
                Mixer::None
            } else {
                Mixer::Full
            }
        });
        return same_count(mixers.collect(), count, "block_configs");
    }
    if name == "kimi_linear" {
        // Layers are numbered from 1.
        let list = keys
            .object("linear_attn_config")
            .map(|linear| indices(&linear, "kda_layers"));
        return Ok(match list {
            Some(list) => (1..=layers)
                .map(|at| {
                    if list.contains(&at) {
                        Mixer::DeltaAttention
                    } else {
                        Mixer::Full
                    }
                })
                .collect(),
            None => vec![Mixer::Full; count],
        });
    }
    if name == "deepseek_v4" {
        // One more for the layer that predicts further tokens.
        let list = keys.list(&["compress_ratios"]).unwrap_or_default();
        let ratios = list.iter().take(count).map(|ratio| match ratio.as_u64() {
            Some(0 | 1) => Ok(Mixer::Compressed(1)),
            Some(ratio @ (4 | 128)) => Ok(Mixer::Compressed(ratio)),
            _ => Err(ConfigError(format!("`compress_ratios` has a {ratio}"))),
        });
        return same_count(ratios.collect::<Result<_, _>>()?, count, "compress_ratios");
    }
    if name == "falcon_h1" {
        return Ok(vec![Mixer::Parallel; count]);
    }
    let mamba = if keys.value(&["mamba_n_heads", "mamba_num_heads"]).is_some() || name == "mamba2" {
        Mixer::Mamba2
    } else {
        Mixer::Mamba
    };
    if let Some(list) = keys.list(LAYER_TYPES) {
        let mixers: Vec<Mixer> = list
            .iter()
            .map(|kind| match kind.as_str().unwrap_or_default() {
                "full_attention" | "attention" | "deepseek_sparse_attention" | "indexed_attention" => Ok(Mixer::Full),
                "sliding_attention" | "chunked_attention" => Ok(Mixer::Windowed),
                // Newer configs name every layer with a state so.
                "linear_attention" if keys.value(STATE_SIZE).is_some() => Ok(mamba),
                "linear_attention" => Ok(Mixer::DeltaNet),
                "mamba" => Ok(mamba),
                "conv" => Ok(Mixer::Convolution),
                "mlp" | "moe" => Ok(Mixer::None),
                other => Err(ConfigError(format!("`layer_types` has a `{other}`"))),
            })
            .collect::<Result<_, _>>()?;
        // Qwen 2 and 3 list what `use_sliding_window` then switches off.
        let off = keys.on(&["use_sliding_window"]) == Some(false) || window(keys, family, name)? == 0;
        let mixers = mixers.into_iter().map(|mixer| match mixer {
            Mixer::Windowed if off => Mixer::Full,
            other => other,
        });
        return same_count(mixers.collect(), count, "layer_types");
    }
    if let Some(list) = keys.list(&["hybrid_layer_pattern"]) {
        let mixers = list.iter().map(|kind| match kind.as_u64() {
            Some(0) => Mixer::Full,
            _ => Mixer::Windowed,
        });
        return same_count(mixers.collect(), count, "hybrid_layer_pattern");
    }
    let every = |step: u64, at: u64| step > 0 && at.is_multiple_of(step);
    // A window as long as the longest context is none.
    let windowed = (1..context(keys, family)?).contains(&window(keys, family, name)?);
    let step = |names: &[&str], default: u64| -> Result<u64, ConfigError> { keys.or(names, default) };
    let mixer: Box<dyn Fn(u64) -> Mixer> = match name {
        "mamba" | "falcon_mamba" => Box::new(|_| Mixer::Mamba),
        "mamba2" => Box::new(|_| Mixer::Mamba2),
        "jamba" => {
            let (period, offset) = (step(&["attn_layer_period"], 8)?, step(&["attn_layer_offset"], 4)?);
            Box::new(move |at| {
                if period > 0 && at % period == offset {
                    Mixer::Full
                } else {
                    Mixer::Mamba
                }
            })
        }
        "bamba" => {
            let list = indices(keys, "attn_layer_indices");
            Box::new(move |at| if list.contains(&at) { Mixer::Full } else { Mixer::Mamba2 })
        }
        "qwen3_next" | "qwen3_5_text" | "qwen3_5_moe_text" | "qwen3_5" | "qwen3_5_moe" => {
            let interval = step(&["full_attention_interval"], 4)?;
            Box::new(move |at| {
                if every(interval, at + 1) {
                    Mixer::Full
                } else {
                    Mixer::DeltaNet
                }
            })
        }
        "gemma2" | "gpt_oss" if windowed => Box::new(|at| if at % 2 == 0 { Mixer::Windowed } else { Mixer::Full }),
        "gemma3_text" | "gemma3" | "cohere2" if windowed => {
            let default = if name == "cohere2" { 4 } else { 6 };
            let pattern = step(&["sliding_window_pattern", "_sliding_window_pattern"], default)?;
            Box::new(move |at| {
                if every(pattern, at + 1) {
                    Mixer::Full
                } else {
                    Mixer::Windowed
                }
            })
        }
        "llama4_text" if windowed => {
            let interval = step(&["no_rope_layer_interval"], 4)?;
            Box::new(move |at| {
                if every(interval, at + 1) {
                    Mixer::Full
                } else {
                    Mixer::Windowed
                }
            })
        }
        "qwen2" | "qwen2_moe" | "qwen3" | "qwen3_moe" => {
            let first = step(&["max_window_layers"], 0)?;
            let on = windowed && keys.on(&["use_sliding_window"]) == Some(true);
            Box::new(move |at| {
                if on && at >= first {
                    Mixer::Windowed
                } else {
                    Mixer::Full
                }
            })
        }
        "mistral" | "mixtral" | "phi3" | "starcoder2" | "phimoe" if windowed => Box::new(|_| Mixer::Windowed),
        _ => Box::new(|_| Mixer::Full),
    };
    Ok((0..layers).map(mixer).collect())
}

/// The layers that a key lists.
pub(super) fn indices(keys: &Keys<'_>, name: &str) -> HashSet<u64> {
    let list = keys.list(&[name]).unwrap_or_default();
    list.iter().filter_map(Value::as_u64).collect()
}

pub(super) fn same_count(mixers: Vec<Mixer>, count: usize, key: &str) -> Result<Vec<Mixer>, ConfigError> {
    if mixers.len() == count {
        Ok(mixers)
    } else {
        Err(ConfigError(format!(
            "`{key}` tells {} layers, and `num_hidden_layers` {count}",
            mixers.len()
        )))
    }
}

/// Tokens of the window; 0 where there is none.
pub(super) fn window(keys: &Keys<'_>, family: &Family, name: &str) -> Result<u64, ConfigError> {
    if name == "llama4_text" {
        return keys.or(&["attention_chunk_size"], 0);
    }
    let names = &["sliding_window", "sliding_window_size"];
    let default = family.defaults.iter().find(|(key, _)| *key == "sliding_window");
    keys.or(names, default.map_or(0, |(_, size)| *size))
}
