//! `llmlint memory`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::load::ConfigArguments;
use super::numbers::Format;
use super::{Failure, output};
use crate::catalog::{Catalog, Gpu, GpuMatch, OpenModel};
use crate::engines::vllm::NEWEST;
use crate::engines::{self, EngineKind, Version};
use crate::facts::memory::Inputs;
use crate::report::clean;

mod asked;
mod cases;
mod file;
mod names;
mod page;

use asked::{Answer, Asked};
use cases::{cases, read_config};
use names::{unknown_gpu, unknown_model};

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

/// Whether vLLM itself runs on it; elsewhere it doesn't, or a plugin decides what memory is used for.
fn is_modelled(gpu: &Gpu) -> bool {
    let capability = gpu.compute_capability.as_deref().and_then(|text| text.parse().ok());
    match gpu.vendor.as_str() {
        "nvidia" => capability.is_none_or(|capability: f64| capability >= 7.0),
        vendor => vendor == "amd",
    }
}
