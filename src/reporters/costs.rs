//! `llmlint cost` as people and programs read it: a table, CSV, JSON, Markdown. Amounts are rounded here alone; CSV and
//! JSON hold them exactly.

use rust_decimal::Decimal;

use super::csv::cell;
use super::words::{clean, commitment, escaped, in_currency, rate};
use super::{Style, markdown};
use crate::report::costs::{Amount, Costs, Group, GroupBy, Sums, UnitCosts};
use crate::report::{Currency, PriceListAbout, grouped, money};

/// An output of `llmlint cost`.
pub struct CostReporter {
    /// Its name behind `--format`.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Writes the costs.
    pub write: fn(&Costs, &Style<'_>) -> String,
}

/// Every output of `llmlint cost`.
pub const COST_REPORTERS: &[CostReporter] = &[
    CostReporter {
        name: "text",
        about: "tables for a terminal",
        write: text,
    },
    CostReporter {
        name: "csv",
        about: "a row a unit, amounts exact",
        write: csv,
    },
    CostReporter {
        name: "json",
        about: "everything, with what each amount is made of (`llmlint schema cost`)",
        write: json,
    },
    CostReporter {
        name: "markdown",
        about: "tables for a page or a comment",
        write: markdown_tables,
    },
];

/// The output of that name.
pub fn cost_reporter(name: &str) -> Option<&'static CostReporter> {
    COST_REPORTERS.iter().find(|reporter| reporter.name == name)
}

/// Units in the tables of Markdown, and notes in any table: the rest is counted.
const MOST_ROWS: usize = 200;
const MOST_NOTES: usize = 20;

/// An amount of USD, `-` where there is none.
pub(super) fn usd(amount: Option<Amount>) -> String {
    let Some(amount) = amount else {
        return "-".to_owned();
    };
    let show = |value: Decimal| format!("${}", money(value));
    let ends = if amount.low == amount.high || show(amount.low) == show(amount.high) {
        show(amount.high)
    } else {
        format!("{} to {}", show(amount.low), show(amount.high))
    };
    if amount.at_least {
        format!("at least {ends}")
    } else {
        ends
    }
}

fn number(value: Decimal) -> String {
    let text = value.round_dp(2).normalize().to_string();
    match text.split_once('.') {
        Some((whole, part)) => format!("{}.{part}", grouped(whole)),
        None => grouped(&text),
    }
}

fn tokens(unit: &UnitCosts) -> String {
    let Some(count) = &unit.tokens else {
        return "-".to_owned();
    };
    let mark = if count.exact { "" } else { "~" };
    let show = |tokens: u64| grouped(&tokens.to_string());
    if count.least == count.most {
        format!("{mark}{}", show(count.least))
    } else {
        format!("{mark}{} to {}", show(count.least), show(count.most))
    }
}

/// The columns in front of a unit's name: only those that some unit fills.
type Column = (&'static str, fn(&UnitCosts) -> String);

const COLUMNS: &[Column] = &[
    ("$ a month", |unit| usd(unit.month)),
    ("calls a month", |unit| {
        unit.calls_per_month.map_or_else(|| "-".to_owned(), number)
    }),
    ("in 12 months", |unit| usd(unit.month_in_a_year)),
    ("$ per 1,000 calls", |unit| usd(unit.thousand_calls)),
    ("$ a call", |unit| usd(unit.call)),
    ("$ a task", |unit| usd(unit.task)),
    ("tokens in", tokens),
    ("GPU $ a month", |unit| usd(unit.gpu_month)),
    ("$ a run", |unit| usd(unit.run)),
];

fn columns(units: &[UnitCosts]) -> Vec<&'static Column> {
    let used = |column: &&Column| units.iter().any(|unit| (column.1)(unit) != "-");
    COLUMNS.iter().filter(used).collect()
}

/// Lines of right-aligned columns, the last one left-aligned.
pub(super) fn aligned(head: &[String], rows: &[Vec<String>]) -> String {
    let last = head.len().saturating_sub(1);
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].chars().count());
        cells.chain([head[at].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..last).map(width).collect();
    let mut out = String::new();
    for row in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)) {
        for (value, width) in row.iter().zip(&widths) {
            out.push_str(&format!("{value:>width$}  "));
        }
        out.push_str(&row[last]);
        out.push('\n');
    }
    out
}

