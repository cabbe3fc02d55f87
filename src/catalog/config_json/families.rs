//! What architectures have beside the numbers that a `config.json` states: biases, norms, gates, and the defaults of
//! keys that are left out.

use super::ConfigError;
use super::keys::Keys;

/// Whether linear layers have a bias.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bias {
    No,
    Yes,
    /// As this key says; not where it is left out.
    Key(&'static str),
    /// As this key says; so where it is left out.
    KeyElse(&'static str),
}

impl Bias {
    pub(super) fn on(self, keys: &Keys<'_>) -> bool {
        match self {
            Bias::No => false,
            Bias::Yes => true,
            Bias::Key(key) => keys.on(&[key]).unwrap_or(false),
            Bias::KeyElse(key) => keys.on(&[key]).unwrap_or(true),
        }
    }
}

/// Norms of queries and keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QkNorm {
    No,
    /// One head wide.
    Head,
    /// As wide as the projection.
    Wide,
    /// One head wide where this key says so.
    Key(&'static str),
}

/// What the layers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A decoder.
    Decoder,
    /// An encoder that makes vectors: its attention has no cache.
    Encoder,
    /// An encoder of audio beside a decoder that attends to it (Whisper).
    EncoderDecoder,
}

/// One architecture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    pub(super) kind: Kind,
    /// Whether the feed-forward layer has a gate.
    pub(super) gated: bool,
    /// Norms a layer.
    pub(super) norms: u64,
    pub(super) norm_bias: bool,
    pub(super) qkv_bias: Bias,
    pub(super) output_bias: Bias,
    pub(super) mlp_bias: Bias,
    pub(super) qk_norm: QkNorm,
    /// Whether input and output embedding are one matrix where `tie_word_embeddings` is left out.
    pub(super) tied: bool,
    /// Whether positions have embeddings, and how many rows more than the longest context.
    pub(super) positions: Option<u64>,
    /// Whether attention layers gate their output by a projection as wide as the queries.
    pub(super) gated_attention: bool,
    /// Keys that the architecture's own config leaves out where they have this value.
    pub(super) defaults: &'static [(&'static str, u64)],
}

const LLAMA: Family = Family {
    kind: Kind::Decoder,
    gated: true,
    norms: 2,
    norm_bias: false,
    qkv_bias: Bias::Key("attention_bias"),
    output_bias: Bias::Key("attention_bias"),
    mlp_bias: Bias::Key("mlp_bias"),
    qk_norm: QkNorm::No,
    tied: false,
    positions: None,
    gated_attention: false,
    defaults: &[
        ("hidden_size", 4096),
        ("intermediate_size", 11008),
        ("num_hidden_layers", 32),
        ("num_attention_heads", 32),
    ],
};
const PLAIN: Family = Family {
    qkv_bias: Bias::No,
    output_bias: Bias::No,
    mlp_bias: Bias::No,
    defaults: &[],
    ..LLAMA
};
const QWEN2: Family = Family {
    qkv_bias: Bias::Yes,
    ..PLAIN
};
const QWEN3: Family = Family {
    qk_norm: QkNorm::Head,
    qkv_bias: Bias::Key("attention_bias"),
    output_bias: Bias::Key("attention_bias"),
    ..PLAIN
};
const GEMMA: Family = Family { tied: true, ..PLAIN };
const GPT: Family = Family {
    gated: false,
    norm_bias: true,
    qkv_bias: Bias::Yes,
    output_bias: Bias::Yes,
    mlp_bias: Bias::Yes,
    ..PLAIN
};
const BERT: Family = Family {
    kind: Kind::Encoder,
    tied: true,
    positions: Some(0),
    ..GPT
};

