//! Which prompt of the tree each group of an export's calls belongs to. Told by the narrowest thing that both sides name:
//! the prompt's content, its name, a tag that it alone has, a model that it alone is sent to. What fits several prompts is
//! shared out to none of them.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use crate::catalog::{Catalog, Date};
use crate::config::{Counted, USAGE_VERSION, UnitUsage, UnmatchedUsage, UsageFile, UsageSource};
use crate::excerpt;
use crate::report::{Report, UnitReport};
use crate::usage::{Book, Key, Sums};

/// The files of one format, read.
pub struct Export {
    /// The format's name.
    pub format: &'static str,
    /// Who served the calls, where the format says so.
    pub served_by: Option<&'static str>,
    /// The files' names.
    pub files: Vec<String>,
    /// Their rows, added up.
    pub book: Book,
    /// Days that they are about, where the user states them.
    pub days: Option<u32>,
}

/// What may name a prompt, from one that no other has to what several may share.
struct Candidates<'a> {
    by_fingerprint: HashMap<&'a str, Vec<&'a UnitReport>>,
    by_name: HashMap<String, Vec<&'a UnitReport>>,
    by_tag: HashMap<&'a str, Vec<&'a UnitReport>>,
    by_model: HashMap<String, Vec<&'a UnitReport>>,
}

