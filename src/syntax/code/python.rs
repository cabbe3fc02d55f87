//! Python, lowered by way of tree-sitter, which keeps going on broken files.

use std::collections::HashSet;
use std::ops::ControlFlow;

use tree_sitter::{Node as Tree, ParseOptions, Parser};

use super::{
    BlockKind, Builder, Change, Entry, ExprId, ExprKind, Import, Item, MAX_BYTES, MAX_DEPTH, Module, Parameter, Passed,
    ScopeId, ScopeKind,
};
use crate::source::{Slot, Source, Span, Text, TextBuilder};
use crate::syntax::{Node, json};

/// Steps of the parser after which it gives up: it reports progress about every hundred operations, and error
/// recovery on hostile text is not linear.
const MAX_STEPS: usize = 400_000;

/// Reads a file. `None` where it is too long or not worth the time that it would take.
pub(super) fn read(source: &Source) -> Option<Module> {
    let (body, start) = source.body();
    if source.extension() != "ipynb" {
        return lower(body, start);
    }
    let code = cells(&json::parse(body, start).ok()?);
    Some(lower(code.as_str(), 0)?.within(&code))
}

/// The code of a notebook's cells, one below the other; what they printed is left out.
fn cells(notebook: &Node) -> Text {
    let mut code = TextBuilder::default();
    for cell in notebook.get("cells").into_iter().flat_map(Node::items) {
        if cell.get("cell_type").and_then(Node::as_str) != Some("code") {
            continue;
        }
        let Some(lines) = cell.get("source") else {
            continue;
        };
        let lines: Vec<&Text> = lines
            .items()
            .chain(std::iter::once(lines))
            .filter_map(Node::text)
            .collect();
        // A cell of another language.
        if lines.first().is_some_and(|first| first.as_str().starts_with("%%")) {
            continue;
        }
        for line in lines {
            // A command of the notebook or of the shell.
            if !line.as_str().trim_start().starts_with(['%', '!']) {
                code.append(line);
            }
        }
        code.replaced("\n", Span::at(lines_end(cell)));
    }
    code.finish(notebook.span)
}

fn lines_end(cell: &Node) -> usize {
    cell.get("source").map_or(cell.span.end, |source| source.span.end)
}

fn lower(text: &str, start: usize) -> Option<Module> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_python::LANGUAGE.into()).ok()?;
    let mut steps = 0_usize;
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += 1;
        if steps > MAX_STEPS {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    let tree = parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    )?;
    let mut lowering = Lowering {
        text,
        start,
        build: Builder::new(Span::new(start, start + text.len())),
        globals: HashSet::new(),
    };
    lowering.statements(tree.root_node(), 0);
    Some(lowering.build.finish())
}

struct Lowering<'a> {
    text: &'a str,
    start: usize,
    build: Builder,
    /// Names that functions set in the file's scope.
    globals: HashSet<(ScopeId, String)>,
}

