//! Tokens a second by a roofline: making tokens is bound by the memory's bandwidth, reading them by operations.
//!
//! `docs/throughput.md` has every formula and its source. Two efficiencies turn peaks into what engines reach; each is a
//! published range, so that every answer is one too.

use crate::catalog::{Gpu, OpenModel};

use super::memory::{Checkpoint, Figures};

/// The share of the peak bandwidth that decoding reaches while it reads: evidence `mbu-gpt-fast-2023`, 7B parameters on
/// one GPU at the low end, all that the GPU reaches at the high one.
pub const BANDWIDTH_SHARE: (f64, f64) = (0.68, 0.83);
/// Seconds that a layer adds to a step besides reading: none at best; at most about what the same table leaves over for 7B and
/// 70B parameters in 4, 8 and 16 bits on one to eight GPUs.
pub const LAYER_SECONDS: (f64, f64) = (0.0, 80e-6);
/// Seconds that a layer adds to a step at most where GPUs share it without a fast link: two A100 in one machine, evidence
/// `tensor-parallel-vllm-2025`.
pub const SHARED_LAYER_SECONDS: f64 = 300e-6;
/// Bytes a second at which such GPUs exchange activations, at the least: the same runs with many requests at a time.
pub const SLOW_LINK: f64 = 5e9;
/// Seconds that an engine needs for a step at the slow end however small the model: between two steps the GPU waits for
/// the CPU, which schedules, launches and sends answers. Evidence `step-overhead-vllm-2024`, its high end.
pub const STEP_SECONDS: f64 = 13e-3;
/// Seconds of that for each sequence of the batch, at the slow end: evidence `output-processing-vllm-2024`.
pub const SEQUENCE_SECONDS: f64 = 0.106e-3;
/// The share of the peak operations a second that reading prompts reaches: evidence `mfu-llama3-2024` at the low end,
/// `mfu-palm-inference-2022` at the high one.
pub const COMPUTE_SHARE: (f64, f64) = (0.38, 0.76);

/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// A duration or rate with its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The least it can be.
    pub low: f64,
    /// The most it can be.
    pub high: f64,
}

/// How the GPUs of one copy share the work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharing {
    /// GPUs that share each layer.
    pub tensor: u64,
    /// Stages that share the layers.
    pub stages: u64,
    /// Copies behind one entry.
    pub data: u64,
}

/// The requests that are served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requests {
    /// Tokens of a request's input.
    pub input: f64,
    /// Tokens of its answer.
    pub output: f64,
    /// Requests in a batch.
    pub batch: f64,
}

/// What bounds one GPU of a copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roofline {
    /// Bytes a second.
    bandwidth: f64,
    /// Operations a second.
    operations: f64,
    /// Bytes of weights that every step reads.
    dense: f64,
    /// Bytes of weights of all experts.
    experts: f64,
    /// The share of the experts that one token passes through.
    chosen: f64,
    /// Bytes of KV cache a token.
    kv: f64,
    /// Operations for one token, without attention.
    per_token: f64,
    /// Operations of attention for a pair of tokens.
    per_pair: f64,
    /// Layers of one stage.
    layers: f64,
    /// Seconds that a layer adds to a step at most.
    layer_seconds: f64,
    /// Seconds in which GPUs exchange the activations of a token, at most.
    exchange: f64,
    stages: f64,
    data: f64,
}

impl Roofline {
    /// The roofline of `model` on `gpu`, whose weights and KV cache `figures` tells.
    ///
    /// `eight_bits`: weights and activations are multiplied in 8-bit floats.
    ///
    /// # Errors
    /// The GPU's peak in that format is not known.
    pub fn of(
        model: &OpenModel,
        gpu: &Gpu,
        figures: &Figures,
        sharing: Sharing,
        eight_bits: bool,
    ) -> Result<Self, String> {
        let formats: &[&str] = if eight_bits {
            &["fp8", "bf16", "fp16"]
        } else {
            &["bf16", "fp16"]
        };
        let peak = formats.iter().find_map(|format| gpu.dense_tflops.get(*format));
        let peak = peak.ok_or_else(|| format!("the catalog has no peak of {}", gpu.id))?;
        let tensor = sharing.tensor.max(1) as f64;
        let stages = sharing.stages.max(1) as f64;
        // The input embedding is looked up, not read; a tied one is read as the output.
        let looked_up = if model.tied_embeddings {
            0.0
        } else {
            f64::from(model.vocab_size) * f64::from(model.hidden_size) * 2.0 / tensor / stages
        };
        let weights = (figures.weights.mid * GIB - looked_up).max(0.0);
        let share = expert_share(model);
        let chosen = model.moe.map_or(0.0, |moe| {
            f64::from(moe.experts_per_token) / f64::from(moe.experts.max(1))
        });
        let pairs = f64::from(model.layers.saturating_sub(model.linear_layers))
            * f64::from(model.heads)
            * f64::from(model.head_dim);
        Ok(Self {
            bandwidth: gpu.bandwidth_gb_s * 1e9,
            operations: peak * 1e12,
            dense: weights * (1.0 - share),
            experts: weights * share,
            chosen: chosen.min(1.0),
            kv: figures.kv_bytes_per_token as f64,
            per_token: 2.0 * model.active_parameters as f64 / tensor / stages,
            per_pair: 4.0 * pairs / tensor / stages,
            layers: f64::from(model.layers) / stages,
            layer_seconds: if sharing.tensor > 1 {
                SHARED_LAYER_SECONDS
            } else {
                LAYER_SECONDS.1
            },
            // Two sums over all GPUs a layer, of 16-bit activations; each GPU sends its part twice.
            exchange: 4.0 * (tensor - 1.0) / tensor * f64::from(model.hidden_size) * 2.0 * f64::from(model.layers)
                / stages
                / SLOW_LINK,
            stages,
            data: sharing.data.max(1) as f64,
        })
    }

