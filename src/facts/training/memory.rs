//! The memory of a training run on one GPU. Every formula and its source stands in `docs/training.md`.
//!
//! What a config leaves open (in which format a framework keeps weights, what its kernels hold on to) is a range: the
//! verdict holds over the whole of it. Nothing is keyed by a model's or a framework's name.

use crate::catalog::OpenModel;
use crate::units::{Field, Method, Sharding, Training};

/// Bytes in a GiB.
const GIB: f64 = 1_073_741_824.0;

/// Bytes a number of 4 bits takes with the scales of its block of 64: with the scales quantized again, and without.
const NF4: (f64, f64) = (0.516, 0.5625);
/// Bytes a number of 8 bits takes, with its scales.
const INT8: (f64, f64) = (1.0, 1.03);

/// An estimate's ends, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bytes {
    /// The least it can be.
    pub low: f64,
    /// The most it can be.
    pub high: f64,
}

impl Bytes {
    fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    fn times(self, factor: f64) -> Self {
        Self::new(self.low * factor, self.high * factor)
    }
}

/// What a run is judged by: its stated settings, and the model's shape.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// The model.
    pub model: &'a OpenModel,
    /// What is trained.
    pub method: Method,
    /// Bits of the frozen base weights; 16 where they are not quantized.
    pub base_bits: u32,
    /// Bytes of a trained weight, where that is stated.
    pub weight_bytes: Option<f64>,
    /// Parameters that are trained.
    pub trained: f64,
    /// The longest sequence, tokens.
    pub sequence: u64,
    /// Sequences of a pass on one GPU.
    pub micro_batch: u64,
    /// Whether activations are computed again; `None` where it is not stated.
    pub checkpointing: Option<bool>,
    /// The optimizer, as written.
    pub optimizer: Option<String>,
    /// How states are shared; `None` where it is not stated.
    pub sharding: Option<Sharding>,
    /// Whether optimizer states are in host memory.
    pub offload_optimizer: bool,
    /// Whether parameters are in host memory.
    pub offload_parameters: bool,
    /// GPUs that share states; `None` where it is not stated.
    pub gpus: Option<u64>,
    /// GPUs that share each layer.
    pub tensor_parallel: u64,
    /// Stages that share the layers.
    pub pipeline_parallel: u64,
    /// GPUs that share each sequence.
    pub context_parallel: u64,
    /// Whether attention is fused; `None` where it is not stated.
    pub fused_attention: Option<bool>,
    /// Whether the loss is.
    pub fused_loss: Option<bool>,
}

/// The memory of one GPU by part, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Memory {
    /// Weights.
    pub weights: Bytes,
    /// Gradients.
    pub gradients: Bytes,
    /// The optimizer's states.
    pub optimizer: Bytes,
    /// Activations that the backward pass needs.
    pub activations: Bytes,
    /// Scores over the vocabulary, and their gradients.
    pub logits: Bytes,
    /// CUDA's context, kernels' workspaces, and what the allocator can't use.
    pub overhead: Bytes,
}

