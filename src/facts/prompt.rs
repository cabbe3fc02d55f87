//! The facts of a prompt.

mod embedding;
mod layout;
mod parts;
mod repeats;
mod request;
mod secrets;
mod variables;
mod waste;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::cost::{self, Calls, OutputTokens};
use super::count::{self, Counted, Size, fixed_text};
use super::words::{self, PromptWords};
use super::{Fact, Known, PromptAt, Row, Type, Value, World};
use crate::catalog::{ApiModel, Catalog, Date, ModelMatch, Price, Priced, Tier};
use crate::config::{Measured, PromptSetting, TokenRange, VariableSize};
use crate::fingerprint::fingerprint;
use crate::report::{Figure, TokenCount};
use crate::source::{Place, Span};
use crate::syntax::template;
use crate::tokens::{self, Encoding};
use crate::units::{Field, Message, Prompt, Role};

pub(super) use self::embedding::FACTS as EMBEDDING_FACTS;

/// A prompt with what its facts are made of, each part computed when it is first needed.
pub struct PromptFacts<'a> {
    /// The unit.
    pub prompt: &'a Prompt,
    name_in_tree: String,
    world: &'a World<'a>,
    model: OnceCell<Model<'a>>,
    priced: OnceCell<Result<Priced, String>>,
    counted: Counted<'a>,
    count: OnceCell<TokenCount>,
    words: OnceCell<PromptWords>,
    layout: OnceCell<layout::Layout>,
    repeats: OnceCell<repeats::Repeats>,
}

/// What is known of the model that a prompt is sent to.
enum Model<'a> {
    /// A row of the catalog or of the config.
    Listed(&'a ApiModel),
    /// Named, but not listed: why, with the nearest names.
    Unlisted(String),
    /// No model is named.
    Unnamed,
}

impl<'a> PromptFacts<'a> {
    /// The facts of `prompt`.
    pub fn new(prompt: &'a Prompt, world: &'a World<'a>) -> Self {
        Self {
            name_in_tree: World::name_in_tree(&prompt.name, world.files.source(prompt.place.source)),
            prompt,
            world,
            model: OnceCell::new(),
            priced: OnceCell::new(),
            counted: Counted::default(),
            count: OnceCell::new(),
            words: OnceCell::new(),
            layout: OnceCell::new(),
            repeats: OnceCell::new(),
        }
    }

    /// What llmlint.yaml states of it.
    fn stated<T>(&self, pick: impl Fn(&PromptSetting) -> Option<T>) -> Option<T> {
        self.world.settings.prompt(self.at(), pick)
    }

    /// What exports of usage count of it.
    fn measured(&self) -> Option<&Measured> {
        let content = || self.prompt.content();
        self.world
            .settings
            .measured(&self.name_in_tree, || fingerprint(&[&content()]))
    }

