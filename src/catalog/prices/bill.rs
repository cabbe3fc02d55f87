//! What a request cost, from what was counted of it: exact decimals.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Deserialize as DeriveDeserialize, Serialize};

use super::{BilledUnit, Moment, PriceRow};

/// What was counted of a request. A count holds what is more special: tokens from a cache are tokens of input too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage(pub BTreeMap<BilledUnit, Decimal>);

impl<'de> Deserialize<'de> for Usage {
    /// Counts as numbers, or as text where they are longer than numbers of JSON are.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(DeriveDeserialize)]
        #[serde(untagged)]
        enum Count {
            Number(serde_json::Number),
            Text(String),
        }
        let counts = BTreeMap::<BilledUnit, Count>::deserialize(deserializer)?;
        let read = |(unit, count): (BilledUnit, Count)| {
            let text = match count {
                Count::Number(number) => number.to_string(),
                Count::Text(text) => text,
            };
            let count = text.parse().or_else(|_| Decimal::from_scientific(&text));
            count
                .map(|count| (unit, count))
                .map_err(|_| D::Error::custom(format!("`{unit}` is {text:?}, which is no number of them")))
        };
        counts.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// USD of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Of what went in.
    pub input_usd: Decimal,
    /// Of what came out.
    pub output_usd: Decimal,
    /// Of all, fees for requests and searches included.
    pub usd: Decimal,
}

impl Usage {
    /// How many of `unit` there were. A count that was not told is 0, unless others tell that there were some.
    fn count(&self, unit: BilledUnit) -> Result<Decimal, String> {
        if let Some(count) = self.0.get(&unit) {
            return Ok(*count);
        }
        let told: Vec<BilledUnit> = self
            .0
            .iter()
            .filter(|(_, count)| !count.is_zero())
            .map(|(unit, _)| *unit)
            .collect();
        let part = told.iter().find(|other| unit.holds(**other));
        let joined = told.iter().enumerate().find_map(|(at, one)| {
            let mut other = told[at + 1..].iter();
            let apart = |other: &&BilledUnit| !one.holds(**other) && !other.holds(*one) && unit.joins(*one, **other);
            other.find(apart).map(|other| format!("`{one}` and `{other}`"))
        });
        match part.map(|part| format!("`{part}`")).or(joined) {
            Some(others) => Err(format!("{others} ask for `{unit}`, which is not told")),
            None => Ok(Decimal::ZERO),
        }
    }

    /// The same with seconds of audio brought up to the least that is billed.
    fn with_least_seconds(&self, least: Decimal) -> Self {
        let [any, input] = ["audio_seconds", "input_audio_seconds"].map(BilledUnit::named);
        let told = [any, input]
            .into_iter()
            .flatten()
            .find_map(|unit| self.0.get(&unit).filter(|s| !s.is_zero()));
        let mut usage = self.clone();
        if let Some(seconds) = told.copied() {
            let billed = seconds.max(least);
            usage
                .0
                .extend([any, input].into_iter().flatten().map(|unit| (unit, billed)));
        }
        usage
    }
}

impl PriceRow {
    /// What a request cost.
    ///
    /// Each count is billed once, at the price of the most special unit that has one: tokens from the cache are taken
    /// from those of the input before the rest is billed. The length of the whole input decides the tier of every price.
    ///
    /// # Errors
    /// Counts that contradict each other or are missing; amounts beyond what a decimal holds.
    pub fn bill(&self, usage: &Usage, at: Moment, when: &BTreeMap<String, String>) -> Result<Bill, String> {
        if let Some((unit, count)) = usage
            .0
            .iter()
            .find(|(_, count)| count.is_sign_negative() && !count.is_zero())
        {
            return Err(format!("`{unit}` is {count}, below zero"));
        }
        let raised = self.least_seconds.map(|least| usage.with_least_seconds(least));
        let usage = raised.as_ref().unwrap_or(usage);
        let rates = self.rates(at, when);
        let tiered = rates.values().any(|rate| matches!(rate, super::Rate::Tiered { .. }));
        let input_tokens = if tiered {
            usage.count(BilledUnit::INPUT)?
        } else {
            Decimal::ZERO
        };
        let too_large = || "the amount is larger than a decimal holds".to_owned();

        // The most special first, so that what they take is known.
        let mut units: Vec<BilledUnit> = rates.keys().copied().collect();
        units.sort_by_key(|unit| (std::cmp::Reverse(unit.words().len()), *unit));
        let mut billed: Vec<(BilledUnit, Decimal)> = Vec::with_capacity(units.len());
        let mut bill = Bill {
            input_usd: Decimal::ZERO,
            output_usd: Decimal::ZERO,
            usd: Decimal::ZERO,
        };
        for unit in units {
            let counted = if unit == BilledUnit::REQUESTS {
                Decimal::ONE
            } else {
                usage.count(unit)?
            };
            let mut rest = counted;
            for (_, part) in billed.iter().filter(|(part, _)| unit.holds(*part)) {
                rest = rest.checked_sub(*part).ok_or_else(too_large)?;
            }
            if rest.is_sign_negative() && !rest.is_zero() {
                return Err(format!(
                    "more special counts add up to more than the {counted} of `{unit}`"
                ));
            }
            billed.push((unit, rest));
            let usd = rates[&unit].usd(input_tokens).checked_mul(rest).ok_or_else(too_large)?;
            let usd = usd.checked_div(Decimal::from(unit.per())).ok_or_else(too_large)?;
            let add = |sum: Decimal| sum.checked_add(usd).ok_or_else(too_large);
            bill.usd = add(bill.usd)?;
            if unit.words().contains(&"input") {
                bill.input_usd = add(bill.input_usd)?;
            } else if unit.words().contains(&"output") {
                bill.output_usd = add(bill.output_usd)?;
            }
        }
        Ok(Bill {
            input_usd: bill.input_usd.normalize(),
            output_usd: bill.output_usd.normalize(),
            usd: bill.usd.normalize(),
        })
    }
}