impl Memory {
    /// The parts with their names.
    pub fn parts(&self) -> [(&'static str, Bytes); 6] {
        [
            ("weights", self.weights),
            ("gradients", self.gradients),
            ("optimizer", self.optimizer),
            ("activations", self.activations),
            ("logits", self.logits),
            ("overhead", self.overhead),
        ]
    }

    /// GiB from least to most.
    pub fn total_gib(&self) -> (f64, f64) {
        let sum = |pick: fn(&Bytes) -> f64| self.parts().iter().map(|(_, bytes)| pick(bytes)).sum::<f64>() / GIB;
        (sum(|bytes| bytes.low), sum(|bytes| bytes.high))
    }
}

impl<'a> Run<'a> {
    /// What `training` states of a run of `model`.
    ///
    /// # Errors
    /// Names the setting without which nothing can be said.
    pub fn of(training: &Training, model: &'a OpenModel) -> Result<Self, String> {
        let needed = |field: &Field<u64>, what: &str| match field {
            Field::Known(value, _) => Ok(*value),
            Field::Absent(_) => Err(format!("{what} is not stated")),
            Field::Unknown(why, _) => Err(format!("{what} can't be told: {why}")),
        };
        let method = match &training.method {
            Field::Known(method, _) => *method,
            Field::Absent(_) => return Err("whether all weights or adapters are trained is not stated".to_owned()),
            Field::Unknown(why, _) => return Err(why.clone()),
        };
        let base_bits = match training.quantization.known().map(String::as_str) {
            Some(text) if text.starts_with('4') || text.contains("nf4") || text.contains("int4") => 4,
            Some(text) if text.starts_with('8') => 8,
            Some(other) => return Err(format!("base weights of `{other}` are not worked out")),
            None if matches!(method, Method::Qlora) => 4,
            None => 16,
        };
        let trained = match method {
            Method::Pretraining | Method::Full => model.parameters as f64,
            Method::Lora | Method::Qlora => {
                let rank = training.lora_rank.known().copied().unwrap_or(8);
                adapters(model, rank, training.lora_targets.known().map(Vec::as_slice))
            }
        };
        let bytes_of = |name: &String| match name.as_str() {
            "bf16" | "fp16" => Some(2.0),
            "fp32" => Some(4.0),
            _ => None,
        };
        Ok(Self {
            model,
            method,
            base_bits,
            weight_bytes: training.weights.known().and_then(bytes_of),
            trained,
            sequence: needed(&training.sequence_len, "the longest sequence")?,
            micro_batch: needed(&training.micro_batch, "the batch of one GPU")?,
            checkpointing: training.gradient_checkpointing.known().copied(),
            optimizer: training.optimizer.known().cloned(),
            sharding: training.sharding.known().copied(),
            offload_optimizer: training.offload_optimizer.known() == Some(&true),
            offload_parameters: training.offload_parameters.known() == Some(&true),
            gpus: match (training.gpu.count.known(), training.nodes.known()) {
                (Some(count), nodes) => Some(count.saturating_mul(nodes.copied().unwrap_or(1)).max(1)),
                (None, _) => None,
            },
            tensor_parallel: training.tensor_parallel.known().copied().unwrap_or(1).max(1),
            pipeline_parallel: training.pipeline_parallel.known().copied().unwrap_or(1).max(1),
            context_parallel: training.context_parallel.known().copied().unwrap_or(1).max(1),
            fused_attention: training.fused_attention.known().copied(),
            fused_loss: training.fused_loss.known().copied(),
        })
    }

