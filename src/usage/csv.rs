//! Rows of CSV (RFC 4180) out of blocks of bytes: a fast way for blocks whose quotes all stand where they belong, and a way
//! row by row that goes on behind one that is broken. Both see the same rows.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// Where a field stands, and whether it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    quoted: bool,
}

impl Field {
    /// The field that ends before `end`, where a delimiter, a line end or nothing stands; `None` where a quote opens it and
    /// none closes it there.
    fn ended(bytes: &[u8], start: usize, mut end: usize) -> Option<Self> {
        if end > start && bytes[end - 1] == b'\r' && bytes.get(end).is_none_or(|byte| *byte == b'\n') {
            end -= 1;
        }
        let quoted = end > start && bytes[start] == b'"';
        if !quoted {
            return Some(Self { start, end, quoted });
        }
        (end > start + 1 && bytes[end - 1] == b'"').then_some(Self {
            start: start + 1,
            end: end - 1,
            quoted,
        })
    }

    /// The field without its quotes; `None` where it is no UTF-8 or holds a NUL.
    pub(super) fn text<'a>(&self, block: &Block<'a>) -> Option<Text<'a>> {
        let raw = match block.text {
            Some(text) => text.get(self.start..self.end)?,
            None => whole_text(block.bytes.get(self.start..self.end)?)?,
        };
        Some(Text {
            raw,
            quoted: self.quoted,
        })
    }
}

/// A field's text as the file has it between its quotes.
#[derive(Debug, Clone)]
pub struct Text<'a> {
    raw: &'a str,
    quoted: bool,
}

impl<'a> Text<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The text as the file has it, in which a quote is written twice.
    pub(super) fn raw(&self) -> &'a str {
        self.raw
    }

    /// The text itself.
    pub(super) fn plain(&self) -> Cow<'a, str> {
        if !self.quoted || memchr(b'"', self.raw.as_bytes()).is_none() {
            return Cow::Borrowed(self.raw);
        }
        let (mut plain, mut rest) = (String::with_capacity(self.raw.len()), self.raw);
        while let Some(at) = memchr(b'"', rest.as_bytes()) {
            plain.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            rest = rest.strip_prefix('"').unwrap_or(rest);
        }
        plain.push_str(rest);
        Cow::Owned(plain)
    }
}

/// Text in UTF-8 without a NUL.
pub(super) fn whole_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|_| memchr(0, bytes).is_none())
}

/// Whole rows.
pub(super) struct Block<'a> {
    pub(super) bytes: &'a [u8],
    /// The same as text, where all of it is: then no field is looked at again.
    text: Option<&'a str>,
}

impl<'a> Block<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            text: whole_text(bytes),
        }
    }

    /// Hands on the fields of each row and how many lines stand before it, and gives how many there are; `None`, after any
    /// number of rows, where a quote stands where none belongs, or a row has not `columns` fields: then what was handed on
    /// is to be forgotten.
    pub(super) fn each_row(&self, delimiter: u8, columns: usize, mut take: impl FnMut(&[Field], u64)) -> Option<u64> {
        let ends = Ends::find(self.bytes, delimiter)?;
        let mut fields = Vec::with_capacity(columns);
        let (mut start, mut row, mut lines) = (0, 0, 0);
        for end in ends.at.iter().map(|at| *at as usize).chain([self.bytes.len()]) {
            fields.push(Field::ended(self.bytes, start, end)?);
            start = end + 1;
            if self.bytes.get(end) == Some(&delimiter) {
                continue;
            }
            let bytes = self.bytes.get(row..end).unwrap_or_default();
            if fields.len() == columns && (end > row || end < self.bytes.len()) {
                take(&fields, lines);
            } else if !bytes.trim_ascii().is_empty() {
                return None;
            }
            fields.clear();
            lines += u64::from(end < self.bytes.len());
            if ends.lines_inside {
                lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
            }
            row = start;
        }
        Some(lines)
    }
}

/// Where the fields of a block end.
struct Ends {
    /// The places of delimiters and line ends outside of quotes.
    at: Vec<u32>,
    /// Whether a quoted field holds a line end.
    lines_inside: bool,
}

