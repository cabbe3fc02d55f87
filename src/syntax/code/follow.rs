//! Follows names to values: through assignments, parameters' defaults, classes, functions and imports.
//!
//! Every expression is looked at once for each way that a call leads to it, never deeper than [`MAX_DEEP`] and never
//! more than [`MAX_STEPS`] for one call of the file: what lies beyond is unknown.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::text::{self, Filling, MAX_TEXT};
use super::{
    Argument, Binding, BlockId, BlockKind, Call, Change, Entry, ExprId, ExprKind, Files, Kind, Language, Module, Open,
    Parameter, Repeat, ScopeId, ScopeKind, Site, Value, known, paths,
};
use crate::source::{Place, SourceId, Span, Text};

/// Most values that are looked at for one call.
const MAX_STEPS: usize = 50_000;

/// Most values that are looked at for one file.
const MAX_STEPS_OF_FILE: usize = 1_000_000;

/// Most names and parts that are followed into each other.
const MAX_DEEP: usize = 90;

/// Most functions that are followed into each other.
const MAX_FRAMES: usize = 6;

/// Most candidates that are told of one value.
const MAX_CANDIDATES: usize = 16;

/// Most calls of a function that are looked at for what its parameters may be.
const MAX_CALLERS: usize = 12;

/// The name of `a | b | c` as a call that makes something of its parts, in order.
pub const CHAIN: &str = "|";

/// Reads the calls of a file.
pub struct Reader<'a> {
    pub(super) files: &'a Files<'a>,
    id: SourceId,
    module: &'a Module,
    /// What is known, by the function that is followed (0 for none); those of functions are kept for one call.
    memo: RefCell<HashMap<(usize, SourceId, ExprId), Remembered>>,
    framed: RefCell<HashMap<(usize, SourceId, ExprId), Remembered>>,
    /// How many functions were followed.
    frames: Cell<usize>,
    /// Whether something was too deep, or too much to follow, since this was last set.
    cut: Cell<bool>,
    steps: Cell<usize>,
    limit: Cell<usize>,
}

/// A value that was looked at, and how deep: one that had to be cut off is worth something only as deep again.
type Remembered = (Arc<Value>, usize);

/// Where an expression is looked at.
#[derive(Clone, Copy)]
pub(super) struct Here<'f> {
    file: SourceId,
    scope: ScopeId,
    block: BlockId,
    deep: usize,
    frame: Option<&'f Frame<'f>>,
}

/// A function that is followed with the arguments of one call.
struct Frame<'f> {
    file: SourceId,
    scope: ScopeId,
    call: &'f Call,
    /// Which of the functions that were followed.
    id: usize,
    count: usize,
    outer: Option<&'f Frame<'f>>,
}

/// What a name is asked for.
#[derive(Clone, Copy)]
enum Use {
    /// In the scope that sets it, at this byte.
    Local(usize),
    /// In a scope inside that which sets it, or in another file: after all of it has run.
    Later,
    /// As a member of an object.
    Member,
}

impl<'f> Here<'f> {
    fn at(self, scope: ScopeId, block: BlockId) -> Self {
        Self { scope, block, ..self }
    }

    pub(super) fn file(self) -> SourceId {
        self.file
    }

    /// The same in another file: from where a value of that file is seen.
    pub(super) fn in_file(self, file: SourceId) -> Self {
        Self { file, ..self }
    }
}

impl<'a> Reader<'a> {
    /// A reader of a file's calls; `None` where the file is no code, or can't be read.
    pub fn new(files: &'a Files<'a>, id: SourceId) -> Option<Self> {
        Some(Self {
            files,
            id,
            module: files.module(id)?,
            memo: RefCell::default(),
            framed: RefCell::default(),
            frames: Cell::new(0),
            cut: Cell::new(false),
            steps: Cell::new(0),
            limit: Cell::new(MAX_STEPS),
        })
    }

    /// The calls whose callee `wanted` takes, in the order in which they begin. It is told what is called, and whether
    /// the object that is called on was followed.
    pub fn calls(&self, wanted: impl Fn(&str, bool) -> bool) -> Vec<Call> {
        self.calls_of(|_| true, wanted)
    }

    /// The same, told beforehand by which names calls end (`create`), so that others need not be followed.
    pub fn calls_of(&self, named: impl Fn(&str) -> bool, wanted: impl Fn(&str, bool) -> bool) -> Vec<Call> {
        let mut found = Vec::new();
        for site in &self.module.sites {
            if !self.may_be(site, &named) {
                continue;
            }
            self.framed.borrow_mut().clear();
            let steps = self.steps.get();
            self.limit.set(MAX_STEPS_OF_FILE.min(steps + MAX_STEPS));
            let here = self.here(site);
            let called = match &self.module.expr(site.call).kind {
                ExprKind::Call { function, .. } => {
                    let called = self.called(here, *function);
                    let is_wanted = called.own.is_none() && wanted(&called.path, called.followed);
                    is_wanted.then(|| self.call(here, site.call)).flatten()
                }
                ExprKind::Chain(_) if wanted(CHAIN, true) => match &self.value(here, site.call).kind {
                    Kind::Call(chain) => Some(chain.clone()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(call) = called {
                let mut call = Call::clone(&call);
                call.assigned_to = self.assigned_to(site.call);
                call.function = self.function(site.scope);
                call.repeat = self.repeat(site);
                found.push(call);
            }
        }
        found
    }

    /// Whether a call may be one of those that end with these names.
    fn may_be(&self, site: &Site, named: impl Fn(&str) -> bool) -> bool {
        // In Python an object is itself called: `self.llm(prompt)`.
        if self.language(self.id) == Language::Python {
            return true;
        }
        match &self.module.expr(site.call).kind {
            ExprKind::Call { function, .. } => self.module.last_name(*function).is_some_and(named),
            _ => true,
        }
    }

    /// What each function of the file with this name returns, where nothing is handed to it but the object that it is a
    /// method of.
    pub fn returned_by(&self, name: &str) -> Vec<Arc<Value>> {
        let scopes = (0..).zip(&self.module.scopes);
        let functions = scopes.filter(|(_, scope)| scope.kind == ScopeKind::Function && scope.name == name);
        let returned = functions.map(|(index, scope)| {
            self.framed.borrow_mut().clear();
            self.limit.set(MAX_STEPS_OF_FILE.min(self.steps.get() + MAX_STEPS));
            let here = Here {
                file: self.id,
                scope: ScopeId(0),
                block: BlockId(0),
                deep: 0,
                frame: None,
            };
            let place = Place {
                source: self.id,
                span: scope.span,
            };
            let call = Call::new(name.to_owned(), place);
            self.returned(here, (self.id, ScopeId(index)), &call, scope.span)
        });
        returned.collect()
    }

    /// What a function or class of the tree is called, with its docstring and parameters.
    pub fn scope(&self, (file, scope): (SourceId, ScopeId)) -> Option<&'a super::Scope> {
        self.files.module(file).map(|module| module.scope(scope))
    }

    fn here(&self, site: &Site) -> Here<'static> {
        Here {
            file: self.id,
            scope: site.scope,
            block: site.block,
            deep: 0,
            frame: None,
        }
    }

    pub(super) fn module(&self, here: Here<'_>) -> &'a Module {
        // A file that is followed into was read before.
        self.files.module(here.file).unwrap_or(self.module)
    }

    fn language(&self, file: SourceId) -> Language {
        Language::of_extension(&self.files.source(file).extension()).unwrap_or(Language::Python)
    }

    /// An expression as it is written, shortened.
    pub(super) fn written(&self, here: Here<'_>, expr: ExprId) -> String {
        const SHOWN: usize = 60;
        let span = self.module(here).expr(expr).span;
        let text = self
            .files
            .source(here.file)
            .text
            .get(span.start..span.end)
            .unwrap_or_default();
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(SHOWN)
            .collect()
    }

    pub(super) fn span(&self, here: Here<'_>, expr: ExprId) -> Span {
        self.module(here).expr(expr).span
    }

    pub(super) fn made(&self, here: Here<'_>, span: Span, kind: Kind) -> Arc<Value> {
        Arc::new(Value {
            place: Place {
                source: here.file,
                span,
            },
            kind,
        })
    }

    fn unknown(&self, here: Here<'_>, span: Span, why: impl Into<String>) -> Arc<Value> {
        self.made(here, span, Kind::Unknown(why.into()))
    }

    /// The value of an expression.
    pub(super) fn value(&self, here: Here<'_>, expr: ExprId) -> Arc<Value> {
        let span = self.span(here, expr);
        let (frame, memo) = match here.frame {
            Some(frame) => (frame.id, &self.framed),
            None => (0, &self.memo),
        };
        let key = (frame, here.file, expr);
        if let Some((known, deep)) = memo.borrow().get(&key)
            && *deep <= here.deep
        {
            return known.clone();
        }
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        let Some(deeper) = self.deeper(here).filter(|_| steps < self.limit.get()) else {
            self.cut.set(true);
            return self.unknown(here, span, "what leads to it is too much to follow");
        };
        let cut_before = self.cut.replace(false);
        let value = self.evaluate(deeper, expr, span);
        let cut = self.cut.get();
        let deep = if cut { here.deep } else { 0 };
        memo.borrow_mut().insert(key, (value.clone(), deep));
        self.cut.set(cut || cut_before);
        value
    }

    /// One step further down.
    fn deeper<'f>(&self, here: Here<'f>) -> Option<Here<'f>> {
        let deep = here.deep + 1;
        let deeper = (deep < MAX_DEEP).then_some(Here { deep, ..here });
        self.cut.set(self.cut.get() || deeper.is_none());
        deeper
    }

