use std::collections::BTreeMap;

use super::*;

fn day(text: &str) -> Date {
    text.parse().expect(text)
}

/// What a name stands for, in short: how it matched and the row's id.
fn matched(name: &str) -> (&'static str, String) {
    match Catalog::embedded().api_model(name) {
        ModelMatch::Exact(model) => ("exact", model.id.clone()),
        ModelMatch::Alias(model) => ("alias", model.id.clone()),
        ModelMatch::DatedSuffix(model) => ("dated", model.id.clone()),
        ModelMatch::Unknown { .. } => ("unknown", String::new()),
    }
}

#[test]
fn the_files_have_no_problems() {
    // Years ahead, so that the test says the same on every day; the dates of the files are a test of their own.
    let report = check(&Files::embedded(), day("2030-01-01"));
    let wrong: Vec<String> = report
        .problems
        .iter()
        .filter(|problem| !problem.warning)
        .map(ToString::to_string)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let rows: Vec<usize> = report.sources.iter().map(Sources::rows).collect();
    let least = [200, 2300, 330, 60, 60, 280, 30, 10];
    assert!(rows.iter().zip(least).all(|(&rows, least)| rows >= least), "{rows:?}");
}

#[test]
fn names_match_strictly() {
    for (name, how, id) in [
        ("gpt-4o", "exact", "gpt-4o"),
        ("gpt-4o-2024-05-13", "exact", "gpt-4o-2024-05-13"),
        ("openai/gpt-4o", "exact", "gpt-4o"),
        ("openai:gpt-4o", "exact", "gpt-4o"),
        ("azure/gpt-35-turbo", "alias", "gpt-3.5-turbo"),
        ("gpt-4o-2024-08-06", "alias", "gpt-4o"),
        ("gpt-6-luna-2026-10-01", "dated", "gpt-6-luna"),
        ("gpt-4-0314", "dated", "gpt-4"),
        ("claude-sonnet-4-5@20250929", "dated", "claude-sonnet-4-5"),
        ("vertex_ai/claude-opus-4-5@20251101", "dated", "claude-opus-4-5"),
        ("models/gemini-2.5-pro", "exact", "gemini-2.5-pro"),
        (
            "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0",
            "exact",
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
        ),
        (
            "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            "alias",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
        (
            "ft:gpt-4o-mini-2024-07-18:acme::9abc",
            "alias",
            "ft:gpt-4o-mini-2024-07-18",
        ),
    ] {
        assert_eq!(matched(name), (how, id.to_owned()), "{name}");
    }
    for name in [
        "gpt-5-nano-super",
        "gpt-4o-2024-13-01",
        "gpt-4o-2024-08-06-2024-08-06",
        "GPT-4o",
        "gpt-4o ",
        "anthropic/gpt-4o",
        "azure/gemini-2.5-pro",
        "openrouter/openai/gpt-4o",
        "mistral-large-2407",
        "",
    ] {
        assert_eq!(matched(name).0, "unknown", "{name}");
    }
}

#[test]
fn an_unknown_name_tells_near_ones() {
    let nearest = |name: &str| match Catalog::embedded().api_model(name) {
        ModelMatch::Unknown { nearest } => nearest,
        found => panic!("{name}: {found:?}"),
    };
    assert_eq!(nearest("gpt-4o-mimi")[0], "gpt-4o-mini");
    assert_eq!(nearest("gpt-5-nano-super")[0], "gpt-5-nano");
    assert!(nearest("my-model").is_empty());
    assert!(nearest(&"gpt-4o".repeat(1000)).is_empty());
}

#[test]
fn only_other_platforms_are_platforms() {
    assert_eq!(Catalog::platform("azure/gpt-4o"), Some("azure"));
    assert_eq!(Catalog::platform("vertex_ai/claude-opus-4-5"), Some("vertex"));
    assert_eq!(Catalog::platform("openai/gpt-4o"), None);
    assert_eq!(Catalog::platform("gpt-4o"), None);
}

#[test]
fn a_teams_models_go_first() {
    let own = |id: &str, input: &str| OwnModel {
        model: serde_json::from_value(serde_json::json!({
            "id": id, "provider": "own", "kind": "chat", "family": id, "reasoning": false,
            "source": "llmlint.yaml", "as_of": "2026-11-01",
        }))
        .expect("a row"),
        row: serde_json::from_value(serde_json::json!({
            "id": id, "provider": "own", "prices": [{"usd": {"input_tokens": input, "output_tokens": "9"}}],
        }))
        .expect("a row"),
    };
    let catalog = Catalog::with_models(vec![own("house-model", "1"), own("gpt-4o", "2")]);
    assert_eq!(input_price(&catalog, "house-model").as_deref(), Some("1"));
    assert_eq!(input_price(&catalog, "gpt-4o").as_deref(), Some("2"));
    assert_eq!(input_price(&catalog, "openai/gpt-4o").as_deref(), Some("2"));
    // platform.openai.com/docs/pricing.
    assert_eq!(input_price(&catalog, "gpt-4o-mini").as_deref(), Some("0.15"));
    assert_eq!(catalog.api_models().count(), MODELS.rows.len() + 1);
}

/// USD of a million input tokens of a short request on 2026-11-24.
fn input_price(catalog: &Catalog, name: &str) -> Option<String> {
    let priced = catalog.priced(name, None).ok()?;
    Some(
        priced
            .price_on(day("2026-11-24"), 0, &BTreeMap::new())?
            .input
            .to_string(),
    )
}

#[test]
fn a_price_follows_the_day_and_the_length_of_the_input() {
    let input = |name: &str, on: &str, tokens| {
        let priced = Catalog::embedded().priced(name, None).expect(name);
        let price = priced.price_on(day(on), tokens, &BTreeMap::new());
        price.map(|price| price.input.to_string())
    };
    // ai.google.dev/gemini-api/docs/pricing: $2 until 2026-11-30, then $4.
    assert_eq!(input("gemini-4-argon", "2026-11-30", 1).as_deref(), Some("2"));
    assert_eq!(input("gemini-4-argon", "2026-12-01", 1).as_deref(), Some("4"));
    // platform.claude.com pricing: five times the price above 100,000 tokens.
    assert_eq!(input("claude-haiku-5-5", "2026-11-24", 100_000).as_deref(), Some("0.1"));
    assert_eq!(input("claude-haiku-5-5", "2026-11-24", 100_001).as_deref(), Some("0.5"));
}

#[test]
fn replacements_are_followed_to_one_that_is_served() {
    let catalog = Catalog::embedded();
    let replacement = |name: &str, on: &str| {
        let model = catalog.api_model(name).model().expect(name);
        catalog.replacement(model, day(on)).map(|model| model.id.as_str())
    };
    // Its own replacement goes on 2026-12-01: 183 days later, and 163.
    assert_eq!(replacement("gemini-2.0-flash", "2026-06-01"), Some("gemini-2.5-flash"));
    assert_eq!(
        replacement("gemini-2.0-flash", "2026-06-21"),
        Some("gemini-3.5-flash-lite")
    );
    assert_eq!(
        replacement("gemini-2.0-flash", "2026-12-01"),
        Some("gemini-3.5-flash-lite")
    );
    assert_eq!(replacement("gpt-6-luna", "2026-12-01"), None);
    let retired = catalog.api_model("text-davinci-003").model().expect("a row");
    assert!(retired.is_retired(day("2024-01-04")) && !retired.is_retired(day("2024-01-03")));
}

#[test]
fn gpus_and_repositories_ignore_case() {
    let catalog = Catalog::embedded();
    assert_eq!(
        catalog
            .open_model("META-LLAMA/llama-3.1-8b-instruct")
            .map(|model| model.layers),
        Some(32)
    );
    assert_eq!(
        catalog.gpu("nvidia-h100-80gb-hbm3").gpu().map(|gpu| gpu.marketing_gb),
        Some(80)
    );
    assert_eq!(catalog.gpu("nvidia-h100-80gb-hbm33"), GpuMatch::Unknown);
    let GpuMatch::Ambiguous(a100) = catalog.gpu("A100") else {
        panic!("an A100 has 40 or 80 GB")
    };
    assert!(a100.iter().any(|gpu| gpu.marketing_gb == 40) && a100.iter().any(|gpu| gpu.marketing_gb == 80));
}

#[test]
fn a_slice_of_a_gpu_is_known_by_resource_and_product() {
    let catalog = Catalog::embedded();
    let slice = |product: &str| {
        catalog
            .gpu_slice("nvidia.com/mig-3g.40gb", product)
            .gpu()
            .map(|gpu| gpu.memory_gib)
    };
    // What nvidia-smi lists as its memory on either GPU.
    assert_eq!(slice("NVIDIA-H100-80GB-HBM3"), Some(39.5));
    assert_eq!(slice("NVIDIA-A100-SXM4-80GB"), Some(39.25));
    assert_eq!(slice("NVIDIA-A100-SXM4-40GB"), None);
    assert!(matches!(catalog.gpu("nvidia.com/mig-3g.40gb"), GpuMatch::Ambiguous(_)));
    let labelled = catalog.gpu("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb").gpu().expect("a slice");
    assert_eq!(
        (labelled.slice_of.as_deref(), labelled.memory_gib),
        (Some("A100-40GB"), 4.75)
    );
    assert!(catalog.gpus().iter().all(|gpu| gpu.slice_of.is_none()));
}

/// The embedded files with one line of a file put in place of all of its lines.
fn with_line<'a>(file: &str, line: &'a str) -> Files<'a> {
    let mut files = Files::embedded();
    match file {
        "models" => files.models = line,
        "prices" => files.prices = line,
        "open_models" => files.open_models = line,
        "other_models" => files.other_models = line,
        "gpus" => files.gpus = line,
        "instances" => files.instances = line,
        "evidence" => files.evidence = line,
        _ => files.numbers = line,
    }
    files
}

