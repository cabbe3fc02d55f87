//! The form in which the answer is asked for, and whether a correct answer is a short known one.

use super::length::Amount;
use super::lexicon::{Phrase, Set};
use super::sentences::{Parsed, Sentence};
use super::{LengthUnit, OutputFormat, Role, Task};
use std::ops::Range;

/// What was found of each form.
#[derive(Default)]
pub(super) struct Signs {
    json: bool,
    json_shape: bool,
    code: bool,
    markdown: bool,
    table: bool,
    list: bool,
    list_only: bool,
    label: bool,
    other: bool,
    prose: bool,
    explains: bool,
    plain: bool,
    /// Titles of sections under "the following format".
    sections: bool,
}

impl Signs {
    /// The signs by their names.
    pub(super) fn named(&self) -> [(&'static str, bool); 13] {
        [
            ("json", self.json),
            ("json shape", self.json_shape),
            ("code", self.code),
            ("markdown", self.markdown),
            ("table", self.table),
            ("list", self.list),
            ("list only", self.list_only),
            ("label", self.label),
            ("other", self.other),
            ("prose", self.prose),
            ("explains", self.explains),
            ("plain", self.plain),
            ("sections", self.sections),
        ]
    }
}

/// What speaks for each form.
pub(super) fn signs(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], task: Option<Task>) -> Signs {
    let mut signs = Signs::default();
    for ((role, text, parsed), sentences) in messages.iter().zip(asking) {
        if matches!(role, Role::Assistant | Role::Tool) {
            continue;
        }
        for sentence in sentences {
            read(parsed, &sentence.tokens(), sentence.heading, &mut signs);
        }
        // A question of yes or no, or of one or the other, asked last.
        if let Some(last) = sentences.last()
            && matches!(task, Some(Task::Judge | Task::Classify))
        {
            let range = last.tokens();
            let word = |t: usize| if t < range.end { parsed.word(t) } else { "" };
            let comma = range.clone().find(|t| word(*t) == ",").map_or("", |t| word(t + 1));
            signs.label |= range.end > range.start
                && word(range.end - 1) == "?"
                && (super::task::verdict(parsed, &range, word(range.start)).is_some()
                    || super::task::verdict(parsed, &range, comma).is_some());
        }
        shapes(text, parsed, &mut signs);
        signs.label |= sentences.iter().any(|s| alternatives(parsed, &s.tokens())) || lettered(text);
    }
    signs.label |= messages.iter().any(|m| m.2.holds(Phrase::Bracketed) || options(m.2));
    signs
}

/// The form of the answer.
pub(super) fn find(
    signs: &Signs,
    task: Option<Task>,
    amounts: &[Amount],
    items: Option<u32>,
    reasons: bool,
) -> OutputFormat {
    let one_word = amounts
        .iter()
        .any(|a| a.unit == LengthUnit::Words && a.n == Some(1) && !a.part && !a.aside);
    if signs.json || signs.json_shape && !signs.markdown {
        return OutputFormat::Json;
    }
    if task == Some(Task::Plan) && signs.other {
        return OutputFormat::Other;
    }
    if task == Some(Task::Code) && !signs.explains && !signs.plain {
        return OutputFormat::Code;
    }
    if signs.list_only {
        return OutputFormat::List;
    }
    if signs.sections && !signs.plain {
        return OutputFormat::Markdown;
    }
    if signs.markdown || signs.table {
        return OutputFormat::Markdown;
    }
    if signs.code && task != Some(Task::Judge) {
        return OutputFormat::Code;
    }
    if signs.other {
        return OutputFormat::Other;
    }
    // With its reasons the answer is no bare label.
    let bare = !reasons;
    if bare
        && (one_word
            || signs.label && matches!(task, Some(Task::Classify | Task::Judge | Task::Answer | Task::Extract)))
    {
        return OutputFormat::Label;
    }
    if bare && task == Some(Task::Classify) && !signs.explains && !signs.list {
        return OutputFormat::Label;
    }
    if signs.list
        || items.is_some_and(|n| n >= 3)
            && matches!(task, Some(Task::Write | Task::Answer | Task::Extract | Task::Other))
    {
        return OutputFormat::List;
    }
    OutputFormat::Prose
}

