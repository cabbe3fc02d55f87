//! Shell commands that start an engine: programs in front of it taken off (`sudo`, `nohup`, `srun`), `docker run`
//! read for what it says of image, GPUs and memory. Shared by the formats that hold command lines.

use std::collections::HashMap;

use super::training::line;
use super::{Reading, containers, settings_file};
use crate::engines::{self, ollama};
use crate::source::{Place, Text};
use crate::syntax::args::{self, Command, Lookup, Word};
use crate::units::{
    Deployment, EnvValue, Field, GpuLabel, GpuRequest, Host, Launch, SharedMemory, Unit, Volume, VolumeKind,
};

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

/// Programs that only run another one; with the options of theirs that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-U", "--user", "--group"]),
    ("doas", &["-u"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("time", &["-f", "-o"]),
    ("nice", &["-n", "--adjustment"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("unbuffer", &[]),
    ("tini", &["-e", "-p"]),
    ("dumb-init", &[]),
    ("chrt", &["-p"]),
    ("numactl", &["-m", "-N", "-C", "-i", "-p"]),
    ("catchsegv", &[]),
    (
        "uvx",
        &["--from", "--with", "--python", "-p", "--index-url", "--extra-index-url"],
    ),
    ("exec", &["-a"]),
];

/// Shells whose `-c` is a script.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// Programs one of whose words may be a script that they run.
const RUN_STRINGS: &[&str] = &["tmux", "screen", "su", "runuser", "script", "eval", "byobu"];

/// Options of `docker run` that take no value.
const DOCKER_SWITCHES: &[&str] = &[
    "--detach",
    "--disable-content-trust",
    "--env-host",
    "--help",
    "--http-proxy",
    "--init",
    "--interactive",
    "--no-healthcheck",
    "--no-hosts",
    "--oom-kill-disable",
    "--passwd",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--read-only",
    "--read-only-tmpfs",
    "--replace",
    "--rm",
    "--rmi",
    "--rootfs",
    "--sig-proxy",
    "--tty",
    "--use-api-socket",
];

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

/// How many words a program in front of the real one takes, with what it says of GPUs and variables; `None` where
/// the first word is none such.
fn peel(words: &[Word], around: &mut Around) -> Option<usize> {
    let program = base_name(told(words, 0));
    let mut at = 1;
    match program {
        "srun" => {
            while told(words, at).starts_with('-') {
                at += slurm_option(words, at, around);
            }
        }
        "timeout" => {
            while told(words, at).starts_with('-') {
                at += if matches!(told(words, at), "-k" | "-s") { 2 } else { 1 };
            }
            at += 1;
        }
        "taskset" => {
            while told(words, at).starts_with('-') {
                at += 1;
            }
            at += 1;
        }
        _ => {
            let (_, valued) = WRAPPERS.iter().find(|(name, _)| *name == program)?;
            while told(words, at).starts_with('-') {
                at += if valued.contains(&told(words, at)) { 2 } else { 1 };
            }
            let sets = matches!(program, "env" | "sudo");
            while let Some(variable) = assigned(words, at).filter(|_| sets) {
                around.env.push(variable);
                at += 1;
            }
        }
    }
    (at < words.len()).then_some(at)
}

/// `NAME=value` as a word.
fn assigned(words: &[Word], at: usize) -> Option<(String, EnvValue)> {
    let word = words.get(at)?;
    let (name, value) = told(words, at).split_once('=')?;
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| {
        let value = EnvValue::Known(Text::opaque(value, word.place.span), word.place);
        (name.to_owned(), value)
    })
}

/// One option of `srun` or of a `#SBATCH` line; gives how many words it takes.
pub(super) fn slurm_option(words: &[Word], at: usize, around: &mut Around) -> usize {
    let written = told(words, at);
    let (name, value, taken) = match written.split_once('=') {
        Some((name, value)) if name.starts_with("--") => (name, Ok(value), 1),
        _ => {
            let valued = matches!(
                written,
                "-N" | "-n" | "-G" | "-c" | "-p" | "-t" | "-A" | "-J" | "-o" | "-e" | "-w" | "-x" | "-q" | "-C" | "-D"
            ) || matches!(
                written,
                "--gres"
                    | "--gpus"
                    | "--gpus-per-node"
                    | "--gpus-per-task"
                    | "--nodes"
                    | "--ntasks"
                    | "--ntasks-per-node"
                    | "--cpus-per-task"
                    | "--mem"
                    | "--partition"
                    | "--time"
                    | "--account"
                    | "--job-name"
                    | "--output"
                    | "--error"
                    | "--nodelist"
                    | "--exclude"
                    | "--container-image"
                    | "--container-mounts"
                    | "--container-name"
                    | "--container-workdir"
                    | "--export"
                    | "--mpi"
                    | "--qos"
                    | "--constraint"
                    | "--chdir"
                    | "--jobid"
            );
            // `--gres=$X` is split into the option and what can't be told.
            let unknown = written.starts_with("--") && words.get(at + 1).is_some_and(|word| word.value.is_err());
            if !valued && !unknown {
                return 1;
            }
            let value = words.get(at + 1).map_or(Err(String::new()), |word| word.value.clone());
            match value {
                Ok(_) => (written, Ok(told(words, at + 1)), 2),
                Err(why) => (written, Err(why), 2),
            }
        }
    };
    let Some(word) = words.get(at + taken - 1) else {
        return taken;
    };
    let place = word.place;
    match name {
        "--gres" | "--gpus" | "--gpus-per-node" | "-G" => {
            let total = matches!(name, "--gpus" | "-G");
            match value {
                Ok(value) => slurm_gpus(value, total, place, around),
                Err(why) => around.gpu.count = Field::Unknown(why, Some(place)),
            }
        }
        "--nodes" | "-N" => {
            around.nodes = match value.map(str::parse) {
                Ok(Ok(nodes)) => Field::Known(nodes, place),
                Ok(Err(_)) => Field::Unknown("not a number of nodes".to_owned(), Some(place)),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--container-image" => {
            around.image = match value {
                Ok(value) => Field::Known(value.replace('#', "/"), place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
            let why = "what the container gets of the host's shared memory is not said here";
            around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
        }
        _ => {}
    }
    taken
}

/// `gpu:a100:4`, `gpu:4`, `a100:4`, `4`.
fn slurm_gpus(value: &str, total: bool, place: Place, around: &mut Around) {
    let value = value
        .strip_prefix("gpu")
        .map_or(value, |rest| rest.trim_start_matches(':'));
    let (kind, count) = match value.rsplit_once(':') {
        Some((kind, count)) => (Some(kind), count),
        None if value.parse::<u64>().is_ok() => (None, value),
        None if value.is_empty() => (None, "1"),
        None => (Some(value), "1"),
    };
    around.gpu.count = match count.parse() {
        Ok(count) if !total || around.nodes.is_absent() || around.nodes.known() == Some(&1) => {
            Field::Known(count, place)
        }
        Ok(_) => Field::Unknown(
            "how they spread over the nodes is not said here".to_owned(),
            Some(place),
        ),
        Err(_) => Field::Unknown(format!("`{value}` is not a number of GPUs"), Some(place)),
    };
    around.gpu.labels = kind
        .filter(|kind| !kind.is_empty() && !kind.contains(','))
        .map(|kind| (GpuLabel::Product(kind.to_owned()), place))
        .into_iter()
        .collect();
}

/// A container that a command runs.
struct Run {
    /// Where the words behind the image start.
    arguments: usize,
    name: Option<String>,
}

/// Reads `docker run`, `docker exec` and their like, as far as they run a command; `None` where it is none such.
fn container_run(reading: &Reading<'_>, words: &[Word], around: &mut Around) -> Option<Run> {
    let tool = base_name(told(words, 0));
    let mut at = 1;
    match tool {
        "docker" | "podman" | "nerdctl" | "nvidia-docker" | "finch" => {}
        "apptainer" | "singularity" => return apptainer(words, around),
        _ => return None,
    }
    if told(words, at) == "container" {
        at += 1;
    }
    let verb = told(words, at);
    at += 1;
    let runs = matches!(verb, "run" | "create");
    if !runs && verb != "exec" {
        return None;
    }
    let mut name = None;
    let mut entry_point: Option<&Word> = None;
    while let Some(word) = words.get(at) {
        let written = match &word.value {
            Ok(written) => written.as_str(),
            Err(_) if is_image(words, at) => break,
            // It may hold any options.
            Err(why) => {
                let unknown = |field: &mut Field<u64>| {
                    if field.is_absent() {
                        *field = Field::Unknown(why.clone(), Some(word.place));
                    }
                };
                unknown(&mut around.gpu.count);
                around.host.shared_memory = Field::Unknown(why.clone(), Some(word.place));
                at += 1;
                continue;
            }
        };
        if !written.starts_with('-') || written == "-" {
            break;
        }
        let (option, own) = match written.split_once('=') {
            Some((option, own)) if option.starts_with('-') => (option, Some(own)),
            _ => (written, None),
        };
        let short_switch = !option.starts_with("--") && option[1..].chars().all(|c| "ditPq".contains(c));
        if short_switch || (own.is_none() && DOCKER_SWITCHES.contains(&option)) || DOCKER_SWITCHES.contains(&option) {
            at += 1;
            continue;
        }
        // `-eX=1`, `-p8000:8000`: the value stands in the same word.
        let attached = !option.starts_with("--") && written.len() > 2 && written.is_char_boundary(2);
        let (option, value, taken) = match (attached, own) {
            (true, _) => (&written[..2], Ok(&written[2..]), 1),
            (false, Some(own)) => (option, Ok(own), 1),
            (false, None) => match words.get(at + 1) {
                Some(next) => (option, next.value.as_deref().map_err(Clone::clone), 2),
                None => return None,
            },
        };
        let place = words[at + taken - 1].place;
        docker_option(reading, option, value, place, around);
        match option {
            "--name" => name = value_name(value_at(words, at, taken, own)),
            "--entrypoint" if taken == 2 => entry_point = words.get(at + 1),
            "--entrypoint" => return None,
            _ => {}
        }
        at += taken;
    }
    let image = words.get(at)?;
    if runs {
        around.image = match &image.value {
            Ok(text) => Field::Known(text.clone(), image.place),
            Err(why) => Field::Unknown(why.clone(), Some(image.place)),
        };
    } else {
        let why = "it runs in a container that is started elsewhere".to_owned();
        around.image = Field::Unknown(why.clone(), Some(image.place));
        around.host.shared_memory = Field::Unknown(why, Some(image.place));
    }
    if let Some(entry_point) = entry_point
        && !told(std::slice::from_ref(entry_point), 0).is_empty()
    {
        // Another entry point than the image's: what it does with the arguments is told by its name only.
        let shell = SHELLS.contains(&base_name(told(std::slice::from_ref(entry_point), 0)));
        let engine = words.get(at + 1..).is_some_and(|rest| {
            let mut all = vec![entry_point.clone()];
            all.extend_from_slice(rest);
            let launch = Launch {
                words: all,
                ..Launch::default()
            };
            engines::recognise(&launch, &Field::default()).is_some()
        });
        if !shell && !engine {
            return None;
        }
    }
    Some(Run {
        arguments: at + 1,
        name,
    })
}

fn value_at<'a>(words: &'a [Word], at: usize, taken: usize, own: Option<&'a str>) -> &'a str {
    own.unwrap_or_else(|| told(words, at + taken - 1))
}

fn value_name(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a word that can't be told is the image and not some options.
fn is_image(words: &[Word], at: usize) -> bool {
    match told(words, at + 1) {
        "" => words.get(at + 1).is_none(),
        next if next.starts_with('-') => {
            // An option of the engine is none of docker's.
            !matches!(
                next.split('=').next().unwrap_or(next),
                "-d" | "-i"
                    | "-t"
                    | "-it"
                    | "-e"
                    | "-v"
                    | "-p"
                    | "-u"
                    | "-w"
                    | "--gpus"
                    | "--rm"
                    | "--name"
                    | "--env"
                    | "--volume"
                    | "--publish"
                    | "--ipc"
                    | "--shm-size"
                    | "--network"
                    | "--net"
                    | "--restart"
                    | "--mount"
                    | "--device"
                    | "--runtime"
                    | "--privileged"
                    | "--entrypoint"
                    | "--env-file"
                    | "--ulimit"
                    | "--user"
                    | "--cap-add"
                    | "--security-opt"
                    | "--group-add"
                    | "--memory"
                    | "--cpus"
                    | "--init"
                    | "--pull"
                    | "--workdir"
                    | "--hostname"
                    | "--label"
                    | "--add-host"
                    | "--detach"
                    | "--platform"
            )
        }
        _ => {
            let launch = Launch {
                words: words[at + 1..].to_vec(),
                ..Launch::default()
            };
            engines::recognise(&launch, &Field::default()).is_some()
        }
    }
}

fn apptainer(words: &[Word], around: &mut Around) -> Option<Run> {
    let verb = (1..words.len()).find(|at| matches!(told(words, *at), "exec" | "run"))?;
    let mut at = verb + 1;
    while told(words, at).starts_with('-') {
        let switch = matches!(
            told(words, at),
            "--nv"
                | "--rocm"
                | "--writable-tmpfs"
                | "--cleanenv"
                | "-e"
                | "--contain"
                | "-c"
                | "--containall"
                | "-C"
                | "--fakeroot"
                | "-f"
                | "--no-home"
                | "--writable"
                | "-w"
                | "--nvccli"
                | "--compat"
        ) || told(words, at).contains('=');
        at += if switch { 1 } else { 2 };
    }
    let image = words.get(at)?;
    around.image = Field::Unknown("an image in a file".to_owned(), Some(image.place));
    // Such containers share the host's /dev/shm.
    around.host.shared_memory = Field::Known(SharedMemory::Unlimited, image.place);
    Some(Run {
        arguments: at + 1,
        name: None,
    })
}

fn docker_option(reading: &Reading<'_>, option: &str, value: Result<&str, String>, place: Place, around: &mut Around) {
    let known = value.clone().unwrap_or_default();
    match option {
        "--gpus" => {
            around.gpu.count = match value {
                Ok(value) => docker_gpus(value, place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--device" if known.starts_with("nvidia.com/gpu=") => {
            around.gpu.count = match (&around.gpu.count, known.ends_with("=all")) {
                (_, true) => Field::Unknown("all GPUs of the host".to_owned(), Some(place)),
                (Field::Known(count, _), false) => Field::Known(count.saturating_add(1), place),
                (_, false) => Field::Known(1, place),
            };
        }
        "--device" if known.starts_with("/dev/kfd") => {
            around.gpu.resource = Field::Known("amd.com/gpu".to_owned(), place);
            if around.gpu.count.is_absent() {
                around.gpu.count = Field::Unknown("all GPUs of the host".to_owned(), Some(place));
            }
        }
        "--shm-size" => {
            around.host.shared_memory = match value.and_then(|text| bytes(text).ok_or(format!("`{text}` is no size"))) {
                Ok(size) => Field::Known(SharedMemory::Bytes(size), place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--ipc" => {
            around.host.shared_memory = match value {
                Ok("host") => Field::Known(SharedMemory::Unlimited, place),
                Ok("private" | "shareable" | "") => return,
                Ok(_) => Field::Unknown("it shares the memory of another container".to_owned(), Some(place)),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "-m" | "--memory" => {
            around.host.memory = match value.and_then(|text| bytes(text).ok_or(format!("`{text}` is no size"))) {
                Ok(size) => Field::Known(size, place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--cpus" => {
            around.host.cpus = match value.and_then(|text| text.parse().map_err(|_| format!("`{text}` is no number"))) {
                Ok(cpus) => Field::Known(cpus, place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "-e" | "--env" => match value {
            Ok(text) => match text.split_once('=') {
                Some((name, value)) => {
                    let value = EnvValue::Known(Text::opaque(value, place.span), place);
                    around.env.push((name.to_owned(), value));
                }
                // It passes the shell's own on.
                None if around.env.iter().any(|(name, _)| name == text) => {}
                None => {
                    let why = format!("`{text}` comes from the shell that starts it");
                    around.env.push((text.to_owned(), EnvValue::Unknown(why, place)));
                }
            },
            Err(why) => {
                let written = &reading.source.text[place.span.start..place.span.end];
                let name = written
                    .trim_start_matches(['"', '\''])
                    .split('=')
                    .next()
                    .unwrap_or(written);
                around.env.push((name.to_owned(), EnvValue::Unknown(why, place)));
            }
        },
        "-v" | "--volume" => {
            let mut parts = known.split(':');
            if let (Some(from), Some(mount)) = (parts.next(), parts.next())
                && !from.is_empty()
            {
                around.host.volumes.push(Volume {
                    mount: mount.to_owned(),
                    kind: VolumeKind::Persistent,
                    size: Field::default(),
                    place,
                });
            }
        }
        _ => {}
    }
}

/// `all`, `2`, `"device=0,1"`, `count=2`.
fn docker_gpus(value: &str, place: Place) -> Field<u64> {
    let value = value.trim_matches(['"', '\'']);
    if let Some((_, devices)) = value.split_once("device=") {
        let devices = devices.trim_matches(['"', '\'']);
        if devices.contains("MIG") || devices.contains('"') {
            return Field::Unknown(format!("`{value}` can't be counted"), Some(place));
        }
        return Field::Known(
            devices
                .split(',')
                .filter(|id| !id.is_empty() && !id.contains('='))
                .count() as u64,
            place,
        );
    }
    let count = value
        .split(',')
        .find_map(|part| part.strip_prefix("count="))
        .unwrap_or(value);
    match count.parse() {
        Ok(count) => Field::Known(count, place),
        Err(_) => Field::Unknown("all GPUs of the host".to_owned(), Some(place)),
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

/// Bytes of a size as Docker writes it: `16g`, `1024m`, `32GB`, `64GiB`, a plain number of bytes; each unit 1024 times
/// the one below it.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let power = match text[digits..].trim() {
        "" | "b" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        _ => return None,
    };
    let number: rust_decimal::Decimal = text[..digits].parse().ok()?;
    let product = number.checked_mul(rust_decimal::Decimal::from(1024_u64.pow(power)))?;
    u64::try_from(product.trunc()).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_does() {
        assert_eq!(bytes("16g"), Some(16 << 30));
        assert_eq!(bytes("1.5GB"), Some(3 << 29));
        assert_eq!(bytes("67108864"), Some(64 << 20));
        for not in ["", "g", "9e9g", "-1g", "99999999999999999999t", "é"] {
            assert_eq!(bytes(not), None, "{not}");
        }
    }
}
