//! GGUF files: what a kind of quantization weighs, tensor by tensor, and bytes of a KV cache of a type.
//!
//! Bits follow from the blocks of `ggml/src/ggml-common.h`; which tensor gets which type, from
//! `llama_tensor_get_type` in `src/llama-quant.cpp`. The model's shape is that of the repository it was made from.

use super::Range;
use crate::catalog::{Catalog, OpenModel};

/// How far a file may be off that bears a kind's name, a share: publishers give some tensors more or fewer bits.
const KIND_ERROR: f64 = 0.04;

/// Bits of one number in a tensor of that type.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Type {
    name: &'static str,
    bits: f64,
    /// Numbers in a block: a row must be a multiple of it.
    block: u64,
    /// What a tensor gets whose rows aren't.
    fallback: &'static str,
}

const TYPES: &[Type] = &[
    of("F32", 32.0, 1, ""),
    of("F16", 16.0, 1, ""),
    of("BF16", 16.0, 1, ""),
    of("Q4_0", 4.5, 32, "F16"),
    of("Q4_1", 5.0, 32, "F16"),
    of("Q5_0", 5.5, 32, "F16"),
    of("Q5_1", 6.0, 32, "F16"),
    of("Q8_0", 8.5, 32, "F16"),
    of("MXFP4", 4.25, 32, "F16"),
    of("IQ4_NL", 4.5, 32, "F16"),
    of("Q2_K", 2.625, 256, "Q4_0"),
    of("Q3_K", 3.4375, 256, "Q4_0"),
    of("Q4_K", 4.5, 256, "Q5_0"),
    of("Q5_K", 5.5, 256, "Q5_1"),
    of("Q6_K", 6.5625, 256, "Q8_0"),
    of("IQ1_S", 1.5625, 256, "IQ4_NL"),
    of("IQ1_M", 1.75, 256, "IQ4_NL"),
    of("IQ2_XXS", 2.0625, 256, "IQ4_NL"),
    of("IQ2_XS", 2.3125, 256, "IQ4_NL"),
    of("IQ2_S", 2.5625, 256, "IQ4_NL"),
    of("IQ3_XXS", 3.0625, 256, "IQ4_NL"),
    of("IQ3_S", 3.4375, 256, "IQ4_NL"),
    of("IQ4_XS", 4.25, 256, "IQ4_NL"),
];

const fn of(name: &'static str, bits: f64, block: u64, fallback: &'static str) -> Type {
    Type {
        name,
        bits,
        block,
        fallback,
    }
}

/// Bits of one number of `name` in rows of `columns` numbers.
fn bits(name: &str, columns: u64) -> f64 {
    let Some(kind) = TYPES.iter().find(|kind| kind.name == name) else {
        return 16.0;
    };
    if columns.is_multiple_of(kind.block) {
        kind.bits
    } else {
        bits(kind.fallback, columns)
    }
}

/// A kind of quantization as files are named by it: its name, and the type that most tensors get.
const KINDS: &[(&str, &str)] = &[
    ("F32", "F32"),
    ("F16", "F16"),
    ("FP16", "F16"),
    ("BF16", "BF16"),
    ("Q4_0", "Q4_0"),
    ("Q4_1", "Q4_1"),
    ("Q5_0", "Q5_0"),
    ("Q5_1", "Q5_1"),
    ("Q8_0", "Q8_0"),
    ("Q8", "Q8_0"),
    ("Q2_K", "Q2_K"),
    ("Q2_K_S", "Q2_K"),
    ("Q3_K_S", "Q3_K"),
    ("Q3_K_M", "Q3_K"),
    ("Q3_K_L", "Q3_K"),
    ("Q4_K_S", "Q4_K"),
    ("Q4_K_M", "Q4_K"),
    ("Q5_K_S", "Q5_K"),
    ("Q5_K_M", "Q5_K"),
    ("Q6_K", "Q6_K"),
    ("IQ1_S", "IQ1_S"),
    ("IQ1_M", "IQ1_M"),
    ("IQ2_XXS", "IQ2_XXS"),
    ("IQ2_XS", "IQ2_XS"),
    ("IQ2_S", "IQ2_XS"),
    ("IQ2_M", "IQ2_S"),
    ("IQ3_XXS", "IQ3_XXS"),
    ("IQ3_XS", "IQ3_S"),
    ("IQ3_S", "IQ3_S"),
    ("IQ3_M", "IQ3_S"),
    ("IQ4_XS", "IQ4_XS"),
    ("IQ4_NL", "IQ4_NL"),
    ("MXFP4", "MXFP4"),
    ("MXFP4_MOE", "MXFP4"),
];

