//! One screen of Markdown, for a comment on a pull request or a job's summary: verdict, change of cost, what changed most,
//! budgets that need a look, new findings; details folded.
//!
//! Names, messages and prompts come from strangers. They are written so that they are text whatever they hold: every
//! character that Markdown or HTML could read is a numeric reference, and what GitHub links after rendering (mentions,
//! issues, addresses) is broken by an invisible joiner.

mod changed;

use super::words::{amount, basis, clean, commitment, ends, rate, saving_line};
use super::{Style, change, sarif};
use crate::report::change::{Change, Ends, Gate, Limit, LimitOutcome};
use crate::report::{Figure, Finding, FindingStatus, PriceListAbout, Report, Severity};

/// GitHub refuses comments of 65,536 characters.
const MOST_CHARACTERS: usize = 60_000;
/// Rows of a table before the rest is folded away.
const ROWS: usize = 8;
/// Findings whose details are given.
const DETAILS: usize = 40;
/// By this line a comment of ours is found again.
pub const MARK: &str = "<!-- llmlint -->";

pub(super) fn write(report: &Report, style: &Style<'_>) -> String {
    let mut out = format!("{MARK}\n### {}\n", verdict(report));
    let comparison = report.comparison.as_ref();
    let parts = [
        settings(report, style),
        comparison.map_or_else(String::new, |comparison| changed::costs(comparison, report)),
        comparison.map_or_else(String::new, |comparison| changed::units(comparison, style)),
        report
            .gate
            .as_ref()
            .map_or_else(String::new, |gate| budgets(gate, style)),
        findings(report, style),
        comparison.map_or_else(String::new, changed::findings),
        to_do(report, style),
        figures(report),
        footer(report),
    ];
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

/// The whole report in a line: a sign, what fails, what is new, what it costs.
fn verdict(report: &Report) -> String {
    let listed = listed(report);
    let has = |severity: Severity| {
        let mut shown = listed.iter().copied().chain(gate_findings(report));
        shown.any(|finding| finding.severity == severity)
    };
    let failed = report.gate.as_ref().is_some_and(|gate| !gate.passed);
    let sign = if failed || has(Severity::Error) {
        "❌"
    } else if has(Severity::Warning) {
        "⚠️"
    } else {
        "✅"
    };
    let mut parts: Vec<String> = Vec::new();
    if failed {
        parts.push("a budget is broken".to_owned());
    }
    if gate_findings(report).any(|finding| finding.severity == Severity::Error) {
        parts.push("the change edits its own limits".to_owned());
    }
    let fails = !parts.is_empty();
    let nothing = report.comparison.as_ref().is_some_and(change::is_nothing);
    let new = if report.comparison.is_some() { "new " } else { "" };
    let errors = listed
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    match (listed.len(), errors) {
        (0, _) if fails => {}
        (0, _) if nothing => parts.push("nothing changed".to_owned()),
        (0, _) => parts.push(format!("no {new}findings")),
        (all, 0) => parts.push(counted(all, &format!("{new}finding"))),
        (all, errors) => parts.push(format!(
            "{}, {}",
            counted(all, &format!("{new}finding")),
            counted(errors, "error")
        )),
    }
    // What is no longer there costs nothing any more, be it dropped or put where nobody looks.
    let gone = report.comparison.as_ref().map_or(0, |comparison| {
        let units = comparison.units.iter();
        units.filter(|unit| unit.change == Change::Gone).count()
    });
    if gone > 0 {
        parts.push(format!("{} gone", counted(gone, "unit")));
    }
    if let Some(growth) = report.comparison.as_ref().and_then(changed::headline) {
        parts.push(text(&growth));
    }
    format!("{sign} llmlint: {}", parts.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Settings that the change edits stand above everything else.
fn settings(report: &Report, style: &Style<'_>) -> String {
    let mut out = String::new();
    for finding in gate_findings(report) {
        out.push_str(&format!(
            "{} {}: {}\n<br>{}\n",
            sign(finding.severity),
            place(&finding.path, finding.span.line, style),
            text(&finding.message),
            text(&finding.help)
        ));
    }
    out
}

/// Limits that are not plainly kept, each with what causes it and what would mend it.
fn budgets(gate: &Gate, style: &Style<'_>) -> String {
    let (kept, open): (Vec<&Limit>, Vec<&Limit>) = gate
        .limits
        .iter()
        .partition(|limit| limit.outcome == LimitOutcome::Within && limit.unknown == 0);
    let line = |limit: &Limit| format!("{} {}", text(&limit.budget), code(&limit.key));
    let mut out = String::new();
    if !open.is_empty() {
        out.push_str("| budget | amount | limit |\n| --- | --- | --- |\n");
        for limit in &open {
            let bound = ends(&exactly(limit.limit), &limit.unit);
            out.push_str(&format!(
                "| {} {} | {} | {} |\n",
                match (limit.outcome, limit.hard) {
                    (LimitOutcome::Broken, true) => "❌",
                    (LimitOutcome::Broken | LimitOutcome::Possible, _) => "⚠️",
                    (LimitOutcome::Within, _) => "✅",
                    (LimitOutcome::Unknown, _) => "❔",
                },
                line(limit),
                standing(limit),
                text(&bound)
            ));
        }
        out.push('\n');
    }
    for limit in open.iter().filter(|limit| limit.outcome != LimitOutcome::Within) {
        let list = |causes: &[crate::report::change::Cause], unit: &str, named: bool| -> Vec<String> {
            let causes = causes.iter().map(|cause| {
                let name = if named {
                    format!("{} ", code(&cause.name))
                } else {
                    String::new()
                };
                let at = place(&cause.path, cause.line, style);
                format!("{name}{at} ({})", text(&ends(&cause.amount, unit)))
            });
            causes.collect()
        };
        if !limit.causes.is_empty() {
            let causes = list(&limit.causes, &limit.unit, false).join(", ");
            out.push_str(&format!("- {} comes from {causes}\n", code(&limit.key)));
        }
        if !limit.savers.is_empty() {
            let savers = list(&limit.savers, "USD", true).join(", ");
            out.push_str(&format!("- mending this would lower it: {savers}\n"));
        }
    }
    if !kept.is_empty() {
        let shown: Vec<String> = kept.iter().take(ROWS).map(|limit| kept_line(limit)).collect();
        let more = if kept.len() > ROWS { ", …" } else { "" };
        if !out.is_empty() && !out.ends_with("\n\n") {
            out.push('\n');
        }
        out.push_str(&format!(
            "✅ {} kept: {}{more}\n",
            counted(kept.len(), "limit"),
            shown.join(", ")
        ));
    }
    out
}

/// How an amount stands to its limit, in words.
fn standing(limit: &Limit) -> String {
    let Some(amount) = &limit.amount else {
        let unknown = counted(usize::try_from(limit.unknown).unwrap_or(usize::MAX), "unit");
        return if limit.unknown == 0 {
            "nothing to measure".to_owned()
        } else {
            format!("not known of {unknown}")
        };
    };
    let shown = text(&ends(amount, &limit.unit));
    let beyond = |value: rust_decimal::Decimal| text(&ends(&exactly(value), &limit.unit));
    let verdict = match (limit.outcome, limit.key.starts_with("min_")) {
        (LimitOutcome::Broken, false) => {
            format!(", over by {}", beyond(amount.low.saturating_sub(limit.limit)))
        }
        (LimitOutcome::Broken, true) => {
            format!(", short by {}", beyond(limit.limit.saturating_sub(amount.low)))
        }
        (LimitOutcome::Possible, _) => ", may be broken".to_owned(),
        _ => String::new(),
    };
    let soft = if limit.outcome == LimitOutcome::Broken && !limit.hard {
        " (soft: only told)"
    } else {
        ""
    };
    let unknown = match limit.unknown {
        0 => String::new(),
        more => format!(", and {more} more not known"),
    };
    format!("{shown}{verdict}{soft}{unknown}")
}

fn kept_line(limit: &Limit) -> String {
    let amount = limit.amount.as_ref().map(|amount| ends(amount, &limit.unit));
    let amount = amount.unwrap_or_default();
    // What both are in is said once.
    let what = match limit.unit.split_once(" per ") {
        Some((_, per)) => format!(" per {per}"),
        None => format!(" {}", limit.unit),
    };
    format!(
        "{} {} ({} of {})",
        text(&limit.budget),
        code(&limit.key),
        text(amount.strip_suffix(&what).unwrap_or(&amount)),
        text(&ends(&exactly(limit.limit), &limit.unit))
    )
}

fn exactly(value: rust_decimal::Decimal) -> Ends {
    Ends {
        low: value,
        high: value,
    }
}

/// Findings that the change edits its own limits; they stand at the top.
fn gate_findings(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| finding.category == "gate")
}

/// The findings that a reader must see: new ones where there is a base, else all; the worst first.
fn listed(report: &Report) -> Vec<&Finding> {
    let mut listed: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.category != "gate")
        .filter(|finding| match finding.status {
            Some(FindingStatus::Accepted | FindingStatus::Unchanged) => false,
            Some(FindingStatus::New) | None => true,
        })
        .collect();
    listed.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    listed
}

fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Info => "ℹ️",
    }
}

