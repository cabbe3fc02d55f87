//! Rows of JSON: one value a line, values one behind the other, or the elements of a list.

use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cell::Cell;

/// Rows' keys in the order in which they last stood, and the column that each is: most rows have the same ones.
#[derive(Default)]
pub(super) struct Keys {
    known: Vec<(Box<str>, Option<usize>)>,
    /// How many of this row were read.
    read: usize,
}

/// Keys of one row that are remembered.
const MOST_KEYS: usize = 64;

impl Keys {
    fn column(&mut self, key: &str, columns: &[&[&str]]) -> Option<usize> {
        let at = self.read;
        self.read += 1;
        if let Some((_, column)) = self.known.get(at).filter(|(known, _)| **known == *key) {
            return *column;
        }
        let is = |name: &&str| name.eq_ignore_ascii_case(key);
        let column = columns.iter().position(|names| names.iter().any(is));
        if at < MOST_KEYS {
            self.known.truncate(at);
            self.known.push((key.into(), column));
        }
        column
    }
}

/// Takes the values of wanted keys out of an object and passes over the others.
struct Picks<'c, 'a> {
    columns: &'static [&'static [&'static str]],
    keys: &'c mut Keys,
    cells: &'c mut [Option<Cell<'a>>],
}

impl<'a> DeserializeSeed<'a> for Picks<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Picks<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(at) = map.next_key_seed(Key(self.keys, self.columns))? {
            match at.and_then(|at| self.cells.get_mut(at)) {
                Some(cell) => *cell = Some(Cell::Json(map.next_value::<&'a RawValue>()?)),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The column that a key is.
struct Key<'k>(&'k mut Keys, &'static [&'static [&'static str]]);

impl<'a> DeserializeSeed<'a> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        Ok(self.0.column(key, self.1))
    }
}

/// Puts the values of an object's wanted keys into `cells`.
pub(super) fn pick<'a>(
    text: &'a str,
    columns: &'static [&'static [&'static str]],
    keys: &mut Keys,
    cells: &mut [Option<Cell<'a>>],
) -> Result<(), String> {
    cells.fill(None);
    keys.read = 0;
    let mut reader = serde_json::Deserializer::from_str(text);
    Picks { columns, keys, cells }
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| plain(&error))
}

/// An error of the parser without its place: a row is one line.
pub(super) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => text,
    }
}

/// Passes JSON on with each value of the top level, or each element of the list that the top level is, on a line of its
/// own: line ends inside a value become spaces.
pub(super) struct Lines<R> {
    input: R,
    /// The depth of a value that gets a line: 1 in a list, 0 elsewhere.
    base: u64,
    depth: u64,
    in_text: bool,
    escaped: bool,
}

impl<R: Read> Lines<R> {
    /// `is_list` says that the top level is a list.
    pub(super) fn new(input: R, is_list: bool) -> Self {
        Self {
            input,
            base: u64::from(is_list),
            depth: 0,
            in_text: false,
            escaped: false,
        }
    }

    fn change(&mut self, byte: u8) -> u8 {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                // No text of JSON holds one: the value is broken, and its error is not to break lines.
                b'\n' => return b' ',
                _ => {}
            }
            return byte;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth <= self.base {
                    return b' ';
                }
            }
            b'}' | b']' => {
                let closed = self.depth;
                self.depth = self.depth.saturating_sub(1);
                if closed <= self.base {
                    return b'\n';
                }
            }
            b',' if self.depth <= self.base => return b'\n',
            // Between two values of the top level.
            b'\n' if self.depth == 0 => return b'\n',
            b'\n' | b'\r' => return b' ',
            _ => {}
        }
        byte
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        for byte in &mut buffer[..count] {
            *byte = self.change(*byte);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, is_list: bool) -> Vec<String> {
        let mut out = String::new();
        Lines::new(text.as_bytes(), is_list)
            .read_to_string(&mut out)
            .expect("text");
        let found = out.lines().map(|line| line.trim().to_owned());
        found.filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn each_value_gets_a_line() {
        let list = "[\n  {\"a\": [1,\n 2]},\n  {\"b\": \"x,]\\\"\\\\\"}\n]\n";
        assert_eq!(
            lines(list, true),
            ["{\"a\": [1,  2]},", "{\"b\": \"x,]\\\"\\\\\"}"].map(|line| line.trim_end_matches(','))
        );
        assert_eq!(
            lines("{\n\"a\": 1\n}\n{\"b\": 2}\n", false),
            ["{ \"a\": 1 }", "{\"b\": 2}"]
        );
    }

    #[test]
    fn wanted_keys_are_picked_whatever_stands_around_them() {
        const COLUMNS: &[&[&str]] = &[&["model"], &["tokens", "total"]];
        let (mut cells, mut keys) = ([None, None], Keys::default());
        pick(
            r#"{"x": {"model": 1}, "Model": "m", "total": 5}"#,
            COLUMNS,
            &mut keys,
            &mut cells,
        )
        .expect("an object");
        assert!(matches!(&cells[0], Some(Cell::Json(raw)) if raw.get() == "\"m\""));
        assert!(matches!(&cells[1], Some(Cell::Json(raw)) if raw.get() == "5"));
        assert!(pick("[1]", COLUMNS, &mut keys, &mut cells).is_err());
        assert!(pick("{} {}", COLUMNS, &mut keys, &mut cells).is_err());
        let deep = format!("{{\"a\": {}", "[".repeat(1_000_000));
        assert!(pick(&deep, COLUMNS, &mut keys, &mut cells).is_err());
        let deep = format!("{{\"model\": {}", "[".repeat(1_000_000));
        assert!(pick(&deep, COLUMNS, &mut keys, &mut cells).is_err());
    }
}
