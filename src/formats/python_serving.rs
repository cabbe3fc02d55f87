//! Engines that Python starts with literals: vLLM's `LLM(…)` and engine arguments, SGLang's `Engine(…)`, Ray Serve's
//! `LLMConfig(…)`, a command line as a list or text, with the GPU that a Modal function or a BentoML service asks for
//! and the copies that LitServe starts. Arguments become the flags that they stand for.
//! BentoML: <https://docs.bentoml.com/en/latest/reference/bentoml/configurations.html>, LitServe:
//! <https://lightning.ai/docs/litserve/api-reference/litserver>.

use std::sync::Arc;

use super::{Read, Reading, kuberay};
use crate::engines;
use crate::sdks;
use crate::source::{Place, Text};
use crate::syntax::args;
use crate::syntax::code::{Argument, Call, Kind, Value};
use crate::syntax::template::Piece;
use crate::syntax::{self, Node, yaml};
use crate::units::{Deployment, Field, GpuLabel, GpuRequest, Host, Launch, Unit, Word};

pub(super) const NAME: &str = "python serving";

/// Calls whose arguments are an engine's, by what they are called, with the words that start the same on a command
/// line and the argument that names the model.
const ENGINES: &[(&str, &[&str], &str)] = &[
    (OFFLINE, &["vllm", "serve"], "model"),
    ("vllm.EngineArgs", &["vllm", "serve"], "model"),
    ("vllm.AsyncEngineArgs", &["vllm", "serve"], "model"),
    ("vllm.engine.arg_utils.EngineArgs", &["vllm", "serve"], "model"),
    ("vllm.engine.arg_utils.AsyncEngineArgs", &["vllm", "serve"], "model"),
    ("sglang.Engine", &["python", "-m", "sglang.launch_server"], "model_path"),
    ("sgl.Engine", &["python", "-m", "sglang.launch_server"], "model_path"),
];

/// The engine that serves nobody but its program.
const OFFLINE: &str = "vllm.LLM";

/// Calls that run a command line.
const RUNS: &[&str] = &[
    "subprocess.Popen",
    "subprocess.run",
    "subprocess.check_call",
    "subprocess.call",
];

/// What Ray Serve's engine is called.
const RAY: &str = "LLMConfig";

/// The method of a BentoML service whose result is the command line that it runs.
const COMMAND: &str = "__command__";

/// Most engines that are read of one file.
const MAX_UNITS: usize = 50;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    // Tests start engines with settings that nobody serves with.
    let ours = reading.source.extension() == "py"
        && !super::is_python_test(reading.source.file_name())
        && ["vllm", "sglang", "ray.serve"]
            .iter()
            .any(|sign| reading.contains(sign))
        && ["LLM(", "EngineArgs(", "Engine(", "LLMConfig(", "subprocess", COMMAND]
            .iter()
            .any(|sign| reading.contains(sign));
    if !ours {
        return None;
    }
    let starters = || ENGINES.iter().map(|(callee, ..)| callee).chain(RUNS);
    let may_start = |name: &str| starters().any(|callee| sdks::last_name(callee) == name);
    let calls = reading.calls_of(|name| name == RAY || may_start(name), |_, _| true);
    let mut units: Vec<Unit> = calls.iter().filter_map(|call| ray(reading, call)).collect();
    let started = calls
        .iter()
        .filter_map(|call| Some((call.place, launch(reading, call)?)));
    let commands = reading.returned(COMMAND);
    let commanded = commands.iter().filter_map(|value| {
        let launch = Launch {
            words: command_line(value)?,
            slot: Field::Absent(Some((value.place, None))),
            ..Launch::default()
        };
        Some((value.place, launch))
    });
    let launches: Vec<(Place, Launch)> = started
        .chain(commanded)
        .take(MAX_UNITS)
        .filter(|(_, launch)| engines::recognise(launch, &Field::default()).is_some())
        .collect();
    if launches.is_empty() {
        units.truncate(MAX_UNITS);
        return (!units.is_empty()).then(|| Read {
            units,
            ..Read::default()
        });
    }
    let calls = reading.calls(|_, _| true);
    let gpu = match modal_gpu(reading, &calls) {
        Some(gpu) => gpu,
        None => bento_gpu(reading, &calls).unwrap_or_default(),
    };
    let replicas = copies(reading, &calls);
    let mut installed = installed(reading, &calls);
    installed.extend(bentofile(reading));
    units.extend(launches.into_iter().map(|(place, launch)| {
        let launch = Launch {
            installed: installed.clone(),
            ..launch
        };
        Unit::Deployment(Box::new(Deployment {
            name: reading.source.path.clone(),
            format: NAME,
            place,
            // Which release is installed the file does not say.
            image: Field::Unknown("the installed package decides".to_owned(), None),
            launch,
            gpu: gpu.clone(),
            replicas: replicas.clone(),
            nodes: Field::default(),
            host: Host::default(),
            settings: None,
        }))
    }));
    units.truncate(MAX_UNITS);
    Some(Read {
        units,
        ..Read::default()
    })
}

