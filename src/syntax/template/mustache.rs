//! Mustache, and Handlebars which extends it. What both read the same way is read that way; what only Handlebars has
//! (`{{#if}}`, `{{else}}`, `{{~`, `\{{`, comments in dashes) is read as Handlebars does.
//! <https://mustache.github.io/mustache.5.html>, <https://handlebarsjs.com/guide/>

use std::ops::Range;

use super::tree::{Shape, Tree};
use super::{Piece, TemplateError};

pub(super) fn parse(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut parser = Parser {
        text,
        at: 0,
        tree: Tree::new(),
    };
    parser.run()?;
    Ok(parser.tree.finish())
}

struct Parser<'t> {
    text: &'t str,
    /// Everything before it has become a piece.
    at: usize,
    tree: Tree<'t>,
}

impl<'t> Parser<'t> {
    fn run(&mut self) -> Result<(), TemplateError> {
        let bytes = self.text.as_bytes();
        let mut search = 0;
        while let Some(found) = self.text[search..].find("{{") {
            let start = search + found;
            let before = &bytes[self.at..start];
            if before.ends_with(b"\\") && !before.ends_with(b"\\\\") {
                // `\{{`: the backslash goes, the marks stay.
                self.fixed(start - 1);
                self.silent(start);
                search = start + 2;
                continue;
            }
            if before.ends_with(b"\\\\") {
                // `\\{{`: one backslash stays before a tag that counts.
                self.fixed(start - 1);
                self.silent(start);
            }
            if self.text[start..].starts_with("{{{{") {
                self.raw_block(start)?;
            } else {
                self.tag(start)?;
            }
            search = self.at;
        }
        self.fixed(self.text.len());
        match self.tree.innermost() {
            None => Ok(()),
            Some(block) => Err(error(
                block.tag.clone(),
                format!(
                    "`{}` opened here is never closed: expected `{{{{/{}}}}}`",
                    excerpt(&self.text[block.tag.clone()]),
                    excerpt(block.word)
                ),
            )),
        }
    }

    /// The text up to `end` as it stands.
    fn fixed(&mut self, end: usize) {
        self.tree.push(Piece::Fixed(self.at..end));
        self.at = end;
    }

    /// The text up to `end` as not sent.
    fn silent(&mut self, end: usize) {
        self.tree.push(Piece::Silent(self.at..end));
        self.at = end;
    }

    fn tag(&mut self, start: usize) -> Result<(), TemplateError> {
        let text = self.text;
        let bytes = text.as_bytes();
        let triple = bytes.get(start + 2) == Some(&b'{');
        let strips_before = bytes.get(start + 2) == Some(&b'~');
        let from = start + if triple { 3 } else { 2 } + usize::from(strips_before);
        let comment = !triple && bytes.get(from) == Some(&b'!');
        let close = match (triple, comment && text[from..].starts_with("!--")) {
            (true, _) => "}}}",
            (_, true) => "--}}",
            _ => "}}",
        };
        let content_end = if comment {
            self.comment_end(from, close)
        } else {
            self.tag_end(from, close)?
        };
        let Some((content_end, end)) = content_end else {
            let mark = if triple { "{{{" } else { "{{" };
            return Err(error(
                start..start + mark.len(),
                format!("`{mark}` opened here is never closed: expected `{close}`"),
            ));
        };
        let strips_after = content_end > from && !triple && bytes[content_end - 1] == b'~';
        let inner = text[from..content_end - usize::from(strips_after)].trim();
        let range = start..end;
        let sigil = inner.chars().next().filter(|c| "!#^/>&=*<$".contains(*c));
        let sigil = sigil.filter(|_| !triple);
        let body = inner[sigil.map_or(0, char::len_utf8)..].trim();
        let word = body.split_whitespace().next().unwrap_or("");
        let is_else = !triple && sigil.is_none() && word == "else";

        // The white space around the tag that goes with it.
        let line = match sigil {
            Some('!' | '#' | '^' | '/' | '>' | '*') => self.own_line(&range),
            None if is_else => self.own_line(&range),
            _ => None,
        };
        let (mut strip_from, mut strip_to) = line.map_or((start, end), |line| (line.start, line.end));
        if strips_before {
            strip_from = self.at + text[self.at..start].trim_end().len();
        }
        if strips_after {
            strip_to = text.len() - text[end..].trim_start().len();
        }
        self.fixed(strip_from);
        self.silent(start);
        self.at = end;

        let tree = &mut self.tree;
        match sigil {
            Some('!') | Some('*') => tree.push(Piece::Silent(range)),
            Some('#') => self.section(body, range)?,
            Some('^') if word.is_empty() => self.branch(&range, true)?,
            Some('^') => tree.open(word, range, Shape::Choice)?,
            Some('/') => self.end(word, range)?,
            Some('>') => tree.push(partial(body, word, range)),
            Some('=') => {
                return Err(error(
                    range,
                    "this changes the marks of tags, which llmlint does not follow: expected `{{` and `}}` throughout"
                        .into(),
                ));
            }
            Some('<' | '$') => {
                return Err(error(
                    range,
                    "this inherits from another template, which llmlint does not follow: expected a partial, `{{> name}}`"
                        .into(),
                ));
            }
            _ if is_else => self.branch(&range, body == "else")?,
            _ if body.is_empty() => {
                return Err(error(
                    range,
                    "nothing stands between the marks of this tag: expected a name".into(),
                ));
            }
            _ => tree.push(Piece::Variable {
                name: body.to_owned(),
                range,
            }),
        }
        self.silent(strip_to);
        Ok(())
    }

