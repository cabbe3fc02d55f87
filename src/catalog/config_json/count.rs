//! The shape, and every module of the model with its parameters.

use std::collections::HashSet;

use serde_json::Value;

use super::ConfigError;
use super::families::{Family, Kind, QkNorm};
use super::keys::{Keys, MOST, number};
use super::{quantized, towers};
use crate::catalog::{
    CompressedAttention, CrossAttention, Date, FullAttention, IndexKeys as IndexKeysRow, Mla, Moe, OpenModel,
    SlidingWindow, State,
};

/// What mixes the tokens of a sequence in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mixer {
    /// Attention to every token.
    Full,
    /// Attention to a window.
    Windowed,
    /// Gated DeltaNet.
    DeltaNet,
    Mamba,
    Mamba2,
    /// A short convolution.
    Convolution,
    /// Kimi's delta attention.
    DeltaAttention,
    /// Attention to every token and a Mamba-2 layer side by side.
    Parallel,
    /// Attention to one compressed entry for so many tokens, beside a window (DeepSeek V4).
    Compressed(u64),
    /// Nothing.
    None,
}

/// What follows the mixer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ffn {
    /// Of this width.
    Dense(u64),
    Experts,
    /// A dense one of this width beside experts.
    Both(u64),
    None,
}

/// How a module is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Embedding,
    Output,
    Linear,
    Experts,
    /// Norms, biases, routers, convolutions: never quantized.
    Plain,
    Tower,
}

/// A matrix, or several of one kind.
#[derive(Debug, Clone)]
pub(super) struct Module {
    /// Its path in the checkpoint, without what stands before `layers`.
    pub(super) path: String,
    pub(super) parameters: u128,
    pub(super) part: Part,
}

/// A model's shape and modules.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) modules: Vec<Module>,
    hidden: u64,
    intermediate: u64,
    vocab: u64,
    heads: u64,
    windowed: Heads,
    full: Heads,
    mixers: Vec<Mixer>,
    /// Layers at the end that read the KV of earlier ones.
    shared: u64,
    window: u64,
    state: Option<State>,
    mla: Option<Mla>,
    moe: Option<Moe>,
    cross: Option<CrossAttention>,
    tied: bool,
    embedding: u128,
    max_context: u64,
}

/// The heads of one kind of attention layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Heads {
    queries: u64,
    keys: u64,
    size: u64,
    value_size: u64,
}

/// Experts of a layer.
#[derive(Debug, Clone, Copy)]
struct Experts {
    count: u64,
    chosen: u64,
    width: u64,
    input: u64,
    shared: u64,
    shared_width: u64,
}

const LAYERS: &[&str] = &["num_hidden_layers", "n_layer", "n_layers", "num_layers"];
/// Of an encoder with a decoder, whose `num_hidden_layers` are the encoder's.
const DECODER_LAYERS: &[&str] = &["decoder_layers"];
const LAYER_TYPES: &[&str] = &["layer_types", "layers_block_type"];
const HIDDEN: &[&str] = &["hidden_size", "n_embd", "d_model"];
const HEADS: &[&str] = &["num_attention_heads", "n_head", "n_heads", "decoder_attention_heads"];
const KV_HEADS: &[&str] = &[
    "num_key_value_heads",
    "num_kv_heads",
    "n_head_kv",
    "multi_query_group_num",
];
const STATE_SIZE: &[&str] = &["mamba_d_state", "ssm_state_size", "state_size"];
const VOCAB: &[&str] = &["vocab_size", "padded_vocab_size"];
const WIDTH: &[&str] = &[
    "intermediate_size",
    "ffn_dim",
    "ffn_hidden_size",
    "n_inner",
    "d_ff",
    "decoder_ffn_dim",
];
const EXPERTS: &[&str] = &[
    "num_local_experts",
    "num_experts",
    "n_routed_experts",
    "moe_num_experts",
];
const CHOSEN: &[&str] = &[
    "num_experts_per_tok",
    "num_experts_per_token",
    "top_k_experts",
    "moe_top_k",
    "moe_topk",
    "moe_k",
];
const CONTEXT: &[&str] = &[
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "seq_length",
    "max_seq_len",
    "max_sequence_length",
    "max_target_positions",
    "model_max_length",
    "seq_len",
];

/// A key, or the architecture's default for it.
fn needed(keys: &Keys<'_>, family: &Family, names: &[&str]) -> Result<u64, ConfigError> {
    match family.defaults.iter().find(|(name, _)| names.contains(name)) {
        Some((_, default)) if keys.value(names).is_none() => Ok(*default),
        _ => keys.needed(names),
    }
}

/// Counts a model.
pub(super) fn count(keys: &Keys<'_>, family: &Family) -> Result<Counted, ConfigError> {
    let name = keys.model_type().unwrap_or_default();
    let layers = layers(keys, family)?;
    let hidden = needed(keys, family, HIDDEN)?;
    let vocab = needed(keys, family, VOCAB)?;
    let mixers = mixers(keys, family, name, layers)?;
    let attends = mixers.iter().any(|mixer| {
        matches!(
            mixer,
            Mixer::Full | Mixer::Windowed | Mixer::Parallel | Mixer::Compressed(_)
        )
    });
    let (windowed, full) = heads(keys, family, name, hidden, attends)?;
    let intermediate = width(keys, family, name, hidden)?;
    let experts = experts(keys, name, hidden, intermediate)?;
    let ffns = ffns(keys, name, &mixers, intermediate, experts.is_some())?;
    let mla = mla(keys)?;
    let tied = match name {
        "qwen" | "chatglm" | "baichuan" => keys.on(&["tie_word_embeddings"]).unwrap_or(false),
        _ => keys.on(&["tie_word_embeddings"]).unwrap_or(family.tied),
    };
    let mut counting = Counting {
        keys,
        family,
        name,
        hidden: hidden.into(),
        windowed,
        full,
        mla,
        experts,
        modules: Vec::new(),
    };
    let state = counting.state(&mixers)?;
    for (at, (mixer, ffn)) in mixers.iter().zip(&ffns).enumerate() {
        counting.layer(at, *mixer, *ffn)?;
    }
    let max_context = context(keys, family)?;
    let (embedding, cross) = counting.ends(vocab, max_context, layers, tied)?;
    let tower = towers::parameters(keys, hidden)?;
    if tower > 0 {
        counting.push("vision_tower".to_owned(), tower, Part::Tower);
    }
    let shared = keys.count_or(&["num_kv_shared_layers"], 0)?.min(layers);
    let window = window(keys, family, name)?;
    let dense = ffns
        .iter()
        .filter(|ffn| !matches!(ffn, Ffn::Experts | Ffn::Both(_)))
        .count();
    let modules = counting.modules;
    Ok(Counted {
        modules,
        hidden,
        intermediate,
        vocab,
        heads: full.queries,
        windowed,
        full,
        mixers,
        shared,
        window,
        state,
        mla,
        moe: experts.map(|experts| Moe {
            experts: narrow(experts.count),
            experts_per_token: narrow(experts.chosen),
            intermediate_size: narrow(experts.width),
            shared_experts: narrow(experts.shared),
            dense_layers: narrow(dense as u64),
            gated: family.gated,
            input_size: (experts.input != hidden).then(|| narrow(experts.input)),
            shared_intermediate_size: (experts.shared_width != experts.shared * experts.width)
                .then(|| narrow(experts.shared_width)),
        }),
        cross,
        tied,
        embedding,
        max_context,
    })
}

