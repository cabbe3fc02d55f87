//! Engines that fill a GPU as vLLM does, with budgets of their own: TGI, TensorRT-LLM, LMDeploy, and the servers of
//! embeddings. Weights and KV bytes follow from the shape as for vLLM; what a run takes besides is only bounded, so
//! that many verdicts are too close to call.

use rust_decimal::prelude::ToPrimitive;

use super::{CONTEXT_GIB, Device, Figures, GIB, Inputs, KvRoom, Outcome, Plan, Range, Step, stated};
use crate::catalog::OpenModel;
use crate::engines::{EngineKind, Serving, Version};

/// A release of vLLM that keeps every token in every layer and takes no GPU's defaults.
const PLAIN: Version = Version::new(0, 7, 3);

/// What an engine sets aside and asks for.
#[derive(Debug, Clone, Copy)]
struct Budget {
    /// The share of the GPU's memory that it keeps off.
    kept_free: f64,
    /// The share of what is left that the KV cache takes.
    kv_share: f64,
    /// Tokens of the largest pass.
    pass: u64,
    /// Tokens that the cache must hold for it to start; 0 where it makes do with what is there.
    must_hold: u64,
    /// What says so.
    asked_by: &'static str,
    /// The most that buffers by batch and vocabulary take, GiB.
    buffers: f64,
}

/// Judges a model on GPUs of one kind as one of these engines serves it.
///
/// # Errors
/// Why it can't be judged.
pub(super) fn plan(serving: &Serving, model: &OpenModel, gpu: &Device<'_>, gpus: Option<u64>) -> Result<Plan, String> {
    if model.compressed_attention.is_some() || model.index_keys.is_some() {
        return Err(format!(
            "how {} keeps the tokens of attention of this kind is not modelled",
            serving.engine.name()
        ));
    }
    let mut assumed = Vec::new();
    let ranks = ranks(serving, gpus, &mut assumed)?;
    let length = stated(&serving.max_model_len, "the longest sequence")?;
    let budget = budget(serving, model, length, &mut assumed)?;
    let quantization = stated(&serving.quantization, "quantization")?;
    let inputs = Inputs {
        version: Some(PLAIN),
        tensor_parallel: Some(ranks),
        pipeline_parallel: stated(&serving.pipeline_parallel, "pipeline parallelism")?,
        dtype: stated(&serving.dtype, "the precision")?,
        quantization: quantization.as_deref().and_then(method),
        kv_cache_dtype: cache_type(serving)?,
        max_model_len: Some(length.unwrap_or(model.max_context).max(1)),
        max_num_seqs: Some(1),
        max_num_batched_tokens: Some(budget.pass),
        ..Inputs::default()
    };
    let nowhere = Device {
        name: gpu.name,
        memory_gib: None,
        error_gib: 0.0,
        compute_capability: gpu.compute_capability,
    };
    let base = super::plan(model, &nowhere, &inputs);
    let Some(parts) = base.figures else {
        return Ok(Plan { assumed, ..base });
    };
    let steps = base
        .steps
        .into_iter()
        .filter(|step| step.name == "weights" || step.name.starts_with("KV cache a"));
    Ok(judge(serving.engine, parts, &budget, gpu, assumed, steps.collect()))
}

/// GPUs that share the model.
fn ranks(serving: &Serving, gpus: Option<u64>, assumed: &mut Vec<String>) -> Result<u64, String> {
    match stated(&serving.tensor_parallel, "the number of shards")? {
        Some(ranks) => Ok(ranks),
        None if serving.engine == EngineKind::Tgi => {
            let all = gpus.ok_or("TGI takes every GPU that it sees, and how many that are isn't known")?;
            assumed.push(format!("{all} shards, one for each GPU"));
            Ok(all)
        }
        None => Ok(1),
    }
}

