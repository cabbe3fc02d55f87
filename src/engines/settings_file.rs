//! Files of settings that a command line names: `vllm serve --config`, SGLang's `--config`, TensorRT-LLM's
//! `--extra_llm_api_options`. Their settings become words of the line.

use std::ops::Range;

use super::{EngineKind, recognise, resolved};
use crate::source::Place;
use crate::syntax::args::Word;
use crate::units::{Field, Launch};

/// A file of settings that a launch names.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    /// Which engine reads it.
    pub engine: EngineKind,
    /// The path as written.
    pub path: String,
    /// Where it is named.
    pub place: Place,
    /// The words that name it.
    words: Range<usize>,
}

/// The file of settings that a launch names, where it names one that can be told.
pub fn settings_file(launch: &Launch, image: &Field<String>) -> Option<SettingsFile> {
    let named = |word: &Word| {
        let text = resolved(word).ok()?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let ours = matches!(name.replace('_', "-").as_str(), "--config" | "--extra-llm-api-options");
        ours.then_some(value)
    };
    let (at, value) = launch
        .words
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, word)| Some((at, named(word)?)))?;
    let engine = recognise(launch, image)?.engine;
    if !matches!(engine, EngineKind::Vllm | EngineKind::Sglang | EngineKind::TensorRtLlm) {
        return None;
    }
    let (path, words) = match value {
        Some(path) => (path, at..at + 1),
        None => (resolved(launch.words.get(at + 1)?).ok()?.to_owned(), at..at + 2),
    };
    Some(SettingsFile {
        engine,
        path,
        place: launch.words[words.end - 1].place,
        words,
    })
}

/// Puts a file's settings in the place of the words that name it. TensorRT-LLM lets the file override the line, the
/// others the line override the file; the last of two flags is the one that counts.
pub fn take_settings(launch: &mut Launch, file: &SettingsFile, settings: &[Word]) {
    launch.words.drain(file.words.clone());
    let is_flag = |word: &Word| {
        word.value
            .as_deref()
            .is_ok_and(|text| text.starts_with('-') && text != "-m")
    };
    let at = match file.engine {
        EngineKind::TensorRtLlm => launch.words.len(),
        _ => launch.words.iter().position(is_flag).unwrap_or(launch.words.len()),
    };
    launch.words.splice(at..at, settings.iter().cloned());
}

#[cfg(test)]
mod tests {
    use super::super::tests::launch;
    use super::*;

    fn joined(line: &[&str], settings: &[&str]) -> super::super::Serving {
        let mut launched = launch(line);
        let file = settings_file(&launched, &Field::default()).expect("it names a file");
        assert_eq!(file.path, "conf/x.yaml");
        take_settings(&mut launched, &file, &launch(settings).words);
        recognise(&launched, &Field::default()).expect("still an engine")
    }

    #[test]
    fn the_line_goes_before_vllms_file_and_tensorrt_llms_file_before_the_line() {
        let settings = &["--max-model-len", "4096", "--max-num-seqs", "8"];
        let line = &[
            "vllm",
            "serve",
            "org/m",
            "--config",
            "conf/x.yaml",
            "--max-num-seqs",
            "64",
        ];
        let serving = joined(line, settings);
        assert_eq!(serving.model.known().map(String::as_str), Some("org/m"));
        assert_eq!(serving.max_model_len.known(), Some(&4096));
        assert_eq!(serving.max_num_seqs.known(), Some(&64));
        // What neither says is absent, and not unknown any more.
        assert!(serving.dtype.is_absent());

        let line = &[
            "trtllm-serve",
            "org/m",
            "--extra_llm_api_options=conf/x.yaml",
            "--max_batch_size",
            "64",
        ];
        let serving = joined(line, &["--max_batch_size", "8"]);
        assert_eq!(serving.max_num_seqs.known(), Some(&8));
    }

    #[test]
    fn a_file_that_cannot_be_told_is_none() {
        for line in [
            &["vllm", "serve", "m", "--config"][..],
            &["vllm", "serve", "m", "--config", "$CONFIG"],
            &["llama-server", "--config", "x.yaml"],
            &["vllm", "serve", "m"],
        ] {
            assert!(settings_file(&launch(line), &Field::default()).is_none(), "{line:?}");
        }
    }
}
