//! Amounts in words, the same in every output.

use rust_decimal::Decimal;

use crate::report::change::Ends;
use crate::report::{self, Commitment, Currency, Figure, Finding, Input, Saving, grouped, money};

/// Text that can't move the cursor, colour the terminal or forge a line, however it came into the report.
pub(super) fn clean(text: &str) -> String {
    report::clean(text)
}

/// JSON in which such characters are written as escapes; they can stand inside its strings alone, so it says the same.
pub(super) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || report::is_safe(character) {
            out.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// Text inside XML: what would end it or is no XML character is written otherwise.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Lines are kept apart; everything that could not be shown is made visible.
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push_str("&#10;");
        }
        for character in clean(line).chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&apos;"),
                '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
                other => out.push(other),
            }
        }
    }
    out
}

/// An amount of USD in another currency, in brackets; nothing where there is none.
pub(super) fn in_currency(low: Decimal, high: Decimal, currency: Option<&Currency>) -> String {
    let shown = |currency: &Currency| {
        let (low, high) = (money(currency.of(low)?), money(currency.of(high)?));
        let code = clean(&currency.code);
        Some(if low == high {
            format!(" ({low} {code})")
        } else {
            format!(" ({low} to {high} {code})")
        })
    };
    currency.and_then(shown).unwrap_or_default()
}

/// The rate of another currency, with where it is from.
pub(super) fn rate(currency: &Currency) -> String {
    format!(
        "1 USD is {} {}: {}, {} (llmlint.yaml).",
        currency.per_usd.normalize(),
        clean(&currency.code),
        clean(&currency.source),
        clean(&currency.as_of)
    )
}

/// What is paid to a provider in any case, and how much of it is used.
pub(super) fn commitment(commitment: &Commitment) -> String {
    let Commitment { low, high, units, .. } = commitment;
    let used = match low == high {
        true => format!("${}", money(*low)),
        false => format!("${} to ${}", money(*low), money(*high)),
    };
    format!(
        "committed: ${} per month to {}, of which {units} prompt{} with a stated volume use {used}",
        money(commitment.usd_per_month),
        clean(&commitment.provider),
        if *units == 1 { "" } else { "s" }
    )
}

/// An amount: `$1.20`, `$1.20 to $3.40 per month`, `at least $0.50`.
pub(super) fn amount(figure: &Figure) -> String {
    let show = |value: Decimal| match figure.unit.as_str() {
        "USD" => format!("${}", money(value)),
        unit => format!("{} {unit}", value.round_dp(2).normalize()),
    };
    let mut out = if figure.low == figure.high {
        show(figure.high)
    } else if figure.low.is_zero() {
        format!("up to {}", show(figure.high))
    } else {
        format!("{} to {}", show(figure.low), show(figure.high))
    };
    if !figure.without.is_empty() {
        out = format!("at least {out}");
    }
    if !figure.per.is_empty() {
        out.push_str(&format!(" per {}", figure.per));
    }
    out
}

/// The ends of an amount in `unit`: `$1.20 to $3.40`, `120 tokens`; what `unit` is per comes behind.
pub(super) fn ends(ends: &Ends, unit: &str) -> String {
    let (unit, per) = unit
        .split_once(" per ")
        .map_or((unit, None), |(unit, per)| (unit, Some(per)));
    let show = |value: Decimal| match unit {
        "USD" if value.is_sign_negative() && !value.is_zero() => format!("-${}", money(value.abs())),
        "USD" => format!("${}", money(value)),
        "percent" => format!("{}%", value.round_dp(1).normalize()),
        _ => {
            let text = value.round_dp(2).normalize().to_string();
            match text.split_once('.') {
                Some((whole, part)) => format!("{}.{part}", grouped(whole)),
                None => grouped(&text),
            }
        }
    };
    let mut out = if ends.low == ends.high {
        show(ends.high)
    } else {
        format!("{} to {}", show(ends.low), show(ends.high))
    };
    if !matches!(unit, "USD" | "percent") {
        out.push_str(&format!(" {unit}"));
    }
    if let Some(per) = per {
        out.push_str(&format!(" per {per}"));
    }
    out
}

/// A share: `40-90%`.
pub(super) fn share(low: Decimal, high: Decimal) -> String {
    let percent = |value: Decimal| (value * Decimal::ONE_HUNDRED).round_dp(1).normalize();
    if low == high {
        format!("{}%", percent(high))
    } else {
        format!("{}-{}%", percent(low), percent(high))
    }
}

/// A saving on one line; memory is not saved but lacking.
pub(super) fn saving_line(saving: &Saving) -> String {
    let verb = match &saving.amount {
        Some(figure) if figure.unit != "USD" => "",
        _ => "saves ",
    };
    let whole = saving.share_low == Decimal::ONE && saving.share_high == Decimal::ONE;
    let what = if whole {
        saving.what.clone()
    } else {
        format!("{} of {}", share(saving.share_low, saving.share_high), saving.what)
    };
    let line = match &saving.amount {
        Some(figure) => format!("{verb}{what}: {}", amount(figure)),
        None => format!("{verb}{what}"),
    };
    clean(&line)
}

/// A finding's saving in brackets, to stand behind its message; nothing where it has none.
pub(super) fn bracketed_saving(finding: &Finding) -> String {
    let saving = finding.saving.as_ref();
    saving
        .map(|saving| format!(" ({})", saving_line(saving)))
        .unwrap_or_default()
}

/// What a figure is made of, a line for the formula and one for each input.
pub(super) fn basis(figure: &Figure) -> Vec<String> {
    let mut lines = vec![format!("= {}", figure.formula)];
    lines.extend(figure.inputs.iter().map(|input| {
        let from = if input.from.is_empty() {
            String::new()
        } else {
            format!(" ({})", input.from)
        };
        clean(&format!("{} = {}{from}", input.name, input_ends(input)))
    }));
    for missing in &figure.without {
        lines.push(clean(&format!("without {missing}")));
    }
    lines
}

fn input_ends(input: &Input) -> String {
    let unit = if input.unit == "share" { "" } else { input.unit.as_str() };
    let value = if input.low == input.high {
        input.high.normalize().to_string()
    } else {
        format!("{} to {}", input.low.normalize(), input.high.normalize())
    };
    if unit.is_empty() {
        value
    } else {
        format!("{value} {unit}")
    }
}
