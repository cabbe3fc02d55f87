//! What Slurm's `srun` and `#SBATCH` lines say of GPUs, nodes and the container.

use super::{Around, told};
use crate::source::Place;
use crate::syntax::args::Word;
use crate::units::{Field, GpuLabel};

/// One option of `srun` or of a `#SBATCH` line; gives how many words it takes.
pub(in crate::formats) fn option(words: &[Word], at: usize, around: &mut Around) -> usize {
    let written = told(words, at);
    let (name, value, taken) = match written.split_once('=') {
        Some((name, value)) if name.starts_with("--") => (name, Ok(value), 1),
        _ => {
            let valued = matches!(
                written,
                "-N" | "-n" | "-G" | "-c" | "-p" | "-t" | "-A" | "-J" | "-o" | "-e" | "-w" | "-x" | "-q" | "-C" | "-D"
            ) || matches!(
                written,
                "--gres"
                    | "--gpus"
                    | "--gpus-per-node"
                    | "--gpus-per-task"
                    | "--nodes"
                    | "--ntasks"
                    | "--ntasks-per-node"
                    | "--cpus-per-task"
                    | "--mem"
                    | "--partition"
                    | "--time"
                    | "--account"
                    | "--job-name"
                    | "--output"
                    | "--error"
                    | "--nodelist"
                    | "--exclude"
                    | "--container-image"
                    | "--container-mounts"
                    | "--container-name"
                    | "--container-workdir"
                    | "--export"
                    | "--mpi"
                    | "--qos"
                    | "--constraint"
                    | "--chdir"
                    | "--jobid"
            );
            // `--gres=$X` is split into the option and what can't be told.
            let unknown = written.starts_with("--") && words.get(at + 1).is_some_and(|word| word.value.is_err());
            if !valued && !unknown {
                return 1;
            }
            let value = words.get(at + 1).map_or(Err(String::new()), |word| word.value.clone());
            match value {
                Ok(_) => (written, Ok(told(words, at + 1)), 2),
                Err(why) => (written, Err(why), 2),
            }
        }
    };
    let Some(word) = words.get(at + taken - 1) else {
        return taken;
    };
    let place = word.place;
    match name {
        "--gres" | "--gpus" | "--gpus-per-node" | "-G" => {
            let total = matches!(name, "--gpus" | "-G");
            match value {
                Ok(value) => gpus(value, total, place, around),
                Err(why) => around.gpu.count = Field::Unknown(why, Some(place)),
            }
        }
        "--nodes" | "-N" => {
            around.nodes = match value.map(str::parse) {
                Ok(Ok(nodes)) => Field::Known(nodes, place),
                Ok(Err(_)) => Field::Unknown("not a number of nodes".to_owned(), Some(place)),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--container-image" => {
            around.image = match value {
                Ok(value) => Field::Known(value.replace('#', "/"), place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
            let why = "what the container gets of the host's shared memory is not said here";
            around.host.shared_memory = Field::Unknown(why.to_owned(), Some(place));
        }
        _ => {}
    }
    taken
}

/// `gpu:a100:4`, `gpu:4`, `a100:4`, `4`.
fn gpus(value: &str, total: bool, place: Place, around: &mut Around) {
    let value = value
        .strip_prefix("gpu")
        .map_or(value, |rest| rest.trim_start_matches(':'));
    let (kind, count) = match value.rsplit_once(':') {
        Some((kind, count)) => (Some(kind), count),
        None if value.parse::<u64>().is_ok() => (None, value),
        None if value.is_empty() => (None, "1"),
        None => (Some(value), "1"),
    };
    around.gpu.count = match count.parse() {
        Ok(count) if !total || around.nodes.is_absent() || around.nodes.known() == Some(&1) => {
            Field::Known(count, place)
        }
        Ok(_) => Field::Unknown(
            "how they spread over the nodes is not said here".to_owned(),
            Some(place),
        ),
        Err(_) => Field::Unknown(format!("`{value}` is not a number of GPUs"), Some(place)),
    };
    around.gpu.labels = kind
        .filter(|kind| !kind.is_empty() && !kind.contains(','))
        .map(|kind| (GpuLabel::Product(kind.to_owned()), place))
        .into_iter()
        .collect();
}
