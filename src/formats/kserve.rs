//! KServe: `InferenceService` with a model, and `LLMInferenceService`. Its controllers make the command line: of the
//! runtime's, the service's arguments and where the model lies. What a runtime that isn't in the file says is unknown.
//! Formats: <https://kserve.github.io/website/docs/reference/crd-api>.

use super::containers;
use super::kubernetes::{Manifest, NAME};
use super::line::{self, Line};
use super::objects;
use super::pod::{self, Pod};
use crate::syntax::Node;
use crate::units::{Deployment, EnvValue, Field, Unit, Word};

/// Where KServe puts the model that a service names.
const MODEL_FOLDER: &str = "/mnt/models";

/// Flags of the Hugging Face server itself, with whether they take a value; all others are vLLM's.
/// <https://github.com/kserve/kserve/blob/master/python/huggingfaceserver/huggingfaceserver/__main__.py>
const OWN_FLAGS: &[(&str, bool)] = &[
    ("--backend", true),
    ("--task", true),
    ("--model-id", true),
    ("--model-dir", true),
    ("--model-name", true),
    ("--model-revision", true),
    ("--max-length", true),
    ("--disable-lower-case", false),
    ("--disable-special-tokens", false),
    ("--return-token-type-ids", false),
    ("--return-probabilities", false),
    ("--tensor-input-names", true),
    ("--http-port", true),
    ("--grpc-port", true),
    ("--workers", true),
    ("--max-threads", true),
    ("--enable-grpc", true),
    ("--enable-docs-url", true),
    ("--enable-latency-logging", true),
    ("--configure-logging", true),
    ("--log-config-file", true),
    ("--access-log-format", true),
    ("--predictor-host", true),
];

/// Tasks that the Hugging Face server hands to vLLM.
const GENERATES: &[&str] = &["text_generation", "text-generation"];

/// Reads an InferenceService that names a model; `false` where it holds a pod's containers in place of one.
pub(super) fn inference_service(manifest: &Manifest<'_>, object: &Node, units: &mut Vec<Unit>) -> bool {
    let Some(predictor) = object.at(&["spec", "predictor"]) else {
        return false;
    };
    let Some(model) = predictor.get("model").filter(|model| model.is_map()) else {
        return false;
    };
    let Some(format) = model.at(&["modelFormat", "name"]) else {
        return true;
    };
    let container = manifest.container(model);
    let Some(given) = containers::launches(manifest.reading, &container).pop() else {
        return true;
    };
    let stored = model.get("storageUri");
    let address = stored.map(|node| {
        (
            node.as_str().map_or_else(|| Err("not text".to_owned()), line::model),
            node,
        )
    });
    let line = match format.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("huggingface") => hugging_face(manifest, model, format, &given.words, address),
        Some("vllm") => {
            let mut line = Line::vllm(manifest.reading, format);
            if let Some((model, node)) = address {
                line.push(model, node);
            }
            line.words.extend(given.words);
            Some(line)
        }
        _ => None,
    };
    let Some(line) = line else {
        return true;
    };
    let launch = line.launch(given.env, model.get("args").unwrap_or(format));
    let name = format!("{}#InferenceService/{}", manifest.reading.source.path, named(object));
    let image = image(manifest, Some(model));
    let place = manifest.reading.place(model.span);
    let Some(mut deployment) = containers::launched(launch, &image, name, NAME, place) else {
        return true;
    };
    let pod = Pod {
        spec: predictor,
        metadata: object.get("metadata"),
        object,
    };
    pod::describe(manifest.reading, &manifest.objects, &pod, model, &mut deployment);
    pod::completed_by("KServe's runtime", &mut deployment.host);
    // A service that may go down to no copy comes up when it is asked.
    let least = pod::whole(manifest.reading, predictor.get("minReplicas"));
    let most = pod::whole(manifest.reading, predictor.get("maxReplicas"));
    let fewest = least.known().copied().unwrap_or(1);
    let scaling = [&least, &most].into_iter().find(|field| match field.known() {
        Some(count) => *count == 0 || *count > fewest,
        None => false,
    });
    if let Some(place) = scaling.and_then(Field::place) {
        deployment.host.autoscaled = Field::Known(true, place);
    }
    if least.known() != Some(&0) {
        deployment.replicas = least;
    }
    deployment.nodes = pod::whole(manifest.reading, predictor.at(&["workerSpec", "pipelineParallelSize"]));
    units.push(Unit::Deployment(Box::new(deployment)));
    true
}

