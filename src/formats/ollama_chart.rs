//! Values of Ollama's chart: `ollama.models` names what is pulled and loaded when the server has started, `ollama.gpu`
//! asks for GPUs. Format: <https://github.com/otwld/ollama-helm/blob/main/values.yaml>.

use super::helm_values::NAME;
use super::kubernetes::Manifest;
use super::line::Line;
use super::objects::Objects;
use super::pod::{self, Pod};
use super::synthetic::{map, scalar, sequence};
use super::{Reading, containers};
use crate::syntax::Node;
use crate::units::{Field, Unit, Volume, VolumeKind};

pub(super) fn values(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
    // Beside other charts it stands under a name of its own, mostly `ollama`.
    let below = document.entries().map(|(_, values)| values);
    for values in std::iter::once(document).chain(below) {
        units.extend(server(reading, values));
    }
}

fn server(reading: &Reading<'_>, values: &Node) -> Option<Unit> {
    let settings = values.get("ollama")?;
    let models = settings.get("models").filter(|models| models.is_map());
    let gpu = settings.get("gpu").filter(|gpu| gpu.get("enabled").is_some());
    let at = models.or(gpu)?;
    let mut line = Line::empty(reading);
    line.fixed("ollama", at);
    line.fixed("serve", at);
    if let Some(model) = models.and_then(only_model) {
        // As in a Modelfile.
        line.fixed("FROM", model);
        line.fixed(model.as_str()?, model);
    }
    let container = map(values, [("env", values.get("extraEnv").cloned())]);
    let manifest = Manifest {
        reading,
        objects: Objects::default(),
    };
    let (environment, _) = manifest.environment(&container);
    let env = environment
        .into_iter()
        .map(|variable| (variable.name, variable.value))
        .collect();
    let image = image(reading, values);
    let name = format!("{}#ollama", reading.source.path);
    let place = reading.place(settings.span);
    let mut deployment = containers::launched(line.launch(env, at), &image, name, NAME, place)?;
    let granted = map(values, [("resources", Some(resources(values, gpu)))]);
    let pod = Pod {
        spec: values,
        metadata: None,
        object: values,
    };
    pod::describe(reading, &manifest.objects, &pod, &granted, &mut deployment);
    pod::completed_by("the chart's template", &mut deployment.host);
    deployment.replicas = pod::whole(reading, values.get("replicaCount"));
    let is_on = |node: &&Node| node.as_bool() == Some(true);
    if let Some(node) = values.at(&["autoscaling", "enabled"]).filter(is_on) {
        deployment.host.autoscaled = Field::Known(true, reading.place(node.span));
    }
    if let Some(volume) = values.get("persistentVolume")
        && let Some(node) = volume.get("enabled").filter(is_on)
    {
        deployment.host.volumes.push(Volume {
            mount: "/root/.ollama".to_owned(),
            kind: VolumeKind::Persistent,
            size: pod::bytes(reading, volume.get("size")),
            place: reading.place(node.span),
        });
    }
    Some(Unit::Deployment(Box::new(deployment)))
}

/// The one model that is loaded, else the one that is pulled; of several it can't be told which is served when.
fn only_model(models: &Node) -> Option<&Node> {
    let all = ["run", "pull"].map(|key| models.get(key).into_iter().flat_map(Node::items));
    let mut named = all.into_iter().flatten().filter(|node| node.as_str().is_some());
    let first = named.next()?;
    named.all(|node| node.as_str() == first.as_str()).then_some(first)
}

/// The image; without a tag the chart takes the release that it was made for.
fn image(reading: &Reading<'_>, values: &Node) -> Field<String> {
    let written = |key: &str| {
        values
            .at(&["image", key])
            .and_then(Node::as_str)
            .filter(|text| !text.is_empty())
    };
    match values.at(&["image", "tag"]).zip(written("tag")) {
        Some((node, tag)) => {
            let repository = written("repository").unwrap_or("ollama/ollama");
            Field::Known(format!("{repository}:{tag}"), reading.place(node.span))
        }
        None => Field::Unknown("the chart takes the release that it was made for".to_owned(), None),
    }
}

/// What the container asks for, with the GPUs that the chart adds.
fn resources(values: &Node, gpu: Option<&Node>) -> Node {
    let is_on = |node: Option<&Node>| node.and_then(Node::as_bool) == Some(true);
    let stated = |part: &str| values.at(&["resources", part]).cloned();
    let Some(gpu) = gpu.filter(|gpu| is_on(gpu.get("enabled"))) else {
        return map(values, [("limits", stated("limits")), ("requests", stated("requests"))]);
    };
    if is_on(gpu.get("draEnabled")) {
        return map(gpu, [("claims", Some(sequence(gpu, Vec::new())))]);
    }
    let text = |key: &str| gpu.get(key).and_then(Node::as_str);
    let slices = gpu.get("mig").filter(|mig| is_on(mig.get("enabled")));
    let slice = slices.and_then(|mig| mig.get("devices")?.entries().next());
    let whole = || gpu.get("number").cloned().unwrap_or_else(|| scalar(gpu, "1"));
    let (name, count) = match (slice, text("type")) {
        (Some((profile, count)), _) => (
            format!("nvidia.com/mig-{}", profile.as_str().unwrap_or_default()),
            count.clone(),
        ),
        (None, Some("amd")) => ("amd.com/gpu".to_owned(), whole()),
        (None, _) => (text("nvidiaResource").unwrap_or("nvidia.com/gpu").to_owned(), whole()),
    };
    let memory = values.at(&["resources", "limits", "memory"]).cloned();
    let limits = map(gpu, [(name.as_str(), Some(count)), ("memory", memory)]);
    map(values, [("limits", Some(limits)), ("requests", stated("requests"))])
}
