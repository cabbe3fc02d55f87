//! `llmlint memory`.

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::load::{ConfigArguments, Run};
use super::numbers::Format;
use super::{Failure, output};
use crate::catalog::{Catalog, Gpu, GpuMatch, OpenModel, config_json};
use crate::engines::vllm::NEWEST;
use crate::engines::{self, EngineKind, Serving, Version};
use crate::facts::memory::{self, Device, Figures, Inputs, Outcome, Plan, Range};
use crate::facts::{DeploymentFacts, World};
use crate::formats;
use crate::host;
use crate::report::{clean, grouped};
use crate::rules::Selection;
use crate::syntax::code::Files;
use crate::units::{Field, Unit};

/// How many near names are told.
const NEAREST: usize = 3;

#[derive(Debug, Args)]
pub(super) struct Memory {
    /// A manifest, script or values file, whose deployments are judged.
    #[arg(conflicts_with_all = ["model", "config_json", "cases", "gpu", "solve"])]
    file: Option<PathBuf>,
    /// The model's repository, such as meta-llama/Llama-3.1-8B-Instruct.
    #[arg(long, required_unless_present_any = ["file", "cases", "config_json"])]
    model: Option<String>,
    /// The model's config.json, in place of the catalog.
    #[arg(long, value_name = "PATH")]
    config_json: Option<PathBuf>,
    /// The GPU, such as L4, A100-80GB or a node's label; without it, all of the catalog.
    #[arg(long)]
    gpu: Option<String>,
    /// GPUs that share each layer.
    #[arg(long, value_name = "N", value_parser = engines::whole_number)]
    tensor_parallel: Option<u64>,
    /// Stages that share the layers.
    #[arg(long, value_name = "N", value_parser = engines::whole_number)]
    pipeline_parallel: Option<u64>,
    /// The precision of weights and activations.
    #[arg(long, value_parser = ["auto", "half", "float16", "bfloat16", "float", "float32"])]
    dtype: Option<String>,
    /// How weights are quantized while they are loaded, such as fp8 or bitsandbytes.
    #[arg(long)]
    quantization: Option<String>,
    /// The precision of the KV cache, such as fp8.
    #[arg(long)]
    kv_cache_dtype: Option<String>,
    /// The longest sequence, in tokens; 32k is 32,000 and 32K is 32,768.
    #[arg(long, value_name = "TOKENS", value_parser = engines::whole_number)]
    max_model_len: Option<u64>,
    /// The most sequences in a batch.
    #[arg(long, value_name = "N", value_parser = engines::whole_number)]
    max_num_seqs: Option<u64>,
    /// The most tokens in a batch.
    #[arg(long, value_name = "TOKENS", value_parser = engines::whole_number)]
    max_num_batched_tokens: Option<u64>,
    /// The share of the GPU's memory that the engine may use, 0 to 1 (other engines than vLLM: their own share).
    #[arg(long, value_name = "SHARE")]
    gpu_memory_utilization: Option<f64>,
    /// The engine that serves.
    #[arg(long, value_enum, default_value_t = Engine::Vllm)]
    engine: Engine,
    /// Its release, such as 0.11.0 (default: the newest known).
    #[arg(long, value_name = "VERSION", value_parser = version)]
    engine_version: Option<Version>,
    /// How to show the answer.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Show every step of the arithmetic with its inputs.
    #[arg(long)]
    explain: bool,
    /// Ask for the most or the least that surely starts.
    #[arg(long, value_enum)]
    solve: Option<Solve>,
    /// Read published runs as JSON, one object a line (`model`, `gpu`, `max_model_len`, …; `-` is standard input), and
    /// print predictions beside what was measured; with `--format json` one prediction a line.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "gpu", "config_json", "solve"])]
    cases: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArguments,
}

/// What `--solve` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Solve {
    /// The longest context.
    MaxModelLen,
    /// The most sequences of the longest length at once.
    MaxNumSeqs,
    /// The smallest GPU.
    Gpu,
    /// The fewest GPUs that share each layer.
    TensorParallel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// llama.cpp's server; --quantization is the file's kind.
    #[value(name = "llama.cpp")]
    LlamaCpp,
    /// Ollama; --quantization is the file's kind.
    Ollama,
    /// text-generation-inference.
    Tgi,
    /// TensorRT-LLM, also inside Triton.
    #[value(name = "tensorrt-llm")]
    TensorRtLlm,
    /// LMDeploy.
    Lmdeploy,
    /// text-embeddings-inference.
    Tei,
    /// Infinity.
    Infinity,
}

