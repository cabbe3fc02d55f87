//! An export of any size, read once in blocks that are worked on side by side: the memory that this takes does not grow
//! with the file.

use std::cell::OnceCell;
use std::io::{self, Read};

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::book::Book;
use super::cell::{Cell, Cells, shown};
use super::csv;
use super::formats::{FORMATS, Format, Head};
use super::json::{self, plain};

/// Bytes of a block.
const BLOCK: usize = 2 << 20;
/// Bytes of one row, beyond which it is an error and passed over.
const MOST_ROW: usize = 16 << 20;
/// Bytes of a JSON document that is one value over many lines.
const MOST_DOCUMENT: usize = 64 << 20;
/// Rows that are looked at to tell what the file is.
const MOST_LOOKED_AT: usize = 100;

/// What a file held.
#[derive(Debug)]
pub struct Imported {
    /// What it was read as.
    pub format: &'static Format,
    /// Its rows, added up.
    pub book: Book,
}

/// Reads an export.
///
/// # Errors
/// Why it is none that is known here, or can't be read.
pub fn read(mut input: impl Read + Send, wanted: Option<&'static Format>) -> Result<Imported, String> {
    let mut start = Vec::new();
    fill(&mut input, &mut start, BLOCK).map_err(|error| error.to_string())?;
    refuse(&start)?;
    if start.starts_with(b"\xef\xbb\xbf") {
        start.drain(..3);
    }
    let shape = shape(&start);
    let whole = io::Cursor::new(start).chain(input);
    match shape {
        Shape::Csv => read_blocks(Blocks::new(whole, true, MOST_ROW), wanted),
        Shape::Lines => read_blocks(Blocks::new(whole, false, MOST_ROW), wanted),
        Shape::Values { is_list } => {
            let lines = json::Lines::new(whole, is_list);
            read_blocks(Blocks::new(lines, false, MOST_DOCUMENT), wanted)
        }
    }
}

fn fill(input: &mut impl Read, bytes: &mut Vec<u8>, most: usize) -> io::Result<bool> {
    let missing = most.saturating_sub(bytes.len());
    bytes.reserve(missing);
    input.take(missing as u64).read_to_end(bytes)?;
    Ok(bytes.len() < most)
}

/// What is surely no text.
fn refuse(start: &[u8]) -> Result<(), String> {
    let known: &[(&[u8], &str)] = &[
        (
            b"\x1f\x8b",
            "compressed with gzip: `gunzip -c FILE | llmlint usage import -` reads it",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "compressed with zstd: `zstdcat FILE | llmlint usage import -` reads it",
        ),
        (
            b"PAR1",
            "Parquet: docs/usage.md has the line of DuckDB that makes a table of it",
        ),
        (
            b"PK\x03\x04",
            "a zip archive or a spreadsheet: unpack it, or save it as CSV",
        ),
        (b"\xff\xfe", "UTF-16: save it as UTF-8"),
        (b"\xfe\xff", "UTF-16: save it as UTF-8"),
    ];
    if start.iter().all(u8::is_ascii_whitespace) {
        return Err("empty: nothing to read".to_owned());
    }
    match known.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, why)) => Err((*why).to_owned()),
        None => Ok(()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Csv,
    /// A JSON value a line.
    Lines,
    /// JSON over several lines.
    Values {
        is_list: bool,
    },
}

fn shape(start: &[u8]) -> Shape {
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Shape::Values { is_list: true },
        Some(b'{') => {
            // One broken line does not make a document of a file of lines.
            let lines = start.split(|byte| *byte == b'\n').take(MOST_LOOKED_AT);
            let is_object = |line: &[u8]| {
                line.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok()
            };
            let mut lines = lines.filter(|line| !line.trim_ascii().is_empty());
            if lines.next().is_some_and(is_object) || lines.filter(|line| line.starts_with(b"{")).any(is_object) {
                Shape::Lines
            } else {
                Shape::Values { is_list: false }
            }
        }
        _ => Shape::Csv,
    }
}

