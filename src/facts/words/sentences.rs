//! Splitting a message into tokens, sentences and labelled fields.
//!
//! Everything the other files ask of a prompt's words is asked of this structure, in one pass over
//! the bytes: what is an instruction, what is quoted, what is code, what a heading governs.

use super::lexicon::{self, Held, Known, Phrase, Set};
use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    /// A template variable or a template tag, delimiters included.
    Variable,
    Mark,
}

/// A piece of text with its place in the message, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    start: u32,
    end: u32,
    pub(super) kind: Kind,
    /// Inside quotation marks: words that are mentioned, not said.
    pub(super) quoted: bool,
    /// What is known of the word.
    pub(super) known: Known,
}

/// Tokens that belong together, and where they stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sentence {
    first: u32,
    last: u32,
    pub(super) bullet: bool,
    pub(super) heading: bool,
    /// Inside a worked example or another stretch that shows and does not ask.
    pub(super) shown: bool,
    /// Under a heading that speaks of steps to follow.
    pub(super) step: bool,
}

/// A line `Label: content`, `[Label]`, `## Label` or `<label>`, with what follows it.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Lower case, without numbering and without a leading "example".
    pub(super) label: String,
    /// The label said "example".
    pub(super) example: bool,
    pub(super) heading: bool,
    /// Bytes from the label on.
    pub(super) start: usize,
    /// Bytes of what follows the label, up to the next field.
    pub(super) content: Range<usize>,
    /// The content holds a template variable.
    pub(super) variable: bool,
}

/// One message, taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The text in ASCII lower case: byte offsets are those of the message.
    pub(super) lower: String,
    pub(super) tokens: Vec<Token>,
    pub(super) sentences: Vec<Sentence>,
    pub(super) fields: Vec<Field>,
    /// A fenced block or a line that opens like JSON.
    pub(super) fences: Vec<Range<usize>>,
    held: Held,
}

impl Parsed {
    /// Whether a token's word belongs to a set.
    pub(super) fn is(&self, token: usize, set: Set) -> bool {
        self.tokens.get(token).is_some_and(|t| t.known.is(set))
    }

    /// Whether the message holds a phrase of this kind.
    pub(super) fn holds(&self, phrase: Phrase) -> bool {
        self.held.has(phrase)
    }

    /// The words of a token, in lower case.
    pub(super) fn word(&self, token: usize) -> &str {
        self.tokens
            .get(token)
            .map_or("", |t| &self.lower[t.start as usize..t.end as usize])
    }

    /// Where a token stands in the message.
    pub(super) fn place(&self, tokens: Range<usize>) -> Range<usize> {
        let start = self.tokens.get(tokens.start).map_or(0, |t| t.start as usize);
        let end = tokens
            .end
            .checked_sub(1)
            .and_then(|t| self.tokens.get(t))
            .map_or(start, |t| t.end as usize);
        start..end.max(start)
    }

    pub(super) fn kind(&self, token: usize) -> Option<Kind> {
        self.tokens.get(token).map(|t| t.kind)
    }

    /// Whether the words starting at `token` are these, in this order.
    pub(super) fn says(&self, token: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(i, w)| self.word(token + i) == *w)
    }
}

impl Sentence {
    /// Its tokens.
    pub(super) fn tokens(&self) -> Range<usize> {
        self.first as usize..self.last as usize
    }
}

/// Takes a message apart. Linear in its length; what lies past 4 GiB is not read.
pub(super) fn parse(text: &str) -> Parsed {
    let text = &text[..text.floor_char_boundary(u32::MAX as usize - 1)];
    let lower = text.to_ascii_lowercase();
    let mut parsed = Parsed {
        held: lexicon::held(&lower),
        lower,
        tokens: Vec::with_capacity(text.len() / 5),
        sentences: Vec::new(),
        fields: Vec::new(),
        fences: Vec::new(),
    };
    let mut reader = Reader {
        text,
        out: &mut parsed,
        open: None,
        previous: Line::Blank,
        depth: Section::default(),
    };
    reader.read();
    let fields = fields(text, &parsed);
    parsed.fields = fields;
    parsed
}