pub(super) fn strings(words: impl IntoIterator<Item = &'static str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

fn named(unit: &UnitCosts) -> String {
    let name = clean(&unit.name);
    match &unit.model {
        Some(model) => format!("{name} ({})", clean(model)),
        None => name,
    }
}

fn by(costs: &Costs) -> &'static str {
    match costs.by {
        GroupBy::Folder => "folder",
        GroupBy::Owner => "owner",
        GroupBy::Tag => "tag",
    }
}

fn group_name(group: &Group, by: GroupBy) -> String {
    match (by, group.name.as_str()) {
        (GroupBy::Folder, "") => "(no folder)".to_owned(),
        (GroupBy::Owner, "") => "(no owner)".to_owned(),
        (GroupBy::Tag, "") => "(no tag)".to_owned(),
        (GroupBy::Folder, name) => format!("{}/", clean(name)),
        (_, name) => clean(name),
    }
}

/// What the sums leave out, in words; empty where nothing is left out.
fn left_out(sums: &Sums) -> String {
    let mut words = Vec::new();
    if sums.without_volume > 0 {
        words.push(format!("{} without a volume", sums.without_volume));
    }
    if sums.not_known > 0 {
        words.push(format!("{} not known", sums.not_known));
    }
    words.join(", ")
}

fn total_line(sums: &Sums, currency: Option<&Currency>) -> String {
    let whole = sums.whole_month();
    let out = left_out(sums);
    let not_in = if out.is_empty() {
        String::new()
    } else {
        format!("; not in it: {out}")
    };
    format!(
        "{}{} a month: calls {}, GPUs {}{not_in}",
        usd(Some(whole)),
        in_currency(whole.low, whole.high, currency),
        usd(Some(sums.month)),
        usd(Some(sums.gpu_month)),
    )
}

/// What is said below every table: what is not known, and what the amounts rest on.
fn notes(costs: &Costs) -> Vec<String> {
    let mut notes = Vec::new();
    let unknown: Vec<&UnitCosts> = costs.units.iter().filter(|unit| !unit.not_known.is_empty()).collect();
    for unit in unknown.iter().take(MOST_NOTES) {
        notes.push(format!(
            "{}: not in it: {}",
            clean(&unit.name),
            clean(&unit.not_known.join("; "))
        ));
    }
    if unknown.len() > MOST_NOTES {
        notes.push(format!(
            "{} more units have parts that are not known: `--format json` has each",
            unknown.len() - MOST_NOTES
        ));
    }
    if costs.by != GroupBy::Folder {
        notes.push(format!("A unit with several {}s counts in each of them.", by(costs)));
    }
    let prices = match &costs.prices_as_of {
        Some(day) => format!(
            "Prices as of {} and later; today is {}.",
            clean(day),
            clean(&costs.today)
        ),
        None => format!("No price entered; today is {}.", clean(&costs.today)),
    };
    notes.push(prices);
    notes.extend(costs.price_list.as_ref().and_then(PriceListAbout::warning));
    notes.extend(costs.currency.as_ref().map(rate));
    notes.extend(costs.commitments.iter().map(commitment));
    notes.push(
        "Volumes are those that llmlint.yaml or llmlint.usage.json states; a month of GPUs is 730 hours.".to_owned(),
    );
    notes
}

