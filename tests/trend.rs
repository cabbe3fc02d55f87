//! `llmlint snapshot` and `llmlint trend`, the built program end to end. Amounts were worked out by hand.

mod program;

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use llmlint::report::trend::Snapshot;
use program::repository::git;
use program::{Ran, Tree};
use rust_decimal::Decimal;

/// $2 and $10 a million tokens, 10,000 calls with 40 to 90 tokens of answer: $4 to $9 a month for output.
const CONFIG: &str = "models:\n  - {id: test-model, input: 2, output: 10, as_of: 2026-11-01}\nprompts:\n  - {files: '**', \
                      calls_per_month: 10000, output_tokens: {low: 40, high: 90}}\ndeployments:\n  - {files: '**', gpu: \
                      L4, gpu_hour_usd: 0.80}\n";
const REQUEST: &str =
    r#"{"model": "test-model", "max_tokens": 100, "messages": [{"role": "user", "content": "Name a lake."}]}"#;
const COMPOSE: &str = "services:\n  llm:\n    image: vllm/vllm-openai:v0.11.0\n    command: --model Qwen/Qwen3-4B\n    \
                       deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}\n";

fn shop() -> Tree {
    Tree::new()
        .with("llmlint.yaml", CONFIG)
        .with("requests/lake.json", REQUEST)
}

