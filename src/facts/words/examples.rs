//! Counting worked examples: an input together with its answer.

use super::Role;
use super::sentences::{Field, Parsed};
use memchr::memmem;
use std::collections::BTreeMap;
use std::ops::Range;

/// How many worked examples a request holds, over all its messages.
pub(super) fn count(messages: &[(Role, &str, &Parsed)], fields: &[Seen]) -> u32 {
    let in_text = labelled(fields)
        .max(arrows(messages))
        .max(tagged(fields))
        .max(announced(fields))
        .max(under_example(fields))
        .max(alternating(fields))
        .max(rounds(fields))
        .max(quoted(messages))
        .max(on_one_line(messages));
    u32::try_from(in_text.max(turns(messages))).unwrap_or(u32::MAX)
}

/// The stretches of each message that show worked examples and ask nothing, in order.
pub(super) fn shown(fields: &[Seen], messages: usize) -> Vec<Vec<Range<usize>>> {
    // The last place of each label: open there, what stood under it before was an example.
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, seen) in fields.iter().enumerate() {
        last.insert(&seen.field.label, i);
    }
    let mut out = vec![Vec::new(); messages];
    for (i, seen) in fields.iter().enumerate() {
        let end = last.get(seen.field.label.as_str()).map(|l| &fields[*l]);
        let repeats =
            end.is_some_and(|e| !std::ptr::eq(e.field, seen.field) && (e.empty || e.field.variable && !e.filled));
        let worked = repeats || seen.field.example && (inputs(&seen.field.label) || answers(&seen.field.label));
        if worked && seen.filled && !seen.outline && !seen.field.label.is_empty() && i + 1 < fields.len() {
            out[seen.message].push(seen.field.start..seen.field.content.end);
        } else if seen.field.example
            && seen.empty
            && (inputs(&seen.field.label) || answers(&seen.field.label))
            && let Some(next) = fields[i + 1..].iter().find(|n| {
                n.message != seen.message || n.field.example || n.field.variable || n.field.heading && n.outline
            })
            && next.message == seen.message
        {
            // "Example Input:" over fields of its own, up to the next example or the real input.
            out[seen.message].push(seen.field.start..next.field.start);
        }
    }
    for ranges in &mut out {
        ranges.sort_by_key(|range| range.start);
        let mut end = 0;
        ranges.retain_mut(|range| {
            range.start = range.start.max(end);
            end = end.max(range.end);
            range.start < range.end
        });
    }
    out
}

/// The fields of all messages, each with what its content is.
pub(super) fn fields<'a>(messages: &[(Role, &'a str, &'a Parsed)]) -> Vec<Seen<'a>> {
    messages
        .iter()
        .enumerate()
        .flat_map(|(m, (_, text, parsed))| parsed.fields.iter().map(move |f| Seen::of(m, f, text)))
        .collect()
}

/// A field and what its content is.
pub(super) struct Seen<'a> {
    field: &'a Field,
    message: usize,
    /// Filled with words, not with a variable, a placeholder or nothing.
    filled: bool,
    /// A heading of the prompt's own outline, which labels no example.
    outline: bool,
    /// An object stands on a line of its content.
    object: bool,
    empty: bool,
}

impl<'a> Seen<'a> {
    fn of(message: usize, field: &'a Field, text: &str) -> Self {
        let content = text.get(field.content.clone()).unwrap_or("");
        // `<question>{question}</question>` and a paragraph behind it: what the tag holds, no more.
        let inside = if text[field.start..].starts_with('<') {
            content.find("</").map_or(content, |end| &content[..end])
        } else if field.variable {
            // "Result: {result}", and the next paragraph speaks on.
            content.find("\n\n").map_or(content, |end| &content[..end])
        } else {
            content
        };
        let object = content.contains("\n{") || content.contains("\n[");
        let content =
            inside.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '-' | '=' | '#' | '+' | '`'));
        let content = content.strip_prefix("\"\"\"").unwrap_or(content);
        let placeholder = is_placeholder(content);
        // A variable at the end of long filled text belongs to what comes next.
        let filled = !(content.is_empty() || placeholder || field.variable && content.len() < 60);
        let outline = field.heading && !field.example && !text[field.start..].starts_with("##");
        Self {
            field,
            message,
            filled,
            outline,
            object,
            empty: content.is_empty(),
        }
    }
}

