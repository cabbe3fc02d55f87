//! Containers that run an engine: from image, command, arguments and environment to a deployment. Shared by the
//! formats that hold containers.

use std::collections::HashMap;

use super::Reading;
use crate::engines::{self, ollama};
use crate::source::{Place, Span, Text};
use crate::syntax::args::{self, Command, Lookup};
use crate::syntax::{Kind, Node};
use crate::units::{Deployment, EnvValue, Field, GpuRequest, Host, Launch, Word};

/// Whether the file names an engine that llmlint knows.
pub(super) fn names_engine(reading: &Reading<'_>) -> bool {
    engines::named_in(&reading.source.text)
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
    /// Why a variable that stands nowhere here may be set nevertheless (an `envFrom` that can't be followed).
    pub hidden: Option<String>,
    /// Whether `$(VAR)` stands for a variable (Kubernetes).
    pub kube: bool,
}

/// An environment variable with its value, or why that is not known.
pub(super) struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: EnvValue,
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
    let image = image(reading, container.image);
    launches(reading, container)
        .into_iter()
        .find_map(|launch| launched(launch, &image, name.clone(), format, reading.place(container.node.span)))
}

/// The deployment that a command line makes; `None` where no engine recognises it.
pub(super) fn launched(
    launch: Launch,
    image: &Field<String>,
    name: String,
    format: &'static str,
    place: Place,
) -> Option<Deployment> {
    engines::recognise(&launch, image)?;
    Some(Deployment {
        name,
        format,
        place,
        image: image.clone(),
        launch,
        gpu: GpuRequest::default(),
        replicas: Field::default(),
        nodes: Field::default(),
        host: Host::default(),
        settings: None,
    })
}

/// An image as written.
pub(super) fn image(reading: &Reading<'_>, node: Option<&Node>) -> Field<String> {
    let Some(node) = node else {
        return Field::default();
    };
    let place = reading.place(node.span);
    match node.as_str().map(interpolated) {
        Some(Ok(text)) if text.contains("{{") => {
            Field::Unknown(format!("`{text}` is filled in at run time"), Some(place))
        }
        Some(Ok(text)) => Field::Known(text, place),
        Some(Err(why)) => Field::Unknown(why, Some(place)),
        None => Field::Unknown("not written as text".to_owned(), Some(place)),
    }
}

/// The command lines that a container may run: its own, or the simple commands of the shell script that it hands to
/// a shell.
pub(super) fn launches(reading: &Reading<'_>, container: &Container<'_>) -> Vec<Launch> {
    let look = lookup(container);
    let words = written_words(reading, container, &look);
    let env: Vec<(String, EnvValue)> = container
        .environment
        .iter()
        .map(|variable| (variable.name.clone(), variable.value.clone()))
        .collect();
    if let Some((script, arguments)) = shell_script(&words) {
        // What a shell would take for redirections is a blank that the reader is to fill in.
        if has_blank(script.as_str()) {
            return Vec::new();
        }
        let commands = args::split_shell(script, reading.id, &look).unwrap_or_default();
        let pulled = ollama::pulled(commands.iter().map(|command| command.words.as_slice()));
        let mut launches = from_commands(reading, commands, arguments, &env);
        if let Some(model) = &pulled {
            for launch in &mut launches {
                ollama::serve(launch, &Field::default(), model);
            }
        }
        // The image's entry point is not what a shell runs: a command must name the engine itself.
        launches.retain(|launch| engines::recognise(launch, &Field::default()).is_some());
        return launches;
    }
    let words = words.into_iter().map(|(_, word)| word).collect();
    let slot = slot(reading, container);
    vec![Launch {
        words,
        env,
        slot,
        ..Launch::default()
    }]
}

