//! Kubernetes' own variables in a container's command: `$(VAR)`.

use super::{EXPANSION_LIMIT, Lookup, too_long};

/// Replaces Kubernetes' `$(VAR)` in a container's `command`, `args` or `env`. As Kubernetes does, `$$` gives `$`, so
/// that `$$(VAR)` stays as `$(VAR)`, and a variable that is not set stays as written.
/// <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>
///
/// # Errors
///
/// Why the text can't be told: a variable's value is unknown, or the whole would pass [`EXPANSION_LIMIT`].
pub fn expand_kube(text: &str, look: Lookup) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut expanded = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        expanded.push_str(&text[at..dollar]);
        at = dollar + 1;
        match bytes.get(at) {
            Some(b'$') => {
                expanded.push('$');
                at += 1;
            }
            Some(b'(') => {
                let Some(length) = text[at + 1..].find(')') else {
                    // Nothing can close here or later; `$$` still counts.
                    expanded.push_str(&text[dollar..].replace("$$", "$"));
                    return Ok(expanded);
                };
                let end = at + 1 + length;
                match look(&text[at + 1..end]) {
                    Some(value) => expanded.push_str(&value?),
                    None => expanded.push_str(&text[dollar..=end]),
                }
                if expanded.len() > EXPANSION_LIMIT.saturating_add(text.len()) {
                    return Err(too_long());
                }
                at = end + 1;
            }
            _ => expanded.push('$'),
        }
    }
    expanded.push_str(&text[at..]);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::args::flag_of_unknown;
    use crate::syntax::args::testing::look;

    #[test]
    fn kubernetes_variables_are_replaced_as_kubernetes_does() {
        for (text, expected) in [
            ("--model=$(MODEL)", "--model=org/model"),
            (
                "$$(MODEL) $(NOPE) $MODEL $ $$$(MODEL) $$",
                "$(MODEL) $(NOPE) $MODEL $ $org/model $",
            ),
            ("$(EMPTY)$(", "$("),
            ("a$(b$$", "a$(b$"),
        ] {
            assert_eq!(expand_kube(text, &look).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(expand_kube("x$(SECRET)", &look), Err("comes from a Secret".to_owned()));
        assert_eq!(flag_of_unknown("--a_b=$(X)"), Some("--a_b"));
        assert_eq!(flag_of_unknown("$(X)=1"), None);
    }

    #[test]
    fn a_text_does_not_grow_without_bounds() {
        let big = |name: &str| (name == "A").then(|| Ok("x ".repeat(10_000)));
        let _ = expand_kube(&"$(".repeat(500_000), &big);
        assert!(expand_kube(&"$(A)".repeat(500_000), &big).is_err());
    }
}
