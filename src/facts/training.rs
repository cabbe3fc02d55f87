//! The facts of a training run.

use super::{Fact, Known, Row, Type, Value, World, open_model, prompt};
use crate::units::{Field, Training};

/// A training run with what its facts are made of.
pub struct TrainingFacts<'a> {
    /// The unit.
    pub training: &'a Training,
    world: &'a World<'a>,
}

impl<'a> TrainingFacts<'a> {
    /// The facts of `training`.
    pub fn new(training: &'a Training, world: &'a World<'a>) -> Self {
        Self { training, world }
    }

    /// The model's name.
    pub fn model_name(&self) -> Field<String> {
        self.training.model.clone()
    }
}

type Get = fn(&TrainingFacts<'_>) -> Fact;

/// The facts of a training run, in the order in which they are listed.
pub(super) const FACTS: &[&[Row<Get>]] = &[&[
    Row {
        name: "training.format",
        ty: Type::Str,
        unit: "",
        about: "the format it was read as",
        get: |facts| Fact::of(Known::Yes(Value::Str(facts.training.format.into()))).at(Some(facts.training.place)),
    },
    Row {
        name: "training.model_parameters",
        ty: Type::Int,
        unit: "parameters",
        about: "the model's parameters, those of all experts among them",
        get: |facts| {
            let model = open_model(&facts.training.model, facts.world.catalog);
            prompt::known(model.map(Some), |model| prompt::int(model.parameters))
        },
    },
]];
