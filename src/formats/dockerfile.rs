//! Dockerfiles whose last stage starts an engine.
//! Format: <https://docs.docker.com/reference/dockerfile/>.

use std::collections::HashMap;

use super::commands::{self, Around};
use super::{Read, Reading, containers};
use crate::engines;
use crate::source::{Span, Text, TextBuilder};
use crate::syntax::{Kind, Node, args, json};
use crate::units::{EnvValue, Field, Unit, Word};

pub(super) const NAME: &str = "dockerfile";

/// Most stages that build on one another.
const MAX_STAGES: usize = 100;

pub(super) fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["dockerfile", "containerfile"].iter().any(|stem| {
        lower == *stem
            || lower
                .strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with(['.', '-', '_']))
            || lower.ends_with(&format!(".{stem}"))
    })
}

#[derive(Default, Clone)]
struct Stage {
    name: String,
    image: Field<String>,
    env: Vec<(String, EnvValue)>,
    entry_point: Option<Text>,
    command: Option<Text>,
    installed: Vec<Word>,
    place: Option<Span>,
}

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !is_name(reading.source.file_name()) || !containers::names_engine(reading) {
        return None;
    }
    let (body, start) = reading.source.body();
    let mut arguments: HashMap<String, Option<String>> = HashMap::new();
    let mut stages: Vec<Stage> = Vec::new();
    for line in instructions(body, start) {
        let text = line.as_str();
        let word = text.split_whitespace().next().unwrap_or_default();
        let from = word.len() + text[word.len()..].len() - text[word.len()..].trim_start().len();
        let rest = line.slice(from..text.trim_end().len().max(from));
        match word.to_ascii_uppercase().as_str() {
            "ARG" => {
                for (name, value) in pairs(reading, &rest, &arguments, stages.last()) {
                    // What is set under one name twice may be either.
                    let value = match arguments.get(&name) {
                        Some(Some(before)) if value.as_ref() != Some(before) && value.is_some() => None,
                        Some(before) if value.is_none() => before.clone(),
                        _ => value,
                    };
                    arguments.insert(name, value);
                }
            }
            "FROM" => stages.push(stage(reading, &rest, &arguments, &stages)?),
            instruction => {
                let Some(last) = stages.last() else {
                    continue;
                };
                match instruction {
                    "ENV" => {
                        let place = reading.place(rest.span());
                        let set = pairs(reading, &rest, &arguments, Some(last));
                        let set = set.into_iter().map(|(name, value)| {
                            let value = match value {
                                Some(value) => EnvValue::Known(Text::opaque(&value, place.span), place),
                                None => EnvValue::Unknown(format!("`{name}` is given when it is built"), place),
                            };
                            (name, value)
                        });
                        let set: Vec<_> = set.collect();
                        stages.last_mut()?.env.extend(set);
                    }
                    "ENTRYPOINT" => {
                        let stage = stages.last_mut()?;
                        // An entry point takes the base image's command away.
                        stage.command = None;
                        stage.entry_point = Some(rest);
                    }
                    "RUN" => {
                        let set = |name: &str| lookup(name, &arguments, Some(last))?.map(Ok);
                        let commands = args::split_shell(&rest, reading.id, &set).unwrap_or_default();
                        let words = commands.iter().flat_map(|command| engines::installs(&command.words));
                        let pinned: Vec<Word> = words.cloned().collect();
                        stages.last_mut()?.installed.extend(pinned);
                    }
                    "CMD" => stages.last_mut()?.command = Some(rest),
                    _ => {}
                }
            }
        }
    }
    let units = units(reading, stages.last()?);
    (!units.is_empty()).then_some(Read {
        units,
        ..Read::default()
    })
}