/// The engine of Ray Serve's `LLMConfig(…)`, whose arguments are what a Serve config has in YAML.
fn ray(reading: &Reading<'_>, call: &Call) -> Option<Unit> {
    if !(call.callee.starts_with("ray.") && call.name() == RAY) {
        return None;
    }
    let entries = call
        .keywords
        .iter()
        .filter(|(_, argument)| is_here(reading, &argument.value));
    let entries = entries.filter_map(|(name, argument)| {
        let span = argument.span;
        let kind = syntax::Kind::Quoted(Text::opaque(name, span));
        Some((Arc::new(Node { span, kind }), argument.value.node().ok()?))
    });
    let config = Node {
        span: call.place.span,
        kind: syntax::Kind::Map {
            entries: entries.collect(),
            slot: call.slot.clone(),
        },
    };
    kuberay::engine(reading, &config, "", NAME)
}

/// Whether all of a value stands in this file, to which a node's places belong.
fn is_here(reading: &Reading<'_>, value: &Value) -> bool {
    value.place.source == reading.id
        && match &value.kind {
            Kind::List { items, .. } => items.iter().all(|item| is_here(reading, item)),
            Kind::Map { entries, .. } => entries.iter().all(|(_, entry)| is_here(reading, entry)),
            _ => true,
        }
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
        return Some(Launch {
            words: command_line(&call.positional.first()?.value)?,
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
        offline: call.callee == OFFLINE,
        ..Launch::default()
    })
}

/// A command line as a list of words, or as one text that a shell splits. A word that can't be told is unknown; the
/// others stay what they are.
fn command_line(value: &Value) -> Option<Vec<Word>> {
    match &value.kind {
        Kind::List { items, open } => {
            let mut words: Vec<Word> = items.iter().map(|item| told(item)).collect();
            words.extend(open.as_ref().map(|open| Word {
                value: Err(open.why.clone()),
                place: value.place,
            }));
            Some(words)
        }
        Kind::Text(text, pieces) => {
            let all_told = pieces.iter().all(|piece| matches!(piece, Piece::Fixed(_)));
            let text = all_told.then(|| Text::opaque(text.as_str(), value.place.span))?;
            let look = |name: &str| Some(Err(format!("`${name}` is filled in when it starts")));
            let commands = args::split_shell(&text, value.place.source, &look).ok()?;
            commands.into_iter().next_back().map(|command| command.words)
        }
        _ => None,
    }
}

/// A word of a command line.
fn told(value: &Value) -> Word {
    let named = match &value.kind {
        // The folder into which BentoML loads a repository.
        Kind::Call(call) if call.name() == "HuggingFaceModel" => {
            call.positional.first().or_else(|| call.keyword("model_id"))
        }
        _ => None,
    };
    match named {
        Some(argument) => Word {
            value: one_word(&argument.value),
            place: argument.value.place,
        },
        None => Word {
            value: one_word(value),
            place: value.place,
        },
    }
}

fn value(reading: &Reading<'_>, argument: &Argument) -> Word {
    Word {
        value: one_word(&argument.value),
        place: reading.place(argument.span),
    }
}

