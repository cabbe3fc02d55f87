//! Facts about what is paid for and not used: the engine's brakes, weights larger and GPUs more than needed.

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, gib, int, memory_plan, of_field, of_result, text};
use crate::catalog::{Gpu, GpuMatch, Instance, OpenModel};
use crate::engines::{EngineKind, Serving, Version};
use crate::facts::cost::{input, times};
use crate::facts::memory::{Device, Outcome, Plan};
use crate::facts::throughput::Roofline;
use crate::report::Figure;
use crate::units::{EnvValue, Field};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Sequences of the longest length that fewer GPUs must still have room for, unless fewer are asked for.
const ROOM: u64 = 16;

/// The least share of the cost that a cheaper instance must save: a fifth.
const LEAST_SAVING: Decimal = Decimal::from_parts(2, 0, 0, false, 1);

/// Memory of a host that the engine and the system take besides the weights on their way to the GPU, GiB.
const HOST_GIB: f64 = 8.0;

/// A share of a GPU's memory that leaves little outside of it.
const NEARLY_ALL: Decimal = Decimal::from_parts(92, 0, 0, false, 2);

/// The release from which vLLM reuses prefixes unless told otherwise: V1 became its default.
const PREFIX_CACHING: Version = Version::new(0, 8, 0);

/// A release of vLLM that keeps CUDA graphs outside of the memory that it budgets.
const GRAPHS_OUTSIDE: Version = Version::new(0, 7, 3);

