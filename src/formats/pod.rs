//! What a pod says of a container besides its command line: its GPUs, what else the scheduler grants it, and how it is
//! treated. Kubernetes' own defaults are those of
//! <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>.

use rust_decimal::Decimal;

use super::Reading;
use super::objects::Objects;
use crate::source::Place;
use crate::syntax::Node;
use crate::units::{Deployment, Field, GpuLabel, GpuRequest, Host, Probe, SharedMemory, Surge, Volume, VolumeKind};

/// Resource names that count whole accelerators; any other name that ends in `/gpu` does too.
const WHOLE: &[&str] = &[
    "nvidia.com/gpu",
    "amd.com/gpu",
    "gpu.intel.com/i915",
    "gpu.intel.com/xe",
    "habana.ai/gaudi",
    "google.com/tpu",
    "aws.amazon.com/neuron",
    "aws.amazon.com/neurondevice",
    "huawei.com/Ascend910",
    "huawei.com/ascend-1980",
];

/// Node labels whose value names the GPU.
const PRODUCT_LABELS: &[&str] = &[
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-tpu-accelerator",
    "gpu.nvidia.com/class",
    "gpu.nvidia.com/model",
    "karpenter.k8s.aws/instance-gpu-name",
    "karpenter.k8s.aws/instance-accelerator-name",
    "karpenter.azure.com/sku-gpu-name",
    "k8s.amazonaws.com/accelerator",
    "amd.com/gpu.product-name",
    "eks.amazonaws.com/instance-gpu-name",
    "eks.amazonaws.com/instance-accelerator-name",
    "machine.cluster.vke.volcengine.com/gpu-name",
];

/// Labels that clusters give their nodes by hand. Their value counts where it may be a product: those have a digit.
const CUSTOM_LABELS: &[&str] = &[
    "accelerator",
    "accelerator-type",
    "gpu-type",
    "gpu_type",
    "gpu.type",
    "gpu-model",
    "gpu-name",
    "gpu-product",
];

/// Node labels whose value names the cloud's instance type.
const INSTANCE_LABELS: &[&str] = &[
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "karpenter.azure.com/sku-name",
];

/// Node labels whose value names a family of instance types.
const FAMILY_LABELS: &[&str] = &[
    "karpenter.k8s.aws/instance-family",
    "eks.amazonaws.com/instance-family",
    "cloud.google.com/machine-family",
    "karpenter.k8s.gcp/instance-family",
];

/// Node labels that name a MIG profile.
const PROFILE_LABELS: &[&str] = &["cloud.google.com/gke-gpu-partition-size"];

/// Node labels that say that several containers use one GPU.
const SHARING_LABELS: &[&str] = &[
    "cloud.google.com/gke-gpu-sharing-strategy",
    "cloud.google.com/gke-max-shared-clients-per-gpu",
    "nvidia.com/gpu.sharing-strategy",
    "nvidia.com/mps.capable",
];

/// Resource names that ask for a share of a GPU's memory, and the unit in which they count.
const SHARES: &[(&str, &str)] = &[
    ("nvidia.com/gpumem", "MiB"),
    ("nvidia.com/gpumem-percentage", "%"),
    ("aliyun.com/gpu-mem", "GiB"),
    ("volcano.sh/vgpu-memory", "MiB"),
    ("volcano.sh/gpu-memory", "MiB"),
    ("tencent.com/vcuda-memory", "× 256 MiB"),
];

/// Annotations by which Run:ai grants a share of a GPU, and the unit in which they count.
const SHARE_ANNOTATIONS: &[(&str, &str)] = &[("gpu-fraction", "of a GPU"), ("gpu-memory", "MiB")];

/// Objects whose pods are made as their template says.
const AS_WRITTEN: &[&str] = &[
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "Job",
    "CronJob",
    "LeaderWorkerSet",
];

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

