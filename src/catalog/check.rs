//! Whether the files of the catalog can be true: bounds, names, references, dates, and plausibility.

mod api_models;
mod hardware;
mod numbers;
mod open_models;

use std::fmt;

use serde::de::DeserializeOwned;

use self::numbers::Known;
use super::rows::Named;
use super::{ApiModel, Date, Evidence, Gpu, Instance, Number, OpenModel, OtherModel, Table};

/// The texts of the catalog's files, JSON Lines.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// `models.jsonl`.
    pub models: &'a str,
    /// `prices.jsonl`.
    pub prices: &'a str,
    /// `open_models.jsonl`.
    pub open_models: &'a str,
    /// `other_models.jsonl`.
    pub other_models: &'a str,
    /// `gpus.jsonl`.
    pub gpus: &'a str,
    /// `instances.jsonl`.
    pub instances: &'a str,
    /// `evidence.jsonl`.
    pub evidence: &'a str,
    /// `numbers.jsonl`.
    pub numbers: &'a str,
}

impl Files<'static> {
    /// The files that are part of the program.
    #[must_use]
    pub fn embedded() -> Self {
        super::FILES
    }
}

/// Something in the catalog that cannot be, or is hard to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, such as `gpus.jsonl`.
    pub file: &'static str,
    /// The row's name, or `line 12` where it is no row.
    pub row: String,
    /// What is wrong.
    pub what: String,
    /// Whether it can be true all the same.
    pub warning: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.warning { "warning" } else { "error" };
        write!(f, "{kind}: {}: {}: {}", self.file, self.row, self.what)
    }
}

/// How the figures of a file's rows were read, as each row's `source` tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The file, such as `gpus.jsonl`.
    pub file: &'static str,
    /// Read at the source named.
    pub read: usize,
    /// At least one figure follows from another row or figure.
    pub inferred: usize,
    /// At least one figure was written from memory and not looked up again.
    pub recalled: usize,
}

impl Sources {
    /// Rows of the file.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.read + self.inferred + self.recalled
    }
}

/// What a check of the files found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesReport {
    /// In the order of the files and of their rows.
    pub problems: Vec<Problem>,
    /// One for each file.
    pub sources: Vec<Sources>,
}

/// Checks the files against each other and against `today`, after which no figure can have been read.
#[must_use]
pub fn check(files: &Files<'_>, today: Date) -> FilesReport {
    let mut checker = Checker {
        file: "",
        today,
        problems: Vec::new(),
        sources: Vec::new(),
    };
    let models = checker.table::<ApiModel>("models.jsonl", files.models, |row| (&row.source, row.as_of));
    checker.models(&models);
    checker.prices(files.prices, &models);
    let open_models =
        checker.table::<OpenModel>("open_models.jsonl", files.open_models, |row| (&row.source, row.as_of));
    checker.open_models(&open_models);
    let other_models =
        checker.table::<OtherModel>("other_models.jsonl", files.other_models, |row| (&row.source, row.as_of));
    checker.other_models(&other_models, &open_models);
    let gpus = checker.table::<Gpu>("gpus.jsonl", files.gpus, |row| (&row.source, row.as_of));
    checker.gpus(&gpus);
    let instances: Vec<Instance> = checker.rows("instances.jsonl", files.instances, |row| (&row.source, row.as_of));
    checker.instances(&instances, &gpus);
    let evidence = checker.table::<Evidence>("evidence.jsonl", files.evidence, |row| (&row.url, row.as_of));
    checker.evidence(&evidence);
    // In the order of the note, not of their names.
    let numbers: Vec<Number> = checker.rows("numbers.jsonl", files.numbers, |row| (&row.source, row.as_of));
    let numbers = Table::new(numbers);
    checker.unique(&numbers);
    let known = Known {
        models: &models,
        open_models: &open_models,
        gpus: &gpus,
        instances: &instances,
        evidence: &evidence,
    };
    checker.numbers(&numbers, &known);
    FilesReport {
        problems: checker.problems,
        sources: checker.sources,
    }
}

struct Checker {
    /// The file that is being checked.
    file: &'static str,
    today: Date,
    problems: Vec<Problem>,
    sources: Vec<Sources>,
}

impl Checker {
    fn wrong(&mut self, row: &str, what: impl Into<String>) {
        self.add(row, what.into(), false);
    }

    fn doubtful(&mut self, row: &str, what: impl Into<String>) {
        self.add(row, what.into(), true);
    }

    fn add(&mut self, row: &str, what: String, warning: bool) {
        let (file, row) = (self.file, row.to_owned());
        self.problems.push(Problem {
            file,
            row,
            what,
            warning,
        });
    }

    fn between<T: PartialOrd + fmt::Display>(&mut self, row: &str, what: &str, value: T, low: T, high: T) {
        if !(value >= low && value <= high) {
            self.wrong(row, format!("{what} of {value} is not between {low} and {high}"));
        }
    }

    /// The rows of a file, with their sources counted and their days checked.
    fn rows<T: DeserializeOwned>(
        &mut self,
        file: &'static str,
        text: &str,
        source: fn(&T) -> (&String, Date),
    ) -> Vec<T> {
        self.file = file;
        let mut sources = Sources {
            file,
            ..Sources::default()
        };
        let mut rows = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let at = format!("line {}", index + 1);
            let row = match serde_json::from_str(line) {
                Ok(row) => row,
                Err(error) => {
                    self.wrong(&at, error.to_string());
                    continue;
                }
            };
            let (source, as_of) = source(&row);
            let tells = |words: &[&str]| words.iter().any(|word| source.contains(word));
            match () {
                () if tells(&["recalled", "not re-read"]) => sources.recalled += 1,
                () if tells(&["inferred"]) => sources.inferred += 1,
                () => sources.read += 1,
            }
            if source.len() < 4 {
                self.wrong(&at, "tells no source");
            }
            if as_of > self.today {
                self.wrong(&at, format!("as_of {as_of} is in the future"));
            }
            rows.push(row);
        }
        self.sources.push(sources);
        rows
    }

    /// Rows in the order of their ids, with names of their own.
    fn table<T: DeserializeOwned + Named>(
        &mut self,
        file: &'static str,
        text: &str,
        source: fn(&T) -> (&String, Date),
    ) -> Table<T> {
        let rows = self.rows(file, text, source);
        for pair in rows.windows(2) {
            let [first, second] = [pair[0].id(), pair[1].id()];
            if first > second {
                self.wrong(second, format!("stands after {first}: rows are sorted by id"));
            }
        }
        let table = Table::new(rows);
        self.unique(&table);
        table
    }

    fn unique<T: Named>(&mut self, table: &Table<T>) {
        for pair in table.names.windows(2) {
            let [first, second] = [table.name(pair[0]), table.name(pair[1])];
            // A row may repeat its own id in another spelling.
            if pair[0].0 != pair[1].0 && Table::<T>::order(first, second).is_eq() {
                let [one, other] = [table.rows[pair[0].0].id(), table.rows[pair[1].0].id()];
                self.wrong(other, format!("{second} is also a name of {one}"));
            }
        }
    }
}
