//! What a change did: an older report beside a newer one.

use std::collections::{BTreeMap, HashMap, HashSet};

use rust_decimal::Decimal;

use crate::fingerprint::likeness;
use crate::report::change::{Change, Comparison, CostChange, Ends, FixedFinding, UnitChange};
use crate::report::{Finding, FindingStatus, Report, Sum, UnitReport};

/// Units of different names whose sketches agree in this share are the same unit, moved and edited.
const SAME: f64 = 0.5;
/// Most units on either side that are compared with each other by their sketches.
const MOST_COMPARED: usize = 2000;

/// Compares `new` with `old`: what is new, gone, changed or moved is written into `new`, and each of its findings gets
/// its status. Both reports must have been made with the same prices and the same day.
pub fn compare(old: &Report, new: &mut Report, base: &str) {
    let pairs = pair_units(&old.units, &new.units);
    let mut comparison = Comparison {
        base: base.to_owned(),
        costs: sums(&old.totals.costs, &new.totals.costs),
        ..Comparison::default()
    };
    let mut was: HashMap<&str, &str> = HashMap::new();
    let mut taken: HashSet<usize> = HashSet::new();
    for (at, unit) in new.units.iter().enumerate() {
        let before = pairs.get(&at).map(|at| &old.units[*at]);
        if let Some(at) = pairs.get(&at) {
            taken.insert(*at);
        }
        if let Some(before) = before {
            was.insert(&unit.name, &before.name);
        }
        match change(before, unit) {
            None => comparison.unchanged += 1,
            Some(change) => comparison.units.push(unit_change(change, before, unit)),
        }
    }
    let gone = old.units.iter().enumerate().filter(|(at, _)| !taken.contains(at));
    comparison
        .units
        .extend(gone.map(|(_, unit)| unit_change(Change::Gone, Some(unit), unit)));
    comparison
        .units
        .sort_by(|a, b| (&a.path, a.line, &a.name).cmp(&(&b.path, b.line, &b.name)));

    let fixed = mark_findings(&old.findings, &mut new.findings, &was);
    comparison.fixed = fixed
        .into_iter()
        .map(|finding| FixedFinding {
            rule: finding.rule.clone(),
            path: finding.path.clone(),
            message: finding.message.clone(),
        })
        .collect();
    let status = |status| {
        new.findings
            .iter()
            .filter(|finding| finding.status == Some(status))
            .count() as u64
    };
    comparison.new_findings = status(FindingStatus::New);
    comparison.unchanged_findings = status(FindingStatus::Unchanged);
    // As often as it stood there before, a suppression is no news.
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    for suppressed in &old.suppressed {
        *known.entry((&suppressed.rule, &suppressed.path)).or_default() += 1;
    }
    for suppressed in &new.suppressed {
        match known.get_mut(&(suppressed.rule.as_str(), suppressed.path.as_str())) {
            Some(left) if *left > 0 => *left -= 1,
            _ => comparison.new_suppressions.push(suppressed.clone()),
        }
    }
    new.comparison = Some(comparison);
}

/// For units of the newer report, by index, the same unit of the older one: by name, else by content, else by likeness.
fn pair_units(old: &[UnitReport], new: &[UnitReport]) -> HashMap<usize, usize> {
    let mut pairs = HashMap::new();
    let mut free_old: Vec<usize> = Vec::new();
    let by_name: HashMap<(&str, &str), usize> = new
        .iter()
        .enumerate()
        .map(|(at, unit)| ((unit.kind.as_str(), unit.name.as_str()), at))
        .collect();
    for (at, unit) in old.iter().enumerate() {
        match by_name.get(&(unit.kind.as_str(), unit.name.as_str())) {
            Some(found) if !pairs.contains_key(found) => {
                pairs.insert(*found, at);
            }
            _ => free_old.push(at),
        }
    }
    let mut by_content: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for at in free_old.iter().rev() {
        let unit = &old[*at];
        by_content.entry((&unit.kind, &unit.fingerprint)).or_default().push(*at);
    }
    let mut free_new: Vec<usize> = Vec::new();
    for (at, unit) in new
        .iter()
        .enumerate()
        .filter(|(at, _)| !pairs.contains_key(at))
        .collect::<Vec<_>>()
    {
        match by_content
            .get_mut(&(unit.kind.as_str(), unit.fingerprint.as_str()))
            .and_then(Vec::pop)
        {
            Some(found) => {
                pairs.insert(at, found);
            }
            None => free_new.push(at),
        }
    }
    let taken: HashSet<usize> = pairs.values().copied().collect();
    free_old.retain(|at| !taken.contains(at));
    if free_old.len() > MOST_COMPARED || free_new.len() > MOST_COMPARED {
        return pairs;
    }
    let mut alike: Vec<(f64, usize, usize)> = Vec::new();
    for new_at in &free_new {
        for old_at in &free_old {
            let (a, b) = (&old[*old_at], &new[*new_at]);
            let share = likeness(&a.sketch, &b.sketch);
            if a.kind == b.kind && share >= SAME {
                alike.push((share, *old_at, *new_at));
            }
        }
    }
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut used = HashSet::new();
    for (_, old_at, new_at) in alike {
        if !pairs.contains_key(&new_at) && used.insert(old_at) {
            pairs.insert(new_at, old_at);
        }
    }
    pairs
}

