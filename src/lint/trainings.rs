//! Training runs completed with the files that they name.

use std::collections::{HashMap, HashSet};

use crate::report::FileNote;
use crate::source::{Place, Source, resolve};
use crate::units::{Training, Unit};

/// Most files that one training run takes settings from.
const MAX_CONFIGS: usize = 8;

/// Completes training runs with the files that they name, and leaves out the parts that were taken or that nothing
/// names: settings of DeepSpeed alone are no run.
pub(super) fn join_trainings(mut units: Vec<Unit>, sources: &[Source], files: &mut [FileNote]) -> Vec<Unit> {
    let path = |place: Place| sources[place.source.0 as usize].from_root.as_str();
    let parts: HashMap<String, Training> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Training(run) => Some((path(run.place).to_owned(), (**run).clone())),
            _ => None,
        })
        .collect();
    let mut used: HashSet<String> = HashSet::new();
    for unit in &mut units {
        let Unit::Training(run) = unit else {
            continue;
        };
        let own = path(run.place).to_owned();
        let mut next = 0;
        while let Some((name, place)) = run.configs.get(next).filter(|_| next < MAX_CONFIGS).cloned() {
            next += 1;
            let Some(found) = resolve(path(place), &name, |path| parts.contains_key(path)) else {
                continue;
            };
            if found != own
                && let Some(part) = parts.get(&found)
            {
                run.complete(part);
                used.insert(found);
            }
        }
    }
    units.retain(|unit| match unit {
        Unit::Training(run) => {
            let from = path(run.place);
            if run.is_part
                && !used.contains(from)
                && let Ok(at) = files.binary_search_by(|file| file.path.cmp(&sources[run.place.source.0 as usize].path))
            {
                files[at].note = "a part of a training run, which no other file names".to_owned();
            }
            !run.is_part && !used.contains(from)
        }
        _ => true,
    });
    units
}
