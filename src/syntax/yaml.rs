//! YAML with places: every node knows its bytes, every scalar the way from its decoded text back to them.
//!
//! The grammar is `saphyr-parser`'s; its events count characters and give decoded values only. So each scalar is
//! decoded here a second time, from its bytes and with places, and the two values are compared: where they differ
//! the parser's value stands and maps to the scalar as a whole.

mod outdented;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, StrInput, Tag};

use self::outdented::Shown;
use super::node::{MAX_DEPTH, too_deep};
use super::{Kind, Node, SyntaxError};
use crate::source::{Encoder, Insert, Slot, Span, Text, TextBuilder};

/// Most entries that the merge keys (`<<`) of one stream may look at; merges of merges grow exponentially.
const MAX_MERGED: usize = 100_000;

/// Most nodes that the aliases of one stream may stand for, each counted as often as it is reached.
const MAX_ALIASED: u64 = 1_000_000;

/// Bytes of text that count as one more node, so that a long text can't be repeated without end.
const ALIASED_BYTES: usize = 64;

/// What a YAML stream holds.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// The documents in order; where the stream is malformed, those that end before the error.
    pub documents: Vec<Node>,
    /// Why the rest could not be read; `None` where all was.
    pub error: Option<SyntaxError>,
}

/// Reads all documents of a YAML stream; `offset` is added to every span.
pub fn parse(text: &str, offset: usize) -> Parsed {
    let mut reader = Reader::new(text, text, offset);
    let error = reader.read().err();
    if let Some(at) = reader.outdented
        && let Some(parsed) = parse_joined(text, offset, at)
    {
        return parsed;
    }
    Parsed {
        documents: reader.documents,
        error,
    }
}

/// Reads a stream whose line at the byte `at` is not deep enough for the grammar, as the usual readers do; `None` where
/// that does not make it whole.
fn parse_joined(text: &str, offset: usize, at: usize) -> Option<Parsed> {
    let mut shown = Shown::new(text);
    let mut next = Some(at);
    while let Some(at) = next {
        let grammar = shown.join(at)?;
        let mut reader = Reader::new(text, &grammar, offset);
        if reader.read().is_ok() {
            return Some(Parsed {
                documents: reader.documents,
                error: None,
            });
        }
        next = reader.outdented;
    }
    None
}

/// Reads YAML that is itself a text of another file (a block scalar): places are those of that file. Scalars map to
/// their places as a whole, and nothing can be inserted.
pub fn parse_inside(text: &Text) -> Parsed {
    let inner = parse(text.as_str(), 0);
    let mut mapper = Mapper {
        text,
        done: HashMap::new(),
    };
    Parsed {
        documents: inner.documents.iter().map(|node| mapper.node(node)).collect(),
        error: inner.error.map(|error| SyntaxError {
            span: text.span_of(error.span.start..error.span.end),
            ..error
        }),
    }
}

/// Moves nodes from the places of a text to those of the file that holds it.
struct Mapper<'a> {
    text: &'a Text,
    /// Nodes that aliases share stay shared.
    done: HashMap<*const Node, Arc<Node>>,
}

impl Mapper<'_> {
    fn span(&self, span: Span) -> Span {
        self.text.span_of(span.start..span.end)
    }

    fn shared(&mut self, node: &Arc<Node>) -> Arc<Node> {
        if let Some(done) = self.done.get(&Arc::as_ptr(node)) {
            return Arc::clone(done);
        }
        let made = Arc::new(self.node(node));
        self.done.insert(Arc::as_ptr(node), Arc::clone(&made));
        made
    }

    fn node(&mut self, node: &Node) -> Node {
        let kind = match &node.kind {
            Kind::Plain(text) => Kind::Plain(Text::opaque(text.as_str(), self.span(text.span()))),
            Kind::Quoted(text) => Kind::Quoted(Text::opaque(text.as_str(), self.span(text.span()))),
            Kind::Seq { items } => Kind::Seq {
                items: items.iter().map(|item| self.shared(item)).collect(),
            },
            Kind::Map { entries, slot } => Kind::Map {
                entries: entries
                    .iter()
                    .map(|(key, value)| (self.shared(key), self.shared(value)))
                    .collect(),
                slot: Slot {
                    span: self.span(slot.span),
                    insert: None,
                },
            },
        };
        Node {
            span: self.span(node.span),
            kind,
        }
    }
}

/// A finished node, and what it adds to whoever holds or names it.
#[derive(Clone)]
struct Built {
    node: Arc<Node>,
    /// Nodes reached from it, itself included and shared ones counted each time, long texts as several.
    weight: u64,
    /// Collections on the longest way down from it, itself included.
    height: usize,
}

