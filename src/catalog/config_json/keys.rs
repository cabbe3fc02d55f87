//! Keys of a `config.json`: those of the text model first, in all their spellings, each with its bounds.

use serde_json::{Map, Value};

use super::ConfigError;

/// No model has a larger dimension than this; it bounds every product that is counted.
const LARGEST: u64 = 1 << 26;
/// No model has more layers, heads or experts than this.
pub(super) const MOST: u64 = 1 << 13;

/// Keys under which the text model of a multimodal one stands.
const TEXT: &[&str] = &[
    "text_config",
    "llm_config",
    "language_config",
    "language_model_config",
    "thinker_config",
];

/// The keys of a model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys<'a> {
    /// The file's own.
    pub(super) outer: &'a Map<String, Value>,
    /// Those of the text model; the file's own where it isn't nested.
    text: &'a Map<String, Value>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(config: &'a Value) -> Result<Self, ConfigError> {
        let outer = config
            .as_object()
            .ok_or_else(|| ConfigError("expected an object".to_owned()))?;
        let mut text = outer;
        // Omni models nest twice.
        for _ in 0..2 {
            let inner = TEXT.iter().find_map(|key| text.get(*key)?.as_object());
            text = inner.unwrap_or(text);
        }
        Ok(Self { outer, text })
    }

    /// The keys of an object such as `vision_config`.
    pub(super) fn object(&self, name: &str) -> Option<Keys<'a>> {
        let found = self.text.get(name).or_else(|| self.outer.get(name))?.as_object()?;
        Some(Keys {
            outer: found,
            text: found,
        })
    }

    pub(super) fn is_nested(&self) -> bool {
        !std::ptr::eq(self.outer, self.text)
    }

    /// What stands under the first of these names that is there and not null.
    pub(super) fn value(&self, names: &[&str]) -> Option<&'a Value> {
        let in_one =
            |keys: &'a Map<String, Value>| names.iter().find_map(|name| keys.get(*name).filter(|v| !v.is_null()));
        in_one(self.text).or_else(|| in_one(self.outer))
    }

    pub(super) fn text(&self, names: &[&str]) -> Option<&'a str> {
        self.value(names)?.as_str()
    }

    /// Of the text model alone; one name where configs have several for the same layers.
    pub(super) fn model_type(&self) -> Option<&'a str> {
        let name = self.text.get("model_type").or_else(|| self.outer.get("model_type"))?;
        let name = name.as_str()?;
        Some(match name {
            "gemma4_unified_text" => "gemma4_text",
            "minimax_m3_vl" | "minimax_m3_vl_text" => "minimax_m3",
            "step3p7" | "step3p7_flash" => "step3p5",
            "glm4v_text" | "glm_ocr_text" => "glm4",
            "granite_swa" | "granite4_vision_text" => "granite",
            "deepseek_ref" => "deepseek_v4",
            other => other,
        })
    }

    pub(super) fn on(&self, names: &[&str]) -> Option<bool> {
        self.value(names)?.as_bool()
    }

    pub(super) fn list(&self, names: &[&str]) -> Option<&'a [Value]> {
        self.value(names)?.as_array().map(Vec::as_slice)
    }

    pub(super) fn float(&self, names: &[&str]) -> Option<f64> {
        self.value(names)?.as_f64()
    }

    /// A whole number from 0; `None` where it isn't stated.
    pub(super) fn whole(&self, names: &[&str]) -> Result<Option<u64>, ConfigError> {
        let Some(value) = self.value(names) else {
            return Ok(None);
        };
        let name = names.first().copied().unwrap_or_default();
        match number(value) {
            Some(number) if number <= LARGEST => Ok(Some(number)),
            _ => Err(ConfigError(format!("`{name}` is {}, which no model has", short(value)))),
        }
    }

    /// A whole number from 1 that must be there.
    pub(super) fn needed(&self, names: &[&str]) -> Result<u64, ConfigError> {
        let name = names.first().copied().unwrap_or_default();
        match self.whole(names)? {
            Some(0) => Err(ConfigError(format!("`{name}` is 0"))),
            Some(number) => Ok(number),
            None => Err(ConfigError(format!("`{name}` is missing"))),
        }
    }

    /// A whole number, or what it is where not stated.
    pub(super) fn or(&self, names: &[&str], default: u64) -> Result<u64, ConfigError> {
        Ok(self.whole(names)?.unwrap_or(default))
    }

    /// A count of layers, heads or experts.
    pub(super) fn count(&self, names: &[&str]) -> Result<u64, ConfigError> {
        let count = self.needed(names)?;
        bounded(count, names)
    }

    /// A count of layers, heads or experts, or what it is where not stated.
    pub(super) fn count_or(&self, names: &[&str], default: u64) -> Result<u64, ConfigError> {
        bounded(self.or(names, default)?, names)
    }
}

fn bounded(count: u64, names: &[&str]) -> Result<u64, ConfigError> {
    let name = names.first().copied().unwrap_or_default();
    if count > MOST {
        return Err(ConfigError(format!("`{name}` is {count}, which no model has")));
    }
    Ok(count)
}

/// A whole number, also where it is written as `4096.0`.
pub(super) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        (float >= 0.0 && float.fract() == 0.0 && float <= LARGEST as f64).then_some(float as u64)
    })
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(40).collect()
}
