//! The flags that an engine knows, release by release, and those of a launch that it doesn't know.
//!
//! A [`Table`] is data: `src/engines/<engine>/flags.tsv`, made from the engine's own argument definitions. Its first
//! line lists the releases that were read; each further line is one spelling of a flag:
//!
//! | column | meaning |
//! | --- | --- |
//! | name | as written on a command line: `--max-model-len`, `-tp`, `--no-enable-lora` |
//! | kind | `value`, `switch` (takes none), `optional` (one or none), `many` |
//! | releases | `0.4.1..0.9.0,0.10.0..`: from the first release that knows it up to the first that doesn't |
//! | alias of | the full name, where this is a second spelling |
//! | instead | what took its place once it was gone |

use std::sync::OnceLock;

use super::{EngineKind, Serving, Version, infinity, llama_cpp, lmdeploy, sglang, tei, tensorrt_llm, tgi, vllm};
use crate::source::Place;
use crate::units::Field;

/// How many releases must have gone by without a flag before the newest build, which nobody names, is said to have
/// dropped it.
const LONG_GONE: usize = 4;

/// Who made the program that a launch starts, as far as it decides which flags that knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Build {
    /// The release that the version states, as the engine's makers publish it.
    Release,
    /// Their newest (`latest`, no tag).
    Newest,
    /// Likely one of theirs; which one isn't told: a script without an image, a digest.
    Unstated,
    /// A nightly or development build, a fork, a plugin: it may know flags that no release knows.
    #[default]
    Other,
}

/// A flag that the engine doesn't know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagProblem {
    /// The flag as written, its value left out.
    pub flag: String,
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub kind: FlagProblemKind,
}

/// What is wrong with a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagProblemKind {
    /// No release knows it.
    Unknown {
        /// A flag whose name is close.
        nearest: Option<&'static str>,
    },
    /// Older releases knew it.
    Removed {
        /// The first release without it.
        since: Version,
        /// What took its place.
        instead: Option<&'static str>,
    },
    /// Only later releases know it.
    NotYet {
        /// The first release with it.
        since: Version,
    },
}

/// The flags on a launch's line that the engine doesn't know in its version; nothing where the engine's flags aren't
/// listed, or where the program may be another than a release.
pub fn flag_problems(serving: &Serving) -> Vec<FlagProblem> {
    let Some(table) = table(serving.engine) else {
        return Vec::new();
    };
    let version = match &serving.version {
        Field::Known(version, _) => Some(*version),
        Field::Absent(_) | Field::Unknown(..) => None,
    };
    let problem = |(flag, place): &(String, Place)| {
        Some(FlagProblem {
            flag: flag.clone(),
            place: *place,
            kind: table.problem(flag, version, serving.build)?,
        })
    };
    serving.flags.iter().filter_map(problem).collect()
}

/// The flags of an engine, where they are listed.
fn table(engine: EngineKind) -> Option<&'static Table> {
    match engine {
        EngineKind::Vllm => Some(&vllm::FLAGS),
        EngineKind::Sglang => Some(&sglang::FLAGS),
        EngineKind::Tgi => Some(&tgi::FLAGS),
        EngineKind::Tei => Some(&tei::FLAGS),
        EngineKind::LlamaCpp => Some(&llama_cpp::FLAGS),
        EngineKind::TensorRtLlm => Some(&tensorrt_llm::FLAGS),
        EngineKind::Lmdeploy => Some(&lmdeploy::FLAGS),
        EngineKind::Infinity => Some(&infinity::FLAGS),
        _ => None,
    }
}

/// How an engine's parser reads names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parser {
    /// Python's argparse: a name may be cut short where no other starts like that, and what follows a single dash may
    /// be several flags or a value.
    Argparse,
    /// As written or not at all.
    Exact,
}

/// An engine's flags.
pub(crate) struct Table {
    text: &'static str,
    parser: Parser,
    parsed: OnceLock<Parsed>,
}

