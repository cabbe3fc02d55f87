//! Changes of a file that mend a finding, and applying them.

use crate::report::{Edit, Fix, Safety};
use crate::units::Message;

/// A fix that adds `text` on a line of its own at the end of a message; `None` where no safe way to write it is known.
pub fn append(message: &Message, text: &str, safety: Safety) -> Option<Fix> {
    let content = message.text.as_str();
    let end = content.trim_end().len();
    let at = message.text.span_of(end..end).start;
    let addition = message.text.encoder.encode(&format!("\n{text}"))?;
    Some(Fix {
        safety,
        edits: vec![Edit {
            start: at,
            end: at,
            text: addition,
        }],
    })
}

/// The text with a fix's edits made; edits that lie outside it or overlap are left out.
pub fn apply(text: &str, fix: &Fix) -> String {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let mut out = String::new();
    let mut done = 0;
    for edit in edits {
        if let (Some(between), Some(_)) = (text.get(done..edit.start), text.get(edit.start..edit.end)) {
            out.push_str(between);
            out.push_str(&edit.text);
            done = edit.end;
        }
    }
    out.push_str(&text[done..]);
    out
}
