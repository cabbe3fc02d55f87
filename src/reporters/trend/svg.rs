//! The costs of a month, day by day, as lines of an SVG picture. A range is a band between two lines.

use rust_decimal::prelude::ToPrimitive as _;

use super::{Part, commit, parts, prices, usd};
use crate::report::costs::Amount;
use crate::report::grouped;
use crate::report::trend::{Snapshot, Trend};
use crate::reporters::words::xml;

/// The picture, and the rectangle in it that lines are drawn in; pixels.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 380.0;
/// Where what is to be known about it starts.
const NOTES: f64 = 430.0;
/// Room for a date or a word on an axis.
const LABEL: f64 = 88.0;
/// The least distance of two marks of other prices.
const MARK: f64 = 3.0;
/// Marks on the axis of USD, about.
const TICKS: f64 = 5.0;
/// Rows with a dot each, which tells its amounts where a pointer rests on it.
const MOST_DOTS: usize = 200;

/// Draws the rows.
pub fn svg(trend: &Trend) -> String {
    let parts = parts(trend);
    let most = trend.rows.iter().flat_map(|(_, row)| {
        let known = parts.iter().filter_map(|part| (part.2)(&row.usd_per_month));
        known.map(|ends| number(ends.high))
    });
    let step = step(most.fold(0.0, f64::max));
    let last_day = trend.rows.last().map_or(0, |(day, _)| *day);
    let chart = Chart {
        trend,
        days: last_day as f64,
        top: step.0 * step.1,
    };
    let day = |row: Option<&(i64, Snapshot)>| xml(row.map_or("", |(_, row)| row.day.as_str()));
    let title = format!("USD a month, {} to {}", day(trend.rows.first()), day(trend.rows.last()));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222222\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"28\" font-size=\"17\">{title}</text>\n"
    );
    chart.usd_axis(step, &mut out);
    chart.day_axis(&mut out);
    let is_cut = chart.other_prices(&mut out);
    let mut legend = LEFT;
    for part in &parts {
        chart.line(part, &mut out);
        let (name, color, _) = part;
        out.push_str(&format!(
            "<rect x=\"{legend}\" y=\"43\" width=\"14\" height=\"14\" fill=\"{color}\"/><text x=\"{}\" y=\"55\">{name}</text>\n",
            legend + 20.0
        ));
        legend += LABEL + 12.0;
    }
    let mut notes = vec!["For the volumes that are stated; a month of GPUs is 730 hours."];
    if parts.is_empty() {
        notes.push("No row has a known amount.");
    } else {
        notes.push("A band goes from the low to the high end.");
    }
    if is_cut {
        notes.push("Lines end where prices changed: amounts left and right can't be compared.");
    }
    for (at, note) in notes.iter().enumerate() {
        out.push_str(&format!(
            "<text x=\"{LEFT}\" y=\"{}\" font-size=\"12\" fill=\"#555555\">{note}</text>\n",
            NOTES + 18.0 * at as f64
        ));
    }
    out.push_str("</svg>\n");
    out
}

struct Chart<'a> {
    trend: &'a Trend,
    /// Days from the first row to the last.
    days: f64,
    /// USD at the upper end.
    top: f64,
}

