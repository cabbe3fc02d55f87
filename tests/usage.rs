//! Exports of usage: what is read of each format, and the way from a file to volumes, the built program end to end. Sums
//! were added up by hand from the files in fixtures/usage.

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use llmlint::config::UsageFile;
use llmlint::report::costs::Costs;
use llmlint::usage::{Imported, Key, Sums, read};
use program::{Ran, Tree, finish};
use rust_decimal::Decimal;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/usage").join(name)
}

fn imported(name: &str) -> Imported {
    let file = fs::File::open(fixture(name)).expect("a fixture");
    read(file, None).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// Model, prompt, tags: calls, input, cached, written, output, USD. `-` is what the rows do not tell.
fn lines(imported: &Imported) -> Vec<String> {
    let told = |told: bool, count: u64| if told { count.to_string() } else { "-".to_owned() };
    let line = |(key, sums): (Key, Sums)| {
        format!(
            "{}|{}|{}: {} {} {} {} {} {}",
            key.model,
            key.prompt,
            key.tags.join(","),
            told(sums.rows_without_calls == 0, sums.calls),
            told(sums.rows_without_tokens == 0, sums.input),
            sums.cached,
            sums.cache_write,
            sums.output,
            if sums.rows_with_usd == 0 {
                "-".to_owned()
            } else {
                sums.usd.normalize().to_string()
            },
        )
    };
    imported.book.groups().into_iter().map(line).collect()
}

/// A file, its format, its first and last day, rows that are left out, and its groups.
type Case = (&'static str, &'static str, &'static str, u64, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "openai-usage.csv",
        "openai-usage",
        "2026-10-01 2026-10-02",
        1,
        &["gpt-6-luna-2026-05-01||proj_support: 200 80000 20000 0 10000 -"],
    ),
    (
        "openai-usage.json",
        "openai-usage",
        "2026-10-01 2026-10-01",
        0,
        &[
            "gpt-6-luna||: 5 1000 800 0 500 -",
            "gpt-6.1-sol||proj_lab: 1 70 0 0 30 -",
        ],
    ),
    (
        "openai-costs.csv",
        "openai-costs",
        "2026-10-01 2026-10-01",
        1,
        &["gpt-6-luna-2026-05-01||proj_support: - - 0 0 0 1"],
    ),
    (
        "openai-costs.json",
        "openai-costs",
        "2026-10-01 2026-10-01",
        0,
        &["||: - - 0 0 0 0.000012", "gpt-6-luna||: - - 0 0 0 0.06"],
    ),
    (
        "anthropic-usage.csv",
        "anthropic-usage",
        "2026-10-01 2026-10-02",
        0,
        &["claude-sonnet-5-5||Default,triage: - 160000 7000 3000 7000 -"],
    ),
    (
        "anthropic-usage.json",
        "anthropic-usage",
        "2026-10-01 2026-10-01",
        0,
        &["claude-sonnet-5-5||wrkspc_1: - 3200 200 1500 500 -"],
    ),
    (
        "anthropic-cost.csv",
        "anthropic-cost",
        "2026-10-01 2026-10-01",
        0,
        &["Claude Sonnet 5.5||Default,triage: - - 0 0 0 0.375"],
    ),
    (
        "azure-gateway.csv",
        "azure-gateway",
        "2026-10-01 2026-10-02",
        1,
        &["gpt-6-luna||support-gpt: 2 400 0 0 100 -"],
    ),
    (
        "azure-openai.jsonl",
        "azure-openai",
        "2026-10-01 2026-10-01",
        2,
        &["gpt-6-luna-2026-05-01||support-gpt: 1 - 0 0 0 -"],
    ),
    (
        "bedrock.jsonl",
        "bedrock",
        "2026-10-01 2026-10-01",
        1,
        &["us.anthropic.claude-sonnet-5-5-v1:0|triage|support: 1 1045 1000 10 446 -"],
    ),
    (
        "aws-cost.csv",
        "aws-cost",
        "2026-10-01 2026-10-01",
        3,
        &["Claude3Sonnet||: - 1500500 0 0 200000 7.5015"],
    ),
    (
        "vertex.jsonl",
        "vertex",
        "2026-10-01 2026-10-01",
        1,
        &["gemini-2.5-flash||faq: - 1000000 0 0 100000 0.55"],
    ),
    (
        "litellm.json",
        "litellm",
        "2026-10-01 2026-10-01",
        2,
        &["openai/gpt-6-luna||User-Agent: app,support: 1 200 128 0 50 0.000105"],
    ),
    (
        "litellm.csv",
        "litellm",
        "2026-10-01 2026-10-01",
        0,
        &["gpt-6-luna||support: 1 200 64 0 50 0.000105"],
    ),
    (
        "langfuse.jsonl",
        "langfuse",
        "2026-10-01 2026-10-02",
        1,
        &["gpt-6-luna|faq|support: 2 300 128 0 75 0.00015"],
    ),
    (
        "langfuse.csv",
        "langfuse",
        "2026-10-01 2026-10-01",
        0,
        &["gpt-6-luna|faq|support: 1 200 128 0 50 0.0001"],
    ),
    (
        "helicone.jsonl",
        "helicone",
        "2026-10-01 2026-10-01",
        1,
        &["gpt-6-luna-2026-05-01|faq|desk: 1 200 128 0 50 0.000105"],
    ),
    (
        "otel.jsonl",
        "otel",
        "2026-10-01 2026-10-01",
        2,
        &["gpt-6-luna|faq|desk: 1 811 640 0 92 -"],
    ),
    (
        "responses.jsonl",
        "responses",
        "2026-10-01 2026-10-02",
        0,
        &[
            "||: 1 7 0 0 3 -",
            "claude-sonnet-5-5||: 1 1045 1000 10 446 -",
            "gpt-6-luna||: 2 240 128 0 58 -",
            "gpt-6-luna|faq|: 1 100 0 0 20 -",
        ],
    ),
    (
        "table.csv",
        "table",
        "2026-10-01 2026-10-31",
        0,
        &[
            "gpt-6-luna|faq|support: 1500 375000 150000 0 90000 0.2175",
            "gpt-6.1-sol||: 20 9000 0 0 4000 -",
        ],
    ),
];

