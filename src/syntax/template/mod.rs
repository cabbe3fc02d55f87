//! Template languages: which bytes of a text are sent as they stand, and which are filled in, chosen or left out.

mod detect;
mod ends;
mod jinja;
mod mustache;
mod placeholders;
mod splice;
mod tree;

use std::ops::Range;

pub use splice::{Library, Spliced, splice};

/// How deep blocks may nest. A deeper template is refused, so that no walk over the tree can exhaust the stack.
pub const NESTING_LIMIT: usize = 200;

/// A part of a template. Ranges are byte ranges of the template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Sent as it stands.
    Fixed(Range<usize>),
    /// Filled in at run time: the expression between the marks, e.g. `user.name`.
    Variable {
        /// The expression.
        name: String,
        /// Marks included.
        range: Range<usize>,
    },
    /// Another file's text put in here (`{% include "x" %}`, `{{> x}}`).
    Include {
        /// The name as written.
        name: String,
        /// Marks included.
        range: Range<usize>,
    },
    /// One of several branches is sent; an empty branch stands for "none of them".
    Choice {
        /// The branches. The marks between them belong to none.
        branches: Vec<Vec<Piece>>,
        /// From the opening mark to the closing one.
        range: Range<usize>,
    },
    /// Sent once for each item of a list that only the run knows.
    Loop {
        /// What is repeated.
        body: Vec<Piece>,
        /// From the opening mark to the closing one.
        range: Range<usize>,
    },
    /// Not sent: a comment or a statement of the template language.
    Silent(Range<usize>),
}

impl Piece {
    /// The bytes of the text that it takes up.
    pub fn range(&self) -> Range<usize> {
        match self {
            Piece::Fixed(range)
            | Piece::Silent(range)
            | Piece::Variable { range, .. }
            | Piece::Include { range, .. }
            | Piece::Choice { range, .. }
            | Piece::Loop { range, .. } => range.clone(),
        }
    }
}

/// A template language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// None: all of the text is sent as it stands.
    None,
    /// Jinja2 with the defaults of its `Environment`.
    Jinja,
    /// Mustache, and Handlebars which extends it.
    Mustache,
    /// Liquid.
    Liquid,
    /// Go's `text/template`.
    Go,
    /// Ruby's ERB.
    Erb,
    /// Python's `string.Template`: `$name`, `${name}`.
    Dollar,
    /// Python's `str.format`: `{name}`.
    Braces,
    /// `{{ expression }}` of some other language, and nothing else.
    Expressions,
    /// What coding agents fill into their files: `$ARGUMENTS`, `${input:name}`, `@path`.
    Agent,
    /// Whatever the text itself shows without doubt. In doubt it is fixed text; it is never an error.
    Detect,
}

/// What could not be read as a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// Where, in bytes of the text.
    pub range: Range<usize>,
    /// What was found and what was expected.
    pub message: String,
}

/// Reads a template. The pieces cover the text from its first byte to its last, in order and without overlap.
///
/// # Errors
///
/// A tag that is never closed, an end tag without its opening tag, or nesting deeper than [`NESTING_LIMIT`].
/// Languages that have placeholders alone give none, nor does `Syntax::Detect`.
pub fn parse(text: &str, syntax: Syntax) -> Result<Vec<Piece>, TemplateError> {
    match syntax {
        Syntax::None => Ok(whole(text)),
        Syntax::Jinja => jinja::parse(text).map(|template| template.pieces),
        Syntax::Liquid => jinja::parse_liquid(text).map(|template| template.pieces),
        Syntax::Go => ends::parse_go(text),
        Syntax::Erb => ends::parse_erb(text),
        Syntax::Mustache => mustache::parse(text),
        Syntax::Dollar => Ok(placeholders::parse_dollar(text)),
        Syntax::Braces => Ok(placeholders::parse_braces(text)),
        Syntax::Expressions => Ok(placeholders::parse_expressions(text)),
        Syntax::Agent => Ok(placeholders::parse_agent(text)),
        Syntax::Detect => Ok(detect::parse(text)),
    }
}

/// All of a text as one fixed piece.
fn whole(text: &str) -> Vec<Piece> {
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Piece::Fixed(0..text.len())]
    }
}

/// Which of the requests that a template can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The one with the least fixed text: the shortest branch of each choice, no turn of any loop.
    Least,
    /// The one with the most: the longest branch of each choice, each loop once.
    Most,
}

/// The fixed text of one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixedText {
    /// Its byte ranges in order; none is empty.
    pub ranges: Vec<Range<usize>>,
    /// Whether more can be sent than `ranges` says, because a loop may turn more than once.
    pub unbounded: bool,
}

