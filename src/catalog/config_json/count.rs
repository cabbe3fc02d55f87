//! The shape, and every module of the model with its parameters.

use super::families::Family;
use super::keys::{Keys, MOST};
use super::{ConfigError, towers};
use crate::catalog::{CrossAttention, Mla, Moe, State};

mod mixers;
mod modules;
mod row;
mod states;
mod widths;

use mixers::{mixers, window};
use modules::Counting;
use widths::{context, experts, ffns, heads, mla, width};

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
