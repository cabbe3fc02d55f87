//! Jinja2 with the defaults of its `Environment`: no line statements, `trim_blocks` and `lstrip_blocks` off, one line
//! end at the end of the template dropped. Expressions are not read beyond their strings and brackets.
//! <https://jinja.palletsprojects.com/en/stable/templates/>

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::tree::{Shape, Tree};
use super::{Piece, TemplateError};

/// A template that was read.
#[derive(Debug)]
pub(super) struct Template {
    pub pieces: Vec<Piece>,
    /// Whether every statement is one of Jinja's own. Others come from extensions and are taken as silent.
    pub all_known: bool,
    pub outline: Outline,
}

/// What a template gives to others and takes from them.
#[derive(Debug, Clone, Default)]
pub(super) struct Outline {
    /// The base that it extends whatever comes, and the tag that says so.
    pub extends: Option<(String, Range<usize>)>,
    pub blocks: Vec<Named>,
    /// By name.
    pub macros: HashMap<String, Named>,
    /// Texts that a block sets (`{% set x %}…{% endset %}`) and nothing else does, by name.
    pub texts: HashMap<String, Named>,
    /// Where macros come from, by the name that they, or all of a file, have here: the file, and the own name of one.
    pub imports: HashMap<String, (String, Option<String>)>,
}

/// A block, a macro or a text that is set.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub name: String,
    /// Its opening tag.
    pub open: Range<usize>,
    /// Its end tag.
    pub end: Range<usize>,
}

impl Outline {
    /// The file and the own name of a macro that is called here as `called`.
    pub fn import_of(&self, called: &str) -> Option<(String, String)> {
        if let Some((alias, own)) = called.split_once('.') {
            let (file, one) = self.imports.get(alias)?;
            return one.is_none().then(|| (file.clone(), own.to_owned()));
        }
        let (file, one) = self.imports.get(called)?;
        Some((file.clone(), one.clone()?))
    }

    /// `{% import "file" as alias %}`, `{% from "file" import name, other as alias %}`.
    fn import(&mut self, word: &str, rest: &str) -> Option<()> {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (file, rest) = rest[1..].split_once(quote)?;
        let rest = rest.trim();
        if word == "import" {
            let alias = rest.strip_prefix("as")?.split_whitespace().next()?;
            self.imports.insert(alias.to_owned(), (file.to_owned(), None));
            return Some(());
        }
        for part in rest.strip_prefix("import")?.split(',') {
            let mut words = part.split_whitespace();
            let own = words.next()?;
            let here = match words.next() {
                Some("as") => words.next()?,
                _ => own,
            };
            self.imports
                .insert(here.to_owned(), (file.to_owned(), Some(own.to_owned())));
        }
        Some(())
    }
}

/// What a template gives to others and takes from them; nothing where it does not parse.
pub(super) fn outline(text: &str) -> Outline {
    parse(text).map(|template| template.outline).unwrap_or_default()
}

/// A tag's parts.
struct Tag {
    range: Range<usize>,
    /// What stands between its marks, trimmed.
    inner: Range<usize>,
    /// Where the white space starts that its opening mark strips.
    strip_from: usize,
    /// Where the white space ends that its closing mark strips.
    strip_to: usize,
}

pub(super) fn parse(text: &str) -> Result<Template, TemplateError> {
    parse_as(text, false)
}

/// Liquid writes its tags as Jinja does, and has some statements of its own.
/// <https://shopify.dev/docs/api/liquid/tags>
pub(super) fn parse_liquid(text: &str) -> Result<Template, TemplateError> {
    parse_as(text, true)
}

fn parse_as(text: &str, liquid: bool) -> Result<Template, TemplateError> {
    let mut parser = Parser {
        liquid,
        text,
        at: 0,
        tree: Tree::new(),
        extends: false,
        all_known: true,
        outline: Outline::default(),
        named: Vec::new(),
        set_twice: HashSet::new(),
    };
    parser.run()?;
    Ok(Template {
        pieces: parser.tree.finish(),
        all_known: parser.all_known,
        outline: parser.outline,
    })
}

