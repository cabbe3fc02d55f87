//! Writes what the fitted decisions are fitted on.

use super::fitted::tests::Written;
use super::sentences::{self, Parsed};
use super::{Role, Sentence, Task, asking, brevity, context, examples, format, items, language, length, parse_roles};
use super::{reasoning, signs, task};
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
    let form = format::find(&form_signs, task, &amounts, most);
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
