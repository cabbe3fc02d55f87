//! The language of the instructions: by script where a script decides, else by common words.

mod words;

use super::lexicon;
use super::sentences::{Kind, Parsed};
use words::{CYRILLIC, WORDS};

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
