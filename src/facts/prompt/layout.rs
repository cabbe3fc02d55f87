//! Where a prompt's variables stand, and what of its fixed text a provider's prompt cache can reuse.
//!
//! Caches reuse the longest start that two requests share: what stands behind the first variable is read anew each
//! time, however fixed it is.

use super::{Fact, Get, Known, PromptFacts, Row, Type, int, text};
use crate::source::Place;
use crate::syntax::template::{self, Extent};

/// The first variable, and the fixed tokens before and behind it.
pub(super) struct Layout {
    /// Its name, the message that it stands in (from 1), and its place; none where nothing varies.
    first: Option<(String, u64, Place)>,
    before: u64,
    behind: u64,
}

impl Layout {
    pub(super) fn of(facts: &PromptFacts<'_>) -> Self {
        let mut layout = Layout {
            first: None,
            before: 0,
            behind: 0,
        };
        for (index, message) in facts.prompt.messages.iter().enumerate() {
            let whole = message.text.as_str();
            let first = template::variables(&message.pieces)
                .into_iter()
                .min_by_key(|(_, range)| range.start);
            // In the message of the first variable, the text before it; in those before, all.
            let cut = match (&layout.first, &first) {
                (Some(_), _) => 0,
                (None, Some((_, range))) => range.start,
                (None, None) => whole.len(),
            };
            for range in template::fixed_ranges(&message.pieces, Extent::Most).ranges {
                let middle = cut.clamp(range.start, range.end);
                layout.before += facts.tokens_of(&whole[range.start..middle]);
                layout.behind += facts.tokens_of(&whole[middle..range.end]);
            }
            if let (None, Some((name, range))) = (&layout.first, first) {
                let place = facts.place(message, range);
                layout.first = Some((name.to_owned(), index as u64 + 1, place));
            }
        }
        layout
    }

    fn place(&self) -> Option<Place> {
        self.first.as_ref().map(|(_, _, place)| *place)
    }
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[
    Row {
        name: "prompt.first_variable",
        ty: Type::Str,
        unit: "",
        about: "the first variable of what is sent",
        get: |facts| {
            let layout = facts.layout();
            Fact::of(match &layout.first {
                Some((name, _, _)) => Known::Yes(text(name.as_str())),
                None => Known::Absent,
            })
            .at(layout.place())
        },
    },
    Row {
        name: "prompt.first_variable_message",
        ty: Type::Int,
        unit: "",
        about: "the number of the message that the first variable stands in, from 1",
        get: |facts| {
            let layout = facts.layout();
            Fact::of(match &layout.first {
                Some((_, message, _)) => Known::Yes(int(*message)),
                None => Known::Absent,
            })
            .at(layout.place())
        },
    },
    Row {
        name: "prompt.prefix_tokens",
        ty: Type::Int,
        unit: "tokens",
        about: "fixed text before the first variable, which prompt caching can reuse (tools and framing not counted)",
        get: |facts| Fact::of(Known::Yes(int(facts.layout().before))).at(facts.layout().place()),
    },
    Row {
        name: "prompt.tokens_behind_variable",
        ty: Type::Int,
        unit: "tokens",
        about: "fixed text behind the first variable, which prompt caching can't reuse",
        get: |facts| Fact::of(Known::Yes(int(facts.layout().behind))).at(facts.layout().place()),
    },
];
