//! llmlint reads prompts and model deployments, counts what they cost, and says what is wasted or will not work.
//!
//! Data flows one way: sources → formats → units → facts → rules → report → gate → reporters. [`lint::lint`] is that way in
//! one screen; it is a pure function. Only [`host`] and [`cli`] touch the machine.

pub mod catalog;
pub mod cli;
pub mod config;
pub mod engines;
pub mod excerpt;
pub mod facts;
pub mod fingerprint;
pub mod fix;
pub mod formats;
pub mod gate;
pub mod host;
pub mod lint;
pub mod report;
pub mod reporters;
pub mod rules;
pub mod sdks;
pub mod source;
pub mod syntax;
pub mod tokens;
pub mod units;
pub mod usage;
