//! Flows of Flowise: the nodes with prompts, each with the chat model's node that its input names.
//! Format: <https://docs.flowiseai.com/using-flowise/agentflowv2>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Field, Role, Tool};

pub(super) const NAME: &str = "flowise flow";

/// Inputs of a node that are sent, with who says them.
const TEXTS: &[(&str, Role)] = &[
    ("systemMessagePrompt", Role::System),
    ("systemMessage", Role::System),
    ("agentInstructions", Role::System),
    ("workerPrompt", Role::System),
    ("supervisorPrompt", Role::System),
    ("template", Role::User),
    ("humanMessagePrompt", Role::User),
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "json"
        || !reading.contains("\"inputAnchors\"")
        || !reading.contains("\"nodes\"")
        || !reading.contains("\"inputs\"")
    {
        return None;
    }
    let document = reading.json().as_ref().ok()?;
    let nodes = document.get("nodes").filter(|nodes| nodes.is_seq())?;
    let mut made = Maker::new(reading, NAME);
    for node in nodes.items() {
        let Some(inputs) = node.at(&["data", "inputs"]) else {
            continue;
        };
        let id = node.get("id").and_then(Node::as_str).unwrap_or_default();
        let mut prompt = made.prompt(id, node);
        for (key, role) in TEXTS {
            made.say(&mut prompt, *role, inputs.get(key), Syntax::Detect);
        }
        for key in ["agentMessages", "llmMessages"] {
            for message in inputs.get(key).into_iter().flat_map(Node::items) {
                let messages = made.message(message, Syntax::Detect);
                prompt.messages.extend(messages.unwrap_or_default());
            }
        }
        if prompt.messages.is_empty() {
            continue;
        }
        let form = inputs
            .get("llmStructuredOutput")
            .or_else(|| inputs.get("agentStructuredOutput"));
        if let Some(form) = form.filter(|form| form.items().next().is_some()) {
            prompt.response_format = Field::Known("json_schema".to_owned(), reading.place(form.span));
        }
        // Which tools an agent has is told by the nodes that it names; what they send is the platform's to write.
        for name in inputs.get("tools").into_iter().flat_map(Node::items) {
            prompt.tools.push(Tool {
                name: name.as_str().unwrap_or("tool").trim_matches(['{', '}']).to_owned(),
                definition: String::new(),
                place: reading.place(name.span),
            });
        }
        let inside = ["agentModelConfig", "llmModelConfig"]
            .iter()
            .find_map(|key| inputs.get(key));
        let model = inside.or_else(|| connected(document, nodes, id, inputs));
        if let Some(model) = model {
            prompt.model = settings::string(reading, model, &["modelName", "model"]);
            settings::take_parameters(reading, model, &mut prompt);
        }
        made.push(prompt);
    }
    made.finish()
}

/// The inputs of the chat model that a node is given: named in its own inputs (`{{chatOpenAI_0.data.instance}}`), or
/// in those of the node that the prompt goes to.
fn connected<'n>(document: &'n Node, nodes: &'n Node, id: &str, inputs: &'n Node) -> Option<&'n Node> {
    let by_id = |id: &str| {
        nodes
            .items()
            .find(|node| node.get("id").and_then(Node::as_str) == Some(id))
    };
    let named = |inputs: &'n Node| {
        let written = inputs.get("model")?.as_str()?;
        let id = written.strip_prefix("{{")?.split_once('.')?.0;
        by_id(id)?.at(&["data", "inputs"])
    };
    named(inputs).or_else(|| {
        let edges = document.get("edges")?;
        let edge = edges
            .items()
            .find(|edge| edge.get("source").and_then(Node::as_str) == Some(id))?;
        named(by_id(edge.get("target")?.as_str()?)?.at(&["data", "inputs"])?)
    })
}
