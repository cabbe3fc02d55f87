//! Sources, and the way from decoded text back to their bytes.

use std::any::Any;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Which source of a run: its place in the sorted list of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A half-open range of bytes in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The range from `start` to `end`; an end before the start gives an empty span at `start`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            end: end.max(start),
        }
    }

    /// An empty span at `at`.
    pub fn at(at: usize) -> Self {
        Self::new(at, at)
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that holds both.
    pub fn cover(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A span in one of a run's sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// The bytes in it.
    pub span: Span,
}

/// A file's text, its path as shown to people, and its line index.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as people are shown it, `/` between its parts, bytes that are not UTF-8 replaced.
    pub path: String,
    /// The path from the repository's root, by which globs and folder names are matched.
    pub from_root: String,
    /// The text; spans are byte offsets into it. A byte-order mark is kept, so that offsets are the file's.
    pub text: Arc<str>,
    /// Whether the file was named on the command line (and not found by a walk).
    pub named: bool,
    /// Whether it was read only because code of other files names it: it is not judged itself.
    pub looked_up: bool,
    /// What a reader worked out of its text, kept for the next.
    pub memo: Memo,
    extension: String,
    /// Where each line starts; made when a place is first asked for.
    lines: OnceLock<Vec<usize>>,
    /// Characters before each block of [`BLOCK`] bytes; made when a place far along a line is first asked for.
    blocks: OnceLock<Vec<usize>>,
}

/// Bytes after which a column is no longer counted from the start of its line: a file of one long line would be read
/// as often as it has places.
const BLOCK: usize = 4096;

/// A position that people can find: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in Unicode scalar values, from 1.
    pub column: usize,
}

impl Source {
    /// Makes a source of a path and its text.
    pub fn new(path: impl Into<String>, text: impl Into<Arc<str>>, named: bool) -> Self {
        let path = path.into();
        let name = path.rsplit('/').next().unwrap_or(&path);
        let extension = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
            _ => String::new(),
        };
        Self {
            from_root: path.clone(),
            path,
            text: text.into(),
            named,
            looked_up: false,
            memo: Memo::default(),
            extension,
            lines: OnceLock::new(),
            blocks: OnceLock::new(),
        }
    }

    /// The same file with its path from the repository's root.
    pub fn seen_from_root(mut self, path: String) -> Self {
        self.from_root = path;
        self
    }

    /// The text without a byte-order mark, and the offset at which it starts (0 or 3 bytes).
    pub fn body(&self) -> (&str, usize) {
        match self.text.strip_prefix('\u{feff}') {
            Some(rest) => (rest, '\u{feff}'.len_utf8()),
            None => (&self.text, 0),
        }
    }

    /// Line and column of a byte offset; an offset past the end is the end's.
    pub fn position(&self, offset: usize) -> Position {
        let offset = floor_char_boundary(&self.text, offset);
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= offset) - 1;
        let start = lines[line];
        let column = if offset - start < BLOCK {
            characters(&self.text.as_bytes()[start..offset])
        } else {
            self.characters_before(offset) - self.characters_before(start)
        };
        Position {
            line: line + 1,
            column: column + 1,
        }
    }

    fn characters_before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let blocks = self.blocks.get_or_init(|| {
            let counts = bytes.chunks(BLOCK).scan(0, |before, block| {
                let here = *before;
                *before += characters(block);
                Some(here)
            });
            counts.collect()
        });
        // An offset at the text's very end may lie behind the last block.
        let block = (offset / BLOCK).min(blocks.len().saturating_sub(1));
        blocks.get(block).copied().unwrap_or(0) + characters(&bytes[block * BLOCK..offset])
    }

    /// The span of the line that holds `offset`, without its line end.
    pub fn line_at(&self, offset: usize) -> Span {
        let lines = self.lines();
        let line = lines.partition_point(|start| *start <= offset) - 1;
        let start = lines[line];
        let end = lines.get(line + 1).copied().unwrap_or(self.text.len());
        let content = self.text[start..end].trim_end_matches(['\n', '\r']);
        Span::new(start, start + content.len())
    }

    /// The span of the line with this number (from 1), without its line end; `None` past the last.
    pub fn line(&self, number: usize) -> Option<Span> {
        let start = *self.lines().get(number.checked_sub(1)?)?;
        Some(self.line_at(start))
    }

    /// The name after the last `/`.
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The file name's extension, lower-case, without its dot; empty where there is none.
    pub fn extension(&self) -> &str {
        &self.extension
    }

    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(ends.map(|at| at + 1)).collect()
        })
    }
}

