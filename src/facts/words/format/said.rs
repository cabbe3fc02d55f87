//! Words about the form of the answer.

use super::super::lexicon::Set;
use super::super::sentences::{self, Parsed};
use super::Signs;
use std::ops::Range;

/// Words about form in one sentence.
pub(super) fn read(parsed: &Parsed, sentence: &Range<usize>, heading: bool, signs: &mut Signs) {
    let quoted = |t: usize| sentence.contains(&t) && parsed.tokens[t].quoted;
    for t in sentence.clone().filter(|t| parsed.is(*t, Set::Form)) {
        // 'respond with "STOP" or "GO"'.
        if matches!(parsed.word(t), "or" | "/")
            && t > sentence.start
            && quoted(t - 1)
            && quoted(t + 1)
            && !quoted(t)
            && (sentence.start..t).any(|k| {
                matches!(
                    parsed.word(k),
                    "output" | "outputs" | "respond" | "answer" | "return" | "reply" | "say" | "be" | "either" | "with"
                )
            })
        {
            let short = |from: usize, step: isize| {
                (0..6)
                    .take_while(|k| from.checked_add_signed(step * *k).is_some_and(&quoted))
                    .count()
                    < 5
            };
            signs.label |= short(t - 1, -1) && short(t + 1, 1);
        }
        signs.label |= matches!(
            parsed.word(t),
            "answer" | "respond" | "reply" | "output" | "return" | "say"
        ) && offers_words(parsed, sentence, t + 1);
        let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
        let b = |k: usize| {
            t.checked_sub(k)
                .filter(|i| *i >= sentence.start)
                .map_or("", |i| parsed.word(i))
        };
        let before = |reach: usize, f: fn(&str) -> bool| (1..=reach).any(|k| f(b(k)));
        let after = |reach: usize, f: fn(&str) -> bool| (1..=reach).any(|k| f(w(k)));
        let not = before(4, |w| {
            matches!(w, "not" | "no" | "don't" | "never" | "without" | "avoid" | "don’t")
        });
        let given = before(4, |w| {
            matches!(
                w,
                "given"
                    | "following"
                    | "input"
                    | "provided"
                    | "this"
                    | "from"
                    | "below"
                    | "current"
                    | "existing"
                    | "original"
            )
        }) || after(3, |w| matches!(w, "input" | "below" | "data" | "payload" | "path"))
            && !(w(1) == "data"
                && before(4, |w| {
                    matches!(w, "be" | "a" | "output" | "return" | "generate" | "create")
                }));
        let out = |w: &str| {
            matches!(
                w,
                "output"
                    | "return"
                    | "respond"
                    | "reply"
                    | "provide"
                    | "give"
                    | "answer"
                    | "print"
                    | "write"
                    | "produce"
                    | "generate"
                    | "create"
                    | "emit"
                    | "format"
                    | "formatted"
                    | "response"
                    | "as"
                    | "in"
                    | "make"
                    | "use"
                    | "list"
                    | "present"
                    | "valid"
                    | "result"
                    | "results"
                    | "extract"
                    | "display"
                    | "structured"
                    | "only"
                    | "the"
                    | "a"
                    | "into"
                    | "using"
            )
        };
        // "in the following JSON format": what follows is the form, not an input.
        let given = given
            && !(matches!(w(1), "format" | "structure" | "schema" | "object" | "template")
                && before(3, |w| matches!(w, "following" | "this" | "below"))
                && before(10, |w| {
                    matches!(
                        w,
                        "respond" | "in" | "output" | "return" | "response" | "answer" | "with" | "strictly" | "exactly" | "by"
                    )
                }))
            // "must follow exactly this format (JSON):"
            && !(b(1) == "(" && matches!(b(2), "format" | "structure"));
        // "respond with only one of the following".
        if w(0) == "one"
            && w(1) == "of"
            && matches!(w(2), "the" | "these" | "those")
            && (matches!(
                w(3),
                "following" | "options" | "labels" | "exact" | "categories" | "terms"
            ) || w(2) == "these")
            && before(8, |w| {
                matches!(w, "respond" | "answer" | "output" | "return" | "reply" | "with")
            })
        {
            signs.label = true;
        }
        // "Respond Valid if …", "only return True".
        if matches!(w(0), "respond" | "answer" | "return" | "reply" | "output" | "say")
            && (w(2) == "if" && !matches!(w(1), "with" | "only" | "this" | "it" | "as")
                || before(2, |w| matches!(w, "only" | "just")) && matches!(w(1), "true" | "false" | "yes" | "no"))
        {
            signs.label = true;
        }
        // "just say A or B", "should only contain: Output (a) or Output (b)".
        if w(0) == "or"
            && before(12, |w| matches!(w, "only" | "just" | "single" | "either"))
            && before(10, |w| {
                matches!(
                    w,
                    "contain"
                        | "say"
                        | "print"
                        | "respond"
                        | "answer"
                        | "reply"
                        | "output"
                        | "return"
                        | "using"
                        | "choice"
                )
            })
            && (2..=5).any(|k| matches!(w(k), "" | "." | "depending"))
            // "do not explain yourself or output anything else".
            && !(matches!(w(1), "anything" | "any") || matches!(w(2), "anything" | "any" | "other" | "more" | "extra" | "additional"))
        {
            signs.label = true;
        }
        match w(0) {
            "json" | "yaml" | "xml" | "jsonl" if !not && !given => {
                let asked = before(10, out)
                    || after(4, |w| {
                        matches!(
                            w,
                            "format" | "object" | "output" | "array" | "response" | "schema" | "list" | ":" | "with"
                        )
                    });
                // "delimited by XML tags", "output.json", "--json".
                let marks = w(0) == "xml"
                    && before(4, |w| {
                        matches!(
                            w,
                            "delimited" | "inside" | "within" | "enclosed" | "wrapped" | "between" | "by"
                        )
                    });
                let from = parsed.place(t..t + 1).start;
                let name = from > 0 && matches!(parsed.lower.as_bytes()[from - 1], b'-' | b'.' | b'/');
                signs.json |= asked && w(1) != "path" && !marks && !name;
            }
            "dict" | "dictionary"
                if !not
                    && !given
                    && before(6, |w| matches!(w, "output" | "return" | "be" | "respond" | "response")) =>
            {
                signs.json = true
            }
            "json" if !not && matches!(w(1), ":" | "output") => signs.json = true,
            "structured"
                if !not
                    && matches!(w(1), "data" | "output" | "object")
                    && before(6, |w| matches!(w, "respond" | "return" | "output" | "answer")) =>
            {
                signs.json = true
            }
            "markdown" if !not => {
                signs.markdown |= !matches!(
                    w(1),
                    "input" | "file" | "bullets" | "list" | "link" | "links" | "block" | "blocks" | "table"
                ) || w(1) == "table"
            }
            "headings" | "headers" | "heading" | "subsections" if !not && before(10, out) => signs.markdown = true,
            "section" | "sections"
                if !not
                    && (matches!(w(1), "called" | "named" | "titled" | ":")
                        || before(6, |w| {
                            matches!(w, "following" | "output" | "create" | "include" | "these" | "with")
                        }))
                    && (before(12, |w| {
                        matches!(
                            w,
                            "output"
                                | "create"
                                | "include"
                                | "in"
                                | "write"
                                | "into"
                                | "provide"
                                | "following"
                                | "structure"
                                | "use"
                                | "contain"
                                | "have"
                        )
                    }) || heading) =>
            {
                signs.markdown = true
            }
            "table" if !not && !given => {
                signs.table |= before(8, |w| {
                    matches!(
                        w,
                        "in" | "as"
                            | "a"
                            | "create"
                            | "output"
                            | "markdown"
                            | "only"
                            | "provide"
                            | "threats"
                            | "return"
                            | "generate"
                            | "make"
                            | "format"
                    )
                }) && !after(1, |w| matches!(w, "schema" | "names" | "columns" | "name" | "schemas"))
                    && !before(3, |w| matches!(w, "sql" | "database" | "each" | "the" | "every"))
            }
            "bulleted" | "bullet" | "bullets" | "numbered" if !not && !given => {
                signs.list |= !after(2, |w| matches!(w, "input" | "are"))
                    && !before(2, |w| matches!(w, "my" | "the" | "each" | "every" | "your"))
            }
            "list" if before(3, |w| w == "only") && before(3, |w| w == "the") => signs.list_only = true,
            "list" if !not && !given => {
                signs.list |= (before(6, |w| {
                    matches!(
                        w,
                        "a" | "output"
                            | "create"
                            | "return"
                            | "generate"
                            | "give"
                            | "provide"
                            | "as"
                            | "make"
                            | "full"
                            | "write"
                    )
                }) && matches!(w(1), "of" | "with" | "" | "." | "only" | "that" | "," | "containing"))
                    && !before(2, |w| matches!(w, "the" | "json" | "following"))
                    || (matches!(b(1), "separated" | "domain" | "comma"))
            }
            "line"
                if matches!(b(1), "per" | "each" | "separate" | "new" | "own")
                    && before(8, |w| {
                        matches!(w, "one" | "each" | "item" | "every" | "list" | "separated")
                    }) =>
            {
                signs.list = true
            }
            "separated"
                if w(1) == "by"
                    && !not
                    && after(3, |w| {
                        matches!(w, "newlines" | "newline" | "lines" | "breaks" | "commas")
                    }) =>
            {
                signs.list = true
            }
            "separated" if matches!(b(1), "comma" | "newline" | "line" | "semicolon") && !not => {
                signs.list |= b(1) != "comma" || after(2, |w| w == "list" || w == "format");
            }
            "csv" | "mermaid" | "markmap" | "plantuml" | "latex" | "svg" | "ascii" | "excalidraw"
                if !not && !given && before(10, out) =>
            {
                signs.other = true
            }
            "python" | "sql" | "javascript" | "bash" | "regex" | "html" | "graphviz" | "code"
                if !not
                    && !given
                    && before(6, |w| {
                        matches!(
                            w,
                            "output" | "return" | "only" | "generate" | "write" | "create" | "provide"
                        )
                    })
                    && !before(3, |w| {
                        matches!(w, "the" | "this" | "your" | "about" | "given" | "explain" | "from")
                    })
                    && !after(3, |w| {
                        matches!(
                            w,
                            "review"
                                | "indicators"
                                | "fences"
                                | "block"
                                | "blocks"
                                | "quality"
                                | "fence"
                                | "formatting"
                                | "syntax"
                        )
                    }) =>
            {
                signs.code = true
            }
            "yes" | "true" if matches!(w(1), "or" | "/" | "," | "and") && matches!(w(2), "no" | "false" | "or") => {
                signs.label = true
            }
            "positive" | "negative" | "neutral"
                if matches!(w(1), "," | "or" | "/") && matches!(w(2), "positive" | "negative" | "neutral" | "or") =>
            {
                signs.label = true
            }
            "number" | "digit" | "integer" | "float" | "date" | "category" | "label" | "word" | "letter" | "name"
            | "id" | "score" | "option" | "rating" | "choice" | "verdict" | "judgement" | "judgment"
            | "classification"
                if !not =>
            {
                let only = before(7, |w| matches!(w, "only" | "just" | "single" | "solely" | "one"))
                    || before(4, |w| matches!(w, "with" | "be" | "an"));
                let asks = before(10, |w| {
                    matches!(
                        w,
                        "output"
                            | "return"
                            | "respond"
                            | "reply"
                            | "answer"
                            | "provide"
                            | "print"
                            | "printing"
                            | "give"
                            | "be"
                            | "assign"
                            | "produce"
                    )
                });
                signs.label |= only
                    && asks
                    && !before(3, |w| {
                        matches!(w, "each" | "file" | "section" | "product" | "source" | "document")
                    })
                    && !after(2, |w| matches!(w, "and"));
            }
            "scores" if w(1) == "only" => signs.label = true,
            "plain" if w(1) == "text" && !not => signs.plain = true,
            // "on a scale of 1 to 5", "score between 0 and 3".
            "scale" | "between"
                if !not
                    && before(8, |w| {
                        matches!(
                            w,
                            "answer" | "rate" | "score" | "grade" | "respond" | "rating" | "value" | "assign"
                        )
                    })
                    && (1..4).any(|k| sentences::number(w(k)).is_some()) =>
            {
                signs.label = true
            }
            "choose" | "select" | "pick"
                if after(8, |w| {
                    matches!(w, "option" | "options" | "category" | "categories" | "label" | "labels")
                }) || w(1) == "from" && after(3, |w| w == "following") =>
            {
                signs.label = true
            }
            "explain" | "explanation" if !not && sentence.len() > 3 => signs.explains = true,
            "essay" | "story" | "poem" | "letter" | "email" | "article"
                if before(6, |w| {
                    matches!(w, "write" | "create" | "generate" | "compose" | "draft")
                }) =>
            {
                signs.prose = true
            }
            _ => {}
        }
    }
}

