//! Weights on one GPU: by part, since parts differ in precision and in how they are shared.

use super::{GIB, Inputs, Range, Settings, Step};
use crate::catalog::OpenModel;

/// What the width of an expert on a rank is a multiple of where MXFP4 is unpacked as it is used.
const UNPACKED_WIDTH: u64 = 128;

/// The share of what they may leave in 16 bits that recipes leave in dense models, as a rule: copies of one model of 27
/// billion parameters have 18.2, 19.2, 19.6, 21.3, 21.8 and 26.4 GiB of 18 to 29. Those of mixtures leave all of it.
const LEFT_SHARE: f64 = 0.2;

/// How the linear layers are stored.
#[derive(Debug, Clone, PartialEq)]
struct Format {
    /// Bits of one parameter, its share of scales and zero points included.
    bits: f64,
    /// Bits of one parameter of the linear layers outside the experts, where they are stored in another way.
    linear_bits: Option<f64>,
    /// Whether only the experts are quantized.
    experts_only: bool,
    /// What the padded width of an expert is a multiple of.
    alignment: u64,
    /// Whether it is the checkpoint's own, so that the checkpoint's size is a measure of it.
    published: bool,
}

/// Parameters by part.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    embedding: f64,
    output: f64,
    /// Norms and routers: whole on every rank.
    replicated: f64,
    experts: f64,
    /// Projections of keys and values.
    kv: f64,
    /// Projections to the latent of MLA: whole on every rank.
    latent: f64,
    /// All other linear layers.
    linear: f64,
    /// What a multimodal model has beyond its layers: vision and audio towers, further embeddings.
    tower: f64,
}

/// Weights on the fullest GPU of the group, LoRA slots included, GiB.
///
/// # Errors
/// Why the precision can't be told.
pub(super) fn of(
    model: &OpenModel,
    inputs: &Inputs,
    settings: &Settings,
    assumed: &mut Vec<String>,
    steps: &mut Vec<Step>,
) -> Result<Range, String> {
    let format = format(model, inputs)?;
    let parts = parts(model);
    let plain = settings.element;
    let (dense, experts) = stored(model, format.as_ref(), &parts, plain);
    let padding = format.as_ref().map_or(1.0, |format| {
        let padded = |width: u64, alignment: u64| width.next_multiple_of(alignment) as f64 / width as f64;
        let hidden = padded(u64::from(model.hidden_size.max(1)), format.alignment);
        match model.moe {
            Some(moe) if format.alignment > 1 && settings.unpacks_mxfp4 => {
                let share = if inputs.expert_parallel {
                    1
                } else {
                    settings.tensor_parallel
                };
                hidden * padded(u64::from(moe.intermediate_size).div_ceil(share).max(1), UNPACKED_WIDTH)
            }
            _ => hidden,
        }
    });

    let ranks = settings.tensor_parallel as f64;
    let layers = f64::from(model.layers.max(1));
    let stages = settings.pipeline_parallel as f64;
    let of_stage = (layers / stages).ceil() / layers;
    let kv_ranks = ranks.min(f64::from(model.kv_heads.max(1)));
    let in_layers = parts.replicated * plain
        + parts.experts * experts * padding / settings.expert_ranks as f64
        + parts.kv * dense / kv_ranks
        + parts.latent * dense
        + parts.linear * dense / ranks;
    let ends = if stages > 1.0 {
        parts.embedding.max(parts.output)
    } else {
        parts.embedding + parts.output
    };
    let tower = if inputs.language_model_only { 0.0 } else { parts.tower };
    let outside = (ends + tower) * plain / ranks;
    let adapters = lora(model, inputs, settings);
    let rotation = rotation(model, plain) + levels(model, inputs, settings);
    let rounding = rounding(model, settings, dense, experts, plain);
    let total = in_layers * of_stage + outside + adapters + rotation + rounding;
    let offload = offloaded(model, settings, inputs, dense).min(total);
    let told = !model.other_recipe && (model.unquantized_parameters.is_some() || model.weights_bytes.is_some());
    // What a recipe that isn't known may leave in 16 bits, and what such recipes leave as a rule.
    let kept = match &format {
        Some(format) if format.published && !told && leaves_mixers(model, format) => {
            let feed_forward = mixed_layers(model).1 * feed_forward(model);
            let more = (parts.linear - feed_forward).max(0.0) / ranks + parts.kv / kv_ranks + parts.latent;
            more * (plain - dense).max(0.0) * of_stage / GIB
        }
        _ => 0.0,
    };
    let left = match (model.moe, model.unquantized_parameters) {
        (_, Some(_)) => 0.0,
        (Some(_), None) => kept,
        (None, None) => kept * LEFT_SHARE,
    };
    let least = (total - offload) / GIB;
    let mid = least + left;
    steps.push(Step {
        name: "weights",
        formula: "(layers ÷ stages + embeddings + towers + LoRA slots, each by its bytes and ranks) \
                  + table of rotations and sets of an encoder's outputs + rounding of the allocator − offload \
                  + what recipes leave in 16 bits",
        inputs: vec![
            ("parameters", model.parameters as f64),
            ("embedding parameters", parts.embedding),
            ("output parameters", parts.output),
            ("expert parameters", parts.experts),
            ("other linear parameters", parts.linear + parts.kv + parts.latent),
            ("replicated parameters", parts.replicated),
            ("tower parameters", tower),
            ("bytes a linear parameter", dense),
            ("bytes an expert parameter", experts * padding),
            ("bytes another parameter", plain),
            ("ranks", ranks),
            ("stages", stages),
            ("LoRA slots, bytes", adapters),
            ("table of rotations and sets of an encoder's outputs, bytes", rotation),
            ("rounding of the allocator, bytes", rounding),
            ("offload, bytes", offload),
            ("left in 16 bits, GiB", left),
        ],
        value: mid,
        unit: "GiB",
    });
    if format.as_ref().is_some_and(|format| !format.published) {
        assumed.push("every linear layer is quantized; embeddings, output, norms and routers are not".to_owned());
    }
    // Largest errors measured by kind of checkpoint, in docs/memory.md.
    let error = match &format {
        None => 0.005,
        Some(format) if format.published && format.bits >= 8.0 => {
            if told {
                0.015
            } else {
                0.03
            }
        }
        Some(format) if format.published => {
            if told {
                0.02
            } else {
                0.07
            }
        }
        Some(_) => 0.04,
    } + if model.multimodal && model.tower_parameters.is_none() {
        0.03
    } else {
        0.0
    };
    // Not every part of a tower is split.
    let whole_tower = tower * plain * (1.0 - 1.0 / ranks) / GIB;
    Ok(Range {
        low: (least * (1.0 - error)).max(0.0),
        mid,
        high: least * (1.0 + error) + 0.1 + whole_tower + kept,
    })
}

