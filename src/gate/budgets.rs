//! What the team's budgets say of a report.

use globset::{Glob, GlobMatcher};
use rust_decimal::Decimal;

use crate::config::{Budget, BudgetLevel};
use crate::report::change::{Cause, Change, Ends, Gate, Limit, LimitOutcome, UnitChange};
use crate::report::{Figure, Finding, HOURS_A_MONTH, Report, UnitReport};

/// Causes and savers that are listed of one limit.
const LISTED: usize = 5;

const ZERO: Ends = Ends {
    low: Decimal::ZERO,
    high: Decimal::ZERO,
};

/// Weighs `report` by `budgets`, whose globs see paths from `folder` (the config's, from the repository's root, with a
/// `/` behind it; empty for the root).
pub fn weigh(report: &Report, budgets: &[(Budget, String)]) -> Gate {
    let limits: Vec<Limit> = budgets
        .iter()
        .flat_map(|(budget, folder)| limits(report, budget, folder))
        .collect();
    Gate {
        passed: !limits
            .iter()
            .any(|limit| limit.hard && limit.outcome == LimitOutcome::Broken),
        limits,
    }
}

/// Which units a budget is for.
struct Scope<'a> {
    budget: &'a Budget,
    folder: &'a str,
    files: Option<GlobMatcher>,
}

impl Scope<'_> {
    fn holds(&self, unit: &UnitReport) -> bool {
        let Some(inside) = unit.from_root.strip_prefix(self.folder) else {
            return false;
        };
        self.files.as_ref().is_none_or(|files| files.is_match(inside))
            && self.budget.unit.as_ref().is_none_or(|name| *name == unit.name)
            && self
                .budget
                .owner
                .as_ref()
                .is_none_or(|owner| unit.owners.contains(owner))
            && self.budget.tag.as_ref().is_none_or(|tag| unit.tags.contains(tag))
    }

    fn name(&self) -> String {
        let budget = self.budget;
        let parts = [&budget.name, &budget.unit, &budget.files, &budget.owner, &budget.tag];
        parts
            .into_iter()
            .flatten()
            .next()
            .cloned()
            .unwrap_or_else(|| "everything".to_owned())
    }
}

/// What is measured of one unit against a limit; `Err` where it is not known.
type Measure<'a> = dyn Fn(&UnitReport) -> Option<Result<Ends, ()>> + 'a;

