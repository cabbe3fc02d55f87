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
    #[ignore = "prints what is read of the configs in $CONFIGS beside the catalog's rows"]
    fn beside_the_catalog() {
        let Some(folder) = option_env!("CONFIGS") else { return };
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder")
            .flatten()
            .map(|e| e.path())
            .collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().to_string();
            let Some(stem) = name.strip_suffix("_config.json") else {
                continue;
            };
            if stem.ends_with("hf_quant") {
                continue;
            }
            let id = stem.replacen("--", "/", 1);
            match open_model(
                &std::fs::read_to_string(&path).unwrap(),
                &id,
                Date::new(2026, 11, 24).unwrap(),
            ) {
                Err(error) => println!("ERR {id}: {error}"),
                Ok(read) => {
                    println!("JSON {}", serde_json::to_string(&read).unwrap());
                    let row = crate::catalog::Catalog::embedded().open_model(&id);
                    match row {
                        None => println!(
                            "NEW {id} {:.3}B active {:.3}B {read:?}",
                            read.parameters as f64 / 1e9,
                            read.active_parameters as f64 / 1e9
                        ),
                        Some(row) => {
                            println!(
                                "ROW {id} {:.3}B vs {:.3}B  {:+.3}% act {:.3} {:.3}",
                                read.parameters as f64 / 1e9,
                                row.parameters as f64 / 1e9,
                                100.0 * (read.parameters as f64 / row.parameters as f64 - 1.0),
                                read.active_parameters as f64 / 1e9,
                                row.active_parameters as f64 / 1e9
                            );
                            let mut same = read.clone();
                            same.id = row.id.clone();
                            same.aliases = row.aliases.clone();
                            same.source = row.source.clone();
                            same.as_of = row.as_of;
                            same.parameters = row.parameters;
                            same.active_parameters = row.active_parameters;
                            let (a, b) = (format!("{same:#?}"), format!("{row:#?}"));
                            let (a, b): (Vec<_>, Vec<_>) = (a.lines().collect(), b.lines().collect());
                            if a != b {
                                let (x, y): (Vec<_>, Vec<_>) = (
                                    a.iter().filter(|l| !b.contains(l)).map(|l| l.trim()).collect(),
                                    b.iter().filter(|l| !a.contains(l)).map(|l| l.trim()).collect(),
                                );
                                println!("    read {}\n    row  {}", x.join(" "), y.join(" "));
                            }
                        }
                    }
                }
            }
        }
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
}