/// A kind of quantization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    name: &'static str,
    main: &'static str,
}

impl Kind {
    /// A file of one type throughout, for the proportions of one whose kind isn't told.
    pub(super) const PLAIN: Self = Self {
        name: "Q6_K",
        main: "Q6_K",
    };

    /// Reads `Q4_K_M` from a file's name, from what stands behind a repository's colon, or from an Ollama tag:
    /// the last part that is such a name. Mixes that are a publisher's own (`UD-Q4_K_XL`) are none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let file = text.rsplit('/').next()?.to_ascii_uppercase();
        let file = file.strip_suffix(".GGUF").unwrap_or(&file);
        let parts: Vec<&str> = file.split(['-', '.', ':', ' ', '(', ')']).collect();
        if parts.iter().any(|part| matches!(*part, "UD" | "MIX")) {
            return None;
        }
        let found = |part: &&str| KINDS.iter().find(|(name, _)| name == part);
        parts
            .iter()
            .rev()
            .find_map(found)
            .map(|(name, main)| Self { name, main })
    }
}

/// A GGUF's weights by where they go, bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    /// All repeating layers.
    pub layers: f64,
    /// The output matrix with its norm; a copy of the embedding where those are tied.
    pub output: f64,
    /// The input embedding, which stays in host memory.
    pub embedding: f64,
    /// How far that may be off, a share of it.
    pub error: f64,
}

impl Weights {
    /// The file's size, bytes: tied embeddings are in it once.
    pub(super) fn file(&self, tied: bool) -> f64 {
        let once = if tied { 0.0 } else { self.output };
        self.layers + self.embedding + once
    }

    /// What of it lies on GPUs with the last `count` of `layers` layers there; the output goes with the whole.
    pub(super) fn on_gpu(&self, count: u64, layers: u64) -> Range {
        let share = count.min(layers) as f64 / layers.max(1) as f64;
        let output = if count > layers { self.output } else { 0.0 };
        let bytes = self.layers * share + output;
        Range {
            low: bytes * (1.0 - self.error),
            mid: bytes,
            high: bytes * (1.0 + self.error),
        }
    }
}

/// Works the weights out of shape and kind.
///
/// # Errors
/// Why they can't be.
pub(super) fn weights(model: &OpenModel, kind: Kind) -> Result<Weights, String> {
    if model.quantization.is_some() && kind.name != "MXFP4" && kind.name != "MXFP4_MOE" {
        // gpt-oss and the like keep their experts as published, whatever the file's name says.
        if model
            .quantization
            .as_ref()
            .is_some_and(|own| own.method.contains("mxfp4"))
        {
            return Err(format!(
                "which tensors of {} its file keeps in MXFP4 isn't known",
                model.id
            ));
        }
    }
    let mix = Mix::new(model, kind);
    let hidden = u64::from(model.hidden_size);
    let vocab = u64::from(model.vocab_size);
    let tied = model.tied_embeddings;
    let output = mix.output(hidden) * (vocab * hidden) as f64 / 8.0;
    let per_layer = model
        .embedding_parameters
        .map_or(0, |all| all.saturating_sub(vocab * hidden));
    let embedding = if tied {
        output
    } else {
        mix.embedding(hidden) * (vocab * hidden) as f64 / 8.0
    };
    let embedding = embedding + mix.embedding(256) * per_layer as f64 / 8.0;
    let layers = u64::from(model.layers);
    let mut counted = 0_u64;
    let mut bytes = 0.0;
    for layer in 0..layers {
        for tensor in mix.tensors(layer) {
            counted += tensor.numbers;
            bytes += tensor.numbers as f64 * bits(tensor.kind, tensor.columns) / 8.0;
        }
    }
    // What the shape doesn't tell: state-space and latent attention, gates. Towers are files of their own.
    let known = counted + vocab * hidden * if tied { 1 } else { 2 } + per_layer + model.tower_parameters.unwrap_or(0);
    let rest = model.parameters.saturating_sub(known) as f64;
    let share = rest / model.parameters.max(1) as f64;
    if model.multimodal && model.tower_parameters.is_none() && share > 0.01 {
        return Err(format!("how much of {} is its vision tower isn't known", model.id));
    }
    bytes += rest * bits(kind.main, 256) / 8.0;
    Ok(Weights {
        layers: bytes,
        output,
        embedding,
        error: KIND_ERROR + 0.3 * share + mix.doubt(),
    })
}

