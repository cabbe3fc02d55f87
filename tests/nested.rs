//! Several llmlint.yaml in one tree: the nearest governs a file, budgets add up.

mod program;

use llmlint::report::Report;
use llmlint::report::change::LimitOutcome;
use program::{Tree, repository::git};

const PROMPT: &str = "Summarize the ticket for the support team.\n";
const CLEAN: &str = "Summarize the ticket in one sentence: {{ ticket }}\n";
/// Prices that no other test's are, so that a sum tells whose was taken.
const COMPANY: &str = "models: [{id: m-1, input: 1, output: 1, as_of: 2026-11-01}]\nprompts: [{files: '**', model: m-1, calls_per_month: 1000000, output_tokens: 10}]\nbudgets: [{name: company, max_usd_per_month: 25}]\n";
const TEAM: &str = "models: [{id: m-1, input: 1, output: 2, as_of: 2026-11-01}]\nprompts: [{files: 'prompts/*', output_tokens: 20}]\nbudgets: [{name: team, max_usd_per_month: 1000}]\n";

fn tree() -> Tree {
    let tree = Tree::new()
        .with("llmlint.yaml", COMPANY)
        .with("prompts/a.md", CLEAN)
        .with("team/llmlint.yaml", TEAM)
        .with("team/prompts/b.md", CLEAN)
        .with("teammate/prompts/c.md", CLEAN);
    git(&tree.path(""), &["init", "-q"]);
    tree
}

fn report(tree: &Tree, arguments: &[&str]) -> Report {
    let ran = tree.check(&[&["--format", "json", "--as-of", "2026-11-28"], arguments].concat());
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

/// USD a month of a prompt's answers.
fn output(report: &Report, path: &str) -> Option<String> {
    let unit = report.units.iter().find(|unit| unit.from_root == path)?;
    let cost = unit.costs.iter().find(|cost| cost.fact == "prompt.cost.output")?;
    let figure = cost.amount.as_ref()?;
    Some(format!("{} per {}", figure.high.normalize(), figure.per))
}

#[test]
fn the_nearest_config_governs_and_those_above_fill_in() {
    let made = report(&tree(), &[]);
    // A million calls with 10 tokens at $1 per million, and with 20 tokens at the team's $2.
    assert_eq!(output(&made, "prompts/a.md").as_deref(), Some("10 per month"));
    assert_eq!(output(&made, "teammate/prompts/c.md").as_deref(), Some("10 per month"));
    assert_eq!(output(&made, "team/prompts/b.md").as_deref(), Some("40 per month"));
    let gate = made.gate.expect("there are budgets");
    let told: Vec<(&str, LimitOutcome)> = gate.limits.iter().map(|l| (l.budget.as_str(), l.outcome)).collect();
    // 10 + 10 + 40 and the input's share are beyond the company's 25.
    assert_eq!(
        told,
        [("company", LimitOutcome::Broken), ("team", LimitOutcome::Within)]
    );
}

#[test]
fn a_file_is_judged_alike_wherever_the_run_starts() {
    let tree = tree();
    let whole = report(&tree, &[]);
    for path in [
        &["team"][..],
        &["team/prompts/b.md"],
        &["prompts/a.md", "team/prompts/b.md"],
    ] {
        let part = report(&tree, path);
        assert_eq!(
            output(&part, "team/prompts/b.md"),
            output(&whole, "team/prompts/b.md"),
            "{path:?}"
        );
    }
}

#[test]
fn a_workflow_of_the_same_name_is_no_config() {
    let workflow = "on: pull_request\njobs: {}\n";
    let tree = tree().with(".github/workflows/llmlint.yml", workflow);
    for arguments in [&["."][..], &[".github/workflows"]] {
        let ran = tree.check(arguments);
        assert!(ran.code.is_some_and(|code| code < 2), "{arguments:?}: {}", ran.err);
    }
    let root = tree.path("");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "base"]);
    assert!(tree.check(&["--base", "HEAD"]).code.is_some_and(|code| code < 2));
}

#[test]
fn root_ends_the_search_but_not_budgets_and_exclusions() {
    let tree = tree().with("team/llmlint.yaml", format!("root: true\n{TEAM}"));
    let made = report(&tree, &[]);
    assert_eq!(
        output(&made, "team/prompts/b.md"),
        None,
        "no volume and no model is stated there"
    );
    assert_eq!(made.gate.expect("budgets").limits.len(), 2);
    let part = report(&tree, &["team"]);
    assert_eq!(output(&part, "team/prompts/b.md"), None);
    let tree = tree.with("llmlint.yaml", format!("exclude: [team]\n{COMPANY}"));
    let made = report(&tree, &[]);
    assert!(made.units.iter().all(|unit| !unit.from_root.starts_with("team/")));
    assert_eq!(
        made.gate.expect("budgets").limits.len(),
        1,
        "a config in a folder that is left out is not found"
    );
}

