//! Statements: what runs when, what is imported and exported.

use tree_sitter::Node as Tree;

use super::super::{BlockKind, Change, Entry, ExprId, ExprKind, Import, MAX_DEPTH};
use super::{Reader, first_child};

impl Reader<'_> {
    /// The statements of a file or a block, whose names are declared first.
    pub(super) fn body(&mut self, node: Tree<'_>) {
        let inner = self.made.module.scope(self.made.scope()).block != self.made.block();
        let mut cursor = node.walk();
        for statement in node.named_children(&mut cursor) {
            self.declare(statement, inner);
        }
        let mut cursor = node.walk();
        for statement in node.named_children(&mut cursor) {
            if self.made.is_full() {
                break;
            }
            self.statement(statement);
        }
    }

    /// A block of its own, with the names that are set in it.
    fn block(&mut self, node: Tree<'_>, kind: Option<BlockKind>) {
        if let Some(kind) = kind {
            self.made.enter_block(kind);
        }
        self.names.enter();
        match node.kind() {
            "statement_block" | "switch_case" | "switch_default" | "class_static_block" => self.body(node),
            _ => self.statement(node),
        }
        self.names.leave();
        if kind.is_some() {
            self.made.leave_block();
        }
    }

    /// Declares the names that a statement sets in its block.
    fn declare(&mut self, statement: Tree<'_>, inner: bool) {
        match statement.kind() {
            "lexical_declaration" => {
                let mut cursor = statement.walk();
                for declared in statement.named_children(&mut cursor) {
                    if let Some(name) = declared.child_by_field_name("name") {
                        self.declare_pattern(name, inner);
                    }
                }
            }
            "function_declaration"
            | "generator_function_declaration"
            | "class_declaration"
            | "abstract_class_declaration"
            | "enum_declaration" => {
                if let Some(name) = statement.child_by_field_name("name") {
                    self.declare_name(name, inner);
                }
            }
            "export_statement" => {
                if let Some(declaration) = statement.child_by_field_name("declaration") {
                    self.declare(declaration, inner);
                }
            }
            _ => {}
        }
    }

    pub(super) fn declare_name(&mut self, name: Tree<'_>, inner: bool) {
        let scope = self.made.scope();
        self.names.declare(self.written(name), scope, inner);
    }

    /// A statement, or an expression that is one.
    pub(super) fn statement(&mut self, node: Tree<'_>) {
        if self.depth >= MAX_DEPTH || self.made.is_full() {
            return;
        }
        self.depth += 1;
        match node.kind() {
            "comment"
            | "interface_declaration"
            | "type_alias_declaration"
            | "ambient_declaration"
            | "type_annotation"
            | "type_arguments"
            | "type_parameters"
            | "function_signature"
            | "empty_statement" => {}
            "statement_block" => {
                self.names.enter();
                self.body(node);
                self.names.leave();
            }
            "import_statement" => self.import(node),
            "export_statement" => self.export(node),
            "lexical_declaration" | "variable_declaration" => self.declaration(node),
            "function_declaration" | "generator_function_declaration" => self.function_declaration(node),
            "class_declaration" | "abstract_class_declaration" => self.class_declaration(node),
            "enum_declaration" => self.enumeration(node),
            "if_statement" => self.branches(node),
            "switch_statement" => self.switch(node),
            "try_statement" => self.attempt(node),
            "for_statement" => self.counted(node),
            "for_in_statement" => self.for_each(node),
            "while_statement" | "do_statement" => {
                self.made.enter_block(BlockKind::While);
                self.field(node, "condition");
                if let Some(body) = node.child_by_field_name("body") {
                    self.block(body, None);
                }
                self.made.leave_block();
            }
            "return_statement" => {
                if let Some(value) = first_child(node) {
                    let value = self.expr(value);
                    self.made.returns(value);
                }
            }
            // What stands in other statements, and in what could not be parsed, is read in turn.
            kind if kind.ends_with("_statement") || matches!(kind, "ERROR" | "program" | "else_clause") => {
                self.children(node);
            }
            "internal_module" | "module" => {
                if let Some(body) = node.child_by_field_name("body") {
                    self.body(body);
                }
            }
            _ => {
                self.expr(node);
            }
        }
        self.depth -= 1;
    }

    fn declaration(&mut self, node: Tree<'_>) {
        let mut cursor = node.walk();
        for declared in node.named_children(&mut cursor) {
            if declared.kind() != "variable_declarator" {
                continue;
            }
            let Some(name) = declared.child_by_field_name("name") else {
                continue;
            };
            if node.kind() == "variable_declaration" {
                self.declare_var(name);
            }
            let at = self.end(declared);
            if let Some(value) = declared.child_by_field_name("value")
                && self.require(name, value)
            {
                continue;
            }
            let annotation = self.annotation(declared);
            let value = declared
                .child_by_field_name("value")
                .map(|value| self.named(value, self.written(name)));
            if value.is_none() && name.kind() == "identifier" {
                self.set(name, at, annotation, Change::Declared);
            } else {
                self.pattern(name, value, at, annotation);
            }
        }
    }

    /// `const a = require("m")`, `const {a} = require("m")`, `const a = require("m").b`, `const {a} = await import("m")`.
    fn require(&mut self, name: Tree<'_>, value: Tree<'_>) -> bool {
        let mut value = value;
        while matches!(
            value.kind(),
            "await_expression" | "parenthesized_expression" | "as_expression"
        ) {
            let Some(inner) = first_child(value) else {
                return false;
            };
            value = inner;
        }
        let (call, member) = match (value.kind(), value.child_by_field_name("object")) {
            ("member_expression", Some(object)) => {
                let member = value.child_by_field_name("property");
                (unwrapped(object), member.map(|member| self.written(member).to_owned()))
            }
            _ => (value, None),
        };
        let Some(module) = self.required(call) else {
            return false;
        };
        match name.kind() {
            "identifier" => {
                let local = self.own_name(self.written(name));
                let import = Import { module, name: member };
                self.made.module.imports.insert(local, import);
                true
            }
            "object_pattern" if member.is_none() => {
                let mut cursor = name.walk();
                for part in name.named_children(&mut cursor) {
                    let (key, local) = match part.kind() {
                        "shorthand_property_identifier_pattern" => (part, part),
                        "pair_pattern" => match (part.child_by_field_name("key"), part.child_by_field_name("value")) {
                            (Some(key), Some(local)) if local.kind() == "identifier" => (key, local),
                            _ => continue,
                        },
                        _ => continue,
                    };
                    let import = Import {
                        module: module.clone(),
                        name: self.key_text(key),
                    };
                    let local = self.own_name(self.written(local));
                    self.made.module.imports.insert(local, import);
                }
                true
            }
            _ => false,
        }
    }

    fn import(&mut self, node: Tree<'_>) {
        let mut cursor = node.walk();
        let clauses: Vec<Tree<'_>> = node.named_children(&mut cursor).collect();
        let source = node.child_by_field_name("source").or_else(|| {
            let clause = clauses.iter().find(|clause| clause.kind() == "import_require_clause")?;
            clause.child_by_field_name("source")
        });
        let Some(module) = source.map(|source| self.string(source).as_str().to_owned()) else {
            return;
        };
        for clause in clauses {
            let default = match clause.kind() {
                "import_clause" => Some("default".to_owned()),
                "import_require_clause" => None,
                _ => continue,
            };
            let mut cursor = clause.walk();
            for part in clause.named_children(&mut cursor) {
                match part.kind() {
                    "identifier" => self.import_as(part, &module, default.clone()),
                    "namespace_import" => {
                        if let Some(name) = first_child(part) {
                            self.import_as(name, &module, None);
                        }
                    }
                    "named_imports" => {
                        let mut cursor = part.walk();
                        for named in part.named_children(&mut cursor) {
                            if let Some(name) = named.child_by_field_name("name") {
                                let local = named.child_by_field_name("alias").unwrap_or(name);
                                self.import_as(local, &module, self.key_text(name));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn import_as(&mut self, local: Tree<'_>, module: &str, name: Option<String>) {
        let import = Import {
            module: module.to_owned(),
            name,
        };
        let local = self.written(local).to_owned();
        self.made.module.imports.insert(local, import);
    }

    fn export(&mut self, node: Tree<'_>) {
        let module = node
            .child_by_field_name("source")
            .map(|source| self.string(source).as_str().to_owned());
        if let Some(declaration) = node.child_by_field_name("declaration") {
            self.statement(declaration);
            if self.is_default(node)
                && let Some(name) = declaration.child_by_field_name("name")
            {
                let value = self.name(name);
                self.made.module.exports.insert("default".to_owned(), value);
            }
        }
        if let Some(value) = node.child_by_field_name("value") {
            let value = self.expr(value);
            self.made.module.exports.insert("default".to_owned(), value);
        }
        let mut cursor = node.walk();
        let mut clauses = 0;
        for clause in node.named_children(&mut cursor) {
            match (clause.kind(), &module) {
                ("export_clause", _) => {
                    clauses += 1;
                    self.export_clause(clause, module.as_deref());
                }
                ("namespace_export", Some(module)) => {
                    clauses += 1;
                    if let Some(name) = first_child(clause) {
                        self.import_as(name, module, None);
                    }
                }
                _ => {}
            }
        }
        // `export * from "m"`.
        if let (0, Some(module)) = (clauses, module) {
            self.made.module.stars.push(module);
        }
    }

    fn is_default(&self, node: Tree<'_>) -> bool {
        let mut cursor = node.walk();
        node.children(&mut cursor).any(|child| child.kind() == "default")
    }

    fn export_clause(&mut self, clause: Tree<'_>, module: Option<&str>) {
        let mut cursor = clause.walk();
        for part in clause.named_children(&mut cursor) {
            let Some(name) = part.child_by_field_name("name") else {
                continue;
            };
            let alias = part.child_by_field_name("alias").unwrap_or(name);
            match module {
                Some(module) => self.import_as(alias, module, self.key_text(name)),
                None if alias != name => {
                    let value = self.name(name);
                    let alias = self.written(alias).to_owned();
                    self.made.module.exports.insert(alias, value);
                }
                None => {}
            }
        }
    }

    /// `module.exports = a`, `module.exports.a = b`, `exports.a = b`; whether it was one.
    pub(super) fn module_exports(&mut self, left: Tree<'_>, value: ExprId) -> bool {
        let written = self.written(left);
        let name = match written {
            "module.exports" | "exports" => "default",
            _ => {
                let inner = written
                    .strip_prefix("module.exports.")
                    .or_else(|| written.strip_prefix("exports."));
                match inner {
                    Some(name) if !name.contains('.') => name,
                    _ => return false,
                }
            }
        };
        if name == "default"
            && let ExprKind::Map { entries, .. } = &self.made.module.expr(value).kind
        {
            for entry in entries.clone() {
                if let Entry::Pair(key, value) = entry
                    && let ExprKind::Text(key) = &self.made.module.expr(key).kind
                {
                    let key = key.as_str().to_owned();
                    self.made.module.exports.insert(key, value);
                }
            }
        }
        self.made.module.exports.insert(name.to_owned(), value);
        true
    }

    fn enumeration(&mut self, node: Tree<'_>) {
        let (Some(name), Some(body)) = (node.child_by_field_name("name"), node.child_by_field_name("body")) else {
            return;
        };
        let mut entries = Vec::new();
        let mut cursor = body.walk();
        for member in body.named_children(&mut cursor) {
            if member.kind() == "enum_assignment"
                && let Some(key) = member.child_by_field_name("name")
            {
                let key = self.key(key);
                let value = self.field_or_other(member, "value");
                entries.push(Entry::Pair(key, value));
            }
        }
        let slot = self.slot(body);
        let map = self.made.expr(self.span(node), ExprKind::Map { entries, slot });
        let name = self.own_name(self.written(name));
        self.made.bind(&name, self.end(node), None, Change::Set(map));
    }

    /// `if` with its `else if` and `else`, which exclude each other.
    fn branches(&mut self, node: Tree<'_>) {
        let mut links = vec![node];
        let mut last = None;
        while let Some(alternative) = links.last().and_then(|link| link.child_by_field_name("alternative")) {
            match first_child(alternative) {
                Some(next) if next.kind() == "if_statement" => links.push(next),
                other => {
                    last = other;
                    break;
                }
            }
        }
        let kind = BlockKind::Branch {
            statement: self.start + node.start_byte(),
            complete: last.is_some(),
        };
        for link in links {
            self.field(link, "condition");
            if let Some(body) = link.child_by_field_name("consequence") {
                self.block(body, Some(kind));
            }
        }
        if let Some(last) = last {
            self.block(last, Some(kind));
        }
    }

    fn switch(&mut self, node: Tree<'_>) {
        self.field(node, "value");
        let Some(body) = node.child_by_field_name("body") else {
            return;
        };
        let mut cursor = body.walk();
        let cases: Vec<Tree<'_>> = body.named_children(&mut cursor).collect();
        let kind = BlockKind::Branch {
            statement: self.start + node.start_byte(),
            complete: cases.iter().any(|case| case.kind() == "switch_default"),
        };
        for case in cases {
            self.block(case, Some(kind));
        }
    }

    /// `try`: its body runs, its handler may.
    fn attempt(&mut self, node: Tree<'_>) {
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, None);
        }
        if let Some(handler) = node.child_by_field_name("handler") {
            self.made.enter_block(BlockKind::Branch {
                statement: self.start + node.start_byte(),
                complete: false,
            });
            self.names.enter();
            if let Some(parameter) = handler.child_by_field_name("parameter") {
                self.declare_pattern(parameter, true);
                self.pattern(parameter, None, self.end(parameter), None);
            }
            if let Some(body) = handler.child_by_field_name("body") {
                self.body(body);
            }
            self.names.leave();
            self.made.leave_block();
        }
        if let Some(finalizer) = node.child_by_field_name("finalizer").and_then(first_child) {
            self.block(finalizer, None);
        }
    }

    /// `for (a; b; c)`: over items where it runs to a length, else as long as a condition holds (a retry).
    fn counted(&mut self, node: Tree<'_>) {
        let condition = node.child_by_field_name("condition");
        let over_items = condition.is_some_and(|condition| {
            let written = self.written(condition);
            written.contains(".length") || written.contains(".size")
        });
        self.names.enter();
        if let Some(first) = node.child_by_field_name("initializer") {
            self.declare(first, true);
            self.statement(first);
        }
        self.made
            .enter_block(if over_items { BlockKind::Each } else { BlockKind::While });
        self.field(node, "condition");
        self.field(node, "increment");
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, None);
        }
        self.made.leave_block();
        self.names.leave();
    }

    /// `for (const a of b)`.
    fn for_each(&mut self, node: Tree<'_>) {
        let list = self.field(node, "right");
        self.made.enter_block(BlockKind::Each);
        self.names.enter();
        if let Some(left) = node.child_by_field_name("left") {
            if node.child_by_field_name("kind").is_some() {
                self.declare_pattern(left, true);
            }
            let of = node
                .child_by_field_name("operator")
                .is_some_and(|operator| operator.kind() == "of");
            match list.filter(|_| of && left.kind() == "identifier") {
                Some(list) => self.set(left, self.end(left), None, Change::Item(list)),
                None => self.pattern(left, None, self.end(left), None),
            }
        }
        if let Some(body) = node.child_by_field_name("body") {
            self.block(body, None);
        }
        self.names.leave();
        self.made.leave_block();
    }
}

/// What stands in parentheses and behind `await`.
fn unwrapped(node: Tree<'_>) -> Tree<'_> {
    let mut node = node;
    while matches!(node.kind(), "await_expression" | "parenthesized_expression") {
        match first_child(node) {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}
