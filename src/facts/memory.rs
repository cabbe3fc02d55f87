//! Will it start, and how much does it hold: the memory of a vLLM deployment on one GPU of its group.
//!
//! Every formula and its source stands in `docs/memory.md`. Nothing is keyed by a model's name: all follows from
//! shape, precision, flags, release and GPU. Each part is a [`Range`]; a verdict holds over the whole of it, and where
//! it doesn't the outcome is [`Outcome::TooClose`].

use crate::catalog::{Gpu, OpenModel};
use crate::engines::{EngineKind, Serving};

mod activation;
mod cases;
mod cases_other;
mod draft;
mod gguf;
mod inputs;
mod kv;
mod launched;
mod llama_cpp;
mod ollama;
mod others;
mod score;
mod settings;
mod sglang;
mod solve;
mod weights;

pub use cases::judge_case;
pub use draft::{Drafter, Drafting};
pub use gguf::base_of;
use inputs::stated;
pub use inputs::{Inputs, Lora};
pub use score::{kv_bytes_agree, table};
use settings::{Settings, settle};
pub use solve::{gpus_that_fit, least_memory, least_tensor_parallel, longest_context, most_sequences};
pub use weights::Checkpoint;

/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// How far what one product's driver reports may differ by driver, ECC and board: a share of it.
const GPU_SPREAD: f64 = 0.005;
/// Memory that a process holds on a GPU before it allocates anything (the CUDA context), GiB: an H100 of 79.18 GiB
/// has 78.57 GiB free at start.
const CONTEXT_GIB: f64 = 0.6;

/// Memory that system and other programs hold where GPU and CPU share it, at most, GiB: of 119.6 GiB 111.7 were free at a
/// start, of 121.6 GiB 110.7.
const UNIFIED_HELD_GIB: f64 = 11.0;
/// What a kind of group (tensor, data, expert) holds outside the budget beside the context, GiB: set by one start that
/// failed and three that didn't, of one series.
const GROUP_GIB: f64 = 0.5;

/// What becomes of a deployment when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It starts, and holds at least one sequence of the longest length.
    Starts,
    /// The weights don't fit into the GPU.
    OomLoading,
    /// Weights and activations leave nothing for the KV cache.
    NoKvRoom,
    /// The KV cache is smaller than one sequence of the longest length.
    MaxLenExceedsKv,
    /// The engine refuses the settings, whatever the memory.
    Refused,
    /// The margin is smaller than the model's error.
    TooClose,
    /// It can't be told.
    Unknown,
}

impl Outcome {
    /// Its name in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Starts => "starts",
            Outcome::OomLoading => "oom_loading",
            Outcome::NoKvRoom => "no_kv_room",
            Outcome::MaxLenExceedsKv => "max_len_exceeds_kv",
            Outcome::Refused => "refused",
            Outcome::TooClose => "too_close",
            Outcome::Unknown => "unknown",
        }
    }

    /// Whether it certainly doesn't start.
    pub fn fails(self) -> bool {
        matches!(
            self,
            Outcome::OomLoading | Outcome::NoKvRoom | Outcome::MaxLenExceedsKv | Outcome::Refused
        )
    }
}

/// An estimate with its bounds, GiB.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// The least it can be.
    pub low: f64,
    /// The estimate.
    pub mid: f64,
    /// The most it can be.
    pub high: f64,
}

impl Range {
    fn exactly(value: f64) -> Self {
        Self {
            low: value,
            mid: value,
            high: value,
        }
    }

    fn plus(self, other: Range) -> Range {
        Range {
            low: self.low + other.low,
            mid: self.mid + other.mid,
            high: self.high + other.high,
        }
    }
}

/// A GPU, as far as memory goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Device<'a> {
    /// Its name; the engine itself makes an exception for one by name.
    pub name: &'a str,
    /// Its memory as the driver reports it, GiB; `None` where the GPU is not known.
    pub memory_gib: Option<f64>,
    /// How far that may be off, GiB: 0 where it was read on the very machine.
    pub error_gib: f64,
    /// NVIDIA's compute capability, where known.
    pub compute_capability: Option<f64>,
}

