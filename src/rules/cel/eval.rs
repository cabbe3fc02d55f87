//! Evaluation with a third truth value and a limit.

use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::check::{Comparison, Node, Operator, Search};
use super::{Fault, MAX_STEPS, Outcome, Reason, Why};
use crate::facts::{Known, Type, Value};

/// Bytes of text that one step looks at.
const BYTES_PER_STEP: usize = 4096;
/// Elements of a list that one step looks at.
const ELEMENTS_PER_STEP: usize = 64;

pub(super) fn evaluate(root: &Node, facts: &[(String, Type)], ask: &mut dyn FnMut(&str) -> Known<Value>) -> Outcome {
    let mut evaluator = Evaluator {
        facts,
        ask,
        answers: vec![None; facts.len()],
        variables: Vec::new(),
        steps: 0,
    };
    match evaluator.value(root) {
        Ok(value) => Outcome::Known(value),
        Err(Stop::Unknown(reasons)) => Outcome::Unknown(reasons),
        Err(Stop::Fault(fault)) => Outcome::Failed(fault),
    }
}

/// Why there is no value. What needs a value needs those of its operands, so `?` passes this on;
/// only logic looks at it.
enum Stop {
    Unknown(Vec<Reason>),
    Fault(Fault),
}

impl Stop {
    /// Of two operands without a value: a fault has to be reported, reasons add up.
    fn and(self, other: Stop) -> Stop {
        match (self, other) {
            (Stop::Unknown(mut reasons), Stop::Unknown(others)) => {
                for reason in others {
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                }
                Stop::Unknown(reasons)
            }
            (fault @ Stop::Fault(_), _) | (_, fault @ Stop::Fault(_)) => fault,
        }
    }
}

struct Evaluator<'a, 'f> {
    facts: &'a [(String, Type)],
    ask: &'f mut dyn FnMut(&str) -> Known<Value>,
    answers: Vec<Option<Known<Value>>>,
    variables: Vec<Arc<str>>,
    steps: u64,
}

