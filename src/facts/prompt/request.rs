//! What the request says besides its words: parameters that its model refuses, how it is served, and where its model
//! stands in the provider's calendar and price list.

use std::sync::Arc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Fact, Get, Known, PromptFacts, Row, Type, Value, field, int, known, text};
use crate::catalog::ApiModel;
use crate::source::Place;
use crate::units::{Field, Message};

/// Sampling parameters that OpenAI's reasoning models take at one value only, with that value.
/// Source: <https://platform.openai.com/docs/guides/reasoning>, and the API's answer "does not support 0.2 with this
/// model. Only the default (1) value is supported" (read 2026-11-28).
const FIXED: &[(&str, &[&str])] = &[
    ("temperature", &["1", "1.0"]),
    ("top_p", &["1", "1.0"]),
    ("presence_penalty", &["0", "0.0"]),
    ("frequency_penalty", &["0", "0.0"]),
    ("logprobs", &["false", "False"]),
    ("top_logprobs", &[]),
];

/// OpenAI's families that refuse them at any effort; later ones take them where the effort is `none`
/// (<https://platform.openai.com/docs/guides/latest-model>).
const ALWAYS_REASONING: &[&str] = &["o1", "o3", "o4", "gpt-5"];

/// Claude's models up to these take sampling parameters, those after them answer "`temperature` is deprecated for this
/// model". Source: <https://platform.claude.com/docs/en/about-claude/models/migration-guide> (read 2026-11-28).
const CLAUDE_SAMPLES: &[&str] = &[
    "claude-1",
    "claude-2",
    "claude-instant",
    "claude-3",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "claude-sonnet-4",
    "claude-haiku-4",
];

/// Efforts at which a model thinks long.
const HIGH: &[&str] = &["high", "xhigh", "max"];

/// The parameters that the API refuses for the request's model, and the first one's place.
fn refused(facts: &PromptFacts<'_>) -> Fact {
    let prompt = facts.prompt;
    if prompt.sampling.is_empty() && prompt.max_output_tokens.is_absent() {
        return Fact::of(Known::Yes(Value::Strs(Vec::new().into())));
    }
    let model = match facts.of_model(Some, "what it takes") {
        Ok(Some(model)) => model,
        Ok(None) => return Fact::of(Known::Absent),
        Err(why) => return Fact::of(Known::Unknown(why.into())),
    };
    let mut found: Vec<(String, Place)> = Vec::new();
    for parameter in &prompt.sampling {
        let fixed = FIXED.iter().find(|(name, _)| *name == parameter.name);
        let refused = match model.provider.as_str() {
            "openai" => thinks(facts, model) && fixed.is_some_and(|(_, at)| !at.contains(&parameter.value.as_str())),
            "anthropic" => {
                matches!(parameter.name.as_str(), "temperature" | "top_p" | "top_k")
                    && !CLAUDE_SAMPLES.iter().any(|older| model.id.starts_with(older))
            }
            _ => false,
        };
        // A value that a variable fills in can be the one that is taken.
        let written = parameter.value.parse::<Decimal>().is_ok() || parameter.value.parse::<bool>().is_ok();
        if refused && written {
            found.push((parameter.name.clone(), parameter.place));
        }
    }
    if let Some(place) = refused_limit(facts, model) {
        found.push(("max_tokens".to_owned(), place));
    }
    let place = found.first().map(|(_, place)| *place);
    let names = found.into_iter().map(|(name, _)| name.into()).collect();
    Fact::of(Known::Yes(Value::Strs(names))).at(place)
}

/// Whether the request has an OpenAI model reason, so that it samples by itself.
fn thinks(facts: &PromptFacts<'_>, model: &ApiModel) -> bool {
    let effort = facts.prompt.reasoning_effort.known();
    model.reasoning
        && (ALWAYS_REASONING.contains(&model.family.as_str())
            || effort.is_some_and(|effort| effort != "none" && effort.chars().all(char::is_alphabetic)))
}

/// The limit on output where a request to OpenAI calls it `max_tokens`, which its reasoning models refuse: "Use
/// 'max_completion_tokens' instead". Only of requests as they are sent: libraries rename it.
fn refused_limit(facts: &PromptFacts<'_>, model: &ApiModel) -> Option<Place> {
    let place = facts.prompt.max_output_tokens.place()?;
    let refuses = ALWAYS_REASONING.contains(&model.family.as_str()) || model.family.starts_with("gpt-5.");
    if facts.prompt.format != "chat request" || model.provider != "openai" || !model.reasoning || !refuses {
        return None;
    }
    let before = facts.world.files.source(place.source).text.get(..place.span.start)?;
    let key = before.trim_end_matches([' ', '\t', ':', '"', '\'']);
    let named = key.strip_suffix("max_tokens")?;
    named.ends_with(['"', '\'', ' ', '\n']).then_some(place)
}

