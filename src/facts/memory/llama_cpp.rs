//! llama.cpp's memory on the GPUs that it sees: weights of the layers there, the KV cache of all slots, the compute
//! buffer of one pass. Sources: `src/llama-kv-cache*.cpp`, `src/llama-context.cpp`, `common/fit.cpp`; the compute
//! buffer was worked out from logs (docs/memory.md).

use super::gguf::{self, Kind, Weights};
use super::{CONTEXT_GIB, Device, Figures, GIB, KvRoom, Outcome, Plan, Range, Step, stated};
use crate::catalog::OpenModel;
use crate::engines::llama_cpp::Defaults;
use crate::engines::{Serving, Version};

/// Memory that a process holds on a GPU besides what it logs (context, cuBLAS workspaces), GiB.
const OUTSIDE: Range = Range {
    low: 0.2,
    mid: 0.45,
    high: CONTEXT_GIB + 0.3,
};
/// What `--fit` leaves free on each GPU, GiB.
const FIT_MARGIN: f64 = 1.0;
/// The least context that `--fit` goes down to, tokens.
const FIT_CONTEXT: u64 = 4096;

/// The first build that keeps only the window of layers that have one (2025-05-20); those before keep every token.
const WINDOWS_SINCE: u32 = 5427;
/// Builds before the first number expand latent attention to whole heads; from about the second on (2025-04-15) the
/// cache keeps the latent, where the file was made for it.
const LATENT_SINCE: (u32, u32) = (5100, 5200);

/// From a build before this one on the values of a latent cache, which are part of its keys, are not kept a second time.
const VALUES_LEFT_OUT_SINCE: u32 = 7500;

/// What the launch sets. `None` is the build's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Inputs {
    /// The build; `None` is the newest.
    pub version: Option<Version>,
    /// Layers on GPUs.
    pub gpu_layers: Option<u64>,
    /// Context of all slots, tokens; 0 is the model's own.
    pub context: Option<u64>,
    /// Slots.
    pub slots: Option<u64>,
    /// Tokens of one pass.
    pub micro_batch: Option<u64>,
    /// Type of keys in the cache.
    pub cache_k: Option<String>,
    /// Type of values in the cache.
    pub cache_v: Option<String>,
    /// Whether attention never holds the whole score matrix; `None` also where the engine decides.
    pub flash_attention: Option<bool>,
    /// Whether what is not set is chosen so that it fits.
    pub fit: Option<bool>,
    /// What tells the kind of quantization.
    pub file: Option<String>,
    /// The file's size, GiB, where known.
    pub file_gib: Option<f64>,
    /// Flags that put parts elsewhere.
    pub placement: Option<String>,
    /// Whether latent attention is expanded to whole heads, where a source says so.
    pub expanded: Option<bool>,
    /// What chooses the layers where they aren't set; empty is `--fit`.
    pub chooser: &'static str,
    /// Defaults taken while these inputs were read.
    pub assumed: Vec<String>,
}

impl Inputs {
    /// What a launch sets.
    ///
    /// # Errors
    /// Names the first setting that decides memory and can't be told from the files.
    pub(super) fn of(serving: &Serving) -> Result<Self, String> {
        let mut assumed = Vec::new();
        let version = serving.version.known().copied();
        if version.is_none() {
            assumed.push("the newest build known here".to_owned());
        }
        let flash = stated(&serving.flash_attention, "--flash-attn")?;
        let file = match stated(&serving.model_file, "the model's file")? {
            Some(file) => Some(file),
            None => {
                assumed.push("Q4_K_M, which --hf-repo takes where nothing else is asked for".to_owned());
                Some("Q4_K_M".to_owned())
            }
        };
        let mut placement = stated(&serving.placement, "where parts are placed")?;
        if !serving.draft_model.is_absent() {
            placement = Some("the draft model".to_owned());
        }
        Ok(Self {
            version,
            gpu_layers: stated(&serving.gpu_layers, "--n-gpu-layers")?,
            context: stated(&serving.total_context, "--ctx-size")?,
            slots: stated(&serving.max_num_seqs, "--parallel")?,
            micro_batch: stated(&serving.micro_batch, "--ubatch-size")?,
            cache_k: stated(&serving.kv_cache_dtype, "--cache-type-k")?,
            cache_v: stated(&serving.kv_cache_dtype_v, "--cache-type-v")?,
            flash_attention: match flash.as_deref() {
                Some("on" | "1" | "true") => Some(true),
                Some("off" | "0" | "false") => Some(false),
                _ => None,
            },
            fit: stated(&serving.fit, "--fit")?,
            file,
            placement,
            assumed,
            ..Self::default()
        })
    }
}