fn units(reading: &Reading<'_>, stage: &Stage) -> Vec<Unit> {
    let place = reading.place(stage.place.unwrap_or(reading.whole()));
    let mut around = Around {
        image: stage.image.clone(),
        env: stage.env.clone(),
        installed: stage.installed.clone(),
        ..Around::default()
    };
    // How the container is run is not the image's affair.
    around.host.shared_memory = Field::Unknown("it is given when the container is run".to_owned(), Some(place));
    let look = commands::env_lookup(&stage.env);
    let mut words: Vec<Word> = Vec::new();
    let stated = [&stage.entry_point, &stage.command].into_iter().flatten();
    let mut any = false;
    for text in stated {
        any = true;
        match exec_form(reading, text) {
            Some(more) => words.extend(more),
            None => {
                if !words.is_empty() {
                    // A shell string behind an entry point is handed to that, as `/bin/sh -c`.
                    continue;
                }
                let name = reading.source.path.clone();
                let (units, _) = commands::script_units(reading, text, &look, &around, &name, NAME);
                // A shell string runs no matter what the base image starts.
                let named = units.into_iter().filter(|unit| match unit {
                    Unit::Deployment(made) => engines::recognise(&made.launch, &Field::default()).is_some(),
                    _ => false,
                });
                return named.collect();
            }
        }
    }
    if words.is_empty() && any {
        return Vec::new();
    }
    let shell = words
        .first()
        .and_then(|word| word.value.as_deref().ok())
        .is_some_and(|word| matches!(word.rsplit('/').next().unwrap_or(word), "sh" | "bash" | "dash" | "ash"));
    if shell {
        let command = args::Command { env: Vec::new(), words };
        return commands::units(reading, vec![command], &around, &reading.source.path, NAME);
    }
    let Some(mut made) = commands::deployment(words, around, reading.source.path.clone(), NAME) else {
        return Vec::new();
    };
    // An entry point of its own takes the place of the base image's.
    let runs = match stage.entry_point {
        Some(_) => engines::recognise(&made.launch, &Field::default()).is_some(),
        None => true,
    };
    // An image that leaves the model to whoever runs it is an engine's image, and no deployment.
    let serving = engines::recognise(&made.launch, &made.image);
    if !runs || serving.is_none_or(|serving| serving.model.is_absent()) {
        return Vec::new();
    }
    if made.launch.slot.place().is_none() {
        made.launch.slot = Field::Absent(Some((place, None)));
    }
    vec![Unit::Deployment(Box::new(made))]
}

/// The words of `["a", "b"]`.
fn exec_form(reading: &Reading<'_>, text: &Text) -> Option<Vec<Word>> {
    let written = text.as_str().trim();
    if !written.starts_with('[') {
        return None;
    }
    let node: Node = json::parse(written, 0).ok()?;
    let Kind::Seq { .. } = node.kind else {
        return None;
    };
    let offset = text.as_str().len() - text.as_str().trim_start().len();
    let words = node.items().filter_map(|item| {
        let span = text.span_of(item.span.start + offset..item.span.end + offset);
        Some(Word {
            value: Ok(item.as_str()?.to_owned()),
            place: reading.place(span),
        })
    });
    Some(words.collect())
}

fn stage(
    reading: &Reading<'_>,
    rest: &Text,
    arguments: &HashMap<String, Option<String>>,
    stages: &[Stage],
) -> Option<Stage> {
    let text = rest.as_str();
    let image = text.split_whitespace().find(|word| !word.starts_with("--"))?;
    let at = text.find(image)?;
    let place = reading.place(rest.span_of(at..at + image.len()));
    let name = match text[at + image.len()..]
        .split_whitespace()
        .collect::<Vec<_>>()
        .as_slice()
    {
        [r#as, name, ..] if r#as.eq_ignore_ascii_case("as") => (*name).to_ascii_lowercase(),
        _ => String::new(),
    };
    let base = stages
        .iter()
        .rfind(|stage| !stage.name.is_empty() && stage.name == image.to_ascii_lowercase());
    if stages.len() > MAX_STAGES {
        return None;
    }
    if let Some(base) = base {
        return Some(Stage {
            name,
            place: Some(place.span),
            ..base.clone()
        });
    }
    let image = match substitute(image, arguments, None) {
        Some(image) => Field::Known(image, place),
        None => Field::Unknown(format!("`{image}` is given when it is built"), Some(place)),
    };
    Some(Stage {
        name,
        image,
        place: Some(place.span),
        ..Stage::default()
    })
}

/// `NAME=value …` of ARG and ENV, and ENV's older `NAME value`; no value where it can't be told.
fn pairs(
    reading: &Reading<'_>,
    rest: &Text,
    arguments: &HashMap<String, Option<String>>,
    stage: Option<&Stage>,
) -> Vec<(String, Option<String>)> {
    let text = rest.as_str();
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        let value = text[first.len()..].trim();
        let value = (!value.is_empty())
            .then(|| substitute(value, arguments, stage))
            .flatten();
        return vec![(first.to_owned(), value)];
    }
    let look = |name: &str| match lookup(name, arguments, stage) {
        Some(Some(value)) => Some(Ok(value)),
        Some(None) => Some(Err("given when it is built".to_owned())),
        None => None,
    };
    let commands = args::split_shell(rest, reading.id, &look).unwrap_or_default();
    let set = commands.into_iter().flat_map(|command| command.env);
    set.map(|(name, word)| (name, word.value.ok())).collect()
}

