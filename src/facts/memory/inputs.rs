//! What a launch of vLLM sets, as far as memory goes.

use rust_decimal::prelude::ToPrimitive;

use super::{Drafting, draft};
use crate::engines::vllm::NEWEST;
use crate::engines::{EngineKind, Serving, Version};
use crate::units::Field;

/// `--max-model-len auto` and -1: seen in 0.17, not in 0.10.
const LENGTH_FITTED: Version = Version::new(0, 14, 0);

/// LoRA adapters that a deployment can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lora {
    /// Adapters at a time on the GPU.
    pub slots: u64,
    /// The largest rank.
    pub rank: u64,
}

/// What the launch sets. `None` is the engine's default for its release and GPU.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inputs {
    /// The engine where it is another than vLLM, whose words the settings are in.
    pub engine: Option<EngineKind>,
    /// The release; `None` where it is not stated (a published log), which takes the most demanding.
    pub version: Option<Version>,
    /// What the environment says of V1.
    pub use_v1: Option<bool>,
    /// What the environment says of V1's second model runner.
    pub use_second_runner: Option<bool>,
    /// Whether the engine is an object of a program (`LLM`), and no server.
    pub offline: bool,
    /// GPUs that share each layer.
    pub tensor_parallel: Option<u64>,
    /// Stages that share the layers.
    pub pipeline_parallel: Option<u64>,
    /// Copies behind one entry.
    pub data_parallel: Option<u64>,
    /// Whether experts are spread whole over the ranks.
    pub expert_parallel: bool,
    /// The share of the GPU's memory that may be used.
    pub gpu_memory_utilization: Option<f64>,
    /// The KV cache's size, which overrides the utilization.
    pub kv_cache_memory_bytes: Option<u64>,
    /// The longest sequence, tokens.
    pub max_model_len: Option<u64>,
    /// Whether the longest sequence is made as long as the KV cache holds, up to the model's own.
    pub fit_length: bool,
    /// The most sequences in a batch.
    pub max_num_seqs: Option<u64>,
    /// The most tokens in a batch.
    pub max_num_batched_tokens: Option<u64>,
    /// Tokens in a block of the KV cache.
    pub block_size: Option<u64>,
    /// The precision of weights and activations.
    pub dtype: Option<String>,
    /// How weights are quantized.
    pub quantization: Option<String>,
    /// The precision of the KV cache.
    pub kv_cache_dtype: Option<String>,
    /// GiB of weights kept in host memory, a GPU.
    pub cpu_offload_gib: f64,
    /// Whether CUDA graphs are off.
    pub enforce_eager: bool,
    /// Whether long prompts are split.
    pub chunked_prefill: Option<bool>,
    /// Whether the KV of shared prefixes is kept.
    pub prefix_caching: Option<bool>,
    /// Adapters.
    pub lora: Option<Lora>,
    /// Whether the model makes vectors or scores in place of tokens.
    pub pooling: bool,
    /// Whether multimodal parts are left out.
    pub language_model_only: bool,
    /// How tokens are drafted, where they are and what drafts them is known.
    pub drafting: Option<Drafting>,
    /// Settings that take memory which is not counted here: what they are.
    pub uncounted: Vec<String>,
    /// Settings that may change the model's shape: what they are.
    pub reshaped: Vec<String>,
    /// Defaults taken while these inputs were read.
    pub assumed: Vec<String>,
}

