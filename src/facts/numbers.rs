//! Today's figures of the note "Numbers every LLM developer should know" (2023), each with what it is made of.
//!
//! What a row of `catalog/numbers.jsonl` says is how to compute its figure; the operands are the catalog's prices,
//! sizes and shapes. Where the figure is a measurement there is nothing to compute: it is that of the studies.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::cost::{input, price};
use super::memory::Checkpoint;
use crate::catalog::{Catalog, Date, Evidence, Gpu, Instance, Number, OpenModel, PriceOf, Today};
use crate::report::{Figure, Input};

/// Today's side of a figure of the note.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    /// What is computed, each with what it is of (`input`, a GPU's name; empty where there is but one); none where the
    /// figure is that of studies.
    pub figures: Vec<(String, Figure)>,
    /// The studies whose findings are the figure; none where it is computed.
    pub found: Vec<&'static Evidence>,
    /// Other studies about it.
    pub related: Vec<&'static Evidence>,
}

/// Computes today's figure of a row as of `today`. The units of the figures are `ratio`, `USD`, `GiB`, `bytes`,
/// `bytes per parameter` and `bytes per token`.
///
/// # Errors
/// The row, price or peak that the catalog lacks.
pub fn compute(catalog: &Catalog, number: &Number, today: Date) -> Result<Computed, String> {
    let operands = Operands { catalog, number, today };
    let mut found = Vec::new();
    let figures = match &number.today {
        Today::Cited { evidence } => {
            found = operands.studies(evidence)?;
            Vec::new()
        }
        Today::Fixed { value, unit } => vec![(
            String::new(),
            figure(unit, "value", vec![operands.stated("value", *value, unit)])?,
        )],
        Today::PriceRatio { of, to, prices } => prices
            .iter()
            .map(|&(above, below)| {
                let inputs = vec![
                    operands.price("price_of", of, above)?,
                    operands.price("price_to", to, below)?,
                ];
                let label = if prices.len() > 1 { name(above) } else { "" };
                Ok((label.to_owned(), figure("ratio", "price_of / price_to", inputs)?))
            })
            .collect::<Result<_, String>>()?,
        Today::HostingRatio {
            model,
            price,
            cloud,
            instance,
            tokens_per_second,
        } => {
            let (_, hour) = operands.instance(cloud, instance)?;
            let inputs = vec![
                operands.price("api_price", model, *price)?,
                hour,
                operands.stated(
                    "tokens_per_second",
                    Decimal::from(*tokens_per_second),
                    "tokens a second",
                ),
            ];
            let formula = "api_price / (instance_hour / (3600 * tokens_per_second) * 1000000)";
            vec![(String::new(), figure("ratio", formula, inputs)?)]
        }
        Today::TrainingCost {
            parameters,
            tokens,
            cloud,
            instance,
            precision,
            utilization,
        } => {
            let (machine, hour) = operands.instance(cloud, instance)?;
            let gpu = operands.gpu(&machine.gpu)?;
            let tflops = gpu
                .dense_tflops
                .get(precision)
                .ok_or_else(|| format!("{} has no {precision} peak in the catalog", gpu.id))?;
            let from = format!("{}: {}, {}", gpu.id, gpu.source, gpu.as_of);
            let inputs = vec![
                operands.stated("parameters", Decimal::from(*parameters), "parameters"),
                operands.stated("tokens", Decimal::from(*tokens), "tokens"),
                input(
                    "peak",
                    decimal(*tflops)?,
                    &format!("10^12 {precision} operations a second"),
                    from,
                ),
                operands.stated("utilization", *utilization, "assumed share of the peak"),
                hour,
                input(
                    "gpus",
                    Decimal::from(machine.gpu_count),
                    "GPUs",
                    machine_source(machine),
                ),
            ];
            let formula =
                "6 * parameters * tokens / (peak * 1000000000000 * utilization) / 3600 * instance_hour / gpus";
            vec![(String::new(), figure("USD", formula, inputs)?)]
        }
        Today::TokenRatio { tokens, to_tokens } => {
            let inputs = vec![
                operands.stated("tokens", Decimal::from(*tokens), "tokens"),
                operands.stated("to_tokens", Decimal::from(*to_tokens), "tokens"),
            ];
            vec![(String::new(), figure("share", "tokens / to_tokens", inputs)?)]
        }
        Today::GpuMemory { gpus } => gpus
            .iter()
            .map(|id| {
                let gpu = operands.gpu(id)?;
                let from = format!("{}: {}, {}", gpu.id, gpu.source, gpu.as_of);
                let inputs = vec![input("memory", decimal(gpu.memory_gib)?, "GiB", from)];
                Ok((gpu.id.clone(), figure("GiB", "memory", inputs)?))
            })
            .collect::<Result<_, String>>()?,
        Today::BytesPerParameter { models } => operands.each(models, |model| {
            let (bytes, mut inputs) = weights(model)?;
            let from = inputs[0].from.clone();
            inputs.push(input("parameters", Decimal::from(model.parameters), "parameters", from));
            figure("bytes per parameter", &format!("{bytes} / parameters"), inputs)
        })?,
        Today::WeightBytes { models } => operands.each(models, |model| {
            let (bytes, inputs) = weights(model)?;
            figure("bytes", bytes, inputs)
        })?,
        Today::KvBytesPerToken { models, bytes } => operands.each(models, |model| {
            let inputs = vec![
                of_shape("layers", model.layers.into(), "layers", model),
                of_shape("kv_heads", model.kv_heads.into(), "KV heads", model),
                of_shape("head_size", model.head_dim.into(), "numbers", model),
                operands.stated("bytes", Decimal::from(*bytes), "bytes of a number"),
            ];
            figure("bytes per token", "2 * layers * kv_heads * head_size * bytes", inputs)
        })?,
    };
    let mut related = operands.studies(&number.evidence)?;
    // What the note itself said stands on the note's side.
    related.retain(|study| study.url != number.then_source && !found.contains(study));
    Ok(Computed {
        figures,
        found,
        related,
    })
}

