//! Facts about a change: the deployment beside what it was in an older state of the tree.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, of_field, of_result, text};
use crate::facts::World;

impl<'a> DeploymentFacts<'a> {
    /// The same deployment before the change; `None` without an older state, or where it is new.
    fn before(&self) -> Option<DeploymentFacts<'a>> {
        let source = self.world.files.source(self.deployment.place.source);
        let name = World::name_in_tree(&self.deployment.name, source);
        let older = self.world.before.get(&name)?;
        Some(DeploymentFacts::new(older, self.world))
    }

    /// Tokens that the KV cache holds.
    fn kv_tokens(&self) -> Result<u64, String> {
        let (_, plan) = self.verdict()?;
        let figures = plan.figures.as_ref().ok_or_else(|| plan.why.clone())?;
        let kv = figures.kv.as_ref().ok_or("the GPU is not known")?;
        Ok(kv.tokens)
    }

    /// The share of the KV cache's tokens that the change loses; negative where it gains.
    fn kv_lost(&self, older: &DeploymentFacts<'_>) -> Result<Decimal, String> {
        let (then, now) = (older.kv_tokens()?, self.kv_tokens()?);
        if then == 0 {
            return Err("it had no KV cache before".to_owned());
        }
        Decimal::from_f64(1.0 - now as f64 / then as f64)
            .map(|share| share.round_dp(2))
            .ok_or_else(|| "the share is out of range".to_owned())
    }
}

fn changed<T>(
    facts: &DeploymentFacts<'_>,
    pick: impl FnOnce(&DeploymentFacts<'_>) -> Result<T, String>,
    value: impl FnOnce(T) -> Value,
) -> Fact {
    of_result(facts.before().map(|older| pick(&older)).transpose(), value)
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.before.image",
        ty: Type::Str,
        unit: "",
        about: "the container image before the change, where an older state of the tree is compared",
        get: |facts| match facts.before() {
            Some(older) => of_field(older.deployment.image.clone(), |image| text(image)),
            None => Fact::of(Known::Absent),
        },
    },
    Row {
        name: "deployment.before.outcome",
        ty: Type::Str,
        unit: "",
        about: "what became of it before the change, as deployment.memory.outcome",
        get: |facts| {
            changed(
                facts,
                |older| older.verdict().map(|(_, plan)| plan.outcome.name()),
                text,
            )
        },
    },
    Row {
        name: "deployment.before.kv_lost",
        ty: Type::Number,
        unit: "share",
        about: "the share of the KV cache's tokens that the change loses; negative where it gains",
        get: |facts| changed(facts, |older| facts.kv_lost(older), Value::Number),
    },
];