impl Engine {
    fn kind(self) -> EngineKind {
        match self {
            Engine::Vllm => EngineKind::Vllm,
            Engine::Sglang => EngineKind::Sglang,
            Engine::LlamaCpp => EngineKind::LlamaCpp,
            Engine::Ollama => EngineKind::Ollama,
            Engine::Tgi => EngineKind::Tgi,
            Engine::TensorRtLlm => EngineKind::TensorRtLlm,
            Engine::Lmdeploy => EngineKind::Lmdeploy,
            Engine::Tei => EngineKind::Tei,
            Engine::Infinity => EngineKind::Infinity,
        }
    }
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| "expected a release such as 0.11.0".to_owned())
}

impl Memory {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(path) = &self.cases {
            return cases(path, self.format);
        }
        if let Some(path) = &self.file {
            return self.judge_file(path);
        }
        let catalog = Catalog::embedded();
        let name = self.model.as_deref().unwrap_or_default();
        let read;
        let model = match &self.config_json {
            Some(path) => {
                read = read_config(path, self.model.as_deref())?;
                &read
            }
            None => {
                read = catalog
                    .open_model_by_name(name)
                    .ok_or_else(|| unknown_model(catalog, name))?
                    .into_owned();
                &read
            }
        };
        let inputs = self.inputs(model);
        let asked = Asked {
            memory: &self,
            model,
            inputs,
        };
        let gpus = match &self.gpu {
            None if matches!(self.solve, None | Some(Solve::Gpu)) => return output::print(&asked.any_gpu(catalog)),
            None => return Err(Failure("--solve needs --gpu, unless it asks for the GPU".to_owned())),
            Some(label) => match catalog.gpu(label) {
                GpuMatch::Exact(gpu) => vec![gpu],
                GpuMatch::Ambiguous(gpus) => gpus,
                GpuMatch::Unknown => return Err(unknown_gpu(catalog, label)),
            },
        };
        if let Some(gpu) = gpus
            .iter()
            .find(|gpu| !is_modelled(gpu))
            .filter(|_| self.engine == Engine::Vllm)
        {
            return Err(Failure(format!(
                "{} can't be judged: vLLM's memory is known here for AMD's GPUs and NVIDIA's from compute capability 7.0 on",
                gpu.id
            )));
        }
        if let Some(solve) = self.solve {
            return output::print(&asked.solved(solve, &gpus, catalog));
        }
        let answers: Vec<Answer<'_>> = gpus.iter().map(|gpu| asked.on(catalog, gpu)).collect();
        output::print(&match self.format {
            Format::Human => asked.human(&answers, output::width()),
            Format::Json => {
                let answers: Vec<Value> = answers.iter().map(|answer| asked.object(answer)).collect();
                format!("{:#}\n", json!({"model": model.id, "gpus": answers}))
            }
        })
    }

    /// Judges the deployments of a file.
    fn judge_file(&self, path: &Path) -> Result<ExitCode, Failure> {
        let run = Run::load(&self.config, path, &Selection::default())?;
        let files = [path.to_path_buf()];
        let scan = host::scan(&files, &run.root, &run.settings, true, None).map_err(|error| Failure(error.message))?;
        if let Some(unread) = scan.unread.first() {
            return Err(Failure(format!("{}: {}", unread.path, unread.why)));
        }
        let mut units = Vec::new();
        let known = Files::new(&scan.sources);
        for id in known.ids() {
            if let formats::Outcome::Read(_, read) = formats::read(&known, *id, false) {
                units.extend(read.units);
            }
        }
        let world = World::new(&known, &run.settings, &run.catalog, run.today);
        let mut page = Page::new(output::width());
        let mut objects = Vec::new();
        for unit in &units {
            let Unit::Deployment(deployment) = unit else { continue };
            let facts = DeploymentFacts::new(deployment, &world);
            let stated = facts
                .engine()
                .map(|serving| settings_of(serving, &world))
                .unwrap_or_default();
            if !objects.is_empty() {
                page.out.push('\n');
            }
            page.tell("", &clean(&deployment.name));
            match facts.plans() {
                Err(why) => {
                    page.settings(&stated, &[]);
                    page.tell("verdict: ", &format!("not known: {}", clean(why)));
                    objects.push(json!({"name": deployment.name, "outcome": "unknown", "why": why, "stated": stated}));
                }
                Ok(plans) => {
                    for (gpu, plan) in plans {
                        page.settings(&stated, &plan.assumed);
                        page.tell("GPU       ", &format!("{}, {:.2} GiB", gpu.id, gpu.memory_gib));
                        if let Some(figures) = &plan.figures {
                            page.figures(figures, gpu.memory_gib);
                        }
                        page.tell("verdict: ", &format!("{}: {}", words(plan.outcome), clean(&plan.why)));
                        if self.explain {
                            page.steps(plan);
                            if let Ok(model) = facts.model() {
                                page.tell("shape: ", &origin(&model.source, model.as_of));
                            }
                            page.tell("GPU:   ", &origin(&gpu.source, gpu.as_of));
                        }
                        objects.push(json!({
                            "name": deployment.name,
                            "gpu": gpu.id,
                            "outcome": plan.outcome.name(),
                            "why": plan.why,
                            "stated": stated,
                            "assumed": plan.assumed,
                        }));
                    }
                }
            }
        }
        if objects.is_empty() {
            return Err(Failure(format!("{}: no deployment is found in it", path.display())));
        }
        output::print(&match self.format {
            Format::Human => page.out,
            Format::Json => format!("{:#}\n", json!({"deployments": objects})),
        })
    }

    /// The settings stated, with what is assumed for the others.
    fn inputs(&self, model: &OpenModel) -> Inputs {
        let mut assumed = Vec::new();
        let vllm = self.engine == Engine::Vllm;
        match self.engine_version.filter(|_| vllm) {
            None if !vllm => {}
            None => assumed.push(format!("vLLM {NEWEST}, the newest release known here")),
            Some(version) if version > NEWEST => {
                assumed.push(format!(
                    "vLLM {version} does as {NEWEST}, the newest release known here"
                ));
            }
            Some(_) => {}
        }
        for (stated, name) in [
            (self.tensor_parallel, "tensor-parallel"),
            (self.pipeline_parallel, "pipeline-parallel"),
        ] {
            if stated.is_none() {
                assumed.push(format!("{name} 1"));
            }
        }
        if self.dtype.is_none() {
            let served = if model.dtype == "float32" {
                "float16"
            } else {
                &model.dtype
            };
            assumed.push(format!("dtype {served}"));
        }
        match (&model.quantization, &self.quantization) {
            (Some(own), _) => assumed.push(format!("weights as published, {} of {} bits", own.method, own.bits)),
            (None, None) if matches!(self.engine, Engine::LlamaCpp | Engine::Ollama) => {}
            (None, None) => assumed.push("weights not quantized".to_owned()),
            (None, Some(_)) => {}
        }
        if self.kv_cache_dtype.is_none() {
            assumed.push("kv-cache-dtype auto, that of the model".to_owned());
        }
        assumed.push("memory alone decides, not whether the GPU computes in these formats".to_owned());
        Inputs {
            engine: Some(self.engine.kind()),
            version: self.engine_version.or(vllm.then_some(NEWEST)),
            tensor_parallel: self.tensor_parallel,
            pipeline_parallel: self.pipeline_parallel,
            gpu_memory_utilization: self.gpu_memory_utilization,
            max_model_len: self.max_model_len,
            max_num_seqs: self.max_num_seqs,
            max_num_batched_tokens: self.max_num_batched_tokens,
            dtype: self.dtype.clone(),
            quantization: self.quantization.clone(),
            kv_cache_dtype: self.kv_cache_dtype.clone(),
            assumed,
            ..Inputs::default()
        }
    }

    /// The settings stated, as one would write them.
    fn stated(&self) -> Vec<String> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let engine = (self.engine != Engine::Vllm).then(|| self.engine.kind().name().to_owned());
        [
            ("engine", engine),
            ("engine-version", self.engine_version.map(|version| version.to_string())),
            ("tensor-parallel", number(self.tensor_parallel)),
            ("pipeline-parallel", number(self.pipeline_parallel)),
            ("dtype", self.dtype.clone()),
            ("quantization", self.quantization.clone()),
            ("kv-cache-dtype", self.kv_cache_dtype.clone()),
            ("max-model-len", number(self.max_model_len)),
            ("max-num-seqs", number(self.max_num_seqs)),
            ("max-num-batched-tokens", number(self.max_num_batched_tokens)),
            (
                "gpu-memory-utilization",
                self.gpu_memory_utilization.map(|share| share.to_string()),
            ),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", clean(&value?))))
        .collect()
    }
}

