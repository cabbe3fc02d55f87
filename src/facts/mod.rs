//! Facts: named, typed values about a unit that a rule can read. This file is their table's frame; the rows stand
//! beside the functions that compute them.

pub mod cost;
mod count;
mod deployment;
mod gpu_request;
pub mod memory;
pub mod numbers;
mod prompt;
pub mod throughput;
pub mod training;
mod value;
pub mod words;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

pub use count::Share;
pub use deployment::DeploymentFacts;
pub use prompt::{CALL_IN_CODE, PromptFacts, instructions};
pub use training::TrainingFacts;
pub use value::{Known, Type, Value};

use crate::catalog::{Catalog, Date, OpenModel};
use crate::config::{Config, Measured, Owners, PromptSetting, TokenizerSetting, Usage};
use crate::report::Figure;
use crate::source::{Place, Source};
use crate::syntax::code::Files;
use crate::tokens;
use crate::tokens::local::TokenizerFile;
use crate::units::{Deployment, Field};

/// What facts are computed from besides the unit.
#[derive(Clone)]
pub struct World<'a> {
    /// The files of the tree that is judged.
    pub files: &'a Files<'a>,
    /// Deployments of an older state of the tree, by their names as seen from its root.
    pub before: HashMap<String, &'a Deployment>,
    /// By the base that llmlint.yaml states for them: how many deployments of the run, and the name of the first.
    pub same_base: HashMap<String, (u64, String)>,
    /// Texts that several prompts send as their instructions: where the first of them stands, by the text.
    pub same_text: HashMap<String, Place>,
    /// The command that runs the team's own evaluation, where a config of promptfoo is among the files.
    pub evaluation: Option<String>,
    /// What the team states.
    pub settings: &'a Settings,
    /// Models, prices, GPUs.
    pub catalog: &'a Catalog,
    /// Decides retirement.
    pub today: Date,
}

impl<'a> World<'a> {
    /// A world without an older state of the tree, and without what only shows across files.
    pub fn new(files: &'a Files<'a>, settings: &'a Settings, catalog: &'a Catalog, today: Date) -> Self {
        Self {
            files,
            before: HashMap::new(),
            same_base: HashMap::new(),
            same_text: HashMap::new(),
            evaluation: evaluation(files),
            settings,
            catalog,
            today,
        }
    }

    /// The name of a unit of `source` as seen from the root, however the file was named.
    pub fn name_in_tree(name: &str, source: &Source) -> String {
        let inside = name.strip_prefix(&source.path).unwrap_or(name);
        format!("{}{inside}", source.from_root)
    }
}

/// The command for the config of promptfoo that stands nearest to the root. Only of a path that a shell takes as it is.
fn evaluation(files: &Files<'_>) -> Option<String> {
    const NAMES: &[&str] = &["promptfooconfig.yaml", "promptfooconfig.yml", "promptfooconfig.json"];
    let plain = |path: &str| path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    files
        .iter()
        .map(|(_, source)| source.from_root.as_str())
        .filter(|path| NAMES.contains(&path.rsplit('/').next().unwrap_or(path)) && plain(path))
        .min_by_key(|path| (path.matches('/').count(), *path))
        .map(|path| format!("npx promptfoo eval -c {path}"))
}

/// A prompt as the config's entries choose it.
#[derive(Debug, Clone, Copy)]
pub struct PromptAt<'a> {
    /// Its file, from the repository's root.
    pub path: &'a str,
    /// Its name, seen from there.
    pub name: &'a str,
}