/// What the line before was, to tell a wrapped line from a new sentence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    /// A line that ended its sentence, or is one by itself.
    Whole,
    Heading,
    /// A long line without an end: the next goes on if it begins small.
    Open,
    /// A line that breaks off after a comma or a small word.
    Hanging,
}

/// What the heading above says about the lines under it.
#[derive(Default, Clone, Copy)]
struct Section {
    shown: bool,
    step: bool,
    /// Only up to the next blank line: the heading was a plain line "Examples:".
    brief: bool,
}

struct Reader<'a> {
    text: &'a str,
    out: &'a mut Parsed,
    /// The sentence being read.
    open: Option<Sentence>,
    previous: Line,
    depth: Section,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut fence: Option<(usize, u8)> = None;
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let at = start;
            start += line.len();
            let body = line.trim();
            let indent = line.len() - line.trim_start().len();
            let opens = body.starts_with("```") || body.starts_with("~~~");
            if let Some((begin, mark)) = fence {
                if opens && body.as_bytes()[0] == mark {
                    self.out.fences.push(begin..at + line.len());
                    fence = None;
                }
                continue;
            }
            if opens && body[3..].bytes().all(|b| b != b'`') && self.closes(start, &body[..3]) {
                self.close();
                fence = Some((at, body.as_bytes()[0]));
                self.previous = Line::Whole;
                continue;
            }
            self.line(at + indent, body);
        }
        self.close();
    }

    /// Whether a fence opened before `from` is closed again further on. An unclosed one (the last
    /// only, so this stays linear) is a stray mark, not code to the end of the prompt.
    fn closes(&self, from: usize, mark: &str) -> bool {
        self.text[from..].contains(mark)
    }

    fn close(&mut self) {
        if let Some(mut sentence) = self.open.take() {
            sentence.last = u32::try_from(self.out.tokens.len()).unwrap_or(u32::MAX);
            if sentence.last > sentence.first {
                self.out.sentences.push(sentence);
            }
        }
    }

    fn begin(&mut self, bullet: bool, heading: bool) {
        self.close();
        let first = u32::try_from(self.out.tokens.len()).unwrap_or(u32::MAX);
        self.open = Some(Sentence {
            first,
            last: first,
            bullet,
            heading,
            shown: self.depth.shown,
            step: self.depth.step,
        });
    }

    fn line(&mut self, at: usize, body: &str) {
        if body.is_empty() {
            self.close();
            if self.depth.brief && self.previous != Line::Heading {
                self.depth = Section::default();
            }
            self.previous = Line::Blank;
            return;
        }
        let (skip, bullet) = bullet(body);
        let heading = body.starts_with('#') || is_title(body);
        if heading {
            let name = body.to_ascii_lowercase();
            self.depth = Section {
                shown: (name.contains("example") || name.contains("sample"))
                    && !name.contains("end example")
                    && !name.contains("end sample"),
                step: name.contains("step") || name.contains("process"),
                brief: !body.starts_with('#') && body.ends_with(':'),
            };
            if name.starts_with("end ") || name.starts_with("(end") {
                self.depth = Section::default();
            }
        } else if body.len() < 40 && (body.starts_with("END ") || body.starts_with("(end")) {
            self.depth = Section::default();
        }
        let small = body.chars().next().is_some_and(|c| !c.is_uppercase());
        let continues = !bullet
            && !heading
            && !starts_field(body)
            && (self.previous == Line::Hanging || self.previous == Line::Open && small);
        if !continues || self.open.is_none() {
            self.begin(bullet, heading);
        }
        let before = self.out.tokens.len();
        self.tokens(at + skip, &body[skip..]);
        if self.depth.shown && self.out.tokens[before..].iter().any(|t| t.kind == Kind::Variable) {
            // A place to fill in: what is shown is over, the real input begins.
            self.depth.shown = false;
            if let Some(open) = &mut self.open {
                open.shown = false;
            }
        }
        if heading {
            self.close();
        }
        let last = body.trim_end_matches(['"', '\'', '*', ')', '”']).chars().next_back();
        let broken = matches!(
            body.rsplit(' ').next(),
            Some(
                "the"
                    | "a"
                    | "an"
                    | "of"
                    | "to"
                    | "and"
                    | "or"
                    | "in"
                    | "for"
                    | "with"
                    | "from"
                    | "by"
                    | "on"
                    | "not"
                    | "your"
                    | "must"
            )
        );
        let ends = heading || matches!(last, Some('.' | '!' | '?' | ':' | ';')) || body.len() < 40 && !broken;
        let hangs = !ends && (last == Some(',') || broken);
        self.previous = if heading {
            Line::Heading
        } else if ends {
            Line::Whole
        } else if hangs {
            Line::Hanging
        } else {
            Line::Open
        };
    }

    /// The tokens of one line; sentences end at `.`, `!` and `?` before a space.
    fn tokens(&mut self, at: usize, body: &str) {
        let bytes = body.as_bytes();
        let json = matches!(bytes.first(), Some(b'{' | b'"' | b'[' | b'}'));
        let quotes = if json { Vec::new() } else { quotes(body) };
        let mut quote = 0;
        let mut i = 0;
        while i < bytes.len() {
            while quote < quotes.len() && quotes[quote].end <= i {
                quote += 1;
            }
            let quoted = quotes.get(quote).is_some_and(|q| q.contains(&i));
            let b = bytes[i];
            if b.is_ascii_whitespace() || matches!(b, b'*' | b'_' | b'`' | b'"' | b'\\') {
                i += 1;
                continue;
            }
            if let Some(end) = variable(body, i) {
                self.push(at, i..end, Kind::Variable, quoted);
                i = end;
                continue;
            }
            if b.is_ascii_digit() {
                let mut end = i + 1;
                while end < bytes.len()
                    && (bytes[end].is_ascii_digit()
                        || (matches!(bytes[end], b',' | b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)))
                {
                    end += 1;
                }
                self.push(at, i..end, Kind::Number, quoted);
                i = end;
                continue;
            }
            let c = body[i..].chars().next().unwrap_or(' ');
            if c.is_alphanumeric() {
                let mut end = i + c.len_utf8();
                while let Some(c) = body[end..].chars().next() {
                    let apostrophe = matches!(c, '\'' | '’')
                        && body[end + c.len_utf8()..]
                            .chars()
                            .next()
                            .is_some_and(char::is_alphabetic);
                    if !(c.is_alphanumeric() || apostrophe || c == '_') {
                        break;
                    }
                    end += c.len_utf8();
                }
                self.push(at, i..end, Kind::Word, quoted);
                i = end;
                continue;
            }
            let end = i + c.len_utf8();
            let letter_after = body[end..].chars().next().is_some_and(char::is_alphabetic);
            let letter_before = body[..i].chars().next_back().is_some_and(char::is_alphabetic);
            let hyphen = matches!(c, '-' | '‑' | '–') && (letter_after || letter_before);
            if !hyphen {
                self.push(at, i..end, Kind::Mark, quoted);
                let space = bytes
                    .get(end)
                    .is_none_or(|b| b.is_ascii_whitespace() || *b == b'"' || *b == b'*');
                let stop = (matches!(c, '.' | '!' | '?' | ';') && space && !abbreviation(&body[..i]))
                    || matches!(c, '。' | '！' | '？');
                if stop && !quoted {
                    let bullet = self.open.is_some_and(|s| s.bullet);
                    self.begin(bullet, false);
                }
            }
            i = end;
        }
    }

    fn push(&mut self, at: usize, range: Range<usize>, kind: Kind, quoted: bool) {
        if let (Ok(start), Ok(end)) = (u32::try_from(at + range.start), u32::try_from(at + range.end)) {
            let known = match kind {
                Kind::Word | Kind::Mark => lexicon::known(&self.out.lower[start as usize..end as usize]),
                Kind::Number | Kind::Variable => Known::default(),
            };
            self.out.tokens.push(Token {
                start,
                end,
                kind,
                quoted,
                known,
            });
        }
    }
}

