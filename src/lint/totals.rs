//! What the units of a run come to together.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::judge::UnitResult;
use crate::catalog::Catalog;
use crate::config::DiscountSetting;
use crate::facts::UnitKind;
use crate::report::{Commitment, FileNote, Sum, Totals};

pub(super) fn totals(files: &[FileNote], units: &[UnitResult]) -> Totals {
    let count = |kind: UnitKind| units.iter().filter(|unit| unit.kind == kind).count() as u64;
    let tokens = units.iter().filter_map(|unit| unit.report.tokens.as_ref());
    Totals {
        files: files.iter().filter(|file| file.format.is_some()).count() as u64,
        prompts: count(UnitKind::Prompt),
        embeddings: count(UnitKind::Embedding),
        deployments: count(UnitKind::Deployment),
        trainings: count(UnitKind::Training),
        prompt_tokens: tokens.clone().map(|count| count.least).sum(),
        prompt_tokens_exact: tokens.clone().all(|count| count.exact),
        costs: cost_sums(units),
        savings: saving_sums(units),
    }
}

/// What is paid to providers in any case, and what the units with a stated volume use of it.
pub(super) fn commitments(units: &[UnitResult], discounts: &[DiscountSetting], catalog: &Catalog) -> Vec<Commitment> {
    let of = |setting: &DiscountSetting| {
        let usd_per_month = setting.committed_usd_per_month?;
        let seller = catalog.seller(&setting.provider)?;
        let billed = units
            .iter()
            .filter(|unit| unit.report.billed_by.as_ref() == Some(&seller));
        let mut commitment = Commitment {
            provider: setting.provider.clone(),
            usd_per_month,
            low: Decimal::ZERO,
            high: Decimal::ZERO,
            units: 0,
        };
        for unit in billed {
            let amounts = unit.report.costs.iter().filter_map(|cost| cost.amount.as_ref());
            let monthly: Vec<_> = amounts.filter(|figure| figure.per == "month").collect();
            commitment.units += u64::from(!monthly.is_empty());
            for figure in monthly {
                commitment.low = commitment.low.saturating_add(figure.low);
                commitment.high = commitment.high.saturating_add(figure.high);
            }
        }
        Some(commitment)
    };
    discounts.iter().filter_map(of).collect()
}

/// Known costs by part and by what they are per, in a fixed order.
fn cost_sums(units: &[UnitResult]) -> Vec<Sum> {
    let mut sums: BTreeMap<(&str, &str), Sum> = BTreeMap::new();
    let mut unknown: BTreeMap<&str, u64> = BTreeMap::new();
    for cost in units.iter().flat_map(|unit| &unit.report.costs) {
        match &cost.amount {
            Some(figure) => add(&mut sums, &cost.fact, &figure.per, figure.low, figure.high),
            None => *unknown.entry(&cost.fact).or_default() += 1,
        }
    }
    sums.into_values()
        .map(|mut sum| {
            sum.unknown = unknown.get(sum.of.as_str()).copied().unwrap_or(0);
            sum
        })
        .collect()
}

fn add<'a>(sums: &mut BTreeMap<(&'a str, &'a str), Sum>, of: &'a str, per: &'a str, low: Decimal, high: Decimal) {
    let sum = sums.entry((of, per)).or_insert_with(|| Sum {
        of: of.to_owned(),
        unit: "USD".to_owned(),
        per: per.to_owned(),
        low: Decimal::ZERO,
        high: Decimal::ZERO,
        units: 0,
        unknown: 0,
    });
    sum.low = sum.low.saturating_add(low);
    sum.high = sum.high.saturating_add(high);
    sum.units += 1;
}

/// Savings by what they are per. On one unit they compose: what a second finding takes off is a share of what the
/// first has left.
fn saving_sums(units: &[UnitResult]) -> Vec<Sum> {
    let mut sums = BTreeMap::new();
    for unit in units {
        for cost in &unit.report.costs {
            let Some(figure) = &cost.amount else {
                continue;
            };
            let (mut left_low, mut left_high) = (Decimal::ONE, Decimal::ONE);
            let mut any = false;
            for saving in unit.findings.iter().filter_map(|finding| finding.saving.as_ref()) {
                if saving.of == cost.fact || (saving.of == "prompt.cost.total" && cost.fact.starts_with("prompt.cost."))
                {
                    left_low *= Decimal::ONE - saving.share_low;
                    left_high *= Decimal::ONE - saving.share_high;
                    any = true;
                }
            }
            if any {
                let low = figure.low.saturating_mul(Decimal::ONE - left_low).normalize();
                let high = figure.high.saturating_mul(Decimal::ONE - left_high).normalize();
                add(&mut sums, "savings", &figure.per, low, high);
            }
        }
    }
    sums.into_values().collect()
}