/// Whether a publisher may have left all but experts and feed-forward layers in 16 bits: recipes of NVFP4 leave layers with
/// states or latent attention alone or not (copies of one model of 27 billion parameters have 18 to 26 GiB), those of GPTQ
/// layers with states beside experts. AWQ's take all (Kimi Linear).
fn leaves_mixers(model: &OpenModel, format: &Format) -> bool {
    let method = model.quantization.as_ref().map_or("", |own| own.method.as_str());
    let differ = match method {
        "nvfp4" => model.linear_layers > 0 || model.mla.is_some(),
        "gptq" => model.linear_layers > 0 && model.moe.is_some(),
        _ => false,
    };
    format.bits < 8.0 && !format.experts_only && differ
}

/// Layers with experts, and those without.
fn mixed_layers(model: &OpenModel) -> (f64, f64) {
    let layers = f64::from(model.layers);
    let mixed = model.moe.map_or(0.0, |moe| layers - f64::from(moe.dense_layers));
    (mixed, layers - mixed)
}

/// Parameters of one dense layer's gate, up and down matrices.
fn feed_forward(model: &OpenModel) -> f64 {
    3.0 * f64::from(model.hidden_size) * f64::from(model.intermediate_size)
}

/// Bytes of one layer on a rank, one with experts where the model has such.
pub(super) struct Layer {
    /// As the checkpoint stores its layers.
    pub stored: f64,
    /// Unquantized.
    pub plain: f64,
}