/// Whole rows of a file, some at a time.
struct Blocks<R> {
    input: R,
    /// What was read behind the last block's end.
    rest: Vec<u8>,
    /// Blocks that were worked on: their memory serves again.
    spare: Vec<Vec<u8>>,
    is_csv: bool,
    most: usize,
    ended: bool,
}

struct Block {
    bytes: Vec<u8>,
    /// What is wrong with the row that stood in front of it and was passed over.
    dropped: Option<String>,
}

impl<R: Read> Blocks<R> {
    fn new(input: R, is_csv: bool, most: usize) -> Self {
        Self {
            input,
            rest: Vec::new(),
            spare: Vec::new(),
            is_csv,
            most,
            ended: false,
        }
    }

    fn next(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.rest);
        let mut dropped = None;
        let mut target = BLOCK.max(bytes.len());
        loop {
            if !self.ended {
                self.ended = fill(&mut self.input, &mut bytes, target)?;
            }
            let cut = if self.ended {
                bytes.len()
            } else if self.is_csv {
                csv::cut(&bytes)
            } else {
                memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1)
            };
            if cut > 0 {
                self.rest.extend_from_slice(&bytes[cut..]);
                bytes.truncate(cut);
                return Ok(Some(Block { bytes, dropped }));
            }
            if self.ended {
                return Ok(dropped.map(|why| Block {
                    bytes,
                    dropped: Some(why),
                }));
            }
            if bytes.len() >= self.most {
                dropped = Some(format!(
                    "a row of more than {} MiB{}: passed over",
                    self.most >> 20,
                    if self.is_csv {
                        ", or a quote that is never closed"
                    } else {
                        ""
                    }
                ));
                self.pass_over(&mut bytes)?;
                target = BLOCK.max(bytes.len());
                continue;
            }
            target = target.saturating_mul(2).min(self.most);
        }
    }

    /// Takes the first line away, however long it is.
    fn pass_over(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', bytes) {
                bytes.drain(..=at);
                return Ok(());
            }
            bytes.clear();
            if self.ended {
                return Ok(());
            }
            self.ended = fill(&mut self.input, bytes, BLOCK)?;
        }
    }
}

/// How the rows of a file are read, once it is known what it is.
struct Plan {
    format: &'static Format,
    /// For CSV: the delimiter, the header's columns, and which column of the format each is.
    csv: Option<(u8, Vec<Option<usize>>)>,
    /// For JSON: rows stand in a list under `data`.
    wrapped: bool,
}

