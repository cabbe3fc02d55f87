//! Values of Helm charts, read as values: vLLM's production stack, KubeAI's models, llm-d's model service, Ollama's chart,
//! NVIDIA's for NIM and Triton, and any chart whose values hold an image with a command line that an engine recognises. No template
//! is run.

use super::containers::{self, Variable};
use super::kubernetes::Manifest;
use super::objects::Objects;
use super::pod::{self, Pod};
use super::synthetic::{scalar, sequence};
use super::{Read, Reading, kubeai, llm_d, ollama_chart, production_stack};
use crate::engines::{self, EngineKind};
use crate::syntax::{Node, yaml};
use crate::units::{Deployment, Field, Unit, Word};

pub(super) const NAME: &str = "helm values";

/// Keys of Open Platform for Enterprise AI's charts that name the model.
/// <https://github.com/opea-project/GenAIInfra/tree/main/helm-charts/common>
const MODEL_KEYS: &[&str] = &["LLM_MODEL_ID", "EMBEDDING_MODEL_ID", "RERANK_MODEL_ID"];

/// What a GPU is asked for by, where a chart's template asks for it.
const NVIDIA_GPU: &str = "nvidia.com/gpu";

/// Mappings that are looked at in search of an image: beyond any real chart's.
const MAX_NODES: usize = 100_000;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    let ours = matches!(extension, "yaml" | "yml")
        && !reading.contains("services:")
        && (containers::names_engine(reading) || reading.contains("modelArtifacts"));
    if !ours {
        return None;
    }
    let mut read = Read::default();
    for document in &reading.yaml().documents {
        if document.get("apiVersion").is_none() {
            values(reading, document, &mut read.units);
        }
    }
    if !read.units.is_empty() {
        read.errors.extend(reading.yaml_error());
    }
    (!read.units.is_empty()).then_some(read)
}

/// The values that an Argo CD Application or a Flux HelmRelease holds.
pub(super) fn release(reading: &Reading<'_>, object: &Node, units: &mut Vec<Unit>) {
    let Some(spec) = object.get("spec") else {
        return;
    };
    let sources = spec.get("sources").into_iter().flat_map(Node::items);
    for source in spec.get("source").into_iter().chain(sources) {
        let helm = source.get("helm");
        if let Some(text) = helm.and_then(|helm| helm.get("values")).and_then(Node::text) {
            for document in yaml::parse_inside(text).documents {
                values(reading, &document, units);
            }
        }
        if let Some(node) = helm.and_then(|helm| helm.get("valuesObject")) {
            values(reading, node, units);
        }
    }
    if let Some(node) = spec.get("values") {
        values(reading, node, units);
    }
}

fn values(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
    let before = units.len();
    production_stack::values(reading, document, NAME, units);
    units.extend(kubeai::catalog(reading, document, NAME));
    llm_d::model_service(reading, document, units);
    ollama_chart::values(reading, document, units);
    if units.len() == before {
        images(reading, document, units);
    }
}

/// Mappings with an image whose command line an engine recognises.
fn images(reading: &Reading<'_>, document: &Node, units: &mut Vec<Unit>) {
    let manifest = Manifest {
        reading,
        objects: Objects::default(),
    };
    let mut open = vec![document];
    let mut seen = 0;
    let mut found = Vec::new();
    while let Some(node) = open.pop() {
        seen += 1;
        if seen > MAX_NODES {
            break;
        }
        if node.get("image").is_some() {
            found.push(node);
        }
        open.extend(node.entries().map(|(_, value)| value).chain(node.items()));
    }
    found.sort_by_key(|node| node.span);
    for node in found {
        units.extend(server(&manifest, node).map(|deployment| Unit::Deployment(Box::new(deployment))));
    }
}

