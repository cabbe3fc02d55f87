//! Tokens of a prompt that carry nothing: spacing, pretty-printed JSON, politeness, base64 and long identifiers.

use std::ops::Range;

use super::super::count::Counter;
use super::{Fact, Get, Known, PromptFacts, Row, Type, int};
use crate::source::Place;
use crate::syntax::template::{self, Extent};
use crate::units::Message;

/// Tokens that could be left out, and the place of the largest part of them.
#[derive(Default)]
pub(super) struct Waste {
    tokens: u64,
    place: Option<Place>,
    largest: u64,
}

impl Waste {
    fn add(&mut self, tokens: u64, place: impl FnOnce() -> Place) {
        self.tokens += tokens;
        if tokens > self.largest {
            self.largest = tokens;
            self.place = Some(place());
        }
    }

    fn fact(self) -> Fact {
        Fact::of(Known::Yes(int(self.tokens))).at(self.place)
    }
}

/// What one reader finds in a stretch of fixed text: the tokens it could do without, and where.
type Find = fn(&str, Counter<'_>) -> Vec<(u64, Range<usize>)>;

fn over_fixed_text(facts: &PromptFacts<'_>, find: Find) -> Fact {
    let counter = facts.counter();
    let mut waste = Waste::default();
    for message in &facts.prompt.messages {
        for range in template::fixed_ranges(&message.pieces, Extent::Most).ranges {
            for (tokens, found) in find(&message.text.as_str()[range.clone()], counter) {
                let at = range.start + found.start..range.start + found.end;
                waste.add(tokens, || facts.place(message, at));
            }
        }
    }
    waste.fact()
}

/// Looks through one message: tokens that are wasted, and where.
type FindInMessage = fn(&Message, Counter<'_>) -> Option<(u64, Range<usize>)>;

/// Whole messages, for what a variable does not interrupt (a shared margin).
fn over_messages(facts: &PromptFacts<'_>, find: FindInMessage) -> Fact {
    let counter = facts.counter();
    let mut waste = Waste::default();
    for message in &facts.prompt.messages {
        if let Some((tokens, range)) = find(message, counter) {
            waste.add(tokens, || facts.place(message, range));
        }
    }
    waste.fact()
}

/// Spaces at ends of lines, more than one empty line, and a margin that all lines share. Code in fences and the inner
/// indentation stay as they are.
fn whitespace(message: &Message, counter: Counter<'_>) -> Option<(u64, Range<usize>)> {
    let text = message.text.as_str();
    let margin = text
        .lines()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    let mut kept = String::with_capacity(text.len());
    let mut fenced = false;
    let mut empty = 0;
    let mut first = None;
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        let body = line.trim_end_matches(['\n', '\r']);
        let lead = if number == 0 {
            0
        } else {
            margin.min(body.len() - body.trim_start_matches(' ').len())
        };
        let bare = body.trim_end();
        let fence = bare.trim_start().starts_with("```");
        if bare.is_empty() && !fenced {
            empty += 1;
            if empty > 1 || body.len() > bare.len() {
                first.get_or_insert(start..start + body.len().max(1));
            }
            if empty == 1 {
                kept.push('\n');
            }
            continue;
        }
        empty = 0;
        if fenced && !fence {
            kept.push_str(&body[lead..]);
        } else {
            // Two spaces at the end of a line break it in Markdown; they are no more needed by a model.
            if bare.len() < body.len() {
                first.get_or_insert(start + bare.len()..start + body.len());
            }
            kept.push_str(bare.get(lead..).unwrap_or_default());
        }
        if line.ends_with('\n') {
            kept.push('\n');
        }
        if fence {
            fenced = !fenced;
        }
    }
    if margin > 0 && first.is_none() {
        first = text.find('\n').map(|end| end + 1..(end + 1 + margin).min(text.len()));
    }
    let saved = counter.count(text).saturating_sub(counter.count(&kept));
    (saved > 0).then(|| (saved, first.unwrap_or(0..text.len())))
}

/// Objects and arrays over several lines that would say the same on one. Brackets are matched in one pass.
fn pretty_json(text: &str, counter: Counter<'_>) -> Vec<(u64, Range<usize>)> {
    let mut found = Vec::new();
    for range in objects(text) {
        let written = &text[range.clone()];
        if !written.contains('\n') {
            continue;
        }
        if serde_json::from_str::<serde::de::IgnoredAny>(written).is_err() {
            continue;
        }
        // Compacted from what is written, so that keys keep their order and numbers their digits.
        let saved = counter.count(written).saturating_sub(counter.count(&compact(written)));
        if saved > 0 {
            found.push((saved, range));
        }
    }
    found
}

/// Outermost bracketed stretches that could be JSON, outside of strings.
pub(super) fn objects(text: &str) -> Vec<Range<usize>> {
    let mut open: Vec<(usize, u8)> = Vec::new();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                // A quotation mark that prose never closes.
                b'\n' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = !open.is_empty(),
            b'{' | b'[' => open.push((at, byte)),
            b'}' | b']' => {
                let pair = if byte == b'}' { b'{' } else { b'[' };
                if open.last().is_some_and(|(_, bracket)| *bracket == pair) {
                    let (start, _) = open.pop().unwrap_or((at, byte));
                    while found.last().is_some_and(|inner| inner.start > start) {
                        found.pop();
                    }
                    found.push(start..at + 1);
                } else {
                    open.clear();
                }
            }
            _ => {}
        }
    }
    found
}

/// JSON without the spacing between its parts.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut quoted = false;
    let mut escaped = false;
    for c in json.chars() {
        if quoted {
            out.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
        } else if c == '"' {
            quoted = true;
            out.push(c);
        } else if !c.is_whitespace() {
            out.push(c);
        }
    }
    out
}

