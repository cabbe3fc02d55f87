//! Brackets whose lines stand no deeper than the key before them: `args: [` … `]` with the closing bracket under `args`.
//! YAML's grammar wants them deeper; the readers that such files are written for (go-yaml in Kubernetes and Compose,
//! PyYAML, libyaml) take them. So that line is joined to the one above it, for the grammar only: places stay what they
//! are, because one character takes the place of one.

/// Most bytes of a stream that are read again for such lines.
const MOST_READ_AGAIN: usize = 8 << 20;

/// How a stream is shown to the grammar.
pub(super) struct Shown {
    bytes: Vec<u8>,
    read: usize,
}

impl Shown {
    pub(super) fn new(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            read: 0,
        }
    }

    /// The text with the line of the byte `at` joined to the one above it; `None` where it can't be, or where this was
    /// done often enough.
    pub(super) fn join(&mut self, at: usize) -> Option<String> {
        self.read = self.read.saturating_add(self.bytes.len());
        let end = self.bytes[..at].iter().rposition(|byte| *byte == b'\n')?;
        let start = self.bytes[..end]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |line| line + 1);
        let comment = comment(&self.bytes[start..end]).map_or(end, |at| start + at);
        if self.read > MOST_READ_AGAIN || !self.bytes[comment..end].is_ascii() {
            return None;
        }
        self.bytes[comment..=end].fill(b' ');
        if let Some(b'\r') = end.checked_sub(1).and_then(|at| self.bytes.get(at)) {
            self.bytes[end - 1] = b' ';
        }
        String::from_utf8(self.bytes.clone()).ok()
    }
}

/// Where the comment at the end of a line begins: behind white space, and not in quotes.
fn comment(line: &[u8]) -> Option<usize> {
    let mut quoted = (false, false);
    let mut blank = true;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' => quoted.0 = !quoted.0,
            b'\'' => quoted.1 = !quoted.1,
            b'#' if blank && quoted == (false, false) => return Some(at),
            _ => {}
        }
        blank = matches!(byte, b' ' | b'\t');
    }
    None
}
