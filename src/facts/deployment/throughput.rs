//! Facts about speed: tokens a second by the roofline, and the requests that a month has room for.

use super::{DeploymentFacts, Fact, Get, Row, Type, int, of_result};
use crate::catalog::Gpu;
use crate::facts::cost::input;
use crate::facts::memory::Plan;
use crate::facts::throughput::{Requests, Roofline, Sharing, Span};
use crate::report::{Figure, Input};
use crate::units::Field;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// Seconds of a month of 730 hours.
const MONTH_SECONDS: f64 = 730.0 * 3600.0;
/// Requests at a time where the command line states no limit: what engines take by default on most GPUs.
const DEFAULT_BATCH: u64 = 256;

impl DeploymentFacts<'_> {
    /// The roofline of one copy on the GPU of the verdict.
    pub(super) fn roofline(&self) -> Result<Roofline, String> {
        let (gpu, plan) = self.verdict()?;
        self.roofline_on(gpu, plan)
    }

    /// The roofline of one copy on `gpu`, where its memory is as `plan` says.
    pub(super) fn roofline_on(&self, gpu: &Gpu, plan: &Plan) -> Result<Roofline, String> {
        let figures = plan.figures.as_ref().ok_or_else(|| plan.why.clone())?;
        let serving = self.serving.as_ref().ok_or("no engine is recognized")?;
        let model = self.model()?;
        let size = |field: &Field<u64>| match field {
            Field::Known(n, _) => Ok((*n).max(1)),
            Field::Absent(_) => Ok(1),
            Field::Unknown(why, _) => Err(why.clone()),
        };
        let sharing = Sharing {
            tensor: size(&serving.tensor_parallel)?,
            stages: size(&serving.pipeline_parallel)?,
            data: size(&serving.data_parallel)?,
        };
        if serving.dtype.known().is_some_and(|dtype| dtype.starts_with("float32")) {
            return Err("the catalog has no peaks in 32 bits".to_owned());
        }
        if !serving.speculative.is_absent() {
            return Err("how many drafted tokens are accepted is not known".to_owned());
        }
        let eight_bits = model.quantization.as_ref().is_some_and(|found| found.method == "fp8")
            || serving.quantization.known().is_some_and(|asked| asked == "fp8");
        Roofline::of(model, gpu, figures, sharing, eight_bits)
    }

    /// Tokens of a request's input and of its answer, as the config states them.
    pub(super) fn request_sizes(&self) -> Result<(u64, u64), String> {
        let place = self.place_in_tree();
        let settings = self.world.settings;
        let input = settings.deployment(place, |s| s.input_tokens);
        let output = settings.deployment(place, |s| s.output_tokens);
        input.zip(output).ok_or_else(|| {
            "how long requests are is not known: `input_tokens` and `output_tokens` under `deployments:` in llmlint.yaml would tell"
                .to_owned()
        })
    }

    /// Requests that one data-parallel part of a copy serves at a time: as many as it is told to, and its KV cache holds.
    fn batch(&self) -> Result<u64, String> {
        let (input, output) = self.request_sizes()?;
        let (_, plan) = self.verdict()?;
        let room = plan
            .figures
            .as_ref()
            .and_then(|figures| figures.kv)
            .ok_or_else(|| plan.why.clone())?;
        // Answers are half done on average.
        let held = room.tokens / input.saturating_add(output / 2).max(1);
        let limit = match self.serving(|serving| &serving.max_num_seqs) {
            Field::Known(most, _) => most,
            Field::Absent(_) => DEFAULT_BATCH,
            Field::Unknown(why, _) => return Err(why),
        };
        Ok(held.min(limit).max(1))
    }

    /// Requests a second of one copy that has as many at a time as it holds.
    pub(super) fn requests_per_second(&self) -> Result<Span, String> {
        let (input, output) = self.request_sizes()?;
        let requests = Requests {
            input: input as f64,
            output: output as f64,
            batch: self.batch()? as f64,
        };
        Ok(self.roofline()?.requests(requests))
    }

    /// Copies that run, where one is meant if none are stated.
    pub(super) fn copies(&self) -> u64 {
        self.deployment.replicas.known().copied().unwrap_or(1)
    }

    fn output_speed(&self) -> Result<Figure, String> {
        let (_, output) = self.request_sizes()?;
        let span = self.requests_per_second()?;
        let output = output as f64;
        speed(Span {
            low: span.low * output,
            high: span.high * output,
        })
    }

    /// Requests that all copies surely get done in a month in which they are never idle.
    pub(super) fn month_of_requests(&self) -> Result<Option<u64>, String> {
        let requests = self.requests_per_second()?.low * MONTH_SECONDS * self.copies() as f64;
        Ok(requests.to_u64())
    }
}

/// Tokens a second as a figure.
fn speed(span: Span) -> Result<Figure, String> {
    let round = |value: f64| {
        let rounded = Decimal::from_f64(value).and_then(|value| value.round_sf(3));
        rounded
            .map(|value| value.normalize())
            .ok_or("the speed is out of range")
    };
    let (low, high) = (round(span.low)?, round(span.high)?);
    Ok(Figure {
        low,
        high,
        unit: "tokens".to_owned(),
        per: "second".to_owned(),
        without: Vec::new(),
        formula: "tokens_per_second".to_owned(),
        inputs: vec![Input {
            low,
            high,
            ..input(
                "tokens_per_second",
                high,
                "tokens a second",
                "roofline, docs/throughput.md",
            )
        }],
    })
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.throughput.alone",
        ty: Type::Number,
        unit: "tokens",
        about: "tokens a second of one answer that is made alone, with a short prompt",
        get: |facts| Fact::amount(facts.roofline().and_then(|roofline| speed(roofline.alone()))),
    },
    Row {
        name: "deployment.throughput.batch",
        ty: Type::Int,
        unit: "requests",
        about: "requests of the stated size that one copy serves at a time",
        get: |facts| of_result(facts.batch().map(Some), int),
    },
    Row {
        name: "deployment.throughput.output",
        ty: Type::Number,
        unit: "tokens",
        about: "output tokens a second of one copy that serves as many requests of the stated size as it holds",
        get: |facts| Fact::amount(facts.output_speed()),
    },
    Row {
        name: "deployment.throughput.month",
        ty: Type::Int,
        unit: "requests",
        about: "requests of the stated size that all copies surely get done in a month without a pause",
        get: |facts| of_result(facts.month_of_requests(), int),
    },
    Row {
        name: "deployment.requests_per_month",
        ty: Type::Int,
        unit: "requests",
        about: "requests a month, as llmlint.yaml states them",
        get: |facts| of_result(Ok(facts.setting(|s| s.requests_per_month)), int),
    },
    Row {
        name: "deployment.longest_request",
        ty: Type::Int,
        unit: "tokens",
        about: "tokens of the longest request with its answer, as llmlint.yaml states them",
        get: |facts| of_result(Ok(facts.setting(|s| s.longest_request_tokens)), int),
    },
];