fn read_blocks<R: Read + Send>(mut blocks: Blocks<R>, wanted: Option<&'static Format>) -> Result<Imported, String> {
    let failed = |error: io::Error| error.to_string();
    let mut first = blocks.next().map_err(failed)?;
    let mut lines = 0_u64;
    let Some(start) = &mut first else {
        return Err("empty: nothing to read".to_owned());
    };
    let plan = if blocks.is_csv {
        let (plan, behind) = csv_plan(&start.bytes, wanted)?;
        lines += newlines(&start.bytes[..behind]);
        start.bytes.drain(..behind);
        plan
    } else {
        json_plan(&start.bytes, wanted)?
    };
    let mut book = Book::default();
    let at_once = rayon::current_num_threads().clamp(1, 16);
    let mut batch: Vec<Block> = first.into_iter().collect();
    while !batch.is_empty() {
        let (made, next) = rayon::join(
            || -> Vec<(Book, u64)> { batch.par_iter().map(|block| rows(&block.bytes, &plan)).collect() },
            || -> io::Result<Vec<Block>> {
                let mut next = Vec::with_capacity(at_once);
                while next.len() < at_once
                    && let Some(block) = blocks.next()?
                {
                    next.push(block);
                }
                Ok(next)
            },
        );
        for (block, (made, inside)) in batch.iter_mut().zip(made) {
            if let Some(why) = block.dropped.take() {
                book.error(lines + 1, why);
                lines += 1;
            }
            book.take(made, lines);
            lines += inside;
        }
        blocks.spare.extend(batch.into_iter().map(|block| block.bytes));
        batch = next.map_err(failed)?;
    }
    Ok(Imported {
        format: plan.format,
        book,
    })
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The rows of a block, and how many lines it has.
fn rows(bytes: &[u8], plan: &Plan) -> (Book, u64) {
    match &plan.csv {
        Some((delimiter, columns)) => csv_rows(bytes, plan.format, *delimiter, columns),
        None => json_rows(bytes, plan),
    }
}

/// A column's name as the formats write it: lower case, without what Azure's portal adds.
fn plain_name(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    name.strip_suffix(" [utc]").unwrap_or(&name).to_owned()
}

fn csv_plan(bytes: &[u8], wanted: Option<&'static Format>) -> Result<(Plan, usize), String> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = csv::delimiter(line);
    let mut fields = Vec::new();
    let behind = csv::row(bytes, 0, delimiter, &mut fields).ok_or("a quote of the header is never closed")?;
    let header = csv::Block::new(&bytes[..behind]);
    let names: Option<Vec<String>> = fields
        .iter()
        .map(|field| field.text(&header).map(|name| plain_name(&name.plain())))
        .collect();
    let names = names.ok_or("not text in UTF-8: save it as CSV or JSON in UTF-8")?;
    let head = Head {
        keys: names,
        text: line,
        is_json: false,
    };
    let format = find(&head, wanted)?;
    let column = |name: &String| format.columns.iter().position(|names| names.contains(&name.as_str()));
    let columns = head.keys.iter().map(column).collect();
    let plan = Plan {
        format,
        csv: Some((delimiter, columns)),
        wrapped: false,
    };
    Ok((plan, behind))
}

/// Rows in a list, as APIs give them page by page.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, alias = "value", alias = "records", alias = "observations", alias = "logs")]
    data: Vec<&'a RawValue>,
}

fn json_plan(bytes: &[u8], wanted: Option<&'static Format>) -> Result<Plan, String> {
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    let mut why = None;
    for line in lines.take(MOST_LOOKED_AT) {
        let head = |text| {
            Some(Head {
                keys: keys(text)?,
                text,
                is_json: true,
            })
        };
        let Some(whole) = head(line) else { continue };
        let mut tried = find(&whole, wanted).map(|format| (format, false));
        if let (Err(_), Ok(page)) = (&tried, serde_json::from_slice::<Page<'_>>(line))
            && let Some(inside) = page.data.first().and_then(|row| head(row.get().as_bytes()))
        {
            tried = find(&inside, wanted).map(|format| (format, true));
        }
        match tried {
            Ok((format, wrapped)) => {
                return Ok(Plan {
                    format,
                    csv: None,
                    wrapped,
                });
            }
            Err(what) => why = Some(why.unwrap_or(what)),
        }
    }
    Err(why.unwrap_or_else(|| "none of its first lines is a JSON object, and it is no CSV".to_owned()))
}

/// The keys of an object, in lower case.
fn keys(text: &[u8]) -> Option<Vec<String>> {
    let object: std::collections::BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).ok()?;
    Some(object.into_keys().map(|key| key.to_ascii_lowercase()).collect())
}

fn find(head: &Head<'_>, wanted: Option<&'static Format>) -> Result<&'static Format, String> {
    if let Some(format) = wanted {
        return Ok(format);
    }
    FORMATS.iter().find(|format| (format.is)(head)).ok_or_else(|| {
        let kind = if head.is_json { "keys" } else { "columns" };
        let names: Vec<String> = head.keys.iter().take(6).map(|name| shown(name)).collect();
        format!(
            "no usage export that is known here: its {kind} begin with {}; docs/usage.md lists what is read, and the table \
             that anything else can be brought into",
            names.join(", ")
        )
    })
}

fn csv_rows(bytes: &[u8], format: &'static Format, delimiter: u8, columns: &[Option<usize>]) -> (Book, u64) {
    let block = csv::Block::new(bytes);
    let mut book = Book::default();
    let row = |fields: &[csv::Field], lines| csv_row(&block, format, fields, columns, lines + 1, &mut book);
    match block.each_row(delimiter, columns.len(), row) {
        Some(lines) => (book, lines),
        None => (broken_csv_rows(&block, format, delimiter, columns), newlines(bytes)),
    }
}

