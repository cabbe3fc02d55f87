//! Hugging Face's text-generation-inference: its launcher's flags, each with its environment variable.
//! Source: `launcher/src/main.rs` of the releases 0.8 to 3.3.7.

use super::image::{self, Image};
use super::stated::{Stated, only_arguments, program};
use super::{Build, EngineKind, Parser, Serving, Table, Version, release_of};
use crate::units::{Field, Launch};

/// Its flags in releases 0.8 to 3.3.7.
pub(super) static FLAGS: Table = Table::new(include_str!("tgi/flags.tsv"), Parser::Exact);

/// What a launch starts, where it starts the launcher.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = Image::parse(image.known().map_or("", String::as_str));
    let arguments = match program(launch, &["text-generation-launcher"]) {
        Some(at) => at + 1,
        None if is_own(&written) && only_arguments(launch) => 0,
        None => return None,
    };
    let (version, build) = version(image);
    let stated = Stated::read(launch, arguments, 0, &FLAGS, &version);
    Some(Serving {
        version,
        model: stated.text(&["--model-id"], &["MODEL_ID", "HF_MODEL_ID"]),
        tensor_parallel: shards(&stated),
        dtype: stated.text(&["--dtype"], &["DTYPE"]),
        quantization: stated.text(&["--quantize"], &["QUANTIZE", "HF_MODEL_QUANTIZE"]),
        kv_cache_dtype: stated.text(&["--kv-cache-dtype"], &["KV_CACHE_DTYPE"]),
        max_model_len: stated.whole(&["--max-total-tokens"], &["MAX_TOTAL_TOKENS"]),
        max_num_seqs: stated.whole(&["--max-batch-size"], &["MAX_BATCH_SIZE"]),
        max_prefill_tokens: stated.whole(&["--max-batch-prefill-tokens"], &["MAX_BATCH_PREFILL_TOKENS"]),
        max_total_tokens: stated.whole(&["--max-batch-total-tokens"], &["MAX_BATCH_TOTAL_TOKENS"]),
        static_memory_fraction: stated.decimal(&["--cuda-memory-fraction"], &["CUDA_MEMORY_FRACTION"]),
        enforce_eager: match stated.text(&["--cuda-graphs"], &["CUDA_GRAPHS"]) {
            Field::Known(sizes, place) => Field::Known(sizes.trim() == "0", place),
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        enable_prefix_caching: stated
            .env(&["PREFIX_CACHING", "USE_PREFIX_CACHING"])
            .and_then(|text| super::truth(&text)),
        speculative: stated.text(&["--speculate"], &["SPECULATE"]),
        enable_lora: match stated.text(&["--lora-adapters"], &["LORA_ADAPTERS"]) {
            Field::Known(list, place) => Field::Known(!list.trim().is_empty(), place),
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        trust_remote_code: stated.switch("--trust-remote-code", &["TRUST_REMOTE_CODE"]),
        revision: stated.text(&["--revision"], &["REVISION", "HF_MODEL_REVISION"]),
        attention_backend: stated.env(&["ATTENTION"]),
        api_key: stated.text(&["--api-key"], &["API_KEY"]),
        listen: stated.text(&["--hostname"], &["HOSTNAME"]),
        on_cpu: is_own(&written) && written.tag.is_some_and(|tag| tag.contains("cpu")),
        flags: stated.flags.written(),
        build,
        ..Serving::new(EngineKind::Tgi)
    })
}

/// Shards: `--num-shard`; `--sharded false` means one. Absent, it takes every GPU that it sees.
fn shards(stated: &Stated<'_>) -> Field<u64> {
    match stated.whole(&["--num-shard"], &["NUM_SHARD", "SM_NUM_GPUS"]) {
        Field::Absent(slot) => match stated.text(&["--sharded"], &["SHARDED"]) {
            Field::Known(sharded, place) if sharded.trim() == "false" => Field::Known(1, place),
            Field::Unknown(why, place) => Field::Unknown(why, place),
            _ => Field::Absent(slot),
        },
        stated => stated,
    }
}

/// Images whose entry point is the launcher: Hugging Face's own and those that clouds make of it.
fn is_own(image: &Image<'_>) -> bool {
    matches!(
        image.name,
        "text-generation-inference" | "tgi-gaudi" | "huggingface-pytorch-tgi-inference"
    ) || image.name.starts_with("huggingface-text-generation-inference-")
}

/// `3.3.4`, `3.0.1-rocm`; Amazon's `2.3.0-tgi2.2.0-gpu-py310-cu121`; Google has the release in the image's name
/// (`…-cu124.2-4.ubuntu2204.py311`). `2.0` stands for the last patch of its minor.
fn version(image: &Field<String>) -> (Field<Version>, Build) {
    if let Field::Known(written, place) = image
        && let Some(version) = image::release_in_name(Image::parse(written).name)
    {
        return (Field::Known(version, *place), Build::Other);
    }
    image::version(image, "TGI", is_own, |tag| match tag.split_once("tgi") {
        Some((_, after)) => Some((Version::parse(after)?, Build::Other)),
        None => Some((
            Version::parse(tag)?,
            if is_patch(tag) { release_of(tag) } else { Build::Other },
        )),
    })
}

/// Whether a tag tells all three numbers of a release.
fn is_patch(tag: &str) -> bool {
    tag.split('-')
        .next()
        .is_some_and(|release| release.split('.').count() == 3)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch, with_env};
    use super::*;

    const IMAGE: &str = "ghcr.io/huggingface/text-generation-inference:3.0.1";

    #[test]
    fn the_launcher_and_its_images_are_recognised() {
        for (line, from) in [
            (&["text-generation-launcher", "--model-id", "org/m"][..], "ubuntu"),
            (&["--model-id=org/m", "--num-shard", "2"], IMAGE),
            (&["--model_id", "org/m"], "mirror:5000/text-generation-inference"),
        ] {
            let serving = recognise(&launch(line), &image(from)).expect("TGI");
            assert_eq!(serving.model.known().map(String::as_str), Some("org/m"), "{line:?}");
        }
    }

    #[test]
    fn every_setting_has_its_variable() {
        let line = with_env(
            &[],
            &[("MODEL_ID", "org/m"), ("NUM_SHARD", "4"), ("MAX_TOTAL_TOKENS", "8192")],
        );
        let serving = recognise(&line, &image(IMAGE)).expect("TGI");
        assert_eq!(serving.tensor_parallel.known(), Some(&4));
        assert_eq!(serving.max_model_len.known(), Some(&8192));
        assert_eq!(serving.version.known(), Some(&Version::new(3, 0, 1)));
        let flag = with_env(&["--num-shard", "2"], &[("NUM_SHARD", "4")]);
        let serving = recognise(&flag, &image(IMAGE)).expect("TGI");
        assert_eq!(
            serving.tensor_parallel.known(),
            Some(&2),
            "a flag goes before its variable"
        );
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for (line, from) in [
            (&["text-generation-server", "download-weights", "org/m"][..], "ubuntu"),
            (&["sleep", "infinity"], IMAGE),
            (&["text-generation-benchmark", "--tokenizer-name", "org/m"], IMAGE),
            (&["--model-id", "org/m"], "me/text-generation-inference-client"),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?}");
        }
    }
}
