//! The KV cache: bytes a token, what one sequence needs, what a pool holds.

use super::{Inputs, Settings};
use crate::catalog::OpenModel;

/// The KV cache of the fullest pipeline stage on one rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layout {
    /// Bytes of one token in one layer.
    layer: f64,
    /// Layers that keep every token.
    full: u64,
    /// Layers that keep a window.
    windowed: u64,
    /// The window, tokens.
    window: u64,
    /// Whether memory that is not counted here grows with sequences (state-space layers).
    pub(super) approximate: bool,
}

/// Works out the layout.
///
/// # Errors
/// Why the cache's precision can't be told.
pub(super) fn layout(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> Result<Layout, String> {
    let element = match inputs.kv_cache_dtype.as_deref().unwrap_or("auto") {
        "auto" => settings.element,
        "bfloat16" | "float16" | "half" => 2.0,
        "nvfp4" => 0.5625,
        name if name.starts_with("fp8") => 1.0,
        other => return Err(format!("a KV cache in `{other}` is not known here")),
    };
    let numbers = match model.mla {
        // The latent is whole on every rank.
        Some(mla) => f64::from(mla.kv_lora_rank) + f64::from(mla.qk_rope_head_dim),
        None => {
            let heads = u64::from(model.kv_heads.max(1));
            // More ranks than heads: each holds one, so heads are repeated.
            let local = (heads / settings.tensor_parallel).max(1);
            2.0 * local as f64 * f64::from(model.head_dim)
        }
    };
    let of_stage = |layers: u64| layers.div_ceil(settings.pipeline_parallel);
    let attention = u64::from(model.layers.saturating_sub(model.linear_layers));
    let window = model.sliding_window.filter(|_| settings.defaults.hybrid_kv);
    let windowed = window.map_or(0, |window| u64::from(window.layers).min(attention));
    Ok(Layout {
        layer: numbers * element,
        full: of_stage(attention - windowed),
        windowed: of_stage(windowed),
        window: window.map_or(0, |window| window.size),
        approximate: model.linear_layers > 0,
    })
}

impl Layout {
    /// Bytes that one sequence of the longest length needs.
    pub(super) fn sequence_bytes(&self, settings: &Settings) -> f64 {
        let block = settings.block_size;
        let length = settings.max_model_len;
        let whole = length.div_ceil(block) as f64;
        // vllm/v1/kv_cache_interface.py: the window and the batches in flight, in blocks, and one for a window that
        // starts inside a block.
        let flight = settings
            .batched_tokens
            .saturating_mul(settings.defaults.batches_in_flight);
        let held = self.window.saturating_sub(1).saturating_add(flight).min(length);
        let held = (held.div_ceil(block) + 1) as f64;
        let blocks = self.full as f64 * whole + self.windowed as f64 * held;
        blocks * block as f64 * self.layer
    }

    /// Bytes a token, so that tokens × this is the pool, in the engine's own count of tokens.
    pub(super) fn bytes_per_token(&self, settings: &Settings) -> u64 {
        if self.windowed == 0 {
            (self.layer * self.full as f64) as u64
        } else if settings.defaults.tokens_by_concurrency {
            (self.sequence_bytes(settings) / settings.max_model_len as f64) as u64
        } else {
            let (size, groups) = self.groups();
            (self.layer * (size * groups) as f64) as u64
        }
    }

    /// Tokens that a pool of `bytes` holds, as the engine's log counts them.
    pub(super) fn tokens(&self, bytes: f64, settings: &Settings) -> u64 {
        let block = settings.block_size as f64;
        if self.windowed > 0 && settings.defaults.tokens_by_concurrency {
            return (self.concurrency(bytes, settings) * settings.max_model_len as f64) as u64;
        }
        let (size, groups) = self.groups();
        let page = self.layer * size as f64 * block;
        if page <= 0.0 || bytes <= 0.0 {
            return 0;
        }
        ((bytes / page).floor() / groups as f64).floor() as u64 * settings.block_size
    }

    /// Sequences of the longest length that a pool of `bytes` holds.
    pub(super) fn concurrency(&self, bytes: f64, settings: &Settings) -> f64 {
        let needed = self.sequence_bytes(settings);
        if needed <= 0.0 || bytes <= 0.0 {
            0.0
        } else {
            bytes / needed
        }
    }

    /// Layers in a group, and groups: layers of a kind share blocks in groups of one size
    /// (`vllm/v1/core/kv_cache_utils.py`).
    fn groups(&self) -> (u64, u64) {
        let (few, many) = (self.full.min(self.windowed), self.full.max(self.windowed));
        if few == 0 {
            return (many.max(1), 1);
        }
        let size = if (many as f64) < few as f64 * 1.25 { many } else { few };
        (size, self.full.div_ceil(size) + self.windowed.div_ceil(size))
    }

    /// What enters its arithmetic.
    pub(super) fn inputs(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("bytes a token and layer", self.layer),
            ("layers with every token", self.full as f64),
            ("layers with a window", self.windowed as f64),
            ("window, tokens", self.window as f64),
        ]
    }
}
