//! KubeAI models: the `Model` resource, and the `catalog` of its models chart's values. An operator turns each into a
//! server: `url` names the model, `engine` the engine, `args` its flags, `resourceProfile` the GPU and how many.
//! Format: <https://www.kubeai.org/reference/kubernetes-api/>.

use super::{Reading, kubernetes, pod};
use crate::engines;
use crate::syntax::Node;
use crate::units::{Deployment, EnvValue, Field, GpuLabel, GpuRequest, Host, Launch, Unit, Word};

/// The server that a `Model` stands for.
pub(super) fn resource(reading: &Reading<'_>, object: &Node) -> Option<Unit> {
    let name = object.at(&["metadata", "name"]).and_then(Node::as_str);
    model(
        reading,
        name.unwrap_or("unnamed"),
        object.get("spec")?,
        kubernetes::NAME,
    )
}

/// The servers of the models chart's values.
pub(super) fn catalog<'a>(
    reading: &'a Reading<'a>,
    values: &'a Node,
    format: &'static str,
) -> impl Iterator<Item = Unit> + 'a {
    let entries = values.get("catalog").into_iter().flat_map(Node::entries);
    entries.filter_map(move |(name, spec)| model(reading, name.as_str().unwrap_or("unnamed"), spec, format))
}

fn model(reading: &Reading<'_>, name: &str, spec: &Node, format: &'static str) -> Option<Unit> {
    let engine = spec.get("engine")?;
    let url = spec.get("url")?;
    let program: &[&str] = match engine.as_str()? {
        "VLLM" => &["vllm", "serve"],
        "Infinity" => &["infinity_emb", "v2", "--model-id"],
        // It pulls the model once it runs.
        "OLlama" => &["ollama", "serve"],
        _ => return None,
    };
    let served = match url.as_str()?.split_once("://") {
        Some(("hf", model)) => Ok(model.split('?').next().unwrap_or(model).to_owned()),
        _ => Err(format!("`{}` is no repository of Hugging Face", url.as_str()?)),
    };
    let mut words: Vec<Word> = program
        .iter()
        .map(|word| Word {
            value: Ok((*word).to_owned()),
            place: reading.place(engine.span),
        })
        .collect();
    if engine.as_str() != Some("OLlama") {
        words.push(Word {
            value: served,
            place: reading.place(url.span),
        });
    }
    let arguments = spec.get("args").into_iter().flat_map(Node::items);
    words.extend(arguments.filter_map(Node::text).map(|text| Word {
        value: Ok(text.as_str().to_owned()),
        place: reading.place(text.span()),
    }));
    let environment = spec.get("env").into_iter().flat_map(Node::entries);
    let env = environment
        .filter_map(|(key, value)| {
            let value = value.text()?;
            Some((
                key.as_str()?.to_owned(),
                EnvValue::Known(value.clone(), reading.place(value.span())),
            ))
        })
        .collect();
    let image = match spec.get("image").and_then(Node::text) {
        Some(text) => Field::Known(text.as_str().to_owned(), reading.place(text.span())),
        None => Field::Unknown("KubeAI's own settings name the image".to_owned(), None),
    };
    let slot_at = spec.get("args").unwrap_or(engine).span;
    let launch = Launch {
        words,
        env,
        slot: Field::Absent(Some((reading.place(slot_at), None))),
        ..Launch::default()
    };
    engines::recognise(&launch, &image)?;
    let least = pod::whole(reading, spec.get("minReplicas").or_else(|| spec.get("replicas")));
    let mut host = Host::default();
    pod::completed_by("the operator", &mut host);
    // It scales by load unless that is turned off; from zero it does even where nothing says up to how many.
    let grows = spec
        .entry("maxReplicas")
        .filter(|(_, most)| most.as_u64() > least.known().copied());
    let sleeps = spec.entry("minReplicas").filter(|(_, least)| least.as_u64() == Some(0));
    if let Some((key, _)) = grows.or(sleeps)
        && spec.get("autoscalingDisabled").and_then(Node::as_bool) != Some(true)
    {
        host.autoscaled = Field::Known(true, reading.place(key.span));
    }
    Some(Unit::Deployment(Box::new(Deployment {
        name: format!("{}#Model/{name}", reading.source.path),
        format,
        place: reading.place(spec.span),
        image,
        launch,
        gpu: gpu(reading, spec),
        // None at all is how it starts: a request brings one up.
        replicas: if least.known() == Some(&0) {
            Field::default()
        } else {
            least
        },
        nodes: Field::default(),
        host,
        settings: None,
    })))
}

/// `nvidia-gpu-l4:2` is two of the profile that the installation calls `nvidia-gpu-l4`.
fn gpu(reading: &Reading<'_>, spec: &Node) -> GpuRequest {
    let Some(node) = spec.get("resourceProfile") else {
        return GpuRequest::default();
    };
    let place = reading.place(node.span);
    let text = node.as_str().unwrap_or_default();
    let (profile, count) = text.rsplit_once(':').unwrap_or((text, ""));
    // A profile of CPUs counts CPUs.
    if !["gpu", "tpu"].iter().any(|kind| profile.contains(kind)) {
        return GpuRequest {
            count: Field::Unknown(format!("`{profile}` is no GPU profile"), Some(place)),
            labels: vec![(GpuLabel::Product(profile.to_owned()), place)],
            ..GpuRequest::default()
        };
    }
    let count = match count.parse() {
        Ok(count) => Field::Known(count, place),
        Err(_) => Field::Unknown(format!("`{text}` does not say how many GPUs"), Some(place)),
    };
    GpuRequest {
        count,
        labels: vec![(GpuLabel::Product(profile.to_owned()), place)],
        ..GpuRequest::default()
    }
}
