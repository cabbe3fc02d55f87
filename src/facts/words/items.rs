//! How many pieces of one kind the answer is to hold.

use super::Task;
use super::fitted::{Model, Of, Take};
use super::length::unit;
use super::lexicon::Set;
use super::sentences::{Kind, Parsed, Sentence, number};
use std::ops::Range;
use std::sync::LazyLock;

/// The largest number of pieces asked for, and the words that ask. By fitted weights, where a rule or they alone are sure.
pub(super) fn largest(
    parsed: &Parsed,
    candidates: &[Candidate],
    several: bool,
    task: Option<Task>,
) -> Option<(u32, Range<usize>)> {
    static MODEL: LazyLock<Model<1>> = LazyLock::new(|| Model::read(include_str!("weights/items.tsv")));
    candidates
        .iter()
        .filter(|candidate| {
            // The weights know English words only.
            if !parsed.word(candidate.noun).is_ascii() {
                return candidate.taken;
            }
            let mut account = MODEL.account();
            features(parsed, candidate, several, task, &mut account);
            account.scores()[0] > 0.0
        })
        .max_by_key(|candidate| candidate.n)
        .map(|candidate| (candidate.n, candidate.tokens.clone()))
}

/// A number with what it counts, which may be how many pieces are asked for.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) n: u32,
    pub(super) tokens: Range<usize>,
    sentence: Range<usize>,
    number: usize,
    noun: usize,
    /// The rules above take it.
    pub(super) taken: bool,
    bullet: bool,
    step: bool,
}

/// Every number that stands before a noun.
pub(super) fn candidates(parsed: &Parsed, sentences: &[Sentence], task: Option<Task>) -> Vec<Candidate> {
    let mut out = Vec::new();
    for sentence in sentences {
        let range = sentence.tokens();
        // "If you want to run two commands, …" tells when, not what.
        let condition = matches!(parsed.word(range.start), "if" | "when" | "unless" | "once" | "whenever");
        let told = if condition {
            range.clone().find(|t| parsed.word(*t) == ",").unwrap_or(range.end)
        } else {
            range.start
        };
        let shows = parsed.says(range.start, &["for", "example"]);
        for t in range.clone() {
            if parsed.tokens[t].quoted || !(parsed.kind(t) == Some(Kind::Number) || parsed.is(t, Set::Number)) {
                continue;
            }
            let ruled = at(parsed, &range, t)
                .filter(|_| t >= told && !shows)
                .filter(|(_, words)| !matches!(task, Some(Task::Code | Task::Plan)) || said(parsed, words));
            let noun = (t + 1..(t + 6).min(range.end))
                .take_while(|k| parsed.kind(*k) == Some(Kind::Word))
                .find(|k| plural(parsed.word(*k)));
            let n = number(parsed.word(t)).unwrap_or(0);
            if let Some((n, tokens)) = ruled {
                let noun = noun.unwrap_or(tokens.end.saturating_sub(1));
                out.push(Candidate {
                    n,
                    tokens,
                    sentence: range.clone(),
                    number: t,
                    noun,
                    taken: true,
                    bullet: sentence.bullet,
                    step: sentence.step,
                });
            } else if let Some(noun) = noun
                && (1..=1000).contains(&n)
                && unit(parsed.word(noun)).is_none()
            {
                out.push(Candidate {
                    n,
                    tokens: t..noun + 1,
                    sentence: range.clone(),
                    number: t,
                    noun,
                    taken: false,
                    bullet: sentence.bullet,
                    step: sentence.step,
                });
            }
        }
    }
    out
}

