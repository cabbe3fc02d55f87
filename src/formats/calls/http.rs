//! Requests to an API that code sends without its package: `fetch("https://api.openai.com/v1/chat/completions", …)`.

use super::{Found, argument};
use crate::sdks;
use crate::source::Slot;
use crate::syntax::code::{Argument, Call, Kind};

/// Functions that send a request, by what is called, and where its body stands.
const SENDS: &[(&str, &[&str])] = &[
    ("fetch", &["body"]),
    ("node-fetch.default", &["body"]),
    ("undici.fetch", &["body"]),
    ("undici.request", &["body"]),
    ("axios.post", &["1"]),
    ("axios.default.post", &["1"]),
    ("got.post", &["json"]),
    ("got.default.post", &["json"]),
    ("ky.post", &["json"]),
    ("ky.default.post", &["json"]),
    ("requests.post", &["json", "data"]),
    ("requests.Session.post", &["json", "data"]),
    ("httpx.post", &["json", "data"]),
    ("httpx.Client.post", &["json", "data"]),
    ("httpx.AsyncClient.post", &["json", "data"]),
    ("aiohttp.ClientSession.post", &["json", "data"]),
];

/// Ends of addresses, part of which must be in front of them, the call of a package that sends the same, and what the
/// body must hold.
const ROUTES: &[(&str, &str, &str, &str)] = &[
    (
        "/chat/completions",
        "",
        "openai.OpenAI.chat.completions.create",
        "messages",
    ),
    ("/v1/responses", "", "openai.OpenAI.responses.create", "input"),
    ("/v1/completions", "", "openai.OpenAI.completions.create", "prompt"),
    ("/v1/embeddings", "", "openai.OpenAI.embeddings.create", "input"),
    ("/v1/images/generations", "", "openai.OpenAI.images.generate", "prompt"),
    (
        "/v1/messages",
        "anthropic",
        "anthropic.Anthropic.messages.create",
        "messages",
    ),
    ("/api/chat", "11434", "ollama.chat", "messages"),
    ("/api/generate", "11434", "ollama.generate", "prompt"),
];

/// Whether a call may send a request, by the last name of what is called.
pub(super) fn is_last_name(name: &str) -> bool {
    matches!(name, "fetch" | "request" | "post")
}

/// Whether what is called by this name in a text may send one of our requests: the end of an address stands there too.
pub(super) fn may_send(name: &str, text: &str) -> bool {
    is_last_name(name) && ROUTES.iter().any(|(end, ..)| text.contains(end))
}

/// Whether a call sends a request.
pub(super) fn sends(callee: &str) -> bool {
    body_of(callee).is_some()
}

fn body_of(callee: &str) -> Option<&'static [&'static str]> {
    SENDS.iter().find(|(known, _)| *known == callee).map(|(_, body)| *body)
}

/// The call of a package that sends the same, with the address that it goes to.
pub(super) fn twin(call: &Call) -> Option<(Call, String)> {
    let address = &call.positional.first()?.value;
    let Kind::Text(text, _) = &address.kind else {
        return None;
    };
    let address = text.as_str();
    // An address without a host is a route of the program's own.
    let path = address.split('?').next().unwrap_or(address);
    let (_, _, callee, needs) = ROUTES.iter().find(|(end, host, ..)| {
        path.strip_suffix(end)
            .is_some_and(|before| !before.is_empty() && before.contains(host))
    })?;
    if path.starts_with('/') {
        return None;
    }
    let body: Found = body_of(&call.callee)?.iter().find_map(|path| argument(call, path))?;
    let twin = Call {
        callee: (*callee).to_owned(),
        maker: None,
        positional: Vec::new(),
        keywords: Vec::new(),
        open: true,
        slot: Slot {
            insert: None,
            ..call.slot.clone()
        },
        ..call.clone()
    };
    let Kind::Map { entries, open, slot } = &body.value.kind else {
        // A body that is handed over: only the address tells what is sent, and only a whole one.
        let told = matches!(body.value.kind, Kind::Unknown(_)) && address.starts_with("http");
        return told.then(|| (twin, address.to_owned()));
    };
    body.value.get(needs)?;
    let keywords = entries.iter().map(|(name, value)| {
        let own = value.place.source == call.place.source;
        let span = if own { value.place.span } else { body.place.span };
        let value = value.clone();
        (name.clone(), Argument { span, value })
    });
    let twin = Call {
        keywords: keywords.collect(),
        open: open.is_some(),
        slot: slot.clone(),
        ..twin
    };
    sdks::find(&twin.callee)?;
    Some((twin, address.to_owned()))
}
