//! The gate: a change beside its base, budgets, baselines, suppressions; in repositories made for it.

mod program;

use std::process::{Command, Stdio};

use llmlint::report::change::{Change, LimitOutcome};
use llmlint::report::{FindingStatus, Report, Severity};
use program::{Ran, Tree};

const PROMPT: &str = "Summarize the ticket for the support team.\n";
const CLEAN: &str = "Summarize the ticket in one sentence: {{ ticket }}\n";
const CONFIG: &str =
    "prompts:\n  - files: 'prompts/**'\n    model: gpt-6-luna\n    calls_per_month: 100000\n    output_tokens: 50\n";

fn git(tree: &Tree, arguments: &[&str]) {
    let done = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.invalid",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(["-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(tree.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("git runs");
    assert!(
        done.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A repository whose first commit holds `files`.
fn repository(files: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree = tree.with(path, text);
    }
    git(&tree, &["init", "-q"]);
    git(&tree, &["add", "-A"]);
    git(&tree, &["commit", "-qm", "base", "--allow-empty"]);
    tree
}

fn check(tree: &Tree, arguments: &[&str]) -> Ran {
    tree.check(&[&["--base", "main", "--as-of", "2026-11-28"], arguments].concat())
}

fn report(tree: &Tree, arguments: &[&str]) -> Report {
    let ran = check(tree, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

#[test]
fn nothing_changed_is_one_quiet_line() {
    let tree = repository(&[("prompts/a.md", PROMPT), ("llmlint.yaml", CONFIG)]);
    let ran = check(&tree, &["--new-only"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.starts_with("Nothing changed against main ("), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    // What was there before fails the run all the same, and is counted.
    let ran = check(&tree, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    assert!(ran.err.contains("findings that were there before"), "{}", ran.err);
    // `--verbose` shows it.
    let ran = check(&tree, &["--verbose"]);
    assert!(ran.out.contains("missing-be-concise"), "{}", ran.out);
}

#[test]
fn a_longer_prompt_is_told_with_its_money() {
    let tree = repository(&[
        ("prompts/a.md", CLEAN),
        ("prompts/b.md", PROMPT),
        ("llmlint.yaml", CONFIG),
    ]);
    let tree = tree.with(
        "prompts/a.md",
        format!("{CLEAN}Name the product, the version and the customer's plan.\n"),
    );
    let report = report(&tree, &[]);
    let comparison = report.comparison.expect("it was compared");
    assert_eq!(comparison.unchanged, 1);
    let [unit] = comparison.units.as_slice() else {
        panic!("{:?}", comparison.units)
    };
    assert_eq!((unit.change, unit.name.as_str()), (Change::Changed, "prompts/a.md"));
    let grown = unit.tokens.as_ref().expect("counted").least - unit.tokens_before.as_ref().expect("counted").least;
    // In o200k_base: Name| the| product|,| the| version| and| the| customer's| plan|.⏎
    assert_eq!(grown, 11);
    let input = unit
        .costs
        .iter()
        .find(|cost| cost.of == "prompt.cost.input")
        .expect("a price is known");
    let added = input.growth();
    assert_eq!(added.low, added.high);
    let price = report.units[0].costs[0]
        .amount
        .as_ref()
        .expect("known")
        .inputs
        .iter()
        .find(|i| i.name == "input_price")
        .expect("a price")
        .high;
    // tokens * USD per million * calls / 1,000,000
    assert_eq!(
        added.high,
        (price * rust_decimal::Decimal::from(11 * 100_000) / rust_decimal::Decimal::from(1_000_000)).normalize()
    );
    assert_eq!(comparison.new_findings, 0);
    assert_eq!(comparison.unchanged_findings, 1, "the finding on b.md was there");
}

#[test]
fn units_are_followed_through_renames() {
    let tree = repository(&[
        ("prompts/a.md", PROMPT),
        (
            "prompts/gone.md",
            "Translate the sign into French: {{ sign }} In one line.\n",
        ),
    ]);
    git(&tree, &["mv", "prompts/a.md", "prompts/support-summary.md"]);
    git(&tree, &["rm", "-q", "prompts/gone.md"]);
    let report = report(&tree, &[]);
    let comparison = report.comparison.expect("it was compared");
    let told: Vec<(Change, &str, Option<&str>)> = comparison
        .units
        .iter()
        .map(|unit| (unit.change, unit.name.as_str(), unit.was.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (Change::Gone, "prompts/gone.md", None),
            (Change::Moved, "prompts/support-summary.md", Some("prompts/a.md"))
        ]
    );
    assert_eq!(report.findings[0].status, Some(FindingStatus::Unchanged));
    assert_eq!(check(&tree, &["--new-only"]).code, Some(0), "nothing is new");
    assert_eq!(check(&tree, &[]).code, Some(1));
}

#[test]
fn a_change_cannot_lift_its_own_limit() {
    let budget = "budgets:\n  - name: all\n    max_input_tokens: 20\n";
    let base = [
        ("prompts/a.md", CLEAN),
        ("llmlint.yaml", budget),
        ("llmlint-baseline.json", "{\"findings\": []}"),
    ];
    let long = format!("{CLEAN}{}", "Name the product and the plan of the customer. ".repeat(5));
    let prompt = |tree: Tree| tree.with("prompts/a.md", &long);
    let try_with = |path: &str, text: &str| {
        let tree = prompt(repository(&base)).with(path, text);
        check(&tree, &[])
    };
    let ran = check(&prompt(repository(&base)), &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("broken: all max_input_tokens"), "{}", ran.out);
    for (path, text) in [
        ("llmlint.yaml", "budgets:\n  - name: all\n    max_input_tokens: 2000\n"),
        ("llmlint.yaml", ""),
        ("llmlint.yaml", "exclude: ['prompts/**']\n"),
        ("prompts/llmlint.yaml", "prompt_files: [none]\n"),
        (".gitignore", "prompts/\n"),
        (".ignore", "prompts/\n"),
        (
            ".gitattributes",
            "prompts/** -diff -text export-ignore linguist-generated\n",
        ),
        (
            "llmlint-baseline.json",
            "{\"findings\": [{\"path\": \"x\", \"rule\": \"x\", \"fingerprint\": \"x\"}]}",
        ),
    ] {
        let ran = try_with(path, text);
        assert_eq!(ran.code, Some(1), "{path}: {}", ran.out);
        assert!(ran.out.contains("max_input_tokens"), "{path}: {}", ran.out);
    }
    let tree = prompt(repository(&base)).with("llmlint.yaml", "budgets:\n  - name: all\n    max_input_tokens: 2000\n");
    let ran = check(&tree, &[]);
    assert!(
        ran.out.contains("gate-settings-changed") && ran.out.contains("(budgets)"),
        "{}",
        ran.out
    );
    let ran = check(&tree, &["--allow-config-change"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("which was allowed"), "{}", ran.out);
}

#[test]
fn the_first_settings_lift_nothing_and_do_not_fail() {
    let config = "rules: {missing-be-concise: off}\n";
    let workflow = ".github/workflows/llmlint.yml";
    let told = |tree: &Tree, arguments: &[&str]| -> Vec<(String, Severity)> {
        let found = report(tree, arguments).findings.into_iter();
        let found = found.filter(|finding| finding.rule == "gate-settings-changed");
        found.map(|finding| (finding.path, finding.severity)).collect()
    };
    let first = |path: &str| (path.to_owned(), Severity::Info);
    let tree = repository(&[("prompts/a.md", CLEAN)])
        .with("llmlint.yaml", config)
        .with("llmlint-baseline.json", "{\"findings\": []}")
        .with("team/llmlint.yml", "fail_on: error\n")
        .with(workflow, "on: pull_request\n");
    let ran = check(&tree, &[]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("adds the first settings, llmlint.yaml (rules)"),
        "{}",
        ran.out
    );
    let all = [workflow, "llmlint-baseline.json", "llmlint.yaml", "team/llmlint.yml"];
    assert_eq!(told(&tree, &["--new-only"]), all.map(first));
    // The defaults judge: what the new settings turn off is told.
    let tree = tree.with("prompts/b.md", PROMPT);
    let ran = check(&tree, &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("missing-be-concise"), "{}", ran.out);
    assert_eq!(check(&tree, &["--allow-config-change"]).code, Some(0));

    // A base with a workflow alone has no settings; with any file of settings it has.
    let tree = repository(&[("prompts/a.md", CLEAN), (workflow, "on: pull_request\n")]).with("llmlint.yaml", config);
    assert_eq!(told(&tree, &[]), [first("llmlint.yaml")]);
    let tree = tree.with(workflow, "on: push\n");
    assert_eq!(
        told(&tree, &[]),
        [(workflow.to_owned(), Severity::Error), first("llmlint.yaml")]
    );
    for (there, text, added) in [
        ("llmlint.yaml", config, "team/llmlint.yaml"),
        ("llmlint.yaml", config, workflow),
        ("team/llmlint.yaml", config, "llmlint.yaml"),
        ("llmlint-baseline.json", "{\"findings\": []}", "llmlint.yaml"),
        ("llmlint.usage.json", &usage(1), "llmlint.yaml"),
    ] {
        let tree = repository(&[("prompts/a.md", CLEAN), (there, text)]).with(added, "fail_on: error\n");
        assert_eq!(told(&tree, &[]), [(added.to_owned(), Severity::Error)], "{there}");
        assert_eq!(check(&tree, &[]).code, Some(1), "{there}");
    }
    // Nor is the move of a config its first.
    let tree = repository(&[("prompts/a.md", CLEAN), ("llmlint.yaml", config)]);
    git(&tree, &["mv", "llmlint.yaml", ".llmlint.yaml"]);
    assert!(
        told(&tree, &[])
            .iter()
            .all(|(_, severity)| *severity == Severity::Error)
    );
    #[cfg(unix)]
    {
        // A link in the base is a setting too.
        let tree = Tree::new().with("prompts/a.md", CLEAN).with("settings.yaml", config);
        std::os::unix::fs::symlink("settings.yaml", tree.path("llmlint.yaml")).expect("a link");
        git(&tree, &["init", "-q"]);
        git(&tree, &["add", "-A"]);
        git(&tree, &["commit", "-qm", "base"]);
        std::fs::remove_file(tree.path("llmlint.yaml")).expect("it is there");
        let tree = tree.with("llmlint.yaml", "fail_on: error\n");
        assert_eq!(told(&tree, &[]), [("llmlint.yaml".to_owned(), Severity::Error)]);
    }
}

#[test]
fn a_submodule_is_not_read_and_that_is_said() {
    let other = repository(&[("prompts/b.md", PROMPT)]);
    let url = format!("file://{}", other.path("").display());
    let tree = repository(&[("prompts/a.md", CLEAN), ("prompts/late/c.md", CLEAN)]);
    git(&tree, &["submodule", "--quiet", "add", &url, "shared"]);
    let ran = check(&tree, &["--verbose"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("shared") && ran.out.contains("another repository, such as a submodule"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("missing-be-concise"), "{}", ran.out);
    // From then on it is said without a change of it; a folder that becomes one is gone.
    git(&tree, &["commit", "-qam", "a submodule"]);
    git(&tree, &["rm", "-qr", "prompts/late"]);
    git(&tree, &["submodule", "--quiet", "add", &url, "prompts/late"]);
    let ran = check(&tree, &["--verbose"]);
    assert!(
        ran.out.matches(": another repository, such as a submodule").count() == 2,
        "{}",
        ran.out
    );
    assert!(ran.out.contains("prompts/late/c.md"), "{}", ran.out);
    let report = report(&tree, &[]);
    let gone: Vec<(Change, String)> = report
        .comparison
        .expect("it was compared")
        .units
        .into_iter()
        .map(|unit| (unit.change, unit.name))
        .collect();
    assert_eq!(gone, [(Change::Gone, "prompts/late/c.md".to_owned())]);
    // Staged, it is no file either.
    assert_eq!(tree.check(&["--staged"]).code, Some(0));
    // Without a base it is the same: one line tells of both, and what is named is read.
    let ran = tree.check(&["."]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out
            .contains("2 folders are repositories of their own, such as submodules, which are not read: check them there (prompts/late, shared)"),
        "{}",
        ran.out
    );
    let ran = tree.check(&["shared"]);
    assert!(
        ran.code == Some(1) && ran.out.contains("missing-be-concise"),
        "{}",
        ran.out
    );
    // Where nothing around it is a repository, each one below is read.
    let folder = Tree::new();
    git(&folder, &["clone", "-q", &url, "one"]);
    let ran = folder.check(&["."]);
    assert!(
        ran.code == Some(1) && ran.out.contains("one/prompts/b.md"),
        "{}",
        ran.out
    );
}

#[test]
fn a_prompt_cannot_hide_by_what_its_file_becomes() {
    let base = [("prompts/a.md", CLEAN)];
    let tree = repository(&base).with("prompts/a.md", [b"Summarize \0".as_slice(), CLEAN.as_bytes()].concat());
    assert_eq!(check(&tree, &[]).code, Some(1), "binary");
    let tree = repository(&base).with("prompts/a.md", [0xff, 0xfe, 0x41, 0x00]);
    assert_eq!(check(&tree, &[]).code, Some(1), "UTF-16");
    let tree = repository(&base).with("prompts/a.md", "a ".repeat(6_000_000));
    assert_eq!(check(&tree, &[]).code, Some(1), "too large");
    #[cfg(unix)]
    {
        let tree = repository(&base).with("elsewhere.bin", PROMPT);
        std::fs::remove_file(tree.path("prompts/a.md")).expect("it is there");
        std::os::unix::fs::symlink("../elsewhere.bin", tree.path("prompts/a.md")).expect("a link");
        let ran = check(&tree, &[]);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(ran.out.contains("symbolic link"), "{}", ran.out);
    }
}

#[test]
fn new_suppressions_are_listed() {
    let tree = repository(&[("prompts/a.j2", PROMPT)]);
    let tree = tree.with(
        "prompts/a.j2",
        format!("{{# llmlint: ignore-file[missing-be-concise] the team reads it all #}}\n{PROMPT}"),
    );
    let ran = check(&tree, &[]);
    assert!(
        ran.out
            .contains("newly not reported: missing-be-concise at prompts/a.j2:1 (the team reads it all)"),
        "{}",
        ran.out
    );
}

#[test]
fn a_base_that_can_t_be_had_is_told_with_what_to_fetch() {
    let tree = repository(&[("prompts/a.md", CLEAN)]);
    let complains = |tree: &Tree, base: &str, words: &str| {
        let ran = tree.check(&["--base", base]);
        assert_eq!(ran.code, Some(2), "{base}: {}", ran.out);
        assert!(ran.err.contains(words), "{base}: {}", ran.err);
    };
    complains(&tree, "origin/main", "git fetch origin");
    complains(&tree, "--output=/tmp/x", "");
    git(&tree, &["checkout", "-q", "--orphan", "other"]);
    git(&tree, &["commit", "-qm", "other"]);
    complains(&tree, "main", "unrelated");
    complains(&Tree::new().with("prompts/a.md", CLEAN), "main", "git");

    let origin = repository(&[("prompts/a.md", CLEAN)]);
    git(&origin, &["commit", "-qm", "second", "--allow-empty"]);
    git(&origin, &["checkout", "-qb", "topic"]);
    let clone = Tree::new();
    let url = format!("file://{}", origin.path("").display());
    git(&clone, &["clone", "-q", "--depth", "1", "--branch", "topic", &url, "."]);
    complains(&clone, "origin/main", "shallow");
    git(&clone, &["checkout", "-q", "--detach"]);
    let ran = clone.check(&["--base", "HEAD", "prompts"]);
    assert_eq!(ran.code, Some(0), "a detached head is fine: {}", ran.err);

    let bare = Tree::new();
    let url = format!("file://{}", origin.path("").display());
    git(&bare, &["clone", "-q", "--bare", &url, "."]);
    complains(&bare, "main", "bare repository");
    let ran = bare.check(&["--staged"]);
    assert!(
        ran.code == Some(2) && ran.err.contains("--staged: this is a bare repository"),
        "{}",
        ran.err
    );
}

#[test]
fn budgets_say_what_broke_them_and_what_would_mend_it() {
    let budget = format!(
        "{CONFIG}budgets:\n  - name: support\n    files: 'prompts/**'\n    max_usd_per_month: 0.5\n  - name: soft\n    tag: none\n    level: soft\n    max_input_tokens: 1\n"
    );
    let tree = Tree::new().with("prompts/a.md", PROMPT).with("llmlint.yaml", &budget);
    let ran = tree.check(&["--format", "json", "--fail-on", "error"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let report: Report = serde_json::from_str(&ran.out).expect("a report");
    let gate = report.gate.expect("there are budgets");
    assert!(!gate.passed);
    let limit = &gate.limits[0];
    assert_eq!(
        (limit.outcome, limit.causes[0].name.as_str()),
        (LimitOutcome::Broken, "prompts/a.md")
    );
    assert_eq!(limit.savers[0].name, "missing-be-concise");
    assert_eq!(gate.limits[1].outcome, LimitOutcome::Unknown, "no prompt has the tag");
    for (wrong, words) in [
        ("budgets:\n  - files: 'a'\n", "limits nothing"),
        ("budgets:\n  - max_usd_per_month: -1\n", "below zero"),
        (
            "budgets:\n  - max_usd_per_month: 1\n  - max_usd_per_month: 2\n",
            "the same thing",
        ),
    ] {
        let ran = Tree::new().with("llmlint.yaml", wrong).check(&[]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(words), "{}", ran.err);
    }
}

#[test]
fn a_baseline_accepts_what_is_there_until_its_day() {
    let tree = Tree::new().with("prompts/a.md", PROMPT);
    let ran = tree.check(&["--write-baseline", "--as-of", "2026-11-28"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert_eq!(tree.check(&[]).code, Some(0));
    // Lines may move, and the file may.
    let moved = std::fs::read_to_string(tree.path("llmlint-baseline.json")).expect("it was written");
    let tree = Tree::new()
        .with("prompts/b.md", format!("\n\n{PROMPT}"))
        .with("llmlint-baseline.json", &moved);
    assert_eq!(tree.check(&[]).code, Some(0));
    // A finding that comes on top fails.
    let tree = tree.with("prompts/c.md", "Explain the outage to the customer.\n");
    assert_eq!(tree.check(&[]).code, Some(1));
    let expired = moved.replace("\"fingerprint\"", "\"expires\": \"2026-11-01\", \"fingerprint\"");
    let tree = Tree::new()
        .with("prompts/a.md", PROMPT)
        .with("llmlint-baseline.json", expired);
    let ran = tree.check(&["--as-of", "2026-11-28"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("expired"), "{}", ran.err);
    let tree = Tree::new()
        .with("prompts/a.md", CLEAN)
        .with("llmlint-baseline.json", &moved);
    assert!(tree.check(&[]).err.contains("no longer occur"));
    let tree = Tree::new().with("llmlint-baseline.json", "{");
    assert_eq!(
        tree.check(&[]).code,
        Some(2),
        "a baseline that is broken accepts nothing"
    );
}

#[test]
fn two_reports_make_a_diff() {
    let tree = Tree::new().with("prompts/a.md", CLEAN);
    assert_eq!(
        tree.check(&["--output", "json=old.json", "--output", "compact=-"]).code,
        Some(0)
    );
    let tree = tree.with("prompts/a.md", PROMPT);
    tree.check(&["--output", "json=new.json"]);
    let run = |arguments: &[&str]| {
        let child = tree.command().args(arguments).spawn().expect("the program starts");
        program::finish(child)
    };
    let ran = run(&["diff", "old.json", "new.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("1 changed") && ran.out.contains("1 new"),
        "{}",
        ran.out
    );
    assert_eq!(run(&["diff", "old.json", "prompts/a.md"]).code, Some(2));
}

#[test]
fn what_is_staged_is_judged_as_it_is_staged() {
    let tree = repository(&[
        ("prompts/a.md", CLEAN),
        ("prompts/old.md", PROMPT),
        ("prompts/parts/tone.j2", CLEAN),
    ]);
    let staged = |tree: &Tree| tree.check(&["--staged", "--format", "compact"]);
    assert_eq!(
        staged(&tree).code,
        Some(0),
        "nothing is staged, so the old finding is not told"
    );
    let tree = tree.with("prompts/a.md", PROMPT);
    assert_eq!(staged(&tree).code, Some(0), "the work tree is not what is committed");
    git(&tree, &["add", "prompts/a.md"]);
    let tree = tree.with("prompts/a.md", CLEAN);
    let ran = staged(&tree);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.out.lines().all(|line| line.starts_with("prompts/a.md:")),
        "{}",
        ran.out
    );
    git(&tree, &["rm", "-qf", "--cached", "prompts/a.md"]);
    assert_eq!(staged(&tree).code, Some(0), "a file that goes is no finding");
    let empty = Tree::new().with("prompts/a.md", PROMPT);
    git(&empty, &["init", "-q"]);
    git(&empty, &["add", "-A"]);
    assert_eq!(staged(&empty).code, Some(1), "the first commit has no parent");
}

/// Loads a text that no walk opens.
const LOADS: &str = "from pathlib import Path\nfrom openai import OpenAI\n\nOpenAI().chat.completions.create(\n    model=\"gpt-4o\",\n    messages=[{\"role\": \"user\", \"content\": Path(\"text/ask.txt\").read_text()}],\n)\n";

#[test]
fn a_text_that_code_loads_is_judged_as_it_is_staged_and_compared_with_the_base() {
    let tree = repository(&[("one.py", LOADS), ("text/ask.txt", CLEAN)]);
    let staged = |tree: &Tree| tree.check(&["--staged", "--format", "compact"]);
    let new = |tree: &Tree| tree.check(&["--base", "HEAD", "--new-only", "--format", "compact"]);
    let tree = tree.with("text/ask.txt", PROMPT);
    assert!(!staged(&tree).out.contains("missing-be-concise"), "it is not staged");
    let ran = new(&tree);
    assert!(ran.out.contains("missing-be-concise"), "{} {}", ran.out, ran.err);
    git(&tree, &["add", "-A"]);
    let tree = tree.with("text/ask.txt", CLEAN);
    let ran = staged(&tree);
    assert!(ran.out.contains("missing-be-concise"), "{} {}", ran.out, ran.err);
    let tree = tree.with("text/ask.txt", PROMPT);
    git(
        &tree,
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "commit",
            "-qm",
            "x",
        ],
    );
    assert_eq!(new(&tree).out, "", "it was so before");
}

/// A usage file with so many calls of prompts/a.md in 30 days.
fn usage(calls: u64) -> String {
    format!(
        r#"{{"schema_version": 1, "llmlint": "0.1.0", "sources": [{{"format": "table", "files": ["x.csv"], "days": 30, "rows": 1, "bad_rows": 0}}],
"units": [{{"unit": "prompts/a.md", "fingerprint": "0", "source": "table", "matched_by": "prompt name", "calls": {calls}}}],
"unmatched": []}}"#
    )
}

#[test]
fn measured_volumes_are_the_bases_and_a_change_of_them_is_shown() {
    let budget = "prompts: [{files: 'prompts/**', model: gpt-6-luna, output_tokens: 500}]\n\
                  budgets: [{max_usd_per_month: 100}]\ndays_per_month: 30\n";
    let tree = repository(&[
        ("prompts/a.md", CLEAN),
        ("llmlint.yaml", budget),
        ("llmlint.usage.json", &usage(1_000_000)),
    ]);
    // 1,000,000 answers of 500 tokens at $0.50 a million are $250 at the least.
    let tree = tree
        .with("llmlint.usage.json", usage(1))
        .with("prompts/a.md", format!("{CLEAN}Be kind.\n"));
    let report = report(&tree, &[]);
    let first = &report.findings[0];
    assert_eq!(
        (first.rule.as_str(), first.path.as_str()),
        ("gate-settings-changed", "llmlint.usage.json")
    );
    assert!(first.message.contains("units"), "{}", first.message);
    let gate = report.gate.expect("a budget");
    assert_eq!(gate.limits[0].outcome, LimitOutcome::Broken);
    let calls = |report: &Report| {
        let figure = report.units[0].costs[1].amount.clone().expect("an output cost");
        let input = figure.inputs.into_iter().find(|input| input.name == "calls");
        input.expect("calls").high.to_string()
    };
    let base = check(&tree, &["--format", "json"]);
    assert_eq!(calls(&serde_json::from_str(&base.out).expect("a report")), "1000000");
    let allowed = check(&tree, &["--format", "json", "--allow-config-change"]);
    assert_eq!(calls(&serde_json::from_str(&allowed.out).expect("a report")), "1");
}

#[test]
fn a_prompt_that_lacks_an_included_file_is_not_said_to_be_within_its_budget() {
    let outcome = |limit: u64| {
        let tree = repository(&[
            (
                "prompts/a.j2",
                "Answer the question in one sentence: {{ q }}\n{% include 'gone.j2' %}\n",
            ),
            (
                "llmlint.yaml",
                &format!("budgets:\n  - {{name: all, max_input_tokens: {limit}}}\n"),
            ),
        ]);
        report(&tree, &[]).gate.expect("a budget").limits[0].outcome
    };
    assert_eq!(outcome(1000), LimitOutcome::Unknown);
    // What is there is too long already.
    assert_eq!(outcome(2), LimitOutcome::Broken);
}
