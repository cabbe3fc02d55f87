//! dstack services and tasks whose commands start an engine.
//! Format: <https://dstack.ai/docs/reference/dstack.yml/>.

use super::commands::{self, Around};
use super::github_workflow::environment;
use super::{Read, Reading};
use crate::source::Text;
use crate::syntax::Node;
use crate::syntax::args;
use crate::units::{Field, GpuLabel, SharedMemory};

pub(super) const NAME: &str = "dstack";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours =
        reading.is_yaml() && reading.contains("type:") && reading.contains("commands:") && commands::may_start(reading);
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        let kind = document.get("type").and_then(Node::as_str);
        if !matches!(kind, Some("service" | "task")) || document.get("apiVersion").is_some() {
            continue;
        }
        let mut around = Around {
            env: environment(reading, document.get("env")),
            ..Around::default()
        };
        if let Some(node) = document.get("image")
            && let Some(image) = node.as_str()
        {
            around.image = Field::Known(image.to_owned(), reading.place(node.span));
        }
        let place = reading.place(document.span);
        around.host.shared_memory = match document.at(&["resources", "shm_size"]) {
            Some(node) => match node.as_str().and_then(commands::docker::bytes) {
                Some(size) => Field::Known(SharedMemory::Bytes(size), reading.place(node.span)),
                None => Field::Unknown("not a size".to_owned(), Some(reading.place(node.span))),
            },
            None => Field::Unknown("dstack chooses it".to_owned(), Some(place)),
        };
        for (key, field) in [("replicas", &mut around.replicas), ("nodes", &mut around.nodes)] {
            if let Some(node) = document.get(key) {
                *field = match node.as_u64() {
                    Some(number) => Field::Known(number, reading.place(node.span)),
                    None => Field::Unknown("more than one number".to_owned(), Some(reading.place(node.span))),
                };
            }
        }
        if let Some(node) = document.at(&["resources", "gpu"]) {
            read_gpu(reading, node, &mut around);
        }
        let env = around.env.clone();
        let known = commands::env_lookup(&env);
        let count = around.gpu.count.known().map(u64::to_string);
        let look = |name: &str| match (name, &count) {
            ("DSTACK_GPUS_NUM" | "DSTACK_GPUS_PER_NODE", Some(count)) => Some(Ok(count.clone())),
            _ => known(name),
        };
        // The commands are one script.
        let mut commands = Vec::new();
        let lines: Vec<&Text> = document
            .get("commands")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(Node::text)
            .collect();
        let sets_variables = lines.len() > 1
            && lines
                .iter()
                .any(|line| line.as_str().trim_start().starts_with("export ") || line.as_str().starts_with("source "));
        for line in lines {
            let look = |name: &str| match look(name) {
                None if sets_variables => Some(Err(format!("another command may set `{name}`"))),
                found => found,
            };
            commands.extend(args::split_shell(line, reading.id, &look).unwrap_or_default());
        }
        read.units
            .extend(commands::units(reading, commands, &around, &reading.source.path, NAME));
    }
    (!read.units.is_empty()).then_some(read)
}

/// `H100:2`, `80GB:2..4`, `A100,H100`, or a mapping of `name`, `memory` and `count`.
fn read_gpu(reading: &Reading<'_>, node: &Node, around: &mut Around) {
    let place = reading.place(node.span);
    let mut names: Vec<(String, crate::source::Place)> = Vec::new();
    let mut count: Option<String> = None;
    if node.is_map() {
        let name = node.get("name");
        let list = name.into_iter().flat_map(Node::items);
        for name in list.chain(name.filter(|name| !name.is_seq())) {
            let text = name.as_str().unwrap_or_default();
            names.extend(
                text.split(',')
                    .map(|one| (one.trim().to_owned(), reading.place(name.span))),
            );
        }
        count = node.get("count").and_then(Node::as_str).map(str::to_owned);
    } else if let Some(text) = node.as_str() {
        for part in text.split(':').map(str::trim) {
            let is_size = |part: &str| part.to_ascii_uppercase().contains("GB");
            if is_size(part) || matches!(part, "nvidia" | "amd" | "google" | "intel") {
                continue;
            }
            if part.starts_with(|c: char| c.is_ascii_digit()) || part.contains("..") {
                count = Some(part.to_owned());
            } else {
                names.extend(part.split(',').map(|one| (one.trim().to_owned(), place)));
            }
        }
    }
    around.gpu.labels = names
        .into_iter()
        .map(|(name, place)| (GpuLabel::Product(name), place))
        .collect();
    around.gpu.count = match count.as_deref().map_or(Ok(1), str::parse) {
        Ok(count) => Field::Known(count, place),
        Err(_) => Field::Unknown("a range of numbers of GPUs".to_owned(), Some(place)),
    };
}