impl Evaluator<'_, '_> {
    fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        self.steps = self.steps.saturating_add(steps as u64);
        if self.steps > MAX_STEPS {
            return Err(Stop::Fault(Fault::TooManySteps));
        }
        Ok(())
    }

    fn value(&mut self, node: &Node) -> Result<Value, Stop> {
        self.spend(1)?;
        Ok(match node {
            Node::Literal(value) => value.clone(),
            Node::Fact(index) => return self.fact(*index),
            Node::Has(index) => match self.answer(*index)? {
                Known::Yes(_) => Value::Bool(true),
                Known::Absent => Value::Bool(false),
                Known::Unknown(why) => return Err(self.unknown(*index, Why::Unknown(why))),
            },
            Node::Variable(slot) => Value::Str(self.variables[*slot].clone()),
            Node::List(elements) => {
                let texts: Result<Vec<_>, _> = elements.iter().map(|e| self.text(e)).collect();
                Value::Strs(texts?.into())
            }
            Node::Not(operand) => Value::Bool(!self.truth(operand)?),
            Node::Negate(operand) => match self.value(operand)? {
                Value::Int(n) => Value::Int(n.checked_neg().ok_or(OVERFLOW_NEGATE)?),
                value => Value::Number(-number(value)?),
            },
            Node::Widen(operand) => Value::Number(number(self.value(operand)?)?),
            Node::Logic { decisive, terms } => {
                Value::Bool(self.decide(*decisive, terms, |this, term| this.truth(term))?)
            }
            Node::Each { decisive, over, body } => {
                let elements = self.list(over)?;
                Value::Bool(self.decide(*decisive, elements.iter(), |this, element| {
                    this.variables.push(element.clone());
                    let truth = this.truth(body);
                    this.variables.pop();
                    truth
                })?)
            }
            Node::If(parts) => {
                let [condition, then, other] = &**parts;
                return match self.truth(condition) {
                    Ok(true) => self.value(then),
                    Ok(false) => self.value(other),
                    Err(Stop::Unknown(reasons)) => self.either(reasons, then, other),
                    Err(fault) => Err(fault),
                };
            }
            Node::Compare(comparison, operands) => {
                let [left, right] = &**operands;
                let left = self.value(left)?;
                let right = self.value(right)?;
                Value::Bool(match comparison {
                    Comparison::Equal => self.equal(&left, &right)?,
                    Comparison::NotEqual => !self.equal(&left, &right)?,
                    Comparison::Less => self.order(&left, &right)?.is_lt(),
                    Comparison::LessOrEqual => self.order(&left, &right)?.is_le(),
                    Comparison::Greater => self.order(&left, &right)?.is_gt(),
                    Comparison::GreaterOrEqual => self.order(&left, &right)?.is_ge(),
                })
            }
            Node::Arithmetic(operator, operands) => {
                let [left, right] = &**operands;
                let left = self.value(left)?;
                let right = self.value(right)?;
                return self.arithmetic(*operator, left, right);
            }
            Node::In(operands) => {
                let [needle, list] = &**operands;
                let needle = self.text(needle)?;
                let list = self.list(list)?;
                self.spend(list.len() / ELEMENTS_PER_STEP)?;
                Value::Bool(list.contains(&needle))
            }
            Node::Among(needle, elements) => {
                let needle = self.value(needle)?;
                Value::Bool(self.decide(true, elements, |this, element| {
                    let element = this.value(element)?;
                    this.equal(&needle, &element)
                })?)
            }
            Node::Size(operand) => {
                let size = match self.value(operand)? {
                    Value::Strs(list) => list.len(),
                    value => {
                        let text = into_text(value)?;
                        self.spend(text.len() / BYTES_PER_STEP)?;
                        text.chars().count()
                    }
                };
                Value::Int(i64::try_from(size).unwrap_or(i64::MAX))
            }
            Node::Search(search, operands) => {
                let [text, part] = &**operands;
                let text = self.text(text)?;
                let part = self.text(part)?;
                self.spend((text.len() + part.len()) / BYTES_PER_STEP)?;
                Value::Bool(match search {
                    Search::Contains => text.contains(&*part),
                    Search::StartsWith => text.starts_with(&*part),
                    Search::EndsWith => text.ends_with(&*part),
                })
            }
        })
    }

    /// Whether one of the items gives the decisive value. Otherwise the result is its opposite,
    /// unless an item without a value might have given it.
    fn decide<T>(
        &mut self,
        decisive: bool,
        items: impl IntoIterator<Item = T>,
        mut truth: impl FnMut(&mut Self, T) -> Result<bool, Stop>,
    ) -> Result<bool, Stop> {
        let mut open: Option<Stop> = None;
        for item in items {
            match truth(self, item) {
                Ok(value) if value == decisive => return Ok(decisive),
                Ok(_) => {}
                Err(Stop::Fault(Fault::TooManySteps)) => {
                    return Err(Stop::Fault(Fault::TooManySteps));
                }
                Err(stop) => {
                    open = Some(match open {
                        Some(earlier) => earlier.and(stop),
                        None => stop,
                    });
                }
            }
        }
        open.map_or(Ok(!decisive), Err)
    }

    /// `unknown ? then : other` is known where both come to the same.
    fn either(&mut self, reasons: Vec<Reason>, then: &Node, other: &Node) -> Result<Value, Stop> {
        let open = Stop::Unknown(reasons);
        match (self.value(then), self.value(other)) {
            (Ok(then), Ok(other)) => {
                if self.equal(&then, &other)? {
                    Ok(then)
                } else {
                    Err(open)
                }
            }
            (Err(Stop::Fault(Fault::TooManySteps)), _) | (_, Err(Stop::Fault(Fault::TooManySteps))) => {
                Err(Stop::Fault(Fault::TooManySteps))
            }
            // Another fault is in a branch that may not be taken.
            _ => Err(open),
        }
    }

    fn fact(&mut self, index: usize) -> Result<Value, Stop> {
        match self.answer(index)? {
            Known::Yes(value) => Ok(value),
            Known::Absent => Err(self.unknown(index, Why::Absent)),
            Known::Unknown(why) => Err(self.unknown(index, Why::Unknown(why))),
        }
    }

    fn unknown(&self, index: usize, why: Why) -> Stop {
        let fact = self.facts[index].0.clone();
        Stop::Unknown(vec![Reason { fact, why }])
    }

    /// What is known of a fact, asked for once.
    fn answer(&mut self, index: usize) -> Result<Known<Value>, Stop> {
        if let Some(answer) = &self.answers[index] {
            return Ok(answer.clone());
        }
        let (name, ty) = &self.facts[index];
        let answer = match (self.ask)(name) {
            Known::Yes(Value::Int(n)) if *ty == Type::Number => Known::Yes(Value::Number(n.into())),
            Known::Yes(value) if value.ty() != *ty => {
                return Err(Stop::Fault(Fault::WrongType(format!("`{name}`"))));
            }
            answer => answer,
        };
        self.answers[index] = Some(answer.clone());
        Ok(answer)
    }

    fn truth(&mut self, node: &Node) -> Result<bool, Stop> {
        match self.value(node)? {
            Value::Bool(value) => Ok(value),
            value => Err(mistyped(&value)),
        }
    }

    fn text(&mut self, node: &Node) -> Result<Arc<str>, Stop> {
        into_text(self.value(node)?)
    }

    fn list(&mut self, node: &Node) -> Result<Arc<[Arc<str>]>, Stop> {
        match self.value(node)? {
            Value::Strs(list) => Ok(list),
            value => Err(mistyped(&value)),
        }
    }

    fn equal(&mut self, left: &Value, right: &Value) -> Result<bool, Stop> {
        Ok(match (left, right) {
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Strs(left), Value::Strs(right)) => {
                self.spend(left.len().min(right.len()) / ELEMENTS_PER_STEP)?;
                left == right
            }
            _ => self.order(left, right)?.is_eq(),
        })
    }

    fn order(&mut self, left: &Value, right: &Value) -> Result<Ordering, Stop> {
        Ok(match (left, right) {
            (Value::Str(left), Value::Str(right)) => {
                self.spend(left.len().min(right.len()) / BYTES_PER_STEP)?;
                left.cmp(right)
            }
            (Value::Int(left), Value::Int(right)) => left.cmp(right),
            _ => number(left.clone())?.cmp(&number(right.clone())?),
        })
    }

    fn arithmetic(&mut self, operator: Operator, left: Value, right: Value) -> Result<Value, Stop> {
        let symbol = operator.symbol();
        let result = match (left, right) {
            (Value::Str(left), Value::Str(right)) => {
                self.spend((left.len() + right.len()) / BYTES_PER_STEP)?;
                return Ok(Value::Str(Arc::from([&*left, &*right].concat())));
            }
            (Value::Int(_), Value::Int(0)) if divides(operator) => {
                return Err(Stop::Fault(Fault::DivisionByZero(symbol)));
            }
            (Value::Int(left), Value::Int(right)) => match operator {
                Operator::Add => left.checked_add(right),
                Operator::Subtract => left.checked_sub(right),
                Operator::Multiply => left.checked_mul(right),
                Operator::Divide => left.checked_div(right),
                Operator::Remainder => left.checked_rem(right),
            }
            .map(Value::Int),
            (left, right) => {
                let (left, right) = (number(left)?, number(right)?);
                if divides(operator) && right.is_zero() {
                    return Err(Stop::Fault(Fault::DivisionByZero(symbol)));
                }
                match operator {
                    Operator::Add => left.checked_add(right),
                    Operator::Subtract => left.checked_sub(right),
                    Operator::Multiply => left.checked_mul(right),
                    Operator::Divide => left.checked_div(right),
                    Operator::Remainder => left.checked_rem(right),
                }
                .map(Value::Number)
            }
        };
        result.ok_or(Stop::Fault(Fault::Overflow(symbol)))
    }
}

const OVERFLOW_NEGATE: Stop = Stop::Fault(Fault::Overflow("-"));

fn divides(operator: Operator) -> bool {
    matches!(operator, Operator::Divide | Operator::Remainder)
}

fn number(value: Value) -> Result<Decimal, Stop> {
    match value {
        Value::Int(n) => Ok(n.into()),
        Value::Number(n) => Ok(n),
        value => Err(mistyped(&value)),
    }
}

fn into_text(value: Value) -> Result<Arc<str>, Stop> {
    match value {
        Value::Str(text) => Ok(text),
        value => Err(mistyped(&value)),
    }
}

/// The check has proven the types, so this does not happen; a fault is better than a panic.
fn mistyped(value: &Value) -> Stop {
    Stop::Fault(Fault::WrongType(format!("an operand ({:?})", value.ty())))
}
