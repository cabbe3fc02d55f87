//! The main job on a small application: the built binary over `fixtures/repos/shop`. What it prints is kept in
//! `tests/snapshots/`; `UPDATE_SNAPSHOTS=1 cargo test --test shop` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use llmlint::report::{Report, Severity};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `llmlint check` over the shop on a fixed day, from the repository's root.
fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_llmlint"))
        .args(["check", "fixtures/repos/shop", "--as-of", "2026-11-24"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the built binary runs")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("output is UTF-8")
}

fn report() -> Report {
    let output = check(&["--format", "json"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("the JSON report is a report")
}

fn agrees_with_snapshot(name: &str, found: &str) {
    let file = root().join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::create_dir_all(file.parent().expect("it has a folder")).expect("the folder can be made");
        fs::write(&file, found).expect("the snapshot can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).position(|(a, b)| a != b);
    assert!(
        found == expected,
        "tests/snapshots/{name} differs from line {}: read the difference, then UPDATE_SNAPSHOTS=1 cargo test --test shop",
        differs.unwrap_or_else(|| found.lines().count().min(expected.lines().count())) + 1
    );
}

#[test]
fn at_least_seven_rules_show_a_saving() {
    let report = report();
    let rules: BTreeSet<&str> = report
        .findings
        .iter()
        .filter(|finding| {
            let amount = finding.saving.as_ref().and_then(|saving| saving.amount.as_ref());
            amount.is_some_and(|amount| !amount.high.is_zero())
        })
        .map(|finding| finding.rule.as_str())
        .collect();
    assert!(rules.len() >= 7, "savings of {rules:?} alone");
    assert!(report.findings.iter().any(|f| f.severity == Severity::Error));
}

/// Files of other tools, and prompts and manifests that are as they should be.
#[test]
fn what_is_well_made_or_not_ours_stays_silent() {
    let report = report();
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.path.as_str()).collect();
    for silent in [
        ".github/workflows/ci.yml",
        "api/openapi.yaml",
        "compose.yaml",
        "data/tone-finetune.jsonl",
        "deploy/ingress.yaml",
        "deploy/nginx.conf.j2",
        "package.json",
        "prompts/README.md",
        "prompts/search-query.txt",
        "requests/alt-texts.jsonl",
    ] {
        let path = format!("fixtures/repos/shop/{silent}");
        assert!(root().join(&path).is_file(), "{silent} is gone");
        assert!(!found.contains(path.as_str()), "{silent}: a finding");
    }
}

/// A prompt file and the request that names it are one unit, and the finding stands where its text does.
#[test]
fn a_prompt_and_its_request_are_one_unit() {
    let report = report();
    let named: Vec<&str> = report
        .units
        .iter()
        .map(|unit| unit.name.as_str())
        .filter(|name| name.contains("assistant"))
        .collect();
    assert_eq!(named, ["fixtures/repos/shop/requests/assistant.json"]);
    let finding = report
        .findings
        .iter()
        .find(|f| f.path.ends_with("prompts/assistant.md"));
    let finding = finding.expect("a finding in the prompt's text");
    assert_eq!(finding.rule, "missing-be-concise");
    assert_eq!(finding.unit.as_deref(), Some(named[0]));
}

#[test]
fn an_independent_script_works_out_the_same_figures() {
    let mut python = Command::new("python3");
    if python.arg("--version").output().is_err() {
        eprintln!("skipped: python3 is not installed, and tests/recompute.py needs it");
        return;
    }
    let file = tempfile::NamedTempFile::new().expect("a scratch file");
    let output = check(&["--format", "json"]);
    fs::write(file.path(), &output.stdout).expect("the report can be written");
    let checked = recompute(file.path());
    assert!(checked.status.success(), "{}", stdout(&checked));

    // A script that agrees with anything would prove nothing: a figure off by its last digit is a disagreement.
    let text = stdout(&output);
    let figure = report().findings.iter().find_map(|finding| {
        let amount = finding.saving.as_ref()?.amount.as_ref()?;
        (amount.low != amount.high).then_some(amount.high)
    });
    let right = format!("\"high\": \"{}\"", figure.expect("a saving"));
    let wrong = right.strip_suffix('"').expect("it is quoted").to_owned() + "1\"";
    assert!(text.contains(&right), "{right} is not in the report");
    fs::write(file.path(), text.replace(&right, &wrong)).expect("the report can be written");
    assert_eq!(recompute(file.path()).status.code(), Some(1), "{wrong} was agreed to");
}

fn recompute(report: &Path) -> Output {
    let script: PathBuf = root().join("tests/recompute.py");
    Command::new("python3")
        .arg(script)
        .arg(report)
        .output()
        .expect("python3 runs")
}

#[test]
fn compact_output_is_as_kept() {
    agrees_with_snapshot("shop.compact.txt", stdout(&check(&["--format", "compact"])));
}

#[test]
fn human_output_is_as_kept() {
    agrees_with_snapshot("shop.human.txt", stdout(&check(&["--color", "never"])));
}

#[test]
fn output_is_the_same_with_any_number_of_threads() {
    let one = check(&["--format", "json", "--threads", "1"]);
    let four = check(&["--format", "json", "--threads", "4"]);
    assert_eq!(stdout(&one), stdout(&four));
}
