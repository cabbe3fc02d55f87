//! Training runs started by a command: torchrun, Accelerate and DeepSpeed launchers, and the frameworks' own programs.

use super::{Get, hugging_face, llama_factory, names_file, number_format, positive, switch, whole, zero_stage};
use crate::source::Place;
use crate::syntax::args::{self, Flag};
use crate::units::{EnvValue, Field, Launch, Method, Training, Word};

pub(in crate::formats) const NAME: &str = "training command";

/// Words by which a file with a training command is told before it is read.
pub(in crate::formats) const SIGNS: &[&str] = &[
    "torchrun",
    "accelerate launch",
    "deepspeed",
    "llamafactory-cli",
    "axolotl",
    "tune run",
    "trl ",
    "--per_device_train_batch_size",
    "--micro-batch-size",
];

/// The run that a command starts; `None` where it starts none that is known.
pub(in crate::formats) fn recognise(launch: &Launch, name: String) -> Option<Training> {
    let words = &launch.words;
    let first = words.first()?;
    let text = |at: usize| words.get(at).and_then(|word: &Word| word.value.as_deref().ok());
    let mut run = Training::new(name, NAME, "", whole_line(words, first.place));
    let mut at = 0;
    // Launchers stand before the program, each with flags of its own.
    loop {
        let base = text(at)?.rsplit('/').next()?;
        match (base, text(at + 1)) {
            ("python" | "python3", Some("-m")) => match text(at + 2)? {
                "torch.distributed.run" | "torch.distributed.launch" => at = launcher(words, at + 3, &mut run)?,
                module => return module_run(module, &words[at + 3..], run),
            },
            ("python" | "python3", Some(script)) if script.ends_with(".py") => {
                return script_run(script, &words[at + 2..], run);
            }
            ("torchrun" | "deepspeed", _) => at = launcher(words, at + 1, &mut run)?,
            ("accelerate", Some("launch")) => at = launcher(words, at + 2, &mut run)?,
            ("uv" | "poetry" | "pipenv" | "pdm", Some("run")) => at += 2,
            ("llamafactory-cli", Some("train")) => {
                let rest = Rest::of(&words[at + 2..]);
                run.framework = "LLaMA-Factory";
                llama_factory::fill(&mut run, &|names| rest.get(names));
                return with_config(run, &rest, launch);
            }
            ("axolotl", Some("train" | "preprocess")) => {
                run.framework = "Axolotl";
                return with_config(run, &Rest::of(&words[at + 2..]), launch);
            }
            ("tune", Some("run")) => {
                run.framework = "torchtune";
                let next = launcher(words, at + 2, &mut run)?;
                let rest = Rest::of(&words[next..]);
                run.configs.extend(names_file(&rest.get(&["config"])));
                return (!run.configs.is_empty()).then_some(run);
            }
            ("trl", Some("sft" | "dpo" | "kto" | "orpo" | "grpo" | "reward")) => {
                let rest = Rest::of(&words[at + 2..]);
                run.framework = "TRL";
                hugging_face::fill(&mut run, &|names| rest.get(names));
                run.configs.extend(names_file(&rest.get(&["config"])));
                return Some(run);
            }
            (script, _) if script.ends_with(".py") => return script_run(script, &words[at + 1..], run),
            _ => return None,
        }
        // `accelerate launch -m module`, `torchrun -m module`.
        if text(at) == Some("-m") {
            return module_run(text(at + 1)?, &words[at + 2..], run);
        }
    }
}

fn whole_line(words: &[Word], first: Place) -> Place {
    words.iter().fold(first, |place, word| {
        if word.place.source == place.source {
            Place {
                span: place.span.cover(word.place.span),
                ..place
            }
        } else {
            place
        }
    })
}

/// Reads a launcher's own flags; gives where the program behind it begins.
fn launcher(words: &[Word], start: usize, run: &mut Training) -> Option<usize> {
    let mut at = start;
    while let Some(word) = words.get(at) {
        let Ok(text) = word.value.as_deref() else {
            return None;
        };
        if !text.starts_with('-') || text == "-m" {
            return Some(at);
        }
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let name = name.trim_start_matches('-').replace('-', "_");
        let bare = matches!(
            name.as_str(),
            "multi_gpu" | "use_deepspeed" | "use_fsdp" | "standalone" | "no_python" | "quiet" | "debug" | "cpu" | "tpu"
        );
        let (value, step) = match (value, bare) {
            ("", false) => (words.get(at + 1)?, 2),
            _ => (word, 1),
        };
        let stated = value
            .value
            .as_deref()
            .map(|text| text.rsplit('=').next().unwrap_or(text));
        let number = || match stated {
            Ok(text) => match text.parse::<u64>() {
                Ok(number) => Field::Known(number, value.place),
                Err(_) => Field::Unknown(format!("`{text}` is not a number of GPUs"), Some(value.place)),
            },
            Err(why) => Field::Unknown(why.clone(), Some(value.place)),
        };
        match name.as_str() {
            "nproc_per_node" | "num_gpus" | "num_processes" => run.gpu.count = number(),
            "nnodes" | "num_machines" | "num_nodes" => run.nodes = number(),
            "config_file" => run
                .configs
                .extend(stated.ok().map(|path| (path.to_owned(), value.place))),
            "mixed_precision" => {
                run.precision = match stated {
                    Ok(text) => Field::Known(text.to_owned(), value.place).and_then(|text| number_format(&text)),
                    Err(why) => Field::Unknown(why.clone(), Some(value.place)),
                }
            }
            "zero_stage" => run.sharding = number().and_then(zero_stage),
            _ => {}
        }
        at += step;
    }
    None
}