/// Days until the provider switches the model off, where it has named the day.
fn days_left(facts: &PromptFacts<'_>) -> Result<Option<i64>, String> {
    if facts.retired()? != Some(false) {
        return Ok(None);
    }
    let today = facts.world.today;
    facts.of_model(
        |model| model.retired_on.map(|day| day.days_since(today)),
        "when it retires",
    )
}

/// The base of a fine-tuned model, where the catalog prices both.
fn base<'a>(facts: &PromptFacts<'a>) -> Result<Option<&'a ApiModel>, String> {
    let catalog = facts.world.catalog;
    let today = facts.world.today;
    facts.of_model(
        |model| {
            let base = catalog.api_model(model.id.strip_prefix("ft:")?).model()?;
            let usd = |model| Some(catalog.usual_price(model, today)?.input);
            let dearer = usd(model)? > usd(base)?;
            (dearer && !base.is_retired(today)).then_some(base)
        },
        "its base",
    )
}

/// How many times the base's price for output a fine-tuned model costs.
fn premium(facts: &PromptFacts<'_>) -> Result<Option<Decimal>, String> {
    let Some(base) = base(facts)? else {
        return Ok(None);
    };
    let (catalog, today) = (facts.world.catalog, facts.world.today);
    facts.of_model(
        |model| {
            let usd = |model| catalog.usual_price(model, today)?.output;
            Some(usd(model)?.checked_div(usd(base)?)?.round_dp(2))
        },
        "its price",
    )
}

/// What a cached token costs less than one that is read anew: a share.
fn cache_discount(facts: &PromptFacts<'_>) -> Result<Option<Decimal>, String> {
    let (price, _) = facts.price()?;
    Ok(price.cached_input.and_then(|cached| {
        let share = Decimal::ONE - cached.checked_div(price.input)?;
        Some(share.round_dp_with_strategy(4, RoundingStrategy::ToNegativeInfinity))
    }))
}

