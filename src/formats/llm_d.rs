//! Values of llm-d's model service: `modelArtifacts` names the model, `decode` and `prefill` hold containers, and the
//! chart writes the flags of parallelism and asks for the GPUs.
//! Format: <https://github.com/llm-d-incubation/llm-d-modelservice/tree/main/charts/llm-d-modelservice>.

use super::helm_values::NAME;
use super::kubernetes::Manifest;
use super::line::{self, Line};
use super::objects::Objects;
use super::pod::{self, Pod};
use super::synthetic::{map, required, scalar, sequence};
use super::{Reading, containers};
use crate::syntax::Node;
use crate::units::{Deployment, Field, Unit};

/// Flags that the chart writes where a kind of parallelism is above 1.
const FLAGS: &[(&str, &str)] = &[
    ("tensor", "--tensor-parallel-size"),
    ("data", "--data-parallel-size"),
    ("dataLocal", "--data-parallel-size-local"),
];

pub(super) fn model_service(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
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
            let deployment = served(&manifest, document, pool, node, (uri, name));
            units.extend(deployment.map(|deployment| Unit::Deployment(Box::new(deployment))));
        }
    }
}

fn served(
    manifest: &Manifest<'_>,
    document: &Node,
    pool: &Node,
    node: &Node,
    (uri, name): (&Node, String),
) -> Option<Deployment> {
    let reading = manifest.reading;
    let container = manifest.container(node);
    let parallelism = pool.get("parallelism");
    let image = containers::image(reading, container.image);
    let place = reading.place(node.span);
    let command = node
        .get("modelCommand")
        .and_then(|command| Some((command, command.as_str()?)));
    let mut deployment = match command {
        Some((command, kind @ ("vllmServe" | "imageDefault"))) => {
            let given = containers::launches(reading, &container).pop()?;
            let mut line = if kind == "vllmServe" {
                Line::vllm(reading, command)
            } else {
                let mut line = Line::empty(reading);
                line.fixed("--model", command);
                line
            };
            line.push(model(document, uri), uri);
            for (key, flag) in FLAGS {
                if number(parallelism, key).is_some_and(|number| number > 1) {
                    line.flag(flag, parallelism, key);
                }
            }
            // What the container's own arguments say comes last, and counts.
            line.words.extend(given.words);
            let slot = container.arguments.unwrap_or(command);
            containers::launched(line.launch(given.env, slot), &image, name, NAME, place)?
        }
        _ => containers::deployment(reading, &container, name, NAME)?,
    };
    let selectors = pool.get("acceleratorTypes").and_then(|types| {
        let key = types.get("labelKey")?;
        let values = types.get("labelValues")?;
        let expression = map(
            types,
            [
                ("key", Some(key.clone())),
                ("operator", Some(scalar(types, "In"))),
                ("values", Some(values.clone())),
            ],
        );
        let term = map(types, [("matchExpressions", Some(sequence(types, vec![expression])))]);
        Some(required(types, &sequence(types, vec![term])))
    });
    let affinity = pool.get("affinity").cloned().or(selectors);
    let spec = map(
        pool,
        [
            ("nodeSelector", pool.get("nodeSelector").cloned()),
            ("affinity", affinity),
            ("volumes", pool.get("volumes").cloned()),
        ],
    );
    let pod = Pod {
        spec: &spec,
        metadata: None,
        object: pool,
    };
    pod::describe(reading, &manifest.objects, &pod, node, &mut deployment);
    pod::completed_by("the chart's template", &mut deployment.host);
    let kind = pool
        .at(&["accelerator", "type"])
        .or_else(|| document.at(&["accelerator", "type"]));
    if deployment.gpu.count.is_absent() && kind.and_then(Node::as_str) != Some("cpu") {
        deployment.gpu.count = accelerators(reading, parallelism);
    }
    if document.get("multinode").and_then(Node::as_bool) == Some(true) {
        deployment.nodes = pod::whole(reading, parallelism.and_then(|parallelism| parallelism.get("workers")));
    }
    deployment.replicas = pod::whole(reading, pool.get("replicas"));
    Some(deployment)
}

/// The model of the address, which may name the values' own name of it.
fn model(document: &Node, uri: &Node) -> Result<String, String> {
    let written = uri.as_str().ok_or("not text")?;
    let name = document.at(&["modelArtifacts", "name"]).and_then(Node::as_str);
    let address = match name {
        Some(name) => written.replace("{{ .Values.modelArtifacts.name }}", name),
        None => written.to_owned(),
    };
    if address.contains("{{") {
        return Err(format!("`{address}` is filled in when the chart is installed"));
    }
    line::model(&address)
}

fn number(parallelism: Option<&Node>, key: &str) -> Option<u64> {
    parallelism?.get(key)?.as_u64()
}

/// The GPUs of a pod, for which the chart asks: those that share each layer, times the copies of the pod.
fn accelerators(reading: &Reading<'_>, parallelism: Option<&Node>) -> Field<u64> {
    let Some(parallelism) = parallelism else {
        return Field::default();
    };
    let of = |key| number(Some(parallelism), key);
    let local = match (of("dataLocal"), of("data"), of("workers")) {
        (Some(local), ..) => local,
        (None, Some(data), Some(workers)) => data.checked_div(workers).unwrap_or(1),
        (None, Some(data), None) => data,
        (None, None, _) => 1,
    };
    let count = pod::whole(reading, parallelism.get("tensor"));
    match count {
        Field::Absent(_) if local > 1 => Field::Known(local, reading.place(parallelism.span)),
        _ => count.and_then(|tensor| {
            tensor
                .checked_mul(local)
                .ok_or_else(|| "more GPUs than can be counted".to_owned())
        }),
    }
}
