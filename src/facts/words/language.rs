//! The language of the instructions: by script where a script decides, else by common words.

use super::lexicon;
use super::sentences::{Kind, Parsed};

/// Common words of each language, chosen to be rare in its neighbours.
const WORDS: [(&str, &[&str]); 31] = [
    (
        "en",
        &[
            "the",
            "and",
            "of",
            "to",
            "is",
            "you",
            "your",
            "are",
            "for",
            "with",
            "that",
            "this",
            "what",
            "be",
            "from",
            "not",
            "write",
            "answer",
            "following",
            "should",
            "please",
            "a",
            "an",
            "if",
            "in",
            "me",
            "about",
            "or",
            "into",
            "by",
            "as",
            "on",
            "it",
            "i",
            "have",
            "do",
            "will",
            "can",
            "given",
            "use",
            "question",
            "only",
            "my",
            "at",
            "how",
            "which",
            "who",
            "was",
            "but",
            "list",
            "input",
            "output",
            "think",
            "tell",
            "use",
            "using",
            "from",
            "any",
            "each",
            "all",
            "create",
            "provide",
            "it's",
            "don't",
            "no",
            "one",
            "return",
        ],
    ),
    (
        "de",
        &[
            "der",
            "die",
            "das",
            "und",
            "ist",
            "ein",
            "eine",
            "nicht",
            "sie",
            "du",
            "mit",
            "für",
            "auf",
            "den",
            "dem",
            "des",
            "bitte",
            "von",
            "zu",
            "im",
            "einen",
            "oder",
            "wie",
            "folgende",
            "gib",
            "schreib",
            "fasse",
            "zusammen",
            "wenn",
            "sind",
            "deutsch",
            "frage",
            "dass",
            "deine",
            "folgenden",
            "bist",
            "auch",
            "schreibe",
            "antworte",
        ],
    ),
    (
        "fr",
        &[
            "le",
            "la",
            "les",
            "des",
            "et",
            "est",
            "une",
            "vous",
            "tu",
            "pour",
            "dans",
            "que",
            "qui",
            "du",
            "sur",
            "votre",
            "avec",
            "ne",
            "pas",
            "ou",
            "suivant",
            "texte",
            "en",
            "ce",
            "au",
            "aux",
            "êtes",
            "réponds",
            "répondez",
            "un",
        ],
    ),
    (
        "es",
        &[
            "el",
            "los",
            "las",
            "y",
            "es",
            "una",
            "para",
            "que",
            "del",
            "por",
            "con",
            "usted",
            "eres",
            "su",
            "no",
            "siguiente",
            "texto",
            "en",
            "como",
            "tu",
            "lo",
            "más",
            "responde",
            "un",
            "de",
            "al",
            "la",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "as", "e", "é", "uma", "para", "que", "do", "da", "dos", "em", "com", "você", "não", "por",
            "seu", "sua", "seguinte", "texto", "um", "ao", "na", "no", "das", "mais", "responda", "são",
        ],
    ),
    (
        "it",
        &[
            "il", "lo", "gli", "e", "è", "una", "per", "che", "di", "del", "della", "con", "sei", "non", "un",
            "seguente", "testo", "nel", "tuo", "rispondi", "sono", "delle", "dei", "come", "i", "le", "la", "al",
        ],
    ),
    (
        "nl",
        &[
            "de", "het", "een", "en", "is", "van", "je", "jij", "voor", "met", "niet", "op", "dat", "zijn", "u", "uw",
            "volgende", "tekst", "bent", "geef", "te", "aan", "als", "ook", "wordt", "deze",
        ],
    ),
    (
        "sv",
        &[
            "och",
            "att",
            "det",
            "är",
            "en",
            "ett",
            "du",
            "för",
            "som",
            "på",
            "av",
            "med",
            "inte",
            "till",
            "den",
            "följande",
            "eller",
            "din",
            "om",
            "svara",
            "har",
        ],
    ),
    (
        "da",
        &[
            "og",
            "at",
            "det",
            "er",
            "en",
            "et",
            "du",
            "som",
            "på",
            "af",
            "med",
            "ikke",
            "til",
            "den",
            "følgende",
            "eller",
            "din",
            "svar",
            "teksten",
            "skriv",
            "jeg",
        ],
    ),
    (
        "no",
        &[
            "og",
            "å",
            "det",
            "er",
            "en",
            "et",
            "du",
            "som",
            "på",
            "av",
            "med",
            "ikke",
            "til",
            "følgende",
            "eller",
            "svar",
            "teksten",
            "jeg",
            "skriv",
            "hva",
        ],
    ),
    (
        "fi",
        &[
            "ja",
            "on",
            "ei",
            "että",
            "se",
            "olet",
            "sinä",
            "vastaa",
            "seuraava",
            "teksti",
            "kirjoita",
            "tai",
            "ole",
            "mitä",
            "kun",
            "jos",
            "käyttäjän",
            "kysymykseen",
            "sekä",
            "seuraavaan",
        ],
    ),
    (
        "pl",
        &[
            "i",
            "w",
            "na",
            "nie",
            "jest",
            "się",
            "że",
            "do",
            "z",
            "jesteś",
            "oraz",
            "dla",
            "jak",
            "tekst",
            "następujący",
            "odpowiedz",
            "lub",
            "o",
            "pytanie",
            "być",
            "napisz",
        ],
    ),
    (
        "cs",
        &[
            "a",
            "v",
            "na",
            "není",
            "je",
            "se",
            "že",
            "jsi",
            "pro",
            "jako",
            "nebo",
            "odpověz",
            "následující",
            "jsou",
            "otázku",
            "který",
            "tento",
            "podle",
            "napiš",
        ],
    ),
    (
        "sk",
        &[
            "a",
            "v",
            "na",
            "nie",
            "je",
            "sa",
            "že",
            "si",
            "pre",
            "ako",
            "alebo",
            "odpovedz",
            "nasledujúci",
            "sú",
            "otázku",
            "ktorý",
            "podľa",
            "napíš",
        ],
    ),
    (
        "hu",
        &[
            "a",
            "az",
            "és",
            "egy",
            "nem",
            "hogy",
            "van",
            "vagy",
            "te",
            "kérlek",
            "válaszolj",
            "következő",
            "szöveg",
            "kérdésre",
            "írj",
            "meg",
            "szöveget",
            "csak",
        ],
    ),
    (
        "ro",
        &[
            "și",
            "este",
            "un",
            "o",
            "să",
            "nu",
            "cu",
            "pentru",
            "ești",
            "care",
            "din",
            "sau",
            "următorul",
            "răspunde",
            "la",
            "pe",
            "scrie",
            "în",
        ],
    ),
    (
        "tr",
        &[
            "ve",
            "bir",
            "bu",
            "için",
            "ile",
            "değil",
            "ne",
            "sen",
            "sana",
            "aşağıdaki",
            "metni",
            "olarak",
            "yanıt",
            "cevap",
            "lütfen",
            "ver",
            "yaz",
            "da",
            "de",
            "soru",
            "olan",
        ],
    ),
    (
        "id",
        &[
            "dan",
            "yang",
            "di",
            "ini",
            "itu",
            "adalah",
            "anda",
            "untuk",
            "dengan",
            "tidak",
            "berikut",
            "teks",
            "dari",
            "jawab",
            "tolong",
            "pada",
            "atau",
            "ke",
            "tulis",
            "sebuah",
            "pertanyaan",
            "kamu",
        ],
    ),
    (
        "ms",
        &[
            "dan",
            "yang",
            "ialah",
            "anda",
            "untuk",
            "dengan",
            "tidak",
            "berikut",
            "adalah",
            "boleh",
            "sila",
            "kepada",
            "soalan",
            "teks",
            "awak",
            "ringkaskan",
            "pembantu",
        ],
    ),
    (
        "vi",
        &[
            "và", "của", "là", "bạn", "không", "cho", "một", "các", "này", "được", "hãy", "văn", "bản", "trả", "lời",
            "những", "với", "câu", "hỏi", "viết", "sau", "trong",
        ],
    ),
    (
        "ca",
        &[
            "el", "els", "les", "i", "és", "una", "per", "que", "amb", "ets", "no", "següent", "del", "respon", "un",
            "aquest", "dels", "o", "pregunta",
        ],
    ),
    (
        "hr",
        &[
            "i",
            "je",
            "da",
            "se",
            "na",
            "u",
            "nije",
            "za",
            "ti",
            "si",
            "sljedeći",
            "tekst",
            "odgovori",
            "ili",
            "su",
            "kao",
            "napiši",
            "pitanje",
            "što",
        ],
    ),
    (
        "sl",
        &[
            "in",
            "je",
            "da",
            "se",
            "na",
            "v",
            "ni",
            "za",
            "si",
            "naslednje",
            "besedilo",
            "odgovori",
            "ali",
            "so",
            "kot",
            "napiši",
            "vprašanje",
            "kaj",
        ],
    ),
    (
        "lt",
        &[
            "ir",
            "yra",
            "kad",
            "tu",
            "esi",
            "ne",
            "į",
            "su",
            "arba",
            "tekstą",
            "atsakyk",
            "šį",
            "klausimą",
            "parašyk",
            "iš",
            "kaip",
        ],
    ),
    (
        "lv",
        &[
            "un",
            "ir",
            "ka",
            "tu",
            "esi",
            "ne",
            "uz",
            "ar",
            "vai",
            "tekstu",
            "atbildi",
            "šo",
            "jautājumu",
            "uzraksti",
            "no",
            "kā",
        ],
    ),
    (
        "et",
        &[
            "ja",
            "on",
            "ei",
            "et",
            "see",
            "sa",
            "oled",
            "vasta",
            "järgmine",
            "tekst",
            "kirjuta",
            "või",
            "küsimusele",
            "mis",
            "kui",
            "järgmist",
        ],
    ),
    (
        "sq",
        &[
            "dhe",
            "është",
            "një",
            "të",
            "në",
            "për",
            "me",
            "ti",
            "je",
            "nuk",
            "që",
            "teksti",
            "përgjigju",
            "pyetjes",
            "shkruaj",
        ],
    ),
    (
        "sw",
        &[
            "na",
            "ya",
            "wa",
            "ni",
            "kwa",
            "wewe",
            "katika",
            "hii",
            "yako",
            "jibu",
            "swali",
            "maandishi",
            "andika",
            "tafadhali",
            "ifuatayo",
        ],
    ),
    (
        "tl",
        &[
            "ang",
            "ng",
            "mga",
            "sa",
            "ay",
            "na",
            "ikaw",
            "hindi",
            "para",
            "ito",
            "tanong",
            "sagutin",
            "isulat",
            "iyong",
            "sumusunod",
        ],
    ),
    (
        "af",
        &[
            "die",
            "en",
            "is",
            "nie",
            "jy",
            "het",
            "van",
            "vir",
            "met",
            "volgende",
            "teks",
            "antwoord",
            "skryf",
            "asseblief",
            "wat",
            "om",
        ],
    ),
    (
        "eu",
        &[
            "eta", "da", "ez", "zara", "bat", "testua", "erantzun", "galdera", "idatzi", "hurrengo", "duzu", "izan",
        ],
    ),
];

