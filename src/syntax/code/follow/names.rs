//! What a name means: in the scopes around it, in what the file imports, in the files of the tree.

use std::sync::Arc;

use super::bindings::Use;
use super::{Here, MAX_DEEP, Reader};
use crate::source::{Place, SourceId, Span};
use crate::syntax::code::{Call, Kind, Language, ScopeId, ScopeKind, Value, known, paths};

impl Reader<'_> {
    pub(super) fn name(&self, here: Here<'_>, name: &str, span: Span) -> Arc<Value> {
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
        let own = &self.files.source(here.file).from_root;
        match name {
            "__file__" | "__filename" => return self.made(here, span, Kind::File(own.clone())),
            "__dirname" => return self.made(here, span, paths::parent(own)),
            _ => {}
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
        if language == Language::TypeScript
            && name.is_none_or(|name| name == "default")
            && let Some(value) =
                known::imported_text(self, here, module).or_else(|| known::imported_data(self, here, module))
        {
            return value;
        }
        let path = match name {
            Some(name) => format!("{module}.{name}"),
            None => module.to_owned(),
        };
        self.made(here, span, Kind::Path(path, None))
    }

    /// What a file of the tree calls `name`; `None` where it has no such name.
    pub(super) fn export(&self, here: Here<'_>, file: SourceId, name: &str, span: Span) -> Option<Arc<Value>> {
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
}
