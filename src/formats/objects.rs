//! The other objects of a file that say something of its pods: settings, claims, what scales them and what makes them
//! public. Names are looked up within the file only; one that two objects bear stands for neither.

use std::collections::{HashMap, HashSet};

use super::Reading;
use crate::source::Text;
use crate::syntax::Node;
use crate::units::Field;

/// What a file's objects say, by name.
#[derive(Default)]
pub(super) struct Objects<'a> {
    /// Data of ConfigMaps.
    settings: HashMap<&'a str, Option<&'a Node>>,
    /// PersistentVolumeClaims.
    claims: HashMap<&'a str, Option<&'a Node>>,
    /// NIMCaches.
    caches: HashMap<&'a str, Option<&'a Node>>,
    /// What scales the object of that kind and name.
    scalers: HashMap<(&'a str, &'a str), &'a Node>,
    /// Public ways to pods with a label: that label's name and value, the whole selector, what makes it public.
    ways: HashMap<(&'a str, &'a str), Vec<Way<'a>>>,
}

struct Way<'a> {
    selector: &'a Node,
    what: &'static str,
    node: &'a Node,
}

/// Annotations that keep a load balancer inside the network, and the value that says so.
const INTERNAL: &[(&str, &str)] = &[
    ("service.beta.kubernetes.io/aws-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", "true"),
    ("networking.gke.io/load-balancer-type", "Internal"),
    ("cloud.google.com/load-balancer-type", "Internal"),
];

/// The objects of a file: its documents, and the items of lists.
pub(super) fn of(documents: &[Node]) -> Vec<&Node> {
    let is_object = |node: &&Node| node.get("kind").is_some() && node.get("apiVersion").is_some();
    let items = |document| {
        let is_list = kind(document).is_some_and(|kind| kind == "List" || kind.ends_with("List"));
        let items = is_list.then(|| document.get("items")).flatten();
        match items {
            Some(items) => items.items().collect(),
            None => vec![document],
        }
    };
    documents.iter().flat_map(items).filter(is_object).collect()
}

/// An object's kind; a space behind it is the writer's.
pub(super) fn kind(object: &Node) -> Option<&str> {
    object.get("kind")?.as_str().map(str::trim)
}

/// An object's name.
pub(super) fn name(object: &Node) -> Option<&str> {
    let metadata = object.get("metadata")?;
    // Runs are often named by the cluster, behind a beginning.
    metadata.get("name").or_else(|| metadata.get("generateName"))?.as_str()
}

/// Whether the object's API is of that group.
pub(super) fn is_of(object: &Node, group: &str) -> bool {
    let version = object.get("apiVersion").and_then(Node::as_str);
    version
        .and_then(|version| version.split_once('/'))
        .is_some_and(|(found, _)| found == group)
}

impl<'a> Objects<'a> {
    /// Sorts the objects of a file.
    pub(super) fn new(objects: &[&'a Node]) -> Self {
        let mut found = Self::default();
        let mut services = Vec::new();
        let mut entries = HashSet::new();
        for object in objects {
            let Some((kind, name)) = kind(object).zip(name(object)) else {
                continue;
            };
            match kind {
                "ConfigMap" => once(&mut found.settings, name, object.get("data")),
                "PersistentVolumeClaim" => once(&mut found.claims, name, Some(object)),
                "NIMCache" => once(&mut found.caches, name, Some(object)),
                "Service" => services.push((name, *object)),
                "Ingress" => entered(object, &mut entries),
                "Route" => entries.extend(object.at(&["spec", "to", "name"]).and_then(Node::as_str)),
                "HorizontalPodAutoscaler" | "ScaledObject" | "PodAutoscaler" => {
                    let target = object.at(&["spec", "scaleTargetRef"]);
                    let name = target.and_then(|target| target.get("name")).and_then(Node::as_str);
                    // KEDA takes a Deployment where no kind is named.
                    let kind = target.and_then(|target| target.get("kind")).and_then(Node::as_str);
                    if let Some(name) = name {
                        found.scalers.insert((kind.unwrap_or("Deployment"), name), object);
                    }
                }
                _ => {}
            }
        }
        for (name, service) in services {
            let balanced = service.at(&["spec", "type"]);
            let is_balancer = balanced.and_then(Node::as_str) == Some("LoadBalancer") && !is_internal(service);
            let (what, node) = match balanced.filter(|_| is_balancer) {
                Some(node) => ("a Service of type LoadBalancer", node),
                None if entries.contains(name) => ("an Ingress", service.get("kind").unwrap_or(service)),
                None => continue,
            };
            let selector = service.at(&["spec", "selector"]);
            let first = selector.and_then(|selector| pairs(selector).next());
            if let Some((selector, first)) = selector.zip(first) {
                found.ways.entry(first).or_default().push(Way { selector, what, node });
            }
        }
        found
    }

    /// The data of the ConfigMap of that name.
    pub(super) fn settings(&self, name: &str) -> Option<&'a Node> {
        self.settings.get(name).copied().flatten()
    }

