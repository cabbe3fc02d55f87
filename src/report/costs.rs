//! What the units of a report cost by call and by month: a row a unit, sums by folder, owner or tag, and in all.
//!
//! Amounts are exact. A month's GPUs are 730 hours, as clouds count them; a month's calls are the volume that
//! llmlint.yaml or a usage file states.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Commitment, Cost, Currency, HOURS_A_MONTH, PriceListAbout, Report, TokenCount, UnitReport};

/// The version of the schema of [`Costs`].
pub const SCHEMA_VERSION: u32 = 1;
/// Months that growth is looked ahead for.
const MONTHS_AHEAD: u32 = 12;

/// What the units of a tree cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Costs {
    /// The version of this schema.
    pub schema_version: u32,
    /// The version of llmlint that made it.
    pub llmlint: String,
    /// The day whose prices were taken (YYYY-MM-DD).
    pub today: String,
    /// The oldest date of a price that entered an amount (YYYY-MM-DD).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices_as_of: Option<String>,
    /// The list that models' prices were looked up in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_list: Option<PriceListAbout>,
    /// The currency in which sums are shown beside USD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What is paid to providers in any case, and how much of it is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<Commitment>,
    /// The units, the dearest first.
    pub units: Vec<UnitCosts>,
    /// What the groups are: folders, owners or tags.
    pub by: GroupBy,
    /// Sums of the groups: folders from the top down, else the dearest first.
    pub groups: Vec<Group>,
    /// The sum over all units.
    pub total: Sums,
    /// What is supposed in place of what the files and settings say; `total` is with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what_if: Option<WhatIf>,
}

/// What is supposed, and what the units cost without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIf {
    /// The words behind `--what-if`.
    pub supposed: String,
    /// The units as they are, in the order of `units`.
    pub units: Vec<UnitCosts>,
    /// Their sum.
    pub total: Sums,
}

/// By what units are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// The folders of their files, each with what is below it.
    Folder,
    /// The owners that CODEOWNERS names.
    Owner,
    /// Their tags in llmlint.yaml.
    Tag,
}

/// An amount of USD, or a range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Amount {
    /// The low end, USD.
    #[schemars(with = "String")]
    pub low: Decimal,
    /// The high end, USD; the same as `low` where nothing is a range.
    #[schemars(with = "String")]
    pub high: Decimal,
    /// Whether the true amount may be larger, because a part of it is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl Amount {
    pub(super) fn add(&mut self, other: Self) {
        self.low = self.low.saturating_add(other.low);
        self.high = self.high.saturating_add(other.high);
        self.at_least |= other.at_least;
    }

    /// The amount times `factor`; `None` beyond what a decimal holds.
    fn times(self, factor: Decimal) -> Option<Self> {
        Some(Self {
            low: self.low.checked_mul(factor)?.normalize(),
            high: self.high.checked_mul(factor)?.normalize(),
            ..self
        })
    }

    fn over(self, divisor: Decimal) -> Option<Self> {
        Some(Self {
            low: self.low.checked_div(divisor)?.normalize(),
            high: self.high.checked_div(divisor)?.normalize(),
            ..self
        })
    }
}

/// What one unit costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitCosts {
    /// Its name.
    pub name: String,
    /// `prompt`, `embedding`, `deployment` or `training`.
    pub kind: String,
    /// The file.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// Who owns its file by CODEOWNERS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The tags that llmlint.yaml gives it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The model that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens of its fixed text (prompts).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokenCount>,
    /// USD of one task of an agent loop, which is no single call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Amount>,
    /// USD of one call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<Amount>,
    /// USD of 1,000 calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousand_calls: Option<Amount>,
    /// Calls a month, where they are stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub calls_per_month: Option<Decimal>,
    /// USD of a month's calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<Amount>,
    /// USD of a month's calls in 12 months, where llmlint.yaml states a growth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_in_a_year: Option<Amount>,
    /// USD of its GPUs in a month of 730 hours (deployments).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_month: Option<Amount>,
    /// USD of one run (trainings).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Amount>,
    /// What is not known, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_known: Vec<String>,
    /// What the amounts are made of.
    pub basis: Vec<Cost>,
}

