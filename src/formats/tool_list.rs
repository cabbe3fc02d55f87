//! Lists of tools that an agent is given: what an MCP server answers to `tools/list`, and OpenAPI documents that were
//! written as actions of an assistant. Every definition is sent with every request.
//! Formats: <https://modelcontextprotocol.io/specification/2025-06-18/server/tools>,
//! <https://platform.openai.com/docs/actions/getting-started>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::units::{Prompt, Tool};

pub(super) const NAME: &str = "tool list";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    if !matches!(extension, "json" | "yaml" | "yml") {
        return None;
    }
    let server = reading.contains("inputSchema") && reading.contains("tools");
    let actions = reading.contains("x-openai-isConsequential") && reading.contains("operationId");
    if !server && !actions {
        return None;
    }
    let document = match extension {
        "json" => reading.json().as_ref().ok()?,
        _ => reading.yaml().documents.first()?,
    };
    let mut made = Maker::new(reading, NAME);
    let mut prompt = made.prompt("", document);
    prompt.always_loaded = true;
    if server {
        let list = document.at(&["result", "tools"]).or_else(|| document.get("tools"));
        prompt.tools = mcp(reading, list?)?;
    } else {
        operations(reading, &mut prompt, document);
    }
    made.push(prompt);
    made.finish()
}

/// The tools of a server; `None` where an entry is none.
fn mcp(reading: &Reading<'_>, list: &Node) -> Option<Vec<Tool>> {
    let is_tool = |tool: &Node| {
        let name = tool.get("name").is_some_and(|name| name.as_string().is_some());
        name && tool.get("inputSchema").is_some_and(Node::is_map)
    };
    let tools: Vec<&Node> = list.items().collect();
    let all = !tools.is_empty() && tools.iter().all(|tool| is_tool(tool));
    all.then(|| tools.into_iter().map(|tool| settings::tool(reading, tool)).collect())
}

/// The operations of an OpenAPI document, each a tool.
fn operations(reading: &Reading<'_>, prompt: &mut Prompt, document: &Node) {
    for (_, path) in document.get("paths").into_iter().flat_map(Node::entries) {
        for (_, operation) in path.entries() {
            let Some(name) = operation.get("operationId").and_then(Node::as_str) else {
                continue;
            };
            let mut tool = settings::tool(reading, operation);
            tool.name = name.to_owned();
            prompt.tools.push(tool);
        }
    }
}
