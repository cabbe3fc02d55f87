//! What a member of an object is: of maps, modules, classes, paths and objects of packages.

use std::sync::Arc;

use super::bindings::Use;
use super::{Frame, Here, Reader};
use crate::source::{SourceId, Span};
use crate::syntax::code::{Call, Change, ExprKind, Kind, Language, ScopeId, ScopeKind, Value, known, paths};

impl Reader<'_> {
    /// `object.name`.
    pub(in crate::syntax::code) fn member(
        &self,
        here: Here<'_>,
        object: &Arc<Value>,
        name: &str,
        span: Span,
    ) -> Arc<Value> {
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
            Kind::Path(path, _) if path == "import.meta" && matches!(name, "url" | "filename" | "dirname") => {
                let own = &self.files.source(here.file).from_root;
                let kind = if name == "dirname" {
                    paths::parent(own)
                } else {
                    Kind::File(own.clone())
                };
                self.made(here, span, kind)
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

    pub(super) fn is_class(&self, (file, scope): (SourceId, ScopeId)) -> bool {
        let module = self.files.module(file);
        module.is_some_and(|module| module.scope(scope).kind == ScopeKind::Class)
    }

    /// A field or method of a class of the tree; `maker` is the call that made the object.
    pub(super) fn class_member(
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
}
