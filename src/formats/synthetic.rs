//! Parts of a pod that an operator or a chart makes of settings: nodes that stand where the settings stand.

use std::sync::Arc;

use crate::source::{Slot, Text};
use crate::syntax::{Kind, Node};

/// A mapping that stands at `at`; entries without a value are left out.
pub(super) fn map<const N: usize>(at: &Node, entries: [(&str, Option<Node>); N]) -> Node {
    let entries = entries.into_iter().filter_map(|(key, value)| {
        let value = value?;
        // A key has the place of its value, so that what is said of it underlines something.
        let key = Node {
            span: value.span,
            kind: Kind::Quoted(Text::opaque(key, value.span)),
        };
        Some((Arc::new(key), Arc::new(value)))
    });
    Node {
        span: at.span,
        kind: Kind::Map {
            entries: entries.collect(),
            slot: Slot {
                span: at.span,
                insert: None,
            },
        },
    }
}

/// A text that stands at `at`.
pub(super) fn scalar(at: &Node, text: &str) -> Node {
    Node {
        span: at.span,
        kind: Kind::Quoted(Text::opaque(text, at.span)),
    }
}

/// A list that stands at `at`.
pub(super) fn sequence(at: &Node, items: Vec<Node>) -> Node {
    Node {
        span: at.span,
        kind: Kind::Seq {
            items: items.into_iter().map(Arc::new).collect(),
        },
    }
}

/// Terms of node selectors as the affinity that a chart makes of them.
pub(super) fn required(at: &Node, terms: &Node) -> Node {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = map(at, [("nodeSelectorTerms", Some(terms.clone()))]);
    let required = map(at, [(REQUIRED, Some(terms))]);
    map(at, [("nodeAffinity", Some(required))])
}
