//! How many tokens a prompt's fixed text is.

use crate::report::TokenCount;
use crate::syntax::template::{self, Extent};
use crate::tokens::{self, Encoding};
use crate::units::{Message, Prompt};

/// The model's own encoding, where it is built in.
pub(super) fn encoding(model: Option<&str>) -> Option<Encoding> {
    model.and_then(tokens::encoding_for_model)
}

/// Counts what a prompt sends as it stands: messages, the chat's framing where the provider documents it, and tools.
pub(super) fn count(prompt: &Prompt, model: Option<&str>) -> TokenCount {
    let encoding = encoding(model);
    let mut exact = encoding.is_some();
    let (encoding, mut how) = match (encoding, model) {
        (Some(encoding), _) => (encoding, encoding.name().to_owned()),
        (None, Some(model)) => (
            Encoding::O200kBase,
            format!(
                "estimated with o200k_base: the tokenizer of `{model}` is not built in, and the error is not measured"
            ),
        ),
        (None, None) => (
            Encoding::O200kBase,
            "estimated with o200k_base: no model is named".to_owned(),
        ),
    };
    let mut least = 0;
    let mut most = 0;
    let mut variables: Vec<String> = Vec::new();
    let mut attachments = 0;
    for message in &prompt.messages {
        let (low, high, unbounded) = message_tokens(message, encoding);
        least += low;
        most += high;
        if unbounded {
            exact = false;
            how.push_str("; a loop may send more");
        }
        attachments += message.attachments;
        for (name, _) in template::variables(&message.pieces) {
            if !variables.iter().any(|known| known == name) {
                variables.push(name.to_owned());
            }
        }
        for name in template::includes(&message.pieces) {
            let include = format!("the included {name}");
            if !variables.contains(&include) {
                variables.push(include);
            }
        }
    }
    // A request's framing is known only of requests: a text file may be sent in any.
    let is_request = prompt.messages.len() > 1 || prompt.format == "chat request";
    if is_request {
        match model.and_then(tokens::chat_overhead) {
            Some(overhead) => {
                let messages = prompt.messages.len() as u64;
                let framing = messages * u64::from(overhead.per_message) + u64::from(overhead.reply);
                let roles: u64 = prompt
                    .messages
                    .iter()
                    .map(|message| encoding.count(message.role.name()) as u64)
                    .sum();
                least += framing + roles;
                most += framing + roles;
                how.push_str(", with the chat's framing");
            }
            None => {
                exact = false;
                how.push_str("; the chat's framing is not documented and not counted");
            }
        }
    }
    if !prompt.tools.is_empty() {
        let tools: u64 = prompt
            .tools
            .iter()
            .map(|tool| encoding.count(&tool.definition) as u64)
            .sum();
        least += tools;
        most += tools;
        exact = false;
        how.push_str("; tools estimated by their JSON");
    }
    if attachments > 0 {
        exact = false;
        how.push_str("; images and files not counted");
    }
    TokenCount {
        least,
        most,
        exact,
        how,
        variables,
    }
}

/// Fixed tokens of a message at least and at most, and whether a loop may send more.
fn message_tokens(message: &Message, encoding: Encoding) -> (u64, u64, bool) {
    let least = template::fixed_ranges(&message.pieces, Extent::Least);
    let most = template::fixed_ranges(&message.pieces, Extent::Most);
    let low = count_runs(message, &least.ranges, encoding);
    let high = if most.ranges == least.ranges {
        low
    } else {
        count_runs(message, &most.ranges, encoding)
    };
    (low, high.max(low), most.unbounded)
}

/// Counts fixed text; parts that only silent pieces separate are one text once rendered, a variable ends a run.
fn count_runs(message: &Message, ranges: &[std::ops::Range<usize>], encoding: Encoding) -> u64 {
    let text = message.text.as_str();
    if let [one] = ranges {
        return encoding.count(&text[one.clone()]) as u64;
    }
    let variables = template::variables(&message.pieces);
    let mut total = 0;
    let mut run = String::new();
    let mut end = 0;
    for range in ranges {
        let next = variables.partition_point(|(_, variable)| variable.start < end);
        let broken = variables
            .get(next)
            .is_some_and(|(_, variable)| variable.end <= range.start);
        if broken {
            total += encoding.count(&run) as u64;
            run.clear();
        }
        run.push_str(&text[range.clone()]);
        end = range.end;
    }
    total + encoding.count(&run) as u64
}

/// The text of all messages as it is sent, without what a template fills in; for words and characters.
pub(super) fn fixed_text(prompt: &Prompt) -> String {
    let mut out = String::new();
    for message in &prompt.messages {
        for range in template::fixed_ranges(&message.pieces, Extent::Most).ranges {
            out.push_str(&message.text.as_str()[range]);
        }
        out.push('\n');
    }
    out
}