/// A stated whole number, or why it is none.
pub(super) fn whole(reading: &Reading<'_>, node: Option<&Node>) -> Field<u64> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Field::default();
    };
    let place = reading.place(node.span);
    match node.as_str().map(|text| (text, text.trim().parse())) {
        Some((_, Ok(number))) => Field::Known(number, place),
        Some((text, Err(_))) => Field::Unknown(format!("`{text}` is not a whole number"), Some(place)),
        None => Field::Unknown("not written as a number".to_owned(), Some(place)),
    }
}

/// A stated quantity of bytes (`16Gi`), or why it is none.
pub(super) fn bytes(reading: &Reading<'_>, node: Option<&Node>) -> Field<u64> {
    amount(reading, node).and_then(|amount| {
        u64::try_from(amount.trunc()).map_err(|_| format!("`{amount}` bytes are more than can be counted"))
    })
}

/// A stated quantity, or why it is none.
pub(super) fn amount(reading: &Reading<'_>, node: Option<&Node>) -> Field<Decimal> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Field::default();
    };
    let place = reading.place(node.span);
    let text = node.as_str().unwrap_or_default();
    match quantity(text) {
        Some(amount) => Field::Known(amount, place),
        None => Field::Unknown(format!("`{text}` is not a quantity that Kubernetes reads"), Some(place)),
    }
}

