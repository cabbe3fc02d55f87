//! Guardrails' `.rail` files: `<instructions>`, `<prompt>` and `<messages>` with `${variables}`.
//! Format: <https://www.guardrailsai.com/docs/how_to_guides/rail>.

use super::maker::Maker;
use super::{Read, Reading};
use crate::source::Text;
use crate::syntax::template::Syntax;
use crate::syntax::{Kind, Node};
use crate::units::{Field, Role};

pub(super) const NAME: &str = "rail";

/// Tags whose content is sent, with who says it.
const TAGS: &[(&str, Role)] = &[
    ("<instructions>", Role::System),
    ("<prompt>", Role::User),
    ("<reask_instructions>", Role::System),
    ("<reask_prompt>", Role::User),
    ("<message role=\"system\">", Role::System),
    ("<message role=\"user\">", Role::User),
    ("<message role=\"assistant\">", Role::Assistant),
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "rail" || !reading.contains("<rail") {
        return None;
    }
    let mut made = Maker::new(reading, NAME);
    let whole = Node {
        span: reading.whole(),
        kind: Kind::Seq { items: Vec::new() },
    };
    let text = &reading.source.text;
    let mut found = Vec::new();
    for (open, role) in TAGS {
        // What is asked again after a wrong answer is a request of its own.
        let part = if open.contains("reask") { "reask" } else { "" };
        let close = format!("</{}>", open[1..open.len() - 1].split(' ').next().unwrap_or_default());
        for (at, _) in text.match_indices(open) {
            let from = at + open.len();
            // Where one is never closed, none behind it is.
            let Some(length) = text[from..].find(&close) else {
                break;
            };
            let content = &text[from..from + length];
            let start = from + content.len() - content.trim_start().len();
            found.push((part, start, *role, content.trim()));
        }
    }
    found.sort_by_key(|(part, start, ..)| (*part, *start));
    // An object, or a list, that is described is asked for as JSON; a text alone is not.
    let output = text.find("<output").map(|at| reading.source.line_at(at));
    let structured = output.filter(|line| !text[line.start..line.end].contains("type=\"string\""));
    for name in ["", "reask"] {
        let mut prompt = made.prompt(name, &whole);
        for (_, start, role, content) in found.iter().filter(|(part, ..)| *part == name) {
            let message = made.text(*role, &Text::verbatim(content, *start), Syntax::Dollar);
            prompt.messages.push(message);
        }
        if let Some(line) = structured {
            prompt.response_format = Field::Known("json_schema".to_owned(), reading.place(line));
        }
        made.push(prompt);
    }
    made.finish()
}