/// "e.g." and its like, and the number of a list item, do not end a sentence.
fn abbreviation(before: &str) -> bool {
    let from = before.len() - before.len().min(6);
    let tail = before.as_bytes()[from..].to_ascii_lowercase();
    [&b"e.g"[..], b"i.e", b"etc", b" vs", b"eg", b" no"]
        .iter()
        .any(|a| tail.ends_with(a))
}

/// The length of a list mark at the start of a line, and whether there is one.
fn bullet(body: &str) -> (usize, bool) {
    let bytes = body.as_bytes();
    for mark in ["- ", "* ", "+ ", "• ", "– ", "-\t"] {
        if body.starts_with(mark) {
            return (mark.len(), true);
        }
    }
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if (1..=3).contains(&digits)
        && matches!(bytes.get(digits), Some(b'.' | b')'))
        && !bytes.get(digits + 1).is_some_and(u8::is_ascii_digit)
    {
        return (digits + 1, true);
    }
    if bytes.len() > 2 && bytes[0].is_ascii_lowercase() && matches!(bytes[1], b'.' | b')') && bytes[2] == b' ' {
        return (2, true);
    }
    (0, false)
}

/// A short line in capitals or in bold, or one that ends in a colon and names a section.
fn is_title(body: &str) -> bool {
    if body.len() > 48 {
        return false;
    }
    let name = body.trim_matches(|c: char| !c.is_alphanumeric());
    let capitals = name.len() > 3
        && !name.contains(['.', '!'])
        && name.bytes().any(|b| b.is_ascii_uppercase())
        && !name.bytes().any(|b| b.is_ascii_lowercase());
    let words = name.split_whitespace().count();
    let bold = body.starts_with("**") && (body.ends_with("**") || body.ends_with("**:"));
    (capitals && words <= 4 && !body.contains('{'))
        || (bold && words <= 6)
        || (body.ends_with(':') && words <= 3 && name.to_ascii_lowercase().starts_with("example"))
}

