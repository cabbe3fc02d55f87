//! How a language's file fills a [`Module`]: expressions bottom up, scopes and blocks as a stack.

use super::{
    Binding, Block, BlockId, BlockKind, Change, Expr, ExprId, ExprKind, Module, Scope, ScopeId, ScopeKind, Site,
};
use crate::source::{Span, Text};

/// Most expressions of one file; what comes behind them is left out.
const MAX_EXPRS: usize = 1_000_000;

/// Methods that call the function that they are given for each item.
const CALLS_FOR_EACH: &[&str] = &[
    "map",
    "imap",
    "imap_unordered",
    "starmap",
    "map_async",
    "apply",
    "progress_apply",
    "parallel_apply",
    "map_batches",
    "forEach",
    "flatMap",
];

/// A module in the making.
pub struct Builder {
    /// What is made so far.
    pub module: Module,
    scopes: Vec<ScopeId>,
    blocks: Vec<BlockId>,
}

impl Builder {
    /// An empty file that takes up `span`.
    pub fn new(span: Span) -> Self {
        let mut made = Self {
            module: Module::default(),
            scopes: Vec::new(),
            blocks: Vec::new(),
        };
        made.enter_scope(ScopeKind::File, "", span);
        made
    }

    /// The whole module.
    pub fn finish(mut self) -> Module {
        for (at, binding) in (0..).zip(&self.module.bindings) {
            let names = self.module.names.entry(binding.scope).or_default();
            match names.get_mut(&binding.name) {
                Some(places) => places.push(at),
                None => {
                    names.insert(binding.name.clone(), vec![at]);
                }
            }
        }
        let module = &mut self.module;
        let exprs = &module.exprs;
        let place = |site: &Site| {
            let span = exprs[site.call.0 as usize].span;
            (span.start, std::cmp::Reverse(span.end))
        };
        module.sites.sort_by_key(place);
        let name = |expr: ExprId| match &exprs[expr.0 as usize].kind {
            ExprKind::Name(name) | ExprKind::Member(_, name) => Some(name.as_str()),
            _ => None,
        };
        for (at, site) in (0..).zip(&module.sites) {
            let ExprKind::Call {
                function, arguments, ..
            } = &exprs[site.call.0 as usize].kind
            else {
                continue;
            };
            let Some(called) = name(*function) else {
                continue;
            };
            module.callers.entry(called.to_owned()).or_default().push(at);
            if CALLS_FOR_EACH.contains(&called) {
                let handed = arguments.iter().filter_map(|argument| name(argument.value));
                module.handed.extend(handed.map(str::to_owned));
            }
        }
        let parameters = module.scopes.iter().flat_map(|scope| &scope.parameters);
        module.held = parameters.map(|parameter| parameter.name.clone()).collect();
        for binding in &module.bindings {
            let is_scope = |expr: ExprId| matches!(exprs[expr.0 as usize].kind, ExprKind::Scope(_));
            if !matches!(binding.change, Change::Set(expr) if is_scope(expr)) && !module.held.contains(&binding.name) {
                module.held.insert(binding.name.clone());
            }
        }
        for block in &module.blocks {
            if let BlockKind::Branch { statement, .. } = block.kind {
                *module.branches.entry(statement).or_default() += 1;
            }
        }
        self.module
    }

    /// Whether no more should be read.
    pub fn is_full(&self) -> bool {
        self.module.exprs.len() >= MAX_EXPRS
    }

    /// Adds an expression.
    pub fn expr(&mut self, span: Span, kind: ExprKind) -> ExprId {
        let id = ExprId(index(self.module.exprs.len()));
        self.module.exprs.push(Expr { span, kind });
        id
    }

    /// Adds a string that is written without quotes, such as a key.
    pub fn word(&mut self, text: &str, start: usize) -> ExprId {
        let text = Text::verbatim(text, start);
        self.expr(text.span(), ExprKind::Text(text))
    }

    /// The scope that is being read.
    pub fn scope(&self) -> ScopeId {
        self.scopes.last().copied().unwrap_or(ScopeId(0))
    }

    /// The block that is being read.
    pub fn block(&self) -> BlockId {
        self.blocks.last().copied().unwrap_or(BlockId(0))
    }

    /// The nearest class around what is being read.
    pub fn class(&self) -> Option<ScopeId> {
        let mut scopes = self.scopes.iter().rev();
        scopes
            .find(|scope| self.module.scope(**scope).kind == ScopeKind::Class)
            .copied()
    }

    /// Begins a scope and its block.
    pub fn enter_scope(&mut self, kind: ScopeKind, name: &str, span: Span) -> ScopeId {
        let parent = self.scopes.last().copied();
        let block = self.enter_block(BlockKind::Body);
        let id = ScopeId(index(self.module.scopes.len()));
        self.module.scopes.push(Scope {
            kind,
            name: name.to_owned(),
            parent,
            block,
            span,
            parameters: Vec::new(),
            returns: Vec::new(),
            bases: Vec::new(),
            decorators: Vec::new(),
            doc: None,
        });
        self.scopes.push(id);
        id
    }

    /// Ends the innermost scope and its block.
    pub fn leave_scope(&mut self) {
        self.scopes.pop();
        self.leave_block();
    }

    /// Begins a block.
    pub fn enter_block(&mut self, kind: BlockKind) -> BlockId {
        let id = BlockId(index(self.module.blocks.len()));
        self.module.blocks.push(Block {
            parent: self.blocks.last().copied(),
            kind,
        });
        self.blocks.push(id);
        id
    }

    /// Ends the innermost block.
    pub fn leave_block(&mut self) {
        self.blocks.pop();
    }

    /// A name of the innermost scope is set or changed by the statement that ends before `at`.
    pub fn bind(&mut self, name: &str, at: usize, annotation: Option<ExprId>, change: Change) {
        self.bind_in(self.scope(), name, at, annotation, change);
    }

    /// A name of `scope` is set or changed by the statement that ends before `at`.
    pub fn bind_in(&mut self, scope: ScopeId, name: &str, at: usize, annotation: Option<ExprId>, change: Change) {
        self.module.bindings.push(Binding {
            scope,
            name: name.to_owned(),
            from: self.scope(),
            block: self.block(),
            at,
            annotation,
            change,
        });
    }

    /// What the innermost function returns.
    pub fn returns(&mut self, value: ExprId) {
        let (scope, block) = (self.scope(), self.block());
        if let Some(scope) = self.module.scopes.get_mut(scope.0 as usize) {
            scope.returns.push((value, block));
        }
    }

    /// A call stands here.
    pub fn site(&mut self, call: ExprId) {
        self.module.sites.push(Site {
            call,
            scope: self.scope(),
            block: self.block(),
        });
    }
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
