//! Usage that providers and tools export, brought together by model, prompt and tag: how often prompts are really called.
//!
//! Reads bytes only.

mod book;
mod cell;
mod csv;
mod formats;
mod json;
mod read;
mod time;

pub use book::{Book, Key, Record, Row, Sums};
pub use formats::{FORMATS, Format, Head, format};
pub use read::{Imported, read};
