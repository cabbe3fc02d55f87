//! Workflows of n8n: the nodes that ask a model, each with the model's node that is connected to it.
//! Format: <https://docs.n8n.io/workflows/export-import/>.

use std::collections::HashMap;

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::source::Text;
use crate::syntax::Node;
use crate::syntax::template::{Piece, Syntax};
use crate::units::{Attachment, Field, Message, Prompt, Role, Tool};

pub(super) const NAME: &str = "n8n workflow";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "json"
        || !(reading.contains("n8n-nodes-langchain") || reading.contains("n8n-nodes-base.openAi"))
        || !reading.contains("\"connections\"")
    {
        return None;
    }
    let document = reading.json().as_ref().ok()?;
    let nodes = document.get("nodes").filter(|nodes| nodes.is_seq())?;
    let mut made = Maker::new(reading, NAME);
    let links = Links::new(document);
    for node in nodes.items() {
        if let (Some(kind), Some(parameters)) = (node.get("type").and_then(Node::as_str), node.get("parameters")) {
            ask(
                &mut made,
                &links,
                node,
                kind.rsplit('.').next().unwrap_or(kind),
                parameters,
            );
        }
    }
    made.finish()
}

/// What a node says, by where its kind keeps it.
const TEXTS: &[(&[&str], Role)] = &[
    (&["options", "systemMessage"], Role::System),
    (&["options", "systemPromptTemplate"], Role::System),
    (&["options", "instructions"], Role::System),
    (&["instructions"], Role::System),
    (&["text"], Role::User),
    (&["inputText"], Role::User),
    (&["prompt"], Role::User),
];

/// Lists of messages, by where a kind keeps them.
const LISTS: &[&[&str]] = &[
    &["messages", "messageValues"],
    &["messages", "values"],
    &["prompt", "messages"],
    &["responses", "values"],
];

fn ask(made: &mut Maker<'_, '_>, links: &Links<'_>, node: &Node, kind: &str, parameters: &Node) {
    const KINDS: &[&str] = &[
        "agent",
        "chainLlm",
        "chainSummarization",
        "chainRetrievalQa",
        "informationExtractor",
        "textClassifier",
        "sentimentAnalysis",
        "openAi",
        "anthropic",
        "googleGemini",
    ];
    if !KINDS.contains(&kind) || node.get("disabled").and_then(Node::as_bool) == Some(true) {
        return;
    }
    let name = node.get("name").and_then(Node::as_str).unwrap_or(kind);
    let mut prompt = made.prompt(name, node);
    for (path, role) in TEXTS {
        say(made, &mut prompt, *role, parameters.at(path));
    }
    for item in LISTS
        .iter()
        .filter_map(|path| parameters.at(path))
        .flat_map(Node::items)
    {
        let written = item.get("role").or_else(|| item.get("type")).and_then(Node::as_str);
        let role = match written {
            // `HumanMessagePromptTemplate`, and its like; a chain's messages are the system's where nothing is said.
            Some(name) if name.starts_with("Human") => Role::User,
            Some(name) if name.starts_with("AI") => Role::Assistant,
            Some(name) => Role::from_name(name).unwrap_or(Role::User),
            None if item.get("message").is_some() => Role::System,
            None => Role::User,
        };
        say(
            made,
            &mut prompt,
            role,
            item.get("content").or_else(|| item.get("message")),
        );
    }
    // Where nothing is fixed, or the instructions are an assistant's at OpenAI, the prompt stands elsewhere.
    let fixed = |message: &Message| message.pieces.iter().any(|piece| matches!(piece, Piece::Fixed(_)));
    if parameters.get("assistantId").is_some() || !prompt.messages.iter().any(fixed) {
        return;
    }
    let does = |key: &str| parameters.get(key).and_then(Node::as_str);
    // Pictures and sound are other requests than chats; a picture that is looked at goes with one.
    let made_of = (does("resource"), does("operation"));
    if matches!(made_of, (Some("image" | "audio" | "file" | "video"), operation) if operation != Some("analyze")) {
        return;
    }
    let Some(first) = prompt.messages.first_mut() else {
        return;
    };
    if does("operation") == Some("analyze") {
        first.attachments.push(Attachment::default());
    }
    let structured = matches!(kind, "informationExtractor" | "textClassifier" | "sentimentAnalysis")
        || parameters.get("hasOutputParser").and_then(Node::as_bool) == Some(true);
    if structured {
        prompt.response_format = Field::Known("json_schema".to_owned(), made.reading.place(node.span));
    }
    if matches!(kind, "openAi" | "anthropic" | "googleGemini") {
        take_model(made.reading, &mut prompt, kind, parameters);
    } else {
        for tool in links.of(name, "ai_tool") {
            let about = tool
                .at(&["parameters", "description"])
                .or_else(|| tool.at(&["parameters", "toolDescription"]));
            prompt.tools.push(Tool {
                name: tool.get("name").and_then(Node::as_str).unwrap_or("tool").to_owned(),
                definition: about.and_then(Node::as_str).unwrap_or_default().to_owned(),
                place: made.reading.place(tool.span),
            });
        }
        let models = links.of(name, "ai_languageModel");
        if let [only] = models {
            let kind = only.get("type").and_then(Node::as_str).unwrap_or_default();
            if let Some(parameters) = only.get("parameters") {
                take_model(
                    made.reading,
                    &mut prompt,
                    kind.rsplit('.').next().unwrap_or(kind),
                    parameters,
                );
            }
        } else if models.len() > 1 {
            let why = format!("{} models are connected to it", models.len());
            prompt.model = Field::Unknown(why, Some(made.reading.place(node.span)));
        }
    }
    made.push(prompt);
}

