//! Facts about a published quantized version of the model.

use super::{DeploymentFacts, Get, Row, Type, Value, gib, of_result, text};
use crate::catalog::{Gpu, OpenModel};
use crate::engines::EngineKind;
use crate::units::Field;
use rust_decimal::Decimal;

/// What names of quantized checkpoints add to the name of the model that they were made of.
const QUANTIZED_ENDINGS: &[&str] = &[
    "-fp8",
    "-fp8-dynamic",
    "-fp8-kv",
    "-awq",
    "-awq-int4",
    "-gptq",
    "-gptq-int4",
    "-gptq-int8",
    "-int4",
    "-int8",
    "-nvfp4",
    "-fp4",
    "-quantized.w8a8",
    "-quantized.w8a16",
    "-quantized.w4a16",
];

impl DeploymentFacts<'_> {
    /// A published quantized version of the very model, in a format that every GPU it may run on computes.
    fn quantized(&self) -> Result<Option<&'static OpenModel>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let name = match self.model_name() {
            Field::Known(name, _) => name,
            Field::Absent(_) => return Ok(None),
            Field::Unknown(why, _) => return Err(why),
        };
        let model = self.model()?;
        let whole = |field: &Field<String>| match field.known() {
            Some(text) => matches!(
                text.as_str(),
                "auto" | "bfloat16" | "float16" | "half" | "bf16" | "fp16"
            ),
            None => field.is_absent(),
        };
        let served = matches!(serving.engine, EngineKind::Vllm | EngineKind::Sglang);
        if !served || model.quantization.is_some() || !serving.quantization.is_absent() || !whole(&serving.dtype) {
            return Ok(None);
        }
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let wanted = stem(&name);
        let same = |other: &&OpenModel| {
            other.parameters == model.parameters
                && other.layers == model.layers
                // An alias has the row's shape, but may hold other weights.
                && stem(&other.id) == wanted
                && gpus.iter().all(|gpu| computes(gpu, other))
        };
        // Four bits are not for every task: only where the model's own publisher offers them.
        let offered = |other: &&OpenModel| {
            let bits = other.quantization.as_ref().map_or(0, |found| found.bits);
            bits >= 8 || (bits > 0 && owner(&other.id) == owner(&name))
        };
        let rank = |other: &&OpenModel| {
            let bits = other.quantization.as_ref().map_or(0, |found| found.bits);
            (
                std::cmp::Reverse(bits),
                owner(&other.id) != owner(&name),
                other.id.clone(),
            )
        };
        let all = self.world.catalog.open_models().iter();
        Ok(all.filter(offered).filter(same).min_by_key(rank))
    }

    /// The share of the weights that the quantized version saves.
    fn quantized_share(&self) -> Result<Option<Decimal>, String> {
        let Some(quantized) = self.quantized()? else {
            return Ok(None);
        };
        let (_, more) = self.weights_on_gpu(self.model()?)?;
        let (_, less) = self.weights_on_gpu(quantized)?;
        Ok(gib(1.0 - less / more))
    }
}

/// NVIDIA's compute capability as a number; 0 where it has none.
pub(super) fn capability(gpu: &Gpu) -> f64 {
    let text = gpu.compute_capability.as_deref();
    text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

/// Whether a GPU computes with a checkpoint's format, not only stores it.
fn computes(gpu: &Gpu, model: &OpenModel) -> bool {
    let from = match model.quantization.as_ref().map(|found| found.method.as_str()) {
        Some("fp8") => 8.9,
        Some("awq" | "gptq" | "int8") => 8.0,
        Some("nvfp4") => 10.0,
        _ => return false,
    };
    capability(gpu) >= from
}

fn owner(id: &str) -> &str {
    id.split_once('/').map_or("", |(owner, _)| owner)
}

/// A repository's name without its owner and without what tells the number format: the name of the model.
fn stem(id: &str) -> String {
    let name = id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase();
    // Meta itself dropped the prefix from its repositories' names.
    let name = name.strip_prefix("meta-").unwrap_or(&name);
    let name = name.strip_suffix("-bf16").unwrap_or(name);
    let ending = QUANTIZED_ENDINGS.iter().filter(|ending| name.ends_with(**ending));
    let longest = ending
        .max_by_key(|ending| ending.len())
        .map_or(0, |ending| ending.len());
    name[..name.len() - longest].to_owned()
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.waste.quantized",
        ty: Type::Str,
        unit: "",
        about: "a published quantized version of the model that its GPUs compute with",
        get: |facts| of_result(facts.quantized(), |model| text(&model.id)),
    },
    Row {
        name: "deployment.waste.quantized_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of the weights that the quantized version saves",
        get: |facts| of_result(facts.quantized_share(), Value::Number),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantized_names_lead_to_the_model() {
        // Names as their publishers write them.
        for (quantized, model) in [
            (
                "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8",
                "meta-llama/Llama-3.1-8B-Instruct",
            ),
            ("Qwen/Qwen2.5-14B-Instruct-GPTQ-Int4", "Qwen/Qwen2.5-14B-Instruct"),
            (
                "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
                "meta-llama/Meta-Llama-3.1-70B-Instruct",
            ),
            ("RedHatAI/gemma-2-9b-it-quantized.w8a8", "google/gemma-2-9b-it"),
            (
                "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-FP8",
                "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
            ),
        ] {
            assert_eq!(stem(quantized), stem(model));
        }
        // A model of the same shape that was trained further is another model.
        assert_ne!(
            stem("RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8"),
            stem("deepseek-ai/DeepSeek-R1-Distill-Llama-70B")
        );
    }
}
