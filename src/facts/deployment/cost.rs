//! Facts about money.

use super::{DeploymentFacts, Fact, Get, Row, Type};
use crate::catalog::Date;
use crate::facts::cost::input;
use crate::facts::gpu_request;
use crate::report::Figure;
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
        let rate = gpu_request::hour_rate(&self.deployment.gpu, self.place_in_tree(), self.world)?;
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
}

pub(super) const FACTS: &[Row<Get>] = &[Row {
    name: "deployment.cost.hour",
    ty: Type::Number,
    unit: "USD",
    about: "the GPUs of all copies for an hour",
    get: |facts| Fact::amount(facts.hour()),
}];