/// Bytes of a layer on a rank: the model's mean, its experts those of a layer that has them.
///
/// # Errors
/// Why the precision can't be told.
pub(super) fn layer(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> Result<Layer, String> {
    let format = format(model, inputs)?;
    let parts = parts(model);
    let plain = settings.element;
    let (dense, experts) = stored(model, format.as_ref(), &parts, plain);
    let ranks = settings.tensor_parallel as f64;
    let layers = f64::from(model.layers.max(1));
    let mixed = model
        .moe
        .map_or(1, |moe| model.layers.saturating_sub(moe.dense_layers).max(1));
    let kv_ranks = ranks.min(f64::from(model.kv_heads.max(1)));
    let of = |dense: f64, experts: f64| {
        let shared = parts.replicated * plain
            + parts.kv * dense / kv_ranks
            + parts.latent * dense
            + parts.linear * dense / ranks;
        shared / layers + parts.experts * experts / f64::from(mixed) / settings.expert_ranks as f64
    };
    Ok(Layer {
        stored: of(dense, experts),
        plain: of(plain, plain),
    })
}

/// A checkpoint's size worked out from the model's shape: parameters by how they are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Checkpoint {
    /// Parameters in the checkpoint's own number format.
    pub plain: f64,
    /// Bytes of one of them.
    pub plain_bytes: f64,
    /// Quantized parameters.
    pub quantized: f64,
    /// Bytes of one of them, its share of the scales included.
    pub quantized_bytes: f64,
}

impl Checkpoint {
    /// The checkpoint as its publisher stores it.
    ///
    /// # Errors
    /// Why the precision can't be told.
    pub fn of(model: &OpenModel) -> Result<Self, String> {
        let all = model.parameters as f64;
        let plain_bytes = if model.dtype == "float32" { 4.0 } else { 2.0 };
        let (quantized, bits) = match format(model, &Inputs::default())? {
            None => (0.0, 0.0),
            Some(format) => {
                let parts = parts(model);
                let layers = parts.experts + parts.linear + parts.kv + parts.latent;
                (if format.experts_only { parts.experts } else { layers }, format.bits)
            }
        };
        Ok(Self {
            plain: all - quantized,
            plain_bytes,
            quantized,
            quantized_bytes: bits / 8.0,
        })
    }
}

/// The format of the linear layers; `None` for unquantized.
fn format(model: &OpenModel, inputs: &Inputs) -> Result<Option<Format>, String> {
    let asked = inputs
        .quantization
        .as_deref()
        .filter(|text| !matches!(*text, "" | "auto" | "none" | "None"));
    let (method, bits, published) = match (&model.quantization, asked) {
        (Some(own), _) => (own.method.as_str(), f64::from(own.bits), true),
        (None, None) => return Ok(None),
        // Methods that quantize a 16-bit checkpoint while it is loaded.
        (None, Some(asked)) => match asked {
            "fp8" | "fp8_per_tensor" | "fp8_per_block" | "ptpc_fp8" | "fbgemm_fp8" | "experts_int8"
            | "int8_per_channel" | "deepspeedfp" => (asked, 8.0, false),
            "bitsandbytes" => (asked, 4.0, false),
            other => {
                return Err(format!(
                    "quantization `{other}` needs a checkpoint in that format, and {} is not known as one",
                    model.id
                ));
            }
        },
    };
    let stored = match (&model.quantization, published) {
        (Some(own), true) => own.stored_bits(),
        // An 8-bit scale for 64 values, and a 32-bit one for 256 of those.
        _ if method == "bitsandbytes" => bits + 0.127,
        _ => bits,
    };
    let mxfp4 = method.contains("mxfp4");
    let linear_bits = match &model.quantization {
        Some(own) if published => own.linear_bits.map(f64::from),
        _ => None,
    };
    Ok(Some(Format {
        bits: stored,
        linear_bits,
        experts_only: mxfp4 && model.moe.is_some() && linear_bits.is_none(),
        alignment: if mxfp4 && linear_bits.is_none() { 256 } else { 1 },
        published,
    }))
}

