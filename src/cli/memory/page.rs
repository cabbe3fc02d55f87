//! The page that a person reads: settings, bars of the memory, steps.

use crate::catalog::Date;
use crate::cli::output;
use crate::facts::memory::{Figures, Outcome, Plan, Range};
use crate::report::grouped;

/// Text that is written line by line within a width.
pub(super) struct Page {
    width: usize,
    pub(super) out: String,
}

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            out: String::new(),
        }
    }

    /// A label and a text, wrapped beside it.
    pub(super) fn tell(&mut self, label: &str, text: &str) {
        let indent = " ".repeat(label.chars().count().min(10));
        for line in output::wrapped(text, self.width, label, &indent) {
            self.out.push_str(&line);
            self.out.push('\n');
        }
    }

    /// The arithmetic, step by step.
    pub(super) fn steps(&mut self, plan: &Plan) {
        self.out
            .push_str("\nstep by step (docs/memory.md tells each formula's source)\n");
        for step in &plan.steps {
            self.tell("  ", &format!("{} = {} {}", step.name, number(step.value), step.unit));
            self.tell("    = ", step.formula);
            let inputs: Vec<String> = step
                .inputs
                .iter()
                .map(|(name, value)| format!("{name} {}", number(*value)))
                .collect();
            if !inputs.is_empty() {
                self.tell("    ", &inputs.join("; "));
            }
        }
    }

    pub(super) fn settings(&mut self, stated: &[String], assumed: &[String]) {
        if !stated.is_empty() {
            self.tell("stated    ", &stated.join(", "));
        }
        self.tell("assumed   ", &assumed.join("; "));
    }

    /// The parts of one GPU's memory, as numbers and as a bar.
    pub(super) fn figures(&mut self, figures: &Figures, total: f64) {
        let graphs = if figures.graphs_counted {
            "CUDA graphs"
        } else {
            "CUDA graphs, outside the budget"
        };
        let left = figures.kv.map(|kv| kv.available).unwrap_or_default();
        let signs = if output::unicode() {
            ['█', '▓', '▒', '░', '·']
        } else {
            ['#', '=', '+', '-', '.']
        };
        let parts = [
            (signs[0], "weights", figures.weights),
            (signs[1], "activations", figures.activation),
            (signs[2], graphs, figures.cuda_graph),
            (signs[3], "non-torch", figures.non_torch),
            (signs[4], "left for the KV cache", left),
        ];
        self.out
            .push_str(&format!("{:<36}{:>10}{:>18}\n", "GiB of one GPU", "estimate", "range"));
        for (sign, name, range) in parts {
            // Other engines' budgets don't part these.
            if range == Range::default() {
                continue;
            }
            self.out.push_str(&format!(
                "  {sign} {name:<32}{:>10.2}{:>9.2} to {:.2}\n",
                range.mid, range.low, range.high
            ));
        }
        self.bar(&parts, total);
        let length = grouped(&figures.max_model_len.to_string());
        let kv = figures.kv.map_or(String::new(), |kv| {
            format!(
                "; room for {} tokens: {:.2} sequences of {length}",
                grouped(&kv.tokens.to_string()),
                kv.max_concurrency
            )
        });
        let each = grouped(&figures.kv_bytes_per_token.to_string());
        self.tell("KV cache: ", &format!("{each} bytes a token{kv}"));
    }

    /// A line of the signs of the parts, in proportion; what is beyond the GPU's memory is drawn as `x`.
    fn bar(&mut self, parts: &[(char, &str, Range)], total: f64) {
        let cells = self.width.saturating_sub(20).clamp(20, 80);
        let used: f64 = parts.iter().map(|(_, _, range)| range.mid.max(0.0)).sum();
        let scale = cells as f64 / used.max(total);
        let mut bar = String::new();
        let (mut end, mut drawn) = (0.0, 0);
        let inside = ((total * scale).round() as usize).min(cells);
        for (sign, _, range) in parts {
            end += range.mid.max(0.0) * scale;
            let upto = (end.round() as usize).min(cells);
            for cell in drawn..upto {
                bar.push(if cell < inside { *sign } else { 'x' });
            }
            drawn = drawn.max(upto);
        }
        bar.extend(std::iter::repeat_n(' ', cells - drawn));
        self.out.push_str(&format!("  [{bar}] {:.2} GiB\n", used.max(total)));
        if used > total {
            self.tell("  ", &format!("x is beyond the GPU's {total:.2} GiB"));
        }
    }
}

pub(super) fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Starts => "starts",
        Outcome::OomLoading => "does not start, out of memory while loading",
        Outcome::NoKvRoom => "does not start, no room for a KV cache",
        Outcome::MaxLenExceedsKv => "does not start, max-model-len exceeds the KV cache",
        Outcome::Refused => "does not start, refused by the engine",
        Outcome::TooClose => "too close to tell",
        Outcome::Unknown => "not known",
    }
}

pub(super) fn origin(source: &str, as_of: Date) -> String {
    format!("{source}, {as_of}")
}

/// To hundredths.
pub(super) fn gib(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A whole number with commas, any other with four decimals.
pub(super) fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(&format!("{value:.0}"))
    } else {
        format!("{value:.4}")
    }
}
