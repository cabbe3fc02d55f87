//! `llmlint cost` and the volumes of llmlint.yaml, the built program end to end. Amounts were worked out by hand from the
//! prices that the tests state.

mod program;

use std::path::Path;
use std::process::Stdio;

use llmlint::report::Report;
use llmlint::report::costs::Costs;
use program::{Ran, Tree, finish};

/// $2 and $10 a million tokens.
const MODELS: &str = "models:\n  - {id: test-model, input: 2, output: 10, as_of: 2026-11-01}\n  - {id: half-model, input: 1, output: 5, as_of: 2026-11-01}\n";
/// A request whose answer is at most 100 tokens.
const REQUEST: &str =
    r#"{"model": "test-model", "max_tokens": 100, "messages": [{"role": "user", "content": "Name a lake."}]}"#;

fn cost(tree: &Tree, arguments: &[&str]) -> Ran {
    let mut command = tree.command();
    command
        .arg("cost")
        .args(["--as-of", "2026-11-28"])
        .args(arguments)
        .stdin(Stdio::null());
    finish(command.spawn().expect("the program starts"))
}

fn costs(tree: &Tree, arguments: &[&str]) -> Costs {
    let ran = cost(tree, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

fn decimal(text: &str) -> rust_decimal::Decimal {
    text.parse().expect("a decimal")
}

fn shop(prompts: &str) -> Tree {
    Tree::new()
        .with("llmlint.yaml", format!("{MODELS}prompts:\n{prompts}"))
        .with("requests/lake.json", REQUEST)
        .with("requests/deep/lake.json", REQUEST)
}

#[test]
fn a_day_with_working_days_makes_a_month_and_growth_a_year() {
    let tree = shop(
        "  - {files: 'requests/lake.json', calls_per_day: 500, working_days_per_month: 21, growth_per_month: 0.1, \
         output_tokens: {p50: 40, p95: 90}}\n  - {files: 'requests/deep/**', calls_per_day: 100}\n",
    );
    let found = costs(&tree, &["."]);
    let lake = found
        .units
        .iter()
        .find(|unit| unit.path == "requests/lake.json")
        .expect("it");
    let tokens = decimal(&lake.tokens.as_ref().expect("counted").least.to_string());
    // 500 × 21 = 10,500 calls; 40 and 90 tokens of answer at $10 a million.
    assert_eq!(lake.calls_per_month, Some(decimal("10500")));
    let input = tokens * decimal("0.000002") * decimal("10500");
    let month = lake.month.expect("a volume is stated");
    assert_eq!(
        (month.low, month.high),
        (input + decimal("4.2"), input + decimal("9.45"))
    );
    // 1.1^12 = 3.138428376721.
    let year = lake.month_in_a_year.expect("a growth is stated");
    assert_eq!(
        year.low,
        ((input + decimal("4.2")) * decimal("3.138428376721")).normalize()
    );
    // A call is a month's 10,500th part.
    let call = lake.call.expect("known");
    assert_eq!(call.low, (tokens * decimal("0.000002") + decimal("0.0004")).normalize());
    // 100 calls a day for 30.4375 days.
    let deep = found.units.iter().find(|unit| unit.path.contains("deep")).expect("it");
    assert_eq!(deep.calls_per_month, Some(decimal("3043.75")));
    assert!(deep.month_in_a_year.is_none());
    assert_eq!((found.total.with_volume, found.total.without_volume), (2, 0));
    let basis = &lake.basis[1].amount.as_ref().expect("an output cost").inputs;
    let from = |name: &str| {
        basis
            .iter()
            .find(|input| input.name == name)
            .map(|input| input.from.as_str())
    };
    assert_eq!(
        from("calls"),
        Some("500 calls a day on 21 working days a month in llmlint.yaml")
    );
    assert_eq!(
        from("output_tokens"),
        Some("p50 to p95 of output_tokens in llmlint.yaml")
    );
}

#[test]
fn the_last_entry_that_states_a_volume_decides_by_file_name_or_tag() {
    let entries =
        "  - {files: '**', calls_per_month: 10, tags: [all]}\n  - {unit: requests/lake.json, calls_per_month: 20}\n";
    let calls = |entries: &str| {
        let mut found: Vec<_> = costs(&shop(entries), &["."])
            .units
            .into_iter()
            .map(|unit| (unit.path, unit.calls_per_month.map(|calls| calls.to_string())))
            .collect();
        found.sort();
        found
            .into_iter()
            .map(|(_, calls)| calls.unwrap_or_default())
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(entries), ["10", "20"]);
    assert_eq!(
        calls(&format!("{entries}  - {{tag: all, calls_per_month: 30}}\n")),
        ["30", "30"]
    );
    assert_eq!(
        calls(&format!("{entries}  - {{tag: other, calls_per_month: 30}}\n")),
        ["10", "20"]
    );
    assert_eq!(
        calls("  - {files: 'requests/*', unit: requests/deep/lake.json, calls_per_month: 5}\n"),
        ["5", ""]
    );
}

#[test]
fn what_if_shows_before_and_after_and_exact_totals() {
    let tree = shop("  - {files: '**', calls_per_month: 1000, output_tokens: 50}\n");
    let found = costs(&tree, &[".", "--what-if", "model=half-model,output=20-40,calls=2_000"]);
    let what_if = found.what_if.expect("both sides");
    let tokens = decimal(&found.units[0].tokens.as_ref().expect("counted").least.to_string());
    let million = decimal("1000000");
    // Two prompts, each 1,000 calls of `tokens` at $2 and 50 at $10 a million.
    let now = decimal("2000") * (tokens * decimal("2") + decimal("500")) / million;
    assert_eq!(
        (what_if.total.month.low, what_if.total.month.high),
        (now.normalize(), now.normalize())
    );
    let then = |output: &str| decimal("4000") * (tokens + decimal(output) * decimal("5")) / million;
    assert_eq!(found.total.month.low, then("20").normalize());
    assert_eq!(found.total.month.high, then("40").normalize());
    assert_eq!(found.units[0].model.as_deref(), Some("half-model"));
    let text = cost(&tree, &[".", "--what-if", "calls=2000"]).out;
    assert!(
        text.contains("What if calls=2000") && text.contains("becomes"),
        "{text}"
    );
    for (wrong, why) in [
        ("model=half-modle", "did you mean `half-model`?"),
        ("output=9-3", "low end"),
        ("calls=-1", "whole number"),
        ("calls=99999999999999999999999", "whole number"),
        ("cached=2", "0 to 1"),
        ("price=1", "expected `model`"),
        ("model", "what=value"),
    ] {
        let ran = cost(&tree, &[".", "--what-if", wrong]);
        assert_eq!(ran.code, Some(2), "{wrong}");
        assert!(ran.err.contains(why), "{wrong}: {}", ran.err);
    }
}

#[test]
fn what_is_not_known_is_said_and_sums_say_what_they_leave_out() {
    let tree = Tree::new()
        .with("llmlint.yaml", MODELS)
        .with(".git/HEAD", "")
        .with(".github/CODEOWNERS", "prompts/ @writers @lead\n")
        .with("prompts/a.md", "Name {{ count }} lakes.\n")
        .with("requests/lake.json", REQUEST);
    let found = costs(&tree, &[".", "--by", "owner"]);
    assert_eq!(
        (found.total.units, found.total.without_volume, found.total.not_known),
        (2, 1, 1)
    );
    let names: Vec<_> = found
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.sums.units))
        .collect();
    assert_eq!(names, [("", 1), ("@lead", 1), ("@writers", 1)]);
    let text = cost(&tree, &["."]).out;
    assert!(
        text.contains("prompts/a.md: not in it: input: no model is named"),
        "{text}"
    );
    assert!(text.contains("not in it: 1 without a volume, 1 not known"), "{text}");
}

