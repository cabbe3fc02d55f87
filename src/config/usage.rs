//! `llmlint.usage.json`: how often prompts were really called, as `llmlint usage import` brings it together from exports.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of its schema.
pub const USAGE_VERSION: u32 = 1;
/// Its name, unless the config gives another.
pub const USAGE_FILE: &str = "llmlint.usage.json";

/// What exports count, by prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageFile {
    /// The version of this schema.
    pub schema_version: u32,
    /// The version of llmlint that made it.
    pub llmlint: String,
    /// The exports, one entry a format, by name.
    pub sources: Vec<UsageSource>,
    /// What was counted of prompts of the tree, by their names.
    pub units: Vec<UnitUsage>,
    /// What belongs to no prompt of the tree, the dearest first.
    pub unmatched: Vec<UnmatchedUsage>,
}

/// The exports of one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UsageSource {
    /// The format, as `llmlint usage formats` lists it.
    pub format: String,
    /// The names of the files.
    pub files: Vec<String>,
    /// The first day that they are about, in UTC (YYYY-MM-DD); absent where they hold no times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Days that they are about, both ends included, or as `--days` stated them; absent where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Rows that were added up.
    pub rows: u64,
    /// Rows that could not be read.
    pub bad_rows: u64,
    /// Rows that are no usage, by why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, u64>,
}

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counted {
    /// Calls; absent where the export does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Tokens of input, cached ones included; absent where the export does not count tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens of input that were read from a cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_input_tokens: u64,
    /// Tokens of input that were written to a cache.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
    /// Tokens of output; absent where the export does not count tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// USD: the export's own, or tokens at the catalog's prices; absent where neither is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub usd: Option<Decimal>,
    /// Who says what it cost: `export` or `catalog`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd_from: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What one source counts of one prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitUsage {
    /// The prompt's name, seen from this file's folder.
    pub unit: String,
    /// Its content when this was written, by which it is known under another name.
    pub fingerprint: String,
    /// The source's format.
    pub source: String,
    /// How the two were brought together: `fingerprint`, `prompt name`, `tag` or `model` (no other prompt of the tree is
    /// sent to it).
    pub matched_by: String,
    /// What was counted.
    #[serde(flatten)]
    pub counted: Counted,
    /// Tokens of its fixed text when this was written, where that is one number: what a call had beside it is variables
    /// and earlier turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_tokens: Option<u64>,
}

/// What one source counts of nothing in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmatchedUsage {
    /// The source's format.
    pub source: String,
    /// The model, as the source writes it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// The prompt's name there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// Its tags there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What was counted.
    #[serde(flatten)]
    pub counted: Counted,
    /// Why it belongs to no prompt.
    pub why: String,
}

/// What was measured of one prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The sums of the source that counts the most calls a day: two sources may count the same calls.
    pub usage: UnitUsage,
    /// Days of that source, where it counts calls.
    pub days: Option<u32>,
}

/// The file, ready to be asked.
#[derive(Debug, Default)]
pub struct Usage {
    by_name: HashMap<String, Measured>,
    by_fingerprint: HashMap<String, Measured>,
}

impl UsageFile {
    /// Reads the text of a usage file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.schema_version != USAGE_VERSION {
            return Err(format!(
                "its schema is version {}, this llmlint reads version {USAGE_VERSION}: run `llmlint usage import` again",
                file.schema_version
            ));
        }
        if file.sources.iter().any(|source| source.days == Some(0)) {
            return Err("a source of 0 days: run `llmlint usage import` again".to_owned());
        }
        Ok(file)
    }

    /// The same, ready to be asked.
    pub fn usage(self) -> Usage {
        let days: HashMap<&str, Option<u32>> = self
            .sources
            .iter()
            .map(|source| (source.format.as_str(), source.days))
            .collect();
        let mut usage = Usage::default();
        for unit in self.units {
            let found = Measured {
                days: days.get(unit.source.as_str()).copied().flatten(),
                usage: unit,
            };
            for (names, name) in [
                (&mut usage.by_name, found.usage.unit.clone()),
                (&mut usage.by_fingerprint, found.usage.fingerprint.clone()),
            ] {
                match names.get(&name) {
                    Some(known) if known.rate() >= found.rate() => {}
                    _ => {
                        names.insert(name, found.clone());
                    }
                }
            }
        }
        usage
    }
}

impl Usage {
    /// What was measured of a prompt: by its name from the file's folder, else by its content.
    pub fn of(&self, name: &str, fingerprint: impl FnOnce() -> String) -> Option<&Measured> {
        if self.by_name.is_empty() {
            return None;
        }
        self.by_name
            .get(name)
            .or_else(|| self.by_fingerprint.get(&fingerprint()))
    }
}

impl Measured {
    /// Calls a day, where they are known.
    fn rate(&self) -> Option<Decimal> {
        Decimal::from(self.usage.counted.calls?).checked_div(Decimal::from(self.days?))
    }

    /// Calls in a month of `days` days, to the whole call, and how that is made.
    pub fn calls(&self, days: Decimal) -> Option<(Decimal, String)> {
        let (calls, measured) = (self.usage.counted.calls?, self.days?);
        let month = Decimal::from(calls)
            .checked_mul(days)?
            .checked_div(Decimal::from(measured))?;
        Some((
            month.round(),
            format!(
                "{calls} calls in {measured} days, for a month of {days}: {}",
                self.from()
            ),
        ))
    }

    /// Tokens of an answer on average, rounded down and up, and who says so.
    pub fn output_tokens(&self) -> Option<((u64, u64), String)> {
        let counted = &self.usage.counted;
        let (low, high) = mean(counted.output_tokens?, counted.calls?)?;
        Some(((low, high), format!("mean of {}", self.from())))
    }

    /// Tokens that a call had on average beside its fixed text, rounded down and up, and who says so.
    pub fn beside_fixed_text(&self) -> Option<((u64, u64), String)> {
        let counted = &self.usage.counted;
        let (low, high) = mean(counted.input_tokens?, counted.calls?)?;
        let fixed = self.usage.fixed_tokens?;
        let beside = (low.checked_sub(fixed)?, high.checked_sub(fixed)?);
        Some((
            beside,
            format!(
                "with {} tokens a call beside the fixed text: mean of {}",
                ends(beside),
                self.from()
            ),
        ))
    }

    /// The share of input that was read from a cache, and who says so.
    pub fn cached_share(&self) -> Option<(Decimal, String)> {
        let counted = &self.usage.counted;
        let share = Decimal::from(counted.cached_input_tokens).checked_div(Decimal::from(counted.input_tokens?))?;
        Some((share.round_dp(4).min(Decimal::ONE).normalize(), self.from()))
    }

    fn from(&self) -> String {
        format!(
            "{} in {USAGE_FILE}, matched by {}",
            self.usage.source, self.usage.matched_by
        )
    }
}

fn mean(sum: u64, count: u64) -> Option<(u64, u64)> {
    Some((sum.checked_div(count)?, sum.div_ceil(count)))
}

fn ends((low, high): (u64, u64)) -> String {
    if low == high {
        low.to_string()
    } else {
        format!("{low} to {high}")
    }
}
