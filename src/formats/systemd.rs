//! systemd's service units with a command that starts an engine.
//! Format: <https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html>.

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::source::{Span, Text, TextBuilder};
use crate::syntax::args;
use crate::units::{EnvValue, Field};

pub(super) const NAME: &str = "systemd unit";

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if reading.source.extension() != "service" || !commands::may_start(reading) {
        return None;
    }
    let (body, start) = reading.source.body();
    let settings = settings(body, start);
    let mut around = Around::default();
    let mut other_file = None;
    for (key, value) in &settings {
        match key.as_str() {
            "Environment" => around.env.extend(variables(reading, value)),
            "EnvironmentFile" => other_file = Some(value),
            "MemoryMax" => {
                if let Some(size) = commands::docker::bytes(value.as_str()) {
                    around.host.memory = Field::Known(size, reading.place(value.span()));
                }
            }
            _ => {}
        }
    }
    if let Some(file) = other_file {
        // What the file sets counts before what stands here.
        let place = reading.place(file.span());
        for (name, value) in &mut around.env {
            *value = EnvValue::Unknown(format!("`EnvironmentFile=` may set `{name}`"), place);
        }
    }
    let env = around.env.clone();
    let known = commands::env_lookup(&env);
    let look = |name: &str| match (known(name), other_file) {
        (None, Some(_)) => Some(Err(format!("`EnvironmentFile=` may set `{name}`"))),
        (found, _) => found,
    };
    let mut read = Read::default();
    for (key, value) in &settings {
        if key != "ExecStart" {
            continue;
        }
        let text = value.as_str();
        let prefix = text.len() - text.trim_start_matches(['@', '-', ':', '+', '!', '|']).len();
        let line = value.slice(prefix..text.len());
        // `%i` and its like are filled in when the unit is started.
        if line.as_str().contains('%') {
            continue;
        }
        let (units, note) = commands::script_units(reading, &line, &look, &around, &reading.source.path, NAME);
        read.units.extend(units);
        read.note = note;
    }
    (!read.units.is_empty()).then_some(read)
}

fn variables(reading: &Reading<'_>, value: &Text) -> Vec<(String, EnvValue)> {
    // `A=1 "B=2 3"`: a quote may stand in front of the name.
    let commands = args::split_shell(
        &Text::opaque(&format!("set {}", value.as_str()), value.span()),
        reading.id,
        &|_| None,
    );
    let words = commands.into_iter().flatten().flat_map(|command| command.words);
    let place = reading.place(value.span());
    let set = words.filter_map(|word| {
        let text = word.value.ok()?;
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), EnvValue::Known(Text::opaque(value, place.span), place)))
    });
    set.collect()
}

/// `Key=value` lines of the file, continued lines joined.
fn settings(body: &str, start: usize) -> Vec<(String, Text)> {
    let mut made = Vec::new();
    let mut open: Option<(String, usize, TextBuilder)> = None;
    let mut at = start;
    for line in body.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let content = line.trim_end();
        if content.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let (content, goes_on) = match content.strip_suffix('\\') {
            Some(content) => (content, true),
            None => (content, false),
        };
        let end = from + content.len();
        let (key, first, mut builder) = match open.take() {
            Some((key, first, mut builder)) => {
                builder.verbatim(content, from);
                (key, first, builder)
            }
            None => {
                let Some((key, value)) = content.split_once('=') else {
                    continue;
                };
                let mut builder = TextBuilder::default();
                let blanks = value.len() - value.trim_start().len();
                let first = from + key.len() + 1 + blanks;
                builder.verbatim(value.trim_start(), first);
                (key.trim().to_owned(), first, builder)
            }
        };
        if goes_on {
            builder.replaced(" ", Span::new(end, at));
            open = Some((key, first, builder));
        } else {
            made.push((key, builder.finish(Span::new(first, end))));
        }
    }
    made
}
