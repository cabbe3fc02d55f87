//! Python and notebooks, lowered by way of tree-sitter, which keeps going on broken files.

mod bindings;
mod expressions;
mod functions;
mod statements;
mod strings;

use std::collections::HashSet;

use tree_sitter::Node as Tree;

use super::tree::parse;
use super::{Builder, Module, ScopeId};
use crate::source::{Source, Span, Text, TextBuilder};
use crate::syntax::{Node, json};

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
    let tree = parse(text, &tree_sitter_python::LANGUAGE.into())?;
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
}
