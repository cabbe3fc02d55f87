//! Compose files: services whose image or command runs an engine, with what they extend. Files that one includes are
//! read as what they are.
//! Format: <https://github.com/compose-spec/compose-spec/blob/main/spec.md>.

use rust_decimal::Decimal;

use super::containers::{self, Container, Variable};
use super::extends::{Extended, Extending};
use super::{Read, Reading, pod};
use crate::source::Text;
use crate::syntax::{Kind, Node};
use crate::units::{EnvValue, Field, GpuRequest, Host, SharedMemory, Unit, Volume, VolumeKind};

pub(super) const NAME: &str = "compose";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let ours = matches!(extension, "yaml" | "yml")
        && reading.contains("services:")
        && (containers::names_engine(reading) || reading.contains("extends"));
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        let Some(services) = document.get("services").filter(|services| services.is_map()) else {
            continue;
        };
        let mut extending = Extending::new(reading);
        for (name, service) in services.entries() {
            let name = name.as_str().unwrap_or("service");
            match extending.of(reading.id, services, service, 0) {
                Extended::Not => read_service(reading, name, service, false, &mut read),
                Extended::With(whole) => read_service(reading, name, &whole, false, &mut read),
                Extended::Unknown => read_service(reading, name, service, true, &mut read),
            }
        }
    }
    if !read.units.is_empty() {
        read.errors.extend(reading.yaml_error());
    }
    (!read.units.is_empty()).then_some(read)
}

/// Reads a service; `hidden` says that what it extends could not be followed.
fn read_service(reading: &Reading<'_>, name: &str, service: &Node, hidden: bool, read: &mut Read) {
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
        hidden: service.get("env_file").map(|_| "an `env_file` may set it".to_owned()),
        kube: false,
    };
    let unit = format!("{}#{name}", reading.source.path);
    let Some(mut deployment) = containers::deployment(reading, &container, unit, NAME) else {
        return;
    };
    deployment.gpu = gpu(reading, service);
    let copies = service.at(&["deploy", "replicas"]).or_else(|| service.get("scale"));
    deployment.replicas = pod::whole(reading, copies);
    deployment.host = host(reading, service);
    if hidden {
        let who = "the service that it extends";
        pod::completed_by(who, &mut deployment.host);
        if deployment.gpu.count.is_absent() {
            deployment.gpu.count = Field::Unknown(format!("{who} may ask for GPUs"), None);
        }
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
                        set(reading, name, &value, item)
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
                Some(text) if !value.is_null() => set(reading, name, text, key),
                _ => unset(reading, name, key),
            })
        })
        .collect()
}

fn unset(reading: &Reading<'_>, name: &str, node: &Node) -> Variable {
    let why = format!("`{name}` comes from the shell that starts it");
    Variable::unknown(reading, name, why, node.span)
}

/// A variable's value, its defaults filled in.
fn set(reading: &Reading<'_>, name: &str, text: &Text, node: &Node) -> Variable {
    match containers::interpolated(text.as_str()) {
        Ok(value) if value == text.as_str() => Variable::known(reading, name, text),
        Ok(value) => Variable::known(reading, name, &Text::opaque(&value, text.span())),
        Err(_) => unset(reading, name, node),
    }
}

/// GPUs by `deploy.resources.reservations.devices`, `gpus`, or NVIDIA's runtime with the devices that it shows.
fn gpu(reading: &Reading<'_>, service: &Node) -> GpuRequest {
    let reserved = service.at(&["deploy", "resources", "reservations", "devices"]);
    let mut request = GpuRequest::default();
    if let Some(devices) = reserved.or_else(|| service.get("gpus")) {
        request.count = reserved_count(reading, devices);
        let driver = devices.items().find_map(|device| device.get("driver"));
        if let Some((driver, name)) = driver.and_then(|driver| Some((driver, driver.as_str()?))) {
            request.resource = Field::Known(name.to_owned(), reading.place(driver.span));
        }
    } else if let Some(runtime) = service.get("runtime").filter(|node| node.as_str() == Some("nvidia")) {
        request.count = visible(reading, service, runtime);
        request.resource = Field::Known("nvidia".to_owned(), reading.place(runtime.span));
    }
    request
}

fn reserved_count(reading: &Reading<'_>, devices: &Node) -> Field<u64> {
    let all = |node: &Node| Field::Unknown("all GPUs of the host".to_owned(), Some(reading.place(node.span)));
    if devices.as_str() == Some("all") {
        return all(devices);
    }
    for device in devices.items() {
        if let Some(ids) = device.get("device_ids").filter(|ids| ids.is_seq()) {
            return Field::Known(ids.items().count() as u64, reading.place(ids.span));
        }
        if let Some(count) = device.get("count") {
            return match count.as_str() {
                Some("all" | "-1") => all(devices),
                _ => pod::whole(reading, Some(count)),
            };
        }
    }
    // Devices without a count are all there are.
    all(devices)
}

/// The devices that `NVIDIA_VISIBLE_DEVICES` names.
fn visible(reading: &Reading<'_>, service: &Node, runtime: &Node) -> Field<u64> {
    let place = reading.place(runtime.span);
    let variables = environment(reading, service);
    let shown = variables
        .iter()
        .rfind(|variable| variable.name == "NVIDIA_VISIBLE_DEVICES");
    match shown.map(|variable| &variable.value) {
        Some(EnvValue::Known(text, place)) => match text.as_str() {
            "none" | "void" | "" => Field::default(),
            "all" => Field::Unknown("all GPUs of the host".to_owned(), Some(*place)),
            list => Field::Known(
                list.split(',').filter(|id| !id.trim().is_empty()).count() as u64,
                *place,
            ),
        },
        Some(EnvValue::Unknown(why, place)) => Field::Unknown(why.clone(), Some(*place)),
        None => Field::Unknown("all GPUs that the image asks for".to_owned(), Some(place)),
    }
}

