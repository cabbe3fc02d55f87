//! What a team pays: its own prices, what providers let it off, GPUs by the hour, and the currency that it counts in.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Config;

/// A model that the catalog does not have, or whose price is another.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelSetting {
    /// The name as prompts write it.
    pub id: String,
    /// USD per million input tokens.
    #[schemars(with = "String")]
    pub input: Decimal,
    /// USD per million output tokens.
    #[schemars(with = "String")]
    pub output: Decimal,
    /// USD per million cached input tokens.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub cached_input: Option<Decimal>,
    /// Tokens of input and output together.
    #[serde(default)]
    pub context_window: Option<u64>,
    /// The day on which these prices were right (YYYY-MM-DD).
    pub as_of: String,
}

/// What a provider lets this team off its listed prices.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountSetting {
    /// Who bills: `openai`, `azure`, `aws`, `anthropic`, ….
    pub provider: String,
    /// Percent off every price of this provider, 0 to 100.
    #[schemars(with = "String")]
    pub percent_off: Decimal,
    /// USD a month that are paid in any case: a report says how much of it the prompts with a stated volume use.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub committed_usd_per_month: Option<Decimal>,
}

/// What a GPU or an instance costs this team an hour.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HourlyRate {
    /// A GPU, as in catalog/gpus.jsonl: the rates are for one.
    pub gpu: Option<String>,
    /// An instance type, as in catalog/instances.jsonl: the rates are for all of its GPUs together.
    pub instance: Option<String>,
    /// USD an hour, on demand.
    #[schemars(with = "Option<String>")]
    pub on_demand: Option<Decimal>,
    /// USD an hour while the cloud may take it back at any time.
    #[schemars(with = "Option<String>")]
    pub spot: Option<Decimal>,
    /// USD an hour where it is reserved for long.
    #[schemars(with = "Option<String>")]
    pub reserved: Option<Decimal>,
}

impl HourlyRate {
    /// USD an hour, bought in that way.
    pub fn usd(&self, purchase: Purchase) -> Option<Decimal> {
        match purchase {
            Purchase::OnDemand => self.on_demand,
            Purchase::Spot => self.spot,
            Purchase::Reserved => self.reserved,
        }
    }
}

/// How machines are bought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    /// By the hour, as long as they are wanted.
    #[default]
    OnDemand,
    /// Cheaper, while the cloud may take them back at any time.
    Spot,
    /// For long in advance.
    Reserved,
}

impl Purchase {
    /// As people write it.
    pub fn words(self) -> &'static str {
        match self {
            Purchase::OnDemand => "on demand",
            Purchase::Spot => "spot",
            Purchase::Reserved => "reserved",
        }
    }
}

/// A currency in which totals are shown beside USD.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrencySetting {
    /// Its code: `EUR`.
    pub code: String,
    /// How much of it one USD is.
    #[schemars(with = "String")]
    pub per_usd: Decimal,
    /// The day of that rate (YYYY-MM-DD).
    pub as_of: String,
    /// Where the rate was read.
    pub source: String,
}

