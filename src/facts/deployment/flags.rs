//! Facts about flags that the engine doesn't know in its version.

use super::{DeploymentFacts, Fact, Get, Known, Row, Type, text};
use crate::engines::{FlagProblem, FlagProblemKind, flag_problems};

impl DeploymentFacts<'_> {
    /// The flags of one kind of problem, in words, with the place of the first; absent where there are none.
    fn flags(&self, words: impl Fn(&FlagProblem) -> Option<String>) -> Fact {
        let problems = self.serving.as_ref().map(flag_problems).unwrap_or_default();
        let mut place = None;
        let mut named = Vec::new();
        for problem in &problems {
            if let Some(words) = words(problem) {
                place.get_or_insert(problem.place);
                if !named.contains(&words) {
                    named.push(words);
                }
            }
        }
        if named.is_empty() {
            return Fact::of(Known::Absent);
        }
        Fact::of(Known::Yes(text(&named.join("; ")))).at(place)
    }
}

fn unknown(problem: &FlagProblem) -> Option<String> {
    let flag = &problem.flag;
    match problem.kind {
        FlagProblemKind::Unknown { nearest: Some(nearest) } => Some(format!("{flag} (is {nearest} meant?)")),
        FlagProblemKind::Unknown { nearest: None } => Some(flag.clone()),
        FlagProblemKind::NotYet { since } => Some(format!("{flag} (known since {since})")),
        FlagProblemKind::Removed { .. } => None,
    }
}

fn removed(problem: &FlagProblem) -> Option<String> {
    let flag = &problem.flag;
    match problem.kind {
        FlagProblemKind::Removed {
            since,
            instead: Some(instead),
        } => Some(format!("{flag} (gone since {since}; use {instead})")),
        FlagProblemKind::Removed { since, instead: None } => Some(format!("{flag} (gone since {since})")),
        FlagProblemKind::Unknown { .. } | FlagProblemKind::NotYet { .. } => None,
    }
}

pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "deployment.flags.unknown",
        ty: Type::Str,
        unit: "",
        about: "flags on the command line that the engine doesn't know, or not yet in this version, each with the nearest",
        get: |facts| facts.flags(unknown),
    },
    Row {
        name: "deployment.flags.removed",
        ty: Type::Str,
        unit: "",
        about: "flags on the command line that this version of the engine has dropped, each with what took its place",
        get: |facts| facts.flags(removed),
    },
];
