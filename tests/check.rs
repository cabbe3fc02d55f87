//! `llmlint check`: its flags, its exit codes, which files it looks at, and that a report is the same bytes however it
//! is made.

mod program;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::Stdio;

use llmlint::report::Report;
use program::Tree;

/// `missing-be-concise` (a warning) fires on it.
const PROMPT: &str = "Summarize the ticket for the support team.\n";
/// `missing-output-limit` (an info) fires on it.
const STORY: &str = "{\"model\": \"gpt-6-luna\", \"messages\": [{\"role\": \"user\", \"content\": \"Write a story about {{ hero }} and a lighthouse.\"}]}";
/// Nothing fires on it.
const CLEAN: &str = "Summarize the ticket in one sentence: {{ ticket }}\n";

fn paths(out: &str) -> BTreeSet<&str> {
    out.lines().filter_map(|line| line.split(':').next()).collect()
}

#[test]
fn exit_codes_say_whether_something_was_found() {
    let clean = Tree::new().with("prompts/a.md", CLEAN);
    assert_eq!(clean.check(&[]).code, Some(0));
    assert_eq!(Tree::new().check(&[]).code, Some(0), "an empty folder is clean");
    let info = Tree::new().with("story.json", STORY);
    let ran = info.check(&["--format", "compact"]);
    assert!(
        ran.out.starts_with("story.json:") && ran.out.contains("info[missing-output-limit]"),
        "{}",
        ran.out
    );
    assert_eq!(ran.code, Some(0), "an info is below the default of --fail-on");
    assert_eq!(info.check(&["--fail-on", "info"]).code, Some(1));
    let warning = Tree::new().with("prompts/a.md", PROMPT);
    assert_eq!(warning.check(&[]).code, Some(1));
    assert_eq!(warning.check(&["--fail-on", "error"]).code, Some(0));
    let config = warning.with("llmlint.yaml", "fail_on: error\n");
    assert_eq!(config.check(&[]).code, Some(0));
    assert_eq!(
        config.check(&["--fail-on", "warning"]).code,
        Some(1),
        "the flag beats the config"
    );
    assert_eq!(config.check(&["--no-config"]).code, Some(1));
    for wrong in [
        &["--nonsense"][..],
        &["--format", "xml"],
        &["--as-of", "soon"],
        &["--config", "no.yaml"],
        &["--threads", "x"],
    ] {
        assert_eq!(config.check(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn rules_are_selected_by_name_category_and_severity() {
    let tree = Tree::new().with("prompts/a.md", PROMPT).with("story.json", STORY);
    let rules = |arguments: &[&str]| {
        let all: Vec<&str> = ["--format", "compact"].iter().chain(arguments).copied().collect();
        let out = tree.check(&all).out;
        let names = out
            .lines()
            .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()));
        names.collect::<Vec<_>>()
    };
    assert_eq!(rules(&[]), ["missing-be-concise", "missing-output-limit"]);
    assert_eq!(rules(&["--select", "missing-output-limit"]), ["missing-output-limit"]);
    assert_eq!(
        rules(&["--ignore", "missing-output-limit,memory"]),
        ["missing-be-concise"]
    );
    assert_eq!(
        rules(&["--select", "output-cost", "--severity", "warning"]),
        ["missing-be-concise"]
    );
    assert_eq!(rules(&["--select", "memory"]), [] as [&str; 0]);
    for flag in ["--select", "--ignore"] {
        let ran = tree.check(&[flag, "missing-be-consice"]);
        assert_eq!(ran.code, Some(2));
        assert_eq!(
            ran.err,
            "llmlint: unknown name `missing-be-consice`: did you mean `missing-be-concise`?\n"
        );
    }
}

#[test]
fn gitignore_is_respected_and_hidden_folders_but_github_are_left_out() {
    let tree = Tree::new()
        .with(".gitignore", "build/\n*.tmp.md\n")
        .with("prompts/a.md", PROMPT)
        .with("prompts/b.tmp.md", PROMPT)
        .with("build/prompts/c.md", PROMPT)
        .with(".cache/prompts/d.md", PROMPT)
        .with(".git/prompts/e.md", PROMPT)
        .with(".github/prompts/f.md", PROMPT)
        .with("src/notes.md", PROMPT);
    let ran = tree.check(&["--format", "compact"]);
    assert_eq!(
        paths(&ran.out),
        BTreeSet::from([".github/prompts/f.md", "prompts/a.md"])
    );
    let ran = tree.check(&["--format", "compact", "--no-gitignore"]);
    let all = [
        ".github/prompts/f.md",
        "build/prompts/c.md",
        "prompts/a.md",
        "prompts/b.tmp.md",
    ];
    assert_eq!(paths(&ran.out), BTreeSet::from(all));
    let tree = tree.with("llmlint.yaml", "exclude: ['.github/**']\n");
    assert_eq!(
        paths(&tree.check(&["--format", "compact"]).out),
        BTreeSet::from(["prompts/a.md"])
    );
}

#[test]
fn a_named_file_is_read_whatever_its_extension_and_once() {
    let tree = Tree::new()
        .with("prompts/notes.xyz", PROMPT)
        .with("prompts/a.md", PROMPT)
        .with("other/b.md", PROMPT);
    assert_eq!(
        paths(&tree.check(&["--format", "compact"]).out),
        BTreeSet::from(["prompts/a.md"])
    );
    let ran = tree.check(&["--format", "compact", "prompts/notes.xyz"]);
    assert!(
        ran.out
            .starts_with("prompts/notes.xyz:1:1: warning[missing-be-concise]"),
        "{}",
        ran.out
    );
    let ways = [
        "prompts/a.md",
        "./prompts/a.md",
        "other/../prompts/a.md",
        "prompts",
        ".",
    ];
    let mut arguments = vec!["--format", "compact"];
    arguments.extend(ways);
    let ran = tree.check(&arguments);
    assert_eq!(
        ran.out.lines().count(),
        1,
        "one file by five ways is one file:\n{}",
        ran.out
    );
}

#[test]
fn what_a_file_is_does_not_depend_on_where_the_scan_starts() {
    let request = "model: gpt-6-luna\nmessages:\n  - {role: system, content_file: prompts/a.md}\n";
    let tree = Tree::new()
        .with(".git/HEAD", "")
        .with("prompts/a.md", PROMPT)
        .with("chat.yaml", request)
        .with("docs/b.md", PROMPT);
    let whole = tree.path("");
    let whole = whole.to_str().expect("the temporary folder's name is UTF-8");
    for start in [".", whole, "docs/.."] {
        let ran = tree.check(&["--format", "json", start]);
        let report: Report = serde_json::from_str(&ran.out).expect("a report");
        let units: Vec<&str> = report.units.iter().map(|unit| unit.format.as_str()).collect();
        assert_eq!(
            units,
            ["chat request"],
            "{start}: the prompt file and the request are one unit"
        );
        assert!(
            report
                .findings
                .iter()
                .all(|finding| finding.rule == "missing-be-concise"),
            "{:?}",
            report.findings
        );
    }
    // From inside a prompts folder, its neighbour is no prompt place.
    let mut command = tree.command();
    command
        .current_dir(tree.path("prompts"))
        .args(["check", "--format", "compact", "../docs"])
        .stdin(Stdio::null());
    let ran = program::finish(command.spawn().expect("the program starts"));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_is_read_under_the_name_that_it_is_given() {
    let tree = Tree::new();
    let ran = tree.check_input(&["--format", "compact", "-"], PROMPT.as_bytes());
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains(":1:1: warning[missing-be-concise]"), "{}", ran.out);
    let ran = tree.check_input(
        &["--format", "compact", "--stdin-filename", "x/chat.json", "-"],
        STORY.as_bytes(),
    );
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.out.starts_with("x/chat.json:1:2: info[missing-output-limit]"),
        "{}",
        ran.out
    );
    let ran = tree.check_input(&["--format", "compact", "--stdin-filename", "a.yaml", "-"], b"a: [1");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.starts_with("a.yaml:1:") && ran.out.contains("syntax-error"),
        "{}",
        ran.out
    );
    let ran = tree.check_input(&["--format", "compact", "-"], b"\xff\xff");
    assert!(ran.out.contains("not UTF-8 at byte 0"), "{}", ran.out);
    let ran = tree.check_input(&["--format", "compact", "-"], &vec![b'a'; 11_000_000]);
    assert!(ran.out.contains("more than the limit of 10,000,000"), "{}", ran.out);
    assert_eq!(tree.check_input(&["-", "x"], b"").code, Some(2));
}

