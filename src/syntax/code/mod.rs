//! Source code, in the words that Python and TypeScript share.
//!
//! Each language (`python`, `typescript`) lowers a file to a [`Module`]: its expressions, where names are set, which blocks are loops and
//! branches, and its calls. `follow` then tells the values of a call's arguments: it follows names through assignments,
//! parameters' defaults, classes and imports, also into other files of the [`Files`]. Nothing is run; what can't be told
//! is unknown, with why.

mod build;
mod called;
mod files;
mod follow;
mod known;
mod paths;
pub mod python;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod typescript;
mod value;

use std::collections::{HashMap, HashSet};

pub use build::Builder;
pub use called::called_names;
pub use files::Files;
pub use follow::{CALL, CHAIN, Reader, Wrapper, Wrappers};
pub use typescript::is_generated;
pub use value::{Argument, Call, Kind, Open, Repeat, Value};

use crate::source::{Slot, Span, Text};

/// Larger files are left alone, bytes: written by a program, not by a person.
pub const MAX_BYTES: usize = 2_000_000;

/// Deepest nesting of the syntax tree that is lowered.
pub const MAX_DEPTH: usize = 200;

/// A language of source code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python, and the code cells of notebooks.
    Python,
    /// TypeScript and JavaScript, with JSX, and the scripts of Vue's and Svelte's components.
    TypeScript,
}

impl Language {
    /// The language of a file with this extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "py" | "ipynb" => Some(Language::Python),
            "ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "vue" | "svelte" => {
                Some(Language::TypeScript)
            }
            _ => None,
        }
    }
}

/// An expression of a module, by its place in [`Module::exprs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExprId(pub u32);

/// A scope of a module, by its place in [`Module::scopes`]; the first is the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeId(pub u32);

/// A block of statements, by its place in [`Module::blocks`]; the first is the file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockId(pub u32);

/// A file of source code.
#[derive(Debug, Default)]
pub struct Module {
    /// Expressions; parts stand before what they are parts of.
    pub exprs: Vec<Expr>,
    /// Scopes, outer ones first.
    pub scopes: Vec<Scope>,
    /// Blocks, outer ones first.
    pub blocks: Vec<Block>,
    /// What is imported, by the name that it has in the file.
    pub imports: HashMap<String, Import>,
    /// Modules of which everything is imported (`from x import *`), or handed on (`export * from "x"`).
    pub stars: Vec<String>,
    /// Names under which something is exported, where they differ from its name in the file: `default`.
    pub exports: HashMap<String, ExprId>,
    /// Where names are set, in the order written.
    pub bindings: Vec<Binding>,
    /// The calls, in the order in which they begin.
    pub sites: Vec<Site>,
    /// Bindings by scope and name, in the order written.
    names: HashMap<ScopeId, HashMap<String, Vec<u32>>>,
    /// Names that are set to something else than a function or class of the file, and parameters.
    held: HashSet<String>,
    /// Calls by the last name of what is called.
    callers: HashMap<String, Vec<u32>>,
    /// Functions that are handed to something that calls them for each item: `pool.map(ask, questions)`.
    handed: HashSet<String>,
    /// By a statement's first byte, how many branches it has.
    branches: HashMap<usize, usize>,
}