fn host(reading: &Reading<'_>, service: &Node) -> Host {
    let limit = service
        .at(&["deploy", "resources", "limits", "memory"])
        .or_else(|| service.get("mem_limit"));
    let cpus = service
        .at(&["deploy", "resources", "limits", "cpus"])
        .or_else(|| service.get("cpus"));
    Host {
        as_written: true,
        shared_memory: shared_memory(reading, service),
        memory: bytes(reading, limit),
        cpus: pod::amount(reading, cpus),
        volumes: mounts(reading, service),
        surge: Field::Unknown("Compose stops a service before it starts it anew".to_owned(), None),
        public: public(reading, service),
        ..Host::default()
    }
}

fn shared_memory(reading: &Reading<'_>, service: &Node) -> Field<SharedMemory> {
    // `host` and another service's memory have their own size.
    if let Some(ipc) = service
        .get("ipc")
        .filter(|ipc| ipc.as_str().is_some_and(|ipc| ipc != "private"))
    {
        return Field::Known(SharedMemory::Unlimited, reading.place(ipc.span));
    }
    match bytes(reading, service.get("shm_size")) {
        Field::Known(size, place) => Field::Known(SharedMemory::Bytes(size), place),
        Field::Unknown(why, place) => Field::Unknown(why, place),
        Field::Absent(slot) => Field::Absent(slot),
    }
}

/// A size of Compose: `64m`, `1gb`, `1073741824`; units count by 1,024.
/// <https://github.com/compose-spec/compose-spec/blob/main/11-extension.md#specifying-byte-values>
fn bytes(reading: &Reading<'_>, node: Option<&Node>) -> Field<u64> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Field::default();
    };
    let place = reading.place(node.span);
    let written = node.as_str().unwrap_or_default();
    match containers::interpolated(written).map(|text| (size(&text), text)) {
        Ok((Some(size), _)) => Field::Known(size, place),
        Ok((None, text)) => Field::Unknown(format!("`{text}` is not a size"), Some(place)),
        Err(why) => Field::Unknown(why, Some(place)),
    }
}

fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (number, unit) = text.split_at(digits);
    let power: u32 = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    let number: Decimal = number.parse().ok()?;
    let bytes = number.checked_mul(Decimal::from(1024_u64.pow(power)))?;
    u64::try_from(bytes.trunc()).ok()
}

/// Volumes in both spellings: `source:target[:mode]`, and a mapping.
fn mounts(reading: &Reading<'_>, service: &Node) -> Vec<Volume> {
    /// Beyond any real service's.
    const MOST: usize = 256;
    let mount = |node: &Node| {
        let place = reading.place(node.span);
        let (mount, kind) = match node.as_str() {
            Some(text) => {
                // The first colon parts; a drive's letter has one of its own, which no server has.
                let (source, target) = text.split_once(':').unwrap_or(("", text));
                let target = target.split(':').next().unwrap_or(target);
                (
                    target,
                    if source.is_empty() {
                        VolumeKind::Ephemeral
                    } else {
                        VolumeKind::Persistent
                    },
                )
            }
            None => {
                let kind = match node.get("type").and_then(Node::as_str) {
                    Some("tmpfs") => VolumeKind::Memory,
                    _ if node.get("source").is_some() => VolumeKind::Persistent,
                    _ => VolumeKind::Ephemeral,
                };
                (node.get("target")?.as_str()?, kind)
            }
        };
        let size = match node.at(&["tmpfs", "size"]) {
            Some(size) => bytes(reading, Some(size)),
            None => Field::default(),
        };
        Some(Volume {
            mount: mount.to_owned(),
            kind,
            size,
            place,
        })
    };
    service
        .get("volumes")
        .into_iter()
        .flat_map(Node::items)
        .take(MOST)
        .filter_map(mount)
        .collect()
}

/// Ports that are published on every address of the host, or the host's own network.
fn public(reading: &Reading<'_>, service: &Node) -> Field<String> {
    if let Some(mode) = service.get("network_mode").filter(|mode| mode.as_str() == Some("host")) {
        return Field::Known("the host's network".to_owned(), reading.place(mode.span));
    }
    let is_open = |port: &&Node| match port.as_str() {
        Some(text) => {
            text.contains(':')
                && !text.starts_with("127.")
                && !text.starts_with("[::1]")
                && !text.starts_with("localhost")
        }
        None => {
            let address = port.get("host_ip").and_then(Node::as_str).unwrap_or_default();
            port.get("published").is_some() && !address.starts_with("127.") && address != "::1"
        }
    };
    let mut ports = service.get("ports").into_iter().flat_map(Node::items);
    match ports.find(is_open) {
        Some(port) => Field::Known("a published port".to_owned(), reading.place(port.span)),
        None => Field::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_count_by_1024() {
        assert_eq!(size("16gb"), Some(16 << 30));
        assert_eq!(size("1.5g"), Some(3 << 29));
        assert_eq!(size("64M"), Some(64 << 20));
        assert_eq!(size("1073741824"), Some(1 << 30));
        for not in ["", "16 gigs", "-1g", "9e99", "99999999999999999999t"] {
            assert_eq!(size(not), None, "{not}");
        }
    }
}