    /// Which function is followed next.
    fn next_frame(&self) -> usize {
        let id = self.frames.get() + 1;
        self.frames.set(id);
        id
    }

    fn evaluate(&self, here: Here<'_>, expr: ExprId, span: Span) -> Arc<Value> {
        let module = self.module(here);
        let runtime = || format!("`{}` is worked out while the program runs", self.written(here, expr));
        match &module.expr(expr).kind {
            ExprKind::Plain(text) => self.made(here, span, Kind::Plain(text.clone())),
            ExprKind::Text(text) => {
                let (text, pieces) = text::fixed(text.clone());
                self.made(here, span, Kind::Text(text, pieces))
            }
            ExprKind::Join(parts) => self.join(here, span, parts),
            ExprKind::List(items) => {
                let mut known = Vec::new();
                let mut open = None;
                for item in items {
                    let value = self.value(here, item.value);
                    if item.spread {
                        splice(&mut known, &mut open, &value);
                    } else {
                        known.push(value);
                    }
                }
                self.made(here, span, Kind::List { items: known, open })
            }
            ExprKind::Map { entries, slot } => {
                let mut known: Vec<(String, Arc<Value>)> = Vec::new();
                let mut open = None;
                for entry in entries {
                    match entry {
                        Entry::Pair(key, value) => match self.value(here, *key).fixed() {
                            Some(key) => set_entry(&mut known, key, self.value(here, *value)),
                            None => open = Some(not_followed(self.written(here, *key))),
                        },
                        Entry::Spread(value) => {
                            let spread = self.value(here, *value);
                            if !self.spread(here, &mut known, &mut open, &spread) {
                                open = Some(not_followed(self.written(here, *value)));
                            }
                        }
                    }
                }
                let slot = slot.clone();
                self.made(
                    here,
                    span,
                    Kind::Map {
                        entries: known,
                        open,
                        slot,
                    },
                )
            }
            ExprKind::Name(name) => {
                let value = self.name(here, name, span);
                self.used(here, span, value)
            }
            ExprKind::Member(object, name) => {
                let object = self.value(here, *object);
                let value = self.member(here, &object, name, span);
                self.used(here, span, value)
            }
            ExprKind::Index(object, index) => {
                let (object, index) = (self.value(here, *object), self.value(here, *index));
                self.index(here, &object, &index, span)
                    .unwrap_or_else(|| self.unknown(here, span, runtime()))
            }
            ExprKind::Call { function, .. } => self.result(here, expr, *function, span),
            ExprKind::Either(of) => {
                let of = of.iter().map(|one| self.value(here, *one)).collect();
                self.one_of(here, span, of, &runtime())
            }
            ExprKind::Percent(format, arguments) => match &self.value(here, *format).kind {
                Kind::Text(text, pieces) => {
                    // The text stands where its format does.
                    let stands = here.in_file(self.value(here, *format).place.source);
                    let arguments = self.value(here, *arguments);
                    let filled = text::percents(&(text.clone(), pieces.clone()), &mut |name, span, into| {
                        let value = match &arguments.kind {
                            Kind::Map { .. } => arguments.get(name),
                            Kind::List { items, .. } => name.parse().ok().and_then(|at: usize| items.get(at)),
                            _ => Some(&arguments),
                        };
                        self.put(stands, into, value, name, span);
                    });
                    self.text(stands, span, filled)
                }
                _ => self.unknown(here, span, runtime()),
            },
            ExprKind::Divide(folder, name) => {
                let (folder, name) = (self.value(here, *folder), self.value(here, *name));
                match (&folder.kind, name.fixed()) {
                    (Kind::File(_), Some(_)) | (Kind::Text(..), Some(_)) => paths::joined(&folder, &name).map_or_else(
                        || self.unknown(here, span, runtime()),
                        |kind| self.made(here, span, kind),
                    ),
                    _ => self.unknown(here, span, runtime()),
                }
            }
            ExprKind::Chain(parts) => {
                let mut links = Vec::new();
                for part in parts.iter().copied() {
                    let value = self.value(here, part);
                    let span = self.span(here, part);
                    match &value.kind {
                        Kind::Call(call) if call.callee == CHAIN => links.extend(call.positional.iter().cloned()),
                        _ => links.push(Argument { span, value }),
                    }
                }
                let place = Place {
                    source: here.file,
                    span,
                };
                let chain = Call {
                    positional: links,
                    followed: true,
                    ..Call::new(CHAIN.to_owned(), place)
                };
                self.made(here, span, Kind::Call(Arc::new(chain)))
            }
            ExprKind::Each(_) => {
                let open = Some(Open {
                    why: format!("`{}` is made in a loop", self.written(here, expr)),
                    grows: None,
                });
                self.made(
                    here,
                    span,
                    Kind::List {
                        items: Vec::new(),
                        open,
                    },
                )
            }
            ExprKind::Scope(scope) => self.made(here, span, Kind::Scope(here.file, *scope)),
            ExprKind::Other => self.unknown(here, span, runtime()),
        }
    }

    /// What can't be told is shown where it is used, not where its name leads.
    fn used(&self, here: Here<'_>, span: Span, value: Arc<Value>) -> Arc<Value> {
        match &value.kind {
            Kind::Unknown(_) | Kind::Path(..) => self.made(here, span, value.kind.clone()),
            _ => value,
        }
    }

    /// Adds the entries of a map to those of another; of one of several maps (`...(a && {b: 1})`) each may be there.
    fn spread(
        &self,
        here: Here<'_>,
        entries: &mut Vec<(String, Arc<Value>)>,
        open: &mut Option<Open>,
        spread: &Value,
    ) -> bool {
        match &spread.kind {
            Kind::Map {
                entries: more,
                open: also,
                ..
            } => {
                for (key, value) in more {
                    set_entry(entries, key, value.clone());
                }
                *open = open.take().or_else(|| also.clone());
                true
            }
            Kind::OneOf { of, open: false, .. } => of.iter().all(|one| match &one.kind {
                Kind::Map {
                    entries: more,
                    open: None,
                    ..
                } => {
                    for (key, value) in more {
                        let before = entries
                            .iter()
                            .find(|(name, _)| name == key)
                            .map(|(_, value)| value.clone());
                        let value = self.perhaps(here, key, before, value.clone());
                        set_entry(entries, key, value);
                    }
                    true
                }
                _ => one.is_null(),
            }),
            _ => spread.is_null(),
        }
    }

