//! Published runs of llama.cpp and Ollama: their own columns of `cases.jsonl`.

use serde_json::Value;

use super::{Device, Plan, llama_cpp, ollama};
use crate::catalog::OpenModel;
use crate::engines::Version;

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
                cache_v: text("cache_type_v"),
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
            let settings = ollama::Settings {
                version: text("engine_version").as_deref().and_then(Version::parse),
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
        _ => None,
    }
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
