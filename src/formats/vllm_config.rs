//! vLLM's settings kept as a file of their own: the YAML of `vllm serve --config`, and `model.json` of Triton's vLLM
//! backend. Keys are flags.
//! <https://docs.vllm.ai/en/latest/configuration/serve_args.html>,
//! <https://github.com/triton-inference-server/vllm_backend>.

use super::settings_file::{self, count};
use super::{Read, Reading};
use crate::engines::EngineKind;
use crate::syntax::Node;
use crate::units::Word;

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
    let yaml = reading.is_yaml();
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
    let keys = settings_file::keys(node);
    let named = node.get("model").and_then(Node::as_string).is_some();
    let least = match (json, named) {
        (true, true) => 1,
        (true, false) => return None,
        // Without a model it is only a part of the command that names it.
        (false, _) => 2,
    };
    if count(&keys, OWN_KEYS) < least || count(&keys, FOREIGN_KEYS) > 0 {
        return None;
    }
    settings_file::unit(reading, EngineKind::Vllm, NAME, &["vllm", "serve"], node)
}

/// The words that the settings stand for.
pub(super) fn words(reading: &Reading<'_>, node: &Node) -> Vec<Word> {
    settings_file::flags(reading, node)
}
