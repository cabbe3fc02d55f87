//! The facts of a training run.

pub mod memory;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::cost::input;
use super::prompt::{self, field, int};
use super::{Fact, Known, Row, Type, Value, World, gpu_request, open_model};
use crate::catalog::{Gpu, OpenModel};
use crate::report::{Figure, Input};
use crate::units::{Field, Training};
use memory::Run;

/// How much of a GPU's peak arithmetic a training run reaches, from a run that is not tuned to the best that was
/// published for large dense models (evidence rows `mfu-…`).
const UTILIZATION: (&str, &str) = ("0.25", "0.50");

/// A training run with what its facts are made of.
pub struct TrainingFacts<'a> {
    /// The unit.
    pub training: &'a Training,
    world: &'a World<'a>,
}

impl<'a> TrainingFacts<'a> {
    /// The facts of `training`.
    pub fn new(training: &'a Training, world: &'a World<'a>) -> Self {
        Self { training, world }
    }

    /// The model's name.
    pub fn model_name(&self) -> Field<String> {
        self.training.model.clone()
    }

    fn model(&self) -> Result<&'static OpenModel, String> {
        open_model(&self.training.model, self.world.catalog)
    }

    fn place_in_tree(&self) -> &str {
        &self.world.files.source(self.training.place.source).from_root
    }

    fn run(&self) -> Result<Run<'static>, String> {
        Run::of(self.training, self.model()?)
    }

    /// The largest GPU that it may run on.
    fn gpu(&self) -> Result<&'static Gpu, String> {
        let found = gpu_request::candidates(&self.training.gpu, self.place_in_tree(), self.world)?;
        let largest = found.into_iter().max_by(|a, b| a.memory_gib.total_cmp(&b.memory_gib));
        largest.ok_or_else(|| "no GPU is known".to_owned())
    }

    /// Whether it fits into the largest GPU that it may run on, with activations computed again or as it states.
    fn outcome(&self, checkpointing: Option<bool>) -> Result<&'static str, String> {
        let gpu = self.gpu()?;
        let mut run = self.run()?;
        if checkpointing.is_some() {
            run.checkpointing = checkpointing;
        }
        let (low, high) = run.memory().total_gib();
        Ok(if low > gpu.memory_gib {
            "oom"
        } else if high < gpu.memory_gib {
            "fits"
        } else {
            "too_close"
        })
    }

    /// The memory that one GPU needs, from the least to the most that the settings leave open.
    fn needed(&self) -> Result<Figure, String> {
        let parts = self.run()?.memory().parts();
        let mut inputs = Vec::new();
        let (mut low, mut high) = (Decimal::ZERO, Decimal::ZERO);
        for (name, bytes) in parts {
            let gib = |value: f64| {
                Decimal::from_f64(value / 1_073_741_824.0)
                    .map(|value| value.round_dp(2))
                    .ok_or("a figure is out of range")
            };
            let (least, most) = (gib(bytes.low)?, gib(bytes.high)?);
            low += least;
            high += most;
            inputs.push(Input {
                name: name.to_owned(),
                low: least,
                high: most,
                unit: "GiB".to_owned(),
                from: "the settings and the model's shape: docs/training.md".to_owned(),
            });
        }
        Ok(Figure {
            low: low.normalize(),
            high: high.normalize(),
            unit: "GiB".to_owned(),
            per: "GPU".to_owned(),
            without: Vec::new(),
            formula: "weights + gradients + optimizer + activations + logits + overhead".to_owned(),
            inputs,
        })
    }

    /// What is missing on the largest GPU at least.
    fn missing(&self) -> Result<Figure, String> {
        let gpu = self.gpu()?;
        let mut figure = self.needed()?;
        let memory = Decimal::from_f64(gpu.memory_gib)
            .ok_or("the GPU's memory is out of range")?
            .round_dp(2);
        figure.low = (figure.low - memory).normalize();
        figure.high = (figure.high - memory).normalize();
        if figure.low <= Decimal::ZERO {
            return Err("nothing is surely lacking".to_owned());
        }
        figure.formula.push_str(" - gpu_memory");
        figure.inputs.push(input(
            "gpu_memory",
            memory,
            "GiB",
            format!(
                "{} as its driver reports it: catalog/gpus.jsonl of {}",
                gpu.id, gpu.as_of
            ),
        ));
        Ok(figure)
    }

    /// GPUs of all machines.
    fn gpu_count(&self) -> Result<u64, String> {
        match &self.training.gpu.count {
            Field::Known(count, _) => Ok(count.saturating_mul(self.training.nodes.known().copied().unwrap_or(1))),
            Field::Unknown(why, _) => Err(why.clone()),
            Field::Absent(_) => Err("the number of GPUs is not stated".to_owned()),
        }
    }

    /// Tokens that the run sees: stated, or steps × sequences × length.
    fn tokens(&self) -> Result<Input, String> {
        if let Field::Known(tokens, _) = &self.training.tokens {
            return Ok(input("tokens", *tokens, "tokens", "stated"));
        }
        let needed = |field: &Field<u64>, what: &str| match field {
            Field::Known(value, _) => Ok(Decimal::from(*value)),
            Field::Absent(_) => Err(format!("{what} is not stated")),
            Field::Unknown(why, _) => Err(why.clone()),
        };
        let steps = needed(&self.training.steps, "the number of steps")?;
        let batch = needed(&self.training.micro_batch, "the batch of one GPU")?;
        let accumulation = Decimal::from(self.training.accumulation.known().copied().unwrap_or(1));
        let length = needed(&self.training.sequence_len, "the longest sequence")?;
        let gpus = Decimal::from(self.gpu_count()?);
        let tokens = [batch, accumulation, length, gpus]
            .iter()
            .try_fold(steps, |product, factor| product.checked_mul(*factor))
            .ok_or("the amount is larger than a decimal holds")?;
        let from = "steps × batch × accumulation × sequence length × GPUs, every sequence full";
        Ok(input("tokens", tokens, "tokens", from))
    }

    /// GPU hours by 6 × parameters × tokens of arithmetic (Kaplan et al. 2020, appendix B).
    fn gpu_hours(&self) -> Result<Figure, String> {
        let model = self.model()?;
        let gpu = self.gpu()?;
        let tokens = self.tokens()?;
        let peak = ["bf16", "fp16"].iter().find_map(|name| gpu.dense_tflops.get(*name));
        let peak = peak
            .and_then(|tflops| Decimal::from_f64(*tflops))
            .ok_or_else(|| format!("the arithmetic of {} in 16 bits is not known", gpu.id))?;
        let active = Decimal::from(model.active_parameters);
        let exa = |share: &str| {
            let share: Decimal = share.parse().map_err(|_| "a share is malformed".to_owned())?;
            let flops = Decimal::from(6)
                .checked_mul(active)
                .and_then(|n| n.checked_mul(tokens.high))
                .ok_or("the amount is larger than a decimal holds")?;
            let per_hour = peak
                .checked_mul(share)
                .and_then(|n| n.checked_mul(Decimal::from(3_600_000_000_000_000_u64)))
                .ok_or("the amount is larger than a decimal holds")?;
            flops
                .checked_div(per_hour)
                .map(|hours| hours.round_dp(2))
                .ok_or_else(|| "the arithmetic a second is zero".to_owned())
        };
        let (least, most) = (exa(UTILIZATION.1)?, exa(UTILIZATION.0)?);
        let inverse = |share: &str| -> Result<Decimal, String> {
            let share: Decimal = share.parse().map_err(|_| "a share is malformed".to_owned())?;
            Ok(Decimal::ONE / share)
        };
        Ok(Figure {
            low: least.normalize(),
            high: most.normalize(),
            unit: "GPU hours".to_owned(),
            per: "run".to_owned(),
            without: Vec::new(),
            formula: "6 * parameters * tokens * peak_share / (peak * 3600000000000000)".to_owned(),
            inputs: vec![
                input(
                    "parameters",
                    active,
                    "parameters a token",
                    format!("{}: catalog/open_models.jsonl", model.id),
                ),
                tokens,
                Input {
                    name: "peak_share".to_owned(),
                    low: inverse(UTILIZATION.1)?,
                    high: inverse(UTILIZATION.0)?,
                    unit: "peak ÷ reached".to_owned(),
                    from: "25 to 50% of the peak is reached: docs/training.md".to_owned(),
                },
                input(
                    "peak",
                    peak,
                    "10¹² operations a second",
                    format!("{}, 16 bits without sparsity: catalog/gpus.jsonl", gpu.id),
                ),
            ],
        })
    }

    /// USD for the run: GPU hours at the price of one GPU.
    fn cost(&self) -> Result<Figure, String> {
        let hours = self.gpu_hours()?;
        let rate = gpu_request::hour_rate(&self.training.gpu, self.place_in_tree(), self.world)?;
        let times = |amount: Decimal, rate: Decimal| {
            amount
                .checked_mul(rate)
                .map(|usd| usd.round_dp(2).normalize())
                .ok_or("the amount is larger than a decimal holds")
        };
        Ok(Figure {
            low: times(hours.low, rate.low)?,
            high: times(hours.high, rate.high)?,
            unit: "USD".to_owned(),
            per: "run".to_owned(),
            without: Vec::new(),
            formula: "gpu_hours * gpu_hour".to_owned(),
            inputs: vec![
                Input {
                    name: "gpu_hours".to_owned(),
                    low: hours.low,
                    high: hours.high,
                    unit: "GPU hours".to_owned(),
                    from: hours.formula,
                },
                rate,
            ],
        })
    }
}