fn limits(report: &Report, budget: &Budget, folder: &str) -> Vec<Limit> {
    let scope = Scope {
        budget,
        folder,
        files: budget
            .files
            .as_ref()
            .and_then(|glob| Glob::new(glob).ok())
            .map(|glob| glob.compile_matcher()),
    };
    let units: Vec<&UnitReport> = report.units.iter().filter(|unit| scope.holds(unit)).collect();
    let make = |key: &str, limit: Decimal, unit: &str| Limit {
        budget: scope.name(),
        key: key.to_owned(),
        hard: budget.level == BudgetLevel::Hard,
        limit,
        unit: unit.to_owned(),
        outcome: LimitOutcome::Unknown,
        amount: None,
        unknown: 0,
        causes: Vec::new(),
        savers: Vec::new(),
    };
    let mut out = Vec::new();
    // Limits on each unit: the largest decides.
    let each: [(&str, Option<Decimal>, &str, &Measure<'_>, &str); 3] = [
        (
            "max_input_tokens",
            budget.max_input_tokens.map(Decimal::from),
            "tokens",
            &|unit| input_tokens(unit, budget.max_input_tokens),
            "prompt.cost.input",
        ),
        (
            "max_usd_per_call",
            budget.max_usd_per_call,
            "USD per call",
            &|unit| call_cost(unit, 1),
            "prompt.cost.",
        ),
        (
            "max_usd_per_1000_calls",
            budget.max_usd_per_1000_calls,
            "USD per 1,000 calls",
            &|unit| call_cost(unit, 1000),
            "prompt.cost.",
        ),
    ];
    for (key, limit, unit, measure, fact) in each {
        if let Some(limit) = limit {
            let mut made = make(key, limit, unit);
            largest(&mut made, &units, measure);
            made.savers = savers(report, &made.causes, fact);
            out.push(made);
        }
    }
    // Limits on all together.
    let sums: [(&str, Option<Decimal>, &Measure<'_>, &str); 2] = [
        ("max_usd_per_month", budget.max_usd_per_month, &month_cost, ""),
        (
            "max_gpu_usd_per_month",
            budget.max_gpu_usd_per_month,
            &gpu_month,
            "deployment.",
        ),
    ];
    for (key, limit, measure, fact) in sums {
        if let Some(limit) = limit {
            let mut made = make(key, limit, "USD per month");
            together(&mut made, &units, measure);
            made.savers = savers(report, &made.causes, fact);
            out.push(made);
        }
    }
    if let Some(least) = budget.min_concurrency {
        let mut made = make("min_concurrency", least, "sequences");
        smallest(&mut made, &units);
        out.push(made);
    }
    for (key, limit, unit) in [
        ("max_growth_percent", budget.max_growth_percent, "percent"),
        (
            "max_growth_usd_per_month",
            budget.max_growth_usd_per_month,
            "USD per month",
        ),
    ] {
        if let (Some(limit), Some(comparison)) = (limit, &report.comparison) {
            let mut made = make(key, limit, unit);
            let changes: Vec<&UnitChange> = comparison
                .units
                .iter()
                .filter(|change| in_scope(change, &units, &scope))
                .collect();
            growth(&mut made, &units, &changes);
            out.push(made);
        }
    }
    out
}

/// Whether a changed unit is one of the budget's; one that is gone is told by its path.
fn in_scope(change: &UnitChange, units: &[&UnitReport], scope: &Scope<'_>) -> bool {
    match change.change {
        Change::Gone => {
            scope.budget.unit.is_none()
                && scope.budget.owner.is_none()
                && scope.budget.tag.is_none()
                && scope
                    .files
                    .as_ref()
                    .is_none_or(|files| files.is_match(change.path.strip_prefix(scope.folder).unwrap_or(&change.path)))
        }
        _ => units
            .iter()
            .any(|unit| unit.name == change.name && unit.kind == change.kind),
    }
}

fn judge(made: &mut Limit) {
    made.outcome = match made.amount {
        None => LimitOutcome::Unknown,
        Some(amount) if amount.low > made.limit => LimitOutcome::Broken,
        Some(amount) if amount.high > made.limit => LimitOutcome::Possible,
        Some(_) => LimitOutcome::Within,
    };
}

fn measured<'a>(made: &mut Limit, units: &[&'a UnitReport], measure: &Measure<'_>) -> Vec<(&'a UnitReport, Ends)> {
    let mut found = Vec::new();
    for unit in units {
        match measure(unit) {
            Some(Ok(ends)) => found.push((*unit, ends)),
            Some(Err(())) => made.unknown += 1,
            None => {}
        }
    }
    found.sort_by(|a, b| (b.1.high, b.1.low, &a.0.name).cmp(&(a.1.high, a.1.low, &b.0.name)));
    found
}

fn cause(unit: &UnitReport, amount: Ends) -> Cause {
    Cause {
        name: unit.name.clone(),
        path: unit.path.clone(),
        line: unit.span.line,
        amount,
    }
}

/// A limit on each unit: the amount is the largest one's, and those beyond the limit are its causes.
fn largest(made: &mut Limit, units: &[&UnitReport], measure: &Measure<'_>) {
    let found = measured(made, units, measure);
    made.amount = found
        .iter()
        .map(|(_, ends)| *ends)
        .max_by_key(|ends| (ends.low, ends.high));
    let beyond = found.iter().filter(|(_, ends)| ends.high > made.limit);
    made.causes = beyond.take(LISTED).map(|(unit, ends)| cause(unit, *ends)).collect();
    judge(made);
}

/// A limit on the sum.
fn together(made: &mut Limit, units: &[&UnitReport], measure: &Measure<'_>) {
    let found = measured(made, units, measure);
    if !found.is_empty() {
        let add = |sum: Ends, ends: &Ends| Ends {
            low: sum.low.saturating_add(ends.low),
            high: sum.high.saturating_add(ends.high),
        };
        made.amount = Some(found.iter().map(|(_, ends)| ends).fold(ZERO, add));
    }
    judge(made);
    if made.outcome != LimitOutcome::Within {
        made.causes = found
            .iter()
            .take(LISTED)
            .map(|(unit, ends)| cause(unit, *ends))
            .collect();
    }
}

