//! Speculative decoding: what drafts the next tokens, and what it adds to weights and KV cache.
//!
//! vLLM's `vllm/config/speculative.py` (0.10 to 0.33) tells the methods, `vllm/v1/spec_decode/` what a drafter holds.
//! Layers for multi-token prediction (MTP) are made as the model's own layers with attention, in a number that its config
//! tells, with one matrix in front that joins hidden state and embedding; embedding and output are the model's.

use std::borrow::Cow;

use serde_json::Value;

use super::{GIB, Inputs, Range, Settings, Step, weights};
use crate::catalog::{Catalog, OpenModel};
use crate::engines::Version;

/// The most tokens drafted at a time that are taken for what was meant.
const MOST_TOKENS: u64 = 1024;
/// What is said of a drafter that isn't counted.
pub(super) const UNCOUNTED: &str = "the draft model of speculative decoding";
/// What is said of a KV connector, whose buffers on the GPU follow from its own settings.
pub(super) const CONNECTOR: &str = "the KV connector's buffers";
/// Tokens of an EAGLE-3 head's own output, as published heads have it; the head's config tells.
const HEAD_VOCABULARY: f64 = 32_000.0;
/// Embedding and output of MTP layers are those of the model: seen in 0.20, in 0.10 not the output.
const ENDS_SHARED: Version = Version::new(0, 20, 0);

/// How tokens are drafted.
#[derive(Debug, Clone, PartialEq)]
pub struct Drafting {
    /// Tokens drafted at a time; each needs a state of its own in layers that keep states.
    pub tokens: u64,
    /// What drafts them.
    pub drafter: Drafter,
}

/// What drafts tokens.
#[derive(Debug, Clone, PartialEq)]
pub enum Drafter {
    /// The prompt itself (n-grams, suffixes): no model.
    Prompt,
    /// The model's own layers for multi-token prediction.
    Own,
    /// A model of its own, served on the same ranks.
    Model(Box<OpenModel>),
    /// A head made for the model: a layer like the model's, with a matrix in front that joins hidden states (EAGLE joins
    /// two, EAGLE-3 three, and has an output of its own).
    Head {
        /// EAGLE-3.
        third: bool,
    },
}

/// Reads `--speculative-config` (JSON), or the name of a model as older releases have it. `None` where it can't be
/// counted: a head of another kind (Medusa, DFlash), or a model that the catalog doesn't know.
pub(super) fn read(text: &str) -> Option<Drafting> {
    let config = match serde_json::from_str(text) {
        Ok(Value::Object(config)) => config,
        _ if text.contains("ngram") => return Some(of(Drafter::Prompt, 0)),
        _ => return model(text).map(|drafter| of(drafter, 0)),
    };
    let name = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or_default();
    let tokens = config
        .get("num_speculative_tokens")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    // A head's share is bounded from one rank to all.
    if let Some(third) = match name("method") {
        "eagle" => Some(false),
        "eagle3" => Some(true),
        _ => None,
    } {
        return Some(of(Drafter::Head { third }, tokens));
    }
    // A drafter on ranks of its own number holds another share.
    if config.contains_key("draft_tensor_parallel_size") || config.contains_key("quantization") {
        return None;
    }
    let drafter = match name("method") {
        method if method.starts_with("ngram") || method == "suffix" => Drafter::Prompt,
        method if method == "mtp" || method.ends_with("_mtp") => Drafter::Own,
        "" if name("model").contains("ngram") => Drafter::Prompt,
        "" | "draft_model" => model(name("model"))?,
        _ => return None,
    };
    Some(of(drafter, tokens))
}

fn of(drafter: Drafter, tokens: u64) -> Drafting {
    Drafting {
        tokens: tokens.min(MOST_TOKENS),
        drafter,
    }
}

fn model(name: &str) -> Option<Drafter> {
    let model = Catalog::embedded().open_model_by_name(name)?;
    Some(Drafter::Model(Box::new(model.into_owned())))
}

