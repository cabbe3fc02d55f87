//! Repositories that the catalog has no row for, by their name: a copy of a known model, or a quantization of one that
//! says so behind the model's name (`cyankiwi/Qwen3.5-9B-AWQ-4bit`).
//!
//! Only whole names count: what is left without the ending must be a known repository's own name, and all rows of that
//! name must have one shape.

use std::borrow::Cow;

use super::{Catalog, OpenModel, Quantization, library};

/// Endings of names and what they say: method, bits, parameters that share a scale. The longest that fits counts.
const ENDINGS: &[(&str, &str, u32, Option<u32>)] = &[
    ("awq", "awq", 4, None),
    ("awq-int4", "awq", 4, None),
    // llm-compressor's AWQ keeps a scale for 32.
    ("awq-4bit", "compressed-tensors", 4, Some(32)),
    ("awq-8bit", "compressed-tensors", 8, Some(32)),
    ("gptq", "gptq", 4, None),
    ("gptq-int4", "gptq", 4, None),
    ("gptq-4bit", "gptq", 4, None),
    ("gptq-int8", "gptq", 8, None),
    ("gptq-8bit", "gptq", 8, None),
    ("autoround", "gptq", 4, None),
    ("int4-autoround", "gptq", 4, None),
    ("autoround-int4", "gptq", 4, None),
    ("autoround-gptq-4bit", "gptq", 4, None),
    ("autoround-gptq-4bit-sym", "gptq", 4, None),
    ("autoround-gptq-4bit-asym", "gptq", 4, None),
    ("int4", "compressed-tensors", 4, None),
    ("w4a16", "compressed-tensors", 4, None),
    ("quantized.w4a16", "compressed-tensors", 4, None),
    ("int8", "int8", 8, None),
    ("w8a8", "int8", 8, None),
    ("w8a16", "int8", 8, None),
    ("quantized.w8a8", "int8", 8, None),
    ("quantized.w8a16", "int8", 8, None),
    ("fp8", "fp8", 8, None),
    ("fp8-dynamic", "fp8", 8, None),
    ("fp8-static", "fp8", 8, None),
    ("fp8-block", "fp8", 8, None),
    ("quantized.fp8", "fp8", 8, None),
    ("nvfp4", "nvfp4", 4, None),
    ("nvfp4a16", "nvfp4", 4, None),
    ("fp4", "nvfp4", 4, None),
    ("mxfp4", "mxfp4", 4, None),
    ("bnb-4bit", "bitsandbytes", 4, None),
    ("unsloth-bnb-4bit", "bitsandbytes", 4, None),
];

/// The model of that repository: its row, or one made from that of the model which it is named for. Paths and names
/// without a publisher tell nothing.
pub(super) fn find(catalog: &Catalog, name: &str) -> Option<Cow<'static, OpenModel>> {
    if let Some(model) = catalog.open_model(name) {
        return Some(Cow::Borrowed(model));
    }
    if let Some(model) = library::repository(name).and_then(|repository| catalog.open_model(repository)) {
        return Some(Cow::Borrowed(model));
    }
    let (publisher, own) = name.split_once('/')?;
    if publisher.is_empty() || publisher.starts_with('.') || own.is_empty() || own.contains('/') {
        return None;
    }
    if let Some(base) = named(catalog, own) {
        return Some(Cow::Owned(OpenModel {
            id: name.to_owned(),
            aliases: Vec::new(),
            source: format!("shape of {}, whose name it bears; {}", base.id, base.source),
            ..base.clone()
        }));
    }
    let (base, (_, method, bits, group_size)) = ENDINGS
        .iter()
        .filter_map(|ending| Some((without(own, ending.0)?, *ending)))
        .min_by_key(|(base, _)| base.len())?;
    let base = named(catalog, base)?;
    Some(Cow::Owned(OpenModel {
        id: name.to_owned(),
        aliases: Vec::new(),
        quantization: Some(Quantization {
            method: method.to_owned(),
            bits,
            group_size,
            kv_cache: None,
            linear_bits: None,
        }),
        unquantized_parameters: None,
        weights_bytes: None,
        source: format!("{method} quantization of {}, by its name; {}", base.id, base.source),
        ..base.clone()
    }))
}

/// `name` without that ending, whatever its case, and what joins the two.
fn without<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(ending.len())?;
    let (base, end) = (name.get(..at)?, name.get(at..)?);
    let base = base.strip_suffix(['-', '_', '.'])?;
    (end.eq_ignore_ascii_case(ending) && !base.is_empty()).then_some(base)
}

/// The model whose repository has that name, whoever publishes it; the one that isn't quantized where there are several.
fn named(catalog: &Catalog, own: &str) -> Option<&'static OpenModel> {
    let bears = |model: &&OpenModel| {
        std::iter::once(&model.id)
            .chain(&model.aliases)
            .filter_map(|name| name.split_once('/'))
            .any(|(_, name)| name.eq_ignore_ascii_case(own))
    };
    let found: Vec<&OpenModel> = catalog.open_models().iter().filter(bears).collect();
    let first = found
        .iter()
        .find(|model| model.quantization.is_none())
        .or(found.first())?;
    let alike = |other: &&OpenModel| {
        (other.layers, other.hidden_size, other.kv_heads, other.vocab_size)
            == (first.layers, first.hidden_size, first.kv_heads, first.vocab_size)
    };
    found.iter().all(alike).then_some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Option<Cow<'static, OpenModel>> {
        find(Catalog::embedded(), name)
    }

    #[test]
    fn a_quantization_is_known_by_its_name() {
        let model = found("someone/Qwen3-32B-AWQ").expect("named after Qwen/Qwen3-32B");
        assert_eq!(model.layers, 64);
        let quantization = model.quantization.as_ref().expect("AWQ");
        assert_eq!((quantization.method.as_str(), quantization.bits), ("awq", 4));
        let model = found("someone/Llama-3.1-8B-Instruct-quantized.w8a8").expect("named after Llama 3.1 8B");
        assert_eq!(model.quantization.as_ref().expect("8 bits").bits, 8);
        // A copy keeps the format.
        assert!(found("someone/Qwen3-32B").expect("a copy").quantization.is_none());
    }

    #[test]
    fn a_similar_name_is_none() {
        for name in [
            "someone/Qwen3-32B-abliterated",
            "someone/Qwen3-32B-finetuned-AWQ",
            "/models/Qwen3-32B",
            "./models/Qwen3-32B",
            "Qwen3-32B",
            "someone/models/Qwen3-32B",
            "someone/-AWQ",
            "someone/AWQ",
            "/",
            "",
        ] {
            assert!(found(name).is_none(), "{name}");
        }
    }
}
