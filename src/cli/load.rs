//! What a run judges by: config, catalog, rules, today.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::configs::{self, Configs, Nested, Own};
use crate::catalog::{
    ApiModel, BilledUnit, Catalog, Date, Discount, ModelKind, OwnModel, PriceList, PriceRow, Rate, TimedPrice,
    check_list,
};
use crate::config::{
    Budget, Config, DEFAULT_MAX_FILE_BYTES, DiscountSetting, Owners, TokenizerSetting, USAGE_FILE, UsageFile, owners,
};
use crate::excerpt;
use crate::facts::Settings;
use crate::formats::{self, Outcome};
use crate::host::{self, Origin, Root, Scan, Walked};
use crate::lint::{self, Linter, Scope};
use crate::report::{Finding, Report};
use crate::rules::{self, Rule, RuleSet, Selection};
use crate::source::{Source, Span};
use crate::syntax::code::Files;
use crate::syntax::{Node, SyntaxError, yaml};
use crate::tokens::local::TokenizerFile;
use crate::units::Unit;

/// Which config to use.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ConfigArguments {
    /// Use this config.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Use no config.
    #[arg(long)]
    no_config: bool,
    /// Count by the tokenizers of this machine's Hugging Face cache where a model's own is not built in.
    #[arg(long)]
    hf_cache: bool,
    /// Judge retirement and the age of prices as of this day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<String>,
}

impl ConfigArguments {
    /// No config, and today.
    pub(super) fn none() -> Self {
        Self {
            config: None,
            no_config: true,
            hf_cache: false,
            as_of: None,
        }
    }

    /// The day that is taken for today.
    fn today(&self) -> Result<Date, Failure> {
        match &self.as_of {
            Some(text) => text
                .parse()
                .map_err(|_| Failure(format!("--as-of: `{text}` is no day: expected YYYY-MM-DD"))),
            None => Ok(host::today()),
        }
    }

    /// The configs of a run on `paths`.
    fn configs(
        &self,
        origin: &Origin,
        root: &Root,
        paths: &[PathBuf],
        listed: Option<&[String]>,
    ) -> Result<Configs, Failure> {
        match (&self.config, self.no_config) {
            (_, true) => Ok(Configs::default()),
            (Some(path), _) => Ok(Configs {
                first: Some(Own::read(origin, path, root)?),
                ..Configs::default()
            }),
            (None, _) => Configs::find(origin, root, paths, listed),
        }
    }
}

/// Everything that a run needs besides the files.
pub(super) struct Run {
    pub(super) root: Root,
    pub(super) settings: Settings,
    pub(super) catalog: Catalog,
    pub(super) rules: RuleSet,
    pub(super) today: Date,
    /// The config's file, where there is one.
    pub(super) config_path: Option<PathBuf>,
    /// Where its baseline is, or would be.
    pub(super) baseline: PathBuf,
    /// The configs of folders below, the deepest first.
    pub(super) nested: Vec<Nested>,
    /// What those folders are judged by.
    scopes: Vec<Scope>,
    /// What was found on the way to those configs.
    pub(super) walked: Option<Walked>,
}

/// The name of a baseline, unless the config gives another.
pub(super) const BASELINE: &str = "llmlint-baseline.json";
/// The name of a file of prices, unless the config gives another.
const PRICES: &str = "llmlint.prices.jsonl";
/// The largest file of prices that is read: the program's own has half a megabyte.
pub(super) const MOST_PRICE_BYTES: u64 = 64 << 20;

/// Bytes of a usage file: tens of thousands of groups.
const MOST_USAGE_BYTES: u64 = 100_000_000;

/// Bytes of a tokenizer's file: the largest that models have are half of it.
const MOST_TOKENIZER_BYTES: u64 = 80_000_000;

/// The root of a run that starts at `start`.
pub(super) fn root(start: &Path) -> Result<Root, Failure> {
    let current = std::env::current_dir().map_err(|error| Failure(format!("the current folder: {error}")))?;
    Ok(Root::of(start, &current))
}

