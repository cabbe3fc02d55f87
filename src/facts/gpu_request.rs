//! From what a file says of GPUs to the GPUs that it can mean.

use rust_decimal::Decimal;

use super::World;
use super::cost::input;
use crate::catalog::{Catalog, Gpu, GpuMatch};
use crate::config::Purchase;
use crate::report::Input;
use crate::units::{Field, GpuLabel, GpuRequest};

/// Where a rate that the team states comes from.
pub(super) const OWN_RATES: &str = "hourly_rates in llmlint.yaml";

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
    if let Field::Known(how, _) = &request.shared {
        return Err(format!(
            "it shares its GPU with other containers ({how}): how much of the memory is left for it is not known"
        ));
    }
    if let Field::Known(slice, _) = &request.slice {
        return sliced(slice, request, catalog);
    }
    let products = any_of(request, |label| match label {
        GpuLabel::Product(name) => {
            Some(product(name, catalog).ok_or_else(|| format!("`{name}` names no GPU of the catalog")))
        }
        GpuLabel::Instance(_) | GpuLabel::Family(_) => None,
    });
    let instances = any_of(request, |label| match label {
        GpuLabel::Instance(name) => Some(of_instance(name, catalog)),
        GpuLabel::Product(_) | GpuLabel::Family(_) => None,
    });
    let families = any_of(request, |label| match label {
        GpuLabel::Family(name) => Some(of_family(name, catalog)),
        GpuLabel::Product(_) | GpuLabel::Instance(_) => None,
    });
    // What each kind of label says must hold. One that the catalog doesn't know narrows nothing, where another does.
    let mut unclear = None;
    let mut found: Option<Vec<&'static Gpu>> = None;
    for gpus in [products, instances, families].into_iter().flatten() {
        match gpus {
            Err(why) => {
                unclear.get_or_insert(why);
            }
            Ok(gpus) => {
                found = Some(match found {
                    None => gpus,
                    Some(known) => {
                        let both = |gpu: &&Gpu| gpus.iter().any(|other| other.id == gpu.id);
                        let narrowed: Vec<_> = known.iter().copied().filter(both).collect();
                        // Labels that no node bears together are alternatives, by terms of their own.
                        if narrowed.is_empty() {
                            known.into_iter().chain(gpus).collect()
                        } else {
                            narrowed
                        }
                    }
                });
            }
        }
    }
    match (found, unclear) {
        (Some(gpus), _) => Ok(sorted(gpus)),
        (None, Some(why)) => Err(why),
        (None, None) => Err(
            "nothing says which GPU it runs on: a node selector would, or `gpu` under `deployments:` in llmlint.yaml"
                .to_owned(),
        ),
    }
}

fn sorted(mut gpus: Vec<&'static Gpu>) -> Vec<&'static Gpu> {
    gpus.sort_by(|a, b| a.id.cmp(&b.id));
    gpus.dedup_by(|a, b| a.id == b.id);
    gpus
}

/// The GPUs of all labels of one kind, which are alternatives: `None` where there is no such label, an error where one
/// of them says nothing.
fn any_of(
    request: &GpuRequest,
    pick: impl Fn(&GpuLabel) -> Option<Result<Vec<&'static Gpu>, String>>,
) -> Option<Result<Vec<&'static Gpu>, String>> {
    let mut gpus = None;
    for (label, _) in &request.labels {
        match pick(label) {
            None => {}
            Some(Err(why)) => return Some(Err(why)),
            Some(Ok(found)) => gpus.get_or_insert_with(Vec::new).extend(found),
        }
    }
    gpus.map(Ok)
}

/// The GPUs that a product's name stands for. Labels write `_` for `-` (`H100_NVLINK_80GB`), and Ray `A100-80G`.
fn product(name: &str, catalog: &Catalog) -> Option<Vec<&'static Gpu>> {
    let dashed = name.replace('_', "-");
    [name.to_owned(), format!("{dashed}B"), dashed]
        .iter()
        .map(|name| catalog.gpu(name).candidates())
        .find(|gpus| !gpus.is_empty())
}