/// The flags behind a program.
struct Rest<'w> {
    words: &'w [Word],
    flags: Vec<Flag>,
    positional: Vec<usize>,
}

impl<'w> Rest<'w> {
    fn of(words: &'w [Word]) -> Self {
        let read = args::flags(words, &|_| None);
        Self {
            words,
            flags: read.flags,
            positional: read.positional,
        }
    }

    /// What is said of a setting: `--name value`, or `name=value` as overrides are written.
    fn get(&self, names: &[&str]) -> Field<String> {
        let is_meant = |flag: &Flag| {
            let written = flag.name.trim_start_matches('-').replace('-', "_");
            names.contains(&written.as_str())
        };
        if let Some(flag) = self.flags.iter().rev().find(|flag| is_meant(flag)) {
            return match flag.value.as_ref().map(|word| (&word.value, word.place)) {
                Some((Ok(text), place)) => Field::Known(text.clone(), place),
                Some((Err(why), place)) => Field::Unknown(why.clone(), Some(place)),
                None => Field::Known("true".to_owned(), flag.place),
            };
        }
        let stated = self.positional.iter().rev().find_map(|&at| {
            let word = self.words.get(at)?;
            let (name, value) = word.value.as_deref().ok()?.split_once('=')?;
            names
                .contains(&name)
                .then(|| Field::Known(value.to_owned(), word.place))
        });
        stated.unwrap_or_default()
    }

    /// The first word that names a config.
    fn config(&self) -> Option<(String, Place)> {
        self.positional.iter().find_map(|&at| {
            let word = self.words.get(at)?;
            let text = word.value.as_deref().ok()?;
            [".yaml", ".yml", ".json"]
                .iter()
                .any(|ending| text.ends_with(ending))
                .then(|| (text.to_owned(), word.place))
        })
    }
}

fn with_config(mut run: Training, rest: &Rest<'_>, launch: &Launch) -> Option<Training> {
    run.configs.extend(rest.config());
    // LLaMA-Factory starts one process for each visible GPU.
    if let Some((_, EnvValue::Known(text, place))) = launch.env.iter().find(|(name, _)| name == "CUDA_VISIBLE_DEVICES")
    {
        run.gpu.count = Field::Known(text.as_str().split(',').count() as u64, *place);
    }
    (!run.configs.is_empty() || run.model.known().is_some()).then_some(run)
}

fn module_run(module: &str, words: &[Word], mut run: Training) -> Option<Training> {
    let rest = Rest::of(words);
    match module {
        "axolotl.cli.train" => {
            run.framework = "Axolotl";
            with_config(run, &rest, &Launch::default())
        }
        "llamafactory.cli" => {
            run.framework = "LLaMA-Factory";
            with_config(run, &rest, &Launch::default())
        }
        _ => script_run(&format!("{}.py", module.rsplit('.').next()?), words, run),
    }
}

/// A script that takes the Trainer's arguments, or Megatron's.
fn script_run(script: &str, words: &[Word], mut run: Training) -> Option<Training> {
    let rest = Rest::of(words);
    let get: Get<'_> = &|names| rest.get(names);
    let stated = |names: &[&str]| names.iter().filter(|name| !rest.get(&[name]).is_absent()).count();
    if stated(&["model_name_or_path"]) == 1 && stated(hugging_face::SIGNS) >= 1 {
        run.framework = "transformers";
        let sharding = (run.sharding.clone(), run.precision.clone());
        let is_factory = stated(&["finetuning_type", "cutoff_len", "stage"]) >= 2;
        if is_factory {
            run.framework = "LLaMA-Factory";
            llama_factory::fill(&mut run, get);
        } else {
            hugging_face::fill(&mut run, get);
        }
        if run.sharding.is_absent() {
            run.sharding = sharding.0;
        }
        if run.precision.is_absent() {
            run.precision = sharding.1;
        }
        return Some(run);
    }
    let megatron = [
        "num_layers",
        "hidden_size",
        "num_attention_heads",
        "micro_batch_size",
        "seq_length",
    ];
    if stated(&megatron) >= 4 {
        run.framework = "Megatron-LM";
        run.method = match rest.get(&["load", "finetune", "pretrained_checkpoint"]) {
            Field::Absent(_) if script.contains("pretrain") => Field::Known(Method::Pretraining, run.place),
            _ => Field::default(),
        };
        run.sequence_len = whole(get, &["seq_length"]);
        run.micro_batch = whole(get, &["micro_batch_size"]);
        run.steps = positive(get, &["train_iters"]);
        run.tensor_parallel = whole(get, &["tensor_model_parallel_size"]);
        run.pipeline_parallel = whole(get, &["pipeline_model_parallel_size"]);
        run.context_parallel = whole(get, &["context_parallel_size"]);
        run.precision = super::precision(get);
        run.gradient_checkpointing = match rest.get(&["recompute_activations", "recompute_granularity"]) {
            Field::Known(_, place) => Field::Known(true, place),
            _ => Field::default(),
        };
        run.fused_attention = switch(get, &["use_flash_attn"]);
        run.saves_checkpoints = match rest.get(&["save"]) {
            Field::Known(_, place) => Field::Known(true, place),
            Field::Absent(_) => Field::Known(false, run.place),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        };
        return Some(run);
    }
    None
}