fn text(value: &str) -> Value {
    Value::Str(value.into())
}

fn of<T>(found: Result<T, String>, value: impl FnOnce(T) -> Value) -> Fact {
    prompt::known(found.map(Some), value)
}

type Get = fn(&TrainingFacts<'_>) -> Fact;

/// The facts of a training run, in the order in which they are listed.
pub(super) const FACTS: &[&[Row<Get>]] = &[STATED, WORKED_OUT];

const STATED: &[Row<Get>] = &[
    Row {
        name: "training.format",
        ty: Type::Str,
        unit: "",
        about: "the format it was read as",
        get: |facts| Fact::of(Known::Yes(text(facts.training.format))).at(Some(facts.training.place)),
    },
    Row {
        name: "training.framework",
        ty: Type::Str,
        unit: "",
        about: "the program or library that trains",
        get: |facts| Fact::of(Known::Yes(text(facts.training.framework))).at(Some(facts.training.place)),
    },
    Row {
        name: "training.model",
        ty: Type::Str,
        unit: "",
        about: "the model that it starts from, or whose shape it takes",
        get: |facts| field(&facts.training.model, |name| text(name)),
    },
    Row {
        name: "training.method",
        ty: Type::Str,
        unit: "",
        about: "pretraining (from random weights), full, lora or qlora",
        get: |facts| field(&facts.training.method, |method| text(method.name())),
    },
    Row {
        name: "training.precision",
        ty: Type::Str,
        unit: "",
        about: "number format of the arithmetic, where it is stated: bf16, fp16, tf32, fp32, fp8",
        get: |facts| field(&facts.training.precision, |name| text(name)),
    },
    Row {
        name: "training.quantization",
        ty: Type::Str,
        unit: "",
        about: "number format of frozen base weights, where they are quantized",
        get: |facts| field(&facts.training.quantization, |name| text(name)),
    },
    Row {
        name: "training.lora_rank",
        ty: Type::Int,
        unit: "",
        about: "rank of the adapters",
        get: |facts| field(&facts.training.lora_rank, |n| int(*n)),
    },
    Row {
        name: "training.sequence_len",
        ty: Type::Int,
        unit: "tokens",
        about: "the longest sequence",
        get: |facts| field(&facts.training.sequence_len, |n| int(*n)),
    },
    Row {
        name: "training.micro_batch",
        ty: Type::Int,
        unit: "sequences",
        about: "sequences of one pass on one GPU",
        get: |facts| field(&facts.training.micro_batch, |n| int(*n)),
    },
    Row {
        name: "training.gradient_checkpointing",
        ty: Type::Bool,
        unit: "",
        about: "whether activations are computed again in the backward pass, where it is stated",
        get: |facts| field(&facts.training.gradient_checkpointing, |on| Value::Bool(*on)),
    },
    Row {
        name: "training.steps",
        ty: Type::Int,
        unit: "steps",
        about: "optimizer steps after which the run ends, where they are stated",
        get: |facts| field(&facts.training.steps, |steps| int(*steps)),
    },
    Row {
        name: "training.optimizer",
        ty: Type::Str,
        unit: "",
        about: "the optimizer, as written",
        get: |facts| field(&facts.training.optimizer, |name| text(name)),
    },
    Row {
        name: "training.sharding",
        ty: Type::Str,
        unit: "",
        about: "what GPUs share of the states: none, optimizer (ZeRO 1), gradients (2) or parameters (3, FSDP)",
        get: |facts| field(&facts.training.sharding, |sharding| text(sharding.name())),
    },
    Row {
        name: "training.saves_checkpoints",
        ty: Type::Bool,
        unit: "",
        about: "whether checkpoints are saved during the run, where it is stated",
        get: |facts| field(&facts.training.saves_checkpoints, |on| Value::Bool(*on)),
    },
    Row {
        name: "training.gpu_count",
        ty: Type::Int,
        unit: "GPUs",
        about: "GPUs of all machines",
        get: |facts| of(facts.gpu_count(), int).at(facts.training.gpu.count.place()),
    },
];

const WORKED_OUT: &[Row<Get>] = &[
    Row {
        name: "training.model_parameters",
        ty: Type::Int,
        unit: "parameters",
        about: "the model's parameters, those of all experts among them",
        get: |facts| of(facts.model(), |model| int(model.parameters)).at(facts.training.model.place()),
    },
    Row {
        name: "training.trained_parameters",
        ty: Type::Int,
        unit: "parameters",
        about: "the parameters that are trained: all, or those of the adapters",
        get: |facts| of(facts.run(), |run| int(run.trained as u64)),
    },
    Row {
        name: "training.gpu",
        ty: Type::Str,
        unit: "",
        about: "the largest GPU that it may run on, by what its files or llmlint.yaml say",
        get: |facts| of(facts.gpu(), |gpu| text(&gpu.id)),
    },
    Row {
        name: "training.memory.outcome",
        ty: Type::Str,
        unit: "",
        about: "on the largest GPU: fits, oom, or too_close where the settings leave it open",
        get: |facts| of(facts.outcome(None), text).at(facts.training.model.place()),
    },
    Row {
        name: "training.memory.outcome_with_checkpointing",
        ty: Type::Str,
        unit: "",
        about: "the same if activations were computed again",
        get: |facts| of(facts.outcome(Some(true)), text),
    },
    Row {
        name: "training.memory.needed",
        ty: Type::Number,
        unit: "GiB",
        about: "memory of one GPU, from the least to the most that the settings leave open",
        get: |facts| Fact::amount(facts.needed()),
    },
    Row {
        name: "training.memory.missing",
        ty: Type::Number,
        unit: "GiB",
        about: "what the largest GPU surely lacks",
        get: |facts| Fact::amount(facts.missing()),
    },
    Row {
        name: "training.tokens",
        ty: Type::Number,
        unit: "tokens",
        about: "tokens that the run sees",
        get: |facts| of(facts.tokens(), |tokens| Value::Number(tokens.high)),
    },
    Row {
        name: "training.gpu_hours",
        ty: Type::Number,
        unit: "GPU hours",
        about: "6 × parameters × tokens of arithmetic, at 25 to 50% of the GPU's peak",
        get: |facts| Fact::amount(facts.gpu_hours()),
    },
    Row {
        name: "training.cost.run",
        ty: Type::Number,
        unit: "USD",
        about: "the GPU hours at the price of one GPU",
        get: |facts| Fact::amount(facts.cost()),
    },
];
