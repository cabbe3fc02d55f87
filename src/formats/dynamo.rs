//! NVIDIA Dynamo: the services of a `DynamoGraphDeployment`, each a container with what its pods ask for beside it.
//! Format: <https://docs.nvidia.com/dynamo/latest/kubernetes/api_reference.html>.

use super::containers;
use super::kubernetes::{Manifest, NAME};
use super::objects;
use super::pod::{self, Pod};
use super::synthetic::map;
use crate::syntax::Node;
use crate::units::{Deployment, Field, SharedMemory, Unit};

/// Reads every service that starts an engine.
pub(super) fn graph(manifest: &Manifest<'_>, object: &Node, units: &mut Vec<Unit>) {
    let services = object.at(&["spec", "services"]).into_iter().flat_map(Node::entries);
    for (name, service) in services {
        let deployment = worker(manifest, object, name.as_str().unwrap_or("service"), service);
        units.extend(deployment.map(|deployment| Unit::Deployment(Box::new(deployment))));
    }
}

fn worker(manifest: &Manifest<'_>, object: &Node, name: &str, service: &Node) -> Option<Deployment> {
    let reading = manifest.reading;
    let spec = service.get("extraPodSpec")?;
    let node = spec.get("mainContainer")?;
    let graph = objects::name(object).unwrap_or("unnamed");
    let unit = format!("{}#DynamoGraphDeployment/{graph}/{name}", reading.source.path);
    let mut deployment = containers::deployment(reading, &manifest.container(node), unit, NAME)?;
    let limit = |key: &str| service.at(&["resources", "limits", key]).cloned();
    let limits = map(
        service,
        [
            ("nvidia.com/gpu", limit("gpu")),
            ("memory", limit("memory")),
            ("cpu", limit("cpu")),
        ],
    );
    let resources = map(service, [("limits", Some(limits))]);
    let container = map(
        service,
        [
            ("resources", Some(resources)),
            ("livenessProbe", service.get("livenessProbe").cloned()),
            ("startupProbe", node.get("startupProbe").cloned()),
            ("volumeMounts", node.get("volumeMounts").cloned()),
        ],
    );
    let pod = Pod {
        spec,
        metadata: None,
        object,
    };
    pod::describe(reading, &manifest.objects, &pod, &container, &mut deployment);
    if let Field::Known(size, place) = pod::bytes(reading, service.at(&["sharedMemory", "size"])) {
        deployment.host.shared_memory = Field::Known(SharedMemory::Bytes(size), place);
    }
    pod::completed_by("the operator", &mut deployment.host);
    deployment.replicas = pod::whole(reading, service.get("replicas"));
    deployment.nodes = pod::whole(reading, service.at(&["multinode", "nodeCount"]));
    Some(deployment)
}