/// What names of quantized checkpoints add to the name of the model that they were made of.
const QUANTIZED_ENDINGS: &[&str] = &[
    "-fp8",
    "-fp8-dynamic",
    "-fp8-kv",
    "-awq",
    "-awq-int4",
    "-gptq",
    "-gptq-int4",
    "-gptq-int8",
    "-int4",
    "-int8",
    "-nvfp4",
    "-fp4",
    "-quantized.w8a8",
    "-quantized.w8a16",
    "-quantized.w4a16",
];

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

    /// The weights of `model` on one GPU, GiB, if none were kept in host memory.
    fn weights_on_gpu(&self, model: &OpenModel) -> Result<(&'static Gpu, f64), String> {
        let (gpu, _) = self.verdict()?;
        let serving = Serving {
            cpu_offload_gb: Field::default(),
            ..self.serving.clone().ok_or("no engine is recognized")?
        };
        let plan = memory_plan::of(
            &serving,
            model,
            &Device::from(*gpu),
            self.deployment.gpu.count.known().copied(),
        )?;
        let figures = plan.figures.ok_or(plan.why)?;
        Ok((gpu, figures.weights.mid))
    }

    /// The weights of all ranks of one copy.
    fn weights_of_copy(&self) -> Result<Figure, String> {
        let (gpu, weights) = self.weights_on_gpu(self.model()?)?;
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let ranks = |field: &Field<u64>| field.known().copied().unwrap_or(1);
        let gpus = ranks(&serving.tensor_parallel).saturating_mul(ranks(&serving.pipeline_parallel));
        let weights = gib(weights).ok_or("a figure is out of range")?;
        let total = times(weights, Decimal::from(gpus))?.normalize();
        Ok(Figure {
            low: total,
            high: total,
            unit: "GiB".to_owned(),
            per: "copy".to_owned(),
            without: Vec::new(),
            formula: "weights * gpus".to_owned(),
            inputs: vec![
                input("weights", weights, "GiB", format!("on one {}, docs/memory.md", gpu.id)),
                input("gpus", Decimal::from(gpus), "GPUs", "tensor × pipeline parallelism"),
            ],
        })
    }

    /// The fewest GPUs that a copy surely starts on with room for requests, where that is fewer than it is spread over.
    fn fewer_gpus(&self) -> Result<Option<u64>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let Field::Known(stated, place) = &serving.tensor_parallel else {
            return Ok(None);
        };
        let alone = |field: &Field<u64>| match field {
            Field::Known(n, _) => *n <= 1,
            Field::Absent(_) => true,
            Field::Unknown(..) => false,
        };
        if *stated < 2
            || !alone(&serving.pipeline_parallel)
            || !alone(&serving.data_parallel)
            || !alone(&self.deployment.nodes)
        {
            return Ok(None);
        }
        let model = self.model()?;
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let does = |ranks: u64| {
            let fewer = Serving {
                tensor_parallel: Field::Known(ranks, *place),
                ..serving.clone()
            };
            gpus.iter().all(|gpu| {
                memory_plan::of(
                    &fewer,
                    model,
                    &Device::from(*gpu),
                    fewer.tensor_parallel.known().copied(),
                )
                .is_ok_and(|plan| has_room(&plan, serving))
            })
        };
        if !does(*stated) {
            return Ok(None);
        }
        let halves = std::iter::successors(Some(*stated), |ranks| ranks.is_multiple_of(2).then_some(ranks / 2));
        let fewest = halves.skip(1).take_while(|ranks| does(*ranks)).last();
        Ok(fewest)
    }

    /// A published quantized version of the very model, in a format that every GPU it may run on computes.
    fn quantized(&self) -> Result<Option<&'static OpenModel>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let name = match self.model_name() {
            Field::Known(name, _) => name,
            Field::Absent(_) => return Ok(None),
            Field::Unknown(why, _) => return Err(why),
        };
        let model = self.model()?;
        let whole = |field: &Field<String>| match field.known() {
            Some(text) => matches!(
                text.as_str(),
                "auto" | "bfloat16" | "float16" | "half" | "bf16" | "fp16"
            ),
            None => field.is_absent(),
        };
        let served = matches!(serving.engine, EngineKind::Vllm | EngineKind::Sglang);
        if !served || model.quantization.is_some() || !serving.quantization.is_absent() || !whole(&serving.dtype) {
            return Ok(None);
        }
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let wanted = stem(&name);
        let same = |other: &&OpenModel| {
            other.parameters == model.parameters
                && other.layers == model.layers
                // An alias has the row's shape, but may hold other weights.
                && stem(&other.id) == wanted
                && gpus.iter().all(|gpu| computes(gpu, other))
        };
        // Four bits are not for every task: only where the model's own publisher offers them.
        let offered = |other: &&OpenModel| {
            let bits = other.quantization.as_ref().map_or(0, |found| found.bits);
            bits >= 8 || (bits > 0 && owner(&other.id) == owner(&name))
        };
        let rank = |other: &&OpenModel| {
            let bits = other.quantization.as_ref().map_or(0, |found| found.bits);
            (
                std::cmp::Reverse(bits),
                owner(&other.id) != owner(&name),
                other.id.clone(),
            )
        };
        let all = self.world.catalog.open_models().iter();
        Ok(all.filter(offered).filter(same).min_by_key(rank))
    }

    /// The share of the weights that the quantized version saves.
    fn quantized_share(&self) -> Result<Option<Decimal>, String> {
        let Some(quantized) = self.quantized()? else {
            return Ok(None);
        };
        let (_, more) = self.weights_on_gpu(self.model()?)?;
        let (_, less) = self.weights_on_gpu(quantized)?;
        Ok(gib(1.0 - less / more))
    }

    /// The cheapest instance of the same cloud and region with another GPU that holds what it is told to serve, makes
    /// as many tokens for a dollar, and costs less by a fifth or more.
    fn smaller(&self) -> Result<Option<Smaller>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let (Field::Known(length, _), Field::Known(asked, _)) = (&serving.max_model_len, &serving.max_num_seqs) else {
            return Ok(None);
        };
        let names = self.instance_names();
        let stated = self.setting(|s| s.gpu_hour_usd);
        let ([name], Field::Known(count, _), None) = (names.as_slice(), &self.deployment.gpu.count, stated) else {
            return Ok(None);
        };
        let known = self.instance(name).and_then(|here| Some((here, here.usd_per_hour?)));
        let Some((here, usd)) = known else {
            return Ok(None);
        };
        let model = self.model()?;
        let (gpu, plan) = self.verdict()?;
        if plan.outcome != Outcome::Starts || *count == 0 {
            return Ok(None);
        }
        // What the copy pays now: its share of the machine.
        let pays = times(usd / Decimal::from(here.gpu_count.max(1)), Decimal::from(*count))?;
        let (batch, context) = (*asked as f64, *length as f64 / 2.0);
        let dollars = |roofline: &Roofline, usd: Decimal| {
            let usd = usd.to_f64().unwrap_or(f64::INFINITY);
            (
                roofline.step(batch, context).low * usd,
                roofline.prefill(1000.0).low * usd,
            )
        };
        let now = dollars(&self.roofline_on(gpu, plan)?, pays);
        let eight_bits = |text: Option<&str>| text.is_some_and(|text| text.starts_with("fp8"));
        let eight_bits = eight_bits(model.quantization.as_ref().map(|found| found.method.as_str()))
            || eight_bits(serving.quantization.known().map(String::as_str))
            || eight_bits(serving.kv_cache_dtype.known().map(String::as_str));
        let judge = |there: &&'static Instance| {
            let cost = there.usd_per_hour?;
            let GpuMatch::Exact(other) = self.world.catalog.gpu(&there.gpu) else {
                return None;
            };
            let alike = there.cloud == here.cloud
                && there.region == here.region
                && there.gpu != here.gpu
                && other.vendor == gpu.vendor
                && u64::from(there.gpu_count) >= *count
                && capability(other) >= if eight_bits { 8.9 } else { 8.0 };
            // The whole machine is paid for: nothing else may use the rest of it.
            let share = (Decimal::ONE - cost.checked_div(pays)?).round_dp(4);
            if !alike || share < LEAST_SAVING {
                return None;
            }
            let plan = memory_plan::of(
                serving,
                model,
                &Device::from(other),
                self.deployment.gpu.count.known().copied(),
            )
            .ok()?;
            let figures = plan.figures?;
            let held = figures.kv?.available.low >= figures.kv_needed_gib * batch;
            // Weights pass through the host's memory.
            let host = there.memory_gib >= figures.weights.high * *count as f64 + HOST_GIB;
            let roofline = self.roofline_on(other, &plan).ok()?;
            let then = dollars(&roofline, cost);
            let as_cheap = then.0 <= now.0 * 1.05 && then.1 <= now.1 * 1.05;
            (plan.outcome == Outcome::Starts && held && host && as_cheap).then(|| Smaller {
                instance: there,
                share,
                speed: 1.0 / roofline.step(batch, context).high,
            })
        };
        let all = self.world.catalog.instances().iter();
        Ok(all
            .filter_map(|there| judge(&there))
            .max_by_key(|found| (found.share, std::cmp::Reverse(&found.instance.name))))
    }

    /// What the stated requests leave over of a month's time, at the low end of the speed.
    fn idle_share(&self) -> Result<Option<Decimal>, String> {
        let stated = self.setting(|s| s.requests_per_month);
        let Some(requests) = stated else {
            return Ok(None);
        };
        let time = self.month_of_requests()?.unwrap_or(0).max(1);
        Ok(Decimal::from(requests)
            .checked_div(Decimal::from(time))
            .map(|busy| (Decimal::ONE - busy).max(Decimal::ZERO).round_dp(4)))
    }

    /// The least memory of the GPUs that it may run on.
    fn least_memory(&self) -> Result<Option<Decimal>, String> {
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let least = gpus.iter().map(|gpu| gpu.memory_gib).min_by(f64::total_cmp);
        Ok(least.and_then(gib))
    }

    /// Whether whole GPUs are its own.
    fn whole_gpus(&self) -> Result<Option<bool>, String> {
        let request = &self.deployment.gpu;
        if !request.slice.is_absent() || !request.shared.is_absent() {
            return Ok(Some(false));
        }
        match &request.count {
            Field::Known(count, _) => Ok(Some(*count >= 1)),
            Field::Absent(_) => Ok(None),
            Field::Unknown(why, _) => Err(why.clone()),
        }
    }
}

