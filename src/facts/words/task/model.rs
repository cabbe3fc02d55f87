//! The task by a fitted model: what the verbs and the shape say, the fields of meaning that the words belong to and
//! where in the prompt they stand, and the commonest words themselves, weighed together.
//!
//! The score of a task is the sum of its features' weights. Whether the answer is closed is weighed
//! from the same features and from the signs that only the task explains.

use std::sync::{LazyLock, OnceLock};

use super::super::fitted::{Account, Model, Of, Take};
use super::super::lexicon::Set;
use super::super::sentences::{Kind, Parsed, Sentence};
use super::super::{Role, Task};
use super::{TASKS, Votes};

/// A feature a line: its name, and hundredths of weight for each task in the order of [`TASKS`] and for a closed answer.
const WEIGHTS: &str = include_str!("../weights/prompt.tsv");

/// Fields of meaning: how words that speak of one begin. A word may belong to several.
const FIELDS: [(&str, &str); 11] = [
    (
        "summary",
        "abstract condens digest distill minutes overview recap shorten summar synops synthes synthet \
         tldr",
    ),
    (
        "extract",
        "attribut captur detail entit extract field identif json keyword list locat mention nam ocr pars \
         phrase pull quot recogni relevant structur transcrib triple",
    ),
    (
        "classify",
        "categor choice choos class classif emotion filter group intent label match moderat negativ \
         neutral option pick positiv rout select sentiment spam tag toxic triag type",
    ),
    (
        "judge",
        "accura analyz assess audit benign best better check claim coheren compar complian consisten \
         correct criteri critiqu decid determin evaluat evidence expert fail faithful fluen grad ground \
         hallucinat judg malicious pass prefer qualit rank rat relevan review rubric scor standard \
         submission submit support truth valid verdict verif whether",
    ),
    (
        "answer",
        "answer ask calculat citation cite comput context document explain fact inform know knowledg \
         query question respond solv source tell",
    ),
    (
        "translate",
        "chinese english french german language spanish translat translator",
    ),
    (
        "rewrite",
        "adapt clean convert correct edit enhanc format grammar improv modif normaliz paraphras polish \
         proofread refin reformat remov rephras revis rewrit rewrot shorten simplif standalone transform \
         verbatim",
    ),
    (
        "write",
        "argument article author blog brainstorm campaign caption chapter compos content copy creat \
         creativ curricul debat draft email essay generat haiku headline idea joke letter market \
         newsletter novel passage pitch poem post prompt propos recip report scenario slogan song sop \
         specif story suggest test titl tweet writ",
    ),
    (
        "code",
        "api bug class cod commit compil component configur css cypher database debug deploy develop diff \
         endpoint engineer file function graphql html implement java javascript json kubernet librar \
         packag parser patch program pull python refactor regex repositor schema script snippet software \
         sql stdout syntax terraform typescript unit workspac yaml",
    ),
    (
        "plan",
        "accomplish action agent browser call decid decompos delegat execut goal handoff iterat navigat \
         next observ orchestrat perform plan rout route step subtask supervis task thought todo tool \
         transfer worker workflow",
    ),
    (
        "converse",
        "act adventur ai assist bot character chat chatbot coach companion convers custom friend game \
         greet guid help helpful mentor messag persona play polite pretend reply rolepl roleplay talk \
         teach therap tone tutor user",
    ),
];

/// What may follow a short beginning for the word to be of its family: `code`, `coder`, not `codomain`.
const ENDINGS: [&str; 31] = [
    "", "s", "e", "es", "ed", "d", "er", "ers", "ing", "ings", "ion", "ions", "or", "ors", "y", "ies", "ify", "ment",
    "ten", "al", "able", "ity", "ive", "ful", "ant", "ants", "ly", "ness", "t", "n", "r",
];

/// Where a word of a field stands.
#[derive(Clone, Copy)]
enum Slot {
    /// Among the first words.
    Opening,
    /// In the first sentence.
    First,
    /// Where a sentence begins: a command.
    Command,
    /// Where a list item or a step begins.
    Item,
    /// In the last two sentences.
    Last,
    /// In what the model is said to be.
    Role,
    /// Behind "task", "goal", "want", …
    Task,
    /// In a label.
    Label,
    /// In a variable's name.
    Variable,
}

const SLOTS: [(&str, f32); 9] = [
    ("opening", 0.5),
    ("first", 0.5),
    ("command", 0.5),
    ("item", 0.25),
    ("last", 0.3),
    ("role", 0.5),
    ("task", 0.4),
    ("label", 0.4),
    ("variables", 1.0),
];

/// The most that words of one field count in one place.
const MOST: f32 = 1.5;

/// Words that are read: what a prompt asks stands far before.
const READ: usize = 20_000;

