//! What a prompt is made of besides its instructions: worked examples, the form of the answer, another language; and
//! demands on length that exclude each other.

use rust_decimal::Decimal;

use super::waste::objects;
use super::{Fact, Get, Known, PromptFacts, Row, Type, Value, fixed_text, int, text};
use crate::facts::words::Fact as Said;
use crate::source::Place;
use crate::syntax::template::{self, Extent};
use crate::units::Role;

/// Tokens of parts of a prompt, and where the first of them stands.
type Part = (u64, Option<Place>);

/// Worked examples: stretches of the text that show an input with its answer, and turns of a conversation before the
/// real question.
fn examples(facts: &PromptFacts<'_>) -> Part {
    if facts.words().examples == 0 {
        return (0, None);
    }
    let counter = facts.counter();
    let messages = &facts.prompt.messages;
    let mut part: Part = (0, None);
    for (index, range) in facts.shown() {
        let message = &messages[*index];
        part.0 += counter.count(&message.text.as_str()[range.clone()]);
        part.1 = part.1.or_else(|| Some(facts.place(message, range.clone())));
    }
    let last = messages
        .iter()
        .rposition(|message| message.role == Role::User)
        .unwrap_or(0);
    let turns = messages[..last].iter().filter(|message| message.role != Role::System);
    if messages[..last].iter().any(|message| message.role == Role::Assistant) {
        for message in turns {
            for range in template::fixed_ranges(&message.pieces, Extent::Most).ranges {
                part.0 += counter.count(&message.text.as_str()[range]);
            }
            part.1 = part
                .1
                .or_else(|| Some(facts.place(message, 0..message.text.as_str().len())));
        }
    }
    part
}

/// JSON Schemas in the text: objects that speak of `"type"` and `"properties"`.
fn schema(facts: &PromptFacts<'_>) -> Part {
    let counter = facts.counter();
    let mut part: Part = (0, None);
    for message in &facts.prompt.messages {
        let whole = message.text.as_str();
        if !whole.contains("\"properties\"") {
            continue;
        }
        for range in objects(whole) {
            let object = &whole[range.clone()];
            if object.contains("\"properties\"") && object.contains("\"type\"") {
                part.0 += counter.count(object);
                part.1 = part.1.or_else(|| Some(facts.place(message, range)));
            }
        }
    }
    part
}

/// Whether a line of the fixed text is a sentence: three words and more, ended by a mark or spoken to `you`.
fn has_sentence(facts: &PromptFacts<'_>) -> bool {
    const LEAST_WORDS: usize = 3;
    let messages = facts.prompt.messages.iter();
    let said = messages.filter(|message| matches!(message.role, Role::System | Role::User));
    said.flat_map(|message| {
        let fixed = template::fixed_ranges(&message.pieces, Extent::Most).ranges;
        fixed.into_iter().flat_map(|range| message.text.as_str()[range].lines())
    })
    .any(|line| {
        let words = || line.split(|c: char| !c.is_alphanumeric() && c != '\'');
        let end = line.trim_end_matches(|c: char| {
            !c.is_alphanumeric() && !matches!(c, '.' | '?' | '!' | ':' | '。' | '？' | '：')
        });
        let is_ended = end.ends_with(['.', '?', '!', ':', '。', '？', '：']);
        let to_you = || {
            words().any(|word| {
                ["you", "your", "please"]
                    .iter()
                    .any(|known| word.eq_ignore_ascii_case(known))
            })
        };
        words().filter(|word| !word.is_empty()).count() >= LEAST_WORDS && (is_ended || to_you())
    })
}

/// Words that ask for the input, or all of a text, to be said again.
const ECHOES: &[&str] = &[
    "repeat the question",
    "repeat the user's",
    "repeat the input",
    "repeat the original",
    "repeat the text",
    "restate the question",
    "restate the input",
    "restate the user's",
    "include the original text",
    "include the original question",
    "include the full text",
    "include the full original",
    "return the entire file",
    "return the whole file",
    "return the full file",
    "output the entire file",
    "output the whole file",
    "output the full file",
    "rewrite the entire file",
    "rewrite the whole file",
    "quote the question",
    "copy the question",
    "copy the input",
];

/// Where the answer is asked to hold the input again; a denial ("do not repeat the question") is none.
fn echo(facts: &PromptFacts<'_>) -> Option<(&'static str, Place)> {
    const NOT: &[&str] = &["not", "never", "don't", "without", "avoid", "n't", "or", "nor", "than"];
    for message in &facts.prompt.messages {
        if !matches!(message.role, Role::System | Role::User) {
            continue;
        }
        let whole = message.text.as_str();
        let lower = whole.to_ascii_lowercase();
        for words in ECHOES {
            for (at, _) in lower.match_indices(words) {
                let before = lower[..at].trim_end();
                let last = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
                if !NOT.iter().any(|word| last.ends_with(word)) {
                    return Some((words, facts.place(message, at..at + words.len())));
                }
            }
        }
    }
    None
}

