//! Engines that serve models: what a command line means, and what the engine does where it says nothing.
//!
//! One file an engine; [`recognise`] asks each in turn. Nothing here judges: a [`Serving`] holds what the launch
//! states, with its places, and [`vllm::Defaults`] what a version of the engine does where it states nothing.

use std::fmt;
use std::sync::LazyLock;

use rust_decimal::Decimal;

use crate::source::Place;
use crate::syntax::Signs;
use crate::units::{Field, Launch};

mod flags;
mod image;
mod infinity;
mod line;
pub mod llama_cpp;
mod lmdeploy;
mod nim;
pub mod ollama;
mod reading;
mod settings_file;
pub mod sglang;
mod stated;
mod tei;
mod tensorrt_llm;
mod tgi;
mod triton;
pub mod vllm;

pub use flags::{Build, FlagProblem, FlagProblemKind, flag_problems};
pub(crate) use flags::{Parser, Table};
pub use image::moving_tag;
pub(crate) use line::Flags;
pub(crate) use reading::{base_name, pinned, release_of, repository, resolved, truth, variable};
pub use reading::{installs, whole_number};
pub use settings_file::{SettingsFile, settings_file, take_settings};

/// An engine, as far as launches are told by it.
struct Engine {
    /// Reads a launch; `None` where it starts something else.
    recognise: fn(&Launch, &Field<String>) -> Option<Serving>,
    /// Words of which a file that starts it has at least one.
    names: &'static [&'static str],
}

/// Every engine, in the order in which they are asked.
const ENGINES: &[Engine] = &[
    Engine {
        recognise: vllm::recognise,
        names: &["vllm", "VLLM"],
    },
    Engine {
        recognise: sglang::recognise,
        names: &["sglang"],
    },
    Engine {
        recognise: tgi::recognise,
        names: &[
            "text-generation-launcher",
            "text-generation-inference",
            "pytorch-tgi-inference",
            "tgi-gaudi",
        ],
    },
    Engine {
        recognise: tei::recognise,
        names: &["text-embeddings-router", "text-embeddings-inference"],
    },
    Engine {
        recognise: llama_cpp::recognise,
        names: &["llama-server", "llama.cpp", "llama_cpp.server"],
    },
    Engine {
        recognise: ollama::recognise,
        names: &["ollama"],
    },
    Engine {
        recognise: tensorrt_llm::recognise,
        names: &["trtllm-serve"],
    },
    Engine {
        recognise: triton::recognise,
        names: &["tritonserver", "launch_triton_server.py"],
    },
    Engine {
        recognise: nim::recognise,
        names: &["/nim/"],
    },
    Engine {
        recognise: lmdeploy::recognise,
        names: &["lmdeploy"],
    },
    Engine {
        recognise: infinity::recognise,
        names: &["infinity_emb", "michaelf34/infinity"],
    },
];

/// All names at once.
static NAMES: LazyLock<Signs> = LazyLock::new(|| Signs::new(ENGINES.iter().flat_map(|engine| engine.names).copied()));

/// Whether a text names an engine: one that doesn't starts none. It costs one pass over the bytes.
pub fn named_in(text: &str) -> bool {
    NAMES.any_in(text)
}

/// What a launch starts, where an engine recognises it; `None` where none does.
///
/// `image` is the container image as written; it gives the entry point where the launch has only arguments, and
/// the version.
pub fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    ENGINES.iter().find_map(|engine| (engine.recognise)(launch, image))
}

/// Which engine serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// Hugging Face's text-generation-inference.
    Tgi,
    /// NVIDIA's TensorRT-LLM, also inside Triton.
    TensorRtLlm,
    /// NVIDIA's packaged servers.
    Nim,
    /// llama.cpp's server.
    LlamaCpp,
    /// Ollama.
    Ollama,
    /// LMDeploy.
    Lmdeploy,
    /// Hugging Face's text-embeddings-inference.
    Tei,
    /// Infinity, a server of embeddings.
    Infinity,
    /// NVIDIA's Triton with a backend that isn't one of the others.
    Triton,
}

impl EngineKind {
    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Vllm => "vLLM",
            EngineKind::Sglang => "SGLang",
            EngineKind::Tgi => "TGI",
            EngineKind::TensorRtLlm => "TensorRT-LLM",
            EngineKind::Nim => "NIM",
            EngineKind::LlamaCpp => "llama.cpp",
            EngineKind::Ollama => "Ollama",
            EngineKind::Lmdeploy => "LMDeploy",
            EngineKind::Tei => "TEI",
            EngineKind::Infinity => "Infinity",
            EngineKind::Triton => "Triton",
        }
    }
}