impl Ends {
    /// `None` where a quote opens anything but a field, or is left open.
    ///
    /// 64 bytes at a time become a bit each: whether they are a quote, a delimiter, a line end. The bits of quotes, each added
    /// to all behind it, tell what stands inside of them.
    fn find(bytes: &[u8], delimiter: u8) -> Option<Self> {
        let mut ends = Self {
            at: Vec::with_capacity(bytes.len() / 16),
            lines_inside: false,
        };
        // Of the byte before: whether it is inside of quotes, and whether a quote may open behind it. A block starts as a
        // row does.
        let (mut inside_before, mut opens_before) = (0_u64, 1_u64);
        let (whole, rest) = bytes.as_chunks::<64>();
        let mut last = [0_u8; 64];
        last[..rest.len()].copy_from_slice(rest);
        for (at, chunk) in whole.iter().chain([&last]).enumerate() {
            let (quotes, breaks, delimiters) = (bits(chunk, b'"'), bits(chunk, b'\n'), bits(chunk, delimiter));
            let inside = sums(quotes) ^ inside_before;
            inside_before = 0_u64.wrapping_sub(inside >> 63);
            // A field's end, or the quote with which it makes a written one.
            let may_open = breaks | delimiters | quotes;
            if quotes & inside & !((may_open << 1) | opens_before) != 0 {
                return None;
            }
            opens_before = may_open >> 63;
            ends.lines_inside |= breaks & inside != 0;
            let mut found = (breaks | delimiters) & !inside;
            while found != 0 {
                let place = at * 64 + found.trailing_zeros() as usize;
                ends.at.push(u32::try_from(place).ok()?);
                found &= found - 1;
            }
        }
        (inside_before == 0).then_some(ends)
    }
}

/// Which of 64 bytes are `byte`, a bit each.
fn bits(chunk: &[u8; 64], byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let wanted = u64::from_le_bytes([byte; 8]);
    let mut bits = 0;
    for (at, word) in chunk.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ wanted;
        // The highest bit of each byte that is 0, then those eight bits side by side.
        let zero = !(((word & LOW) + LOW) | word | LOW);
        bits |= ((zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (at * 8);
    }
    bits
}

/// Each bit added to all above it, modulo 2.
fn sums(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |sum, by| sum ^ (sum << by))
}

/// Reads the fields of the row that starts at `at`; gives where the next row starts, or `None` where a quote is not
/// closed.
pub(super) fn row(bytes: &[u8], mut at: usize, delimiter: u8, fields: &mut Vec<Field>) -> Option<usize> {
    fields.clear();
    loop {
        let quoted = bytes.get(at) == Some(&b'"');
        let (start, end, next) = if quoted {
            let start = at + 1;
            let mut end = start;
            loop {
                end += memchr(b'"', bytes.get(end..)?)?;
                if bytes.get(end + 1) == Some(&b'"') {
                    end += 2;
                } else {
                    break;
                }
            }
            // What stands between the closing quote and the delimiter belongs to no field.
            let rest = bytes.get(end + 1..)?;
            (
                start,
                end,
                end + 1 + memchr2(delimiter, b'\n', rest).unwrap_or(rest.len()),
            )
        } else {
            let rest = bytes.get(at..)?;
            let end = at + memchr2(delimiter, b'\n', rest).unwrap_or(rest.len());
            let is_last = bytes.get(end) != Some(&delimiter);
            let trimmed = if is_last && end > at && bytes[end - 1] == b'\r' {
                end - 1
            } else {
                end
            };
            (at, trimmed, end)
        };
        fields.push(Field { start, end, quoted });
        match bytes.get(next) {
            Some(byte) if *byte == delimiter => at = next + 1,
            Some(_) => return Some(next + 1),
            None => return Some(next),
        }
    }
}

