//! What a change did, for the comment: its costs and tokens with their basis, and the units that changed most.

use rust_decimal::Decimal;

use super::super::change::{cost_line, part};
use super::super::words::{ends, in_currency};
use super::super::{Style, change};
use super::{ROWS, code, counted, linked, text};
use crate::report::change::{Change, Comparison, CostChange, Ends, UnitChange};
use crate::report::{HOURS_A_MONTH, Report, TokenCount, UnitReport, grouped};

/// Sources of figures that are named below the table.
const SOURCES: usize = 4;

const NOTHING: Ends = Ends {
    low: Decimal::ZERO,
    high: Decimal::ZERO,
};

/// What the change adds, for the verdict: `$2.16 more per month`; nothing where no cost changed.
pub(super) fn headline(comparison: &Comparison) -> Option<String> {
    let month = month(&comparison.costs);
    let (cost, per) = match month {
        Some(cost) => (cost, "month"),
        None => (
            together(&comparison.costs, |cost| cost.per == "1,000 calls")?,
            "1,000 calls",
        ),
    };
    let growth = cost.growth();
    (!is_zero(growth)).then(|| format!("{} per {per}", more(growth)))
}

/// Costs before and after, tokens, and what they rest on.
pub(super) fn costs(comparison: &Comparison, report: &Report) -> String {
    let base = text(&comparison.base);
    if change::is_nothing(comparison) {
        let same = counted(usize::try_from(comparison.unchanged).unwrap_or(usize::MAX), "unit");
        return format!("Nothing changed against {base}: {same} as before.\n");
    }
    let differing: Vec<&CostChange> = comparison
        .costs
        .iter()
        .filter(|cost| cost.before != cost.after)
        .collect();
    let mut rows: Vec<String> = differing
        .iter()
        .map(|cost| row(&format!("{} per {}", part(&cost.of), cost.per), cost, report))
        .collect();
    // One row says it all where there is no other.
    let in_month = differing
        .iter()
        .filter(|cost| cost.per == "month" || cost.per == "hour");
    if let Some(all) = month(&comparison.costs).filter(|all| !is_zero(all.growth()))
        && (in_month.clone().count() > 1 || in_month.clone().any(|cost| cost.per == "hour"))
    {
        let has = |per: &str| differing.iter().any(|cost| cost.per == per);
        let name = match (has("month"), has("hour")) {
            (false, _) => format!("GPUs per month of {HOURS_A_MONTH} hours"),
            (true, true) => format!("together per month, GPUs for {HOURS_A_MONTH} hours"),
            (true, false) => "together per month".to_owned(),
        };
        rows.push(row(&name, &all, report));
    }
    rows.extend(tokens(comparison));
    if rows.is_empty() {
        return format!("No cost or count of tokens that is known changed against {base}.\n");
    }
    format!(
        "| against {base} | before | after | change |\n| --- | --- | --- | --- |\n{}\n{}",
        rows.concat(),
        sources(comparison, report)
    )
}

fn row(name: &str, cost: &CostChange, report: &Report) -> String {
    let currency = report.currency.as_ref().filter(|_| cost.unit == "USD");
    let shown = |side: &Ends| text(&(ends(side, &cost.unit) + &in_currency(side.low, side.high, currency)));
    let show = |side: &Option<Ends>| side.as_ref().map_or_else(|| "none".to_owned(), shown);
    let percent = match (&cost.before, &cost.after) {
        (Some(before), Some(after)) if before.low == before.high && after.low == after.high => {
            percent(before.high, after.high)
        }
        _ => String::new(),
    };
    format!(
        "| {} | {} | {} | {}{percent} |\n",
        text(name),
        show(&cost.before),
        show(&cost.after),
        text(&more(cost.growth())),
    )
}

/// The row of what the changed prompts send as fixed text.
fn tokens(comparison: &Comparison) -> Option<String> {
    let (mut before, mut after, mut exact) = (0_u64, 0_u64, true);
    for unit in &comparison.units {
        for (count, sum) in [(&unit.tokens_before, &mut before), (&unit.tokens, &mut after)] {
            if let Some(count) = count {
                *sum = sum.saturating_add(count.least);
                exact &= count.exact;
            }
        }
    }
    if before == after {
        return None;
    }
    let mark = if exact { "" } else { "~" };
    let show = |count: u64| format!("{mark}{} tokens", grouped(&count.to_string()));
    let words = if after > before { "more" } else { "less" };
    Some(format!(
        "| fixed text of what changed | {} | {} | {} {words}{} |\n",
        text(&show(before)),
        text(&show(after)),
        text(&show(after.abs_diff(before))),
        percent(before.into(), after.into())
    ))
}

