//! NeMo Guardrails: the prompts of its tasks, and the general instructions of its `config.yml`.
//! Format: <https://docs.nvidia.com/nemo/guardrails/latest/user-guides/configuration-guide.html>.

use super::maker::{Maker, model_of};
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Field, Role};

pub(super) const NAME: &str = "nemo guardrails config";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.is_yaml() || !reading.contains("content:") {
        return None;
    }
    let prompts = reading.contains("prompts:") && reading.contains("task:");
    let general = reading.contains("instructions:") && reading.contains("engine:");
    if !prompts && !general {
        return None;
    }
    let document = reading.yaml().documents.first()?;
    let main = document.get("models").into_iter().flat_map(Node::items);
    let main = main
        .into_iter()
        .find(|model| model.get("type").and_then(Node::as_str) == Some("main"));
    let mut made = Maker::new(reading, NAME);
    if let Some(main) = main {
        for entry in document.get("instructions").into_iter().flat_map(Node::items) {
            let kind = entry.get("type").and_then(Node::as_str).unwrap_or_default();
            let mut prompt = made.prompt(kind, entry);
            made.say(&mut prompt, Role::System, entry.get("content"), Syntax::Jinja);
            prompt.model = settings::string(reading, main, &["model"]);
            prompt.provider = main.get("engine").and_then(Node::as_str).map(str::to_owned);
            made.push(prompt);
        }
    }
    for entry in document.get("prompts").into_iter().flat_map(Node::items) {
        let Some(task) = entry.get("task").and_then(Node::as_str) else {
            continue;
        };
        let mut prompt = made.prompt(task, entry);
        made.say(&mut prompt, Role::User, entry.get("content"), Syntax::Jinja);
        if let Some(messages) = entry.get("messages") {
            for message in messages.items() {
                // A message that is a text alone is a place for the conversation so far.
                let messages = made.message(message, Syntax::Jinja);
                prompt.messages.extend(messages.unwrap_or_default());
            }
        }
        let models: Vec<&Node> = entry.get("models").into_iter().flat_map(Node::items).collect();
        match models.as_slice() {
            [only] => model_of(reading, &mut prompt, only, '/'),
            [first, ..] => {
                let why = format!("it is written for {} models", models.len());
                prompt.model = Field::Unknown(why, Some(reading.place(first.span)));
                let names = models.iter().filter_map(|model| Some((model.as_str()?, model.span)));
                prompt.candidates = names
                    .map(|(name, span)| (name.rsplit('/').next().unwrap_or(name).to_owned(), reading.place(span)))
                    .collect();
            }
            [] => {}
        }
        settings::take_parameters(reading, entry, &mut prompt);
        made.push(prompt);
    }
    made.finish()
}