#[test]
fn each_format_is_known_and_added_up() {
    for (name, format, days, left_out, groups) in CASES {
        let read = imported(name);
        assert_eq!(read.format.name, *format, "{name}");
        assert_eq!(lines(&read), *groups, "{name}");
        let day = |day: Option<_>| day.map_or_else(String::new, |day: llmlint::catalog::Date| day.to_string());
        assert_eq!(
            format!("{} {}", day(read.book.first), day(read.book.last)),
            *days,
            "{name}"
        );
        assert_eq!(
            read.book.left_out.values().sum::<u64>(),
            *left_out,
            "{name}: {:?}",
            read.book.left_out
        );
        assert_eq!(read.book.errors, [], "{name}");
    }
}

#[test]
fn each_format_has_a_fixture_and_each_fixture_a_case() {
    for format in llmlint::usage::FORMATS {
        assert!(CASES.iter().any(|case| case.1 == format.name), "{}", format.name);
    }
    for entry in fs::read_dir(fixture("")).expect("the folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(name == "README.md" || CASES.iter().any(|case| case.0 == name), "{name}");
    }
}

const HEAD: &str = "model,prompt,day,calls,input_tokens,output_tokens,usd\n";

fn table(rows: &str) -> Imported {
    read(format!("{HEAD}{rows}").as_bytes(), None).expect("a table")
}

#[test]
fn one_bad_line_in_a_million_is_named_and_the_rest_is_used() {
    let mut text = HEAD.to_owned();
    for at in 0..1_000_000_u32 {
        text.push_str(if at == 765_432 {
            "m,p,2026-10-01,1,ten,1,\n"
        } else {
            "m,p,2026-10-01,1,10,1,0.5\n"
        });
    }
    let read = read(text.as_bytes(), None).expect("a table");
    assert_eq!((read.book.rows, read.book.bad), (999_999, 1));
    // The header is line 1.
    let expected = (765_434, "`input_tokens` is `ten`: no whole number".to_owned());
    assert_eq!(read.book.errors, [expected]);
    assert_eq!(lines(&read), ["m|p|: 999999 9999990 0 0 999999 499999.5"]);
}

