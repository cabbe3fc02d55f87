//! Everything that touches the machine: walking the tree, reading files, finding the config, the clock.

mod clock;
mod commit;
pub mod git;
mod hf_cache;
mod look_up;
mod origin;
mod read;
mod root;
mod walk;

pub use clock::today;
pub use commit::Commit;
pub use hf_cache::cached_tokenizers;
pub use look_up::look_up;
pub use origin::{Origin, short};
pub use read::{read_text, refused, text};
pub use root::{CONFIG_NAMES, Root, config_places, slashed};
pub use walk::{Scan, WalkError, Walked, may_be_ours, scan, scan_files};