/// Whether feed-forward layers have a gate beside up and down, by the model's total: GPT-NeoX, Falcon and others have none.
fn is_gated(model: &OpenModel) -> bool {
    if model.moe.is_some() || model.mla.is_some() || model.linear_layers > 0 {
        return true;
    }
    let hidden = f64::from(model.hidden_size);
    let attention = 2.0 * hidden * f64::from(model.head_dim) * (f64::from(model.heads) + f64::from(model.kv_heads));
    let vocabulary = f64::from(model.vocab_size) * hidden;
    let ends = if model.tied_embeddings { 1.0 } else { 2.0 } * vocabulary;
    let own = (model.parameters as f64 - ends) / f64::from(model.layers.max(1)) - attention;
    own > 2.5 * hidden * f64::from(model.intermediate_size)
}

/// A tensor of one layer.
struct Tensor {
    numbers: u64,
    columns: u64,
    kind: &'static str,
}

/// Which tensor gets which type.
struct Mix<'a> {
    model: &'a OpenModel,
    kind: Kind,
}

impl<'a> Mix<'a> {
    fn new(model: &'a OpenModel, kind: Kind) -> Self {
        Self { model, kind }
    }

    fn is(&self, names: &[&str]) -> bool {
        names.contains(&self.kind.name)
    }

    /// How much an importance matrix, of which the name says nothing, may change.
    fn doubt(&self) -> f64 {
        if self.is(&["IQ4_XS", "IQ4_NL", "IQ3_XXS", "Q4_0", "Q5_0"]) {
            0.02
        } else {
            0.0
        }
    }

    /// Bits of the output matrix.
    fn output(&self, hidden: u64) -> f64 {
        let kind = match self.kind.main {
            plain @ ("F32" | "F16" | "BF16" | "Q8_0") => plain,
            "MXFP4" => "Q8_0",
            _ if self.is(&["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS"]) => "Q5_K",
            _ => "Q6_K",
        };
        bits(kind, hidden)
    }

    /// Bits of the input embedding where it is a matrix of its own.
    fn embedding(&self, hidden: u64) -> f64 {
        let kind = match self.kind.name {
            "IQ1_S" | "IQ1_M" | "IQ2_XXS" | "IQ2_XS" => "Q2_K",
            "IQ2_S" | "IQ2_M" | "IQ3_XXS" => "IQ3_S",
            "MXFP4" | "MXFP4_MOE" => "Q8_0",
            _ => self.kind.main,
        };
        bits(kind, hidden)
    }