struct Parser<'t> {
    text: &'t str,
    liquid: bool,
    /// Everything before it has become a piece.
    at: usize,
    tree: Tree<'t>,
    /// Whether an `extends` has been met: outside of blocks nothing is sent after it.
    extends: bool,
    all_known: bool,
    outline: Outline,
    /// Blocks, macros and texts that are open.
    named: Vec<Named>,
    /// Names that are set more than once, or to what is no text.
    set_twice: HashSet<String>,
}

impl<'t> Parser<'t> {
    fn run(&mut self) -> Result<(), TemplateError> {
        let bytes = self.text.as_bytes();
        let mut search = 0;
        while let Some(found) = self.text[search..].find('{') {
            let start = search + found;
            match bytes.get(start + 1) {
                Some(b'{') => self.variable(start)?,
                Some(b'%') => self.statement(start)?,
                Some(b'#') => self.comment(start)?,
                _ => {
                    search = start + 1;
                    continue;
                }
            }
            search = self.at;
        }
        let end = self.text.len();
        let rest = &self.text[self.at..];
        let kept = rest
            .strip_suffix("\r\n")
            .or_else(|| rest.strip_suffix(['\n', '\r']))
            .unwrap_or(rest);
        let kept = self.at + kept.len();
        self.fixed(self.at..kept);
        self.tree.push(Piece::Silent(kept..end));
        match self.tree.innermost() {
            None => Ok(()),
            Some(block) => Err(TemplateError {
                range: block.tag.clone(),
                message: format!(
                    "`{{% {word} %}}` opened here is never closed: expected `{{% end{word} %}}`",
                    word = block.word
                ),
            }),
        }
    }

    /// Whether what stands here is sent: not outside of a block in a template that extends another.
    fn is_sent(&self) -> bool {
        !self.extends || self.tree.is_inside("block")
    }

    fn fixed(&mut self, range: Range<usize>) {
        let piece = if self.is_sent() {
            Piece::Fixed(range)
        } else {
            Piece::Silent(range)
        };
        self.tree.push(piece);
    }

    fn variable(&mut self, start: usize) -> Result<(), TemplateError> {
        let tag = self.tag(start, "}}")?;
        let name = &self.text[tag.inner.clone()];
        if name.is_empty() {
            return Err(TemplateError {
                range: tag.range,
                message: "nothing stands between `{{` and `}}`: expected an expression".into(),
            });
        }
        self.before(&tag);
        let range = tag.range.clone();
        let piece = if self.is_sent() {
            Piece::Variable {
                name: name.to_owned(),
                range,
            }
        } else {
            Piece::Silent(range)
        };
        self.tree.push(piece);
        self.after(&tag);
        Ok(())
    }

    fn comment(&mut self, start: usize) -> Result<(), TemplateError> {
        let content = start + 2 + self.sign(start + 2);
        let Some(found) = self.text[content..].find("#}") else {
            return Err(never_closed(start, "{#", "#}"));
        };
        let end = content + found;
        let tag = self.tag_at(start, content..end, end + 2);
        self.before(&tag);
        self.tree.push(Piece::Silent(tag.range.clone()));
        self.after(&tag);
        Ok(())
    }

