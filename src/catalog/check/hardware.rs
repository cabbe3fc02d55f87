//! GPUs, and the instances that rent them out.

use std::collections::{BTreeMap, HashSet};

use rust_decimal::Decimal;

use super::Checker;
use crate::catalog::{Gpu, Instance, Table};

impl Checker {
    pub(super) fn gpus(&mut self, gpus: &Table<Gpu>) {
        let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
        for gpu in &gpus.rows {
            let id = &gpu.id;
            let sold = f64::from(gpu.marketing_gb);
            self.between(id, "GB sold", gpu.marketing_gb, 4, 2048);
            self.between(id, "memory as a share of that sold", gpu.memory_gib / sold, 0.85, 1.01);
            self.between(id, "bandwidth in GB/s", gpu.bandwidth_gb_s, 100.0, 50_000.0);
            // How often a second the whole memory can be read.
            self.between(id, "bandwidth over memory", gpu.bandwidth_gb_s / sold, 2.0, 110.0);
            for (format, &tflops) in &gpu.dense_tflops {
                self.between(id, &format!("dense_tflops.{format}"), tflops, 1.0, 50_000.0);
            }
            let peak = |format: &str| gpu.dense_tflops.get(format).copied();
            for (narrow, wide) in [("fp8", "bf16"), ("fp4", "fp8")] {
                if let (Some(of_narrow), Some(of_wide)) = (peak(narrow), peak(wide)) {
                    // Twice as fast for half the bits; Blackwell does more at 4 bits.
                    let what = format!("{narrow} TFLOPS over {wide}");
                    self.between(id, &what, of_narrow / of_wide, 0.99, 4.1);
                }
            }
            let capability = gpu.compute_capability.as_deref();
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let is_capability = |text: &str| text.split_once('.').is_some_and(|(a, b)| is_number(a) && is_number(b));
            if (gpu.vendor == "nvidia") != capability.is_some() || capability.is_some_and(|text| !is_capability(text)) {
                self.wrong(
                    id,
                    "NVIDIA's GPUs, and no others, have a compute capability such as 9.0",
                );
            }
            for slice in &gpu.mig {
                let row = format!("{id}, MIG {}", slice.profile);
                let share = slice.memory_gib / gpu.memory_gib;
                self.between(&row, "bandwidth_share", slice.bandwidth_share, 0.1, 1.0);
                self.between(&row, "compute_share", slice.compute_share, 0.1, 1.0);
                self.between(&row, "memory over its share", share / slice.bandwidth_share, 0.85, 1.02);
            }
            for name in &gpu.ambiguous_names {
                *bearers.entry(name.to_ascii_lowercase()).or_default() += 1;
                if gpus.find(name).is_some() {
                    self.wrong(id, format!("{name} is ambiguous, but also a name of one GPU"));
                }
            }
        }
        for (name, _) in bearers.iter().filter(|&(_, &count)| count == 1) {
            self.wrong(name, "is an ambiguous name of one GPU alone");
        }
    }

    pub(super) fn instances(&mut self, instances: &[Instance], gpus: &Table<Gpu>) {
        let key = |row: &Instance| (row.cloud.clone(), row.name.clone(), row.region.clone());
        let mut seen = HashSet::new();
        for pair in instances.windows(2) {
            if key(&pair[0]) > key(&pair[1]) {
                self.wrong(
                    &pair[1].name,
                    "is out of order: rows are sorted by cloud, name and region",
                );
            }
        }
        for row in instances {
            let name = format!("{} {}", row.cloud, row.name);
            if !seen.insert(key(row)) {
                self.wrong(&name, "stands here twice");
            }
            if gpus
                .find(&row.gpu)
                .is_none_or(|(gpu, is_id)| !is_id || gpu.id != row.gpu)
            {
                self.wrong(&name, format!("its GPU {} is no row of gpus.jsonl", row.gpu));
            }
            self.between(&name, "gpu_count", row.gpu_count, 1, 72);
            self.between(&name, "vcpus", row.vcpus, 1, 2048);
            self.between(&name, "memory_gib", row.memory_gib, 1.0, 65_536.0);
            if let Some(price) = row.usd_per_hour {
                let each = price / Decimal::from(row.gpu_count.max(1));
                self.between(
                    &name,
                    "USD an hour and GPU",
                    each,
                    Decimal::new(5, 2),
                    Decimal::from(30),
                );
            }
            if let Some(spot) = row.spot_usd_per_hour
                && (spot <= Decimal::ZERO || row.usd_per_hour.is_some_and(|price| spot > price))
            {
                self.wrong(
                    &name,
                    format!("its spot price {spot} is not between 0 and that on demand"),
                );
            }
        }
    }
}
