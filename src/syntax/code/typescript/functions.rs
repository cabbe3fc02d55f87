//! Functions, classes, parameters, and values that are taken apart.

use tree_sitter::Node as Tree;

use super::super::{Change, ExprId, ExprKind, MAX_DEPTH, Parameter, ScopeId, ScopeKind};
use super::{Reader, first_child};
use crate::source::{Span, Text};

impl Reader<'_> {
    /// A function, arrow function or method.
    pub(super) fn function(&mut self, node: Tree<'_>, name: &str) -> ExprId {
        let own = node.child_by_field_name("name").map(|own| self.written(own));
        let name = own.unwrap_or(name);
        let scope = self.made.enter_scope(ScopeKind::Function, name, self.span(node));
        self.names.enter_body();
        if let Some(parameters) = node.child_by_field_name("parameters") {
            let mut cursor = parameters.walk();
            for parameter in parameters.named_children(&mut cursor) {
                self.parameter(parameter, scope);
            }
        } else if let Some(parameter) = node.child_by_field_name("parameter") {
            self.declare_name(parameter, false);
            self.add_parameter(scope, parameter, None, None);
        }
        match node.child_by_field_name("body") {
            Some(body) if body.kind() == "statement_block" => self.body(body),
            Some(body) => {
                let value = self.expr(body);
                self.made.returns(value);
            }
            None => {}
        }
        self.names.leave();
        self.made.leave_scope();
        self.made.expr(self.span(node), ExprKind::Scope(scope))
    }

    pub(super) fn function_declaration(&mut self, node: Tree<'_>) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let value = self.function(node, "");
        let name = self.own_name(self.written(name));
        // It can be called before the line that declares it.
        let at = self.made.module.scope(self.made.scope()).span.start;
        self.made.bind(&name, at, None, Change::Set(value));
    }

    fn parameter(&mut self, node: Tree<'_>, scope: ScopeId) {
        let Some(pattern) = node.child_by_field_name("pattern") else {
            return;
        };
        let annotation = self.annotation(node);
        let default = self.field(node, "value");
        self.declare_pattern(pattern, false);
        self.parameter_names(pattern, scope, default, annotation);
        let mut cursor = node.walk();
        let is_field = node
            .named_children(&mut cursor)
            .any(|part| matches!(part.kind(), "accessibility_modifier" | "override_modifier"))
            || node.child(0).is_some_and(|first| first.kind() == "readonly");
        if is_field
            && pattern.kind() == "identifier"
            && let Some(class) = self.made.class()
        {
            let value = self.name(pattern);
            let at = self.end(node);
            self.made
                .bind_in(class, self.written(pattern), at, annotation, Change::Set(value));
        }
    }

    /// The names of a parameter that may be taken apart.
    fn parameter_names(
        &mut self,
        pattern: Tree<'_>,
        scope: ScopeId,
        default: Option<ExprId>,
        annotation: Option<ExprId>,
    ) {
        match pattern.kind() {
            "identifier" => self.add_parameter(scope, pattern, default, annotation),
            "shorthand_property_identifier_pattern" => self.add_parameter(scope, pattern, default, None),
            "object_pattern" | "array_pattern" | "pair_pattern" | "rest_pattern" => {
                let mut cursor = pattern.walk();
                for part in pattern.named_children(&mut cursor) {
                    let part = part.child_by_field_name("value").unwrap_or(part);
                    self.parts(part, scope);
                }
            }
            _ => {}
        }
    }

    fn parts(&mut self, part: Tree<'_>, scope: ScopeId) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match part.kind() {
            "object_assignment_pattern" | "assignment_pattern" => {
                let default = self.field(part, "right");
                if let Some(left) = part.child_by_field_name("left") {
                    self.parameter_names(left, scope, default, None);
                }
            }
            _ => self.parameter_names(part, scope, None, None),
        }
        self.depth -= 1;
    }

    fn add_parameter(&mut self, scope: ScopeId, name: Tree<'_>, default: Option<ExprId>, annotation: Option<ExprId>) {
        let parameter = Parameter {
            name: self.written(name).to_owned(),
            default,
            annotation,
            span: self.span(name),
        };
        if let Some(scope) = self.made.module.scopes.get_mut(scope.0 as usize) {
            scope.parameters.push(parameter);
        }
    }

    pub(super) fn class_declaration(&mut self, node: Tree<'_>) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let value = self.class(node, "");
        let name = self.own_name(self.written(name));
        self.made.bind(&name, self.end(node), None, Change::Set(value));
    }

    /// A class, with its fields and methods.
    pub(super) fn class(&mut self, node: Tree<'_>, name: &str) -> ExprId {
        let own = node.child_by_field_name("name").map(|own| self.written(own));
        let bases = self.bases(node);
        let scope = self
            .made
            .enter_scope(ScopeKind::Class, own.unwrap_or(name), self.span(node));
        self.names.enter_body();
        if let Some(class) = self.made.module.scopes.get_mut(scope.0 as usize) {
            class.bases = bases;
        }
        if let Some(body) = node.child_by_field_name("body") {
            let mut cursor = body.walk();
            for member in body.named_children(&mut cursor) {
                match member.kind() {
                    "public_field_definition" => self.class_field(member),
                    "method_definition" => self.method(member),
                    "class_static_block" => self.children(member),
                    _ => {}
                }
            }
        }
        self.names.leave();
        self.made.leave_scope();
        self.made.expr(self.span(node), ExprKind::Scope(scope))
    }

    fn bases(&mut self, node: Tree<'_>) -> Vec<ExprId> {
        let mut bases = Vec::new();
        let mut cursor = node.walk();
        let heritage = node
            .named_children(&mut cursor)
            .find(|part| part.kind() == "class_heritage");
        let Some(heritage) = heritage else {
            return bases;
        };
        let mut cursor = heritage.walk();
        for clause in heritage.named_children(&mut cursor) {
            if clause.kind() == "extends_clause"
                && let Some(base) = self.field(clause, "value")
            {
                bases.push(base);
            }
        }
        bases
    }

    fn class_field(&mut self, node: Tree<'_>) {
        let Some(name) = node.child_by_field_name("name").and_then(|name| self.key_text(name)) else {
            return;
        };
        let at = self.end(node);
        let annotation = self.annotation(node);
        let change = match node.child_by_field_name("value") {
            Some(value) => Change::Set(self.named(value, &name)),
            None => Change::Declared,
        };
        self.made.bind(&name, at, annotation, change);
    }

    fn method(&mut self, node: Tree<'_>) {
        let Some(name) = node.child_by_field_name("name").and_then(|name| self.key_text(name)) else {
            return;
        };
        let method = self.function(node, &name);
        let mut cursor = node.walk();
        let gets = node.children(&mut cursor).any(|part| part.kind() == "get");
        let value = if gets {
            // What is read is what the getter gives.
            let slot = self.slot(node);
            let call = ExprKind::Call {
                function: method,
                arguments: Vec::new(),
                slot,
            };
            self.made.expr(self.span(node), call)
        } else {
            method
        };
        let at = self.made.module.scope(self.made.scope()).span.start;
        self.made.bind(&name, at, None, Change::Set(value));
    }

    /// The type that is written beside a name: a name, or the strings that are allowed.
    pub(super) fn annotation(&mut self, node: Tree<'_>) -> Option<ExprId> {
        let annotation = node.child_by_field_name("type").and_then(first_child)?;
        self.type_name(annotation)
    }

    fn type_name(&mut self, node: Tree<'_>) -> Option<ExprId> {
        match node.kind() {
            "type_identifier" | "identifier" => Some(self.name(node)),
            "generic_type" => self.type_name(node.child_by_field_name("name")?),
            "nested_type_identifier" => {
                let module = node.child_by_field_name("module")?;
                let object = if module.kind() == "identifier" {
                    self.name(module)
                } else {
                    return None;
                };
                let name = self.written(node.child_by_field_name("name")?).to_owned();
                Some(self.made.expr(self.span(node), ExprKind::Member(object, name)))
            }
            _ => None,
        }
    }

    /// Declares the names of a pattern in the innermost block.
    pub(super) fn declare_pattern(&mut self, pattern: Tree<'_>, inner: bool) {
        for name in pattern_names(pattern) {
            self.declare_name(name, inner);
        }
    }

    /// Declares the names of a pattern behind `var`.
    pub(super) fn declare_var(&mut self, pattern: Tree<'_>) {
        let scope = self.made.scope();
        for name in pattern_names(pattern) {
            self.names.declare_var(self.written(name), scope);
        }
    }

    /// A pattern takes a value apart; without one its names are set while the program runs.
    pub(super) fn pattern(&mut self, pattern: Tree<'_>, value: Option<ExprId>, at: usize, annotation: Option<ExprId>) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match pattern.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                let change = value.map_or(Change::Runtime, Change::Set);
                self.set(pattern, at, annotation, change);
            }
            "object_pattern" => {
                let mut cursor = pattern.walk();
                for part in pattern.named_children(&mut cursor) {
                    self.object_part(part, value, at);
                }
            }
            "array_pattern" => {
                let mut cursor = pattern.walk();
                for (index, part) in pattern.named_children(&mut cursor).enumerate() {
                    let item = value.map(|value| {
                        let span = self.span(part);
                        let number = ExprKind::Plain(Text::opaque(&index.to_string(), Span::at(span.start)));
                        let number = self.made.expr(Span::at(span.start), number);
                        self.made.expr(span, ExprKind::Index(value, number))
                    });
                    self.pattern(part, item.filter(|_| part.kind() != "rest_pattern"), at, None);
                }
            }
            "assignment_pattern" => {
                let default = self.field(pattern, "right");
                let either = self.either(value, default);
                if let Some(left) = pattern.child_by_field_name("left") {
                    self.pattern(left, either, at, None);
                }
            }
            "rest_pattern" => {
                if let Some(name) = first_child(pattern) {
                    self.pattern(name, None, at, None);
                }
            }
            // `[a.b] = c`.
            _ => self.change(pattern, at, Change::Runtime),
        }
        self.depth -= 1;
    }

    /// A name is set or changed in the scope that holds it.
    pub(super) fn set(&mut self, name: Tree<'_>, at: usize, annotation: Option<ExprId>, change: Change) {
        if let Some((scope, own)) = self.names.find(self.written(name)) {
            let own = own.to_owned();
            self.made.bind_in(scope, &own, at, annotation, change);
        }
    }

    fn object_part(&mut self, part: Tree<'_>, value: Option<ExprId>, at: usize) {
        let member = |reader: &mut Self, key: Tree<'_>| {
            let (value, name) = (value?, reader.key_text(key)?);
            let span = reader.span(key);
            Some(reader.made.expr(span, ExprKind::Member(value, name)))
        };
        match part.kind() {
            "shorthand_property_identifier_pattern" => {
                let taken = member(self, part);
                self.pattern(part, taken, at, None);
            }
            "pair_pattern" => {
                if let (Some(key), Some(inner)) = (part.child_by_field_name("key"), part.child_by_field_name("value")) {
                    let taken = member(self, key);
                    self.pattern(inner, taken, at, None);
                }
            }
            "object_assignment_pattern" => {
                if let Some(left) = part.child_by_field_name("left") {
                    let taken = member(self, left);
                    let default = self.field(part, "right");
                    let either = self.either(taken, default);
                    self.pattern(left, either, at, None);
                }
            }
            _ => self.pattern(part, None, at, None),
        }
    }

    /// A value, or its default.
    fn either(&mut self, value: Option<ExprId>, default: Option<ExprId>) -> Option<ExprId> {
        let (value, default) = (value?, default?);
        let span = self.made.module.expr(value).span;
        Some(self.made.expr(span, ExprKind::Either(vec![value, default])))
    }
}

/// The names that a pattern sets.
fn pattern_names(pattern: Tree<'_>) -> Vec<Tree<'_>> {
    let mut names = Vec::new();
    let mut open = vec![pattern];
    while let Some(node) = open.pop() {
        match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => names.push(node),
            "pair_pattern" => open.extend(node.child_by_field_name("value")),
            "object_assignment_pattern" | "assignment_pattern" => open.extend(node.child_by_field_name("left")),
            "object_pattern" | "array_pattern" | "rest_pattern" => {
                let mut cursor = node.walk();
                open.extend(node.named_children(&mut cursor));
            }
            _ => {}
        }
    }
    names
}
