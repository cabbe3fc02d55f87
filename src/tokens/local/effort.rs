//! How much may be done for a text. A tokenizer's file may come from anybody, and a text too.

/// Why a text could not be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uncounted(pub &'static str);

/// What is left to do for a text, in steps.
pub struct Effort {
    left: usize,
}

/// Steps for each byte; the tokenizers that people use take about 20.
const STEPS_PER_BYTE: usize = 100;
/// Steps for any text.
const STEPS: usize = 1_000_000;

impl Effort {
    /// What a text of this length may take.
    pub fn for_text(text: &str) -> Self {
        Self {
            left: text.len().saturating_mul(STEPS_PER_BYTE).saturating_add(STEPS),
        }
    }

    /// Takes steps off.
    pub fn spend(&mut self, steps: usize) -> Result<(), Uncounted> {
        match self.left.checked_sub(steps) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Uncounted("its file makes a text take too long")),
        }
    }
}
