//! One screen of Markdown, for a comment on a pull request or a job's summary: verdict, change of cost, what changed most,
//! new findings; details folded.
//!
//! Names, messages and prompts come from strangers. They are written so that they are text whatever they hold: every
//! character that Markdown or HTML could read is a numeric reference, and what GitHub links after rendering (mentions,
//! issues, addresses) is broken by an invisible joiner.

use super::words::{amount, basis, clean, ends, saving_line};
use super::{Style, change, sarif};
use crate::report::change::{Change, Comparison, LimitOutcome, UnitChange};
use crate::report::{Finding, FindingStatus, Report, Severity, grouped};

/// GitHub refuses comments of 65,536 characters.
const MOST_CHARACTERS: usize = 60_000;
/// Rows of a table before the rest is folded away.
const ROWS: usize = 10;
/// Findings whose details are given.
const DETAILS: usize = 40;
/// By this line a comment of ours is found again.
pub const MARK: &str = "<!-- llmlint -->";

pub(super) fn write(report: &Report, style: &Style<'_>) -> String {
    let mut out = format!("{MARK}\n### llmlint: {}\n", verdict(report));
    let mut parts: Vec<String> = Vec::new();
    if let Some(gate) = &report.gate {
        parts.push(budgets(gate));
    }
    if let Some(comparison) = &report.comparison {
        parts.push(changes(comparison));
    }
    parts.push(findings(report, style));
    parts.push(details(report, style));
    parts.push(footer(report));
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if out.chars().count() + part.chars().count() > MOST_CHARACTERS {
            out.push_str("\nThe rest is too long for one comment: the job's log has it.\n");
            break;
        }
        out.push('\n');
        out.push_str(&part);
    }
    out
}

fn verdict(report: &Report) -> String {
    let shown = report
        .findings
        .iter()
        .filter(|finding| finding.status != Some(FindingStatus::Accepted));
    let failed = report.gate.as_ref().is_some_and(|gate| !gate.passed);
    let errors = shown
        .clone()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let all = shown.count();
    let budget = if failed { "a budget is broken, " } else { "" };
    match (&report.comparison, all) {
        (Some(comparison), 0) if !failed && change::is_nothing(comparison) => "nothing changed".to_owned(),
        (_, 0) if failed => "a budget is broken".to_owned(),
        (_, 0) => "nothing to report".to_owned(),
        (Some(comparison), _) => format!(
            "{budget}{} new finding{}, {errors} error{}",
            comparison.new_findings,
            s(comparison.new_findings as usize),
            s(errors)
        ),
        (None, all) => format!("{budget}{all} finding{}, {errors} error{}", s(all), s(errors)),
    }
}

fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn budgets(gate: &crate::report::change::Gate) -> String {
    let mut out = String::from("| budget | limit | amount | |\n| --- | --- | --- | --- |\n");
    for limit in &gate.limits {
        let verdict = match (limit.outcome, limit.hard) {
            (LimitOutcome::Broken, true) => "❌ broken",
            (LimitOutcome::Broken, false) => "⚠️ broken (soft)",
            (LimitOutcome::Possible, _) => "⚠️ may be broken",
            (LimitOutcome::Within, _) => "✅ kept",
            (LimitOutcome::Unknown, _) => "❔ not known",
        };
        let bound = crate::report::change::Ends {
            low: limit.limit,
            high: limit.limit,
        };
        let shown = limit
            .amount
            .as_ref()
            .map_or_else(|| "nothing is known".to_owned(), |amount| ends(amount, &limit.unit));
        let unknown = if limit.unknown > 0 {
            format!(", {} not known", limit.unknown)
        } else {
            String::new()
        };
        out.push_str(&format!(
            "| {} {} | {} | {}{unknown} | {verdict} |\n",
            text(&limit.budget),
            text(&limit.key),
            text(&ends(&bound, &limit.unit)),
            text(&shown)
        ));
    }
    for limit in gate.limits.iter().filter(|limit| limit.outcome == LimitOutcome::Broken) {
        for cause in &limit.causes {
            out.push_str(&format!(
                "- {} at {}: {}\n",
                text(&limit.key),
                code(&format!("{}:{}", cause.path, cause.line)),
                text(&ends(&cause.amount, &limit.unit))
            ));
        }
        for saver in &limit.savers {
            out.push_str(&format!(
                "- mending {} at {} would take off {}\n",
                code(&saver.name),
                code(&format!("{}:{}", saver.path, saver.line)),
                text(&ends(&saver.amount, "USD"))
            ));
        }
    }
    out
}

