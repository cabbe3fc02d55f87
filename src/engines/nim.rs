//! NVIDIA's packaged servers (NIM): the image is the model, the environment sets it up.
//! Source: "Environment Variables" of NIM for LLMs, <https://docs.nvidia.com/nim/large-language-models/>, 1.12 and 2.0.

use super::image::{self, Image};
use super::stated::{Stated, word};
use super::{Build, EngineKind, Serving, Version, base_name};
use crate::units::{Field, Launch};

/// Programs of the image that start its server; others list profiles or fill the cache.
const SERVERS: &[&str] = &[
    "start_server.sh",
    "start-server.sh",
    "start_server",
    "nim-serve",
    "nim_serve",
];

/// What a launch starts, where its image is one of NVIDIA's.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let Field::Known(written, place) = image else {
        return None;
    };
    let parsed = Image::parse(written);
    if !is_own(&parsed, launch) || !serves(launch) {
        return None;
    }
    let stated = Stated::environment(launch);
    let packaged = format!("{}/{}", base_name(parsed.owner), parsed.name);
    let whole = |name: &str| stated.whole(&[], &[name]);
    Some(Serving {
        version: image::version(
            image,
            "NIM",
            |_| true,
            |tag| Some((Version::parse(tag)?, Build::Release)),
        )
        .0,
        model: match stated.env(&["NIM_MODEL_PATH", "NIM_MODEL_NAME"]) {
            Field::Known(name, place) => Field::Known(name.strip_prefix("hf://").unwrap_or(&name).to_owned(), place),
            // An image for any model says nothing of which.
            Field::Absent(_) if parsed.name.contains("llm-nim") || parsed.name.starts_with("vllm") => {
                Field::Absent(None)
            }
            Field::Absent(_) => Field::Known(packaged, *place),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        served_model_name: stated.env(&["NIM_SERVED_MODEL_NAME"]),
        tensor_parallel: whole("NIM_TENSOR_PARALLEL_SIZE"),
        pipeline_parallel: whole("NIM_PIPELINE_PARALLEL_SIZE"),
        max_model_len: whole("NIM_MAX_MODEL_LEN"),
        max_num_seqs: whole("NIM_MAX_NUM_SEQS"),
        kv_memory_fraction: stated.decimal(&[], &["NIM_KVCACHE_PERCENT", "NIM_KV_CACHE_PERCENT"]),
        enforce_eager: stated.switch("", &["NIM_DISABLE_CUDA_GRAPH"]),
        enable_prefix_caching: stated.switch("", &["NIM_ENABLE_KV_CACHE_REUSE"]),
        enable_lora: match stated.env(&["NIM_PEFT_SOURCE"]) {
            Field::Known(_, place) => Field::Known(true, place),
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        max_loras: whole("NIM_MAX_GPU_LORAS"),
        max_lora_rank: whole("NIM_MAX_LORA_RANK"),
        trust_remote_code: stated.switch("", &["NIM_FORCE_TRUST_REMOTE_CODE"]),
        ..Serving::new(EngineKind::Nim)
    })
}

/// NVIDIA's registry, or a mirror that keeps its path and gets NIM's variables.
fn is_own(image: &Image<'_>, launch: &Launch) -> bool {
    let Some(host) = image.owner.split('/').next() else {
        return false;
    };
    let below = image.owner.strip_prefix(host).unwrap_or_default();
    if host == "nvcr.io" {
        return below.starts_with("/nim/") && below.len() > "/nim/".len();
    }
    let variables = launch.env.iter().any(|(name, _)| name.starts_with("NIM_"));
    variables && format!("{below}/").contains("/nim/")
}

/// Whether the image's own program runs, or the one that it has for that.
fn serves(launch: &Launch) -> bool {
    launch.words.is_empty()
        || (0..launch.words.len()).any(|at| word(launch, at).is_some_and(|text| SERVERS.contains(&base_name(text))))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch, with_env};
    use super::*;

    const IMAGE: &str = "nvcr.io/nim/meta/llama-3.1-8b-instruct:1.3.3";

    #[test]
    fn the_image_names_the_model_unless_a_variable_does() {
        let serving = recognise(&launch(&[]), &image(IMAGE)).expect("NIM");
        assert_eq!(
            serving.model.known().map(String::as_str),
            Some("meta/llama-3.1-8b-instruct")
        );
        assert_eq!(serving.version.known(), Some(&Version::new(1, 3, 3)));
        let line = with_env(&[], &[("NIM_MODEL_NAME", "hf://org/m"), ("NIM_MAX_MODEL_LEN", "8192")]);
        let serving = recognise(&line, &image("nvcr.io/nim/nvidia/llm-nim:1.12.0")).expect("NIM");
        assert_eq!(serving.model.known().map(String::as_str), Some("org/m"));
        assert_eq!(serving.max_model_len.known(), Some(&8192));
        let mirror = "registry.example/mirror/nim/meta/llama3-8b-instruct:1.0.0";
        assert!(recognise(&with_env(&[], &[("NIM_CACHE_PATH", "/x")]), &image(mirror)).is_some());
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for (line, from) in [
            (&[][..], "nvcr.io/nim/k8s-nim-operator:v1.0"),
            (&[], "nvcr.io/nvidia/pytorch:24.07-py3"),
            (&["list-model-profiles"], IMAGE),
            (&["download-to-cache"], IMAGE),
            (&[], "registry.example/games/nim/board/nim-server:1.0"),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?} {from}");
        }
    }
}
