//! promptfoo's configs: prompts, the providers that each is sent to, and the tests that fill them in. One run makes a
//! call for each of all three.
//! Format: <https://www.promptfoo.dev/docs/configuration/reference/>.

use std::collections::HashSet;

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::source::{Place, Text};
use crate::syntax::template::Syntax;
use crate::syntax::{Node, json};
use crate::units::{Declared, Field, Prompt, Role};

pub(super) const NAME: &str = "promptfoo config";

/// Prompts, providers and variables of one config that are looked at: every prompt goes to every provider.
const MOST: usize = 300;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    if !matches!(extension, "yaml" | "yml" | "json")
        || !reading.contains("prompts")
        || !(reading.contains("providers") || reading.contains("targets"))
    {
        return None;
    }
    let documents = match extension {
        "json" => std::slice::from_ref(reading.json().as_ref().ok()?),
        _ => reading.yaml().documents.as_slice(),
    };
    let config = documents.first()?;
    let prompts = config.get("prompts")?;
    let providers = config.get("providers").or_else(|| config.get("targets"))?;
    let by_name = reading.source.file_name().starts_with("promptfoo");
    // Other tools have prompts and providers too: the tests, or a provider's way of naming a model, show whose it is.
    if !by_name && config.get("tests").is_none() && config.get("defaultTest").is_none() {
        return None;
    }
    let mut models = models(reading, providers);
    if !by_name && models.iter().all(|model| model.name.is_none()) {
        return None;
    }
    let mut made = Maker::new(reading, NAME);
    let list: Vec<&Node> = if prompts.is_seq() {
        prompts.items().collect()
    } else if prompts.is_map() {
        // A path, or a text, with a label as its value.
        prompts.entries().map(|(key, _)| key).collect()
    } else {
        vec![prompts]
    };
    let mut declared = variables(reading, config);
    let note = grid(config, list.len(), models.len());
    declared.truncate(MOST);
    models.truncate(MOST);
    let several = list.len() > 1;
    for (index, item) in list.iter().take(MOST).enumerate() {
        let part = if several {
            format!("prompt{}", index + 1)
        } else {
            String::new()
        };
        let mut prompt = made.prompt(&part, item);
        say(&mut made, &mut prompt, item);
        take_models(reading, &mut prompt, &models);
        prompt.declared.clone_from(&declared);
        made.push(prompt);
    }
    made.note(note);
    made.finish()
}

fn say(made: &mut Maker<'_, '_>, prompt: &mut Prompt, item: &Node) {
    let raw = ["raw", "file", "id", "path"]
        .iter()
        .find_map(|key| item.get(key))
        .unwrap_or(item);
    let Some(text) = raw.as_string() else {
        return;
    };
    let written = text.as_str();
    let file = written
        .strip_prefix("file://")
        .or_else(|| is_path(written).then_some(written));
    match file {
        // A program that makes the prompt is run, not sent.
        Some(path)
            if [".py", ".js", ".ts", ".mjs", ".cjs"]
                .iter()
                .any(|end| path.contains(end)) => {}
        Some(path) if path.contains('*') => {}
        Some(path) => {
            let parts = |text: &Text| chat(text).unwrap_or_else(|| vec![(Role::User, text.clone())]);
            made.say_file(prompt, Role::User, (path, raw.span), parts, None);
        }
        None => made.say(prompt, Role::User, Some(raw), Syntax::Expressions),
    }
}

/// The messages of a file that holds a chat as JSON.
fn chat(text: &Text) -> Option<Vec<(Role, Text)>> {
    if !text.as_str().trim_start().starts_with('[') {
        return None;
    }
    let list = json::parse(text.as_str(), text.span().start).ok()?;
    let message = |item: &Node| {
        let role = Role::from_name(item.get("role")?.as_str()?)?;
        Some((role, item.get("content")?.as_string()?.clone()))
    };
    list.items().map(message).collect()
}

/// Whether a prompt without `file://` is a path all the same: one word with an ending.
fn is_path(text: &str) -> bool {
    const ENDINGS: &[&str] = &[".txt", ".md", ".json", ".j2", ".yaml", ".yml"];
    !text.contains(char::is_whitespace) && ENDINGS.iter().any(|ending| text.ends_with(ending))
}

/// A provider of the list.
struct Model<'n> {
    /// The model's name, where the provider's shows one.
    name: Option<(String, Option<String>)>,
    node: &'n Node,
    config: Option<&'n Node>,
}

