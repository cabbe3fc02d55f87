//! What a prompt costs: prices, calls, the length of answers, and a model of one's own beside it.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::model::Model;
use super::{Fact, Get, PromptFacts, Row, Type, Value, int, known};
use crate::catalog::{ApiModel, Date, Price, Priced};
use crate::config::{Measured, TokenRange};
use crate::facts::cost::{self, Calls, OutputTokens};
use crate::report::Figure;
use crate::units::Field;

impl<'a> PromptFacts<'a> {
    pub(super) fn output_tokens(&self) -> Result<OutputTokens, String> {
        let stated = self.world.settings.stated(self.at(), |s| s.output_tokens);
        let choices = match &self.prompt.choices {
            Field::Known(n, _) => *n,
            _ => 1,
        };
        if let Some((range, by)) = stated {
            let (low, high) = range.ends();
            let what = match range {
                TokenRange::Percentiles { .. } => "p50 to p95 of output_tokens",
                _ => "output_tokens",
            };
            return Ok(OutputTokens {
                low,
                high,
                from: format!("{what} in {by}"),
            });
        }
        if let Some(((low, high), from)) = self.measured().and_then(Measured::output_tokens) {
            return Ok(OutputTokens { low, high, from });
        }
        if let Field::Known(limit, place) = &self.prompt.max_output_tokens {
            let line = self.line(*place);
            let times = if choices > 1 {
                format!(", {choices} answers")
            } else {
                String::new()
            };
            return Ok(OutputTokens {
                low: 0,
                high: limit.saturating_mul(choices.max(1)),
                from: format!("at most the limit stated at {line}{times}"),
            });
        }
        Err(
            "the length of the answer is not known: no limit is stated, and llmlint.yaml gives no output_tokens"
                .to_owned(),
        )
    }

    /// Calls a month, and who says so.
    pub(super) fn calls_per_month(&self) -> Option<(Decimal, String)> {
        let settings = self.world.settings;
        let days = settings.at(self.at().path).config.days_per_month();
        match settings.stated(self.at(), |s| s.calls(days)) {
            Some(((calls, how), by)) => Some((calls, format!("{how} in {by}"))),
            None => self.measured()?.calls(days),
        }
    }

    pub(super) fn calls(&self) -> Calls {
        match self.calls_per_month() {
            Some((count, from)) => Calls {
                count,
                per: "month",
                from,
            },
            None => Calls {
                count: Decimal::ONE_THOUSAND,
                per: "1,000 calls",
                from: "no volume is stated: shown per 1,000 calls".to_owned(),
            },
        }
    }

    /// By which share calls grow from month to month.
    pub fn growth(&self) -> Option<Decimal> {
        self.stated(|s| s.growth_per_month)
    }

    /// The model's prices, by the name that is written and who serves it.
    pub(super) fn priced(&self) -> Result<&Priced, String> {
        let priced = self.priced.get_or_init(|| {
            let name = match self.model_name() {
                Field::Known(name, _) => name,
                Field::Absent(_) => return Err("no model is named, so its price is not known".to_owned()),
                Field::Unknown(why, _) => return Err(why),
            };
            let provider = self.prompt.provider.as_deref();
            if let Some(own) = provider.filter(|provider| OWN_SERVERS.contains(provider)) {
                return Err(format!("`{name}` is served by {own}, where a token has no price"));
            }
            let found = self.world.catalog.priced(&name, provider);
            found.map_err(|why| match self.model() {
                Model::Unlisted(unlisted) if why.starts_with("the price list has no") => unlisted.clone(),
                _ => why,
            })
        });
        priced.as_ref().map_err(Clone::clone)
    }

    /// What is said of its requests that changes their price: a batch, the service tier.
    pub(super) fn request_kind(&self) -> BTreeMap<String, String> {
        let batch = self.prompt.batch.then(|| ("processing".to_owned(), "batch".to_owned()));
        let tier = self.prompt.service_tier.known();
        let tier = tier.map(|tier| ("service_tier".to_owned(), tier.clone()));
        batch.into_iter().chain(tier).collect()
    }