/// The config with its globs ready to match, and those of folders below that have their own.
pub struct Settings {
    /// The config, as the repository's root sees it.
    pub config: Config,
    /// What is supposed of every prompt, whatever the files and the config say.
    what_if: Option<PromptSetting>,
    /// The config's folder from the repository's root, with a `/` behind it; empty for the root itself.
    folder: String,
    exclude: globset::GlobSet,
    prompt_files: globset::GlobSet,
    /// Of the entries for prompts; none where an entry chooses by name or tag alone.
    prompts: Vec<Option<globset::GlobMatcher>>,
    deployments: Vec<globset::GlobMatcher>,
    ignore: Vec<globset::GlobMatcher>,
    /// Of the entries for tokenizers: the models, and the file.
    tokenizers: Vec<(globset::GlobMatcher, Arc<TokenizerFile>)>,
    /// The tokenizers of a Hugging Face cache by the models' names in small letters, where one is looked into.
    cached: Arc<BTreeMap<String, TokenizerFile>>,
    owners: Owners,
    usage: Usage,
    /// What governs folders with a config of their own, the deepest first.
    nested: Vec<Settings>,
}

impl Settings {
    /// Compiles the config's globs, which were checked when the config was read. `folder` is the config's folder from
    /// the repository's root, which its globs are seen from.
    pub fn new(config: Config, folder: &str) -> Self {
        let folder = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        Self::of(config.seen_from_root(&folder), folder)
    }

    /// What governs the files below `folder`, by a config that is seen from the repository's root.
    pub fn of(config: Config, folder: String) -> Self {
        let matcher = |glob: &str| {
            globset::Glob::new(glob)
                .unwrap_or_else(|_| globset::Glob::new("").expect("the empty glob is valid"))
                .compile_matcher()
        };
        Self {
            exclude: config.exclude_globs(),
            prompt_files: config.prompt_globs(),
            prompts: config
                .prompts
                .iter()
                .map(|s| (!s.files.is_empty()).then(|| matcher(&s.files)))
                .collect(),
            deployments: config.deployments.iter().map(|s| matcher(&s.files)).collect(),
            ignore: config.ignore.iter().map(|s| matcher(&s.files)).collect(),
            tokenizers: Vec::new(),
            cached: Arc::default(),
            owners: Owners::default(),
            usage: Usage::default(),
            what_if: None,
            config,
            folder,
            nested: Vec::new(),
        }
    }

    /// The same with what governs folders below that have a config of their own, the deepest first.
    pub fn with_nested(mut self, nested: Vec<Settings>) -> Self {
        self.nested = nested;
        self
    }

    /// Which of the nested ones governs a file, by its path from the repository's root.
    pub fn nested_at(&self, path: &str) -> Option<usize> {
        self.nested
            .iter()
            .position(|settings| path.starts_with(&settings.folder))
    }

    /// The nested ones, the deepest first.
    pub fn nested(&self) -> &[Settings] {
        &self.nested
    }

    /// What governs a file, by its path from the repository's root.
    pub fn at(&self, path: &str) -> &Settings {
        self.nested_at(path).map_or(self, |at| &self.nested[at])
    }

    /// The same with the repository's CODEOWNERS.
    pub fn with_owners(mut self, owners: Owners) -> Self {
        self.owners = owners;
        self
    }

    /// The same with the files of tokenizers that this config and those of folders below name; `open` makes one by its
    /// path from the root and its pattern. `cached` are those of a Hugging Face cache.
    pub fn with_tokenizers(
        mut self,
        open: &impl Fn(&TokenizerSetting) -> Arc<TokenizerFile>,
        cached: &Arc<BTreeMap<String, TokenizerFile>>,
    ) -> Self {
        let entries = self.config.tokenizers.iter().filter_map(|entry| {
            let glob = globset::Glob::new(&entry.models).ok()?;
            Some((glob.compile_matcher(), open(entry)))
        });
        self.tokenizers = entries.collect();
        self.cached = Arc::clone(cached);
        let nested = self.nested.into_iter();
        self.nested = nested.map(|below| below.with_tokenizers(open, cached)).collect();
        self
    }

    /// The file of a model's tokenizer, for a prompt of the file at `path`: the one that llmlint.yaml names, else, where
    /// none is built in, that of the Hugging Face cache.
    pub fn tokenizer(&self, path: &str, model: &str) -> Option<&TokenizerFile> {
        let named = self
            .at(path)
            .tokenizers
            .iter()
            .find(|(models, _)| models.is_match(model));
        if let Some((_, file)) = named {
            return Some(file);
        }
        if self.cached.is_empty() || tokens::encoding_for_model(model).is_some() {
            return None;
        }
        // Who serves it may stand before owner and name.
        let owner = model.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
        self.cached.get(&model[owner..].to_ascii_lowercase())
    }

