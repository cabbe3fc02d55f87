//! Expressions, calls among them, and types.

use tree_sitter::Node as Tree;

use super::Lowering;
use crate::source::{Slot, Span, Text};
use crate::syntax::code::{BlockKind, Change, Entry, ExprId, ExprKind, Item, MAX_DEPTH, Passed};

impl Lowering<'_> {
    /// A type: `list[str]` and `str | None` are read as expressions.
    pub(super) fn annotation(&mut self, node: Tree<'_>, depth: usize) -> ExprId {
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

    pub(super) fn expr(&mut self, node: Tree<'_>, depth: usize) -> ExprId {
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
}
