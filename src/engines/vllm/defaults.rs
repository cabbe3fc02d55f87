//! What vLLM does where a launch says nothing, by release.
//!
//! Read in the source distributions of releases 0.2.7 to 0.33.0: `vllm/engine/arg_utils.py`, `vllm/config.py` (later
//! `vllm/config/*.py`), `vllm/envs.py`, `vllm/v1/worker/gpu_worker.py`, `vllm/v1/sample/ops/topk_topp_sampler.py`,
//! `vllm/v1/core/kv_cache_utils.py`. Releases between two that were read take the older one's behaviour, so a
//! boundary may lie a release or two too late; each constant names the first release in which it was seen.

use crate::engines::Version;

/// The newest release known here; `latest` and untagged images are judged as it.
pub const NEWEST: Version = Version::new(0, 33, 0);

/// V1 is the default engine (`VLLM_USE_V1` is true by default).
const V1_DEFAULT: Version = Version::new(0, 8, 0);
/// V0 is gone.
const V1_ONLY: Version = Version::new(0, 11, 0);
/// max_num_seqs and the batch depend on the GPU's memory (1,024 sequences from 70 GiB up, 256 below; before, 1,024
/// everywhere in V1).
const SIZES_BY_GPU: Version = Version::new(0, 8, 5);
/// Before sizes follow the GPU's memory, they follow its name: only H100 and H200 take the larger ones.
const SIZES_BY_NAME: Version = Version::new(0, 8, 4);
/// The A100 takes the smaller sizes.
const A100_SMALL: Version = Version::new(0, 9, 0);
/// GPUs from 160 GiB up take 16,384 batched tokens.
const SIZES_160: Version = Version::new(0, 29, 0);
/// The V1 profiler measures against a snapshot of its own, so the CUDA context and other processes are not counted.
const OWN_SNAPSHOT: Version = Version::new(0, 9, 2);
/// Layers with and without a sliding window get caches of their own size.
const HYBRID_KV: Version = Version::new(0, 9, 2);
/// Top-k and top-p run in a Triton kernel, which needs no sorted copy of the logits.
const TRITON_SAMPLER: Version = Version::new(0, 17, 0);
/// FlashInfer's sampler is opt-in (from 0.8 it was used where installed).
const FLASHINFER_OPT_IN: Version = Version::new(0, 11, 1);
/// FlashInfer's sampler is used by default.
const FLASHINFER_DEFAULT: Version = Version::new(0, 21, 0);
/// A second model runner serves these classes by default, and its profiling run leaves top-k and top-p out
/// (`DEFAULT_V2_MODEL_RUNNER_ARCHITECTURES`); not seen in 0.20.
const SECOND_RUNNER: (Version, [&str; 6]) = (
    Version::new(0, 24, 0),
    [
        "Qwen3ForCausalLM",
        "DeepseekV2ForCausalLM",
        "Qwen2MoeForCausalLM",
        "GraniteMoeForCausalLM",
        "LlamaForCausalLM",
        "MistralForCausalLM",
    ],
);
/// It serves all dense models whose every layer attends, and mixtures of these classes
/// (`_is_default_v2_model_runner_model`, read in 0.25.1, 0.27.1 and 0.28).
const SECOND_RUNNER_DENSE: (Version, [&str; 3]) = (
    Version::new(0, 25, 0),
    ["DeepseekV2ForCausalLM", "GraniteMoeForCausalLM", "Qwen2MoeForCausalLM"],
);
/// It serves every class (`use_v2_model_runner`).
const SECOND_RUNNER_ALL: Version = Version::new(0, 29, 0);
/// It profiles encoders too (read in 0.27.1; not yet in 0.25.1).
const SECOND_RUNNER_ENCODES: Version = Version::new(0, 27, 0);
/// It profiles with top-k and top-p.
const FILTERED: Version = Version::new(0, 33, 0);
/// Utilization 0.92, and CUDA graphs are measured and set aside before the KV cache is sized.
const GRAPHS_COUNTED: Version = Version::new(0, 20, 0);
/// The log's KV size is concurrency × length (before, and still in 0.20.0: blocks ÷ groups × block size).
const TOKENS_BY_CONCURRENCY: Version = Version::new(0, 20, 2);
/// Two batches are in flight, and sliding-window layers hold both (13.25 sequences of Gemma 4 31B in a log of 0.26.0;
/// not yet in 0.24).
const TWO_BATCHES: Version = Version::new(0, 26, 0);
/// The second model runner measures its CUDA graphs, too (before: sets nothing aside for them, read in 0.24 to 0.28).
const UNFILTERED_GRAPHS: Version = Version::new(0, 29, 0);
/// The profiler counts all that is gone from the GPU's free memory, so that what compiling leaves there counts (read in
/// 0.27.1; 0.26 counts what PyTorch holds, and the rest apart).
const FREE_MEMORY_COUNTED: Version = Version::new(0, 27, 0);
/// A model with states is refused where fewer blocks than sequences are left and whole decode steps are captured.
const STATES_CHECKED: Version = Version::new(0, 20, 2);
/// A batch that isn't stated holds at most every sequence whole (seen in 0.20.2 by a run's weights, read in 0.25.1).
const BATCH_OF_SEQUENCES: Version = Version::new(0, 10, 0);
/// V0 splits prompts by default where the length is beyond 32,768.
const V0_LONG_CHUNKED: Version = Version::new(0, 5, 0);
/// The profiler measures PyTorch's own peak (before: all that PyTorch had reserved, fragments included).
const PEAK_MEASURED: Version = Version::new(0, 6, 4);
/// V0's chunked batch is 2,048 tokens (before: 512).
const V0_CHUNK_2048: Version = Version::new(0, 6, 4);

