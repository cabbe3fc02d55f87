//! Findings with their source lines, then a summary of one screen.

use std::collections::BTreeMap;
use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::words::{self, amount, basis, clean, saving_line};
use super::{Style, change};
use crate::report::{
    ANOTHER_REPOSITORY, Currency, Excerpt, FileNote, Finding, FindingStatus, PriceListAbout, Report, Severity, Sum,
    grouped, money,
};

/// Findings of the summary's list of savings.
const TOP_SAVINGS: usize = 5;
/// Lines that `--verbose` does not cut.
const NOT_JUDGED_SHOWN: usize = 3;

pub(super) fn write(report: &Report, style: &Style<'_>) -> String {
    let theme = if style.color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        // A flag that is cut at a dash could not be copied.
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .with_context_lines(1);
    let mut out = String::new();
    let told = told(report, style);
    for finding in &told {
        if handler.render_report(&mut out, &Shown::new(finding)).is_err() {
            out.push_str(&clean(&finding.message));
        }
        out.push('\n');
    }
    if !style.quiet {
        summary(report, &told, style, &mut out);
    }
    out
}

/// The findings that are shown: what a baseline accepts, and what stood there before a change, is counted alone.
fn told<'r>(report: &'r Report, style: &Style<'_>) -> Vec<&'r Finding> {
    let is_told = |finding: &&Finding| match finding.status {
        Some(FindingStatus::Accepted) => false,
        Some(FindingStatus::Unchanged) => style.verbose,
        Some(FindingStatus::New) | None => true,
    };
    report.findings.iter().filter(is_told).collect()
}

/// A finding as miette shows it.
#[derive(Debug)]
struct Shown<'a> {
    finding: &'a Finding,
    message: String,
    help: String,
    code: Option<Code<'a>>,
}

#[derive(Debug)]
struct Code<'a> {
    path: String,
    excerpt: &'a Excerpt,
    column: usize,
    line: usize,
}

impl<'a> Shown<'a> {
    fn new(finding: &'a Finding) -> Self {
        let mut help = clean(&finding.help);
        if let Some(saving) = &finding.saving {
            help.push_str(&format!("\n{}", saving_line(saving)));
            match (&saving.amount, &saving.unknown) {
                (Some(figure), _) => {
                    for line in basis(figure) {
                        help.push_str(&format!("\n  {line}"));
                    }
                }
                (None, Some(why)) => help.push_str(&format!("\n  amount unknown: {}", clean(why))),
                (None, None) => {}
            }
        }
        Self {
            finding,
            message: match finding.excerpt {
                Some(_) => clean(&finding.message),
                None => format!("{}: {}", clean(&finding.path), clean(&finding.message)),
            },
            help,
            code: finding.excerpt.as_ref().map(|excerpt| Code {
                path: clean(&finding.path),
                excerpt,
                column: finding.span.column,
                line: finding.span.line,
            }),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'s>(&'s self) -> Option<Box<dyn fmt::Display + 's>> {
        Some(Box::new(clean(&self.finding.rule)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Info => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'s>(&'s self) -> Option<Box<dyn fmt::Display + 's>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.code.as_ref().map(|code| code as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.code.as_ref()?.excerpt;
        let length = excerpt.end.saturating_sub(excerpt.start);
        let span = LabeledSpan::new(None, excerpt.start, length);
        Some(Box::new(std::iter::once(span)))
    }
}

impl SourceCode for Code<'_> {
    /// The excerpt's own lines, numbered as in the file.
    fn read_span<'s>(
        &'s self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'s> + 's>, MietteError> {
        let inner = self.excerpt.text.as_str().read_span(span, before, after)?;
        // miette's header names the place by line and column of what it shows: give it the finding's own.
        let starts_here = inner.line() + self.excerpt.first_line == self.line;
        let column = if starts_here { self.column - 1 } else { inner.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.path.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.excerpt.first_line - 1,
            column,
            inner.line_count(),
        )))
    }
}