/// The cache of the whole context, bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cache {
    /// Bytes of a token in all layers that keep every token.
    full: f64,
    /// Bytes of a token in all layers with a window.
    windowed: f64,
    /// Tokens that those keep for each slot.
    window: u64,
    /// Whether the build surely keeps no more than the window.
    sure: bool,
    /// Further bytes that it may take, for each token.
    more: f64,
}

impl Cache {
    /// Works the layout out.
    ///
    /// # Errors
    /// Why it can't be.
    pub(super) fn of(model: &OpenModel, inputs: &Inputs) -> Result<Self, String> {
        let key = gguf::cache_bytes(inputs.cache_k.as_deref().unwrap_or("f16"))?;
        let value = gguf::cache_bytes(inputs.cache_v.as_deref().unwrap_or("f16"))?;
        if model.compressed_attention.is_some() || model.index_keys.is_some() {
            return Err("how llama.cpp keeps the tokens of attention of this kind is not modelled".to_owned());
        }
        let own = model
            .layers
            .saturating_sub(model.linear_layers + model.kv_shared_layers);
        if let Some(mla) = model.mla {
            let heads = f64::from(model.heads);
            let layers = f64::from(model.layers);
            let latent = f64::from(mla.kv_lora_rank + mla.qk_rope_head_dim) * key * layers;
            let whole = f64::from(mla.qk_nope_head_dim + mla.qk_rope_head_dim) * heads * key * layers
                + f64::from(mla.v_head_dim) * heads * value * layers;
            let twice = latent + f64::from(mla.kv_lora_rank) * value * layers;
            // Files made before the latent was kept are still expanded.
            let (full, more) = match (inputs.expanded, inputs.version.map(|version| version.patch)) {
                (Some(true), _) => (whole, 0.0),
                (Some(false), _) => (latent, 0.0),
                (None, Some(build)) if build < LATENT_SINCE.0 => (whole, 0.0),
                (None, Some(build)) if build < LATENT_SINCE.1 => (latent, whole - latent),
                (None, Some(build)) if build < VALUES_LEFT_OUT_SINCE => (twice, whole - twice),
                (None, _) => (latent, whole - latent),
            };
            return Ok(Self {
                full,
                windowed: 0.0,
                window: 0,
                sure: true,
                more,
            });
        }
        let windows = inputs.version.is_none_or(|build| build.patch >= WINDOWS_SINCE);
        let window = model.sliding_window.filter(|_| windows);
        let windowed = window.map_or(0, |window| window.layers.min(own));
        let of_layer = |heads: u32, head: u32, value_head: u32| {
            f64::from(heads) * (f64::from(head) * key + f64::from(value_head) * value)
        };
        let value_head = model.value_head_dim.unwrap_or(model.head_dim);
        let plain = of_layer(model.kv_heads, model.head_dim, value_head);
        let full = model
            .full_attention
            .map_or(plain, |full| of_layer(full.kv_heads, full.head_dim, full.head_dim));
        Ok(Self {
            full: full * f64::from(own - windowed),
            windowed: plain * f64::from(windowed),
            window: window.map_or(0, |window| window.size),
            sure: window.is_none(),
            more: 0.0,
        })
    }

    /// Bytes a token where every layer keeps every token.
    pub(super) fn bytes_per_token(&self) -> u64 {
        (self.full + self.windowed) as u64
    }

