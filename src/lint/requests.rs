//! Requests joined with the prompt files that they name, and prompt files that are a part of others.

use std::collections::{HashMap, HashSet};

use super::files::{missing_file, too_much_joined};
use crate::report::{FileNote, Finding};
use crate::source::{Place, Source, normal, resolve};
use crate::syntax::template;
use crate::units::{Message, Prompt, Unit};

/// Most bytes of prompt files that the requests of a run may stand for, each file counted for each request: a short
/// file can name a long one ten thousand times.
pub(super) const MAX_JOINED_BYTES: usize = 100_000_000;

/// Joins a request with the prompt file that it names: one unit, counted once.
pub fn join(units: Vec<Unit>, sources: &[Source], findings: &mut Vec<Finding>) -> Vec<Unit> {
    let path = |place: Place| sources[place.source.0 as usize].from_root.as_str();
    let texts: HashMap<&str, Vec<Message>> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Prompt(prompt) if prompt.messages.iter().all(|message| message.file.is_none()) => {
                Some((path(prompt.place), prompt.messages.clone()))
            }
            _ => None,
        })
        .collect();
    let mut used: HashSet<String> = HashSet::new();
    let mut joined = Vec::new();
    let mut bytes = 0_usize;
    let mut full = false;
    for unit in units {
        let Unit::Prompt(mut prompt) = unit else {
            joined.push(unit);
            continue;
        };
        // A text that code loads is part of what the call sends.
        let elsewhere = prompt
            .messages
            .iter()
            .filter(|message| message.source != prompt.place.source);
        used.extend(elsewhere.map(|message| sources[message.source.0 as usize].from_root.clone()));
        let mut messages = Vec::new();
        for message in std::mem::take(&mut prompt.messages) {
            let Some((name, place)) = message.file.clone() else {
                messages.push(message);
                continue;
            };
            let Some(found) = resolve(path(place), &name, |path| texts.contains_key(path)) else {
                let source = &sources[place.source.0 as usize];
                findings.push(missing_file(source, place.span, &name));
                messages.push(message);
                continue;
            };
            bytes = texts[found.as_str()]
                .iter()
                .fold(bytes, |sum, text| sum.saturating_add(text.text.as_str().len()));
            if bytes > MAX_JOINED_BYTES {
                if !full {
                    findings.push(too_much_joined(&sources[place.source.0 as usize], place.span));
                }
                full = true;
                messages.push(message);
                continue;
            }
            let role = message.role;
            messages.extend(texts[found.as_str()].iter().cloned().map(|mut text| {
                if texts[found.as_str()].len() == 1 {
                    text.role = role;
                }
                text
            }));
            used.insert(found);
        }
        prompt.messages = messages;
        joined.push(Unit::Prompt(prompt));
    }
    // A text that a unit of another file sends is part of that unit.
    for unit in &joined {
        if let Unit::Prompt(prompt) = unit {
            let others = prompt.messages.iter().map(|message| message.source);
            let others = others.filter(|source| *source != prompt.place.source);
            used.extend(others.map(|source| sources[source.0 as usize].from_root.clone()));
        }
    }
    // What a function sends for those who call it is counted with them.
    let sent: HashSet<Place> = joined.iter().filter_map(through).collect();
    joined.retain(|unit| through(unit).is_some() || !sent.contains(&unit.place()));
    joined.retain(|unit| match unit {
        Unit::Prompt(prompt) => !is_loaded(prompt) || !used.contains(path(prompt.place)),
        Unit::Embedding(_) | Unit::Deployment(_) | Unit::Training(_) => true,
    });
    joined
}