/// The budget by the engine's own words.
fn budget(
    serving: &Serving,
    model: &OpenModel,
    length: Option<u64>,
    assumed: &mut Vec<String>,
) -> Result<Budget, String> {
    let share = |field, name: &str| {
        Ok::<_, String>(stated(field, name)?.and_then(|share: rust_decimal::Decimal| share.to_f64()))
    };
    let mut default = |stated: Option<u64>, name: &str, value: u64| {
        stated.unwrap_or_else(|| {
            assumed.push(format!("{name} {value}"));
            value
        })
    };
    match serving.engine {
        EngineKind::Tgi => {
            let fraction = share(&serving.static_memory_fraction, "--cuda-memory-fraction")?.unwrap_or(1.0);
            let prefill = stated(&serving.max_prefill_tokens, "--max-batch-prefill-tokens")?;
            let total = stated(&serving.max_total_tokens, "--max-batch-total-tokens")?;
            let pass = default(prefill, "max-batch-prefill-tokens", 4096.min(model.max_context.max(1)));
            Ok(Budget {
                // TGI_WIGGLE_ROOM is 0.95.
                kept_free: 1.0 - fraction.clamp(0.0, 1.0) * 0.95,
                kv_share: 1.0,
                pass,
                must_hold: total.or(length).unwrap_or(0),
                asked_by: if total.is_some() {
                    "max-batch-total-tokens"
                } else {
                    "max-total-tokens"
                },
                buffers: 0.0,
            })
        }
        EngineKind::TensorRtLlm => {
            let fraction = share(&serving.kv_memory_fraction, "--kv_cache_free_gpu_memory_fraction")?;
            let tokens = stated(&serving.max_num_batched_tokens, "--max_num_tokens")?;
            let batch = default(
                stated(&serving.max_num_seqs, "--max_batch_size")?,
                "max_batch_size",
                2048,
            );
            Ok(Budget {
                kept_free: 0.0,
                kv_share: fraction.unwrap_or(0.9),
                pass: default(tokens, "max_num_tokens", 8192),
                must_hold: 0,
                asked_by: "",
                // A run of 2,048 sequences and 151,936 words had 8.4 GiB of decoder and runtime buffers.
                buffers: batch as f64 * f64::from(model.vocab_size) * 29.0 / GIB,
            })
        }
        EngineKind::Lmdeploy => {
            let version = serving.version.known().copied();
            if version.is_some_and(|version| version < Version::new(0, 2, 2)) {
                return Err("LMDeploy before 0.2.2 takes a share of the whole GPU, which isn't modelled".to_owned());
            }
            let fraction = share(&serving.kv_memory_fraction, "--cache-max-entry-count")?;
            let tokens = stated(&serving.max_prefill_tokens, "--max-prefill-token-num")?;
            Ok(Budget {
                kept_free: 0.0,
                kv_share: fraction.unwrap_or(0.8),
                pass: default(tokens, "max-prefill-token-num", 8192),
                must_hold: 0,
                asked_by: "",
                buffers: 0.0,
            })
        }
        EngineKind::Tei => {
            let tokens = stated(&serving.max_num_batched_tokens, "--max-batch-tokens")?;
            Ok(Budget {
                kept_free: 0.0,
                kv_share: 0.0,
                pass: default(tokens, "max-batch-tokens", 16_384),
                must_hold: 0,
                asked_by: "",
                buffers: 0.0,
            })
        }
        EngineKind::Infinity => {
            let batch = default(stated(&serving.max_num_seqs, "--batch-size")?, "batch-size", 32);
            Ok(Budget {
                kept_free: 0.0,
                kv_share: 0.0,
                pass: batch.saturating_mul(model.max_context.min(8192)),
                must_hold: 0,
                asked_by: "",
                buffers: 0.0,
            })
        }
        EngineKind::Nim => Err(
            "NIM's profile decides which engine it runs, in which precision and on how many GPUs: ask for vLLM or \
             TensorRT-LLM with the profile's settings"
                .to_owned(),
        ),
        other => Err(format!("how {} spends a GPU's memory is not modelled", other.name())),
    }
}

/// The method of vLLM that weighs the same as one of TGI's or LMDeploy's; `None` for the checkpoint's own.
fn method(name: &str) -> Option<String> {
    let same = match name {
        "bitsandbytes-nf4" | "bitsandbytes-fp4" => "bitsandbytes",
        "bitsandbytes" | "eetq" | "fp8" => "fp8",
        "hf" | "compressed-tensors" => return None,
        other => other,
    };
    Some(same.to_owned())
}

/// The KV cache's type in vLLM's words.
fn cache_type(serving: &Serving) -> Result<Option<String>, String> {
    let stated = stated(&serving.kv_cache_dtype, "the KV cache's precision")?;
    match (serving.engine, stated.as_deref()) {
        (EngineKind::Lmdeploy, None | Some("0")) => Ok(None),
        (EngineKind::Lmdeploy, Some(policy)) => Err(format!("a KV cache of quant-policy {policy} isn't modelled")),
        _ => Ok(stated),
    }
}

