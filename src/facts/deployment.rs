//! The facts of a deployment.

use std::cell::OnceCell;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::cost;
use super::memory::{self, Device, Inputs, Outcome, Plan};
use super::{Fact, Known, Row, Type, Value, World};
use crate::catalog::{Date, Gpu, GpuMatch, Instance, OpenModel};
use crate::engines::{self, Serving};
use crate::report::{Figure, Input};
use crate::units::{Deployment, Field, GpuLabel};

/// A deployment with what its facts are made of, each part computed when it is first needed.
pub struct DeploymentFacts<'a> {
    /// The unit.
    pub deployment: &'a Deployment,
    world: &'a World<'a>,
    serving: Option<Serving>,
    gpus: OnceCell<Result<Vec<&'static Gpu>, String>>,
    plans: OnceCell<Result<Vec<(&'static Gpu, Plan)>, String>>,
}

impl<'a> DeploymentFacts<'a> {
    /// The facts of `deployment`.
    pub fn new(deployment: &'a Deployment, world: &'a World<'a>) -> Self {
        Self {
            deployment,
            world,
            serving: engines::recognise(&deployment.launch, &deployment.image),
            gpus: OnceCell::new(),
            plans: OnceCell::new(),
        }
    }

    fn place_in_tree(&self) -> &str {
        &self.world.sources[self.deployment.place.source.0 as usize].from_root
    }

    /// A field of what the engine is started with.
    fn serving<T: Clone>(&self, pick: impl FnOnce(&Serving) -> &Field<T>) -> Field<T> {
        self.serving
            .as_ref()
            .map(|serving| pick(serving).clone())
            .unwrap_or_default()
    }

    /// The model's name.
    pub fn model_name(&self) -> Field<String> {
        self.serving(|serving| &serving.model)
    }

