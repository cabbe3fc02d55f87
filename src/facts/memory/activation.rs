//! What the profiling run takes beside the weights: activations, memory outside PyTorch, CUDA graphs.
//!
//! The coefficients are fitted on measured runs; `docs/memory.md` tells on which, and the error left.

use super::{CONTEXT_GIB, GIB, Inputs, Range, Settings, Step};
use crate::catalog::OpenModel;
use crate::engines::vllm::Sampler;

/// Bytes a logit while the sampler sorts: the 16-bit and 32-bit logits, the sorted values with their 64-bit indices,
/// and the sort's own buffers. Fitted: five models agree within 0.1.
const SORT_BYTES: f64 = 38.2;
/// Bytes a logit in FlashInfer's sampler. Fitted on one run.
const FLASHINFER_BYTES: f64 = 16.2;
/// Bytes a logit with the Triton kernel: 16-bit logits, 32-bit logits, probabilities, noise (`random_sample`).
const TRITON_BYTES: f64 = 14.0;
/// Copies of the batch's hidden states alive while the sampler runs. Fitted.
const HIDDEN_COPIES: f64 = 1.28;
/// Copies of the hidden states alive at the peak inside a layer: residual, normed, input and output.
const LAYER_COPIES: f64 = 4.0;
/// GiB that the encoder of a multimodal model takes in the profiling run. Three runs take 0.5 to 3.7.
const ENCODER_GIB: f64 = 1.5;
/// GiB outside PyTorch on one GPU. Measured 0.13 to 0.16.
const NON_TORCH_GIB: f64 = 0.13;
/// GiB more for each doubling of the ranks (NCCL). Measured 0.41 to 0.42 for two.
const NON_TORCH_DOUBLING_GIB: f64 = 0.41;
/// GiB of graphs for a layer and captured size. Fitted; the runs scatter between a third and twice it.
const GRAPH_GIB: f64 = 0.3 / 1024.0;

/// Peak of activations in the profiling run, GiB: the larger of the peak inside a layer and the sampler's.
pub(super) fn peak(model: &OpenModel, inputs: &Inputs, settings: &Settings, steps: &mut Vec<Step>) -> Range {
    let tokens = settings.batched_tokens as f64;
    let sequences = settings.max_num_seqs.min(settings.batched_tokens) as f64;
    let hidden = f64::from(model.hidden_size);
    let element = settings.element;
    let width = layer_width(model, settings);
    let inside = tokens * element * (LAYER_COPIES * hidden + width) / GIB;
    let kept = HIDDEN_COPIES * tokens * hidden * element / GIB;
    let logits = if inputs.pooling {
        0.0
    } else {
        sequences * f64::from(model.vocab_size)
    };
    let (low, mid) = sampler_bytes(settings);
    let sampling = |bytes: f64| logits * bytes / GIB + kept;
    let value = inside.max(sampling(mid));
    steps.push(Step {
        name: "activation",
        formula: "the larger of: batched tokens × bytes × (4 × hidden + widest layer); \
                  sequences × vocabulary × sampler's bytes + 1.28 × batched tokens × hidden × bytes",
        inputs: vec![
            ("batched tokens", tokens),
            ("sequences", sequences),
            ("hidden", hidden),
            ("widest layer", width),
            ("vocabulary", f64::from(model.vocab_size)),
            ("sampler's bytes a logit", mid),
            ("bytes", element),
        ],
        value,
        unit: "GiB",
    });
    // What the encoder of a multimodal model takes follows from its processor's settings, which no config tells; V0
    // runs it over the whole batch.
    let encodes = model.multimodal && !inputs.language_model_only;
    let (encoder, encoder_most) = match (encodes, settings.defaults.v1) {
        (false, _) => (0.0, 0.0),
        (true, true) => (ENCODER_GIB, 3.0 * ENCODER_GIB),
        (true, false) => (0.0, 6.0),
    };
    // How far fragments add to the peak can't be worked out: as much again, and 2 GiB.
    let fragments = if settings.defaults.counts_reserved {
        value + 2.0
    } else {
        0.0
    };
    Range {
        low: (inside * 0.6).max(sampling(low) * 0.95),
        mid: value + encoder,
        high: (inside * 1.5).max(sampling(mid) * 1.08) + 0.15 + encoder_most + fragments,
    }
}

