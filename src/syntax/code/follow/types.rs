//! What a type that is written says of a value.

use std::sync::Arc;

use super::{Here, Reader};
use crate::source::{Place, SourceId};
use crate::syntax::code::{Call, ExprId, ExprKind, Kind, ScopeId, ScopeKind, Value};

impl Reader<'_> {
    /// An object of the type that is written: `client: OpenAI`.
    pub(super) fn of_type(&self, here: Here<'_>, annotation: ExprId) -> Option<Kind> {
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

    pub(super) fn is_enum(&self, here: Here<'_>, file: SourceId, scope: ScopeId) -> bool {
        let Some(module) = self.files.module(file) else {
            return false;
        };
        let here = Here { file, ..here };
        let mut bases = module.scope(scope).bases.iter();
        bases.any(|base| self.written(here, *base).ends_with("Enum"))
    }

    /// The values that `Literal["a", "b"]` lists.
    pub(super) fn literals(&self, here: Here<'_>, annotation: ExprId) -> Option<Arc<Value>> {
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
}