/// How many layers it has; a hybrid may tell it by listing them.
fn layers(keys: &Keys<'_>, family: &Family) -> Result<u64, ConfigError> {
    let listed = keys.list(LAYER_TYPES).map(<[_]>::len);
    let drawn = keys.text(&["hybrid_override_pattern"]).map(str::len);
    let named = match keys.value(DECODER_LAYERS) {
        Some(_) => DECODER_LAYERS,
        None => LAYERS,
    };
    let layers = match (keys.value(named), listed.or(drawn)) {
        (None, Some(count)) if count > 0 => count as u64,
        _ => needed(keys, family, named)?,
    };
    if layers > MOST {
        return Err(ConfigError(format!(
            "`num_hidden_layers` is {layers}, which no model has"
        )));
    }
    Ok(layers)
}

/// Numbers are bounded when they are read.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// What mixes tokens, layer by layer.
fn mixers(keys: &Keys<'_>, family: &Family, name: &str, layers: u64) -> Result<Vec<Mixer>, ConfigError> {
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
fn indices(keys: &Keys<'_>, name: &str) -> HashSet<u64> {
    let list = keys.list(&[name]).unwrap_or_default();
    list.iter().filter_map(Value::as_u64).collect()
}

fn same_count(mixers: Vec<Mixer>, count: usize, key: &str) -> Result<Vec<Mixer>, ConfigError> {
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
fn window(keys: &Keys<'_>, family: &Family, name: &str) -> Result<u64, ConfigError> {
    if name == "llama4_text" {
        return keys.or(&["attention_chunk_size"], 0);
    }
    let names = &["sliding_window", "sliding_window_size"];
    let default = family.defaults.iter().find(|(key, _)| *key == "sliding_window");
    keys.or(names, default.map_or(0, |(_, size)| *size))
}

/// Heads of layers with a window and of the others.
fn heads(
    keys: &Keys<'_>,
    family: &Family,
    name: &str,
    hidden: u64,
    attends: bool,
) -> Result<(Heads, Heads), ConfigError> {
    if !attends {
        let none = Heads {
            queries: 0,
            keys: 0,
            size: 0,
            value_size: 0,
        };
        return Ok((none, none));
    }
    let default = |name: &str| {
        family
            .defaults
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    let queries = match keys.whole(HEADS)? {
        Some(count) if (1..=MOST).contains(&count) => count,
        None if default("num_attention_heads").is_some() => default("num_attention_heads").unwrap_or(1),
        _ => keys.count(HEADS)?,
    };
    let one = keys.on(&["multi_query"]) == Some(true) && keys.on(&["new_decoder_architecture"]) != Some(true);
    let grouped = keys.list(&["block_configs"]).and_then(|blocks| {
        let mut groups = blocks
            .iter()
            .filter_map(|block| number(block.pointer("/attention/n_heads_in_group")?));
        let first = groups.next()?;
        groups.all(|other| other == first).then_some(first)
    });
    let key_heads = if let Some(group) = grouped {
        queries.checked_div(group).unwrap_or(0).max(1)
    } else if keys.list(&["block_configs"]).is_some() {
        return Err(ConfigError(
            "`block_configs` has KV heads that differ by layer".to_owned(),
        ));
    } else if one {
        1
    } else if name == "mpt" {
        keys.object("attn_config")
            .map_or(Ok(queries), |attention| attention.count_or(&["kv_n_heads"], queries))?
    } else {
        keys.count_or(KV_HEADS, default("num_key_value_heads").unwrap_or(queries))?
    };
    let size = match keys
        .whole(&["head_dim", "attention_head_dim", "kv_channels"])?
        .or(default("head_dim"))
    {
        Some(size) if size > 0 => size,
        _ if hidden.is_multiple_of(queries) => hidden / queries,
        // Latent attention names the parts of its heads.
        _ if keys.value(&["kv_lora_rank"]).is_some() => keys.needed(&["v_head_dim"])?,
        _ => return Err(ConfigError("`head_dim` is missing".to_owned())),
    };
    let row = Heads {
        queries,
        keys: key_heads.max(1),
        size,
        value_size: keys.or(&["v_head_dim"], size)?,
    };
    let row = if keys.value(&["kv_lora_rank"]).is_some() {
        Heads {
            value_size: size,
            ..row
        }
    } else {
        row
    };
    // Gemma 4 names the full layers' heads apart, MiMo-V2 the windowed ones'.
    if keys.value(&["global_head_dim"]).is_some() {
        let full = Heads {
            keys: keys.count_or(&["num_global_key_value_heads"], row.keys)?.max(1),
            size: keys.or(&["global_head_dim"], size)?.max(1),
            value_size: keys.or(&["global_head_dim"], size)?.max(1),
            ..row
        };
        return Ok((row, full));
    }
    if keys.value(&["swa_num_key_value_heads"]).is_some() {
        let windowed = Heads {
            queries: keys.count_or(&["swa_num_attention_heads"], queries)?,
            keys: keys.count_or(&["swa_num_key_value_heads"], row.keys)?.max(1),
            size: keys.or(&["swa_head_dim"], size)?.max(1),
            value_size: keys.or(&["swa_v_head_dim"], row.value_size)?.max(1),
        };
        return Ok((windowed, row));
    }
    Ok((row, row))
}

/// Width of a dense feed-forward layer.
fn width(keys: &Keys<'_>, family: &Family, name: &str, hidden: u64) -> Result<u64, ConfigError> {
    match name {
        // Both halves of the gate together.
        "qwen" => Ok(keys.needed(&["intermediate_size"])? / 2),
        "llama4_text" => keys.needed(&["intermediate_size_mlp"]),
        "minimax_m3" => keys.needed(&["dense_intermediate_size", "intermediate_size"]),
        // The widest of its layers.
        "gemma3n_text" => match keys.list(&["intermediate_size"]) {
            Some(widths) => {
                let widest = widths.iter().filter_map(number).max().filter(|width| *width <= 1 << 26);
                widest.ok_or_else(|| ConfigError("`intermediate_size` tells no width".to_owned()))
            }
            None => keys.needed(&["intermediate_size"]),
        },
        "gpt2" | "gpt_bigcode" | "gptj" | "bloom" => keys.or(WIDTH, 4 * hidden),
        "falcon" => keys.or(&["ffn_hidden_size"], 4 * hidden),
        "mpt" => Ok(keys.or(&["expansion_ratio"], 4)? * hidden),
        "lfm2" => {
            let stated = keys.needed(&["intermediate_size", "block_ff_dim"])?;
            if keys.on(&["block_auto_adjust_ff_dim"]) == Some(true) {
                let multiple = keys.or(&["block_multiple_of"], 256)?.max(1);
                let share = keys.float(&["block_ffn_dim_multiplier"]).unwrap_or(1.0);
                let adjusted = (share.clamp(0.0, 16.0) * (2 * stated / 3) as f64) as u64;
                return Ok(adjusted.next_multiple_of(multiple));
            }
            Ok(stated)
        }
        "mamba" | "mamba2" | "falcon_mamba" => Ok(0),
        "nemotron-nas" => {
            // The widest of its layers.
            let blocks = keys.list(&["block_configs"]).unwrap_or_default();
            let widest = blocks.iter().filter_map(|block| nas_width(block, hidden)).max();
            widest.ok_or_else(|| ConfigError("`block_configs` is missing".to_owned()))
        }
        "granitemoe" | "granitemoehybrid" | "granitemoeshared" => {
            keys.or(&["shared_intermediate_size", "intermediate_size"], 0)
        }
        // A mixture in every layer needs none.
        _ if keys.value(EXPERTS).is_some() && keys.value(&["moe_intermediate_size"]).is_some() => keys.or(WIDTH, 0),
        _ => needed(keys, family, WIDTH),
    }
}

/// Width of a layer of a searched architecture: `ffn_mult` × 2 ÷ 3 of the residual stream, in multiples of 256.
fn nas_width(block: &Value, hidden: u64) -> Option<u64> {
    if block.pointer("/ffn/no_op").and_then(Value::as_bool) == Some(true) {
        return Some(0);
    }
    if let Some(width) = block.pointer("/ffn/intermediate_size").and_then(number) {
        return Some(width);
    }
    let share = block.pointer("/ffn/ffn_mult")?.as_f64()?;
    let width = (2.0 * share.clamp(0.0, 64.0) * hidden as f64 / 3.0) as u64;
    Some(width.next_multiple_of(256))
}

fn experts(keys: &Keys<'_>, name: &str, hidden: u64, intermediate: u64) -> Result<Option<Experts>, ConfigError> {
    let count = keys.count_or(EXPERTS, 0)?;
    if count <= 1 || name == "gemma4_text" && keys.on(&["enable_moe_block"]) != Some(true) {
        return Ok(None);
    }
    let width = match name {
        "llama4_text" | "mixtral" | "phimoe" | "granitemoe" | "granitemoehybrid" | "granitemoeshared" | "jamba"
        | "gpt_oss" | "minimax_m2" | "minimax_m3" | "olmoe" => keys.needed(&["intermediate_size"])?,
        _ => keys.needed(&["moe_intermediate_size", "intermediate_size"])?,
    };
    let per_token = if name == "llama4_text" { 1 } else { 0 };
    let chosen = match keys.count_or(CHOSEN, per_token)? {
        0 => keys.count(CHOSEN)?,
        chosen => chosen,
    };
    let shared = match name {
        "llama4_text" => 1,
        "qwen2_moe" | "qwen3_next" | "qwen3_5_moe_text" | "qwen3_5_moe" => 1,
        "granitemoehybrid" | "granitemoeshared" => u64::from(intermediate > 0),
        _ => keys.count_or(
            &["n_shared_experts", "num_shared_experts", "moe_num_shared_experts"],
            u64::from(keys.value(&["share_expert_dim"]).is_some()),
        )?,
    };
    let shared_width = match name {
        "llama4_text" => width,
        "granitemoehybrid" | "granitemoeshared" => intermediate,
        _ => keys.or(
            &[
                "moe_shared_expert_intermediate_size",
                "shared_expert_intermediate_size",
                "share_expert_dim",
            ],
            shared * width,
        )?,
    };
    let input = keys.or(&["moe_latent_size", "routed_expert_hidden_size"], hidden)?;
    Ok(Some(Experts {
        count,
        chosen: chosen.min(count),
        width,
        input: if input == 0 { hidden } else { input },
        shared,
        shared_width: if shared == 0 { 0 } else { shared_width },
    }))
}

/// What follows the mixer, layer by layer.
fn ffns(
    keys: &Keys<'_>,
    name: &str,
    mixers: &[Mixer],
    intermediate: u64,
    has_experts: bool,
) -> Result<Vec<Ffn>, ConfigError> {
    let count = mixers.len();
    if let Some(pattern) = keys.text(&["hybrid_override_pattern"]) {
        return Ok(pattern
            .chars()
            .take(count)
            .map(|sign| match sign {
                '-' => Ffn::Dense(intermediate),
                'E' => Ffn::Experts,
                _ => Ffn::None,
            })
            .collect());
    }
    if let (Some(kinds), "nemotron_h") = (keys.list(LAYER_TYPES), name) {
        let ffn = |kind: &Value| match kind.as_str() {
            Some("mlp") => Ffn::Dense(intermediate),
            Some("moe") => Ffn::Experts,
            _ => Ffn::None,
        };
        return Ok(kinds.iter().take(count).map(ffn).collect());
    }
    if let Some(blocks) = keys.list(&["block_configs"]) {
        let hidden = keys.needed(HIDDEN)?;
        return Ok(blocks
            .iter()
            .take(count)
            .map(|block| match nas_width(block, hidden) {
                Some(0) | None => Ffn::None,
                Some(width) => Ffn::Dense(width),
            })
            .collect());
    }
    if intermediate == 0 && !has_experts {
        return Ok(vec![Ffn::None; count]);
    }
    let shared_wide = keys.on(&["use_double_wide_mlp"]) == Some(true);
    let shared_from = count as u64 - keys.count_or(&["num_kv_shared_layers"], 0)?.min(count as u64);
    if !has_experts {
        let wide = |at: u64| {
            if shared_wide && at >= shared_from {
                2 * intermediate
            } else {
                intermediate
            }
        };
        return Ok((0..count as u64).map(|at| Ffn::Dense(wide(at))).collect());
    }
    if name == "gemma4_text" {
        return Ok(vec![Ffn::Both(intermediate); count]);
    }
    let first = keys.or(
        &["first_k_dense_replace", "moe_layer_start_index", "num_dense_layers"],
        0,
    )?;
    let (step, offset) = match name {
        "jamba" => (
            keys.or(&["expert_layer_period"], 2)?,
            keys.or(&["expert_layer_offset"], 1)?,
        ),
        "llama4_text" => {
            let step = keys.or(&["interleave_moe_layer_step"], 1)?;
            (step, step.saturating_sub(1))
        }
        "qwen2_moe" | "qwen3_moe" | "qwen3_vl_moe_text" | "qwen3_omni_moe_text" | "qwen3_next" => {
            let step = keys.or(&["decoder_sparse_step"], 1)?;
            (step, step.saturating_sub(1))
        }
        _ => match keys.value(&["moe_layer_freq"]) {
            Some(Value::Number(_)) => (keys.or(&["moe_layer_freq"], 1)?, 0),
            _ => (1, 0),
        },
    };
    let flags = keys.list(&["moe_layer_freq"]);
    let types = keys.list(&["mlp_layer_types"]);
    let only_dense = indices(keys, "mlp_only_layers");
    (0..count as u64)
        .map(|at| {
            let stated = |list: Option<&[Value]>| list.and_then(|list| list.get(at as usize).cloned());
            let sparse = match (stated(flags), stated(types)) {
                (Some(flag), _) => flag.as_u64() != Some(0),
                (None, Some(kind)) => kind.as_str() != Some("dense"),
                (None, None) => at >= first && step > 0 && at % step == offset % step && !only_dense.contains(&at),
            };
            if sparse {
                Ok(Ffn::Experts)
            } else if intermediate > 0 {
                Ok(Ffn::Dense(intermediate))
            } else {
                Err(ConfigError("`intermediate_size` is missing".to_owned()))
            }
        })
        .collect()
}

fn mla(keys: &Keys<'_>) -> Result<Option<Mla>, ConfigError> {
    if keys.value(&["kv_lora_rank"]).is_none() {
        return Ok(None);
    }
    let layers = keys.list(&["indexer_types"]).map(|list| {
        let own = list.iter().filter(|kind| kind.as_str() == Some("full")).count();
        narrow(own as u64)
    });
    Ok(Some(Mla {
        kv_lora_rank: narrow(keys.needed(&["kv_lora_rank"])?),
        qk_rope_head_dim: narrow(keys.needed(&["qk_rope_head_dim"])?),
        qk_nope_head_dim: narrow(keys.needed(&["qk_nope_head_dim"])?),
        v_head_dim: narrow(keys.needed(&["v_head_dim"])?),
        indexer_head_dim: keys.whole(&["index_head_dim"])?.map(narrow),
        indexer_layers: layers,
    }))
}

/// The longest context, as the engine derives it: the stated one, times what the rotation of positions is stretched.
fn context(keys: &Keys<'_>, family: &Family) -> Result<u64, ConfigError> {
    let default = family
        .defaults
        .iter()
        .find(|(name, _)| *name == "max_position_embeddings");
    let stated = match keys.whole(CONTEXT)?.or(default.map(|(_, tokens)| *tokens)) {
        Some(tokens) if tokens > 0 => tokens,
        // Recurrent models have no bound of their own.
        _ => return Ok(1 << 20),
    };
    let Some(scaling) = keys.object("rope_scaling").or_else(|| keys.object("rope_parameters")) else {
        return Ok(stated);
    };
    let kind = match scaling.text(&["rope_type", "type"]) {
        // Gemma 3 states its context with the stretch in it.
        Some(_) if keys.model_type().is_some_and(|name| name.starts_with("gemma3")) => "",
        kind => kind.unwrap_or_default(),
    };
    let factor = scaling.float(&["factor"]).unwrap_or(1.0).clamp(1.0, 1024.0);
    Ok(match kind {
        "yarn" | "deepseek_yarn" => match scaling.whole(&["original_max_position_embeddings"])? {
            Some(original) if original > 0 => (original as f64 * factor) as u64,
            _ => stated,
        },
        "linear" | "dynamic" => (stated as f64 * factor) as u64,
        _ => stated,
    })
}

/// Collects modules.
struct Counting<'a> {
    keys: &'a Keys<'a>,
    family: &'a Family,
    name: &'a str,
    hidden: u128,
    windowed: Heads,
    full: Heads,
    mla: Option<Mla>,
    experts: Option<Experts>,
    modules: Vec<Module>,
}

impl Counting<'_> {
    fn push(&mut self, path: String, parameters: u128, part: Part) {
        if parameters > 0 {
            self.modules.push(Module { path, parameters, part });
        }
    }

    fn layer(&mut self, at: usize, mixer: Mixer, ffn: Ffn) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.{name}");
        let norms = u128::from(self.family.norms) * (1 + u128::from(self.family.norm_bias)) * self.hidden;
        self.push(of("norm"), norms, Part::Plain);
        match mixer {
            Mixer::Full | Mixer::Windowed if self.mla.is_some() => self.latent(at)?,
            Mixer::Full => self.attention(at, self.full)?,
            Mixer::Windowed => self.attention(at, self.windowed)?,
            Mixer::Parallel => {
                self.attention(at, self.full)?;
                self.mamba2(at)?;
            }
            Mixer::DeltaAttention => self.delta_attention(at)?,
            Mixer::Compressed(ratio) => self.compressed(at, ratio)?,
            Mixer::DeltaNet => self.delta_net(at)?,
            Mixer::Mamba => self.mamba(at)?,
            Mixer::Mamba2 => self.mamba2(at)?,
            Mixer::Convolution => {
                let kernel: u128 = self.keys.or(&["conv_L_cache"], 3)?.into();
                self.push(of("conv.in_proj"), 3 * self.hidden * self.hidden, Part::Linear);
                self.push(of("conv.out_proj"), self.hidden * self.hidden, Part::Linear);
                self.push(of("conv.conv"), kernel * self.hidden, Part::Plain);
            }
            Mixer::None => {}
        }
        match ffn {
            Ffn::Dense(width) => self.dense(at, width.into()),
            Ffn::Experts => self.mixture(at)?,
            Ffn::Both(width) => {
                self.dense(at, width.into());
                self.mixture(at)?;
                // Norms around both, and the router's own scales.
                let scales = self.experts.map_or(0, |experts| u128::from(experts.count));
                self.push(of("router.scale"), 4 * self.hidden + scales, Part::Plain);
            }
            Ffn::None => {}
        }
        if let Some(width) = self
            .keys
            .whole(&["hidden_size_per_layer_input"])?
            .filter(|width| *width > 0)
        {
            // Gemma 3n and 4: gate and projection of the layer's own embedding, and its norm.
            self.push(
                of("per_layer_input_gate"),
                self.hidden * u128::from(width),
                Part::Linear,
            );
            self.push(
                of("per_layer_projection"),
                self.hidden * u128::from(width),
                Part::Linear,
            );
            self.push(of("post_per_layer_input_norm"), self.hidden, Part::Plain);
        }
        Ok(())
    }

    fn attention(&mut self, at: usize, heads: Heads) -> Result<(), ConfigError> {
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            _ => format!("layers.{at}.self_attn.{name}"),
        };
        let query = u128::from(heads.queries) * u128::from(heads.size);
        let key = u128::from(heads.keys) * u128::from(heads.size);
        let value = u128::from(heads.keys) * u128::from(heads.value_size);
        let out = u128::from(heads.queries) * u128::from(heads.value_size);
        let gates = 1 + u128::from(self.family.gated_attention);
        // Gemma 4's layers without a window may take keys for values.
        let is_full = heads == self.full && heads != self.windowed;
        let reuses = is_full && self.keys.on(&["attention_k_eq_v"]) == Some(true);
        let values = if reuses { 0 } else { value };
        let (q, k, v, o) = (of("q_proj"), of("k_proj"), of("v_proj"), of("o_proj"));
        self.push(q, gates * self.hidden * query, Part::Linear);
        self.push(k, self.hidden * key, Part::Linear);
        self.push(v, self.hidden * values, Part::Linear);
        self.push(o, self.hidden * out, Part::Linear);
        let mut plain = 0;
        if self.family.qkv_bias.on(self.keys) {
            plain += gates * query + key + values;
        }
        if self.family.output_bias.on(self.keys) {
            plain += self.hidden;
        }
        plain += match self.family.qk_norm {
            QkNorm::Head => 2 * u128::from(heads.size),
            QkNorm::Wide => query + key,
            QkNorm::Key(name) if self.keys.on(&[name]) == Some(true) => 2 * u128::from(heads.size),
            QkNorm::No | QkNorm::Key(_) => 0,
        };
        if self.name == "gpt_oss" {
            plain += u128::from(heads.queries);
        }
        if self.name == "step3p5" {
            self.push(of("g_proj"), self.hidden * u128::from(heads.queries), Part::Linear);
        }
        if let Some(index) = IndexKeys::of(self.keys, at)? {
            let width = index.size * (index.heads + 1);
            self.push(of("index_qk_proj"), self.hidden * width, Part::Linear);
            plain += 2 * index.size;
        }
        if let Some(rank) = self.keys.whole(&["laurel_rank"])?.map(u128::from) {
            // Gemma 3n: a narrow path beside attention, and the mixing of the residual's copies.
            let copies: u128 = self.keys.count_or(&["altup_num_inputs"], 1)?.into();
            let mixing = copies * copies * (copies + 1) + copies * self.hidden;
            self.push(of("laurel"), 2 * rank * self.hidden, Part::Linear);
            plain += mixing + 3 * self.hidden;
        }
        self.push(format!("layers.{at}.attention.small"), plain, Part::Plain);
        Ok(())
    }

    fn latent(&mut self, at: usize) -> Result<(), ConfigError> {
        let Some(mla) = self.mla else { return Ok(()) };
        let of = |name: &str| format!("layers.{at}.self_attn.{name}");
        let heads: u128 = self.full.queries.into();
        let (latent, rope) = (u128::from(mla.kv_lora_rank), u128::from(mla.qk_rope_head_dim));
        let (nope, value) = (u128::from(mla.qk_nope_head_dim), u128::from(mla.v_head_dim));
        let query_rank: u128 = self.keys.or(&["q_lora_rank"], 0)?.into();
        let query = heads * (nope + rope);
        if query_rank > 0 {
            self.push(of("q_a_proj"), self.hidden * query_rank, Part::Linear);
            self.push(of("q_b_proj"), query_rank * query, Part::Linear);
        } else {
            self.push(of("q_proj"), self.hidden * query, Part::Linear);
        }
        self.push(of("kv_a_proj_with_mqa"), self.hidden * (latent + rope), Part::Linear);
        self.push(of("kv_b_proj"), latent * heads * (nope + value), Part::Linear);
        self.push(of("o_proj"), heads * value * self.hidden, Part::Linear);
        self.push(of("a_layernorm"), query_rank + latent, Part::Plain);
        let has_indexer = match self.keys.list(&["indexer_types"]) {
            Some(types) => types.get(at).and_then(Value::as_str) == Some("full"),
            None => true,
        };
        if let (Some(size), true) = (mla.indexer_head_dim.map(u128::from), has_indexer) {
            let index_heads: u128 = self.keys.count_or(&["index_n_heads"], 64)?.into();
            self.push(of("indexer.wq_b"), query_rank * index_heads * size, Part::Linear);
            self.push(of("indexer.wk"), self.hidden * size, Part::Linear);
            self.push(of("indexer.weights_proj"), self.hidden * index_heads, Part::Plain);
            self.push(of("indexer.k_norm"), 2 * size, Part::Plain);
        }
        Ok(())
    }

    fn delta_net(&mut self, at: usize) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.linear_attn.{name}");
        let net = DeltaNet::of(self.keys)?;
        self.push(of("in_proj_qkv"), self.hidden * (2 * net.key + net.value), Part::Linear);
        self.push(of("in_proj_z"), self.hidden * net.value, Part::Linear);
        self.push(of("in_proj_ba"), self.hidden * 2 * net.value_heads, Part::Linear);
        self.push(of("out_proj"), net.value * self.hidden, Part::Linear);
        let small = net.conv * net.kernel + 2 * net.value_heads + net.value_size;
        self.push(of("conv1d"), small, Part::Plain);
        Ok(())
    }

    fn delta_attention(&mut self, at: usize) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.self_attn.{name}");
        let kda = DeltaAttention::of(self.keys)?;
        let width = kda.heads * kda.size;
        for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            self.push(of(name), self.hidden * width, Part::Linear);
        }
        // Of the output's gate, whole or by a narrow one; and of the decay.
        let narrow_gate = (self.hidden + width) * kda.size;
        let gate = if kda.whole_gate {
            self.hidden * width
        } else {
            narrow_gate
        };
        self.push(of("gates"), gate + narrow_gate + self.hidden * kda.heads, Part::Linear);
        self.push(
            of("conv1d"),
            3 * width * kda.kernel + width + kda.heads + kda.size,
            Part::Plain,
        );
        Ok(())
    }

    fn compressed(&mut self, at: usize, ratio: u64) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.attn.{name}");
        let (heads, size) = (u128::from(self.full.queries), u128::from(self.full.size));
        let rank: u128 = self.keys.needed(&["q_lora_rank"])?.into();
        let groups: u128 = self.keys.count_or(&["o_groups"], 1)?.max(1).into();
        let out: u128 = self.keys.needed(&["o_lora_rank"])?.into();
        self.push(of("wq_a"), self.hidden * rank, Part::Linear);
        self.push(of("wq_b"), rank * heads * size, Part::Linear);
        self.push(of("wkv"), self.hidden * size, Part::Linear);
        self.push(of("wo_a"), heads * size * out, Part::Linear);
        self.push(of("wo_b"), groups * out * self.hidden, Part::Linear);
        let mut small = rank + size + heads;
        let halves = if ratio == 4 { 2 } else { 1 };
        if ratio > 1 {
            small += 2 * self.hidden * halves * size + u128::from(ratio) * halves * size + size;
        }
        if ratio == 4 {
            let index: u128 = self.keys.needed(&["index_head_dim"])?.into();
            let index_heads: u128 = self.keys.count_or(&["index_n_heads"], 64)?.into();
            self.push(of("indexer.wq_b"), rank * index_heads * index, Part::Linear);
            small += 4 * self.hidden * index + 8 * index + index + self.hidden * index_heads;
        }
        // Streams of the residual, mixed before attention and before the experts.
        let streams: u128 = self.keys.count_or(&["hc_mult"], 1)?.into();
        let mixing = (2 + streams) * streams;
        small += 2 * (mixing * streams * self.hidden + mixing + 3);
        self.push(of("small"), small, Part::Plain);
        Ok(())
    }

    fn mamba(&mut self, at: usize) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.mamba.{name}");
        let mamba = Mamba::of(self.keys, self.name, self.hidden)?;
        let rank = mamba.rank;
        self.push(of("in_proj"), self.hidden * 2 * mamba.inner, Part::Linear);
        self.push(of("x_proj"), mamba.inner * (rank + 2 * mamba.state), Part::Linear);
        self.push(of("dt_proj"), rank * mamba.inner, Part::Linear);
        self.push(of("out_proj"), mamba.inner * self.hidden, Part::Linear);
        let norms = if self.name == "jamba" {
            rank + 2 * mamba.state
        } else {
            0
        };
        let small = mamba.inner * (mamba.kernel + 1) + mamba.inner * (2 + mamba.state) + norms;
        self.push(of("conv1d"), small, Part::Plain);
        Ok(())
    }

    fn mamba2(&mut self, at: usize) -> Result<(), ConfigError> {
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            _ => format!("layers.{at}.mamba.{name}"),
        };
        let mamba = Mamba::of(self.keys, self.name, self.hidden)?;
        let groups = 2 * mamba.groups * mamba.state;
        let projection = 2 * mamba.inner + groups + mamba.heads;
        self.push(of("in_proj"), self.hidden * projection, Part::Linear);
        self.push(of("out_proj"), mamba.inner * self.hidden, Part::Linear);
        let small = (mamba.inner + groups) * (mamba.kernel + 1) + 3 * mamba.heads + mamba.inner;
        self.push(of("conv1d"), small, Part::Plain);
        Ok(())
    }

    fn dense(&mut self, at: usize, width: u128) {
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            _ => format!("layers.{at}.mlp.{name}"),
        };
        let matrix = self.hidden * width;
        let (gate, up, down) = (of("gate_proj"), of("up_proj"), of("down_proj"));
        if self.family.gated {
            self.push(gate, matrix, Part::Linear);
        }
        self.push(up, matrix, Part::Linear);
        self.push(down, matrix, Part::Linear);
        if self.family.mlp_bias.on(self.keys) {
            let inner = width * (1 + u128::from(self.family.gated));
            self.push(format!("layers.{at}.mlp.bias"), inner + self.hidden, Part::Plain);
        }
    }

    fn mixture(&mut self, at: usize) -> Result<(), ConfigError> {
        let Some(experts) = self.experts else { return Ok(()) };
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            "mixtral" | "minimax_m2" | "minimax_m3" | "phimoe" | "kimi_linear" => {
                format!("layers.{at}.block_sparse_moe.{name}")
            }
            "gemma4_text" => format!("layers.{at}.{name}"),
            _ => format!("layers.{at}.mlp.{name}"),
        };
        let matrices = 2 + u128::from(self.family.gated);
        let (count, width, input) = (
            u128::from(experts.count),
            u128::from(experts.width),
            u128::from(experts.input),
        );
        self.push(of("experts"), count * matrices * input * width, Part::Experts);
        self.push(of("gate"), count * self.hidden, Part::Plain);
        let shared = matrices * self.hidden * u128::from(experts.shared_width);
        self.push(of("shared_experts"), shared, Part::Linear);
        if experts.input != self.hidden as u64 {
            self.push(of("fc1_latent_proj"), self.hidden * input, Part::Linear);
            self.push(of("fc2_latent_proj"), self.hidden * input, Part::Linear);
        }
        let small = match self.name {
            "gpt_oss" => count * (2 * width + self.hidden + 1),
            "qwen2_moe" | "qwen3_next" | "qwen3_5_moe_text" | "qwen3_5_moe" => self.hidden,
            // A correction a routed expert, where the router scores by sigmoid.
            "deepseek_v3" | "deepseek_v32" | "deepseek_v4" | "kimi_k2" | "kimi_linear" | "glm4_moe" | "glm_moe_dsa"
            | "nemotron_h" | "minimax_m2" | "minimax_m3" | "step3p5" | "exaone_moe" => count,
            _ => 0,
        };
        self.push(of("small"), small, Part::Plain);
        Ok(())
    }

    /// Embeddings, output, positions, the last norm, and an encoder that is part of the model.
    fn ends(
        &mut self,
        vocab: u64,
        context: u64,
        layers: u64,
        tied: bool,
    ) -> Result<(u128, Option<CrossAttention>), ConfigError> {
        let rows: u128 = vocab.into();
        let width: u128 = match self.name {
            "opt" => self.keys.or(&["word_embed_proj_dim"], self.hidden as u64)?.into(),
            _ => self.hidden,
        };
        let mut embedding = rows * width;
        self.push("embed_tokens".to_owned(), embedding, Part::Embedding);
        if width != self.hidden {
            self.push("project_in_out".to_owned(), 2 * width * self.hidden, Part::Plain);
        }
        if !tied && self.family.kind == Kind::Decoder {
            self.push("lm_head".to_owned(), rows * self.hidden, Part::Output);
            if matches!(self.name, "phi" | "gptj" | "phimoe") {
                self.push("lm_head.bias".to_owned(), rows, Part::Plain);
            }
        }
        let norm = (1 + u128::from(self.family.norm_bias)) * self.hidden;
        let has_norm = self.family.norms > 0 && self.family.kind != Kind::Encoder;
        if has_norm {
            self.push("norm".to_owned(), norm, Part::Plain);
        }
        if self.name == "bloom" {
            self.push("word_embeddings_layernorm".to_owned(), norm, Part::Plain);
        }
        if let Some(extra) = self.family.positions {
            let positions: u128 = (context + extra).into();
            self.push("embed_positions".to_owned(), positions * self.hidden, Part::Plain);
        }
        if let Some(per_layer) = self
            .keys
            .whole(&["hidden_size_per_layer_input"])?
            .filter(|width| *width > 0)
        {
            let vocabulary: u128 = self.keys.or(&["vocab_size_per_layer_input"], vocab)?.into();
            let all = u128::from(layers) * u128::from(per_layer);
            self.push("embed_tokens_per_layer".to_owned(), vocabulary * all, Part::Embedding);
            self.push("per_layer_model_projection".to_owned(), self.hidden * all, Part::Plain);
            embedding += vocabulary * all;
        }
        if self.keys.value(&["laurel_rank"]).is_some() {
            let copies: u128 = self.keys.count_or(&["altup_num_inputs"], 1)?.into();
            let projections = 2 * copies.saturating_sub(1) * self.hidden * self.hidden;
            self.push("altup_projections".to_owned(), projections, Part::Plain);
        }
        if let Some(streams) = self.keys.whole(&["hc_mult"])?.map(u128::from) {
            let streams = streams.min(MOST.into());
            self.push(
                "hc_head".to_owned(),
                streams * streams * self.hidden + streams + 1,
                Part::Plain,
            );
        }
        match self.family.kind {
            Kind::Decoder => Ok((embedding, None)),
            Kind::Encoder => {
                let types: u128 = self.keys.or(&["type_vocab_size"], 2)?.into();
                self.push("embeddings".to_owned(), types * self.hidden + norm, Part::Plain);
                self.push(
                    "pooler".to_owned(),
                    self.hidden * self.hidden + self.hidden,
                    Part::Linear,
                );
                Ok((embedding, None))
            }
            Kind::EncoderDecoder => {
                // Every decoder layer attends to the encoder too: four projections, without a bias of the keys.
                let square = self.hidden * self.hidden;
                let cross = u128::from(layers) * (4 * square + 3 * self.hidden);
                self.push("encoder_attn".to_owned(), cross, Part::Linear);
                let encoder_layers: u128 = self.keys.count(&["encoder_layers"])?.into();
                let wide: u128 = self.keys.needed(&["encoder_ffn_dim"])?.into();
                let tokens = self.keys.needed(&["max_source_positions"])?;
                let bins: u128 = self.keys.or(&["num_mel_bins"], 80)?.into();
                let layer =
                    4 * square + 3 * self.hidden + 2 * self.hidden * wide + wide + self.hidden + 4 * self.hidden;
                let ends =
                    3 * bins * self.hidden + 3 * square + 2 * self.hidden + u128::from(tokens) * self.hidden + norm;
                self.push("encoder".to_owned(), encoder_layers * layer + ends, Part::Tower);
                Ok((
                    embedding,
                    Some(CrossAttention {
                        layers: narrow(layers),
                        tokens,
                    }),
                ))
            }
        }
    }

    /// What a layer without attention keeps for a sequence.
    fn state(&self, mixers: &[Mixer]) -> Result<Option<State>, ConfigError> {
        let keeps = |mixer: &&Mixer| {
            matches!(
                mixer,
                Mixer::DeltaNet
                    | Mixer::Mamba
                    | Mixer::Mamba2
                    | Mixer::Convolution
                    | Mixer::DeltaAttention
                    | Mixer::Parallel
            )
        };
        let Some(first) = mixers.iter().find(keeps) else {
            return Ok(None);
        };
        let layers = narrow(mixers.iter().filter(keeps).count() as u64);
        let (conv, recurrent) = match first {
            Mixer::DeltaNet => {
                let net = DeltaNet::of(self.keys)?;
                (net.conv * net.kernel.saturating_sub(1), net.value * net.key_size)
            }
            Mixer::Convolution => {
                let kernel: u128 = self.keys.or(&["conv_L_cache"], 3)?.into();
                (self.hidden * kernel.saturating_sub(1), 0)
            }
            Mixer::DeltaAttention => {
                let kda = DeltaAttention::of(self.keys)?;
                let width = kda.heads * kda.size;
                (3 * width * kda.kernel.saturating_sub(1), width * kda.size)
            }
            mixer => {
                let mamba = Mamba::of(self.keys, self.name, self.hidden)?;
                let groups = if matches!(mixer, Mixer::Mamba2 | Mixer::Parallel) {
                    2 * mamba.groups * mamba.state
                } else {
                    0
                };
                (
                    (mamba.inner + groups) * mamba.kernel.saturating_sub(1),
                    mamba.inner * mamba.state,
                )
            }
        };
        // Kimi's delta attention keeps its state in 32 bits.
        let stated = self.keys.text(&["mamba_ssm_cache_dtype", "mamba_ssm_dtype"]);
        let dtype = match first {
            Mixer::DeltaAttention => Some("float32"),
            _ => stated,
        };
        Ok(Some(State {
            layers,
            conv: u64::try_from(conv).unwrap_or(u64::MAX),
            recurrent: u64::try_from(recurrent).unwrap_or(u64::MAX),
            recurrent_dtype: dtype.filter(|dtype| *dtype == "float32").map(str::to_owned),
        }))
    }
}