/// Reads a quantity of Kubernetes: `500m`, `1.5Gi`, `2e3`, `10G`.
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
fn quantity(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let digits = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (number, suffix) = text.split_at(digits);
    let number: Decimal = number.parse().ok()?;
    let scale = match suffix {
        "" => Decimal::ONE,
        "n" => Decimal::new(1, 9),
        "u" => Decimal::new(1, 6),
        "m" => Decimal::new(1, 3),
        "k" => Decimal::from(1_000_u64),
        "M" => Decimal::from(1_000_000_u64),
        "G" => Decimal::from(1_000_000_000_u64),
        "T" => Decimal::from(1_000_000_000_000_u64),
        "P" => Decimal::from(1_000_000_000_000_000_u64),
        "E" => Decimal::from(1_000_000_000_000_000_000_u64),
        "Ki" => Decimal::from(1_u64 << 10),
        "Mi" => Decimal::from(1_u64 << 20),
        "Gi" => Decimal::from(1_u64 << 30),
        "Ti" => Decimal::from(1_u64 << 40),
        "Pi" => Decimal::from(1_u64 << 50),
        "Ei" => Decimal::from(1_u64 << 60),
        exponent if exponent.starts_with(['e', 'E']) => return Decimal::from_scientific(text).ok(),
        _ => return None,
    };
    number.checked_mul(scale)
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

    fn gpu(&self) -> GpuRequest {
        let mut request = GpuRequest::default();
        for part in ["limits", "requests"] {
            for (name, value) in self
                .container
                .at(&["resources", part])
                .into_iter()
                .flat_map(Node::entries)
            {
                if request.count.is_absent() {
                    self.whole_gpus(name, value, &mut request);
                }
            }
        }
        for (name, unit) in SHARES {
            if let Some(value) = self.resource(name).filter(|_| request.slice.is_absent()) {
                self.share(name, value, unit, &mut request);
            }
        }
        for (key, unit) in SHARE_ANNOTATIONS {
            let stated = self.annotation(key).filter(|_| request.slice.is_absent());
            if let Some(value) = stated {
                self.share(key, value, unit, &mut request);
            }
        }
        if request.count.is_absent()
            && let Some(claims) = self
                .container
                .at(&["resources", "claims"])
                .filter(|claims| claims.is_seq())
        {
            let why = "a resource claim asks for its GPUs, and says how many elsewhere";
            request.count = Field::Unknown(why.to_owned(), Some(self.place(claims)));
        }
        self.labels(&mut request);
        request
    }

    /// A resource that counts GPUs, or slices of them.
    fn whole_gpus(&self, name: &Node, value: &Node, request: &mut GpuRequest) {
        let Some(key) = name.as_str() else {
            return;
        };
        let profile = key.strip_prefix("nvidia.com/mig-");
        let bare = key.strip_suffix(".shared").unwrap_or(key);
        let is_whole = WHOLE.contains(&bare) || bare.ends_with("/gpu") || key == "volcano.sh/vgpu-number";
        if key == "aws.amazon.com/neuroncore" {
            let why = "`aws.amazon.com/neuroncore` counts cores, of which a chip has several";
            request.count = Field::Unknown(why.to_owned(), Some(self.place(value)));
        } else if profile.is_some() || is_whole {
            request.count = whole(self.reading, Some(value));
            let written = value.as_str().unwrap_or_default();
            if quantity(written).is_some_and(|amount| !amount.fract().is_zero()) {
                request.fraction = Field::Known(written.to_owned(), self.place(value));
            }
            // Zero of them is how a container says that it wants none.
            if request.count.known() == Some(&0) {
                request.count = Field::default();
                return;
            }
        } else {
            return;
        }
        request.resource = Field::Known(key.to_owned(), self.place(name));
        let share = value.as_str().and_then(|text| text.parse::<f64>().ok());
        if let Some(share) = share.filter(|share| *share < 1.0) {
            request.slice = Field::Known(format!("{share} of a GPU"), self.place(value));
        }
        if let Some(profile) = profile {
            let profile = profile.strip_suffix(".shared").unwrap_or(profile);
            request.slice = Field::Known(profile.to_owned(), self.place(name));
        }
        if key.ends_with(".shared") {
            request.shared = Field::Known(format!("the resource `{key}`"), self.place(name));
        }
    }

    fn share(&self, name: &str, value: &Node, unit: &str, request: &mut GpuRequest) {
        let text = value.as_str().unwrap_or_default();
        // A percentage of 100 is a whole GPU.
        if text == "0" || (unit == "%" && text == "100") || (unit == "of a GPU" && text.parse() == Ok(1.0_f64)) {
            return;
        }
        let place = self.place(value);
        request.slice = Field::Known(format!("{text} {unit}"), place);
        if request.count.is_absent() {
            request.count = Field::Known(1, place);
        }
        if request.resource.is_absent() {
            request.resource = Field::Known(name.to_owned(), place);
        }
    }

    fn annotation(&self, key: &str) -> Option<&Node> {
        let metadata = self.pod.metadata?;
        ["annotations", "labels"]
            .iter()
            .find_map(|part| metadata.at(&[part, key]))
    }

    /// What the pod's node selector and required node affinity say of the GPU.
    fn labels(&self, request: &mut GpuRequest) {
        let selector = self.pod.spec.get("nodeSelector").into_iter().flat_map(Node::entries);
        for (key, value) in selector.take(MOST) {
            self.label(key, value, request);
        }
        const REQUIRED: &[&str] = &[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms",
        ];
        for term in self.pod.spec.at(REQUIRED).into_iter().flat_map(Node::items) {
            for expression in term.get("matchExpressions").into_iter().flat_map(Node::items) {
                let operator = expression.get("operator").and_then(Node::as_str);
                if let (Some("In"), Some(key)) = (operator, expression.get("key")) {
                    for value in expression.get("values").into_iter().flat_map(Node::items) {
                        self.label(key, value, request);
                    }
                }
            }
        }
    }

    fn label(&self, key: &Node, value: &Node, request: &mut GpuRequest) {
        let (Some(name), Some(text)) = (key.as_str(), value.as_str()) else {
            return;
        };
        let place = self.place(value);
        let owned = text.to_owned();
        let custom = CUSTOM_LABELS.contains(&name.rsplit('/').next().unwrap_or(name));
        if request.labels.len() >= MOST {
            return;
        }
        if PRODUCT_LABELS.contains(&name) || (custom && text.contains(|c: char| c.is_ascii_digit())) {
            let (product, profile, shared) = product(text);
            if let Some(profile) = profile {
                request.slice = Field::Known(profile.to_owned(), place);
            }
            if shared {
                request.shared = Field::Known(format!("the label `{text}`"), place);
            }
            request.labels.push((GpuLabel::Product(product.to_owned()), place));
        } else if INSTANCE_LABELS.contains(&name) {
            request.labels.push((GpuLabel::Instance(owned), place));
        } else if FAMILY_LABELS.contains(&name) {
            request.labels.push((GpuLabel::Family(owned), place));
        } else if PROFILE_LABELS.contains(&name) {
            request.slice = Field::Known(owned, place);
        } else if SHARING_LABELS.contains(&name) && !matches!(text, "none" | "false" | "1") {
            request.shared = Field::Known(format!("the label `{name}: {text}`"), place);
        }
    }

    fn host(&self) -> Host {
        let memory = self.container.at(&["resources", "limits", "memory"]);
        // What is requested is no limit: a pod may use cores that its node has to spare.
        let cpus = self.container.at(&["resources", "limits", "cpu"]);
        let disk = self.container.at(&["resources", "limits", "ephemeral-storage"]);
        let kind = self.pod.object.get("kind").and_then(Node::as_str);
        Host {
            as_written: kind.is_some_and(|kind| AS_WRITTEN.contains(&kind)),
            shared_memory: self.shared_memory(),
            memory: bytes(self.reading, memory),
            cpus: amount(self.reading, cpus),
            ephemeral_storage: bytes(self.reading, disk),
            volumes: self.volumes(),
            liveness: self.probe("livenessProbe"),
            startup: self.probe("startupProbe"),
            surge: self.surge(),
            autoscaled: self.objects.autoscaled(self.reading, self.pod.object),
            public: self.public(),
        }
    }

    fn mounts(&self) -> impl Iterator<Item = (&str, &Node, Option<&Node>)> {
        let mounts = self
            .container
            .get("volumeMounts")
            .into_iter()
            .flat_map(Node::items)
            .take(MOST);
        mounts.filter_map(|mount| {
            let path = mount.get("mountPath")?;
            let name = mount.get("name")?.as_str()?;
            let mut volumes = self
                .pod
                .spec
                .get("volumes")
                .into_iter()
                .flat_map(Node::items)
                .take(MOST);
            let volume = volumes.find(|volume| volume.get("name").and_then(Node::as_str) == Some(name));
            Some((name, path, volume))
        })
    }

    fn shared_memory(&self) -> Field<SharedMemory> {
        let mounted = self
            .mounts()
            .find(|(_, path, _)| path.as_str().map(|path| path.trim_end_matches('/')) == Some("/dev/shm"));
        if let Some((_, path, volume)) = mounted {
            let limit = volume.and_then(|volume| volume.at(&["emptyDir", "sizeLimit"]));
            return match bytes(self.reading, limit) {
                Field::Known(size, place) => Field::Known(SharedMemory::Bytes(size), place),
                Field::Unknown(why, place) => Field::Unknown(why, place),
                Field::Absent(_) => Field::Known(SharedMemory::Unlimited, self.place(path)),
            };
        }
        match self.pod.spec.get("hostIPC") {
            Some(node) if node.as_bool() == Some(true) => Field::Known(SharedMemory::Unlimited, self.place(node)),
            _ => Field::default(),
        }
    }

    fn volumes(&self) -> Vec<Volume> {
        let volume = |(name, path, volume): (&str, &Node, Option<&Node>)| {
            let (kind, size) = match volume {
                Some(volume) => self.volume(volume),
                None => (VolumeKind::Persistent, self.claimed(self.claim_template(name)?)),
            };
            Some(Volume {
                mount: path.as_str()?.to_owned(),
                kind,
                size,
                place: self.place(path),
            })
        };
        self.mounts().filter_map(volume).collect()
    }

    fn volume(&self, volume: &Node) -> (VolumeKind, Field<u64>) {
        let unsized_as = |kind| (kind, Field::default());
        for (key, source) in volume.entries() {
            return match key.as_str() {
                Some("name") => continue,
                Some("emptyDir") => {
                    let memory = source.get("medium").and_then(Node::as_str) == Some("Memory");
                    let kind = if memory {
                        VolumeKind::Memory
                    } else {
                        VolumeKind::Ephemeral
                    };
                    (kind, bytes(self.reading, source.get("sizeLimit")))
                }
                Some("persistentVolumeClaim") => {
                    let claim = source.get("claimName").and_then(Node::as_str);
                    let claim = claim.and_then(|name| self.objects.claim(name));
                    let size = claim.map(|claim| self.claimed(claim)).unwrap_or_default();
                    (VolumeKind::Persistent, size)
                }
                Some("ephemeral") => {
                    let template = source.get("volumeClaimTemplate");
                    let size = template.map(|claim| self.claimed(claim)).unwrap_or_default();
                    (VolumeKind::Ephemeral, size)
                }
                Some("configMap" | "secret" | "projected" | "downwardAPI") => unsized_as(VolumeKind::Settings),
                Some("csi")
                    if source
                        .get("driver")
                        .and_then(Node::as_str)
                        .is_some_and(|driver| driver.contains("secret")) =>
                {
                    unsized_as(VolumeKind::Settings)
                }
                _ => unsized_as(VolumeKind::Persistent),
            };
        }
        // A volume without a source is an empty directory.
        unsized_as(VolumeKind::Ephemeral)
    }

    fn claimed(&self, claim: &Node) -> Field<u64> {
        bytes(self.reading, claim.at(&["spec", "resources", "requests", "storage"]))
    }

    /// The template of a StatefulSet's claim of that name.
    fn claim_template(&self, name: &str) -> Option<&Node> {
        let mut templates = self
            .pod
            .object
            .at(&["spec", "volumeClaimTemplates"])
            .into_iter()
            .flat_map(Node::items);
        templates.find(|template| template.at(&["metadata", "name"]).and_then(Node::as_str) == Some(name))
    }

    fn probe(&self, key: &str) -> Option<Probe> {
        probe(self.reading, self.container.get(key)?)
    }

    fn surge(&self) -> Field<Surge> {
        let Some(kind) = self.pod.object.get("kind") else {
            return Field::default();
        };
        let none = |node: &Node| Field::Known(Surge::Pods(0), self.place(node));
        match kind.as_str() {
            Some("Deployment" | "RayClusterFleet") => match self.pod.object.at(&["spec", "strategy", "type"]) {
                Some(node) if node.as_str() == Some("Recreate") => none(node),
                _ => surge(
                    self.reading,
                    self.pod.object.at(&["spec", "strategy", "rollingUpdate", "maxSurge"]),
                ),
            },
            Some("DaemonSet") => {
                let stated = self
                    .pod
                    .object
                    .at(&["spec", "updateStrategy", "rollingUpdate", "maxSurge"]);
                stated.map_or_else(|| none(kind), |stated| surge(self.reading, Some(stated)))
            }
            Some("LeaderWorkerSet") => {
                const SURGE: &[&str] = &["spec", "rolloutStrategy", "rollingUpdateConfiguration", "maxSurge"];
                let stated = self.pod.object.at(SURGE);
                stated.map_or_else(|| none(kind), |stated| surge(self.reading, Some(stated)))
            }
            Some("StatefulSet" | "Pod" | "Job" | "CronJob" | "ReplicaSet" | "ReplicationController") => none(kind),
            Some("Rollout") => match self.pod.object.at(&["spec", "strategy", "blueGreen"]) {
                Some(node) => Field::Known(Surge::Percent(100), self.place(node)),
                None => surge(
                    self.reading,
                    self.pod.object.at(&["spec", "strategy", "canary", "maxSurge"]),
                ),
            },
            other => Field::Unknown(
                format!(
                    "how a {} is rolled out is its operator's affair",
                    other.unwrap_or("resource")
                ),
                Some(self.place(kind)),
            ),
        }
    }

    fn public(&self) -> Field<String> {
        if let Some(node) = self
            .pod
            .spec
            .get("hostNetwork")
            .filter(|node| node.as_bool() == Some(true))
        {
            return Field::Known("the host's network".to_owned(), self.place(node));
        }
        let ports = self.container.get("ports").into_iter().flat_map(Node::items);
        if let Some(port) = ports
            .filter_map(|port| port.get("hostPort"))
            .find(|port| port.as_u64() != Some(0))
        {
            return Field::Known("a port of the host".to_owned(), self.place(port));
        }
        match self.pod.metadata.and_then(|metadata| metadata.get("labels")) {
            Some(labels) => self.objects.public(self.reading, labels),
            None => Field::default(),
        }
    }
}

