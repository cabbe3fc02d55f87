//! Facts about whether it starts, besides memory: GPUs against ranks, number formats, images, lengths, disks, rollouts.

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, int, of_field, of_result, text};
use crate::catalog::{Gpu, OpenModel};
use crate::engines::{Build, EngineKind, Serving, Version};
use crate::facts::cost::times;
use crate::facts::memory::Checkpoint;
use crate::units::{EnvValue, Field, Volume, VolumeKind};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// Flags of vLLM and SGLang that spread data-parallel ranks over several launches, so that one launch runs some of them.
const SOME_RANKS_ELSEWHERE: &[&str] = &[
    "--data-parallel-size-local",
    "--data-parallel-start-rank",
    "--data-parallel-rank",
    "--data-parallel-address",
    "--data-parallel-hybrid-lb",
    "--data-parallel-external-lb",
    "--data-parallel-backend",
    "--headless",
    "--nnodes",
    "--node-rank",
    "--dist-init-addr",
    "--distributed-executor-backend",
    "--prefill-context-parallel-size",
    "--config",
];

/// The first release of vLLM made with PyTorch 2.7 and CUDA 12.8, the first that have Blackwell's kernels.
const BLACKWELL: Version = Version::new(0, 9, 0);
/// A release of vLLM whose image has CUDA 13, which left Volta behind.
const NO_VOLTA: Version = Version::new(0, 20, 0);
/// The last release read in which `--dtype auto` takes a checkpoint's bfloat16 on any GPU.
const AUTO_TAKES_BF16: Version = Version::new(0, 8, 5);
/// The last release read in which NVFP4 needs Blackwell.
const NVFP4_ON_BLACKWELL: Version = Version::new(0, 8, 5);
/// The last release read in which FP8 weights need Ampere.
const FP8_FROM_AMPERE: Version = Version::new(0, 11, 0);

/// Parameters of a model that is downloaded in seconds: a gigabyte or two.
const SMALL: u64 = 1_000_000_000;

/// The variables that say where Hugging Face's libraries keep downloads, with the folder below them.
const CACHE_VARIABLES: &[(&str, &str)] = &[
    ("HF_HUB_CACHE", ""),
    ("HUGGINGFACE_HUB_CACHE", ""),
    ("HF_HOME", "/hub"),
    ("XDG_CACHE_HOME", "/huggingface/hub"),
];

/// Where weights are downloaded to.
struct Cache<'a> {
    /// The mount that the folder lies on; `None` is the container's own disk.
    volume: Option<&'a Volume>,
}