    /// The memory of the fullest GPU.
    pub fn memory(&self) -> Memory {
        let model = self.model;
        let parameters = model.parameters as f64 / (self.tensor_parallel * self.pipeline_parallel) as f64;
        let trained = self.trained / (self.tensor_parallel * self.pipeline_parallel) as f64;
        let frozen = matches!(self.method, Method::Lora | Method::Qlora);
        let share = self.shares();

        // Frozen weights in their own format; embeddings, output and norms stay in 16 bits, or are cast to 32.
        let weights = if frozen {
            let ends = f64::from(model.vocab_size)
                * f64::from(model.hidden_size)
                * if model.tied_embeddings { 1.0 } else { 2.0 }
                / (self.tensor_parallel * self.pipeline_parallel) as f64;
            let linear = (parameters - ends).max(0.0);
            let (least, most) = match self.base_bits {
                4 => NF4,
                8 => INT8,
                _ => (2.0, self.weight_bytes.unwrap_or(2.0)),
            };
            let plain = if self.base_bits < 16 { 4.0 } else { most };
            Bytes::new(linear * least + ends * 2.0, linear * most + ends * plain)
        } else {
            match self.weight_bytes {
                Some(bytes) => Bytes::new(parameters * bytes, parameters * (bytes + 2.0)),
                // Weights in 16 bits alone, or in 32 with a copy in 16.
                None => Bytes::new(parameters * 2.0, parameters * 6.0),
            }
        };
        let adapters = if frozen {
            Bytes::new(trained * 2.0, trained * 4.0)
        } else {
            Bytes::default()
        };
        let gradients = match self.weight_bytes {
            Some(bytes) if !frozen => Bytes::new(0.0, trained * bytes.max(2.0)),
            _ => Bytes::new(if frozen { trained * 2.0 } else { 0.0 }, trained * 4.0),
        };
        let optimizer = self.optimizer_bytes();
        let optimizer = Bytes::new(trained * optimizer.low, trained * optimizer.high);

        let weights = Bytes::new(
            weights.low * share.parameters.low + adapters.low * share.parameters.low,
            weights.high * share.parameters.high + adapters.high,
        );
        // Sharded parameters are gathered layer by layer: the largest piece stands whole.
        let gathered = match self.sharding {
            Some(Sharding::Parameters) => {
                let layer = parameters / f64::from(model.layers.max(1));
                let ends = f64::from(model.vocab_size) * f64::from(model.hidden_size);
                Bytes::new(layer, 4.0 * (2.0 * layer + ends))
            }
            _ => Bytes::default(),
        };
        let weights = if self.offload_parameters {
            Bytes::new(0.0, weights.high.min(gathered.high))
        } else {
            Bytes::new(weights.low, weights.high + gathered.high)
        };
        let overhead_low = 0.3 * GIB;
        let mut memory = Memory {
            weights,
            gradients: Bytes::new(
                gradients.low * share.gradients.low,
                gradients.high * share.gradients.high,
            ),
            optimizer: if self.offload_optimizer {
                Bytes::default()
            } else {
                Bytes::new(
                    optimizer.low * share.optimizer.low,
                    optimizer.high * share.optimizer.high,
                )
            },
            activations: self.activations(),
            logits: self.logits(),
            overhead: Bytes::default(),
        };
        let sum: f64 = memory.parts().iter().map(|(_, bytes)| bytes.high).sum();
        memory.overhead = Bytes::new(overhead_low, 2.0 * GIB + 0.1 * sum);
        memory
    }

    /// The share of each state that one GPU holds.
    fn shares(&self) -> Shares {
        let whole = Bytes::new(1.0, 1.0);
        let ranks = self.gpus.map(|gpus| {
            let ranks = gpus / (self.tensor_parallel * self.pipeline_parallel).max(1);
            ranks.max(1) as f64
        });
        // Where the number of GPUs is open, as many as one likes may share.
        let parted = match ranks {
            Some(ranks) => Bytes::new(1.0 / ranks, 1.0 / ranks),
            None => Bytes::new(0.0, 1.0),
        };
        let stage = match (self.sharding, ranks) {
            (Some(stage), _) => stage,
            (None, Some(1.0)) => Sharding::None,
            // What isn't stated here may stand in another file.
            (None, _) => {
                let open = Bytes::new(parted.low, 1.0);
                return Shares {
                    parameters: open,
                    gradients: open,
                    optimizer: open,
                };
            }
        };
        let from = |least: Sharding| if stage as u8 >= least as u8 { parted } else { whole };
        Shares {
            parameters: from(Sharding::Parameters),
            gradients: from(Sharding::Gradients),
            optimizer: from(Sharding::Optimizer),
        }
    }

    /// Bytes of optimizer states a trained parameter.
    fn optimizer_bytes(&self) -> Bytes {
        let name = self.optimizer.as_deref().unwrap_or("").to_ascii_lowercase();
        let has = |word: &str| name.contains(word);
        // States in 16 bits as the weights, up to states in 32 bits with a 32-bit copy of the weights beside them.
        let adam = Bytes::new(4.0, 12.0);
        match () {
            () if name.is_empty() => Bytes::new(0.0, adam.high),
            // Paged states move to host memory when the GPU is full.
            () if has("paged") => Bytes::new(0.0, if has("8bit") { 2.1 } else { 8.0 }),
            () if has("adamw") && (has("8bit") || has("bnb")) || has("8bit") && has("adam") => Bytes::new(2.0, 2.1),
            () if has("4bit") => Bytes::new(1.0, 1.2),
            () if has("adafactor") || has("galore") || has("apollo") || has("lomo") || has("muon") => {
                Bytes::new(0.0, 8.0)
            }
            () if has("lion") => Bytes::new(if has("8bit") { 1.0 } else { 2.0 }, 8.0),
            () if has("sgd") => Bytes::new(0.0, 8.0),
            () if has("adam") => adam,
            () => Bytes::new(0.0, adam.high),
        }
    }

