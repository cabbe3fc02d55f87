//! Counting worked examples: an input together with its answer.

mod labels;
mod lines;

pub(super) use lines::arrows;

use super::Role;
use super::sentences::{Field, Parsed};
use labels::{answers, inputs};
use std::collections::BTreeMap;
use std::ops::Range;

/// How many worked examples a request holds, over all its messages.
pub(super) fn count(messages: &[(Role, &str, &Parsed)], fields: &[Seen]) -> u32 {
    let in_text = labelled(fields)
        .max(lines::count(messages))
        .max(tagged(fields))
        .max(announced(fields))
        .max(under_example(fields))
        .max(alternating(fields))
        .max(rounds(fields))
        .max(answered(messages, fields));
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
        let repeats = end.is_some_and(|e| !std::ptr::eq(e.field, seen.field) && (e.empty || e.variable && !e.filled));
        let worked = repeats || seen.field.example && (inputs(&seen.field.label) || answers(&seen.field.label));
        if worked && seen.filled && !seen.outline && !seen.field.label.is_empty() && i + 1 < fields.len() {
            out[seen.message].push(seen.field.start..seen.field.content.end);
        } else if seen.field.example
            && seen.empty
            && (inputs(&seen.field.label) || answers(&seen.field.label))
            && let Some(next) = fields[i + 1..]
                .iter()
                .find(|n| n.message != seen.message || n.field.example || n.variable || n.field.heading && n.outline)
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
        .flat_map(|(m, (_, text, parsed))| {
            let closings = closings(text);
            parsed.fields.iter().map(move |f| Seen::of(m, f, text, &closings))
        })
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
    /// An object or a fenced block stands on a line of its content.
    object: bool,
    empty: bool,
    /// It holds a variable, at least in part.
    variable: bool,
    /// Where the tag that it is ends.
    ends: usize,
}

impl<'a> Seen<'a> {
    fn of(message: usize, field: &'a Field, text: &str, closings: &BTreeMap<&str, Vec<usize>>) -> Self {
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
        // An example ends with the tag that holds it.
        let inside = inside.find("\n</").map_or(inside, |end| &inside[..end]);
        let object = ["\n{", "\n[", "\n```"].iter().any(|opens| content.contains(opens));
        let content =
            inside.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '-' | '=' | '#' | '+' | '`'));
        let content = content.strip_prefix("\"\"\"").unwrap_or(content);
        let placeholder = is_placeholder(content);
        // A variable at the end of long filled text belongs to what comes next.
        let variable = field.variable && (inside.contains(['{', '$', '%', '<']) || content.is_empty());
        let filled = !(content.is_empty() || placeholder || variable && content.len() < 60);
        let outline = field.heading && !field.example && !text[field.start..].starts_with("##");
        Self {
            field,
            message,
            filled,
            outline,
            object,
            empty: content.is_empty(),
            variable,
            ends: closing(field, text, closings).unwrap_or(usize::MAX),
        }
    }
}

/// Where the tags of a text are closed, by name, in order.
fn closings(text: &str) -> BTreeMap<&str, Vec<usize>> {
    let mut out: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, _) in text.match_indices("</") {
        let name = text[at + 2..].split(['>', ' ', '\n', '<']).next().unwrap_or("");
        out.entry(name).or_default().push(at);
    }
    out
}

/// Where the tag is closed that a field opens with.
fn closing(field: &Field, text: &str, closings: &BTreeMap<&str, Vec<usize>>) -> Option<usize> {
    let name = text[field.start..]
        .strip_prefix('<')?
        .split(['>', ' ', '\n', '<'])
        .next()?;
    let places = closings.get(name)?;
    places.get(places.partition_point(|at| *at < field.start)).copied()
}

/// "[question here]", "<label>", "the question you must answer", "…".
fn is_placeholder(content: &str) -> bool {
    let line = content.lines().next().unwrap_or("").trim().trim_matches('"');
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
        let open = last.empty || last.variable;
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
        if inputs(label) && at.len() > 1 && last.variable && !last.filled {
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
        || (field.content.len() > 80 && next.is_some_and(|n| n.field.label == field.label || n.variable))
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
                            && !s.variable
                            && s.filled
                    });
                    (round[0].filled && !round[0].variable || round[0].empty && round.len() > 2)
                        && (answered || round[0].object && round[0].filled)
                })
                .count()
        })
        .filter(|worked| *worked > 1)
        .max()
        .unwrap_or(0)
}

/// "Q: … A: …" in a request that speaks of examples: each question with its answer, though nothing stands open behind.
fn answered(messages: &[(Role, &str, &Parsed)], fields: &[Seen]) -> usize {
    let speaks = messages.iter().any(|m| m.2.lower.contains("example"));
    let told = |seen: &Seen| seen.filled && !seen.variable && !seen.outline;
    let pair = |pair: &&[Seen]| {
        let labels = (pair[0].field.label.as_str(), pair[1].field.label.as_str());
        matches!(labels, ("q", "a") | ("question", "answer")) && told(&pair[0]) && told(&pair[1])
    };
    if speaks {
        fields.windows(2).filter(pair).count()
    } else {
        0
    }
}

/// Fields that are looked at behind one.
const MOST_FIELDS: usize = 60;

/// "Question: … Knowledge: … / Question: … Knowledge: …": an input's label and one that follows it, three times and more.
fn alternating(fields: &[Seen]) -> usize {
    let mut at: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, seen) in fields.iter().enumerate() {
        if !seen.outline && !seen.field.heading && seen.filled && !seen.variable && !seen.field.label.is_empty() {
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

/// `<example>` blocks that hold both an input and an answer.
fn tagged(fields: &[Seen]) -> usize {
    let mut count = 0;
    for (i, seen) in fields.iter().enumerate() {
        let opens = seen.field.label.is_empty() && seen.field.example && !seen.field.heading;
        let numbered = seen.field.example && seen.field.label.is_empty();
        if !(opens || numbered) || seen.variable && seen.empty {
            continue;
        }
        let body: Vec<&Seen> = fields[i + 1..]
            .iter()
            .take(6)
            .take_while(|s| {
                s.message == seen.message && s.field.start < seen.ends && !(s.field.example && s.field.label.is_empty())
            })
            .collect();
        let input = body.iter().position(|s| inputs(&s.field.label) && s.filled);
        let output = body.iter().position(|s| answers(&s.field.label) && s.filled);
        let worked = match (input, output) {
            (Some(a), Some(b)) => a != b,
            // "Example:", an input, and what is made of it under names of its own.
            (Some(a), None) => {
                let told = |s: &&&Seen| s.filled && !s.variable && !s.field.heading && !inputs(&s.field.label);
                seen.empty && (body[a].object || a == 0 && body[1..].iter().any(|s| told(&s)))
            }
            _ => false,
        };
        count += usize::from(worked);
    }
    count
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
    let spoken = messages.iter().filter(|m| m.0 == Role::Assistant).count();
    let announced = messages
        .iter()
        .any(|m| m.0 != Role::Assistant && m.2.lower.contains("example"));
    let closes = messages.len() > 2 && messages[messages.len() - 1].0 == Role::Assistant && (spoken > 1 || announced);
    (1..messages.len())
        .filter(|i| {
            (last_user.is_some_and(|l| *i < l) || closes && *i + 1 == messages.len())
                && messages[*i].0 == Role::Assistant
                && messages[*i - 1].0 == Role::User
                && said(*i)
                && said(*i - 1)
        })
        .count()
}