#[test]
fn rules_and_suppressions_are_the_team_s_own() {
    let off = "rules: {missing-be-concise: off}\n";
    let tree = Tree::new()
        .with("a/prompts/a.md", PROMPT)
        .with("b/llmlint.yaml", off)
        .with("b/prompts/b.md", PROMPT)
        .with("b/c/llmlint.yaml", "rules: {missing-be-concise: error}\n")
        .with("b/c/prompts/c.md", PROMPT)
        .with(
            "d/llmlint.yaml",
            "ignore: [{files: '*', rules: [missing-be-concise]}]\n",
        )
        .with("d/prompts/d.md", PROMPT)
        .with(
            "e/llmlint.yaml",
            "prompt_files: ['letters/*.txt']\nexclude: [letters/old.txt]\n",
        )
        .with("e/prompts/e.md", PROMPT)
        .with("e/letters/e.txt", PROMPT)
        .with("e/letters/old.txt", PROMPT);
    let ran = tree.check(&["--format", "compact"]);
    let found: Vec<&str> = ran.out.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(
        found,
        ["a/prompts/a.md", "b/c/prompts/c.md", "e/letters/e.txt"],
        "{}",
        ran.err
    );
    assert!(ran.out.contains("b/c/prompts/c.md:1:1: error["), "{}", ran.out);
    // A mistake in any of them is told with its place.
    let ran = tree
        .with("d/llmlint.yaml", "rules: {missing-be-concice: off}\n")
        .check(&[]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("d/llmlint.yaml:1:9: ") && ran.err.contains("did you mean"),
        "{}",
        ran.err
    );
}

#[test]
fn a_team_s_rules_samples_and_baseline_are_seen_from_its_folder() {
    let page = "---\nunit: prompt\nseverity: warning\ncategory: output-cost\nwhen: prompt.tokens > 0\nat: prompt.instructions\nmessage: ours\nhelp: ours\n---\n# ours\n\nOurs.\n\n```yaml bad path=a.prompt.md\nSay it.\n```\n";
    let tree = Tree::new()
        .with("prompts/a.md", CLEAN)
        .with(
            "t/llmlint.yaml",
            "rule_folders: [rules]\nprompts: [{files: '**', variables: {ticket: {file: prompts/like.md}}}]\n",
        )
        .with("t/rules/team-rule.md", page)
        .with("t/prompts/like.md", "Say it in one line.\n")
        .with("t/prompts/b.md", CLEAN);
    git(&tree.path(""), &["init", "-q"]);
    let made = report(&tree, &[]);
    let found: Vec<(&str, &str)> = made
        .findings
        .iter()
        .map(|f| (f.path.as_str(), f.rule.as_str()))
        .collect();
    // Without the sample, the first one's tokens would not be known, and the rule could not be judged.
    assert_eq!(
        found,
        [("t/prompts/b.md", "team-rule"), ("t/prompts/like.md", "team-rule")]
    );
    // What is accepted in the team's folder is accepted from the root.
    let tree = Tree::new()
        .with("t/llmlint.yaml", "fail_on: warning\n")
        .with("t/prompts/b.md", PROMPT);
    git(&tree.path(""), &["init", "-q"]);
    assert_eq!(tree.check(&["t", "--write-baseline"]).code, Some(0));
    assert!(tree.path("t/llmlint-baseline.json").is_file());
    assert_eq!(tree.check(&[]).code, Some(0));
}

#[test]
fn with_a_base_all_configs_are_the_base_s() {
    let tree = tree();
    let root = tree.path("");
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "base"]);
    git(&root, &["branch", "-M", "main"]);
    git(&root, &["checkout", "-qb", "topic"]);
    let base = |tree: &Tree| report(tree, &["--base", "main"]);
    let told = |report: &Report| -> Vec<String> {
        let gate = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "gate-settings-changed");
        gate.map(|finding| finding.path.clone()).collect()
    };
    // Edited, removed, added: the base's stay in force, and each is shown.
    let tree = tree.with(
        "team/llmlint.yaml",
        TEAM.replace("1000}", "9000}").replace("tokens: 20", "tokens: 1"),
    );
    let made = base(&tree);
    assert_eq!(output(&made, "team/prompts/b.md").as_deref(), Some("40 per month"));
    assert_eq!(told(&made), ["team/llmlint.yaml"]);
    std::fs::remove_file(tree.path("team/llmlint.yaml")).expect("it is there");
    let made = base(&tree);
    assert_eq!(output(&made, "team/prompts/b.md").as_deref(), Some("40 per month"));
    assert_eq!(told(&made), ["team/llmlint.yaml"]);
    let tree = tree.with("team/prompts/llmlint.yaml", "root: true\nexclude: ['**']\n");
    let made = base(&tree);
    assert_eq!(output(&made, "team/prompts/b.md").as_deref(), Some("40 per month"));
    assert_eq!(told(&made), ["team/llmlint.yaml", "team/prompts/llmlint.yaml"]);
    let allowed = report(&tree, &["--base", "main", "--allow-config-change"]);
    // The new one must be tracked to count, as in CI.
    git(&tree.path(""), &["add", "-A"]);
    let tracked = report(&tree, &["--base", "main", "--allow-config-change"]);
    assert_eq!(
        output(&allowed, "team/prompts/b.md"),
        output(&tracked, "team/prompts/b.md")
    );
    assert!(
        tracked.units.iter().all(|unit| unit.from_root != "team/prompts/b.md"),
        "it is left out now"
    );
}
