//! vLLM: its command lines in every spelling, its flags, and its defaults by version.

mod defaults;

pub use defaults::{BatchOf, Defaults, NEWEST, Sampler};

use super::{
    Build, EngineKind, Flags, Parser, Serving, Table, Version, base_name, release_of, repository, resolved, truth,
    variable,
};
use crate::syntax::args::Word;
use crate::units::{Field, Launch};

/// Its flags in releases 0.2.7 to 0.33, of `vllm serve` and of the API server's module.
pub(super) static FLAGS: Table = Table::new(include_str!("vllm/flags.tsv"), Parser::Argparse);

/// Flags that only vLLM has: they tell an image of unknown make.
const OWN_FLAGS: &[&str] = &[
    "--gpu-memory-utilization",
    "--tensor-parallel-size",
    "--max-model-len",
    "--max-num-seqs",
    "--enable-prefix-caching",
    "--enforce-eager",
];

/// Programs that are never a model, where a launch starts with a word that isn't a flag.
const PROGRAMS: &[&str] = &[
    "bash", "bin", "dash", "env", "exec", "python", "python3", "ray", "sh", "sleep", "tini", "torchrun", "uv",
];

/// The module of Dynamo's worker, which starts vLLM.
const DYNAMO: &str = "dynamo.vllm";

/// What a launch starts, where it starts vLLM's server.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = image.known().map_or("", String::as_str);
    let start = started(&launch.words).or_else(|| entry_point(&launch.words, written))?;
    let (version, build) = version(launch, image);
    let mut flags = Flags::read(
        &launch.words[start.arguments..],
        &launch.slot,
        usize::from(start.positional),
        &FLAGS,
        version.known().copied(),
    );
    // vLLM-Omni serves under the same command and adds flags of its own.
    let build = if flags.any(&["--omni"]) { Build::Other } else { build };
    if flags.any(&["--config"]) {
        let why = "a config file that the command names may set it";
        flags.hidden.get_or_insert_with(|| why.to_owned());
    }
    let model = match flags.text(&["--model", "--model-tag"]) {
        Field::Known(model, place) => Field::Known(model, place),
        otherwise => match flags.positional.first().filter(|_| start.positional) {
            Some(word) => match resolved(word) {
                Ok(model) => Field::Known(model.to_owned(), word.place),
                Err(why) => Field::Unknown(why, Some(word.place)),
            },
            None => otherwise,
        },
    };
    Some(Serving {
        version,
        model,
        served_model_name: flags.text(&["--served-model-name"]),
        tensor_parallel: flags.whole(&["--tensor-parallel-size"]),
        pipeline_parallel: flags.whole(&["--pipeline-parallel-size"]),
        data_parallel: flags.whole(&["--data-parallel-size"]),
        expert_parallel: flags.switch("--enable-expert-parallel"),
        dtype: flags.text(&["--dtype"]),
        quantization: flags.text(&["--quantization"]),
        kv_cache_dtype: flags.text(&["--kv-cache-dtype"]),
        max_model_len: flags.whole(&["--max-model-len"]),
        fits_length: flags
            .text(&["--max-model-len"])
            .known()
            .is_some_and(|length| matches!(length.as_str(), "auto" | "-1")),
        max_num_seqs: flags.whole(&["--max-num-seqs"]),
        max_num_batched_tokens: flags.whole(&["--max-num-batched-tokens"]),
        gpu_memory_utilization: flags.decimal(&["--gpu-memory-utilization"]),
        kv_cache_memory_bytes: flags.whole(&["--kv-cache-memory-bytes", "--kv-cache-memory"]),
        block_size: flags.whole(&["--block-size"]),
        cpu_offload_gb: flags.decimal(&["--cpu-offload-gb"]),
        swap_space: flags.decimal(&["--swap-space"]),
        enforce_eager: flags.switch("--enforce-eager"),
        enable_prefix_caching: flags.switch("--enable-prefix-caching"),
        enable_chunked_prefill: flags.switch("--enable-chunked-prefill"),
        kv_transfer_config: flags.text(&["--kv-transfer-config"]),
        speculative: flags.text(&["--speculative-config", "--speculative-model"]),
        hf_overrides: flags.text(&["--hf-overrides"]),
        compilation_config: flags.text(&["--compilation-config"]),
        task: match flags.text(&["--task"]) {
            Field::Absent(_) => flags.text(&["--runner"]),
            stated => stated,
        },
        enable_lora: flags.switch("--enable-lora"),
        max_loras: flags.whole(&["--max-loras"]),
        max_lora_rank: flags.whole(&["--max-lora-rank"]),
        trust_remote_code: flags.switch("--trust-remote-code"),
        revision: flags.text(&["--revision"]),
        language_model_only: match flags.switch("--language-model-only") {
            Field::Absent(place) => match flags.text(&["--limit-mm-per-prompt"]) {
                Field::Known(limits, place) if takes_text_alone(&limits) => Field::Known(true, place),
                _ => Field::Absent(place),
            },
            stated => stated,
        },
        use_v1: variable(launch, "VLLM_USE_V1").and_then(|text| truth(&text)),
        use_second_runner: variable(launch, "VLLM_USE_V2_MODEL_RUNNER").and_then(|text| truth(&text)),
        offline: launch.offline,
        attention_backend: match flags.text(&["--attention-backend"]) {
            Field::Absent(_) => variable(launch, "VLLM_ATTENTION_BACKEND"),
            stated => stated,
        },
        on_cpu: repository(written).1.contains("cpu")
            || flags.text(&["--device"]).known().is_some_and(|device| device == "cpu"),
        // Dynamo's worker has flags of its own beside vLLM's.
        flags: match launch.words.iter().any(|word| word.value.as_deref() == Ok(DYNAMO)) {
            true => Vec::new(),
            false => flags.written(),
        },
        build,
        ..Serving::new(EngineKind::Vllm)
    })
}