/// How the next token is drawn, which decides what the profiling run's logits cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampler {
    /// PyTorch: sorts the logits of every sequence.
    Sort,
    /// A Triton kernel, in place.
    Triton,
    /// FlashInfer's kernels.
    FlashInfer,
    /// FlashInfer where it is installed, else sorting.
    SortOrFlashInfer,
}

/// What a batch is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BatchOf {
    /// A multimodal model.
    pub multimodal: bool,
    /// The class `LLM`, and not the server.
    pub offline: bool,
}

/// What one release does by default, on one kind of GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// The release.
    pub version: Version,
    /// Whether the V1 engine runs.
    pub v1: bool,
    /// gpu_memory_utilization.
    pub gpu_memory_utilization: f64,
    /// Tokens in a block of the KV cache.
    pub block_size: u64,
    /// max_num_seqs of the API server.
    pub max_num_seqs: u64,
    /// How tokens are drawn.
    pub sampler: Sampler,
    /// Whether the profiler counts all that is used on the GPU: the CUDA context, and other processes.
    pub counts_whole_gpu: bool,
    /// Whether the profiler counts all that PyTorch has reserved, fragments included.
    pub counts_reserved: bool,
    /// Whether CUDA graphs are set aside before the KV cache is sized.
    pub graphs_counted: bool,
    /// Whether the profiler counts what compiling the model leaves on the GPU.
    pub compiling_counted: bool,
    /// Whether a start is refused where a model with states has fewer blocks of the KV cache than sequences.
    pub states_checked: bool,
    /// Whether sliding-window layers hold only their window.
    pub hybrid_kv: bool,
    /// Whether the log's KV size is concurrency × length.
    pub tokens_by_concurrency: bool,
    /// Batches in flight, which sliding-window layers hold.
    pub batches_in_flight: u64,
    /// max_num_batched_tokens of the API server in V1; V0's depends on the length, see [`Self::batched_tokens`].
    batch: u64,
    /// The same of the class `LLM` (`UsageContext.LLM_CLASS`).
    offline_batch: u64,
}

