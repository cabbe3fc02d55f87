//! NIMService: NVIDIA's operator starts the server of an image, by its environment, with what a NIMCache has fetched.
//! Format: <https://github.com/NVIDIA/k8s-nim-operator/tree/main/api/apps/v1alpha1>.

use super::containers;
use super::kubernetes::{Manifest, NAME};
use super::objects;
use super::pod::{self, Pod};
use super::synthetic::map;
use crate::source::Text;
use crate::syntax::Node;
use crate::units::{EnvValue, Field, Launch, SharedMemory, Unit, Volume, VolumeKind};

/// Where the operator mounts what keeps the weights.
const STORE: &str = "/model-store";

pub(super) fn service(manifest: &Manifest<'_>, object: &Node) -> Option<Unit> {
    let reading = manifest.reading;
    let spec = object.get("spec")?;
    let repository = spec.at(&["image", "repository"])?;
    let tag = spec.at(&["image", "tag"]).and_then(Node::as_str);
    let written = match tag {
        Some(tag) => format!("{}:{tag}", repository.as_str()?),
        None => repository.as_str()?.to_owned(),
    };
    let place = reading.place(repository.span);
    let image = Field::Known(written, place);
    let container = manifest.container(spec);
    let mut launch = containers::launches(reading, &container).pop().unwrap_or_default();
    launch = Launch {
        slot: Field::Absent(Some((place, None))),
        ..launch
    };
    let cache = spec
        .at(&["storage", "nimCache", "name"])
        .and_then(|name| manifest.objects.cache(name.as_str()?));
    let source = cache.and_then(|cache| cache.at(&["spec", "source", "hf"]));
    let parallelism = spec.at(&["multiNode", "parallelism"]);
    let mut set = |name: &str, value: Option<String>, node: Option<&Node>| {
        let is_set = launch.env.iter().any(|(known, _)| known == name);
        if let (Some(value), Some(node), false) = (value, node, is_set) {
            let text = Text::opaque(&value, node.span);
            launch
                .env
                .push((name.to_owned(), EnvValue::Known(text, reading.place(node.span))));
        }
    };
    // An image for any model serves what the cache has fetched from Hugging Face.
    let model = source.and_then(|source| source.get("modelName"));
    let publisher = source.and_then(|source| source.get("namespace")?.as_str());
    let repository_of = publisher.zip(model.and_then(Node::as_str));
    let named = repository_of.map(|(publisher, model)| format!("{publisher}/{model}"));
    set("NIM_MODEL_NAME", named, model);
    for (key, name) in [
        ("tensor", "NIM_TENSOR_PARALLEL_SIZE"),
        ("pipeline", "NIM_PIPELINE_PARALLEL_SIZE"),
    ] {
        let size = parallelism.and_then(|parallelism| parallelism.get(key));
        set(name, size.and_then(Node::as_str).map(str::to_owned), size);
    }
    let name = format!(
        "{}#NIMService/{}",
        reading.source.path,
        objects::name(object).unwrap_or("unnamed")
    );
    let mut deployment = containers::launched(launch, &image, name, NAME, reading.place(spec.span))?;
    let pod = Pod {
        spec,
        metadata: object.get("metadata"),
        object,
    };
    // A probe stands below a switch of its own.
    let probe = |name: &str| {
        let settings = spec.get(name)?;
        let is_on = settings.get("enabled").and_then(Node::as_bool) != Some(false);
        settings.get("probe").filter(|_| is_on).cloned()
    };
    let granted = map(
        spec,
        [
            ("resources", spec.get("resources").cloned()),
            ("livenessProbe", probe("livenessProbe")),
            ("startupProbe", probe("startupProbe")),
        ],
    );
    pod::describe(reading, &manifest.objects, &pod, &granted, &mut deployment);
    if let Field::Known(size, place) = pod::bytes(reading, spec.at(&["storage", "sharedMemorySizeLimit"])) {
        deployment.host.shared_memory = Field::Known(SharedMemory::Bytes(size), place);
    }
    pod::completed_by("the operator", &mut deployment.host);
    if let Some(claims) = spec.get("draResources").filter(|claims| claims.is_seq()) {
        let why = "a resource claim asks for its GPUs, and says how many elsewhere";
        deployment.gpu.count = Field::Unknown(why.to_owned(), Some(reading.place(claims.span)));
    }
    // A pod a stage.
    deployment.nodes = pod::whole(reading, parallelism.and_then(|parallelism| parallelism.get("pipeline")));
    deployment.replicas = pod::whole(reading, spec.get("replicas"));
    if let Some(node) = spec
        .at(&["scale", "enabled"])
        .filter(|node| node.as_bool() == Some(true))
    {
        deployment.host.autoscaled = Field::Known(true, reading.place(node.span));
    }
    let storage = spec.get("storage");
    let own = storage.and_then(|storage| storage.entry("pvc"));
    let fetched = || cache?.at(&["spec", "storage"])?.entry("pvc");
    if let Some((key, claim)) = own.or_else(fetched) {
        deployment.host.volumes.push(Volume {
            mount: STORE.to_owned(),
            kind: VolumeKind::Persistent,
            size: pod::bytes(reading, claim.get("size")),
            place: reading.place(key.span),
        });
    }
    Some(Unit::Deployment(Box::new(deployment)))
}
