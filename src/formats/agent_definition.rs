//! Agents written down as data: YAML of Semantic Kernel and Microsoft's Agent Framework, and components that AutoGen
//! saved as JSON.
//! Formats: <https://learn.microsoft.com/en-us/agent-framework/agents/declarative>,
//! <https://microsoft.github.io/autogen/stable/user-guide/agentchat-user-guide/serialize-components.html>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::Role;

pub(super) const NAME: &str = "agent definition";

/// How deep teams may hold teams.
const DEPTH: usize = 10;

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    match reading.source.extension() {
        "yaml" | "yml" => {
            const KINDS: &[&str] = &["kind: Prompt", "kind: Agent", "kind: GptComponentMetadata", "_agent"];
            if !reading.contains("instructions:") || !KINDS.iter().any(|kind| reading.contains(kind)) {
                return None;
            }
            let mut made = Maker::new(reading, NAME);
            agent(&mut made, reading.yaml().documents.first()?);
            made.finish()
        }
        "json" => {
            if !reading.contains("\"component_type\"") || !reading.contains("\"provider\"") {
                return None;
            }
            let mut made = Maker::new(reading, NAME);
            component(&mut made, reading.json().as_ref().ok()?, 0);
            made.finish()
        }
        _ => None,
    }
}

fn agent(made: &mut Maker<'_, '_>, document: &Node) {
    let kind = document
        .get("kind")
        .or_else(|| document.get("type"))
        .and_then(Node::as_str);
    if !kind.is_some_and(|kind| matches!(kind, "Prompt" | "Agent") || kind.ends_with("_agent")) {
        return;
    }
    let reading = made.reading;
    let mut prompt = made.prompt("", document);
    made.say(&mut prompt, Role::System, document.get("instructions"), Syntax::Detect);
    if let Some(model) = document.get("model") {
        prompt.model = match model.is_map() {
            true => settings::string(reading, model, &["id", "name"]),
            false => settings::stated(reading, model),
        };
        prompt.provider = model.get("provider").and_then(Node::as_str).map(str::to_owned);
        settings::take_parameters(reading, model.get("options").unwrap_or(model), &mut prompt);
    }
    let tools = document.get("tools").into_iter().flat_map(Node::items);
    prompt.tools = tools.map(|tool| settings::tool(reading, tool)).collect();
    made.push(prompt);
}

/// A component of AutoGen: an agent, or a team whose participants are components.
fn component(made: &mut Maker<'_, '_>, node: &Node, depth: usize) {
    if depth > DEPTH {
        return;
    }
    let Some(config) = node.get("config") else {
        return;
    };
    let reading = made.reading;
    if let Some(message) = config.get("system_message") {
        let name = config.get("name").and_then(Node::as_str).unwrap_or_default();
        let mut prompt = made.prompt(name, node);
        made.say(&mut prompt, Role::System, Some(message), Syntax::None);
        if let Some(client) = config.at(&["model_client", "config"]) {
            prompt.model = settings::string(reading, client, &["model"]);
            settings::take_parameters(reading, client, &mut prompt);
        }
        made.push(prompt);
    }
    for key in ["participants", "agents", "teams"] {
        for inner in config.get(key).into_iter().flat_map(Node::items) {
            component(made, inner, depth + 1);
        }
    }
}