/// How the provider caches the start of a prompt. Sources: <https://platform.openai.com/docs/guides/prompt-caching>
/// (of itself, from 1,024 tokens on), <https://docs.claude.com/en/docs/build-with-claude/prompt-caching> (where
/// `cache_control` says so, from 1,024 to 4,096 tokens on, by model).
fn caching(facts: &PromptFacts<'_>) -> Result<Option<&'static str>, String> {
    let (catalog, today) = (facts.world.catalog, facts.world.today);
    facts.of_model(
        |model| {
            catalog.usual_price(model, today)?.cached_input?;
            match model.provider.as_str() {
                "openai" => Some("automatic"),
                "anthropic" | "bedrock" => Some("marked"),
                _ => None,
            }
        },
        "how it is cached",
    )
}

/// The shortest start that Claude's models cache, tokens, by the beginning of their names; the first that fits counts.
/// Source: <https://platform.claude.com/docs/en/build-with-claude/prompt-caching>, as quoted in
/// <https://github.com/anthropics/anthropic-sdk-python/issues/1194> and <https://docs.orq.ai/docs/proxy/prompt-caching>
/// (read 2026-11-28; for Sonnet 4.6 they differ, the lower figure stands here). Of later models nothing is known here.
const LEAST_CACHED: &[(&str, u64)] = &[
    ("claude-opus-4-5", 4096),
    ("claude-opus-4-6", 4096),
    ("claude-haiku-4-5", 4096),
    ("claude-sonnet-4", 1024),
    ("claude-opus-4-0", 1024),
    ("claude-opus-4-1", 1024),
    ("claude-3-5-haiku", 2048),
    ("claude-3-haiku", 2048),
    ("claude-3-7-sonnet", 1024),
    ("claude-3-5-sonnet", 1024),
    ("claude-3-opus", 1024),
];

/// The shortest start that the model caches.
fn least_cached(facts: &PromptFacts<'_>) -> Result<Option<u64>, String> {
    facts.of_model(
        |model| {
            let row = LEAST_CACHED.iter().find(|(name, _)| model.id.starts_with(name));
            row.map(|(_, tokens)| *tokens)
        },
        "what it caches at the least",
    )
}

/// The tools that the request offers and can't call, by its `tool_choice`: all of them, or all but the one that it forces.
fn uncalled_tools(facts: &PromptFacts<'_>) -> Vec<Arc<str>> {
    let prompt = facts.prompt;
    let Field::Known(choice, _) = &prompt.tool_choice else {
        return Vec::new();
    };
    let offered = prompt.tools.iter().map(|tool| tool.name.as_str());
    match choice.as_str() {
        "none" => offered.map(Arc::from).collect(),
        // Not a tool's name: which one is called is the model's choice.
        name if !prompt.tools.iter().any(|tool| tool.name == name) => Vec::new(),
        name => offered.filter(|other| *other != name).map(Arc::from).collect(),
    }
}

/// How marks for a cache are called, as APIs and libraries write them.
const CACHE_MARKS: &[&str] = &[
    "cache_control",
    "cacheControl",
    "cachePoint",
    "cache_point",
    "cachedContent",
];

/// Words in the paths of programs whose answers nobody waits for.
const OFFLINE: &[&str] = &[
    "eval",
    "evals",
    "evaluation",
    "evaluations",
    "evaluate",
    "bench",
    "benchmark",
    "benchmarks",
    "backfill",
    "dataset",
    "datasets",
    "labelling",
    "labeling",
    "annotation",
];

/// Whether it is called once for each item of some data, by a program that nobody waits for.
fn offline(facts: &PromptFacts<'_>) -> bool {
    let prompt = facts.prompt;
    let mut words = facts.at().path.split(|c: char| !c.is_alphanumeric());
    prompt.in_loop.known() == Some(&true)
        && prompt.resends.known() != Some(&true)
        && words.any(|word| OFFLINE.contains(&word.to_lowercase().as_str()))
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.reasoning_effort",
        ty: Type::Str,
        unit: "",
        about: "how long the model is to think, as the request says it: low, medium, high, or a budget in tokens",
        get: |facts| field(&facts.prompt.reasoning_effort, |effort| text(effort.as_str())),
    },
    Row {
        name: "prompt.effort_is_high",
        ty: Type::Bool,
        unit: "",
        about: "whether the request asks for high effort or more",
        get: |facts| {
            field(&facts.prompt.reasoning_effort, |effort| {
                Value::Bool(HIGH.contains(&effort.as_str()))
            })
        },
    },
    Row {
        name: "prompt.service_tier",
        ty: Type::Str,
        unit: "",
        about: "the provider's service tier that the request asks for: flex, priority, …",
        get: |facts| field(&facts.prompt.service_tier, |tier| text(tier.as_str())),
    },
    Row {
        name: "prompt.batch",
        ty: Type::Bool,
        unit: "",
        about: "whether it goes through the provider's batch API",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.prompt.batch))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.offline",
        ty: Type::Bool,
        unit: "",
        about: "whether it is called once for each item of some data, in a file of evaluations, benchmarks or data sets",
        get: |facts| Fact::of(Known::Yes(Value::Bool(offline(facts)))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.high_detail_images",
        ty: Type::Int,
        unit: "images",
        about: "images that the model is to look at in high detail",
        get: |facts| {
            let messages = &facts.prompt.messages;
            let high = |message: &&Message| {
                message
                    .attachments
                    .iter()
                    .any(|one| one.detail.as_deref() == Some("high"))
            };
            let place = messages
                .iter()
                .find(high)
                .map(|message| facts.place(message, 0..message.text.as_str().len()));
            let attachments = messages.iter().flat_map(|message| &message.attachments);
            let count = attachments.filter(|one| one.detail.as_deref() == Some("high")).count();
            Fact::of(Known::Yes(int(count as u64))).at(place)
        },
    },
    Row {
        name: "prompt.evaluation",
        ty: Type::Str,
        unit: "",
        about: "what to try another model on: the team's own evaluation, with the command for it where a config of promptfoo is among the files",
        get: |facts| {
            Fact::of(Known::Yes(text(match &facts.world.evaluation {
                Some(command) => format!("your own evaluation (`{command}`)"),
                None => "your own evaluation".to_owned(),
            })))
        },
    },
    Row {
        name: "prompt.model_provider",
        ty: Type::Str,
        unit: "",
        about: "who bills the model, by the catalog",
        get: |facts| {
            known(
                facts.of_model(|model| Some(model.provider.as_str()), "its provider"),
                text,
            )
        },
    },
    Row {
        name: "prompt.refused_parameters",
        ty: Type::Strs,
        unit: "",
        about: "parameters of the request that its model's API refuses: temperature of a reasoning model, …",
        get: refused,
    },
    Row {
        name: "prompt.days_to_retirement",
        ty: Type::Int,
        unit: "days",
        about: "days until the provider switches the model off, where it has named the day and it is still to come",
        get: |facts| known(days_left(facts), Value::Int).at(facts.model_name().place()),
    },
    Row {
        name: "prompt.model_floats",
        ty: Type::Bool,
        unit: "",
        about: "whether the model's name is one that the provider moves to newer models (`…-latest`)",
        get: |facts| {
            let name = facts.model_name();
            field(&name, |name| Value::Bool(name.ends_with("-latest")))
        },
    },
    Row {
        name: "prompt.fine_tuned_from",
        ty: Type::Str,
        unit: "",
        about: "for a fine-tuned model: its base, where that is served and costs less",
        get: |facts| known(base(facts), |model| text(model.id.as_str())),
    },
    Row {
        name: "prompt.fine_tuned_premium",
        ty: Type::Number,
        unit: "times",
        about: "what output of a fine-tuned model costs against its base",
        get: |facts| known(premium(facts), Value::Number),
    },
    Row {
        name: "prompt.base_share_low",
        ty: Type::Number,
        unit: "share",
        about: "what the base takes off a fine-tuned model's price of input or output, whichever is less",
        get: |facts| {
            let shares = base(facts).and_then(|other| facts.swap_shares(other));
            known(shares, |(low, _)| Value::Number(low))
        },
    },
    Row {
        name: "prompt.base_share_high",
        ty: Type::Number,
        unit: "share",
        about: "what the base takes off a fine-tuned model's price of input or output, whichever is more",
        get: |facts| {
            let shares = base(facts).and_then(|other| facts.swap_shares(other));
            known(shares, |(_, high)| Value::Number(high))
        },
    },
    Row {
        name: "prompt.caching",
        ty: Type::Str,
        unit: "",
        about: "how the provider caches the start of a prompt: automatic, or marked (only where the request says so)",
        get: |facts| known(caching(facts), text),
    },
    Row {
        name: "prompt.cache_discount",
        ty: Type::Number,
        unit: "share",
        about: "what a token read from the provider's cache costs less",
        get: |facts| known(cache_discount(facts), Value::Number),
    },
    Row {
        name: "prompt.cache_marked",
        ty: Type::Bool,
        unit: "",
        about: "whether the file speaks of `cache_control` or another mark for a cache",
        get: |facts| {
            let source = facts.world.files.source(facts.prompt.place.source);
            let marked = CACHE_MARKS.iter().any(|mark| source.text.contains(mark));
            Fact::of(Known::Yes(Value::Bool(marked)))
        },
    },
    Row {
        name: "prompt.cache_least",
        ty: Type::Int,
        unit: "tokens",
        about: "the shortest start that a model of Claude's caches, where it is known",
        get: |facts| known(least_cached(facts), int),
    },
    Row {
        name: "prompt.uncalled_tools",
        ty: Type::Strs,
        unit: "",
        about: "tools that are offered although `tool_choice` forbids them all, or forces another one",
        get: |facts| {
            let place = facts.prompt.tool_choice.place();
            Fact::of(Known::Yes(Value::Strs(uncalled_tools(facts).into()))).at(place)
        },
    },
    Row {
        name: "prompt.tool_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "what the definitions of all tools cost on each call",
        get: |facts| {
            let place = facts.prompt.tools.first().map(|tool| tool.place);
            Fact::of(Known::Yes(int(tool_tokens(facts).0))).at(place)
        },
    },
    Row {
        name: "prompt.largest_tool",
        ty: Type::Str,
        unit: "",
        about: "the tool with the longest definition, and its tokens",
        get: |facts| {
            Fact::of(match tool_tokens(facts).1 {
                Some((name, tokens)) => Known::Yes(text(format!("`{name}` with {tokens}"))),
                None => Known::Absent,
            })
        },
    },
];

/// What tools' definitions cost together, and the one that costs most.
fn tool_tokens(facts: &PromptFacts<'_>) -> (u64, Option<(String, u64)>) {
    let mut sum = 0_u64;
    let mut largest: Option<(String, u64)> = None;
    for share in facts.shares().into_iter().filter(|share| share.kind == "tool") {
        let (_, most) = share.tokens.unwrap_or_default();
        sum = sum.saturating_add(most);
        if largest.as_ref().is_none_or(|(_, tokens)| most > *tokens) {
            largest = Some((share.name, most));
        }
    }
    (sum, largest)
}
