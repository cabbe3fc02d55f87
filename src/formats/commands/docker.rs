//! Containers that a command runs: `docker run` and its like, Apptainer.

use super::{Around, SHELLS, base_name, told};
use crate::engines;
use crate::formats::Reading;
use crate::source::{Place, Text};
use crate::syntax::args::Word;
use crate::units::{EnvValue, Field, Launch, SharedMemory, Volume, VolumeKind};

/// Options of `docker run` that take no value.
const DOCKER_SWITCHES: &[&str] = &[
    "--detach",
    "--disable-content-trust",
    "--env-host",
    "--help",
    "--http-proxy",
    "--init",
    "--interactive",
    "--no-healthcheck",
    "--no-hosts",
    "--oom-kill-disable",
    "--passwd",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--read-only",
    "--read-only-tmpfs",
    "--replace",
    "--rm",
    "--rmi",
    "--rootfs",
    "--sig-proxy",
    "--tty",
    "--use-api-socket",
];

/// A container that a command runs.
pub(super) struct Run {
    /// Where the words behind the image start.
    pub(super) arguments: usize,
    pub(super) name: Option<String>,
}

/// Reads `docker run`, `docker exec` and their like, as far as they run a command; `None` where it is none such.
pub(super) fn container_run(reading: &Reading<'_>, words: &[Word], around: &mut Around) -> Option<Run> {
    let tool = base_name(told(words, 0));
    let mut at = 1;
    match tool {
        "docker" | "podman" | "nerdctl" | "nvidia-docker" | "finch" => {}
        "apptainer" | "singularity" => return apptainer(words, around),
        _ => return None,
    }
    if told(words, at) == "container" {
        at += 1;
    }
    let verb = told(words, at);
    at += 1;
    let runs = matches!(verb, "run" | "create");
    if !runs && verb != "exec" {
        return None;
    }
    let mut name = None;
    let mut entry_point: Option<&Word> = None;
    while let Some(word) = words.get(at) {
        let written = match &word.value {
            Ok(written) => written.as_str(),
            Err(_) if is_image(words, at) => break,
            // It may hold any options.
            Err(why) => {
                let unknown = |field: &mut Field<u64>| {
                    if field.is_absent() {
                        *field = Field::Unknown(why.clone(), Some(word.place));
                    }
                };
                unknown(&mut around.gpu.count);
                around.host.shared_memory = Field::Unknown(why.clone(), Some(word.place));
                at += 1;
                continue;
            }
        };
        if !written.starts_with('-') || written == "-" {
            break;
        }
        let (option, own) = match written.split_once('=') {
            Some((option, own)) if option.starts_with('-') => (option, Some(own)),
            _ => (written, None),
        };
        let short_switch = !option.starts_with("--") && option[1..].chars().all(|c| "ditPq".contains(c));
        if short_switch || (own.is_none() && DOCKER_SWITCHES.contains(&option)) || DOCKER_SWITCHES.contains(&option) {
            at += 1;
            continue;
        }
        // `-eX=1`, `-p8000:8000`: the value stands in the same word.
        let attached = !option.starts_with("--") && written.len() > 2 && written.is_char_boundary(2);
        let (option, value, taken) = match (attached, own) {
            (true, _) => (&written[..2], Ok(&written[2..]), 1),
            (false, Some(own)) => (option, Ok(own), 1),
            (false, None) => match words.get(at + 1) {
                Some(next) => (option, next.value.as_deref().map_err(Clone::clone), 2),
                None => return None,
            },
        };
        let place = words[at + taken - 1].place;
        note_option(reading, option, value, place, around);
        match option {
            "--name" => name = value_name(value_at(words, at, taken, own)),
            "--entrypoint" if taken == 2 => entry_point = words.get(at + 1),
            "--entrypoint" => return None,
            _ => {}
        }
        at += taken;
    }
    let image = words.get(at)?;
    if runs {
        around.image = match &image.value {
            Ok(text) => Field::Known(text.clone(), image.place),
            Err(why) => Field::Unknown(why.clone(), Some(image.place)),
        };
    } else {
        let why = "it runs in a container that is started elsewhere".to_owned();
        around.image = Field::Unknown(why.clone(), Some(image.place));
        around.host.shared_memory = Field::Unknown(why, Some(image.place));
    }
    if let Some(entry_point) = entry_point
        && !told(std::slice::from_ref(entry_point), 0).is_empty()
    {
        // Another entry point than the image's: what it does with the arguments is told by its name only.
        let shell = SHELLS.contains(&base_name(told(std::slice::from_ref(entry_point), 0)));
        let engine = words.get(at + 1..).is_some_and(|rest| {
            let mut all = vec![entry_point.clone()];
            all.extend_from_slice(rest);
            let launch = Launch {
                words: all,
                ..Launch::default()
            };
            engines::recognise(&launch, &Field::default()).is_some()
        });
        if !shell && !engine {
            return None;
        }
    }
    Some(Run {
        arguments: at + 1,
        name,
    })
}

