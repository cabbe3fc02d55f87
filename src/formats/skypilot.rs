//! SkyPilot tasks whose `run` starts an engine.
//! Format: <https://docs.skypilot.co/en/latest/reference/yaml-spec.html>.

use super::commands::{self, Around};
use super::github_workflow::environment;
use super::{Read, Reading};
use crate::engines;
use crate::syntax::{Node, args};
use crate::units::{Field, GpuLabel};

pub(super) const NAME: &str = "skypilot";

/// The variable in which a task finds the number of its GPUs.
const GPU_COUNT: &str = "SKYPILOT_NUM_GPUS_PER_NODE";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours =
        reading.is_yaml() && reading.contains("resources:") && reading.contains("run:") && commands::may_start(reading);
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        let Some(script) = document.get("run").and_then(Node::text) else {
            continue;
        };
        if document.get("resources").is_none() || document.get("apiVersion").is_some() {
            continue;
        }
        let mut around = Around {
            env: environment(reading, document.get("envs")),
            nodes: whole(reading, document.get("num_nodes")),
            ..Around::default()
        };
        if let Some(resources) = document.get("resources") {
            read_resources(reading, resources, &mut around);
        }
        let setup = document.get("setup").and_then(Node::text);
        let setup = setup.and_then(|text| args::split_shell(text, reading.id, &commands::env_lookup(&around.env)).ok());
        let setup = setup.unwrap_or_default();
        around.installed = setup
            .iter()
            .flat_map(|command| engines::installs(&command.words).cloned())
            .collect();
        let service = document.get("service");
        around.replicas = match service.and_then(|service| service.at(&["replica_policy", "min_replicas"])) {
            Some(node) => whole(reading, Some(node)),
            None => whole(reading, service.and_then(|service| service.get("replicas"))),
        };
        let env = around.env.clone();
        let known = commands::env_lookup(&env);
        let count = match &around.gpu.count {
            Field::Known(count, _) => Ok(count.to_string()),
            _ => Err("the number of GPUs is not one".to_owned()),
        };
        let look = |name: &str| match name {
            GPU_COUNT => Some(count.clone()),
            _ => known(name),
        };
        let (units, note) = commands::script_units(reading, script, &look, &around, &reading.source.path, NAME);
        read.units.extend(units);
        read.note = note;
    }
    (!read.units.is_empty()).then_some(read)
}

fn whole(reading: &Reading<'_>, node: Option<&Node>) -> Field<u64> {
    match node {
        Some(node) => match node.as_u64() {
            Some(number) => Field::Known(number, reading.place(node.span)),
            None => Field::Unknown("not a whole number".to_owned(), Some(reading.place(node.span))),
        },
        None => Field::default(),
    }
}

fn read_resources(reading: &Reading<'_>, resources: &Node, around: &mut Around) {
    let mut counts: Vec<Field<u64>> = Vec::new();
    let sets: Vec<&Node> = ["any_of", "ordered"]
        .iter()
        .filter_map(|key| resources.get(key))
        .flat_map(Node::items)
        .collect();
    for set in std::iter::once(resources).chain(sets) {
        if let Some(node) = set.get("instance_type")
            && let Some(name) = node.as_str()
        {
            around
                .gpu
                .labels
                .push((GpuLabel::Instance(name.to_owned()), reading.place(node.span)));
        }
        let Some(node) = set.get("accelerators") else {
            continue;
        };
        let mut add = |name: &str, count: Option<&str>, node: &Node| {
            let place = reading.place(node.span);
            let name = name.trim().to_owned();
            if !around
                .gpu
                .labels
                .iter()
                .any(|(label, _)| *label == GpuLabel::Product(name.clone()))
            {
                around.gpu.labels.push((GpuLabel::Product(name), place));
            }
            counts.push(match count.map_or(Ok(1), |count| count.trim().parse()) {
                Ok(count) => Field::Known(count, place),
                Err(_) => Field::Unknown("not a whole number of GPUs".to_owned(), Some(place)),
            });
        };
        let mut one = |node: &Node, value: Option<&Node>| {
            let Some(text) = node.as_str() else {
                return;
            };
            match (text.split_once(':'), value.filter(|value| !value.is_null())) {
                (Some((name, count)), _) => add(name, Some(count), node),
                (None, Some(value)) => add(text, Some(value.as_str().unwrap_or("?")), node),
                (None, None) => add(text, None, node),
            }
        };
        if node.is_map() {
            node.entries().for_each(|(key, value)| one(key, Some(value)));
        } else if node.is_seq() {
            node.items().for_each(|item| one(item, None));
        } else {
            one(node, None);
        }
    }
    let same = counts
        .iter()
        .all(|count| count.known().is_some() && count.known() == counts[0].known());
    around.gpu.count = match counts.first() {
        Some(first) if same => first.clone(),
        Some(first) => Field::Unknown("as many as the kind of GPU that is found".to_owned(), first.place()),
        None => Field::default(),
    };
    if let Some(node) = resources.get("image_id") {
        let place = reading.place(node.span);
        if let Some(image) = node.as_str().and_then(|text| text.strip_prefix("docker:")) {
            around.image = Field::Known(image.to_owned(), place);
            let why = "how the container is run is not said here";
            around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
        }
    }
}
