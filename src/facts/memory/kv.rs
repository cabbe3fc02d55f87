//! The KV cache: bytes a token, what one sequence needs, what a pool holds.
//!
//! vLLM keeps blocks of tokens, one page a layer. Layers of one kind share block tables in groups of one size, and all
//! groups draw from one pool, whose pages are of one size (`vllm/v1/core/kv_cache_utils.py`, from 0.33
//! `kv_cache_planning.py`; what a sequence needs of a kind: `vllm/v1/kv_cache_interface.py`).

use super::{Drafter, Inputs, Settings};
use crate::catalog::{CompressedAttention, Mla, OpenModel};
use crate::engines::Version;

/// Layers of unequal number make groups as large as the most of a kind where that is less than this many times the
/// least: seen in 0.21 and 0.33; before, 1.25 times, and in 0.11 never.
const PADDED_GROUPS: [(Version, f64); 2] = [(Version::new(0, 12, 0), 1.25), (Version::new(0, 21, 0), 1.5)];
/// Sequences of models with states keep a second state, where prefixes are cached, which is the default from then on (read
/// in 0.29; still asked for in 0.27.1).
const STATES_CACHED: Version = Version::new(0, 28, 0);
/// Latent attention keeps its latent alone.
const LATENT: Version = Version::new(0, 7, 1);
/// Blocks of latent attention beside states are multiples of so many tokens (`kernel_block_alignment_size`).
const LATENT_STEP: u64 = 64;
/// Inputs of a convolution that a state keeps.
pub(super) const CONVOLVED: f64 = 3.0;
/// DeepSeek's sparse attention keeps keys for its indexer: 8 bits a number, and a 32-bit scale for 128 of them.
const INDEXER_SCALE: f64 = 4.0 / 128.0;

/// Layers that keep the same of a token.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Kind {
    layers: u64,
    /// Bytes of a token in a layer; of a whole state where it keeps one.
    bytes: f64,
    keeps: Keeps,
    /// Tokens in a block of its own, where blocks of kinds are not made of one size by their bytes, and its groups.
    own: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Keeps {
    Every,
    Window(u64),
    /// So many of a sequence, whatever its length: tokens of an encoder.
    Tokens(u64),
    /// So many states of a sequence.
    State(u64),
}

/// The KV cache of the fullest pipeline stage on one rank.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    kinds: Vec<Kind>,
    /// Bytes of a page: a block of one layer.
    page: f64,
    /// Tokens in a block of the kind whose pages are the largest; `block_size` is raised for states.
    block: u64,
    /// Tokens that a block counts for in the log: no more than the longest length where states take a block for all of it.
    counted: u64,
    /// Layers in a group.
    group: u64,
    /// Tokens are counted by concurrency.
    by_concurrency: bool,
}

