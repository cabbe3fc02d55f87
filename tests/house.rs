//! The house's own rules: what imports what, and who touches the machine.

use std::fs;
use std::path::{Path, PathBuf};

/// For each part, the parts that it may use. `lint`, `host`, `cli` and `main` stand on top and may use all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("syntax", &["source"]),
    ("units", &["source", "syntax"]),
    ("engines", &["source", "syntax", "units"]),
    ("sdks", &[]),
    ("formats", &["source", "syntax", "units", "engines", "sdks"]),
    ("tokens", &[]),
    ("catalog", &[]),
    ("config", &["report", "syntax"]),
    ("report", &[]),
    ("usage", &["catalog"]),
    (
        "facts",
        &[
            "source",
            "syntax",
            "units",
            "engines",
            "tokens",
            "catalog",
            "config",
            "report",
            "fingerprint",
        ],
    ),
    ("fix", &["report", "units"]),
    ("fingerprint", &[]),
    (
        "gate",
        &[
            "report",
            "config",
            "catalog",
            "fingerprint",
            "excerpt",
            "source",
            "syntax",
        ],
    ),
    ("excerpt", &["report", "source"]),
    ("rules", &["source", "syntax", "facts", "config", "report", "fix"]),
    ("reporters", &["report", "fingerprint"]),
];

/// What only `host` and `cli` may do.
const MACHINE: &[&str] = &[
    "std::fs",
    "std::env::",
    "std::net",
    "std::process",
    "SystemTime",
    "Instant::now",
    "println!",
    "eprintln!",
    "print!(",
    "stdout()",
    "stderr()",
    "stdin()",
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("src can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("source is text");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 40);
    found
}

/// The part of the house that a file belongs to, and its code without tests and comments.
fn part_and_code(path: &Path, text: &str) -> (String, String) {
    let inside = path
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .expect("below src");
    let part = inside
        .components()
        .next()
        .expect("a name")
        .as_os_str()
        .to_string_lossy();
    let part = part.trim_end_matches(".rs").to_owned();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    (part, code.join("\n"))
}

#[test]
fn arrows_point_one_way() {
    for (path, text) in sources() {
        let (part, code) = part_and_code(&path, &text);
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == part) else {
            assert!(
                ["lint", "host", "cli", "main", "lib"].contains(&part.as_str()),
                "{}: a part that the house does not know",
                path.display()
            );
            continue;
        };
        for (at, _) in code.match_indices("crate::") {
            let name: String = code[at + 7..]
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            assert!(
                name == part || allowed.contains(&name.as_str()),
                "{} uses crate::{name}: {part} may use {allowed:?}",
                path.display()
            );
        }
    }
}

#[test]
fn only_host_and_cli_touch_the_machine() {
    for (path, text) in sources() {
        let (part, code) = part_and_code(&path, &text);
        if ["host", "cli", "main"].contains(&part.as_str()) || path.ends_with("tests.rs") {
            continue;
        }
        for word in MACHINE {
            assert!(!code.contains(word), "{} has `{word}`", path.display());
        }
    }
}