/// Something imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module as written: `openai`, `.prompts`, `@ai-sdk/openai`, `../lib/models`.
    pub module: String,
    /// What of it; `None` for the module itself (`import a.b as c`, `import * as c from "a"`). A default import is
    /// `default`.
    pub name: Option<String>,
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// The bytes that it takes up.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is. What is written around one without changing its value is left out: parentheses, `await`,
/// `as const`, `!`.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A number, or `true`, `false`, `null`, in JSON's words (`None` and `undefined` are `null`).
    Plain(Text),
    /// A string literal, decoded.
    Text(Text),
    /// Parts put together: an f-string, a template literal, `+`.
    Join(Vec<ExprId>),
    /// A list or tuple.
    List(Vec<Item>),
    /// A dictionary or object.
    Map {
        /// What stands in it, in the order written.
        entries: Vec<Entry>,
        /// Where a further entry would be written.
        slot: Slot,
    },
    /// A name.
    Name(String),
    /// `a.b`, `a?.b`.
    Member(ExprId, String),
    /// `a[b]`.
    Index(ExprId, ExprId),
    /// A call, or `new`.
    Call {
        /// What is called.
        function: ExprId,
        /// The arguments in the order written.
        arguments: Vec<Passed>,
        /// Where a further argument would be written.
        slot: Slot,
    },
    /// One of several: `a if c else b`, `a or b`, `a ?? b`, `c ? a : b`.
    Either(Vec<ExprId>),
    /// `a % b`.
    Percent(ExprId, ExprId),
    /// `a / b`, which puts paths together in Python.
    Divide(ExprId, ExprId),
    /// `a | b | c`: what each gives goes to the next.
    Chain(Vec<ExprId>),
    /// A list made in a loop, of this: a comprehension.
    Each(ExprId),
    /// A function or class, by its scope.
    Scope(ScopeId),
    /// Anything else.
    Other,
}

/// An item of a list.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Its value.
    pub value: ExprId,
    /// Whether it stands for several (`*a`, `...a`).
    pub spread: bool,
}

/// An entry of a map.
#[derive(Debug, Clone, Copy)]
pub enum Entry {
    /// A key (an [`ExprKind::Text`] where it is written without quotes) with its value.
    Pair(ExprId, ExprId),
    /// `**a`, `...a`.
    Spread(ExprId),
}

/// An argument as written.
#[derive(Debug, Clone)]
pub struct Passed {
    /// The name that it is passed by.
    pub name: Option<String>,
    /// Its value.
    pub value: ExprId,
    /// Whether it stands for several (`*a`, `**a`, `...a`).
    pub spread: bool,
}

/// A scope: the file, a function or a class.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What it is.
    pub kind: ScopeKind,
    /// Its name; empty for the file and for functions without one.
    pub name: String,
    /// The scope that it stands in.
    pub parent: Option<ScopeId>,
    /// Its own block.
    pub block: BlockId,
    /// The bytes that it takes up.
    pub span: Span,
    /// A function's parameters, `self` and `this` left out.
    pub parameters: Vec<Parameter>,
    /// What a function returns, or yields, with the block of the statement.
    pub returns: Vec<(ExprId, BlockId)>,
    /// A class's bases.
    pub bases: Vec<ExprId>,
    /// Its decorators.
    pub decorators: Vec<ExprId>,
    /// Its docstring.
    pub doc: Option<Text>,
}

/// What a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// The file.
    File,
    /// A function, method, lambda or arrow function.
    Function,
    /// A class. Its fields and methods are bindings of it, and so is what its methods set on `self` or `this`.
    Class,
}

/// A parameter of a function; one that is taken apart (`{model, temperature = 1}`) is one for each name.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its default.
    pub default: Option<ExprId>,
    /// Its type.
    pub annotation: Option<ExprId>,
    /// Where it is written.
    pub span: Span,
}

/// A block of statements.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// The block that it stands in.
    pub parent: Option<BlockId>,
    /// What makes it run.
    pub kind: BlockKind,
}

/// What makes a block run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// It is the body of a scope.
    Body,
    /// A condition, a case, a handler of errors: runs or not.
    Branch {
        /// The first byte of the statement whose branches exclude each other.
        statement: usize,
        /// Whether one of that statement's branches runs in any case (`else`).
        complete: bool,
    },
    /// Once for each item of something: `for`, a comprehension, the function given to `map`, `forEach`, `gather`.
    Each,
    /// As long as a condition holds.
    While,
}

/// Where a name is set or changed.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The scope that holds the name.
    pub scope: ScopeId,
    /// The name; of a member, that behind `self.` or `this.`.
    pub name: String,
    /// The scope in which it is set, another than `scope` for members set by methods.
    pub from: ScopeId,
    /// The block in which it is set.
    pub block: BlockId,
    /// The byte behind the statement.
    pub at: usize,
    /// The type that is written beside it.
    pub annotation: Option<ExprId>,
    /// How.
    pub change: Change,
}