/// A cheaper instance that would do.
struct Smaller {
    instance: &'static Instance,
    /// The share of the cost that it saves.
    share: Decimal,
    /// Tokens a second of each answer when all that may run at a time do, at the least.
    speed: f64,
}

/// Whether it surely starts, with room for [`ROOM`] sequences of the longest length, or as many as it is told to serve.
fn has_room(plan: &Plan, serving: &Serving) -> bool {
    let asked = serving.max_num_seqs.known().map_or(ROOM, |asked| ROOM.min(*asked));
    let room = plan.figures.as_ref().and_then(|figures| {
        let kv = figures.kv?;
        Some(kv.available.low >= figures.kv_needed_gib * asked as f64)
    });
    plan.outcome == Outcome::Starts && room == Some(true)
}

/// NVIDIA's compute capability as a number; 0 where it has none.
fn capability(gpu: &Gpu) -> f64 {
    let text = gpu.compute_capability.as_deref();
    text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// Whether a GPU computes with a checkpoint's format, not only stores it.
fn computes(gpu: &Gpu, model: &OpenModel) -> bool {
    let from = match model.quantization.as_ref().map(|found| found.method.as_str()) {
        Some("fp8") => 8.9,
        Some("awq" | "gptq" | "int8") => 8.0,
        Some("nvfp4") => 10.0,
        _ => return false,
    };
    capability(gpu) >= from
}

fn owner(id: &str) -> &str {
    id.split_once('/').map_or("", |(owner, _)| owner)
}

/// A repository's name without its owner and without what tells the number format: the name of the model.
fn stem(id: &str) -> String {
    let name = id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase();
    // Meta itself dropped the prefix from its repositories' names.
    let name = name.strip_prefix("meta-").unwrap_or(&name);
    let name = name.strip_suffix("-bf16").unwrap_or(name);
    let ending = QUANTIZED_ENDINGS.iter().filter(|ending| name.ends_with(**ending));
    let longest = ending
        .max_by_key(|ending| ending.len())
        .map_or(0, |ending| ending.len());
    name[..name.len() - longest].to_owned()
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
        name: "deployment.whole_gpus",
        ty: Type::Bool,
        unit: "",
        about: "whether whole GPUs are its own, not parts of one and none that others share",
        get: |facts| of_result(facts.whole_gpus(), Value::Bool),
    },
    Row {
        name: "deployment.least_gpu_memory",
        ty: Type::Number,
        unit: "GiB",
        about: "memory of the smallest GPU that it may run on",
        get: |facts| of_result(facts.least_memory(), Value::Number),
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
    Row {
        name: "deployment.memory.weights_of_copy",
        ty: Type::Number,
        unit: "GiB",
        about: "weights of one copy over all its GPUs, those kept in host memory among them",
        get: |facts| Fact::amount(facts.weights_of_copy()),
    },
    Row {
        name: "deployment.waste.fewer_gpus",
        ty: Type::Int,
        unit: "GPUs",
        about: "the fewest GPUs that share each layer with which it surely starts and has room for requests, where fewer than stated",
        get: |facts| of_result(facts.fewer_gpus(), int),
    },
    Row {
        name: "deployment.waste.smaller_instance",
        ty: Type::Str,
        unit: "",
        about: "the cheapest instance of the same cloud that holds the stated requests and makes as many tokens for a dollar, where it costs a fifth less",
        get: |facts| {
            of_result(facts.smaller(), |found| {
                text(&format!("{} ({})", found.instance.name, found.instance.gpu))
            })
        },
    },
    Row {
        name: "deployment.waste.smaller_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of the cost that the smaller instance saves",
        get: |facts| of_result(facts.smaller(), |found| Value::Number(found.share)),
    },
    Row {
        name: "deployment.waste.smaller_speed",
        ty: Type::Number,
        unit: "tokens",
        about: "tokens a second of each answer on it, at the least, when all that may run at a time do",
        get: |facts| {
            let speed = facts.smaller().map(|found| found.and_then(|found| gib(found.speed)));
            of_result(speed, Value::Number)
        },
    },
    Row {
        name: "deployment.waste.idle_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of a month in which all copies surely have nothing to do",
        get: |facts| of_result(facts.idle_share(), Value::Number),
    },
    Row {
        name: "deployment.waste.quantized",
        ty: Type::Str,
        unit: "",
        about: "a published quantized version of the model that its GPUs compute with",
        get: |facts| of_result(facts.quantized(), |model| text(&model.id)),
    },
    Row {
        name: "deployment.waste.quantized_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of the weights that the quantized version saves",
        get: |facts| of_result(facts.quantized_share(), Value::Number),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantized_names_lead_to_the_model() {
        // Names as their publishers write them.
        for (quantized, model) in [
            (
                "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8",
                "meta-llama/Llama-3.1-8B-Instruct",
            ),
            ("Qwen/Qwen2.5-14B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-14B-Instruct"),
            (
                "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
                "meta-llama/Meta-Llama-3.1-70B-Instruct",
            ),
            ("RedHatAI/gemma-2-9b-it-quantized.w8a8", "google/gemma-2-9b-it"),
            (
                "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-FP8",
                "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
            ),
        ] {
            assert_eq!(stem(quantized), stem(model));
        }
        // A model of the same shape that was trained further is another model.
        assert_ne!(
            stem("RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8"),
            stem("deepseek-ai/DeepSeek-R1-Distill-Llama-70B")
        );
    }
}
