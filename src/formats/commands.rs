//! Shell commands that start an engine, or train. Shared by the formats that hold command lines.

pub(super) mod docker;
pub(super) mod slurm;
mod wrappers;

use std::collections::HashMap;

use self::docker::container_run;
use self::wrappers::peel;
use super::training::line;
use super::{Reading, containers, settings_file};
use crate::engines::{self, ollama};
use crate::source::{Place, Text};
use crate::syntax::args::{self, Command, Lookup, Word};
use crate::units::{Deployment, EnvValue, Field, GpuRequest, Host, Launch, SharedMemory, Unit};

/// Whether the file names an engine, or words of a command that trains: without them it is not read.
pub(super) fn may_start(reading: &Reading<'_>) -> bool {
    containers::names_engine(reading) || line::SIGNS.iter().any(|sign| reading.contains(sign))
}

/// What a file says of its commands besides their words.
#[derive(Clone, Default)]
pub(super) struct Around {
    /// The image that they run in.
    pub image: Field<String>,
    /// GPUs that a scheduler gives them.
    pub gpu: GpuRequest,
    /// Copies.
    pub replicas: Field<u64>,
    /// Machines of one copy.
    pub nodes: Field<u64>,
    /// What a scheduler gives them besides GPUs.
    pub host: Host,
    /// Variables that they see.
    pub env: Vec<(String, EnvValue)>,
    /// Packages that were installed before.
    pub installed: Vec<Word>,
}

/// How deep scripts may stand inside commands (`bash -c "tmux new 'vllm serve …'"`).
const MAX_NESTED: usize = 4;

/// Shells whose `-c` is a script.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// Programs one of whose words may be a script that they run.
const RUN_STRINGS: &[&str] = &["tmux", "screen", "su", "runuser", "script", "eval", "byobu"];

/// The units of the commands that start an engine, in their order; a unit is called `name`, a container by its own
/// name too.
pub(super) fn units(
    reading: &Reading<'_>,
    commands: Vec<Command>,
    around: &Around,
    name: &str,
    format: &'static str,
) -> Vec<Unit> {
    let mut units = Vec::new();
    read_commands(reading, commands, around, name, format, 0, &mut units);
    note_shared(&mut units);
    units
}

/// Engines that are started side by side on the same GPUs, or are not held to any, share them.
fn note_shared(units: &mut [Unit]) {
    let gpus = |unit: &Unit| {
        let Unit::Deployment(made) = unit else {
            return None;
        };
        let visible = made.launch.env.iter().rfind(|(name, _)| name == "CUDA_VISIBLE_DEVICES");
        match visible {
            Some((_, EnvValue::Known(ids, _))) => Some(ids.as_str().to_owned()),
            _ => made.gpu.count.known().is_none().then(String::new),
        }
    };
    let held: Vec<Option<String>> = units.iter().map(gpus).collect();
    let mut beside: HashMap<&str, usize> = HashMap::new();
    for ids in held.iter().flatten() {
        *beside.entry(ids).or_default() += 1;
    }
    for (unit, ids) in units.iter_mut().zip(&held) {
        let count = ids.as_deref().and_then(|ids| beside.get(ids)).copied().unwrap_or(0);
        if let (Unit::Deployment(made), true) = (unit, count > 1) {
            let why = format!("{count} engines are started on the same GPUs");
            made.gpu.shared = Field::Known(why, made.place);
        }
    }
}

fn read_commands(
    reading: &Reading<'_>,
    commands: Vec<Command>,
    around: &Around,
    name: &str,
    format: &'static str,
    nested: usize,
    units: &mut Vec<Unit>,
) {
    let mut set = around.env.clone();
    let mut installed = around.installed.clone();
    let pulled = ollama::pulled(commands.iter().map(|command| command.words.as_slice()));
    let before = units.len();
    for mut command in commands {
        for word in &mut command.words {
            if let Ok(text) = &word.value
                && holds_placeholder(text)
            {
                word.value = Err(format!("`{text}` is filled in by a program"));
            }
        }
        let own = command.env.into_iter().map(|(name, word)| (name, value_of(word)));
        if command.words.is_empty() {
            // `export A=1` sets it for the commands behind it.
            set.extend(own);
            continue;
        }
        let env = set.iter().cloned().chain(own).collect();
        installed.extend(engines::installs(&command.words).cloned());
        let around = Around {
            env,
            installed: installed.clone(),
            ..around.clone()
        };
        read_command(reading, command.words, around, name, format, nested, units);
    }
    if let Some(model) = pulled {
        for unit in &mut units[before..] {
            if let Unit::Deployment(made) = unit {
                ollama::serve(&mut made.launch, &made.image, &model);
            }
        }
    }
}