/// A text that starts with `=` is an expression: what stands in braces is worked out at run time.
fn say(made: &mut Maker<'_, '_>, prompt: &mut Prompt, role: Role, node: Option<&Node>) {
    let Some(text) = node.and_then(Node::as_string) else {
        return;
    };
    let (text, syntax): (Text, Syntax) = match text.as_str().starts_with('=') {
        true => (text.slice(1..text.as_str().len()), Syntax::Expressions),
        false => (text.clone(), Syntax::None),
    };
    if !text.as_str().trim().is_empty() {
        let message = made.text(role, &text, syntax);
        prompt.messages.push(message);
    }
}

/// Which nodes go into which: the nodes by the name of the one that they are connected to, and by the kind of output.
struct Links<'n> {
    into: HashMap<(&'n str, &'n str), Vec<&'n Node>>,
}

impl<'n> Links<'n> {
    fn new(document: &'n Node) -> Self {
        let nodes = document.get("nodes").into_iter().flat_map(Node::items);
        let by_name: HashMap<&str, &Node> = nodes
            .filter_map(|node| Some((node.get("name")?.as_str()?, node)))
            .collect();
        let mut into: HashMap<(&str, &str), Vec<&Node>> = HashMap::new();
        for (from, outputs) in document.get("connections").into_iter().flat_map(Node::entries) {
            let Some(from) = from.as_str().and_then(|name| by_name.get(name)) else {
                continue;
            };
            for (kind, ends) in outputs.entries().filter(|(kind, _)| kind.as_str() != Some("main")) {
                for end in ends.items().flat_map(Node::items) {
                    if let (Some(to), Some(kind)) = (end.get("node").and_then(Node::as_str), kind.as_str()) {
                        into.entry((to, kind)).or_default().push(from);
                    }
                }
            }
        }
        Self { into }
    }

    /// The nodes whose output of this kind goes into `name`.
    fn of<'a>(&'a self, name: &'a str, kind: &'a str) -> &'a [&'a Node] {
        self.into.get(&(name, kind)).map_or(&[], Vec::as_slice)
    }
}

fn take_model(reading: &Reading<'_>, prompt: &mut Prompt, kind: &str, parameters: &Node) {
    let provider = kind.trim_start_matches("lmChat").trim_start_matches("lm");
    prompt.provider = Some(provider.to_ascii_lowercase());
    let value = ["model", "modelId", "modelName", "chatModel"]
        .iter()
        .find_map(|key| parameters.get(key));
    if let Some(value) = value {
        let value = value.get("value").unwrap_or(value);
        prompt.model = match value.as_str() {
            Some(text) if text.starts_with('=') => {
                Field::Unknown("worked out at run time".to_owned(), Some(reading.place(value.span)))
            }
            _ => settings::stated(reading, value),
        };
    }
    if let Field::Known(name, _) = &mut prompt.model
        && let Some(short) = name.strip_prefix("models/")
    {
        *name = short.to_owned();
    }
    let options = parameters.get("options").filter(|options| options.is_map());
    settings::take_parameters(reading, options.unwrap_or(parameters), prompt);
}
