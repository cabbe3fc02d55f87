//! NVIDIA's Triton: what it serves stands in its model repository, so that a launch tells little more than that it runs.

use super::image::{self, Image};
use super::stated::{Stated, program};
use super::{Build, EngineKind, Parser, Serving, Table, Version};
use crate::units::{Field, Launch};

/// No flags are listed: those that are read all take a value.
static FLAGS: Table = Table::new("", Parser::Exact);

/// What a launch starts, where it starts Triton: `tritonserver`, or the script that starts one a GPU for TensorRT-LLM.
pub(super) fn recognise(launch: &Launch, image: &Field<String>) -> Option<Serving> {
    let (arguments, script) = match program(launch, &["tritonserver"]) {
        Some(at) => (at + 1, false),
        None => (program(launch, &["launch_triton_server.py"])? + 1, true),
    };
    let stated = Stated::read(launch, arguments, 0, &FLAGS, &Field::default());
    let repository = stated.text(&["--model-repository", "--model-store", "--model-repo"], &[]);
    let named = repository.known().is_some();
    // `tritonserver --help` and the like serve nothing.
    if !named && repository.is_absent() && !script {
        return None;
    }
    let tag = Image::parse(image.known().map_or("", String::as_str)).tag;
    let for_tensorrt_llm = script || tag.is_some_and(|tag| tag.contains("trtllm"));
    let why = match repository.known() {
        Some(folder) => format!("it stands in Triton's model repository `{folder}`"),
        None => "it stands in Triton's model repository".to_owned(),
    };
    Some(Serving {
        version: match version(image) {
            Field::Known(_, place) if for_tensorrt_llm => Field::Unknown(
                "the tag tells Triton's release, not TensorRT-LLM's".to_owned(),
                Some(place),
            ),
            version => version,
        },
        model: Field::Unknown(why.clone(), repository.place().or(stated.place())),
        tensor_parallel: match stated.whole(&["--world-size"], &[]) {
            Field::Absent(_) => Field::Unknown(why, stated.place()),
            ranks => ranks,
        },
        ..Serving::new(if for_tensorrt_llm {
            EngineKind::TensorRtLlm
        } else {
            EngineKind::Triton
        })
    })
}

/// `24.07-trtllm-python-py3` is release 24.7.
fn version(image: &Field<String>) -> Field<Version> {
    let own = |image: &Image<'_>| image.name.starts_with("tritonserver");
    image::version(image, "Triton", own, |tag| Some((Version::parse(tag)?, Build::Other))).0
}

#[cfg(test)]
mod tests {
    use super::super::tests::{image, launch};
    use super::*;

    #[test]
    fn the_server_and_the_script_are_recognised() {
        let line = launch(&["tritonserver", "--model-repository=s3://models"]);
        let serving = recognise(&line, &image("nvcr.io/nvidia/tritonserver:24.07-py3")).expect("Triton");
        assert_eq!(serving.engine, EngineKind::Triton);
        assert_eq!(serving.version.known(), Some(&Version::new(24, 7, 0)));
        assert!(matches!(serving.model, Field::Unknown(..)));
        let line = launch(&[
            "python3",
            "/opt/scripts/launch_triton_server.py",
            "--world_size=2",
            "--model_repo=/m",
        ]);
        let from = image("nvcr.io/nvidia/tritonserver:24.07-trtllm-python-py3");
        let serving = recognise(&line, &from).expect("Triton");
        assert_eq!(serving.engine, EngineKind::TensorRtLlm);
        assert_eq!(serving.tensor_parallel.known(), Some(&2));
        assert!(matches!(serving.version, Field::Unknown(..)));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for line in [&["tritonserver", "--help"][..], &["perf_analyzer", "-m", "x"], &[]] {
            let from = image("nvcr.io/nvidia/tritonserver:24.07-py3");
            assert!(recognise(&launch(line), &from).is_none(), "{line:?}");
        }
    }
}
