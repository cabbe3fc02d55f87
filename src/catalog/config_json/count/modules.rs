//! Every module of a layer, and what stands before and after the layers.

use serde_json::Value;

use super::super::ConfigError;
use super::super::families::{Family, Kind, QkNorm};
use super::super::keys::{Keys, MOST};
use super::states::{DeltaAttention, DeltaNet, IndexKeys, Mamba};
use super::{Experts, Ffn, Heads, Mixer, Module, Part, narrow};
use crate::catalog::{CrossAttention, Mla};

/// Collects modules.
pub(super) struct Counting<'a> {
    pub(super) keys: &'a Keys<'a>,
    pub(super) family: &'a Family,
    pub(super) name: &'a str,
    pub(super) hidden: u128,
    pub(super) windowed: Heads,
    pub(super) full: Heads,
    pub(super) mla: Option<Mla>,
    pub(super) experts: Option<Experts>,
    pub(super) modules: Vec<Module>,
}

impl Counting<'_> {
    pub(super) fn push(&mut self, path: String, parameters: u128, part: Part) {
        if parameters > 0 {
            self.modules.push(Module { path, parameters, part });
        }
    }

    pub(super) fn layer(&mut self, at: usize, mixer: Mixer, ffn: Ffn) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.{name}");
        let norms = u128::from(self.family.norms) * (1 + u128::from(self.family.norm_bias)) * self.hidden;
        self.push(of("norm"), norms, Part::Plain);
        match mixer {
            Mixer::Full | Mixer::Windowed if self.mla.is_some() => self.latent(at)?,
            Mixer::Full => self.attention(at, self.full)?,
            Mixer::Windowed => self.attention(at, self.windowed)?,
            Mixer::Parallel => {
                self.attention(at, self.full)?;
                self.mamba2(at)?;
            }
            Mixer::DeltaAttention => self.delta_attention(at)?,
            Mixer::Compressed(ratio) => self.compressed(at, ratio)?,
            Mixer::DeltaNet => self.delta_net(at)?,
            Mixer::Mamba => self.mamba(at)?,
            Mixer::Mamba2 => self.mamba2(at)?,
            Mixer::Convolution => {
                let kernel: u128 = self.keys.or(&["conv_L_cache"], 3)?.into();
                self.push(of("conv.in_proj"), 3 * self.hidden * self.hidden, Part::Linear);
                self.push(of("conv.out_proj"), self.hidden * self.hidden, Part::Linear);
                self.push(of("conv.conv"), kernel * self.hidden, Part::Plain);
            }
            Mixer::None => {}
        }
        match ffn {
            Ffn::Dense(width) => self.dense(at, width.into()),
            Ffn::Experts => self.mixture(at)?,
            Ffn::Both(width) => {
                self.dense(at, width.into());
                self.mixture(at)?;
                // Norms around both, and the router's own scales.
                let scales = self.experts.map_or(0, |experts| u128::from(experts.count));
                self.push(of("router.scale"), 4 * self.hidden + scales, Part::Plain);
            }
            Ffn::None => {}
        }
        if let Some(width) = self
            .keys
            .whole(&["hidden_size_per_layer_input"])?
            .filter(|width| *width > 0)
        {
            // Gemma 3n and 4: gate and projection of the layer's own embedding, and its norm.
            self.push(
                of("per_layer_input_gate"),
                self.hidden * u128::from(width),
                Part::Linear,
            );
            self.push(
                of("per_layer_projection"),
                self.hidden * u128::from(width),
                Part::Linear,
            );
            self.push(of("post_per_layer_input_norm"), self.hidden, Part::Plain);
        }
        Ok(())
    }

    fn attention(&mut self, at: usize, heads: Heads) -> Result<(), ConfigError> {
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            _ => format!("layers.{at}.self_attn.{name}"),
        };
        let query = u128::from(heads.queries) * u128::from(heads.size);
        let key = u128::from(heads.keys) * u128::from(heads.size);
        let value = u128::from(heads.keys) * u128::from(heads.value_size);
        let out = u128::from(heads.queries) * u128::from(heads.value_size);
        let gates = 1 + u128::from(self.family.gated_attention);
        // Gemma 4's layers without a window may take keys for values.
        let is_full = heads == self.full && heads != self.windowed;
        let reuses = is_full && self.keys.on(&["attention_k_eq_v"]) == Some(true);
        let values = if reuses { 0 } else { value };
        let (q, k, v, o) = (of("q_proj"), of("k_proj"), of("v_proj"), of("o_proj"));
        self.push(q, gates * self.hidden * query, Part::Linear);
        self.push(k, self.hidden * key, Part::Linear);
        self.push(v, self.hidden * values, Part::Linear);
        self.push(o, self.hidden * out, Part::Linear);
        let mut plain = 0;
        if self.family.qkv_bias.on(self.keys) {
            plain += gates * query + key + values;
        }
        if self.family.output_bias.on(self.keys) {
            plain += self.hidden;
        }
        plain += match self.family.qk_norm {
            QkNorm::Head => 2 * u128::from(heads.size),
            QkNorm::Wide => query + key,
            QkNorm::Key(name) if self.keys.on(&[name]) == Some(true) => 2 * u128::from(heads.size),
            QkNorm::No | QkNorm::Key(_) => 0,
        };
        if self.name == "gpt_oss" {
            plain += u128::from(heads.queries);
        }
        if self.name == "step3p5" {
            self.push(of("g_proj"), self.hidden * u128::from(heads.queries), Part::Linear);
        }
        if let Some(index) = IndexKeys::of(self.keys, at)? {
            let width = index.size * (index.heads + 1);
            self.push(of("index_qk_proj"), self.hidden * width, Part::Linear);
            plain += 2 * index.size;
        }
        if let Some(rank) = self.keys.whole(&["laurel_rank"])?.map(u128::from) {
            // Gemma 3n: a narrow path beside attention, and the mixing of the residual's copies.
            let copies: u128 = self.keys.count_or(&["altup_num_inputs"], 1)?.into();
            let mixing = copies * copies * (copies + 1) + copies * self.hidden;
            self.push(of("laurel"), 2 * rank * self.hidden, Part::Linear);
            plain += mixing + 3 * self.hidden;
        }
        self.push(format!("layers.{at}.attention.small"), plain, Part::Plain);
        Ok(())
    }

    fn latent(&mut self, at: usize) -> Result<(), ConfigError> {
        let Some(mla) = self.mla else { return Ok(()) };
        let of = |name: &str| format!("layers.{at}.self_attn.{name}");
        let heads: u128 = self.full.queries.into();
        let (latent, rope) = (u128::from(mla.kv_lora_rank), u128::from(mla.qk_rope_head_dim));
        let (nope, value) = (u128::from(mla.qk_nope_head_dim), u128::from(mla.v_head_dim));
        let query_rank: u128 = self.keys.or(&["q_lora_rank"], 0)?.into();
        let query = heads * (nope + rope);
        if query_rank > 0 {
            self.push(of("q_a_proj"), self.hidden * query_rank, Part::Linear);
            self.push(of("q_b_proj"), query_rank * query, Part::Linear);
        } else {
            self.push(of("q_proj"), self.hidden * query, Part::Linear);
        }
        self.push(of("kv_a_proj_with_mqa"), self.hidden * (latent + rope), Part::Linear);
        self.push(of("kv_b_proj"), latent * heads * (nope + value), Part::Linear);
        self.push(of("o_proj"), heads * value * self.hidden, Part::Linear);
        self.push(of("a_layernorm"), query_rank + latent, Part::Plain);
        let has_indexer = match self.keys.list(&["indexer_types"]) {
            Some(types) => types.get(at).and_then(Value::as_str) == Some("full"),
            None => true,
        };
        if let (Some(size), true) = (mla.indexer_head_dim.map(u128::from), has_indexer) {
            let index_heads: u128 = self.keys.count_or(&["index_n_heads"], 64)?.into();
            self.push(of("indexer.wq_b"), query_rank * index_heads * size, Part::Linear);
            self.push(of("indexer.wk"), self.hidden * size, Part::Linear);
            self.push(of("indexer.weights_proj"), self.hidden * index_heads, Part::Plain);
            self.push(of("indexer.k_norm"), 2 * size, Part::Plain);
        }
        Ok(())
    }

    fn delta_net(&mut self, at: usize) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.linear_attn.{name}");
        let net = DeltaNet::of(self.keys)?;
        self.push(of("in_proj_qkv"), self.hidden * (2 * net.key + net.value), Part::Linear);
        self.push(of("in_proj_z"), self.hidden * net.value, Part::Linear);
        self.push(of("in_proj_ba"), self.hidden * 2 * net.value_heads, Part::Linear);
        self.push(of("out_proj"), net.value * self.hidden, Part::Linear);
        let small = net.conv * net.kernel + 2 * net.value_heads + net.value_size;
        self.push(of("conv1d"), small, Part::Plain);
        Ok(())
    }

    fn delta_attention(&mut self, at: usize) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.self_attn.{name}");
        let kda = DeltaAttention::of(self.keys)?;
        let width = kda.heads * kda.size;
        for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
            self.push(of(name), self.hidden * width, Part::Linear);
        }
        // Of the output's gate, whole or by a narrow one; and of the decay.
        let narrow_gate = (self.hidden + width) * kda.size;
        let gate = if kda.whole_gate {
            self.hidden * width
        } else {
            narrow_gate
        };
        self.push(of("gates"), gate + narrow_gate + self.hidden * kda.heads, Part::Linear);
        self.push(
            of("conv1d"),
            3 * width * kda.kernel + width + kda.heads + kda.size,
            Part::Plain,
        );
        Ok(())
    }

    fn compressed(&mut self, at: usize, ratio: u64) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.attn.{name}");
        let (heads, size) = (u128::from(self.full.queries), u128::from(self.full.size));
        let rank: u128 = self.keys.needed(&["q_lora_rank"])?.into();
        let groups: u128 = self.keys.count_or(&["o_groups"], 1)?.max(1).into();
        let out: u128 = self.keys.needed(&["o_lora_rank"])?.into();
        self.push(of("wq_a"), self.hidden * rank, Part::Linear);
        self.push(of("wq_b"), rank * heads * size, Part::Linear);
        self.push(of("wkv"), self.hidden * size, Part::Linear);
        self.push(of("wo_a"), heads * size * out, Part::Linear);
        self.push(of("wo_b"), groups * out * self.hidden, Part::Linear);
        let mut small = rank + size + heads;
        let halves = if ratio == 4 { 2 } else { 1 };
        if ratio > 1 {
            small += 2 * self.hidden * halves * size + u128::from(ratio) * halves * size + size;
        }
        if ratio == 4 {
            let index: u128 = self.keys.needed(&["index_head_dim"])?.into();
            let index_heads: u128 = self.keys.count_or(&["index_n_heads"], 64)?.into();
            self.push(of("indexer.wq_b"), rank * index_heads * index, Part::Linear);
            small += 4 * self.hidden * index + 8 * index + index + self.hidden * index_heads;
        }
        // Streams of the residual, mixed before attention and before the experts.
        let streams: u128 = self.keys.count_or(&["hc_mult"], 1)?.into();
        let mixing = (2 + streams) * streams;
        small += 2 * (mixing * streams * self.hidden + mixing + 3);
        self.push(of("small"), small, Part::Plain);
        Ok(())
    }

    fn mamba(&mut self, at: usize) -> Result<(), ConfigError> {
        let of = |name: &str| format!("layers.{at}.mamba.{name}");
        let mamba = Mamba::of(self.keys, self.name, self.hidden)?;
        let rank = mamba.rank;
        self.push(of("in_proj"), self.hidden * 2 * mamba.inner, Part::Linear);
        self.push(of("x_proj"), mamba.inner * (rank + 2 * mamba.state), Part::Linear);
        self.push(of("dt_proj"), rank * mamba.inner, Part::Linear);
        self.push(of("out_proj"), mamba.inner * self.hidden, Part::Linear);
        let norms = if self.name == "jamba" {
            rank + 2 * mamba.state
        } else {
            0
        };
        let small = mamba.inner * (mamba.kernel + 1) + mamba.inner * (2 + mamba.state) + norms;
        self.push(of("conv1d"), small, Part::Plain);
        Ok(())
    }

    fn mamba2(&mut self, at: usize) -> Result<(), ConfigError> {
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            _ => format!("layers.{at}.mamba.{name}"),
        };
        let mamba = Mamba::of(self.keys, self.name, self.hidden)?;
        let groups = 2 * mamba.groups * mamba.state;
        let projection = 2 * mamba.inner + groups + mamba.heads;
        self.push(of("in_proj"), self.hidden * projection, Part::Linear);
        self.push(of("out_proj"), mamba.inner * self.hidden, Part::Linear);
        let small = (mamba.inner + groups) * (mamba.kernel + 1) + 3 * mamba.heads + mamba.inner;
        self.push(of("conv1d"), small, Part::Plain);
        Ok(())
    }

    fn dense(&mut self, at: usize, width: u128) {
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            _ => format!("layers.{at}.mlp.{name}"),
        };
        let matrix = self.hidden * width;
        let (gate, up, down) = (of("gate_proj"), of("up_proj"), of("down_proj"));
        if self.family.gated {
            self.push(gate, matrix, Part::Linear);
        }
        self.push(up, matrix, Part::Linear);
        self.push(down, matrix, Part::Linear);
        if self.family.mlp_bias.on(self.keys) {
            let inner = width * (1 + u128::from(self.family.gated));
            self.push(format!("layers.{at}.mlp.bias"), inner + self.hidden, Part::Plain);
        }
    }

    fn mixture(&mut self, at: usize) -> Result<(), ConfigError> {
        let Some(experts) = self.experts else { return Ok(()) };
        let own = self.name;
        let of = |name: &str| match own {
            "nemotron_h" => format!("layers.{at}.mixer.{name}"),
            "mixtral" | "minimax_m2" | "minimax_m3" | "phimoe" | "kimi_linear" => {
                format!("layers.{at}.block_sparse_moe.{name}")
            }
            "gemma4_text" => format!("layers.{at}.{name}"),
            _ => format!("layers.{at}.mlp.{name}"),
        };
        let matrices = 2 + u128::from(self.family.gated);
        let (count, width, input) = (
            u128::from(experts.count),
            u128::from(experts.width),
            u128::from(experts.input),
        );
        self.push(of("experts"), count * matrices * input * width, Part::Experts);
        self.push(of("gate"), count * self.hidden, Part::Plain);
        let shared = matrices * self.hidden * u128::from(experts.shared_width);
        self.push(of("shared_experts"), shared, Part::Linear);
        if experts.input != self.hidden as u64 {
            self.push(of("fc1_latent_proj"), self.hidden * input, Part::Linear);
            self.push(of("fc2_latent_proj"), self.hidden * input, Part::Linear);
        }
        let small = match self.name {
            "gpt_oss" => count * (2 * width + self.hidden + 1),
            "qwen2_moe" | "qwen3_next" | "qwen3_5_moe_text" | "qwen3_5_moe" => self.hidden,
            // A correction a routed expert, where the router scores by sigmoid.
            "deepseek_v3" | "deepseek_v32" | "deepseek_v4" | "kimi_k2" | "kimi_linear" | "glm4_moe" | "glm_moe_dsa"
            | "nemotron_h" | "minimax_m2" | "minimax_m3" | "step3p5" | "exaone_moe" => count,
            _ => 0,
        };
        self.push(of("small"), small, Part::Plain);
        Ok(())
    }

    /// Embeddings, output, positions, the last norm, and an encoder that is part of the model.
    pub(super) fn ends(
        &mut self,
        vocab: u64,
        context: u64,
        layers: u64,
        tied: bool,
    ) -> Result<(u128, Option<CrossAttention>), ConfigError> {
        let rows: u128 = vocab.into();
        let width: u128 = match self.name {
            "opt" => self.keys.or(&["word_embed_proj_dim"], self.hidden as u64)?.into(),
            _ => self.hidden,
        };
        let mut embedding = rows * width;
        self.push("embed_tokens".to_owned(), embedding, Part::Embedding);
        if width != self.hidden {
            self.push("project_in_out".to_owned(), 2 * width * self.hidden, Part::Plain);
        }
        if !tied && self.family.kind == Kind::Decoder {
            self.push("lm_head".to_owned(), rows * self.hidden, Part::Output);
            if matches!(self.name, "phi" | "gptj" | "phimoe") {
                self.push("lm_head.bias".to_owned(), rows, Part::Plain);
            }
        }
        let norm = (1 + u128::from(self.family.norm_bias)) * self.hidden;
        let has_norm = self.family.norms > 0 && self.family.kind != Kind::Encoder;
        if has_norm {
            self.push("norm".to_owned(), norm, Part::Plain);
        }
        if self.name == "bloom" {
            self.push("word_embeddings_layernorm".to_owned(), norm, Part::Plain);
        }
        if let Some(extra) = self.family.positions {
            let positions: u128 = (context + extra).into();
            self.push("embed_positions".to_owned(), positions * self.hidden, Part::Plain);
        }
        if let Some(per_layer) = self
            .keys
            .whole(&["hidden_size_per_layer_input"])?
            .filter(|width| *width > 0)
        {
            let vocabulary: u128 = self.keys.or(&["vocab_size_per_layer_input"], vocab)?.into();
            let all = u128::from(layers) * u128::from(per_layer);
            self.push("embed_tokens_per_layer".to_owned(), vocabulary * all, Part::Embedding);
            self.push("per_layer_model_projection".to_owned(), self.hidden * all, Part::Plain);
            embedding += vocabulary * all;
        }
        if self.keys.value(&["laurel_rank"]).is_some() {
            let copies: u128 = self.keys.count_or(&["altup_num_inputs"], 1)?.into();
            let projections = 2 * copies.saturating_sub(1) * self.hidden * self.hidden;
            self.push("altup_projections".to_owned(), projections, Part::Plain);
        }
        if let Some(streams) = self.keys.whole(&["hc_mult"])?.map(u128::from) {
            let streams = streams.min(MOST.into());
            self.push(
                "hc_head".to_owned(),
                streams * streams * self.hidden + streams + 1,
                Part::Plain,
            );
        }
        match self.family.kind {
            Kind::Decoder => Ok((embedding, None)),
            Kind::Encoder => {
                let types: u128 = self.keys.or(&["type_vocab_size"], 2)?.into();
                self.push("embeddings".to_owned(), types * self.hidden + norm, Part::Plain);
                self.push(
                    "pooler".to_owned(),
                    self.hidden * self.hidden + self.hidden,
                    Part::Linear,
                );
                Ok((embedding, None))
            }
            Kind::EncoderDecoder => {
                // Every decoder layer attends to the encoder too: four projections, without a bias of the keys.
                let square = self.hidden * self.hidden;
                let cross = u128::from(layers) * (4 * square + 3 * self.hidden);
                self.push("encoder_attn".to_owned(), cross, Part::Linear);
                let encoder_layers: u128 = self.keys.count(&["encoder_layers"])?.into();
                let wide: u128 = self.keys.needed(&["encoder_ffn_dim"])?.into();
                let tokens = self.keys.needed(&["max_source_positions"])?;
                let bins: u128 = self.keys.or(&["num_mel_bins"], 80)?.into();
                let layer =
                    4 * square + 3 * self.hidden + 2 * self.hidden * wide + wide + self.hidden + 4 * self.hidden;
                let ends =
                    3 * bins * self.hidden + 3 * square + 2 * self.hidden + u128::from(tokens) * self.hidden + norm;
                self.push("encoder".to_owned(), encoder_layers * layer + ends, Part::Tower);
                Ok((
                    embedding,
                    Some(CrossAttention {
                        layers: narrow(layers),
                        tokens,
                    }),
                ))
            }
        }
    }
}
