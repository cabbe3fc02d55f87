//! Published runs of other engines than vLLM: their own columns of `cases.jsonl`.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde_json::Value;

use super::{Device, Plan, llama_cpp, ollama};
use crate::catalog::OpenModel;
use crate::engines::{EngineKind, Serving, Version};
use crate::source::{Place, SourceId, Span};
use crate::units::Field;

/// Predicts a run of one of these engines; `None` for another's.
pub(super) fn judge(row: &Value, engine: &str, model: &OpenModel, gpu: &Device<'_>) -> Option<Plan> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let whole = |key: &str| row.get(key).and_then(Value::as_u64);
    let number = |key: &str| row.get(key).and_then(Value::as_f64);
    let on = |key: &str| row.get(key).and_then(Value::as_bool);
    let gpus = whole("gpus").or(Some(1));
    match engine.to_ascii_lowercase().as_str() {
        "llama.cpp" => {
            let mut assumed = Vec::new();
            let build = build(&text("engine_version").or(text("version")).unwrap_or_default());
            if build.is_none() {
                assumed.push("a build of August 2025: which one isn't stated".to_owned());
            }
            let inputs = llama_cpp::Inputs {
                version: Some(build.unwrap_or(Version::new(0, 0, 6170))),
                // Its logs tell where layers went; where the source doesn't say how many were asked for, all.
                gpu_layers: whole("n_gpu_layers").or(Some(999)),
                context: whole("n_ctx"),
                slots: whole("n_parallel"),
                micro_batch: whole("n_ubatch"),
                cache_k: text("cache_type_k"),
                cache_v: text("cache_type_v").filter(|kind| kind != "none"),
                flash_attention: on("flash_attn"),
                file: text("file"),
                file_gib: number("file_gib"),
                placement: text("override_tensor")
                    .or(text("split_mode"))
                    .or(text("device").filter(|device| device == "cpu")),
                expanded: whole("mla").map(|mla| mla == 0),
                assumed,
                ..llama_cpp::Inputs::default()
            };
            Some(llama_cpp::plan(model, gpu, gpus, &inputs))
        }
        "ollama" => {
            let version = text("engine_version").as_deref().and_then(Version::parse);
            // The newest release is no guess for a log of any age.
            if version.is_none() && model.mla.is_some() {
                return None;
            }
            let settings = ollama::Settings {
                version,
                // Logs tell the context of all requests together.
                context: whole("num_ctx").map(|all| all / whole("num_parallel").unwrap_or(1).max(1)),
                parallel: whole("num_parallel"),
                batch: whole("num_batch"),
                cache: text("cache_type_k"),
                flash_attention: on("flash_attn"),
                file: text("file"),
                file_gib: number("file_gib"),
                ..ollama::Settings::default()
            };
            Some(ollama::plan(model, gpu, gpus, &settings))
        }
        "sglang" => others(row, EngineKind::Sglang, model, gpu),
        "tgi" => others(row, EngineKind::Tgi, model, gpu),
        "tensorrt-llm" => others(row, EngineKind::TensorRtLlm, model, gpu),
        "lmdeploy" => others(row, EngineKind::Lmdeploy, model, gpu),
        _ => None,
    }
}

/// Predicts a run of an engine whose settings are read as a launch states them.
fn others(row: &Value, engine: EngineKind, model: &OpenModel, gpu: &Device<'_>) -> Option<Plan> {
    let place = Place {
        source: SourceId(0),
        span: Span::new(0, 0),
    };
    let whole = |key: &str| match row.get(key).and_then(Value::as_u64) {
        Some(value) => Field::Known(value, place),
        None => Field::default(),
    };
    let text = |key: &str| match row.get(key).and_then(Value::as_str) {
        Some(value) => Field::Known(value.to_owned(), place),
        None => Field::default(),
    };
    let share = |key: &str| match row.get(key).and_then(Value::as_f64).and_then(Decimal::from_f64) {
        Some(value) => Field::Known(value, place),
        None => Field::default(),
    };
    let version = ["engine_version", "version"]
        .into_iter()
        .find_map(|key| Version::parse(row.get(key)?.as_str()?));
    let own = |sglang: &str, tgi: &str, tensorrt_llm: &str| match engine {
        EngineKind::Sglang => whole(sglang),
        EngineKind::Tgi => whole(tgi),
        _ => whole(tensorrt_llm),
    };
    let shares_attention = row.get("dp_attention").and_then(Value::as_bool) == Some(true);
    let serving = Serving {
        version: version.map_or_else(Field::default, |version| Field::Known(version, place)),
        tensor_parallel: whole("tensor_parallel"),
        pipeline_parallel: whole("pipeline_parallel"),
        data_parallel: whole("data_parallel"),
        dtype: text("dtype"),
        quantization: text("quantization"),
        kv_cache_dtype: text("kv_cache_dtype"),
        max_model_len: own("context_length", "max_total_tokens", "max_seq_len"),
        max_num_seqs: own("max_running_requests", "max_batch_size", "max_batch_size"),
        max_num_batched_tokens: own("chunked_prefill_size", "max_num_tokens", "max_num_tokens"),
        max_prefill_tokens: whole("max_batch_prefill_tokens"),
        max_total_tokens: own("max_total_tokens", "max_batch_total_tokens", "max_batch_total_tokens"),
        static_memory_fraction: share("mem_fraction_static"),
        cuda_graph_max_bs: whole("cuda_graph_max_bs"),
        state_slots: whole("max_mamba_cache_size"),
        block_size: whole("page_size"),
        speculative: text("speculative_algorithm"),
        flags: match shares_attention {
            true => vec![("--enable-dp-attention".to_owned(), place)],
            false => Vec::new(),
        },
        kv_memory_fraction: match engine {
            EngineKind::Lmdeploy => share("cache_max_entry_count"),
            _ => share("kv_cache_free_gpu_memory_fraction"),
        },
        ..Serving::new(engine)
    };
    super::of(&serving, model, gpu, row.get("gpus").and_then(Value::as_u64)).ok()
}

/// The number of `b5192 (e59a5f1e)` or `ik_llama.cpp build 3667`: a fork's go on from the build that it left at, in 2024.
fn build(text: &str) -> Option<Version> {
    let number = text
        .strip_prefix('b')
        .or(text.split_once("build ").map(|(_, number)| number));
    let number = number.or(text.starts_with("ik_llama.cpp").then_some("3600"))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    Some(Version::new(0, 0, digits.parse().ok()?))
}
