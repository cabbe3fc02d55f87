//! Truss, Baseten's package of a served model: `config.yaml` with the GPU, and either TensorRT-LLM's build and runtime
//! or the command of a server. Format: <https://docs.baseten.co/reference/truss-configuration>.

use super::commands::{self, Around};
use super::github_workflow::environment;
use super::settings_file::flag;
use super::{Read, Reading, containers};
use crate::syntax::Node;
use crate::units::{Field, GpuLabel, Unit, Word};

pub(super) const NAME: &str = "truss";

/// Where a setting stands, and TensorRT-LLM's flag that says the same.
const FLAGS: &[(&[&str], &str)] = &[
    (&["build", "tensor_parallel_count"], "--tp_size"),
    (&["build", "pipeline_parallel_count"], "--pp_size"),
    (&["build", "max_batch_size"], "--max_batch_size"),
    (&["build", "max_num_tokens"], "--max_num_tokens"),
    (&["build", "max_seq_len"], "--max_seq_len"),
    (&["build", "checkpoint_repository", "revision"], "--revision"),
    (&["runtime", "tensor_parallel_size"], "--tp_size"),
    (&["runtime", "max_batch_size"], "--max_batch_size"),
    (&["runtime", "max_num_tokens"], "--max_num_tokens"),
    (&["runtime", "max_seq_len"], "--max_seq_len"),
    (
        &["runtime", "kv_cache_free_gpu_mem_fraction"],
        "--kv_cache_free_gpu_memory_fraction",
    ),
    (
        &["runtime", "patch_kwargs", "kv_cache_config", "free_gpu_memory_fraction"],
        "--kv_cache_free_gpu_memory_fraction",
    ),
    (&["runtime", "enable_chunked_context"], "--enable_chunked_prefill"),
    (&["runtime", "enable_chunked_prefill"], "--enable_chunked_prefill"),
    (&["runtime", "served_model_name"], "--served_model_name"),
];

/// Kinds of quantization of a build, as the LLM API names them, with the precision of the KV cache.
const QUANTIZATIONS: &[(&str, &str, Option<&str>)] = &[
    ("fp8", "fp8", None),
    ("fp8_kv", "fp8", Some("fp8")),
    ("fp4", "nvfp4", None),
    ("fp4_kv", "nvfp4", Some("fp8")),
    ("weights_int8", "w8a16", None),
    ("weights_kv_int8", "w8a16", Some("int8")),
    ("weights_int4", "w4a16", None),
    ("weights_kv_int4", "w4a16", Some("int8")),
    ("smooth_quant", "w8a8", None),
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let ours = reading.is_yaml()
        && reading.contains("resources:")
        && (reading.contains("trt_llm:") || reading.contains("docker_server:"));
    if !ours {
        return None;
    }
    let [document] = reading.yaml().documents.as_slice() else {
        return None;
    };
    let around = around(reading, document);
    let mut read = Read::default();
    if let Some(settings) = document.get("trt_llm") {
        let words = tensorrt_llm(reading, settings)?;
        let made = commands::deployment(words, around, reading.source.path.clone(), NAME)?;
        read.units.push(Unit::Deployment(Box::new(made)));
    } else if let Some(script) = document.at(&["docker_server", "start_command"])?.text() {
        let look = commands::env_lookup(&around.env);
        let (units, note) = commands::script_units(reading, script, &look, &around, &reading.source.path, NAME);
        read.units = units;
        read.note = note;
    }
    (!read.units.is_empty()).then_some(read)
}

/// What stands around the server.
fn around(reading: &Reading<'_>, document: &Node) -> Around {
    let mut around = Around {
        env: environment(reading, document.get("environment_variables")),
        image: containers::image(reading, document.at(&["base_image", "image"])),
        ..Around::default()
    };
    let place = reading.place(document.span);
    let why = "the platform says how much shared memory there is";
    around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
    let requirements = document.get("requirements").into_iter().flat_map(Node::items);
    around.installed = requirements
        .filter_map(|item| {
            Some(Word {
                value: Ok(item.as_str().filter(|text| text.contains("=="))?.to_owned()),
                place: reading.place(item.span),
            })
        })
        .collect();
    if let Some(node) = document.at(&["resources", "accelerator"])
        && let Some(text) = node.as_str().filter(|text| !node.is_null() && !text.is_empty())
    {
        let place = reading.place(node.span);
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        // Baseten's own name of half an H100.
        let name = match name {
            "H100_40GB" => "NVIDIA-H100-80GB-HBM3-MIG-3g.40gb",
            _ => name,
        };
        around.gpu.labels.push((GpuLabel::Product(name.to_owned()), place));
        around.gpu.count = match count.parse() {
            Ok(count) => Field::Known(count, place),
            Err(_) => Field::Unknown(format!("`{text}` does not say how many GPUs"), Some(place)),
        };
    }
    around
}

/// The command line that TensorRT-LLM's settings stand for.
fn tensorrt_llm(reading: &Reading<'_>, settings: &Node) -> Option<Vec<Word>> {
    let repository = settings.at(&["build", "checkpoint_repository"])?;
    let repo = repository.get("repo")?;
    // Elsewhere the name is a bucket's or a training job's.
    let hub = repository
        .get("source")
        .is_none_or(|source| source.as_str() == Some("HF"));
    let model = match repo.as_str() {
        Some(text) if hub => Ok(text.to_owned()),
        Some(text) => Err(format!("`{text}` is not one of Hugging Face's repositories")),
        None => Err("not written as text".to_owned()),
    };
    let word = |value, node: &Node| Word {
        value,
        place: reading.place(node.span),
    };
    let mut words = vec![word(Ok("trtllm-serve".to_owned()), settings), word(model, repo)];
    for (path, name) in FLAGS {
        let Some((last, above)) = path.split_last() else {
            continue;
        };
        if let Some((key, value)) = settings.at(above).and_then(|node| node.entry(last)) {
            flag(reading, name, key, value, &mut words);
        }
    }
    if let Some(node) = settings.at(&["build", "quantization_type"])
        && let Some(text) = node.as_str().filter(|text| *text != "no_quant" && !node.is_null())
    {
        let known = QUANTIZATIONS.iter().find(|(name, ..)| *name == text);
        let (kind, cache) = known.map_or((text, None), |(_, kind, cache)| (*kind, *cache));
        let cache = cache.map(|cache| ("--kv_cache_dtype", cache));
        for (name, value) in [("--quant_algo", kind)].into_iter().chain(cache) {
            words.push(word(Ok(name.to_owned()), node));
            words.push(word(Ok(value.to_owned()), node));
        }
    }
    Some(words)
}
