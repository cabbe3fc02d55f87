//! What the published chat templates of open models write around a conversation's texts. Control tokens count one each;
//! the words between them are counted together with the text that they stand before, as the engine's tokenizer does.
//!
//! Sources: the `chat_template` of each model's `tokenizer_config.json`, as llama.cpp ships them
//! (`models/templates`, llama-cpp-python 0.3.36).

/// A family's template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// ChatML, of Qwen, with the system message that is written where none is given.
    ChatMl(Option<&'static str>),
    /// Llama 3 and 4, with what is written before the system message's text.
    Llama(&'static str),
    /// Gemma 2 and 3: a system message stands before the first user's text.
    Gemma,
    /// DeepSeek, with the control tokens that open an answer.
    DeepSeek(u64),
    /// Mistral's of the tekken tokenizer's third version: a system message stands before the last user's text.
    Mistral,
    /// gpt-oss.
    Harmony,
}

/// What a template adds to one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Control tokens, and tokens of words that stand between them.
    pub tokens: u64,
    /// What stands before the text and is counted with it.
    pub before: String,
    /// What stands after the text and is counted with it.
    pub after: &'static str,
}

/// Llama 3.1's and its successors' lines; a date of another length of tokens does not occur.
const LLAMA_DATES: &str = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";

const QWEN2: &str = "You are a helpful assistant.";
const QWEN2_5: &str = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

/// What gpt-oss's template says of itself where the caller sets nothing.
const HARMONY_SYSTEM: &str = "You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06\n\
    Current date: 2026-01-01\n\nReasoning: medium\n\n# Valid channels: analysis, commentary, final. Channel must be \
    included for every message.";

/// Families, the longest name first where one starts like another.
const FAMILIES: &[(&str, Template)] = &[
    ("qwen2.5", Template::ChatMl(Some(QWEN2_5))),
    ("qwen2", Template::ChatMl(Some(QWEN2))),
    ("qwen3", Template::ChatMl(None)),
    ("llama-3.1", Template::Llama(LLAMA_DATES)),
    ("llama-3.2", Template::Llama(LLAMA_DATES)),
    ("llama-3.3", Template::Llama(LLAMA_DATES)),
    ("meta-llama-3.1", Template::Llama(LLAMA_DATES)),
    ("meta-llama-3", Template::Llama("")),
    ("llama-3", Template::Llama("")),
    ("llama-4", Template::Llama("")),
    ("gemma-2", Template::Gemma),
    ("gemma-3", Template::Gemma),
    ("deepseek-v3", Template::DeepSeek(1)),
    ("mistral-nemo", Template::Mistral),
    ("ministral-8b-instruct-2410", Template::Mistral),
    ("pixtral-12b", Template::Mistral),
    ("gpt-oss", Template::Harmony),
];

/// The template of a model that an engine serves by its Hugging Face name.
pub fn template(model: &str) -> Option<Template> {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    // Base models have no chat, and reasoning, vision and coding variants have templates of their own.
    let instructed = ["instruct", "-it", "deepseek-v3", "gpt-oss"];
    let plain = instructed.iter().any(|word| name.contains(word)) || name.starts_with("qwen3-");
    if !plain
        || ["-vl", "-coder", "-thinking", "embedding", "guard"]
            .iter()
            .any(|word| name.contains(word))
    {
        return None;
    }
    FAMILIES
        .iter()
        .find(|(family, _)| {
            let rest = name.strip_prefix(family);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ':']))
        })
        .map(|&(_, template)| template)
}

impl Template {
    /// What the template adds to a message of a role (`system`, `user`, `assistant`, `tool`); `None` where it takes none
    /// of that role, or joins it to another's text. `count` is the model's tokenizer.
    pub fn turn(self, role: &str, count: &dyn Fn(&str) -> u64) -> Option<Turn> {
        let turn = |tokens, before: &str, after| {
            Some(Turn {
                tokens,
                before: before.to_owned(),
                after,
            })
        };
        match (self, role) {
            (_, "tool") => None,
            (Self::ChatMl(_), role) => turn(2 + count("\n"), &format!("{role}\n"), ""),
            (Self::Llama(before), "system") => turn(3 + count("system"), &format!("\n\n{before}"), ""),
            (Self::Llama(_), role) => turn(3 + count(role), "\n\n", ""),
            (Self::Gemma, "system") => turn(0, "", "\n\n"),
            (Self::Gemma, "assistant") => turn(2 + count("\n"), "model\n", ""),
            (Self::Gemma, role) => turn(2 + count("\n"), &format!("{role}\n"), ""),
            (Self::DeepSeek(_), "system") => turn(0, "", ""),
            (Self::DeepSeek(_), "user") => turn(1, "", ""),
            (Self::DeepSeek(reply), _) => turn(reply + 1, "", ""),
            (Self::Mistral, "system") => turn(0, "", "\n\n"),
            (Self::Mistral, "user") => turn(2, "", ""),
            (Self::Mistral, _) => turn(1, "", ""),
            (Self::Harmony, "system") => turn(3 + count("developer"), "# Instructions\n\n", "\n\n"),
            (Self::Harmony, "user") => turn(3 + count("user"), "", ""),
            (Self::Harmony, _) => turn(4 + count("assistant") + count("final"), "", ""),
        }
    }