/// Whether a text holds `{name}`, which Python's templates fill in and a shell leaves as it is.
fn holds_placeholder(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let inner = &text[at + 1..];
        let length = inner
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        length > 0 && inner[length..].starts_with('}')
    })
}

fn value_of(word: Word) -> EnvValue {
    match word.value {
        Ok(text) => EnvValue::Known(Text::opaque(&text, word.place.span), word.place),
        Err(why) => EnvValue::Unknown(why, word.place),
    }
}

/// What a word says, or nothing where it can't be told.
fn told(words: &[Word], at: usize) -> &str {
    words.get(at).and_then(|word| word.value.as_deref().ok()).unwrap_or("")
}

/// The script between double quotes, in which the shell around it would fill something in: what stands there as it is
/// can be told nevertheless.
fn quoted(reading: &Reading<'_>, place: Place) -> Option<Text> {
    let written = reading.source.text.get(place.span.start..place.span.end)?;
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then(|| Text::verbatim(inner, place.span.start + 1))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn read_command(
    reading: &Reading<'_>,
    mut words: Vec<Word>,
    mut around: Around,
    name: &str,
    format: &'static str,
    nested: usize,
    units: &mut Vec<Unit>,
) {
    if nested > MAX_NESTED {
        return;
    }
    let mut at = 0;
    // Each turn takes off one program in front.
    while let Some(behind) = peel(&words[at..], &mut around) {
        at += behind;
    }
    words.drain(..at);
    let program = base_name(told(&words, 0)).to_owned();
    if words.is_empty() {
        return;
    }
    if SHELLS.contains(&program.as_str()) || RUN_STRINGS.contains(&program.as_str()) {
        let shell = SHELLS.contains(&program.as_str());
        let script = |at: usize| {
            let before = told(&words, at - 1);
            !shell || (before.starts_with('-') && before.ends_with('c') && !before.starts_with("--"))
        };
        for (at, word) in words.iter().enumerate().skip(1) {
            if !script(at) {
                continue;
            }
            let text = match &word.value {
                Ok(text) => Some(Text::opaque(text, word.place.span)),
                Err(_) => quoted(reading, word.place),
            };
            let Some(text) = text.filter(|text| text.as_str().contains(' ')) else {
                continue;
            };
            let look = env_lookup(&around.env);
            let Ok(commands) = args::split_shell(&text, reading.id, &look) else {
                continue;
            };
            read_commands(reading, commands, &around, name, format, nested + 1, units);
            if shell {
                break;
            }
        }
        return;
    }
    let mut name = name.to_owned();
    if let Some(container) = container_run(reading, &words, &mut around) {
        if let Some(own) = container.name {
            name = format!("{name}#{own}");
        }
        // What is installed beside a container is not in it.
        around.installed.clear();
        words.drain(..container.arguments);
        if SHELLS.contains(&base_name(told(&words, 0))) {
            read_command(reading, words, around, &name, format, nested + 1, units);
            return;
        }
    } else if !is_the_engine(&words, &around.image) {
        units.extend(training(&words, &around, &name));
        return;
    }
    if let Some(run) = training(&words, &around, &name) {
        units.push(run);
        return;
    }
    units.extend(deployment(words, around, name, format).map(|made| Unit::Deployment(Box::new(made))));
}

/// The training run that a command starts.
fn training(words: &[Word], around: &Around, name: &str) -> Option<Unit> {
    let launch = Launch {
        words: words.to_vec(),
        env: around.env.clone(),
        ..Launch::default()
    };
    let mut run = line::recognise(&launch, name.to_owned())?;
    run.gpu.labels.clone_from(&around.gpu.labels);
    if run.gpu.count.is_absent() {
        run.gpu.count = match visible_gpus(&around.env) {
            Some(visible) => visible,
            None => around.gpu.count.clone(),
        };
    }
    if run.nodes.is_absent() {
        run.nodes = around.nodes.clone();
    }
    Some(Unit::Training(Box::new(run)))
}

/// Whether the command's first word is part of what starts the engine: `echo vllm serve m` starts none.
fn is_the_engine(words: &[Word], image: &Field<String>) -> bool {
    let first = match words.first().map(|word| word.value.as_deref()) {
        None => return false,
        Some(Err(_)) => return true,
        Some(Ok(first)) => base_name(first),
    };
    if first.starts_with("python") || first.starts_with("pypy") || matches!(first, "torchrun" | "mpirun" | "mpiexec") {
        return true;
    }
    if matches!(
        first,
        "uv" | "poetry" | "pipenv" | "conda" | "mamba" | "micromamba" | "pixi" | "hatch" | "pdm"
    ) {
        return told(words, 1) == "run";
    }
    let rest = Launch {
        words: words[1..].to_vec(),
        ..Launch::default()
    };
    image.known().is_some() || engines::recognise(&rest, &Field::default()).is_none()
}

pub(super) fn deployment(
    words: Vec<Word>,
    mut around: Around,
    name: String,
    format: &'static str,
) -> Option<Deployment> {
    let place = match (words.first(), words.last()) {
        (Some(first), Some(last)) => Place {
            source: first.place.source,
            span: first.place.span.cover(last.place.span),
        },
        _ => around.image.place()?,
    };
    if let Some(visible) = visible_gpus(&around.env) {
        around.gpu.count = visible;
    }
    let launch = Launch {
        slot: Field::Absent(Some((words.last().map_or(place, |word| word.place), None))),
        offline: false,
        words,
        env: around.env,
        installed: around.installed,
    };
    engines::recognise(&launch, &around.image)?;
    // A command that runs on no container has the host's own shared memory.
    let bare = around.image.is_absent() && around.host.shared_memory.is_absent();
    if bare {
        around.host.shared_memory = Field::Known(SharedMemory::Unlimited, place);
    }
    Some(Deployment {
        name,
        format,
        place,
        image: around.image,
        launch,
        gpu: around.gpu,
        replicas: around.replicas,
        nodes: around.nodes,
        host: around.host,
        settings: None,
    })
}

/// Looks variables up in an environment; what is not in it is not set here.
pub(super) fn env_lookup(env: &[(String, EnvValue)]) -> impl Fn(&str) -> Option<Result<String, String>> {
    |name| {
        let (_, value) = env.iter().rfind(|(key, _)| key == name)?;
        Some(match value {
            EnvValue::Known(text, _) => Ok(text.as_str().to_owned()),
            EnvValue::Unknown(why, _) => Err(why.clone()),
        })
    }
}

/// GPUs by what the environment makes visible.
fn visible_gpus(env: &[(String, EnvValue)]) -> Option<Field<u64>> {
    const NAMES: &[&str] = &[
        "CUDA_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES",
        "NVIDIA_VISIBLE_DEVICES",
    ];
    let (_, value) = env.iter().rfind(|(name, _)| NAMES.contains(&name.as_str()))?;
    Some(match value {
        EnvValue::Known(text, place) => {
            let ids: Vec<&str> = text.as_str().split(',').map(str::trim).collect();
            let counted = ids.iter().all(|id| id.parse::<u32>().is_ok() || id.starts_with("GPU-"));
            match text.as_str() {
                _ if counted => Field::Known(ids.len() as u64, *place),
                "all" => Field::Unknown("all GPUs of the host".to_owned(), Some(*place)),
                other => Field::Unknown(format!("`{other}` can't be counted"), Some(*place)),
            }
        }
        EnvValue::Unknown(why, place) => Field::Unknown(why.clone(), Some(*place)),
    })
}

/// The units of a shell script, and a note where it can't be read.
pub(super) fn script_units(
    reading: &Reading<'_>,
    script: &Text,
    look: Lookup<'_>,
    around: &Around,
    name: &str,
    format: &'static str,
) -> (Vec<Unit>, String) {
    match args::split_shell(script, reading.id, look) {
        Ok(commands) => {
            let mut units = units(reading, commands, around, name, format);
            settings_file::complete_from_script(reading, script, &mut units);
            (units, String::new())
        }
        Err(error) => (
            Vec::new(),
            format!("can't be read as a shell script: {}", error.message),
        ),
    }
}