/// Bytes of a parameter of the linear layers and of the experts: `plain` each where they are not quantized.
fn stored(model: &OpenModel, format: Option<&Format>, parts: &Parts, plain: f64) -> (f64, f64) {
    let Some(format) = format else {
        return (plain, plain);
    };
    let quantized = format.bits / 8.0;
    let quantized_linear = format.linear_bits.unwrap_or(format.bits) / 8.0;
    let kept = parts.embedding + parts.output + parts.replicated + parts.tower;
    let linear = parts.linear + parts.kv + parts.latent;
    let dense = match model.unquantized_parameters.filter(|_| format.published) {
        Some(unquantized) => {
            // Linear layers that the checkpoint leaves alone.
            let share = ((unquantized as f64 - kept) / linear).clamp(0.0, 1.0);
            let share = if share.is_finite() { share } else { 0.0 };
            return (share * plain + (1.0 - share) * quantized_linear, quantized);
        }
        None if format.experts_only => plain,
        None => quantized_linear,
    };
    // The checkpoint's size tells what its scales add and which layers it leaves in 16 bits.
    let measured = model.weights_bytes.filter(|_| format.published).map(|bytes| {
        let layers = linear * dense + parts.experts * quantized;
        (bytes as f64 - kept * plain) / layers
    });
    match measured {
        Some(measured) if !format.experts_only && (0.8..=1.6).contains(&measured) => {
            (dense * measured, quantized * measured)
        }
        _ => (dense, quantized),
    }
}

/// Numbers of a key that carry the position, in two tables, where attention is compressed.
const COMPRESSED_ROPE: u32 = 2 * 64;

/// Bytes of the table by which positions are rotated, which every rank holds beside the weights: the longest context
/// × the rotated numbers of a head (`vllm/model_executor/layers/rotary_embedding`).
fn rotation(model: &OpenModel, element: f64) -> f64 {
    if model.encoder_only {
        return 0.0;
    }
    let size = match (model.mla, model.full_attention) {
        _ if model.compressed_attention.is_some() => COMPRESSED_ROPE,
        (Some(mla), _) => mla.qk_rope_head_dim,
        (None, Some(full)) => full.head_dim.saturating_add(model.head_dim),
        (None, None) => model.head_dim,
    };
    model.max_context as f64 * f64::from(size) * element * longer(&model.architecture)
}

/// How much longer the table is than the context, its narrower rows counted: where positions run over time, height and
/// width it has four times as many, and GLM and Qwen3.5 rotate a half and a quarter of a head
/// (`MRotaryEmbedding`, `cache_max_position_num`).
fn longer(architecture: &str) -> f64 {
    let is_of = |classes: &[&str]| classes.iter().any(|class| architecture.starts_with(class));
    if is_of(&["Qwen2VL", "Qwen2_5_VL", "Qwen2_5Omni", "Qwen3VL", "Qwen3Omni"]) {
        4.0
    } else if is_of(&["Glm4v"]) {
        2.0
    } else {
        1.0
    }
}

