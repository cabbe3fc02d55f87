//! Models with published weights: shapes that can be, parameters that follow from them.

use super::Checker;
use crate::catalog::{OpenModel, OtherModel, Table};

/// How far parameters worked out from the shape may be from those stated: biases and norms are not counted. Less than a
/// layer of most models.
const PARAMETERS_OFF: f64 = 0.01;

/// The same where positions are learned, or queries compressed by a rank that no column tells.
const PARAMETERS_FAR_OFF: f64 = 0.03;

/// How far the number in a model's name may be from its parameters: names round, and some leave embeddings out.
const NAMED_LOW: f64 = 0.75;

const NAMED_HIGH: f64 = 1.35;

/// What formats of numbers weights come in.
const DTYPES: &[&str] = &["bfloat16", "float16", "float32"];

/// What a repository's name says of the checkpoint's quantization.
const QUANTIZED_NAMES: &[&str] = &[
    "-awq",
    "-gptq",
    "-fp8",
    "-nvfp4",
    "-fp4",
    "-bnb-4bit",
    "quantized.w",
    "-int4",
    "-int8",
];

/// Model classes whose feed-forward layer has three matrices (a gate, up and down).
const GATED: &[&str] = &[
    "AprielForCausalLM",
    "ArceeForCausalLM",
    "BaichuanForCausalLM",
    "Cohere2ForCausalLM",
    "CohereForCausalLM",
    "DeepseekV2ForCausalLM",
    "DeepseekV32ForCausalLM",
    "DeepseekV3ForCausalLM",
    "Exaone4ForCausalLM",
    "Gemma2ForCausalLM",
    "Gemma3ForCausalLM",
    "Gemma3ForConditionalGeneration",
    "GemmaForCausalLM",
    "Glm4ForCausalLM",
    "Glm4MoeForCausalLM",
    "GlmForCausalLM",
    "GptOssForCausalLM",
    "GraniteForCausalLM",
    "GraniteMoeForCausalLM",
    "InternLM2ForCausalLM",
    "InternLM3ForCausalLM",
    "LlamaForCausalLM",
    "LlavaForConditionalGeneration",
    "LlavaNextForConditionalGeneration",
    "MiniMaxM2ForCausalLM",
    "Mistral3ForConditionalGeneration",
    "MistralForCausalLM",
    "MistralModel",
    "MixtralForCausalLM",
    "Olmo2ForCausalLM",
    "Olmo3ForCausalLM",
    "OlmoForCausalLM",
    "OlmoeForCausalLM",
    "Phi3ForCausalLM",
    "PhiMoEForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen2MoeForCausalLM",
    "Qwen2VLForConditionalGeneration",
    "Qwen2_5_VLForConditionalGeneration",
    "Qwen3ForCausalLM",
    "Qwen3MoeForCausalLM",
    "Qwen3VLForConditionalGeneration",
    "Qwen3VLMoeForConditionalGeneration",
    "SeedOssForCausalLM",
    "SmolLM3ForCausalLM",
    "StableLmForCausalLM",
];

/// Model classes whose feed-forward layer has two matrices.
const PLAIN: &[&str] = &[
    "BertModel",
    "BloomForCausalLM",
    "FalconForCausalLM",
    "GPT2LMHeadModel",
    "GPTBigCodeForCausalLM",
    "GPTJForCausalLM",
    "GPTNeoXForCausalLM",
    "NemotronForCausalLM",
    "OPTForCausalLM",
    "PhiForCausalLM",
    "Starcoder2ForCausalLM",
    "XLMRobertaForSequenceClassification",
    "XLMRobertaModel",
];

impl Checker {
    /// No name is that of a model whose shape is known.
    pub(super) fn other_models(&mut self, models: &Table<OtherModel>, open: &Table<OpenModel>) {
        for model in &models.rows {
            let known = std::iter::once(&model.id)
                .chain(&model.aliases)
                .find(|name| open.get(name).is_some());
            if let Some(name) = known {
                self.wrong(&model.id, format!("{name} is also a row of open_models.jsonl"));
            }
            if model.makes.is_empty() {
                self.wrong(&model.id, "does not tell what it makes");
            }
        }
    }

    pub(super) fn open_models(&mut self, models: &Table<OpenModel>) {
        for model in &models.rows {
            self.shape(model);
            self.parameters(model);
        }
    }

