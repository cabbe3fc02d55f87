//! The type check, which turns a syntax tree into one that [`super::eval`] can run.

use std::sync::Arc;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use rust_decimal::Decimal;

use super::places::Places;
use super::{ExprError, MAX_DEPTH, Names, unknown_name};
use crate::facts::{Type, Value};

/// A checked expression. Facts are numbers into the table of facts.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Literal(Value),
    Fact(usize),
    Has(usize),
    /// The variable of an `exists` or `all`, counted from the outermost.
    Variable(usize),
    /// A list of texts.
    List(Vec<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// A whole number where a decimal is needed.
    Widen(Box<Node>),
    /// `||` where `decisive` is true, `&&` where it is false.
    Logic {
        decisive: bool,
        terms: Vec<Node>,
    },
    /// `exists` where `decisive` is true, `all` where it is false.
    Each {
        decisive: bool,
        over: Box<Node>,
        body: Box<Node>,
    },
    If(Box<[Node; 3]>),
    Compare(Comparison, Box<[Node; 2]>),
    Arithmetic(Operator, Box<[Node; 2]>),
    /// A text in a list of texts.
    In(Box<[Node; 2]>),
    /// A value among those of a list literal.
    Among(Box<Node>, Vec<Node>),
    Size(Box<Node>),
    Search(Search, Box<[Node; 2]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    Contains,
    StartsWith,
    EndsWith,
}

/// A mistake, at a node of the tree.
pub(super) struct Complaint<'a> {
    at: &'a IdedExpr,
    what: What,
}

enum What {
    /// The whole node is wrong.
    Node(String, Option<String>),
    /// The function that it calls is.
    Function(String, String, Option<String>),
    /// It reads a name that does not exist.
    Name(String),
}

impl Complaint<'_> {
    /// The error, with its place in `source`.
    pub(super) fn locate(self, source: &str, names: &dyn Names) -> ExprError {
        let places = Places::of(source);
        match self.what {
            What::Node(message, help) => ExprError {
                span: places.expr(self.at),
                message,
                help,
            },
            What::Function(name, message, help) => ExprError {
                span: places.function(self.at, &name),
                message,
                help,
            },
            What::Name(name) => unknown_name(&name, names, places.expr(self.at)),
        }
    }
}

type Checked<'a, T> = Result<T, Complaint<'a>>;

fn wrong<T>(at: &IdedExpr, message: impl Into<String>) -> Checked<'_, T> {
    let what = What::Node(message.into(), None);
    Err(Complaint { at, what })
}

fn wrong_with_help<'a, T>(at: &'a IdedExpr, message: impl Into<String>, help: &str) -> Checked<'a, T> {
    let what = What::Node(message.into(), Some(help.to_owned()));
    Err(Complaint { at, what })
}

fn wrong_function<'a, T>(at: &'a IdedExpr, name: &str, message: String, help: Option<&str>) -> Checked<'a, T> {
    let what = What::Function(name.to_owned(), message, help.map(str::to_owned));
    Err(Complaint { at, what })
}

fn in_words(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "true or false",
        Type::Int => "a whole number",
        Type::Number => "a number",
        Type::Str => "a text",
        Type::Strs => "a list of texts",
    }
}

fn is_number(ty: Type) -> bool {
    matches!(ty, Type::Int | Type::Number)
}

fn widened(node: Node, from: Type, to: Type) -> Node {
    if from == Type::Int && to == Type::Number {
        Node::Widen(Box::new(node))
    } else {
        node
    }
}

/// Checks the tree of an expression that must have the type `expected`. Returns it with the facts
/// that it reads.
pub(super) fn check<'a>(
    tree: &'a IdedExpr,
    names: &dyn Names,
    expected: Type,
) -> Checked<'a, (Node, Vec<(String, Type)>)> {
    let mut checker = Checker {
        names,
        facts: Vec::new(),
        variables: Vec::new(),
    };
    let root = checker.expect(tree, expected, 0)?;
    Ok((root, checker.facts))
}