/// Works out the layout.
///
/// # Errors
/// Why the cache's precision can't be told.
pub(super) fn layout(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> Result<Layout, String> {
    if let Some(compressed) = &model.compressed_attention {
        precision(model, inputs, settings)?;
        return Ok(compressed_layout(model, compressed, settings));
    }
    let kinds = kinds(model, inputs, settings)?;
    let tokens_of = |kind: &Kind| !matches!(kind.keeps, Keeps::State(_));
    let widest = kinds
        .iter()
        .filter(|kind| tokens_of(kind))
        .map(|kind| kind.bytes)
        .fold(0.0, f64::max);
    let state = kinds
        .iter()
        .filter(|kind| !tokens_of(kind))
        .map(|kind| kind.bytes)
        .fold(0.0, f64::max);
    // Pages of attention are made as large as a state, in steps of 16 tokens, and states padded to them.
    let block = if widest > 0.0 {
        let step = match model.mla {
            Some(_) if state > 0.0 => settings.block_size.max(LATENT_STEP),
            _ => settings.block_size,
        };
        let blocks = (state / (step as f64 * widest)).ceil().max(1.0);
        step.saturating_mul(blocks as u64)
    } else {
        settings.block_size
    };
    let page = (block as f64 * widest).max(state);
    let least = kinds.iter().map(|kind| kind.layers).min().unwrap_or(0);
    let most = kinds.iter().map(|kind| kind.layers).max().unwrap_or(0);
    let padded = PADDED_GROUPS
        .iter()
        .rev()
        .find(|(first, _)| settings.defaults.version >= *first);
    let group = match padded {
        Some((_, times)) if (most as f64) < least as f64 * times => most,
        _ => least,
    };
    Ok(Layout {
        kinds,
        page,
        block,
        counted: match state > 0.0 && !caches_states(inputs, settings) {
            true => block.min(settings.max_model_len),
            false => block,
        },
        group: group.max(1),
        by_concurrency: settings.defaults.tokens_by_concurrency,
    })
}

/// DeepSeek V4's attention (`vllm/models/deepseek_v4/attention.py`, `compressor.py`,
/// `vllm/v1/attention/backends/mla/sparse_swa.py`): each layer keeps a window; layers that compress keep an entry for 4
/// or 128 tokens, 4 with an indexer's key, and the sums of the entries that aren't whole yet, in 32 bits. A block of
/// 256 tokens holds a page of each, and so does one of 64 tokens of the window, of 4 and of 8 sums.
fn compressed_layout(model: &OpenModel, of: &CompressedAttention, settings: &Settings) -> Layout {
    /// Bytes of an entry: 448 numbers in 8 bits, 64 in 16, 8 scales.
    const ENTRY: u64 = 584;
    /// Pages are multiples of it.
    const ALIGNED: u64 = 576;
    let (every_4, every_128) = (u64::from(of.every_4), u64::from(of.every_128));
    let layers = u64::from(model.layers);
    let entries = |count: u64, size: u64| (count * size).next_multiple_of(ALIGNED);
    let index_key = u64::from(of.index_head_dim) + 4;
    let pages = [
        (every_4, entries(64, ENTRY)),
        (every_4, entries(64, index_key)),
        (every_128, entries(2, ENTRY)),
    ];
    let tuple: u64 = pages
        .iter()
        .filter(|(layers, _)| *layers > 0)
        .map(|(_, page)| page)
        .sum();
    // Layers share slots; as many as pad the kinds least.
    let counts = [every_4.max(every_128), layers, every_4, every_128];
    let padding = |slots: u64| -> u64 { counts.iter().map(|count| count.next_multiple_of(slots) - count).sum() };
    let slots = (counts[0].max(1)..=layers.max(counts[0]).max(1))
        .min_by_key(|slots| (padding(*slots), std::cmp::Reverse(*slots)))
        .unwrap_or(1);
    let kind = |layers: u64, keeps: Keeps, block: u64| Kind {
        layers,
        bytes: tuple as f64 / block as f64,
        keeps,
        own: Some((block, layers.div_ceil(slots).max(1))),
    };
    let mut kinds = vec![
        kind(every_4.max(every_128), Keeps::Every, 256),
        kind(layers, Keeps::Window(of.window), 64),
    ];
    if every_4 > 0 {
        kinds.push(kind(every_4, Keeps::Window(8), 4));
    }
    if every_128 > 0 {
        kinds.push(kind(every_128, Keeps::Window(128), 8));
    }
    Layout {
        kinds,
        page: tuple as f64,
        block: 256,
        counted: 256,
        group: slots,
        by_concurrency: settings.defaults.tokens_by_concurrency,
    }
}

/// What the layers of one stage keep on one rank.
fn kinds(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> Result<Vec<Kind>, String> {
    let of_stage = |layers: u64| layers.div_ceil(settings.pipeline_parallel);
    if model.encoder_only {
        return Ok(Vec::new());
    }
    let precision = precision(model, inputs, settings)?;
    let attention = u64::from(
        model
            .layers
            .saturating_sub(model.linear_layers)
            .saturating_sub(model.kv_shared_layers),
    );
    let windowed = model
        .sliding_window
        .map_or(0, |window| u64::from(window.layers))
        .min(attention);
    let drafter = inputs.drafting.as_ref().map(|drafting| &drafting.drafter);
    // Layers that predict further tokens keep what the model's own layers with attention keep.
    let attention = match drafter {
        Some(Drafter::Own) => attention.saturating_add(u64::from(model.mtp_layers)),
        Some(Drafter::Head { .. }) => attention.saturating_add(1),
        _ => attention,
    };
    let full_layers = attention - windowed;
    let local = |heads: u32| {
        // More ranks than heads: each holds one, so heads are repeated.
        (u64::from(heads.max(1)) / settings.tensor_parallel).max(1) as f64
    };
    let of_heads = |heads: u32, size: u32| {
        let sizes = f64::from(size) + f64::from(model.value_head_dim.unwrap_or(size));
        local(heads) * sizes * precision.element
    };
    let own = match model.mla {
        // Every head's own keys and values, both padded to 256 numbers.
        Some(mla) if settings.defaults.version < LATENT => {
            let key = u64::from(mla.qk_nope_head_dim) + u64::from(mla.qk_rope_head_dim);
            let heads = (u64::from(model.heads) / settings.tensor_parallel).max(1);
            2.0 * heads as f64 * key.next_multiple_of(256) as f64 * precision.element
        }
        Some(mla) => precision.latent(&mla),
        None => of_heads(model.kv_heads, model.head_dim),
    };
    let full = match model.full_attention {
        Some(heads) if windowed > 0 => of_heads(heads.kv_heads, heads.head_dim),
        _ => own,
    };
    let mut kinds = Vec::new();
    let mut push = |layers: u64, bytes: f64, keeps: Keeps| {
        if layers > 0 && bytes > 0.0 {
            kinds.push(Kind {
                layers: of_stage(layers),
                bytes,
                keeps,
                own: None,
            });
        }
    };
    match model.sliding_window {
        // A window that the release makes use of: where all layers have one, or kinds have caches of their own.
        Some(window) if settings.defaults.hybrid_kv && windowed > 0 => {
            push(full_layers, full, Keeps::Every);
            push(windowed, own, Keeps::Window(window.size));
        }
        _ if full == own => push(attention, own, Keeps::Every),
        _ => {
            push(full_layers, full, Keeps::Every);
            push(windowed, own, Keeps::Every);
        }
    }
    if let Some(size) = model.mla.and_then(|mla| mla.indexer_head_dim) {
        let layers = model
            .mla
            .and_then(|mla| mla.indexer_layers)
            .map_or(attention, u64::from);
        push(layers, f64::from(size) * (1.0 + INDEXER_SCALE), Keeps::Every);
    }
    if let Some(index) = model.index_keys {
        push(
            u64::from(index.layers),
            f64::from(index.size) * settings.element,
            Keeps::Every,
        );
    }
    if let Some(cross) = model.cross_attention {
        push(u64::from(cross.layers), own, Keeps::Tokens(cross.tokens));
    }
    if let Some(Drafter::Model(draft)) = drafter {
        push(
            u64::from(draft.layers),
            of_heads(draft.kv_heads, draft.head_dim),
            Keeps::Every,
        );
    }
    if let Some(state) = &model.state {
        let drafted = inputs.drafting.as_ref().map_or(0, |drafting| drafting.tokens);
        // The inputs of the convolution that a state keeps reach as far back as tokens may be taken back.
        let inputs_kept = state.conv as f64 / CONVOLVED * drafted as f64;
        let bytes = state.bytes(settings.element) + inputs_kept * settings.element;
        // And a state for each token drafted (`MambaSpec`).
        let states = if caches_states(inputs, settings) { 2 } else { 1 } + drafted;
        push(
            u64::from(state.layers),
            bytes / settings.tensor_parallel as f64,
            Keeps::State(states),
        );
    }
    Ok(kinds)
}

/// Whether states of shared prefixes are kept.
fn caches_states(inputs: &Inputs, settings: &Settings) -> bool {
    inputs
        .prefix_caching
        .unwrap_or(settings.defaults.version >= STATES_CACHED)
}

/// How numbers are stored.
struct Precision {
    /// Bytes of one number, its share of the scales included.
    element: f64,
    /// Whether sparse latent attention stores its latent in its own 8-bit format.
    sparse_fp8: bool,
}

impl Precision {
    /// Bytes of a token of latent attention, whole on every rank.
    fn latent(&self, mla: &Mla) -> f64 {
        let (latent, rope) = (f64::from(mla.kv_lora_rank), f64::from(mla.qk_rope_head_dim));
        if self.sparse_fp8 {
            // fp8_ds_mla: 8 bits a number, a 32-bit scale for 128 of them, and the rope part in 16 bits.
            latent + 4.0 * (latent / 128.0).ceil() + 2.0 * rope
        } else {
            (latent + rope) * self.element
        }
    }
}

fn precision(model: &OpenModel, inputs: &Inputs, settings: &Settings) -> Result<Precision, String> {
    let asked = inputs.kv_cache_dtype.as_deref().unwrap_or("auto");
    let published = model
        .quantization
        .as_ref()
        .and_then(|own| own.kv_cache.as_deref())
        .filter(|_| settings.defaults.version >= CHECKPOINT_KV);
    let element = match (asked, published) {
        ("auto", Some("fp8")) => 1.0,
        ("auto", _) => settings.element,
        ("bfloat16" | "float16" | "half", _) => 2.0,
        ("nvfp4", _) => 0.5625,
        (name, _) if name.starts_with("fp8") || name == "int8" => 1.0,
        (other, _) => return Err(format!("a KV cache in `{other}` is not known here")),
    };
    let sparse = model.mla.is_some_and(|mla| mla.indexer_head_dim.is_some());
    let element = if sparse && asked == "auto" && settings.defaults.version < SPARSE_PLAIN {
        1.0
    } else {
        element
    };
    Ok(Precision {
        element,
        sparse_fp8: sparse && element < 2.0,
    })
}

/// Sparse latent attention stores its latent in the model's own precision where nothing is asked (before, in 8 bits):
/// seen in 0.21, not in 0.13.
const SPARSE_PLAIN: Version = Version::new(0, 14, 0);
/// The cache takes the precision that the checkpoint brings scales for.
const CHECKPOINT_KV: Version = Version::new(0, 12, 0);

impl Layout {
    /// Tokens in a block of a kind: those with smaller pages have more.
    fn block_of(&self, kind: &Kind) -> u64 {
        if let Some((block, _)) = kind.own {
            return block;
        }
        let times = (self.page / (kind.bytes * self.block as f64)).floor().max(1.0);
        self.block.saturating_mul(times as u64)
    }

    /// Blocks of one layer that one sequence of the longest length needs.
    fn blocks(&self, kind: &Kind, settings: &Settings) -> u64 {
        let length = settings.max_model_len;
        let block = self.block_of(kind);
        match kind.keeps {
            Keeps::Every => length.div_ceil(block),
            Keeps::Window(window) => {
                // The window and the batches in flight, and one block for a window that starts inside of one.
                let flight = settings
                    .batched_tokens
                    .saturating_mul(settings.defaults.batches_in_flight);
                let held = window.saturating_sub(1).saturating_add(flight).min(length);
                held.div_ceil(block) + 1
            }
            Keeps::Tokens(tokens) => tokens.div_ceil(block),
            Keeps::State(states) => states,
        }
    }

    /// Tokens in which the pool is counted: a block of each group, where the count goes by blocks.
    pub(super) fn block_tokens(&self) -> u64 {
        self.block
    }

    /// Whether all layers keep every token, so that kinds differ in their size alone.
    fn uniform(&self) -> bool {
        self.kinds.iter().all(|kind| kind.keeps == Keeps::Every)
    }

    /// Bytes of a block of all layers of a group.
    fn block_bytes(&self) -> f64 {
        if self.uniform() {
            let token: f64 = self.kinds.iter().map(|kind| kind.layers as f64 * kind.bytes).sum();
            token * self.block as f64
        } else {
            self.page * self.group as f64
        }
    }

    /// Groups of layers of a kind.
    fn groups_of(&self, kind: &Kind) -> u64 {
        kind.own.map_or(kind.layers.div_ceil(self.group), |(_, groups)| groups)
    }

    /// Blocks of all groups that one sequence of the longest length needs.
    fn sequence_blocks(&self, settings: &Settings) -> u64 {
        if self.uniform() {
            return settings.max_model_len.div_ceil(self.block);
        }
        let of = |kind: &Kind| self.groups_of(kind).saturating_mul(self.blocks(kind, settings));
        self.kinds.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Bytes that one sequence of the longest length needs.
    pub(super) fn sequence_bytes(&self, settings: &Settings) -> f64 {
        if self.kinds.is_empty() {
            return 0.0;
        }
        self.sequence_blocks(settings) as f64 * self.block_bytes()
    }

    /// Bytes a token, so that tokens × this is the pool, in the engine's own count of tokens.
    pub(super) fn bytes_per_token(&self, settings: &Settings) -> u64 {
        let bytes = if self.kinds.is_empty() {
            0.0
        } else if self.uniform() {
            self.block_bytes() / self.block as f64
        } else if self.by_concurrency {
            self.sequence_bytes(settings) / settings.max_model_len as f64
        } else {
            let groups: u64 = self.kinds.iter().map(|kind| self.groups_of(kind)).sum();
            self.block_bytes() * groups as f64 / self.counted as f64
        };
        bytes as u64
    }

    /// Tokens that a pool of `bytes` holds, as the engine's log counts them.
    pub(super) fn tokens(&self, bytes: f64, settings: &Settings) -> u64 {
        let block = self.block_bytes();
        if block <= 0.0 || bytes <= 0.0 {
            return 0;
        }
        let blocks = (bytes / block).floor();
        if self.uniform() {
            return (blocks as u64).saturating_mul(self.block);
        }
        if self.by_concurrency {
            let needed = self.sequence_blocks(settings).max(1);
            return (blocks / needed as f64 * settings.max_model_len as f64) as u64;
        }
        let groups: u64 = self.kinds.iter().map(|kind| self.groups_of(kind)).sum();
        ((blocks / groups.max(1) as f64).floor() as u64).saturating_mul(self.counted)
    }

    /// Blocks of a pool of `bytes`, where layers keep states: each sequence that is decoded takes one for them.
    pub(super) fn blocks_for_states(&self, bytes: f64) -> Option<u64> {
        let states = self.kinds.iter().any(|kind| matches!(kind.keeps, Keeps::State(_)));
        let block = self.block_bytes();
        (states && block > 0.0).then(|| (bytes.max(0.0) / block).floor() as u64)
    }

    /// Sequences of the longest length that a pool of `bytes` holds.
    pub(super) fn concurrency(&self, bytes: f64, settings: &Settings) -> f64 {
        let needed = self.sequence_bytes(settings);
        if needed <= 0.0 || bytes <= 0.0 {
            0.0
        } else {
            bytes / needed
        }
    }

    /// What enters its arithmetic.
    pub(super) fn inputs(&self) -> Vec<(&'static str, f64)> {
        let mut inputs = Vec::new();
        for kind in &self.kinds {
            let (layers, bytes) = match kind.keeps {
                Keeps::Every => ("layers with every token", "bytes a token of one"),
                Keeps::Window(_) => ("layers with a window", "bytes a token of one"),
                Keeps::Tokens(_) => ("layers with an encoder's tokens", "bytes a token of one"),
                Keeps::State(_) => ("layers with a state", "bytes a state of one"),
            };
            inputs.push((layers, kind.layers as f64));
            inputs.push((bytes, kind.bytes));
            if let Keeps::Window(window) = kind.keeps {
                inputs.push(("window, tokens", window as f64));
            }
        }
        inputs.push(("tokens in a block", self.block as f64));
        if !self.uniform() {
            inputs.push(("layers in a group", self.group as f64));
        }
        inputs
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Catalog;
    use crate::engines::Version;
    use crate::facts::memory::{Device, Figures, Inputs, Outcome, plan};

    fn figures(name: &str, inputs: &Inputs) -> Figures {
        let model = Catalog::embedded().open_model(name).expect("a model");
        let gpu = Device {
            name: "H200",
            memory_gib: Some(139.8),
            error_gib: 0.0,
            compute_capability: Some(9.0),
        };
        plan(model, &gpu, inputs).figures.expect("figures")
    }

    fn at(minor: u32, ranks: u64, length: u64) -> Inputs {
        Inputs {
            version: Some(Version::new(0, minor, 0)),
            tensor_parallel: Some(ranks),
            max_model_len: Some(length),
            ..Inputs::default()
        }
    }

    #[test]
    fn heads_are_split_and_then_repeated() {
        // 2 × 8 heads × 128 × 2 bytes × 32 layers, shared by the ranks, at least a head each
        let of = |ranks| figures("meta-llama/Llama-3.1-8B-Instruct", &at(11, ranks, 8192)).kv_bytes_per_token;
        assert_eq!([of(1), of(2), of(8), of(16)], [131_072, 65_536, 16_384, 16_384]);
    }

    #[test]
    fn the_latent_is_whole_on_every_rank() {
        // (512 + 64) × 2 bytes × 61 layers
        assert_eq!(
            figures("deepseek-ai/DeepSeek-V3", &at(11, 8, 8192)).kv_bytes_per_token,
            70_272
        );
    }

    #[test]
    fn a_block_for_every_sequences_states_is_asked_for() {
        // A published log of 0.26.0: Qwen3.8 27B in 8 bits on an L40S refuses 256 sequences where 184 blocks are left, and
        // starts with 16.
        let model = Catalog::embedded()
            .open_model_by_name("Qwen/Qwen3.8-27B-FP8")
            .expect("a model");
        let gpu = Device {
            name: "L40S",
            memory_gib: Some(44.39),
            error_gib: 0.0,
            compute_capability: Some(8.9),
        };
        let told = |sequences, eager| {
            let inputs = Inputs {
                gpu_memory_utilization: Some(0.9),
                max_num_seqs: Some(sequences),
                enforce_eager: eager,
                language_model_only: true,
                ..at(26, 1, 65_536)
            };
            plan(&model, &gpu, &inputs).outcome
        };
        assert_eq!(told(256, false), Outcome::Refused);
        assert_eq!(told(256, true), Outcome::Starts);
        assert_eq!(told(16, false), Outcome::Starts);
    }

    #[test]
    fn blocks_grow_to_hold_a_state() {
        // Qwen3.5 27B on four ranks: a state of 30,720 × 2 + 786,432 × 4 bytes over 4 ranks is 801,792 bytes; a token of
        // attention takes 2 × 1 head × 256 × 2 = 1,024, so 784 tokens make a block, and 16 layers a group of four.
        let figures = figures("Qwen/Qwen3.5-27B", &at(19, 4, 32_768));
        assert_eq!(figures.kv_block_tokens, 784);
        assert_eq!(figures.kv_bytes_per_token, 4 * 16 * 1024);
    }

    #[test]
    fn a_window_holds_its_tokens_and_the_batch() {
        // gpt-oss 20B: 12 layers of 2 × 8 × 64 × 2 bytes with every token, 12 with a window of 128, batch 8,192
        let figures = figures("openai/gpt-oss-20b", &at(11, 1, 131_072));
        let blocks = 131_072.0 / 16.0 + ((128.0_f64 - 1.0 + 8192.0) / 16.0).ceil() + 1.0;
        let expected = blocks * 16.0 * 2048.0 * 12.0 / 1_073_741_824.0;
        assert!(
            (figures.kv_needed_gib - expected).abs() < 1e-9,
            "{}",
            figures.kv_needed_gib
        );
    }

    #[test]
    fn compressed_attention_needs_what_a_log_asks_for() {
        // A published log of 0.22: "6.66 GiB KV cache is needed" for 30,000 tokens, in batches of 16,384:
        // 118 + 518 + 4,099 + 2,065 blocks of 1,051,776 bytes.
        let inputs = Inputs {
            max_num_batched_tokens: Some(16_384),
            kv_cache_dtype: Some("fp8".to_owned()),
            ..at(22, 2, 30_000)
        };
        let needed = figures("deepseek-ai/DeepSeek-V4-Flash", &inputs).kv_needed_gib;
        assert!((needed - 6.66).abs() < 0.005, "{needed}");
    }

    #[test]
    fn logs_count_a_state_for_the_longest_length() {
        // A published log of 0.12: Falcon-H1 3B, 32 layers with both, holds 83,968 tokens and 41.5 sequences of 2,048 in
        // 5.28 GiB: 83 blocks of 32 layers. A block of attention, 2 × 2 heads × 128 × 2 bytes a token, has 2,080 tokens.
        let inputs = Inputs {
            kv_cache_memory_bytes: Some(5_669_356_830),
            ..at(12, 1, 2048)
        };
        let figures = figures("tiiuae/Falcon-H1-3B-Base", &inputs);
        let room = figures.kv.expect("room");
        assert_eq!(figures.kv_block_tokens, 2080);
        assert_eq!(room.tokens, 83_968);
        assert!((room.max_concurrency - 41.5).abs() < 0.15, "{}", room.max_concurrency);
    }

    #[test]
    fn blocks_of_the_latent_grow_to_hold_a_state() {
        // A published log of Kimi Linear on two ranks sets the block to 960 tokens.
        let figures = figures("moonshotai/Kimi-Linear-48B-A3B-Instruct", &at(11, 2, 32_768));
        assert_eq!(figures.kv_block_tokens, 960);
    }
}