/// What is known of a number, for the decision whether so many pieces are asked for.
pub(super) fn features(parsed: &Parsed, of: &Candidate, several: bool, task: Option<Task>, take: &mut impl Take) {
    let sentence = &of.sentence;
    let word = |t: usize| if sentence.contains(&t) { parsed.word(t) } else { "" };
    let t = of.number;
    let mut note = |holds: bool, sign| {
        if holds {
            take.most("sign", Of::new(sign), 1.0);
        }
    };
    note(of.taken, "taken");
    note(of.bullet, "bullet");
    note(of.step, "step");
    note(several, "several");
    note(asks(parsed, sentence, t, 4), "asks near");
    note(asks(parsed, sentence, t, 14), "asks");
    note(speaks_of_input(parsed, sentence, t), "input");
    note(not_pieces(parsed.word(of.noun)), "measure");
    note(
        matches!(word(sentence.start), "if" | "when" | "unless" | "once" | "whenever"),
        "condition",
    );
    note(of.noun > t + 1, "adjective");
    note(matches!(word(t.wrapping_sub(1)), "-" | "–" | "to" | "or"), "range end");
    note(matches!(word(t + 1), "-" | "–" | "to" | "or"), "range start");
    note(t == sentence.start, "opens");
    note(of.n == 1, "one");
    note((2..=10).contains(&of.n), "few");
    note(of.n > 10, "many");
    let bound = |w: &str| {
        matches!(
            w,
            "max" | "maximum" | "most" | "top" | "exactly" | "limit" | "than" | "up"
        )
    };
    note(
        (t.saturating_sub(4).max(sentence.start)..t).any(|k| bound(word(k))),
        "bounded",
    );
    note(
        (t.saturating_sub(MOST_WORDS_BACK).max(sentence.start)..t)
            .any(|k| matches!(word(k), "here" | "below" | "there" | "these" | "given")),
        "told of",
    );
    for t in t.saturating_sub(3).max(sentence.start)..t {
        take.most("close", Of::new(word(t)), 1.0);
    }
    for t in of.noun + 1..(of.noun + 4).min(sentence.end) {
        take.most("behind", Of::new(word(t)), 1.0);
    }
    take.most("last", Of::new(word(t.wrapping_sub(1))), 1.0);
    take.most("next", Of::new(word(t + 1)), 1.0);
    take.most("noun", Of::new(word(of.noun)), 1.0);
    take.most("first", Of::new(word(sentence.start)), 1.0);
    take.most("task", Of::new(task.map_or("none", Task::name)), 1.0);
    let tokens = parsed.tokens.len().max(1);
    take.alone("place", t as f32 / tokens as f32);
    take.alone("length", (tokens as f32).ln() / 8.0);
    take.alone("bias", 1.0);
}

/// Pieces that a program's or an agent's answer may hold: its features, files and steps are those of what it makes.
fn said(parsed: &Parsed, words: &Range<usize>) -> bool {
    words.clone().any(|t| {
        matches!(
            parsed.word(t),
            "questions"
                | "queries"
                | "suggestions"
                | "options"
                | "alternatives"
                | "ideas"
                | "names"
                | "titles"
                | "examples"
                | "variations"
                | "versions"
                | "candidates"
                | "approaches"
                | "subtasks"
                | "bullets"
                | "points"
                | "topics"
                | "keywords"
                | "tags"
        )
    })
}

