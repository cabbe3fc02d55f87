//! Everything that touches the machine: walking the tree, reading files, finding the config, the clock.

mod clock;
mod read;
mod root;
mod walk;

pub use clock::today;
pub use read::{read_text, text};
pub use root::{Root, find_config};
pub use walk::{Scan, WalkError, scan};