    /// A value that an entry has only under a condition.
    fn perhaps(&self, here: Here<'_>, key: &str, before: Option<Arc<Value>>, value: Arc<Value>) -> Arc<Value> {
        let span = value.place.span;
        let why = format!("`{key}` is set only under a condition");
        let before = before.unwrap_or_else(|| self.unknown(here, span, why.clone()));
        self.one_of(here, span, vec![before, value], &why)
    }

    /// A string as a value; one that is too long is unknown.
    pub(super) fn text(&self, here: Here<'_>, span: Span, (text, pieces): text::Filled) -> Arc<Value> {
        if text.as_str().len() > MAX_TEXT {
            return self.unknown(here, span, "the text is too long to be put together");
        }
        self.made(here, span, Kind::Text(text, pieces))
    }

    /// Puts a value into a string: what is known of it, else a variable of this name.
    pub(super) fn put(&self, here: Here<'_>, into: &mut Filling, value: Option<&Arc<Value>>, name: &str, named: Span) {
        let Some(value) = value.filter(|_| into.len() <= MAX_TEXT) else {
            into.variable(name, named);
            return;
        };
        let foreign = value.place.source != here.file;
        match &value.kind {
            Kind::Text(text, pieces) => into.add(&(text.clone(), pieces.clone()), named, foreign),
            Kind::Plain(text) => into.fixed(&Text::opaque(text.as_str(), named)),
            Kind::OneOf { of, open: false, .. } if of.iter().all(|one| matches!(one.kind, Kind::Text(..))) => {
                into.choice(of.len(), |into, index| self.put(here, into, of.get(index), name, named));
            }
            _ => into.variable(name, named),
        }
    }

    /// Strings or lists put together.
    fn join(&self, here: Here<'_>, span: Span, parts: &[ExprId]) -> Arc<Value> {
        let values: Vec<Arc<Value>> = parts.iter().map(|part| self.value(here, *part)).collect();
        if values.iter().any(|value| matches!(value.kind, Kind::List { .. })) {
            let (mut items, mut open) = (Vec::new(), None);
            for value in &values {
                splice(&mut items, &mut open, value);
            }
            return self.made(here, span, Kind::List { items, open });
        }
        let is_text = |value: &Arc<Value>| match &value.kind {
            Kind::Text(..) => true,
            Kind::OneOf { of, .. } => of.iter().any(|one| matches!(one.kind, Kind::Text(..))),
            _ => false,
        };
        if !values.iter().any(is_text) {
            let why = "is worked out while the program runs";
            let written = parts.first().map_or_else(String::new, |part| self.written(here, *part));
            return self.unknown(here, span, format!("`{written} + …` {why}"));
        }
        let mut into = Filling::default();
        for (part, value) in parts.iter().zip(&values) {
            let name = self.written(here, *part);
            self.put(here, &mut into, Some(value), &name, self.span(here, *part));
        }
        self.text(here, span, into.finish(span))
    }

    /// One of several values; those that can't be told leave it open.
    pub(super) fn one_of(&self, here: Here<'_>, span: Span, values: Vec<Arc<Value>>, why: &str) -> Arc<Value> {
        let mut known: Vec<Arc<Value>> = Vec::new();
        let mut open = false;
        let mut reason = None;
        let mut add = |value: Arc<Value>, open: &mut bool| {
            if known.iter().any(|other| other.is_same(&value)) {
            } else if known.len() < MAX_CANDIDATES {
                known.push(value);
            } else {
                *open = true;
            }
        };
        for value in values {
            match &value.kind {
                Kind::OneOf { of, open: more, why } => {
                    open |= more;
                    reason = reason.or_else(|| more.then(|| why.clone()));
                    of.iter().for_each(|one| add(one.clone(), &mut open));
                }
                Kind::Unknown(why) => {
                    open = true;
                    reason = reason.or_else(|| Some(why.clone()));
                }
                _ => add(value, &mut open),
            }
        }
        let why = reason.unwrap_or_else(|| why.to_owned());
        match (known.as_slice(), open) {
            ([], _) => self.unknown(here, span, why),
            ([only], false) => only.clone(),
            _ => self.made(here, span, Kind::OneOf { of: known, open, why }),
        }
    }

    /// A value that may be replaced by another that the code does not name.
    pub(super) fn unless(&self, here: Here<'_>, value: Arc<Value>, why: String) -> Arc<Value> {
        let span = value.place.span;
        if value.is_null() {
            return self.unknown(here, span, why);
        }
        let unknown = self.unknown(here, span, why.clone());
        self.one_of(here, span, vec![value, unknown], &why)
    }

    fn name(&self, here: Here<'_>, name: &str, span: Span) -> Arc<Value> {
        let module = self.module(here);
        if matches!(name, "self" | "this" | "cls")
            && let Some(class) = self.class_around(here)
        {
            return self.instance(here, class, span);
        }
        let mut scope = Some(here.scope);
        while let Some(id) = scope {
            let at = module.scope(id);
            // What a class sets is not seen by the functions in it.
            let seen = at.kind != ScopeKind::Class || id == here.scope;
            let parameter = at.parameters.iter().position(|parameter| parameter.name == name);
            if seen && (parameter.is_some() || module.sets(id, name)) {
                let first = parameter.map(|index| self.parameter(here, id, index));
                let used = if id == here.scope {
                    Use::Local(span.start)
                } else {
                    Use::Later
                };
                let value = self.bound(here, id, name, used, first, span);
                // What is unknown is shown where it is used.
                return match &value.kind {
                    Kind::Unknown(why) => self.unknown(here, span, why.clone()),
                    _ => value,
                };
            }
            scope = at.parent;
        }
        if let Some(import) = module.imports.get(name) {
            return self.imported(here, &import.module, import.name.as_deref(), span);
        }
        for star in &module.stars {
            if let Some(file) = paths::module(self.files, self.language(here.file), here.file, star)
                && let Some(value) = self.export(here, file, name, span)
            {
                return value;
            }
        }
        if matches!(name, "process" | "import.meta") && self.language(here.file) == Language::TypeScript {
            return self.made(here, span, Kind::Path(name.to_owned(), None));
        }
        if name == "__file__" {
            return self.made(here, span, Kind::File(self.files.source(here.file).from_root.clone()));
        }
        self.unknown(here, span, format!("`{name}` is not set in this file"))
    }

    fn class_around(&self, here: Here<'_>) -> Option<ScopeId> {
        let module = self.module(here);
        let mut scopes = std::iter::successors(Some(here.scope), |id| module.scope(*id).parent);
        scopes.find(|id| module.scope(*id).kind == ScopeKind::Class)
    }

    /// An object of a class of the tree that someone made, somewhere.
    fn instance(&self, here: Here<'_>, class: ScopeId, span: Span) -> Arc<Value> {
        let scope = self.module(here).scope(class);
        let call = Call {
            own: Some((here.file, class)),
            followed: true,
            open: true,
            ..Call::new(
                scope.name.clone(),
                Place {
                    source: here.file,
                    span,
                },
            )
        };
        self.made(here, span, Kind::Call(Arc::new(call)))
    }

    /// Something imported: of the tree where its file is there, else a path.
    fn imported(&self, here: Here<'_>, module: &str, name: Option<&str>, span: Span) -> Arc<Value> {
        let language = self.language(here.file);
        if let Some(file) = paths::module(self.files, language, here.file, module) {
            let Some(name) = name else {
                return self.made(here, span, Kind::Scope(file, ScopeId(0)));
            };
            if let Some(value) = self.export(here, file, name, span) {
                return value;
            }
        }
        if let Some(name) = name {
            let inner = paths::inside(language, module, name);
            if let Some(file) = paths::module(self.files, language, here.file, &inner) {
                return self.made(here, span, Kind::Scope(file, ScopeId(0)));
            }
        }
        let path = match name {
            Some(name) => format!("{module}.{name}"),
            None => module.to_owned(),
        };
        self.made(here, span, Kind::Path(path, None))
    }

