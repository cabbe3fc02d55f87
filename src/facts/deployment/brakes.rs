//! Facts about what slows an engine down: no CUDA graphs, prefixes computed again; and what it runs on.

use super::quantized::capability;
use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, memory_plan, of_field, of_result, text};
use crate::catalog::Gpu;
use crate::engines::{EngineKind, Serving, Version};
use crate::facts::memory::{Device, Outcome};
use crate::units::{EnvValue, Field};
use rust_decimal::Decimal;

/// A share of a GPU's memory that leaves little outside of it.
const NEARLY_ALL: Decimal = Decimal::from_parts(92, 0, 0, false, 2);

/// The release from which vLLM reuses prefixes unless told otherwise: V1 became its default.
const PREFIX_CACHING: Version = Version::new(0, 8, 0);

/// A release of vLLM that keeps CUDA graphs outside of the memory that it budgets.
const GRAPHS_OUTSIDE: Version = Version::new(0, 7, 3);

impl DeploymentFacts<'_> {
    /// Whether it runs on a GPU (not a CPU, TPU or another accelerator).
    fn on_gpu(&self) -> Result<Option<bool>, String> {
        let request = &self.deployment.gpu;
        if self.serving.as_ref().is_some_and(|serving| serving.on_cpu) {
            return Ok(Some(false));
        }
        if let Ok(gpus) = self.gpus() {
            let is_gpu = |gpu: &&Gpu| matches!(gpu.vendor.as_str(), "nvidia" | "amd");
            return Ok(Some(gpus.iter().any(is_gpu)));
        }
        if request.slice.known().is_some() || request.shared.known().is_some() {
            return Ok(Some(true));
        }
        let resource = request.resource.known().map_or("", String::as_str);
        match &request.count {
            Field::Known(0, _) => Ok(Some(false)),
            Field::Known(..) => Ok(Some(
                !["tpu", "neuron", "habana", "gaudi"]
                    .iter()
                    .any(|other| resource.contains(other)),
            )),
            Field::Unknown(why, _) if why.contains("all GPUs") => Ok(Some(true)),
            Field::Unknown(why, _) => Err(why.clone()),
            // The engine's own image is made for CUDA.
            Field::Absent(_) => match self.deployment.image.known() {
                Some(image) if image.contains("vllm/vllm-openai:") => Ok(Some(true)),
                _ => Err("nothing says whether it runs on a GPU".to_owned()),
            },
        }
    }

    /// Whether the model makes tokens, not vectors or scores.
    fn generates(&self) -> Result<Option<bool>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        if matches!(serving.engine, EngineKind::Tei | EngineKind::Infinity) {
            return Ok(Some(false));
        }
        match &serving.task {
            Field::Known(task, _) if !matches!(task.as_str(), "auto" | "generate" | "draft") => return Ok(Some(false)),
            Field::Unknown(why, _) => return Err(why.clone()),
            _ => {}
        }
        let architecture = &self.model()?.architecture;
        let makes_tokens = ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"];
        Ok(Some(makes_tokens.iter().any(|ending| architecture.ends_with(ending))))
    }

    /// Whether CUDA graphs would speed up what it does, and there is room for them.
    fn graphs_pay(&self) -> Result<Option<bool>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let role = serving.kv_transfer_config.known().map_or("", String::as_str);
        // A worker that only reads prompts launches few, large kernels; some kernels for experts can't be captured.
        let all_to_all = self.deployment.launch.env.iter().any(|(name, value)| {
            name == "VLLM_ALL2ALL_BACKEND"
                && matches!(value, EnvValue::Known(text, _) if text.as_str().contains("high_throughput"))
        });
        let resource = self.deployment.gpu.resource.known().map_or("", String::as_str);
        let without =
            resource.contains("intel.com") || self.deployment.image.known().is_some_and(|image| image.contains("xpu"));
        if role.contains("kv_producer") || all_to_all || without || self.generates() == Ok(Some(false)) {
            return Ok(Some(false));
        }
        match self.on_gpu()? {
            Some(true) => {}
            other => return Ok(other),
        }
        if !matches!(serving.data_parallel, Field::Absent(_) | Field::Known(0 | 1, _)) {
            return Err("not every release captures graphs with data parallelism".to_owned());
        }
        // Who keeps weights in host memory has none to spare on the GPU.
        if !serving.cpu_offload_gb.is_absent() {
            return Ok(Some(false));
        }
        let Ok(gpus) = self.gpus() else {
            let shares = [&serving.gpu_memory_utilization, &serving.static_memory_fraction];
            if shares
                .iter()
                .any(|share| share.known().is_some_and(|share| *share >= NEARLY_ALL))
            {
                return Err("nearly all memory is in use already, and no GPU is named".to_owned());
            }
            let half = matches!(serving.dtype.known().map(String::as_str), Some("half" | "float16"));
            return match self.model() {
                Ok(model) if half && model.dtype == "bfloat16" => {
                    Err("float16 for a model in bfloat16 suggests an old GPU, and none is named".to_owned())
                }
                _ => Ok(Some(true)),
            };
        };
        // Before Turing, graphs are captured unreliably.
        if gpus.iter().any(|gpu| capability(gpu) < 7.5 && gpu.vendor == "nvidia") {
            return Ok(Some(false));
        }
        let Ok(model) = self.model() else {
            return Ok(Some(true));
        };
        let with_graphs = Serving {
            enforce_eager: Field::default(),
            ..serving.clone()
        };
        // Where the release can't be told, it must fit both inside the budget and, as in old releases, outside of it.
        let mut releases = vec![with_graphs.clone()];
        if let (EngineKind::Vllm, Field::Unknown(..)) = (serving.engine, &serving.version) {
            releases.push(Serving {
                version: Field::Known(GRAPHS_OUTSIDE, self.deployment.place),
                ..with_graphs
            });
        }
        let fits = |gpu: &&Gpu| {
            let device = Device::from(*gpu);
            releases.iter().all(|release| {
                memory_plan::of(release, model, &device, self.deployment.gpu.count.known().copied())
                    .is_ok_and(|plan| matches!(plan.outcome, Outcome::Starts | Outcome::Unknown))
            })
        };
        Ok(Some(gpus.iter().all(fits)))
    }

    /// Whether the KV cache of prefixes is used again: as stated, else as the release does on its own.
    fn prefix_caching(&self) -> Fact {
        let Some(serving) = &self.serving else {
            return Fact::of(Known::Absent);
        };
        let stated = &serving.enable_prefix_caching;
        let place = stated.place();
        let value = match (stated, serving.engine) {
            (Field::Known(on, _), _) => Known::Yes(Value::Bool(*on)),
            (Field::Unknown(why, _), _) => Known::Unknown(why.as_str().into()),
            (Field::Absent(_), EngineKind::Vllm) => match (&serving.use_v1, &serving.version) {
                (Field::Known(true, _), _) => Known::Yes(Value::Bool(true)),
                (Field::Known(false, _), _) => {
                    Known::Unknown("V0 is forced, perhaps for a GPU that V1 doesn't run on".into())
                }
                (_, Field::Known(version, _)) => Known::Yes(Value::Bool(*version >= PREFIX_CACHING)),
                (_, Field::Unknown(why, _)) => Known::Unknown(why.as_str().into()),
                (_, Field::Absent(_)) => Known::Yes(Value::Bool(true)),
            },
            (Field::Absent(_), EngineKind::Sglang) => Known::Yes(Value::Bool(true)),
            (Field::Absent(_), _) => Known::Absent,
        };
        Fact::of(value).at(place)
    }

    /// Whether a cache beside the engine's own holds prefixes, or moves them between engines.
    fn kv_connector(&self) -> bool {
        let image = self
            .deployment
            .image
            .known()
            .is_some_and(|image| image.contains("lmcache"));
        let variable = self
            .deployment
            .launch
            .env
            .iter()
            .any(|(name, _)| name.starts_with("LMCACHE_"));
        image || variable || !self.serving(|serving| &serving.kv_transfer_config).is_absent()
    }

    /// Whether every layer keeps its state per token, so that a prefix of it can be used again.
    fn keeps_prefixes(&self) -> Result<Option<bool>, String> {
        Ok(Some(self.model()?.linear_layers == 0))
    }
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.on_gpu",
        ty: Type::Bool,
        unit: "",
        about: "whether it runs on GPUs, not on CPUs or another accelerator",
        get: |facts| of_result(facts.on_gpu(), Value::Bool),
    },
    Row {
        name: "deployment.generates",
        ty: Type::Bool,
        unit: "",
        about: "whether the model makes tokens, not vectors or scores",
        get: |facts| of_result(facts.generates(), Value::Bool),
    },
    Row {
        name: "deployment.dtype",
        ty: Type::Str,
        unit: "",
        about: "the precision of weights and activations, where the command line says so",
        get: |facts| of_field(facts.serving(|s| &s.dtype), |dtype| text(dtype)),
    },
    Row {
        name: "deployment.enforce_eager",
        ty: Type::Bool,
        unit: "",
        about: "whether CUDA graphs are off, where the command line says so",
        get: |facts| of_field(facts.serving(|s| &s.enforce_eager), |on| Value::Bool(*on)),
    },
    Row {
        name: "deployment.graphs_pay",
        ty: Type::Bool,
        unit: "",
        about: "whether CUDA graphs would speed up what it does, on its GPU, with memory to spare for them",
        get: |facts| of_result(facts.graphs_pay(), Value::Bool),
    },
    Row {
        name: "deployment.prefix_caching",
        ty: Type::Bool,
        unit: "",
        about: "whether the KV cache of shared prefixes is used again: as stated, else by the release",
        get: |facts| facts.prefix_caching(),
    },
    Row {
        name: "deployment.kv_connector",
        ty: Type::Bool,
        unit: "",
        about: "whether a cache beside the engine's own holds prefixes, or moves them between engines (LMCache, NIXL)",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.kv_connector()))),
    },
    Row {
        name: "deployment.keeps_prefixes",
        ty: Type::Bool,
        unit: "",
        about: "whether all layers keep their state per token, so that a prefix of it can be used again",
        get: |facts| of_result(facts.keeps_prefixes(), Value::Bool),
    },
];
