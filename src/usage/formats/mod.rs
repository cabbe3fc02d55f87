//! One file an export, and the table of them. A format says by which columns or keys it is known, which of them it reads,
//! and what a row of them means.

mod anthropic;
mod aws_cost;
mod azure;
mod bedrock;
mod helicone;
mod langfuse;
mod litellm;
mod openai_costs;
mod openai_usage;
mod otel;
mod responses;
mod table;
mod vertex;

use super::book::Row;
use super::cell::Cells;

/// An export that is known here.
pub struct Format {
    /// Its name behind `--format`.
    pub name: &'static str,
    /// What it is, and where it comes from.
    pub about: &'static str,
    /// Who serves the models, as prices know them, where the export is one provider's.
    pub served_by: Option<&'static str>,
    /// Whether a file that starts so is one.
    pub is: fn(&Head<'_>) -> bool,
    /// The columns of CSV or keys of JSON that are read, each under the names it can have, in lower case.
    pub columns: &'static [&'static [&'static str]],
    /// What a row says.
    pub row: for<'a, 'r> fn(&'a Cells<'a, 'r>) -> Result<Row<'a>, String>,
    /// For a JSON document that holds many rows: hands on each.
    pub document: Option<Document>,
}

/// Hands on each row of a document.
type Document = for<'a> fn(&'a [u8], &mut dyn FnMut(Result<Row<'a>, String>)) -> Result<(), String>;

impl Format {
    /// The most columns that a format reads.
    pub(super) const MOST_COLUMNS: usize = 16;
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// How a file starts.
pub struct Head<'a> {
    /// The columns of CSV, or the keys of the first object of JSON, in lower case.
    pub keys: Vec<String>,
    /// The first line, or the first value.
    pub text: &'a [u8],
    /// Whether it is JSON.
    pub is_json: bool,
}

impl Head<'_> {
    /// Whether all of these columns or keys are there.
    fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.keys.iter().any(|key| key == name))
    }

    /// Whether the first value of JSON holds a text.
    fn says(&self, text: &str) -> bool {
        self.is_json && memchr::memmem::find(self.text, text.as_bytes()).is_some()
    }
}

/// Every export, the narrower ones first.
pub const FORMATS: &[Format] = &[
    openai_usage::FORMAT,
    openai_costs::FORMAT,
    anthropic::USAGE,
    anthropic::COST,
    azure::GATEWAY,
    azure::REQUESTS,
    bedrock::FORMAT,
    aws_cost::FORMAT,
    vertex::FORMAT,
    litellm::FORMAT,
    langfuse::FORMAT,
    helicone::FORMAT,
    otel::FORMAT,
    responses::FORMAT,
    table::FORMAT,
];

/// The export of that name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// For documents that have no rows of their own.
fn no_row<'a>(_: &'a Cells<'a, '_>) -> Result<Row<'a>, String> {
    Err("stands outside of a document".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_and_fit() {
        for format in FORMATS {
            assert!(format.columns.len() <= Format::MOST_COLUMNS, "{}", format.name);
            for name in format.columns.iter().copied().flatten() {
                assert_eq!(*name, name.to_ascii_lowercase(), "{}", format.name);
            }
        }
    }
}
