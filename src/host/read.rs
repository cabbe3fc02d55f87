//! One file's text, or why it can't be had.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use crate::report::grouped;

/// Reads a file of at most `limit` bytes as UTF-8.
///
/// # Errors
/// Why it can't be read, and how to mend it, in one line; and whether the machine refused it (else it is no text of at
/// most `limit` bytes, which is a fault only in a file that should be one).
pub fn read_text(path: &Path, limit: u64) -> Result<String, (String, bool)> {
    let broken = |why: String| (why, true);
    let meta = fs::metadata(path).map_err(|error| broken(refused(&error)))?;
    if !meta.is_file() {
        return Err((
            "not a regular file (a pipe, socket or device): left alone".to_owned(),
            false,
        ));
    }
    if meta.len() > limit {
        return Err((too_large(meta.len(), limit), false));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    // The file may grow while it is read: one byte more than the limit is enough to tell.
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| broken(refused(&error)))?;
    text(bytes, limit).map_err(|why| (why, false))
}

/// Why the machine does not give a file, and what to do.
pub fn refused(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file: check the spelling".to_owned(),
        _ => format!("can't be read: {error}"),
    }
}

/// The text of a file's bytes.
///
/// # Errors
/// Why it is none, and how to mend it, in one line.
pub fn text(bytes: Vec<u8>, limit: u64) -> Result<String, String> {
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64, limit));
    }
    for (mark, name) in [(&[0xff, 0xfe][..], "UTF-16 LE"), (&[0xfe, 0xff], "UTF-16 BE")] {
        if bytes.starts_with(mark) {
            return Err(format!("{name} by its byte-order mark: save it as UTF-8"));
        }
    }
    if let Some(at) = memchr::memchr(0, &bytes) {
        return Err(format!("holds a NUL at byte {at}: not text, left alone"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("not UTF-8 at byte {at}: save it as UTF-8")
    })
}

fn too_large(bytes: u64, limit: u64) -> String {
    format!(
        "{} bytes, more than the limit of {}: left alone (`max_file_bytes` in llmlint.yaml raises it)",
        grouped(&bytes.to_string()),
        grouped(&limit.to_string())
    )
}