/// The architecture of a config.
///
/// # Errors
/// It is not stated, or not known here.
pub(super) fn of(keys: &Keys<'_>) -> Result<Family, ConfigError> {
    let Some(name) = keys.model_type() else {
        return Err(ConfigError("`model_type` is missing".to_owned()));
    };
    Ok(match name {
        // A bare Llama config states its sizes; that of a multimodal model leaves defaults out.
        "llama" | "mistral" | "ministral" | "ministral3" | "mixtral" | "smollm3" | "granite" | "granitemoe"
        | "granitemoeshared" | "granitemoehybrid" | "nemotron-nas" | "deepseek" | "deepseek_v2" | "deepseek_v3"
        | "deepseek_v32" | "kimi_k2" | "glm_moe_dsa" | "glm4_moe_lite" | "mllama_text_model" | "jamba" | "mamba"
        | "mamba2" | "falcon_mamba" | "internlm3" | "solar" | "bamba" | "mistral4" | "exaone" | "hyperclovax"
        | "kimi_linear" | "falcon_h1" | "deepseek_v4" => Family {
            tied: matches!(name, "jamba" | "mamba" | "mamba2" | "falcon_mamba"),
            defaults: if keys.is_nested() { LLAMA.defaults } else { &[] },
            ..LLAMA
        },
        "baichuan" | "aquila" | "Yi" | "internlm2" | "minicpm" | "orion" | "xverse" => Family {
            qkv_bias: Bias::Key("bias"),
            output_bias: Bias::Key("bias"),
            tied: name == "minicpm",
            ..PLAIN
        },
        "internlm" => Family {
            qkv_bias: Bias::KeyElse("bias"),
            output_bias: Bias::KeyElse("bias"),
            ..PLAIN
        },
        "qwen" | "qwen2" | "qwen2_moe" | "qwen2_vl" | "qwen2_vl_text" | "qwen2_5_vl" | "qwen2_5_vl_text"
        | "qwen2_5_omni_text" => QWEN2,
        "seed_oss" => Family {
            qkv_bias: Bias::KeyElse("attention_bias"),
            ..PLAIN
        },
        "qwen3" | "qwen3_moe" | "qwen3_vl_text" | "qwen3_vl_moe_text" | "qwen3_omni_moe_text" | "ernie4_5_moe_qk" => {
            QWEN3
        }
        "qwen3_next" | "qwen3_5_text" | "qwen3_5_moe_text" | "qwen3_5" | "qwen3_5_moe" => Family {
            gated_attention: keys.on(&["attn_output_gate"]).unwrap_or(true),
            ..QWEN3
        },
        "ernie4_5" | "ernie4_5_moe" => Family {
            qkv_bias: Bias::Key("use_bias"),
            output_bias: Bias::Key("use_bias"),
            mlp_bias: Bias::Key("use_bias"),
            tied: true,
            ..PLAIN
        },
        "hunyuan_v1_dense" | "hunyuan_v1_moe" => Family {
            qkv_bias: Bias::Key("attention_bias"),
            output_bias: Bias::Key("attention_bias"),
            qk_norm: QkNorm::Key("use_qk_norm"),
            ..PLAIN
        },
        "exaone4" | "exaone_moe" | "minimax_m3" | "step3p5" => Family {
            qk_norm: QkNorm::Head,
            ..PLAIN
        },
        "mimo_v2_flash" | "lfm2" | "lfm2_moe" => Family {
            tied: name != "mimo_v2_flash",
            qk_norm: if name == "mimo_v2_flash" {
                QkNorm::No
            } else {
                QkNorm::Head
            },
            ..PLAIN
        },
        "apertus" => Family {
            gated: false,
            qk_norm: QkNorm::Head,
            ..PLAIN
        },
        "mimo" => QWEN2,
        "minimax_m2" => Family {
            qk_norm: QkNorm::Wide,
            ..PLAIN
        },
        "olmo" => Family { norms: 0, ..PLAIN },
        "olmo2" | "olmo3" | "olmoe" => Family {
            qk_norm: QkNorm::Wide,
            ..PLAIN
        },
        "phi3" => PLAIN,
        "phi" => Family { norms: 1, ..GPT },
        "phimoe" => Family {
            norm_bias: true,
            qkv_bias: Bias::Key("attention_bias"),
            output_bias: Bias::Key("attention_bias"),
            ..PLAIN
        },
        "gemma" => GEMMA,
        "gemma2" => Family { norms: 4, ..GEMMA },
        "gemma3_text" | "gemma3" => Family {
            norms: 4,
            qk_norm: QkNorm::Head,
            defaults: &[
                ("vocab_size", 262_208),
                ("hidden_size", 2304),
                ("intermediate_size", 9216),
                ("num_hidden_layers", 26),
                ("num_attention_heads", 8),
                ("num_key_value_heads", 4),
                ("head_dim", 256),
                ("sliding_window", 4096),
                ("sliding_window_pattern", 6),
                ("max_position_embeddings", 131_072),
            ],
            ..GEMMA
        },
        "gemma3n_text" => Family {
            norms: 4,
            qk_norm: QkNorm::Head,
            ..GEMMA
        },
        "gemma4_text" => Family {
            norms: 4,
            qk_norm: QkNorm::Head,
            ..GEMMA
        },
        "cohere" | "cohere2" => Family {
            norms: 1,
            qkv_bias: Bias::Key("attention_bias"),
            output_bias: Bias::Key("attention_bias"),
            qk_norm: QkNorm::No,
            tied: true,
            ..PLAIN
        },
        "glm" | "glm4" => Family {
            norms: if name == "glm4" { 4 } else { 2 },
            qkv_bias: Bias::Key("attention_bias"),
            ..PLAIN
        },
        "glm4_moe" | "glm4v_moe_text" => Family {
            defaults: &[("head_dim", 128)],
            qkv_bias: Bias::Key("attention_bias"),
            qk_norm: QkNorm::Key("use_qk_norm"),
            ..PLAIN
        },
        "chatglm" => Family {
            qkv_bias: Bias::Key("add_qkv_bias"),
            ..PLAIN
        },
        "gpt_oss" => Family {
            qkv_bias: Bias::KeyElse("attention_bias"),
            output_bias: Bias::KeyElse("attention_bias"),
            ..PLAIN
        },
        "llama4_text" => PLAIN,
        "nemotron" => Family {
            gated: false,
            norm_bias: true,
            ..PLAIN
        },
        "nemotron_h" => Family {
            gated: false,
            norms: 1,
            ..PLAIN
        },
        "starcoder2" => Family {
            qkv_bias: Bias::KeyElse("use_bias"),
            output_bias: Bias::KeyElse("use_bias"),
            mlp_bias: Bias::KeyElse("use_bias"),
            tied: true,
            ..GPT
        },
        "gpt2" | "gpt_bigcode" => Family {
            tied: true,
            positions: Some(0),
            ..GPT
        },
        "gptj" => Family {
            norms: 1,
            qkv_bias: Bias::No,
            output_bias: Bias::No,
            ..GPT
        },
        "gpt_neox" => GPT,
        "opt" => Family {
            tied: true,
            positions: Some(2),
            ..GPT
        },
        "bloom" => Family { tied: true, ..GPT },
        "mpt" => Family {
            gated: false,
            tied: true,
            ..PLAIN
        },
        "falcon" => Family {
            norms: 1,
            qkv_bias: Bias::Key("bias"),
            output_bias: Bias::Key("bias"),
            mlp_bias: Bias::Key("bias"),
            tied: true,
            defaults: &[("max_position_embeddings", 2048)],
            ..GPT
        },
        "stablelm" => Family {
            norm_bias: true,
            qkv_bias: Bias::Key("use_qkv_bias"),
            ..PLAIN
        },
        "whisper" => Family {
            kind: Kind::EncoderDecoder,
            norms: 3,
            tied: true,
            positions: Some(0),
            ..GPT
        },
        "bert" => BERT,
        "roberta" | "xlm-roberta" => BERT,
        other => return Err(ConfigError(format!("the architecture `{other}` is not known here"))),
    })
}
