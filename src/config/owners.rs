//! CODEOWNERS: who owns a file. Syntax: <https://docs.github.com/articles/about-code-owners>; GitLab's sections are read
//! as headings, their owners taken for lines that name none.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Where GitHub and GitLab look for it, in their order, from the repository's root.
pub const PLACES: &[&str] = &[
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
];
/// Lines of one file that are read: more are not written by hand.
const MOST_LINES: usize = 5000;

/// The owners of a repository's files.
#[derive(Debug, Default)]
pub struct Owners {
    rows: Vec<(Gitignore, Vec<String>)>,
}

impl Owners {
    /// Reads the text of a CODEOWNERS file; a line that is malformed owns nothing.
    pub fn parse(text: &str) -> Self {
        let mut rows = Vec::new();
        let mut of_section: Vec<String> = Vec::new();
        for line in text.lines().take(MOST_LINES) {
            let line = line.split(" #").next().unwrap_or(line).trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let section = line.trim_start_matches('^');
            if section.starts_with('[')
                && let Some((_, owners)) = section.rsplit_once(']')
            {
                of_section = words(owners);
                continue;
            }
            let mut parts = line.split_whitespace();
            let Some(pattern) = parts.next() else { continue };
            let mut owners: Vec<String> = parts.map(str::to_owned).collect();
            if owners.is_empty() {
                owners.clone_from(&of_section);
            }
            let mut builder = GitignoreBuilder::new("");
            if builder.add_line(None, pattern).is_ok()
                && let Ok(matcher) = builder.build()
            {
                rows.push((matcher, owners));
            }
        }
        Self { rows }
    }

    /// Who owns a file, by its path from the repository's root: the last line that matches decides.
    pub fn of(&self, path: &str) -> &[String] {
        let owns = |matcher: &Gitignore| {
            !path.starts_with('/') && matcher.matched_path_or_any_parents(path, false).is_ignore()
        };
        let row = self.rows.iter().rev().find(|(matcher, _)| owns(matcher));
        row.map_or(&[], |(_, owners)| owners)
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_matches_decides() {
        let owners = Owners::parse(
            "# who\n* @all\n/prompts/ @prompts @lead # both\n*.yaml @platform\n/prompts/free/\n[Docs] @docs\ndocs/\n",
        );
        assert_eq!(owners.of("src/main.py"), ["@all"]);
        assert_eq!(owners.of("prompts/a/b.md"), ["@prompts", "@lead"]);
        assert_eq!(owners.of("deploy/prompts/b.md"), ["@all"]);
        assert_eq!(owners.of("deploy/x.yaml"), ["@platform"]);
        assert!(owners.of("prompts/free/a.md").is_empty());
        assert_eq!(owners.of("docs/a.md"), ["@docs"]);
        assert!(Owners::default().of("a").is_empty());
    }
}