/// Whether a line opens with a label and a colon.
fn starts_field(body: &str) -> bool {
    label(body).is_some()
}

/// A label at the start of a line: up to four words and a colon. Gives the label and the length of
/// what stands before the content.
fn label(body: &str) -> Option<(&str, usize)> {
    let head = body.trim_start_matches(['#', '*', '-', ' ', '>', '`', '_']);
    let skipped = body.len() - head.len();
    let colon = head
        .char_indices()
        .take(48)
        .find(|(_, c)| matches!(c, ':' | '：' | '\n'))?;
    let (colon, len) = (colon.0, colon.1.len_utf8());
    let name = head[..colon].trim_end_matches(['*', '`', '_', ' ']);
    let words = name.split_whitespace().count();
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '#' | '/' | '_' | '-' | '(' | ')'));
    let scheme = head[colon..].starts_with("://");
    (name.chars().next().is_some_and(char::is_alphabetic) && (1..=4).contains(&words) && plain && !scheme)
        .then_some((name, skipped + colon + len))
}

/// A line by itself that says examples begin: "-- EXAMPLES --", "Example 2", "=== Begin of examples ===".
fn announces(body: &str) -> bool {
    if body.len() > 40 || body.starts_with('#') || body.contains([':', '<', '{', '"']) {
        return false;
    }
    let mut example = false;
    for word in body
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        if word.eq_ignore_ascii_case("example") || word.eq_ignore_ascii_case("examples") {
            example = true;
        } else if !(word.bytes().all(|b| b.is_ascii_digit())
            || ["begin", "start", "of", "few", "shot", "the"]
                .iter()
                .any(|w| word.eq_ignore_ascii_case(w)))
        {
            return false;
        }
    }
    example
}

