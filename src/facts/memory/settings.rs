//! How the work is shared and with what sizes vLLM profiles: a launch's settings with every default filled in.

use super::{Device, Drafter, Inputs};
use crate::catalog::OpenModel;
use crate::engines::Version;
use crate::engines::vllm::{BatchOf, Defaults};

/// The release assumed for V1 where none is stated, as in a published log: of all releases the one whose profiling
/// run takes the most.
const UNSTATED: Version = Version::new(0, 16, 0);
/// The release assumed where only "V0" is stated.
const UNSTATED_V0: Version = Version::new(0, 7, 3);

/// Hopper multiplies MXFP4 from then on: seen in 0.14, not in 0.10.
const MXFP4_MULTIPLIED: Version = Version::new(0, 12, 0);

/// How the work is shared, and with what sizes the engine profiles: the inputs with every default filled in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) defaults: Defaults,
    pub(super) tensor_parallel: u64,
    pub(super) pipeline_parallel: u64,
    /// Ranks that share the experts.
    pub(super) expert_ranks: u64,
    pub(super) utilization: f64,
    pub(super) max_model_len: u64,
    pub(super) max_num_seqs: u64,
    pub(super) batched_tokens: u64,
    pub(super) block_size: u64,
    /// Bytes of one number of activations and unquantized weights.
    pub(super) element: f64,
    /// Whether the sampler's kind is only bounded by the release.
    pub(super) version_stated: bool,
    /// Whether the second model runner of V1 serves the model.
    pub(super) second_runner: bool,
    /// Whether the GPUs of a group are joined by NVLink switches.
    pub(super) switched: bool,
    /// Whether the GPU shares its memory with the CPU.
    pub(super) unified: bool,
    /// Whether experts in MXFP4 are unpacked as they are used (Marlin), for want of kernels that multiply them.
    pub(super) unpacks_mxfp4: bool,
}

/// Fills in the defaults.
///
/// # Errors
/// Why the engine refuses the settings.
pub(super) fn settle(
    model: &OpenModel,
    gpu: &Device<'_>,
    inputs: &Inputs,
    assumed: &mut Vec<String>,
) -> Result<Settings, String> {
    let version = inputs.version.unwrap_or(match inputs.use_v1 {
        Some(false) => UNSTATED_V0,
        _ => UNSTATED,
    });
    if inputs.version.is_none() {
        assumed.push(format!("version not stated: judged as {version}, which takes the most"));
    }
    let defaults = Defaults::of(version, inputs.use_v1, gpu.memory_gib.unwrap_or(0.0), gpu.name);
    let tensor_parallel = inputs.tensor_parallel.unwrap_or(1);
    let pipeline_parallel = inputs.pipeline_parallel.unwrap_or(1);
    let data_parallel = inputs.data_parallel.unwrap_or(1);
    for (size, name) in [
        (tensor_parallel, "tensor"),
        (pipeline_parallel, "pipeline"),
        (data_parallel, "data"),
    ] {
        if !(1..=1 << 16).contains(&size) {
            return Err(format!("a {name}-parallel size of {size} is not possible"));
        }
    }
    let (heads, kv_heads) = (u64::from(model.heads.max(1)), u64::from(model.kv_heads.max(1)));
    if !heads.is_multiple_of(tensor_parallel) {
        return Err(format!(
            "vLLM refuses it: \"Total number of attention heads ({heads}) must be divisible by tensor parallel size \
             ({tensor_parallel}).\""
        ));
    }
    let divides = kv_heads.is_multiple_of(tensor_parallel) || tensor_parallel.is_multiple_of(kv_heads);
    if model.mla.is_none() && !divides {
        return Err(format!(
            "{kv_heads} KV heads can't be divided by tensor-parallel size {tensor_parallel}"
        ));
    }
    if pipeline_parallel > u64::from(model.layers) {
        return Err(format!(
            "{} layers can't fill {pipeline_parallel} pipeline stages",
            model.layers
        ));
    }
    let fitted = inputs.fit_length.then_some(model.max_context);
    let mut default = |stated: Option<u64>, name: &str, value: u64| {
        stated.unwrap_or_else(|| {
            assumed.push(format!("{name} {value}"));
            value
        })
    };
    let max_model_len = default(inputs.max_model_len.or(fitted), "max-model-len", model.max_context).max(1);
    let max_num_seqs = default(inputs.max_num_seqs, "max-num-seqs", defaults.max_num_seqs).max(1);
    let of = BatchOf {
        multimodal: model.multimodal,
        offline: inputs.offline,
    };
    let batch = defaults.batch_of(max_model_len, max_num_seqs, inputs.chunked_prefill, of);
    let batched_tokens = default(inputs.max_num_batched_tokens, "max-num-batched-tokens", batch).max(1);
    let block_size = default(inputs.block_size, "block-size", defaults.block_size).clamp(1, 1 << 20);
    let utilization = inputs.gpu_memory_utilization.unwrap_or_else(|| {
        assumed.push(format!("gpu-memory-utilization {}", defaults.gpu_memory_utilization));
        defaults.gpu_memory_utilization
    });
    if !(utilization > 0.0 && utilization <= 1.0) {
        return Err(format!(
            "a gpu-memory-utilization of {utilization} is not between 0 and 1"
        ));
    }
    let expert_ranks = if inputs.expert_parallel {
        tensor_parallel * data_parallel
    } else {
        tensor_parallel
    };
    Ok(Settings {
        defaults,
        tensor_parallel,
        pipeline_parallel,
        expert_ranks,
        utilization,
        max_model_len,
        max_num_seqs,
        batched_tokens,
        block_size,
        element: element_bytes(inputs.dtype.as_deref(), &model.dtype),
        version_stated: inputs.version.is_some(),
        second_runner: defaults.v1
            && inputs
                .use_second_runner
                .unwrap_or_else(|| second_runner(&defaults, model, inputs)),
        switched: gpu.is_switched(),
        unified: gpu.is_unified(),
        unpacks_mxfp4: gpu
            .compute_capability
            .is_some_and(|capability| capability < 9.0 || capability < 10.0 && version < MXFP4_MULTIPLIED),
    })
}

/// Whether V1's second model runner serves a model by default: all that the release lets it, unless tokens are drafted in
/// a way that it doesn't know (`_get_v2_model_runner_unsupported_features`).
fn second_runner(defaults: &Defaults, model: &OpenModel, inputs: &Inputs) -> bool {
    let plain = model.moe.is_none() && model.linear_layers == 0 && !inputs.pooling;
    let drafts = inputs.drafting.as_ref().map(|drafting| &drafting.drafter);
    let drafts_known = matches!(drafts, None | Some(Drafter::Own | Drafter::Head { .. }));
    drafts_known && defaults.second_runner(&model.architecture, plain)
}

/// Bytes of one unquantized number: as asked, else as the checkpoint has it, where float32 is served in 16 bits.
fn element_bytes(asked: Option<&str>, stored: &str) -> f64 {
    match (asked, stored) {
        (Some("float32" | "float"), _) => 4.0,
        _ => 2.0,
    }
}