#[test]
fn hostile_rows_cost_one_row_each() {
    let good = "m,p,2026-10-01,1,10,1,0.5\n";
    for (bad, why) in [
        ("m,p,2026-10-01,-1,10,1,0.5\n", "below zero"),
        ("m,p,2026-10-01,1,99999999999999999999999999,1,0.5\n", "no whole number"),
        ("m,p,2026-10-01,1,18446744073709551615,1,0.5\n", "more than any usage"),
        ("m,p,2026-10-01,1,10,1,-0.5\n", "below zero"),
        ("m,p,2026-10-01,1,10,1,1e40\n", "no amount"),
        ("m,p,9999-99-99,1,10,1,0.5\n", "no time"),
        ("m,p,9998-12-31,1,10,1,0.5\n", "out of range"),
        ("m,p\0,2026-10-01,1,10,1,0.5\n", "no text"),
        ("m,p,2026-10-01,1,10\n", "5 columns where the header has 7"),
        ("m,\"p,2026-10-01,1,10,1,0.5\n", "columns where the header has"),
    ] {
        let read = table(&format!("{good}{bad}{good}{good}"));
        assert_eq!(read.book.bad, 1, "{bad}: {:?}", read.book.errors);
        assert_eq!(read.book.errors[0].0, 3, "{bad}");
        assert!(
            read.book.errors[0].1.contains(why) || why.starts_with("columns"),
            "{bad}: {:?}",
            read.book.errors
        );
        assert_eq!(read.book.rows, 3, "{bad}");
    }
    let json = |line: &str| {
        let good = r#"{"model":"m","usage":{"prompt_tokens":10,"completion_tokens":1}}"#;
        read(format!("{good}\n{line}\n{good}\n").as_bytes(), None).expect("answers")
    };
    let deep = format!("{{\"usage\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for line in [
        "{\"model\":",
        deep.as_str(),
        r#"{"model":"m","usage":{"prompt_tokens":-5,"completion_tokens":1}}"#,
        r#"{"model":"m","usage":{"prompt_tokens":1e99,"completion_tokens":1}}"#,
        r#"{"model":"m","created":-1,"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
        r#"{"model":"m","usage":{"prompt_tokens":1,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":9}}}"#,
        "[1]",
        "\u{0}",
    ] {
        let read = json(line);
        let left_out: u64 = read.book.left_out.values().sum();
        assert_eq!(read.book.rows, 2, "{line:.60}");
        assert_eq!(read.book.bad + left_out, 1, "{line:.60}: {:?}", read.book.errors);
    }
}

#[test]
fn what_is_no_export_says_so() {
    for (bytes, why) in [
        (&b""[..], "empty"),
        (b" \n \n", "empty"),
        (b"\x1f\x8b\x08\x00", "gunzip"),
        (b"PAR1....", "DuckDB"),
        (b"PK\x03\x04", "zip"),
        (b"\xff\xfem\0", "UTF-16"),
        (
            b"name,colour\na,red\n",
            "no usage export that is known here: its columns begin with `name`, `colour`",
        ),
        (b"{\"name\": 1}\n", "its keys begin with `name`"),
        (b"{{{{", "none of its first lines"),
        (b"[1, 2]", "none of its first lines"),
        (b"\xc3\x28,\xff\n", "UTF-8"),
    ] {
        let found = read(bytes, None).expect_err("no export");
        assert!(found.contains(why), "{found}");
    }
}

#[test]
fn a_time_without_any_call_is_an_export_too() {
    let text = "start_time,end_time,start_time_iso,end_time_iso\n\
                1790812800,1790899200,2026-10-01T00:00:00+00:00,2026-10-02T00:00:00+00:00\n";
    let imported = read(text.as_bytes(), None).expect("OpenAI's, of a time without calls");
    assert_eq!(imported.format.name, "openai-usage");
    assert_eq!(
        (imported.book.rows, imported.book.left_out.values().sum::<u64>()),
        (0, 1)
    );
}