/// "[question here]", "<label>", "the question you must answer", "…".
fn is_placeholder(content: &str) -> bool {
    let line = content.lines().next().unwrap_or("").trim();
    let bracketed =
        (line.starts_with('[') && line.ends_with(']') && line.len() > 2 && !line.contains(['"', '\'', ',', '{']))
            || (line.starts_with('<') && line.ends_with('>') && !line.contains("</"));
    let lower: String = line.chars().take(60).collect::<String>().to_ascii_lowercase();
    let described = [
        "the input question",
        "the final answer",
        "the question",
        "you should always",
        "the action to",
        "the result of",
        "the input to",
        "the answer to",
        "your answer",
        "your response",
        "the original",
        "question here",
        "sql query to",
        "result of the",
        "final answer here",
        "the tool",
        "your thought",
        "<your",
        "pick one",
    ]
    .iter()
    .any(|p| lower.starts_with(p));
    bracketed
        || described
        || lower.ends_with(" here")
        || matches!(lower.as_str(), "..." | "…" | "...." | "|")
        || line.contains("____")
}

/// Labels that name an answer.
fn answers(label: &str) -> bool {
    let last = label.rsplit([' ', '/']).next().unwrap_or("");
    matches!(
        last,
        "output"
            | "outputs"
            | "answer"
            | "a"
            | "response"
            | "label"
            | "sentiment"
            | "classification"
            | "category"
            | "result"
            | "assistant"
            | "ai"
            | "summary"
            | "translation"
            | "json"
            | "bot"
            | "verdict"
            | "intent"
            | "code"
            | "sql"
            | "sqlquery"
            | "score"
            | "stars"
            | "class"
            | "reply"
            | "agent"
            | "completion"
            | "triplets"
            | "entities"
            | "keywords"
            | "query"
            | "rewritten"
            | "correction"
            | "corrected"
            | "solution"
            | "explanation"
            | "expected"
            | "emotion"
            | "topic"
            | "title"
            | "model"
            | "tags"
            | "rating"
            | "tweet"
            | "question"
            | "standalone"
            | "conclusion"
            | "block"
            | "command"
            | "feedback"
            | "statements"
            | "verdicts"
            | "truths"
            | "claims"
    ) || label.starts_with("rewritten")
}

/// Labels that name an input.
fn inputs(label: &str) -> bool {
    let last = label.rsplit([' ', '/']).next().unwrap_or("");
    matches!(
        last,
        "input"
            | "inputs"
            | "question"
            | "q"
            | "text"
            | "user"
            | "human"
            | "sentence"
            | "context"
            | "query"
            | "complaint"
            | "review"
            | "email"
            | "tweet"
            | "problem"
            | "document"
            | "passage"
            | "statement"
            | "customer"
            | "comment"
            | "url"
            | "premise"
            | "request"
            | "message"
            | "prompt"
            | "article"
            | "paragraph"
            | "utterance"
            | "criteria"
            | "conversation"
            | "word"
            | "source"
            | "english"
            | "task"
            | "information"
            | "scenario"
            | "command"
            | "code"
            | "original"
            | "description"
            | "example"
            | "product"
            | "topic"
            | "turns"
            | "instruction"
            | "before"
            | "content"
            | "data"
    )
}

