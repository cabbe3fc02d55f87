//! Components on one file, of Vue and Svelte: their scripts, with everything else blanked out, so that every byte keeps
//! its place.

/// The scripts of a component, and whether `<a>` in them is an element; `None` where it has none.
pub(super) fn scripts(text: &str) -> Option<(String, bool)> {
    let bytes = text.as_bytes();
    let mut blank: Vec<u8> = bytes
        .iter()
        .map(|byte| if matches!(byte, b'\n' | b'\r') { *byte } else { b' ' })
        .collect();
    let (mut at, mut found, mut jsx) = (0, false, true);
    while let Some(open) = memchr::memchr(b'<', &bytes[at..]).map(|open| at + open) {
        let rest = &bytes[open..];
        if rest.starts_with(b"<!--") {
            let end = memchr::memmem::find(rest, b"-->");
            at = end.map_or(bytes.len(), |end| open + end + 3);
            continue;
        }
        let is_script = rest.len() > 7
            && rest[1..7].eq_ignore_ascii_case(b"script")
            && matches!(rest[7], b' ' | b'>' | b'\t' | b'\n' | b'\r');
        let Some(head) = memchr::memchr(b'>', rest).filter(|_| is_script) else {
            at = open + 1;
            continue;
        };
        let body = open + head + 1;
        let end = memchr::memmem::find(&bytes[body..], b"</script").map_or(bytes.len(), |end| body + end);
        blank[body..end].copy_from_slice(&bytes[body..end]);
        let tag = text.get(open..body).unwrap_or_default();
        jsx &= !(tag.contains("\"ts\"") || tag.contains("'ts'") || tag.contains("=ts"));
        found = true;
        at = end;
    }
    // Whole scripts stand between bytes that are ASCII.
    String::from_utf8(blank).ok().filter(|_| found).map(|text| (text, jsx))
}

#[cfg(test)]
mod tests {
    use super::scripts;

    #[test]
    fn scripts_keep_their_places() {
        let text = "<!-- <script>no()</script> -->\n<template>é {{ a }}</template>\n<script setup lang=\"ts\">\nconst a = 'é';\n</script>\n<style>b { }</style>\n<script>c()</script>\n";
        let (made, jsx) = scripts(text).expect("it has scripts");
        assert_eq!(made.len(), text.len());
        assert!(!jsx);
        for part in ["const a = 'é';", "c()"] {
            assert_eq!(made.find(part), text.find(part), "{part}");
        }
        let other: String = made.replace("const a = 'é';", "").replace("c()", "");
        assert!(other.trim().is_empty(), "{other:?}");
        assert_eq!(made.matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn what_has_no_script_is_none() {
        for text in [
            "",
            "<template></template>",
            "<scripting>",
            "<script",
            "<!-- <script>a</script>",
        ] {
            assert_eq!(scripts(text), None, "{text}");
        }
        assert_eq!(
            scripts("<script>a").map(|(text, jsx)| (text.trim().to_owned(), jsx)),
            Some(("a".to_owned(), true))
        );
    }
}