/// Behind a row that is broken, the next line is taken for a new one: a stray quote costs one row.
fn broken_csv_rows(block: &csv::Block<'_>, format: &'static Format, delimiter: u8, columns: &[Option<usize>]) -> Book {
    let bytes = block.bytes;
    let mut book = Book::default();
    let (mut at, mut line, mut fields) = (0, 1_u64, Vec::with_capacity(columns.len()));
    while at < bytes.len() {
        let read = csv::row(bytes, at, delimiter, &mut fields).filter(|_| fields.len() == columns.len());
        let next = read.unwrap_or_else(|| memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1));
        if read.is_some() {
            csv_row(block, format, &fields, columns, line, &mut book);
        } else if !bytes[at..next].trim_ascii().is_empty() {
            let why = match csv::row(&bytes[..next], at, delimiter, &mut fields) {
                Some(_) => format!("{} columns where the header has {}", fields.len(), columns.len()),
                None => "a quote that is never closed".to_owned(),
            };
            book.error(line, why);
        }
        line += newlines(&bytes[at..next]);
        at = next;
    }
    book
}

fn csv_row(
    block: &csv::Block<'_>,
    format: &'static Format,
    fields: &[csv::Field],
    columns: &[Option<usize>],
    line: u64,
    book: &mut Book,
) {
    let mut cells: [Option<Cell<'_>>; Format::MOST_COLUMNS] = [const { None }; Format::MOST_COLUMNS];
    for (field, column) in fields.iter().zip(columns) {
        let Some(cell) = column.and_then(|at| cells.get_mut(at)) else {
            continue;
        };
        let Some(text) = field.text(block) else {
            return book.error(line, "holds bytes that are no text".to_owned());
        };
        // Of two columns that mean the same the one that is filled counts.
        if cell.is_none() || !text.is_empty() {
            *cell = Some(Cell::Text(text, OnceCell::new()));
        }
    }
    let cells = Cells {
        cells: &cells,
        names: format.columns,
    };
    book.add(line, (format.row)(&cells));
}

fn json_rows(bytes: &[u8], plan: &Plan) -> (Book, u64) {
    let (mut book, mut keys) = (Book::default(), json::Keys::default());
    let whole = csv::whole_text(bytes);
    let mut start = 0;
    let mut line = 0;
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let row = bytes[start..end].trim_ascii();
        let text = whole.and_then(|text| text.get(start..end));
        start = end + 1;
        line += 1;
        if row.is_empty() {
            continue;
        }
        if text.is_none() && memchr::memchr(0, row).is_some() {
            book.error(line, "holds bytes that are no text".to_owned());
        } else if let Some(document) = plan.format.document {
            if let Err(why) = document(row, &mut |row| book.add(line, row)) {
                book.error(line, why);
            }
        } else if plan.wrapped {
            match serde_json::from_slice::<Page<'_>>(row) {
                Ok(page) => {
                    for row in page.data {
                        json_row(row.get(), plan.format, line, &mut keys, &mut book);
                    }
                }
                Err(error) => book.error(line, plain(&error)),
            }
        } else {
            match text.map_or_else(|| std::str::from_utf8(row), Ok) {
                Ok(text) => json_row(text, plan.format, line, &mut keys, &mut book),
                Err(_) => book.error(line, "holds bytes that are no text".to_owned()),
            }
        }
    }
    (book, line)
}

fn json_row(text: &str, format: &'static Format, line: u64, keys: &mut json::Keys, book: &mut Book) {
    let mut cells: [Option<Cell<'_>>; Format::MOST_COLUMNS] = [const { None }; Format::MOST_COLUMNS];
    if let Err(why) = json::pick(text, format.columns, keys, &mut cells) {
        return book.error(line, why);
    }
    let cells = Cells {
        cells: &cells,
        names: format.columns,
    };
    book.add(line, (format.row)(&cells));
}