/// A model with settings, whose GPU is asked for.
struct Asked<'a> {
    memory: &'a Memory,
    model: &'a OpenModel,
    inputs: Inputs,
}

/// The verdict on one GPU, and what would help.
struct Answer<'a> {
    gpu: &'a Gpu,
    plan: Plan,
    /// The longest context that starts; only where the one asked for doesn't surely start.
    longest_context: Option<u64>,
    /// GPUs on which it surely starts, where it doesn't on this one.
    starts_on: Vec<&'a str>,
}

impl Asked<'_> {
    fn on<'g>(&self, catalog: &'g Catalog, gpu: &'g Gpu) -> Answer<'g> {
        let device = Device::from(gpu);
        let plan = memory::plan(self.model, &device, &self.inputs);
        let starts = plan.outcome == Outcome::Starts;
        let candidates = (!starts).then(|| catalog.gpus().iter().filter(|gpu| is_modelled(gpu)));
        let fitting = memory::gpus_that_fit(self.model, candidates.into_iter().flatten(), &self.inputs);
        Answer {
            gpu,
            longest_context: (!starts)
                .then(|| memory::longest_context(self.model, &device, &self.inputs))
                .flatten(),
            starts_on: fitting.iter().map(|(gpu, _)| gpu.id.as_str()).collect(),
            plan,
        }
    }

    /// The answer to `--solve` on each of `gpus`.
    fn solved(&self, solve: Solve, gpus: &[&Gpu], catalog: &Catalog) -> String {
        let mut objects = Vec::new();
        let mut page = Page::new(output::width());
        for gpu in gpus {
            let device = Device::from(*gpu);
            let (key, words, answer) = match solve {
                Solve::MaxModelLen => (
                    "max_model_len",
                    "the longest context that surely starts, in tokens",
                    memory::longest_context(self.model, &device, &self.inputs).map(Value::from),
                ),
                Solve::MaxNumSeqs => (
                    "max_num_seqs",
                    "the most sequences of the longest length at once",
                    memory::most_sequences(self.model, &device, &self.inputs).map(Value::from),
                ),
                Solve::TensorParallel => (
                    "tensor_parallel",
                    "the fewest GPUs that share each layer and surely start",
                    memory::least_tensor_parallel(self.model, &device, &self.inputs).map(Value::from),
                ),
                Solve::Gpu => {
                    let all = catalog.gpus().iter().filter(|gpu| is_modelled(gpu));
                    let fitting = memory::gpus_that_fit(self.model, all, &self.inputs);
                    let smallest = fitting.first().map(|(gpu, _)| Value::from(gpu.id.as_str()));
                    ("gpu", "the smallest GPU on which it surely starts", smallest)
                }
            };
            let shown = match &answer {
                Some(Value::String(name)) => name.clone(),
                Some(number) => grouped(&number.to_string()),
                None => "none".to_owned(),
            };
            self.head(&mut page, Some(gpu));
            page.tell("", &format!("{words}: {shown}"));
            page.settings(&self.memory.stated(), &self.inputs.assumed);
            objects.push(json!({"gpu": gpu.id, key: answer}));
        }
        match self.memory.format {
            Format::Human => page.out,
            Format::Json => format!(
                "{:#}\n",
                json!({"model": self.model.id, "solved": objects, "assumed": self.inputs.assumed})
            ),
        }
    }

    /// On which GPUs of the catalog it starts, and how much memory it takes.
    fn any_gpu(&self, catalog: &Catalog) -> String {
        let mut gpus: Vec<&Gpu> = catalog.gpus().iter().filter(|gpu| is_modelled(gpu)).collect();
        gpus.sort_by(|one, other| {
            let by_memory = one.memory_gib.total_cmp(&other.memory_gib);
            by_memory.then_with(|| one.id.cmp(&other.id))
        });
        let plans: Vec<(&Gpu, Plan)> = gpus
            .into_iter()
            .map(|gpu| (gpu, memory::plan(self.model, &Device::from(gpu), &self.inputs)))
            .collect();
        let surely = plans.iter().find(|(_, plan)| plan.outcome == Outcome::Starts);
        // The engine's exceptions by name let one GPU do where another of its size doesn't.
        let least = memory::least_memory(self.model, &self.inputs)
            .into_iter()
            .chain(surely.map(|(gpu, _)| gpu.memory_gib))
            .reduce(f64::min);
        let chosen = |is: &dyn Fn(Outcome) -> bool| -> Vec<&str> {
            let chosen = plans.iter().filter(|(_, plan)| is(plan.outcome));
            chosen.map(|(gpu, _)| gpu.id.as_str()).collect()
        };
        let starts = chosen(&|outcome| outcome == Outcome::Starts);
        let close = chosen(&|outcome| matches!(outcome, Outcome::TooClose | Outcome::Unknown));
        let fails = chosen(&|outcome| outcome.fails());
        // What no GPU mends (heads that don't divide) has one reason on all of them.
        let first = plans.first().map(|(_, plan)| plan);
        let why = first.filter(|first| plans.iter().all(|(_, plan)| plan.why == first.why));
        let shown = least.map(|least| (least * 100.0 - 1e-6).ceil() / 100.0);
        if self.memory.format == Format::Json {
            let answer = json!({
                "model": self.model.id,
                "least_memory_gib": shown,
                "why": why.map(|plan| &plan.why),
                "starts_on": starts,
                "too_close_on": close,
                "not_on": fails,
                "stated": self.memory.stated(),
                "assumed": self.inputs.assumed,
            });
            return format!("{answer:#}\n");
        }
        let mut page = Page::new(output::width());
        self.head(&mut page, None);
        let group = self.group();
        match (shown, why) {
            (Some(least), _) => page.tell("", &format!("needs a GPU of at least {least:.2} GiB{group}")),
            (None, Some(plan)) if plan.outcome == Outcome::Unknown => {
                page.tell("", &format!("can't be told: {}", plan.why));
            }
            (None, Some(plan)) => page.tell("", &format!("starts on no GPU: {}", plan.why)),
            (None, None) => page.tell("", "surely starts on no GPU"),
        }
        for (label, list) in [("starts on ", &starts), ("too close ", &close), ("not on    ", &fails)] {
            if why.is_none() && !list.is_empty() {
                page.tell(label, &list.join(", "));
            }
        }
        page.out.push('\n');
        page.settings(&self.memory.stated(), &self.inputs.assumed);
        page.tell(
            "          ",
            &format!(
                "for the other settings, {}'s own defaults on each GPU",
                self.memory.engine.kind().name()
            ),
        );
        page.tell("shape     ", &origin(&self.model.source, self.model.as_of));
        page.out
    }

    /// ` (each of 4)` where several GPUs share the model.
    fn group(&self) -> String {
        let count = self.ranks();
        if count > 1 {
            format!(" (each of {count})")
        } else {
            String::new()
        }
    }

    fn ranks(&self) -> u64 {
        let size = |stated: Option<u64>| stated.unwrap_or(1);
        size(self.inputs.tensor_parallel).saturating_mul(size(self.inputs.pipeline_parallel))
    }

    fn head(&self, page: &mut Page, gpu: Option<&Gpu>) {
        let parameters = self.model.parameters as f64 / 1e9;
        let gpu = gpu.map_or(String::new(), |gpu| {
            format!(" on {} × {} ({:.2} GiB)", self.ranks(), gpu.id, gpu.memory_gib)
        });
        page.tell(
            "",
            &format!("{}, {parameters:.1} billion parameters{gpu}", self.model.id),
        );
    }

    fn human(&self, answers: &[Answer<'_>], width: usize) -> String {
        let mut page = Page::new(width);
        if answers.len() > 1 {
            let names: Vec<&str> = answers.iter().map(|answer| answer.gpu.id.as_str()).collect();
            let label = clean(self.memory.gpu.as_deref().unwrap_or_default());
            page.tell(
                "",
                &format!("`{label}` is one of {}: a verdict for each\n", names.join(", ")),
            );
        }
        for (index, answer) in answers.iter().enumerate() {
            if index > 0 {
                page.out.push('\n');
            }
            self.answer(&mut page, answer);
        }
        page.out
    }

    fn answer(&self, page: &mut Page, answer: &Answer<'_>) {
        let Answer { gpu, plan, .. } = answer;
        self.head(page, Some(gpu));
        page.settings(&self.memory.stated(), &plan.assumed);
        page.out.push('\n');
        if let Some(figures) = &plan.figures {
            page.figures(figures, gpu.memory_gib);
            page.out.push('\n');
        }
        page.tell("verdict: ", &format!("{}: {}", words(plan.outcome), plan.why));
        if let Some(margin) = plan.margin_gib {
            let what = if margin < 0.0 { "lacks" } else { "has to spare" };
            page.tell(
                "margin:  ",
                &format!("{what} {:.2} GiB a GPU, by the estimate", margin.abs()),
            );
        }
        if plan.outcome != Outcome::Starts {
            page.tell(
                "longest context that surely starts here: ",
                &answer.longest_context.map_or("none".to_owned(), |tokens| {
                    format!("{} tokens", grouped(&tokens.to_string()))
                }),
            );
            let list = if answer.starts_on.is_empty() {
                "no GPU of the catalog".to_owned()
            } else {
                answer.starts_on.join(", ")
            };
            page.tell(&format!("surely starts on{}: ", self.group()), &list);
        }
        if self.memory.explain {
            page.steps(plan);
        }
        page.out.push('\n');
        page.tell("shape: ", &origin(&self.model.source, self.model.as_of));
        page.tell("GPU:   ", &origin(&gpu.source, gpu.as_of));
    }

    fn object(&self, answer: &Answer<'_>) -> Value {
        let Answer { gpu, plan, .. } = answer;
        let range = |range: Range| json!({"low": gib(range.low), "mid": gib(range.mid), "high": gib(range.high)});
        let figures = plan.figures.as_ref().map(|figures| {
            json!({
                "weights_gib": range(figures.weights),
                "activation_gib": range(figures.activation),
                "non_torch_gib": range(figures.non_torch),
                "cuda_graph_gib": range(figures.cuda_graph),
                "cuda_graphs_counted": figures.graphs_counted,
                "kv_bytes_per_token": figures.kv_bytes_per_token,
                "kv_needed_gib": gib(figures.kv_needed_gib),
                "kv_available_gib": figures.kv.map(|kv| range(kv.available)),
                "kv_tokens": figures.kv.map(|kv| kv.tokens),
                "max_concurrency": figures.kv.map(|kv| gib(kv.max_concurrency)),
                "max_model_len": figures.max_model_len,
                "gpu_memory_utilization": figures.utilization,
            })
        });
        let steps = plan.steps.iter().map(|step| {
            let inputs = step
                .inputs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)));
            json!({
                "name": step.name,
                "formula": step.formula,
                "inputs": Value::Object(inputs.collect()),
                "value": step.value,
                "unit": step.unit,
            })
        });
        let mut object = json!({
            "gpu": gpu.id,
            "gpu_memory_gib": gpu.memory_gib,
            "gpus": self.ranks(),
            "outcome": plan.outcome.name(),
            "why": plan.why,
            "margin_gib": plan.margin_gib.map(gib),
            "figures": figures,
            "longest_context": answer.longest_context,
            "starts_on": answer.starts_on,
            "stated": self.memory.stated(),
            "assumed": plan.assumed,
            "sources": [origin(&self.model.source, self.model.as_of), origin(&gpu.source, gpu.as_of)],
        });
        if self.memory.explain {
            object["steps"] = steps.collect();
        }
        object
    }
}

