//! Shell scripts with a command that starts an engine, batch jobs of Slurm among them.

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::source::Text;
use crate::syntax::args;

pub(super) const NAME: &str = "shell script";

const EXTENSIONS: &[&str] = &["sh", "bash", "zsh", "ksh", "slurm", "sbatch"];

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    let (body, start) = reading.source.body();
    let extension = reading.source.extension();
    let first = body.lines().next().unwrap_or_default();
    let shebang = first.starts_with("#!") && first.trim_end().ends_with("sh");
    if !(EXTENSIONS.contains(&extension) || shebang) || !commands::may_start(reading) {
        return None;
    }
    let mut around = Around::default();
    slurm(reading, body, start, &mut around);
    let script = Text::verbatim(body, start);
    let (units, note) = commands::script_units(reading, &script, &|_| None, &around, &reading.source.path, NAME);
    (!units.is_empty() || !note.is_empty()).then_some(Read {
        units,
        note,
        ..Read::default()
    })
}

/// What the `#SBATCH` lines ask for; Slurm reads those above the first command.
fn slurm(reading: &Reading<'_>, body: &str, start: usize, around: &mut Around) {
    let mut at = start;
    for line in body.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let text = line.trim();
        if !text.is_empty() && !text.starts_with('#') {
            break;
        }
        let Some(options) = line.strip_prefix("#SBATCH") else {
            continue;
        };
        let options = Text::verbatim(options.trim_end(), from + "#SBATCH".len());
        let Ok(split) = args::split_shell(&options, reading.id, &|_| None) else {
            continue;
        };
        for command in split {
            let mut word = 0;
            while word < command.words.len() {
                word += commands::slurm::option(&command.words, word, around);
            }
        }
    }
}
