//! What a tree came to day by day: as tables, and drawn (`svg.rs`).

mod svg;

pub use self::svg::svg;
use super::costs::{aligned, strings, usd};
use super::words::clean;
use crate::report::costs::Amount;
use crate::report::trend::{Parts, Snapshot, Trend};
use crate::report::{grouped, money};

/// Changes of prices that are told one by one.
const MOST_NOTES: usize = 10;
/// Digits that are shown of a commit, and characters of a price list's name.
const COMMIT_SHOWN: usize = 10;
const NAME_SHOWN: usize = 60;

/// A part of a month's costs: its name, its colour in a picture, and its amount.
type Part = (&'static str, &'static str, fn(&Parts) -> Option<Amount>);

/// The parts, and their sum last. The colours are told apart by eyes that see few of them (Okabe and Ito, 2008).
const PARTS: &[Part] = &[
    ("input", "#0072b2", |parts| parts.input),
    ("output", "#d55e00", |parts| parts.output),
    ("GPUs", "#009e73", |parts| parts.gpus),
    ("together", "#222222", Parts::together),
];

/// The parts that some row has an amount of; their sum only where it is another than the one part.
fn parts(trend: &Trend) -> Vec<&'static Part> {
    let used = |part: &&Part| trend.rows.iter().any(|(_, row)| (part.2)(&row.usd_per_month).is_some());
    let mut used: Vec<&Part> = PARTS.iter().filter(used).collect();
    if used.len() == 2 {
        used.pop();
    }
    used
}

/// Counts that are shown with what changed.
type Count = (&'static str, fn(&Snapshot) -> u64);

const COUNTS: &[Count] = &[
    ("prompts", |row| row.prompts),
    ("deployments", |row| row.deployments),
    ("tokens in", |row| row.prompt_tokens),
    ("no volume", |row| row.without_volume),
    ("not known", |row| row.not_known),
    ("errors", |row| row.findings.error),
    ("warnings", |row| row.findings.warning),
    ("info", |row| row.findings.info),
];

/// A row on one line.
pub fn row(row: &Snapshot) -> String {
    let cost = usd(row.usd_per_month.together());
    let count = |count: u64| grouped(&count.to_string());
    format!(
        "{} {}: {} a month, {} prompts, {} deployments, {} tokens in",
        clean(&row.day),
        commit(row),
        if cost == "-" { "no known USD".to_owned() } else { cost },
        count(row.prompts),
        count(row.deployments),
        tokens(row)
    )
}

/// Two tables, of costs and of counts, and what is to be known about them.
pub fn tables(trend: &Trend) -> String {
    let parts = parts(trend);
    let mut head = strings(["day", "commit"]);
    head.extend(parts.iter().map(|(name, ..)| format!("{name} $ a month")));
    head.push("change".to_owned());
    let mut counts_head = strings(["day", "commit"]);
    counts_head.extend(COUNTS.iter().map(|(name, _)| (*name).to_owned()));
    let (mut costs, mut counts, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut before: Option<&Snapshot> = None;
    for (_, row) in &trend.rows {
        let named = [clean(&row.day), commit(row)];
        let other = before.filter(|before| !before.has_prices_of(row));
        let mut change = before.map_or_else(|| "-".to_owned(), |before| changed(before, row));
        if let Some(before) = other {
            change.push_str(" *");
            others.push(format!("* {}: {}, before {}", named[0], prices(row), prices(before)));
        }
        let amounts = parts.iter().map(|part| usd((part.2)(&row.usd_per_month)));
        costs.push(named.iter().cloned().chain(amounts).chain([change]).collect());
        let values = COUNTS.iter().map(|(name, of)| {
            let shown = match *name {
                "tokens in" => tokens(row),
                _ => grouped(&of(row).to_string()),
            };
            match before.map(|before| i128::from(of(row)) - i128::from(of(before))) {
                None | Some(0) => shown,
                Some(more) if more > 0 => format!("{shown} (+{})", grouped(&more.to_string())),
                Some(less) => format!("{shown} ({})", grouped(&less.to_string())),
            }
        });
        counts.push(named.iter().cloned().chain(values).collect::<Vec<_>>());
        before = Some(row);
    }
    let mut out = format!("{}\n{}\n", aligned(&head, &costs), aligned(&counts_head, &counts));
    if !others.is_empty() {
        out.push_str(
            "* Other prices than in the row before: amounts can't be compared, a part of the change may be theirs.\n",
        );
        for other in others.iter().rev().take(MOST_NOTES).rev() {
            out.push_str(&format!("  {other}\n"));
        }
        if others.len() > MOST_NOTES {
            out.push_str(&format!("  … and {} earlier ones\n", others.len() - MOST_NOTES));
        }
    }
    if trend.rows.iter().any(|(_, row)| row.uncommitted) {
        out.push_str("+ Files differed from that commit.\n");
    }
    out.push_str("Amounts are for the volumes that are stated; a month of GPUs is 730 hours. No volume: prompts that are in no amount.\n");
    out
}

/// What the ends of a month's costs changed by: `low +$1.00, high -$2.00`.
fn changed(before: &Snapshot, now: &Snapshot) -> String {
    let together = |row: &Snapshot| row.usd_per_month.together();
    let (Some(before), Some(now)) = (together(before), together(now)) else {
        return "-".to_owned();
    };
    let signed = |before: rust_decimal::Decimal, now: rust_decimal::Decimal| {
        let sign = match now.cmp(&before) {
            std::cmp::Ordering::Less => "-",
            std::cmp::Ordering::Equal => "",
            std::cmp::Ordering::Greater => "+",
        };
        format!("{sign}${}", money(now.saturating_sub(before).abs()))
    };
    let (low, high) = (signed(before.low, now.low), signed(before.high, now.high));
    match ((before.low, before.high) == (now.low, now.high), low == high) {
        (true, _) => "none".to_owned(),
        (false, true) => low,
        (false, false) => format!("low {low}, high {high}"),
    }
}

fn tokens(row: &Snapshot) -> String {
    let mark = if row.prompt_tokens_exact { "" } else { "~" };
    format!("{mark}{}", grouped(&row.prompt_tokens.to_string()))
}

/// The start of a row's commit, marked where files differed from it.
fn commit(row: &Snapshot) -> String {
    let Some(commit) = &row.commit else {
        return "no commit".to_owned();
    };
    let mark = if row.uncommitted { "+" } else { "" };
    format!("{}{mark}", clean(commit.get(..COMMIT_SHOWN).unwrap_or(commit)))
}

/// What the amounts of a row rest on.
fn prices(row: &Snapshot) -> String {
    let cut = |text: &str| clean(&text.chars().take(NAME_SHOWN).collect::<String>());
    format!(
        "{} of {} (llmlint {})",
        cut(&row.price_list),
        cut(&row.prices_of),
        cut(&row.llmlint)
    )
}
