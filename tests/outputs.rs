//! Every output on hostile names and prompts: nothing in them becomes a command, a link, a mention, a formula, markup or
//! a line of ours.

mod program;

use program::Tree;

/// What is tried as a file's name, a model's name, a variable and in a prompt's text.
const HOSTILE: &[&str] = &[
    "a|b",
    "`x`",
    "``` x",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</code></details>",
    "<!-- llmlint -->",
    "-->",
    "@everyone",
    "@org/team please approve",
    "#1 closes",
    "GH-1",
    "www.evil.example",
    "http:evil.example",
    "mailto:a@b.example",
    "**bold** _it_ ~~no~~",
    "&lt;b&gt; &#64;x",
    "$x^2$ $$y$$",
    "::error::forged",
    "::set-output name=x::y",
    "::stop-commands::x",
    "%0A::error::forged",
    "a%25b",
    "file=x,line=1",
    "=1+1",
    "+SUM(A1)",
    "-2+3",
    "@SUM(A1)",
    "a,b\"c'd",
    "]]>",
    "\"/><failure/>",
    "&amp;&bogus;",
    "\\u0000 \\n",
    "\u{1b}[31mred",
    "\u{202e}evil",
    "a\u{200b}b",
    "\u{7}\u{8}\u{8}",
    "✅ kept",
    "0 findings",
    "$(id) `id` ${x}",
    "; rm -rf x",
    "--output=x",
    "\u{1b}]8;;http://evil.example\u{7}x\u{1b}]8;;\u{7}",
    "\u{9b}31mred",
    "\u{2066}evil\u{2069}",
    "a\u{2028}::error::forged",
    "a\u{200f}\u{feff}b",
    "x\r::error::forged",
    "##[error]forged",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[message text='x']",
    "section_start:0:x\r\u{1b}[0K",
    "[x]: http:evil.example",
    "[x][y] [^1]",
    "<http:evil.example>",
    "![](//evil.example/x.png)",
    "--!> <!-->",
    "<details open><summary>",
    "&#60;b&#62; &lbrack;x&rbrack;",
    "~~~ x",
    "| --- | x",
    "javascript:alert(1)",
    "file:etc",
    "..%2f..%2fetc",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "\"=1+1\"",
    "|calc",
    "{{x}} ${{ github.token }}",
    "u00400everyone",
    "https&colon;//evil.example",
];

fn tree() -> Tree {
    let mut tree = Tree::new();
    for (at, hostile) in HOSTILE.iter().enumerate() {
        // A name holds no slash and no NUL; a line end in one is tried on its own below.
        let name = hostile.replace('/', "∕");
        tree = tree.with(
            &format!("prompts/{name}.md"),
            format!("Summarize {hostile} for the reader.\n"),
        );
        let request = serde_json::json!({
            "model": hostile,
            "messages": [{"role": "user", "content": format!("Tell me about {{{{ {hostile} }}}} and more.")}],
        });
        tree = tree.with(&format!("requests/{at}.json"), request.to_string());
    }
    #[cfg(unix)]
    {
        tree = tree.with("prompts/two\nlines::error::x.md", "Summarize the ticket.\n");
    }
    tree
}

fn output(format: &str) -> (Tree, String) {
    let tree = tree();
    let out = format!("{format}=out");
    let ran = tree.check(&["--output", &out, "--link", "https://github.com/o/r/blob/0\"><b>"]);
    assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.err);
    let text = std::fs::read_to_string(tree.path("out")).expect("it was written");
    assert!(text.len() > 1000, "{format}: there are findings to show");
    println!(
        "{format}: {} attempts, each as a file's name, a model's name, a variable and in a prompt",
        HOSTILE.len()
    );
    (tree, text)
}

fn no_control_characters(text: &str) {
    let turns =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let bad = text
        .chars()
        .find(|c| (c.is_control() && !matches!(c, '\n' | '\r')) || turns(*c));
    assert_eq!(bad, None);
}

