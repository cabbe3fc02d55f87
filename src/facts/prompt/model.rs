//! The model that a prompt is sent to, and what the catalog says of it.

use super::{Fact, Get, PromptFacts, Row, Type, Value, field, first_line, int, known, label, text};
use crate::catalog::{ApiModel, Catalog, ModelMatch, Tier};
use crate::units::Field;
use rust_decimal::Decimal;

/// What is known of the model that a prompt is sent to.
pub(super) enum Model<'a> {
    /// A row of the catalog or of the config.
    Listed(&'a ApiModel),
    /// Named, but not listed: why, with the nearest names.
    Unlisted(String),
    /// No model is named.
    Unnamed,
}

impl<'a> PromptFacts<'a> {
    /// The model's name: the file's, else the config's.
    pub fn model_name(&self) -> Field<String> {
        let supposed = self.world.settings.supposed_model().cloned();
        if self.prompt.model.known().is_some() && supposed.is_none() {
            return self.prompt.model.clone();
        }
        match supposed.or_else(|| self.stated(|s| s.model.clone())) {
            Some(name) => {
                let shown = self.instructions().map(|message| first_line(self, message));
                Field::Known(name, shown.unwrap_or(self.prompt.place))
            }
            None => self.prompt.model.clone(),
        }
    }

    pub(super) fn model(&self) -> &Model<'a> {
        self.model.get_or_init(|| match self.model_name() {
            Field::Known(name, _) => match self.world.catalog.api_model(&name) {
                ModelMatch::Exact(model) | ModelMatch::Alias(model) | ModelMatch::DatedSuffix(model) => {
                    Model::Listed(model)
                }
                ModelMatch::Unknown { nearest } => Model::Unlisted(unlisted(&name, &nearest)),
            },
            Field::Absent(_) => Model::Unnamed,
            Field::Unknown(why, _) => Model::Unlisted(why),
        })
    }

    /// Something of the model's row.
    pub(super) fn of_model<T>(
        &self,
        pick: impl FnOnce(&'a ApiModel) -> Option<T>,
        what: &str,
    ) -> Result<Option<T>, String> {
        match self.model() {
            Model::Listed(model) => Ok(pick(model)),
            Model::Unlisted(why) => Err(why.clone()),
            Model::Unnamed => Err(format!("no model is named, so {what} is not known")),
        }
    }

    /// A smaller model of the same provider that would serve: of those of tier `small` that are not on their way out and
    /// whose input and output both cost at most half, the one of the newest generation (the highest version in its
    /// name), and of several such the dearest, because it is the most capable of them.
    pub(super) fn smaller_model(&self) -> Result<Option<&'a ApiModel>, String> {
        let Some(model) = self.of_model(Some, "what is smaller")? else {
            return Ok(None);
        };
        if model.tier != Some(Tier::Frontier) {
            return Ok(None);
        }
        let (catalog, today) = (self.world.catalog, self.world.today);
        let Some(price) = catalog.usual_price(model, today) else {
            return Ok(None);
        };
        let needed = self.count().most;
        let half = |ours: Decimal, theirs: Decimal| theirs * Decimal::TWO <= ours;
        let small = catalog.api_models().filter_map(|other| {
            let serves = other.provider == model.provider
                && other.tier == Some(Tier::Small)
                && other.kind == model.kind
                && other.reasoning == model.reasoning
                && other.deprecated_on.is_none()
                && other.retired_on.is_none()
                && other.context_window.is_none_or(|window| window >= needed);
            let cheaper = serves.then(|| catalog.usual_price(other, today))??;
            let halves = half(price.input, cheaper.input)
                && matches!((price.output, cheaper.output), (Some(ours), Some(theirs)) if half(ours, theirs));
            halves.then_some((other, cheaper.output))
        });
        let best = small.max_by(|(a, usd_a), (b, usd_b)| {
            let order = version(&a.id).cmp(&version(&b.id));
            order.then_with(|| usd_a.cmp(usd_b)).then_with(|| b.id.cmp(&a.id))
        });
        Ok(best.map(|(model, _)| model))
    }

    pub(super) fn replacement(&self) -> Result<Option<&'a ApiModel>, String> {
        let (catalog, today) = (self.world.catalog, self.world.today);
        self.of_model(|model| catalog.replacement(model, today), "its successor")
    }

    /// Whether the model is switched off. Platforms that sell other providers' models set days of their own.
    pub(super) fn retired(&self) -> Result<Option<bool>, String> {
        let name = self.model_name();
        let platform = name.known().and_then(|name| Catalog::platform(name)).or(self
            .prompt
            .provider
            .as_deref()
            .filter(|provider| sets_own_days(provider)));
        if let Some(platform) = platform {
            return Err(format!("{platform} sets its own days of retirement"));
        }
        if let Some(endpoint) = self.prompt.endpoint.as_deref()
            && !OWN_HOSTS.iter().any(|host| endpoint.contains(host))
        {
            return Err(format!("requests go to `{endpoint}`, which may serve it still"));
        }
        let today = self.world.today;
        self.of_model(|model| Some(model.is_retired(today)), "whether it is retired")
    }
}

