//! What a unit is judged beside: deployments of the same base, and the older state of the tree.

use std::collections::{HashMap, HashSet};

use crate::engines;
use crate::facts::{Settings, instructions};
use crate::source::{Place, Source};
use crate::units::Unit;

/// How many models that were fine-tuned from each base that the config states are deployed, and the first deployment.
/// Several deployments of one model (roles, copies) are no versions.
pub(super) fn same_base(units: &[Unit], sources: &[Source], settings: &Settings) -> HashMap<String, (u64, String)> {
    let mut count: HashMap<String, (u64, String)> = HashMap::new();
    let mut seen = HashSet::new();
    for unit in units {
        if let Unit::Deployment(deployment) = unit {
            let path = &sources[deployment.place.source.0 as usize].from_root;
            let Some(base) = settings.deployment(path, |s| s.base_model.clone()) else {
                continue;
            };
            let serving = engines::recognise(&deployment.launch, &deployment.image);
            let model = serving.and_then(|serving| serving.model.known().cloned());
            if model.is_none_or(|model| seen.insert((base.clone(), model))) {
                count.entry(base).or_insert((0, deployment.name.clone())).0 += 1;
            }
        }
    }
    count
}

/// The texts of prompts' instructions that stand in two places, with the first of them. What several calls take from one
/// place is written once.
pub(super) fn same_text(units: &[Unit]) -> HashMap<String, Place> {
    let mut first: HashMap<&str, Place> = HashMap::new();
    let mut several = HashMap::new();
    for unit in units {
        let Unit::Prompt(prompt) = unit else {
            continue;
        };
        let Some(message) = instructions(prompt).filter(|_| !prompt.in_test) else {
            continue;
        };
        let place = Place {
            source: message.source,
            span: message.text.span(),
        };
        // What an include puts in stands in one file for all.
        if place.span.end - place.span.start < message.text.as_str().len() / 2 {
            continue;
        }
        let known = *first.entry(message.text.as_str()).or_insert(place);
        if known != place {
            several.insert(message.text.as_str().to_owned(), known);
        }
    }
    several
}
