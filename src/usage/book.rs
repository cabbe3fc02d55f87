//! What rows come to together: sums by model, prompt and tags.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use crate::catalog::Date;

/// What one row says.
#[derive(Debug, Clone, Default)]
pub struct Record<'a> {
    /// The model's name as the export has it; empty where it has none.
    pub model: Cow<'a, str>,
    /// The name by which the export knows the prompt; empty where it has none.
    pub prompt: Cow<'a, str>,
    /// Whatever else groups calls: tags, projects, labels.
    pub tags: Vec<Cow<'a, str>>,
    /// Calls; absent where the export does not count them.
    pub calls: Option<u64>,
    /// Tokens of input, cached ones included; absent where the export does not count them.
    pub input: Option<u64>,
    /// Tokens of input that were read from a cache.
    pub cached: u64,
    /// Tokens of input that were written to a cache.
    pub cache_write: u64,
    /// Tokens of output.
    pub output: u64,
    /// USD; absent where the export does not say.
    pub usd: Option<Decimal>,
    /// The first day that it is about, in UTC.
    pub day: Option<Date>,
    /// The last day that it is about, where that is another.
    pub last_day: Option<Date>,
}

/// What a row is.
pub enum Row<'a> {
    /// Usage.
    Usage(Record<'a>),
    /// Nothing that counts, and why: it is told how many of them there were.
    LeftOut(&'static str),
}

/// By what rows are added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The model.
    pub model: String,
    /// The prompt's name.
    pub prompt: String,
    /// The tags, sorted.
    pub tags: Vec<String>,
}

/// Sums of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Rows.
    pub rows: u64,
    /// Calls, of the rows that count them.
    pub calls: u64,
    /// Rows that do not count calls.
    pub rows_without_calls: u64,
    /// Rows that do not count tokens.
    pub rows_without_tokens: u64,
    /// Tokens of input, cached ones included.
    pub input: u64,
    /// Tokens of input that were read from a cache.
    pub cached: u64,
    /// Tokens of input that were written to a cache.
    pub cache_write: u64,
    /// Tokens of output.
    pub output: u64,
    /// USD, of the rows that tell it.
    pub usd: Decimal,
    /// Rows that tell USD.
    pub rows_with_usd: u64,
}

impl Sums {
    /// The two together; `None` beyond what the numbers hold.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            rows: self.rows.checked_add(other.rows)?,
            calls: self.calls.checked_add(other.calls)?,
            rows_without_calls: self.rows_without_calls.checked_add(other.rows_without_calls)?,
            rows_without_tokens: self.rows_without_tokens.checked_add(other.rows_without_tokens)?,
            input: self.input.checked_add(other.input)?,
            cached: self.cached.checked_add(other.cached)?,
            cache_write: self.cache_write.checked_add(other.cache_write)?,
            output: self.output.checked_add(other.output)?,
            usd: self.usd.checked_add(other.usd)?,
            rows_with_usd: self.rows_with_usd.checked_add(other.rows_with_usd)?,
        })
    }

    fn of(record: &Record<'_>) -> Self {
        Self {
            rows: 1,
            calls: record.calls.unwrap_or(0),
            rows_without_calls: u64::from(record.calls.is_none()),
            rows_without_tokens: u64::from(record.input.is_none()),
            input: record.input.unwrap_or(0),
            cached: record.cached,
            cache_write: record.cache_write,
            output: record.output,
            usd: record.usd.unwrap_or_default(),
            rows_with_usd: u64::from(record.usd.is_some()),
        }
    }
}

/// Groups that are told apart; beyond them, prompts and tags are no longer (a name a call would fill the memory).
const MOST_GROUPS: usize = 50_000;
/// Bytes of a name.
const MOST_NAME: usize = 200;
/// Tags of a row.
const MOST_TAGS: usize = 8;
/// Errors that are named; all are counted.
const MOST_ERRORS: usize = 10;
/// Between the parts of a group's key, and between its tags: no name holds them.
const PART: char = '\u{1f}';
const TAG: char = '\u{1e}';

/// The sums of many rows.
#[derive(Debug, Default)]
pub struct Book {
    groups: HashMap<Box<str>, Sums>,
    key: String,
    /// The first day of all rows, in UTC.
    pub first: Option<Date>,
    /// The last.
    pub last: Option<Date>,
    /// Rows that were added up.
    pub rows: u64,
    /// Rows that could not be.
    pub bad: u64,
    /// The first of them: the line, and what is wrong.
    pub errors: Vec<(u64, String)>,
    /// Rows that are no usage, by why.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Rows whose prompt and tags are no longer told apart.
    pub folded: u64,
}

