//! Ollama: its server by environment variables, a model by the instructions of its Modelfile. Source: `envconfig/config.go`, `server/sched.go`, `server/routes.go` of
//! the releases 0.1.48 to 0.32.15.

use super::image::{self, Image};
use super::stated::{Stated, program};
use super::{Build, EngineKind, Serving, Version, truth};
use crate::syntax::args::Word;
use crate::units::{Field, Launch};

/// What a launch starts, where it starts Ollama's server. The model is named by the requests, not by the launch; where
/// one is pulled for the server, the format writes it behind `serve` as a Modelfile does: `FROM model`.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = Image::parse(image.known().map_or("", String::as_str));
    let own = is_own(&written);
    let serves = |at: usize| super::stated::word(launch, at) == Some("serve");
    let starts = match program(launch, &["ollama"]) {
        Some(at) if super::stated::word(launch, at + 1) == Some("create") => return model(launch, at + 2),
        Some(at) => serves(at + 1),
        None => own && (launch.words.is_empty() || (serves(0) && launch.words.len() == 1)),
    };
    if !starts {
        return None;
    }
    let stated = Stated::environment(launch);
    // Ollama takes quotes and spaces off its variables.
    let env = |name: &str| {
        stated
            .env(&[name])
            .and_then(|text| Ok(text.trim().trim_matches(['"', '\'']).to_owned()))
    };
    let whole = |name: &str| env(name).and_then(|text| super::stated::plain(&text));
    Some(Serving {
        version: image::version(image, "Ollama", is_own, |tag| {
            Some((Version::parse(tag)?, Build::Release))
        })
        .0,
        model: match program(launch, &["ollama"]).and_then(|at| from(launch, at + 2)) {
            Some(model) => model,
            None => Field::Absent(stated.place().map(|place| (place, None))),
        },
        max_model_len: whole("OLLAMA_CONTEXT_LENGTH"),
        max_num_seqs: whole("OLLAMA_NUM_PARALLEL"),
        kv_cache_dtype: env("OLLAMA_KV_CACHE_TYPE"),
        flash_attention: env("OLLAMA_FLASH_ATTENTION").and_then(|text| {
            // What isn't a truth value counts as true.
            Ok(if truth(&text).unwrap_or(true) { "on" } else { "off" }.to_owned())
        }),
        listen: env("OLLAMA_HOST"),
        on_cpu: written.name == "ollama" && written.is_by("alpine"),
        ..Serving::new(EngineKind::Ollama)
    })
}

/// What the instructions of a Modelfile say: `FROM model PARAMETER num_ctx 8192 …`. `ollama create -f FILE` alone says
/// nothing of the model.
fn model(launch: &Launch, at: usize) -> Option<Serving> {
    let model = from(launch, at)?;
    let stated = |at: usize| stated(launch, at);
    let parameter = |name: &str| {
        let at = (at..launch.words.len()).rfind(|at| {
            super::stated::word(launch, *at) == Some("PARAMETER") && super::stated::word(launch, at + 1) == Some(name)
        });
        at.and_then(|at| stated(at + 2))
            .unwrap_or_else(|| Field::Absent(launch.slot.place().map(|place| (place, None))))
    };
    let whole = |name: &str| parameter(name).and_then(|text| super::stated::plain(&text));
    Some(Serving {
        model,
        max_model_len: whole("num_ctx"),
        micro_batch: whole("num_batch"),
        gpu_layers: match parameter("num_gpu") {
            // Below zero Ollama chooses.
            Field::Known(text, place) if text.starts_with('-') => Field::Absent(Some((place, None))),
            layers => layers.and_then(|text| super::stated::plain(&text)),
        },
        ..Serving::new(EngineKind::Ollama)
    })
}

/// A word of the launch, or why it can't be told.
fn stated(launch: &Launch, at: usize) -> Option<Field<String>> {
    let word = launch.words.get(at)?;
    Some(match super::resolved(word) {
        Ok(text) => Field::Known(text.to_owned(), word.place),
        Err(why) => Field::Unknown(why, Some(word.place)),
    })
}

/// The model of `FROM model`.
fn from(launch: &Launch, at: usize) -> Option<Field<String>> {
    (super::stated::word(launch, at) == Some("FROM")).then(|| stated(launch, at + 1))?
}

/// The one model that commands pull or run, `ollama pull llama3.1:8b`; of several it can't be told which is served when.
pub(crate) fn pulled<'w>(commands: impl Iterator<Item = &'w [Word]>) -> Option<Word> {
    let mut found: Option<Word> = None;
    for words in commands {
        let told = |at: usize| words.get(at).and_then(|word| word.value.as_deref().ok());
        let starts = (0..words.len()).filter(|at| {
            told(*at).is_some_and(|text| super::base_name(text) == "ollama")
                && matches!(told(at + 1), Some("pull" | "run"))
        });
        for at in starts {
            let model = words[at + 2..].iter().find(|word| {
                let text = word.value.as_deref();
                text.map_or(true, |text| !text.starts_with('-'))
            });
            match (model, &found) {
                (None, _) => {}
                (Some(model), None) => found = Some(model.clone()),
                (Some(model), Some(first)) if model.value == first.value => {}
                (Some(_), Some(_)) => return None,
            }
        }
    }
    found
}

/// Writes the model that is pulled for the server behind `serve`, where the launch starts it.
pub(crate) fn serve(launch: &mut Launch, image: &Field<String>, model: &Word) {
    let is_server = recognise(launch, image).is_some_and(|serving| serving.model.is_absent());
    if !is_server {
        return;
    }
    let place = model.place;
    let word = |text: &str| Word {
        value: Ok(text.to_owned()),
        place,
    };
    match program(launch, &["ollama"]) {
        Some(_) => {}
        None if launch.words.is_empty() => launch.words.extend([word("ollama"), word("serve")]),
        None => launch.words.insert(0, word("ollama")),
    }
    launch.words.extend([word("FROM"), model.clone()]);
}

