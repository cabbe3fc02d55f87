//! SGLang: its command lines in every spelling, its flags, and its defaults by version.

mod defaults;

pub use defaults::{Defaults, NEWEST};

use super::image::{self, Image};
use super::{Build, EngineKind, Flags, Parser, Serving, Table, Version, base_name, release_of, resolved};
use crate::syntax::args::Word;
use crate::units::{Field, Launch};

/// Its flags in releases 0.2.0 to 0.5.23.
pub(super) static FLAGS: Table = Table::new(include_str!("sglang/flags.tsv"), Parser::Argparse);

/// What a launch starts, where it starts SGLang's server.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = image.known().map_or("", String::as_str);
    let start = started(&launch.words).or_else(|| entry_point(&launch.words, written))?;
    let (version, build) = version(launch, image);
    let mut flags = Flags::read(
        &launch.words[start.arguments..],
        &launch.slot,
        0,
        &FLAGS,
        version.known().copied(),
    );
    if flags.any(&["--config"]) {
        let why = "a config file that the command names may set it";
        flags.hidden.get_or_insert_with(|| why.to_owned());
    }
    // `sglang serve` also serves diffusion models, with flags of their own; KTransformers adds some to a fork.
    let is_fork = flags.written().iter().any(|(name, _)| name.starts_with("--kt-"));
    let build = if start.any_model || is_fork {
        Build::Other
    } else {
        build
    };
    Some(Serving {
        version,
        build,
        model: flags.text(&["--model-path", "--model"]),
        served_model_name: flags.text(&["--served-model-name"]),
        tensor_parallel: flags.whole(&["--tp-size", "--tp"]),
        pipeline_parallel: flags.whole(&["--pp-size", "--pp"]),
        data_parallel: flags.whole(&["--dp-size", "--dp"]),
        expert_parallel: match flags.whole(&["--ep-size", "--ep"]) {
            Field::Known(ranks, place) => Field::Known(ranks > 1, place),
            Field::Absent(_) => flags.switch("--enable-ep-moe"),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        dtype: flags.text(&["--dtype"]),
        quantization: flags.text(&["--quantization"]),
        kv_cache_dtype: flags.text(&["--kv-cache-dtype"]),
        max_model_len: flags.whole(&["--context-length"]),
        max_num_seqs: flags.whole(&["--max-running-requests"]),
        max_num_batched_tokens: flags.whole(&["--chunked-prefill-size"]),
        max_prefill_tokens: flags.whole(&["--max-prefill-tokens"]),
        max_total_tokens: flags.whole(&["--max-total-tokens"]),
        static_memory_fraction: flags.decimal(&["--mem-fraction-static"]),
        block_size: flags.whole(&["--page-size"]),
        cpu_offload_gb: flags.decimal(&["--cpu-offload-gb"]),
        cuda_graph_max_bs: flags.whole(&["--cuda-graph-max-bs", "--cuda-graph-max-bs-decode"]),
        state_slots: flags.whole(&["--max-mamba-cache-size"]),
        state_ratio: flags.decimal(&["--mamba-full-memory-ratio"]),
        enforce_eager: flags.switch("--disable-cuda-graph"),
        enable_prefix_caching: negated(flags.switch("--disable-radix-cache")),
        speculative: flags.text(&["--speculative-algorithm", "--speculative-algo"]),
        draft_model: flags.text(&["--speculative-draft-model-path"]),
        hf_overrides: flags.text(&["--json-model-override-args"]),
        task: match flags.switch("--is-embedding") {
            Field::Known(true, place) => Field::Known("embed".to_owned(), place),
            Field::Known(false, place) => Field::Known("generate".to_owned(), place),
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        enable_lora: match flags.switch("--enable-lora") {
            Field::Absent(slot) => match flags.text(&["--lora-paths"]) {
                Field::Known(_, place) => Field::Known(true, place),
                Field::Unknown(why, place) => Field::Unknown(why, place),
                Field::Absent(_) => Field::Absent(slot),
            },
            stated => stated,
        },
        max_loras: flags.whole(&["--max-loras-per-batch"]),
        max_lora_rank: flags.whole(&["--max-lora-rank"]),
        trust_remote_code: flags.switch("--trust-remote-code"),
        revision: flags.text(&["--revision"]),
        attention_backend: flags.text(&["--attention-backend"]),
        api_key: flags.text(&["--api-key"]),
        listen: flags.text(&["--host"]),
        on_cpu: flags.text(&["--device"]).known().is_some_and(|device| device == "cpu"),
        flags: flags.written(),
        ..Serving::new(EngineKind::Sglang)
    })
}

fn negated(switch: Field<bool>) -> Field<bool> {
    switch.and_then(|on| Ok(!on))
}

/// Where the server's arguments start.
#[derive(Debug, Clone, Copy)]
struct Start {
    arguments: usize,
    /// Whether the command also serves models that aren't language models.
    any_model: bool,
}

/// Finds the server's program on the line: `python -m sglang.launch_server` or `sglang serve`.
fn started(words: &[Word]) -> Option<Start> {
    let text = |at: usize| words.get(at).and_then(|word| resolved(word).ok());
    (0..words.len()).find_map(|at| {
        let word = text(at)?;
        if base_name(word) == "sglang" && text(at + 1) == Some("serve") {
            return Some(Start {
                arguments: at + 2,
                any_model: true,
            });
        }
        let (module, after) = match word {
            "-m" => (text(at + 1)?, at + 2),
            _ => (word.strip_suffix(".py")?, at + 1),
        };
        let module = module.replace('/', ".");
        (module == "sglang.launch_server" || module.ends_with(".sglang.launch_server")).then_some(Start {
            arguments: after,
            any_model: false,
        })
    })
}

/// A line of arguments only, for an image of SGLang whose entry point someone set to the server: its flags tell.
fn entry_point(words: &[Word], image: &str) -> Option<Start> {
    let image = Image::parse(image);
    let named = image.name.contains("sglang") || image.is_by("lmsysorg");
    let flags = Flags::read(words, &Field::default(), 0, &FLAGS, None);
    let first = words.first().and_then(|word| resolved(word).ok())?;
    (named && first.starts_with("--") && flags.any(&["--model-path", "--model"])).then_some(Start {
        arguments: 0,
        any_model: false,
    })
}

/// The version and whose build it is: by a package pinned on the line, else by the tag of SGLang's own image, or of
/// one whose name or tag names SGLang.
fn version(launch: &Launch, image: &Field<String>) -> (Field<Version>, Build) {
    if let Some(pinned) = super::pinned(launch, "sglang") {
        return pinned;
    }
    let (version, build) = image::version(
        image,
        "SGLang",
        |image| image.name.contains("sglang") || image.tag.is_some_and(|tag| tag.contains("sglang")),
        |tag| {
            let release = tag.split_once("sglang").map_or(tag, |(_, after)| after);
            let release = release.trim_start_matches(['_', '-']);
            Some((Version::parse(release)?, release_of(release)))
        },
    );
    // Others build images with SGLang inside, and add to it.
    let published = image.known().map_or("", String::as_str);
    let published = Image::parse(published);
    let own = image.is_absent() || (published.is_by("lmsysorg") && published.name == "sglang");
    (version, if own { build } else { Build::Other })
}

#[cfg(test)]
mod tests {
    use super::super::tests::launch;
    use super::*;
    use crate::source::{Place, SourceId, Span};

    fn recognised(line: &[&str], from: &str) -> Option<Serving> {
        let place = Place {
            source: SourceId(0),
            span: Span::new(70, 80),
        };
        recognise(&launch(line), &Field::Known(from.to_owned(), place))
    }

    #[test]
    fn every_way_to_start_the_server_is_recognised() {
        for line in [
            &["python3", "-m", "sglang.launch_server", "--model-path", "org/m"][..],
            &["python", "-m", "sglang.launch_server", "--model=org/m", "--port", "1"],
            &[
                "uv",
                "run",
                "--with",
                "sglang[all]==0.5.3",
                "sglang",
                "serve",
                "--model-path",
                "org/m",
            ],
            &["--model-path", "org/m"],
        ] {
            let serving = recognised(line, "lmsysorg/sglang:v0.5.3").expect("the server");
            assert_eq!(serving.model.known().map(String::as_str), Some("org/m"), "{line:?}");
            assert_eq!(serving.version.known(), Some(&Version::new(0, 5, 3)), "{line:?}");
        }
        for line in [
            &["python3", "-m", "sglang_router.launch_router", "--worker-urls", "x"][..],
            &["python3", "-m", "sglang.bench_serving", "--model", "org/m"],
            &["bash"],
            &[],
        ] {
            assert!(recognised(line, "lmsysorg/sglang:v0.5.3").is_none(), "{line:?}");
        }
        assert!(recognised(&["--model-path", "org/m"], "vllm/vllm-openai:v0.9.0").is_none());
    }

    #[test]
    fn flags_are_read_under_every_name() {
        let line = [
            "python3",
            "-m",
            "sglang.launch_server",
            "--model-path",
            "org/m",
            "--tensor-parallel-size",
            "8",
            "--ep",
            "8",
            "--mem-fraction-static",
            "0.8",
            "--context-length=32768",
            "--disable-radix-cache",
            "--cuda-graph-max-bs",
            "16",
            "--disable-cuda-graph",
            "--lora-paths",
            "a=b",
            "c=d",
        ];
        let serving = recognised(&line, "lmsysorg/sglang:v0.5.3-cu129").expect("the server");
        assert_eq!(serving.tensor_parallel.known(), Some(&8));
        assert_eq!(serving.expert_parallel.known(), Some(&true));
        assert_eq!(
            serving.static_memory_fraction.known().map(ToString::to_string),
            Some("0.8".to_owned())
        );
        assert_eq!(serving.max_model_len.known(), Some(&32_768));
        assert_eq!(serving.enable_prefix_caching.known(), Some(&false));
        assert_eq!(serving.enforce_eager.known(), Some(&true));
        assert_eq!(serving.cuda_graph_max_bs.known(), Some(&16));
        assert_eq!(serving.enable_lora.known(), Some(&true));
        assert!(serving.dtype.is_absent());
        assert_eq!(serving.build, Build::Release);
        assert!(super::super::flag_problems(&serving).is_empty());
        let tp = recognised(&["sglang", "serve", "--model", "m", "--tp", "2"], "x").expect("the server");
        assert_eq!(tp.tensor_parallel.known(), Some(&2));
    }
}
