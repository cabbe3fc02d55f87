//! What a call costs: exact decimals, each figure with the inputs that it is made of.

use rust_decimal::Decimal;

use crate::report::{Figure, Input};

/// Tokens of an answer, as a range, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputTokens {
    /// Low end, tokens.
    pub low: u64,
    /// High end, tokens.
    pub high: u64,
    /// Who says so.
    pub from: String,
}

/// How many calls a figure is for, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// Calls.
    pub count: Decimal,
    /// `1,000 calls` or `month`.
    pub per: &'static str,
    /// Who says so.
    pub from: String,
}

/// An input whose ends are the same.
pub fn input(name: &str, value: Decimal, unit: &str, from: impl Into<String>) -> Input {
    Input {
        name: name.to_owned(),
        low: value,
        high: value,
        unit: unit.to_owned(),
        from: from.into(),
    }
}

/// A price for a million tokens.
pub fn price(name: &str, usd: Decimal, from: &str) -> Input {
    input(name, usd, "USD per million tokens", from)
}

fn calls_input(calls: &Calls) -> Input {
    input("calls", calls.count, "calls", calls.from.clone())
}

const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Turns of a task that sends its history again with each of them, and the answers that this grows by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turns {
    /// How many.
    pub count: Input,
    /// The answer of a turn, where its length is known.
    pub answer: Option<OutputTokens>,
}

impl Turns {
    /// Turns as llmlint.yaml states them.
    pub fn new((low, high): (u64, u64), from: String, answer: Option<OutputTokens>) -> Self {
        Self {
            count: Input {
                low: Decimal::from(low),
                high: Decimal::from(high),
                ..input("turns", Decimal::ZERO, "turns of a task", from)
            },
            answer,
        }
    }
}

/// What a million input tokens cost, in words and in USD, with the inputs of that.
fn rate(price: &Input, cached: Option<(&Input, Input)>) -> Result<(&'static str, Decimal, Vec<Input>), String> {
    let Some((cached_price, share)) = cached else {
        return Ok(("input_price", price.high, vec![price.clone()]));
    };
    let usd = times(Decimal::ONE - share.high, price.high)?
        .checked_add(times(share.high, cached_price.high)?)
        .ok_or_else(too_large)?;
    let words = "((1 - cached_share) * input_price + cached_share * cached_price)";
    Ok((words, usd, vec![price.clone(), cached_price.clone(), share]))
}

/// USD of the input of a loop: each turn sends what it begins with and all answers so far. For a number of calls each
/// of them is a turn, and what a turn costs is the mean of a task's.
///
/// # Errors
/// Amounts beyond what a decimal holds.
pub fn looped_input_cost(
    tokens: (u64, u64, String),
    price_per_million: &Input,
    cached: Option<(&Input, Input)>,
    calls: &Calls,
    turns: &Turns,
    mut without: Vec<String>,
) -> Result<Figure, String> {
    let (words, usd, of_rate) = rate(price_per_million, cached)?;
    let (low, high, from) = tokens;
    let mut inputs = vec![Input {
        low: Decimal::from(low),
        high: Decimal::from(high),
        ..input("input_tokens", Decimal::ZERO, "tokens", from)
    }];
    let answer = match &turns.answer {
        Some(answer) => {
            let tokens = Input {
                low: Decimal::from(answer.low),
                high: Decimal::from(answer.high),
                ..input("answer_tokens", Decimal::ZERO, "tokens", answer.from.clone())
            };
            let ends = (tokens.low, tokens.high);
            inputs.push(tokens);
            Some(ends)
        }
        None => {
            without.push("the answers that are sent again".to_owned());
            None
        }
    };
    inputs.extend(of_rate);
    inputs.push(turns.count.clone());
    let monthly = calls.per == "month";
    inputs.push(if monthly { calls_input(calls) } else { tasks(calls) });
    let (each, number) = match (monthly, answer.is_some()) {
        (true, true) => ("(input_tokens + answer_tokens * (turns - 1) / 2)", "calls"),
        (true, false) => ("input_tokens", "calls"),
        (false, true) => (
            "(input_tokens * turns + answer_tokens * turns * (turns - 1) / 2)",
            "tasks",
        ),
        (false, false) => ("input_tokens * turns", "tasks"),
    };
    let value = |tokens: u64, answer: Option<Decimal>, turns: Decimal| -> Result<Decimal, String> {
        let again = match answer {
            Some(answer) => times(answer, turns - Decimal::ONE)? / Decimal::TWO,
            None => Decimal::ZERO,
        };
        let turn = Decimal::from(tokens).checked_add(again).ok_or_else(too_large)?;
        let whole = if monthly { turn } else { times(turn, turns)? };
        Ok((times(times(whole, usd)?, calls.count)? / MILLION).normalize())
    };
    Ok(Figure {
        low: value(low, answer.map(|(low, _)| low), turns.count.low)?,
        high: value(high, answer.map(|(_, high)| high), turns.count.high)?,
        unit: "USD".to_owned(),
        per: if monthly { calls.per } else { TASKS }.to_owned(),
        without,
        formula: format!("{each} * {words} * {number} / 1000000"),
        inputs,
    })
}