fn named(object: &Node) -> &str {
    objects::name(object).unwrap_or("unnamed")
}

fn image(manifest: &Manifest<'_>, container: Option<&Node>) -> Field<String> {
    match container.and_then(|container| container.get("image")) {
        Some(node) => containers::image(manifest.reading, Some(node)),
        None => Field::Unknown("a runtime of KServe's names the image".to_owned(), None),
    }
}

/// The line of vLLM that the Hugging Face server runs; `None` where it runs the model by Transformers, or may.
fn hugging_face<'a>(
    manifest: &'a Manifest<'_>,
    container: &Node,
    format: &Node,
    given: &[Word],
    address: Option<(Result<String, String>, &Node)>,
) -> Option<Line<'a>> {
    let mut line = Line::vllm(manifest.reading, format);
    let mut rest = Vec::new();
    let mut model = address.map(|(model, node)| Word {
        value: model,
        place: manifest.reading.place(node.span),
    });
    let mut backend = None;
    let mut has_flags_of_vllm = false;
    let mut words = given.iter();
    while let Some(word) = words.next() {
        let text = word.value.as_deref().unwrap_or_default();
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (text, None),
        };
        let Some((flag, takes)) = OWN_FLAGS.iter().find(|(own, _)| flag.replace('_', "-") == *own) else {
            has_flags_of_vllm |= text.starts_with("--");
            rest.push(word.clone());
            continue;
        };
        let value = match value {
            Some(value) => Some(Word {
                value: Ok(value.to_owned()),
                place: word.place,
            }),
            None if *takes => words.next().cloned(),
            None => None,
        };
        let as_flag = |name: &str| Word {
            value: Ok(name.to_owned()),
            place: word.place,
        };
        match (*flag, value) {
            ("--backend", Some(value)) => backend = value.value.ok(),
            ("--task", Some(value)) => {
                let generates = value.value.is_ok_and(|task| GENERATES.contains(&task.as_str()));
                if !generates {
                    return None;
                }
            }
            ("--model-id", Some(value)) => model = Some(value),
            ("--model-dir", Some(value)) if model.is_none() => model = Some(value),
            ("--model-name", Some(value)) => rest.extend([as_flag("--served-model-name"), value]),
            ("--model-revision", Some(value)) => rest.extend([as_flag("--revision"), value]),
            ("--max-length", Some(value)) => {
                let why = "the server's own `--max_length` bounds it".to_owned();
                let value = Word {
                    value: Err(why),
                    ..value
                };
                rest.extend([as_flag("--max-model-len"), value]);
            }
            _ => {}
        }
    }
    let wants_gpu = ["limits", "requests"].iter().any(|part| {
        let mut asked = container.at(&["resources", part]).into_iter().flat_map(Node::entries);
        asked.any(|(name, _)| {
            name.as_str()
                .is_some_and(|name| name.contains("gpu") || name.contains("mig-"))
        })
    });
    match backend.as_deref() {
        Some("vllm") => {}
        Some("huggingface") => return None,
        _ if has_flags_of_vllm || wants_gpu => {}
        _ => return None,
    }
    line.words.extend(model);
    line.words.extend(rest);
    Some(line)
}

/// Reads an LLMInferenceService: the pool that answers, and the one that reads prompts where there are two.
pub(super) fn llm_inference_service(manifest: &Manifest<'_>, object: &Node, units: &mut Vec<Unit>) {
    let Some(spec) = object.get("spec") else {
        return;
    };
    let Some(uri) = spec.at(&["model", "uri"]) else {
        return;
    };
    for (pool, part) in [(Some(spec), ""), (spec.get("prefill"), "/prefill")] {
        if let Some(pool) = pool.filter(|pool| pool.is_map()) {
            let name = format!(
                "{}#LLMInferenceService/{}{part}",
                manifest.reading.source.path,
                named(object)
            );
            let deployment = self::pool(manifest, object, pool, uri, name);
            units.extend(deployment.map(|deployment| Unit::Deployment(Box::new(deployment))));
        }
    }
}

