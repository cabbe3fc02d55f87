//! Tasks of evaluation harnesses as YAML: EleutherAI's lm-evaluation-harness (`doc_to_text`), and OpenAI Evals'
//! prompts for a model that grades.
//! Formats: <https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/task_guide.md>,
//! <https://github.com/openai/evals/blob/main/docs/eval-templates.md>.

use super::maker::Maker;
use super::{Read, Reading, settings};
use crate::syntax::Node;
use crate::syntax::template::Syntax;
use crate::units::{Prompt, Role};

pub(super) const NAME: &str = "evaluation task";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !reading.is_yaml() {
        return None;
    }
    let harness = reading.contains("doc_to_text:");
    let classifier = reading.contains("choice_strings:") && reading.contains("prompt:");
    if !harness && !classifier {
        return None;
    }
    let document = reading.yaml().documents.first()?;
    let mut made = Maker::new(reading, NAME);
    if harness {
        let name = document.get("task").and_then(Node::as_str).is_some();
        const KEYS: &[&str] = &[
            "dataset_path",
            "dataset_name",
            "output_type",
            "include",
            "doc_to_target",
            "metric_list",
        ];
        if name || KEYS.iter().any(|key| document.get(key).is_some()) {
            let mut prompt = made.prompt("", document);
            made.say(&mut prompt, Role::System, document.get("description"), Syntax::Jinja);
            question(&mut made, &mut prompt, document);
            if let Some(options) = document.get("generation_kwargs") {
                prompt.max_output_tokens = settings::number(reading, options, &["max_gen_toks", "max_tokens"]);
                settings::take_parameters(reading, options, &mut prompt);
            }
            made.push(prompt);
        }
    }
    for (name, entry) in document.entries() {
        if entry.get("choice_strings").is_some() {
            let mut prompt = made.prompt(name.as_str().unwrap_or_default(), entry);
            made.say(&mut prompt, Role::User, entry.get("prompt"), Syntax::Braces);
            made.push(prompt);
        }
    }
    made.finish()
}

/// A template; a word alone is a column of the data, and a function of Python writes what only it knows.
fn question(made: &mut Maker<'_, '_>, prompt: &mut Prompt, document: &Node) {
    let Some(node) = document.get("doc_to_text") else {
        return;
    };
    if node
        .as_str()
        .is_some_and(|text| text.contains("{{") || text.contains("{%"))
    {
        made.say(prompt, Role::User, Some(node), Syntax::Jinja);
    }
}
