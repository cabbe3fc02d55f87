//! Parsers that know places: bytes in, trees with spans out. They know nothing of prompts or engines.

pub mod args;
pub mod code;
pub mod de;
pub mod front_matter;
pub mod image;
pub mod json;
mod node;
pub mod pbtxt;
mod signs;
pub mod template;
pub mod yaml;

pub use node::{Kind, Node, SyntaxError};
pub use signs::Signs;