    /// By what the config's entries choose it.
    pub fn at(&self) -> PromptAt<'_> {
        let source = self.world.files.source(self.prompt.place.source);
        PromptAt {
            path: &source.from_root,
            name: &self.name_in_tree,
        }
    }

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

    fn model(&self) -> &Model<'a> {
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
    fn of_model<T>(&self, pick: impl FnOnce(&'a ApiModel) -> Option<T>, what: &str) -> Result<Option<T>, String> {
        match self.model() {
            Model::Listed(model) => Ok(pick(model)),
            Model::Unlisted(why) => Err(why.clone()),
            Model::Unnamed => Err(format!("no model is named, so {what} is not known")),
        }
    }

    /// The model whose tokenizer counts: an alias or a name with a provider's prefix stands for the listed one.
    fn counted_as(&self) -> Option<String> {
        let name = self.model_name();
        match self.model() {
            Model::Listed(model) if tokens::encoding_for_model(name.known().map_or("", String::as_str)).is_none() => {
                Some(model.id.clone())
            }
            _ => name.known().cloned(),
        }
    }

    /// Tokens of the fixed text.
    pub fn count(&self) -> &TokenCount {
        self.count.get_or_init(|| {
            count::count(self.prompt, &self.counted, self.counted_as().as_deref(), |name| {
                self.size(name)
            })
        })
    }

    /// What the count is made of.
    pub fn shares(&self) -> Vec<count::Share> {
        count::shares(self.prompt, &self.counted, self.counted_as().as_deref(), |name| {
            self.size(name)
        })
        .1
    }

    /// How large the config says that a variable is: by its whole expression, or by the name that this starts with.
    fn size(&self, variable: &str) -> Option<Size<'a>> {
        let end = variable.find(|char: char| !char.is_alphanumeric() && char != '_');
        let start = &variable[..end.unwrap_or(variable.len())];
        let stated = self.stated(|setting| {
            let sizes = setting.variables.as_ref()?;
            sizes.get(variable).or_else(|| sizes.get(start)).cloned()
        })?;
        match stated {
            VariableSize::Tokens(range) => {
                let (low, high) = range.ends();
                Some(Size::Tokens(low, high))
            }
            VariableSize::Sample { file } => {
                let sample = self.world.files.find(&file)?;
                Some(Size::Like(self.world.files.source(sample).body().0))
            }
        }
    }

    /// The encoding that its tokens are counted with, `o200k_base` where the model's own is not built in.
    fn encoding(&self) -> Encoding {
        count::encoding(self.counted_as().as_deref()).unwrap_or(Encoding::O200kBase)
    }

    /// Tokens of a part of the prompt.
    fn tokens_of(&self, text: &'a str) -> u64 {
        self.counted.count(self.encoding(), text)
    }

    fn layout(&self) -> &layout::Layout {
        self.layout.get_or_init(|| layout::Layout::of(self))
    }

    fn repeats(&self) -> &repeats::Repeats {
        self.repeats.get_or_init(|| repeats::Repeats::of(self))
    }

    /// The stretches that show worked examples: the message's number and bytes of its text.
    fn shown(&self) -> &[(usize, Range<usize>)] {
        &self.words().shown
    }

    /// Where a stretch of a message's text stands.
    fn place(&self, message: &Message, range: Range<usize>) -> Place {
        Place {
            source: message.source,
            span: message.text.span_of(range),
        }
    }

    fn words(&self) -> &PromptWords {
        self.words.get_or_init(|| {
            let messages: Vec<words::Message<'_>> = self
                .prompt
                .messages
                .iter()
                .map(|message| words::Message {
                    role: match message.role {
                        Role::System => words::Role::System,
                        Role::User => words::Role::User,
                        Role::Assistant => words::Role::Assistant,
                        Role::Tool => words::Role::Tool,
                    },
                    text: message.text.as_str(),
                })
                .collect();
            words::analyze(&messages)
        })
    }

    /// Where the words that decided a fact stand.
    fn words_place(&self, fact: words::Fact) -> Option<Place> {
        let evidence = self.words().evidence.iter().find(|evidence| evidence.fact == fact)?;
        let message = self.prompt.messages.get(evidence.message)?;
        Some(Place {
            source: message.source,
            span: message.text.span_of(evidence.range.clone()),
        })
    }

    /// The message that holds the instructions.
    pub fn instructions(&self) -> Option<&'a Message> {
        instructions(self.prompt)
    }

    /// Why the instructions of a call in code are not known: they, or a part of them, are filled in while the program
    /// runs. What says little but its variables is most likely told by them.
    fn hidden_instructions(&self) -> Option<String> {
        const FEW_WORDS: usize = 6;
        let messages = &self.prompt.messages;
        let fixed_words = |message: &Message| -> usize {
            let fixed = template::fixed_ranges(&message.pieces, template::Extent::Most);
            let texts = fixed.ranges.into_iter().map(|range| &message.text.as_str()[range]);
            texts.map(|text| text.split_whitespace().count()).sum()
        };
        let variables = |message: &'a Message| template::variables(&message.pieces);
        let is_hidden = |message: &&'a Message| {
            let variables = variables(message);
            let holds_instructions = |(name, _): &(&str, _)| {
                let name = name.to_ascii_lowercase();
                INSTRUCTING.iter().any(|word| name.contains(word))
            };
            !variables.is_empty() && (fixed_words(message) < FEW_WORDS || variables.iter().any(holds_instructions))
        };
        let instructions = self.instructions()?;
        let systems = messages.iter().filter(|message| message.role == Role::System);
        let hidden = systems.chain(std::iter::once(instructions)).find(is_hidden)?;
        let (name, _) = *variables(hidden).first()?;
        Some(format!("instructions are filled in while the program runs: {name}"))
    }

    fn output_tokens(&self) -> Result<OutputTokens, String> {
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

    /// The request's `n`, where it is above 1.
    fn several_choices(&self) -> Option<u64> {
        self.prompt.choices.known().copied().filter(|n| *n > 1)
    }

    /// Whether some word of it begins like one of these.
    fn speaks_of(&self, stems: &[&str]) -> bool {
        self.prompt.messages.iter().any(|message| {
            message.text.as_str().split(|c: char| !c.is_alphabetic()).any(|word| {
                stems.iter().any(|stem| {
                    word.len() >= stem.len()
                        && word.is_char_boundary(stem.len())
                        && word[..stem.len()].eq_ignore_ascii_case(stem)
                })
            })
        })
    }

    /// Whether the pieces that the words ask for stand for each other ("10 names"), so that one of them is used; the
    /// points of a list ("10 insights") are all read.
    fn items_are_alternatives(&self) -> bool {
        let Some(place) = self.words_place(words::Fact::ItemsRequested) else {
            return false;
        };
        let source = self.world.files.source(place.source);
        let asked = source.text.get(place.span.start..place.span.end).unwrap_or_default();
        asked
            .split(|c: char| !c.is_alphabetic())
            .any(|word| ALTERNATIVES.contains(&word.to_lowercase().as_str()))
    }

    fn line(&self, place: Place) -> String {
        let source = self.world.files.source(place.source);
        format!("{}:{}", source.path, source.position(place.span.start).line)
    }

    /// Calls a month, and who says so.
    fn calls_per_month(&self) -> Option<(Decimal, String)> {
        let settings = self.world.settings;
        let days = settings.at(self.at().path).config.days_per_month();
        match settings.stated(self.at(), |s| s.calls(days)) {
            Some(((calls, how), by)) => Some((calls, format!("{how} in {by}"))),
            None => self.measured()?.calls(days),
        }
    }

    fn calls(&self) -> Calls {
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
    fn priced(&self) -> Result<&Priced, String> {
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
    fn request_kind(&self) -> BTreeMap<String, String> {
        let batch = self.prompt.batch.then(|| ("processing".to_owned(), "batch".to_owned()));
        let tier = self.prompt.service_tier.known();
        let tier = tier.map(|tier| ("service_tier".to_owned(), tier.clone()));
        batch.into_iter().chain(tier).collect()
    }

    fn price(&self) -> Result<(Price, String), String> {
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

    fn input_cost(&self) -> Result<Figure, String> {
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
    fn turns(&self) -> Result<Option<cost::Turns>, String> {
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

    fn output_cost(&self) -> Result<Figure, String> {
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

    fn total_cost(&self) -> Result<Figure, String> {
        cost::sum(&self.input_cost()?, &self.output_cost()?)
    }

    /// What a model of one's own would cost a month, the API's cost at the least, and calls a month.
    fn self_hosted(&self) -> Result<Option<(Decimal, Decimal, Decimal)>, String> {
        let own = self.stated(|s| s.self_hosted_month_usd);
        let Some((own, (calls, _))) = own.zip(self.calls_per_month()) else {
            return Ok(None);
        };
        Ok(Some((own, self.total_cost()?.low, calls)))
    }

    /// The share of the API's cost that a model of one's own saves at the least; absent where it saves none.
    fn self_hosted_share(&self) -> Result<Option<Decimal>, String> {
        let found = self.self_hosted()?;
        Ok(found.and_then(|(own, api, _)| {
            let ratio = own.checked_div(api)?;
            let share = Decimal::ONE - ratio;
            (share > Decimal::ZERO).then(|| share.round_dp_with_strategy(4, RoundingStrategy::ToNegativeInfinity))
        }))
    }

    /// Calls a month from which a model of one's own costs less than the API.
    fn self_hosted_from(&self) -> Result<Option<u64>, String> {
        let found = self.self_hosted()?;
        Ok(found.and_then(|(own, api, calls)| {
            let calls = own.checked_div(api)?.checked_mul(calls)?;
            calls.ceil().to_u64()
        }))
    }

    /// A smaller model of the same provider that would serve: of those of tier `small` that are not on their way out and
    /// whose input and output both cost at most half, the one of the newest generation (the highest version in its
    /// name), and of several such the dearest, because it is the most capable of them.
    fn smaller_model(&self) -> Result<Option<&'a ApiModel>, String> {
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

    /// The share that a swap of models takes off input and output: the smaller of both, and the larger; rounded down
    /// to a hundredth of a percent.
    fn swap_shares(&self, other: Option<&ApiModel>) -> Result<Option<(Decimal, Decimal)>, String> {
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

    fn replacement(&self) -> Result<Option<&'a ApiModel>, String> {
        let (catalog, today) = (self.world.catalog, self.world.today);
        self.of_model(|model| catalog.replacement(model, today), "its successor")
    }

    /// Whether the model is switched off. Platforms that sell other providers' models set days of their own.
    fn retired(&self) -> Result<Option<bool>, String> {
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

fn model(facts: &PromptFacts<'_>) -> Fact {
    field(&facts.model_name(), |name| text(name.as_str()))
}

/// The message that holds a prompt's instructions: the last of the system's, else the first of the user's.
pub fn instructions(prompt: &Prompt) -> Option<&Message> {
    let messages = &prompt.messages;
    messages
        .iter()
        .rfind(|message| message.role == Role::System)
        .or_else(|| messages.iter().find(|message| message.role == Role::User))
        .or_else(|| messages.first())
}

/// The numbers in a model's name, which is how providers tell generations apart: `claude-haiku-4-5` is [4, 5].
fn version(id: &str) -> Vec<u64> {
    id.split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

/// What stands for a provider where a model runs on machines of one's own.
const OWN_SERVERS: &[&str] = &["local", "ollama", "vllm", "lmstudio"];

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

/// Forms of answers that are no words of the model's choice.
const NO_WORDS: &[&str] = &["an image", "fields"];

/// The format of calls in source code.
pub const CALL_IN_CODE: &str = "call in code";

/// Words in the names of variables that hold instructions.
const INSTRUCTING: &[&str] = &[
    "prompt",
    "instruction",
    "system",
    "template",
    "preamble",
    "guideline",
    "persona",
    "rules",
    "task",
];

/// How words about mathematics begin.
const CALCULATION: &[&str] = &[
    "math",
    "arithmetic",
    "calculat",
    "algebra",
    "equation",
    "geometr",
    "theorem",
];

/// How words begin that ask for all there is to say.
const DETAIL: &[&str] = &[
    "comprehensive",
    "detail",
    "elaborat",
    "exhaustive",
    "extensive",
    "thorough",
    "talkative",
    "verbose",
];

/// What is asked for in several pieces so that one can be chosen.
const ALTERNATIVES: &[&str] = &[
    "alternative",
    "alternatives",
    "caption",
    "captions",
    "candidates",
    "domains",
    "drafts",
    "headline",
    "headlines",
    "hooks",
    "logos",
    "mottos",
    "name",
    "names",
    "nicknames",
    "openers",
    "openings",
    "options",
    "paraphrases",
    "proposals",
    "rephrasings",
    "rewrites",
    "slogan",
    "slogans",
    "suggestions",
    "tagline",
    "taglines",
    "title",
    "titles",
    "variants",
    "variations",
    "versions",
];

/// What to say of a model that is not listed.
fn unlisted(name: &str, nearest: &[String]) -> String {
    let near = if nearest.is_empty() {
        String::new()
    } else {
        format!(" (nearest: {})", nearest.join(", "))
    };
    format!("`{name}` is not in the catalog{near}: add it under `models:` in llmlint.yaml")
}

/// Whether a format holds parts of an agent's conversation, or tasks of a harness, whose answers no one reads as such.
fn is_for_agent(format: &str) -> bool {
    const HARNESSES: &[&str] = &["evaluation task", "nemo guardrails config"];
    format.starts_with("agent ") || HARNESSES.contains(&format)
}

pub(super) fn field<T>(field: &Field<T>, value: impl FnOnce(&T) -> Value) -> Fact {
    let known = match field {
        Field::Known(inner, _) => Known::Yes(value(inner)),
        Field::Absent(_) => Known::Absent,
        Field::Unknown(why, _) => Known::Unknown(why.as_str().into()),
    };
    Fact::of(known).at(field.place())
}

pub(super) fn known<T>(found: Result<Option<T>, String>, value: impl FnOnce(T) -> Value) -> Fact {
    Fact::of(match found {
        Ok(Some(inner)) => Known::Yes(value(inner)),
        Ok(None) => Known::Absent,
        Err(why) => Known::Unknown(why.into()),
    })
}

fn text(value: impl Into<Arc<str>>) -> Value {
    Value::Str(value.into())
}

/// Whole numbers beyond what CEL's integers hold are as good as the largest.
pub(super) fn int(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A fact of the words: told, not clear, or in a language whose verbs are not told apart yet.
fn told<T>(facts: &PromptFacts<'_>, found: Option<T>, value: impl FnOnce(T) -> Value) -> Fact {
    if let Some(language) = facts.words().language.filter(|language| *language != "en") {
        return Fact::of(Known::Unknown(
            format!("the instructions are in `{language}`; only English ones are judged").into(),
        ));
    }
    if let Some(kind) = facts
        .prompt
        .response_format
        .known()
        .filter(|kind| NO_WORDS.contains(&kind.as_str()))
    {
        return Fact::of(Known::Unknown(format!("the answer is {kind}, not words").into()));
    }
    if facts.prompt.format == CALL_IN_CODE
        && let Some(why) = facts.hidden_instructions()
    {
        return Fact::of(Known::Unknown(why.into()));
    }
    let known = match found {
        Some(inner) => Known::Yes(value(inner)),
        None => Known::Unknown("the words do not show it clearly".into()),
    };
    Fact::of(known)
}

/// Serde's name of one of the words' enums, which is the codebook's.
fn label<T: serde::Serialize>(value: T) -> Value {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => text(name),
        _ => text(""),
    }
}

type Get = fn(&PromptFacts<'_>) -> Fact;

/// The facts of a prompt, table by table.
pub(super) const FACTS: &[&[Row<Get>]] = &[
    OWN,
    request::FACTS,
    layout::FACTS,
    variables::FACTS,
    repeats::FACTS,
    waste::FACTS,
    parts::FACTS,
    secrets::FACTS,
];

/// The facts of a prompt that are computed here, in the order in which they are listed.
const OWN: &[Row<Get>] = &[
    Row {
        name: "prompt.format",
        ty: Type::Str,
        unit: "",
        about: "the format it was read as",
        get: |facts| Fact::of(Known::Yes(text(facts.prompt.format))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.in_test",
        ty: Type::Bool,
        unit: "",
        about: "whether it stands in a test of the program: its calls are read, and no rule judges them",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.prompt.in_test))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.in_loop",
        ty: Type::Bool,
        unit: "",
        about: "whether the call is made once for each item of some data",
        get: |facts| field(&facts.prompt.in_loop, |n| Value::Bool(*n)),
    },
    Row {
        name: "prompt.resends",
        ty: Type::Bool,
        unit: "",
        about: "whether a loop sends it again with what each turn added: a chat's history, an agent's steps",
        get: |facts| field(&facts.prompt.resends, |n| Value::Bool(*n)),
    },
    Row {
        name: "prompt.turns",
        ty: Type::Int,
        unit: "turns",
        about: "turns of a task at most, where a loop sends it again and llmlint.yaml says how many they are",
        get: |facts| {
            known(facts.turns(), |turns| {
                int(turns.count.high.to_u64().unwrap_or(u64::MAX))
            })
        },
    },
    Row {
        name: "prompt.model_candidates",
        ty: Type::Strs,
        unit: "",
        about: "the models that the code lists where it chooses one while it runs",
        get: |facts| {
            let names = facts.prompt.candidates.iter().map(|(name, _)| name.as_str().into());
            Fact::of(Known::Yes(Value::Strs(names.collect())))
        },
    },
    Row {
        name: "prompt.always_loaded",
        ty: Type::Bool,
        unit: "",
        about: "whether a coding agent sends it with every request (AGENTS.md at the root, rules that always apply)",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.prompt.always_loaded))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.for_agent",
        ty: Type::Bool,
        unit: "",
        about: "whether it is what an agent is told for its work, or the task of a harness: none whose answer someone reads",
        get: |facts| Fact::of(Known::Yes(Value::Bool(is_for_agent(facts.prompt.format)))),
    },
    Row {
        name: "prompt.instructions",
        ty: Type::Str,
        unit: "",
        about: "the text of the message that instructs: the system's, else the user's",
        get: |facts| match facts.instructions() {
            Some(message) => Fact::of(Known::Yes(text(message.text.as_str()))).at(Some(first_line(facts, message))),
            None => Fact::of(Known::Absent).at(Some(facts.prompt.place)),
        },
    },
    Row {
        name: "prompt.messages",
        ty: Type::Int,
        unit: "messages",
        about: "how many messages are sent",
        get: |facts| Fact::of(Known::Yes(int(facts.prompt.messages.len() as u64))),
    },
    Row {
        name: "prompt.tools",
        ty: Type::Int,
        unit: "tools",
        about: "how many tools are offered to the model; unknown where the code may offer others than it names",
        get: |facts| {
            let tools = &facts.prompt.tools;
            let value = match &facts.prompt.more_tools {
                Some(why) => Known::Unknown(why.as_str().into()),
                None => Known::Yes(int(tools.len() as u64)),
            };
            Fact::of(value).at(tools.first().map(|tool| tool.place))
        },
    },
    Row {
        name: "prompt.model",
        ty: Type::Str,
        unit: "",
        about: "the model's name, as the file or llmlint.yaml gives it",
        get: model,
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
    Row {
        name: "prompt.max_output_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "the request's limit on generated tokens",
        get: |facts| field(&facts.prompt.max_output_tokens, |n| int(*n)),
    },
    Row {
        name: "prompt.choices",
        ty: Type::Int,
        unit: "answers",
        about: "how many answers one request asks for (`n`)",
        get: |facts| field(&facts.prompt.choices, |n| int(*n)),
    },
    Row {
        name: "prompt.choices_requested",
        ty: Type::Bool,
        unit: "",
        about: "whether the request itself asks for several answers (`n` above 1)",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.several_choices().is_some()))),
    },
    Row {
        name: "prompt.alternatives",
        ty: Type::Int,
        unit: "alternatives",
        about: "how many alternatives one request asks for: its `n`, else the names, titles, options … that its words ask for",
        get: |facts| match facts.several_choices() {
            Some(n) => Fact::of(Known::Yes(int(n))).at(facts.prompt.choices.place()),
            None if facts.items_are_alternatives() => items_requested(facts),
            None => Fact::of(Known::Absent),
        },
    },
    Row {
        name: "prompt.context_need",
        ty: Type::Int,
        unit: "tokens",
        about: "fixed text at its shortest and the limit on output together",
        get: |facts| {
            let limit = facts.prompt.max_output_tokens.known().copied().unwrap_or(0);
            let place = facts.prompt.max_output_tokens.place().filter(|_| limit > 0);
            Fact::of(Known::Yes(int(facts.count().least.saturating_add(limit)))).at(place.or(Some(facts.prompt.place)))
        },
    },
    Row {
        name: "prompt.response_format",
        ty: Type::Str,
        unit: "",
        about: "the form of the answer that the request enforces: json_object, json_schema",
        get: |facts| field(&facts.prompt.response_format, |name| text(name.as_str())),
    },
    Row {
        name: "prompt.tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens that are sent; unknown where a variable's size is",
        get: |facts| {
            let count = facts.count();
            let value = if count.variables.is_empty() && count.least == count.most {
                Known::Yes(int(count.most))
            } else if count.variables.is_empty() {
                Known::Unknown(format!("{} to {}, by the template's branches", count.least, count.most).into())
            } else {
                Known::Unknown(format!("the size of {} is not known", count.variables.join(", ")).into())
            };
            Fact::of(value).at(Some(facts.prompt.place))
        },
    },
    Row {
        name: "prompt.fixed_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of the fixed text, every branch of a template at its shortest",
        get: |facts| Fact::of(Known::Yes(int(facts.count().least))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.tokens_at_most",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of the fixed text, every branch of a template at its longest",
        get: |facts| Fact::of(Known::Yes(int(facts.count().most))).at(Some(facts.prompt.place)),
    },
    Row {
        name: "prompt.tokens_exact",
        ty: Type::Bool,
        unit: "",
        about: "whether the count is what the model's own tokenizer gives",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.count().exact))),
    },
    Row {
        name: "prompt.variables",
        ty: Type::Strs,
        unit: "",
        about: "what a template fills in",
        get: |facts| {
            let names = facts.count().variables.iter().map(|name| name.as_str().into());
            Fact::of(Known::Yes(Value::Strs(names.collect())))
        },
    },
    Row {
        name: "prompt.words",
        ty: Type::Int,
        unit: "words",
        about: "words of the fixed text (Unicode segmentation)",
        get: |facts| Fact::of(Known::Yes(int(tokens::words(&fixed_text(facts.prompt)) as u64))),
    },
    Row {
        name: "prompt.characters",
        ty: Type::Int,
        unit: "characters",
        about: "characters of the fixed text as people count them (grapheme clusters)",
        get: |facts| Fact::of(Known::Yes(int(tokens::characters(&fixed_text(facts.prompt)) as u64))),
    },
    Row {
        name: "prompt.task",
        ty: Type::Str,
        unit: "",
        about: "what it wants done: classify, extract, summarize, answer, translate, rewrite, write, code, plan, judge, converse, other",
        get: |facts| told(facts, facts.words().task, label),
    },
    Row {
        name: "prompt.output_format",
        ty: Type::Str,
        unit: "",
        about: "the form in which the answer is asked for: prose, markdown, json, list, label, code, other",
        get: |facts| match &facts.prompt.response_format {
            Field::Known(format, place) if format.starts_with("json") => {
                Fact::of(Known::Yes(text("json"))).at(Some(*place))
            }
            Field::Unknown(why, place) => {
                let why = format!("the request may fix the form of the answer: {why}");
                Fact::of(Known::Unknown(why.into())).at(*place)
            }
            _ => told(facts, facts.words().output_format, label),
        },
    },
    Row {
        name: "prompt.asks_brevity",
        ty: Type::Bool,
        unit: "",
        about: "whether some instruction makes the answer shorter than it would be",
        get: |facts| {
            told(facts, facts.words().asks_brevity, Value::Bool).at(facts.words_place(words::Fact::AsksBrevity))
        },
    },
    Row {
        name: "prompt.length_limit",
        ty: Type::Str,
        unit: "",
        about: "a number that the words give for the length of the answer: `max 100 words`",
        get: |facts| {
            let value = match &facts.words().length_limit {
                Some(limit) => {
                    let name = |value: Value| match value {
                        Value::Str(name) => name.to_string(),
                        _ => String::new(),
                    };
                    Known::Yes(text(format!(
                        "{} {} {}",
                        name(label(limit.bound)),
                        limit.n,
                        name(label(limit.unit))
                    )))
                }
                None => Known::Absent,
            };
            Fact::of(value).at(facts.words_place(words::Fact::LengthLimit))
        },
    },
    Row {
        name: "prompt.items_requested",
        ty: Type::Int,
        unit: "items",
        about: "how many pieces of the same kind the answer is to hold",
        get: items_requested,
    },
    Row {
        name: "prompt.examples",
        ty: Type::Int,
        unit: "examples",
        about: "how many worked examples of input and answer it holds",
        get: |facts| Fact::of(Known::Yes(int(u64::from(facts.words().examples)))),
    },
    Row {
        name: "prompt.asks_reasoning",
        ty: Type::Bool,
        unit: "",
        about: "whether it asks for reasoning before or in the answer",
        get: |facts| {
            Fact::of(Known::Yes(Value::Bool(facts.words().asks_reasoning)))
                .at(facts.words_place(words::Fact::AsksReasoning))
        },
    },
    Row {
        name: "prompt.calculation",
        ty: Type::Bool,
        unit: "",
        about: "whether its words speak of mathematics or calculating, where short answers have been measured to be worse",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.speaks_of(CALCULATION)))),
    },
    Row {
        name: "prompt.wants_detail",
        ty: Type::Bool,
        unit: "",
        about: "whether its words speak of detail or thoroughness, so that long answers may be meant",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.speaks_of(DETAIL)))),
    },
    Row {
        name: "prompt.retrieved_context",
        ty: Type::Bool,
        unit: "",
        about: "whether it has a place for documents or history from which the answer is to come",
        get: |facts| Fact::of(Known::Yes(Value::Bool(facts.words().retrieved_context))),
    },
    Row {
        name: "prompt.closed_answer",
        ty: Type::Bool,
        unit: "",
        about: "whether a correct answer is short and comes from a small set or straight out of the input",
        get: |facts| told(facts, facts.words().closed_answer, Value::Bool),
    },
    Row {
        name: "prompt.language",
        ty: Type::Str,
        unit: "",
        about: "the language of the instructions (ISO 639-1)",
        get: |facts| known(Ok(facts.words().language), text),
    },
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

fn items_requested(facts: &PromptFacts<'_>) -> Fact {
    let value = match facts.words().items_requested {
        Some(n) => Known::Yes(int(u64::from(n))),
        None => Known::Absent,
    };
    Fact::of(value).at(facts.words_place(words::Fact::ItemsRequested))
}

/// What a finding about a message shows: the first line of what is sent as it stands.
fn first_line(facts: &PromptFacts<'_>, message: &Message) -> Place {
    let sent = template::fixed_ranges(&message.pieces, template::Extent::Most);
    let from = sent
        .ranges
        .iter()
        .find(|range| !message.text.as_str()[(*range).clone()].trim().is_empty());
    let whole = message.text.span();
    let span = from.map_or(whole, |range| {
        Span::new(message.text.span_of(range.clone()).start, whole.end)
    });
    let source = facts.world.files.source(message.source);
    let text = source.text.get(span.start..span.end).unwrap_or_default();
    let lead = text.len() - text.trim_start().len();
    let line = text[lead..].lines().next().unwrap_or_default().trim_end();
    let start = span.start + lead;
    Place {
        source: message.source,
        span: Span::new(start, start + line.len()),
    }
}
