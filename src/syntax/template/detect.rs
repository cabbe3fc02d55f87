//! What a text without a declared template language shows of itself. In doubt it is fixed text.

use std::ops::Range;

use super::{Piece, jinja, mustache, whole};

/// Reads a text as the one template language that it is written in without doubt: Jinja where its statements parse,
/// Mustache where its sections do, else `{{name}}`, else `{name}` as Python's format strings have it.
pub(super) fn parse(text: &str) -> Vec<Piece> {
    if !text.contains('{') {
        return whole(text);
    }
    let fences = code_fences(text);
    let outside_fences = |mark: &str| text.match_indices(mark).any(|(at, _)| !is_inside(&fences, at));
    if outside_fences("{%")
        && let Ok(template) = jinja::parse(text)
        && template.all_known
    {
        return template.pieces;
    }
    if (outside_fences("{{#") || outside_fences("{{/"))
        && let Ok(pieces) = mustache::parse(text)
    {
        return pieces;
    }
    let mut found = double_braces(text);
    if found.is_empty() {
        found = single_braces(text, &fences);
    }
    with_variables(text, found)
}

/// A placeholder: its marks included, and its name.
type Placeholder = (Range<usize>, Range<usize>);

fn with_variables(text: &str, found: Vec<Placeholder>) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(found.len() * 2 + 1);
    let mut at = 0;
    for (range, name) in found {
        if at < range.start {
            pieces.push(Piece::Fixed(at..range.start));
        }
        at = range.end;
        pieces.push(Piece::Variable {
            name: text[name].to_owned(),
            range,
        });
    }
    if at < text.len() {
        pieces.push(Piece::Fixed(at..text.len()));
    }
    pieces
}

/// `{{name}}`, blanks allowed around the name. `${{ x }}` belongs to CI systems, `\frac{{a}}` and `x^{{a}}` to LaTeX.
fn double_braces(text: &str) -> Vec<Placeholder> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut search = 0;
    while let Some(at) = text[search..].find("{{") {
        let mut start = search + at;
        let name_start = start + 2 + blanks(&bytes[start + 2..]);
        let name_end = name_start + identifier(&bytes[name_start..], b"_.-");
        let end = name_end + blanks(&bytes[name_end..]);
        if name_end == name_start || !bytes[end..].starts_with(b"}}") {
            search = start + 1;
            continue;
        }
        let mut end = end + 2;
        search = end;
        if matches!(before(bytes, start), Some(b'$' | b'^' | b'\\')) || follows_command(bytes, start) {
            continue;
        }
        if before(bytes, start) == Some(b'{') && bytes.get(end) == Some(&b'}') {
            start -= 1;
            end += 1;
            search = end;
        }
        found.push((start..end, name_start..name_end));
    }
    found
}

/// `{name}` where nothing speaks for code, JSON, LaTeX, a path of a URL or a set: the name has two characters or more,
/// and no brace is open around it.
fn single_braces(text: &str, fences: &[Range<usize>]) -> Vec<Placeholder> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut refused_end = None;
    let mut at = 0;
    let mut fences = fences.iter().peekable();
    while let Some(offset) = bytes[at..]
        .iter()
        .position(|byte| matches!(byte, b'{' | b'}' | b'\n' | b'`'))
    {
        at += offset;
        while fences.next_if(|fence| fence.end <= at).is_some() {}
        if let Some(fence) = fences.peek()
            && fence.start <= at
        {
            at = fence.end;
            depth = 0;
            continue;
        }
        match bytes[at] {
            // A blank line ends what a stray brace began.
            b'\n' => {
                let next = at + 1 + blanks(&bytes[at + 1..]);
                if matches!(bytes.get(next), None | Some(b'\n' | b'\r')) {
                    depth = 0;
                }
            }
            // Code in a line.
            b'`' => {
                at = code_span_end(bytes, at);
                continue;
            }
            b'}' => depth = depth.saturating_sub(1),
            _ => {
                let name_end = at + 1 + identifier(&bytes[at + 1..], b"_.");
                if name_end == at + 1 || bytes.get(name_end) != Some(&b'}') {
                    // `{{` and `}}` are a format string's own braces.
                    if bytes.get(at + 1) == Some(&b'{') {
                        at += 2;
                        continue;
                    }
                    depth += 1;
                } else {
                    let end = name_end + 1;
                    let refused = depth > 0
                        || name_end - at <= 2
                        || refused_end == Some(at)
                        || follows_command(bytes, at)
                        || matches!(bytes.get(end), Some(b'/' | b'}'))
                        || before(bytes, at)
                            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"\\$^_/{])#@%".contains(&byte));
                    if refused {
                        refused_end = Some(end);
                    } else {
                        found.push((at..end, at + 1..name_end));
                    }
                    at = end;
                    continue;
                }
            }
        }
        at += 1;
    }
    found
}

