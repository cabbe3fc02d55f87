//! What models cost: a list with a line a name, in which a name is found by halving and its line read only then.

mod bill;
mod check;
mod list;
mod units;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Deserialize as DeriveDeserialize, Serialize};

use super::{Date, Price};
pub use bill::{Bill, Usage};
pub use check::{MOST_AGE_DAYS, check_list};
pub use list::{Head, ListError, PriceList};
pub use units::BilledUnit;

/// What a model of one provider costs (a line of `prices.jsonl`).
#[derive(Debug, Clone, PartialEq, DeriveDeserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRow {
    /// The model's name.
    pub id: String,
    /// Who bills it.
    pub provider: String,
    /// Tokens of input and output together, where the source tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Whether the provider has announced that it will go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Seconds that a request is billed for at the least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_seconds: Option<Decimal>,
    /// Its prices; of those that hold at a time the last one counts, and where none holds the first one.
    pub prices: Vec<TimedPrice>,
    /// Other prices for requests of a kind, such as those of a batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Where the figures were read, where not where the list was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The day on which they were read there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
}

/// Prices, and when they hold.
#[derive(Debug, Clone, PartialEq, DeriveDeserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TimedPrice {
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The part of each day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// USD for as many as each unit says.
    pub usd: Rates,
}

/// Prices of requests of a kind; what they do not name costs as usual.
#[derive(Debug, Clone, PartialEq, DeriveDeserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What must be said of the request: `{"processing": "batch"}`, `{"service_tier": "flex"}`.
    pub when: BTreeMap<String, String>,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The part of each day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// USD for as many as each unit says.
    pub usd: Rates,
}

/// USD by what is billed.
pub type Rates = BTreeMap<BilledUnit, Rate>;

/// USD for as many as the unit says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Rate {
    /// Always the same.
    Flat(Decimal),
    /// By the length of the request's input, which decides the price of all of its tokens.
    Tiered {
        /// Up to the first bound.
        base: Decimal,
        /// Above that many input tokens, ascending.
        above: Vec<(u64, Decimal)>,
    },
}

impl Rate {
    /// USD where the request has that many input tokens.
    #[must_use]
    pub fn usd(&self, input_tokens: Decimal) -> Decimal {
        match self {
            Self::Flat(usd) => *usd,
            Self::Tiered { base, above } => above
                .iter()
                .rev()
                .find(|(bound, _)| input_tokens > Decimal::from(*bound))
                .map_or(*base, |(_, usd)| *usd),
        }
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(DeriveDeserialize)]
        #[serde(
            untagged,
            expecting = "a price is an amount of USD in quotes, such as \"1.25\", or {\"base\": …, \"above\": [[tokens, …]]}"
        )]
        enum Written {
            Flat(Decimal),
            Tiered { base: Decimal, above: Vec<(u64, Decimal)> },
        }
        let (rate, all) = match Written::deserialize(deserializer)? {
            Written::Flat(usd) => (Self::Flat(usd), vec![usd]),
            Written::Tiered { base, above } => {
                if !above.windows(2).all(|pair| pair[0].0 < pair[1].0) {
                    return Err(D::Error::custom("the bounds of its tiers do not ascend"));
                }
                let all = std::iter::once(base).chain(above.iter().map(|(_, usd)| *usd)).collect();
                (Self::Tiered { base, above }, all)
            }
        };
        match all.iter().find(|usd| usd.is_sign_negative() && !usd.is_zero()) {
            Some(usd) => Err(D::Error::custom(format!("a price of {usd} is below zero"))),
            None => Ok(rate),
        }
    }
}

/// A part of each day, from its first minute up to its last, which is outside of it; it may go past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hours(
    #[serde(serialize_with = "clock")] u16,
    #[serde(serialize_with = "clock")] u16,
);

fn clock<S: serde::Serializer>(minute: &u16, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{:02}:{:02}", minute / 60, minute % 60))
}