#[test]
fn a_row_without_end_is_passed_over() {
    let mut text = format!("{HEAD}m,p,2026-10-01,1,10,1,0.5\nm,\"");
    text.push_str(&"x".repeat(20 << 20));
    text.push_str("\nm,p,2026-10-01,1,10,1,0.5\n");
    let read = read(text.as_bytes(), None).expect("a table");
    assert_eq!((read.book.rows, read.book.bad), (2, 1));
    assert!(
        read.book.errors[0].1.contains("more than 16 MiB"),
        "{:?}",
        read.book.errors
    );
}

#[test]
fn a_name_a_call_does_not_fill_the_memory() {
    let mut text = HEAD.to_owned();
    for at in 0..120_000 {
        text.push_str(&format!("m,call-{at},2026-10-01,1,10,1,\n"));
    }
    let read = read(text.as_bytes(), None).expect("a table");
    let groups = read.book.groups();
    assert!(groups.len() <= 50_001, "{}", groups.len());
    assert_eq!(groups.values().map(|sums| sums.calls).sum::<u64>(), 120_000);
    assert!(read.book.folded >= 69_999, "{}", read.book.folded);
}

/// $2 and $10 a million tokens, $1 for cached ones.
const MODELS: &str = "models:\n  - {id: test-model, input: 2, output: 10, cached_input: 1, as_of: 2026-11-01}\n";
const REQUEST: &str =
    r#"{"model": "test-model", "messages": [{"role": "user", "content": "Name a lake in {{ country }}."}]}"#;

fn run(tree: &Tree, arguments: &[&str]) -> Ran {
    let mut command = tree.command();
    command.args(arguments).stdin(Stdio::null());
    finish(command.spawn().expect("the program starts"))
}

fn usage_file(tree: &Tree) -> UsageFile {
    let text = fs::read_to_string(tree.path("llmlint.usage.json")).expect("written");
    UsageFile::parse(&text).expect("a usage file")
}