    /// The text that a ConfigMap keeps under that name, as a file is mounted; of two neither.
    pub(super) fn file(&self, name: &str) -> Option<&'a Text> {
        let maps = self.settings.values().flatten();
        let mut found = maps.filter_map(|map| map.get(name)?.text());
        found.next().filter(|_| found.next().is_none())
    }

    /// The claim of that name.
    pub(super) fn claim(&self, name: &str) -> Option<&'a Node> {
        self.claims.get(name).copied().flatten()
    }

    /// The NIMCache of that name.
    pub(super) fn cache(&self, name: &str) -> Option<&'a Node> {
        self.caches.get(name).copied().flatten()
    }

    /// Whether something in the file scales the object.
    pub(super) fn autoscaled(&self, reading: &Reading<'_>, object: &Node) -> Field<bool> {
        let scaler = kind(object).zip(name(object)).and_then(|key| self.scalers.get(&key));
        match scaler {
            Some(scaler) => Field::Known(true, reading.place(scaler.get("kind").unwrap_or(scaler).span)),
            None => Field::default(),
        }
    }

    /// What makes pods with these labels public.
    pub(super) fn public(&self, reading: &Reading<'_>, labels: &Node) -> Field<String> {
        let ways = pairs(labels).filter_map(|pair| self.ways.get(&pair)).flatten();
        let selects = |way: &&Way| pairs(way.selector).all(|(key, value)| is(labels, key, value));
        match ways.into_iter().find(selects) {
            Some(way) => Field::Known(way.what.to_owned(), reading.place(way.node.span)),
            None => Field::default(),
        }
    }
}

fn once<'a>(names: &mut HashMap<&'a str, Option<&'a Node>>, name: &'a str, value: Option<&'a Node>) {
    names.entry(name).and_modify(|seen| *seen = None).or_insert(value);
}

fn pairs(node: &Node) -> impl Iterator<Item = (&str, &str)> {
    node.entries()
        .filter_map(|(key, value)| Some((key.as_str()?, value.as_str()?)))
}

fn is(node: &Node, key: &str, value: &str) -> bool {
    node.get(key).and_then(Node::as_str) == Some(value)
}

fn is_internal(service: &Node) -> bool {
    let annotations = service.at(&["metadata", "annotations"]);
    annotations.is_some_and(|annotations| INTERNAL.iter().any(|(key, value)| is(annotations, key, value)))
}

/// The services that an Ingress leads to.
fn entered<'a>(ingress: &'a Node, entries: &mut HashSet<&'a str>) {
    let rules = ingress.at(&["spec", "rules"]).into_iter().flat_map(Node::items);
    let paths = rules
        .filter_map(|rule| rule.at(&["http", "paths"]))
        .flat_map(Node::items);
    let backends = paths.filter_map(|path| path.get("backend"));
    let default = ingress.at(&["spec", "defaultBackend"]);
    let names = backends
        .chain(default)
        .filter_map(|backend| backend.at(&["service", "name"]));
    entries.extend(names.filter_map(Node::as_str));
}
