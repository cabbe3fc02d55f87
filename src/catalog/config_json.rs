//! A Hugging Face `config.json` as a row of the catalog, so that a model outside of it can be judged.
//!
//! The shape is read, and every matrix of the model counted from it ([`count`]). The keys and what they default to
//! are those of the architectures' configuration classes in `transformers`; what is counted are the tensors of the
//! published checkpoints. An architecture that is not known here is an error, not a guess.

mod count;
mod families;
mod keys;
mod quantized;
mod towers;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use self::keys::Keys;
use super::{Date, OpenModel};

/// Why a `config.json` can't be read as a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// Reads a `config.json` as the model `id`; `as_of` is the day on which it was read.
///
/// # Errors
/// The text is not JSON, names an architecture that is not known here, or lacks a key (which the error names) or
/// states a number that no model has.
pub fn open_model(text: &str, id: &str, as_of: Date) -> Result<OpenModel, ConfigError> {
    let config: Value =
        serde_json::from_str(&finite(text)).map_err(|error| ConfigError(format!("not JSON: {error}")))?;
    from_value(&config, id, as_of)
}

/// The text with `null` for the infinities that Python writes, which JSON has no word for.
fn finite(text: &str) -> Cow<'_, str> {
    if !text.contains("Infinity") && !text.contains("NaN") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    // Every second part stands inside quotes, apart from escaped ones.
    let mut quoted = false;
    let mut escaped = false;
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"]
            .into_iter()
            .find(|word| !quoted && rest.starts_with(word));
        if let Some(word) = word {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        out.push(sign);
        rest = &rest[sign.len_utf8()..];
    }
    Cow::Owned(out)
}