    fn statement(&mut self, start: usize) -> Result<(), TemplateError> {
        let tag = self.tag(start, "%}")?;
        let inner = &self.text[tag.inner.clone()];
        let word_end = inner
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(inner.len());
        let (word, rest) = inner.split_at(word_end);
        let rest = rest.trim();
        self.before(&tag);
        let range = tag.range.clone();
        if matches!(word, "block" | "macro") {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            self.named.push(Named {
                name: rest[..end].to_owned(),
                open: range.clone(),
                end: 0..0,
            });
        }
        if matches!(word, "import" | "from") {
            self.outline.import(word, rest);
        }
        if word == "set" && !self.liquid {
            self.set(rest, &range);
        }
        match word {
            "" => {
                return Err(TemplateError {
                    range,
                    message: "expected the name of a statement after `{%`, such as `if`".into(),
                });
            }
            "raw" => return self.raw(&tag),
            "unless" | "case" if self.liquid => self.tree.open(word, range, Shape::Choice)?,
            "tablerow" if self.liquid => self.tree.open(word, range, Shape::Loop)?,
            "capture" | "comment" if self.liquid => self.tree.open(word, range, Shape::Discard)?,
            "elsif" if self.liquid => self.branch(&range, word, &["if", "unless"])?,
            "when" if self.liquid => self.branch(&range, word, &["case"])?,
            "else" if self.liquid => self.branch(&range, word, &["if", "unless", "case", "for"])?,
            "endunless" | "endcase" | "endtablerow" | "endcapture" | "endcomment" if self.liquid => {
                self.end(range, word)?;
            }
            "set" | "do" if self.liquid => self.tree.push(Piece::Silent(range)),
            "if" => self.tree.open(word, range, Shape::Choice)?,
            "for" => self.tree.open(word, range, Shape::Loop)?,
            "macro" => self.tree.open(word, range, Shape::Discard)?,
            "block" | "with" | "autoescape" => self.tree.open(word, range, Shape::Inline)?,
            "filter" => {
                let shape = Shape::Opaque(inner.to_owned());
                self.tree.open(word, range, shape)?;
            }
            "set" if !assigns(rest) => self.tree.open(word, range, Shape::Discard)?,
            "call" => {
                // The macro's own text is as unknown as any expression's; it may ask for the body any number of times.
                self.tree.push(Piece::Variable {
                    name: inner.to_owned(),
                    range: range.clone(),
                });
                self.tree.open_behind(word, range)?;
            }
            "elif" => self.branch(&range, word, &["if"])?,
            "else" if rest.is_empty() => self.branch(&range, word, &["if", "for"])?,
            "else" | "elseif" | "elsif" => {
                return Err(TemplateError {
                    range,
                    message: format!("Jinja has no `{{% {inner} %}}`: expected `{{% elif … %}}`"),
                });
            }
            "endif" | "endfor" | "endmacro" | "endblock" | "endwith" | "endautoescape" | "endfilter" | "endset"
            | "endcall" | "endraw" => self.end(range, word)?,
            "include" | "extends" | "render" if word != "render" || self.liquid => {
                let piece = match string_literal(rest) {
                    Some(name) => Piece::Include {
                        name: name.to_owned(),
                        range,
                    },
                    None => Piece::Variable {
                        name: inner.to_owned(),
                        range,
                    },
                };
                if word == "extends" || self.is_sent() {
                    self.tree.push(piece);
                } else {
                    self.tree.push(Piece::Silent(piece.range()));
                }
                if word == "extends"
                    && self.tree.innermost().is_none()
                    && let Some(name) = string_literal(rest)
                {
                    self.outline.extends = Some((name.to_owned(), tag.range.clone()));
                }
                // Under a condition, what follows it may be sent after all.
                self.extends |= word == "extends" && self.tree.innermost().is_none();
            }
            _ => {
                let known = matches!(word, "set" | "import" | "from" | "do" | "break" | "continue" | "debug")
                    || (self.liquid && matches!(word, "assign" | "increment" | "decrement" | "cycle" | "echo"));
                self.all_known &= known;
                self.tree.push(Piece::Silent(range));
            }
        }
        self.after(&tag);
        Ok(())
    }

