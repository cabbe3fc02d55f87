//! TypeScript and JavaScript, with JSX, read by tree-sitter.

mod components;
mod functions;
mod names;
mod resolve;
mod statements;
#[cfg(test)]
mod tests;
mod text;

use tree_sitter::Node as Tree;

use super::build::Builder;
use super::tree::parse;
use super::{BlockKind, Change, Entry, ExprId, ExprKind, Import, Item, MAX_DEPTH, Module, Passed};
use crate::source::{Slot, Source, Span, Text};
use names::Names;
pub(super) use resolve::Projects;

/// Functions that call the function that they are given once for each item.
const EACH: &[&str] = &[
    "map",
    "forEach",
    "flatMap",
    "filter",
    "reduce",
    "each",
    "eachSeries",
    "eachLimit",
    "mapSeries",
    "mapLimit",
    "asyncMap",
    "pMap",
    "pEach",
    "pMapSeries",
    "asyncForEach",
];

/// Bytes of a line from which on a person would have broken it.
const LONG_LINE: usize = 2_000;

/// Whether a file is written by a program: type declarations, or a bundle on few long lines.
pub fn is_generated(file_name: &str, text: &str) -> bool {
    let declares = [".d.ts", ".d.mts", ".d.cts", ".min.js", ".min.mjs", ".min.cjs"];
    if declares.iter().any(|ending| file_name.ends_with(ending)) {
        return true;
    }
    // A prompt on one line has spaces, data in base64 no brackets.
    let dense = |line: &&str| {
        let count = |wanted: fn(&u8) -> bool| line.bytes().filter(wanted).count();
        line.len() > LONG_LINE
            && count(|byte| matches!(byte, b' ' | b'\t')) * 12 < line.len()
            && count(|byte| matches!(byte, b'{' | b';' | b',' | b'(')) * 40 > line.len()
    };
    let dense: usize = text.lines().filter(dense).map(str::len).sum();
    dense * 2 > text.len()
}

/// What a file says; `None` where a program has written it, or where it is not worth the time to read.
pub(super) fn read_source(source: &Source) -> Option<Module> {
    let (body, start) = source.body();
    if is_generated(source.file_name(), body) {
        return None;
    }
    match source.extension() {
        "vue" | "svelte" => {
            let (scripts, jsx) = components::scripts(body)?;
            read(&scripts, start, jsx)
        }
        extension => read(body, start, !matches!(extension, "ts" | "mts" | "cts")),
    }
}

/// What a TypeScript or JavaScript file says; `None` where it is too long or not worth the time that it would take.
/// `start` is the first byte of `text` in its file; `jsx` decides whether `<a>` is an element or a type.
fn read(text: &str, start: usize, jsx: bool) -> Option<Module> {
    let language = if jsx {
        tree_sitter_typescript::LANGUAGE_TSX
    } else {
        tree_sitter_typescript::LANGUAGE_TYPESCRIPT
    };
    let tree = parse(text, &language.into())?;
    let mut reader = Reader {
        text,
        start,
        made: Builder::new(Span::new(start, start + text.len())),
        names: Names::default(),
        depth: 0,
    };
    reader.names.enter_body();
    reader.body(tree.root_node());
    Some(reader.made.finish())
}

