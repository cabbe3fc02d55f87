//! LMDeploy: `lmdeploy serve api_server`. Source: `lmdeploy/cli/serve.py` and `lmdeploy/messages.py` of the releases
//! 0.2.0 to 0.18.0.

use rust_decimal::Decimal;

use super::image::{self, Image};
use super::stated::{Stated, program, word};
use super::{Build, EngineKind, Parser, Serving, Table, Version, release_of};
use crate::units::{Field, Launch};

/// Its flags in releases 0.3 to 0.18.
pub(super) static FLAGS: Table = Table::new(include_str!("lmdeploy/flags.tsv"), Parser::Argparse);

/// What a launch starts, where it starts the server.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let at = program(launch, &["lmdeploy"])?;
    let serves = word(launch, at + 1) == Some("serve") && matches!(word(launch, at + 2), Some("api_server" | "gradio"));
    if !serves {
        return None;
    }
    let (version, build) = version(launch, image);
    let stated = Stated::read(launch, at + 3, 1, &FLAGS, &version);
    let cache = stated.decimal(&["--cache-max-entry-count"], &[]);
    Some(Serving {
        version,
        model: stated
            .operand(0)
            .unwrap_or(Field::Absent(stated.place().map(|place| (place, None)))),
        served_model_name: stated.text(&["--model-name"], &[]),
        tensor_parallel: stated.whole(&["--tp"], &[]),
        data_parallel: stated.whole(&["--dp"], &[]),
        dtype: stated.text(&["--dtype"], &[]),
        quantization: stated.text(&["--model-format"], &[]),
        kv_cache_dtype: stated.text(&["--quant-policy"], &[]),
        max_model_len: stated.whole(&["--session-len"], &[]),
        max_num_seqs: stated.whole(&["--max-batch-size"], &[]),
        max_prefill_tokens: stated.whole(&["--max-prefill-token-num"], &[]),
        kv_memory_fraction: cache.and_then(|share| {
            // Above 1 it counts blocks.
            if share <= Decimal::ONE {
                Ok(share)
            } else {
                Err(format!("{share} is a number of blocks, not a share"))
            }
        }),
        block_size: stated.whole(&["--cache-block-seq-len"], &[]),
        enforce_eager: stated.switch("--eager-mode", &[]),
        enable_prefix_caching: stated.switch("--enable-prefix-caching", &[]),
        hf_overrides: stated.text(&["--hf-overrides"], &[]),
        speculative: stated.text(&["--speculative-algorithm"], &[]),
        draft_model: stated.text(&["--speculative-draft-model"], &[]),
        enable_lora: match stated.text(&["--adapters"], &[]) {
            Field::Known(_, place) => Field::Known(true, place),
            Field::Absent(slot) => Field::Absent(slot),
            Field::Unknown(why, place) => Field::Unknown(why, place),
        },
        trust_remote_code: stated.switch("--trust-remote-code", &[]),
        revision: stated.text(&["--revision"], &[]),
        language_model_only: stated.switch("--language-model-only", &[]),
        attention_backend: stated.text(&["--backend"], &[]),
        api_key: stated.text(&["--api-keys"], &[]),
        listen: stated.text(&["--server-name"], &[]),
        flags: stated.flags.written(),
        build,
        ..Serving::new(EngineKind::Lmdeploy)
    })
}

/// `openmmlab/lmdeploy:v0.9.2-cu12`.
fn version(launch: &Launch, image: &Field<String>) -> (Field<Version>, Build) {
    if let Some(pinned) = super::pinned(launch, "lmdeploy") {
        return pinned;
    }
    let own = |image: &Image<'_>| image.name == "lmdeploy" && image.is_by("openmmlab");
    image::version(image, "LMDeploy", own, |tag| {
        Some((Version::parse(tag)?, release_of(tag)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch};
    use super::*;

    #[test]
    fn the_server_is_recognised() {
        let line = [
            "lmdeploy",
            "serve",
            "api_server",
            "org/m",
            "--tp",
            "2",
            "--cache-max-entry-count",
            "0.5",
        ];
        let serving = recognise(&launch(&line), &image("openmmlab/lmdeploy:v0.9.2-cu12")).expect("LMDeploy");
        assert_eq!(serving.model.known().map(String::as_str), Some("org/m"));
        assert_eq!(serving.tensor_parallel.known(), Some(&2));
        assert_eq!(serving.kv_memory_fraction.known(), Some(&Decimal::new(5, 1)));
        assert_eq!(serving.version.known(), Some(&Version::new(0, 9, 2)));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for line in [
            &["lmdeploy", "serve", "proxy"][..],
            &["lmdeploy", "lite", "auto_awq", "org/m"],
            &["lmdeploy", "chat", "org/m"],
            &[],
        ] {
            assert!(
                recognise(&launch(line), &image("openmmlab/lmdeploy:v0.9.2")).is_none(),
                "{line:?}"
            );
        }
    }
}
