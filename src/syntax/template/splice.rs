//! Puts the text of other files where a template includes it, extends it or calls its macros, so that a fragment counts
//! where it is sent. Bounded in depth and in bytes, whatever the templates say.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::{NESTING_LIMIT, Piece, Syntax, jinja, parse};
use crate::source::{Span, Text, TextBuilder};

/// Most bytes that one text may become: a short file can include a long one a thousand times.
const MAX_BYTES: usize = 10_000_000;

/// Most files and macros that one text may put in, however short they are.
const MAX_PUT_IN: usize = 10_000;

/// Most pieces that one text may be made from, those that are passed over among them.
const MAX_WORK: usize = 20_000_000;

/// Problems of one text that are told.
const MAX_PROBLEMS: usize = 20;

/// Most files that may include each other in a row.
const MAX_DEPTH: usize = 32;

/// Finds the file that a template means: its path from the root, and its text. An error says why it may not be read.
pub trait Library {
    /// The file that `name` means in the file at `from`; `None` where the run holds none.
    ///
    /// # Errors
    /// Where the name leads out of the tree.
    fn find(&self, from: &str, name: &str) -> Result<Option<(&str, &str)>, String>;
}

/// A text with everything in its place.
#[derive(Debug)]
pub struct Spliced {
    /// The text.
    pub text: Text,
    /// Its pieces.
    pub pieces: Vec<Piece>,
    /// What could not be put in: where in the file, and why.
    pub problems: Vec<(Span, String)>,
}

/// Puts in what the text of the file at `path` includes. `None` where it includes nothing that is found.
pub fn splice(text: &Text, pieces: &[Piece], path: &str, library: &dyn Library) -> Option<Spliced> {
    let syntax = syntax(text.as_str(), pieces)?;
    let mut splicer = Splicer {
        library,
        syntax,
        out: TextBuilder::default(),
        stack: vec![path.to_owned()],
        outer: text,
        at: None,
        put_in: 0,
        work: 0,
        loaded: HashMap::new(),
        macros: HashMap::new(),
        problems: Vec::new(),
        full: false,
    };
    let file = Rc::new(Loaded::new(path, text.as_str(), pieces.to_vec(), syntax));
    let made = splicer.file(&file, &Blocks::new(), 0);
    if splicer.put_in == 0 && splicer.problems.is_empty() {
        return None;
    }
    let mut spliced = splicer.out.finish(text.span());
    spliced.encoder = text.encoder;
    Some(Spliced {
        text: spliced,
        pieces: made,
        problems: splicer.problems,
    })
}

/// The language of a text that includes another or calls a macro; `None` where it does neither.
fn syntax(text: &str, pieces: &[Piece]) -> Option<Syntax> {
    let mut found = None;
    super::leaves(pieces).into_iter().any(|piece| {
        found = match piece {
            Piece::Include { range, .. } => match text.get(range.clone()) {
                Some(tag) if tag.starts_with("{%") => Some(Syntax::Jinja),
                Some(tag) if tag.starts_with("{{>") || tag.starts_with("{{#>") || tag.starts_with("{{~>") => {
                    Some(Syntax::Mustache)
                }
                Some(tag) if tag.starts_with("{{") => Some(Syntax::Go),
                Some(tag) if tag.starts_with('@') => Some(Syntax::Agent),
                _ => None,
            },
            Piece::Variable { name, .. } if name.ends_with(')') && text.contains("macro") => Some(Syntax::Jinja),
            Piece::Variable { name, .. } if name.ends_with(')') && text.contains("import") => Some(Syntax::Jinja),
            Piece::Variable { .. } if text.contains("endset") => Some(Syntax::Jinja),
            _ => None,
        };
        found.is_some()
    });
    found
}

/// A file, read once.
struct Loaded {
    path: String,
    text: String,
    pieces: Vec<Piece>,
    outline: jinja::Outline,
    /// The blocks by the start of their opening tag, and by name.
    by_tag: HashMap<usize, usize>,
    by_name: HashMap<String, usize>,
    /// The template's own pieces by their start.
    by_start: HashMap<usize, usize>,
}

