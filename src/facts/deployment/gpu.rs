//! Facts about the GPUs and copies.

use super::{Get, Row, Type, Value, gib, int, of_field, of_result};

pub(super) const FACTS: &[Row<Get>] = &[
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
];
