//! Whether reasoning is asked for, before or in the answer.

use super::Task;
use super::lexicon::{Phrase, Set};
use super::sentences::{Parsed, Sentence};
use std::ops::Range;

/// The words that ask for it.
pub(super) fn find(parsed: &Parsed, sentences: &[Sentence]) -> Option<Range<usize>> {
    sentences.iter().find_map(|s| {
        let range = s.tokens();
        range
            .clone()
            .filter(|t| parsed.is(*t, Set::Reasoning) && !parsed.tokens[*t].quoted)
            .find_map(|t| at(parsed, &range, t))
    })
}

/// Whether the word at `t`, one of [`Set::Reasoning`], asks for it.
fn at(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> Option<Range<usize>> {
    let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
    let near = |from: usize, to: usize, f: fn(&str) -> bool| {
        (from..to)
            .filter(|i| *i >= sentence.start && *i < sentence.end)
            .any(|i| f(parsed.word(i)))
    };
    let refused = near(t.saturating_sub(6), t, |w| {
        matches!(
            w,
            "not" | "no" | "never" | "don't" | "don’t" | "without" | "avoid" | "skip" | "omit" | "hide"
        )
    });
    let span = |n: usize| (!refused).then(|| t..(t + n).min(sentence.end));
    let thinks = |w: &str| {
        matches!(
            w,
            "think"
                | "thinking"
                | "reason"
                | "reasoning"
                | "work"
                | "analyze"
                | "analyse"
                | "solve"
                | "explain"
                | "proceed"
                | "consider"
                | "thought"
                | "break"
                | "approach"
                | "deduce"
                | "let's"
                | "calculate"
                | "reflect"
                | "through"
                | "evaluate"
                | "logic"
                | "answer"
                | "explanation"
                | "analysis"
                | "manner"
                | "fashion"
        )
    };
    match w(0) {
        "step" if w(1) == "by" && w(2) == "step" => {
            // "a step-by-step guide" is a form of answer, not a way of thinking.
            let product = (3..=5).any(|k| {
                matches!(
                    w(k),
                    "guide"
                        | "instructions"
                        | "instruction"
                        | "tutorial"
                        | "plan"
                        | "process"
                        | "procedure"
                        | "recipe"
                        | "set"
                        | "directions"
                        | "walkthrough"
                        | "guidance"
                        | "manual"
                        | "list"
                )
            });
            let alone = sentence.len() <= 6;
            let from = t.saturating_sub(12);
            // "walk them through it step by step": how the user is led.
            let leads = near(from, t, |w| {
                matches!(w, "guide" | "guides" | "walk" | "lead" | "guiding")
            });
            if !product && !leads && (alone || near(from, t, thinks) || near(t + 3, t + 6, thinks)) {
                span(3)
            } else {
                None
            }
        }
        "chain" if w(1) == "of" && w(2).starts_with("thought") => span(3),
        "cot" => span(1),
        "scratchpad" => span(1),
        "deep" if w(1) == "breath" => span(2),
        "breaking" | "break"
            if near(t, t + 8, |w| {
                matches!(w, "steps" | "parts" | "sub-problems" | "subproblems")
            }) && near(t.saturating_sub(4), t + 6, |w| {
                matches!(w, "solve" | "problem" | "reasoning")
            }) =>
        {
            span(4)
        }
        "thought"
            if matches!(w(1), "process")
                && near(t.saturating_sub(8), t, |w| {
                    matches!(
                        w,
                        "explain"
                            | "show"
                            | "describe"
                            | "share"
                            | "outline"
                            | "write"
                            | "provide"
                            | "include"
                            | "communication"
                            | "your"
                    )
                }) =>
        {
            span(2)
        }
        "thought" | "thoughts" if w(1) == ":" && t == sentence.start => span(2),
        // "and explain why", "briefly explain why it is well-formed": asked outright, not on a condition.
        "explain" | "justify" | "state" | "describe"
            if w(1) == "why"
                && !matches!(w(2), "instead" | "not" | "something" | "things")
                && !near(sentence.start, t, |w| {
                    matches!(
                        w,
                        "if" | "when" | "unless" | "can" | "may" | "let" | "me" | "would" | "how" | "steps"
                    )
                }) =>
        {
            span(2)
        }
        // "begin by giving a short explanation", "after providing your explanation", "an explanation for your choice".
        "explanation" | "rationale" | "justification"
            if (near(t.saturating_sub(6), t, |w| matches!(w, "begin" | "start" | "first"))
                || near(t.saturating_sub(3), t, |w| matches!(w, "your"))
                    && near(t.saturating_sub(4), t, |w| {
                        matches!(w, "after" | "providing" | "writing")
                    })
                || near(t + 1, t + 8, |w| w == "first")
                || matches!(w(1), "for" | "of")
                    && matches!(w(2), "your" | "the")
                    && near(t + 2, t + 6, |w| {
                        matches!(
                            w,
                            "choice"
                                | "decision"
                                | "rating"
                                | "score"
                                | "verdict"
                                | "judgment"
                                | "judgement"
                                | "classification"
                                | "evaluation"
                                | "assessment"
                        )
                    })) =>
        {
            span(1)
        }
        // "justify the rating by explaining", "justify each score".
        "justify" | "justifying"
            if !near(t.saturating_sub(1), t, |w| w == "to")
                && near(t + 1, t + 5, |w| {
                    matches!(
                        w,
                        "rating" | "ratings" | "score" | "scores" | "verdict" | "decision" | "choice" | "evaluation"
                    )
                }) =>
        {
            span(3)
        }
        // "1 short sentence explaining your score".
        "explaining"
            if w(1) == "your"
                && matches!(
                    w(2),
                    "score" | "rating" | "choice" | "decision" | "answer" | "verdict" | "evaluation" | "judgment"
                ) =>
        {
            span(3)
        }
        // "First write down your analysis, then give the score".
        "write" | "output" | "provide" | "give" | "start" | "begin"
            if near(t + 1, t + 5, |w| w == "analysis")
                && near(t + 1, t + 4, |w| matches!(w, "your" | "an"))
                && near(t.saturating_sub(4), t + 6, |w| matches!(w, "first" | "before"))
                && near(t + 3, t + 24, |w| {
                    matches!(w, "then" | "before" | "score" | "rating" | "verdict")
                }) =>
        {
            span(4)
        }
        // "provide two rationales before answering".
        "provide" | "give" | "write" | "state"
            if near(t + 1, t + 4, |w| matches!(w, "rationale" | "rationales" | "reasons"))
                && near(t + 2, t + 6, |w| w == "before") =>
        {
            span(3)
        }
        // "lay out your reasoning", "add your reasoning", "by reasoning briefly and …".
        "add" | "lay" | "walk" | "put" | "record" | "begin" | "start" | "present"
            if near(t + 1, t + 6, |w| w == "your")
                && near(t + 2, t + 7, |w| {
                    matches!(w, "reasoning" | "rationale" | "justification" | "thinking")
                }) =>
        {
            span(4)
        }
        "by" if w(1) == "reasoning" => span(2),
        "your"
            if w(1) == "reasoning"
                && near(t.saturating_sub(8), t, |w| {
                    matches!(w, "provide" | "include" | "explanation" | "explain")
                }) =>
        {
            span(2)
        }
        "explain" | "justify"
            if matches!(w(1), "why" | "your")
                && matches!(
                    w(2),
                    "answer" | "choice" | "decision" | "you" | "score" | "selection" | "this" | "these"
                ) =>
        {
            span(3)
        }
        "explain" | "show" | "describe" | "justify" | "provide" | "include" | "give" | "state" | "write" | "share"
        | "articulate" | "outline" | "document" | "detail" | "showing" | "explaining" | "providing" | "including"
        | "output" | "insert" => {
            let reach = (1..=4).find(|k| {
                matches!(
                    w(*k),
                    "reasoning"
                        | "rationale"
                        | "thinking"
                        | "justification"
                        | "justifications"
                        | "logic"
                        | "working"
                        | "work"
                ) || (w(*k) == "thought" && matches!(w(k + 1), "process" | "processes"))
            })?;
            let own = (1..reach).any(|k| {
                matches!(
                    w(k),
                    "your"
                        | "its"
                        | "the"
                        | "a"
                        | "each"
                        | "all"
                        | "score"
                        | "scoring"
                        | "clear"
                        | "detailed"
                        | "brief"
                        | "short"
                        | "of"
                        | "any"
                )
            });
            let work = matches!(w(reach), "work" | "working" | "logic") && !(matches!(w(0), "show") && w(1) == "your");
            if (own || reach == 1) && !work {
                span(reach + 1)
            } else {
                None
            }
        }
        "think"
            if (matches!(
                w(1),
                "carefully" | "through" | "aloud" | "out" | "deeply" | "hard" | "thoroughly"
            ) && near(t, t + 12, |w| {
                matches!(w, "before" | "first" | "aloud" | "loud" | "problem")
            })) || near(t + 1, t + 6, |w| matches!(w, "<thinking>" | "scratchpad")) =>
        {
            span(2)
        }
        "think"
            if near(t + 1, t + 5, |w| w == "before")
                && near(t + 2, t + 8, |w| {
                    matches!(
                        w,
                        "answer" | "answering" | "responding" | "respond" | "writing" | "giving" | "you"
                    )
                }) =>
        {
            span(2)
        }
        "reason"
            if matches!(w(1), "about" | "through" | "step" | "carefully" | "first" | "aloud")
                && !near(t.saturating_sub(1), t, |w| matches!(w, "the" | "a")) =>
        {
            span(2)
        }
        // "keep your analysis and reasoning short", "True if it is, plus a brief reasoning".
        "reasoning"
            if near(t.saturating_sub(4), t, |w| w == "your")
                && near(t + 1, t + 4, |w| matches!(w, "short" | "brief" | "concise"))
                || near(t.saturating_sub(4), t, |w| w == "plus") =>
        {
            span(1)
        }
        // "JSON with a score and reasoning for each".
        "reasoning" | "explanation"
            if w(1) == "for"
                && (matches!(w(2), "your" | "why") || w(0) == "reasoning" && matches!(w(2), "each" | "every"))
                && near(t.saturating_sub(12), t, |w| {
                    matches!(
                        w,
                        "respond" | "return" | "output" | "provide" | "include" | "containing" | "give" | "with"
                    )
                }) =>
        {
            span(2)
        }
        "reasoning"
            if matches!(w(1), "about" | "through" | "step" | "first")
                && near(t.saturating_sub(4), t, |w| {
                    matches!(w, "start" | "begin" | "by" | "first")
                }) =>
        {
            span(2)
        }
        "thinking"
            if matches!(w(1), ">" | "section" | "tags" | "tag")
                && t > sentence.start
                && matches!(parsed.word(t - 1), "<" | "a" | "the" | "of") =>
        {
            span(1)
        }
        "take"
            if w(1) == "a"
                && w(2) == "step"
                && w(3) == "back"
                && near(t, t + 10, |w| matches!(w, "think" | "reason")) =>
        {
            span(4)
        }
        _ => None,
    }
}

/// A key of the answer's schema that holds reasoning, or a field "Thought:" of an agent loop. Beside a verdict or a class
/// the reason for it is reasoning too.
pub(super) fn has_field(parsed: &Parsed, task: Option<Task>) -> bool {
    let decides = matches!(task, Some(Task::Judge | Task::Classify));
    let label = |label: &str| {
        matches!(label, "thought" | "reasoning" | "thoughts" | "thinking")
            || decides && matches!(label, "reason" | "rationale" | "justification" | "explanation")
    };
    parsed.holds(Phrase::ReasoningKey)
        || decides && parsed.holds(Phrase::ReasonKey)
        || parsed.fields.iter().any(|f| label(&f.label))
}
