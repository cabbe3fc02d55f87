//! The questions turned round: the longest context, the GPUs that do.

use super::{Device, GPU_SPREAD, Inputs, Outcome, Plan, plan};
use crate::catalog::{Gpu, OpenModel};

/// The longest max-model-len, in tokens, with which it surely starts, up to what the model was made for; `None` where
/// it doesn't even with one token.
pub fn longest_context(model: &OpenModel, gpu: &Device<'_>, inputs: &Inputs) -> Option<u64> {
    let starts = |length: u64| {
        let inputs = Inputs {
            max_model_len: Some(length),
            ..inputs.clone()
        };
        plan(model, gpu, &inputs).outcome == Outcome::Starts
    };
    let most = model.max_context.max(1);
    if starts(most) {
        return Some(most);
    }
    // V0 splits prompts from 32,769 tokens on, which makes room: the halving stays on one side of it.
    let mut bounds = (0, most);
    if most > 32_768 && !starts(32_769) {
        bounds.1 = 32_769;
    }
    let (mut fits, mut fails) = bounds;
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        if starts(middle) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    (fits > 0).then_some(fits)
}

/// The least memory of a GPU, in GiB, on which it surely starts; `None` where it doesn't with any.
///
/// The engine's defaults grow at 70 and at 160 GiB, so that a smaller GPU can do where a larger one doesn't.
pub fn least_memory(model: &OpenModel, inputs: &Inputs) -> Option<f64> {
    const SIZES: [f64; 14] = [
        1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 69.9, 96.0, 159.9, 256.0, 512.0, 1024.0, 2048.0, 4096.0,
    ];
    let starts = |memory: f64| {
        let gpu = Device {
            name: "",
            memory_gib: Some(memory),
            error_gib: memory * GPU_SPREAD,
            compute_capability: None,
        };
        plan(model, &gpu, inputs).outcome == Outcome::Starts
    };
    let first = SIZES.iter().position(|&size| starts(size))?;
    let (mut fails, mut fits) = (first.checked_sub(1).map_or(0.0, |before| SIZES[before]), SIZES[first]);
    while fits - fails > 0.05 {
        let middle = fails.midpoint(fits);
        if starts(middle) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    Some(fits)
}

/// The GPUs on which it surely starts, smallest memory first, each with its plan.
pub fn gpus_that_fit<'a>(
    model: &OpenModel,
    gpus: impl IntoIterator<Item = &'a Gpu>,
    inputs: &Inputs,
) -> Vec<(&'a Gpu, Plan)> {
    let mut fitting: Vec<_> = gpus
        .into_iter()
        .map(|gpu| (gpu, plan(model, &Device::from(gpu), inputs)))
        .filter(|(_, plan)| plan.outcome == Outcome::Starts)
        .collect();
    fitting.sort_by(|(one, _), (other, _)| {
        one.memory_gib
            .total_cmp(&other.memory_gib)
            .then_with(|| one.id.cmp(&other.id))
    });
    fitting
}
