//! Builds the tree of pieces as a parser meets its tags. What is open stands on a stack of its own, so that nesting
//! costs no call stack.

use std::ops::Range;

use super::{NESTING_LIMIT, Piece, TemplateError};

/// What a block becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// One of its branches is sent.
    Choice,
    /// Its first branch is sent for each item; a later one if there is no item.
    Loop,
    /// Its body is sent as if its tags were not there.
    Inline,
    /// Its body is not sent where it stands.
    Discard,
    /// Its body is changed at run time: only the expression that changes it is told.
    Opaque(String),
}

/// A block whose end tag has not come yet.
#[derive(Debug)]
pub(super) struct Block<'t> {
    /// What its end tag names.
    pub word: &'t str,
    /// Its opening tag.
    pub tag: Range<usize>,
    /// Whether its last branch (`else`) has begun.
    pub last: bool,
    shape: Shape,
    /// Where its piece starts: at its opening tag, or after it where the tag is a piece of its own.
    start: usize,
    branches: Vec<Vec<Piece>>,
    /// Where its first branch ended.
    first_end: usize,
}

/// The tree so far.
#[derive(Debug)]
pub(super) struct Tree<'t> {
    open: Vec<Block<'t>>,
    /// The template's own pieces, then those of the branch that is being read of each open block that has its own.
    lists: Vec<Vec<Piece>>,
}

impl<'t> Tree<'t> {
    pub fn new() -> Self {
        Self {
            open: Vec::new(),
            lists: vec![Vec::new()],
        }
    }

    /// The block that the next end tag must close.
    pub fn innermost(&self) -> Option<&Block<'t>> {
        self.open.last()
    }

    /// Whether a block whose end tag is `word` is open.
    pub fn is_inside(&self, word: &str) -> bool {
        self.open.iter().any(|block| block.word == word)
    }

    /// Adds a piece to the branch that is being read, unless it is empty.
    pub fn push(&mut self, piece: Piece) {
        if let Some(list) = self.lists.last_mut()
            && !piece.range().is_empty()
        {
            list.push(piece);
        }
    }

    /// Opens a block with its opening tag.
    pub fn open(&mut self, word: &'t str, tag: Range<usize>, shape: Shape) -> Result<(), TemplateError> {
        let start = tag.start;
        self.open_at(start, word, tag, shape)
    }

    /// Opens a loop whose opening tag is already a piece of its own.
    pub fn open_behind(&mut self, word: &'t str, tag: Range<usize>) -> Result<(), TemplateError> {
        self.open_at(tag.end, word, tag, Shape::Loop)
    }

    fn open_at(&mut self, start: usize, word: &'t str, tag: Range<usize>, shape: Shape) -> Result<(), TemplateError> {
        if self.open.len() == NESTING_LIMIT {
            return Err(TemplateError {
                range: tag,
                message: format!("blocks nest deeper than {NESTING_LIMIT} levels here"),
            });
        }
        if shape == Shape::Inline {
            self.push(Piece::Silent(tag.clone()));
        } else {
            self.lists.push(Vec::new());
        }
        self.open.push(Block {
            word,
            tag,
            last: false,
            shape,
            start,
            branches: Vec::new(),
            first_end: start,
        });
        Ok(())
    }

    /// Ends the branch that is being read at the tag of the next one, which may be the `last`.
    pub fn next_branch(&mut self, tag: &Range<usize>, last: bool) {
        if let (Some(block), Some(list)) = (self.open.last_mut(), self.lists.last_mut()) {
            if block.branches.is_empty() {
                block.first_end = tag.start;
            }
            block.branches.push(std::mem::take(list));
            block.last = last;
        }
    }

    /// Closes the innermost block with its end tag.
    pub fn close(&mut self, tag: Range<usize>) {
        let Some(mut block) = self.open.pop() else {
            return;
        };
        if block.shape == Shape::Inline {
            self.push(Piece::Silent(tag));
            return;
        }
        let body = self.lists.pop().unwrap_or_default();
        let range = block.start..tag.end;
        let piece = match block.shape {
            Shape::Loop if block.branches.is_empty() => Piece::Loop { body, range },
            Shape::Choice | Shape::Loop => {
                block.branches.push(body);
                if !block.last {
                    block.branches.push(Vec::new());
                }
                if block.shape == Shape::Loop {
                    let body = std::mem::take(&mut block.branches[0]);
                    block.branches[0] = vec![Piece::Loop {
                        body,
                        range: block.start..block.first_end,
                    }];
                }
                Piece::Choice {
                    branches: block.branches,
                    range,
                }
            }
            Shape::Opaque(name) => Piece::Variable { name, range },
            Shape::Discard | Shape::Inline => Piece::Silent(range),
        };
        self.push(piece);
    }

    /// The pieces, once every block is closed.
    pub fn finish(mut self) -> Vec<Piece> {
        self.lists.pop().unwrap_or_default()
    }
}
