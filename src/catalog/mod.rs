//! The catalog: dated facts about models, GPUs, instances and studies, as the files of `catalog/` tell them.
//!
//! The files are part of the program. Each is parsed when something is first looked up in it.

mod check;
pub mod config_json;
mod date;
mod derived;
mod library;
mod names;
mod priced;
mod prices;
mod rows;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use serde::de::DeserializeOwned;

pub use check::{Files, FilesReport, Problem, Sources, check};
pub use date::{Date, NotADate};
use names::How;
pub use priced::{Discount, OwnModel, Priced};
pub use prices::{
    Bill, BilledUnit, Head, Hours, ListError, MOST_AGE_DAYS, Moment, PriceList, PriceRow, Rate, Rates, TimedPrice,
    Usage, Variant, check_list,
};
use rows::Named;
pub use rows::{
    ApiModel, CompressedAttention, CrossAttention, Encoder, Evidence, FullAttention, Gpu, IndexKeys, Instance,
    MigProfile, Mla, ModelKind, Moe, Number, NumberKind, OpenModel, OtherModel, Price, PriceOf, Quantization,
    SlidingWindow, State, Tier, Today,
};

/// Names longer than this have no near names: they are no names.
const LONGEST_NAME: usize = 128;
/// How many near names are told.
const MOST_NEAREST: usize = 3;
/// How many replacements of replacements are followed.
const MOST_REPLACEMENTS: usize = 8;
/// Days that a replacement is to be served on, where a later one is.
const LEAST_DAYS_LEFT: i64 = 180;

/// The files as they are in the program.
const FILES: Files<'static> = Files {
    models: include_str!("../../catalog/models.jsonl"),
    prices: include_str!("../../catalog/prices.jsonl"),
    open_models: include_str!("../../catalog/open_models.jsonl"),
    other_models: include_str!("../../catalog/other_models.jsonl"),
    gpus: include_str!("../../catalog/gpus.jsonl"),
    instances: include_str!("../../catalog/instances.jsonl"),
    evidence: include_str!("../../catalog/evidence.jsonl"),
    numbers: include_str!("../../catalog/numbers.jsonl"),
};
static MODELS: LazyLock<Table<ApiModel>> = LazyLock::new(|| Table::new(embedded("models", FILES.models)));
static OPEN_MODELS: LazyLock<Table<OpenModel>> =
    LazyLock::new(|| Table::new(embedded("open_models", FILES.open_models)));
static OTHER_MODELS: LazyLock<Table<OtherModel>> =
    LazyLock::new(|| Table::new(embedded("other_models", FILES.other_models)));
static GPUS: LazyLock<Table<Gpu>> = LazyLock::new(|| Table::new(with_slices(embedded("gpus", FILES.gpus))));
static INSTANCES: LazyLock<Vec<Instance>> = LazyLock::new(|| embedded("instances", FILES.instances));
static EVIDENCE: LazyLock<Table<Evidence>> = LazyLock::new(|| Table::new(embedded("evidence", FILES.evidence)));
static NUMBERS: LazyLock<Table<Number>> = LazyLock::new(|| Table::new(embedded("numbers", FILES.numbers)));
static PRICES: LazyLock<PriceList> = LazyLock::new(|| {
    PriceList::new(FILES.prices, "the built-in price list")
        .unwrap_or_else(|error| panic!("catalog/prices.jsonl: {error}"))
});
static EMBEDDED: LazyLock<Catalog> = LazyLock::new(Catalog::default);

/// The rows of a file of the program itself: that they parse is a test, not the user's concern.
fn embedded<T: DeserializeOwned>(file: &str, text: &str) -> Vec<T> {
    parse(text).unwrap_or_else(|error| panic!("catalog/{file}.jsonl, {error}"))
}

/// Whole GPUs, and after them the slices that they can be cut into.
fn with_slices(mut gpus: Vec<Gpu>) -> Vec<Gpu> {
    let slices: Vec<Gpu> = gpus.iter().flat_map(Gpu::slices).collect();
    gpus.extend(slices);
    gpus
}

/// A line that is not a row.
#[derive(Debug)]
struct RowError {
    line: usize,
    error: serde_json::Error,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.error)
    }
}