impl DeploymentFacts<'_> {
    fn has_flag(&self, names: &[&str]) -> bool {
        let flags = self.serving.iter().flat_map(|serving| &serving.flags);
        flags.into_iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn has_variable(&self, name: &str) -> bool {
        self.deployment.launch.env.iter().any(|(key, _)| key == name)
    }

    /// The engine, where it is vLLM or SGLang.
    fn torch_serving(&self) -> Result<Option<&Serving>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        Ok(Some(serving).filter(|serving| matches!(serving.engine, EngineKind::Vllm | EngineKind::Sglang)))
    }

    /// Whole GPUs of all pods of a copy, and those that the engine's ranks take, where both are stated.
    fn gpus_and_ranks(&self) -> Result<Option<(u64, u64)>, String> {
        let Some(serving) = self.torch_serving()? else {
            return Ok(None);
        };
        let request = &self.deployment.gpu;
        // Another's build may run several engines, each on GPUs of its own.
        if serving.build == Build::Other || self.has_flag(&["--omni"]) {
            return Ok(None);
        }
        if serving.on_cpu || !request.slice.is_absent() || self.has_flag(SOME_RANKS_ELSEWHERE) {
            return Ok(None);
        }
        if request
            .resource
            .known()
            .is_some_and(|name| !matches!(name.as_str(), "nvidia.com/gpu" | "amd.com/gpu"))
        {
            return Ok(None);
        }
        let Some(count) = told(&request.count)? else {
            return Ok(None);
        };
        let nodes = told(&self.deployment.nodes)?.unwrap_or(1);
        let mut ranks = 1_u64;
        for field in [
            &serving.tensor_parallel,
            &serving.pipeline_parallel,
            &serving.data_parallel,
        ] {
            ranks = ranks.saturating_mul(told(field)?.unwrap_or(1));
        }
        Ok(Some((count.saturating_mul(nodes.max(1)), ranks)))
    }

    fn gpus_missing(&self) -> Result<Option<u64>, String> {
        // A Ray cluster elsewhere may lend the others; copies with data parallelism may share GPUs in SGLang.
        if self.has_variable("RAY_ADDRESS") || self.has_flag(&["--enable-dp-attention"]) {
            return Ok(None);
        }
        Ok(self
            .gpus_and_ranks()?
            .and_then(|(gpus, ranks)| ranks.checked_sub(gpus))
            .filter(|missing| *missing > 0))
    }

    fn gpus_unused(&self) -> Result<Option<u64>, String> {
        // Workers of a Ray cluster are filled by several copies.
        let several = self.deployment.nodes.known().is_some_and(|nodes| *nodes > 1);
        // vLLM-Omni spreads its stages over GPUs by a file of its own.
        let stages = self.has_flag(&["--omni", "--stage-configs-path"]);
        if several || stages || !self.deployment.host.as_written {
            return Ok(None);
        }
        Ok(self
            .gpus_and_ranks()?
            .and_then(|(gpus, ranks)| gpus.checked_sub(ranks))
            .filter(|unused| *unused > 0))
    }

    /// What the engine says of a tensor-parallel size that doesn't divide the model's heads.
    fn heads_do_not_divide(&self) -> Result<Option<String>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let Some(size) = told(&serving.tensor_parallel)?.filter(|size| *size > 1) else {
            return Ok(None);
        };
        if !serving.hf_overrides.is_absent() || self.has_flag(&["--enable-dp-attention", "--json-model-override-args"])
        {
            return Ok(None);
        }
        let model = self.model()?;
        let (heads, kv_heads) = (u64::from(model.heads), u64::from(model.kv_heads));
        if heads == 0 || model.linear_layers == model.layers {
            return Ok(None);
        }
        if !heads.is_multiple_of(size) {
            return Ok(match serving.engine {
                EngineKind::Vllm => Some(format!(
                    "Total number of attention heads ({heads}) must be divisible by tensor parallel size ({size})."
                )),
                EngineKind::Tgi => Some(format!(
                    "`num_heads` must be divisible by `num_shards` (got `num_heads`: {heads} and `num_shards`: {size}"
                )),
                EngineKind::Sglang => Some(format!("{heads} heads % {size} != 0, an AssertionError")),
                _ => None,
            });
        }
        let divides =
            model.mla.is_some() || kv_heads == 0 || kv_heads.is_multiple_of(size) || size.is_multiple_of(kv_heads);
        Ok(match serving.engine {
            EngineKind::Vllm if !divides => Some(format!(
                "{} is not divisible by {}",
                kv_heads.max(size),
                kv_heads.min(size)
            )),
            EngineKind::Sglang if !divides => Some(format!("{kv_heads} KV heads against {size}, an AssertionError")),
            _ => None,
        })
    }

    /// The longest sequence that the model was made for, where nothing stretches it.
    fn model_context(&self) -> Result<Option<u64>, String> {
        let Some(serving) = self.torch_serving()? else {
            return Ok(None);
        };
        const STRETCHES: &[&str] = &[
            "--rope-scaling",
            "--rope-theta",
            "--hf-overrides",
            "--json-model-override-args",
            "--hf-config-path",
            "--config",
        ];
        const ALLOWS: &[&str] = &[
            "VLLM_ALLOW_LONG_MAX_MODEL_LEN",
            "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
        ];
        if !serving.hf_overrides.is_absent()
            || self.has_flag(STRETCHES)
            || ALLOWS.iter().any(|name| self.has_variable(name))
        {
            return Ok(None);
        }
        let model = self.model()?;
        // What stretches a model's positions stands in its config.json: without having read it, no length is too long.
        if model.source.contains("recalled") {
            return Err(format!(
                "the catalog's length of {} was not read in its config.json",
                model.id
            ));
        }
        if model.rope_factor_unread {
            return Err(format!(
                "the factor by which {} stretches its positions was not read",
                model.id
            ));
        }
        Ok(Some(model.max_context))
    }

    /// Why the engine refuses the number format on every GPU that it may run on.
    fn unsupported(&self) -> Result<Option<String>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        if serving.engine != EngineKind::Vllm {
            return Ok(None);
        }
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let mut why = None;
        for gpu in gpus {
            let Some(capability) = capability(gpu) else {
                return Ok(None);
            };
            let model = self.model().ok();
            match refusal(serving, model, capability) {
                Some(sentence) => why = Some(format!("{sentence}; {} has {}", gpu.id, shown(capability))),
                None => return Ok(None),
            }
        }
        Ok(why)
    }

    /// Why the image has no code for any of the GPUs that it may run on.
    fn image_without_gpu(&self) -> Result<Option<String>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let Field::Known(image, _) = &self.deployment.image else {
            return Ok(None);
        };
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let mut why = None;
        for gpu in gpus {
            let Some(capability) = capability(gpu) else {
                return Ok(None);
            };
            let sentence = match serving.engine {
                EngineKind::Vllm if serving.build == Build::Release => {
                    let Some(version) = serving.version.known() else {
                        return Ok(None);
                    };
                    if *version < BLACKWELL && capability >= 100 {
                        Some(format!(
                            "vLLM {version} is made with CUDA 12.4 or older, and Blackwell's kernels came with {BLACKWELL}"
                        ))
                    } else if *version >= NO_VOLTA && capability < 75 {
                        Some(format!(
                            "vLLM {version} is made with CUDA 13, which starts at Turing (7.5)"
                        ))
                    } else {
                        None
                    }
                }
                EngineKind::Tei => embeddings_image(image)
                    .filter(|made| !runs_embeddings(*made, capability))
                    .map(|made| {
                        format!(
                            "this image of text-embeddings-inference is compiled for {}",
                            shown(made)
                        )
                    }),
                _ => None,
            };
            match sentence {
                Some(sentence) => why = Some(format!("{sentence}; {} has {}", gpu.id, shown(capability))),
                None => return Ok(None),
            }
        }
        Ok(why)
    }

    /// The checkpoint's files, where the whole checkpoint is read by one machine from its published files.
    fn checkpoint(&self) -> Result<Option<u64>, String> {
        if self.torch_serving()?.is_none()
            || self.has_flag(&["--load-format", "--config", "--model-loader-extra-config"])
        {
            return Ok(None);
        }
        // Of several nodes each may read its part.
        if told(&self.deployment.nodes)?.is_some_and(|nodes| nodes > 1) {
            return Ok(None);
        }
        let model = self.model()?;
        if let Some(bytes) = model.weights_bytes {
            return Ok(Some(bytes));
        }
        let parts = Checkpoint::of(model)?;
        let bytes = parts.plain * parts.plain_bytes + parts.quantized * parts.quantized_bytes;
        Ok(Decimal::from_f64(bytes).and_then(|bytes| bytes.trunc().to_u64()))
    }

    /// Seconds that the liveness probe waits for an answer, where no startup probe holds it back.
    fn liveness_patience(&self) -> Fact {
        let host = &self.deployment.host;
        let patience = host.liveness.as_ref().filter(|_| host.startup.is_none());
        Fact::of(patience.map_or(Known::Absent, |probe| Known::Yes(int(probe.patience()))))
            .at(patience.map(|probe| probe.place))
    }

    /// Where the engine keeps what it downloads.
    fn cache(&self) -> Result<Option<Cache<'_>>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        if !self.deployment.host.as_written || !self.is_on_hub()?.unwrap_or(false) {
            return Ok(None);
        }
        if self.has_flag(&[
            "--download-dir",
            "--config",
            "--load-format",
            "--hf-hub-cache",
            "--huggingface-hub-cache",
        ]) {
            return Ok(None);
        }
        let mut folder = match serving.engine {
            EngineKind::Vllm | EngineKind::Sglang => "/root/.cache/huggingface/hub".to_owned(),
            EngineKind::Tgi | EngineKind::Tei => "/data".to_owned(),
            _ => return Ok(None),
        };
        for (name, below) in CACHE_VARIABLES {
            let stated = self.deployment.launch.env.iter().rev().find(|(key, _)| key == name);
            match stated {
                Some((_, EnvValue::Known(path, _))) => {
                    folder = format!("{}{below}", path.as_str().trim_end_matches('/'));
                    break;
                }
                Some((_, EnvValue::Unknown(why, _))) => return Err(why.clone()),
                None => {}
            }
        }
        // Another user's home, or a home of its own, holds the cache where no variable says so.
        if folder.starts_with("/root/") && self.has_variable("HOME") {
            return Ok(None);
        }
        let holds = |volume: &&Volume| {
            let mount = volume.mount.trim_end_matches('/');
            folder
                .strip_prefix(mount)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let volumes = self.deployment.host.volumes.iter();
        let volume = volumes.filter(holds).max_by_key(|volume| volume.mount.len());
        // A cache of the whole pod elsewhere (`/models`) may be linked to; what is mounted persistently may hold it.
        let other = |volume: &Volume| volume.kind == VolumeKind::Persistent && volume.mount != "/dev/shm";
        // The image of text-generation-inference names `/data` by a variable of its own, which some releases put
        // before the ones that were read here.
        let own = |volume: &Volume| other(volume) && volume.mount.trim_end_matches('/') == "/data";
        let by_image = matches!(serving.engine, EngineKind::Tgi | EngineKind::Tei);
        let volumes = &self.deployment.host.volumes;
        if volume.is_none() && volumes.iter().any(other)
            || by_image && !folder.starts_with("/data") && volumes.iter().any(own)
        {
            return Ok(None);
        }
        Ok(Some(Cache { volume }))
    }

    /// Bytes that the place of downloads holds, where it has a limit.
    fn cache_size(&self) -> Fact {
        let found = match self.cache() {
            Ok(Some(cache)) => match cache.volume {
                Some(volume) => volume.size.clone(),
                None => self.deployment.host.ephemeral_storage.clone(),
            },
            Ok(None) => Field::default(),
            Err(why) => Field::Unknown(why, None),
        };
        of_field(found, |bytes| gigabytes(*bytes))
    }

    /// Whether what is downloaded is still there at the next start.
    fn cache_persists(&self) -> Result<Option<bool>, String> {
        let offline = self.has_variable("HF_HUB_OFFLINE") || self.has_variable("TRANSFORMERS_OFFLINE");
        let small = self.model().is_ok_and(|model| model.parameters < SMALL);
        Ok(self.cache()?.filter(|_| !offline && !small).map(|cache| {
            cache
                .volume
                .is_some_and(|volume| matches!(volume.kind, VolumeKind::Persistent | VolumeKind::Settings))
        }))
    }

    /// GPUs that a rollout starts besides those in use.
    fn spare_gpus(&self) -> Result<Option<u64>, String> {
        let deployment = self.deployment;
        let Some(count) = told(&deployment.gpu.count)?.filter(|count| *count > 0) else {
            return Ok(None);
        };
        if told(&deployment.replicas)? == Some(0) || !deployment.host.as_written {
            return Ok(None);
        }
        let copies = told(&self.surge())?.unwrap_or(0);
        let pods = copies.saturating_mul(told(&deployment.nodes)?.unwrap_or(1).max(1));
        Ok(Some(count.saturating_mul(pods)).filter(|gpus| *gpus > 0))
    }
}