/// Where the operands of one row are looked up.
struct Operands<'a> {
    catalog: &'a Catalog,
    number: &'a Number,
    today: Date,
}

impl Operands<'_> {
    /// An operand that the row itself states.
    fn stated(&self, name: &str, value: Decimal, unit: &str) -> Input {
        let from = format!("stated in catalog/numbers.jsonl, {}", self.number.as_of);
        input(name, value, unit, from)
    }

    fn price(&self, label: &str, id: &str, which: PriceOf) -> Result<Input, String> {
        let model = self
            .catalog
            .api_model(id)
            .model()
            .ok_or_else(|| format!("the catalog has no model `{id}`"))?;
        let priced = self.catalog.priced(id, None)?;
        let usd = priced
            .price_on(self.today, 0, &BTreeMap::new())
            .and_then(|price| match which {
                PriceOf::Input => Some(price.input),
                PriceOf::CachedInput => price.cached_input,
                PriceOf::Output => price.output,
            });
        let usd = usd.ok_or_else(|| format!("the catalog has no {} price of {id}", name(which)))?;
        let served = match model.retired_on {
            Some(day) if day <= self.today => format!("; retired since {day}"),
            Some(day) => format!("; served until {day}"),
            None => String::new(),
        };
        let from = format!("{id}: {}, {}{served}", priced.source, priced.as_of);
        Ok(price(label, usd, &from))
    }

    fn instance(&self, cloud: &str, name: &str) -> Result<(&'static Instance, Input), String> {
        let instance = self
            .catalog
            .instance(cloud, name)
            .ok_or_else(|| format!("the catalog has no instance {name} of {cloud}"))?;
        let usd = instance
            .usd_per_hour
            .ok_or_else(|| format!("the catalog has no price of {name}"))?;
        let hour = input("instance_hour", usd, "USD an hour", machine_source(instance));
        Ok((instance, hour))
    }

    fn gpu(&self, id: &str) -> Result<&'static Gpu, String> {
        let gpu = self.catalog.gpu(id).gpu();
        gpu.ok_or_else(|| format!("the catalog has no GPU `{id}`"))
    }

    fn studies(&self, ids: &[String]) -> Result<Vec<&'static Evidence>, String> {
        let study = |id: &String| {
            let found = self.catalog.evidence(id);
            found.ok_or_else(|| format!("the catalog has no study `{id}`"))
        };
        ids.iter().map(study).collect()
    }

    /// A figure of each of these models with published weights.
    fn each(
        &self,
        ids: &[String],
        figure: impl Fn(&OpenModel) -> Result<Figure, String>,
    ) -> Result<Vec<(String, Figure)>, String> {
        let of = |id: &String| {
            let model = self
                .catalog
                .open_model(id)
                .ok_or_else(|| format!("the catalog has no model `{id}`"))?;
            Ok((model.id.clone(), figure(model)?))
        };
        ids.iter().map(of).collect()
    }
}

