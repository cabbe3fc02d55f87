//! llama.cpp's server: its flags in every spelling, each with its `LLAMA_ARG_` variable.
//! Source: `common/arg.cpp`, `common/common.h` and `tools/server/` of August 2025 and of 2026.

use super::base_name;
use super::image::{self, Image};
use super::stated::{Stated, only_arguments, plain, program, word};
use super::{Build, EngineKind, Parser, Serving, Table, Version};
use crate::units::{Field, Launch};

/// Flags, with their variables, that put parts of the model elsewhere than on its layers' GPU, or more onto it.
const PLACEMENT: &[(&[&str], &str)] = &[
    (&["-ot", "--override-tensor"], "LLAMA_ARG_OVERRIDE_TENSOR"),
    (&["-cmoe", "--cpu-moe"], "LLAMA_ARG_CPU_MOE"),
    (&["-ncmoe", "--n-cpu-moe"], "LLAMA_ARG_N_CPU_MOE"),
    (&["-ncffn", "--n-cpu-ffn"], "LLAMA_ARG_N_CPU_FFN"),
    (&["--moe-cache-mib"], "LLAMA_ARG_MOE_CACHE_MIB"),
    (&["-nkvo", "--no-kv-offload"], "LLAMA_ARG_NO_KV_OFFLOAD"),
    (&["-sm", "--split-mode"], "LLAMA_ARG_SPLIT_MODE"),
    (&["-ts", "--tensor-split"], "LLAMA_ARG_TENSOR_SPLIT"),
    (&["-mg", "--main-gpu"], "LLAMA_ARG_MAIN_GPU"),
    (&["-dev", "--device"], "LLAMA_ARG_DEVICE"),
    (&["--rpc"], "LLAMA_ARG_RPC"),
    (&["-mm", "--mmproj", "-mmu", "--mmproj-url"], "LLAMA_ARG_MMPROJ"),
    (&["--swa-full"], "LLAMA_ARG_SWA_FULL"),
    (&["--control-vector", "--control-vector-scaled"], ""),
    (&["--spec-type", "--mtp", "--eagle3", "--dflash"], "LLAMA_ARG_SPEC_TYPE"),
];

/// Layers meant by `all`: more than any model has.
pub const ALL_LAYERS: u64 = 999;

/// Its flags in a build of August 2025 and in one of 2026.
pub(super) static FLAGS: Table = Table::new(include_str!("llama_cpp/flags.tsv"), Parser::Exact);

