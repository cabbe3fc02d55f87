//! A model with settings on one GPU, on several, on any.

use serde_json::{Value, json};

use super::page::{Page, gib, origin, words};
use super::{Memory, Solve, is_modelled};
use crate::catalog::{Catalog, Gpu, OpenModel};
use crate::cli::numbers::Format;
use crate::cli::output;
use crate::facts::memory::{self, Device, Inputs, Outcome, Plan, Range};
use crate::report::{clean, grouped};

/// A model with settings, whose GPU is asked for.
pub(super) struct Asked<'a> {
    pub(super) memory: &'a Memory,
    pub(super) model: &'a OpenModel,
    pub(super) inputs: Inputs,
}

/// The verdict on one GPU, and what would help.
pub(super) struct Answer<'a> {
    gpu: &'a Gpu,
    plan: Plan,
    /// The longest context that starts; only where the one asked for doesn't surely start.
    longest_context: Option<u64>,
    /// GPUs on which it surely starts, where it doesn't on this one.
    starts_on: Vec<&'a str>,
}

impl Asked<'_> {
    pub(super) fn on<'g>(&self, catalog: &'g Catalog, gpu: &'g Gpu) -> Answer<'g> {
        let device = Device::from(gpu);
        let plan = memory::plan(self.model, &device, &self.inputs);
        let starts = plan.outcome == Outcome::Starts;
        let candidates = (!starts).then(|| catalog.gpus().iter().filter(|gpu| is_modelled(gpu)));
        let fitting = memory::gpus_that_fit(self.model, candidates.into_iter().flatten(), &self.inputs);
        Answer {
            gpu,
            longest_context: (!starts)
                .then(|| memory::longest_context(self.model, &device, &self.inputs))
                .flatten(),
            starts_on: fitting.iter().map(|(gpu, _)| gpu.id.as_str()).collect(),
            plan,
        }
    }

    /// The answer to `--solve` on each of `gpus`.
    pub(super) fn solved(&self, solve: Solve, gpus: &[&Gpu], catalog: &Catalog) -> String {
        let mut objects = Vec::new();
        let mut page = Page::new(output::width());
        for gpu in gpus {
            let device = Device::from(*gpu);
            let (key, words, answer) = match solve {
                Solve::MaxModelLen => (
                    "max_model_len",
                    "the longest context that surely starts, in tokens",
                    memory::longest_context(self.model, &device, &self.inputs).map(Value::from),
                ),
                Solve::MaxNumSeqs => (
                    "max_num_seqs",
                    "the most sequences of the longest length at once",
                    memory::most_sequences(self.model, &device, &self.inputs).map(Value::from),
                ),
                Solve::TensorParallel => (
                    "tensor_parallel",
                    "the fewest GPUs that share each layer and surely start",
                    memory::least_tensor_parallel(self.model, &device, &self.inputs).map(Value::from),
                ),
                Solve::Gpu => {
                    let all = catalog.gpus().iter().filter(|gpu| is_modelled(gpu));
                    let fitting = memory::gpus_that_fit(self.model, all, &self.inputs);
                    let smallest = fitting.first().map(|(gpu, _)| Value::from(gpu.id.as_str()));
                    ("gpu", "the smallest GPU on which it surely starts", smallest)
                }
            };
            let shown = match &answer {
                Some(Value::String(name)) => name.clone(),
                Some(number) => grouped(&number.to_string()),
                None => "none".to_owned(),
            };
            self.head(&mut page, Some(gpu));
            page.tell("", &format!("{words}: {shown}"));
            page.settings(&self.memory.stated(), &self.inputs.assumed);
            objects.push(json!({"gpu": gpu.id, key: answer}));
        }
        match self.memory.format {
            Format::Human => page.out,
            Format::Json => format!(
                "{:#}\n",
                json!({"model": self.model.id, "solved": objects, "assumed": self.inputs.assumed})
            ),
        }
    }

    /// On which GPUs of the catalog it starts, and how much memory it takes.
    pub(super) fn any_gpu(&self, catalog: &Catalog) -> String {
        let mut gpus: Vec<&Gpu> = catalog.gpus().iter().filter(|gpu| is_modelled(gpu)).collect();
        gpus.sort_by(|one, other| {
            let by_memory = one.memory_gib.total_cmp(&other.memory_gib);
            by_memory.then_with(|| one.id.cmp(&other.id))
        });
        let plans: Vec<(&Gpu, Plan)> = gpus
            .into_iter()
            .map(|gpu| (gpu, memory::plan(self.model, &Device::from(gpu), &self.inputs)))
            .collect();
        let surely = plans.iter().find(|(_, plan)| plan.outcome == Outcome::Starts);
        // The engine's exceptions by name let one GPU do where another of its size doesn't.
        let least = memory::least_memory(self.model, &self.inputs)
            .into_iter()
            .chain(surely.map(|(gpu, _)| gpu.memory_gib))
            .reduce(f64::min);
        let chosen = |is: &dyn Fn(Outcome) -> bool| -> Vec<&str> {
            let chosen = plans.iter().filter(|(_, plan)| is(plan.outcome));
            chosen.map(|(gpu, _)| gpu.id.as_str()).collect()
        };
        let starts = chosen(&|outcome| outcome == Outcome::Starts);
        let close = chosen(&|outcome| matches!(outcome, Outcome::TooClose | Outcome::Unknown));
        let fails = chosen(&|outcome| outcome.fails());
        // What no GPU mends (heads that don't divide) has one reason on all of them.
        let first = plans.first().map(|(_, plan)| plan);
        let why = first.filter(|first| plans.iter().all(|(_, plan)| plan.why == first.why));
        let shown = least.map(|least| (least * 100.0 - 1e-6).ceil() / 100.0);
        if self.memory.format == Format::Json {
            let answer = json!({
                "model": self.model.id,
                "least_memory_gib": shown,
                "why": why.map(|plan| &plan.why),
                "starts_on": starts,
                "too_close_on": close,
                "not_on": fails,
                "stated": self.memory.stated(),
                "assumed": self.inputs.assumed,
            });
            return format!("{answer:#}\n");
        }
        let mut page = Page::new(output::width());
        self.head(&mut page, None);
        let group = self.group();
        match (shown, why) {
            (Some(least), _) => page.tell("", &format!("needs a GPU of at least {least:.2} GiB{group}")),
            (None, Some(plan)) if plan.outcome == Outcome::Unknown => {
                page.tell("", &format!("can't be told: {}", plan.why));
            }
            (None, Some(plan)) => page.tell("", &format!("starts on no GPU: {}", plan.why)),
            (None, None) => page.tell("", "surely starts on no GPU"),
        }
        for (label, list) in [("starts on ", &starts), ("too close ", &close), ("not on    ", &fails)] {
            if why.is_none() && !list.is_empty() {
                page.tell(label, &list.join(", "));
            }
        }
        page.out.push('\n');
        page.settings(&self.memory.stated(), &self.inputs.assumed);
        page.tell(
            "          ",
            &format!(
                "for the other settings, {}'s own defaults on each GPU",
                self.memory.engine.kind().name()
            ),
        );
        page.tell("shape     ", &origin(&self.model.source, self.model.as_of));
        page.out
    }

    /// ` (each of 4)` where several GPUs share the model.
    fn group(&self) -> String {
        let count = self.ranks();
        if count > 1 {
            format!(" (each of {count})")
        } else {
            String::new()
        }
    }

    fn ranks(&self) -> u64 {
        let size = |stated: Option<u64>| stated.unwrap_or(1);
        size(self.inputs.tensor_parallel).saturating_mul(size(self.inputs.pipeline_parallel))
    }

    fn head(&self, page: &mut Page, gpu: Option<&Gpu>) {
        let parameters = self.model.parameters as f64 / 1e9;
        let gpu = gpu.map_or(String::new(), |gpu| {
            format!(" on {} × {} ({:.2} GiB)", self.ranks(), gpu.id, gpu.memory_gib)
        });
        page.tell(
            "",
            &format!("{}, {parameters:.1} billion parameters{gpu}", self.model.id),
        );
    }

    pub(super) fn human(&self, answers: &[Answer<'_>], width: usize) -> String {
        let mut page = Page::new(width);
        if answers.len() > 1 {
            let names: Vec<&str> = answers.iter().map(|answer| answer.gpu.id.as_str()).collect();
            let label = clean(self.memory.gpu.as_deref().unwrap_or_default());
            page.tell(
                "",
                &format!("`{label}` is one of {}: a verdict for each\n", names.join(", ")),
            );
        }
        for (index, answer) in answers.iter().enumerate() {
            if index > 0 {
                page.out.push('\n');
            }
            self.answer(&mut page, answer);
        }
        page.out
    }

    fn answer(&self, page: &mut Page, answer: &Answer<'_>) {
        let Answer { gpu, plan, .. } = answer;
        self.head(page, Some(gpu));
        page.settings(&self.memory.stated(), &plan.assumed);
        page.out.push('\n');
        if let Some(figures) = &plan.figures {
            page.figures(figures, gpu.memory_gib);
            page.out.push('\n');
        }
        page.tell("verdict: ", &format!("{}: {}", words(plan.outcome), plan.why));
        if let Some(margin) = plan.margin_gib {
            let what = if margin < 0.0 { "lacks" } else { "has to spare" };
            page.tell(
                "margin:  ",
                &format!("{what} {:.2} GiB a GPU, by the estimate", margin.abs()),
            );
        }
        if plan.outcome != Outcome::Starts {
            page.tell(
                "longest context that surely starts here: ",
                &answer.longest_context.map_or("none".to_owned(), |tokens| {
                    format!("{} tokens", grouped(&tokens.to_string()))
                }),
            );
            let list = if answer.starts_on.is_empty() {
                "no GPU of the catalog".to_owned()
            } else {
                answer.starts_on.join(", ")
            };
            page.tell(&format!("surely starts on{}: ", self.group()), &list);
        }
        if self.memory.explain {
            page.steps(plan);
        }
        page.out.push('\n');
        page.tell("shape: ", &origin(&self.model.source, self.model.as_of));
        page.tell("GPU:   ", &origin(&gpu.source, gpu.as_of));
    }

    pub(super) fn object(&self, answer: &Answer<'_>) -> Value {
        let Answer { gpu, plan, .. } = answer;
        let range = |range: Range| json!({"low": gib(range.low), "mid": gib(range.mid), "high": gib(range.high)});
        let figures = plan.figures.as_ref().map(|figures| {
            json!({
                "weights_gib": range(figures.weights),
                "activation_gib": range(figures.activation),
                "non_torch_gib": range(figures.non_torch),
                "cuda_graph_gib": range(figures.cuda_graph),
                "cuda_graphs_counted": figures.graphs_counted,
                "kv_bytes_per_token": figures.kv_bytes_per_token,
                "kv_needed_gib": gib(figures.kv_needed_gib),
                "kv_available_gib": figures.kv.map(|kv| range(kv.available)),
                "kv_tokens": figures.kv.map(|kv| kv.tokens),
                "max_concurrency": figures.kv.map(|kv| gib(kv.max_concurrency)),
                "max_model_len": figures.max_model_len,
                "gpu_memory_utilization": figures.utilization,
            })
        });
        let steps = plan.steps.iter().map(|step| {
            let inputs = step
                .inputs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)));
            json!({
                "name": step.name,
                "formula": step.formula,
                "inputs": Value::Object(inputs.collect()),
                "value": step.value,
                "unit": step.unit,
            })
        });
        let mut object = json!({
            "gpu": gpu.id,
            "gpu_memory_gib": gpu.memory_gib,
            "gpus": self.ranks(),
            "outcome": plan.outcome.name(),
            "why": plan.why,
            "margin_gib": plan.margin_gib.map(gib),
            "figures": figures,
            "longest_context": answer.longest_context,
            "starts_on": answer.starts_on,
            "stated": self.memory.stated(),
            "assumed": plan.assumed,
            "sources": [origin(&self.model.source, self.model.as_of), origin(&gpu.source, gpu.as_of)],
        });
        if self.memory.explain {
            object["steps"] = steps.collect();
        }
        object
    }
}