/// The row of that name as JSON, with `changes` laid over it.
fn changed(text: &str, key: &str, name: &str, changes: serde_json::Value) -> String {
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a row"));
    let mut row = rows.into_iter().find(|row| row[key] == name).expect(name);
    for (key, value) in changes.as_object().expect("changes") {
        row[key] = value.clone();
    }
    row.to_string()
}

#[test]
fn every_check_can_fail() {
    use serde_json::json;
    let today = day("2026-11-24");
    let files = Files::embedded();
    let llama = |changes| changed(files.open_models, "id", "meta-llama/Llama-3.1-8B-Instruct", changes);
    let gpt_price = |usd| {
        let row = changed(
            files.prices,
            "id",
            "gpt-4o",
            json!({"provider": "openai", "prices": [{"usd": usd}]}),
        );
        format!("{{\"prices\":\"a test\",\"as_of\":\"2026-11-24\",\"rows\":1}}\n{row}\n")
    };
    let gpt = |changes| changed(files.models, "id", "gpt-4o", changes);
    let h100 = |changes| changed(files.gpus, "id", "H100-80GB", changes);
    let p5 = |changes| changed(files.instances, "name", "p5.48xlarge", changes);
    let study = |changes| changed(files.evidence, "id", "ccot-2024", changes);
    let number = |changes| changed(files.numbers, "id", "be-concise", changes);
    for (file, line, what) in [
        ("models", gpt(json!({"clam": 1})), "unknown field"),
        ("models", gpt(json!({"source": ""})), "tells no source"),
        ("models", gpt(json!({"as_of": "2026-11-25"})), "is in the future"),
        (
            "prices",
            gpt_price(json!({"input_tokens": "0", "output_tokens": "1"})),
            "is not between",
        ),
        (
            "prices",
            gpt_price(json!({"input_tokens": "2", "cache_read_tokens": "2", "output_tokens": "3"})),
            "cached input costs as much",
        ),
        (
            "prices",
            gpt_price(json!({"input_tokens": "2"})),
            "has a price of output",
        ),
        (
            "prices",
            gpt_price(json!({"input_tokens": "2", "output_tokens": "1"})),
            "output costs less than input",
        ),
        (
            "prices",
            gpt_price(json!({"input_tokens": "-2", "output_tokens": "1"})),
            "is below zero",
        ),
        ("models", gpt(json!({"replacement": "gpt-9"})), "is no row"),
        (
            "models",
            gpt(json!({"replacement": "gpt-4o", "retired_on": null})),
            "no day of retirement",
        ),
        (
            "models",
            gpt(json!({"deprecated_on": "2026-12-01"})),
            "deprecated_on 2026-12-01 is in the future",
        ),
        (
            "models",
            gpt(json!({"deprecated_on": "2026-10-01", "retired_on": "2026-09-01"})),
            "retired on no later day",
        ),
        (
            "models",
            gpt(json!({"context_window": 1})),
            "context window is not between",
        ),
        (
            "models",
            gpt(json!({"max_output_tokens": 1_000_000})),
            "longer than its context window",
        ),
        (
            "models",
            format!("{}\n{}", gpt(json!({})), gpt(json!({"id": "gpt-3"}))),
            "sorted by id",
        ),
        (
            "models",
            format!("{}\n{}", gpt(json!({})), gpt(json!({"id": "gpt-5"}))),
            "is also a name of",
        ),
        ("open_models", llama(json!({"layers": 0})), "layers of 0"),
        (
            "open_models",
            llama(json!({"kv_heads": 7})),
            "no multiple of 7 KV heads",
        ),
        ("open_models", llama(json!({"dtype": "int4"})), "dtype int4 is none of"),
        (
            "open_models",
            llama(json!({"id": "a/Llama-8B-AWQ"})),
            "tells a quantization",
        ),
        ("open_models", llama(json!({"id": "a/Llama-70B"})), "its name tells 70B"),
        (
            "open_models",
            llama(json!({"active_parameters": 7_000_000_000_u64})),
            "no mixture of experts",
        ),
        ("open_models", llama(json!({"layers": 31})), "its shape makes"),
        (
            "other_models",
            json!({"id": "meta-llama/Llama-3.1-8B-Instruct", "makes": "speech of text", "source": "its page",
                "as_of": "2026-11-24"})
            .to_string(),
            "is also a row of open_models.jsonl",
        ),
        (
            "open_models",
            llama(json!({"weights_bytes": 8_000_000_000_u64})),
            "do not fit",
        ),
        (
            "gpus",
            h100(json!({"memory_gib": 85.0})),
            "memory as a share of that sold",
        ),
        ("gpus", h100(json!({"bandwidth_gb_s": 3.35})), "bandwidth in GB/s"),
        (
            "gpus",
            h100(json!({"dense_tflops": {"bf16": 989.0, "fp8": 9.0}})),
            "fp8 TFLOPS over bf16",
        ),
        (
            "gpus",
            h100(json!({"compute_capability": "sm90"})),
            "compute capability such as 9.0",
        ),
        ("gpus", h100(json!({"ambiguous_names": ["H100"]})), "of one GPU alone"),
        (
            "gpus",
            h100(json!({"ambiguous_names": ["H100-80GB"]})),
            "but also a name of one GPU",
        ),
        (
            "gpus",
            h100(
                json!({"mig": [{"profile": "3g.40gb", "memory_gib": 60, "bandwidth_share": 0.5, "compute_share": 0.4}]}),
            ),
            "memory over its share",
        ),
        ("instances", p5(json!({"gpu": "H900"})), "is no row of gpus.jsonl"),
        ("instances", p5(json!({"usd_per_hour": "5504"})), "USD an hour and GPU"),
        ("instances", p5(json!({"spot_usd_per_hour": "99"})), "its spot price 99"),
        ("instances", format!("{0}\n{0}", p5(json!({}))), "stands here twice"),
        (
            "instances",
            format!("{}\n{}", p5(json!({})), p5(json!({"name": "a"}))),
            "is out of order",
        ),
        ("evidence", study(json!({"url": "ftp://a"})), "is no address"),
        ("evidence", study(json!({"year": 2027})), "was not published in 2027"),
        (
            "evidence",
            study(json!({"low": "2", "high": "1"})),
            "low figure is above",
        ),
        (
            "numbers",
            number(json!({"evidence": ["nobody-1999"]})),
            "refers to nobody-1999",
        ),
    ] {
        let report = check(&with_line(file, &line), today);
        let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        let here = format!("{file}.jsonl");
        assert!(
            problems
                .iter()
                .any(|problem| problem.contains(what) && problem.contains(&here)),
            "{file}, {what}: {problems:#?}"
        );
    }
}

#[test]
fn a_row_with_an_unknown_column_names_its_line() {
    let error = parse::<Evidence>("{\"id\":\"a\",\"clam\":\"\"}").expect_err("unknown column");
    assert!(error.to_string().starts_with("line 1: unknown field `clam`"), "{error}");
}