/// A word for an example, with a number behind it or without.
pub(super) fn is_example(word: &str) -> bool {
    const STEMS: [&str; 9] = [
        "example",
        "beispiel",
        "ejemplo",
        "exemple",
        "exemplo",
        "esempi",
        "пример",
        "示例",
        "예시",
    ];
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(word, "例" | "入力例" | "出力例")
        || STEMS.iter().any(|stem| {
            word.get(..stem.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(stem))
        })
}

/// Lower case, without numbering, "example" and marks.
fn normal(label: &str) -> (String, bool) {
    let lower = label.to_lowercase();
    let mut example = false;
    let mut out = String::with_capacity(lower.len());
    for word in lower.split(|c: char| !(c.is_alphanumeric() || c == '/')) {
        if is_example(word) {
            example = true;
        } else if !word.is_empty() && !word.bytes().all(|b| b.is_ascii_digit()) && !matches!(word, "the" | "task" | "n")
        {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    // "Here is an example:" labels nothing beside.
    let plain = |word: &str| {
        matches!(
            word,
            "here" | "is" | "are" | "an" | "a" | "some" | "this" | "few" | "more" | "following"
        )
    };
    if example && out.split(' ').all(plain) {
        out.clear();
    }
    (out, example)
}

fn fields(text: &str, parsed: &Parsed) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut start = 0;
    let mut fence = 0;
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        while fence < parsed.fences.len() && parsed.fences[fence].end <= at {
            fence += 1;
        }
        if parsed.fences.get(fence).is_some_and(|f| f.contains(&at)) {
            continue;
        }
        let body = line.trim();
        let indent = at + (line.len() - line.trim_start().len());
        // "- <example>": a tag behind a list's mark.
        let mark = if body.starts_with("- <") { 2 } else { 0 };
        let (body, indent) = (&body[mark..], indent + mark);
        let bytes = body.as_bytes();
        let bracket = bytes.len() < 40
            && bytes.len() > 2
            && bytes[0] == b'['
            && bytes[bytes.len() - 1] == b']'
            && body[1..].find(['[', '{', '"', ',']).is_none();
        let tag = (bytes.len() > 2 && bytes[0] == b'<' && bytes[1].is_ascii_alphabetic())
            .then(|| {
                body[1..]
                    .find(['>', ' ', '<'])
                    .map(|e| (&body[1..=e], body.find('>').map_or(body.len(), |e| e + 1)))
            })
            .flatten();
        let found = if announces(body) {
            Some((body, body.len(), false))
        } else if bracket {
            Some((&body[1..body.len() - 1], body.len(), false))
        } else if let Some((name, len)) = tag {
            Some((name, len, false))
        } else if let Some((name, len)) = label(body) {
            Some((name, len, body.starts_with('#') && len == body.len()))
        } else if body.starts_with('#') && body.len() < 60 && !body.contains('{') {
            Some((body.trim_start_matches('#'), body.len(), true))
        } else {
            None
        };
        let Some((name, len, heading)) = found else { continue };
        if let Some(last) = fields.last_mut() {
            last.content.end = indent;
        }
        let (label, example) = normal(name);
        fields.push(Field {
            label,
            example,
            heading,
            start: indent,
            content: indent + len..text.len(),
            variable: false,
        });
    }
    let mut token = 0;
    for field in &mut fields {
        while token < parsed.tokens.len() && (parsed.tokens[token].end as usize) <= field.content.start {
            token += 1;
        }
        let mut t = token;
        while t < parsed.tokens.len() && (parsed.tokens[t].start as usize) < field.content.end {
            if parsed.tokens[t].kind == Kind::Variable {
                field.variable = true;
            }
            t += 1;
        }
        token = t;
    }
    fields
}