impl Loaded {
    fn new(path: &str, text: &str, pieces: Vec<Piece>, syntax: Syntax) -> Self {
        let outline = match syntax {
            Syntax::Jinja => jinja::outline(text),
            _ => jinja::Outline::default(),
        };
        let blocks = || outline.blocks.iter().enumerate();
        let by_tag = blocks().map(|(index, block)| (block.open.start, index)).collect();
        let by_name = blocks().map(|(index, block)| (block.name.clone(), index)).collect();
        let starts = pieces.iter().enumerate().filter(|_| !outline.blocks.is_empty());
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            by_start: starts.map(|(index, piece)| (piece.range().start, index)).collect(),
            by_tag,
            by_name,
            pieces,
            outline,
        }
    }

    fn block(&self, name: &str) -> Option<&jinja::Named> {
        self.outline.blocks.get(*self.by_name.get(name)?)
    }

    fn block_at(&self, tag: &Range<usize>) -> Option<&jinja::Named> {
        let block = self.outline.blocks.get(*self.by_tag.get(&tag.start)?)?;
        (block.open == *tag).then_some(block)
    }

    /// The pieces between a block's tags, where the block stands in no other.
    fn inside(&self, block: &jinja::Named) -> Option<&[Piece]> {
        let at = |tag: &Range<usize>| self.by_start.get(&tag.start).copied();
        let (from, to) = (at(&block.open)?, at(&block.end)?);
        self.pieces.get(from + 1..to)
    }
}

/// The blocks that templates further down put in place of a base's, by name.
type Blocks = HashMap<String, Rc<Loaded>>;

struct Splicer<'a> {
    library: &'a dyn Library,
    syntax: Syntax,
    out: TextBuilder,
    /// The files that are being put in, the outermost first.
    stack: Vec<String>,
    outer: &'a Text,
    /// The tag of the outermost file that what is written now comes from; `None` in that file itself.
    at: Option<Span>,
    put_in: usize,
    work: usize,
    macros: HashMap<String, Rc<Loaded>>,
    /// What was read already, by path.
    loaded: HashMap<String, Rc<Loaded>>,
    problems: Vec<(Span, String)>,
    full: bool,
}

