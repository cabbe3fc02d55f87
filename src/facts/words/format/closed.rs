//! Whether a correct answer is a short known one.

use super::super::length::Amount;
use super::super::lexicon::Phrase;
use super::super::sentences::Parsed;
use super::super::{LengthUnit, OutputFormat, Role, Task};

/// Whether a correct answer is short and comes from a small set or straight out of the input.
pub(in super::super) fn is_closed(
    messages: &[(Role, &str, &Parsed)],
    task: Option<Task>,
    format: OutputFormat,
    amounts: &[Amount],
) -> bool {
    let few_words = amounts
        .iter()
        .any(|a| !a.part && a.unit == LengthUnit::Words && a.n.is_some_and(|n| n <= 5) && a.is_brief())
        || messages.iter().any(|m| m.2.holds(Phrase::FewWords));
    match task {
        Some(Task::Classify) => true,
        Some(Task::Judge) => {
            format == OutputFormat::Label
                || !messages.iter().any(|m| m.2.holds(Phrase::ReviewKey))
                    && (format == OutputFormat::Json
                        || matches!(format, OutputFormat::Prose | OutputFormat::Other)
                            && messages.iter().any(|m| decides(m.2)))
        }
        Some(Task::Extract) => match format {
            OutputFormat::Label | OutputFormat::Json | OutputFormat::Other => true,
            OutputFormat::Markdown | OutputFormat::Code => false,
            OutputFormat::List => !messages.iter().any(|m| opinion(m.2)),
            // A long prompt without a form hardly asks for a few fields.
            OutputFormat::Prose => {
                messages.iter().map(|m| m.1.len()).sum::<usize>() < SHORT && !messages.iter().any(|m| opinion(m.2))
            }
        },
        Some(Task::Answer) => format == OutputFormat::Label || few_words || messages.iter().any(|m| looks_up(m.1, m.2)),
        Some(Task::Plan) => format == OutputFormat::Label || few_words,
        _ => format == OutputFormat::Label,
    }
}

/// What bears on whether a correct answer is short and known, by name.
pub(in super::super) fn closed_signs(
    messages: &[(Role, &str, &Parsed)],
    amounts: &[Amount],
) -> [(&'static str, bool); 6] {
    let any = |f: fn(&Parsed) -> bool| messages.iter().any(|m| f(m.2));
    [
        (
            "few words",
            amounts
                .iter()
                .any(|a| !a.part && a.unit == LengthUnit::Words && a.n.is_some_and(|n| n <= 5) && a.is_brief())
                || any(|p| p.holds(Phrase::FewWords)),
        ),
        ("decides", any(decides)),
        ("opinion", any(opinion)),
        ("review", any(|p| p.holds(Phrase::ReviewKey))),
        ("looks up", messages.iter().any(|m| looks_up(m.1, m.2))),
        (
            "short prompt",
            messages.iter().map(|m| m.1.len()).sum::<usize>() < SHORT,
        ),
    ]
}

/// Bytes of a prompt that asks for one thing.
const SHORT: usize = 1500;

/// The answer stands in the material: "using a single phrase", "only give me the answer", or it is short in every example.
fn looks_up(text: &str, parsed: &Parsed) -> bool {
    let short = parsed
        .fields
        .iter()
        .filter(|f| matches!(f.label.as_str(), "answer" | "a" | "final answer") && !f.variable)
        .filter(|f| {
            text.get(f.content.clone())
                .is_some_and(|c| (1..=40).contains(&c.trim().len()))
        })
        .take(3)
        .count();
    parsed.holds(Phrase::LooksUp) || short > 2 || options(parsed)
}

/// "Options: {option_a} …".
pub(super) fn options(parsed: &Parsed) -> bool {
    parsed.fields.iter().any(|f| {
        matches!(
            f.label.as_str(),
            "options" | "choices" | "answer choices" | "answer options"
        ) && !f.heading
    })
}

/// Words of a verdict: a score, a choice between two, a finding of yes or no.
fn decides(parsed: &Parsed) -> bool {
    !parsed.holds(Phrase::Comments)
        && (0..parsed.tokens.len()).any(|t| match parsed.word(t) {
            "score" | "scores" | "rating" | "ratings" | "rate" | "grade" | "verdict" | "scoring" | "winner" => true,
            "determine" | "check" | "decide" | "evaluate" | "verify" | "assess" => {
                matches!(parsed.word(t + 1), "if" | "whether") || parsed.word(t + 2) == "same"
            }
            "either" => true,
            "pick" | "choose" | "select" => {
                (1..5).any(|k| parsed.word(t + k) == "from")
                    || (1..4).any(|k| matches!(parsed.word(t + k), "best" | "better"))
            }
            "which" => (1..9).any(|k| matches!(parsed.word(t + k), "better" | "best")),
            _ => false,
        })
}

/// What is extracted are thoughts in the model's own words.
fn opinion(parsed: &Parsed) -> bool {
    (0..parsed.tokens.len()).any(|t| {
        matches!(
            parsed.word(t),
            "insights"
                | "insight"
                | "ideas"
                | "idea"
                | "wisdom"
                | "quotes"
                | "themes"
                | "message"
                | "recommendations"
                | "arguments"
                | "interesting"
                | "surprising"
                | "lessons"
                | "insightful"
                | "points"
                | "takeaways"
                | "jokes"
                | "verbatim"
                | "features"
                | "redeeming"
                | "assumptions"
                | "primary"
        )
    })
}