impl Built {
    fn scalar(node: Node) -> Self {
        let bytes = node.text().map_or(0, |text| text.as_str().len());
        Self {
            node: Arc::new(node),
            weight: 1 + (bytes / ALIASED_BYTES) as u64,
            height: 0,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Block,
    /// Between brackets or braces.
    Flow,
    /// A mapping of one pair in a flow sequence, `[a: b]`.
    Pair,
}

type Entries = Vec<(Arc<Node>, Arc<Node>)>;

enum Items {
    Seq(Vec<Arc<Node>>),
    Map { entries: Entries, key: Option<Arc<Node>> },
}

/// A collection whose end has not come yet.
struct Frame {
    style: Style,
    start: usize,
    /// Columns before its keys; `None` where a new key could not simply be put there.
    indent: Option<usize>,
    anchor: usize,
    /// The key that it is the value of.
    parent_key: Option<Span>,
    items: Items,
    weight: u64,
    height: usize,
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    offset: usize,
    parser: Parser<'a, StrInput<'a>>,
    cursor: CharCursor<'a>,
    frames: Vec<Frame>,
    /// Nodes by the anchor's number, for the document being read.
    anchors: HashMap<usize, Built>,
    /// Where the last scalar, alias or closing bracket ended: what follows is white space, comments, indicators and
    /// properties up to the next one.
    end: usize,
    root: Option<Arc<Node>>,
    documents: Vec<Node>,
    merged: usize,
    aliased: u64,
    newline: &'static str,
    /// The last line whose end was looked up: many mappings can end on one.
    line: Range<usize>,
    /// The byte at which a line in brackets is not deep enough for the grammar, which ended the reading.
    outdented: Option<usize>,
}

impl<'a> Reader<'a> {
    /// Reads `text`, which the grammar is shown as `grammar`: as many characters.
    fn new(text: &'a str, grammar: &'a str, offset: usize) -> Self {
        let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
        Self {
            text,
            bytes: text.as_bytes(),
            offset,
            parser: Parser::new_from_str(grammar),
            cursor: CharCursor::new(text),
            frames: Vec::new(),
            anchors: HashMap::new(),
            end: 0,
            root: None,
            documents: Vec::new(),
            merged: 0,
            aliased: 0,
            newline: if crlf { "\r\n" } else { "\n" },
            line: 0..0,
            outdented: None,
        }
    }

    fn read(&mut self) -> Result<(), SyntaxError> {
        while let Some(next) = self.parser.next_event() {
            let (event, span) = next.map_err(|error| self.explain(&error))?;
            match event {
                Event::Scalar(value, style, anchor, tag) => {
                    let node = self.scalar(&value, style, tag.as_deref(), span);
                    self.finish(Built::scalar(node), anchor);
                }
                Event::MappingStart(anchor, _) => self.open(true, anchor, span)?,
                Event::SequenceStart(anchor, _) => self.open(false, anchor, span)?,
                Event::MappingEnd | Event::SequenceEnd => self.close(span)?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
                Event::DocumentEnd => {
                    self.anchors.clear();
                    self.documents.extend(self.root.take().map(Arc::unwrap_or_clone));
                }
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            }
        }
        Ok(())
    }

    // ---- places

    fn byte(&mut self, marker: Marker) -> usize {
        self.cursor.byte(marker.index())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    /// The first byte at or after `at` that is neither white space nor in a comment.
    fn skip_blank(&self, mut at: usize) -> usize {
        loop {
            match self.bytes.get(at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
                Some(b'#') => at = self.end_of_line(at),
                _ => return at,
            }
        }
    }

    fn end_of_line(&self, at: usize) -> usize {
        self.bytes[at..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(self.bytes.len(), |found| at + found)
    }

    /// The end of the anchor or tag at `at`.
    fn end_of_property(&self, at: usize) -> usize {
        let verbatim = self.bytes[at..].starts_with(b"!<");
        let found = self.bytes[at..].iter().position(|byte| match byte {
            b' ' | b'\t' | b'\n' | b'\r' => true,
            b',' | b'[' | b']' | b'{' | b'}' => !verbatim,
            _ => false,
        });
        found.map_or(self.bytes.len(), |found| at + found)
    }

    /// The start of a node's content: `at` without anchors, tags and what stands between them.
    fn skip_properties(&self, mut at: usize) -> usize {
        while let Some(b'&' | b'!') = self.bytes.get(at) {
            at = self.skip_blank(self.end_of_property(at));
        }
        at
    }

    /// Goes from indicator to indicator, from the end of the last content to `limit`; gives the first that is
    /// `wanted`, and the end of the last one passed.
    fn seek(&self, limit: usize, wanted: &[u8]) -> (Option<usize>, usize) {
        let mut last = self.end;
        loop {
            let at = self.skip_blank(last);
            let Some(byte) = self.bytes.get(at).filter(|_| at < limit) else {
                return (None, last);
            };
            if wanted.contains(byte) {
                return (Some(at), last);
            }
            last = match byte {
                b'&' | b'!' => self.end_of_property(at),
                b':' | b'?' | b'-' | b',' | b'[' | b'{' | b'.' => at + 1,
                b'%' => self.end_of_line(at),
                _ => return (None, last),
            };
        }
    }

    // ---- building

    /// Hands a finished node to the collection that it is in, or makes it the document.
    fn finish(&mut self, built: Built, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        self.add(built);
    }

    fn add(&mut self, built: Built) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(built.node);
            return;
        };
        frame.weight = frame.weight.saturating_add(built.weight);
        frame.height = frame.height.max(built.height);
        match &mut frame.items {
            Items::Seq(items) => items.push(built.node),
            Items::Map { entries, key } => match key.take() {
                Some(key) => entries.push((key, built.node)),
                None => *key = Some(built.node),
            },
        }
    }

    fn alias(&mut self, anchor: usize, span: saphyr_parser::Span) -> Result<(), SyntaxError> {
        let start = self.byte(span.start);
        let end = self.byte(span.end);
        self.end = end;
        let place = self.span(start, end);
        let error = |message: String| Err(SyntaxError { span: place, message });
        let Some(built) = self.anchors.get(&anchor).cloned() else {
            let name = &self.text[start..end];
            return error(if self.frames.iter().any(|frame| frame.anchor == anchor) {
                format!("`{name}` stands inside the value that it names")
            } else {
                format!("`{name}` names no anchor of this document")
            });
        };
        if self.frames.len() + built.height > MAX_DEPTH {
            return Err(too_deep(place));
        }
        self.aliased = self.aliased.saturating_add(built.weight);
        if self.aliased > MAX_ALIASED {
            return error(format!(
                "the aliases of this file stand for more than {MAX_ALIASED} values"
            ));
        }
        self.add(built);
        Ok(())
    }

    fn open(&mut self, is_map: bool, anchor: usize, span: saphyr_parser::Span) -> Result<(), SyntaxError> {
        let start = self.byte(span.start);
        if self.frames.len() >= MAX_DEPTH {
            return Err(too_deep(self.char_at(start)));
        }
        let content = self.skip_properties(start);
        let parent = self.frames.last();
        let parent_key = parent.and_then(|frame| match &frame.items {
            Items::Map { key, .. } => key.as_ref().map(|key| key.span),
            Items::Seq(_) => None,
        });
        let in_block = parent.is_none_or(|frame| frame.style == Style::Block);
        // A block mapping can begin with a flow collection as its key; its own event then ends where that begins.
        let bracket = matches!(self.bytes.get(content), Some(b'{' | b'['));
        let (style, start) = if bracket && content < self.byte(span.end) {
            self.end = content + 1;
            (Style::Flow, content)
        } else if !in_block {
            (Style::Pair, content)
        } else if !is_map && parent_key.is_some() {
            // The event of a sequence that is not indented more than its key comes after the first dash.
            let dash = self.seek(self.bytes.len(), b"-").0;
            (Style::Block, dash.unwrap_or(content))
        } else {
            (Style::Block, content)
        };
        // Where the mapping has an anchor or a tag of its own, its keys need not be below that.
        let indent =
            (is_map && style == Style::Block && self.bytes.get(content) != Some(&b'?')).then(|| span.end.col());
        self.frames.push(Frame {
            style,
            start,
            indent,
            anchor,
            parent_key,
            items: if is_map {
                Items::Map {
                    entries: Vec::new(),
                    key: None,
                }
            } else {
                Items::Seq(Vec::new())
            },
            weight: 1,
            height: 0,
        });
        Ok(())
    }

    fn close(&mut self, span: saphyr_parser::Span) -> Result<(), SyntaxError> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let last_end = self.end;
        if frame.style == Style::Flow {
            let mut closing = self.byte(span.start);
            // Where a comma comes before the brace, the event has the comma's place.
            if self.bytes.get(closing) == Some(&b',') {
                closing = self.skip_blank(closing + 1);
            }
            self.end = (closing + 1).min(self.bytes.len());
        }
        let place = self.span(frame.start, self.end);
        let kind = match frame.items {
            Items::Seq(items) => Kind::Seq { items },
            Items::Map { entries, .. } => {
                let first_key = entries.first().map(|(key, _)| key.span);
                let insert = match frame.style {
                    Style::Flow => Some(Insert {
                        at: self.offset + last_end,
                        before: if entries.is_empty() { "" } else { ", " }.to_owned(),
                        after: String::new(),
                    }),
                    Style::Block => frame.indent.map(|indent| Insert {
                        at: self.offset + self.line_end(last_end),
                        before: format!("{}{}", self.newline, " ".repeat(indent)),
                        after: String::new(),
                    }),
                    Style::Pair => None,
                };
                let slot = Slot {
                    span: frame.parent_key.or(first_key).unwrap_or(place),
                    insert,
                };
                let entries = self.merge(entries)?;
                Kind::Map { entries, slot }
            }
        };
        let built = Built {
            node: Arc::new(Node { span: place, kind }),
            weight: frame.weight,
            height: frame.height + 1,
        };
        self.finish(built, frame.anchor);
        Ok(())
    }

    fn line_end(&mut self, at: usize) -> usize {
        if !(self.line.start <= at && at <= self.line.end) {
            self.line = at..self.end_of_line(at);
        }
        self.line.end
    }

    /// Resolves merge keys: the merged mappings' entries come behind the mapping's own, without keys that are there.
    fn merge(&mut self, entries: Entries) -> Result<Entries, SyntaxError> {
        let is_merge = |(key, value): &(Arc<Node>, Arc<Node>)| {
            matches!(&key.kind, Kind::Plain(text) if text.as_str() == "<<")
                && (value.is_map() || value.is_seq() && value.items().all(Node::is_map))
        };
        if !entries.iter().any(is_merge) {
            return Ok(entries);
        }
        let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_merge);
        let mut seen: HashSet<String> = own
            .iter()
            .filter_map(|(key, _)| key.as_str().map(str::to_owned))
            .collect();
        for (key, value) in &merges {
            let sources: Vec<&Node> = if value.is_map() {
                vec![value]
            } else {
                value.items().collect()
            };
            for source in sources {
                let Kind::Map { entries, .. } = &source.kind else {
                    continue;
                };
                self.merged += entries.len();
                if self.merged > MAX_MERGED {
                    return Err(SyntaxError {
                        span: key.span,
                        message: format!("the merge keys of this file take in more than {MAX_MERGED} entries"),
                    });
                }
                for entry in entries {
                    let name = entry.0.as_str();
                    if name.is_none_or(|name| seen.insert(name.to_owned())) {
                        own.push(entry.clone());
                    }
                }
            }
        }
        Ok(own)
    }