/// A field's value, absent, or why it can't be told.
fn told<T: Copy>(field: &Field<T>) -> Result<Option<T>, String> {
    match field {
        Field::Known(value, _) => Ok(Some(*value)),
        Field::Absent(_) => Ok(None),
        Field::Unknown(why, _) => Err(why.clone()),
    }
}

/// Bytes as gigabytes of 10⁹.
fn gigabytes(bytes: u64) -> Value {
    Value::Number(
        (Decimal::from(bytes) / Decimal::from(1_000_000_000_u64))
            .round_dp(2)
            .normalize(),
    )
}

/// NVIDIA's compute capability, ten times.
fn capability(gpu: &Gpu) -> Option<u32> {
    let (major, minor) = gpu.compute_capability.as_deref()?.split_once('.')?;
    Some(major.parse::<u32>().ok()?.checked_mul(10)? + minor.parse::<u32>().ok()?.min(9))
}

fn shown(capability: u32) -> String {
    format!("compute capability {}.{}", capability / 10, capability % 10)
}

/// What vLLM raises for a number format on a GPU of this capability. Read in the releases 0.5.4, 0.6.3, 0.8.5, 0.11.0
/// and 0.20.0: `get_min_capability` of `vllm/model_executor/layers/quantization/*.py`, and the check of the dtype in
/// `vllm/worker/worker.py`, later `vllm/platforms/cuda.py`. Between two that were read nothing is said.
fn refusal(serving: &Serving, model: Option<&OpenModel>, capability: u32) -> Option<String> {
    let until = |last: Version| serving.version.known().is_some_and(|version| *version <= last);
    let stored = model.and_then(|model| model.quantization.as_ref());
    let asked = match &serving.quantization {
        Field::Known(method, _) => Some(method.as_str()),
        Field::Absent(_) => stored.map(|found| found.method.as_str()),
        Field::Unknown(..) => return None,
    };
    let needs = match asked {
        Some("fp8") if until(FP8_FROM_AMPERE) => 80,
        Some("fp8" | "awq") => 75,
        Some("mxfp4") => 80,
        Some("nvfp4" | "modelopt_fp4") if until(NVFP4_ON_BLACKWELL) => 100,
        Some("nvfp4" | "modelopt_fp4") => 75,
        _ => 0,
    };
    if capability < needs {
        return Some(format!(
            "vLLM takes {} weights from compute capability {}.{} up",
            asked.unwrap_or_default(),
            needs / 10,
            needs % 10
        ));
    }
    let bf16 = match &serving.dtype {
        Field::Known(dtype, _) if dtype == "bfloat16" => true,
        Field::Known(dtype, _) if dtype != "auto" => false,
        Field::Unknown(..) => false,
        _ => until(AUTO_TAKES_BF16) && model.is_some_and(|model| model.dtype == "bfloat16"),
    };
    (bf16 && capability < 80)
        .then(|| "vLLM raises `Bfloat16 is only supported on GPUs with compute capability of at least 8.0`".to_owned())
}

