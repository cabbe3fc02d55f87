//! Functions that hand on what they are handed to a call that is looked for, and what they make of one call of theirs.

use super::{Frame, Here, Reader};
use crate::source::SourceId;
use crate::syntax::Signs;
use crate::syntax::code::{Call, ExprKind, Module, ScopeId, ScopeKind};

/// A function that hands on what it is handed to a call that is looked for.
#[derive(Debug, Clone)]
pub struct Wrapper {
    /// Its file.
    pub file: SourceId,
    /// Its own scope.
    pub scope: ScopeId,
    /// Its name.
    pub name: String,
}

/// All such functions of a tree.
#[derive(Debug)]
pub struct Wrappers {
    /// The functions.
    pub functions: Vec<Wrapper>,
    /// Their names, as they stand where they are called.
    pub called: Signs,
}

impl Reader<'_> {
    /// The functions of the file that are handed something and in which such a call stands.
    pub fn wrappers(&self, named: impl Fn(&str) -> bool, wanted: impl Fn(&str, bool) -> bool) -> Vec<Wrapper> {
        let mut found: Vec<Wrapper> = Vec::new();
        for site in &self.module.sites {
            let ExprKind::Call { function, .. } = &self.module.expr(site.call).kind else {
                continue;
            };
            let Some(holder) = self.holder(self.module, site.scope) else {
                continue;
            };
            let known = found.last().is_some_and(|last| last.scope == holder);
            if known || !self.module.last_name(*function).is_some_and(&named) {
                continue;
            }
            self.begin();
            if self.is_wanted(self.here(site), *function, &wanted) {
                let name = self.module.scope(holder).name.clone();
                found.push(Wrapper {
                    file: self.id,
                    scope: holder,
                    name,
                });
            }
        }
        found
    }

    /// The function with a name and parameters that a scope is, or lies in.
    fn holder(&self, module: &Module, scope: ScopeId) -> Option<ScopeId> {
        let mut scopes = std::iter::successors(Some(scope), |id| module.scope(*id).parent);
        scopes.find(|id| {
            let scope = module.scope(*id);
            scope.kind == ScopeKind::Function
                && !scope.parameters.is_empty()
                && !scope.name.is_empty()
                && !scope.name.starts_with("__")
                && scope.name != "constructor"
        })
    }

    /// The calls of these functions of other files, each with the first call inside the function that `wanted` takes, as
    /// it is made for that call.
    pub fn through(
        &self,
        wrappers: &[&Wrapper],
        named: impl Fn(&str) -> bool,
        wanted: impl Fn(&str, bool) -> bool,
    ) -> Vec<(Call, Call)> {
        let mut found = Vec::new();
        for site in &self.module.sites {
            let ExprKind::Call { function, .. } = &self.module.expr(site.call).kind else {
                continue;
            };
            if !self.module.last_name(*function).is_some_and(&named) {
                continue;
            }
            self.begin();
            let here = self.here(site);
            let called = self.called(here, *function);
            let wrapper = called
                .own
                .and_then(|own| wrappers.iter().find(|known| (known.file, known.scope) == own));
            let outer = wrapper.and_then(|_| self.call(here, site.call));
            let (Some(wrapper), Some(outer)) = (wrapper, outer) else {
                continue;
            };
            if let Some(inner) = self.inside(wrapper, &outer, &wanted) {
                let mut outer = Call::clone(&outer);
                outer.function = self.function(site.scope);
                outer.repeat = self.repeat(site);
                found.push((outer, inner));
            }
        }
        found
    }

    /// The first call inside a function that `wanted` takes, as it is made for one call of the function.
    fn inside(&self, wrapper: &Wrapper, outer: &Call, wanted: impl Fn(&str, bool) -> bool) -> Option<Call> {
        let module = self.files.module(wrapper.file)?;
        let frame = Frame {
            id: self.next_frame(),
            file: wrapper.file,
            scope: wrapper.scope,
            call: outer,
            count: 1,
            outer: None,
        };
        let mut sites = module
            .sites
            .iter()
            .filter(|site| self.holder(module, site.scope) == Some(wrapper.scope));
        let call = sites.find_map(|site| {
            let ExprKind::Call { function, .. } = &module.expr(site.call).kind else {
                return None;
            };
            let here = Here {
                file: wrapper.file,
                scope: site.scope,
                block: site.block,
                deep: 0,
                frame: Some(&frame),
            };
            let is_wanted = self.is_wanted(here, *function, &wanted);
            is_wanted.then(|| self.call(here, site.call)).flatten()
        })?;
        Some(Call::clone(&call))
    }
}
