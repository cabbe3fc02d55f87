//! The form in which the answer is asked for, and whether a correct answer is a short known one.

mod closed;
mod said;
mod shapes;

use super::length::Amount;
use super::lexicon::Phrase;
use super::sentences::{Parsed, Sentence};
use super::{LengthUnit, OutputFormat, Role, Task};
use closed::options;
pub(super) use closed::{closed_signs, is_closed};
pub(super) use said::alternatives;
use said::{lettered, read};
use shapes::shapes;

/// What was found of each form.
#[derive(Default)]
pub(super) struct Signs {
    json: bool,
    json_shape: bool,
    code: bool,
    markdown: bool,
    table: bool,
    list: bool,
    list_only: bool,
    label: bool,
    other: bool,
    prose: bool,
    explains: bool,
    plain: bool,
    /// Titles of sections under "the following format".
    sections: bool,
}

impl Signs {
    /// The signs by their names.
    pub(super) fn named(&self) -> [(&'static str, bool); 13] {
        [
            ("json", self.json),
            ("json shape", self.json_shape),
            ("code", self.code),
            ("markdown", self.markdown),
            ("table", self.table),
            ("list", self.list),
            ("list only", self.list_only),
            ("label", self.label),
            ("other", self.other),
            ("prose", self.prose),
            ("explains", self.explains),
            ("plain", self.plain),
            ("sections", self.sections),
        ]
    }
}

/// What speaks for each form.
pub(super) fn signs(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], task: Option<Task>) -> Signs {
    let mut signs = Signs::default();
    for ((role, text, parsed), sentences) in messages.iter().zip(asking) {
        if matches!(role, Role::Assistant | Role::Tool) {
            continue;
        }
        for sentence in sentences {
            read(parsed, &sentence.tokens(), sentence.heading, &mut signs);
        }
        // A question of yes or no, or of one or the other, asked last.
        if let Some(last) = sentences.last()
            && matches!(task, Some(Task::Judge | Task::Classify))
        {
            let range = last.tokens();
            let word = |t: usize| if t < range.end { parsed.word(t) } else { "" };
            let comma = range.clone().find(|t| word(*t) == ",").map_or("", |t| word(t + 1));
            signs.label |= range.end > range.start
                && word(range.end - 1) == "?"
                && (super::task::verdict(parsed, &range, word(range.start)).is_some()
                    || super::task::verdict(parsed, &range, comma).is_some());
        }
        shapes(text, parsed, &mut signs);
        signs.label |= sentences.iter().any(|s| alternatives(parsed, &s.tokens())) || lettered(text);
    }
    signs.label |= messages.iter().any(|m| m.2.holds(Phrase::Bracketed) || options(m.2));
    signs
}

/// The form of the answer.
pub(super) fn find(
    signs: &Signs,
    task: Option<Task>,
    amounts: &[Amount],
    items: Option<u32>,
    reasons: bool,
) -> OutputFormat {
    let one_word = amounts
        .iter()
        .any(|a| a.unit == LengthUnit::Words && a.n == Some(1) && !a.part && !a.aside);
    if signs.json || signs.json_shape && !signs.markdown {
        return OutputFormat::Json;
    }
    if task == Some(Task::Plan) && signs.other {
        return OutputFormat::Other;
    }
    if task == Some(Task::Code) && !signs.explains && !signs.plain {
        return OutputFormat::Code;
    }
    if signs.list_only {
        return OutputFormat::List;
    }
    if signs.sections && !signs.plain {
        return OutputFormat::Markdown;
    }
    if signs.markdown || signs.table {
        return OutputFormat::Markdown;
    }
    if signs.code && task != Some(Task::Judge) {
        return OutputFormat::Code;
    }
    if signs.other {
        return OutputFormat::Other;
    }
    // With its reasons the answer is no bare label.
    let bare = !reasons;
    if bare
        && (one_word
            || signs.label && matches!(task, Some(Task::Classify | Task::Judge | Task::Answer | Task::Extract)))
    {
        return OutputFormat::Label;
    }
    if bare && task == Some(Task::Classify) && !signs.explains && !signs.list {
        return OutputFormat::Label;
    }
    if signs.list
        || items.is_some_and(|n| n >= 3)
            && matches!(task, Some(Task::Write | Task::Answer | Task::Extract | Task::Other))
    {
        return OutputFormat::List;
    }
    OutputFormat::Prose
}

/// What the rule says, as a sign for the weights.
pub(super) fn rule_name(form: OutputFormat) -> &'static str {
    match form {
        OutputFormat::Prose => "rule prose",
        OutputFormat::Markdown => "rule markdown",
        OutputFormat::Json => "rule json",
        OutputFormat::List => "rule list",
        OutputFormat::Label => "rule label",
        OutputFormat::Code => "rule code",
        OutputFormat::Other => "rule other",
    }
}
