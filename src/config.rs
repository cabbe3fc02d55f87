//! `llmlint.yaml`: what a team states that the files do not say.

mod money;
mod nested;
pub mod owners;
mod prompts;
mod usage;

use std::collections::BTreeMap;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

pub use money::{CurrencySetting, DiscountSetting, HourlyRate, ModelSetting, Purchase};
pub use owners::Owners;
pub use prompts::{PromptSetting, TokenRange, VariableSize};
pub use usage::{
    Counted, Measured, USAGE_FILE, USAGE_VERSION, UnitUsage, UnmatchedUsage, Usage, UsageFile, UsageSource,
};

use crate::report::Severity;
use crate::syntax::{SyntaxError, de, yaml};

/// Files larger than this are left alone, unless the config says otherwise: 10 MB.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 10_000_000;

/// Days of a month, unless the config says otherwise: a twelfth of 365.25.
pub const DAYS_PER_MONTH: Decimal = Decimal::from_parts(304_375, 0, 0, false, 4);

/// Where prompts are kept as plain text or Markdown, unless the config says otherwise.
pub const DEFAULT_PROMPT_FILES: &[&str] = &[
    "**/[Pp]rompts/**/*.{md,txt}",
    "**/patterns/**/*.{md,txt}",
    "**/*.prompt",
    "**/*.prompt.md",
];

/// The settings of a run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether settings of the folders above this config's end here. Their budgets hold, and what they exclude stays
    /// excluded.
    pub root: bool,
    /// Globs of plain-text and Markdown prompts, from the repository's root, in place of the built-in ones.
    pub prompt_files: Option<Vec<String>>,
    /// Globs of files and folders to leave alone.
    pub exclude: Vec<String>,
    /// Findings of this severity and above make `check` exit with 1 (default: warning).
    pub fail_on: Option<Severity>,
    /// Files larger than this many bytes are left alone (default: 10000000).
    pub max_file_bytes: Option<u64>,
    /// Folders with a team's own rule pages, from the config's folder.
    pub rule_folders: Vec<String>,
    /// Rules by id: a severity, `off`, or a mapping with `severity` and the rule's options.
    pub rules: BTreeMap<String, RuleSetting>,
    /// Findings not to report in some files.
    pub ignore: Vec<IgnoreSetting>,
    /// What is known of prompts that the files do not say; for a field, the last entry that matches and states it.
    pub prompts: Vec<PromptSetting>,
    /// What is known of deployments that the files do not say; for a field, the last entry that matches and states it.
    pub deployments: Vec<DeploymentSetting>,
    /// Models that the catalog does not have, or whose price is another for this team.
    pub models: Vec<ModelSetting>,
    /// The file of prices in place of the program's, from the config's folder (default: llmlint.prices.jsonl, where it is
    /// there); `llmlint catalog update` writes one.
    pub prices: Option<String>,
    /// Tokenizers of models whose own is not built in, or is another for this team: the first entry whose glob matches a
    /// model's name counts.
    pub tokenizers: Vec<TokenizerSetting>,
    /// What providers let this team off their listed prices.
    pub discounts: Vec<DiscountSetting>,
    /// What GPUs and instances cost this team an hour, in place of the catalog's prices.
    pub hourly_rates: Vec<HourlyRate>,
    /// A currency in which totals are shown beside USD.
    pub currency: Option<CurrencySetting>,
    /// What may be spent.
    pub budgets: Vec<Budget>,
    /// The file of accepted findings, from the config's folder (default: llmlint-baseline.json, where it is there).
    pub baseline: Option<String>,
    /// The file of measured volumes that `llmlint usage import` writes, from the config's folder (default:
    /// llmlint.usage.json, where it is there).
    pub usage: Option<String>,
    /// Days of a month, where a volume by day becomes one by month (default: 30.4375, a twelfth of 365.25).
    #[schemars(with = "Option<String>")]
    pub days_per_month: Option<Decimal>,
}