    pub(super) fn price(&self) -> Result<(Price, String), String> {
        let (priced, when) = (self.priced()?, self.request_kind());
        let price = priced.price_on(self.world.today, self.count().most, &when);
        let price = price.ok_or_else(|| format!("`{}` is not billed by tokens", priced.row.id))?;
        let usual = priced
            .row
            .variants
            .iter()
            .all(|variant| variant.when.iter().any(|(k, v)| when.get(k) != Some(v)));
        let kind = if usual || when.is_empty() {
            String::new()
        } else {
            format!(
                " ({})",
                when.values().map(String::as_str).collect::<Vec<_>>().join(", ")
            )
        };
        Ok((price, format!("{}{kind}", priced.from())))
    }

    /// The day of the price that its costs are made with.
    pub fn price_as_of(&self) -> Option<Date> {
        self.priced().ok().map(|priced| priced.as_of)
    }

    /// Who bills its calls, as the price list calls them, where they have a price.
    pub fn billed_by(&self) -> Option<&str> {
        self.priced()
            .ok()
            .map(|priced| priced.billed_by.as_str())
            .filter(|seller| !seller.is_empty())
    }

    pub(super) fn input_cost(&self) -> Result<Figure, String> {
        let (price, from) = self.price()?;
        let count = self.count();
        let rate = cost::price("input_price", price.input, &from);
        let cached_price = price.cached_input.map(|usd| cost::price("cached_price", usd, &from));
        let share = self.world.settings.stated(self.at(), |s| s.cached_share);
        let share = share.map(|(share, by)| (share, by.to_owned()));
        let share = share.or_else(|| self.measured().and_then(Measured::cached_share));
        let share = share.map(|(share, by)| cost::input("cached_share", share, "share", by));
        // Stated sizes of variables are in the count already.
        let beside = match self.stated(|s| s.variables.as_ref().map(|_| ())) {
            Some(()) => None,
            None => self.measured().and_then(Measured::beside_fixed_text),
        };
        let ((low, high), how) = beside.clone().unwrap_or_default();
        let tokens = (
            count.least.saturating_add(low),
            count.most.saturating_add(high),
            if how.is_empty() {
                count.how.clone()
            } else {
                format!("{}, {how}", count.how)
            },
        );
        let without = if count.variables.is_empty() || beside.is_some() {
            Vec::new()
        } else {
            vec![format!("variables: {}", count.variables.join(", "))]
        };
        let cached = cached_price.as_ref().zip(share);
        match self.turns()? {
            Some(turns) => cost::looped_input_cost(tokens, &rate, cached, &self.calls(), &turns, without),
            None => cost::input_cost(tokens, &rate, cached, &self.calls(), without),
        }
    }

    /// The turns of a task, where a loop sends the prompt again with what each of them added; what was measured holds the
    /// history already.
    ///
    /// # Errors
    /// It does, and nobody says how many they are.
    pub(super) fn turns(&self) -> Result<Option<cost::Turns>, String> {
        if self.prompt.resends.known() != Some(&true) || self.measured().is_some() {
            return Ok(None);
        }
        match self.world.settings.stated(self.at(), |s| s.turns) {
            Some((range, by)) => {
                let answer = self.output_tokens().ok();
                Ok(Some(cost::Turns::new(range.ends(), format!("turns in {by}"), answer)))
            }
            None => Err(
                "a loop sends it again with all that came before, and how many turns a task has is not known: `turns` \
                 under `prompts:` in llmlint.yaml says it"
                    .to_owned(),
            ),
        }
    }

    pub(super) fn output_cost(&self) -> Result<Figure, String> {
        let (price, from) = self.price()?;
        let usd = price
            .output
            .ok_or_else(|| "the model has no price for output".to_owned())?;
        let rate = cost::price("output_price", usd, &from);
        let output = self.output_tokens()?;
        match self.turns()? {
            Some(turns) => cost::looped_output_cost(&output, &rate, &self.calls(), &turns),
            None => cost::output_cost(&output, &rate, &self.calls()),
        }
    }

    pub(super) fn total_cost(&self) -> Result<Figure, String> {
        cost::sum(&self.input_cost()?, &self.output_cost()?)
    }

