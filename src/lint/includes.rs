//! Templates with what they include put in: a fragment counts where it is sent.

use std::collections::HashMap;

use super::files::not_put_in;
use super::requests::MAX_JOINED_BYTES;
use crate::report::Finding;
use crate::source::{Source, normal, resolve};
use crate::syntax::code::Files;
use crate::syntax::template::{Library, splice};
use crate::units::Unit;

/// The files of a run, as templates name them.
struct Tree<'s> {
    sources: &'s [Source],
    by_path: HashMap<&'s str, usize>,
    /// By the name after the last `/`: names are seen from a folder of templates that only the application knows.
    by_name: HashMap<&'s str, Vec<usize>>,
}

impl<'s> Tree<'s> {
    fn new(files: &Files<'s>) -> Self {
        let mut tree = Self {
            sources: files.sources(),
            by_path: HashMap::new(),
            by_name: HashMap::new(),
        };
        for (id, source) in files.iter() {
            let (path, index) = (source.from_root.as_str(), id.0 as usize);
            tree.by_path.insert(path, index);
            tree.by_name.entry(last(path)).or_default().push(index);
        }
        tree
    }

    fn exact(&self, from: &str, name: &str) -> Option<usize> {
        let known = resolve(from, name, |path| self.by_path.contains_key(path));
        known.and_then(|path| self.by_path.get(path.as_str()).copied())
    }

    /// The file whose path ends with `name`; of several the one that shares the most folders with `from`, unless two
    /// share as many.
    fn ending(&self, from: &str, name: &str) -> Option<usize> {
        let name = normal(name)?;
        let ends = |path: &str| {
            path.strip_suffix(name.as_str())
                .is_some_and(|lead| lead.is_empty() || lead.ends_with('/'))
        };
        let shared = |path: &str| from.split('/').zip(path.split('/')).take_while(|(a, b)| a == b).count();
        let mut best: Option<(usize, usize)> = None;
        let mut tied = false;
        for index in self.by_name.get(last(&name)).into_iter().flatten() {
            let path = self.sources[*index].from_root.as_str();
            if ends(path) {
                let near = shared(path);
                tied =
                    best.is_some_and(|(most, _)| most == near) || (tied && best.is_some_and(|(most, _)| most > near));
                if best.is_none_or(|(most, _)| near > most) {
                    best = Some((near, *index));
                    tied = false;
                }
            }
        }
        best.filter(|_| !tied).map(|(_, index)| index)
    }
}

impl Library for Tree<'_> {
    fn find(&self, from: &str, name: &str) -> Result<Option<(&str, &str)>, String> {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let agent = from.ends_with(".md") || from.ends_with(".mdc");
        if !agent && normal(name).is_none() && normal(&format!("{folder}/{name}")).is_none() {
            return Err(format!("`{name}` leads out of the tree, where no file is read"));
        }
        // Partials may be named without their ending, and their files start with a line.
        let extension = from.rsplit_once('.').map_or("", |(_, extension)| extension);
        let (lead, stem) = match name.rsplit_once('/') {
            Some((lead, stem)) => (format!("{lead}/"), stem),
            None => (String::new(), name),
        };
        let names = [
            name.to_owned(),
            format!("{name}.{extension}"),
            format!("{lead}_{stem}.{extension}"),
        ];
        let found = names
            .iter()
            .find_map(|name| self.exact(from, name))
            .or_else(|| names.iter().find_map(|name| self.ending(from, name)));
        Ok(found.map(|index| {
            let source = &self.sources[index];
            (source.from_root.as_str(), source.body().0)
        }))
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Puts in what the units' templates include; what can't be is found. All of a run together stay below
/// [`MAX_JOINED_BYTES`].
pub(super) fn put_in(units: &mut [Unit], files: &Files<'_>, findings: &mut Vec<Finding>) {
    let tree = Tree::new(files);
    let mut bytes = 0_usize;
    for unit in units {
        let Unit::Prompt(prompt) = unit else {
            continue;
        };
        for message in &mut prompt.messages {
            if bytes > MAX_JOINED_BYTES {
                return;
            }
            let source = files.source(message.source);
            let Some(made) = splice(&message.text, &message.pieces, &source.from_root, &tree) else {
                continue;
            };
            bytes = bytes.saturating_add(made.text.as_str().len());
            message.text = made.text;
            message.pieces = made.pieces;
            for (span, why) in made.problems {
                findings.push(not_put_in(source, span, &why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The units' texts with what they include, and what was found.
    fn expanded(files: &[(&str, &str)]) -> (Vec<(String, String)>, Vec<String>) {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::new(*path, *text, false))
            .collect();
        let known = Files::new(&sources);
        let mut units = Vec::new();
        for id in known.ids() {
            if let crate::formats::Outcome::Read(_, read) = crate::formats::read(&known, *id, true) {
                units.extend(read.units);
            }
        }
        let mut findings = Vec::new();
        put_in(&mut units, &known, &mut findings);
        let texts = units.iter().filter_map(|unit| match unit {
            Unit::Prompt(prompt) => {
                let text = prompt.messages.iter().map(|message| message.text.as_str()).collect();
                Some((prompt.name.clone(), text))
            }
            _ => None,
        });
        (
            texts.collect(),
            findings.into_iter().map(|finding| finding.message).collect(),
        )
    }

    #[test]
    fn an_import_of_an_agents_file_is_its_text() {
        let (texts, findings) = expanded(&[("AGENTS.md", "Be kind.\n"), ("CLAUDE.md", "@AGENTS.md\n\nBe quick.\n")]);
        assert_eq!(texts[1], ("CLAUDE.md".to_owned(), "Be kind.\n\n\nBe quick.".to_owned()));
        assert!(findings.is_empty());
    }

    #[test]
    fn the_nearest_file_of_a_name_is_meant_and_a_tie_is_none() {
        let here = ("app/prompts/main.j2", "{% include 'rules.j2' %}.");
        let files = [
            here,
            ("app/prompts/parts/rules.j2", "near"),
            ("lib/parts/rules.j2", "far"),
        ];
        assert_eq!(expanded(&files).0[0].1, "near.");
        let files = [here, ("a/rules.j2", "one"), ("b/rules.j2", "two")];
        assert_eq!(expanded(&files).0[0].1, here.1);
    }

    #[test]
    fn what_leaves_the_tree_or_includes_itself_is_found() {
        let files = [
            ("prompts/main.j2", "{% include 'a.j2' %}"),
            ("prompts/a.j2", "a{% include 'b.j2' %}"),
            ("prompts/b.j2", "b{% include 'a.j2' %}"),
            ("prompts/out.j2", "{% include '../../secret.txt' %}"),
        ];
        let (texts, findings) = expanded(&files);
        assert!(texts[3].1.contains("secret.txt"), "the tag stays");
        let about = |part: &str| findings.iter().any(|message| message.contains(part));
        assert!(
            about("main.j2 → prompts/a.j2 → prompts/b.j2 → prompts/a.j2"),
            "{findings:?}"
        );
        assert!(about("leads out of the tree"), "{findings:?}");
    }
}
