//! Containers that run an engine: from image, command, arguments and environment to a deployment. Shared by the
//! formats that hold containers.

use super::Reading;
use crate::engines;
use crate::source::{Place, Span, Text};
use crate::syntax::args::{self, Command};
use crate::syntax::{Kind, Node};
use crate::units::{Deployment, EnvValue, Field, GpuRequest, Launch, Word};

/// Words by which a file with an engine is told before it is parsed.
const ENGINE_NAMES: &[&str] = &["vllm", "VLLM"];

/// Whether the file names an engine that llmlint knows.
pub(super) fn names_engine(reading: &Reading<'_>) -> bool {
    ENGINE_NAMES.iter().any(|name| reading.contains(name))
}

/// A container as its format gives it.
pub(super) struct Container<'a> {
    /// The mapping that describes it.
    pub node: &'a Node,
    /// The image.
    pub image: Option<&'a Node>,
    /// What replaces the image's entry point.
    pub command: Option<&'a Node>,
    /// The arguments behind it.
    pub arguments: Option<&'a Node>,
    /// Environment variables.
    pub environment: Vec<Variable>,
    /// Whether `$(VAR)` stands for a variable (Kubernetes).
    pub kube: bool,
}

/// An environment variable with its value, or why that is not known.
pub(super) struct Variable {
    name: String,
    value: EnvValue,
}

impl Variable {
    pub(super) fn known(reading: &Reading<'_>, name: &str, text: &Text) -> Self {
        Self {
            name: name.to_owned(),
            value: EnvValue::Known(text.clone(), reading.place(text.span())),
        }
    }

    pub(super) fn unknown(reading: &Reading<'_>, name: &str, why: String, span: Span) -> Self {
        Self {
            name: name.to_owned(),
            value: EnvValue::Unknown(why, reading.place(span)),
        }
    }
}

/// The deployment that a container makes; `None` where no engine recognises its command line.
pub(super) fn deployment(
    reading: &Reading<'_>,
    container: &Container<'_>,
    name: String,
    format: &'static str,
) -> Option<Deployment> {
    let image = image(reading, container);
    let launch = launches(reading, container)
        .into_iter()
        .find(|launch| engines::recognise(launch, &image).is_some())?;
    Some(Deployment {
        name,
        format,
        place: reading.place(container.node.span),
        image,
        launch,
        gpu: GpuRequest::default(),
        replicas: Field::default(),
    })
}

fn image(reading: &Reading<'_>, container: &Container<'_>) -> Field<String> {
    let Some(node) = container.image else {
        return Field::default();
    };
    let place = reading.place(node.span);
    match node.as_str() {
        Some(text) if text.contains("{{") || text.contains("${") => {
            Field::Unknown(format!("`{text}` is filled in at run time"), Some(place))
        }
        Some(text) => Field::Known(text.to_owned(), place),
        None => Field::Unknown("not written as text".to_owned(), Some(place)),
    }
}

/// The command lines that a container may run: its own, or the simple commands of the shell script that it hands to
/// a shell.
fn launches(reading: &Reading<'_>, container: &Container<'_>) -> Vec<Launch> {
    let look = |name: &str| look_up(&container.environment, name);
    let texts: Vec<&Text> = [container.command, container.arguments]
        .into_iter()
        .flatten()
        .flat_map(words_of)
        .collect();
    let env: Vec<(String, EnvValue)> = container
        .environment
        .iter()
        .map(|variable| (variable.name.clone(), variable.value.clone()))
        .collect();
    let slot = slot(reading, container);
    if let Some(script) = shell_script(&texts) {
        let commands = match args::split_shell(script, reading.id, &look) {
            Ok(commands) => commands,
            Err(_) => return Vec::new(),
        };
        return from_commands(commands, &env, script, reading);
    }
    // A compose command in one string is split as a shell would.
    if !container.kube
        && let Some(text) = container.command.and_then(Node::text)
        && let Ok(commands) = args::split_shell(text, reading.id, &look)
    {
        return from_commands(commands, &env, text, reading);
    }
    let words = texts
        .iter()
        .map(|text| Word {
            value: if container.kube {
                args::expand_kube(text.as_str(), &look)
            } else {
                interpolated(text.as_str())
            },
            place: reading.place(text.span()),
        })
        .collect();
    vec![Launch { words, env, slot }]
}

/// Compose fills `${NAME}` in from the shell that starts it.
fn interpolated(text: &str) -> Result<String, String> {
    if text.contains("${") || text.starts_with('$') {
        Err(format!("`{text}` is filled in from the environment"))
    } else {
        Ok(text.to_owned())
    }
}

fn from_commands(
    commands: Vec<Command>,
    env: &[(String, EnvValue)],
    script: &Text,
    reading: &Reading<'_>,
) -> Vec<Launch> {
    let place = reading.place(script.span());
    commands
        .into_iter()
        .map(|command| {
            let mut env = env.to_vec();
            for (name, word) in command.env {
                let value = match word.value {
                    Ok(text) => EnvValue::Known(Text::opaque(&text, word.place.span), word.place),
                    Err(why) => EnvValue::Unknown(why, word.place),
                };
                env.push((name, value));
            }
            let last = command.words.last().map_or(place, |word: &Word| word.place);
            Launch {
                words: command.words,
                env,
                slot: Field::Absent(Some((last, None))),
            }
        })
        .collect()
}

fn look_up(environment: &[Variable], name: &str) -> Option<Result<String, String>> {
    let variable = environment.iter().rfind(|variable| variable.name == name)?;
    Some(match &variable.value {
        EnvValue::Known(text, _) => Ok(text.as_str().to_owned()),
        EnvValue::Unknown(why, _) => Err(why.clone()),
    })
}

/// The words of a command or argument list; one string is one word.
fn words_of(node: &Node) -> Vec<&Text> {
    match &node.kind {
        Kind::Seq { .. } => node.items().filter_map(Node::text).collect(),
        _ => node.text().filter(|_| !node.is_null()).into_iter().collect(),
    }
}

/// The script of `sh -c SCRIPT`.
fn shell_script<'t>(words: &[&'t Text]) -> Option<&'t Text> {
    let program = words.first()?.as_str();
    let name = program.rsplit('/').next()?;
    if !matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh") {
        return None;
    }
    let flag = words.iter().position(|word| {
        word.as_str()
            .strip_prefix('-')
            .is_some_and(|letters| letters.ends_with('c') && letters.chars().all(|c| c.is_ascii_alphabetic()))
    })?;
    words.get(flag + 1).copied()
}

/// Where an absent flag would be written: behind the last argument.
fn slot(reading: &Reading<'_>, container: &Container<'_>) -> Field<()> {
    let written = container
        .arguments
        .or(container.command)
        .or(container.image)
        .unwrap_or(container.node);
    let place: Place = reading.place(written.span);
    Field::Absent(Some((place, None)))
}