impl FixedText {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.ranges.iter().map(ExactSizeIterator::len).sum()
    }

    /// Whether it holds no byte.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

/// The fixed text of the request that `which` names. Of branches of the same length the first counts.
pub fn fixed_ranges(pieces: &[Piece], which: Extent) -> FixedText {
    let mut fixed = FixedText::default();
    for piece in pieces {
        match piece {
            Piece::Fixed(range) => fixed.ranges.push(range.clone()),
            Piece::Choice { branches, .. } => {
                let mut branches = branches.iter().map(|branch| fixed_ranges(branch, which));
                let Some(mut chosen) = branches.next() else {
                    continue;
                };
                for branch in branches {
                    // A branch that is not chosen may still repeat and outgrow the one that is.
                    let unbounded = chosen.unbounded || branch.unbounded;
                    let better = match which {
                        Extent::Least => branch.len() < chosen.len(),
                        Extent::Most => branch.len() > chosen.len(),
                    };
                    if better {
                        chosen = branch;
                    }
                    chosen.unbounded = unbounded;
                }
                fixed.ranges.append(&mut chosen.ranges);
                fixed.unbounded |= chosen.unbounded;
            }
            Piece::Loop { body, .. } if which == Extent::Most => {
                fixed.ranges.append(&mut fixed_ranges(body, which).ranges);
                fixed.unbounded = true;
            }
            Piece::Loop { .. } | Piece::Variable { .. } | Piece::Include { .. } | Piece::Silent(_) => {}
        }
    }
    fixed
}

/// The variables with their places, in the order written, those in branches and loops among them.
pub fn variables(pieces: &[Piece]) -> Vec<(&str, Range<usize>)> {
    let leaves = leaves(pieces).into_iter();
    leaves
        .filter_map(|piece| match piece {
            Piece::Variable { name, range } => Some((name.as_str(), range.clone())),
            _ => None,
        })
        .collect()
}

