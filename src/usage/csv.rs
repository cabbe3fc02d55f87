//! Rows of CSV (RFC 4180) out of blocks of bytes, with a way to go on behind a row that is broken.

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
    /// The field without its quotes; `None` where it is no UTF-8 or holds a NUL.
    pub(super) fn text<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        let text = std::str::from_utf8(bytes.get(self.start..self.end)?).ok()?;
        if memchr(0, text.as_bytes()).is_some() {
            return None;
        }
        Some(if self.quoted && text.contains('"') {
            Cow::Owned(text.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(text)
        })
    }
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

    fn rows(text: &str) -> Vec<Vec<String>> {
        let (mut at, mut fields, mut rows) = (0, Vec::new(), Vec::new());
        while at < text.len() {
            let next = row(text.as_bytes(), at, b',', &mut fields).expect("closed");
            let texts = fields
                .iter()
                .map(|field| field.text(text.as_bytes()).expect("text").into_owned());
            rows.push(texts.collect());
            at = next;
        }
        rows
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