    /// The tensors of a layer.
    fn tensors(&self, layer: u64) -> Vec<Tensor> {
        let model = self.model;
        let hidden = u64::from(model.hidden_size);
        let head = u64::from(model.head_dim);
        let query = u64::from(model.heads) * head;
        let key = u64::from(model.kv_heads) * head;
        let value = u64::from(model.kv_heads) * u64::from(model.value_head_dim.unwrap_or(model.head_dim));
        let tensor = |numbers, columns, kind| Tensor { numbers, columns, kind };
        let mut tensors = vec![tensor(2 * hidden, 1, "F32")];
        let attends = model.mla.is_none() && model.linear_layers == 0 && model.full_attention.is_none();
        if attends {
            tensors.extend([
                tensor(query * hidden, hidden, self.query_or_key(false)),
                tensor(key * hidden, hidden, self.query_or_key(true)),
                tensor(value * hidden, hidden, self.value(layer)),
                tensor(query * hidden, query, self.attention_output()),
            ]);
        }
        let first = model.moe.map_or(0, |moe| u64::from(moe.dense_layers));
        // Models that mix experts and dense layers have the dense ones first, or every other one: their sum is the same.
        let is_dense = layer < first || model.moe.is_none();
        match model.moe.filter(|_| !is_dense) {
            Some(moe) => {
                let experts = u64::from(moe.experts);
                let width = u64::from(moe.intermediate_size);
                let from = u64::from(moe.input_size.unwrap_or(model.hidden_size));
                let gates = if moe.gated { 2 } else { 1 };
                let all = experts * width * from;
                tensors.push(tensor(experts * hidden, 1, "F32"));
                tensors.push(tensor(gates * all, from, self.up()));
                tensors.push(tensor(all, width, self.down(layer)));
                let shared = moe
                    .shared_intermediate_size
                    .map_or(moe.shared_experts * moe.intermediate_size, |w| w);
                let shared = u64::from(shared);
                tensors.push(tensor(gates * shared * hidden, hidden, self.not_expert(self.up())));
                tensors.push(tensor(
                    shared * hidden,
                    shared.max(1),
                    self.not_expert(self.down(layer)),
                ));
            }
            None => {
                let width = u64::from(model.intermediate_size);
                let gates = if is_gated(model) { 2 } else { 1 };
                tensors.push(tensor(gates * width * hidden, hidden, self.not_expert(self.up())));
                tensors.push(tensor(width * hidden, width, self.not_expert(self.down(layer))));
            }
        }
        tensors
    }

    /// MXFP4 files keep all but the experts in 8 bits.
    fn not_expert(&self, kind: &'static str) -> &'static str {
        if self.kind.main == "MXFP4" { "Q8_0" } else { kind }
    }

    /// Query heads to a KV head.
    fn group(&self) -> u32 {
        self.model.heads / self.model.kv_heads.max(1)
    }

    fn eight_experts(&self) -> bool {
        self.model.moe.is_some_and(|moe| moe.experts == 8)
    }

    /// The first and last eighth of the layers, and every third between.
    fn more_bits(&self, layer: u64) -> bool {
        let layers = u64::from(self.model.layers);
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
    }

    fn query_or_key(&self, key: bool) -> &'static str {
        if key && self.eight_experts() && !matches!(self.kind.main, "F32" | "F16" | "BF16") {
            return if self.kind.name.starts_with("IQ2") || self.kind.name.starts_with("IQ1") {
                "Q4_K"
            } else {
                "Q8_0"
            };
        }
        match self.kind.name {
            "IQ3_XS" => "IQ3_XXS",
            "IQ3_XXS" => "IQ2_S",
            _ => self.not_expert(self.kind.main),
        }
    }

