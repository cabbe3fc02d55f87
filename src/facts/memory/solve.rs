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

/// The most sequences of the longest length that run at once, where max-num-seqs allows just as many; `None` where it
/// doesn't surely start with one.
pub fn most_sequences(model: &OpenModel, gpu: &Device<'_>, inputs: &Inputs) -> Option<u64> {
    /// No engine batches more.
    const MOST: u64 = 1 << 16;
    let holds = |count: u64| {
        let inputs = Inputs {
            max_num_seqs: Some(count),
            ..inputs.clone()
        };
        let plan = plan(model, gpu, &inputs);
        let room = plan.figures.and_then(|figures| figures.kv);
        plan.outcome == Outcome::Starts && room.is_some_and(|kv| kv.max_concurrency >= count as f64)
    };
    let (mut fits, mut fails) = (0, MOST + 1);
    while fails - fits > 1 {
        let middle = fits + (fails - fits) / 2;
        if holds(middle) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    (fits > 0).then_some(fits)
}

/// The fewest GPUs that share each layer with which it surely starts, of the powers of two up to 64; `None` where it
/// doesn't with any.
pub fn least_tensor_parallel(model: &OpenModel, gpu: &Device<'_>, inputs: &Inputs) -> Option<u64> {
    (0..=6).map(|power| 1 << power).find(|&ranks| {
        let inputs = Inputs {
            tensor_parallel: Some(ranks),
            ..inputs.clone()
        };
        plan(model, gpu, &inputs).outcome == Outcome::Starts
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, GpuMatch};

    fn on(name: &str) -> Device<'static> {
        match Catalog::embedded().gpu(name) {
            GpuMatch::Exact(gpu) => Device::from(gpu),
            _ => panic!("{name} is no GPU"),
        }
    }

    #[test]
    fn answers_start_and_one_more_does_not() {
        let model = Catalog::embedded()
            .open_model("meta-llama/Llama-3.1-8B-Instruct")
            .expect("a model");
        let gpu = on("L4");
        let starts = |inputs: &Inputs| plan(model, &gpu, inputs).outcome == Outcome::Starts;
        let length = |tokens| Inputs {
            max_model_len: Some(tokens),
            ..Inputs::default()
        };
        let longest = longest_context(model, &gpu, &Inputs::default()).expect("a length");
        assert!(starts(&length(longest)) && !starts(&length(longest + 16)));
        let most = most_sequences(model, &gpu, &length(2048)).expect("a number");
        // About 3 GiB hold 25,000 tokens of 131,072 bytes.
        assert!((4..30).contains(&most), "{most}");
        // 141 GB of weights don't fit into one or two GPUs of 80 GB with room for a context.
        let large = Catalog::embedded()
            .open_model("meta-llama/Llama-3.1-70B-Instruct")
            .expect("a model");
        assert_eq!(least_tensor_parallel(large, &on("H100-80GB"), &length(32_768)), Some(4));
    }
}