#[test]
fn the_report_goes_to_a_file() {
    let tree = Tree::new().with("prompts/a.md", PROMPT);
    let shown = tree.check(&["--format", "json"]);
    let ran = tree.check(&["--format", "json", "--output", "report.out"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(1), "", ""));
    assert_eq!(
        std::fs::read_to_string(tree.path("report.out")).expect("the report"),
        shown.out
    );
    let ran = tree.check(&["--color", "always", "--output", "human.out"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        !std::fs::read_to_string(tree.path("human.out"))
            .expect("the report")
            .contains('\u{1b}')
    );
    let ran = tree.check(&["--output", "no/such/folder.out"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.starts_with("llmlint: no/such/folder.out: can't be written: "),
        "{}",
        ran.err
    );
}

#[test]
fn quiet_verbose_and_colour() {
    let tree = Tree::new().with("prompts/a.md", PROMPT).with("x.yaml", "a: 1\n");
    let human = tree.check(&[]);
    assert!(
        human.out.contains("1 finding in 1 file") && !human.out.contains("x.yaml") && !human.out.contains('\u{1b}')
    );
    let quiet = tree.check(&["--quiet"]);
    assert!(
        human.out.starts_with(&quiet.out) && !quiet.out.contains("1 finding"),
        "{}",
        quiet.out
    );
    let verbose = tree.check(&["--verbose"]);
    assert!(
        verbose
            .out
            .contains("x.yaml: left alone: YAML, but neither a chat request nor a manifest"),
        "{}",
        verbose.out
    );
    assert!(verbose.out.contains("prompts/a.md: read as prompt text"));
    assert!(tree.check(&["--color", "always"]).out.contains("\u{1b}["));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut tree = Tree::new();
    for index in 0..200 {
        tree = tree.with(&format!("prompts/{index}.md"), PROMPT);
    }
    let mut command = tree.command();
    command.arg("check").stdin(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let mut out = child.stdout.take().expect("its output");
    let mut byte = [0];
    out.read_exact(&mut byte).expect("it prints");
    drop(out);
    let ran = program::finish(child);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_the_number_of_threads() {
    let mut tree = Tree::new()
        .with("prompts/latin.md", b"\xe9")
        .with("bad.jsonl", "{\"messages\": \"role content\"\n");
    for index in 0..60 {
        tree = tree
            .with(
                &format!("{}/prompts/{index}.md", index % 7),
                format!("{PROMPT}Number {index}.\n"),
            )
            .with(&format!("{}/{index}.json", index % 5), STORY);
    }
    for format in ["human", "compact", "json", "jsonl"] {
        let one = tree.check(&["--format", format, "--verbose", "--threads", "1"]);
        assert!(one.out.len() > 1_000);
        for threads in ["2", "8"] {
            let more = tree.check(&["--format", format, "--verbose", "--threads", threads]);
            assert!(more.out == one.out, "{format} with {threads} threads differs");
        }
    }
    // More threads than any machine has would be made before the first file is read.
    for threads in ["0", "100000"] {
        let ran = tree.check(&["--threads", threads]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains("is not in 1..=256"), "{}", ran.err);
    }
}

#[test]
fn a_json_report_round_trips_and_its_places_lie_in_the_files() {
    let tree = Tree::new()
        .with("prompts/é.md", format!("👍🏽 Grüße!\r\n{PROMPT}{{{{ x }}}}"))
        .with("story.json", STORY)
        .with("broken.prompty", "---\nname: [\n---\nuser:\nHi {% if %}\n");
    let ran = tree.check(&["--format", "json"]);
    let report: Report = serde_json::from_str(&ran.out).expect("a report");
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).expect("JSON")).expect("a report");
    assert_eq!(again, report);
    assert_eq!(report.schema_version, llmlint::report::SCHEMA_VERSION);
    assert_eq!((report.totals.prompts, report.units.len()), (3, 3));
    assert!(report.findings.len() >= 3, "{:?}", report.findings);
    for finding in &report.findings {
        let text = std::fs::read_to_string(tree.path(&finding.path)).expect("the file");
        let span = finding.span;
        assert!(
            text.get(span.start..span.end).is_some(),
            "{}: {span:?} is no part of the file",
            finding.rule
        );
        let before = &text[..span.start];
        assert_eq!(span.line, before.matches('\n').count() + 1);
        assert_eq!(
            span.column,
            before.rsplit('\n').next().unwrap_or("").chars().count() + 1
        );
    }
    // Money is never a float.
    let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let mut left = vec![&value];
    while let Some(value) = left.pop() {
        assert!(!value.is_f64(), "{value}");
        left.extend(value.as_array().into_iter().flatten());
        left.extend(value.as_object().into_iter().flat_map(|map| map.values()));
    }
    // A finding a line, the same ones.
    let lines = tree.check(&["--format", "jsonl"]);
    let findings: Vec<llmlint::report::Finding> = lines
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a finding"))
        .collect();
    assert_eq!(findings, report.findings);
}

#[test]
fn an_older_checkout_tells_what_a_bump_changes() {
    let manifest = |tag: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: server}}\nspec:\n  template:\n    spec:\n      nodeSelector: {{nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}}\n      containers:\n        - name: engine\n          image: vllm/vllm-openai:{tag}\n          args: [\"--model=Qwen/Qwen2.5-32B-Instruct\", \"--max-model-len=4096\"]\n          resources: {{limits: {{nvidia.com/gpu: 1}}}}\n"
        )
    };
    let older = Tree::new().with("deploy/server.yaml", manifest("v0.7.3"));
    let newer = Tree::new()
        .with(".git/HEAD", "")
        .with("deploy/server.yaml", manifest("v0.10.1"));
    let folder = older.path("");
    let before = folder.to_str().expect("UTF-8");
    let select = ["--select", "image-bump-changes-memory", "--format", "compact"];
    let ran = newer.check(&[&["--before", before][..], &select].concat());
    assert!(
        ran.out
            .contains("deploy/server.yaml:10:18: warning[image-bump-changes-memory]"),
        "{}",
        ran.out
    );
    assert_eq!(ran.code, Some(1));
    assert_eq!(newer.check(&select).code, Some(0), "nothing to compare with");
    let wrong = newer.check(&["--before", "nowhere"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.err.contains("--before nowhere"), "{}", wrong.err);
}