impl UnitCosts {
    fn of(unit: &UnitReport) -> Self {
        let mut not_known = Vec::new();
        for cost in &unit.costs {
            match (&cost.amount, &cost.unknown) {
                (Some(figure), _) => not_known.extend(figure.without.iter().cloned()),
                (None, Some(why)) => not_known.push(format!("{}: {why}", part(&cost.fact))),
                (None, None) => {}
            }
        }
        let known = || unit.costs.iter().filter_map(|cost| cost.amount.as_ref());
        // Only what is known for the same number of calls adds up.
        let sum = |per: &str| {
            let mut parts = known().filter(|figure| figure.per == per).peekable();
            parts.peek()?;
            let mut sum = Amount {
                at_least: !not_known.is_empty(),
                ..Amount::default()
            };
            for figure in parts {
                sum.add(Amount {
                    low: figure.low,
                    high: figure.high,
                    at_least: false,
                });
            }
            Some(sum)
        };
        let month = sum("month").filter(|_| unit.is_request());
        let calls = known()
            .filter(|figure| figure.per == "month" && unit.is_request())
            .flat_map(|figure| &figure.inputs)
            .find(|input| input.name == "calls")
            .map(|input| input.high);
        let thousand = match (month, calls) {
            (Some(month), Some(calls)) => month.over(calls).and_then(|call| call.times(Decimal::ONE_THOUSAND)),
            _ => sum("1,000 calls"),
        };
        let turns = known()
            .flat_map(|figure| &figure.inputs)
            .find(|input| input.name == "turns");
        // A month of calls is one of as many turns.
        let task = match (thousand.zip(turns), sum("1,000 tasks")) {
            (Some((thousand, turns)), _) => thousand.over(Decimal::ONE_THOUSAND).and_then(|turn| {
                Some(Amount {
                    low: turn.low.checked_mul(turns.low)?.normalize(),
                    high: turn.high.checked_mul(turns.high)?.normalize(),
                    ..turn
                })
            }),
            (None, tasks) => tasks.and_then(|tasks| tasks.over(Decimal::ONE_THOUSAND)),
        };
        let thousand = thousand.filter(|_| turns.is_none());
        let growth = unit
            .growth_per_month
            .and_then(|share| powi(Decimal::ONE + share, MONTHS_AHEAD));
        Self {
            name: unit.name.clone(),
            kind: unit.kind.clone(),
            path: unit.path.clone(),
            line: unit.span.line,
            owners: unit.owners.clone(),
            tags: unit.tags.clone(),
            model: unit.model.clone(),
            tokens: unit.tokens.clone(),
            task,
            call: thousand.and_then(|amount| amount.over(Decimal::ONE_THOUSAND)),
            thousand_calls: thousand,
            calls_per_month: calls,
            month,
            month_in_a_year: month.zip(growth).and_then(|(month, growth)| month.times(growth)),
            gpu_month: sum("hour").and_then(|hour| hour.times(Decimal::from(HOURS_A_MONTH))),
            run: sum("run"),
            not_known,
            basis: unit.costs.clone(),
        }
    }

    /// What it costs a month in all, where that is known.
    pub fn whole_month(&self) -> Option<Amount> {
        self.month.or(self.gpu_month)
    }
}

/// A cost in words, without the kind of unit.
fn part(fact: &str) -> &str {
    fact.rsplit('.').next().unwrap_or(fact)
}

fn powi(base: Decimal, exponent: u32) -> Option<Decimal> {
    (0..exponent).try_fold(Decimal::ONE, |product, _| product.checked_mul(base))
}

/// Sums over units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sums {
    /// Units that it is over.
    pub units: u64,
    /// USD a month of the calls of prompts whose volume is stated.
    pub month: Amount,
    /// USD a month of the GPUs of deployments.
    pub gpu_month: Amount,
    /// Prompts that are in `month`.
    pub with_volume: u64,
    /// Prompts whose volume nobody states: they are in no sum.
    pub without_volume: u64,
    /// Prompts and deployments of which no amount is known.
    pub not_known: u64,
}

impl Sums {
    fn add(&mut self, unit: &UnitCosts) {
        self.units += 1;
        match (unit.month, unit.gpu_month) {
            (Some(month), _) => {
                self.month.add(month);
                self.with_volume += 1;
            }
            (None, Some(month)) => self.gpu_month.add(month),
            (None, None) if unit.thousand_calls.or(unit.task).is_some() => self.without_volume += 1,
            (None, None) if unit.run.is_some() => {}
            (None, None) => self.not_known += 1,
        }
    }

    /// USD a month in all.
    pub fn whole_month(&self) -> Amount {
        let mut whole = self.month;
        whole.add(self.gpu_month);
        whole
    }
}

/// A folder, an owner or a tag with the sum of its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// The folder's path, the owner, the tag; empty for units that have none.
    pub name: String,
    /// How many of the folders that are listed it lies in.
    pub depth: usize,
    /// The sum.
    pub sums: Sums,
}

impl Costs {
    /// The costs of a report's units.
    pub fn of(report: &Report, by: GroupBy) -> Self {
        let mut units: Vec<UnitCosts> = report.units.iter().map(UnitCosts::of).collect();
        let dear = |amount: Option<Amount>| Reverse(amount.map(|amount| amount.high));
        units.sort_by(|a, b| {
            let key = |unit: &UnitCosts| (dear(unit.whole_month()), dear(unit.thousand_calls), dear(unit.run));
            key(a)
                .cmp(&key(b))
                .then_with(|| (&a.path, a.line, &a.name).cmp(&(&b.path, b.line, &b.name)))
        });
        let mut total = Sums::default();
        units.iter().for_each(|unit| total.add(unit));
        Self {
            schema_version: SCHEMA_VERSION,
            llmlint: report.llmlint.clone(),
            today: report.today.clone(),
            prices_as_of: report.prices_as_of.clone(),
            price_list: report.price_list.clone(),
            currency: report.currency.clone(),
            commitments: report.commitments.clone(),
            groups: groups(&units, by),
            units,
            by,
            total,
            what_if: None,
        }
    }