fn text(costs: &Costs, style: &Style<'_>) -> String {
    let bold = |text: &str| {
        if style.color {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    if costs.units.is_empty() {
        return "No prompts, deployments or training runs here: `llmlint check --verbose` says why each file was left \
                alone.\n"
            .to_owned();
    }
    let mut out = String::new();
    if let Some(what_if) = &costs.what_if {
        out.push_str(&format!(
            "{}\n\n",
            bold(&format!("What if {}", clean(&what_if.supposed)))
        ));
        let rows: Vec<Vec<String>> = what_if
            .units
            .iter()
            .zip(&costs.units)
            .map(|(now, then)| before_after(now, then, &named(then)))
            .collect();
        out.push_str(&aligned(
            &strings(["$ a month", "becomes", "$ per 1,000 calls", "becomes", "unit"]),
            &rows,
        ));
        out.push_str(&format!(
            "\nNow      {}\n",
            total_line(&what_if.total, costs.currency.as_ref())
        ));
        out.push_str(&format!(
            "What if  {}\n",
            total_line(&costs.total, costs.currency.as_ref())
        ));
    } else {
        let columns = columns(&costs.units);
        let mut head = strings(columns.iter().map(|column| column.0));
        head.push("unit".to_owned());
        let row = |unit: &UnitCosts| {
            let mut cells: Vec<String> = columns.iter().map(|column| (column.1)(unit)).collect();
            cells.push(named(unit));
            cells
        };
        out.push_str(&aligned(&head, &costs.units.iter().map(row).collect::<Vec<_>>()));
        if !costs.groups.is_empty() {
            let rows: Vec<Vec<String>> = costs.groups.iter().map(|group| group_row(group, costs.by)).collect();
            let mut head = strings(["$ a month", "GPU $ a month", "units"]);
            head.push(format!("by {}", by(costs)));
            out.push_str(&format!("\n{}", aligned(&head, &rows)));
        }
        out.push_str(&format!(
            "\n{}  {}\n",
            bold("Total"),
            total_line(&costs.total, costs.currency.as_ref())
        ));
    }
    out.push('\n');
    for note in notes(costs) {
        out.push_str(&note);
        out.push('\n');
    }
    out
}

fn group_row(group: &Group, by: GroupBy) -> Vec<String> {
    let amount = |amount: Amount| usd((amount != Amount::default()).then_some(amount));
    let out = left_out(&group.sums);
    let out = if out.is_empty() { out } else { format!("  ({out})") };
    let name = format!("{}{}", "  ".repeat(group.depth), group_name(group, by));
    vec![
        amount(group.sums.month),
        amount(group.sums.gpu_month),
        group.sums.units.to_string(),
        format!("{name}{out}"),
    ]
}

fn before_after(now: &UnitCosts, then: &UnitCosts, name: &str) -> Vec<String> {
    vec![
        usd(now.whole_month()),
        usd(then.whole_month()),
        usd(now.thousand_calls),
        usd(then.thousand_calls),
        name.to_owned(),
    ]
}

const CSV_HEAD: &str = "case,unit,kind,path,line,owners,tags,model,tokens_least,tokens_most,tokens_exact,\
                        usd_per_call_low,usd_per_call_high,usd_per_1000_calls_low,usd_per_1000_calls_high,\
                        calls_per_month,usd_per_month_low,usd_per_month_high,usd_per_month_in_12_months_low,\
                        usd_per_month_in_12_months_high,gpu_usd_per_month_low,gpu_usd_per_month_high,\
                        usd_per_run_low,usd_per_run_high,usd_per_task_low,usd_per_task_high,not_known";

fn csv(costs: &Costs, _style: &Style<'_>) -> String {
    let mut out = format!("{CSV_HEAD}\r\n");
    let mut rows = |case: &str, units: &[UnitCosts]| {
        for unit in units {
            let count = unit.tokens.as_ref();
            let mut cells = vec![
                case.to_owned(),
                cell(&unit.name),
                cell(&unit.kind),
                cell(&unit.path),
                unit.line.to_string(),
                cell(&unit.owners.join(" ")),
                cell(&unit.tags.join(" ")),
                cell(unit.model.as_deref().unwrap_or_default()),
                count.map(|count| count.least.to_string()).unwrap_or_default(),
                count.map(|count| count.most.to_string()).unwrap_or_default(),
                count.map(|count| count.exact.to_string()).unwrap_or_default(),
            ];
            let ends = |amount: Option<Amount>, cells: &mut Vec<String>| {
                cells.push(
                    amount
                        .map(|amount| amount.low.normalize().to_string())
                        .unwrap_or_default(),
                );
                cells.push(
                    amount
                        .map(|amount| amount.high.normalize().to_string())
                        .unwrap_or_default(),
                );
            };
            ends(unit.call, &mut cells);
            ends(unit.thousand_calls, &mut cells);
            cells.push(
                unit.calls_per_month
                    .map(|calls| calls.normalize().to_string())
                    .unwrap_or_default(),
            );
            for amount in [unit.month, unit.month_in_a_year, unit.gpu_month, unit.run, unit.task] {
                ends(amount, &mut cells);
            }
            cells.push(cell(&unit.not_known.join("; ")));
            out.push_str(&format!("{}\r\n", cells.join(",")));
        }
    };
    match &costs.what_if {
        Some(what_if) => {
            rows("now", &what_if.units);
            rows("what-if", &costs.units);
        }
        None => rows("now", &costs.units),
    }
    out
}

fn json(costs: &Costs, _style: &Style<'_>) -> String {
    // Strings and decimals alone: nothing that JSON can't hold.
    let text = serde_json::to_string_pretty(costs).unwrap_or_default();
    format!("{}\n", escaped(&text))
}

fn markdown_table(head: &[String], rows: &[Vec<String>]) -> String {
    let mut out = format!("| {} |\n|", head.join(" | "));
    let last = head.len().saturating_sub(1);
    for at in 0..head.len() {
        out.push_str(if at == last { " --- |" } else { " ---: |" });
    }
    out.push('\n');
    for row in rows.iter().take(MOST_ROWS) {
        out.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    if rows.len() > MOST_ROWS {
        out.push_str(&format!("\n{} more: `--format csv` has all.\n", rows.len() - MOST_ROWS));
    }
    out
}

fn markdown_tables(costs: &Costs, _style: &Style<'_>) -> String {
    let amounts = |cells: Vec<String>| cells.into_iter().map(|cell| markdown::text(&cell));
    let unit_cell = |unit: &UnitCosts| match &unit.model {
        Some(model) => format!("{} {}", markdown::code(&unit.name), markdown::code(model)),
        None => markdown::code(&unit.name),
    };
    let mut out = String::new();
    if let Some(what_if) = &costs.what_if {
        out.push_str(&format!("### What if {}\n\n", markdown::text(&what_if.supposed)));
        let rows = what_if.units.iter().zip(&costs.units).map(|(now, then)| {
            let mut row: Vec<String> = amounts(before_after(now, then, "")).collect();
            row.pop();
            row.push(unit_cell(then));
            row
        });
        let head = strings(["$ a month", "becomes", "$ per 1,000 calls", "becomes", "unit"]);
        out.push_str(&markdown_table(&head, &rows.collect::<Vec<_>>()));
        out.push_str(&format!(
            "\nNow: {}\n",
            markdown::text(&total_line(&what_if.total, costs.currency.as_ref()))
        ));
        out.push_str(&format!(
            "\nWhat if: {}\n",
            markdown::text(&total_line(&costs.total, costs.currency.as_ref()))
        ));
    } else {
        let columns = columns(&costs.units);
        let mut head = strings(columns.iter().map(|column| column.0));
        head.push("unit".to_owned());
        let rows = costs.units.iter().map(|unit| {
            let cells = columns.iter().map(|column| (column.1)(unit)).collect();
            amounts(cells).chain([unit_cell(unit)]).collect()
        });
        out.push_str(&markdown_table(&head, &rows.collect::<Vec<Vec<String>>>()));
        if !costs.groups.is_empty() {
            let mut head = strings(["$ a month", "GPU $ a month", "units"]);
            head.push(format!("by {}", by(costs)));
            let rows = costs.groups.iter().map(|group| {
                let mut row = group_row(group, costs.by);
                row.pop();
                let out = left_out(&group.sums);
                let out = if out.is_empty() {
                    out
                } else {
                    format!(" {}", markdown::text(&format!("({out})")))
                };
                amounts(row)
                    .chain([format!("{}{out}", markdown::code(&group_name(group, costs.by)))])
                    .collect()
            });
            out.push_str(&format!(
                "\n{}",
                markdown_table(&head, &rows.collect::<Vec<Vec<String>>>())
            ));
        }
        out.push_str(&format!(
            "\nTotal: {}\n",
            markdown::text(&total_line(&costs.total, costs.currency.as_ref()))
        ));
    }
    out.push('\n');
    for note in notes(costs) {
        out.push_str(&format!("- {}\n", markdown::text(&note)));
    }
    out
}
