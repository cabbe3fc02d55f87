//! Real files of public projects (../shared/corpus): nothing panics, vendors' manifests are not told that they won't
//! start, findings are those that were read and judged, and every rule fires rightly on five files or on copies of them
//! with one stated change. Skips, saying so, where the corpus is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use llmlint::catalog::Catalog;
use llmlint::config::Config;
use llmlint::engines;
use llmlint::facts::Settings;
use llmlint::formats::{self, Outcome};
use llmlint::lint::{Linter, lint_against};
use llmlint::report::Report;
use llmlint::rules::{RuleSet, Selection, embedded};
use llmlint::source::{Source, SourceId};
use llmlint::syntax::code::Files;
use llmlint::units::{Field, GpuLabel, Unit};
use serde::Deserialize;

#[derive(Deserialize)]
struct Change {
    rule: String,
    path: String,
    find: String,
    replace: String,
    /// A project beyond the corpus (`owner/name@commit`) that the path is in.
    #[serde(default)]
    repository: Option<String>,
    /// What llmlint.yaml states.
    #[serde(default)]
    config: String,
    /// What is replaced, by what, in the file as it was before a change that is judged.
    #[serde(default)]
    before: Option<(String, String)>,
}

impl Change {
    /// The file, where it is there: further projects lie, each as `owner+name`, in the folder that `LLMLINT_CORPUS` names.
    fn text(&self, corpus: &Path) -> Option<String> {
        let path = match &self.repository {
            None => corpus.join(&self.path),
            Some(repository) => {
                let folder = std::env::var_os("LLMLINT_CORPUS")?;
                let project = Path::new(&folder).join(folder_of(repository));
                if !project.is_dir() {
                    return None;
                }
                project.join(&self.path)
            }
        };
        Some(fs::read_to_string(path).expect("a file of the corpus"))
    }
}

#[derive(Deserialize)]
struct Verdict {
    path: String,
    rule: String,
    line: usize,
}

/// The folder of a project (`owner/name@commit`) where several lie side by side: `owner+name`.
fn folder_of(repository: &str) -> String {
    repository.split('@').next().unwrap_or_default().replace('/', "+")
}

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: ../shared/corpus is not there");
    None
}

fn judged(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/judged").join(name);
    fs::read_to_string(path).expect("fixtures/judged")
}

