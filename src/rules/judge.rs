//! One rule, one unit: whether it fires, what it says, what it would save, how it is mended.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::cel::{Condition, Outcome};
use super::page::{Checked, Rule};
use crate::facts::{Known, Subject, UnitFacts, Value, cost};
use crate::report::{Figure, Fix, Saving};
use crate::source::Place;

/// What a rule says of a unit.
#[derive(Debug)]
pub enum Judged {
    /// The condition is false.
    Silent,
    /// The condition could not be told: what was not known, and why.
    NotJudged(Vec<String>),
    /// The condition is true.
    Fires(Box<Draft>),
}

/// A finding before its place is turned into lines.
#[derive(Debug)]
pub struct Draft {
    /// What and how much.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Where.
    pub place: Place,
    /// What mending it saves.
    pub saving: Option<Saving>,
    /// How to mend it by a change of the file.
    pub fix: Option<Fix>,
}

/// Judges `subject` by `rule`, with the rule's options as this run sets them.
pub fn judge(rule: &Rule, options: &BTreeMap<String, Value>, subject: &Subject<'_>) -> Judged {
    let value_of = |name: &str| -> Known<Value> {
        if let Some(option) = name.strip_prefix("options.") {
            return options.get(option).cloned().map_or(Known::Absent, Known::Yes);
        }
        match subject.fact(name) {
            Some(fact) => fact.value.clone(),
            None => Known::Unknown("no such fact".into()),
        }
    };
    let checked = match rule.checked() {
        Ok(checked) => checked,
        Err(error) => return Judged::NotJudged(vec![format!("the rule's page: {error}")]),
    };
    match checked.when.evaluate(&mut |name| value_of(name)) {
        Outcome::Known(Value::Bool(true)) => {}
        Outcome::Known(_) => return Judged::Silent,
        Outcome::Unknown(reasons) => {
            let reasons = reasons.iter().map(|reason| format!("{}: {}", reason.fact, reason.why));
            return Judged::NotJudged(reasons.collect());
        }
        Outcome::Failed(fault) => return Judged::NotJudged(vec![fault.to_string()]),
    }
    let units = subject.kind().facts();
    let format = |name: &str, value: &Value| {
        let unit = units.iter().find(|(known, ..)| *known == name);
        show(value, unit.map_or("", |(_, _, unit, _)| unit))
    };
    let mut value = |name: &str| value_of(name);
    Judged::Fires(Box::new(Draft {
        message: checked.message.render(&mut value, &format),
        help: checked.help.render(&mut value, &format),
        place: subject
            .fact(&rule.at)
            .and_then(|fact| fact.place)
            .unwrap_or_else(|| subject.place()),
        saving: saving(rule, checked, subject, &value_of),
        fix: fix(rule, subject),
    }))
}

fn saving(
    rule: &Rule,
    checked: &Checked,
    subject: &Subject<'_>,
    value_of: &dyn Fn(&str) -> Known<Value>,
) -> Option<Saving> {
    let (page, [low, high]) = (rule.saving.as_ref()?, checked.shares.as_ref()?);
    let share = |condition: &Condition| match condition.evaluate(&mut |name| value_of(name)) {
        Outcome::Known(Value::Number(share)) => Some(share),
        Outcome::Known(Value::Int(share)) => Some(Decimal::from(share)),
        _ => None,
    };
    // To a hundredth of a percent, downwards: what is shown can be multiplied again.
    let down = |share: Decimal| {
        share
            .round_dp_with_strategy(4, RoundingStrategy::ToNegativeInfinity)
            .normalize()
    };
    let (low, high) = (down(share(low)?), down(share(high)?));
    if high <= Decimal::ZERO || low > high {
        return None;
    }
    let fact = subject.fact(&page.of)?;
    let from = match rule.evidence.as_slice() {
        [] => format!("rule {}", rule.id),
        rows => format!("rule {}, evidence: {}", rule.id, rows.join(", ")),
    };
    let amount: Result<Figure, String> = match (&fact.figure, &fact.value) {
        (Some(figure), _) if low == Decimal::ONE && high == Decimal::ONE => Ok(figure.clone()),
        (Some(figure), _) => cost::share(figure, low, high, &from),
        (None, Known::Unknown(why)) => Err(why.to_string()),
        (None, _) => Err("the file does not say it".to_owned()),
    };
    Some(Saving {
        of: page.of.clone(),
        what: page.what.clone(),
        share_low: low,
        share_high: high,
        unknown: amount.as_ref().err().cloned(),
        amount: amount.ok(),
    })
}

/// The rule's own change, where the place can be written to.
fn fix(rule: &Rule, subject: &Subject<'_>) -> Option<Fix> {
    let fix = rule.fix.as_ref()?;
    let UnitFacts::Prompt(facts) = &subject.facts else {
        return None;
    };
    if fix.append != "prompt.instructions" {
        return None;
    }
    crate::fix::append(facts.instructions()?, &fix.text, fix.safety)
}

/// A fact's value as a message shows it, by the fact's unit.
fn show(value: &Value, unit: &str) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Int(number) => crate::report::grouped(&number.to_string()),
        Value::Number(number) if unit == "share" => {
            format!("{}%", (number * Decimal::ONE_HUNDRED).round_dp(1).normalize())
        }
        Value::Number(number) if unit == "GiB" => format!("{} GiB", number.round_dp(1)),
        Value::Number(number) if unit == "USD" => format!("${}", crate::report::money(*number)),
        Value::Number(number) => number.round_dp(2).normalize().to_string(),
        Value::Str(text) => text.to_string(),
        Value::Strs(list) => list.join(", "),
    }
}
