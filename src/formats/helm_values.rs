//! Values of Helm charts, read as values: vLLM's production stack, KubeAI's models, llm-d's model service, and any
//! chart whose values hold an image with a command line that an engine recognises. No template is run.

use super::containers;
use super::kubernetes::Manifest;
use super::line::{self, Line};
use super::objects::Objects;
use super::pod::{self, Pod};
use super::synthetic::scalar;
use super::{Read, Reading, kubeai, production_stack};
use crate::engines;
use crate::syntax::{Node, yaml};
use crate::units::{Deployment, Unit};

pub(super) const NAME: &str = "helm values";

/// Mappings that are looked at in search of an image: beyond any real chart's.
const MAX_NODES: usize = 100_000;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let ours = matches!(extension.as_str(), "yaml" | "yml")
        && !reading.contains("services:")
        && (containers::names_engine(reading) || reading.contains("modelArtifacts"));
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        if document.get("apiVersion").is_none() {
            values(reading, document, &mut read.units);
        }
    }
    if !read.units.is_empty() {
        read.errors.extend(reading.yaml_error());
    }
    (!read.units.is_empty()).then_some(read)
}

/// The values that an Argo CD Application or a Flux HelmRelease holds.
pub(super) fn release(reading: &Reading<'_>, object: &Node, units: &mut Vec<Unit>) {
    let Some(spec) = object.get("spec") else {
        return;
    };
    let sources = spec.get("sources").into_iter().flat_map(Node::items);
    for source in spec.get("source").into_iter().chain(sources) {
        let helm = source.get("helm");
        if let Some(text) = helm.and_then(|helm| helm.get("values")).and_then(Node::text) {
            for document in yaml::parse_inside(text).documents {
                values(reading, &document, units);
            }
        }
        if let Some(node) = helm.and_then(|helm| helm.get("valuesObject")) {
            values(reading, node, units);
        }
    }
    if let Some(node) = spec.get("values") {
        values(reading, node, units);
    }
}

fn values(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
    let before = units.len();
    production_stack::values(reading, document, NAME, units);
    units.extend(kubeai::catalog(reading, document, NAME));
    model_service(reading, document, units);
    if units.len() == before {
        images(reading, document, units);
    }
}

/// llm-d's model service: `modelArtifacts` names the model, `decode` and `prefill` hold containers.
/// Format: <https://github.com/llm-d-incubation/llm-d-modelservice>.
fn model_service(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
    let Some(uri) = document.at(&["modelArtifacts", "uri"]) else {
        return;
    };
    let manifest = Manifest {
        reading,
        objects: Objects::default(),
    };
    for part in ["decode", "prefill"] {
        let Some(pool) = document
            .get(part)
            .filter(|pool| pool.get("create").and_then(Node::as_bool) != Some(false))
        else {
            continue;
        };
        for node in pool.get("containers").into_iter().flat_map(Node::items) {
            let name = format!("{}#{part}", reading.source.path);
            let deployment = served(&manifest, pool, node, uri, name);
            units.extend(deployment.map(|deployment| Unit::Deployment(Box::new(deployment))));
        }
    }
}

fn served(manifest: &Manifest<'_>, pool: &Node, node: &Node, uri: &Node, name: String) -> Option<Deployment> {
    let reading = manifest.reading;
    let container = manifest.container(node);
    let tensor = pool.get("parallelism");
    let image = containers::image(reading, container.image);
    let place = reading.place(node.span);
    let command = node
        .get("modelCommand")
        .filter(|command| command.as_str() == Some("vllmServe"));
    let mut deployment = match command {
        Some(command) => {
            let given = containers::launches(reading, &container).pop()?;
            let mut line = Line::vllm(reading, command);
            line.push(
                uri.as_str().map_or_else(|| Err("not text".to_owned()), line::model),
                uri,
            );
            line.words.extend(given.words);
            line.flag("--tensor-parallel-size", tensor, "tensor");
            let slot = container.arguments.unwrap_or(command);
            containers::launched(line.launch(given.env, slot), &image, name, NAME, place)?
        }
        None => containers::deployment(reading, &container, name, NAME)?,
    };
    let pod = Pod {
        spec: pool,
        metadata: None,
        object: pool,
    };
    pod::describe(reading, &manifest.objects, &pod, node, &mut deployment);
    pod::completed_by("the chart's template", &mut deployment.host);
    if deployment.gpu.count.is_absent() {
        // The chart asks for as many accelerators as share each layer.
        deployment.gpu.count = pod::whole(reading, tensor.and_then(|tensor| tensor.get("tensor")));
    }
    deployment.replicas = pod::whole(reading, pool.get("replicas"));
    Some(deployment)
}

/// Mappings with an image whose command line an engine recognises.
fn images(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
    let manifest = Manifest {
        reading,
        objects: Objects::default(),
    };
    let mut open = vec![document];
    let mut seen = 0;
    let mut found = Vec::new();
    while let Some(node) = open.pop() {
        seen += 1;
        if seen > MAX_NODES {
            break;
        }
        if node.get("image").is_some() {
            found.push(node);
        }
        open.extend(node.entries().map(|(_, value)| value).chain(node.items()));
    }
    found.sort_by_key(|node| node.span);
    for node in found {
        units.extend(server(&manifest, node).map(|deployment| Unit::Deployment(Box::new(deployment))));
    }
}

/// The server of a mapping with an image and a command line. An image alone says nothing: the chart's template may
/// hold the rest.
fn server(manifest: &Manifest<'_>, node: &Node) -> Option<Deployment> {
    let reading = manifest.reading;
    let image = node.get("image")?;
    let written = match image.get("repository") {
        Some(repository) => {
            let of = |key: &str| image.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
            let registry = of("registry")
                .map(|registry| format!("{registry}/"))
                .unwrap_or_default();
            let tag = of("tag").map(|tag| format!(":{tag}")).unwrap_or_default();
            Some(scalar(repository, &format!("{registry}{}{tag}", repository.as_str()?)))
        }
        None => image.text().map(|_| image.clone()),
    }?;
    let given = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| node.get(key).filter(|list| list.items().next().is_some()))
    };
    let mut container = manifest.container(node);
    container.image = Some(&written);
    container.command = given(&["command"]);
    container.arguments = given(&["args", "extraArgs", "extraArguments", "arguments"]);
    container.command.or(container.arguments)?;
    let name = format!(
        "{}#{}",
        reading.source.path,
        node.get("name").and_then(Node::as_str).unwrap_or("image")
    );
    let mut deployment = containers::deployment(reading, &container, name, NAME)?;
    let serving = engines::recognise(&deployment.launch, &deployment.image)?;
    if serving.model.is_absent() {
        return None;
    }
    let pod = Pod {
        spec: node,
        metadata: None,
        object: node,
    };
    pod::describe(reading, &manifest.objects, &pod, node, &mut deployment);
    let replicas = ["replicaCount", "replicas"].iter().find_map(|key| node.get(key));
    deployment.replicas = pod::whole(reading, replicas);
    pod::completed_by("the chart's template", &mut deployment.host);
    Some(deployment)
}