/// Bytes of the encoder's outputs for the text model's first layers, a set of the whole batch for each level, which a rank
/// holds from the start (`deepstack_input_embeds` of `models/qwen3_vl.py`).
fn levels(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> f64 {
    let outputs = model.encoder.and_then(|encoder| encoder.outputs).unwrap_or(1);
    if inputs.language_model_only {
        return 0.0;
    }
    let batch = settings.batched_tokens as f64 * f64::from(model.hidden_size) * settings.element;
    f64::from(outputs.saturating_sub(1)) * batch
}

/// What PyTorch's allocator counts beyond the tensors themselves. From 10 MiB on it takes memory in steps of 2 MiB, and
/// a rest of at most 1 MiB stays with the tensor (`c10/cuda/CUDACachingAllocator.cpp`: `kMinLargeAlloc`, `kRoundLarge`,
/// `kSmallSize`). The tensors are those that vLLM makes: queries, keys and values in one, gate and up in one.
fn rounding(model: &OpenModel, settings: &Settings, dense: f64, experts: f64, plain: f64) -> f64 {
    const MIB: f64 = 1_048_576.0;
    let rest = |bytes: f64| {
        let rest = (bytes / (2.0 * MIB)).ceil() * 2.0 * MIB - bytes;
        if bytes >= 10.0 * MIB && rest <= MIB { rest } else { 0.0 }
    };
    let ranks = settings.tensor_parallel as f64;
    let stages = settings.pipeline_parallel as f64;
    let hidden = f64::from(model.hidden_size);
    let head = f64::from(model.head_dim);
    let query = f64::from(model.heads) / ranks * head;
    let keys = 2.0 * (f64::from(model.kv_heads) / ranks).max(1.0) * head;
    let mut layer = 0.0;
    if model.mla.is_none() && model.linear_layers == 0 && model.full_attention.is_none() {
        layer += rest((query + keys) * hidden * dense) + rest(query * hidden * dense);
    }
    let layers = (f64::from(model.layers) / stages).ceil();
    let wide = f64::from(model.intermediate_size) / ranks;
    let dense_ffn = rest(2.0 * wide * hidden * dense) + rest(wide * hidden * dense);
    let ffn = match model.moe {
        None => dense_ffn * layers,
        Some(moe) => {
            let mixed = (f64::from(model.layers.saturating_sub(moe.dense_layers)) / stages).ceil();
            let count = f64::from(moe.experts) / settings.expert_ranks as f64 * ranks;
            let wide = f64::from(moe.intermediate_size) / ranks * count;
            mixed * (rest(2.0 * wide * hidden * experts) + rest(wide * hidden * experts))
        }
    };
    let ends = if model.tied_embeddings { 1.0 } else { 2.0 };
    layers * layer + ffn + ends * rest(f64::from(model.vocab_size) / ranks * hidden * plain)
}

/// Bytes that stay in host memory: whole tensors, layer by layer, until the share asked for is reached
/// (`maybe_offload_to_cpu`).
fn offloaded(model: &OpenModel, settings: &Settings, inputs: &Inputs, dense: f64) -> f64 {
    let asked = inputs.cpu_offload_gib.max(0.0) * GIB;
    if model.moe.is_some() || model.mla.is_some() || asked <= 0.0 {
        return asked;
    }
    let ranks = settings.tensor_parallel as f64;
    let hidden = f64::from(model.hidden_size);
    let head = f64::from(model.head_dim);
    let query = f64::from(model.heads) / ranks * head;
    let keys = 2.0 * (f64::from(model.kv_heads) / ranks).max(1.0) * head;
    let wide = f64::from(model.intermediate_size) / ranks;
    let tensors = [query + keys, query, 2.0 * wide, wide].map(|width| width * hidden * dense);
    let layer: f64 = tensors.iter().sum();
    if layer <= 0.0 {
        return asked;
    }
    let mut kept = (asked / layer).floor() * layer;
    for tensor in tensors {
        if kept >= asked {
            break;
        }
        kept += tensor;
    }
    kept
}

/// Parameters by part. What the shape doesn't tell (projections of latent attention, state-space layers) comes from
/// the total.
fn parts(model: &OpenModel) -> Parts {
    let hidden = f64::from(model.hidden_size);
    let layers = f64::from(model.layers);
    let total = model.parameters as f64;
    let vocabulary = f64::from(model.vocab_size) * hidden;
    let embedding = model.embedding_parameters.map_or(vocabulary, |all| all as f64);
    let generates = model.architecture.contains("CausalLM") || model.architecture.contains("Conditional");
    let output = if model.tied_embeddings || !generates {
        0.0
    } else {
        vocabulary
    };
    let (moe_layers, dense_layers) = mixed_layers(model);
    let (experts, router) = model.moe.map_or((0.0, 0.0), |moe| {
        let count = f64::from(moe.experts);
        let matrices = if moe.gated { 3.0 } else { 2.0 };
        let input = moe.input_size.map_or(hidden, f64::from);
        (
            moe_layers * count * matrices * input * f64::from(moe.intermediate_size),
            moe_layers * count * hidden,
        )
    });
    let head_dim = f64::from(model.head_dim);
    let attention_layers = layers - f64::from(model.linear_layers);
    let (kv, latent) = match (model.mla, model.full_attention) {
        (Some(mla), _) => (
            0.0,
            layers * hidden * f64::from(mla.kv_lora_rank.saturating_add(mla.qk_rope_head_dim)),
        ),
        (None, Some(full)) => {
            let windowed = f64::from(model.sliding_window.map_or(0, |window| window.layers));
            let own = windowed * f64::from(model.kv_heads) * head_dim;
            let full = (attention_layers - windowed).max(0.0) * f64::from(full.kv_heads) * f64::from(full.head_dim);
            (2.0 * hidden * (own + full), 0.0)
        }
        (None, None) => (
            attention_layers * 2.0 * hidden * f64::from(model.kv_heads) * head_dim,
            0.0,
        ),
    };
    let replicated = layers * 2.0 * hidden + router;
    let rest = (total - embedding - output - experts - kv - latent - replicated).max(0.0);
    let shaped = layers * 2.0 * hidden * f64::from(model.heads) * head_dim
        + dense_layers * feed_forward(model)
        + model.moe.map_or(0.0, |moe| {
            moe_layers * 3.0 * hidden * f64::from(moe.shared_experts) * f64::from(moe.intermediate_size)
        });
    let tower = match model.tower_parameters {
        Some(tower) => (tower as f64).min(rest),
        None if model.multimodal && model.mla.is_none() && model.linear_layers == 0 => (rest - shaped).max(0.0),
        None => 0.0,
    };
    Parts {
        embedding,
        output,
        replicated,
        experts,
        kv,
        latent,
        linear: rest - tower,
        tower,
    }
}

/// Bytes of LoRA slots: both factors of every linear layer outside the experts, the first whole on each rank.
fn lora(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> f64 {
    let Some(lora) = inputs.lora else { return 0.0 };
    let hidden = f64::from(model.hidden_size);
    let query = f64::from(model.heads) * f64::from(model.head_dim);
    let key = f64::from(model.kv_heads) * f64::from(model.head_dim);
    let wide = if model.moe.is_some() {
        0.0
    } else {
        f64::from(model.intermediate_size)
    };
    let first = 3.0 * hidden + query + if wide > 0.0 { 2.0 * hidden + wide } else { 0.0 };
    let second = query + 2.0 * key + hidden + if wide > 0.0 { 2.0 * wide + hidden } else { 0.0 };
    let layer = first + second / settings.tensor_parallel as f64;
    let stage = (f64::from(model.layers) / settings.pipeline_parallel as f64).ceil();
    lora.slots as f64 * lora.rank as f64 * layer * stage * 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::facts::memory::{Device, plan};

    fn weights(name: &str, inputs: &Inputs) -> f64 {
        let model = Catalog::embedded().open_model(name).expect("a model");
        let gpu = Device {
            name: "L40S",
            memory_gib: Some(44.39),
            error_gib: 0.0,
            compute_capability: Some(8.9),
        };
        plan(model, &gpu, inputs).figures.expect("figures").weights.mid
    }

    #[test]
    fn weights_are_those_of_vllms_log() {
        // "Model loading took … GiB": Llama 3.1 8B 14.9889, Qwen2 7B 14.2488 and 7.1217 on two ranks
        let alone = Inputs::default();
        let two = Inputs {
            tensor_parallel: Some(2),
            ..Inputs::default()
        };
        assert!((weights("meta-llama/Llama-3.1-8B-Instruct", &alone) - 14.9889).abs() < 0.001);
        assert!((weights("Qwen/Qwen2-7B-Instruct", &alone) - 14.2488).abs() < 0.005);
        assert!((weights("Qwen/Qwen2-7B-Instruct", &two) - 7.1217).abs() < 0.005);
    }

    #[test]
    fn a_copy_whose_recipe_is_not_known_may_hold_more() {
        // "Model loading took": unsloth/Qwen3.8-27B-NVFP4 23.0 GiB with the layer that drafts, RadixArk's 20.75
        let copy = |name: &str| {
            let model = Catalog::embedded().open_model_by_name(name).expect("a model");
            let gpu = Device {
                name: "RTX5090",
                memory_gib: Some(31.36),
                error_gib: 0.0,
                compute_capability: Some(12.0),
            };
            plan(&model, &gpu, &Inputs::default()).figures.expect("figures").weights
        };
        for (name, measured) in [
            ("unsloth/Qwen3.8-27B-NVFP4", 23.0),
            ("RadixArk/Qwen3.8-27B-NVFP4", 20.75),
        ] {
            let weights = copy(name);
            assert!(weights.low < measured && measured < weights.high, "{name}: {weights:?}");
        }
        // Another publisher's row of the same name is an estimate, and no measure.
        let other = copy("unsloth/Qwen3.6-27B-NVFP4");
        let own = copy("nvidia/Qwen3.6-27B-NVFP4");
        assert!(
            (other.mid - own.mid).abs() < 0.01 && other.high > own.high + 5.0,
            "{other:?} {own:?}"
        );
    }

    #[test]
    fn offloading_keeps_whole_tensors() {
        let offloaded = Inputs {
            cpu_offload_gib: 12.0,
            ..Inputs::default()
        };
        let left = weights("meta-llama/Llama-3.1-8B-Instruct", &offloaded);
        assert!((2.7..14.9889 - 12.0).contains(&left), "{left}");
    }
}