/// The settings with the tokenizers that the configs name, which are read from where the settings are, and those of this
/// machine's cache.
fn tokenizers(settings: Settings, origin: &Origin, root: &Root, hf_cache: bool) -> Settings {
    let cached = if hf_cache {
        host::cached_tokenizers()
    } else {
        Vec::new()
    };
    let cached = cached.into_iter().map(|cached| {
        let read = move || host::read_text(&cached.path, MOST_TOKENIZER_BYTES).map_err(|(why, _)| why);
        let shown = format!("{} in the Hugging Face cache", cached.shown);
        (cached.model, TokenizerFile::new(shown, None, Box::new(read)))
    });
    let cached = Arc::new(cached.collect());
    let opened = RefCell::new(HashMap::<(String, Option<String>), Arc<TokenizerFile>>::new());
    let open = |entry: &TokenizerSetting| {
        let key = (entry.file.clone(), entry.pattern.clone());
        let mut opened = opened.borrow_mut();
        let file = opened.entry(key).or_insert_with(|| {
            let (origin, root, path) = (origin.clone(), root.clone(), root.folder.join(&entry.file));
            let read = move || {
                let real = path.canonicalize();
                if matches!(origin, Origin::Disk) && real.is_ok_and(|real| real != path) {
                    return Err("is reached by a symbolic link, which is not followed".to_owned());
                }
                origin.read(&path, &root, MOST_TOKENIZER_BYTES)
            };
            Arc::new(TokenizerFile::new(
                entry.file.clone(),
                entry.pattern.clone(),
                Box::new(read),
            ))
        });
        Arc::clone(file)
    };
    settings.with_tokenizers(&open, &cached)
}

/// The repository's CODEOWNERS; none where there is no such file.
fn owners(origin: &Origin, root: &Root) -> Owners {
    let mut places = owners::PLACES.iter().map(|place| root.folder.join(place));
    let found = places.find(|path| origin.has(path, root));
    let text = found.and_then(|path| origin.read(&path, root, DEFAULT_MAX_FILE_BYTES).ok());
    text.map_or_else(Owners::default, |text| Owners::parse(&text))
}

impl Run {
    /// Loads it for a run that starts at `start`, with the settings that are on the disk.
    pub(super) fn load(arguments: &ConfigArguments, start: &Path, selection: &Selection) -> Result<Self, Failure> {
        let paths = [start.to_path_buf()];
        Self::load_from(&Origin::Disk, root(start)?, arguments, &paths, None, selection)
    }

    /// The same without the volumes that were measured.
    pub(super) fn load_without_usage(
        arguments: &ConfigArguments,
        start: &Path,
        selection: &Selection,
    ) -> Result<Self, Failure> {
        let paths = [start.to_path_buf()];
        Self::load_settings(&Origin::Disk, root(start)?, arguments, &paths, None, selection)
    }

    /// Loads it for a run on `paths`, with the settings of `origin`. `listed` are the files from the root that may be
    /// configs of folders below; they are looked for where it is absent.
    pub(super) fn load_from(
        origin: &Origin,
        root: Root,
        arguments: &ConfigArguments,
        paths: &[PathBuf],
        listed: Option<&[String]>,
        selection: &Selection,
    ) -> Result<Self, Failure> {
        let mut run = Self::load_settings(origin, root, arguments, paths, listed, selection)?;
        if !arguments.no_config {
            let path = run.usage_path();
            let is_named = run.settings.config.usage.is_some();
            if is_named || origin.has(&path, &run.root) {
                let text = origin.read(&path, &run.root, MOST_USAGE_BYTES);
                let file = text.and_then(|text| UsageFile::parse(&text));
                let file = file.map_err(|why| Failure(format!("{}: {why}", path.display())))?;
                run.settings = run.settings.with_usage(file.usage());
            }
        }
        Ok(run)
    }

