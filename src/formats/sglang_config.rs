//! SGLang's settings as YAML, which its command line names by `--config`. Keys are flags.
//! <https://docs.sglang.ai/advanced_features/server_arguments.html>, `sglang/srt/server_args_config_parser.py`.

use super::settings_file;
use super::{Read, Reading};
use crate::engines::EngineKind;
use crate::syntax::Node;
use crate::units::Word;

pub(super) const NAME: &str = "sglang config";

/// Keys that only SGLang has.
const OWN_KEYS: &[&str] = &[
    "model-path",
    "mem-fraction-static",
    "chunked-prefill-size",
    "max-running-requests",
    "cuda-graph-max-bs",
    "context-length",
    "tp-size",
    "disable-radix-cache",
    "schedule-conservativeness",
];

/// Keys of programs that use SGLang inside and keep more than its settings.
const FOREIGN_KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "services",
    "messages",
    "dataset",
    "learning-rate",
    "backend",
];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let signs = [
        "model-path",
        "model_path",
        "mem-fraction-static",
        "mem_fraction_static",
        "chunked-prefill-size",
    ];
    let document = settings_file::document(reading, &signs, (OWN_KEYS, 2), FOREIGN_KEYS)?;
    settings_file::unit(reading, EngineKind::Sglang, NAME, &["sglang", "serve"], document)
}

/// The words that the settings stand for.
pub(super) fn words(reading: &Reading<'_>, node: &Node) -> Vec<Word> {
    settings_file::flags(reading, node)
}
