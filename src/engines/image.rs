//! Container images by name: whose they are, and which release their tag tells.

use super::{Build, Version};
use crate::units::Field;

/// The parts of an image's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Image<'a> {
    /// Registry and folders in front of the name; empty where there are none.
    pub owner: &'a str,
    /// The last part of the path.
    pub name: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// Whether a digest says which image it is.
    pub digest: bool,
}

impl<'a> Image<'a> {
    /// Reads `registry:5000/owner/name:tag@sha256:…`.
    pub(super) fn parse(written: &'a str) -> Self {
        let (path, digest) = match written.split_once('@') {
            Some((path, _)) => (path, true),
            None => (written, false),
        };
        let (owner, rest) = path.rsplit_once('/').unwrap_or(("", path));
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        Self {
            owner,
            name,
            tag,
            digest,
        }
    }

    /// Whether `owner` is, or ends with, this path.
    pub(super) fn is_by(&self, owner: &str) -> bool {
        self.owner
            .strip_suffix(owner)
            .is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }
}

/// The release in the name of an image that Google makes of Hugging Face's engines:
/// `huggingface-text-generation-inference-cu124.2-4.ubuntu2204.py311` is 2.4.
pub(super) fn release_in_name(name: &str) -> Option<Version> {
    let (_, rest) = name.strip_prefix("huggingface-text-")?.split_once('.')?;
    Version::parse(&rest.split('.').next()?.replace('-', "."))
}

/// The engine's release and whose build it is. `read` looks both up in a tag, `None` where the tag doesn't tell; `own`
/// says whether an image is one that the engine's makers publish.
pub(super) fn version(
    image: &Field<String>,
    engine: &str,
    own: impl Fn(&Image<'_>) -> bool,
    read: impl Fn(&str) -> Option<(Version, Build)>,
) -> (Field<Version>, Build) {
    let (written, place) = match image {
        Field::Known(text, place) => (text, *place),
        Field::Absent(slot) => return (Field::Absent(slot.clone()), Build::Unstated),
        Field::Unknown(why, place) => return (Field::Unknown(why.clone(), *place), Build::Other),
    };
    let image = Image::parse(written);
    let own = own(&image);
    let by = |build| if own { build } else { Build::Other };
    match image.tag {
        Some(tag) => match read(tag).filter(|_| own) {
            Some((version, build)) => (Field::Known(version, place), build),
            None if tag.split('-').any(|part| part == "latest") => {
                (Field::Absent(Some((place, None))), by(Build::Newest))
            }
            None => {
                let why = format!("the tag `{tag}` doesn't tell {engine}'s version");
                (Field::Unknown(why, Some(place)), Build::Other)
            }
        },
        None if image.digest => {
            let why = "the image is named by a digest".to_owned();
            (Field::Unknown(why, Some(place)), by(Build::Unstated))
        }
        None => (Field::Absent(Some((place, None))), by(Build::Newest)),
    }
}

/// What lets an image change under the same name: its tag, or that it has none. `None` where a digest or a tag of a
/// release pins it.
pub fn moving_tag(written: &str) -> Option<String> {
    const MOVING: &[&str] = &["latest", "nightly", "main", "master", "dev", "edge", "stable", "HEAD"];
    // A name that is still to be filled in.
    if written.starts_with('<') {
        return None;
    }
    let image = Image::parse(written);
    // A name that is still to be filled in.
    if written.contains(['<', '$', '{', ' ']) {
        return None;
    }
    let Some(tag) = image.tag else {
        // Without an owner it is built here: no registry has an engine's image under a bare name.
        let named = !image.owner.is_empty() && !image.name.is_empty() && release_in_name(image.name).is_none();
        return (!image.digest && named).then(|| "no tag".to_owned());
    };
    let mut parts = tag.split(['-', '_']);
    // `nightly-<commit>`, `main-20250101`, `nightly-2025-01-01` and `latest-1.2` stay what they are.
    let is_day = |window: &[u8]| {
        let dashes = window[4] == b'-' && window[7] == b'-';
        dashes && window.iter().filter(|byte| byte.is_ascii_digit()).count() == 8
    };
    let stays = tag.as_bytes().windows(10).any(is_day)
        || tag.split(['-', '_', '.']).any(|part| {
            let bytes = part.as_bytes();
            bytes.len() >= 6 && bytes.iter().all(u8::is_ascii_hexdigit) && bytes.iter().any(u8::is_ascii_digit)
        })
        || parts.clone().any(|part| Version::parse(part).is_some());
    (!image.digest && !stays && parts.any(|part| MOVING.contains(&part))).then(|| format!("the tag `{tag}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_tags_and_digests_are_told_apart() {
        let image = Image::parse("registry:5000/team/server:1.2-cuda@sha256:ab");
        assert_eq!(
            (image.owner, image.name, image.tag, image.digest),
            ("registry:5000/team", "server", Some("1.2-cuda"), true)
        );
        assert!(image.is_by("team") && !image.is_by("eam"));
        let google = "huggingface-text-generation-inference-cu124.2-4.ubuntu2204.py311";
        assert_eq!(release_in_name(google), Some(Version::new(2, 4, 0)));
        assert_eq!(release_in_name("huggingface-text-embeddings-inference"), None);
        let image = Image::parse("ollama");
        assert_eq!((image.owner, image.name, image.tag), ("", "ollama", None));
    }

    #[test]
    fn tags_that_move_are_told_from_those_that_stay() {
        for moves in [
            "vllm/vllm-openai",
            "vllm/vllm-openai:latest",
            "vllm/vllm-openai:nightly",
            "tei:89-latest",
        ] {
            assert!(moving_tag(moves).is_some(), "{moves}");
        }
        for stays in [
            "vllm/vllm-openai:v0.8.5",
            "vllm/vllm-openai@sha256:ab",
            "vllm/vllm-openai:latest@sha256:ab",
            "vllm/vllm-openai:nightly-8bed179109f3bc1b5e1c7c5c4b6fca5b2f7cb8ad",
            "localhost:5000/vllm:main-20250101",
            "lmcache/vllm-openai:nightly-2025-08-25",
            "<your-image>",
            "gcr.io/huggingface-text-generation-inference-cu124.2-4.ubuntu2204.py311",
            "<your-image>",
        ] {
            assert_eq!(moving_tag(stays), None, "{stays}");
        }
    }
}
