//! What a run found: the only thing that a reporter sees. Money and shares are decimals, written as strings.

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod change;
pub mod costs;
pub mod trend;

use change::{Comparison, Gate, Suppressed};

/// The version of the report's schema; a field that is removed or changes its meaning raises it.
pub const SCHEMA_VERSION: u32 = 1;
/// Hours of a month, as clouds count them.
pub const HOURS_A_MONTH: u32 = 730;

/// Why a folder with a repository of its own was not entered.
pub const ANOTHER_REPOSITORY: &str = "another repository, such as a submodule, which is not read: check it there";

/// Everything that a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this schema.
    pub schema_version: u32,
    /// The version of llmlint that made it.
    pub llmlint: String,
    /// The day that decided retirement and the age of prices (YYYY-MM-DD).
    pub today: String,
    /// The oldest date of a price that entered a figure of this report (YYYY-MM-DD); absent where none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices_as_of: Option<String>,
    /// The list that models' prices were looked up in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListAbout>,
    /// The currency in which totals are shown beside USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What is paid to providers in any case, and how much of it these prompts use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<Commitment>,
    /// Findings by path, place and rule.
    pub findings: Vec<Finding>,
    /// The units that were judged, by path and place.
    pub units: Vec<UnitReport>,
    /// Sums.
    pub totals: Totals,
    /// Conditions that could not be judged, and why.
    pub not_judged: Vec<NotJudged>,
    /// What became of each file that was looked at.
    pub files: Vec<FileNote>,
    /// The rules that findings name, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleAbout>,
    /// Findings that the files or the config ask not to report, by path and line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Suppressed>,
    /// What differs from an older state, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// What the budgets say, where the config has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
}

/// A list of prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceListAbout {
    /// What it was made from: `genai-prices 0.2.3`.
    pub name: String,
    /// The day of that (YYYY-MM-DD).
    pub as_of: String,
    /// Days from then to the day of the report; below zero where the report is for an earlier day.
    pub age_days: i64,
    /// Whether that is so long that prices may have changed since.
    pub old: bool,
}

impl PriceListAbout {
    /// What is said of a list that is old.
    pub fn warning(&self) -> Option<String> {
        let Self {
            name, as_of, age_days, ..
        } = self;
        self.old.then(|| {
            format!(
                "The price list is {age_days} days old ({name} of {as_of}): `llmlint catalog update` takes a newer one."
            )
        })
    }
}

/// A currency beside USD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Currency {
    /// Its code: `EUR`.
    pub code: String,
    /// How much of it one USD is.
    #[schemars(with = "String")]
    pub per_usd: Decimal,
    /// The day of that rate (YYYY-MM-DD).
    pub as_of: String,
    /// Where the team read it.
    pub source: String,
}

impl Currency {
    /// An amount of USD in this currency; `None` where no decimal holds it.
    pub fn of(&self, usd: Decimal) -> Option<Decimal> {
        usd.checked_mul(self.per_usd)
    }
}

/// What is paid to a provider in any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commitment {
    /// The provider, as the config calls it.
    pub provider: String,
    /// USD a month.
    #[schemars(with = "String")]
    pub usd_per_month: Decimal,
    /// The low end of what prompts with a stated volume use of it, USD a month.
    #[schemars(with = "String")]
    pub low: Decimal,
    /// The high end.
    #[schemars(with = "String")]
    pub high: Decimal,
    /// Prompts that it sums over.
    pub units: u64,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Costs money or carries a risk.
    Warning,
    /// Will not work.
    Error,
}

impl Severity {
    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// A rule that fired, or a file that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id; `syntax-error` or `unreadable-file` for a file that could not be read.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about (`output-cost`, `memory`, …).
    pub category: String,
    /// What and how much, in one sentence.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The file, from the scan's root.
    pub path: String,
    /// The bytes it is about.
    pub span: Location,
    /// The name of the unit it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What mending it would save.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// How to mend it by a change of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The studies and measurements that the rule rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Citation>,
    /// The lines around the place, secrets and control characters made harmless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
    /// What it is about, as 16 hexadecimal digits that stay the same when lines move.
    #[serde(default)]
    pub fingerprint: String,
    /// How it stands to an older state or a baseline, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FindingStatus>,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleAbout {
    /// Its id.
    pub id: String,
    /// How much it matters in this run.
    pub severity: Severity,
    /// Its category.
    pub category: String,
    /// One line.
    pub summary: String,
    /// Its page, as Markdown.
    pub page: String,
}

