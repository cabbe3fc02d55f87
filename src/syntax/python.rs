//! Python: the calls of a file with the arguments that stand in it as literals, read by tree-sitter.
//!
//! Nothing is run. A name stands for its value where the file assigns it exactly once, a literal, at the top of the
//! file or in the function of the call; everything else is an `Err` that says why.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use tree_sitter::{Node as Tree, ParseOptions, Parser};

use super::node::{Kind, Node};
use crate::source::{Slot, Span, Text, TextBuilder};

/// Larger files are left alone, bytes: written by a program, not by a person.
pub const MAX_BYTES: usize = 2_000_000;

/// Steps of the parser after which it gives up: it reports progress about every hundred operations, and error
/// recovery on hostile text is not linear.
const MAX_STEPS: usize = 400_000;

/// Deepest nesting of a literal that is read.
const MAX_DEPTH: usize = 40;

/// Deepest nesting of the syntax tree that is looked at.
const MAX_DEEP: usize = 300;

/// A call that stands in the file.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is called, with imports followed: `transformers.TrainingArguments`, `model.generate`; `().map` for a method
    /// of what another call gives.
    pub callee: String,
    /// The whole call.
    pub span: Span,
    /// Arguments by position.
    pub positional: Vec<Argument>,
    /// Arguments by name.
    pub keywords: Vec<(String, Argument)>,
    /// Whether `*args` or `**kwargs` may add others.
    pub open: bool,
    /// The variable that takes the result.
    pub assigned_to: Option<String>,
    /// Where a further argument would be written.
    pub slot: Slot,
}

/// An argument of a call.
#[derive(Debug, Clone)]
pub struct Argument {
    /// Where it is written.
    pub span: Span,
    /// Its value, or why it can't be told.
    pub value: Result<Arc<Node>, String>,
}

impl Call {
    /// An argument by name.
    pub fn keyword(&self, name: &str) -> Option<&Argument> {
        self.keywords
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, argument)| argument)
    }

    /// The last part of what is called: `TrainingArguments`.
    pub fn name(&self) -> &str {
        self.callee.rsplit('.').next().unwrap_or(&self.callee)
    }
}

/// What is known of a name's value.
type Known = Result<Arc<Node>, String>;

struct Reader<'a> {
    text: &'a str,
    start: usize,
    /// What a name was imported as.
    imports: HashMap<String, String>,
    /// Assignments by function (its first byte; `usize::MAX` for the file) and name.
    names: RefCell<HashMap<(usize, String), Known>>,
}

/// The calls of a Python file in the order in which they begin. `start` is the first byte of `text` in its file.
/// Nothing where the text is too long or not worth the time that it would take.
pub fn calls(text: &str, start: usize) -> Vec<Call> {
    if text.len() > MAX_BYTES {
        return Vec::new();
    }
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_python::LANGUAGE.into()).is_err() {
        return Vec::new();
    }
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
    );
    let Some(tree) = tree else {
        return Vec::new();
    };
    let mut reader = Reader {
        text,
        start,
        imports: HashMap::new(),
        names: RefCell::default(),
    };
    // Assignments are read before calls, and imports before both: a name can be set below its use.
    let mut found = Vec::new();
    let mut assignments = Vec::new();
    let mut targets: HashMap<usize, String> = HashMap::new();
    walk(tree.root_node(), |node, within| match node.kind() {
        "import_statement" | "import_from_statement" => reader.import(node),
        "assignment" | "augmented_assignment" | "for_statement" | "with_item" | "global_statement" => {
            assignments.push((node, within));
        }
        "default_parameter" | "typed_default_parameter" | "parameters" => reader.parameter(node, within),
        "call" => found.push((node, within)),
        _ => {}
    });
    for (node, within) in assignments {
        if let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
            && right.kind() == "call"
        {
            targets.insert(right.start_byte(), reader.written(left).to_owned());
        }
        reader.assign(node, within);
    }
    let read = |(node, within): (Tree<'_>, usize)| {
        let mut call = reader.call(node, within, MAX_DEPTH)?;
        call.assigned_to = targets.get(&node.start_byte()).cloned();
        Some(call)
    };
    found.into_iter().filter_map(read).collect()
}

