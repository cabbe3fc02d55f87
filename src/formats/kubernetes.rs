//! Kubernetes objects: every pod specification in them whose container runs an engine. That is what Deployment,
//! StatefulSet, Job and their like hold under `template`, and what many custom resources hold too. Resources from which
//! an operator makes the command line have a file of their own.

use std::collections::HashMap;

use super::containers::{self, Container, Variable};
use super::objects::{self, Objects};
use super::pod::{self, Pod};
use super::{
    Read, Reading, commands, dynamo, helm_values, kserve, kubeai, kuberay, nim, production_stack, settings_file,
    training,
};
use crate::source::Text;
use crate::syntax::args;
use crate::syntax::{Kind, Node, SyntaxError};
use crate::units::{Deployment, EnvValue, Field, Unit};

pub(super) const NAME: &str = "kubernetes";

/// Nodes of one file that are looked at in search of pod specifications: far beyond any real one, it bounds what
/// aliases of aliases can cost.
const MAX_NODES: usize = 2_000_000;

/// Words by which a file is told whose objects need not name an engine.
const MARKERS: &[&str] = &["serving.kserve.io", "llm_configs", "NIMService", "kubeai.org/"];

/// Keys of ConfigMaps beyond which they are not taken for variables.
const MOST_SETTINGS: usize = 1_000;

/// A file of objects.
pub(super) struct Manifest<'a> {
    /// The file.
    pub reading: &'a Reading<'a>,
    /// Its objects by name.
    pub objects: Objects<'a>,
}

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    if !matches!(extension, "yaml" | "yml" | "json") || !has_signature(reading) {
        return None;
    }
    let mut read = Read::default();
    let documents = if extension == "json" {
        reading.json().as_ref().map_or(&[][..], std::slice::from_ref)
    } else {
        &reading.yaml().documents
    };
    let objects = objects::of(documents);
    let manifest = Manifest {
        reading,
        objects: Objects::new(&objects),
    };
    let mut budget = MAX_NODES;
    for object in &objects {
        manifest.read_object(object, &mut budget, &mut read.units);
    }
    let error: Option<SyntaxError> = if extension == "json" {
        reading.json().as_ref().err().cloned()
    } else {
        reading.yaml_error()
    };
    if let Some(error) = error
        && (!read.units.is_empty() || containers::names_engine(reading))
        && (!objects.is_empty() || reading.contains("\napiVersion:") || reading.source.text.starts_with("apiVersion:"))
    {
        read.errors.push(error);
    }
    (!read.units.is_empty() || !read.errors.is_empty()).then_some(read)
}

fn has_signature(reading: &Reading<'_>) -> bool {
    reading.contains("apiVersion")
        && (commands::may_start(reading) || MARKERS.iter().any(|marker| reading.contains(marker)))
}

/// Every mapping with a list `containers`, with what stands around it.
struct Found<'a> {
    pod: Pod<'a>,
    /// Every `replicas` above it, the nearest last.
    replicas: Vec<&'a Node>,
    /// The group of pods that it is one of says how many they are.
    group: Option<&'a Node>,
}

/// A node that is still to be looked at.
struct Open<'a> {
    node: &'a Node,
    metadata: Option<&'a Node>,
    replicas: Vec<&'a Node>,
    group: Option<&'a Node>,
}

fn pods<'a>(object: &'a Node, budget: &mut usize) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let mut open = vec![Open {
        node: object,
        metadata: object.get("metadata"),
        replicas: Vec::new(),
        group: None,
    }];
    while let Some(at) = open.pop() {
        *budget = budget.saturating_sub(1);
        if *budget == 0 {
            break;
        }
        if at.node.is_map() {
            let mut replicas = at.replicas;
            // Nothing nests copies of copies deeper than a set of roles of pods.
            if let Some(node) = at.node.get("replicas").filter(|_| replicas.len() < 4) {
                replicas.push(node);
            }
            let group = at.node.get("podGroupSize").or(at.group);
            let metadata = at.node.get("metadata");
            let is_pod =
                at.node.get("containers").is_some_and(Node::is_seq) || argo_container(object, at.node).is_some();
            for (key, node) in at.node.entries() {
                if matches!(node.kind, Kind::Map { .. } | Kind::Seq { .. }) {
                    let is_spec = key.as_str() == Some("spec");
                    open.push(Open {
                        node,
                        metadata: metadata.filter(|_| is_spec),
                        replicas: replicas.clone(),
                        group,
                    });
                }
            }
            if is_pod {
                let pod = Pod {
                    spec: at.node,
                    metadata: at.metadata,
                    object,
                };
                found.push(Found { pod, replicas, group });
            }
        } else {
            open.extend(at.node.items().map(|node| Open {
                node,
                metadata: None,
                replicas: at.replicas.clone(),
                group: at.group,
            }));
        }
    }
    found.sort_by_key(|found| found.pod.spec.span);
    found
}

