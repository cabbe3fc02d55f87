//! Facts about GPUs that it could do without: fewer of them, a cheaper instance, hours without work.

use super::quantized::capability;
use super::{DeploymentFacts, Fact, Get, Row, Type, Value, gib, int, memory_plan, of_result, text};
use crate::catalog::{Gpu, GpuMatch, Instance, OpenModel};
use crate::engines::Serving;
use crate::facts::cost::{input, times};
use crate::facts::memory::{Device, Outcome, Plan};
use crate::facts::throughput::Roofline;
use crate::report::Figure;
use crate::units::Field;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Sequences of the longest length that fewer GPUs must still have room for, unless fewer are asked for.
const ROOM: u64 = 16;

/// The least share of the cost that a cheaper instance must save: a fifth.
const LEAST_SAVING: Decimal = Decimal::from_parts(2, 0, 0, false, 1);

/// Memory of a host that the engine and the system take besides the weights on their way to the GPU, GiB.
const HOST_GIB: f64 = 8.0;

impl DeploymentFacts<'_> {
    /// The weights of `model` on one GPU, GiB, if none were kept in host memory.
    pub(super) fn weights_on_gpu(&self, model: &OpenModel) -> Result<(&'static Gpu, f64), String> {
        let (gpu, _) = self.verdict()?;
        let serving = Serving {
            cpu_offload_gb: Field::default(),
            ..self.serving.clone().ok_or("no engine is recognized")?
        };
        let plan = memory_plan::of(
            &serving,
            model,
            &Device::from(*gpu),
            self.deployment.gpu.count.known().copied(),
        )?;
        let figures = plan.figures.ok_or(plan.why)?;
        Ok((gpu, figures.weights.mid))
    }

    /// The weights of all ranks of one copy.
    fn weights_of_copy(&self) -> Result<Figure, String> {
        let (gpu, weights) = self.weights_on_gpu(self.model()?)?;
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let ranks = |field: &Field<u64>| field.known().copied().unwrap_or(1);
        let gpus = ranks(&serving.tensor_parallel).saturating_mul(ranks(&serving.pipeline_parallel));
        let weights = gib(weights).ok_or("a figure is out of range")?;
        let total = times(weights, Decimal::from(gpus))?.normalize();
        Ok(Figure {
            low: total,
            high: total,
            unit: "GiB".to_owned(),
            per: "copy".to_owned(),
            without: Vec::new(),
            formula: "weights * gpus".to_owned(),
            inputs: vec![
                input("weights", weights, "GiB", format!("on one {}, docs/memory.md", gpu.id)),
                input("gpus", Decimal::from(gpus), "GPUs", "tensor × pipeline parallelism"),
            ],
        })
    }

    /// The fewest GPUs that a copy surely starts on with room for requests, where that is fewer than it is spread over.
    fn fewer_gpus(&self) -> Result<Option<u64>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let Field::Known(stated, place) = &serving.tensor_parallel else {
            return Ok(None);
        };
        let alone = |field: &Field<u64>| match field {
            Field::Known(n, _) => *n <= 1,
            Field::Absent(_) => true,
            Field::Unknown(..) => false,
        };
        if *stated < 2
            || !alone(&serving.pipeline_parallel)
            || !alone(&serving.data_parallel)
            || !alone(&self.deployment.nodes)
        {
            return Ok(None);
        }
        let model = self.model()?;
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let does = |ranks: u64| {
            let fewer = Serving {
                tensor_parallel: Field::Known(ranks, *place),
                ..serving.clone()
            };
            gpus.iter().all(|gpu| {
                memory_plan::of(
                    &fewer,
                    model,
                    &Device::from(*gpu),
                    fewer.tensor_parallel.known().copied(),
                )
                .is_ok_and(|plan| has_room(&plan, serving))
            })
        };
        if !does(*stated) {
            return Ok(None);
        }
        let halves = std::iter::successors(Some(*stated), |ranks| ranks.is_multiple_of(2).then_some(ranks / 2));
        let fewest = halves.skip(1).take_while(|ranks| does(*ranks)).last();
        Ok(fewest)
    }

    /// The cheapest instance of the same cloud and region with another GPU that holds what it is told to serve, makes
    /// as many tokens for a dollar, and costs less by a fifth or more.
    fn smaller(&self) -> Result<Option<Smaller>, String> {
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let (Field::Known(length, _), Field::Known(asked, _)) = (&serving.max_model_len, &serving.max_num_seqs) else {
            return Ok(None);
        };
        let names = self.instance_names();
        let stated = self.setting(|s| s.gpu_hour_usd);
        let ([name], Field::Known(count, _), None) = (names.as_slice(), &self.deployment.gpu.count, stated) else {
            return Ok(None);
        };
        let known = self.instance(name).and_then(|here| Some((here, here.usd_per_hour?)));
        let Some((here, usd)) = known else {
            return Ok(None);
        };
        let model = self.model()?;
        let (gpu, plan) = self.verdict()?;
        if plan.outcome != Outcome::Starts || *count == 0 {
            return Ok(None);
        }
        // What the copy pays now: its share of the machine.
        let pays = times(usd / Decimal::from(here.gpu_count.max(1)), Decimal::from(*count))?;
        let (batch, context) = (*asked as f64, *length as f64 / 2.0);
        let dollars = |roofline: &Roofline, usd: Decimal| {
            let usd = usd.to_f64().unwrap_or(f64::INFINITY);
            (
                roofline.step(batch, context).low * usd,
                roofline.prefill(1000.0).low * usd,
            )
        };
        let now = dollars(&self.roofline_on(gpu, plan)?, pays);
        let eight_bits = |text: Option<&str>| text.is_some_and(|text| text.starts_with("fp8"));
        let eight_bits = eight_bits(model.quantization.as_ref().map(|found| found.method.as_str()))
            || eight_bits(serving.quantization.known().map(String::as_str))
            || eight_bits(serving.kv_cache_dtype.known().map(String::as_str));
        let judge = |there: &&'static Instance| {
            let cost = there.usd_per_hour?;
            let GpuMatch::Exact(other) = self.world.catalog.gpu(&there.gpu) else {
                return None;
            };
            let alike = there.cloud == here.cloud
                && there.region == here.region
                && there.gpu != here.gpu
                && other.vendor == gpu.vendor
                && u64::from(there.gpu_count) >= *count
                && capability(other) >= if eight_bits { 8.9 } else { 8.0 };
            // The whole machine is paid for: nothing else may use the rest of it.
            let share = (Decimal::ONE - cost.checked_div(pays)?).round_dp(4);
            if !alike || share < LEAST_SAVING {
                return None;
            }
            let plan = memory_plan::of(
                serving,
                model,
                &Device::from(other),
                self.deployment.gpu.count.known().copied(),
            )
            .ok()?;
            let figures = plan.figures?;
            let held = figures.kv?.available.low >= figures.kv_needed_gib * batch;
            // Weights pass through the host's memory.
            let host = there.memory_gib >= figures.weights.high * *count as f64 + HOST_GIB;
            let roofline = self.roofline_on(other, &plan).ok()?;
            let then = dollars(&roofline, cost);
            let as_cheap = then.0 <= now.0 * 1.05 && then.1 <= now.1 * 1.05;
            (plan.outcome == Outcome::Starts && held && host && as_cheap).then(|| Smaller {
                instance: there,
                share,
                speed: 1.0 / roofline.step(batch, context).high,
            })
        };
        let all = self.world.catalog.instances().iter();
        Ok(all
            .filter_map(|there| judge(&there))
            .max_by_key(|found| (found.share, std::cmp::Reverse(&found.instance.name))))
    }

    /// What the stated requests leave over of a month's time, at the low end of the speed.
    fn idle_share(&self) -> Result<Option<Decimal>, String> {
        let stated = self.setting(|s| s.requests_per_month);
        let Some(requests) = stated else {
            return Ok(None);
        };
        let time = self.month_of_requests()?.unwrap_or(0).max(1);
        Ok(Decimal::from(requests)
            .checked_div(Decimal::from(time))
            .map(|busy| (Decimal::ONE - busy).max(Decimal::ZERO).round_dp(4)))
    }

    /// The least memory of the GPUs that it may run on.
    fn least_memory(&self) -> Result<Option<Decimal>, String> {
        let gpus = self.gpus().as_ref().map_err(Clone::clone)?;
        let least = gpus.iter().map(|gpu| gpu.memory_gib).min_by(f64::total_cmp);
        Ok(least.and_then(gib))
    }

    /// Whether whole GPUs are its own.
    fn whole_gpus(&self) -> Result<Option<bool>, String> {
        let request = &self.deployment.gpu;
        if !request.slice.is_absent() || !request.shared.is_absent() {
            return Ok(Some(false));
        }
        match &request.count {
            Field::Known(count, _) => Ok(Some(*count >= 1)),
            Field::Absent(_) => Ok(None),
            Field::Unknown(why, _) => Err(why.clone()),
        }
    }
}

