//! Flags of a command line, told from what is none.

use super::Word;
use crate::source::Place;

/// A flag of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its name with its dashes; behind two dashes `_` is written as `-`, which engines read alike
    /// (`--max_model_len`).
    pub name: String,
    /// Its value, where it has one. The place of a value behind `=` is that of the whole word.
    pub value: Option<Word>,
    /// Where the flag itself is written.
    pub place: Place,
    /// Which of the words it is.
    pub index: usize,
}

/// A command line's words by what they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// The flags in order.
    pub flags: Vec<Flag>,
    /// Which words are neither a flag nor a flag's value.
    pub positional: Vec<usize>,
    /// Which words stand where a flag could and can't be told: each may hide any flag.
    pub unknown: Vec<usize>,
}

/// Tells flags from other words. Which flags take a value is the program's affair: `takes_value` is asked with the
/// [`Flag::name`]; for a flag that it does not know (`None`), the next word counts as its value unless that looks
/// like a flag. Of a flag that takes several values, the first is its value and the others are positional.
pub fn flags(words: &[Word], takes_value: &dyn Fn(&str) -> Option<bool>) -> Arguments {
    let mut arguments = Arguments::default();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        match word.value.as_deref() {
            Err(_) => arguments.unknown.push(index),
            Ok("--") => {
                arguments.positional.extend(index + 1..words.len());
                break;
            }
            Ok(text) if looks_like_flag(text) => {
                // A list's item that holds both, `- --quantization awq`: a shell would split it, and that is meant.
                let (name, own_value) = match text.split_once(['=', ' ']) {
                    Some((name, value)) => (name, Some(value)),
                    None => (text, None),
                };
                let name = normalized(name);
                let value = match own_value {
                    Some(value) => Some(Word {
                        value: Ok(value.to_owned()),
                        place: word.place,
                    }),
                    None if takes_value(&name) == Some(false) => None,
                    None => words
                        .get(index + 1)
                        .filter(|next| !next.value.as_deref().is_ok_and(looks_like_flag))
                        .cloned(),
                };
                let took_next = own_value.is_none() && value.is_some();
                arguments.flags.push(Flag {
                    name,
                    value,
                    place: word.place,
                    index,
                });
                index += usize::from(took_next);
            }
            Ok(_) => arguments.positional.push(index),
        }
        index += 1;
    }
    arguments
}

/// A dash and more, but no negative number.
fn looks_like_flag(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| !rest.is_empty() && rest.parse::<f64>().is_err())
}

/// `--max_model_len` as `--max-model-len`; behind a dot stand keys of the program's own (`--hf-overrides.rope_theta`).
fn normalized(name: &str) -> String {
    if !name.starts_with("--") {
        return name.to_owned();
    }
    match name.split_once('.') {
        Some((flag, key)) => format!("{}.{key}", flag.replace('_', "-")),
        None => name.replace('_', "-"),
    }
}

/// The flag of a word such as `--model=$X` whose value can't be told: `--model`. `None` where the word is none such.
pub fn flag_of_unknown(word: &str) -> Option<&str> {
    let (flag, _) = word.split_once('=')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (flag.starts_with('-') && flag.bytes().all(plain)).then_some(flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Text};
    use crate::syntax::args::split_shell;

    #[test]
    fn a_word_may_hold_a_flag_and_its_value() {
        let place = Place {
            source: SourceId(0),
            span: crate::source::Span::new(0, 1),
        };
        let words = ["--quantization awq", "--hf-overrides={\"a b\": 1}", "--seed 1=2"].map(|text| Word {
            value: Ok(text.to_owned()),
            place,
        });
        let found = flags(&words, &|_| None).flags;
        let shown: Vec<_> = found
            .iter()
            .map(|flag| {
                (
                    flag.name.as_str(),
                    flag.value.as_ref().and_then(|word| word.value.as_deref().ok()),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("--quantization", Some("awq")),
                ("--hf-overrides", Some("{\"a b\": 1}")),
                ("--seed", Some("1=2")),
            ]
        );
    }

    #[test]
    fn flags_are_told_from_values() {
        let script = "vllm serve m --max_model_len 8192 -tp=4 --eager pos --kv-cache-dtype --x-y -1 \
                      --hf.rope_theta=5 $SECRET --seed $SECRET -- --z";
        let secret = |name: &str| (name == "SECRET").then(|| Err("comes from a Secret".to_owned()));
        let commands = split_shell(&Text::verbatim(script, 0), SourceId(0), &secret).unwrap();
        let words = &commands[0].words;
        let found = flags(words, &|name| (name == "--eager").then_some(false));
        let shown: Vec<_> = found
            .flags
            .iter()
            .map(|flag| {
                assert_eq!(flag.place, words[flag.index].place);
                let value = flag.value.as_ref().map(|word| word.value.as_deref());
                (flag.name.as_str(), value.map(|value| value.unwrap_or("?")))
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("--max-model-len", Some("8192")),
                ("-tp", Some("4")),
                ("--eager", None),
                ("--kv-cache-dtype", None),
                ("--x-y", Some("-1")),
                ("--hf.rope_theta", Some("5")),
                ("--seed", Some("?")),
            ]
        );
        let text = |indices: &[usize]| -> Vec<_> {
            indices
                .iter()
                .map(|index| words[*index].value.clone().unwrap_or("?".into()))
                .collect()
        };
        assert_eq!(text(&found.positional), ["vllm", "serve", "m", "pos", "--z"]);
        assert_eq!(text(&found.unknown), ["?"]);
    }
}
