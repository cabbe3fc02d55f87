//! Facts about the GPUs and copies.

use super::{Fact, Get, Known, Row, Type, Value, gib, int, of_field, of_result, text};

/// Parts of resource names that are not of GPUs, and what they count.
const CALLED: &[(&str, &str)] = &[
    ("tpu", "TPU chips"),
    ("habana", "Gaudi cards"),
    ("neuron", "Neuron devices"),
    ("huawei", "Ascend cards"),
];

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
        name: "deployment.gpu_resource",
        ty: Type::Str,
        unit: "",
        about: "the resource by which it asks for GPUs: nvidia.com/gpu, amd.com/gpu, google.com/tpu",
        get: |facts| of_field(facts.deployment.gpu.resource.clone(), |name| text(name)),
    },
    Row {
        name: "deployment.accelerators",
        ty: Type::Str,
        unit: "",
        about: "what to call the accelerators that it asks for: GPUs, TPU chips, Gaudi cards, Neuron devices",
        get: |facts| {
            let resource = facts.deployment.gpu.resource.known().map_or("", String::as_str);
            let called = CALLED.iter().find(|(part, _)| resource.contains(part));
            Fact::of(Known::Yes(text(called.map_or("GPUs", |(_, name)| name))))
        },
    },
    Row {
        name: "deployment.gpu_slice",
        ty: Type::Str,
        unit: "",
        about: "the part of a GPU that it asks for in place of whole ones: a MIG profile, or a share",
        get: |facts| of_field(facts.deployment.gpu.slice.clone(), |slice| text(slice)),
    },
    Row {
        name: "deployment.gpu_shared",
        ty: Type::Str,
        unit: "",
        about: "what says that other containers use the same GPU (time slicing, MPS)",
        get: |facts| of_field(facts.deployment.gpu.shared.clone(), |how| text(how)),
    },
    Row {
        name: "deployment.nodes",
        ty: Type::Int,
        unit: "pods",
        about: "pods or machines that make one copy together",
        get: |facts| of_field(facts.deployment.nodes.clone(), |count| int(*count)),
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
