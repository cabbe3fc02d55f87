//! What a format may say, every field with its place: the units that llmlint judges.

mod deployment;
mod field;
mod prompt;

pub use deployment::{Deployment, EnvValue, GpuLabel, GpuRequest, Launch, Word};
pub use field::Field;
pub use prompt::{Message, Piece, Prompt, Role, Tool};

/// One thing the tool judges.
#[derive(Debug, Clone)]
pub enum Unit {
    /// What is sent in one kind of request.
    Prompt(Prompt),
    /// An engine that serves a model on GPUs.
    Deployment(Deployment),
}