/// JSON Lines: one row a line.
fn parse<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, RowError> {
    let row = |(index, line)| serde_json::from_str(line).map_err(|error| RowError { line: index + 1, error });
    text.lines().enumerate().map(row).collect()
}

/// Rows and the order of their names.
#[derive(Debug)]
struct Table<T> {
    rows: Vec<T>,
    /// Row and position of each name (0 is the id, then the aliases), by name. Of equal names the first row wins.
    names: Vec<(usize, usize)>,
}

impl<T: Named> Table<T> {
    fn new(rows: Vec<T>) -> Self {
        let positions = |(index, row): (usize, &T)| (0..=row.aliases().len()).map(move |position| (index, position));
        let names = rows.iter().enumerate().flat_map(positions).collect();
        let mut table = Self { rows, names };
        let mut names = std::mem::take(&mut table.names);
        names.sort_by(|&a, &b| Self::order(table.name(a), table.name(b)));
        table.names = names;
        table
    }

    fn name(&self, (row, position): (usize, usize)) -> &str {
        let row = &self.rows[row];
        position
            .checked_sub(1)
            .map_or(row.id(), |alias| row.aliases()[alias].as_str())
    }

    fn order(a: &str, b: &str) -> Ordering {
        if T::CASE_SENSITIVE {
            return a.cmp(b);
        }
        let [a, b] = [a, b].map(|text| text.bytes().map(|byte| byte.to_ascii_lowercase()));
        a.cmp(b)
    }

    /// The row of that name and whether the name is its id.
    fn find(&self, name: &str) -> Option<(&T, bool)> {
        let first = self
            .names
            .partition_point(|&at| Self::order(self.name(at), name) == Ordering::Less);
        let &(row, position) = self.names.get(first)?;
        (Self::order(self.name((row, position)), name) == Ordering::Equal).then(|| (&self.rows[row], position == 0))
    }

    fn get(&self, name: &str) -> Option<&T> {
        self.find(name).map(|(row, _)| row)
    }
}

/// What a name of a model behind an API stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelMatch<'a> {
    /// The row's `id`, or that after a provider's prefix.
    Exact(&'a ApiModel),
    /// One of the row's aliases, or a model fine-tuned from it.
    Alias(&'a ApiModel),
    /// A dated snapshot of the row's model that the catalog has no row for.
    DatedSuffix(&'a ApiModel),
    /// No model of the catalog.
    Unknown {
        /// Names that differ little from it, the nearest first; at most 3.
        nearest: Vec<String>,
    },
}

impl<'a> ModelMatch<'a> {
    /// The row, where there is one.
    #[must_use]
    pub fn model(&self) -> Option<&'a ApiModel> {
        match self {
            Self::Exact(model) | Self::Alias(model) | Self::DatedSuffix(model) => Some(model),
            Self::Unknown { .. } => None,
        }
    }
}

/// What a label of a GPU stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum GpuMatch {
    /// That GPU.
    Exact(&'static Gpu),
    /// One of these, which differ in memory or speed; at least two.
    Ambiguous(Vec<&'static Gpu>),
    /// No GPU of the catalog.
    Unknown,
}

impl GpuMatch {
    fn of(bearers: Vec<&'static Gpu>) -> Self {
        match bearers[..] {
            [] => Self::Unknown,
            [gpu] => Self::Exact(gpu),
            _ => Self::Ambiguous(bearers),
        }
    }

    /// Every GPU that it can be.
    #[must_use]
    pub fn candidates(&self) -> Vec<&'static Gpu> {
        match self {
            Self::Exact(gpu) => vec![gpu],
            Self::Ambiguous(gpus) => gpus.clone(),
            Self::Unknown => Vec::new(),
        }
    }

    /// The GPU, where there is exactly one.
    #[must_use]
    pub fn gpu(&self) -> Option<&'static Gpu> {
        match self {
            Self::Exact(gpu) => Some(gpu),
            Self::Ambiguous(_) | Self::Unknown => None,
        }
    }
}

/// Looks facts up: those of the program, and the models that a team adds to them.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The team's own models; they go before the program's.
    own: Option<Table<OwnModel>>,
    /// Prices in place of the program's.
    prices: Option<PriceList>,
    /// What providers let the team off.
    discounts: Vec<Discount>,
}

