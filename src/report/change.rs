//! What a change did to a tree, and what its budgets say.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TokenCount;

/// Two reports of one tree side by side: an older state, and this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What this report is compared with: a git name and commit, or a file.
    pub base: String,
    /// The units that are new, gone, changed or moved, by path and name.
    pub units: Vec<UnitChange>,
    /// Units that are the same in both.
    pub unchanged: u64,
    /// Findings that the older state does not have; in `findings` their `status` is `new`.
    pub new_findings: u64,
    /// Findings that both have.
    pub unchanged_findings: u64,
    /// Findings of the older state that are no longer there.
    pub fixed: Vec<FixedFinding>,
    /// Sums of known costs over all units, before and after, by part and by what they are per.
    pub costs: Vec<CostChange>,
    /// Suppressions that the older state does not have.
    pub new_suppressions: Vec<Suppressed>,
}

/// How a unit stands to the older state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is not in the older state.
    New,
    /// It is only in the older state.
    Gone,
    /// Its text, model or cost is another.
    Changed,
    /// It is the same under another name.
    Moved,
}

impl Change {
    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Gone => "gone",
            Change::Changed => "changed",
            Change::Moved => "moved",
        }
    }
}

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitChange {
    /// What.
    pub change: Change,
    /// `prompt`, `deployment`, …
    pub kind: String,
    /// Its name, in the newer state where it is in both.
    pub name: String,
    /// Its name in the older state, where that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Its file.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// The model before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_before: Option<String>,
    /// The model now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The GPUs before (deployments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus_before: Option<String>,
    /// The GPUs now (deployments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<String>,
    /// Tokens before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_before: Option<TokenCount>,
    /// Tokens now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCount>,
    /// Its costs before and now, by part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<CostChange>,
}

/// One cost before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CostChange {
    /// The fact: `prompt.cost.input`.
    pub of: String,
    /// `USD`.
    pub unit: String,
    /// `1,000 calls`, `month`, `hour`.
    pub per: String,
    /// Before; absent where there was none or it was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Ends>,
    /// After; absent where there is none or it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Ends>,
}

/// The low and the high end of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ends {
    /// The low end.
    #[schemars(with = "String")]
    pub low: Decimal,
    /// The high end.
    #[schemars(with = "String")]
    pub high: Decimal,
}

impl CostChange {
    /// What was added, low and high end: what is absent counts as nothing. Below zero where it became less.
    pub fn growth(&self) -> Ends {
        let zero = Ends {
            low: Decimal::ZERO,
            high: Decimal::ZERO,
        };
        let (before, after) = (self.before.unwrap_or(zero), self.after.unwrap_or(zero));
        Ends {
            low: after.low.saturating_sub(before.low),
            high: after.high.saturating_sub(before.high),
        }
    }
}

/// A finding of the older state that is no longer there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixedFinding {
    /// The rule.
    pub rule: String,
    /// The file that it was in.
    pub path: String,
    /// What it said.
    pub message: String,
}

/// A finding that the file itself or the config asks not to report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Suppressed {
    /// The rule.
    pub rule: String,
    /// The file.
    pub path: String,
    /// The line of the comment or key that asks for it, from 1.
    pub line: usize,
    /// The reason that stands there; empty where none does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What the budgets say of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// Whether no hard budget is broken.
    pub passed: bool,
    /// Each limit of each budget, in the order of the config.
    pub limits: Vec<Limit>,
}

/// One limit of one budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// The budget's name, or the glob, owner or tag that it is for.
    pub budget: String,
    /// The key in the config: `max_usd_per_month`.
    pub key: String,
    /// Whether breaking it fails the check.
    pub hard: bool,
    /// The limit.
    #[schemars(with = "String")]
    pub limit: Decimal,
    /// What it is in: `USD per month`, `tokens`, `percent`, `sequences`.
    pub unit: String,
    /// How the amount stands to it.
    pub outcome: LimitOutcome,
    /// The amount; absent where nothing is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Ends>,
    /// Units whose part is not known.
    pub unknown: u64,
    /// What makes up the amount, largest first: unit and place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Findings on those units whose saving would lower it, largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub savers: Vec<Cause>,
}

/// How an amount stands to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LimitOutcome {
    /// Its high end is within the limit.
    Within,
    /// Its low end is within the limit, its high end is not.
    Possible,
    /// Its low end is beyond the limit.
    Broken,
    /// Nothing is known of it.
    Unknown,
}

/// A unit or a finding that an amount comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// The unit's name, or the finding's rule.
    pub name: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// Its part.
    pub amount: Ends,
}
