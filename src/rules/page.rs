//! A rule is a page: front matter with its condition and its words, then its documentation and its examples.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::cel::Condition;
use super::template::Template;
use crate::config::OptionValue;
use crate::facts::{FactNames, Type, UnitKind, Value};
use crate::report::{Safety, Severity};
use crate::source::Span;
use crate::syntax::{SyntaxError, de, front_matter, yaml};

/// A rule, checked and ready to judge.
#[derive(Debug)]
pub struct Rule {
    /// Its id: the page's file name.
    pub id: String,
    /// The kind of unit that it judges.
    pub unit: UnitKind,
    /// How much it matters, unless the config says otherwise.
    pub severity: Severity,
    /// Whether it is off unless asked for, because it has not proved itself on enough real files.
    pub preview: bool,
    /// What it is about.
    pub category: String,
    /// One line for lists: the page's first paragraph.
    pub summary: String,
    /// Fires where this is true.
    pub when: Condition,
    /// The fact whose place is shown.
    pub at: String,
    /// What and how much.
    pub message: Template,
    /// What to do.
    pub help: Template,
    /// Its options' defaults, by name.
    pub options: BTreeMap<String, RuleOption>,
    /// What mending it saves.
    pub saving: Option<SavingRule>,
    /// How to mend it.
    pub fix: Option<FixRule>,
    /// Rows of the catalog's evidence.
    pub evidence: Vec<String>,
    /// The page's Markdown behind the front matter.
    pub body: String,
    /// Examples that fire and examples that don't.
    pub examples: Vec<Example>,
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
    /// The share at the low end.
    pub low: Condition,
    /// The share at the high end.
    pub high: Condition,
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

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.error.message)
    }
}

/// The front matter of a rule page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrontMatter {
    /// `prompt`, `deployment` or `training`.
    unit: UnitKind,
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
        let fail = |span: Span, message: String| PageError {
            id: id.to_owned(),
            error: SyntaxError { span, message },
        };
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
        let span_of = |path: &[&str]| node.at(path).map_or(front.yaml, |node| node.span);
        // A place inside a scalar, through its own way back to bytes.
        let inside = |path: &[&str], range: std::ops::Range<usize>| {
            node.at(path)
                .and_then(|node| node.text())
                .map_or(front.yaml, |text| text.span_of(range))
        };

        let mut options = BTreeMap::new();
        for (name, option) in matter.options {
            let default = option_value(&option.default)
                .map_err(|message| fail(span_of(&["options", &name, "default"]), message))?;
            options.insert(
                name,
                RuleOption {
                    default,
                    about: option.about,
                },
            );
        }
        let types = options
            .iter()
            .map(|(name, option)| (name.clone(), option.default.ty()))
            .collect();
        let names = FactNames::new(matter.unit, types);
        let compile = |path: &[&str], source: &str, expected: Type| {
            Condition::compile(source, &names, expected).map_err(|error| {
                let span = inside(path, error.span.clone());
                fail(span, error.with_help())
            })
        };
        let message = |path: &[&str], source: &str| {
            Template::compile(source, &names).map_err(|error| {
                let span = inside(path, error.span.clone());
                fail(span, error.with_help())
            })
        };
        let known_fact = |path: &[&str], name: &str| {
            if names.knows(name) {
                Ok(())
            } else {
                Err(fail(span_of(path), names.unknown(name)))
            }
        };

        known_fact(&["at"], &matter.at)?;
        let saving = match matter.saving {
            Some(saving) => {
                known_fact(&["saving", "of"], &saving.of)?;
                Some(SavingRule {
                    low: compile(&["saving", "low"], &saving.low, Type::Number)?,
                    high: compile(&["saving", "high"], &saving.high, Type::Number)?,
                    of: saving.of,
                    what: saving.what,
                })
            }
            None => None,
        };
        if let Some(fix) = &matter.fix {
            known_fact(&["fix", "append"], &fix.append)?;
        }
        let body = page[front.body.start..front.body.end].trim_start().to_owned();
        Ok(Rule {
            unit: matter.unit,
            severity: matter.severity,
            preview: matter.preview,
            category: matter.category,
            when: compile(&["when"], &matter.when, Type::Bool)?,
            at: matter.at,
            message: message(&["message"], &matter.message)?,
            help: message(&["help"], &matter.help)?,
            options,
            saving,
            fix: matter.fix.map(|fix| FixRule {
                append: fix.append,
                text: fix.text,
                safety: fix.safety,
            }),
            evidence: matter.evidence,
            summary: summary(&body),
            examples: examples(&body),
            body,
            id: id.to_owned(),
        })
    }
}

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
