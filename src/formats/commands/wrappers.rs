//! Programs in front of the real one: `sudo`, `nohup`, `srun`, `timeout`.

use super::{Around, base_name, slurm, told};
use crate::source::Text;
use crate::syntax::args::Word;
use crate::units::EnvValue;

/// Programs that only run another one; with the options of theirs that take a value.
const WRAPPERS: &[(&str, &[&str])] = &[
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-U", "--user", "--group"]),
    ("doas", &["-u"]),
    ("env", &["-u", "-C", "--unset", "--chdir"]),
    ("nohup", &[]),
    ("setsid", &[]),
    ("time", &["-f", "-o"]),
    ("nice", &["-n", "--adjustment"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    ("unbuffer", &[]),
    ("tini", &["-e", "-p"]),
    ("dumb-init", &[]),
    ("chrt", &["-p"]),
    ("numactl", &["-m", "-N", "-C", "-i", "-p"]),
    ("catchsegv", &[]),
    (
        "uvx",
        &["--from", "--with", "--python", "-p", "--index-url", "--extra-index-url"],
    ),
    ("exec", &["-a"]),
];

/// How many words a program in front of the real one takes, with what it says of GPUs and variables; `None` where
/// the first word is none such.
pub(super) fn peel(words: &[Word], around: &mut Around) -> Option<usize> {
    let program = base_name(told(words, 0));
    let mut at = 1;
    match program {
        "srun" => {
            while told(words, at).starts_with('-') {
                at += slurm::option(words, at, around);
            }
        }
        "timeout" => {
            while told(words, at).starts_with('-') {
                at += if matches!(told(words, at), "-k" | "-s") { 2 } else { 1 };
            }
            at += 1;
        }
        "taskset" => {
            while told(words, at).starts_with('-') {
                at += 1;
            }
            at += 1;
        }
        _ => {
            let (_, valued) = WRAPPERS.iter().find(|(name, _)| *name == program)?;
            while told(words, at).starts_with('-') {
                at += if valued.contains(&told(words, at)) { 2 } else { 1 };
            }
            let sets = matches!(program, "env" | "sudo");
            while let Some(variable) = assigned(words, at).filter(|_| sets) {
                around.env.push(variable);
                at += 1;
            }
        }
    }
    (at < words.len()).then_some(at)
}

/// `NAME=value` as a word.
fn assigned(words: &[Word], at: usize) -> Option<(String, EnvValue)> {
    let word = words.get(at)?;
    let (name, value) = told(words, at).split_once('=')?;
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| {
        let value = EnvValue::Known(Text::opaque(value, word.place.span), word.place);
        (name.to_owned(), value)
    })
}
