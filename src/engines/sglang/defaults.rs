//! What SGLang does where a launch says nothing, by release.
//!
//! Read in the wheels of releases 0.3.0, 0.4.0, 0.4.3, 0.4.6, 0.4.9, 0.5.3, 0.5.9, 0.5.15, 0.5.23:
//! `srt/server_args.py`, later `srt/arg_groups/memory_hook.py`. A boundary lies at the first release in which the new
//! behaviour was seen.

use crate::engines::Version;

/// The newest release known here; `latest` and untagged images are judged as it.
pub const NEWEST: Version = Version::new(0, 5, 23);

/// Chunks follow the GPU's memory (before: 8,192 everywhere).
const CHUNK_BY_GPU: Version = Version::new(0, 4, 0);
/// The static share follows from what is set aside, in four classes of GPUs.
const SHARE_BY_CLASS: Version = Version::new(0, 4, 9);
/// The static share follows from chunk and graph sizes.
const SHARE_BY_SIZES: Version = Version::new(0, 5, 3);
/// Graphs of prompts enter it, and more besides.
const SHARE_BY_GRAPHS: Version = Version::new(0, 5, 10);

/// GPUs of 24 and 32 GiB capture graphs up to 24 sequences (before: 16).
const GRAPHS_24: Version = Version::new(0, 5, 5);
/// They take chunks of 4,096 tokens and graphs up to 48.
const MORE_ON_24: Version = Version::new(0, 5, 20);

/// What one release does by default, on one kind of GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// The release.
    pub version: Version,
    /// chunked_prefill_size, tokens.
    pub chunked_prefill_size: u64,
    /// The largest batch for which CUDA graphs are captured.
    pub cuda_graph_max_bs: u64,
    /// mem_fraction_static, as far as it can be told: the least and the most.
    pub static_fraction: (f64, f64),
}

impl Defaults {
    /// The defaults of `version` on GPUs of `gpu_gib` GiB, `ranks` of them (tensor × pipeline).
    ///
    /// `chunk` and `graphs` are what the launch states of the two sizes, for the share follows from them.
    pub fn of(version: Version, gpu_gib: f64, ranks: u64, chunk: Option<u64>, graphs: Option<u64>) -> Self {
        let from = |first: Version| version >= first;
        let sizes = if from(SHARE_BY_SIZES) {
            match gpu_gib {
                gib if gib < 20.0 => (2048, 8),
                gib if gib < 35.0 => match (ranks < 4, from(MORE_ON_24)) {
                    (true, true) => (4096, 48),
                    (false, true) => (4096, 160),
                    (true, false) => (2048, if from(GRAPHS_24) { 24 } else { 16 }),
                    (false, false) => (2048, 80),
                },
                gib if gib < 60.0 => (4096, if ranks < 4 { 32 } else { 160 }),
                gib if gib < 160.0 => (8192, if ranks < 4 { 256 } else { 512 }),
                _ => (16_384, 512),
            }
        } else if from(CHUNK_BY_GPU) && gpu_gib < if from(SHARE_BY_CLASS) { 35.0 } else { 25_000.0 / 1024.0 } {
            (2048, if ranks < 4 { 8 } else { 80 })
        } else {
            (8192, 160)
        };
        let (chunk, graphs) = (chunk.unwrap_or(sizes.0), graphs.unwrap_or(sizes.1));
        let by_ranks = match ranks {
            16.. => 0.79,
            8.. if from(CHUNK_BY_GPU) => 0.81,
            8.. => 0.83,
            4.. => 0.85,
            2.. => 0.87,
            _ => 0.88,
        };
        let ranks = ranks as f64;
        let share = |reserved: f64| ((gpu_gib - reserved) / gpu_gib).clamp(0.0, 1.0);
        let static_fraction = if from(SHARE_BY_SIZES) {
            let reserved = (512.0 + chunk.max(2048) as f64 * 1.5 + graphs as f64 * 2.0) / 1024.0 + ranks / 8.0;
            let least = if gpu_gib > 60.0 { 10.0 } else { 0.0 };
            let exact = share(reserved.max(least));
            // Graphs of prompts and multimodal inputs take more, or less where the pool is sized after capture.
            if from(SHARE_BY_GRAPHS) {
                (share((reserved + 2.0).max(least)), share(1.5 + ranks / 8.0))
            } else {
                (exact, exact)
            }
        } else if from(SHARE_BY_CLASS) {
            let exact = share(match gpu_gib {
                gib if gib < 35.0 => 2.8 + ranks / 10.0,
                gib if gib < 90.0 => 9.5 + ranks / 2.0,
                gib if gib < 160.0 => 12.0 + ranks / 2.0,
                _ => 32.0,
            });
            (exact, exact)
        } else if gpu_gib > 80.0 {
            (by_ranks, 0.95)
        } else {
            (by_ranks, by_ranks)
        };
        Self {
            version,
            chunked_prefill_size: chunk,
            cuda_graph_max_bs: graphs,
            static_fraction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_shares_follow_release_and_gpu() {
        // server_args.py of 0.4.3 (by ranks), 0.4.9 (by class), 0.5.3 (by sizes)
        let of = |minor, patch, gib, ranks| Defaults::of(Version::new(0, minor, patch), gib, ranks, None, None);
        assert_eq!(of(4, 3, 79.2, 8).static_fraction, (0.81, 0.81));
        assert_eq!(of(3, 0, 79.2, 8).static_fraction, (0.83, 0.83));
        assert_eq!(of(4, 3, 22.0, 1).chunked_prefill_size, 2048);
        let (low, high) = of(4, 9, 80.0, 1).static_fraction;
        assert!((low - 0.875).abs() < 1e-9 && low == high);
        let (low, high) = of(5, 3, 80.0, 1).static_fraction;
        // 512 + 8192 × 1.5 + 256 × 2 = 13,312 MiB, and 128 for the rank
        assert!((low - (80.0 - 13.125) / 80.0).abs() < 1e-9 && low == high);
    }
}
