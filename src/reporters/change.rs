//! What a change did and what the budgets say, as lines of text.

use super::words::{clean, ends};
use crate::report::change::{Change, Comparison, CostChange, Ends, Gate, Limit, LimitOutcome, UnitChange};
use crate::report::grouped;

/// Units of a change that are listed.
const UNITS_SHOWN: usize = 12;

/// What differs from the base.
pub(super) fn comparison(comparison: &Comparison) -> Vec<String> {
    let base = clean(&comparison.base);
    if is_nothing(comparison) {
        return vec![format!(
            "Nothing changed against {base}: {} units and {} findings are as before.",
            comparison.unchanged, comparison.unchanged_findings
        )];
    }
    let count = |change: Change| comparison.units.iter().filter(|unit| unit.change == change).count();
    let mut counts: Vec<String> = [Change::New, Change::Changed, Change::Moved, Change::Gone]
        .into_iter()
        .map(|change| (count(change), change))
        .filter(|(count, _)| *count > 0)
        .map(|(count, change)| format!("{count} {}", change.name()))
        .collect();
    counts.push(format!("{} the same", comparison.unchanged));
    let mut lines = vec![format!("Against {base}: units {}", counts.join(", "))];
    for cost in comparison.costs.iter().filter(|cost| cost.before != cost.after) {
        lines.push(format!("  {}", cost_line(cost)));
    }
    for unit in comparison.units.iter().take(UNITS_SHOWN) {
        lines.push(format!("  {}", unit_line(unit)));
        for cost in unit.costs.iter().filter(|cost| cost.before != cost.after) {
            lines.push(format!("      {}", cost_line(cost)));
        }
    }
    if comparison.units.len() > UNITS_SHOWN {
        lines.push(format!("  … and {} more", comparison.units.len() - UNITS_SHOWN));
    }
    let shown = match comparison.unchanged_findings {
        0 => "",
        _ => " (`llmlint check` shows those)",
    };
    lines.push(format!(
        "  findings: {} new, {} mended, {} as before{shown}",
        comparison.new_findings,
        comparison.fixed.len(),
        comparison.unchanged_findings
    ));
    for suppressed in &comparison.new_suppressions {
        let reason = if suppressed.reason.is_empty() {
            "no reason given".to_owned()
        } else {
            clean(&suppressed.reason)
        };
        lines.push(format!(
            "  newly not reported: {} at {}:{} ({reason})",
            clean(&suppressed.rule),
            clean(&suppressed.path),
            suppressed.line
        ));
    }
    lines
}

/// Whether a change did nothing that a report could tell.
pub(super) fn is_nothing(comparison: &Comparison) -> bool {
    comparison.units.is_empty()
        && comparison.new_findings == 0
        && comparison.fixed.is_empty()
        && comparison.new_suppressions.is_empty()
}

/// What became of a unit, on one line.
pub(super) fn unit_line(unit: &UnitChange) -> String {
    let mut line = format!("{:<7} {}", unit.change.name(), clean(&unit.name));
    if let Some(was) = &unit.was {
        line.push_str(&format!(" (was {})", clean(was)));
    }
    if unit.model_before != unit.model && unit.change == Change::Changed {
        let name = |model: &Option<String>| model.as_deref().map_or_else(|| "no model".to_owned(), clean);
        line.push_str(&format!(", {} → {}", name(&unit.model_before), name(&unit.model)));
    }
    if unit.gpus_before != unit.gpus && unit.change == Change::Changed {
        let name = |gpus: &Option<String>| gpus.as_deref().map_or_else(|| "no GPU known".to_owned(), clean);
        line.push_str(&format!(", {} → {}", name(&unit.gpus_before), name(&unit.gpus)));
    }
    let tokens = |count: &Option<crate::report::TokenCount>| {
        count.as_ref().map(|count| {
            let mark = if count.exact { "" } else { "~" };
            let most = if count.most == count.least {
                String::new()
            } else {
                format!(" to {}", grouped(&count.most.to_string()))
            };
            format!("{mark}{}{most}", grouped(&count.least.to_string()))
        })
    };
    match (tokens(&unit.tokens_before), tokens(&unit.tokens)) {
        (Some(before), Some(now)) if before != now => line.push_str(&format!(", {before} → {now} tokens")),
        (None, Some(now)) => line.push_str(&format!(", {now} tokens")),
        _ => {}
    }
    line
}