fn value_at<'a>(words: &'a [Word], at: usize, taken: usize, own: Option<&'a str>) -> &'a str {
    own.unwrap_or_else(|| told(words, at + taken - 1))
}

fn value_name(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a word that can't be told is the image and not some options.
fn is_image(words: &[Word], at: usize) -> bool {
    match told(words, at + 1) {
        "" => words.get(at + 1).is_none(),
        next if next.starts_with('-') => {
            // An option of the engine is none of docker's.
            !matches!(
                next.split('=').next().unwrap_or(next),
                "-d" | "-i"
                    | "-t"
                    | "-it"
                    | "-e"
                    | "-v"
                    | "-p"
                    | "-u"
                    | "-w"
                    | "--gpus"
                    | "--rm"
                    | "--name"
                    | "--env"
                    | "--volume"
                    | "--publish"
                    | "--ipc"
                    | "--shm-size"
                    | "--network"
                    | "--net"
                    | "--restart"
                    | "--mount"
                    | "--device"
                    | "--runtime"
                    | "--privileged"
                    | "--entrypoint"
                    | "--env-file"
                    | "--ulimit"
                    | "--user"
                    | "--cap-add"
                    | "--security-opt"
                    | "--group-add"
                    | "--memory"
                    | "--cpus"
                    | "--init"
                    | "--pull"
                    | "--workdir"
                    | "--hostname"
                    | "--label"
                    | "--add-host"
                    | "--detach"
                    | "--platform"
            )
        }
        _ => {
            let launch = Launch {
                words: words[at + 1..].to_vec(),
                ..Launch::default()
            };
            engines::recognise(&launch, &Field::default()).is_some()
        }
    }
}

fn apptainer(words: &[Word], around: &mut Around) -> Option<Run> {
    let verb = (1..words.len()).find(|at| matches!(told(words, *at), "exec" | "run"))?;
    let mut at = verb + 1;
    while told(words, at).starts_with('-') {
        let switch = matches!(
            told(words, at),
            "--nv"
                | "--rocm"
                | "--writable-tmpfs"
                | "--cleanenv"
                | "-e"
                | "--contain"
                | "-c"
                | "--containall"
                | "-C"
                | "--fakeroot"
                | "-f"
                | "--no-home"
                | "--writable"
                | "-w"
                | "--nvccli"
                | "--compat"
        ) || told(words, at).contains('=');
        at += if switch { 1 } else { 2 };
    }
    let image = words.get(at)?;
    around.image = Field::Unknown("an image in a file".to_owned(), Some(image.place));
    // Such containers share the host's /dev/shm.
    around.host.shared_memory = Field::Known(SharedMemory::Unlimited, image.place);
    Some(Run {
        arguments: at + 1,
        name: None,
    })
}

fn note_option(reading: &Reading<'_>, option: &str, value: Result<&str, String>, place: Place, around: &mut Around) {
    let known = value.clone().unwrap_or_default();
    match option {
        "--gpus" => {
            around.gpu.count = match value {
                Ok(value) => gpus(value, place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--device" if known.starts_with("nvidia.com/gpu=") => {
            around.gpu.count = match (&around.gpu.count, known.ends_with("=all")) {
                (_, true) => Field::Unknown("all GPUs of the host".to_owned(), Some(place)),
                (Field::Known(count, _), false) => Field::Known(count.saturating_add(1), place),
                (_, false) => Field::Known(1, place),
            };
        }
        "--device" if known.starts_with("/dev/kfd") => {
            around.gpu.resource = Field::Known("amd.com/gpu".to_owned(), place);
            if around.gpu.count.is_absent() {
                around.gpu.count = Field::Unknown("all GPUs of the host".to_owned(), Some(place));
            }
        }
        "--shm-size" => {
            around.host.shared_memory = match value.and_then(|text| bytes(text).ok_or(format!("`{text}` is no size"))) {
                Ok(size) => Field::Known(SharedMemory::Bytes(size), place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--ipc" => {
            around.host.shared_memory = match value {
                Ok("host") => Field::Known(SharedMemory::Unlimited, place),
                Ok("private" | "shareable" | "") => return,
                Ok(_) => Field::Unknown("it shares the memory of another container".to_owned(), Some(place)),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "-m" | "--memory" => {
            around.host.memory = match value.and_then(|text| bytes(text).ok_or(format!("`{text}` is no size"))) {
                Ok(size) => Field::Known(size, place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "--cpus" => {
            around.host.cpus = match value.and_then(|text| text.parse().map_err(|_| format!("`{text}` is no number"))) {
                Ok(cpus) => Field::Known(cpus, place),
                Err(why) => Field::Unknown(why, Some(place)),
            };
        }
        "-e" | "--env" => match value {
            Ok(text) => match text.split_once('=') {
                Some((name, value)) => {
                    let value = EnvValue::Known(Text::opaque(value, place.span), place);
                    around.env.push((name.to_owned(), value));
                }
                // It passes the shell's own on.
                None if around.env.iter().any(|(name, _)| name == text) => {}
                None => {
                    let why = format!("`{text}` comes from the shell that starts it");
                    around.env.push((text.to_owned(), EnvValue::Unknown(why, place)));
                }
            },
            Err(why) => {
                let written = &reading.source.text[place.span.start..place.span.end];
                let name = written
                    .trim_start_matches(['"', '\''])
                    .split('=')
                    .next()
                    .unwrap_or(written);
                around.env.push((name.to_owned(), EnvValue::Unknown(why, place)));
            }
        },
        "-v" | "--volume" => {
            let mut parts = known.split(':');
            if let (Some(from), Some(mount)) = (parts.next(), parts.next())
                && !from.is_empty()
            {
                around.host.volumes.push(Volume {
                    mount: mount.to_owned(),
                    kind: VolumeKind::Persistent,
                    size: Field::default(),
                    place,
                });
            }
        }
        _ => {}
    }
}

/// `all`, `2`, `"device=0,1"`, `count=2`.
fn gpus(value: &str, place: Place) -> Field<u64> {
    let value = value.trim_matches(['"', '\'']);
    if let Some((_, devices)) = value.split_once("device=") {
        let devices = devices.trim_matches(['"', '\'']);
        if devices.contains("MIG") || devices.contains('"') {
            return Field::Unknown(format!("`{value}` can't be counted"), Some(place));
        }
        return Field::Known(
            devices
                .split(',')
                .filter(|id| !id.is_empty() && !id.contains('='))
                .count() as u64,
            place,
        );
    }
    let count = value
        .split(',')
        .find_map(|part| part.strip_prefix("count="))
        .unwrap_or(value);
    match count.parse() {
        Ok(count) => Field::Known(count, place),
        Err(_) => Field::Unknown("all GPUs of the host".to_owned(), Some(place)),
    }
}

/// Bytes of a size as Docker writes it: `16g`, `1024m`, `32GB`, `64GiB`, a plain number of bytes; each unit 1024 times
/// the one below it.
pub(in crate::formats) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let power = match text[digits..].trim() {
        "" | "b" => 0,
        "k" | "kb" | "ki" | "kib" => 1,
        "m" | "mb" | "mi" | "mib" => 2,
        "g" | "gb" | "gi" | "gib" => 3,
        "t" | "tb" | "ti" | "tib" => 4,
        _ => return None,
    };
    let number: rust_decimal::Decimal = text[..digits].parse().ok()?;
    let product = number.checked_mul(rust_decimal::Decimal::from(1024_u64.pow(power)))?;
    u64::try_from(product.trunc()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_does() {
        assert_eq!(bytes("16g"), Some(16 << 30));
        assert_eq!(bytes("1.5GB"), Some(3 << 29));
        assert_eq!(bytes("67108864"), Some(64 << 20));
        for not in ["", "g", "9e9g", "-1g", "99999999999999999999t", "é"] {
            assert_eq!(bytes(not), None, "{not}");
        }
    }
}
