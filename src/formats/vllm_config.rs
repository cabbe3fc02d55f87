//! vLLM's settings kept as a file of their own: the YAML of `vllm serve --config`, and `model.json` of Triton's vLLM
//! backend. Keys are flags.
//! <https://docs.vllm.ai/en/latest/configuration/serve_args.html>,
//! <https://github.com/triton-inference-server/vllm_backend>.

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::syntax::{Kind, Node};
use crate::units::{Field, Unit, Word};

pub(super) const NAME: &str = "vllm config";

/// Keys that only vLLM has.
const OWN_KEYS: &[&str] = &[
    "tensor-parallel-size",
    "max-model-len",
    "gpu-memory-utilization",
    "max-num-seqs",
    "enforce-eager",
    "disable-log-requests",
    "max-num-batched-tokens",
];

/// Keys of programs that use vLLM inside and keep more than its settings.
const FOREIGN_KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "messages",
    "prompt",
    "prompts",
    "temperature",
    "sampling-params",
    "dataset",
    "output-dir",
    "learning-rate",
    "services",
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let json = reading.source.file_name() == "model.json";
    let yaml = matches!(reading.source.extension().as_str(), "yaml" | "yml");
    let signed = reading.contains("max_model_len")
        || reading.contains("max-model-len")
        || reading.contains("gpu_memory_utilization")
        || reading.contains("gpu-memory-utilization")
        || reading.contains("tensor-parallel-size")
        || reading.contains("tensor_parallel_size");
    if !(json || yaml) || !signed {
        return None;
    }
    let node = if json {
        reading.json().as_ref().ok()?
    } else {
        let [document] = reading.yaml().documents.as_slice() else {
            return None;
        };
        document
    };
    let keys: Vec<String> = node
        .entries()
        .filter_map(|(key, _)| Some(key.as_str()?.replace('_', "-")))
        .collect();
    let has = |names: &[&str]| keys.iter().filter(|key| names.contains(&key.as_str())).count();
    node.get("model").and_then(Node::as_string)?;
    if has(OWN_KEYS) < if json { 1 } else { 2 } || has(FOREIGN_KEYS) > 0 {
        return None;
    }
    let mut around = Around::default();
    let place = reading.place(node.span);
    let why = "it is given where the server is started";
    around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
    let words = words(reading, node);
    let made = commands::deployment(words, around, reading.source.path.clone(), NAME)?;
    Some(Read {
        units: vec![Unit::Deployment(Box::new(made))],
        ..Read::default()
    })
}

/// The command line that the settings stand for.
fn words(reading: &Reading<'_>, node: &Node) -> Vec<Word> {
    let whole = reading.place(node.span);
    let said = |text: &str| Word {
        value: Ok(text.to_owned()),
        place: whole,
    };
    let mut words = vec![said("vllm"), said("serve")];
    for (key, value) in node.entries() {
        let Some(name) = key.as_str() else {
            continue;
        };
        let flag = format!("--{}", name.replace('_', "-"));
        let entry = reading.place(key.span.cover(value.span));
        match (&value.kind, value.as_bool()) {
            (_, Some(on)) => words.push(Word {
                value: Ok(format!("{flag}={on}")),
                place: entry,
            }),
            _ if value.is_null() => {}
            (Kind::Plain(text) | Kind::Quoted(text), _) => {
                words.push(Word {
                    value: Ok(flag),
                    place: reading.place(key.span),
                });
                words.push(Word {
                    value: Ok(text.as_str().to_owned()),
                    place: reading.place(value.span),
                });
            }
            (Kind::Seq { .. } | Kind::Map { .. }, _) => {
                words.push(Word {
                    value: Ok(flag),
                    place: reading.place(key.span),
                });
                words.push(Word {
                    value: Ok(super::settings::compact_json(value)),
                    place: reading.place(value.span),
                });
            }
        }
    }
    words
}