/// What a reader of a source worked out of its text. Copies of the source share it, so that a file is not parsed anew
/// for each set of sources that it is part of.
#[derive(Debug, Clone, Default)]
pub struct Memo(Arc<OnceLock<Box<dyn Any + Send + Sync>>>);

impl Memo {
    /// What is kept; it is made first where nothing is. Each source has one reader, which keeps one type.
    pub fn get_or_make<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

/// How many characters start among these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The nearest character boundary at or before `offset`.
pub fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The path of a known file that `name` means, seen from the file that names it or from the root.
pub fn resolve(from: &str, name: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    // A file outside the root is known by its whole path.
    let lead = if from.starts_with('/') { "/" } else { "" };
    let beside = normal(&format!("{folder}/{name}")).map(|path| format!("{lead}{path}"));
    [beside, normal(name)].into_iter().flatten().find(|path| is_known(path))
}

/// A path without `.` and `..`; `None` where it leaves the tree.
pub fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// How text that is added to a scalar must be written so that its reader gives it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoder {
    /// As it is (a text file).
    Verbatim,
    /// Inside a JSON string or a YAML double-quoted scalar: escaped.
    Json,
    /// Inside a YAML block scalar: each new line starts with this many spaces.
    YamlBlock {
        /// Spaces before each line of the block.
        indent: usize,
    },
    /// No safe way to write is known: no fix is offered.
    #[default]
    None,
}

impl Encoder {
    /// `text` as it must be written inside such a scalar; `None` where no safe way is known.
    pub fn encode(self, text: &str) -> Option<String> {
        match self {
            Encoder::Verbatim => Some(text.to_owned()),
            Encoder::Json => {
                let quoted = serde_json::to_string(text).ok()?;
                Some(quoted[1..quoted.len() - 1].to_owned())
            }
            Encoder::YamlBlock { indent } => {
                let margin = format!("\n{}", " ".repeat(indent));
                Some(text.replace('\n', &margin))
            }
            Encoder::None => None,
        }
    }
}

/// Decoded text that knows which bytes of its source each part came from.
///
/// Escapes, folded lines and stripped indentation are segments: inside a verbatim segment every byte maps to one
/// byte of the source; any other segment maps as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    value: Arc<str>,
    segments: Vec<Segment>,
    /// The bytes that the whole scalar takes up in its source, quotes and indicators not included.
    span: SpanOrEmpty,
    /// How text added to it is to be written.
    pub encoder: Encoder,
}

type SpanOrEmpty = Option<Span>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    /// Where it starts in the decoded text.
    at: usize,
    /// The bytes of the source that it came from.
    source: Span,
    /// Whether the decoded bytes are the source's own.
    verbatim: bool,
    /// Whether it stands elsewhere than the segment before it: the text was put together from several places.
    apart: bool,
}

impl Text {
    /// Text that stands in its source as it is, from byte `start`.
    pub fn verbatim(text: &str, start: usize) -> Self {
        let mut builder = TextBuilder::default();
        builder.verbatim(text, start);
        let mut made = builder.finish(Span::new(start, start + text.len()));
        made.encoder = Encoder::Verbatim;
        made
    }

    /// Text of which only the place as a whole is known: every part of it maps to `span`.
    pub fn opaque(text: &str, span: Span) -> Self {
        let mut builder = TextBuilder::default();
        builder.replaced(text, span);
        builder.finish(span)
    }

    /// The decoded text.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The bytes that the whole takes up in its source.
    pub fn span(&self) -> Span {
        self.span.unwrap_or(Span::at(0))
    }

    /// The bytes of the source that a range of the decoded text came from; of a range over several places, those in
    /// the first.
    pub fn span_of(&self, range: Range<usize>) -> Span {
        if self.segments.is_empty() {
            return self.span();
        }
        let start = self.map(range.start, false);
        let first = self.segments.partition_point(|s| s.at <= range.start);
        let next = self.segments[first..].iter().find(|segment| segment.apart);
        let range_end = next.map_or(range.end, |next| range.end.min(next.at));
        let end = if range_end > range.start {
            self.map(range_end, true)
        } else {
            start
        };
        Span::new(start, end)
    }

    /// A part of it, with its way back kept.
    pub fn slice(&self, range: Range<usize>) -> Text {
        let mut builder = TextBuilder::default();
        builder.part(self, range.clone());
        let span = self.span_of(range);
        let mut made = builder.finish(span);
        made.encoder = self.encoder;
        made
    }

