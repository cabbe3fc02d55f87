//! `llmlint numbers`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Failure, output};
use crate::catalog::{Catalog, Date, Evidence, Number};
use crate::facts::numbers::{self, Computed};
use crate::host;
use crate::report::{Figure, Input, grouped};

/// Columns of a figure's name, and of what the note said.
const NAME: usize = 36;
const THEN: usize = 20;
/// What stands before the basis of a figure.
const INDENT: &str = "    ";

#[derive(Debug, Args)]
pub(super) struct Numbers {
    /// How to show them.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How to show an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    Human,
    /// One JSON value.
    Json,
}

impl Numbers {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let catalog = Catalog::embedded();
        let today = host::today();
        let rows = catalog
            .numbers()
            .iter()
            .map(|number| Ok((number, numbers::compute(catalog, number, today)?)))
            .collect::<Result<Vec<_>, String>>()?;
        output::print(&match self.format {
            Format::Human => human(&rows, today, output::width()),
            Format::Json => {
                let rows: Vec<Value> = rows.iter().map(|(number, today)| object(number, today)).collect();
                format!("{:#}\n", json!({"today": today.to_string(), "numbers": rows}))
            }
        })
    }
}

fn object(number: &Number, computed: &Computed) -> Value {
    let figures = computed
        .figures
        .iter()
        .map(|(of, figure)| json!({"of": of, "figure": figure}));
    let studies = |list: &[&Evidence]| list.iter().map(|study| citation(study)).collect::<Value>();
    json!({
        "id": number.id,
        "name": number.name,
        "kind": format!("{:?}", number.kind).to_lowercase(),
        "about": number.about,
        "then": {"figure": number.then, "reason": number.then_reason, "source": number.then_source},
        "today": {
            "text": shown(computed),
            "figures": figures.collect::<Value>(),
            "found": studies(&computed.found),
            "related": studies(&computed.related),
        },
        "as_of": number.as_of.to_string(),
    })
}

fn citation(study: &Evidence) -> Value {
    json!({
        "id": study.id,
        "claim": study.claim,
        "low": study.low,
        "high": study.high,
        "unit": study.unit,
        "downside": study.downside,
        "title": study.title,
        "year": study.year,
        "url": study.url,
        "as_of": study.as_of.to_string(),
    })
}

fn human(rows: &[(&Number, Computed)], today: Date, width: usize) -> String {
    let mut out = columns(["figure", "2023", &today.to_string()], width);
    out.push_str(&"─".repeat(width));
    out.push('\n');
    for (number, computed) in rows {
        out.push_str(&columns([&number.name, &number.then, &shown(computed)], width));
        let mut tell = |label: &str, text: &str| {
            let first = format!("{INDENT}{label}");
            let rest = " ".repeat(INDENT.len() + 2);
            for line in output::wrapped(text, width, &first, &rest) {
                out.push_str(&line);
                out.push('\n');
            }
        };
        tell("", &number.about);
        let mut formula = "";
        for (of, figure) in &computed.figures {
            // What is looked up, not computed, stands above.
            if figure.inputs.len() == 1 {
                continue;
            }
            if figure.formula != formula {
                formula = &figure.formula;
                tell("= ", &legend(figure));
            }
            let of = if of.is_empty() {
                String::new()
            } else {
                format!("{of}: ")
            };
            tell("", &format!("{of}{} = {}", substituted(figure), amount(figure)));
        }
        let mut sources: Vec<&str> = Vec::new();
        for from in computed
            .figures
            .iter()
            .flat_map(|(_, figure)| &figure.inputs)
            .map(|input| &input.from)
        {
            if !sources.contains(&from.as_str()) {
                sources.push(from);
            }
        }
        for source in sources {
            tell("from ", source);
        }
        for study in &computed.found {
            tell("", &format!("{}: {}", study.id, study.claim));
            if let Some(downside) = &study.downside {
                tell("  but: ", downside);
            }
            tell("  from ", &publication(study));
        }
        for study in &computed.related {
            tell("see also ", &publication(study));
        }
        let note = format!("({}, read {})", number.source, number.as_of);
        tell("2023: ", &format!("{} {note}", number.then_reason));
        out.push('\n');
    }
    out
}