    /// Where the measured volumes are, or would be: where the config says, else beside it.
    pub(super) fn usage_path(&self) -> PathBuf {
        self.beside_config(self.settings.config.usage.as_deref().unwrap_or(USAGE_FILE))
    }

    /// A file of that name beside the config, else in the repository's folder or where the command was started.
    pub(super) fn beside_config(&self, name: &str) -> PathBuf {
        let folder = self.config_path.as_deref().and_then(Path::parent);
        folder.unwrap_or_else(|| self.root.repository()).join(name)
    }

    fn load_settings(
        origin: &Origin,
        root: Root,
        arguments: &ConfigArguments,
        paths: &[PathBuf],
        listed: Option<&[String]>,
        selection: &Selection,
    ) -> Result<Self, Failure> {
        let today = arguments.today()?;
        let mut configs = arguments.configs(origin, &root, paths, listed)?;
        let first = configs.first.take();
        let walked = configs.walked.take();
        let embedded = rules::embedded().map_err(|error| Failure(format!("rules/{}.md: {error}", error.id)))?;
        let embedded: Vec<Arc<Rule>> = embedded.into_iter().map(Arc::new).collect();
        let (config, from_root, pages) = match &first {
            Some(own) => (
                own.config.clone(),
                own.inside(&root),
                own.pages(origin, &root, &embedded)?,
            ),
            None => (Config::default(), String::new(), embedded.clone()),
        };
        let from = (origin, &root);
        let rules = configs::rule_set(first.as_ref(), &pages, &config, selection, from)?;
        let folder = first.as_ref().map_or(Path::new(""), Own::folder);
        let baseline = folder.join(config.baseline.as_deref().unwrap_or(BASELINE));
        let prices = own_prices(origin, first.as_ref().map(|own| own.path.as_path()), &root, &config)?;
        let settings = Settings::new(config, &from_root).with_owners(owners(origin, &root));
        let made = configs.nest(&settings, &pages, &embedded, prices.as_ref(), selection, from)?;
        let (mut nested, mut below, mut scopes) = (Vec::new(), Vec::new(), Vec::new());
        for (one, settings, scope) in made {
            nested.push(one);
            below.push(settings);
            scopes.push(scope);
        }
        Ok(Self {
            baseline,
            config_path: first.map(|own| own.path),
            catalog: catalog(&settings.config, prices)?,
            settings: tokenizers(settings.with_nested(below), origin, &root, arguments.hf_cache),
            rules,
            today,
            nested,
            scopes,
            walked,
            root,
        })
    }

    /// The files at `paths`, and those that what is in them names.
    pub(super) fn scan(&self, paths: &[PathBuf], gitignore: bool) -> Result<Scan, Failure> {
        // A walk that passed over what git ignores is none through all.
        let walked = self.walked.as_ref().filter(|_| gitignore);
        let mut scan =
            host::scan(paths, &self.root, &self.settings, gitignore, walked).map_err(|error| Failure(error.message))?;
        host::look_up(&mut scan, &self.root, &self.settings, |_| true, |_| None);
        Ok(scan)
    }

    /// Whether one of `paths` holds all that the config governs.
    pub(super) fn is_covered(&self, paths: &[PathBuf]) -> bool {
        let governed = self.config_path.as_deref().and_then(Path::parent);
        let governed = governed.and_then(|folder| folder.canonicalize().ok());
        let covers = |path: &PathBuf| {
            let path = path.canonicalize().ok();
            path.zip(governed.as_ref())
                .is_some_and(|(path, folder)| folder.starts_with(path))
        };
        paths.iter().any(covers)
    }

    /// All budgets with the folders that they are for: those of folders below count beside those above.
    pub(super) fn budgets(&self) -> Vec<(Budget, String)> {
        let own = self.settings.config.budgets.iter();
        let own = own.map(|budget| (budget.clone(), self.settings.folder().to_owned()));
        let nested = self.nested.iter().rev();
        let nested = nested.flat_map(|one| one.budgets.iter().map(|budget| (budget.clone(), one.folder.clone())));
        own.chain(nested).collect()
    }

