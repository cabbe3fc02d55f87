//! What a tree came to on a day, to be kept: a row of llmlint.trend.jsonl, and rows beside each other.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::costs::{Amount, Costs, GroupBy};
use super::{HOURS_A_MONTH, Report, Severity};

/// The version of the schema of [`Snapshot`].
pub const SCHEMA_VERSION: u32 = 1;

/// What a tree came to on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The version of this schema.
    pub schema_version: u32,
    /// The day (YYYY-MM-DD), which is also the day whose prices were taken.
    pub day: String,
    /// The commit that was checked out; absent where git did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether other files than the rows' own differed from that commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncommitted: bool,
    /// The version of llmlint that made it. Counts, and prices of GPUs, are its own.
    pub llmlint: String,
    /// The list that models' prices were looked up in, in words: `genai-prices 0.2.3`.
    pub price_list: String,
    /// The day of that list (YYYY-MM-DD).
    pub prices_of: String,
    /// Prompts.
    pub prompts: u64,
    /// Deployments.
    pub deployments: u64,
    /// Tokens of all prompts' fixed text, at least.
    pub prompt_tokens: u64,
    /// Whether each of those counts is exact.
    pub prompt_tokens_exact: bool,
    /// What is known of a month's costs, by part.
    pub usd_per_month: Parts,
    /// Prompts that nobody states a volume for: they are in no amount.
    pub without_volume: u64,
    /// Units of which no amount is known.
    pub not_known: u64,
    /// Findings, accepted ones included.
    pub findings: Severities,
}

/// USD a month by part; absent where no unit's is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// What prompts send, for the volumes that are stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Amount>,
    /// What is answered, for those volumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Amount>,
    /// The GPUs of deployments, for 730 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Amount>,
}

/// Findings by how much they matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Severities {
    /// What will not work.
    pub error: u64,
    /// What costs money or carries a risk.
    pub warning: u64,
    /// What is worth knowing.
    pub info: u64,
}

impl Snapshot {
    /// The row of a report; `commit` with whether the tree differs from it.
    pub fn of(report: &Report, commit: Option<(String, bool)>) -> Self {
        let total = Costs::of(report, GroupBy::Folder).total;
        let part = |of: &str, per: &str, times: Decimal| {
            let sum = report.totals.costs.iter().find(|sum| sum.of == of && sum.per == per)?;
            let costs = report
                .units
                .iter()
                .flat_map(|unit| &unit.costs)
                .filter(|cost| cost.fact == of);
            let mut amounts = costs.filter_map(|cost| cost.amount.as_ref());
            Some(Amount {
                low: sum.low.saturating_mul(times).normalize(),
                high: sum.high.saturating_mul(times).normalize(),
                at_least: sum.unknown > 0 || amounts.any(|figure| !figure.without.is_empty()),
            })
        };
        let count = |severity: Severity| {
            let found = report.findings.iter().filter(|finding| finding.severity == severity);
            found.count() as u64
        };
        let list = report.price_list.as_ref();
        Self {
            schema_version: SCHEMA_VERSION,
            day: report.today.clone(),
            uncommitted: commit.as_ref().is_some_and(|(_, differs)| *differs),
            commit: commit.map(|(commit, _)| commit),
            llmlint: report.llmlint.clone(),
            price_list: list.map(|list| list.name.clone()).unwrap_or_default(),
            prices_of: list.map(|list| list.as_of.clone()).unwrap_or_default(),
            prompts: report.totals.prompts,
            deployments: report.totals.deployments,
            prompt_tokens: report.totals.prompt_tokens,
            prompt_tokens_exact: report.totals.prompt_tokens_exact,
            usd_per_month: Parts {
                input: part("prompt.cost.input", "month", Decimal::ONE),
                output: part("prompt.cost.output", "month", Decimal::ONE),
                gpus: part("deployment.cost.hour", "hour", Decimal::from(HOURS_A_MONTH)),
            },
            without_volume: total.without_volume,
            not_known: total.not_known,
            findings: Severities {
                error: count(Severity::Error),
                warning: count(Severity::Warning),
                info: count(Severity::Info),
            },
        }
    }

    /// Whether amounts of the two rest on the same prices.
    pub fn has_prices_of(&self, other: &Self) -> bool {
        (&self.price_list, &self.prices_of, &self.llmlint) == (&other.price_list, &other.prices_of, &other.llmlint)
    }
}

impl Parts {
    /// The sum of what is known; `None` where nothing is.
    pub fn together(&self) -> Option<Amount> {
        let known = [self.input, self.output, self.gpus].into_iter().flatten();
        known.reduce(|mut sum, part| {
            sum.add(part);
            sum
        })
    }
}

/// Rows by day, each with the number of days since the first one's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trend {
    /// The rows.
    pub rows: Vec<(i64, Snapshot)>,
}
