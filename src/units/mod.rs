//! What a format may say, every field with its place: the units that llmlint judges.

use crate::source::Place;

mod deployment;
mod field;
mod prompt;
mod training;

pub use deployment::{
    Deployment, EnvValue, GpuLabel, GpuRequest, Host, Launch, Probe, SharedMemory, Surge, Volume, VolumeKind, Word,
};
pub use field::Field;
pub use prompt::{
    Attachment, AttachmentKind, Declared, FURTHER_MESSAGES, Message, Parameter, Piece, Prompt, Role, Tool,
};
pub use training::{Method, Sharding, Training};

/// One thing the tool judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// What is sent in one kind of request.
    Prompt(Box<Prompt>),
    /// A request that embeds what it is sent.
    Embedding(Box<Prompt>),
    /// An engine that serves a model on GPUs.
    Deployment(Box<Deployment>),
    /// A model that is trained on GPUs.
    Training(Box<Training>),
}

impl Unit {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Unit::Prompt(prompt) | Unit::Embedding(prompt) => &prompt.name,
            Unit::Deployment(deployment) => &deployment.name,
            Unit::Training(training) => &training.name,
        }
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        match self {
            Unit::Prompt(prompt) | Unit::Embedding(prompt) => prompt.place,
            Unit::Deployment(deployment) => deployment.place,
            Unit::Training(training) => training.place,
        }
    }

    /// Its name, to be changed.
    pub fn name_mut(&mut self) -> &mut String {
        match self {
            Unit::Prompt(prompt) | Unit::Embedding(prompt) => &mut prompt.name,
            Unit::Deployment(deployment) => &mut deployment.name,
            Unit::Training(training) => &mut training.name,
        }
    }
}
