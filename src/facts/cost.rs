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
    let mut inputs = vec![tokens, price_per_million.clone()];
    let mut formula = "input_tokens * input_price * calls / 1000000".to_owned();
    let mut rate = price_per_million.high;
    if let Some((cached_price, share)) = cached {
        formula = "(input_tokens * (1 - cached_share) * input_price + input_tokens * cached_share * cached_price) * calls / 1000000".to_owned();
        rate = times(Decimal::ONE - share.high, rate)?
            .checked_add(times(share.high, cached_price.high)?)
            .ok_or_else(too_large)?;
        inputs.push(cached_price.clone());
        inputs.push(share);
    }
    inputs.push(calls_input(calls));
    let count = calls.count;
    let value =
        |tokens: u64| -> Result<Decimal, String> { Ok(times(times(Decimal::from(tokens), rate)?, count)? / MILLION) };
    Ok(Figure {
        low: value(low)?.normalize(),
        high: value(high)?.normalize(),
        unit: "USD".to_owned(),
        per: calls.per.to_owned(),
        without,
        formula,
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