    // ---- scalars

    fn scalar(&mut self, value: &str, style: ScalarStyle, tag: Option<&Tag>, span: saphyr_parser::Span) -> Node {
        let start = self.byte(span.start);
        let (place, text) = match style {
            ScalarStyle::Plain if value.is_empty() => self.empty(start, span),
            ScalarStyle::Plain => self.plain(value, start, span.end),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.quoted(value, start, span.end),
            ScalarStyle::Literal | ScalarStyle::Folded => self.block(value, span.end),
        };
        self.end = place.end;
        let is_text = match tag {
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
                "str" => true,
                "int" | "float" | "bool" | "null" => false,
                _ => style != ScalarStyle::Plain,
            },
            // `! 12` is text: the tag that says so for any scalar.
            Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => true,
            _ => style != ScalarStyle::Plain,
        };
        Node {
            span: self.span(place.start, place.end),
            kind: if is_text { Kind::Quoted(text) } else { Kind::Plain(text) },
        }
    }

    /// A value that isn't written: it stands behind the last indicator before it.
    fn empty(&mut self, start: usize, span: saphyr_parser::Span) -> (Range<usize>, Text) {
        let limit = match self.bytes.get(start) {
            Some(b'&' | b'!') => self.byte(span.end),
            // the `:` of the pair whose value is empty
            Some(b':') if self.expects_value() => start + 1,
            _ => start,
        };
        let (_, at) = self.seek(limit, b"");
        (at..at, Text::opaque("", self.span(at, at)))
    }

    fn expects_value(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                items: Items::Map { key: Some(_), .. },
                ..
            })
        )
    }

    fn plain(&mut self, value: &str, start: usize, end: Marker) -> (Range<usize>, Text) {
        let end = self.byte(end);
        let start = self.skip_properties(start).min(end);
        if &self.text[start..end] == value {
            return (start..end, self.verbatim(start..end));
        }
        let mut builder = TextBuilder::default();
        let mut at = start;
        while at < end {
            let rest = &self.text[at..end];
            let word = rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len());
            builder.verbatim(&rest[..word], self.offset + at);
            at += word;
            if at < end {
                at = self.fold(&mut builder, at, false);
            }
        }
        let text = self.checked(builder, value, start..end);
        (start..end, text)
    }

    fn quoted(&mut self, value: &str, start: usize, end: Marker) -> (Range<usize>, Text) {
        let start = self.skip_properties(start);
        let encoder = match self.bytes.get(start) {
            Some(b'"') => Encoder::Json,
            _ => Encoder::None,
        };
        // Without quotes, escapes and line ends in it the value stands between the quotes as it is.
        let straight = start + 1..start + 1 + value.len();
        if self.bytes.get(straight.clone()) == Some(value.as_bytes())
            && self.bytes.get(straight.end) == self.bytes.get(start)
            && !value.contains(['\'', '"', '\\', '\n'])
        {
            let mut text = self.verbatim(straight.clone());
            text.encoder = encoder;
            return (start..straight.end + 1, text);
        }
        let mut builder = TextBuilder::default();
        let closing = match self.bytes.get(start) {
            Some(b'\'') => self.single_quoted(&mut builder, start + 1),
            Some(b'"') => self.double_quoted(&mut builder, start + 1),
            _ => None,
        };
        let Some(closing) = closing else {
            let place = start..self.byte(end).max(start);
            let text = Text::opaque(value, self.span(place.start, place.end));
            return (place, text);
        };
        let mut text = self.checked(builder, value, start + 1..closing);
        text.encoder = encoder;
        (start..closing + 1, text)
    }

    /// Decodes from behind the opening quote; gives the place of the closing one.
    fn single_quoted(&self, builder: &mut TextBuilder, mut at: usize) -> Option<usize> {
        loop {
            let rest = &self.text[at..];
            let plain = rest.find(['\'', ' ', '\t', '\n', '\r'])?;
            builder.verbatim(&rest[..plain], self.offset + at);
            at += plain;
            match &self.bytes[at..] {
                [b'\'', b'\'', ..] => {
                    builder.replaced("'", self.span(at, at + 2));
                    at += 2;
                }
                [b'\'', ..] => return Some(at),
                _ => at = self.fold(builder, at, false),
            }
        }
    }

    /// Decodes from behind the opening quote; gives the place of the closing one.
    fn double_quoted(&self, builder: &mut TextBuilder, mut at: usize) -> Option<usize> {
        loop {
            let rest = &self.text[at..];
            let plain = rest.find(['"', '\\', ' ', '\t', '\n', '\r'])?;
            builder.verbatim(&rest[..plain], self.offset + at);
            at += plain;
            match &self.bytes[at..] {
                [b'"', ..] => return Some(at),
                [b'\\', b'\n' | b'\r', ..] => at = self.fold(builder, at + 1, true),
                [b'\\', ..] => {
                    let (decoded, len) = escape(&self.text[at + 1..])?;
                    let end = at + 1 + len;
                    builder.replaced(decoded.encode_utf8(&mut [0; 4]), self.span(at, end));
                    at = end;
                }
                _ => at = self.fold(builder, at, false),
            }
        }
    }

    /// White space in a scalar that isn't a block: a line end with what is blank around it becomes a space, or
    /// nothing where it was `escaped`; each further line end is one. Gives where the text goes on.
    fn fold(&self, builder: &mut TextBuilder, start: usize, escaped: bool) -> usize {
        let mut at = start;
        let mut breaks = 0;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b' ' | b'\t' => {}
                b'\r' if self.bytes.get(at + 1) == Some(&b'\n') => {}
                b'\n' | b'\r' => breaks += 1,
                _ => break,
            }
            at += 1;
        }
        let place = self.span(start, at);
        match breaks {
            0 => builder.verbatim(&self.text[start..at], place.start),
            1 if !escaped => builder.replaced(" ", place),
            _ => builder.replaced(&"\n".repeat(breaks - 1), place),
        }
        at
    }

    /// A block scalar. The parser's events begin with its content: the indicator is looked for.
    fn block(&mut self, value: &str, end: Marker) -> (Range<usize>, Text) {
        let limit = self.byte(end);
        let Some(start) = self.seek(self.bytes.len(), b"|>").0 else {
            let place = self.end..limit.max(self.end);
            let text = Text::opaque(value, self.span(place.start, place.end));
            return (place, text);
        };
        let header = &self.text[start..self.end_of_line(start)];
        let options = header[1..].split([' ', '\t', '#']).next().unwrap_or_default();
        let block = Block {
            literal: self.bytes[start] == b'|',
            keep: options.contains('+'),
            strip: options.contains('-'),
        };
        let header_end = start + 1 + options.len();
        let first_line = self.next_line(start + header.len());
        let Some(indent) = self.block_indent(value, first_line) else {
            let text = Text::opaque(value, self.span(first_line, first_line));
            return (start..header_end, text);
        };
        let mut builder = TextBuilder::default();
        let content = self.block_content(&mut builder, block, first_line, indent);
        let is_literal = block.literal;
        let mut text = self.checked(builder, value, content.clone());
        if is_literal {
            text.encoder = Encoder::YamlBlock { indent };
        }
        (start..content.end.max(header_end), text)
    }

    /// The start of the line after the one that ends at `end`.
    fn next_line(&self, end: usize) -> usize {
        match &self.bytes[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [b'\n' | b'\r', ..] => end + 1,
            _ => end,
        }
    }

    /// Spaces that a block scalar's indentation takes from each line: what the first line with something on it has
    /// more in the source than in the value. `None` where no line has something on it.
    fn block_indent(&self, value: &str, first_line: usize) -> Option<usize> {
        let spaces = |text: &str| {
            let line = text.split(['\n', '\r']).find(|line| line.contains(|c| c != ' '))?;
            Some(line.len() - line.trim_start_matches(' ').len())
        };
        let kept = spaces(value)?;
        spaces(&self.text[first_line..])?.checked_sub(kept)
    }

    /// Decodes a block scalar's lines; gives the bytes from its first to its last, without the last line end.
    fn block_content(&self, builder: &mut TextBuilder, block: Block, first_line: usize, indent: usize) -> Range<usize> {
        let mut at = first_line;
        let mut start = None;
        let mut end = first_line;
        // the line end of the last line with something on it, and those of the empty lines since
        let mut line_break: Option<Span> = None;
        let mut empty_lines: Vec<Span> = Vec::new();
        let mut last_indented = false;
        loop {
            let line = &self.bytes[at..];
            let blank = line.iter().take(indent).take_while(|byte| **byte == b' ').count();
            let text_start = at + blank;
            let text_end = self.end_of_line(text_start);
            let next = self.next_line(text_end);
            if text_start == text_end {
                if next == text_end {
                    break;
                }
                empty_lines.push(self.span(text_end, next));
                at = next;
                continue;
            }
            if blank < indent || (indent == 0 && is_document_marker(&self.bytes[at..])) {
                break;
            }
            let indented = matches!(self.bytes[text_start], b' ' | b'\t');
            let folded = !block.literal && !last_indented && !indented;
            match line_break.take() {
                Some(place) if folded && empty_lines.is_empty() => {
                    builder.replaced(" ", place.cover(self.span(at, text_start)));
                }
                Some(place) if !folded => self.line_break(builder, place),
                _ => {}
            }
            start.get_or_insert(
                empty_lines
                    .first()
                    .map_or(text_start, |place| place.start - self.offset),
            );
            for place in empty_lines.drain(..) {
                self.line_break(builder, place);
            }
            builder.verbatim(&self.text[text_start..text_end], self.offset + text_start);
            last_indented = indented;
            end = text_end;
            at = next;
            if next == text_end {
                break;
            }
            line_break = Some(self.span(text_end, next));
        }
        if !block.strip
            && let Some(place) = line_break
        {
            self.line_break(builder, place);
        }
        if block.keep {
            for place in empty_lines {
                self.line_break(builder, place);
                end = place.start - self.offset;
            }
        }
        let start = start.unwrap_or(first_line);
        start..end.max(start)
    }

    fn line_break(&self, builder: &mut TextBuilder, place: Span) {
        if place.len() == 1 && self.bytes[place.start - self.offset] == b'\n' {
            builder.verbatim("\n", place.start);
        } else {
            builder.replaced("\n", place);
        }
    }

    /// Text that stands in the source as it is, but for which no way to write more is known.
    fn verbatim(&self, place: Range<usize>) -> Text {
        let mut text = Text::verbatim(&self.text[place.clone()], self.offset + place.start);
        text.encoder = Encoder::None;
        text
    }

    /// The text that was decoded here where it is the parser's too; else the parser's, without its inner places.
    fn checked(&self, builder: TextBuilder, value: &str, place: Range<usize>) -> Text {
        let span = self.span(place.start, place.end);
        let decoded = builder.as_str();
        // The parser adds a line end to a block scalar where the file ends without one; YAML does not.
        let is_cut_off = || {
            value.strip_suffix('\n') == Some(decoded)
                && !self.text.ends_with(['\n', '\r'])
                && self.text[place.end..].trim().is_empty()
        };
        if decoded == value || is_cut_off() {
            builder.finish(span)
        } else {
            Text::opaque(value, span)
        }
    }

    // ---- errors

    fn char_at(&self, at: usize) -> Span {
        let width = self.text[at..].chars().next().map_or(0, char::len_utf8);
        self.span(at, at + width)
    }

    fn explain(&mut self, error: &ScanError) -> SyntaxError {
        let at = self.byte(*error.marker());
        let span = self.char_at(at);
        let info = error.info();
        if matches!(info, "invalid indentation" | "invalid indentation in flow construct") {
            self.outdented = Some(at);
        }
        let message = match info {
            "recursion limit exceeded" => return too_deep(span),
            "mapping values are not allowed in this context" => {
                "unexpected `:`: a value that holds `: ` needs quotes, and a key must start a line"
            }
            "simple key expected" | "simple key expect ':'" => {
                "expected `:` after a key, or this line to be indented under the one above"
            }
            "while parsing a block mapping, did not find expected key" => "expected a key indented like its neighbours",
            "while parsing a block collection, did not find expected '-' indicator" => {
                "expected `-` indented like its neighbours"
            }
            "while parsing node, found unknown anchor" => "this alias names no anchor that is written before it",
            "while scanning a quoted scalar, found unexpected end of stream" => "this quote is not closed",
            "while parsing a flow mapping, did not find expected ',' or '}'" => "expected `,` or `}`",
            "while parsing a flow sequence, expected ',' or ']'" => "expected `,` or `]`",
            "while parsing a node, did not find expected node content" => "expected a value",
            "did not find expected <document start>" => {
                "expected the end of the document, or `---` before a further one"
            }
            "invalid indentation" => "this line's indentation fits none of the lines above it",
            _ => info,
        };
        SyntaxError {
            span,
            message: message.to_owned(),
        }
    }
}

