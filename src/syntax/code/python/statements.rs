//! Statements: blocks, branches, loops and imports.

use tree_sitter::Node as Tree;

use super::Lowering;
use crate::syntax::code::{BlockKind, Change, Import, MAX_DEPTH};

impl Lowering<'_> {
    /// The statements of a block, or of anything that holds some.
    pub(super) fn statements(&mut self, node: Tree<'_>, depth: usize) {
        if depth >= MAX_DEPTH || self.build.is_full() {
            return;
        }
        for child in Self::children(node) {
            self.statement(child, depth + 1);
        }
    }

    fn block(&mut self, kind: BlockKind, node: Tree<'_>, depth: usize) {
        self.build.enter_block(kind);
        self.statements(node, depth);
        self.build.leave_block();
    }

    fn statement(&mut self, node: Tree<'_>, depth: usize) {
        if depth >= MAX_DEPTH || self.build.is_full() {
            return;
        }
        let field = |name| node.child_by_field_name(name);
        match node.kind() {
            "import_statement" | "import_from_statement" => self.import(node),
            "function_definition" => self.function(node, Vec::new(), depth),
            "class_definition" => self.class(node, Vec::new(), depth),
            "decorated_definition" => {
                let mut decorators = Vec::new();
                for child in Self::children(node) {
                    match child.kind() {
                        "decorator" => {
                            if let Some(inner) = child.named_child(0) {
                                decorators.push(self.expr(inner, depth));
                            }
                        }
                        "function_definition" => self.function(child, std::mem::take(&mut decorators), depth),
                        "class_definition" => self.class(child, std::mem::take(&mut decorators), depth),
                        _ => {}
                    }
                }
            }
            "if_statement" => self.branches(node, depth),
            "match_statement" => self.matches(node, depth),
            "for_statement" => {
                let list = field("right").map(|list| self.expr(list, depth));
                self.build.enter_block(BlockKind::Each);
                if let Some((left, list)) = field("left").zip(list) {
                    let at = field("right").map_or(0, |right| self.end(right));
                    self.loop_variable(left, list, at);
                }
                if let Some(body) = field("body") {
                    self.statements(body, depth);
                }
                self.build.leave_block();
                if let Some(otherwise) = field("alternative") {
                    self.statement(otherwise, depth);
                }
            }
            "while_statement" => {
                self.build.enter_block(BlockKind::While);
                for child in Self::children(node)
                    .into_iter()
                    .filter(|child| child.kind() != "else_clause")
                {
                    match child.kind() {
                        "block" => self.statements(child, depth),
                        _ => drop(self.expr(child, depth)),
                    }
                }
                self.build.leave_block();
            }
            "try_statement" => {
                let statement = node.start_byte();
                for child in Self::children(node) {
                    if child.kind().starts_with("except") {
                        let complete = false;
                        self.block(BlockKind::Branch { statement, complete }, child, depth);
                    } else {
                        self.statement(child, depth);
                    }
                }
            }
            "with_statement" => {
                for child in Self::children(node) {
                    match child.kind() {
                        "with_clause" => Self::children(child)
                            .into_iter()
                            .for_each(|item| self.with_item(item, depth)),
                        _ => self.statement(child, depth),
                    }
                }
            }
            "return_statement" => {
                if let Some(value) = node.named_child(0) {
                    let value = self.expr(value, depth);
                    self.build.returns(value);
                }
            }
            "global_statement" | "nonlocal_statement" => {
                for name in Self::children(node) {
                    self.globals.insert((self.build.scope(), self.written(name).to_owned()));
                }
            }
            "expression_statement" => {
                for child in Self::children(node) {
                    match child.kind() {
                        "assignment" => drop(self.assignment(child, depth)),
                        "augmented_assignment" => self.augmented(child, depth),
                        _ => drop(self.expr(child, depth)),
                    }
                }
            }
            "comment" => {}
            // Blocks, and what the parser could not make sense of: statements may stand in it.
            "block" | "else_clause" | "finally_clause" | "ERROR" | "module" => self.statements(node, depth),
            "assignment" => drop(self.assignment(node, depth)),
            kind if kind.ends_with("_statement") => {
                for child in Self::children(node) {
                    self.expr(child, depth + 1);
                }
            }
            _ => drop(self.expr(node, depth)),
        }
    }

    fn import(&mut self, node: Tree<'_>) {
        let module = node
            .child_by_field_name("module_name")
            .map(|module| self.written(module).to_owned());
        if let Some(module) = &module
            && Self::children(node)
                .iter()
                .any(|child| child.kind() == "wildcard_import")
        {
            self.build.module.stars.push(module.clone());
        }
        let mut cursor = node.walk();
        let names: Vec<Tree<'_>> = node.children_by_field_name("name", &mut cursor).collect();
        for name in names {
            let part = |field| name.child_by_field_name(field).map_or("", |part| self.written(part));
            let (full, local) = match name.kind() {
                "aliased_import" => (part("name").to_owned(), part("alias").to_owned()),
                _ => (self.written(name).to_owned(), self.written(name).to_owned()),
            };
            let (local, import) = match &module {
                Some(module) => (
                    local,
                    Import {
                        module: module.clone(),
                        name: Some(full),
                    },
                ),
                // `import a.b` binds `a`.
                None if full == local => {
                    let first = full.split('.').next().unwrap_or_default().to_owned();
                    (
                        first.clone(),
                        Import {
                            module: first,
                            name: None,
                        },
                    )
                }
                None => (
                    local,
                    Import {
                        module: full,
                        name: None,
                    },
                ),
            };
            self.build.module.imports.insert(local, import);
        }
    }

    fn branches(&mut self, node: Tree<'_>, depth: usize) {
        let statement = node.start_byte();
        let mut cursor = node.walk();
        let others: Vec<Tree<'_>> = node.children_by_field_name("alternative", &mut cursor).collect();
        let complete = others.iter().any(|other| other.kind() == "else_clause");
        let kind = BlockKind::Branch { statement, complete };
        for part in std::iter::once(node).chain(others) {
            if let Some(condition) = part.child_by_field_name("condition") {
                self.expr(condition, depth);
            }
            let body = part
                .child_by_field_name("consequence")
                .or_else(|| part.child_by_field_name("body"));
            if let Some(body) = body {
                self.block(kind, body, depth);
            }
        }
    }

    fn matches(&mut self, node: Tree<'_>, depth: usize) {
        let statement = node.start_byte();
        if let Some(subject) = node.child_by_field_name("subject") {
            self.expr(subject, depth);
        }
        let cases = node.child_by_field_name("body").map(Self::children).unwrap_or_default();
        let is_any = |case: &Tree<'_>| {
            let pattern = case.named_child(0);
            pattern.is_some_and(|pattern| self.written(pattern) == "_")
        };
        let complete = cases.iter().any(is_any);
        for case in cases {
            if let Some(body) = case.child_by_field_name("consequence") {
                self.block(BlockKind::Branch { statement, complete }, body, depth);
            }
        }
    }

    fn with_item(&mut self, item: Tree<'_>, depth: usize) {
        let Some(value) = item.child_by_field_name("value") else {
            return;
        };
        let alias = value
            .child_by_field_name("alias")
            .and_then(|alias| alias.named_child(0));
        match (value.kind(), alias, value.named_child(0)) {
            ("as_pattern", Some(alias), Some(inner)) => {
                let value = self.expr(inner, depth);
                let at = self.end(item);
                self.bind_to(alias, at, None, Change::Set(value), depth);
            }
            _ => drop(self.expr(value, depth)),
        }
    }
}
