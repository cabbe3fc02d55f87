//! Flows of Flowise: the nodes with prompts, each with the chat model's node that its input names.
//! Format: <https://docs.flowiseai.com/using-flowise/agentflowv2>.

use std::collections::HashMap;

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
    let links = Links::new(document);
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
        let model = inside.or_else(|| links.model(id, inputs));
        if let Some(model) = model {
            prompt.model = settings::string(reading, model, &["modelName", "model"]);
            settings::take_parameters(reading, model, &mut prompt);
        }
        made.push(prompt);
    }
    made.finish()
}

/// The nodes by their ids, and the first node that each goes to.
struct Links<'n> {
    by_id: HashMap<&'n str, &'n Node>,
    next: HashMap<&'n str, &'n str>,
}

impl<'n> Links<'n> {
    fn new(document: &'n Node) -> Self {
        let nodes = document.get("nodes").into_iter().flat_map(Node::items);
        let by_id = nodes
            .filter_map(|node| Some((node.get("id")?.as_str()?, node)))
            .collect();
        let mut next = HashMap::new();
        for edge in document.get("edges").into_iter().flat_map(Node::items) {
            if let (Some(from), Some(to)) = (edge.get("source"), edge.get("target"))
                && let (Some(from), Some(to)) = (from.as_str(), to.as_str())
            {
                next.entry(from).or_insert(to);
            }
        }
        Self { by_id, next }
    }

    fn inputs(&self, id: &str) -> Option<&'n Node> {
        self.by_id.get(id)?.at(&["data", "inputs"])
    }

    /// The inputs of the chat model that a node is given: named in its own inputs (`{{chatOpenAI_0.data.instance}}`), or
    /// in those of the node that the prompt goes to.
    fn model(&self, id: &str, inputs: &'n Node) -> Option<&'n Node> {
        let named = |inputs: &'n Node| {
            let written = inputs.get("model")?.as_str()?;
            self.inputs(written.strip_prefix("{{")?.split_once('.')?.0)
        };
        named(inputs).or_else(|| named(self.inputs(self.next.get(id)?)?))
    }
}
