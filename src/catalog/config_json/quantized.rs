//! What a `quantization_config` says: the format, and which modules it leaves alone.

use std::collections::{HashMap, HashSet};

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::{Map, Value};

use super::ConfigError;
use super::count::{Module, Part};
use super::keys::{Keys, number};
use crate::catalog::Quantization;

/// Patterns that are read; a checkpoint that lists more lists modules one by one.
const MOST_PATTERNS: usize = 4096;
/// Patterns times modules that are tried: a model of 200 layers and a thousand patterns stays below it.
const MOST_TRIALS: usize = 4_000_000;
/// What stands before the layers in checkpoints.
const PREFIXES: &[&str] = &[
    "",
    "model.",
    "language_model.model.",
    "model.language_model.",
    "backbone.",
];

/// A checkpoint's quantization.
#[derive(Debug)]
pub(super) struct Scheme {
    row: Quantization,
    left_alone: Patterns,
    /// Formats of modules that are quantized in another one than most, or in any where they differ.
    by_module: HashMap<String, Quantization>,
}

/// Names and patterns of modules.
#[derive(Debug, Default)]
struct Patterns {
    exact: HashSet<String>,
    globs: GlobSet,
    /// Whether a pattern could not be read.
    unread: bool,
}

/// The quantization of a config; `None` where it has none.
///
/// # Errors
/// The method is not known here.
pub(super) fn of(keys: &Keys<'_>) -> Result<Option<Scheme>, ConfigError> {
    let Some(config) = keys
        .value(&["quantization_config", "compression_config"])
        .and_then(Value::as_object)
    else {
        return Ok(None);
    };
    let mut row = format(config)?;
    if keys.text(&["expert_dtype"]) == Some("fp4") && row.bits == 8 {
        // Experts in 4 bits, with a scale for 32; the format that is named is that of the other layers.
        row = Quantization {
            linear_bits: Some(row.bits),
            ..plain("mxfp4", 4)
        };
    }
    let listed = [
        "modules_to_not_convert",
        "ignore",
        "ignored_layers",
        "exclude_modules",
        "exclude",
        "llm_int8_skip_modules",
    ]
    .iter()
    .find_map(|key| config.get(*key)?.as_array());
    let mut left_alone = Patterns::of(listed.map(Vec::as_slice).unwrap_or_default());
    if row.method == "mxfp4" && row.linear_bits.is_none() && listed.is_none() {
        left_alone = Patterns::of(&["*.self_attn.*".into(), "*.mlp.gate".into()]);
    }
    let mut by_module = HashMap::new();
    if let Some(layers) = config.get("quantized_layers").and_then(Value::as_object) {
        for (name, layer) in layers.iter().take(1 << 16) {
            let Some(layer) = layer.as_object() else { continue };
            by_module.insert(tail(name).to_owned(), format(layer)?);
        }
    }
    let groups = config.get("config_groups").and_then(Value::as_object);
    for group in groups.into_iter().flat_map(Map::values).take(64) {
        let targets = group.get("targets").and_then(Value::as_array);
        let Some(weights) = group.get("weights").and_then(Value::as_object) else {
            continue;
        };
        for target in targets.into_iter().flatten().take(1 << 16).filter_map(Value::as_str) {
            if target.contains("layers.") && !target.contains(['*', ':']) {
                by_module.insert(tail(target).to_owned(), of_weights(weights)?);
            }
        }
    }
    Ok(Some(Scheme {
        row: Quantization {
            kv_cache: kv_cache(config),
            ..row
        },
        left_alone,
        by_module,
    }))
}

fn plain(method: &str, bits: u64) -> Quantization {
    Quantization {
        method: method.to_owned(),
        bits: u32::try_from(bits).unwrap_or(8),
        group_size: None,
        kv_cache: None,
        linear_bits: None,
    }
}

