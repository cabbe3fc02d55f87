//! What a line of each file of `catalog/` says. `catalog/README.md` tells the columns and their sources.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Date;

/// A row that is looked up by name.
pub(super) trait Named {
    /// Whether names differ by case: not where the ecosystem ignores it.
    const CASE_SENSITIVE: bool;
    /// The name that other rows refer to.
    fn id(&self) -> &str;
    /// Further exact names.
    fn aliases(&self) -> &[String] {
        &[]
    }
}

/// A model behind an API (`models.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiModel {
    /// The name as the provider's API takes it.
    pub id: String,
    /// Who bills it: `openai`, `anthropic`, `google`, `bedrock`, …
    pub provider: String,
    /// Further exact names of the same model at the same price.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it makes of text.
    pub kind: ModelKind,
    /// The generation it belongs to, such as `gpt-5`.
    pub family: String,
    /// Its place in the provider's line-up; `None` where the provider has no line-up or does not tell.
    pub tier: Option<Tier>,
    /// Whether it spends output tokens on reasoning before it answers.
    pub reasoning: bool,
    /// Tokens of input and output together; `None` where not known.
    pub context_window: Option<u64>,
    /// The most tokens of one answer; `None` where not known or bounded by the context window alone.
    pub max_output_tokens: Option<u64>,
    /// The day on which the provider announced the retirement.
    pub deprecated_on: Option<Date>,
    /// The day from which the provider's own platform refuses it, past or announced.
    pub retired_on: Option<Date>,
    /// The `id` of the row that the provider named as its replacement then; it can be retired by now.
    pub replacement: Option<String>,
    /// Where the row's figures were read.
    pub source: String,
    /// The day on which they were read.
    pub as_of: Date,
}

impl ApiModel {
    /// Whether the provider's own platform refuses it on `day`.
    #[must_use]
    pub fn is_retired(&self, day: Date) -> bool {
        self.retired_on.is_some_and(|retired| retired <= day)
    }
}

impl Named for ApiModel {
    const CASE_SENSITIVE: bool = true;

    fn id(&self) -> &str {
        &self.id
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }
}

/// What a model makes of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// An answer.
    Chat,
    /// A vector.
    Embedding,
}

/// A model's place in its provider's own line-up of the same generation, from the least capable up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// For many short, simple requests.
    Small,
    /// Between the two.
    Mid,
    /// The most capable.
    Frontier,
}

/// USD per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Of input that is not cached.
    pub input: Decimal,
    /// Of input read from the provider's cache; `None` where the provider has no such price.
    pub cached_input: Option<Decimal>,
    /// Of output, reasoning included; `None` for embeddings.
    pub output: Option<Decimal>,
}

