//! A deployment: an engine that serves a model on GPUs.

use super::Field;
use crate::source::{Place, Text};
pub use crate::syntax::args::Word;

/// An engine that serves a model on GPUs.
#[derive(Debug, Clone)]
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
}

/// A command line with the environment it sees. Words are the ones that the program gets: shell strings split,
/// `$(VAR)` replaced.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// The words, program first where it is stated (an image's own entry point is not).
    pub words: Vec<Word>,
    /// Environment variables by name.
    pub env: Vec<(String, EnvValue)>,
    /// Where arguments stand, for findings about an absent flag, and how to add one.
    pub slot: Field<()>,
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
#[derive(Debug, Clone, Default)]
pub struct GpuRequest {
    /// GPUs that the container asks for.
    pub count: Field<u64>,
    /// What the manifest says of the kind of GPU, as written: label values, instance types, product names. Several
    /// stand for alternatives.
    pub labels: Vec<(GpuLabel, Place)>,
}

/// What a statement about GPUs names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpuLabel {
    /// A GPU, by label value or product name.
    Product(String),
    /// A cloud instance type.
    Instance(String),
}