    /// The files of tokenizers that the configs name, from the root.
    pub fn tokenizer_files(&self) -> impl Iterator<Item = &str> {
        let nested = self.nested.iter().flat_map(|below| &below.tokenizers);
        self.tokenizers
            .iter()
            .chain(nested)
            .map(|(_, file)| file.shown.as_str())
    }

    /// Why files of tokenizers are none, of those that something was counted with.
    pub fn tokenizer_faults(&self) -> Vec<&str> {
        let nested = self.nested.iter().flat_map(|below| &below.tokenizers);
        let named = self.tokenizers.iter().chain(nested).map(|(_, file)| &**file);
        let mut all: Vec<&str> = named
            .chain(self.cached.values())
            .filter_map(TokenizerFile::fault)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The same with measured volumes.
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// What was measured of a prompt, by its name from the root or, after a move, by its content's fingerprint.
    pub fn measured(&self, name: &str, fingerprint: impl FnOnce() -> String) -> Option<&Measured> {
        self.usage
            .of(name.strip_prefix(self.folder.as_str()).unwrap_or(name), fingerprint)
    }

    /// The same where something is supposed of every prompt.
    pub fn suppose(mut self, what_if: PromptSetting) -> Self {
        self.what_if = Some(what_if);
        self
    }

    /// The model that every prompt is supposed to be sent to.
    pub fn supposed_model(&self) -> Option<&String> {
        self.what_if.as_ref()?.model.as_ref()
    }

    /// Who owns a file, by its path from the repository's root.
    pub fn owners(&self, path: &str) -> &[String] {
        self.owners.of(path)
    }

    /// The config's folder from the repository's root, with a `/` behind it; empty for the root itself.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The entry of `ignore:` by which a finding of `rule` in `path` is not reported.
    pub fn ignored(&self, rule: &str, path: &str) -> Option<&crate::config::IgnoreSetting> {
        let settings = self.at(path);
        let mut entries = settings.config.ignore.iter().zip(&settings.ignore);
        entries
            .find(|(setting, glob)| setting.rules.iter().any(|named| named == rule) && glob.is_match(path))
            .map(|(setting, _)| setting)
    }

    /// Whether a file stands where prompts are kept as text.
    pub fn is_prompt_place(&self, path: &str) -> bool {
        self.at(path).prompt_files.is_match(path)
    }

    /// Whether a file or folder is left alone. What the folders above leave out is not found, whatever it says itself.
    pub fn is_left_out(&self, path: &str) -> bool {
        self.exclude.is_match(path) || self.at(path).exclude.is_match(path)
    }

    /// What the last entry states that chooses the prompt and states what `pick` reads.
    pub fn prompt<T>(&self, at: PromptAt<'_>, pick: impl Fn(&PromptSetting) -> Option<T>) -> Option<T> {
        self.stated(at, pick).map(|(stated, _)| stated)
    }

    /// The same with the name of what states it.
    pub fn stated<T>(&self, at: PromptAt<'_>, pick: impl Fn(&PromptSetting) -> Option<T>) -> Option<(T, &'static str)> {
        if let Some(supposed) = self.what_if.as_ref().and_then(&pick) {
            return Some((supposed, "--what-if"));
        }
        let tags = std::cell::LazyCell::new(|| self.tags(at));
        let settings = self.at(at.path);
        let entries = settings.config.prompts.iter().zip(&settings.prompts).rev();
        entries
            .filter(|(setting, files)| {
                chooses(setting, files.as_ref(), at) && setting.tag.as_ref().is_none_or(|tag| tags.contains(tag))
            })
            .find_map(|(setting, _)| pick(setting))
            .map(|stated| (stated, "llmlint.yaml"))
    }

    /// The prompt's tags: those of the last entry that chooses it by file or name and sets some.
    pub fn tags(&self, at: PromptAt<'_>) -> &[String] {
        let settings = self.at(at.path);
        let entries = settings.config.prompts.iter().zip(&settings.prompts).rev();
        entries
            .filter(|(setting, files)| setting.tag.is_none() && chooses(setting, files.as_ref(), at))
            .find_map(|(setting, _)| setting.tags.as_deref())
            .unwrap_or_default()
    }

    /// The entries of `prompts:` that state a volume and choose none of `prompts`, by their places in the list.
    pub fn idle_volumes(&self, prompts: &[PromptAt<'_>]) -> Vec<usize> {
        let entries = self.config.prompts.iter().zip(&self.prompts).enumerate();
        entries
            .filter(|(_, (setting, files))| {
                let is_for = |at: &PromptAt<'_>| {
                    chooses(setting, files.as_ref(), *at)
                        && setting.tag.as_ref().is_none_or(|tag| self.tags(*at).contains(tag))
                };
                setting.has_volume() && !prompts.iter().any(is_for)
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// The last entry for deployments that matches `path` and states the field that `pick` reads.
    pub fn deployment<T>(
        &self,
        path: &str,
        pick: impl Fn(&crate::config::DeploymentSetting) -> Option<T>,
    ) -> Option<T> {
        let settings = self.at(path);
        let entries = settings.config.deployments.iter().zip(&settings.deployments).rev();
        entries
            .filter(|(_, glob)| glob.is_match(path))
            .find_map(|(setting, _)| pick(setting))
    }
}

/// Whether an entry is for the prompt, its `tag` apart.
fn chooses(setting: &PromptSetting, files: Option<&globset::GlobMatcher>, at: PromptAt<'_>) -> bool {
    files.is_none_or(|files| files.is_match(at.path)) && setting.unit.as_ref().is_none_or(|name| name == at.name)
}

/// The catalog's row of a model with published weights.
///
/// # Errors
/// Why there is none: no name, or not in the catalog.
fn open_model(name: &Field<String>, catalog: &Catalog) -> Result<&'static OpenModel, String> {
    match name {
        Field::Known(name, _) => catalog.open_model(name).ok_or_else(|| match catalog.other_model(name) {
            Some(other) => format!("`{name}` makes {}, which is not worked out here", other.makes),
            None => format!("`{name}` is not in the catalog of open models, so its shape is not known"),
        }),
        Field::Absent(_) => Err("no model is named".to_owned()),
        Field::Unknown(why, _) => Err(why.clone()),
    }
}

/// What is known of one fact of one unit.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its value.
    pub value: Known<Value>,
    /// Where it stands, or would stand.
    pub place: Option<Place>,
    /// For an amount, how it is made.
    pub figure: Option<Figure>,
}

impl Fact {
    /// A value that follows from the unit as a whole.
    pub fn of(value: Known<Value>) -> Self {
        Self {
            value,
            place: None,
            figure: None,
        }
    }

    /// The same with a place.
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// An amount: its value in conditions is its high end.
    pub fn amount(figure: Result<Figure, String>) -> Self {
        match figure {
            Ok(figure) => Self {
                value: Known::Yes(Value::Number(figure.high)),
                place: None,
                figure: Some(figure),
            },
            Err(why) => Self::of(Known::Unknown(why.into())),
        }
    }
}

/// A row of a table of facts; `Get` is a function from the kind of unit to the fact.
pub struct Row<Get> {
    /// Its name in conditions: `prompt.tokens`.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Its unit (`tokens`, `GiB`, `USD`), empty where it has none.
    pub unit: &'static str,
    /// What it says.
    pub about: &'static str,
    /// Computes it.
    pub get: Get,
}

/// A table of facts, in parts: each part stands beside the functions that compute its rows.
type Tables<'t, Of> = [&'t [Row<fn(&Of) -> Fact>]];

/// The kinds of unit that rules judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnitKind {
    /// What is sent in one kind of request.
    Prompt,
    /// A request that embeds.
    Embedding,
    /// An engine that serves a model.
    Deployment,
    /// A model that is trained.
    Training,
}