/// By how many percent an amount grew, in brackets; nothing where it grew from nothing.
fn percent(before: Decimal, after: Decimal) -> String {
    let growth = after.saturating_sub(before).saturating_mul(Decimal::ONE_HUNDRED);
    match growth.checked_div(before) {
        Some(growth) => {
            let sign = if growth.is_sign_negative() { "" } else { "+" };
            // Of a large growth, a tenth of a percent tells nothing.
            let places = u32::from(growth.abs() < Decimal::ONE_HUNDRED);
            let shown = growth.round_dp(places).normalize().to_string();
            text(&format!(" ({sign}{shown}%)"))
        }
        None => String::new(),
    }
}

/// What the costs of the changed units rest on: a figure without its basis is a guess.
fn sources(comparison: &Comparison, report: &Report) -> String {
    let mut volumes: Vec<String> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    let (mut no_volume, mut open) = (false, false);
    for figure in now(comparison, report)
        .flat_map(|unit| &unit.costs)
        .filter_map(|cost| cost.amount.as_ref())
    {
        no_volume |= figure.per == "1,000 calls";
        open |= !figure.without.is_empty();
        for input in &figure.inputs {
            let list = match input.name.as_str() {
                "calls" | "output_tokens" => &mut volumes,
                "input_price" | "output_price" | "gpu_hour" => &mut others,
                _ => continue,
            };
            if !input.from.is_empty() && !list.contains(&input.from) {
                list.push(input.from.clone());
            }
        }
    }
    let mut named = in_one(volumes);
    let left = others.len().saturating_sub(SOURCES);
    named.extend(others.into_iter().take(SOURCES));
    if left > 0 {
        named.push(format!("{left} more below"));
    }
    if open {
        named.push("variables whose size nobody states are not counted, so input costs at least this".to_owned());
    }
    if no_volume {
        named.push(
            "no volume is stated for some: calls_per_month in llmlint.yaml turns $ per 1,000 calls into $ a month"
                .to_owned(),
        );
    }
    if named.is_empty() {
        return String::new();
    }
    format!("<sub>Basis: {}.</sub>\n", text(&named.join("; ")))
}

/// What stands in one file is told together: `calls_per_month, output_tokens in llmlint.yaml`.
fn in_one(from: Vec<String>) -> Vec<String> {
    let config = " in llmlint.yaml";
    let (own, mut others): (Vec<String>, Vec<String>) = from.into_iter().partition(|name| name.ends_with(config));
    let keys: Vec<&str> = own.iter().filter_map(|name| name.strip_suffix(config)).collect();
    if !keys.is_empty() {
        others.insert(0, format!("{}{config}", keys.join(", ")));
    }
    others
}

/// The units that the change touches, as they are now.
pub(super) fn now<'a>(comparison: &'a Comparison, report: &'a Report) -> impl Iterator<Item = &'a UnitReport> {
    let touched = comparison
        .units
        .iter()
        .filter(|unit| matches!(unit.change, Change::New | Change::Changed));
    touched.filter_map(|change| {
        let mut units = report.units.iter();
        units.find(|unit| unit.name == change.name && unit.kind == change.kind)
    })
}

/// The units that changed, those that changed the cost most first; those that only moved in a line.
pub(super) fn units(comparison: &Comparison, style: &Style<'_>) -> String {
    let (moved, mut units): (Vec<&UnitChange>, Vec<&UnitChange>) =
        comparison.units.iter().partition(|unit| unit.change == Change::Moved);
    let weight = |unit: &UnitChange| {
        let money = month(&unit.costs)
            .or_else(|| together(&unit.costs, |_| true))
            .map(|cost| cost.growth().high.abs());
        let count = |count: &Option<TokenCount>| count.as_ref().map_or(0, |count| count.least);
        (
            money.unwrap_or_default(),
            count(&unit.tokens).abs_diff(count(&unit.tokens_before)),
        )
    };
    units.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.name.cmp(&b.name)));
    let mut out = String::new();
    if !units.is_empty() {
        out.push_str("| what changed most | tokens | cost |\n| --- | --- | --- |\n");
        for unit in units.iter().take(ROWS) {
            out.push_str(&unit_row(unit, style));
        }
        if units.len() > ROWS {
            out.push_str(&format!("\n{} more units changed.\n", units.len() - ROWS));
        }
    }
    if !moved.is_empty() {
        let shown: Vec<String> = moved
            .iter()
            .take(ROWS)
            .map(|unit| {
                let was = unit.was.as_deref().unwrap_or(&unit.name);
                format!("{} → {}", code(was), linked(&unit.name, &unit.path, unit.line, style))
            })
            .collect();
        let more = if moved.len() > ROWS { ", …" } else { "" };
        let gap = if out.is_empty() { "" } else { "\n" };
        out.push_str(&format!(
            "{gap}Moved and otherwise the same: {}{more}\n",
            shown.join(", ")
        ));
    }
    out
}

