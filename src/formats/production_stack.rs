//! vLLM's production stack: its chart's values (`servingEngineSpec.modelSpec`) and its operator's `VLLMRuntime`.
//! Formats: <https://github.com/vllm-project/production-stack/tree/main/helm>,
//! <https://github.com/vllm-project/production-stack/tree/main/operator>.

use super::line::Line;
use super::objects::{self, Objects};
use super::pod::{self, Pod};
use super::synthetic::{map, required};
use super::{Reading, containers, kubernetes};
use crate::syntax::Node;
use crate::units::{Deployment, EnvValue, Field, SharedMemory, Surge, Unit, Volume, VolumeKind};

/// `/dev/shm` of an engine with tensor parallelism where the values don't say: 20Gi.
const SHARED_MEMORY: u64 = 20 << 30;

/// Flags that stand for a key of `vllmConfig` (of `model`, for the operator).
const FLAGS: &[(&str, &str)] = &[
    ("maxModelLen", "--max-model-len"),
    ("dtype", "--dtype"),
    ("tensorParallelSize", "--tensor-parallel-size"),
    ("pipelineParallelSize", "--pipeline-parallel-size"),
    ("maxNumSeqs", "--max-num-seqs"),
    ("gpuMemoryUtilization", "--gpu-memory-utilization"),
    ("maxLoras", "--max-loras"),
    ("runner", "--runner"),
    ("convert", "--convert"),
];

/// Every model that values of the chart start; `format` is what the file is read as.
pub(super) fn values(reading: &Reading<'_>, values: &Node, format: &'static str, units: &mut Vec<Unit>) {
    let Some(engine) = values.get("servingEngineSpec") else {
        return;
    };
    for spec in engine.get("modelSpec").into_iter().flat_map(Node::items) {
        if spec.get("enabled").and_then(Node::as_bool) == Some(false) {
            continue;
        }
        let deployment = model(reading, values, engine, spec, format);
        units.extend(deployment.map(|deployment| Unit::Deployment(Box::new(deployment))));
    }
}

fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::as_bool) == Some(true)
}

