//! Dify's app files (DSL): the prompts of an app, and those of the nodes of its workflow.
//! Format: <https://docs.dify.ai/en/guides/management/app-management>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Prompt, Role};

pub(super) const NAME: &str = "dify app";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.is_yaml() || !reading.contains("kind: app") || !reading.contains("app:") {
        return None;
    }
    let document = reading.yaml().documents.first()?;
    document.at(&["app", "mode"])?;
    let mut made = Maker::new(reading, NAME);
    if let Some(config) = document.get("model_config") {
        let mut prompt = made.prompt("", config);
        made.say(&mut prompt, Role::System, config.get("pre_prompt"), Syntax::Expressions);
        if let Some(model) = config.get("model") {
            take_model(reading, &mut prompt, model);
        }
        for input in config.get("user_input_form").into_iter().flat_map(Node::items) {
            let name = input.entries().next().and_then(|(_, field)| field.get("variable"));
            if let Some(name) = name {
                let declared = settings::declared(reading, name, None);
                prompt.declared.push(declared);
            }
        }
        made.push(prompt);
    }
    for node in document
        .at(&["workflow", "graph", "nodes"])
        .into_iter()
        .flat_map(Node::items)
    {
        if let Some(data) = node.get("data") {
            workflow_node(&mut made, data);
        }
    }
    made.finish()
}

/// A node of a workflow that asks a model: with messages, with one text, or with instructions to a classifier, an
/// extractor or an agent.
fn workflow_node(made: &mut Maker<'_, '_>, data: &Node) {
    let reading = made.reading;
    let kind = data.get("type").and_then(Node::as_str).unwrap_or_default();
    if !matches!(kind, "llm" | "question-classifier" | "parameter-extractor" | "agent") {
        return;
    }
    let title = data.get("title").and_then(Node::as_str).unwrap_or(kind);
    let mut prompt = made.prompt(title, data);
    if let Some(template) = data.get("prompt_template") {
        let texts: Vec<&Node> = if template.is_seq() {
            template.items().collect()
        } else {
            vec![template]
        };
        for item in texts {
            let jinja = item.get("edition_type").and_then(Node::as_str) == Some("jinja2");
            let role = item.get("role").and_then(Node::as_str).and_then(Role::from_name);
            let (text, syntax) = match item.get("jinja2_text").filter(|_| jinja) {
                Some(text) => (Some(text), Syntax::Jinja),
                None => (item.get("text"), Syntax::Expressions),
            };
            made.say(&mut prompt, role.unwrap_or(Role::User), text, syntax);
        }
    }
    for key in ["instruction", "instructions"] {
        made.say(&mut prompt, Role::System, data.get(key), Syntax::Expressions);
    }
    if let Some(model) = data.get("model") {
        take_model(reading, &mut prompt, model);
    }
    made.push(prompt);
}

fn take_model(reading: &Reading<'_>, prompt: &mut Prompt, model: &Node) {
    prompt.model = settings::string(reading, model, &["name"]);
    // A provider may be a plugin: `langgenius/openai/openai`.
    let provider = model.get("provider").and_then(Node::as_str);
    prompt.provider = provider.map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
    if let Some(options) = model.get("completion_params") {
        settings::take_parameters(reading, options, prompt);
    }
}