/// Text that is written line by line within a width.
struct Page {
    width: usize,
    out: String,
}

impl Page {
    fn new(width: usize) -> Self {
        Self {
            width,
            out: String::new(),
        }
    }

    /// A label and a text, wrapped beside it.
    fn tell(&mut self, label: &str, text: &str) {
        let indent = " ".repeat(label.chars().count().min(10));
        for line in output::wrapped(text, self.width, label, &indent) {
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    /// The arithmetic, step by step.
    fn steps(&mut self, plan: &Plan) {
        self.out
            .push_str("\nstep by step (docs/memory.md tells each formula's source)\n");
        for step in &plan.steps {
            self.tell("  ", &format!("{} = {} {}", step.name, number(step.value), step.unit));
            self.tell("    = ", step.formula);
            let inputs: Vec<String> = step
                .inputs
                .iter()
                .map(|(name, value)| format!("{name} {}", number(*value)))
                .collect();
            if !inputs.is_empty() {
                self.tell("    ", &inputs.join("; "));
            }
        }
    }

    fn settings(&mut self, stated: &[String], assumed: &[String]) {
        if !stated.is_empty() {
            self.tell("stated    ", &stated.join(", "));
        }
        self.tell("assumed   ", &assumed.join("; "));
    }

    /// The parts of one GPU's memory, as numbers and as a bar.
    fn figures(&mut self, figures: &Figures, total: f64) {
        let graphs = if figures.graphs_counted {
            "CUDA graphs"
        } else {
            "CUDA graphs, outside the budget"
        };
        let left = figures.kv.map(|kv| kv.available).unwrap_or_default();
        let signs = if output::unicode() {
            ['█', '▓', '▒', '░', '·']
        } else {
            ['#', '=', '+', '-', '.']
        };
        let parts = [
            (signs[0], "weights", figures.weights),
            (signs[1], "activations", figures.activation),
            (signs[2], graphs, figures.cuda_graph),
            (signs[3], "non-torch", figures.non_torch),
            (signs[4], "left for the KV cache", left),
        ];
        self.out
            .push_str(&format!("{:<36}{:>10}{:>18}\n", "GiB of one GPU", "estimate", "range"));
        for (sign, name, range) in parts {
            // Other engines' budgets don't part these.
            if range == Range::default() {
                continue;
            }
            self.out.push_str(&format!(
                "  {sign} {name:<32}{:>10.2}{:>9.2} to {:.2}\n",
                range.mid, range.low, range.high
            ));
        }
        self.bar(&parts, total);
        let length = grouped(&figures.max_model_len.to_string());
        let kv = figures.kv.map_or(String::new(), |kv| {
            format!(
                "; room for {} tokens: {:.2} sequences of {length}",
                grouped(&kv.tokens.to_string()),
                kv.max_concurrency
            )
        });
        let each = grouped(&figures.kv_bytes_per_token.to_string());
        self.tell("KV cache: ", &format!("{each} bytes a token{kv}"));
    }

    /// A line of the signs of the parts, in proportion; what is beyond the GPU's memory is drawn as `x`.
    fn bar(&mut self, parts: &[(char, &str, Range)], total: f64) {
        let cells = self.width.saturating_sub(20).clamp(20, 80);
        let used: f64 = parts.iter().map(|(_, _, range)| range.mid.max(0.0)).sum();
        let scale = cells as f64 / used.max(total);
        let mut bar = String::new();
        let (mut end, mut drawn) = (0.0, 0);
        let inside = ((total * scale).round() as usize).min(cells);
        for (sign, _, range) in parts {
            end += range.mid.max(0.0) * scale;
            let upto = (end.round() as usize).min(cells);
            for cell in drawn..upto {
                bar.push(if cell < inside { *sign } else { 'x' });
            }
            drawn = drawn.max(upto);
        }
        bar.extend(std::iter::repeat_n(' ', cells - drawn));
        self.out.push_str(&format!("  [{bar}] {:.2} GiB\n", used.max(total)));
        if used > total {
            self.tell("  ", &format!("x is beyond the GPU's {total:.2} GiB"));
        }
    }
}

/// Whether vLLM itself runs on it; elsewhere it doesn't, or a plugin decides what memory is used for.
fn is_modelled(gpu: &Gpu) -> bool {
    let capability = gpu.compute_capability.as_deref().and_then(|text| text.parse().ok());
    match gpu.vendor.as_str() {
        "nvidia" => capability.is_none_or(|capability: f64| capability >= 7.0),
        vendor => vendor == "amd",
    }
}

/// What a launch states, each with the file and line that says so.
fn settings_of(serving: &Serving, world: &World<'_>) -> Vec<String> {
    fn told<T: ToString>(name: &str, field: &Field<T>, world: &World<'_>) -> Option<String> {
        let Field::Known(value, place) = field else { return None };
        let source = world.files.source(place.source);
        let line = source.position(place.span.start).line;
        let value = clean(&value.to_string());
        Some(format!("{name} {value} ({}:{line})", clean(&source.path)))
    }
    [
        Some(format!("engine {}", serving.engine.name())),
        told("version", &serving.version, world),
        told("model", &serving.model, world),
        told("tensor-parallel", &serving.tensor_parallel, world),
        told("pipeline-parallel", &serving.pipeline_parallel, world),
        told("data-parallel", &serving.data_parallel, world),
        told("dtype", &serving.dtype, world),
        told("quantization", &serving.quantization, world),
        told("kv-cache-dtype", &serving.kv_cache_dtype, world),
        told("max-model-len", &serving.max_model_len, world),
        told("context of all slots", &serving.total_context, world),
        told("layers on the GPU", &serving.gpu_layers, world),
        told("max-num-seqs", &serving.max_num_seqs, world),
        told("max-num-batched-tokens", &serving.max_num_batched_tokens, world),
        told("gpu-memory-utilization", &serving.gpu_memory_utilization, world),
        told("mem-fraction-static", &serving.static_memory_fraction, world),
        told("kv-cache-memory-bytes", &serving.kv_cache_memory_bytes, world),
        told("cpu-offload-gb", &serving.cpu_offload_gb, world),
        told("enforce-eager", &serving.enforce_eager, world),
        told("enable-prefix-caching", &serving.enable_prefix_caching, world),
        told("enable-lora", &serving.enable_lora, world),
        told("speculative", &serving.speculative, world),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Starts => "starts",
        Outcome::OomLoading => "does not start, out of memory while loading",
        Outcome::NoKvRoom => "does not start, no room for a KV cache",
        Outcome::MaxLenExceedsKv => "does not start, max-model-len exceeds the KV cache",
        Outcome::Refused => "does not start, refused by the engine",
        Outcome::TooClose => "too close to tell",
        Outcome::Unknown => "not known",
    }
}

fn origin(source: &str, as_of: crate::catalog::Date) -> String {
    format!("{source}, {as_of}")
}

/// To hundredths.
fn gib(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A whole number with commas, any other with four decimals.
fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(&format!("{value:.0}"))
    } else {
        format!("{value:.4}")
    }
}

fn unknown_model(catalog: &Catalog, name: &str) -> Failure {
    let known = catalog.open_models().iter();
    let names = known.flat_map(|model| std::iter::once(&model.id).chain(&model.aliases));
    Failure(format!(
        "the catalog has no open model `{}`{} (its shape decides its memory: hand its config.json over with --config-json PATH)",
        clean(name),
        nearest(name, names.map(String::as_str))
    ))
}

fn unknown_gpu(catalog: &'static Catalog, label: &str) -> Failure {
    let of = |gpu: &'static Gpu| std::iter::once(&gpu.id).chain(&gpu.names).chain(&gpu.ambiguous_names);
    let names = catalog.gpus().iter().flat_map(of).map(String::as_str);
    Failure(format!(
        "the catalog has no GPU `{}`{} (leave --gpu out to see all those on which the model starts; a GPU is added as a row of catalog/gpus.jsonl)",
        clean(label),
        nearest(label, names)
    ))
}

/// `: did you mean …?` with the names that differ least, where any is near: by the whole name, or by what stands
/// behind the publisher's.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let wanted: String = name.chars().take(256).collect::<String>().to_lowercase();
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let other = known.to_lowercase();
            let whole = strsim::osa_distance(&wanted, &other);
            let behind = strsim::osa_distance(&last(&wanted), &last(&other)).saturating_add(1);
            let distance = whole.min(behind);
            (distance <= 1 + wanted.chars().count() * 2 / 5).then_some((distance, known))
        })
        .collect();
    near.sort_unstable_by_key(|&(distance, known)| (distance, known.to_lowercase(), known));
    near.dedup_by(|one, other| one.1.eq_ignore_ascii_case(other.1));
    let names: Vec<String> = near
        .iter()
        .take(NEAREST)
        .map(|(_, known)| format!("`{known}`"))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(": did you mean {}?", names.join(", "))
    }
}