#[test]
fn the_terminal_shows_no_control_characters() {
    for format in ["human", "compact"] {
        let (_, text) = output(format);
        no_control_characters(&text);
    }
    let (_, text) = output("compact");
    for line in text.lines() {
        assert!(
            line.contains(": warning[") || line.contains(": info[") || line.contains(": error["),
            "{line}"
        );
    }
}

#[test]
fn markdown_holds_no_markup_but_ours() {
    let (_, text) = output("markdown");
    no_control_characters(&text);
    program::markdown::holds_no_markup_but_ours(&text);
}

#[test]
fn annotations_are_one_command_a_finding() {
    let (tree, text) = output("github");
    let json = tree.check(&["--format", "json"]);
    let report: llmlint::report::Report = serde_json::from_str(&json.out).expect("a report");
    assert_eq!(text.lines().count(), report.findings.len());
    for line in text.lines() {
        let command = line.split_once(' ').expect("a command and its properties");
        assert!(matches!(command.0, "::error" | "::warning" | "::notice"), "{line}");
        let (properties, message) = command.1.split_once("::").expect("a message");
        for property in properties.split(',') {
            let key = property.split_once('=').expect("a key and a value").0;
            assert!(
                matches!(key, "file" | "line" | "endLine" | "col" | "endColumn" | "title"),
                "{line}"
            );
        }
        assert!(properties.starts_with("file=") && !message.contains('\r'), "{line}");
    }
    no_control_characters(&text);
}

#[test]
fn data_stays_data() {
    for format in ["sarif", "gitlab", "json"] {
        let (_, text) = output(format);
        no_control_characters(&text);
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        if format == "sarif" {
            let results = value["runs"][0]["results"].as_array().expect("results");
            for result in results {
                let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                    .as_str()
                    .expect("a place");
                assert!(
                    uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)),
                    "{uri}"
                );
            }
            let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
            assert!(
                results
                    .iter()
                    .all(|result| rules.iter().any(|rule| rule["id"] == result["ruleId"]))
            );
        }
    }
}

#[test]
fn a_spreadsheet_runs_nothing() {
    let (_, text) = output("csv");
    no_control_characters(&text);
    for record in text.split("\r\n") {
        let mut quoted = false;
        let mut start = true;
        for character in record.chars() {
            match character {
                // A quote opens a cell and is no part of it; a written one is, and starts no formula.
                '"' if start && !quoted => quoted = true,
                '"' => {
                    quoted = !quoted;
                    start = false;
                }
                ',' if !quoted => start = true,
                '=' | '+' | '@' | '-' | '＝' if start => panic!("a formula: {record}"),
                _ => start = false,
            }
        }
        assert!(!quoted, "{record}");
    }
}

#[test]
fn xml_is_well_formed() {
    let (_, text) = output("junit");
    no_control_characters(&text);
    let mut open: Vec<&str> = Vec::new();
    for part in text.split('<').skip(2) {
        let (tag, after) = part.split_once('>').expect("a tag ends");
        assert!(!after.contains('>'), "{after}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        assert!(
            matches!(name, "testsuites" | "testsuite" | "testcase" | "failure" | "system-out"),
            "{tag}"
        );
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
    }
    assert!(open.is_empty());
    for (at, _) in text.match_indices('&') {
        let reference = &text[at + 1..text[at..].find(';').map_or(at + 1, |end| at + end)];
        assert!(
            matches!(reference, "amp" | "lt" | "gt" | "quot" | "apos" | "#10"),
            "{reference}"
        );
    }
}

#[test]
fn a_comment_is_never_too_long() {
    let mut tree = Tree::new();
    for at in 0..400 {
        tree = tree.with(
            &format!("prompts/{at}{}.md", "<&@#".repeat(40)),
            "Summarize the ticket for the team.\n",
        );
    }
    tree.check(&["--output", "markdown=out"]);
    let text = std::fs::read_to_string(tree.path("out")).expect("it was written");
    assert!(text.chars().count() < 65_536, "{}", text.chars().count());
}
