//! Layers that keep a state in place of every token: their sizes, and what a sequence keeps.

use serde_json::Value;

use super::super::ConfigError;
use super::super::keys::Keys;
use super::modules::Counting;
use super::{Mixer, STATE_SIZE, narrow};
use crate::catalog::State;

impl Counting<'_> {
    /// What a layer without attention keeps for a sequence.
    pub(super) fn state(&self, mixers: &[Mixer]) -> Result<Option<State>, ConfigError> {
        let keeps = |mixer: &&Mixer| {
            matches!(
                mixer,
                Mixer::DeltaNet
                    | Mixer::Mamba
                    | Mixer::Mamba2
                    | Mixer::Convolution
                    | Mixer::DeltaAttention
                    | Mixer::Parallel
            )
        };
        let Some(first) = mixers.iter().find(keeps) else {
            return Ok(None);
        };
        let layers = narrow(mixers.iter().filter(keeps).count() as u64);
        let (conv, recurrent) = match first {
            Mixer::DeltaNet => {
                let net = DeltaNet::of(self.keys)?;
                (net.conv * net.kernel.saturating_sub(1), net.value * net.key_size)
            }
            Mixer::Convolution => {
                let kernel: u128 = self.keys.or(&["conv_L_cache"], 3)?.into();
                (self.hidden * kernel.saturating_sub(1), 0)
            }
            Mixer::DeltaAttention => {
                let kda = DeltaAttention::of(self.keys)?;
                let width = kda.heads * kda.size;
                (3 * width * kda.kernel.saturating_sub(1), width * kda.size)
            }
            mixer => {
                let mamba = Mamba::of(self.keys, self.name, self.hidden)?;
                let groups = if matches!(mixer, Mixer::Mamba2 | Mixer::Parallel) {
                    2 * mamba.groups * mamba.state
                } else {
                    0
                };
                (
                    (mamba.inner + groups) * mamba.kernel.saturating_sub(1),
                    mamba.inner * mamba.state,
                )
            }
        };
        // Kimi's delta attention keeps its state in 32 bits.
        let stated = self.keys.text(&["mamba_ssm_cache_dtype", "mamba_ssm_dtype"]);
        let dtype = match first {
            Mixer::DeltaAttention => Some("float32"),
            _ => stated,
        };
        Ok(Some(State {
            layers,
            conv: u64::try_from(conv).unwrap_or(u64::MAX),
            recurrent: u64::try_from(recurrent).unwrap_or(u64::MAX),
            recurrent_dtype: dtype.filter(|dtype| *dtype == "float32").map(str::to_owned),
        }))
    }
}

/// Sizes of a Gated DeltaNet layer.
pub(super) struct DeltaNet {
    pub(super) key: u128,
    pub(super) key_size: u128,
    pub(super) value: u128,
    pub(super) value_heads: u128,
    pub(super) value_size: u128,
    pub(super) conv: u128,
    pub(super) kernel: u128,
}

impl DeltaNet {
    pub(super) fn of(keys: &Keys<'_>) -> Result<Self, ConfigError> {
        let key_size: u128 = keys.needed(&["linear_key_head_dim"])?.into();
        let value_size: u128 = keys.needed(&["linear_value_head_dim"])?.into();
        let value_heads: u128 = keys.count(&["linear_num_value_heads"])?.into();
        let key = u128::from(keys.count(&["linear_num_key_heads"])?) * key_size;
        let value = value_heads * value_size;
        Ok(Self {
            key,
            key_size,
            value,
            value_heads,
            value_size,
            conv: 2 * key + value,
            kernel: keys.needed(&["linear_conv_kernel_dim"])?.into(),
        })
    }
}

/// Sizes of a layer of Kimi's delta attention.
pub(super) struct DeltaAttention {
    pub(super) heads: u128,
    pub(super) size: u128,
    pub(super) kernel: u128,
    /// Whether the output's gate is one whole matrix.
    pub(super) whole_gate: bool,
}

impl DeltaAttention {
    pub(super) fn of(keys: &Keys<'_>) -> Result<Self, ConfigError> {
        let linear = keys
            .object("linear_attn_config")
            .ok_or_else(|| ConfigError("`linear_attn_config` is missing".to_owned()))?;
        Ok(Self {
            heads: linear.count(&["num_heads"])?.into(),
            size: linear.needed(&["head_dim"])?.into(),
            kernel: linear.or(&["short_conv_kernel_size"], 4)?.into(),
            whole_gate: linear.on(&["use_full_rank_gate"]) == Some(true),
        })
    }
}

/// Keys that an indexer keeps beside those of a layer's own attention, which choose the blocks it attends to (MiniMax M3).
pub(super) struct IndexKeys {
    pub(super) heads: u128,
    pub(super) size: u128,
}

impl IndexKeys {
    /// Of the layer `at`, where it has one.
    pub(super) fn of(keys: &Keys<'_>, at: usize) -> Result<Option<Self>, ConfigError> {
        let Some(sparse) = keys.object("sparse_attention_config") else {
            return Ok(None);
        };
        let flags = sparse.list(&["sparse_attention_freq"]).unwrap_or_default();
        if flags.get(at).and_then(Value::as_u64).unwrap_or(0) == 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            heads: sparse.count(&["sparse_num_index_heads"])?.into(),
            size: sparse.needed(&["sparse_index_dim"])?.into(),
        }))
    }
}

/// Sizes of a Mamba layer.
pub(super) struct Mamba {
    pub(super) inner: u128,
    pub(super) state: u128,
    pub(super) kernel: u128,
    pub(super) groups: u128,
    pub(super) heads: u128,
    pub(super) rank: u128,
}

impl Mamba {
    pub(super) fn of(keys: &Keys<'_>, name: &str, hidden: u128) -> Result<Self, ConfigError> {
        let expand: u128 = keys.or(&["mamba_expand", "expand"], 2)?.into();
        let heads: u128 = keys
            .count_or(&["mamba_n_heads", "mamba_num_heads", "num_heads"], 0)?
            .into();
        let size: u128 = keys.or(&["mamba_d_head", "mamba_head_dim", "head_dim"], 0)?.into();
        let inner = match (name, heads * size) {
            ("jamba" | "mamba" | "falcon_mamba", _) | (_, 0) => {
                u128::from(keys.or(&["mamba_intermediate_size"], 0)?).max(expand * hidden)
            }
            (_, inner) => inner,
        };
        let rank = match keys.value(&["mamba_dt_rank", "time_step_rank"]) {
            Some(Value::Number(_)) => keys.needed(&["mamba_dt_rank", "time_step_rank"])?.into(),
            _ => hidden.div_ceil(16),
        };
        Ok(Self {
            inner,
            state: keys.needed(STATE_SIZE)?.into(),
            kernel: keys.or(&["mamba_d_conv", "conv_kernel"], 4)?.into(),
            groups: keys.or(&["mamba_n_groups", "n_groups"], 1)?.into(),
            heads,
            rank,
        })
    }
}