/// Fields that repeat: the last is to be filled in, those before are examples.
fn labelled(fields: &[Seen]) -> usize {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, seen) in fields.iter().enumerate() {
        // "For example:" labels nothing.
        let labels = seen.field.label.len() < 24 && seen.field.label != "for";
        if !seen.outline && labels {
            groups.entry(seen.field.label.as_str()).or_default().push(i);
        }
    }
    let shown = |i: usize| {
        // In a stretch introduced as an example, or with an example label of its own.
        fields[i].field.example
            || fields[..i]
                .iter()
                .rev()
                .take(8)
                .any(|s| s.message == fields[i].message && (s.field.example))
    };
    // The very last label, left empty for the model, is the surest: count where it stood filled.
    if let Some(last) = fields.iter().rev().find(|s| !s.outline)
        && last.empty
        && let Some(at) = groups.get(last.field.label.as_str())
    {
        let filled = at
            .iter()
            .filter(|i| fields[**i].filled && fields[**i].field.start > 0)
            .count();
        let fed = at[0] > 0 && fields[at[0] - 1].filled && inputs(&fields[at[0] - 1].field.label);
        if filled > 0 && (filled > 1 || fed || answers(&last.field.label)) && !last.field.label.is_empty() {
            return filled;
        }
    }
    let mut best = 0;
    for (label, at) in &groups {
        let filled = at.iter().filter(|i| fields[**i].filled).count();
        let Some(last) = at.last().map(|i| &fields[*i]) else {
            continue;
        };
        let open = last.empty || last.field.variable;
        if filled == 0 || label.is_empty() {
            continue;
        }
        if answers(label) {
            // The answer's label stands empty at the end, or all are shown under "example".
            let paired = |i: usize| {
                i > 0
                    && fields[..i].iter().rev().take(6).any(|s| {
                        s.message == fields[i].message
                            && s.filled
                            && s.field.label != **label
                            && (inputs(&s.field.label) || s.field.example || repeated(&groups, &s.field.label))
                    })
            };
            let pairs = at
                .iter()
                .filter(|i| {
                    fields[**i].filled && paired(**i) && (open || shown(**i) || groups.len() <= 4 && filled > 1)
                })
                .count();
            best = best.max(pairs);
        }
        if inputs(label) && at.len() > 1 && last.field.variable && !last.filled {
            let worked = at
                .iter()
                .filter(|i| fields[**i].filled && followed(fields, **i))
                .count();
            best = best.max(worked);
        }
        // "Text: … Sentiment: positive / Text: … Sentiment:", whatever the label's name.
        if at.len() > 1
            && last.empty
            && !last.field.heading
            && filled + 1 == at.len()
            && fields.iter().any(|s| s.field.label != **label && s.filled)
        {
            best = best.max(filled);
        }
        // "This is great: positive" as lines of one shape ending in a cue is left to `arrows`.
    }
    best
}

fn repeated(groups: &BTreeMap<&str, Vec<usize>>, label: &str) -> bool {
    groups.get(label).is_some_and(|g| g.len() > 1)
}

/// An input is followed by something that works it out: another field, or more than its own line.
fn followed(fields: &[Seen], i: usize) -> bool {
    let next = fields.get(i + 1);
    let field = fields[i].field;
    next.is_some_and(|n| n.message == fields[i].message && n.filled && n.field.label != field.label)
        || (field.content.len() > 80 && next.is_some_and(|n| n.field.label == field.label || n.field.variable))
}

/// "Example Input: … Example Output: …", whatever stands between.
fn announced(fields: &[Seen]) -> usize {
    let mut count = 0;
    let mut input = None;
    for (i, seen) in fields.iter().enumerate() {
        if !seen.field.example {
            continue;
        }
        // What an announcement announces may be cut into fields of its own.
        let told = seen.filled
            || seen.empty
                && fields
                    .get(i + 1)
                    .is_some_and(|n| n.message == seen.message && !n.field.example);
        if told && inputs(&seen.field.label) {
            input = Some(seen.message);
        } else if told && answers(&seen.field.label) && input.take() == Some(seen.message) {
            count += 1;
        }
    }
    count
}

/// Under "Examples", without a number of their own: how often the first label comes again, where another stands between.
fn under_example(fields: &[Seen]) -> usize {
    let mut best = 0;
    for (i, seen) in fields.iter().enumerate() {
        if !seen.field.example || !seen.field.label.is_empty() || !seen.empty {
            continue;
        }
        let body = fields[i + 1..]
            .iter()
            .take(MOST_FIELDS)
            .take_while(|s| s.message == seen.message && !s.outline && !s.field.heading && !s.field.example);
        let mut first = None;
        let mut others = false;
        let mut known = false;
        let mut count = 0;
        for field in body {
            let label = field.field.label.as_str();
            if label.is_empty() {
                continue;
            }
            if *first.get_or_insert(label) == label {
                count += usize::from(field.filled);
            } else {
                others |= field.filled;
            }
            known |= inputs(label) || answers(label);
        }
        if others && known && count > 1 {
            best = best.max(count);
        }
    }
    best
}