impl Chart<'_> {
    fn x(&self, day: i64) -> f64 {
        if self.days > 0.0 {
            LEFT + 12.0 + (RIGHT - LEFT - 24.0) * day as f64 / self.days
        } else {
            f64::midpoint(LEFT, RIGHT)
        }
    }

    fn y(&self, usd: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * usd / self.top
    }

    fn usd_axis(&self, (step, count): (f64, f64), out: &mut String) {
        for at in 0..=count as u32 {
            let usd = step * f64::from(at);
            let y = self.y(usd);
            out.push_str(&format!(
                "<path d=\"M{LEFT},{y:.1}H{RIGHT}\" stroke=\"#dddddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                LEFT - 8.0,
                y + 4.5,
                dollars(usd, step)
            ));
        }
    }

    /// The days of rows, as many as there is room for.
    fn day_axis(&self, out: &mut String) {
        let mut free = 0.0;
        let last = self.x(self.trend.rows.last().map_or(0, |(day, _)| *day));
        for (at, (day, row)) in self.trend.rows.iter().enumerate() {
            let x = self.x(*day);
            let is_last = at + 1 == self.trend.rows.len();
            // Room is kept for the last one.
            if x < free || (x > last - LABEL && x < last) || (x == last && !is_last) {
                continue;
            }
            free = x + LABEL;
            out.push_str(&format!(
                "<path d=\"M{x:.1},{BOTTOM}v6\" stroke=\"#222222\"/><text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                BOTTOM + 22.0,
                xml(&row.day)
            ));
        }
    }

    /// Marks the rows whose prices are other than those of the row before; tells whether there are any.
    fn other_prices(&self, out: &mut String) -> bool {
        let (mut free, mut free_label, mut any) = (0.0, 0.0, false);
        for pair in self.trend.rows.windows(2) {
            let ((_, before), (day, row)) = (&pair[0], &pair[1]);
            if before.has_prices_of(row) {
                continue;
            }
            any = true;
            let x = self.x(*day);
            if x < free {
                continue;
            }
            free = x + MARK;
            out.push_str(&format!(
                "<path d=\"M{x:.1},{TOP}V{BOTTOM}\" stroke=\"#888888\" stroke-dasharray=\"4 4\"><title>{}</title></path>\n",
                xml(&format!("{}, before {}", prices(row), prices(before)))
            ));
            if x >= free_label {
                free_label = x + LABEL;
                out.push_str(&format!(
                    "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\" font-size=\"12\" fill=\"#555555\">other prices</text>\n",
                    TOP - 6.0
                ));
            }
        }
        any
    }

    /// A part's lines, each as long as prices stay the same and every row has an amount.
    fn line(&self, part: &Part, out: &mut String) {
        let mut run: Vec<(f64, Amount)> = Vec::new();
        let mut before: Option<&Snapshot> = None;
        let mut dots = String::new();
        for (day, row) in &self.trend.rows {
            let ends = (part.2)(&row.usd_per_month);
            if ends.is_none() || before.is_some_and(|before| !before.has_prices_of(row)) {
                self.stretch(&run, part.1, out);
                run.clear();
            }
            before = Some(row);
            let Some(ends) = ends else {
                continue;
            };
            let x = self.x(*day);
            run.push((x, ends));
            if self.trend.rows.len() <= MOST_DOTS {
                let said = format!("{} {}: {} {}", row.day, commit(row), part.0, usd(Some(ends)));
                dots.push_str(&format!(
                    "<circle cx=\"{x:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"><title>{}</title></circle>\n",
                    self.y(number(ends.high)),
                    part.1,
                    xml(&said)
                ));
            }
        }
        self.stretch(&run, part.1, out);
        out.push_str(&dots);
    }

    fn stretch(&self, run: &[(f64, Amount)], color: &str, out: &mut String) {
        let (Some((start, _)), Some((x, last))) = (run.first(), run.last()) else {
            return;
        };
        let point = |x: f64, usd| format!("{x:.1},{:.1} ", self.y(number(usd)));
        let highs: String = run.iter().map(|(x, ends)| point(*x, ends.high)).collect();
        let lows: String = run.iter().map(|(x, ends)| point(*x, ends.low)).collect();
        let is_range = run.iter().any(|(_, ends)| ends.low != ends.high);
        // One day alone has no width: its latest range stands upright.
        if start == x {
            out.push_str(&format!(
                "<path d=\"M{} L{}h0.1\" stroke=\"{color}\" stroke-width=\"3\" stroke-linecap=\"round\" fill=\"none\"/>\n",
                point(*x, last.low).trim_end(),
                point(*x, last.high).trim_end()
            ));
            return;
        }
        if is_range {
            let back: String = run.iter().rev().map(|(x, ends)| point(*x, ends.low)).collect();
            out.push_str(&format!(
                "<polygon points=\"{highs}{back}\" fill=\"{color}\" fill-opacity=\"0.12\"/>\n<polyline points=\"{lows}\" \
                 fill=\"none\" stroke=\"{color}\" stroke-width=\"1\"/>\n"
            ));
        }
        out.push_str(&format!(
            "<polyline points=\"{highs}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>\n"
        ));
    }
}

fn number(usd: rust_decimal::Decimal) -> f64 {
    usd.to_f64().unwrap_or(0.0)
}

/// The distance of marks on an axis from 0 to `most`, a round number, and how many of them reach it.
fn step(most: f64) -> (f64, f64) {
    // A picture of nothing has an axis too.
    let most = if most > 0.0 { most } else { 1.0 };
    let rough = most / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let factors = [1.0, 2.0, 5.0, 10.0];
    let factor = factors
        .into_iter()
        .find(|factor| factor * power >= rough)
        .unwrap_or(10.0);
    let step = factor * power;
    (step, (most / step).ceil().max(1.0))
}

/// USD at a mark: as many decimals as the distance of marks needs, large ones in millions and more.
fn dollars(usd: f64, step: f64) -> String {
    let units = [(1e12, "T"), (1e9, "B"), (1e6, "M")];
    if usd >= 1e15 {
        format!("${usd:.1e}")
    } else if let Some((unit, name)) = units.into_iter().find(|(unit, _)| usd >= *unit) {
        let text = format!("{:.2}", usd / unit);
        format!("${}{name}", text.trim_end_matches('0').trim_end_matches('.'))
    } else if step < 1.0 {
        let places = (-step.log10()).ceil().clamp(1.0, 12.0) as usize;
        format!("${usd:.*}", places.max(2))
    } else {
        format!("${}", grouped(&format!("{usd:.0}")))
    }
}