/// Brings exports together with the prompts of a report. `folder` is that of the usage file, from the repository's root,
/// with a `/` behind it.
pub fn attribute(exports: &[Export], report: &Report, catalog: &Catalog, today: Date, folder: &str) -> UsageFile {
    let prompts = report.units.iter().filter(|unit| unit.is_request());
    let candidates = Candidates::of(prompts, catalog);
    let mut sources = Vec::new();
    let mut units: BTreeMap<(String, &'static str), (UnitUsage, Sums)> = BTreeMap::new();
    let mut unmatched = Vec::new();
    for export in exports {
        sources.push(source(export));
        for (key, sums) in export.book.groups() {
            let priced = usd(&key, &sums, export.served_by, catalog, today);
            match candidates.find(&key, catalog) {
                Ok((unit, how)) => {
                    let name = name_in_tree(unit);
                    let name = name.strip_prefix(folder).unwrap_or(&name).to_owned();
                    let entry = units.entry((name.clone(), export.format)).or_insert_with(|| {
                        let usage = UnitUsage {
                            unit: name,
                            fingerprint: unit.fingerprint.clone(),
                            source: export.format.to_owned(),
                            matched_by: how.to_owned(),
                            counted: Counted::default(),
                            fixed_tokens: unit
                                .tokens
                                .as_ref()
                                .filter(|count| count.least == count.most)
                                .map(|count| count.least),
                        };
                        (usage, Sums::default())
                    });
                    let before = (entry.1.rows, entry.0.counted.usd);
                    let both = entry.1.plus(&sums).unwrap_or_else(|| entry.1.clone());
                    entry.0.counted = counted(&both, together(before, priced));
                    entry.1 = both;
                }
                Err(why) => unmatched.push(UnmatchedUsage {
                    source: export.format.to_owned(),
                    model: excerpt::safe(&key.model),
                    prompt: excerpt::safe(&key.prompt),
                    tags: key.tags.iter().map(|tag| excerpt::safe(tag)).collect(),
                    counted: counted(&sums, priced),
                    why,
                }),
            }
        }
    }
    sources.sort_by(|a: &UsageSource, b| a.format.cmp(&b.format));
    unmatched.sort_by(|a: &UnmatchedUsage, b| {
        let key = |usage: &UnmatchedUsage| {
            let same = (
                usage.source.clone(),
                usage.model.clone(),
                usage.prompt.clone(),
                usage.tags.clone(),
            );
            (std::cmp::Reverse(usage.counted.usd), same)
        };
        key(a).cmp(&key(b))
    });
    UsageFile {
        schema_version: USAGE_VERSION,
        llmlint: env!("CARGO_PKG_VERSION").to_owned(),
        sources,
        units: units.into_values().map(|(usage, _)| usage).collect(),
        unmatched,
    }
}

fn source(export: &Export) -> UsageSource {
    let book = &export.book;
    let span = book
        .first
        .zip(book.last)
        .map(|(first, last)| last.days_since(first) + 1);
    UsageSource {
        format: export.format.to_owned(),
        files: export.files.iter().map(|name| excerpt::safe(name)).collect(),
        from: book.first.map(|day| day.to_string()),
        to: book.last.map(|day| day.to_string()),
        days: export
            .days
            .or_else(|| u32::try_from(span?).ok())
            .filter(|days| *days > 0),
        rows: book.rows,
        bad_rows: book.bad,
        left_out: book
            .left_out
            .iter()
            .map(|(why, count)| ((*why).to_owned(), *count))
            .collect(),
    }
}

/// USD and who says so: the export where all rows tell it, else tokens at the catalog's prices.
type Priced = Option<(Decimal, &'static str)>;

fn usd(key: &Key, sums: &Sums, served_by: Option<&str>, catalog: &Catalog, today: Date) -> Priced {
    if sums.rows > 0 && sums.rows_with_usd == sums.rows {
        return Some((sums.usd.normalize(), "export"));
    }
    // What is written to a cache has a price of its own, which depends on how long it is kept there.
    if sums.rows_without_tokens > 0 || sums.cache_write > 0 {
        return None;
    }
    // The price of a short input of the usual kind: sums do not tell which calls were long.
    let price = catalog
        .priced(&key.model, served_by)
        .ok()?
        .price_on(today, 0, &BTreeMap::new())?;
    let fresh = sums.input.checked_sub(sums.cached)?;
    let part = |tokens: u64, usd: Decimal| Decimal::from(tokens).checked_mul(usd);
    let total = part(fresh, price.input)?
        .checked_add(part(sums.cached, price.cached_input.unwrap_or(price.input))?)?
        .checked_add(part(sums.output, price.output.unwrap_or_default())?)?;
    Some(((total / Decimal::from(1_000_000)).normalize(), "catalog"))
}

/// The sum of what was there and what comes to it; not known where one of them is not.
fn together(before: (u64, Option<Decimal>), priced: Priced) -> Priced {
    let (usd, from) = priced?;
    match before {
        (0, _) => Some((usd, from)),
        (_, known) => Some((known?.checked_add(usd)?.normalize(), from)),
    }
}

fn counted(sums: &Sums, priced: Priced) -> Counted {
    let has_tokens = sums.rows_without_tokens == 0;
    Counted {
        calls: (sums.rows_without_calls == 0).then_some(sums.calls),
        input_tokens: has_tokens.then_some(sums.input),
        cached_input_tokens: sums.cached,
        cache_write_tokens: sums.cache_write,
        output_tokens: has_tokens.then_some(sums.output),
        usd: priced.map(|(usd, _)| usd),
        usd_from: priced.map(|(_, from)| from.to_owned()),
    }
}

/// A unit's name as seen from the root, however its file was named.
fn name_in_tree(unit: &UnitReport) -> String {
    let inside = unit.name.strip_prefix(&unit.path).unwrap_or(&unit.name);
    format!("{}{inside}", unit.from_root)
}

/// The catalog's name of a model; the name itself, in lower case, where the catalog has none.
fn model_id(name: &str, catalog: &Catalog) -> String {
    let model = catalog.api_model(name).model();
    model.map_or_else(|| name.to_lowercase(), |model| model.id.clone())
}

impl<'a> Candidates<'a> {
    fn of(prompts: impl Iterator<Item = &'a UnitReport>, catalog: &Catalog) -> Self {
        let mut all = Self {
            by_fingerprint: HashMap::new(),
            by_name: HashMap::new(),
            by_tag: HashMap::new(),
            by_model: HashMap::new(),
        };
        for unit in prompts {
            all.by_fingerprint.entry(&unit.fingerprint).or_default().push(unit);
            let mut names = names(unit);
            names.sort_unstable();
            names.dedup();
            for name in names {
                all.by_name.entry(name).or_default().push(unit);
            }
            for tag in &unit.tags {
                all.by_tag.entry(tag).or_default().push(unit);
            }
            if let Some(model) = &unit.model {
                all.by_model.entry(model_id(model, catalog)).or_default().push(unit);
            }
        }
        all
    }

    /// The one prompt that a group of calls belongs to, and what tells so.
    fn find(&self, key: &Key, catalog: &Catalog) -> Result<(&'a UnitReport, &'static str), String> {
        let (unit, how) = self.named(key, catalog)?;
        // A prompt that is also sent to another model has another price there.
        if let Some(own) = unit.model.as_ref().filter(|_| !key.model.is_empty())
            && model_id(own, catalog) != model_id(&key.model, catalog)
        {
            return Err(format!(
                "it is {}, which names the model {own}",
                excerpt::safe(&unit.name)
            ));
        }
        Ok((unit, how))
    }

    fn named(&self, key: &Key, catalog: &Catalog) -> Result<(&'a UnitReport, &'static str), String> {
        let words = || {
            std::iter::once(&key.prompt)
                .chain(&key.tags)
                .filter(|word| !word.is_empty())
        };
        let of = |word: &String| {
            let word = word
                .strip_prefix("llmlint:")
                .or_else(|| word.strip_prefix("llmlint="))
                .unwrap_or(word);
            self.by_fingerprint.get(word)
        };
        if let Some(found) = words().find_map(of) {
            return only(found, "content").map(|unit| (unit, "fingerprint"));
        }
        if !key.prompt.is_empty() {
            return match self.by_name.get(&key.prompt) {
                Some(found) => only(found, "name").map(|unit| (unit, "prompt name")),
                None => Err("no prompt of the tree has this name".to_owned()),
            };
        }
        for tag in &key.tags {
            if let Some(found) = self.by_tag.get(tag.as_str()) {
                return only(found, "tag").map(|unit| (unit, "tag"));
            }
            if let Some([unit]) = self.by_name.get(tag).map(Vec::as_slice) {
                return Ok((unit, "prompt name"));
            }
        }
        if key.model.is_empty() {
            return Err("it names neither prompt nor model".to_owned());
        }
        match self.by_model.get(&model_id(&key.model, catalog)) {
            Some(found) => only(found, "model").map(|unit| (unit, "model")),
            None => Err("no prompt of the tree is sent to this model".to_owned()),
        }
    }
}

/// What exports may call a prompt: its name, its file, its file's name without endings, the part behind `#`.
fn names(unit: &UnitReport) -> Vec<String> {
    let whole = name_in_tree(unit);
    let file = unit.from_root.rsplit('/').next().unwrap_or(&unit.from_root);
    let stem = file.split('.').next().unwrap_or(file);
    let inner = whole
        .strip_prefix(&unit.from_root)
        .and_then(|rest| rest.strip_prefix('#'));
    let mut names: Vec<&str> = vec![&whole, &unit.name, &unit.from_root, file, stem];
    // A number tells nothing.
    names.extend(inner.filter(|inner| inner.parse::<u64>().is_err()));
    names
        .into_iter()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The only one of several prompts.
fn only<'a>(found: &[&'a UnitReport], what: &str) -> Result<&'a UnitReport, String> {
    match found {
        [unit] => Ok(unit),
        _ => Err(format!(
            "{} prompts of the tree have this {what}: a prompt's name or a tag of its own in the export would tell them apart",
            found.len()
        )),
    }
}
