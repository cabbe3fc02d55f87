//! `prompts:` of `llmlint.yaml`: which prompts, how often they are called, and how long what is filled in and answered is.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

/// What is known of some prompts: those of a glob, the one of a name, those with a tag; where several are stated, all of
/// them must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromptSetting {
    /// Which files: a glob from the config's folder.
    pub files: String,
    /// The prompt of this name, as reports show it from the config's folder.
    pub unit: Option<String>,
    /// Prompts that have this tag by an entry that sets `tags`.
    pub tag: Option<String>,
    /// The model that prompts are sent to that name none, or whose code does not tell it.
    pub model: Option<String>,
    /// Calls a month.
    pub calls_per_month: Option<u64>,
    /// Calls on a day with calls; not beside `calls_per_month`.
    pub calls_per_day: Option<u64>,
    /// Days of a month with calls, for `calls_per_day` (default: `days_per_month` of the config).
    #[schemars(with = "Option<String>")]
    pub working_days_per_month: Option<Decimal>,
    /// By which share calls grow from month to month: 0.05 is 5%.
    #[schemars(with = "Option<String>")]
    pub growth_per_month: Option<Decimal>,
    /// Tokens of an answer: a number, a range from `low` to `high`, or the percentiles `p50` and `p95`.
    pub output_tokens: Option<TokenRange>,
    /// Turns of a task of an agent loop, each of which sends the history again: a number, or a range from `low` to `high`.
    pub turns: Option<TokenRange>,
    /// Variables of these prompts by name, with the tokens that are filled in or a file that is like it.
    pub variables: Option<BTreeMap<String, VariableSize>>,
    /// The share of input tokens that the provider bills as cached, 0 to 1.
    #[schemars(with = "Option<String>")]
    pub cached_share: Option<Decimal>,
    /// USD a month of GPUs on which a model of one's own would answer all these calls.
    #[schemars(with = "Option<String>")]
    pub self_hosted_month_usd: Option<Decimal>,
    /// Names by which budgets and `llmlint cost` group prompts.
    pub tags: Option<Vec<String>>,
}

impl PromptSetting {
    /// Calls a month and how they are stated, where the entry states them; `days` are those of a month.
    pub fn calls(&self, days: Decimal) -> Option<(Decimal, String)> {
        if let Some(calls) = self.calls_per_month {
            return Some((Decimal::from(calls), "calls_per_month".to_owned()));
        }
        let a_day = self.calls_per_day?;
        let (days, what) = match self.working_days_per_month {
            Some(days) => (days, "working days"),
            None => (days, "days"),
        };
        // Bounded by `check`: at most 31 times a number of 64 bits.
        Some((
            (Decimal::from(a_day) * days).normalize(),
            format!("{a_day} calls a day on {days} {what} a month"),
        ))
    }

    /// Whether it states how often prompts are called.
    pub fn has_volume(&self) -> bool {
        self.calls_per_month.is_some() || self.calls_per_day.is_some()
    }

    /// Whether the entry can be taken as it stands.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.files.is_empty() && self.unit.is_none() && self.tag.is_none() {
            return Err("has no `files`: a glob such as \"prompts/**\" (or `unit` or `tag`)".to_owned());
        }
        if self.tag.is_some() && self.tags.is_some() {
            return Err(
                "`tag` chooses prompts and `tags` sets theirs: set them in an entry with `files` or `unit`".to_owned(),
            );
        }
        if self.calls_per_month.is_some() && self.calls_per_day.is_some() {
            return Err("`calls_per_month` and `calls_per_day` say the same thing: keep one of them".to_owned());
        }
        if self.working_days_per_month.is_some_and(|days| !is_month(days)) {
            return Err("`working_days_per_month` is to be more than 0 and at most 31".to_owned());
        }
        if let Some(share) = self.cached_share
            && !(Decimal::ZERO..=Decimal::ONE).contains(&share)
        {
            return Err(format!("`cached_share` is {share}, expected 0 to 1"));
        }
        if let Some(growth) = self.growth_per_month
            && !(-Decimal::ONE..=Decimal::TEN).contains(&growth)
        {
            return Err(format!("`growth_per_month` is {growth}, expected a share such as 0.05"));
        }
        for (name, size) in self.variables.iter().flatten() {
            if let VariableSize::Tokens(range) = size
                && range.ends().0 > range.ends().1
            {
                return Err(format!("the variable `{name}` has its low end above its high end"));
            }
        }
        if let Some((low, high)) = self.turns.map(TokenRange::ends)
            && (low == 0 || low > high || high > MAX_TURNS)
        {
            return Err(format!(
                "`turns` is to be from 1 to {MAX_TURNS}, its low end not above its high end"
            ));
        }
        if self.output_tokens.is_some_and(|range| range.ends().0 > range.ends().1) {
            return Err("`output_tokens` has its low end above its high end".to_owned());
        }
        Ok(())
    }
}

/// Most turns that a task can be said to have.
const MAX_TURNS: u64 = 100_000;

/// Whether a month can have so many days.
pub(super) fn is_month(days: Decimal) -> bool {
    days > Decimal::ZERO && days <= Decimal::from(31)
}

/// How large what a variable stands for is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a number of tokens, a range such as {low: 10, high: 50}, or {file: SAMPLE}"
)]
pub enum VariableSize {
    /// Tokens: a number, or a range from `low` to `high`.
    Tokens(TokenRange),
    /// As large as a file of the tree.
    Sample {
        /// The file, from the config's folder.
        file: String,
    },
}

/// A number of tokens or turns, or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a whole number, or a range such as {low: 10, high: 50}"
)]
pub enum TokenRange {
    /// One number.
    Exactly(u64),
    /// From low to high.
    Range {
        /// Low end, tokens.
        low: u64,
        /// High end, tokens.
        high: u64,
    },
    /// As logs summarize it: half of the answers are no longer than `p50`, 95 of 100 no longer than `p95`.
    Percentiles {
        /// The median, tokens.
        p50: u64,
        /// The 95th percentile, tokens.
        p95: u64,
    },
}

impl TokenRange {
    /// Low and high end, tokens.
    pub fn ends(self) -> (u64, u64) {
        match self {
            TokenRange::Exactly(n) => (n, n),
            TokenRange::Range { low, high } | TokenRange::Percentiles { p50: low, p95: high } => (low, high),
        }
    }
}