/// The compute capability that an image of text-embeddings-inference is compiled for, ten times, by its tag; `None`
/// where the tag doesn't tell one.
/// <https://github.com/huggingface/text-embeddings-inference#docker-images>
fn embeddings_image(image: &str) -> Option<u32> {
    let (_, rest) = image.rsplit_once("huggingface/text-embeddings-inference")?;
    let tag = rest.strip_prefix(':')?;
    let tag = tag.split('@').next()?;
    let (kind, release) = tag.split_once('-').unwrap_or(("", tag));
    // Only releases: what `latest` is made for may change.
    Version::parse(release)?;
    match kind {
        "" => Some(80),
        "turing" => Some(75),
        "86" => Some(86),
        "89" => Some(89),
        "hopper" => Some(90),
        _ => None,
    }
}

/// Whether a text-embeddings-inference compiled for one capability runs on another, as its own check has it
/// (`backends/candle/src/compute_cap.rs`).
fn runs_embeddings(made: u32, on: u32) -> bool {
    match made {
        80..=86 => (made..=89).contains(&on),
        // Newer releases may add GPUs above the newest that were read.
        90 => on >= 90,
        made => made == on,
    }
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.gpus_missing",
        ty: Type::Int,
        unit: "GPUs",
        about: "GPUs that tensor, pipeline and data parallelism take beyond those that all pods of a copy ask for",
        get: |facts| {
            let place = facts.deployment.gpu.count.place();
            of_result(facts.gpus_missing(), int).at(place)
        },
    },
    Row {
        name: "deployment.gpus_unused",
        ty: Type::Int,
        unit: "GPUs",
        about: "GPUs that a pod asks for beyond those that tensor, pipeline and data parallelism take",
        get: |facts| {
            let place = facts.deployment.gpu.count.place();
            of_result(facts.gpus_unused(), int).at(place)
        },
    },
    Row {
        name: "deployment.gpu_fraction",
        ty: Type::Str,
        unit: "",
        about: "a fraction of a GPU, asked for as if GPUs could be divided like CPUs",
        get: |facts| match facts.deployment.host.as_written {
            true => of_field(facts.deployment.gpu.fraction.clone(), |fraction| text(fraction)),
            false => Fact::of(Known::Absent),
        },
    },
    Row {
        name: "deployment.heads_do_not_divide",
        ty: Type::Str,
        unit: "",
        about: "what the engine says of a tensor-parallel size that doesn't divide the model's heads",
        get: |facts| {
            let place = facts.serving(|serving| &serving.tensor_parallel).place();
            of_result(facts.heads_do_not_divide(), |why| text(&why)).at(place)
        },
    },
    Row {
        name: "deployment.model_context",
        ty: Type::Int,
        unit: "tokens",
        about: "the longest sequence that the model was made for, where no setting stretches it",
        get: |facts| of_result(facts.model_context(), int),
    },
    Row {
        name: "deployment.number_format_refused",
        ty: Type::Str,
        unit: "",
        about: "why the engine refuses the number format on every GPU that it may run on",
        get: |facts| {
            let stated = [
                facts.serving(|serving| &serving.quantization).place(),
                facts.serving(|serving| &serving.dtype).place(),
                facts.model_name().place(),
            ];
            of_result(facts.unsupported(), |why| text(&why)).at(stated.into_iter().flatten().next())
        },
    },
    Row {
        name: "deployment.image_without_gpu",
        ty: Type::Str,
        unit: "",
        about: "why the image has no code for any GPU that it may run on",
        get: |facts| {
            let place = facts.deployment.image.place();
            of_result(facts.image_without_gpu(), |why| text(&why)).at(place)
        },
    },
    Row {
        name: "deployment.checkpoint",
        ty: Type::Number,
        unit: "GB",
        about: "the files with the model's weights",
        get: |facts| of_result(facts.checkpoint(), gigabytes),
    },
    Row {
        name: "deployment.liveness_seconds",
        ty: Type::Int,
        unit: "seconds",
        about: "time after its start at which a silent container is killed, where no startup probe holds that back",
        get: |facts| facts.liveness_patience(),
    },
    Row {
        name: "deployment.cache_size",
        ty: Type::Number,
        unit: "GB",
        about: "what the place that weights are downloaded to holds, where it has a limit",
        get: |facts| facts.cache_size(),
    },
    Row {
        name: "deployment.cache_persists",
        ty: Type::Bool,
        unit: "",
        about: "whether weights that were downloaded are still there at the next start",
        get: |facts| {
            let place = facts.model_name().place();
            of_result(facts.cache_persists(), Value::Bool).at(place)
        },
    },
    Row {
        name: "deployment.offloaded",
        ty: Type::Number,
        unit: "GiB",
        about: "weights that the ranks of one pod keep in host memory (--cpu-offload-gb)",
        get: |facts| {
            let place = facts.serving(|serving| &serving.cpu_offload_gb).place();
            of_result(facts.offloaded(), Value::Number).at(place)
        },
    },
    Row {
        name: "deployment.spare_gpus",
        ty: Type::Int,
        unit: "GPUs",
        about: "GPUs that a rollout starts pods on besides those in use",
        get: |facts| {
            let host = &facts.deployment.host;
            let place = host.surge.place().or(facts.deployment.gpu.count.place());
            of_result(facts.spare_gpus(), int).at(place)
        },
    },
];