/// What the rule says, as a sign for the weights.
pub(super) fn rule_name(form: OutputFormat) -> &'static str {
    match form {
        OutputFormat::Prose => "rule prose",
        OutputFormat::Markdown => "rule markdown",
        OutputFormat::Json => "rule json",
        OutputFormat::List => "rule list",
        OutputFormat::Label => "rule label",
        OutputFormat::Code => "rule code",
        OutputFormat::Other => "rule other",
    }
}

/// Words about form in one sentence.
fn read(parsed: &Parsed, sentence: &Range<usize>, heading: bool, signs: &mut Signs) {
    let quoted = |t: usize| sentence.contains(&t) && parsed.tokens[t].quoted;
    for t in sentence.clone().filter(|t| parsed.is(*t, Set::Form)) {
        // 'respond with "STOP" or "GO"'.
        if matches!(parsed.word(t), "or" | "/")
            && t > sentence.start
            && quoted(t - 1)
            && quoted(t + 1)
            && !quoted(t)
            && (sentence.start..t).any(|k| {
                matches!(
                    parsed.word(k),
                    "output" | "outputs" | "respond" | "answer" | "return" | "reply" | "say" | "be" | "either" | "with"
                )
            })
        {
            let short = |from: usize, step: isize| {
                (0..6)
                    .take_while(|k| from.checked_add_signed(step * *k).is_some_and(&quoted))
                    .count()
                    < 5
            };
            signs.label |= short(t - 1, -1) && short(t + 1, 1);
        }
        signs.label |= matches!(
            parsed.word(t),
            "answer" | "respond" | "reply" | "output" | "return" | "say"
        ) && offers_words(parsed, sentence, t + 1);
        let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
        let b = |k: usize| {
            t.checked_sub(k)
                .filter(|i| *i >= sentence.start)
                .map_or("", |i| parsed.word(i))
        };
        let before = |reach: usize, f: fn(&str) -> bool| (1..=reach).any(|k| f(b(k)));
        let after = |reach: usize, f: fn(&str) -> bool| (1..=reach).any(|k| f(w(k)));
        let not = before(4, |w| {
            matches!(w, "not" | "no" | "don't" | "never" | "without" | "avoid" | "don’t")
        });
        let given = before(4, |w| {
            matches!(
                w,
                "given"
                    | "following"
                    | "input"
                    | "provided"
                    | "this"
                    | "from"
                    | "below"
                    | "current"
                    | "existing"
                    | "original"
            )
        }) || after(3, |w| matches!(w, "input" | "below" | "data" | "payload" | "path"))
            && !(w(1) == "data"
                && before(4, |w| {
                    matches!(w, "be" | "a" | "output" | "return" | "generate" | "create")
                }));
        let out = |w: &str| {
            matches!(
                w,
                "output"
                    | "return"
                    | "respond"
                    | "reply"
                    | "provide"
                    | "give"
                    | "answer"
                    | "print"
                    | "write"
                    | "produce"
                    | "generate"
                    | "create"
                    | "emit"
                    | "format"
                    | "formatted"
                    | "response"
                    | "as"
                    | "in"
                    | "make"
                    | "use"
                    | "list"
                    | "present"
                    | "valid"
                    | "result"
                    | "results"
                    | "extract"
                    | "display"
                    | "structured"
                    | "only"
                    | "the"
                    | "a"
                    | "into"
                    | "using"
            )
        };
        // "in the following JSON format": what follows is the form, not an input.
        let given = given
            && !(matches!(w(1), "format" | "structure" | "schema" | "object" | "template")
                && before(3, |w| matches!(w, "following" | "this" | "below"))
                && before(10, |w| {
                    matches!(
                        w,
                        "respond" | "in" | "output" | "return" | "response" | "answer" | "with" | "strictly" | "exactly" | "by"
                    )
                }))
            // "must follow exactly this format (JSON):"
            && !(b(1) == "(" && matches!(b(2), "format" | "structure"));
        // "respond with only one of the following".
        if w(0) == "one"
            && w(1) == "of"
            && matches!(w(2), "the" | "these" | "those")
            && (matches!(
                w(3),
                "following" | "options" | "labels" | "exact" | "categories" | "terms"
            ) || w(2) == "these")
            && before(8, |w| {
                matches!(w, "respond" | "answer" | "output" | "return" | "reply" | "with")
            })
        {
            signs.label = true;
        }
        // "Respond Valid if …", "only return True".
        if matches!(w(0), "respond" | "answer" | "return" | "reply" | "output" | "say")
            && (w(2) == "if" && !matches!(w(1), "with" | "only" | "this" | "it" | "as")
                || before(2, |w| matches!(w, "only" | "just")) && matches!(w(1), "true" | "false" | "yes" | "no"))
        {
            signs.label = true;
        }
        // "just say A or B", "should only contain: Output (a) or Output (b)".
        if w(0) == "or"
            && before(12, |w| matches!(w, "only" | "just" | "single" | "either"))
            && before(10, |w| {
                matches!(
                    w,
                    "contain"
                        | "say"
                        | "print"
                        | "respond"
                        | "answer"
                        | "reply"
                        | "output"
                        | "return"
                        | "using"
                        | "choice"
                )
            })
            && (2..=5).any(|k| matches!(w(k), "" | "." | "depending"))
            // "do not explain yourself or output anything else".
            && !(matches!(w(1), "anything" | "any") || matches!(w(2), "anything" | "any" | "other" | "more" | "extra" | "additional"))
        {
            signs.label = true;
        }
        match w(0) {
            "json" | "yaml" | "xml" | "jsonl" if !not && !given => {
                let asked = before(10, out)
                    || after(4, |w| {
                        matches!(
                            w,
                            "format" | "object" | "output" | "array" | "response" | "schema" | "list" | ":" | "with"
                        )
                    });
                // "delimited by XML tags", "output.json", "--json".
                let marks = w(0) == "xml"
                    && before(4, |w| {
                        matches!(
                            w,
                            "delimited" | "inside" | "within" | "enclosed" | "wrapped" | "between" | "by"
                        )
                    });
                let from = parsed.place(t..t + 1).start;
                let name = from > 0 && matches!(parsed.lower.as_bytes()[from - 1], b'-' | b'.' | b'/');
                signs.json |= asked && w(1) != "path" && !marks && !name;
            }
            "dict" | "dictionary"
                if !not
                    && !given
                    && before(6, |w| matches!(w, "output" | "return" | "be" | "respond" | "response")) =>
            {
                signs.json = true
            }
            "json" if !not && matches!(w(1), ":" | "output") => signs.json = true,
            "structured"
                if !not
                    && matches!(w(1), "data" | "output" | "object")
                    && before(6, |w| matches!(w, "respond" | "return" | "output" | "answer")) =>
            {
                signs.json = true
            }
            "markdown" if !not => {
                signs.markdown |= !matches!(
                    w(1),
                    "input" | "file" | "bullets" | "list" | "link" | "links" | "block" | "blocks" | "table"
                ) || w(1) == "table"
            }
            "headings" | "headers" | "heading" | "subsections" if !not && before(10, out) => signs.markdown = true,
            "section" | "sections"
                if !not
                    && (matches!(w(1), "called" | "named" | "titled" | ":")
                        || before(6, |w| {
                            matches!(w, "following" | "output" | "create" | "include" | "these" | "with")
                        }))
                    && (before(12, |w| {
                        matches!(
                            w,
                            "output"
                                | "create"
                                | "include"
                                | "in"
                                | "write"
                                | "into"
                                | "provide"
                                | "following"
                                | "structure"
                                | "use"
                                | "contain"
                                | "have"
                        )
                    }) || heading) =>
            {
                signs.markdown = true
            }
            "table" if !not && !given => {
                signs.table |= before(8, |w| {
                    matches!(
                        w,
                        "in" | "as"
                            | "a"
                            | "create"
                            | "output"
                            | "markdown"
                            | "only"
                            | "provide"
                            | "threats"
                            | "return"
                            | "generate"
                            | "make"
                            | "format"
                    )
                }) && !after(1, |w| matches!(w, "schema" | "names" | "columns" | "name" | "schemas"))
                    && !before(3, |w| matches!(w, "sql" | "database" | "each" | "the" | "every"))
            }
            "bulleted" | "bullet" | "bullets" | "numbered" if !not && !given => {
                signs.list |= !after(2, |w| matches!(w, "input" | "are"))
                    && !before(2, |w| matches!(w, "my" | "the" | "each" | "every" | "your"))
            }
            "list" if before(3, |w| w == "only") && before(3, |w| w == "the") => signs.list_only = true,
            "list" if !not && !given => {
                signs.list |= (before(6, |w| {
                    matches!(
                        w,
                        "a" | "output"
                            | "create"
                            | "return"
                            | "generate"
                            | "give"
                            | "provide"
                            | "as"
                            | "make"
                            | "full"
                            | "write"
                    )
                }) && matches!(w(1), "of" | "with" | "" | "." | "only" | "that" | "," | "containing"))
                    && !before(2, |w| matches!(w, "the" | "json" | "following"))
                    || (matches!(b(1), "separated" | "domain" | "comma"))
            }
            "line"
                if matches!(b(1), "per" | "each" | "separate" | "new" | "own")
                    && before(8, |w| {
                        matches!(w, "one" | "each" | "item" | "every" | "list" | "separated")
                    }) =>
            {
                signs.list = true
            }
            "separated"
                if w(1) == "by"
                    && !not
                    && after(3, |w| {
                        matches!(w, "newlines" | "newline" | "lines" | "breaks" | "commas")
                    }) =>
            {
                signs.list = true
            }
            "separated" if matches!(b(1), "comma" | "newline" | "line" | "semicolon") && !not => {
                signs.list |= b(1) != "comma" || after(2, |w| w == "list" || w == "format");
            }
            "csv" | "mermaid" | "markmap" | "plantuml" | "latex" | "svg" | "ascii" | "excalidraw"
                if !not && !given && before(10, out) =>
            {
                signs.other = true
            }
            "python" | "sql" | "javascript" | "bash" | "regex" | "html" | "graphviz" | "code"
                if !not
                    && !given
                    && before(6, |w| {
                        matches!(
                            w,
                            "output" | "return" | "only" | "generate" | "write" | "create" | "provide"
                        )
                    })
                    && !before(3, |w| {
                        matches!(w, "the" | "this" | "your" | "about" | "given" | "explain" | "from")
                    })
                    && !after(3, |w| {
                        matches!(
                            w,
                            "review"
                                | "indicators"
                                | "fences"
                                | "block"
                                | "blocks"
                                | "quality"
                                | "fence"
                                | "formatting"
                                | "syntax"
                        )
                    }) =>
            {
                signs.code = true
            }
            "yes" | "true" if matches!(w(1), "or" | "/" | "," | "and") && matches!(w(2), "no" | "false" | "or") => {
                signs.label = true
            }
            "positive" | "negative" | "neutral"
                if matches!(w(1), "," | "or" | "/") && matches!(w(2), "positive" | "negative" | "neutral" | "or") =>
            {
                signs.label = true
            }
            "number" | "digit" | "integer" | "float" | "date" | "category" | "label" | "word" | "letter" | "name"
            | "id" | "score" | "option" | "rating" | "choice" | "verdict" | "judgement" | "judgment"
            | "classification"
                if !not =>
            {
                let only = before(7, |w| matches!(w, "only" | "just" | "single" | "solely" | "one"))
                    || before(4, |w| matches!(w, "with" | "be" | "an"));
                let asks = before(10, |w| {
                    matches!(
                        w,
                        "output"
                            | "return"
                            | "respond"
                            | "reply"
                            | "answer"
                            | "provide"
                            | "print"
                            | "printing"
                            | "give"
                            | "be"
                            | "assign"
                            | "produce"
                    )
                });
                signs.label |= only
                    && asks
                    && !before(3, |w| {
                        matches!(w, "each" | "file" | "section" | "product" | "source" | "document")
                    })
                    && !after(2, |w| matches!(w, "and"));
            }
            "scores" if w(1) == "only" => signs.label = true,
            "plain" if w(1) == "text" && !not => signs.plain = true,
            // "on a scale of 1 to 5", "score between 0 and 3".
            "scale" | "between"
                if !not
                    && before(8, |w| {
                        matches!(
                            w,
                            "answer" | "rate" | "score" | "grade" | "respond" | "rating" | "value" | "assign"
                        )
                    })
                    && (1..4).any(|k| super::sentences::number(w(k)).is_some()) =>
            {
                signs.label = true
            }
            "choose" | "select" | "pick"
                if after(8, |w| {
                    matches!(w, "option" | "options" | "category" | "categories" | "label" | "labels")
                }) || w(1) == "from" && after(3, |w| w == "following") =>
            {
                signs.label = true
            }
            "explain" | "explanation" if !not && sentence.len() > 3 => signs.explains = true,
            "essay" | "story" | "poem" | "letter" | "email" | "article"
                if before(6, |w| {
                    matches!(w, "write" | "create" | "generate" | "compose" | "draft")
                }) =>
            {
                signs.prose = true
            }
            _ => {}
        }
    }
}

