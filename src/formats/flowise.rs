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
        let parser = inputs.get("outputParser").filter(|parser| parser.as_str() != Some(""));
        if let Some(parser) = parser.filter(|parser| !parser.is_null()) {
            let why = "a parser of the answer says its form in words of its own";
            prompt.response_format = Field::Unknown(why.to_owned(), Some(reading.place(parser.span)));
        }
        prompt.tools = links
            .tools(id, inputs)
            .map(|(name, at)| tool(reading, name, at))
            .collect();
        let inside = [("agentModel", "agentModelConfig"), ("llmModel", "llmModelConfig")]
            .iter()
            .find_map(|(name, config)| Some((inputs.get(name), inputs.get(config)?)));
        if let Some((name, model)) = inside.or_else(|| links.model(id, inputs)) {
            prompt.provider = name.and_then(Node::as_str).and_then(platform).map(str::to_owned);
            prompt.model = settings::string(reading, model, &["modelName", "model"]);
            settings::take_parameters(reading, model, &mut prompt);
        }
        made.push(prompt);
    }
    made.finish()
}

/// A tool by its name; what is sent of it is the platform's to write.
fn tool(reading: &Reading<'_>, name: &str, at: &Node) -> Tool {
    Tool {
        name: name.trim_matches(['{', '}']).to_owned(),
        definition: String::new(),
        place: reading.place(at.span),
    }
}

/// The nodes by their ids, and the first node that each goes to.
struct Links<'n> {
    by_id: HashMap<&'n str, &'n Node>,
    next: HashMap<&'n str, &'n str>,
    /// Inputs of nodes that run tools, by the id of the node whose model calls them.
    tools_of: HashMap<&'n str, Vec<&'n Node>>,
    /// The inputs of the node that a sequence starts with, whose model is that of nodes without one.
    start: Option<&'n Node>,
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
        let all = document.get("nodes").into_iter().flat_map(Node::items);
        let all: Vec<&Node> = all.filter_map(|node| node.at(&["data", "inputs"])).collect();
        let mut tools_of: HashMap<&str, Vec<&Node>> = HashMap::new();
        for inputs in all.iter().copied() {
            if let Some(caller) = inputs.get("llmNode").and_then(named) {
                tools_of.entry(caller).or_default().push(inputs);
            }
        }
        let is_start = |inputs: &&Node| inputs.get("agentMemory").is_some() && inputs.get("state").is_some();
        let start = all.iter().copied().find(is_start);
        Self {
            by_id,
            next,
            tools_of,
            start,
        }
    }

    /// The tools that a node's model is offered, with where each is named: its own, those of a node that runs its calls,
    /// and the knowledge that an agent looks things up in.
    fn tools(&self, id: &str, inputs: &'n Node) -> impl Iterator<Item = (&'n str, &'n Node)> {
        const LISTS: &[&str] = &[
            "tools",
            "queryEngineTools",
            "agentTools",
            "agentKnowledgeDocumentStores",
            "agentKnowledgeVSEmbeddings",
        ];
        let elsewhere = self.tools_of.get(id).into_iter().flatten().copied();
        let lists = std::iter::once(inputs).chain(elsewhere).flat_map(|inputs| {
            let lists = LISTS.iter().filter_map(|key| inputs.get(key));
            lists.collect::<Vec<_>>()
        });
        lists.flat_map(Node::items).map(|item| {
            let name = item.get("agentSelectedTool").unwrap_or(item).as_str();
            (name.unwrap_or("tool"), item)
        })
    }

    fn inputs(&self, id: &str) -> Option<&'n Node> {
        self.by_id.get(id)?.at(&["data", "inputs"])
    }

    /// The name and the inputs of the chat model that a node is given: named in its own inputs
    /// (`{{chatOpenAI_0.data.instance}}`), or in those of the node that the prompt goes to; nodes of a sequence have the
    /// model of its start.
    fn model(&self, id: &str, inputs: &'n Node) -> Option<(Option<&'n Node>, &'n Node)> {
        let given = |inputs: &'n Node| {
            let model = self.by_id.get(named(inputs.get("model")?)?)?;
            Some((model.at(&["data", "name"]), model.at(&["data", "inputs"])?))
        };
        let by_next = || given(self.inputs(self.next.get(id)?)?);
        let by_start = || {
            inputs.get("sequentialNode")?;
            given(self.start?)
        };
        given(inputs).or_else(by_next).or_else(by_start)
    }
}

/// The platform of other providers' models that a kind of chat model is of: `azureChatOpenAI`, `awsChatBedrock`.
fn platform(kind: &str) -> Option<&'static str> {
    let kind = kind.to_ascii_lowercase();
    ["azure", "bedrock", "vertex"]
        .into_iter()
        .find(|name| kind.contains(name))
}

/// The id of the node that an input names.
fn named(input: &Node) -> Option<&str> {
    Some(input.as_str()?.strip_prefix("{{")?.split_once('.')?.0)
}