    /// The whole cache, bytes.
    fn bytes(&self, context: u64, slots: u64, micro_batch: u64) -> Range {
        let held = self
            .window
            .saturating_mul(slots)
            .saturating_add(micro_batch)
            .next_multiple_of(256)
            .min(context);
        let least = self.full * context as f64 + self.windowed * held as f64;
        let most = (self.full + self.windowed) * context as f64;
        Range {
            low: least,
            mid: least,
            high: if self.sure { least } else { most } + self.more * context as f64,
        }
    }
}

/// Everything that one placement takes on GPUs, GiB.
#[derive(Debug, Clone, Copy)]
struct Needs {
    weights: Range,
    cache: Range,
    compute: Range,
}

impl Needs {
    fn all(&self, gpus: f64) -> Range {
        let each = Range {
            low: self.compute.low + OUTSIDE.low,
            mid: self.compute.mid + OUTSIDE.mid,
            // Several GPUs work on several passes at a time, each with buffers of its own.
            high: self.compute.high * if gpus > 1.0 { 3.0 } else { 1.0 } + OUTSIDE.high,
        };
        Range {
            low: self.weights.low + self.cache.low + each.low * gpus,
            mid: self.weights.mid + self.cache.mid + each.mid * gpus,
            high: self.weights.high + self.cache.high + each.high * gpus,
        }
    }
}

