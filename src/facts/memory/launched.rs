//! A question's settings in another engine's words: what its launch would state.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;

use super::{Device, Inputs, Outcome, Plan};
use crate::catalog::OpenModel;
use crate::engines::{EngineKind, Serving};
use crate::source::{Place, SourceId, Span};
use crate::units::Field;

/// Judges a model on GPUs of one kind as `engine` serves it with these settings; `tensor_parallel` is also how many GPUs
/// it sees.
pub(super) fn plan(engine: EngineKind, model: &OpenModel, gpu: &Device<'_>, inputs: &Inputs) -> Plan {
    let serving = serving(engine, inputs);
    let gpus = inputs.tensor_parallel.unwrap_or(1);
    let gpus = gpus.saturating_mul(inputs.pipeline_parallel.unwrap_or(1));
    match super::of(&serving, model, gpu, Some(gpus)) {
        Ok(mut plan) => {
            plan.assumed.extend(inputs.assumed.iter().cloned());
            plan
        }
        Err(why) => Plan::without_figures(Outcome::Unknown, why, inputs.assumed.clone()),
    }
}

fn serving(engine: EngineKind, inputs: &Inputs) -> Serving {
    let share = inputs.gpu_memory_utilization.and_then(Decimal::from_f64);
    let own = |asks: bool| if asks { field(share) } else { Field::default() };
    let is = |engines: &[EngineKind]| engines.contains(&engine);
    let file = is(&[EngineKind::LlamaCpp, EngineKind::Ollama]);
    let length = field(inputs.max_model_len);
    Serving {
        version: field(inputs.version),
        tensor_parallel: field(inputs.tensor_parallel),
        pipeline_parallel: field(inputs.pipeline_parallel),
        dtype: field(inputs.dtype.clone()),
        quantization: field(inputs.quantization.clone().filter(|_| !file)),
        // The kind of a file is the end of its name.
        model_file: field(inputs.quantization.clone().filter(|_| file)),
        kv_cache_dtype: field(inputs.kv_cache_dtype.clone()),
        kv_cache_dtype_v: field(inputs.kv_cache_dtype.clone()),
        total_context: match inputs.max_model_len {
            // Slots share the context.
            Some(tokens) if engine == EngineKind::LlamaCpp => {
                field(Some(tokens.saturating_mul(inputs.max_num_seqs.unwrap_or(1))))
            }
            _ => Field::default(),
        },
        max_model_len: length,
        max_num_seqs: field(inputs.max_num_seqs),
        max_num_batched_tokens: field(inputs.max_num_batched_tokens),
        max_prefill_tokens: field(inputs.max_num_batched_tokens),
        static_memory_fraction: own(is(&[EngineKind::Sglang, EngineKind::Tgi])),
        kv_memory_fraction: own(is(&[EngineKind::TensorRtLlm, EngineKind::Lmdeploy])),
        ..Serving::new(engine)
    }
}

fn field<T>(value: Option<T>) -> Field<T> {
    let place = Place {
        source: SourceId(0),
        span: Span::new(0, 0),
    };
    value.map_or_else(Field::default, |value| Field::Known(value, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_engine_answers_or_says_why_not() {
        let model = Catalog::embedded().open_model("Qwen/Qwen3-8B").expect("a model");
        let gpu = Device {
            name: "H100",
            memory_gib: Some(79.2),
            error_gib: 0.4,
            compute_capability: Some(9.0),
        };
        let outcome = |engine, length| {
            let inputs = Inputs {
                max_model_len: Some(length),
                ..Inputs::default()
            };
            plan(engine, model, &gpu, &inputs).outcome
        };
        for engine in [
            EngineKind::Sglang,
            EngineKind::LlamaCpp,
            EngineKind::Ollama,
            EngineKind::Tgi,
            EngineKind::TensorRtLlm,
            EngineKind::Lmdeploy,
        ] {
            assert_eq!(outcome(engine, 8192), Outcome::Starts, "{engine:?}");
        }
        assert_eq!(outcome(EngineKind::Nim, 8192), Outcome::Unknown);
        // 1,000,000 tokens of 147,456 bytes are 137 GiB.
        assert_eq!(outcome(EngineKind::Tgi, 1_000_000), Outcome::MaxLenExceedsKv);
    }
}