/// Whether images and videos are both limited to none: `{"image": 0, "video": 0}`, in old releases `image=0,video=0`.
pub(crate) fn takes_text_alone(limits: &str) -> bool {
    let none = |kind: &str| {
        limits.split([',', '{', '}']).any(|part| {
            let Some((name, count)) = part.split_once([':', '=']) else {
                return false;
            };
            name.trim().trim_matches(['"', '\'']) == kind && count.trim() == "0"
        })
    };
    none("image") && none("video")
}

/// Where the server's arguments start, and whether its first free word is the model.
#[derive(Debug, Clone, Copy)]
struct Start {
    arguments: usize,
    positional: bool,
}

/// Finds the server's program on the line: `vllm serve`, or one of its modules run by Python.
fn started(words: &[Word]) -> Option<Start> {
    let text = |at: usize| words.get(at).and_then(|word| resolved(word).ok());
    (0..words.len()).find_map(|at| {
        let word = text(at)?;
        let (module, after) = match word {
            "-m" => (text(at + 1)?, at + 2),
            _ if base_name(word) == "vllm" && text(at + 1) == Some("serve") => {
                return Some(Start {
                    arguments: at + 2,
                    positional: true,
                });
            }
            _ => (word.strip_suffix(".py")?, at + 1),
        };
        let module = module.replace('/', ".");
        let runs = |name: &str| module == name || module.ends_with(&format!(".{name}"));
        let modules = [
            "vllm.entrypoints.openai.api_server",
            "vllm.entrypoints.api_server",
            DYNAMO,
        ];
        if modules.into_iter().any(runs) {
            Some(Start {
                arguments: after,
                positional: false,
            })
        } else if runs("vllm.entrypoints.cli.main") && text(after) == Some("serve") {
            Some(Start {
                arguments: after + 1,
                positional: true,
            })
        } else {
            None
        }
    })
}

