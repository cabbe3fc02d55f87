//! What a parameter may be: what is passed, its default, what its type or a decorator says.

use std::sync::Arc;

use super::{Frame, Here, MAX_CALLERS, Reader};
use crate::syntax::code::{ExprId, ExprKind, Kind, Parameter, ScopeId, Value, known};

impl Reader<'_> {
    /// The value of a parameter: the argument of the call that is followed, else what the code says that it may be.
    pub(super) fn parameter(&self, here: Here<'_>, scope: ScopeId, index: usize) -> Arc<Value> {
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
    pub(super) fn default_of(&self, here: Here<'_>, default: ExprId) -> Arc<Value> {
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
}

fn given(name: &str) -> String {
    format!("`{name}` is given by the caller")
}

/// The name that an option of the command line has in the program: `--max-tokens` is `max_tokens`.
pub(in crate::syntax::code) fn option_name(option: &str) -> String {
    option.trim_start_matches('-').replace('-', "_")
}
