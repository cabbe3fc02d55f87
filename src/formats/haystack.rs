//! Pipelines of Haystack as YAML: the builders of prompts, with the generator that each feeds.
//! Format: <https://docs.haystack.deepset.ai/docs/serialization>.

use std::collections::HashMap;

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::Role;

pub(super) const NAME: &str = "haystack pipeline";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.is_yaml() || !reading.contains("PromptBuilder") || !reading.contains("init_parameters") {
        return None;
    }
    let document = reading.yaml().documents.first()?;
    let components = document.get("components")?;
    let mut made = Maker::new(reading, NAME);
    let fed = fed(document);
    let named = components
        .entries()
        .filter_map(|(name, node)| Some((name.as_str()?, node)));
    let by_name: HashMap<&str, &Node> = named.collect();
    for (name, component) in components.entries() {
        let kind = component.get("type").and_then(Node::as_str).unwrap_or_default();
        let Some(settings) = component.get("init_parameters") else {
            continue;
        };
        if !kind.ends_with("PromptBuilder") {
            continue;
        }
        let name = name.as_str().unwrap_or_default();
        let mut prompt = made.prompt(name, component);
        let template = settings.get("template");
        if let Some(list) = template.filter(|template| template.is_seq()) {
            let text = |message: &Node, made: &mut Maker<'_, '_>| made.message(message, Syntax::Jinja);
            for message in list.items() {
                let messages = text(message, &mut made);
                prompt.messages.extend(messages.unwrap_or_default());
            }
        } else {
            made.say(&mut prompt, Role::User, template, Syntax::Jinja);
        }
        if let Some(generator) = fed.get(name).and_then(|name| by_name.get(name)) {
            let model = generator.get("init_parameters");
            if let Some(model) = model {
                prompt.model = super::settings::string(reading, model, &["model", "azure_deployment"]);
                prompt.endpoint = super::settings::endpoint(model);
                let options = model.get("generation_kwargs").filter(|options| options.is_map());
                super::settings::take_parameters(reading, options.unwrap_or(model), &mut prompt);
            }
        }
        let names = settings.get("required_variables").into_iter().flat_map(Node::items);
        prompt.declared = names.map(|name| settings::declared(reading, name, None)).collect();
        made.push(prompt);
    }
    made.finish()
}

/// The component that takes what each gives first, by name.
fn fed<'n>(document: &'n Node) -> HashMap<&'n str, &'n str> {
    let component = |node: Option<&'n Node>| Some(node?.as_str()?.split_once('.')?.0);
    let mut fed = HashMap::new();
    for one in document.get("connections").into_iter().flat_map(Node::items) {
        if let (Some(from), Some(to)) = (component(one.get("sender")), component(one.get("receiver"))) {
            fed.entry(from).or_insert(to);
        }
    }
    fed
}