/// A least concurrency: the smallest deployment's decides.
fn smallest(made: &mut Limit, units: &[&UnitReport]) {
    let mut found: Vec<(&UnitReport, Decimal)> = Vec::new();
    for unit in units.iter().filter(|unit| unit.kind == "deployment") {
        match unit.concurrency {
            Some(concurrency) => found.push((unit, concurrency)),
            None => made.unknown += 1,
        }
    }
    found.sort_by(|a, b| (a.1, &a.0.name).cmp(&(b.1, &b.0.name)));
    let ends = |value: Decimal| Ends {
        low: value,
        high: value,
    };
    made.amount = found.first().map(|(_, least)| ends(*least));
    made.outcome = match made.amount {
        None => LimitOutcome::Unknown,
        Some(amount) if amount.low < made.limit => LimitOutcome::Broken,
        Some(_) => LimitOutcome::Within,
    };
    let below = found.iter().filter(|(_, concurrency)| *concurrency < made.limit);
    made.causes = below
        .take(LISTED)
        .map(|(unit, concurrency)| cause(unit, ends(*concurrency)))
        .collect();
}

/// What the change adds to a month. In percent of what the units cost before; where no volume is known, of what they
/// cost per 1,000 calls.
fn growth(made: &mut Limit, units: &[&UnitReport], changes: &[&UnitChange]) {
    let percent = made.unit == "percent";
    let month = |change: &UnitChange| change.costs.iter().any(|cost| cost.per != "1,000 calls");
    let per_month = !percent || changes.iter().any(|change| month(change));
    let mut added = ZERO;
    let mut found: Vec<(&UnitChange, Ends)> = Vec::new();
    for change in changes {
        let mut own = ZERO;
        let mut known = false;
        for cost in &change.costs {
            let factor = match cost.per.as_str() {
                "month" if per_month => Decimal::ONE,
                "hour" if per_month => Decimal::from(HOURS_A_MONTH),
                "1,000 calls" if !per_month => Decimal::ONE,
                _ => continue,
            };
            let growth = cost.growth();
            own.low = own.low.saturating_add(growth.low.saturating_mul(factor));
            own.high = own.high.saturating_add(growth.high.saturating_mul(factor));
            known = true;
        }
        if known {
            added.low = added.low.saturating_add(own.low);
            added.high = added.high.saturating_add(own.high);
            found.push((change, own));
        } else {
            made.unknown += 1;
        }
    }
    // The ends of a growth may cross: a range became narrower.
    let ordered = |ends: Ends| Ends {
        low: ends.low.min(ends.high),
        high: ends.low.max(ends.high),
    };
    made.amount = if found.is_empty() && !changes.is_empty() {
        None
    } else if percent {
        let now: Decimal = units
            .iter()
            .filter_map(|unit| total(unit, per_month))
            .fold(Decimal::ZERO, Decimal::saturating_add);
        let before = now.saturating_sub(added.high);
        let share = |part: Decimal| {
            part.checked_div(before)
                .map(|share| share.saturating_mul(Decimal::ONE_HUNDRED))
        };
        match (share(added.low), share(added.high)) {
            (Some(low), Some(high)) => Some(ordered(Ends { low, high })),
            // Nothing stood there before: growth in percent says nothing.
            _ if added.high.is_zero() => Some(ZERO),
            _ => None,
        }
    } else {
        Some(ordered(added))
    };
    judge(made);
    found.retain(|(_, ends)| ends.high > Decimal::ZERO);
    found.sort_by(|a, b| (b.1.high, &a.0.name).cmp(&(a.1.high, &b.0.name)));
    let causes = found.iter().take(LISTED).map(|(change, ends)| Cause {
        name: change.name.clone(),
        path: change.path.clone(),
        line: change.line,
        amount: ordered(*ends),
    });
    if made.outcome != LimitOutcome::Within {
        made.causes = causes.collect();
    }
}