/// How a unit differs from what it was; `None` where it does not.
fn change(before: Option<&UnitReport>, unit: &UnitReport) -> Option<Change> {
    let Some(before) = before else {
        return Some(Change::New);
    };
    let same = before.fingerprint == unit.fingerprint
        && before.model == unit.model
        && before.gpus == unit.gpus
        && before.tokens == unit.tokens
        && cost_changes(Some(before), Some(unit))
            .iter()
            .all(|cost| cost.before == cost.after);
    match (same, before.name == unit.name) {
        (true, true) => None,
        (true, false) => Some(Change::Moved),
        (false, _) => Some(Change::Changed),
    }
}

fn unit_change(change: Change, before: Option<&UnitReport>, unit: &UnitReport) -> UnitChange {
    let now = (change != Change::Gone).then_some(unit);
    UnitChange {
        change,
        kind: unit.kind.clone(),
        name: unit.name.clone(),
        was: before.map(|before| before.name.clone()).filter(|was| *was != unit.name),
        path: unit.path.clone(),
        line: unit.span.line,
        model_before: before.and_then(|before| before.model.clone()),
        model: now.and_then(|unit| unit.model.clone()),
        gpus_before: before.and_then(|before| before.gpus.clone()),
        gpus: now.and_then(|unit| unit.gpus.clone()),
        tokens_before: before.and_then(|before| before.tokens.clone()),
        tokens: now.and_then(|unit| unit.tokens.clone()),
        costs: cost_changes(before, now),
    }
}

/// Known costs of a unit before and after, by part and by what they are per.
fn cost_changes(before: Option<&UnitReport>, after: Option<&UnitReport>) -> Vec<CostChange> {
    let known = |unit: Option<&UnitReport>| -> Vec<CostChange> {
        let costs = unit.map_or(&[][..], |unit| &unit.costs).iter();
        let figures = costs.filter_map(|cost| Some((&cost.fact, cost.amount.as_ref()?)));
        figures
            .map(|(fact, figure)| one_side(fact, &figure.unit, &figure.per, figure.low, figure.high))
            .collect()
    };
    beside(known(before), known(after))
}

fn sums(old: &[Sum], new: &[Sum]) -> Vec<CostChange> {
    let known = |sums: &[Sum]| -> Vec<CostChange> {
        let sums = sums.iter();
        sums.map(|sum| one_side(&sum.of, &sum.unit, &sum.per, sum.low, sum.high))
            .collect()
    };
    beside(known(old), known(new))
}

/// A cost of which only one side is known yet.
fn one_side(of: &str, unit: &str, per: &str, low: Decimal, high: Decimal) -> CostChange {
    CostChange {
        of: of.to_owned(),
        unit: unit.to_owned(),
        per: per.to_owned(),
        before: None,
        after: Some(Ends { low, high }),
    }
}

/// Costs of both sides, by part and by what they are per.
fn beside(before: Vec<CostChange>, after: Vec<CostChange>) -> Vec<CostChange> {
    let mut rows: BTreeMap<String, CostChange> = BTreeMap::new();
    let key = |cost: &CostChange| format!("{}\n{}\n{}", cost.of, cost.per, cost.unit);
    for mut cost in before {
        cost.before = cost.after.take();
        rows.insert(key(&cost), cost);
    }
    for cost in after {
        match rows.get_mut(&key(&cost)) {
            Some(row) => row.after = cost.after,
            None => {
                rows.insert(key(&cost), cost);
            }
        }
    }
    rows.into_values().collect()
}

/// Gives each new finding its status, and returns the old ones that are gone. A finding is the same where its rule
/// fired on the same unit, on the same words first; `was` tells the older names of units.
fn mark_findings<'a>(old: &'a [Finding], new: &mut [Finding], was: &HashMap<&str, &str>) -> Vec<&'a Finding> {
    let mut left: Vec<Option<&Finding>> = old.iter().map(Some).collect();
    let mut by_words: HashMap<String, Vec<usize>> = HashMap::new();
    let mut by_unit: HashMap<String, Vec<usize>> = HashMap::new();
    // Words and unit, the unit under the name that it had in the older report.
    let keys = |finding: &Finding, was: &HashMap<&str, &str>| {
        let unit = finding.unit.as_deref().unwrap_or(&finding.path);
        let unit = was.get(unit).copied().unwrap_or(unit);
        let of_unit = format!("{}\n{unit}", finding.rule);
        (format!("{of_unit}\n{}", finding.fingerprint), of_unit)
    };
    let own_names = HashMap::new();
    for (at, finding) in old.iter().enumerate().rev() {
        let (words, unit) = keys(finding, &own_names);
        by_words.entry(words).or_default().push(at);
        by_unit.entry(unit).or_default().push(at);
    }
    for by_the_words in [true, false] {
        for finding in new.iter_mut().filter(|finding| finding.status.is_none()) {
            let (words, unit) = keys(finding, was);
            let list = if by_the_words {
                by_words.get_mut(&words)
            } else {
                by_unit.get_mut(&unit)
            };
            let found = list.and_then(|list| {
                while let Some(at) = list.pop() {
                    if left[at].is_some() {
                        return Some(at);
                    }
                }
                None
            });
            if let Some(at) = found {
                left[at] = None;
                finding.status = Some(FindingStatus::Unchanged);
            }
        }
    }
    for finding in new.iter_mut().filter(|finding| finding.status.is_none()) {
        finding.status = Some(FindingStatus::New);
    }
    left.into_iter().flatten().collect()
}