fn models<'n>(reading: &Reading<'_>, providers: &'n Node) -> Vec<Model<'n>> {
    let one = |node: &'n Node| {
        let (id, config) = match node.get("id") {
            Some(id) => (id, node.get("config")),
            // `- openai:gpt-4o: {config: …}`
            None => match node.entries().next() {
                Some((key, value)) => (key, value.get("config")),
                None => (node, None),
            },
        };
        let written = settings::stated(reading, id);
        Model {
            name: written.known().and_then(|name| model_name(name)),
            node: id,
            config,
        }
    };
    if providers.is_seq() {
        providers.items().map(one).collect()
    } else {
        vec![one(providers)]
    }
}

/// The model in a provider's name, and who serves it: `openai:gpt-4o`, `openai:chat:gpt-4o`, `openrouter:vendor/model`.
/// An id of Bedrock may hold a colon of its own.
fn model_name(id: &str) -> Option<(String, Option<String>)> {
    const KINDS: &[&str] = &[
        "chat",
        "completion",
        "messages",
        "responses",
        "embedding",
        "embeddings",
        "assistant",
    ];
    const PROGRAMS: &[&str] = &[
        "file",
        "exec",
        "python",
        "http",
        "https",
        "webhook",
        "package",
        "promptfoo",
        "ws",
        "echo",
    ];
    let (provider, rest) = id.split_once(':')?;
    if PROGRAMS.contains(&provider) || rest.is_empty() {
        return None;
    }
    let model = match rest.split_once(':') {
        Some((kind, model)) if KINDS.contains(&kind) => model,
        _ => rest,
    };
    Some((model.to_owned(), Some(provider.to_owned())))
}

fn take_models(reading: &Reading<'_>, prompt: &mut Prompt, models: &[Model<'_>]) {
    if let [only] = models {
        if let Some((name, provider)) = &only.name {
            prompt.model = Field::Known(name.clone(), reading.place(only.node.span));
            prompt.provider.clone_from(provider);
        }
        if let Some(config) = only.config {
            settings::take_parameters(reading, config, prompt);
        }
    } else if let Some(first) = models.first() {
        let place: Place = reading.place(first.node.span);
        prompt.model = Field::Unknown(format!("it is sent to each of {} providers", models.len()), Some(place));
        let names = models.iter().filter_map(|model| {
            let (name, _) = model.name.as_ref()?;
            Some((name.clone(), reading.place(model.node.span)))
        });
        prompt.candidates = names.collect();
    }
}

/// The variables that the tests fill in, each with the first value that one gives.
fn variables(reading: &Reading<'_>, config: &Node) -> Vec<Declared> {
    let mut found: Vec<Declared> = Vec::new();
    let mut seen = HashSet::new();
    let tests = config.get("tests").into_iter().flat_map(Node::items);
    let all = config.get("defaultTest").into_iter().chain(tests);
    for (name, value) in all.filter_map(|test| test.get("vars")).flat_map(Node::entries) {
        if seen.insert(name.as_str()) {
            let mut input = settings::declared(reading, name, None);
            input.sample = value
                .as_str()
                .filter(|text| !text.starts_with("file://"))
                .map(str::to_owned);
            found.push(input);
        }
    }
    found
}

/// What one run costs in calls. A variable with a list of values stands for a test each.
fn grid(config: &Node, prompts: usize, providers: usize) -> String {
    let repeat = config
        .at(&["evaluateOptions", "repeat"])
        .and_then(Node::as_u64)
        .unwrap_or(1);
    let listed = config.get("tests").filter(|tests| tests.is_seq());
    let known = listed.is_some_and(|tests| tests.items().all(Node::is_map)) && config.get("scenarios").is_none();
    if !known {
        return format!("{prompts} prompts × {providers} providers, for each test of another file");
    }
    let tests = listed.into_iter().flat_map(Node::items).fold(0_u64, |sum, test| {
        let lists = test.get("vars").into_iter().flat_map(Node::entries);
        let values = lists.fold(1_u64, |product, (_, value)| match value.items().count() {
            0 => product,
            count => product.saturating_mul(count as u64),
        });
        sum.saturating_add(values)
    });
    let calls = [prompts as u64, providers as u64, tests, repeat];
    let calls = calls
        .iter()
        .fold(1_u64, |product, factor| product.saturating_mul(*factor));
    let again = if repeat > 1 {
        format!(" × {repeat} times")
    } else {
        String::new()
    };
    format!("{prompts} prompts × {providers} providers × {tests} tests{again}: {calls} calls a run")
}