fn of_instance(name: &str, catalog: &Catalog) -> Result<Vec<&'static Gpu>, String> {
    let instance = catalog
        .instance_named(name)
        .ok_or_else(|| format!("`{name}` names no instance type of the catalog"))?;
    product(&instance.gpu, catalog).ok_or_else(|| format!("the GPU of `{name}` is not in the catalog"))
}

/// The GPUs of a family's instance types: `p5` of `p5.48xlarge`, `a3` of `a3-highgpu-8g`.
fn of_family(family: &str, catalog: &Catalog) -> Result<Vec<&'static Gpu>, String> {
    let is_one = |name: &str| {
        name.strip_prefix(family)
            .is_some_and(|rest| rest.starts_with(['.', '-']))
    };
    let members = catalog.instances().iter().filter(|instance| is_one(&instance.name));
    let gpus: Vec<_> = members
        .filter_map(|instance| product(&instance.gpu, catalog))
        .flatten()
        .collect();
    if gpus.is_empty() {
        return Err(format!("the catalog has no instance type of the family `{family}`"));
    }
    Ok(gpus)
}

/// The slices that a MIG profile stands for, of the GPUs that the labels name where they name any.
fn sliced(slice: &str, request: &GpuRequest, catalog: &Catalog) -> Result<Vec<&'static Gpu>, String> {
    if !slice.contains("g.") {
        return Err(format!(
            "it asks for a part of a GPU (`{slice}`): how much of the memory the engine sees is not known"
        ));
    }
    let resource = format!("nvidia.com/mig-{slice}");
    let products = names(request, |label| match label {
        GpuLabel::Product(name) => Some(name),
        GpuLabel::Instance(_) | GpuLabel::Family(_) => None,
    });
    let gpus: Vec<_> = if products.is_empty() {
        catalog.gpu(&resource).candidates()
    } else {
        let of = |name: &&str| catalog.gpu_slice(&resource, name).candidates();
        products.iter().flat_map(of).collect()
    };
    if gpus.is_empty() {
        return Err(format!("the catalog does not know the MIG slice `{slice}`"));
    }
    Ok(sorted(gpus))
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
    for part in [&request.slice, &request.shared] {
        if part.known().is_some() {
            return Err("the price of a part of a GPU is not known: `gpu_hour_usd` under `deployments:` in llmlint.yaml tells it".to_owned());
        }
    }
    let purchase = world
        .settings
        .deployment(place_in_tree, |s| s.purchase)
        .unwrap_or_default();
    let bought = purchase.words();
    let rates = &world.settings.config.hourly_rates;
    let names = instance_names(request);
    let own = rates
        .iter()
        .find(|rate| rate.instance.is_some() && rate.instance.as_deref() == names.first().copied());
    if let (Some(rate), [name]) = (own, names.as_slice())
        && let Some(instance) = world.catalog.instance_named(name)
        && let Some(usd) = rate.usd(purchase)
    {
        let from = format!(
            "{name}, {bought}, {usd} USD an hour for {} GPUs: {OWN_RATES}",
            instance.gpu_count
        );
        return Ok(one_of(usd, instance.gpu_count, from));
    }
    let gpus = candidates(request, place_in_tree, world).unwrap_or_default();
    let rate_of = |gpu: &Gpu| {
        let is_it = |name: &String| world.catalog.gpu(name).gpu().is_some_and(|named| named.id == gpu.id);
        let rate = rates.iter().find(|rate| rate.gpu.as_ref().is_some_and(is_it));
        rate.and_then(|rate| rate.usd(purchase))
    };
    if let [gpu] = gpus.as_slice()
        && let Some(usd) = rate_of(gpu)
    {
        return Ok(one_of(usd, 1, format!("{}, {bought}: {OWN_RATES}", gpu.id)));
    }
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
    let usd = match purchase {
        Purchase::OnDemand => instance.usd_per_hour,
        Purchase::Spot => instance.spot_usd_per_hour,
        Purchase::Reserved => None,
    };
    let usd = usd.ok_or_else(|| {
        format!("the catalog has no price for `{name}`, {bought}: `hourly_rates` in llmlint.yaml would tell it")
    })?;
    let from = format!(
        "{} {} in {}, {bought}, {usd} USD an hour for {} GPUs: catalog/instances.jsonl of {}",
        instance.cloud, instance.name, instance.region, instance.gpu_count, instance.as_of,
    );
    Ok(one_of(usd, instance.gpu_count, from))
}