/// Judges a model on GPUs of one kind with these settings; `gpus` is how many the process sees, `None` where that isn't
/// known.
pub(super) fn plan(model: &OpenModel, gpu: &Device<'_>, gpus: Option<u64>, inputs: &Inputs) -> Plan {
    let mut assumed = inputs.assumed.clone();
    let unknown = |why: String, assumed: &[String]| Plan::without_figures(Outcome::Unknown, why, assumed.to_vec());
    let Some(defaults) = Defaults::of(inputs.version) else {
        let why = "this build's defaults were not read: it is between those that were".to_owned();
        return unknown(why, &assumed);
    };
    let kind = inputs.file.as_deref().and_then(Kind::read);
    let weights = match (kind, inputs.file_gib) {
        (Some(kind), size) => gguf::weights(model, kind).map(|weights| sized(weights, size, model)),
        (None, Some(size)) => gguf::weights(model, Kind::PLAIN).map(|weights| sized(weights, Some(size), model)),
        (None, None) => Err("the name of the model's file doesn't tell its kind of quantization".to_owned()),
    };
    let weights = match weights {
        Ok(weights) => weights,
        Err(why) => return unknown(why, &assumed),
    };
    let cache = match Cache::of(model, inputs) {
        Ok(cache) => cache,
        Err(why) => return unknown(why, &assumed),
    };
    let fit = inputs.fit.unwrap_or(defaults.fit);
    let micro_batch = inputs.micro_batch.unwrap_or(512).clamp(1, 1 << 20);
    let slots = inputs.slots.unwrap_or(defaults.slots).clamp(1, 1 << 16);
    let whole = |context: u64| if context == 0 { model.max_context } else { context };
    let context = whole(inputs.context.unwrap_or(defaults.context))
        .clamp(1, 1 << 32)
        .next_multiple_of(256);
    if inputs.context.is_none() {
        assumed.push(format!("context {context}"));
    }
    if inputs.slots.is_none() && slots > 1 {
        assumed.push(format!("{slots} slots, which share the context"));
    }
    let layers = u64::from(model.layers);
    let on_gpu = inputs.gpu_layers.or(defaults.gpu_layers);
    let flash = inputs.flash_attention.unwrap_or(defaults.flash_attention);
    let count = gpus.unwrap_or(1).max(1) as f64;
    let needs = |on: u64, context: u64| {
        let share = on.min(layers) as f64 / layers.max(1) as f64;
        let cache = cache.bytes(context, slots, micro_batch);
        Needs {
            weights: scaled(weights.on_gpu(on, layers), 1.0 / GIB),
            cache: scaled(cache, share / GIB),
            compute: compute(model, context, micro_batch, flash),
        }
    };
    let all = layers + 1;
    let wanted = on_gpu.unwrap_or(all);
    let chosen = needs(wanted, context);
    let mut steps = steps(model, &weights, &chosen, &cache, context, wanted);
    // Slots that are asked for part the context; those of the build's own choosing share it.
    let parts = inputs.slots.map_or(1, |_| slots);
    let figures = Figures {
        weights: chosen.weights,
        activation: chosen.compute,
        non_torch: OUTSIDE,
        cuda_graph: Range::default(),
        graphs_counted: false,
        kv_bytes_per_token: cache.bytes_per_token(),
        kv_block_tokens: 1,
        kv_needed_gib: chosen.cache.mid,
        max_model_len: context / parts,
        utilization: 1.0,
        kv: None,
    };
    let finish = |outcome, why, margin, figures, steps, assumed| Plan {
        outcome,
        why,
        margin_gib: margin,
        figures: Some(figures),
        assumed,
        steps,
    };
    let Some(total) = gpu.memory_gib else {
        let need = chosen.all(count).high;
        let why = format!("the GPU is not known; it surely starts with {need:.1} GiB");
        return finish(Outcome::Unknown, why, None, figures, steps, assumed);
    };
    if wanted == 0 {
        let why = "no layer is put on a GPU: this build's default without --n-gpu-layers".to_owned();
        return finish(Outcome::Starts, why, None, figures, steps, assumed);
    }
    let total = Range {
        low: (total - gpu.error_gib) * count,
        mid: total * count,
        high: (total + gpu.error_gib) * count,
    };
    let left = |needs: &Needs| {
        let all = needs.all(count);
        // Layers are whole: on several GPUs each may waste up to one.
        let waste = (count - 1.0) * (needs.weights.mid + needs.cache.mid) / layers.max(1) as f64;
        Range {
            low: total.low - all.high - waste,
            mid: total.mid - all.mid,
            high: total.high - all.low,
        }
    };
    let room = left(&chosen);
    let figures = Figures {
        kv: Some(KvRoom {
            available: Range {
                low: room.low + chosen.cache.high,
                mid: room.mid + chosen.cache.mid,
                high: room.high + chosen.cache.low,
            },
            tokens: context,
            max_concurrency: parts as f64,
        }),
        ..figures
    };
    steps.push(Step {
        name: "left on the GPUs",
        formula: "GPUs' memory − weights there − KV cache there − GPUs × (compute buffer + context)",
        inputs: vec![("GPUs' memory, GiB", total.mid), ("GPUs", count)],
        value: room.mid,
        unit: "GiB",
    });
    let (outcome, why) = if let Some(placement) = &inputs.placement {
        (
            Outcome::Unknown,
            format!("{placement} moves parts of the model in a way that isn't modelled"),
        )
    } else if room.low >= 0.0 {
        let whole = if wanted > layers {
            format!("all {all} layers are on the GPU")
        } else {
            format!("{wanted} of {all} layers are on the GPU, the others on the CPU")
        };
        (Outcome::Starts, format!("{whole}, {:.1} GiB are left", room.mid))
    } else if fit && inputs.gpu_layers.is_none() {
        let kept = if inputs.context.is_none() {
            FIT_CONTEXT.min(context)
        } else {
            context
        };
        let fits = |on: &u64| left(&needs(*on, kept)).mid >= FIT_MARGIN * count;
        let on = (0..=all).rev().find(fits).unwrap_or(0);
        let who = if inputs.chooser.is_empty() {
            "--fit"
        } else {
            inputs.chooser
        };
        let rest = all - on;
        let why = if rest == 0 {
            format!("all {all} layers fit on the GPU, with little to spare")
        } else {
            format!("{who} puts about {on} of {all} layers on the GPU, and {rest} on the CPU: slower, but it starts")
        };
        (Outcome::Starts, why)
    } else if fit
        && inputs.context.is_none()
        && left(&needs(wanted, FIT_CONTEXT.min(context))).low >= FIT_MARGIN * count
    {
        (
            Outcome::Starts,
            format!("--fit takes a context below the model's {context} tokens"),
        )
    } else if gpus.is_none() && room.high < 0.0 {
        (
            Outcome::Unknown,
            "it doesn't fit one GPU, and how many it sees isn't known".to_owned(),
        )
    } else if fit && inputs.context.is_none() && room.high < 0.0 {
        let least = left(&needs(wanted, FIT_CONTEXT.min(context)));
        if least.high < 0.0 {
            (
                Outcome::OomLoading,
                too_large(&needs(wanted, FIT_CONTEXT.min(context)), wanted, total.mid),
            )
        } else {
            (
                Outcome::TooClose,
                format!("--fit takes the least context, {FIT_CONTEXT} tokens, and may not fit even so"),
            )
        }
    } else if chosen.weights.low > total.high || (room.high < 0.0 && chosen.weights.mid > total.mid) {
        (Outcome::OomLoading, too_large(&chosen, wanted, total.mid))
    } else if room.high < 0.0 {
        (
            Outcome::NoKvRoom,
            format!(
                "weights ({:.1} GiB), a KV cache of {context} tokens ({:.1} GiB) and the compute buffer ({:.1} GiB) exceed the GPU's {:.1} GiB",
                chosen.weights.mid, chosen.cache.mid, chosen.compute.mid, total.mid
            ),
        )
    } else {
        (
            Outcome::TooClose,
            format!("{:.2} to {:.2} GiB are left", room.low, room.high),
        )
    };
    finish(outcome, why, Some(room.mid), figures, steps, assumed)
}

