//! Functions of the tree that send what they are handed: `complete(prompt)` of `llm.py`, which the other files call. What
//! such a call sends, and by which model, is told by both together.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;

use super::{SIGNS, is_test};
use crate::formats::{AT_ONCE, Reading};
use crate::sdks;
use crate::source::{Slot, Span};
use crate::syntax::Signs;
use crate::syntax::code::{self, Call, Files, Language, Reader, Wrapper, Wrappers};
use crate::syntax::template::Piece;
use crate::units::{Field, Prompt};

/// Most functions of a tree that are kept: beyond that a tree is a library of such functions.
const MAX_WRAPPERS: usize = 2_000;

/// Most calls of them that are read of one file.
const MAX_CALLS: usize = 200;

/// The functions of a tree that send what they are handed.
pub(super) fn all(files: &Files<'_>) -> Wrappers {
    let found = files.ids().par_iter().with_max_len(AT_ONCE).flat_map_iter(|id| {
        let source = files.source(*id);
        let ours = Language::of_extension(source.extension()).is_some()
            && SIGNS.any_in(&source.text)
            && code::called_names(&source.text).any(|name| sdks::may_be(name, &source.text))
            && !is_test(&source.from_root);
        let reader = ours.then(|| Reader::new(files, *id)).flatten();
        reader.map_or_else(Vec::new, |reader| {
            reader.wrappers(sdks::is_last_name, |callee, _| sdks::find(callee).is_some())
        })
    });
    let mut functions: Vec<Wrapper> = found.collect();
    functions.truncate(MAX_WRAPPERS);
    let names: BTreeSet<&str> = functions.iter().map(|wrapper| wrapper.name.as_str()).collect();
    let called = Signs::new(names.into_iter().map(|name| format!("{name}(")));
    Wrappers { functions, called }
}

/// Calls of such functions in other files than their own: each with the call inside the function that it leads to.
pub(super) fn calls(reading: &Reading<'_>) -> Vec<(Call, Call)> {
    let text = &reading.source.text;
    let Some(wrappers) = reading
        .files
        .wrappers()
        .filter(|all| !all.functions.is_empty() && all.called.any_in(text))
    else {
        return Vec::new();
    };
    // Who calls a function names its file.
    let names: HashSet<&str> = code::called_names(text).collect();
    let ours: Vec<&Wrapper> = wrappers
        .functions
        .iter()
        .filter(|wrapper| wrapper.file != reading.id && names.contains(wrapper.name.as_str()))
        .filter(|wrapper| text.contains(module_name(&reading.files.source(wrapper.file).from_root)))
        .collect();
    let Some(reader) = (!ours.is_empty())
        .then(|| Reader::new(reading.files, reading.id))
        .flatten()
    else {
        return Vec::new();
    };
    let named = |name: &str| ours.iter().any(|wrapper| wrapper.name == name);
    let inside = |callee: &str, _followed: bool| sdks::find(callee).is_some();
    let mut found = reader.through(&ours, named, inside);
    found.truncate(MAX_CALLS);
    for (outer, inner) in &mut found {
        // An argument that is absent stands in neither file.
        inner.slot = Slot {
            span: Span::new(outer.place.span.start, outer.place.span.end),
            insert: None,
        };
        inner.function.clone_from(&outer.function);
        inner.repeat = outer.repeat;
    }
    found
}

/// The name by which other files import a file: that of its folder where it is the folder's own.
fn module_name(path: &str) -> &str {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    match stem {
        "__init__" | "index" => folder.rsplit('/').next().unwrap_or(folder),
        _ => stem,
    }
}

/// Whether a call of a function tells more than the function alone does: words that are sent, or the model.
pub(super) fn tells(prompt: &Prompt, inner: &Call) -> bool {
    let elsewhere = |source| source != inner.place.source;
    let words = prompt.messages.iter().any(|message| {
        let has_text = message
            .pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Fixed(_) | Piece::Choice { .. }));
        elsewhere(message.source) && has_text
    });
    words || matches!(&prompt.model, Field::Known(_, place) if elsewhere(place.source))
}
