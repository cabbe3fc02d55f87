//! Infinity, a server of embeddings and rerankers. Source: `infinity_emb/cli.py` and `infinity_emb/env.py` of release
//! 0.0.78: each flag of `v2` has an `INFINITY_` variable; a list stands in the variable with `;` between.

use super::image::{self, Image};
use super::stated::{Stated, program, word};
use super::{Build, EngineKind, Parser, Serving, Table, Version, truth};
use crate::units::{Field, Launch};

/// Its flags in release 0.0.78, the only one that was read.
pub(super) static FLAGS: Table = Table::new(include_str!("infinity/flags.tsv"), Parser::Exact);

/// What a launch starts, where it starts the server.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let written = Image::parse(image.known().map_or("", String::as_str));
    let own = is_own(&written);
    let command = match program(launch, &["infinity_emb"]) {
        Some(at) => at + 1,
        None if own => 0,
        None => return None,
    };
    let arguments = match word(launch, command) {
        Some("v1" | "v2") => command + 1,
        None if own && command == 0 && launch.words.is_empty() => 0,
        _ => return None,
    };
    let (version, build) = version(image);
    let stated = Stated::read(launch, arguments, 0, &FLAGS, &version);
    let models = ["--model-id"];
    let model = if stated.count(&models) > 1 {
        Field::Unknown(
            "several models are served".to_owned(),
            stated.flags.text(&models).place(),
        )
    } else {
        one(stated.text(&models, &["INFINITY_MODEL_ID"]))
    };
    Some(Serving {
        version,
        model,
        served_model_name: one(stated.text(&["--served-model-name"], &["INFINITY_SERVED_MODEL_NAME"])),
        dtype: one(stated.text(&["--dtype"], &["INFINITY_DTYPE"])),
        max_num_seqs: one(stated.text(&["--batch-size"], &["INFINITY_BATCH_SIZE"]))
            .and_then(|text| super::stated::plain(&text)),
        trust_remote_code: match stated.flags.switch("--trust-remote-code") {
            Field::Absent(slot) => match one(stated.env(&["INFINITY_TRUST_REMOTE_CODE"])).and_then(|text| truth(&text))
            {
                Field::Absent(_) => Field::Absent(slot),
                stated => stated,
            },
            stated => stated,
        },
        revision: one(stated.text(&["--revision"], &["INFINITY_REVISION"])),
        api_key: stated.text(&["--api-key"], &["INFINITY_API_KEY"]),
        listen: stated.text(&["--host"], &["INFINITY_HOST"]),
        on_cpu: own && written.tag.is_some_and(|tag| tag.ends_with("-cpu"))
            || one(stated.text(&["--device"], &["INFINITY_DEVICE"]))
                .known()
                .is_some_and(|device| device == "cpu"),
        flags: stated.flags.written(),
        build,
        ..Serving::new(EngineKind::Infinity)
    })
}

/// The only entry of a list; several can't be told apart.
fn one(list: Field<String>) -> Field<String> {
    list.and_then(|text| {
        let text = text.trim_end_matches(';');
        if text.contains(';') {
            Err("several models are served".to_owned())
        } else {
            Ok(text.to_owned())
        }
    })
}

fn is_own(image: &Image<'_>) -> bool {
    image.name == "infinity" && image.is_by("michaelf34")
}

/// `0.0.77`, `0.0.76-amd`. Only one release was read, so that a flag is only said to be wrong where it is nearly one.
fn version(image: &Field<String>) -> (Field<Version>, Build) {
    let (version, _) = image::version(image, "Infinity", is_own, |tag| {
        Some((Version::parse(tag)?, Build::Other))
    });
    (version, Build::Other)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch, with_env};
    use super::*;

    const IMAGE: &str = "michaelf34/infinity:0.0.77";

    #[test]
    fn the_server_and_its_image_are_recognised() {
        for line in [
            &["infinity_emb", "v2", "--model-id", "BAAI/bge-m3"][..],
            &["v2", "--model-id", "BAAI/bge-m3", "--port", "7997"],
            &["v1", "--model-name-or-path", "BAAI/bge-m3"],
        ] {
            let serving = recognise(&launch(line), &image(IMAGE)).expect("Infinity");
            assert_eq!(
                serving.model.known().map(String::as_str),
                Some("BAAI/bge-m3"),
                "{line:?}"
            );
        }
        let line = with_env(
            &[],
            &[("INFINITY_MODEL_ID", "BAAI/bge-m3;"), ("INFINITY_BATCH_SIZE", "64;")],
        );
        let serving = recognise(&line, &image(IMAGE)).expect("Infinity");
        assert_eq!(serving.model.known().map(String::as_str), Some("BAAI/bge-m3"));
        assert_eq!(serving.max_num_seqs.known(), Some(&64));
        let two = launch(&["v2", "--model-id", "a/b", "--model-id", "c/d"]);
        assert!(matches!(
            recognise(&two, &image(IMAGE)).expect("Infinity").model,
            Field::Unknown(..)
        ));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for (line, from) in [
            (&["sleep", "infinity"][..], "ubuntu"),
            (&["v2", "--model-id", "a/b"], "infiniflow/infinity:0.5"),
            (&["infinity_emb", "--help"], IMAGE),
        ] {
            assert!(recognise(&launch(line), &image(from)).is_none(), "{line:?} {from}");
        }
    }
}