/// The format of most modules.
fn format(config: &Map<String, Value>) -> Result<Quantization, ConfigError> {
    let text = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or_default();
    let whole = |keys: &[&str]| keys.iter().find_map(|key| number(config.get(*key)?));
    let group = |usual: u64| {
        let stated = ["group_size", "q_group_size"]
            .iter()
            .find_map(|key| config.get(*key)?.as_i64());
        match stated {
            Some(-1 | 0) => Some(0),
            Some(size) if size > 0 && size as u64 != usual => u32::try_from(size).ok(),
            _ => None,
        }
    };
    let bits = |default: u64| match whole(&["bits", "w_bit", "nbits", "num_bits"]) {
        Some(bits @ 1..=16) => bits,
        _ => default,
    };
    let algorithm = text("quant_algo").to_ascii_uppercase();
    let method = text("quant_method").to_ascii_lowercase();
    if let Some(found) = match algorithm.as_str() {
        "NVFP4" | "W4A16_NVFP4" | "W4A8_NVFP4" | "NVFP4_AWQ" => Some(plain("nvfp4", 4)),
        "FP8" | "FP8_PER_CHANNEL_PER_TOKEN" | "FP8_PB_WO" | "MXFP8" => Some(plain("fp8", 8)),
        "MIXED_PRECISION" if text("moe_quant_algo") == "NVFP4" => Some(plain("nvfp4", 4)),
        "MIXED_PRECISION" => commonest(config)?,
        "W4A16_AWQ" => Some(plain("awq", 4)),
        "W8A8_SQ_PER_CHANNEL" | "INT8" => Some(plain("int8", 8)),
        _ => None,
    } {
        return Ok(found);
    }
    let weights = config
        .get("config_groups")
        .and_then(Value::as_object)
        .and_then(|groups| groups.values().find_map(|group| group.get("weights")?.as_object()));
    if let Some(weights) = weights {
        return of_weights(weights);
    }
    Ok(match method.as_str() {
        "fp8" | "fbgemm_fp8" | "modelopt" | "fp_quant" => plain("fp8", 8),
        "modelopt_fp4" | "nvfp4" => plain("nvfp4", 4),
        "mxfp4" => plain("mxfp4", 4),
        "gptq" | "gptq_marlin" | "marlin" | "autoround" | "auto-round" | "auto_round" | "intel/auto-round" | "inc" => {
            Quantization {
                group_size: group(128),
                ..plain("gptq", bits(4))
            }
        }
        "awq" | "awq_marlin" => Quantization {
            group_size: group(128),
            ..plain("awq", bits(4))
        },
        "bitsandbytes" => {
            let eight = config.get("load_in_8bit").and_then(Value::as_bool) == Some(true);
            plain("bitsandbytes", if eight { 8 } else { 4 })
        }
        "hqq" => Quantization {
            group_size: group(64),
            ..plain("hqq", bits(4))
        },
        "quark" => {
            let kind = config
                .get("global_quant_config")
                .and_then(|global| global.pointer("/weight/dtype")?.as_str());
            match kind {
                Some("fp4") => plain("mxfp4", 4),
                Some(kind) if kind.starts_with("fp8") => plain("fp8", 8),
                Some("int8") => plain("int8", 8),
                Some("int4" | "uint4") => plain("awq", 4),
                _ => {
                    return Err(ConfigError(
                        "`quantization_config` of quark names no format known here".to_owned(),
                    ));
                }
            }
        }
        "" => return Err(ConfigError("`quantization_config.quant_method` is missing".to_owned())),
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(ConfigError(format!("the quantization `{other}` is not known here")));
        }
    })
}

/// The format that most modules have, where each names its own.
fn commonest(config: &Map<String, Value>) -> Result<Option<Quantization>, ConfigError> {
    let Some(layers) = config.get("quantized_layers").and_then(Value::as_object) else {
        return Ok(None);
    };
    let mut four = 0_usize;
    let mut eight = 0_usize;
    for layer in layers.values().take(1 << 16).filter_map(Value::as_object) {
        match format(layer)?.bits {
            4 => four += 1,
            _ => eight += 1,
        }
    }
    Ok(Some(if four > eight {
        plain("nvfp4", 4)
    } else {
        plain("fp8", 8)
    }))
}

/// The format of a group of compressed-tensors.
fn of_weights(weights: &Map<String, Value>) -> Result<Quantization, ConfigError> {
    let bits = weights.get("num_bits").and_then(number).unwrap_or(8);
    let kind = weights.get("type").and_then(Value::as_str).unwrap_or("int");
    let group = weights.get("group_size").and_then(number);
    Ok(match (kind, bits, group) {
        ("float", 8, _) => plain("fp8", 8),
        ("float", 4, Some(32)) => plain("mxfp4", 4),
        ("float", 4, _) => plain("nvfp4", 4),
        ("int", 8, None) => plain("int8", 8),
        ("int", 1..=8, group) => Quantization {
            group_size: match group {
                None => Some(0),
                Some(128) => None,
                Some(size) => u32::try_from(size).ok(),
            },
            ..plain("compressed-tensors", bits)
        },
        _ => {
            return Err(ConfigError(format!(
                "weights of type `{kind}` in {bits} bits are not known here"
            )));
        }
    })
}

fn kv_cache(config: &Map<String, Value>) -> Option<String> {
    let eight_bits = |value: &Value| match value {
        Value::String(text) => text.eq_ignore_ascii_case("fp8"),
        Value::Object(scheme) => scheme.get("num_bits").and_then(number) == Some(8),
        _ => false,
    };
    let stated = ["kv_cache_scheme", "kv_cache_quant_algo"]
        .iter()
        .find_map(|key| config.get(*key));
    stated.filter(|value| eight_bits(value)).map(|_| "fp8".to_owned())
}