    /// `{% elif %}` or `{% else %}`.
    fn branch(&mut self, range: &Range<usize>, word: &str, of: &[&str]) -> Result<(), TemplateError> {
        let message = match self.tree.innermost() {
            Some(block) if of.contains(&block.word) => {
                if !block.last {
                    self.tree.next_branch(range, word == "else");
                    return Ok(());
                }
                format!(
                    "`{{% {word} %}}` comes after the `{{% else %}}` of the same `{{% {open} %}}`: expected `{{% end{open} %}}`",
                    open = block.word
                )
            }
            Some(block) => format!(
                "`{{% {word} %}}` does not belong to `{{% {open} %}}`: expected `{{% end{open} %}}` before it",
                open = block.word
            ),
            None => format!("`{{% {word} %}}` stands outside of any `{{% if %}}`"),
        };
        Err(TemplateError {
            range: range.clone(),
            message,
        })
    }

    /// Notes the name that `{% set … %}` sets: to a text where it is a block's, which its end tag ends.
    fn set(&mut self, rest: &str, range: &Range<usize>) {
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        if assigns(rest) {
            self.outline.texts.remove(&name);
            self.set_twice.insert(name);
            return;
        }
        // What is changed by a filter on its way is not told.
        if end < rest.len() || self.outline.texts.contains_key(&name) {
            self.set_twice.insert(name.clone());
        }
        self.named.push(Named {
            name,
            open: range.clone(),
            end: 0..0,
        });
    }

    fn end(&mut self, range: Range<usize>, word: &str) -> Result<(), TemplateError> {
        let message = match self.tree.innermost() {
            Some(block) if word.strip_prefix("end") == Some(block.word) => {
                if matches!(word, "endblock" | "endmacro" | "endset")
                    && let Some(mut named) = self.named.pop()
                {
                    named.end = range.clone();
                    match word {
                        "endblock" => self.outline.blocks.push(named),
                        "endmacro" => {
                            self.outline.macros.insert(named.name.clone(), named);
                        }
                        _ if self.set_twice.contains(&named.name) => {
                            self.outline.texts.remove(&named.name);
                        }
                        _ => {
                            self.outline.texts.insert(named.name.clone(), named);
                        }
                    }
                }
                self.tree.close(range);
                return Ok(());
            }
            Some(block) => format!(
                "found `{{% {word} %}}`, expected `{{% end{open} %}}` for the `{{% {open} %}}` that is open",
                open = block.word
            ),
            None => format!(
                "`{{% {word} %}}` closes nothing: no `{{% {} %}}` is open",
                word.trim_start_matches("end")
            ),
        };
        Err(TemplateError { range, message })
    }

    /// `{% raw %}`: up to `{% endraw %}` everything is text.
    fn raw(&mut self, tag: &Tag) -> Result<(), TemplateError> {
        self.tree.push(Piece::Silent(tag.range.clone()));
        self.after(tag);
        let mut search = self.at;
        while let Some(found) = self.text[search..].find("{%") {
            let start = search + found;
            search = start + 2;
            let name = self.skip_white(search + self.sign(search));
            if !self.text[name..].starts_with("endraw") {
                continue;
            }
            let end = self.skip_white(name + "endraw".len());
            let close = end + self.sign(end);
            if !self.text[close..].starts_with("%}") {
                continue;
            }
            let end_tag = self.tag_at(start, search..close, close + 2);
            self.before(&end_tag);
            self.tree.push(Piece::Silent(end_tag.range.clone()));
            self.after(&end_tag);
            return Ok(());
        }
        Err(TemplateError {
            range: tag.range.clone(),
            message: "`{% raw %}` opened here is never closed: expected `{% endraw %}`".into(),
        })
    }

    /// The text before a tag, and the white space that the tag strips from it.
    fn before(&mut self, tag: &Tag) {
        self.fixed(self.at..tag.strip_from);
        self.tree.push(Piece::Silent(tag.strip_from..tag.range.start));
        self.at = tag.range.end;
    }

