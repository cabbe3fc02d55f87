//! Facts of requests that embed: how much a month embeds, and from what volume on a model of one's own costs less.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Fact, Get, Known, PromptFacts, Row, Type, Value, field, int, known, text};
use crate::catalog::{ApiModel, Instance, ModelKind, Tier};
use crate::facts::cost::{input, times};
use crate::report::{Figure, HOURS_A_MONTH};

/// The machine on which an open model that embeds was measured, and how many tokens a second it embedded when kept busy
/// (catalog/evidence: seed-self-hosted-embedding).
const MEASURED: (&str, &str, u64) = ("aws", "g4dn.4xlarge", 9_000);

/// For a large model that embeds: a small one of the same provider.
fn smaller<'a>(facts: &PromptFacts<'a>) -> Result<Option<&'a ApiModel>, String> {
    let Some(model) = facts.of_model(Some, "what is smaller")? else {
        return Ok(None);
    };
    if model.kind != ModelKind::Embedding || model.tier != Some(Tier::Frontier) {
        return Ok(None);
    }
    let small = facts.world.catalog.api_models().filter(|other| {
        other.provider == model.provider
            && other.kind == model.kind
            && other.family == model.family
            && other.tier == Some(Tier::Small)
            && other.deprecated_on.is_none()
            && other.retired_on.is_none()
    });
    Ok(small.min_by(|a, b| a.id.cmp(&b.id)))
}

/// What is embedded costs this much; unknown where nothing says how long it is, as it is with most calls.
fn cost(facts: &PromptFacts<'_>) -> Result<Figure, String> {
    let figure = facts.input_cost()?;
    match figure.without.first() {
        Some(what) => Err(format!(
            "how long what is embedded is, is not known ({what}): `variables` under `prompts:` in llmlint.yaml says it"
        )),
        None => Ok(figure),
    }
}

/// What a month embeds at the API: tokens at the least, and USD at the least. Absent where no volume is stated.
fn month(facts: &PromptFacts<'_>) -> Result<Option<(Decimal, Decimal)>, String> {
    if facts.calls_per_month().is_none() {
        return Ok(None);
    }
    let figure = cost(facts)?;
    let part = |name: &str| {
        figure
            .inputs
            .iter()
            .find(|input| input.name == name)
            .map(|input| input.low)
    };
    let tokens = part("input_tokens").zip(part("calls"));
    let tokens = tokens.map(|(tokens, calls)| times(tokens, calls)).transpose()?;
    Ok(tokens.map(|tokens| (tokens, figure.low)))
}

fn machine(facts: &PromptFacts<'_>) -> Result<(&'static Instance, Decimal), String> {
    let (cloud, name, _) = MEASURED;
    let instance = facts.world.catalog.instance(cloud, name);
    let hour = instance.and_then(|instance| Some((instance, instance.usd_per_hour?)));
    hour.ok_or_else(|| format!("the catalog has no price of {name}"))
}

/// Tokens that the measured machine embeds in a month.
fn capacity() -> Decimal {
    Decimal::from(MEASURED.2) * Decimal::from(3_600 * HOURS_A_MONTH)
}

/// USD a month of what a model of one's own would embed on: as llmlint.yaml states it, else as many of the measured
/// machines as the volume needs. Absent where no volume is stated.
fn own_month(facts: &PromptFacts<'_>) -> Result<Option<Figure>, String> {
    let Some((tokens, _)) = month(facts)? else {
        return Ok(None);
    };
    let figure = |usd: Decimal, formula: &str, inputs| Figure {
        low: usd.normalize(),
        high: usd.normalize(),
        unit: "USD".to_owned(),
        per: "month".to_owned(),
        without: Vec::new(),
        formula: formula.to_owned(),
        inputs,
    };
    if let Some(usd) = facts.stated(|s| s.self_hosted_month_usd) {
        let stated = input("self_hosted_month", usd, "USD", "self_hosted_month_usd in llmlint.yaml");
        return Ok(Some(figure(usd, "self_hosted_month", vec![stated])));
    }
    let (instance, hour) = machine(facts)?;
    let machines = tokens
        .checked_div(capacity())
        .unwrap_or(Decimal::ONE)
        .ceil()
        .max(Decimal::ONE);
    let hours = Decimal::from(HOURS_A_MONTH);
    let usd = times(times(machines, hour)?, hours)?;
    let busy = format!(
        "{} tokens a second each, measured (seed-self-hosted-embedding)",
        MEASURED.2
    );
    let from = format!(
        "{} {} ({}, {})",
        instance.cloud, instance.name, instance.source, instance.as_of
    );
    let inputs = vec![
        input("machines", machines, "machines", busy),
        input("instance_hour", hour, "USD an hour", from),
        input("hours", hours, "hours", "a month of 730 hours"),
    ];
    Ok(Some(figure(usd, "machines * instance_hour * hours", inputs)))
}

