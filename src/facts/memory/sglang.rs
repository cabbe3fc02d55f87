//! SGLang: weights and KV cache share a fixed part of what was free before loading, and the rest is left for
//! activations and CUDA graphs.
//!
//! `srt/model_executor/model_runner.py` (0.3.0 to 0.5.8), later `pool_configurator.py`: the pool's bytes are what is
//! free after the weights, less the share of what was free before that isn't static; its tokens are those bytes ÷ the
//! bytes of a token, in whole pages. A pool of no token stops the server ("Not enough memory. Please try to increase
//! --mem-fraction-static."). A longest length beyond the pool doesn't: longer requests are refused.

use rust_decimal::prelude::ToPrimitive;

use super::{
    CONTEXT_GIB, Device, Figures, GIB, Inputs, KvRoom, Outcome, Plan, Range, Settings, Step, settle, stated, weights,
};
use crate::catalog::OpenModel;
use crate::engines::Serving;
use crate::engines::sglang::{Defaults, NEWEST};
use crate::engines::vllm;
use crate::units::Field;

/// How far the memory that is free before loading may be off, GiB: driver, other processes, NCCL.
const FREE_ERROR_GIB: f64 = 0.4;
/// What a group may take of it more for each doubling of its ranks, GiB.
const NCCL_GIB: f64 = 0.5;
/// What must stay outside the static part so that activations and graphs surely fit, GiB.
const HEADROOM_GIB: f64 = 1.5;
/// Layers with a sliding window hold this share of the tokens of the others (`--swa-full-tokens-ratio`).
const WINDOWED_SHARE: f64 = 0.8;
/// The share of what is left that states take beside the KV cache's one part (`--mamba-full-memory-ratio`).
const STATE_SHARE: f64 = 0.9;
/// Copies of the model each attend to requests of their own, and share the experts.
const SHARED_EXPERTS: &str = "--enable-dp-attention";
/// Flags after which the pool follows other formulas.
const OTHER_POOLS: &[&str] = &[
    "--enable-unified-memory",
    "--mamba-full-memory-ratio",
    "--max-mamba-cache-size",
    "--swa-full-tokens-ratio",
    "--disable-hybrid-swa-memory",
    "--dcp-size",
    "--enable-kv-cache-sharding",
];

