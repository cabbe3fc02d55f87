//! What was counted as a row of the catalog.

use super::super::families::{Family, Kind};
use super::super::keys::Keys;
use super::super::{ConfigError, quantized};
use super::states::IndexKeys;
use super::{Counted, Mixer, Part, narrow};
use crate::catalog::{CompressedAttention, Date, FullAttention, IndexKeys as IndexKeysRow, OpenModel, SlidingWindow};

/// Layers that predict further tokens and are made as the model's own; 0 where their kinds have a pattern of their own.
fn mtp_layers(keys: &Keys<'_>) -> Result<u64, ConfigError> {
    const PATTERNS: [&str; 2] = ["mtp_hybrid_override_pattern", "mtp_layers_block_type"];
    if PATTERNS.iter().any(|pattern| keys.value(&[pattern]).is_some()) {
        return Ok(0);
    }
    keys.count_or(&["num_nextn_predict_layers", "mtp_num_hidden_layers"], 0)
}

impl Counted {
    fn of(&self, part: Part) -> u128 {
        let of = self.modules.iter().filter(|module| module.part == part);
        of.map(|module| module.parameters).sum()
    }

    /// The row of the catalog.
    pub(in crate::catalog::config_json) fn row(
        &self,
        keys: &Keys<'_>,
        family: &Family,
        id: &str,
        as_of: Date,
    ) -> Result<OpenModel, ConfigError> {
        let whole = |count: u128| {
            u64::try_from(count).map_err(|_| ConfigError("it has more parameters than can be counted".to_owned()))
        };
        let all: u128 = self.modules.iter().map(|module| module.parameters).sum();
        let idle = self.moe.map_or(0, |moe| {
            let experts = self.of(Part::Experts);
            experts - experts * u128::from(moe.experts_per_token) / u128::from(moe.experts.max(1))
        });
        let layers = self.mixers.len() as u64;
        let own = self.mixers.len() - self.shared as usize;
        let counted = |wanted: Mixer| self.mixers[..own].iter().filter(|mixer| **mixer == wanted).count();
        let windowed = counted(Mixer::Windowed) as u64;
        let every = |ratio: u64| narrow(counted(Mixer::Compressed(ratio)) as u64);
        let compressed = CompressedAttention {
            every_4: every(4),
            every_128: every(128),
            window: self.window,
            index_head_dim: narrow(keys.or(&["index_head_dim"], 0)?),
        };
        let is_compressed = self.mixers.iter().any(|mixer| matches!(mixer, Mixer::Compressed(_)));
        let side_by_side = counted(Mixer::Parallel) + if is_compressed { own } else { 0 };
        let attends = windowed + (counted(Mixer::Full) + side_by_side) as u64;
        let mut index_keys = IndexKeysRow { layers: 0, size: 0 };
        for at in 0..self.mixers.len() {
            if let Some(index) = IndexKeys::of(keys, at)? {
                index_keys.layers += 1;
                index_keys.size = u32::try_from(index.size).unwrap_or(u32::MAX);
            }
        }
        let linear = self.mixers.len() as u64 - self.shared - attends;
        let quantization = quantized::of(keys)?;
        let unquantized = match &quantization {
            Some(scheme) if !scheme.is_mixed() => scheme.unquantized(&self.modules).map(whole).transpose()?,
            _ => None,
        };
        let bytes = match &quantization {
            Some(scheme) if scheme.is_mixed() => scheme.bytes(&self.modules).map(whole).transpose()?,
            _ => None,
        };
        let plain_embedding = u128::from(self.vocab) * u128::from(self.hidden);
        let tower = self.of(Part::Tower);
        let mixed = windowed > 0 && self.full != self.windowed && attends > windowed;
        let architecture = keys.outer.get("architectures").and_then(|list| list.get(0)?.as_str());
        // A model without attention has no heads; the arithmetic wants one.
        let row = if mixed { self.windowed } else { self.full };
        Ok(OpenModel {
            id: id.to_owned(),
            aliases: Vec::new(),
            architecture: architecture
                .or(keys.model_type())
                .unwrap_or_default()
                .chars()
                .take(128)
                .collect(),
            parameters: whole(all)?,
            active_parameters: whole(all - idle)?,
            dtype: keys
                .text(&["torch_dtype", "dtype"])
                .filter(|dtype| matches!(*dtype, "bfloat16" | "float16" | "float32"))
                .unwrap_or("bfloat16")
                .to_owned(),
            quantization: quantization.map(|scheme| scheme.row()),
            layers: narrow(layers),
            hidden_size: narrow(self.hidden),
            intermediate_size: narrow(self.intermediate),
            heads: narrow(self.heads.max(1)),
            kv_heads: narrow(row.keys.max(1)),
            // Of latent attention, a query's.
            head_dim: self.mla.map_or(narrow(row.size), |mla| {
                mla.qk_nope_head_dim.saturating_add(mla.qk_rope_head_dim)
            }),
            vocab_size: narrow(self.vocab),
            tied_embeddings: self.tied,
            max_context: self.max_context,
            rope_factor_unread: false,
            sliding_window: (windowed > 0).then(|| SlidingWindow {
                size: self.window,
                layers: narrow(windowed),
            }),
            linear_layers: narrow(linear),
            state: self.state.clone(),
            kv_shared_layers: narrow(self.shared),
            mtp_layers: narrow(mtp_layers(keys)?),
            other_recipe: false,
            full_attention: mixed.then(|| FullAttention {
                kv_heads: narrow(self.full.keys),
                head_dim: narrow(self.full.size),
            }),
            value_head_dim: (row.value_size != row.size && self.mla.is_none()).then(|| narrow(row.value_size)),
            cross_attention: self.cross,
            encoder_only: family.kind == Kind::Encoder,
            mla: self.mla,
            compressed_attention: is_compressed.then_some(compressed),
            index_keys: (index_keys.layers > 0).then_some(index_keys),
            moe: self.moe,
            multimodal: tower > 0,
            encoder: None,
            tower_parameters: (tower > 0).then(|| whole(tower)).transpose()?,
            embedding_parameters: (self.embedding != plain_embedding)
                .then(|| whole(self.embedding))
                .transpose()?,
            unquantized_parameters: unquantized,
            weights_bytes: bytes,
            source: format!("config.json of {id}; parameters counted from the shape"),
            as_of,
        })
    }
}
