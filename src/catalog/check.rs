//! Whether the files of the catalog can be true: bounds, names, references, dates, and plausibility.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;

use super::rows::Named;
use super::{
    ApiModel, Date, Evidence, Gpu, Instance, ModelKind, Number, OpenModel, Price, PriceList, Table, Today, check_list,
};

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

/// The texts of the catalog's files, JSON Lines.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// `models.jsonl`.
    pub models: &'a str,
    /// `prices.jsonl`.
    pub prices: &'a str,
    /// `open_models.jsonl`.
    pub open_models: &'a str,
    /// `gpus.jsonl`.
    pub gpus: &'a str,
    /// `instances.jsonl`.
    pub instances: &'a str,
    /// `evidence.jsonl`.
    pub evidence: &'a str,
    /// `numbers.jsonl`.
    pub numbers: &'a str,
}

impl Files<'static> {
    /// The files that are part of the program.
    #[must_use]
    pub fn embedded() -> Self {
        super::FILES
    }
}

/// Something in the catalog that cannot be, or is hard to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, such as `gpus.jsonl`.
    pub file: &'static str,
    /// The row's name, or `line 12` where it is no row.
    pub row: String,
    /// What is wrong.
    pub what: String,
    /// Whether it can be true all the same.
    pub warning: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.warning { "warning" } else { "error" };
        write!(f, "{kind}: {}: {}: {}", self.file, self.row, self.what)
    }
}

/// How the figures of a file's rows were read, as each row's `source` tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The file, such as `gpus.jsonl`.
    pub file: &'static str,
    /// Read at the source named.
    pub read: usize,
    /// At least one figure follows from another row or figure.
    pub inferred: usize,
    /// At least one figure was written from memory and not looked up again.
    pub recalled: usize,
}

impl Sources {
    /// Rows of the file.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.read + self.inferred + self.recalled
    }
}

/// What a check of the files found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesReport {
    /// In the order of the files and of their rows.
    pub problems: Vec<Problem>,
    /// One for each file.
    pub sources: Vec<Sources>,
}

/// Checks the files against each other and against `today`, after which no figure can have been read.
#[must_use]
pub fn check(files: &Files<'_>, today: Date) -> FilesReport {
    let mut checker = Checker {
        file: "",
        today,
        problems: Vec::new(),
        sources: Vec::new(),
    };
    let models = checker.table::<ApiModel>("models.jsonl", files.models, |row| (&row.source, row.as_of));
    checker.models(&models);
    checker.prices(files.prices, &models);
    let open_models =
        checker.table::<OpenModel>("open_models.jsonl", files.open_models, |row| (&row.source, row.as_of));
    checker.open_models(&open_models);
    let gpus = checker.table::<Gpu>("gpus.jsonl", files.gpus, |row| (&row.source, row.as_of));
    checker.gpus(&gpus);
    let instances: Vec<Instance> = checker.rows("instances.jsonl", files.instances, |row| (&row.source, row.as_of));
    checker.instances(&instances, &gpus);
    let evidence = checker.table::<Evidence>("evidence.jsonl", files.evidence, |row| (&row.url, row.as_of));
    checker.evidence(&evidence);
    // In the order of the note, not of their names.
    let numbers: Vec<Number> = checker.rows("numbers.jsonl", files.numbers, |row| (&row.source, row.as_of));
    let numbers = Table::new(numbers);
    checker.unique(&numbers);
    let known = Known {
        models: &models,
        open_models: &open_models,
        gpus: &gpus,
        instances: &instances,
        evidence: &evidence,
    };
    checker.numbers(&numbers, &known);
    FilesReport {
        problems: checker.problems,
        sources: checker.sources,
    }
}

/// What the rows of `numbers.jsonl` refer to.
struct Known<'a> {
    models: &'a Table<ApiModel>,
    open_models: &'a Table<OpenModel>,
    gpus: &'a Table<Gpu>,
    instances: &'a [Instance],
    evidence: &'a Table<Evidence>,
}

struct Checker {
    /// The file that is being checked.
    file: &'static str,
    today: Date,
    problems: Vec<Problem>,
    sources: Vec<Sources>,
}

impl Checker {
    fn wrong(&mut self, row: &str, what: impl Into<String>) {
        self.add(row, what.into(), false);
    }