/// Words in the names of variables that hold what people outside of the team wrote.
const OUTSIDE: &[&str] = &[
    "user_input",
    "userinput",
    "comment",
    "review",
    "email",
    "document",
    "page",
    "html",
    "ticket",
    "transcript",
    "resume",
    "article",
    "content",
];

/// The first variable by whose name others wrote what it holds, where it stands inside a line of instructions: neither
/// between marks, nor on a line of its own, nor behind a label.
fn undelimited(facts: &PromptFacts<'_>) -> Option<(String, Place)> {
    for message in &facts.prompt.messages {
        if !matches!(message.role, Role::System | Role::User) {
            continue;
        }
        let whole = message.text.as_str();
        for (name, range) in template::variables(&message.pieces) {
            let lower = name.to_ascii_lowercase();
            if !OUTSIDE.iter().any(|word| lower.contains(word)) {
                continue;
            }
            let before = whole[..range.start].rsplit('\n').next().unwrap_or_default();
            let after = whole[range.end..].split('\n').next().unwrap_or_default();
            let is_word = |char: char| char.is_alphanumeric();
            let inside = before.trim_end().ends_with(|c: char| is_word(c) || c == ',')
                && after
                    .trim_start()
                    .starts_with(|c: char| is_word(c) || c == ',' || c == '.');
            if inside && after.chars().any(is_word) {
                return Some((name.to_owned(), facts.place(message, range)));
            }
        }
    }
    None
}

fn counted((tokens, place): Part) -> Fact {
    Fact::of(Known::Yes(int(tokens))).at(place)
}

/// Tokens to a word of the fixed text, a tenth exact.
fn tokens_per_word(facts: &PromptFacts<'_>) -> Known<Value> {
    let Some(language) = facts.words().language else {
        return Known::Unknown("the language of the instructions is not told".into());
    };
    if matches!(language, "zh" | "ja" | "th" | "km" | "lo" | "my") {
        return Known::Unknown(format!("`{language}` sets no spaces between words").into());
    }
    let fixed = fixed_text(facts.prompt);
    let words = fixed
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count() as u64;
    if words == 0 {
        return Known::Absent;
    }
    let tokens = facts.counter().count(&fixed);
    Known::Yes(Value::Number(
        (Decimal::from(tokens) / Decimal::from(words)).round_dp(1),
    ))
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.example_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of the worked examples",
        get: |facts| counted(examples(facts)),
    },
    Row {
        name: "prompt.schema_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of JSON Schemas that stand in the text",
        get: |facts| counted(schema(facts)),
    },
    Row {
        name: "prompt.echo",
        ty: Type::Str,
        unit: "",
        about: "words that ask for the input, or the whole of a text, to be said again in the answer",
        get: |facts| {
            let found = echo(facts);
            Fact::of(match found {
                Some((words, _)) => Known::Yes(text(words)),
                None => Known::Absent,
            })
            .at(found.map(|(_, place)| place))
        },
    },
    Row {
        name: "prompt.undelimited_variable",
        ty: Type::Str,
        unit: "",
        about: "a variable by whose name others wrote what it holds, inside a line of instructions without marks around it",
        get: |facts| {
            let found = undelimited(facts);
            let place = found.as_ref().map(|(_, place)| *place);
            Fact::of(match found {
                Some((name, _)) => Known::Yes(text(name)),
                None => Known::Absent,
            })
            .at(place)
        },
    },
    Row {
        name: "prompt.has_sentence",
        ty: Type::Bool,
        unit: "",
        about: "whether some line of what is sent as it stands is a sentence; what has none is a part of a text, or a pattern",
        get: |facts| Fact::of(Known::Yes(Value::Bool(has_sentence(facts)))),
    },
    Row {
        name: "prompt.tokens_per_word",
        ty: Type::Number,
        unit: "tokens a word",
        about: "tokens to a word of the fixed text; languages that the tokenizer knows less take more",
        get: |facts| Fact::of(tokens_per_word(facts)),
    },
    Row {
        name: "prompt.length_conflict",
        ty: Type::Str,
        unit: "",
        about: "demands on the answer's length that exclude each other: `brevity, and at least 500 words`",
        get: |facts| {
            let value = match facts.words().length_conflict() {
                Some(conflict) => Known::Yes(text(conflict)),
                None => Known::Absent,
            };
            Fact::of(value).at(facts.words_place(Said::LengthLimit))
        },
    },
];
