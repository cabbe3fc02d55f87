//! Variables against what the prompt declares, for formats that let their author declare them.

use std::collections::HashSet;

use super::{Fact, Get, Known, PromptFacts, Row, Type, Value};
use crate::source::Place;
use crate::syntax::template::{self, Piece};

/// The name that an expression of a template begins with, where it is a name and no call: `user` of `user.name|upper`,
/// nothing of `Profile.age $user`.
fn root(expression: &str) -> Option<&str> {
    let expression = expression.trim();
    let end = expression
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .unwrap_or(expression.len());
    let (name, rest) = expression.split_at(end);
    let path = rest.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(rest.len());
    let (path, rest) = (&rest[..path], rest[path..].trim_start());
    let simple = (path.is_empty() || path.starts_with(['.', '['])) && (rest.is_empty() || rest.starts_with('|'));
    (simple && name.starts_with(|c: char| c.is_alphabetic() || c == '_')).then_some(name)
}

/// Names that template languages bring along.
const OWN: &[&str] = &[
    "this", "else", "true", "false", "none", "null", "loop", "_", "history", "self", "ctx",
];

/// Words by which a template makes names of its own.
const MAKES_NAMES: &[&str] = &[
    "set", "macro", "import", "with", "from", "call", "assign", "capture", "let", "each", "for",
];

/// Whether a template makes names of its own, so that a name that is not declared may be one of those.
fn makes_names(pieces: &[Piece], text: &str) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Loop { .. } | Piece::Include { .. } => true,
        Piece::Choice { branches, range } => {
            let first = text.get(range.clone()).unwrap_or_default();
            says(first.split('}').next().unwrap_or_default()) || branches.iter().any(|branch| makes_names(branch, text))
        }
        Piece::Silent(range) => says(text.get(range.clone()).unwrap_or_default()),
        Piece::Fixed(_) | Piece::Variable { .. } => false,
    })
}

fn says(tag: &str) -> bool {
    tag.split(|c: char| !c.is_alphanumeric())
        .any(|word| MAKES_NAMES.contains(&word))
}

fn undeclared(facts: &PromptFacts<'_>) -> Fact {
    let prompt = facts.prompt;
    if prompt.declared.is_empty() {
        return Fact::of(Known::Absent);
    }
    let declared: HashSet<&str> = prompt.declared.iter().map(|one| one.name.as_str()).collect();
    let mut found: Vec<(&str, Place)> = Vec::new();
    for message in &prompt.messages {
        if makes_names(&message.pieces, message.text.as_str()) {
            return Fact::of(Known::Unknown("the template makes names of its own".into()));
        }
        for (expression, range) in template::variables(&message.pieces) {
            if let Some(name) = root(expression)
                && !declared.contains(name)
                && !OWN.contains(&name)
                && !found.iter().any(|(known, _)| *known == name)
            {
                found.push((name, facts.place(message, range)));
            }
        }
    }
    let place = found.first().map(|(_, place)| *place);
    let names = found.into_iter().map(|(name, _)| name.into()).collect();
    Fact::of(Known::Yes(Value::Strs(names))).at(place)
}

fn unused(facts: &PromptFacts<'_>) -> Fact {
    let prompt = facts.prompt;
    if prompt.declared.is_empty() {
        return Fact::of(Known::Absent);
    }
    // A name that stands anywhere in the text may be used there (in a condition, as an argument), and one that the file
    // says twice by something else in it, such as a tool.
    let mut words: HashSet<&str> = HashSet::new();
    for message in &prompt.messages {
        if !template::includes(&message.pieces).is_empty() {
            return Fact::of(Known::Unknown("included texts may use it".into()));
        }
        words.extend(
            message
                .text
                .as_str()
                .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')),
        );
    }
    let found: Vec<_> = prompt
        .declared
        .iter()
        .filter(|one| {
            let name = one.name.split(['.', '[', '?', '(', ',']).next().unwrap_or_default();
            !words.contains(name) && !said_elsewhere(facts, name)
        })
        .collect();
    let place = found.first().map(|one| one.place);
    let names = found.iter().map(|one| one.name.as_str().into()).collect();
    Fact::of(Known::Yes(Value::Strs(names))).at(place)
}

/// Whether the file says a name more often than where it is declared.
fn said_elsewhere(facts: &PromptFacts<'_>, name: &str) -> bool {
    let source = facts.world.files.source(facts.prompt.place.source);
    source.text.matches(name).count() > 1
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.undeclared_variables",
        ty: Type::Strs,
        unit: "",
        about: "variables that the template uses and the file does not declare, where the file declares any",
        get: undeclared,
    },
    Row {
        name: "prompt.unused_variables",
        ty: Type::Strs,
        unit: "",
        about: "variables that the file declares and the template does not use",
        get: unused,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_known_by_the_name_that_it_begins_with() {
        for (expression, name) in [
            ("user", Some("user")),
            ("user.name | upper", Some("user")),
            ("items[0]", Some("items")),
            ("now()", None),
            ("role \"system\"", None),
            ("\"text\"", None),
            ("@index", None),
            ("Profile.age $user", None),
            ("user.name if user else \"you\"", None),
        ] {
            assert_eq!(root(expression), name, "{expression}");
        }
    }
}