/// What one of some GPUs costs an hour, rounded to a millionth of a dollar, so that the line can be redone from what it
/// shows.
fn one_of(usd: Decimal, gpus: u32, from: String) -> Input {
    let rate = (usd / Decimal::from(gpus.max(1))).round_dp(6);
    input("gpu_hour", rate.normalize(), "USD per GPU and hour", from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::facts::Settings;
    use crate::source::{Place, SourceId, Span};
    use crate::syntax::code::Files;

    fn here() -> Place {
        Place {
            source: SourceId(0),
            span: Span::at(0),
        }
    }

    /// Ids of the GPUs that a request may get.
    fn ids(request: &GpuRequest) -> Result<Vec<&'static str>, String> {
        let settings = Settings::new(Config::default(), "");
        let files = Files::new(&[]);
        let world = World::new(
            &files,
            &settings,
            Catalog::embedded(),
            "2026-11-24".parse().expect("a day"),
        );
        candidates(request, "x.yaml", &world).map(|gpus| gpus.iter().map(|gpu| gpu.id.as_str()).collect())
    }

    fn labelled(labels: &[GpuLabel]) -> GpuRequest {
        GpuRequest {
            labels: labels.iter().map(|label| (label.clone(), here())).collect(),
            ..GpuRequest::default()
        }
    }

    fn product(name: &str) -> GpuLabel {
        GpuLabel::Product(name.to_owned())
    }

    #[test]
    fn labels_of_several_kinds_must_all_hold() {
        let instance = GpuLabel::Instance("p4d.24xlarge".to_owned());
        // `a100` alone has 40 or 80 GB; that instance type has 40.
        assert!(ids(&labelled(&[product("a100")])).is_ok_and(|gpus| gpus.len() > 1));
        assert_eq!(ids(&labelled(&[product("a100"), instance])), Ok(vec!["A100-40GB"]));
        let family = GpuLabel::Family("g6".to_owned());
        assert_eq!(ids(&labelled(std::slice::from_ref(&family))), Ok(vec!["L4"]));
        // A name that the catalog doesn't know narrows nothing; alone it leaves the question open.
        assert_eq!(ids(&labelled(&[product("mine-7"), family])), Ok(vec!["L4"]));
        assert!(ids(&labelled(&[product("mine-7")])).is_err());
        assert_eq!(
            ids(&labelled(&[product("A100-80G")])),
            ids(&labelled(&[product("A100-80GB")]))
        );
    }

    #[test]
    fn a_part_of_a_gpu_is_not_the_gpu() {
        let mut request = labelled(&[product("NVIDIA-A100-SXM4-80GB")]);
        request.slice = Field::Known("1g.10gb".to_owned(), here());
        // Whether or not the catalog knows that slice, it is never the whole GPU.
        assert!(ids(&request).map_or(true, |gpus| gpus.iter().all(|gpu| gpu.contains("MIG"))));
        request.slice = Field::Known("10000 MiB".to_owned(), here());
        assert!(ids(&request).is_err_and(|why| why.contains("part of a GPU")));
        request.slice = Field::default();
        request.shared = Field::Known("the resource `nvidia.com/gpu.shared`".to_owned(), here());
        assert!(ids(&request).is_err_and(|why| why.contains("shares its GPU")));
    }
}