    fn doubtful(&mut self, row: &str, what: impl Into<String>) {
        self.add(row, what.into(), true);
    }

    fn add(&mut self, row: &str, what: String, warning: bool) {
        let (file, row) = (self.file, row.to_owned());
        self.problems.push(Problem {
            file,
            row,
            what,
            warning,
        });
    }

    fn between<T: PartialOrd + fmt::Display>(&mut self, row: &str, what: &str, value: T, low: T, high: T) {
        if !(value >= low && value <= high) {
            self.wrong(row, format!("{what} of {value} is not between {low} and {high}"));
        }
    }

    /// The rows of a file, with their sources counted and their days checked.
    fn rows<T: DeserializeOwned>(
        &mut self,
        file: &'static str,
        text: &str,
        source: fn(&T) -> (&String, Date),
    ) -> Vec<T> {
        self.file = file;
        let mut sources = Sources {
            file,
            ..Sources::default()
        };
        let mut rows = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let at = format!("line {}", index + 1);
            let row = match serde_json::from_str(line) {
                Ok(row) => row,
                Err(error) => {
                    self.wrong(&at, error.to_string());
                    continue;
                }
            };
            let (source, as_of) = source(&row);
            let tells = |words: &[&str]| words.iter().any(|word| source.contains(word));
            match () {
                () if tells(&["recalled", "not re-read"]) => sources.recalled += 1,
                () if tells(&["inferred"]) => sources.inferred += 1,
                () => sources.read += 1,
            }
            if source.len() < 4 {
                self.wrong(&at, "tells no source");
            }
            if as_of > self.today {
                self.wrong(&at, format!("as_of {as_of} is in the future"));
            }
            rows.push(row);
        }
        self.sources.push(sources);
        rows
    }

    /// Rows in the order of their ids, with names of their own.
    fn table<T: DeserializeOwned + Named>(
        &mut self,
        file: &'static str,
        text: &str,
        source: fn(&T) -> (&String, Date),
    ) -> Table<T> {
        let rows = self.rows(file, text, source);
        for pair in rows.windows(2) {
            let [first, second] = [pair[0].id(), pair[1].id()];
            if first > second {
                self.wrong(second, format!("stands after {first}: rows are sorted by id"));
            }
        }
        let table = Table::new(rows);
        self.unique(&table);
        table
    }

    fn unique<T: Named>(&mut self, table: &Table<T>) {
        for pair in table.names.windows(2) {
            let [first, second] = [table.name(pair[0]), table.name(pair[1])];
            // A row may repeat its own id in another spelling.
            if pair[0].0 != pair[1].0 && Table::<T>::order(first, second).is_eq() {
                let [one, other] = [table.rows[pair[0].0].id(), table.rows[pair[1].0].id()];
                self.wrong(other, format!("{second} is also a name of {one}"));
            }
        }
    }

    fn models(&mut self, models: &Table<ApiModel>) {
        for model in &models.rows {
            let id = &model.id;
            if let Some(replacement) = &model.replacement {
                if models.find(replacement).is_none_or(|(_, is_id)| !is_id) {
                    self.wrong(id, format!("its replacement {replacement} is no row"));
                }
                if model.retired_on.is_none() {
                    self.wrong(id, "has a replacement but no day of retirement");
                }
            }
            if let Some(announced) = model.deprecated_on {
                if announced > self.today {
                    self.wrong(id, format!("deprecated_on {announced} is in the future"));
                }
                if model.retired_on.is_none_or(|retired| announced > retired) {
                    self.wrong(id, "is deprecated, but retired on no later day");
                }
            }
            if model
                .context_window
                .is_some_and(|tokens| !(256..=100_000_000).contains(&tokens))
            {
                self.wrong(id, "its context window is not between 256 and 100 million tokens");
            }
            if let (Some(output), Some(context)) = (model.max_output_tokens, model.context_window)
                && output > context
            {
                self.wrong(id, "its longest output is longer than its context window");
            }
        }
    }

    fn prices(&mut self, text: &str, models: &Table<ApiModel>) {
        self.file = "prices.jsonl";
        let list = match PriceList::new(text.to_owned(), self.file) {
            Ok(list) => list,
            Err(error) => return self.wrong("line 1", error.to_string()),
        };
        for (at, what) in check_list(&list, self.today) {
            self.wrong(&at, what);
        }
        let mut sources = Sources {
            file: self.file,
            ..Sources::default()
        };
        sources.read = list.rows().count();
        self.sources.push(sources);
        for model in &models.rows {
            let found = list
                .find(&model.id, super::names::seller(&model.provider))
                .ok()
                .flatten();
            let price = found.and_then(|(row, _)| row.price_on(self.today, 0, &BTreeMap::new()));
            if let Some(price) = price {
                self.price(&model.id, model.kind, &price);
            }
        }
    }

    /// Whether the price of a model that we know can be true.
    fn price(&mut self, id: &str, kind: ModelKind, price: &Price) {
        let all = [Some(price.input), price.cached_input, price.output];
        for amount in all.into_iter().flatten() {
            self.between(id, "a price", amount, Decimal::new(1, 4), Decimal::from(1000));
        }
        if price.cached_input.is_some_and(|cached| cached >= price.input) {
            self.wrong(id, "cached input costs as much as other input");
        }
        if price.output.is_none() && kind == ModelKind::Chat {
            self.wrong(id, "a chat model has a price of output");
        }
        if price.output.is_some_and(|output| output < price.input) {
            self.doubtful(id, "output costs less than input");
        }
    }

    fn open_models(&mut self, models: &Table<OpenModel>) {
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

    fn gpus(&mut self, gpus: &Table<Gpu>) {
        let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
        for gpu in &gpus.rows {
            let id = &gpu.id;
            let sold = f64::from(gpu.marketing_gb);
            self.between(id, "GB sold", gpu.marketing_gb, 4, 2048);
            self.between(id, "memory as a share of that sold", gpu.memory_gib / sold, 0.85, 1.01);
            self.between(id, "bandwidth in GB/s", gpu.bandwidth_gb_s, 100.0, 50_000.0);
            // How often a second the whole memory can be read.
            self.between(id, "bandwidth over memory", gpu.bandwidth_gb_s / sold, 2.0, 110.0);
            for (format, &tflops) in &gpu.dense_tflops {
                self.between(id, &format!("dense_tflops.{format}"), tflops, 1.0, 50_000.0);
            }
            let peak = |format: &str| gpu.dense_tflops.get(format).copied();
            for (narrow, wide) in [("fp8", "bf16"), ("fp4", "fp8")] {
                if let (Some(of_narrow), Some(of_wide)) = (peak(narrow), peak(wide)) {
                    // Twice as fast for half the bits; Blackwell does more at 4 bits.
                    let what = format!("{narrow} TFLOPS over {wide}");
                    self.between(id, &what, of_narrow / of_wide, 0.99, 4.1);
                }
            }
            let capability = gpu.compute_capability.as_deref();
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_capability = |text: &str| text.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b));
            if (gpu.vendor == "nvidia") != capability.is_some() || capability.is_some_and(|text| !is_capability(text)) {
                self.wrong(
                    id,
                    "NVIDIA's GPUs, and no others, have a compute capability such as 9.0",
                );
            }
            for slice in &gpu.mig {
                let row = format!("{id}, MIG {}", slice.profile);
                let share = slice.memory_gib / gpu.memory_gib;
                self.between(&row, "bandwidth_share", slice.bandwidth_share, 0.1, 1.0);
                self.between(&row, "compute_share", slice.compute_share, 0.1, 1.0);
                self.between(&row, "memory over its share", share / slice.bandwidth_share, 0.85, 1.02);
            }
            for name in &gpu.ambiguous_names {
                *bearers.entry(name.to_ascii_lowercase()).or_default() += 1;
                if gpus.find(name).is_some() {
                    self.wrong(id, format!("{name} is ambiguous, but also a name of one GPU"));
                }
            }
        }
        for (name, _) in bearers.iter().filter(|&(_, &count)| count == 1) {
            self.wrong(name, "is an ambiguous name of one GPU alone");
        }
    }

    fn instances(&mut self, instances: &[Instance], gpus: &Table<Gpu>) {
        let key = |row: &Instance| (row.cloud.clone(), row.name.clone(), row.region.clone());
        let mut seen = HashSet::new();
        for pair in instances.windows(2) {
            if key(&pair[0]) > key(&pair[1]) {
                self.wrong(
                    &pair[1].name,
                    "is out of order: rows are sorted by cloud, name and region",
                );
            }
        }
        for row in instances {
            let name = format!("{} {}", row.cloud, row.name);
            if !seen.insert(key(row)) {
                self.wrong(&name, "stands here twice");
            }
            if gpus
                .find(&row.gpu)
                .is_none_or(|(gpu, is_id)| !is_id || gpu.id != row.gpu)
            {
                self.wrong(&name, format!("its GPU {} is no row of gpus.jsonl", row.gpu));
            }
            self.between(&name, "gpu_count", row.gpu_count, 1, 72);
            self.between(&name, "vcpus", row.vcpus, 1, 2048);
            self.between(&name, "memory_gib", row.memory_gib, 1.0, 65_536.0);
            if let Some(price) = row.usd_per_hour {
                let each = price / Decimal::from(row.gpu_count.max(1));
                self.between(
                    &name,
                    "USD an hour and GPU",
                    each,
                    Decimal::new(5, 2),
                    Decimal::from(30),
                );
            }
            if let Some(spot) = row.spot_usd_per_hour
                && (spot <= Decimal::ZERO || row.usd_per_hour.is_some_and(|price| spot > price))
            {
                self.wrong(
                    &name,
                    format!("its spot price {spot} is not between 0 and that on demand"),
                );
            }
        }
    }

    fn evidence(&mut self, evidence: &Table<Evidence>) {
        for study in &evidence.rows {
            if !study.url.starts_with("https://") {
                self.wrong(&study.id, format!("{} is no address of a page", study.url));
            }
            if Date::new(study.year, 1, 1).is_none_or(|day| day > self.today) || study.year < 1950 {
                self.wrong(&study.id, format!("was not published in {}", study.year));
            }
            if study.low.is_some() != study.high.is_some() || study.low > study.high {
                self.wrong(&study.id, "its low figure is above its high one, or one of them lacks");
            }
        }
    }

    fn numbers(&mut self, numbers: &Table<Number>, known: &Known<'_>) {
        for number in &numbers.rows {
            let id = &number.id;
            for study in &number.evidence {
                self.refers(id, study, known.evidence.get(study).is_some());
            }
            match &number.today {
                Today::Cited { evidence } => {
                    for study in evidence {
                        self.refers(id, study, known.evidence.get(study).is_some());
                    }
                }
                Today::PriceRatio { of, to, .. } => {
                    for model in [of, to] {
                        self.refers(id, model, known.models.get(model).is_some());
                    }
                }
                Today::HostingRatio {
                    model, cloud, instance, ..
                } => {
                    self.refers(id, model, known.models.get(model).is_some());
                    self.refers(id, instance, known.instance(cloud, instance).is_some());
                }
                Today::TrainingCost {
                    cloud,
                    instance,
                    precision,
                    ..
                } => {
                    let gpu = known.instance(cloud, instance).and_then(|row| known.gpus.get(&row.gpu));
                    let has = gpu.is_some_and(|gpu| gpu.dense_tflops.contains_key(precision));
                    self.refers(id, &format!("{instance} with its {precision} peak"), has);
                }
                Today::GpuMemory { gpus } => {
                    for gpu in gpus {
                        self.refers(id, gpu, known.gpus.get(gpu).is_some());
                    }
                }
                Today::BytesPerParameter { models }
                | Today::WeightBytes { models }
                | Today::KvBytesPerToken { models, .. } => {
                    for model in models {
                        self.refers(id, model, known.open_models.get(model).is_some());
                    }
                }
                Today::Fixed { .. } | Today::TokenRatio { .. } => {}
            }
        }
    }

    fn refers(&mut self, row: &str, to: &str, exists: bool) {
        if !exists {
            self.wrong(row, format!("refers to {to}, which no file has"));
        }
    }
}

impl Known<'_> {
    /// The instance of that name, where it has a price.
    fn instance(&self, cloud: &str, name: &str) -> Option<&Instance> {
        let mut rows = self.instances.iter();
        rows.find(|row| row.cloud == cloud && row.name == name && row.usd_per_hour.is_some())
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