struct Checker<'a, 'n> {
    names: &'n dyn Names,
    facts: Vec<(String, Type)>,
    variables: Vec<&'a str>,
}

impl<'a> Checker<'a, '_> {
    /// A node of the type `expected`, or of one that widens to it.
    fn expect(&mut self, at: &'a IdedExpr, expected: Type, depth: u16) -> Checked<'a, Node> {
        let (node, ty) = self.node(at, depth)?;
        if ty != expected && (ty, expected) != (Type::Int, Type::Number) {
            return wrong(at, format!("this is {}, not {}", in_words(ty), in_words(expected)));
        }
        Ok(widened(node, ty, expected))
    }

    fn node(&mut self, at: &'a IdedExpr, depth: u16) -> Checked<'a, (Node, Type)> {
        if depth > MAX_DEPTH {
            return wrong(at, format!("this is nested more than {MAX_DEPTH} deep"));
        }
        let depth = depth + 1;
        match &at.expr {
            Expr::Literal(literal) => literal_value(at, literal),
            Expr::Ident(_) | Expr::Select(_) => self.name(at),
            Expr::List(list) => {
                let mut elements = Vec::with_capacity(list.elements.len());
                for element in &list.elements {
                    let (node, ty) = self.node(element, depth)?;
                    if ty != Type::Str {
                        return wrong(
                            element,
                            format!(
                                "this is {}: other lists than of texts can only follow `in`",
                                in_words(ty)
                            ),
                        );
                    }
                    elements.push(node);
                }
                Ok((Node::List(elements), Type::Strs))
            }
            Expr::Comprehension(macro_call) => self.each(at, macro_call, depth),
            Expr::Call(call) => self.call(at, call, depth),
            Expr::Map(_) | Expr::Struct(_) => wrong(at, "maps and messages are not supported"),
            Expr::Unspecified => wrong(at, "an expression is missing"),
        }
    }

    /// A variable, a fact or `has(fact)`.
    fn name(&mut self, at: &'a IdedExpr) -> Checked<'a, (Node, Type)> {
        let (Some(path), test) = (path_of(at), is_test(at)) else {
            return wrong(at, "only a name has fields");
        };
        let root = path.split('.').next().unwrap_or_default();
        if let Some(slot) = self.variables.iter().rposition(|name| *name == root) {
            if path != root || test {
                return wrong(at, format!("`{root}` is a text: it has no fields"));
            }
            return Ok((Node::Variable(slot), Type::Str));
        }
        let known = self.facts.iter().position(|(name, _)| *name == path);
        let index = match (known, self.names.type_of(&path)) {
            (Some(index), _) => index,
            (None, Some(ty)) => {
                self.facts.push((path, ty));
                self.facts.len() - 1
            }
            (None, None) => {
                let what = What::Name(path);
                return Err(Complaint { at, what });
            }
        };
        Ok(if test {
            (Node::Has(index), Type::Bool)
        } else {
            (Node::Fact(index), self.facts[index].1)
        })
    }

    /// `list.exists(x, …)` or `list.all(x, …)`, from the loop that the parser makes of it.
    fn each(&mut self, at: &'a IdedExpr, macro_call: &'a ComprehensionExpr, depth: u16) -> Checked<'a, (Node, Type)> {
        let (decisive, body) = match (&macro_call.accu_init.expr, &macro_call.loop_step.expr) {
            (Expr::Literal(LiteralValue::Boolean(start)), Expr::Call(CallExpr { args, .. })) if args.len() == 2 => {
                (!*start.inner(), &args[1])
            }
            _ => {
                return wrong_with_help(
                    at,
                    "of the loops over lists only `exists` and `all` are supported",
                    "write `list.exists(x, …)` or `list.all(x, …)`",
                );
            }
        };
        let over = self.expect(&macro_call.iter_range, Type::Strs, depth)?;
        self.variables.push(&macro_call.iter_var);
        let body = self.expect(body, Type::Bool, depth);
        self.variables.pop();
        let node = Node::Each {
            decisive,
            over: Box::new(over),
            body: Box::new(body?),
        };
        Ok((node, Type::Bool))
    }

    fn call(&mut self, at: &'a IdedExpr, call: &'a CallExpr, depth: u16) -> Checked<'a, (Node, Type)> {
        let name = call.func_name.as_str();
        match (name, call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, _) => {
                let mut terms = Vec::new();
                self.terms(at, name, depth, &mut terms)?;
                let decisive = name == operators::LOGICAL_OR;
                Ok((Node::Logic { decisive, terms }, Type::Bool))
            }
            (operators::LOGICAL_NOT, None, [operand]) => {
                let operand = self.expect(operand, Type::Bool, depth)?;
                Ok((Node::Not(Box::new(operand)), Type::Bool))
            }
            (operators::NEGATE, None, [operand]) => {
                let (node, ty) = self.node(operand, depth)?;
                if !is_number(ty) {
                    return wrong(operand, format!("this is {}, not a number", in_words(ty)));
                }
                Ok((Node::Negate(Box::new(node)), ty))
            }
            (operators::CONDITIONAL, None, [condition, then, other]) => {
                let condition = self.expect(condition, Type::Bool, depth)?;
                let (then, then_type) = self.node(then, depth)?;
                let (other, other_type) = self.node(other, depth)?;
                let ty = if then_type == other_type {
                    then_type
                } else if is_number(then_type) && is_number(other_type) {
                    Type::Number
                } else {
                    return wrong(
                        at,
                        format!(
                            "the two results have different types: {} and {}",
                            in_words(then_type),
                            in_words(other_type)
                        ),
                    );
                };
                let then = widened(then, then_type, ty);
                let other = widened(other, other_type, ty);
                Ok((Node::If(Box::new([condition, then, other])), ty))
            }
            (operators::IN, None, [needle, list]) => self.membership(at, needle, list, depth),
            (_, None, [left, right]) if comparison(name).is_some() => {
                let comparison = comparison(name).unwrap_or(Comparison::Equal);
                let left = self.node(left, depth)?;
                let right = self.node(right, depth)?;
                let node = compare(at, comparison, left, right)?;
                Ok((node, Type::Bool))
            }
            (_, None, [left, right]) if operator(name).is_some() => {
                let operator = operator(name).unwrap_or(Operator::Add);
                let (left, left_type) = self.node(left, depth)?;
                let (right, right_type) = self.node(right, depth)?;
                let ty = result_type(operator, left_type, right_type);
                let Some(ty) = ty else {
                    return wrong(at, arithmetic_message(operator, left_type, right_type));
                };
                let operands = [widened(left, left_type, ty), widened(right, right_type, ty)];
                Ok((Node::Arithmetic(operator, Box::new(operands)), ty))
            }
            ("size", None, [of]) | ("size", Some(of), []) => {
                let (node, ty) = self.node(of, depth)?;
                if !matches!(ty, Type::Str | Type::Strs) {
                    return wrong(
                        of,
                        format!("this is {}: only texts and lists have a size", in_words(ty)),
                    );
                }
                Ok((Node::Size(Box::new(node)), Type::Int))
            }
            ("double", None, [of]) => {
                let node = self.expect(of, Type::Number, depth)?;
                Ok((node, Type::Number))
            }
            ("contains" | "startsWith" | "endsWith", Some(target), [part]) => {
                let search = match name {
                    "contains" => Search::Contains,
                    "startsWith" => Search::StartsWith,
                    _ => Search::EndsWith,
                };
                let (text, ty) = self.node(target, depth)?;
                if ty != Type::Str {
                    let message = format!("this is {}, not a text", in_words(ty));
                    return match ty {
                        Type::Strs => wrong_with_help(target, message, "write `x in list`, or `list.exists(x, …)`"),
                        _ => wrong(target, message),
                    };
                }
                let part = self.expect(part, Type::Str, depth)?;
                Ok((Node::Search(search, Box::new([text, part])), Type::Bool))
            }
            ("size" | "double", ..) => wrong_function(at, name, format!("`{name}` takes one value: `{name}(…)`"), None),
            ("contains" | "startsWith" | "endsWith", ..) => {
                wrong_function(at, name, format!("`{name}` takes one text: `text.{name}(…)`"), None)
            }
            ("has", ..) => wrong_function(at, name, "`has` takes one name: `has(prompt.model)`".to_owned(), None),
            ("exists" | "all", ..) => wrong_function(
                at,
                name,
                format!("`{name}` takes a variable and a condition: `list.{name}(x, …)`"),
                None,
            ),
            ("matches", ..) => wrong_function(
                at,
                name,
                "regular expressions are not supported".to_owned(),
                Some("use `contains`, `startsWith` or `endsWith`"),
            ),
            (operators::INDEX, ..) => wrong_with_help(
                at,
                "elements of a list have no numbers here",
                "write `list.exists(x, …)`",
            ),
            _ => wrong_function(
                at,
                name,
                format!("there is no function `{name}`"),
                Some("the functions are has, size, double, contains, startsWith, endsWith, exists and all"),
            ),
        }
    }

    /// The operands of a chain of the same logical operator, which the parser gives as a balanced
    /// tree. So the chain does not count as nesting.
    fn terms(&mut self, at: &'a IdedExpr, name: &str, depth: u16, terms: &mut Vec<Node>) -> Checked<'a, ()> {
        match &at.expr {
            Expr::Call(call) if call.func_name == name && call.target.is_none() => {
                for term in &call.args {
                    self.terms(term, name, depth, terms)?;
                }
            }
            _ => terms.push(self.expect(at, Type::Bool, depth)?),
        }
        Ok(())
    }

    fn membership(
        &mut self,
        at: &'a IdedExpr,
        needle_at: &'a IdedExpr,
        list_at: &'a IdedExpr,
        depth: u16,
    ) -> Checked<'a, (Node, Type)> {
        let (needle, needle_type) = self.node(needle_at, depth)?;
        if let Expr::List(list) = &list_at.expr {
            let mut elements = Vec::with_capacity(list.elements.len());
            for element_at in &list.elements {
                let (element, ty) = self.node(element_at, depth)?;
                if !comparable(Comparison::Equal, needle_type, ty) {
                    return wrong(element_at, mismatch(needle_type, ty));
                }
                elements.push(element);
            }
            return Ok((Node::Among(Box::new(needle), elements), Type::Bool));
        }
        let (list, list_type) = self.node(list_at, depth)?;
        match (needle_type, list_type) {
            (Type::Str, Type::Strs) => Ok((Node::In(Box::new([needle, list])), Type::Bool)),
            (Type::Str, Type::Str) => wrong_with_help(
                at,
                "`in` looks into a list, and this is a text",
                "write `text.contains(part)`",
            ),
            (_, Type::Strs) => wrong(needle_at, mismatch(needle_type, Type::Str)),
            _ => wrong(list_at, format!("this is {}, not a list", in_words(list_type))),
        }
    }
}