/// A tokenizer by its file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenizerSetting {
    /// Which models: a glob over their names as files write them (`acme/*`).
    pub models: String,
    /// Its `tokenizer.json`, `tekken.json` or list of ranks (`*.tiktoken`), from the config's folder and inside the
    /// repository.
    pub file: String,
    /// The regular expression that cuts texts, for a list of ranks.
    #[serde(default)]
    pub pattern: Option<String>,
}

/// What some units may cost. Without `files`, `unit`, `owner` and `tag` it is for everything below the config's folder.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// What to call it.
    pub name: Option<String>,
    /// Which files: a glob from the config's folder.
    pub files: Option<String>,
    /// The unit of this name.
    pub unit: Option<String>,
    /// Files that CODEOWNERS gives this owner.
    pub owner: Option<String>,
    /// Prompts that have this tag.
    pub tag: Option<String>,
    /// Whether breaking it fails the check (`hard`, the default) or is only told (`soft`).
    pub level: BudgetLevel,
    /// Most tokens that one prompt may send as fixed text.
    pub max_input_tokens: Option<u64>,
    /// Most USD that one call of a prompt may cost.
    #[schemars(with = "Option<String>")]
    pub max_usd_per_call: Option<Decimal>,
    /// Most USD that 1,000 calls of a prompt may cost.
    #[schemars(with = "Option<String>")]
    pub max_usd_per_1000_calls: Option<Decimal>,
    /// Most USD a month of all together: prompts whose volume is stated, and GPUs.
    #[schemars(with = "Option<String>")]
    pub max_usd_per_month: Option<Decimal>,
    /// Most USD a month of the GPUs of all deployments together.
    #[schemars(with = "Option<String>")]
    pub max_gpu_usd_per_month: Option<Decimal>,
    /// Most that a change may add, in percent of what stood there before.
    #[schemars(with = "Option<String>")]
    pub max_growth_percent: Option<Decimal>,
    /// Most USD a month that a change may add.
    #[schemars(with = "Option<String>")]
    pub max_growth_usd_per_month: Option<Decimal>,
    /// Requests of the longest length that each deployment must hold at once.
    #[schemars(with = "Option<String>")]
    pub min_concurrency: Option<Decimal>,
}

/// Whether breaking a budget fails the check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BudgetLevel {
    /// It fails.
    #[default]
    Hard,
    /// It is only told.
    Soft,
}

impl Budget {
    /// Its limits by their keys in the config.
    fn limits(&self) -> [(&'static str, Option<Decimal>); 8] {
        [
            ("max_input_tokens", self.max_input_tokens.map(Decimal::from)),
            ("max_usd_per_call", self.max_usd_per_call),
            ("max_usd_per_1000_calls", self.max_usd_per_1000_calls),
            ("max_usd_per_month", self.max_usd_per_month),
            ("max_gpu_usd_per_month", self.max_gpu_usd_per_month),
            ("max_growth_percent", self.max_growth_percent),
            ("max_growth_usd_per_month", self.max_growth_usd_per_month),
            ("min_concurrency", self.min_concurrency),
        ]
    }

    /// What it is for, as far as two budgets can be for the same thing.
    fn scope(&self) -> [Option<&String>; 4] {
        [
            self.files.as_ref(),
            self.unit.as_ref(),
            self.owner.as_ref(),
            self.tag.as_ref(),
        ]
    }
}

/// How a rule is set.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected `off`, `info`, `warning`, `error`, or {severity: …, options: …}"
)]
pub enum RuleSetting {
    /// `off`, `info`, `warning` or `error`.
    Level(Level),
    /// A severity and options.
    Detailed(RuleDetail),
}

/// A rule's severity and options.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleDetail {
    /// `off`, `info`, `warning` or `error`.
    #[serde(default)]
    pub severity: Option<Level>,
    /// Values for the rule's options.
    #[serde(default)]
    pub options: BTreeMap<String, OptionValue>,
}

/// Whether a rule is on, and how much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not judged.
    Off,
    /// Info.
    Info,
    /// Warning.
    Warning,
    /// Error.
    Error,
}

impl Level {
    /// The severity; `None` for `off`.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Off => None,
            Level::Info => Some(Severity::Info),
            Level::Warning => Some(Severity::Warning),
            Level::Error => Some(Severity::Error),
        }
    }
}