fn publication(study: &Evidence) -> String {
    format!("{} ({}), {}, read {}", study.title, study.year, study.url, study.as_of)
}

/// Three columns, each wrapped.
fn columns(cells: [&str; 3], width: usize) -> String {
    let widths = [NAME, THEN, width.saturating_sub(NAME + THEN + 4).max(20)];
    let mut cells: Vec<_> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| output::wrapped(cell, width, "", "").into_iter())
        .collect();
    let mut out = String::new();
    loop {
        let line: Vec<Option<_>> = cells.iter_mut().map(Iterator::next).collect();
        if line.iter().all(Option::is_none) {
            return out;
        }
        let [name, then, now] = [0, 1, 2].map(|at| line[at].as_deref().unwrap_or_default());
        out.push_str(format!("{name:NAME$}  {then:THEN$}  {now}").trim_end());
        out.push('\n');
    }
}

/// Today's figure in a line.
fn shown(computed: &Computed) -> String {
    let figures = computed.figures.iter().map(|(of, figure)| {
        let of = of.rsplit('/').next().unwrap_or(of);
        format!("{of} {}", amount(figure)).trim_start().to_owned()
    });
    figures
        .chain(computed.found.iter().filter_map(|study| finding(study)))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A study's figure as published, with the study's id.
fn finding(study: &Evidence) -> Option<String> {
    let (low, high, unit) = (study.low?, study.high?, study.unit.as_deref()?);
    let (scale, unit) = match unit.strip_prefix("share") {
        Some(of) => (Decimal::ONE_HUNDRED, format!("%{of}")),
        None => (Decimal::ONE, format!(" {unit}")),
    };
    let [low, high] = [low, high].map(|end| (end * scale).normalize());
    let range = if low == high {
        high.to_string()
    } else if low.is_zero() {
        format!("up to {high}")
    } else {
        format!("{low}-{high}")
    };
    Some(format!("{range}{unit} ({})", study.id))
}

/// A figure as people read it: three digits, or as many as its whole part has.
fn amount(figure: &Figure) -> String {
    let value = figure.low;
    let places = value.round_sf(3).unwrap_or(value).normalize();
    match figure.unit.as_str() {
        "ratio" => format!("{places}:1"),
        "USD" => format!("about ${}", grouped(&places.to_string())),
        "bytes" => {
            let gigabytes = value / Decimal::from(1_000_000_000);
            format!("{} GB", gigabytes.round_sf(3).unwrap_or(gigabytes).normalize())
        }
        "bytes per token" => format!("{} bytes", grouped(&value.to_string())),
        "bytes per parameter" => format!("{:.2} bytes a parameter", value.round_dp(2)),
        "share" => places.to_string(),
        unit => format!("{value} {unit}"),
    }
}

/// The formula, with the units of the operands whose names don't tell them.
fn legend(figure: &Figure) -> String {
    let unit = &figure.inputs[0].unit;
    if figure.inputs.iter().all(|input| input.unit == *unit) {
        return format!("{} ({unit})", figure.formula);
    }
    let untold = figure
        .inputs
        .iter()
        .filter(|input| input.unit.to_lowercase() != input.name);
    let units: Vec<String> = untold
        .map(|input| format!("{} in {}", input.name, input.unit))
        .collect();
    format!("{} ({})", figure.formula, units.join(", "))
}

/// The formula with the operands' values in their places.
fn substituted(figure: &Figure) -> String {
    let value = |input: &Input| match input.low.to_string().split_once('.') {
        Some((whole, fraction)) => format!("{}.{fraction}", grouped(whole)),
        None => grouped(&input.low.to_string()),
    };
    let words = figure
        .formula
        .split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .map(|word| {
            let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            match figure.inputs.iter().find(|input| input.name == name) {
                Some(input) => format!("{}{}", value(input), &word[name.len()..]),
                None => word.to_owned(),
            }
        })
        .collect()
}