/// "INPUT: … RESPONSE: …", again and again, whatever fields stand within: an input's label, and an answer's before it
/// comes again.
fn rounds(fields: &[Seen]) -> usize {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, seen) in fields.iter().enumerate() {
        if !seen.outline && inputs(&seen.field.label) {
            places.entry(seen.field.label.as_str()).or_default().push(i);
        }
    }
    places
        .values()
        .filter(|at| at.len() > 1)
        .map(|at| {
            let ends = at[1..].iter().copied().chain([fields.len()]);
            at.iter()
                .zip(ends)
                .filter(|(from, to)| {
                    let round = &fields[**from..(*to).min(*from + MOST_FIELDS)];
                    let answered = round[1..].iter().any(|s| {
                        s.message == round[0].message
                            && s.field.label != round[0].field.label
                            && answers(&s.field.label)
                            && !s.outline
                            && !s.field.variable
                            && s.filled
                    });
                    (round[0].filled && !round[0].field.variable || round[0].empty && round.len() > 2)
                        && (answered || round[0].object && round[0].filled)
                })
                .count()
        })
        .filter(|worked| *worked > 1)
        .max()
        .unwrap_or(0)
}

/// Fields that are looked at behind one.
const MOST_FIELDS: usize = 60;

/// "Question: … Knowledge: … / Question: … Knowledge: …": an input's label and one that follows it, three times and more.
fn alternating(fields: &[Seen]) -> usize {
    let mut at: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, seen) in fields.iter().enumerate() {
        if !seen.outline && !seen.field.heading && seen.filled && !seen.field.variable && !seen.field.label.is_empty() {
            at.entry(seen.field.label.as_str()).or_default().push(i);
        }
    }
    at.iter()
        .filter(|(label, places)| {
            places.len() > 2
                && matches!(
                    **label,
                    "question" | "q" | "problem" | "input" | "text" | "sentence" | "premise" | "review" | "query"
                )
        })
        .filter(|(label, places)| {
            at.iter().any(|(other, others)| {
                other != *label
                    && others.len() == places.len()
                    && others.iter().zip(places.iter()).all(|(b, a)| b > a)
                    && others.iter().zip(&places[1..]).all(|(b, a)| b < a)
            })
        })
        .map(|(_, places)| places.len())
        .max()
        .unwrap_or(0)
}

/// `query: "…", answer: […]` on one line, and one question with its short answer again and again.
fn on_one_line(messages: &[(Role, &str, &Parsed)]) -> usize {
    let mut best = 0;
    for (_, text, _) in messages {
        let mut pairs = 0;
        let mut questions: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines() {
            let line = line.trim().trim_start_matches(['-', '*', ' ']);
            if memchr::memchr2(b'?', b':', line.as_bytes()).is_none() {
                continue;
            }
            if let Some((question, answer)) = line.split_once("? ")
                && question.len() < 60
                && (1..=24).contains(&answer.trim().len())
                && !answer.contains('{')
            {
                *questions.entry(question).or_default() += 1;
            }
            let Some((label, rest)) = line.split_once(": ") else {
                continue;
            };
            let label = label.to_ascii_lowercase();
            pairs += usize::from(
                label.len() < 16
                    && inputs(&label)
                    && rest.starts_with(['"', '“', '\''])
                    && [", answer: ", ", output: ", ", label: ", ", response: ", ", result: "]
                        .iter()
                        .any(|mark| rest.contains(mark)),
            );
        }
        let asked = questions.into_values().max().unwrap_or(0);
        best = best
            .max(if pairs > 1 { pairs } else { 0 })
            .max(if asked > 2 { asked } else { 0 });
    }
    best
}