/// The one container of a template of Argo Workflows, beside which stands what it says of its pod.
fn argo_container<'n>(object: &Node, template: &'n Node) -> Option<&'n Node> {
    let container = template.get("container").filter(|node| node.is_map())?;
    (objects::is_of(object, "argoproj.io") && container.get("image").is_some()).then_some(container)
}

impl<'a> Manifest<'a> {
    fn read_object(&self, object: &'a Node, budget: &mut usize, units: &mut Vec<Unit>) {
        let kind = objects::kind(object).unwrap_or("object");
        match kind {
            "InferenceService"
                if objects::is_of(object, "serving.kserve.io") && kserve::inference_service(self, object, units) =>
            {
                return;
            }
            "LLMInferenceService" => return kserve::llm_inference_service(self, object, units),
            "Model" if objects::is_of(object, "kubeai.org") => {
                return units.extend(kubeai::resource(self.reading, object));
            }
            "VLLMRuntime" => return units.extend(production_stack::runtime(self.reading, object)),
            "NIMService" => return units.extend(nim::service(self, object)),
            "DynamoGraphDeployment" => return dynamo::graph(self, object, units),
            "RayService" => kuberay::service(self, object, units),
            "Application" | "HelmRelease" => return helm_values::release(self.reading, object, units),
            _ => {}
        }
        let found = pods(object, budget);
        let mut made: Vec<Deployment> = Vec::new();
        for found in &found {
            for mut deployment in self.pod(&found.pod) {
                // KubeRay makes the command line of a pod that has none.
                if kind.starts_with("Ray") && deployment.launch.words.is_empty() {
                    continue;
                }
                deployment.replicas = self.copies(kind, &found.replicas);
                if let Some(group) = found.group {
                    deployment.nodes = pod::whole(self.reading, Some(group));
                }
                kserve::placeholder(kind, &mut deployment);
                made.push(deployment);
            }
        }
        if made.is_empty() && commands::may_start(self.reading) {
            let pods: Vec<Pod<'_>> = found.iter().map(|found| found.pod).collect();
            units.extend(training::pods::of_object(self, object, &pods));
        }
        if let Some(group) = object.at(&["spec", "leaderWorkerTemplate"]) {
            leads(self.reading, group, &mut made);
        }
        if kind.starts_with("Ray") {
            made.extend(kuberay::entry(self, object));
            let pods: Vec<Pod<'_>> = found.iter().map(|found| found.pod).collect();
            kuberay::join(self, &pods, &mut made);
        }
        units.extend(
            made.into_iter()
                .map(|deployment| Unit::Deployment(Box::new(deployment))),
        );
    }

