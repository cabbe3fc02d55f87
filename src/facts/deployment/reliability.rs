//! Facts about what may change, fail or be reached by others without anybody having chosen so.

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, Value, of_field, of_result, text};
use crate::engines::{self, EngineKind};
use crate::units::{EnvValue, Field};

/// Variables that give a server the key that clients must show.
const KEY_VARIABLES: &[&str] = &["VLLM_API_KEY", "API_KEY", "LLAMA_API_KEY", "INFINITY_API_KEY"];

impl DeploymentFacts<'_> {
    /// What lets the image change under the same name.
    fn moving_image(&self) -> Fact {
        let image = &self.deployment.image;
        let value = match image {
            Field::Known(written, _) if self.serving.is_some() => match engines::moving_tag(written) {
                Some(tag) => Known::Yes(text(&tag)),
                None => Known::Absent,
            },
            Field::Unknown(why, _) => Known::Unknown(why.as_str().into()),
            _ => Known::Absent,
        };
        Fact::of(value).at(image.place())
    }

    /// Whether the model is a repository on a hub, not a folder.
    pub(super) fn is_on_hub(&self) -> Result<Option<bool>, String> {
        match self.model_name() {
            Field::Known(name, _) => Ok(Some(is_repository(&name))),
            Field::Absent(_) => Ok(None),
            Field::Unknown(why, _) => Err(why),
        }
    }

    /// Whether clients must show a key, as far as the engine can ask for one.
    fn asks_for_key(&self) -> Result<Option<bool>, String> {
        let Some(serving) = &self.serving else {
            return Ok(None);
        };
        if !matches!(
            serving.engine,
            EngineKind::Vllm | EngineKind::Sglang | EngineKind::Tgi | EngineKind::Tei | EngineKind::LlamaCpp
        ) {
            return Ok(None);
        }
        if let Field::Unknown(why, _) = &serving.api_key {
            return Err(why.clone());
        }
        let flag =
            |(name, _): &(String, _)| name.starts_with("--api-key") || name == "--config" || name == "--middleware";
        if serving.api_key.known().is_some() || serving.flags.iter().any(flag) {
            return Ok(Some(true));
        }
        let mut variables = self.deployment.launch.env.iter();
        let stated = variables.find(|(name, _)| KEY_VARIABLES.contains(&name.as_str()));
        Ok(Some(match stated {
            Some((_, EnvValue::Known(key, _))) => !key.as_str().is_empty(),
            Some((_, EnvValue::Unknown(..))) => true,
            None => false,
        }))
    }
}

/// Whether a model's name is `owner/repository` on a hub: not a path, not a bucket's address.
fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    // Folders that launches name as if they were owners.
    let is_folder = |owner: &str| {
        matches!(
            owner,
            "models" | "model" | "checkpoints" | "mnt" | "data" | "workspace" | "tmp"
        )
    };
    match name.split_once('/') {
        Some((owner, repository)) => is_part(owner) && is_part(repository) && !is_folder(owner),
        None => false,
    }
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.moving_image",
        ty: Type::Str,
        unit: "",
        about: "what lets the image change under the same name: no tag, or one that moves (`latest`, `nightly`)",
        get: |facts| facts.moving_image(),
    },
    Row {
        name: "deployment.model_is_on_hub",
        ty: Type::Bool,
        unit: "",
        about: "whether the model is a repository on a hub, not a folder or a bucket",
        get: |facts| {
            let place = facts.model_name().place();
            of_result(facts.is_on_hub(), Value::Bool).at(place)
        },
    },
    Row {
        name: "deployment.revision",
        ty: Type::Str,
        unit: "",
        about: "the model's revision, where the command line says so",
        get: |facts| of_field(facts.serving(|serving| &serving.revision), |revision| text(revision)),
    },
    Row {
        name: "deployment.trust_remote_code",
        ty: Type::Bool,
        unit: "",
        about: "whether code that stands beside the weights may run, where the command line says so",
        get: |facts| {
            of_field(facts.serving(|serving| &serving.trust_remote_code), |on| {
                Value::Bool(*on)
            })
        },
    },
    Row {
        name: "deployment.asks_for_key",
        ty: Type::Bool,
        unit: "",
        about: "whether the engine asks its clients for a key",
        get: |facts| of_result(facts.asks_for_key(), Value::Bool),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_buckets_are_no_repositories() {
        assert!(is_repository("Qwen/Qwen2.5-7B-Instruct"));
        for other in [
            "/models/qwen",
            "./qwen",
            "s3://bucket/qwen",
            "models/qwen",
            "qwen",
            "a/b/c",
            "$(MODEL)/x",
            "~/x",
        ] {
            assert!(!is_repository(other), "{other}");
        }
    }
}