/// The value of a rule's option.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected true or false, a number, a text, or a list of texts")]
pub enum OptionValue {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A decimal number.
    Number(f64),
    /// Text.
    Str(String),
    /// A list of texts.
    Strs(Vec<String>),
}

/// Findings not to report in some files.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IgnoreSetting {
    /// Which files.
    pub files: String,
    /// Which rules.
    pub rules: Vec<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What is known of the deployments that a glob names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeploymentSetting {
    /// Which files.
    pub files: String,
    /// The GPU that they run on, as in catalog/gpus.jsonl, where the manifests do not say.
    pub gpu: Option<String>,
    /// USD for one GPU for one hour.
    #[schemars(with = "Option<String>")]
    pub gpu_hour_usd: Option<Decimal>,
    /// How their machines are bought (default: on_demand): which of the rates an hour counts.
    pub purchase: Option<Purchase>,
    /// Requests a month, over all copies.
    pub requests_per_month: Option<u64>,
    /// Tokens of a request's input, on average.
    pub input_tokens: Option<u64>,
    /// Tokens of an answer, on average.
    pub output_tokens: Option<u64>,
    /// Tokens of the longest request, its answer included.
    pub longest_request_tokens: Option<u64>,
    /// A model behind an API that would do in this one's place, as in catalog/models.jsonl or under `models`.
    pub api_model: Option<String>,
    /// The model that the served one was fine-tuned from with adapters.
    pub base_model: Option<String>,
}

impl Config {
    /// Reads the text of an `llmlint.yaml`.
    ///
    /// # Errors
    /// The place that is malformed, unknown or out of range.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let parsed = yaml::parse(text, 0);
        if let Some(error) = parsed.error {
            return Err(error);
        }
        let Some(document) = parsed.documents.first() else {
            return Ok(Self::default());
        };
        if document.is_null() {
            return Ok(Self::default());
        }
        let config: Config = de::from_node(document)?;
        config.check(document)?;
        Ok(config)
    }

    fn check(&self, document: &crate::syntax::Node) -> Result<(), SyntaxError> {
        let fail = |key: &str, message: String| SyntaxError {
            span: document.get(key).unwrap_or(document).span,
            message,
        };
        for (index, setting) in self.prompts.iter().enumerate() {
            setting
                .check()
                .map_err(|why| fail("prompts", format!("entry {}: {why}", index + 1)))?;
        }
        for (index, setting) in self.tokenizers.iter().enumerate() {
            let inside = std::path::Path::new(&setting.file)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir));
            if setting.file.is_empty() || !inside {
                let why = "expected a `file` inside the repository, seen from the config's folder";
                return Err(fail("tokenizers", format!("entry {}: {why}", index + 1)));
            }
        }
        if self.days_per_month.is_some_and(|days| !prompts::is_month(days)) {
            return Err(fail(
                "days_per_month",
                "expected more than 0 and at most 31 days".to_owned(),
            ));
        }
        if let Some((key, why)) = self.money_fault() {
            return Err(fail(key, why));
        }
        for (index, budget) in self.budgets.iter().enumerate() {
            let entry = index + 1;
            if let Some((key, _)) = budget
                .limits()
                .iter()
                .find(|(_, limit)| limit.is_some_and(|limit| limit.is_sign_negative()))
            {
                return Err(fail("budgets", format!("entry {entry}: `{key}` is below zero")));
            }
            if budget.limits().iter().all(|(_, limit)| limit.is_none()) {
                return Err(fail(
                    "budgets",
                    format!("entry {entry} limits nothing: give it a limit such as `max_usd_per_month`"),
                ));
            }
            let twin = self.budgets[..index].iter().position(|other| {
                other.scope() == budget.scope()
                    && other.level == budget.level
                    && other
                        .limits()
                        .iter()
                        .zip(budget.limits())
                        .any(|(a, b)| a.1.is_some() && b.1.is_some())
            });
            if let Some(twin) = twin {
                return Err(fail(
                    "budgets",
                    format!(
                        "entries {} and {entry} limit the same thing: keep one of them",
                        twin + 1
                    ),
                ));
            }
        }
        let globs = self
            .exclude
            .iter()
            .map(|glob| ("exclude", glob))
            .chain(self.prompt_files.iter().flatten().map(|g| ("prompt_files", g)))
            .chain(
                self.prompts
                    .iter()
                    .filter(|s| !s.files.is_empty())
                    .map(|s| ("prompts", &s.files)),
            )
            .chain(self.deployments.iter().map(|s| ("deployments", &s.files)))
            .chain(self.ignore.iter().map(|s| ("ignore", &s.files)))
            .chain(self.tokenizers.iter().map(|s| ("tokenizers", &s.models)))
            .chain(
                self.budgets
                    .iter()
                    .filter_map(|budget| Some(("budgets", budget.files.as_ref()?))),
            );
        for (key, glob) in globs {
            if glob.is_empty() {
                return Err(fail(
                    key,
                    "an entry has no `files`: a glob such as \"prompts/**\"".to_owned(),
                ));
            }
            Glob::new(glob).map_err(|error| fail(key, error.to_string()))?;
        }
        Ok(())
    }

    /// Days of a month.
    pub fn days_per_month(&self) -> Decimal {
        self.days_per_month.unwrap_or(DAYS_PER_MONTH)
    }

    /// The globs of plain-text prompts, ready to match.
    pub fn prompt_globs(&self) -> GlobSet {
        match &self.prompt_files {
            Some(globs) => glob_set(globs.iter().map(String::as_str)),
            None => glob_set(DEFAULT_PROMPT_FILES.iter().copied()),
        }
    }

    /// The globs of what is left alone, ready to match.
    pub fn exclude_globs(&self) -> GlobSet {
        glob_set(self.exclude.iter().map(String::as_str))
    }
}