    fn shape(&mut self, model: &OpenModel) {
        let id = &model.id;
        self.between(id, "parameters", model.parameters, 1_000_000, 20_000_000_000_000);
        self.between(
            id,
            "active_parameters",
            model.active_parameters,
            1_000_000,
            model.parameters,
        );
        self.between(id, "layers", model.layers, 1, 1000);
        self.between(id, "hidden_size", model.hidden_size, 64, 65_536);
        self.between(id, "intermediate_size", model.intermediate_size, 64, 1_048_576);
        self.between(id, "heads", model.heads, 1, 1024);
        self.between(id, "kv_heads", model.kv_heads, 1, model.heads);
        self.between(id, "head_dim", model.head_dim, 16, 1024);
        self.between(id, "vocab_size", model.vocab_size, 1000, 2_000_000);
        self.between(id, "max_context", model.max_context, 128, 100_000_000);
        self.between(id, "linear_layers", model.linear_layers, 0, model.layers);
        self.between(id, "mtp_layers", model.mtp_layers, 0, model.layers.min(16));
        self.kept(model);
        if model.kv_heads > 0 && !model.heads.is_multiple_of(model.kv_heads) {
            self.wrong(
                id,
                format!("{} heads are no multiple of {} KV heads", model.heads, model.kv_heads),
            );
        }
        if let Some(window) = model.sliding_window {
            self.between(id, "layers with a sliding window", window.layers, 1, model.layers);
            self.between(
                id,
                "the sliding window",
                window.size,
                16,
                model.max_context.max(window.size.min(131_072)),
            );
        }
        if let Some(moe) = model.moe {
            self.between(id, "experts", moe.experts, 2, 4096);
            self.between(id, "experts_per_token", moe.experts_per_token, 1, moe.experts);
            self.between(id, "dense_layers", moe.dense_layers, 0, model.layers);
        }
        if !DTYPES.contains(&model.dtype.as_str()) {
            self.wrong(id, format!("dtype {} is none of {}", model.dtype, DTYPES.join(", ")));
        }
        if let Some(quantization) = &model.quantization {
            self.between(id, "bits", quantization.bits, 1, 8);
        }
        let lower = id.to_ascii_lowercase();
        if model.quantization.is_none() && QUANTIZED_NAMES.iter().any(|part| lower.contains(part)) {
            self.wrong(id, "its name tells a quantization, the row none");
        }
    }

    /// What is kept of a text beside plain keys and values, and what encoders work on.
    fn kept(&mut self, model: &OpenModel) {
        let id = &model.id;
        if let Some(compressed) = model.compressed_attention {
            let kinds = compressed.every_4.saturating_add(compressed.every_128);
            self.between(id, "layers that compress", kinds, 1, model.layers);
            self.between(id, "the window beside them", compressed.window, 16, model.max_context);
            self.between(id, "index_head_dim", compressed.index_head_dim, 16, 1024);
        }
        if let Some(index) = model.index_keys {
            self.between(id, "layers with an index key", index.layers, 1, model.layers);
            self.between(id, "numbers of an index key", index.size, 16, 1024);
        }
        if let Some(encoder) = model.encoder {
            self.between(id, "the encoder's hidden_size", encoder.hidden_size, 64, 65_536);
            self.between(
                id,
                "the encoder's intermediate_size",
                encoder.intermediate_size,
                64,
                1_048_576,
            );
            self.between(id, "the encoder's patches a token", encoder.patches, 1, 1024);
            self.between(id, "the encoder's tokens of an item", encoder.tokens, 1, 1_000_000);
            self.between(id, "the encoder's outputs a token", encoder.outputs.unwrap_or(1), 1, 64);
            if !model.multimodal {
                self.wrong(id, "has an encoder, yet is not multimodal");
            }
        }
        if let Some(linear) = model.quantization.as_ref().and_then(|own| own.linear_bits) {
            self.between(id, "linear_bits", linear, 1, 16);
        }
    }