impl UnitKind {
    /// The lower-case name, which is also the first part of its facts' names.
    pub fn name(self) -> &'static str {
        match self {
            UnitKind::Prompt => "prompt",
            UnitKind::Embedding => "embedding",
            UnitKind::Deployment => "deployment",
            UnitKind::Training => "training",
        }
    }

    /// Name, type, unit and meaning of each of its facts.
    pub fn facts(self) -> Vec<(&'static str, Type, &'static str, &'static str)> {
        fn outline<Get>(tables: &[&[Row<Get>]]) -> Vec<(&'static str, Type, &'static str, &'static str)> {
            let rows = tables.iter().flat_map(|rows| rows.iter());
            rows.map(|row| (row.name, row.ty, row.unit, row.about)).collect()
        }
        match self {
            UnitKind::Prompt => outline(prompt::FACTS),
            UnitKind::Embedding => outline(&[prompt::EMBEDDING_FACTS]),
            UnitKind::Deployment => outline(deployment::FACTS),
            UnitKind::Training => outline(training::FACTS),
        }
    }

    /// The row of each fact that can be asked of it, by name: of an embedding also those of the request that it is.
    fn rows(self) -> &'static HashMap<&'static str, usize> {
        const KINDS: [UnitKind; 4] = [
            UnitKind::Prompt,
            UnitKind::Embedding,
            UnitKind::Deployment,
            UnitKind::Training,
        ];
        static ROWS: LazyLock<[HashMap<&'static str, usize>; 4]> = LazyLock::new(|| {
            KINDS.map(|kind| {
                let request = (kind == UnitKind::Embedding).then(|| UnitKind::Prompt.facts());
                let facts = kind.facts().into_iter().chain(request.into_iter().flatten());
                facts.enumerate().map(|(row, (name, ..))| (name, row)).collect()
            })
        });
        &ROWS[self as usize]
    }
}

