//! TensorRT-LLM's own server, `trtllm-serve`. Source: `tensorrt_llm/commands/serve.py` of release 1.2 and of earlier
//! ones back to 0.15; its settings can also stand in a YAML file that the line names.

use super::image;
use super::stated::{Stated, program, word};
use super::{Build, EngineKind, Parser, Serving, Table, Version};
use crate::units::{Field, Launch};

/// Subcommands that don't serve a model of their own.
const OTHERS: &[&str] = &["disaggregated", "disaggregated_mpi_worker", "mm_embedding_serve"];

/// Its flags in release 1.2, the only one that was read.
pub(super) static FLAGS: Table = Table::new(include_str!("tensorrt_llm/flags.tsv"), Parser::Exact);

/// What a launch starts, where it starts `trtllm-serve`.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let at = program(launch, &["trtllm-serve"])?;
    let arguments = match word(launch, at + 1) {
        Some("serve") => at + 2,
        Some(other) if OTHERS.contains(&other) => return None,
        _ => at + 1,
    };
    let (version, build) = version(launch, image);
    let mut stated = Stated::read(launch, arguments, 1, &FLAGS, &version);
    if stated.flags.any(&["--extra-llm-api-options", "--config"]) {
        stated.hide("a YAML file that the command names may set it");
    }
    Some(Serving {
        version,
        model: stated
            .operand(0)
            .unwrap_or(Field::Absent(stated.place().map(|place| (place, None)))),
        tensor_parallel: stated.whole(&["--tp-size", "--tensor-parallel-size"], &[]),
        pipeline_parallel: stated.whole(&["--pp-size", "--pipeline-parallel-size"], &[]),
        max_model_len: stated.whole(&["--max-seq-len"], &[]),
        max_num_seqs: stated.whole(&["--max-batch-size"], &[]),
        max_num_batched_tokens: stated.whole(&["--max-num-tokens"], &[]),
        kv_memory_fraction: stated.decimal(
            &["--kv-cache-free-gpu-memory-fraction", "--free-gpu-memory-fraction"],
            &[],
        ),
        // No flag of its own: settings and builds say it.
        quantization: stated
            .text(&["--quant-algo"], &[])
            .and_then(|text| Ok(text.to_ascii_lowercase())),
        kv_cache_dtype: stated.text(&["--kv-cache-dtype"], &[]),
        enable_chunked_prefill: stated.switch("--enable-chunked-prefill", &[]),
        trust_remote_code: stated.switch("--trust-remote-code", &[]),
        revision: stated.text(&["--revision"], &[]),
        listen: stated.text(&["--host"], &[]),
        flags: stated
            .flags
            .written()
            .into_iter()
            .filter(|(name, _)| name != "--quant-algo")
            .collect(),
        build,
        ..Serving::new(EngineKind::TensorRtLlm)
    })
}

/// `nvcr.io/nvidia/tensorrt-llm/release:1.0.0`.
fn version(launch: &Launch, image: &Field<String>) -> (Field<Version>, Build) {
    if let Some((version, _)) = super::pinned(launch, "tensorrt-llm") {
        return (version, Build::Other);
    }
    // Of the releases only one was read, so that a flag is only said to be wrong where it is nearly one.
    let (version, _) = image::version(
        image,
        "TensorRT-LLM",
        |image| image.is_by("tensorrt-llm"),
        |tag| Some((Version::parse(tag)?, Build::Other)),
    );
    (version, Build::Other)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch};
    use super::*;

    #[test]
    fn the_server_is_recognised_with_either_spelling() {
        let from = image("nvcr.io/nvidia/tensorrt-llm/release:1.2.0");
        for line in [
            &[
                "trtllm-serve",
                "org/m",
                "--tp_size",
                "4",
                "--kv_cache_free_gpu_memory_fraction",
                "0.8",
            ][..],
            &[
                "trtllm-serve",
                "serve",
                "org/m",
                "--tp_size=4",
                "--free_gpu_memory_fraction=0.8",
            ],
            &[
                "trtllm-llmapi-launch",
                "trtllm-serve",
                "--tp_size",
                "4",
                "org/m",
                "--free_gpu_memory_fraction",
                "0.8",
            ],
        ] {
            let serving = recognise(&launch(line), &from).expect("trtllm-serve");
            assert_eq!(serving.model.known().map(String::as_str), Some("org/m"), "{line:?}");
            assert_eq!(serving.tensor_parallel.known(), Some(&4), "{line:?}");
            assert_eq!(
                serving.kv_memory_fraction.known().map(ToString::to_string).as_deref(),
                Some("0.8")
            );
            assert!(serving.max_model_len.is_absent());
            assert_eq!(serving.version.known(), Some(&Version::new(1, 2, 0)));
        }
    }

    #[test]
    fn a_file_of_settings_makes_what_is_absent_unknown() {
        let line = launch(&["trtllm-serve", "org/m", "--extra_llm_api_options", "x.yaml"]);
        let serving = recognise(&line, &Field::default()).expect("trtllm-serve");
        assert!(matches!(serving.max_num_seqs, Field::Unknown(..)));
        assert!(serving.model.known().is_some());
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for line in [
            &["trtllm-bench", "--model", "org/m"][..],
            &["trtllm-serve", "disaggregated", "-c", "x.yaml"],
            &["trtllm-build"],
        ] {
            assert!(recognise(&launch(line), &Field::default()).is_none(), "{line:?}");
        }
    }
}