    /// What a file of the tree calls `name`; `None` where it has no such name.
    fn export(&self, here: Here<'_>, file: SourceId, name: &str, span: Span) -> Option<Arc<Value>> {
        let here = self.deeper(here)?;
        let module = self.files.module(file)?;
        let top = Here {
            file,
            scope: ScopeId(0),
            block: module.scope(ScopeId(0)).block,
            ..here
        };
        if let Some(expr) = module.exports.get(name) {
            return Some(self.value(top, *expr));
        }
        if module.sets(ScopeId(0), name) {
            return Some(self.bound(top, ScopeId(0), name, Use::Later, None, span));
        }
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps > self.limit.get() {
            self.cut.set(true);
            return None;
        }
        if let Some(import) = module.imports.get(name) {
            // A module that hands on itself would be asked for ever.
            return (here.deep < MAX_DEEP / 2)
                .then(|| self.imported(top, &import.module, import.name.as_deref(), span));
        }
        let language = self.language(file);
        let mut stars = module.stars.iter();
        stars.find_map(|star| {
            let next = paths::module(self.files, language, file, star).filter(|next| *next != file)?;
            self.export(top, next, name, span)
        })
    }

    /// The value of a parameter: the argument of the call that is followed, else what the code says that it may be.
    fn parameter(&self, here: Here<'_>, scope: ScopeId, index: usize) -> Arc<Value> {
        let module = self.module(here);
        let function = module.scope(scope);
        let parameter = &function.parameters[index];
        let outer = function.parent.unwrap_or(ScopeId(0));
        let around = here.at(outer, module.scope(outer).block);
        let default = parameter.default.map(|default| self.default_of(around, default));
        if let Some(frame) = self.frame(here, scope) {
            let by_name = frame.call.keyword(&parameter.name);
            let passed = by_name
                .or_else(|| frame.call.positional.get(index))
                .map(|argument| argument.value.clone());
            return match (passed, default) {
                (Some(value), _) => value,
                (None, Some(default)) if !frame.call.open => default,
                (None, Some(default)) => self.unless(here, default, given(&parameter.name)),
                (None, None) => self.unknown(here, parameter.span, given(&parameter.name)),
            };
        }
        if let Some(kind) = parameter
            .annotation
            .and_then(|annotation| self.of_type(around, annotation))
        {
            return self.made(here, parameter.span, kind);
        }
        let mut values: Vec<Arc<Value>> = default.into_iter().filter(|value| !value.is_null()).collect();
        values.extend(
            parameter
                .annotation
                .and_then(|annotation| self.literals(around, annotation)),
        );
        values.extend(self.decorated(around, function.decorators.as_slice(), parameter));
        values.extend(self.passed_by_callers(here, scope, index));
        values.push(self.unknown(here, parameter.span, given(&parameter.name)));
        self.one_of(here, parameter.span, values, &given(&parameter.name))
    }