fn snapshot(tree: &Tree, day: &str) -> Ran {
    let ran = tree.run(&["snapshot", "--as-of", day]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran
}

fn rows(tree: &Tree) -> Vec<Snapshot> {
    let text = fs::read_to_string(tree.path("llmlint.trend.jsonl")).expect("the file of rows");
    text.lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// A row with $`low` to $`high` of output a month, and prices of `prices_of`.
fn made(day: &str, low: &str, high: &str, prices_of: &str) -> String {
    format!(
        r#"{{"schema_version":1,"day":"{day}","commit":"0123456789abcdef","llmlint":"0.1.0","price_list":"list","prices_of":"{prices_of}","prompts":3,"deployments":1,"prompt_tokens":1200,"prompt_tokens_exact":true,"usd_per_month":{{"output":{{"low":"{low}","high":"{high}"}}}},"without_volume":1,"not_known":2,"findings":{{"error":0,"warning":4,"info":1}}}}"#
    )
}

#[test]
fn a_row_holds_what_the_tree_comes_to() {
    let tree = shop().with("compose.yaml", COMPOSE);
    let ran = snapshot(&tree, "2026-11-28");
    assert!(
        ran.out.contains("added to") && ran.out.contains("1 prompts, 1 deployments"),
        "{}",
        ran.out
    );
    let [row] = &rows(&tree)[..] else { panic!("one row") };
    assert_eq!((row.day.as_str(), &row.commit), ("2026-11-28", &None));
    assert_eq!(
        (row.prompts, row.deployments, row.without_volume, row.not_known),
        (1, 1, 0, 0)
    );
    let output = row.usd_per_month.output.expect("a volume is stated");
    assert_eq!((output.low, output.high), (decimal("4"), decimal("9")));
    // 0.80 × 730 hours.
    let gpus = row.usd_per_month.gpus.expect("a rate is stated");
    assert_eq!(
        (gpus.low, gpus.high, gpus.at_least),
        (decimal("584"), decimal("584"), false)
    );
    // $2 a million × 10,000 calls: 2 cents a token.
    let input = row.usd_per_month.input.expect("a volume is stated");
    assert_eq!(input.low, Decimal::from(row.prompt_tokens) * decimal("0.02"));
    // What `check` says of the same tree.
    let report: serde_json::Value =
        serde_json::from_str(&tree.check(&["--as-of", "2026-11-28", "--format", "json"]).out).expect("a report");
    let found = |severity: &str| {
        let findings = report["findings"].as_array().expect("findings").iter();
        findings.filter(|finding| finding["severity"] == severity).count() as u64
    };
    let all = (row.findings.error, row.findings.warning, row.findings.info);
    assert_eq!(all, (found("error"), found("warning"), found("info")));
    assert!(all.0 + all.1 + all.2 > 0);
    assert_eq!(report["price_list"]["as_of"], row.prices_of.as_str());
    // The rows are no input of ours.
    assert_eq!(report["totals"]["prompts"], 1);
}

#[test]
fn what_is_not_known_is_in_no_amount() {
    let tree = Tree::new()
        .with("a.json", REQUEST)
        .with("b.json", REQUEST.replace("test-model", "gpt-4o").as_str());
    snapshot(&tree, "2026-11-28");
    let [row] = &rows(&tree)[..] else { panic!("one row") };
    assert_eq!((row.without_volume, row.not_known), (1, 1));
    assert_eq!(row.usd_per_month.together(), None);
    let ran = tree.run(&["trend", "--svg", "trend.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let svg = fs::read_to_string(tree.path("trend.svg")).expect("a picture");
    assert!(svg.contains("No row has a known amount."), "{svg}");
}

#[test]
fn a_second_row_of_a_day_and_commit_takes_the_place_of_the_first() {
    let tree = shop();
    let root = tree.path("");
    git(&root, &["init", "-q"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "one"]);
    snapshot(&tree, "2026-11-27");
    snapshot(&tree, "2026-11-28");
    // The file of rows alone is no change of the tree.
    assert!(rows(&tree).iter().all(|row| row.commit.is_some() && !row.uncommitted));
    fs::write(tree.path("requests/sea.json"), REQUEST).expect("a file");
    let ran = snapshot(&tree, "2026-11-27");
    assert!(ran.out.contains("replaced in"), "{}", ran.out);
    let kept = rows(&tree);
    let told: Vec<_> = kept
        .iter()
        .map(|row| (row.day.as_str(), row.prompts, row.uncommitted))
        .collect();
    assert_eq!(told, [("2026-11-27", 2, true), ("2026-11-28", 1, false)]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "two"]);
    snapshot(&tree, "2026-11-28");
    assert_eq!(rows(&tree).len(), 3);
    let ran = tree.run(&["trend"]);
    assert!(ran.out.contains("+ Files differed from that commit."), "{}", ran.out);
}

#[test]
fn changes_are_told_and_those_beside_other_prices_marked() {
    let text = [
        made("2026-11-15", "12", "20", "2026-11-10"),
        made("2026-11-01", "10", "20", "2026-10-01"),
        made("2026-11-08", "9", "21.5", "2026-10-01"),
    ]
    .join("\n");
    let tree = Tree::new().with("rows.jsonl", text);
    let ran = tree.run(&["trend", "rows.jsonl", "--svg", "trend.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let changes: Vec<_> = ran.out.lines().skip(1).take(3).collect();
    assert!(
        changes[0].starts_with("2026-11-01") && changes[0].ends_with("  -"),
        "{}",
        ran.out
    );
    assert!(
        changes[1].ends_with("$9.00 to $21.50  low -$1.00, high +$1.50"),
        "{}",
        ran.out
    );
    assert!(
        changes[2].ends_with("$12.00 to $20.00  low +$3.00, high -$1.50 *"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("* 2026-11-15: list of 2026-11-10"), "{}", ran.out);
    let svg = fs::read_to_string(tree.path("trend.svg")).expect("a picture");
    assert!(
        svg.contains("other prices") && svg.contains("2026-11-01") && svg.contains(">$25</text>"),
        "{svg}"
    );
    // Two rows are joined, the third stands alone.
    let lines: Vec<_> = svg.lines().filter(|line| line.contains("<polyline")).collect();
    assert!(
        lines.iter().all(|line| line.matches(',').count() == 2) && lines.len() == 2,
        "{svg}"
    );
}

#[test]
fn damaged_rows_are_named_and_the_rest_is_used() {
    let good = made("2026-11-01", "10", "20", "2026-10-01");
    let bad = [
        "<<<<<<< HEAD".to_owned(),
        good.replace("2026-11-01", "2026-02-30"),
        good.replace("\"low\":\"10\"", "\"low\":\"-1\""),
        good.replace("\"low\":\"10\"", "\"low\":\"30\""),
        good.replace("\"schema_version\":1", "\"schema_version\":9"),
        good.replace("0123456789abcdef", "; rm -rf"),
        "[".repeat(100_000),
    ];
    let text = format!("{good}\n\n{}\n", bad.join("\n"));
    let tree = shop().with("llmlint.trend.jsonl", &text);
    let ran = tree.run(&["trend"]);
    assert_eq!(
        (ran.code, ran.out.matches("2026-11-01").count()),
        (Some(0), 2),
        "{}",
        ran.out
    );
    for line in 3..10 {
        assert!(
            ran.err.contains(&format!("llmlint.trend.jsonl:{line}: no row")),
            "{line}: {}",
            ran.err
        );
    }
    assert!(ran.err.len() < 3_000, "{}", ran.err);
    // A new row takes nothing away.
    snapshot(&tree, "2026-11-28");
    let kept = fs::read_to_string(tree.path("llmlint.trend.jsonl")).expect("the file");
    assert!(
        kept.contains("<<<<<<< HEAD") && kept.contains(&bad[1]),
        "{}",
        &kept[..400]
    );

    for (text, words) in [("", "holds no row"), ("{}", "holds no row")] {
        let tree = Tree::new().with("llmlint.trend.jsonl", text);
        let ran = tree.run(&["trend"]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let ran = Tree::new().run(&["trend"]);
    assert!(
        ran.code == Some(2) && ran.err.contains("`llmlint snapshot` makes it"),
        "{}",
        ran.err
    );
}

#[test]
fn words_of_a_row_forge_neither_terminal_nor_picture() {
    let evil = r#"\u001b[2J\u202e</title><script>alert(1)</script>\" onload=\"x\n2026-11-02 forged\ufffe"#;
    let row = made("2026-11-01", "10", "20", "2026-10-01");
    let other = row
        .replace("2026-11-01", "2026-11-02")
        .replace("\"list\"", &format!("\"{evil}\""))
        .replace("2026-10-01", evil);
    let tree = Tree::new().with("rows.jsonl", format!("{row}\n{other}\n{{\"\u{1b}[2J\u{202e}\n"));
    let ran = tree.run(&["trend", "rows.jsonl", "--svg", "trend.svg"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let svg = fs::read_to_string(tree.path("trend.svg")).expect("a picture");
    for text in [&ran.out, &ran.err, &svg] {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(
            !text.lines().any(|line| line.starts_with("2026-11-02 forged")),
            "{text}"
        );
    }
    assert!(!svg.contains("<script") && !svg.contains("onload=\""), "{svg}");
    assert!(!svg.contains('\u{fffe}') && svg.contains("&lt;script"), "{svg}");
}

#[test]
fn time_grows_with_the_number_of_rows_alone() {
    let of = |count: usize| {
        let mut text = String::new();
        for at in 0..count {
            // Each with prices of its own, which is the most that there is to draw.
            let row = made("2026-11-01", "10", "20", &at.to_string());
            let row = row.replace("0123456789abcdef", &format!("{at:016x}"));
            writeln!(text, "{row}").expect("text");
        }
        let tree = Tree::new().with("rows.jsonl", text);
        let start = Instant::now();
        let ran = tree.run(&["trend", "rows.jsonl", "--svg", "trend.svg"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        start.elapsed()
    };
    let (small, large) = (of(2_000), of(20_000));
    // Ten times the rows; what is quadratic would take a hundred times as long.
    assert!(large < small * 40 + Duration::from_secs(2), "{small:?} {large:?}");
}