/// Under "Examples": lines of a quoted input, an arrow and its answer.
fn quoted(messages: &[(Role, &str, &Parsed)]) -> usize {
    let mut count = 0;
    for (_, text, _) in messages {
        if !["->", "→", "=>"]
            .iter()
            .any(|mark| memmem::find(text.as_bytes(), mark.as_bytes()).is_some())
        {
            continue;
        }
        let mut under = false;
        for line in text.lines() {
            let line = line.trim().trim_start_matches(['-', '*', ' ']);
            if line.ends_with(':') || line.starts_with('#') {
                let lower = line.to_ascii_lowercase();
                under = lower.contains("example") && !lower.contains("bad") && line.len() < 60;
                continue;
            }
            // `User: "…" -> …`
            let line = match line.split_once(": ") {
                Some((label, rest)) if label.len() < 16 && inputs(&label.to_ascii_lowercase()) => rest,
                _ => line,
            };
            let worked = [" -> ", " → ", " => "].iter().find_map(|mark| line.split_once(mark));
            count += usize::from(
                under
                    && worked.is_some_and(|(left, right)| {
                        left.len() > 2
                            && left.starts_with(['"', '“', '\''])
                            && left.ends_with(['"', '”', '\''])
                            && !right.trim().is_empty()
                    }),
            );
        }
    }
    count
}

/// `<example>` blocks that hold both an input and an answer.
fn tagged(fields: &[Seen]) -> usize {
    let mut count = 0;
    for (i, seen) in fields.iter().enumerate() {
        let opens = seen.field.label.is_empty() && seen.field.example && !seen.field.heading;
        let numbered = seen.field.example && seen.field.label.is_empty();
        if !(opens || numbered) || seen.field.variable && seen.empty {
            continue;
        }
        let body: Vec<&Seen> = fields[i + 1..]
            .iter()
            .take(6)
            .take_while(|s| !(s.field.example && s.field.label.is_empty()))
            .collect();
        let input = body.iter().position(|s| inputs(&s.field.label) && s.filled);
        let output = body.iter().position(|s| answers(&s.field.label) && s.filled);
        if let (Some(a), Some(b)) = (input, output)
            && a != b
        {
            count += 1;
        }
    }
    count
}

/// Lines "input // answer", "input -> answer", and plain lines that end in a bare mark.
pub(super) fn arrows(messages: &[(Role, &str, &Parsed)]) -> usize {
    let mut best = 0;
    for (_, text, _) in messages {
        for mark in [" // ", " -> ", " => ", " → ", " ## ", " ||| "] {
            let mut full = 0;
            let mut open = false;
            if memmem::find(text.as_bytes(), mark.trim().as_bytes()).is_none() {
                continue;
            }
            for line in text.lines() {
                let line = line.trim();
                if let Some((left, right)) = line.split_once(mark) {
                    let worked = !left.is_empty()
                        && !right.is_empty()
                        && right.len() < 200
                        && !left.starts_with('-')
                        && !line.contains('{')
                        && !left.ends_with(')');
                    full += usize::from(worked);
                    open |= line.contains('{');
                } else if line.ends_with(mark.trim()) && line.len() > mark.len() {
                    open = true;
                }
            }
            if open {
                best = best.max(full);
            }
        }
    }
    best
}

/// Pairs of a user's message and an assistant's before the last user message, both in words.
fn turns(messages: &[(Role, &str, &Parsed)]) -> usize {
    let said = |i: usize| {
        !messages[i].1.trim().is_empty()
            && !messages[i]
                .2
                .tokens
                .iter()
                .any(|t| t.kind == super::sentences::Kind::Variable)
    };
    let last_user = messages.iter().rposition(|m| m.0 == Role::User);
    // Instructions and then a pair that is complete: the real input is sent behind it.
    let closes = messages.len() > 2 && messages[messages.len() - 1].0 == Role::Assistant;
    (1..messages.len())
        .filter(|i| {
            (last_user.is_some_and(|l| *i < l)
                || closes && *i + 1 == messages.len() && messages[*i].1.trim().len() > 12)
                && messages[*i].0 == Role::Assistant
                && messages[*i - 1].0 == Role::User
                && said(*i)
                && said(*i - 1)
        })
        .count()
}
