//! CrewAI's `agents.yaml` and `tasks.yaml`: who the agents are, and what each task asks of one.
//! Format: <https://docs.crewai.com/en/concepts/agents>.

use super::maker::{Joined, Maker, joined, model_of};
use super::{Read, Reading};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::Role;

pub(super) const NAME: &str = "agent crew";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.is_yaml() {
        return None;
    }
    let agents = reading.contains("backstory:") && reading.contains("goal:");
    let tasks = reading.contains("expected_output:") && reading.contains("description:");
    if !agents && !tasks {
        return None;
    }
    let document = reading.yaml().documents.first()?;
    let mut made = Maker::new(reading, NAME);
    let entries = document
        .entries()
        .chain(document.get("agents").into_iter().flat_map(Node::entries));
    for (name, entry) in entries.chain(document.get("tasks").into_iter().flat_map(Node::entries)) {
        let text = |key: &str| entry.get(key).and_then(Node::as_string);
        let mut prompt = made.prompt(name.as_str().unwrap_or_default(), entry);
        if let (Some(role), Some(goal), Some(story)) = (text("role"), text("goal"), text("backstory")) {
            // The words between are those of CrewAI's own template for the system's message.
            let parts = [
                Joined::Words("You are "),
                Joined::Part(role),
                Joined::Words(". "),
                Joined::Part(story),
                Joined::Words("\nYour personal goal is: "),
                Joined::Part(goal),
            ];
            let whole = joined(&parts, role.span().cover(goal.span()).cover(story.span()));
            let message = made.text(Role::System, &whole, Syntax::Detect);
            prompt.messages.push(message);
            if let Some(model) = entry.get("llm").filter(|model| model.as_string().is_some()) {
                model_of(reading, &mut prompt, model, '/');
            }
        } else if let (Some(task), Some(expected)) = (text("description"), text("expected_output")) {
            for text in [task, expected] {
                let message = made.text(Role::User, text, Syntax::Detect);
                prompt.messages.push(message);
            }
        }
        made.push(prompt);
    }
    made.finish()
}
