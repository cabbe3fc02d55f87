//! What a report is held against: an older report, budgets, a baseline. Pure.

mod baseline;
mod budgets;
mod compare;
pub mod guard;
pub mod trend;

pub use baseline::{Accepted, Baseline};
pub use budgets::weigh;
pub use compare::compare;
