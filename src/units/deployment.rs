//! A deployment: an engine that serves a model on GPUs.

use rust_decimal::Decimal;

use super::Field;
use crate::source::{Place, Text};
pub use crate::syntax::args::Word;

/// An engine that serves a model on GPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its identity: path, object and container.
    pub name: String,
    /// The format that it was read as.
    pub format: &'static str,
    /// Where it stands.
    pub place: Place,
    /// The container image as written.
    pub image: Field<String>,
    /// The command line that starts the engine.
    pub launch: Launch,
    /// Which GPUs and how many.
    pub gpu: GpuRequest,
    /// How many copies run.
    pub replicas: Field<u64>,
    /// Pods or machines that make one copy together (the size of a leader-worker group, a Ray cluster's workers).
    pub nodes: Field<u64>,
    /// What its scheduler grants it besides GPUs.
    pub host: Host,
    /// Where this is a file of settings and no command: the first word of its launch that a command line which names
    /// the file takes over.
    pub settings: Option<usize>,
}

/// What a scheduler grants a container besides GPUs, and how it treats it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Whether the pod is as the file writes it: no operator and no chart's template adds volumes, probes or flags.
    pub as_written: bool,
    /// `/dev/shm`. Absent: the container runtime's own 64 MiB.
    pub shared_memory: Field<SharedMemory>,
    /// The most memory that it may use, bytes.
    pub memory: Field<u64>,
    /// The most CPU cores that it may use.
    pub cpus: Field<Decimal>,
    /// Disk of its own that it may write to, bytes.
    pub ephemeral_storage: Field<u64>,
    /// Volumes that it mounts.
    pub volumes: Vec<Volume>,
    /// What kills it when it doesn't answer.
    pub liveness: Option<Probe>,
    /// What holds the other probes back until it has started.
    pub startup: Option<Probe>,
    /// Pods that a rollout starts beside the running ones: absent is Kubernetes' quarter, rounded up; 0 for a
    /// `Recreate` strategy and for a StatefulSet.
    pub surge: Field<Surge>,
    /// Whether something scales the number of copies by load.
    pub autoscaled: Field<bool>,
    /// Where it can be reached from outside of the cluster or host: what says so.
    pub public: Field<String>,
}

/// The size of `/dev/shm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedMemory {
    /// Bytes; a memory-backed volume without a limit is as large as the container's memory.
    Bytes(u64),
    /// No limit of its own: the host's, or a volume in memory without a size.
    Unlimited,
}

/// A volume as a container mounts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Where in the container.
    pub mount: String,
    /// What it is made of.
    pub kind: VolumeKind,
    /// Its size, bytes.
    pub size: Field<u64>,
    /// Where it is mounted.
    pub place: Place,
}

/// What a volume is made of, as far as it matters to what is kept in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VolumeKind {
    /// Gone with the pod: `emptyDir`.
    Ephemeral,
    /// Memory: `emptyDir` with `medium: Memory`, tmpfs.
    Memory,
    /// Outlives the pod: a claim, a path of the host, a named volume, a network share.
    Persistent,
    /// Settings: a ConfigMap, a Secret.
    Settings,
}

/// A probe: how long it waits before it gives up on a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Seconds before the first try.
    pub initial_delay: u64,
    /// Seconds between tries.
    pub period: u64,
    /// Tries in a row that must fail.
    pub failures: u64,
    /// Where it stands.
    pub place: Place,
}

impl Probe {
    /// Seconds after which it gives up on a container that never answers.
    pub fn patience(&self) -> u64 {
        self.initial_delay
            .saturating_add(self.period.saturating_mul(self.failures))
    }
}

/// Pods that a rollout may start beside the running ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surge {
    /// A number.
    Pods(u64),
    /// A percentage of the copies, rounded up.
    Percent(u64),
}

/// A command line with the environment it sees. Words are the ones that the program gets: shell strings split,
/// `$(VAR)` replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// The words, program first where it is stated (an image's own entry point is not).
    pub words: Vec<Word>,
    /// Environment variables by name.
    pub env: Vec<(String, EnvValue)>,
    /// Packages of a pinned release that were installed before it: `vllm==0.8.5`.
    pub installed: Vec<Word>,
    /// Where arguments stand, for findings about an absent flag, and how to add one.
    pub slot: Field<()>,
    /// Whether the engine is an object of a program (vLLM's `LLM`), which takes other sizes than its server.
    pub offline: bool,
}

/// The value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvValue {
    /// Stated.
    Known(Text, Place),
    /// Comes from a Secret, a ConfigMap or the node: why it is not known.
    Unknown(String, Place),
}

/// Which GPUs a deployment asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GpuRequest {
    /// GPUs that the container asks for.
    pub count: Field<u64>,
    /// A fraction that was asked for in place of a count, as written: no device plugin divides GPUs so.
    pub fraction: Field<String>,
    /// What the manifest says of the kind of GPU, as written: label values, instance types, product names. Several
    /// stand for alternatives.
    pub labels: Vec<(GpuLabel, Place)>,
    /// The resource that is asked for, as written: `nvidia.com/gpu`, `amd.com/gpu`, `google.com/tpu`. It tells the
    /// vendor where no label does.
    pub resource: Field<String>,
    /// A part of a GPU in place of whole ones: a MIG profile as written (`1g.10gb`), or a share.
    pub slice: Field<String>,
    /// That whole GPUs are shared with other containers (time slicing, MPS): what says so.
    pub shared: Field<String>,
}

/// What a statement about GPUs names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpuLabel {
    /// A GPU, by label value or product name.
    Product(String),
    /// A cloud instance type.
    Instance(String),
    /// A family of instance types: `p5`, `a3`.
    Family(String),
}