    fn value(&self, layer: u64) -> &'static str {
        let grouped = self.group() >= 4;
        if self.eight_experts() && !matches!(self.kind.main, "F32" | "F16" | "BF16") {
            return if self.kind.name.starts_with("IQ2") || self.kind.name.starts_with("IQ1") {
                "Q4_K"
            } else {
                "Q8_0"
            };
        }
        let kind = match self.kind.name {
            "Q2_K" => {
                if grouped {
                    "Q4_K"
                } else {
                    "Q3_K"
                }
            }
            "Q2_K_S" if grouped => "Q4_K",
            "IQ1_S" | "IQ1_M" | "IQ2_XXS" | "IQ2_XS" => {
                if grouped || self.model.moe.is_some_and(|moe| moe.experts >= 4) {
                    "Q4_K"
                } else {
                    "Q2_K"
                }
            }
            "IQ2_S" | "IQ2_M" => {
                if grouped || self.model.moe.is_some_and(|moe| moe.experts >= 4) {
                    "Q4_K"
                } else {
                    "IQ3_S"
                }
            }
            "IQ3_XXS" => {
                if grouped {
                    "Q4_K"
                } else {
                    "IQ3_S"
                }
            }
            "IQ3_XS" | "IQ3_S" if grouped => "Q4_K",
            "IQ3_M" => "Q4_K",
            "Q3_K_M" => {
                if layer < 2 {
                    "Q5_K"
                } else {
                    "Q4_K"
                }
            }
            "Q3_K_L" => "Q5_K",
            "IQ4_NL" | "IQ4_XS" if grouped => "Q5_K",
            "Q4_K_M" | "Q5_K_M" if self.more_bits(layer) => "Q6_K",
            "Q4_K_S" if layer < 4 => "Q5_K",
            _ => self.not_expert(self.kind.main),
        };
        // Models of 80 layers with grouped heads get more bits here: the tensor is small in them.
        let large = self.model.layers == 80 && self.model.heads != self.model.kv_heads;
        if large && matches!(kind, "Q3_K" | "Q4_K") {
            "Q5_K"
        } else {
            kind
        }
    }

    fn attention_output(&self) -> &'static str {
        if self.eight_experts()
            && self.is(&[
                "Q2_K", "IQ3_XS", "IQ3_XXS", "Q3_K_S", "Q3_K_M", "IQ4_NL", "Q4_K_S", "Q4_K_M", "IQ3_S", "IQ3_M",
                "IQ4_XS",
            ])
        {
            return "Q5_K";
        }
        match self.kind.name {
            "Q2_K" => "Q3_K",
            "IQ1_S" | "IQ1_M" => "IQ2_XXS",
            "IQ2_S" | "IQ2_M" | "IQ3_XXS" => "IQ3_S",
            "Q3_K_M" | "IQ3_M" => "Q4_K",
            "Q3_K_L" => "Q5_K",
            _ => self.not_expert(self.kind.main),
        }
    }

    fn up(&self) -> &'static str {
        self.kind.main
    }

    fn down(&self, layer: u64) -> &'static str {
        let layers = u64::from(self.model.layers);
        let first = layer < layers / 8;
        match self.kind.name {
            "Q2_K" => "Q3_K",
            "Q2_K_S" if first => "Q4_K",
            "IQ1_S" | "IQ1_M" | "IQ2_XXS" | "IQ2_XS" if first => "Q2_K",
            "IQ2_S" | "IQ2_M" if first => "IQ3_S",
            "Q3_K_M" => {
                if layer < layers / 16 {
                    "Q5_K"
                } else {
                    "Q4_K"
                }
            }
            "IQ3_M" if first || (self.eight_experts() && self.more_bits(layer)) => "Q4_K",
            "Q3_K_L" => "Q5_K",
            "Q4_K_M" | "Q5_K_M" if self.more_bits(layer) => "Q6_K",
            "Q4_K_S" if first => "Q5_K",
            _ => self.kind.main,
        }
    }
}

/// Bytes of one number in a KV cache of that type, where its rows are whole blocks.
///
/// # Errors
/// Names a type that isn't known.
pub(super) fn cache_bytes(kind: &str) -> Result<f64, String> {
    let upper = kind.to_ascii_uppercase();
    let known = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "IQ4_NL", "Q5_0", "Q5_1"];
    TYPES
        .iter()
        .find(|kind| known.contains(&kind.name) && kind.name == upper)
        .map(|kind| kind.bits / 8.0)
        .ok_or_else(|| format!("a KV cache in `{kind}` is not known here"))
}

/// The model that a GGUF was made from, by the name of its repository or file: the one of the catalog whose name is the
/// same but for `-GGUF` and the kind of quantization.
pub fn base_of(name: &str, catalog: &Catalog) -> Option<&'static OpenModel> {
    if let Some(model) = catalog.open_model(name) {
        return Some(model);
    }
    let bare = name.rsplit('/').next()?.to_ascii_lowercase();
    let bare = bare.strip_suffix(".gguf").unwrap_or(&bare);
    let bare = without_part(bare);
    let bare = bare.strip_suffix("-gguf").unwrap_or(bare);
    let bare = match Kind::read(bare) {
        Some(kind) => bare
            .strip_suffix(&kind.name.to_ascii_lowercase())
            .map_or(bare, |base| base.trim_end_matches(['-', '.', '_'])),
        None => bare,
    };
    catalog.open_model_named(bare)
}

