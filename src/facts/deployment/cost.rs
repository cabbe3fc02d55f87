//! Facts about money.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::{DeploymentFacts, Fact, Get, Row, Type, Value, int, of_result};
use crate::catalog::Date;
use crate::facts::cost::{input, price, times, too_large};
use crate::facts::gpu_request;
use crate::report::{Figure, HOURS_A_MONTH, Input};
use crate::units::Field;

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
        let total = times(times(Decimal::from(count), Decimal::from(replicas.0))?, rate.high)?;
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

    /// USD of all copies for a month of 730 hours.
    fn month_cost(&self) -> Result<Figure, String> {
        let mut figure = self.hour()?;
        let hours = Decimal::from(HOURS_A_MONTH);
        figure.low = times(figure.low, hours)?.normalize();
        figure.high = times(figure.high, hours)?.normalize();
        figure.per = "month".to_owned();
        figure.formula = format!("{} * hours", figure.formula);
        figure
            .inputs
            .push(input("hours", hours, "hours", "a month of 730 hours"));
        Ok(figure)
    }

    /// USD of a million tokens, input and output together, where all copies are always busy.
    fn million_tokens(&self) -> Result<Figure, String> {
        let (sent, made) = self.request_sizes()?;
        let requests = self.requests_per_second()?;
        let mut figure = self.hour()?;
        let copies = self.copies() as f64;
        let tokens = sent.saturating_add(made).max(1) as f64;
        // Rounded, so that the line can be redone from what it shows.
        let hours = |per_second: f64| {
            Decimal::from_f64(1e6 / (per_second * copies * tokens * 3600.0))
                .map(|hours| hours.round_dp(6).normalize())
                .ok_or("the speed is out of range")
        };
        let (low, high) = (hours(requests.high)?, hours(requests.low)?);
        figure.low = times(figure.low, low)?.normalize();
        figure.high = times(figure.high, high)?.normalize();
        figure.per = "million tokens".to_owned();
        figure.formula = format!("{} * hours", figure.formula);
        figure.inputs.push(Input {
            low,
            high,
            ..input(
                "hours",
                high,
                "hours of all copies for a million tokens",
                format!("roofline for requests of {sent} + {made} tokens (llmlint.yaml), docs/throughput.md"),
            )
        });
        Ok(figure)
    }

    /// USD a month of the stated requests at the API that the config names.
    fn api_month(&self) -> Result<Figure, String> {
        let name = self.setting(|s| s.api_model.clone()).ok_or(
            "no API is named that would do in its place: `api_model` under `deployments:` in llmlint.yaml would",
        )?;
        let requests = self.setting(|s| s.requests_per_month).ok_or(
            "how many requests it serves is not known: `requests_per_month` under `deployments:` in llmlint.yaml would tell",
        )?;
        let (sent, made) = self.request_sizes()?;
        let priced = self.world.catalog.priced(&name, None)?;
        let usd = priced
            .price_on(self.world.today, sent, &BTreeMap::new())
            .ok_or_else(|| format!("`{name}` is not billed by tokens"))?;
        let output = usd.output.ok_or_else(|| format!("`{name}` makes no tokens"))?;
        let from = priced.from();
        let (count, sent, made) = (Decimal::from(requests), Decimal::from(sent), Decimal::from(made));
        let request = times(sent, usd.input)?
            .checked_add(times(made, output)?)
            .ok_or_else(too_large)?;
        let total = (times(request, count)? / Decimal::from(1_000_000)).normalize();
        Ok(Figure {
            low: total,
            high: total,
            unit: "USD".to_owned(),
            per: "month".to_owned(),
            without: Vec::new(),
            formula: "(input_tokens * input_price + output_tokens * output_price) * requests / 1000000".to_owned(),
            inputs: vec![
                input("input_tokens", sent, "tokens", "llmlint.yaml"),
                price("input_price", usd.input, &from),
                input("output_tokens", made, "tokens", "llmlint.yaml"),
                price("output_price", output, &from),
                input("requests", count, "requests", "requests_per_month in llmlint.yaml"),
            ],
        })
    }

    /// Requests a month for which the API costs as much as all copies.
    fn break_even(&self) -> Result<Option<u64>, String> {
        let api = self.api_month()?;
        let requests = api.inputs.iter().find(|input| input.name == "requests");
        let requests = requests.map_or(Decimal::ZERO, |input| input.high);
        if api.high.is_zero() {
            return Ok(None);
        }
        let month = self.month_cost()?.high;
        Ok(month
            .checked_div(api.high)
            .and_then(|ratio| ratio.checked_mul(requests))
            .and_then(|even| even.to_u64()))
    }

    /// The share of a month's cost that the API would save; not above zero where it would cost more.
    fn api_share(&self) -> Result<Option<Decimal>, String> {
        if self.setting(|s| s.api_model.clone()).is_none() {
            return Ok(None);
        }
        let (month, api) = (self.month_cost()?.high, self.api_month()?.high);
        Ok(api.checked_div(month).map(|ratio| (Decimal::ONE - ratio).round_dp(4)))
    }

    /// The day of the price that its cost is made with, where that is the catalog's.
    pub fn price_as_of(&self) -> Option<Date> {
        let rate = gpu_request::hour_rate(&self.deployment.gpu, self.place_in_tree(), self.world).ok()?;
        if rate.from.ends_with(gpu_request::OWN_RATES) {
            return None;
        }
        let stated = self.setting(|s| s.gpu_hour_usd);
        let names = self.instance_names();
        let [name] = names.as_slice() else {
            return None;
        };
        self.instance(name)
            .filter(|instance| stated.is_none() && instance.usd_per_hour.is_some())
            .map(|instance| instance.as_of)
    }
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.cost.hour",
        ty: Type::Number,
        unit: "USD",
        about: "the GPUs of all copies for an hour",
        get: |facts| Fact::amount(facts.hour()),
    },
    Row {
        name: "deployment.cost.month",
        ty: Type::Number,
        unit: "USD",
        about: "the GPUs of all copies for a month of 730 hours",
        get: |facts| Fact::amount(facts.month_cost()),
    },
    Row {
        name: "deployment.cost.million_tokens",
        ty: Type::Number,
        unit: "USD",
        about: "a million tokens of the stated requests, input and output together, where all copies are always busy",
        get: |facts| Fact::amount(facts.million_tokens()),
    },
    Row {
        name: "deployment.cost.api_month",
        ty: Type::Number,
        unit: "USD",
        about: "the stated requests of a month at the API that llmlint.yaml names as doing in its place",
        get: |facts| Fact::amount(facts.api_month()),
    },
    Row {
        name: "deployment.cost.api_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of a month's cost that this API would save",
        get: |facts| of_result(facts.api_share(), Value::Number),
    },
    Row {
        name: "deployment.cost.break_even",
        ty: Type::Int,
        unit: "requests",
        about: "requests a month for which this API costs as much as all copies",
        get: |facts| of_result(facts.break_even(), int),
    },
];
