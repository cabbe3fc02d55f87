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
/// States that a request takes where prefixes are kept: the least, and the most, with a buffer for overlapped batches
/// (`_calculate_mamba_ratio`). A pool that serves no request stops the server.
const STATES_A_REQUEST: (f64, f64) = (3.0, 5.0);
/// What the system holds of a memory that is the CPU's too before the server starts, GiB, and how far that may be off: 6
/// to 9 in two published logs of GB10, where SGLang takes what the host has free.
const UNIFIED_HELD_GIB: (f64, f64) = (7.5, 3.5);
/// Copies of the model each attend to requests of their own, and share the experts.
const SHARED_EXPERTS: &str = "--enable-dp-attention";
/// Flags after which the pool follows other formulas.
const OTHER_POOLS: &[&str] = &[
    "--enable-unified-memory",
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
    let (held, held_error) = match settings.unified {
        true => UNIFIED_HELD_GIB,
        false => (CONTEXT_GIB, FREE_ERROR_GIB),
    };
    let free = total - held;
    let spread = held_error + gpu.error_gib;
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
            ("context, GiB", held),
            ("mem-fraction-static", share),
            ("weights, GiB", weights.mid),
        ],
        value: available.mid,
        unit: "GiB",
    });
    let states = states(serving, model, &settings)?;
    let whole = available;
    let available = match &states {
        None => whole,
        Some(states) => {
            let left = |all: f64| all - states.gib(all);
            steps.push(Step {
                name: "left by states",
                formula: "KV cache available − states: their number as set, one for each running request where prefixes are \
                          not kept, else their share of it; and one more",
                inputs: vec![("KV cache available, GiB", whole.mid)],
                value: left(whole.mid),
                unit: "GiB",
            });
            Range {
                low: left(whole.low),
                mid: left(whole.mid),
                high: left(whole.high),
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
        non_torch: Range::exactly(held * share),
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
    } else if let Some((outcome, why)) = states.and_then(|states| no_request(&states, whole)) {
        (outcome, why)
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

/// The refusal of a pool whose states are too few for one request.
fn no_request(states: &States, whole: Range) -> Option<(Outcome, String)> {
    let (least, most) = (states.slots(whole.low).max(0.0), states.slots(whole.high).max(0.0));
    if least >= states.a_request.1 {
        return None;
    }
    let why = format!(
        "{least} to {most} states have room (mem-fraction-static), and a request takes {} to {}",
        states.a_request.0, states.a_request.1
    );
    let outcome = match most < states.a_request.0 {
        true => Outcome::Refused,
        false => Outcome::TooClose,
    };
    Some((outcome, why))
}

/// What states of layers without KV take of what is left.
struct States {
    /// Bytes of one of a request, on the fullest stage's rank, GiB.
    one_gib: f64,
    /// How many there are, where that is told; else their share.
    told: Option<f64>,
    /// Their share of what is left, beside the KV cache's.
    share: f64,
    /// States that a request takes: the least and the most.
    a_request: (f64, f64),
}

impl States {
    /// States that requests can take, of what is left.
    fn slots(&self, all: f64) -> f64 {
        self.told
            .unwrap_or_else(|| (all * self.share / self.one_gib).floor() - 1.0)
    }

    /// GiB that they take, the one for padding too.
    fn gib(&self, all: f64) -> f64 {
        match self.told {
            Some(told) => (told + 1.0) * self.one_gib,
            None => all * self.share,
        }
    }
}

fn states(serving: &Serving, model: &OpenModel, settings: &Settings) -> Result<Option<States>, String> {
    let Some(state) = &model.state else {
        return Ok(None);
    };
    let keeps_prefixes = !serving.flags.iter().any(|(flag, _)| flag == "--disable-radix-cache");
    let running = stated(&serving.max_num_seqs, "--max-running-requests")?;
    let slots = stated(&serving.state_slots, "--max-mamba-cache-size")?;
    let ratio = stated(&serving.state_ratio, "--mamba-full-memory-ratio")?.and_then(|ratio| ratio.to_f64());
    let ratio = ratio.filter(|ratio| *ratio > 0.0).unwrap_or(STATE_SHARE);
    let bytes = state.bytes(settings.element) / settings.tensor_parallel as f64;
    let layers = u64::from(state.layers).div_ceil(settings.pipeline_parallel);
    Ok(Some(States {
        one_gib: (bytes * layers as f64 / GIB).max(f64::MIN_POSITIVE),
        told: slots.or(running.filter(|_| !keeps_prefixes)).map(|told| told as f64),
        share: ratio / (1.0 + ratio),
        a_request: if keeps_prefixes { STATES_A_REQUEST } else { (1.0, 1.0) },
    }))
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

    #[test]
    fn states_take_room_and_a_request_takes_several() {
        // A published log of Qwen3.8 27B on a GB10: 360 slots are 51.76 GiB. Another's start was refused with two.
        let place = Place {
            source: SourceId(0),
            span: Span::new(0, 0),
        };
        let model = Catalog::embedded()
            .open_model_by_name("nvidia/Qwen3.8-27B-NVFP4")
            .expect("in the catalog");
        let gpu = Device {
            name: "GB10",
            memory_gib: Some(119.7),
            error_gib: 0.0,
            compute_capability: Some(12.1),
        };
        let judged = |slots: u64| {
            let serving = Serving {
                static_memory_fraction: Field::Known("0.7".parse().expect("a number"), place),
                state_slots: Field::Known(slots, place),
                ..Serving::new(EngineKind::Sglang)
            };
            of(&serving, &model, &gpu).expect("a plan")
        };
        let plan = judged(360);
        let value = |name: &str| plan.steps.iter().find(|step| step.name == name).map(|step| step.value);
        let states = value("KV cache available").expect("a step") - value("left by states").expect("a step");
        assert!((states - 51.76).abs() < 0.01, "{states}");
        assert_eq!(judged(2).outcome, Outcome::Refused);
        assert_ne!(judged(5).outcome, Outcome::Refused);
    }
}
