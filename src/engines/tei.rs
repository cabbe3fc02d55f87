//! Hugging Face's text-embeddings-inference: its router's flags, each with its environment variable.
//! Source: `router/src/main.rs` of the releases 0.2 to 1.9.3.

use super::image::{self, Image};
use super::stated::{Stated, only_arguments, program};
use super::{Build, EngineKind, Parser, Serving, Table, Version, release_of};
use crate::units::{Field, Launch};

/// Its flags in releases 0.2 to 1.9.3.
pub(super) static FLAGS: Table = Table::new(include_str!("tei/flags.tsv"), Parser::Exact);

/// What a launch starts, where it starts the router.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = Image::parse(image.known().map_or("", String::as_str));
    let arguments = match program(launch, &["text-embeddings-router"]) {
        Some(at) => at + 1,
        None if is_own(&written) && only_arguments(launch) => 0,
        None => return None,
    };
    let (version, build) = version(image);
    let stated = Stated::read(launch, arguments, 0, &FLAGS, &version);
    Some(Serving {
        version,
        model: stated.text(&["--model-id"], &["MODEL_ID", "HF_MODEL_ID"]),
        served_model_name: stated.text(&["--served-model-name"], &["SERVED_MODEL_NAME"]),
        dtype: stated.text(&["--dtype"], &["DTYPE"]),
        max_num_batched_tokens: stated.whole(&["--max-batch-tokens"], &["MAX_BATCH_TOKENS"]),
        max_num_seqs: stated.whole(&["--max-batch-requests"], &["MAX_BATCH_REQUESTS"]),
        revision: stated.text(&["--revision"], &["REVISION"]),
        api_key: stated.text(&["--api-key"], &["API_KEY"]),
        listen: stated.text(&["--hostname"], &["HOSTNAME"]),
        on_cpu: is_own(&written)
            && (written.tag.is_some_and(|tag| tag.starts_with("cpu-")) || written.name.contains("-inference-cpu")),
        flags: stated.flags.written(),
        build,
        ..Serving::new(EngineKind::Tei)
    })
}

/// Images whose entry point is the router.
fn is_own(image: &Image<'_>) -> bool {
    image.name == "text-embeddings-inference" || image.name.starts_with("huggingface-text-embeddings-inference-")
}

/// `1.7`, `89-1.7`, `hopper-1.8.2`, `cpu-arm64-1.8`: the number behind the GPU's name.
fn version(image: &Field<String>) -> (Field<Version>, Build) {
    if let Field::Known(written, place) = image
        && let Some(version) = image::release_in_name(Image::parse(written).name)
    {
        return (Field::Known(version, *place), Build::Other);
    }
    let own = |image: &Image<'_>| image.name == "text-embeddings-inference";
    image::version(image, "TEI", own, |tag| {
        let release = tag.split('-').find(|part| Version::parse(part).is_some())?;
        // `1.7` stands for the last patch of its minor.
        let build = match release.split('.').count() {
            3 => release_of(release),
            _ => Build::Other,
        };
        Some((Version::parse(release)?, build))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch, with_env};
    use super::*;

    #[test]
    fn the_router_and_its_images_are_recognised() {
        let own = "ghcr.io/huggingface/text-embeddings-inference:89-1.7";
        let serving = recognise(&launch(&["--model-id", "BAAI/bge-m3"]), &image(own)).expect("TEI");
        assert_eq!(serving.model.known().map(String::as_str), Some("BAAI/bge-m3"));
        assert_eq!(serving.version.known(), Some(&Version::new(1, 7, 0)));
        assert!(!serving.on_cpu);
        let line = with_env(
            &["text-embeddings-router", "--json-output"],
            &[("MAX_BATCH_TOKENS", "8192")],
        );
        let serving = recognise(&line, &image("x")).expect("TEI");
        assert_eq!(serving.max_num_batched_tokens.known(), Some(&8192));
        let cpu = "ghcr.io/huggingface/text-embeddings-inference:cpu-arm64-1.8.2";
        let serving = recognise(&launch(&[]), &image(cpu)).expect("TEI");
        assert!(serving.on_cpu);
        assert_eq!(serving.version.known(), Some(&Version::new(1, 8, 2)));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for (line, from) in [
            (
                &["python", "client.py"][..],
                "ghcr.io/huggingface/text-embeddings-inference:1.7",
            ),
            (&["--model-id", "m"], "me/embeddings"),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?}");
        }
    }
}