const CYRILLIC: [(&str, &[&str]); 4] = [
    (
        "ru",
        &[
            "и",
            "в",
            "не",
            "на",
            "что",
            "ты",
            "вы",
            "для",
            "это",
            "как",
            "ответь",
            "следующий",
            "текст",
            "или",
            "с",
            "из",
            "по",
            "вопрос",
            "напиши",
            "ответ",
            "только",
        ],
    ),
    (
        "uk",
        &[
            "і",
            "в",
            "не",
            "на",
            "що",
            "ти",
            "ви",
            "для",
            "це",
            "як",
            "та",
            "наступний",
            "текст",
            "або",
            "з",
            "із",
            "питання",
            "напиши",
            "відповідь",
            "лише",
            "є",
            "дай",
        ],
    ),
    (
        "bg",
        &[
            "и",
            "в",
            "не",
            "на",
            "че",
            "ти",
            "вие",
            "за",
            "това",
            "как",
            "се",
            "следния",
            "текст",
            "или",
            "с",
            "от",
            "въпрос",
            "напиши",
            "отговор",
            "само",
            "е",
            "си",
            "да",
        ],
    ),
    (
        "sr",
        &[
            "и",
            "у",
            "не",
            "на",
            "да",
            "ти",
            "ви",
            "за",
            "је",
            "као",
            "се",
            "следећи",
            "текст",
            "или",
            "са",
            "од",
            "питање",
            "напиши",
            "одговор",
            "само",
            "си",
            "су",
            "овај",
        ],
    ),
];