impl Device<'_> {
    /// Whether GPUs of a group share memory over NVLink switches, for which NCCL keeps buffers: the data centre's Hopper
    /// and Blackwell.
    fn is_switched(&self) -> bool {
        self.compute_capability
            .is_some_and(|capability| (9.0..11.0).contains(&capability))
    }

    /// Whether it shares its memory with the CPU: Orin, Thor and GB10, by their compute capabilities.
    fn is_unified(&self) -> bool {
        matches!(self.compute_capability, Some(8.7 | 11.0 | 12.1))
    }
}

impl<'a> From<&'a Gpu> for Device<'a> {
    fn from(gpu: &'a Gpu) -> Self {
        Self {
            name: &gpu.id,
            memory_gib: Some(gpu.memory_gib),
            error_gib: gpu.memory_gib * GPU_SPREAD,
            compute_capability: gpu.compute_capability.as_deref().and_then(|text| text.parse().ok()),
        }
    }
}

/// One step of the arithmetic, so that it can be redone by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it gives.
    pub name: &'static str,
    /// The formula, in the words of its inputs.
    pub formula: &'static str,
    /// The inputs with their values.
    pub inputs: Vec<(&'static str, f64)>,
    /// The result.
    pub value: f64,
    /// The result's unit.
    pub unit: &'static str,
}

/// The KV cache that a GPU has room for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KvRoom {
    /// GiB left for it; not above zero where nothing is left.
    pub available: Range,
    /// Tokens it holds, as the engine's log counts them.
    pub tokens: u64,
    /// Sequences of the longest length that it holds.
    pub max_concurrency: f64,
}

/// The memory of one GPU of the group (the fullest one), GiB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Weights, adapters and what drafts tokens included.
    pub weights: Range,
    /// Peak of activations in the profiling run.
    pub activation: Range,
    /// Memory outside PyTorch: NCCL, kernels' workspaces.
    pub non_torch: Range,
    /// CUDA graphs.
    pub cuda_graph: Range,
    /// Whether the graphs are taken from the budget before the KV cache is sized.
    pub graphs_counted: bool,
    /// Bytes of KV cache a token.
    pub kv_bytes_per_token: u64,
    /// Tokens in which a sequence's KV cache grows.
    pub kv_block_tokens: u64,
    /// KV cache that one sequence of the longest length needs.
    pub kv_needed_gib: f64,
    /// The longest length, tokens.
    pub max_model_len: u64,
    /// The share of the GPU that may be used.
    pub utilization: f64,
    /// What is left for KV; `None` where the GPU is not known.
    pub kv: Option<KvRoom>,
}

impl Figures {
    /// GiB that a GPU must have so that the deployment surely starts.
    pub fn memory_needed_gib(&self) -> f64 {
        let parts = self.weights.high + self.activation.high + self.non_torch.high;
        let graphs = if self.graphs_counted { self.cuda_graph.high } else { 0.0 };
        (parts + graphs + self.kv_needed_gib) / self.utilization
    }
}

/// The verdict on a deployment, with its arithmetic.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The verdict.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub why: String,
    /// GiB between what is left for KV and what one longest sequence needs; negative where it lacks.
    pub margin_gib: Option<f64>,
    /// The figures; `None` where they can't be worked out.
    pub figures: Option<Figures>,
    /// Defaults and simplifications that entered.
    pub assumed: Vec<String>,
    /// The arithmetic.
    pub steps: Vec<Step>,
}

impl Plan {
    fn without_figures(outcome: Outcome, why: String, assumed: Vec<String>) -> Self {
        Self {
            outcome,
            why,
            margin_gib: None,
            figures: None,
            assumed,
            steps: Vec::new(),
        }
    }
}

/// Judges a model on a GPU as a launch serves it; `gpus` is how many of them the process sees, where that is known,
/// for engines that spread a model on their own.
///
/// # Errors
/// Why it can't be judged: a setting that can't be told, or an engine whose memory is not modelled.
pub fn of(serving: &Serving, model: &OpenModel, gpu: &Device<'_>, gpus: Option<u64>) -> Result<Plan, String> {
    match serving.engine {
        EngineKind::Vllm => Ok(plan(model, gpu, &Inputs::of(serving)?)),
        EngineKind::Sglang => sglang::of(serving, model, gpu),
        EngineKind::LlamaCpp => Ok(llama_cpp::plan(model, gpu, gpus, &llama_cpp::Inputs::of(serving)?)),
        EngineKind::Ollama => Ok(ollama::plan(model, gpu, gpus, &ollama::Settings::of(serving)?)),
        _ => others::plan(serving, model, gpu, gpus),
    }
}