    /// The files and folders, from the repository's root, by which a change could lift its own limits, besides those that
    /// are known by their names.
    pub(super) fn guarded(&self) -> Vec<String> {
        let config = &self.settings.config;
        let folder = self.settings.folder();
        let named = config.rule_folders.iter().chain(&config.prices);
        let mut own: Vec<String> = named.map(|name| format!("{folder}{name}")).collect();
        own.push(self.root.path(&self.baseline));
        own.push(self.root.path(&self.usage_path()));
        own.extend(self.settings.tokenizer_files().map(str::to_owned));
        own.extend(self.config_path.iter().map(|path| self.root.path(path)));
        for nested in &self.nested {
            own.extend(nested.rule_folders.iter().cloned());
            own.push(self.root.path(&nested.baseline));
        }
        if self.budgets().iter().any(|(budget, _)| budget.owner.is_some()) {
            own.extend(owners::PLACES.iter().map(|place| (*place).to_owned()));
        }
        own
    }

    /// The units of some files, and a line for each that is left alone or does not parse.
    pub(super) fn units(&self, files: &Files<'_>) -> (Vec<Unit>, String) {
        let (mut units, mut notes) = (Vec::new(), String::new());
        for (id, source) in files.iter() {
            let path = crate::report::clean(&source.path);
            match formats::read(files, id, self.settings.is_prompt_place(&source.from_root)) {
                Outcome::LeftAlone(why) => notes.push_str(&format!("{path}: left alone: {why}\n")),
                Outcome::Read(_, read) => {
                    for error in &read.errors {
                        let at = source.position(error.span.start);
                        let message = excerpt::safe(&error.message);
                        notes.push_str(&format!("{path}:{}:{}: {message}\n", at.line, at.column));
                    }
                    units.extend(read.units);
                }
            }
        }
        (units, notes)
    }

    /// Findings on volumes that the configs state for prompts that a report on all their files does not have.
    pub(super) fn idle_volumes(&self, report: &Report) -> Vec<Finding> {
        let first = self.config_path.iter().map(|path| (path, &self.settings, 0));
        let nested = self.nested.iter().zip(self.settings.nested());
        let nested = nested.map(|(one, settings)| (&one.path, settings, one.inherited));
        let of = |(path, settings, inherited): (&PathBuf, &Settings, usize)| {
            let text = Origin::Disk.read(path, &self.root, DEFAULT_MAX_FILE_BYTES).ok()?;
            let shown = path.strip_prefix(&self.root.current).unwrap_or(path);
            let config = Source::new(host::slashed(shown), text, true);
            Some(lint::idle_volumes(report, settings, inherited, &config))
        };
        first.chain(nested).filter_map(of).flatten().collect()
    }

    /// A finding for each file of a tokenizer that something was to be counted with and is none.
    pub(super) fn tokenizer_faults(&self) -> Vec<Finding> {
        let config = self.config_path.as_ref();
        let shown = config.map(|path| host::slashed(path.strip_prefix(&self.root.current).unwrap_or(path)));
        lint::tokenizer_faults(&self.settings, shown.as_deref().unwrap_or("llmlint.yaml"))
    }

    /// What a run judges by.
    pub(super) fn linter(&self) -> Linter<'_> {
        Linter {
            nested: &self.scopes,
            ..Linter::new(&self.settings, &self.catalog, &self.rules, self.today)
        }
    }
}

/// The catalog in force where a run in the current folder would start, and today.
pub(super) fn catalog_of(arguments: &ConfigArguments) -> Result<(Catalog, Date), Failure> {
    let mut run = Run::load(arguments, Path::new("."), &Selection::default())?;
    let here = format!("{}/", run.root.path(&run.root.current));
    let catalog = match run.settings.nested_at(&here) {
        Some(at) => run.scopes.swap_remove(at).catalog,
        None => run.catalog,
    };
    Ok((catalog, run.today))
}

