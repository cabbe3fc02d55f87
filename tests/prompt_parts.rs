//! What a prompt is made of, told on prompts made for it. Tokens are counted with the encoding itself.

use llmlint::catalog::Catalog;
use llmlint::config::Config;
use llmlint::facts::{Known, Settings, Value, World};
use llmlint::formats::{Outcome, read};
use llmlint::lint::subject;
use llmlint::source::{Source, SourceId};
use llmlint::syntax::code::Files;
use llmlint::tokens::Encoding;

/// A fact of a `.prompty` of these messages, and the text that it points at.
fn fact(text: &str, name: &str) -> (Option<Value>, String) {
    let file = format!("---\nname: t\nmodel: {{id: gpt-4o}}\n---\n{text}");
    let sources = [Source::new("prompts/t.prompty", file.as_str(), false)];
    let settings = Settings::new(Config::parse("").expect("a config"), "");
    let files = Files::new(&sources);
    let world = World::new(
        &files,
        &settings,
        Catalog::embedded(),
        "2026-11-24".parse().expect("a day"),
    );
    let Outcome::Read(_, found) = read(&files, SourceId(0), true) else {
        panic!("a prompt is read");
    };
    let unit = found.units.first().expect("one prompt");
    let subject = subject(unit, &world);
    let fact = subject.fact(name).expect("a fact of the table");
    let pointed = fact.place.map_or("", |place| &file[place.span.start..place.span.end]);
    let value = match &fact.value {
        Known::Yes(value) => Some(value),
        _ => None,
    };
    (value.cloned(), pointed.to_owned())
}

fn int(text: &str, name: &str) -> (i64, String) {
    match fact(text, name) {
        (Some(Value::Int(n)), pointed) => (n, pointed),
        (other, _) => panic!("{name}: {other:?}"),
    }
}

fn tokens(text: &str) -> i64 {
    i64::try_from(Encoding::O200kBase.count(text)).expect("few")
}

#[test]
fn the_prefix_ends_at_the_first_variable() {
    let text = "system:\nYou help customers of a shop.\nuser:\nThe question: {{question}}\nAnswer in one line.\n";
    let (before, pointed) = int(text, "prompt.prefix_tokens");
    assert_eq!(pointed, "{{question}}");
    assert_eq!(
        before,
        tokens("You help customers of a shop.") + tokens("The question: ")
    );
    let (behind, _) = int(text, "prompt.tokens_behind_variable");
    assert_eq!(behind, tokens("\nAnswer in one line."));
    assert_eq!(int(text, "prompt.first_variable_message").0, 2);
    assert_eq!(
        fact(text, "prompt.first_variable").0,
        Some(Value::Str("question".into()))
    );
    let fixed = "system:\nYou help.\nuser:\nSay hello.\n";
    assert_eq!(fact(fixed, "prompt.first_variable").0, None);
    assert_eq!(int(fixed, "prompt.tokens_behind_variable").0, 0);
}

#[test]
fn a_passage_said_twice_is_found_and_an_example_is_not() {
    let passage = "Never promise a refund before the order was checked, and always name the number of the order, \
                   the day on which it was sent, and the address that it went to.";
    let text = format!("system:\n{passage}\n\nBe kind.\n\n{passage}\nuser:\n{{{{question}}}}\n");
    let (cost, pointed) = int(&text, "prompt.repeated_tokens");
    assert_eq!(pointed, passage.trim_end_matches('.'));
    assert_eq!(cost, tokens(passage.trim_end_matches('.')));
    assert_eq!(int(&text, "prompt.repeated_passages").0, 1);
    let once = format!("system:\n{passage}\nuser:\n{{{{question}}}}\n");
    assert_eq!(int(&once, "prompt.repeated_tokens").0, 0);
}

#[test]
fn spacing_json_and_data_cost_what_they_say() {
    let spaced = "system:\nOne rule.   \n\n\n\nAnother rule.\n";
    let (saved, _) = int(spaced, "prompt.whitespace_tokens");
    assert_eq!(
        saved,
        tokens("One rule.   \n\n\n\nAnother rule.") - tokens("One rule.\n\nAnother rule.")
    );
    assert_eq!(
        int("system:\nOne rule.\n\nAnother rule.\n", "prompt.whitespace_tokens").0,
        0
    );

    let written = "{\n    \"name\": \"Ann\",\n    \"age\": 41\n}";
    let text = format!("system:\nData:\n{written}\nUse it.\n");
    let (saved, pointed) = int(&text, "prompt.pretty_json_tokens");
    assert_eq!(pointed, written);
    assert_eq!(saved, tokens(written) - tokens("{\"name\":\"Ann\",\"age\":41}"));

    let sum = "d41d8cd98f00b204e9800998ecf8427e";
    let (cost, pointed) = int(&format!("system:\nThe file {sum} is empty.\n"), "prompt.opaque_tokens");
    assert_eq!((cost, pointed.as_str()), (tokens(sum), sum));

    let (cost, pointed) = int("system:\nPlease sort them.\n", "prompt.filler_tokens");
    assert_eq!((cost, pointed.as_str()), (tokens(" please"), "Please"));
}

#[test]
fn parts_are_told_from_instructions() {
    let text = "user:\nName the capital.\n\nCountry: France\nCapital: Paris\n\nCountry: Peru\nCapital: Lima\n\n\
                Country: {{country}}\nCapital:\n";
    let (cost, pointed) = int(text, "prompt.example_tokens");
    assert!(pointed.starts_with("Country: France"), "{pointed}");
    // Both examples and not the open one: more than their words, less than the whole.
    assert!(cost >= tokens("Country: France\nCapital: Paris\nCountry: Peru\nCapital: Lima") && cost < tokens(text));
    assert_eq!(
        int("user:\nName the capital of {{country}}.\n", "prompt.example_tokens").0,
        0
    );

    let schema = "{\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\"}}}";
    let (cost, pointed) = int(
        &format!("system:\nAnswer with JSON of this schema: {schema}\n"),
        "prompt.schema_tokens",
    );
    assert_eq!((cost, pointed.as_str()), (tokens(schema), schema));
}

#[test]
fn brevity_and_a_page_at_least_exclude_each_other() {
    let conflict = |text: &str| fact(text, "prompt.length_conflict").0;
    assert_eq!(
        conflict("system:\nBe concise. Write at least 800 words.\n"),
        Some(Value::Str("brevity, and at least 800 words".into()))
    );
    assert_eq!(conflict("system:\nBe concise. Write at least 20 words.\n"), None);
    assert_eq!(conflict("system:\nWrite at least 800 words.\n"), None);
}
