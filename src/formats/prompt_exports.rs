//! Prompts as platforms export them: Langfuse, PromptLayer, Humanloop, Helicone, and Bedrock's prompt management.
//! Shapes: <https://langfuse.com/docs/prompt-management/data-model>, <https://docs.promptlayer.com/reference/templates-get>,
//! <https://humanloop.com/docs/reference/prompt-file-format>, <https://docs.helicone.ai/features/advanced-usage/prompts>, <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_GetPrompt.html>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Prompt, Role};

pub(super) const NAME: &str = "exported prompt";

/// What holds a prompt of Helicone's: a chat request, of its prompts and of the older ones.
const HELICONE: &[&str] = &["prompt_body", "helicone_template"];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "json" {
        return None;
    }
    let langfuse = reading.contains("\"prompt\"") && reading.contains("\"labels\"") && reading.contains("\"version\"");
    let layer = reading.contains("\"prompt_template\"") && reading.contains("\"template_format\"");
    let loops = reading.contains("\"template\"") && reading.contains("\"endpoint\"") && reading.contains("\"model\"");
    let bedrock = reading.contains("\"templateConfiguration\"") && reading.contains("\"variants\"");
    let helicone = HELICONE.iter().any(|key| reading.contains(key));
    if !(langfuse || layer || loops || bedrock || helicone) {
        return None;
    }
    let document = reading.json().as_ref().ok()?;
    let mut made = Maker::new(reading, NAME);
    let list = ["data", "prompts", "items", "records"]
        .iter()
        .find_map(|key| document.get(key));
    let list = list.unwrap_or(document);
    if list.is_seq() {
        list.items().for_each(|item| export(&mut made, item, true));
    } else {
        export(&mut made, if list.is_map() { list } else { document }, false);
    }
    made.finish()
}

fn export(made: &mut Maker<'_, '_>, item: &Node, several: bool) {
    let name = ["name", "prompt_name", "path"]
        .iter()
        .find_map(|key| item.get(key))
        .and_then(Node::as_str);
    let part = if several { name.unwrap_or_default() } else { "" };
    let mut prompt = made.prompt(part, item);
    if item.get("variants").is_some() {
        return bedrock(made, item, several);
    } else if item.get("prompt_template").is_some() {
        prompt_layer(made, &mut prompt, item);
    } else if item.get("labels").is_some() && item.get("version").is_some() {
        langfuse(made, &mut prompt, item);
    } else if item.get("template").is_some() && item.get("endpoint").is_some() {
        humanloop(made, &mut prompt, item);
    } else if let Some(body) = HELICONE.iter().find_map(|key| item.get(key)) {
        helicone(made, &mut prompt, item, body);
    }
    made.push(prompt);
}

fn langfuse(made: &mut Maker<'_, '_>, prompt: &mut Prompt, item: &Node) {
    let Some(text) = item.get("prompt") else {
        return;
    };
    if text.is_seq() {
        for message in text.items() {
            // A placeholder stands for messages that the program puts in.
            let messages = made.message(message, Syntax::Expressions);
            prompt.messages.extend(messages.unwrap_or_default());
        }
    } else {
        made.say(prompt, Role::User, Some(text), Syntax::Expressions);
    }
    if let Some(config) = item.get("config").filter(|config| config.is_map()) {
        take_settings(made, prompt, config);
    }
}

fn take_settings(made: &Maker<'_, '_>, prompt: &mut Prompt, config: &Node) {
    let reading = made.reading;
    prompt.model = settings::string(reading, config, &["model", "model_name", "modelName"]);
    settings::take_parameters(reading, config, prompt);
    prompt.tools = settings::tools(reading, config);
}

fn prompt_layer(made: &mut Maker<'_, '_>, prompt: &mut Prompt, item: &Node) {
    let Some(template) = item.get("prompt_template").filter(|template| template.is_map()) else {
        return;
    };
    let first = template.get("messages").and_then(|messages| messages.items().next());
    let written = first
        .and_then(|message| message.get("template_format"))
        .or_else(|| template.get("template_format"));
    let syntax = match written.and_then(Node::as_str) {
        Some("jinja2") => Syntax::Jinja,
        _ => Syntax::Braces,
    };
    if let Some(messages) = template.get("messages") {
        made.say_all(prompt, messages, syntax);
    }
    if let Some(parts) = template.get("content").filter(|content| content.is_seq()) {
        let texts = made.content_parts(Role::User, parts, syntax);
        prompt.messages.extend(texts);
    }
    if let Some(model) = item.at(&["metadata", "model"]) {
        prompt.model = settings::string(made.reading, model, &["name"]);
        prompt.provider = model.get("provider").and_then(Node::as_str).map(str::to_owned);
        settings::take_parameters(made.reading, model.get("parameters").unwrap_or(model), prompt);
    }
    prompt.tools = settings::tools(made.reading, template);
}

fn humanloop(made: &mut Maker<'_, '_>, prompt: &mut Prompt, item: &Node) {
    if let Some(template) = item.get("template") {
        if template.is_seq() {
            made.say_all(prompt, template, Syntax::Expressions);
        } else {
            made.say(prompt, Role::User, Some(template), Syntax::Expressions);
        }
    }
    take_settings(made, prompt, item);
    prompt.provider = item.get("provider").and_then(Node::as_str).map(str::to_owned);
}

fn helicone(made: &mut Maker<'_, '_>, prompt: &mut Prompt, item: &Node, body: &Node) {
    if let Some(messages) = body.get("messages") {
        made.say_all(prompt, messages, Syntax::Expressions);
    }
    take_settings(made, prompt, body);
    if prompt.model.is_absent() {
        prompt.model = settings::string(made.reading, item, &["model"]);
    }
}

/// Each variant of a prompt in Bedrock is one of its own.
fn bedrock(made: &mut Maker<'_, '_>, item: &Node, several: bool) {
    let reading = made.reading;
    for variant in item.get("variants").into_iter().flat_map(Node::items) {
        let Some(template) = variant.get("templateConfiguration") else {
            continue;
        };
        let own = variant.get("name").and_then(Node::as_str).unwrap_or_default();
        let name = item.get("name").and_then(Node::as_str).unwrap_or_default();
        let part = if several {
            format!("{name}.{own}")
        } else {
            own.to_owned()
        };
        let mut prompt = made.prompt(&part, variant);
        let kind = template.get("text").or_else(|| template.get("chat"));
        if let Some(system) = template.at(&["chat", "system"]) {
            let texts = made.content_parts(Role::System, system, Syntax::Expressions);
            prompt.messages.extend(texts);
        }
        made.say(
            &mut prompt,
            Role::User,
            template.at(&["text", "text"]),
            Syntax::Expressions,
        );
        if let Some(messages) = template.at(&["chat", "messages"]) {
            made.say_all(&mut prompt, messages, Syntax::Expressions);
        }
        let inputs = kind.and_then(|kind| kind.get("inputVariables"));
        let names = inputs
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|input| input.get("name"));
        prompt.declared = names.map(|name| settings::declared(reading, name, None)).collect();
        prompt.model = settings::string(reading, variant, &["modelId"]);
        prompt.provider = Some("bedrock".to_owned());
        if let Some(options) = variant.at(&["inferenceConfiguration", "text"]) {
            settings::take_parameters(reading, options, &mut prompt);
        }
        made.push(prompt);
    }
}