#[test]
fn hostile_names_stay_text_in_every_output() {
    let tree = Tree::new()
        .with(
            "llmlint.yaml",
            format!("{MODELS}prompts:\n  - {{files: '**', tags: ['=1+1', '@all'], calls_per_month: 5}}\n"),
        )
        .with("=cmd|' \u{1b}[31m/prompts/a.json", REQUEST)
        .with("@team/<img src=x> [a](http://b)\u{202e}.json", REQUEST);
    let csv = cost(&tree, &[".", "--format", "csv"]).out;
    for line in csv.lines().skip(1) {
        assert!(
            line.starts_with("now,\"'") && !line.contains('\u{1b}') && !line.contains('\u{202e}'),
            "{line}"
        );
        assert!(line.contains("\"'=1+1 @all\""), "{line}");
    }
    for (format, by) in [
        ("text", "folder"),
        ("markdown", "folder"),
        ("markdown", "tag"),
        ("json", "owner"),
    ] {
        let out = cost(&tree, &[".", "--format", format, "--by", by]).out;
        assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out}");
        if format == "markdown" {
            assert!(
                !out.contains("<img") && !out.contains("](") && !out.contains('@'),
                "{out}"
            );
        }
    }
}

/// An agent that sends all that came before with each turn.
const LOOP: &str = "from openai import OpenAI\n\nclient = OpenAI()\n\n\ndef run(task):\n    messages = [{\"role\": \"system\", \"content\": \"Work in steps.\"}]\n    while True:\n        reply = client.chat.completions.create(model=\"test-model\", max_tokens=100, messages=messages)\n        messages.append(reply.choices[0].message)\n";