fn unit_row(unit: &UnitChange, style: &Style<'_>) -> String {
    let mut what = match unit.change {
        Change::New => "new: ".to_owned(),
        Change::Gone => "gone: ".to_owned(),
        Change::Changed | Change::Moved => String::new(),
    };
    what.push_str(&match unit.change {
        // The newer state has no such line to lead to.
        Change::Gone => code(&unit.name),
        _ => linked(&unit.name, &unit.path, unit.line, style),
    });
    if let Some(was) = &unit.was {
        what.push_str(&format!(" (was {})", code(was)));
    }
    for (before, now, none) in [
        (&unit.model_before, &unit.model, "no model"),
        (&unit.gpus_before, &unit.gpus, "no GPU known"),
    ] {
        if unit.change == Change::Changed && before != now {
            let name = |side: &Option<String>| side.as_deref().map_or_else(|| none.to_owned(), code);
            what.push_str(&format!("<br>{} → {}", name(before), name(now)));
        }
    }
    let count = |count: &Option<TokenCount>| {
        count.as_ref().map(|count| {
            let mark = if count.exact { "" } else { "~" };
            text(&format!("{mark}{}", grouped(&count.least.to_string())))
        })
    };
    let tokens = match (count(&unit.tokens_before), count(&unit.tokens)) {
        (Some(before), Some(now)) if before != now => format!("{before} → {now}"),
        (Some(before), None) => format!("{before} → 0"),
        (_, now) => now.unwrap_or_default(),
    };
    let costs: Vec<String> = unit
        .costs
        .iter()
        .filter(|cost| cost.before != cost.after)
        .map(|cost| text(&cost_line(cost)))
        .collect();
    let costs = if costs.is_empty() {
        "as before, or not known".to_owned()
    } else {
        costs.join("<br>")
    };
    format!("| {what} | {tokens} | {costs} |\n")
}

/// What became of findings, and what is newly not reported.
pub(super) fn findings(comparison: &Comparison) -> String {
    let mut out = String::new();
    if !comparison.fixed.is_empty() || comparison.unchanged_findings > 0 {
        out.push_str(&format!(
            "Findings that were there before: {} mended, {} left.\n",
            comparison.fixed.len(),
            comparison.unchanged_findings
        ));
    }
    if !comparison.new_suppressions.is_empty() {
        out.push('\n');
    }
    for suppressed in comparison.new_suppressions.iter().take(ROWS) {
        out.push_str(&format!(
            "- newly not reported: {} at {} ({})\n",
            code(&suppressed.rule),
            code(&format!("{}:{}", suppressed.path, suppressed.line)),
            if suppressed.reason.is_empty() {
                "no reason given".to_owned()
            } else {
                text(&suppressed.reason)
            }
        ));
    }
    if comparison.new_suppressions.len() > ROWS {
        out.push_str(&format!("- … and {} more\n", comparison.new_suppressions.len() - ROWS));
    }
    out
}

/// USD a month of prompts whose volume is stated and of GPUs, before and after; nothing where neither is known.
fn month(costs: &[CostChange]) -> Option<CostChange> {
    together(costs, |cost| cost.per == "month" || cost.per == "hour")
}

/// The sum of some costs, hours as a month of them.
fn together(costs: &[CostChange], of: impl Fn(&CostChange) -> bool) -> Option<CostChange> {
    let mut chosen = costs.iter().filter(|cost| cost.unit == "USD" && of(cost)).peekable();
    chosen.peek()?;
    let mut sum = CostChange {
        of: String::new(),
        unit: "USD".to_owned(),
        per: "month".to_owned(),
        before: None,
        after: None,
    };
    for cost in chosen {
        let hours = if cost.per == "hour" {
            Decimal::from(HOURS_A_MONTH)
        } else {
            Decimal::ONE
        };
        for (side, into) in [(cost.before, &mut sum.before), (cost.after, &mut sum.after)] {
            if let Some(side) = side {
                let all = into.get_or_insert(NOTHING);
                all.low = all.low.saturating_add(side.low.saturating_mul(hours));
                all.high = all.high.saturating_add(side.high.saturating_mul(hours));
            }
        }
    }
    Some(sum)
}

fn is_zero(ends: Ends) -> bool {
    ends.low.is_zero() && ends.high.is_zero()
}

/// USD that were added, in words: `$1.20 to $3.00 more`, `$0.40 less`.
fn more(growth: Ends) -> String {
    let (low, high) = (growth.low.min(growth.high), growth.low.max(growth.high));
    let show = |low: Decimal, high: Decimal| ends(&Ends { low, high }, "USD");
    if is_zero(growth) {
        "as before".to_owned()
    } else if !low.is_sign_negative() {
        format!("{} more", show(low, high))
    } else if !high.is_sign_positive() || high.is_zero() {
        format!("{} less", show(high.abs(), low.abs()))
    } else {
        format!("{} less to {} more", show(low.abs(), low.abs()), show(high, high))
    }
}