impl Defaults {
    /// The defaults of `version` on a GPU of `gpu_gib` GiB; `use_v1` is what the environment says.
    ///
    /// `gpu_name` serves the exceptions that the engine itself makes by name: A100s, and in 0.8.4 all but H100 and H200.
    pub fn of(version: Version, use_v1: Option<bool>, gpu_gib: f64, gpu_name: &str) -> Self {
        let from = |first: Version| version >= first;
        let v1 = from(V1_ONLY) || use_v1.unwrap_or(from(V1_DEFAULT));
        let name = gpu_name.to_ascii_lowercase();
        let large = if from(SIZES_BY_GPU) || !from(SIZES_BY_NAME) {
            // NVML doesn't tell the GB10's memory, which is the CPU's, and what isn't told counts as none (a log of 0.13 has
            // 2,048 batched tokens and graphs of 256 sequences; one of 0.27.1 started with fewer blocks than 1,024).
            let small = from(A100_SMALL) && name.contains("a100") || name.contains("gb10");
            gpu_gib >= 70.0 && !small
        } else {
            name.contains("h100") || name.contains("h200")
        };
        let max_num_seqs = match v1 {
            true if large || !from(SIZES_BY_NAME) => 1024,
            _ => 256,
        };
        let batch = if from(SIZES_160) && gpu_gib >= 160.0 {
            16_384
        } else if large {
            8192
        } else {
            2048
        };
        let sampler = if !v1 {
            Sampler::Sort
        } else if from(FLASHINFER_DEFAULT) {
            Sampler::FlashInfer
        } else if from(TRITON_SAMPLER) {
            Sampler::Triton
        } else if from(FLASHINFER_OPT_IN) || !from(V1_DEFAULT) {
            Sampler::Sort
        } else {
            Sampler::SortOrFlashInfer
        };
        Self {
            version,
            v1,
            gpu_memory_utilization: if from(GRAPHS_COUNTED) { 0.92 } else { 0.9 },
            block_size: 16,
            max_num_seqs,
            sampler,
            counts_whole_gpu: v1 && !from(OWN_SNAPSHOT),
            counts_reserved: !from(PEAK_MEASURED),
            graphs_counted: from(GRAPHS_COUNTED),
            compiling_counted: from(FREE_MEMORY_COUNTED),
            states_checked: from(STATES_CHECKED),
            hybrid_kv: v1 && from(HYBRID_KV),
            tokens_by_concurrency: from(TOKENS_BY_CONCURRENCY),
            batches_in_flight: if from(TWO_BATCHES) { 2 } else { 1 },
            batch,
            offline_batch: if large { 16_384 } else { 8192 },
        }
    }

    /// Whether the second model runner serves a model of that class; `plain` is one that makes text, has no experts, and
    /// whose every layer attends.
    pub fn second_runner(&self, architecture: &str, plain: bool) -> bool {
        let listed = |(first, classes): (Version, &[&str])| self.version >= first && classes.contains(&architecture);
        let dense = self.version >= SECOND_RUNNER_DENSE.0;
        self.version >= SECOND_RUNNER_ALL
            || dense && plain
            || listed((SECOND_RUNNER_DENSE.0, &SECOND_RUNNER_DENSE.1))
            || !dense && listed((SECOND_RUNNER.0, &SECOND_RUNNER.1))
    }

    /// Whether the second model runner's profiling run leaves top-k and top-p out, so that the sampler takes little.
    pub fn second_runner_unfiltered(&self) -> bool {
        self.version < FILTERED
    }

    /// Whether the second model runner's profiling run has the encoder of a multimodal model run.
    pub fn second_runner_encodes(&self) -> bool {
        self.version >= SECOND_RUNNER_ENCODES
    }

    /// Whether CUDA graphs are set aside before the KV cache is sized, under the first or the second model runner.
    pub fn counts_graphs(&self, second_runner: bool) -> bool {
        self.graphs_counted && !(second_runner && self.version < UNFILTERED_GRAPHS)
    }

    /// max_num_batched_tokens for a length and most sequences, of the server or the class `LLM`: V1's budget, at most all
    /// sequences whole; V0 takes the whole length, unless prompts are split, and a token of each sequence.
    pub fn batch_of(&self, max_model_len: u64, max_num_seqs: u64, chunked: Option<bool>, of: BatchOf) -> u64 {
        let batch = self.batched_tokens(max_model_len, chunked, of);
        match self.v1 {
            true if self.version >= BATCH_OF_SEQUENCES => batch.min(max_num_seqs.saturating_mul(max_model_len)),
            true => batch,
            false => batch.max(max_num_seqs),
        }
    }