#[derive(Debug, Default)]
struct Parsed {
    /// The releases that were read, oldest first.
    releases: Vec<Version>,
    /// One a spelling and kind, by name.
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    takes_value: bool,
    periods: Vec<Period>,
    alias_of: &'static str,
    instead: &'static str,
}

/// The releases from `since` up to the one before `until`.
#[derive(Debug, Clone, Copy)]
struct Period {
    since: Version,
    until: Option<Version>,
}

impl Row {
    fn is_known(&self, version: Option<Version>) -> bool {
        let holds =
            |period: &Period| version.is_none_or(|at| period.since <= at && period.until.is_none_or(|gone| at < gone));
        self.periods.iter().any(holds)
    }
}

impl Table {
    /// The table of a file in the form that this module describes; it is read when a flag is first looked up.
    pub(crate) const fn new(text: &'static str, parser: Parser) -> Self {
        Self {
            text,
            parser,
            parsed: OnceLock::new(),
        }
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| {
            let mut parsed = Parsed::default();
            for line in self.text.lines().filter(|line| !line.starts_with('#')) {
                let mut columns = line.split('\t');
                let name = columns.next().unwrap_or_default();
                if name == "releases" {
                    parsed.releases = columns.filter_map(Version::parse).collect();
                    continue;
                }
                let mut column = || columns.next().unwrap_or_default();
                parsed.rows.push(Row {
                    name,
                    takes_value: column() != "switch",
                    periods: column().split(',').filter_map(period).collect(),
                    alias_of: column(),
                    instead: column(),
                });
            }
            parsed.rows.sort_by_key(|row| row.name);
            parsed
        })
    }

    /// The newest release that was read.
    pub(crate) fn newest(&self) -> Option<Version> {
        self.parsed().releases.last().copied()
    }

    /// Every row of a name.
    fn rows(&self, name: &str) -> &[Row] {
        let rows = &self.parsed().rows;
        let start = rows.partition_point(|row| row.name < name);
        let count = rows[start..].iter().take_while(|row| row.name == name).count();
        &rows[start..start + count]
    }

    /// Whether a word behind this flag is its value; `None` where the flag isn't known. Where the release isn't
    /// stated, the newest decides.
    pub(crate) fn takes_value(&self, name: &str, version: Option<Version>) -> Option<bool> {
        let rows = self.rows(self.full_name(name, version).unwrap_or(name));
        let at = version.or_else(|| self.newest());
        let row = rows.iter().find(|row| row.is_known(at)).or(rows.last())?;
        Some(row.takes_value)
    }

    /// The full name of a flag that is written in another spelling, or cut short; `None` where it isn't known.
    pub(crate) fn full_name(&self, name: &str, version: Option<Version>) -> Option<&'static str> {
        if let Some(row) = self.rows(name).first() {
            return Some(if row.alias_of.is_empty() {
                row.name
            } else {
                row.alias_of
            });
        }
        let mut full = self.starting_with(name, version).map(|row| match row.alias_of {
            "" => row.name,
            other => other,
        });
        let first = full.next()?;
        full.all(|other| other == first).then_some(first)
    }

    /// What argparse takes a shortened name for.
    fn starting_with(&self, name: &str, version: Option<Version>) -> impl Iterator<Item = &Row> {
        let short = self.parser == Parser::Argparse && name.len() > 2 && name.starts_with("--");
        let rows = if short { self.parsed().rows.as_slice() } else { &[] };
        let start = rows.partition_point(|row| row.name < name);
        rows[start..]
            .iter()
            .take_while(move |row| row.name.starts_with(name))
            .filter(move |row| row.is_known(version))
    }

    /// What is wrong with a flag, if anything surely is.
    fn problem(&self, written: &str, version: Option<Version>, build: Build) -> Option<FlagProblemKind> {
        // Behind a dot stand keys of a JSON value.
        let name = written.split('.').next().unwrap_or(written);
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let judged = match name.strip_prefix("--") {
            Some(rest) => plain(rest),
            None => self.parser == Parser::Exact && plain(name) && !name.bytes().any(|b| b.is_ascii_digit()),
        };
        let releases = &self.parsed().releases;
        let (oldest, newest) = (*releases.first()?, *releases.last()?);
        if !judged || version.is_some_and(|stated| stated < oldest) {
            return None;
        }
        // A release that wasn't read lies between two that were.
        let release = version.filter(|stated| build == Build::Release && releases.binary_search(stated).is_ok());
        let known = |at: Option<Version>| {
            self.rows(name).iter().any(|row| row.is_known(at)) || self.starting_with(name, at).next().is_some()
        };
        if known(release) {
            let newer = build == Build::Newest || (build == Build::Release && version.is_some_and(|at| at > newest));
            let gone = self.removed(name, newest).filter(|_| newer && !known(Some(newest)));
            return gone
                .filter(|(since, _)| {
                    let after = releases.iter().filter(|release| *release >= since).count();
                    after >= LONG_GONE
                })
                .map(|(since, instead)| FlagProblemKind::Removed { since, instead });
        }
        if let Some(at) = release {
            if let Some((since, instead)) = self.removed(name, at) {
                return Some(FlagProblemKind::Removed { since, instead });
            }
            let later = self
                .rows(name)
                .iter()
                .flat_map(|row| &row.periods)
                .map(|period| period.since);
            if let Some(since) = later.filter(|since| *since > at).min() {
                return Some(FlagProblemKind::NotYet { since });
            }
        }
        let nearest = self.nearest(name, release.unwrap_or(newest));
        let near = |most: usize| nearest.is_some_and(|(distance, near)| distance <= most && near.len() >= 10);
        let sure = match build {
            Build::Release => release.is_some(),
            Build::Newest => true,
            // It may be a build of one's own.
            Build::Unstated => near(usize::MAX),
            Build::Other => false,
        };
        (sure || near(1)).then(|| FlagProblemKind::Unknown {
            nearest: nearest.map(|(_, near)| near),
        })
    }

    /// The first release without a flag that earlier ones knew, and what took its place.
    fn removed(&self, name: &str, at: Version) -> Option<(Version, Option<&'static str>)> {
        let gone = self.rows(name).iter().flat_map(|row| {
            let instead = Some(row.instead).filter(|text| !text.is_empty());
            row.periods
                .iter()
                .filter_map(move |period| Some((period.until.filter(|until| *until <= at)?, instead)))
        });
        gone.max_by_key(|(until, _)| *until)
    }

    /// The full name nearest to one that isn't known, and how many letters they differ by.
    fn nearest(&self, name: &str, at: Version) -> Option<(usize, &'static str)> {
        let most = (name.len() / 5).max(2);
        let known = self.parsed().rows.iter().filter(|row| row.is_known(Some(at)));
        known
            .filter(|row| row.name.starts_with("--") && row.name.len().abs_diff(name.len()) <= most)
            .map(|row| (strsim::osa_distance(name, row.name), row.name))
            .filter(|(distance, _)| *distance <= most)
            .min()
    }
}