#[test]
fn a_loop_that_sends_its_history_again_costs_by_the_task() {
    let of = |setting: &str| {
        let prompts = format!("{MODELS}prompts:\n  - {{files: agent.py, output_tokens: 50{setting}}}\n");
        let tree = Tree::new().with("llmlint.yaml", prompts).with("agent.py", LOOP);
        costs(&tree, &["."]).units.remove(0)
    };
    let unknown = of("");
    assert!(unknown.task.is_none() && unknown.call.is_none() && unknown.thousand_calls.is_none());
    assert!(
        unknown.not_known.iter().any(|why| why.contains("`turns`")),
        "{:?}",
        unknown.not_known
    );
    // 4 turns send the start 4 times and 0 + 1 + 2 + 3 answers of 50 tokens, at $2 a million; 200 tokens come back at $10.
    let told = of(", turns: 4");
    let start = decimal(&told.tokens.as_ref().expect("counted").least.to_string());
    let task = ((start * decimal("4") + decimal("300")) * decimal("0.000002") + decimal("0.002")).normalize();
    let found = told.task.expect("the turns are stated");
    assert_eq!((found.low, found.high, found.at_least), (task, task, true));
    assert!(told.call.is_none() && told.thousand_calls.is_none());
    // 1,000 calls a month are 250 tasks.
    let month = of(", turns: 4, calls_per_month: 1000");
    assert_eq!(month.month.expect("a volume").high, (task * decimal("250")).normalize());
    assert_eq!(month.task.expect("the turns are stated").high, task);
    // Of a range each end is a task of its own.
    let range = of(", turns: {low: 1, high: 4}").task.expect("the turns are stated");
    assert_eq!(range.low, (start * decimal("0.000002") + decimal("0.0005")).normalize());
    assert_eq!(range.high, task);
}