/// A model with published weights: what its memory needs follow from (`open_models.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenModel {
    /// The repository that publishes it, such as `meta-llama/Llama-3.1-8B-Instruct`.
    pub id: String,
    /// Repositories whose model has the very same shape and format.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The class that its `config.json` names.
    pub architecture: String,
    /// All parameters.
    pub parameters: u64,
    /// Parameters that one token passes through; fewer than `parameters` in a mixture of experts.
    pub active_parameters: u64,
    /// The number format of parameters that are not quantized: `bfloat16`, `float16`, `float32`.
    pub dtype: String,
    /// How the published checkpoint is quantized, where it is.
    pub quantization: Option<Quantization>,
    /// Transformer layers.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden_size: u32,
    /// Width of a dense feed-forward layer.
    pub intermediate_size: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads.
    pub kv_heads: u32,
    /// Numbers in one head.
    pub head_dim: u32,
    /// Tokens in the vocabulary.
    pub vocab_size: u32,
    /// Whether input and output embedding are one matrix.
    pub tied_embeddings: bool,
    /// The longest context, in tokens, that engines derive from its config.
    pub max_context: u64,
    /// Whether the config stretches positions by a factor that was not read, so that engines derive a longer context.
    #[serde(default)]
    pub rope_factor_unread: bool,
    /// Layers that attend to the last tokens only.
    pub sliding_window: Option<SlidingWindow>,
    /// Layers that keep no memory per token (state-space, linear attention).
    #[serde(default)]
    pub linear_layers: u32,
    /// What some of those keep for a sequence, whatever its length.
    pub state: Option<State>,
    /// Layers that read the KV of another layer and keep none of their own.
    #[serde(default)]
    pub kv_shared_layers: u32,
    /// Layers beside `layers` and `parameters` that predict further tokens for speculative decoding (MTP); 0 where its
    /// config names none.
    #[serde(default)]
    pub mtp_layers: u32,
    /// Whether another publisher than the row's quantized it, who may have left other layers alone than the row tells.
    #[serde(skip)]
    pub other_recipe: bool,
    /// Heads of the layers without a window, where they differ from those with one.
    pub full_attention: Option<FullAttention>,
    /// Numbers in one head of values, where keys have another size.
    pub value_head_dim: Option<u32>,
    /// Attention to an encoder's output.
    pub cross_attention: Option<CrossAttention>,
    /// Whether it only makes vectors of whole texts, so that its attention has no cache.
    #[serde(default)]
    pub encoder_only: bool,
    /// Multi-head latent attention, where it has that.
    pub mla: Option<Mla>,
    /// Attention to compressed entries beside a window, where it has that.
    pub compressed_attention: Option<CompressedAttention>,
    /// Keys that layers keep beside their own keys and values to choose what they attend to.
    pub index_keys: Option<IndexKeys>,
    /// Mixture of experts, where it is one.
    pub moe: Option<Moe>,
    /// Whether it also takes images, audio or video.
    #[serde(default)]
    pub multimodal: bool,
    /// Parameters of the encoders of images, audio or video, with what joins them to the model; `None` where not known.
    pub tower_parameters: Option<u64>,
    /// The work of the encoder of images or video, where known.
    pub encoder: Option<Encoder>,
    /// Parameters of all input embeddings, where they are more than vocabulary × width.
    pub embedding_parameters: Option<u64>,
    /// Parameters that a quantized checkpoint keeps in `dtype`; `None` where not known.
    pub unquantized_parameters: Option<u64>,
    /// Bytes of the published checkpoint, where known.
    pub weights_bytes: Option<u64>,
    /// Where the row's figures were read.
    pub source: String,
    /// The day on which they were read.
    pub as_of: Date,
}

impl Named for OpenModel {
    const CASE_SENSITIVE: bool = false;

    fn id(&self) -> &str {
        &self.id
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }
}

/// A model whose memory is not worked out here: its name is known, and what it makes (`other_models.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherModel {
    /// The repository that publishes it, or its name in NVIDIA's catalog.
    pub id: String,
    /// Further names of it, and models of the same kind by the same publisher.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it makes, such as `speech of text`.
    pub makes: String,
    /// Where that was read.
    pub source: String,
    /// The day on which it was read.
    pub as_of: Date,
}

impl Named for OtherModel {
    const CASE_SENSITIVE: bool = false;

    fn id(&self) -> &str {
        &self.id
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }
}

/// How a checkpoint is quantized.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Quantization {
    /// `fp8`, `gptq`, `awq`, `mxfp4`, …
    pub method: String,
    /// Bits of one quantized parameter, without its scales.
    pub bits: u32,
    /// Parameters that share a scale, where not the format's usual number; 0 for a scale per channel or matrix.
    pub group_size: Option<u32>,
    /// The precision of the KV cache that the checkpoint brings scales for, such as `fp8`.
    pub kv_cache: Option<String>,
    /// Bits of a parameter of the linear layers outside the experts, where they are stored in another way than those.
    pub linear_bits: Option<u32>,
}

impl Quantization {
    /// Bits of one quantized parameter with its share of scales and zero points.
    #[must_use]
    pub fn stored_bits(&self) -> f64 {
        let bits = f64::from(self.bits);
        let shared_by = |usual: u32| match self.group_size.unwrap_or(usual) {
            0 => f64::INFINITY,
            size => f64::from(size),
        };
        bits + match (self.method.as_str(), self.bits) {
            // An 8-bit exponent.
            (method, 4) if method.contains("mxfp4") => 8.0 / shared_by(32),
            // An 8-bit scale.
            (method, 4) if method.contains("nvfp4") || method.contains("modelopt") => 8.0 / shared_by(16),
            // An 8-bit scale for 64 values, and a 32-bit one for 256 of those.
            ("bitsandbytes", 4) => 0.127,
            // A 16-bit scale.
            ("compressed-tensors", 1..=8) => 16.0 / shared_by(128),
            // A 16-bit scale, and a zero of as many bits as a parameter.
            ("gptq" | "awq" | "hqq" | "awq_marlin" | "gptq_marlin", 1..=8) => (16.0 + bits) / shared_by(128),
            // A 16-bit scale and a 16-bit bias.
            ("mlx", 1..=8) => 32.0 / shared_by(64),
            ("gguf", _) => 0.5,
            (_, 1..=4) => (16.0 + bits) / shared_by(128),
            _ => 0.0,
        }
    }
}