/// Reads a `config.json` that is parsed already; see [`open_model`].
///
/// # Errors
/// Those of [`open_model`].
pub fn from_value(config: &Value, id: &str, as_of: Date) -> Result<OpenModel, ConfigError> {
    let keys = Keys::of(config)?;
    let family = families::of(&keys)?;
    let counted = count::count(&keys, &family)?;
    counted.row(&keys, &family, id, as_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<OpenModel, ConfigError> {
        open_model(text, "a/b", Date::new(2026, 11, 24).expect("a day"))
    }

    /// The shape of Llama 3.1 8B, whose parameters are published: 8,030,261,248.
    const LLAMA: &str = r#"{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096,
        "intermediate_size": 14336, "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
        "vocab_size": 128256, "max_position_embeddings": 131072, "tie_word_embeddings": false,
        "torch_dtype": "bfloat16"}"#;

    #[test]
    fn parameters_are_counted_as_published() {
        let row = read(LLAMA).expect("a model");
        assert_eq!(row.parameters, 8_030_261_248);
        assert_eq!(row.active_parameters, row.parameters);
        assert_eq!((row.layers, row.kv_heads, row.head_dim), (32, 8, 128));
        assert_eq!(row.max_context, 131_072);
    }

    #[test]
    fn a_decoder_has_its_own_number_of_layers() {
        let text = r#"{"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "d_model": 1280,
            "decoder_attention_heads": 20, "decoder_ffn_dim": 5120, "decoder_layers": 4, "encoder_layers": 32,
            "encoder_ffn_dim": 5120, "max_source_positions": 1500, "max_target_positions": 448, "num_hidden_layers": 32,
            "num_mel_bins": 128, "torch_dtype": "float16", "vocab_size": 51866}"#;
        let row = read(text).expect("a model");
        assert_eq!((row.layers, row.parameters / 1_000_000), (4, 808));
    }

    #[test]
    fn errors_name_the_key() {
        let without = |key: &str| {
            let mut config: Value = serde_json::from_str(LLAMA).expect("JSON");
            config.as_object_mut().expect("an object").remove(key);
            read(&config.to_string()).expect_err("an error").to_string()
        };
        for key in ["hidden_size", "num_hidden_layers", "vocab_size", "intermediate_size"] {
            assert!(without(key).contains(key), "{key}");
        }
        for (from, to) in [
            ("4096", "-1"),
            ("4096", "9e99"),
            ("4096", "0"),
            ("4096", "4096.5"),
            ("32, \"num_hidden", "18446744073709551615, \"num_hidden"),
            ("\"llama\"", "\"a-new-one\""),
        ] {
            assert!(read(&LLAMA.replacen(from, to, 1)).is_err(), "{to}");
        }
        assert!(read("[]").is_err() && read("{").is_err() && read("{}").is_err());
    }

    #[test]
    fn what_a_checkpoint_leaves_alone_is_counted() {
        // lm_head and the embedding, 2 × 128,256 × 4,096; norms, 65 × 4,096; and the first layer's down projection
        let quantized = LLAMA.replacen(
            '{',
            r#"{"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 64,
                "modules_to_not_convert": ["model.layers.0.mlp.down_proj"]}, "#,
            1,
        );
        let row = read(&quantized).expect("a model");
        let own = row.quantization.expect("quantized");
        assert_eq!((own.method.as_str(), own.bits, own.group_size), ("awq", 4, Some(64)));
        assert!((own.stored_bits() - 4.3125).abs() < 1e-9);
        let kept = 2 * 128_256 * 4096 + 65 * 4096 + 14_336 * 4096;
        assert_eq!(row.unquantized_parameters, Some(kept));
    }

    #[test]
    fn pythons_infinity_is_no_error() {
        let config = LLAMA.replacen('{', r#"{"limit": [0.0, Infinity], "text": "a \"NaN\" stays", "#, 1);
        assert!(read(&config).is_ok());
        assert_eq!(finite(r#"{"a": -Infinity, "b": "NaN"}"#), r#"{"a": null, "b": "NaN"}"#);
    }

    #[test]
    fn layers_of_several_kinds_are_told_apart() {
        let config = r#"{"model_type": "qwen3_next", "hidden_size": 2048, "intermediate_size": 5120,
            "num_hidden_layers": 48, "full_attention_interval": 4, "num_attention_heads": 16,
            "num_key_value_heads": 2, "head_dim": 256, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
            "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_value_head_dim": 128,
            "num_experts": 512, "num_experts_per_tok": 10, "moe_intermediate_size": 512,
            "shared_expert_intermediate_size": 512, "decoder_sparse_step": 1, "vocab_size": 151936,
            "max_position_embeddings": 262144, "tie_word_embeddings": false}"#;
        let row = read(config).expect("a model");
        // Published as 80B with 3B active.
        assert!(
            (79_000_000_000..80_500_000_000).contains(&row.parameters),
            "{}",
            row.parameters
        );
        assert_eq!(row.linear_layers, 36);
        let state = row.state.expect("a state");
        assert_eq!(
            (state.layers, state.conv, state.recurrent),
            (36, 8192 * 3, 32 * 128 * 128)
        );
    }

    #[test]
    fn absurd_numbers_are_errors_or_models() {
        let keys = [
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "vocab_size",
            "head_dim",
            "intermediate_size",
            "num_experts",
            "num_experts_per_tok",
            "moe_intermediate_size",
            "kv_lora_rank",
            "qk_rope_head_dim",
            "qk_nope_head_dim",
            "v_head_dim",
            "sliding_window",
            "max_position_embeddings",
            "hidden_size_per_layer_input",
            "num_kv_shared_layers",
            "first_k_dense_replace",
            "index_head_dim",
        ];
        let types = [
            "llama",
            "qwen3_next",
            "jamba",
            "gemma4_text",
            "deepseek_v3",
            "nemotron_h",
            "whisper",
            "lfm2",
            "opt",
        ];
        for name in types {
            for number in [0_u64, 1, 3, 8192, 1 << 26, u64::MAX] {
                let mut config = serde_json::Map::new();
                config.insert("model_type".to_owned(), name.into());
                for key in keys {
                    config.insert(key.to_owned(), number.into());
                }
                for vision in ["qwen2_5_vl", "mistral3", "other"] {
                    let nested = serde_json::json!({
                        "model_type": vision, "text_config": config, "rope_scaling": {"type": "yarn", "factor": 1e300},
                        "vision_config": {"hidden_size": number, "depth": number, "spatial_merge_size": number,
                            "patch_size": number, "image_size": number},
                        "quantization_config": {"quant_method": "awq", "ignore": ["re:(((", "*", 3]},
                    });
                    // An error or a row; never a panic.
                    let _ = from_value(&nested, "a/b", Date::FIRST);
                }
                let _ = from_value(&Value::Object(config), "a/b", Date::FIRST);
            }
        }
    }
}
