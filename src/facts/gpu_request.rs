//! From what a file says of GPUs to the GPUs that it can mean.

use rust_decimal::Decimal;

use super::World;
use super::cost::input;
use crate::catalog::{Gpu, GpuMatch};
use crate::report::Input;
use crate::units::{GpuLabel, GpuRequest};

/// The GPUs that a request may get, by what the file and the config say; several are alternatives.
///
/// # Errors
/// Why no GPU of the catalog is named.
pub(super) fn candidates(
    request: &GpuRequest,
    place_in_tree: &str,
    world: &World<'_>,
) -> Result<Vec<&'static Gpu>, String> {
    let catalog = world.catalog;
    if let Some(name) = world.settings.deployment(place_in_tree, |s| s.gpu.clone()) {
        return match catalog.gpu(&name) {
            GpuMatch::Exact(gpu) => Ok(vec![gpu]),
            GpuMatch::Ambiguous(gpus) => Ok(gpus),
            GpuMatch::Unknown => Err(format!("`{name}` (llmlint.yaml) is no GPU of the catalog")),
        };
    }
    let mut found: Vec<&'static Gpu> = Vec::new();
    // A product says more than an instance type, which may carry several: instances count where no product is named.
    let products: Vec<&str> = names(request, |label| match label {
        GpuLabel::Product(name) => Some(name),
        GpuLabel::Instance(_) | GpuLabel::Family(_) => None,
    });
    for name in &products {
        match catalog.gpu(name) {
            GpuMatch::Exact(gpu) => found.push(gpu),
            GpuMatch::Ambiguous(gpus) => found.extend(gpus),
            GpuMatch::Unknown => return Err(format!("`{name}` names no GPU of the catalog")),
        }
    }
    if products.is_empty() {
        for name in instance_names(request) {
            let Some(instance) = catalog.instance_named(name) else {
                return Err(format!("`{name}` names no instance type of the catalog"));
            };
            match catalog.gpu(&instance.gpu) {
                GpuMatch::Exact(gpu) => found.push(gpu),
                GpuMatch::Ambiguous(gpus) => found.extend(gpus),
                GpuMatch::Unknown => return Err(format!("the GPU of `{name}` is not in the catalog")),
            }
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    if found.is_empty() {
        return Err(
            "nothing says which GPU it runs on: a node selector would, or `gpu` under `deployments:` in llmlint.yaml"
                .to_owned(),
        );
    }
    Ok(found)
}

/// The instance types that a request names.
pub(super) fn instance_names(request: &GpuRequest) -> Vec<&str> {
    names(request, |label| match label {
        GpuLabel::Instance(name) => Some(name),
        GpuLabel::Product(_) | GpuLabel::Family(_) => None,
    })
}

fn names(request: &GpuRequest, pick: impl Fn(&GpuLabel) -> Option<&String>) -> Vec<&str> {
    let labels = request.labels.iter();
    labels
        .filter_map(|(label, _)| pick(label).map(String::as_str))
        .collect()
}

/// USD for one GPU for one hour: as the config states it, else of the one instance type that the request names.
///
/// # Errors
/// Why the price is not known, and how to state it.
pub(super) fn hour_rate(request: &GpuRequest, place_in_tree: &str, world: &World<'_>) -> Result<Input, String> {
    if let Some(usd) = world.settings.deployment(place_in_tree, |s| s.gpu_hour_usd) {
        return Ok(input(
            "gpu_hour",
            usd,
            "USD per GPU and hour",
            "gpu_hour_usd in llmlint.yaml",
        ));
    }
    let names = instance_names(request);
    let [name] = names.as_slice() else {
        return Err(
            "the price of its GPUs is not known: a node selector with the instance type would tell it, or `gpu_hour_usd` under `deployments:` in llmlint.yaml"
                .to_owned(),
        );
    };
    let instance = world
        .catalog
        .instance_named(name)
        .ok_or_else(|| format!("`{name}` names no instance type of the catalog"))?;
    let usd = instance
        .usd_per_hour
        .ok_or_else(|| format!("the catalog has no price for `{name}`"))?;
    // Rounded to a millionth of a dollar, so that the line can be redone from what it shows.
    let rate = (usd / Decimal::from(instance.gpu_count.max(1))).round_dp(6);
    let from = format!(
        "{} {} in {}, on demand, {usd} USD an hour for {} GPUs: catalog/instances.jsonl of {}",
        instance.cloud, instance.name, instance.region, instance.gpu_count, instance.as_of,
    );
    Ok(input("gpu_hour", rate.normalize(), "USD per GPU and hour", from))
}
