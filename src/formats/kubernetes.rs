//! Kubernetes objects: every pod specification in them whose container runs an engine. That is what Deployment,
//! StatefulSet, Job and their like hold under `template`, and what many custom resources hold too.

use super::containers::{self, Container};
use super::{Read, Reading};
use crate::syntax::{Node, SyntaxError};
use crate::units::{Field, GpuLabel, GpuRequest, Unit};

pub(super) const NAME: &str = "kubernetes";

/// Resource names that ask for whole GPUs or accelerators.
const GPU_RESOURCES: &[&str] = &["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "habana.ai/gaudi"];

/// Node labels whose value names the GPU.
const PRODUCT_LABELS: &[&str] = &[
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "gpu.nvidia.com/class",
    "gpu.nvidia.com/model",
    "karpenter.k8s.aws/instance-gpu-name",
    "k8s.amazonaws.com/accelerator",
    "amd.com/gpu.product-name",
    "eks.amazonaws.com/instance-gpu-name",
];

/// Node labels whose value names the cloud's instance type.
const INSTANCE_LABELS: &[&str] = &["node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"];

/// Nodes of one document that are looked at in search of pod specifications: far beyond any real object, it bounds
/// what aliases of aliases can cost.
const MAX_NODES: usize = 200_000;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    if !matches!(extension.as_str(), "yaml" | "yml" | "json") || !has_signature(reading) {
        return None;
    }
    let mut read = Read::default();
    let documents: Vec<&Node> = if extension == "json" {
        reading.json().as_ref().ok().into_iter().collect()
    } else {
        reading.yaml().documents.iter().collect()
    };
    let mut is_object = false;
    for document in documents {
        if document.get("apiVersion").is_none() || document.get("kind").is_none() {
            continue;
        }
        is_object = true;
        for (spec, replicas) in pod_specs(document) {
            read_pod(reading, document, spec, replicas, &mut read);
        }
    }
    let error: Option<SyntaxError> = if extension == "json" {
        reading.json().as_ref().err().cloned()
    } else {
        reading.yaml_error()
    };
    if let Some(error) = error
        && (is_object || reading.contains("\napiVersion:") || reading.source.text.starts_with("apiVersion:"))
    {
        read.errors.push(error);
    }
    (!read.units.is_empty() || !read.errors.is_empty()).then_some(read)
}

fn has_signature(reading: &Reading<'_>) -> bool {
    reading.contains("containers") && reading.contains("apiVersion") && containers::names_engine(reading)
}

/// Every mapping with a list `containers`, with the nearest `replicas` above it.
fn pod_specs(document: &Node) -> Vec<(&Node, Option<&Node>)> {
    let mut found = Vec::new();
    let mut open = vec![(document, None)];
    let mut seen = 0;
    while let Some((node, replicas)) = open.pop() {
        seen += 1;
        if seen > MAX_NODES {
            break;
        }
        if node.is_map() {
            let replicas = node.get("replicas").or(replicas);
            if node.get("containers").is_some_and(Node::is_seq) {
                found.push((node, replicas));
            }
            open.extend(node.entries().map(|(_, value)| (value, replicas)));
        } else {
            open.extend(node.items().map(|item| (item, replicas)));
        }
    }
    found.sort_by_key(|(node, _)| node.span);
    found
}

fn read_pod(reading: &Reading<'_>, document: &Node, spec: &Node, replicas: Option<&Node>, read: &mut Read) {
    let labels = gpu_labels(reading, spec);
    let object = document
        .at(&["metadata", "name"])
        .and_then(Node::as_str)
        .unwrap_or("unnamed");
    let kind = document.get("kind").and_then(Node::as_str).unwrap_or("object");
    let containers = spec.get("containers").into_iter().flat_map(Node::items);
    for node in containers {
        let container = Container {
            node,
            image: node.get("image"),
            command: node.get("command"),
            arguments: node.get("args"),
            environment: environment(reading, node),
            kube: true,
        };
        let name = node.get("name").and_then(Node::as_str).unwrap_or("container");
        let unit = format!("{}#{kind}/{object}/{name}", reading.source.path);
        let Some(mut deployment) = containers::deployment(reading, &container, unit, NAME) else {
            continue;
        };
        deployment.gpu = GpuRequest {
            count: gpu_count(reading, node),
            labels: labels.clone(),
            ..GpuRequest::default()
        };
        deployment.replicas = match replicas.and_then(|node| Some((node, node.as_u64()?))) {
            Some((node, count)) => Field::Known(count, reading.place(node.span)),
            None => Field::default(),
        };
        read.units.push(Unit::Deployment(Box::new(deployment)));
    }
}

