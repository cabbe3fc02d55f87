//! Follows names to values: through assignments, parameters' defaults, classes, functions and imports.
//!
//! Every expression is looked at once for each way that a call leads to it, never deeper than [`MAX_DEEP`] and never
//! more than [`MAX_STEPS`] for one call of the file: what lies beyond is unknown. Here stand the reader and its limits;
//! what each kind of expression leads to stands in `follow/`.

mod bindings;
mod calls;
mod expressions;
mod members;
mod names;
mod parameters;
mod types;
mod wrappers;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) use self::parameters::option_name;
pub use self::wrappers::{Wrapper, Wrappers};
use super::{
    BlockId, BlockKind, Call, Change, ExprId, ExprKind, Files, Kind, Language, Module, Repeat, ScopeId, ScopeKind,
    Site, Value,
};
use crate::source::{Place, SourceId, Span};

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

/// The method by which an object is itself called in Python: `llm(prompt)` ends with it.
pub const CALL: &str = "__call__";

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

    /// The same, told beforehand by which names calls end (`create`), so that others need not be followed. An object that
    /// is itself called, by whatever name, is called by its [`CALL`].
    pub fn calls_of(&self, named: impl Fn(&str) -> bool, wanted: impl Fn(&str, bool) -> bool) -> Vec<Call> {
        let mut found = Vec::new();
        let assigned = self.assigned();
        for site in &self.module.sites {
            if !self.may_be(site, &named) {
                continue;
            }
            self.begin();
            let here = self.here(site);
            let called = match &self.module.expr(site.call).kind {
                ExprKind::Call { function, .. } => {
                    let is_wanted = self.is_wanted(here, *function, &wanted);
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
                call.assigned_to = assigned.get(&site.call).map(|name| (*name).to_owned());
                call.function = self.function(site.scope);
                call.repeat = self.repeat(site);
                found.push(call);
            }
        }
        found
    }

    /// Begins to follow another call of the file: what functions gave for the one before is forgotten, and it may be as
    /// much to follow.
    fn begin(&self) {
        self.framed.borrow_mut().clear();
        self.limit.set(MAX_STEPS_OF_FILE.min(self.steps.get() + MAX_STEPS));
    }

    /// Whether what is called is looked for, and no function of the tree.
    fn is_wanted(&self, here: Here<'_>, function: ExprId, wanted: impl Fn(&str, bool) -> bool) -> bool {
        let called = self.called(here, function);
        called.own.is_none() && wanted(&called.path, called.followed)
    }

    /// Whether a call may be one of those that end with these names.
    fn may_be(&self, site: &Site, named: impl Fn(&str) -> bool) -> bool {
        let ExprKind::Call { function, .. } = &self.module.expr(site.call).kind else {
            return true;
        };
        // In Python an object is itself called: `self.llm(prompt)`.
        self.module.last_name(*function).is_some_and(&named)
            || (self.language(self.id) == Language::Python && named(CALL) && self.module.may_call_object(*function))
    }

    /// What each function of the file with this name returns, where nothing is handed to it but the object that it is a
    /// method of.
    pub fn returned_by(&self, name: &str) -> Vec<Arc<Value>> {
        let scopes = (0..).zip(&self.module.scopes);
        let functions = scopes.filter(|(_, scope)| scope.kind == ScopeKind::Function && scope.name == name);
        let returned = functions.map(|(index, scope)| {
            self.begin();
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
        Language::of_extension(self.files.source(file).extension()).unwrap_or(Language::Python)
    }

    /// An expression as it is written, shortened.
    pub(super) fn written(&self, here: Here<'_>, expr: ExprId) -> String {
        const SHOWN: usize = 60;
        self.source_text(here, expr)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(SHOWN)
            .collect()
    }

    fn source_text(&self, here: Here<'_>, expr: ExprId) -> &'a str {
        let span = self.span(here, expr);
        let source = self.files.source(here.file);
        source.text.get(span.start..span.end).unwrap_or_default()
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

    fn framed(&self, here: Here<'_>) -> bool {
        here.frame.is_none_or(|frame| frame.count < MAX_FRAMES)
    }

    /// The first name that each expression is set to.
    fn assigned(&self) -> HashMap<ExprId, &'a str> {
        let bindings = self.module.bindings.iter().rev();
        let set = bindings.filter_map(|binding| match binding.change {
            Change::Set(expr) => Some((expr, binding.name.as_str())),
            _ => None,
        });
        set.collect()
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
