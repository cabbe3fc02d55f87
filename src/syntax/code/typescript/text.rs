//! Strings: escapes decoded, with their places.

use tree_sitter::Node as Tree;

use crate::source::{Span, Text, TextBuilder};

/// The text between two bytes of `text`, whose escapes are the children of `node` that lie there. `start` is the first
/// byte of `text` in its file.
pub(super) fn decode(text: &str, start: usize, node: Tree<'_>, from: usize, to: usize) -> Text {
    let mut built = TextBuilder::default();
    let mut at = from;
    let mut cursor = node.walk();
    for part in node.named_children(&mut cursor) {
        let (begin, end) = (part.start_byte(), part.end_byte());
        let escapes = matches!(part.kind(), "escape_sequence" | "html_character_reference");
        if !escapes || begin < at || end > to {
            continue;
        }
        verbatim(text, start, at, begin, &mut built);
        let written = text.get(begin..end).unwrap_or_default();
        let plain = escape(written).unwrap_or_else(|| written.to_owned());
        built.replaced(&plain, Span::new(start + begin, start + end));
        at = end;
    }
    verbatim(text, start, at, to, &mut built);
    built.finish(Span::new(start + from, start + to))
}

/// Text without escapes; line ends are a line feed, whatever the file has.
fn verbatim(text: &str, start: usize, from: usize, to: usize, built: &mut TextBuilder) {
    let Some(whole) = text.get(from..to) else {
        return;
    };
    let mut at = from;
    for line in whole.split_inclusive("\r\n") {
        match line.strip_suffix("\r\n") {
            Some(line) => {
                built.verbatim(line, start + at);
                let end = start + at + line.len();
                built.replaced("\n", Span::new(end, end + 2));
            }
            None => built.verbatim(line, start + at),
        }
        at += line.len();
    }
}

/// What an escape sequence stands for; `None` for one that JavaScript doesn't know.
fn escape(written: &str) -> Option<String> {
    let code = |digits: &str| {
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
    };
    let rest = written.strip_prefix('\\')?;
    Some(match rest {
        "\n" | "\r\n" | "\r" | "\u{2028}" | "\u{2029}" => String::new(),
        "n" => "\n".to_owned(),
        "t" => "\t".to_owned(),
        "r" => "\r".to_owned(),
        "b" => "\u{8}".to_owned(),
        "f" => "\u{c}".to_owned(),
        "v" => "\u{b}".to_owned(),
        "0" => "\0".to_owned(),
        _ => match rest.strip_prefix(['x', 'u']) {
            Some(digits) => code(digits.trim_start_matches('{').trim_end_matches('}'))?,
            // A backslash in front of anything else is left out.
            None => rest.to_owned(),
        },
    })
}
