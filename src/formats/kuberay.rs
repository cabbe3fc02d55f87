//! Ray: `serveConfigV2` of a RayService and plain Serve configs, whose `LLMConfig`s Ray starts as vLLM engines; and the
//! groups of pods that a cluster is made of.
//! Format: <https://docs.ray.io/en/latest/serve/llm/index.html>.

use super::containers;
use super::kubernetes::{self, Manifest};
use super::line::Line;
use super::objects;
use super::pod::{self, Pod};
use super::{Read, Reading};
use crate::syntax::{Node, yaml};
use crate::units::{Deployment, Field, GpuLabel, GpuRequest, Unit};

pub(super) const NAME: &str = "ray serve";

/// Plain Serve configs, and files of one `LLMConfig`.
pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let ours = matches!(extension, "yaml" | "yml")
        && (reading.contains("llm_configs") || reading.contains("model_loading_config"));
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        applications(reading, document, ("", NAME), &mut read.units);
        if document.get("model_loading_config").is_some() {
            read.units.extend(engine(reading, document, "", NAME));
        }
    }
    if !read.units.is_empty() {
        read.errors.extend(reading.yaml_error());
    }
    (!read.units.is_empty()).then_some(read)
}

/// What the Serve config of a RayService starts.
pub(super) fn service(manifest: &Manifest<'_>, object: &Node, units: &mut Vec<Unit>) {
    let Some(config) = object.at(&["spec", "serveConfigV2"]) else {
        return;
    };
    let reading = manifest.reading;
    let name = format!("RayService/{}/", objects::name(object).unwrap_or("unnamed"));
    let before = units.len();
    match config.text() {
        Some(text) if text.as_str().contains("llm_configs") => {
            for document in yaml::parse_inside(text).documents {
                applications(reading, &document, (&name, kubernetes::NAME), units);
            }
        }
        Some(_) => {}
        None => applications(reading, config, (&name, kubernetes::NAME), units),
    }
    // Where no config names the accelerator, it is that of the workers.
    for unit in &mut units[before..] {
        if let Unit::Deployment(deployment) = unit
            && deployment.gpu.labels.is_empty()
            && let Some(workers) = workers(manifest, object)
        {
            deployment.gpu.labels = workers.labels;
            deployment.gpu.slice = workers.slice;
            deployment.gpu.shared = workers.shared;
            deployment.gpu.resource = workers.resource;
        }
    }
}

/// What the first group of workers with GPUs asks for.
fn workers(manifest: &Manifest<'_>, object: &Node) -> Option<GpuRequest> {
    let cluster = object
        .at(&["spec", "rayClusterConfig"])
        .or_else(|| object.get("spec"))?;
    let groups = cluster.get("workerGroupSpecs").into_iter().flat_map(Node::items);
    groups.filter_map(|group| asked(manifest, object, group)).next()
}

/// What a group's pods ask for, where that is GPUs.
fn asked(manifest: &Manifest<'_>, object: &Node, group: &Node) -> Option<GpuRequest> {
    let spec = group.at(&["template", "spec"])?;
    let pod = Pod {
        spec,
        metadata: group.at(&["template", "metadata"]),
        object,
    };
    let containers = spec.get("containers").into_iter().flat_map(Node::items);
    let requests = containers.map(|container| pod::gpu(manifest.reading, &manifest.objects, &pod, container));
    requests.into_iter().find(|request| !request.count.is_absent())
}

/// What the entry point of a RayJob starts, in the image of the cluster's head.
pub(super) fn entry(manifest: &Manifest<'_>, object: &Node) -> Option<Deployment> {
    let command = object.at(&["spec", "entrypoint"])?;
    let cluster = object.at(&[
        "spec",
        "rayClusterSpec",
        "headGroupSpec",
        "template",
        "spec",
        "containers",
    ]);
    let image = cluster
        .and_then(|containers| containers.items().next())
        .and_then(|head| head.get("image"));
    let container = containers::Container {
        node: command,
        image,
        command: None,
        arguments: Some(command),
        environment: Vec::new(),
        hidden: Some("the cluster may set it".to_owned()),
        kube: true,
    };
    let name = format!(
        "{}#RayJob/{}",
        manifest.reading.source.path,
        objects::name(object).unwrap_or("unnamed")
    );
    let mut deployment = containers::deployment(manifest.reading, &container, name, kubernetes::NAME)?;
    let head = object.at(&["spec", "rayClusterSpec", "headGroupSpec"]);
    deployment.gpu = head.and_then(|head| asked(manifest, object, head)).unwrap_or_default();
    pod::completed_by("the cluster", &mut deployment.host);
    Some(deployment)
}

/// Of a cluster whose head starts an engine one deployment is made: its GPUs are those of the workers where the head
/// has none, and the pods with GPUs are its nodes.
pub(super) fn join(manifest: &Manifest<'_>, pods: &[Pod<'_>], made: &mut Vec<Deployment>) {
    let Some(object) = pods.first().map(|pod| pod.object) else {
        return;
    };
    made.truncate(1);
    let Some(deployment) = made.first_mut() else {
        return;
    };
    let Some((list, groups)) = group_list(object) else {
        return;
    };
    let mut nodes = u64::from(!deployment.gpu.count.is_absent());
    for group in groups {
        let Some(request) = asked(manifest, object, group) else {
            continue;
        };
        if deployment.gpu.count.is_absent() {
            deployment.gpu = request;
        }
        nodes = nodes.saturating_add(group.get("replicas").and_then(Node::as_u64).unwrap_or(1));
    }
    if nodes > 1 {
        deployment.nodes = Field::Known(nodes, manifest.reading.place(list.span));
    }
}

