//! Every rule's page: it loads, its examples do what they say, its evidence exists, its fix mends.

use std::path::Path;

use llmlint::catalog::Catalog;
use llmlint::config::Config;
use llmlint::facts::Settings;
use llmlint::fix;
use llmlint::lint::{Linter, lint_against};
use llmlint::report::Report;
use llmlint::rules::{self, Example, Rule, RuleSet, Selection};
use llmlint::source::Source;

/// Judges an example's text by one rule alone.
fn judge(id: &str, example: &Example, text: &str) -> Report {
    let config = Config::parse(&example.config).unwrap_or_else(|error| panic!("{id}: its config: {}", error.message));
    let rules = rules::embedded().unwrap_or_else(|error| panic!("rules/{}.md: {error}", error.id));
    let selection = Selection {
        select: vec![id.to_owned()],
        ..Selection::default()
    };
    let rules = RuleSet::new(rules, &config, &selection).expect("the rule exists");
    let settings = Settings::new(config, "");
    let source = Source::new(example.path.clone(), text, false);
    let before: Vec<Source> = (!example.before.is_empty())
        .then(|| Source::new(example.path.clone(), example.before.as_str(), false))
        .into_iter()
        .collect();
    lint_against(
        &[source],
        &before,
        &[],
        &Linter::new(
            &settings,
            Catalog::embedded(),
            &rules,
            "2026-11-24".parse().expect("a day"),
        ),
    )
}

#[test]
fn every_page_loads() {
    let rules = rules::embedded().unwrap_or_else(|error| panic!("rules/{}.md: {error}", error.id));
    assert!(rules.len() >= 10);
    for rule in rules {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("rules/{}.md", rule.id));
        let page = std::fs::read_to_string(&path).expect("the page can be read");
        let read = Rule::parse(&rule.id, &page).unwrap_or_else(|error| {
            panic!("rules/{}.md: {error} at byte {}", error.id, error.error.span.start);
        });
        rule.checked()
            .unwrap_or_else(|error| panic!("rules/{}.md: {error}", error.id));
        // What the program was built with is what the page says.
        assert_eq!(format!("{rule:?}"), format!("{read:?}"));
        assert!(
            rule.body.starts_with(&format!("# {}", rule.id)),
            "{}: its heading",
            rule.id
        );
        assert!(!rule.summary().is_empty(), "{}: its first paragraph", rule.id);
        assert!(
            rule.examples().iter().any(|example| example.fires),
            "{}: no bad example",
            rule.id
        );
        assert!(
            rule.examples().iter().any(|example| !example.fires),
            "{}: no ok example",
            rule.id
        );
        for row in &rule.evidence {
            assert!(
                Catalog::embedded().evidence(row).is_some(),
                "{}: no evidence `{row}`",
                rule.id
            );
        }
    }
}

#[test]
fn examples_do_what_they_say() {
    for rule in rules::embedded().expect("the pages load") {
        for (number, example) in rule.examples().iter().enumerate() {
            let report = judge(&rule.id, example, &example.text);
            let fired: Vec<&str> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
            let expected: &[&str] = if example.fires { &[&rule.id] } else { &[] };
            assert_eq!(
                fired,
                expected,
                "{}, example {} (not judged: {:?})",
                rule.id,
                number + 1,
                report.not_judged
            );
            assert!(!report.units.is_empty(), "{}, example {}: no unit", rule.id, number + 1);
        }
    }
}

/// What a message says where a value that it shows is not there.
const EMPTY: &[&str] = &[
    "unset",
    "not stated",
    "unknown (",
    "null",
    "``",
    "  ",
    ": .",
    ": :",
    "()",
    " .",
];

fn says_all(report: &Report) {
    for finding in &report.findings {
        for text in [&finding.message, &finding.help] {
            let gap = EMPTY.iter().find(|gap| text.contains(**gap));
            let ends = text.ends_with([':', ' ', ',']);
            assert!(gap.is_none() && !ends && !text.is_empty(), "{}: {text:?}", finding.rule);
        }
    }
}

#[test]
fn messages_show_no_value_that_is_not_there() {
    let rules = rules::embedded().expect("the pages load");
    for example in rules.iter().flat_map(Rule::examples).filter(|example| example.fires) {
        let config = Config::parse(&example.config).expect("its config is read");
        let selection = Selection {
            select: rules.iter().map(|rule| rule.id.clone()).collect(),
            ..Selection::default()
        };
        let all =
            RuleSet::new(rules::embedded().expect("the pages load"), &config, &selection).expect("the rules exist");
        let settings = Settings::new(config, "");
        let source = Source::new(example.path.clone(), example.text.as_str(), false);
        let today = "2026-11-24".parse().expect("a day");
        let linter = Linter::new(&settings, Catalog::embedded(), &all, today);
        says_all(&lint_against(&[source], &[], &[], &linter));
    }
    // Models with and without a successor.
    for id in ["retired-model", "deprecated-model"] {
        let request = Example {
            fires: true,
            path: "requests/model.json".to_owned(),
            text: String::new(),
            config: String::new(),
            before: String::new(),
        };
        let mut fired = 0;
        for model in Catalog::embedded()
            .api_models()
            .filter(|model| model.retired_on.is_some())
        {
            let text = format!(
                r#"{{"model": "{}", "messages": [{{"role": "user", "content": "Hi"}}]}}"#,
                model.id
            );
            let report = judge(id, &request, &text);
            fired += report.findings.len();
            says_all(&report);
        }
        assert!(fired > 1, "{id}: fired {fired} times");
    }
}

#[test]
fn declared_fixes_mend() {
    for rule in rules::embedded().expect("the pages load") {
        if rule.fix.is_none() {
            continue;
        }
        let mut mended = 0;
        for example in rule.examples().iter().filter(|example| example.fires) {
            let report = judge(&rule.id, example, &example.text);
            let Some(fix) = &report.findings[0].fix else {
                continue;
            };
            let text = fix::apply(&example.text, fix);
            assert_ne!(text, example.text);
            let report = judge(&rule.id, example, &text);
            assert!(report.findings.is_empty(), "{}: the fix does not mend", rule.id);
            mended += 1;
        }
        assert!(mended > 0, "{}: no example is mended by the fix", rule.id);
    }
}
