//! Settings that a launch states by a flag, or by the environment variable that stands for it.

use rust_decimal::Decimal;

use super::{Flags, Table, Version, base_name, resolved, truth, variable};
use crate::source::Place;
use crate::syntax::args::Word;
use crate::units::{Field, Launch};

/// A launch's flags and environment. A flag goes before its variable.
pub(super) struct Stated<'a> {
    /// The flags of the program's arguments.
    pub flags: Flags,
    launch: &'a Launch,
}

impl<'a> Stated<'a> {
    /// Reads the arguments from word `from` on by the flags of `table`; `operands` of the words are no flags.
    pub(super) fn read(
        launch: &'a Launch,
        from: usize,
        operands: usize,
        table: &Table,
        version: &Field<Version>,
    ) -> Self {
        let words = launch.words.get(from..).unwrap_or_default();
        Self {
            flags: Flags::read(words, &launch.slot, operands, table, version.known().copied()),
            launch,
        }
    }

    /// Reads a launch that has no flags to be read: its environment says all.
    pub(super) fn environment(launch: &'a Launch) -> Self {
        Self {
            flags: Flags::default(),
            launch,
        }
    }

    /// Makes every setting that nothing states unknown: a file that the launch names may state it.
    pub(super) fn hide(&mut self, why: &str) {
        self.flags.hidden.get_or_insert_with(|| why.to_owned());
    }

    /// The first of these variables that is set.
    pub(super) fn env(&self, variables: &[&str]) -> Field<String> {
        let stated = variables.iter().map(|name| variable(self.launch, name));
        stated.into_iter().find(|field| !field.is_absent()).unwrap_or_default()
    }

    /// What a flag, else a variable, says.
    pub(super) fn text(&self, names: &[&str], variables: &[&str]) -> Field<String> {
        match self.flags.text(names) {
            Field::Absent(slot) => match self.env(variables) {
                Field::Absent(_) => Field::Absent(slot),
                stated => stated,
            },
            stated => stated,
        }
    }

    /// A plain whole number; these programs read no suffixes.
    pub(super) fn whole(&self, names: &[&str], variables: &[&str]) -> Field<u64> {
        self.text(names, variables).and_then(|text| plain(&text))
    }

    /// A decimal number.
    pub(super) fn decimal(&self, names: &[&str], variables: &[&str]) -> Field<Decimal> {
        self.text(names, variables).and_then(|text| {
            let text = text.trim();
            text.parse()
                .map_err(|_| format!("`{text}` is not a number that can be read"))
        })
    }

    /// A switch by its name, else its variable.
    pub(super) fn switch(&self, name: &str, variables: &[&str]) -> Field<bool> {
        match self.flags.switch(name) {
            Field::Absent(slot) => match self.env(variables).and_then(|text| truth(&text)) {
                Field::Absent(_) => Field::Absent(slot),
                stated => stated,
            },
            stated => stated,
        }
    }

    /// The free word at that position.
    pub(super) fn operand(&self, at: usize) -> Option<Field<String>> {
        let word = self.flags.positional.get(at)?;
        Some(match resolved(word) {
            Ok(text) => Field::Known(text.to_owned(), word.place),
            Err(why) => Field::Unknown(why, Some(word.place)),
        })
    }

    /// How often a flag stands on the line, by its full name.
    pub(super) fn count(&self, names: &[&str]) -> usize {
        let flags = self.flags.flags.iter();
        flags.filter(|flag| names.contains(&flag.name.as_str())).count()
    }

    /// Where arguments stand.
    pub(super) fn place(&self) -> Option<Place> {
        self.launch.slot.place()
    }
}

/// A whole number without suffixes.
///
/// # Errors
/// Says that the text is none.
pub(super) fn plain(text: &str) -> Result<u64, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_| format!("`{text}` is not a whole number that the engine reads"))
}

/// A word's text, where it can be told.
pub(super) fn word(launch: &Launch, at: usize) -> Option<&str> {
    launch.words.get(at).and_then(|word| resolved(word).ok())
}

/// Where a program of that name stands on the line.
pub(super) fn program(launch: &Launch, names: &[&str]) -> Option<usize> {
    let is_program = |word: &Word| {
        let text = resolved(word).ok();
        text.is_some_and(|text| names.contains(&base_name(text)))
    };
    launch.words.iter().position(is_program)
}

/// Whether the line holds arguments only: nothing, a flag first, or a word that can't be told.
pub(super) fn only_arguments(launch: &Launch) -> bool {
    match launch.words.first().map(resolved) {
        None | Some(Err(_)) => true,
        Some(Ok(first)) => first.starts_with('-'),
    }
}
