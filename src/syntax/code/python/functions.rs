//! Functions, classes, their parameters and docstrings.

use tree_sitter::Node as Tree;

use super::Lowering;
use crate::source::Text;
use crate::syntax::code::{Change, ExprId, ExprKind, Parameter, ScopeId, ScopeKind};

impl Lowering<'_> {
    pub(super) fn function(&mut self, node: Tree<'_>, decorators: Vec<ExprId>, depth: usize) {
        let name = node.child_by_field_name("name").map_or("", |name| self.written(name));
        let scope = self.callable(node, name, decorators, depth);
        let made = self.build.expr(self.span(node), ExprKind::Scope(scope));
        // A function is known before what stands above it is called.
        self.build
            .bind(name, self.start + node.start_byte(), None, Change::Set(made));
    }

    /// A function's or lambda's scope.
    pub(super) fn callable(&mut self, node: Tree<'_>, name: &str, decorators: Vec<ExprId>, depth: usize) -> ScopeId {
        let in_class = self.build.module.scope(self.build.scope()).kind == ScopeKind::Class;
        let parameters = node.child_by_field_name("parameters");
        let parameters = parameters
            .map(|list| self.parameters(list, in_class, depth))
            .unwrap_or_default();
        let body = node.child_by_field_name("body");
        let doc = body.and_then(|body| self.docstring(body));
        let scope = self.build.enter_scope(ScopeKind::Function, name, self.span(node));
        let made = &mut self.build.module.scopes[scope.0 as usize];
        made.parameters = parameters;
        made.decorators = decorators;
        made.doc = doc;
        match body {
            Some(body) if body.kind() == "block" => self.statements(body, depth),
            Some(body) => {
                let value = self.expr(body, depth);
                self.build.returns(value);
            }
            None => {}
        }
        self.build.leave_scope();
        scope
    }

    fn parameters(&mut self, list: Tree<'_>, in_class: bool, depth: usize) -> Vec<Parameter> {
        let mut found = Vec::new();
        for (index, part) in Self::children(list).into_iter().enumerate() {
            let name = part.child_by_field_name("name").unwrap_or(match part.kind() {
                "identifier" => part,
                _ => part.named_child(0).unwrap_or(part),
            });
            if name.kind() != "identifier" {
                continue;
            }
            let written = self.written(name);
            if in_class && index == 0 && matches!(written, "self" | "cls") {
                continue;
            }
            let annotation = part
                .child_by_field_name("type")
                .map(|annotation| self.annotation(annotation, depth));
            let default = part.child_by_field_name("value").map(|value| self.expr(value, depth));
            found.push(Parameter {
                name: written.to_owned(),
                default,
                annotation,
                span: self.span(part),
            });
        }
        found
    }

    pub(super) fn class(&mut self, node: Tree<'_>, decorators: Vec<ExprId>, depth: usize) {
        let name = node.child_by_field_name("name").map_or("", |name| self.written(name));
        let mut bases = Vec::new();
        for base in node
            .child_by_field_name("superclasses")
            .map(Self::children)
            .unwrap_or_default()
        {
            if base.kind() == "keyword_argument" {
                continue;
            }
            bases.push(self.expr(base, depth));
        }
        let body = node.child_by_field_name("body");
        let doc = body.and_then(|body| self.docstring(body));
        let scope = self.build.enter_scope(ScopeKind::Class, name, self.span(node));
        let made = &mut self.build.module.scopes[scope.0 as usize];
        made.bases = bases;
        made.decorators = decorators;
        made.doc = doc;
        if let Some(body) = body {
            self.statements(body, depth);
        }
        self.build.leave_scope();
        let made = self.build.expr(self.span(node), ExprKind::Scope(scope));
        self.build
            .bind(name, self.start + node.start_byte(), None, Change::Set(made));
    }

    fn docstring(&self, body: Tree<'_>) -> Option<Text> {
        let first = Self::children(body)
            .into_iter()
            .find(|child| child.kind() != "comment")?;
        let string = (first.kind() == "expression_statement").then(|| first.named_child(0))??;
        (string.kind() == "string").then(|| self.string(string))?
    }
}
