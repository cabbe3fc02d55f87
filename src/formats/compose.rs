//! Compose files: services whose image or command runs an engine.
//! Format: <https://github.com/compose-spec/compose-spec/blob/main/spec.md>.

use super::containers::{self, Container, Variable};
use super::{Read, Reading};
use crate::syntax::{Kind, Node};
use crate::units::{Field, GpuRequest, Unit};

pub(super) const NAME: &str = "compose";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let ours = matches!(extension.as_str(), "yaml" | "yml")
        && reading.contains("services:")
        && containers::names_engine(reading);
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        let Some(services) = document.get("services").filter(|services| services.is_map()) else {
            continue;
        };
        for (name, service) in services.entries() {
            let name = name.as_str().unwrap_or("service");
            read_service(reading, name, service, &mut read);
        }
    }
    if !read.units.is_empty() {
        read.errors.extend(reading.yaml_error());
    }
    (!read.units.is_empty()).then_some(read)
}

fn read_service(reading: &Reading<'_>, name: &str, service: &Node, read: &mut Read) {
    // `entrypoint` replaces the image's entry point, `command` the arguments behind it.
    let (command, arguments) = match service.get("entrypoint").filter(|node| !node.is_null()) {
        Some(entrypoint) => (Some(entrypoint), service.get("command")),
        None => (service.get("command"), None),
    };
    let container = Container {
        node: service,
        image: service.get("image"),
        command,
        arguments,
        environment: environment(reading, service),
        hidden: None,
        kube: false,
    };
    let unit = format!("{}#{name}", reading.source.path);
    let Some(mut deployment) = containers::deployment(reading, &container, unit, NAME) else {
        return;
    };
    deployment.gpu = GpuRequest {
        count: gpu_count(reading, service),
        labels: Vec::new(),
        ..GpuRequest::default()
    };
    if let Some(node) = service.at(&["deploy", "replicas"]).or_else(|| service.get("scale"))
        && let Some(count) = node.as_u64()
    {
        deployment.replicas = Field::Known(count, reading.place(node.span));
    }
    read.units.push(Unit::Deployment(Box::new(deployment)));
}

/// Both spellings: a mapping, and a list of `NAME=value`.
fn environment(reading: &Reading<'_>, service: &Node) -> Vec<Variable> {
    let Some(node) = service.get("environment") else {
        return Vec::new();
    };
    if let Kind::Seq { .. } = node.kind {
        return node
            .items()
            .filter_map(|item| {
                let text = item.text()?;
                Some(match text.as_str().split_once('=') {
                    Some((name, _)) => {
                        let value = text.slice(name.len() + 1..text.as_str().len());
                        Variable::known(reading, name, &value)
                    }
                    None => unset(reading, text.as_str(), item),
                })
            })
            .collect();
    }
    node.entries()
        .filter_map(|(key, value)| {
            let name = key.as_str()?;
            Some(match value.text() {
                Some(text) if !value.is_null() && !text.as_str().contains("${") => Variable::known(reading, name, text),
                _ => unset(reading, name, key),
            })
        })
        .collect()
}

fn unset(reading: &Reading<'_>, name: &str, node: &Node) -> Variable {
    let why = format!("`{name}` comes from the shell that starts it");
    Variable::unknown(reading, name, why, node.span)
}

/// GPUs by `deploy.resources.reservations.devices`, or `gpus: all`.
fn gpu_count(reading: &Reading<'_>, service: &Node) -> Field<u64> {
    let devices = service
        .at(&["deploy", "resources", "reservations", "devices"])
        .or_else(|| service.get("gpus"));
    let Some(devices) = devices else {
        return Field::default();
    };
    let all = || Field::Unknown("all GPUs of the host".to_owned(), Some(reading.place(devices.span)));
    if devices.as_str() == Some("all") {
        return all();
    }
    for device in devices.items() {
        if let Some(ids) = device.get("device_ids").filter(|ids| ids.is_seq()) {
            return Field::Known(ids.items().count() as u64, reading.place(ids.span));
        }
        if let Some(count) = device.get("count") {
            return match count.as_u64() {
                Some(number) => Field::Known(number, reading.place(count.span)),
                None => all(),
            };
        }
    }
    // Devices without a count are all there are.
    all()
}