fn model(reading: &Reading<'_>, values: &Node, engine: &Node, spec: &Node, format: &'static str) -> Option<Deployment> {
    let url = spec.get("modelURL")?;
    let config = spec.get("vllmConfig");
    let line = command(reading, url, spec, &[config], config);
    let line = with_cache(line, spec.get("lmcacheConfig"), config);
    let mut env = environment(reading, &[engine.get("env"), spec.get("env")]);
    if let Some(node) = config
        .and_then(|config| config.get("v0"))
        .filter(|node| node.as_str() == Some("1"))
    {
        env.push(known(reading, "VLLM_USE_V1", "0", node));
    }
    if let Some(key) = engine.get("vllmApiKey").filter(|key| is_given(key)) {
        let why = "the chart puts it in a Secret".to_owned();
        env.push((
            "VLLM_API_KEY".to_owned(),
            EnvValue::Unknown(why, reading.place(key.span)),
        ));
    }
    let image = match (spec.get("repository"), spec.get("tag").and_then(Node::as_str)) {
        (Some(node), Some(tag)) => Field::Known(format!("{}:{tag}", node.as_str()?), reading.place(node.span)),
        (repository, _) => containers::image(reading, repository),
    };
    let name = spec.get("name").and_then(Node::as_str).unwrap_or("model");
    let name = format!("{}#modelSpec/{name}", reading.source.path);
    let slot = config.unwrap_or(url);
    let mut deployment = containers::launched(line.launch(env, slot), &image, name, format, reading.place(spec.span))?;

    let kind = spec
        .get("requestGPUType")
        .and_then(Node::as_str)
        .unwrap_or("nvidia.com/gpu");
    let resources = match spec.get("resources").filter(|node| node.entries().next().is_some()) {
        Some(resources) => resources.clone(),
        None => map(
            spec,
            [
                (
                    "limits",
                    map(
                        spec,
                        [
                            (kind, spec.get("requestGPU").cloned()),
                            ("memory", spec.get("limitMemory").cloned()),
                            ("cpu", spec.get("limitCPU").cloned()),
                            ("nvidia.com/gpumem", spec.get("limitGPUMem").cloned()),
                            (
                                "nvidia.com/gpumem-percentage",
                                spec.get("limitGPUMemPercentage").cloned(),
                            ),
                        ],
                    ),
                ),
                ("requests", map(spec, [("cpu", spec.get("requestCPU").cloned())])),
            ]
            .map(|(key, node)| (key, Some(node))),
        ),
    };
    let selectors = spec.get("nodeSelectorTerms").map(|terms| required(spec, terms));
    let affinity = spec.get("affinity").filter(|node| node.entries().next().is_some());
    let pod = map(spec, [("affinity", affinity.cloned().or(selectors))]);
    let container = map(
        spec,
        [
            ("resources", Some(resources)),
            ("livenessProbe", engine.get("livenessProbe").cloned()),
            ("startupProbe", engine.get("startupProbe").cloned()),
        ],
    );
    describe(reading, &pod, &container, spec, &mut deployment);
    let host = &mut deployment.host;
    pod::completed_by("the chart", host);
    host.surge = match engine.at(&["strategy", "type"]) {
        Some(node) if node.as_str() == Some("Recreate") => Field::Known(Surge::Pods(0), reading.place(node.span)),
        _ => pod::surge(reading, engine.at(&["strategy", "rollingUpdate", "maxSurge"])),
    };
    if let Some((key, _)) = config.and_then(|config| config.entry("tensorParallelSize")) {
        host.shared_memory = match pod::bytes(reading, spec.get("shmSize")) {
            Field::Known(size, place) => Field::Known(SharedMemory::Bytes(size), place),
            Field::Unknown(why, place) => Field::Unknown(why, place),
            Field::Absent(_) => Field::Known(SharedMemory::Bytes(SHARED_MEMORY), reading.place(key.span)),
        };
    }
    if let Some((key, storage)) = spec.entry("pvcStorage") {
        let (kind, size) = match storage.get("emptyDir") {
            Some(folder) => (VolumeKind::Ephemeral, pod::bytes(reading, folder.get("sizeLimit"))),
            None => (VolumeKind::Persistent, pod::bytes(reading, Some(storage))),
        };
        host.volumes.push(Volume {
            mount: "/data".to_owned(),
            kind,
            size,
            place: reading.place(key.span),
        });
    }
    if is_true(spec.at(&["keda", "enabled"]))
        && let Some((key, _)) = spec.entry("keda")
    {
        host.autoscaled = Field::Known(true, reading.place(key.span));
    }
    let router = values.get("routerSpec");
    let balanced = router
        .and_then(|router| router.get("serviceType"))
        .filter(|node| node.as_str() == Some("LoadBalancer"));
    if let Some(node) = balanced {
        let what = "the router's Service of type LoadBalancer".to_owned();
        host.public = Field::Known(what, reading.place(node.span));
    }
    deployment.replicas = pod::whole(reading, spec.get("replicaCount"));
    // A Ray cluster: its head and `replicaCount` workers make one copy.
    if is_true(spec.at(&["raySpec", "enabled"])) {
        let workers = std::mem::take(&mut deployment.replicas);
        deployment.nodes = workers.and_then(|workers| Ok(workers.saturating_add(1)));
    }
    Some(deployment)
}

/// A setting that holds something.
fn is_given(node: &Node) -> bool {
    match node.as_str() {
        Some(text) => !node.is_null() && !text.is_empty(),
        None => node
            .get("secretName")
            .and_then(Node::as_str)
            .is_some_and(|name| !name.is_empty()),
    }
}

/// `vllm serve` with the flags of the settings; the first of `settings` that has a key gives it.
fn command<'a>(
    reading: &'a Reading<'a>,
    url: &Node,
    spec: &Node,
    settings: &[Option<&Node>],
    switches: Option<&Node>,
) -> Line<'a> {
    let mut line = Line::vllm(reading, url);
    let model = url.as_str().filter(|_| !url.is_null());
    line.push(
        model.map_or_else(|| Err("not text".to_owned()), |model| Ok(model.to_owned())),
        url,
    );
    line.switch("--enable-lora", None, Some(spec), "enableLoRA");
    let chunked = "--no-enable-chunked-prefill";
    line.switch(
        "--enable-chunked-prefill",
        Some(chunked),
        switches,
        "enableChunkedPrefill",
    );
    let caching = "--no-enable-prefix-caching";
    line.switch(
        "--enable-prefix-caching",
        Some(caching),
        switches,
        "enablePrefixCaching",
    );
    for (key, flag) in FLAGS {
        let settings = settings.iter().flatten().find(|settings| settings.get(key).is_some());
        line.flag(flag, settings.copied(), key);
    }
    line.list(switches.and_then(|settings| settings.get("extraArgs")));
    line.flag("--revision", Some(spec), "modelRevision");
    line
}