/// Judges a model on a GPU as a launch serves it.
///
/// # Errors
/// Why it can't be judged: a setting that can't be told.
pub(super) fn of(serving: &Serving, model: &OpenModel, gpu: &Device<'_>) -> Result<Plan, String> {
    let mut inputs = Inputs::of(serving)?;
    let mut assumed: Vec<String> = Vec::new();
    let version = match &serving.version {
        Field::Known(version, _) => *version,
        Field::Absent(_) | Field::Unknown(..) => {
            assumed.push(format!("SGLang {NEWEST}, the newest release known here"));
            NEWEST
        }
    };
    // Weights are shared out as vLLM does.
    inputs.version = Some(vllm::NEWEST);
    let stated_fraction = stated(&serving.static_memory_fraction, "--mem-fraction-static")?;
    let most_tokens = stated(&serving.max_total_tokens, "--max-total-tokens")?;
    let chunk = stated(&serving.max_num_batched_tokens, "--chunked-prefill-size")?;
    let graphs = stated(&serving.cuda_graph_max_bs, "--cuda-graph-max-bs")?;
    let page = inputs.block_size.unwrap_or(1).max(1);
    let all_ranks = inputs.tensor_parallel.unwrap_or(1).max(1);
    let copies = match serving.flags.iter().any(|(flag, _)| flag == SHARED_EXPERTS) {
        true => inputs.data_parallel.unwrap_or(1).clamp(1, all_ranks),
        false => 1,
    };
    inputs.tensor_parallel = Some(all_ranks / copies);
    let settled = settle(model, gpu, &inputs, &mut Vec::new());
    let settings = match settled {
        Ok(settings) if copies > 1 => Settings {
            expert_ranks: all_ranks,
            ..settings
        },
        Ok(settings) => settings,
        Err(why) => return Ok(Plan::without_figures(Outcome::Unknown, why, assumed)),
    };
    let other = serving
        .flags
        .iter()
        .find(|(flag, _)| OTHER_POOLS.contains(&flag.as_str()));
    if let Some((flag, _)) = other {
        let why = format!("the pools that SGLang makes under {flag} are not modelled");
        return Ok(Plan::without_figures(Outcome::Unknown, why, assumed));
    }
    let stateless = model.linear_layers > 0 && model.state.is_none();
    if stateless || model.compressed_attention.is_some() || model.index_keys.is_some() {
        let why = "how SGLang sizes the pools of layers of this kind is not modelled".to_owned();
        return Ok(Plan::without_figures(Outcome::Unknown, why, assumed));
    }
    let Some(cell) = cell(model, &inputs, &settings) else {
        let why = "the precision of the KV cache is not known here".to_owned();
        return Ok(Plan::without_figures(Outcome::Unknown, why, assumed));
    };
    let mut steps = Vec::new();
    let weights = match weights::of(model, &inputs, &settings, &mut assumed, &mut steps) {
        Ok(weights) => split_over_all(weights, model, &settings, all_ranks),
        Err(why) => return Ok(Plan::without_figures(Outcome::Unknown, why, assumed)),
    };
    let total = gpu.memory_gib.ok_or("the GPU is not known")?;
    let ranks = all_ranks.saturating_mul(settings.pipeline_parallel);
    let (least, most) = match stated_fraction.and_then(|share| share.to_f64()) {
        Some(share) if share > 0.0 && share < 1.0 => (share, share),
        Some(share) => {
            let why = format!("a mem-fraction-static of {share} is not between 0 and 1");
            return Ok(Plan::without_figures(Outcome::Unknown, why, assumed));
        }
        None => {
            let share = Defaults::of(version, total, ranks, chunk, graphs).static_fraction;
            assumed.push(if share.0 == share.1 {
                format!("mem-fraction-static {:.3}", share.0)
            } else {
                format!("mem-fraction-static {:.3} to {:.3}", share.0, share.1)
            });
            // Multimodal models and drafts lower it further.
            let lowered = model.multimodal || !serving.speculative.is_absent();
            (if lowered { share.0 * 0.85 } else { share.0 }, share.1)
        }
    };
    let share = (least + most) / 2.0;
    let free = total - CONTEXT_GIB;
    let spread = FREE_ERROR_GIB + gpu.error_gib;
    // NCCL's buffers are there before the weights.
    let groups = NCCL_GIB * (ranks.max(1) as f64).log2();
    // What a quantized checkpoint of a multimodal model leaves in 16 bits differs.
    let quantized = model.quantization.is_some() || inputs.quantization.is_some();
    let doubt = if model.multimodal && quantized {
        weights.mid * 0.25
    } else {
        0.0
    };
    let available = Range {
        low: (free - spread - groups) * least - weights.high - doubt,
        mid: free * share - weights.mid,
        high: (free + spread) * most - weights.low,
    };
    steps.push(Step {
        name: "KV cache available",
        formula: "(GPU memory − context) × mem-fraction-static − weights",
        inputs: vec![
            ("GPU memory, GiB", total),
            ("context, GiB", CONTEXT_GIB),
            ("mem-fraction-static", share),
            ("weights, GiB", weights.mid),
        ],
        value: available.mid,
        unit: "GiB",
    });
    let available = match states(serving, model, &settings)? {
        States::None => available,
        states => {
            let left = |all: f64| match states {
                States::Of(gib) => all - gib,
                _ => all / (1.0 + STATE_SHARE),
            };
            steps.push(Step {
                name: "left by states",
                formula: "KV cache available ÷ 1.9, or less a state for each running request where prefixes are not kept",
                inputs: vec![("KV cache available, GiB", available.mid)],
                value: left(available.mid),
                unit: "GiB",
            });
            Range {
                low: left(available.low),
                mid: left(available.mid),
                high: left(available.high),
            }
        }
    };
    let pool = (available.mid.max(0.0) * GIB / cell) as u64;
    let tokens = pool.min(most_tokens.unwrap_or(u64::MAX)) / page * page;
    steps.push(Step {
        name: "KV cache tokens",
        formula: "KV cache available ÷ bytes a token, in whole pages",
        inputs: vec![("KV cache available, GiB", available.mid), ("bytes a token", cell)],
        value: tokens as f64,
        unit: "tokens",
    });
    let length = settings.max_model_len;
    let figures = Figures {
        weights,
        activation: Range::default(),
        // The context lessens what the static share is taken of.
        non_torch: Range::exactly(CONTEXT_GIB * share),
        cuda_graph: Range::default(),
        graphs_counted: false,
        kv_bytes_per_token: cell as u64,
        kv_block_tokens: page,
        kv_needed_gib: 0.0,
        max_model_len: length,
        utilization: share,
        kv: Some(KvRoom {
            available,
            tokens,
            max_concurrency: tokens as f64 / length as f64,
        }),
    };
    let headroom = free * (1.0 - most);
    let (outcome, why) = if weights.low > total + gpu.error_gib {
        let why = format!("{:.1} GiB of weights a GPU, which has {total:.1} GiB", weights.mid);
        (Outcome::OomLoading, why)
    } else if available.high <= 0.0 {
        let why = format!(
            "Not enough memory: {:.1} GiB of weights a GPU leave nothing of the static {:.1} GiB (mem-fraction-static \
             {share:.3}) for the KV cache",
            weights.mid,
            free * share
        );
        (Outcome::NoKvRoom, why)
    } else if available.low > 0.0 && headroom >= HEADROOM_GIB && inputs.uncounted.is_empty() {
        let why = format!("{:.2} GiB are left for the KV cache: {tokens} tokens", available.mid);
        (Outcome::Starts, why)
    } else {
        let why = format!(
            "{:.2} to {:.2} GiB are left for the KV cache, and {headroom:.2} GiB for activations and CUDA graphs",
            available.low, available.high
        );
        (Outcome::TooClose, why)
    };
    let (outcome, why) = if outcome.fails() && !inputs.reshaped.is_empty() {
        let why = format!("{} may change the model's shape", inputs.reshaped.join(" and "));
        (Outcome::Unknown, why)
    } else {
        (outcome, why)
    };
    Ok(Plan {
        outcome,
        why,
        margin_gib: Some(available.mid),
        figures: Some(figures),
        assumed,
        steps,
    })
}