    /// What a model of one's own would cost a month, the API's cost at the least, and calls a month.
    pub(super) fn self_hosted(&self) -> Result<Option<(Decimal, Decimal, Decimal)>, String> {
        let own = self.stated(|s| s.self_hosted_month_usd);
        let Some((own, (calls, _))) = own.zip(self.calls_per_month()) else {
            return Ok(None);
        };
        Ok(Some((own, self.total_cost()?.low, calls)))
    }

    /// The share of the API's cost that a model of one's own saves at the least; absent where it saves none.
    pub(super) fn self_hosted_share(&self) -> Result<Option<Decimal>, String> {
        let found = self.self_hosted()?;
        Ok(found.and_then(|(own, api, _)| {
            let ratio = own.checked_div(api)?;
            let share = Decimal::ONE - ratio;
            (share > Decimal::ZERO).then(|| share.round_dp_with_strategy(4, RoundingStrategy::ToNegativeInfinity))
        }))
    }

    /// Calls a month from which a model of one's own costs less than the API.
    pub(super) fn self_hosted_from(&self) -> Result<Option<u64>, String> {
        let found = self.self_hosted()?;
        Ok(found.and_then(|(own, api, calls)| {
            let calls = own.checked_div(api)?.checked_mul(calls)?;
            calls.ceil().to_u64()
        }))
    }

    /// The share that a swap of models takes off input and output: the smaller of both, and the larger; rounded down
    /// to a hundredth of a percent.
    pub(super) fn swap_shares(&self, other: Option<&ApiModel>) -> Result<Option<(Decimal, Decimal)>, String> {
        let Some(other) = other else {
            return Ok(None);
        };
        let (price, _) = self.price()?;
        let Some(theirs) = self.world.catalog.usual_price(other, self.world.today) else {
            return Ok(None);
        };
        let share = |ours: Decimal, theirs: Decimal| {
            (ours > Decimal::ZERO).then(|| {
                (Decimal::ONE - theirs / ours)
                    .round_dp_with_strategy(4, RoundingStrategy::ToNegativeInfinity)
                    .max(Decimal::ZERO)
            })
        };
        let input = share(price.input, theirs.input);
        let output = price
            .output
            .zip(theirs.output)
            .and_then(|(ours, theirs)| share(ours, theirs));
        Ok(match (input, output) {
            (Some(a), Some(b)) => Some((a.min(b), a.max(b))),
            // What embeds has no output that is billed.
            (Some(a), None) if price.output.is_none() => Some((a, a)),
            _ => None,
        })
    }
}

/// What stands for a provider where a model runs on machines of one's own.
const OWN_SERVERS: &[&str] = &["local", "ollama", "vllm", "lmstudio"];

/// The facts of costs.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.output_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of an answer at most: llmlint.yaml's, else the request's limit",
        get: |facts| known(facts.output_tokens().map(Some), |output| int(output.high)),
    },
    Row {
        name: "prompt.cost.input",
        ty: Type::Number,
        unit: "USD",
        about: "the fixed text's price, per 1,000 calls (of an agent loop 1,000 tasks), or per month where llmlint.yaml gives the calls",
        get: |facts| Fact::amount(facts.input_cost()),
    },
    Row {
        name: "prompt.cost.output",
        ty: Type::Number,
        unit: "USD",
        about: "the answer's price, per 1,000 calls (of an agent loop 1,000 tasks), or per month where llmlint.yaml gives the calls",
        get: |facts| Fact::amount(facts.output_cost()),
    },
    Row {
        name: "prompt.cost.total",
        ty: Type::Number,
        unit: "USD",
        about: "input and output together",
        get: |facts| Fact::amount(facts.total_cost()),
    },
    Row {
        name: "prompt.cost.self_hosted_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of the month's cost that a model of one's own would save at the least, where llmlint.yaml says what that costs",
        get: |facts| known(facts.self_hosted_share(), Value::Number),
    },
    Row {
        name: "prompt.cost.self_hosted_from",
        ty: Type::Int,
        unit: "calls",
        about: "calls a month from which a model of one's own costs less than the API",
        get: |facts| known(facts.self_hosted_from(), int),
    },
];
