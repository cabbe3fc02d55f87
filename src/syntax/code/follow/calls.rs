//! What is called, with which arguments, and what it returns.

use std::collections::HashMap;
use std::sync::Arc;

use super::{CALL, Frame, Here, MAX_CANDIDATES, Reader};
use crate::source::{Place, SourceId, Span};
use crate::syntax::code::{Argument, Call, Entry, ExprId, ExprKind, Kind, Language, ScopeId, Value, known};

/// What is called.
pub(super) struct Called {
    pub(super) path: String,
    pub(super) maker: Option<Arc<Call>>,
    pub(super) own: Option<(SourceId, ScopeId)>,
    pub(super) followed: bool,
}

impl Reader<'_> {
    /// What a call gives.
    pub(super) fn result(&self, here: Here<'_>, expr: ExprId, function: ExprId, span: Span) -> Arc<Value> {
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
    pub(super) fn returned(
        &self,
        here: Here<'_>,
        (file, scope): (SourceId, ScopeId),
        call: &Call,
        span: Span,
    ) -> Arc<Value> {
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
    pub(in crate::syntax::code) fn call(&self, here: Here<'_>, expr: ExprId) -> Option<Arc<Call>> {
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
    pub(super) fn called(&self, here: Here<'_>, function: ExprId) -> Called {
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
                path: format!("{}.{CALL}", call.callee),
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
        let text = self.source_text(here, expr);
        text.chars().filter(|c| !c.is_whitespace() && *c != '?').collect()
    }
}

/// The names and dots at the end of what is called: of `clients[0].chat.create` that is `chat.create`.
fn plain_end(written: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$');
    let start = written
        .rfind(|c| !is_plain(c))
        .map_or(0, |at| at + written[at..].chars().next().map_or(1, char::len_utf8));
    written[start..].trim_matches('.').to_owned()
}