/// What states of layers without KV take of what is left.
enum States {
    None,
    /// Their share.
    Shared,
    /// GiB, a state for each running request.
    Of(f64),
}

fn states(serving: &Serving, model: &OpenModel, settings: &Settings) -> Result<States, String> {
    let Some(state) = &model.state else {
        return Ok(States::None);
    };
    let keeps_prefixes = !serving.flags.iter().any(|(flag, _)| flag == "--disable-radix-cache");
    let running = stated(&serving.max_num_seqs, "--max-running-requests")?;
    match running.filter(|_| !keeps_prefixes) {
        Some(running) => {
            let bytes = state.bytes(settings.element) / settings.tensor_parallel as f64;
            let layers = u64::from(state.layers).div_ceil(settings.pipeline_parallel);
            Ok(States::Of(bytes * layers as f64 * (running as f64 + 1.0) / GIB))
        }
        None => Ok(States::Shared),
    }
}

/// Weights where copies of the attention share the other layers: feed-forward layers outside the experts and the output
/// are split over all ranks too, at most whole for a copy.
fn split_over_all(weights: Range, model: &OpenModel, settings: &Settings, all_ranks: u64) -> Range {
    let few = settings.tensor_parallel as f64;
    let hidden = f64::from(model.hidden_size);
    let (shared, dense_layers) = model.moe.map_or((0.0, f64::from(model.layers)), |moe| {
        let mixed = f64::from(model.layers.saturating_sub(moe.dense_layers));
        let wide = f64::from(moe.shared_experts) * f64::from(moe.intermediate_size);
        (mixed * 3.0 * hidden * wide, f64::from(moe.dense_layers))
    });
    let forward = shared + dense_layers * 3.0 * hidden * f64::from(model.intermediate_size);
    let bytes = model.quantization.as_ref().map_or(settings.element, |own| {
        f64::from(own.linear_bits.unwrap_or(own.bits)) / 8.0
    });
    let output = f64::from(model.vocab_size) * hidden * settings.element;
    let less = (forward * bytes + output) * (1.0 / few - 1.0 / all_ranks as f64) / GIB;
    Range {
        low: weights.low - less,
        mid: weights.mid - less,
        high: weights.high,
    }
}