/// How a finding stands to an older state or a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FindingStatus {
    /// The older state does not have it.
    New,
    /// The older state has it too.
    Unchanged,
    /// The baseline accepts it: it fails no check.
    Accepted,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Location {
    /// First byte, from 0.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte, from 1, in characters.
    pub column: usize,
    /// Line of the end, from 1.
    pub end_line: usize,
    /// Column of the end, from 1, in characters.
    pub end_column: usize,
}

/// Some lines of a file as they may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Excerpt {
    /// The number of its first line, from 1.
    pub first_line: usize,
    /// The lines.
    pub text: String,
    /// Where in `text` the place starts, bytes.
    pub start: usize,
    /// Where in `text` it ends, bytes.
    pub end: usize,
}

/// An amount with everything that is needed to work it out again.
///
/// `formula` is arithmetic (`+ - * /`, brackets) over the names of `inputs`. It grows with each input whose ends differ,
/// so `low` is its value for their low ends and `high` for their high ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// The low end.
    #[schemars(with = "String")]
    pub low: Decimal,
    /// The high end; the same as `low` where nothing is a range.
    #[schemars(with = "String")]
    pub high: Decimal,
    /// `USD`, `GiB` or `tokens`.
    pub unit: String,
    /// Per what: `1,000 calls`, `month`, `hour`; empty where the amount stands for itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub per: String,
    /// What is not in it, where the true amount may be larger (variables whose size nobody stated).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// How it is made.
    pub formula: String,
    /// What it is made of.
    pub inputs: Vec<Input>,
}

/// One input of a figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// Its name in the formula.
    pub name: String,
    /// The low end.
    #[schemars(with = "String")]
    pub low: Decimal,
    /// The high end.
    #[schemars(with = "String")]
    pub high: Decimal,
    /// Its unit.
    pub unit: String,
    /// Where it comes from: the file's line, the catalog's source and date, or the config.
    pub from: String,
}

/// What mending a finding would save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Saving {
    /// The fact that it is a share of.
    pub of: String,
    /// What that is, in words: `the output tokens`.
    pub what: String,
    /// The share at the low end, 0 to 1.
    #[schemars(with = "String")]
    pub share_low: Decimal,
    /// The share at the high end, 0 to 1.
    #[schemars(with = "String")]
    pub share_high: Decimal,
    /// The amount; absent where it is not known, with the reason in `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Figure>,
    /// Why there is no amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// How to mend a finding by a change of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// Whether it may be made without a look (`safe`) or changes what is asked for (`unsafe`).
    pub safety: Safety,
    /// The changes, by place, without overlap.
    pub edits: Vec<Edit>,
}

/// Whether a fix may be made without a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// Behaviour stays as it is.
    Safe,
    /// Changes what the model is asked for: to be read before it is applied.
    Unsafe,
}

/// Bytes of a file to replace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// First byte to replace.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What to write in their place.
    pub text: String,
}

/// A study or measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    /// Its row in catalog/evidence.jsonl.
    pub id: String,
    /// What it says.
    pub claim: String,
    /// Where it can be read.
    pub url: String,
}

/// A unit and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitReport {
    /// Who bills its calls, as the price list calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed_by: Option<String>,
    /// Its name: path, and what tells it from its neighbours in the file.
    pub name: String,
    /// `prompt`, `embedding`, `deployment` or `training`.
    pub kind: String,
    /// The format it was read as.
    pub format: String,
    /// The file.
    pub path: String,
    /// The file, from the repository's root.
    #[serde(default)]
    pub from_root: String,
    /// Where it stands.
    pub span: Location,
    /// Its content, as 16 hexadecimal digits: for a prompt its messages, else the lines that it stands in.
    #[serde(default)]
    pub fingerprint: String,
    /// A sketch of its content, by which it is known after an edit and a move.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sketch: String,
    /// Who owns its file by CODEOWNERS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The tags that llmlint.yaml gives it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// By which share its calls grow from month to month, where llmlint.yaml says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub growth_per_month: Option<Decimal>,
    /// The model that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The GPUs that it asks for, in words: `2 copies of 1 × L4` (deployments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<String>,
    /// Tokens of its fixed text with the chat's framing (prompts).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCount>,
    /// Requests of the longest length that one copy holds at once, where that is known (deployments).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub concurrency: Option<Decimal>,
    /// What a call costs by part: `input`, `output` (prompts), `hour` (deployments).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Cost>,
}

impl UnitReport {
    /// Whether it is a request to a model, which is paid for by the call.
    pub fn is_request(&self) -> bool {
        matches!(self.kind.as_str(), "prompt" | "embedding")
    }
}