/// A set of globs; a glob that is malformed (the config's are checked when it is read) matches nothing.
pub fn glob_set<'a>(globs: impl Iterator<Item = &'a str>) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs.filter_map(|glob| Glob::new(glob).ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_folder_may_have_a_capital() {
        let globs = Config::default().prompt_globs();
        for (path, is_place) in [
            ("prompts/reply.md", true),
            ("src/App/Prompts/Reply.txt", true),
            ("src/App/Prompts/Reply.cs", false),
            ("src/App/Notes/Reply.txt", false),
        ] {
            assert_eq!(globs.is_match(path), is_place, "{path}");
        }
    }

    #[test]
    fn reads_settings_and_names_the_unknown_key() {
        let config = Config::parse(
            "rules:\n  missing-be-concise: off\n  oversized-model: {severity: error, options: {tasks: [code]}}\nprompts:\n  - files: 'prompts/**'\n    calls_per_month: 1000\n    output_tokens: {low: 10, high: 20}\n    cached_share: 0.5\n    variables:\n      question: 40\n      context: {low: 100, high: 900}\n      policy: {file: docs/policy.md}\n",
        )
        .expect("a valid config");
        assert_eq!(config.rules["missing-be-concise"], RuleSetting::Level(Level::Off));
        assert_eq!(config.prompts[0].output_tokens.map(TokenRange::ends), Some((10, 20)));
        assert_eq!(config.prompts[0].cached_share, Some(Decimal::new(5, 1)));
        let sizes = config.prompts[0].variables.as_ref().expect("sizes of variables");
        assert_eq!(sizes["question"], VariableSize::Tokens(TokenRange::Exactly(40)));
        let range = TokenRange::Range { low: 100, high: 900 };
        assert_eq!(sizes["context"], VariableSize::Tokens(range));
        let file = "docs/policy.md".to_owned();
        assert_eq!(sizes["policy"], VariableSize::Sample { file });
        let reversed = "prompts: [{files: a, variables: {x: {low: 2, high: 1}}}]\n";
        assert!(Config::parse(reversed).is_err());
        let error = Config::parse("prompts: []\nfail_onn: error\n").unwrap_err();
        assert_eq!(error.message, "unknown key `fail_onn`: did you mean `fail_on`?");
        assert!(Config::parse("exclude: ['a[']\n").is_err());
        assert_eq!(Config::parse("# nothing\n"), Ok(Config::default()));
    }
}