impl Catalog {
    /// The facts of the program.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// The facts of the program, and models that go before its own of the same names. Of two extra models with the same
    /// name the first one counts.
    #[must_use]
    pub fn with_models(extra: Vec<OwnModel>) -> Self {
        Self {
            own: Some(Table::new(extra)),
            ..Self::default()
        }
    }

    /// What `name` stands for: exactly an id or an alias; that with a date (`-YYYY-MM-DD`, `-YYYYMMDD`, `@YYYYMMDD`,
    /// `-MMDD`); each also after the prefix of a provider or platform (`openai/`, `azure/`, `bedrock/`, …) that sells it;
    /// or OpenAI's name of a model fine-tuned from one. Anything else is unknown, however similar.
    #[must_use]
    pub fn api_model(&self, name: &str) -> ModelMatch<'_> {
        for (form, how) in names::forms(name) {
            match (self.find(form.name, form.providers), how) {
                (Some((model, true)), How::Name) => return ModelMatch::Exact(model),
                (Some((model, _)), How::Name | How::FineTuned) => return ModelMatch::Alias(model),
                (Some((model, _)), How::Dated) => return ModelMatch::DatedSuffix(model),
                (None, _) => {}
            }
        }
        ModelMatch::Unknown {
            nearest: self.nearest(names::without_prefix(name).name),
        }
    }

    /// The platform that sells other providers' models (`azure`, `vertex`), where the prefix of `name` or its spelling
    /// tells one: the prices are the provider's, but such a platform sets its own days of retirement.
    #[must_use]
    pub fn platform(name: &str) -> Option<&'static str> {
        let bare = names::without_prefix(name);
        // OpenAI itself writes `gpt-3.5`.
        bare.platform
            .or_else(|| bare.name.starts_with("gpt-35-").then_some("azure"))
    }

    /// The model to use in place of `model` on `day`: its replacement, or where that is retired by then or soon, the
    /// replacement's replacement, and so on. `None` where the provider named none that is still served.
    #[must_use]
    pub fn replacement(&self, model: &ApiModel, day: Date) -> Option<&ApiModel> {
        let next = |model: &ApiModel| Some(self.find(model.replacement.as_deref()?, None)?.0);
        let line = || std::iter::successors(next(model), |model| next(model)).take(MOST_REPLACEMENTS);
        // Nobody is helped by a move to what goes next.
        let stays = |model: &&ApiModel| {
            let days_left = model.retired_on.map(|on| on.days_since(day));
            days_left.is_none_or(|days| days > LEAST_DAYS_LEFT)
        };
        line()
            .find(stays)
            .or_else(|| line().find(|model| !model.is_retired(day)))
    }

    /// All models behind an API, the team's own first.
    pub fn api_models(&self) -> impl Iterator<Item = &ApiModel> {
        let own = self.own.iter().flat_map(|table| &table.rows);
        own.map(|own| &own.model).chain(
            MODELS
                .rows
                .iter()
                .filter(|model| self.own.as_ref().is_none_or(|own| own.get(&model.id).is_none())),
        )
    }

    /// The model with published weights of that repository; case does not matter.
    #[must_use]
    pub fn open_model(&self, name: &str) -> Option<&'static OpenModel> {
        OPEN_MODELS.get(name)
    }

    /// The model of that repository, or where there is no row for it, that of the model which it is a copy or a
    /// quantization of, as far as its name tells: its `source` says so.
    #[must_use]
    pub fn open_model_by_name(&self, name: &str) -> Option<Cow<'static, OpenModel>> {
        derived::find(self, name)
    }

    /// The model of the repository that has that name behind its publisher's, whoever publishes it, where all rows of that
    /// name have one shape.
    #[must_use]
    pub fn open_model_named(&self, own: &str) -> Option<&'static OpenModel> {
        derived::named(self, own)
    }

    /// All models with published weights.
    #[must_use]
    pub fn open_models(&self) -> &'static [OpenModel] {
        &OPEN_MODELS.rows
    }

    /// The model of that name, where what it needs is not worked out here: it makes vectors by a class that is not counted,
    /// images, speech, …
    #[must_use]
    pub fn other_model(&self, name: &str) -> Option<&'static OtherModel> {
        OTHER_MODELS.get(name)
    }

    /// What a GPU's name or label stands for; case does not matter. `A100` alone is ambiguous: it has 40 or 80 GB. A slice
    /// of a GPU is one too: `nvidia.com/mig-3g.40gb`, `NVIDIA-H100-80GB-HBM3-MIG-3g.40gb`.
    #[must_use]
    pub fn gpu(&self, label: &str) -> GpuMatch {
        if let Some(gpu) = GPUS.get(label) {
            return GpuMatch::Exact(gpu);
        }
        let bears = |gpu: &&Gpu| gpu.ambiguous_names.iter().any(|name| name.eq_ignore_ascii_case(label));
        GpuMatch::of(GPUS.rows.iter().filter(bears).collect())
    }

    /// The slice that the resource of that name is (`nvidia.com/mig-3g.40gb`) where the machine's GPU is labelled
    /// `product`. Unknown where that GPU has no such slice.
    #[must_use]
    pub fn gpu_slice(&self, resource: &str, product: &str) -> GpuMatch {
        let whole = self.gpu(product);
        let cut_from = |slice: &&Gpu| {
            let of = slice.slice_of.as_deref();
            of.is_some() && whole.candidates().iter().any(|gpu| of == Some(&gpu.id))
        };
        GpuMatch::of(self.gpu(resource).candidates().into_iter().filter(cut_from).collect())
    }

    /// All GPUs; not the slices of them.
    #[must_use]
    pub fn gpus(&self) -> &'static [Gpu] {
        let rows = &GPUS.rows;
        &rows[..rows.partition_point(|gpu| gpu.slice_of.is_none())]
    }

    /// All instance types.
    #[must_use]
    pub fn instances(&self) -> &'static [Instance] {
        &INSTANCES
    }

    /// The instance that a cloud calls `name`.
    #[must_use]
    pub fn instance(&self, cloud: &str, name: &str) -> Option<&'static Instance> {
        INSTANCES
            .iter()
            .find(|instance| instance.cloud == cloud && instance.name == name)
    }

    /// The instance that any cloud calls `name`, where only one does.
    #[must_use]
    pub fn instance_named(&self, name: &str) -> Option<&'static Instance> {
        let mut named = INSTANCES.iter().filter(|instance| instance.name == name);
        named.next().filter(|_| named.next().is_none())
    }

    /// The study of that id.
    #[must_use]
    pub fn evidence(&self, id: &str) -> Option<&'static Evidence> {
        EVIDENCE.get(id)
    }

    /// The figures of the note, in its order.
    #[must_use]
    pub fn numbers(&self) -> &'static [Number] {
        &NUMBERS.rows
    }

    /// The row of exactly that name, of one of those providers, and whether the name is its id.
    fn find(&self, name: &str, providers: Option<&[&str]>) -> Option<(&ApiModel, bool)> {
        let sold =
            |(model, _): &(&ApiModel, bool)| providers.is_none_or(|list| list.contains(&model.provider.as_str()));
        // A team's own model needs no provider that the prefix knows.
        self.own
            .as_ref()
            .and_then(|own| own.find(name))
            .map(|(own, is_id)| (&own.model, is_id))
            .or_else(|| MODELS.find(name).filter(sold))
    }

    /// Names that differ from `name` in at most two fifths of its characters, the nearest first.
    fn nearest(&self, name: &str) -> Vec<String> {
        if name.len() > LONGEST_NAME {
            return Vec::new();
        }
        let most = name.chars().count() * 2 / 5;
        let mut near: Vec<(usize, &str)> = self
            .api_models()
            .flat_map(|model| std::iter::once(&model.id).chain(&model.aliases))
            .filter(|known| known.len().abs_diff(name.len()) <= most)
            .map(|known| (strsim::osa_distance(name, known), known.as_str()))
            .filter(|&(distance, _)| distance <= most)
            .collect();
        near.sort_unstable();
        near.into_iter()
            .take(MOST_NEAREST)
            .map(|(_, known)| known.to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests;