/// What a launch starts, where it starts the server.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = Image::parse(image.known().map_or("", String::as_str));
    let kind = kind(&written);
    let python = python_server(launch);
    let arguments = match (python, program(launch, &["llama-server", "llama-server.exe"])) {
        (Some(at), _) | (None, Some(at)) => at + usize::from(python.is_none()),
        (None, None) => match kind? {
            ("server", _) if only_arguments(launch) => 0,
            // The image with all programs gets the program's name as its first argument.
            ("full", _) if matches!(word(launch, 0), Some("--server" | "-s")) => 1,
            _ => return None,
        },
    };
    let (version, build) = version(image);
    let mut stated = Stated::read(launch, arguments, 0, &FLAGS, &version);
    if python.is_some() {
        stated.hide("llama-cpp-python has defaults of its own");
    }
    let (model, model_file) = model(&stated);
    Some(Serving {
        version: match python {
            Some(_) => Field::Unknown(
                "llama-cpp-python doesn't tell the build that it holds".to_owned(),
                stated.place(),
            ),
            None => version,
        },
        model,
        model_file,
        served_model_name: stated.text(&["-a", "--alias"], &["LLAMA_ARG_ALIAS"]),
        total_context: stated.whole(&["-c", "--ctx-size", "--n-ctx"], &["LLAMA_ARG_CTX_SIZE"]),
        max_num_seqs: automatic(stated.text(&["-np", "--parallel"], &["LLAMA_ARG_N_PARALLEL"])),
        max_num_batched_tokens: stated.whole(&["-b", "--batch-size", "--n-batch"], &["LLAMA_ARG_BATCH"]),
        micro_batch: stated.whole(&["-ub", "--ubatch-size", "--n-ubatch"], &["LLAMA_ARG_UBATCH"]),
        gpu_layers: match stated.text(&["-ngl", "--gpu-layers", "--n-gpu-layers"], &["LLAMA_ARG_N_GPU_LAYERS"]) {
            Field::Known(text, place) if text == "all" || (python.is_some() && text == "-1") => {
                Field::Known(ALL_LAYERS, place)
            }
            layers => automatic(layers),
        },
        kv_cache_dtype: stated.text(&["-ctk", "--cache-type-k"], &["LLAMA_ARG_CACHE_TYPE_K"]),
        kv_cache_dtype_v: stated.text(&["-ctv", "--cache-type-v"], &["LLAMA_ARG_CACHE_TYPE_V"]),
        flash_attention: flash_attention(&stated),
        fit: stated
            .text(&["-fit", "--fit"], &["LLAMA_ARG_FIT"])
            .and_then(|text| super::truth(&text)),
        placement: placement(&stated),
        draft_model: stated.text(
            &[
                "-md",
                "--model-draft",
                "--spec-draft-model",
                "-hfd",
                "-hfrd",
                "--hf-repo-draft",
                "--spec-draft-hf",
            ],
            &[
                "LLAMA_ARG_MODEL_DRAFT",
                "LLAMA_ARG_SPEC_DRAFT_MODEL",
                "LLAMA_ARG_HFD_REPO",
            ],
        ),
        task: match stated.flags.last(|name| EMBEDS.contains(&name)) {
            Some(flag) => Field::Known("embed".to_owned(), flag.place),
            None => Field::default(),
        },
        enable_lora: match stated.text(&["--lora", "--lora-scaled"], &[]) {
            Field::Known(_, place) => Field::Known(true, place),
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        api_key: stated.text(&["--api-key", "--api-key-file"], &["LLAMA_API_KEY"]),
        listen: stated.text(&["--host"], &["LLAMA_ARG_HOST"]),
        on_cpu: kind.is_some_and(|(_, backend)| backend.is_empty()),
        flags: stated.flags.written(),
        build,
        ..Serving::new(EngineKind::LlamaCpp)
    })
}

/// Flags that make it answer with vectors or scores.
const EMBEDS: &[&str] = &["--embedding", "--embeddings", "--rerank", "--reranking"];

/// Where the arguments of llama-cpp-python's server start: `python -m llama_cpp.server`.
fn python_server(launch: &Launch) -> Option<usize> {
    let module = |at: &usize| word(launch, *at) == Some("-m") && word(launch, at + 1) == Some("llama_cpp.server");
    (0..launch.words.len()).find(module).map(|at| at + 2)
}

/// A count; the engine's own choice (`auto`, `-1`) is none.
fn automatic(count: Field<String>) -> Field<u64> {
    match count {
        Field::Known(text, place) if matches!(text.trim(), "auto" | "-1") => Field::Absent(Some((place, None))),
        count => count.and_then(|text| plain(&text)),
    }
}

/// `-fa`, which older builds have without a value.
fn flash_attention(stated: &Stated<'_>) -> Field<String> {
    match stated.flags.last(|name| matches!(name, "-fa" | "--flash-attn")) {
        Some(flag) if flag.value.is_none() => Field::Known("on".to_owned(), flag.place),
        _ => stated.text(&["-fa", "--flash-attn"], &["LLAMA_ARG_FLASH_ATTN"]),
    }
}

/// Everything of [`PLACEMENT`] that is set.
fn placement(stated: &Stated<'_>) -> Field<String> {
    let mut found: Vec<&str> = Vec::new();
    let mut place = None;
    for (names, variable) in PLACEMENT {
        let flag = stated.flags.last(|name| names.contains(&name));
        let env = stated.env(&[*variable]);
        if flag.is_some() || !env.is_absent() {
            found.extend(names.last());
            place = place.or(flag.map(|flag| flag.place)).or(env.place());
        }
    }
    match place {
        Some(place) => Field::Known(found.join(", "), place),
        None => Field::default(),
    }
}

