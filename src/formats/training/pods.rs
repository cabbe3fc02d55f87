//! Training in pods: the command of a container in any pod template, of Kubeflow's jobs (PyTorchJob, MPIJob and their
//! like, TrainJob), and a RayJob's entry point.
//! Formats: <https://www.kubeflow.org/docs/components/trainer/>, <https://docs.ray.io/en/latest/cluster/kubernetes/>.

use super::super::commands::{self, Around};
use super::super::kubernetes::{Manifest, NAME};
use super::super::pod::{self, Pod};
use super::super::synthetic::map;
use super::super::{containers, objects};
use crate::source::Text;
use crate::syntax::Node;
use crate::syntax::args::{self, Command};
use crate::units::{Field, Training, Unit};

/// Most replica specs of one job that are counted.
const MOST: usize = 100;

/// The runs that an object's pods start. Of pods of one object the first counts: the others are more of the same run.
pub(in crate::formats) fn of_object(manifest: &Manifest<'_>, object: &Node, pods: &[Pod<'_>]) -> Option<Unit> {
    let kind = objects::kind(object)?;
    let mut run = match kind {
        "TrainJob" => train_job(manifest, object)?,
        "RayJob" => entry_point(manifest, object, pods)?,
        _ => pods.iter().find_map(|pod| of_pod(manifest, pod))?,
    };
    run.format = NAME;
    if run.nodes.is_absent() {
        run.nodes = nodes(manifest, object, kind);
    }
    Some(Unit::Training(Box::new(run)))
}

/// The run that a container of a pod starts.
fn of_pod(manifest: &Manifest<'_>, pod: &Pod<'_>) -> Option<Training> {
    let mut containers = pod.spec.get("containers").into_iter().flat_map(Node::items);
    containers.find_map(|node| of_container(manifest, pod, node))
}

fn of_container(manifest: &Manifest<'_>, pod: &Pod<'_>, node: &Node) -> Option<Training> {
    let reading = manifest.reading;
    let container = manifest.container(node);
    let command = Command {
        env: Vec::new(),
        words: containers::words(reading, &container),
    };
    let around = Around {
        image: containers::image(reading, container.image),
        gpu: pod::gpu(reading, &manifest.objects, pod, node),
        ..Around::default()
    };
    run(manifest, pod.object, vec![command], &around)
}

/// The first run of some commands.
fn run(manifest: &Manifest<'_>, object: &Node, commands: Vec<Command>, around: &Around) -> Option<Training> {
    let kind = objects::kind(object).unwrap_or("object");
    let name = objects::name(object).unwrap_or("unnamed");
    let name = format!("{}#{kind}/{name}", manifest.reading.source.path);
    let units = commands::units(manifest.reading, commands, around, &name, NAME);
    units.into_iter().find_map(|unit| match unit {
        Unit::Training(run) => Some(*run),
        _ => None,
    })
}

/// Kubeflow's TrainJob says in `trainer` what its runtime's pods run.
fn train_job(manifest: &Manifest<'_>, object: &Node) -> Option<Training> {
    let reading = manifest.reading;
    let trainer = object.at(&["spec", "trainer"])?;
    let given = |key: &str| trainer.get(key).cloned();
    let node = map(
        trainer,
        [
            ("command", given("command")),
            ("args", given("args")),
            ("env", given("env")),
            ("image", given("image")),
            ("resources", given("resourcesPerNode")),
        ],
    );
    let pod = Pod {
        spec: trainer,
        metadata: None,
        object,
    };
    let mut run = of_container(manifest, &pod, &node)?;
    if run.gpu.count.is_absent() {
        run.gpu.count = pod::whole(reading, trainer.get("numProcPerNode"));
    }
    Some(run)
}

/// A RayJob's `entrypoint` runs on its workers.
fn entry_point(manifest: &Manifest<'_>, object: &Node, pods: &[Pod<'_>]) -> Option<Training> {
    let reading = manifest.reading;
    let text: &Text = object.at(&["spec", "entrypoint"])?.text()?;
    let commands = args::split_shell(text, reading.id, &|_| None).ok()?;
    let gpu = pods.iter().find_map(|pod| {
        let node = pod.spec.get("containers")?.items().next()?;
        let gpu = pod::gpu(reading, &manifest.objects, pod, node);
        (!gpu.count.is_absent()).then_some(gpu)
    });
    let around = Around {
        gpu: gpu.unwrap_or_default(),
        ..Around::default()
    };
    run(manifest, object, commands, &around)
}

/// Machines of one run: all replicas of Kubeflow's jobs, the pods of an indexed Job, the nodes of a TrainJob.
fn nodes(manifest: &Manifest<'_>, object: &Node, kind: &str) -> Field<u64> {
    let reading = manifest.reading;
    let Some(spec) = object.get("spec") else {
        return Field::default();
    };
    if kind == "TrainJob" {
        return pod::whole(reading, spec.at(&["trainer", "numNodes"]));
    }
    if kind == "Job" {
        return pod::whole(reading, spec.get("parallelism"));
    }
    let replicas = spec.entries().find(|(key, _)| {
        let name = key.as_str().unwrap_or_default();
        name.ends_with("ReplicaSpecs")
    });
    let Some((key, specs)) = replicas else {
        return Field::default();
    };
    // MPI's launcher only starts the workers.
    let mut total = 0_u64;
    for (name, spec) in specs.entries().take(MOST) {
        if name.as_str() == Some("Launcher") {
            continue;
        }
        match pod::whole(reading, spec.get("replicas")) {
            Field::Known(count, _) => total = total.saturating_add(count),
            Field::Absent(_) => total = total.saturating_add(1),
            unknown @ Field::Unknown(..) => return unknown,
        }
    }
    if total == 0 {
        return Field::default();
    }
    Field::Known(total, reading.place(key.span))
}