/// A release of an engine. Post-releases, development builds and local suffixes count as the release they name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number; 0 where left out.
    pub patch: u32,
}

impl Version {
    /// A version of its three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Reads `0.8.5`, `v0.8.5.post1`, `0.10.1.dev101+gbda9d0535`, `0.8 (V1)`: a leading `v`, then two or three
    /// numbers; whatever follows is left aside. `None` where the text doesn't start like that.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut numbers = [0_u32; 3];
        let mut rest = text;
        let mut found = 0;
        for number in &mut numbers {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                break;
            }
            *number = rest[..digits].parse().ok()?;
            found += 1;
            rest = &rest[digits..];
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None => break,
            }
        }
        (found >= 2).then(|| Self::new(numbers[0], numbers[1], numbers[2]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What a launch asks of an engine: each setting as stated, absent with the slot where it would stand, or unknown
/// with the reason. Defaults are not filled in.
#[derive(Debug, Clone)]
pub struct Serving {
    /// The engine.
    pub engine: EngineKind,
    /// Its version, from the image's tag or a pinned package; absent for `latest` or no tag.
    pub version: Field<Version>,
    /// The model: a repository id or a path.
    pub model: Field<String>,
    /// The name clients use.
    pub served_model_name: Field<String>,
    /// GPUs that share each layer.
    pub tensor_parallel: Field<u64>,
    /// Stages that share the layers.
    pub pipeline_parallel: Field<u64>,
    /// Copies behind one entry.
    pub data_parallel: Field<u64>,
    /// Whether experts are spread whole over the ranks.
    pub expert_parallel: Field<bool>,
    /// The precision of weights and activations.
    pub dtype: Field<String>,
    /// How weights are quantized.
    pub quantization: Field<String>,
    /// The precision of the KV cache.
    pub kv_cache_dtype: Field<String>,
    /// The longest sequence, in tokens.
    pub max_model_len: Field<u64>,
    /// Whether the longest sequence is made as long as the KV cache holds (vLLM's `auto` and -1).
    pub fits_length: bool,
    /// The most sequences in a batch.
    pub max_num_seqs: Field<u64>,
    /// The most tokens in a batch.
    pub max_num_batched_tokens: Field<u64>,
    /// The share of each GPU's memory that the engine may use, 0 to 1.
    pub gpu_memory_utilization: Field<Decimal>,
    /// KV cache size in bytes a GPU, which overrides the utilization.
    pub kv_cache_memory_bytes: Field<u64>,
    /// Tokens in a block of the KV cache.
    pub block_size: Field<u64>,
    /// GiB of weights a GPU kept in host memory.
    pub cpu_offload_gb: Field<Decimal>,
    /// GiB of host memory a GPU for swapped sequences.
    pub swap_space: Field<Decimal>,
    /// Whether CUDA graphs are off.
    pub enforce_eager: Field<bool>,
    /// Whether the KV of shared prefixes is reused.
    pub enable_prefix_caching: Field<bool>,
    /// Whether long prompts are split over batches.
    pub enable_chunked_prefill: Field<bool>,
    /// How KV is moved or offloaded, as written (JSON).
    pub kv_transfer_config: Field<String>,
    /// The draft model or method of speculative decoding, as written.
    pub speculative: Field<String>,
    /// Changes to the model's own config, as written (JSON).
    pub hf_overrides: Field<String>,
    /// Settings of the compiler and of CUDA graphs, as written.
    pub compilation_config: Field<String>,
    /// What the model is run for, as written: `generate`, `embed`, `pooling`, …
    pub task: Field<String>,
    /// Whether LoRA adapters can be served.
    pub enable_lora: Field<bool>,
    /// Adapters in one batch.
    pub max_loras: Field<u64>,
    /// The largest rank of an adapter.
    pub max_lora_rank: Field<u64>,
    /// Whether the model's own code may run.
    pub trust_remote_code: Field<bool>,
    /// The model's revision.
    pub revision: Field<String>,
    /// Whether multimodal parts are left out.
    pub language_model_only: Field<bool>,
    /// The environment's choice between the engine's generations (`VLLM_USE_V1`).
    pub use_v1: Field<bool>,
    /// The environment's choice between the model runners of V1 (`VLLM_USE_V2_MODEL_RUNNER`).
    pub use_second_runner: Field<bool>,
    /// Whether the engine is an object of a program, and no server.
    pub offline: bool,
    /// The environment's choice of attention kernels.
    pub attention_backend: Field<String>,
    /// Whether the engine runs on CPUs, as its image or device flag says.
    pub on_cpu: bool,
    /// The share of each GPU's memory for weights and KV together (SGLang's `--mem-fraction-static`).
    pub static_memory_fraction: Field<Decimal>,
    /// The share of what the weights leave free that the KV cache takes (TensorRT-LLM, LMDeploy).
    pub kv_memory_fraction: Field<Decimal>,
    /// The most tokens that the KV cache may hold (SGLang's `--max-total-tokens`, TGI's `--max-batch-total-tokens`).
    pub max_total_tokens: Field<u64>,
    /// The most prompt tokens in a batch, where decoding is not counted in.
    pub max_prefill_tokens: Field<u64>,
    /// The largest batch for which CUDA graphs are captured.
    pub cuda_graph_max_bs: Field<u64>,
    /// States that layers without KV have room for, all requests together (SGLang's `--max-mamba-cache-size`).
    pub state_slots: Field<u64>,
    /// What those states take of what is left, beside one part for the KV cache (`--mamba-full-memory-ratio`).
    pub state_ratio: Field<Decimal>,
    /// Layers on the GPU; the others run on the CPU (llama.cpp's `-ngl`).
    pub gpu_layers: Field<u64>,
    /// The context that all slots share, tokens (llama.cpp's `-c`).
    pub total_context: Field<u64>,
    /// Tokens of one pass through the model (llama.cpp's `-ub`).
    pub micro_batch: Field<u64>,
    /// The precision of values in the KV cache, where keys have one of their own.
    pub kv_cache_dtype_v: Field<String>,
    /// Whether attention never holds the whole score matrix.
    pub flash_attention: Field<String>,
    /// Whether settings that are not stated are chosen so that the model fits (llama.cpp's `--fit`).
    pub fit: Field<bool>,
    /// Flags that keep parts elsewhere than on the GPU of their layer, or put more onto it, as written.
    pub placement: Field<String>,
    /// The weights' file where a repository has several (GGUF).
    pub model_file: Field<String>,
    /// The draft model of speculative decoding, where it is named on its own.
    pub draft_model: Field<String>,
    /// The key that clients must show.
    pub api_key: Field<String>,
    /// The address that it listens on.
    pub listen: Field<String>,
    /// Every flag on the line as written, `_` as `-`, with its place.
    pub flags: Vec<(String, Place)>,
    /// Who made the program, as far as it decides which flags it knows.
    pub build: Build,
}

impl Serving {
    /// A launch of `engine` that states nothing.
    pub(crate) fn new(engine: EngineKind) -> Self {
        Self {
            engine,
            version: Field::default(),
            model: Field::default(),
            served_model_name: Field::default(),
            tensor_parallel: Field::default(),
            pipeline_parallel: Field::default(),
            data_parallel: Field::default(),
            expert_parallel: Field::default(),
            dtype: Field::default(),
            quantization: Field::default(),
            kv_cache_dtype: Field::default(),
            max_model_len: Field::default(),
            fits_length: false,
            max_num_seqs: Field::default(),
            max_num_batched_tokens: Field::default(),
            gpu_memory_utilization: Field::default(),
            kv_cache_memory_bytes: Field::default(),
            block_size: Field::default(),
            cpu_offload_gb: Field::default(),
            swap_space: Field::default(),
            enforce_eager: Field::default(),
            enable_prefix_caching: Field::default(),
            enable_chunked_prefill: Field::default(),
            kv_transfer_config: Field::default(),
            speculative: Field::default(),
            hf_overrides: Field::default(),
            compilation_config: Field::default(),
            task: Field::default(),
            enable_lora: Field::default(),
            max_loras: Field::default(),
            max_lora_rank: Field::default(),
            trust_remote_code: Field::default(),
            revision: Field::default(),
            language_model_only: Field::default(),
            use_v1: Field::default(),
            use_second_runner: Field::default(),
            offline: false,
            attention_backend: Field::default(),
            static_memory_fraction: Field::default(),
            kv_memory_fraction: Field::default(),
            max_total_tokens: Field::default(),
            max_prefill_tokens: Field::default(),
            cuda_graph_max_bs: Field::default(),
            state_slots: Field::default(),
            state_ratio: Field::default(),
            gpu_layers: Field::default(),
            total_context: Field::default(),
            micro_batch: Field::default(),
            kv_cache_dtype_v: Field::default(),
            flash_attention: Field::default(),
            fit: Field::default(),
            placement: Field::default(),
            model_file: Field::default(),
            draft_model: Field::default(),
            api_key: Field::default(),
            listen: Field::default(),
            flags: Vec::new(),
            build: Build::Other,
            on_cpu: false,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::flags::tests::MADE_UP;
    use super::*;
    use crate::source::{SourceId, Span};
    use crate::syntax::args::Word;
    use crate::units::EnvValue;

    /// A launch of words; word `n` stands at bytes `n..n+1`.
    pub(crate) fn launch(line: &[&str]) -> Launch {
        let place = |at: usize| Place {
            source: SourceId(0),
            span: Span::new(at, at + 1),
        };
        Launch {
            words: line
                .iter()
                .enumerate()
                .map(|(at, text)| Word {
                    value: Ok((*text).to_owned()),
                    place: place(at),
                })
                .collect(),
            env: Vec::new(),
            installed: Vec::new(),
            slot: Field::Absent(Some((place(90), None))),
            offline: false,
        }
    }

    /// An image's name as a manifest states it.
    pub(crate) fn image(text: &str) -> Field<String> {
        let place = Place {
            source: SourceId(0),
            span: Span::new(70, 80),
        };
        Field::Known(text.to_owned(), place)
    }

    /// A launch of words that sees these variables.
    pub(crate) fn with_env(line: &[&str], env: &[(&str, &str)]) -> Launch {
        let span = Span::new(60, 61);
        let place = Place {
            source: SourceId(0),
            span,
        };
        let known = |(name, value): &(&str, &str)| {
            let text = crate::source::Text::opaque(value, span);
            ((*name).to_owned(), EnvValue::Known(text, place))
        };
        Launch {
            env: env.iter().map(known).collect(),
            ..launch(line)
        }
    }

    #[test]
    fn versions_are_read_from_every_spelling() {
        let read = |text| Version::parse(text);
        assert_eq!(read("v0.8.5.post1"), Some(Version::new(0, 8, 5)));
        assert_eq!(read("0.10.1.dev101+gbda9d0535"), Some(Version::new(0, 10, 1)));
        assert_eq!(read("0.8 (V1)"), Some(Version::new(0, 8, 0)));
        assert_eq!(read("0.6.4+"), Some(Version::new(0, 6, 4)));
        for not in ["latest", "", "v", "7", "99999999999.1", "sha256:0.8"] {
            assert_eq!(read(not), None, "{not}");
        }
    }

    #[test]
    fn whole_numbers_follow_the_engines_suffixes() {
        // vllm/utils/argparse_utils.py, human_readable_int
        assert_eq!(whole_number("32k"), Ok(32_000));
        assert_eq!(whole_number("32K"), Ok(32_768));
        assert_eq!(whole_number("25.6k"), Ok(25_600));
        assert_eq!(whole_number("1M"), Ok(1_048_576));
        assert_eq!(whole_number("8192"), Ok(8192));
        for not in [
            "",
            "k",
            "-1",
            "9e99",
            "25.6K",
            "99999999999999999999",
            "9999999999999999T",
            "é",
        ] {
            assert!(whole_number(not).is_err(), "{not}");
        }
    }

    #[test]
    fn the_last_flag_wins_and_switches_keep_no_value() {
        let line = launch(&[
            "--max_model_len",
            "1k",
            "--max-model-len=2k",
            "--enforce-eager",
            "model",
            "-tp",
            "4",
            "--enable-x",
            "--no-enable-x",
            "--seed",
            "-1",
        ]);
        let flags = Flags::read(&line.words, &line.slot, 1, &MADE_UP, None);
        assert_eq!(flags.whole(&["--max-model-len"]).known(), Some(&2000));
        assert_eq!(flags.whole(&["--tensor-parallel-size"]).known(), Some(&4));
        assert_eq!(flags.switch("--enforce-eager").known(), Some(&true));
        assert_eq!(flags.switch("--enable-x").known(), Some(&false));
        assert_eq!(flags.positional.len(), 1);
        assert_eq!(flags.text(&["--seed"]).known().map(String::as_str), Some("-1"));
    }

    #[test]
    fn a_line_with_a_hidden_part_makes_absent_flags_unknown() {
        let line = launch(&["--dtype", "$DTYPE", "$EXTRA"]);
        let flags = Flags::read(&line.words, &line.slot, 0, &MADE_UP, None);
        assert!(matches!(flags.text(&["--dtype"]), Field::Unknown(..)));
        assert!(matches!(flags.whole(&["--max-model-len"]), Field::Unknown(..)));
        let line = launch(&["--dtype", "$DTYPE"]);
        let flags = Flags::read(&line.words, &line.slot, 0, &MADE_UP, None);
        assert!(flags.whole(&["--max-model-len"]).is_absent());
    }
}
