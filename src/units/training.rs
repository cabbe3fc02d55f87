//! A training run: a model that is pre-trained or fine-tuned on GPUs.

use rust_decimal::Decimal;

use super::{Field, GpuRequest};
use crate::source::Place;

/// A pre-training or fine-tuning run, as its config or command line states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Training {
    /// Its identity: path, and what tells it from others in the file.
    pub name: String,
    /// The format that it was read as.
    pub format: &'static str,
    /// Where it stands.
    pub place: Place,
    /// The program or library that trains, as people write it.
    pub framework: &'static str,
    /// The model that it starts from, or whose shape it takes.
    pub model: Field<String>,
    /// What is trained.
    pub method: Field<Method>,
    /// Number format of the arithmetic: `bf16`, `fp16`, `tf32`, `fp32`, `fp8`. Absent where it is not stated; the frameworks'
    /// defaults differ.
    pub precision: Field<String>,
    /// Number format in which the weights that are trained are kept.
    pub weights: Field<String>,
    /// Number format of the frozen base weights, where they are quantized: `4bit`, `8bit`, `gptq`, ….
    pub quantization: Field<String>,
    /// Rank of the adapters.
    pub lora_rank: Field<u64>,
    /// Modules that get adapters, as written (`q_proj`, `all-linear`).
    pub lora_targets: Field<Vec<String>>,
    /// Longest sequence, tokens.
    pub sequence_len: Field<u64>,
    /// Sequences of one forward pass on one GPU.
    pub micro_batch: Field<u64>,
    /// Passes before an optimizer step.
    pub accumulation: Field<u64>,
    /// Passes over the data.
    pub epochs: Field<Decimal>,
    /// Optimizer steps, where they bound the run.
    pub steps: Field<u64>,
    /// Tokens that the run sees, where they are stated.
    pub tokens: Field<Decimal>,
    /// Whether activations are computed again in the backward pass.
    pub gradient_checkpointing: Field<bool>,
    /// The optimizer, as written.
    pub optimizer: Field<String>,
    /// How states are shared over the GPUs.
    pub sharding: Field<Sharding>,
    /// Whether optimizer states are kept in host memory.
    pub offload_optimizer: Field<bool>,
    /// Whether parameters are kept in host memory.
    pub offload_parameters: Field<bool>,
    /// GPUs that share each layer.
    pub tensor_parallel: Field<u64>,
    /// Stages that share the layers.
    pub pipeline_parallel: Field<u64>,
    /// GPUs that share each sequence.
    pub context_parallel: Field<u64>,
    /// Whether attention never holds the whole score matrix (FlashAttention, SDPA, xFormers).
    pub fused_attention: Field<bool>,
    /// Whether the loss never holds all logits (chunked or fused cross entropy, Liger).
    pub fused_loss: Field<bool>,
    /// Whether checkpoints are saved during the run.
    pub saves_checkpoints: Field<bool>,
    /// GPUs of one machine, and of which kind.
    pub gpu: GpuRequest,
    /// Machines.
    pub nodes: Field<u64>,
    /// Files that state more of the same run, as named: a config, DeepSpeed's settings.
    pub configs: Vec<(String, Place)>,
    /// Whether this is only a part of a run (DeepSpeed's or Accelerate's settings), which another file names.
    pub is_part: bool,
}

/// What a run trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All weights, from random ones.
    Pretraining,
    /// All weights, from a checkpoint.
    Full,
    /// Adapters over frozen weights.
    Lora,
    /// Adapters over frozen quantized weights.
    Qlora,
}

impl Method {
    /// Its name in facts.
    pub fn name(self) -> &'static str {
        match self {
            Method::Pretraining => "pretraining",
            Method::Full => "full",
            Method::Lora => "lora",
            Method::Qlora => "qlora",
        }
    }
}