/// The dotted name that a chain of fields spells.
fn path_of(at: &IdedExpr) -> Option<String> {
    let mut fields = Vec::new();
    let mut expr = &at.expr;
    loop {
        match expr {
            Expr::Ident(name) => {
                fields.push(name.as_str());
                fields.reverse();
                return Some(fields.join("."));
            }
            Expr::Select(select) => {
                fields.push(&select.field);
                expr = &select.operand.expr;
            }
            _ => return None,
        }
    }
}

/// Whether it is a `has(…)`.
fn is_test(at: &IdedExpr) -> bool {
    matches!(&at.expr, Expr::Select(SelectExpr { test: true, .. }))
}

fn literal_value<'a>(at: &'a IdedExpr, literal: &LiteralValue) -> Checked<'a, (Node, Type)> {
    let value = match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::String(value) => Value::Str(Arc::from(value.inner())),
        LiteralValue::Double(value) => match decimal(*value.inner()) {
            Some(value) => Value::Number(value),
            None => {
                return wrong(at, "decimals have at most 15 digits, and at most 28 after the point");
            }
        },
        LiteralValue::Null => {
            return wrong_with_help(
                at,
                "`null` is not supported",
                "write `has(name)` to ask whether a file says something",
            );
        }
        LiteralValue::Bytes(_) | LiteralValue::UInt(_) => {
            return wrong(at, "literals of bytes and of unsigned numbers are not supported");
        }
    };
    let ty = value.ty();
    Ok((Node::Literal(value), ty))
}