impl<'a> Lowering<'a> {
    fn written(&self, node: Tree<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn span(&self, node: Tree<'_>) -> Span {
        Span::new(self.start + node.start_byte(), self.start + node.end_byte())
    }

    fn end(&self, node: Tree<'_>) -> usize {
        self.start + node.end_byte()
    }

    fn children<'t>(node: Tree<'t>) -> Vec<Tree<'t>> {
        let mut cursor = node.walk();
        node.named_children(&mut cursor).collect()
    }

    /// The statements of a block, or of anything that holds some.
    fn statements(&mut self, node: Tree<'_>, depth: usize) {
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

    /// `a = b`; gives the value.
    fn assignment(&mut self, node: Tree<'_>, depth: usize) -> Option<ExprId> {
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

    fn augmented(&mut self, node: Tree<'_>, depth: usize) {
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
    fn bind_to(&mut self, left: Tree<'_>, at: usize, annotation: Option<ExprId>, change: Change, depth: usize) {
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
        let change = Change::SetKey(key, value);
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

    fn loop_variable(&mut self, left: Tree<'_>, list: ExprId, at: usize) {
        match left.kind() {
            "identifier" => self.build.bind(self.written(left), at, None, Change::Item(list)),
            _ => self.bind_to_runtime(left, at, 0),
        }
    }

    fn function(&mut self, node: Tree<'_>, decorators: Vec<ExprId>, depth: usize) {
        let name = node.child_by_field_name("name").map_or("", |name| self.written(name));
        let scope = self.callable(node, name, decorators, depth);
        let made = self.build.expr(self.span(node), ExprKind::Scope(scope));
        // A function is known before what stands above it is called.
        self.build
            .bind(name, self.start + node.start_byte(), None, Change::Set(made));
    }

    /// A function's or lambda's scope.
    fn callable(&mut self, node: Tree<'_>, name: &str, decorators: Vec<ExprId>, depth: usize) -> ScopeId {
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

    fn class(&mut self, node: Tree<'_>, decorators: Vec<ExprId>, depth: usize) {
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

    /// A type: `list[str]` and `str | None` are read as expressions.
    fn annotation(&mut self, node: Tree<'_>, depth: usize) -> ExprId {
        let span = self.span(node);
        if depth >= MAX_DEPTH {
            return self.build.expr(span, ExprKind::Other);
        }
        match node.kind() {
            "type" => match node.named_child(0) {
                Some(inner) => self.annotation(inner, depth + 1),
                None => self.build.expr(span, ExprKind::Other),
            },
            "generic_type" => {
                let parts = Self::children(node);
                let [outer, inner, ..] = parts.as_slice() else {
                    return self.build.expr(span, ExprKind::Other);
                };
                let outer = self.expr(*outer, depth + 1);
                let mut items: Vec<ExprId> = Vec::new();
                for part in Self::children(*inner) {
                    items.push(self.annotation(part, depth + 1));
                }
                let inner = match items.as_slice() {
                    [only] => *only,
                    _ => {
                        let items = items.into_iter().map(|value| Item { value, spread: false });
                        self.build.expr(span, ExprKind::List(items.collect()))
                    }
                };
                self.build.expr(span, ExprKind::Index(outer, inner))
            }
            "union_type" => {
                let mut of = Vec::new();
                for part in Self::children(node) {
                    of.push(self.annotation(part, depth + 1));
                }
                self.build.expr(span, ExprKind::Either(of))
            }
            // `str | None` is read as an operation.
            "binary_operator" => {
                let mut of = Vec::new();
                for name in ["left", "right"] {
                    if let Some(part) = node.child_by_field_name(name) {
                        of.push(self.annotation(part, depth + 1));
                    }
                }
                self.build.expr(span, ExprKind::Either(of))
            }
            _ => self.expr(node, depth),
        }
    }

    fn expr(&mut self, node: Tree<'_>, depth: usize) -> ExprId {
        let span = self.span(node);
        if depth >= MAX_DEPTH || self.build.is_full() {
            return self.build.expr(span, ExprKind::Other);
        }
        let depth = depth + 1;
        let field = |name| node.child_by_field_name(name);
        let kind = match node.kind() {
            "integer" | "float" | "true" | "false" | "none" | "unary_operator" => {
                for child in Self::children(node) {
                    self.expr(child, depth);
                }
                self.plain(node)
            }
            "string" | "concatenated_string" => self.strings(node, depth),
            "identifier" => ExprKind::Name(self.written(node).to_owned()),
            "parenthesized_expression" | "await" | "list_splat" | "dictionary_splat" | "type" => {
                let inner = Self::children(node).into_iter().find(|child| child.kind() != "comment");
                return match inner {
                    Some(inner) => self.expr(inner, depth),
                    None => self.build.expr(span, ExprKind::Other),
                };
            }
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" => {
                let mut items = Vec::new();
                for item in Self::children(node).into_iter().filter(|item| item.kind() != "comment") {
                    items.push(Item {
                        value: self.expr(item, depth),
                        spread: item.kind() == "list_splat",
                    });
                }
                ExprKind::List(items)
            }
            "dictionary" => {
                let mut entries = Vec::new();
                for entry in Self::children(node) {
                    match entry.kind() {
                        "pair" => {
                            let part = |name| entry.child_by_field_name(name);
                            if let Some((key, value)) = part("key").zip(part("value")) {
                                entries.push(Entry::Pair(self.expr(key, depth), self.expr(value, depth)));
                            }
                        }
                        "dictionary_splat" => entries.push(Entry::Spread(self.expr(entry, depth))),
                        _ => {}
                    }
                }
                let slot = self.slot_before_end(span);
                ExprKind::Map { entries, slot }
            }
            "list_comprehension" | "generator_expression" | "set_comprehension" | "dictionary_comprehension" => {
                self.comprehension(node, depth)
            }
            "attribute" => match field("object").zip(field("attribute")) {
                Some((object, name)) => {
                    let object = self.expr(object, depth);
                    ExprKind::Member(object, self.written(name).to_owned())
                }
                None => ExprKind::Other,
            },
            "subscript" => match field("value").zip(field("subscript")) {
                Some((object, index)) => {
                    let object = self.expr(object, depth);
                    ExprKind::Index(object, self.expr(index, depth))
                }
                None => ExprKind::Other,
            },
            "call" => return self.call(node, depth),
            "binary_operator" => self.operation(node, depth),
            "boolean_operator" => {
                let mut of = Vec::new();
                for name in ["left", "right"] {
                    if let Some(part) = field(name) {
                        of.push(self.expr(part, depth));
                    }
                }
                // `a and b` is no choice between values that could stand for each other.
                let is_or = field("operator").is_some_and(|operator| operator.kind() == "or");
                if is_or { ExprKind::Either(of) } else { ExprKind::Other }
            }
            "conditional_expression" => {
                let parts = Self::children(node);
                let mut of: Vec<ExprId> = Vec::new();
                for part in parts {
                    of.push(self.expr(part, depth));
                }
                match of.as_slice() {
                    [yes, _, no] => ExprKind::Either(vec![*yes, *no]),
                    _ => ExprKind::Other,
                }
            }
            "named_expression" => match field("name").zip(field("value")) {
                Some((name, value)) => {
                    let value = self.expr(value, depth);
                    self.build
                        .bind(self.written(name), self.end(node), None, Change::Set(value));
                    return value;
                }
                None => ExprKind::Other,
            },
            "lambda" => ExprKind::Scope(self.callable(node, "", Vec::new(), depth)),
            _ => {
                for child in Self::children(node) {
                    self.expr(child, depth);
                }
                ExprKind::Other
            }
        };
        let is_chain = matches!(kind, ExprKind::Chain(_));
        let made = self.build.expr(span, kind);
        if is_chain {
            self.build.site(made);
        }
        made
    }

    fn slot_before_end(&self, span: Span) -> Slot {
        Slot {
            span: Span::at(span.end.saturating_sub(1)),
            insert: None,
        }
    }

    fn plain(&self, node: Tree<'_>) -> ExprKind {
        let written = self.written(node);
        let span = self.span(node);
        let plain = match written {
            "None" => "null".to_owned(),
            "True" => "true".to_owned(),
            "False" => "false".to_owned(),
            number => number.replace(['_', ' '], ""),
        };
        if node.kind() == "unary_operator" && plain.parse::<f64>().is_err() {
            return ExprKind::Other;
        }
        ExprKind::Plain(if plain == written {
            Text::verbatim(written, span.start)
        } else {
            Text::opaque(&plain, span)
        })
    }

    /// `+` puts parts together, however many; other operations are left alone.
    fn operation(&mut self, node: Tree<'_>, depth: usize) -> ExprKind {
        fn sides(node: Tree<'_>) -> Option<(Tree<'_>, Tree<'_>)> {
            node.child_by_field_name("left").zip(node.child_by_field_name("right"))
        }
        fn operator(node: Tree<'_>) -> &str {
            node.child_by_field_name("operator")
                .map_or("", |operator| operator.kind())
        }
        match operator(node) {
            "+" | "|" => {
                let own = operator(node);
                let mut rights = Vec::new();
                let mut left = node;
                // A long chain leans to the left: it is gone down in a loop.
                while left.kind() == "binary_operator" && operator(left) == own {
                    let Some((next, right)) = sides(left) else {
                        break;
                    };
                    rights.push(right);
                    left = next;
                }
                let mut parts = vec![self.expr(left, depth)];
                for right in rights.into_iter().rev() {
                    parts.push(self.expr(right, depth));
                }
                // `prompt | model` is a chain of LangChain.
                if own == "|" {
                    ExprKind::Chain(parts)
                } else {
                    ExprKind::Join(parts)
                }
            }
            operator => {
                let Some((left, right)) = sides(node) else {
                    return ExprKind::Other;
                };
                let (left, right) = (self.expr(left, depth), self.expr(right, depth));
                match operator {
                    "%" => ExprKind::Percent(left, right),
                    "/" => ExprKind::Divide(left, right),
                    _ => ExprKind::Other,
                }
            }
        }
    }

    fn comprehension(&mut self, node: Tree<'_>, depth: usize) -> ExprKind {
        let clauses = Self::children(node)
            .into_iter()
            .filter(|child| child.kind() == "for_in_clause");
        self.build.enter_block(BlockKind::Each);
        for clause in clauses {
            let field = |name| clause.child_by_field_name(name);
            if let Some((left, right)) = field("left").zip(field("right")) {
                let list = self.expr(right, depth);
                self.loop_variable(left, list, self.start + node.start_byte());
            }
        }
        let mut made = None;
        for child in Self::children(node) {
            match child.kind() {
                "for_in_clause" | "comment" => {}
                "pair" => {
                    for part in Self::children(child) {
                        self.expr(part, depth);
                    }
                }
                "if_clause" => {
                    for part in Self::children(child) {
                        self.expr(part, depth);
                    }
                }
                _ => made = made.or(Some(self.expr(child, depth))),
            }
        }
        self.build.leave_block();
        made.map_or(ExprKind::Other, ExprKind::Each)
    }

    fn call(&mut self, node: Tree<'_>, depth: usize) -> ExprId {
        let span = self.span(node);
        let field = |name| node.child_by_field_name(name);
        let Some((function, list)) = field("function").zip(field("arguments")) else {
            return self.build.expr(span, ExprKind::Other);
        };
        let callee = self.expr(function, depth);
        let mut arguments = Vec::new();
        if list.kind() == "argument_list" {
            for argument in Self::children(list) {
                let passed = match argument.kind() {
                    "comment" => continue,
                    "keyword_argument" => {
                        let part = |name| argument.child_by_field_name(name);
                        let Some((name, value)) = part("name").zip(part("value")) else {
                            continue;
                        };
                        Passed {
                            name: Some(self.written(name).to_owned()),
                            value: self.expr(value, depth),
                            spread: false,
                        }
                    }
                    kind => Passed {
                        name: None,
                        value: self.expr(argument, depth),
                        spread: matches!(kind, "list_splat" | "dictionary_splat"),
                    },
                };
                arguments.push(passed);
            }
        } else {
            let value = self.expr(list, depth);
            arguments.push(Passed {
                name: None,
                value,
                spread: false,
            });
        }
        self.grows(function, &arguments, self.end(node));
        let slot = self.slot_before_end(self.span(list));
        let call = ExprKind::Call {
            function: callee,
            arguments,
            slot,
        };
        let call = self.build.expr(span, call);
        self.build.site(call);
        call
    }

    /// `messages.append(…)` changes what it is called on.
    fn grows(&mut self, function: Tree<'_>, arguments: &[Passed], at: usize) {
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

    /// A string literal, or several side by side: text where all of it is fixed, else its parts.
    fn strings(&mut self, node: Tree<'_>, depth: usize) -> ExprKind {
        if let Some(text) = self.string(node) {
            return ExprKind::Text(text);
        }
        let literals = match node.kind() {
            "string" => vec![node],
            _ => Self::children(node),
        };
        let mut parts = Vec::new();
        for literal in literals.into_iter().filter(|literal| literal.kind() == "string") {
            if self.is_bytes(literal) {
                return ExprKind::Other;
            }
            for part in Self::children(literal) {
                match part.kind() {
                    "string_content" => {
                        let mut built = TextBuilder::default();
                        if self.string_content(part, &mut built).is_none() {
                            return ExprKind::Other;
                        }
                        let span = self.span(part);
                        let text = built.finish(span);
                        parts.push(self.build.expr(span, ExprKind::Text(text)));
                    }
                    "interpolation" => {
                        if let Some(inner) = part.child_by_field_name("expression") {
                            parts.push(self.expr(inner, depth));
                        }
                    }
                    _ => {}
                }
            }
        }
        ExprKind::Join(parts)
    }

    fn is_bytes(&self, literal: Tree<'_>) -> bool {
        let start = literal.child(0).map_or("", |start| self.written(start));
        start.trim_end_matches(['"', '\'']).contains(['b', 'B'])
    }

    /// A string literal's text; `None` for one that is filled in or whose bytes aren't text.
    fn string(&self, node: Tree<'_>) -> Option<Text> {
        let mut built = TextBuilder::default();
        self.string_parts(node, &mut built)?;
        let span = self.span(node);
        let inner = match (node.child(0), node.child(node.child_count().saturating_sub(1))) {
            (Some(first), Some(last)) if first.kind() == "string_start" && last.kind() == "string_end" => {
                Span::new(self.end(first), self.start + last.start_byte())
            }
            _ => span,
        };
        Some(built.finish(inner))
    }

    fn string_parts(&self, node: Tree<'_>, built: &mut TextBuilder) -> Option<()> {
        for part in Self::children(node) {
            match part.kind() {
                "string" => self.string_parts(part, built)?,
                // Bytes are no text; a raw string has no escapes, which tree-sitter knows.
                "string_start" if self.is_bytes(node) => return None,
                "string_start" | "string_end" | "comment" => {}
                "string_content" => self.string_content(part, built)?,
                // An interpolation of an f-string.
                _ => return None,
            }
        }
        Some(())
    }

    fn string_content(&self, node: Tree<'_>, built: &mut TextBuilder) -> Option<()> {
        let mut at = node.start_byte();
        for part in Self::children(node) {
            let (start, end) = (part.start_byte(), part.end_byte());
            built.verbatim(self.text.get(at..start)?, self.start + at);
            let plain = escape(self.written(part))?;
            built.replaced(&plain, self.span(part));
            at = end;
        }
        built.verbatim(self.text.get(at..node.end_byte())?, self.start + at);
        Some(())
    }
}

/// What an escape sequence or a doubled brace stands for.
fn escape(written: &str) -> Option<String> {
    let code = |digits: &str, radix| {
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
    };
    Some(match written.strip_prefix('\\') {
        None => match written {
            "{{" => "{".to_owned(),
            "}}" => "}".to_owned(),
            _ => return None,
        },
        Some("\n" | "\r\n") => String::new(),
        Some("n") => "\n".to_owned(),
        Some("t") => "\t".to_owned(),
        Some("r") => "\r".to_owned(),
        Some("a") => "\u{7}".to_owned(),
        Some("b") => "\u{8}".to_owned(),
        Some("f") => "\u{c}".to_owned(),
        Some("v") => "\u{b}".to_owned(),
        Some(plain @ ("\\" | "'" | "\"")) => plain.to_owned(),
        Some(rest) if rest.starts_with(['x', 'u', 'U']) => code(&rest[1..], 16)?,
        Some(rest) if rest.starts_with(|c: char| c.is_digit(8)) => code(rest, 8)?,
        // `\N{…}` and escapes that Python doesn't know.
        Some(_) => return None,
    })
}