/// Bytes of a token in the pool of the fullest stage on one rank; `None` where the precision isn't known.
fn cell(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> Option<f64> {
    let element = match inputs.kv_cache_dtype.as_deref().unwrap_or("auto") {
        "auto" => settings.element,
        "bfloat16" | "bf16" => 2.0,
        name if name.starts_with("fp8") => 1.0,
        _ => return None,
    };
    let of_heads = |heads: u32, size: u32, value: u32| {
        let local = (u64::from(heads.max(1)) / settings.tensor_parallel).max(1);
        local as f64 * (f64::from(size) + f64::from(value)) * element
    };
    let own = match model.mla {
        // The latent is whole on every rank, and the key of a sparse one's indexer, in 8 bits with its scales.
        Some(mla) => {
            let index = mla
                .indexer_head_dim
                .map_or(0.0, |size| f64::from(size) * (1.0 + 4.0 / 128.0));
            (f64::from(mla.kv_lora_rank) + f64::from(mla.qk_rope_head_dim)) * element + index
        }
        None => of_heads(
            model.kv_heads,
            model.head_dim,
            model.value_head_dim.unwrap_or(model.head_dim),
        ),
    };
    let full = match (model.full_attention, model.sliding_window) {
        (Some(full), Some(_)) => of_heads(full.kv_heads, full.head_dim, full.head_dim),
        _ => own,
    };
    // Layers that read another's KV have room of their own all the same.
    let layers = f64::from(model.layers - model.linear_layers.min(model.layers));
    let holding = layers - f64::from(model.kv_shared_layers);
    let windowed = model
        .sliding_window
        .map_or(0.0, |window| f64::from(window.layers))
        .min(holding);
    let windowed = windowed * layers / holding.max(1.0);
    let token = (layers - windowed) * full + windowed * own * WINDOWED_SHARE;
    Some(token / layers.max(1.0) * (layers / settings.pipeline_parallel as f64).ceil().max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::engines::EngineKind;
    use crate::source::{Place, SourceId, Span};

    #[test]
    fn the_pool_is_the_static_part_less_the_weights() {
        // A published log of 0.5.19: Qwen3-32B on one H100 under 0.9, 61.07 GiB of weights, 39,078 tokens.
        let place = Place {
            source: SourceId(0),
            span: Span::new(0, 0),
        };
        let catalog = Catalog::embedded();
        let model = catalog.open_model("Qwen/Qwen3-32B").expect("in the catalog");
        let judged = |share: &str| {
            let serving = Serving {
                static_memory_fraction: Field::Known(share.parse().expect("a number"), place),
                ..Serving::new(EngineKind::Sglang)
            };
            let gpu = Device {
                name: "H100",
                memory_gib: Some(79.18),
                error_gib: 0.0,
                compute_capability: Some(9.0),
            };
            of(&serving, model, &gpu).expect("a plan")
        };
        let plan = judged("0.9");
        let tokens = plan.figures.and_then(|figures| figures.kv).map_or(0, |kv| kv.tokens);
        assert!(tokens.abs_diff(39_078) < 39_078 / 33, "{tokens}");
        assert_eq!(plan.outcome, Outcome::Starts);
        assert_eq!(judged("0.7").outcome, Outcome::NoKvRoom);
        assert_eq!(judged("0.78").outcome, Outcome::TooClose);
        assert_eq!(judged("1.2").outcome, Outcome::Unknown);
    }
}