/// The inputs with what is drafted settled: a drafter that the model's row doesn't tell counts as uncounted, and MTP
/// layers draft at least as many tokens as there are of them.
pub(super) fn settled<'a>(model: &OpenModel, inputs: &'a Inputs) -> Cow<'a, Inputs> {
    let Some(drafting) = &inputs.drafting else {
        return Cow::Borrowed(inputs);
    };
    let mut settled = inputs.clone();
    let layers = u64::from(model.mtp_layers);
    let plain = |model: &OpenModel| {
        model.compressed_attention.is_none() && model.sliding_window.is_none() && model.full_attention.is_none()
    };
    let told = match &drafting.drafter {
        Drafter::Prompt => true,
        Drafter::Own => layers > 0 && plain(model),
        // Heads for mixtures, latent attention and states are made in other shapes.
        Drafter::Head { .. } => plain(model) && model.mla.is_none() && model.moe.is_none() && model.linear_layers == 0,
        // Latent attention and states have pages of their own kinds, whose groups were not read.
        Drafter::Model(draft) => {
            plain(model) && plain(draft) && draft.mla.is_none() && model.mla.is_none() && draft.linear_layers == 0
        }
    };
    if !told {
        settled.uncounted.push(UNCOUNTED.to_owned());
        settled.drafting = None;
    } else if drafting.drafter == Drafter::Own && drafting.tokens == 0 {
        settled.drafting = Some(of(Drafter::Own, layers));
    }
    Cow::Owned(settled)
}