    /// What the backward pass needs of the forward pass.
    fn activations(&self) -> Bytes {
        let model = self.model;
        let tokens = self.tokens();
        let hidden = f64::from(model.hidden_size);
        let ranks = self.tensor_parallel as f64;
        let layers = (f64::from(model.layers) / self.pipeline_parallel as f64).ceil();
        let head = f64::from(model.head_dim);
        let query = f64::from(model.heads) * head;
        let keys = 2.0 * f64::from(model.kv_heads) * head;
        let wide = match model.moe {
            None => f64::from(model.intermediate_size),
            Some(moe) => f64::from(moe.intermediate_size) * f64::from(moe.experts_per_token + moe.shared_experts),
        };
        // Numbers that one layer keeps a token: inputs of each linear layer, queries, keys and values, both halves of
        // the gated product; at most twice that and the residual stream in 32 bits.
        let kept = 3.0 * hidden + (2.0 * query + keys) / ranks + 3.0 * wide / ranks;
        let layer = Bytes::new(2.0 * 0.7 * kept, 2.0 * (2.0 * kept + 6.0 * hidden + 2.0 * wide / ranks));
        // Without a fused kernel each head keeps its scores, once or with their softmax in 32 bits and a mask of
        // dropout.
        let scores = f64::from(model.heads) * self.sequence as f64 / ranks;
        let scores = match self.fused_attention {
            Some(true) => Bytes::default(),
            Some(false) => Bytes::new(2.0 * scores, 8.0 * scores),
            None => Bytes::new(0.0, 8.0 * scores),
        };
        let layer = Bytes::new(layer.low + scores.low, layer.high + scores.high);
        let inputs = Bytes::new(2.0 * hidden * layers, 4.0 * hidden * layers);
        let checkpointed = Bytes::new(layer.low, inputs.high + layer.high);
        let all = layer.times(layers);
        match self.checkpointing {
            // Checkpoints may be kept in host memory; then only one layer's activations stand.
            Some(true) => checkpointed,
            Some(false) => Bytes::new(all.low, all.high),
            None => Bytes::new(checkpointed.low, all.high),
        }
        .times(tokens)
    }

    /// Scores over the vocabulary: in 16 bits at least, at most with copies in 32 bits for the loss and its gradient.
    fn logits(&self) -> Bytes {
        let scores = self.tokens() * f64::from(self.model.vocab_size);
        match self.fused_loss {
            Some(true) => Bytes::new(0.0, 2.0 * scores),
            Some(false) => Bytes::new(4.0 * scores, 16.0 * scores),
            None => Bytes::new(0.0, 16.0 * scores),
        }
    }

