//! Prompt files that code names, where no call could be followed to them: what else their request says (limit, form of
//! the answer, tools) stands in that code, so it is unknown and not absent.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rayon::prelude::*;

use super::requests::is_only_text;
use crate::source::Source;
use crate::syntax::code::{self, Files, Language};
use crate::units::{Field, Unit};

/// Marks the requests of prompt files that code names as not known.
pub(super) fn mark(units: &mut [Unit], files_of_run: &Files<'_>) {
    let sources = files_of_run.sources();
    // The files by their names without the ending, which is what the search is for.
    let mut files: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, unit) in units.iter().enumerate() {
        if let Unit::Prompt(prompt) = unit
            && is_only_text(prompt)
        {
            let path = sources[prompt.place.source.0 as usize].from_root.as_str();
            files.entry(name(path).0).or_default().push(index);
        }
    }
    let is_code =
        |source: &&Source| Language::of_extension(source.extension()).is_some() && source.text.len() <= code::MAX_BYTES;
    let code: Vec<&Source> = files_of_run.iter().map(|(_, source)| source).filter(is_code).collect();
    files.remove("");
    if files.is_empty() || code.is_empty() {
        return;
    }
    let mut stems: Vec<&str> = files.keys().copied().collect();
    stems.sort_unstable();
    let search = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(&stems);
    let Ok(search) = search else {
        return;
    };
    let found: Vec<(usize, String)> = code
        .par_iter()
        .flat_map_iter(|source| {
            let hits = search.find_overlapping_iter(&*source.text);
            let hits = hits.flat_map(|hit| {
                let stem = stems[hit.pattern().as_usize()];
                let of_stem = files[stem].iter().copied();
                of_stem.map(move |unit| (unit, hit.start(), hit.end()))
            });
            hits.filter_map(|(unit, start, end)| {
                let path = &sources[units[unit].place().source.0 as usize].from_root;
                is_named(&source.text, start, end, name(path)).then(|| {
                    let line = source.position(start).line;
                    (
                        unit,
                        format!("{}:{line} names it, in a way that is not followed", source.path),
                    )
                })
            })
            .collect::<Vec<_>>()
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

/// A file's name without its ending, and the ending with its dot.
fn name(path: &str) -> (&str, &str) {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split_at(name.find('.').unwrap_or(name.len()))
}

/// Whether a string of the code ends here with a file's name: with its ending, or without it where the name is of
/// several words (`"system"` alone may mean anything).
fn is_named(text: &str, start: usize, end: usize, (stem, ending): (&str, &str)) -> bool {
    let is_quote = |char: char| matches!(char, '"' | '\'' | '`');
    let before = text[..start].chars().next_back();
    if !before.is_some_and(|char| is_quote(char) || char == '/') {
        return false;
    }
    let rest = &text[end..];
    match rest.strip_prefix(ending).filter(|_| !ending.is_empty()) {
        Some(rest) => rest.starts_with(is_quote),
        None => rest.starts_with(is_quote) && stem.contains(['_', '-']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_names_a_file_with_its_ending_or_by_several_words() {
        let cases = [
            ("read('parts/focal.txt')", "focal", ".txt", true),
            ("read(\"focal.txt\")", "focal", ".txt", true),
            ("# see focal.txt", "focal", ".txt", false),
            ("read(\"focal\")", "focal", ".txt", false),
            ("read(\"focal_point\")", "focal_point", ".txt", true),
            ("read(\"my_focal_point\")", "focal_point", ".txt", false),
            ("read(\"focal_point.md\")", "focal_point", ".txt", false),
        ];
        for (text, stem, ending, expected) in cases {
            let start = text.find(stem).expect("it is there");
            assert_eq!(
                is_named(text, start, start + stem.len(), (stem, ending)),
                expected,
                "{text}"
            );
        }
    }
}