/// Layers that attend to the last tokens only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SlidingWindow {
    /// How many tokens back they attend.
    pub size: u64,
    /// How many of the layers do.
    pub layers: u32,
}

/// What a state-space or linear-attention layer keeps for a sequence: numbers over all ranks, which share them evenly.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Layers that keep one.
    pub layers: u32,
    /// Numbers of the last inputs of its convolution, a layer.
    pub conv: u64,
    /// Numbers of its recurrent state, a layer.
    pub recurrent: u64,
    /// Number format of the recurrent state, where not the model's own.
    pub recurrent_dtype: Option<String>,
}

impl State {
    /// Bytes a layer, over all ranks, where the model's own numbers take `element` bytes.
    pub fn bytes(&self, element: f64) -> f64 {
        let recurrent = match self.recurrent_dtype.as_deref() {
            Some("float32") => 4.0,
            _ => element,
        };
        self.conv as f64 * element + self.recurrent as f64 * recurrent
    }
}

/// Heads of the layers that attend to every token, in a model whose other layers have a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FullAttention {
    /// Key and value heads.
    pub kv_heads: u32,
    /// Numbers in one head.
    pub head_dim: u32,
}

/// Layers that also attend to an encoder's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CrossAttention {
    /// How many do.
    pub layers: u32,
    /// The most tokens that the encoder gives.
    pub tokens: u64,
}

/// Multi-head latent attention: one compressed vector per token and layer in place of keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Mla {
    /// Numbers of the compressed keys and values.
    pub kv_lora_rank: u32,
    /// Numbers of a key that carry the position.
    pub qk_rope_head_dim: u32,
    /// Numbers of a key that do not.
    pub qk_nope_head_dim: u32,
    /// Numbers of a value.
    pub v_head_dim: u32,
    /// Numbers of the key of the indexer that chooses which tokens are attended to, where it has one.
    pub indexer_head_dim: Option<u32>,
    /// Layers with an indexer, where not all have one.
    pub indexer_layers: Option<u32>,
}

/// Attention to one compressed entry for several tokens, beside a window of all tokens: every layer has the window, one
/// vector is key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CompressedAttention {
    /// Layers that keep an entry for 4 tokens, which an indexer chooses from.
    pub every_4: u32,
    /// Layers that keep an entry for 128 tokens.
    pub every_128: u32,
    /// Tokens of the window.
    pub window: u64,
    /// Numbers of the indexer's key.
    pub index_head_dim: u32,
}

/// Keys of an indexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IndexKeys {
    /// Layers that keep them.
    pub layers: u32,
    /// Numbers of one key, in the precision of activations.
    pub size: u32,
}

/// An encoder of images or video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    /// Its width.
    pub hidden_size: u32,
    /// The width of its feed-forward layers.
    pub intermediate_size: u32,
    /// Patches that make one token of the model.
    pub patches: u32,
    /// Tokens of the largest image, or of a video where that is one size.
    pub tokens: u64,
    /// Tokens of the longest video, made of images of the largest size, where it is longer than that.
    pub video_tokens: Option<u64>,
    /// Outputs a token, each as wide as the model, where it is more than one.
    pub outputs: Option<u32>,
}

/// A mixture of experts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Moe {
    /// Experts in a layer that the router chooses from.
    pub experts: u32,
    /// How many of them a token passes through.
    pub experts_per_token: u32,
    /// Width of one expert.
    pub intermediate_size: u32,
    /// Experts that every token passes through.
    #[serde(default)]
    pub shared_experts: u32,
    /// Layers without experts.
    #[serde(default)]
    pub dense_layers: u32,
    /// Whether an expert has a gate beside its two matrices.
    #[serde(default = "yes")]
    pub gated: bool,
    /// Width of what experts take in, where not that of the residual stream.
    pub input_size: Option<u32>,
    /// Width of all shared experts together, where not their number times that of one expert.
    pub shared_intermediate_size: Option<u32>,
}

fn yes() -> bool {
    true
}

