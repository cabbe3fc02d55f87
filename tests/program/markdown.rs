//! What a comment of ours may hold.

/// The comment as a reader sees it: references are the characters that they stand for.
pub fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find(';').expect("a reference ends") + at;
        let code: u32 = rest[at + 2..end].parse().expect("a reference is a number");
        out.push(char::from_u32(code).expect("a character"));
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out.replace('\u{2060}', "")
}

/// Fails where a comment holds markup, links, mentions or table cells that are not ours.
pub fn holds_no_markup_but_ours(text: &str) {
    assert!(text.chars().count() < 65_536);
    assert!(text.starts_with("<!-- llmlint -->\n### "));
    let mut rest = text.replacen("<!-- llmlint -->", "", 1).replacen("### ", "", 1);
    // GitHub links nothing in code; elsewhere an address without a scheme is broken.
    let mut outside = rest.clone();
    while let Some(at) = outside.find("<code>") {
        let end = outside[at..].find("</code>").expect("it is closed") + at + "</code>".len();
        outside.replace_range(at..end, "");
    }
    assert!(!outside.contains("www."));
    for ours in [
        "<code>",
        "</code>",
        "<br>",
        "<sub>",
        "</sub>",
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "</a>",
    ] {
        rest = rest.replace(ours, "");
    }
    // Links of ours: what stands in them is an address, percent-encoded.
    while let Some(at) = rest.find("<a href=\"") {
        let end = rest[at..].find('>').expect("it is closed") + at;
        let link = rest[at + 9..end].to_owned();
        let address = link.strip_suffix('"').expect("it ends with the attribute");
        assert!(address.starts_with("https://github.com/"), "{address}");
        assert!(!address.contains(['"', '<', '>', ' ', '`', '|', '@']), "{address}");
        rest.replace_range(at..=end, "");
    }
    let mut columns = None;
    for line in rest.lines() {
        for sign in ['<', '>', '[', ']', '`', '*', '_', '~', '@', '\\', '!', '$'] {
            assert!(!line.contains(sign), "{sign} in {line}");
        }
        // Columns of our tables, and no others.
        if line.contains('|') {
            assert!(line.starts_with('|') && line.ends_with('|'), "{line}");
            let found = line.matches('|').count();
            assert_eq!(found, *columns.get_or_insert(found), "{line}");
        } else {
            columns = None;
        }
        for link in ["http:/", "https:/", "javascript:", "mailto:"] {
            assert!(!line.contains(link), "{link} in {line}");
        }
        // A reference of ours is `&#123;`; `#` stands nowhere else.
        let numbers = line.matches('#').count();
        assert_eq!(numbers, line.matches("&#").count(), "{line}");
    }
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}