/// Names the model that a container pulls for its server once it runs (`lifecycle.postStart`).
pub(super) fn pulled_after_start(reading: &Reading<'_>, container: &Container<'_>, deployment: &mut Deployment) {
    let Some(hook) = container.node.at(&["lifecycle", "postStart", "exec", "command"]) else {
        return;
    };
    let look = lookup(container);
    let words: Vec<(Text, Word)> = words_of(reading, container.kube, hook, &look).into_iter().collect();
    let model = match shell_script(&words) {
        Some((script, _)) => {
            let commands = args::split_shell(script, reading.id, &look).unwrap_or_default();
            ollama::pulled(commands.iter().map(|command| command.words.as_slice()))
        }
        None => {
            let words: Vec<Word> = words.into_iter().map(|(_, word)| word).collect();
            ollama::pulled(std::iter::once(words.as_slice()))
        }
    };
    if let Some(model) = model {
        ollama::serve(&mut deployment.launch, &deployment.image, &model);
    }
}

/// The words of a container's command and arguments.
pub(super) fn words(reading: &Reading<'_>, container: &Container<'_>) -> Vec<Word> {
    let words = written_words(reading, container, &lookup(container));
    words.into_iter().map(|(_, word)| word).collect()
}

/// Looks a container's variables up as its words see them.
fn lookup<'a>(container: &'a Container<'_>) -> impl Fn(&str) -> Option<Result<String, String>> + 'a {
    let variables: HashMap<&str, &EnvValue> = container
        .environment
        .iter()
        .map(|variable| (variable.name.as_str(), &variable.value))
        .collect();
    move |name| match variables.get(name) {
        // Compose fills in from the shell that starts it, and where that has none, the default.
        _ if !container.kube => None,
        Some(EnvValue::Known(text, _)) => Some(Ok(text.as_str().to_owned())),
        Some(EnvValue::Unknown(why, _)) => Some(Err(why.clone())),
        None => container.hidden.clone().map(Err),
    }
}

/// The words of a command and its arguments, each with the text that it is written as.
fn written_words(reading: &Reading<'_>, container: &Container<'_>, look: Lookup<'_>) -> Vec<(Text, Word)> {
    let parts = [container.command, container.arguments].into_iter().flatten();
    parts
        .flat_map(|part| words_of(reading, container.kube, part, look))
        .collect()
}

/// Compose fills `${NAME}` in from the shell that starts it; where it names a default (`${NAME:-x}`), that is what the
/// file says.
pub(super) fn interpolated(text: &str) -> Result<String, String> {
    let unknown = || format!("`{text}` is filled in from the environment");
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            filled.push('$');
            rest = after;
            continue;
        }
        let Some((inner, after)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
            // `$NAME`, or a `$` that begins nothing.
            if rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{')) {
                return Err(unknown());
            }
            filled.push('$');
            continue;
        };
        let (name, default) = inner.split_once('-').ok_or_else(unknown)?;
        let name = name.strip_suffix(':').unwrap_or(name);
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name || default.contains('$') {
            return Err(unknown());
        }
        filled.push_str(default);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The launches of a script's commands; `arguments` are what the shell is handed behind the script.
fn from_commands(
    reading: &Reading<'_>,
    commands: Vec<Command>,
    arguments: &[(Text, Word)],
    env: &[(String, EnvValue)],
) -> Vec<Launch> {
    let mut set = env.to_vec();
    let mut installed = Vec::new();
    let mut launches = Vec::new();
    for command in commands {
        installed.extend(engines::installs(&command.words).cloned());
        let own = command.env.into_iter().map(|(name, word)| {
            let value = match word.value {
                Ok(text) => EnvValue::Known(Text::opaque(&text, word.place.span), word.place),
                Err(why) => EnvValue::Unknown(why, word.place),
            };
            (name, value)
        });
        let Some(last) = command.words.last() else {
            // `export A=1` sets it for the commands behind it.
            set.extend(own);
            continue;
        };
        let slot = Field::Absent(Some((last.place, None)));
        let mut words = command.words;
        if let Some(at) = words.iter().position(|word| is_all_arguments(reading, word)) {
            // The first is the script's own name, `$0`.
            let given = arguments.iter().skip(1).map(|(_, word)| word.clone());
            words.splice(at..=at, given);
        }
        launches.push(Launch {
            env: set.iter().cloned().chain(own).collect(),
            installed: installed.clone(),
            slot,
            offline: false,
            words,
        });
    }
    launches
}