    /// The costs with something supposed, beside those as they are.
    pub fn beside(mut self, now: Self, supposed: String) -> Self {
        let mut places: BTreeMap<(&str, &str, usize), usize> = BTreeMap::new();
        for (at, unit) in self.units.iter().enumerate() {
            places.insert((&unit.name, &unit.path, unit.line), at);
        }
        let mut units = now.units;
        units.sort_by_key(|unit| {
            places
                .get(&(unit.name.as_str(), unit.path.as_str(), unit.line))
                .copied()
        });
        self.what_if = Some(WhatIf {
            supposed,
            units,
            total: now.total,
        });
        self
    }
}

fn groups(units: &[UnitCosts], by: GroupBy) -> Vec<Group> {
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for unit in units {
        let names: Vec<&str> = match by {
            GroupBy::Folder => folders(&unit.path).collect(),
            GroupBy::Owner => unit.owners.iter().map(String::as_str).collect(),
            GroupBy::Tag => unit.tags.iter().map(String::as_str).collect(),
        };
        for name in if names.is_empty() { vec![""] } else { names } {
            sums.entry(name).or_default().add(unit);
        }
    }
    let mut groups: Vec<Group> = sums
        .into_iter()
        .map(|(name, sums)| Group {
            depth: 0,
            name: name.to_owned(),
            sums,
        })
        .collect();
    match by {
        GroupBy::Folder => tree(groups),
        GroupBy::Owner | GroupBy::Tag => {
            groups.sort_by_key(|group| Reverse(group.sums.whole_month().high));
            groups
        }
    }
}

/// Folders in the order of a tree, without those that hold nothing but one other folder.
fn tree(mut folders: Vec<Group>) -> Vec<Group> {
    // A folder's own come before its neighbours, whatever their names.
    folders.sort_by_cached_key(|group| group.name.replace('/', "\0"));
    let mut kept: Vec<Group> = Vec::new();
    let mut above: Vec<String> = Vec::new();
    let mut all = folders.into_iter().peekable();
    while let Some(mut folder) = all.next() {
        let inside = |name: &str| {
            name.strip_prefix(&folder.name)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if all
            .peek()
            .is_some_and(|next| inside(&next.name) && next.sums.units == folder.sums.units)
        {
            continue;
        }
        while above.last().is_some_and(|above| {
            folder
                .name
                .strip_prefix(above.as_str())
                .is_none_or(|rest| !rest.starts_with('/'))
        }) {
            above.pop();
        }
        folder.depth = above.len();
        above.push(folder.name.clone());
        kept.push(folder);
    }
    kept
}

/// Folders deeper than this are in the sum of the one above them.
const MOST_DEPTH: usize = 8;

/// The folders that a file lies in, from the top down.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/')
        .map(|(at, _)| &path[..at])
        .filter(|folder| !folder.is_empty() && *folder != ".")
        .take(MOST_DEPTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_in_each_folder_above_it() {
        assert_eq!(folders("a/b/c.md").collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(folders("c.md").count(), 0);
        assert_eq!(folders("/x/c.md").collect::<Vec<_>>(), ["/x"]);
        assert_eq!(folders(&"x/".repeat(5000)).count(), MOST_DEPTH);
    }

    #[test]
    fn folders_that_hold_one_folder_alone_are_left_out() {
        let group = |(name, units): (&str, u64)| Group {
            name: name.to_owned(),
            depth: 0,
            sums: Sums {
                units,
                ..Sums::default()
            },
        };
        let folders = [("a", 3), ("a-b", 1), ("a/x", 3), ("a/x/y", 1), ("a/x/z", 2)].map(group);
        let shown: Vec<_> = tree(folders.to_vec())
            .into_iter()
            .map(|folder| (folder.name, folder.depth))
            .collect();
        let expected = [("a/x", 0), ("a/x/y", 1), ("a/x/z", 1), ("a-b", 0)];
        assert_eq!(shown, expected.map(|(name, depth)| (name.to_owned(), depth)));
    }

    #[test]
    fn growth_compounds_and_stays_exact() {
        // 1.05^12 by hand: 1.795856326022129150390625.
        let expected = "1.795856326022129150390625".parse().expect("a decimal");
        assert_eq!(powi(Decimal::new(105, 2), 12), Some(expected));
        assert_eq!(powi(Decimal::MAX, 2), None);
    }
}