impl DeploymentFacts<'_> {
    /// GiB of weights in host memory: what is asked for on each GPU, and not more than the weights.
    fn offloaded(&self) -> Result<Option<Decimal>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let Field::Known(each, _) = &serving.cpu_offload_gb else {
            return Ok(None);
        };
        let Some(weights) = self.checkpoint()? else {
            return Ok(None);
        };
        let ranks = told(&self.deployment.gpu.count)?.unwrap_or(1);
        let asked = times(*each, Decimal::from(ranks))?;
        let weights = Decimal::from(weights) / Decimal::from(1_u64 << 30);
        Ok(Some(asked.min(weights).round_dp(2).normalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_embeddings_tell_their_gpu() {
        let image = |tag: &str| embeddings_image(&format!("ghcr.io/huggingface/text-embeddings-inference:{tag}"));
        assert_eq!(image("1.5"), Some(80));
        assert_eq!(image("turing-1.7.2"), Some(75));
        assert_eq!(image("89-1.7"), Some(89));
        assert_eq!(image("hopper-1.8"), Some(90));
        for other in ["cpu-1.5", "latest", "cuda-1.8", "89-latest"] {
            assert_eq!(image(other), None, "{other}");
        }
    }

    #[test]
    fn a_server_of_embeddings_runs_where_its_own_check_lets_it() {
        for (made, on, runs) in [
            (80, 75, false),
            (80, 86, true),
            (80, 90, false),
            (86, 80, false),
            (89, 89, true),
            (90, 89, false),
            (75, 75, true),
        ] {
            assert_eq!(runs_embeddings(made, on), runs, "{made} on {on}");
        }
    }
}