/// A `config.json` as a model.
fn read_config(path: &Path, name: Option<&str>) -> Result<OpenModel, Failure> {
    let text = host::read_text(path, crate::config::DEFAULT_MAX_FILE_BYTES)
        .map_err(|(why, _)| Failure(format!("{}: {why}", path.display())))?;
    let shown = path.display().to_string();
    config_json::open_model(&text, name.unwrap_or(&shown), host::today())
        .map_err(|error| Failure(format!("{shown}: {}", clean(&error.to_string()))))
}

/// Predicts published runs, a JSON object a line.
fn cases(path: &Path, format: Format) -> Result<ExitCode, Failure> {
    let catalog = Catalog::embedded();
    let reader: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| Failure(format!("{}: {error}", path.display())))?)
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut pairs = Vec::new();
    for (index, line) in BufReader::new(reader).lines().enumerate() {
        let at = |error: &dyn std::fmt::Display| Failure(format!("{}:{}: {error}", path.display(), index + 1));
        let line = line.map_err(|error| at(&error))?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Value = serde_json::from_str(&line).map_err(|error| at(&error))?;
        let model = |name: &str| catalog.open_model_by_name(name);
        let judged = memory::judge_case(&row, model, |label| catalog.gpu(label).gpu());
        match format {
            Format::Human => pairs.push((row, judged)),
            Format::Json => {
                if let Err(error) = writeln!(out, "{judged}") {
                    return output::written(error);
                }
            }
        }
    }
    if format == Format::Human
        && let Err(error) = out.write_all(memory::table(&pairs).as_bytes())
    {
        return output::written(error);
    }
    match out.flush() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => output::written(error),
    }
}
