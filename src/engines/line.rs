//! What the flags of a line say.

use rust_decimal::Decimal;

use super::Version;
use super::flags::Table;
use super::reading::{resolved, truth, whole_number};
use crate::source::{Insert, Place};
use crate::syntax::args::{self, Word};
use crate::units::Field;

/// The flags and other words of an engine's arguments.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// Under their full names.
    pub(crate) flags: Vec<args::Flag>,
    /// Names as written, with their places.
    written: Vec<(String, Place)>,
    /// Words that belong to no flag.
    pub(crate) positional: Vec<Word>,
    /// A part of the line that can't be read and may set anything: why.
    pub(crate) hidden: Option<String>,
    /// Where an absent flag would be written.
    slot: Option<(Place, Option<Insert>)>,
}

impl Flags {
    /// Reads arguments as Python's argparse does: `--name value`, `--name=value`, underscores for dashes, second
    /// spellings and names cut short under their full name.
    ///
    /// `table` tells which flags of the release take no value, so that the word after one isn't taken for its value.
    /// `operands` words beside the flags have a meaning of their own; a further one that can't be told may be any
    /// flags (`$EXTRA_ARGS`).
    pub(crate) fn read(
        words: &[Word],
        slot: &Field<()>,
        operands: usize,
        table: &Table,
        version: Option<Version>,
    ) -> Self {
        let mut read = args::flags(words, &|name| table.takes_value(name, version));
        let mut free: Vec<usize> = read.positional.iter().chain(&read.unknown).copied().collect();
        free.sort_unstable();
        let positional: Vec<Word> = free.into_iter().map(|at| words[at].clone()).collect();
        let written = read.flags.iter().map(|flag| (flag.name.clone(), flag.place)).collect();
        for flag in &mut read.flags {
            if let Some(full) = table.full_name(&flag.name, version) {
                full.clone_into(&mut flag.name);
            }
        }
        Flags {
            flags: read.flags,
            written,
            hidden: positional.iter().skip(operands).find_map(|word| resolved(word).err()),
            positional,
            slot: match slot {
                Field::Absent(slot) => slot.clone(),
                Field::Known((), place) => Some((*place, None)),
                Field::Unknown(..) => None,
            },
        }
    }

    /// Every flag on the line as written, with its place.
    pub(crate) fn written(&self) -> Vec<(String, Place)> {
        self.written.clone()
    }

    /// Whether any of these flags stands on the line.
    pub(crate) fn any(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&flag.name.as_str()))
    }

    /// What is said by a flag in any of its names; the last one wins, as with argparse.
    pub(crate) fn text(&self, names: &[&str]) -> Field<String> {
        match self.last(|name| names.contains(&name)) {
            Some(flag) => match &flag.value {
                Some(value) => match resolved(value) {
                    Ok(text) => Field::Known(text.to_owned(), value.place),
                    Err(why) => Field::Unknown(why, Some(value.place)),
                },
                None => {
                    let why = format!("{} has no value", flag.name);
                    Field::Unknown(why, Some(flag.place))
                }
            },
            None => self.absent(),
        }
    }

    pub(crate) fn last(&self, is_meant: impl Fn(&str) -> bool) -> Option<&args::Flag> {
        self.flags.iter().rev().find(|flag| is_meant(&flag.name))
    }

    /// A whole number, in the spellings that [`whole_number`] reads.
    pub(crate) fn whole(&self, names: &[&str]) -> Field<u64> {
        self.text(names).and_then(|text| whole_number(&text))
    }

    /// A decimal number.
    pub(crate) fn decimal(&self, names: &[&str]) -> Field<Decimal> {
        self.text(names).and_then(|text| {
            let text = text.trim();
            text.parse()
                .or_else(|_| Decimal::from_scientific(text))
                .map_err(|_| format!("`{text}` is not a number that can be read"))
        })
    }

    /// A switch: `--name`, `--name=false`, `--no-name`; the last one wins.
    pub(crate) fn switch(&self, name: &str) -> Field<bool> {
        let negated = format!("--no-{}", name.trim_start_matches('-'));
        let Some(flag) = self.last(|found| found == name || found == negated) else {
            return self.absent();
        };
        let stated = match &flag.value {
            None => Ok(true),
            Some(value) => resolved(value).and_then(truth),
        };
        match stated {
            Ok(on) => Field::Known(on != (flag.name == negated), flag.place),
            Err(why) => Field::Unknown(why, Some(flag.place)),
        }
    }

    /// A field that no flag states: unknown where a part of the line can't be read, for that part may state it.
    fn absent<T>(&self) -> Field<T> {
        match &self.hidden {
            Some(why) => Field::Unknown(why.clone(), self.slot.as_ref().map(|(place, _)| *place)),
            None => Field::Absent(self.slot.clone()),
        }
    }
}