/// What an assumption begins with that names a part left out of the figures.
const NOT_COUNTED: &str = "not counted: ";

/// Judges a model on a GPU with these settings of vLLM, or of the engine that they name.
pub fn plan(model: &OpenModel, gpu: &Device<'_>, inputs: &Inputs) -> Plan {
    if let Some(engine) = inputs.engine.filter(|engine| *engine != EngineKind::Vllm) {
        return launched::plan(engine, model, gpu, inputs);
    }
    let inputs = &*draft::settled(model, inputs);
    let mut assumed = inputs.assumed.clone();
    assumed.extend(inputs.uncounted.iter().map(|part| format!("{NOT_COUNTED}{part}")));
    let settings = match settle(model, gpu, inputs, &mut assumed) {
        Ok(settings) => settings,
        Err(why) => return Plan::without_figures(Outcome::Refused, why, assumed),
    };
    let kv = match kv::layout(model, inputs, &settings) {
        Ok(kv) => kv,
        Err(why) => return Plan::without_figures(Outcome::Unknown, why, assumed),
    };
    let mut steps = Vec::new();
    let weights = match weights::of(model, inputs, &settings, &mut assumed, &mut steps) {
        Ok(weights) => weights,
        Err(why) => return Plan::without_figures(Outcome::Unknown, why, assumed),
    };
    let weights = match draft::weights(model, inputs, &settings, &mut steps) {
        Ok(drafter) => weights.plus(drafter),
        Err(why) => return Plan::without_figures(Outcome::Unknown, why, assumed),
    };
    let activation = activation::peak(model, inputs, &settings, &mut steps);
    let non_torch = activation::non_torch(&settings, &mut steps);
    let non_torch = non_torch.plus(activation::compiling(inputs, &settings, &mut steps));
    let cuda_graph = activation::graphs(model, inputs, &settings, &mut steps);
    let needed = kv.sequence_bytes(&settings) / GIB;
    steps.push(Step {
        name: "KV cache a token",
        formula: "the longest sequence's bytes ÷ its tokens",
        inputs: kv.inputs(),
        value: kv.bytes_per_token(&settings) as f64,
        unit: "bytes",
    });
    let mut figures = Figures {
        weights,
        activation,
        non_torch,
        cuda_graph,
        graphs_counted: settings.defaults.counts_graphs(settings.second_runner),
        kv_bytes_per_token: kv.bytes_per_token(&settings),
        kv_block_tokens: kv.block_tokens(),
        kv_needed_gib: needed,
        max_model_len: settings.max_model_len,
        utilization: settings.utilization,
        kv: None,
    };
    let Some(total) = gpu.memory_gib else {
        let why = format!(
            "the GPU is not known; it surely starts on one with {:.1} GiB",
            figures.memory_needed_gib()
        );
        return Plan {
            outcome: Outcome::Unknown,
            why,
            margin_gib: None,
            figures: Some(figures),
            assumed,
            steps,
        };
    };
    let available = available(&figures, inputs, total, gpu.error_gib, &mut steps);
    let (settings, needed) = match inputs.fit_length {
        true => fitted(&kv, settings, available, &mut figures, &mut assumed),
        false => (settings, needed),
    };
    figures.kv = Some(KvRoom {
        available,
        tokens: kv.tokens(available.mid * GIB, &settings),
        max_concurrency: kv.concurrency(available.mid * GIB, &settings),
    });
    steps.push(Step {
        name: "KV cache tokens",
        formula: "KV cache available ÷ KV cache a token, in whole blocks",
        inputs: vec![("KV cache available, GiB", available.mid)],
        value: kv.tokens(available.mid * GIB, &settings) as f64,
        unit: "tokens",
    });
    let (outcome, why) = judge(model, &figures, available, inputs, &settings, (total, gpu.error_gib));
    let (outcome, why) = match outcome {
        Outcome::Starts => states(&kv, available, inputs, &settings).unwrap_or((outcome, why)),
        _ => (outcome, why),
    };
    if model.linear_layers > 0 && model.state.is_none() && model.kv_shared_layers == 0 {
        assumed.push("the state of layers without per-token KV is not counted".to_owned());
    }
    Plan {
        outcome,
        why,
        margin_gib: Some(available.mid - needed),
        figures: Some(figures),
        assumed,
        steps,
    }
}

