//! Heads, widths, experts and the longest context.

use serde_json::Value;

use super::super::ConfigError;
use super::super::families::Family;
use super::super::keys::{Keys, MOST, number};
use super::mixers::indices;
use super::{
    CHOSEN, CONTEXT, EXPERTS, Experts, Ffn, HEADS, HIDDEN, Heads, KV_HEADS, LAYER_TYPES, Mixer, WIDTH, narrow, needed,
};
use crate::catalog::Mla;

/// Heads of layers with a window and of the others.
pub(super) fn heads(
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
pub(super) fn width(keys: &Keys<'_>, family: &Family, name: &str, hidden: u64) -> Result<u64, ConfigError> {
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
pub(super) fn nas_width(block: &Value, hidden: u64) -> Option<u64> {
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

pub(super) fn experts(
    keys: &Keys<'_>,
    name: &str,
    hidden: u64,
    intermediate: u64,
) -> Result<Option<Experts>, ConfigError> {
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
pub(super) fn ffns(
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

pub(super) fn mla(keys: &Keys<'_>) -> Result<Option<Mla>, ConfigError> {
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
pub(super) fn context(keys: &Keys<'_>, family: &Family) -> Result<u64, ConfigError> {
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