fn environment(reading: &Reading<'_>, container: &Node) -> Vec<containers::Variable> {
    let entries = container.get("env").into_iter().flat_map(Node::items);
    entries
        .filter_map(|entry| {
            let name = entry.get("name")?.as_str()?;
            let value = entry.get("value");
            Some(match value.and_then(Node::text) {
                Some(text) => containers::Variable::known(reading, name, text),
                None => {
                    let why = match entry.get("valueFrom").and_then(|from| from.entries().next()) {
                        Some((kind, _)) => format!("`{name}` comes from a {}", kind.as_str().unwrap_or("reference")),
                        None => format!("`{name}` has no value here"),
                    };
                    containers::Variable::unknown(reading, name, why, entry.span)
                }
            })
        })
        .collect()
}

fn gpu_count(reading: &Reading<'_>, container: &Node) -> Field<u64> {
    for part in ["limits", "requests"] {
        let Some(resources) = container.at(&["resources", part]) else {
            continue;
        };
        for name in GPU_RESOURCES {
            let Some(value) = resources.get(name) else {
                continue;
            };
            let place = reading.place(value.span);
            return match value.as_str().and_then(|text| text.parse().ok()) {
                Some(count) => Field::Known(count, place),
                None => Field::Unknown(
                    format!("`{}` is not a whole number of GPUs", value.as_str().unwrap_or("")),
                    Some(place),
                ),
            };
        }
        // A slice of a GPU is not the GPU that a label names.
        if let Some((key, value)) = resources.entries().find(|(key, _)| {
            key.as_str()
                .is_some_and(|key| key.starts_with("nvidia.com/mig-") || key.starts_with("nvidia.com/gpu."))
        }) {
            let why = format!("`{}` asks for a part of a GPU", key.as_str().unwrap_or(""));
            return Field::Unknown(why, Some(reading.place(value.span)));
        }
    }
    Field::default()
}

/// What the pod's node selector and required node affinity say of the GPU.
fn gpu_labels(reading: &Reading<'_>, spec: &Node) -> Vec<(GpuLabel, crate::source::Place)> {
    let mut labels = Vec::new();
    let selector = spec.get("nodeSelector").into_iter().flat_map(Node::entries);
    for (key, value) in selector {
        labels.extend(gpu_label(reading, key, value));
    }
    let terms = spec
        .at(&[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms",
        ])
        .into_iter()
        .flat_map(Node::items);
    for term in terms {
        for expression in term.get("matchExpressions").into_iter().flat_map(Node::items) {
            if expression.get("operator").and_then(Node::as_str) != Some("In") {
                continue;
            }
            let Some(key) = expression.get("key") else {
                continue;
            };
            for value in expression.get("values").into_iter().flat_map(Node::items) {
                labels.extend(gpu_label(reading, key, value));
            }
        }
    }
    labels
}

fn gpu_label(reading: &Reading<'_>, key: &Node, value: &Node) -> Option<(GpuLabel, crate::source::Place)> {
    let name = key.as_str()?;
    let text = value.as_str()?.to_owned();
    let place = reading.place(value.span);
    if PRODUCT_LABELS.contains(&name) {
        Some((GpuLabel::Product(text), place))
    } else if INSTANCE_LABELS.contains(&name) {
        Some((GpuLabel::Instance(text), place))
    } else {
        None
    }
}
