//! Templates of the answer in the text.

use super::super::lexicon::Phrase;
use super::super::sentences::Parsed;
use super::Signs;

/// A template of the answer in the text: an object, a labelled form.
pub(super) fn shapes(text: &str, parsed: &Parsed, signs: &mut Signs) {
    // An object of the answer's shape: a line that opens it and a quoted key soon after.
    for (i, field) in parsed.fields.iter().enumerate() {
        let last = field.label.rsplit(' ').next().unwrap_or("");
        if matches!(last, "output" | "json" | "response" | "result" | "answer") {
            let content = text
                .get(field.content.clone())
                .unwrap_or("")
                .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '`' | '*'));
            let content = content.strip_prefix("json").unwrap_or(content).trim_start();
            let object = (content.starts_with('{') || content.starts_with("[{") || content.starts_with("[\""))
                && content[..content.floor_char_boundary(content.len().min(80))].contains('"')
                && !content.starts_with("{{ ");
            signs.json_shape |= object;
        }
        if matches!(
            field.label.as_str(),
            "thought" | "observation" | "action input" | "tool input"
        ) {
            signs.other = true;
        }
        // "in the following format:" and then labelled lines of its own.
        let follows = parsed.fields.get(i + 1);
        let stretch = text.get(field.start..field.content.end).unwrap_or("");
        if stretch.len() < 400
            && stretch.contains("format")
            && follows.is_some_and(|f| {
                text.get(f.content.clone())
                    .is_some_and(|c| c.trim_start().starts_with(['[', '<']) && c.len() < 120)
            })
        {
            signs.other = true;
        }
    }
    templates(text, signs);
    // Numbered places to fill in: "1. [speaker]: [description]".
    let places = text
        .lines()
        .filter(|l| {
            let l = l.trim_start();
            let rest = l.trim_start_matches(|c: char| c.is_ascii_digit());
            rest.len() < l.len()
                && rest
                    .strip_prefix(['.', ')'])
                    .is_some_and(|r| r.trim_start().starts_with(['[', '<']) || matches!(r.trim(), "..." | "…"))
        })
        .take(2)
        .count();
    signs.list |= places > 1;
    // Labels with dots for what goes there, under "format".
    let dots = parsed
        .fields
        .iter()
        .filter(|f| text.get(f.content.clone()).is_some_and(|c| c.trim() == "..."))
        .count();
    if let Some(at) = parsed.lower.rfind("format")
        && dots > 2
    {
        signs.other |= parsed
            .fields
            .iter()
            .any(|f| f.start > at && text.get(f.content.clone()).is_some_and(|c| c.trim() == "..."));
    }
    signs.other |= parsed.holds(Phrase::FormFollows);
}

/// Lines that follow "respond in this format:": an object, tags, or titles of sections.
fn templates(text: &str, signs: &mut Signs) {
    let mut awaited = 0;
    let mut titles = 0;
    let keys = text.contains("\":");
    let tags = text.matches("</").take(3).count() > 2;
    for line in text.lines() {
        let body = line.trim();
        if body.is_empty() {
            continue;
        }
        let opens = body.ends_with([':', '>']) || body.starts_with('#') || body.ends_with("**");
        if opens && opens_form(body) {
            awaited = 1;
            titles = 0;
            continue;
        }
        if awaited == 0 {
            // 'Respond in the format {"name": …}.'
            signs.json_shape |= body.contains("{\"") && opens_form(body);
            continue;
        }
        if awaited == 1 && body.starts_with("```") {
            signs.json_shape |= matches!(body, "```json" | "```yaml" | "```xml");
            continue;
        }
        if awaited == 1 {
            signs.json_shape |= body.starts_with(['{', '[']) && (body.len() < 3 || body.contains("\":")) && keys;
            signs.json_shape |= body.starts_with('<') && body.ends_with('>') && !body.contains(' ') && tags;
        }
        let digits = body.bytes().take_while(u8::is_ascii_digit).count();
        let numbered = digits > 0 && body[digits..].starts_with(['.', ')']);
        let title = numbered && body[digits + 1..].trim_start().starts_with("**")
            || numbered && body.len() < 60 && !body.contains(['[', '<', '{', '"']) && !body.ends_with(['.', '?'])
            || body.starts_with("## ")
            || body.starts_with("### ");
        titles += usize::from(title);
        signs.sections |= titles > 2;
        awaited += 1;
        if awaited > MOST_LINES {
            awaited = 0;
        }
    }
}

/// Whether a line speaks of the form of the answer.
fn opens_form(line: &str) -> bool {
    let lower = line[..line.floor_char_boundary(400)].to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    any(&["respon", "output", "answer", "return", "reply", "your ", "result"])
        && any(&[
            "format",
            "template",
            "structure",
            "schema",
            "follows:",
            "these fields",
            "these keys",
        ])
}

/// Lines behind "in this format:" that may belong to the form.
const MOST_LINES: usize = 30;
