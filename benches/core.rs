//! The core without the process around it: `cargo bench`.

use llmlint::catalog::Catalog;
use llmlint::config::Config;
use llmlint::facts::{Settings, words};
use llmlint::lint::{Linter, lint};
use llmlint::rules::{RuleSet, Selection, embedded};
use llmlint::source::Source;
use llmlint::syntax::yaml;
use llmlint::tokens::Encoding;

fn main() {
    divan::main();
}

const PAGE: &str = include_str!("../rules/missing-be-concise.md");
const MANIFEST: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: server}\nspec:\n  template:\n    spec:\n      nodeSelector:\n        cloud.google.com/gke-accelerator: nvidia-l4\n      containers:\n        - name: vllm\n          image: vllm/vllm-openai:v0.8.5\n          args: [--model, meta-llama/Llama-3.1-8B-Instruct, --max-model-len, '8192']\n";

#[divan::bench]
fn count_a_page(bencher: divan::Bencher) {
    bencher.bench(|| Encoding::O200kBase.count(divan::black_box(PAGE)));
}

#[divan::bench]
fn words_of_a_page(bencher: divan::Bencher) {
    bencher.bench(|| words::analyze(&words::parse_roles(divan::black_box(PAGE))));
}

#[divan::bench]
fn parse_a_manifest(bencher: divan::Bencher) {
    bencher.bench(|| yaml::parse(divan::black_box(MANIFEST), 0));
}

#[divan::bench]
fn load_the_rules(bencher: divan::Bencher) {
    bencher.bench(embedded);
}

#[divan::bench]
fn lint_a_prompt_and_a_manifest(bencher: divan::Bencher) {
    let settings = Settings::new(Config::default(), "");
    let rules = RuleSet::new(
        embedded().expect("the pages load"),
        &settings.config,
        &Selection::default(),
    );
    let rules = rules.expect("no selection");
    let sources = [
        Source::new("deploy/server.yaml", MANIFEST, false),
        Source::new("prompts/page.md", PAGE, false),
    ];
    let linter = Linter::new(
        &settings,
        Catalog::embedded(),
        &rules,
        "2026-11-24".parse().expect("a day"),
    );
    bencher.bench(|| lint(&sources, &[], &linter));
}

/// 2,000 manifests as a monorepo has them: one in four serves a model, the others are ordinary services.
fn manifests() -> Vec<Source> {
    let service = |number: usize| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web-{number}}}\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n          ports: [{{containerPort: 80}}]\n          resources: {{limits: {{cpu: 500m, memory: 256Mi}}}}\n"
        )
    };
    let text = |number: usize| match number % 4 {
        0 => MANIFEST.replace("name: server", &format!("name: server-{number}")),
        _ => service(number),
    };
    (0..2_000)
        .map(|number| Source::new(format!("deploy/{number:04}.yaml"), text(number), false))
        .collect()
}

/// What the YAML parser alone takes for them.
#[divan::bench(sample_count = 20)]
fn parse_2000_manifests(bencher: divan::Bencher) {
    let sources = manifests();
    bencher.bench(|| {
        let parse = |source: &Source| yaml::parse(&source.text, 0).documents.len();
        sources.iter().map(parse).sum::<usize>()
    });
}

/// The whole way to the report, on one thread as the parser.
#[divan::bench(sample_count = 20)]
fn lint_2000_manifests(bencher: divan::Bencher) {
    let settings = Settings::new(Config::default(), "");
    let rules = RuleSet::new(
        embedded().expect("the pages load"),
        &settings.config,
        &Selection::default(),
    );
    let rules = rules.expect("no selection");
    let sources = manifests();
    let linter = Linter::new(
        &settings,
        Catalog::embedded(),
        &rules,
        "2026-11-24".parse().expect("a day"),
    );
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread");
    bencher.bench(|| one.install(|| lint(&sources, &[], &linter)));
}
