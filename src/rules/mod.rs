//! Rules: pages of data, judged by one engine.

pub mod cel;
mod judge;
mod page;
mod set;
mod suppress;
mod template;

pub use judge::{Judged, judge};
pub use page::{Example, FrontMatter, PageError, Rule, RuleOption, option_value};
pub use set::{ActiveRule, RuleSet, Selection};
pub use suppress::{Suppression, suppressions};

use rayon::prelude::*;

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
/// A page that does not fit the facts; the project's tests keep such a page from being released.
pub fn embedded() -> Result<Vec<Rule>, PageError> {
    // On all cores: a hook waits for it.
    PAGES.par_iter().map(|(id, page)| Rule::parse(id, page)).collect()
}