    /// What the template adds once: the start of the text, a system message where none is given, the answer's opening.
    pub fn once(self, has_system: bool, count: &dyn Fn(&str) -> u64) -> u64 {
        let default = |text: &str| {
            let turn = self.turn("system", count);
            turn.map_or(0, |turn| turn.tokens + count(&format!("{}{text}", turn.before)))
        };
        match self {
            Self::ChatMl(system) => {
                let system = system.filter(|_| !has_system).map_or(0, default);
                system + 1 + count("assistant\n")
            }
            Self::Llama(before) => {
                let system = if has_system || before.is_empty() {
                    0
                } else {
                    default("")
                };
                system + 1 + 2 + count("assistant") + count("\n\n")
            }
            Self::Gemma => 1 + 1 + count("model\n"),
            Self::DeepSeek(reply) => 1 + reply,
            Self::Mistral => 1,
            Self::Harmony => 3 + count("system") + count(HARMONY_SYSTEM) + 1 + count("assistant"),
        }
    }

    /// Whether white space around a message's text is left out.
    pub fn trims(self) -> bool {
        matches!(self, Self::Llama(_) | Self::Gemma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONVERSATIONS: [&[(&str, &str)]; 3] = [
        &[("user", "Hello, how are you?")],
        &[
            ("system", "You answer in one sentence."),
            ("user", "What is the capital of France?\nAnswer briefly."),
        ],
        &[
            ("system", "Be short."),
            ("user", "Hi!"),
            ("assistant", "Hello. How can I help?"),
            ("user", "Name a colour."),
        ],
    ];

    /// The templates that llama.cpp ships, rendered by jinja2 3.1 with the opening of an answer and counted by
    /// `tokenizers` 0.23.3 with control tokens; Mistral's by mistral-common 1.13.1. Gemma 2's takes no system message.
    #[test]
    fn as_the_templates_write() {
        for (model, expected) in [
            ("Qwen/Qwen2.5-7B-Instruct", &[35, 29, 39][..]),
            ("Qwen/Qwen3-0.6B", &[14, 29, 39]),
            ("meta-llama/Llama-3.1-8B-Instruct", &[41, 51, 61]),
            ("meta-llama/Llama-3.3-70B-Instruct", &[41, 51, 61]),
            ("google/gemma-2-2b-it", &[15]),
            ("openai/gpt-oss-120b", &[73, 90, 100]),
            ("mistralai/Mistral-Nemo-Instruct-2407", &[9, 19, 22]),
        ] {
            let encoding = super::super::encoding_for_model(model).expect("a built-in encoding");
            let count = |text: &str| encoding.count(text) as u64;
            let template = template(model).expect("a known template");
            let counts: Vec<u64> = CONVERSATIONS[..expected.len()]
                .iter()
                .map(|messages| {
                    let turns = messages.iter().map(|(role, text)| {
                        let turn = template.turn(role, &count).expect("a role of the template");
                        turn.tokens + count(&format!("{}{text}{}", turn.before, turn.after))
                    });
                    let has_system = messages.iter().any(|(role, _)| *role == "system");
                    turns.sum::<u64>() + template.once(has_system, &count)
                })
                .collect();
            assert_eq!(counts, expected, "{model}");
        }
    }

    #[test]
    fn models_without_a_known_template() {
        for model in [
            "meta-llama/Llama-3.1-8B",
            "Qwen/Qwen2.5-VL-7B-Instruct",
            "Qwen/Qwen3.5-4B",
            "google/gemma-4-31B-it",
            "gpt-5",
        ] {
            assert_eq!(template(model), None, "{model}");
        }
    }
}
