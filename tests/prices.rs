//! Price lists end to end: looked into, compared, taken, kept from changing unseen, and old ones told.

mod program;

use program::repository::git;
use program::{Ran, Tree};

const HEAD: &str = r#"{"prices":"a test","as_of":"2026-11-20","rows":2}"#;
const CHEAP: &str = r#"{"id":"gpt-5","provider":"openai","prices":[{"usd":{"input_tokens":"1","output_tokens":"2"}}]}"#;
const ALIAS: &str = r#"{"id":"gpt-5-house","provider":"openai","of":"gpt-5"}"#;
const PROMPT: &str =
    "model: gpt-5\nmessages:\n  - {role: system, content: Classify the letter. Answer with one word.}\n";

fn list(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn fails(ran: &Ran, words: &str) {
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(words), "`{words}` is not in: {}", ran.err);
}

#[test]
fn all_that_is_known_of_a_model_is_shown() {
    let tree = Tree::new();
    let ran = tree.run(&["catalog", "show", "azure/gpt-5", "--as-of", "2026-11-28"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // platform.openai.com/docs/pricing: $1.25 and $10, half of it in a batch.
    for words in [
        "genai-prices 0.2.3, 2026-11-10",
        "input_tokens                    $1.25 per 1,000,000",
        "context           400,000 tokens",
        "tokenizer         o200k_base",
        "family            gpt-5",
    ] {
        assert!(ran.out.contains(words), "`{words}` is not in: {}", ran.out);
    }
    let batch = tree.run(&["catalog", "show", "gpt-5"]).out;
    assert!(
        batch.contains("processing: batch from 2026-10-14\n  input_tokens                    $0.625 per 1,000,000")
    );
    let open = tree.run(&["catalog", "show", "meta-llama/Llama-3.1-8B-Instruct"]);
    assert!(open.out.contains("32 layers"), "{}{}", open.out, open.err);
    fails(
        &tree.run(&["catalog", "show", "gpt-5-nano-super"]),
        "nearest: gpt-5-nano",
    );
    fails(
        &tree.run(&["catalog", "show", "llama-3.3-70b-versatile"]),
        "is sold by groq",
    );
}

#[test]
fn a_request_is_priced_and_a_similar_name_is_not() {
    let requests = concat!(
        r#"{"model":"gpt-5","at":"2026-11-20","usage":{"input_tokens":1000000,"cache_read_tokens":400000,"output_tokens":100000}}"#,
        "\n",
        r#"{"model":"gpt-5-nano-super","usage":{"input_tokens":1}}"#,
        "\n",
    );
    let ran = Tree::new()
        .with("r.jsonl", requests)
        .run(&["catalog", "price", "r.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    // 600,000 × $1.25 + 400,000 × $0.125 + 100,000 × $10, by the million: $0.80 + $1.
    assert!(
        lines[0].contains(r#""input_usd":"0.8","output_usd":"1","usd":"1.8""#),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains("the price list has no `gpt-5-nano-super`"),
        "{}",
        lines[1]
    );
    let bad = Tree::new()
        .with("r.jsonl", "{\"model\":\"gpt-5\"}\n")
        .run(&["catalog", "price", "r.jsonl"]);
    fails(&bad, "r.jsonl:1: missing field `usage`");
}

#[test]
fn what_differs_between_lists_is_told() {
    let dear = CHEAP.replace(
        r#""input_tokens":"1""#,
        r#""input_tokens":{"base":"3","above":[[200000,"6"]]}"#,
    );
    let tree = Tree::new()
        .with("old.jsonl", list(&[HEAD, CHEAP, ALIAS]))
        .with("new.jsonl", list(&[HEAD, &dear, &CHEAP.replace("gpt-5", "gpt-9")]));
    let ran = tree.run(&["catalog", "diff", "old.jsonl", "new.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = "a test of 2026-11-20 → a test of 2026-11-20\n\
                ~ openai gpt-5: input_tokens $1 → $3, $6 above 200000\n\
                + openai gpt-9: input_tokens $1, output_tokens $2\n";
    assert_eq!(ran.out, told);
}

#[test]
fn a_newer_list_is_kept_beside_the_config_and_counts() {
    let tree = Tree::new()
        .with("llmlint.yaml", "prompts: [{files: \"**\", output_tokens: 1}]\n")
        .with("a.yaml", PROMPT)
        .with("new.jsonl", list(&[HEAD, CHEAP, ALIAS]));
    let ran = tree.run(&["catalog", "update", "--from", "new.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("→ a test of 2026-11-20") && ran.out.contains("llmlint.prices.jsonl"),
        "{}",
        ran.out
    );
    let report = tree.check(&["--format", "json", "--as-of", "2026-11-28"]).out;
    assert!(report.contains("gpt-5 of 2026-11-20: a test"), "{report}");
    fails(
        &tree.run(&["catalog", "update", "--from", "new.jsonl"]),
        "is not newer than the list in force",
    );
    fails(
        &tree.with("llmlint.prices.jsonl", HEAD).check(&[]),
        "it was cut off or changed by hand",
    );
}

#[test]
fn a_list_that_cannot_be_true_is_not_taken() {
    let negative = CHEAP.replace(r#""1""#, r#""-1""#);
    for (text, words) in [
        (list(&[HEAD, CHEAP]), "holds 1 lines where its head says 2"),
        (list(&[HEAD, CHEAP, ALIAS])[..150].to_owned(), "it was cut off"),
        (list(&[HEAD, &negative, ALIAS]), "line 2: a price of -1 is below zero"),
        (
            list(&[HEAD, CHEAP, CHEAP]),
            "line 3: `gpt-5` of openai stands there twice",
        ),
        (list(&[HEAD, ALIAS, CHEAP]), "is out of order"),
        (
            list(&[&HEAD.replace("2026-11-20", "2026-12-24"), CHEAP, ALIAS]),
            "is in the future",
        ),
        (
            list(&[&HEAD.replace("2026-11-20", "2026-01-24"), CHEAP, ALIAS]),
            "is not newer",
        ),
        ("prices: [1, 2]\n".to_owned(), "line 1 is no head of a price list"),
        (String::new(), "line 1 is no head of a price list"),
    ] {
        let tree = Tree::new().with("new.jsonl", &text);
        let ran = tree.run(&["catalog", "update", "--from", "new.jsonl", "--as-of", "2026-11-28"]);
        fails(&ran, words);
        assert!(!tree.path("llmlint.prices.jsonl").exists(), "{words}");
    }
}

/// A price that can't be read is not to be taken for one that nobody knows: a budget would hold nothing any more.
#[test]
fn a_damaged_list_in_force_is_told_before_anything_is_judged() {
    for (price, words) in [
        (r#""-1""#, "line 2: a price of -1 is below zero"),
        (r#""NaN""#, "line 2: a price is an amount of USD in quotes"),
        ("1.25", "line 2: a price is an amount of USD in quotes"),
        (r#""1e999""#, "line 2: a price is an amount of USD in quotes"),
        (r#""1000000""#, "cannot be"),
    ] {
        let tree = Tree::new().with("a.yaml", PROMPT).with(
            "llmlint.prices.jsonl",
            list(&[HEAD, &CHEAP.replace(r#""1""#, price), ALIAS]),
        );
        let tree = tree.with("llmlint.yaml", "prompts: [{files: \"**\", output_tokens: 1}]\n");
        for command in [&["check", "."][..], &["cost", "."], &["catalog", "show", "gpt-5"]] {
            let ran = tree.run(command);
            fails(&ran, words);
            fails(&ran, "`llmlint catalog update --from FILE` takes a good one");
        }
    }
    // A list in force may be newer than the day that a run judges by, and older than 60 days: that is said.
    let tree = Tree::new()
        .with("llmlint.yaml", "prompts: [{files: \"**\", output_tokens: 1}]\n")
        .with("a.yaml", PROMPT)
        .with("llmlint.prices.jsonl", list(&[HEAD, CHEAP, ALIAS]));
    for (day, told) in [("2026-11-01", false), ("2027-01-19", false), ("2027-01-20", true)] {
        let ran = tree.check(&["--as-of", day]);
        assert_eq!(
            ran.out.contains("`llmlint catalog update` takes"),
            told,
            "{day}: {}",
            ran.out
        );
    }
}

#[test]
fn a_change_cannot_bring_its_own_prices_unseen() {
    let tree = Tree::new()
        .with("llmlint.yaml", "prompts: [{files: \"**\", output_tokens: 1}]\n")
        .with("a.yaml", PROMPT)
        .with(
            "llmlint.prices.jsonl",
            list(&[HEAD, &CHEAP.replace(r#""1""#, r#""7""#), ALIAS]),
        );
    let root = tree.path("");
    git(&root, &["init", "-q"]);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "base"]);
    let tree = tree.with("llmlint.prices.jsonl", list(&[HEAD, CHEAP, ALIAS]));
    let ran = tree.check(&["--base", "main", "--as-of", "2026-11-28", "--format", "json"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("gate-settings-changed") && ran.out.contains("llmlint.prices.jsonl"),
        "{}",
        ran.out
    );
    // The base's price, not the change's.
    assert!(ran.out.contains("\"low\": \"7\""), "{}", ran.out);
}

#[test]
fn an_old_list_says_so_in_one_line() {
    let tree = Tree::new().with("a.yaml", PROMPT);
    let told = |day: &str| {
        tree.check(&["--as-of", day])
            .out
            .matches("`llmlint catalog update` takes")
            .count()
    };
    // 60 days after 2026-11-10 is 2027-01-09.
    assert_eq!([told("2027-01-09"), told("2027-01-10")], [0, 1]);
    let report = tree.check(&["--as-of", "2027-01-10", "--format", "json"]).out;
    let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
    assert_eq!(report["price_list"]["age_days"], 61);
    assert_eq!(report["price_list"]["as_of"], "2026-11-10");
}

#[test]
fn a_model_without_a_price_fails_where_that_is_asked() {
    let prompt = PROMPT.replace("gpt-5", "gpt-5-nano-super");
    let tree = Tree::new().with("a.yaml", &prompt);
    assert!(!tree.check(&[]).out.contains("unpriced-model"));
    let ran = tree.check(&["--fail-on-unpriced"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("what `gpt-5-nano-super` costs is not known"),
        "{}",
        ran.out
    );
    assert!(
        !Tree::new()
            .with("a.yaml", PROMPT)
            .check(&["--fail-on-unpriced"])
            .out
            .contains("unpriced-model")
    );
}

#[test]
fn what_a_provider_lets_off_is_taken_from_every_price() {
    let config = "discounts: [{provider: openai, percent_off: 20, committed_usd_per_month: 5000}]\n\
                  prompts: [{files: \"**\", output_tokens: 100, calls_per_month: 1000000}]\n\
                  currency: {code: EUR, per_usd: 0.5, as_of: 2026-11-20, source: ECB reference rate}\n";
    let tree = Tree::new().with("llmlint.yaml", config).with("a.yaml", PROMPT);
    let ran = tree.check(&["--as-of", "2026-11-28"]);
    // gpt-5 is $10 per million tokens of output: 100 × 10^6 × $8 / 10^6 = $800, €400.
    for words in [
        "output: $800.00 (400.00 EUR) per month over 1 unit",
        "committed: $5,000.00 per month to openai, of which 1 prompt with a stated volume use $8",
        "1 USD is 0.5 EUR: ECB reference rate, 2026-11-20 (llmlint.yaml).",
    ] {
        assert!(ran.out.contains(words), "`{words}` is not in: {}", ran.out);
    }
    for format in ["text", "markdown"] {
        let costs = tree.run(&["cost", "--as-of", "2026-11-28", "--format", format]).out;
        let costs = costs
            .replace("&#40;", "(")
            .replace("&#41;", ")")
            .replace("&#36;", "$")
            .replace("&#58;", ":");
        for words in [
            " EUR) a month: calls",
            "1 USD is 0.5 EUR: ECB reference rate, 2026-11-20",
            "committed: $5,000.00 per month to openai",
        ] {
            assert!(costs.contains(words), "{format}: `{words}` is not in: {costs}");
        }
    }
    let report = tree.check(&["--as-of", "2026-11-28", "--format", "json"]).out;
    assert!(report.contains("20% off, discounts in llmlint.yaml"), "{report}");
    let shown = tree.run(&["catalog", "show", "gpt-5", "--as-of", "2026-11-28"]).out;
    assert!(
        shown.contains("discount          20% (llmlint.yaml)") && shown.contains("input $1, output $8 per"),
        "{shown}"
    );
    // Another provider of the same model lets nothing off.
    let azure = tree
        .run(&["catalog", "show", "azure/gpt-5", "--as-of", "2026-11-28"])
        .out;
    assert!(azure.contains("input $1.25, output $10 per"), "{azure}");
    for (config, words) in [
        (
            "discounts: [{provider: opanai, percent_off: 20}]\n",
            "`opanai` is no provider of the price list",
        ),
        (
            "hourly_rates: [{gpu: H1000, spot: 1}]\n",
            "`H1000` is no one GPU of the catalog",
        ),
        (
            "hourly_rates: [{instance: p9.huge, spot: 1}]\n",
            "`p9.huge` is no instance type of the catalog",
        ),
        ("prices: nowhere.jsonl\n", "nowhere.jsonl: there is no such file"),
    ] {
        fails(&Tree::new().with("llmlint.yaml", config).check(&[]), words);
    }
}

#[test]
fn rates_an_hour_count_as_the_machines_are_bought() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: m}\nspec:\n  replicas: 2\n  template:\n    spec:\n      \
                    nodeSelector: {node.kubernetes.io/instance-type: p5.48xlarge}\n      containers:\n        - name: vllm\n          \
                    image: vllm/vllm-openai:v0.11.0\n          args: [--model, meta-llama/Llama-3.1-8B-Instruct]\n          \
                    resources: {limits: {nvidia.com/gpu: 2}}\n";
    let hour = |config: &str, manifest: &str| {
        let tree = Tree::new().with("llmlint.yaml", config).with("m.yaml", manifest);
        let ran = tree.check(&["--as-of", "2026-11-28"]);
        let line = ran
            .out
            .lines()
            .find(|line| line.contains("GPUs:"))
            .map(|line| line.trim().to_owned());
        line.unwrap_or_else(|| panic!("{}{}", ran.out, ran.err))
    };
    let rates = "hourly_rates:\n  - {instance: p5.48xlarge, on_demand: 40, spot: 16}\n  - {gpu: L4, on_demand: 0.7, reserved: 0.4}\n";
    // 2 copies of 2 GPUs of 8: 40 / 8 × 4 = $20, 16 / 8 × 4 = $8.
    assert!(
        hour(rates, manifest).contains("$20.00 per hour over 1 unit"),
        "{}",
        hour(rates, manifest)
    );
    let spot = format!("{rates}deployments: [{{files: \"**\", purchase: spot}}]\n");
    assert!(
        hour(&spot, manifest).contains("$8.00 per hour over 1 unit"),
        "{}",
        hour(&spot, manifest)
    );
    // Of the instance no reserved rate is stated, and the catalog has none.
    let reserved = format!("{rates}deployments: [{{files: \"**\", purchase: reserved}}]\n");
    let tree = Tree::new().with("llmlint.yaml", &reserved).with("m.yaml", manifest);
    let report = tree.check(&["--format", "json"]).out;
    assert!(
        report.contains("the catalog has no price for `p5.48xlarge`, reserved"),
        "{report}"
    );
    let labelled = manifest.replace(
        "node.kubernetes.io/instance-type: p5.48xlarge",
        "nvidia.com/gpu.product: NVIDIA-L4",
    );
    assert!(
        hour(&reserved, &labelled).contains("$1.60 per hour over 1 unit"),
        "{}",
        hour(&reserved, &labelled)
    );
}