/// How the states of training are shared over data-parallel GPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharding {
    /// Every GPU holds all: DDP, ZeRO stage 0.
    None,
    /// Optimizer states are shared: ZeRO stage 1.
    Optimizer,
    /// Optimizer states and gradients: ZeRO stage 2, FSDP `SHARD_GRAD_OP`.
    Gradients,
    /// Parameters too: ZeRO stage 3, FSDP `FULL_SHARD`.
    Parameters,
}

impl Sharding {
    /// Its name in facts, by ZeRO's stages.
    pub fn name(self) -> &'static str {
        match self {
            Sharding::None => "none",
            Sharding::Optimizer => "optimizer",
            Sharding::Gradients => "gradients",
            Sharding::Parameters => "parameters",
        }
    }
}

impl Training {
    /// A run of which nothing is stated yet.
    pub fn new(name: String, format: &'static str, framework: &'static str, place: Place) -> Self {
        Self {
            name,
            format,
            place,
            framework,
            model: Field::default(),
            method: Field::default(),
            precision: Field::default(),
            weights: Field::default(),
            quantization: Field::default(),
            lora_rank: Field::default(),
            lora_targets: Field::default(),
            sequence_len: Field::default(),
            micro_batch: Field::default(),
            accumulation: Field::default(),
            epochs: Field::default(),
            steps: Field::default(),
            tokens: Field::default(),
            gradient_checkpointing: Field::default(),
            optimizer: Field::default(),
            sharding: Field::default(),
            offload_optimizer: Field::default(),
            offload_parameters: Field::default(),
            tensor_parallel: Field::default(),
            pipeline_parallel: Field::default(),
            context_parallel: Field::default(),
            fused_attention: Field::default(),
            fused_loss: Field::default(),
            saves_checkpoints: Field::default(),
            gpu: GpuRequest::default(),
            nodes: Field::default(),
            configs: Vec::new(),
            is_part: false,
        }
    }

    /// Takes from `part` what this run leaves unsaid.
    pub fn complete(&mut self, part: &Training) {
        fn fill<T: Clone>(own: &mut Field<T>, other: &Field<T>) {
            if own.is_absent() && !other.is_absent() {
                *own = other.clone();
            }
        }
        fill(&mut self.model, &part.model);
        fill(&mut self.method, &part.method);
        fill(&mut self.precision, &part.precision);
        fill(&mut self.weights, &part.weights);
        fill(&mut self.quantization, &part.quantization);
        fill(&mut self.lora_rank, &part.lora_rank);
        fill(&mut self.lora_targets, &part.lora_targets);
        fill(&mut self.sequence_len, &part.sequence_len);
        fill(&mut self.micro_batch, &part.micro_batch);
        fill(&mut self.accumulation, &part.accumulation);
        fill(&mut self.epochs, &part.epochs);
        fill(&mut self.steps, &part.steps);
        fill(&mut self.tokens, &part.tokens);
        fill(&mut self.gradient_checkpointing, &part.gradient_checkpointing);
        fill(&mut self.optimizer, &part.optimizer);
        fill(&mut self.sharding, &part.sharding);
        fill(&mut self.offload_optimizer, &part.offload_optimizer);
        fill(&mut self.offload_parameters, &part.offload_parameters);
        fill(&mut self.tensor_parallel, &part.tensor_parallel);
        fill(&mut self.pipeline_parallel, &part.pipeline_parallel);
        fill(&mut self.context_parallel, &part.context_parallel);
        fill(&mut self.fused_attention, &part.fused_attention);
        fill(&mut self.fused_loss, &part.fused_loss);
        fill(&mut self.saves_checkpoints, &part.saves_checkpoints);
        fill(&mut self.gpu.count, &part.gpu.count);
        fill(&mut self.nodes, &part.nodes);
        if self.gpu.labels.is_empty() {
            self.gpu.labels.clone_from(&part.gpu.labels);
        }
        self.configs.extend(part.configs.iter().cloned());
    }
}
