//! Facts about memory: will it start, and how much does it hold.

use super::{DeploymentFacts, Fact, Get, Row, Type, Value, gib, int, of_result, text};
use crate::engines::EngineKind;
use crate::facts::cost::input;
use crate::facts::memory::{self, Device, Inputs};
use crate::report::Figure;
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

impl DeploymentFacts<'_> {
    fn figure(&self, pick: impl FnOnce(&memory::Figures) -> Option<f64>) -> Result<Option<Decimal>, String> {
        let (_, plan) = self.verdict()?;
        match &plan.figures {
            Some(figures) => Ok(pick(figures).and_then(gib)),
            None => Err(plan.why.clone()),
        }
    }

    /// The memory that one GPU lacks for one sequence of the longest length.
    fn missing(&self) -> Result<Figure, String> {
        let (gpu, plan) = self.verdict()?;
        let figures = plan.figures.as_ref().ok_or_else(|| plan.why.clone())?;
        let graphs = if figures.graphs_counted {
            figures.cuda_graph.mid
        } else {
            0.0
        };
        let parts = [
            (
                "weights",
                figures.weights.mid,
                "catalog/open_models.jsonl and the flags",
            ),
            ("activations", figures.activation.mid, "estimated, docs/memory.md"),
            ("outside_torch", figures.non_torch.mid, "estimated, docs/memory.md"),
            ("cuda_graphs", graphs, "estimated, docs/memory.md"),
            (
                "kv_one_sequence",
                figures.kv_needed_gib,
                "max-model-len × KV bytes a token",
            ),
        ];
        let mut inputs = Vec::new();
        let mut needed = Decimal::ZERO;
        for (name, value, from) in parts {
            let value = gib(value).ok_or("a figure is out of range")?;
            needed += value;
            inputs.push(input(name, value, "GiB", from));
        }
        let memory = gib(gpu.memory_gib).ok_or("the GPU's memory is out of range")?;
        let utilization = Decimal::from_f64(figures.utilization)
            .ok_or("the utilization is out of range")?
            .round_dp(4);
        inputs.push(input("utilization", utilization, "share", "gpu-memory-utilization"));
        inputs.push(input(
            "gpu_memory",
            memory,
            "GiB",
            format!(
                "{} as its driver reports it: catalog/gpus.jsonl of {}",
                gpu.id, gpu.as_of
            ),
        ));
        let lacking = (needed - memory * utilization).max(Decimal::ZERO).normalize();
        if lacking.is_zero() {
            return Err("nothing is lacking".to_owned());
        }
        Ok(Figure {
            low: lacking,
            high: lacking,
            unit: "GiB".to_owned(),
            per: "GPU".to_owned(),
            without: Vec::new(),
            formula: "weights + activations + outside_torch + cuda_graphs + kv_one_sequence - gpu_memory * utilization"
                .to_owned(),
            inputs,
        })
    }

    /// The KV cache that the stated longest length asks for beyond the longest that fits.
    fn longest_context(&self) -> Result<Option<u64>, String> {
        let (gpu, plan) = self.verdict()?;
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        if serving.engine != EngineKind::Vllm {
            let room = plan.figures.as_ref().and_then(|figures| figures.kv);
            return room.map_or_else(|| Err(plan.why.clone()), |room| Ok(Some(room.tokens)));
        }
        Ok(memory::longest_context(
            self.model()?,
            &Device::from(*gpu),
            &Inputs::of(serving)?,
        ))
    }
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.memory.outcome",
        ty: Type::Str,
        unit: "",
        about: "starts, oom_loading, no_kv_room, max_len_exceeds_kv, refused or too_close; on several candidate GPUs, the mildest",
        get: |facts| {
            of_result(facts.verdict().map(Some), |(_, plan)| text(plan.outcome.name())).at(facts.model_name().place())
        },
    },
    Row {
        name: "deployment.memory.why",
        ty: Type::Str,
        unit: "",
        about: "the verdict's reason, in one sentence",
        get: |facts| {
            of_result(facts.verdict().map(Some), |(gpu, plan)| {
                text(&format!("on {}: {}", gpu.id, plan.why))
            })
        },
    },
    Row {
        name: "deployment.memory.weights",
        ty: Type::Number,
        unit: "GiB",
        about: "weights on one GPU",
        get: |facts| of_result(facts.figure(|figures| Some(figures.weights.mid)), Value::Number),
    },
    Row {
        name: "deployment.memory.kv_available",
        ty: Type::Number,
        unit: "GiB",
        about: "what is left of one GPU for the KV cache",
        get: |facts| {
            of_result(
                facts.figure(|figures| figures.kv.map(|kv| kv.available.mid)),
                Value::Number,
            )
        },
    },
    Row {
        name: "deployment.memory.kv_needed",
        ty: Type::Number,
        unit: "GiB",
        about: "KV cache of one sequence of the longest length",
        get: |facts| of_result(facts.figure(|figures| Some(figures.kv_needed_gib)), Value::Number),
    },
    Row {
        name: "deployment.memory.concurrency",
        ty: Type::Number,
        unit: "sequences",
        about: "sequences of the longest length that the KV cache holds",
        get: |facts| {
            of_result(
                facts.figure(|figures| figures.kv.map(|kv| kv.max_concurrency)),
                Value::Number,
            )
        },
    },
    Row {
        name: "deployment.memory.longest_context",
        ty: Type::Int,
        unit: "tokens",
        about: "the longest max-model-len with which it starts",
        get: |facts| {
            let place = facts.serving(|s| &s.max_model_len).place();
            of_result(facts.longest_context(), int).at(place)
        },
    },
    Row {
        name: "deployment.memory.missing",
        ty: Type::Number,
        unit: "GiB",
        about: "what one GPU lacks for the weights, the run and one sequence of the longest length",
        get: |facts| Fact::amount(facts.missing()),
    },
];
