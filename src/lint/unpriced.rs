//! Prompts whose model has no price, for those who want none of them.

use crate::excerpt;
use crate::fingerprint::fingerprint;
use crate::report::{Finding, Report, Severity};

/// The rule's name in reports.
const RULE: &str = "unpriced-model";

/// A finding for each prompt of a report that names a model whose price is not known: its costs are in no total and in no
/// budget.
pub fn unpriced(report: &Report) -> Vec<Finding> {
    let prompts = report.units.iter().filter(|unit| unit.is_request());
    let found = prompts.filter_map(|unit| {
        let (model, cost) = (unit.model.as_ref()?, unit.costs.first()?);
        let why = cost.unknown.as_ref()?;
        Some(Finding {
            rule: RULE.to_owned(),
            severity: Severity::Error,
            category: "gate".to_owned(),
            message: excerpt::safe(&format!("what `{model}` costs is not known: {why}")),
            help:
                "give the model's name as the price list has it (`llmlint catalog show NAME` tells near ones), or its \
                   price under `models:` in llmlint.yaml"
                    .to_owned(),
            path: unit.path.clone(),
            span: unit.span,
            unit: Some(unit.name.clone()),
            saving: None,
            fix: None,
            evidence: Vec::new(),
            excerpt: None,
            fingerprint: fingerprint(&[RULE, &unit.name, model]),
            status: None,
        })
    });
    found.collect()
}