fn pool(manifest: &Manifest<'_>, object: &Node, pool: &Node, uri: &Node, name: String) -> Option<Deployment> {
    let reading = manifest.reading;
    let empty = pool.get("template");
    let mut containers = empty
        .and_then(|pod| pod.get("containers"))
        .into_iter()
        .flat_map(Node::items)
        .peekable();
    let first = containers.peek().copied();
    let main = containers
        .find(|node| node.get("name").and_then(Node::as_str) == Some("main"))
        .or(first);
    let node = main.unwrap_or(pool);
    let model = uri.as_str().map_or_else(|| Err("not text".to_owned()), line::model);
    let container = manifest.container(node);
    let image = image(manifest, main);
    let place = reading.place(node.span);
    let mut deployment = if container.command.is_some() {
        let launches = containers::launches(reading, &container).into_iter();
        launches.into_iter().find_map(|mut launch| {
            for word in &mut launch.words {
                if word.value.as_deref() == Ok(MODEL_FOLDER) {
                    word.value = model.clone();
                    word.place = reading.place(uri.span);
                }
            }
            containers::launched(launch, &image, name.clone(), NAME, place)
        })?
    } else {
        let mut line = Line::vllm(reading, uri);
        line.push(model, uri);
        line.flag("--served-model-name", object.at(&["spec", "model"]), "name");
        let parallelism = pool.get("parallelism");
        line.flag("--tensor-parallel-size", parallelism, "tensor");
        line.flag("--pipeline-parallel-size", parallelism, "pipeline");
        line.flag("--data-parallel-size", parallelism, "data");
        line.switch("--enable-expert-parallel", None, parallelism, "expert");
        let more = container
            .environment
            .iter()
            .rfind(|variable| variable.name == "VLLM_ADDITIONAL_ARGS");
        match more.map(|variable| &variable.value) {
            Some(EnvValue::Known(text, _)) => line.shell(text),
            Some(EnvValue::Unknown(why, place)) => line.words.push(Word {
                value: Err(why.clone()),
                place: *place,
            }),
            None => {}
        }
        line.list(container.arguments);
        let bases = object.at(&["spec", "baseRefs"]).into_iter().flat_map(Node::items);
        for base in bases {
            let base_name = base.get("name").and_then(Node::as_str).unwrap_or("another");
            line.push(
                Err(format!("the config `{base_name}`, which it builds on, may set it")),
                base,
            );
        }
        let env = container
            .environment
            .into_iter()
            .map(|variable| (variable.name, variable.value))
            .collect();
        let slot = container.arguments.unwrap_or(uri);
        containers::launched(line.launch(env, slot), &image, name, NAME, place)?
    };
    let pod = Pod {
        spec: empty.unwrap_or(pool),
        metadata: object.get("metadata"),
        object,
    };
    pod::describe(reading, &manifest.objects, &pod, node, &mut deployment);
    pod::completed_by("KServe's config", &mut deployment.host);
    if let Some(class) = object.at(&["metadata", "annotations", "serving.kserve.io/exp-dra-device-class"])
        && deployment.gpu.count.is_absent()
    {
        let why = "a resource claim of that device class asks for its GPUs".to_owned();
        deployment.gpu.count = Field::Unknown(why, Some(reading.place(class.span)));
    }
    deployment.replicas = pod::whole(reading, pool.get("replicas"));
    let ranks = pod::whole(reading, pool.at(&["parallelism", "data"]));
    let local = pool.at(&["parallelism", "dataLocal"]).and_then(Node::as_u64);
    deployment.nodes = match local {
        Some(local) => ranks.and_then(|ranks| {
            let nodes = ranks.checked_div(local).ok_or("no rank stands on a node")?;
            Ok(nodes.max(1))
        }),
        None => pod::whole(reading, pool.at(&["parallelism", "pipeline"])),
    };
    Some(deployment)
}

/// In a runtime, or a config that services build on, the model is the one that a service names.
pub(super) fn placeholder(kind: &str, deployment: &mut Deployment) {
    if !matches!(
        kind,
        "ServingRuntime" | "ClusterServingRuntime" | "LLMInferenceServiceConfig"
    ) {
        return;
    }
    pod::completed_by("the service that names it", &mut deployment.host);
    let words = std::mem::take(&mut deployment.launch.words);
    for word in words {
        let place = word.place;
        let unknown = || Word {
            value: Err(format!("a service names the model that is put at `{MODEL_FOLDER}`")),
            place,
        };
        match word
            .value
            .as_deref()
            .ok()
            .and_then(|text| text.strip_suffix(MODEL_FOLDER))
        {
            Some("") => deployment.launch.words.push(unknown()),
            Some(flag) if flag.ends_with('=') => {
                let flag = Ok(flag.trim_end_matches('=').to_owned());
                deployment.launch.words.extend([Word { value: flag, place }, unknown()]);
            }
            _ => deployment.launch.words.push(word),
        }
    }
}