/// Where prices in place of the program's are, or would be, for a run in the current folder.
pub(super) fn prices_path(arguments: &ConfigArguments) -> Result<PathBuf, Failure> {
    let here = PathBuf::from(".");
    let root = root(&here)?;
    let first = arguments.configs(&Origin::Disk, &root, &[here], None)?.first;
    let config = first.as_ref().map_or_else(Config::default, |own| own.config.clone());
    Ok(prices_beside(
        first.as_ref().map(|own| own.path.as_path()),
        &root,
        &config,
    ))
}

/// The file of prices beside the config, or in the root's folder where there is none.
fn prices_beside(config_path: Option<&Path>, root: &Root, config: &Config) -> PathBuf {
    let folder = match config_path {
        Some(path) => path.parent().unwrap_or(Path::new("")),
        None => &root.folder,
    };
    folder.join(config.prices.as_deref().unwrap_or(PRICES))
}

/// Prices in place of the program's: the file that the config names, or else that of the usual name where it is there.
fn own_prices(
    origin: &Origin,
    config_path: Option<&Path>,
    root: &Root,
    config: &Config,
) -> Result<Option<PriceList>, Failure> {
    let path = prices_beside(config_path, root, config);
    if config.prices.is_none() && !origin.has(&path, root) {
        return Ok(None);
    }
    let failed = |why: String| Failure(format!("{}: {why}", path.display()));
    let text = origin.read(&path, root, MOST_PRICE_BYTES).map_err(failed)?;
    let list = price_list(text, config.prices.as_deref().unwrap_or(PRICES), None);
    list.map(Some).map_err(|why| {
        failed(format!(
            "{why}\n`llmlint catalog update --from FILE` takes a good one; without the file the program's own prices count"
        ))
    })
}

/// A list of prices of which every line can be used.
///
/// # Errors
/// What is wrong with which lines: a price that is missing is not to be taken for one that nobody knows.
pub(super) fn price_list(text: String, name: &str, today: Option<Date>) -> Result<PriceList, String> {
    let list = PriceList::new(text, name).map_err(|error| error.to_string())?;
    let problems = check_list(&list, today);
    if problems.is_empty() {
        return Ok(list);
    }
    let line = |(at, what): &(String, String)| format!("\n{}", excerpt::safe(&format!("{at}: {what}")));
    Err(format!(
        "can't be used:{}",
        problems.iter().map(line).collect::<String>()
    ))
}

/// A failure that names the line and column of a file of ours.
pub(super) fn placed(path: &Path, text: String, error: &SyntaxError) -> Failure {
    let source = Source::new(path.display().to_string(), text, true);
    let at = source.position(error.span.start);
    // The message may hold words of the file: they are not to look like lines of ours.
    let message = excerpt::safe(&error.message);
    Failure(format!("{}:{}:{}: {message}", source.path, at.line, at.column))
}

/// A failure about a rule's settings, with the place of the rule's name in the config where it can be found.
pub(super) fn rules_failure(origin: &Origin, path: &Path, root: &Root, message: &str) -> Failure {
    let text = origin.read(path, root, DEFAULT_MAX_FILE_BYTES).unwrap_or_default();
    let parsed = yaml::parse(&text, 0);
    let rules = parsed.documents.first().and_then(|document| document.get("rules"));
    let named = |key: &str| message.contains(&format!("`{key}`")) || message.contains(&format!(" {key}: "));
    let place = rules
        .into_iter()
        .flat_map(Node::entries)
        .find(|(key, _)| key.as_str().is_some_and(named))
        .map_or(Span::at(0), |(key, _)| key.span);
    let error = SyntaxError {
        span: place,
        message: message.to_owned(),
    };
    placed(path, text, &error)
}

/// Where the price of a team's own model comes from.
const OWN_MODELS: &str = "models: in llmlint.yaml";

