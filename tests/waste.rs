//! What rules about waste say in dollars, worked out by hand.

use llmlint::catalog::Catalog;
use llmlint::config::Config;
use llmlint::facts::Settings;
use llmlint::lint::{Linter, lint};
use llmlint::report::Report;
use llmlint::rules::{RuleSet, Selection, embedded};
use llmlint::source::Source;

fn server(instance: &str, gpus: u64, arguments: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: server}}\nspec:\n  replicas: 2\n  template:\n    spec:\n      nodeSelector: {{node.kubernetes.io/instance-type: {instance}}}\n      containers:\n        - name: engine\n          image: vllm/vllm-openai:v0.10.1\n          args: [{arguments}]\n          resources: {{limits: {{nvidia.com/gpu: {gpus}}}}}\n"
    )
}

fn judge(rule: &str, text: &str, config: &str) -> Report {
    let config = Config::parse(config).expect("a config");
    let selection = Selection {
        select: vec![rule.to_owned()],
        ..Selection::default()
    };
    let rules = RuleSet::new(embedded().expect("the pages load"), &config, &selection).expect("the rule exists");
    let settings = Settings::new(config, "");
    let linter = Linter::new(
        &settings,
        Catalog::embedded(),
        &rules,
        "2026-11-24".parse().expect("a day"),
    );
    lint(&[Source::new("deploy/server.yaml", text, false)], &[], &linter)
}

/// The amount of the only finding.
fn saving(report: &Report) -> f64 {
    let [finding] = report.findings.as_slice() else {
        panic!("{:?}, not judged: {:?}", report.findings, report.not_judged);
    };
    let amount = finding.saving.as_ref().and_then(|saving| saving.amount.as_ref());
    let high = amount.expect("an amount").high;
    high.to_string().parse().expect("a number")
}

const VOLUME: &str = "deployments:\n  - {files: deploy/**, gpu_hour_usd: '2', requests_per_month: 100000, input_tokens: 1000, output_tokens: 250, api_model: gpt-4.1-mini}\n";

#[test]
fn an_api_is_compared_with_a_month_of_gpus() {
    // 2 copies × 1 GPU × $2 × 730 hours = $2,920. At $0.40 and $1.60 a million: 1,000 × 0.4 + 250 × 1.6 = 800, × 100,000
    // ÷ 1,000,000 = $80. The share that the API saves is 1 − 80 ÷ 2,920 = 0.97260…, kept as 0.9726: $2,839.99.
    let text = server("g2-standard-8", 1, "--model=Qwen/Qwen2.5-7B-Instruct");
    let found = saving(&judge("self-hosted-costlier-than-api", &text, VOLUME));
    assert!((found - 2839.99).abs() < 0.01, "{found}");
    // The break-even is 100,000 × 2,920 ÷ 80 = 3,650,000 requests: at 70% of that, and above, the rule is silent.
    for requests in ["2600000", "5000000"] {
        let config = VOLUME.replace("100000", requests);
        assert!(
            judge("self-hosted-costlier-than-api", &text, &config)
                .findings
                .is_empty()
        );
    }
}

#[test]
fn a_cheaper_instance_must_do_the_same_work() {
    let arguments = "--model=meta-llama/Llama-3.1-8B-Instruct, --max-model-len=2048, --max-num-seqs=8";
    // One H100 of GCP's a3-highgpu-1g costs $11.06125 an hour. An L4 (22.03 GiB × 0.9) holds 15 GiB of weights and 8 ×
    // 0.25 GiB of KV cache, needs 15 + 8 GiB of host memory, which g2-standard-4 (16 GiB) lacks and g2-standard-8 has, and
    // costs $0.853624. Two copies × 730 hours × $11.06125 × (1 − 0.0771…, kept as 0.9228) = $14,902.69.
    let found = saving(&judge("oversized-gpu", &server("a3-highgpu-1g", 1, arguments), ""));
    assert!((found - 14_902.69).abs() < 0.01, "{found}");
    // 64 sequences need 16 GiB of KV cache, which no L4 has left.
    let many = arguments.replace("seqs=8", "seqs=64");
    let report = judge("oversized-gpu", &server("a3-highgpu-1g", 1, &many), "");
    let named = report.findings.iter().any(|finding| finding.message.contains("(L4)"));
    assert!(!named, "{:?}", report.findings);
    // What is not stated is not guessed.
    let open = "--model=meta-llama/Llama-3.1-8B-Instruct, --max-model-len=2048";
    assert!(
        judge("oversized-gpu", &server("a3-highgpu-1g", 1, open), "")
            .findings
            .is_empty()
    );
}

#[test]
fn absurd_settings_are_survived() {
    let huge = u64::MAX;
    let config = format!(
        "deployments:\n  - {{files: deploy/**, requests_per_month: {huge}, input_tokens: {huge}, output_tokens: {huge}, api_model: gpt-4.1-mini, longest_request_tokens: 0}}\n"
    );
    let arguments = format!(
        "--model=meta-llama/Llama-3.1-8B-Instruct, --max-model-len={huge}, --max-num-seqs=0, --tensor-parallel-size={huge}, --pipeline-parallel-size=0, --enforce-eager"
    );
    for rule in [
        "self-hosted-costlier-than-api",
        "oversized-gpu",
        "idle-replicas",
        "replicas-of-parallel",
        "eager-mode",
    ] {
        for gpus in [0, huge] {
            judge(rule, &server("a3-highgpu-1g", gpus, &arguments), &config);
        }
    }
}