/// A call whose text and model stand elsewhere.
const CALL: &str = "from pathlib import Path\nfrom openai import OpenAI\nfrom settings import MODEL\n\nclient = OpenAI()\nclient.chat.completions.create(\n    model=MODEL,\n    messages=[{\"role\": \"user\", \"content\": Path(\"text/ask.txt\").read_text()}],\n)\n";

/// The model of the only unit of a report, and how many tokens are known to be sent.
fn sent(tree: &Tree, arguments: &[&str]) -> (Option<String>, u64) {
    let all: Vec<&str> = ["--format", "json"].iter().chain(arguments).copied().collect();
    let ran = tree.check(&all);
    let report: Report = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    assert_eq!(report.units.len(), 1, "{:?}", report.units);
    let unit = &report.units[0];
    (unit.model.clone(), unit.tokens.as_ref().map_or(0, |count| count.least))
}

#[test]
fn what_a_single_file_imports_and_loads_is_looked_up() {
    let tree = Tree::new()
        .with("one.py", CALL)
        // Each imports the other.
        .with("settings.py", "from more import NAME as MODEL\nimport one\n")
        .with("more.py", "import settings\nfrom openai import OpenAI\nNAME = \"gpt-4o\"\nOpenAI().chat.completions.create(model=NAME, messages=[{\"role\": \"user\", \"content\": \"Tell a tale.\"}])\n")
        .with("text/ask.txt", PROMPT);
    let (model, tokens) = sent(&tree, &["one.py"]);
    assert_eq!(model.as_deref(), Some("gpt-4o"));
    assert!(tokens >= 8, "{tokens} are fewer than the words of the text");
    let told = tree.check(&["one.py", "--verbose"]).out;
    for name in ["settings.py", "more.py", "text/ask.txt"] {
        assert!(told.contains(name), "{name} is not told of: {told}");
    }
    let found = tree.check(&["one.py", "--format", "compact"]).out;
    assert!(found.contains("missing-be-concise"), "{found}");
    let excluded = tree.with("llmlint.yaml", "exclude: [text]\n");
    assert!(sent(&excluded, &["one.py"]).1 < tokens, "the team left it out");
}