    /// The white space that a tag strips from the text after it.
    fn after(&mut self, tag: &Tag) {
        self.tree.push(Piece::Silent(tag.range.end..tag.strip_to));
        self.at = tag.strip_to;
    }

    /// 1 where `-` or `+` stands at `at`, else 0.
    fn sign(&self, at: usize) -> usize {
        usize::from(matches!(self.text.as_bytes().get(at), Some(b'-' | b'+')))
    }

    fn skip_white(&self, at: usize) -> usize {
        self.text.len() - self.text[at..].trim_start().len()
    }

    /// The tag that starts at `start` and ends with `close`: strings and brackets inside it may hold `close`.
    fn tag(&self, start: usize, close: &str) -> Result<Tag, TemplateError> {
        let bytes = self.text.as_bytes();
        let mark = &self.text[start..start + 2];
        let from = start + 2 + self.sign(start + 2);
        let mut depth = 0usize;
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            if depth == 0 && bytes[at..].starts_with(close.as_bytes()) {
                return Ok(self.tag_at(start, from..at, at + close.len()));
            }
            match byte {
                b'\'' | b'"' => {
                    at = string_end(bytes, at).ok_or_else(|| TemplateError {
                        range: at..at + 1,
                        message: format!(
                            "the string opened here is never closed: expected `{}` before `{close}`",
                            char::from(*byte)
                        ),
                    })?;
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => {
                    depth = depth.checked_sub(1).ok_or_else(|| TemplateError {
                        range: at..at + 1,
                        message: format!(
                            "found `{}` in the tag that `{mark}` opens, expected `{close}`",
                            char::from(*byte)
                        ),
                    })?;
                }
                _ => {}
            }
            at += 1;
        }
        Err(never_closed(start, mark, close))
    }

    fn tag_at(&self, start: usize, content: Range<usize>, end: usize) -> Tag {
        let bytes = self.text.as_bytes();
        let strip_from = if bytes.get(start + 2) == Some(&b'-') {
            self.at + self.text[self.at..start].trim_end().len()
        } else {
            start
        };
        let (mut inner_end, mut strip_to) = (content.end, end);
        // A sign directly behind the opening mark belongs to that one.
        if content.start < content.end {
            match bytes[content.end - 1] {
                b'-' => {
                    inner_end -= 1;
                    strip_to = self.skip_white(end);
                }
                b'+' if !self.text[..end].ends_with("}}") => inner_end -= 1,
                _ => {}
            }
        }
        let inner = &self.text[content.start..inner_end];
        let inner_start = inner_end - inner.trim_start().len();
        Tag {
            range: start..end,
            inner: inner_start..inner_start + inner.trim().len(),
            strip_from,
            strip_to,
        }
    }
}

fn never_closed(start: usize, mark: &str, close: &str) -> TemplateError {
    TemplateError {
        range: start..start + mark.len(),
        message: format!("`{mark}` opened here is never closed: expected `{close}`"),
    }
}

/// The byte after a string that starts at `start` with its quote.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' => at += 2,
            byte if byte == bytes[start] => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Whether what follows `set` holds a `=` outside of strings and brackets. Without one, `set` opens a block.
