//! A rule is a page: front matter with its condition and its words, then its documentation and its examples.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::Deserialize;

use super::cel::{Condition, ExprError};
use super::template::Template;
use crate::config::OptionValue;
use crate::facts::{FactNames, Type, UnitKind, Value};
use crate::report::{Safety, Severity};
use crate::source::Span;
use crate::syntax::{SyntaxError, de, front_matter, yaml};

/// A rule: what its page says, and its expressions ready to judge by.
#[derive(Debug)]
pub struct Rule {
    /// Its id: the page's file name.
    pub id: String,
    /// The kind of unit that it judges.
    pub unit: UnitKind,
    /// Whether a rule about prompts judges requests that embed as well.
    pub embeddings: bool,
    /// How much it matters, unless the config says otherwise.
    pub severity: Severity,
    /// Whether it is off unless asked for, because it has not proved itself on enough real files.
    pub preview: bool,
    /// What it is about.
    pub category: String,
    /// The fact whose place is shown.
    pub at: String,
    /// Its options' defaults, by name.
    pub options: BTreeMap<String, RuleOption>,
    /// What mending it saves.
    pub saving: Option<SavingRule>,
    /// How to mend it.
    pub fix: Option<FixRule>,
    /// Rows of the catalog's evidence.
    pub evidence: Vec<String>,
    /// The page's Markdown behind the front matter.
    pub body: Cow<'static, str>,
    /// Its expressions as the page writes them.
    written: Written,
    /// The same, checked; for a page of the program, when the rule first judges.
    checked: OnceLock<Result<Checked, PageError>>,
}

/// The expressions of a page.
#[derive(Debug)]
struct Written {
    when: String,
    message: String,
    help: String,
    /// The low and the high end of a saving's share.
    shares: Option<[String; 2]>,
}

/// The expressions of a page whose names and types are right.
#[derive(Debug)]
pub struct Checked {
    /// Fires where this is true.
    pub when: Condition,
    /// What and how much.
    pub message: Template,
    /// What to do.
    pub help: Template,
    /// The low and the high end of a saving's share.
    pub shares: Option<[Condition; 2]>,
}

/// An option of a rule.
#[derive(Debug, Clone)]
pub struct RuleOption {
    /// Its value where the config gives none.
    pub default: Value,
    /// What it decides.
    pub about: String,
}

/// A share of an amount: `of` names a fact with a figure.
#[derive(Debug)]
pub struct SavingRule {
    /// The fact.
    pub of: String,
    /// That fact in words.
    pub what: String,
}

/// Text to append to the place of a fact.
#[derive(Debug, Clone)]
pub struct FixRule {
    /// The fact.
    pub append: String,
    /// What is added, on a line of its own.
    pub text: String,
    /// Whether it may be applied without a look.
    pub safety: Safety,
}

/// An example on a rule's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Whether the rule must fire on it.
    pub fires: bool,
    /// The file's path, which may decide its format.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The `llmlint.yaml` that goes with it; empty where there is none.
    pub config: String,
    /// The file as it was before a change; empty where no change is judged.
    pub before: String,
}

/// A page that can't be used: where in it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageError {
    /// The page's id.
    pub id: String,
    /// The place in the page and what was expected.
    pub error: SyntaxError,
}

impl PageError {
    fn new(id: &str, span: Span, message: String) -> Self {
        Self {
            id: id.to_owned(),
            error: SyntaxError { span, message },
        }
    }
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.error.message)
    }
}