/// The high end of a unit's known costs.
fn total(unit: &UnitReport, per_month: bool) -> Option<Decimal> {
    let figures = unit.costs.iter().filter_map(|cost| cost.amount.as_ref());
    let parts = figures.filter_map(|figure| match figure.per.as_str() {
        "month" if per_month => Some(figure.high),
        "hour" if per_month => Some(figure.high.saturating_mul(Decimal::from(HOURS_A_MONTH))),
        "1,000 calls" if !per_month => Some(figure.high),
        _ => None,
    });
    parts.reduce(Decimal::saturating_add)
}

/// A unit's fixed input. Where a part of it is in no file of the run, nobody knows that it stays below `limit`.
fn input_tokens(unit: &UnitReport, limit: Option<u64>) -> Option<Result<Ends, ()>> {
    let count = unit.tokens.as_ref()?;
    if count.lacks_a_file() && limit.is_some_and(|limit| count.least <= limit) {
        return Some(Err(()));
    }
    Some(Ok(Ends {
        low: Decimal::from(count.least),
        high: Decimal::from(count.most),
    }))
}

/// USD of `calls` calls of a prompt, input and output.
fn call_cost(unit: &UnitReport, calls: u32) -> Option<Result<Ends, ()>> {
    if !unit.is_request() {
        return None;
    }
    let mut sum = ZERO;
    for cost in &unit.costs {
        let Some(ends) = cost.amount.as_ref().and_then(|figure| of_calls(figure, calls)) else {
            return Some(Err(()));
        };
        sum.low = sum.low.saturating_add(ends.low);
        sum.high = sum.high.saturating_add(ends.high);
    }
    Some(Ok(sum))
}

/// The part of a figure that a number of calls make.
fn of_calls(figure: &Figure, calls: u32) -> Option<Ends> {
    let over = match figure.per.as_str() {
        "1,000 calls" => Decimal::ONE_THOUSAND,
        _ => figure.inputs.iter().find(|input| input.name == "calls")?.high,
    };
    let part = |value: Decimal| {
        value
            .saturating_mul(Decimal::from(calls))
            .checked_div(over)
            .map(|part| part.normalize())
    };
    Some(Ends {
        low: part(figure.low)?,
        high: part(figure.high)?,
    })
}

/// USD of a unit's month: where a volume is stated, or of the GPUs of a deployment.
fn month_cost(unit: &UnitReport) -> Option<Result<Ends, ()>> {
    match unit.kind.as_str() {
        "prompt" | "embedding" => {
            let mut sum = ZERO;
            for cost in &unit.costs {
                match &cost.amount {
                    Some(figure) if figure.per == "month" => {
                        sum.low = sum.low.saturating_add(figure.low);
                        sum.high = sum.high.saturating_add(figure.high);
                    }
                    _ => return Some(Err(())),
                }
            }
            Some(Ok(sum))
        }
        _ => gpu_month(unit),
    }
}

fn gpu_month(unit: &UnitReport) -> Option<Result<Ends, ()>> {
    if unit.kind != "deployment" {
        return None;
    }
    let hours = Decimal::from(HOURS_A_MONTH);
    let figure = unit.costs.iter().find_map(|cost| cost.amount.as_ref());
    Some(match figure {
        Some(figure) if figure.per == "hour" => Ok(Ends {
            low: figure.low.saturating_mul(hours),
            high: figure.high.saturating_mul(hours),
        }),
        _ => Err(()),
    })
}

/// Findings on the units that make up the amount, whose saving is known, largest first.
fn savers(report: &Report, causes: &[Cause], fact: &str) -> Vec<Cause> {
    let on_cause = |finding: &&Finding| {
        finding
            .unit
            .as_ref()
            .is_some_and(|unit| causes.iter().any(|cause| cause.name == *unit))
    };
    let mut found: Vec<Cause> = report
        .findings
        .iter()
        .filter(on_cause)
        .filter_map(|finding| {
            let saving = finding.saving.as_ref().filter(|saving| saving.of.starts_with(fact))?;
            let figure = saving.amount.as_ref().filter(|figure| figure.unit == "USD")?;
            Some(Cause {
                name: finding.rule.clone(),
                path: finding.path.clone(),
                line: finding.span.line,
                amount: Ends {
                    low: figure.low,
                    high: figure.high,
                },
            })
        })
        .collect();
    found.sort_by(|a, b| (b.amount.high, &a.path, a.line).cmp(&(a.amount.high, &b.path, b.line)));
    found.truncate(LISTED);
    found
}