/// The common words of each language, by its place as a bit of `Known::languages`.
pub(super) fn common() -> impl Iterator<Item = (usize, &'static [&'static str])> {
    WORDS.iter().map(|(_, words)| *words).enumerate()
}

/// ISO 639-1, or none where there are no words.
pub(super) fn find(messages: &[&Parsed]) -> Option<&'static str> {
    let mut letters = [0usize; SCRIPTS.len()];
    let mut latin = 0usize;
    let mut hits = [0usize; WORDS.len()];
    let mut cyrillic = [0usize; CYRILLIC.len()];
    let mut words = 0usize;
    let mut marked = 0usize;
    for parsed in messages {
        for sentence in &parsed.sentences {
            if sentence.shown {
                continue;
            }
            for t in sentence.tokens() {
                if parsed.kind(t) != Some(Kind::Word) || parsed.tokens[t].quoted {
                    continue;
                }
                let word = parsed.word(t);
                words += 1;
                if word.is_ascii() {
                    latin += word.len();
                } else {
                    for c in word.chars() {
                        match SCRIPTS.iter().position(|s| s.1.iter().any(|r| r.contains(&c))) {
                            Some(s) => letters[s] += 1,
                            None => latin += 1,
                        }
                    }
                    marked += usize::from(word.chars().any(|c| c.is_alphabetic() && !c.is_ascii()));
                }
                if words <= 4000 {
                    let lower;
                    let (word, mut languages) = if word.is_ascii() {
                        (word, parsed.tokens[t].known.languages)
                    } else {
                        lower = word.to_lowercase();
                        (lower.as_str(), lexicon::known(&lower).languages)
                    };
                    if word.len() <= 24 {
                        while languages != 0 {
                            hits[languages.trailing_zeros() as usize] += 1;
                            languages &= languages - 1;
                        }
                        if !word.is_ascii() {
                            for (i, (_, list)) in CYRILLIC.iter().enumerate() {
                                cyrillic[i] += usize::from(list.contains(&word));
                            }
                        }
                    }
                }
            }
        }
    }
    if words == 0 {
        return None;
    }
    // A script weighs more a letter than Latin does: Han words are one or two letters long.
    let dense = |s: usize| {
        if matches!(SCRIPTS[s].0, "zh" | "ja" | "ko") {
            letters[s] * 3
        } else {
            letters[s]
        }
    };
    let script = (0..SCRIPTS.len())
        .max_by_key(|s| dense(*s))
        .filter(|s| dense(*s) > latin && marked > 0);
    if let Some(s) = script {
        let code = SCRIPTS[s].0;
        return Some(match code {
            // Kana is Japanese even where Han letters are more.
            "zh" if letters[position("ja")] * 12 > letters[s] => "ja",
            "cyrl" => {
                let any = |marks: &[char]| messages.iter().any(|p| p.lower.contains(marks));
                let best = (0..CYRILLIC.len()).rev().max_by_key(|i| {
                    cyrillic[*i] * 2
                        + usize::from(match CYRILLIC[*i].0 {
                            "uk" => any(&['ї', 'є', 'і', 'ґ']),
                            "sr" => any(&['ј', 'љ', 'њ', 'ћ', 'ђ', 'џ']),
                            "ru" => any(&['ы', 'э', 'ё']),
                            _ => false,
                        }) * 3
                });
                best.map_or("ru", |i| CYRILLIC[i].0)
            }
            "arab" => {
                let any = |marks: &[char]| messages.iter().any(|p| p.lower.contains(marks));
                if any(&['ٹ', 'ڈ', 'ے', 'ں', 'ہ']) {
                    "ur"
                } else if any(&['پ', 'چ', 'گ', 'ژ', 'ی', 'ک']) {
                    "fa"
                } else {
                    "ar"
                }
            }
            code => code,
        });
    }
    let best = (0..WORDS.len())
        .rev()
        .max_by_key(|i| hits[*i] * 2 + usize::from(*i == 0 && marked == 0))?;
    // Nothing recognized: names and labels, which English prompts abound in.
    Some(if hits[best] == 0 || hits[best] == hits[0] && marked == 0 {
        "en"
    } else {
        WORDS[best].0
    })
}