/// Sizes of a Gated DeltaNet layer.
struct DeltaNet {
    key: u128,
    key_size: u128,
    value: u128,
    value_heads: u128,
    value_size: u128,
    conv: u128,
    kernel: u128,
}

impl DeltaNet {
    fn of(keys: &Keys<'_>) -> Result<Self, ConfigError> {
        let key_size: u128 = keys.needed(&["linear_key_head_dim"])?.into();
        let value_size: u128 = keys.needed(&["linear_value_head_dim"])?.into();
        let value_heads: u128 = keys.count(&["linear_num_value_heads"])?.into();
        let key = u128::from(keys.count(&["linear_num_key_heads"])?) * key_size;
        let value = value_heads * value_size;
        Ok(Self {
            key,
            key_size,
            value,
            value_heads,
            value_size,
            conv: 2 * key + value,
            kernel: keys.needed(&["linear_conv_kernel_dim"])?.into(),
        })
    }
}

/// Sizes of a layer of Kimi's delta attention.
struct DeltaAttention {
    heads: u128,
    size: u128,
    kernel: u128,
    /// Whether the output's gate is one whole matrix.
    whole_gate: bool,
}

impl DeltaAttention {
    fn of(keys: &Keys<'_>) -> Result<Self, ConfigError> {
        let linear = keys
            .object("linear_attn_config")
            .ok_or_else(|| ConfigError("`linear_attn_config` is missing".to_owned()))?;
        Ok(Self {
            heads: linear.count(&["num_heads"])?.into(),
            size: linear.needed(&["head_dim"])?.into(),
            kernel: linear.or(&["short_conv_kernel_size"], 4)?.into(),
            whole_gate: linear.on(&["use_full_rank_gate"]) == Some(true),
        })
    }
}