/// A GPU (`gpus.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// Its name here, such as `H100-80GB`.
    pub id: String,
    /// Labels and spellings of it, exact but for case.
    pub names: Vec<String>,
    /// Labels that other GPUs bear too.
    #[serde(default)]
    pub ambiguous_names: Vec<String>,
    /// `nvidia`, `amd`, …
    pub vendor: String,
    /// Memory in GiB as the driver reports it.
    pub memory_gib: f64,
    /// Memory in GB as the maker sells it.
    pub marketing_gb: u32,
    /// Memory bandwidth in GB (10⁹ bytes) a second.
    pub bandwidth_gb_s: f64,
    /// Peak without sparsity in 10¹² operations a second, by number format (`bf16`, `fp8`, …).
    pub dense_tflops: BTreeMap<String, f64>,
    /// NVIDIA's compute capability, such as `9.0`.
    pub compute_capability: Option<String>,
    /// The slices that it can be cut into (NVIDIA's Multi-Instance GPU).
    #[serde(default)]
    pub mig: Vec<MigProfile>,
    /// The `id` of the GPU that this is a slice of; `None` for a whole one.
    #[serde(skip)]
    pub slice_of: Option<String>,
    /// Where the row's figures were read.
    pub source: String,
    /// The day on which they were read.
    pub as_of: Date,
}

impl Gpu {
    /// Its slices, each as a GPU of its own: `H100-80GB-MIG-3g.40gb`. Their labels are those that NVIDIA's feature
    /// discovery gives them (`NVIDIA-H100-80GB-HBM3-MIG-3g.40gb`); as a resource (`nvidia.com/mig-3g.40gb`) slices of
    /// several GPUs have one name.
    pub(super) fn slices(&self) -> impl Iterator<Item = Self> {
        self.mig.iter().map(|slice| {
            let profile = &slice.profile;
            let product = |name: &&String| name.starts_with("NVIDIA-");
            Self {
                id: format!("{}-MIG-{profile}", self.id),
                names: self
                    .names
                    .iter()
                    .filter(product)
                    .map(|name| format!("{name}-MIG-{profile}"))
                    .collect(),
                ambiguous_names: vec![
                    format!("nvidia.com/mig-{profile}"),
                    format!("mig-{profile}"),
                    profile.clone(),
                ],
                memory_gib: slice.memory_gib,
                bandwidth_gb_s: self.bandwidth_gb_s * slice.bandwidth_share,
                dense_tflops: self
                    .dense_tflops
                    .iter()
                    .map(|(format, tflops)| (format.clone(), tflops * slice.compute_share))
                    .collect(),
                mig: Vec::new(),
                slice_of: Some(self.id.clone()),
                ..self.clone()
            }
        })
    }
}

impl Named for Gpu {
    const CASE_SENSITIVE: bool = false;

    fn id(&self) -> &str {
        &self.id
    }

    fn aliases(&self) -> &[String] {
        &self.names
    }
}

/// A slice of a GPU that NVIDIA's Multi-Instance GPU can make.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigProfile {
    /// Its name, such as `3g.40gb`.
    pub profile: String,
    /// Memory in GiB as the driver reports it.
    pub memory_gib: f64,
    /// Its share of the GPU's memory bandwidth.
    pub bandwidth_share: f64,
    /// Its share of the GPU's multiprocessors.
    pub compute_share: f64,
}

/// A machine with GPUs that a cloud rents out (`instances.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// `aws`, `gcp`, `azure`, …
    pub cloud: String,
    /// The cloud's name for it, such as `p5.48xlarge`.
    pub name: String,
    /// The `id` of its GPUs.
    pub gpu: String,
    /// How many of them it has.
    pub gpu_count: u32,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Main memory in GiB.
    pub memory_gib: f64,
    /// The region of the price.
    pub region: String,
    /// The on-demand price in USD an hour of the whole machine; `None` where there is none.
    pub usd_per_hour: Option<Decimal>,
    /// The price in USD an hour while the cloud may take it back at any time, where the same source tells one. It changes
    /// from day to day.
    pub spot_usd_per_hour: Option<Decimal>,
    /// Where the row's figures were read.
    pub source: String,
    /// The day on which they were read.
    pub as_of: Date,
}