/// "'entailment', 'neutral', or 'contradiction'": short quotations in a row, the last after "or".
pub(super) fn alternatives(parsed: &Parsed, sentence: &Range<usize>) -> bool {
    let quoted = |t: usize| parsed.tokens[t].quoted;
    let mark = |t: usize| matches!(parsed.word(t), "'" | "‘" | "’" | "“" | "”");
    let mut seen = 0;
    let mut or = false;
    let mut long = 0;
    let mut inside = false;
    for t in sentence.clone() {
        if quoted(t) {
            if mark(t) {
                continue;
            }
            if !inside {
                seen += 1;
                long = 0;
            }
            inside = true;
            long += 1;
            if long > 3 {
                seen = 0;
            }
        } else {
            match parsed.word(t) {
                "or" => or |= seen > 0,
                "," | "and" => {}
                _ if or && seen > 1 => return true,
                _ => {
                    seen = 0;
                    or = false;
                }
            }
            inside = false;
        }
    }
    or && seen > 1
}

/// Lines "A. …", "B. …", "C. …": choices, of which one is the answer.
fn lettered(text: &str) -> bool {
    let mut next = b'A';
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches('(').as_bytes();
        if line.len() > 2 && matches!(line[1], b'.' | b')' | b':') && (line[0] == next || line[0] == b'A') {
            next = line[0] + 1;
            if next > b'C' {
                return true;
            }
        }
    }
    false
}

