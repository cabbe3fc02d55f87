//! Programs that DSPy saved: each predictor's instructions, fields and demonstrations.
//! Format: <https://dspy.ai/tutorials/saving/>.

use super::maker::{Joined, Maker, joined, model_of};
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::Role;

pub(super) const NAME: &str = "dspy program";

/// What a demonstration says about itself, and does not send.
const OWN: &[&str] = &["augmented", "dspy_uuid", "dspy_split"];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "json" || !reading.contains("\"demos\"") || !reading.contains("\"signature\"") {
        return None;
    }
    let document = reading.json().as_ref().ok()?;
    let mut made = Maker::new(reading, NAME);
    predictor(&mut made, "", document);
    for (name, entry) in document.entries() {
        predictor(&mut made, name.as_str().unwrap_or_default(), entry);
    }
    made.finish()
}

fn predictor(made: &mut Maker<'_, '_>, name: &str, entry: &Node) {
    let (Some(demos), Some(signature)) = (entry.get("demos"), entry.get("signature")) else {
        return;
    };
    let reading = made.reading;
    let mut prompt = made.prompt(name, entry);
    made.say(&mut prompt, Role::System, signature.get("instructions"), Syntax::None);
    for field in signature.get("fields").into_iter().flat_map(Node::items) {
        made.say(&mut prompt, Role::System, field.get("description"), Syntax::None);
    }
    for demo in demos.items() {
        let sent = demo.entries().filter(|(key, value)| {
            value.as_string().is_some_and(|text| !text.as_str().is_empty())
                && !OWN.contains(&key.as_str().unwrap_or_default())
        });
        let mut parts = Vec::new();
        for (key, value) in sent {
            if let (Some(key), Some(value)) = (key.text(), value.as_string()) {
                parts.extend([
                    Joined::Words("[[ ## "),
                    Joined::Part(key),
                    Joined::Words(" ## ]]\n"),
                    Joined::Part(value),
                    Joined::Words("\n\n"),
                ]);
            }
        }
        if !parts.is_empty() {
            let text = joined(&parts, demo.span);
            let message = made.text(Role::User, &text, Syntax::None);
            prompt.messages.push(message);
        }
    }
    if let Some(lm) = entry.get("lm").filter(|lm| lm.is_map()) {
        if let Some(model) = lm.get("model") {
            model_of(reading, &mut prompt, model, '/');
        }
        settings::take_parameters(reading, lm, &mut prompt);
    }
    made.push(prompt);
}
