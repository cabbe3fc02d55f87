//! Keys of well-known services in a prompt's text. Only what has the form that a service gives its keys, and looks
//! drawn by lot, is one: a placeholder is not. What was found is named by its service, never shown.

use std::ops::Range;

use super::{Fact, Get, Known, PromptFacts, Row, Type, Value};

/// How a service's keys begin, how many letters and digits follow at least, and whose they are.
const KEYS: &[(&str, usize, &str)] = &[
    ("sk-ant-api03-", 80, "an Anthropic key"),
    ("sk-proj-", 60, "an OpenAI key"),
    ("sk-svcacct-", 60, "an OpenAI key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 70, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("AIza", 35, "a Google API key"),
    ("hf_", 34, "a Hugging Face token"),
    ("xoxb-", 40, "a Slack token"),
    ("xoxp-", 40, "a Slack token"),
    ("sk_live_", 24, "a Stripe key"),
];

/// In the middle of every OpenAI key of the older form.
const OPENAI: &str = "T3BlbkFJ";

/// How the private keys of certificates and SSH begin.
const PRIVATE: &str = "PRIVATE KEY-----";

/// The least bits a letter that a key drawn by lot has; words and placeholders have fewer.
const BITS: f64 = 3.6;

fn entropy(text: &str) -> f64 {
    let mut count = [0_u32; 256];
    for byte in text.bytes() {
        count[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    count
        .iter()
        .filter(|n| **n > 0)
        .map(|n| f64::from(*n) / length)
        .map(|share| -share * share.log2())
        .sum()
}

fn drawn_by_lot(body: &str) -> bool {
    let lower = body.to_ascii_lowercase();
    let placeholder = [
        "xxxx",
        "example",
        "your",
        "0123456789",
        "123456789",
        "abcdef",
        "test",
        "placeholder",
    ];
    entropy(body) >= BITS
        && body.bytes().any(|b| b.is_ascii_digit())
        && !placeholder.iter().any(|word| lower.contains(word))
}

/// The first key in a text: whose, and where.
fn first(text: &str) -> Option<(&'static str, Range<usize>)> {
    let part = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    for (prefix, least, whose) in KEYS {
        for (at, _) in text.match_indices(prefix) {
            let body = at + prefix.len();
            let end = body + text.as_bytes()[body..].iter().take_while(|b| part(**b)).count();
            let apart = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            if apart && end - body >= *least && drawn_by_lot(&text[body..end]) {
                return Some((whose, at..end));
            }
        }
    }
    for (at, _) in text.match_indices(OPENAI) {
        let bytes = text.as_bytes();
        let start = at - bytes[..at].iter().rev().take_while(|b| part(**b)).count();
        let end = at + bytes[at..].iter().take_while(|b| part(**b)).count();
        if text[start..end].starts_with("sk-") && end - start >= 51 && drawn_by_lot(&text[start + 3..end]) {
            return Some(("an OpenAI key", start..end));
        }
    }
    for (at, _) in text.match_indices(PRIVATE) {
        let body = at + PRIVATE.len();
        let line = text[body..].trim_start().lines().next().unwrap_or_default();
        let starts = text[..at].rfind("-----BEGIN").filter(|start| at - start < 40);
        if let Some(start) = starts
            && line.len() >= 60
            && drawn_by_lot(line)
        {
            return Some(("a private key", start..body));
        }
    }
    None
}

/// The rows of the table.
pub(super) const FACTS: &[Row<Get>] = &[Row {
    name: "prompt.secret",
    ty: Type::Str,
    unit: "",
    about: "whose key or token stands in the text, told by the form that the service gives its keys; the key is not shown",
    get: |facts: &PromptFacts<'_>| {
        let messages = facts.prompt.messages.iter();
        let found = messages
            .filter_map(|message| {
                first(message.text.as_str()).map(|(whose, range)| (whose, facts.place(message, range)))
            })
            .next();
        match found {
            Some((whose, place)) => Fact::of(Known::Yes(Value::Str(whose.into()))).at(Some(place)),
            None => Fact::of(Known::Absent),
        }
    },
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_drawn_by_lot_and_a_placeholder_is_not() {
        let key = ["gh", "p_", "a8Kq2LmZ0xRt7Vb4Nc9Wy1Sd3Fg6Hj5Pu0Qe"].concat();
        assert_eq!(
            first(&format!("Use {key} for it.")).map(|(whose, _)| whose),
            Some("a GitHub token")
        );
        for text in [
            "sk-proj-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "ghp_your_token_here_your_token_here_1234",
            "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "sk-1234",
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
            "hf_transfer_is_a_library_for_downloads_only",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