/// Bytes of a checkpoint as published: a formula and its operands.
fn weights(model: &OpenModel) -> Result<(&'static str, Vec<Input>), String> {
    if let Some(bytes) = model.weights_bytes {
        return Ok(("weights", vec![of_shape("weights", bytes, "bytes", model)]));
    }
    let checkpoint = Checkpoint::of(model)?;
    let from = format!("{} (bytes worked out from the shape)", source(model));
    let operand =
        |name: &str, value: f64, unit: &str| Ok::<_, String>(input(name, decimal(value)?, unit, from.clone()));
    let mut inputs = vec![
        operand("plain", checkpoint.plain, "parameters")?,
        operand("plain_bytes", checkpoint.plain_bytes, "bytes")?,
    ];
    if checkpoint.quantized == 0.0 {
        return Ok(("plain * plain_bytes", inputs));
    }
    inputs.push(operand("quantized", checkpoint.quantized, "parameters")?);
    inputs.push(operand("quantized_bytes", checkpoint.quantized_bytes, "bytes")?);
    Ok(("(plain * plain_bytes + quantized * quantized_bytes)", inputs))
}

fn of_shape(name: &str, value: u64, unit: &str, model: &OpenModel) -> Input {
    input(name, Decimal::from(value), unit, source(model))
}

fn source(model: &OpenModel) -> String {
    format!("{}: {}, {}", model.id, model.source, model.as_of)
}

fn machine_source(instance: &Instance) -> String {
    format!(
        "{} {} in {}, on demand: {}, {}",
        instance.cloud, instance.name, instance.region, instance.source, instance.as_of
    )
}

fn name(price: PriceOf) -> &'static str {
    match price {
        PriceOf::Input => "input",
        PriceOf::CachedInput => "cached input",
        PriceOf::Output => "output",
    }
}

fn decimal(value: f64) -> Result<Decimal, String> {
    Decimal::from_f64(value).ok_or_else(|| format!("{value} is no amount"))
}

/// Digits that a figure keeps; what is shown of it has fewer.
const DIGITS: u32 = 12;

/// A figure that is what its own formula gives for its inputs, to [`DIGITS`] digits.
fn figure(unit: &str, formula: &str, inputs: Vec<Input>) -> Result<Figure, String> {
    let value = evaluate(formula, &inputs)
        .and_then(|value| value.round_sf(DIGITS))
        .ok_or_else(|| format!("`{formula}` can't be computed"))?
        .normalize();
    Ok(Figure {
        low: value,
        high: value,
        unit: unit.to_owned(),
        per: String::new(),
        without: Vec::new(),
        formula: formula.to_owned(),
        inputs,
    })
}

/// The value of a formula; `None` where it is malformed, divides by zero or leaves what a decimal holds.
fn evaluate(formula: &str, inputs: &[Input]) -> Option<Decimal> {
    let mut reader = Reader { rest: formula, inputs };
    let value = reader.sum()?;
    reader.rest.trim_start().is_empty().then_some(value)
}

/// Reads `+ - * /`, brackets, numbers and the names of inputs.
struct Reader<'a> {
    rest: &'a str,
    inputs: &'a [Input],
}