/// Leaves out prompt files that other prompts include: a part of a prompt is no prompt.
pub(super) fn without_fragments(mut units: Vec<Unit>, sources: &[Source], files: &mut [FileNote]) -> Vec<Unit> {
    let mut included: HashSet<String> = HashSet::new();
    for unit in &units {
        let Unit::Prompt(prompt) = unit else {
            continue;
        };
        let pieces = prompt.messages.iter().map(|message| &message.pieces);
        // What includes itself is no part of another prompt; that it can't be put in is found.
        let own = sources[prompt.place.source.0 as usize].from_root.as_str();
        let others = |name: &String| !own.ends_with(name.as_str());
        let names = pieces.flat_map(|pieces| template::includes(pieces)).filter_map(normal);
        included.extend(names.filter(others));
        let texts = prompt.messages.iter().map(|message| message.text.as_str());
        included.extend(texts.flat_map(template::imports).filter_map(|name| normal(&name)));
    }
    // Names are seen from a folder of templates that only the application knows: every ending of the path counts.
    let is_fragment = |path: &str| {
        let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
        starts.map(|at| &path[at..]).any(|ending| {
            included.contains(ending) || ending.rsplit_once('.').is_some_and(|(stem, _)| included.contains(stem))
        })
    };
    units.retain(|unit| match unit {
        Unit::Prompt(prompt) if is_only_text(prompt) => {
            let source = &sources[prompt.place.source.0 as usize];
            let fragment = !source.named && is_fragment(&source.from_root);
            if fragment && let Ok(at) = files.binary_search_by(|file| file.path.cmp(&source.path)) {
                files[at].note = "a part of other prompts, counted where it is put in".to_owned();
            }
            !fragment
        }
        _ => true,
    });
    units
}

/// The call inside another file's function that a call leads to.
fn through(unit: &Unit) -> Option<Place> {
    match unit {
        Unit::Prompt(prompt) | Unit::Embedding(prompt) => prompt.through,
        Unit::Deployment(_) | Unit::Training(_) => None,
    }
}

/// Whether it is only sent by what loads it.
fn is_loaded(prompt: &Prompt) -> bool {
    is_only_text(prompt) || prompt.format == "langchain prompt"
}

pub(super) fn is_only_text(prompt: &Prompt) -> bool {
    prompt.format.starts_with("prompt ")
}

#[cfg(test)]
mod tests {
    use super::super::{Linter, lint};
    use crate::catalog::Catalog;
    use crate::config::Config;
    use crate::facts::Settings;
    use crate::report::Report;
    use crate::rules::{RuleSet, Selection};
    use crate::source::Source;

    /// What is judged of some files.
    fn judged(sources: &[Source]) -> Report {
        let settings = Settings::new(Config::default(), "");
        let rules = crate::rules::embedded().expect("the pages load");
        let rules = RuleSet::new(rules, &settings.config, &Selection::default()).expect("no selection");
        let linter = Linter::new(
            &settings,
            Catalog::embedded(),
            &rules,
            "2026-11-24".parse().expect("a day"),
        );
        lint(sources, &[], &linter)
    }

    fn names(report: &Report) -> Vec<&str> {
        report.units.iter().map(|unit| unit.name.as_str()).collect()
    }

    #[test]
    fn a_part_of_a_prompt_is_no_prompt() {
        let report = judged(&[
            Source::new("prompts/partials/rules.j2", "Answer the question.", false),
            Source::new(
                "prompts/whole.j2",
                "{% include 'partials/rules.j2' %}\nQ: {{ q }}",
                false,
            ),
        ]);
        assert_eq!(names(&report), ["prompts/whole.j2"]);
        let count = report.units[0].tokens.as_ref().expect("a prompt has a count");
        assert_eq!(count.variables, ["q"]);
        // "Answer the question.\nQ: "
        assert_eq!((count.least, count.most), (7, 7));
    }

