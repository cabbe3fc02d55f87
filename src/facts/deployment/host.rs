//! Facts about what the scheduler grants besides GPUs, and how it treats the container.

use rust_decimal::Decimal;

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, int, of_field, text};
use crate::source::Place;
use crate::units::{Field, Probe, SharedMemory, Surge, Volume, VolumeKind};

/// `/dev/shm` where nothing is said of it: what container runtimes give, 64 MiB.
const DEFAULT_SHARED_MEMORY: u64 = 64 << 20;

/// Kubernetes' `maxSurge` where a Deployment says nothing, per cent.
const DEFAULT_SURGE: u64 = 25;

/// Where engines keep the weights that they download, as part of a mount's path: the hub's cache and folders that are
/// named for models.
const WEIGHTS: &[&str] = &["huggingface", "hf", "model", "weight", "ollama", "cache", "nim", "data"];

fn bytes(value: u64) -> Value {
    Value::Number(
        (Decimal::from(value) / Decimal::from(1_u64 << 30))
            .round_dp(2)
            .normalize(),
    )
}

impl DeploymentFacts<'_> {
    /// Where the container is described: for what it leaves out.
    fn container(&self) -> Option<Place> {
        self.deployment.launch.slot.place().or(Some(self.deployment.place))
    }

    fn patience(&self, probe: Option<&Probe>) -> Fact {
        let known = probe.map_or(Known::Absent, |probe| Known::Yes(int(probe.patience())));
        let place = probe.map(|probe| probe.place);
        Fact::of(known).at(place.or_else(|| self.container()))
    }

    /// The bytes of `/dev/shm`; `None` where only the host's memory limits it.
    fn shared_memory(&self) -> Field<Option<u64>> {
        match &self.deployment.host.shared_memory {
            Field::Known(SharedMemory::Bytes(size), place) => Field::Known(Some(*size), *place),
            // A volume in memory without a size is as large as the container's memory.
            Field::Known(SharedMemory::Unlimited, place) => {
                Field::Known(self.deployment.host.memory.known().copied(), *place)
            }
            Field::Unknown(why, place) => Field::Unknown(why.clone(), *place),
            Field::Absent(slot) => Field::Absent(slot.clone()),
        }
    }

    /// Pods that a rollout starts beside the running ones.
    pub(super) fn surge(&self) -> Field<u64> {
        let copies = self.deployment.replicas.known().copied().unwrap_or(1);
        let share = |percent: u64| copies.saturating_mul(percent).div_ceil(100);
        let pods = |surge: Surge| match surge {
            Surge::Pods(pods) => pods,
            Surge::Percent(percent) => share(percent),
        };
        match self.deployment.host.surge.clone() {
            Field::Absent(_) if self.deployment.format != "kubernetes" => Field::default(),
            Field::Absent(_) => match self.container() {
                Some(place) => Field::Known(share(DEFAULT_SURGE), place),
                None => Field::default(),
            },
            stated => stated.and_then(|surge| Ok(pods(surge))),
        }
    }

    /// The volume that the weights are kept on: one that isn't settings or shared memory, and whose mount is named for
    /// it. Several are too many to tell.
    fn weights_volume(&self) -> Option<&Volume> {
        let keeps = |volume: &&Volume| {
            let mount = volume.mount.to_ascii_lowercase();
            volume.kind != VolumeKind::Settings
                && mount != "/dev/shm"
                && WEIGHTS.iter().any(|word| mount.contains(word))
        };
        let mut volumes = self.deployment.host.volumes.iter().filter(keeps);
        volumes.next().filter(|_| volumes.next().is_none())
    }
}

