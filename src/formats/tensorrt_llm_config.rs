//! TensorRT-LLM's settings as YAML: the arguments of its LLM API, which `trtllm-serve` takes by `--config` or
//! `--extra_llm_api_options`. <https://nvidia.github.io/TensorRT-LLM/llm-api/reference.html>, `TorchLlmArgs`.

use super::settings_file::{self, flag};
use super::{Read, Reading};
use crate::engines::EngineKind;
use crate::syntax::Node;
use crate::units::Word;

pub(super) const NAME: &str = "tensorrt-llm config";

/// Keys that only TensorRT-LLM's LLM API has.
const OWN_KEYS: &[&str] = &[
    "kv-cache-config",
    "cuda-graph-config",
    "enable-attention-dp",
    "attention-dp-config",
    "moe-config",
    "disable-overlap-scheduler",
    "cuda-graph-batch-sizes",
    "cuda-graph-padding-enabled",
    "pytorch-backend-config",
    "cache-transceiver-config",
    "torch-compile-config",
    "enable-autotuner",
    "print-iter-log",
    "stream-interval",
    "moe-expert-parallel-size",
    "max-num-tokens",
];

/// Keys of other programs' files.
const FOREIGN_KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "services",
    "hostname",
    "context-servers",
    "generation-servers",
];

/// Where a setting stands, and the flag of `trtllm-serve` that says the same.
const FLAGS: &[(&[&str], &str)] = &[
    (&["tensor_parallel_size"], "--tp_size"),
    (&["pipeline_parallel_size"], "--pp_size"),
    (&["context_parallel_size"], "--cp_size"),
    (&["moe_expert_parallel_size"], "--ep_size"),
    (&["build_config", "max_batch_size"], "--max_batch_size"),
    (&["build_config", "max_num_tokens"], "--max_num_tokens"),
    (&["build_config", "max_seq_len"], "--max_seq_len"),
    (&["max_batch_size"], "--max_batch_size"),
    (&["max_num_tokens"], "--max_num_tokens"),
    (&["max_seq_len"], "--max_seq_len"),
    (
        &["kv_cache_config", "free_gpu_memory_fraction"],
        "--kv_cache_free_gpu_memory_fraction",
    ),
    (&["kv_cache_config", "dtype"], "--kv_cache_dtype"),
    // Its name in releases before 1.0.
    (&["kv_cache_dtype"], "--kv_cache_dtype"),
    (&["pytorch_backend_config", "kv_cache_dtype"], "--kv_cache_dtype"),
    (&["enable_chunked_prefill"], "--enable_chunked_prefill"),
    (&["quant_config", "quant_algo"], "--quant_algo"),
    (&["quant_config", "kv_cache_quant_algo"], "--kv_cache_dtype"),
    (&["trust_remote_code"], "--trust_remote_code"),
    (&["revision"], "--revision"),
    (&["backend"], "--backend"),
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let signs = [
        "kv_cache_config",
        "cuda_graph_",
        "enable_attention_dp",
        "moe_config",
        "disable_overlap_scheduler",
    ];
    let document = settings_file::document(reading, &signs, (OWN_KEYS, 1), FOREIGN_KEYS)?;
    settings_file::unit(reading, EngineKind::TensorRtLlm, NAME, &["trtllm-serve"], document)
}

/// The words that the settings stand for. The model is the line's own word, which a file can't replace.
pub(super) fn words(reading: &Reading<'_>, node: &Node) -> Vec<Word> {
    let mut words = Vec::new();
    for (path, name) in FLAGS {
        let Some((last, above)) = path.split_last() else {
            continue;
        };
        if let Some((key, value)) = node.at(above).and_then(|node| node.entry(last)) {
            flag(reading, name, key, value, &mut words);
        }
    }
    words
}
