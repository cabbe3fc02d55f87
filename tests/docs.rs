//! docs/ and README.md say what the program does: they are made from it. `UPDATE_DOCS=1 cargo test --test docs` writes
//! them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use llmlint::facts::{UnitKind, Value};
use llmlint::formats::FORMATS;
use llmlint::reporters::REPORTERS;
use llmlint::rules;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// Compares a file with what it should be, or writes it.
fn agree(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, expected).expect("docs can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is out of date: UPDATE_DOCS=1 cargo test --test docs"
    );
}

#[test]
fn memory_cases_page() {
    let output = Command::new(env!("CARGO_BIN_EXE_llmlint"))
        .args(["memory", "--cases", "fixtures/memory/cases.jsonl"])
        .current_dir(root())
        .output()
        .expect("the binary runs");
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    let page = format!(
        "# Predicted memory beside measured memory\n\n\
         Made by `llmlint memory --cases fixtures/memory/cases.jsonl`: predicted / measured (error), GiB of one GPU and \
         tokens. Half A is every row whose source's SHA-256 starts with an even byte; the model was fitted on it. Each set \
         was judged blind once before it was looked at; vLLM's rows but for the last column. What engine printed what, and where that was published, stands in each row of the file. Of `KV available` and `KV \
         tokens` the errors of runs that start are counted; of outcomes, runs that state their GPU and utilization.\n\n\
         {table}"
    );
    agree("docs/memory-cases.md", &page);
}

#[test]
fn rules_page() {
    let mut page = String::from(
        "# Rules\n\nMade from the pages in `rules/`; `llmlint explain RULE` prints one. Severities and options are set in `llmlint.yaml`.\n\n| rule | severity | category | judges a | what |\n| --- | --- | --- | --- | --- |\n",
    );
    let rules = rules::embedded().expect("the pages load");
    for rule in &rules {
        let (id, unit) = (&rule.id, rule.unit.name());
        let (severity, category) = (rule.severity.name(), &rule.category);
        writeln!(
            page,
            "| [{id}](../rules/{id}.md) | {severity} | {category} | {unit} | {} |",
            rule.summary()
        )
        .unwrap();
    }
    page.push_str("\n## Options\n\n| rule | option | default | what it decides |\n| --- | --- | --- | --- |\n");
    for rule in &rules {
        for (name, option) in &rule.options {
            let default = match &option.default {
                Value::Bool(value) => value.to_string(),
                Value::Int(value) => value.to_string(),
                Value::Number(value) => value.to_string(),
                Value::Str(value) => value.to_string(),
                Value::Strs(values) => values.join(", "),
            };
            writeln!(page, "| {} | `{name}` | {default} | {} |", rule.id, option.about).unwrap();
        }
    }
    agree("docs/rules.md", &page);
}

#[test]
fn facts_page() {
    let mut page = String::from(
        "# Facts\n\nWhat a rule's condition can read. Made from the tables in `src/facts/`; `llmlint facts FILE` prints every fact of a file's units. A fact is known, absent (the files do not say it) or unknown (it can't be told, with the reason); logic over unknowns is three-valued.\n",
    );
    for kind in [
        UnitKind::Prompt,
        UnitKind::Embedding,
        UnitKind::Deployment,
        UnitKind::Training,
    ] {
        let name = kind.name();
        let article = if name.starts_with('e') { "an" } else { "a" };
        writeln!(
            page,
            "\n## Of {article} {name}\n\n| fact | type | unit | what |\n| --- | --- | --- | --- |"
        )
        .unwrap();
        for (name, ty, unit, about) in kind.facts() {
            let ty = format!("{ty:?}").to_lowercase();
            writeln!(page, "| `{name}` | {ty} | {unit} | {about} |").unwrap();
        }
    }
    agree("docs/facts.md", &page);
}

#[test]
fn formats_page() {
    let mut page = String::from(
        "# Formats and outputs\n\nMade from the tables in `src/formats/` and `src/reporters/`.\n\n| format | what |\n| --- | --- |\n",
    );
    for format in FORMATS {
        writeln!(page, "| {} | {} |", format.name, format.about).unwrap();
    }
    page.push_str("\n| output | what |\n| --- | --- |\n");
    for reporter in REPORTERS {
        writeln!(page, "| `--format {}` | {} |", reporter.name, reporter.about).unwrap();
    }
    agree("docs/formats.md", &page);
}

/// The program's output with fixed arguments, from the project's root.
fn output(arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_llmlint"))
        .args(arguments)
        .current_dir(root())
        .env("COLUMNS", "100")
        .output()
        .expect("the binary runs");
    String::from_utf8(run.stdout).expect("output is UTF-8")
}

#[test]
fn schemas() {
    for of in ["config", "report", "cost", "rule", "usage", "trend"] {
        agree(&format!("docs/{of}.schema.json"), &output(&["schema", of]));
    }
}

/// README's picture is what the program prints, between two comments.
#[test]
fn readme_picture() {
    let whole = output(&[
        "check",
        "fixtures/repos/shop",
        "--as-of",
        "2026-11-24",
        "--color",
        "never",
    ]);
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("README.md");
    let (start, end) = ("<!-- picture -->\n", "<!-- /picture -->");
    let (before, rest) = readme.split_once(start).expect("the picture's first comment");
    let (_, after) = rest.split_once(end).expect("the picture's second comment");
    // A finding about a call in Python, one about a prompt file, each with an amount, and the summary.
    let summary = whole
        .rfind(" findings in ")
        .map_or(0, |at| whole[..at].rfind('\n').map_or(0, |line| line + 1));
    let of_file = whole.find("oversized-model").expect("the shop has one");
    let in_code = whole.find("shop/api/reply.py:").expect("the shop has a call in code");
    let named = whole[..in_code]
        .rfind("missing-be-concise")
        .expect("its answer has no limit");
    let findings = [named, of_file].map(|start| finding_at(&whole, start).trim_end());
    let [in_code, of_file] = findings;
    let picture = format!("```text\n{in_code}\n…\n\n{of_file}\n…\n\n{}```\n", &whole[summary..]);
    agree("README.md", &format!("{before}{start}{picture}{end}{after}"));
}

/// The finding that starts at a byte: up to the line in front of the next rule's name.
fn finding_at(whole: &str, start: usize) -> &str {
    let names: Vec<String> = rules::embedded()
        .expect("the pages load")
        .into_iter()
        .map(|rule| rule.id)
        .collect();
    let mut at = start;
    for (number, line) in whole[start..].split_inclusive('\n').enumerate() {
        let ends = names.iter().any(|name| line.trim_end() == name) || line.contains(" findings in ");
        if number > 0 && ends {
            break;
        }
        at += line.len();
    }
    &whole[start..at]
}