fn position(code: &str) -> usize {
    SCRIPTS.iter().position(|s| s.0 == code).unwrap_or(0)
}

/// Scripts, by the language that they mean here; two stand for several and are told apart above.
const SCRIPTS: [(&str, &[std::ops::RangeInclusive<char>]); 19] = [
    ("zh", &['\u{4e00}'..='\u{9fff}', '\u{3400}'..='\u{4dbf}']),
    ("ja", &['\u{3040}'..='\u{30ff}']),
    ("ko", &['\u{ac00}'..='\u{d7a3}', '\u{1100}'..='\u{11ff}']),
    ("cyrl", &['\u{0400}'..='\u{04ff}']),
    ("arab", &['\u{0600}'..='\u{06ff}']),
    ("he", &['\u{0590}'..='\u{05ff}']),
    ("hi", &['\u{0900}'..='\u{097f}']),
    ("bn", &['\u{0980}'..='\u{09ff}']),
    ("pa", &['\u{0a00}'..='\u{0a7f}']),
    ("gu", &['\u{0a80}'..='\u{0aff}']),
    ("ta", &['\u{0b80}'..='\u{0bff}']),
    ("te", &['\u{0c00}'..='\u{0c7f}']),
    ("kn", &['\u{0c80}'..='\u{0cff}']),
    ("ml", &['\u{0d00}'..='\u{0d7f}']),
    ("th", &['\u{0e00}'..='\u{0e7f}']),
    ("ka", &['\u{10a0}'..='\u{10ff}']),
    ("hy", &['\u{0530}'..='\u{058f}']),
    ("el", &['\u{0370}'..='\u{03ff}']),
    ("am", &['\u{1200}'..='\u{137f}']),
];