    /// The same text as a part of what `outer` was decoded from: its places, so far those of `outer`'s decoded text,
    /// become those of `outer`'s source.
    pub fn within(&self, outer: &Text) -> Text {
        let mut builder = TextBuilder::default();
        for (index, segment) in self.segments.iter().enumerate() {
            let part = &self.value[segment.at..self.segment_end(index)];
            if segment.apart {
                builder.elsewhere();
            }
            if segment.verbatim {
                let end = segment.source.start + part.len();
                builder.append(&outer.slice(segment.source.start..end));
            } else {
                builder.replaced(part, outer.span_of(segment.source.start..segment.source.end));
            }
        }
        let span = self.span();
        builder.finish(outer.span_of(span.start..span.end))
    }

    fn segment_end(&self, index: usize) -> usize {
        self.segments.get(index + 1).map_or(self.value.len(), |next| next.at)
    }

    /// Source offset of a decoded offset; for the end of a range the segment before it decides.
    fn map(&self, offset: usize, is_end: bool) -> usize {
        let found = if is_end {
            self.segments.partition_point(|s| s.at < offset)
        } else {
            self.segments.partition_point(|s| s.at <= offset)
        };
        let segment = self.segments[found.saturating_sub(1)];
        if segment.verbatim {
            (segment.source.start + offset.saturating_sub(segment.at)).min(segment.source.end)
        } else if is_end || offset >= self.value.len() {
            segment.source.end
        } else {
            segment.source.start
        }
    }
}

/// Builds a [`Text`] piece by piece as a reader decodes a scalar.
#[derive(Debug, Default)]
pub struct TextBuilder {
    value: String,
    segments: Vec<Segment>,
    /// Whether what comes next stands elsewhere.
    apart: bool,
}

impl TextBuilder {
    /// Adds text whose bytes stand in the source at `start`.
    pub fn verbatim(&mut self, text: &str, start: usize) {
        if text.is_empty() {
            return;
        }
        if let Some(last) = self.segments.last_mut()
            && last.verbatim
            && last.source.end == start
        {
            last.source.end += text.len();
            self.apart = false;
        } else {
            self.segments.push(Segment {
                at: self.value.len(),
                source: Span::new(start, start + text.len()),
                verbatim: true,
                apart: std::mem::take(&mut self.apart),
            });
        }
        self.value.push_str(text);
    }

    /// Adds text that was decoded from `source` as a whole (an escape, a folded line end).
    pub fn replaced(&mut self, text: &str, source: Span) {
        if text.is_empty() {
            return;
        }
        self.segments.push(Segment {
            at: self.value.len(),
            source,
            verbatim: false,
            apart: std::mem::take(&mut self.apart),
        });
        self.value.push_str(text);
    }

    /// What comes next stands elsewhere than what came last.
    pub fn elsewhere(&mut self) {
        self.apart = !self.segments.is_empty();
    }

    /// Adds another text of the same source, with its way back.
    pub fn append(&mut self, text: &Text) {
        let base = self.value.len();
        let mut segments = text.segments.iter().copied();
        if let Some(first) = segments.next() {
            let joins = first.verbatim
                && self
                    .segments
                    .last()
                    .is_some_and(|last| last.verbatim && last.source.end == first.source.start);
            match self.segments.last_mut() {
                Some(last) if joins => last.source.end = first.source.end,
                _ => self.segments.push(Segment {
                    at: base,
                    apart: std::mem::take(&mut self.apart),
                    ..first
                }),
            }
            self.apart = false;
        }
        self.segments.extend(segments.map(|segment| Segment {
            at: base + segment.at,
            ..segment
        }));
        self.value.push_str(&text.value);
    }

    /// Adds a part of another text, with its way back kept.
    pub fn part(&mut self, text: &Text, range: Range<usize>) {
        let first = text.segments.partition_point(|segment| segment.at <= range.start);
        for (index, segment) in text.segments.iter().enumerate().skip(first.saturating_sub(1)) {
            if segment.at >= range.end {
                break;
            }
            let from = segment.at.max(range.start);
            let to = text.segment_end(index).min(range.end);
            if from >= to {
                continue;
            }
            let part = &text.value[from..to];
            if segment.apart {
                self.elsewhere();
            }
            if segment.verbatim {
                self.verbatim(part, segment.source.start + (from - segment.at));
            } else {
                self.replaced(part, segment.source);
            }
        }
    }

