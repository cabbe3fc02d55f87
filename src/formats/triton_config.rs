//! Triton's `config.pbtxt` for the TensorRT-LLM backend: what its model repository says of the engine that it serves.
//! Format: <https://github.com/triton-inference-server/tensorrtllm_backend>, `all_models/inflight_batcher_llm`; a file
//! whose placeholders `${…}` are still to be filled in says as much.

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::source::Text;
use crate::syntax::pbtxt::{self, Entry, Value};
use crate::units::{Field, Unit, Word};

pub(super) const NAME: &str = "triton config";

/// Parameters of the backend, and TensorRT-LLM's flags that say the same.
const PARAMETERS: &[(&str, &str)] = &[
    ("kv_cache_free_gpu_mem_fraction", "--kv_cache_free_gpu_memory_fraction"),
    ("enable_chunked_context", "--enable_chunked_prefill"),
    ("max_num_sequences", "--max_batch_size"),
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "pbtxt" || !reading.contains("tensorrtllm") {
        return None;
    }
    let (body, start) = reading.source.body();
    let fields = match pbtxt::parse(body, start) {
        Ok(fields) => fields,
        Err(error) => {
            return Some(Read {
                errors: vec![error],
                ..Read::default()
            });
        }
    };
    let backend = pbtxt::text(&fields, "backend")?;
    if backend.as_str() != "tensorrtllm" {
        return None;
    }
    let word = |value: &str, place| Word {
        value: Ok(value.to_owned()),
        place,
    };
    let place = reading.place(backend.span());
    let mut words = vec![word("trtllm-serve", place)];
    words.push(match parameter(&fields, "gpt_model_path") {
        Some(path) => word(path.as_str(), reading.place(path.span())),
        None => Word {
            value: Err("the engine's folder is not named".to_owned()),
            place,
        },
    });
    // The batch is the engine's own where neither is said.
    let batch = pbtxt::text(&fields, "max_batch_size").map(|text| ("--max_batch_size", text));
    let parameters = PARAMETERS
        .iter()
        .filter_map(|(name, flag)| Some((*flag, parameter(&fields, name)?)));
    for (flag, text) in batch.into_iter().chain(parameters) {
        // Empty and a placeholder that nobody filled in leave it to the backend.
        if !text.as_str().is_empty() {
            let place = reading.place(text.span());
            words.extend([word(flag, place), word(text.as_str(), place)]);
        }
    }
    let mut around = Around::default();
    let why = "it is given where the server is started";
    around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
    let made = commands::deployment(words, around, reading.source.path.clone(), NAME)?;
    Some(Read {
        units: vec![Unit::Deployment(Box::new(made))],
        ..Read::default()
    })
}

/// The value of one of the backend's parameters: `parameters { key: "…" value { string_value: "…" } }`.
fn parameter<'a>(fields: &'a [Entry], name: &str) -> Option<&'a Text> {
    pbtxt::all(fields, "parameters").find_map(|entry| {
        let Value::Message(entry) = entry else {
            return None;
        };
        if pbtxt::text(entry, "key")?.as_str() != name {
            return None;
        }
        match pbtxt::all(entry, "value").next()? {
            Value::Message(value) => pbtxt::text(value, "string_value"),
            Value::Scalar(_) => None,
        }
    })
}