impl Book {
    /// Adds a row that stands at `line`.
    pub fn add(&mut self, line: u64, row: Result<Row<'_>, String>) {
        let record = match row {
            Ok(Row::Usage(record)) => record,
            Ok(Row::LeftOut(why)) => {
                *self.left_out.entry(why).or_default() += 1;
                return;
            }
            Err(why) => return self.error(line, why),
        };
        if record
            .cached
            .checked_add(record.cache_write)
            .is_none_or(|part| part > record.input.unwrap_or(u64::MAX))
        {
            return self.error(line, "more tokens are cached than were sent".to_owned());
        }
        self.make_key(&record);
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(self.key.as_str()) {
            self.folded += 1;
            self.make_key(&Record {
                model: record.model.clone(),
                ..Record::default()
            });
        }
        let sums = Sums::of(&record);
        match self.groups.get_mut(self.key.as_str()) {
            Some(group) => match group.plus(&sums) {
                Some(both) => *group = both,
                None => return self.error(line, "the sum is larger than a number holds".to_owned()),
            },
            None => {
                self.groups.insert(self.key.as_str().into(), sums);
            }
        }
        self.rows += 1;
        self.days(record.day, record.last_day.or(record.day));
    }

    /// Notes a row that can't be used.
    pub fn error(&mut self, line: u64, why: String) {
        self.bad += 1;
        if self.errors.len() < MOST_ERRORS {
            self.errors.push((line, why));
        }
    }

    fn days(&mut self, first: Option<Date>, last: Option<Date>) {
        if let Some(day) = first {
            self.first = Some(self.first.map_or(day, |known| known.min(day)));
        }
        if let Some(day) = last {
            self.last = Some(self.last.map_or(day, |known| known.max(day)));
        }
    }

    fn make_key(&mut self, record: &Record<'_>) {
        self.key.clear();
        push_name(&mut self.key, &record.model);
        self.key.push(PART);
        push_name(&mut self.key, &record.prompt);
        self.key.push(PART);
        let mut tags: Vec<&str> = record.tags.iter().map(AsRef::as_ref).collect();
        tags.sort_unstable();
        tags.dedup();
        for (at, tag) in tags.into_iter().take(MOST_TAGS).enumerate() {
            if at > 0 {
                self.key.push(TAG);
            }
            push_name(&mut self.key, tag);
        }
    }

    /// Adds the rows of another book, which stand behind `lines` lines of the file.
    pub fn take(&mut self, other: Book, lines: u64) {
        for (line, why) in other.errors {
            if self.errors.len() < MOST_ERRORS {
                self.errors.push((line.saturating_add(lines), why));
            }
        }
        self.bad += other.bad;
        self.folded += other.folded;
        self.rows += other.rows;
        for (why, count) in other.left_out {
            *self.left_out.entry(why).or_default() += count;
        }
        self.days(other.first, other.last);
        // In the order of the keys, so that what is folded is the same whatever the machine.
        let mut groups: Vec<(Box<str>, Sums)> = other.groups.into_iter().collect();
        if self.groups.len() + groups.len() > MOST_GROUPS {
            groups.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
        for (mut key, sums) in groups {
            if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&key) {
                self.folded += sums.rows;
                let model = key.split(PART).next().unwrap_or_default();
                key = format!("{model}{PART}{PART}").into();
            }
            let both = self
                .groups
                .get(&key)
                .map_or_else(|| Some(sums.clone()), |known| known.plus(&sums));
            match both {
                Some(both) => {
                    self.groups.insert(key, both);
                }
                None => {
                    self.rows -= sums.rows;
                    self.bad += sums.rows;
                }
            }
        }
    }

    /// The groups, sorted.
    pub fn groups(&self) -> BTreeMap<Key, Sums> {
        let part = |key: &str| {
            let mut parts = key.split(PART);
            let mut next = || parts.next().unwrap_or_default().to_owned();
            let (model, prompt, tags) = (next(), next(), next());
            let tags = tags.split(TAG).filter(|tag| !tag.is_empty());
            Key {
                model,
                prompt,
                tags: tags.map(str::to_owned).collect(),
            }
        };
        self.groups
            .iter()
            .map(|(key, sums)| (part(key), sums.clone()))
            .collect()
    }
}

/// A name without what would end it, and not longer than a name is.
fn push_name(key: &mut String, name: &str) {
    let mut end = name.len().min(MOST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let name = name[..end].trim();
    if name.bytes().any(|byte| byte < 0x20) {
        key.extend(name.chars().map(|c| if c.is_control() { ' ' } else { c }));
    } else {
        key.push_str(name);
    }
}
