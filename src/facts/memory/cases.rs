//! Published runs, a JSON row each: the row's settings in, the prediction out.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{Device, Inputs, Lora, Outcome, Plan, Range, cases_other, draft, plan};
use crate::catalog::{Date, Gpu, OpenModel, config_json};
use crate::engines::Version;
use crate::engines::vllm::takes_text_alone;
use crate::facts::training::memory as training;

/// The day of a row made from a config in a case: nothing is judged by it.
const ANY_DAY: Date = Date::FIRST;

/// Predicts one published run. Settings are read under the names of `cases.jsonl`; what the run measured is ignored;
/// what it doesn't state takes the engine's default, and the answer's `assumed` says which.
///
/// `model` and `gpu` look names up in the catalog.
pub fn judge_case<'a>(
    row: &Value,
    model: impl Fn(&str) -> Option<Cow<'a, OpenModel>>,
    gpu: impl Fn(&str) -> Option<&'a Gpu>,
) -> Value {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let unknown = |why: String| json!({"outcome": Outcome::Unknown.name(), "why": why});
    let engine = text("engine").unwrap_or("vllm");
    if ![
        "vllm",
        "sglang",
        "llama.cpp",
        "ollama",
        "tgi",
        "tensorrt-llm",
        "lmdeploy",
        "training",
    ]
    .iter()
    .any(|own| engine.eq_ignore_ascii_case(own))
    {
        return unknown(format!("the memory of {engine} is not modelled"));
    }
    let name = text("model");
    let model = match (row.get("config"), name) {
        // A config.json in the row itself.
        (Some(config), name) => match config_json::from_value(config, name.unwrap_or("config.json"), ANY_DAY) {
            Ok(model) => Cow::Owned(model),
            Err(error) => return unknown(format!("its config.json: {error}")),
        },
        (None, Some(name)) => match model(name) {
            Some(model) => model,
            None => return unknown(format!("the catalog doesn't know the model {name}")),
        },
        (None, None) => return unknown("the model is not stated".to_owned()),
    };
    let gpu_name = text("gpu").unwrap_or_default();
    let known = gpu(gpu_name);
    let total = row.get("gpu_total_gib").and_then(Value::as_f64);
    let device = Device {
        name: gpu_name,
        memory_gib: total.or(known.map(|gpu| gpu.memory_gib)),
        error_gib: match (total, known) {
            (None, Some(known)) => Device::from(known).error_gib,
            _ => 0.0,
        },
        compute_capability: known.and_then(|gpu| Device::from(gpu).compute_capability),
    };
    if engine.eq_ignore_ascii_case("training") {
        return training_run(row, &model, device.memory_gib);
    }
    if !engine.eq_ignore_ascii_case("vllm") {
        return match cases_other::judge(row, engine, &model, &device) {
            Some(plan) => answer(&plan),
            None => unknown(format!("a setting of this run of {engine} is not modelled")),
        };
    }
    answer(&plan(&model, &device, &inputs(row)))
}

/// A training run's answer: the memory of one GPU from least to most, and what becomes of it.
fn training_run(row: &Value, model: &OpenModel, gpu_gib: Option<f64>) -> Value {
    let run = match training::of_case(row, model) {
        Ok(run) => run,
        Err(why) => return json!({"outcome": Outcome::Unknown.name(), "why": why}),
    };
    let (low, high) = run.memory().total_gib();
    let outcome = match gpu_gib {
        Some(gpu) if low > gpu => "oom",
        Some(gpu) if high < gpu => "fits",
        Some(_) => Outcome::TooClose.name(),
        None => Outcome::Unknown.name(),
    };
    json!({
        "outcome": outcome,
        "memory_low_gib": (low * 100.0).round() / 100.0,
        "memory_high_gib": (high * 100.0).round() / 100.0,
        "why": format!("a GPU needs {low:.1} to {high:.1} GiB, as far as the settings tell"),
    })
}