fn summary(report: &Report, told: &[&Finding], style: &Style<'_>, out: &mut String) {
    let bold = |text: &str| {
        if style.color {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    let totals = &report.totals;
    if totals.prompts + totals.embeddings + totals.deployments + totals.trainings == 0 && report.findings.is_empty() {
        out.push_str(&format!(
            "No prompts, deployments or training runs among {} files: `--verbose` says why each was left alone.\n",
            report.files.len()
        ));
        other_repositories(report, out);
        verbose(report, style, out);
        return;
    }
    if let Some(comparison) = &report.comparison
        && change::is_nothing(comparison)
        && told.is_empty()
        && report.gate.as_ref().is_none_or(|gate| gate.passed)
        && !style.verbose
    {
        change::comparison(comparison)
            .iter()
            .for_each(|line| out.push_str(&format!("{line}\n")));
        return;
    }
    let (new, counted) = match &report.comparison {
        Some(_) => ("new ", told.to_vec()),
        None => ("", report.findings.iter().collect()),
    };
    out.push_str(&bold(&match counted.len() {
        0 if new.is_empty() => "Nothing to report".to_owned(),
        0 => "Nothing new".to_owned(),
        count => format!("{count} {new}finding{}", plural(count)),
    }));
    let read = totals.files as usize;
    out.push_str(&format!(
        " in {read} file{}: {} prompt{}{}, {} deployment{}{}.\n",
        plural(read),
        totals.prompts,
        plural(totals.prompts as usize),
        match totals.embeddings {
            0 => String::new(),
            calls => format!(", {calls} embedding call{}", plural(calls as usize)),
        },
        totals.deployments,
        plural(totals.deployments as usize),
        match totals.trainings {
            0 => String::new(),
            runs => format!(", {runs} training run{}", plural(runs as usize)),
        },
    ));

    let mut by_rule: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
    for finding in &counted {
        *by_rule
            .entry((std::cmp::Reverse(finding.severity), &finding.rule))
            .or_default() += 1;
    }
    for ((severity, rule), count) in &by_rule {
        out.push_str(&format!("  {count:>4}  {:<8} {}\n", severity.0.name(), clean(rule)));
    }

    if totals.prompts > 0 {
        let mark = if totals.prompt_tokens_exact { "" } else { "~" };
        out.push_str(&format!(
            "\n{} {mark}{} tokens of fixed text{}\n",
            bold("Prompts"),
            grouped(&totals.prompt_tokens.to_string()),
            if totals.prompt_tokens_exact {
                ""
            } else {
                " (some counts are estimates: no model named, or its tokenizer not built in)"
            },
        ));
    }
    for sum in &totals.costs {
        out.push_str(&sum_line(sum, report.currency.as_ref()));
    }
    for commitment in &report.commitments {
        out.push_str(&format!("  {}\n", words::commitment(commitment)));
    }
    let mut savings: Vec<&Finding> = counted.into_iter().filter(|finding| usd(finding).is_some()).collect();
    savings.sort_by_key(|finding| std::cmp::Reverse(usd(finding)));
    if !savings.is_empty() {
        out.push_str(&format!("\n{}\n", bold("Top savings")));
        for finding in savings.iter().take(TOP_SAVINGS) {
            let figure = finding.saving.as_ref().and_then(|saving| saving.amount.as_ref());
            out.push_str(&format!(
                "  {}  {}  {}:{}\n",
                figure.map(amount).unwrap_or_default(),
                clean(&finding.rule),
                clean(&finding.path),
                finding.span.line
            ));
        }
        let of_whole = totals.savings.iter().filter(|_| new.is_empty());
        for sum in of_whole {
            out.push_str(&format!(
                "  together {} per {} over {} unit{}: savings on one unit compose, they do not add\n",
                range(sum),
                sum.per,
                sum.units,
                plural(sum.units as usize)
            ));
        }
    }
    if let Some(currency) = &report.currency {
        out.push_str(&format!("\n{}\n", words::rate(currency)));
    }
    if let Some(day) = &report.prices_as_of {
        out.push_str(&format!(
            "\nPrices as of {} and later; today is {}.\n",
            clean(day),
            clean(&report.today)
        ));
        let old = report.price_list.as_ref().and_then(PriceListAbout::warning);
        out.extend(old.map(|warning| format!("{}\n", clean(&warning))));
    }
    if let Some(gate) = &report.gate {
        section(&change::gate(gate), &bold, out);
    }
    if let Some(comparison) = &report.comparison {
        section(&change::comparison(comparison), &bold, out);
    }
    let accepted = report
        .findings
        .iter()
        .filter(|finding| finding.status == Some(FindingStatus::Accepted))
        .count();
    if accepted > 0 {
        out.push_str(&format!(
            "\n{accepted} finding{} accepted by the baseline\n",
            plural(accepted)
        ));
    }
    if !report.suppressed.is_empty() {
        let count = report.suppressed.len();
        out.push_str(&format!(
            "\n{count} finding{} not reported, because a file or the config asks for it\n",
            plural(count)
        ));
    }
    other_repositories(report, out);
    not_judged(report, style, out);
    verbose(report, style, out);
}

/// A line for the folders that another repository fills, which people may take for a part of this one.
fn other_repositories(report: &Report, out: &mut String) {
    let of_others = |file: &&FileNote| file.note == ANOTHER_REPOSITORY;
    let names: Vec<String> = report
        .files
        .iter()
        .filter(of_others)
        .map(|file| clean(&file.path))
        .collect();
    let shown = names
        .iter()
        .take(NOT_JUDGED_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => {}
        1 => out.push_str(&format!("\n{shown} is {ANOTHER_REPOSITORY}\n")),
        count => out.push_str(&format!(
            "\n{count} folders are repositories of their own, such as submodules, which are not read: check them there \
             ({shown}{})\n",
            if count > NOT_JUDGED_SHOWN { ", …" } else { "" }
        )),
    }
}

/// Lines of which the first is a heading, behind an empty one.
fn section(lines: &[String], bold: &dyn Fn(&str) -> String, out: &mut String) {
    for (at, line) in lines.iter().enumerate() {
        match at {
            0 => out.push_str(&format!("\n{}\n", bold(line))),
            _ => out.push_str(&format!("{line}\n")),
        }
    }
}

fn usd(finding: &Finding) -> Option<rust_decimal::Decimal> {
    let amount = finding.saving.as_ref()?.amount.as_ref()?;
    (amount.unit == "USD").then_some(amount.high)
}

fn sum_line(sum: &Sum, currency: Option<&Currency>) -> String {
    let what = match sum.of.as_str() {
        "prompt.cost.input" => "input (fixed text)",
        "prompt.cost.output" => "output",
        "deployment.cost.hour" => "GPUs",
        other => other,
    };
    let unknown = if sum.unknown > 0 {
        format!(", {} more not known", sum.unknown)
    } else {
        String::new()
    };
    format!(
        "  {what}: {}{} per {} over {} unit{}{unknown}\n",
        range(sum),
        words::in_currency(sum.low, sum.high, currency.filter(|_| sum.unit == "USD")),
        sum.per,
        sum.units,
        plural(sum.units as usize)
    )
}

fn range(sum: &Sum) -> String {
    if sum.low == sum.high {
        format!("${}", money(sum.high))
    } else {
        format!("${} to ${}", money(sum.low), money(sum.high))
    }
}

fn not_judged(report: &Report, style: &Style<'_>, out: &mut String) {
    if report.not_judged.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &report.not_judged {
        for reason in &entry.reasons {
            *reasons.entry(clean(reason)).or_default() += 1;
        }
    }
    let count = report.not_judged.len();
    out.push_str(&format!("\n{count} condition{} could not be judged", plural(count)));
    if style.verbose {
        out.push_str(":\n");
        for entry in &report.not_judged {
            let reasons = entry.reasons.join("; ");
            out.push_str(&format!(
                "  {} {}: {}\n",
                clean(&entry.unit),
                clean(&entry.rule),
                clean(&reasons)
            ));
        }
        return;
    }
    out.push_str(", mostly because\n");
    let mut reasons: Vec<(String, usize)> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    for (reason, count) in reasons.iter().take(NOT_JUDGED_SHOWN) {
        out.push_str(&format!("  {count:>4} × {reason}\n"));
    }
    if reasons.len() > NOT_JUDGED_SHOWN {
        out.push_str("  `--verbose` lists them all\n");
    }
}

fn verbose(report: &Report, style: &Style<'_>, out: &mut String) {
    if !style.verbose {
        return;
    }
    out.push_str("\nFiles\n");
    for file in &report.files {
        let what = match &file.format {
            Some(format) => format!("read as {format}"),
            None => "left alone".to_owned(),
        };
        let note = if file.note.is_empty() {
            String::new()
        } else {
            format!(": {}", file.note)
        };
        out.push_str(&format!("  {}: {}{}\n", clean(&file.path), clean(&what), clean(&note)));
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
