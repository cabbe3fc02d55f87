//! Settings of an engine kept beside its command line: what a file that a line names (`--config`) says, as words of
//! that line. Such a file may be one of the tree, a key of a ConfigMap, or what a script writes just before.

use super::vllm_config;
use super::{Read, Reading, sglang_config, tensorrt_llm_config};
use crate::engines::{self, EngineKind};
use crate::source::Text;
use crate::syntax::{Kind, Node, yaml};
use crate::units::{Deployment, Field, Unit, Word};

/// The words that a file of settings of that engine stands for.
fn words(reading: &Reading<'_>, engine: EngineKind, node: &Node) -> Vec<Word> {
    match engine {
        EngineKind::TensorRtLlm => tensorrt_llm_config::words(reading, node),
        EngineKind::Sglang => sglang_config::words(reading, node),
        _ => vllm_config::words(reading, node),
    }
}

/// Completes a deployment with the settings of the file that its line names, where `find` has that file's text by its
/// name without folders.
pub(super) fn complete(reading: &Reading<'_>, deployment: &mut Deployment, find: impl FnOnce(&str) -> Option<Text>) {
    let Some(file) = engines::settings_file(&deployment.launch, &deployment.image) else {
        return;
    };
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    let Some(text) = find(name) else {
        return;
    };
    let parsed = yaml::parse_inside(&text);
    let ([document], None) = (parsed.documents.as_slice(), &parsed.error) else {
        return;
    };
    let settings = words(reading, file.engine, document);
    engines::take_settings(&mut deployment.launch, &file, &settings);
}

/// Completes what a script starts with the files that it writes itself: `cat > settings.yaml <<EOF`.
pub(super) fn complete_from_script(reading: &Reading<'_>, script: &Text, units: &mut [Unit]) {
    if !script.as_str().contains("<<") {
        return;
    }
    for unit in units {
        if let Unit::Deployment(deployment) = unit {
            complete(reading, deployment, |name| written(script, name));
        }
    }
}

/// The here-document that a script writes into a file of that name.
fn written(script: &Text, name: &str) -> Option<Text> {
    let text = script.as_str();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let Some((before, behind)) = line.split_once("<<") else {
            continue;
        };
        let behind = behind.trim_start_matches(['-', ' ']);
        let quotes = ['"', '\''];
        let mark = behind
            .split([' ', '>', '|', ';', '\n', '\r'])
            .next()?
            .trim_matches(quotes);
        let is_target = |part: &str| part.trim_matches(quotes).rsplit('/').next() == Some(name);
        let writes = line.contains('>') || before.contains("tee ");
        let is_meant = line.split([' ', '>', '\n', '\r']).any(is_target);
        if mark.is_empty() || !writes || !is_meant {
            continue;
        }
        let mut end = at;
        for inner in text[at..].split_inclusive('\n') {
            if inner.trim() == mark {
                return Some(script.slice(at..end));
            }
            end += inner.len();
        }
        return None;
    }
    None
}

/// What a file of settings is by itself: a unit where it names its model, else only a part of the command line that
/// names the file.
pub(super) fn unit(
    reading: &Reading<'_>,
    engine: EngineKind,
    format: &'static str,
    program: &[&str],
    node: &Node,
) -> Option<Read> {
    let place = reading.place(node.span);
    let said = |text: &&str| Word {
        value: Ok((*text).to_owned()),
        place,
    };
    let mut all: Vec<Word> = program.iter().map(said).collect();
    all.extend(words(reading, engine, node));
    let mut around = super::commands::Around::default();
    let why = "it is given where the server is started";
    around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
    let mut made = super::commands::deployment(all, around, reading.source.path.clone(), format)?;
    made.settings = Some(program.len());
    Some(Read {
        units: vec![Unit::Deployment(Box::new(made))],
        ..Read::default()
    })
}

/// The one document of a YAML file of settings: one that holds one of `signs`, at least `least` of an engine's own keys,
/// and none of those of programs that keep more than its settings.
pub(super) fn document<'r>(
    reading: &'r Reading<'_>,
    signs: &[&str],
    (own, least): (&[&str], usize),
    foreign: &[&str],
) -> Option<&'r Node> {
    let yaml = reading.is_yaml();
    if !yaml || !signs.iter().any(|sign| reading.contains(sign)) {
        return None;
    }
    let [document] = reading.yaml().documents.as_slice() else {
        return None;
    };
    let keys = keys(document);
    (count(&keys, own) >= least && count(&keys, foreign) == 0).then_some(document)
}

/// The names of a file's settings, `_` as `-`.
pub(super) fn keys(node: &Node) -> Vec<String> {
    let names = node
        .entries()
        .filter_map(|(key, _)| Some(key.as_str()?.replace('_', "-")));
    names.collect()
}

/// How many of some names are among the settings.
pub(super) fn count(keys: &[String], names: &[&str]) -> usize {
    keys.iter().filter(|key| names.contains(&key.as_str())).count()
}

/// Every setting as the flag of its name.
pub(super) fn flags(reading: &Reading<'_>, node: &Node) -> Vec<Word> {
    let mut words = Vec::new();
    for (key, value) in node.entries() {
        if let Some(name) = key.as_str() {
            flag(
                reading,
                &format!("--{}", name.replace('_', "-")),
                key,
                value,
                &mut words,
            );
        }
    }
    words
}

/// One setting as a flag; nothing where it has no value.
pub(super) fn flag(reading: &Reading<'_>, flag: &str, key: &Node, value: &Node, words: &mut Vec<Word>) {
    let entry = reading.place(key.span.cover(value.span));
    let text = match (&value.kind, value.as_bool()) {
        (_, Some(on)) => {
            words.push(Word {
                value: Ok(format!("{flag}={on}")),
                place: entry,
            });
            return;
        }
        _ if value.is_null() => return,
        (Kind::Plain(text) | Kind::Quoted(text), _) => text.as_str().to_owned(),
        (Kind::Seq { .. } | Kind::Map { .. }, _) => super::settings::compact_json(value),
    };
    words.push(Word {
        value: Ok(flag.to_owned()),
        place: reading.place(key.span),
    });
    words.push(Word {
        value: Ok(text),
        place: reading.place(value.span),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_writes_the_file_says_what_is_in_it() {
        let find =
            |script: &str, name: &str| written(&Text::verbatim(script, 0), name).map(|text| text.as_str().to_owned());
        let script = "cat >./conf/x.yml <<EOF\na: 1\nEOF\ncat <<'END' > \"y.yml\"\nb: 2\nEND\ntee z.yml << E\nc: 3";
        assert_eq!(find(script, "x.yml").as_deref(), Some("a: 1\n"));
        assert_eq!(find(script, "y.yml").as_deref(), Some("b: 2\n"));
        assert_eq!(find(script, "z.yml"), None, "never closed");
        assert_eq!(find("cat <<EOF\nx.yml\nEOF", "x.yml"), None);
        assert_eq!(find(&"cat > é <<\n".repeat(10_000), "x"), None);
    }
}