/// What a figure of tasks is per, where no volume is stated.
pub const TASKS: &str = "1,000 tasks";

fn tasks(calls: &Calls) -> Input {
    let from = "no volume is stated: shown per 1,000 tasks";
    input("tasks", calls.count, "tasks", from)
}

/// USD of the output of a loop, for as many tasks as `calls` says where no volume is stated.
///
/// # Errors
/// Amounts beyond what a decimal holds.
pub fn looped_output_cost(
    output: &OutputTokens,
    price_per_million: &Input,
    calls: &Calls,
    turns: &Turns,
) -> Result<Figure, String> {
    let mut figure = output_cost(output, price_per_million, calls)?;
    if calls.per == "month" {
        return Ok(figure);
    }
    figure.low = times(figure.low, turns.count.low)?.normalize();
    figure.high = times(figure.high, turns.count.high)?.normalize();
    figure.per = TASKS.to_owned();
    figure.formula = "output_tokens * turns * output_price * tasks / 1000000".to_owned();
    figure.inputs.pop();
    figure.inputs.push(turns.count.clone());
    figure.inputs.push(tasks(calls));
    Ok(figure)
}

/// USD of a prompt's input tokens.
///
/// # Errors
/// Amounts beyond what a decimal holds.
pub fn input_cost(
    tokens: (u64, u64, String),
    price_per_million: &Input,
    cached: Option<(&Input, Input)>,
    calls: &Calls,
    without: Vec<String>,
) -> Result<Figure, String> {
    let (low, high, from) = tokens;
    let tokens = Input {
        name: "input_tokens".to_owned(),
        low: Decimal::from(low),
        high: Decimal::from(high),
        unit: "tokens".to_owned(),
        from,
    };
    let formula = match cached {
        None => "input_tokens * input_price * calls / 1000000",
        Some(_) => {
            "(input_tokens * (1 - cached_share) * input_price + input_tokens * cached_share * cached_price) * calls / 1000000"
        }
    };
    let (_, usd, of_rate) = rate(price_per_million, cached)?;
    let mut inputs = vec![tokens];
    inputs.extend(of_rate);
    inputs.push(calls_input(calls));
    let count = calls.count;
    let value =
        |tokens: u64| -> Result<Decimal, String> { Ok(times(times(Decimal::from(tokens), usd)?, count)? / MILLION) };
    Ok(Figure {
        low: value(low)?.normalize(),
        high: value(high)?.normalize(),
        unit: "USD".to_owned(),
        per: calls.per.to_owned(),
        without,
        formula: formula.to_owned(),
        inputs,
    })
}

/// USD of a prompt's output tokens.
///
/// # Errors
/// Amounts beyond what a decimal holds.
pub fn output_cost(output: &OutputTokens, price_per_million: &Input, calls: &Calls) -> Result<Figure, String> {
    let tokens = Input {
        name: "output_tokens".to_owned(),
        low: Decimal::from(output.low),
        high: Decimal::from(output.high),
        unit: "tokens".to_owned(),
        from: output.from.clone(),
    };
    let count = calls.count;
    let value = |tokens: Decimal| -> Result<Decimal, String> {
        Ok(times(times(tokens, price_per_million.high)?, count)? / MILLION)
    };
    Ok(Figure {
        low: value(tokens.low)?.normalize(),
        high: value(tokens.high)?.normalize(),
        unit: "USD".to_owned(),
        per: calls.per.to_owned(),
        without: Vec::new(),
        formula: "output_tokens * output_price * calls / 1000000".to_owned(),
        inputs: vec![tokens, price_per_million.clone(), calls_input(calls)],
    })
}