    fn model(&self) -> Result<&'static OpenModel, String> {
        match self.model_name() {
            Field::Known(name, _) => self
                .world
                .catalog
                .open_model(&name)
                .ok_or_else(|| format!("`{name}` is not in the catalog of open models, so its shape is not known")),
            Field::Absent(_) => Err("no model is named".to_owned()),
            Field::Unknown(why, _) => Err(why),
        }
    }

    /// The GPUs that it may run on, by what the manifest and the config say; several are alternatives.
    fn gpus(&self) -> &Result<Vec<&'static Gpu>, String> {
        self.gpus.get_or_init(|| {
            if self.serving.as_ref().is_some_and(|serving| serving.on_cpu) {
                return Err("it runs on the CPU".to_owned());
            }
            let catalog = self.world.catalog;
            if let Some(name) = self.world.settings.deployment(self.place_in_tree(), |s| s.gpu.clone()) {
                return match catalog.gpu(&name) {
                    GpuMatch::Exact(gpu) => Ok(vec![gpu]),
                    GpuMatch::Ambiguous(gpus) => Ok(gpus),
                    GpuMatch::Unknown => Err(format!("`{name}` (llmlint.yaml) is no GPU of the catalog")),
                };
            }
            let mut found: Vec<&'static Gpu> = Vec::new();
            // A product says more than an instance type, which may carry several: instances count where no product
            // is named.
            let products: Vec<&str> = self.labels(|label| match label {
                GpuLabel::Product(name) => Some(name),
                GpuLabel::Instance(_) => None,
            });
            for name in &products {
                match catalog.gpu(name) {
                    GpuMatch::Exact(gpu) => found.push(gpu),
                    GpuMatch::Ambiguous(gpus) => found.extend(gpus),
                    GpuMatch::Unknown => return Err(format!("`{name}` names no GPU of the catalog")),
                }
            }
            if products.is_empty() {
                for name in self.instance_names() {
                    let Some(instance) = self.instance(name) else {
                        return Err(format!("`{name}` names no instance type of the catalog"));
                    };
                    match catalog.gpu(&instance.gpu) {
                        GpuMatch::Exact(gpu) => found.push(gpu),
                        GpuMatch::Ambiguous(gpus) => found.extend(gpus),
                        GpuMatch::Unknown => return Err(format!("the GPU of `{name}` is not in the catalog")),
                    }
                }
            }
            found.sort_by(|a, b| a.id.cmp(&b.id));
            found.dedup_by(|a, b| a.id == b.id);
            if found.is_empty() {
                return Err("nothing says which GPU it runs on: a node selector would, or `gpu` under `deployments:` in llmlint.yaml".to_owned());
            }
            Ok(found)
        })
    }

    fn labels<'s>(&'s self, pick: impl Fn(&'s GpuLabel) -> Option<&'s String>) -> Vec<&'s str> {
        self.deployment
            .gpu
            .labels
            .iter()
            .filter_map(|(label, _)| pick(label).map(String::as_str))
            .collect()
    }

    fn instance_names(&self) -> Vec<&str> {
        self.labels(|label| match label {
            GpuLabel::Instance(name) => Some(name),
            GpuLabel::Product(_) => None,
        })
    }

    fn instance(&self, name: &str) -> Option<&'static Instance> {
        self.world.catalog.instance_named(name)
    }

    /// What becomes of it on each GPU that it may run on.
    fn plans(&self) -> &Result<Vec<(&'static Gpu, Plan)>, String> {
        self.plans.get_or_init(|| {
            let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
            let model = self.model()?;
            let inputs = Inputs::of(serving)?;
            // A part of a GPU, or one shared with others, is not the GPU of the label.
            if let Field::Unknown(why, _) = &self.deployment.gpu.count
                && why.contains("part of a GPU")
            {
                return Err(why.clone());
            }
            let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
            Ok(gpus
                .iter()
                .map(|gpu| (*gpu, memory::plan(model, &Device::from(*gpu), &inputs)))
                .collect())
        })
    }

    /// The verdict that holds for every GPU that it may run on; of several, the mildest.
    fn verdict(&self) -> Result<&(&'static Gpu, Plan), String> {
        let plans = self.plans().as_ref().map_err(Clone::clone)?;
        let mildest = plans.iter().min_by_key(|(_, plan)| match plan.outcome {
            Outcome::Starts => 0,
            Outcome::Unknown => 1,
            Outcome::TooClose => 2,
            Outcome::MaxLenExceedsKv => 3,
            Outcome::NoKvRoom => 4,
            Outcome::OomLoading => 5,
            Outcome::Refused => 6,
        });
        mildest.ok_or_else(|| "no GPU is known".to_owned())
    }

    fn figure(&self, pick: impl FnOnce(&memory::Figures) -> Option<f64>) -> Result<Option<Decimal>, String> {
        let (_, plan) = self.verdict()?;
        match &plan.figures {
            Some(figures) => Ok(pick(figures).and_then(gib)),
            None => Err(plan.why.clone()),
        }
    }

    /// The memory that one GPU lacks for one sequence of the longest length.
    fn missing(&self) -> Result<Figure, String> {
        let (gpu, plan) = self.verdict()?;
        let figures = plan.figures.as_ref().ok_or_else(|| plan.why.clone())?;
        let graphs = if figures.graphs_counted {
            figures.cuda_graph.mid
        } else {
            0.0
        };
        let parts = [
            (
                "weights",
                figures.weights.mid,
                "catalog/open_models.jsonl and the flags",
            ),
            ("activations", figures.activation.mid, "estimated, docs/memory.md"),
            ("outside_torch", figures.non_torch.mid, "estimated, docs/memory.md"),
            ("cuda_graphs", graphs, "estimated, docs/memory.md"),
            (
                "kv_one_sequence",
                figures.kv_needed_gib,
                "max-model-len × KV bytes a token",
            ),
        ];
        let mut inputs = Vec::new();
        let mut needed = Decimal::ZERO;
        for (name, value, from) in parts {
            let value = gib(value).ok_or("a figure is out of range")?;
            needed += value;
            inputs.push(cost::input(name, value, "GiB", from));
        }
        let memory = gib(gpu.memory_gib).ok_or("the GPU's memory is out of range")?;
        let utilization = Decimal::from_f64(figures.utilization)
            .ok_or("the utilization is out of range")?
            .round_dp(4);
        inputs.push(cost::input(
            "utilization",
            utilization,
            "share",
            "gpu-memory-utilization",
        ));
        inputs.push(cost::input(
            "gpu_memory",
            memory,
            "GiB",
            format!(
                "{} as its driver reports it: catalog/gpus.jsonl of {}",
                gpu.id, gpu.as_of
            ),
        ));
        let lacking = (needed - memory * utilization).max(Decimal::ZERO).normalize();
        if lacking.is_zero() {
            return Err("nothing is lacking".to_owned());
        }
        Ok(Figure {
            low: lacking,
            high: lacking,
            unit: "GiB".to_owned(),
            per: "GPU".to_owned(),
            without: Vec::new(),
            formula: "weights + activations + outside_torch + cuda_graphs + kv_one_sequence - gpu_memory * utilization"
                .to_owned(),
            inputs,
        })
    }

    /// The KV cache that the stated longest length asks for beyond the longest that fits.
    fn longest_context(&self) -> Result<Option<u64>, String> {
        let (gpu, _) = self.verdict()?;
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        Ok(memory::longest_context(
            self.model()?,
            &Device::from(*gpu),
            &Inputs::of(serving)?,
        ))
    }

    /// GPUs of one copy: stated by the manifest, else what the parallelism needs.
    fn gpu_count(&self) -> Result<(u64, String), String> {
        match &self.deployment.gpu.count {
            Field::Known(count, _) => Ok((*count, "the manifest's GPU limit".to_owned())),
            Field::Unknown(why, _) => Err(why.clone()),
            Field::Absent(_) => Err("the manifest asks for no GPU".to_owned()),
        }
    }

    /// USD for one hour of all copies.
    fn hour(&self) -> Result<Figure, String> {
        let (count, count_from) = self.gpu_count()?;
        let replicas = match &self.deployment.replicas {
            Field::Known(n, _) => (*n, "the manifest's replicas"),
            _ => (1, "one copy: no replicas are stated"),
        };
        let stated = self.world.settings.deployment(self.place_in_tree(), |s| s.gpu_hour_usd);
        let rate = match stated {
            Some(usd) => cost::input("gpu_hour", usd, "USD per GPU and hour", "gpu_hour_usd in llmlint.yaml"),
            None => self.instance_rate()?,
        };
        let total = Decimal::from(count)
            .checked_mul(Decimal::from(replicas.0))
            .and_then(|gpus| gpus.checked_mul(rate.high))
            .ok_or("the amount is larger than a decimal holds")?;
        Ok(Figure {
            low: total.normalize(),
            high: total.normalize(),
            unit: "USD".to_owned(),
            per: "hour".to_owned(),
            without: Vec::new(),
            formula: "gpus * replicas * gpu_hour".to_owned(),
            inputs: vec![
                cost::input("gpus", Decimal::from(count), "GPUs", count_from),
                cost::input("replicas", Decimal::from(replicas.0), "copies", replicas.1),
                rate,
            ],
        })
    }

    /// The day of the price that its cost is made with, where that is the catalog's.
    pub fn price_as_of(&self) -> Option<Date> {
        let stated = self.world.settings.deployment(self.place_in_tree(), |s| s.gpu_hour_usd);
        let names = self.instance_names();
        let [name] = names.as_slice() else {
            return None;
        };
        self.instance(name)
            .filter(|instance| stated.is_none() && instance.usd_per_hour.is_some())
            .map(|instance| instance.as_of)
    }

    /// The price of a GPU of the one instance type that the manifest names.
    fn instance_rate(&self) -> Result<Input, String> {
        let names = self.instance_names();
        let [name] = names.as_slice() else {
            return Err(
                "the price of its GPUs is not known: a node selector with the instance type would tell it, or `gpu_hour_usd` under `deployments:` in llmlint.yaml"
                    .to_owned(),
            );
        };
        let instance = self
            .instance(name)
            .ok_or_else(|| format!("`{name}` names no instance type of the catalog"))?;
        let usd = instance
            .usd_per_hour
            .ok_or_else(|| format!("the catalog has no price for `{name}`"))?;
        // Rounded to a millionth of a dollar, so that the line can be redone from what it shows.
        let rate = (usd / Decimal::from(instance.gpu_count.max(1))).round_dp(6);
        let from = format!(
            "{} {} in {}, on demand, {usd} USD an hour for {} GPUs: catalog/instances.jsonl of {}",
            instance.cloud, instance.name, instance.region, instance.gpu_count, instance.as_of,
        );
        Ok(cost::input("gpu_hour", rate.normalize(), "USD per GPU and hour", from))
    }
}