/// The server of a mapping with an image and a command line. An image alone says nothing: the chart's template may
/// hold the rest. Only NIM's is all that there is to say, and some charts name the model beside it.
fn server(manifest: &Manifest<'_>, node: &Node) -> Option<Deployment> {
    let reading = manifest.reading;
    if node.get("enabled").and_then(Node::as_bool) == Some(false) {
        return None;
    }
    let image = node.get("image")?;
    let written = match image.get("repository") {
        Some(repository) => {
            let of = |key: &str| image.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
            let registry = of("registry")
                .map(|registry| format!("{registry}/"))
                .unwrap_or_default();
            let tag = of("tag").map(|tag| format!(":{tag}")).unwrap_or_default();
            Some(scalar(repository, &format!("{registry}{}{tag}", repository.as_str()?)))
        }
        None => match image.get("imageName") {
            Some(whole) => Some(whole.clone()),
            None => image.text().map(|_| image.clone()),
        },
    }?;
    let given = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| node.get(key).filter(|list| list.items().next().is_some()))
    };
    let mut container = manifest.container(node);
    container.image = Some(&written);
    let triton = triton_command(image);
    container.command = triton.as_ref().or(given(&["command"]));
    container.arguments = given(&[
        "args",
        "extraArgs",
        "extraArguments",
        "arguments",
        "extraCmdArgs",
        "serverArgs",
    ]);
    let named = MODEL_KEYS
        .iter()
        .find_map(|key| node.get(key).filter(|model| !model.is_null()));
    if container.command.or(container.arguments).or(named).is_none() && !is_whole(&written, node) {
        return None;
    }
    container.environment.extend(settings(reading, node));
    let with_model = named.map(|model| {
        let mut words: Vec<Node> = container.arguments.into_iter().flat_map(Node::items).cloned().collect();
        words.extend([scalar(model, "--model"), model.clone()]);
        sequence(model, words)
    });
    // These take the model as the variable `MODEL_ID`.
    let by_variable = [
        "text-generation-inference",
        "tgi-gaudi",
        "text-embeddings-inference",
        "tei-gaudi",
    ];
    let by_flag = |image: &str| !by_variable.iter().any(|name| image.contains(name));
    if written.as_str().is_some_and(by_flag) {
        container.arguments = with_model.as_ref().or(container.arguments);
    }
    let name = format!(
        "{}#{}",
        reading.source.path,
        node.get("name").and_then(Node::as_str).unwrap_or("image")
    );
    let mut deployment = containers::deployment(reading, &container, name, NAME)?;
    let serving = engines::recognise(&deployment.launch, &deployment.image)?;
    if serving.model.is_absent() {
        return None;
    }
    if is_tagged_by_chart(image) {
        // Its name has told the engine; of the release nothing is known.
        let place = deployment.image.place();
        deployment.image = Field::Unknown("the chart's own values name the tag".to_owned(), place);
        if engines::recognise(&deployment.launch, &deployment.image).is_none() {
            let program = match serving.engine {
                EngineKind::Vllm => &["vllm", "serve"][..],
                EngineKind::Tgi => &["text-generation-launcher"],
                EngineKind::Tei => &["text-embeddings-router"],
                _ => return None,
            };
            let word = |text: &&str| Word {
                value: Ok((*text).to_owned()),
                place: place.unwrap_or(deployment.place),
            };
            deployment.launch.words.splice(0..0, program.iter().map(word));
        }
    }
    let pod = Pod {
        spec: node,
        metadata: None,
        object: node,
    };
    pod::describe(reading, &manifest.objects, &pod, node, &mut deployment);
    let replicas = ["replicaCount", "replicas"].iter().find_map(|key| node.get(key));
    deployment.replicas = pod::whole(reading, replicas);
    if let (Some(gpus), true) = (image.get("numGpus"), triton.is_some()) {
        deployment.gpu.count = pod::whole(reading, Some(gpus));
        deployment.gpu.resource = Field::Known(NVIDIA_GPU.to_owned(), reading.place(gpus.span));
    }
    pod::completed_by("the chart's template", &mut deployment.host);
    Some(deployment)
}

/// The command line that the templates of Triton's own charts make of the image's mapping, which holds the model repository
/// and the number of GPUs too.
/// <https://github.com/triton-inference-server/server/tree/main/deploy/k8s-onprem>
fn triton_command(image: &Node) -> Option<Node> {
    let repository = image.get("modelRepositoryPath")?;
    let words = vec![
        scalar(repository, "tritonserver"),
        scalar(repository, "--model-repository"),
        repository.clone(),
    ];
    Some(sequence(repository, words))
}

/// Whether the image is one of NVIDIA's NIM, which holds model and settings, in values that ask for its resources.
/// <https://docs.nvidia.com/nim/large-language-models/latest/deploy-helm.html>
fn is_whole(image: &Node, node: &Node) -> bool {
    let is_nim = image.as_str().is_some_and(|image| image.contains("/nim/"));
    is_nim && node.get("resources").is_some_and(Node::is_map)
}

/// Variables that charts take as values: keys in capitals, and NIM's `envVars`. The model's is the engine's own.
fn settings(reading: &Reading<'_>, node: &Node) -> Vec<Variable> {
    let capitals = node.entries().filter(|(key, _)| {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        key.as_str().is_some_and(|key| key.len() > 1 && key.bytes().all(plain))
    });
    let listed = node.get("envVars").into_iter().flat_map(Node::entries);
    let variable = |(key, value): (&Node, &Node)| {
        let name = key.as_str()?;
        let text = value
            .text()
            .filter(|text| !value.is_null() && !text.as_str().is_empty())?;
        let name = if MODEL_KEYS.contains(&name) { "MODEL_ID" } else { name };
        Some(Variable::known(reading, name, text))
    };
    capitals.chain(listed).filter_map(variable).collect()
}

/// Whether the values name a repository without a tag or digest: the chart has one.
fn is_tagged_by_chart(image: &Node) -> bool {
    let is_given = |key: &str| {
        image
            .get(key)
            .and_then(Node::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    let repository = image.get("repository").and_then(Node::as_str);
    let name = repository.and_then(|repository| repository.rsplit('/').next());
    name.is_some_and(|name| !name.contains([':', '@'])) && !["tag", "digest", "sha"].iter().any(|key| is_given(key))
}