fn changes(comparison: &Comparison) -> String {
    let base = text(&comparison.base);
    if change::is_nothing(comparison) {
        return format!(
            "Nothing changed against {base}: {} units are the same.\n",
            comparison.unchanged
        );
    }
    let mut out = format!("Against {base}:\n\n");
    let differing: Vec<_> = comparison
        .costs
        .iter()
        .filter(|cost| cost.before != cost.after)
        .collect();
    if !differing.is_empty() {
        out.push_str("| cost | before | after | change |\n| --- | --- | --- | --- |\n");
        for cost in differing {
            let show = |side: &Option<crate::report::change::Ends>| {
                side.as_ref()
                    .map_or_else(|| "none".to_owned(), |side| text(&ends(side, &cost.unit)))
            };
            out.push_str(&format!(
                "| {} per {} | {} | {} | {} |\n",
                text(change::part(&cost.of)),
                text(&cost.per),
                show(&cost.before),
                show(&cost.after),
                text(&signed(
                    &ends(&cost.growth(), &cost.unit),
                    cost.growth().high.is_sign_positive()
                ))
            ));
        }
        out.push('\n');
    }
    if !comparison.units.is_empty() {
        let mut units: Vec<&UnitChange> = comparison.units.iter().collect();
        // What changed the cost most stands first.
        let weight = |unit: &UnitChange| {
            unit.costs
                .iter()
                .map(|cost| cost.growth().high.abs())
                .max()
                .unwrap_or_default()
        };
        units.sort_by(|a, b| weight(b).cmp(&weight(a)).then_with(|| a.name.cmp(&b.name)));
        let row = |unit: &UnitChange| {
            let costs: Vec<String> = unit
                .costs
                .iter()
                .filter(|cost| cost.before != cost.after)
                .map(|cost| text(&change::cost_line(cost)))
                .collect();
            format!(
                "| {} | {} | {} |\n",
                unit.change.name(),
                code_line(unit),
                costs.join("<br>")
            )
        };
        out.push_str("| | what | cost |\n| --- | --- | --- |\n");
        for unit in units.iter().take(ROWS) {
            out.push_str(&row(unit));
        }
        if units.len() > ROWS {
            out.push_str(&format!("\n{} more units changed.\n", units.len() - ROWS));
        }
        out.push('\n');
    }
    out.push_str(&format!(
        "Findings: {} new, {} mended, {} as before.\n",
        comparison.new_findings,
        comparison.fixed.len(),
        comparison.unchanged_findings
    ));
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
    out
}

fn code_line(unit: &UnitChange) -> String {
    let mut out = code(&unit.name);
    if let Some(was) = &unit.was {
        out.push_str(&format!(" (was {})", code(was)));
    }
    if unit.change == Change::Changed && unit.model_before != unit.model {
        let name = |model: &Option<String>| model.as_deref().map_or_else(|| "no model".to_owned(), code);
        out.push_str(&format!("<br>{} → {}", name(&unit.model_before), name(&unit.model)));
    }
    let least = |count: &Option<crate::report::TokenCount>| {
        count.as_ref().map(|count| {
            let mark = if count.exact { "" } else { "~" };
            text(&format!("{mark}{}", grouped(&count.least.to_string())))
        })
    };
    match (least(&unit.tokens_before), least(&unit.tokens)) {
        (Some(before), Some(now)) if before != now => out.push_str(&format!("<br>{before} → {now} tokens")),
        (None, Some(now)) => out.push_str(&format!("<br>{now} tokens")),
        _ => {}
    }
    out
}

fn signed(text: &str, grew: bool) -> String {
    if grew { format!("+{text}") } else { text.to_owned() }
}

/// The findings that a reader must see: new ones where there is a base, else all.
fn listed(report: &Report) -> Vec<&Finding> {
    let mut listed: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| match finding.status {
            Some(FindingStatus::Accepted | FindingStatus::Unchanged) => false,
            Some(FindingStatus::New) | None => true,
        })
        .collect();
    listed.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    listed
}