/// The facts of one unit, by its kind.
pub enum UnitFacts<'a> {
    /// A prompt.
    Prompt(Box<PromptFacts<'a>>),
    /// A request that embeds.
    Embedding(Box<PromptFacts<'a>>),
    /// A deployment.
    Deployment(Box<DeploymentFacts<'a>>),
    /// A training run.
    Training(Box<TrainingFacts<'a>>),
}

/// A unit whose facts can be asked for; each is computed once, when it is first needed.
pub struct Subject<'a> {
    /// What computes them.
    pub facts: UnitFacts<'a>,
    /// Those that were asked for, in the order of the tables' rows.
    told: Vec<OnceCell<Box<Fact>>>,
}

impl<'a> Subject<'a> {
    /// A unit of which nothing was asked yet.
    pub fn new(facts: UnitFacts<'a>) -> Self {
        let rows = facts.kind().rows().len();
        Self {
            facts,
            told: vec![OnceCell::new(); rows],
        }
    }

    /// The kind of unit.
    pub fn kind(&self) -> UnitKind {
        self.facts.kind()
    }

    /// The unit's name.
    pub fn name(&self) -> &str {
        match &self.facts {
            UnitFacts::Prompt(facts) | UnitFacts::Embedding(facts) => &facts.prompt.name,
            UnitFacts::Deployment(facts) => &facts.deployment.name,
            UnitFacts::Training(facts) => &facts.training.name,
        }
    }

    /// The format it was read as.
    pub fn format(&self) -> &'static str {
        match &self.facts {
            UnitFacts::Prompt(facts) | UnitFacts::Embedding(facts) => facts.prompt.format,
            UnitFacts::Deployment(facts) => facts.deployment.format,
            UnitFacts::Training(facts) => facts.training.format,
        }
    }

    /// Where the unit stands.
    pub fn place(&self) -> Place {
        match &self.facts {
            UnitFacts::Prompt(facts) | UnitFacts::Embedding(facts) => facts.prompt.place,
            UnitFacts::Deployment(facts) => facts.deployment.place,
            UnitFacts::Training(facts) => facts.training.place,
        }
    }

    /// The request that it is, where it is one.
    pub fn request(&self) -> Option<&PromptFacts<'a>> {
        match &self.facts {
            UnitFacts::Prompt(facts) | UnitFacts::Embedding(facts) => Some(facts),
            UnitFacts::Deployment(_) | UnitFacts::Training(_) => None,
        }
    }

    /// A fact by name; `None` where there is no such fact.
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        fn compute<Of>(tables: &Tables<'_, Of>, of: &Of, row: usize) -> Option<Fact> {
            let mut rows = tables.iter().flat_map(|rows| rows.iter());
            rows.nth(row).map(|row| (row.get)(of))
        }
        let own = prompt::EMBEDDING_FACTS;
        let row = *self.kind().rows().get(name)?;
        if let Some(told) = self.told[row].get() {
            return Some(told);
        }
        let fact = match &self.facts {
            UnitFacts::Prompt(facts) => compute(prompt::FACTS, &**facts, row),
            UnitFacts::Embedding(facts) if row < own.len() => compute(&[own], &**facts, row),
            UnitFacts::Embedding(facts) => compute(prompt::FACTS, &**facts, row - own.len()),
            UnitFacts::Deployment(facts) => compute(deployment::FACTS, &**facts, row),
            UnitFacts::Training(facts) => compute(training::FACTS, &**facts, row),
        }?;
        Some(self.told[row].get_or_init(|| Box::new(fact)))
    }
}

