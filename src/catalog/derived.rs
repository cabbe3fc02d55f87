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
    ("int4-awq", "awq", 4, None),
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
    ("mxfp8", "fp8", 8, None),
    ("mxfp4", "mxfp4", 4, None),
    ("bnb-4bit", "bitsandbytes", 4, None),
    ("unsloth-bnb-4bit", "bitsandbytes", 4, None),
];

/// The publisher whose bare numbers of bits are those of MLX.
const MLX: &str = "mlx-community";

/// Its endings, as above: MLX keeps a scale and a bias of 16 bits for 64 parameters.
const MLX_ENDINGS: &[(&str, &str, u32, Option<u32>)] = &[
    ("3bit", "mlx", 3, None),
    ("4bit", "mlx", 4, None),
    ("4bit-dwq", "mlx", 4, None),
    ("6bit", "mlx", 6, None),
    ("8bit", "mlx", 8, None),
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
    if let Some(model) = in_folder(catalog, name) {
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
            other_recipe: ENDINGS.iter().any(|(ending, ..)| without(own, ending).is_some()),
            source: format!("shape of {}, whose name it bears; {}", base.id, base.source),
            ..base.clone()
        }));
    }
    let endings = if publisher.eq_ignore_ascii_case(MLX) {
        MLX_ENDINGS
    } else {
        ENDINGS
    };
    let (base, (_, method, bits, group_size)) = endings
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

/// The model of a path that ends in the name of its repository (`/models/Qwen/Qwen3-32B`), or that lies in Hugging Face's
/// own folders (`models--Qwen--Qwen3-32B/snapshots/…`).
fn in_folder(catalog: &Catalog, path: &str) -> Option<&'static OpenModel> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let cached = parts
        .iter()
        .find_map(|part| part.strip_prefix("models--")?.split_once("--"));
    let (publisher, own) = match (cached, parts.as_slice()) {
        (Some(found), _) => found,
        (None, [_, .., publisher, own]) => (*publisher, *own),
        (None, [publisher, own]) if path.starts_with('/') => (*publisher, *own),
        _ => return None,
    };
    catalog.open_model(&format!("{publisher}/{own}"))
}

/// `name` without that ending, whatever its case, and what joins the two.
fn without<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(ending.len())?;
    let (base, end) = (name.get(..at)?, name.get(at..)?);
    let base = base.strip_suffix(['-', '_', '.'])?;
    (end.eq_ignore_ascii_case(ending) && !base.is_empty()).then_some(base)
}

/// The model whose repository has that name, whoever publishes it; the one that isn't quantized where there are several.
/// `publisher_name` is how some write the repository that they made a copy of (`google_gemma-3-27b-it`).
pub(super) fn named(catalog: &Catalog, own: &str) -> Option<&'static OpenModel> {
    bearing(catalog, own).or_else(|| {
        let (publisher, name) = own.split_once('_')?;
        catalog.open_model(&format!("{publisher}/{name}"))
    })
}

/// The model one of whose names is that behind the publisher.
fn bearing(catalog: &Catalog, own: &str) -> Option<&'static OpenModel> {
    let bears = |model: &&OpenModel| {
        std::iter::once(&model.id)
            .chain(&model.aliases)
            .filter_map(|name| name.split_once('/'))
            .any(|(_, name)| spelled(name).eq(spelled(own)))
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

/// A name as it is compared: without case; `3_1` is `3.1`, and `v0.3` is `v03`, where a name can hold no dot (images,
/// NVIDIA's catalog); `-hf` only says that it is in the format of Transformers.
fn spelled(name: &str) -> impl Iterator<Item = u8> {
    let bytes = name.as_bytes();
    let bytes = match bytes.split_last_chunk::<3>() {
        Some((rest, end)) if end.eq_ignore_ascii_case(b"-hf") => rest,
        _ => bytes,
    };
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).filter_map(move |at| match bytes[at] {
        b'_' if at > 0 && is_digit(at - 1) && is_digit(at + 1) => Some(b'.'),
        b'.' if at > 1 && bytes[at - 2..at].eq_ignore_ascii_case(b"v0") && is_digit(at + 1) => None,
        byte => Some(byte.to_ascii_lowercase()),
    })
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
    fn spellings_of_one_name_are_one() {
        for (name, id) in [
            ("meta/llama-3_1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct"),
            (
                "mistralai/mixtral-8x7b-instruct-v01",
                "mistralai/Mixtral-8x7B-Instruct-v0.1",
            ),
            (
                "nvidia/llama-3.3-nemotron-super-49b-v1",
                "nvidia/Llama-3_3-Nemotron-Super-49B-v1",
            ),
            ("TheBloke/Llama-2-7B-Chat-AWQ", "meta-llama/Llama-2-7b-chat-hf"),
            ("someone/Qwen_Qwen3-32B-AWQ", "Qwen/Qwen3-32B"),
        ] {
            let shape = |model: &OpenModel| (model.layers, model.hidden_size, model.kv_heads, model.vocab_size);
            let model = found(name).unwrap_or_else(|| panic!("{name}"));
            let base = Catalog::embedded().open_model(id).expect("a row");
            assert_eq!(shape(&model), shape(base), "{name}");
        }
    }

    #[test]
    fn bare_bits_are_those_of_mlx_where_it_publishes_them() {
        let model = found("mlx-community/Qwen3-32B-4bit").expect("named after Qwen/Qwen3-32B");
        assert!((model.quantization.as_ref().expect("4 bits").stored_bits() - 4.5).abs() < 1e-9);
        assert!(found("someone/Qwen3-32B-4bit").is_none());
    }

    #[test]
    fn a_folder_that_bears_the_whole_name_is_that_model() {
        for path in [
            "/models/Qwen/Qwen3-32B",
            "/Qwen/Qwen3-32B/",
            "./Qwen/Qwen3-32B",
            "/root/.cache/huggingface/hub/models--Qwen--Qwen3-32B/snapshots/0a1b2c",
        ] {
            assert_eq!(found(path).unwrap_or_else(|| panic!("{path}")).id, "Qwen/Qwen3-32B");
        }
        assert!(
            found("/models/someone/Qwen3-32B").is_none(),
            "a publisher of its own may have changed it"
        );
    }

    #[test]
    fn a_similar_name_is_none() {
        for name in [
            "someone/Qwen3-32B-abliterated",
            "someone/Qwen3-32B-finetuned-AWQ",
            "someone/Qwen_32B",
            "someone/Qwen3-32B-GGUF",
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
