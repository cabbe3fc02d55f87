//! The facts of a deployment: one file for what each group of them is about.

mod before;
mod brakes;
mod cost;
mod engine;
mod flags;
mod gpu;
mod host;
mod memory;
mod quantized;
mod reliability;
mod smaller;
mod starts;
mod throughput;

use std::borrow::Cow;
use std::cell::OnceCell;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::memory::{self as memory_plan, Device, Outcome, Plan};
use super::{Fact, Known, Row, Type, Value, World, gpu_request, open_model};
use crate::catalog::{Gpu, Instance, OpenModel};
use crate::config::DeploymentSetting;
use crate::engines::{self, EngineKind, Serving};
use crate::units::{Deployment, Field};

/// A deployment with what its facts are made of, each part computed when it is first needed.
pub struct DeploymentFacts<'a> {
    /// The unit.
    pub deployment: &'a Deployment,
    world: &'a World<'a>,
    serving: Option<Serving>,
    model: OnceCell<Result<Cow<'static, OpenModel>, String>>,
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
            model: OnceCell::new(),
            gpus: OnceCell::new(),
            plans: OnceCell::new(),
        }
    }

    fn place_in_tree(&self) -> &str {
        &self.world.files.source(self.deployment.place.source).from_root
    }

    /// What llmlint.yaml states of this deployment.
    fn setting<T>(&self, pick: impl Fn(&DeploymentSetting) -> Option<T>) -> Option<T> {
        self.world.settings.deployment(self.place_in_tree(), pick)
    }

    /// A field of what the engine is started with.
    fn serving<T: Clone>(&self, pick: impl FnOnce(&Serving) -> &Field<T>) -> Field<T> {
        self.serving
            .as_ref()
            .map(|serving| pick(serving).clone())
            .unwrap_or_default()
    }

    /// What it starts, where an engine recognizes it.
    pub fn engine(&self) -> Option<&Serving> {
        self.serving.as_ref()
    }

    /// The model's name.
    pub fn model_name(&self) -> Field<String> {
        self.serving(|serving| &serving.model)
    }

    /// The model: the catalog's row, or one made from it as the repository's name tells.
    pub(crate) fn model(&self) -> Result<&OpenModel, String> {
        let found = self.model.get_or_init(|| {
            let name = self.model_name();
            let is_gguf = self
                .serving
                .as_ref()
                .is_some_and(|serving| matches!(serving.engine, EngineKind::LlamaCpp | EngineKind::Ollama));
            // A GGUF has the shape of the model that it was made from.
            let base = name
                .known()
                .filter(|_| is_gguf)
                .and_then(|name| memory_plan::base_of(name, self.world.catalog));
            let by_name = || {
                name.known()
                    .and_then(|name| self.world.catalog.open_model_by_name(name))
            };
            match base.map(Cow::Borrowed).or_else(by_name) {
                Some(model) => Ok(model),
                None => open_model(&name, self.world.catalog).map(Cow::Borrowed),
            }
        });
        match found {
            Ok(model) => Ok(model),
            Err(why) => Err(why.clone()),
        }
    }

    /// The GPUs that it may run on, by what the manifest and the config say; several are alternatives.
    fn gpus(&self) -> &Result<Vec<&'static Gpu>, String> {
        self.gpus.get_or_init(|| {
            if self.serving.as_ref().is_some_and(|serving| serving.on_cpu) {
                return Err("it runs on the CPU".to_owned());
            }
            gpu_request::candidates(&self.deployment.gpu, self.place_in_tree(), self.world)
        })
    }

    fn instance_names(&self) -> Vec<&str> {
        gpu_request::instance_names(&self.deployment.gpu)
    }

    fn instance(&self, name: &str) -> Option<&'static Instance> {
        self.world.catalog.instance_named(name)
    }

    /// What becomes of it on each GPU that it may run on.
    ///
    /// # Errors
    /// Why it can't be judged.
    pub fn plans(&self) -> &Result<Vec<(&'static Gpu, Plan)>, String> {
        self.plans.get_or_init(|| {
            let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
            let model = self.model()?;
            let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
            let count = self.deployment.gpu.count.known().copied();
            gpus.iter()
                .map(|gpu| Ok((*gpu, memory_plan::of(serving, model, &Device::from(*gpu), count)?)))
                .collect()
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

/// The facts of a deployment, by what they are about, in the order in which they are listed.
pub(super) const FACTS: &[&[Row<Get>]] = &[
    engine::FACTS,
    flags::FACTS,
    gpu::FACTS,
    host::FACTS,
    memory::FACTS,
    before::FACTS,
    cost::FACTS,
    throughput::FACTS,
    brakes::FACTS,
    smaller::FACTS,
    quantized::FACTS,
    starts::FACTS,
    reliability::FACTS,
];