    fn parameters(&mut self, model: &OpenModel) {
        let (id, stated) = (&model.id, model.parameters as f64);
        if model.moe.is_none() && model.active_parameters != model.parameters {
            self.doubtful(id, "not all parameters are active, yet it is no mixture of experts");
        }
        if let Some(billions) = billions_in_name(id) {
            let fits = |parameters: u64| (NAMED_LOW..=NAMED_HIGH).contains(&(parameters as f64 / 1e9 / billions));
            if !fits(model.parameters) && !fits(model.active_parameters) {
                self.doubtful(
                    id,
                    format!("has {} parameters, its name tells {billions}B", model.parameters),
                );
            }
        }
        if let Some(computed) = parameters_from_shape(model) {
            // The shape is that of the text model: towers for images and sound come on top.
            let tower = model.tower_parameters.map(|count| count as f64);
            let computed = computed + tower.unwrap_or(0.0);
            let off = if model.mla.is_some() || PLAIN.contains(&model.architecture.as_str()) {
                PARAMETERS_FAR_OFF
            } else {
                PARAMETERS_OFF
            };
            let low = if model.multimodal && tower.is_none() {
                0.5
            } else {
                1.0 - off
            };
            if !(stated * low..=stated * (1.0 + off)).contains(&computed) {
                let off = 100.0 * (computed / stated - 1.0);
                self.wrong(
                    id,
                    format!("its shape makes {computed:.0} parameters, {off:+.1}% of those stated"),
                );
            }
        }
        if let Some(bytes) = model.weights_bytes {
            let width = if model.dtype == "float32" { 4.0 } else { 2.0 };
            let smallest = model
                .quantization
                .as_ref()
                .map_or(width, |quantization| f64::from(quantization.bits) / 8.0);
            let (low, high) = (stated * smallest * 0.98, stated * width * 1.02);
            if !(low..=high).contains(&(bytes as f64)) {
                self.wrong(
                    id,
                    format!("weights_bytes {bytes} do not fit {} parameters", model.parameters),
                );
            }
        }
    }
}

/// The billions of parameters that a repository's name tells: 70 of `Llama-3.1-70B-Instruct`, 1.8 of `Qwen-1_8B`. Not the
/// 7 of `8x7B`, nor the 2 of `E2B` or `A2B`.
fn billions_in_name(id: &str) -> Option<f64> {
    let name = id.rsplit('/').next()?;
    name.split('-').find_map(|part| {
        let number = part.strip_suffix(['b', 'B'])?;
        let is_number = number.starts_with(|first: char| first.is_ascii_digit());
        number.replace('_', ".").parse().ok().filter(|_| is_number)
    })
}

/// Parameters of the text model: embeddings, and for each layer attention and feed-forward. `None` where the class is
/// not known to be made so, or has layers of several kinds.
fn parameters_from_shape(model: &OpenModel) -> Option<f64> {
    let class = model.architecture.as_str();
    let matrices = match () {
        () if model.linear_layers > 0 || model.full_attention.is_some() || model.kv_shared_layers > 0 => return None,
        () if GATED.contains(&class) => 3.0,
        () if PLAIN.contains(&class) => 2.0,
        () => return None,
    };
    let [layers, hidden, heads, kv_heads, head] = [
        model.layers,
        model.hidden_size,
        model.heads,
        model.kv_heads,
        model.head_dim,
    ]
    .map(f64::from);
    // A class without a head for the next token ends in `Model` or classifies; embedding models name the class of the
    // model that they were made from, and leave its head out.
    let generates = ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"]
        .iter()
        .any(|end| class.ends_with(end));
    let has_output = generates && !model.id.to_ascii_lowercase().contains("embedding");
    let embeddings = if has_output && !model.tied_embeddings { 2.0 } else { 1.0 };
    let attention = match model.mla {
        Some(mla) => {
            let [rank, rope, nope, value] = [
                mla.kv_lora_rank,
                mla.qk_rope_head_dim,
                mla.qk_nope_head_dim,
                mla.v_head_dim,
            ]
            .map(f64::from);
            // Where queries are compressed too, by a rank that the row does not tell, they take less than this.
            hidden * heads * (nope + rope)
                + hidden * (rank + rope)
                + rank * heads * (nope + value)
                + heads * value * hidden
        }
        None => hidden * head * (2.0 * heads + 2.0 * kv_heads),
    };
    let dense = matrices * hidden * f64::from(model.intermediate_size);
    let feed_forward = match model.moe {
        Some(moe) => {
            let dense_layers = f64::from(moe.dense_layers);
            let [experts, width] = [moe.experts, moe.intermediate_size].map(f64::from);
            let shared = moe
                .shared_intermediate_size
                .map_or(f64::from(moe.shared_experts) * width, f64::from);
            let sparse = matrices * hidden * (width * experts + shared) + hidden * experts;
            dense_layers * dense + (layers - dense_layers) * sparse
        }
        None => layers * dense,
    };
    Some(f64::from(model.vocab_size) * hidden * embeddings + layers * attention + feed_forward)
}
