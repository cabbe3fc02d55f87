//! Tokenizers in this machine's Hugging Face cache: `hub/models--OWNER--NAME/snapshots/REVISION/tokenizer.json`, the
//! revision that `refs/main` names. Only names are read here.

use std::path::PathBuf;

/// A tokenizer's file.
pub struct CachedTokenizer {
    /// The model's owner and name, in small letters.
    pub model: String,
    /// How people are shown it: with the revision.
    pub shown: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Models of a cache that are looked at.
const MOST_MODELS: usize = 10_000;

/// All tokenizers of the cache; none where there is no cache.
pub fn cached_tokenizers() -> Vec<CachedTokenizer> {
    let entries = folder().and_then(|folder| std::fs::read_dir(folder).ok());
    let entries = entries.into_iter().flatten().flatten().take(MOST_MODELS);
    let tokenizer = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let (owner, model) = name.strip_prefix("models--")?.split_once("--")?;
        let revision = std::fs::read_to_string(entry.path().join("refs/main")).ok()?;
        let revision = revision.trim();
        if revision.is_empty() || !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let path = entry.path().join("snapshots").join(revision).join("tokenizer.json");
        path.is_file().then(|| CachedTokenizer {
            model: format!("{owner}/{model}").to_ascii_lowercase(),
            shown: format!("{owner}/{model} at {}", &revision[..revision.len().min(12)]),
            path,
        })
    };
    entries.filter_map(tokenizer).collect()
}

/// The cache's folder, as Hugging Face's own library looks for it.
fn folder() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let hub = variable("HF_HUB_CACHE").or_else(|| variable("HUGGINGFACE_HUB_CACHE"));
    let home = || variable("HF_HOME").map(|home| home.join("hub"));
    let cache = || variable("XDG_CACHE_HOME").map(|cache| cache.join("huggingface/hub"));
    let user = || std::env::home_dir().map(|home| home.join(".cache/huggingface/hub"));
    hub.or_else(home).or_else(cache).or_else(user)
}
