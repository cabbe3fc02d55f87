//! Engines that Python starts with literals: vLLM's `LLM(…)` and engine arguments, SGLang's `Engine(…)`, a command line
//! as a list, with the GPU that a Modal function asks for. Arguments become the flags that they stand for.

use super::{Read, Reading};
use crate::engines;
use crate::syntax::Node;
use crate::syntax::code::{Argument, Call};
use crate::units::{Deployment, Field, GpuLabel, GpuRequest, Host, Launch, Unit, Word};

pub(super) const NAME: &str = "python serving";

/// Calls whose arguments are an engine's, by what they are called, with the words that start the same on a command
/// line and the argument that names the model.
const ENGINES: &[(&str, &[&str], &str)] = &[
    ("vllm.LLM", &["vllm", "serve"], "model"),
    ("vllm.EngineArgs", &["vllm", "serve"], "model"),
    ("vllm.AsyncEngineArgs", &["vllm", "serve"], "model"),
    ("vllm.engine.arg_utils.EngineArgs", &["vllm", "serve"], "model"),
    ("vllm.engine.arg_utils.AsyncEngineArgs", &["vllm", "serve"], "model"),
    ("sglang.Engine", &["python", "-m", "sglang.launch_server"], "model_path"),
    ("sgl.Engine", &["python", "-m", "sglang.launch_server"], "model_path"),
];

/// Calls that run a command line.
const RUNS: &[&str] = &[
    "subprocess.Popen",
    "subprocess.run",
    "subprocess.check_call",
    "subprocess.call",
];

/// Most engines that are read of one file.
const MAX_UNITS: usize = 50;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    // Tests start engines with settings that nobody serves with.
    let ours = reading.source.extension() == "py"
        && !super::is_python_test(reading.source.file_name())
        && (reading.contains("vllm") || reading.contains("sglang"))
        && ["LLM(", "EngineArgs(", "Engine(", "subprocess"]
            .iter()
            .any(|sign| reading.contains(sign));
    if !ours {
        return None;
    }
    let calls = reading.calls(|_, _| true);
    let gpu = modal_gpu(reading, &calls);
    let installed = installed(reading, &calls);
    let launches = calls.iter().filter_map(|call| Some((call, launch(reading, call)?)));
    let units: Vec<Unit> = launches
        .take(MAX_UNITS)
        .filter(|(_, launch)| engines::recognise(launch, &Field::default()).is_some())
        .map(|(call, launch)| {
            let launch = Launch {
                installed: installed.clone(),
                ..launch
            };
            Unit::Deployment(Box::new(Deployment {
                name: reading.source.path.clone(),
                format: NAME,
                place: call.place,
                // Which release is installed the file does not say.
                image: Field::Unknown("the installed package decides".to_owned(), None),
                launch,
                gpu: gpu.clone(),
                replicas: Field::default(),
                nodes: Field::default(),
                host: Host::default(),
                settings: None,
            }))
        })
        .collect();
    (!units.is_empty()).then(|| Read {
        units,
        ..Read::default()
    })
}

/// The command line that a call stands for.
fn launch(reading: &Reading<'_>, call: &Call) -> Option<Launch> {
    let place = call.place;
    let word = |text: &str| Word {
        value: Ok(text.to_owned()),
        place,
    };
    let slot = Field::absent_at(reading.id, call.slot.clone());
    if RUNS.contains(&call.callee.as_str()) {
        let list = call
            .positional
            .first()?
            .value
            .node()
            .ok()
            .filter(|list| list.is_seq())?;
        let words = list.items().map(|item| Word {
            value: Ok(item.as_str().unwrap_or_default().to_owned()),
            place: reading.place(item.span),
        });
        return Some(Launch {
            words: words.collect(),
            slot,
            ..Launch::default()
        });
    }
    let (_, start, model) = ENGINES.iter().find(|(callee, ..)| *callee == call.callee)?;
    let mut words: Vec<Word> = start.iter().map(|text| word(text)).collect();
    let named = call.positional.first().or_else(|| call.keyword(model));
    // A helper of the program's own, whose arguments come from somewhere else.
    if named.is_none() && call.open {
        return None;
    }
    words.extend(match named {
        // SGLang's model is a flag, vLLM's the first word.
        Some(argument) if *model == "model_path" => vec![word("--model-path"), value(reading, argument)],
        Some(argument) => vec![value(reading, argument)],
        None => Vec::new(),
    });
    for (name, argument) in call.keywords.iter().filter(|(name, _)| name != model) {
        let flag = format!("--{}", name.replace('_', "-"));
        let place = reading.place(argument.span);
        let flag = Word { value: Ok(flag), place };
        match argument.value.node() {
            Ok(node) if node.is_null() || node.as_bool() == Some(false) => {}
            Ok(node) if node.as_bool() == Some(true) => words.push(flag),
            Ok(_) => words.extend([flag, value(reading, argument)]),
            // Behind the flag of a switch it would read as "on".
            Err(_) => words.push(value(reading, argument)),
        }
    }
    if call.open {
        words.push(Word {
            value: Err("other arguments are handed over with `**`".to_owned()),
            place,
        });
    }
    Some(Launch {
        words,
        slot,
        ..Launch::default()
    })
}

fn value(reading: &Reading<'_>, argument: &Argument) -> Word {
    let value = match argument.value.node() {
        Ok(node) => match node.as_str() {
            Some(text) => Ok(text.trim_start_matches("torch.").to_owned()),
            None => Err("not written as one value".to_owned()),
        },
        Err(why) => Err(why),
    };
    Word {
        value,
        place: reading.place(argument.span),
    }
}

/// Packages that the file puts into its image, with their releases: Modal's `pip_install("vllm==0.8.5")`, BentoML's
/// `python_packages`.
fn installed(reading: &Reading<'_>, calls: &[Call]) -> Vec<Word> {
    const INSTALLS: &[&str] = &["pip_install", "uv_pip_install", "python_packages"];
    let installs = calls.iter().filter(|call| INSTALLS.contains(&call.name()));
    let given: Vec<_> = installs
        .flat_map(|call| &call.positional)
        .filter_map(|argument| argument.value.node().ok())
        .collect();
    let names = given
        .iter()
        .flat_map(|node| std::iter::once(node.as_ref()).chain(node.items()));
    let word = |node: &Node| {
        let text = node.as_str().filter(|text| text.contains("=="))?;
        Some(Word {
            value: Ok(text.to_owned()),
            place: reading.place(node.span),
        })
    };
    names.filter_map(word).collect()
}

/// The GPU of the file's one Modal function: `gpu="H100:2"`.
fn modal_gpu(reading: &Reading<'_>, calls: &[Call]) -> GpuRequest {
    let asks: Vec<&Argument> = calls
        .iter()
        .filter(|call| matches!(call.name(), "function" | "cls") && reading.contains("modal"))
        .filter_map(|call| call.keyword("gpu"))
        .collect();
    let [argument] = asks.as_slice() else {
        return GpuRequest::default();
    };
    let place = reading.place(argument.span);
    let Some(text) = argument.value.fixed() else {
        return GpuRequest::default();
    };
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    GpuRequest {
        count: match count.parse() {
            Ok(count) => Field::Known(count, place),
            Err(_) => Field::Unknown(format!("`{text}` does not say how many GPUs"), Some(place)),
        },
        labels: vec![(GpuLabel::Product(name.to_owned()), place)],
        ..GpuRequest::default()
    }
}
