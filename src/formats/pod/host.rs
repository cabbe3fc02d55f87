//! What a pod gets besides GPUs, and how it is treated: memory, volumes, probes, rollouts, whether it is public.

use super::quantity::{amount, bytes};
use super::{MOST, Teller};
use crate::formats::Reading;
use crate::syntax::Node;
use crate::units::{Field, Host, Probe, SharedMemory, Surge, Volume, VolumeKind};

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

impl Teller<'_, '_> {
    pub(super) fn host(&self) -> Host {
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

    pub(super) fn surge(&self) -> Field<Surge> {
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
fn probe(reading: &Reading<'_>, node: &Node) -> Option<Probe> {
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
pub(in crate::formats) fn surge(reading: &Reading<'_>, node: Option<&Node>) -> Field<Surge> {
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