    fn batched_tokens(&self, max_model_len: u64, chunked: Option<bool>, of: BatchOf) -> u64 {
        if self.v1 {
            let batch = if of.offline { self.offline_batch } else { self.batch };
            return match chunked {
                Some(false) => batch.max(max_model_len),
                _ => batch,
            };
        }
        let by_length = max_model_len > 32_768 && self.version >= V0_LONG_CHUNKED && !of.multimodal;
        if chunked.unwrap_or(by_length) {
            if self.version >= V0_CHUNK_2048 { 2048 } else { 512 }
        } else {
            max_model_len.max(2048)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFLINE: BatchOf = BatchOf {
        multimodal: false,
        offline: true,
    };
    const MULTIMODAL: BatchOf = BatchOf {
        multimodal: true,
        offline: false,
    };

    #[test]
    fn sizes_follow_release_and_gpu() {
        // arg_utils.py of 0.8.3 (1,024 everywhere), 0.8.4 (by name), 0.8.5 (by memory), 0.9.2 (not for the A100), 0.33.0 (160 GiB)
        let of = |minor, patch, gib, name| Defaults::of(Version::new(0, minor, patch), None, gib, name);
        assert_eq!(of(8, 3, 44.0, "L40S").max_num_seqs, 1024);
        assert_eq!(of(8, 4, 79.2, "A100-80GB").max_num_seqs, 256);
        assert_eq!(
            of(8, 4, 79.2, "A100-80GB").batched_tokens(8192, None, BatchOf::default()),
            2048
        );
        assert_eq!(of(8, 4, 79.2, "H100-80GB").max_num_seqs, 1024);
        assert_eq!(of(8, 5, 44.0, "L40S").max_num_seqs, 256);
        assert_eq!(of(8, 5, 79.2, "A100-80GB").max_num_seqs, 1024);
        assert_eq!(of(9, 2, 79.2, "A100-80GB").max_num_seqs, 256);
        // A log of 0.13 on a GB10: 2,048 batched tokens, graphs of 256 sequences
        assert_eq!(of(13, 0, 119.7, "GB10").max_num_seqs, 256);
        assert_eq!(
            of(13, 0, 119.7, "GB10").batched_tokens(32_768, None, BatchOf::default()),
            2048
        );
        assert_eq!(
            of(11, 0, 79.2, "H100").batched_tokens(131_072, None, BatchOf::default()),
            8192
        );
        assert_eq!(
            of(33, 0, 178.0, "B200").batched_tokens(131_072, None, BatchOf::default()),
            16_384
        );
        assert_eq!(
            of(33, 0, 44.0, "L40S").batched_tokens(131_072, None, BatchOf::default()),
            2048
        );
        // The class LLM, which published logs of 0.8.4 and 0.15.1 have with 8,192
        assert_eq!(of(8, 4, 23.6, "RTX 3090").batched_tokens(4096, None, OFFLINE), 8192);
        assert_eq!(of(15, 1, 39.4, "A100-40GB").batched_tokens(4096, None, OFFLINE), 8192);
        assert_eq!(of(33, 0, 79.2, "H100").batched_tokens(4096, None, OFFLINE), 16_384);
        // One sequence of 2,048 tokens: arg_utils.py of 0.25.1, "does not exceed model limit"
        assert_eq!(of(25, 1, 15.5, "RTX 5070 Ti").batch_of(2048, 1, None, OFFLINE), 2048);
    }

    #[test]
    fn a_second_runner_serves_more_classes_by_release() {
        // config/vllm.py and v1/worker/gpu/model_runner.py of 0.20.2, 0.24.0, 0.25.1, 0.27.1, 0.28.0, 0.29.0 and 0.33.0
        let at = |minor| Defaults::of(Version::new(0, minor, 1), None, 79.2, "H100");
        assert!(!at(20).second_runner("Qwen3ForCausalLM", true));
        assert!(at(24).second_runner("Qwen3ForCausalLM", true));
        assert!(!at(24).second_runner("Qwen2ForCausalLM", true));
        assert!(at(25).second_runner("Qwen2ForCausalLM", true));
        assert!(at(28).second_runner("Qwen2MoeForCausalLM", false));
        assert!(!at(28).second_runner("Qwen3MoeForCausalLM", false));
        assert!(at(29).second_runner("Qwen3MoeForCausalLM", false));
        assert!(at(32).second_runner_unfiltered());
        assert!(!at(33).second_runner_unfiltered());
        assert!(!at(25).second_runner_encodes());
        assert!(at(27).second_runner_encodes());
        // It measures its graphs from 0.29 on (`profile_cudagraph_memory` returns 0 before).
        assert!(!at(28).counts_graphs(true));
        assert!(at(29).counts_graphs(true));
        assert!(at(28).counts_graphs(false));
    }

    #[test]
    fn v0_profiles_with_the_whole_length() {
        // config.py and arg_utils.py of 0.6.6
        let v0 = Defaults::of(Version::new(0, 6, 6), None, 79.2, "H100");
        assert!(!v0.v1);
        assert_eq!(v0.max_num_seqs, 256);
        assert_eq!(v0.batched_tokens(8192, None, BatchOf::default()), 8192);
        assert_eq!(v0.batched_tokens(1024, None, BatchOf::default()), 2048);
        assert_eq!(v0.batched_tokens(131_072, None, BatchOf::default()), 2048);
        assert_eq!(v0.batched_tokens(131_072, None, MULTIMODAL), 131_072);
        assert!(!Defaults::of(Version::new(0, 10, 0), Some(false), 79.2, "H100").v1);
        assert!(Defaults::of(Version::new(0, 11, 0), Some(false), 79.2, "H100").v1);
    }
}