/// The catalog with the config's own models in front.
pub(super) fn catalog(config: &Config, prices: Option<PriceList>) -> Result<Catalog, Failure> {
    let own = config.models.iter().map(|model| {
        let as_of = model.as_of.parse().map_err(|_| {
            Failure(format!(
                "llmlint.yaml: models: `{}`: `as_of` is to be a day, YYYY-MM-DD",
                model.id
            ))
        })?;
        let facts = ApiModel {
            id: model.id.clone(),
            provider: "own".to_owned(),
            aliases: Vec::new(),
            kind: ModelKind::Chat,
            family: model.id.clone(),
            tier: None,
            reasoning: false,
            context_window: model.context_window,
            max_output_tokens: None,
            deprecated_on: None,
            retired_on: None,
            replacement: None,
            source: OWN_MODELS.to_owned(),
            as_of,
        };
        let usd = [
            (BilledUnit::INPUT, Some(model.input)),
            (BilledUnit::OUTPUT, Some(model.output)),
            (BilledUnit::CACHE_READ, model.cached_input),
        ];
        let usd = usd.into_iter().filter_map(|(unit, usd)| Some((unit, Rate::Flat(usd?))));
        let row = PriceRow {
            id: model.id.clone(),
            provider: "own".to_owned(),
            context_window: model.context_window,
            deprecated: false,
            least_seconds: None,
            prices: vec![TimedPrice {
                from: None,
                hours: None,
                usd: usd.collect(),
            }],
            variants: Vec::new(),
            source: Some(OWN_MODELS.to_owned()),
            as_of: Some(as_of),
        };
        Ok(OwnModel { model: facts, row })
    });
    let own = own.collect::<Result<Vec<_>, Failure>>()?;
    let catalog = Catalog::with_models(own).with_prices(prices);
    let discount = |setting: &DiscountSetting| {
        let provider = catalog.seller(&setting.provider).ok_or_else(|| {
            Failure(format!(
                "llmlint.yaml: discounts: `{}` is no provider of the price list, such as openai, azure, aws",
                setting.provider
            ))
        })?;
        Ok(Discount {
            provider,
            percent_off: setting.percent_off,
        })
    };
    let discounts = config
        .discounts
        .iter()
        .map(discount)
        .collect::<Result<Vec<_>, Failure>>()?;
    machines_are_known(config, &catalog)?;
    if let Some(currency) = &config.currency
        && currency.as_of.parse::<Date>().is_err()
    {
        return Err(Failure(
            "llmlint.yaml: currency: `as_of` is to be a day, YYYY-MM-DD".to_owned(),
        ));
    }
    Ok(catalog.with_discounts(discounts))
}

/// Fails where a rate an hour is for something that is in no catalog, and would never count.
fn machines_are_known(config: &Config, catalog: &Catalog) -> Result<(), Failure> {
    for rate in &config.hourly_rates {
        let unknown = |name: &str, what: &str| {
            Failure(format!(
                "llmlint.yaml: hourly_rates: `{name}` is no {what} of the catalog"
            ))
        };
        if let Some(name) = rate.gpu.as_ref().filter(|name| catalog.gpu(name).gpu().is_none()) {
            return Err(unknown(name, "one GPU"));
        }
        if let Some(name) = rate
            .instance
            .as_ref()
            .filter(|name| catalog.instance_named(name).is_none())
        {
            return Err(unknown(name, "instance type"));
        }
    }
    Ok(())
}

/// A team's own rule pages.
pub(super) fn own_rules(origin: &Origin, folder: &Path, root: &Root) -> Result<Vec<Rule>, Failure> {
    let mut pages = origin
        .folder(folder, root)
        .map_err(|why| Failure(format!("rule_folders: {}: {why}", folder.display())))?;
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut made = Vec::new();
    for path in pages {
        let text = origin
            .read(&path, root, DEFAULT_MAX_FILE_BYTES)
            .map_err(|why| Failure(format!("{}: {why}", path.display())))?;
        let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if id.eq_ignore_ascii_case("readme") {
            continue;
        }
        let rule = Rule::parse(&id, &text).map_err(|error| placed(&path, text, &error.error))?;
        made.push(rule);
    }
    Ok(made)
}
