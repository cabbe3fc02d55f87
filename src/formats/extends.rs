//! What a service of a Compose file extends, a service of the same file or of another one of the tree; and settings that
//! stand on those of another file.
//! How they merge: <https://github.com/compose-spec/compose-spec/blob/main/05-services.md#extends>.

use std::collections::HashMap;
use std::sync::Arc;

use super::Reading;
use crate::source::{Slot, SourceId, Span, Text, resolve};
use crate::syntax::{Kind, Node, yaml};

/// Most services that are followed into each other; a service that extends itself ends there too.
const MAX_CHAIN: usize = 8;

/// Most nodes of another file's service that are taken over, and entries of mappings that are merged: beyond any real
/// service's.
const MAX_NODES: usize = 2_000;

/// Deepest mappings that are merged: `deploy.resources.reservations` are three.
const MAX_MERGED: usize = 6;

/// What became of a service.
pub(super) enum Extended {
    /// It extends none.
    Not,
    /// It with what it extends.
    With(Node),
    /// What it extends is not in the tree, or can't be followed.
    Unknown,
}

/// The services of other files, parsed once.
pub(super) struct Extending<'a> {
    reading: &'a Reading<'a>,
    others: HashMap<SourceId, Option<Node>>,
}

impl<'a> Extending<'a> {
    pub(super) fn new(reading: &'a Reading<'a>) -> Self {
        Self {
            reading,
            others: HashMap::new(),
        }
    }

    /// A service of a file, whose services these are, with what it extends.
    pub(super) fn of(&mut self, file: SourceId, services: &Node, service: &Node, chain: usize) -> Extended {
        let Some(extends) = service.get("extends").filter(|node| !node.is_null()) else {
            return Extended::Not;
        };
        if chain >= MAX_CHAIN {
            return Extended::Unknown;
        }
        let name = extends
            .as_str()
            .or_else(|| extends.get("service").and_then(Node::as_str));
        let base = match (name, extends.get("file")) {
            (Some(name), None) => services
                .get(name)
                .and_then(|base| self.whole(file, services, base, chain)),
            (Some(name), Some(path)) => path
                .as_str()
                .and_then(|path| self.elsewhere(file, path, name, extends.span, chain)),
            (None, _) => None,
        };
        match base {
            Some(base) => Extended::With(merged(&base, service, 0)),
            None => Extended::Unknown,
        }
    }

    fn whole(&mut self, file: SourceId, services: &Node, base: &Node, chain: usize) -> Option<Node> {
        match self.of(file, services, base, chain + 1) {
            Extended::Not => Some(base.clone()),
            Extended::With(whole) => Some(whole),
            Extended::Unknown => None,
        }
    }

    /// The service of another file, as if it stood where it is named.
    fn elsewhere(&mut self, file: SourceId, path: &str, name: &str, at: Span, chain: usize) -> Option<Node> {
        let files = self.reading.files;
        let from = &files.source(file).from_root;
        let path = resolve(from, path, |path| files.find(path).is_some())?;
        let id = files.find(&path)?;
        let services = self.others.entry(id).or_insert_with(|| {
            let (body, start) = files.source(id).body();
            let parsed = yaml::parse(body, start);
            parsed.documents.first()?.get("services").cloned()
        });
        let services = services.clone()?;
        let base = services.get(name)?;
        let whole = self.whole(id, &services, base, chain)?;
        let mut room = MAX_NODES;
        moved(&whole, at, &mut room)
    }
}

/// A YAML file's one document with what it inherits by the key `key`, which names a file; whether all of it was found.
pub(super) fn inherited(reading: &Reading<'_>, document: &Node, key: &str) -> (Node, bool) {
    let mut whole = document.clone();
    let mut file = reading.id;
    for _ in 0..MAX_CHAIN {
        let Some(named) = whole.get(key).filter(|node| !node.is_null()).cloned() else {
            return (whole, true);
        };
        let files = reading.files;
        let from = &files.source(file).from_root;
        let found = named
            .as_str()
            .and_then(|path| resolve(from, path, |path| files.find(path).is_some()))
            .and_then(|path| files.find(&path));
        let Some(id) = found else {
            return (whole, false);
        };
        let (body, start) = files.source(id).body();
        let parsed = yaml::parse(body, start);
        let mut room = MAX_NODES;
        let Some(base) = parsed
            .documents
            .first()
            .and_then(|base| moved(base, named.span, &mut room))
        else {
            return (whole, false);
        };
        let next = base.get(key).cloned();
        whole = without(&merged(&base, &whole, 0), key, next);
        file = id;
    }
    (whole, false)
}

/// A mapping with `value` under `key` and nothing else of that name.
fn without(node: &Node, key: &str, value: Option<Node>) -> Node {
    let Kind::Map { entries, slot } = &node.kind else {
        return node.clone();
    };
    let is_key = |name: &Node| name.as_str() == Some(key);
    let entries = entries.iter().filter_map(|(name, old)| match &value {
        _ if !is_key(name) => Some((name.clone(), old.clone())),
        Some(value) => Some((name.clone(), Arc::new(value.clone()))),
        None => None,
    });
    Node {
        span: node.span,
        kind: Kind::Map {
            entries: entries.collect(),
            slot: slot.clone(),
        },
    }
}