fn assigns(rest: &str) -> bool {
    let bytes = rest.as_bytes();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => match string_end(bytes, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return false,
            },
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'=' if depth == 0 => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

/// The content of the string literal that `rest` starts with, if it names one file (`ignore missing` and the like may
/// follow, an operator may not).
fn string_literal(rest: &str) -> Option<&str> {
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (name, behind) = rest[1..].split_once(quote)?;
    let behind = behind.trim_start();
    let plain = behind.is_empty() || behind.starts_with("ignore ") || behind.starts_with("with");
    (plain && !name.contains('\\')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces written out: fixed text as it is, the rest in marks of its own.
    fn shown(text: &str) -> String {
        fn show(text: &str, pieces: &[Piece], out: &mut String) {
            for piece in pieces {
                match piece {
                    Piece::Fixed(range) => out.push_str(&text[range.clone()]),
                    Piece::Silent(_) => out.push('~'),
                    Piece::Variable { name, .. } => *out += &format!("<{name}>"),
                    Piece::Include { name, .. } => *out += &format!("<+{name}>"),
                    Piece::Choice { branches, .. } => {
                        for (index, branch) in branches.iter().enumerate() {
                            out.push(if index == 0 { '(' } else { '|' });
                            show(text, branch, out);
                        }
                        out.push(')');
                    }
                    Piece::Loop { body, .. } => {
                        out.push('[');
                        show(text, body, out);
                        out.push(']');
                    }
                }
            }
        }
        let mut out = String::new();
        show(text, &parse(text).unwrap().pieces, &mut out);
        out
    }

    fn error(text: &str) -> (&str, String) {
        let error = parse(text).unwrap_err();
        (&text[error.range], error.message)
    }

    #[test]
    fn tags_become_pieces() {
        for (text, expected) in [
            ("Hi {{ user.name | title }}!\n", "Hi <user.name | title>!~"),
            ("{{ \"}}\" }}{{ {'a': {}} }}", "<\"}}\"><{'a': {}}>"),
            ("a{# }} {% #}b", "a~b"),
            ("{% if a == '%}' %}A{% elif b %}B{% endif %}", "(A|B|)"),
            ("{% if a %}A{% else %}{% endif %}", "(A|)"),
            ("{% for x in y %}{{ x }}\n{% endfor %}", "[<x>\n]"),
            ("{% for x in y %}A{% else %}B{% endfor %}", "([A]|B)"),
            ("{% set a = 1 %}{% set b %}x{{ y }}{% endset %}c", "~~c"),
            ("{% macro m(a=1) %}x{% endmacro %}{{ m() }}", "~<m()>"),
            ("{% call m() %}x{% endcall %}", "<call m()>[x]"),
            ("{% filter upper %}x{% endfilter %}", "<filter upper>"),
            ("{% raw %}{{ a }}{% if %}{% endraw %}b", "~{{ a }}{% if %}~b"),
            ("{% include 'a.txt' ignore missing %}", "<+a.txt>"),
            ("{% include name %}", "<include name>"),
            ("{% import 'a' as a %}b", "~b"),
            ("{% extends \"p\" %}x{{ y }}{% block b %}z{% endblock %}", "<+p>~~~z~"),
            ("{% chat role='user' %}x{% endchat %}", "~x~"),
            ("{ a } {é}", "{ a } {é}"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn signs_strip_white_space() {
        for (text, expected) in [
            ("a \n {{- b -}} \n c", "a~<b>~c"),
            ("a {%- if x -%} b {%- endif +%} c", "a~(~b~|) c"),
            ("a {#- x -#} b", "a~~~b"),
            ("a {%- raw -%} b {%- endraw -%} c", "a~~~b~~~c"),
            ("a {%+ set x = 1 %} c\r\n", "a ~ c~"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_what_was_expected() {
        let (at, message) = error("a{% if x %}b");
        assert_eq!(at, "{% if x %}");
        assert_eq!(
            message,
            "`{% if %}` opened here is never closed: expected `{% endif %}`"
        );
        assert_eq!(error("a {{ b").0, "{{");
        assert_eq!(error("a {# b").0, "{#");
        assert_eq!(error("{{ 'a }}").0, "'");
        assert_eq!(error("{% if x %}{% endfor %}").0, "{% endfor %}");
        assert_eq!(error("{% endif %}").0, "{% endif %}");
        assert_eq!(error("{% endraw %}").0, "{% endraw %}");
        assert_eq!(error("{% for a in b %}{% elif c %}").0, "{% elif c %}");
        assert!(error("{% if a %}{% else if b %}{% endif %}").1.contains("elif"));
        assert!(error(&"{% if x %}".repeat(201)).1.contains("200"));
    }
}