    /// Seconds in which one GPU makes the next token of each of `batch` sequences of `context` tokens.
    pub fn step(&self, batch: f64, context: f64) -> Span {
        // Of experts that are chosen evenly, those that no token of the batch passes through are not read.
        let touched = 1.0 - (1.0 - self.chosen).powf(batch);
        let bytes = self.dense + self.experts * touched + batch * context * self.kv;
        let operations = batch * (self.per_token + context * self.per_pair);
        let seconds = |bandwidth: f64, compute: f64, layer: f64| {
            (bytes / (self.bandwidth * bandwidth)).max(operations / (self.operations * compute)) + self.layers * layer
        };
        Span {
            low: seconds(BANDWIDTH_SHARE.1, COMPUTE_SHARE.1, LAYER_SECONDS.0),
            high: (seconds(BANDWIDTH_SHARE.0, COMPUTE_SHARE.0, self.layer_seconds) + batch * self.exchange)
                .max(STEP_SECONDS + batch * SEQUENCE_SECONDS),
        }
    }

    /// Seconds in which one GPU reads a prompt of `tokens`.
    pub fn prefill(&self, tokens: f64) -> Span {
        // Each token attends to those before it: half of all pairs.
        let operations = tokens * self.per_token + tokens * tokens / 2.0 * self.per_pair;
        Span {
            low: operations / (self.operations * COMPUTE_SHARE.1),
            high: operations / (self.operations * COMPUTE_SHARE.0) + tokens * self.exchange,
        }
    }

    /// Tokens a second of one sequence that runs alone, with a short context.
    pub fn alone(&self) -> Span {
        let step = self.step(1.0, 0.0);
        Span {
            low: 1.0 / (step.high * self.stages),
            high: 1.0 / (step.low * self.stages),
        }
    }

    /// Requests a second of one copy, all its data-parallel parts together, with `batch` of them in each at a time.
    pub fn requests(&self, requests: Requests) -> Span {
        // Stages work at a time, each on its part of the batch.
        let batch = (requests.batch / self.stages).max(1.0);
        let step = self.step(batch, requests.input + requests.output / 2.0);
        let prefill = self.prefill(requests.input);
        let seconds = |step: f64, prefill: f64| requests.output * step + batch * prefill;
        let done = batch * self.data;
        Span {
            low: done / seconds(step.high, prefill.high),
            high: done / seconds(step.low, prefill.low),
        }
    }
}