/// A probe, with Kubernetes' defaults for what it leaves out. A number that can't be read is taken for a long time, so
/// that nothing is said against it.
pub(super) fn probe(reading: &Reading<'_>, node: &Node) -> Option<Probe> {
    const HANDLERS: &[&str] = &["httpGet", "exec", "tcpSocket", "grpc"];
    if !HANDLERS.iter().any(|handler| node.get(handler).is_some()) {
        return None;
    }
    let number = |key: &str, default: u64| match node.get(key).filter(|node| !node.is_null()) {
        Some(stated) => stated.as_str().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX),
        None => default,
    };
    Some(Probe {
        initial_delay: number("initialDelaySeconds", 0),
        period: number("periodSeconds", 10).max(1),
        failures: number("failureThreshold", 3).max(1),
        place: reading.place(node.span),
    })
}

/// `maxSurge`: a number of pods, or a percentage.
pub(super) fn surge(reading: &Reading<'_>, node: Option<&Node>) -> Field<Surge> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Field::default();
    };
    let place = reading.place(node.span);
    let text = node.as_str().unwrap_or_default();
    let surge = match text.strip_suffix('%') {
        Some(share) => share.parse().map(Surge::Percent),
        None => text.parse().map(Surge::Pods),
    };
    match surge {
        Ok(surge) => Field::Known(surge, place),
        Err(_) => Field::Unknown(
            format!("`{text}` is neither a number of pods nor a percentage"),
            Some(place),
        ),
    }
}

