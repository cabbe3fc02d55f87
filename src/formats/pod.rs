//! What a pod says of a container besides its command line: its GPUs, what else the scheduler grants it, and how it is
//! treated. Kubernetes' own defaults are those of
//! <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>.

mod gpu;
mod host;
mod quantity;

pub(super) use self::host::surge;
pub(super) use self::quantity::{amount, bytes, whole};

use super::Reading;
use super::objects::Objects;
use crate::source::Place;
use crate::syntax::Node;
use crate::units::{Deployment, Field, GpuRequest, Host};

/// Most volumes, mounts and node labels of a pod that are looked at: no real pod has as many.
const MOST: usize = 256;

/// A pod's specification and what stands around it.
#[derive(Clone, Copy)]
pub(super) struct Pod<'a> {
    /// The mapping with `containers`.
    pub spec: &'a Node,
    /// Its own metadata: labels and annotations.
    pub metadata: Option<&'a Node>,
    /// The object that makes such pods.
    pub object: &'a Node,
}

/// Says of a deployment what its pod says of it.
pub(super) fn describe(
    reading: &Reading<'_>,
    objects: &Objects<'_>,
    pod: &Pod<'_>,
    container: &Node,
    deployment: &mut Deployment,
) {
    let teller = Teller {
        reading,
        objects,
        pod,
        container,
    };
    deployment.gpu = teller.gpu();
    deployment.host = teller.host();
}

/// What an operator or a chart adds to a pod by itself is not known: shared memory, a startup probe that holds the
/// stated liveness probe back, how it is rolled out.
pub(super) fn completed_by(who: &str, host: &mut Host) {
    if host.shared_memory.is_absent() {
        host.shared_memory = Field::Unknown(format!("{who} may mount it"), None);
    }
    if host.startup.is_none() {
        host.liveness = None;
    }
    if host.surge.is_absent() {
        host.surge = Field::Unknown(format!("{who} says how it is rolled out"), None);
    }
}

/// The GPUs that a container asks for, and what its pod says of their kind.
pub(super) fn gpu(reading: &Reading<'_>, objects: &Objects<'_>, pod: &Pod<'_>, container: &Node) -> GpuRequest {
    let teller = Teller {
        reading,
        objects,
        pod,
        container,
    };
    teller.gpu()
}

struct Teller<'t, 'a> {
    reading: &'t Reading<'t>,
    objects: &'t Objects<'a>,
    pod: &'t Pod<'a>,
    container: &'t Node,
}

impl Teller<'_, '_> {
    fn place(&self, node: &Node) -> Place {
        self.reading.place(node.span)
    }

    /// What the container may use at most, else what it is promised. Of accelerators both must be the same.
    fn resource(&self, name: &str) -> Option<&Node> {
        ["limits", "requests"]
            .iter()
            .find_map(|part| self.container.at(&["resources", part, name]))
            .filter(|node| !node.is_null())
    }
}