/// A node with all that is in it placed at `at`; `None` where it is too much.
fn moved(node: &Node, at: Span, room: &mut usize) -> Option<Node> {
    *room = room.checked_sub(1)?;
    let kind = match &node.kind {
        Kind::Plain(text) => Kind::Plain(Text::opaque(text.as_str(), at)),
        Kind::Quoted(text) => Kind::Quoted(Text::opaque(text.as_str(), at)),
        Kind::Seq { items } => {
            let items = items.iter().map(|item| moved(item, at, room).map(Arc::new));
            Kind::Seq {
                items: items.collect::<Option<_>>()?,
            }
        }
        Kind::Map { entries, .. } => {
            let mut made = Vec::with_capacity(entries.len().min(*room));
            for (key, value) in entries {
                made.push((Arc::new(moved(key, at, room)?), Arc::new(moved(value, at, room)?)));
            }
            let slot = Slot { span: at, insert: None };
            Kind::Map { entries: made, slot }
        }
    };
    Some(Node { span: at, kind })
}

/// What `own` says over what `base` says: mappings by key, lists one behind the other, and whole what is a command.
fn merged(base: &Node, own: &Node, deep: usize) -> Node {
    const REPLACED: &[&str] = &["command", "entrypoint", "extends", "healthcheck"];
    let kind = match (&base.kind, &own.kind) {
        (Kind::Map { entries: inherited, .. }, Kind::Map { entries, slot })
            if deep < MAX_MERGED && inherited.len() + entries.len() <= MAX_NODES =>
        {
            let mut made = Vec::with_capacity(inherited.len() + entries.len());
            for (key, value) in entries {
                let name = key.as_str().unwrap_or_default();
                let before = base.get(name).filter(|_| !REPLACED.contains(&name));
                let value = before.map_or_else(|| value.clone(), |before| Arc::new(merged(before, value, deep + 1)));
                made.push((key.clone(), value));
            }
            let kept = inherited.iter().filter(|(key, _)| {
                key.as_str()
                    .is_some_and(|name| own.get(name).is_none() && name != "extends")
            });
            made.extend(kept.cloned());
            Kind::Map {
                entries: made,
                slot: slot.clone(),
            }
        }
        (Kind::Seq { items: inherited }, Kind::Seq { items }) => Kind::Seq {
            items: inherited.iter().chain(items).cloned().collect(),
        },
        _ => own.kind.clone(),
    };
    Node { span: own.span, kind }
}

#[cfg(test)]
mod tests {
    use crate::formats::{self, Outcome};
    use crate::source::{Source, SourceId};
    use crate::syntax::code::Files;
    use crate::units::{Deployment, Unit};

    fn read(files: &[(&str, &str)]) -> Vec<Deployment> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new((*path).to_owned(), (*text).to_owned(), false))
            .collect();
        match formats::read(&Files::new(&sources), SourceId(0), false) {
            Outcome::Read(_, read) => read
                .units
                .into_iter()
                .filter_map(|unit| match unit {
                    Unit::Deployment(made) => Some(*made),
                    _ => None,
                })
                .collect(),
            Outcome::LeftAlone(_) => Vec::new(),
        }
    }

    const COMMON: &str = "services:\n  engine:\n    image: vllm/vllm-openai:v0.10.2\n    ipc: host\n    \
                          deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 2, capabilities: [gpu]}]}}}\n";

    #[test]
    fn a_service_of_another_file_says_what_it_leaves_out() {
        let own = "services:\n  chat:\n    extends: {file: ../common/base.yaml, service: engine}\n    \
                   command: --model Qwen/Qwen3-8B --tensor-parallel-size 2\n";
        let found = read(&[("chat/compose.yaml", own), ("common/base.yaml", COMMON)]);
        let [chat] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(chat.image.known().map(String::as_str), Some("vllm/vllm-openai:v0.10.2"));
        assert_eq!(chat.gpu.count.known(), Some(&2));
        assert!(chat.host.shared_memory.known().is_some());
        // All places lie in the file that is read.
        assert!(
            chat.image
                .place()
                .is_some_and(|place| place.source == SourceId(0) && place.span.end <= own.len())
        );
    }

    #[test]
    fn what_is_not_in_the_tree_is_unknown() {
        let own = "services:\n  chat:\n    extends: {file: gone.yaml, service: engine}\n    \
                   image: vllm/vllm-openai:v0.10.2\n    command: --model Qwen/Qwen3-8B --tensor-parallel-size 2\n";
        let found = read(&[("compose.yaml", own)]);
        let [chat] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert!(chat.host.shared_memory.known().is_none() && !chat.host.shared_memory.is_absent());
        assert!(!chat.gpu.count.is_absent());
    }

    #[test]
    fn a_service_that_extends_itself_ends() {
        let own = "services:\n  a:\n    extends: b\n    image: vllm/vllm-openai:v0.10.2\n    command: --model m/m\n  \
                   b:\n    extends: a\n";
        assert_eq!(read(&[("compose.yaml", own)]).len(), 1);
    }
}
