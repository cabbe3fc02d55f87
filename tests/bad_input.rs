//! Bad and hostile input, end to end: a clear line each, no panic, no hang, bounded memory, and the rest of the run
//! unharmed.

mod program;

use llmlint::formats::{self, Outcome};
use llmlint::lint;
use llmlint::source::{Source, SourceId};
use llmlint::syntax::code::Files;
use program::Tree;

/// A prompt on which `missing-be-concise` fires: it shows that the rest of a run is judged.
const PROMPT: &str = "Summarize the ticket for the support team.\n";

/// A chat request on which the same rule fires.
const CHAT: &str =
    "model: gpt-6-luna\nmessages:\n  - role: system\n    content: Summarize the ticket for the support team.\n";

/// A server on which `unbatched-serving` fires; its API key stands two lines below the finding.
const SERVER: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: server}
spec:
  template:
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.8.5
          args: [--model, meta-llama/Llama-3.1-8B-Instruct, --max-num-seqs=1]
";

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Checks one named file and asserts what the first finding says.
fn one(path: &str, content: impl AsRef<[u8]>, expected: &str) {
    let ran = Tree::new().with(path, content).check(&["--format", "compact", path]);
    assert!(
        ran.out.contains(expected),
        "{path}: expected {expected:?} in {:?}",
        ran.out
    );
    assert_eq!(ran.code, Some(1), "{path}");
    assert!(ran.mib < 600, "{path}: {} MiB", ran.mib);
}

// ---- what does not parse

#[test]
fn a_malformed_named_file_is_an_error_with_its_place_and_the_rest_is_judged() {
    let tree = Tree::new()
        .with("broken.yaml", "a: 1\nb: [1, 2\n")
        .with("broken.json", "{\n  \"a\": tru\n}\n")
        .with("prompts/a.md", PROMPT);
    let arguments = ["--format", "compact", "broken.yaml", "broken.json", "prompts"];
    let ran = tree.check(&arguments);
    assert_eq!(ran.code, Some(1));
    let shown = lines(&ran.out);
    assert_eq!(shown.len(), 3, "{}", ran.out);
    assert!(
        shown[0].starts_with("broken.json:2:8: error[syntax-error] "),
        "{}",
        shown[0]
    );
    assert!(shown[1].starts_with("broken.yaml:"), "{}", shown[1]);
    assert!(
        shown[1].contains(": error[syntax-error] ") && shown[1].contains("expected"),
        "{}",
        shown[1]
    );
    assert!(
        shown[2].starts_with("prompts/a.md:1:1: warning[missing-be-concise]"),
        "{}",
        shown[2]
    );
    let strict: Vec<&str> = ["--strict"].into_iter().chain(arguments).collect();
    let ran = tree.check(&strict);
    assert_eq!(ran.code, Some(2));
    assert_eq!(lines(&ran.out).len(), 3, "the report is printed all the same");
}

#[test]
fn a_malformed_file_that_was_recognized_is_an_error() {
    let tree = Tree::new()
        .with(
            "chat.json",
            "{\"model\": \"gpt-6-luna\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\",}]}",
        )
        .with("chat.yaml", format!("{CHAT}---\n- [\n"))
        .with("server.yaml", format!("{SERVER}---\n- [\n"))
        .with("prompts/t.j2", "Hello {% if name %}{{ name }}")
        .with("prompts/u.md", "---\nmodel: [\n---\nHello")
        .with("p.prompty", "---\nname: x\nuser:\nHi\n");
    let ran = tree.check(&["--format", "compact", "--select", "unbatched-serving"]);
    let errors: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.contains("error[syntax-error]"))
        .collect();
    let places = [
        "chat.json:1:",
        "chat.yaml:",
        "p.prompty:1:1:",
        "prompts/t.j2:1:7:",
        "prompts/u.md:",
        "server.yaml:",
    ];
    assert_eq!(errors.len(), places.len(), "{}", ran.out);
    for (error, place) in errors.iter().zip(places) {
        assert!(error.starts_with(place), "{error}");
    }
    assert!(
        ran.out.contains("server.yaml:10:") && ran.out.contains("warning[unbatched-serving]"),
        "{}",
        ran.out
    );
    assert_eq!(ran.code, Some(1));
}