impl Reader<'_> {
    fn sum(&mut self) -> Option<Decimal> {
        let mut value = self.product()?;
        loop {
            if self.takes('+') {
                value = value.checked_add(self.product()?)?;
            } else if self.takes('-') {
                value = value.checked_sub(self.product()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<Decimal> {
        let mut value = self.operand()?;
        loop {
            if self.takes('*') {
                value = value.checked_mul(self.operand()?)?;
            } else if self.takes('/') {
                value = value.checked_div(self.operand()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn operand(&mut self) -> Option<Decimal> {
        if self.takes('(') {
            let value = self.sum()?;
            return self.takes(')').then_some(value);
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match self.inputs.iter().find(|input| input.name == word) {
            Some(input) => Some(input.low),
            None => word.parse().ok(),
        }
    }

    /// Whether the next sign is this one, which is then read.
    fn takes(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(sign).map(str::trim_start);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computed(id: &str) -> Computed {
        let catalog = Catalog::embedded();
        let number = catalog.numbers().iter().find(|number| number.id == id);
        let today = Date::new(2026, 11, 24).expect("a day");
        compute(catalog, number.expect("a row of that id"), today).expect("a figure")
    }

    fn values(id: &str) -> Vec<String> {
        let figures = computed(id).figures;
        figures.iter().map(|(_, figure)| figure.low.to_string()).collect()
    }

    #[test]
    fn every_row_has_a_figure_or_a_study() {
        let numbers = Catalog::embedded().numbers();
        assert_eq!(numbers.len(), 15);
        for number in numbers {
            let today = computed(&number.id);
            assert!(today.figures.is_empty() != today.found.is_empty(), "{}", number.id);
            for (_, figure) in &today.figures {
                assert!(figure.low > Decimal::ZERO, "{}", number.id);
            }
        }
    }

    #[test]
    fn prices_over_prices() {
        // $10 and $50 of gpt-6-astra over $0.1 and $0.5 of gpt-6-luna; $0.5 and $50 over $0.02 of the embedding; $0.8
        // and $3.2 of the fine-tuned gpt-4.1-mini over $0.4 and $1.6 of the base.
        assert_eq!(values("gpt4-to-gpt35"), ["100", "100"]);
        assert_eq!(values("generation-to-lookup"), ["25"]);
        assert_eq!(values("gpt4-to-lookup"), ["2500"]);
        assert_eq!(values("fine-tuned-to-base"), ["2", "2"]);
        // $1.204 buys 3600 × 9000 = 32.4 million tokens: $0.0371605 a million. 0.02 / 0.0371605 = 0.538206, or exactly
        // 0.02 × 32.4 / 1.204 = 0.648 / 1.204 = 0.53820598006644…
        assert_eq!(values("openai-to-self-hosted-embedding"), ["0.538205980066"]);
    }

    #[test]
    fn a_training_run_costs_its_gpu_hours() {
        // 6 × 13e9 × 1.4e12 = 1.092e23 operations, over 989e12 × 0.4 = 3.956e14 a second: 276,036,400.4 s, or
        // 76,676.778 hours of one GPU, at 55.04 / 8 = $6.88.
        let cost = computed("train-13b").figures[0].1.low;
        let hours = Decimal::new(76_676_778, 3);
        assert!(
            (cost - hours * Decimal::new(688, 2)).abs() < Decimal::new(1, 2),
            "{cost}"
        );
        // 1,333,333 / 1.4e12
        assert_eq!(values("fine-tune-to-train"), ["0.000000952380714286"]);
    }

    #[test]
    fn sizes_follow_the_shape() {
        // 2 × 40 × 40 × 128 × 2; 2 × 32 × 8 × 128 × 2; 2 × 80 × 8 × 128 × 2
        assert_eq!(values("kv-per-token"), ["819200", "131072", "327680"]);
        // 567,754,752 parameters in 32 bits; 595,776,512 in 16
        assert_eq!(values("embedding-memory"), ["2271019008", "1191553024"]);
        // 16 bits; MXFP4: 4.25 bits for the experts, 16 for the rest; FP8: one byte, and two for both embeddings
        // (2 × 129,280 × 7168 of 671e9 parameters are 0.28%), norms and routers.
        let bytes: Vec<f64> = values("serving-memory").iter().flat_map(|text| text.parse()).collect();
        assert_eq!(bytes[0], 2.0);
        assert!((bytes[1] - 65_248_815_744.0 / 116_829_156_672.0).abs() < 1e-9);
        assert!((1.0027..1.0035).contains(&bytes[2]), "{bytes:?}");
    }

    #[test]
    fn formulas_are_arithmetic() {
        let of = |formula| {
            evaluate(
                formula,
                &[input("a", Decimal::TWO, "", ""), input("b_c", Decimal::TEN, "", "")],
            )
        };
        assert_eq!(of("a + b_c / (a - 7) * 3"), Some(Decimal::from(-4)));
        for wrong in ["a / (b_c - 10)", "a b_c", "(a", "x", "", "a *"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
