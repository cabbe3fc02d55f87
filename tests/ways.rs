//! Ways in which a pull request could get green by what else it does: each fails all the same, or is shown.
//!
//! `cargo test --test ways -- --nocapture` prints them with the verdict on each.

mod program;

use std::fs;
use std::path::Path;

use llmlint::report::change::Change;
use llmlint::report::{Finding, Report, Severity};
use program::Tree;
use program::repository::git;

const WITHIN: &str = "Summarize the ticket in one sentence: {{ ticket }}\n";
/// Breaks the budget, and sets no limit on its answer.
const BEYOND: &str = "Summarize the ticket for the support team: {{ ticket }}\n\
                      Name the product, the version, the plan, the customer's language and how long the customer waits.\n\
                      Name whoever answered before, what was promised, and by when it was to be done.\n";
const CONFIG: &str = "prompts:\n  - files: 'prompts/**'\n    model: gpt-6-luna\n    calls_per_month: 100000\n    \
                      output_tokens: 50\nbudgets:\n  - {name: support, files: 'prompts/**', max_input_tokens: 40}\n";
const LAX: &str = "fail_on: error\nbudgets: []\n";

/// What must come of a way.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Told {
    /// The budget is broken, by a check that was made as the base says.
    Broken,
    /// The same, and the settings that the change edits are named.
    Settings,
    /// The check fails because something can't be read any more.
    Unread,
    /// The check fails by its findings.
    Findings,
    /// It may pass: the verdict says that a unit is gone.
    Gone,
    /// It may pass: a finding says what is not looked into.
    Shown,
}