/// Images whose entry point is the server.
fn is_own(image: &Image<'_>) -> bool {
    image.name == "ollama" && (image.owner.is_empty() || image.is_by("ollama") || image.is_by("alpine"))
}

/// What a release does where the launch doesn't say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// Tokens a request.
    pub context: u64,
    /// Requests at a time, where memory allows; less where not.
    pub parallel: u64,
    /// Whether it is fixed, and not tried downwards until the model fits.
    pub parallel_fixed: bool,
}

/// The newest release that was read.
pub const NEWEST: Version = Version::new(0, 32, 15);

impl Defaults {
    /// The defaults of a release on GPUs of `memory_gib` together.
    ///
    /// Context: 2,048 to 0.6.6, 4,096 to 0.15.4, from 0.15.5 on 4,096, from 23 GiB 32,768, from 47 GiB 262,144
    /// (`server/routes.go`). Parallel: 1 to 0.1.48, tried from 4 from 0.2, from 2 from 0.6.7, 1 from 0.10 on.
    pub fn of(version: Version, memory_gib: f64) -> Self {
        let context = if version < Version::new(0, 6, 7) {
            2048
        } else if version < Version::new(0, 15, 5) || memory_gib < 23.0 {
            4096
        } else if memory_gib < 47.0 {
            32_768
        } else {
            262_144
        };
        let (parallel, parallel_fixed) = if version < Version::new(0, 2, 0) || version >= Version::new(0, 10, 0) {
            (1, true)
        } else if version < Version::new(0, 6, 7) {
            (4, false)
        } else {
            (2, false)
        };
        Self {
            context,
            parallel,
            parallel_fixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch, with_env};
    use super::*;

    #[test]
    fn a_pulled_model_is_served() {
        let line = |words: &[&str]| launch(words).words;
        for (words, from, pulls, model) in [
            (
                &["ollama", "serve"][..],
                "ubuntu",
                &[&["ollama", "pull", "qwen2.5:7b"][..]][..],
                Some("qwen2.5:7b"),
            ),
            (
                &[],
                "ollama/ollama:0.5.7",
                &[&["docker", "exec", "-it", "o", "ollama", "run", "phi3"]],
                Some("phi3"),
            ),
            (
                &["serve"],
                "ollama/ollama:0.5.7",
                &[&["/bin/ollama", "pull", "--insecure", "phi3"]],
                Some("phi3"),
            ),
            (
                &["ollama", "serve"],
                "x",
                &[&["ollama", "pull", "a"], &["ollama", "pull", "b"]],
                None,
            ),
            (&["ollama", "serve"], "x", &[&["ollama", "list"]], None),
        ] {
            let commands: Vec<Vec<Word>> = pulls.iter().map(|words| line(words)).collect();
            let mut starts = launch(words);
            if let Some(found) = pulled(commands.iter().map(Vec::as_slice)) {
                serve(&mut starts, &image(from), &found);
            }
            let serving = recognise(&starts, &image(from)).expect("Ollama");
            assert_eq!(serving.model.known().map(String::as_str), model, "{words:?} {pulls:?}");
        }
    }

    #[test]
    fn the_server_and_its_image_are_recognised() {
        for (line, from) in [
            (&["ollama", "serve"][..], "ubuntu"),
            (&["/bin/ollama", "serve"], "x"),
            (&["serve"], "ollama/ollama:0.5.7"),
            (&[], "docker.io/ollama/ollama:0.5.7-rocm"),
        ] {
            let serving = recognise(&launch(line), &image(from)).expect("Ollama");
            assert!(serving.model.is_absent(), "{line:?}");
        }
        let line = with_env(
            &[],
            &[("OLLAMA_NUM_PARALLEL", "\"4\""), ("OLLAMA_FLASH_ATTENTION", "1")],
        );
        let serving = recognise(&line, &image("ollama/ollama:0.11.4")).expect("Ollama");
        assert_eq!(serving.max_num_seqs.known(), Some(&4));
        assert_eq!(serving.flash_attention.known().map(String::as_str), Some("on"));
        assert_eq!(serving.version.known(), Some(&Version::new(0, 11, 4)));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for (line, from) in [
            (&["ollama", "pull", "llama3"][..], "ollama/ollama"),
            (&["pull", "llama3"], "ollama/ollama"),
            (&["sleep", "1"], "ollama/ollama"),
            (&[], "ghcr.io/open-webui/open-webui:ollama"),
            (&[], "me/ollama-proxy"),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?} {from}");
        }
    }

    #[test]
    fn defaults_change_where_the_releases_do() {
        let of = |minor, patch, gib| Defaults::of(Version::new(0, minor, patch), gib);
        assert_eq!((of(6, 6, 80.0).context, of(6, 6, 80.0).parallel), (2048, 4));
        assert_eq!((of(6, 7, 80.0).context, of(6, 7, 80.0).parallel), (4096, 2));
        assert_eq!((of(10, 0, 80.0).context, of(10, 0, 80.0).parallel), (4096, 1));
        assert_eq!(of(15, 4, 80.0).context, 4096);
        assert_eq!(
            [
                of(15, 5, 16.0).context,
                of(15, 5, 24.0).context,
                of(15, 5, 79.0).context
            ],
            [4096, 32_768, 262_144]
        );
    }
}
