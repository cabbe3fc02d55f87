//! Facts about money.

use super::{DeploymentFacts, Fact, Get, Row, Type};
use crate::catalog::Date;
use crate::facts::cost::input;
use crate::report::{Figure, Input};
use crate::units::Field;
use rust_decimal::Decimal;

impl DeploymentFacts<'_> {
    /// GPUs of one copy: stated by the manifest, else what the parallelism needs.
    fn gpu_count(&self) -> Result<(u64, String), String> {
        match &self.deployment.gpu.count {
            Field::Known(count, _) => Ok((*count, "the manifest's GPU limit".to_owned())),
            Field::Unknown(why, _) => Err(why.clone()),
            Field::Absent(_) => Err("the manifest asks for no GPU".to_owned()),
        }
    }

    /// USD for one hour of all copies.
    fn hour(&self) -> Result<Figure, String> {
        let (count, count_from) = self.gpu_count()?;
        let replicas = match &self.deployment.replicas {
            Field::Known(n, _) => (*n, "the manifest's replicas"),
            _ => (1, "one copy: no replicas are stated"),
        };
        let stated = self.world.settings.deployment(self.place_in_tree(), |s| s.gpu_hour_usd);
        let rate = match stated {
            Some(usd) => input("gpu_hour", usd, "USD per GPU and hour", "gpu_hour_usd in llmlint.yaml"),
            None => self.instance_rate()?,
        };
        let total = Decimal::from(count)
            .checked_mul(Decimal::from(replicas.0))
            .and_then(|gpus| gpus.checked_mul(rate.high))
            .ok_or("the amount is larger than a decimal holds")?;
        Ok(Figure {
            low: total.normalize(),
            high: total.normalize(),
            unit: "USD".to_owned(),
            per: "hour".to_owned(),
            without: Vec::new(),
            formula: "gpus * replicas * gpu_hour".to_owned(),
            inputs: vec![
                input("gpus", Decimal::from(count), "GPUs", count_from),
                input("replicas", Decimal::from(replicas.0), "copies", replicas.1),
                rate,
            ],
        })
    }

    /// The day of the price that its cost is made with, where that is the catalog's.
    pub fn price_as_of(&self) -> Option<Date> {
        let stated = self.world.settings.deployment(self.place_in_tree(), |s| s.gpu_hour_usd);
        let names = self.instance_names();
        let [name] = names.as_slice() else {
            return None;
        };
        self.instance(name)
            .filter(|instance| stated.is_none() && instance.usd_per_hour.is_some())
            .map(|instance| instance.as_of)
    }

    /// The price of a GPU of the one instance type that the manifest names.
    fn instance_rate(&self) -> Result<Input, String> {
        let names = self.instance_names();
        let [name] = names.as_slice() else {
            return Err(
                "the price of its GPUs is not known: a node selector with the instance type would tell it, or `gpu_hour_usd` under `deployments:` in llmlint.yaml"
                    .to_owned(),
            );
        };
        let instance = self
            .instance(name)
            .ok_or_else(|| format!("`{name}` names no instance type of the catalog"))?;
        let usd = instance
            .usd_per_hour
            .ok_or_else(|| format!("the catalog has no price for `{name}`"))?;
        // Rounded to a millionth of a dollar, so that the line can be redone from what it shows.
        let rate = (usd / Decimal::from(instance.gpu_count.max(1))).round_dp(6);
        let from = format!(
            "{} {} in {}, on demand, {usd} USD an hour for {} GPUs: catalog/instances.jsonl of {}",
            instance.cloud, instance.name, instance.region, instance.gpu_count, instance.as_of,
        );
        Ok(input("gpu_hour", rate.normalize(), "USD per GPU and hour", from))
    }
}

pub(super) const FACTS: &[Row<Get>] = &[Row {
    name: "deployment.cost.hour",
    ty: Type::Number,
    unit: "USD",
    about: "the GPUs of all copies for an hour",
    get: |facts| Fact::amount(facts.hour()),
}];