/// The decimal that was written. The parser gives a binary number; its shortest decimal form is
/// what was written where that has at most 15 digits, since doubles tell all of those apart.
fn decimal(value: f64) -> Option<Decimal> {
    let text = value.to_string();
    let digits = text.trim_start_matches(['-', '0', '.']);
    let digits = digits
        .trim_end_matches(['0', '.'])
        .bytes()
        .filter(u8::is_ascii_digit)
        .count();
    if digits > 15 {
        return None;
    }
    Decimal::from_str_exact(&text).ok()
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        operators::ADD => Operator::Add,
        operators::SUBSTRACT => Operator::Subtract,
        operators::MULTIPLY => Operator::Multiply,
        operators::DIVIDE => Operator::Divide,
        operators::MODULO => Operator::Remainder,
        _ => return None,
    })
}

impl Operator {
    /// As it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}

/// Texts and numbers have an order; everything can be equal to another of its type.
fn comparable(comparison: Comparison, left: Type, right: Type) -> bool {
    match (left, right) {
        (Type::Int | Type::Number, Type::Int | Type::Number) | (Type::Str, Type::Str) => true,
        _ => left == right && matches!(comparison, Comparison::Equal | Comparison::NotEqual),
    }
}

fn mismatch(left: Type, right: Type) -> String {
    format!("{} can't be compared with {}", in_words(left), in_words(right))
}

fn compare(
    at: &IdedExpr,
    comparison: Comparison,
    (left, left_type): (Node, Type),
    (right, right_type): (Node, Type),
) -> Checked<'_, Node> {
    if !comparable(comparison, left_type, right_type) {
        return if left_type == right_type {
            wrong(at, format!("{} has no order", in_words(left_type)))
        } else if matches!(
            (left_type, right_type),
            (Type::Str, Type::Strs) | (Type::Strs, Type::Str)
        ) {
            wrong_with_help(at, mismatch(left_type, right_type), "write `text in list`")
        } else {
            wrong(at, mismatch(left_type, right_type))
        };
    }
    let is_quotient = |node: &Node| matches!(node, Node::Arithmetic(Operator::Divide, _));
    let truncated = (left_type == Type::Int && right_type == Type::Number && is_quotient(&left))
        || (left_type == Type::Number && right_type == Type::Int && is_quotient(&right));
    if truncated {
        return wrong_with_help(
            at,
            "the quotient of whole numbers is cut to a whole number, and compared with a decimal",
            "write `double(a) / b`",
        );
    }
    let ty = if is_number(left_type) && left_type != right_type {
        Type::Number
    } else {
        left_type
    };
    let operands = [widened(left, left_type, ty), widened(right, right_type, ty)];
    Ok(Node::Compare(comparison, Box::new(operands)))
}

fn result_type(operator: Operator, left: Type, right: Type) -> Option<Type> {
    match (operator, left, right) {
        (Operator::Add, Type::Str, Type::Str) => Some(Type::Str),
        (_, Type::Int, Type::Int) => Some(Type::Int),
        (Operator::Remainder, _, _) => None,
        (_, Type::Int | Type::Number, Type::Int | Type::Number) => Some(Type::Number),
        _ => None,
    }
}

fn arithmetic_message(operator: Operator, left: Type, right: Type) -> String {
    let takes = match operator {
        Operator::Add => "two numbers or two texts",
        Operator::Remainder => "two whole numbers",
        _ => "two numbers",
    };
    format!(
        "`{}` takes {takes}, and these are {} and {}",
        operator.symbol(),
        in_words(left),
        in_words(right)
    )
}