fn too_large(needs: &Needs, layers: u64, total: f64) -> String {
    format!(
        "{layers} layers weigh {:.1} GiB and their KV cache {:.1} GiB; the GPU has {total:.1} GiB",
        needs.weights.mid, needs.cache.mid
    )
}

/// Weights in the proportions of their kind, of a file of that size.
fn sized(weights: Weights, size: Option<f64>, model: &OpenModel) -> Weights {
    let Some(size) = size else { return weights };
    let factor = size * GIB / weights.file(model.tied_embeddings);
    Weights {
        layers: weights.layers * factor,
        output: weights.output * factor,
        embedding: weights.embedding * factor,
        error: 0.02,
    }
}

fn scaled(range: Range, factor: f64) -> Range {
    Range {
        low: range.low * factor,
        mid: range.mid * factor,
        high: range.high * factor,
    }
}

/// The compute buffer of one pass, GiB: the largest of the logits, the scores of a layer where they are held whole, and
/// the feed-forward layer.
pub(super) fn compute(model: &OpenModel, context: u64, micro_batch: u64, flash: bool) -> Range {
    let hidden = f64::from(model.hidden_size);
    let logits = f64::from(model.vocab_size) + 2.0 * hidden;
    let scores = if flash {
        0.0
    } else {
        (f64::from(model.heads) + 1.0) * context as f64 + 6.0 * hidden
    };
    let width = model.moe.map_or(f64::from(model.intermediate_size), |moe| {
        f64::from(moe.intermediate_size) * f64::from(moe.experts_per_token)
    });
    let forward = 2.0 * width + 2.0 * hidden;
    let bytes = logits.max(scores).max(forward) * micro_batch as f64 * 4.0;
    let mid = bytes / GIB;
    Range {
        low: mid * 0.9,
        mid,
        high: mid * 1.15 + 0.1,
    }
}

