//! Prompt files that code names, where no call could be followed to them: what else their request says (limit, form of
//! the answer, tools) stands in that code, so it is unknown and not absent.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::requests::is_only_text;
use crate::source::Source;
use crate::syntax::code::{self, Files, Language};
use crate::units::{Field, Unit};

/// Marks the requests of prompt files that code names as not known.
pub(super) fn mark(units: &mut [Unit], tree: &Files<'_>) {
    let mut files = Names::default();
    for (index, unit) in units.iter().enumerate() {
        if let Unit::Prompt(prompt) = unit
            && is_only_text(prompt)
        {
            files.add(&tree.source(prompt.place.source).from_root, index);
        }
    }
    if files.by_name.is_empty() {
        return;
    }
    let is_code =
        |source: &&Source| Language::of_extension(source.extension()).is_some() && source.text.len() <= code::MAX_BYTES;
    let code: Vec<&Source> = tree.iter().map(|(_, source)| source).filter(is_code).collect();
    let found: Vec<(usize, String)> = code
        .par_iter()
        .flat_map_iter(|source| {
            files.named_in(&source.text).into_iter().flat_map(|(units, at)| {
                let line = source.position(at).line;
                let why = format!("{}:{line} names it, in a way that is not followed", source.path);
                units.iter().map(move |unit| (*unit, why.clone()))
            })
        })
        .collect();
    for (unit, why) in found {
        let Unit::Prompt(prompt) = &mut units[unit] else {
            continue;
        };
        if prompt.more_tools.is_some() {
            continue;
        }
        if prompt.max_output_tokens.is_absent() {
            prompt.max_output_tokens = Field::Unknown(why.clone(), None);
        }
        if prompt.response_format.is_absent() {
            prompt.response_format = Field::Unknown(why.clone(), None);
        }
        prompt.more_tools = Some(why);
    }
}

/// What strings of code call files: by their names, or without the ending where the rest is of several words
/// (`"system"` alone may mean anything).
#[derive(Default)]
struct Names {
    by_name: HashMap<String, Vec<usize>>,
    /// The last two bytes of the names: most strings of a program end otherwise.
    ends: HashSet<[u8; 2]>,
    longest: usize,
}

impl Names {
    fn add(&mut self, path: &str, unit: usize) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = &name[..name.find('.').unwrap_or(name.len())];
        let stem = Some(stem).filter(|stem| stem.contains(['_', '-']) && *stem != name);
        for name in [Some(name), stem].into_iter().flatten() {
            let Some(end) = name.as_bytes().last_chunk::<2>() else {
                continue;
            };
            self.ends.insert(*end);
            self.longest = self.longest.max(name.len());
            self.by_name.entry(name.to_owned()).or_default().push(unit);
        }
    }

    /// The units of the files that strings of a text end with, each with the offset at which that first stands.
    fn named_in(&self, text: &str) -> Vec<(&[usize], usize)> {
        let bytes = text.as_bytes();
        let quotes = memchr::memchr3_iter(b'"', b'\'', b'`', bytes);
        let mut told = HashSet::new();
        let named = quotes.filter_map(|quote| {
            let end = bytes[..quote].last_chunk::<2>()?;
            if !self.ends.contains(end) {
                return None;
            }
            let near = &bytes[quote.saturating_sub(self.longest + 1)..quote];
            let name = near
                .iter()
                .rposition(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'/'))
                .map(|before| quote - near.len() + before + 1)?;
            let (known, units) = self.by_name.get_key_value(text.get(name..quote)?)?;
            told.insert(known).then_some((units.as_slice(), name))
        });
        named.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_names_a_file_with_its_ending_or_by_several_words() {
        let cases = [
            ("read('parts/focal.txt')", "focal.txt", true),
            ("read(\"focal.txt\")", "focal.txt", true),
            ("# see focal.txt", "focal.txt", false),
            ("read(\"focal\")", "focal.txt", false),
            ("read(\"focal_point\")", "focal_point.txt", true),
            ("read(\"my_focal_point\")", "focal_point.txt", false),
            ("read(\"focal_point.md\")", "focal_point.txt", false),
            ("focal.txt\"", "focal.txt", false),
            ("'é/a.txt'", "a.txt", true),
        ];
        for (text, name, expected) in cases {
            let mut names = Names::default();
            names.add(&format!("prompts/{name}"), 0);
            assert_eq!(!names.named_in(text).is_empty(), expected, "{text}");
        }
    }
}