/// Where the last row that ends in `bytes` ends, which start with a row; 0 where none does.
pub(super) fn cut(bytes: &[u8]) -> usize {
    let mut open = memchr::memchr_iter(b'"', bytes).count() % 2 == 1;
    let mut end = bytes.len();
    while let Some(at) = memchr::memrchr(b'\n', &bytes[..end]) {
        if memchr::memchr_iter(b'"', &bytes[at..end]).count() % 2 == 1 {
            open = !open;
        }
        if !open {
            return at + 1;
        }
        end = at;
    }
    0
}

/// The delimiter of a header: comma, semicolon or tab, whichever stands in it most often.
pub(super) fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: &u8| memchr::memchr_iter(*delimiter, header).count();
    let found = [b'\t', b';', b','].into_iter().max_by_key(count);
    found.unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(fields: &[Field], block: &Block<'_>) -> Vec<String> {
        let text = |field: &Field| field.text(block).expect("text").plain().into_owned();
        fields.iter().map(text).collect()
    }

    fn rows(text: &str) -> Vec<Vec<String>> {
        let (mut at, mut fields, mut rows) = (0, Vec::new(), Vec::new());
        while at < text.len() {
            at = row(text.as_bytes(), at, b',', &mut fields).expect("closed");
            rows.push(texts(&fields, &Block::new(text.as_bytes())));
        }
        rows
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4096))]
        /// Whatever stands there, the fast way sees the rows of the other one with their lines, or gives up.
        #[test]
        fn both_ways_see_the_same_rows(text in "(\"[a,\n\"]{0,3}\"|[a,\"\r\n]|,|b{60,66}|é){0,40}", columns in 1_usize..4) {
            let block = Block::new(text.as_bytes());
            let mut fast = Vec::new();
            if block.each_row(b',', columns, |fields, lines| fast.push((lines, texts(fields, &block)))).is_some() {
                let (mut at, mut fields, mut slow) = (0, Vec::new(), Vec::new());
                while at < text.len() {
                    let lines = text[..at].matches('\n').count() as u64;
                    at = row(text.as_bytes(), at, b',', &mut fields).expect("closed");
                    if fields.len() == columns {
                        slow.push((lines, texts(&fields, &block)));
                    }
                }
                proptest::prop_assert_eq!(fast, slow);
            }
        }
    }

    #[test]
    fn the_fast_way_takes_what_programs_write() {
        let far = format!("{}\r\n\"{}\",\"\"\"x\"\"\"\n", "a,b", "c".repeat(200));
        for (text, expected) in [
            ("a,b\n\"c,\nd\",e", 2),
            ("a,\r\n\n\"\"\"\",\"\"", 2),
            ("", 0),
            (far.as_str(), 2),
        ] {
            let mut rows = 0;
            let done = Block::new(text.as_bytes()).each_row(b',', 2, |_, _| rows += 1);
            let lines = text.matches('\n').count() as u64;
            assert_eq!((done, rows), (Some(lines), expected), "{text:?}");
        }
        for text in ["a,b\"c\"\n", "\"a\"b,c\n", "a\n", "a,\"b\n", "\"a\"\r,b"] {
            assert_eq!(
                Block::new(text.as_bytes()).each_row(b',', 2, |_, _| ()),
                None,
                "{text:?}"
            );
        }
    }

    #[test]
    fn quotes_commas_and_line_ends() {
        let found = rows("a,\"b,\n\"\"c\"\"\",\r\n,\"\",x");
        assert_eq!(found, [vec!["a", "b,\n\"c\"", ""], vec!["", "", "x"]]);
        assert_eq!(row(b"a,\"b\n", 0, b',', &mut Vec::new()), None);
    }

    #[test]
    fn blocks_are_cut_between_rows() {
        assert_eq!(cut(b"a,b\nc,\"d\ne"), 4);
        assert_eq!(cut(b"a,b\nc,\"d\ne\"\nf"), 12);
        assert_eq!(cut(b"a,\"b\nc\nd"), 0);
        assert_eq!(cut(b""), 0);
    }

    #[test]
    fn the_delimiter_is_what_stands_there_most() {
        assert_eq!(delimiter(b"a;b;c,d"), b';');
        assert_eq!(delimiter(b"a\tb\tc"), b'\t');
        assert_eq!(delimiter(b"a"), b',');
    }
}