    /// The deployments that a pod's containers make.
    pub(super) fn pod<'p>(&'p self, pod: &'p Pod<'_>) -> impl Iterator<Item = Deployment> + 'p {
        let kind = objects::kind(pod.object).unwrap_or("object");
        let object = objects::name(pod.object).unwrap_or("unnamed");
        let containers = pod.spec.get("containers").into_iter().flat_map(Node::items);
        let own = argo_container(pod.object, pod.spec);
        containers.chain(own).filter_map(move |node| {
            // A template of Argo Workflows has its name beside its one container.
            let named = node.get("name").or_else(|| own.and_then(|_| pod.spec.get("name")));
            let name = named.and_then(Node::as_str).unwrap_or("container");
            let unit = format!("{}#{kind}/{object}/{name}", self.reading.source.path);
            let mut deployment = containers::deployment(self.reading, &self.container(node), unit, NAME)?;
            containers::pulled_after_start(self.reading, &self.container(node), &mut deployment);
            pod::describe(self.reading, &self.objects, pod, node, &mut deployment);
            settings_file::complete(self.reading, &mut deployment, |name| self.objects.file(name).cloned());
            Some(deployment)
        })
    }

    /// A container as it is written.
    pub(super) fn container<'n>(&self, node: &'n Node) -> Container<'n> {
        let (environment, hidden) = self.environment(node);
        Container {
            node,
            image: node.get("image"),
            command: node.get("command").filter(|node| !node.is_null()),
            arguments: node.get("args").filter(|node| !node.is_null()),
            environment,
            hidden,
            kube: true,
        }
    }

    /// How many copies run. Of a set of sets both count.
    fn copies(&self, kind: &str, replicas: &[&Node]) -> Field<u64> {
        let nearest = pod::whole(self.reading, replicas.last().copied());
        match replicas {
            [outer, _] if kind == "StormService" => nearest.and_then(|count| {
                let sets: u64 = outer.as_u64().ok_or("how many sets run is not a number")?;
                count
                    .checked_mul(sets)
                    .ok_or_else(|| "more copies than can be counted".to_owned())
            }),
            _ => nearest,
        }
    }

    /// A container's variables in the order in which they take effect, and why there may be others.
    pub(super) fn environment(&self, container: &Node) -> (Vec<Variable>, Option<String>) {
        let mut found = Vec::new();
        let mut hidden = None;
        for from in container.get("envFrom").into_iter().flat_map(Node::items) {
            let reference = |kind: &str| from.at(&[kind, "name"]).and_then(Node::as_str);
            let name = reference("configMapRef");
            let prefix = from.get("prefix").and_then(Node::as_str).unwrap_or_default();
            let settings = name.and_then(|name| self.objects.settings(name));
            match settings.filter(|settings| settings.entries().count() <= MOST_SETTINGS) {
                Some(settings) => found.extend(settings.entries().filter_map(|(key, value)| {
                    let name = format!("{prefix}{}", key.as_str()?);
                    Some(Variable::known(self.reading, &name, value.text()?))
                })),
                None => {
                    hidden = Some(match (name, reference("secretRef")) {
                        (Some(name), _) => format!("the ConfigMap `{name}`, which is not in this file, may set it"),
                        (None, Some(name)) => format!("the Secret `{name}` may set it"),
                        (None, None) => "`envFrom` may set it".to_owned(),
                    });
                }
            }
        }
        // What replacing variables may add to all values together.
        let mut room = args::EXPANSION_LIMIT;
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (index, variable) in found.iter().enumerate() {
            seen.insert(variable.name.clone(), index);
        }
        for entry in container.get("env").into_iter().flat_map(Node::items) {
            let Some(name) = entry.get("name").and_then(Node::as_str) else {
                continue;
            };
            let variable = match self.value(entry, name) {
                Ok(text) if text.as_str().contains("$(") && room > 0 => {
                    let look = |name: &str| match seen.get(name).and_then(|index| found.get(*index)) {
                        Some(Variable {
                            value: EnvValue::Known(text, _),
                            ..
                        }) => Some(Ok(text.as_str().to_owned())),
                        Some(Variable {
                            value: EnvValue::Unknown(why, _),
                            ..
                        }) => Some(Err(why.clone())),
                        None => None,
                    };
                    match args::expand_kube(text.as_str(), &look) {
                        Ok(value) if value.len() <= room => {
                            room -= value.len();
                            Variable::known(self.reading, name, &Text::opaque(&value, text.span()))
                        }
                        Ok(_) => Variable::unknown(self.reading, name, "its value grows too long".into(), entry.span),
                        Err(why) => Variable::unknown(self.reading, name, why, entry.span),
                    }
                }
                Ok(text) => Variable::known(self.reading, name, text),
                Err(why) => Variable::unknown(self.reading, name, why, entry.span),
            };
            seen.insert(name.to_owned(), found.len());
            found.push(variable);
        }
        (found, hidden)
    }

    /// The value of an entry of `env`.
    fn value<'n>(&'n self, entry: &'n Node, name: &str) -> Result<&'n Text, String> {
        if let Some(text) = entry.get("value").and_then(Node::text) {
            return Ok(text);
        }
        let from = entry.get("valueFrom");
        if let Some(reference) = from.and_then(|from| from.get("configMapKeyRef")) {
            let map = reference.get("name").and_then(Node::as_str).unwrap_or_default();
            let key = reference.get("key").and_then(Node::as_str).unwrap_or_default();
            let settings = self.objects.settings(map);
            return settings.and_then(|settings| settings.get(key)?.text()).ok_or_else(|| {
                format!("`{name}` comes from a configMapKeyRef to `{map}`, which does not stand in this file")
            });
        }
        Err(match from.and_then(|from| from.entries().next()) {
            Some((kind, _)) => format!("`{name}` comes from a {}", kind.as_str().unwrap_or("reference")),
            None => format!("`{name}` has no value here"),
        })
    }
}

/// Of a group of a leader and workers one deployment is made: the leader's, or the workers' where only they run an
/// engine; the group's size is how many pods make it.
fn leads(reading: &Reading<'_>, group: &Node, made: &mut Vec<Deployment>) {
    made.sort_by_key(|deployment| {
        let leader = group.get("leaderTemplate").map(|node| node.span);
        let inside = leader
            .is_some_and(|span| span.start <= deployment.place.span.start && deployment.place.span.end <= span.end);
        (!inside, deployment.place.span)
    });
    made.truncate(1);
    if let Some(deployment) = made.first_mut() {
        deployment.nodes = pod::whole(reading, group.get("size"));
    }
}