/// Weights of the drafter on one rank, GiB.
///
/// # Errors
/// Why the draft model's precision can't be told.
pub(super) fn weights(
    model: &OpenModel,
    inputs: &Inputs,
    settings: &Settings,
    steps: &mut Vec<Step>,
) -> Result<Range, String> {
    let hidden = f64::from(model.hidden_size);
    let ranks = settings.tensor_parallel as f64;
    let (range, formula, taken) = match inputs.drafting.as_ref().map(|drafting| &drafting.drafter) {
        None | Some(Drafter::Prompt) => return Ok(Range::default()),
        Some(Drafter::Own) => {
            let layer = weights::layer(model, inputs, settings)?;
            let joined = 2.0 * hidden * hidden * settings.element / ranks;
            let count = f64::from(model.mtp_layers);
            // Checkpoints of 8 bits quantize these layers too; those of 4 bits mostly leave them alone.
            let is_left = model.quantization.as_ref().is_some_and(|own| own.bits < 8);
            let of = |layer: f64| count * (layer + joined) / GIB;
            let each = if is_left { layer.plain } else { layer.stored };
            let own_ends = 2.0 * f64::from(model.vocab_size) * hidden * settings.element;
            let ends = match settings.defaults.version >= ENDS_SHARED {
                true => 0.0,
                false => own_ends / ranks / GIB,
            };
            let range = Range {
                low: of(layer.stored) * 0.85,
                mid: of(each),
                high: of(layer.plain.max(layer.stored)) * 1.15 + ends,
            };
            let formula = "MTP layers × (bytes of a layer on a rank + 2 × hidden² × bytes ÷ ranks)";
            let taken = vec![
                ("MTP layers", count),
                ("bytes of a layer on a rank", each.round()),
                ("hidden", hidden),
                ("bytes", settings.element),
                ("ranks", ranks),
            ];
            (range, formula, taken)
        }
        Some(Drafter::Head { third }) => {
            let layer = weights::layer(model, inputs, settings)?.plain * ranks;
            let joins = if *third { 3.0 } else { 2.0 };
            // EAGLE-3's layer reads embedding and hidden state side by side.
            let reads = f64::from(model.heads + 2 * model.kv_heads) * f64::from(model.head_dim);
            let wider = if *third { hidden * reads } else { 0.0 };
            let output = if *third { HEAD_VOCABULARY } else { 0.0 };
            let own =
                |output: f64| (layer + (joins * hidden * hidden + wider + output * hidden) * settings.element) / GIB;
            let range = Range {
                low: 0.5 * own(0.0) / ranks,
                mid: own(output) / ranks,
                // On one rank, with an output of the model's vocabulary and an embedding of its own.
                high: 1.1 * own(2.0 * f64::from(model.vocab_size)),
            };
            let formula = "a head: (bytes of a layer + (joined × hidden² + what an EAGLE-3 layer reads more × hidden + \
                           output's vocabulary × hidden) × bytes) ÷ ranks";
            let taken = vec![
                ("bytes of a layer", layer),
                ("joined", joins),
                ("hidden", hidden),
                ("what an EAGLE-3 layer reads more", wider / hidden),
                ("output's vocabulary", output),
                ("bytes", settings.element),
                ("ranks", ranks),
            ];
            (range, formula, taken)
        }
        Some(Drafter::Model(draft)) => {
            let own = Inputs {
                drafting: None,
                lora: None,
                quantization: None,
                cpu_offload_gib: 0.0,
                ..inputs.clone()
            };
            let range = weights::of(draft, &own, settings, &mut Vec::new(), &mut Vec::new())?;
            let formula = "the draft model's weights, by the formula above";
            let taken = vec![("parameters", draft.parameters as f64), ("ranks", ranks)];
            (range, formula, taken)
        }
    };
    steps.push(Step {
        name: "drafter",
        formula,
        inputs: taken,
        value: range.mid,
        unit: "GiB",
    });
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::memory::{Device, KvRoom, plan};

    #[test]
    fn mtp_layers_hold_what_logs_print() {
        // A published log of 0.21 (club-3090#294): Qwen3.6 27B in 4 bits on two RTX 3090 with three tokens drafted holds
        // 622,408 tokens, 2.37 sequences.
        let model = Catalog::embedded()
            .open_model_by_name("Intel/Qwen3.6-27B-int4-AutoRound")
            .expect("a model");
        let gpu = Device::from(
            Catalog::embedded()
                .gpus()
                .iter()
                .find(|gpu| gpu.id == "RTX3090")
                .expect("a GPU"),
        );
        let mut inputs = Inputs {
            version: Some(Version::new(0, 21, 0)),
            tensor_parallel: Some(2),
            max_num_seqs: Some(2),
            max_num_batched_tokens: Some(8192),
            kv_cache_dtype: Some("fp8_e5m2".to_owned()),
            prefix_caching: Some(true),
            drafting: read(r#"{"method": "mtp", "num_speculative_tokens": 3}"#),
            ..Inputs::default()
        };
        let room =
            |inputs: &Inputs| -> KvRoom { plan(&model, &gpu, inputs).figures.expect("figures").kv.expect("room") };
        let drafted = room(&inputs);
        assert!(
            (drafted.tokens as f64 / 622_408.0 - 1.0).abs() < 0.02,
            "{}",
            drafted.tokens
        );
        assert!(
            (drafted.max_concurrency - 2.37).abs() < 0.03,
            "{}",
            drafted.max_concurrency
        );
        inputs.drafting = None;
        assert!(room(&inputs).tokens as f64 > 622_408.0 * 1.1);
    }

    #[test]
    fn a_drafter_that_is_not_told_is_not_counted() {
        let model = Catalog::embedded()
            .open_model("meta-llama/Llama-3.1-8B-Instruct")
            .expect("a model");
        let own = |text: &str| Inputs {
            drafting: read(text),
            ..Inputs::default()
        };
        // Llama has no layers of its own for it.
        let mtp = own(r#"{"method": "mtp", "num_speculative_tokens": 1}"#);
        assert_eq!(settled(model, &mtp).uncounted, [UNCOUNTED]);
        // A model of its own takes its weights, and keys and values of its layers: 16 × 2 × 8 heads × 64 × 2 bytes.
        let draft = own(r#"{"method": "draft_model", "model": "meta-llama/Llama-3.2-1B-Instruct"}"#);
        let gpu = Device {
            name: "H100-80GB",
            memory_gib: Some(79.2),
            error_gib: 0.0,
            compute_capability: Some(9.0),
        };
        let of = |inputs: &Inputs| plan(model, &gpu, inputs).figures.expect("figures");
        let (alone, both) = (of(&Inputs::default()), of(&draft));
        assert_eq!(both.kv_bytes_per_token - alone.kv_bytes_per_token, 16 * 2 * 8 * 64 * 2);
        let more = both.weights.mid - alone.weights.mid;
        // 1.24 billion parameters in 16 bits are 2.30 GiB.
        assert!((2.28..2.40).contains(&more), "{more}");
    }

    #[test]
    fn heads_weigh_what_published_ones_do() {
        // yuhuili/EAGLE3-LLaMA3.1-Instruct-8B: 850 MB in 16 bits (a layer of 8192 → 6144, 4096 × 4096 and 3 × 4096 × 14336,
        // 12288 × 4096 in front, 32,000 × 4096 behind: 424.7 million numbers).
        let model = Catalog::embedded()
            .open_model("meta-llama/Llama-3.1-8B-Instruct")
            .expect("a model");
        let gpu = Device {
            name: "H100-80GB",
            memory_gib: Some(79.2),
            error_gib: 0.0,
            compute_capability: Some(9.0),
        };
        let own = |text: &str| Inputs {
            drafting: read(text),
            ..Inputs::default()
        };
        let of = |inputs: &Inputs| plan(model, &gpu, inputs).figures.expect("figures");
        let alone = of(&Inputs::default());
        let head = of(&own(
            r#"{"method": "eagle3", "model": "someone/a-head", "num_speculative_tokens": 3}"#,
        ));
        let more = (head.weights.mid - alone.weights.mid) * GIB;
        assert!((more / 849.4e6 - 1.0).abs() < 0.01, "{more}");
        // One layer's keys and values more.
        assert_eq!(head.kv_bytes_per_token - alone.kv_bytes_per_token, 2 * 8 * 128 * 2);
    }

    #[test]
    fn methods_tell_what_drafts() {
        let of = |text: &str| read(text).map(|drafting| (drafting.drafter, drafting.tokens));
        assert_eq!(
            of(r#"{"method": "mtp", "num_speculative_tokens": 3}"#),
            Some((Drafter::Own, 3))
        );
        assert_eq!(of(r#"{"method": "deepseek_mtp"}"#), Some((Drafter::Own, 0)));
        assert_eq!(of("[ngram]"), Some((Drafter::Prompt, 0)));
        assert_eq!(
            of(r#"{"method": "ngram", "num_speculative_tokens": 5, "prompt_lookup_max": 4}"#),
            Some((Drafter::Prompt, 5))
        );
        let draft = of(r#"{"model": "Qwen/Qwen3-0.6B", "num_speculative_tokens": 5}"#);
        assert!(matches!(draft, Some((Drafter::Model(model), 5)) if model.id == "Qwen/Qwen3-0.6B"));
        assert_eq!(
            of(r#"{"method": "eagle3", "model": "someone/a-head", "draft_tensor_parallel_size": 1}"#),
            Some((Drafter::Head { third: true }, 0))
        );
        // Heads of other kinds, models not known, ranks of its own.
        assert_eq!(of(r#"{"method": "medusa", "model": "Qwen/Qwen3-0.6B"}"#), None);
        assert_eq!(of("someone/unheard-of"), None);
        assert_eq!(
            of(r#"{"model": "Qwen/Qwen3-0.6B", "draft_tensor_parallel_size": 1}"#),
            None
        );
    }
}
