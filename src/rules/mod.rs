//! Rules: pages of data, judged by one engine.

pub mod cel;
mod judge;
mod page;
mod set;
mod suppress;
mod template;

pub use judge::{Judged, judge};
pub use page::{Checked, Example, FrontMatter, PageError, Rule, RuleOption, option_value};
pub use set::{ActiveRule, RuleSet, Selection};
pub use suppress::{Suppression, suppressions};

use crate::facts::{FactNames, Type};

impl cel::Names for FactNames {
    fn type_of(&self, name: &str) -> Option<Type> {
        self.type_of(name)
    }

    fn nearest(&self, name: &str) -> Option<String> {
        self.nearest(name)
    }
}

include!(concat!(env!("OUT_DIR"), "/rule_pages.rs"));

/// The rules that come with llmlint, by id.
///
/// # Errors
/// A page that is none; the project's tests keep such a page from being released.
pub fn embedded() -> Result<Vec<Rule>, PageError> {
    PAGES
        .iter()
        .map(|(id, matter, page, body)| Rule::prepared(id, matter, &page[*body..]))
        .collect()
}
