//! NIMService: NVIDIA's operator starts the server of an image, by its environment.
//! Format: <https://docs.nvidia.com/nim-operator/latest/crds.html>.

use super::containers;
use super::kubernetes::{Manifest, NAME};
use super::objects;
use super::pod::{self, Pod};
use crate::syntax::Node;
use crate::units::{Field, Launch, Unit, Volume, VolumeKind};

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
    pod::describe(reading, &manifest.objects, &pod, spec, &mut deployment);
    pod::completed_by("the operator", &mut deployment.host);
    deployment.replicas = pod::whole(reading, spec.get("replicas"));
    if let Some(node) = spec
        .at(&["scale", "enabled"])
        .filter(|node| node.as_bool() == Some(true))
    {
        deployment.host.autoscaled = Field::Known(true, reading.place(node.span));
    }
    if let Some((key, claim)) = spec.get("storage").and_then(|storage| storage.entry("pvc")) {
        deployment.host.volumes.push(Volume {
            mount: STORE.to_owned(),
            kind: VolumeKind::Persistent,
            size: pod::bytes(reading, claim.get("size")),
            place: reading.place(key.span),
        });
    }
    Some(Unit::Deployment(Box::new(deployment)))
}