/// A file's name without `-00001-of-00003`.
fn without_part(name: &str) -> &str {
    let Some((before, count)) = name.rsplit_once("-of-") else {
        return name;
    };
    let number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    match before.rsplit_once('-') {
        Some((base, part)) if number(part) && number(count) => base,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str) -> &'static OpenModel {
        Catalog::embedded().open_model(name).expect("in the catalog")
    }

    #[test]
    fn files_weigh_what_publishers_logs_say() {
        // File sizes in GiB as `llama.cpp` printed them: ikawrakow/ik_llama.cpp #397, #539, #380, #389 and #103, and two
        // rows of the fourth set (GPT-NeoX has no gate).
        for (name, kind, gib) in [
            ("Qwen/Qwen3-32B", "Q5_K_M", 21.603),
            ("Qwen/Qwen3-32B", "Qwen3-32B-Q4_0.gguf", 17.413),
            ("Qwen/Qwen3-30B-A3B", "Qwen3-30B-A3B-Q5_K_M.gguf", 20.228),
            ("Qwen/Qwen3-235B-A22B", "Q4_K_M", 132.386),
            ("Qwen/Qwen3-235B-A22B", "Qwen3-235B-A22B-Q8_0.gguf", 232.77),
            ("EleutherAI/pythia-2.8b", "F16", 5.1713),
            ("zai-org/GLM-4-32B-0414", "IQ4_XS", 16.382),
        ] {
            let model = model(name);
            let kind = Kind::read(kind).expect("a kind");
            let found = weights(model, kind).expect("its weights").file(model.tied_embeddings) / 1024_f64.powi(3);
            assert!(
                (found / gib - 1.0).abs() < 0.008,
                "{name} {}: {found:.2} for {gib}",
                kind.name
            );
        }
    }

    #[test]
    fn kinds_are_read_from_files_tags_and_repositories() {
        let read = |text| Kind::read(text).map(|kind| kind.name);
        assert_eq!(read("models/Llama-3.1-8B-Instruct-Q4_K_M.gguf"), Some("Q4_K_M"));
        assert_eq!(read("llama3.1:8b-instruct-q8_0"), Some("Q8_0"));
        assert_eq!(read("Qwen3-30B-A3B-Q5_K_M.gguf (Q5_K_M)"), Some("Q5_K_M"));
        assert_eq!(read("model.f16.gguf"), Some("F16"));
        for own in [
            "DeepSeek-V3-UD-Q2_K_XL.gguf",
            "Qwen3-mix-IQ4_K.gguf",
            "model.gguf",
            "UD-Q4_K_M",
            "",
        ] {
            assert_eq!(read(own), None, "{own}");
        }
    }

    #[test]
    fn a_cache_has_whole_blocks() {
        assert_eq!(cache_bytes("f16"), Ok(2.0));
        // 34 bytes for 32 numbers.
        assert_eq!(cache_bytes("q8_0"), Ok(34.0 / 32.0));
        assert!(cache_bytes("q8").is_err());
    }

    #[test]
    fn the_base_is_the_model_of_the_same_name_only() {
        let catalog = Catalog::embedded();
        let base = |name| base_of(name, catalog).map(|model| model.id.as_str());
        assert_eq!(base("Qwen/Qwen3-8B-GGUF"), Some("Qwen/Qwen3-8B"));
        assert_eq!(base("/models/Qwen3-8B-Q4_K_M.gguf"), Some("Qwen/Qwen3-8B"));
        assert_eq!(
            base("x/Qwen3-235B-A22B-Q4_K_M-00001-of-00003.gguf"),
            Some("Qwen/Qwen3-235B-A22B")
        );
        assert_eq!(base("me/Qwen3-8B-finetuned-GGUF"), None);
        assert_eq!(base("/models/model.gguf"), None);
    }
}