    #[test]
    fn a_file_and_the_call_that_loads_it_are_one_prompt() {
        let code = "from pathlib import Path\nfrom openai import OpenAI\n\n\ndef load(name):\n    return Path(f\"prompts/{name}.txt\").read_text()\n\n\ndef ask(text):\n    return OpenAI().responses.create(model=\"gpt-4o\", max_output_tokens=50, input=text)\n\n\nask(load(\"tides\"))\nask(load(\"winds\"))\n";
        let report = judged(&[
            Source::new("app.py", code, false),
            Source::new("prompts/moons.txt", "Say when the moon rises.", false),
            Source::new("prompts/tides.txt", "Say when the tide turns.", false),
            Source::new("prompts/winds.txt", "Say where the wind blows from.", false),
        ]);
        let expected = ["app.py#ask(tides.txt)", "app.py#ask(winds.txt)", "prompts/moons.txt"];
        assert_eq!(names(&report), expected);
    }

    #[test]
    fn a_call_through_a_function_of_another_file_is_one_prompt() {
        let send = "from openai import OpenAI\n\n\ndef complete(prompt, model=\"gpt-4o\"):\n    return OpenAI().chat.completions.create(model=model, max_tokens=50, messages=[{\"role\": \"user\", \"content\": prompt}])\n";
        let load = "from pathlib import Path\n\n\ndef load(name):\n    return (Path(__file__).parent.parent / \"prompts\" / f\"{name}.txt\").read_text()\n";
        let app = "from app import llm\nfrom app.texts import load\n\n\ndef tides():\n    return llm.complete(load(\"tides\"))\n\n\ndef winds():\n    return llm.complete(load(\"winds\"), model=\"gpt-4.1\")\n\n\ndef any(text):\n    return llm.complete(text)\n";
        let files = [
            Source::new("app/llm.py", send, false),
            Source::new("app/tests/test_app.py", app, false),
            Source::new("app/texts.py", load, false),
            Source::new("app/weather.py", app, false),
            Source::new("prompts/tides.txt", "Say when the tide turns.", false),
            Source::new("prompts/winds.txt", "Say where the wind blows from.", false),
        ];
        let report = judged(&files);
        assert_eq!(names(&report), ["app/weather.py#tides", "app/weather.py#winds"]);
        let counts: Vec<_> = report.units.iter().filter_map(|unit| unit.tokens.as_ref()).collect();
        // "Say when the tide turns." is 6 tokens, "Say where the wind blows from." 7; 7 more are the chat's framing.
        assert!(counts.iter().all(|count| count.variables.is_empty()), "{counts:?}");
        // Where nobody hands it words, the function is the prompt.
        let report = judged(&files[..1]);
        assert_eq!(names(&report), ["app/llm.py#complete"]);
    }

    #[test]
    fn words_under_a_key_of_loaded_data_are_sent() {
        let code = "import yaml\nfrom openai import OpenAI\n\nwith open(\"texts.yaml\") as file:\n    texts = yaml.safe_load(file)\n\n\ndef ask(place):\n    return OpenAI().responses.create(model=texts[\"model\"], input=texts[\"tides\"][\"ask\"].format(place=place))\n";
        let data = "model: gpt-4o\ntides:\n  ask: Say when the tide turns at {place}.\n";
        let report = judged(&[
            Source::new("app.py", code, false),
            Source::new("texts.yaml", data, false),
        ]);
        assert_eq!(names(&report), ["app.py#ask"]);
        let count = report.units[0].tokens.as_ref().expect("a prompt has a count");
        assert_eq!(count.variables, ["place"]);
        assert!(count.exact && count.least > 5, "{count:?}");
    }

    #[test]
    fn a_template_of_langchain_and_its_chain_are_one_prompt() {
        let code = "from langchain_core.prompts import load_prompt\nfrom langchain_openai import ChatOpenAI\n\nchain = load_prompt(\"tides.yaml\") | ChatOpenAI(model=\"gpt-4o\", max_tokens=50)\n";
        let report = judged(&[
            Source::new("app.py", code, false),
            Source::new(
                "tides.yaml",
                "_type: prompt\ninput_variables: [place]\ntemplate: Say when the tide turns at {place}.\n",
                false,
            ),
        ]);
        assert_eq!(names(&report), ["app.py"]);
        let count = report.units[0].tokens.as_ref().expect("a prompt has a count");
        assert_eq!(count.variables, ["place"]);
    }
}