fn check(sources: &[Source], before: &[Source], select: &[String], config: Config) -> Report {
    let settings = Settings::new(config, "");
    let selection = Selection {
        select: select.to_vec(),
        ..Selection::default()
    };
    let rules = RuleSet::new(embedded().expect("the pages load"), &settings.config, &selection).expect("rules exist");
    lint_against(
        sources,
        before,
        &[],
        &Linter::new(
            &settings,
            Catalog::embedded(),
            &rules,
            "2026-11-24".parse().expect("a day"),
        ),
    )
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the corpus can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The texts among the files below `part` of the corpus, by their paths.
fn sources(corpus: &Path, part: &Path) -> Vec<Source> {
    let mut paths = Vec::new();
    files(part, &mut paths);
    paths.sort();
    let text = |path: &PathBuf| {
        let name = path.strip_prefix(corpus).ok()?.to_string_lossy().into_owned();
        Some(Source::new(name, fs::read_to_string(path).ok()?, false))
    };
    paths.iter().filter_map(text).collect()
}

#[test]
fn every_finding_was_judged() {
    let Some(folder) = corpus() else {
        return;
    };
    let sources = sources(&folder, &folder);
    let report = check(&sources, &[], &[], Config::default());
    let found: BTreeSet<(String, String, usize)> = report
        .findings
        .iter()
        .map(|finding| (finding.path.clone(), finding.rule.clone(), finding.span.line))
        .collect();
    for finding in &report.findings {
        let start_up = ["model-exceeds-vram", "kv-cache-overcommitted"].contains(&finding.rule.as_str());
        assert!(
            !start_up,
            "{}: a vendor's manifest is told that it won't start",
            finding.path
        );
    }
    let known: BTreeSet<(String, String, usize)> = judged("corpus.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Verdict>(line).expect("a row"))
        .map(|row| (row.path, row.rule, row.line))
        .collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "not judged yet: {new:#?}\nno longer found: {gone:#?}"
    );
}

#[test]
fn every_rule_fires_on_real_files() {
    let Some(folder) = corpus() else {
        return;
    };
    let changes: Vec<Change> = judged("changes.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    for rule in embedded().expect("the pages load") {
        let count = changes.iter().filter(|change| change.rule == rule.id).count();
        assert!(count >= 5 || rule.preview, "{}: {count} real files", rule.id);
    }
    let mut silent = Vec::new();
    let mut beyond = 0;
    for change in changes {
        let Some(text) = change.text(&folder) else {
            beyond += 1;
            continue;
        };
        assert!(text.contains(&change.find), "{}: has no `{}`", change.path, change.find);
        let before: Vec<Source> = change
            .before
            .iter()
            .map(|(find, replace)| Source::new(change.path.clone(), text.replacen(find, replace, 1), false))
            .collect();
        let text = text.replacen(&change.find, &change.replace, 1);
        let source = Source::new(change.path.clone(), text, false);
        let config = Config::parse(&change.config).expect("a valid config");
        let report = check(&[source], &before, std::slice::from_ref(&change.rule), config);
        if !report.findings.iter().any(|finding| finding.rule == change.rule) {
            silent.push(format!("{} on {}: {:?}", change.rule, change.path, report.not_judged));
        }
    }
    eprintln!("skipped: {beyond} files of projects beyond the corpus (LLMLINT_CORPUS names their folder)");
    assert!(silent.is_empty(), "does not fire: {silent:#?}");
}

/// What a reader flagged in files of further projects before llmlint was run on them, and whether llmlint finds it.
#[derive(Deserialize)]
struct Flagged {
    repository: String,
    path: String,
    flagged: Vec<String>,
    found: Vec<String>,
}

#[test]
fn recall_is_what_was_recorded() {
    let Some(folder) = std::env::var_os("LLMLINT_CORPUS") else {
        eprintln!("skipped: LLMLINT_CORPUS does not name the folder of the projects");
        return;
    };
    let rows: Vec<Flagged> = judged("recall.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    let mut recall: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut changed = Vec::new();
    for row in rows {
        let project = Path::new(&folder).join(folder_of(&row.repository));
        if !project.is_dir() {
            eprintln!("skipped: {} is not there", row.repository);
            continue;
        }
        let text = fs::read_to_string(project.join(&row.path)).expect("a file of the project");
        let source = Source::new(row.path.clone(), text, false);
        let report = check(&[source], &[], &[], Config::default());
        let fires = |rule: &&String| report.findings.iter().any(|finding| finding.rule == **rule);
        let found: Vec<String> = row.flagged.iter().filter(fires).cloned().collect();
        for rule in &row.flagged {
            let (hits, all) = recall.entry(rule.clone()).or_default();
            *hits += usize::from(found.contains(rule));
            *all += 1;
        }
        if found != row.found {
            changed.push(format!(
                "{} {}: {found:?}, recorded {:?}",
                row.repository, row.path, row.found
            ));
        }
    }
    for (rule, (hits, all)) in recall {
        eprintln!("{rule}: {hits} of {all}");
    }
    assert!(changed.is_empty(), "not as recorded: {changed:#?}");
}

/// How much of what units state of a thing could be told.
#[derive(Default)]
struct Tally {
    known: usize,
    absent: usize,
    /// A model that is only an address or a folder: it names no repository that anything could be known of.
    address: usize,
    /// A model that is known to be one whose memory is not worked out.
    named: usize,
    unknown: Vec<String>,
}

impl Tally {
    fn stated(&self) -> usize {
        self.known + self.named + self.unknown.len()
    }

    fn line(&self, what: &str) -> String {
        let stated = self.stated();
        let told = self.known + self.named;
        let share = 100.0 * told as f64 / stated.max(1) as f64;
        format!(
            "{what:<8} known {told:>4} of {stated:>4} stated ({share:.1}%), of these not judged {:>3}, unknown {:>3}, only an \
             address {:>3}, absent {:>4}",
            self.named,
            self.unknown.len(),
            self.address,
            self.absent
        )
    }
}

/// What the deployments of some files state.
#[derive(Default)]
struct Stated {
    units: usize,
    release: Tally,
    model: Tally,
    gpu: Tally,
}

fn stated(sources: &[Source]) -> Stated {
    let known = Files::new(sources);
    let catalog = Catalog::embedded();
    let mut all = Stated::default();
    for index in 0..sources.len() {
        let id = SourceId(u32::try_from(index).expect("a few thousand files"));
        let Outcome::Read(_, read) = formats::read(&known, id, false) else {
            continue;
        };
        for unit in read.units {
            let Unit::Deployment(made) = unit else {
                continue;
            };
            all.units += 1;
            let serving = engines::recognise(&made.launch, &made.image).expect("a deployment has an engine");
            let miss = |what: &str| format!("{}: {what}", made.name);
            match &serving.version {
                Field::Known(..) => all.release.known += 1,
                Field::Absent(_) => all.release.absent += 1,
                Field::Unknown(why, _) => all.release.unknown.push(miss(why)),
            }
            let model = &mut all.model;
            match &serving.model {
                Field::Absent(_) => model.absent += 1,
                Field::Known(name, _) if catalog.open_model_by_name(name).is_some() => model.known += 1,
                Field::Known(name, _) if catalog.other_model(name).is_some() => model.named += 1,
                Field::Known(name, _) if name.starts_with(['/', '.']) || name.contains("://") => model.address += 1,
                Field::Known(name, _) => model.unknown.push(miss(&format!("`{name}` is not in the catalog"))),
                // A bucket, or the folder at which KServe and Triton put what another file names.
                Field::Unknown(why, _)
                    if ["://", "/mnt/models", "model repository"]
                        .iter()
                        .any(|at| why.contains(at)) =>
                {
                    model.address += 1;
                }
                Field::Unknown(why, _) => model.unknown.push(miss(why)),
            }
            let is_told = |label: &GpuLabel| match label {
                GpuLabel::Product(name) => !catalog.gpu(&name.replace('_', "-")).candidates().is_empty(),
                GpuLabel::Instance(name) => catalog.instance_named(name).is_some(),
                GpuLabel::Family(name) => catalog
                    .instances()
                    .iter()
                    .any(|known| known.name.starts_with(name.as_str())),
            };
            let gpu = &mut all.gpu;
            match made.gpu.labels.as_slice() {
                [] => gpu.absent += 1,
                // KubeAI's profile of that name states that there is none.
                [(GpuLabel::Product(name), _)] if name == "cpu" => gpu.absent += 1,
                labels if labels.iter().any(|(label, _)| is_told(label)) => gpu.known += 1,
                labels => gpu.unknown.push(miss(&format!("{labels:?}"))),
            }
        }
    }
    all
}

/// `cargo test --test corpus resolved -- --nocapture` prints how many deployments of the vendors' manifests have an
/// engine, a model and a GPU that are told, of those that state them, and names the others.
#[test]
fn what_manifests_state_is_resolved() {
    let Some(folder) = corpus() else {
        return;
    };
    let sources = sources(&folder, &folder.join("deploy"));
    let all = stated(&sources);
    println!(
        "{} deployments in {} files; each has an engine, or it were none",
        all.units,
        sources.len()
    );
    // The release is mostly said by an operator's own settings, which are not in the file.
    println!("{}", all.release.line("release"));
    for (what, tally) in [("model", &all.model), ("GPU", &all.gpu)] {
        println!("{}", tally.line(what));
        for miss in &tally.unknown {
            println!("    {miss}");
        }
        assert!(
            (tally.known + tally.named) * 100 >= tally.stated() * 95,
            "{what}: fewer than 95% of those that state it"
        );
    }
    assert!(all.units > 100, "{}", all.units);
}

/// The same for each project in the folder that `LLMLINT_CORPUS` names, printed only.
#[test]
fn what_further_projects_state() {
    let Some(folder) = std::env::var_os("LLMLINT_CORPUS").map(PathBuf::from) else {
        eprintln!("skipped: LLMLINT_CORPUS does not name the folder of the projects");
        return;
    };
    let mut projects: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder can be read")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    projects.sort();
    for project in projects {
        let all = stated(&sources(&project, &project));
        println!("{}: {} deployments", project.display(), all.units);
        println!("  {}", all.model.line("model"));
        for miss in &all.model.unknown {
            println!("    {miss}");
        }
    }
}