    /// `{{#word …}}`.
    fn section(&mut self, body: &'t str, range: Range<usize>) -> Result<(), TemplateError> {
        let (word, arguments) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
        match (word, arguments.is_empty()) {
            ("", _) => Err(error(range, "expected the name of a section after `#`".into())),
            ("if" | "unless" | "with", false) => self.tree.open(word, range, Shape::Choice),
            ("*inline", false) => self.tree.open("inline", range, Shape::Discard),
            _ if body.starts_with('>') => {
                let body = body[1..].trim();
                let word = body.split_whitespace().next().unwrap_or("");
                self.tree.push(partial(body, word, range.clone()));
                // The partial may ask for the block any number of times.
                self.tree.open_behind(word, range)
            }
            _ => self.tree.open(word, range, Shape::Loop),
        }
    }

    /// `{{else}}`, `{{else if x}}`, `{{^}}`.
    fn branch(&mut self, range: &Range<usize>, last: bool) -> Result<(), TemplateError> {
        match self.tree.innermost() {
            Some(block) if !block.last => {
                self.tree.next_branch(range, last);
                Ok(())
            }
            Some(block) => Err(error(
                range.clone(),
                format!(
                    "the block has had its `{{{{else}}}}` before this one: expected `{{{{/{}}}}}`",
                    excerpt(block.word)
                ),
            )),
            None => Err(error(range.clone(), "`{{else}}` stands outside of any block".into())),
        }
    }

    fn end(&mut self, word: &str, range: Range<usize>) -> Result<(), TemplateError> {
        let found = excerpt(&self.text[range.clone()]);
        match self.tree.innermost() {
            Some(block) if block.word == word => {
                self.tree.close(range);
                Ok(())
            }
            Some(block) => {
                let message = format!(
                    "found `{found}`, expected `{{{{/{}}}}}` for the `{}` that is open",
                    excerpt(block.word),
                    excerpt(&self.text[block.tag.clone()])
                );
                Err(error(range, message))
            }
            None => Err(error(
                range,
                format!("`{found}` closes nothing: no such section is open"),
            )),
        }
    }

    /// Handlebars' `{{{{name}}}}…{{{{/name}}}}`: its body is text that a helper gets.
    fn raw_block(&mut self, start: usize) -> Result<(), TemplateError> {
        let text = self.text;
        let never = |mark: Range<usize>, close: &str| {
            error(
                mark,
                format!("the raw block opened here is never closed: expected `{close}`"),
            )
        };
        let Some(found) = text[start + 4..].find("}}}}") else {
            return Err(never(start..start + 4, "}}}}"));
        };
        let tag = start..start + 4 + found + 4;
        let word = text[start + 4..tag.end - 4].split_whitespace().next().unwrap_or("");
        let close = format!("{{{{{{{{/{word}}}}}}}}}");
        let Some(found) = text[tag.end..].find(&close) else {
            return Err(never(tag, &excerpt(&close)));
        };
        let end = tag.end + found;
        self.fixed(start);
        self.tree.open(word, tag.clone(), Shape::Loop)?;
        self.at = tag.end;
        self.fixed(end);
        self.at = end + close.len();
        self.tree.close(end..self.at);
        Ok(())
    }

    /// Where a comment's text and its tag end.
    fn comment_end(&self, from: usize, close: &str) -> Option<(usize, usize)> {
        if close == "}}" {
            let end = from + self.text[from..].find(close)?;
            return Some((end, end + close.len()));
        }
        // `--}}` or `--~}}`; its dashes may be the opening ones, as in `{{!--}}`.
        let mut search = from + 1;
        loop {
            let dashes = search + self.text[search..].find("--")?;
            let behind = &self.text[dashes + 2..];
            if behind.starts_with("}}") {
                return Some((dashes + 2, dashes + 4));
            }
            if behind.starts_with("~}}") {
                return Some((dashes + 3, dashes + 5));
            }
            search = dashes + 1;
        }
    }