fn inputs(row: &Value) -> Inputs {
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| row.get(key).and_then(Value::as_f64);
    let whole = |key: &str| row.get(key).and_then(Value::as_u64);
    let on = |key: &str| row.get(key).and_then(Value::as_bool);
    let version = text("version").or_else(|| text("engine_version")).unwrap_or_default();
    let use_v1 = if version.contains("V0") {
        Some(false)
    } else if version.contains("V1") {
        Some(true)
    } else {
        on("use_v1")
    };
    let lora = whole("max_lora_rank").map(|rank| Lora {
        slots: whole("max_loras").unwrap_or(1),
        rank,
    });
    let speculative = row.get("speculative_config").map(Value::to_string);
    let drafting = speculative.as_deref().and_then(draft::read);
    let mut uncounted = Vec::new();
    if speculative.is_some() && drafting.is_none() {
        uncounted.push(draft::UNCOUNTED.to_owned());
    }
    if row.get("kv_transfer_config").is_some() {
        uncounted.push(draft::CONNECTOR.to_owned());
    }
    if row.get("compilation_config").is_some() {
        uncounted.push("the compilation config".to_owned());
    }
    Inputs {
        engine: None,
        // Rows write it as the flag does.
        fit_length: matches!(row.get("max_model_len"), Some(Value::String(text)) if text == "auto")
            || row.get("max_model_len").and_then(Value::as_i64) == Some(-1),
        version: Version::parse(&version).or_else(|| of_month(&version)),
        use_v1,
        use_second_runner: on("use_second_runner"),
        offline: on("offline").unwrap_or(false),
        tensor_parallel: whole("tensor_parallel"),
        pipeline_parallel: whole("pipeline_parallel"),
        data_parallel: whole("data_parallel"),
        expert_parallel: on("expert_parallel").unwrap_or(false),
        gpu_memory_utilization: number("gpu_memory_utilization"),
        kv_cache_memory_bytes: whole("kv_cache_memory_bytes"),
        max_model_len: whole("max_model_len"),
        max_num_seqs: whole("max_num_seqs"),
        max_num_batched_tokens: whole("max_num_batched_tokens"),
        block_size: whole("block_size"),
        dtype: text("dtype"),
        quantization: text("quantization"),
        kv_cache_dtype: text("kv_cache_dtype"),
        cpu_offload_gib: number("cpu_offload_gb").unwrap_or(0.0),
        enforce_eager: on("enforce_eager").unwrap_or(false),
        chunked_prefill: on("enable_chunked_prefill"),
        prefix_caching: on("enable_prefix_caching"),
        lora,
        pooling: text("task").is_some_and(|task| task != "generate"),
        language_model_only: on("language_model_only").unwrap_or(false)
            || row
                .get("limit_mm_per_prompt")
                .is_some_and(|limits| takes_text_alone(&limits.to_string())),
        drafting,
        uncounted,
        reshaped: Vec::new(),
        assumed: Vec::new(),
    }
}

/// The release that was new in the month that a version such as `V0 (2024-07)` names in place of a number.
fn of_month(text: &str) -> Option<Version> {
    const NEW: [(u32, Version); 36] = [
        (202_312, Version::new(0, 2, 6)),
        (202_401, Version::new(0, 2, 7)),
        (202_402, Version::new(0, 3, 0)),
        (202_403, Version::new(0, 3, 3)),
        (202_404, Version::new(0, 4, 0)),
        (202_405, Version::new(0, 4, 2)),
        (202_406, Version::new(0, 5, 0)),
        (202_407, Version::new(0, 5, 3)),
        (202_408, Version::new(0, 5, 5)),
        (202_409, Version::new(0, 6, 1)),
        (202_410, Version::new(0, 6, 3)),
        (202_411, Version::new(0, 6, 4)),
        (202_412, Version::new(0, 6, 5)),
        (202_501, Version::new(0, 6, 6)),
        (202_502, Version::new(0, 7, 2)),
        (202_503, Version::new(0, 7, 3)),
        (202_504, Version::new(0, 8, 4)),
        (202_505, Version::new(0, 8, 5)),
        (202_506, Version::new(0, 9, 1)),
        (202_507, Version::new(0, 9, 2)),
        (202_508, Version::new(0, 10, 0)),
        (202_509, Version::new(0, 10, 2)),
        (202_510, Version::new(0, 11, 0)),
        (202_511, Version::new(0, 11, 0)),
        (202_512, Version::new(0, 12, 0)),
        (202_601, Version::new(0, 13, 0)),
        (202_602, Version::new(0, 15, 1)),
        (202_603, Version::new(0, 17, 1)),
        (202_604, Version::new(0, 19, 0)),
        (202_605, Version::new(0, 20, 2)),
        (202_606, Version::new(0, 22, 1)),
        (202_607, Version::new(0, 25, 1)),
        (202_608, Version::new(0, 27, 1)),
        (202_609, Version::new(0, 29, 0)),
        (202_610, Version::new(0, 31, 0)),
        (202_611, Version::new(0, 33, 0)),
    ];
    let at = text.find("20")?;
    let (year, month) = text.get(at..at + 7)?.split_once('-')?;
    let month: u32 = year.parse::<u32>().ok()? * 100 + month.parse::<u32>().ok()?;
    NEW.iter().find(|(of, _)| *of == month).map(|(_, version)| *version)
}

fn answer(plan: &Plan) -> Value {
    let mut row = Map::new();
    let gib = |range: Range| json!((range.mid * 100.0).round() / 100.0);
    if let Some(figures) = &plan.figures {
        row.insert("weights_gib".to_owned(), gib(figures.weights));
        row.insert("activation_gib".to_owned(), gib(figures.activation));
        row.insert("non_torch_gib".to_owned(), gib(figures.non_torch));
        row.insert("cuda_graph_gib".to_owned(), gib(figures.cuda_graph));
        row.insert("kv_bytes_per_token".to_owned(), json!(figures.kv_bytes_per_token));
        row.insert("kv_block_tokens".to_owned(), json!(figures.kv_block_tokens));
        row.insert(
            "kv_needed_gib".to_owned(),
            json!((figures.kv_needed_gib * 100.0).round() / 100.0),
        );
        if let Some(kv) = &figures.kv {
            row.insert("kv_available_gib".to_owned(), gib(kv.available));
            row.insert("kv_tokens".to_owned(), json!(kv.tokens));
            row.insert(
                "max_concurrency".to_owned(),
                json!((kv.max_concurrency * 100.0).round() / 100.0),
            );
        }
    }
    row.insert("outcome".to_owned(), json!(plan.outcome.name()));
    row.insert("why".to_owned(), json!(plan.why));
    row.insert("assumed".to_owned(), json!(plan.assumed));
    Value::Object(row)
}
