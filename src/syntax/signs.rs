//! A few words, searched for in one pass over a text: what tells cheaply that a file need not be looked into.

use aho_corasick::{AhoCorasick, packed};

/// Words that are searched for at once.
const PACKED: usize = 64;

/// Passes over a text that take no longer than the automaton's one.
const MAX_PASSES: usize = 6;

/// Words of which any is a sign.
#[derive(Debug)]
pub struct Signs(Search);

#[derive(Debug)]
enum Search {
    /// Searches by vectors of bytes, ten times as fast; each of up to 64 words, where the machine has it.
    Packed(Vec<packed::Searcher>),
    Automaton(AhoCorasick),
    /// No word can be searched for: each text is looked into.
    Everywhere,
}

impl Signs {
    /// The search for any of `words`.
    pub fn new<T: AsRef<[u8]>>(words: impl IntoIterator<Item = T>) -> Self {
        let words: Vec<T> = words.into_iter().collect();
        let automaton = || AhoCorasick::new(&words).map_or(Search::Everywhere, Search::Automaton);
        let few = words.chunks(PACKED).map(packed::Searcher::new);
        let packed: Option<Vec<_>> = few.collect();
        let packed = packed.filter(|searches| searches.len() <= MAX_PASSES);
        Self(packed.map_or_else(automaton, Search::Packed))
    }

    /// Whether any of them stands in a text.
    pub fn any_in(&self, text: &str) -> bool {
        match &self.0 {
            Search::Packed(searches) => searches.iter().any(|search| search.find(text).is_some()),
            Search::Automaton(search) => search.is_match(text),
            Search::Everywhere => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Signs;

    #[test]
    fn any_word_is_a_sign() {
        let signs = Signs::new(["openai", "vllm", "é"]);
        for text in [
            "openai",
            "import vllm",
            "caf\u{e9}",
            &format!("{}vllm", " ".repeat(100)),
        ] {
            assert!(signs.any_in(text), "{text}");
        }
        for text in ["", "open ai", "vll", &"x".repeat(1000)] {
            assert!(!signs.any_in(text), "{text}");
        }
        // More words than are searched for at once, and more than are searched for by vectors.
        for count in [100, 1000] {
            let signs = Signs::new((0..count).map(|n| format!("word{n};")));
            assert!(signs.any_in("a word99; here") && !signs.any_in(&format!("word{count};")));
        }
        assert!(!Signs::new([""; 0]).any_in("word"), "no word is in no text");
    }
}