fn steps(model: &OpenModel, weights: &Weights, needs: &Needs, cache: &Cache, context: u64, on: u64) -> Vec<Step> {
    vec![
        Step {
            name: "weights",
            formula: "layers on the GPU ÷ layers × bytes of all layers, + the output where all are there",
            inputs: vec![
                ("layers on the GPU", on.min(u64::from(model.layers) + 1) as f64),
                ("layers", f64::from(model.layers)),
                ("bytes of all layers", weights.layers),
                ("bytes of the output", weights.output),
            ],
            value: needs.weights.mid,
            unit: "GiB",
        },
        Step {
            name: "KV cache",
            formula: "share of layers on the GPU × (context of all slots × bytes a token of layers with every token + each \
                      slot's window and one pass × bytes a token of layers with a window)",
            inputs: vec![
                ("context of all slots", context as f64),
                ("bytes a token of layers with every token", cache.full),
                ("bytes a token of layers with a window", cache.windowed),
                ("window", cache.window as f64),
            ],
            value: needs.cache.mid,
            unit: "GiB",
        },
        Step {
            name: "compute buffer",
            formula: "tokens of one pass × 4 bytes × the largest of vocabulary + 2 × hidden, scores, feed-forward",
            inputs: vec![
                ("vocabulary", f64::from(model.vocab_size)),
                ("hidden", f64::from(model.hidden_size)),
            ],
            value: needs.compute.mid,
            unit: "GiB",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn judge(gib: f64, gpus: Option<u64>, inputs: Inputs) -> Plan {
        let model = Catalog::embedded()
            .open_model("Qwen/Qwen3-32B")
            .expect("in the catalog");
        let gpu = Device {
            name: "",
            memory_gib: Some(gib),
            error_gib: 0.0,
            compute_capability: None,
        };
        plan(model, &gpu, gpus, &inputs)
    }

    fn inputs() -> Inputs {
        Inputs {
            gpu_layers: Some(99),
            context: Some(8192),
            file: Some("Q5_K_M".to_owned()),
            ..Inputs::default()
        }
    }

    #[test]
    fn a_published_run_comes_out_as_it_was() {
        // ikawrakow/ik_llama.cpp #397: 21.1 GiB on the GPUs, a cache of 2 GiB, a compute buffer of 0.619 GiB.
        let plan = judge(
            48.0,
            Some(1),
            Inputs {
                micro_batch: Some(1024),
                flash_attention: Some(true),
                ..inputs()
            },
        );
        let figures = plan.figures.expect("figures");
        assert!(
            (figures.weights.mid / 21.1 - 1.0).abs() < 0.005,
            "{}",
            figures.weights.mid
        );
        assert_eq!(figures.kv_bytes_per_token, 262_144);
        assert!((figures.kv_needed_gib - 2.0).abs() < 1e-9);
        assert!(
            (figures.activation.mid / 0.619 - 1.0).abs() < 0.005,
            "{}",
            figures.activation.mid
        );
        assert_eq!(plan.outcome, Outcome::Starts);
    }

    #[test]
    fn what_is_asked_for_fails_and_what_is_not_is_fitted() {
        assert_eq!(judge(15.0, Some(1), inputs()).outcome, Outcome::OomLoading);
        assert_eq!(judge(15.0, Some(2), inputs()).outcome, Outcome::Starts);
        assert_eq!(judge(15.0, None, inputs()).outcome, Outcome::Unknown);
        let some = judge(
            15.0,
            Some(1),
            Inputs {
                gpu_layers: Some(20),
                ..inputs()
            },
        );
        assert_eq!(some.outcome, Outcome::Starts, "{}", some.why);
        let fitted = judge(
            15.0,
            Some(1),
            Inputs {
                gpu_layers: None,
                ..inputs()
            },
        );
        assert_eq!(fitted.outcome, Outcome::Starts);
        assert!(fitted.why.contains("on the CPU"), "{}", fitted.why);
        let old = Inputs {
            gpu_layers: None,
            version: Some(Version::new(0, 0, 4719)),
            ..inputs()
        };
        assert!(judge(15.0, Some(1), old).why.contains("no layer"));
        let between = Inputs {
            version: Some(Version::new(0, 0, 6900)),
            ..inputs()
        };
        assert_eq!(judge(80.0, Some(1), between).outcome, Outcome::Unknown);
    }

    #[test]
    fn a_large_context_leaves_no_room() {
        let plan = judge(
            40.0,
            Some(1),
            Inputs {
                context: Some(131_072),
                ..inputs()
            },
        );
        assert_eq!(plan.outcome, Outcome::NoKvRoom, "{}", plan.why);
        let moved = judge(
            40.0,
            Some(1),
            Inputs {
                placement: Some("--override-tensor".to_owned()),
                ..inputs()
            },
        );
        assert_eq!(moved.outcome, Outcome::Unknown);
        let absurd = judge(
            40.0,
            Some(1),
            Inputs {
                context: Some(u64::MAX),
                slots: Some(u64::MAX),
                micro_batch: Some(u64::MAX),
                ..inputs()
            },
        );
        assert!(absurd.outcome.fails());
    }
}