/// The numbers in a model's name, which is how providers tell generations apart: `claude-haiku-4-5` is [4, 5].
fn version(id: &str) -> Vec<u64> {
    id.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// Where providers serve their own models.
const OWN_HOSTS: &[&str] = &[
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "api.mistral.ai",
    "api.deepseek.com",
    "api.x.ai",
    "api.cohere.com",
];

fn sets_own_days(provider: &str) -> bool {
    ["azure", "foundry", "bedrock", "vertex"]
        .iter()
        .any(|name| provider.contains(name))
}

/// What to say of a model that is not listed.
fn unlisted(name: &str, nearest: &[String]) -> String {
    let near = if nearest.is_empty() {
        String::new()
    } else {
        format!(" (nearest: {})", nearest.join(", "))
    };
    format!("`{name}` is not in the catalog{near}: add it under `models:` in llmlint.yaml")
}

pub(super) fn name(facts: &PromptFacts<'_>) -> Fact {
    field(&facts.model_name(), |name| text(name.as_str()))
}

/// The facts of the model.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.model",
        ty: Type::Str,
        unit: "",
        about: "the model's name, as the file or llmlint.yaml gives it",
        get: name,
    },
    Row {
        name: "prompt.model_tier",
        ty: Type::Str,
        unit: "",
        about: "frontier, mid or small: where the catalog places the model in its provider's line-up",
        get: |facts| known(facts.of_model(|model| model.tier, "its tier"), label),
    },
    Row {
        name: "prompt.model_reasoning",
        ty: Type::Bool,
        unit: "",
        about: "whether the model reasons before it answers",
        get: |facts| {
            known(
                facts.of_model(|model| Some(model.reasoning), "whether it reasons"),
                Value::Bool,
            )
        },
    },
    Row {
        name: "prompt.model_retired",
        ty: Type::Bool,
        unit: "",
        about: "whether the provider has switched the model off, as of today or --as-of",
        get: |facts| known(facts.retired(), Value::Bool).at(facts.model_name().place()),
    },
    Row {
        name: "prompt.model_retired_on",
        ty: Type::Str,
        unit: "date",
        about: "the day on which the provider switches the model off, where it has named one",
        get: |facts| {
            known(facts.of_model(|model| model.retired_on, "when it retires"), |day| {
                text(day.to_string())
            })
        },
    },
    Row {
        name: "prompt.model_replacement",
        ty: Type::Str,
        unit: "",
        about: "the model that the provider names as successor",
        get: |facts| known(facts.replacement(), |model| text(model.id.as_str())),
    },
    Row {
        name: "prompt.replacement_share_low",
        ty: Type::Number,
        unit: "share",
        about: "what the successor takes off the price of input or output, whichever is less",
        get: |facts| {
            let shares = facts.replacement().and_then(|other| facts.swap_shares(other));
            known(shares, |(low, _)| Value::Number(low))
        },
    },
    Row {
        name: "prompt.replacement_share_high",
        ty: Type::Number,
        unit: "share",
        about: "what the successor takes off the price of input or output, whichever is more",
        get: |facts| {
            let shares = facts.replacement().and_then(|other| facts.swap_shares(other));
            known(shares, |(_, high)| Value::Number(high))
        },
    },
    Row {
        name: "prompt.smaller_model",
        ty: Type::Str,
        unit: "",
        about: "for a frontier model: a small one of the same provider, at most half the price, not on its way out",
        get: |facts| known(facts.smaller_model(), |model| text(model.id.as_str())),
    },
    Row {
        name: "prompt.smaller_share_low",
        ty: Type::Number,
        unit: "share",
        about: "what the smaller model takes off the price of input or output, whichever is less",
        get: |facts| {
            let shares = facts.smaller_model().and_then(|other| facts.swap_shares(other));
            known(shares, |(low, _)| Value::Number(low))
        },
    },
    Row {
        name: "prompt.smaller_share_high",
        ty: Type::Number,
        unit: "share",
        about: "what the smaller model takes off the price of input or output, whichever is more",
        get: |facts| {
            let shares = facts.smaller_model().and_then(|other| facts.swap_shares(other));
            known(shares, |(_, high)| Value::Number(high))
        },
    },
    Row {
        name: "prompt.context_window",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of input and output that the model takes together",
        get: |facts| known(facts.of_model(|model| model.context_window, "its context window"), int),
    },
];
