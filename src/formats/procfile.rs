//! Procfiles: a line `name: command` a process. Format: <https://devcenter.heroku.com/articles/procfile>.

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::source::Text;

pub(super) const NAME: &str = "procfile";

pub(super) fn is_name(name: &str) -> bool {
    name == "Procfile" || name.starts_with("Procfile.")
}

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !is_name(reading.source.file_name()) || !commands::may_start(reading) {
        return None;
    }
    let (body, mut at) = reading.source.body();
    let mut read = Read::default();
    for line in body.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let Some((process, command)) = line.split_once(':') else {
            continue;
        };
        if process.starts_with('#') || process.contains(char::is_whitespace) {
            continue;
        }
        let command = Text::verbatim(command.trim_end(), from + process.len() + 1);
        let name = format!("{}#{process}", reading.source.path);
        let (units, _) = commands::script_units(reading, &command, &|_| None, &Around::default(), &name, NAME);
        read.units.extend(units);
    }
    (!read.units.is_empty()).then_some(read)
}