impl Splicer<'_> {
    /// A file as it is rendered: what it extends, with its blocks, or its own pieces.
    fn file(&mut self, file: &Rc<Loaded>, blocks: &Blocks, level: usize) -> Vec<Piece> {
        if let Some((name, tag)) = &file.outline.extends
            && let Some(base) = self.load(file, name, tag)
        {
            let mut all = blocks.clone();
            for block in &file.outline.blocks {
                all.entry(block.name.clone()).or_insert_with(|| Rc::clone(file));
            }
            return self.inside(tag, &base.path.clone(), |splicer| splicer.file(&base, &all, level));
        }
        self.pieces(file, &file.pieces, blocks, level)
    }

    fn pieces(&mut self, file: &Rc<Loaded>, list: &[Piece], blocks: &Blocks, level: usize) -> Vec<Piece> {
        let mut made = Vec::new();
        let mut skip_to: Option<Range<usize>> = None;
        self.work = self.work.saturating_add(list.len());
        if self.work > MAX_WORK {
            return made;
        }
        for piece in list {
            if let Some(end) = &skip_to {
                if piece.range() == *end {
                    skip_to = None;
                }
                continue;
            }
            match piece {
                Piece::Fixed(range) => made.push(Piece::Fixed(self.write(file, range))),
                Piece::Silent(range) => {
                    let block = file.block_at(range);
                    let other = block.and_then(|block| Some((block, blocks.get(&block.name)?)));
                    if let Some((block, child)) = other.filter(|(_, child)| !Rc::ptr_eq(child, file)) {
                        made.extend(self.block(child, &block.name, file, blocks, level));
                        skip_to = Some(block.end.clone());
                    } else {
                        made.push(Piece::Silent(self.write(file, range)));
                    }
                }
                Piece::Variable { name, range } => match self.call(file, name, range, level) {
                    Some(body) => made.extend(body),
                    None => made.push(Piece::Variable {
                        name: name.clone(),
                        range: self.write(file, range),
                    }),
                },
                Piece::Include { name, range } => match self.load(file, name, range) {
                    Some(_) if level > NESTING_LIMIT => {
                        self.problem(
                            range,
                            format!("blocks and includes nest deeper than {NESTING_LIMIT} levels"),
                        );
                    }
                    Some(other) => {
                        let path = other.path.clone();
                        made.extend(self.inside(range, &path, |splicer| splicer.file(&other, &Blocks::new(), level)));
                    }
                    None => made.push(Piece::Include {
                        name: name.clone(),
                        range: self.write(file, range),
                    }),
                },
                Piece::Choice { branches, .. } => {
                    let start = self.out.as_str().len();
                    let branches: Vec<Vec<Piece>> = branches
                        .iter()
                        .map(|branch| self.pieces(file, branch, blocks, level + 1))
                        .collect();
                    let range = start..self.out.as_str().len();
                    if !range.is_empty() {
                        made.push(Piece::Choice { branches, range });
                    }
                }
                Piece::Loop { body, .. } => {
                    let start = self.out.as_str().len();
                    let body = self.pieces(file, body, blocks, level + 1);
                    let range = start..self.out.as_str().len();
                    if !range.is_empty() {
                        made.push(Piece::Loop { body, range });
                    }
                }
            }
        }
        made.retain(|piece| !piece.range().is_empty());
        made
    }

    /// A block of `child` in the place of the base's.
    fn block(
        &mut self,
        child: &Rc<Loaded>,
        name: &str,
        base: &Rc<Loaded>,
        blocks: &Blocks,
        level: usize,
    ) -> Vec<Piece> {
        let block = child.block(name);
        let Some(list) = block.and_then(|block| child.inside(block)).map(<[Piece]>::to_vec) else {
            return Vec::new();
        };
        // The outermost file's own blocks are its own text, wherever the base puts them: places follow the file's order,
        // so they map to the tag that names the base.
        let mut made = Vec::new();
        for piece in &list {
            let is_super = matches!(piece, Piece::Variable { name, .. } if name.replace(' ', "") == "super()");
            let own = base.block(name);
            let own = own
                .filter(|_| is_super)
                .and_then(|block| base.inside(block))
                .map(<[Piece]>::to_vec);
            match own {
                Some(list) => made.extend(self.pieces(base, &list, &Blocks::new(), level)),
                None => made.extend(self.pieces(child, std::slice::from_ref(piece), blocks, level)),
            }
        }
        made
    }

    /// The body of the macro that an expression calls, or the text that it names, where it does nothing else.
    fn call(&mut self, file: &Rc<Loaded>, name: &str, range: &Range<usize>, level: usize) -> Option<Vec<Piece>> {
        let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let is_text = self.syntax == Syntax::Jinja && is_name(name) && file.outline.texts.contains_key(name);
        let called = match is_text {
            true => name,
            false => name.strip_suffix(')')?.split_once('(')?.0.trim_end(),
        };
        if level > NESTING_LIMIT || !called.split('.').all(is_name) {
            return None;
        }
        let (home, own) = match file.outline.import_of(called).filter(|_| !is_text) {
            Some((from, own)) => (self.load(file, &from, range)?, own),
            None => (Rc::clone(file), called.to_owned()),
        };
        let key = format!("{}#{own}{}", home.path, if is_text { "=" } else { "()" });
        if self.stack.contains(&key) || self.stack.len() > MAX_DEPTH || self.put_in > MAX_PUT_IN {
            return None;
        }
        let known = match self.macros.get(&key) {
            Some(known) => Rc::clone(known),
            None => {
                let body = match is_text {
                    true => home.outline.texts.get(&own)?,
                    false => home.outline.macros.get(&own)?,
                };
                let text = home.text.get(body.open.end..body.end.start)?;
                let mut made = Loaded::new(&home.path, text, parse(text, Syntax::Jinja).ok()?, Syntax::Jinja);
                // A macro may call its neighbours, and what its file imports.
                made.outline.imports.clone_from(&home.outline.imports);
                let made = Rc::new(made);
                self.macros.insert(key.clone(), Rc::clone(&made));
                made
            }
        };
        if self.out.as_str().len().saturating_add(known.text.len()) > MAX_BYTES {
            return None;
        }
        let loaded = known;
        Some(self.inside(range, &key, |splicer| {
            splicer.pieces(&loaded, &loaded.pieces, &Blocks::new(), level)
        }))
    }

    /// The file that a tag names, where it may be put in.
    fn load(&mut self, file: &Rc<Loaded>, name: &str, tag: &Range<usize>) -> Option<Rc<Loaded>> {
        let library = self.library;
        let (path, text) = match library.find(&file.path, name) {
            Ok(found) => found?,
            Err(why) => {
                self.problem(tag, why);
                return None;
            }
        };
        if self.stack.iter().any(|known| known == path) {
            let way: Vec<&str> = self.stack.iter().map(String::as_str).chain([path]).collect();
            self.problem(tag, format!("includes itself: {}", way.join(" → ")));
            return None;
        }
        if self.stack.len() > MAX_DEPTH {
            self.problem(tag, format!("more than {MAX_DEPTH} files include each other in a row"));
            return None;
        }
        let bytes = self.out.as_str().len().saturating_add(text.len());
        if bytes > MAX_BYTES || self.put_in > MAX_PUT_IN {
            if !self.full {
                self.full = true;
                let limits = format!("longer than {MAX_BYTES} bytes, or made of more than {MAX_PUT_IN} parts");
                self.problem(tag, format!("with what it includes it is {limits}"));
            }
            return None;
        }
        if let Some(known) = self.loaded.get(path) {
            return Some(Rc::clone(known));
        }
        let pieces = parse(text, self.syntax).ok()?;
        let loaded = Rc::new(Loaded::new(path, text, pieces, self.syntax));
        self.loaded.insert(path.to_owned(), Rc::clone(&loaded));
        Some(loaded)
    }

    /// Does `write` inside the file at `path`: what it writes comes from the tag at `range`.
    fn inside(&mut self, range: &Range<usize>, path: &str, write: impl FnOnce(&mut Self) -> Vec<Piece>) -> Vec<Piece> {
        self.put_in += 1;
        self.stack.push(path.to_owned());
        let outside = self.at;
        self.at = outside.or_else(|| Some(self.outer.span_of(range.clone())));
        let made = write(self);
        self.at = outside;
        self.stack.pop();
        made
    }

    fn write(&mut self, file: &Loaded, range: &Range<usize>) -> Range<usize> {
        let start = self.out.as_str().len();
        let part = &file.text[range.clone()];
        match self.at {
            // A base's text that is long enough many times over is cut off: the count says so.
            Some(_) if start.saturating_add(part.len()) > MAX_BYTES => {}
            Some(tag) => self.out.replaced(part, tag),
            None => self.out.part(self.outer, range.clone()),
        }
        start..self.out.as_str().len()
    }

    fn problem(&mut self, range: &Range<usize>, why: String) {
        let place = self.at.unwrap_or_else(|| self.outer.span_of(range.clone()));
        if self.problems.len() < MAX_PROBLEMS && !self.problems.iter().any(|(at, known)| *at == place && *known == why)
        {
            self.problems.push((place, why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Extent, fixed_ranges, variables};
    use super::*;

    struct Files(Vec<(&'static str, String)>);

    impl Library for Files {
        fn find(&self, _: &str, name: &str) -> Result<Option<(&str, &str)>, String> {
            if name.starts_with("..") {
                return Err("leads out of the tree".to_owned());
            }
            let found = self.0.iter().find(|(path, _)| *path == name);
            Ok(found.map(|(path, text)| (*path, text.as_str())))
        }
    }

    fn sent(text: &str, syntax: Syntax, files: &[(&'static str, &str)]) -> (String, String, Vec<String>, Vec<String>) {
        let files = Files(files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect());
        let pieces = parse(text, syntax).unwrap();
        let source = Text::verbatim(text, 0);
        let made = splice(&source, &pieces, "main", &files).expect("something is put in");
        let write = |which| {
            let fixed = fixed_ranges(&made.pieces, which);
            fixed
                .ranges
                .into_iter()
                .map(|range| &made.text.as_str()[range])
                .collect::<String>()
        };
        let names = variables(&made.pieces)
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect();
        let problems = made.problems.into_iter().map(|(_, why)| why).collect();
        (write(Extent::Least), write(Extent::Most), names, problems)
    }

    #[test]
    fn an_include_is_put_in_with_what_it_includes() {
        let files = [
            ("a.j2", "A{% include 'b.j2' %}{{ x }}\n"),
            ("b.j2", "B{% if y %}!{% endif %}"),
        ];
        let (least, most, names, problems) = sent(
            "1 {%- include 'a.j2' %} 2{% include 'none.j2' %}",
            Syntax::Jinja,
            &files,
        );
        assert_eq!((least.as_str(), most.as_str()), ("1AB 2", "1AB! 2"));
        assert_eq!(names, ["x"]);
        assert!(problems.is_empty());
        let files = [("p", "Hello {{name}}, ")];
        assert_eq!(sent("{{> p}}bye", Syntax::Mustache, &files).0, "Hello , bye");
        let files = [("rules.md", "Be kind.\n")];
        assert_eq!(
            sent("@rules.md\nBe quick.", Syntax::Agent, &files).0,
            "Be kind.\n\nBe quick."
        );
    }

    #[test]
    fn a_base_takes_the_blocks_of_its_child() {
        let files = [
            (
                "base.j2",
                "<{% block top %}T{% endblock %}|{% block end %}E{% endblock %}>",
            ),
            ("mid.j2", "{% extends 'base.j2' %}{% block end %}M{% endblock %}"),
        ];
        let child = "{% extends 'mid.j2' %} lost {% block top %}mine {{ super() }}{% endblock %}";
        assert_eq!(sent(child, Syntax::Jinja, &files).0, "<mine T|M>");
    }

    #[test]
    fn a_macro_counts_where_it_is_called() {
        let text = "{% macro m(x) %}[{{ x }}]{% endmacro %}a{{ m(1) }}b{{ m(2) }}{{ other(3) }}";
        let (least, _, names, _) = sent(text, Syntax::Jinja, &[]);
        assert_eq!(least, "a[]b[]");
        assert_eq!(names, ["x", "x", "other(3)"]);
        let files = [("m.j2", "{% macro hi(n) %}Hi {{ n }}.{% endmacro %}")];
        assert_eq!(
            sent("{% from 'm.j2' import hi as h %}{{ h('x') }}", Syntax::Jinja, &files).0,
            "Hi ."
        );
        assert_eq!(
            sent("{% import 'm.j2' as lib %}{{ lib.hi(1) }}", Syntax::Jinja, &files).0,
            "Hi ."
        );
    }

    #[test]
    fn a_text_that_is_set_counts_where_it_is_printed() {
        let text = "{% set a %}Be {{ how }}.{% endset %}1{{ a }}2{{ a }}{{ b }}{{ a | upper }}";
        let (least, _, names, _) = sent(text, Syntax::Jinja, &[]);
        assert_eq!(least, "1Be .2Be .");
        assert_eq!(names, ["how", "how", "b", "a | upper"]);
        // Which of two it is, only the run knows; nor what a filter makes of it.
        for twice in [
            "{% set a %}x{% endset %}{% if y %}{% set a = 1 %}{% endif %}{{ a }}",
            "{% set a %}x{% endset %}{% set a %}y{% endset %}{{ a }}",
            "{% set a = 1 %}{% set a %}y{% endset %}{{ a }}",
            "{% set a | upper %}y{% endset %}{{ a }}",
            "{{ a }}",
        ] {
            let pieces = parse(twice, Syntax::Jinja).unwrap();
            let made = splice(&Text::verbatim(twice, 0), &pieces, "main", &Files(Vec::new()));
            assert!(made.is_none(), "{twice}");
        }
        // A text that prints itself prints what was there before.
        assert_eq!(
            sent("{% set a %}x{{ a }}{% endset %}{{ a }}", Syntax::Jinja, &[]).0,
            "x"
        );
    }

    #[test]
    fn what_may_not_be_put_in_is_said() {
        let files = [("a.j2", "a{% include 'b.j2' %}"), ("b.j2", "b{% include 'a.j2' %}")];
        let (least, _, _, problems) = sent("{% include 'a.j2' %}", Syntax::Jinja, &files);
        assert_eq!(least, "ab");
        assert_eq!(problems, ["includes itself: main → a.j2 → b.j2 → a.j2"]);
        let (.., problems) = sent("{% include '../../etc/passwd' %}", Syntax::Jinja, &[]);
        assert_eq!(problems, ["leads out of the tree"]);
    }

    #[test]
    fn a_bomb_of_includes_ends_soon() {
        let mut files: Vec<(&'static str, String)> = Vec::new();
        const NAMES: [&str; 9] = ["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"];
        for (index, name) in NAMES.iter().enumerate() {
            let text = match NAMES.get(index + 1) {
                Some(next) => format!("{{% include '{next}' %}}").repeat(100),
                None => "x".repeat(1000),
            };
            files.push((name, text));
        }
        let text = "{% include 'b0' %}";
        let pieces = parse(text, Syntax::Jinja).unwrap();
        let made = splice(&Text::verbatim(text, 0), &pieces, "main", &Files(files)).unwrap();
        assert!(made.text.as_str().len() <= MAX_BYTES);
        assert!(made.problems.iter().any(|(_, why)| why.contains("longer than")));
        let nothing = Files(vec![
            ("a", "{% include 'b' %}".repeat(3000)),
            ("b", "{% include 'c' %}".repeat(3000)),
            ("c", String::new()),
        ]);
        let text = "{% include 'a' %}";
        let pieces = parse(text, Syntax::Jinja).unwrap();
        let made = splice(&Text::verbatim(text, 0), &pieces, "main", &nothing).unwrap();
        assert!(made.problems.iter().any(|(_, why)| why.contains("more than")));
    }
}