#[test]
fn a_volume_for_a_prompt_that_is_not_there_is_a_finding_on_a_whole_run_alone() {
    let tree = shop(
        "  - {files: 'requests/**', calls_per_month: 5}\n  - {files: 'promts/**', calls_per_month: 7}\n  - {unit: gone.json, model: test-model}\n",
    );
    let report = |arguments: &[&str]| {
        let ran = tree.check(&[&["--as-of", "2026-11-28", "--format", "json"], arguments].concat());
        serde_json::from_str::<Report>(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
    };
    let idle = |report: Report| -> Vec<(String, usize)> {
        let findings = report.findings.into_iter();
        findings
            .filter(|finding| finding.rule == "volume-without-prompt")
            .map(|finding| (finding.path, finding.span.line))
            .collect()
    };
    assert_eq!(idle(report(&["."])), [("llmlint.yaml".to_owned(), 6)]);
    assert!(idle(report(&["requests"])).is_empty());
}

#[test]
fn entries_that_cannot_be_are_refused_with_the_reason() {
    for (entry, why) in [
        ("{calls_per_month: 5}", "has no `files`"),
        ("{tag: a, tags: [b], calls_per_month: 5}", "`tag` chooses prompts"),
        ("{files: a, calls_per_month: 5, calls_per_day: 5}", "say the same thing"),
        ("{files: a, calls_per_day: 5, working_days_per_month: 40}", "at most 31"),
        ("{files: a, growth_per_month: 400}", "growth_per_month"),
        ("{files: a, turns: 0}", "`turns` is to be from 1"),
        ("{files: a, turns: {low: 9, high: 3}}", "`turns` is to be from 1"),
        ("{files: a, output_tokens: {p50: 9, p95: 3}}", "low end above"),
        ("{files: a, calls_per_month: -1}", "calls_per_month"),
    ] {
        let tree = Tree::new().with("llmlint.yaml", format!("prompts:\n  - {entry}\n"));
        let ran = cost(&tree, &["."]);
        assert_eq!(ran.code, Some(2), "{entry}");
        assert!(
            ran.err.contains(why) || why == "calls_per_month",
            "{entry}: {}",
            ran.err
        );
    }
    let tree = Tree::new().with("llmlint.yaml", "days_per_month: 0\n");
    assert_eq!(cost(&tree, &["."]).code, Some(2));
}

/// Counts the amounts of USD in a report, and those of them that do not say what they are made of: a figure has a formula
/// and inputs with their sources, everything else is a sum of figures or the two sides of one.
fn bases(value: &serde_json::Value, shown: &mut usize, bare: &mut Vec<String>) {
    use serde_json::Value;
    match value {
        Value::Array(items) => items.iter().for_each(|item| bases(item, shown, bare)),
        Value::Object(fields) => {
            if fields.get("unit").is_some_and(|unit| unit == "USD") && fields.contains_key("formula") {
                *shown += 1;
                let inputs = fields["inputs"].as_array().map_or(&[][..], Vec::as_slice);
                let formula = fields["formula"].as_str().unwrap_or_default();
                let told = |input: &Value| {
                    let text = |key: &str| input[key].as_str().unwrap_or_default();
                    !text("from").trim().is_empty() && formula.contains(text("name"))
                };
                if formula.is_empty() || inputs.is_empty() || !inputs.iter().all(told) {
                    bare.push(value.to_string());
                }
            } else if fields.get("unit").is_some_and(|unit| unit == "USD") && fields.contains_key("low") {
                *shown += 1;
                // A sum names what it is of and over how many units; an input of a figure names its source.
                let is_sum = fields.contains_key("of") && fields.contains_key("units");
                if !is_sum && fields.get("from").and_then(Value::as_str).is_none_or(str::is_empty) {
                    bare.push(value.to_string());
                }
            }
            fields.values().for_each(|field| bases(field, shown, bare));
        }
        _ => {}
    }
}

#[test]
fn no_dollar_is_shown_without_its_basis() {
    let repos = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
    let (mut shown, mut bare) = (0, Vec::new());
    for entry in std::fs::read_dir(repos).expect("the fixtures").flatten() {
        let after = entry.path().join("after");
        let folder = if after.is_dir() { after } else { entry.path() };
        if !folder.is_dir() {
            continue;
        }
        for command in ["check", "cost"] {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_llmlint"));
            program.args([command, "--format", "json", "--as-of", "2026-11-28"]);
            let ran = program.current_dir(&folder).output().expect("it runs");
            let report = serde_json::from_slice(&ran.stdout).expect("a report");
            bases(&report, &mut shown, &mut bare);
        }
    }
    println!("{shown} amounts of USD, {} without a basis", bare.len());
    assert!(shown > 50 && bare.is_empty(), "{shown}: {bare:#?}");
}
