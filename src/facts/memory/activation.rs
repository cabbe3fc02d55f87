//! What the profiling run takes beside the weights: activations, memory outside PyTorch, CUDA graphs.
//!
//! The coefficients are fitted on measured runs; `docs/memory.md` tells on which, and the error left.

use super::kv::CONVOLVED;
use super::{CONTEXT_GIB, GIB, Inputs, Range, Settings, Step};
use crate::catalog::OpenModel;
use crate::engines::Version;
use crate::engines::vllm::Sampler;

/// Bytes a logit while the sampler sorts: the 16-bit and 32-bit logits, the sorted values with their 64-bit indices,
/// and the sort's own buffers. Fitted: five models agree within 0.1.
const SORT_BYTES: f64 = 38.2;
/// Bytes a logit in FlashInfer's sampler. Fitted on one run.
pub(super) const FLASHINFER_BYTES: f64 = 16.2;
/// Bytes a logit where the second model runner profiles without top-k and top-p: 16-bit logits, and a copy of them, which
/// in 0.25 has 32 bits (`Sampler.apply_sampling_params`) and in 0.28 is made where the model caps its logits.
const UNFILTERED_BYTES: f64 = 4.0;
/// Bytes that the second model runner keeps for each sequence and token of the vocabulary: a 32-bit count of what was made,
/// and a bit for what was asked (`v1/worker/gpu/sample/penalties.py`).
const COUNTS_BYTES: f64 = 4.125;
/// Bytes a logit more, at most, where drafts are profiled too: the logits of one draft each, in 16 and in 32 bits, and
/// the probabilities that they are judged by (`_dummy_sampler_run`).
const JUDGED_BYTES: f64 = 10.0;
/// Bytes a logit with the Triton kernel: 16-bit logits, 32-bit logits, probabilities, noise (`random_sample`).
const TRITON_BYTES: f64 = 14.0;
/// Bytes a logit without sorted copies: 16-bit and 32-bit logits, probabilities. Two runs on 0.10.1 take 11.
const PLAIN_BYTES: f64 = 10.0;
/// Bytes a logit where V0 samples with FlashInfer: 16-bit and 32-bit logits.
const V0_LEAST_BYTES: f64 = 6.0;
/// The first release whose V0 may sample with FlashInfer.
const FLASHINFER_IN_V0: Version = Version::new(0, 7, 0);
/// Copies of the batch's hidden states alive while the sampler runs. Fitted.
const HIDDEN_COPIES: f64 = 1.28;
/// What compressed attention takes besides, GiB. Fitted on three runs.
const COMPRESSED_GIB: f64 = 3.0;
/// Copies alive of what a delta or state-space layer convolves. Fitted on one run of Kimi Linear.
const STATE_COPIES: f64 = 7.0;
/// Copies of every head's numbers where V0 serves a cache of 8 bits: xFormers, which then serves attention, takes keys and
/// values for every head. Fitted on one run of 0.6.6.
const EXPANDED_COPIES: f64 = 4.0;
/// Copies of the hidden states alive at the peak inside a layer: residual, normed, input and output.
const LAYER_COPIES: f64 = 4.0;
/// Copies of an encoder's hidden states alive at its peak. Fitted on one tower, on one rank and on four.
const ENCODER_COPIES: f64 = 2.5;
/// The most that an encoder whose work is not known takes in the profiling run, GiB. Measured 0 to 3.7.
const ENCODER_GIB: f64 = 4.0;
/// GiB outside PyTorch on one GPU. Measured 0.13 to 0.16.
const NON_TORCH_GIB: f64 = 0.13;
/// GiB more where ranks share layers over NVLink switches: for the first two, and for each further one. Fitted on two
/// and on eight H100.
const SWITCHED_GIB: (f64, f64) = (0.42, 0.31);
/// GiB more for each further rank on other GPUs. Fitted on two T4, two A100, four RTX 3090 and four RTX 2080 Ti, which
/// take 0 to 0.12.
const RANK_GIB: f64 = 0.07;
/// GiB that what the engine holds in host memory adds where GPU and CPU share it, since what is free is then measured for
/// both (`MemorySnapshot.measure`). Fitted on seven runs of GB10: -4 to 13.
const UNIFIED_GIB: Range = Range {
    low: 0.0,
    mid: 3.0,
    high: 13.0,
};
/// GiB that compiling leaves on the GPU or takes at its peak: half of a cold start's, since whether the compile cache is warm
/// can't be told, and the most that was measured. A start with a cold cache took 0.98 more than the same start with a warm
/// one (a pair of logs of 0.29), and fifteen runs of 0.26 to 0.30 take from -0.1 to 1.8 more than the rest explains.
const COMPILING_GIB: Range = Range {
    low: 0.0,
    mid: 0.5,
    high: 1.8,
};
/// GiB of graphs for a layer and captured size. Fitted; the runs scatter between a third and twice it.
const GRAPH_GIB: f64 = 0.3 / 1024.0;