    fn frame<'f>(&self, here: Here<'f>, scope: ScopeId) -> Option<&'f Frame<'f>> {
        let mut frames = std::iter::successors(here.frame, |frame| frame.outer);
        frames.find(|frame| frame.file == here.file && frame.scope == scope)
    }

    /// A default; of `Field(default="x")` and `typer.Option("x")` what they hold.
    fn default_of(&self, here: Here<'_>, default: ExprId) -> Arc<Value> {
        let value = self.value(here, default);
        let held = match &value.kind {
            Kind::Call(call) if known::HOLDS_DEFAULT.contains(&call.name()) => {
                let named = call.keyword("default").or_else(|| call.keyword("default_value"));
                named
                    .or_else(|| call.positional.first())
                    .map(|argument| argument.value.clone())
            }
            _ => None,
        };
        held.unwrap_or(value)
    }

    /// An object of the type that is written: `client: OpenAI`.
    fn of_type(&self, here: Here<'_>, annotation: ExprId) -> Option<Kind> {
        let module = self.module(here);
        let here = self.deeper(here)?;
        match &module.expr(annotation).kind {
            ExprKind::Either(of) => of.iter().find_map(|one| self.of_type(here, *one)),
            ExprKind::Index(outer, inner) => match &module.expr(*outer).kind {
                ExprKind::Name(name) if matches!(name.as_str(), "Optional" | "Annotated" | "ClassVar" | "Final") => {
                    match &module.expr(*inner).kind {
                        ExprKind::List(items) => self.of_type(here, items.first()?.value),
                        _ => self.of_type(here, *inner),
                    }
                }
                _ => None,
            },
            ExprKind::Name(_) | ExprKind::Member(..) => match &self.value(here, annotation).kind {
                Kind::Path(path, None) if path.contains('.') && !path.starts_with("typing") => {
                    Some(Kind::Path(path.clone(), None))
                }
                Kind::Scope(file, scope) => {
                    let module = self.files.module(*file)?;
                    let class = module.scope(*scope);
                    (class.kind == ScopeKind::Class && !self.is_enum(here, *file, *scope)).then(|| {
                        let place = Place {
                            source: *file,
                            span: class.span,
                        };
                        Kind::Call(Arc::new(Call {
                            own: Some((*file, *scope)),
                            followed: true,
                            open: true,
                            ..Call::new(class.name.clone(), place)
                        }))
                    })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn is_enum(&self, here: Here<'_>, file: SourceId, scope: ScopeId) -> bool {
        let Some(module) = self.files.module(file) else {
            return false;
        };
        let here = Here { file, ..here };
        let mut bases = module.scope(scope).bases.iter();
        bases.any(|base| self.written(here, *base).ends_with("Enum"))
    }

    /// The values that `Literal["a", "b"]` lists.
    fn literals(&self, here: Here<'_>, annotation: ExprId) -> Option<Arc<Value>> {
        let module = self.module(here);
        let here = self.deeper(here)?;
        match &module.expr(annotation).kind {
            ExprKind::Either(of) => {
                let of: Vec<_> = of.iter().filter_map(|one| self.value_of_literal(here, *one)).collect();
                (!of.is_empty()).then(|| self.one_of(here, self.span(here, annotation), of, "its type lists them"))
            }
            _ => self.value_of_literal(here, annotation),
        }
    }

    fn value_of_literal(&self, here: Here<'_>, annotation: ExprId) -> Option<Arc<Value>> {
        let module = self.module(here);
        match &module.expr(annotation).kind {
            ExprKind::Index(outer, inner) if self.written(here, *outer).ends_with("Literal") => {
                let span = self.span(here, annotation);
                let values = match &self.value(here, *inner).kind {
                    Kind::List { items, .. } => items.clone(),
                    _ => vec![self.value(here, *inner)],
                };
                Some(self.one_of(here, span, values, "its type lists them"))
            }
            ExprKind::Index(outer, inner) if self.written(here, *outer).ends_with("Optional") => {
                self.value_of_literal(self.deeper(here)?, *inner)
            }
            ExprKind::Text(_) => Some(self.value(here, annotation)),
            _ => None,
        }
    }

    /// The default that `@click.option("--model", default="x")` gives a parameter.
    fn decorated(&self, here: Here<'_>, decorators: &[ExprId], parameter: &Parameter) -> Option<Arc<Value>> {
        let module = self.module(here);
        let calls = decorators
            .iter()
            .filter(|decorator| matches!(module.expr(**decorator).kind, ExprKind::Call { .. }));
        let calls = calls.filter_map(|decorator| self.call(here, *decorator));
        let mut defaults = calls
            .filter(|call| matches!(call.name(), "option" | "argument"))
            .filter_map(|call| {
                let names = call
                    .positional
                    .iter()
                    .filter_map(|argument| argument.value.fixed().map(option_name));
                names
                    .into_iter()
                    .any(|name| name == parameter.name)
                    .then(|| known::option(self, here, &call))?
            });
        defaults.next()
    }

    /// What the calls of a function in its own file pass for a parameter.
    fn passed_by_callers(&self, here: Here<'_>, scope: ScopeId, index: usize) -> Vec<Arc<Value>> {
        let module = self.module(here);
        let function = module.scope(scope);
        let parameter = &function.parameters[index];
        let is_constructor = matches!(function.name.as_str(), "__init__" | "constructor");
        let called = match (is_constructor, function.parent) {
            (true, Some(class)) => &module.scope(class).name,
            _ => &function.name,
        };
        if called.is_empty() || here.frame.is_some() {
            return Vec::new();
        }
        let Some(deeper) = self.deeper(here) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for site in module.calling(called).take(MAX_CALLERS) {
            let ExprKind::Call { arguments, .. } = &module.expr(site.call).kind else {
                continue;
            };
            let by_name = arguments
                .iter()
                .find(|argument| argument.name.as_deref() == Some(parameter.name.as_str()));
            let by_place = arguments.get(index).filter(|_| {
                arguments
                    .iter()
                    .take(index + 1)
                    .all(|argument| argument.name.is_none() && !argument.spread)
            });
            if let Some(passed) = by_name.or(by_place) {
                found.push(self.value(deeper.at(site.scope, site.block), passed.value));
            }
        }
        found
    }

    /// The value of a name that a scope sets. `first` is what it holds before: a parameter's value.
    fn bound(
        &self,
        here: Here<'_>,
        scope: ScopeId,
        name: &str,
        used: Use,
        first: Option<Arc<Value>>,
        span: Span,
    ) -> Arc<Value> {
        let module = self.module(here);
        let around: Vec<BlockId> = match used {
            Use::Local(_) => module.around(here.block).collect(),
            Use::Later | Use::Member => vec![module.scope(scope).block],
        };
        let surely = |binding: &Binding| {
            let in_constructor = || {
                let from = module.scope(binding.from);
                matches!(used, Use::Member)
                    && binding.block == from.block
                    && matches!(from.name.as_str(), "__init__" | "constructor" | "__post_init__")
            };
            around.contains(&binding.block) || in_constructor()
        };
        // A branch beside that of the use.
        let beside = |binding: &Binding| {
            module.around(binding.block).filter(|block| !around.contains(block)).any(|block| {
                let BlockKind::Branch { statement, .. } = module.block(block).kind else {
                    return false;
                };
                around.iter().any(|other| matches!(module.block(*other).kind, BlockKind::Branch { statement: of, .. } if of == statement))
            })
        };
        let mut before: Vec<&Binding> = Vec::new();
        let mut later: Vec<&Binding> = Vec::new();
        for binding in module.set(scope, name).filter(|binding| !beside(binding)) {
            match used {
                Use::Local(at) if binding.at > at => later.push(binding),
                _ => before.push(binding),
            }
        }
        if before.is_empty() && first.is_none() {
            before = std::mem::take(&mut later);
        }
        let sets = |binding: &&Binding| matches!(binding.change, Change::Set(_) | Change::Item(_) | Change::Runtime);
        let start = before.iter().rposition(|binding| sets(binding) && surely(binding));
        // Loops around the use that do not begin with setting the name anew.
        let anew: Vec<BlockId> = start.map_or_else(Vec::new, |start| module.around(before[start].block).collect());
        let loops = |binding: &Binding| {
            let mut blocks = module.around(binding.block);
            blocks.any(|block| is_loop(module.block(block).kind) && around.contains(&block) && !anew.contains(&block))
        };
        // What a loop adds further down is there when it comes round again.
        later.retain(|binding| loops(binding) && !matches!(binding.change, Change::Set(_) | Change::Declared));
        let mut state = State {
            current: first,
            branches: HashMap::new(),
        };
        for binding in before[start.unwrap_or(0)..].iter().chain(&later) {
            let in_loop = || {
                module
                    .around(binding.block)
                    .any(|block| is_loop(module.block(block).kind))
            };
            let way = if loops(binding) {
                Way::EachTurn
            } else if surely(binding) {
                Way::Surely
            } else if in_loop() {
                Way::InLoop
            } else {
                Way::Perhaps
            };
            self.change(here, &mut state, binding, way, name, &around);
        }
        state
            .current
            .unwrap_or_else(|| self.unknown(here, span, format!("`{name}` is set while the program runs")))
    }

    fn change(&self, here: Here<'_>, state: &mut State, binding: &Binding, way: Way, name: &str, around: &[BlockId]) {
        let module = self.module(here);
        let from = here.at(binding.from, binding.block);
        let end = Span::at(binding.at);
        let current = state.current.take();
        let set = |value: Arc<Value>, state: &mut State| match (current.clone(), way) {
            (Some(before), Way::Perhaps | Way::InLoop) => {
                let covered = state.covers(module, binding, around);
                let span = value.place.span;
                if covered == Some(true) {
                    // Each branch sets it: what was there before is gone; `before` holds the other branches' values.
                    let others = state.branch_values(module, binding, around);
                    self.one_of(here, span, [others, vec![value]].concat(), &several(name))
                } else {
                    state.remember(module, binding, around, value.clone());
                    self.one_of(here, span, vec![before, value], &several(name))
                }
            }
            (None, Way::Perhaps | Way::InLoop) => {
                let _ = state.covers(module, binding, around);
                state.remember(module, binding, around, value.clone());
                value
            }
            _ => value,
        };
        let value = match binding.change {
            Change::Set(expr) => {
                let value = self.default_of(from, expr);
                let typed = match (&value.kind, binding.annotation) {
                    (Kind::Unknown(_), Some(annotation)) => self.of_type(from, annotation),
                    _ => None,
                };
                let value = typed.map_or(value, |kind| self.made(here, end, kind));
                Some(set(value, state))
            }
            Change::Item(expr) => {
                let list = self.value(from, expr);
                let value = match &list.kind {
                    Kind::List { items, open } => {
                        let mut items = items.clone();
                        items.extend(open.iter().map(|open| self.unknown(here, end, open.why.clone())));
                        self.one_of(here, end, items, &format!("`{name}` is each of them in turn"))
                    }
                    _ => self.unknown(here, end, format!("`{name}` is set while the program runs")),
                };
                Some(set(value, state))
            }
            Change::Runtime => {
                let unknown = self.unknown(here, end, format!("`{name}` is set while the program runs"));
                Some(set(unknown, state))
            }
            Change::Declared => match (current, binding.annotation) {
                (Some(current), _) => Some(current),
                (None, Some(annotation)) => {
                    let kind = self.of_type(from, annotation);
                    let kind =
                        kind.unwrap_or_else(|| Kind::Unknown(format!("`{name}` is declared, and set elsewhere")));
                    Some(self.made(here, end, kind))
                }
                (None, None) => None,
            },
            Change::Add(expr) => current.map(|current| self.added(here, &current, from, expr, way)),
            Change::Push(expr) => {
                current.map(|current| self.pushed(here, &current, self.value(from, expr), way, binding, false))
            }
            Change::PushFront(expr) => {
                current.map(|current| self.pushed(here, &current, self.value(from, expr), way, binding, true))
            }
            Change::Extend(expr) => {
                current.map(|current| self.extended(here, &current, &self.value(from, expr), way, binding))
            }
            Change::SetKey(key, value) => current.map(|current| {
                let (key, value) = (self.value(from, key), self.value(from, value));
                self.with_key(here, &current, &key, value, way)
            }),
        };
        state.current = value;
    }

    /// `a += b`, of strings or lists.
    fn added(&self, here: Here<'_>, current: &Arc<Value>, from: Here<'_>, expr: ExprId, way: Way) -> Arc<Value> {
        let added = self.value(from, expr);
        let (name, named) = (self.written(from, expr), self.span(from, expr));
        match &current.kind {
            Kind::Text(..) => {
                let mut into = Filling::default();
                let foreign = current.place.source != here.file;
                let span = if foreign { named } else { current.place.span };
                self.put(here, &mut into, Some(current), "", span);
                match way {
                    Way::Surely => self.put(here, &mut into, Some(&added), &name, named),
                    Way::Perhaps => into.choice(2, |into, index| {
                        if index == 1 {
                            self.put(here, into, Some(&added), &name, named);
                        }
                    }),
                    Way::InLoop | Way::EachTurn => {
                        into.repeated(|into| self.put(here, into, Some(&added), &name, named))
                    }
                }
                self.text(here, span, into.finish(span))
            }
            Kind::List { items, open } => {
                let (mut items, mut open) = (items.clone(), open.clone());
                if way == Way::Surely {
                    splice(&mut items, &mut open, &added);
                } else {
                    open = Some(adds(named, way));
                }
                self.made(here, current.place.span, Kind::List { items, open })
            }
            _ => current.clone(),
        }
    }

    fn pushed(
        &self,
        here: Here<'_>,
        current: &Arc<Value>,
        item: Arc<Value>,
        way: Way,
        binding: &Binding,
        front: bool,
    ) -> Arc<Value> {
        let Kind::List { items, open } = &current.kind else {
            return current.clone();
        };
        let (mut items, mut open) = (items.clone(), open.clone());
        match way {
            Way::Surely if front => items.insert(0, item),
            Way::Surely => items.push(item),
            _ => open = Some(adds(Span::at(binding.at), way)),
        }
        self.made(here, current.place.span, Kind::List { items, open })
    }

    fn extended(
        &self,
        here: Here<'_>,
        current: &Arc<Value>,
        more: &Arc<Value>,
        way: Way,
        binding: &Binding,
    ) -> Arc<Value> {
        if let (Kind::Map { .. }, Kind::Map { entries, .. }) = (&current.kind, &more.kind) {
            let entries = entries.iter().map(|(name, value)| (name.as_str(), value));
            return entries.fold(current.clone(), |map, (key, value)| {
                self.with_entry(here, &map, key, value.clone(), way)
            });
        }
        let Kind::List { items, open } = &current.kind else {
            return current.clone();
        };
        let (mut items, mut open) = (items.clone(), open.clone());
        if way == Way::Surely {
            splice(&mut items, &mut open, more);
        } else {
            open = Some(adds(Span::at(binding.at), way));
        }
        self.made(here, current.place.span, Kind::List { items, open })
    }

    /// `a["key"] = b`.
    fn with_key(&self, here: Here<'_>, current: &Arc<Value>, key: &Value, value: Arc<Value>, way: Way) -> Arc<Value> {
        match (key.fixed(), &current.kind) {
            (Some(key), _) => self.with_entry(here, current, key, value, way),
            (None, Kind::Map { entries, slot, .. }) => {
                let open = Some(not_followed("a key".to_owned()));
                let (entries, slot) = (entries.clone(), slot.clone());
                self.made(here, current.place.span, Kind::Map { entries, open, slot })
            }
            _ => current.clone(),
        }
    }

    fn with_entry(&self, here: Here<'_>, current: &Arc<Value>, key: &str, value: Arc<Value>, way: Way) -> Arc<Value> {
        let Kind::Map { entries, open, slot } = &current.kind else {
            return current.clone();
        };
        let (mut entries, open, slot) = (entries.clone(), open.clone(), slot.clone());
        let value = if way == Way::Surely {
            value
        } else {
            let before = entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.clone());
            self.perhaps(here, key, before, value)
        };
        set_entry(&mut entries, key, value);
        self.made(here, current.place.span, Kind::Map { entries, open, slot })
    }

    /// `object.name`.
    pub(super) fn member(&self, here: Here<'_>, object: &Arc<Value>, name: &str, span: Span) -> Arc<Value> {
        let Some(here) = self.deeper(here) else {
            return self.unknown(here, span, "what leads to it is too much to follow");
        };
        match &object.kind {
            Kind::Map { open, .. } => match object.get(name) {
                Some(value) => value.clone(),
                None => match open {
                    Some(open) => self.unknown(here, span, open.why.clone()),
                    None => self.unknown(here, span, format!("`{name}` is not set")),
                },
            },
            Kind::Scope(file, ScopeId(0)) => {
                let inside = self.export(here, *file, name, span);
                let submodule = || {
                    let file = paths::submodule(self.files, *file, name)?;
                    Some(self.made(here, span, Kind::Scope(file, ScopeId(0))))
                };
                inside.or_else(submodule).unwrap_or_else(|| {
                    self.unknown(
                        here,
                        span,
                        format!("`{name}` is not set in {}", self.files.source(*file).from_root),
                    )
                })
            }
            Kind::Scope(file, scope) => self.class_member(here, (*file, *scope), name, None, span),
            Kind::Call(call) => match call.own {
                Some(own) if self.is_class(own) => self.class_member(here, own, name, Some(call), span),
                _ => known::parsed_argument(self, here, call, name).unwrap_or_else(|| {
                    self.made(
                        here,
                        span,
                        Kind::Path(format!("{}.{name}", call.callee), Some(call.clone())),
                    )
                }),
            },
            Kind::Path(path, _) if matches!(path.as_str(), "process.env" | "import.meta.env") => {
                self.unknown(here, span, format!("the environment variable `{name}` decides"))
            }
            Kind::Path(path, maker) => {
                let path = format!("{path}.{name}");
                let module = match (maker, self.language(here.file)) {
                    (None, Language::Python) => paths::module(self.files, Language::Python, here.file, &path),
                    _ => None,
                };
                match module {
                    Some(file) => self.made(here, span, Kind::Scope(file, ScopeId(0))),
                    None => self.made(here, span, Kind::Path(path, maker.clone())),
                }
            }
            Kind::OneOf { of, open, why } => {
                let mut values: Vec<Arc<Value>> = of.iter().map(|one| self.member(here, one, name, span)).collect();
                if *open {
                    values.push(self.unknown(here, span, why.clone()));
                }
                self.one_of(here, span, values, why)
            }
            Kind::File(path) => paths::member(path, name).map_or_else(
                || self.unknown(here, span, format!("`{name}` of a path is not followed")),
                |kinds| match kinds.as_slice() {
                    [only] => self.made(here, span, only.clone()),
                    _ => {
                        let items = kinds.into_iter().map(|kind| self.made(here, span, kind)).collect();
                        self.made(here, span, Kind::List { items, open: None })
                    }
                },
            ),
            // An enumeration's member.
            Kind::Text(..) | Kind::Plain(_) if name == "value" => object.clone(),
            Kind::Unknown(why) => self.unknown(here, span, why.clone()),
            _ => self.unknown(here, span, format!("`{name}` is worked out while the program runs")),
        }
    }

    fn is_class(&self, (file, scope): (SourceId, ScopeId)) -> bool {
        let module = self.files.module(file);
        module.is_some_and(|module| module.scope(scope).kind == ScopeKind::Class)
    }

    /// A field or method of a class of the tree; `maker` is the call that made the object.
    fn class_member(
        &self,
        here: Here<'_>,
        (file, class): (SourceId, ScopeId),
        name: &str,
        maker: Option<&Arc<Call>>,
        span: Span,
    ) -> Arc<Value> {
        let gone = |what: String| self.unknown(here, span, what);
        let Some((here, module)) = self.deeper(here).zip(self.files.module(file)) else {
            return gone("what leads to it is too much to follow".to_owned());
        };
        let scope = module.scope(class);
        let inside = Here {
            file,
            scope: class,
            block: scope.block,
            ..here
        };
        if !module.sets(class, name) {
            for base in &scope.bases {
                let outer = scope.parent.unwrap_or(ScopeId(0));
                let base = self.value(inside.at(outer, module.scope(outer).block), *base);
                match &base.kind {
                    Kind::Scope(base_file, base) if (*base_file, *base) != (file, class) => {
                        let found = self.class_member(here, (*base_file, *base), name, maker, span);
                        if !matches!(found.kind, Kind::Unknown(_)) {
                            return found;
                        }
                    }
                    Kind::Path(path, _) if known::holds_methods(path) => {
                        return self.made(here, span, Kind::Path(format!("{path}.{name}"), maker.cloned()));
                    }
                    _ => {}
                }
            }
            return gone(format!("`{name}` is not set in `{}`", scope.name));
        }
        let is_field = module
            .set(class, name)
            .all(|binding| binding.from == class && binding.annotation.is_some());
        let fields_are_passed = is_field && (!scope.bases.is_empty() || !scope.decorators.is_empty());
        if fields_are_passed && let Some(passed) = maker.and_then(|maker| maker.keyword(name)) {
            return passed.value.clone();
        }
        let value = match maker.filter(|maker| !maker.open) {
            Some(maker) => {
                let constructor = module
                    .set(class, "__init__")
                    .chain(module.set(class, "constructor"))
                    .find_map(|binding| match binding.change {
                        Change::Set(expr) => match module.expr(expr).kind {
                            ExprKind::Scope(scope) => Some(scope),
                            _ => None,
                        },
                        _ => None,
                    });
                match (constructor, self.framed(here)) {
                    (Some(constructor), true) => {
                        let frame = Frame {
                            id: self.next_frame(),
                            file,
                            scope: constructor,
                            call: maker,
                            count: here.frame.map_or(1, |frame| frame.count + 1),
                            outer: here.frame,
                        };
                        let inside = Here {
                            frame: Some(&frame),
                            ..inside
                        };
                        self.bound(inside, class, name, Use::Member, None, span)
                    }
                    _ => self.bound(inside, class, name, Use::Member, None, span),
                }
            }
            None => self.bound(inside, class, name, Use::Member, None, span),
        };
        // A property is what its function returns.
        if let Kind::Scope(file, method) = value.kind
            && let Some(module) = self.files.module(file)
            && module.scope(method).decorators.iter().any(|decorator| {
                let inside = Here { file, ..inside };
                self.written(inside, *decorator).ends_with("property")
            })
        {
            let call = Call::new(name.to_owned(), value.place);
            return self.returned(here, (file, method), &call, span);
        }
        let may_differ = maker.is_none_or(|maker| maker.open) && fields_are_passed && !self.is_enum(here, file, class);
        let from_environment = scope
            .bases
            .iter()
            .any(|base| self.written(inside, *base).ends_with("Settings"));
        if from_environment || (may_differ && maker.is_some()) {
            let why = if from_environment {
                format!("the environment may set another `{name}`")
            } else {
                format!("whoever makes the `{}` may set another `{name}`", scope.name)
            };
            return self.unless(here, value, why);
        }
        value
    }

    fn framed(&self, here: Here<'_>) -> bool {
        here.frame.is_none_or(|frame| frame.count < MAX_FRAMES)
    }

    /// `object[index]`.
    fn index(&self, here: Here<'_>, object: &Arc<Value>, index: &Arc<Value>, span: Span) -> Option<Arc<Value>> {
        match (&object.kind, index.fixed()) {
            (Kind::Map { open, .. }, Some(key)) => match object.get(key) {
                Some(value) => Some(value.clone()),
                None => open.as_ref().map(|open| self.unknown(here, span, open.why.clone())),
            },
            (Kind::Map { entries, open, .. }, None) => {
                let mut values: Vec<Arc<Value>> = entries.iter().map(|(_, value)| value.clone()).collect();
                values.extend(open.iter().map(|open| self.unknown(here, span, open.why.clone())));
                Some(self.one_of(here, span, values, "the key is chosen while the program runs"))
            }
            (Kind::List { items, .. }, Some(at)) => items.get(at.parse::<usize>().ok()?).cloned(),
            (Kind::Path(path, _), Some(name)) if path.ends_with("environ") || path == "process.env" => {
                Some(self.unknown(here, span, format!("the environment variable `{name}` decides")))
            }
            (Kind::Unknown(why), _) => Some(self.unknown(here, span, why.clone())),
            (Kind::Scope(file, scope), Some(name)) if self.is_enum(here, *file, *scope) => {
                Some(self.class_member(here, (*file, *scope), name, None, span))
            }
            _ => None,
        }
    }

    /// What a call gives.
    fn result(&self, here: Here<'_>, expr: ExprId, function: ExprId, span: Span) -> Arc<Value> {
        if let ExprKind::Member(object, method) = &self.module(here).expr(function).kind {
            let object = self.value(here, *object);
            if let Some(value) = known::method(self, here, expr, &object, method) {
                return value;
            }
        }
        let Some(call) = self.call(here, expr) else {
            return self.unknown(here, span, "the call can't be read");
        };
        if let Some(value) = known::function(self, here, &call) {
            return value;
        }
        match call.own {
            Some(own) if !self.is_class(own) => self.returned(here, own, &call, span),
            _ => self.made(here, span, Kind::Call(call)),
        }
    }

    /// What a function of the tree returns for this call.
    fn returned(&self, here: Here<'_>, (file, scope): (SourceId, ScopeId), call: &Call, span: Span) -> Arc<Value> {
        let Some((deeper, module)) = self.deeper(here).zip(self.files.module(file)) else {
            return self.unknown(here, span, "what leads to it is too much to follow");
        };
        let function = module.scope(scope);
        let runtime = format!("what `{}` returns is worked out while the program runs", function.name);
        if !self.framed(here) || function.returns.is_empty() {
            return self.unknown(here, span, runtime);
        }
        let frame = Frame {
            id: self.next_frame(),
            file,
            scope,
            call,
            count: here.frame.map_or(1, |frame| frame.count + 1),
            outer: here.frame,
        };
        let returns = function.returns.iter().take(MAX_CANDIDATES);
        let values = returns.map(|(value, block)| {
            let inside = Here {
                file,
                scope,
                block: *block,
                deep: deeper.deep,
                frame: Some(&frame),
            };
            self.value(inside, *value)
        });
        let values: Vec<Arc<Value>> = values.filter(|value| !value.is_null()).collect();
        self.one_of(here, span, values, &runtime)
    }

    /// A call with its arguments.
    pub(super) fn call(&self, here: Here<'_>, expr: ExprId) -> Option<Arc<Call>> {
        let here = self.deeper(here)?;
        let module = self.module(here);
        let ExprKind::Call {
            function,
            arguments,
            slot,
        } = &module.expr(expr).kind
        else {
            return None;
        };
        let called = self.called(here, *function);
        let place = Place {
            source: here.file,
            span: module.expr(expr).span,
        };
        let mut call = Call {
            maker: called.maker,
            own: called.own,
            followed: called.followed,
            slot: slot.clone(),
            ..Call::new(called.path, place)
        };
        let mut written = HashMap::new();
        for argument in arguments {
            if let ExprKind::Map { entries, .. } = &module.expr(argument.value).kind {
                written.extend(entries.iter().filter_map(|entry| match entry {
                    Entry::Pair(key, value) => match &module.expr(*key).kind {
                        ExprKind::Text(key) => Some((key.as_str().to_owned(), self.span(here, *value))),
                        _ => None,
                    },
                    Entry::Spread(_) => None,
                }));
            }
            let value = self.value(here, argument.value);
            let passed = Argument {
                span: self.span(here, argument.value),
                value,
            };
            match (&argument.name, argument.spread) {
                (Some(name), _) => call.keywords.push((name.clone(), passed)),
                (None, true) => match &passed.value.kind {
                    Kind::Map { entries, open, .. } => {
                        call.open |= open.is_some();
                        for (name, value) in entries {
                            if call.keyword(name).is_none() {
                                let span = passed.span;
                                let value = value.clone();
                                call.keywords.push((name.clone(), Argument { span, value }));
                            }
                        }
                    }
                    _ => call.open = true,
                },
                (None, false) => call.positional.push(passed),
            }
        }
        if self.language(here.file) == Language::TypeScript {
            call.spread_options(&written);
        }
        Some(Arc::new(call))
    }

    /// What is called.
    fn called(&self, here: Here<'_>, function: ExprId) -> Called {
        let value = self.value(here, function);
        self.called_of(&value).unwrap_or_else(|| Called {
            path: plain_end(&self.written_whole(here, function)),
            maker: None,
            own: None,
            followed: false,
        })
    }

    fn called_of(&self, value: &Value) -> Option<Called> {
        match &value.kind {
            Kind::Path(path, maker) => Some(Called {
                path: path.clone(),
                maker: maker.clone(),
                own: None,
                followed: true,
            }),
            Kind::Call(call) => Some(Called {
                path: format!("{}.__call__", call.callee),
                maker: Some(call.clone()),
                own: call.own,
                followed: true,
            }),
            Kind::Scope(file, scope) => Some(Called {
                path: self.files.module(*file)?.scope(*scope).name.clone(),
                maker: None,
                own: Some((*file, *scope)),
                followed: true,
            }),
            Kind::OneOf { of, .. } => of.iter().find_map(|one| self.called_of(one)),
            _ => None,
        }
    }

    fn written_whole(&self, here: Here<'_>, expr: ExprId) -> String {
        let span = self.module(here).expr(expr).span;
        let text = self
            .files
            .source(here.file)
            .text
            .get(span.start..span.end)
            .unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace() && *c != '?').collect()
    }

    fn assigned_to(&self, call: ExprId) -> Option<String> {
        let mut bindings = self.module.bindings.iter();
        bindings.find_map(|binding| match binding.change {
            Change::Set(expr) if expr == call => Some(binding.name.clone()),
            _ => None,
        })
    }

    /// The names of the functions and classes around a scope, joined by dots.
    fn function(&self, scope: ScopeId) -> String {
        let scopes = std::iter::successors(Some(scope), |id| self.module.scope(*id).parent);
        let mut names: Vec<&str> = scopes
            .map(|id| self.module.scope(id).name.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        names.reverse();
        names.join(".")
    }

    /// Whether a call is made again and again: by a loop around it, or because its function is only called in loops.
    fn repeat(&self, site: &Site) -> Option<Repeat> {
        let around = |block| {
            self.module
                .around(block)
                .find_map(|block| match self.module.block(block).kind {
                    BlockKind::Each => Some(Repeat::Each),
                    BlockKind::While => Some(Repeat::While),
                    BlockKind::Body | BlockKind::Branch { .. } => None,
                })
        };
        around(site.block).or_else(|| {
            let name = &self.module.scope(site.scope).name;
            if self.module.handed.contains(name) {
                return Some(Repeat::Each);
            }
            let mut callers = self.module.calling(name).map(|caller| around(caller.block));
            let first = callers.next().flatten()?;
            callers.all(|caller| caller.is_some()).then_some(first)
        })
    }
}

/// What is called.
struct Called {
    path: String,
    maker: Option<Arc<Call>>,
    own: Option<(SourceId, ScopeId)>,
    followed: bool,
}

/// How surely a statement runs before a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It runs.
    Surely,
    /// Under a condition.
    Perhaps,
    /// In a loop that is done before.
    InLoop,
    /// In a loop around the use.
    EachTurn,
}

/// A name's value while its changes are gone through.
struct State {
    current: Option<Arc<Value>>,
    /// By a statement with branches: the branches that set the name so far, each with its value.
    branches: HashMap<usize, Vec<(BlockId, Arc<Value>)>>,
}

impl State {
    /// The outermost branch around a binding that the use is not in, with its statement, and whether one of its branches
    /// runs in any case.
    fn branch(module: &Module, binding: &Binding, around: &[BlockId]) -> Option<(usize, BlockId, bool)> {
        let blocks = module.around(binding.block).filter(|block| !around.contains(block));
        blocks
            .filter_map(|block| match module.block(block).kind {
                BlockKind::Branch { statement, complete } => Some((statement, block, complete)),
                _ => None,
            })
            .last()
    }

    /// Whether with this binding every branch of its statement sets the name.
    fn covers(&self, module: &Module, binding: &Binding, around: &[BlockId]) -> Option<bool> {
        let (statement, block, complete) = Self::branch(module, binding, around)?;
        let set = self.branches.get(&statement).map(Vec::as_slice).unwrap_or_default();
        let others = set.iter().filter(|(other, _)| *other != block).count();
        let all = module.branches.get(&statement).copied().unwrap_or(0);
        Some(complete && others + 1 == all)
    }

    fn branch_values(&self, module: &Module, binding: &Binding, around: &[BlockId]) -> Vec<Arc<Value>> {
        let Some((statement, block, _)) = Self::branch(module, binding, around) else {
            return Vec::new();
        };
        let set = self.branches.get(&statement).map(Vec::as_slice).unwrap_or_default();
        set.iter()
            .filter(|(other, _)| *other != block)
            .map(|(_, value)| value.clone())
            .collect()
    }

    fn remember(&mut self, module: &Module, binding: &Binding, around: &[BlockId], value: Arc<Value>) {
        if let Some((statement, block, _)) = Self::branch(module, binding, around) {
            let set = self.branches.entry(statement).or_default();
            set.retain(|(other, _)| *other != block);
            set.push((block, value));
        }
    }
}

fn is_loop(kind: BlockKind) -> bool {
    matches!(kind, BlockKind::Each | BlockKind::While)
}

fn given(name: &str) -> String {
    format!("`{name}` is given by the caller")
}

fn several(name: &str) -> String {
    format!("`{name}` is set in several places")
}

fn not_followed(written: String) -> Open {
    Open {
        why: format!("`{written}` is not followed"),
        grows: None,
    }
}

fn adds(span: Span, way: Way) -> Open {
    let (why, grows) = match way {
        Way::EachTurn => ("each turn of the loop adds to it", Some(span)),
        Way::InLoop => ("a loop adds to it", None),
        Way::Perhaps | Way::Surely => ("some of it is added only under a condition", None),
    };
    Open {
        why: why.to_owned(),
        grows,
    }
}

/// Sets a map's entry: a later one of the same key takes the earlier one's place.
fn set_entry(entries: &mut Vec<(String, Arc<Value>)>, key: &str, value: Arc<Value>) {
    match entries.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = value,
        None => entries.push((key.to_owned(), value)),
    }
}

/// Adds a list's items to another; what is no list leaves it open.
fn splice(items: &mut Vec<Arc<Value>>, open: &mut Option<Open>, more: &Arc<Value>) {
    match &more.kind {
        Kind::List {
            items: others,
            open: rest,
        } => {
            items.extend(others.iter().cloned());
            if open.is_none() {
                open.clone_from(rest);
            }
        }
        Kind::Unknown(why) => {
            open.get_or_insert_with(|| Open {
                why: why.clone(),
                grows: None,
            });
        }
        _ => {
            open.get_or_insert_with(|| Open {
                why: "what is added is not followed".to_owned(),
                grows: None,
            });
        }
    }
}

/// The name that an option of the command line has in the program: `--max-tokens` is `max_tokens`.
pub(super) fn option_name(option: &str) -> String {
    option.trim_start_matches('-').replace('-', "_")
}

/// The names and dots at the end of what is called: of `clients[0].chat.create` that is `chat.create`.
fn plain_end(written: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    let start = written
        .rfind(|c| !is_plain(c))
        .map_or(0, |at| at + written[at..].chars().next().map_or(1, char::len_utf8));
    written[start..].trim_matches('.').to_owned()
}
