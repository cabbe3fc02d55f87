//! Facts about the engine and what it is told.

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, int, of_field, of_result, text};
use crate::engines::{EngineKind, Version};
use crate::units::Field;

impl DeploymentFacts<'_> {
    /// Busy processes of a copy. With one GPU the engine core is its own worker.
    fn processes(&self) -> Result<Option<u64>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let first = match (&serving.use_v1, &serving.version) {
            (Field::Known(v1, _), _) => !v1,
            (_, Field::Known(version, _)) => *version < FIRST_V1,
            (_, Field::Unknown(..)) => true,
            _ => false,
        };
        let one = |field: &Field<u64>| matches!(field, Field::Known(0 | 1, _) | Field::Absent(_));
        // What an operator or a service completes may get other limits and other ranks.
        let whole = self.deployment.host.as_written;
        if serving.engine != EngineKind::Vllm
            || !whole
            || first
            || !one(&serving.data_parallel)
            || !one(&self.deployment.nodes)
        {
            return Err("how many processes it starts is not known".to_owned());
        }
        let mut workers = 1_u64;
        for field in [&serving.tensor_parallel, &serving.pipeline_parallel] {
            workers = workers.saturating_mul(match field {
                Field::Known(ranks, _) => (*ranks).max(1),
                Field::Absent(_) => 1,
                Field::Unknown(why, _) => return Err(why.clone()),
            });
        }
        Ok(Some(2 + if workers > 1 { workers } else { 0 }))
    }
}

/// The release in which V1, with an engine core of its own, became vLLM's default.
const FIRST_V1: Version = Version::new(0, 8, 0);

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
        name: "deployment.base_model",
        ty: Type::Str,
        unit: "",
        about: "the model that the served one was fine-tuned from with adapters, as llmlint.yaml states it",
        get: |facts| {
            let base = facts.setting(|s| s.base_model.clone());
            of_result(Ok(base), |base| text(&base)).at(facts.model_name().place())
        },
    },
    Row {
        name: "deployment.same_base",
        ty: Type::Int,
        unit: "deployments",
        about: "deployments of this run whose base is the same; a fact of the first of them, so that one speaks for all",
        get: |facts| {
            let base = facts.setting(|s| s.base_model.clone());
            let same = base.and_then(|base| facts.world.same_base.get(&base));
            let first = same.filter(|(_, first)| *first == facts.deployment.name);
            of_result(Ok(first), |(count, _)| int(*count))
        },
    },
    Row {
        name: "deployment.enable_lora",
        ty: Type::Bool,
        unit: "",
        about: "whether the engine is told to serve adapters beside its model",
        get: |facts| of_field(facts.serving(|s| &s.enable_lora), |on| Value::Bool(*on)),
    },
    Row {
        name: "deployment.processes",
        ty: Type::Int,
        unit: "processes",
        about: "busy processes of a copy in one pod: the API server, the engine core and, for several GPUs, a worker for each; of vLLM from 0.8 on",
        get: |facts| of_result(facts.processes(), int),
    },
];
