//! Makefiles: recipes with a command that starts an engine.
//! Format: <https://www.gnu.org/software/make/manual/make.html>.

use std::cell::Cell;
use std::collections::HashMap;

use super::commands::{self, Around};
use super::{Read, Reading};
use crate::source::{Span, Text, TextBuilder};
use crate::syntax::args;

pub(super) const NAME: &str = "makefile";

/// How deep variables may stand in variables.
const MAX_DEPTH: usize = 8;

/// How many variables may be replaced in one file: a few lines could ask for any number.
const MAX_REPLACED: usize = 100_000;

pub(super) fn is_name(name: &str) -> bool {
    matches!(name, "Makefile" | "makefile" | "GNUmakefile") || name.starts_with("Makefile.") || name.ends_with(".mk")
}

pub(super) fn read(reading: &Reading<'_>) -> Option<Read> {
    if !is_name(reading.source.file_name()) || !commands::may_start(reading) {
        return None;
    }
    let (body, start) = reading.source.body();
    let variables = variables(body);
    let budget = Cell::new(MAX_REPLACED);
    let mut read = Read::default();
    let mut target = String::new();
    for line in lines(body, start) {
        let text = line.as_str();
        let Some(recipe) = text.strip_prefix('\t') else {
            if let Some((names, _)) = text.split_once(':')
                && !text.starts_with([' ', '#', '.'])
                && !names.contains('=')
            {
                target = names.split_whitespace().next().unwrap_or_default().to_owned();
            }
            continue;
        };
        let marks = recipe.len() - recipe.trim_start_matches(['@', '-', '+', ' ', '\t']).len();
        let command = expanded(&line.slice(1 + marks..text.len()), &variables, &budget);
        let look = |name: &str| Some(Err(format!("`{name}` is set by make or by the shell that starts it")));
        let name = format!("{}#{target}", reading.source.path);
        let (units, _) = commands::script_units(reading, &command, &look, &Around::default(), &name, NAME);
        read.units.extend(units);
    }
    (!read.units.is_empty()).then_some(read)
}

/// The file's lines with continued ones joined.
fn lines(body: &str, start: usize) -> Vec<Text> {
    let mut made = Vec::new();
    let mut builder = TextBuilder::default();
    let (mut first, mut at) = (start, start);
    for line in body.split_inclusive('\n') {
        let from = at;
        at += line.len();
        let content = line.trim_end_matches(['\n', '\r']);
        if let Some(content) = content.strip_suffix('\\') {
            builder.verbatim(content, from);
            builder.replaced(" ", Span::new(from + content.len(), at));
            continue;
        }
        builder.verbatim(content, from);
        made.push(std::mem::take(&mut builder).finish(Span::new(first, from + content.len())));
        first = at;
    }
    made
}

/// Variables that are set once, outside of conditions, to a text; `None` for any other.
fn variables(body: &str) -> HashMap<String, Option<String>> {
    let mut found: HashMap<String, Option<String>> = HashMap::new();
    let mut conditions = 0_usize;
    let mut included = false;
    for line in lines(body, 0) {
        let text = line.as_str();
        let word = text.split_whitespace().next().unwrap_or_default();
        match word {
            "ifeq" | "ifneq" | "ifdef" | "ifndef" | "define" => conditions += 1,
            "endif" | "endef" => conditions = conditions.saturating_sub(1),
            "include" | "-include" | "sinclude" => included = true,
            _ => {}
        }
        if text.starts_with(['\t', '#']) {
            continue;
        }
        let Some((left, value)) = text.split_once('=') else {
            continue;
        };
        let plain = left.trim_end_matches([':', '?', '+', '!']);
        let operator = &left[plain.len()..];
        let name = plain
            .rsplit([':', ' ', '\t'])
            .find(|word| !word.is_empty())
            .unwrap_or_default();
        let names = plain
            .trim()
            .trim_start_matches("export ")
            .trim_start_matches("override ");
        let value = value.split(" #").next().unwrap_or_default().trim();
        let known = conditions == 0
            && names == name
            && !operator.contains(['+', '!'])
            && !(operator.contains('?') && included)
            && !found.contains_key(name);
        found.insert(name.to_owned(), known.then(|| value.to_owned()));
    }
    found
}

/// A recipe's line as the shell gets it: `$(X)` replaced where its value is known, `$$` as `$`.
fn expanded(line: &Text, variables: &HashMap<String, Option<String>>, budget: &Cell<usize>) -> Text {
    let text = line.as_str();
    let mut builder = TextBuilder::default();
    let mut at = 0;
    // A piece keeps its place through the line's own way back.
    let keep = |builder: &mut TextBuilder, range: std::ops::Range<usize>| {
        builder.replaced(&text[range.clone()], line.span_of(range));
    };
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        for word in words(text, at..dollar) {
            keep(&mut builder, word);
        }
        let rest = &text[dollar + 1..];
        if rest.starts_with('$') {
            builder.replaced("$", line.span_of(dollar..dollar + 2));
            at = dollar + 2;
            continue;
        }
        let close = match rest.chars().next() {
            Some('(') => rest.find(')'),
            Some('{') => rest.find('}'),
            _ => None,
        };
        let Some(close) = close else {
            keep(&mut builder, dollar..dollar + 1);
            at = dollar + 1;
            continue;
        };
        let range = dollar..dollar + 2 + close;
        match value(&rest[1..close], variables, 0, budget) {
            Some(value) if builder.as_str().len() + value.len() < args::EXPANSION_LIMIT => {
                builder.replaced(&value, line.span_of(range.clone()));
            }
            _ => builder.replaced("${MAKE}", line.span_of(range.clone())),
        }
        at = range.end;
    }
    for word in words(text, at..text.len()) {
        keep(&mut builder, word);
    }
    builder.finish(line.span())
}

/// The words of a part and the blanks between them, each on its own, so that each keeps a place.
fn words(text: &str, range: std::ops::Range<usize>) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let blank = |c: char| c.is_whitespace();
        let part = &text[at..range.end];
        let is_blank = part.starts_with(blank);
        let length = part.find(|c: char| blank(c) != is_blank).unwrap_or(part.len());
        found.push(at..at + length);
        at += length;
    }
    found
}

fn value(
    name: &str,
    variables: &HashMap<String, Option<String>>,
    depth: usize,
    budget: &Cell<usize>,
) -> Option<String> {
    budget.set(budget.get().checked_sub(1)?);
    let text = variables.get(name)?.as_ref()?;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let close = match behind.chars().next()? {
            '(' => behind.find(')')?,
            '{' => behind.find('}')?,
            _ => return None,
        };
        if depth >= MAX_DEPTH {
            return None;
        }
        out.push_str(&value(&behind[1..close], variables, depth + 1, budget)?);
        if out.len() > args::EXPANSION_LIMIT {
            return None;
        }
        rest = &behind[close + 1..];
    }
    out.push_str(rest);
    Some(out)
}