fn at(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> Option<(u32, Range<usize>)> {
    let w = |k: usize| Some(t + k).filter(|i| *i < sentence.end).map_or("", |i| parsed.word(i));
    let b = |k: usize| {
        t.checked_sub(k)
            .filter(|i| *i >= sentence.start)
            .map_or("", |i| parsed.word(i))
    };
    let n = number(parsed.word(t))?;
    // "10 个", "5つ": a counter after the number, in Chinese and Japanese.
    if (2..=1000).contains(&n)
        && w(1).starts_with(['个', '個', '首', '篇', '条', '條', 'つ'])
        && !matches!(b(1), "第" | "-")
    {
        let asks = (1..=12)
            .filter_map(|k| t.checked_sub(k))
            .take_while(|i| *i >= sentence.start)
            .any(|i| {
                [
                    "给", "列出", "生成", "提供", "创建", "推荐", "写", "包含", "挙げ", "作成",
                ]
                .iter()
                .any(|v| parsed.word(i).contains(v))
            });
        return asks.then_some((n, t..t + 2));
    }
    if w(1) == "or" && w(2) == "more" || matches!(w(1), "+" | "more") {
        return None;
    }
    // More than a hundred is asked for outright; what else is so large is a size, an id, a year.
    if speaks_of_input(parsed, sentence, t) || n > 100 && !asks(parsed, sentence, t, 4) {
        return None;
    }
    if w(0) == "one" {
        // "one question at a time" bounds a turn.
        let turn = matches!(w(1), "question" | "problem" | "item" | "issue" | "topic")
            && w(2) == "at"
            && w(3) == "a"
            && w(4) == "time";
        return turn.then_some((1, t..t + 5));
    }
    // "for 50, 90, 99 quantiles": which, not how many.
    if b(1) == "," && number(b(2)).is_some() {
        return None;
    }
    // The low end of a range: the high end is judged by itself.
    if matches!(w(1), "-" | "–" | "to" | "or") && (number(w(2)).is_some()) {
        return None;
    }
    if matches!(w(1), "being" | "score" | "scale" | "point" | "iq")
        || !(2..=1000).contains(&n)
        || matches!(w(1), "%" | "." | ":" | "/" | ")" | "°")
        || matches!(b(1), "$" | "€" | "£" | "#" | "." | "/" | "~")
    {
        return None;
    }
    let ranged = matches!(b(1), "-" | "–" | "to" | "or" | "and") && number(b(2)).is_some();
    let lead = if ranged { 2 } else { 0 };
    // A reference to what is there already, a name, a scale.
    let pointing = matches!(
        b(1 + lead),
        "these"
            | "those"
            | "this"
            | "following"
            | "given"
            | "all"
            | "step"
            | "first"
            | "last"
            | "version"
            | "gpt"
            | "level"
            | "grade"
            | "chapter"
            | "section"
            | "page"
            | "example"
            | "score"
            | "scale"
            | "least"
            | "next"
            | "previous"
            | "any"
            | "from"
            | "than"
            | "every"
            | "into"
            | "phase"
            | "part"
            | "rule"
            | "age"
            | "python"
            | "figure"
            | "item"
            | "other"
            | "with"
            | "has"
            | "have"
            | "are"
            | "for"
            | "where"
            | "if"
            | "is"
            | "python3"
            | "above"
            | "same"
            | "type"
            | "question"
            | "by"
    ) && !(matches!(b(1 + lead), "least" | "than")
        && matches!(b(2 + lead), "at" | "more" | "fewer" | "less"))
        && !(b(1 + lead) == "with" && asks(parsed, sentence, t, 8))
        && !(matches!(b(1 + lead), "next" | "first") && b(2 + lead) == "the" && asks(parsed, sentence, t, 5));
    // "Who are 3 experts who would …": a question asks for them.
    let questioned = matches!(parsed.word(sentence.start), "who" | "what" | "which")
        && b(1 + lead) == "are"
        && t <= sentence.start + 3;
    if pointing && !questioned {
        return None;
    }
    // The noun: a plural within a few adjectives.
    let mut k = 1;
    let mut noun = None;
    while k <= 14 {
        let word = w(k);
        if word.is_empty() || matches!(word, "." | ";" | ":" | ")" | "(") {
            break;
        }
        // "5 16-word bullets": the number of words of each is in the way.
        if number(word).is_some() && unit(w(k + 1)).is_some() {
            k += 2;
            continue;
        }
        if number(word).is_some() && number(w(k + 2)).is_some() && unit(w(k + 3)).is_some() {
            k += 4;
            continue;
        }
        if word == "words"
            && k == 1
            && (matches!(
                b(1),
                "list" | "give" | "pick" | "choose" | "select" | "find" | "name" | "suggest"
            ) || b(1) == "me" && matches!(b(2), "give" | "tell" | "find" | "name"))
        {
            noun = Some(k);
            break;
        }
        if unit(word).is_some() && k == 1 {
            return None;
        }
        if word == "of" && matches!(w(k + 1), "the" | "your")
            || matches!(word, "and" | "or" | "/" | "," | "most" | "the")
        {
            k += 1;
            continue;
        }
        if number(word).is_some()
            || matches!(
                word,
                "of" | "for"
                    | "in"
                    | "to"
                    | "from"
                    | "is"
                    | "are"
                    | "on"
                    | "with"
                    | "that"
                    | "which"
                    | "if"
                    | "as"
                    | "about"
                    | "by"
                    | "per"
                    | "at"
                    | "it"
                    | "you"
            )
        {
            break;
        }
        if plural(word) && !not_pieces(word) {
            noun = Some(k);
            // "10 keywords" ends it; "3 movies ideas" is rare enough.
            break;
        }
        if not_pieces(word) {
            return None;
        }
        k += 1;
    }
    let them = (b(1) == "to" && b(2) == "up" || b(1) == "top") && (matches!(w(1), "of" | "" | ")") || noun.is_some());
    let list_of = w(1) == "item" && w(2) == "list";
    let noun = match noun {
        Some(k) => k,
        None if list_of => 2,
        None if them && w(1) != "of" && !b(3).is_empty() => 0,
        None if them && w(1) == "of" && w(2) == "them" => 2,
        None => return None,
    };
    let parts = matches!(
        b(1 + lead),
        "contain" | "contains" | "has" | "have" | "includes" | "consists"
    ) || (1..4).any(|j| matches!(b(j), "there" | "contains" | "divided" | "split" | "between"))
        && !asks(parsed, sentence, t, 6);
    // "for each of the 5 documents", "the 3 categories": known, not asked for.
    let known = b(1) == "the"
        && !matches!(
            w(1),
            "best" | "most" | "top" | "main" | "key" | "biggest" | "largest" | "to" | "greatest"
        )
        && !(b(2) == "of" && matches!(b(3), "list" | "set"));
    if parts || known {
        return None;
    }
    let asked = asks(parsed, sentence, t, 14)
        || questioned
        || them
        || matches!(b(1), "exactly" | "maximum" | "top")
        || (b(1) == "of" && matches!(b(2), "maximum" | "max"))
        // "5 bullets on …" asks by itself; "Two intervals overlap if …" tells.
        || (b(1).is_empty()
            && parsed.word(sentence.start) == w(0)
            && matches!(w(noun + 1), "" | "." | "," | ":" | "(" | "of" | "on" | "for" | "about" | "in" | "that" | "with" | "each" | "max" | "maximum" | "only"))
        // "the answer must be 3 options".
        || (b(1 + lead) == "be" && matches!(b(2 + lead), "must" | "should") && matches!(b(3 + lead), "answer" | "response" | "output" | "result"))
        || (b(1) == "most" && b(2) == "at")
        || (b(1) == "than" && b(3) == "no")
        || (matches!(b(1), "in" | "into") && matches!(w(noun), "bullets" | "points"))
        || matches!(w(noun), "bullets");
    asked.then(|| (n, t.saturating_sub(lead)..t + noun + 1))
}

/// Words before a number among which it is said that the number is the input's.
const MOST_WORDS_BACK: usize = 60;

/// "The user will provide two pairs", "you will be given 3 documents": what comes with the request.
fn speaks_of_input(parsed: &Parsed, sentence: &Range<usize>, t: usize) -> bool {
    // No further back than a clause reaches: a text of numbers alone is one sentence.
    (t.saturating_sub(MOST_WORDS_BACK).max(sentence.start)..t).any(|i| {
        let w = |k: usize| parsed.word(i + k);
        match w(0) {
            "user" | "i" => {
                matches!(w(1), "will" | "has" | "have" | "am")
                    && matches!(
                        w(2),
                        "provide" | "provided" | "give" | "given" | "send" | "show" | "supply" | "present" | "giving"
                    )
            }
            "you" => {
                matches!(w(1), "will" | "are" | "have" | "were" | "receive")
                    && (1..=3).any(|k| {
                        matches!(
                            w(k),
                            "given" | "provided" | "receive" | "shown" | "presented" | "shared" | "see" | "handed"
                        )
                    })
            }
            _ => false,
        }
    })
}

/// A verb of producing (or a list) within `reach` tokens before.
fn asks(parsed: &Parsed, sentence: &Range<usize>, t: usize, reach: usize) -> bool {
    (1..=reach)
        .filter_map(|k| t.checked_sub(k))
        .take_while(|i| *i >= sentence.start && !matches!(parsed.word(*i), "that" | "which" | "who"))
        .any(|i| {
            let noun = parsed.word(i) == "list"
                && i > sentence.start
                && matches!(parsed.word(i - 1), "the" | "this" | "my" | "following" | "given");
            !noun
                && commands(parsed, sentence, i)
                && !(matches!(parsed.word(i), "use" | "using") && (i + 1..t).any(|k| parsed.word(k) == "to"))
                && matches!(
                    parsed.word(i),
                    "list"
                        | "tag"
                        | "label"
                        | "give"
                        | "write"
                        | "generate"
                        | "provide"
                        | "suggest"
                        | "create"
                        | "extract"
                        | "output"
                        | "name"
                        | "propose"
                        | "produce"
                        | "return"
                        | "brainstorm"
                        | "identify"
                        | "recommend"
                        | "offer"
                        | "include"
                        | "compose"
                        | "draft"
                        | "make"
                        | "show"
                        | "tell"
                        | "find"
                        | "select"
                        | "pick"
                        | "choose"
                        | "come"
                        | "present"
                        | "ask"
                        | "share"
                        | "design"
                        | "develop"
                        | "need"
                        | "want"
                        | "add"
                        | "craft"
                        | "describe"
                        | "summarize"
                        | "mention"
                        | "outline"
                        | "highlight"
                        | "answer"
                        | "respond"
                        | "set"
                        | "giving"
                        | "generating"
                        | "generates"
                        | "providing"
                        | "containing"
                        | "get"
                        | "formulate"
                        | "capture"
                        | "display"
                        | "prepare"
                        | "build"
                        | "invent"
                        | "devise"
                        | "submit"
                        | "collect"
                        | "top"
                        | "rewrite"
                        | "using"
                        | "use"
                        | "contain"
                        | "i'd"
                        | "like"
                        | "limit"
                        | "keep"
                        | "exactly"
                )
        })
}

/// Whether a verb at `i` is one of asking by where it stands: first, or behind "to", "please", a comma. "The diagrams
/// show two samples" and "use searches to find 3 rivals" only tell.
fn commands(parsed: &Parsed, sentence: &Range<usize>, i: usize) -> bool {
    let word = parsed.word(i);
    if !matches!(
        word,
        "show" | "find" | "identify" | "present" | "describe" | "answer" | "select" | "make" | "get" | "capture"
    ) {
        return true;
    }
    let before = if i > sentence.start { parsed.word(i - 1) } else { "" };
    let free = before.is_empty()
        || parsed.kind(i - 1) != Some(Kind::Word)
        || before.ends_with("ly")
        || matches!(
            before,
            "to" | "please"
                | "and"
                | "then"
                | "must"
                | "should"
                | "will"
                | "can"
                | "also"
                | "you"
                | "just"
                | "now"
                | "next"
                | "me"
                | "not"
                | "could"
                | "would"
                | "first"
                | "or"
        );
    free && !(matches!(before, "to") && matches!(parsed.word(sentence.start), "use" | "using"))
}

fn plural(word: &str) -> bool {
    (word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is"))
        || matches!(word, "people" | "alternatives" | "haiku" | "criteria" | "pros" | "cons")
}

/// Plurals that are measures, turns of work, or parts of a scale.
fn not_pieces(word: &str) -> bool {
    unit(word).is_some()
        || matches!(
            word,
            "means"
                | "indicates"
                | "represents"
                | "denotes"
                | "equals"
                | "citations"
                | "emojis"
                | "commands"
                | "minutes"
                | "minute"
                | "hours"
                | "hour"
                | "years"
                | "year"
                | "days"
                | "day"
                | "weeks"
                | "months"
                | "seconds"
                | "second"
                | "times"
                | "steps"
                | "step"
                | "stars"
                | "percent"
                | "dollars"
                | "dimensions"
                | "dimensional"
                | "perspectives"
                | "sections"
                | "section"
                | "levels"
                | "degrees"
                | "iq"
                | "digits"
                | "decimals"
                | "decimal"
                | "places"
                | "fields"
                | "keys"
                | "properties"
                | "columns"
                | "pixels"
                | "km"
                | "meter"
                | "meters"
                | "calories"
                | "categories"
                | "classes"
                | "scores"
                | "criteria"
                | "documents"
                | "turns"
                | "rounds"
                | "iterations"
                | "spaces"
                | "pages"
                | "phases"
                | "stages"
                | "parts"
                | "tasks"
                | "is"
                | "was"
                | "has"
                | "does"
                | "people"
                | "players"
                | "files"
                | "users"
                | "tools"
                | "this"
                | "backticks"
                | "ticks"
                | "dashes"
                | "inputs"
                | "languages"
                | "countries"
                | "metrics"
                | "types"
                | "kinds"
                | "agents"
                | "syllables"
                | "rows"
                | "hashes"
                | "calls"
                | "searches"
                | "assistants"
                | "attempts"
                | "retries"
                | "requests"
                | "actions"
                | "sources"
                | "results"
                | "messages"
                | "exchanges"
        )
}