/// Quoted stretches of a line. A quotation that is the user's own request ("My first request is
/// …") is said, not mentioned.
fn quotes(body: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open: Option<(usize, char)> = None;
    let mut previous = ' ';
    for (i, c) in body.char_indices() {
        match open {
            None => {
                let close = match c {
                    '"' => Some('"'),
                    '“' => Some('”'),
                    '«' => Some('»'),
                    '‘' => Some('’'),
                    '\'' if !previous.is_alphanumeric() => Some('\''),
                    _ => None,
                };
                if let Some(close) = close {
                    open = Some((i, close));
                }
            }
            Some((start, close)) => {
                let ends = c == close && (c != '\'' || !body[i + 1..].starts_with(|n: char| n.is_alphanumeric()));
                if ends {
                    let from = body.floor_char_boundary(start.saturating_sub(40));
                    let before = body[from..start].to_ascii_lowercase();
                    let said = [
                        "request is",
                        "request:",
                        "command is",
                        "question is",
                        "task is",
                        "request is,",
                    ]
                    .iter()
                    .any(|r| before.trim_end().ends_with(r));
                    // A key or a value of an object is the form of the answer.
                    let object =
                        close == '"' && body[i + c.len_utf8()..].starts_with(':') || before.trim_end().ends_with("\":");
                    if !said && !object {
                        out.push(start..i + c.len_utf8());
                    }
                    open = None;
                }
            }
        }
        previous = c;
    }
    out
}

/// The end of a template variable or tag that begins at `i`.
pub(super) fn variable(body: &str, i: usize) -> Option<usize> {
    const REACH: usize = 240;
    let rest = &body.as_bytes()[i..];
    let find = |open: usize, close: &[u8]| {
        let reach = rest.len().min(REACH);
        rest[open.min(reach)..reach]
            .windows(close.len())
            .position(|w| w == close)
            .map(|p| i + open + p + close.len())
    };
    match rest {
        [b'{', b'{' | b'%' | b'#', ..] => {
            let close: &[u8] = match rest[1] {
                b'{' => b"}}",
                b'%' => b"%}",
                _ => b"#}",
            };
            let inner = rest.get(2).copied().unwrap_or(b' ');
            if rest[1] == b'{' && matches!(inner, b'"' | b'\'' | b'\n') {
                return None;
            }
            find(2, close)
        }
        [b'$', b'{', ..] => find(2, b"}"),
        [b'<', b'%', ..] => find(2, b"%>"),
        [b'{', first, ..] if first.is_ascii_alphabetic() || matches!(*first, b'_' | b'$') => {
            let end = nested(rest, REACH)?;
            let inner = &rest[1..end - 1];
            let call = inner.contains(&b'(');
            let plain = inner.iter().all(|b| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'_' | b'.' | b'$' | b'-' | b'[' | b']' | b':' | b'/' | b' ' | b'\'')
            });
            let words = inner.split(|b| *b == b' ').count();
            (call || (plain && words <= 5)).then_some(i + end)
        }
        [b'$', first, ..] if first.is_ascii_alphabetic() => {
            let len = rest[1..]
                .iter()
                .take(REACH)
                .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                .count();
            Some(i + 1 + len)
        }
        _ => None,
    }
}

/// The length of a balanced `{…}` at the start, within reach.
fn nested(rest: &[u8], reach: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, b) in rest.iter().take(reach).enumerate() {
        match b {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A number in figures or in words.
pub(super) fn number(word: &str) -> Option<u32> {
    Some(match word {
        "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" | "dozen" => 12,
        "fifteen" => 15,
        "twenty" => 20,
        "thirty" => 30,
        "forty" => 40,
        "fifty" => 50,
        "hundred" => 100,
        _ if word.bytes().next().is_some_and(|b| b.is_ascii_digit()) => {
            if word.contains(',') {
                word.replace(',', "").parse().ok()?
            } else {
                word.parse().ok()?
            }
        }
        _ => return None,
    })
}