/// What the weights say of a request: its task, and with what else is known whether its answer is closed.
pub(in super::super) struct Weighed(Account<'static, COLUMNS>);

/// The outcomes: the tasks, a closed answer.
const COLUMNS: usize = TASKS.len() + 1;

impl Weighed {
    /// Weighs the words of a request.
    pub(super) fn new(messages: &[(Role, &str, &Parsed)], asking: &[Vec<Sentence>], votes: &Votes) -> Self {
        static MODEL: LazyLock<Model<COLUMNS>> = LazyLock::new(|| Model::read(WEIGHTS));
        let mut account = MODEL.account();
        features(messages, asking, votes, &mut account);
        Self(account)
    }

    /// The task with the highest score, the first of several.
    pub(super) fn task(&self) -> Task {
        let scores = self.0.scores();
        let best = (0..TASKS.len()).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        TASKS[best.unwrap_or(0)]
    }

    /// Whether the answer is closed, with the signs that hold.
    pub(in super::super) fn closed(mut self, task: Task, signs: impl Iterator<Item = &'static str>) -> bool {
        with_signs(task, signs, &mut self.0);
        self.0.scores()[TASKS.len()] > 0.0
    }
}

/// The features that are known once the task is.
pub(in super::super) fn with_signs(task: Task, signs: impl Iterator<Item = &'static str>, take: &mut impl Take) {
    take.most("told", Of::new(task.name()), 1.0);
    for sign in signs {
        take.most("sign", Of::new(sign), 1.0);
        take.most(task.name(), Of::new(sign), 1.0);
    }
}

/// The tasks by the names that their votes have as features.
const NAMES: [&str; 12] = [
    "Classify",
    "Extract",
    "Summarize",
    "Answer",
    "Translate",
    "Rewrite",
    "Write",
    "Code",
    "Plan",
    "Judge",
    "Converse",
    "Other",
];

/// Every feature of the request with its value.
pub(in super::super) fn features(
    messages: &[(Role, &str, &Parsed)],
    asking: &[Vec<Sentence>],
    votes: &Votes,
    take: &mut impl Take,
) {
    of_votes(votes, take);
    let mut fields = Fields::default();
    let mut read = 0;
    let sentences: Vec<(&Parsed, &Sentence)> = messages
        .iter()
        .zip(asking)
        .flat_map(|(message, sentences)| sentences.iter().map(move |sentence| (message.2, sentence)))
        .collect();
    for (number, (parsed, sentence)) in sentences.iter().enumerate() {
        if read > READ {
            break;
        }
        let range = sentence.tokens();
        let listed = sentence.bullet || sentence.step || sentence.heading;
        for (place, t) in range.clone().enumerate() {
            let word = parsed.word(t);
            match parsed.kind(t) {
                Some(Kind::Word) if !parsed.tokens[t].quoted => {}
                Some(Kind::Variable) => {
                    for part in word
                        .split(|c: char| !c.is_ascii_alphabetic())
                        .filter(|part| !part.is_empty())
                    {
                        fields.add(Slot::Variable, part);
                        take.most("variable", Of::new(stem(part)), 1.0);
                    }
                    continue;
                }
                _ => continue,
            }
            read += 1;
            let stem = Of::new(stem(word));
            take.most("word", stem, if read < 60 { 1.0 } else { 0.5 });
            if read <= 40 {
                take.most("early", stem, 1.0);
            }
            if place == 0 && !listed {
                take.most("begins", stem, 1.0);
            }
            let of = fields_of(word);
            if of == 0 {
                continue;
            }
            fields.count(of);
            if read <= 25 {
                fields.put(Slot::Opening, of);
            }
            if number == 0 {
                fields.put(Slot::First, of);
            }
            if place <= 2 {
                fields.put(if listed { Slot::Item } else { Slot::Command }, of);
            }
            if number + 2 >= sentences.len() {
                fields.put(Slot::Last, of);
            }
        }
        named(parsed, sentence, &mut fields);
    }
    for (_, _, parsed) in messages {
        for field in parsed.fields.iter().take(200) {
            for part in field
                .label
                .split(|c: char| !c.is_ascii_alphabetic())
                .filter(|part| !part.is_empty())
            {
                fields.add(Slot::Label, part);
            }
        }
    }
    fields.give(take);
    take.alone("length", (1.0 + read as f32).ln() / 5.0);
    if read < 15 {
        take.alone("short", 1.0);
    }
    take.alone("bias", 1.0);
}

/// What the verbs and the shape say, in proportion and as it is.
fn of_votes(votes: &Votes, take: &mut impl Take) {
    let most = votes.weight.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        take.alone("no vote", 1.0);
        return;
    }
    for (name, weight) in NAMES.into_iter().zip(votes.weight) {
        take.most("votes", Of::new(name), weight.min(12.0) * 0.1875);
        take.most("share", Of::new(name), weight / most * 1.5);
    }
    if let Some((task, _)) = votes.best() {
        take.most("first", Of::new(NAMES[task as usize]), 1.5);
    }
}

