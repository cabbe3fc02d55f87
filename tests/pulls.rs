//! Six pull requests: the trees in `fixtures/repos/`, each with the comment that it must get. `fixtures/repos/README.md`
//! has the arithmetic. `UPDATE_SNAPSHOTS=1 cargo test --test pulls` writes the comments anew.

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use program::repository::{self, Repository};
use program::{Ran, markdown};

/// A pull request, its exit code, and words of its comment that were worked out by hand.
struct Pull {
    name: &'static str,
    code: i32,
    words: &'static [&'static str],
}

const PULLS: &[Pull] = &[
    Pull {
        name: "prompt-grew",
        code: 0,
        words: &[
            "✅ llmlint: no new findings, $2.16 more per month",
            "| fixed text of what changed | 23 tokens | 113 tokens | 90 tokens more (+391%) |",
            "| input per month | $1.20 | $3.36 | $2.16 more (+180%) |",
            "input: $0.55 → $2.71 per month",
            "($8.31 to $12.81 of $40.00 per month)",
        ],
    },
    Pull {
        name: "model-upgraded",
        code: 1,
        words: &[
            "⚠️ llmlint: 1 new finding, $51.43 to $67.03 more per month",
            "| input per month | $1.88 | $21.21 |",
            "| output per month | $7.50 to $13.50 | $39.60 to $61.20 | $32.10 to $47.70 more |",
            "| together per month | $9.38 to $15.38 | $60.81 to $82.41 |",
            "over by $26.43 per month (soft: only told)",
            "input: $1.62 → $20.25 per month<br>output: $1.50 → $18.00 per month",
            "saves 96-96.7% of the call's price: at least $36.72 to $36.97 per month",
        ],
    },
    Pull {
        name: "larger-gpu",
        code: 1,
        words: &[
            "❌ llmlint: a budget is broken, $8,869.79 more per month",
            "| GPUs per hour | $1.61 | $13.76 | $12.15 more (+755%) |",
            "| GPUs per month of 730 hours | $1,175.01 | $10,044.80 | $8,869.79 more (+755%) |",
            "2 copies of 1 × L4</code> → <code>2 copies of 1 × H100-80GB",
            "over by $7,544.80 per month",
        ],
    },
    Pull {
        name: "budget-edited",
        code: 1,
        words: &[
            "❌ llmlint: a budget is broken, the change edits its own limits, $2.16 more per month",
            "this change edits llmlint.yaml (budgets), which decides how it is judged",
            "113 tokens, over by 13 tokens | 100 tokens |",
        ],
    },
    Pull {
        name: "renamed",
        code: 0,
        words: &[
            "✅ llmlint: no new findings\n",
            "No cost or count of tokens that is known changed",
            "Moved and otherwise the same: <code>prompts/ticket-queue.md</code> →",
            "($2.10 to $19.20 of $40.00 per month)",
        ],
    },
    Pull {
        name: "hostile-names",
        code: 1,
        words: &[
            "⚠️ llmlint: 4 new findings, $0.51 to $1.51 more per month",
            "| output per month | $0.13 to $0.38 | $0.63 to $1.88 | $0.50 to $1.50 more |",
        ],
    },
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos").join(name)
}

fn check(pull: &Repository, arguments: &[&str]) -> Ran {
    let fixed = ["--base", "main", "--as-of", "2026-11-28"];
    let link = ["--link", "https://github.com/example/support/blob/topic"];
    pull.tree.check(&[&fixed[..], &link, arguments].concat())
}

#[test]
fn each_pull_request_gets_its_comment() {
    for pull in PULLS {
        let kept = folder(pull.name).join("comment.md");
        let ran = check(&repository::pull_request(&folder(pull.name)), &["--format", "markdown"]);
        assert_eq!(ran.code, Some(pull.code), "{}: {}", pull.name, ran.err);
        let shown = markdown::decoded(&ran.out);
        for words in pull.words {
            assert!(shown.contains(words), "{}: no “{words}” in\n{shown}", pull.name);
        }
        markdown::holds_no_markup_but_ours(&ran.out);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&kept, &ran.out).expect("the comment can be written");
        }
        let expected = fs::read_to_string(&kept).unwrap_or_default();
        assert!(
            ran.out == expected,
            "{}: the comment is another one: read it, then UPDATE_SNAPSHOTS=1 cargo test --test pulls\n{}",
            pull.name,
            ran.out
        );
    }
}

/// What a reader sees before anything is unfolded fits a screen of 30 lines.
#[test]
fn a_comment_is_one_screen() {
    for pull in PULLS {
        let text = fs::read_to_string(folder(pull.name).join("comment.md")).expect("a comment is kept");
        let folded = text.split("<details>").next().unwrap_or_default();
        let lines = folded.lines().filter(|line| !line.is_empty() && !line.contains("---"));
        let shown: usize = lines.map(|line| 1 + line.matches("<br>").count()).sum();
        assert!(shown <= 30, "{}: {shown} lines", pull.name);
    }
}

/// Every figure on both sides is what its own inputs give, by a script that shares nothing with the program.
#[test]
fn an_independent_script_works_out_both_sides() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: python3 is not installed, and tests/recompute.py needs it");
        return;
    }
    for pull in PULLS {
        let made = repository::pull_request(&folder(pull.name));
        let after = check(&made, &["--format", "json"]).out;
        made.checkout("main");
        // The work tree is the base now, judged by its own settings.
        let before = made.tree.check(&["--as-of", "2026-11-28", "--format", "json"]).out;
        let recompute = |after: &str| {
            let write = |name: &str, text: &str| fs::write(made.tree.path(name), text).expect("a report is written");
            write("after.out", after);
            write("before.out", &before);
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recompute.py");
            let mut python = Command::new("python3");
            python
                .arg(script)
                .args([made.tree.path("after.out"), made.tree.path("before.out")]);
            python.output().expect("python3 runs")
        };
        let ran = recompute(&after);
        assert!(
            ran.status.success(),
            "{}: {}",
            pull.name,
            String::from_utf8_lossy(&ran.stdout)
        );
        // A script that agrees with anything would prove nothing.
        if pull.name == "prompt-grew" {
            let (right, wrong) = ("\"high\": \"2.712\"", "\"high\": \"2.713\"");
            assert!(after.contains(right), "the input's cost is not in the report");
            let at = after.rfind(right).expect("it is there");
            let forged = format!("{}{wrong}{}", &after[..at], &after[at + right.len()..]);
            assert_eq!(recompute(&forged).status.code(), Some(1), "{wrong} was agreed to");
        }
    }
}

/// Token counts that the arithmetic rests on, by OpenAI's own tables.
#[test]
fn the_tokens_are_those_of_the_reference() {
    let tables = tiktoken_rs::o200k_base().expect("the tables");
    let fixed = |file: &str| {
        let text = fs::read_to_string(folder(file)).expect("a prompt");
        // What stands before and after the variable is sent as it is.
        let parts = text.split("{{ ticket }}");
        parts.map(|part| tables.encode_ordinary(part).len()).sum::<usize>()
    };
    assert_eq!(fixed("prompt-grew/before/prompts/ticket-summary.md"), 23);
    assert_eq!(fixed("prompt-grew/after/prompts/ticket-summary.md"), 113);
    assert_eq!(fixed("prompt-grew/before/prompts/ticket-queue.md"), 27);
}
