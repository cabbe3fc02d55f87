//! Encoders of images and audio beside the text model.

use super::ConfigError;
use super::keys::{Keys, number};

/// Parameters of the encoders with what joins them to a text model `hidden` wide; 0 where it has none.
pub(super) fn parameters(keys: &Keys<'_>, hidden: u64) -> Result<u128, ConfigError> {
    let mut all = 0;
    for name in ["vision_config", "visual"] {
        if let Some(vision) = keys.object(name) {
            all += vision_tower(keys, &vision, hidden.into())?;
            break;
        }
    }
    if let Some(audio) = keys.object("audio_config") {
        all += audio_tower(&audio, hidden.into())?;
    }
    Ok(all)
}

/// No encoder has a larger dimension; it bounds the products below.
const LARGEST: u64 = 1 << 20;
/// No encoder joins more patches in a row to one.
const MOST_MERGED: u64 = 64;

fn bounded(value: u64, names: &[&str], most: u64) -> Result<u128, ConfigError> {
    let name = names.first().copied().unwrap_or_default();
    if value > most {
        return Err(ConfigError(format!(
            "`vision_config.{name}` is {value}, which no model has"
        )));
    }
    Ok(value.into())
}

fn vision_tower(keys: &Keys<'_>, vision: &Keys<'_>, hidden: u128) -> Result<u128, ConfigError> {
    // A size may be a pair of height and width.
    let stated = |names: &[&str]| match vision.list(names).and_then(|pair| number(pair.first()?)) {
        Some(first) => Ok(Some(first)),
        None => vision.whole(names),
    };
    let whole = |names: &[&str], default: u64| bounded(stated(names)?.unwrap_or(default), names, LARGEST);
    let outer = keys
        .outer
        .get("model_type")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let name = vision.text(&["model_type"]).unwrap_or(outer);
    // Qwen 2 names the text model's width here `hidden_size`.
    let (width_names, defaults): (&[&str], (u64, u64, u64, u64)) = match outer {
        "qwen2_vl" => (&["embed_dim"], (1280, 32, 5120, 14)),
        "qwen2_5_vl" => (&["hidden_size"], (1280, 32, 3420, 14)),
        "gemma3" => (&["hidden_size"], (1152, 27, 4304, 14)),
        "mistral3" | "pixtral" | "lighton_ocr" => (&["hidden_size"], (1024, 24, 4096, 14)),
        "llava" | "llava_next" => (&["hidden_size"], (1024, 24, 4096, 14)),
        _ => (&["hidden_size", "embed_dim", "width", "vt_hidden_size"], (0, 0, 0, 14)),
    };
    let width = whole(width_names, defaults.0)?;
    let layers = whole(
        &["depth", "num_hidden_layers", "layers", "vt_num_hidden_layers"],
        defaults.1,
    )?;
    if width == 0 || layers == 0 {
        let key = if width == 0 { "hidden_size" } else { "num_hidden_layers" };
        return Err(ConfigError(format!("`vision_config.{key}` is missing")));
    }
    let patch = whole(&["patch_size"], defaults.3)?;
    let image = whole(&["image_size"], 0)?;
    let positions = if patch == 0 {
        0
    } else {
        (image / patch.max(1)) * (image / patch.max(1))
    };
    let inner = match whole(&["intermediate_size", "vt_intermediate_size"], defaults.2)? {
        0 => 4 * width,
        stated => stated,
    };
    let channels = whole(&["in_channels", "in_chans", "num_channels"], 3)?;
    let frames = whole(&["temporal_patch_size"], if outer.starts_with("qwen") { 2 } else { 1 })?;
    let merge = bounded(
        vision.or(&["spatial_merge_size"], 2)?,
        &["spatial_merge_size"],
        MOST_MERGED,
    )?;
    let embedding = channels * frames * patch * patch * width;
    let attention = 4 * width * width;
    let biases = 4 * width;
    let merged = merge * merge * width;
    Ok(match outer {
        "qwen2_vl" => {
            let block = attention + biases + 2 * width * inner + inner + width + 4 * width;
            let out = whole(&["hidden_size"], hidden as u64)?;
            embedding + layers * block + 2 * width + merged * merged + merged + merged * out + out
        }
        "qwen2_5_vl" => {
            let block = attention + biases + 3 * width * inner + 2 * inner + width + 2 * width;
            embedding + layers * block + width + merged * merged + merged + merged * hidden + hidden
        }
        "qwen3_vl" | "qwen3_vl_moe" | "qwen3_5" | "qwen3_5_moe" => {
            let block = attention + biases + 2 * width * inner + inner + width + 4 * width;
            let merger = |norm: u128| 2 * norm + merged * merged + merged + merged * hidden + hidden;
            let deep = vision.list(&["deepstack_visual_indexes"]).map_or(0, <[_]>::len) as u128;
            let places = whole(&["num_position_embeddings"], 2304)? * width;
            embedding + width + places + layers * block + merger(width) + deep * merger(merged)
        }
        "gemma3" => {
            let positions = if positions == 0 { 4096 } else { positions };
            let block = attention + biases + 2 * width * inner + inner + width + 4 * width;
            embedding + width + positions * width + layers * block + 2 * width + width * hidden + width
        }
        "gemma4" => {
            let block = attention + 3 * width * inner + 4 * width + 2 * whole(&["head_dim"], 64)?;
            let places = 2 * whole(&["position_embedding_size"], 10_240)? * width;
            embedding + places + layers * block + width * hidden
        }
        "mistral3" | "pixtral" | "lighton_ocr" => {
            let block = attention + 3 * width * inner + 2 * width;
            let merge = bounded(
                keys.or(&["spatial_merge_size"], 2)?,
                &["spatial_merge_size"],
                MOST_MERGED,
            )?;
            let merged = if outer == "pixtral" {
                0
            } else {
                merge * merge * width * width
            };
            embedding + width + layers * block + width + merged + width * hidden + hidden * hidden
        }
        "llama4" => {
            let block = attention + biases + 2 * width * inner + inner + width + 4 * width;
            let adapter_in = whole(&["intermediate_size"], 5632)?;
            let adapter_out = whole(&["vision_output_dim", "projector_output_dim"], 4096)?;
            let adapter = adapter_in * whole(&["projector_input_dim"], 4096)? + adapter_out * adapter_out;
            embedding + width * (positions + 1) + layers * block + 4 * width + adapter + adapter_out * hidden
        }
        _ => {
            // A plain vision transformer, and a projector of two layers.
            let gated = matches!(name, "moonvit_gated" | "glm4v_vision") || outer.starts_with("glm4v");
            let mlp = if gated { 3 } else { 2 } * width * inner;
            let block = attention + biases + mlp + inner + width + 4 * width;
            let projector = merged * merged.min(4 * hidden) + merged.min(4 * hidden) * hidden;
            embedding + positions * width + layers * block + 2 * width + projector
        }
    })
}

/// An encoder like Whisper's, and its projector.
fn audio_tower(audio: &Keys<'_>, hidden: u128) -> Result<u128, ConfigError> {
    let whole = |names: &[&str]| audio.or(names, 0).map(u128::from);
    let width = whole(&["d_model", "hidden_size"])?;
    let layers = whole(&["encoder_layers", "num_hidden_layers"])?;
    let inner = match whole(&["encoder_ffn_dim", "intermediate_size"])? {
        0 => 4 * width,
        stated => stated,
    };
    if width == 0 || layers == 0 {
        return Err(ConfigError("`audio_config.hidden_size` is missing".to_owned()));
    }
    let bins = whole(&["num_mel_bins"])?.max(80);
    let block = 4 * width * width + 2 * width * inner + inner + 8 * width;
    Ok(layers * block + 3 * bins * width + 3 * width * width + width * hidden)
}