impl UnitFacts<'_> {
    fn kind(&self) -> UnitKind {
        match self {
            UnitFacts::Prompt(_) => UnitKind::Prompt,
            UnitFacts::Embedding(_) => UnitKind::Embedding,
            UnitFacts::Deployment(_) => UnitKind::Deployment,
            UnitFacts::Training(_) => UnitKind::Training,
        }
    }
}

/// The names that a rule's expressions may use: its unit's facts and its own options.
pub struct FactNames {
    facts: Vec<(&'static str, Type, &'static str, &'static str)>,
    options: BTreeMap<String, Type>,
}

impl FactNames {
    /// The names for a rule about `unit` with these options.
    pub fn new(unit: UnitKind, options: BTreeMap<String, Type>) -> Self {
        Self {
            facts: unit.facts(),
            options,
        }
    }

    /// Whether there is such a fact or option.
    pub fn knows(&self, name: &str) -> bool {
        self.type_of(name).is_some()
    }

    /// The type of a fact or option.
    pub fn type_of(&self, name: &str) -> Option<Type> {
        if let Some(option) = name.strip_prefix("options.") {
            return self.options.get(option).copied();
        }
        self.facts
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, ty, ..)| *ty)
    }

    /// The known name that is nearest to `name`, if one is near.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let options = self.options.keys().map(|key| format!("options.{key}"));
        self.facts
            .iter()
            .map(|(known, ..)| (*known).to_owned())
            .chain(options)
            .map(|known| (strsim::damerau_levenshtein(name, &known), known))
            .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
            .min()
            .map(|(_, known)| known)
    }

    /// What to say of a name that is not known.
    pub fn unknown(&self, name: &str) -> String {
        match self.nearest(name) {
            Some(near) => format!("unknown fact `{name}`: did you mean `{near}`?"),
            None => format!("unknown fact `{name}`: `llmlint facts` lists those there are"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evaluation_is_the_config_nearest_to_the_root() {
        let paths = [
            "a/b/promptfooconfig.yaml",
            "z/promptfooconfig.yaml",
            "a b/promptfooconfig.yml",
            "q.yaml",
        ];
        let sources = paths.map(|path| Source::new(path, "", false));
        assert_eq!(
            evaluation(&Files::new(&sources)).as_deref(),
            Some("npx promptfoo eval -c z/promptfooconfig.yaml")
        );
        assert_eq!(evaluation(&Files::new(&sources[3..])), None);
    }
}