/// "with either YES or NO.": single words to choose from, to the end of the sentence.
fn offers_words(parsed: &Parsed, sentence: &Range<usize>, from: usize) -> bool {
    let mut t = from;
    while t < sentence.end && matches!(parsed.word(t), "with" | "only" | "either" | "just" | ":") {
        t += 1;
    }
    let mut words = 0;
    let mut or = false;
    while t < sentence.end && words <= 6 {
        match parsed.word(t) {
            "," | "/" | "'" => {}
            "or" => or = true,
            "." | "!" | "?" => return or && words >= 2,
            _ if parsed.kind(t) == Some(super::sentences::Kind::Word) => {
                if t > from
                    && parsed.kind(t - 1) == Some(super::sentences::Kind::Word)
                    && parsed.word(t - 1) != "or"
                    && words > 0
                {
                    return false;
                }
                words += 1;
            }
            _ => return false,
        }
        t += 1;
    }
    t == sentence.end && or && words >= 2
}

/// A template of the answer in the text: an object, a labelled form.
fn shapes(text: &str, parsed: &Parsed, signs: &mut Signs) {
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

/// Whether a correct answer is short and comes from a small set or straight out of the input.
pub(super) fn is_closed(
    messages: &[(Role, &str, &Parsed)],
    task: Option<Task>,
    format: OutputFormat,
    amounts: &[Amount],
) -> bool {
    let few_words = amounts
        .iter()
        .any(|a| !a.part && a.unit == LengthUnit::Words && a.n.is_some_and(|n| n <= 5) && a.is_brief())
        || messages.iter().any(|m| m.2.holds(Phrase::FewWords));
    match task {
        Some(Task::Classify) => true,
        Some(Task::Judge) => {
            format == OutputFormat::Label
                || !messages.iter().any(|m| m.2.holds(Phrase::ReviewKey))
                    && (format == OutputFormat::Json
                        || matches!(format, OutputFormat::Prose | OutputFormat::Other)
                            && messages.iter().any(|m| decides(m.2)))
        }
        Some(Task::Extract) => match format {
            OutputFormat::Label | OutputFormat::Json | OutputFormat::Other => true,
            OutputFormat::Markdown | OutputFormat::Code => false,
            OutputFormat::List => !messages.iter().any(|m| opinion(m.2)),
            // A long prompt without a form hardly asks for a few fields.
            OutputFormat::Prose => {
                messages.iter().map(|m| m.1.len()).sum::<usize>() < SHORT && !messages.iter().any(|m| opinion(m.2))
            }
        },
        Some(Task::Answer) => format == OutputFormat::Label || few_words || messages.iter().any(|m| looks_up(m.1, m.2)),
        Some(Task::Plan) => format == OutputFormat::Label || few_words,
        _ => format == OutputFormat::Label,
    }
}

/// What bears on whether a correct answer is short and known, by name.
pub(super) fn closed_signs(messages: &[(Role, &str, &Parsed)], amounts: &[Amount]) -> [(&'static str, bool); 6] {
    let any = |f: fn(&Parsed) -> bool| messages.iter().any(|m| f(m.2));
    [
        (
            "few words",
            amounts
                .iter()
                .any(|a| !a.part && a.unit == LengthUnit::Words && a.n.is_some_and(|n| n <= 5) && a.is_brief())
                || any(|p| p.holds(Phrase::FewWords)),
        ),
        ("decides", any(decides)),
        ("opinion", any(opinion)),
        ("review", any(|p| p.holds(Phrase::ReviewKey))),
        ("looks up", messages.iter().any(|m| looks_up(m.1, m.2))),
        (
            "short prompt",
            messages.iter().map(|m| m.1.len()).sum::<usize>() < SHORT,
        ),
    ]
}

/// Bytes of a prompt that asks for one thing.
const SHORT: usize = 1500;

/// The answer stands in the material: "using a single phrase", "only give me the answer", or it is short in every example.
fn looks_up(text: &str, parsed: &Parsed) -> bool {
    let short = parsed
        .fields
        .iter()
        .filter(|f| matches!(f.label.as_str(), "answer" | "a" | "final answer") && !f.variable)
        .filter(|f| {
            text.get(f.content.clone())
                .is_some_and(|c| (1..=40).contains(&c.trim().len()))
        })
        .take(3)
        .count();
    parsed.holds(Phrase::LooksUp) || short > 2 || options(parsed)
}

/// "Options: {option_a} …".
fn options(parsed: &Parsed) -> bool {
    parsed.fields.iter().any(|f| {
        matches!(
            f.label.as_str(),
            "options" | "choices" | "answer choices" | "answer options"
        ) && !f.heading
    })
}

/// Words of a verdict: a score, a choice between two, a finding of yes or no.
fn decides(parsed: &Parsed) -> bool {
    !parsed.holds(Phrase::Comments)
        && (0..parsed.tokens.len()).any(|t| match parsed.word(t) {
            "score" | "scores" | "rating" | "ratings" | "rate" | "grade" | "verdict" | "scoring" | "winner" => true,
            "determine" | "check" | "decide" | "evaluate" | "verify" | "assess" => {
                matches!(parsed.word(t + 1), "if" | "whether") || parsed.word(t + 2) == "same"
            }
            "either" => true,
            "pick" | "choose" | "select" => {
                (1..5).any(|k| parsed.word(t + k) == "from")
                    || (1..4).any(|k| matches!(parsed.word(t + k), "best" | "better"))
            }
            "which" => (1..9).any(|k| matches!(parsed.word(t + k), "better" | "best")),
            _ => false,
        })
}

/// What is extracted are thoughts in the model's own words.
fn opinion(parsed: &Parsed) -> bool {
    (0..parsed.tokens.len()).any(|t| {
        matches!(
            parsed.word(t),
            "insights"
                | "insight"
                | "ideas"
                | "idea"
                | "wisdom"
                | "quotes"
                | "themes"
                | "message"
                | "recommendations"
                | "arguments"
                | "interesting"
                | "surprising"
                | "lessons"
                | "insightful"
                | "points"
                | "takeaways"
                | "jokes"
                | "verbatim"
                | "features"
                | "redeeming"
                | "assumptions"
                | "primary"
        )
    })
}
