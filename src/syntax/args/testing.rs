//! What the tests of command lines share.

/// Some variables: whole, of several words, empty, not told; all others are unknown.
pub(super) fn look(name: &str) -> Option<Result<String, String>> {
    match name {
        "MODEL" => Some(Ok("org/model".into())),
        "ARGS" => Some(Ok(" --a 1  --b ".into())),
        "EMPTY" => Some(Ok(String::new())),
        "SECRET" => Some(Err("comes from a Secret".into())),
        _ => None,
    }
}
