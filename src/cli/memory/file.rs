//! The deployments of a file.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::Memory;
use super::page::{Page, origin, words};
use crate::cli::load::Run;
use crate::cli::numbers::Format;
use crate::cli::{Failure, output};
use crate::engines::Serving;
use crate::facts::{DeploymentFacts, World};
use crate::formats;
use crate::host;
use crate::report::clean;
use crate::rules::Selection;
use crate::syntax::code::Files;
use crate::units::{Field, Unit};

impl Memory {
    /// Judges the deployments of a file.
    pub(super) fn judge_file(&self, path: &Path) -> Result<ExitCode, Failure> {
        let run = Run::load(&self.config, path, &Selection::default())?;
        let files = [path.to_path_buf()];
        let scan = host::scan(&files, &run.root, &run.settings, true, None).map_err(|error| Failure(error.message))?;
        if let Some(unread) = scan.unread.first() {
            return Err(Failure(format!("{}: {}", unread.path, unread.why)));
        }
        let mut units = Vec::new();
        let known = Files::new(&scan.sources);
        for id in known.ids() {
            if let formats::Outcome::Read(_, read) = formats::read(&known, *id, false) {
                units.extend(read.units);
            }
        }
        let world = World::new(&known, &run.settings, &run.catalog, run.today);
        let mut page = Page::new(output::width());
        let mut objects = Vec::new();
        for unit in &units {
            let Unit::Deployment(deployment) = unit else { continue };
            let facts = DeploymentFacts::new(deployment, &world);
            let stated = facts
                .engine()
                .map(|serving| settings_of(serving, &world))
                .unwrap_or_default();
            if !objects.is_empty() {
                page.out.push('\n');
            }
            page.tell("", &clean(&deployment.name));
            match facts.plans() {
                Err(why) => {
                    page.settings(&stated, &[]);
                    page.tell("verdict: ", &format!("not known: {}", clean(why)));
                    objects.push(json!({"name": deployment.name, "outcome": "unknown", "why": why, "stated": stated}));
                }
                Ok(plans) => {
                    for (gpu, plan) in plans {
                        page.settings(&stated, &plan.assumed);
                        page.tell("GPU       ", &format!("{}, {:.2} GiB", gpu.id, gpu.memory_gib));
                        if let Some(figures) = &plan.figures {
                            page.figures(figures, gpu.memory_gib);
                        }
                        page.tell("verdict: ", &format!("{}: {}", words(plan.outcome), clean(&plan.why)));
                        if self.explain {
                            page.steps(plan);
                            if let Ok(model) = facts.model() {
                                page.tell("shape: ", &origin(&model.source, model.as_of));
                            }
                            page.tell("GPU:   ", &origin(&gpu.source, gpu.as_of));
                        }
                        objects.push(json!({
                            "name": deployment.name,
                            "gpu": gpu.id,
                            "outcome": plan.outcome.name(),
                            "why": plan.why,
                            "stated": stated,
                            "assumed": plan.assumed,
                        }));
                    }
                }
            }
        }
        if objects.is_empty() {
            return Err(Failure(format!("{}: no deployment is found in it", path.display())));
        }
        output::print(&match self.format {
            Format::Human => page.out,
            Format::Json => format!("{:#}\n", json!({"deployments": objects})),
        })
    }
}

/// What a launch states, each with the file and line that says so.
fn settings_of(serving: &Serving, world: &World<'_>) -> Vec<String> {
    fn told<T: ToString>(name: &str, field: &Field<T>, world: &World<'_>) -> Option<String> {
        let Field::Known(value, place) = field else { return None };
        let source = world.files.source(place.source);
        let line = source.position(place.span.start).line;
        let value = clean(&value.to_string());
        Some(format!("{name} {value} ({}:{line})", clean(&source.path)))
    }
    [
        Some(format!("engine {}", serving.engine.name())),
        told("version", &serving.version, world),
        told("model", &serving.model, world),
        told("tensor-parallel", &serving.tensor_parallel, world),
        told("pipeline-parallel", &serving.pipeline_parallel, world),
        told("data-parallel", &serving.data_parallel, world),
        told("dtype", &serving.dtype, world),
        told("quantization", &serving.quantization, world),
        told("kv-cache-dtype", &serving.kv_cache_dtype, world),
        told("max-model-len", &serving.max_model_len, world),
        told("context of all slots", &serving.total_context, world),
        told("layers on the GPU", &serving.gpu_layers, world),
        told("max-num-seqs", &serving.max_num_seqs, world),
        told("max-num-batched-tokens", &serving.max_num_batched_tokens, world),
        told("gpu-memory-utilization", &serving.gpu_memory_utilization, world),
        told("mem-fraction-static", &serving.static_memory_fraction, world),
        told("kv-cache-memory-bytes", &serving.kv_cache_memory_bytes, world),
        told("cpu-offload-gb", &serving.cpu_offload_gb, world),
        told("enforce-eager", &serving.enforce_eager, world),
        told("enable-prefix-caching", &serving.enable_prefix_caching, world),
        told("enable-lora", &serving.enable_lora, world),
        told("speculative", &serving.speculative, world),
    ]
    .into_iter()
    .flatten()
    .collect()
}