/// Peak of activations in the profiling run, GiB: the larger of the peak inside a layer and the sampler's.
pub(super) fn peak(model: &OpenModel, inputs: &Inputs, settings: &Settings, steps: &mut Vec<Step>) -> Range {
    let tokens = settings.batched_tokens as f64;
    let sequences = sequences(model, inputs, settings) as f64;
    let hidden = f64::from(model.hidden_size);
    let element = settings.element;
    let width = layer_width(model, settings);
    let expanded = match inputs.kv_cache_dtype.as_deref() {
        Some(dtype) if !settings.defaults.v1 && dtype.starts_with("fp8") => {
            EXPANDED_COPIES * f64::from(model.heads) * f64::from(model.head_dim) / settings.tensor_parallel as f64
        }
        _ => 0.0,
    };
    let inside = tokens * element * (LAYER_COPIES * hidden + width + expanded) / GIB;
    let kept = HIDDEN_COPIES * tokens * hidden * element / GIB;
    let logits = if inputs.pooling {
        0.0
    } else {
        sequences * f64::from(model.vocab_size)
    };
    let (low, mid, high) = sampler_bytes(inputs, settings);
    let sampling = |bytes: f64| logits * bytes / GIB + kept;
    // Streams of the residual and the kernels' workspaces: three runs leave 1.8 to 8 GiB more than the rest explains.
    let compressed = if model.compressed_attention.is_some() {
        COMPRESSED_GIB
    } else {
        0.0
    };
    // They are there before the run, and count where all that is gone from the free memory does.
    let counts = match settings.second_runner && settings.defaults.compiling_counted && !inputs.pooling {
        true => settings.max_num_seqs as f64 * f64::from(model.vocab_size) * COUNTS_BYTES / GIB,
        false => 0.0,
    };
    let text = inside.max(sampling(mid)) + compressed + counts;
    let (encoding, encoded) = encoder(model, inputs, settings, steps);
    let value = (text + encoded).max(encoding);
    steps.push(Step {
        name: "activation",
        formula: "the larger of: inside a layer, batched tokens × bytes × (4 × hidden + widest layer); sampling, \
                  sequences × vocabulary × sampler's bytes + 1.28 × batched tokens × hidden × bytes; and counts of tokens \
                  kept",
        inputs: vec![
            ("batched tokens", tokens),
            ("sequences", sequences),
            ("hidden", hidden),
            ("widest layer", width),
            ("vocabulary", f64::from(model.vocab_size)),
            ("sampler's bytes a logit", mid),
            ("bytes", element),
            ("inside a layer, GiB", inside),
            ("sampling, GiB", sampling(mid)),
            ("counts of tokens, GiB", counts),
        ],
        value: text,
        unit: "GiB",
    });
    // What the encoder of a multimodal model takes follows from its processor's settings, which a launch may change; V0
    // runs it over the whole batch.
    let encodes = model.multimodal && encodes(inputs, settings);
    let encoder = match (encodes, settings.defaults.v1) {
        (false, _) => 0.0,
        (true, true) => ENCODER_GIB,
        (true, false) => 6.0,
    };
    // How far fragments add to the peak can't be worked out: as much again, and 2 GiB.
    let fragments = if settings.defaults.counts_reserved {
        value + 2.0
    } else {
        0.0
    };
    let streams = match model.compressed_attention {
        Some(_) => 1.5 * value + 1.0,
        None => 0.0,
    };
    // V0 runs layers as they stand, and dense ones come out within 2%; V1 compiles them.
    let (least, most) = match (settings.defaults.v1, model.moe.is_some()) {
        (false, false) => (0.85, 1.12),
        (true, false) => (0.6, 1.2),
        (_, true) => (0.6, 1.5),
    };
    Range {
        low: (inside * least).max(sampling(low) * 0.95) + counts,
        mid: value,
        high: ((inside * most).max(sampling(high) * 1.08) + encoder.max(encoded)).max(encoding * 1.3)
            + counts
            + 0.15
            + fragments
            + streams,
    }
}