/// How a name is set or changed.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    /// `a = b`.
    Set(ExprId),
    /// Only declared: `a: str`, `let a`.
    Declared,
    /// `a += b`.
    Add(ExprId),
    /// `a.append(b)`, `a.push(b)`.
    Push(ExprId),
    /// `a.insert(0, b)`, `a.unshift(b)`.
    PushFront(ExprId),
    /// `a.extend(b)`, `a.push(...b)`.
    Extend(ExprId),
    /// `a["key"] = b`, `a.key = b`.
    SetKey(ExprId, ExprId),
    /// An item of it: a loop's variable.
    Item(ExprId),
    /// Set in a way that isn't followed: unpacking, `global`.
    Runtime,
}

/// A call, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// The call.
    pub call: ExprId,
    /// The scope that it stands in.
    pub scope: ScopeId,
    /// The block that it stands in.
    pub block: BlockId,
}

impl Module {
    /// An expression.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    /// The module with the places of what its text was decoded from: a notebook's.
    fn within(mut self, outer: &Text) -> Self {
        let to = |span: Span| outer.span_of(span.start..span.end);
        for expr in &mut self.exprs {
            expr.span = to(expr.span);
            match &mut expr.kind {
                ExprKind::Plain(text) | ExprKind::Text(text) => *text = text.within(outer),
                ExprKind::Map { slot, .. } | ExprKind::Call { slot, .. } => {
                    *slot = Slot {
                        span: to(slot.span),
                        insert: None,
                    };
                }
                _ => {}
            }
        }
        for scope in &mut self.scopes {
            scope.span = to(scope.span);
            scope.doc = scope.doc.as_ref().map(|doc| doc.within(outer));
            for parameter in &mut scope.parameters {
                parameter.span = to(parameter.span);
            }
        }
        for binding in &mut self.bindings {
            binding.at = to(Span::new(binding.at.saturating_sub(1), binding.at)).end;
        }
        self
    }

    /// Where a scope's name is set, in the order written.
    pub fn set(&self, scope: ScopeId, name: &str) -> impl Iterator<Item = &Binding> {
        let found = self.names.get(&scope).and_then(|names| names.get(name));
        let found = found.map(Vec::as_slice).unwrap_or_default();
        found.iter().map(|index| &self.bindings[*index as usize])
    }

    /// Whether a scope sets a name.
    pub fn sets(&self, scope: ScopeId, name: &str) -> bool {
        self.names.get(&scope).is_some_and(|names| names.contains_key(name))
    }

    /// The calls of what has this name: `name(…)`, `object.name(…)`.
    pub fn calling(&self, name: &str) -> impl Iterator<Item = &Site> {
        let found = self.callers.get(name).map(Vec::as_slice).unwrap_or_default();
        found.iter().map(|index| &self.sites[*index as usize])
    }

    /// The last name of what is called: `create` of `client.chat.create`; of something imported the name that it has
    /// in its module.
    fn last_name(&self, function: ExprId) -> Option<&str> {
        match &self.expr(function).kind {
            ExprKind::Member(_, name) => Some(name),
            ExprKind::Name(name) => {
                let import = self.imports.get(name).and_then(|import| import.name.as_deref());
                Some(import.filter(|name| *name != "default").unwrap_or(name))
            }
            _ => None,
        }
    }

    /// Whether what is called may be an object that was made elsewhere (`llm(prompt)`), and not only a function or class
    /// of the file, one of a package, or a method of something.
    fn may_call_object(&self, function: ExprId) -> bool {
        match &self.expr(function).kind {
            ExprKind::Name(name) => {
                // Classes are imported as well, and called by their names.
                let imported = self.imports.contains_key(name) && !name.starts_with(char::is_uppercase);
                imported || self.held.contains(name)
            }
            ExprKind::Member(_, name) => self.held.contains(name),
            _ => true,
        }
    }

    /// A block and the blocks that it stands in, up to the body of its function.
    pub fn around(&self, block: BlockId) -> impl Iterator<Item = BlockId> {
        std::iter::successors(Some(block), |id| {
            let block = self.block(*id);
            block.parent.filter(|_| block.kind != BlockKind::Body)
        })
    }
}