/// The settings with the longest length that the KV cache surely holds, at least one token, and the GiB that a sequence
/// of it needs (`_auto_fit_max_model_len`).
fn fitted(
    kv: &kv::Layout,
    settings: Settings,
    available: Range,
    figures: &mut Figures,
    assumed: &mut Vec<String>,
) -> (Settings, f64) {
    let of = |length: u64| Settings {
        max_model_len: length,
        ..settings
    };
    let needs = |length: u64| kv.sequence_bytes(&of(length)) / GIB;
    let (mut fits, mut fails) = (1, settings.max_model_len.saturating_add(1));
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        if needs(middle) <= available.low {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    assumed.push(format!("max-model-len auto: about {fits} tokens"));
    figures.max_model_len = fits;
    figures.kv_needed_gib = needs(fits);
    figures.kv_bytes_per_token = kv.bytes_per_token(&of(fits));
    (of(fits), needs(fits))
}

/// The refusal of a model with states whose pool has fewer blocks than sequences, where whole decode steps are captured.
fn states(kv: &kv::Layout, available: Range, inputs: &Inputs, settings: &Settings) -> Option<(Outcome, String)> {
    if !settings.defaults.states_checked || inputs.enforce_eager {
        return None;
    }
    let most = kv.blocks_for_states(available.high * GIB)?;
    let least = kv.blocks_for_states(available.low * GIB)?;
    let sequences = settings.max_num_seqs;
    if sequences <= least {
        return None;
    }
    let why = format!(
        "{sequences} sequences are asked for (--max-num-seqs), each takes a block for its states, and {least} to {most} \
         are left for the KV cache"
    );
    let outcome = if sequences > most {
        Outcome::Refused
    } else {
        Outcome::TooClose
    };
    Some((outcome, why))
}

/// What the budget leaves for the KV cache.
fn available(figures: &Figures, inputs: &Inputs, total: f64, total_error: f64, steps: &mut Vec<Step>) -> Range {
    if let Some(bytes) = inputs.kv_cache_memory_bytes {
        return Range::exactly(bytes as f64 / GIB);
    }
    let budget = total * figures.utilization;
    let graphs = if figures.graphs_counted {
        figures.cuda_graph
    } else {
        Range::default()
    };
    let used = figures
        .weights
        .plus(figures.activation)
        .plus(figures.non_torch)
        .plus(graphs);
    let spread = total_error * figures.utilization;
    // What other steps add is named with what it is added to.
    let told = |step: &str, with: &'static str, alone: &'static str| {
        let is_there = steps.iter().any(|told| told.name == step && told.value > 0.0);
        if is_there { with } else { alone }
    };
    let weights = told("drafter", "weights with the drafter, GiB", "weights, GiB");
    let activation = told("encoder", "activation with the encoder, GiB", "activation, GiB");
    let non_torch = told("compiling", "non-torch with compiling, GiB", "non-torch, GiB");
    steps.push(Step {
        name: "KV cache available",
        formula: "GPU memory × utilization − weights − activation − non-torch − CUDA graphs where counted",
        inputs: vec![
            ("GPU memory, GiB", total),
            ("utilization", figures.utilization),
            (weights, figures.weights.mid),
            (activation, figures.activation.mid),
            (non_torch, figures.non_torch.mid),
            ("CUDA graphs counted, GiB", graphs.mid),
        ],
        value: budget - used.mid,
        unit: "GiB",
    });
    Range {
        low: budget - spread - used.high,
        mid: budget - used.mid,
        high: budget + spread - used.low,
    }
}

/// What the second model runner takes beyond the budget where its profiling run leaves top-k and top-p out: its first
/// samples of every sequence, as far as the profiled peak has no room for them, and the buffers of groups. GiB.
fn unprofiled(model: &OpenModel, figures: &Figures, inputs: &Inputs, settings: &Settings) -> f64 {
    if !settings.second_runner || !settings.defaults.second_runner_unfiltered() || inputs.pooling {
        return 0.0;
    }
    let logits = settings.max_num_seqs as f64 * f64::from(model.vocab_size);
    let sampling = logits * activation::FLASHINFER_BYTES / GIB - figures.activation.mid;
    let copies = inputs.data_parallel.unwrap_or(1) > 1;
    let groups = [settings.tensor_parallel > 1, copies, copies && model.moe.is_some()];
    let groups = groups.iter().filter(|is_there| **is_there).count();
    sampling.max(0.0) + groups as f64 * GROUP_GIB
}

/// The verdict over the whole of each range.
fn judge(
    model: &OpenModel,
    figures: &Figures,
    available: Range,
    inputs: &Inputs,
    settings: &Settings,
    (total, total_error): (f64, f64),
) -> (Outcome, String) {
    let weights = figures.weights;
    let needed = figures.kv_needed_gib;
    let length = figures.max_model_len;
    let (outcome, why) = if weights.low > total + total_error {
        (
            Outcome::OomLoading,
            format!("{:.1} GiB of weights a GPU, which has {total:.1} GiB", weights.mid),
        )
    } else if available.high < needed && available.mid <= 0.0 {
        (
            Outcome::NoKvRoom,
            format!(
                "weights ({:.1} GiB) and activations ({:.1} GiB) leave nothing of {:.1} GiB for the KV cache",
                weights.mid,
                figures.activation.mid,
                total * figures.utilization
            ),
        )
    } else if available.high < needed {
        (
            Outcome::MaxLenExceedsKv,
            format!(
                "one sequence of {length} tokens needs {needed:.2} GiB of KV cache, and {:.2} GiB are left",
                available.mid.max(0.0)
            ),
        )
    } else if available.low >= needed && weights.high + CONTEXT_GIB < total - total_error {
        (
            Outcome::Starts,
            format!(
                "{:.2} GiB are left for the KV cache; one sequence of {length} tokens needs {needed:.2} GiB",
                available.mid
            ),
        )
    } else {
        (
            Outcome::TooClose,
            format!(
                "{:.2} to {:.2} GiB are left for the KV cache, and one sequence of {length} tokens needs {needed:.2} GiB",
                available.low, available.high
            ),
        )
    };
    if outcome.fails() && !inputs.reshaped.is_empty() {
        return (
            Outcome::Unknown,
            format!("{} may change the model's shape", inputs.reshaped.join(" and ")),
        );
    }
    if outcome != Outcome::Starts {
        return (outcome, why);
    }
    let headroom = total * (1.0 - settings.utilization);
    let outside = if figures.graphs_counted {
        0.0
    } else {
        figures.cuda_graph.mid
    };
    let doubt = if !inputs.uncounted.is_empty() {
        Some(format!("{why}; not counted: {}", inputs.uncounted.join(", ")))
    } else if settings.unified && headroom < UNIFIED_HELD_GIB && inputs.kv_cache_memory_bytes.is_none() {
        Some(format!(
            "the GPU's memory is the CPU's too, and only {headroom:.1} GiB of it are left for the system, which holds 8 to \
             {UNIFIED_HELD_GIB:.0}"
        ))
    } else if headroom < CONTEXT_GIB / 2.0 + outside + unprofiled(model, figures, inputs, settings) {
        Some(format!(
            "only {headroom:.2} GiB are left outside the budget for the CUDA context, graphs and what the profiling run \
             leaves out"
        ))
    } else if settings.defaults.counts_whole_gpu && settings.utilization < 0.5 {
        Some(format!(
            "a utilization of {} suggests a shared GPU, and this release counts what other processes hold on it",
            settings.utilization
        ))
    } else {
        None
    };
    match doubt {
        Some(doubt) => (Outcome::TooClose, doubt),
        None => (outcome, why),
    }
}