/// A line of arguments only, for an image whose entry point is the server: vLLM's own, or one whose name says vLLM
/// and whose flags are vLLM's.
fn entry_point(words: &[Word], image: &str) -> Option<Start> {
    let (_, name, _) = repository(image);
    let own = name.starts_with("vllm-openai");
    let first = words.first().map(resolved);
    let start = Start {
        arguments: 0,
        positional: true,
    };
    match first {
        None => own.then_some(start),
        Some(Err(_)) => own.then_some(start),
        Some(Ok(first)) if first.starts_with('-') => {
            let flags = Flags::read(words, &Field::default(), 1, &FLAGS, None);
            let named = name.contains("vllm") || image.contains("/vllm/");
            (own || (named && flags.any(OWN_FLAGS))).then_some(start)
        }
        Some(Ok(first)) => {
            let is_model = first.contains('/') && !PROGRAMS.contains(&base_name(first));
            let only_flags = words
                .get(1)
                .is_none_or(|next| next.value.as_ref().is_ok_and(|text| text.starts_with("--")));
            (own && is_model && only_flags).then_some(start)
        }
    }
}

/// The version and whose build it is: by a package pinned on the line, else by the image's tag where the image is
/// vLLM's own or the tag names vLLM.
fn version(launch: &Launch, image: &Field<String>) -> (Field<Version>, Build) {
    if let Some(pinned) = super::pinned(launch, "vllm") {
        return pinned;
    }
    let (text, place) = match image {
        Field::Known(text, place) => (text, *place),
        Field::Absent(slot) => return (Field::Absent(slot.clone()), Build::Unstated),
        Field::Unknown(why, place) => return (Field::Unknown(why.clone(), *place), Build::Other),
    };
    let (owner, name, tag) = repository(text);
    let published = base_name(owner) == "vllm" && name.starts_with("vllm-openai");
    let by = |build: Build| if published { build } else { Build::Other };
    let Some(tag) = tag else {
        return if text.contains('@') {
            let why = "the image is named by a digest".to_owned();
            (Field::Unknown(why, Some(place)), by(Build::Unstated))
        } else {
            (Field::Absent(Some((place, None))), by(Build::Newest))
        };
    };
    // Images that others build on vLLM's are tagged by their own version, LMCache's even under vLLM's name.
    let named = name.starts_with("vllm-openai") || name.starts_with("vllm-cpu");
    let own = match base_name(owner) {
        "vllm" | "" => named || name == "vllm" || name.starts_with("vllm-tpu"),
        owner => named && owner != "lmcache",
    };
    let found = match tag.split_once("vllm") {
        Some((_, after)) => Version::parse(after.trim_start_matches(['_', '-'])),
        None if own => Version::parse(tag),
        None => None,
    };
    match found {
        Some(version) => (Field::Known(version, place), by(release_of(tag))),
        None if tag == "latest" => (Field::Absent(Some((place, None))), by(Build::Newest)),
        None => {
            let why = format!("the tag `{tag}` doesn't tell vLLM's version");
            (Field::Unknown(why, Some(place)), Build::Other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::launch;
    use super::*;
    use crate::source::{Place, SourceId, Span};

    fn image(text: &str) -> Field<String> {
        let place = Place {
            source: SourceId(0),
            span: Span::new(70, 80),
        };
        Field::Known(text.to_owned(), place)
    }

    fn model_of(line: &[&str], from: &str) -> Option<String> {
        recognise(&launch(line), &image(from))?.model.known().cloned()
    }

    #[test]
    fn a_server_of_text_alone_takes_neither_images_nor_videos() {
        assert!(takes_text_alone(r#"{"image": 0, "video": 0}"#));
        assert!(takes_text_alone("image=0,video=0"));
        assert!(!takes_text_alone(r#"{"image": 0}"#));
        assert!(!takes_text_alone(r#"{"image": {"count": 0}, "video": 4}"#));
    }

    #[test]
    fn every_way_to_start_the_server_is_recognised() {
        let m = Some("org/m".to_owned());
        for line in [
            &["vllm", "serve", "org/m"][..],
            &["/opt/venv/bin/vllm", "serve", "--enforce-eager", "org/m", "--port", "1"],
            &["vllm", "serve", "--port", "8000", "org/m"],
            &["python3", "-m", "vllm.entrypoints.openai.api_server", "--model=org/m"],
            &["python", "-m", "vllm.entrypoints.api_server", "--model", "org/m"],
            &[
                "python3",
                "-m",
                "dynamo.vllm",
                "--model",
                "org/m",
                "--disaggregation-mode",
                "decode",
            ],
            &["python3", "-m", "vllm.entrypoints.cli.main", "serve", "org/m"],
            &["uv", "run", "--with", "vllm==0.8.5", "vllm", "serve", "org/m"],
        ] {
            assert_eq!(model_of(line, "ubuntu"), m, "{line:?}");
        }
        assert_eq!(model_of(&["--model", "org/m"], "vllm/vllm-openai:latest"), m);
        assert_eq!(model_of(&["org/m", "--port", "1"], "docker.io/vllm/vllm-openai"), m);
        assert_eq!(
            model_of(&["--model", "org/m", "--max-model-len", "1"], "me/my-vllm:3"),
            m
        );
    }

    #[test]
    fn what_is_not_the_server_is_left_alone() {
        for (line, from) in [
            (&["--model", "org/m"][..], "me/my-vllm:3"),
            (&["--model", "org/m", "--max-model-len", "1"], "lmsysorg/sglang"),
            (&["sleep", "infinity"], "vllm/vllm-openai"),
            (&["/bin/bash", "-c"], "vllm/vllm-openai"),
            (&["vllm", "bench", "serve"], "vllm/vllm-openai"),
            (&["python", "vllm_helper.py"], "x"),
            (&[], "nginx"),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?}");
        }
    }

    #[test]
    fn the_version_comes_from_pins_and_tags_only() {
        let version = |line: &[&str], from: &str| recognise(&launch(line), &image(from)).map(|s| s.version);
        let line = &["vllm", "serve", "org/m"];
        let known = |from: &str| version(line, from).and_then(|v| v.known().copied());
        assert_eq!(known("vllm/vllm-openai:v0.8.5.post1"), Some(Version::new(0, 8, 5)));
        assert_eq!(
            known("vllm/vllm-openai:v0.23.0@sha256:89e1"),
            Some(Version::new(0, 23, 0))
        );
        assert_eq!(
            known("rocm/vllm:rocm6.3_ubuntu_vllm_0.8.5"),
            Some(Version::new(0, 8, 5))
        );
        assert_eq!(known("lmcache/vllm-openai:latest-nightly"), None);
        assert_eq!(known("lmcache/vllm-openai:v0.3.9post2"), None);
        assert_eq!(known("nvcr.io/nvidia/ai-dynamo/vllm-runtime:1.0.0"), None);
        assert!(version(line, "vllm/vllm-openai:latest").is_some_and(|v| v.is_absent()));
        assert!(matches!(
            version(line, "vllm/vllm-openai@sha256:00"),
            Some(Field::Unknown(..))
        ));
        let pinned = &["uv", "run", "--with", "vllm==0.7.3", "vllm", "serve", "org/m"];
        assert_eq!(
            version(pinned, "ubuntu").and_then(|v| v.known().copied()),
            Some(Version::new(0, 7, 3))
        );
    }

    #[test]
    fn unresolved_words_leave_fields_unknown() {
        let line = launch(&["vllm", "serve", "$MODEL", "-tp", "4", "--max-model-len", "${LEN}"]);
        let serving = recognise(&line, &image("vllm/vllm-openai:latest")).expect("vllm serve");
        assert!(matches!(serving.model, Field::Unknown(..)));
        assert!(matches!(serving.max_model_len, Field::Unknown(..)));
        assert_eq!(serving.tensor_parallel.known(), Some(&4));
        assert!(serving.dtype.is_absent());
    }
}
