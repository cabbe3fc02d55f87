use super::*;

fn row(json: serde_json::Value) -> PriceRow {
    serde_json::from_value(json).expect("a row")
}

fn usage(json: serde_json::Value) -> Usage {
    serde_json::from_value(json).expect("counts")
}

fn when(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn list(lines: &[&str]) -> PriceList {
    let text = format!(
        "{{\"prices\":\"a test\",\"as_of\":\"2026-11-01\",\"rows\":{}}}\n{}\n",
        lines.len(),
        lines.join("\n")
    );
    PriceList::new(text, "a test").expect("a list")
}

fn today() -> Date {
    "2026-11-24".parse().expect("a day")
}

#[test]
fn what_is_cached_is_taken_from_the_input_before_the_rest_is_billed() {
    let row = row(serde_json::json!({"id": "m", "provider": "p", "prices": [{"usd": {
        "input_tokens": "2", "cache_read_tokens": "0.5", "output_tokens": "8", "web_searches": "10", "requests": "3",
    }}]}));
    let counts = usage(serde_json::json!({
        "input_tokens": 1000, "cache_read_tokens": 400, "output_tokens": 100, "web_searches": 2,
    }));
    let bill = row.bill(&counts, today().into(), &when(&[])).expect("a bill");
    // 600 × $2 / 10^6 + 400 × $0.50 / 10^6 = $0.0014; 100 × $8 / 10^6 = $0.0008; 2 × $10 / 1000 + $3 / 1000 = $0.023.
    assert_eq!(bill.input_usd.to_string(), "0.0014");
    assert_eq!(bill.output_usd.to_string(), "0.0008");
    assert_eq!(bill.usd.to_string(), "0.0252");
    let missing = usage(serde_json::json!({"cache_read_tokens": 400}));
    assert!(row.bill(&missing, today().into(), &when(&[])).is_err());
    let contradiction = usage(serde_json::json!({"input_tokens": 1, "cache_read_tokens": 400}));
    assert!(row.bill(&contradiction, today().into(), &when(&[])).is_err());
    let negative = usage(serde_json::json!({"input_tokens": -1}));
    assert!(row.bill(&negative, today().into(), &when(&[])).is_err());
    let huge = usage(serde_json::json!({"input_tokens": 79_228_162_514_264_337_593_543_950_335_u128.to_string()}));
    assert!(row.bill(&huge, today().into(), &when(&[])).is_err());
}

#[test]
fn the_length_of_the_input_decides_the_price_of_all_tokens() {
    let row = row(serde_json::json!({"id": "m", "provider": "p", "prices": [{"usd": {
        "input_tokens": {"base": "1", "above": [[200_000, "2"]]}, "output_tokens": {"base": "5", "above": [[200_000, "7"]]},
    }}]}));
    let usd = |tokens: u64| {
        let counts = usage(serde_json::json!({"input_tokens": tokens, "output_tokens": 1_000_000}));
        row.bill(&counts, today().into(), &when(&[]))
            .expect("a bill")
            .usd
            .to_string()
    };
    assert_eq!(usd(200_000), "5.2");
    assert_eq!(usd(200_001), "7.400002");
}

#[test]
fn the_last_price_that_holds_counts_and_kinds_of_requests_have_their_own() {
    let row = row(serde_json::json!({"id": "m", "provider": "p", "prices": [
        {"usd": {"input_tokens": "1"}},
        {"from": "2026-06-01", "usd": {"input_tokens": "2"}},
        {"from": "2027-01-01", "usd": {"input_tokens": "3"}},
    ], "variants": [{"when": {"processing": "batch"}, "from": "2026-10-14", "usd": {"input_tokens": "0.9"}}]}));
    let usd = |day: &str, kind: &[(&str, &str)]| {
        let day: Date = day.parse().expect(day);
        row.price_on(day, 0, &when(kind)).expect("a price").input.to_string()
    };
    let batch = [("processing", "batch"), ("service_tier", "flex")];
    assert_eq!(
        [usd("2026-05-31", &[]), usd("2026-06-01", &[]), usd("2027-01-01", &[])],
        ["1", "2", "3"]
    );
    assert_eq!([usd("2026-10-13", &batch), usd("2026-10-14", &batch)], ["2", "0.9"]);
    assert_eq!(usd("2026-10-14", &[("service_tier", "flex")]), "2");
}

#[test]
fn hours_may_pass_midnight_and_an_unknown_hour_is_a_dear_one() {
    let row = row(serde_json::json!({"id": "m", "provider": "p", "prices": [
        {"usd": {"input_tokens": "1"}},
        {"hours": ["22:30", "06:00"], "usd": {"input_tokens": "4"}},
    ]}));
    let usd = |at: &str| {
        let counts = usage(serde_json::json!({"input_tokens": 1_000_000}));
        let at: Moment = at.parse().expect(at);
        row.bill(&counts, at, &when(&[])).expect("a bill").usd.to_string()
    };
    let hours = ["22:29:59Z", "22:30:00Z", "05:59", "06:00Z"].map(|time| usd(&format!("2026-11-24T{time}")));
    assert_eq!(hours, ["1", "4", "4", "1"]);
    assert_eq!(usd("2026-11-24"), "4");
    for wrong in [
        "",
        "2026-11-24T",
        "2026-11-24T25:00",
        "2026-11-24T1:00",
        "2026-11-24T10:00+02:00",
        "2026-11-24T1é:00",
    ] {
        assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
    }
}

#[test]
fn every_name_of_the_list_is_found_and_no_other() {
    let list = super::super::PRICES.clone();
    let mut names = 0;
    for line in list.lines().lines() {
        let line = list::Line::read(line).expect("a line");
        let (name, provider) = line.key();
        for written in [name.clone(), name.to_ascii_uppercase()] {
            assert!(
                list.find(&written, provider).expect("no damage").is_some(),
                "{name} of {provider}"
            );
        }
        assert_eq!(
            list.find(&format!("{name}-super"), provider)
                .expect("no damage")
                .map(|(row, _)| row.id),
            None
        );
        names += 1;
    }
    assert_eq!(names, list.head().rows);
    for no_name in ["", "\u{0}", "\n", "zzz", "é", "{\"id\":\""] {
        assert_eq!(list.find(no_name, "openai"), Ok(None), "{no_name:?}");
    }
}

#[test]
fn a_list_that_was_cut_off_is_refused() {
    let text = "{\"prices\":\"a test\",\"as_of\":\"2026-11-01\",\"rows\":2}\n{\"id\":\"a\",\"provider\":\"p\",\"prices\":[{\"usd\":{}}]}\n{\"id\":\"b\",\"pro";
    let error = PriceList::new(text, "a test").expect_err("cut off");
    assert_eq!(
        error.to_string(),
        "holds 1 lines and a part of one where its head says 2: it was cut off or changed by hand"
    );
    for (cut, _) in text.char_indices() {
        assert!(PriceList::new(text[..cut].to_owned(), "a test").is_err(), "{cut}");
    }
}

#[test]
fn every_fault_of_a_list_is_told() {
    let good = r#"{"id":"b","provider":"p","prices":[{"usd":{"input_tokens":"1"}}]}"#;
    for (lines, what) in [
        (
            vec![r#"{"id":"b","provider":"p","prices":[{"usd":{"input_tokens":"-1"}}]}"#],
            "is below zero",
        ),
        (vec![r#"{"id":"b","provider":"p","prices":[]}"#], "has no price"),
        (
            vec![r#"{"id":"b","provider":"p","prices":[{"usd":{"input_tokens":"10001"}}]}"#],
            "cannot be",
        ),
        (
            vec![r#"{"id":"b","provider":"p","prices":[{"usd":{"smiles":"1"}}]}"#],
            "nothing that is billed",
        ),
        (vec![good, good], "stands there twice"),
        (vec![good, r#"{"id":"a","provider":"p","of":"b"}"#], "out of order"),
        (vec![r#"{"id":"a","provider":"p","of":"c"}"#, good], "`c` is no row"),
        (vec![r#"{"id":"b","provider":"p","pri"#], "EOF"),
        (
            vec![r#"{"id":"b","provider":"p","prices":[{"usd":{"input_tokens":"NaN"}}]}"#],
            "a price is an amount of USD in quotes",
        ),
        (
            vec![r#"{"id":"b","provider":"p","prices":[{"usd":{"input_tokens":1.5}}]}"#],
            "a price is an amount of USD in quotes",
        ),
    ] {
        let problems = check_list(&list(&lines), Some(today()));
        assert!(
            problems.iter().any(|(_, problem)| problem.contains(what)),
            "{what}: {problems:?}"
        );
    }
    assert_eq!(check_list(&list(&[good]), Some(today())), []);
    let early: Date = "2026-10-31".parse().expect("a day");
    assert_eq!(check_list(&list(&[good]), Some(early)).len(), 1);
    assert_eq!(check_list(&list(&[good]), None), []);
    assert_eq!(check_list(&super::super::PRICES, Some(today())), []);
}

#[test]
fn a_damaged_line_is_told_and_not_taken_for_an_unknown_name() {
    let list = list(&[r#"{"id":"b","provider":"p","prices":[{"usd":{"input_tokens":"-1"}}]}"#]);
    let error = list.find("B", "p").expect_err("damaged");
    assert!(
        error.to_string().starts_with("a test: the line of `B` (p) is damaged"),
        "{error}"
    );
}