fn findings(report: &Report, style: &Style<'_>) -> String {
    let listed = listed(report);
    if listed.is_empty() {
        return String::new();
    }
    let mut out = String::from("| | finding | where |\n| --- | --- | --- |\n");
    for finding in listed.iter().take(ROWS) {
        let mark = match finding.severity {
            Severity::Error => "❌",
            Severity::Warning => "⚠️",
            Severity::Info => "ℹ️",
        };
        let saving = finding
            .saving
            .as_ref()
            .map(|saving| format!("<br>{}", text(&saving_line(saving))))
            .unwrap_or_default();
        out.push_str(&format!(
            "| {mark} {} | {}{saving} | {} |\n",
            code(&finding.rule),
            text(&finding.message),
            place(finding, style)
        ));
    }
    if listed.len() > ROWS {
        out.push_str(&format!(
            "\n{} more findings are below and in the job's log.\n",
            listed.len() - ROWS
        ));
    }
    out
}

fn details(report: &Report, style: &Style<'_>) -> String {
    let listed = listed(report);
    if listed.is_empty() {
        return String::new();
    }
    let mut out = String::from("<details><summary>What to do, and how each figure is made</summary>\n\n");
    for finding in listed.iter().take(DETAILS) {
        out.push_str(&format!(
            "- {} {}: {}\n",
            code(&finding.rule),
            place(finding, style),
            text(&finding.message)
        ));
        out.push_str(&format!("  - {}\n", text(&finding.help)));
        let figure = finding.saving.as_ref().and_then(|saving| saving.amount.as_ref());
        if let Some(figure) = figure {
            out.push_str(&format!("  - {}\n", text(&amount(figure))));
            for line in basis(figure) {
                out.push_str(&format!("    - {}\n", text(&line)));
            }
        }
    }
    if listed.len() > DETAILS {
        out.push_str(&format!("- … and {} more\n", listed.len() - DETAILS));
    }
    out.push_str("\n</details>\n");
    out
}

fn footer(report: &Report) -> String {
    let prices = match &report.prices_as_of {
        Some(day) => format!(", prices of {} and later", text(day)),
        None => String::new(),
    };
    format!(
        "<sub>llmlint {}{prices}; {} prompts, {} deployments. Volumes are those that llmlint.yaml states.</sub>\n",
        text(&report.llmlint),
        report.totals.prompts,
        report.totals.deployments
    )
}

/// The finding's place, as a link where the address of the files is known.
fn place(finding: &Finding, style: &Style<'_>) -> String {
    let shown = code(&format!("{}:{}", finding.path, finding.span.line));
    match style.link {
        Some(base) => format!(
            "<a href=\"{}/{}#L{}\">{shown}</a>",
            text_url(base),
            sarif::uri(&finding.path),
            finding.span.line
        ),
        None => shown,
    }
}

/// An address that the caller states: nothing in it can end the attribute.
fn text_url(base: &str) -> String {
    base.trim_end_matches('/')
        .replace(['"', '<', '>', '&', ' ', '\n', '\r'], "")
}

/// Text as code: GitHub links nothing inside it.
pub(super) fn code(value: &str) -> String {
    format!("<code>{}</code>", entities(value))
}

/// Text that is text: see above.
pub(super) fn text(value: &str) -> String {
    let mut out = entities(value);
    // What is linked after rendering stands beside a word: mentions, issues, addresses with and without a scheme.
    for (sign, joined) in [
        ("&#64;", "&#64;\u{2060}"),
        ("&#35;", "&#35;\u{2060}"),
        ("&#58;/", "&#58;\u{2060}/"),
        ("www.", "www\u{2060}."),
    ] {
        out = out.replace(sign, joined);
    }
    out
}

/// Text in which every character that Markdown or HTML could read is a numeric reference.
fn entities(value: &str) -> String {
    let cleaned = clean(value);
    let mut out = String::with_capacity(cleaned.len());
    for character in cleaned.chars() {
        match character {
            // None of these begins anything inside a line.
            ' ' | ',' | '.' | '-' | '/' => out.push(character),
            other if other.is_ascii_punctuation() => out.push_str(&format!("&#{};", other as u32)),
            other => out.push(other),
        }
    }
    out
}