/// The byte before `at`.
fn before(bytes: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).map(|index| bytes[index])
}

/// Whether what ends at `at` is a command such as LaTeX's `\frac`.
fn follows_command(bytes: &[u8], at: usize) -> bool {
    // No command is longer; the limit keeps a long line from being read again and again.
    const LONGEST: usize = 40;
    let letters = bytes[..at]
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'*')
        .count();
    letters > 0 && before(bytes, at - letters) == Some(b'\\')
}

/// How many blanks `bytes` start with.
fn blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The length of the identifier that `bytes` start with; `also` may stand in it besides letters and digits.
fn identifier(bytes: &[u8], also: &[u8]) -> usize {
    match bytes.first() {
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => bytes
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || also.contains(byte))
            .count(),
        _ => 0,
    }
}

/// The byte after the code span that opens at `at`; a run of backticks that is not closed in its line is text.
fn code_span_end(bytes: &[u8], at: usize) -> usize {
    // The limit keeps a long line of runs that close nothing from being read again and again.
    const LONGEST: usize = 1000;
    let run = |at: usize| bytes[at..].iter().take_while(|byte| **byte == b'`').count();
    let opening = run(at);
    let mut end = at + opening;
    let limit = end + LONGEST;
    while let Some(byte) = bytes.get(end)
        && end < limit
    {
        match byte {
            b'\n' => break,
            b'`' => {
                let closing = run(end);
                end += closing;
                if closing == opening {
                    return end;
                }
            }
            _ => end += 1,
        }
    }
    at + opening
}

/// Markdown's fenced code blocks, in order; one that is never closed reaches to the end.
fn code_fences(text: &str) -> Vec<Range<usize>> {
    let mut fences = Vec::new();
    let mut open: Option<(usize, u8, usize)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let content = line.trim_start_matches(' ');
        let mark = content.bytes().next().unwrap_or(b' ');
        let length = content.bytes().take_while(|byte| *byte == mark).count();
        if matches!(mark, b'`' | b'~') && length >= 3 && line.len() - content.len() <= 3 {
            let info = &content[length..];
            match open {
                None if mark == b'~' || !info.contains('`') => open = Some((start, mark, length)),
                Some((from, opened, least)) if opened == mark && length >= least && info.trim().is_empty() => {
                    fences.push(from..end);
                    open = None;
                }
                _ => {}
            }
        }
        start = end;
    }
    if let Some((from, ..)) = open {
        fences.push(from..text.len());
    }
    fences
}

fn is_inside(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.contains(&at))
}

#[cfg(test)]
mod tests {
    use super::super::variables;
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let pieces = parse(text);
        variables(&pieces)
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(
            names("# INPUT\n\n{{input}} and {{ user.name }}"),
            ["input", "user.name"]
        );
        assert_eq!(names("```\n{{code}}\n```\n{fixed_text}"), ["code"]);
        assert_eq!(names("{{{raw}}}"), ["raw"]);
        assert_eq!(names("Answer {question} from \"{context}\"."), ["question", "context"]);
        assert_eq!(names("{first}{second}\nReply as {{\"a\": 1}}."), ["first", "second"]);
        assert_eq!(names("{% if a %}{{ b }}{% endif %}"), ["b"]);
        assert_eq!(names("{{#if a}}{{b}}{{/if}}"), ["b"]);
    }

    #[test]
    fn what_is_not_a_template_stays_fixed() {
        for text in [
            "{\"name\": {\"first\": {value}}}",
            "{\n  name\n}",
            "\\frac{num}{den} x^{power} a_{index} \\begin{tabular}{lrr} {x}",
            "${HOME} ${{ secrets.KEY }} $NAME",
            "```js\nimport {name} from 'x'\n```",
            "Call `GET {path}` or /users/{user_id}/posts.",
            "{% of the text",
            "{% unless x %}a{% endunless %}",
            "100{% if",
            "{{#if never closed}}",
            "{{ }} {{ a b }} {{\"a\"}} {} {a-b} { name }",
            "function f() {\n  return {value};\n}",
        ] {
            assert_eq!(parse(text), whole(text), "{text}");
        }
    }
}