impl Inputs {
    /// What a launch sets.
    ///
    /// # Errors
    /// Names the first setting that decides memory and can't be told from the files.
    pub fn of(serving: &Serving) -> Result<Self, String> {
        let mut assumed = Vec::new();
        let version = match &serving.version {
            Field::Known(version, _) => *version,
            Field::Absent(_) | Field::Unknown(..) => {
                assumed.push(format!("assumed newest known version {NEWEST}"));
                NEWEST
            }
        };
        let mut uncounted = Vec::new();
        let drafting = serving.speculative.known().and_then(|text| draft::read(text));
        if drafting.is_none() && !serving.speculative.is_absent() {
            uncounted.push(draft::UNCOUNTED.to_owned());
        }
        if !serving.kv_transfer_config.is_absent() {
            uncounted.push(draft::CONNECTOR.to_owned());
        }
        if !serving.compilation_config.is_absent() {
            uncounted.push("the compilation config".to_owned());
        }
        let reshaped = match &serving.hf_overrides {
            Field::Absent(_) => Vec::new(),
            _ => vec!["--hf-overrides".to_owned()],
        };
        let lora = match stated(&serving.enable_lora, "--enable-lora")? {
            Some(true) => Some(Lora {
                slots: stated(&serving.max_loras, "--max-loras")?.unwrap_or(1),
                rank: stated(&serving.max_lora_rank, "--max-lora-rank")?.unwrap_or(16),
            }),
            _ => None,
        };
        let utilization = stated(&serving.gpu_memory_utilization, "--gpu-memory-utilization")?;
        let fit_length = serving.fits_length && version >= LENGTH_FITTED;
        let offload = stated(&serving.cpu_offload_gb, "--cpu-offload-gb")?;
        let task = stated(&serving.task, "--task")?;
        Ok(Self {
            engine: None,
            fit_length,
            version: Some(version),
            use_v1: stated(&serving.use_v1, "VLLM_USE_V1")?,
            use_second_runner: stated(&serving.use_second_runner, "VLLM_USE_V2_MODEL_RUNNER")?,
            offline: serving.offline,
            tensor_parallel: stated(&serving.tensor_parallel, "--tensor-parallel-size")?,
            pipeline_parallel: stated(&serving.pipeline_parallel, "--pipeline-parallel-size")?,
            data_parallel: stated(&serving.data_parallel, "--data-parallel-size")?,
            expert_parallel: stated(&serving.expert_parallel, "--enable-expert-parallel")?.unwrap_or(false),
            gpu_memory_utilization: utilization.and_then(|share| share.to_f64()),
            kv_cache_memory_bytes: stated(&serving.kv_cache_memory_bytes, "--kv-cache-memory-bytes")?,
            max_model_len: match fit_length {
                true => None,
                false => stated(&serving.max_model_len, "--max-model-len")?,
            },
            max_num_seqs: stated(&serving.max_num_seqs, "--max-num-seqs")?,
            max_num_batched_tokens: stated(&serving.max_num_batched_tokens, "--max-num-batched-tokens")?,
            block_size: stated(&serving.block_size, "--block-size")?,
            dtype: stated(&serving.dtype, "--dtype")?,
            quantization: stated(&serving.quantization, "--quantization")?,
            kv_cache_dtype: stated(&serving.kv_cache_dtype, "--kv-cache-dtype")?,
            cpu_offload_gib: offload.and_then(|gib| gib.to_f64()).unwrap_or(0.0),
            enforce_eager: stated(&serving.enforce_eager, "--enforce-eager")?.unwrap_or(false),
            chunked_prefill: stated(&serving.enable_chunked_prefill, "--enable-chunked-prefill")?,
            prefix_caching: stated(&serving.enable_prefix_caching, "--enable-prefix-caching")?,
            lora,
            pooling: task.is_some_and(|task| !matches!(task.as_str(), "generate" | "auto" | "draft" | "transcription")),
            language_model_only: stated(&serving.language_model_only, "--language-model-only")?.unwrap_or(false),
            drafting,
            uncounted,
            reshaped,
            assumed,
        })
    }
}

/// A field's value; an unknown one is an error that names it.
pub(super) fn stated<T: Clone>(field: &Field<T>, name: &str) -> Result<Option<T>, String> {
    match field {
        Field::Known(value, _) => Ok(Some(value.clone())),
        Field::Absent(_) => Ok(None),
        Field::Unknown(why, _) => Err(format!("{name} can't be told: {why}")),
    }
}