/// Whether a word stands for all arguments of the script; Compose and Kubernetes want its `$` doubled.
fn is_all_arguments(reading: &Reading<'_>, word: &Word) -> bool {
    let written = reading.source.text.get(word.place.span.start..word.place.span.end);
    let bare = written.and_then(|text| text.trim_matches(['"', '\\']).strip_prefix('$'));
    word.value.is_err() && matches!(bare.map(|text| text.trim_start_matches('$')), Some("@" | "{@}" | "*"))
}

/// The words of a command or argument list, each with the text that it is written as. One string is split as a shell
/// would: so compose does, and so the operators do that take one.
fn words_of(reading: &Reading<'_>, kube: bool, node: &Node, look: Lookup<'_>) -> Vec<(Text, Word)> {
    let word = |text: &Text| {
        let value = if kube {
            args::expand_kube(text.as_str(), look)
        } else {
            interpolated(text.as_str())
        };
        let place = reading.place(text.span());
        (text.clone(), Word { value, place })
    };
    match (&node.kind, node.text()) {
        (Kind::Seq { .. }, _) => node.items().filter_map(Node::text).map(word).collect(),
        (_, Some(text)) if !node.is_null() => match args::split_shell(text, reading.id, look) {
            Ok(commands) => commands
                .into_iter()
                .flat_map(|command| command.words)
                .map(|word| {
                    let written = word.value.as_deref().unwrap_or_default();
                    (Text::opaque(written, word.place.span), word)
                })
                .collect(),
            Err(_) => vec![word(text)],
        },
        _ => Vec::new(),
    }
}

/// The script of `sh -c SCRIPT`, and what stands behind it.
fn shell_script(words: &[(Text, Word)]) -> Option<(&Text, &[(Text, Word)])> {
    let (program, _) = words.first()?;
    let name = program.as_str().rsplit('/').next()?;
    if !matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh") {
        return None;
    }
    let flag = words.iter().position(|(word, _)| {
        word.as_str()
            .strip_prefix('-')
            .is_some_and(|letters| letters.ends_with('c') && letters.chars().all(|c| c.is_ascii_alphabetic()))
    })?;
    // `sh -c -- SCRIPT`: two dashes end the shell's own options.
    let at = flag + 1 + usize::from(words.get(flag + 1).is_some_and(|(word, _)| word.as_str() == "--"));
    let (script, _) = words.get(at)?;
    Some((script, &words[at + 1..]))
}

/// Whether a text has a blank such as `<model-name>`.
fn has_blank(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let inner = text[at + 1..]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let length = inner.count();
        length > 2 && text.as_bytes().get(at + 1 + length) == Some(&b'>')
    })
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

#[cfg(test)]
mod tests {
    use super::{has_blank, interpolated};

    #[test]
    fn blanks_are_told_from_redirections() {
        assert!(has_blank("vllm serve --model <model-path> --port 1"));
        for script in ["a <in >out", "a <<EOF\nb\nEOF", "a <(b)", "a 2>&1 <&3", "é<"] {
            assert!(!has_blank(script), "{script}");
        }
    }

    #[test]
    fn compose_defaults_are_what_the_file_says() {
        for (text, filled) in [
            ("${IMAGE:-vllm/vllm-openai:v0.6.6}", Some("vllm/vllm-openai:v0.6.6")),
            ("a${B-c}d$$e", Some("acd$e")),
            ("costs 5$", Some("costs 5$")),
            ("${IMAGE}", None),
            ("$IMAGE", None),
            ("${A:-${B:-c}}", None),
            ("${A:?say it}", None),
            ("${A", None),
        ] {
            assert_eq!(interpolated(text).ok().as_deref(), filled, "{text}");
        }
    }
}