#[test]
fn any_other_file_that_does_not_parse_is_left_alone_and_listed() {
    let helm = "{{- if .Values.on }}\napiVersion: apps/v1\nkind: Deployment\nspec:\n  containers: {{ toYaml .Values.vllm | nindent 2 }}\n{{- end }}\n";
    let tree = Tree::new()
        .with("chart/templates/deployment.yaml", helm)
        .with("tsconfig.json", "{ // a comment\n \"a\": 1, }\n")
        .with("data/latin.yaml", b"name: caf\xe9\n")
        .with("data/wide.json", b"\xff\xfe{\0}\0");
    let ran = tree.check(&["--format", "compact"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
    let ran = tree.check(&["--format", "compact", "--verbose", "--strict"]);
    assert_eq!(ran.code, Some(0));
    let shown = lines(&ran.out);
    assert_eq!(shown.len(), 4, "{}", ran.out);
    assert!(
        shown[0].starts_with("chart/templates/deployment.yaml: left alone (does not parse as YAML"),
        "{}",
        shown[0]
    );
    assert!(
        shown[1].starts_with("data/latin.yaml: left alone (not UTF-8 at byte 9"),
        "{}",
        shown[1]
    );
    assert!(
        shown[2].starts_with("data/wide.json: left alone (UTF-16"),
        "{}",
        shown[2]
    );
    assert!(shown[3].starts_with("tsconfig.json: left alone"), "{}", shown[3]);
}

#[test]
fn a_bad_line_among_many_is_told_by_its_number() {
    let good = "{\"model\": \"gpt-6-luna\", \"messages\": [{\"role\": \"user\", \"content\": \"Summarize the ticket for the support team.\"}]}\n";
    let text = format!("{}{}{}", good.repeat(30), "{\"model\": oops}\n", good.repeat(30));
    let ran = Tree::new().with("batch.jsonl", text).check(&["--format", "compact"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.out.matches("missing-be-concise").count(), 60);
    let errors: Vec<&str> = ran.out.lines().filter(|line| line.contains("syntax-error")).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("batch.jsonl:31:11: "), "{}", errors[0]);
    one("other.jsonl", "{\"a\": 1}\n{\"a\": \n", "other.jsonl:2:");
}

#[test]
fn a_flood_of_bad_lines_is_counted_not_printed() {
    let text = format!(
        "{{\"model\": 1, \"messages\": \"role content\"}}\n{}",
        "{\n".repeat(200_000)
    );
    let ran = Tree::new().with("flood.jsonl", text).check(&["--format", "compact"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(lines(&ran.out).len(), 20);
    assert!(ran.out.contains("199980 more lines of this file"), "{}", ran.out);
}

// ---- what is not text, not there or not to be read

#[test]
fn bytes_that_are_no_utf_8_text_are_a_clear_line_where_text_was_expected() {
    one(
        "prompts/latin.md",
        b"caf\xe9",
        "error[unreadable-file] not UTF-8 at byte 3: save it as UTF-8",
    );
    one("prompts/le.md", b"\xff\xfeH\0i\0", "UTF-16 LE by its byte-order mark");
    one("prompts/be.md", b"\xfe\xff\0H\0i", "UTF-16 BE by its byte-order mark");
    one("prompts/nul.md", b"Hello\0world", "holds a NUL at byte 5");
    // Found by a walk, where prompts are kept.
    let ran = Tree::new()
        .with("prompts/latin.md", b"caf\xe9")
        .with("prompts/a.md", PROMPT)
        .check(&["--format", "compact"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.contains("prompts/latin.md:1:1: error[unreadable-file]"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("prompts/a.md:1:1: warning"), "{}", ran.out);
}

#[test]
fn a_byte_order_mark_and_crlf_change_no_place_on_the_line() {
    let plain = Tree::new().with("chat.yaml", CHAT).check(&["--format", "compact"]);
    assert!(
        plain.out.starts_with("chat.yaml:4:14: warning[missing-be-concise]"),
        "{}",
        plain.out
    );
    let crlf = CHAT.replace('\n', "\r\n");
    let ran = Tree::new().with("chat.yaml", &crlf).check(&["--format", "compact"]);
    assert_eq!(ran.out, plain.out);
    let ran = Tree::new()
        .with("chat.yaml", format!("\u{feff}{crlf}"))
        .check(&["--format", "compact"]);
    assert_eq!(ran.out, plain.out);
}

#[test]
fn an_empty_file_says_nothing() {
    for (path, text) in [
        ("prompts/a.md", ""),
        ("a.yaml", "\n \n"),
        ("a.json", ""),
        ("b.prompty", "\u{feff}"),
        ("c.jsonl", ""),
    ] {
        let ran = Tree::new()
            .with(path, text)
            .check(&["--format", "compact", "--verbose", path]);
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        assert_eq!(ran.out, format!("{path}: left alone (empty)\n"));
    }
}

#[test]
fn a_file_of_50_mb_is_left_alone_and_the_limit_is_said() {
    let tree = Tree::new().with("data.json", "").with("prompts/a.md", PROMPT);
    let file = std::fs::File::options()
        .write(true)
        .open(tree.path("data.json"))
        .expect("the file");
    file.set_len(50_000_000).expect("a length");
    let ran = tree.check(&["--format", "compact", "--verbose", "--quiet"]);
    assert_eq!(ran.code, Some(2), "quiet and verbose are at odds");
    let ran = tree.check(&["--format", "compact", "--verbose"]);
    let told =
        "50,000,000 bytes, more than the limit of 10,000,000: left alone (`max_file_bytes` in llmlint.yaml raises it)";
    assert!(
        ran.out.contains(&format!("data.json: left alone ({told})")),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("warning[missing-be-concise]"));
    assert!(ran.mib < 100, "{} MiB", ran.mib);
    let ran = tree.check(&["--format", "compact", "data.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.contains(&format!("error[unreadable-file] {told}")),
        "{}",
        ran.out
    );
    // The limit is the config's.
    let tree = tree.with("llmlint.yaml", "max_file_bytes: 20\n");
    let ran = tree.check(&["--format", "compact"]);
    assert!(
        ran.out
            .contains("prompts/a.md:1:1: error[unreadable-file] 43 bytes, more than the limit of 20"),
        "{}",
        ran.out
    );
}

#[test]
fn a_missing_path_is_a_failure_that_names_it() {
    let ran = Tree::new().with("a.md", PROMPT).check(&["a.md", "no/such.yaml"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.out, "");
    assert!(
        ran.err
            .starts_with("llmlint: no/such.yaml: there is no such file or folder (check the spelling"),
        "{}",
        ran.err
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_machine_refuses_to_read_is_an_error_and_the_rest_is_judged() {
    let tree = Tree::new().with("prompts/a.md", PROMPT);
    // Reading a process's memory at address 0 fails for everyone, root included.
    let ran = tree.check(&["--format", "compact", "/proc/self/mem", "prompts"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out
            .contains("/proc/self/mem:1:1: error[unreadable-file] can't be read: "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("warning[missing-be-concise]"), "{}", ran.out);
    assert_eq!(tree.check(&["--strict", "/proc/self/mem"]).code, Some(2));
    // An endless device.
    let ran = tree.check(&["--format", "compact", "/dev/zero"]);
    assert!(ran.out.contains("not a regular file"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let tree = Tree::new()
        .with("prompts/shut.md", PROMPT)
        .with("prompts/shut/b.md", PROMPT)
        .with("prompts/a.md", PROMPT);
    for path in ["prompts/shut.md", "prompts/shut"] {
        std::fs::set_permissions(tree.path(path), std::fs::Permissions::from_mode(0o000)).expect("permissions");
    }
    if std::fs::read(tree.path("prompts/shut.md")).is_ok() {
        eprintln!("skipped: this user (root) may read everything");
        return;
    }
    let ran = tree.check(&["--format", "compact"]);
    std::fs::set_permissions(tree.path("prompts/shut"), std::fs::Permissions::from_mode(0o700)).expect("permissions");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out
            .contains("prompts/shut.md:1:1: error[unreadable-file] can't be read: Permission denied"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("prompts/shut:1:1: error[unreadable-file] can't be read: Permission denied"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("prompts/a.md:1:1: warning"), "{}", ran.out);
}

#[test]
fn a_folder_that_is_called_like_a_file_is_walked() {
    let ran = Tree::new()
        .with("x.yaml/prompts/a.md", PROMPT)
        .check(&["--format", "compact", "x.yaml"]);
    assert!(ran.out.starts_with("x.yaml/prompts/a.md:1:1: warning"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn a_fifo_is_not_waited_for() {
    let tree = Tree::new().with("prompts/a.md", PROMPT);
    let made = std::process::Command::new("mkfifo")
        .arg(tree.path("prompts/pipe.md"))
        .status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mkfifo here");
        return;
    }
    let ran = tree.check(&["--format", "compact"]);
    assert_eq!(lines(&ran.out).len(), 1, "{}", ran.out);
    let ran = tree.check(&["--format", "compact", "prompts/pipe.md"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out
            .contains("error[unreadable-file] not a regular file (a pipe, socket or device)"),
        "{}",
        ran.out
    );
    let ran = tree.check(&["--config", "prompts/pipe.md"]);
    assert_eq!(ran.code, Some(2));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_the_tree_nor_in_circles() {
    use std::os::unix::fs::symlink;
    let outside = Tree::new().with("prompts/secret.md", PROMPT);
    let tree = Tree::new().with("prompts/a.md", PROMPT);
    symlink(outside.path("prompts"), tree.path("prompts/out")).expect("a link");
    symlink(outside.path("prompts/secret.md"), tree.path("prompts/secret.md")).expect("a link");
    symlink(tree.path("prompts"), tree.path("prompts/loop")).expect("a link");
    symlink("self.md", tree.path("prompts/self.md")).expect("a link");
    symlink("nowhere.md", tree.path("prompts/dangling.md")).expect("a link");
    let ran = tree.check(&["--format", "compact"]);
    assert_eq!(lines(&ran.out).len(), 1, "{}", ran.out);
    assert!(ran.out.starts_with("prompts/a.md:1:1: "), "{}", ran.out);
    let ran = tree.check(&["prompts/self.md"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.starts_with("llmlint: prompts/self.md: "), "{}", ran.err);
}

#[cfg(target_os = "linux")]
#[test]
fn paths_that_are_not_utf_8_are_read_each_of_them() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let tree = Tree::new();
    for name in [&b"a\xff.prompt"[..], b"a\xfe.prompt"] {
        std::fs::write(tree.path(OsStr::from_bytes(name)), PROMPT).expect("a file");
    }
    let ran = tree.check(&["--format", "compact"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(lines(&ran.out).len(), 2, "{}", ran.out);
    assert!(
        lines(&ran.out)
            .iter()
            .all(|line| line.starts_with("a\u{fffd}.prompt:1:1: warning")),
        "{}",
        ran.out
    );
}

// ---- bombs

/// Ten lists of ten, each of the one before.
fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    text
}

#[test]
fn an_alias_bomb_is_an_error() {
    let told = "error[syntax-error] the aliases of this file stand for more than 1000000 values";
    one("chat.yaml", format!("{}{CHAT}", bomb()), told);
    one("server.yaml", format!("{}{SERVER}", bomb()), told);
    one("prompts/a.md", format!("---\n{}---\nHello", bomb()), told);
    let ran = Tree::new().with("llmlint.yaml", bomb()).check(&[]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.contains("llmlint.yaml:6:") && ran.err.contains("stand for more than"),
        "{}",
        ran.err
    );
    // Merges of merges.
    let mut merges = "m0: &m0 {a: 1, b: 2}\n".to_owned();
    for level in 1..30 {
        let last = level - 1;
        merges.push_str(&format!(
            "m{level}: &m{level} {{<<: [*m{last}, *m{last}], k{level}: 1}}\n"
        ));
    }
    one("merges.yaml", merges, "error[syntax-error]");
}

#[test]
fn a_long_text_is_not_repeated_without_end_by_aliases() {
    let long = "Write a long story about a cat. ".repeat(3_000);
    let request = format!(
        "- &r {{model: gpt-6-luna, messages: [{{role: user, content: \"{long}\"}}]}}\n{}",
        "- *r\n".repeat(20_000)
    );
    one("requests.yaml", request, "the aliases of this file stand for more than");
    let messages = format!(
        "x: &m {{role: user, content: \"{long}\"}}\nmodel: gpt-6-luna\nmessages: [{}]\n",
        vec!["*m"; 20_000].join(", ")
    );
    one(
        "messages.yaml",
        messages,
        "the aliases of this file stand for more than",
    );
    // A request that an alias repeats is one request.
    let twice = "- &r {model: gpt-6-luna, messages: [{role: user, content: Summarize the ticket for the support team.}]}\n- *r\n- *r\n";
    let ran = Tree::new().with("twice.yaml", twice).check(&["--format", "compact"]);
    assert_eq!(lines(&ran.out).len(), 1, "{}", ran.out);
}

#[test]
fn a_long_prompt_file_is_not_counted_for_request_after_request_without_end() {
    let request =
        "{\"model\": \"gpt-6-luna\", \"messages\": [{\"role\": \"user\", \"content_file\": \"prompts/a.md\"}]}\n";
    let sources = [
        Source::new("batch.jsonl", request.repeat(2_000), false),
        Source::new("prompts/a.md", "Summarize. ".repeat(100_000), false),
    ];
    let mut units = Vec::new();
    let files = Files::new(&sources);
    for (source, id) in sources.iter().zip(0..) {
        match formats::read(&files, SourceId(id), true) {
            Outcome::Read(_, read) => units.extend(read.units),
            Outcome::LeftAlone(why) => panic!("{}: {why}", source.path),
        }
    }
    // Counting what stays below the limit takes a debug build too long: the join alone is looked at.
    let mut findings = Vec::new();
    let joined = lint::join(units, &sources, &mut findings);
    assert_eq!(joined.len(), 2_000, "the file is no prompt of its own");
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].path.as_str(), findings[0].span.line), ("batch.jsonl", 91));
    assert!(
        findings[0].message.contains("more than 100000000 bytes"),
        "{}",
        findings[0].message
    );
}

#[test]
fn nesting_of_ten_thousand_is_an_error() {
    let deep = 10_000;
    let told = "deeper than 200 levels";
    one("flow.yaml", format!("{CHAT}x: {}", "[".repeat(deep)), told);
    one("maps.yaml", format!("{CHAT}x: {}", "{a: ".repeat(deep)), told);
    one("block.yaml", format!("{}x", "- ".repeat(deep)), told);
    one("a.json", format!("{}{}", "[".repeat(deep), "]".repeat(deep)), told);
    one(
        "b.json",
        format!("{{\"messages\": \"role content\", \"x\": {}", "{\"a\":".repeat(deep)),
        told,
    );
    one("c.jsonl", "[".repeat(deep), told);
    one(
        "if.j2",
        format!("{}x{}", "{% if a %}".repeat(deep), "{% endif %}".repeat(deep)),
        told,
    );
    one(
        "sections.mustache",
        format!("{}x{}", "{{#a}}".repeat(deep), "{{/a}}".repeat(deep)),
        told,
    );
    one("open.j2", "{{".repeat(deep), "is never closed");
    one(
        "p.prompty",
        format!("---\nx: {}\n---\nuser:\nHi", "[".repeat(deep)),
        told,
    );
    let ran = Tree::new().with("llmlint.yaml", "[".repeat(deep)).check(&[]);
    assert_eq!(ran.code, Some(2));
    // Brackets of an expression nest too, in a template and in a rule's condition.
    let ran = Tree::new()
        .with("a.j2", format!("{{{{ {}a{} }}}}", "(".repeat(deep), ")".repeat(deep)))
        .check(&["a.j2"]);
    assert!(ran.code.is_some_and(|code| code < 2));
}

#[test]
fn huge_numbers_are_judged_or_said_to_be_none() {
    let most = u64::MAX;
    let config = format!(
        "prompts: [{{files: '**', calls_per_month: {most}, output_tokens: {{low: 0, high: {most}}}}}]\n\
         deployments: [{{files: '**', gpu: l4, gpu_hour_usd: 79228162514264337593543950335}}]\n"
    );
    let digits = "9".repeat(5_000);
    let mut tree = Tree::new().with("llmlint.yaml", config);
    for (index, number) in [
        most.to_string(),
        "-1".into(),
        "0".into(),
        "1e400".into(),
        digits,
        ".nan".into(),
    ]
    .iter()
    .enumerate()
    {
        tree = tree
            .with(
                &format!("c{index}.json"),
                format!("{{\"model\": \"gpt-6-luna\", \"max_tokens\": {number}, \"n\": {number}, \"messages\": [{{\"role\": \"user\", \"content\": \"Hi\"}}]}}"),
            )
            .with(
                &format!("s{index}.yaml"),
                format!(
                    "{SERVER}          resources: {{limits: {{nvidia.com/gpu: {number}}}}}\n          env: [{{name: A, value: '{number}'}}]\n"
                )
                .replace(
                    "--max-num-seqs=1",
                    &format!(
                        "--max-num-seqs, '{number}', --max-model-len, '{number}', --tensor-parallel-size, '{number}', --pipeline-parallel-size, '{number}', --gpu-memory-utilization, '{number}', --swap-space, '{number}', --max-num-batched-tokens, '{number}'"
                    ),
                ),
            );
    }
    let ran = tree.check(&["--format", "json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.out.contains("\"max_tokens\"") || ran.out.contains("c0.json"),
        "{}",
        ran.out
    );
}

#[test]
fn ten_megabytes_of_prompt_are_counted() {
    let text = "Explain the difference between a cat and a dog. ".repeat(60_000);
    let ran = Tree::new().with("prompts/big.md", text).check(&["--format", "compact"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.mib < 600, "{} MiB", ran.mib);
}

#[test]
fn ten_megabytes_of_one_kind_of_byte_end_in_time() {
    for (name, unit) in [("spaces", " "), ("letters", "a"), ("braces", "{"), ("lines", "\n")] {
        let text = unit.repeat(1_000_000) + "x";
        let ran = Tree::new().with("a.prompt", text).check(&["--format", "compact"]);
        assert!(ran.code.is_some_and(|code| code < 2), "{name}");
        assert!(ran.mib < 600, "{name}: {} MiB", ran.mib);
    }
}

#[test]
fn a_file_of_one_long_line_is_not_read_once_for_each_place_in_it() {
    let request = "{\"model\": \"gpt-6-luna\", \"messages\": [{\"role\": \"user\", \"content\": \"Summarize the ticket for the support team.\"}]}";
    let text = format!("[{}]", vec![request; 12_000].join(","));
    let ran = Tree::new().with("requests.json", text).check(&["--format", "compact"]);
    assert_eq!(lines(&ran.out).len(), 12_000);
}

// ---- what the program is told by the tree

/// Scripts and image files that a shell, make or a builder would refuse: nothing, or what is sure, and in time.
#[test]
fn hostile_scripts_are_left_alone_in_time() {
    let started = std::time::Instant::now();
    let make_bomb: String = (0..9)
        .map(|at| format!("V{at} = {}\n", format!("$(V{})", at + 1).repeat(2_000)))
        .collect();
    let tree = Tree::new()
        .with("open.sh", "vllm serve 'org/model --max-num-seqs 1\n")
        .with("nul.sh", b"vllm serve org/\0model\0 --x\n")
        .with("long.sh", format!("vllm serve {}\n", "x".repeat(10_000_000)))
        .with("words.sh", format!("vllm serve {}\n", "x ".repeat(1_000_000)))
        .with(
            "deep.sh",
            format!("{}vllm serve m{}\n", "(".repeat(50_000), ")".repeat(50_000)),
        )
        .with("again.sh", "vllm serve m --max-num-seqs ${A:-${A:-${A:-\n")
        .with("Dockerfile", format!("FROM vllm{}\n", "\\\n".repeat(100_000)))
        .with(
            "b.Dockerfile",
            "FROM\nCMD vllm serve\nENTRYPOINT [\"vllm\", \nFROM $X${\n",
        )
        .with(
            "c.Dockerfile",
            "ENV =\nARG\nFROM vllm/vllm-openai AS\nCMD [\"serve\", 1, {}]\n",
        )
        .with(
            "Makefile",
            format!("{make_bomb}V9 =\nrun:\n\tvllm serve $(V0) $(\n\t$$(vllm serve\n"),
        )
        .with("Procfile", ":\nvllm:\nweb: vllm serve 'm\n")
        .with(
            "a.service",
            "ExecStart=\\\n\\\nExecStart=vllm serve \"m\nEnvironment='\n=\n",
        )
        .with(
            ".github/workflows/a.yml",
            "jobs: {a: {steps: [{run: \"vllm serve 'm\"}, 1, {run: [vllm]}]}}\n",
        )
        .with(
            "sky.yaml",
            "resources: {accelerators: [{}, 1, {A: {}}]}\nrun: vllm serve m -tp $SKYPILOT_NUM_GPUS_PER_NODE\n",
        )
        .with(
            "d.yaml",
            "type: task\ncommands: [1, {}, \"vllm serve 'm\"]\nresources: {gpu: \"::..\", shm_size: 9e99}\n",
        )
        .with(
            "model.json",
            "{\"model\": \"m\", \"max_model_len\": {\"a\": []}, \"tensor_parallel_size\": -1}",
        )
        .with(
            "crlf.sh",
            "#!/bin/sh\r\nvllm serve org/model \\\r\n  --max-num-seqs 1\r\n",
        );
    let ran = tree.check(&["--format", "compact"]);
    assert!(!ran.out.contains("error["), "{}", ran.out);
    assert!(ran.out.contains("crlf.sh:3:"), "{}", ran.out);
    assert!(!ran.out.contains("open.sh"), "{}", ran.out);
    assert!(ran.mib < 900, "{} MiB", ran.mib);
    assert!(started.elapsed().as_secs() < 120);
}

#[test]
fn a_bad_config_names_the_place_and_the_nearest_known_key() {
    let cases = [
        (
            "fail_onn: error\n",
            "llmlint.yaml:1:1: unknown key `fail_onn`: did you mean `fail_on`?",
        ),
        (
            "exclude: []\nprompts:\n  - files: a\n    modle: gpt-6-luna\n",
            "llmlint.yaml:4:5: unknown key `modle`: did you mean `model`?",
        ),
        ("exclude: []\nfail_on: sometimes\n", "llmlint.yaml:2:10: "),
        ("max_file_bytes: lots\n", "llmlint.yaml:1:17: "),
        ("exclude: [a\n", "llmlint.yaml:2:1: "),
        ("exclude: ['a[']\n", "llmlint.yaml:1:10: "),
        (
            "rules: {missing-be-concize: off}\n",
            "llmlint.yaml:1:9: rules: unknown name `missing-be-concize`: did you mean `missing-be-concise`?",
        ),
        (
            "rules: {oversized-model: {options: {tsks: [a]}}}\n",
            "did you mean `tasks`?",
        ),
        (
            "models: [{id: a, input: -1, output: 1, as_of: 2026-01-01}]\n",
            "negative",
        ),
        ("rule_folders: [nowhere]\n", "nowhere: No such file"),
        (
            "usage: nowhere.json\n",
            "nowhere.json: there is no such file: check the spelling",
        ),
        ("prompts: 5\n", "llmlint.yaml:1:10: expected a list, found `5`"),
        ("- a\n- b\n", "expected a mapping of keys, found a list"),
        (
            "rules: {missing-be-concise: maybe}\n",
            "llmlint.yaml:1:29: expected `off`, `info`, `warning`, `error`, or {severity: …, options: …}",
        ),
        (
            "rules: {zzzzzzzzzzzzz: off}\n",
            "unknown name `zzzzzzzzzzzzz` (`llmlint rules` lists those of rules and their categories)",
        ),
        (
            "budgets: [{files: a, max_usd_per_month: x}]\n",
            "expected a number, found `x`",
        ),
    ];
    for (config, expected) in cases {
        let ran = Tree::new()
            .with("llmlint.yaml", config)
            .with("prompts/a.md", PROMPT)
            .check(&[]);
        assert_eq!(ran.code, Some(2), "{config}");
        assert_eq!(ran.out, "");
        assert!(
            ran.err.contains(expected),
            "{config}: expected {expected:?} in {:?}",
            ran.err
        );
        let ran = Tree::new()
            .with("llmlint.yaml", config)
            .with("prompts/a.md", PROMPT)
            .check(&["--no-config"]);
        assert_eq!(ran.code, Some(1), "--no-config leaves it alone");
    }
}

#[test]
fn a_config_cannot_forge_a_line() {
    let config = "\"x\\nllmlint: all is well\\e[32m\\u202e\": 1\n";
    let ran = Tree::new().with("llmlint.yaml", config).check(&[]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(lines(&ran.err).len(), 1, "{}", ran.err);
    assert!(
        ran.err.contains("<U+000A>") && !ran.err.contains('\u{1b}') && !ran.err.contains('\u{202e}'),
        "{}",
        ran.err
    );
}

#[test]
fn a_page_that_does_not_type_check_fails_at_load_with_its_place() {
    let page = |when: &str| {
        format!(
            "---\nunit: prompt\nseverity: warning\ncategory: own\nwhen: {when}\nat: prompt.instructions\nmessage: no\nhelp: none\n---\n# own\n\nOne line.\n"
        )
    };
    let cases = [
        (
            "prompt.modl == 'a'".to_owned(),
            "house/own.md:5:8: there is no `prompt.modl`",
        ),
        ("prompt.model > 3".to_owned(), "house/own.md:5:"),
        ("prompt.model ==".to_owned(), "house/own.md:5:"),
        ("size(3) > 1".to_owned(), "house/own.md:5:"),
        ("nonsense(prompt.model)".to_owned(), "house/own.md:5:"),
        ("(".repeat(4_000), "house/own.md:5:"),
    ];
    for (when, expected) in cases {
        let quoted = format!("\"{when}\"");
        let ran = Tree::new()
            .with("llmlint.yaml", "rule_folders: [house]\n")
            .with("house/own.md", page(&quoted))
            .with("prompts/a.md", PROMPT)
            .check(&[]);
        let short: String = when.chars().take(40).collect();
        assert_eq!(ran.code, Some(2), "{short}: {}{}", ran.out, ran.err);
        assert!(
            ran.err.contains("house/own.md:") && ran.err.contains(expected),
            "{short}: {}",
            ran.err
        );
        assert_eq!(lines(&ran.err).len(), 1, "{}", ran.err);
    }
    // Brackets that close and pairs of `!` make a condition like any other.
    for deep in [
        format!("{}true{}", "(".repeat(1_500), ")".repeat(1_500)),
        format!("'{}true'", "!".repeat(3_000)),
    ] {
        let ran = Tree::new()
            .with("llmlint.yaml", "rule_folders: [house]\n")
            .with("house/own.md", page(&deep))
            .with("prompts/a.md", PROMPT)
            .check(&["--format", "compact", "--select", "own"]);
        assert_eq!(ran.out, "prompts/a.md:1:1: warning[own] no\n", "{}", ran.err);
    }
}

// ---- what is shown

const SECRETS: [&str; 5] = [
    "sk-proj-abcdefghijklmnopqrstuvwxyz012345",
    "hf_AbCdEfGhIjKlMnOpQrStUvWx",
    "AKIAIOSFODNN7EXAMPLE",
    "correct-horse-battery",
    "hunter2",
];

#[test]
fn secrets_are_not_repeated_in_any_output() {
    let [openai, hf, aws, word, password] = SECRETS;
    let tree = Tree::new()
        .with("prompts/a.md", format!("Summarize. Key {openai}, {aws}, postgres://app:{password}@db/x\n"))
        .with("prompts/long.md", format!("{} {openai} Summarize {}\n", "x".repeat(140), "y".repeat(300)))
        .with(
            "chat.yaml",
            format!("api_key: {openai}\nmodel: {aws}\nmessages:\n  - role: user\n    content: Summarize the ticket.\n    token: {hf}\n"),
        )
        .with(
            "server.yaml",
            SERVER.replace("          args", &format!("          env:\n            - name: HF_TOKEN\n              value: {hf}\n            - name: VLLM_API_KEY\n              value: '{word}'\n          args")),
        )
        .with("broken.json", format!("{{\"messages\": [{{\"role\": \"user\", \"content\": \"{openai}\" \"x\"}}]}}"));
    for format in ["human", "compact", "json", "jsonl"] {
        let ran = tree.check(&["--format", format, "--verbose"].map(|a| a));
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.out.contains("unbatched-serving") && ran.out.contains("syntax-error"),
            "{}",
            ran.out
        );
        for secret in SECRETS {
            assert!(!ran.out.contains(secret), "{format} shows {secret}:\n{}", ran.out);
        }
    }
}

#[test]
fn nothing_in_a_file_moves_the_cursor_colours_the_terminal_or_forges_a_line() {
    let nasty = "Summarize \u{1b}[2J\u{1b}]0;title\u{7} \u{9b}31m \u{85}\u{202e}evil\u{2066}\u{200b}\u{feff}\u{61c} \u{7f}\rprompts/b.md:1:1: error[x] forged";
    let model = "gpt\u{1b}[31m\u{202e}\\nprompts/c.md:1:1: error[y] forged";
    let tree = Tree::new()
        .with("prompts/a.md", format!("{nasty}\n{{{{ name\u{202e}\u{9b} }}}}\n"))
        .with(
            "chat.json",
            format!(
                "{{\"model\": {}, \"messages\": [{{\"role\": \"user\", \"content\": \"Summarize the ticket.\"}}]}}",
                serde_json::json!(model)
            ),
        )
        .with(
            "c.yaml",
            format!(
                "model: gpt-6-luna\nmessages:\n  - role: user\n    content: \"{}\"\n    content: *x\u{202e}\n",
                "Summarize"
            ),
        )
        .with(
            "server.yaml",
            SERVER.replace(
                "--max-num-seqs=1",
                "\"--max-num-seqs=1\", \"--x\\e[31m\\nq.yaml:1:1: error[z] forged\"",
            ),
        );
    for format in ["human", "compact", "json", "jsonl"] {
        for more in ["--verbose", "--color=never"] {
            let ran = tree.check(&["--format", format, more]);
            assert_eq!(ran.code, Some(1), "{}", ran.err);
            for text in [&ran.out, &ran.err] {
                let odd = text
                    .chars()
                    .find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{2066}\u{200b}\u{feff}\u{61c}".contains(*c));
                assert_eq!(odd, None, "{format}: {text}");
                let forged = text.lines().find(|line| {
                    line.contains("forged") && ["prompts/b", "prompts/c", "q.yaml"].iter().any(|p| line.starts_with(p))
                });
                assert_eq!(forged, None, "{format}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_name_cannot_forge_a_line_either() {
    let names = [
        "a\nprompts/b.md:1:1: error[x] forged.md",
        "\u{1b}[31mred.md",
        "**bold** [link](http:x) `code`.md",
        "\u{202e}dm.evil.md",
        "c\u{9b}2J.md",
    ];
    let mut tree = Tree::new();
    for name in names {
        tree = tree.with(&format!("prompts/{}", name.replace('/', "\u{2215}")), PROMPT);
    }
    for format in ["human", "compact", "json", "jsonl"] {
        let ran = tree.check(&["--format", format, "--verbose"]);
        assert_eq!(ran.code, Some(1));
        let odd = ran
            .out
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(odd, None, "{format}: {}", ran.out);
        assert!(
            !ran.out.lines().any(|line| line.starts_with("prompts\u{2215}b")),
            "{}",
            ran.out
        );
    }
    let ran = tree.check(&["--format", "json"]);
    let report: llmlint::report::Report = serde_json::from_str(&ran.out).expect("a report");
    assert!(
        report
            .files
            .iter()
            .any(|file| file.path == "prompts/\u{202e}dm.evil.md"),
        "the report keeps the true name"
    );
}

// ---- manifests

/// Many of everything that is looked up by name: each is looked at once, not once for each other.
#[test]
fn ten_thousand_documents_end_in_time() {
    let pod = |index: usize| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{index}}}\nspec: {{template: {{metadata: \
             {{labels: {{app: a, n: n{index}}}}}, spec: {{containers: [{{name: c, image: vllm/vllm-openai, args: [--model, \
             $(M), --max-num-seqs=1], envFrom: [{{configMapRef: {{name: m{index}}}}}]}}]}}}}}}\n"
        )
    };
    let others = |index: usize| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{index}}}\ndata: {{M: org/m{index}}}\n\
             ---\napiVersion: v1\nkind: Service\nmetadata: {{name: s{index}}}\nspec: {{type: LoadBalancer, selector: \
             {{app: a, n: x{index}}}}}\n"
        )
    };
    let text: String = (0..3_500).map(|index| pod(index) + &others(index)).collect();
    let ran = Tree::new()
        .with("all.yaml", text)
        .check(&["--format", "compact", "--select", "unbatched-serving"]);
    assert_eq!(
        lines(&ran.out)
            .iter()
            .filter(|line| line.contains("unbatched-serving"))
            .count(),
        3_500
    );
    assert!(ran.mib < 600, "{} MiB", ran.mib);
}

/// One thing repeated without end inside one pod.
#[test]
fn a_pod_with_too_much_of_everything_ends_in_time() {
    let many = |item: &str| vec![item; 20_000].join(", ");
    let grows: String = (1..40).fold("{name: V0, value: xxxxxxxx}".to_owned(), |text, index| {
        let last = index - 1;
        format!("{text}, {{name: V{index}, value: $(V{last})$(V{last})}}")
    });
    for (name, part) in [
        ("volumes", format!("volumes: [{}]", many("{name: v, emptyDir: {}}"))),
        (
            "labels",
            format!(
                "nodeSelector: {{{}}}",
                (0..20_000)
                    .map(|n| format!("gpu-type{n}/gpu-type: a{n}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        ),
        ("containers", format!("initContainers: [{}]", many("{name: c}"))),
    ] {
        let text = format!(
            "{SERVER}          env: [{grows}]\n          volumeMounts: [{}]\n      {part}\n",
            many("{name: w, mountPath: /w}")
        );
        let ran = Tree::new().with("server.yaml", text).check(&["--format", "compact"]);
        assert!(ran.out.contains("unbatched-serving"), "{name}: {} {}", ran.out, ran.err);
        assert!(ran.mib < 600, "{name}: {} MiB", ran.mib);
    }
}

/// Halves of manifests, and fields of the wrong kind: nothing is judged of them, and nothing falls over.
#[test]
fn fields_of_the_wrong_kind_are_passed_over() {
    let kinds = [
        ("serving.kserve.io/v1beta1", "InferenceService"),
        ("serving.kserve.io/v1alpha2", "LLMInferenceService"),
        ("ray.io/v1", "RayService"),
        ("ray.io/v1", "RayCluster"),
        ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"),
        ("kubeai.org/v1", "Model"),
        ("apps.nvidia.com/v1alpha1", "NIMService"),
        ("production-stack.vllm.ai/v1alpha1", "VLLMRuntime"),
        ("argoproj.io/v1alpha1", "Application"),
        ("v1", "List"),
    ];
    let keys = [
        "predictor",
        "model",
        "template",
        "containers",
        "replicas",
        "serveConfigV2",
        "items",
        "spec",
        "resources",
        "leaderWorkerTemplate",
        "volumes",
        "image",
        "vllmConfig",
        "modelURL",
        "uri",
        "url",
        "engine",
        "source",
        "helm",
        "values",
        "workerGroupSpecs",
        "rayClusterConfig",
        "args",
        "env",
        "limits",
        "modelFormat",
        "storageUri",
    ];
    let values = [
        "vllm",
        "[vllm]",
        "{vllm: vllm}",
        "null",
        "'{{ .Values.vllm }}'",
        "\"[llm_configs: {\"",
        "-1",
    ];
    let mut tree = Tree::new();
    for (index, (version, kind)) in kinds.iter().enumerate() {
        for (number, value) in values.iter().enumerate() {
            let inner: String = keys.iter().map(|key| format!("    {key}: {value}\n")).collect();
            let outer: String = keys.iter().map(|key| format!("  {key}:\n{inner}")).collect();
            let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {value}\nspec:\n{outer}");
            tree = tree.with(&format!("{index}-{number}.yaml"), text);
            let values =
                format!("servingEngineSpec:\n{outer}catalog:\n{outer}modelArtifacts: {value}\ndecode:\n{outer}");
            tree = tree.with(&format!("{index}-{number}-values.yaml"), values);
        }
    }
    let ran = tree.check(&["--format", "compact"]);
    assert!(ran.code.is_some_and(|code| code < 2), "{}", ran.err);
    assert!(!ran.out.contains("syntax-error"), "{}", ran.out);
}