impl Hours {
    fn holds(self, minute: u16) -> bool {
        let Self(start, end) = self;
        if end < start {
            minute >= start || minute < end
        } else {
            (start..end).contains(&minute)
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(start, end) = self;
        write!(
            f,
            "{:02}:{:02} to {:02}:{:02} UTC",
            start / 60,
            start % 60,
            end / 60,
            end % 60
        )
    }
}

/// The minute of the day that `HH:MM` tells.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, below: u16| -> Option<u16> {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|value| digits && *value < below)
    };
    Some(number(hours, 24)? * 60 + number(minutes, 60)?)
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [start, end] = <[String; 2]>::deserialize(deserializer)?;
        let both = minute(&start).zip(minute(&end));
        both.map(|(start, end)| Self(start, end))
            .ok_or_else(|| D::Error::custom("expected two times of the day, such as [\"00:30\", \"16:30\"]"))
    }
}

/// When a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The day (UTC).
    pub day: Date,
    /// The minute of that day, where it is known.
    minute: Option<u16>,
}

impl From<Date> for Moment {
    fn from(day: Date) -> Self {
        Self { day, minute: None }
    }
}

impl FromStr for Moment {
    type Err = String;

    /// `YYYY-MM-DD`, or that with a time in UTC: `YYYY-MM-DDTHH:MM` and, which is passed over, seconds and `Z`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no day YYYY-MM-DD and no time YYYY-MM-DDTHH:MM:SSZ");
        let (day, time) = match text.split_once(['T', ' ']) {
            Some((day, time)) => (day, Some(time)),
            None => (text, None),
        };
        let day = day.parse().map_err(|_| wrong())?;
        let Some(time) = time else {
            return Ok(Self { day, minute: None });
        };
        let (clock, rest) = time.split_at_checked(5).ok_or_else(wrong)?;
        let seconds = rest.trim_end_matches('Z').trim_start_matches(':');
        if !seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err(wrong());
        }
        let minute = Some(minute(clock).ok_or_else(wrong)?);
        Ok(Self { day, minute })
    }
}

/// Whether a price holds. Where the time of the day is not known, one for a part of the day does: the sources give the
/// dearer hours as such a part.
fn holds(from: Option<Date>, hours: Option<Hours>, at: Moment) -> bool {
    let hour = match (hours, at.minute) {
        (Some(hours), Some(minute)) => hours.holds(minute),
        _ => true,
    };
    hour && from.is_none_or(|from| at.day >= from)
}

impl PriceRow {
    /// What holds at a time for requests of which `when` is said.
    #[must_use]
    pub fn rates(&self, at: Moment, when: &BTreeMap<String, String>) -> BTreeMap<BilledUnit, &Rate> {
        let held = self
            .prices
            .iter()
            .rev()
            .find(|price| holds(price.from, price.hours, at));
        let standard = held.or(self.prices.first()).into_iter().flat_map(|price| &price.usd);
        let standard: BTreeMap<_, _> = standard.map(|(unit, rate)| (*unit, rate)).collect();
        let mut special = BTreeMap::new();
        let said = |variant: &&Variant| variant.when.iter().all(|(key, value)| when.get(key) == Some(value));
        for variant in self.variants.iter().filter(said).filter(|v| holds(v.from, v.hours, at)) {
            for (unit, rate) in &variant.usd {
                special.entry(*unit).or_insert(rate);
            }
        }
        let mut all = standard;
        all.extend(special);
        all
    }

    /// The price of tokens on `day` where a request has that many of input; `None` where not tokens are billed.
    #[must_use]
    pub fn price_on(&self, day: Date, input_tokens: u64, when: &BTreeMap<String, String>) -> Option<Price> {
        let rates = self.rates(day.into(), when);
        let usd = |unit| {
            rates
                .get(&unit)
                .map(|rate: &&Rate| rate.usd(Decimal::from(input_tokens)))
        };
        Some(Price {
            input: usd(BilledUnit::INPUT)?,
            cached_input: usd(BilledUnit::CACHE_READ),
            output: usd(BilledUnit::OUTPUT),
        })
    }
}

#[cfg(test)]
mod tests;