/// The model and its file: a local file, a repository with a kind of quantization or a file, or an address.
fn model(stated: &Stated<'_>) -> (Field<String>, Field<String>) {
    let repository = stated.text(&["-hf", "-hfr", "--hf-repo"], &["LLAMA_ARG_HF_REPO"]);
    if let Field::Known(written, place) = &repository {
        let (name, kind) = written
            .split_once(':')
            .map_or((written.as_str(), None), |(name, kind)| (name, Some(kind)));
        let file = match (stated.text(&["-hff", "--hf-file"], &["LLAMA_ARG_HF_FILE"]), kind) {
            (Field::Absent(_), Some(kind)) => Field::Known(kind.to_owned(), *place),
            (file, _) => file,
        };
        return (Field::Known(name.to_owned(), *place), file);
    }
    if !repository.is_absent() {
        return (repository.clone(), repository);
    }
    let from = |text: &str, place| {
        let file = base_name(text).split('?').next().unwrap_or_default().to_owned();
        (Field::Known(of_address(text), place), Field::Known(file, place))
    };
    let local = stated.text(&["-m", "--model"], &["LLAMA_ARG_MODEL"]);
    let remote = stated.text(&["-mu", "--model-url"], &["LLAMA_ARG_MODEL_URL"]);
    match (remote, local) {
        (Field::Known(address, place), _) => from(&address, place),
        (Field::Absent(_), Field::Known(path, place)) => from(&path, place),
        (Field::Absent(_), local) => (local.clone(), local),
        (unknown, _) => (unknown.clone(), unknown),
    }
}

/// The repository of an address of Hugging Face; anything else as written.
fn of_address(text: &str) -> String {
    let path = text.strip_prefix("https://huggingface.co/");
    let parts: Option<(&str, &str)> = path.and_then(|path| {
        let mut parts = path.split('/');
        Some((parts.next()?, parts.next()?))
    });
    parts.map_or_else(|| text.to_owned(), |(owner, name)| format!("{owner}/{name}"))
}

/// What an image of the project's own holds (`server`, `full`, `light`), and for which devices: empty for CPUs.
/// `server-cuda-b4719`, `server`, `full-rocm`.
fn kind<'a>(image: &Image<'a>) -> Option<(&'a str, &'a str)> {
    let own = image.name == "llama.cpp" && ["ggml-org", "ggerganov", "local"].contains(&base_name(image.owner));
    let mut parts = image.tag.filter(|_| own)?.split('-');
    let kind = parts.next()?;
    let is_build = |part: &str| part.starts_with('b') && part[1..].bytes().all(|byte| byte.is_ascii_digit());
    Some((kind, parts.next().filter(|part| !is_build(part)).unwrap_or_default()))
}

/// The build's number, written as `0.0.4719`; llama.cpp has no other releases. New builds come daily, so that a flag is
/// only said to be wrong where it is nearly one.
fn version(image: &Field<String>) -> (Field<Version>, Build) {
    let (version, _) = image::version(
        image,
        "llama.cpp",
        |image| kind(image).is_some(),
        |tag| {
            let build = tag.split('-').find_map(|part| part.strip_prefix('b')?.parse().ok())?;
            Some((Version::new(0, 0, build), Build::Other))
        },
    );
    match version {
        // `server-cuda` is the newest build.
        Field::Unknown(_, Some(place)) if image.known().is_some_and(|image| kind(&Image::parse(image)).is_some()) => {
            (Field::Absent(Some((place, None))), Build::Other)
        }
        version => (version, Build::Other),
    }
}

/// What a build does where the launch doesn't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// Layers on the GPU; `None` is as many as fit.
    pub gpu_layers: Option<u64>,
    /// Context of all slots, tokens; 0 is the model's own.
    pub context: u64,
    /// Whether what is not set is chosen so that it fits.
    pub fit: bool,
    /// Whether flash attention is on where the GPU and model can.
    pub flash_attention: bool,
    /// Slots; with a cache in common where it is not stated.
    pub slots: u64,
}

/// The last build that was read with the old defaults (August 2025).
const LAST_OLD: u32 = 6170;
/// The first build that surely has the new ones: `--fit` came on 2025-12-15, about build 7400.
const FIRST_NEW: u32 = 7500;