/// Courtesies to a model, longest first where one begins like another.
const FILLER: &[&str] = &[
    "if you don't mind",
    "i would like you to",
    "i'd like you to",
    "i would appreciate it if you could",
    "could you please",
    "can you please",
    "would you please",
    "would you kindly",
    "thank you very much",
    "thank you in advance",
    "thanks in advance",
    "thank you so much",
    "thank you for your help",
    "thank you",
    "many thanks",
    "please kindly",
    "please",
    "kindly",
    "it is important to note that",
    "it's important to note that",
    "please note that",
    "note that it is important to",
];

fn filler(text: &str, counter: Counter<'_>) -> Vec<(u64, Range<usize>)> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Range<usize>> = Vec::new();
    let word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    for phrase in FILLER {
        for (at, _) in lower.match_indices(phrase) {
            let end = at + phrase.len();
            let bytes = lower.as_bytes();
            let inside = word(at.checked_sub(1).and_then(|b| bytes.get(b))) || word(bytes.get(end));
            // In quotation marks it is somebody's words, not a courtesy.
            let said = matches!(at.checked_sub(1).and_then(|b| bytes.get(b)), Some(b'"' | b'\'' | b'`'));
            if !inside && !said {
                found.push(at..end);
            }
        }
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut covered = 0;
    found.retain(|range| {
        let outside = range.start >= covered;
        covered = covered.max(range.end);
        outside
    });
    found
        .into_iter()
        .map(|range| (counter.count(&format!(" {}", &lower[range.clone()])), range))
        .collect()
}

/// The least length of base64 that is data and not a word: a line of a certificate.
const BASE64: usize = 64;

/// The least length of hexadecimal digits that names something: an MD5 sum, a UUID without dashes.
const HEX: usize = 32;

/// Base64, hexadecimal sums, UUIDs and other unbroken names of 64 letters and digits and more.
fn opaque(text: &str, counter: Counter<'_>) -> Vec<(u64, Range<usize>)> {
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-');
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !part(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && part(bytes[at]) {
            at += 1;
        }
        let run = &text[start..at];
        if is_opaque(run) {
            found.push((counter.count(run), start..at));
        }
    }
    found
}

fn is_opaque(run: &str) -> bool {
    let plain: Vec<u8> = run.bytes().filter(|b| *b != b'-').collect();
    let digits = plain.iter().filter(|b| b.is_ascii_digit()).count();
    if plain.len() >= HEX && plain.iter().all(u8::is_ascii_hexdigit) {
        return digits * 8 >= plain.len() && digits < plain.len();
    }
    // Paths and words with dashes have few digits and break at slashes; base64 mixes all kinds.
    run.len() >= BASE64
        && digits > 3
        && run.bytes().any(|b| b.is_ascii_uppercase())
        && run.bytes().any(|b| b.is_ascii_lowercase())
        && run.split(['/', '-', '_']).any(|piece| piece.len() >= BASE64 / 2)
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.whitespace_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "what spaces at ends of lines, repeated empty lines and a margin shared by all lines cost",
        get: |facts| over_messages(facts, whitespace),
    },
    Row {
        name: "prompt.pretty_json_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "what the JSON in the prompt would save if it were written without line breaks and spaces",
        get: |facts| over_fixed_text(facts, pretty_json),
    },
    Row {
        name: "prompt.filler_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "courtesies such as `please` and `thank you`",
        get: |facts| over_fixed_text(facts, filler),
    },
    Row {
        name: "prompt.opaque_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "base64, sums and long identifiers, which a model reads letter by letter",
        get: |facts| over_fixed_text(facts, opaque),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    use crate::tokens::Encoding;

    const E: Counter<'_> = Counter::BuiltIn(Encoding::O200kBase);

    #[test]
    fn json_is_compacted_where_it_is_json() {
        let text = "Answer like this:\n{\n  \"name\": \"A b\",\n  \"n\": 1.50\n}\nand not {like\nthis}.";
        let found = pretty_json(text, E);
        assert_eq!(found.len(), 1);
        assert_eq!(&text[found[0].1.clone()], "{\n  \"name\": \"A b\",\n  \"n\": 1.50\n}");
        assert_eq!(compact("{\n  \"a b\": [1, 2.50]\n}"), "{\"a b\":[1,2.50]}");
        assert!(pretty_json("{\"a\":1}", E).is_empty());
    }

    #[test]
    fn brackets_are_matched_in_time() {
        for piece in ["{", "[{", "{\"a\":", "}", "\"", "{\n"] {
            assert!(objects(&piece.repeat(50_000)).is_empty());
        }
        assert_eq!(objects("{}".repeat(3).as_str()).len(), 3);
    }

    #[test]
    fn courtesies_are_whole_words_of_the_author() {
        let said = |text: &str| -> Vec<String> {
            filler(text, E)
                .into_iter()
                .map(|(_, range)| text[range].to_owned())
                .collect()
        };
        assert_eq!(
            said("Could you please list them? Thank you."),
            ["Could you please", "Thank you"]
        );
        assert!(said("Answer \"please wait\" and be pleased.").is_empty());
    }

    #[test]
    fn only_what_says_nothing_is_opaque() {
        assert!(is_opaque("d41d8cd98f00b204e9800998ecf8427e"));
        assert!(is_opaque("123e4567-e89b-12d3-a456-426614174000"));
        assert!(is_opaque(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        ));
        for word in [
            "src/components/settings/notifications/EmailPreferencesForm2024-v2-final",
            "----------------------------------------------------------------------",
            "11111111111111111111111111111111111111",
            "counterrevolutionaries",
        ] {
            assert!(!is_opaque(word), "{word}");
        }
    }
}