fn kind(kind: VolumeKind) -> Value {
    text(match kind {
        VolumeKind::Ephemeral => "ephemeral",
        VolumeKind::Memory => "memory",
        VolumeKind::Persistent => "persistent",
        VolumeKind::Settings => "settings",
    })
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.host.shared_memory",
        ty: Type::Number,
        unit: "GiB",
        about: "/dev/shm, which is 64 MiB where nothing is said of it; absent where only the host's memory limits it",
        get: |facts| match facts.shared_memory() {
            Field::Absent(_) if facts.deployment.host.as_written => {
                let default = bytes(DEFAULT_SHARED_MEMORY);
                Fact::of(Known::Yes(default)).at(facts.container())
            }
            Field::Absent(_) => Fact::of(Known::Absent).at(facts.container()),
            Field::Known(None, place) => Fact::of(Known::Absent).at(Some(place)),
            stated => of_field(stated, |size| bytes(size.unwrap_or_default())),
        },
    },
    Row {
        name: "deployment.host.memory",
        ty: Type::Number,
        unit: "GiB",
        about: "the most memory that the container may use",
        get: |facts| of_field(facts.deployment.host.memory.clone(), |size| bytes(*size)),
    },
    Row {
        name: "deployment.host.cpus",
        ty: Type::Number,
        unit: "cores",
        about: "the most CPU cores that it may use; what it requests is no limit",
        get: |facts| of_field(facts.deployment.host.cpus.clone(), |cores| Value::Number(*cores)),
    },
    Row {
        name: "deployment.host.ephemeral_storage",
        ty: Type::Number,
        unit: "GiB",
        about: "disk of its own that it may write to",
        get: |facts| of_field(facts.deployment.host.ephemeral_storage.clone(), |size| bytes(*size)),
    },
    Row {
        name: "deployment.host.weights_volume",
        ty: Type::Str,
        unit: "",
        about: "what the volume is made of that the weights are kept on: ephemeral, memory or persistent",
        get: |facts| match facts.weights_volume() {
            Some(volume) => Fact::of(Known::Yes(kind(volume.kind))).at(Some(volume.place)),
            None => Fact::of(Known::Absent).at(facts.container()),
        },
    },
    Row {
        name: "deployment.host.weights_volume_size",
        ty: Type::Number,
        unit: "GiB",
        about: "the size of the volume that the weights are kept on, where it is stated",
        get: |facts| {
            let size = facts.weights_volume().map(|volume| volume.size.clone());
            of_field(size.unwrap_or_default(), |size| bytes(*size))
        },
    },
    Row {
        name: "deployment.host.liveness_patience",
        ty: Type::Int,
        unit: "seconds",
        about: "seconds after which the liveness probe kills a container that never answers",
        get: |facts| facts.patience(facts.deployment.host.liveness.as_ref()),
    },
    Row {
        name: "deployment.host.startup_patience",
        ty: Type::Int,
        unit: "seconds",
        about: "seconds that the startup probe leaves the container to start",
        get: |facts| facts.patience(facts.deployment.host.startup.as_ref()),
    },
    Row {
        name: "deployment.host.has_startup_probe",
        ty: Type::Bool,
        unit: "",
        about: "whether a startup probe holds the others back",
        get: |facts| {
            let probe = facts.deployment.host.startup.as_ref();
            let place = probe.map(|probe| probe.place).or_else(|| facts.container());
            Fact::of(Known::Yes(Value::Bool(probe.is_some()))).at(place)
        },
    },
    Row {
        name: "deployment.host.surge",
        ty: Type::Int,
        unit: "pods",
        about: "pods that a rollout starts beside the running ones, Kubernetes' quarter where nothing is said",
        get: |facts| of_field(facts.surge(), |pods| int(*pods)),
    },
    Row {
        name: "deployment.host.autoscaled",
        ty: Type::Bool,
        unit: "",
        about: "whether something scales the copies by load, where the file shows it",
        get: |facts| of_field(facts.deployment.host.autoscaled.clone(), |scaled| Value::Bool(*scaled)),
    },
    Row {
        name: "deployment.host.public",
        ty: Type::Str,
        unit: "",
        about: "what makes it reachable from outside of the cluster or host, where the file shows it",
        get: |facts| of_field(facts.deployment.host.public.clone(), |what| text(what)),
    },
];