type Way = (&'static str, Told, fn(&Path));

fn write(folder: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder");
    if path.is_symlink() {
        fs::remove_file(&path).expect("a link");
    }
    fs::write(path, content).expect("a file");
}

fn link(folder: &Path, target: &str, path: &str) {
    let path = folder.join(path);
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir_all(&path).expect("a folder");
    } else {
        let _ = fs::remove_file(&path);
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, path).expect("a link");
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn submodule(folder: &Path, path: &str) {
    let other = folder.join(".git/other");
    for (path, text) in [("a.md", BEYOND), ("prompts/b.md", BEYOND), ("llmlint.yaml", LAX)] {
        write(&other, path, text);
    }
    git(&other, &["init", "-q"]);
    git(&other, &["add", "-A"]);
    git(&other, &["commit", "-qm", "other"]);
    let url = format!("file://{}", other.display());
    git(
        folder,
        &[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            "-f",
            &url,
            path,
        ],
    );
}

fn restored(folder: &Path) {
    write(folder, "prompts/a.md", WITHIN);
}

/// What each does beside making `prompts/a.md` too long.
const WAYS: &[Way] = &[
    ("nothing else", Told::Broken, |_| ()),
    ("config: a higher limit", Told::Settings, |it| {
        write(it, "llmlint.yaml", CONFIG.replace(": 40", ": 4000"));
    }),
    ("config: the budget gets another name and limit", Told::Settings, |it| {
        write(
            it,
            "llmlint.yaml",
            CONFIG.replace("support", "other").replace(": 40", ": 4000"),
        );
    }),
    ("config: only soft", Told::Settings, |it| {
        write(it, "llmlint.yaml", CONFIG.replace("40}", "40, level: soft}"))
    }),
    ("config: other volumes", Told::Settings, |it| {
        write(it, "llmlint.yaml", CONFIG.replace("100000", "1"))
    }),
    ("config: excludes the folder", Told::Settings, |it| {
        write(it, "llmlint.yaml", format!("{CONFIG}exclude: ['prompts/**']\n"));
    }),
    ("config: rules off", Told::Settings, |it| {
        write(
            it,
            "llmlint.yaml",
            format!("{CONFIG}rules: {{missing-be-concise: off}}\n"),
        );
    }),
    ("config: a lower limit on the size of files", Told::Settings, |it| {
        write(it, "llmlint.yaml", format!("{CONFIG}max_file_bytes: 10\n"));
    }),
    ("config: taken away", Told::Settings, |it| {
        fs::remove_file(it.join("llmlint.yaml")).expect("it is there")
    }),
    ("config: does not parse", Told::Settings, |it| {
        write(it, "llmlint.yaml", "budgets: [\n")
    }),
    ("config: another name", Told::Settings, |it| {
        fs::rename(it.join("llmlint.yaml"), it.join(".llmlint.yaml")).expect("it is there");
    }),
    ("config: a name that looks the same", Told::Settings, |it| {
        fs::rename(it.join("llmlint.yaml"), it.join("llmlint\u{200b}.yaml")).expect("it is there");
    }),
    ("config: capitals", Told::Broken, |it| write(it, "LLMLINT.YAML", LAX)),
    #[cfg(unix)]
    ("config: a link to a laxer one", Told::Settings, |it| {
        write(it, "lax.yaml", LAX);
        link(it, "lax.yaml", "llmlint.yaml");
    }),
    ("config: a folder", Told::Settings, |it| {
        fs::remove_file(it.join("llmlint.yaml")).expect("it is there");
        write(it, "llmlint.yaml/x", "");
    }),
    ("config: larger than is read", Told::Settings, |it| {
        write(it, "llmlint.yaml", format!("{CONFIG}#{}", "x".repeat(11_000_000)));
    }),
    ("nested config: root, no budgets", Told::Settings, |it| {
        write(it, "prompts/llmlint.yaml", format!("root: true\n{LAX}"));
    }),
    ("nested config: excludes all", Told::Settings, |it| {
        write(it, "prompts/llmlint.yml", "root: true\nexclude: ['**']\n");
    }),
    ("config in .github", Told::Settings, |it| {
        write(it, ".github/llmlint.yaml", LAX)
    }),
    ("config in a submodule", Told::Broken, |it| {
        submodule(it, "prompts/other")
    }),
    ("baseline", Told::Settings, |it| {
        write(it, "llmlint-baseline.json", "{\"findings\": []}")
    }),
    ("measured volumes", Told::Settings, |it| {
        write(it, "llmlint.usage.json", "{}")
    }),
    ("prices", Told::Settings, |it| write(it, "llmlint.prices.jsonl", "{}")),
    (".gitignore", Told::Broken, |it| {
        write(it, ".gitignore", "prompts/\n*.md\n")
    }),
    (".ignore", Told::Broken, |it| write(it, ".ignore", "prompts/\n")),
    (".gitattributes: binary, generated, not exported", Told::Broken, |it| {
        write(
            it,
            ".gitattributes",
            "prompts/** binary linguist-generated export-ignore -diff\n",
        );
    }),
    (".gitattributes: a filter", Told::Broken, |it| {
        write(
            it,
            ".gitattributes",
            "prompts/** filter=lfs diff=lfs ident export-subst\n",
        );
    }),
    (".gitattributes: line ends", Told::Broken, |it| {
        write(it, ".gitattributes", "prompts/** text eol=crlf\n");
    }),
    (
        ".gitattributes: another encoding of the work tree",
        Told::Unread,
        |it| {
            write(
                it,
                ".gitattributes",
                "prompts/*.md working-tree-encoding=UTF-16LE-BOM\n",
            );
            write(it, "prompts/a.md", utf16(BEYOND));
        },
    ),
    ("UTF-16", Told::Unread, |it| write(it, "prompts/a.md", utf16(BEYOND))),
    ("no UTF-8", Told::Unread, |it| {
        write(it, "prompts/a.md", [BEYOND.as_bytes(), &[0xff]].concat())
    }),
    ("a NUL", Told::Unread, |it| {
        write(it, "prompts/a.md", format!("{BEYOND}\0"))
    }),
    ("larger than is read", Told::Unread, |it| {
        write(it, "prompts/a.md", "a ".repeat(6_000_000))
    }),
    ("a byte order mark", Told::Broken, |it| {
        write(it, "prompts/a.md", format!("\u{feff}{BEYOND}"))
    }),
    ("two of them", Told::Broken, |it| {
        write(it, "prompts/a.md", format!("\u{feff}\u{feff}{BEYOND}"))
    }),
    ("CRLF", Told::Broken, |it| {
        write(it, "prompts/a.md", BEYOND.replace('\n', "\r\n"))
    }),
    ("CR", Told::Broken, |it| {
        write(it, "prompts/a.md", BEYOND.replace('\n', "\r"))
    }),
    ("a new prompt in UTF-16", Told::Unread, |it| {
        restored(it);
        write(it, "prompts/b.md", utf16(BEYOND));
    }),
    ("a new prompt with a NUL", Told::Unread, |it| {
        restored(it);
        write(it, "prompts/b.md", format!("{BEYOND}\0"));
    }),
    #[cfg(unix)]
    ("a link in the tree", Told::Unread, |it| {
        write(it, "prompts/.b/a.md", BEYOND);
        link(it, ".b/a.md", "prompts/a.md");
    }),
    #[cfg(unix)]
    ("a new prompt that is a link", Told::Unread, |it| {
        restored(it);
        write(it, "other/.b.md", BEYOND);
        link(it, "../other/.b.md", "prompts/b.md");
    }),
    #[cfg(unix)]
    ("the folder is a link", Told::Unread, |it| {
        write(it, "other/a.md", BEYOND);
        link(it, "other", "prompts");
    }),
    ("the folder is a submodule", Told::Unread, |it| {
        git(it, &["rm", "-rqf", "prompts"]);
        submodule(it, "prompts");
    }),
    ("a new submodule", Told::Shown, |it| {
        restored(it);
        submodule(it, "vendor");
    }),
    #[cfg(target_os = "linux")]
    ("a name that is no UTF-8", Told::Unread, |it| {
        use std::os::unix::ffi::OsStrExt;
        restored(it);
        let name = std::ffi::OsStr::from_bytes(b"prompts/b\xff.md");
        fs::write(it.join(name), BEYOND).expect("a file");
    }),
    #[cfg(unix)]
    ("a name of two lines", Told::Broken, |it| {
        fs::rename(it.join("prompts/a.md"), it.join("prompts/a\n::x::.md")).expect("it is there");
    }),
    ("another ending", Told::Gone, |it| {
        fs::rename(it.join("prompts/a.md"), it.join("prompts/a.bin")).expect("it is there");
    }),
    ("a hidden folder", Told::Gone, |it| {
        write(it, "prompts/.x/a.md", BEYOND);
        fs::remove_file(it.join("prompts/a.md")).expect("it is there");
    }),
    ("out of the budget's glob, into code", Told::Findings, |it| {
        fs::remove_file(it.join("prompts/a.md")).expect("it is there");
        let text = BEYOND.replace('\n', " ");
        write(
            it,
            "app.py",
            format!(
                "import openai\nopenai.OpenAI().chat.completions.create(model='gpt-6-luna', messages=[{{'role': 'user', 'content': \"{text}\"}}])\n"
            ),
        );
    }),
    ("into an included file", Told::Broken, |it| {
        restored(it);
        write(
            it,
            "prompts/b.j2",
            "In one sentence: {{ x }} {% include 'rest.txt' %}\n",
        );
        write(it, "prompts/rest.txt", BEYOND);
    }),
    ("a suppression in the prompt", Told::Broken, |it| {
        write(
            it,
            "prompts/a.md",
            format!("---\nllmlint-ignore: [missing-be-concise]\n---\n{BEYOND}"),
        );
    }),
    ("a suppression in an included file", Told::Broken, |it| {
        write(it, "prompts/a.j2", format!("{{% include 'b.j2' %}}\n{BEYOND}"));
        write(
            it,
            "prompts/b.j2",
            "{# llmlint: ignore-file[missing-be-concise] why #}\n",
        );
    }),
    ("a model that nobody knows", Told::Broken, |it| {
        write(it, "prompts/a.md", format!("---\nmodel: our-own\n---\n{BEYOND}"));
    }),
    ("owners", Told::Broken, |it| {
        write(it, ".github/CODEOWNERS", "* @nobody\n")
    }),
];

fn judged(way: fn(&Path)) -> (Option<i32>, Report, String) {
    let tree = Tree::new().with("prompts/a.md", WITHIN).with("llmlint.yaml", CONFIG);
    let folder = tree.path("");
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-qm", "base"]);
    git(&folder, &["checkout", "-qb", "topic"]);
    write(&folder, "prompts/a.md", BEYOND);
    way(&folder);
    git(&folder, &["add", "-A", "-f"]);
    git(&folder, &["commit", "-qm", "change"]);
    // As a runner has it: what is committed, checked out anew.
    git(&folder, &["clone", "-q", ".", ".git/clone"]);
    let clone = folder.join(".git/clone");
    git(&clone, &["branch", "main", "origin/main"]);
    let mut command = tree.command();
    command.current_dir(&clone);
    command.args(["check", "--base", "main", "--as-of", "2026-11-28", "--new-only"]);
    command.args(["--output", "json=../report.json", "--output", "markdown=../comment.md"]);
    let ran = program::finish(command.spawn().expect("the program starts"));
    let read =
        |name: &str| fs::read_to_string(folder.join(".git").join(name)).unwrap_or_else(|_| panic!("{}", ran.err));
    let report = serde_json::from_str(&read("report.json")).expect("a report");
    let comment = read("comment.md");
    let verdict = comment
        .lines()
        .nth(1)
        .unwrap_or_default()
        .trim_start_matches("### ")
        .to_owned();
    (ran.code, report, verdict)
}

#[test]
fn none_is_green_unshown() {
    let mut wrong = Vec::new();
    // Most of the time is git's.
    let judged = std::thread::scope(|scope| {
        let share = WAYS.len().div_ceil(4);
        let threads: Vec<_> = WAYS
            .chunks(share)
            .map(|ways| scope.spawn(|| ways.iter().map(|(.., way)| judged(*way)).collect::<Vec<_>>()))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().expect("each is judged"));
        joined.flatten().collect::<Vec<_>>()
    });
    for ((name, told, _), (code, report, verdict)) in WAYS.iter().zip(judged) {
        let has = |what: &dyn Fn(&Finding) -> bool| report.findings.iter().any(what);
        let settings = has(&|finding| finding.rule == "gate-settings-changed" && finding.severity == Severity::Error);
        let broken = report.gate.as_ref().is_some_and(|gate| !gate.passed);
        let unread = has(&|finding| finding.category == "input" && finding.severity == Severity::Error);
        let gone = report
            .comparison
            .as_ref()
            .is_some_and(|comparison| comparison.units.iter().any(|unit| unit.change == Change::Gone));
        let right = match told {
            Told::Broken => code == Some(1) && broken && !settings,
            Told::Settings => code == Some(1) && broken && settings,
            Told::Unread => code == Some(1) && unread,
            Told::Findings => code == Some(1) && has(&|finding| finding.severity >= Severity::Warning),
            Told::Gone => gone && verdict.contains("1 unit gone"),
            Told::Shown => has(&|finding| finding.category == "gate"),
        };
        println!(
            "{name:50} {} {verdict}",
            if code == Some(0) { "passes" } else { "fails " }
        );
        if !right {
            wrong.push((name, told, code, verdict));
        }
    }
    println!("{} ways, {} neither fail nor are shown", WAYS.len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
