//! What a name holds where it is used: the statements that set and change it, in branches and loops.

use std::collections::HashMap;
use std::sync::Arc;

use super::expressions::{not_followed, set_entry, splice};
use super::{Here, Reader};
use crate::source::Span;
use crate::syntax::code::text::Filling;
use crate::syntax::code::{Binding, BlockId, BlockKind, Change, ExprId, Kind, Module, Open, ScopeId, Value};

/// Most changes of a name that are gone through.
const MAX_CHANGES: usize = 2_000;

/// What a name is asked for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// In the scope that sets it, at this byte.
    Local(usize),
    /// In a scope inside that which sets it, or in another file: after all of it has run.
    Later,
    /// As a member of an object.
    Member,
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

impl Reader<'_> {
    /// The value of a name that a scope sets. `first` is what it holds before: a parameter's value.
    pub(super) fn bound(
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
        // A name that is set all over a file is as much work each time that it is asked for.
        self.steps.set(self.steps.get() + before.len() + later.len());
        if before.is_empty() && first.is_none() {
            before = std::mem::take(&mut later);
        }
        let sets = |binding: &&Binding| matches!(binding.change, Change::Set(_) | Change::Item(_) | Change::Runtime);
        let start = before.iter().rposition(|binding| sets(binding) && surely(binding));
        // Each change copies what there was before it.
        if before.len() - start.unwrap_or(0) > MAX_CHANGES {
            return self.unknown(here, span, format!("`{name}` is changed more than {MAX_CHANGES} times"));
        }
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
}

fn is_loop(kind: BlockKind) -> bool {
    matches!(kind, BlockKind::Each | BlockKind::While)
}

fn several(name: &str) -> String {
    format!("`{name}` is set in several places")
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