/// "'entailment', 'neutral', or 'contradiction'": short quotations in a row, the last after "or".
pub(in super::super) fn alternatives(parsed: &Parsed, sentence: &Range<usize>) -> bool {
    let quoted = |t: usize| parsed.tokens[t].quoted;
    let mark = |t: usize| matches!(parsed.word(t), "'" | "‘" | "’" | "“" | "”");
    let mut seen = 0;
    let mut or = false;
    let mut long = 0;
    let mut inside = false;
    for t in sentence.clone() {
        if quoted(t) {
            if mark(t) {
                continue;
            }
            if !inside {
                seen += 1;
                long = 0;
            }
            inside = true;
            long += 1;
            if long > 3 {
                seen = 0;
            }
        } else {
            match parsed.word(t) {
                "or" => or |= seen > 0,
                "," | "and" => {}
                _ if or && seen > 1 => return true,
                _ => {
                    seen = 0;
                    or = false;
                }
            }
            inside = false;
        }
    }
    or && seen > 1
}

/// Lines "A. …", "B. …", "C. …": choices, of which one is the answer.
pub(super) fn lettered(text: &str) -> bool {
    let mut next = b'A';
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches('(').as_bytes();
        if line.len() > 2 && matches!(line[1], b'.' | b')' | b':') && (line[0] == next || line[0] == b'A') {
            next = line[0] + 1;
            if next > b'C' {
                return true;
            }
        }
    }
    false
}

/// "with either YES or NO.": single words to choose from, to the end of the sentence.
fn offers_words(parsed: &Parsed, sentence: &Range<usize>, from: usize) -> bool {
    let mut t = from;
    while t < sentence.end && matches!(parsed.word(t), "with" | "only" | "either" | "just" | ":") {
        t += 1;
    }
    let mut words = 0;
    let mut or = false;
    while t < sentence.end && words <= 6 {
        match parsed.word(t) {
            "," | "/" | "'" => {}
            "or" => or = true,
            "." | "!" | "?" => return or && words >= 2,
            _ if parsed.kind(t) == Some(sentences::Kind::Word) => {
                if t > from
                    && parsed.kind(t - 1) == Some(sentences::Kind::Word)
                    && parsed.word(t - 1) != "or"
                    && words > 0
                {
                    return false;
                }
                words += 1;
            }
            _ => return false,
        }
        t += 1;
    }
    t == sentence.end && or && words >= 2
}