/// Visits every node, parents first, with the function that it stands in (by its first byte; `usize::MAX` for the file
/// itself). What is nested too deeply is passed over.
///
/// The function is carried along, since to ask a node for its parent takes a walk from the root.
fn walk<'t>(root: Tree<'t>, mut visit: impl FnMut(Tree<'t>, usize)) {
    let mut cursor = root.walk();
    let mut within: Vec<usize> = vec![usize::MAX];
    loop {
        let node = cursor.node();
        let inside = within.last().copied().unwrap_or(usize::MAX);
        let own = if matches!(node.kind(), "function_definition" | "lambda") {
            node.start_byte()
        } else {
            inside
        };
        visit(node, own);
        if within.len() < MAX_DEEP && cursor.goto_first_child() {
            within.push(own);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
            within.pop();
        }
    }
}

impl<'a> Reader<'a> {
    fn written(&self, node: Tree<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn span(&self, node: Tree<'_>) -> Span {
        Span::new(self.start + node.start_byte(), self.start + node.end_byte())
    }

    fn import(&mut self, node: Tree<'_>) {
        let module = node
            .child_by_field_name("module_name")
            .map(|module| self.written(module).to_owned());
        let mut cursor = node.walk();
        for name in node.children_by_field_name("name", &mut cursor) {
            let (full, local) = match name.kind() {
                "aliased_import" => {
                    let part = |field| name.child_by_field_name(field).map_or("", |part| self.written(part));
                    (part("name").to_owned(), part("alias").to_owned())
                }
                _ => (self.written(name).to_owned(), self.written(name).to_owned()),
            };
            match &module {
                Some(module) => {
                    self.imports.insert(local, format!("{module}.{full}"));
                }
                // `import a.b` binds `a`, under its own name.
                None if full != local => {
                    self.imports.insert(local, full);
                }
                None => {}
            }
        }
    }

    fn assign(&self, node: Tree<'_>, within: usize) {
        let target = node.child_by_field_name("left").or_else(|| node.named_child(0));
        let Some(target) = target else { return };
        if node.kind() == "assignment"
            && target.kind() == "identifier"
            && let Some(value) = node.child_by_field_name("right")
        {
            self.set(within, self.written(target), self.value(value, within, MAX_DEPTH));
            return;
        }
        // Loops, unpacking and `+=` give values that aren't told.
        walk(target, |part, _| {
            if part.kind() == "identifier" {
                let name = self.written(part);
                self.set(within, name, Err(format!("`{name}` is set while the program runs")));
            }
        });
    }

    fn parameter(&self, node: Tree<'_>, within: usize) {
        if node.kind() == "parameters" {
            let mut cursor = node.walk();
            for part in node
                .named_children(&mut cursor)
                .filter(|part| part.kind() == "identifier")
            {
                let name = self.written(part);
                self.set(within, name, Err(format!("`{name}` is given by the caller")));
            }
        } else if let Some(name) = node.child_by_field_name("name") {
            let name = self.written(name);
            self.set(within, name, Err(format!("`{name}` may be given by the caller")));
        }
    }

    fn set(&self, within: usize, name: &str, value: Known) {
        self.names
            .borrow_mut()
            .entry((within, name.to_owned()))
            .and_modify(|known| *known = Err(format!("`{name}` is set more than once")))
            .or_insert(value);
    }

    fn call(&self, node: Tree<'_>, within: usize, depth: usize) -> Option<Call> {
        let function = node.child_by_field_name("function")?;
        let callee = self.callee(function)?;
        let list = node.child_by_field_name("arguments")?;
        if list.kind() != "argument_list" {
            return None;
        }
        let mut call = Call {
            callee,
            span: self.span(node),
            positional: Vec::new(),
            keywords: Vec::new(),
            open: false,
            assigned_to: None,
            slot: Slot {
                span: Span::at(self.start + list.end_byte().saturating_sub(1)),
                insert: None,
            },
        };
        let mut cursor = list.walk();
        for argument in list.named_children(&mut cursor) {
            match argument.kind() {
                "keyword_argument" => {
                    let name = argument.child_by_field_name("name")?;
                    let value = argument.child_by_field_name("value")?;
                    call.keywords
                        .push((self.written(name).to_owned(), self.argument(value, within, depth)));
                }
                "list_splat" | "dictionary_splat" => call.open = true,
                "comment" => {}
                _ => call.positional.push(self.argument(argument, within, depth)),
            }
        }
        Some(call)
    }

    /// `a.b.c` with the import of `a` put in, `().c` for a method of what another call gives; `None` for anything else.
    fn callee(&self, function: Tree<'_>) -> Option<String> {
        if let Some(object) = function.child_by_field_name("object")
            && object.kind() == "call"
            && let Some(method) = function.child_by_field_name("attribute")
        {
            return Some(format!("().{}", self.written(method)));
        }
        let written = self.written(function);
        let plain = written
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if !plain || !matches!(function.kind(), "identifier" | "attribute") {
            return None;
        }
        let (first, rest) = written.split_once('.').unwrap_or((written, ""));
        let first = self.imports.get(first).map_or(first, String::as_str);
        Some(if rest.is_empty() {
            first.to_owned()
        } else {
            format!("{first}.{rest}")
        })
    }

    fn argument(&self, node: Tree<'_>, within: usize, depth: usize) -> Argument {
        Argument {
            span: self.span(node),
            value: self.value(node, within, depth),
        }
    }

    fn value(&self, node: Tree<'_>, within: usize, depth: usize) -> Known {
        let Some(depth) = depth.checked_sub(1) else {
            return Err("nested too deeply".to_owned());
        };
        let span = self.span(node);
        let made = |kind| Ok(Arc::new(Node { span, kind }));
        let unknown = || {
            let written: String = self.written(node).chars().take(60).collect();
            Err(format!("`{written}` is worked out while the program runs"))
        };
        match node.kind() {
            "integer" | "float" | "true" | "false" | "none" => {
                let written = self.written(node);
                let plain = match written {
                    "None" => "null".to_owned(),
                    number => number.replace('_', ""),
                };
                made(Kind::Plain(if plain == written {
                    Text::verbatim(written, span.start)
                } else {
                    Text::opaque(&plain, span)
                }))
            }
            "unary_operator" => made(Kind::Plain(Text::opaque(&self.written(node).replace(' ', ""), span)))
                .and_then(|node| if node.as_f64().is_some() { Ok(node) } else { unknown() }),
            "string" | "concatenated_string" => match self.string(node) {
                Some(text) => made(Kind::Quoted(text)),
                None => unknown(),
            },
            "parenthesized_expression" => match node.named_child(0) {
                Some(inner) => self.value(inner, within, depth),
                None => unknown(),
            },
            "list" | "tuple" => {
                let mut cursor = node.walk();
                let items: Result<Vec<_>, String> = node
                    .named_children(&mut cursor)
                    .filter(|item| item.kind() != "comment")
                    .map(|item| self.value(item, within, depth))
                    .collect();
                made(Kind::Seq { items: items? })
            }
            "dictionary" => {
                let mut entries = Vec::new();
                let mut cursor = node.walk();
                for pair in node.named_children(&mut cursor) {
                    match pair.kind() {
                        "comment" => {}
                        "pair" => {
                            let part = |field| pair.child_by_field_name(field);
                            let (Some(key), Some(value)) = (part("key"), part("value")) else {
                                return unknown();
                            };
                            let key = self.value(key, within, depth)?;
                            let value = match self.value(value, within, depth) {
                                Ok(value) => value,
                                // An entry that can't be told doesn't hide the others.
                                Err(_) => Arc::new(Node {
                                    span: self.span(value),
                                    kind: Kind::Quoted(Text::opaque("${}", self.span(value))),
                                }),
                            };
                            entries.push((key, value));
                        }
                        _ => return unknown(),
                    }
                }
                let slot = Slot {
                    span: Span::at(span.end.saturating_sub(1)),
                    insert: None,
                };
                made(Kind::Map { entries, slot })
            }
            "identifier" => {
                let name = self.written(node);
                let names = self.names.borrow();
                match names
                    .get(&(within, name.to_owned()))
                    .or_else(|| names.get(&(usize::MAX, name.to_owned())))
                {
                    Some(known) => known.clone(),
                    None => Err(format!("`{name}` is not set in this file")),
                }
            }
            // `torch.bfloat16` stands for itself.
            "attribute" => match self.callee(node) {
                Some(path) if path.starts_with("torch.") || path.starts_with("jnp.") => {
                    made(Kind::Quoted(Text::opaque(&path, span)))
                }
                _ => unknown(),
            },
            // No other call is looked into: this one would be read again for each that it stands in.
            "call"
                if node
                    .child_by_field_name("function")
                    .is_none_or(|f| self.written(f) != "dict") =>
            {
                unknown()
            }
            "call" => match self.call(node, within, depth) {
                Some(call) if !call.open && call.positional.is_empty() => {
                    let mut entries = Vec::new();
                    for (name, argument) in call.keywords {
                        let key = Arc::new(Node {
                            span: argument.span,
                            kind: Kind::Quoted(Text::opaque(&name, argument.span)),
                        });
                        entries.push((key, argument.value?));
                    }
                    let slot = call.slot;
                    made(Kind::Map { entries, slot })
                }
                _ => unknown(),
            },
            _ => unknown(),
        }
    }

    /// A string literal's text; `None` for one that is filled in or whose bytes aren't text.
    fn string(&self, node: Tree<'_>) -> Option<Text> {
        let mut built = TextBuilder::default();
        self.string_parts(node, &mut built)?;
        Some(built.finish(self.span(node)))
    }

    fn string_parts(&self, node: Tree<'_>, built: &mut TextBuilder) -> Option<()> {
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor) {
            match part.kind() {
                "string" => self.string_parts(part, built)?,
                "string_start" => {
                    let prefix = self.written(part).trim_end_matches(['"', '\'']).to_ascii_lowercase();
                    // Bytes are no text; a raw string has no escapes, which tree-sitter knows.
                    if prefix.contains('b') {
                        return None;
                    }
                }
                "string_content" => self.string_content(part, built)?,
                "string_end" | "comment" => {}
                // An interpolation of an f-string.
                _ => return None,
            }
        }
        Some(())
    }

