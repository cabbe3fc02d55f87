//! Prompts that LlamaIndex serialized (`PromptTemplate(…).model_dump_json()`): one template, or messages of blocks.
//! Shape: <https://github.com/run-llama/llama_index/blob/main/llama-index-core/llama_index/core/prompts/base.py>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::Role;

pub(super) const NAME: &str = "llamaindex prompt";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let extension = reading.source.extension();
    if !matches!(extension, "json" | "yaml" | "yml") || !reading.contains("template_vars") {
        return None;
    }
    let document = match extension {
        "json" => reading.json().as_ref().ok()?,
        _ => reading.yaml().documents.first()?,
    };
    // Of several templates, one of which the model's kind chooses, the first counts.
    let document = document.get("default_template").unwrap_or(document);
    let names = document.get("template_vars").filter(|names| names.is_seq())?;
    let mut made = Maker::new(reading, NAME);
    let mut prompt = made.prompt("", document);
    made.say(&mut prompt, Role::User, document.get("template"), Syntax::Braces);
    made.say(&mut prompt, Role::User, document.get("template_str"), Syntax::Jinja);
    for message in document.get("message_templates").into_iter().flat_map(Node::items) {
        let role = message.get("role").and_then(Node::as_str).and_then(Role::from_name);
        let role = role.unwrap_or(Role::User);
        match message.get("blocks").filter(|blocks| blocks.is_seq()) {
            Some(blocks) => {
                let texts = made.content_parts(role, blocks, Syntax::Braces);
                prompt.messages.extend(texts);
            }
            None => made.say(&mut prompt, role, message.get("content"), Syntax::Braces),
        }
    }
    prompt.declared = names
        .items()
        .map(|name| settings::declared(reading, name, None))
        .collect();
    made.push(prompt);
    made.finish()
}
