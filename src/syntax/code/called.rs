//! The names by which a text calls something, without parsing it: what tells that a file need not be parsed.

use memchr::memchr_iter;

/// The names that stand before a parenthesis, each as often as it does: `create` of `client.create(…)`, of
/// `create<Type>(…)` and of `create?.(…)`. Words of comments and strings are among them.
pub fn called_names(text: &str) -> impl Iterator<Item = &str> {
    memchr_iter(b'(', text.as_bytes()).filter_map(|at| name_before(text, at))
}

fn name_before(text: &str, at: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let blank = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'\\';
    let mut end = bytes[..at].iter().rposition(blank)? + 1;
    if bytes[..end].ends_with(b"?.") {
        end -= 2;
    }
    if bytes[end.checked_sub(1)?] == b'>' {
        end = opening(&bytes[..end])?;
    }
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
    let start = bytes[..end].iter().rposition(|byte| !part(byte)).map_or(0, |at| at + 1);
    text.get(start..end).filter(|name| !name.is_empty())
}

/// Where the angle bracket opens that closes at the end.
fn opening(bytes: &[u8]) -> Option<usize> {
    /// Longest list of types that is looked through.
    const MAX_TYPES: usize = 200;
    let mut open = 0_usize;
    let back = bytes.iter().enumerate().rev().take(MAX_TYPES);
    for (at, byte) in back {
        match byte {
            b'>' => open += 1,
            b'<' if open == 1 => return Some(at),
            b'<' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::called_names;

    #[test]
    fn a_name_before_a_parenthesis_is_called() {
        let text = "a.b.create(x)\nllm\\\n (y); use<Map<A, B>>(z); maybe?.(1); (2); f()(3); größe(4); if (a > (b)) {}";
        let names: Vec<&str> = called_names(text).collect();
        assert_eq!(names, ["create", "llm", "use", "maybe", "f", "größe", "if"]);
    }

    #[test]
    fn nothing_is_called_at_the_very_start() {
        assert_eq!(
            called_names("(").count() + called_names(">(").count() + called_names("?.(").count(),
            0
        );
    }

    #[test]
    fn many_brackets_take_no_longer_than_they_are_long() {
        let text = ">(".repeat(500_000);
        let start = std::time::Instant::now();
        assert_eq!(called_names(&text).count(), 0);
        assert!(start.elapsed().as_secs() < 20);
    }
}