fn judge(
    engine: EngineKind,
    parts: Figures,
    budget: &Budget,
    gpu: &Device<'_>,
    assumed: Vec<String>,
    mut steps: Vec<Step>,
) -> Plan {
    let weights = parts.weights;
    // The pass's peak isn't known to better than this.
    let run = Range {
        low: parts.activation.low * 0.3 + 0.2,
        mid: parts.activation.mid + CONTEXT_GIB,
        high: parts.activation.high * 3.0 + 2.0 * CONTEXT_GIB + parts.non_torch.high + 0.5 + budget.buffers,
    };
    let needed = parts.kv_bytes_per_token as f64 * budget.must_hold as f64 / GIB;
    let figures = Figures {
        activation: run,
        non_torch: Range::default(),
        cuda_graph: Range::default(),
        graphs_counted: false,
        kv_needed_gib: needed,
        utilization: 1.0 - budget.kept_free,
        kv: None,
        ..parts
    };
    let Some(total) = gpu.memory_gib else {
        return Plan {
            outcome: Outcome::Unknown,
            why: "the GPU is not known".to_owned(),
            margin_gib: None,
            figures: Some(figures),
            assumed,
            steps,
        };
    };
    let usable = total * (1.0 - budget.kept_free);
    let left = Range {
        low: usable - gpu.error_gib - weights.high - run.high,
        mid: usable - weights.mid - run.mid,
        high: total + gpu.error_gib - total * budget.kept_free * 0.5 - weights.low - run.low,
    };
    let available = Range {
        low: left.low * budget.kv_share,
        mid: left.mid * budget.kv_share,
        high: left.high * budget.kv_share,
    };
    let tokens = (available.mid.max(0.0) * GIB / (parts.kv_bytes_per_token.max(1)) as f64) as u64;
    steps.push(Step {
        name: "left after weights and run",
        formula: "GPU memory × (1 − share kept free) − weights − run",
        inputs: vec![
            ("GPU memory, GiB", total),
            ("share kept free", budget.kept_free),
            ("weights, GiB", weights.mid),
            ("run, GiB", run.mid),
        ],
        value: left.mid,
        unit: "GiB",
    });
    let caches = budget.kv_share > 0.0;
    let kv = caches.then(|| KvRoom {
        available,
        tokens,
        max_concurrency: tokens as f64 / parts.max_model_len.max(1) as f64,
    });
    let (outcome, why) = if weights.low > total + gpu.error_gib {
        (
            Outcome::OomLoading,
            format!("{:.1} GiB of weights a GPU, which has {total:.1} GiB", weights.mid),
        )
    } else if left.high < 0.0 {
        (
            Outcome::NoKvRoom,
            format!(
                "{:.1} GiB of weights leave less than a pass of {} tokens takes, of {usable:.1} GiB",
                weights.mid, budget.pass
            ),
        )
    } else if available.high < needed {
        (
            Outcome::MaxLenExceedsKv,
            format!(
                "{} of {} tokens needs {needed:.2} GiB of KV cache, and {:.2} GiB are left",
                budget.asked_by,
                budget.must_hold,
                available.mid.max(0.0)
            ),
        )
    } else if left.low > 0.0 && available.low >= needed {
        let what = if caches {
            "for the KV cache"
        } else {
            "beside weights and a batch"
        };
        (
            Outcome::Starts,
            format!(
                "about {:.1} GiB are left {what}",
                if caches { available.mid } else { left.mid }
            ),
        )
    } else {
        (
            Outcome::TooClose,
            format!(
                "{:.1} to {:.1} GiB are left after weights and a pass of {} tokens; what {} takes for one isn't known better",
                left.low,
                left.high,
                budget.pass,
                engine.name()
            ),
        )
    };
    Plan {
        outcome,
        why,
        margin_gib: Some(available.mid - needed),
        figures: Some(Figures { kv, ..figures }),
        assumed,
        steps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::source::{Place, SourceId, Span};
    use crate::units::Field;

    fn known<T>(value: T) -> Field<T> {
        let place = Place {
            source: SourceId(0),
            span: Span::new(0, 0),
        };
        Field::Known(value, place)
    }

    fn judge(name: &str, gib: f64, serving: &Serving) -> Result<Plan, String> {
        let model = Catalog::embedded().open_model(name).expect("in the catalog");
        let gpu = Device {
            name: "",
            memory_gib: Some(gib),
            error_gib: 0.0,
            compute_capability: None,
        };
        plan(serving, model, &gpu, Some(1))
    }

    #[test]
    fn tgi_starts_fails_and_is_too_close() {
        let tgi = Serving {
            max_model_len: known(4096),
            ..Serving::new(EngineKind::Tgi)
        };
        let outcome = |gib| judge("Qwen/Qwen3-8B", gib, &tgi).expect("a plan").outcome;
        assert_eq!(outcome(79.0), Outcome::Starts);
        assert_eq!(outcome(14.0), Outcome::OomLoading);
        assert_eq!(outcome(18.0), Outcome::TooClose);
        let asks = Serving {
            max_total_tokens: known(2_000_000),
            ..tgi.clone()
        };
        let plan = judge("Qwen/Qwen3-8B", 79.0, &asks).expect("a plan");
        assert_eq!(plan.outcome, Outcome::MaxLenExceedsKv, "{}", plan.why);
    }

    #[test]
    fn shares_of_what_is_left_are_the_engines_own() {
        let kv = |serving: &Serving| {
            let plan = judge("Qwen/Qwen3-8B", 79.0, serving).expect("a plan");
            plan.figures
                .and_then(|figures| figures.kv)
                .expect("a cache")
                .available
                .mid
        };
        let lmdeploy = Serving::new(EngineKind::Lmdeploy);
        let half = Serving {
            kv_memory_fraction: known(rust_decimal::Decimal::new(4, 1)),
            ..lmdeploy.clone()
        };
        assert!((kv(&lmdeploy) / kv(&half) - 2.0).abs() < 1e-9);
        assert!(judge("Qwen/Qwen3-8B", 79.0, &Serving::new(EngineKind::Nim)).is_err());
    }
}
