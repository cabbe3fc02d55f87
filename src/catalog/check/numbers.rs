//! Studies, and the figures of the note with what they refer to.

use super::Checker;
use crate::catalog::{ApiModel, Date, Evidence, Gpu, Instance, Number, OpenModel, Table, Today};

/// What the rows of `numbers.jsonl` refer to.
pub(super) struct Known<'a> {
    pub(super) models: &'a Table<ApiModel>,
    pub(super) open_models: &'a Table<OpenModel>,
    pub(super) gpus: &'a Table<Gpu>,
    pub(super) instances: &'a [Instance],
    pub(super) evidence: &'a Table<Evidence>,
}

impl Checker {
    pub(super) fn evidence(&mut self, evidence: &Table<Evidence>) {
        for study in &evidence.rows {
            if !study.url.starts_with("https://") {
                self.wrong(&study.id, format!("{} is no address of a page", study.url));
            }
            if Date::new(study.year, 1, 1).is_none_or(|day| day > self.today) || study.year < 1950 {
                self.wrong(&study.id, format!("was not published in {}", study.year));
            }
            if study.low.is_some() != study.high.is_some() || study.low > study.high {
                self.wrong(&study.id, "its low figure is above its high one, or one of them lacks");
            }
        }
    }

    pub(super) fn numbers(&mut self, numbers: &Table<Number>, known: &Known<'_>) {
        for number in &numbers.rows {
            let id = &number.id;
            for study in &number.evidence {
                self.refers(id, study, known.evidence.get(study).is_some());
            }
            match &number.today {
                Today::Cited { evidence } => {
                    for study in evidence {
                        self.refers(id, study, known.evidence.get(study).is_some());
                    }
                }
                Today::PriceRatio { of, to, .. } => {
                    for model in [of, to] {
                        self.refers(id, model, known.models.get(model).is_some());
                    }
                }
                Today::HostingRatio {
                    model, cloud, instance, ..
                } => {
                    self.refers(id, model, known.models.get(model).is_some());
                    self.refers(id, instance, known.instance(cloud, instance).is_some());
                }
                Today::TrainingCost {
                    cloud,
                    instance,
                    precision,
                    ..
                } => {
                    let gpu = known.instance(cloud, instance).and_then(|row| known.gpus.get(&row.gpu));
                    let has = gpu.is_some_and(|gpu| gpu.dense_tflops.contains_key(precision));
                    self.refers(id, &format!("{instance} with its {precision} peak"), has);
                }
                Today::GpuMemory { gpus } => {
                    for gpu in gpus {
                        self.refers(id, gpu, known.gpus.get(gpu).is_some());
                    }
                }
                Today::BytesPerParameter { models }
                | Today::WeightBytes { models }
                | Today::KvBytesPerToken { models, .. } => {
                    for model in models {
                        self.refers(id, model, known.open_models.get(model).is_some());
                    }
                }
                Today::Fixed { .. } | Today::TokenRatio { .. } => {}
            }
        }
    }

    fn refers(&mut self, row: &str, to: &str, exists: bool) {
        if !exists {
            self.wrong(row, format!("refers to {to}, which no file has"));
        }
    }
}

impl Known<'_> {
    /// The instance of that name, where it has a price.
    fn instance(&self, cloud: &str, name: &str) -> Option<&Instance> {
        let mut rows = self.instances.iter();
        rows.find(|row| row.cloud == cloud && row.name == name && row.usd_per_hour.is_some())
    }
}