/// What a value is as a word; of a name of torch (`torch.bfloat16`), its last part. What else a module of others holds is
/// not known.
fn one_word(value: &Value) -> Result<String, String> {
    if let Kind::Path(path, None) = &value.kind {
        return match path.strip_prefix("torch.") {
            Some(name) => Ok(name.to_owned()),
            None => Err(format!(
                "`{path}` is set in a module that is not among the files of this run"
            )),
        };
    }
    let node = value.node()?;
    let text = node.as_str().map(str::to_owned);
    text.ok_or_else(|| "not written as one value".to_owned())
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

/// Packages of the bentofile.yaml beside the file, with their releases.
fn bentofile(reading: &Reading<'_>) -> Vec<Word> {
    let path = reading.source.from_root.as_str();
    let folder = path.rfind('/').map_or("", |at| &path[..=at]);
    let Some(id) = reading.files.find(&format!("{folder}bentofile.yaml")) else {
        return Vec::new();
    };
    let (body, start) = reading.files.source(id).body();
    let parsed = yaml::parse(body, start);
    let packages = parsed
        .documents
        .first()
        .and_then(|document| document.at(&["python", "packages"]));
    let pinned = packages.into_iter().flat_map(Node::items).filter_map(|node| {
        let text = node.as_str().filter(|text| text.contains("=="))?;
        Some(Word {
            value: Ok(text.to_owned()),
            place: Place {
                source: id,
                span: node.span,
            },
        })
    });
    pinned.collect()
}

/// The one of some arguments; none where several functions or services ask differently.
fn only<'a>(asks: impl Iterator<Item = &'a Argument>) -> Option<&'a Argument> {
    let mut asks = asks;
    let first = asks.next()?;
    asks.next().is_none().then_some(first)
}

/// The GPU of the file's one Modal function: `gpu="H100:2"`.
fn modal_gpu(reading: &Reading<'_>, calls: &[Call]) -> Option<GpuRequest> {
    let functions = calls
        .iter()
        .filter(|call| matches!(call.name(), "function" | "cls") && reading.contains("modal"));
    let argument = only(functions.filter_map(|call| call.keyword("gpu")))?;
    let place = reading.place(argument.span);
    let text = argument.value.fixed()?;
    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    Some(GpuRequest {
        count: match count.parse() {
            Ok(count) => Field::Known(count, place),
            Err(_) => Field::Unknown(format!("`{text}` does not say how many GPUs"), Some(place)),
        },
        labels: vec![(GpuLabel::Product(name.to_owned()), place)],
        ..GpuRequest::default()
    })
}

/// The GPUs of the file's one BentoML service: `resources={"gpu": 1, "gpu_type": "nvidia-l4"}`.
fn bento_gpu(reading: &Reading<'_>, calls: &[Call]) -> Option<GpuRequest> {
    let services = calls
        .iter()
        .filter(|call| call.name() == "service" && reading.contains("bentoml"));
    let resources = &only(services.filter_map(|call| call.keyword("resources")))?.value;
    let mut request = GpuRequest {
        count: resources.get("gpu").map_or(Field::default(), |gpu| whole(gpu)),
        ..GpuRequest::default()
    };
    if let Some(kind) = resources.get("gpu_type")
        && let Some(text) = kind.fixed()
    {
        request.labels.push((GpuLabel::Product(text.to_owned()), kind.place));
    }
    Some(request)
}

/// The copies that LitServe starts: one worker a device, or as many as `workers_per_device` says.
fn copies(reading: &Reading<'_>, calls: &[Call]) -> Field<u64> {
    let mut servers = calls
        .iter()
        .filter(|call| call.name() == "LitServer" && reading.contains("litserve"));
    let (Some(server), None) = (servers.next(), servers.next()) else {
        return Field::default();
    };
    let Some(devices) = server.keyword("devices") else {
        return Field::default();
    };
    let workers = server
        .keyword("workers_per_device")
        .map(|workers| whole(&workers.value));
    whole(&devices.value).and_then(|devices| match &workers {
        None => Ok(devices),
        Some(Field::Known(workers, _)) => Ok(devices.saturating_mul(*workers)),
        Some(_) => Err("`workers_per_device` can't be told".to_owned()),
    })
}

/// A whole number, or why it can't be told.
fn whole(value: &Value) -> Field<u64> {
    let place = value.place;
    match value.node() {
        Err(why) => Field::Unknown(why, Some(place)),
        Ok(node) => match node.as_str().map(|text| (text, text.parse())) {
            Some((_, Ok(number))) => Field::Known(number, place),
            // `auto`: all that there are.
            Some((text, Err(_))) => Field::Unknown(format!("`{text}` is not a number"), Some(place)),
            None => Field::Unknown("not a number".to_owned(), Some(place)),
        },
    }
}