/// The share of a model's bytes that its routed experts are.
fn expert_share(model: &OpenModel) -> f64 {
    let Some(moe) = model.moe else {
        return 0.0;
    };
    let chosen = f64::from(moe.experts_per_token) / f64::from(moe.experts.max(1));
    let all = model.parameters as f64;
    // What a token leaves out is the experts that it doesn't pass through.
    let experts = ((all - model.active_parameters as f64) / (1.0 - chosen).max(f64::EPSILON)).clamp(0.0, all);
    match Checkpoint::of(model) {
        Ok(found) if found.quantized > 0.0 => {
            let bytes = found.quantized * found.quantized_bytes + found.plain * found.plain_bytes;
            (experts.min(found.quantized) * found.quantized_bytes / bytes).clamp(0.0, 1.0)
        }
        _ => experts / all.max(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, GpuMatch};
    use crate::facts::memory::{Device, Inputs, plan};

    fn roofline(model: &str, gpu: &str, tensor: u64) -> Roofline {
        let catalog = Catalog::embedded();
        let model = catalog.open_model(model).expect("in the catalog");
        let GpuMatch::Exact(gpu) = catalog.gpu(gpu) else {
            panic!("in the catalog");
        };
        let inputs = Inputs {
            tensor_parallel: Some(tensor),
            max_model_len: Some(2048),
            ..Inputs::default()
        };
        let figures = plan(model, &Device::from(gpu), &inputs).figures.expect("figures");
        let sharing = Sharing {
            tensor,
            stages: 1,
            data: 1,
        };
        Roofline::of(model, gpu, &figures, sharing, false).expect("a peak")
    }

    #[test]
    fn measured_speeds_lie_in_the_range() {
        // gpt-fast's table for 16 bits on A100-80GB, one sequence: tokens a second on so many GPUs.
        for (model, tensor, measured) in [
            ("meta-llama/Llama-2-7b-hf", 1, 104.9),
            ("meta-llama/Llama-2-7b-hf", 2, 168.84),
            ("meta-llama/Llama-2-7b-hf", 4, 254.02),
            ("meta-llama/Llama-2-7b-hf", 8, 328.43),
            ("meta-llama/Llama-2-70b-hf", 2, 21.32),
            ("meta-llama/Llama-2-70b-hf", 4, 38.01),
            ("meta-llama/Llama-2-70b-hf", 8, 62.5),
        ] {
            let found = roofline(model, "A100-80GB", tensor).alone();
            assert!(
                found.low < measured && measured < found.high,
                "{model} × {tensor}: {found:?}"
            );
        }
    }

    #[test]
    fn measured_runs_of_vllm_lie_in_the_range() {
        // Qwen2-7B-Instruct on A100-80GB with requests of 1,024 + 1,024 tokens that come at once: GPUs, requests, output
        // tokens a second.
        for (tensor, batch, measured) in [
            (1, 1.0, 84.95),
            (1, 10.0, 715.92),
            (1, 20.0, 1387.31),
            (1, 50.0, 2356.12),
            (1, 100.0, 3352.15),
            (1, 200.0, 4442.73),
            (2, 1.0, 113.07),
            (2, 10.0, 735.47),
            (2, 50.0, 2291.62),
            (2, 100.0, 2895.58),
            (2, 200.0, 3700.99),
        ] {
            let found = roofline("Qwen/Qwen2-7B-Instruct", "A100-80GB", tensor).requests(Requests {
                input: 1024.0,
                output: 1024.0,
                batch,
            });
            let (low, high) = (found.low * 1024.0, found.high * 1024.0);
            assert!(
                low < measured && measured < high,
                "{tensor} GPUs, {batch} requests: {low} to {high}"
            );
        }
    }

    #[test]
    fn decoding_is_bandwidth_and_reading_is_operations() {
        // Llama 3.1 8B on an H100: 8,030,261,248 parameters less 128,256 × 4096 looked up are 7,504,924,672, at 2 bytes
        // 15.01 GB; over 3350 GB/s × 0.83 that is 5.398 ms, or 185.2 tokens a second.
        let found = roofline("meta-llama/Llama-3.1-8B-Instruct", "H100-80GB", 1);
        assert!((found.alone().high - 185.2).abs() < 2.0, "{found:?}");
        // 1,000 tokens: 2 × 8.03e9 × 1000 = 1.606e13, and 500,000 pairs × 4 × 32 × 32 × 128 = 2.62e11; together
        // 1.632e13 over 989e12 × 0.38 = 43.4 ms.
        assert!((found.prefill(1000.0).high - 0.0434).abs() < 0.0002);
        // KV: 64 sequences of 1,000 tokens × 131,072 bytes = 8.39 GB more than for one of none.
        let more = found.step(64.0, 1000.0).low - found.step(1.0, 0.0).low;
        assert!((more - 8.389e9 / (3350e9 * 0.83)).abs() < 1e-6);
    }

    #[test]
    fn a_tiny_model_waits_for_the_cpu() {
        // 125 million parameters are read in a fifth of a millisecond; 256 sequences wait 13 + 256 × 0.106 = 40.1 ms.
        let step = roofline("facebook/opt-125m", "H100-80GB", 1).step(256.0, 100.0);
        assert!((step.high - 0.0401).abs() < 0.0001, "{step:?}");
        assert!(step.low < 0.003, "{step:?}");
    }

    #[test]
    fn a_batch_reads_more_experts_than_one_token() {
        // Mixtral: 2 of 8 experts a token. A batch of 16 leaves (3/4)^16 = 1% of them unread, one token 75%.
        let found = roofline("mistralai/Mixtral-8x7B-Instruct-v0.1", "A100-80GB", 2);
        let ratio = found.step(16.0, 0.0).low / found.step(1.0, 0.0).low;
        // 12.88e9 active of 46.7e9: 46.4/12.9 ≈ 3.6.
        assert!((3.4..3.8).contains(&ratio), "{ratio}");
    }
}