/// The list of groups of workers, wherever the object holds it, and the key that it stands under.
fn group_list(object: &Node) -> Option<(&Node, Vec<&Node>)> {
    const PLACES: &[&[&str]] = &[
        &["spec"],
        &["spec", "rayClusterConfig"],
        &["spec", "rayClusterSpec"],
        &["spec", "template", "spec"],
    ];
    PLACES.iter().find_map(|path| {
        let (key, list) = object.at(path)?.entry("workerGroupSpecs")?;
        Some((key, list.items().collect()))
    })
}

/// Every engine that the applications of a Serve config start; their names begin with the first of `within`, and they
/// are read as the format that is the second.
fn applications(reading: &Reading<'_>, config: &Node, within: (&str, &'static str), units: &mut Vec<Unit>) {
    let (prefix, format) = within;
    for application in config.get("applications").into_iter().flat_map(Node::items) {
        let name = application.get("name").and_then(Node::as_str).unwrap_or("application");
        let configs = application
            .at(&["args", "llm_configs"])
            .into_iter()
            .flat_map(Node::items);
        for config in configs {
            units.extend(engine(reading, config, &format!("{prefix}{name}/"), format));
        }
    }
}

/// What `RayLLM` of Anyscale calls the sizes that the engine has by another name.
const DEGREES: &[(&str, &str)] = &[
    ("tensor_parallelism", "tensor_parallel_size"),
    ("pipeline_parallelism", "pipeline_parallel_size"),
];

/// The engine of an `LLMConfig`.
pub(super) fn engine(reading: &Reading<'_>, config: &Node, prefix: &str, format: &'static str) -> Option<Unit> {
    let loading = config.get("model_loading_config")?;
    let id = loading.get("model_id");
    let source = loading.get("model_source").or(id)?;
    let mut line = Line::vllm(reading, source);
    match source.as_str() {
        Some(text) => line.push(super::line::model(text), source),
        None => line.push(Err("the model lies in a store of its own".to_owned()), source),
    }
    line.flag("--served-model-name", Some(loading), "model_id");
    let settings = config.get("engine_kwargs");
    if let Some(settings) = settings {
        line.keywords(settings);
    }
    for (key, size) in DEGREES {
        line.flag(&format!("--{}", size.replace('_', "-")), config.get(key), "degree");
    }
    let name = format!(
        "{}#{prefix}{}",
        reading.source.path,
        id.or(Some(source)).and_then(Node::as_str).unwrap_or("model")
    );
    let image = Field::Unknown("the cluster's image runs it".to_owned(), None);
    let slot = settings.unwrap_or(source);
    let launch = line.launch(Vec::new(), slot);
    let mut deployment = containers::launched(launch, &image, name, format, reading.place(config.span))?;
    deployment.gpu = gpu(reading, config, settings);
    pod::completed_by("the cluster", &mut deployment.host);
    let scaling = config
        .entry("deployment_config")
        .and_then(|(_, node)| node.entry("autoscaling_config"));
    if let Some((key, scaling)) = scaling {
        deployment.host.autoscaled = Field::Known(true, reading.place(key.span));
        let least = pod::whole(reading, scaling.get("min_replicas"));
        if least.known() != Some(&0) {
            deployment.replicas = least;
        }
    } else if let Some(count) = config.at(&["deployment_config", "num_replicas"])
        && count.as_u64().is_some()
    {
        deployment.replicas = pod::whole(reading, Some(count));
    }
    Some(Unit::Deployment(Box::new(deployment)))
}

/// Ray asks for as many GPUs as the engine spreads a model over.
fn gpu(reading: &Reading<'_>, config: &Node, settings: Option<&Node>) -> GpuRequest {
    let size = |key: &str| {
        let degree = DEGREES.iter().find(|(_, size)| *size == key);
        let degree = degree.and_then(|(degree, _)| config.at(&[*degree, "degree"]));
        pod::whole(reading, settings.and_then(|settings| settings.get(key)).or(degree))
    };
    let (tensor, pipeline) = (size("tensor_parallel_size"), size("pipeline_parallel_size"));
    let count = match (&tensor, &pipeline) {
        (Field::Known(tensor, place), Field::Known(pipeline, _)) => match tensor.checked_mul(*pipeline) {
            Some(count) => Field::Known(count, *place),
            None => Field::Unknown("more GPUs than can be counted".to_owned(), Some(*place)),
        },
        (Field::Absent(_), _) => pipeline,
        _ => tensor,
    };
    let accelerator = config.get("accelerator_type").filter(|node| !node.is_null());
    let label =
        accelerator.and_then(|node| Some((GpuLabel::Product(node.as_str()?.to_owned()), reading.place(node.span))));
    GpuRequest {
        count,
        labels: label.into_iter().collect(),
        ..GpuRequest::default()
    }
}