/// The front matter of a rule page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    /// `prompt`, `embedding`, `deployment` or `training`.
    unit: UnitKind,
    /// Whether a rule about prompts judges requests that embed as well, by the facts that those are told by (`prompt.model`).
    #[serde(default)]
    embeddings: bool,
    /// `info`, `warning` or `error`.
    severity: Severity,
    /// Off unless the config or the command line asks for it.
    #[serde(default)]
    preview: bool,
    /// `output-cost`, `input-cost`, `model`, `memory`, `throughput`, `correctness`, `reliability`, `training`.
    category: String,
    /// The condition: CEL over the unit's facts (`llmlint facts` lists them) and the rule's options.
    when: String,
    /// The fact whose place a finding shows.
    at: String,
    /// What and how much, with facts in braces.
    message: String,
    /// What to do, with facts in braces.
    help: String,
    /// The rule's options.
    #[serde(default)]
    options: BTreeMap<String, OptionMatter>,
    /// What mending it saves.
    #[serde(default)]
    saving: Option<SavingMatter>,
    /// How to mend it.
    #[serde(default)]
    fix: Option<FixMatter>,
    /// Rows of catalog/evidence.jsonl that it rests on.
    #[serde(default)]
    evidence: Vec<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OptionMatter {
    default: OptionValue,
    about: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SavingMatter {
    /// A fact with a figure.
    of: String,
    /// That fact in words.
    what: String,
    /// The share at the low end: a CEL expression (default 1).
    #[serde(default = "whole")]
    low: String,
    /// The share at the high end (default 1).
    #[serde(default = "whole")]
    high: String,
}

fn whole() -> String {
    "1".to_owned()
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FixMatter {
    append: String,
    text: String,
    safety: Safety,
}

impl Rule {
    /// Reads and checks a page.
    ///
    /// # Errors
    /// The place in the page: malformed front matter, an unknown key, a condition that does not fit the facts.
    pub fn parse(id: &str, page: &str) -> Result<Rule, PageError> {
        let fail = |span: Span, message: String| PageError::new(id, span, message);
        let front = front_matter::split(page, 0)
            .ok_or_else(|| fail(Span::at(0), "expected front matter between two lines `---`".to_owned()))?;
        let parsed = yaml::parse(&page[front.yaml.start..front.yaml.end], front.yaml.start);
        if let Some(error) = parsed.error {
            return Err(fail(error.span, error.message));
        }
        let node = parsed
            .documents
            .first()
            .ok_or_else(|| fail(front.yaml, "the front matter is empty".to_owned()))?;
        let matter: FrontMatter = de::from_node(node).map_err(|error| fail(error.span, error.message))?;
        // The place of a value, or of a part of it through its own way back to bytes.
        let place = |path: &[&str], part: Option<Range<usize>>| match (node.at(path), part) {
            (None, _) => front.yaml,
            (Some(node), None) => node.span,
            (Some(node), Some(part)) => node.text().map_or(front.yaml, |text| text.span_of(part)),
        };
        let body = page[front.body.start..front.body.end].trim_start().to_owned();
        let mut rule = Rule::new(id, matter, body.into(), &place)?;
        rule.checked = OnceLock::from(Ok(rule.check(&place)?));
        Ok(rule)
    }

    /// A page of the program: its front matter as JSON, and its Markdown. Its expressions are checked when it first
    /// judges; that they are right, and that the JSON is what the page says, are tests.
    ///
    /// # Errors
    /// JSON that is not front matter.
    pub(super) fn prepared(id: &str, matter: &str, body: &'static str) -> Result<Rule, PageError> {
        let matter =
            serde_json::from_str(matter).map_err(|error| PageError::new(id, Span::at(0), error.to_string()))?;
        Rule::new(id, matter, body.into(), &|_, _| Span::at(0))
    }

    fn new(id: &str, matter: FrontMatter, body: Cow<'static, str>, place: &Places<'_>) -> Result<Rule, PageError> {
        let mut options = BTreeMap::new();
        for (name, option) in matter.options {
            let default = option_value(&option.default)
                .map_err(|message| PageError::new(id, place(&["options", &name, "default"], None), message))?;
            let about = option.about;
            options.insert(name, RuleOption { default, about });
        }
        let (saving, shares) = match matter.saving {
            Some(SavingMatter { of, what, low, high }) => (Some(SavingRule { of, what }), Some([low, high])),
            None => (None, None),
        };
        Ok(Rule {
            id: id.to_owned(),
            unit: matter.unit,
            embeddings: matter.embeddings,
            severity: matter.severity,
            preview: matter.preview,
            category: matter.category,
            at: matter.at,
            options,
            saving,
            fix: matter.fix.map(|fix| FixRule {
                append: fix.append,
                text: fix.text,
                safety: fix.safety,
            }),
            evidence: matter.evidence,
            body,
            written: Written {
                when: matter.when,
                message: matter.message,
                help: matter.help,
                shares,
            },
            checked: OnceLock::new(),
        })
    }

    /// Its expressions, ready to judge by.
    ///
    /// # Errors
    /// An expression that does not fit the facts.
    pub fn checked(&self) -> Result<&Checked, &PageError> {
        self.checked.get_or_init(|| self.check(&|_, _| Span::at(0))).as_ref()
    }

    fn check(&self, place: &Places<'_>) -> Result<Checked, PageError> {
        let fail = |span: Span, message: String| PageError::new(&self.id, span, message);
        let options = self.options.iter();
        let types = options.map(|(name, option)| (name.clone(), option.default.ty()));
        let names = FactNames::new(self.unit, types.collect());
        let wrong = |path: &[&str], error: ExprError| fail(place(path, Some(error.span.clone())), error.with_help());
        let condition = |path: &[&str], source: &str, expected: Type| {
            Condition::compile(source, &names, expected).map_err(|error| wrong(path, error))
        };
        let template =
            |path: &[&str], source: &str| Template::compile(source, &names).map_err(|error| wrong(path, error));
        let known_fact = |path: &[&str], name: &str| {
            if names.knows(name) {
                Ok(())
            } else {
                Err(fail(place(path, None), names.unknown(name)))
            }
        };

        known_fact(&["at"], &self.at)?;
        if let Some(saving) = &self.saving {
            known_fact(&["saving", "of"], &saving.of)?;
        }
        if let Some(fix) = &self.fix {
            known_fact(&["fix", "append"], &fix.append)?;
        }
        let Written {
            when,
            message,
            help,
            shares,
        } = &self.written;
        Ok(Checked {
            when: condition(&["when"], when, Type::Bool)?,
            message: template(&["message"], message)?,
            help: template(&["help"], help)?,
            shares: match shares {
                Some([low, high]) => Some([
                    condition(&["saving", "low"], low, Type::Number)?,
                    condition(&["saving", "high"], high, Type::Number)?,
                ]),
                None => None,
            },
        })
    }

    /// One line for lists: the page's first paragraph.
    pub fn summary(&self) -> String {
        summary(&self.body)
    }

    /// Examples that fire and examples that don't.
    pub fn examples(&self) -> Vec<Example> {
        examples(&self.body)
    }
}

/// The place of the value at a path of the front matter, or of a part of its text.
type Places<'a> = dyn Fn(&[&str], Option<Range<usize>>) -> Span + 'a;

/// An option's value as rules read it.
///
/// # Errors
/// A number that is no decimal (infinite).
pub fn option_value(value: &OptionValue) -> Result<Value, String> {
    Ok(match value {
        OptionValue::Bool(value) => Value::Bool(*value),
        OptionValue::Int(value) => Value::Int(*value),
        OptionValue::Number(value) => Value::Number(
            rust_decimal::Decimal::from_str_exact(&value.to_string())
                .map_err(|_| format!("`{value}` is no decimal number"))?,
        ),
        OptionValue::Str(value) => Value::Str(value.as_str().into()),
        OptionValue::Strs(values) => Value::Strs(values.iter().map(|value| value.as_str().into()).collect()),
    })
}

/// The first paragraph behind the heading, on one line.
fn summary(body: &str) -> String {
    body.lines()
        .skip_while(|line| line.trim().is_empty() || line.starts_with('#'))
        .take_while(|line| !line.trim().is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The fenced blocks tagged `bad` or `ok`; blocks tagged `config` and `before` in front of one go with it.
fn examples(body: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut config = String::new();
    let mut before = String::new();
    let mut open: Option<(String, Vec<String>, String)> = None;
    for line in body.split_inclusive('\n') {
        let trimmed = line.trim_end();
        match &mut open {
            None => {
                let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
                if ticks >= 3 {
                    let words = trimmed[ticks..].split_whitespace().map(str::to_owned);
                    open = Some(("`".repeat(ticks), words.collect(), String::new()));
                }
            }
            Some((fence, words, text)) if trimmed == fence.as_str() => {
                let has = |word: &str| words.iter().any(|w| w == word);
                let path = words.iter().find_map(|word| word.strip_prefix("path="));
                if has("config") {
                    config = std::mem::take(text);
                } else if has("before") {
                    before = std::mem::take(text);
                } else if has("bad") || has("ok") {
                    let language = words.first().map_or("txt", String::as_str);
                    examples.push(Example {
                        fires: has("bad"),
                        path: path.map_or_else(|| default_path(language), str::to_owned),
                        text: std::mem::take(text),
                        config: std::mem::take(&mut config),
                        before: std::mem::take(&mut before),
                    });
                }
                open = None;
            }
            Some((_, _, text)) => text.push_str(line),
        }
    }
    examples
}

fn default_path(language: &str) -> String {
    match language {
        "text" | "txt" | "markdown" | "md" => "prompts/example.md".to_owned(),
        other => format!("prompts/example.{other}"),
    }
}