/// Reads `0.4.1..0.9.0` or `0.10.0..`.
fn period(text: &str) -> Option<Period> {
    let (since, until) = text.split_once("..")?;
    Some(Period {
        since: Version::parse(since)?,
        until: Version::parse(until),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A table of made-up releases 0.1 to 0.9.
    pub(crate) static MADE_UP: Table = Table::new(
        "releases\t0.1.0\t0.2.0\t0.3.0\t0.4.0\t0.5.0\t0.6.0\t0.7.0\t0.8.0\t0.9.0\n\
         --max-model-len\tvalue\t0.1.0..\t\t\n\
         --tensor-parallel-size\tvalue\t0.1.0..\t\t\n\
         -tp\tvalue\t0.1.0..\t--tensor-parallel-size\t\n\
         --seed\tvalue\t0.1.0..\t\t\n\
         --dtype\tvalue\t0.1.0..\t\t\n\
         --enforce-eager\tswitch\t0.1.0..\t\t\n\
         --enable-x\toptional\t0.1.0..0.5.0\t\t\n\
         --enable-x\tswitch\t0.5.0..\t\t\n\
         --no-enable-x\tswitch\t0.5.0..\t\t\n\
         --old\tvalue\t0.1.0..0.4.0\t\t--new\n\
         --late-gone\tvalue\t0.1.0..0.8.0\t\t\n",
        Parser::Argparse,
    );

    fn shown(flag: &str, version: Option<(u32, u32)>, build: Build) -> String {
        let version = version.map(|(major, minor)| Version::new(major, minor, 0));
        match MADE_UP.problem(flag, version, build) {
            None => String::new(),
            Some(FlagProblemKind::Unknown { nearest }) => format!("unknown, {}", nearest.unwrap_or("nothing near")),
            Some(FlagProblemKind::Removed { since, instead }) => {
                format!("removed {since}, {}", instead.unwrap_or("nothing instead"))
            }
            Some(FlagProblemKind::NotYet { since }) => format!("not before {since}"),
        }
    }

    #[test]
    fn a_release_knows_its_flags() {
        for (flag, minor, expected) in [
            ("--max-model-len", 3, ""),
            ("--max-model", 3, ""),
            ("--max-model-len.x", 3, ""),
            ("--old", 3, ""),
            ("--old", 4, "removed 0.4.0, --new"),
            ("--no-enable-x", 4, "not before 0.5.0"),
            ("--max-model-length", 4, "unknown, --max-model-len"),
            ("--turbo", 4, "unknown, nothing near"),
            ("-tp8", 4, ""),
            ("--$(X)", 4, ""),
            ("--", 4, ""),
            ("--é", 4, ""),
        ] {
            assert_eq!(shown(flag, Some((0, minor)), Build::Release), expected, "{flag}");
        }
    }

    #[test]
    fn what_is_not_stated_is_in_doubt() {
        let unstated = |flag, build| shown(flag, None, build);
        assert_eq!(unstated("--old", Build::Newest), "removed 0.4.0, --new");
        assert_eq!(unstated("--old", Build::Unstated), "");
        assert_eq!(unstated("--late-gone", Build::Newest), "", "gone for two releases only");
        assert_eq!(unstated("--turbo", Build::Newest), "unknown, nothing near");
        assert_eq!(unstated("--turbo", Build::Unstated), "");
        assert_eq!(
            unstated("--max-model-length", Build::Unstated),
            "unknown, --max-model-len"
        );
        assert_eq!(unstated("--turbo", Build::Other), "");
        assert_eq!(unstated("--max-modle-len", Build::Other), "unknown, --max-model-len");
        assert_eq!(
            shown("--turbo", Some((0, 10)), Build::Release),
            "",
            "newer than the table"
        );
        assert_eq!(shown("--old", Some((0, 10)), Build::Release), "removed 0.4.0, --new");
        assert_eq!(
            shown("--turbo", Some((0, 0)), Build::Release),
            "",
            "older than the table"
        );
        assert_eq!(shown("--old", Some((0, 8)), Build::Other), "");
    }

    #[test]
    fn names_are_completed_as_the_parser_does() {
        let at = |minor| Some(Version::new(0, minor, 0));
        assert_eq!(MADE_UP.full_name("-tp", None), Some("--tensor-parallel-size"));
        assert_eq!(MADE_UP.full_name("--tensor", None), Some("--tensor-parallel-size"));
        assert_eq!(MADE_UP.full_name("--en", None), None, "two start like that");
        assert_eq!(MADE_UP.takes_value("--enable-x", at(4)), Some(true));
        assert_eq!(MADE_UP.takes_value("--enable-x", at(5)), Some(false));
        assert_eq!(MADE_UP.takes_value("--enable-x", None), Some(false));
        assert_eq!(MADE_UP.takes_value("--what", None), None);
    }
}