/// Sequences of the profiling run. V0 gives every sequence of a multimodal model its largest item, so that a batch holds
/// as many as items (`profile_run` of 0.6.6).
fn sequences(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> u64 {
    let most = settings.max_num_seqs.min(settings.batched_tokens);
    match model.encoder {
        Some(encoder) if !settings.defaults.v1 && !inputs.language_model_only => {
            most.min((settings.batched_tokens / encoder.tokens.max(1)).max(1))
        }
        _ => most,
    }
}

/// Whether the profiling run has the encoder run.
fn encodes(inputs: &Inputs, settings: &Settings) -> bool {
    !inputs.language_model_only && (!settings.second_runner || settings.defaults.second_runner_encodes())
}

/// What the encoder takes at its peak, and what its outputs keep while the text model runs, GiB.
///
/// The run encodes as many items of the largest kind as a batch holds, at least one (`profile_run`,
/// `MultiModalBudget`); a video's length is bounded by the longest sequence.
fn encoder(model: &OpenModel, inputs: &Inputs, settings: &Settings, steps: &mut Vec<Step>) -> (f64, f64) {
    let Some(encoder) = model.encoder.filter(|_| encodes(inputs, settings)) else {
        return (0.0, 0.0);
    };
    let image = encoder.tokens.max(1);
    let video = encoder.video_tokens.unwrap_or(0).min(settings.max_model_len) / image * image;
    let item = image.max(video);
    let tokens = (settings.batched_tokens / item).max(1).saturating_mul(item) as f64;
    let width = ENCODER_COPIES * f64::from(encoder.hidden_size)
        + 3.0 * f64::from(encoder.intermediate_size) / settings.tensor_parallel as f64;
    let peak = tokens * f64::from(encoder.patches) * settings.element * width / GIB;
    let outputs = f64::from(encoder.outputs.unwrap_or(1)) * f64::from(model.hidden_size);
    let kept = tokens * outputs * settings.element / GIB;
    steps.push(Step {
        name: "encoder",
        formula: "tokens of whole items × patches a token × bytes × (2.5 × hidden + 3 × intermediate ÷ ranks); where that \
                  is more than the activation and the outputs kept, it stands in their place",
        inputs: vec![
            ("tokens of whole items", tokens),
            ("patches a token", f64::from(encoder.patches)),
            ("hidden", f64::from(encoder.hidden_size)),
            ("intermediate", f64::from(encoder.intermediate_size)),
            ("ranks", settings.tensor_parallel as f64),
            ("outputs kept, GiB", kept),
        ],
        value: peak,
        unit: "GiB",
    });
    (peak, kept)
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
    let convolved = model
        .state
        .as_ref()
        .map_or(0.0, |state| STATE_COPIES * state.conv as f64 / CONVOLVED / ranks);
    dense.max(attention).max(experts).max(convolved)
}

/// Bytes a logit: the least it can be, the estimate, and the most.
fn sampler_bytes(inputs: &Inputs, settings: &Settings) -> (f64, f64, f64) {
    let judged = if inputs.drafting.is_some() { JUDGED_BYTES } else { 0.0 };
    if settings.second_runner && settings.defaults.second_runner_unfiltered() {
        return (UNFILTERED_BYTES, UNFILTERED_BYTES, FLASHINFER_BYTES + judged);
    }
    let mid = match settings.defaults.sampler {
        Sampler::Sort | Sampler::SortOrFlashInfer => SORT_BYTES,
        Sampler::FlashInfer => FLASHINFER_BYTES,
        Sampler::Triton => TRITON_BYTES,
    };
    let version = settings.defaults.version;
    let least = match settings.defaults.sampler {
        // V0's images from 0.7 on bring FlashInfer, whose sampler takes next to nothing.
        Sampler::Sort if !settings.defaults.v1 && version >= FLASHINFER_IN_V0 => V0_LEAST_BYTES,
        Sampler::Sort if settings.version_stated => mid,
        Sampler::SortOrFlashInfer => PLAIN_BYTES,
        _ => TRITON_BYTES,
    };
    (least, mid, mid + judged)
}

/// Memory outside PyTorch, GiB.
pub(super) fn non_torch(settings: &Settings, steps: &mut Vec<Step>) -> Range {
    let further = (settings.tensor_parallel.saturating_mul(settings.pipeline_parallel) - 1) as f64;
    let context = if settings.defaults.counts_whole_gpu {
        CONTEXT_GIB
    } else {
        0.0
    };
    let switched = if further > 0.0 {
        SWITCHED_GIB.0 + SWITCHED_GIB.1 * (further.min(15.0) - 1.0)
    } else {
        0.0
    };
    let other = RANK_GIB * further.min(15.0);
    let shared = match settings.unified {
        true => UNIFIED_GIB,
        false => Range::default(),
    };
    let mid = NON_TORCH_GIB + context + if settings.switched { switched } else { other };
    steps.push(Step {
        name: "non-torch",
        formula: "0.13 + context where the release counts it + buffers for further ranks: 0.42 for the first and 0.31 for \
                  each other one with NVLink switches, else 0.07 each; and what is in host memory that the GPU shares",
        inputs: vec![
            ("ranks", further + 1.0),
            ("context, GiB", context),
            ("NVLink switches", f64::from(u8::from(settings.switched))),
            ("in host memory that the GPU shares, GiB", shared.mid),
        ],
        value: mid + shared.mid,
        unit: "GiB",
    });
    let own = Range {
        low: (mid - 0.1 - context / 2.0 - if settings.switched { switched - other } else { other }).max(0.0),
        mid,
        high: mid
            + 0.1
            + context / 2.0
            + if settings.switched {
                0.2 * switched
            } else {
                switched - other
            },
    };
    own.plus(shared)
}

/// What compiling the model leaves on the GPU, GiB, where it counts: nothing where the compile cache is warm.
pub(super) fn compiling(inputs: &Inputs, settings: &Settings, steps: &mut Vec<Step>) -> Range {
    if inputs.enforce_eager || !(settings.defaults.compiling_counted || settings.second_runner) {
        return Range::default();
    }
    steps.push(Step {
        name: "compiling",
        formula: "0 with a warm compile cache, about 1 with a cold one; half of that, since the cache can't be told",
        inputs: Vec::new(),
        value: COMPILING_GIB.mid,
        unit: "GiB",
    });
    COMPILING_GIB
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
        high: mid * 1.9 + 0.1,
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::engines::Version;
    use crate::facts::memory::{Device, Inputs, plan};

    #[test]
    fn encoders_outputs_stay_while_the_text_model_runs() {
        // Published logs of 0.10.2: LLaVA 1.6 in batches of 16,384 peaks at 1.97 GiB, LLaVA 1.5 in ones of 2,048 at 0.34
        let peak = |name: &str, gib: f64, batch: u64| {
            let model = Catalog::embedded().open_model(name).expect("a model");
            let gpu = Device {
                name: "",
                memory_gib: Some(gib),
                error_gib: 0.0,
                compute_capability: Some(9.0),
            };
            let inputs = Inputs {
                version: Some(Version::new(0, 10, 2)),
                max_model_len: Some(4096),
                max_num_batched_tokens: Some(batch),
                ..Inputs::default()
            };
            plan(model, &gpu, &inputs).figures.expect("figures").activation.mid
        };
        let large = peak("llava-hf/llava-v1.6-mistral-7b-hf", 79.2, 16_384);
        assert!((large - 1.97).abs() < 0.1, "{large}");
        let small = peak("ybelkada/llava-1.5-7b-hf-awq", 15.0, 2048);
        assert!((small - 0.34).abs() < 0.05, "{small}");
    }
}