    fn string_content(&self, node: Tree<'_>, built: &mut TextBuilder) -> Option<()> {
        let mut at = node.start_byte();
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Call {
        let mut found = calls(text, 0);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    fn shown(argument: &Argument) -> Result<&str, &str> {
        match &argument.value {
            Ok(node) => Ok(node.as_str().unwrap_or("a collection")),
            Err(why) => Err(why),
        }
    }

    #[test]
    fn literals_and_constants_are_followed() {
        let text = "from transformers import TrainingArguments as TA\nRATE = 2e-4\nNAME = 'org/' 'model'\ndef main(size):\n    steps = 1_000\n    args = TA(NAME, lr=RATE, n=steps, m=size, d=torch.bfloat16, x=-1, f=f'a{b}', **extra)\n";
        let call = only(text);
        assert_eq!(call.callee, "transformers.TrainingArguments");
        assert_eq!(call.name(), "TrainingArguments");
        assert_eq!(call.assigned_to.as_deref(), Some("args"));
        assert!(call.open);
        assert_eq!(shown(&call.positional[0]), Ok("org/model"));
        assert_eq!(shown(call.keyword("lr").expect("lr")), Ok("2e-4"));
        assert_eq!(shown(call.keyword("n").expect("n")), Ok("1000"));
        assert_eq!(
            shown(call.keyword("m").expect("m")),
            Err("`size` is given by the caller")
        );
        assert_eq!(shown(call.keyword("d").expect("d")), Ok("torch.bfloat16"));
        assert_eq!(shown(call.keyword("x").expect("x")), Ok("-1"));
        assert!(shown(call.keyword("f").expect("f")).is_err());
        let n = call.keyword("n").expect("n").span;
        assert_eq!(&text[n.start..n.end], "steps");
    }

    #[test]
    fn a_name_set_twice_is_unknown() {
        let call = only("A = 1\nA = 2\nf(a=A)\n");
        assert_eq!(shown(&call.keywords[0].1), Err("`A` is set more than once"));
        let call = only("for a in range:\n    f(a)\n");
        assert!(shown(&call.positional[0]).is_err());
    }

    #[test]
    fn strings_are_decoded_with_their_places() {
        let text = "f('a\\n\\x41', r'\\d', '''two\nlines''')";
        let call = only(text);
        let texts: Vec<_> = call.positional.iter().map(shown).collect();
        assert_eq!(texts, [Ok("a\nA"), Ok("\\d"), Ok("two\nlines")]);
    }

    #[test]
    fn hostile_text_ends_in_time() {
        for text in [
            "f(".repeat(100_000),
            "((((".repeat(100_000),
            "'''".repeat(99_999),
            "x=".repeat(200_000),
        ] {
            calls(&text, 0);
        }
    }
}