/// Reads a file from its syntax tree.
struct Reader<'a> {
    text: &'a str,
    start: usize,
    made: Builder,
    names: Names,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn written(&self, node: Tree<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn span(&self, node: Tree<'_>) -> Span {
        Span::new(self.start + node.start_byte(), self.start + node.end_byte())
    }

    fn end(&self, node: Tree<'_>) -> usize {
        self.start + node.end_byte()
    }

    fn other(&mut self, node: Tree<'_>) -> ExprId {
        self.made.expr(self.span(node), ExprKind::Other)
    }

    fn name(&mut self, node: Tree<'_>) -> ExprId {
        let name = self.own_name(self.written(node));
        self.made.expr(self.span(node), ExprKind::Name(name))
    }

    /// What a name is called in its scope.
    fn own_name(&self, name: &str) -> String {
        self.names.find(name).map_or(name, |(_, own)| own).to_owned()
    }

    /// A name, key or string as text; `None` for a computed one.
    fn key_text(&self, node: Tree<'_>) -> Option<String> {
        match node.kind() {
            "computed_property_name" => None,
            "string" => Some(self.string(node).as_str().to_owned()),
            _ => Some(self.written(node).to_owned()),
        }
    }

    /// Where a further entry of a list in brackets would be written.
    fn slot(&self, node: Tree<'_>) -> Slot {
        Slot {
            span: Span::at(self.end(node).saturating_sub(1)),
            insert: None,
        }
    }

    fn string(&self, node: Tree<'_>) -> Text {
        let end = node.end_byte().saturating_sub(1).max(node.start_byte() + 1);
        text::decode(self.text, self.start, node, node.start_byte() + 1, end)
    }

    /// An expression; one that is nested too deeply is not looked into.
    fn expr(&mut self, node: Tree<'_>) -> ExprId {
        if self.depth >= MAX_DEPTH || self.made.is_full() {
            return self.other(node);
        }
        self.depth += 1;
        let made = self.expr_inside(node);
        self.depth -= 1;
        made
    }

    fn expr_inside(&mut self, node: Tree<'_>) -> ExprId {
        match node.kind() {
            "identifier" | "shorthand_property_identifier" | "type_identifier" | "this" | "super" | "meta_property" => {
                self.name(node)
            }
            "string" => {
                let text = self.string(node);
                self.made.expr(self.span(node), ExprKind::Text(text))
            }
            "template_string" => self.template(node),
            "number" | "true" | "false" | "null" | "undefined" => self.plain(node),
            "parenthesized_expression"
            | "await_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "instantiation_expression" => match first_child(node) {
                Some(inner) => self.expr(inner),
                None => self.other(node),
            },
            "type_assertion" => match last_child(node) {
                Some(inner) => self.expr(inner),
                None => self.other(node),
            },
            "sequence_expression" => self.sequence(node),
            "array" => self.list(node),
            "object" => self.object(node),
            "member_expression" => self.member(node),
            "subscript_expression" => self.subscript(node),
            "call_expression" => self.call(node, "function"),
            "new_expression" => self.call(node, "constructor"),
            "binary_expression" => self.binary(node),
            "unary_expression" => self.unary(node),
            "ternary_expression" => {
                self.field(node, "condition");
                let of = ["consequence", "alternative"].map(|field| self.field(node, field));
                self.made
                    .expr(self.span(node), ExprKind::Either(of.into_iter().flatten().collect()))
            }
            "assignment_expression" | "augmented_assignment_expression" => self.assignment(node),
            "update_expression" => {
                if let Some(argument) = node.child_by_field_name("argument") {
                    self.change(argument, self.end(node), Change::Runtime);
                }
                self.other(node)
            }
            "arrow_function" | "function_expression" | "generator_function" => self.function(node, ""),
            "class" => self.class(node, ""),
            _ => {
                self.children(node);
                self.other(node)
            }
        }
    }

    /// Reads what a node holds, for the calls in it.
    fn children(&mut self, node: Tree<'_>) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.statement(child);
        }
    }

    fn field(&mut self, node: Tree<'_>, name: &str) -> Option<ExprId> {
        let child = node.child_by_field_name(name)?;
        Some(self.expr(child))
    }

    fn field_or_other(&mut self, node: Tree<'_>, name: &str) -> ExprId {
        match self.field(node, name) {
            Some(made) => made,
            None => self.other(node),
        }
    }

    fn plain(&mut self, node: Tree<'_>) -> ExprId {
        let (span, written) = (self.span(node), self.written(node));
        let kind = match number(written) {
            Some(plain) if plain == written => ExprKind::Plain(Text::verbatim(written, span.start)),
            Some(plain) => ExprKind::Plain(Text::opaque(&plain, span)),
            None => ExprKind::Other,
        };
        self.made.expr(span, kind)
    }

    fn template(&mut self, node: Tree<'_>) -> ExprId {
        let span = self.span(node);
        let end = node.end_byte().saturating_sub(1).max(node.start_byte() + 1);
        let mut parts = Vec::new();
        let mut at = node.start_byte() + 1;
        let mut cursor = node.walk();
        for filled in node.named_children(&mut cursor) {
            if filled.kind() != "template_substitution" {
                continue;
            }
            self.template_text(node, at, filled.start_byte(), &mut parts);
            let value = match first_child(filled) {
                Some(inner) => self.expr(inner),
                None => self.other(filled),
            };
            parts.push(value);
            at = filled.end_byte();
        }
        if parts.is_empty() {
            let text = text::decode(self.text, self.start, node, at, end);
            return self.made.expr(span, ExprKind::Text(text));
        }
        self.template_text(node, at, end, &mut parts);
        self.made.expr(span, ExprKind::Join(parts))
    }

    fn template_text(&mut self, node: Tree<'_>, from: usize, to: usize, parts: &mut Vec<ExprId>) {
        if from < to {
            let text = text::decode(self.text, self.start, node, from, to);
            parts.push(self.made.expr(text.span(), ExprKind::Text(text)));
        }
    }

    /// All of them are worked out; the last is its value.
    fn sequence(&mut self, node: Tree<'_>) -> ExprId {
        let mut last = None;
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor).filter(|part| !part.is_extra()) {
            last = Some(self.expr(part));
        }
        match last {
            Some(last) => last,
            None => self.other(node),
        }
    }

    fn list(&mut self, node: Tree<'_>) -> ExprId {
        let mut items = Vec::new();
        let mut cursor = node.walk();
        for item in node.named_children(&mut cursor).filter(|item| !item.is_extra()) {
            let (value, spread) = self.spread(item);
            items.push(Item { value, spread });
        }
        self.made.expr(self.span(node), ExprKind::List(items))
    }

    /// A value, and whether it is one of several (`...a`).
    fn spread(&mut self, node: Tree<'_>) -> (ExprId, bool) {
        match first_child(node) {
            Some(inner) if node.kind() == "spread_element" => (self.expr(inner), true),
            _ => (self.expr(node), false),
        }
    }

    fn object(&mut self, node: Tree<'_>) -> ExprId {
        let mut entries = Vec::new();
        let mut cursor = node.walk();
        for entry in node.named_children(&mut cursor) {
            match entry.kind() {
                "pair" => {
                    let (Some(key), Some(value)) =
                        (entry.child_by_field_name("key"), entry.child_by_field_name("value"))
                    else {
                        continue;
                    };
                    let name = self.key_text(key);
                    let key = self.key(key);
                    let value = self.named(value, name.as_deref().unwrap_or_default());
                    entries.push(Entry::Pair(key, value));
                }
                "shorthand_property_identifier" => {
                    let key = self.made.word(self.written(entry), self.start + entry.start_byte());
                    let value = self.name(entry);
                    entries.push(Entry::Pair(key, value));
                }
                "spread_element" => {
                    let (value, _) = self.spread(entry);
                    entries.push(Entry::Spread(value));
                }
                "method_definition" => {
                    if let Some(name) = entry.child_by_field_name("name") {
                        let key = self.key(name);
                        let value = self.function(entry, self.written(name));
                        entries.push(Entry::Pair(key, value));
                    }
                }
                _ => {}
            }
        }
        let slot = self.slot(node);
        self.made.expr(self.span(node), ExprKind::Map { entries, slot })
    }

    fn key(&mut self, node: Tree<'_>) -> ExprId {
        match node.kind() {
            "computed_property_name" => match first_child(node) {
                Some(inner) => self.expr(inner),
                None => self.other(node),
            },
            "string" => self.expr(node),
            _ => self.made.word(self.written(node), self.start + node.start_byte()),
        }
    }

    /// An expression; a function or class takes the name that it is given to.
    fn named(&mut self, node: Tree<'_>, name: &str) -> ExprId {
        match node.kind() {
            "arrow_function" | "function_expression" | "generator_function" => self.function(node, name),
            "class" => self.class(node, name),
            _ => self.expr(node),
        }
    }

    fn member(&mut self, node: Tree<'_>) -> ExprId {
        let object = self.field_or_other(node, "object");
        let Some(property) = node.child_by_field_name("property") else {
            return self.other(node);
        };
        let name = self.written(property).to_owned();
        self.made.expr(self.span(node), ExprKind::Member(object, name))
    }

    fn subscript(&mut self, node: Tree<'_>) -> ExprId {
        let object = self.field_or_other(node, "object");
        let index = self.field_or_other(node, "index");
        self.made.expr(self.span(node), ExprKind::Index(object, index))
    }

    fn call(&mut self, node: Tree<'_>, field: &str) -> ExprId {
        let Some(function) = node.child_by_field_name(field) else {
            return self.other(node);
        };
        if let Some(module) = self.module_of(node) {
            return module;
        }
        let each = is_each(self.written(function));
        let callee = self.expr(function);
        let mut arguments = Vec::new();
        let list = node.child_by_field_name("arguments");
        match list {
            Some(list) if list.kind() == "arguments" => {
                let mut cursor = list.walk();
                for argument in list.named_children(&mut cursor).filter(|argument| !argument.is_extra()) {
                    let in_loop = each && matches!(argument.kind(), "arrow_function" | "function_expression");
                    if in_loop {
                        self.made.enter_block(BlockKind::Each);
                    }
                    let (value, spread) = self.spread(argument);
                    if in_loop {
                        self.made.leave_block();
                    }
                    arguments.push(Passed {
                        name: None,
                        value,
                        spread,
                    });
                }
            }
            // A tagged template: the tag is called with it.
            Some(template) => {
                let value = self.expr(template);
                arguments.push(Passed {
                    name: None,
                    value,
                    spread: false,
                });
            }
            None => {}
        }
        // LangChain's `prompt.pipe(model)`.
        if let (Some(object), [link]) = (self.piped(callee), arguments.as_slice()) {
            let mut links = match &self.made.module.expr(object).kind {
                ExprKind::Chain(links) => links.clone(),
                _ => vec![object],
            };
            links.push(link.value);
            let made = self.made.expr(self.span(node), ExprKind::Chain(links));
            self.made.site(made);
            return made;
        }
        self.note_change(node, function, &arguments);
        let slot = self.slot(list.unwrap_or(node));
        let kind = ExprKind::Call {
            function: callee,
            arguments,
            slot,
        };
        let made = self.made.expr(self.span(node), kind);
        self.made.site(made);
        made
    }

    /// What is piped, where a call is that of its `pipe`.
    fn piped(&self, callee: ExprId) -> Option<ExprId> {
        match &self.made.module.expr(callee).kind {
            ExprKind::Member(object, name) if name == "pipe" => Some(*object),
            _ => None,
        }
    }

    /// The module that `require("m")` or `import("m")` gives, as a name of its own.
    fn module_of(&mut self, node: Tree<'_>) -> Option<ExprId> {
        let module = self.required(node)?;
        let name = format!("module {module}");
        let import = Import { module, name: None };
        self.made.module.imports.insert(name.clone(), import);
        Some(self.made.expr(self.span(node), ExprKind::Name(name)))
    }

    /// What `require("m")` or `import("m")` loads.
    fn required(&self, node: Tree<'_>) -> Option<String> {
        if node.kind() != "call_expression" {
            return None;
        }
        let function = node.child_by_field_name("function")?;
        if !matches!(self.written(function), "require" | "import") {
            return None;
        }
        let named = first_child(node.child_by_field_name("arguments")?)?;
        (named.kind() == "string").then(|| self.string(named).as_str().to_owned())
    }

    /// `a.push(b)` and the like change `a`.
    fn note_change(&mut self, node: Tree<'_>, function: Tree<'_>, arguments: &[Passed]) {
        let (Some(object), Some(method)) = (
            function.child_by_field_name("object"),
            function.child_by_field_name("property"),
        ) else {
            return;
        };
        let at = self.end(node);
        match self.written(method) {
            "push" => {
                for argument in arguments {
                    let change = if argument.spread {
                        Change::Extend(argument.value)
                    } else {
                        Change::Push(argument.value)
                    };
                    self.change(object, at, change);
                }
            }
            "unshift" => {
                for argument in arguments.iter().rev() {
                    let change = if argument.spread {
                        Change::Runtime
                    } else {
                        Change::PushFront(argument.value)
                    };
                    self.change(object, at, change);
                }
            }
            "splice" | "pop" | "shift" | "reverse" | "sort" | "fill" | "copyWithin" => {
                self.change(object, at, Change::Runtime);
            }
            // `Object.assign(a, b)`.
            "assign" if self.written(object) == "Object" => {
                let list = node.child_by_field_name("arguments");
                if let Some(target) = list.and_then(first_child) {
                    for argument in arguments.iter().skip(1) {
                        self.change(target, at, Change::Extend(argument.value));
                    }
                }
            }
            _ => {}
        }
    }

    fn binary(&mut self, node: Tree<'_>) -> ExprId {
        // A chain of the same operator is as deep as it is long.
        let operator = operator(node);
        let mut parts = Vec::new();
        let mut at = node;
        loop {
            parts.extend(at.child_by_field_name("right"));
            let Some(left) = at.child_by_field_name("left") else {
                break;
            };
            if left.kind() != "binary_expression" || self::operator(left) != operator {
                parts.push(left);
                break;
            }
            at = left;
        }
        let parts: Vec<ExprId> = parts.into_iter().rev().map(|part| self.expr(part)).collect();
        let span = self.span(node);
        let kind = match (operator, parts.as_slice()) {
            ("+", _) => ExprKind::Join(parts),
            ("||" | "??", _) => ExprKind::Either(parts),
            // What stands behind the last, or nothing that counts.
            ("&&", [.., last]) => {
                let nothing = self.made.expr(span, ExprKind::Plain(Text::opaque("null", span)));
                ExprKind::Either(vec![*last, nothing])
            }
            ("*", factors) => match self.product(factors) {
                Some(product) => ExprKind::Plain(Text::opaque(&product, span)),
                None => ExprKind::Other,
            },
            _ => ExprKind::Other,
        };
        self.made.expr(span, kind)
    }

    /// `4 * 1024`.
    fn product(&self, factors: &[ExprId]) -> Option<String> {
        let mut product = 1_u64;
        for factor in factors {
            let ExprKind::Plain(text) = &self.made.module.expr(*factor).kind else {
                return None;
            };
            product = product.checked_mul(text.as_str().parse().ok()?)?;
        }
        Some(product.to_string())
    }

    fn unary(&mut self, node: Tree<'_>) -> ExprId {
        let argument = node.child_by_field_name("argument");
        match (operator(node), argument) {
            ("-", Some(argument)) if argument.kind() == "number" => {
                let span = self.span(node);
                match number(self.written(argument)) {
                    Some(plain) => self
                        .made
                        .expr(span, ExprKind::Plain(Text::opaque(&format!("-{plain}"), span))),
                    None => self.other(node),
                }
            }
            (operator, argument) => {
                if let Some(argument) = argument {
                    self.expr(argument);
                    if operator == "delete" {
                        self.change(argument, self.end(node), Change::Runtime);
                    }
                }
                self.other(node)
            }
        }
    }

    fn assignment(&mut self, node: Tree<'_>) -> ExprId {
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right")) else {
            return self.other(node);
        };
        let at = self.end(node);
        let value = self.named(right, self.written(left).rsplit('.').next().unwrap_or_default());
        if node.kind() == "augmented_assignment_expression" {
            let change = match operator(node) {
                "+=" => Change::Add(value),
                _ => Change::Runtime,
            };
            self.change(left, at, change);
        } else if matches!(left.kind(), "object_pattern" | "array_pattern") {
            self.pattern(left, Some(value), at, None);
        } else if !self.module_exports(left, value) {
            self.change(left, at, Change::Set(value));
        }
        value
    }

    /// Something that can stand left of `=` is changed.
    fn change(&mut self, target: Tree<'_>, at: usize, change: Change) {
        let target = match target.kind() {
            "parenthesized_expression" | "non_null_expression" | "as_expression" => {
                first_child(target).unwrap_or(target)
            }
            _ => target,
        };
        match target.kind() {
            "identifier" => self.set(target, at, None, change),
            "member_expression" | "subscript_expression" => self.change_member(target, at, change),
            _ => {}
        }
    }

    /// `this.a = b`, `a.b = c`, `a["b"] = c`; deeper ones change what they stand in.
    fn change_member(&mut self, target: Tree<'_>, at: usize, change: Change) {
        let Some(object) = target.child_by_field_name("object") else {
            return;
        };
        let property = target.child_by_field_name("property");
        if object.kind() == "this" {
            if let (Some(class), Some(property)) = (self.made.class(), property) {
                self.made.bind_in(class, self.written(property), at, None, change);
            }
            return;
        }
        let key = match (property, target.child_by_field_name("index")) {
            (Some(property), _) => self
                .made
                .word(self.written(property), self.start + property.start_byte()),
            (None, Some(index)) => self.expr(index),
            (None, None) => return,
        };
        let value = match change {
            Change::Set(value) => value,
            _ => self.other(target),
        };
        let is_plain = object.kind() == "identifier"
            || object
                .child_by_field_name("object")
                .is_some_and(|inner| inner.kind() == "this");
        let change = if is_plain {
            Change::SetKey(key, value)
        } else {
            Change::Runtime
        };
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            self.change(object, at, change);
            self.depth -= 1;
        }
    }
}

