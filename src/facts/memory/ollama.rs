//! Ollama's memory: llama.cpp's, with its own defaults. It never fails for want of GPU memory: what doesn't fit stays on
//! the CPU. Source: `server/sched.go`, `server/routes.go`.

use super::llama_cpp::{self, Inputs};
use super::{Device, Outcome, Plan, stated};
use crate::catalog::OpenModel;
use crate::engines::ollama::{Defaults, NEWEST};
use crate::engines::{Serving, Version};

/// What the server and the request set. `None` is the release's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Settings {
    /// The release; `None` is the newest.
    pub version: Option<Version>,
    /// Tokens a request (`num_ctx`).
    pub context: Option<u64>,
    /// Requests at a time.
    pub parallel: Option<u64>,
    /// Tokens of one pass (`num_batch`).
    pub batch: Option<u64>,
    /// Layers on the GPU (`num_gpu`).
    pub gpu_layers: Option<u64>,
    /// Type of the KV cache, which needs flash attention.
    pub cache: Option<String>,
    /// Whether flash attention is asked for.
    pub flash_attention: Option<bool>,
    /// What tells the kind of quantization.
    pub file: Option<String>,
    /// The file's size, GiB, where known.
    pub file_gib: Option<f64>,
}

impl Settings {
    /// What a launch sets.
    ///
    /// # Errors
    /// Names the first setting that decides memory and can't be told from the files.
    pub(super) fn of(serving: &Serving) -> Result<Self, String> {
        let flash = stated(&serving.flash_attention, "OLLAMA_FLASH_ATTENTION")?;
        Ok(Self {
            version: serving.version.known().copied(),
            context: stated(&serving.max_model_len, "the context")?,
            parallel: stated(&serving.max_num_seqs, "OLLAMA_NUM_PARALLEL")?,
            batch: stated(&serving.micro_batch, "num_batch")?,
            gpu_layers: stated(&serving.gpu_layers, "num_gpu")?,
            cache: stated(&serving.kv_cache_dtype, "OLLAMA_KV_CACHE_TYPE")?,
            flash_attention: flash.map(|flash| flash == "on"),
            file: stated(&serving.model_file, "the model's file")?.or(serving.model.known().cloned()),
            file_gib: None,
        })
    }
}

/// Where Ollama puts a model on GPUs of one kind.
pub(super) fn plan(model: &OpenModel, gpu: &Device<'_>, gpus: Option<u64>, settings: &Settings) -> Plan {
    let mut assumed = Vec::new();
    let version = settings.version.unwrap_or_else(|| {
        assumed.push(format!("Ollama {NEWEST}, the newest release known here"));
        NEWEST
    });
    if model.mla.is_some() && version < NEWEST {
        let why = format!("whether Ollama {version} keeps the latent of latent attention or whole heads was not read");
        return Plan::without_figures(Outcome::Unknown, why, assumed);
    }
    let memory = gpu.memory_gib.unwrap_or(0.0) * gpus.unwrap_or(1) as f64;
    let defaults = Defaults::of(version, memory);
    let context = settings
        .context
        .unwrap_or(defaults.context)
        .min(model.max_context.max(1));
    if settings.context.is_none() {
        assumed.push(format!("a context of {context} tokens a request"));
    }
    let named = settings.file.as_deref().and_then(super::gguf::Kind::read).is_some();
    let file = if named || settings.file_gib.is_some() {
        settings.file.clone()
    } else {
        assumed.push("Q4_K_M, which the library's tags stand for where they name no kind".to_owned());
        Some("Q4_K_M".to_owned())
    };
    let flash = settings.flash_attention.unwrap_or(version >= NEWEST);
    let of = |parallel: u64| {
        let cache = settings.cache.clone().filter(|_| flash);
        let inputs = Inputs {
            gpu_layers: settings.gpu_layers,
            context: Some(context.saturating_mul(parallel)),
            slots: Some(parallel),
            micro_batch: Some(settings.batch.unwrap_or(512)),
            cache_k: cache.clone(),
            cache_v: cache,
            flash_attention: Some(flash),
            fit: Some(true),
            file: file.clone(),
            file_gib: settings.file_gib,
            chooser: "Ollama",
            assumed: assumed.clone(),
            ..Inputs::default()
        };
        llama_cpp::plan(model, gpu, gpus, &inputs)
    };
    let fits = |plan: &Plan| plan.outcome == Outcome::Starts && plan.margin_gib.is_some_and(|left| left >= 0.0);
    let parallel = settings.parallel.filter(|parallel| *parallel > 0);
    let mut plan = of(parallel.unwrap_or(defaults.parallel));
    if parallel.is_none() && !defaults.parallel_fixed && !fits(&plan) {
        plan = of(1);
        plan.assumed
            .push("one request at a time, since more don't fit".to_owned());
    }
    // Layers asked for (`num_gpu`) are put there, or the load fails and is tried with fewer.
    if plan.outcome.fails() {
        plan.outcome = Outcome::TooClose;
        plan.why = format!("{}; Ollama tries fewer layers then", plan.why);
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn what_does_not_fit_stays_on_the_cpu() {
        let model = Catalog::embedded()
            .open_model("Qwen/Qwen3-32B")
            .expect("in the catalog");
        let judge = |gib, settings: &Settings| {
            let gpu = Device {
                name: "",
                memory_gib: Some(gib),
                error_gib: 0.0,
                compute_capability: None,
            };
            plan(model, &gpu, Some(1), settings)
        };
        let small = judge(16.0, &Settings::default());
        assert_eq!(small.outcome, Outcome::Starts);
        assert!(small.why.contains("on the CPU"), "{}", small.why);
        let large = judge(
            79.0,
            &Settings {
                version: Some(Version::new(0, 11, 4)),
                ..Settings::default()
            },
        );
        assert!(large.why.starts_with("all 65 layers"), "{}", large.why);
        // 4,096 tokens of 262,144 bytes.
        assert_eq!(large.figures.map(|figures| figures.kv_needed_gib), Some(1.0));
        let newest = judge(79.0, &Settings::default());
        // 262,144 asked for, 40,960 is the model's own.
        assert_eq!(newest.figures.map(|figures| figures.max_model_len), Some(40_960));
    }
}