/// One part of a unit's cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// The fact: `prompt.cost.input`.
    pub fact: String,
    /// The amount; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Figure>,
    /// Why there is no amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// A count of tokens and how it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenCount {
    /// Tokens when every branch of the template takes its shortest way and every loop runs zero times.
    pub least: u64,
    /// Tokens when every branch takes its longest way and every loop runs once; `least` where there is none.
    pub most: u64,
    /// Whether it is what the model's own tokenizer gives; otherwise an estimate.
    pub exact: bool,
    /// How it was made: the encoding, or what the estimate rests on.
    pub how: String,
    /// The variables that are not counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

impl TokenCount {
    /// How the files that are included and can't be put in begin among the variables.
    pub const INCLUDED: &str = "the included ";

    /// Whether a file that is a part of the prompt is not counted: the count says only what it is at least.
    pub fn lacks_a_file(&self) -> bool {
        self.variables.iter().any(|name| name.starts_with(Self::INCLUDED))
    }
}

/// Sums over all units and findings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Files that were read as one of the formats.
    pub files: u64,
    /// Prompts.
    pub prompts: u64,
    /// Requests that embed.
    #[serde(default)]
    pub embeddings: u64,
    /// Deployments.
    pub deployments: u64,
    /// Training runs.
    pub trainings: u64,
    /// Tokens of all prompts' fixed text, at least.
    pub prompt_tokens: u64,
    /// Whether each of those counts is exact.
    pub prompt_tokens_exact: bool,
    /// Sums of known costs by part and `per`.
    pub costs: Vec<Sum>,
    /// Sums of known savings by `per`, findings on one unit composed.
    pub savings: Vec<Sum>,
}

/// A sum of amounts of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sum {
    /// `prompt.cost.input`, …; `savings`.
    pub of: String,
    /// `USD`.
    pub unit: String,
    /// `1,000 calls`, `month`, `hour`.
    pub per: String,
    /// The low end.
    #[schemars(with = "String")]
    pub low: Decimal,
    /// The high end.
    #[schemars(with = "String")]
    pub high: Decimal,
    /// Units that it sums over.
    pub units: u64,
    /// Units of the kind whose amount is not known.
    pub unknown: u64,
}

/// A rule whose condition could not be told for a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotJudged {
    /// The rule.
    pub rule: String,
    /// The unit's name.
    pub unit: String,
    /// What was not known, and why.
    pub reasons: Vec<String>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileNote {
    /// The file.
    pub path: String,
    /// The format it was read as; absent where it was left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Why it was left alone, or what else is worth saying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Text without control characters, bidirectional overrides and invisible characters, each written as its code point.
pub fn clean(text: &str) -> String {
    // Most texts hide nothing.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        push_clean(character, &mut out);
    }
    out
}

/// Adds a character to text that is to be shown, as [`clean`] writes it.
pub(crate) fn push_clean(character: char, out: &mut String) {
    use std::fmt::Write as _;
    match character {
        '\t' => out.push_str("    "),
        unsafe_one if !is_safe(unsafe_one) => {
            let _ = write!(out, "<U+{:04X}>", u32::from(unsafe_one));
        }
        other => out.push(other),
    }
}

/// Whether a character can be shown: it neither moves the cursor nor turns or hides what stands around it.
pub(crate) fn is_safe(character: char) -> bool {
    let hides = matches!(
        character,
        '\u{061c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2028}'..='\u{2029}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    );
    !hides && !character.is_control()
}

/// A whole number with a comma between thousands.
pub fn grouped(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// An amount of USD as people read it: two decimals from one dollar up, below that two significant digits more than
/// the leading zeros. Rounded only here; reports hold the exact amount.
pub fn money(amount: Decimal) -> String {
    let places = if amount.abs() >= Decimal::ONE || amount.is_zero() {
        2
    } else {
        let leading_zeros = amount
            .scale()
            .saturating_sub(amount.abs().mantissa().to_string().len() as u32);
        leading_zeros + 2
    };
    let rounded = amount.round_dp_with_strategy(places.max(2), RoundingStrategy::MidpointAwayFromZero);
    let text = format!("{rounded:.*}", places.max(2) as usize);
    match text.split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", grouped(whole)),
        None => grouped(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_keeps_what_matters() {
        let show = |text: &str| money(text.parse().expect("a decimal"));
        assert_eq!(show("1234567.891"), "1,234,567.89");
        assert_eq!(show("0.5"), "0.50");
        assert_eq!(show("0.0001234"), "0.00012");
        assert_eq!(show("0"), "0.00");
        assert_eq!(show("2.565"), "2.57");
        assert_eq!(grouped("-1234"), "-1,234");
    }
}
