//! SGLang's settings as YAML, which its command line names by `--config`. Keys are flags.
//! <https://docs.sglang.ai/advanced_features/server_arguments.html>, `sglang/srt/server_args_config_parser.py`.

use super::settings_file::{self, count};
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
    let yaml = matches!(reading.source.extension().as_str(), "yaml" | "yml");
    let signs = [
        "model-path",
        "model_path",
        "mem-fraction-static",
        "mem_fraction_static",
        "chunked-prefill-size",
    ];
    if !yaml || !signs.iter().any(|sign| reading.contains(sign)) {
        return None;
    }
    let [document] = reading.yaml().documents.as_slice() else {
        return None;
    };
    let keys = settings_file::keys(document);
    if count(&keys, OWN_KEYS) < 2 || count(&keys, FOREIGN_KEYS) > 0 {
        return None;
    }
    settings_file::unit(reading, EngineKind::Sglang, NAME, &["sglang", "serve"], document)
}

/// The words that the settings stand for.
pub(super) fn words(reading: &Reading<'_>, node: &Node) -> Vec<Word> {
    settings_file::flags(reading, node)
}