fn lookup(name: &str, arguments: &HashMap<String, Option<String>>, stage: Option<&Stage>) -> Option<Option<String>> {
    let of_stage = stage.and_then(|stage| stage.env.iter().rfind(|(key, _)| key == name));
    match of_stage {
        Some((_, EnvValue::Known(text, _))) => Some(Some(text.as_str().to_owned())),
        Some(_) => Some(None),
        None => arguments.get(name).cloned(),
    }
}

/// Text with `$X` and `${X}` replaced; `None` where one has no value here.
fn substitute(text: &str, arguments: &HashMap<String, Option<String>>, stage: Option<&Stage>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let braced = behind.strip_prefix('{');
        let inner = braced.unwrap_or(behind);
        let length = inner
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        let (name, mut after) = inner.split_at(length);
        let mut default = None;
        if braced.is_some() {
            let (word, behind) = after.split_once('}')?;
            default = word.strip_prefix(":-");
            if !word.is_empty() && default.is_none() {
                return None;
            }
            after = behind;
        }
        match lookup(name, arguments, stage) {
            Some(value) => out.push_str(&value?),
            None => out.push_str(default?),
        }
        if out.len() > args::EXPANSION_LIMIT {
            return None;
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out.trim_matches(['"', '\'']).to_owned())
}

/// The instructions with their continued lines joined; comments between them and the bodies of here-documents are
/// left out.
fn instructions(body: &str, start: usize) -> Vec<Text> {
    let mut made = Vec::new();
    let mut builder = TextBuilder::default();
    let (mut first, mut last, mut at) = (None, start, start);
    let mut document: Option<String> = None;
    for line in body.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let text = line.trim_end_matches(['\n', '\r']);
        if let Some(mark) = &document {
            if text.trim() == mark {
                document = None;
            }
            continue;
        }
        let trimmed = text.trim();
        if trimmed.starts_with('#') || (trimmed.is_empty() && first.is_some()) || trimmed.is_empty() {
            continue;
        }
        let indent = text.len() - text.trim_start().len();
        let content = text.trim_start().trim_end();
        let (content, goes_on) = match content.strip_suffix('\\') {
            Some(content) => (content, true),
            None => (content, false),
        };
        first.get_or_insert(from + indent);
        builder.verbatim(content, from + indent);
        last = from + indent + content.len();
        if goes_on {
            builder.replaced(" ", Span::new(last, at));
            continue;
        }
        let is_run = builder
            .as_str()
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case("run"))
            || builder
                .as_str()
                .get(..4)
                .is_some_and(|word| word.eq_ignore_ascii_case("copy"));
        if is_run && let Some((_, mark)) = builder.as_str().split_once("<<") {
            let mark: String = mark
                .trim_start_matches(['-', '"', '\''])
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            document = (!mark.is_empty()).then_some(mark);
        }
        made.push(std::mem::take(&mut builder).finish(Span::new(first.take().unwrap_or(last), last)));
    }
    if let Some(first) = first {
        made.push(builder.finish(Span::new(first, last)));
    }
    made
}