/// A product label's product, its MIG profile and whether it says that the GPU is shared: NVIDIA's feature discovery
/// writes `NVIDIA-A100-SXM4-40GB-MIG-1g.5gb` and `Tesla-T4-SHARED`.
fn product(label: &str) -> (&str, Option<&str>, bool) {
    let (label, shared) = match label.strip_suffix("-SHARED") {
        Some(label) => (label, true),
        None => (label, false),
    };
    match label.split_once("-MIG-") {
        Some((product, profile)) => (product, Some(profile), shared),
        None => (label, None, shared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_of_kubernetes() {
        let read = |text: &str| quantity(text).map(|amount| amount.normalize().to_string());
        for (text, amount) in [
            ("500m", "0.5"),
            ("1.5Gi", "1610612736"),
            ("2e3", "2000"),
            ("10G", "10000000000"),
            ("0", "0"),
            (".5", "0.5"),
            ("1E", "1000000000000000000"),
        ] {
            assert_eq!(read(text).as_deref(), Some(amount), "{text}");
        }
        for not in [
            "",
            "-1",
            "1gb",
            "Gi",
            "1 Gi",
            "9e99",
            "99999999999999999999Ei",
            "{{ x }}",
        ] {
            assert_eq!(read(not), None, "{not}");
        }
    }

    #[test]
    fn product_labels_tell_slices_and_sharing() {
        assert_eq!(
            product("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"),
            ("NVIDIA-A100-SXM4-40GB", Some("1g.5gb"), false)
        );
        assert_eq!(product("Tesla-T4-SHARED"), ("Tesla-T4", None, true));
    }
}