#[test]
fn an_export_becomes_volumes_of_the_prompt_that_it_names() {
    let tree = Tree::new()
        .with("llmlint.yaml", MODELS)
        .with(".git/HEAD", "")
        .with("requests/lake.json", REQUEST)
        .with("requests/river.json", REQUEST.replace("lake", "river"))
        .with(
            "usage.csv",
            "model,prompt,tag,day,calls,input_tokens,cached_input_tokens,output_tokens,usd\n\
             test-model,lake,,2026-10-01,60,6000,1500,1230,0.03\n\
             test-model,lake,,2026-10-10,40,4000,1000,820,0.02\n\
             test-model,pond,,2026-10-02,7,70,0,7,0.5\n\
             other-model,lake,,2026-10-02,5,50,0,5,1.25\n\
             test-model,,,2026-10-02,3,30,0,3,\n",
        );
    let ran = run(&tree, &["usage", "import", "usage.csv"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for said in [
        "usage.csv: table, 5 rows, 2026-10-01 to 2026-10-10 (UTC)",
        "requests/lake.json: 100 calls, $0.050 (table, by prompt name)",
        "prompt pond, test-model: $0.50: no prompt of the tree has this name",
        "prompt lake, other-model: $1.25: it is requests/lake.json, which names the model test-model",
        "2 prompts of the tree have this model",
    ] {
        assert!(ran.out.contains(said), "{said} in {}", ran.out);
    }
    let file = usage_file(&tree);
    assert_eq!((file.units.len(), file.unmatched.len()), (1, 3));
    assert_eq!(file.sources[0].days, Some(10));
    // 30 fresh tokens at $2, 3 of output at $10 a million: the export does not say.
    let own = file
        .unmatched
        .iter()
        .find(|group| group.prompt.is_empty())
        .expect("the third");
    assert_eq!(own.counted.usd, Some(decimal("0.00009")));
    assert_eq!(own.counted.usd_from.as_deref(), Some("catalog"));

    let ran = run(&tree, &["cost", ".", "--format", "json", "--as-of", "2026-11-28"]);
    let costs: Costs = serde_json::from_str(&ran.out).expect("costs");
    let lake = costs
        .units
        .iter()
        .find(|unit| unit.path == "requests/lake.json")
        .expect("it");
    // 100 calls in 10 days make 304.375 a month of 30.4375 days: 304 whole ones.
    assert_eq!(lake.calls_per_month, Some(decimal("304")));
    // 100 tokens of input a call, a quarter of them cached; 20.5 tokens of output a call: 20 to 21.
    let call_in = decimal("100") * (decimal("0.75") * decimal("2") + decimal("0.25"));
    let month =
        |output: &str| ((call_in + decimal(output) * decimal("10")) * decimal("304") / decimal("1000000")).normalize();
    let amount = lake.month.expect("a volume");
    assert_eq!(
        (amount.low, amount.high, amount.at_least),
        (month("20"), month("21"), false)
    );
    let river = costs
        .units
        .iter()
        .find(|unit| unit.path == "requests/river.json")
        .expect("it");
    assert!(river.calls_per_month.is_none());

    // What llmlint.yaml states comes first.
    let tree = tree.with(
        "llmlint.yaml",
        format!("{MODELS}prompts: [{{files: '**', calls_per_month: 9}}]\n"),
    );
    let ran = run(&tree, &["cost", ".", "--format", "json"]);
    let costs: Costs = serde_json::from_str(&ran.out).expect("costs");
    assert!(
        costs
            .units
            .iter()
            .all(|unit| unit.calls_per_month == Some(decimal("9")))
    );

    // Under another name it is known by its content.
    fs::rename(tree.path("requests/lake.json"), tree.path("requests/sea.json")).expect("moved");
    let tree = tree.with("llmlint.yaml", MODELS);
    let ran = run(&tree, &["cost", ".", "--format", "json"]);
    let costs: Costs = serde_json::from_str(&ran.out).expect("costs");
    let sea = costs
        .units
        .iter()
        .find(|unit| unit.path == "requests/sea.json")
        .expect("it");
    assert_eq!(sea.calls_per_month, Some(decimal("304")));
}

#[test]
fn the_file_is_the_same_whatever_the_order_and_a_file_counts_once() {
    let tree = Tree::new()
        .with("llmlint.yaml", MODELS)
        .with("a.json", REQUEST)
        .with("x.csv", format!("{HEAD}test-model,a,2026-10-01,1,10,1,0.5\n"))
        .with("y.csv", format!("{HEAD}test-model,a,2026-10-02,2,20,2,0.25\n"));
    let made = |files: &[&str]| {
        let ran = run(&tree, &[&["usage", "import"], files].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        fs::read_to_string(tree.path("llmlint.usage.json")).expect("written")
    };
    assert_eq!(made(&["x.csv", "y.csv"]), made(&["y.csv", "x.csv"]));
    assert_eq!(usage_file(&tree).units[0].counted.calls, Some(3));
    let ran = run(&tree, &["usage", "import", "x.csv", "./x.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("named twice"), "{}", ran.err);
    let ran = run(&tree, &["usage", "import", "gone.csv"]);
    assert_eq!(ran.code, Some(2));
    let tree = tree.with("bad.csv", format!("{HEAD}test-model,a,2026-10-01,one,10,1,0.5\n"));
    let ran = run(&tree, &["usage", "import", "bad.csv", "--output", "-"]);
    assert!(
        ran.out.starts_with('{') && ran.err.contains("line 2 can't be used"),
        "{}",
        ran.err
    );
    // A text without times makes no month unless its days are stated.
    let plain = r#"{"model":"test-model","usage":{"prompt_tokens":10,"completion_tokens":1}}"#;
    let tree = tree.with("z.jsonl", plain);
    let ran = run(&tree, &["usage", "import", "z.jsonl"]);
    assert!(ran.out.contains("`--days N`"), "{}", ran.out);
    let calls = || {
        let ran = run(&tree, &["cost", ".", "--format", "json"]);
        let costs: Costs = serde_json::from_str(&ran.out).expect("costs");
        costs.units[0].calls_per_month
    };
    assert_eq!(calls(), None);
    run(&tree, &["usage", "import", "z.jsonl", "--days", "1"]);
    assert_eq!(calls(), Some(decimal("30")));
}

#[test]
fn a_usage_file_that_is_broken_is_said_and_hostile_names_stay_text() {
    let tree = Tree::new()
        .with("llmlint.yaml", MODELS)
        .with("a.json", REQUEST)
        .with("llmlint.usage.json", "{\"units\": 5}");
    let ran = run(&tree, &["cost", "."]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("llmlint.usage.json"), "{}", ran.err);
    let tree = tree.with(
        "x.csv",
        format!("{HEAD}\u{1b}[31m=evil(),\u{202e}@all,2026-10-01,1,10,1,0.5\n\"a\nb\",,2026-10-01,1,10,1,0.5\n"),
    );
    let ran = run(&tree, &["usage", "import", "x.csv"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        !ran.out.contains('\u{1b}') && !ran.out.contains('\u{202e}'),
        "{}",
        ran.out
    );
    let text = fs::read_to_string(tree.path("llmlint.usage.json")).expect("written");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

/// A Python that has DuckDB: the one that LLMLINT_DUCKDB names, else `python3`.
fn duckdb() -> Option<String> {
    let python = std::env::var("LLMLINT_DUCKDB").unwrap_or_else(|_| "python3".to_owned());
    let has = std::process::Command::new(&python)
        .args(["-c", "import duckdb"])
        .output();
    has.is_ok_and(|has| has.status.success()).then_some(python)
}

/// The query between the two comments of docs/usage.md makes the same sums of the same calls as this program.
#[test]
fn the_documented_query_agrees_with_our_own_sums() {
    let Some(python) = duckdb() else {
        eprintln!("skipped: no python3 with the package duckdb (LLMLINT_DUCKDB can name one)");
        return;
    };
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/usage.md")).expect("the page");
    let query = page
        .split_once("<!-- duckdb -->\n```sql\n")
        .and_then(|(_, rest)| rest.split_once("```\n<!-- /duckdb -->"))
        .map(|(query, _)| query)
        .expect("the query");
    let mut calls = String::new();
    let mut rows =
        String::from("model,prompt_name,started_at,input_tokens,cached_input_tokens,output_tokens,cost_usd\n");
    for at in 0..5000_u32 {
        let (model, prompt) = (
            ["luna", "sol"][at as usize % 2],
            ["faq", "triage", "a \"b\", c"][at as usize % 3],
        );
        let (input, cached, output) = (100 + at % 977, at % 90, 1 + at % 313);
        let (day, usd) = (1 + at % 28, format!("0.00{:04}", at % 9973));
        calls.push_str(
            &serde_json::json!({"traceId": "t", "type": "GENERATION", "startTime": format!("2026-10-{day:02}T23:59:00Z"),
                "model": model, "promptName": prompt, "totalCost": usd,
                "usageDetails": {"input": input - cached, "cache_read_input_tokens": cached, "output": output}})
            .to_string(),
        );
        calls.push('\n');
        let quoted = prompt.replace('"', "\"\"");
        rows.push_str(&format!(
            "{model},\"{quoted}\",2026-10-{day:02} 23:59:00,{input},{cached},{output},{usd}\n"
        ));
    }
    let tree = Tree::new().with("calls.csv", rows).with("calls/README", "");
    let script = "import duckdb, sys\n\
                  duckdb.sql(\"COPY (SELECT * FROM read_csv('calls.csv', types = {'cost_usd': 'DECIMAL(18,9)'})) TO 'calls/x.parquet'\")\n\
                  duckdb.sql(sys.argv[1])\n";
    let made = std::process::Command::new(python)
        .args(["-c", script, query])
        .current_dir(tree.path(""))
        .output()
        .expect("it runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let theirs = read(fs::File::open(tree.path("usage.csv")).expect("written"), None).expect("a table");
    let ours = read(calls.as_bytes(), None).expect("observations");
    assert_eq!(theirs.format.name, "table");
    assert_eq!(lines(&theirs), lines(&ours));
    assert_eq!((theirs.book.first, theirs.book.last), (ours.book.first, ours.book.last));
    assert_eq!(lines(&ours).len(), 6);
}