/// A study or measurement that rules cite (`evidence.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The name that rules and numbers cite.
    pub id: String,
    /// What it found, in one sentence.
    pub claim: String,
    /// The low end of the figure as published; 0 where the source says "up to".
    pub low: Option<Decimal>,
    /// The high end of the figure as published.
    pub high: Option<Decimal>,
    /// What the figure counts; told wherever there is one.
    pub unit: Option<String>,
    /// What it costs, or what weakens the finding.
    pub downside: Option<String>,
    /// Title of the publication.
    pub title: String,
    /// Where to read it.
    pub url: String,
    /// Year of publication.
    pub year: u16,
    /// The day on which it was read.
    pub as_of: Date,
}

impl Named for Evidence {
    const CASE_SENSITIVE: bool = true;

    fn id(&self) -> &str {
        &self.id
    }
}

/// A figure of the note "Numbers every LLM developer should know" of 2023 and how to compute today's (`numbers.jsonl`).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// Its name here.
    pub id: String,
    /// What it tells.
    pub name: String,
    /// What the note said.
    pub then: String,
    /// How the note came to it.
    pub then_reason: String,
    /// The note.
    pub then_source: String,
    /// What sort of figure it is.
    pub kind: NumberKind,
    /// What it means and how today's figure is made.
    pub about: String,
    /// How today's figure is computed.
    pub today: Today,
    /// Rows of `evidence.jsonl` about it.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Where the row's figures were read.
    pub source: String,
    /// The day on which they were read.
    pub as_of: Date,
}

impl Named for Number {
    const CASE_SENSITIVE: bool = true;

    fn id(&self) -> &str {
        &self.id
    }
}

/// What sort of figure a [`Number`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberKind {
    /// Someone measured it.
    Measurement,
    /// It follows from prices.
    Price,
    /// The size of something.
    Size,
    /// It follows from a formula.
    Arithmetic,
}

/// One of the prices of an [`ApiModel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceOf {
    /// [`Price::input`]
    Input,
    /// [`Price::cached_input`]
    CachedInput,
    /// [`Price::output`]
    Output,
}

/// How today's figure of a [`Number`] is computed. Models, GPUs and evidence are ids of their files.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Today {
    /// Nothing to compute: what these studies found.
    Cited {
        /// Rows of `evidence.jsonl`.
        evidence: Vec<String>,
    },
    /// Nothing to compute: true by definition.
    Fixed {
        /// The figure.
        value: Decimal,
        /// What it counts.
        unit: String,
    },
    /// For each pair: that price of `of` over that price of `to`.
    PriceRatio {
        /// The model above the line.
        of: String,
        /// The model below the line.
        to: String,
        /// Which price of the one over which of the other.
        prices: Vec<(PriceOf, PriceOf)>,
    },
    /// That price of a model over the price of a million tokens at `tokens_per_second` on an instance.
    HostingRatio {
        /// The model behind an API.
        model: String,
        /// Which of its prices.
        price: PriceOf,
        /// The cloud of the instance.
        cloud: String,
        /// Its name there.
        instance: String,
        /// Tokens a second that one instance was measured to process.
        tokens_per_second: u64,
    },
    /// USD of a training run: 6 × parameters × tokens / (dense peak × utilization) seconds of one GPU of the instance.
    TrainingCost {
        /// Parameters of the model.
        parameters: u64,
        /// Tokens it is trained on.
        tokens: u64,
        /// The cloud of the instance.
        cloud: String,
        /// Its name there.
        instance: String,
        /// The number format whose peak counts.
        precision: String,
        /// The share of the peak that training reaches.
        utilization: Decimal,
    },
    /// `tokens` over `to_tokens`.
    TokenRatio {
        /// Tokens above the line.
        tokens: u64,
        /// Tokens below the line.
        to_tokens: u64,
    },
    /// GiB of memory of each.
    GpuMemory {
        /// Rows of `gpus.jsonl`.
        gpus: Vec<String>,
    },
    /// Bytes of the weights as published over `parameters`, of each.
    BytesPerParameter {
        /// Rows of `open_models.jsonl`.
        models: Vec<String>,
    },
    /// Bytes of the weights as published, of each.
    WeightBytes {
        /// Rows of `open_models.jsonl`.
        models: Vec<String>,
    },
    /// Bytes of KV cache for one token of each: 2 × layers × KV heads × head size × `bytes`.
    KvBytesPerToken {
        /// Rows of `open_models.jsonl`.
        models: Vec<String>,
        /// Bytes of one number in the cache.
        bytes: u32,
    },
}
