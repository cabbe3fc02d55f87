//! Calls of LLM APIs in the code of public products, read by eye (fixtures/judged/calls.jsonl): how many are found, and
//! of those whose model stands as a constant in the tree, how many are told it. Skips, saying so, where the projects
//! are not there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use llmlint::formats::{self, Outcome};
use llmlint::source::{Source, SourceId};
use llmlint::syntax::code::Files;
use llmlint::units::{Prompt, Unit};
use serde::Deserialize;

/// A call, as it was read.
#[derive(Deserialize)]
struct Row {
    /// The project, `owner/name@commit`.
    repository: String,
    path: String,
    /// The line on which the call begins.
    line: usize,
    /// What is called, as written.
    callee: String,
    /// The model, or the default of one that is chosen while the program runs; `null` where the tree does not say.
    model: Option<String>,
}

/// Extensions of code, and of the files by which imports are followed.
const EXTENSIONS: &[&str] = &["py", "ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json"];

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "node_modules" && name != ".git" {
                walk(&path, found);
            }
        } else if path
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
}

/// The prompts of a project, by path and the line on which they begin.
fn prompts(project: &Path) -> BTreeMap<(String, usize), Prompt> {
    let mut paths = Vec::new();
    walk(project, &mut paths);
    paths.sort();
    let source = |path: &PathBuf| {
        let text = fs::read_to_string(path).ok()?;
        let name = path.strip_prefix(project).expect("below").to_str()?.replace('\\', "/");
        Some(Source::new(name, text, false))
    };
    let sources: Vec<Source> = paths.iter().filter_map(source).collect();
    let files = Files::new(&sources);
    let mut found = BTreeMap::new();
    for (index, source) in (0..).zip(&sources) {
        if let Outcome::Read(_, read) = formats::read(&files, SourceId(index), false) {
            for unit in read.units {
                if let Unit::Prompt(prompt) | Unit::Embedding(prompt) = unit {
                    let line = source.position(prompt.place.span.start).line;
                    found.insert((source.path.clone(), line), *prompt);
                }
            }
        }
    }
    found
}

/// Whether a prompt is told this model, as the one or among those that the code lists.
fn names(prompt: &Prompt, model: &str) -> bool {
    prompt.model.known().is_some_and(|known| known == model)
        || prompt.candidates.iter().any(|(candidate, _)| candidate == model)
}

#[test]
fn calls_of_products_are_found_with_their_models() {
    let Some(folder) = std::env::var_os("LLMLINT_CORPUS") else {
        eprintln!("skipped: LLMLINT_CORPUS does not name the folder of the projects");
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/judged/calls.jsonl");
    let text = fs::read_to_string(path).expect("the rows");
    let mut by_project: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for line in text.lines() {
        let row: Row = serde_json::from_str(line).expect("a row");
        by_project.entry(row.repository.clone()).or_default().push(row);
    }
    let (mut rows, mut found, mut stated, mut told) = (0, 0, 0, 0);
    for (repository, calls) in by_project {
        let name = repository.split('@').next().unwrap_or(&repository).replace('/', "+");
        let project = Path::new(&folder).join(name);
        if !project.is_dir() {
            eprintln!("skipped: {repository} is not there");
            continue;
        }
        let prompts = prompts(&project);
        for call in calls {
            rows += 1;
            let prompt = prompts.get(&(call.path.clone(), call.line));
            if prompt.is_none() {
                eprintln!("not found: {}:{} {}", call.path, call.line, call.callee);
            }
            found += usize::from(prompt.is_some());
            if let Some(model) = &call.model {
                stated += 1;
                let is_told = prompt.is_some_and(|prompt| names(prompt, model));
                if !is_told {
                    eprintln!("not told {model}: {}:{}", call.path, call.line);
                }
                told += usize::from(is_told);
            }
        }
    }
    eprintln!("calls found: {found} of {rows}; models told: {told} of {stated}");
    assert!(found * 100 >= rows * 95 && told * 100 >= stated * 95);
}