/// Keys that an indexer keeps beside those of a layer's own attention, which choose the blocks it attends to (MiniMax M3).
struct IndexKeys {
    heads: u128,
    size: u128,
}

impl IndexKeys {
    /// Of the layer `at`, where it has one.
    fn of(keys: &Keys<'_>, at: usize) -> Result<Option<Self>, ConfigError> {
        let Some(sparse) = keys.object("sparse_attention_config") else {
            return Ok(None);
        };
        let flags = sparse.list(&["sparse_attention_freq"]).unwrap_or_default();
        if flags.get(at).and_then(Value::as_u64).unwrap_or(0) == 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            heads: sparse.count(&["sparse_num_index_heads"])?.into(),
            size: sparse.needed(&["sparse_index_dim"])?.into(),
        }))
    }
}

/// Sizes of a Mamba layer.
struct Mamba {
    inner: u128,
    state: u128,
    kernel: u128,
    groups: u128,
    heads: u128,
    rank: u128,
}

impl Mamba {
    fn of(keys: &Keys<'_>, name: &str, hidden: u128) -> Result<Self, ConfigError> {
        let expand: u128 = keys.or(&["mamba_expand", "expand"], 2)?.into();
        let heads: u128 = keys
            .count_or(&["mamba_n_heads", "mamba_num_heads", "num_heads"], 0)?
            .into();
        let size: u128 = keys.or(&["mamba_d_head", "mamba_head_dim", "head_dim"], 0)?.into();
        let inner = match (name, heads * size) {
            ("jamba" | "mamba" | "falcon_mamba", _) | (_, 0) => {
                u128::from(keys.or(&["mamba_intermediate_size"], 0)?).max(expand * hidden)
            }
            (_, inner) => inner,
        };
        let rank = match keys.value(&["mamba_dt_rank", "time_step_rank"]) {
            Some(Value::Number(_)) => keys.needed(&["mamba_dt_rank", "time_step_rank"])?.into(),
            _ => hidden.div_ceil(16),
        };
        Ok(Self {
            inner,
            state: keys.needed(STATE_SIZE)?.into(),
            kernel: keys.or(&["mamba_d_conv", "conv_kernel"], 4)?.into(),
            groups: keys.or(&["mamba_n_groups", "n_groups"], 1)?.into(),
            heads,
            rank,
        })
    }
}

