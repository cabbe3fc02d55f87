//! What the facts of whole texts must be, and the writing of what the decisions are fitted on.

use super::fitted::tests::Written;
use super::*;
use serde_json::{Value, json};

/// Writes the features of each text of a JSON Lines file as `tools/fit_words.py` reads them:
/// `LLMLINT_TEXTS=texts.jsonl LLMLINT_FEATURES=out.jsonl cargo test features_for_fitting -- --ignored`. A row may name the
/// task to be taken for the text's.
#[test]
#[ignore = "makes a file for tools/fit_words.py"]
fn features_for_fitting() {
    let path = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} names a file"));
    let texts = std::fs::read_to_string(path("LLMLINT_TEXTS")).expect("texts");
    let mut out = String::new();
    for line in texts.lines() {
        let row: Value = serde_json::from_str(line).expect("a row a line");
        out.push_str(&written(&row).to_string());
        out.push('\n');
    }
    std::fs::write(path("LLMLINT_FEATURES"), out).expect("written");
}

fn written(row: &Value) -> Value {
    let messages = parse_roles(row["text"].as_str().expect("text"));
    let parsed: Vec<Parsed> = messages.iter().map(|m| sentences::parse(m.text)).collect();
    let all: Vec<(Role, &str, &Parsed)> = messages.iter().zip(&parsed).map(|(m, p)| (m.role, m.text, p)).collect();
    let fields = examples::fields(&all);
    let shown = examples::shown(&fields, all.len());
    let asked: Vec<Vec<Sentence>> = all
        .iter()
        .zip(&shown)
        .map(|((role, _, p), shown)| asking(*role, p, shown))
        .collect();
    let language = language::find(&parsed.iter().collect::<Vec<_>>());
    let mut words = Written::default();
    let Some((votes, _)) = task::votes(&all, &asked, Some("en")) else {
        return json!({"id": row["id"], "words": {}, "signs": {}, "lengths": [], "items": []});
    };
    task::model::features(&all, &asked, &votes, &mut words);
    let named = row["task"]
        .as_str()
        .and_then(|name| task::TASKS.into_iter().find(|t| t.name() == name));
    let task: Option<Task> = named.or_else(|| Some(task::find(&all, &asked, language)?.0));
    let mut amounts: Vec<Vec<length::Amount>> = parsed.iter().zip(&asked).map(|(p, s)| length::amounts(p, s)).collect();
    let counted: Vec<Vec<items::Candidate>> = parsed
        .iter()
        .zip(&asked)
        .map(|(p, s)| items::candidates(p, s, task))
        .collect();
    let several_amounts = amounts.iter().map(Vec::len).sum::<usize>() > 1;
    let several_counts = counted.iter().map(Vec::len).sum::<usize>() > 1;
    let (mut lengths, mut counts) = (Vec::new(), Vec::new());
    let (mut brief, mut reasons) = (false, false);
    let mut most = None;
    for (m, (p, sentences)) in parsed.iter().zip(&asked).enumerate() {
        let text = |tokens| &messages[m].text[p.place(tokens)];
        for amount in &amounts[m] {
            let mut features = Written::default();
            length::features(p, amount, several_amounts, task, &mut features);
            lengths.push(json!({"n": amount.n, "unit": amount.unit, "bound": amount.bound,
                "text": text(amount.tokens.clone()), "features": features.0}));
        }
        for candidate in &counted[m] {
            let mut features = Written::default();
            items::features(p, candidate, several_counts, task, &mut features);
            counts.push(json!({"n": candidate.n, "text": text(candidate.tokens.clone()), "features": features.0}));
        }
        length::weigh(p, &mut amounts[m], several_amounts, task);
        brief |= brevity::find(p, sentences, &amounts[m], task).is_some();
        most = most.max(items::largest(p, &counted[m], several_counts, task).map(|i| i.0));
        reasons |= reasoning::find(p, sentences).is_some()
            || reasoning::has_field(p, task) && messages[m].role != Role::Assistant;
    }
    let amounts: Vec<length::Amount> = amounts.into_iter().flatten().collect();
    let form_signs = format::signs(&all, &asked, task);
    let context_signs = context::signs(&all, task);
    let form = format::find(&form_signs, task, &amounts, most, reasons);
    let more = [
        ("rule closed", format::is_closed(&all, task, form, &amounts)),
        ("rule context", context::find(&context_signs, task)),
        ("brief", brief),
        ("reasons", reasons),
        ("items", most.is_some()),
        ("lengths", !amounts.is_empty()),
        ("examples", examples::count(&all, &fields) > 0),
        (format::rule_name(form), true),
    ];
    let names = signs(
        &form_signs,
        &format::closed_signs(&all, &amounts),
        &context_signs,
        &more,
    );
    let mut signs = Written::default();
    if let Some(task) = task {
        task::model::with_signs(task, names.into_iter(), &mut signs);
    }
    json!({"id": row["id"], "words": words.0, "signs": signs.0, "lengths": lengths, "items": counts})
}

#[test]
fn short_cases_are_told_apart() {
    let mut wrong = Vec::new();
    for (n, line) in include_str!("../../../fixtures/labels/cases.jsonl").lines().enumerate() {
        let case: serde_json::Value = serde_json::from_str(line).expect("a case a line");
        let text = case["text"].as_str().expect("text");
        let told = serde_json::to_value(analyze(&parse_roles(text))).expect("facts are JSON");
        for (fact, label) in case
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(k, _)| *k != "text")
        {
            if told.get(fact) != Some(label) {
                wrong.push(format!(
                    "{}: {fact} should be {label}, was {:?}: {text:?}",
                    n + 1,
                    told.get(fact)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn evidence_points_at_the_words() {
    let text = "Name the cities.\nGive me 7 tips, each under 20 words. Think step by step.";
    let messages = [Message { role: Role::User, text }];
    let said: Vec<(Fact, &str)> = analyze(&messages)
        .evidence
        .iter()
        .map(|e| (e.fact, &text[e.range.clone()]))
        .collect();
    assert!(said.contains(&(Fact::ItemsRequested, "7 tips")), "{said:?}");
    assert!(said.contains(&(Fact::AsksReasoning, "step by step")), "{said:?}");
    assert!(said.contains(&(Fact::AsksBrevity, "under 20 words")), "{said:?}");
}

#[test]
fn roles_are_split_at_their_lines() {
    let messages = parse_roles("<<system>>\nBe kind.\n<<user>>\n{{q}}\n");
    assert_eq!(
        messages,
        [
            Message {
                role: Role::System,
                text: "Be kind."
            },
            Message {
                role: Role::User,
                text: "{{q}}"
            }
        ]
    );
    assert_eq!(
        parse_roles("Hello."),
        [Message {
            role: Role::User,
            text: "Hello."
        }]
    );
    assert!(parse_roles(" \n").is_empty());
}

#[test]
fn any_text_is_read_in_time() {
    let pieces = [
        "{{",
        "```",
        "\"",
        "Input: ",
        "<a ",
        "{a",
        "3 ",
        "🦀 é",
        "\n- ",
        "at most ",
        "# ",
        ":\n",
        "if 3 words ",
        "3 cats ",
        "answer in 3 words ",
        "Your output format:\n{\n",
        "Examples\n<a>b</a>\n",
        "query: \"a\", answer: b? c\n",
    ];
    for piece in pieces {
        let text = piece.repeat(200_000 / piece.len());
        let facts = analyze(&parse_roles(&text));
        assert!(facts.evidence.iter().all(|e| text.get(e.range.clone()).is_some()));
    }
}
