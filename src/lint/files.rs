//! What is found about files themselves: unreadable ones, broken ones, what they name that is not there.

use super::Unread;
use super::judge::finding_fingerprint;
use super::requests::MAX_JOINED_BYTES;
use crate::excerpt;
use crate::fingerprint;
use crate::report::{FileNote, Finding, Severity};
use crate::source::{Source, Span};
use crate::syntax::SyntaxError;

pub(super) fn unread_note(file: &Unread) -> FileNote {
    FileNote {
        path: file.path.clone(),
        format: None,
        note: file.why.clone(),
    }
}

pub(super) fn unreadable(file: &Unread) -> Finding {
    let empty = Source::new(file.path.clone(), "", true);
    let help = "mend the file, or leave it out with `exclude:` in llmlint.yaml";
    Finding {
        excerpt: None,
        fingerprint: fingerprint::fingerprint(&["unreadable-file", &file.path]),
        ..found("unreadable-file", &empty, Span::at(0), file.why.clone(), help)
    }
}

pub(super) fn syntax_error(source: &Source, format: &str, error: &SyntaxError) -> Finding {
    let help = format!("mend the file so that it can be read as {format}; the rest of the run is not affected");
    found("syntax-error", source, error.span, excerpt::safe(&error.message), &help)
}

pub(super) fn missing_file(source: &Source, span: Span, name: &str) -> Finding {
    let message = format!(
        "the prompt file `{}` is not among the files of this run",
        excerpt::safe(name)
    );
    let help = "correct the path (it is seen from this file, then from the repository's root), or add its folder to the paths that are checked";
    found("missing-prompt-file", source, span, message, help)
}

pub(super) fn too_much_joined(source: &Source, span: Span) -> Finding {
    let message = format!(
        "from here on the requests' prompt files are not counted: together they are more than {MAX_JOINED_BYTES} bytes"
    );
    found(
        "missing-prompt-file",
        source,
        span,
        message,
        "check fewer requests at once",
    )
}

pub(super) fn not_put_in(source: &Source, span: Span, why: &str) -> Finding {
    let message = format!("what this names is not put in: {}", excerpt::safe(why));
    let help = "correct the name, or leave the part out; what is not put in is not counted";
    Finding {
        severity: Severity::Warning,
        ..found("unresolved-include", source, span, message, help)
    }
}

/// An error about a file's text; `message` and `help` hold nothing from files that may not be shown.
fn found(rule: &str, source: &Source, span: Span, message: String, help: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Error,
        category: "input".to_owned(),
        message,
        help: help.to_owned(),
        path: source.path.clone(),
        span: excerpt::locate(source, span),
        unit: None,
        saving: None,
        fix: None,
        evidence: Vec::new(),
        excerpt: Some(excerpt::excerpt(source, span)),
        fingerprint: finding_fingerprint(rule, source, span),
        status: None,
    }
}