#[test]
fn a_look_up_leaves_no_tree_and_follows_no_link() {
    let call = |path: &str| CALL.replace("text/ask.txt", path);
    let tree = Tree::new()
        .with("outside.txt", PROMPT)
        .with("repo/.git/HEAD", "ref: refs/heads/main\n")
        .with("repo/.env", PROMPT)
        .with("repo/real.txt", PROMPT)
        .with("repo/settings.py", "MODEL = \"gpt-4o\"\n");
    let outside = tree.path("outside.txt");
    let known = |tree: &Tree| sent(tree, &["repo/one.py"]).1;
    let tree = tree.with("repo/one.py", call("real.txt"));
    let full = known(&tree);
    let mut tree = tree;
    for path in [
        "../outside.txt",
        outside.to_str().expect("a name"),
        "x/../../outside.txt",
        ".env",
        ".",
    ] {
        tree = tree.with("repo/one.py", call(path));
        assert!(known(&tree) < full, "{path} is read");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, tree.path("repo/link.txt")).expect("a link");
        std::os::unix::fs::symlink(tree.path(""), tree.path("repo/folder")).expect("a link");
        for path in ["link.txt", "folder/outside.txt"] {
            tree = tree.with("repo/one.py", call(path));
            assert!(known(&tree) < full, "{path} is followed");
            let told = tree.check(&["repo/one.py", "--verbose"]).out;
            assert!(told.contains("symbolic link"), "{told}");
        }
    }
}