fn findings(report: &Report, style: &Style<'_>) -> String {
    let listed = listed(report);
    if listed.is_empty() {
        return String::new();
    }
    let new = if report.comparison.is_some() {
        "new finding"
    } else {
        "finding"
    };
    let mut out = format!("| | {new} | where |\n| --- | --- | --- |\n");
    for finding in listed.iter().take(ROWS) {
        let saving = finding
            .saving
            .as_ref()
            .map(|saving| format!("<br>{}", text(&saving_line(saving))))
            .unwrap_or_default();
        out.push_str(&format!(
            "| {} {} | {}{saving} | {} |\n",
            sign(finding.severity),
            code(&finding.rule),
            text(&finding.message),
            place(&finding.path, finding.span.line, style)
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

fn to_do(report: &Report, style: &Style<'_>) -> String {
    let listed = listed(report);
    if listed.is_empty() {
        return String::new();
    }
    let mut out = String::from("<details><summary>What to do about each finding</summary>\n\n");
    for finding in listed.iter().take(DETAILS) {
        out.push_str(&format!(
            "- {} {}: {}\n",
            code(&finding.rule),
            place(&finding.path, finding.span.line, style),
            text(&finding.message)
        ));
        out.push_str(&format!("  - {}\n", text(&finding.help)));
        let figure = finding.saving.as_ref().and_then(|saving| saving.amount.as_ref());
        if let Some(figure) = figure {
            out.push_str(&figure_lines(&amount(figure), figure));
        }
    }
    if listed.len() > DETAILS {
        out.push_str(&format!("- … and {} more\n", listed.len() - DETAILS));
    }
    out.push_str("\n</details>\n");
    out
}

/// How the costs of what changed are made, as they are now.
fn figures(report: &Report) -> String {
    let Some(comparison) = &report.comparison else {
        return String::new();
    };
    let units: Vec<_> = changed::now(comparison, report).take(DETAILS).collect();
    let known = units
        .iter()
        .flat_map(|unit| &unit.costs)
        .any(|cost| cost.amount.is_some());
    if !known {
        return String::new();
    }
    let mut out = String::from("<details><summary>How each cost is made</summary>\n\n");
    for unit in units {
        out.push_str(&format!("- {}\n", code(&unit.name)));
        for cost in &unit.costs {
            let part = change::part(&cost.fact);
            match (&cost.amount, &cost.unknown) {
                (Some(figure), _) => {
                    out.push_str(&figure_lines(&format!("{part}: {}", amount(figure)), figure));
                }
                (None, Some(why)) => out.push_str(&format!("  - {}\n", text(&format!("{part}: not known: {why}")))),
                (None, None) => {}
            }
        }
    }
    out.push_str("\n</details>\n");
    out
}

/// A figure and what it is made of, as items below an item.
fn figure_lines(head: &str, figure: &Figure) -> String {
    let mut out = format!("  - {}\n", text(head));
    for line in basis(figure) {
        out.push_str(&format!("    - {}\n", text(&line)));
    }
    out
}

fn footer(report: &Report) -> String {
    let prices = match &report.prices_as_of {
        Some(day) => format!(", prices of {} and later", text(day)),
        None => String::new(),
    };
    let old = report.price_list.as_ref().filter(|_| report.prices_as_of.is_some());
    let old = old.and_then(PriceListAbout::warning);
    let old = old.map_or_else(String::new, |warning| format!(" {}", text(&warning)));
    let others = report.currency.iter().map(rate);
    let others = others.chain(report.commitments.iter().map(|paid| format!("{}.", commitment(paid))));
    let others: String = others.map(|line| format!(" {}", text(&line))).collect();
    let count = |count: u64, what: &str| counted(usize::try_from(count).unwrap_or(usize::MAX), what);
    format!(
        "<sub>llmlint {} on {}{prices}; {}, {}.{others}{old}</sub>\n",
        text(&report.llmlint),
        text(&report.today),
        count(report.totals.prompts, "prompt"),
        count(report.totals.deployments, "deployment")
    )
}

/// A line of a file, as a link where the address of the files is known.
fn place(path: &str, line: usize, style: &Style<'_>) -> String {
    linked(&format!("{path}:{line}"), path, line, style)
}

/// Words that lead to a line of a file, where the address of the files is known.
fn linked(words: &str, path: &str, line: usize, style: &Style<'_>) -> String {
    let shown = code(words);
    match style.link {
        Some(base) => format!(
            "<a href=\"{}/{}#L{line}\">{shown}</a>",
            text_url(base),
            sarif::uri(path)
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