    /// Tokens of a pass on one GPU.
    fn tokens(&self) -> f64 {
        self.micro_batch as f64 * self.sequence as f64 / self.context_parallel as f64
    }
}

/// The shares of states that one GPU holds.
#[derive(Debug, Clone, Copy)]
struct Shares {
    parameters: Bytes,
    gradients: Bytes,
    optimizer: Bytes,
}

/// Parameters of low-rank adapters: `rank × (in + out)` for each matrix that gets one, in every layer. Experts of a
/// mixture have none in the frameworks' defaults.
pub fn adapters(model: &OpenModel, rank: u64, targets: Option<&[String]>) -> f64 {
    let hidden = f64::from(model.hidden_size);
    let head = f64::from(model.head_dim);
    let query = f64::from(model.heads) * head;
    let keys = f64::from(model.kv_heads) * head;
    let wide = f64::from(model.intermediate_size);
    // Names differ by architecture; what a name says counts.
    let sizes: [(&[&str], f64); 7] = [
        (&["q_proj", "query", "wq"], hidden + query),
        (&["k_proj", "key", "wk"], hidden + keys),
        (&["v_proj", "value", "wv"], hidden + keys),
        (
            &["o_proj", "output_proj", "out_proj", "projection", "dense", "wo"],
            query + hidden,
        ),
        (&["gate_proj", "w1"], hidden + wide),
        (&["up_proj", "w3"], hidden + wide),
        (&["down_proj", "w2"], wide + hidden),
    ];
    let dense = model.moe.is_none();
    let layer: f64 = match targets {
        None => sizes[0].1 + sizes[2].1,
        Some(names) if names.iter().any(|name| matches!(name.as_str(), "all-linear" | "all")) => {
            sizes.iter().take(if dense { 7 } else { 4 }).map(|(_, size)| size).sum()
        }
        Some(names) => names
            .iter()
            .map(|name| {
                let last = name.rsplit('.').next().unwrap_or(name);
                if matches!(last, "c_attn" | "qkv_proj" | "query_key_value" | "Wqkv") {
                    return hidden + query + 2.0 * keys;
                }
                sizes
                    .iter()
                    .find(|(known, _)| known.contains(&last))
                    .map_or(0.0, |(_, size)| *size)
            })
            .sum(),
    };
    rank as f64 * layer * f64::from(model.layers)
}

/// A published run's settings (a row of `fixtures/memory/cases.jsonl` whose engine is `training`) as a run of `model`.
///
/// # Errors
/// Names the setting without which nothing can be said.
pub fn of_case<'a>(row: &serde_json::Value, model: &'a OpenModel) -> Result<Run<'a>, String> {
    let text = |key: &str| row.get(key).and_then(serde_json::Value::as_str);
    let whole = |key: &str| row.get(key).and_then(serde_json::Value::as_u64);
    let is = |key: &str| row.get(key).and_then(serde_json::Value::as_bool);
    let method = match text("method") {
        Some("pretraining") => Method::Pretraining,
        Some("full") => Method::Full,
        Some("lora") => Method::Lora,
        Some("qlora") => Method::Qlora,
        _ => return Err("`method` is to be pretraining, full, lora or qlora".to_owned()),
    };
    let sharding = match (text("fsdp"), whole("zero_stage")) {
        (Some("full_shard"), _) | (_, Some(3)) => Some(Sharding::Parameters),
        (Some("shard_grad_op"), _) | (_, Some(2)) => Some(Sharding::Gradients),
        (_, Some(1)) => Some(Sharding::Optimizer),
        (Some("ddp"), _) | (_, Some(0)) => Some(Sharding::None),
        _ => None,
    };
    let targets: Option<Vec<String>> = text("lora_targets").map(|list| list.split(',').map(str::to_owned).collect());
    let rank = whole("lora_rank").unwrap_or(8);
    Ok(Run {
        model,
        method,
        base_bits: match text("quantization") {
            Some(name) if name.contains('8') => 8,
            Some(_) => 4,
            None if method == Method::Qlora => 4,
            None => 16,
        },
        weight_bytes: None,
        trained: match method {
            Method::Pretraining | Method::Full => model.parameters as f64,
            Method::Lora | Method::Qlora => whole("trainable_parameters")
                .map_or_else(|| adapters(model, rank, targets.as_deref()), |count| count as f64),
        },
        sequence: whole("longest_sequence")
            .or_else(|| whole("sequence_len"))
            .ok_or("the longest sequence is not stated")?,
        micro_batch: whole("micro_batch").ok_or("the batch of one GPU is not stated")?,
        checkpointing: is("gradient_checkpointing"),
        optimizer: text("optimizer").map(str::to_owned),
        sharding,
        offload_optimizer: text("offload").is_some(),
        offload_parameters: text("offload").is_some(),
        gpus: whole("gpus"),
        tensor_parallel: 1,
        pipeline_parallel: 1,
        context_parallel: 1,
        fused_attention: is("flash_attention"),
        fused_loss: is("chunked_loss").or_else(|| is("cut_cross_entropy")),
    })
}