/// A cheaper instance that would do.
struct Smaller {
    instance: &'static Instance,
    /// The share of the cost that it saves.
    share: Decimal,
    /// Tokens a second of each answer when all that may run at a time do, at the least.
    speed: f64,
}

/// Whether it surely starts, with room for [`ROOM`] sequences of the longest length, or as many as it is told to serve.
fn has_room(plan: &Plan, serving: &Serving) -> bool {
    let asked = serving.max_num_seqs.known().map_or(ROOM, |asked| ROOM.min(*asked));
    let room = plan.figures.as_ref().and_then(|figures| {
        let kv = figures.kv?;
        Some(kv.available.low >= figures.kv_needed_gib * asked as f64)
    });
    plan.outcome == Outcome::Starts && room == Some(true)
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.whole_gpus",
        ty: Type::Bool,
        unit: "",
        about: "whether whole GPUs are its own, not parts of one and none that others share",
        get: |facts| of_result(facts.whole_gpus(), Value::Bool),
    },
    Row {
        name: "deployment.least_gpu_memory",
        ty: Type::Number,
        unit: "GiB",
        about: "memory of the smallest GPU that it may run on",
        get: |facts| of_result(facts.least_memory(), Value::Number),
    },
    Row {
        name: "deployment.memory.weights_of_copy",
        ty: Type::Number,
        unit: "GiB",
        about: "weights of one copy over all its GPUs, those kept in host memory among them",
        get: |facts| Fact::amount(facts.weights_of_copy()),
    },
    Row {
        name: "deployment.waste.fewer_gpus",
        ty: Type::Int,
        unit: "GPUs",
        about: "the fewest GPUs that share each layer with which it surely starts and has room for requests, where fewer than stated",
        get: |facts| of_result(facts.fewer_gpus(), int),
    },
    Row {
        name: "deployment.waste.smaller_instance",
        ty: Type::Str,
        unit: "",
        about: "the cheapest instance of the same cloud that holds the stated requests and makes as many tokens for a dollar, where it costs a fifth less",
        get: |facts| {
            of_result(facts.smaller(), |found| {
                text(&format!("{} ({})", found.instance.name, found.instance.gpu))
            })
        },
    },
    Row {
        name: "deployment.waste.smaller_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of the cost that the smaller instance saves",
        get: |facts| of_result(facts.smaller(), |found| Value::Number(found.share)),
    },
    Row {
        name: "deployment.waste.smaller_speed",
        ty: Type::Number,
        unit: "tokens",
        about: "tokens a second of each answer on it, at the least, when all that may run at a time do",
        get: |facts| {
            let speed = facts.smaller().map(|found| found.and_then(|found| gib(found.speed)));
            of_result(speed, Value::Number)
        },
    },
    Row {
        name: "deployment.waste.idle_share",
        ty: Type::Number,
        unit: "share",
        about: "the share of a month in which all copies surely have nothing to do",
        get: |facts| of_result(facts.idle_share(), Value::Number),
    },
];