/// Numbers a token at the widest point of a layer on one rank.
fn layer_width(model: &OpenModel, settings: &Settings) -> f64 {
    let ranks = settings.tensor_parallel as f64;
    let hidden = f64::from(model.hidden_size);
    // Gate and up projections, and their product.
    let dense = 3.0 * f64::from(model.intermediate_size) / ranks;
    let heads = f64::from(model.heads) * 2.0 + f64::from(model.kv_heads) * 2.0;
    let attention = heads * f64::from(model.head_dim) / ranks;
    let experts = model.moe.map_or(0.0, |moe| {
        let wide = f64::from(moe.intermediate_size) / ranks;
        f64::from(moe.experts_per_token) * ((2.0 * wide).max(hidden) + wide)
    });
    let dense = match model.moe {
        Some(moe) if moe.dense_layers == 0 => 0.0,
        _ => dense,
    };
    dense.max(attention).max(experts)
}

/// Bytes a logit: the least it can be, and the estimate.
fn sampler_bytes(settings: &Settings) -> (f64, f64) {
    let mid = match settings.defaults.sampler {
        Sampler::Sort | Sampler::SortOrFlashInfer => SORT_BYTES,
        Sampler::FlashInfer => FLASHINFER_BYTES,
        Sampler::Triton => TRITON_BYTES,
    };
    let certain = settings.version_stated && settings.defaults.sampler == Sampler::Sort;
    (if certain { mid } else { TRITON_BYTES }, mid)
}

/// Memory outside PyTorch, GiB.
pub(super) fn non_torch(settings: &Settings, steps: &mut Vec<Step>) -> Range {
    let doublings = (settings.tensor_parallel as f64).log2();
    let stages = if settings.pipeline_parallel > 1 { 1.0 } else { 0.0 };
    let context = if settings.defaults.counts_whole_gpu {
        CONTEXT_GIB
    } else {
        0.0
    };
    let mid = NON_TORCH_GIB + NON_TORCH_DOUBLING_GIB * (doublings + stages) + context;
    steps.push(Step {
        name: "non-torch",
        formula: "0.13 + 0.41 × (log2 of ranks + 1 where there are stages) + context where the release counts it",
        inputs: vec![("ranks", settings.tensor_parallel as f64), ("context, GiB", context)],
        value: mid,
        unit: "GiB",
    });
    let error = 0.25 * (doublings + stages) + context / 2.0;
    Range {
        low: mid - 0.1 - error,
        mid,
        high: mid + 0.1 + error,
    }
}

/// CUDA graphs, GiB; nothing where they are off.
pub(super) fn graphs(model: &OpenModel, inputs: &Inputs, settings: &Settings, steps: &mut Vec<Step>) -> Range {
    if inputs.enforce_eager {
        return Range::default();
    }
    let most = settings.max_num_seqs.saturating_mul(2).min(512);
    // vllm/config: 1, 2, 4, every 8 below 256, every 16 from there.
    let sizes = 3 + most.min(248) / 8 + most.saturating_sub(240) / 16;
    let layers = u64::from(model.layers).div_ceil(settings.pipeline_parallel);
    let mid = GRAPH_GIB * layers as f64 * sizes as f64;
    steps.push(Step {
        name: "CUDA graphs",
        formula: "0.3 MiB × layers × captured batch sizes",
        inputs: vec![("layers", layers as f64), ("captured batch sizes", sizes as f64)],
        value: mid,
        unit: "GiB",
    });
    Range {
        low: mid * 0.2,
        mid,
        high: mid * 2.0 + 0.1,
    }
}