/// Each import of a package of others asks for a dozen paths that are not there.
#[test]
fn packages_of_others_crowd_out_no_text() {
    let code = |from: usize| {
        let call = |number: usize| {
            format!(
                "from p{number}.inner.part import TEXT as t{number}\nOpenAI().chat.completions.create(model=\"gpt-4o\", messages=[{{\"role\": \"user\", \"content\": t{number}}}])\n"
            )
        };
        "from openai import OpenAI\n".to_owned() + &(from..from + 400).map(call).collect::<String>()
    };
    let tree = Tree::new()
        .with(".git/HEAD", "ref: refs/heads/main\n")
        .with("a/b/c/d/many.py", code(1000))
        .with("a/b/c/e/many.py", code(2000))
        .with("a/b/one.py", CALL.replace("text/ask.txt", "zz/ask.txt"))
        .with("zz/ask.txt", PROMPT);
    let told = tree.check(&["a", "--verbose"]).out;
    assert!(
        told.contains("zz/ask.txt: left alone: looked up"),
        "{}",
        &told[told.len().saturating_sub(500)..]
    );
}

#[test]
fn many_names_are_looked_up_to_a_bound() {
    let mut code = "from openai import OpenAI\n".to_owned();
    let mut tree = Tree::new();
    for number in 0..320 {
        tree = tree.with(&format!("m{number}.py"), format!("TEXT = \"Tell of {number}.\"\n"));
        code.push_str(&format!("import m{number}\nOpenAI().chat.completions.create(model=\"gpt-4o\", messages=[{{\"role\": \"user\", \"content\": m{number}.TEXT}}])\n"));
    }
    let told = tree.with("one.py", code).check(&["one.py", "--verbose"]).out;
    assert!(
        told.contains("more than 300 files"),
        "{}",
        &told[told.len().saturating_sub(500)..]
    );
}

#[test]
fn what_is_named_and_not_there_says_what_to_do() {
    let tree = Tree::new().with("a.prompt.md", PROMPT);
    let cases: &[(&[&str], &str)] = &[
        (&["--output", "pdf=report"], "no format `pdf`: one of "),
        (&["--output", "pdf=report"], "a file of that name is `human=pdf=report`"),
        (&["--base", "main"], "run it inside of a clone"),
        (&["gone"], "check the spelling, or leave the path out"),
    ];
    for (arguments, told) in cases {
        let ran = tree.check(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(told), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains("os error"), "{arguments:?}: {}", ran.err);
    }
    let tree = tree.with("llmlint.yaml", "baseline: gone.json\n");
    let ran = tree.check(&[]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(
        ran.err
            .contains("gone.json: no such baseline (`--write-baseline` makes one)"),
        "{}",
        ran.err
    );
    let written = tree.check(&["--write-baseline"]);
    assert!(written.err.contains("accepted in"), "{}", written.err);
}