/// Layers that predict further tokens and are made as the model's own; 0 where their kinds have a pattern of their own.
fn mtp_layers(keys: &Keys<'_>) -> Result<u64, ConfigError> {
    const PATTERNS: [&str; 2] = ["mtp_hybrid_override_pattern", "mtp_layers_block_type"];
    if PATTERNS.iter().any(|pattern| keys.value(&[pattern]).is_some()) {
        return Ok(0);
    }
    keys.count_or(&["num_nextn_predict_layers", "mtp_num_hidden_layers"], 0)
}

impl Counted {
    fn of(&self, part: Part) -> u128 {
        let of = self.modules.iter().filter(|module| module.part == part);
        of.map(|module| module.parameters).sum()
    }

    /// The row of the catalog.
    pub(super) fn row(
        &self,
        keys: &Keys<'_>,
        family: &Family,
        id: &str,
        as_of: Date,
    ) -> Result<OpenModel, ConfigError> {
        let whole = |count: u128| {
            u64::try_from(count).map_err(|_| ConfigError("it has more parameters than can be counted".to_owned()))
        };
        let all: u128 = self.modules.iter().map(|module| module.parameters).sum();
        let idle = self.moe.map_or(0, |moe| {
            let experts = self.of(Part::Experts);
            experts - experts * u128::from(moe.experts_per_token) / u128::from(moe.experts.max(1))
        });
        let layers = self.mixers.len() as u64;
        let own = self.mixers.len() - self.shared as usize;
        let counted = |wanted: Mixer| self.mixers[..own].iter().filter(|mixer| **mixer == wanted).count();
        let windowed = counted(Mixer::Windowed) as u64;
        let every = |ratio: u64| narrow(counted(Mixer::Compressed(ratio)) as u64);
        let compressed = CompressedAttention {
            every_4: every(4),
            every_128: every(128),
            window: self.window,
            index_head_dim: narrow(keys.or(&["index_head_dim"], 0)?),
        };
        let is_compressed = self.mixers.iter().any(|mixer| matches!(mixer, Mixer::Compressed(_)));
        let side_by_side = counted(Mixer::Parallel) + if is_compressed { own } else { 0 };
        let attends = windowed + (counted(Mixer::Full) + side_by_side) as u64;
        let mut index_keys = IndexKeysRow { layers: 0, size: 0 };
        for at in 0..self.mixers.len() {
            if let Some(index) = IndexKeys::of(keys, at)? {
                index_keys.layers += 1;
                index_keys.size = u32::try_from(index.size).unwrap_or(u32::MAX);
            }
        }
        let linear = self.mixers.len() as u64 - self.shared - attends;
        let quantization = quantized::of(keys)?;
        let unquantized = match &quantization {
            Some(scheme) if !scheme.is_mixed() => scheme.unquantized(&self.modules).map(whole).transpose()?,
            _ => None,
        };
        let bytes = match &quantization {
            Some(scheme) if scheme.is_mixed() => scheme.bytes(&self.modules).map(whole).transpose()?,
            _ => None,
        };
        let plain_embedding = u128::from(self.vocab) * u128::from(self.hidden);
        let tower = self.of(Part::Tower);
        let mixed = windowed > 0 && self.full != self.windowed && attends > windowed;
        let architecture = keys.outer.get("architectures").and_then(|list| list.get(0)?.as_str());
        // A model without attention has no heads; the arithmetic wants one.
        let row = if mixed { self.windowed } else { self.full };
        Ok(OpenModel {
            id: id.to_owned(),
            aliases: Vec::new(),
            architecture: architecture
                .or(keys.model_type())
                .unwrap_or_default()
                .chars()
                .take(128)
                .collect(),
            parameters: whole(all)?,
            active_parameters: whole(all - idle)?,
            dtype: keys
                .text(&["torch_dtype", "dtype"])
                .filter(|dtype| matches!(*dtype, "bfloat16" | "float16" | "float32"))
                .unwrap_or("bfloat16")
                .to_owned(),
            quantization: quantization.map(|scheme| scheme.row()),
            layers: narrow(layers),
            hidden_size: narrow(self.hidden),
            intermediate_size: narrow(self.intermediate),
            heads: narrow(self.heads.max(1)),
            kv_heads: narrow(row.keys.max(1)),
            // Of latent attention, a query's.
            head_dim: self.mla.map_or(narrow(row.size), |mla| {
                mla.qk_nope_head_dim.saturating_add(mla.qk_rope_head_dim)
            }),
            vocab_size: narrow(self.vocab),
            tied_embeddings: self.tied,
            max_context: self.max_context,
            rope_factor_unread: false,
            sliding_window: (windowed > 0).then(|| SlidingWindow {
                size: self.window,
                layers: narrow(windowed),
            }),
            linear_layers: narrow(linear),
            state: self.state.clone(),
            kv_shared_layers: narrow(self.shared),
            mtp_layers: narrow(mtp_layers(keys)?),
            full_attention: mixed.then(|| FullAttention {
                kv_heads: narrow(self.full.keys),
                head_dim: narrow(self.full.size),
            }),
            value_head_dim: (row.value_size != row.size && self.mla.is_none()).then(|| narrow(row.value_size)),
            cross_attention: self.cross,
            encoder_only: family.kind == Kind::Encoder,
            mla: self.mla,
            compressed_attention: is_compressed.then_some(compressed),
            index_keys: (index_keys.layers > 0).then_some(index_keys),
            moe: self.moe,
            multimodal: tower > 0,
            encoder: None,
            tower_parameters: (tower > 0).then(|| whole(tower)).transpose()?,
            embedding_parameters: (self.embedding != plain_embedding)
                .then(|| whole(self.embedding))
                .transpose()?,
            unquantized_parameters: unquantized,
            weights_bytes: bytes,
            source: format!("config.json of {id}; parameters counted from the shape"),
            as_of,
        })
    }
}