/// GiB to a hundredth, as reports show them.
fn gib(value: f64) -> Option<Decimal> {
    Decimal::from_f64(value).map(|value| value.round_dp(2))
}

fn of_field<T>(field: Field<T>, value: impl FnOnce(&T) -> Value) -> Fact {
    super::prompt::field(&field, value)
}

fn of_result<T>(found: Result<Option<T>, String>, value: impl FnOnce(T) -> Value) -> Fact {
    super::prompt::known(found, value)
}

fn int(value: u64) -> Value {
    super::prompt::int(value)
}

fn text(value: &str) -> Value {
    Value::Str(value.into())
}

type Get = fn(&DeploymentFacts<'_>) -> Fact;

/// The facts of a deployment, in the order in which they are listed.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.format",
        ty: Type::Str,
        unit: "",
        about: "the format it was read as",
        get: |facts| Fact::of(Known::Yes(text(facts.deployment.format))).at(Some(facts.deployment.place)),
    },
    Row {
        name: "deployment.image",
        ty: Type::Str,
        unit: "",
        about: "the container image",
        get: |facts| of_field(facts.deployment.image.clone(), |image| text(image)),
    },
    Row {
        name: "deployment.engine",
        ty: Type::Str,
        unit: "",
        about: "the engine that serves",
        get: |facts| {
            let engine = facts.serving.as_ref().map(|serving| text(serving.engine.name()));
            Fact::of(engine.map_or(Known::Absent, Known::Yes)).at(facts.deployment.launch.slot.place())
        },
    },
    Row {
        name: "deployment.engine_version",
        ty: Type::Str,
        unit: "",
        about: "the engine's version, from the image's tag",
        get: |facts| of_field(facts.serving(|s| &s.version), |version| text(&version.to_string())),
    },
    Row {
        name: "deployment.model",
        ty: Type::Str,
        unit: "",
        about: "the model that is served",
        get: |facts| of_field(facts.model_name(), |name| text(name)),
    },
    Row {
        name: "deployment.model_parameters",
        ty: Type::Int,
        unit: "parameters",
        about: "the model's parameters, those of all experts among them",
        get: |facts| of_result(facts.model().map(Some), |model| int(model.parameters)),
    },
    Row {
        name: "deployment.gpus",
        ty: Type::Strs,
        unit: "",
        about: "the GPUs that it may run on, by node selector, affinity, instance type or llmlint.yaml",
        get: |facts| {
            let gpus = facts.gpus().as_ref().map(Some).map_err(Clone::clone);
            let place = facts.deployment.gpu.labels.first().map(|(_, place)| *place);
            of_result(gpus, |gpus| {
                Value::Strs(gpus.iter().map(|gpu| gpu.id.as_str().into()).collect())
            })
            .at(place)
        },
    },
    Row {
        name: "deployment.gpu_count",
        ty: Type::Int,
        unit: "GPUs",
        about: "GPUs that one copy asks for",
        get: |facts| of_field(facts.deployment.gpu.count.clone(), |count| int(*count)),
    },
    Row {
        name: "deployment.replicas",
        ty: Type::Int,
        unit: "copies",
        about: "copies that run",
        get: |facts| of_field(facts.deployment.replicas.clone(), |count| int(*count)),
    },
    Row {
        name: "deployment.gpu_memory",
        ty: Type::Number,
        unit: "GiB",
        about: "memory of one GPU as its driver reports it",
        get: |facts| of_result(facts.verdict().map(|(gpu, _)| gib(gpu.memory_gib)), Value::Number),
    },
    Row {
        name: "deployment.tensor_parallel",
        ty: Type::Int,
        unit: "GPUs",
        about: "GPUs that share each layer",
        get: |facts| of_field(facts.serving(|s| &s.tensor_parallel), |n| int(*n)),
    },
    Row {
        name: "deployment.max_model_len",
        ty: Type::Int,
        unit: "tokens",
        about: "the longest sequence that the engine is told to serve",
        get: |facts| of_field(facts.serving(|s| &s.max_model_len), |n| int(*n)),
    },
    Row {
        name: "deployment.max_num_seqs",
        ty: Type::Int,
        unit: "sequences",
        about: "sequences that the engine may batch, where the command line says so",
        get: |facts| of_field(facts.serving(|s| &s.max_num_seqs), |n| int(*n)),
    },
    Row {
        name: "deployment.gpu_memory_utilization",
        ty: Type::Number,
        unit: "share",
        about: "the share of a GPU's memory that the engine may use, where the command line says so",
        get: |facts| {
            of_field(facts.serving(|s| &s.gpu_memory_utilization), |share| {
                Value::Number(*share)
            })
        },
    },
    Row {
        name: "deployment.memory.outcome",
        ty: Type::Str,
        unit: "",
        about: "starts, oom_loading, no_kv_room, max_len_exceeds_kv, refused or too_close; on several candidate GPUs, the mildest",
        get: |facts| {
            of_result(facts.verdict().map(Some), |(_, plan)| text(plan.outcome.name())).at(facts.model_name().place())
        },
    },
    Row {
        name: "deployment.memory.why",
        ty: Type::Str,
        unit: "",
        about: "the verdict's reason, in one sentence",
        get: |facts| {
            of_result(facts.verdict().map(Some), |(gpu, plan)| {
                text(&format!("on {}: {}", gpu.id, plan.why))
            })
        },
    },
    Row {
        name: "deployment.memory.weights",
        ty: Type::Number,
        unit: "GiB",
        about: "weights on one GPU",
        get: |facts| of_result(facts.figure(|figures| Some(figures.weights.mid)), Value::Number),
    },
    Row {
        name: "deployment.memory.kv_available",
        ty: Type::Number,
        unit: "GiB",
        about: "what is left of one GPU for the KV cache",
        get: |facts| {
            of_result(
                facts.figure(|figures| figures.kv.map(|kv| kv.available.mid)),
                Value::Number,
            )
        },
    },
    Row {
        name: "deployment.memory.kv_needed",
        ty: Type::Number,
        unit: "GiB",
        about: "KV cache of one sequence of the longest length",
        get: |facts| of_result(facts.figure(|figures| Some(figures.kv_needed_gib)), Value::Number),
    },
    Row {
        name: "deployment.memory.concurrency",
        ty: Type::Number,
        unit: "sequences",
        about: "sequences of the longest length that the KV cache holds",
        get: |facts| {
            of_result(
                facts.figure(|figures| figures.kv.map(|kv| kv.max_concurrency)),
                Value::Number,
            )
        },
    },
    Row {
        name: "deployment.memory.longest_context",
        ty: Type::Int,
        unit: "tokens",
        about: "the longest max-model-len with which it starts",
        get: |facts| {
            let place = facts.serving(|s| &s.max_model_len).place();
            of_result(facts.longest_context(), int).at(place)
        },
    },
    Row {
        name: "deployment.memory.missing",
        ty: Type::Number,
        unit: "GiB",
        about: "what one GPU lacks for the weights, the run and one sequence of the longest length",
        get: |facts| Fact::amount(facts.missing()),
    },
    Row {
        name: "deployment.cost.hour",
        ty: Type::Number,
        unit: "USD",
        about: "the GPUs of all copies for an hour",
        get: |facts| Fact::amount(facts.hour()),
    },
];