    /// Where a tag's content and the tag end: strings inside it may hold `close`.
    fn tag_end(&self, from: usize, close: &str) -> Result<Option<(usize, usize)>, TemplateError> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while at < bytes.len() {
            if bytes[at..].starts_with(close.as_bytes()) {
                return Ok(Some((at, at + close.len())));
            }
            // A quote inside a name (`{{don't}}`) opens no string.
            if matches!(bytes[at], b'"' | b'\'') && matches!(bytes[at - 1], b' ' | b'\t' | b'\n' | b'\r' | b'(' | b'=')
            {
                let string = &self.text[at + 1..];
                let Some(length) = string.find(char::from(bytes[at])) else {
                    return Err(error(
                        at..at + 1,
                        format!(
                            "the string opened here is never closed: expected `{}` before `{close}`",
                            char::from(bytes[at])
                        ),
                    ));
                };
                at += length + 1;
            }
            at += 1;
        }
        Ok(None)
    }

    /// The line that a tag stands on alone, its line end included; `None` where it shares its line.
    fn own_line(&self, tag: &Range<usize>) -> Option<Range<usize>> {
        let blank = |c: char| c == ' ' || c == '\t';
        let before = self.text[self.at..tag.start].trim_end_matches(blank);
        let starts_line =
            before.ends_with('\n') || (before.is_empty() && (self.at == 0 || self.text[..self.at].ends_with('\n')));
        let after = self.text[tag.end..].trim_start_matches(blank);
        let end = self.text.len() - after.len();
        let line_end = if after.starts_with("\r\n") {
            2
        } else if after.starts_with('\n') {
            1
        } else if after.is_empty() {
            0
        } else {
            return None;
        };
        starts_line.then_some(self.at + before.len()..end + line_end)
    }
}

/// `{{> word …}}`; a name that is worked out at run time (`{{> (lookup . "x")}}`) names no file.
fn partial(body: &str, word: &str, range: Range<usize>) -> Piece {
    if word.is_empty() || word.starts_with(['(', '*']) {
        Piece::Variable {
            name: body.to_owned(),
            range,
        }
    } else {
        Piece::Include {
            name: word.trim_matches(['"', '\'']).to_owned(),
            range,
        }
    }
}

fn error(range: Range<usize>, message: String) -> TemplateError {
    TemplateError { range, message }
}

/// The start of a tag as a message shows it.
fn excerpt(tag: &str) -> String {
    const SHOWN: usize = 40;
    match tag.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &tag[..end]),
        None => tag.to_owned(),
    }
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
        show(text, &parse(text).unwrap(), &mut out);
        out
    }

    #[test]
    fn tags_become_pieces() {
        for (text, expected) in [
            ("{{a}} {{{ b }}} {{& c}} {{a.b}}}", "<a> <b> <c> <a.b>}"),
            ("{{#x}}y{{/x}}{{^x}}z{{/x}}", "[y](z|)"),
            ("{{#if x}}A{{else if y}}B{{else}}C{{/if}}", "(A|B|C)"),
            ("{{#unless x}}A{{/unless}}", "(A|)"),
            ("{{#each x}}A{{else}}B{{/each}}", "([A]|B)"),
            ("{{#with x}}A{{^}}B{{/with}}", "(A|B)"),
            ("a{{! {{b }}c{{!-- }} --}}d{{!--}}", "a~c~d~"),
            ("{{> p}}{{> 'dir/q' x=1}}{{> (f 1)}}", "<+p><+dir/q><(f 1)>"),
            ("{{#> l}}x{{/l}}", "<+l>[x]"),
            ("{{#*inline \"n\"}}x{{/inline}}y", "~y"),
            ("\\{{a}} {{b}} \\\\{{c}}", "~{{a}} <b> \\~<c>"),
            ("{{h \"}}\" x='{{'}}", "<h \"}}\" x='{{'>"),
            ("{{{{r}}}} {{a}} {{{{/r}}}}", "[ {{a}} ]"),
            ("a \n {{~ b ~}} \n c", "a~<b>~c"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_alone_on_its_line_takes_the_line_with_it() {
        for (text, expected) in [
            ("a\n  {{#x}}  \r\nb\n{{/x}}\nc", "a\n~[~b\n]~c"),
            ("{{! x }}\na", "~~a"),
            ("a\n  {{> p}}", "a\n~<+p>"),
            ("{{#x}}{{/x}}\na", "[]\na"),
            ("{{#x}}\n{{/x}}\na", "[~]~a"),
            ("a\n{{b}}\nc", "a\n<b>\nc"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_what_was_expected() {
        let error = |text: &'static str| {
            let error = parse(text).unwrap_err();
            (&text[error.range], error.message)
        };
        let (at, message) = error("a{{#if x}}b");
        assert_eq!(at, "{{#if x}}");
        assert_eq!(message, "`{{#if x}}` opened here is never closed: expected `{{/if}}`");
        assert_eq!(error("{{#a}}{{/b}}").0, "{{/b}}");
        assert_eq!(error("{{/a}}").0, "{{/a}}");
        assert_eq!(error("x {{a").0, "{{");
        assert_eq!(error("{{=<% %>=}}").0, "{{=<% %>=}}");
        assert_eq!(error("{{else}}").0, "{{else}}");
        assert_eq!(error("{{ }}").0, "{{ }}");
    }
}
