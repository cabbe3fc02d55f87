//! Training scripts in Python whose settings stand as literals: `TrainingArguments`, TRL's configs, PEFT's `LoraConfig`,
//! Unsloth's `FastLanguageModel`.

use std::sync::LazyLock;

use super::super::{Read, Reading, is_python_test};
use super::{hugging_face, names, quantization, whole};
use crate::syntax::Signs;
use crate::syntax::code::Call;
use crate::units::{Field, Method, Training, Unit};

pub(in crate::formats) const NAME: &str = "training script";

/// Calls that state a run's arguments.
const ARGUMENTS: &[&str] = &[
    "TrainingArguments",
    "Seq2SeqTrainingArguments",
    "SFTConfig",
    "DPOConfig",
    "ORPOConfig",
    "KTOConfig",
    "GRPOConfig",
    "RewardConfig",
    "UnslothTrainingArguments",
];

pub(in crate::formats) fn read(reading: &Reading<'_>) -> Option<Read> {
    static SIGNS: LazyLock<Signs> = LazyLock::new(|| Signs::new(ARGUMENTS.iter().copied()));
    if reading.source.extension() != "py"
        || is_python_test(reading.source.file_name())
        || !SIGNS.any_in(&reading.source.text)
    {
        return None;
    }
    let calls = reading.calls(|_, _| true);
    let arguments: Vec<&Call> = calls.iter().filter(|call| ARGUMENTS.contains(&call.name())).collect();
    // Of several runs in one file it can't be told which model each trains.
    let [arguments] = arguments.as_slice() else {
        return None;
    };
    let place = arguments.place;
    let framework = match () {
        () if reading.contains("unsloth") => "Unsloth",
        () if reading.contains("trl") => "TRL",
        () => "transformers",
    };
    let mut run = Training::new(reading.source.path.clone(), NAME, framework, place);
    hugging_face::fill(&mut run, &of_call(reading, arguments));
    run.model = model(reading, &calls);
    let lora = calls.iter().find(|call| call.name() == "LoraConfig");
    let unsloth_lora = calls
        .iter()
        .find(|call| call.callee.ends_with("get_peft_model") && call.keyword("r").is_some());
    let quantized = base_quantization(reading, &calls);
    run.method = match lora.or(unsloth_lora) {
        Some(call) => {
            let get = of_call(reading, call);
            run.lora_rank = whole(&get, &["r"]);
            run.lora_targets = get(&["target_modules"]).and_then(|text| Ok(names(&text)));
            let kind = if quantized.known().is_some() {
                Method::Qlora
            } else {
                Method::Lora
            };
            Field::Known(kind, call.place)
        }
        // A config that the file doesn't make may still bring adapters.
        None if reading.contains("peft") || reading.contains("Peft") => {
            Field::Unknown("the adapters' settings are not in this file".to_owned(), Some(place))
        }
        None if run.model.known().is_some() => Field::Known(Method::Full, place),
        None => Field::default(),
    };
    run.quantization = quantized;
    if framework == "Unsloth" {
        if let Some(call) = unsloth_lora {
            let checkpointing = of_call(reading, call)(&["use_gradient_checkpointing"]);
            run.gradient_checkpointing = checkpointing.and_then(|text| Ok(!matches!(text.as_str(), "False" | "false")));
        }
        run.fused_loss = Field::Known(true, place);
    }
    Some(Read {
        units: vec![Unit::Training(Box::new(run))],
        ..Read::default()
    })
}

/// Settings of a call; an argument that can't be told is unknown, and so is one that `**kwargs` may give.
fn of_call<'a>(reading: &'a Reading<'_>, call: &'a Call) -> impl Fn(&[&str]) -> Field<String> + 'a {
    |wanted| {
        let Some(argument) = wanted.iter().find_map(|name| call.keyword(name)) else {
            if call.open {
                let why = "other arguments are handed over with `**`".to_owned();
                return Field::Unknown(why, Some(call.place));
            }
            return Field::absent_at(reading.id, call.slot.clone());
        };
        let place = reading.place(argument.span);
        match argument.value.node() {
            Err(why) => Field::Unknown(why, Some(place)),
            Ok(node) if node.is_null() => Field::absent_at(reading.id, call.slot.clone()),
            Ok(node) if node.is_seq() => {
                let items: Vec<&str> = node.items().filter_map(|item| item.as_str()).collect();
                Field::Known(items.join(","), place)
            }
            Ok(node) => match node.as_str() {
                Some(text) => Field::Known(text.to_owned(), place),
                None => Field::Unknown("not written as text".to_owned(), Some(place)),
            },
        }
    }
}

/// The one model that the file loads for training.
fn model(reading: &Reading<'_>, calls: &[Call]) -> Field<String> {
    let loads: Vec<&Call> = calls
        .iter()
        .filter(|call| {
            call.name() == "from_pretrained"
                && [
                    "AutoModel",
                    "ForCausalLM",
                    "FastLanguageModel",
                    "FastModel",
                    "ForConditionalGeneration",
                ]
                .iter()
                .any(|class| call.callee.contains(class))
        })
        .collect();
    let [load] = loads.as_slice() else {
        return match loads.first() {
            Some(first) => Field::Unknown("several models are loaded".to_owned(), Some(first.place)),
            None => Field::default(),
        };
    };
    let named = ["pretrained_model_name_or_path", "model_name"]
        .iter()
        .find_map(|name| load.keyword(name));
    match load.positional.first().or(named) {
        Some(argument) => {
            let place = reading.place(argument.span);
            match argument.value.node() {
                Ok(node) => match node.as_string() {
                    Some(text) => Field::Known(text.as_str().to_owned(), place),
                    None => Field::Unknown("the model is not written as text".to_owned(), Some(place)),
                },
                Err(why) => Field::Unknown(why, Some(place)),
            }
        }
        None => Field::Unknown("the model is not named".to_owned(), Some(load.place)),
    }
}

/// Whether the base weights are quantized: `BitsAndBytesConfig(load_in_4bit=True)`, or the same for the loader.
fn base_quantization(reading: &Reading<'_>, calls: &[Call]) -> Field<String> {
    calls
        .iter()
        .filter(|call| matches!(call.name(), "BitsAndBytesConfig" | "from_pretrained"))
        .map(|call| quantization(&of_call(reading, call)))
        .find(|found| found.known().is_some())
        .unwrap_or_default()
}