/// A module's path from `layers` on.
fn tail(path: &str) -> &str {
    path.find("layers.").map_or(path, |at| &path[at..])
}

impl Patterns {
    fn of(listed: &[Value]) -> Self {
        let mut patterns = Self::default();
        let mut globs = GlobSetBuilder::new();
        let mut count = 0;
        for text in listed.iter().take(1 << 16).filter_map(Value::as_str) {
            let glob = match text.strip_prefix("re:") {
                Some(expression) => as_glob(expression),
                None if text.contains('*') => Some(text.to_owned()),
                None => {
                    patterns.exact.insert(tail(text).to_owned());
                    continue;
                }
            };
            count += 1;
            match glob
                .and_then(|glob| Glob::new(&glob).ok())
                .filter(|_| count <= MOST_PATTERNS)
            {
                Some(glob) => {
                    globs.add(glob);
                }
                None => patterns.unread = true,
            }
        }
        match globs.build() {
            Ok(globs) => patterns.globs = globs,
            Err(_) => patterns.unread = true,
        }
        patterns
    }

    /// Whether a module, or one that it is part of, is meant.
    fn name(&self, path: &str) -> bool {
        let mut whole = path;
        loop {
            if self.exact.contains(whole) {
                return true;
            }
            match whole.rfind('.') {
                Some(at) => whole = &whole[..at],
                None => break,
            }
        }
        // `gate` for every module of that name.
        let last = path.rsplit('.').next().unwrap_or(path);
        if self.exact.contains(last) {
            return true;
        }
        !self.globs.is_empty()
            && PREFIXES.iter().any(|prefix| {
                let full = format!("{prefix}{path}");
                // A pattern of a module's inside means the module too.
                self.globs.is_match(&full) || self.globs.is_match(format!("{full}.0.weight"))
            })
    }
}

/// A regular expression of the simple sort that checkpoints use, as a glob.
fn as_glob(expression: &str) -> Option<String> {
    let glob = expression
        .trim_start_matches('^')
        .trim_end_matches('$')
        .replace("[0-9]+", "*")
        .replace("\\d+", "*")
        .replace(".*", "*")
        .replace("\\.", "\u{1}")
        .replace('(', "{")
        .replace(')', "}")
        .replace('|', ",");
    let read = !glob.contains(['\\', '+', '[', ']', '?', '^', '$']);
    read.then(|| glob.replace('\u{1}', "."))
}

impl Scheme {
    pub(super) fn row(self) -> Quantization {
        self.row
    }

    /// Whether modules differ in their precision.
    pub(super) fn is_mixed(&self) -> bool {
        self.by_module.values().any(|other| other.bits != self.row.bits)
    }

    /// How a module is stored; `None` for plain.
    fn of_module(&self, module: &Module) -> Option<&Quantization> {
        if !matches!(module.part, Part::Linear | Part::Experts) {
            return None;
        }
        if self.row.linear_bits.is_none()
            && self.row.method == "mxfp4"
            && module.part == Part::Linear
            && self.by_module.is_empty()
        {
            return None;
        }
        if !self.by_module.is_empty() {
            if let Some(own) = self.by_module.get(module.path.as_str()) {
                return Some(own);
            }
            // Listed by expert or by half: the first that is part of the module.
            if self.is_mixed() && module.part == Part::Linear {
                return None;
            }
        }
        (!self.left_alone.name(&module.path)).then_some(&self.row)
    }

    /// Whether every pattern could be read, and they are few enough to be tried on every module.
    fn tells(&self, modules: &[Module]) -> bool {
        !self.left_alone.unread && self.left_alone.globs.len().saturating_mul(modules.len()) <= MOST_TRIALS
    }

    /// Parameters that stay in the checkpoint's own format; `None` where a pattern could not be read.
    pub(super) fn unquantized(&self, modules: &[Module]) -> Option<u128> {
        if !self.tells(modules) {
            return None;
        }
        let plain = modules.iter().filter(|module| self.of_module(module).is_none());
        Some(plain.map(|module| module.parameters).sum())
    }

    /// Bytes of the checkpoint; `None` where a pattern could not be read.
    pub(super) fn bytes(&self, modules: &[Module]) -> Option<u128> {
        if !self.tells(modules) {
            return None;
        }
        let bits: f64 = modules
            .iter()
            .map(|module| {
                let bits = self.of_module(module).map_or(16.0, Quantization::stored_bits);
                module.parameters as f64 * bits
            })
            .sum();
        Some((bits / 8.0) as u128)
    }
}
