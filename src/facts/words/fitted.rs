//! Decisions by fitted weights: a table with a line for each feature and a column for each outcome. What a text has of a
//! feature is the same for the same text, so the decision is too.
//!
//! The tables are fitted on labelled prompts of public repositories by `tools/fit_words.py`. A feature is named by its kind
//! and by what it is of (`word:summar`, `command:code`), or by its kind alone (`length`).

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::lexicon::Quick;
use crate::fingerprint::word_hash;

/// What a feature is of, its hash with it: words are looked up under several kinds.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    #[cfg_attr(not(test), expect(dead_code, reason = "written out for fitting"))]
    text: &'a str,
    hash: u64,
}

impl<'a> Of<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            hash: word_hash(text),
        }
    }

    fn key(self, kind: &str) -> u64 {
        // Kinds differ in their ends and lengths, or these few bytes would not do.
        self.hash.rotate_left(21) ^ word_hash(kind)
    }
}

/// Takes the features of a text.
pub(super) trait Take {
    /// A feature's value; of several, the largest counts.
    fn most(&mut self, kind: &'static str, of: Of<'_>, value: f32);

    /// A feature that has no name beside its kind's.
    fn alone(&mut self, kind: &'static str, value: f32) {
        self.most(kind, Of::new(""), value);
    }
}

/// A table of weights for `N` outcomes.
pub(super) struct Model<const N: usize> {
    rows: HashMap<u64, u16, BuildHasherDefault<Quick>>,
    /// Hundredths.
    weights: Vec<[i16; N]>,
}

impl<const N: usize> Model<N> {
    /// Reads a table: a feature's name, a tab, a whole number for each outcome.
    pub(super) fn read(table: &str) -> Self {
        let mut model = Self {
            rows: HashMap::with_capacity_and_hasher(table.len() / 40, BuildHasherDefault::default()),
            weights: Vec::with_capacity(table.len() / 40),
        };
        for (line, row) in table.lines().zip(0..) {
            let (name, numbers) = line.split_once('\t').unwrap_or((line, ""));
            let (kind, of) = name.split_once(':').unwrap_or((name, ""));
            let mut weights = [0; N];
            for (weight, number) in weights.iter_mut().zip(numbers.as_bytes().split(|b| *b == b' ')) {
                *weight = whole(number);
            }
            model.rows.insert(Of::new(of).key(kind), row);
            model.weights.push(weights);
        }
        model
    }

    /// An empty account of a text's features.
    pub(super) fn account(&self) -> Account<'_, N> {
        Account {
            model: self,
            values: vec![0.0; self.weights.len()],
            met: Vec::new(),
        }
    }
}

/// The features of one text that a table knows.
pub(super) struct Account<'a, const N: usize> {
    model: &'a Model<N>,
    /// By row.
    values: Vec<f32>,
    /// Rows that have a value, in the order of their meeting.
    met: Vec<u16>,
}

impl<const N: usize> Account<'_, N> {
    /// The sum of the features' weights for each outcome.
    pub(super) fn scores(&self) -> [f32; N] {
        let mut scores = [0.0; N];
        for row in &self.met {
            let row = usize::from(*row);
            for (score, weight) in scores.iter_mut().zip(self.model.weights[row]) {
                *score += self.values[row] * (f32::from(weight) / 100.0);
            }
        }
        scores
    }
}

impl<const N: usize> Take for Account<'_, N> {
    fn most(&mut self, kind: &'static str, of: Of<'_>, value: f32) {
        if let Some(row) = self.model.rows.get(&of.key(kind))
            && value > 0.0
        {
            let known = &mut self.values[usize::from(*row)];
            if *known == 0.0 {
                self.met.push(*row);
            }
            *known = known.max(value);
        }
    }
}

/// A whole number in figures, with its sign.
fn whole(number: &[u8]) -> i16 {
    let (sign, figures) = match number {
        [b'-', figures @ ..] => (-1, figures),
        figures => (1, figures),
    };
    figures
        .iter()
        .filter(|b| b.is_ascii_digit())
        .fold(0i16, |n, b| n.wrapping_mul(10).wrapping_add(i16::from(b - b'0')))
        * sign
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Features by name, as they are fitted.
    #[derive(Default)]
    pub(crate) struct Written(pub(crate) serde_json::Map<String, serde_json::Value>);

    impl Take for Written {
        fn most(&mut self, kind: &'static str, of: Of<'_>, value: f32) {
            let name = if of.text.is_empty() {
                kind.to_owned()
            } else {
                format!("{kind}:{}", of.text)
            };
            let known = self.0.get(&name).and_then(serde_json::Value::as_f64).unwrap_or(0.0);
            if f64::from(value) > known {
                self.0.insert(name, value.into());
            }
        }
    }

    #[test]
    fn the_largest_value_of_a_feature_is_weighed() {
        let model = Model::<2>::read("bias\t100 -50\nword:tell\t-200 8\n");
        let mut account = model.account();
        account.alone("bias", 1.0);
        for (word, value) in [("tell", 0.5), ("tell", 1.0), ("ask", 1.0)] {
            account.most("word", Of::new(word), value);
        }
        assert_eq!(account.scores(), [1.0 - 2.0, -0.5 + 0.08]);
    }
}