impl Defaults {
    /// The defaults of a build; `None` between those that were read. Without a version: the newest.
    pub fn of(version: Option<Version>) -> Option<Self> {
        match version.map(|version| version.patch) {
            Some(build) if build <= LAST_OLD => Some(Self {
                gpu_layers: Some(0),
                context: 4096,
                fit: false,
                flash_attention: false,
                slots: 1,
            }),
            Some(build) if build < FIRST_NEW => None,
            _ => Some(Self {
                gpu_layers: None,
                context: 0,
                fit: true,
                flash_attention: true,
                slots: 4,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch, with_env};
    use super::*;

    const IMAGE: &str = "ghcr.io/ggml-org/llama.cpp:server-cuda-b4719";

    fn known(field: &Field<String>) -> Option<&str> {
        field.known().map(String::as_str)
    }

    #[test]
    fn the_server_and_its_images_are_recognised() {
        for (line, from) in [
            (&["llama-server", "-m", "/m/x.gguf", "-ngl", "99", "-fa"][..], "ubuntu"),
            (
                &[
                    "/app/llama-server",
                    "--model",
                    "/m/x.gguf",
                    "--n-gpu-layers",
                    "99",
                    "--flash-attn",
                ],
                "x",
            ),
            (&["-m", "/m/x.gguf", "-ngl", "99", "-fa", "on"], IMAGE),
            (
                &["--server", "-m", "/m/x.gguf", "-ngl", "99", "-fa"],
                "ghcr.io/ggml-org/llama.cpp:full-cuda",
            ),
        ] {
            let serving = recognise(&launch(line), &image(from)).expect("llama.cpp");
            assert_eq!(known(&serving.model), Some("/m/x.gguf"), "{line:?}");
            assert_eq!(known(&serving.model_file), Some("x.gguf"), "{line:?}");
            assert_eq!(serving.gpu_layers.known(), Some(&99), "{line:?}");
            assert_eq!(known(&serving.flash_attention), Some("on"), "{line:?}");
        }
    }

    #[test]
    fn variables_builds_and_cpu_images_are_read() {
        let line = with_env(
            &[],
            &[("LLAMA_ARG_HF_REPO", "org/m-GGUF:Q8_0"), ("LLAMA_ARG_N_PARALLEL", "4")],
        );
        let serving = recognise(&line, &image(IMAGE)).expect("llama.cpp");
        assert_eq!(
            (known(&serving.model), known(&serving.model_file)),
            (Some("org/m-GGUF"), Some("Q8_0"))
        );
        assert_eq!(serving.max_num_seqs.known(), Some(&4));
        assert_eq!(serving.version.known(), Some(&Version::new(0, 0, 4719)));
        assert!(!serving.on_cpu);
        let cpu = recognise(&launch(&["-m", "x"]), &image("ghcr.io/ggml-org/llama.cpp:server-b4719")).expect("CPU");
        assert!(cpu.on_cpu);
        let python = launch(&[
            "python3",
            "-m",
            "llama_cpp.server",
            "--model",
            "x.gguf",
            "--n_gpu_layers",
            "-1",
        ]);
        let python = recognise(&python, &image("x")).expect("llama-cpp-python");
        assert_eq!(python.gpu_layers.known(), Some(&ALL_LAYERS));
        assert!(matches!(python.total_context, Field::Unknown(..)));
    }

    #[test]
    fn the_model_is_told_from_addresses_and_automatic_counts_are_none() {
        let address = "https://huggingface.co/org/m-GGUF/resolve/main/m-Q4_K_M.gguf?download=true";
        let line = launch(&[
            "llama-server",
            "-mu",
            address,
            "-ngl",
            "auto",
            "-np",
            "-1",
            "-ncmoe",
            "4",
        ]);
        let serving = recognise(&line, &image("x")).expect("llama.cpp");
        assert_eq!(
            (known(&serving.model), known(&serving.model_file)),
            (Some("org/m-GGUF"), Some("m-Q4_K_M.gguf"))
        );
        assert!(serving.gpu_layers.is_absent() && serving.max_num_seqs.is_absent());
        assert_eq!(known(&serving.placement), Some("--n-cpu-moe"));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for (line, from) in [
            (
                &["llama-cli", "-m", "x.gguf"][..],
                "ghcr.io/ggml-org/llama.cpp:light-cuda",
            ),
            (&["-m", "x.gguf"], "ghcr.io/ggml-org/llama.cpp:light"),
            (&["--run", "-m", "x.gguf"], "ghcr.io/ggml-org/llama.cpp:full"),
            (&["sleep", "1"], IMAGE),
            (&["-m", "x.gguf"], "me/llama.cpp:server"),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?} {from}");
        }
    }
}