/// A cost before and after, on one line.
pub(super) fn cost_line(cost: &CostChange) -> String {
    let show = |side: &Option<Ends>| {
        side.as_ref()
            .map_or_else(|| "none".to_owned(), |side| ends(side, &cost.unit))
    };
    format!(
        "{}: {} → {} per {}",
        part(&cost.of),
        show(&cost.before),
        show(&cost.after),
        clean(&cost.per)
    )
}

/// What a cost is for.
pub(super) fn part(of: &str) -> &str {
    match of {
        "prompt.cost.input" => "input",
        "prompt.cost.output" => "output",
        "deployment.cost.hour" => "GPUs",
        "training.cost.run" => "training",
        other => other,
    }
}

/// What the budgets say.
pub(super) fn gate(gate: &Gate) -> Vec<String> {
    let broken = gate
        .limits
        .iter()
        .filter(|limit| limit.outcome == LimitOutcome::Broken)
        .count();
    let head = match (gate.passed, broken) {
        (true, 0) => "Budgets: all are kept".to_owned(),
        (true, broken) => format!(
            "Budgets: {broken} soft one{} broken",
            if broken == 1 { " is" } else { "s are" }
        ),
        (false, broken) => format!("Budgets: {broken} broken"),
    };
    let mut lines = vec![head];
    for limit in &gate.limits {
        lines.extend(limit_lines(limit));
    }
    lines
}

fn limit_lines(limit: &Limit) -> Vec<String> {
    let mut lines = vec![format!("  {}", limit_line(limit))];
    if matches!(limit.outcome, LimitOutcome::Broken | LimitOutcome::Possible) {
        for cause in &limit.causes {
            lines.push(format!(
                "      {} at {}:{}: {}",
                clean(&cause.name),
                clean(&cause.path),
                cause.line,
                ends(&cause.amount, &limit.unit)
            ));
        }
        for saver in &limit.savers {
            lines.push(format!(
                "      mending {} at {}:{} would take off {}",
                clean(&saver.name),
                clean(&saver.path),
                saver.line,
                ends(&saver.amount, "USD")
            ));
        }
    }
    lines
}

/// A limit and how the amount stands to it, on one line.
pub(super) fn limit_line(limit: &Limit) -> String {
    let verdict = match (limit.outcome, limit.hard) {
        (LimitOutcome::Broken, true) => "broken",
        (LimitOutcome::Broken, false) => "broken (soft)",
        (LimitOutcome::Possible, _) => "may be broken",
        (LimitOutcome::Within, _) => "kept",
        (LimitOutcome::Unknown, _) => "not known",
    };
    let amount = match (&limit.amount, limit.unknown) {
        (Some(amount), 0) => ends(amount, &limit.unit),
        (Some(amount), 1) => format!("{}, 1 more unit is not known", ends(amount, &limit.unit)),
        (Some(amount), more) => format!("{}, {more} more units are not known", ends(amount, &limit.unit)),
        (None, 0) if limit.key.starts_with("max_growth") => "nothing is known of what was before".to_owned(),
        (None, 0) => "nothing here is under it (check its `files`, `unit`, `owner` or `tag`)".to_owned(),
        (None, 1) => "it is not known of 1 unit".to_owned(),
        (None, count) => format!("it is not known of {count} units"),
    };
    let bound = Ends {
        low: limit.limit,
        high: limit.limit,
    };
    format!(
        "{verdict}: {} {}: {amount}; the limit is {}",
        clean(&limit.budget),
        clean(&limit.key),
        ends(&bound, &limit.unit)
    )
}
