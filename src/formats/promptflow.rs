//! Prompt flow's `flow.dag.yaml`: each node that calls a model, with the template that it names.
//! Format: <https://microsoft.github.io/promptflow/reference/tools-reference/llm-tool.html>.

use std::collections::HashMap;

use super::maker::{Maker, unbroken};
use super::{Read, Reading, prompty, settings};
use crate::source::Text;
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Field, Role};

pub(super) const NAME: &str = "promptflow";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.is_yaml() || !reading.contains("nodes:") || !reading.contains("llm") || !reading.contains("source:") {
        return None;
    }
    let document = reading.yaml().documents.first()?;
    let nodes = document.get("nodes").filter(|nodes| nodes.is_seq())?;
    let mut made = Maker::new(reading, NAME);
    let variants: HashMap<&str, &Node> = document
        .get("node_variants")
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(name, variants)| Some((name.as_str()?, variants)))
        .collect();
    for node in nodes.items() {
        let name = node.get("name").and_then(Node::as_str).unwrap_or_default();
        let variants = variants.get(name);
        match variants.filter(|_| node.get("use_variants").is_some()) {
            Some(variants) => {
                for (variant, value) in variants.get("variants").into_iter().flat_map(Node::entries) {
                    let part = format!("{name}.{}", variant.as_str().unwrap_or_default());
                    call(&mut made, &part, value.get("node").unwrap_or(value));
                }
            }
            None => call(&mut made, name, node),
        }
    }
    made.finish()
}

fn call(made: &mut Maker<'_, '_>, part: &str, node: &Node) {
    if node.get("type").and_then(Node::as_str) != Some("llm") {
        return;
    }
    let reading = made.reading;
    let Some(path) = node.at(&["source", "path"]) else {
        return;
    };
    let mut prompt = made.prompt(part, node);
    let turns = |text: &Text| {
        let turns = unbroken(prompty::turns(text.as_str(), 0), text.as_str(), 0, Syntax::Jinja);
        turns
            .into_iter()
            .map(|(role, span)| (role, text.slice(span.start..span.end)))
            .collect()
    };
    let named = (path.as_str().unwrap_or_default(), path.span);
    made.say_file(&mut prompt, Role::User, named, turns, Some(Syntax::Jinja));
    prompt.provider = node.get("provider").and_then(Node::as_str).map(str::to_ascii_lowercase);
    if let Some(inputs) = node.get("inputs") {
        prompt.model = settings::string(reading, inputs, &["model", "deployment_name"]);
        // Only the connection decides which of the two is used; one to Azure uses the deployment.
        if prompt.provider.is_none() && inputs.get("deployment_name").is_some() {
            prompt.provider = Some("azure".to_owned());
        }
        // A deployment is a name of the team's own: it tells the model only where it is one.
        if let Field::Known(name, place) = &prompt.model
            && name.is_empty()
        {
            prompt.model = Field::Unknown("the deployment is chosen elsewhere".to_owned(), Some(*place));
        }
        settings::take_parameters(reading, inputs, &mut prompt);
    }
    made.push(prompt);
}