impl Config {
    /// The first key of money whose value cannot be, and why.
    pub(super) fn money_fault(&self) -> Option<(&'static str, String)> {
        let below_zero = |amount: &Decimal| amount.is_sign_negative() && !amount.is_zero();
        for (index, model) in self.models.iter().enumerate() {
            let amounts = [Some(model.input), Some(model.output), model.cached_input];
            if amounts.iter().flatten().any(below_zero) {
                return Some(("models", format!("the price of `{}` is negative", model.id)));
            }
            if let Some(twin) = self.models[..index].iter().position(|other| other.id == model.id) {
                let why = format!(
                    "entries {} and {} both price `{}`: keep one of them",
                    twin + 1,
                    index + 1,
                    model.id
                );
                return Some(("models", why));
            }
        }
        for (index, discount) in self.discounts.iter().enumerate() {
            let (entry, name) = (index + 1, &discount.provider);
            if !(Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&discount.percent_off) {
                let why = format!(
                    "entry {entry}: `percent_off` is {}, expected 0 to 100",
                    discount.percent_off
                );
                return Some(("discounts", why));
            }
            if discount.committed_usd_per_month.as_ref().is_some_and(below_zero) {
                return Some((
                    "discounts",
                    format!("entry {entry}: `committed_usd_per_month` is below zero"),
                ));
            }
            if let Some(twin) = self.discounts[..index].iter().position(|other| other.provider == *name) {
                let why = format!(
                    "entries {} and {entry} are both for `{name}`: keep one of them",
                    twin + 1
                );
                return Some(("discounts", why));
            }
        }
        for (index, rate) in self.hourly_rates.iter().enumerate() {
            let entry = index + 1;
            let amounts = [rate.on_demand, rate.spot, rate.reserved];
            if rate.gpu.is_some() == rate.instance.is_some() {
                return Some((
                    "hourly_rates",
                    format!("entry {entry} is for a `gpu` or an `instance`: state one of them"),
                ));
            }
            if amounts.iter().all(Option::is_none) {
                let why = format!("entry {entry} states no rate: `on_demand`, `spot` or `reserved`, USD an hour");
                return Some(("hourly_rates", why));
            }
            if amounts.iter().flatten().any(below_zero) {
                return Some(("hourly_rates", format!("entry {entry} has a rate below zero")));
            }
            let same = |other: &HourlyRate| (&other.gpu, &other.instance) == (&rate.gpu, &rate.instance);
            if let Some(twin) = self.hourly_rates[..index].iter().position(same) {
                let why = format!(
                    "entries {} and {entry} are for the same machine: keep one of them",
                    twin + 1
                );
                return Some(("hourly_rates", why));
            }
        }
        let currency = self.currency.as_ref()?;
        let code = &currency.code;
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Some((
                "currency",
                format!("`code` is `{code}`, expected three capital letters such as EUR"),
            ));
        }
        let rate = currency.per_usd;
        (rate <= Decimal::ZERO || rate > Decimal::from(1_000_000)).then(|| {
            (
                "currency",
                format!("`per_usd` is {rate}: expected how much {code} one USD is"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_twice_or_cannot_be_is_told() {
        for (text, message) in [
            (
                "models:\n  - {id: m, input: 1, output: 2, as_of: 2026-11-01}\n  - {id: m, input: 1, output: 2, as_of: 2026-11-01}\n",
                "entries 1 and 2 both price `m`: keep one of them",
            ),
            (
                "models: [{id: m, input: 1, output: 2, cached_input: -1, as_of: 2026-11-01}]\n",
                "the price of `m` is negative",
            ),
            (
                "discounts: [{provider: openai, percent_off: 101}]\n",
                "entry 1: `percent_off` is 101, expected 0 to 100",
            ),
            (
                "discounts: [{provider: openai, percent_off: 1}, {provider: openai, percent_off: 2}]\n",
                "entries 1 and 2 are both for `openai`: keep one of them",
            ),
            (
                "hourly_rates: [{gpu: L4}]\n",
                "entry 1 states no rate: `on_demand`, `spot` or `reserved`, USD an hour",
            ),
            (
                "hourly_rates: [{on_demand: 1}]\n",
                "entry 1 is for a `gpu` or an `instance`: state one of them",
            ),
            ("hourly_rates: [{gpu: L4, spot: -1}]\n", "entry 1 has a rate below zero"),
            (
                "hourly_rates: [{gpu: L4, spot: 1}, {gpu: L4, spot: 2}]\n",
                "entries 1 and 2 are for the same machine: keep one of them",
            ),
            (
                "currency: {code: euro, per_usd: 0.9, as_of: 2026-11-01, source: ECB}\n",
                "`code` is `euro`, expected three capital letters such as EUR",
            ),
            (
                "currency: {code: EUR, per_usd: 0, as_of: 2026-11-01, source: ECB}\n",
                "`per_usd` is 0: expected how much EUR one USD is",
            ),
        ] {
            assert_eq!(Config::parse(text).expect_err(text).message, message);
        }
    }
}