/// The share of the API's cost that a model of one's own saves; absent where it saves none.
fn own_share(facts: &PromptFacts<'_>) -> Result<Option<Decimal>, String> {
    let (Some(own), Some((_, api))) = (own_month(facts)?, month(facts)?) else {
        return Ok(None);
    };
    let share = own.high.checked_div(api).map(|ratio| Decimal::ONE - ratio);
    let share = share.filter(|share| *share > Decimal::ZERO);
    Ok(share.map(|share| share.round_dp_with_strategy(4, RoundingStrategy::ToNegativeInfinity)))
}

/// Tokens a month from which one machine, or what llmlint.yaml states, costs less than the API; absent where the API
/// costs less than a machine that is always busy.
fn own_from(facts: &PromptFacts<'_>) -> Result<Option<i64>, String> {
    let (price, _) = facts.price()?;
    let stated = facts.stated(|s| s.self_hosted_month_usd);
    let usd = match stated {
        Some(usd) => usd,
        None => times(machine(facts)?.1, Decimal::from(HOURS_A_MONTH))?,
    };
    let tokens = usd
        .checked_mul(Decimal::from(1_000_000))
        .and_then(|usd| usd.checked_div(price.input));
    let tokens = tokens.filter(|tokens| stated.is_some() || *tokens <= capacity());
    Ok(tokens.and_then(|tokens| tokens.ceil().to_i64()))
}

pub(in crate::facts) const FACTS: &[Row<Get>] = &[
    Row {
        name: "embedding.model",
        ty: Type::Str,
        unit: "",
        about: "the model's name, as the file or llmlint.yaml gives it",
        get: super::model::name,
    },
    Row {
        name: "embedding.dimensions",
        ty: Type::Int,
        unit: "numbers",
        about: "how many numbers the request asks for in a vector",
        get: |facts| field(&facts.prompt.dimensions, |n| int(*n)),
    },
    Row {
        name: "embedding.in_loop",
        ty: Type::Bool,
        unit: "",
        about: "whether the call is made once for each item of some data",
        get: |facts| field(&facts.prompt.in_loop, |n| Value::Bool(*n)),
    },
    Row {
        name: "embedding.tokens_per_month",
        ty: Type::Number,
        unit: "tokens",
        about: "tokens that are embedded in a month at the least, where llmlint.yaml or a usage file gives the calls",
        get: |facts| known(month(facts).map(|month| month.map(|(tokens, _)| tokens)), Value::Number),
    },
    Row {
        name: "embedding.smaller",
        ty: Type::Str,
        unit: "",
        about: "for a provider's large model: the small one of the same family",
        get: |facts| known(smaller(facts), |model| text(model.id.as_str())),
    },
    Row {
        name: "embedding.smaller_share",
        ty: Type::Number,
        unit: "share",
        about: "what the smaller model takes off the price",
        get: |facts| {
            let shares = smaller(facts).and_then(|other| facts.swap_shares(other));
            known(shares, |(low, _)| Value::Number(low))
        },
    },
    Row {
        name: "embedding.cost.input",
        ty: Type::Number,
        unit: "USD",
        about: "what is embedded, per 1,000 calls, or per month where llmlint.yaml gives the calls",
        get: |facts| Fact::amount(cost(facts)),
    },
    Row {
        name: "embedding.cost.self_hosted_month",
        ty: Type::Number,
        unit: "USD",
        about: "a month of what a model of one's own would embed the stated volume on: what llmlint.yaml says that it costs, else g4dn.4xlarge machines at the 9,000 tokens a second that one was measured at",
        get: |facts| match own_month(facts) {
            Ok(Some(figure)) => Fact::amount(Ok(figure)),
            Ok(None) => Fact::of(Known::Absent),
            Err(why) => Fact::amount(Err(why)),
        },
    },
    Row {
        name: "embedding.cost.self_hosted_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of the month's cost that this would save",
        get: |facts| known(own_share(facts), Value::Number),
    },
    Row {
        name: "embedding.cost.self_hosted_from",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens a month from which this costs less than the API; absent where it never does",
        get: |facts| known(own_from(facts), Value::Int),
    },
];