/// Words of fields behind "your task is", "you are a".
fn named(parsed: &Parsed, sentence: &Sentence, fields: &mut Fields) {
    let range = sentence.tokens();
    for t in range.clone().filter(|t| parsed.is(*t, Set::Names)) {
        let slot = match parsed.word(t) {
            "task" | "job" | "goal" | "role" | "purpose" | "objective" | "responsible" | "mission" | "want"
            | "need" | "asked" | "tasked" | "designed" | "specialized" => Slot::Task,
            "are" | "as" if t > range.start && matches!(parsed.word(t - 1), "you" | "act") => Slot::Role,
            _ => continue,
        };
        let reach = if matches!(slot, Slot::Task) { 9 } else { 12 };
        for t in t + 1..(t + reach).min(range.end) {
            let word = parsed.word(t);
            if matches!(slot, Slot::Role) && matches!(word, "that" | "who" | "and" | "." | ",") {
                break;
            }
            fields.add(slot, word);
        }
    }
}

/// How much of each field stands where.
#[derive(Default)]
struct Fields {
    at: [[f32; 11]; 9],
    all: [f32; 11],
}

impl Fields {
    fn add(&mut self, slot: Slot, word: &str) {
        self.put(slot, fields_of(word));
    }

    fn put(&mut self, slot: Slot, of: u16) {
        let step = SLOTS[slot as usize].1;
        for (field, value) in self.at[slot as usize].iter_mut().enumerate() {
            if of & 1 << field != 0 {
                *value = (*value + step).min(MOST);
            }
        }
    }

    fn count(&mut self, of: u16) {
        for (field, value) in self.all.iter_mut().enumerate() {
            if of & 1 << field != 0 {
                *value += 1.0;
            }
        }
    }

    fn give(&self, take: &mut impl Take) {
        for ((slot, _), values) in SLOTS.iter().zip(&self.at) {
            for ((field, _), value) in FIELDS.iter().zip(values) {
                take.most(slot, Of::new(field), *value);
            }
        }
        let total: f32 = self.all.iter().sum();
        for ((field, _), value) in FIELDS.iter().zip(self.all) {
            if value > 0.0 {
                take.most("much", Of::new(field), value.ln_1p() / 2.0);
                take.most("part", Of::new(field), 2.0 * value / total);
            }
        }
    }
}

/// The fields that a word belongs to, a bit each.
fn fields_of(word: &str) -> u16 {
    static BY_LETTER: OnceLock<Vec<Vec<(&'static str, u16)>>> = OnceLock::new();
    let by_letter = BY_LETTER.get_or_init(|| {
        let mut letters = vec![Vec::new(); 26];
        for (field, (_, beginnings)) in FIELDS.iter().enumerate() {
            for beginning in beginnings.split_ascii_whitespace() {
                letters[usize::from(beginning.as_bytes()[0] - b'a')].push((beginning, 1 << field));
            }
        }
        letters
    });
    let Some(letter) = word.bytes().next().filter(u8::is_ascii_lowercase) else {
        return 0;
    };
    let mut of = 0;
    for (beginning, bit) in &by_letter[usize::from(letter - b'a')] {
        if let Some(rest) = word.strip_prefix(beginning)
            && rest.len() <= 7
            && (beginning.len() >= 5 || ENDINGS.contains(&rest))
        {
            of |= bit;
        }
    }
    of
}

/// A word without its commonest ending.
fn stem(word: &str) -> &str {
    for ending in ["ing", "ies", "es", "s", "ed", "e"] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.len() >= 3
        {
            return stem;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_a_weight_for_each_outcome() {
        for line in WEIGHTS.lines() {
            let (name, numbers) = line.split_once('\t').expect("a name and its numbers");
            let whole = numbers.split(' ').filter(|n| n.parse::<i16>().is_ok()).count();
            assert_eq!(whole, COLUMNS, "{name}");
        }
    }

    #[test]
    fn words_belong_to_fields_by_their_beginning() {
        let of = |word: &str| -> Vec<&str> {
            let bits = fields_of(word);
            (0..FIELDS.len())
                .filter(|n| bits & 1 << n != 0)
                .map(|n| FIELDS[n].0)
                .collect()
        };
        assert_eq!(of("translator"), ["translate"]);
        assert!(of("summarizing").contains(&"summary"));
        assert!(of("coder").contains(&"code") && !of("codomain").contains(&"code"));
        assert!(of("the").is_empty() && of("é").is_empty());
    }
}