/// Whether a function is called for each item by what is called.
fn is_each(callee: &str) -> bool {
    let name = callee.rsplit(['.', ' ', '\n']).next().unwrap_or(callee);
    EACH.contains(&name)
}

/// The operator of an expression.
fn operator<'t>(node: Tree<'t>) -> &'t str {
    node.child_by_field_name("operator")
        .map_or("", |operator| operator.kind())
}

/// The first part of a node that is not a comment.
fn first_child<'t>(node: Tree<'t>) -> Option<Tree<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).find(|child| !child.is_extra())
}

/// The last part of a node that is not a comment.
fn last_child<'t>(node: Tree<'t>) -> Option<Tree<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !child.is_extra())
        .last()
}

/// A number, boolean or nothing in JSON's words; `None` for a number that can't be written so.
fn number(written: &str) -> Option<String> {
    match written {
        "true" | "false" | "null" => Some(written.to_owned()),
        "undefined" => Some("null".to_owned()),
        _ => {
            let plain = written.trim_end_matches('n').replace('_', "");
            let (radix, digits) = match plain.get(..2) {
                Some("0x" | "0X") => (16, &plain[2..]),
                Some("0o" | "0O") => (8, &plain[2..]),
                Some("0b" | "0B") => (2, &plain[2..]),
                _ => {
                    let plain = if plain.starts_with('.') {
                        format!("0{plain}")
                    } else {
                        plain
                    };
                    // `1e6` is a whole number.
                    let whole = plain
                        .parse::<f64>()
                        .ok()
                        .filter(|value| value.fract() == 0.0 && value.abs() < 1e15);
                    return match whole {
                        Some(whole) if plain.contains(['e', 'E']) => Some(format!("{whole}")),
                        _ => plain.parse::<f64>().ok().map(|_| plain),
                    };
                }
            };
            u64::from_str_radix(digits, radix).ok().map(|value| value.to_string())
        }
    }
}