/// The sum of two figures of the same unit; inputs that both have are named once.
///
/// # Errors
/// Amounts beyond what a decimal holds.
pub fn sum(first: &Figure, second: &Figure) -> Result<Figure, String> {
    let mut inputs = first.inputs.clone();
    for input in &second.inputs {
        if !inputs.contains(input) {
            inputs.push(input.clone());
        }
    }
    let mut without = first.without.clone();
    without.extend(second.without.iter().cloned());
    Ok(Figure {
        low: first.low.checked_add(second.low).ok_or_else(too_large)?,
        high: first.high.checked_add(second.high).ok_or_else(too_large)?,
        unit: first.unit.clone(),
        per: first.per.clone(),
        without,
        formula: format!("{} + {}", first.formula, second.formula),
        inputs,
    })
}

/// A share of a figure.
///
/// # Errors
/// Amounts beyond what a decimal holds.
pub fn share(figure: &Figure, low: Decimal, high: Decimal, from: &str) -> Result<Figure, String> {
    let mut inputs = vec![Input {
        name: "share".to_owned(),
        low,
        high,
        unit: "share".to_owned(),
        from: from.to_owned(),
    }];
    inputs.extend(figure.inputs.iter().cloned());
    Ok(Figure {
        low: times(figure.low, low)?.normalize(),
        high: times(figure.high, high)?.normalize(),
        unit: figure.unit.clone(),
        per: figure.per.clone(),
        without: figure.without.clone(),
        formula: format!("share * ({})", figure.formula),
        inputs,
    })
}

/// A product.
///
/// # Errors
/// It is larger than a decimal holds.
pub fn times(a: Decimal, b: Decimal) -> Result<Decimal, String> {
    a.checked_mul(b).ok_or_else(too_large)
}

/// What is said of an amount that no decimal holds.
pub fn too_large() -> String {
    "the amount is larger than a decimal holds".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_pays_for_its_history_with_each_turn() {
        let output = OutputTokens {
            low: 100,
            high: 300,
            from: String::new(),
        };
        let turns = Turns::new((4, 10), String::new(), Some(output.clone()));
        let rate = price("input_price", Decimal::TWO, "test");
        let mut calls = Calls {
            count: Decimal::ONE_THOUSAND,
            per: "1,000 calls",
            from: String::new(),
        };
        let cost = |calls: &Calls, turns: &Turns| {
            let tokens = (1_000, 1_000, String::new());
            looped_input_cost(tokens, &rate, None, calls, turns, Vec::new()).expect("a small amount")
        };
        // 4 turns send 1,000, 1,100, 1,200, 1,300: 4,600 tokens; 10 send 10,000 + 300 × 45 = 23,500. At $2 a million and
        // for 1,000 tasks: $9.20 and $47.
        let figure = cost(&calls, &turns);
        assert_eq!((figure.low, figure.high), (Decimal::new(92, 1), Decimal::from(47)));
        assert_eq!(figure.per, TASKS);
        let out = looped_output_cost(&output, &rate, &calls, &turns).expect("a small amount");
        // 4 × 100 and 10 × 300 tokens.
        assert_eq!((out.low, out.high), (Decimal::new(8, 1), Decimal::from(6)));
        // Of 1,000 calls a month each is a turn: at the mean 1,150 and 2,350 tokens.
        calls.per = "month";
        let figure = cost(&calls, &turns);
        assert_eq!((figure.low, figure.high), (Decimal::new(23, 1), Decimal::new(47, 1)));
        let unknown = Turns { answer: None, ..turns };
        assert_eq!(cost(&calls, &unknown).without, ["the answers that are sent again"]);
    }

    #[test]
    fn a_cost_can_be_redone_by_hand() {
        // 1,200 tokens at $2.50 a million, 1,000 times: 1200 × 2.5 / 1e6 × 1000 = $3.
        let calls = Calls {
            count: Decimal::ONE_THOUSAND,
            per: "1,000 calls",
            from: String::new(),
        };
        let rate = price("input_price", Decimal::new(25, 1), "test");
        let cost = input_cost((1200, 1200, String::new()), &rate, None, &calls, Vec::new());
        let cost = cost.expect("a small amount");
        assert_eq!(cost.high, Decimal::from(3));
        // Half of it cached at $1.25: 600 × 2.5 + 600 × 1.25 = $2.25 for 1,000 calls.
        let cached = price("cached_price", Decimal::new(125, 2), "test");
        let half = Some((&cached, input("cached_share", Decimal::new(5, 1), "share", "test")));
        let cost = input_cost((1200, 1200, String::new()), &rate, half, &calls, Vec::new());
        assert_eq!(cost.expect("a small amount").high, Decimal::new(225, 2));
        let large = Calls {
            count: Decimal::MAX,
            ..calls
        };
        assert!(input_cost((u64::MAX, u64::MAX, String::new()), &rate, None, &large, Vec::new()).is_err());
    }
}