/// With the cache that LMCache keeps outside of the GPU.
fn with_cache<'a>(mut line: Line<'a>, cache: Option<&Node>, config: Option<&Node>) -> Line<'a> {
    let Some((key, _)) = cache
        .filter(|cache| is_true(cache.get("enabled")))
        .and_then(|cache| cache.entry("enabled"))
    else {
        return line;
    };
    let is_v0 = config.and_then(|config| config.get("v0")).and_then(Node::as_str) == Some("1");
    let connector = if is_v0 {
        "LMCacheConnector"
    } else {
        "LMCacheConnectorV1"
    };
    line.fixed("--kv-transfer-config", key);
    line.fixed(
        &format!("{{\"kv_connector\":\"{connector}\",\"kv_role\":\"kv_both\"}}"),
        key,
    );
    line
}

fn environment(reading: &Reading<'_>, lists: &[Option<&Node>]) -> Vec<(String, EnvValue)> {
    let entries = lists.iter().flatten().flat_map(|list| list.items());
    entries
        .filter_map(|entry| {
            let name = entry.get("name")?.as_str()?.to_owned();
            let value = match entry.get("value").and_then(Node::text) {
                Some(text) => EnvValue::Known(text.clone(), reading.place(text.span())),
                None => EnvValue::Unknown(format!("`{name}` comes from elsewhere"), reading.place(entry.span)),
            };
            Some((name, value))
        })
        .collect()
}

fn known(reading: &Reading<'_>, name: &str, value: &str, node: &Node) -> (String, EnvValue) {
    let text = crate::source::Text::opaque(value, node.span);
    (name.to_owned(), EnvValue::Known(text, reading.place(node.span)))
}

fn describe(reading: &Reading<'_>, pod: &Node, container: &Node, object: &Node, deployment: &mut Deployment) {
    let pod = Pod {
        spec: pod,
        metadata: None,
        object,
    };
    pod::describe(reading, &Objects::default(), &pod, container, deployment);
}

/// The server of a `VLLMRuntime`. Settings stand in sections of their own, or in older ones in `spec` itself.
pub(super) fn runtime(reading: &Reading<'_>, object: &Node) -> Option<Unit> {
    let spec = object.get("spec")?;
    let model = spec.get("model")?;
    let url = model.get("modelURL")?;
    let config = spec.get("vllmConfig").unwrap_or(spec);
    let settings = spec.get("deploymentConfig").unwrap_or(spec);
    let line = command(reading, url, model, &[Some(model), Some(config)], Some(config));
    let line = with_cache(line, spec.get("lmCacheConfig"), None);
    let mut env = environment(reading, &[config.get("env")]);
    if let Some(node) = config.get("v1") {
        env.push(known(
            reading,
            "VLLM_USE_V1",
            if is_true(Some(node)) { "1" } else { "0" },
            node,
        ));
    }
    let image = containers::image(reading, settings.at(&["image", "name"]));
    let name = objects::name(object).unwrap_or("unnamed");
    let name = format!("{}#VLLMRuntime/{name}", reading.source.path);
    let launch = line.launch(env, url);
    let place = reading.place(spec.span);
    let mut deployment = containers::launched(launch, &image, name, kubernetes::NAME, place)?;
    let asked = |key: &str| settings.at(&["resources", key]).cloned();
    let kind = settings.at(&["resources", "gpuType"]).and_then(Node::as_str);
    let limits = map(
        spec,
        [
            (kind.unwrap_or("nvidia.com/gpu"), asked("gpu")),
            ("memory", asked("memory")),
            ("cpu", asked("cpu")),
        ],
    );
    let container = map(spec, [("resources", Some(map(spec, [("limits", Some(limits))])))]);
    let pod = map(spec, [("affinity", spec.get("affinity").cloned())]);
    describe(reading, &pod, &container, object, &mut deployment);
    pod::completed_by("the operator", &mut deployment.host);
    deployment.host.surge = match settings.get("deploymentStrategy") {
        Some(node) if node.as_str() == Some("Recreate") => Field::Known(Surge::Pods(0), reading.place(node.span)),
        _ => Field::default(),
    };
    deployment.replicas = pod::whole(reading, settings.get("replicas"));
    if let Some(storage) = spec
        .get("storageConfig")
        .filter(|storage| is_true(storage.get("enabled")))
        && let Some((key, size)) = storage.entry("size")
    {
        let mount = storage.get("mountPath").and_then(Node::as_str);
        deployment.host.volumes.push(Volume {
            mount: mount.unwrap_or("/data").to_owned(),
            kind: VolumeKind::Persistent,
            size: pod::bytes(reading, Some(size)),
            place: reading.place(key.span),
        });
    }
    let autoscaling = spec.get("autoscalingConfig").and_then(|scaling| scaling.get("enabled"));
    if let Some(node) = autoscaling.filter(|node| is_true(Some(node))) {
        deployment.host.autoscaled = Field::Known(true, reading.place(node.span));
    }
    Some(Unit::Deployment(Box::new(deployment)))
}
