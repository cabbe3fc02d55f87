//! tree-sitter's parser, stopped where a file is not worth its time.

use std::ops::ControlFlow;

use tree_sitter::{Language, ParseOptions, ParseState, Parser, Tree};

use super::MAX_BYTES;

/// Steps of the parser after which it gives up: it reports progress about every hundred operations, and error
/// recovery on hostile text is not linear.
const MAX_STEPS: usize = 400_000;

/// The syntax tree of a text; `None` where it is too long or not worth the time that it would take.
pub(super) fn parse(text: &str, language: &Language) -> Option<Tree> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let mut steps = 0_usize;
    let mut progress = |_: &ParseState| {
        steps += 1;
        if steps > MAX_STEPS {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    )
}