/// The names of the files whose text is put in, in the order written.
pub fn includes(pieces: &[Piece]) -> Vec<&str> {
    let leaves = leaves(pieces).into_iter();
    leaves
        .filter_map(|piece| match piece {
            Piece::Include { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect()
}

/// The names of the files whose macros a Jinja template imports.
pub fn imports(text: &str) -> Vec<String> {
    if !text.contains("import") {
        return Vec::new();
    }
    let imports = jinja::outline(text).imports.into_values();
    imports.map(|(file, _)| file).collect()
}

/// The pieces that hold no others, in the order written, those in branches and loops among them.
fn leaves(pieces: &[Piece]) -> Vec<&Piece> {
    fn collect<'p>(pieces: &'p [Piece], found: &mut Vec<&'p Piece>) {
        for piece in pieces {
            match piece {
                Piece::Choice { branches, .. } => branches.iter().for_each(|branch| collect(branch, found)),
                Piece::Loop { body, .. } => collect(body, found),
                leaf => found.push(leaf),
            }
        }
    }
    let mut found = Vec::new();
    collect(pieces, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a template sends at least and at most, and whether that is unbounded.
    fn extents(text: &str, syntax: Syntax) -> (String, String, bool) {
        let pieces = parse(text, syntax).unwrap();
        let least = fixed_ranges(&pieces, Extent::Least);
        let most = fixed_ranges(&pieces, Extent::Most);
        assert!(!least.unbounded);
        let join = |fixed: &FixedText| fixed.ranges.iter().map(|range| &text[range.clone()]).collect();
        (join(&least), join(&most), most.unbounded)
    }

    #[test]
    fn least_and_most_take_the_shortest_and_the_longest_way() {
        let text =
            "a{% if x %}bb{% elif y %}ccc{% else %}d{% endif %}{% if z %}e{% endif %}{% for i in l %}f{% endfor %}";
        assert_eq!(
            extents(text, Syntax::Jinja),
            ("ad".into(), "accceff".replace("ff", "f"), true)
        );
        let text = "{{#if x}}long text{{else}}{{#each l}}s{{/each}}{{/if}}";
        assert_eq!(
            extents(text, Syntax::Mustache),
            (String::new(), "long text".into(), true)
        );
    }

    #[test]
    fn variables_come_in_order_from_every_depth() {
        let text = "{{ a }}{% if x %}{{ b|upper }}{% else %}{% for i in l %}{{ i.c }}{% endfor %}{% endif %}{{ d }}";
        let pieces = parse(text, Syntax::Jinja).unwrap();
        let names: Vec<_> = variables(&pieces)
            .into_iter()
            .map(|(name, range)| {
                assert!(text[range].contains(name));
                name
            })
            .collect();
        assert_eq!(names, ["a", "b|upper", "i.c", "d"]);
    }

    /// Checks that pieces are in order, apart, on character boundaries and inside `bounds`.
    fn check(text: &str, pieces: &[Piece], bounds: Range<usize>, complete: bool) {
        let mut at = bounds.start;
        for piece in pieces {
            let range = piece.range();
            assert!(range.start >= at && range.end > range.start && range.end <= bounds.end);
            assert!(!complete || range.start == at, "gap before {range:?}");
            assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end));
            match piece {
                Piece::Choice { branches, .. } => {
                    let mut from = range.start;
                    for branch in branches {
                        check(text, branch, from..range.end, false);
                        from = branch.last().map_or(from, |last| last.range().end);
                    }
                }
                Piece::Loop { body, .. } => check(text, body, range.clone(), false),
                _ => {}
            }
            at = range.end;
        }
        assert!(!complete || at == bounds.end, "the end is not covered");
    }

    const TOKENS: &[&str] = &[
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{{",
        "}}}",
        "-",
        "~",
        "+",
        " ",
        "\n",
        "\r\n",
        "a",
        "é",
        "\\",
        "'",
        "\"",
        "{% if a %}",
        "{% elif b %}",
        "{% else %}",
        "{% endif %}",
        "{%- for i in l -%}",
        "{% endfor %}",
        "{% raw %}",
        "{% endraw %}",
        "{% set a %}",
        "{% endset %}",
        "{% macro m() %}",
        "{% endmacro %}",
        "{% extends 'x' %}",
        "{% block b %}",
        "{% endblock %}",
        "{% call m() %}",
        "{% endcall %}",
        "{{#a}}",
        "{{/a}}",
        "{{^a}}",
        "{{else}}",
        "{{#if a}}",
        "{{/if}}",
        "{{> p}}",
        "{{!-- c --}}",
        "{{! c }}",
        "{{~a~}}",
        "{{{{raw}}}}",
        "{{{{/raw}}}}",
        "{{a}}",
        "{name}",
        "```\n",
        "{",
        "}",
        "$",
        "{{#>p}}",
        "{{/p}}",
        "{{#*inline 'q'}}",
        "{{/inline}}",
        "{{ if .X }}",
        "{{ else }}",
        "{{- end -}}",
        "{{/* c */}}",
        "<%",
        "%>",
        "<%= x -%>",
        "<% end %>",
        "{% unless a %}",
        "{% endunless %}",
        "{% case a %}",
        "{% when b %}",
        "{% endcase %}",
        "$ARGUMENTS",
        "${input:a}",
        "\n@a.md\n",
    ];

    const ALL: [Syntax; 11] = [
        Syntax::None,
        Syntax::Jinja,
        Syntax::Mustache,
        Syntax::Liquid,
        Syntax::Go,
        Syntax::Erb,
        Syntax::Dollar,
        Syntax::Braces,
        Syntax::Expressions,
        Syntax::Agent,
        Syntax::Detect,
    ];

    proptest::proptest! {
        #[test]
        fn pieces_cover_the_text(picks in proptest::collection::vec(0..TOKENS.len(), 0..40)) {
            let text: String = picks.into_iter().map(|pick| TOKENS[pick]).collect();
            for syntax in ALL {
                match parse(&text, syntax) {
                    Ok(pieces) => check(&text, &pieces, 0..text.len(), true),
                    Err(error) => {
                        assert!(!matches!(syntax, Syntax::None | Syntax::Detect | Syntax::Dollar | Syntax::Braces));
                        assert!(text.get(error.range).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn hostile_templates_end_soon() {
        let started = std::time::Instant::now();
        for text in [
            "{{".repeat(1_000_000),
            "{% if x %}".repeat(100_000),
            "{#".repeat(1_000_000),
            "{{a}}".repeat(200_000),
            "{{!--".repeat(200_000),
            "{% raw %}".repeat(100_000),
            "{% raw %}{%".repeat(100_000),
            format!("{}x", "{% with %}".repeat(150) + &"{{a}} ".repeat(100_000)),
            "{{#a}}".repeat(100_000),
            " \n".repeat(500_000) + "{{#a}}",
            "{a".repeat(500_000),
            "{{{{a}}}}".repeat(100_000),
            "\\{{".repeat(300_000),
            "`~".repeat(500_000),
            "\\a{b}".repeat(200_000),
            "<%".repeat(500_000),
            "<%= \"".repeat(200_000),
            "{{ `".repeat(200_000),
            "${".repeat(500_000),
            "${input:".repeat(100_000),
            "\n@a.md".repeat(100_000),
        ] {
            for syntax in ALL {
                let _ = parse(&text, syntax);
            }
        }
        // A quadratic scan of any of these would take many minutes.
        assert!(started.elapsed().as_secs() < 60);
    }
}