/// What a block scalar's header says.
#[derive(Clone, Copy)]
struct Block {
    literal: bool,
    keep: bool,
    strip: bool,
}

fn is_document_marker(line: &[u8]) -> bool {
    (line.starts_with(b"---") || line.starts_with(b"..."))
        && matches!(line.get(3), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
}

/// The character of the escape that follows a `\`, and the bytes it takes.
fn escape(rest: &str) -> Option<(char, usize)> {
    let name = rest.chars().next()?;
    let hex = |digits: usize| {
        let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 1 + digits))
    };
    let decoded = match name {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\x0b',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        ' ' | '"' | '/' | '\\' => name,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' => return hex(2),
        'u' => return hex(4),
        'U' => return hex(8),
        _ => return None,
    };
    Some((decoded, name.len_utf8()))
}

/// Turns character counts into byte offsets. Events come in the text's order, so each step is short.
struct CharCursor<'a> {
    bytes: &'a [u8],
    ascii: bool,
    chars: usize,
    byte: usize,
}

impl<'a> CharCursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            ascii: text.is_ascii(),
            chars: 0,
            byte: 0,
        }
    }

    /// The byte at which character number `chars` starts; the text's end where it has fewer.
    fn byte(&mut self, chars: usize) -> usize {
        if self.ascii {
            return chars.min(self.bytes.len());
        }
        while self.chars < chars && self.byte < self.bytes.len() {
            self.byte += 1;
            while self.is_inside() {
                self.byte += 1;
            }
            self.chars += 1;
        }
        while self.chars > chars {
            self.byte -= 1;
            while self.is_inside() {
                self.byte -= 1;
            }
            self.chars -= 1;
        }
        self.byte
    }

    fn is_inside(&self) -> bool {
        self.bytes.get(self.byte).is_some_and(|byte| byte & 0xc0 == 0x80)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        let mut parsed = parse(text, 0);
        assert_eq!(parsed.error, None, "{text}");
        assert_eq!(parsed.documents.len(), 1, "{text}");
        parsed.documents.remove(0)
    }

    fn error(text: &str) -> (Span, String) {
        let error = parse(text, 0).error.expect("no YAML");
        (error.span, error.message)
    }

    /// The source of the first place of `part` in the value of `key`.
    fn source<'a>(text: &'a str, key: &str, part: &str) -> &'a str {
        let node = one(text);
        let value = node.get(key).and_then(Node::text).expect("a scalar");
        let at = value.as_str().find(part).expect("in the value");
        let span = value.span_of(at..at + part.len());
        &text[span.start..span.end]
    }

    fn written<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.start..node.span.end]
    }

    fn value<'a>(node: &'a Node, key: &str) -> &'a str {
        node.get(key).and_then(Node::as_str).expect("a scalar")
    }

    #[test]
    fn brackets_may_close_under_their_key() {
        // As go-yaml and PyYAML read them: checked with PyYAML 6.
        for (text, items) in [
            ("a:\n- k: [\n    \"x\"\n  ]\n  l: m\n", vec!["x"]),
            (
                "a:\n- k: [ # what\n  \"x\", # it's é's\n\n  y\n  ]\n  l: m\n",
                vec!["x", "y"],
            ),
            ("a:\r\n- k: [\r\n    \"x\"\r\n  ]\r\n  l: m\r\n", vec!["x"]),
            ("a:\n- k: [\n  '#',\n  y]\n  l: m\n", vec!["#", "y"]),
        ] {
            let document = one(text);
            let entry = document
                .get("a")
                .and_then(|list| list.items().next())
                .expect("an entry");
            let list = entry.get("k").expect("a list");
            let found: Vec<_> = list.items().filter_map(Node::as_str).collect();
            assert_eq!(found, items, "{text}");
            assert_eq!(value(entry, "l"), "m", "{text}");
            assert!(written(text, list).ends_with(']'), "{text}");
            let last = list.items().last().expect("an item");
            assert!(written(text, last).contains(items[items.len() - 1]), "{text}");
        }
        // What the usual readers refuse too stays an error, at its own place.
        let (at, _) = error("a:\n- k: [\n    x\n  l: m\n");
        assert!(at.start > 0);
    }

    #[test]
    fn scalars_of_every_style_map_back() {
        // Values by the examples and rules of YAML 1.2.2, chapters 7 and 8.
        let text = "é: one\n  two\n\n  three # c\nq: 'it''s\n  é'\nd: \"\\x41é\\\n   b\\u00e9\"\n";
        let node = one(text);
        assert_eq!(value(&node, "é"), "one two\nthree");
        assert_eq!(source(text, "é", " two"), "\n  two");
        assert_eq!(source(text, "é", "three"), "three");
        assert_eq!(value(&node, "q"), "it's é");
        assert_eq!(source(text, "q", "'"), "''");
        assert_eq!(value(&node, "d"), "Aébé");
        assert_eq!(source(text, "d", "A"), "\\x41");
        assert_eq!(source(text, "d", "bé"), "b\\u00e9");
        let quoted = node.get("q").expect("q");
        assert_eq!(written(text, quoted), "'it''s\n  é'");
        let content = quoted.text().expect("text").span();
        assert_eq!(&text[content.start..content.end], "it''s\n  é");
    }

    #[test]
    fn block_scalars_map_back() {
        let text = "é: é\na: | # | no\n  é x\n\n   y\n\nb: >-\r\n  one\r\n  two\r\n\r\n    z\r\nc: |1+\n  k\n\nd: e\n";
        let node = one(text);
        assert_eq!(value(&node, "a"), "é x\n\n y\n");
        assert_eq!(source(text, "a", "é x\n\n y"), "é x\n\n   y");
        assert_eq!(source(text, "a", "y\n"), "y\n");
        assert_eq!(value(&node, "b"), "one two\n\n  z");
        assert_eq!(source(text, "b", "e t"), "e\r\n  t");
        assert_eq!(value(&node, "c"), " k\n\n");
        let block = node.get("a").expect("a");
        assert_eq!(written(text, block), "| # | no\n  é x\n\n   y");
        let content = block.text().expect("text");
        assert_eq!(content.encoder, Encoder::YamlBlock { indent: 2 });
        assert_eq!(&text[content.span().start..content.span().end], "é x\n\n   y");
        // the file's end is no line end: production 165, b-chomped-last
        assert_eq!(value(&one("a: |\n  x"), "a"), "x");
        assert_eq!(value(&one("a: |\n  x\n  "), "a"), "x\n");
    }

    #[test]
    fn collections_span_from_their_first_key_to_their_last_value() {
        let text = "a:\n- b: 1 # c\n\n- - x\n  - {y: z, }\n\nk:\n";
        let node = one(text);
        assert_eq!(written(text, &node), text.trim_end());
        let seq = node.get("a").expect("a");
        assert_eq!(written(text, seq), "- b: 1 # c\n\n- - x\n  - {y: z, }");
        let items: Vec<_> = seq.items().map(|item| written(text, item)).collect();
        assert_eq!(items, ["b: 1", "- x\n  - {y: z, }"]);
        assert!(node.get("k").is_some_and(Node::is_null));
    }

    #[test]
    fn a_slot_takes_a_further_key() {
        let text = "a:\n  - b: 1 # c\n    d: {}\n  - {e: f}\nk:\n  l: |\n    text\n\n  # end\nm: x";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let maps = |node: &Node| {
                let items: Vec<Node> = node
                    .get("a")
                    .map(|seq| seq.items().cloned().collect())
                    .unwrap_or_default();
                vec![
                    node.clone(),
                    items[0].clone(),
                    items[0].get("d").cloned().expect("d"),
                    items[1].clone(),
                    node.get("k").cloned().expect("k"),
                ]
            };
            let all = maps(&one(&text));
            for (index, map) in all.iter().enumerate() {
                let insert = map.slot().and_then(|slot| slot.insert.clone()).expect("a way to write");
                let mut edited = text.clone();
                edited.insert_str(insert.at, &format!("{}n: 0{}", insert.before, insert.after));
                for (place, after) in maps(&one(&edited)).iter().enumerate() {
                    let added = after.get("n").and_then(Node::as_u64);
                    assert_eq!(added, (place == index).then_some(0), "{edited}");
                }
                assert_eq!(edited.contains('\r'), text.contains('\r'));
            }
            let slots = all.iter().map(|map| map.slot().expect("a slot").span);
            let slots: Vec<_> = slots.map(|span| &text[span.start..span.end]).collect();
            assert_eq!(slots, ["a", "b", "d", "e", "k"]);
        }
    }

    #[test]
    fn aliases_share_and_merge_keys_come_last() {
        let text = "x: &x {k: 1, l: 2}\ny:\n  <<: *x\n  k: 3\nz: {<<: [*x, {l: 4, m: 5}], n: 6}\n";
        let node = one(text);
        let entries = |key: &str| {
            let map = node.get(key).expect("a mapping");
            map.entries()
                .map(|(key, value)| format!("{}={}", written(text, key), written(text, value)))
                .collect::<Vec<_>>()
        };
        assert_eq!(entries("y"), ["k=3", "l=2"]);
        assert_eq!(entries("z"), ["n=6", "k=1", "l=2", "m=5"]);
        let (Some(first), Some(second)) = (node.at(&["x", "l"]), node.at(&["y", "l"])) else {
            panic!("no l");
        };
        assert!(std::ptr::eq(first, second));
        assert_eq!(error("&a [*a]").0, Span::new(4, 6));
        assert_eq!(error("a: *b").0, Span::new(3, 4));
        assert_eq!(error("--- &a x\n--- *a\n").0, Span::new(13, 15));
    }

    #[test]
    fn hostile_input_ends_in_an_error() {
        let bomb = |item: &str| {
            let mut text = "a0: &a0 {k: v}\n".to_owned();
            for level in 1..60 {
                let alias = item.replace('*', &format!("*a{}", level - 1));
                text += &format!("a{level}: &a{level} {alias}\n");
            }
            text
        };
        assert!(error(&bomb("[*, *, *, *]")).1.contains("stand for more than"));
        assert!(error(&bomb("{<<: [*, *, *], a: 1}")).1.contains("more than"));
        let merges = format!(
            "a: &a {{{}}}\nb: [{}]\n",
            (0..1000).map(|key| format!("k{key}: 0, ")).collect::<String>(),
            "{<<: *a}, ".repeat(400)
        );
        assert!(error(&merges).1.contains("merge keys"));
        let chain = (1..300).map(|level| format!("- &a{level} [*a{}]\n", level - 1));
        let chain = "- &a0 []\n".to_owned() + &chain.collect::<String>();
        assert_eq!(error(&chain).1, "nested deeper than 200 levels");
        for open in ["[", "- ", "{a: ", "? ", "[a, [", "{? "] {
            for depth in [201, 300, 1_000_000] {
                let message = error(&open.repeat(depth)).1;
                assert_eq!(message, "nested deeper than 200 levels", "{open}");
            }
        }
        assert!(
            parse(&format!("{}{}", "[".repeat(200), "]".repeat(200)), 0)
                .error
                .is_none()
        );
        for text in [
            "",
            "# c",
            "\0",
            "\u{feff}",
            "\r",
            "a: \t\u{feff}",
            "{{ x }}: y",
            "a: {{ .Values.x }}",
        ] {
            parse(text, 0);
        }
    }

    #[test]
    fn documents_before_an_error_are_kept() {
        let parsed = parse("a: 1\n---\nb: [\n---\nc: 3\n", 100);
        assert_eq!(parsed.documents.len(), 1);
        assert_eq!(parsed.documents[0].span, Span::new(100, 104));
        assert_eq!(parsed.error.expect("an error").span.start, 114);
        let (span, message) = error("é: b: c");
        assert_eq!(span, Span::new(5, 6));
        assert!(message.starts_with("unexpected `:`"));
    }

    #[test]
    fn tags_say_what_is_text() {
        let node = one("- !!str 1\n- ! 1\n- !!int \"1\"\n- !Ref x\n- !reference [a]\n");
        let text: Vec<_> = node.items().map(|item| matches!(item.kind, Kind::Quoted(_))).collect();
        assert_eq!(text, [true, true, false, false, false]);
        assert!(node.items().nth(4).is_some_and(Node::is_seq));
    }
}
