//! What an expression gives: texts put together, lists, maps, one of several values.

use std::sync::Arc;

use super::{CHAIN, Here, Reader};
use crate::source::{Place, Span, Text};
use crate::syntax::code::text::{self, Filling, MAX_TEXT};
use crate::syntax::code::{Argument, Call, Entry, ExprId, ExprKind, Kind, Open, Value, paths};

impl Reader<'_> {
    pub(super) fn evaluate(&self, here: Here<'_>, expr: ExprId, span: Span) -> Arc<Value> {
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
                match paths::joined(&folder, &name) {
                    Some(kind) => self.made(here, span, kind),
                    None => self.unknown(here, span, runtime()),
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
    pub(super) fn used(&self, here: Here<'_>, span: Span, value: Arc<Value>) -> Arc<Value> {
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
    pub(super) fn perhaps(
        &self,
        here: Here<'_>,
        key: &str,
        before: Option<Arc<Value>>,
        value: Arc<Value>,
    ) -> Arc<Value> {
        let span = value.place.span;
        let why = format!("`{key}` is set only under a condition");
        let before = before.unwrap_or_else(|| self.unknown(here, span, why.clone()));
        self.one_of(here, span, vec![before, value], &why)
    }

    /// A string as a value; one that is too long is unknown.
    pub(in crate::syntax::code) fn text(&self, here: Here<'_>, span: Span, (text, pieces): text::Filled) -> Arc<Value> {
        if text.as_str().len() > MAX_TEXT {
            return self.unknown(here, span, "the text is too long to be put together");
        }
        self.made(here, span, Kind::Text(text, pieces))
    }

    /// Puts a value into a string: what is known of it, else a variable of this name.
    pub(in crate::syntax::code) fn put(
        &self,
        here: Here<'_>,
        into: &mut Filling,
        value: Option<&Arc<Value>>,
        name: &str,
        named: Span,
    ) {
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

    /// `object[index]`.
    pub(super) fn index(
        &self,
        here: Here<'_>,
        object: &Arc<Value>,
        index: &Arc<Value>,
        span: Span,
    ) -> Option<Arc<Value>> {
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
}

/// Sets a map's entry: a later one of the same key takes the earlier one's place.
pub(super) fn set_entry(entries: &mut Vec<(String, Arc<Value>)>, key: &str, value: Arc<Value>) {
    match entries.iter_mut().find(|(name, _)| name == key) {
        Some((_, old)) => *old = value,
        None => entries.push((key.to_owned(), value)),
    }
}

/// Adds a list's items to another; what is no list leaves it open.
pub(super) fn splice(items: &mut Vec<Arc<Value>>, open: &mut Option<Open>, more: &Arc<Value>) {
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

pub(super) fn not_followed(written: String) -> Open {
    Open {
        why: format!("`{written}` is not followed"),
        grows: None,
    }
}