    /// The text so far.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Shortens the text to `len` bytes of decoded text (a block scalar's chomping).
    pub fn truncate(&mut self, len: usize) {
        self.value.truncate(len);
        self.segments.retain(|segment| segment.at < len);
        if let Some(last) = self.segments.last_mut()
            && last.verbatim
        {
            last.source.end = last.source.start + (len - last.at);
        }
    }

    /// The finished text; `span` is what the whole scalar takes up in its source.
    pub fn finish(self, span: Span) -> Text {
        Text {
            value: self.value.into(),
            segments: self.segments,
            span: Some(span),
            encoder: Encoder::None,
        }
    }
}

/// Where a field that is absent would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What a finding about the absence underlines: the parent's key or first line.
    pub span: Span,
    /// How to write the field there; `None` where no safe way is known.
    pub insert: Option<Insert>,
}

/// Text to add at a byte offset so that an absent field comes to stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insert {
    /// Byte offset at which to write.
    pub at: usize,
    /// What comes before `key: value` (line end and indentation, or a comma).
    pub before: String,
    /// What comes after it.
    pub after: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_lines_from_one() {
        let source = Source::new("a/b.Yaml", "é\nab\r\nc", false);
        assert_eq!(source.position(2), Position { line: 1, column: 2 });
        assert_eq!(source.position(4), Position { line: 2, column: 2 });
        assert_eq!(source.position(99), Position { line: 3, column: 2 });
        assert_eq!(source.line_at(3), Span::new(3, 5));
        assert_eq!(source.extension(), "yaml");
    }

    #[test]
    fn columns_far_along_a_line_are_counted_too() {
        let text = format!("ab\n{}", "aé👍".repeat(3_000));
        let source = Source::new("p", text.as_str(), false);
        for offset in [
            3,
            BLOCK - 1,
            BLOCK,
            BLOCK + 3,
            2 * BLOCK + 4,
            20_000,
            text.len() - 4,
            text.len(),
        ] {
            let at = floor_char_boundary(&text, offset);
            let column = text[3..at].chars().count() + 1;
            assert_eq!(source.position(offset), Position { line: 2, column });
        }
        let whole = "x".repeat(2 * BLOCK);
        assert_eq!(
            Source::new("p", whole.as_str(), false).position(2 * BLOCK).column,
            2 * BLOCK + 1
        );
    }

    #[test]
    fn a_text_maps_back_through_escapes() {
        // source: "a\nb" written with an escape: bytes 1..2 `a`, 2..4 `\n`, 4..5 `b`
        let mut builder = TextBuilder::default();
        builder.verbatim("a", 1);
        builder.replaced("\n", Span::new(2, 4));
        builder.verbatim("b", 4);
        let text = builder.finish(Span::new(1, 5));
        assert_eq!(text.as_str(), "a\nb");
        assert_eq!(text.span_of(0..1), Span::new(1, 2));
        assert_eq!(text.span_of(1..2), Span::new(2, 4));
        assert_eq!(text.span_of(2..3), Span::new(4, 5));
        assert_eq!(text.span_of(0..3), Span::new(1, 5));
        assert_eq!(text.slice(1..3).span_of(1..2), Span::new(4, 5));
        assert_eq!(text.span_of(3..3), Span::new(5, 5));
    }

    #[test]
    fn a_text_of_several_places_maps_into_the_first() {
        // `two` stands before `one` in the source.
        let mut builder = TextBuilder::default();
        builder.append(&Text::verbatim("one", 20));
        builder.elsewhere();
        builder.append(&Text::verbatim("two", 5));
        let text = builder.finish(Span::new(40, 50));
        assert_eq!(text.span_of(1..5), Span::new(21, 23));
        assert_eq!(text.span_of(3..6), Span::new(5, 8));
        assert_eq!(text.slice(2..5).span_of(1..3), Span::new(5, 7));
    }

    #[test]
    fn a_text_inside_another_maps_to_the_outer_source() {
        // source: "a\nbc" written with an escape: bytes 1..2 `a`, 2..4 `\n`, 4..6 `bc`
        let mut builder = TextBuilder::default();
        builder.verbatim("a", 1);
        builder.replaced("\n", Span::new(2, 4));
        builder.verbatim("bc", 4);
        let outer = builder.finish(Span::new(1, 6));
        let inner = Text::verbatim("bc", 2).within(&outer);
        assert_eq!((inner.as_str(), inner.span()), ("bc", Span::new(4, 6)));
        assert_eq!(inner.span_of(1..2), Span::new(5, 6));
    }
}
