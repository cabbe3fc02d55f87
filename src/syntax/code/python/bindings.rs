//! What sets a name or changes what it holds: assignments, items, members, `append` and its like.

use tree_sitter::Node as Tree;

use super::Lowering;
use crate::syntax::code::{Change, ExprId, ExprKind, MAX_DEPTH, Passed, ScopeId};

impl<'a> Lowering<'a> {
    /// `a = b`; gives the value.
    pub(super) fn assignment(&mut self, node: Tree<'_>, depth: usize) -> Option<ExprId> {
        let left = node.child_by_field_name("left")?;
        let annotation = node
            .child_by_field_name("type")
            .map(|annotation| self.annotation(annotation, depth));
        let at = self.end(node);
        let Some(right) = node.child_by_field_name("right") else {
            self.bind_to(left, at, annotation, Change::Declared, depth);
            return None;
        };
        let value = match right.kind() {
            "assignment" if depth < MAX_DEPTH => self.assignment(right, depth + 1)?,
            _ => self.expr(right, depth),
        };
        let lefts = matches!(left.kind(), "pattern_list" | "tuple_pattern").then(|| Self::children(left));
        let rights = match &self.build.module.expr(value).kind {
            ExprKind::List(items) if items.iter().all(|item| !item.spread) => {
                Some(items.iter().map(|item| item.value).collect::<Vec<_>>())
            }
            _ => None,
        };
        match (lefts, rights) {
            (Some(lefts), Some(rights)) if lefts.len() == rights.len() => {
                for (left, right) in lefts.into_iter().zip(rights) {
                    self.bind_to(left, at, None, Change::Set(right), depth);
                }
            }
            _ => self.bind_to(left, at, annotation, Change::Set(value), depth),
        }
        Some(value)
    }

    pub(super) fn augmented(&mut self, node: Tree<'_>, depth: usize) {
        let field = |name| node.child_by_field_name(name);
        let Some((left, right)) = field("left").zip(field("right")) else {
            return;
        };
        let value = self.expr(right, depth);
        let adds = field("operator").is_some_and(|operator| self.written(operator) == "+=");
        let change = if adds { Change::Add(value) } else { Change::Runtime };
        self.bind_to(left, self.end(node), None, change, depth);
    }

    /// Sets or changes what stands on the left of an assignment.
    pub(super) fn bind_to(
        &mut self,
        left: Tree<'_>,
        at: usize,
        annotation: Option<ExprId>,
        change: Change,
        depth: usize,
    ) {
        match left.kind() {
            "identifier" => {
                let name = self.written(left);
                if self.globals.contains(&(self.build.scope(), name.to_owned())) {
                    self.build.bind_in(ScopeId(0), name, at, annotation, change);
                } else {
                    self.build.bind(name, at, annotation, change);
                }
            }
            "attribute" => {
                if let Some((class, name)) = self.own_member(left) {
                    self.build.bind_in(class, name, at, annotation, change);
                    return;
                }
                // `config.model = "…"` of a name.
                let field = |name| left.child_by_field_name(name);
                if let (Some(object), Some(name), Change::Set(value)) = (field("object"), field("attribute"), change) {
                    let key = self.build.word(self.written(name), self.start + name.start_byte());
                    self.set_key(object, at, key, value);
                }
            }
            "subscript" => {
                let object = left.child_by_field_name("value");
                let key = left.child_by_field_name("subscript").map(|key| self.expr(key, depth));
                if let (Some(object), Some(key), Change::Set(value)) = (object, key, change) {
                    self.set_key(object, at, key, value);
                }
            }
            _ => {
                for part in Self::children(left) {
                    self.bind_to_runtime(part, at, depth);
                }
            }
        }
    }

    fn bind_to_runtime(&mut self, part: Tree<'_>, at: usize, depth: usize) {
        if depth < MAX_DEPTH {
            self.bind_to(part, at, None, Change::Runtime, depth + 1);
        }
    }

    fn set_key(&mut self, object: Tree<'_>, at: usize, key: ExprId, value: ExprId) {
        self.changes(object, at, Change::SetKey(key, value));
    }

    /// `messages.append(…)` changes what it is called on.
    pub(super) fn grows(&mut self, function: Tree<'_>, arguments: &[Passed], at: usize) {
        let field = |name| function.child_by_field_name(name);
        let Some((object, method)) = field("object").zip(field("attribute")) else {
            return;
        };
        let value = |index: usize| arguments.get(index).map(|argument: &Passed| argument.value);
        let change = match (self.written(method), value(0), value(1)) {
            ("append", Some(item), _) => Change::Push(item),
            ("insert", Some(_), Some(item)) => Change::PushFront(item),
            ("extend" | "update", Some(items), _) => Change::Extend(items),
            _ => return,
        };
        self.changes(object, at, change);
    }

    /// Changes what a name or an own member holds.
    fn changes(&mut self, object: Tree<'_>, at: usize, change: Change) {
        match object.kind() {
            "identifier" => self.build.bind(self.written(object), at, None, change),
            "attribute" => {
                if let Some((class, name)) = self.own_member(object) {
                    self.build.bind_in(class, name, at, None, change);
                }
            }
            _ => {}
        }
    }

    /// Of `self.name`, the class and the name.
    fn own_member(&self, node: Tree<'_>) -> Option<(ScopeId, &'a str)> {
        let object = node.child_by_field_name("object")?;
        let name = node.child_by_field_name("attribute")?;
        let is_own = matches!(self.written(object), "self" | "cls");
        is_own.then(|| Some((self.build.class()?, self.written(name))))?
    }

    pub(super) fn loop_variable(&mut self, left: Tree<'_>, list: ExprId, at: usize) {
        match left.kind() {
            "identifier" => self.build.bind(self.written(left), at, None, Change::Item(list)),
            _ => self.bind_to_runtime(left, at, 0),
        }
    }
}
