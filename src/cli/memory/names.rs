//! Names that the catalog lacks, and those near to them.

use crate::catalog::{Catalog, Gpu};
use crate::cli::Failure;
use crate::report::clean;

/// How many near names are told.
const NEAREST: usize = 3;

pub(super) fn unknown_model(catalog: &Catalog, name: &str) -> Failure {
    let known = catalog.open_models().iter();
    let names = known.flat_map(|model| std::iter::once(&model.id).chain(&model.aliases));
    Failure(format!(
        "the catalog has no open model `{}`{} (its shape decides its memory: hand its config.json over with --config-json PATH)",
        clean(name),
        nearest(name, names.map(String::as_str))
    ))
}

pub(super) fn unknown_gpu(catalog: &'static Catalog, label: &str) -> Failure {
    let of = |gpu: &'static Gpu| std::iter::once(&gpu.id).chain(&gpu.names).chain(&gpu.ambiguous_names);
    let names = catalog.gpus().iter().flat_map(of).map(String::as_str);
    Failure(format!(
        "the catalog has no GPU `{}`{} (leave --gpu out to see all those on which the model starts; a GPU is added as a row of catalog/gpus.jsonl)",
        clean(label),
        nearest(label, names)
    ))
}

/// `: did you mean …?` with the names that differ least, where any is near: by the whole name, or by what stands
/// behind the publisher's.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let wanted: String = name.chars().take(256).collect::<String>().to_lowercase();
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let other = known.to_lowercase();
            let whole = strsim::osa_distance(&wanted, &other);
            let behind = strsim::osa_distance(&last(&wanted), &last(&other)).saturating_add(1);
            let distance = whole.min(behind);
            (distance <= 1 + wanted.chars().count() * 2 / 5).then_some((distance, known))
        })
        .collect();
    near.sort_unstable_by_key(|&(distance, known)| (distance, known.to_lowercase(), known));
    near.dedup_by(|one, other| one.1.eq_ignore_ascii_case(other.1));
    let names: Vec<String> = near
        .iter()
        .take(NEAREST)
        .map(|(_, known)| format!("`{known}`"))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(": did you mean {}?", names.join(", "))
    }
}
